/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object top: the rates, live.
 */
#ifndef NETLAB_TOP_H
#define NETLAB_TOP_H

#include "commands.h"

enum status top(const struct command *command, const struct values *values);

#endif /* NETLAB_TOP_H */
