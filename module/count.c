// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting any sk_buff: what netlab_count_ordinary() leaves.
 */
#include <linux/math64.h>
#include <linux/slab.h>

#include "count.h"

/*
 * A slot's counters in one of the later chunks, which is made if there is none
 * yet; NULL if there is no memory. @cells is how many rows a slot has.
 */
static struct netlab_counter *netlab_slot_late(struct netlab_counter ***chunk,
					       unsigned int cells,
					       unsigned int cell,
					       unsigned int slot)
{
	const gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct netlab_counter **c, **chunks, *new;

	if (unlikely(!*chunk)) {
		chunks = kcalloc(NETLAB_CHUNKS, sizeof(*chunks), gfp);
		if (!chunks)
			return NULL;
		/* Pairs with the acquire in netlab_chunk(). */
		smp_store_release(chunk, chunks);
	}
	c = &(*chunk)[slot / NETLAB_SLOTS - 1];
	if (unlikely(!*c)) {
		new = kcalloc(cells * NETLAB_SLOTS, sizeof(*new), gfp);
		if (!new)
			return NULL;
		/* Pairs with the acquire in netlab_chunk(). */
		smp_store_release(c, new);
	}
	return *c + cell * NETLAB_SLOTS + slot % NETLAB_SLOTS;
}

/*
 * Counts by key; what finds no memory is counted as refused, and so still in
 * the hook's total. A key without a slot gets one.
 */
static void netlab_count_key(struct netlab_cpu *cpu, unsigned int cell,
			     unsigned int key, const struct netlab_packet *p)
{
	struct netlab_counter *c;
	unsigned int slot;

	if (!cpu->at[key]) {
		WRITE_ONCE(cpu->at[key], netlab_slot_at(cpu->used));
		cpu->used++;
	}
	slot = netlab_at_slot(cpu->at[key]);
	if (slot < NETLAB_SLOTS)
		c = &cpu->first[cell][slot];
	else
		c = netlab_slot_late(&cpu->chunk, NETLAB_CELLS, cell, slot);
	netlab_counter_add(c ?: &cpu->cell[cell].refused, p->packets, p->bytes);
}

/*
 * Spares the next packet the look-up. A device that goes is taken out of the
 * table first and then forgotten on each CPU (netlab_device_forget()): either
 * that comes after this, or this sees that it is no longer in the table. A VRF
 * isn't remembered: each of its packets must be looked at.
 */
static void netlab_device_remember(struct netlab_cpu *cpu,
				   unsigned int direction,
				   const struct net_device *dev,
				   struct netlab_device_cpu *counters)
{
	struct netlab_device_last *last = &cpu->last[direction];
	struct netlab_device_cpu __percpu *found;

	if (last->dev == dev || netif_is_l3_master(dev))
		return;
	WRITE_ONCE(last->dev, NETLAB_NO_DEVICE);
	WRITE_ONCE(last->counters, counters);
	WRITE_ONCE(last->dev, dev);
	/* Pairs with the barrier in netlab_device_forget(). */
	smp_mb();
	found = netlab_devices_find(rcu_dereference(cpu->devices), dev->ifindex);
	if (!found || this_cpu_ptr(found) != counters)
		WRITE_ONCE(last->dev, NETLAB_NO_DEVICE);
}

/* After netlab_count_key(): a device's slots are the namespace's. */
static void netlab_count_device(struct netlab_cpu *cpu, unsigned int cell,
				unsigned int side, const struct net_device *dev,
				unsigned int key, const struct netlab_packet *p)
{
	struct netlab_device_cpu __percpu *device = NULL;
	unsigned int slot = netlab_at_slot(cpu->at[key]);
	struct netlab_counter *c = NULL;

	if (dev)
		device = netlab_devices_find(rcu_dereference(cpu->devices),
					     dev->ifindex);
	if (device) {
		struct netlab_device_cpu *d = this_cpu_ptr(device);

		if (slot < NETLAB_SLOTS)
			c = &d->first[side][slot];
		else
			c = netlab_slot_late(&d->chunk, NETLAB_SIDES, side, slot);
		netlab_device_remember(cpu, side % NETLAB_DIRECTIONS, dev, d);
	}
	if (c)
		netlab_counter_add(c, p->packets, p->bytes);
	else
		u64_stats_add(&cpu->cell[cell].strays, p->packets);
}

/* Of several packets all have one length but the last. */
static void netlab_count_size(struct netlab_cpu *cpu, unsigned int side,
			      const struct sk_buff *skb,
			      const struct netlab_packet *p)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int others = p->packets - 1, full = 0;
	u64_stats_t *size = cpu->size[side];

	if (others) {
		/* The bytes that there are more of are the others' headers. */
		u64 more = p->bytes - skb->len;

		/* But UFO gives the first IPv6 piece, too, a fragment header. */
		if (info->gso_type & SKB_GSO_UDP &&
		    skb->protocol == htons(ETH_P_IPV6))
			more -= sizeof(struct frag_hdr);
		if (info->gso_size == GSO_BY_FRAGS)
			full = div_u64(p->bytes, p->packets);
		else
			full = div_u64(more, others) + info->gso_size;
		u64_stats_add(&size[netlab_size_bucket(full)], others);
	}
	u64_stats_inc(&size[netlab_size_bucket(p->bytes - (u64)others * full)]);
}

static void netlab_count_flags(struct netlab_cpu *cpu, unsigned int cell,
			       const struct netlab_packet *p)
{
	if (p->flags & NETLAB_PACKET_FRAGMENT)
		u64_stats_add(&cpu->cell[cell].fragments, p->packets);
	if (p->flags & NETLAB_PACKET_OPTIONS)
		u64_stats_add(&cpu->cell[cell].options, p->packets);
	if (p->flags & NETLAB_PACKET_GSO)
		u64_stats_add(&cpu->cell[cell].merged, p->packets - 1);
}

/**
 * netlab_count_any() - count one sk_buff
 * @cpu: this CPU's counters
 * @skb: at a netfilter hook: its data begins with a network header, of which
 *	the fixed part is linear
 * @dev: the device that it came by or goes by; may be NULL
 * @family: enum netlab_family
 * @hook: enum netlab_hook
 *
 * Context: softirqs off, RCU, after netlab_count_begin(). Takes no lock.
 * Allocates, atomically, at most NETLAB_CHUNKS + 1 times per CPU in the life of
 * a namespace, and as often in that of a device.
 *
 * Return: the protocol that it carries.
 */
u8 netlab_count_any(struct netlab_cpu *cpu, const struct sk_buff *skb,
		    const struct net_device *dev, unsigned int family,
		    unsigned int hook)
{
	const unsigned int cell = NETLAB_CELL(family, hook);
	const unsigned int side = netlab_hook_side(family, hook);
	const bool edge = netlab_hook_edge(hook);
	struct netlab_packet p;
	unsigned int key;

	if (family == NETLAB_FAMILY_IPV4)
		netlab_dissect4(skb, &p);
	else
		netlab_dissect6(skb, &p);
	key = p.protocol;

	if (netlab_hook_first(hook))
		netlab_inspect(cpu, cell, skb, dev, family, &p);
	if (edge)
		key = netlab_inspect_edge(cpu, side, skb, family, &p);
	netlab_count_key(cpu, cell, key, &p);
	if (p.flags)
		netlab_count_flags(cpu, cell, &p);
	if (edge) {
		netlab_count_size(cpu, side, skb, &p);
		netlab_count_device(cpu, cell, side, dev, key, &p);
	}
	return p.protocol;
}
