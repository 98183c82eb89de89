// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sources' token buckets, under a clock that the test moves.
 */
#include <linux/in6.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "fake.h"
#include "limiter.h"
#include "suites.h"
#include "threads.h"

#define NETLAB_TEST_ENOUGH	200000

/* A stamp's 40 bits count 16 ns each. */
#define NETLAB_TEST_WRAP	(16ULL << 40)
#define NETLAB_TEST_HOUR	(3600ULL * NSEC_PER_SEC)

static int netlab_test_source_init(struct kunit *test)
{
	struct netlab_limiter *limiter;

	limiter = kunit_kzalloc(test, sizeof(*limiter), GFP_KERNEL);
	if (!limiter || netlab_limiter_init(limiter))
		return -ENOMEM;
	test->priv = limiter;
	/* As after ten minutes: the table's zeroes are long past. */
	netlab_test_time = 600 * NSEC_PER_SEC;
	return netlab_limiter_add_sources(limiter);
}

static void netlab_test_source_exit(struct kunit *test)
{
	if (test->priv)
		netlab_limiter_exit(test->priv);
}

static u32 netlab_test_drain4(struct netlab_limiter *limiter,
			      const struct netlab_limit *limit, u32 source)
{
	u32 n = 0;

	local_bh_disable();
	while (n < NETLAB_TEST_ENOUGH &&
	       netlab_limiter_take4(limiter->sources, limit, htonl(source)))
		n++;
	local_bh_enable();
	return n;
}

static u32 netlab_test_drain6(struct netlab_limiter *limiter,
			      const struct netlab_limit *limit, u16 net,
			      u16 host)
{
	struct in6_addr source = {
		.s6_addr16 = { htons(0x2001), htons(0xdb8), 0, htons(net),
			       0, 0, 0, htons(host) },
	};
	u32 n = 0;

	local_bh_disable();
	while (n < NETLAB_TEST_ENOUGH &&
	       netlab_limiter_take6(limiter->sources, limit, &source))
		n++;
	local_bh_enable();
	return n;
}

static void source_set_bounds(struct kunit *test)
{
	static const u32 rates[] = {
		1, 10, 999, 1000, 1000000, 62500000, 62500001, 4294967295U,
	};
	struct netlab_limit limit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		u32 burst = rates[i] >= 50 ? rates[i] / 50 : 1;

		memset(&limit, 0xa5, sizeof(limit));
		netlab_limit_set_source(&limit, rates[i]);
		KUNIT_EXPECT_EQ(test, limit.batch, 1U);
		KUNIT_EXPECT_EQ(test, limit.cost, (s64)(62500000U / rates[i]));
		KUNIT_EXPECT_EQ(test, limit.window, limit.cost * burst);
		/* Far less than a stamp can tell. */
		KUNIT_EXPECT_LE(test, limit.window, (s64)62500000);
	}
}

static void source_burst(struct kunit *test)
{
	static const u32 rates[] = { 1, 49, 50, 999, 1000, 1000000 };
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		u32 burst = rates[i] >= 50 ? rates[i] / 50 : 1;

		netlab_limit_set_source(&limit, rates[i]);
		netlab_test_time += 60 * NSEC_PER_SEC;
		KUNIT_EXPECT_EQ_MSG(test, burst,
				    netlab_test_drain4(limiter, &limit, 1),
				    "rate %u", rates[i]);
		KUNIT_EXPECT_EQ_MSG(test, 0U,
				    netlab_test_drain4(limiter, &limit, 1),
				    "rate %u", rates[i]);
	}
}

/* Token by token, and none 16 ns early. */
static void source_refill(struct kunit *test)
{
	static const u32 rates[] = { 1, 10, 999, 1000, 1000000 };
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		netlab_limit_set_source(&limit, rates[i]);
		netlab_test_time += 60 * NSEC_PER_SEC;
		netlab_test_drain4(limiter, &limit, 1);
		for (j = 0; j < 10; j++) {
			netlab_test_time += (limit.cost - 1) * 16;
			KUNIT_EXPECT_EQ_MSG(test, 0U,
					    netlab_test_drain4(limiter, &limit, 1),
					    "rate %u", rates[i]);
			netlab_test_time += 16;
			KUNIT_EXPECT_EQ_MSG(test, 1U,
					    netlab_test_drain4(limiter, &limit, 1),
					    "rate %u", rates[i]);
		}
	}
}

