// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/trie.c, prefix.c and slot.c with memory that is counted, spoilt when
 * it is freed, and can be made to run out; and with what happens just when a
 * slot is emptied, or read.
 */
#include <linux/init.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "nomem.h"
#include "prefix.h"
#include "prefixes.h"

atomic64_t netlab_test_bytes;
int netlab_test_spare = -1;
unsigned int netlab_test_tries = 100;
void (*netlab_test_emptying)(void);
void (*netlab_test_reading)(void);

static void *netlab_test_cache_zalloc(struct kmem_cache *cache, gfp_t flags)
{
	void *p;

	if (!(flags & __GFP_NOFAIL)) {
		if (netlab_test_refuse() || !netlab_test_spare)
			return NULL;
		if (netlab_test_spare > 0)
			netlab_test_spare--;
	}
	p = kmem_cache_zalloc(cache, flags);
	if (p)
		atomic64_add(kmem_cache_size(cache), &netlab_test_bytes);
	return p;
}

static void netlab_test_cache_free(struct kmem_cache *cache, void *p)
{
	atomic64_sub(kmem_cache_size(cache), &netlab_test_bytes);
	memset(p, 0x6b, kmem_cache_size(cache));
	kmem_cache_free(cache, p);
}

/* Calls what a test wants to happen, once. */
static void netlab_test_once(void (**hook)(void))
{
	void (*call)(void) = *hook;

	if (!call)
		return;
	*hook = NULL;
	call();
}

static void netlab_test_local_set(local_t *l, long value)
{
	netlab_test_once(&netlab_test_emptying);
	local_set(l, value);
}

static struct netlab_prefix *netlab_test_load(struct netlab_prefix **p)
{
	struct netlab_prefix *prefix = smp_load_acquire(p);

	netlab_test_once(&netlab_test_reading);
	return prefix;
}

#undef kmem_cache_zalloc
#define kmem_cache_zalloc	netlab_test_cache_zalloc
#define kmem_cache_free		netlab_test_cache_free
#undef local_set
#define local_set		netlab_test_local_set
#undef smp_load_acquire
#define smp_load_acquire	netlab_test_load
#undef __init
#define __init
#define NETLAB_PREFIX_TRIES	READ_ONCE(netlab_test_tries)

#include "module/trie.c"
#include "module/prefix.c"
#include "module/slot.c"

/* One try to read a prefix's counters. */
bool netlab_test_sum(struct netlab_prefix_cpu __percpu *cpus,
		     struct netlab_prefix *prefix,
		     struct netlab_prefix_counts *counts)
{
	return netlab_prefix_sum(cpus, prefix, counts);
}

void netlab_test_settle(void)
{
	rcu_barrier();
	flush_workqueue(netlab_prefix_queue);
	rcu_barrier();
}
