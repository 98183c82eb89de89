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
 * @taken: Those that netlab itself ended at prerouting or before it: answered,
 *	or dropped by the limits of a prefix.
 * @made: Those at postrouting that netlab's direct sent.
 */
struct passed {
	uint64_t packets[NETLAB_HOOK_MAX + 1];
	uint64_t fragments[NETLAB_HOOK_MAX + 1];
	uint64_t to_routers;
	uint64_t taken;
	uint64_t made;
};

/**
 * struct vanish - What became of them in a gap.
 * @came: Packets at the first place.
 * @went: Packets at the second.
 * @own: How many fewer or more those are by what netlab itself did.
 * @packets: How many fewer those are beside; negative if they are more.
 * @reassembled: How many of @packets reassembly can have merged into others.
 * @to_routers: How many of @packets can have been for others, as in struct
 *	passed.
 */
struct vanish {
	uint64_t came;
	uint64_t went;
	uint64_t own;
	int64_t packets;
	uint64_t reassembled;
	uint64_t to_routers;
};

/**
 * struct counted - What all of that is made out of.
 * @hooks: The table of hooks, all hooks of it.
 * @icmp: The table of ICMP types.
 * @outcomes: The table of outcomes.
 */
struct counted {
	const struct rows *hooks;
	const struct rows *icmp;
	const struct rows *outcomes;
};

extern const struct table vanish_table;

struct vanish vanish_count(const struct passed *passed, enum gap gap);
void vanish_fill(struct rows *rows, const struct counted *counted);
void vanish_print(FILE *out, const struct counted *counted);

#endif /* NETLAB_VANISH_H */
