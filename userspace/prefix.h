/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object prefix: blocks of addresses that netlab answers for.
 */
#ifndef NETLAB_PREFIX_H
#define NETLAB_PREFIX_H

#include "commands.h"
#include "table.h"

/* The columns of a reading, for row_at(). */
enum prefix_column {
	PREFIX_BLOCK,
	PREFIX_RATE,
	PREFIX_BURST,
	PREFIX_MAX_SIZE,
	PREFIX_PROXY,
	PREFIX_REQUESTS,
	PREFIX_REPLIED,
	PREFIX_REFUSED,
	PREFIX_COLUMNS,
};

enum status prefix_read(struct rows *rows);

enum status prefix_show(const struct command *command,
			const struct values *values);
enum status prefix_add(const struct command *command,
		       const struct values *values);
enum status prefix_replace(const struct command *command,
			   const struct values *values);
enum status prefix_del(const struct command *command,
		       const struct values *values);
enum status prefix_flush(const struct command *command,
			 const struct values *values);

#endif /* NETLAB_PREFIX_H */
