/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * account: the counters of a network namespace.
 *
 * Each CPU has its own, and only it writes them, with softirqs off: no lock,
 * no atomic, no shared cache line. Whoever reads sums over the CPUs. What can
 * be had by summing on read (totals) isn't counted on the packet path.
 */
#ifndef _NETLAB_ACCOUNT_H
#define _NETLAB_ACCOUNT_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/u64_stats_sync.h>
#include <linux/netlab.h>

#include "dissect.h"

#define NETLAB_FAMILIES		2	/* IPv4 and IPv6 */
#define NETLAB_HOOKS		(NETLAB_HOOK_MAX + 1)
#define NETLAB_CELLS		(NETLAB_FAMILIES * NETLAB_HOOKS)
#define NETLAB_PROTOCOLS	256
#define NETLAB_PATHS		(NETLAB_PATH_MAX + 1)
#define NETLAB_OUTCOMES		(NETLAB_OUTCOME_MAX + 1)

/* Family and hook as one index; a constant where both are. */
#define NETLAB_CELL(family, hook)	((family) * NETLAB_HOOKS + (hook))

/*
 * Counters for all 256 protocols would be 40 KiB per CPU, of which a host uses
 * a few rows. So a protocol has a slot, which it gets with its first packet on
 * a CPU. The first slots lie in struct netlab_cpu; each further chunk of them
 * is allocated when one is needed, at most 15 times.
 */
#define NETLAB_SLOTS		16
#define NETLAB_CHUNKS		(NETLAB_PROTOCOLS / NETLAB_SLOTS - 1)

/* Slot 0 is protocol 255's (reserved by IANA), so that 0 can mean "none". */
#define NETLAB_SLOT_0_PROTOCOL	255

/**
 * struct netlab_counter - one row's two numbers
 * @packets: packets as on the wire
 * @bytes: layer-3 bytes as on the wire
 */
struct netlab_counter {
	u64_stats_t packets;
	u64_stats_t bytes;
};

/**
 * struct netlab_slots - counters of NETLAB_SLOTS protocols
 * @cell: by family and hook, then by slot
 */
struct netlab_slots {
	struct netlab_counter cell[NETLAB_CELLS][NETLAB_SLOTS];
};

/**
 * struct netlab_cell - what a hook counts beside protocols
 * @fragments: packets that are a fragment
 * @options: packets with IP options or extension headers
 * @merged: packets less sk_buffs, grown by GSO sk_buffs only
 * @refused: what found no memory for its protocol's slot
 */
struct netlab_cell {
	u64_stats_t fragments;
	u64_stats_t options;
	u64_stats_t merged;
	struct netlab_counter refused;
};

/**
 * struct netlab_cpu - one CPU's counters of one namespace
 * @ns: the namespace, for a hook that is handed only this
 * @syncp: for 32-bit readers
 * @used: slots given out, slot 0 among them
 * @tokens: echo replies that this CPU may still send, see limiter
 * @generation: of the configuration that gave @tokens
 * @slot: protocol -> slot, 0: none yet
 * @first: the first NETLAB_SLOTS slots
 * @chunk: the others, as they came to be needed
 * @cell: what isn't counted by protocol
 * @outcome: what became of echo requests
 */
struct netlab_cpu {
	struct netlab_net *ns;
	struct u64_stats_sync syncp;
	u16 used;
	u32 tokens;
	u32 generation;
	u8 slot[NETLAB_PROTOCOLS];
	struct netlab_slots first;
	struct netlab_slots *chunk[NETLAB_CHUNKS];
	struct netlab_cell cell[NETLAB_CELLS];
	u64_stats_t outcome[NETLAB_FAMILIES][NETLAB_PATHS][NETLAB_OUTCOMES];
};

/**
 * struct netlab_sums - a namespace's counters, summed over CPUs
 * @protocol: by family, hook and protocol
 * @cell: by family and hook
 * @outcome: by family, path and outcome
 */
struct netlab_sums {
	struct {
		u64 packets;
		u64 bytes;
	} protocol[NETLAB_CELLS][NETLAB_PROTOCOLS];
	struct {
		u64 fragments;
		u64 options;
		u64 merged;
		u64 refused_packets;
		u64 refused_bytes;
	} cell[NETLAB_CELLS];
	u64 outcome[NETLAB_FAMILIES][NETLAB_PATHS][NETLAB_OUTCOMES];
};

/**
 * struct netlab_reading - one epoch's counters, read at one time
 * @epoch: its number, 1 for a namespace's first
 * @since: when it began, in nanoseconds of CLOCK_REALTIME
 * @sums: what was counted in it
 */
