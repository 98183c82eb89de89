// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting: slots, chunks, sums over CPUs, 64 bits, and no memory.
 */
#include <linux/sched.h>
#include <linux/smp.h>

#include "count.h"
#include "counting.h"
#include "fake.h"
#include "main.h"

/* ICMP types are keys where packets come and go. */
static bool netlab_test_has_key(unsigned int cell, unsigned int key)
{
	return key < NETLAB_PROTOCOLS || netlab_hook_edge(cell % NETLAB_HOOKS);
}

static u64 netlab_test_hook_packets(const struct netlab_reading *r,
				    unsigned int cell)
{
	struct netlab_hook_sums sums;

	netlab_reading_hook(r, cell / NETLAB_HOOKS, cell % NETLAB_HOOKS, &sums);
	return sums.packets;
}

/* Every key on every CPU, in every cell that has it, each with its numbers. */
static void account_all_keys(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	unsigned int cpu, cell, key, cpus = 0;
	struct netlab_hook_sums sums;
	struct netlab_reading *r;

	for_each_online_cpu(cpu) {
		cpus++;
		netlab_test_on_cpu(test, cpu);
		for (key = 0; key < NETLAB_KEYS; key++)
			for (cell = 0; cell < NETLAB_CELLS; cell++)
				if (netlab_test_has_key(cell, key))
					netlab_test_count(account, cell, key, 0,
							  1 + key,
							  1000 * cell + key);
	}

	r = netlab_test_read(test, account, 0);
	for (cell = 0; cell < NETLAB_CELLS; cell++) {
		unsigned int family = cell / NETLAB_HOOKS;
		unsigned int hook = cell % NETLAB_HOOKS;
		bool edge = netlab_hook_edge(hook);

		for (key = 0; key < NETLAB_PROTOCOLS; key++) {
			u64 packets = 1 + key, bytes = 1000 * cell + key;

			/* Their types are in ICMP's row: 256 to 511. */
			if (edge && key == netlab_key_protocol(family, 256)) {
				packets += 256 * (257 + 512) / 2;
				bytes += 256 * (1000 * cell) +
					 256 * (256 + 511) / 2;
			}
			KUNIT_EXPECT_EQ_MSG(test,
					    r->sums.protocol[cell][key].packets,
					    cpus * packets, "cell %u protocol %u",
					    cell, key);
			KUNIT_EXPECT_EQ_MSG(test,
					    r->sums.protocol[cell][key].bytes,
					    cpus * bytes, "cell %u protocol %u",
					    cell, key);
			if (edge)
				KUNIT_EXPECT_EQ(test,
						r->sums.icmp[netlab_hook_side(family, hook)][key],
						(u64)cpus * (257 + key));
		}
		netlab_reading_hook(r, family, hook, &sums);
		KUNIT_EXPECT_EQ(test, sums.packets, (u64)cpus *
				(edge ? 512 * 513 / 2 : 256 * 257 / 2));
		KUNIT_EXPECT_EQ(test, sums.skbs, sums.packets);
		KUNIT_EXPECT_EQ(test, sums.refused, 0ULL);
	}
	netlab_reading_free(r);
}

/* A chunk comes with the key that needs it, and stays the last one. */
static void account_chunks(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	unsigned int key, asked, cpu = netlab_test_first_cpu();
	struct netlab_cpu *c = per_cpu_ptr(account->cpu, cpu);

	netlab_test_on_cpu(test, cpu);
	asked = netlab_test_asked;
	/* Slot 0 is nobody's, so that the first 15 fill what is there. */
	for (key = 0; key < NETLAB_KEYS; key++) {
		netlab_test_count(account, 0, key, 0, 1, 1);
		netlab_test_count(account, 9, key, 0, 1, 1);
		KUNIT_EXPECT_EQ_MSG(test, netlab_test_asked - asked,
				    (key + 1) / NETLAB_SLOTS +
				    (key + 1 >= NETLAB_SLOTS), "key %u", key);
		KUNIT_EXPECT_EQ(test, (unsigned int)c->used, key + 2);
	}
	KUNIT_EXPECT_EQ(test, netlab_test_asked - asked,
			NETLAB_CHUNKS + 1U);
	for (key = 0; key < NETLAB_KEYS; key++)
		KUNIT_EXPECT_EQ(test, netlab_at_slot(c->at[key]), key + 1);
}

