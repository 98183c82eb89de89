// SPDX-License-Identifier: GPL-2.0-only
/*
 * The namespace's token bucket, under a clock that the test moves.
 */
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "fake.h"
#include "limiter.h"
#include "suites.h"
#include "threads.h"

/* More than any test has: a loop that would not end, ends. */
#define NETLAB_TEST_ENOUGH	200000

static const u32 netlab_test_rates[] = {
	1, 10, 999, 1000, 1000000, 4294967295U,
};

static const u32 netlab_test_bursts[] = { 0, 1, 1000, 4294967295U };

/* The thread stays on one CPU, whose tokens it takes. */
static int netlab_test_limit_init(struct kunit *test)
{
	struct netlab_limiter *limiter;

	limiter = kunit_kzalloc(test, sizeof(*limiter), GFP_KERNEL);
	if (!limiter || netlab_limiter_init(limiter))
		return -ENOMEM;
	test->priv = limiter;
	netlab_test_time = NSEC_PER_SEC;
	return set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));
}

static void netlab_test_limit_exit(struct kunit *test)
{
	if (test->priv)
		netlab_limiter_exit(test->priv);
}

/* How many tokens there are now, up to @max. */
static u32 netlab_test_drain(struct netlab_limiter *limiter,
			     const struct netlab_limit *limit, u32 generation,
			     u32 max)
{
	u32 n = 0;

	local_bh_disable();
	while (n < max && netlab_limiter_take(limiter, limit, generation))
		n++;
	local_bh_enable();
	return n;
}

/* What a burst is when none was asked for. */
static u32 netlab_test_burst(u32 rate, u32 burst)
{
	return burst ?: rate >= 50 ? rate / 50 : 1;
}

/* In 64 bits nothing may overflow, and nothing be rounded to the unlimited. */
static void limit_set_bounds(struct kunit *test)
{
	struct netlab_limit limit;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(netlab_test_rates); i++) {
		for (j = 0; j < ARRAY_SIZE(netlab_test_bursts); j++) {
			u32 rate = netlab_test_rates[i];
			u32 burst = netlab_test_burst(rate, netlab_test_bursts[j]);
			u64 window = div_u64((u64)burst * NSEC_PER_SEC, rate);
			u64 cost;

			memset(&limit, 0xa5, sizeof(limit));
			netlab_limit_set(&limit, rate, netlab_test_bursts[j]);
			KUNIT_EXPECT_GE_MSG(test, limit.batch, 1U,
					    "rate %u burst %u", rate, burst);
			KUNIT_EXPECT_LE_MSG(test, limit.batch, burst,
					    "rate %u burst %u", rate, burst);
			KUNIT_EXPECT_LE_MSG(test, limit.batch,
					    max_t(u32, rate / 1000, 1),
					    "rate %u burst %u", rate, burst);
			KUNIT_EXPECT_EQ_MSG(test, limit.window, (s64)window,
					    "rate %u burst %u", rate, burst);
			cost = div_u64((u64)limit.batch * NSEC_PER_SEC, rate);
			KUNIT_EXPECT_EQ_MSG(test, limit.cost, (s64)cost,
					    "rate %u burst %u", rate, burst);
			KUNIT_EXPECT_LE_MSG(test, limit.cost, limit.window,
					    "rate %u burst %u", rate, burst);
		}
	}
}

/* What CPUs hold and don't spend is at most a quarter of the burst. */
static void limit_set_batch(struct kunit *test)
{
	struct netlab_limit limit;

	netlab_limit_set(&limit, 1000000, 0);
	KUNIT_EXPECT_LE(test, limit.batch * num_online_cpus(), 5000U);
	KUNIT_EXPECT_GT(test, limit.batch, 1U);
	netlab_limit_set(&limit, 1000000, 3);
	KUNIT_EXPECT_EQ(test, limit.batch, 1U);
	KUNIT_EXPECT_EQ(test, limit.cost, 1000LL);
	KUNIT_EXPECT_EQ(test, limit.window, 3000LL);
	netlab_limit_set(&limit, 1, 1);
	KUNIT_EXPECT_EQ(test, limit.batch, 1U);
	KUNIT_EXPECT_EQ(test, limit.cost, (s64)NSEC_PER_SEC);
}

