// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reply's checksum (RFC 1624) against a full sum, for each of the 65,536
 * checksums that a request can carry.
 */
#include <linux/sched.h>
#include <net/checksum.h>

#include "reply.h"
#include "suites.h"

/**
 * struct netlab_test_message - an echo message, in the words that are summed
 * @type: ICMP or ICMPv6 type
 * @code: which stays
 * @check: the checksum
 * @id: identifier
 * @sequence: number
 * @data: the word with which a message has any checksum
 */
struct netlab_test_message {
	u8 type;
	u8 code;
	__sum16 check;
	__be16 id;
	__be16 sequence;
	__be16 data;
};

/* RFC 1071, in plain words: what is to be checked isn't used for checking. */
static u16 netlab_test_add(u16 a, u16 b)
{
	u32 sum = (u32)a + b;

	return (sum & 0xffff) + (sum >> 16);
}

static u16 netlab_test_word(const void *word)
{
	const u8 *bytes = word;

	return bytes[0] << 8 | bytes[1];
}

static u16 netlab_test_sum(const struct netlab_test_message *m)
{
	const u8 *bytes = (const u8 *)m;
	u16 sum = 0;
	size_t i;

	for (i = 0; i < sizeof(*m); i += 2)
		sum = netlab_test_add(sum, netlab_test_word(bytes + i));
	return sum;
}

/* Finds the data with which @check is right for @m. */
static void netlab_test_message_fill(struct netlab_test_message *m, u16 check)
{
	m->check = (__force __sum16)htons(check);
	m->data = 0;
	m->data = htons(~netlab_test_sum(m));
}

/*
 * Answers @m. Returns what is wrong, 0 if nothing: 1: the request was no right
 * one, 2: the reply isn't, 4: it isn't what a full sum gives.
 */
static int netlab_test_answer(struct netlab_test_message *m, u8 to)
{
	struct netlab_test_message full = *m;
	int wrong = 0;

	if (netlab_test_sum(m) != 0xffff)
		wrong |= 1;
	netlab_reply_checksum(&m->check, m->type, to, m->code);
	m->type = to;
	if (ip_compute_csum(m, sizeof(*m)) || netlab_test_sum(m) != 0xffff)
		wrong |= 2;
	full.type = to;
	full.check = 0;
	full.check = ip_compute_csum(&full, sizeof(full));
	if (full.check != m->check)
		wrong |= 4;
	return wrong;
}

static void netlab_test_exhaust(struct kunit *test, u8 from, u8 to)
{
	static const u8 codes[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct netlab_test_message m;
	unsigned int i, check;
	int wrong;

	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		for (check = 0; check <= 0xffff; check++) {
			m = (struct netlab_test_message) {
				.type = from, .code = codes[i],
				.id = htons(0x1234), .sequence = htons(1),
			};
			netlab_test_message_fill(&m, check);
			wrong = netlab_test_answer(&m, to);
			KUNIT_EXPECT_EQ_MSG(test, wrong, 0,
					    "type %u to %u, code %u, checksum %#06x",
					    from, to, codes[i], check);
		}
		cond_resched();
	}
}

static void checksum_icmp(struct kunit *test)
{
	netlab_test_exhaust(test, ICMP_ECHO, ICMP_ECHOREPLY);
}

static void checksum_icmpv6(struct kunit *test)
{
	netlab_test_exhaust(test, 128, 129);
}

/* Both are zero in ones' complement, and a full sum writes 0x0000. */
static void checksum_both_zeroes(struct kunit *test)
{
	static const u16 zeroes[] = { 0x0000, 0xffff };
	struct netlab_test_message m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zeroes); i++) {
		/* A request that carries it. */
		m = (struct netlab_test_message) {
			.type = ICMP_ECHO, .id = htons(1),
		};
		netlab_test_message_fill(&m, zeroes[i]);
		KUNIT_EXPECT_EQ(test, netlab_test_answer(&m, 0), 0);
		KUNIT_EXPECT_EQ(test, ntohs((__force __be16)m.check), 0x0800);
	}

	/* A request whose reply has it. */
	m = (struct netlab_test_message) { .type = ICMP_ECHO, .id = htons(1) };
	netlab_test_message_fill(&m, 0xf7ff);
	KUNIT_EXPECT_EQ(test, netlab_test_answer(&m, 0), 0);
	KUNIT_EXPECT_EQ(test, ntohs((__force __be16)m.check), 0);
}

/*
 * An echo reply of nothing but zeroes has 0x0000, as reply.h says, where a sum
 * that begins at zero gives 0xffff; a single bit in it, and there is only one.
 */
static void checksum_all_zero(struct kunit *test)
{
	struct netlab_test_message m = { .type = ICMP_ECHO };

	netlab_test_message_fill(&m, 0xf7ff);
	KUNIT_EXPECT_EQ(test, ntohs(m.data), 0);
	KUNIT_EXPECT_EQ(test, netlab_test_answer(&m, 0), 2 | 4);
	KUNIT_EXPECT_EQ(test, ntohs((__force __be16)m.check), 0);
	KUNIT_EXPECT_EQ(test, ntohs((__force __be16)ip_compute_csum(&m, sizeof(m))),
			0xffff);

	m = (struct netlab_test_message) { .type = ICMP_ECHO, .id = htons(1) };
	netlab_test_message_fill(&m, 0xf7fe);
	KUNIT_EXPECT_EQ(test, ntohs(m.data), 0);
	KUNIT_EXPECT_EQ(test, netlab_test_answer(&m, 0), 0);
	KUNIT_EXPECT_EQ(test, ntohs((__force __be16)m.check), 0xfffe);
}

static struct kunit_case netlab_test_checksum_cases[] = {
	KUNIT_CASE(checksum_icmp),
	KUNIT_CASE(checksum_icmpv6),
	KUNIT_CASE(checksum_both_zeroes),
	KUNIT_CASE(checksum_all_zero),
	{}
};

struct kunit_suite netlab_test_checksum = {
	.name = "netlab_checksum",
	.test_cases = netlab_test_checksum_cases,
};