/* DESIGN: an idle namespace costs at most 8 KiB per CPU. */
static void account_idle_size(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	struct netlab_reading *r;
	unsigned int cpu;

	r = netlab_test_read(test, account, 0);
	netlab_reading_free(r);
	KUNIT_EXPECT_LE(test, sizeof(struct netlab_cpu), (size_t)8192);
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_TRUE(test, !per_cpu_ptr(account->cpu, cpu)->chunk);
}

static void account_64_bits(struct kunit *test)
{
	static const u8 protocols[] = { 6, 255 };
	struct netlab_account *account = test->priv;
	struct netlab_reading *r;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		for (n = 0; n < 5; n++)
			netlab_test_count(account, 0, protocols[i],
					  NETLAB_PACKET_GSO |
					  NETLAB_PACKET_FRAGMENT, U32_MAX,
					  1ULL << 60);
	r = netlab_test_read(test, account, 0);
	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		const struct netlab_sum *sum = &r->sums.protocol[0][protocols[i]];

		KUNIT_EXPECT_EQ(test, sum->packets, 5ULL * U32_MAX);
		KUNIT_EXPECT_EQ(test, sum->bytes, 5ULL << 60);
	}
	KUNIT_EXPECT_EQ(test, netlab_test_hook_packets(r, 0), 10ULL * U32_MAX);
	KUNIT_EXPECT_EQ(test, r->sums.cell[0].merged,
			10ULL * (U32_MAX - 1ULL));
	KUNIT_EXPECT_EQ(test, r->sums.cell[0].fragments, 10ULL * U32_MAX);
	netlab_reading_free(r);
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
	netlab_reading_free(r);
}

/* A key for whose slot there is no memory is still in the total. */
static void account_refused(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	unsigned int key, cpu = netlab_test_first_cpu();
	struct netlab_hook_sums sums;
	struct netlab_reading *r;

	netlab_test_on_cpu(test, cpu);
	netlab_test_nomem = true;
	for (key = 0; key < NETLAB_KEYS; key++)
		netlab_test_count(account, 4, key, 0, 2, 100);
	netlab_test_nomem = false;

	r = netlab_test_read(test, account, 0);
	for (key = 0; key < NETLAB_PROTOCOLS; key++) {
		const struct netlab_sum *sum = &r->sums.protocol[4][key];

		KUNIT_EXPECT_EQ(test, sum->packets, key < 15 ? 2ULL : 0);
		KUNIT_EXPECT_EQ(test, sum->bytes, key < 15 ? 100ULL : 0);
	}
	KUNIT_EXPECT_EQ(test, r->sums.cell[4].refused.packets, 497ULL * 2);
	KUNIT_EXPECT_EQ(test, r->sums.cell[4].refused.bytes, 497ULL * 100);
	netlab_reading_hook(r, 0, 4, &sums);
	KUNIT_EXPECT_EQ(test, sums.packets, 512ULL * 2);
	KUNIT_EXPECT_EQ(test, sums.bytes, 512ULL * 100);
	KUNIT_EXPECT_EQ(test, sums.skbs, 512ULL * 2);
	KUNIT_EXPECT_EQ(test, sums.refused, 497ULL * 2);
	netlab_reading_free(r);

	/* With memory again it gets its counters, and keeps them. */
	netlab_test_count(account, 4, 200, 0, 1, 50);
	netlab_test_nomem = true;
	netlab_test_count(account, 4, 200, 0, 1, 50);
	netlab_test_nomem = false;
	r = netlab_test_read(test, account, 0);
	KUNIT_EXPECT_EQ(test, r->sums.protocol[4][200].packets, 2ULL);
	KUNIT_EXPECT_EQ(test, r->sums.cell[4].refused.packets, 497ULL * 2);
	netlab_reading_free(r);
}

static unsigned int netlab_test_meanwhile_key;

