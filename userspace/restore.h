/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object restore: the responder's state from a file.
 */
#ifndef NETLAB_RESTORE_H
#define NETLAB_RESTORE_H

#include "commands.h"

enum status restore(const struct command *command, const struct values *values);

/* The lines that such a file can have; each is only noted. */
enum status restore_echo_set(const struct command *command,
			     const struct values *values);
enum status restore_echo_direct(const struct command *command,
				const struct values *values);
enum status restore_prefix_add(const struct command *command,
			       const struct values *values);

#endif /* NETLAB_RESTORE_H */
