/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * limiter: token buckets, of the namespace, of prefixes and of each source.
 *
 * A bucket is one time stamp: when it will have been refilled (the generic
 * cell rate algorithm, ITU-T I.371). Taking moves it on by what was taken.
 */
#ifndef _NETLAB_LIMITER_H
#define _NETLAB_LIMITER_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct netlab_limit - a rate and a burst, ready for use
 * @cost: how far taking one batch moves the bucket's stamp
 * @window: how far the stamp may lie behind, which is the burst
 * @batch: tokens that a CPU takes at once
 *
 * In NETLAB_SOURCE_TICK for a source, in nanoseconds for all else.
 */
struct netlab_limit {
	s64 cost;
	s64 window;
	u32 batch;
};

/* The stamp of a bucket that is full, whatever its limit is. */
#define NETLAB_BUCKET_FULL	(S64_MIN / 2)

struct netlab_tokens;
struct netlab_sources;

/**
 * struct netlab_limiter - a namespace's buckets
 * @stamp: the namespace's bucket; read by each CPU, written once per batch
 * @tokens: what each CPU has taken and not yet spent
 * @sources: the sources' buckets; NULL until they are first asked for
 */
struct netlab_limiter {
	atomic64_t stamp;
	struct netlab_tokens __percpu *tokens;
	struct netlab_sources *sources;
};

int netlab_limiter_init(struct netlab_limiter *limiter);
void netlab_limiter_exit(struct netlab_limiter *limiter);
int netlab_limiter_add_sources(struct netlab_limiter *limiter);

void netlab_limit_set(struct netlab_limit *limit, u32 rate, u32 burst);
void netlab_limit_set_source(struct netlab_limit *limit, u32 rate);

bool netlab_bucket_take(atomic64_t *stamp, const struct netlab_limit *limit,
			u32 *left);
bool netlab_limiter_take(struct netlab_limiter *limiter,
			 const struct netlab_limit *limit, u32 generation);
bool netlab_limiter_take4(struct netlab_sources *sources,
			  const struct netlab_limit *limit, __be32 source);
bool netlab_limiter_take6(struct netlab_sources *sources,
			  const struct netlab_limit *limit,
			  const struct in6_addr *source);

#endif /* _NETLAB_LIMITER_H */
