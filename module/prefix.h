/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefix: blocks of addresses that netlab answers for; the longest match.
 *
 * A set of them is read under RCU and written under its owner's lock. What a
 * prefix counts, and the tokens that it is given, each CPU keeps in a slot for
 * as long as it has to do with that prefix, so that packets on different CPUs
 * don't write to the same memory.
 */
#ifndef _NETLAB_PREFIX_H
#define _NETLAB_PREFIX_H

#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <linux/netlab.h>
#include <asm/local.h>

#include "limiter.h"
#include "trie.h"

#define NETLAB_PREFIXES_MAX	BIT(20)	/* in a set */
#define NETLAB_PREFIX_FAMILIES	(NETLAB_FAMILY_IPV6 + 1)

/**
 * struct netlab_prefix_key - which prefix
 * @address: its first address
 * @family: NETLAB_FAMILY_IPV4 or NETLAB_FAMILY_IPV6
 * @length: the bits that count
 */
struct netlab_prefix_key {
	struct netlab_address address;
	u8 family;
	u8 length;
};

/**
 * struct netlab_prefix_settings - what the administrator can set of a prefix
 * @rate: replies per second, 0: unlimited
 * @burst: replies that may leave at once, 0: as netlab_limit_set() has it
 * @max_size: largest request that is answered, in layer-3 bytes, or
 *	NETLAB_MAX_SIZE_ANY
 * @proxy: index of the device on whose link its addresses are to be resolved,
 *	0: none
 */
struct netlab_prefix_settings {
	u32 rate;
	u32 burst;
	u32 max_size;
	int proxy;
};

/**
 * struct netlab_prefix_counts - what became of a prefix's requests
 * @replied: answered
 * @refused: not answered
 */
struct netlab_prefix_counts {
	u64 replied;
	u64 refused;
};

/**
 * struct netlab_prefixes - a set of prefixes
 * @trie: by family
 * @n: how many
 * @sequence: changes with each change
 * @proxied: how many have a proxy device, by family
 * @work: frees the set
 */
struct netlab_prefixes {
	struct netlab_trie trie[NETLAB_PREFIX_FAMILIES];
	u32 n;
	u32 sequence;
	u32 proxied[NETLAB_PREFIX_FAMILIES];
	struct rcu_work work;
};

/**
 * struct netlab_prefix - a prefix
 * @node: in a set's trie
 * @rate: as it was set
 * @burst: as it was set
 * @proxy: as it was set
 * @moves: slots that are being emptied into this now, in the lower bits, and
 *	that have been, in the upper; see slot.c
 * @rcu: frees it, when nothing has to do with it any more
 * @stamp: its bucket
 * @replied: what is in no slot, as in struct netlab_prefix_counts
 * @refused: the same
 *
 * Its set holds a reference, and each slot that is filled with it.
 */
struct netlab_prefix {
	struct netlab_node node;
	u32 rate;
	u32 burst;
	int proxy;
	atomic_t moves;
	union {
		struct rcu_head rcu;
		struct {
			atomic64_t stamp;
			atomic64_t replied;
		};
	};
	atomic64_t refused;
};

/**
 * struct netlab_prefix_slot - what a CPU has to do with a prefix
 * @prefix: which one, NULL: none
 * @replied: what was counted here since
 * @refused: the same
 * @limit: the prefix's, a batch of 0 if it has none
 * @left: tokens taken from its bucket and not yet spent
 *
 * Only its CPU writes it, softirqs off.
 */
struct netlab_prefix_slot {
	struct netlab_prefix *prefix;
	local_t replied;
	local_t refused;
	struct netlab_limit limit;
	u32 left;
} ____cacheline_aligned;

#define NETLAB_PREFIX_SLOT_BITS	4

/**
 * struct netlab_prefix_cpu - a CPU's slots in one namespace
 * @slot: the one for a prefix is chosen by the prefix's own address
 */
struct netlab_prefix_cpu {
	struct netlab_prefix_slot slot[BIT(NETLAB_PREFIX_SLOT_BITS)];
};

int netlab_prefix_init(void);
void netlab_prefix_exit(void);

