// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving protocols their slots, summing over CPUs, and epochs.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "account.h"

/* The counters of a slot, or NULL if its chunk was never needed. */
static struct netlab_counter *netlab_slot(struct netlab_cpu *cpu,
					  unsigned int cell, unsigned int slot)
{
	struct netlab_slots *slots = &cpu->first;

	/* Pairs with the release in netlab_slot_get(): the chunk is zeroed. */
	if (slot >= NETLAB_SLOTS)
		slots = smp_load_acquire(&cpu->chunk[slot / NETLAB_SLOTS - 1]);
	return slots ? &slots->cell[cell][slot % NETLAB_SLOTS] : NULL;
}

/* The slot of a protocol that has none yet; 0 if there is no memory for it. */
static unsigned int netlab_slot_get(struct netlab_cpu *cpu, u8 protocol)
{
	unsigned int slot = cpu->used;
	struct netlab_slots *slots;

	if (slot >= NETLAB_SLOTS && slot % NETLAB_SLOTS == 0) {
		slots = kzalloc(sizeof(*slots), GFP_ATOMIC | __GFP_NOWARN);
		if (!slots)
			return 0;
		/* Pairs with the acquire in netlab_slot(). */
		smp_store_release(&cpu->chunk[slot / NETLAB_SLOTS - 1], slots);
	}
	WRITE_ONCE(cpu->slot[protocol], slot);
	cpu->used++;
	return slot;
}

/**
 * netlab_count_slow() - count at a slot that isn't among the first ones
 * @cpu: this CPU's counters
 * @cell: NETLAB_CELL() of family and hook
 * @p: what the sk_buff is
 *
 * What finds no memory is counted as refused, and so still in the hook's
 * total. Context: softirqs off, inside @cpu's u64_stats section.
 */
void netlab_count_slow(struct netlab_cpu *cpu, unsigned int cell,
		       const struct netlab_packet *p)
{
	unsigned int slot = cpu->slot[p->protocol];

	if (!slot && p->protocol != NETLAB_SLOT_0_PROTOCOL) {
		slot = netlab_slot_get(cpu, p->protocol);
		if (!slot) {
			netlab_counter_add(&cpu->cell[cell].refused, p);
			return;
		}
	}
	netlab_counter_add(netlab_slot(cpu, cell, slot), p);
}

static void netlab_sum_counter(const struct netlab_cpu *cpu,
			       const struct netlab_counter *c, u64 *packets,
			       u64 *bytes)
{
	unsigned int start;
	u64 p, b;

	do {
		start = u64_stats_fetch_begin(&cpu->syncp);
		p = u64_stats_read(&c->packets);
		b = u64_stats_read(&c->bytes);
	} while (u64_stats_fetch_retry(&cpu->syncp, start));
	*packets += p;
	*bytes += b;
}

static u64 netlab_sum_one(const struct netlab_cpu *cpu, const u64_stats_t *s)
{
	unsigned int start;
	u64 v;

	do {
		start = u64_stats_fetch_begin(&cpu->syncp);
		v = u64_stats_read(s);
	} while (u64_stats_fetch_retry(&cpu->syncp, start));
	return v;
}

static void netlab_sum_cpu(struct netlab_cpu *cpu, struct netlab_sums *sums)
{
	unsigned int cell, protocol, family, path, outcome;

	for (protocol = 0; protocol < NETLAB_PROTOCOLS; protocol++) {
		unsigned int slot = READ_ONCE(cpu->slot[protocol]);

		if (!slot && protocol != NETLAB_SLOT_0_PROTOCOL)
			continue;
		for (cell = 0; cell < NETLAB_CELLS; cell++) {
			struct netlab_counter *c = netlab_slot(cpu, cell, slot);

			if (c)
				netlab_sum_counter(cpu, c,
						   &sums->protocol[cell][protocol].packets,
						   &sums->protocol[cell][protocol].bytes);
		}
	}

	for (cell = 0; cell < NETLAB_CELLS; cell++) {
		struct netlab_cell *c = &cpu->cell[cell];

		sums->cell[cell].fragments += netlab_sum_one(cpu, &c->fragments);
		sums->cell[cell].options += netlab_sum_one(cpu, &c->options);
		sums->cell[cell].merged += netlab_sum_one(cpu, &c->merged);
		netlab_sum_counter(cpu, &c->refused,
				   &sums->cell[cell].refused_packets,
				   &sums->cell[cell].refused_bytes);
	}

	for (family = 0; family < NETLAB_FAMILIES; family++)
		for (path = 0; path < NETLAB_PATHS; path++)
			for (outcome = 0; outcome < NETLAB_OUTCOMES; outcome++)
				sums->outcome[family][path][outcome] +=
					netlab_sum_one(cpu, &cpu->outcome[family][path][outcome]);
}

