// SPDX-License-Identifier: GPL-2.0-only
/*
 * GSO sk_buffs: the packets and bytes that they are on the wire.
 */
#include <linux/tcp.h>
#include <linux/udp.h>

#include "skb.h"

/**
 * struct netlab_test_gso_case - a GSO sk_buff and what it stands for
 * @name: said when it fails
 * @type: SKB_GSO_*
 * @size: gso_size
 * @segs: gso_segs
 * @ipv6: whether the (outer) packet is IPv6
 * @protocol: of the (outer) packet
 * @l4: bytes before the (outer) L4 header
 * @inner: offset of the inner L4 header, 0: not encapsulated
 * @doff: words that the TCP header, inner or only, says it has
 * @head: bytes that really are headers; 0: up to the end of @doff
 * @payload: bytes behind them
 * @repeat: bytes of headers that each segment has on the wire; 0: @head
 * @packets: on the wire
 */
struct netlab_test_gso_case {
	const char *name;
	unsigned int type;
	u16 size;
	u16 segs;
	bool ipv6;
	u8 protocol;
	u16 l4;
	u16 inner;
	u8 doff;
	unsigned int head;
	unsigned int payload;
	unsigned int repeat;
	unsigned int packets;
};

/*
 * The payload isn't there, for nobody may look at it: only the headers are.
 * With @paged they lie in page fragments, behind the first 40 bytes.
 */
static void netlab_test_gso_dissect(struct kunit *test,
				    const struct netlab_test_gso_case *c,
				    bool paged, struct netlab_packet *p)
{
	unsigned int th = c->inner ?: c->l4;
	unsigned int head = c->head ?: th + c->doff * 4;
	struct skb_shared_info *info;
	struct sk_buff *skb;
	u8 bytes[256] = {};

	bytes[0] = c->ipv6 ? 0x60 : 0x40 | c->l4 / 4;
	bytes[c->ipv6 ? 6 : 9] = c->protocol;
	if (c->ipv6 && c->l4 == 48) {
		bytes[6] = NEXTHDR_HOP;
		bytes[40] = c->protocol;
	}
	bytes[th + 12] = c->doff << 4;

	skb = netlab_test_skb(test,
			      paged ? NETLAB_TEST_PAGED : NETLAB_TEST_LINEAR,
			      bytes, head, head, 40);
	skb->len += c->payload;
	skb->data_len += c->payload;
	if (c->inner) {
		skb->encapsulation = 1;
		skb_set_inner_transport_header(skb, c->inner);
	}
	info = skb_shinfo(skb);
	info->gso_type = c->type;
	info->gso_size = c->size;
	info->gso_segs = c->segs;

	memset(p, 0xa5, sizeof(*p));
	if (c->ipv6)
		netlab_dissect6(skb, p);
	else
		netlab_dissect4(skb, p);
	skb->len -= c->payload;
	skb->data_len -= c->payload;
	netlab_test_skb_free(skb);
}

static void netlab_test_gso_cases(struct kunit *test,
				  const struct netlab_test_gso_case *c,
				  unsigned int n)
{
	for (; n; n--, c++) {
		unsigned int head = c->head ?: (c->inner ?: c->l4) + c->doff * 4;
		u64 bytes = c->payload +
			    (u64)c->packets * (c->repeat ?: head);
		bool options = c->l4 != (c->ipv6 ? 40 : 20);
		struct netlab_packet p;
		int paged;

		for (paged = 0; paged < 2; paged++) {
			netlab_test_gso_dissect(test, c, paged, &p);
			KUNIT_EXPECT_EQ_MSG(test, p.packets, c->packets,
					    "%s", c->name);
			KUNIT_EXPECT_EQ_MSG(test, p.bytes, bytes, "%s",
					    c->name);
			KUNIT_EXPECT_EQ_MSG(test, p.protocol, c->protocol,
					    "%s", c->name);
			KUNIT_EXPECT_EQ_MSG(test, p.l4, c->l4, "%s", c->name);
			KUNIT_EXPECT_EQ_MSG(test, (int)p.flags,
					    (c->size ? NETLAB_PACKET_GSO : 0) |
					    (options ? NETLAB_PACKET_OPTIONS : 0),
					    "%s", c->name);
		}
	}
}

/* TCP without IP options: name, gso_size, gso_segs, doff, payload, packets. */
#define TCP4(n, s, sg, d, pay, pkts) \
	{ .name = n, .type = SKB_GSO_TCPV4, .size = s, .segs = sg, \
	  .protocol = IPPROTO_TCP, .l4 = 20, .doff = d, .payload = pay, \
	  .packets = pkts }

#define TCP6(n, s, sg, d, pay, pkts) \
	{ .name = n, .type = SKB_GSO_TCPV6, .size = s, .segs = sg, \
	  .ipv6 = true, .protocol = IPPROTO_TCP, .l4 = 40, .doff = d, \
	  .payload = pay, .packets = pkts }

