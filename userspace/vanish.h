/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the difference between hooks means: how many packets came to one place
 * and never to the next.
 */
#ifndef NETLAB_VANISH_H
#define NETLAB_VANISH_H

#include <linux/netlab.h>
#include <stdint.h>
#include <stdio.h>

#include "table.h"

/**
 * enum gap - Two places that packets pass one after the other.
 * @GAP_IN: Prerouting, and then input or forward.
 * @GAP_OUT: Output or forward, and then postrouting.
 */
enum gap {
	GAP_IN,
	GAP_OUT,
	GAPS,
};

/**
 * struct passed - What passed the hooks, of one family.
 * @packets: Packets, by enum netlab_hook.
 * @fragments: Those of them that are fragments.
 * @to_routers: Those at prerouting that IPv6 sends to groups which routers join:
 *	MLD reports and router solicitations. A host's stack takes none of them.
 */
struct passed {
	uint64_t packets[NETLAB_HOOK_MAX + 1];
	uint64_t fragments[NETLAB_HOOK_MAX + 1];
	uint64_t to_routers;
};

/**
 * struct vanish - What became of them in a gap.
 * @came: Packets at the first place.
 * @went: Packets at the second.
 * @packets: How many fewer those are; negative if they are more.
 * @reassembled: How many of @packets reassembly can have merged into others.
 * @to_routers: How many of @packets can have been for others, as in struct
 *	passed.
 */
struct vanish {
	uint64_t came;
	uint64_t went;
	int64_t packets;
	uint64_t reassembled;
	uint64_t to_routers;
};

extern const struct table vanish_table;

struct vanish vanish_count(const struct passed *passed, enum gap gap);
void vanish_fill(struct rows *rows, const struct rows *hook_rows,
		 const struct rows *icmp_rows);
void vanish_print(FILE *out, const struct rows *hook_rows,
		  const struct rows *icmp_rows);

#endif /* NETLAB_VANISH_H */
