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

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/seqlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/netlab.h>

#include "devices.h"

#define NETLAB_FAMILIES		2	/* IPv4 and IPv6 */
#define NETLAB_HOOKS		(NETLAB_HOOK_MAX + 1)
#define NETLAB_CELLS		(NETLAB_FAMILIES * NETLAB_HOOKS)
#define NETLAB_DIRECTIONS	(NETLAB_DIRECTION_MAX + 1)
#define NETLAB_SIDES		(NETLAB_FAMILIES * NETLAB_DIRECTIONS)
#define NETLAB_PROTOCOLS	256
#define NETLAB_TYPES		256
#define NETLAB_ANOMALIES	(NETLAB_ANOMALY_MAX + 1)
#define NETLAB_PATHS		(NETLAB_PATH_MAX + 1)
#define NETLAB_OUTCOMES		(NETLAB_OUTCOME_MAX + 1)

/* Family and hook as one index; a constant where both are. */
#define NETLAB_CELL(family, hook)	((family) * NETLAB_HOOKS + (hook))
/* Family and rx (prerouting) or tx (postrouting) as one index. */
#define NETLAB_SIDE(family, direction)	\
	((family) * NETLAB_DIRECTIONS + (direction))

/* RMON's bounds (RFC 2819, etherStatsPkts), here of the layer-3 length. */
#define NETLAB_SIZES		7
#define NETLAB_SIZE_MIN		64
#define NETLAB_SIZE_MAX		1518

/* ARP operations are told apart up to InARP's reply; 0 stands for the rest. */
#define NETLAB_ARP_OPERATIONS	10

/**
 * enum netlab_tcp - the TCP segments that are told apart
 * @NETLAB_TCP_SYN: SYN without ACK
 * @NETLAB_TCP_SYNACK: SYN with ACK
 * @NETLAB_TCP_FIN: FIN
 * @NETLAB_TCP_RST: RST
 * @NETLAB_TCPS: how many they are
 */
enum netlab_tcp {
	NETLAB_TCP_SYN,
	NETLAB_TCP_SYNACK,
	NETLAB_TCP_FIN,
	NETLAB_TCP_RST,
	NETLAB_TCPS,
};

/*
 * What is counted has a key: its protocol, or for ICMP and ICMPv6 where their
 * type is counted, 256 and the type. Counters for all keys would be 80 KiB per
 * CPU, of which a host uses a few rows. So a key has a slot, which it gets
 * with its first packet on a CPU. The first slots lie in struct netlab_cpu;
 * each further chunk of them is allocated when one is needed.
 *
 * What a protocol counts in all is the sum over its keys, taken on read.
 */
#define NETLAB_KEYS		(NETLAB_PROTOCOLS + NETLAB_TYPES)
#define NETLAB_KEY_TYPE(type)	(NETLAB_PROTOCOLS + (type))
#define NETLAB_SLOTS		16
#define NETLAB_CHUNKS		(NETLAB_KEYS / NETLAB_SLOTS)

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
 * struct netlab_cell - what a hook counts beside keys
 * @fragments: packets that are a fragment
 * @options: packets with IP options or extension headers
 * @merged: packets less sk_buffs, grown by GSO sk_buffs only
 * @strays: packets in no row of the table of devices
 * @refused: what found no memory for its key's slot
 */
struct netlab_cell {
	u64_stats_t fragments;
	u64_stats_t options;
	u64_stats_t merged;
	u64_stats_t strays;
	struct netlab_counter refused;
};

struct net_device;
struct netlab_device_cpu;
struct netlab_device_table;

/* No device, and not the lack of one either, which a hook may be given. */
#define NETLAB_NO_DEVICE	((const struct net_device *)1)

/**
 * struct netlab_device_last - a device whose counters needn't be looked up
 * @dev: the device, only compared; NETLAB_NO_DEVICE: none
 * @counters: this CPU's
 */
struct netlab_device_last {
	const struct net_device *dev;
	struct netlab_device_cpu *counters;
};