struct netlab_prefixes *netlab_prefixes_alloc(void);
void netlab_prefixes_free(struct netlab_prefixes *set);
int netlab_prefixes_add(struct netlab_prefixes *set,
			const struct netlab_prefix_key *key,
			const struct netlab_prefix_settings *settings,
			bool replace);
int netlab_prefixes_del(struct netlab_prefixes *set,
			const struct netlab_prefix_key *key);

struct netlab_prefix *netlab_prefix_find(const struct netlab_prefixes *set,
					 unsigned int family,
					 struct netlab_address address);
struct netlab_prefix *netlab_prefix_exact(const struct netlab_prefixes *set,
					  const struct netlab_prefix_key *key);
struct netlab_prefix *netlab_prefix_next(const struct netlab_prefixes *set,
					 const struct netlab_prefix_key *key);
void netlab_prefix_describe(const struct netlab_prefix *prefix,
			    struct netlab_prefix_key *key,
			    struct netlab_prefix_settings *settings);
void netlab_prefix_put(struct netlab_prefix *prefix);

struct netlab_prefix_cpu __percpu *netlab_prefix_cpus_alloc(void);
void netlab_prefix_cpus_free(struct netlab_prefix_cpu __percpu *cpus);
struct netlab_prefix_slot *netlab_slot_fill(struct netlab_prefix_slot *slot,
					    struct netlab_prefix *prefix);
void netlab_prefix_counts(struct netlab_prefix_cpu __percpu *cpus,
			  struct netlab_prefix *prefix,
			  struct netlab_prefix_counts *counts);

/* The largest request that a prefix answers: bytes, or NETLAB_MAX_SIZE_ANY. */
static inline u32 netlab_prefix_max_size(const struct netlab_prefix *prefix)
{
	return prefix->node.max_size;
}

/* The device on whose link its addresses are to be resolved: its index, or 0. */
static inline int netlab_prefix_proxy(const struct netlab_prefix *prefix)
{
	return prefix->proxy;
}

/* Which of a CPU's slots is for a prefix. */
static inline unsigned int netlab_prefix_hash(const struct netlab_prefix *prefix)
{
	return hash_ptr(prefix, NETLAB_PREFIX_SLOT_BITS);
}

/* Where a long has 32 bits a slot is emptied before its counts wrap. */
static inline bool netlab_slot_full(const struct netlab_prefix_slot *slot)
{
	return BITS_PER_LONG == 32 && (local_read(&slot->replied) < 0 ||
				       local_read(&slot->refused) < 0);
}

/**
 * netlab_prefix_slot() - this CPU's slot for a prefix
 * @cpu: this CPU's slots
 * @prefix: which
 *
 * Context: softirqs off, RCU; the slot is the prefix's until the next call.
 *
 * Return: the slot; NULL if the prefix is no more.
 */
static inline struct netlab_prefix_slot *
netlab_prefix_slot(struct netlab_prefix_cpu *cpu, struct netlab_prefix *prefix)
{
	struct netlab_prefix_slot *slot = &cpu->slot[netlab_prefix_hash(prefix)];

	if (likely(slot->prefix == prefix && !netlab_slot_full(slot)))
		return slot;
	return netlab_slot_fill(slot, prefix);
}

/**
 * netlab_prefix_take() - take a token from a prefix's bucket
 * @slot: this CPU's for the prefix
 *
 * Context: softirqs off. Return: whether there was one, or none is needed.
 */
static inline bool netlab_prefix_take(struct netlab_prefix_slot *slot)
{
	return !slot->limit.batch ||
	       netlab_bucket_take(&slot->prefix->stamp, &slot->limit,
				  &slot->left);
}

/**
 * netlab_prefix_count() - count what became of a request
 * @slot: this CPU's for the prefix
 * @replied: whether it was answered
 *
 * Context: softirqs off.
 */
static inline void netlab_prefix_count(struct netlab_prefix_slot *slot,
				       bool replied)
{
	local_inc(replied ? &slot->replied : &slot->refused);
}

#endif /* _NETLAB_PREFIX_H */
