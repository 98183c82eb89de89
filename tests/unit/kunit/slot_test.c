// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CPUs count of prefixes and take from their buckets: none of it is lost,
 * none counted twice, and no prefix goes that a CPU has to do with.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "fake.h"
#include "prefixes.h"
#include "suites.h"
#include "threads.h"

#define NETLAB_TEST_PREFIXES	200	/* far more than slots */

struct netlab_test_counts {
	struct kunit *test;
	struct netlab_prefix *prefix[NETLAB_TEST_PREFIXES];
	atomic64_t replied[NETLAB_TEST_PREFIXES];
	atomic64_t refused[NETLAB_TEST_PREFIXES];
	atomic_t missing;
};

/* Adds the /32 of the number @i, with that rate. */
static struct netlab_prefix *netlab_test_host(struct kunit *test,
					      unsigned int i, u32 rate)
{
	struct netlab_prefix_key key = netlab_test_key(0, (u64)i << 32, 0, 32);
	struct netlab_test_prefixes *p = test->priv;

	netlab_test_add(test, &key, rate);
	return netlab_prefix_exact(p->set, &key);
}

static int netlab_test_del(struct kunit *test, unsigned int i)
{
	struct netlab_prefix_key key = netlab_test_key(0, (u64)i << 32, 0, 32);
	struct netlab_test_prefixes *p = test->priv;

	return netlab_prefixes_del(p->set, &key);
}

/* Another prefix that has the same slot as @prefix; rate unlimited. */
static struct netlab_prefix *netlab_test_rival(struct kunit *test,
					       struct netlab_prefix *prefix)
{
	struct netlab_prefix *rival = NULL;
	unsigned int i;

	for (i = 1000; i < 3000; i++) {
		rival = netlab_test_host(test, i, 0);
		if (netlab_prefix_hash(rival) == netlab_prefix_hash(prefix))
			return rival;
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, NULL);
	return NULL;
}

/* On one CPU, with its slots. */
static int netlab_test_stay(void)
{
	return set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));
}

/* Counts a packet as a hook would. */
static bool netlab_test_count(struct kunit *test, struct netlab_prefix *prefix,
			      bool replied)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_slot *slot;

	local_bh_disable();
	slot = netlab_prefix_slot(this_cpu_ptr(p->cpus), prefix);
	if (slot)
		netlab_prefix_count(slot, replied);
	local_bh_enable();
	return slot;
}

static struct netlab_prefix_counts netlab_test_read(struct kunit *test,
						    struct netlab_prefix *prefix)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_counts counts = { 77, 77 };

	netlab_prefix_counts(p->cpus, prefix, &counts);
	return counts;
}

static void netlab_test_count_many(void *data, unsigned int i)
{
	struct netlab_test_counts *c = data;
	struct rnd_state random;
	unsigned int n;

	prandom_seed_state(&random, i + 1);
	for (n = 0; n < 50000; n++) {
		unsigned int which = netlab_test_random(&random, NETLAB_TEST_PREFIXES);
		bool replied = netlab_test_random(&random, 3);

		/* Some for long, so that slots are hit, too. */
		which = n % 1000 < 500 ? n / 1000 : which;
		atomic64_inc(replied ? &c->replied[which] : &c->refused[which]);
		if (!netlab_test_count(c->test, c->prefix[which], replied))
			atomic_inc(&c->missing);
		cond_resched();
	}
}

/* Many prefixes on all CPUs at once, most counts in a slot for a short time. */
static void slot_counts(struct kunit *test)
{
	struct netlab_test_counts *c;
	unsigned int i;

	c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	c->test = test;
	for (i = 0; i < NETLAB_TEST_PREFIXES; i++)
		c->prefix[i] = netlab_test_host(test, i, 0);
	KUNIT_ASSERT_EQ(test, 0, netlab_test_threads(cpu_online_mask, netlab_test_count_many, c));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->missing), 0);
	for (i = 0; i < NETLAB_TEST_PREFIXES; i++) {
		struct netlab_prefix_counts counts = netlab_test_read(test, c->prefix[i]);

		KUNIT_EXPECT_EQ(test, counts.replied, (u64)atomic64_read(&c->replied[i]));
		KUNIT_EXPECT_EQ(test, counts.refused, (u64)atomic64_read(&c->refused[i]));
	}
}

struct netlab_test_thrash {
	struct kunit *test;
	struct netlab_prefix *a;
	struct netlab_prefix *b;
	atomic64_t begun;
	atomic64_t done;
	atomic_t writers;
	u32 bad;
	u32 back;
	u32 read;
};