/**
 * struct netlab_cpu - one CPU's counters of one namespace
 * @ns: the namespace, for a hook that is handed only this
 * @devices: the namespace's devices, by index; the same for all CPUs
 * @seq: readers see all of a packet or nothing
 * @used: slots given out
 * @at: key -> netlab_slot_at() its slot, 0: none yet
 * @last: the device last seen in each direction, see netlab_device_remember()
 * @first: the first NETLAB_SLOTS slots, but 0, by family and hook
 * @chunk: the others, as they came to be needed, laid out as @first; itself
 *	made when the first of them is
 * @cell: what isn't counted by key, by family and hook
 * @size: histogram of sizes, by side
 * @tcp: TCP flags, by side
 * @anomaly: by family and hook
 * @arp: ARP operations, by direction
 * @outcome: what became of echo requests
 */
struct netlab_cpu {
	struct netlab_net *ns;
	struct netlab_device_table __rcu *devices;
	seqcount_t seq;
	u16 used;
	s16 at[NETLAB_KEYS];
	struct netlab_device_last last[NETLAB_DIRECTIONS];
	struct netlab_counter first[NETLAB_CELLS][NETLAB_SLOTS];
	struct netlab_counter **chunk;
	struct netlab_cell cell[NETLAB_CELLS];
	u64_stats_t size[NETLAB_SIDES][NETLAB_SIZES];
	u64_stats_t tcp[NETLAB_SIDES][NETLAB_TCPS];
	u64_stats_t anomaly[NETLAB_CELLS][NETLAB_ANOMALIES];
	u64_stats_t arp[NETLAB_DIRECTIONS][NETLAB_ARP_OPERATIONS];
	u64_stats_t outcome[NETLAB_FAMILIES][NETLAB_PATHS][NETLAB_OUTCOMES];
};

/**
 * struct netlab_device_cpu - one CPU's counters of one device
 * @first: the first NETLAB_SLOTS slots of struct netlab_cpu, by side
 * @chunk: the others, as in struct netlab_cpu
 */
struct netlab_device_cpu {
	struct netlab_counter first[NETLAB_SIDES][NETLAB_SLOTS];
	struct netlab_counter **chunk;
};

/*
 * One of the first slots is kept as its row's offset in bytes, so that there
 * is nothing to shift per packet; another as its number, less than zero.
 */
static inline int netlab_slot_at(unsigned int slot)
{
	return slot < NETLAB_SLOTS ? slot * sizeof(struct netlab_counter) :
				     -(int)slot;
}

/* The slot that netlab_slot_at() was given. */
static inline unsigned int netlab_at_slot(int at)
{
	return at < 0 ? -at : at / sizeof(struct netlab_counter);
}