static void source_independent(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	u32 source;

	netlab_limit_set_source(&limit, 500);
	for (source = 0x0a000000; source < 0x0a000000 + 100; source++)
		KUNIT_EXPECT_EQ(test, 10U,
				netlab_test_drain4(limiter, &limit, source));
	for (source = 0x0a000000; source < 0x0a000000 + 100; source++)
		KUNIT_EXPECT_EQ(test, 0U,
				netlab_test_drain4(limiter, &limit, source));
}

/* A host has the whole of a /64 to choose its addresses from. */
static void source_slash64(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;

	netlab_limit_set_source(&limit, 500);
	KUNIT_EXPECT_EQ(test, 10U, netlab_test_drain6(limiter, &limit, 1, 1));
	KUNIT_EXPECT_EQ(test, 0U, netlab_test_drain6(limiter, &limit, 1, 1));
	KUNIT_EXPECT_EQ(test, 0U, netlab_test_drain6(limiter, &limit, 1, 2));
	KUNIT_EXPECT_EQ(test, 0U,
			netlab_test_drain6(limiter, &limit, 1, 0xffff));
	KUNIT_EXPECT_EQ(test, 10U, netlab_test_drain6(limiter, &limit, 2, 1));
	KUNIT_EXPECT_EQ(test, 0U, netlab_test_drain6(limiter, &limit, 2, 2));
}

/* A packet each from 100,000 sources. Returns how many were refused. */
static u32 netlab_test_flood(struct netlab_limiter *limiter,
			     const struct netlab_limit *limit, u32 net)
{
	u32 i, refused = 0;

	for (i = 0; i < 100000; i++) {
		local_bh_disable();
		refused += !netlab_limiter_take4(limiter->sources, limit,
						 htonl(net + i));
		local_bh_enable();
		if (i % 1024 == 0)
			cond_resched();
	}
	return refused;
}

/*
 * A flood from six times as many sources as the table holds: none is refused
 * its first, and who had used up its rate before doesn't profit, for the
 * idlest gives way.
 */
static void source_flood(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;

	netlab_limit_set_source(&limit, 500);
	KUNIT_EXPECT_EQ(test, 10U,
			netlab_test_drain4(limiter, &limit, 0xc0000201));
	KUNIT_EXPECT_EQ(test, 0U,
			netlab_test_flood(limiter, &limit, 0x0a000000));
	KUNIT_EXPECT_EQ(test, 0U,
			netlab_test_drain4(limiter, &limit, 0xc0000201));
	KUNIT_EXPECT_EQ(test, 10U,
			netlab_test_drain4(limiter, &limit, 0xc0000202));
}

/* The same while the table is full of stamps that seem to lie ahead. */
static void source_flood_after_hours(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;

	netlab_limit_set_source(&limit, 500);
	netlab_test_flood(limiter, &limit, 0x0a000000);
	netlab_test_time += NETLAB_TEST_HOUR * 3;
	KUNIT_EXPECT_EQ(test, 10U,
			netlab_test_drain4(limiter, &limit, 0xc0000201));
	KUNIT_EXPECT_EQ(test, 0U,
			netlab_test_flood(limiter, &limit, 0x0b000000));
	KUNIT_EXPECT_EQ(test, 0U,
			netlab_test_drain4(limiter, &limit, 0xc0000201));
}

/* The stamp wraps between two packets, at each point of the window. */
static void source_wrap(struct kunit *test)
{
	static const u64 before[] = { 16, 32, 1000, 2000000, 20000000 };
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	unsigned int i, j;
	u64 wrap = 0;

	netlab_limit_set_source(&limit, 500);
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		wrap += NETLAB_TEST_WRAP;
		netlab_test_time = wrap - before[i];
		KUNIT_EXPECT_EQ(test, 10U,
				netlab_test_drain4(limiter, &limit, i));
		for (j = 0; j < 20; j++) {
			netlab_test_time += limit.cost * 16;
			KUNIT_EXPECT_EQ_MSG(test, 1U,
					    netlab_test_drain4(limiter, &limit, i),
					    "%llu ns before the wrap, token %u",
					    before[i], j);
		}
		KUNIT_EXPECT_EQ(test, 0U,
				netlab_test_drain4(limiter, &limit, i));
	}
}

