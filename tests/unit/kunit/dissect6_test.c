// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv6 extension headers, one by one, chained, and cut at every byte.
 */
#include <net/ipv6.h>

#include "chain.h"
#include "skb.h"

#define NETLAB_TEST_HIP	139
#define NETLAB_TEST_SHIM6	140

/* Every header's way to say its length: RFC 8200, 4302, 6275, 7401, 5533. */
static const struct {
	u8 protocol;
	u8 units;
	unsigned int len;
} netlab_test_headers[] = {
	{ NEXTHDR_HOP, 0, 8 }, { NEXTHDR_HOP, 3, 32 },
	{ NEXTHDR_HOP, 255, 2048 },
	{ NEXTHDR_ROUTING, 0, 8 }, { NEXTHDR_ROUTING, 2, 24 },
	{ NEXTHDR_DEST, 0, 8 }, { NEXTHDR_DEST, 255, 2048 },
	/* In words of four bytes, less two. */
	{ NEXTHDR_AUTH, 0, 8 }, { NEXTHDR_AUTH, 4, 24 },
	{ NEXTHDR_AUTH, 5, 28 }, { NEXTHDR_AUTH, 255, 1028 },
	{ NEXTHDR_MOBILITY, 0, 8 }, { NEXTHDR_MOBILITY, 1, 16 },
	{ NETLAB_TEST_HIP, 4, 40 }, { NETLAB_TEST_SHIM6, 0, 8 },
	{ NETLAB_TEST_SHIM6, 1, 16 },
};

static int netlab_test_dissect6_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct netlab_test_chain),
				   GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void netlab_test_want6(struct kunit *test, u8 protocol, u8 flags,
			      unsigned int l4)
{
	const struct netlab_test_chain *chain = test->priv;
	const struct netlab_packet want = {
		.protocol = protocol, .flags = flags, .l4 = l4,
	};

	netlab_test_dissect(test, chain->bytes, chain->len, chain->len, &want);
}

/* Everything that isn't an extension header is what is carried. */
static void dissect6_no_headers(struct kunit *test)
{
	struct netlab_test_chain *chain = test->priv;
	unsigned int protocol, i;

	for (protocol = 0; protocol < 256; protocol++) {
		for (i = 0; i < ARRAY_SIZE(netlab_test_headers); i++)
			if (netlab_test_headers[i].protocol == protocol)
				break;
		if (i < ARRAY_SIZE(netlab_test_headers) ||
		    protocol == NEXTHDR_FRAGMENT)
			continue;
		netlab_test_chain_begin(chain);
		netlab_test_chain_end(chain, protocol, 20);
		netlab_test_want6(test, protocol, 0, 40);
	}
}

static void dissect6_each_header(struct kunit *test)
{
	struct netlab_test_chain *chain = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netlab_test_headers); i++) {
		netlab_test_chain_begin(chain);
		netlab_test_chain_add(chain, netlab_test_headers[i].protocol,
				      netlab_test_headers[i].units,
				      netlab_test_headers[i].len);
		netlab_test_chain_end(chain, IPPROTO_UDP, 8);
		netlab_test_want6(test, IPPROTO_UDP, NETLAB_PACKET_OPTIONS,
				  40 + netlab_test_headers[i].len);
	}
}

/* Nothing behind the last header: it ends exactly where the packet does. */
static void dissect6_headers_only(struct kunit *test)
{
	struct netlab_test_chain *chain = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netlab_test_headers); i++) {
		netlab_test_chain_begin(chain);
		netlab_test_chain_add(chain, netlab_test_headers[i].protocol,
				      netlab_test_headers[i].units,
				      netlab_test_headers[i].len);
		netlab_test_want6(test, NETLAB_TEST_END, NETLAB_PACKET_OPTIONS,
				  40 + netlab_test_headers[i].len);
	}
}

/* RFC 8200 section 4.7: "no next header" after options is what is carried. */
static void dissect6_no_next(struct kunit *test)
{
	struct netlab_test_chain *chain = test->priv;

	netlab_test_chain_begin(chain);
	netlab_test_chain_add(chain, NEXTHDR_DEST, 0, 8);
	netlab_test_chain_end(chain, NEXTHDR_NONE, 16);
	netlab_test_want6(test, NEXTHDR_NONE, NETLAB_PACKET_OPTIONS, 48);
}

/* Without a payload these are themselves what is carried. */
static void dissect6_mobility_alone(struct kunit *test)
{
	static const u8 protocols[] = {
		NEXTHDR_MOBILITY, NETLAB_TEST_HIP, NETLAB_TEST_SHIM6,
	};
	struct netlab_test_chain *chain = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		netlab_test_chain_begin(chain);
		netlab_test_chain_add(chain, protocols[i], 1, 16);
		netlab_test_chain_end(chain, NEXTHDR_NONE, 0);
		netlab_test_want6(test, protocols[i], NETLAB_PACKET_OPTIONS,
				  40);

		netlab_test_chain_begin(chain);
		netlab_test_chain_add(chain, NEXTHDR_DEST, 0, 8);
		netlab_test_chain_add(chain, protocols[i], 1, 16);
		netlab_test_chain_end(chain, NEXTHDR_NONE, 0);
		netlab_test_want6(test, protocols[i], NETLAB_PACKET_OPTIONS,
				  48);
	}
}

