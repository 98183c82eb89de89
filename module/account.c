// SPDX-License-Identifier: GPL-2.0-only
/*
 * Summing over CPUs, and epochs.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "account.h"

/* Which keys have a slot. */
static void netlab_scratch_keys(struct netlab_scratch *scratch,
				const struct netlab_cpu *cpu)
{
	unsigned int key;

	scratch->n = 0;
	for (key = 0; key < NETLAB_KEYS; key++) {
		int at = READ_ONCE(cpu->at[key]);

		if (!at)
			continue;
		scratch->key[scratch->n] = key;
		scratch->slot[scratch->n++] = netlab_at_slot(at);
	}
}

/* A slot's chunk, NULL if it was never made. */
static const struct netlab_counter *netlab_chunk(struct netlab_counter ***chunk,
						 unsigned int slot)
{
	/* Pairs with the release in netlab_slot_late(). */
	struct netlab_counter **c = smp_load_acquire(chunk);

	if (!c)
		return NULL;
	/* Pairs with the release in netlab_slot_late(). */
	return smp_load_acquire(&c[slot / NETLAB_SLOTS - 1]);
}

/* One row, and what else is given, as they were at one time. */
static void netlab_scratch_read(struct netlab_scratch *scratch,
				const struct netlab_cpu *cpu,
				const struct netlab_counter *first,
				struct netlab_counter ***chunk, unsigned int row,
				const u64_stats_t *tally)
{
	unsigned int seq, i;

	do {
		seq = read_seqcount_begin(&cpu->seq);
		/* What has just got its slot is in the tally, too. */
		if (scratch->n + 1 != READ_ONCE(cpu->used))
			netlab_scratch_keys(scratch, cpu);
		for (i = 0; i < scratch->n; i++) {
			const unsigned int slot = scratch->slot[i];
			const struct netlab_counter *c = first;

			if (slot >= NETLAB_SLOTS)
				c = netlab_chunk(chunk, slot);
			if (!c) {
				memset(&scratch->sum[i], 0, sizeof(scratch->sum[i]));
				continue;
			}
			c += row * NETLAB_SLOTS + slot % NETLAB_SLOTS;
			scratch->sum[i].packets = u64_stats_read(&c->packets);
			scratch->sum[i].bytes = u64_stats_read(&c->bytes);
		}
		for (i = 0; tally && i < ARRAY_SIZE(scratch->tally); i++)
			scratch->tally[i] = u64_stats_read(&tally[i]);
	} while (read_seqcount_retry(&cpu->seq, seq));
}

/**
 * netlab_chunks_free() - free what a CPU needed beside the first slots
 * @chunk: its chunks; may be NULL
 *
 * Context: any; nobody counts or reads there any more.
 */
void netlab_chunks_free(struct netlab_counter **chunk)
{
	unsigned int i;

	for (i = 0; chunk && i < NETLAB_CHUNKS; i++)
		kfree(chunk[i]);
	kfree(chunk);
}

/**
 * netlab_sum_rows() - visit one CPU's counters of all keys
 * @cpu: the CPU's counters, which have its slots
 * @first: the first slots, @cells rows of them; of a device or of @cpu
 * @chunk: the other slots
 * @cells: rows
 * @scratch: room
 * @add: called for each row of each key that has a slot
 * @to: for @add
 *
 * Each row is of one time. Context: process.
 */
void netlab_sum_rows(struct netlab_cpu *cpu, struct netlab_counter *first,
		     struct netlab_counter ***chunk, unsigned int cells,
		     struct netlab_scratch *scratch,
		     void (*add)(void *to, unsigned int cell, unsigned int key,
				 struct netlab_sum sum), void *to)
{
	unsigned int cell, i;

	scratch->n = 0;
	for (cell = 0; cell < cells; cell++) {
		netlab_scratch_read(scratch, cpu, first, chunk, cell, NULL);
		for (i = 0; i < scratch->n; i++)
			add(to, cell, scratch->key[i], scratch->sum[i]);
	}
}

static void netlab_sum_add(struct netlab_sums *sums, unsigned int cell,
			   unsigned int key, struct netlab_sum sum)
{
	unsigned int family = cell / NETLAB_HOOKS, hook = cell % NETLAB_HOOKS;
	struct netlab_sum *s;

	s = &sums->protocol[cell][netlab_key_protocol(family, key)];
	s->packets += sum.packets;
	s->bytes += sum.bytes;
	if (key < NETLAB_PROTOCOLS)
		return;
	/* Types are told apart where a packet comes and where it goes. */
	sums->icmp[NETLAB_SIDE(family, hook != NETLAB_HOOK_PREROUTING)]
		  [key - NETLAB_PROTOCOLS] += sum.packets;
}

/* A hook's protocols and the rest of its row are of one time. */
static void netlab_sum_cells(struct netlab_cpu *cpu,
			     struct netlab_scratch *scratch,
			     struct netlab_sums *sums)
{
	unsigned int cell, i;
	u64 *to;

	BUILD_BUG_ON(sizeof(sums->cell[0]) != sizeof(cpu->cell[0]));
	scratch->n = 0;
	for (cell = 0; cell < NETLAB_CELLS; cell++) {
		netlab_scratch_read(scratch, cpu, cpu->first[0], &cpu->chunk,
				    cell, (const void *)&cpu->cell[cell]);
		for (i = 0; i < scratch->n; i++)
			netlab_sum_add(sums, cell, scratch->key[i],
				       scratch->sum[i]);
		to = (void *)&sums->cell[cell];
		for (i = 0; i < ARRAY_SIZE(scratch->tally); i++)
			to[i] += scratch->tally[i];
	}
}

