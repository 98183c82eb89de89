/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object stats: the counters.
 */
#ifndef NETLAB_STATS_H
#define NETLAB_STATS_H

#include <stdint.h>
#include <stdio.h>

#include "commands.h"
#include "table.h"

/**
 * enum stats_table - The tables, in JSON's order.
 */
enum stats_table {
	STATS_PROTOCOLS,
	STATS_HOOKS,
	STATS_ICMP,
	STATS_TCP,
	STATS_SIZES,
	STATS_ANOMALIES,
	STATS_DEVICES,
	STATS_ARP,
	STATS_TABLES,
};

/**
 * struct stats - A reading of the counters.
 * @netns: Inode number of the network namespace.
 * @epoch: Number of the epoch.
 * @since: When that began, in nanoseconds of CLOCK_REALTIME.
 * @seconds: In how many seconds it was counted, of a rate; else 0.
 * @rows: The tables.
 * @outcomes: What netlab itself did with echo requests; empty if not all hooks
 *	were asked for.
 * @vanished: What the hooks' difference is; empty if not all were asked for.
 */
struct stats {
	uint32_t netns;
	uint32_t epoch;
	uint64_t since;
	double seconds;
	struct rows rows[STATS_TABLES];
	struct rows outcomes;
	struct rows vanished;
};

void stats_begin(void *data);
void stats_take(const struct nlmsghdr *message, void *data);
void stats_clear(void *data);
enum status stats_read(struct stats *stats);
void stats_vanish(struct stats *stats);
void stats_print(FILE *out, const struct stats *stats);
enum status stats_explain(void);
enum status stats_new_epoch(struct stats *stats);

enum status stats_show(const struct command *command,
		       const struct values *values);
enum status stats_reset(const struct command *command,
			const struct values *values);

#endif /* NETLAB_STATS_H */
