/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object save: the responder's state as commands.
 */
#ifndef NETLAB_SAVE_H
#define NETLAB_SAVE_H

#include "commands.h"

enum status save(const struct command *command, const struct values *values);

#endif /* NETLAB_SAVE_H */