/*
 * A full bucket gives its burst and no more: to the token where CPUs take
 * them one by one, else less a part of a batch at most.
 */
static void limit_burst(struct kunit *test)
{
	static const struct {
		u32 rate;
		u32 burst;
	} cases[] = {
		{ 1, 0 }, { 1, 1 }, { 1, 1000 }, { 3, 7 }, { 10, 0 },
		{ 10, 10 }, { 999, 0 }, { 999, 1 }, { 999, 100000 },
		{ 1000, 0 }, { 1000, 1 }, { 1000, 1000 }, { 1000000, 0 },
		{ 1000000, 1 }, { 1000000, 15 }, { 1000000, 1500 },
		{ 1000000, 99991 }, { 4294967295U, 80000 },
	};
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 rate = cases[i].rate;
		u32 burst = netlab_test_burst(rate, cases[i].burst);
		u32 got;

		netlab_limit_set(&limit, rate, cases[i].burst);
		/* However long the pause was: no more than the burst. */
		netlab_test_time += limit.window + 3600ULL * NSEC_PER_SEC;
		got = netlab_test_drain(limiter, &limit, i + 1,
					NETLAB_TEST_ENOUGH);
		KUNIT_EXPECT_LE_MSG(test, got, burst, "rate %u burst %u", rate,
				    burst);
		KUNIT_EXPECT_EQ_MSG(test, got, burst - burst % limit.batch,
				    "rate %u burst %u", rate, burst);
		KUNIT_EXPECT_EQ_MSG(test, 0U,
				    netlab_test_drain(limiter, &limit, i + 1,
						      NETLAB_TEST_ENOUGH),
				    "rate %u burst %u", rate, burst);
	}
}

/* The same before a namespace's first second of time. */
static void limit_full_at_once(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;

	netlab_test_time = 0;
	netlab_limit_set(&limit, 1, 4294967295U);
	KUNIT_EXPECT_EQ(test, 100000U,
			netlab_test_drain(limiter, &limit, 1, 100000));
	netlab_limit_set(&limit, 10, 5);
	netlab_test_time = NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, netlab_test_drain(limiter, &limit, 2, 100), 5U);
}

/* Refilled batch by batch, not a nanosecond early. */
static void limit_refill(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netlab_test_rates); i++) {
		u32 max = 100000, batch;
		u64 part;

		netlab_limit_set(&limit, netlab_test_rates[i], 100);
		batch = limit.batch;
		netlab_test_time += limit.window;
		netlab_test_drain(limiter, &limit, i + 1, max);
		/* A part of a batch may have stayed in the bucket. */
		div64_u64_rem(limit.window, limit.cost, &part);
		netlab_test_time += limit.cost - part - 1;
		KUNIT_EXPECT_EQ_MSG(test, 0U,
				    netlab_test_drain(limiter, &limit, i + 1, max),
				    "rate %u", netlab_test_rates[i]);
		netlab_test_time++;
		KUNIT_EXPECT_EQ_MSG(test, batch,
				    netlab_test_drain(limiter, &limit, i + 1, max),
				    "rate %u", netlab_test_rates[i]);
		KUNIT_EXPECT_EQ_MSG(test, 0U,
				    netlab_test_drain(limiter, &limit, i + 1, max),
				    "rate %u", netlab_test_rates[i]);
	}
}

