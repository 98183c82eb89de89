// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "limiter.h"

/**
 * struct netlab_tokens - what a CPU may still spend
 * @left: tokens
 * @generation: of the configuration under which it took them
 */
struct netlab_tokens {
	u32 left;
	u32 generation;
};

/*
 * A source's bucket is one word: the upper bits of its hash, and below them
 * the stamp, in ticks of 16 ns. It wraps in 4.9 hours; a bucket that idle has
 * long been full, and a stamp that seems to lie ahead of what any bucket can
 * reach is such a one.
 */
#define NETLAB_SOURCE_SHIFT	4
#define NETLAB_SOURCE_TICK	BIT(NETLAB_SOURCE_SHIFT)
#define NETLAB_STAMP_BITS	40
#define NETLAB_STAMP_MASK	GENMASK_ULL(NETLAB_STAMP_BITS - 1, 0)

#define NETLAB_SOURCE_SETS	4096
#define NETLAB_SOURCE_WAYS	4

/**
 * struct netlab_sources - 16,384 buckets, 128 KiB, for any number of sources
 * @key: of the hash, so that nobody can choose what collides
 * @bucket: NETLAB_SOURCE_WAYS to choose from; the one longest idle gives way,
 *	so that a flood from forged sources can't shut out a true one
 */
struct netlab_sources {
	siphash_key_t key;
	atomic64_t bucket[NETLAB_SOURCE_SETS][NETLAB_SOURCE_WAYS];
};

/* A burst that nobody chose: so small that a second's count is the rate. */
static u32 netlab_limit_burst(u32 rate)
{
	return max_t(u32, rate / 50, 1);
}

/**
 * netlab_limit_set() - make a namespace's or prefix's rate and burst ready
 * @limit: to fill
 * @rate: tokens per second, not 0
 * @burst: tokens that may be taken at once after a pause; 0: 20 milliseconds'
 *	worth, and at least one
 *
 * A CPU takes a millisecond's worth at once, so that CPUs seldom meet at the
 * bucket, and no more than leaves the burst what it says.
 */
void netlab_limit_set(struct netlab_limit *limit, u32 rate, u32 burst)
{
	if (!burst)
		burst = netlab_limit_burst(rate);

	limit->batch = min(rate / MSEC_PER_SEC, burst / (4 * num_online_cpus()));
	limit->batch = max_t(u32, limit->batch, 1);
	limit->cost = div_u64((u64)limit->batch * NSEC_PER_SEC, rate);
	limit->window = div_u64((u64)burst * NSEC_PER_SEC, rate);
	/* Less than a batch would never let one be taken. */
	limit->window = max(limit->window, limit->cost);
}

/**
 * netlab_limit_set_source() - make a source's rate ready for use
 * @limit: to fill
 * @rate: tokens per second, not 0; the burst is 20 milliseconds' worth, and at
 *	least one
 */
void netlab_limit_set_source(struct netlab_limit *limit, u32 rate)
{
	limit->batch = 1;
	limit->cost = (NSEC_PER_SEC >> NETLAB_SOURCE_SHIFT) / rate;
	limit->window = limit->cost * netlab_limit_burst(rate);
}

/**
 * netlab_bucket_take() - take a token from a bucket that CPUs share
 * @stamp: the bucket
 * @limit: rate and burst
 * @left: what this CPU has taken from it and not yet spent
 *
 * Context: softirqs off. Lock-free; writes to what CPUs share once per batch.
 *
 * Return: whether there was one.
 */
bool netlab_bucket_take(atomic64_t *stamp, const struct netlab_limit *limit,
			u32 *left)
{
	s64 now, old, next;

	if (*left) {
		--*left;
		return true;
	}

	now = ktime_get_ns();
	old = atomic64_read(stamp);
	do {
		next = max(old, now - limit->window) + limit->cost;
		if (next > now)
			return false;
	} while (!atomic64_try_cmpxchg(stamp, &old, next));

	*left = limit->batch - 1;
	return true;
}

/**
 * netlab_limiter_take() - take a token from the namespace's bucket
 * @limiter: the namespace's
 * @limit: rate and burst
 * @generation: of the configuration that @limit belongs to
 *
 * Context: softirqs off. Return: whether there was one.
 */
bool netlab_limiter_take(struct netlab_limiter *limiter,
			 const struct netlab_limit *limit, u32 generation)
{
	struct netlab_tokens *tokens = this_cpu_ptr(limiter->tokens);

	if (tokens->generation != generation) {
		tokens->generation = generation;
		tokens->left = 0;
	}
	return netlab_bucket_take(&limiter->stamp, limit, &tokens->left);
}

/* How far a 40-bit stamp lies ahead of @now, less than 0 if behind. */
static s64 netlab_stamp_ahead(u64 entry, u64 now)
{
	return (s64)((entry - now) << (64 - NETLAB_STAMP_BITS)) >>
	       (64 - NETLAB_STAMP_BITS);
}

