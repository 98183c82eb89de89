// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of prefixes: what they say, what they take, and when they go.
 */
#include <linux/delay.h>
#include <linux/sched.h>

#include "address.h"
#include "fake.h"
#include "prefixes.h"
#include "suites.h"

static const struct netlab_prefix_settings netlab_test_plain = {
	.rate = 1, .max_size = 65535,
};

static int netlab_test_plain_add(struct netlab_test_prefixes *p,
				 const struct netlab_prefix_key *key,
				 bool replace)
{
	return netlab_prefixes_add(p->set, key, &netlab_test_plain, replace);
}

/* What was told of a prefix is told. */
static void prefix_describe(struct kunit *test)
{
	static const struct netlab_prefix_settings settings = {
		.rate = 4294967295U, .burst = 4294967294U, .max_size = 65534,
		.proxy = 2147483647,
	};
	struct netlab_prefix_key key = netlab_test_key(1, 0x20010db8ULL << 32, 1ULL << 63, 65), k;
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_settings s;
	struct netlab_prefix *prefix;

	KUNIT_EXPECT_EQ(test, 0, netlab_prefixes_add(p->set, &key, &settings, false));
	prefix = netlab_prefix_exact(p->set, &key);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, prefix);
	netlab_prefix_describe(prefix, &k, &s);
	KUNIT_EXPECT_EQ(test, k.address.hi, key.address.hi);
	KUNIT_EXPECT_EQ(test, k.address.lo, 1ULL << 63);
	KUNIT_EXPECT_EQ(test, (int)k.family, (int)NETLAB_FAMILY_IPV6);
	KUNIT_EXPECT_EQ(test, (int)k.length, 65);
	KUNIT_EXPECT_EQ(test, s.rate, settings.rate);
	KUNIT_EXPECT_EQ(test, s.burst, settings.burst);
	KUNIT_EXPECT_EQ(test, s.max_size, settings.max_size);
	KUNIT_EXPECT_EQ(test, s.proxy, settings.proxy);
	KUNIT_EXPECT_EQ(test, netlab_prefix_max_size(prefix), settings.max_size);
	KUNIT_EXPECT_EQ(test, netlab_prefix_proxy(prefix), settings.proxy);
}

/* Of each length: an address is a prefix's unless it differs in front. */
static void prefix_has(struct kunit *test)
{
	const u64 hi = 0x20010db8c0a80001ULL, lo = 0x8000000000000001ULL;
	unsigned int length, bit;

	for (length = 0; length <= 128; length++) {
		struct netlab_prefix_key key = { .family = 1, .length = length };

		if (length)
			key.address.hi = length < 64 ? hi >> (64 - length) << (64 - length) : hi;
		if (length > 64)
			key.address.lo = lo >> (128 - length) << (128 - length);
		KUNIT_EXPECT_FALSE(test, netlab_prefix_host_bits(&key));
		for (bit = 0; bit < 128; bit++) {
			struct netlab_address a = { hi, lo };

			if (bit < 64)
				a.hi ^= 1ULL << (63 - bit);
			else
				a.lo ^= 1ULL << (127 - bit);
			KUNIT_EXPECT_EQ(test, netlab_prefix_has(&key, a), bit >= length);
		}
		KUNIT_EXPECT_TRUE(test, netlab_prefix_has(&key, (struct netlab_address){ hi, lo }));
	}
}

