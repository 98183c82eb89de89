// SPDX-License-Identifier: GPL-2.0-only
/*
 * Longest match, order, and what is left of it, against a model that looks at
 * everything.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "prefixes.h"
#include "suites.h"
#include "threads.h"

#define NETLAB_TEST_MODEL	300

/* A prefix that is to be in the set; its rate tells it from all others. */
struct netlab_test_entry {
	struct netlab_prefix_key key;
	u32 rate;
};

struct netlab_test_model {
	unsigned int n;
	struct netlab_test_entry entry[NETLAB_TEST_MODEL];
};

static int netlab_test_compare(const struct netlab_prefix_key *a,
			       const struct netlab_prefix_key *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->address.hi != b->address.hi)
		return a->address.hi < b->address.hi ? -1 : 1;
	if (a->address.lo != b->address.lo)
		return a->address.lo < b->address.lo ? -1 : 1;
	return (int)a->length - (int)b->length;
}

static bool netlab_test_covers(const struct netlab_prefix_key *key,
			       const struct netlab_prefix_key *other)
{
	struct netlab_prefix_key cut;

	cut = netlab_test_key(other->family, other->address.hi,
			      other->address.lo, key->length);
	return !netlab_test_compare(key, &cut);
}

/* Where a prefix is, -1: nowhere. So is what the next two are asked for. */
static int netlab_test_model_exact(const struct netlab_test_model *m,
				   const struct netlab_prefix_key *key)
{
	unsigned int i;

	for (i = 0; i < m->n; i++)
		if (!netlab_test_compare(&m->entry[i].key, key))
			return i;
	return -1;
}

static int netlab_test_model_find(const struct netlab_test_model *m,
				  const struct netlab_prefix_key *host)
{
	unsigned int i;
	int best = -1;

	for (i = 0; i < m->n; i++)
		if (netlab_test_covers(&m->entry[i].key, host) &&
		    (best < 0 ||
		     m->entry[i].key.length > m->entry[best].key.length))
			best = i;
	return best;
}

static int netlab_test_model_next(const struct netlab_test_model *m,
				  const struct netlab_prefix_key *key)
{
	unsigned int i;
	int best = -1;

	for (i = 0; i < m->n; i++)
		if ((!key || netlab_test_compare(&m->entry[i].key, key) > 0) &&
		    (best < 0 || netlab_test_compare(&m->entry[i].key,
						     &m->entry[best].key) < 0))
			best = i;
	return best;
}

/* Whether that is the model's prefix of that index, or none for -1. */
static bool netlab_test_same(const struct netlab_test_model *m, int i,
			     const struct netlab_prefix *prefix)
{
	struct netlab_prefix_settings settings;
	struct netlab_prefix_key key;

	if (!prefix || i < 0)
		return !prefix && i < 0;
	netlab_prefix_describe(prefix, &key, &settings);
	return !netlab_test_compare(&key, &m->entry[i].key) &&
	       settings.rate == m->entry[i].rate;
}

static bool netlab_test_find_is(const struct netlab_test_model *m,
				const struct netlab_prefix_key *host,
				const struct netlab_prefix *prefix)
{
	return netlab_test_same(m, netlab_test_model_find(m, host), prefix);
}

static bool netlab_test_exact_is(const struct netlab_test_model *m,
				 const struct netlab_prefix_key *key,
				 const struct netlab_prefix *prefix)
{
	return netlab_test_same(m, netlab_test_model_exact(m, key), prefix);
}

static bool netlab_test_next_is(const struct netlab_test_model *m,
				const struct netlab_prefix_key *key,
				const struct netlab_prefix *prefix)
{
	return netlab_test_same(m, netlab_test_model_next(m, key), prefix);
}

/* Another thing done at random, to the set and to the model. */
static void netlab_test_change(struct kunit *test, struct netlab_test_model *m,
			       const struct netlab_prefix_key *key, u32 rate)
{
	struct netlab_test_prefixes *p = test->priv;
	const struct netlab_prefix_settings settings = {
		.rate = rate, .max_size = 65535,
	};
	const u32 what = netlab_test_random(&p->random, 8);
	int i = netlab_test_model_exact(m, key), err;

	if (what < 2 || (what < 3 && i >= 0)) {
		err = netlab_prefixes_del(p->set, key);
		KUNIT_EXPECT_EQ(test, err, i < 0 ? -ENOENT : 0);
		if (i >= 0)
			m->entry[i] = m->entry[--m->n];
		return;
	}
	if (i < 0 && m->n == NETLAB_TEST_MODEL)
		return;
	err = netlab_prefixes_add(p->set, key, &settings, what == 7);
	KUNIT_EXPECT_EQ(test, err, i >= 0 && what != 7 ? -EEXIST : 0);
	if (err)
		return;
	if (i < 0)
		i = m->n++;
	m->entry[i].key = *key;
	m->entry[i].rate = rate;
}