/* 44 packets in one. */
static void netlab_test_one_more(void)
{
	netlab_test_count(&netlab_test_ns->account, 0, netlab_test_meanwhile_key,
			  NETLAB_PACKET_GSO, 44, 64000);
}

/*
 * An sk_buff comes at each step of a reading in turn, the first of its key, or
 * one of many: it is in the reading with all of its numbers or with none.
 */
static void netlab_test_read_meanwhile(struct kunit *test, bool first)
{
	struct netlab_hook_sums sums;
	struct netlab_reading *r;
	unsigned int step;

	/* The CPU that is read first. */
	netlab_test_on_cpu(test, cpumask_first(cpu_possible_mask));
	for (step = 0; step < 256; step++) {
		netlab_test_meanwhile_key = first ? step : 255 - step % 128;
		netlab_test_steps = step;
		netlab_test_meanwhile = netlab_test_one_more;
		r = netlab_test_read(test, test->priv, 0);
		netlab_reading_hook(r, 0, 0, &sums);
		netlab_reading_free(r);
		KUNIT_EXPECT_TRUE(test, !netlab_test_meanwhile);
		KUNIT_EXPECT_EQ_MSG(test, sums.packets, sums.skbs * 44,
				    "step %u", step);
		KUNIT_EXPECT_EQ_MSG(test, sums.bytes, sums.skbs * 64000,
				    "step %u", step);
		KUNIT_EXPECT_TRUE(test, sums.skbs == step ||
					sums.skbs == step + 1);
	}
	r = netlab_test_read(test, test->priv, 0);
	netlab_reading_hook(r, 0, 0, &sums);
	KUNIT_EXPECT_EQ(test, sums.skbs, 256ULL);
	netlab_reading_free(r);
}

static void account_read_meanwhile(struct kunit *test)
{
	unsigned int key;

	/* That they have slots is all that matters. */
	netlab_test_on_cpu(test, cpumask_first(cpu_possible_mask));
	for (key = 128; key < 256; key++)
		netlab_test_count(test->priv, 1, key, 0, 1, 1);
	netlab_test_read_meanwhile(test, false);
}

static void account_read_meanwhile_first(struct kunit *test)
{
	netlab_test_read_meanwhile(test, true);
}

struct netlab_test_crowd {
	struct netlab_account *account;
	unsigned int each;
};

static void netlab_test_crowd_count(void *data)
{
	struct netlab_test_crowd *crowd = data;
	const struct netlab_packet p = { .packets = 1, .bytes = 28 };
	unsigned int i;

	for (i = 0; i < crowd->each; i++)
		netlab_test_count_here(crowd->account, 0, i % NETLAB_KEYS, &p);
}

/* Every CPU at once, each beginning with no slot. */
static void account_cpus_at_once(struct kunit *test)
{
	struct netlab_test_crowd crowd = { test->priv, NETLAB_KEYS * 40 };
	unsigned int key, round;
	struct netlab_reading *r;

	for (round = 0; round < 5; round++)
		on_each_cpu(netlab_test_crowd_count, &crowd, 1);
	r = netlab_test_read(test, test->priv, 0);
	for (key = 0; key < NETLAB_PROTOCOLS; key++) {
		u64 packets = (key == IPPROTO_ICMP ? 257 : 1) * 200ULL *
			      num_online_cpus();

		KUNIT_EXPECT_EQ(test, r->sums.protocol[0][key].packets, packets);
		KUNIT_EXPECT_EQ(test, r->sums.protocol[0][key].bytes,
				28 * packets);
		KUNIT_EXPECT_EQ(test, r->sums.icmp[0][key],
				200ULL * num_online_cpus());
	}
	netlab_reading_free(r);
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
	KUNIT_CASE(account_all_keys),
	KUNIT_CASE(account_chunks),
	KUNIT_CASE(account_idle_size),
	KUNIT_CASE(account_64_bits),
	KUNIT_CASE(account_flags),
	KUNIT_CASE(account_refused),
	KUNIT_CASE(account_read_meanwhile),
	KUNIT_CASE(account_read_meanwhile_first),
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
