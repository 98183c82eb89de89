/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What "netlab top" lists: the rows of a rate, under a short name each, with
 * what they were in the last while.
 */
#ifndef NETLAB_ITEMS_H
#define NETLAB_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "rate.h"

#define ITEM_NAME	48
#define HISTORY		64	/* readings that are remembered */

/**
 * enum section - What there is to list, in the order of the screen.
 */
enum section {
	SECTION_HOOKS,
	SECTION_PROTOCOLS,
	SECTION_DEVICES,
	SECTION_SIZES,
	SECTION_ECHO,
	SECTION_VANISHED,
	SECTIONS,
};

/**
 * enum order - What a list is sorted by.
 */
enum order {
	BY_PACKETS,
	BY_BYTES,
	BY_NAME,
	ORDERS,
};

/**
 * struct item - A line of a list.
 * @name: Safe for a terminal.
 * @packets: Per second.
 * @bytes: Per second; negative if they aren't counted.
 * @share: Part of all packets at the same hook, of a size; else 0.
 * @past: Packets per second of the last HISTORY readings, the newest last.
 */
struct item {
	char name[ITEM_NAME];
	double packets;
	double bytes;
	double share;
	const float *past;
};

/**
 * struct items - A list.
 * @list: Its lines, sorted.
 * @count: How many.
 * @room: How many there is memory for.
 */
struct items {
	struct item *list;
	size_t count;
	size_t room;
};

/**
 * struct device_choice - Of which device items_make() lists protocols.
 * @chosen: One is chosen.
 * @ifindex: Its index.
 */
struct device_choice {
	bool chosen;
	uint64_t ifindex;
};

void items_remember(const struct stats *rate, struct device_choice device);
void items_make(struct items *items, enum section section,
		const struct stats *rate, struct device_choice device,
		enum order order);
void items_clear(struct items *items);
void items_forget(void);

#endif /* NETLAB_ITEMS_H */