/* Thousands of changes, and after each a question of each kind. */
static void trie_model(struct kunit *test)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_key key, host;
	struct netlab_prefix *prefix;
	struct netlab_test_model *m;
	unsigned int i, family, seen = 0;

	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, m);
	for (i = 1; i <= 5000; i++) {
		family = netlab_test_random(&p->random, NETLAB_PREFIX_FAMILIES);
		key = netlab_test_random_key(&p->random, family, 0,
					     netlab_test_bits(family));
		/* What is there already is what is of interest half the time. */
		if (m->n && netlab_test_random(&p->random, 2))
			key = m->entry[netlab_test_random(&p->random, m->n)].key;
		netlab_test_change(test, m, &key, i);
		KUNIT_EXPECT_EQ(test, p->set->n, m->n);

		family = netlab_test_random(&p->random, NETLAB_PREFIX_FAMILIES);
		host = netlab_test_random_key(&p->random, family,
					      netlab_test_bits(family),
					      netlab_test_bits(family));
		rcu_read_lock();
		prefix = netlab_prefix_find(p->set, family, host.address);
		KUNIT_EXPECT_TRUE(test, netlab_test_find_is(m, &host, prefix));
		prefix = netlab_prefix_exact(p->set, &key);
		KUNIT_EXPECT_TRUE(test, netlab_test_exact_is(m, &key, prefix));
		prefix = netlab_prefix_next(p->set, &key);
		KUNIT_EXPECT_TRUE(test, netlab_test_next_is(m, &key, prefix));
		key = netlab_test_random_key(&p->random, family, 0,
					     netlab_test_bits(family));
		prefix = netlab_prefix_next(p->set, &key);
		KUNIT_EXPECT_TRUE(test, netlab_test_next_is(m, &key, prefix));
		rcu_read_unlock();
		cond_resched();
	}

	/* All of them, in order. */
	prefix = netlab_prefix_next(p->set, NULL);
	KUNIT_EXPECT_TRUE(test, netlab_test_next_is(m, NULL, prefix));
	for (; prefix && seen <= m->n; seen++) {
		struct netlab_prefix_settings settings;

		netlab_prefix_describe(prefix, &key, &settings);
		prefix = netlab_prefix_next(p->set, &key);
		KUNIT_EXPECT_TRUE(test, netlab_test_next_is(m, &key, prefix));
	}
	KUNIT_EXPECT_EQ(test, seen, m->n);
	KUNIT_EXPECT_GT(test, m->n, 100U);

	/* Nothing is left of those that go, not even glue. */
	while (m->n) {
		i = netlab_test_random(&p->random, m->n);
		KUNIT_EXPECT_EQ(test, netlab_prefixes_del(p->set, &m->entry[i].key), 0);
		m->entry[i] = m->entry[--m->n];
	}
	netlab_test_settle();
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), 0LL);
	KUNIT_EXPECT_EQ(test, p->set->n, 0U);
}

/* The length of the match of an address, -1: none. */
static int netlab_test_match(struct netlab_prefixes *set, unsigned int family,
			     struct netlab_address address)
{
	struct netlab_prefix_settings settings;
	struct netlab_prefix_key key;
	struct netlab_prefix *prefix;

	rcu_read_lock();
	prefix = netlab_prefix_find(set, family, address);
	if (prefix)
		netlab_prefix_describe(prefix, &key, &settings);
	rcu_read_unlock();
	return prefix ? key.length : -1;
}

/* @address with the bit @i the other way round. */
static struct netlab_address netlab_test_flip(struct netlab_address address,
					      unsigned int i)
{
	if (i < 64)
		address.hi ^= BIT_ULL(63 - i);
	else
		address.lo ^= BIT_ULL(127 - i);
	return address;
}

/* All lengths of one address, in random order in and out again. */
static void trie_chain(struct kunit *test)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_key all, key;
	unsigned int family, bits, i, j, round;
	u8 order[129];
	bool there[129];

	for (round = 0; round < 4; round++) {
		family = round & 1;
		bits = netlab_test_bits(family);
		all = netlab_test_random_key(&p->random, family, bits, bits);
		for (i = 0; i <= bits; i++) {
			j = netlab_test_random(&p->random, i + 1);
			order[i] = order[j];
			order[j] = i;
			there[i] = false;
		}
		for (i = 0; i < 2 * (bits + 1); i++) {
			const unsigned int length = order[i % (bits + 1)];
			int want = -1;

			key = netlab_test_key(family, all.address.hi,
					      all.address.lo, length);
			there[length] = !there[length];
			if (there[length])
				netlab_test_add(test, &key, 1);
			else
				KUNIT_EXPECT_EQ(test, 0, netlab_prefixes_del(p->set, &key));
			/* Without its bit j an address matches j bits at most. */
			for (j = 0; j <= bits; j++) {
				struct netlab_address a = all.address;

				if (there[j])
					want = j;
				if (j < bits)
					a = netlab_test_flip(a, j);
				KUNIT_EXPECT_EQ(test, want, netlab_test_match(p->set, family, a));
			}
		}
	}
}