struct netlab_reading {
	u32 epoch;
	u64 since;
	struct netlab_sums sums;
};

/**
 * struct netlab_account - a namespace's accounting
 * @cpu: the counters, of all epochs together
 * @lock: protects the rest; process context only
 * @epoch: number of the current epoch
 * @since: when it began, in nanoseconds of CLOCK_REALTIME
 * @last_since: when the epoch before it began
 * @base: the counters when it began; NULL in the first epoch
 * @last_base: the counters when the epoch before it began
 */
struct netlab_account {
	struct netlab_cpu __percpu *cpu;
	struct mutex lock;	/* of what follows */
	u32 epoch;
	u64 since;
	u64 last_since;
	struct netlab_sums *base;
	struct netlab_sums *last_base;
};

/**
 * struct netlab_hook_sums - what passed one hook
 * @skbs: sk_buffs
 * @packets: packets as on the wire, of all protocols
 * @bytes: layer-3 bytes as on the wire, of all protocols
 * @fragments: packets that are a fragment
 * @options: packets with IP options or extension headers
 */
struct netlab_hook_sums {
	u64 skbs;
	u64 packets;
	u64 bytes;
	u64 fragments;
	u64 options;
};

int netlab_account_init(struct netlab_account *account, struct netlab_net *ns);
void netlab_account_exit(struct netlab_account *account);
struct netlab_reading *netlab_account_read(struct netlab_account *account,
					   u32 epoch);
void netlab_account_epoch(struct netlab_account *account, u32 *epoch,
			  u64 *since);
int netlab_account_reset(struct netlab_account *account, u32 *epoch,
			 u64 *since);
void netlab_reading_hook(const struct netlab_reading *r, unsigned int family,
			 unsigned int hook, struct netlab_hook_sums *sums);
bool netlab_reading_protocol(const struct netlab_reading *r,
			     unsigned int family, unsigned int hook,
			     unsigned int protocol, u64 *packets, u64 *bytes);
u64 netlab_account_outcome(struct netlab_account *account, unsigned int family,
			   unsigned int path, unsigned int outcome);
void netlab_count_slow(struct netlab_cpu *cpu, unsigned int cell,
		       const struct netlab_packet *p);

static __always_inline void netlab_counter_add(struct netlab_counter *c,
					       const struct netlab_packet *p)
{
	u64_stats_add(&c->packets, p->packets);
	u64_stats_add(&c->bytes, p->bytes);
}

/**
 * netlab_count() - count one sk_buff at one hook
 * @cpu: this CPU's counters
 * @cell: NETLAB_CELL() of family and hook
 * @p: what the sk_buff is
 *
 * Context: softirqs off. Takes no lock. Allocates, atomically, at most
 * NETLAB_CHUNKS times per CPU in the life of a namespace.
 */
static __always_inline void netlab_count(struct netlab_cpu *cpu,
					 unsigned int cell,
					 const struct netlab_packet *p)
{
	unsigned int slot = cpu->slot[p->protocol];

	u64_stats_update_begin(&cpu->syncp);
	if (likely(slot - 1 < NETLAB_SLOTS - 1))
		netlab_counter_add(&cpu->first.cell[cell][slot], p);
	else
		netlab_count_slow(cpu, cell, p);
	if (unlikely(p->flags)) {
		if (p->flags & NETLAB_PACKET_FRAGMENT)
			u64_stats_add(&cpu->cell[cell].fragments, p->packets);
		if (p->flags & NETLAB_PACKET_OPTIONS)
			u64_stats_add(&cpu->cell[cell].options, p->packets);
		if (p->flags & NETLAB_PACKET_GSO)
			u64_stats_add(&cpu->cell[cell].merged, p->packets - 1);
	}
	u64_stats_update_end(&cpu->syncp);
}

/**
 * netlab_count_outcome() - count what became of an echo request
 * @cpu: this CPU's counters
 * @family: enum netlab_family
 * @path: enum netlab_path
 * @outcome: enum netlab_outcome
 *
 * Context: softirqs off. Takes no lock.
 */
static inline void netlab_count_outcome(struct netlab_cpu *cpu,
					unsigned int family, unsigned int path,
					unsigned int outcome)
{
	u64_stats_update_begin(&cpu->syncp);
	u64_stats_inc(&cpu->outcome[family][path][outcome]);
	u64_stats_update_end(&cpu->syncp);
}

#endif /* _NETLAB_ACCOUNT_H */
