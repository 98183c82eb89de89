// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting: slots, chunks, sums over CPUs, 64 bits, and no memory.
 */
#include <linux/sched.h>
#include <linux/smp.h>

#include "account.h"
#include "counting.h"
#include "fake.h"

static u64 netlab_test_hook_packets(const struct netlab_reading *r,
				    unsigned int cell)
{
	struct netlab_hook_sums sums;

	netlab_reading_hook(r, cell / NETLAB_HOOKS, cell % NETLAB_HOOKS, &sums);
	return sums.packets;
}

/* Every protocol on every CPU, in every cell, each with its own numbers. */
static void account_all_protocols(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	unsigned int cpu, cell, protocol, cpus = 0;
	struct netlab_hook_sums sums;
	struct netlab_reading *r;

	for_each_online_cpu(cpu) {
		cpus++;
		netlab_test_on_cpu(test, cpu);
		for (protocol = 0; protocol < 256; protocol++)
			for (cell = 0; cell < NETLAB_CELLS; cell++)
				netlab_test_count(account, cell, protocol, 0,
						  1 + protocol,
						  1000 * cell + protocol);
	}

	r = netlab_test_read(test, account, 0);
	for (cell = 0; cell < NETLAB_CELLS; cell++) {
		for (protocol = 0; protocol < 256; protocol++) {
			u64 packets, bytes;

			netlab_reading_protocol(r, cell / NETLAB_HOOKS,
						cell % NETLAB_HOOKS, protocol,
						&packets, &bytes);
			KUNIT_EXPECT_EQ_MSG(test, packets,
					    (u64)cpus * (1 + protocol),
					    "cell %u protocol %u", cell,
					    protocol);
			KUNIT_EXPECT_EQ_MSG(test, bytes,
					    (u64)cpus * (1000 * cell + protocol),
					    "cell %u protocol %u", cell,
					    protocol);
		}
		/* The sum of 1 to 256, and nothing that isn't a protocol's. */
		netlab_reading_hook(r, cell / NETLAB_HOOKS, cell % NETLAB_HOOKS,
				    &sums);
		KUNIT_EXPECT_EQ(test, sums.packets, (u64)cpus * 256 * 257 / 2);
		KUNIT_EXPECT_EQ(test, sums.skbs, sums.packets);
		KUNIT_EXPECT_EQ(test, r->sums.cell[cell].refused_packets, 0ULL);
	}
	kvfree(r);
}

/* A chunk comes with the protocol that needs it, and stays the last one. */
static void account_chunks(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	unsigned int protocol, asked, cpu = netlab_test_first_cpu();
	struct netlab_cpu *c = per_cpu_ptr(account->cpu, cpu);

	netlab_test_on_cpu(test, cpu);
	asked = netlab_test_asked;
	/* 255 has slot 0, so that the first 15 others fill what is there. */
	netlab_test_count(account, 0, 255, 0, 1, 1);
	for (protocol = 0; protocol < 255; protocol++) {
		netlab_test_count(account, 0, protocol, 0, 1, 1);
		netlab_test_count(account, 9, protocol, 0, 1, 1);
		KUNIT_EXPECT_EQ_MSG(test, netlab_test_asked - asked,
				    (protocol + 1) / NETLAB_SLOTS,
				    "protocol %u", protocol);
		KUNIT_EXPECT_EQ(test, (unsigned int)c->used, protocol + 2);
	}
	KUNIT_EXPECT_EQ(test, netlab_test_asked - asked, 15U);
}

/* DESIGN: an idle namespace costs at most 8 KiB per CPU. */
static void account_idle_size(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	struct netlab_reading *r;
	unsigned int cpu, chunk;

	r = netlab_test_read(test, account, 0);
	kvfree(r);
	KUNIT_EXPECT_LE(test, sizeof(struct netlab_cpu), (size_t)8192);
	for_each_possible_cpu(cpu)
		for (chunk = 0; chunk < NETLAB_CHUNKS; chunk++)
			KUNIT_EXPECT_TRUE(test, !per_cpu_ptr(account->cpu, cpu)->chunk[chunk]);
}