static void gso_tcp(struct kunit *test)
{
	static const struct netlab_test_gso_case cases[] = {
		TCP4("full segments", 1448, 10, 8, 14480, 10),
		TCP4("a last one of one byte", 1448, 11, 8, 14481, 11),
		TCP4("no options", 1460, 44, 5, 64240, 44),
		TCP4("all options", 536, 3, 15, 1608, 3),
		TCP4("one segment", 1448, 1, 8, 100, 1),
		TCP4("BIG TCP", 1448, 346, 8, 500000, 346),
		TCP6("IPv6", 1428, 45, 8, 64260, 45),
		TCP6("IPv6, all options", 1000, 2, 15, 1001, 2),
		{ .name = "IPv4 options", .type = SKB_GSO_TCPV4, .size = 500,
		  .segs = 4, .protocol = IPPROTO_TCP, .l4 = 60, .doff = 6,
		  .head = 84, .payload = 1999, .repeat = 84, .packets = 4 },
		{ .name = "IPv6 hop-by-hop", .type = SKB_GSO_TCPV6,
		  .size = 500, .segs = 4, .ipv6 = true,
		  .protocol = IPPROTO_TCP, .l4 = 48, .doff = 6, .head = 72,
		  .payload = 1999, .repeat = 72, .packets = 4 },
	};

	netlab_test_gso_cases(test, cases, ARRAY_SIZE(cases));
}

static void gso_udp(struct kunit *test)
{
	static const struct netlab_test_gso_case cases[] = {
		{ .name = "UDP_SEGMENT, IPv4", .type = SKB_GSO_UDP_L4,
		  .size = 1472, .segs = 44, .protocol = IPPROTO_UDP, .l4 = 20,
		  .head = 40, .payload = 64000 - 12, .repeat = 28,
		  .packets = 44 },
		{ .name = "UDP_SEGMENT, IPv6", .type = SKB_GSO_UDP_L4,
		  .size = 1452, .segs = 3, .ipv6 = true,
		  .protocol = IPPROTO_UDP, .l4 = 40, .head = 60,
		  .payload = 4000 - 12, .repeat = 48, .packets = 3 },
		/* Fragments of one datagram; its UDP header is payload. */
		{ .name = "UFO", .type = SKB_GSO_UDP, .size = 1480,
		  .protocol = IPPROTO_UDP, .l4 = 20, .head = 40,
		  .payload = 8192 + 8 - 20, .repeat = 20, .packets = 6 },
	};
	const struct netlab_test_gso_case *c = cases;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++, c++) {
		/* What is linear beyond the headers is payload too. */
		unsigned int rest = c->head - c->repeat + c->payload;
		struct netlab_packet p;

		netlab_test_gso_dissect(test, c, i & 1, &p);
		KUNIT_EXPECT_EQ(test, DIV_ROUND_UP(rest, c->size), c->packets);
		KUNIT_EXPECT_EQ_MSG(test, p.packets, c->packets, "%s",
				    c->name);
		KUNIT_EXPECT_EQ_MSG(test, p.bytes,
				    (u64)rest + c->packets * c->repeat, "%s",
				    c->name);
	}
}

/* Cut where its sender's chunks end: only gso_segs says how often. */
static void gso_sctp(struct kunit *test)
{
	static const struct netlab_test_gso_case cases[] = {
		{ .name = "SCTP", .type = SKB_GSO_SCTP, .size = GSO_BY_FRAGS,
		  .segs = 3, .protocol = IPPROTO_SCTP, .l4 = 20, .head = 32,
		  .payload = 4000, .repeat = 32, .packets = 3 },
		{ .name = "SCTP, IPv6", .type = SKB_GSO_SCTP,
		  .size = GSO_BY_FRAGS, .segs = 7, .ipv6 = true,
		  .protocol = IPPROTO_SCTP, .l4 = 40, .head = 52,
		  .payload = 9000, .repeat = 52, .packets = 7 },
		{ .name = "SCTP, gso_segs 0", .type = SKB_GSO_SCTP,
		  .size = GSO_BY_FRAGS, .protocol = IPPROTO_SCTP, .l4 = 20,
		  .head = 32, .payload = 4000, .repeat = 32, .packets = 1 },
	};

	netlab_test_gso_cases(test, cases, ARRAY_SIZE(cases));
}

/* Each segment repeats the tunnel's headers too. */
static void gso_encapsulated(struct kunit *test)
{
	static const struct netlab_test_gso_case cases[] = {
		/* IPv4, UDP, VXLAN, Ethernet, IPv4, TCP */
		{ .name = "VXLAN", .type = SKB_GSO_TCPV4 | SKB_GSO_UDP_TUNNEL,
		  .size = 1398, .segs = 5, .protocol = IPPROTO_UDP, .l4 = 20,
		  .inner = 70, .doff = 8, .head = 102, .payload = 6990,
		  .repeat = 102, .packets = 5 },
		/* IPv6, GRE, IPv6, TCP */
		{ .name = "GRE", .type = SKB_GSO_TCPV6 | SKB_GSO_GRE,
		  .size = 1000, .ipv6 = true, .protocol = IPPROTO_GRE,
		  .l4 = 40, .inner = 84, .doff = 5, .head = 104,
		  .payload = 2500, .repeat = 104, .packets = 3 },
		/* IPv4, IPv6, UDP */
		{ .name = "sit, UDP_SEGMENT",
		  .type = SKB_GSO_UDP_L4 | SKB_GSO_IPXIP4, .size = 1000,
		  .segs = 2, .protocol = IPPROTO_IPV6, .l4 = 20, .inner = 60,
		  .head = 80, .payload = 1988, .repeat = 68, .packets = 2 },
	};
	struct netlab_packet p;

	netlab_test_gso_cases(test, cases, 2);
	netlab_test_gso_dissect(test, &cases[2], true, &p);
	KUNIT_EXPECT_EQ(test, p.packets, 2U);
	KUNIT_EXPECT_EQ(test, p.bytes, 2000ULL + 2 * 68);
}

