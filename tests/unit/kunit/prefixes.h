/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefixes: sets of prefixes for tests, and what module_prefix.c lets them see.
 */
#ifndef _NETLAB_TEST_PREFIXES_H
#define _NETLAB_TEST_PREFIXES_H

#include <linux/prandom.h>
#include <kunit/test.h>

#include "prefix.h"

/* Bytes of nodes that there are. */
extern atomic64_t netlab_test_bytes;

/* How many nodes more there is memory for, -1: any number. */
extern int netlab_test_spare;

/* After how many tries a reading makes CPUs wait. */
extern unsigned int netlab_test_tries;

/*
 * Called once, between a slot's numbers being added to its prefix and being
 * zeroed; and once between a reading's look at a slot and at its numbers. NULL:
 * nothing.
 */
extern void (*netlab_test_emptying)(void);
extern void (*netlab_test_reading)(void);
bool netlab_test_sum(struct netlab_prefix_cpu __percpu *cpus,
		     struct netlab_prefix *prefix,
		     struct netlab_prefix_counts *counts);

/**
 * struct netlab_test_prefixes - what a test has
 * @set: a set
 * @cpus: slots
 * @random: to be used for all that is random
 */
struct netlab_test_prefixes {
	struct netlab_prefixes *set;
	struct netlab_prefix_cpu __percpu *cpus;
	struct rnd_state random;
};

/* A suite's init and exit: these are @priv; none is left of its memory. */
int netlab_test_prefixes_init(struct kunit *test);
void netlab_test_prefixes_exit(struct kunit *test);

struct netlab_prefix_key netlab_test_key(unsigned int family, u64 hi, u64 lo,
					 unsigned int length);
struct netlab_prefix_key netlab_test_random_key(struct rnd_state *random,
						unsigned int family,
						unsigned int shortest,
						unsigned int longest);

/* Adds a prefix of that rate, which has to succeed. */
void netlab_test_add(struct kunit *test, const struct netlab_prefix_key *key,
		     u32 rate);

/* Waits until all that is to be freed is. */
void netlab_test_settle(void);

/* The longest a family's prefix can be. */
static inline unsigned int netlab_test_bits(unsigned int family)
{
	return family == NETLAB_FAMILY_IPV4 ? 32 : 128;
}

static inline u32 netlab_test_random(struct rnd_state *random, u32 below)
{
	return prandom_u32_state(random) % below;
}

#endif /* _NETLAB_TEST_PREFIXES_H */
