/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * count: the packet path. Counts an sk_buff in all the tables that it is in.
 *
 * The ordinary packet is found to be one by a few comparisons, and counted
 * without a function call. Whatever is odd about any other, it is counted by
 * the one function that knows everything.
 */
#ifndef _NETLAB_COUNT_H
#define _NETLAB_COUNT_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netdevice.h>
#include <net/ipv6.h>

#include "account.h"
#include "dissect.h"
#include "inspect.h"

u8 netlab_count_any(struct netlab_cpu *cpu, const struct sk_buff *skb,
		    const struct net_device *dev, unsigned int family,
		    unsigned int hook);

/* Whether br_netfilter has had the sk_buff, and may show it a second time. */
static __always_inline bool netlab_bridge_skb(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return skb_ext_exist(skb, SKB_EXT_BRIDGE_NF);
#else
	return false;
#endif
}

/* Whether packets are looked at for what is odd at a hook: seen first there. */
static inline bool netlab_hook_first(unsigned int hook)
{
	return hook == NETLAB_HOOK_PREROUTING || hook == NETLAB_HOOK_OUTPUT;
}

/* Whether a hook is where packets pass a device. */
static inline bool netlab_hook_edge(unsigned int hook)
{
	return hook == NETLAB_HOOK_PREROUTING ||
	       hook == NETLAB_HOOK_POSTROUTING;
}

/* The side of such a hook. */
static inline unsigned int netlab_hook_side(unsigned int family,
					    unsigned int hook)
{
	return NETLAB_SIDE(family, hook == NETLAB_HOOK_PREROUTING ?
				   NETLAB_DIRECTION_RX : NETLAB_DIRECTION_TX);
}

/* The histogram's bucket of a layer-3 length. */
static __always_inline unsigned long netlab_size_bucket(unsigned int len)
{
	/* 5 is taken off at the end, where it is part of an address. */
	unsigned long bucket = __fls(NETLAB_SIZE_MIN) - 1;

	if (likely(len - NETLAB_SIZE_MIN - 1 < NETLAB_SIZE_MAX - NETLAB_SIZE_MIN))
		bucket = __fls(len);
	else if (len > NETLAB_SIZE_MAX)
		bucket += NETLAB_SIZES - 1;
	return bucket - 5;
}

static __always_inline void netlab_counter_add(struct netlab_counter *c,
					       u32 packets, u64 bytes)
{
	u64_stats_add(&c->packets, packets);
	u64_stats_add(&c->bytes, bytes);
}

/**
 * netlab_count_ordinary() - count one sk_buff if there is nothing odd about it
 * @cpu: this CPU's counters
 * @skb: at a netfilter hook: its data begins with a network header, of which
 *	the fixed part is linear
 * @dev: the device that it came by or goes by
 * @family: enum netlab_family, a constant
 * @hook: enum netlab_hook, a constant
 * @protocol: set to what it carries
 *
 * Ordinary is: no IP options, extension headers, fragments or GSO; a transport
 * header that is linear, TCP's with ACK and neither SYN, FIN nor RST; addresses
 * that can be; a kind of packet that this CPU has counted before, among the
 * first to be given a slot; the device that was last seen, no VRF or bridge
 * that could show it twice.
 *
 * Context: softirqs off, RCU. No lock, no atomic, no call.
 *
 * Return: whether it was counted; if not, nothing was.
 */
