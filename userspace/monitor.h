/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object monitor: packets as the module sees them at a hook.
 */
#ifndef NETLAB_MONITOR_H
#define NETLAB_MONITOR_H

#include "commands.h"

enum status monitor(const struct command *command, const struct values *values);

#endif /* NETLAB_MONITOR_H */