/* Asked all the time for ten seconds: the burst, and then the rate. */
static void limit_rate(struct kunit *test)
{
	static const u32 rates[] = { 1, 10, 999, 1000, 20000 };
	/* No multiple of what a token costs. */
	const unsigned int steps = 10007, step_ns = 999301;
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	unsigned int i, step;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		u64 want = div_u64((u64)steps * step_ns * rates[i],
				   NSEC_PER_SEC);
		u32 got;

		netlab_limit_set(&limit, rates[i], 0);
		netlab_test_time += limit.window;
		want += netlab_test_burst(rates[i], 0);
		got = netlab_test_drain(limiter, &limit, i + 1, 100000);
		for (step = 0; step < steps && got <= want + 1; step++) {
			netlab_test_time += step_ns;
			got += netlab_test_drain(limiter, &limit, i + 1,
						 100000);
		}
		KUNIT_EXPECT_LE_MSG(test, (u64)got, want + 1, "rate %u",
				    rates[i]);
		KUNIT_EXPECT_GE_MSG(test, (u64)got + limit.batch, want,
				    "rate %u", rates[i]);
		cond_resched();
	}
}

/* Tokens that were taken under another configuration are worth nothing. */
static void limit_generation(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;

	netlab_limit_set(&limit, 1000000, 0);
	KUNIT_EXPECT_GT(test, limit.batch, 1U);
	KUNIT_EXPECT_EQ(test, netlab_test_drain(limiter, &limit, 1, 1), 1U);
	netlab_test_time = 2 * NSEC_PER_SEC;
	netlab_limit_set(&limit, 1, 1);
	KUNIT_EXPECT_EQ(test, netlab_test_drain(limiter, &limit, 2, 100), 1U);
}

/* One bucket for all CPUs: what one has taken, the others don't get. */
static void limit_cpus_share(struct kunit *test)
{
	struct netlab_limiter *limiter = test->priv;
	struct netlab_limit limit;
	u32 got = 0;
	int cpu;

	netlab_limit_set(&limit, 1000000, 80000);
	for_each_online_cpu(cpu) {
		KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
		got += netlab_test_drain(limiter, &limit, 1, NETLAB_TEST_ENOUGH);
	}
	KUNIT_EXPECT_EQ(test, got, 80000 - 80000 % limit.batch);
}

struct netlab_test_race {
	struct netlab_limiter *limiter;
	struct netlab_limit limit;
	atomic_t got;
};

/* Softirqs are off for one token at a time: a CPU may wait long for another. */
static void netlab_test_race_take(void *data, unsigned int i)
{
	struct netlab_test_race *race = data;
	bool taken;
	u32 n = 0;

	while (n < NETLAB_TEST_ENOUGH) {
		local_bh_disable();
		taken = netlab_limiter_take(race->limiter, &race->limit, 1);
		local_bh_enable();
		if (!taken)
			break;
		n++;
	}
	atomic_add(n, &race->got);
}

/* The same when they take at the same time, and each token by itself. */
static void limit_cpus_race(struct kunit *test)
{
	struct netlab_test_race race = { .limiter = test->priv };
	int round;

	netlab_limit_set(&race.limit, 1000, 50000);
	KUNIT_EXPECT_EQ(test, race.limit.batch, 1U);
	for (round = 0; round < 5; round++) {
		netlab_test_time += 50 * NSEC_PER_SEC;
		atomic_set(&race.got, 0);
		KUNIT_ASSERT_EQ(test, 0, netlab_test_threads(cpu_online_mask, netlab_test_race_take,
							     &race));
		KUNIT_EXPECT_EQ(test, atomic_read(&race.got), 50000);
	}
}

static struct kunit_case netlab_test_limit_cases[] = {
	KUNIT_CASE(limit_set_bounds),
	KUNIT_CASE(limit_set_batch),
	KUNIT_CASE(limit_burst),
	KUNIT_CASE(limit_full_at_once),
	KUNIT_CASE(limit_refill),
	KUNIT_CASE(limit_rate),
	KUNIT_CASE(limit_generation),
	KUNIT_CASE(limit_cpus_share),
	KUNIT_CASE(limit_cpus_race),
	{}
};

struct kunit_suite netlab_test_limit = {
	.name = "netlab_limit",
	.init = netlab_test_limit_init,
	.exit = netlab_test_limit_exit,
	.test_cases = netlab_test_limit_cases,
};
