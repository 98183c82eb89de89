/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * seen: packets that the kernel shows a hook a second time. They are counted and
 * told of once.
 */
#ifndef _NETLAB_SEEN_H
#define _NETLAB_SEEN_H

#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include <linux/netlab.h>

/*
 * A VRF shows what it passes to and from its devices a second time, as its own;
 * it is counted where the device is the real one. What begins or ends at the
 * VRF itself is seen once.
 */
static inline bool netlab_seen_by_vrf(const struct sk_buff *skb,
				      const struct net_device *dev,
				      unsigned int family, unsigned int hook)
{
	if (!dev || !netif_is_l3_master(dev))
		return false;
	if (hook != NF_INET_PRE_ROUTING)
		return skb_dst(skb) && skb_dst(skb)->dev != dev;
	return family == NETLAB_FAMILY_IPV4 ?
	       ipv4_l3mdev_skb(IPCB(skb)->flags) :
	       ipv6_l3mdev_skb(IP6CB(skb)->flags);
}

/*
 * A bridge with br_netfilter shows a packet that it then hands up to prerouting
 * before ip_rcv() does; the second time it isn't counted, as other hooks aren't
 * run (br_netfilter's ip_sabotage_in).
 */
static inline bool netlab_seen_by_bridge(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	const struct nf_bridge_info *bridge = nf_bridge_info_get(skb);

	return bridge && !bridge->in_prerouting;
#else
	return false;
#endif
}

/**
 * netlab_seen() - whether a hook was shown a packet before
 * @skb: the packet
 * @dev: the device that it came by or goes by
 * @family: enum netlab_family
 * @hook: the hook that it is at
 *
 * Context: softirq, RCU. Return: whether it was, and was counted.
 */
static inline bool netlab_seen(const struct sk_buff *skb,
			       const struct net_device *dev,
			       unsigned int family, unsigned int hook)
{
	switch (hook) {
	case NF_INET_PRE_ROUTING:
		return netlab_seen_by_bridge(skb) ||
		       netlab_seen_by_vrf(skb, dev, family, hook);
	case NF_INET_LOCAL_OUT:
	case NF_INET_POST_ROUTING:
		return netlab_seen_by_vrf(skb, dev, family, hook);
	default:
		return false;
	}
}

#endif /* _NETLAB_SEEN_H */