static void account_64_bits(struct kunit *test)
{
	static const u8 protocols[] = { 6, 255 };
	struct netlab_account *account = test->priv;
	struct netlab_reading *r;
	unsigned int i, n;
	u64 packets, bytes;

	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		for (n = 0; n < 5; n++)
			netlab_test_count(account, 0, protocols[i],
					  NETLAB_PACKET_GSO |
					  NETLAB_PACKET_FRAGMENT, U32_MAX,
					  1ULL << 60);
	r = netlab_test_read(test, account, 0);
	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		netlab_reading_protocol(r, 0, 0, protocols[i], &packets,
					&bytes);
		KUNIT_EXPECT_EQ(test, packets, 5ULL * U32_MAX);
		KUNIT_EXPECT_EQ(test, bytes, 5ULL << 60);
	}
	KUNIT_EXPECT_EQ(test, netlab_test_hook_packets(r, 0), 10ULL * U32_MAX);
	KUNIT_EXPECT_EQ(test, r->sums.cell[0].merged,
			10ULL * (U32_MAX - 1ULL));
	KUNIT_EXPECT_EQ(test, r->sums.cell[0].fragments, 10ULL * U32_MAX);
	kvfree(r);
}

/* What isn't counted by protocol, at its hook and nowhere else. */
static void account_flags(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	struct netlab_hook_sums sums;
	struct netlab_reading *r;
	unsigned int cell;

	netlab_test_count(account, 7, 17, NETLAB_PACKET_FRAGMENT, 1, 100);
	netlab_test_count(account, 7, 17,
			  NETLAB_PACKET_FRAGMENT | NETLAB_PACKET_LATER, 1, 100);
	netlab_test_count(account, 7, 17, NETLAB_PACKET_OPTIONS, 1, 100);
	netlab_test_count(account, 7, 17,
			  NETLAB_PACKET_OPTIONS | NETLAB_PACKET_GSO, 44, 64000);
	netlab_test_count(account, 7, 17, 0, 1, 100);

	r = netlab_test_read(test, account, 0);
	for (cell = 0; cell < NETLAB_CELLS; cell++) {
		netlab_reading_hook(r, cell / NETLAB_HOOKS, cell % NETLAB_HOOKS,
				    &sums);
		KUNIT_EXPECT_EQ(test, sums.skbs, cell == 7 ? 5ULL : 0);
		KUNIT_EXPECT_EQ(test, sums.packets, cell == 7 ? 48ULL : 0);
		KUNIT_EXPECT_EQ(test, sums.bytes, cell == 7 ? 64400ULL : 0);
		KUNIT_EXPECT_EQ(test, sums.fragments, cell == 7 ? 2ULL : 0);
		KUNIT_EXPECT_EQ(test, sums.options, cell == 7 ? 45ULL : 0);
	}
	kvfree(r);
}

/* A protocol for whose slot there is no memory is still in the total. */
static void account_refused(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	unsigned int protocol, cpu = netlab_test_first_cpu();
	struct netlab_hook_sums sums;
	struct netlab_reading *r;
	u64 packets, bytes;

	netlab_test_on_cpu(test, cpu);
	netlab_test_nomem = true;
	for (protocol = 0; protocol < 256; protocol++)
		netlab_test_count(account, 3, protocol, 0, 2, 100);
	netlab_test_nomem = false;

	r = netlab_test_read(test, account, 0);
	for (protocol = 0; protocol < 256; protocol++) {
		bool slot = protocol < 15 || protocol == 255;

		netlab_reading_protocol(r, 0, 3, protocol, &packets, &bytes);
		KUNIT_EXPECT_EQ(test, packets, slot ? 2ULL : 0);
		KUNIT_EXPECT_EQ(test, bytes, slot ? 100ULL : 0);
	}
	KUNIT_EXPECT_EQ(test, r->sums.cell[3].refused_packets, 240ULL * 2);
	KUNIT_EXPECT_EQ(test, r->sums.cell[3].refused_bytes, 240ULL * 100);
	netlab_reading_hook(r, 0, 3, &sums);
	KUNIT_EXPECT_EQ(test, sums.packets, 256ULL * 2);
	KUNIT_EXPECT_EQ(test, sums.bytes, 256ULL * 100);
	KUNIT_EXPECT_EQ(test, sums.skbs, 256ULL * 2);
	kvfree(r);

	/* With memory again it gets its slot, and keeps it. */
	netlab_test_count(account, 3, 200, 0, 1, 50);
	netlab_test_nomem = true;
	netlab_test_count(account, 3, 200, 0, 1, 50);
	netlab_test_nomem = false;
	r = netlab_test_read(test, account, 0);
	netlab_reading_protocol(r, 0, 3, 200, &packets, &bytes);
	KUNIT_EXPECT_EQ(test, packets, 2ULL);
	KUNIT_EXPECT_EQ(test, r->sums.cell[3].refused_packets, 240ULL * 2);
	kvfree(r);
}

