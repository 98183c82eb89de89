/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object doctor: why netlab can't be loaded or used here.
 */
#ifndef NETLAB_DOCTOR_H
#define NETLAB_DOCTOR_H

#include "commands.h"

enum status doctor(const struct command *command, const struct values *values);

#endif /* NETLAB_DOCTOR_H */