/* The protocol that a key belongs to. */
static inline unsigned int netlab_key_protocol(unsigned int family,
					       unsigned int key)
{
	if (key < NETLAB_PROTOCOLS)
		return key;
	return family == NETLAB_FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

/**
 * struct netlab_sum - struct netlab_counter, summed
 * @packets: packets
 * @bytes: layer-3 bytes
 */
struct netlab_sum {
	u64 packets;
	u64 bytes;
};

/**
 * struct netlab_sums - a namespace's counters, summed over CPUs
 * @protocol: by family, hook and protocol
 * @icmp: packets by side and type
 * @cell: by family and hook
 * @size: by side and bucket
 * @tcp: by side
 * @anomaly: by family, hook and reason
 * @arp: by direction and operation
 * @outcome: by family, path and outcome
 */
struct netlab_sums {
	struct netlab_sum protocol[NETLAB_CELLS][NETLAB_PROTOCOLS];
	u64 icmp[NETLAB_SIDES][NETLAB_TYPES];
	struct {
		u64 fragments;
		u64 options;
		u64 merged;
		u64 strays;
		struct netlab_sum refused;
	} cell[NETLAB_CELLS];
	u64 size[NETLAB_SIDES][NETLAB_SIZES];
	u64 tcp[NETLAB_SIDES][NETLAB_TCPS];
	u64 anomaly[NETLAB_CELLS][NETLAB_ANOMALIES];
	u64 arp[NETLAB_DIRECTIONS][NETLAB_ARP_OPERATIONS];
	u64 outcome[NETLAB_FAMILIES][NETLAB_PATHS][NETLAB_OUTCOMES];
};

/**
 * struct netlab_scratch - room to read one CPU's counters in
 * @n: keys that have a slot
 * @key: those keys
 * @slot: and their slots
 * @sum: one row of them
 * @tally: and what else is read with it
 */
struct netlab_scratch {
	unsigned int n;
	u16 key[NETLAB_KEYS];
	u16 slot[NETLAB_KEYS];
	struct netlab_sum sum[NETLAB_KEYS];
	u64 tally[sizeof(struct netlab_cell) / sizeof(u64)];
};

/**
 * struct netlab_reading - one epoch's counters, read at one time
 * @epoch: its number, 1 for a namespace's first
 * @since: when it began, in nanoseconds of CLOCK_REALTIME
 * @sums: what was counted in it, but for devices
 * @devices: rows of the table of devices, by index, none with only zeroes
 * @n_devices: how many
 */
struct netlab_reading {
	u32 epoch;
	u64 since;
	struct netlab_sums sums;
	struct netlab_device_row *devices;
	size_t n_devices;
};

/**
 * struct netlab_account - a namespace's accounting
 * @cpu: the counters, of all epochs together
 * @lock: protects the rest; process context only
 * @devices: the namespace's devices
 * @epoch: number of the current epoch
 * @since: when it began, in nanoseconds of CLOCK_REALTIME
 * @last_since: when the epoch before it began
 * @base: the counters when it began; NULL in the first epoch
 * @last_base: the counters when the epoch before it began
 */
struct netlab_account {
	struct netlab_cpu __percpu *cpu;
	struct mutex lock;	/* of what follows */
	struct netlab_devices devices;
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
 * @refused: packets that are in no row of the table of protocols
 * @strays: packets that are in no row of the table of devices
 */
struct netlab_hook_sums {
	u64 skbs;
	u64 packets;
	u64 bytes;
	u64 fragments;
	u64 options;
	u64 refused;
	u64 strays;
};

int netlab_account_init(struct netlab_account *account, struct netlab_net *ns);
void netlab_account_exit(struct netlab_account *account);
struct netlab_reading *netlab_account_read(struct netlab_account *account,
					   u32 epoch, bool devices);
void netlab_reading_free(struct netlab_reading *r);
void netlab_account_epoch(struct netlab_account *account, u32 *epoch,
			  u64 *since);
int netlab_account_reset(struct netlab_account *account, u32 *epoch,
			 u64 *since);
void netlab_reading_hook(const struct netlab_reading *r, unsigned int family,
			 unsigned int hook, struct netlab_hook_sums *sums);
u64 netlab_account_outcome(struct netlab_account *account, unsigned int family,
			   unsigned int path, unsigned int outcome);
void netlab_chunks_free(struct netlab_counter **chunk);
void netlab_sum_rows(struct netlab_cpu *cpu, struct netlab_counter *first,
		     struct netlab_counter ***chunk, unsigned int cells,
		     struct netlab_scratch *scratch,
		     void (*add)(void *to, unsigned int cell, unsigned int key,
				 struct netlab_sum sum), void *to);

/**
 * netlab_count_begin() - begin to count a packet
 * @cpu: this CPU's counters
 *
 * u64_stats_sync would do nothing here on a 64-bit kernel, where a reader
 * could see a packet without its bytes. Context: softirqs off until
 * netlab_count_end().
 */
static __always_inline void netlab_count_begin(struct netlab_cpu *cpu)
{
	raw_write_seqcount_begin(&cpu->seq);
}

/**
 * netlab_count_end() - a packet is counted
 * @cpu: this CPU's counters
 */
static __always_inline void netlab_count_end(struct netlab_cpu *cpu)
{
	raw_write_seqcount_end(&cpu->seq);
}

/* The longest that a bucket takes, in bytes; 0: anything. */
static inline u32 netlab_size_max(unsigned int bucket)
{
	if (!bucket)
		return NETLAB_SIZE_MIN;
	if (bucket == NETLAB_SIZES - 1)
		return 0;
	return min_t(u32, (NETLAB_SIZE_MIN << bucket) - 1, NETLAB_SIZE_MAX);
}

#endif /* _NETLAB_ACCOUNT_H */