/* What follows ESP is encrypted, whatever it looks like. */
static void dissect6_esp_ends(struct kunit *test)
{
	struct netlab_test_chain *chain = test->priv;

	netlab_test_chain_begin(chain);
	netlab_test_chain_end(chain, IPPROTO_ESP, 40);
	memset(chain->bytes + 40, 0, 40);
	netlab_test_want6(test, IPPROTO_ESP, 0, 40);

	netlab_test_chain_begin(chain);
	netlab_test_chain_add(chain, NEXTHDR_HOP, 0, 8);
	netlab_test_chain_end(chain, IPPROTO_ESP, 40);
	memset(chain->bytes + 48, 0, 40);
	netlab_test_want6(test, IPPROTO_ESP, NETLAB_PACKET_OPTIONS, 48);
}

static void dissect6_fragments(struct kunit *test)
{
	static const struct {
		unsigned int offset;
		bool more;
		u8 protocol;
		u8 flags;
		unsigned int l4;
	} cases[] = {
		/* Atomic, first, middle, last; then the offset's every bit. */
		{ 0, false, IPPROTO_UDP, 0, 64 },
		{ 0, true, IPPROTO_UDP, NETLAB_PACKET_FRAGMENT, 64 },
		{ 1, true, NEXTHDR_DEST, NETLAB_TEST_INSIDE, 56 },
		{ 1, false, NEXTHDR_DEST, NETLAB_TEST_INSIDE, 56 },
		{ 2, true, NEXTHDR_DEST, NETLAB_TEST_INSIDE, 56 },
		{ 3, true, NEXTHDR_DEST, NETLAB_TEST_LATER, 56 },
		{ 0x1f, false, NEXTHDR_DEST, NETLAB_TEST_LATER, 56 },
		{ 0x20, false, NEXTHDR_DEST, NETLAB_TEST_LATER, 56 },
		{ 0x1000, false, NEXTHDR_DEST, NETLAB_TEST_LATER, 56 },
		{ 0x1fff, true, NEXTHDR_DEST, NETLAB_TEST_LATER, 56 },
	};
	struct netlab_test_chain *chain = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		netlab_test_chain_begin(chain);
		netlab_test_chain_add(chain, NEXTHDR_HOP, 0, 8);
		netlab_test_chain_fragment(chain, cases[i].offset,
					   cases[i].more);
		/* A later fragment has other bytes than this header there. */
		netlab_test_chain_add(chain, NEXTHDR_DEST, 0, 8);
		netlab_test_chain_end(chain, IPPROTO_UDP, 8);
		netlab_test_want6(test, cases[i].protocol,
				  cases[i].flags | NETLAB_PACKET_OPTIONS,
				  cases[i].l4);
	}

	/* The reserved bits are neither offset nor "more". */
	netlab_test_chain_begin(chain);
	netlab_test_chain_fragment(chain, 0, false);
	chain->bytes[41] = 0xff;
	chain->bytes[43] = 0x06;
	netlab_test_chain_end(chain, IPPROTO_UDP, 8);
	netlab_test_want6(test, IPPROTO_UDP, NETLAB_PACKET_OPTIONS, 48);
}

/* All of them, the lengths odd in every way, UDP at the end. */
static void netlab_test_long_chain(struct netlab_test_chain *chain)
{
	netlab_test_chain_begin(chain);
	netlab_test_chain_add(chain, NEXTHDR_HOP, 0, 8);
	netlab_test_chain_add(chain, NEXTHDR_DEST, 1, 16);
	netlab_test_chain_add(chain, NEXTHDR_ROUTING, 2, 24);
	netlab_test_chain_fragment(chain, 0, true);
	netlab_test_chain_add(chain, NEXTHDR_AUTH, 5, 28);
	netlab_test_chain_add(chain, NEXTHDR_MOBILITY, 1, 16);
	netlab_test_chain_add(chain, NETLAB_TEST_HIP, 0, 8);
	netlab_test_chain_add(chain, NETLAB_TEST_SHIM6, 1, 16);
	netlab_test_chain_add(chain, NEXTHDR_AUTH, 0, 8);
	netlab_test_chain_add(chain, NEXTHDR_DEST, 0, 8);
	netlab_test_chain_end(chain, IPPROTO_UDP, 16);
}

static void dissect6_all_chained(struct kunit *test)
{
	netlab_test_long_chain(test->priv);
	netlab_test_want6(test, IPPROTO_UDP,
			  NETLAB_PACKET_OPTIONS | NETLAB_PACKET_FRAGMENT,
			  40 + 8 + 16 + 24 + 8 + 28 + 16 + 8 + 16 + 8 + 8);
}

/*
 * Cut at each byte: the walk ends at the first header that isn't whole, of
 * which it has looked at the first eight bytes if they are there.
 */