/* A family's prefixes are no other's. */
static void trie_families(struct kunit *test)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_prefix_key four = netlab_test_key(0, 0x0a000000ULL << 32, 0, 8);
	struct netlab_prefix_key six = netlab_test_key(1, 0, 0, 0);

	netlab_test_add(test, &four, 1);
	KUNIT_EXPECT_EQ(test, 8, netlab_test_match(p->set, 0, four.address));
	KUNIT_EXPECT_EQ(test, -1, netlab_test_match(p->set, 1, four.address));
	netlab_test_add(test, &six, 1);
	KUNIT_EXPECT_EQ(test, 0, netlab_test_match(p->set, 1, four.address));
	KUNIT_EXPECT_EQ(test, -1, netlab_test_match(p->set, 0, six.address));
}

struct netlab_test_reading {
	struct kunit *test;
	struct netlab_prefixes *set;
	struct netlab_prefix_key stays;
	bool done;
	u32 bad;
	u32 read;
};

/* What a reader sees, whatever is written: sound prefixes, and in order. */
static bool netlab_test_read_once(struct netlab_test_reading *r,
				  const struct netlab_prefix_key *host)
{
	struct netlab_prefix_settings settings;
	struct netlab_prefix_key key, last;
	struct netlab_prefix *prefix;
	unsigned int i;
	bool sound = true;

	rcu_read_lock();
	prefix = netlab_prefix_find(r->set, host->family, host->address);
	if (prefix) {
		netlab_prefix_describe(prefix, &key, &settings);
		sound &= settings.rate == 7 && netlab_test_covers(&key, host);
	}
	sound &= !!netlab_prefix_exact(r->set, &r->stays);
	last = *host;
	for (i = 0; i < 10; i++) {
		prefix = netlab_prefix_next(r->set, &last);
		if (!prefix)
			break;
		netlab_prefix_describe(prefix, &key, &settings);
		sound &= settings.rate == 7 &&
			 netlab_test_compare(&key, &last) >= 0;
		last = key;
	}
	rcu_read_unlock();
	return sound;
}

static void netlab_test_read_and_write(void *data, unsigned int i)
{
	struct netlab_test_reading *r = data;
	struct netlab_test_prefixes *p = r->test->priv;
	const struct netlab_prefix_settings settings = { .rate = 7, .max_size = 100 };
	struct rnd_state random;
	unsigned int n;

	if (i) {
		prandom_seed_state(&random, i);
		while (!READ_ONCE(r->done)) {
			struct netlab_prefix_key host;

			host = netlab_test_random_key(&random, 1, 128, 128);
			if (!netlab_test_read_once(r, &host))
				WRITE_ONCE(r->bad, r->bad + 1);
			WRITE_ONCE(r->read, r->read + 1);
			cond_resched();
		}
		return;
	}
	for (n = 0; n < 20000; n++) {
		struct netlab_prefix_key key;

		/* Few bits, so that what is added is often there to be deleted. */
		key = netlab_test_random_key(&p->random, 1, 0, 14);
		if (key.length == r->stays.length)
			continue;
		if (n & 1)
			netlab_prefixes_del(r->set, &key);
		else
			netlab_prefixes_add(r->set, &key, &settings, n & 2);
		cond_resched();
	}
	WRITE_ONCE(r->done, true);
}

/* Readers on all CPUs but one, on which nodes come and go. */
static void trie_readers(struct kunit *test)
{
	struct netlab_test_prefixes *p = test->priv;
	struct netlab_test_reading r = { .test = test, .set = p->set };

	r.stays = netlab_test_key(1, 0x3141592653589793ULL, 0, 9);
	netlab_test_add(test, &r.stays, 7);
	KUNIT_ASSERT_EQ(test, 0, netlab_test_threads(cpu_online_mask,
						     netlab_test_read_and_write, &r));
	KUNIT_EXPECT_EQ(test, r.bad, 0U);
	if (num_online_cpus() > 1)
		KUNIT_EXPECT_GT(test, r.read, 100U);
}

static struct kunit_case netlab_test_trie_cases[] = {
	KUNIT_CASE(trie_model),
	KUNIT_CASE(trie_chain),
	KUNIT_CASE(trie_families),
	KUNIT_CASE(trie_readers),
	{}
};

struct kunit_suite netlab_test_trie = {
	.name = "netlab_trie",
	.init = netlab_test_prefixes_init,
	.exit = netlab_test_prefixes_exit,
	.test_cases = netlab_test_trie_cases,
};
