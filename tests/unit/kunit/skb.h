/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * skb: sk_buffs laid out in every way in which memory can be read wrongly.
 */
#ifndef _NETLAB_TEST_SKB_H
#define _NETLAB_TEST_SKB_H

#include <linux/skbuff.h>

#include "dissect.h"
#include "suites.h"

/**
 * enum netlab_test_layout - where an sk_buff has its bytes
 * @NETLAB_TEST_LINEAR: in one piece, other bytes behind it: those that a
 *	packet cut short had, as in a frame with padding
 * @NETLAB_TEST_EDGE: in one piece that ends where its page ends: reading on is
 *	a page fault
 * @NETLAB_TEST_PAGED: only the head linear, the rest in page fragments so small
 *	that every header lies across two
 * @NETLAB_TEST_FRAG_LIST: only the head linear, the rest in a list of sk_buffs,
 *	as after reassembly
 * @NETLAB_TEST_LAYOUTS: how many there are
 */
enum netlab_test_layout {
	NETLAB_TEST_LINEAR,
	NETLAB_TEST_EDGE,
	NETLAB_TEST_PAGED,
	NETLAB_TEST_FRAG_LIST,
	NETLAB_TEST_LAYOUTS
};

/* A later fragment, and one that begins in a TCP header's first 20 bytes. */
#define NETLAB_TEST_LATER	(NETLAB_PACKET_FRAGMENT | NETLAB_PACKET_LATER)
#define NETLAB_TEST_INSIDE	(NETLAB_TEST_LATER | NETLAB_PACKET_INSIDE)

struct sk_buff *netlab_test_skb(struct kunit *test,
				enum netlab_test_layout layout,
				const u8 *bytes, unsigned int room,
				unsigned int len, unsigned int head);
void netlab_test_skb_free(struct sk_buff *skb);

void netlab_test_dissect(struct kunit *test, const u8 *bytes,
			 unsigned int room, unsigned int len,
			 const struct netlab_packet *want);

#endif /* _NETLAB_TEST_SKB_H */