static void netlab_test_thrash(void *data, unsigned int i)
{
	struct netlab_test_thrash *t = data;
	unsigned int n;
	u64 last = 0;

	if (i) {
		for (n = 0; n < 100000; n++) {
			atomic64_inc(&t->begun);
			netlab_test_count(t->test, t->a, n & 1);
			atomic64_inc(&t->done);
			netlab_test_count(t->test, t->b, true);
			if (n % 256 == 0)
				cond_resched();
		}
		atomic_dec(&t->writers);
		return;
	}
	while (atomic_read(&t->writers) > 0) {
		struct netlab_prefix_counts counts;
		u64 done, begun, sum;

		done = atomic64_read(&t->done);
		counts = netlab_test_read(t->test, t->a);
		begun = atomic64_read(&t->begun);
		sum = counts.replied + counts.refused;
		t->bad += sum < done || sum > begun;
		t->back += sum < last;
		t->read++;
		last = sum;
		cond_resched();
	}
}

/*
 * Read while other CPUs do nothing but empty the slot: with patience, and by
 * making them wait. Each reading is right.
 */
static void slot_read_meanwhile(struct kunit *test)
{
	static const unsigned int tries[] = { 100, 0 };
	struct netlab_test_thrash t = { .test = test };
	unsigned int i;

	t.a = netlab_test_host(test, 1, 0);
	t.b = netlab_test_rival(test, t.a);
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		t.read = 0;
		atomic_set(&t.writers, num_online_cpus() - 1);
		WRITE_ONCE(netlab_test_tries, tries[i]);
		KUNIT_ASSERT_EQ(test, 0, netlab_test_threads(cpu_online_mask,
							     netlab_test_thrash, &t));
		WRITE_ONCE(netlab_test_tries, 100);
		KUNIT_EXPECT_EQ(test, t.bad, 0U);
		KUNIT_EXPECT_EQ(test, t.back, 0U);
		if (num_online_cpus() > 1)
			KUNIT_EXPECT_GT(test, t.read, 100U);
	}
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&t.done),
			netlab_test_read(test, t.a).replied + netlab_test_read(test, t.a).refused);
}

/* What the two hooks below look at. */
static struct kunit *netlab_test_now;
static struct netlab_prefix *netlab_test_a, *netlab_test_b;
static unsigned int netlab_test_seen;

static void netlab_test_read_hook(void)
{
	struct netlab_test_prefixes *p = netlab_test_now->priv;
	struct netlab_prefix_counts counts;

	/* Just now it would be counted twice. */
	netlab_test_seen = 1 + netlab_test_sum(p->cpus, netlab_test_a, &counts);
}

static void netlab_test_evict_hook(void)
{
	netlab_test_count(netlab_test_now, netlab_test_b, true);
	netlab_test_seen = 1;
}

/* A reading notices what it meets, in either order. */
static void slot_read_between(struct kunit *test)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_counts counts;

	KUNIT_ASSERT_EQ(test, 0, netlab_test_stay());
	netlab_test_now = test;
	netlab_test_a = netlab_test_host(test, 1, 0);
	netlab_test_b = netlab_test_rival(test, netlab_test_a);

	netlab_test_count(test, netlab_test_a, true);
	KUNIT_EXPECT_TRUE(test, netlab_test_sum(p->cpus, netlab_test_a, &counts));
	KUNIT_EXPECT_EQ(test, counts.replied, 1ULL);
	netlab_test_seen = 0;
	netlab_test_emptying = netlab_test_read_hook;
	netlab_test_count(test, netlab_test_b, true);
	KUNIT_EXPECT_EQ(test, netlab_test_seen, 1U);

	netlab_test_count(test, netlab_test_a, true);
	netlab_test_seen = 0;
	netlab_test_reading = netlab_test_evict_hook;
	KUNIT_EXPECT_FALSE(test, netlab_test_sum(p->cpus, netlab_test_a, &counts));
	KUNIT_EXPECT_EQ(test, netlab_test_seen, 1U);
	/* And tries again. */
	netlab_test_count(test, netlab_test_a, true);
	netlab_test_reading = netlab_test_evict_hook;
	KUNIT_EXPECT_EQ(test, netlab_test_read(test, netlab_test_a).replied, 3ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_read(test, netlab_test_b).replied, 3ULL);
}