/* A set tells how many it has, how many of them proxied, and of each change. */
static void prefix_set_numbers(struct kunit *test)
{
	struct netlab_prefix_key four = netlab_test_key(0, 0x0a000000ULL << 32, 0, 24);
	struct netlab_prefix_key six = netlab_test_key(1, 0x20010db8ULL << 32, 0, 64);
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_settings proxied = { .max_size = 28, .proxy = 3 };
	const struct {
		int err;
		struct netlab_prefix_key *key;
		char what;
		u32 n, proxied4, proxied6;
	} steps[] = {
		{ -ENOENT, &four, 'd', 0, 0, 0 },
		{ 0, &four, 'a', 1, 0, 0 },
		{ -EEXIST, &four, 'a', 1, 0, 0 },
		{ -EEXIST, &four, 'p', 1, 0, 0 },
		{ 0, &six, 'p', 2, 0, 1 },
		{ 0, &four, 'R', 2, 1, 1 },
		{ 0, &four, 'R', 2, 1, 1 },
		{ 0, &six, 'r', 2, 1, 0 },
		{ 0, &four, 'd', 1, 0, 0 },
		{ -ENOENT, &four, 'd', 1, 0, 0 },
		{ 0, &four, 'R', 2, 1, 0 },
		{ 0, &six, 'd', 1, 1, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		const u32 sequence = p->set->sequence;
		const char what = steps[i].what;
		int err;

		if (what == 'd')
			err = netlab_prefixes_del(p->set, steps[i].key);
		else
			err = netlab_prefixes_add(p->set, steps[i].key,
						  what == 'p' || what == 'R' ?
						  &proxied : &netlab_test_plain,
						  what == 'r' || what == 'R');
		KUNIT_EXPECT_EQ_MSG(test, err, steps[i].err, "step %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p->set->sequence != sequence, !err,
				    "step %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p->set->n, steps[i].n, "step %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p->set->proxied[0], steps[i].proxied4,
				    "step %u", i);
		KUNIT_EXPECT_EQ_MSG(test, p->set->proxied[1], steps[i].proxied6,
				    "step %u", i);
	}
}

/* A full set takes none more, but one in another's place. */
static void prefix_set_full(struct kunit *test)
{
	struct netlab_prefix_key a = netlab_test_key(0, 0x0a000000ULL << 32, 0, 24);
	struct netlab_prefix_key b = netlab_test_key(0, 0x0b000000ULL << 32, 0, 24);
	struct netlab_test_prefixes *p = test->priv;

	netlab_test_add(test, &a, 1);
	p->set->n = 1048575;
	netlab_test_add(test, &b, 1);
	KUNIT_EXPECT_EQ(test, 0, netlab_prefixes_del(p->set, &b));
	p->set->n = 1048576;
	KUNIT_EXPECT_EQ(test, -ENOSPC, netlab_test_plain_add(p, &b, false));
	KUNIT_EXPECT_EQ(test, -ENOSPC, netlab_test_plain_add(p, &b, true));
	KUNIT_EXPECT_EQ(test, -EEXIST, netlab_test_plain_add(p, &a, false));
	KUNIT_EXPECT_EQ(test, 0, netlab_test_plain_add(p, &a, true));
	KUNIT_EXPECT_EQ(test, p->set->n, 1048576U);
	KUNIT_EXPECT_TRUE(test, !netlab_prefix_exact(p->set, &b));
}

/* Without memory nothing is added, and all that is there can be deleted. */
static void prefix_no_memory(struct kunit *test)
{
	struct netlab_prefix_key parent = netlab_test_key(0, 0x0a000000ULL << 32, 0, 23);
	struct netlab_prefix_key left = netlab_test_key(0, 0x0a000000ULL << 32, 0, 24);
	struct netlab_prefix_key right = netlab_test_key(0, 0x0a000100ULL << 32, 0, 24);
	struct netlab_test_prefixes *p = test->priv;
	u32 sequence;
	s64 bytes;

	netlab_test_add(test, &parent, 1);
	netlab_test_add(test, &left, 1);
	sequence = p->set->sequence;
	bytes = atomic64_read(&netlab_test_bytes);
	WRITE_ONCE(netlab_test_nomem, true);
	KUNIT_EXPECT_EQ(test, -ENOMEM, netlab_test_plain_add(p, &right, false));
	KUNIT_EXPECT_EQ(test, -ENOMEM, netlab_test_plain_add(p, &left, true));
	KUNIT_EXPECT_TRUE(test, !netlab_prefixes_alloc());
	KUNIT_EXPECT_TRUE(test, !netlab_prefix_cpus_alloc());
	WRITE_ONCE(netlab_test_nomem, false);
	KUNIT_EXPECT_EQ(test, p->set->sequence, sequence);
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), bytes);

	/* The parent's place is taken by glue, which mustn't be refused. */
	netlab_test_add(test, &right, 1);
	WRITE_ONCE(netlab_test_nomem, true);
	KUNIT_EXPECT_EQ(test, 0, netlab_prefixes_del(p->set, &parent));
	WRITE_ONCE(netlab_test_nomem, false);
	KUNIT_EXPECT_TRUE(test, !!netlab_prefix_exact(p->set, &left));
	KUNIT_EXPECT_TRUE(test, !!netlab_prefix_exact(p->set, &right));
}

/* The entry is given memory, and the glue it needs is not. */
static void prefix_no_memory_for_glue(struct kunit *test)
{
	struct netlab_prefix_key left = netlab_test_key(1, 0, 0, 128);
	struct netlab_prefix_key right = netlab_test_key(1, 0, 1, 128);
	struct netlab_test_prefixes *p = test->priv;
	s64 bytes;

	netlab_test_add(test, &left, 1);
	bytes = atomic64_read(&netlab_test_bytes);
	netlab_test_spare = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, netlab_test_plain_add(p, &right, false));
	netlab_test_spare = -1;
	KUNIT_EXPECT_EQ(test, p->set->n, 1U);
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), bytes);
	netlab_test_add(test, &right, 1);
	/* An entry is 80 bytes and glue 40, where a pointer has 8. */
	if (IS_ENABLED(CONFIG_64BIT))
		KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), 2LL * 80 + 40);
}