/* Which of a set's buckets, as they were seen, is longest idle. */
static int netlab_sources_idlest(const s64 *seen,
				 const struct netlab_limit *limit)
{
	u64 now = ktime_get_ns() >> NETLAB_SOURCE_SHIFT;
	s64 ahead, idlest = S64_MAX;
	int i, best = 0;

	for (i = 0; i < NETLAB_SOURCE_WAYS; i++) {
		ahead = netlab_stamp_ahead(seen[i], now);
		if (ahead > limit->window)
			ahead = S64_MIN;
		if (ahead < idlest) {
			idlest = ahead;
			best = i;
		}
	}
	return best;
}

static bool netlab_sources_take(struct netlab_sources *sources,
				const struct netlab_limit *limit, u64 hash)
{
	atomic64_t *set = sources->bucket[hash % NETLAB_SOURCE_SETS];
	u64 now, tag = hash & ~NETLAB_STAMP_MASK;
	s64 old, new, ahead, seen[NETLAB_SOURCE_WAYS];
	atomic64_t *bucket;
	int i;

	for (i = 0; i < NETLAB_SOURCE_WAYS; i++) {
		seen[i] = atomic64_read(&set[i]);
		if ((seen[i] & ~NETLAB_STAMP_MASK) == tag)
			break;
	}
	/* Not looked at again: two CPUs choose the same for a new source. */
	if (i == NETLAB_SOURCE_WAYS)
		i = netlab_sources_idlest(seen, limit);

	bucket = &set[i];
	old = atomic64_read(bucket);
	do {
		/* After the stamp: what another CPU takes now isn't ahead. */
		now = ktime_get_ns() >> NETLAB_SOURCE_SHIFT;
		ahead = netlab_stamp_ahead(old, now);
		/* Another source's bucket, or one idle for hours, is full. */
		if ((old & ~NETLAB_STAMP_MASK) != tag ||
		    ahead > limit->window || ahead < -limit->window)
			ahead = -limit->window;
		ahead += limit->cost;
		if (ahead > 0)
			return false;
		new = tag | ((now + ahead) & NETLAB_STAMP_MASK);
	} while (!atomic64_try_cmpxchg(bucket, &old, new));
	return true;
}

/**
 * netlab_limiter_take4() - take a token from an IPv4 source's bucket
 * @sources: the configuration's, which @limit is of
 * @limit: made by netlab_limit_set_source()
 * @source: the address, a bucket each
 *
 * Context: softirqs off. Lock-free. Return: whether there was one.
 */
bool netlab_limiter_take4(struct netlab_sources *sources,
			  const struct netlab_limit *limit, __be32 source)
{
	return netlab_sources_take(sources, limit,
				   siphash_1u32((__force u32)source,
						&sources->key));
}

/**
 * netlab_limiter_take6() - take a token from an IPv6 source's bucket
 * @sources: the configuration's, which @limit is of
 * @limit: made by netlab_limit_set_source()
 * @source: the address; a bucket for each /64, which one host can use freely
 *
 * Context: softirqs off. Lock-free. Return: whether there was one.
 */
bool netlab_limiter_take6(struct netlab_sources *sources,
			  const struct netlab_limit *limit,
			  const struct in6_addr *source)
{
	return netlab_sources_take(sources, limit,
				   siphash_2u32((__force u32)source->s6_addr32[0],
						(__force u32)source->s6_addr32[1],
						&sources->key));
}

/**
 * netlab_limiter_add_sources() - make room for the sources' buckets
 * @limiter: the namespace's; the caller keeps others from doing the same
 *
 * The room stays until the namespace ends. Charged to the caller's cgroup.
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_limiter_add_sources(struct netlab_limiter *limiter)
{
	struct netlab_sources *sources;

	if (limiter->sources)
		return 0;
	sources = kvzalloc(sizeof(*sources), GFP_KERNEL_ACCOUNT);
	if (!sources)
		return -ENOMEM;
	get_random_bytes(&sources->key, sizeof(sources->key));
	/* The packet path has it from the configuration that uses it. */
	limiter->sources = sources;
	return 0;
}

/**
 * netlab_limiter_init() - make a namespace's limiter, its bucket full
 * @limiter: to make
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_limiter_init(struct netlab_limiter *limiter)
{
	atomic64_set(&limiter->stamp, NETLAB_BUCKET_FULL);
	limiter->tokens = alloc_percpu_gfp(struct netlab_tokens,
					   GFP_KERNEL_ACCOUNT);
	return limiter->tokens ? 0 : -ENOMEM;
}

/**
 * netlab_limiter_exit() - free what netlab_limiter_init() made
 * @limiter: no hook can reach it any more
 */
void netlab_limiter_exit(struct netlab_limiter *limiter)
{
	kvfree(limiter->sources);
	free_percpu(limiter->tokens);
}