static __always_inline bool
netlab_count_ordinary(struct netlab_cpu *cpu, const struct sk_buff *skb,
		      const struct net_device *dev, unsigned int family,
		      unsigned int hook, u8 *protocol)
{
	const bool first = netlab_hook_first(hook), edge = netlab_hook_edge(hook);
	const unsigned int side = netlab_hook_side(family, hook);
	const struct netlab_device_last *last = &cpu->last[side % NETLAB_DIRECTIONS];
	const unsigned int len = skb->len;
	const void *header = skb->data;
	struct netlab_counter *c;
	const u8 *transport;
	unsigned int l4;
	long at;

	if (hook == NETLAB_HOOK_PREROUTING && netlab_bridge_skb(skb))
		return false;
	if (edge ? dev != last->dev :
		   first && (!dev || netif_is_l3_master(dev)))
		return false;
	if (skb_is_gso(skb))
		return false;

	if (family == NETLAB_FAMILY_IPV4) {
		const struct iphdr *iph = header;

		/* Version 4, and a header of five words. */
		if (*(const u8 *)header != 0x45)
			return false;
		/* IPv4 is reassembled before input. */
		if (hook != NETLAB_HOOK_INPUT &&
		    iph->frag_off & htons(IP_MF | IP_OFFSET))
			return false;
		if (first && netlab_odd_addresses4(iph))
			return false;
		l4 = sizeof(*iph);
		*protocol = iph->protocol;
	} else {
		const struct ipv6hdr *ip6h = header;

		l4 = sizeof(*ip6h);
		*protocol = ip6h->nexthdr;
		if (netlab_exthdr[*protocol])
			return false;
		if (first && netlab_odd_addresses6(ip6h))
			return false;
	}
	transport = header + l4;
	at = cpu->at[*protocol];

	if (first || edge) {
		const unsigned int linear = skb_headlen(skb);

		if (linear < l4 + sizeof(struct icmphdr))
			return false;
		if (*protocol == IPPROTO_TCP) {
			if (linear < l4 + sizeof(struct tcphdr) ||
			    netlab_odd_tcp(transport[NETLAB_TCP_FLAGS_OFFSET]))
				return false;
		} else if (edge && *protocol == netlab_icmp(family)) {
			at = cpu->at[NETLAB_KEY_TYPE(transport[0])];
		}
	}
	if (at <= 0)
		return false;

	netlab_count_begin(cpu);
	c = (void *)cpu->first[NETLAB_CELL(family, hook)] + at;
	netlab_counter_add(c, 1, len);
	if (edge) {
		c = (void *)last->counters->first[side] + at;
		netlab_counter_add(c, 1, len);
		u64_stats_inc(&cpu->size[side][netlab_size_bucket(len)]);
	}
	netlab_count_end(cpu);
	return true;
}

/**
 * netlab_count_turned() - count an echo request and its reply, in one go
 * @cpu: this CPU's counters
 * @dev: the device that the one came by and the other goes by
 * @family: enum netlab_family, a constant
 * @len: layer-3 length of either, in bytes
 *
 * Both are ordinary, as netlab_count_ordinary() has it, and so must be what
 * this CPU has counted before. The request's outcome is counted, too: replied,
 * at the device's ingress. Context: softirqs off, RCU. No lock, no call.
 *
 * Return: whether they were counted; if not, nothing was.
 */
static __always_inline bool
netlab_count_turned(struct netlab_cpu *cpu, const struct net_device *dev,
		    unsigned int family, unsigned int len)
{
	const bool ipv4 = family == NETLAB_FAMILY_IPV4;
	const long in = cpu->at[NETLAB_KEY_TYPE(ipv4 ? ICMP_ECHO :
						ICMPV6_ECHO_REQUEST)];
	const long out = cpu->at[NETLAB_KEY_TYPE(ipv4 ? ICMP_ECHOREPLY :
						 ICMPV6_ECHO_REPLY)];
	const unsigned int rx = NETLAB_SIDE(family, NETLAB_DIRECTION_RX);
	const unsigned int tx = NETLAB_SIDE(family, NETLAB_DIRECTION_TX);
	const struct netlab_device_last *from = &cpu->last[NETLAB_DIRECTION_RX];
	const struct netlab_device_last *to = &cpu->last[NETLAB_DIRECTION_TX];
	const unsigned long bucket = netlab_size_bucket(len);

	if (from->dev != dev || to->dev != dev || in <= 0 || out <= 0)
		return false;

	netlab_count_begin(cpu);
	netlab_counter_add((void *)cpu->first[NETLAB_CELL(family, NETLAB_HOOK_PREROUTING)] + in,
			   1, len);
	netlab_counter_add((void *)cpu->first[NETLAB_CELL(family, NETLAB_HOOK_POSTROUTING)] + out,
			   1, len);
	netlab_counter_add((void *)from->counters->first[rx] + in, 1, len);
	netlab_counter_add((void *)to->counters->first[tx] + out, 1, len);
	u64_stats_inc(&cpu->size[rx][bucket]);
	u64_stats_inc(&cpu->size[tx][bucket]);
	u64_stats_inc(&cpu->outcome[family][NETLAB_PATH_DIRECT][NETLAB_OUTCOME_REPLIED]);
	netlab_count_end(cpu);
	return true;
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
	netlab_count_begin(cpu);
	u64_stats_inc(&cpu->outcome[family][path][outcome]);
	netlab_count_end(cpu);
}

#endif /* _NETLAB_COUNT_H */