/* gso_segs left at 0, or a lie: then the sizes tell. */
static void gso_segs_untrusted(struct kunit *test)
{
	static const u16 lies[] = { 0, 1, 2, 9, 11, 1000, 65535 };
	struct netlab_test_gso_case cases[] = {
		TCP4("gso_segs 0", 1448, 0, 8, 14480, 10),
		TCP4("gso_segs 0, one more", 1448, 0, 8, 14481, 11),
		TCP4("gso_segs 0, one less", 1448, 0, 8, 14479, 10),
		TCP6("gso_segs 0, IPv6", 1428, 0, 8, 1, 1),
		TCP4("gso_size above the payload", 65534, 0, 8, 100, 1),
		TCP4("gso_size 1", 1, 0, 5, 1000, 1000),
	};
	unsigned int i, j;

	netlab_test_gso_cases(test, cases, ARRAY_SIZE(cases));
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		cases[i].type |= SKB_GSO_DODGY;
	for (j = 0; j < ARRAY_SIZE(lies); j++) {
		for (i = 0; i < ARRAY_SIZE(cases); i++)
			cases[i].segs = lies[j];
		netlab_test_gso_cases(test, cases, ARRAY_SIZE(cases));
	}
}

/* Nothing to cut: one packet, of the bytes that there are. */
static void gso_headers_past_packet(struct kunit *test)
{
	static const struct netlab_test_gso_case cases[] = {
		{ .name = "no TCP header", .type = SKB_GSO_TCPV4, .size = 100,
		  .segs = 9, .protocol = IPPROTO_TCP, .l4 = 20, .head = 33,
		  .doff = 5, .repeat = 33, .packets = 1 },
		{ .name = "doff behind the end", .type = SKB_GSO_TCPV4,
		  .size = 100, .segs = 9, .protocol = IPPROTO_TCP, .l4 = 20,
		  .head = 79, .doff = 15, .repeat = 79, .packets = 1 },
		{ .name = "doff at the end", .type = SKB_GSO_TCPV4,
		  .size = 100, .segs = 9, .protocol = IPPROTO_TCP, .l4 = 20,
		  .head = 80, .doff = 15, .repeat = 80, .packets = 1 },
		{ .name = "no UDP header", .type = SKB_GSO_UDP_L4,
		  .size = 100, .segs = 9, .ipv6 = true,
		  .protocol = IPPROTO_UDP, .l4 = 40, .head = 47,
		  .repeat = 47, .packets = 1 },
		{ .name = "inner header behind the end",
		  .type = SKB_GSO_TCPV4 | SKB_GSO_DODGY, .size = 100,
		  .segs = 9, .protocol = IPPROTO_UDP, .l4 = 20, .inner = 200,
		  .head = 100, .repeat = 100, .packets = 1 },
		/* Less than a header: taken as the least that there can be. */
		{ .name = "doff 0", .type = SKB_GSO_TCPV4, .size = 100,
		  .segs = 2, .protocol = IPPROTO_TCP, .l4 = 20, .doff = 0,
		  .head = 40, .payload = 200, .repeat = 40, .packets = 2 },
		{ .name = "doff 4", .type = SKB_GSO_TCPV6 | SKB_GSO_DODGY,
		  .size = 100, .segs = 7, .ipv6 = true,
		  .protocol = IPPROTO_TCP, .l4 = 40, .doff = 4,
		  .head = 60, .payload = 201, .repeat = 60, .packets = 3 },
		{ .name = "not GSO", .protocol = IPPROTO_TCP, .l4 = 20,
		  .segs = 9, .type = SKB_GSO_TCPV4, .doff = 5, .head = 40,
		  .payload = 1000, .repeat = 40, .packets = 1 },
	};

	netlab_test_gso_cases(test, cases, ARRAY_SIZE(cases));
}

static struct kunit_case netlab_test_gso_list[] = {
	KUNIT_CASE(gso_tcp),
	KUNIT_CASE(gso_udp),
	KUNIT_CASE(gso_sctp),
	KUNIT_CASE(gso_encapsulated),
	KUNIT_CASE(gso_segs_untrusted),
	KUNIT_CASE(gso_headers_past_packet),
	{}
};

struct kunit_suite netlab_test_gso = {
	.name = "netlab_gso",
	.test_cases = netlab_test_gso_list,
};
