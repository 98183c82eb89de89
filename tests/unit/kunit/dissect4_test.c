// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv4 headers of every length, whole and in fragments.
 */
#include "skb.h"

/* An IPv4 header that says it has @ihl words, before bytes that look odd. */
static void netlab_test_header4(u8 *bytes, unsigned int len, u8 ihl,
				u16 frag_off, u8 protocol)
{
	memset(bytes, 0xfd, len);
	memset(bytes, 0, sizeof(struct iphdr));
	bytes[0] = 0x40 | ihl;
	bytes[6] = frag_off >> 8;
	bytes[7] = frag_off;
	bytes[9] = protocol;
}

static void netlab_test_want4(struct kunit *test, unsigned int len, u8 ihl,
			      u16 frag_off, const struct netlab_packet *want)
{
	u8 bytes[128];

	netlab_test_header4(bytes, sizeof(bytes), ihl, frag_off,
			    want->protocol);
	netlab_test_dissect(test, bytes, sizeof(bytes), len, want);
}

static void dissect4_plain(struct kunit *test)
{
	struct netlab_packet want = { .l4 = 20 };
	int protocol;

	for (protocol = 0; protocol < 256; protocol++) {
		want.protocol = protocol;
		netlab_test_want4(test, 28, 5, 0, &want);
	}
}

static void dissect4_options(struct kunit *test)
{
	struct netlab_packet want = {
		.protocol = IPPROTO_ICMP,
		.flags = NETLAB_PACKET_OPTIONS,
	};
	u8 ihl;

	for (ihl = 6; ihl <= 15; ihl++) {
		want.l4 = ihl * 4;
		netlab_test_want4(test, 128, ihl, 0, &want);
	}
}

/* What a raw socket may send: never an L4 header inside of the IP header. */
static void dissect4_ihl_below_5(struct kunit *test)
{
	const struct netlab_packet want = {
		.protocol = IPPROTO_UDP,
		.flags = NETLAB_PACKET_OPTIONS,
		.l4 = 20,
	};
	u8 ihl;

	for (ihl = 0; ihl < 5; ihl++)
		netlab_test_want4(test, 28, ihl, 0, &want);
}

/* l4 says what the header says, and lies behind the packet: readers check. */
static void dissect4_ihl_past_packet(struct kunit *test)
{
	const struct netlab_packet want = {
		.protocol = IPPROTO_TCP,
		.flags = NETLAB_PACKET_OPTIONS,
		.l4 = 60,
	};
	unsigned int len;

	for (len = 20; len <= 60; len++)
		netlab_test_want4(test, len, 15, 0, &want);
}

static void dissect4_truncated(struct kunit *test)
{
	const struct netlab_packet want = { .protocol = 6, .l4 = 20 };
	unsigned int len;

	for (len = 20; len <= 41; len++)
		netlab_test_want4(test, len, 5, 0, &want);
}

static void dissect4_fragments(struct kunit *test)
{
	static const struct {
		u16 frag_off;
		u8 flags;
	} cases[] = {
		{ 0, 0 },
		{ IP_DF, 0 },
		{ 0x8000, 0 }, /* RFC 791: reserved */
		{ IP_MF, NETLAB_PACKET_FRAGMENT },
		{ IP_MF | IP_DF, NETLAB_PACKET_FRAGMENT },
		{ IP_MF | 1, NETLAB_TEST_INSIDE },
		{ IP_MF | 2, NETLAB_TEST_INSIDE },
		{ IP_MF | 3, NETLAB_TEST_LATER },
		{ IP_MF | 185, NETLAB_TEST_LATER },
		{ 1, NETLAB_TEST_INSIDE },
		{ 2, NETLAB_TEST_INSIDE },
		{ 3, NETLAB_TEST_LATER },
		{ 0x100, NETLAB_TEST_LATER },
		{ IP_OFFSET, NETLAB_TEST_LATER },
		{ 0xffff, NETLAB_TEST_LATER },
	};
	struct netlab_packet want = { .protocol = IPPROTO_UDP };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		want.flags = cases[i].flags;
		want.l4 = 20;
		netlab_test_want4(test, 60, 5, cases[i].frag_off, &want);
		want.flags |= NETLAB_PACKET_OPTIONS;
		want.l4 = 24;
		netlab_test_want4(test, 60, 6, cases[i].frag_off, &want);
	}
}

static struct kunit_case netlab_test_dissect4_cases[] = {
	KUNIT_CASE(dissect4_plain),
	KUNIT_CASE(dissect4_options),
	KUNIT_CASE(dissect4_ihl_below_5),
	KUNIT_CASE(dissect4_ihl_past_packet),
	KUNIT_CASE(dissect4_truncated),
	KUNIT_CASE(dissect4_fragments),
	{}
};

struct kunit_suite netlab_test_dissect4 = {
	.name = "netlab_dissect4",
	.test_cases = netlab_test_dissect4_cases,
};