/* After any pause a bucket is full, also where its stamp seems to lie ahead. */
static void source_idle(struct kunit *test)
{
	static const u64 pauses[] = {
		NETLAB_TEST_HOUR / 3600, NETLAB_TEST_HOUR,
		NETLAB_TEST_HOUR * 2,
		/* On both sides of half the range and of a quarter. */
		NETLAB_TEST_WRAP / 4 - 16, NETLAB_TEST_WRAP / 4,
		NETLAB_TEST_WRAP / 2 - 16, NETLAB_TEST_WRAP / 2,
		NETLAB_TEST_WRAP / 2 + 16, NETLAB_TEST_HOUR * 3,
		NETLAB_TEST_HOUR * 4,
		/* A second before the stamp comes round, and one after. */
		NETLAB_TEST_WRAP - NSEC_PER_SEC,
		NETLAB_TEST_WRAP + NSEC_PER_SEC,
		NETLAB_TEST_HOUR * 100,
	};
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	unsigned int i;

	netlab_limit_set_source(&limit, 500);
	for (i = 0; i < ARRAY_SIZE(pauses); i++) {
		netlab_test_drain4(limiter, &limit, 1);
		netlab_test_time += pauses[i];
		KUNIT_EXPECT_EQ_MSG(test, 10U,
				    netlab_test_drain4(limiter, &limit, 1),
				    "idle for %llu ns", pauses[i]);
	}
}

struct netlab_test_race4 {
	struct netlab_limiter *limiter;
	struct netlab_limit limit;
	u32 source;
	atomic_t got;
};

/* Softirqs are off for one token at a time: a CPU may wait long for another. */
static void netlab_test_race4_take(void *data, unsigned int i)
{
	struct netlab_test_race4 *race = data;
	bool taken;
	u32 n = 0;

	while (n < NETLAB_TEST_ENOUGH) {
		local_bh_disable();
		taken = netlab_limiter_take4(race->limiter->sources,
					     &race->limit,
					     htonl(race->source));
		local_bh_enable();
		if (!taken)
			break;
		n++;
	}
	atomic_add(n, &race->got);
}

/* One source's packets on every CPU at the same time. */
static void source_cpus_race(struct kunit *test)
{
	struct netlab_test_race4 race = { .limiter = test->priv };

	netlab_limit_set_source(&race.limit, 2500000);
	for (race.source = 0; race.source < 5; race.source++) {
		atomic_set(&race.got, 0);
		KUNIT_ASSERT_EQ(test, 0, netlab_test_threads(cpu_online_mask, netlab_test_race4_take,
							     &race));
		KUNIT_EXPECT_EQ(test, atomic_read(&race.got), 50000);
	}
}

/* Asked for twice, made once. */
static void source_add_twice(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_sources *sources = limiter->sources;

	KUNIT_EXPECT_EQ(test, netlab_limiter_add_sources(limiter), 0);
	KUNIT_EXPECT_TRUE(test, limiter->sources == sources);
}

static struct kunit_case netlab_test_source_cases[] = {
	KUNIT_CASE(source_set_bounds),
	KUNIT_CASE(source_burst),
	KUNIT_CASE(source_refill),
	KUNIT_CASE(source_independent),
	KUNIT_CASE(source_slash64),
	KUNIT_CASE(source_flood),
	KUNIT_CASE(source_flood_after_hours),
	KUNIT_CASE(source_wrap),
	KUNIT_CASE(source_idle),
	KUNIT_CASE(source_cpus_race),
	KUNIT_CASE(source_add_twice),
	{}
};

struct kunit_suite netlab_test_source = {
	.name = "netlab_source",
	.init = netlab_test_source_init,
	.exit = netlab_test_source_exit,
	.test_cases = netlab_test_source_cases,
};