/* Sums over every CPU that there can be: one that went offline had counted. */
static void netlab_sum(struct netlab_account *account, struct netlab_sums *sums)
{
	int i;

	memset(sums, 0, sizeof(*sums));
	for_each_possible_cpu(i) {
		/* 32-bit UP readers rely on it; see u64_stats_sync.h */
		local_bh_disable();
		netlab_sum_cpu(per_cpu_ptr(account->cpu, i), sums);
		local_bh_enable();
		cond_resched();
	}
}

/* struct netlab_sums is nothing but u64s. */
static void netlab_sums_sub(struct netlab_sums *a, const struct netlab_sums *b)
{
	const u64 *from = (const u64 *)b;
	u64 *to = (u64 *)a;
	size_t i;

	BUILD_BUG_ON(sizeof(*a) % sizeof(u64));
	for (i = 0; i < sizeof(*a) / sizeof(u64); i++)
		to[i] -= from[i];
}

/**
 * netlab_account_read() - read one epoch's counters
 * @account: a namespace's accounting
 * @epoch: number of the epoch, 0 for the current one
 *
 * An epoch that has ended reads the same for ever. Context: process, takes
 * @account's lock.
 *
 * Return: a reading, to be freed by kvfree(); ERR_PTR(-ENOENT) if the epoch is
 * neither the current one nor the one before it; ERR_PTR(-ENOMEM).
 */
struct netlab_reading *netlab_account_read(struct netlab_account *account,
					   u32 epoch)
{
	struct netlab_reading *r;
	int err = 0;

	r = kvzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&account->lock);
	r->epoch = epoch ?: account->epoch;
	if (r->epoch == account->epoch) {
		r->since = account->since;
		netlab_sum(account, &r->sums);
		if (account->base)
			netlab_sums_sub(&r->sums, account->base);
	} else if (account->base && r->epoch == account->epoch - 1) {
		r->since = account->last_since;
		r->sums = *account->base;
		if (account->last_base)
			netlab_sums_sub(&r->sums, account->last_base);
	} else {
		err = -ENOENT;
	}
	mutex_unlock(&account->lock);

	if (err) {
		kvfree(r);
		return ERR_PTR(err);
	}
	return r;
}

/**
 * netlab_account_epoch() - tell the current epoch
 * @account: a namespace's accounting
 * @epoch: its number
 * @since: when it began, in nanoseconds of CLOCK_REALTIME
 *
 * Context: process, takes @account's lock.
 */
void netlab_account_epoch(struct netlab_account *account, u32 *epoch,
			  u64 *since)
{
	mutex_lock(&account->lock);
	*epoch = account->epoch;
	*since = account->since;
	mutex_unlock(&account->lock);
}

/**
 * netlab_account_reset() - begin a new epoch
 * @account: a namespace's accounting
 * @epoch: the new epoch's number
 * @since: when it began, in nanoseconds of CLOCK_REALTIME
 *
 * The counters run on, untouched: what they were is remembered and taken off
 * what is read. So no packet is lost, and the packet path doesn't know.
 * Context: process, takes @account's lock.
 *
 * Return: 0; -ENOMEM, and nothing changed.
 */
int netlab_account_reset(struct netlab_account *account, u32 *epoch,
			 u64 *since)
{
	struct netlab_sums *sums;

	sums = kvmalloc(sizeof(*sums), GFP_KERNEL_ACCOUNT);
	if (!sums)
		return -ENOMEM;

	mutex_lock(&account->lock);
	netlab_sum(account, sums);
	kvfree(account->last_base);
	account->last_base = account->base;
	account->last_since = account->since;
	account->base = sums;
	account->since = ktime_get_real_ns();
	account->epoch++;
	*epoch = account->epoch;
	*since = account->since;
	mutex_unlock(&account->lock);
	return 0;
}

