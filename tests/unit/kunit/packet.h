/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet: an IP packet that a test changes a little.
 */
#ifndef _NETLAB_TEST_PACKET_H
#define _NETLAB_TEST_PACKET_H

#include "skb.h"

#define NETLAB_TEST_PACKET_BYTES	128

/**
 * struct netlab_test_packet - an IPv4 or IPv6 packet
 * @family: enum netlab_family
 * @l4: offset of what it carries
 * @len: bytes
 * @bytes: of it
 */
struct netlab_test_packet {
	unsigned int family;
	unsigned int l4;
	unsigned int len;
	u8 bytes[NETLAB_TEST_PACKET_BYTES];
};

void netlab_test_packet(struct netlab_test_packet *p, unsigned int family,
			u8 protocol);
struct sk_buff *netlab_test_packet_skb(struct kunit *test,
				       const struct netlab_test_packet *p);

/* Where a packet says its source and destination, and how long those are. */
static inline u8 *netlab_test_saddr(struct netlab_test_packet *p)
{
	return p->bytes + (p->family == NETLAB_FAMILY_IPV4 ? 12 : 8);
}

static inline unsigned int netlab_test_addr_len(const struct netlab_test_packet *p)
{
	return p->family == NETLAB_FAMILY_IPV4 ? 4 : 16;
}

static inline u8 *netlab_test_daddr(struct netlab_test_packet *p)
{
	return netlab_test_saddr(p) + netlab_test_addr_len(p);
}

#endif /* _NETLAB_TEST_PACKET_H */