struct netlab_test_crowd {
	struct netlab_account *account;
	unsigned int each;
};

static void netlab_test_crowd_count(void *data)
{
	struct netlab_test_crowd *crowd = data;
	struct netlab_cpu *cpu = this_cpu_ptr(crowd->account->cpu);
	struct netlab_packet p = { .packets = 1, .bytes = 28 };
	unsigned int i;

	for (i = 0; i < crowd->each; i++) {
		p.protocol = i;
		netlab_count(cpu, 2, &p);
	}
}

/* Every CPU at once, each beginning with no slot. */
static void account_cpus_at_once(struct kunit *test)
{
	struct netlab_test_crowd crowd = { test->priv, 256 * 40 };
	struct netlab_reading *r;
	u64 packets, bytes;
	unsigned int protocol, round;

	for (round = 0; round < 5; round++)
		on_each_cpu(netlab_test_crowd_count, &crowd, 1);
	r = netlab_test_read(test, test->priv, 0);
	for (protocol = 0; protocol < 256; protocol++) {
		netlab_reading_protocol(r, 0, 2, protocol, &packets, &bytes);
		KUNIT_EXPECT_EQ(test, packets, 200ULL * num_online_cpus());
		KUNIT_EXPECT_EQ(test, bytes, 5600ULL * num_online_cpus());
	}
	kvfree(r);
}

/* Each outcome a different number of times. */
static void account_outcomes(struct kunit *test)
{
	const unsigned int all = NETLAB_FAMILIES * NETLAB_PATHS *
				 NETLAB_OUTCOMES;
	struct netlab_account *account = test->priv;
	unsigned int i, n;

	for (i = 0; i < all; i++)
		for (n = 0; n <= i; n++)
			netlab_test_outcome(account, i % NETLAB_FAMILIES,
					    i / NETLAB_FAMILIES % NETLAB_PATHS,
					    i / NETLAB_FAMILIES / NETLAB_PATHS);
	for (i = 0; i < all; i++) {
		u64 got = netlab_account_outcome(account, i % NETLAB_FAMILIES,
						 i / NETLAB_FAMILIES % NETLAB_PATHS,
						 i / NETLAB_FAMILIES / NETLAB_PATHS);

		KUNIT_EXPECT_EQ(test, got, i + 1ULL);
	}
}

static struct kunit_case netlab_test_account_cases[] = {
	KUNIT_CASE(account_all_protocols),
	KUNIT_CASE(account_chunks),
	KUNIT_CASE(account_idle_size),
	KUNIT_CASE(account_64_bits),
	KUNIT_CASE(account_flags),
	KUNIT_CASE(account_refused),
	KUNIT_CASE(account_cpus_at_once),
	KUNIT_CASE(account_outcomes),
	{}
};

struct kunit_suite netlab_test_account = {
	.name = "netlab_account",
	.init = netlab_test_account_init,
	.exit = netlab_test_account_exit,
	.test_cases = netlab_test_account_cases,
};
