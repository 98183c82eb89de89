// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much a second gives, the burst and all: within 5 % of the rate, from a
 * full bucket of each kind, on one CPU and on all of them at once.
 */
#include <linux/sched.h>

#include "fake.h"
#include "prefixes.h"
#include "suites.h"
#include "threads.h"

/**
 * struct netlab_test_second - a second in which tokens are taken
 * @take: takes one
 * @limiter: the namespace's and the sources' buckets
 * @limit: for these
 * @generation: of @limit
 * @cpus: a prefix's slots
 * @prefix: the prefix
 * @last: the clock at its end
 * @got: tokens
 */
struct netlab_test_second {
	bool (*take)(struct netlab_test_second *s);
	struct netlab_limiter limiter;
	struct netlab_limit limit;
	u32 generation;
	struct netlab_prefix_cpu __percpu *cpus;
	struct netlab_prefix *prefix;
	u64 last;
	atomic_t got;
};

static const u32 netlab_test_rates[] = { 10, 1000, 100000, 1000000 };

static bool netlab_test_take_any(struct netlab_test_second *s)
{
	return netlab_limiter_take(&s->limiter, &s->limit, s->generation);
}

static bool netlab_test_take_prefix(struct netlab_test_second *s)
{
	return netlab_prefix_take(netlab_prefix_slot(this_cpu_ptr(s->cpus), s->prefix));
}

static bool netlab_test_take_source(struct netlab_test_second *s)
{
	return netlab_limiter_take4(s->limiter.sources, &s->limit,
				    htonl(s->generation));
}

/*
 * Who finds the bucket empty moves the clock. So it never stands full, whatever
 * CPUs the host lets run, and what is given is all that there is.
 */
static void netlab_test_second_work(void *data, unsigned int i)
{
	struct netlab_test_second *s = data;
	unsigned int n = 0;
	bool ok;

	for (;;) {
		u64 now = READ_ONCE(netlab_test_time);

		local_bh_disable();
		ok = s->take(s);
		local_bh_enable();
		n += ok;
		if ((!ok && now == s->last) || n > 3000000)
			break;
		if (!ok)
			cmpxchg64(&netlab_test_time, now, min(now + 20000, s->last));
		cond_resched();
	}
	atomic_add(n, &s->got);
}

static int netlab_test_second_init(struct kunit *test, struct netlab_test_second *s)
{
	struct netlab_test_prefixes *p = test->priv;
	int err = netlab_limiter_init(&s->limiter);

	s->cpus = p->cpus;
	return err ?: netlab_limiter_add_sources(&s->limiter);
}

/* A second on @cpus, which there may be only one of. */
static void netlab_test_second(struct kunit *test, struct netlab_test_second *s,
			       u32 rate, const struct cpumask *cpus)
{
	struct netlab_prefix_key key = netlab_test_key(0, 0x0a000000ULL << 32, 0, 8);
	const struct netlab_prefix_settings settings = { .rate = rate };
	struct netlab_test_prefixes *p = test->priv;
	u64 got;

	/* All anew and full: another source, prefix and configuration. */
	s->generation++;
	netlab_test_time = (600 + 10 * (u64)s->generation) * NSEC_PER_SEC;
	if (s->take == netlab_test_take_source)
		netlab_limit_set_source(&s->limit, rate);
	else
		netlab_limit_set(&s->limit, rate, 0);
	KUNIT_ASSERT_EQ(test, 0, netlab_prefixes_add(p->set, &key, &settings, true));
	s->prefix = netlab_prefix_exact(p->set, &key);

	s->last = netlab_test_time + NSEC_PER_SEC - 1;
	atomic_set(&s->got, 0);
	KUNIT_ASSERT_EQ(test, 0, netlab_test_threads(cpus, netlab_test_second_work, s));
	got = atomic_read(&s->got);
	KUNIT_EXPECT_GE_MSG(test, 100 * got, 95 * (u64)rate, "rate %u on %u CPUs",
			    rate, cpumask_weight(cpus));
	KUNIT_EXPECT_LE_MSG(test, 100 * got, 105 * (u64)rate, "rate %u on %u CPUs",
			    rate, cpumask_weight(cpus));
}

static void netlab_test_seconds(struct kunit *test,
				bool (*take)(struct netlab_test_second *s))
{
	struct netlab_test_second *s;
	unsigned int i;

	s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	s->take = take;
	KUNIT_ASSERT_EQ(test, 0, netlab_test_second_init(test, s));
	for (i = 0; i < ARRAY_SIZE(netlab_test_rates); i++) {
		netlab_test_second(test, s, netlab_test_rates[i],
				   cpumask_of(cpumask_first(cpu_online_mask)));
		netlab_test_second(test, s, netlab_test_rates[i], cpu_online_mask);
	}
	netlab_limiter_exit(&s->limiter);
}

static void accuracy_namespace(struct kunit *test)
{
	netlab_test_seconds(test, netlab_test_take_any);
}

static void accuracy_prefix(struct kunit *test)
{
	netlab_test_seconds(test, netlab_test_take_prefix);
}

static void accuracy_source(struct kunit *test)
{
	netlab_test_seconds(test, netlab_test_take_source);
}

static struct kunit_case netlab_test_accuracy_cases[] = {
	KUNIT_CASE(accuracy_namespace),
	KUNIT_CASE(accuracy_prefix),
	KUNIT_CASE(accuracy_source),
	{}
};

struct kunit_suite netlab_test_accuracy = {
	.name = "netlab_accuracy",
	.init = netlab_test_prefixes_init,
	.exit = netlab_test_prefixes_exit,
	.test_cases = netlab_test_accuracy_cases,
};