/* The rest has neither: behind the cells both structs are laid out the same. */
static void netlab_sum_tallies(const struct netlab_cpu *cpu,
			       struct netlab_sums *sums)
{
	const size_t n = (sizeof(*cpu) - offsetof(struct netlab_cpu, size)) /
			 sizeof(u64_stats_t);
	const u64_stats_t *from = (const void *)cpu->size;
	u64 *to = (void *)sums->size;
	unsigned int seq;
	size_t i;
	u64 v;

	BUILD_BUG_ON(sizeof(*sums) - offsetof(struct netlab_sums, size) !=
		     sizeof(*cpu) - offsetof(struct netlab_cpu, size));
	BUILD_BUG_ON(sizeof(u64_stats_t) != sizeof(u64));
	for (i = 0; i < n; i++) {
		do {
			seq = read_seqcount_begin(&cpu->seq);
			v = u64_stats_read(&from[i]);
		} while (read_seqcount_retry(&cpu->seq, seq));
		to[i] += v;
	}
}

/* Sums over every CPU that there can be: one that went offline had counted. */
static int netlab_sum(struct netlab_account *account, struct netlab_sums *sums)
{
	struct netlab_scratch *scratch;
	int i;

	scratch = kvmalloc(sizeof(*scratch), GFP_KERNEL_ACCOUNT);
	if (!scratch)
		return -ENOMEM;
	memset(sums, 0, sizeof(*sums));
	for_each_possible_cpu(i) {
		struct netlab_cpu *cpu = per_cpu_ptr(account->cpu, i);

		netlab_sum_cells(cpu, scratch, sums);
		netlab_sum_tallies(cpu, sums);
		cond_resched();
	}
	kvfree(scratch);
	return 0;
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
 * netlab_reading_free() - free what netlab_account_read() gave
 * @r: the reading
 */
void netlab_reading_free(struct netlab_reading *r)
{
	kvfree(r->devices);
	kvfree(r);
}

/**
 * netlab_account_read() - read one epoch's counters
 * @account: a namespace's accounting
 * @epoch: number of the epoch, 0 for the current one
 * @devices: those of its devices, too
 *
 * An epoch that has ended reads the same for ever, but that a device which
 * goes takes its rows along. Context: process, takes @account's lock.
 *
 * Return: a reading; ERR_PTR(-ENOENT) if the epoch is neither the current one
 * nor the one before it; ERR_PTR(-ENOMEM).
 */
struct netlab_reading *netlab_account_read(struct netlab_account *account,
					   u32 epoch, bool devices)
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
		err = netlab_sum(account, &r->sums);
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
	if (!err && devices) {
		r->devices = netlab_devices_read(account,
						 r->epoch != account->epoch,
						 &r->n_devices);
		err = PTR_ERR_OR_ZERO(r->devices);
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
 * what is read. So no packet is lost, and the packet path doesn't know. Nor
 * does anything stop it meanwhile: a packet of that moment may be in the old
 * epoch for its protocol and in the new one for its device, or vice versa.
 * Context: process, takes @account's lock.
 *
 * Return: 0; -ENOMEM, and nothing changed.
 */
int netlab_account_reset(struct netlab_account *account, u32 *epoch,
			 u64 *since)
{
	struct netlab_sums *sums;
	int err;

	sums = kvmalloc(sizeof(*sums), GFP_KERNEL_ACCOUNT);
	if (!sums)
		return -ENOMEM;

	mutex_lock(&account->lock);
	err = netlab_devices_prepare_reset(account) ?: netlab_sum(account, sums);
	netlab_devices_reset(account, !err);
	if (err) {
		mutex_unlock(&account->lock);
		kvfree(sums);
		return err;
	}
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

	sums->packets = r->sums.cell[cell].refused.packets;
	sums->bytes = r->sums.cell[cell].refused.bytes;
	for (protocol = 0; protocol < NETLAB_PROTOCOLS; protocol++) {
		sums->packets += r->sums.protocol[cell][protocol].packets;
		sums->bytes += r->sums.protocol[cell][protocol].bytes;
	}
	sums->skbs = sums->packets - r->sums.cell[cell].merged;
	sums->fragments = r->sums.cell[cell].fragments;
	sums->options = r->sums.cell[cell].options;
	sums->refused = r->sums.cell[cell].refused.packets;
	sums->strays = r->sums.cell[cell].strays;
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
	unsigned int seq;
	u64 sum = 0, v;
	int i;

	for_each_possible_cpu(i) {
		struct netlab_cpu *cpu = per_cpu_ptr(account->cpu, i);

		do {
			seq = read_seqcount_begin(&cpu->seq);
			v = u64_stats_read(&cpu->outcome[family][path][outcome]);
		} while (read_seqcount_retry(&cpu->seq, seq));
		sum += v;
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
		cpu->last[NETLAB_DIRECTION_RX].dev = NETLAB_NO_DEVICE;
		cpu->last[NETLAB_DIRECTION_TX].dev = NETLAB_NO_DEVICE;
		seqcount_init(&cpu->seq);
	}
	if (netlab_devices_init(account)) {
		free_percpu(account->cpu);
		return -ENOMEM;
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
	int i;

	netlab_devices_exit(account);
	for_each_possible_cpu(i)
		netlab_chunks_free(per_cpu_ptr(account->cpu, i)->chunk);
	free_percpu(account->cpu);
	kvfree(account->base);
	kvfree(account->last_base);
	mutex_destroy(&account->lock);
}