static void dissect6_truncated(struct kunit *test)
{
	struct netlab_test_chain *chain = test->priv;
	unsigned int len, i;

	netlab_test_long_chain(chain);
	for (len = 40; len <= chain->len; len++) {
		struct netlab_packet want = { .flags = NETLAB_PACKET_OPTIONS };

		for (i = 0; i < chain->headers; i++) {
			if (chain->header[i].protocol == NEXTHDR_FRAGMENT &&
			    chain->header[i].off + 8 <= len)
				want.flags |= NETLAB_PACKET_FRAGMENT;
			if (chain->header[i + 1].off > len)
				break;
		}
		want.protocol = chain->header[i].protocol;
		want.l4 = chain->header[i].off;
		netlab_test_dissect(test, chain->bytes, chain->len, len, &want);
	}
}

/* A length that points behind the packet, by one unit and by the most. */
static void dissect6_length_past_packet(struct kunit *test)
{
	static const u8 protocols[] = {
		NEXTHDR_HOP, NEXTHDR_ROUTING, NEXTHDR_DEST, NEXTHDR_AUTH,
		NEXTHDR_MOBILITY, NETLAB_TEST_HIP, NETLAB_TEST_SHIM6,
	};
	static const u8 units[] = { 3, 255 };
	struct netlab_test_chain *chain = test->priv;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		for (j = 0; j < ARRAY_SIZE(units); j++) {
			netlab_test_chain_begin(chain);
			netlab_test_chain_add(chain, NEXTHDR_DEST, 0, 8);
			netlab_test_chain_add(chain, protocols[i], units[j],
					      16);
			netlab_test_want6(test, protocols[i],
					  NETLAB_PACKET_OPTIONS, 48);
		}
	}
}

/* NETLAB_MAX_EXTHDRS are passed, and one more is not. */
static void dissect6_too_many(struct kunit *test)
{
	struct netlab_test_chain *chain = test->priv;
	unsigned int n, i;

	for (n = NETLAB_MAX_EXTHDRS - 1; n <= NETLAB_MAX_EXTHDRS + 2; n++) {
		unsigned int passed = min_t(unsigned int, n,
					    NETLAB_MAX_EXTHDRS);

		KUNIT_ASSERT_LE(test, n, NETLAB_TEST_CHAIN_HEADERS);
		netlab_test_chain_begin(chain);
		for (i = 0; i < n; i++)
			netlab_test_chain_add(chain, NEXTHDR_DEST, 0, 8);
		netlab_test_chain_end(chain, IPPROTO_ICMPV6, 8);
		netlab_test_want6(test,
				  n == passed ? IPPROTO_ICMPV6 : NEXTHDR_DEST,
				  NETLAB_PACKET_OPTIONS |
				  (n == passed ? 0 : NETLAB_PACKET_EXCESS),
				  40 + 8 * passed);
	}
}

/* As long as headers can be: the offset must not wrap. */
static void dissect6_longest(struct kunit *test)
{
	unsigned int room = 40 + NETLAB_MAX_EXTHDRS * 2048 + 8, i;
	struct netlab_packet p;
	struct sk_buff *skb;
	u8 *bytes;

	bytes = kunit_kzalloc(test, room, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bytes);
	bytes[0] = 0x60;
	bytes[6] = NEXTHDR_DEST;
	for (i = 0; i < NETLAB_MAX_EXTHDRS; i++) {
		bytes[40 + i * 2048] = NEXTHDR_DEST;
		bytes[41 + i * 2048] = 255;
	}
	bytes[40 + (NETLAB_MAX_EXTHDRS - 1) * 2048] = IPPROTO_TCP;

	skb = netlab_test_skb(test, NETLAB_TEST_PAGED, bytes, room, room, 40);
	netlab_dissect6(skb, &p);
	netlab_test_skb_free(skb);
	KUNIT_EXPECT_EQ(test, p.protocol, (u8)IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, p.l4, (u16)(40 + NETLAB_MAX_EXTHDRS * 2048));
	KUNIT_EXPECT_EQ(test, p.bytes, (u64)room);
}

static struct kunit_case netlab_test_dissect6_cases[] = {
	KUNIT_CASE(dissect6_no_headers),
	KUNIT_CASE(dissect6_each_header),
	KUNIT_CASE(dissect6_headers_only),
	KUNIT_CASE(dissect6_no_next),
	KUNIT_CASE(dissect6_mobility_alone),
	KUNIT_CASE(dissect6_esp_ends),
	KUNIT_CASE(dissect6_fragments),
	KUNIT_CASE(dissect6_all_chained),
	KUNIT_CASE(dissect6_truncated),
	KUNIT_CASE(dissect6_length_past_packet),
	KUNIT_CASE(dissect6_too_many),
	KUNIT_CASE(dissect6_longest),
	{}
};

struct kunit_suite netlab_test_dissect6 = {
	.name = "netlab_dissect6",
	.init = netlab_test_dissect6_init,
	.test_cases = netlab_test_dissect6_cases,
};
