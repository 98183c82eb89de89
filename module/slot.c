// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/preempt.h>

#include "prefix.h"

/* In @moves of struct netlab_prefix. */
#define NETLAB_MOVE_DONE	BIT(16)
#define NETLAB_MOVE_HELD	BIT(15)	/* none may begin */
#define NETLAB_MOVES_NOW	GENMASK(14, 0)

/* How often a reading is tried while slots are emptied into the prefix. */
#ifndef NETLAB_PREFIX_TRIES
#define NETLAB_PREFIX_TRIES	100
#endif

/*
 * A slot is emptied between this and netlab_moves_end(), at one go, because a
 * reader may wait for that. One that lost its patience is waited for; it looks
 * at a word or three per CPU.
 */
static void netlab_moves_begin(struct netlab_prefix *prefix)
{
	int moves;

	preempt_disable();
	moves = atomic_read(&prefix->moves);
	do {
		while (unlikely(moves & NETLAB_MOVE_HELD)) {
			cpu_relax();
			moves = atomic_read(&prefix->moves);
		}
	} while (!atomic_try_cmpxchg(&prefix->moves, &moves, moves + 1));
}

static void netlab_moves_end(struct netlab_prefix *prefix)
{
	/* Who sees the slot to be another's sees that there was a move. */
	smp_mb__before_atomic();
	atomic_add(NETLAB_MOVE_DONE - 1, &prefix->moves);
	preempt_enable();
}

/* Gives all that is in a slot back to its prefix. */
static void netlab_slot_empty(struct netlab_prefix_slot *slot)
{
	struct netlab_prefix *prefix = slot->prefix;

	if (!prefix)
		return;
	netlab_moves_begin(prefix);
	atomic64_add((unsigned long)local_read(&slot->replied), &prefix->replied);
	atomic64_add((unsigned long)local_read(&slot->refused), &prefix->refused);
	local_set(&slot->replied, 0);
	local_set(&slot->refused, 0);
	WRITE_ONCE(slot->prefix, NULL);
	netlab_moves_end(prefix);

	if (slot->left)
		atomic64_sub(div_u64(slot->limit.cost * slot->left,
				     slot->limit.batch), &prefix->stamp);
	slot->left = 0;
	netlab_prefix_put(prefix);
}

/**
 * netlab_slot_fill() - make a slot be for a prefix
 * @slot: this CPU's
 * @prefix: which
 *
 * Context: softirqs off, RCU. Return: the slot; NULL if the prefix is no more.
 */
struct netlab_prefix_slot *netlab_slot_fill(struct netlab_prefix_slot *slot,
					    struct netlab_prefix *prefix)
{
	if (!refcount_inc_not_zero(&prefix->node.refs))
		return NULL;
	netlab_slot_empty(slot);
	slot->limit.batch = 0;
	if (prefix->rate)
		netlab_limit_set(&slot->limit, prefix->rate, prefix->burst);
	/* Who sees the prefix sees the counts be zero. */
	smp_store_release(&slot->prefix, prefix);
	return slot;
}

/*
 * Sums the prefix and its slots. Returns whether none was emptied meanwhile,
 * which would have its numbers be summed twice, or not at all. Unless it were
 * just 65,536 that were.
 */
static bool netlab_prefix_sum(struct netlab_prefix_cpu __percpu *cpus,
			      const struct netlab_prefix *prefix,
			      struct netlab_prefix_counts *counts)
{
	const unsigned int i = netlab_prefix_hash(prefix);
	const int moves = atomic_read_acquire(&prefix->moves);
	int cpu;

	if (moves & NETLAB_MOVES_NOW)
		return false;
	counts->replied = atomic64_read(&prefix->replied);
	counts->refused = atomic64_read(&prefix->refused);
	for_each_possible_cpu(cpu) {
		struct netlab_prefix_slot *slot = &per_cpu_ptr(cpus, cpu)->slot[i];

		/* Pairs with netlab_slot_fill(). */
		if (smp_load_acquire(&slot->prefix) != prefix)
			continue;
		counts->replied += (unsigned long)local_read(&slot->replied);
		counts->refused += (unsigned long)local_read(&slot->refused);
	}
	/* Pairs with what netlab_moves_begin() and _end() imply. */
	smp_rmb();
	return atomic_read(&prefix->moves) == moves;
}

/**
 * netlab_prefix_counts() - what all CPUs counted of a prefix
 * @cpus: the slots of the prefix's namespace
 * @prefix: which
 * @counts: to fill; zero if the prefix is no more
 *
 * Never less than it said before. Context: process, RCU or the set's writer.
 */
void netlab_prefix_counts(struct netlab_prefix_cpu __percpu *cpus,
			  struct netlab_prefix *prefix,
			  struct netlab_prefix_counts *counts)
{
	unsigned int tries = NETLAB_PREFIX_TRIES;
	unsigned long flags;

	memset(counts, 0, sizeof(*counts));
	/* Else the counts could turn into an rcu_head. */
	if (!refcount_inc_not_zero(&prefix->node.refs))
		return;
	while (tries && !netlab_prefix_sum(cpus, prefix, counts)) {
		cpu_relax();
		tries--;
	}
	if (!tries) {
		/* CPUs that need the slot for another prefix have to wait. */
		local_irq_save(flags);
		while (atomic_fetch_or(NETLAB_MOVE_HELD, &prefix->moves) &
		       NETLAB_MOVE_HELD)
			cpu_relax();
		while (!netlab_prefix_sum(cpus, prefix, counts))
			cpu_relax();
		atomic_andnot(NETLAB_MOVE_HELD, &prefix->moves);
		local_irq_restore(flags);
	}
	netlab_prefix_put(prefix);
}

/**
 * netlab_prefix_cpus_alloc() - make a namespace's slots, all empty
 *
 * Context: process. Return: the slots; NULL if there is no memory.
 */
struct netlab_prefix_cpu __percpu *netlab_prefix_cpus_alloc(void)
{
	return alloc_percpu_gfp(struct netlab_prefix_cpu, GFP_KERNEL_ACCOUNT);
}

/**
 * netlab_prefix_cpus_free() - free a namespace's slots
 * @cpus: which no hook can reach any more; may be NULL
 *
 * Context: process.
 */
void netlab_prefix_cpus_free(struct netlab_prefix_cpu __percpu *cpus)
{
	unsigned int i;
	int cpu;

	if (!cpus)
		return;
	for_each_possible_cpu(cpu)
		for (i = 0; i < BIT(NETLAB_PREFIX_SLOT_BITS); i++)
			netlab_slot_empty(&per_cpu_ptr(cpus, cpu)->slot[i]);
	free_percpu(cpus);
}
