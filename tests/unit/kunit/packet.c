// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netlab.h>

#include "inspect.h"
#include "packet.h"

/**
 * netlab_test_packet() - make an ordinary packet
 * @p: it
 * @family: enum netlab_family
 * @protocol: it carries: TCP with ACK, an echo request, or zeroes
 */
void netlab_test_packet(struct netlab_test_packet *p, unsigned int family,
			u8 protocol)
{
	static const u8 source4[] = { 192, 0, 2, 1 };
	static const u8 destination4[] = { 198, 51, 100, 2 };
	static const u8 source6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	static const u8 destination6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };
	const bool ipv4 = family == NETLAB_FAMILY_IPV4;

	memset(p, 0, sizeof(*p));
	p->family = family;
	p->l4 = ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	p->len = p->l4 + 32;
	p->bytes[0] = ipv4 ? 0x45 : 0x60;
	p->bytes[ipv4 ? 9 : 6] = protocol;
	memcpy(netlab_test_saddr(p), ipv4 ? source4 : source6,
	       netlab_test_addr_len(p));
	memcpy(netlab_test_daddr(p), ipv4 ? destination4 : destination6,
	       netlab_test_addr_len(p));
	if (protocol == IPPROTO_TCP) {
		p->bytes[p->l4 + 12] = 0x50;
		p->bytes[p->l4 + NETLAB_TCP_FLAGS_OFFSET] = NETLAB_TCP_FLAG_ACK;
	} else if (protocol == IPPROTO_ICMP) {
		p->bytes[p->l4] = ICMP_ECHO;
	} else if (protocol == IPPROTO_ICMPV6) {
		p->bytes[p->l4] = ICMPV6_ECHO_REQUEST;
	}
}

/* All of it linear; to be freed by netlab_test_skb_free(). */
struct sk_buff *netlab_test_packet_skb(struct kunit *test,
				       const struct netlab_test_packet *p)
{
	return netlab_test_skb(test, NETLAB_TEST_LINEAR, p->bytes,
			       sizeof(p->bytes), p->len, 0);
}