/**
 * netlab_reading_protocol() - one row of the table of protocols
 * @r: a reading
 * @family: enum netlab_family
 * @hook: enum netlab_hook
 * @protocol: IP protocol number
 * @packets: the row's packets
 * @bytes: the row's bytes
 *
 * Return: whether there is anything but zero in it.
 */
bool netlab_reading_protocol(const struct netlab_reading *r,
			     unsigned int family, unsigned int hook,
			     unsigned int protocol, u64 *packets, u64 *bytes)
{
	unsigned int cell = NETLAB_CELL(family, hook);

	*packets = r->sums.protocol[cell][protocol].packets;
	*bytes = r->sums.protocol[cell][protocol].bytes;
	return *packets || *bytes;
}

/**
 * netlab_reading_hook() - one row of the table of hooks
 * @r: a reading
 * @family: enum netlab_family
 * @hook: enum netlab_hook
 * @sums: to fill; its packets and bytes are the sums over the protocols
 */
void netlab_reading_hook(const struct netlab_reading *r, unsigned int family,
			 unsigned int hook, struct netlab_hook_sums *sums)
{
	unsigned int cell = NETLAB_CELL(family, hook);
	unsigned int protocol;
	u64 packets, bytes;

	sums->packets = r->sums.cell[cell].refused_packets;
	sums->bytes = r->sums.cell[cell].refused_bytes;
	for (protocol = 0; protocol < NETLAB_PROTOCOLS; protocol++) {
		netlab_reading_protocol(r, family, hook, protocol, &packets,
					&bytes);
		sums->packets += packets;
		sums->bytes += bytes;
	}
	sums->skbs = sums->packets - r->sums.cell[cell].merged;
	sums->fragments = r->sums.cell[cell].fragments;
	sums->options = r->sums.cell[cell].options;
}

/**
 * netlab_account_outcome() - how often an outcome was had, in all epochs
 * @account: a namespace's accounting
 * @family: enum netlab_family
 * @path: enum netlab_path
 * @outcome: enum netlab_outcome
 *
 * Context: process.
 */
u64 netlab_account_outcome(struct netlab_account *account, unsigned int family,
			   unsigned int path, unsigned int outcome)
{
	u64 sum = 0;
	int i;

	for_each_possible_cpu(i) {
		struct netlab_cpu *cpu = per_cpu_ptr(account->cpu, i);

		local_bh_disable();
		sum += netlab_sum_one(cpu, &cpu->outcome[family][path][outcome]);
		local_bh_enable();
	}
	return sum;
}

/**
 * netlab_account_init() - make a namespace's counters, all zero
 * @account: to make
 * @ns: the namespace that the hooks find through the counters
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_account_init(struct netlab_account *account, struct netlab_net *ns)
{
	int i;

	/* The promise of an idle namespace's size. */
	BUILD_BUG_ON(sizeof(struct netlab_cpu) > 8192);

	account->cpu = alloc_percpu_gfp(struct netlab_cpu, GFP_KERNEL_ACCOUNT);
	if (!account->cpu)
		return -ENOMEM;
	for_each_possible_cpu(i) {
		struct netlab_cpu *cpu = per_cpu_ptr(account->cpu, i);

		cpu->ns = ns;
		cpu->used = 1;
		u64_stats_init(&cpu->syncp);
	}
	mutex_init(&account->lock);
	account->epoch = 1;
	account->since = ktime_get_real_ns();
	return 0;
}

/**
 * netlab_account_exit() - free a namespace's counters
 * @account: what netlab_account_init() made; no hook can reach it any more
 *
 * Context: process.
 */
void netlab_account_exit(struct netlab_account *account)
{
	unsigned int chunk;
	int i;

	for_each_possible_cpu(i)
		for (chunk = 0; chunk < NETLAB_CHUNKS; chunk++)
			kfree(per_cpu_ptr(account->cpu, i)->chunk[chunk]);
	free_percpu(account->cpu);
	kvfree(account->base);
	kvfree(account->last_base);
	mutex_destroy(&account->lock);
}