/* What 100,000 prefixes take, and that all of it is given back. */
static void prefix_memory(struct kunit *test)
{
	static const struct {
		u8 family, shortest, longest;
	} kinds[] = { { 0, 24, 32 }, { 1, 48, 128 } };
	struct netlab_test_prefixes *p = test->priv;
	unsigned int i, tries;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct netlab_prefixes *set = netlab_prefixes_alloc();
		struct netlab_prefix_key key;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
		for (tries = 0; set->n < 100000 && tries < 300000; tries++) {
			key = netlab_test_random_key(&p->random, kinds[i].family,
						     kinds[i].shortest,
						     kinds[i].longest);
			netlab_prefixes_add(set, &key, &netlab_test_plain, tries & 1);
			cond_resched();
		}
		KUNIT_EXPECT_EQ(test, set->n, 100000U);
		netlab_test_settle();
		KUNIT_EXPECT_LE(test, atomic64_read(&netlab_test_bytes), 128LL * 100000);
		KUNIT_EXPECT_GE(test, atomic64_read(&netlab_test_bytes),
				(long long)sizeof(struct netlab_prefix) * 100000);
		netlab_prefixes_free(set);
		netlab_test_settle();
		KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), 0LL);
	}
}

/* Who reads a set may do so to the end, though others have done with it. */
static void prefix_free_waits(struct kunit *test)
{
	struct netlab_prefixes *set = netlab_prefixes_alloc();
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_settings s;
	struct netlab_prefix *prefix;
	struct netlab_prefix_key key;
	unsigned int i;
	s64 bytes;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	for (i = 0; i < 100; i++) {
		key = netlab_test_random_key(&p->random, 1, 1, 128);
		netlab_prefixes_add(set, &key, &netlab_test_plain, true);
	}
	netlab_test_settle();
	bytes = atomic64_read(&netlab_test_bytes);
	rcu_read_lock();
	netlab_prefixes_free(set);
	mdelay(100);
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), bytes);
	prefix = netlab_prefix_next(set, NULL);
	for (i = 0; prefix && i < 1000; i++) {
		netlab_prefix_describe(prefix, &key, &s);
		prefix = netlab_prefix_next(set, &key);
	}
	KUNIT_EXPECT_EQ(test, i, set->n);
	rcu_read_unlock();
	netlab_test_settle();
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), 0LL);
}

/* The same for one that is deleted, and one that gives way. */
static void prefix_del_waits(struct kunit *test)
{
	struct netlab_prefix_key a = netlab_test_key(1, 0, 0, 127);
	struct netlab_prefix_key b = netlab_test_key(1, 1, 0, 128), k;
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix *pa, *pb;
	struct netlab_prefix_settings s;
	s64 bytes;

	netlab_test_add(test, &a, 11);
	netlab_test_add(test, &b, 12);
	bytes = atomic64_read(&netlab_test_bytes);
	rcu_read_lock();
	pa = netlab_prefix_find(p->set, 1, a.address);
	pb = netlab_prefix_find(p->set, 1, b.address);
	netlab_prefixes_del(p->set, &a);
	netlab_prefixes_del(p->set, &b);
	mdelay(100);
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), bytes);
	netlab_prefix_describe(pa, &k, &s);
	KUNIT_EXPECT_EQ(test, s.rate, 11U);
	KUNIT_EXPECT_EQ(test, (int)k.length, 127);
	netlab_prefix_describe(pb, &k, &s);
	KUNIT_EXPECT_EQ(test, s.rate, 12U);
	KUNIT_EXPECT_EQ(test, k.address.hi, 1ULL);
	rcu_read_unlock();
	netlab_test_settle();
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), 0LL);
}

static struct kunit_case netlab_test_prefix_cases[] = {
	KUNIT_CASE(prefix_describe),
	KUNIT_CASE(prefix_has),
	KUNIT_CASE(prefix_set_numbers),
	KUNIT_CASE(prefix_set_full),
	KUNIT_CASE(prefix_no_memory),
	KUNIT_CASE(prefix_no_memory_for_glue),
	KUNIT_CASE(prefix_memory),
	KUNIT_CASE(prefix_free_waits),
	KUNIT_CASE(prefix_del_waits),
	{}
};

struct kunit_suite netlab_test_prefix = {
	.name = "netlab_prefix",
	.init = netlab_test_prefixes_init,
	.exit = netlab_test_prefixes_exit,
	.test_cases = netlab_test_prefix_cases,
};