/* A prefix that is no more stays for as long as a CPU counts it. */
static void slot_refs(struct kunit *test)
{
	struct netlab_prefix *a, *b, *gone;
	s64 bytes, each;

	KUNIT_ASSERT_EQ(test, 0, netlab_test_stay());
	a = netlab_test_host(test, 1, 0);
	b = netlab_test_rival(test, a);
	netlab_test_settle();
	bytes = atomic64_read(&netlab_test_bytes);
	each = sizeof(struct netlab_prefix) + sizeof(struct netlab_node);

	/* Glue goes at once, the prefix when the slot is another's. */
	KUNIT_EXPECT_TRUE(test, netlab_test_count(test, a, true));
	KUNIT_EXPECT_EQ(test, netlab_test_del(test, 1), 0);
	netlab_test_settle();
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes),
			bytes - (s64)sizeof(struct netlab_node));
	KUNIT_EXPECT_TRUE(test, netlab_test_count(test, a, true));
	KUNIT_EXPECT_EQ(test, netlab_test_read(test, a).replied, 2ULL);
	KUNIT_EXPECT_TRUE(test, netlab_test_count(test, b, true));
	netlab_test_settle();
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), bytes - each);

	/* One that nobody counts goes, and has no slot while it is going. */
	gone = netlab_test_host(test, 2, 0);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, netlab_test_del(test, 2), 0);
	KUNIT_EXPECT_FALSE(test, netlab_test_count(test, gone, true));
	KUNIT_EXPECT_EQ(test, netlab_test_read(test, gone).replied, 0ULL);
	rcu_read_unlock();
	netlab_test_settle();
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), bytes - each);
}

/* One that takes another's place begins at zero. */
static void slot_replace(struct kunit *test)
{
	struct netlab_prefix_key key = netlab_test_key(0, 1ULL << 32, 0, 32);
	const struct netlab_prefix_settings settings = { .max_size = 65535 };
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix *a, *b;

	a = netlab_test_host(test, 1, 0);
	KUNIT_ASSERT_EQ(test, 0, netlab_test_stay());
	netlab_test_count(test, a, true);
	KUNIT_EXPECT_EQ(test, 0, netlab_prefixes_add(p->set, &key, &settings, true));
	b = netlab_prefix_exact(p->set, &key);
	KUNIT_EXPECT_TRUE(test, a != b);
	KUNIT_EXPECT_EQ(test, netlab_test_read(test, b).replied, 0ULL);
	netlab_test_count(test, b, false);
	KUNIT_EXPECT_EQ(test, netlab_test_read(test, b).refused, 1ULL);
}

/* Takes a token as a hook would; for each anew, if there is a rival. */
static bool netlab_test_take(struct kunit *test, struct netlab_prefix *prefix,
			     struct netlab_prefix *rival)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_cpu *cpu;
	bool ok;

	local_bh_disable();
	cpu = this_cpu_ptr(p->cpus);
	ok = netlab_prefix_take(netlab_prefix_slot(cpu, prefix));
	if (rival)
		netlab_prefix_slot(cpu, rival);
	local_bh_enable();
	return ok;
}

/* Tokens that a CPU has no more use for go back to the bucket. */
static void slot_tokens_back(struct kunit *test)
{
	struct netlab_prefix *a = netlab_test_host(test, 1, 1000000);
	struct netlab_prefix *b = netlab_test_rival(test, a);
	struct netlab_limit limit;
	u32 n = 0;

	netlab_test_time = NSEC_PER_SEC;
	netlab_limit_set(&limit, 1000000, 0);
	KUNIT_EXPECT_GT(test, limit.batch, 1U);
	while (n < 30000 && netlab_test_take(test, a, b))
		n++;
	KUNIT_EXPECT_LE(test, n, 20000U);
	KUNIT_EXPECT_GE(test, n + limit.batch, 20000U);
}

/* Without a rate there is no end of tokens; with one, its burst of them. */
static void slot_take(struct kunit *test)
{
	struct netlab_prefix *a = netlab_test_host(test, 1, 0);
	struct netlab_prefix *b = netlab_test_host(test, 2, 500);
	unsigned int i, n = 0;

	netlab_test_time = NSEC_PER_SEC;
	for (i = 0; i < 100000 && netlab_test_take(test, a, NULL); i++)
		;
	KUNIT_EXPECT_EQ(test, i, 100000U);
	for (i = 0; i < 1000; i++)
		n += netlab_test_take(test, b, NULL);
	KUNIT_EXPECT_EQ(test, n, 10U);
	netlab_test_time += 2000000 - 1;
	KUNIT_EXPECT_FALSE(test, netlab_test_take(test, b, NULL));
	netlab_test_time++;
	KUNIT_EXPECT_TRUE(test, netlab_test_take(test, b, NULL));
	KUNIT_EXPECT_FALSE(test, netlab_test_take(test, b, NULL));
}

static struct kunit_case netlab_test_slot_cases[] = {
	KUNIT_CASE(slot_counts),
	KUNIT_CASE(slot_read_meanwhile),
	KUNIT_CASE(slot_read_between),
	KUNIT_CASE(slot_refs),
	KUNIT_CASE(slot_replace),
	KUNIT_CASE(slot_tokens_back),
	KUNIT_CASE(slot_take),
	{}
};

struct kunit_suite netlab_test_slot = {
	.name = "netlab_slot",
	.init = netlab_test_prefixes_init,
	.exit = netlab_test_prefixes_exit,
	.test_cases = netlab_test_slot_cases,
};
