// SPDX-License-Identifier: GPL-2.0-only
/*
 * At a device's ingress a request has seen neither routing nor the firewall,
 * and is answered only where nothing about it is left to decide. Whatever is
 * odd about it takes the ordinary way, and is counted there.
 */
#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "address.h"
#include "count.h"
#include "direct.h"
#include "echo.h"
#include "main.h"
#include "reply.h"

/*
 * Whether the frame itself is one that can be turned round. One with a route is
 * a tunnel's, which names the other end: only another route leads back there.
 */
static __always_inline bool netlab_turn_frame(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb_vlan_tag_present(skb) &&
	       !skb_shared(skb) && !skb_is_gso(skb) && !skb->_skb_refdst &&
	       skb->ip_summed != CHECKSUM_PARTIAL &&
	       skb->mac_len == ETH_HLEN && !secpath_exists(skb) &&
	       !rcu_access_pointer(skb->dev->rx_handler) &&
	       !netif_is_l3_slave(skb->dev) &&
	       is_valid_ether_addr(eth_hdr(skb)->h_source);
}

/* A driver may leave all but the link-layer header in pages. */
static __always_inline bool netlab_turn_linear(struct sk_buff *skb,
					       unsigned int len)
{
	return likely(skb_headlen(skb) >= len) ||
	       (!skb_shared(skb) && pskb_may_pull(skb, len));
}

/* The sum over what follows the network header, not folded. */
static __wsum netlab_turn_sum(const struct sk_buff *skb, unsigned int l4)
{
	if (likely(!skb_is_nonlinear(skb)))
		return csum_partial(skb->data + l4, skb->len - l4, 0);
	return skb_checksum(skb, l4, skb->len - l4, 0);
}

/*
 * Whether a request goes from a host to this namespace: neither address may be
 * a broadcast's, nor the source the namespace's own. What routing says stands
 * until routes or addresses change.
 */
static bool netlab_turn_local4(const struct netlab_direct *direct,
			       const struct iphdr *iph)
{
	struct netlab_direct_pair *pair = this_cpu_ptr(direct->pairs);
	struct net *net = direct->ns->net;
	const int genid = rt_genid_ipv4(net);

	pair += (__force u32)iph->saddr % NETLAB_DIRECT_PAIRS;
	if (likely(pair->saddr == iph->saddr && pair->daddr == iph->daddr &&
		   pair->genid == genid))
		return true;
	if (ipv4_is_loopback(iph->daddr) ||
	    inet_addr_type(net, iph->daddr) != RTN_LOCAL ||
	    inet_addr_type(net, iph->saddr) != RTN_UNICAST)
		return false;
	pair->saddr = iph->saddr;
	pair->daddr = iph->daddr;
	pair->genid = genid;
	return true;
}

/* The slot of the prefix that answers for an address, if one does. */
static struct netlab_prefix_slot *
netlab_turn_prefix(struct netlab_net *ns, unsigned int family,
		   struct netlab_address address)
{
	const struct netlab_prefixes *set = rcu_dereference(ns->prefixes);
	struct netlab_prefix *prefix;

	prefix = set ? netlab_prefix_find(set, family, address) : NULL;
	if (!prefix)
		return NULL;
	/* prefix_cpus was there before the first set. */
	smp_rmb();
	return netlab_prefix_slot(this_cpu_ptr(ns->prefix_cpus), prefix);
}

/* Counts the frame at a hook as ip_rcv() or ip_output() would have shown it. */
static noinline void netlab_turn_show(struct netlab_cpu *cpu,
				      const struct sk_buff *skb,
				      unsigned int family, unsigned int hook)
{
	netlab_count_begin(cpu);
	netlab_count_any(cpu, skb, skb->dev, family, hook);
	netlab_count_end(cpu);
	if (hook == NETLAB_HOOK_POSTROUTING)
		netlab_count_outcome(cpu, family, NETLAB_PATH_DIRECT,
				     NETLAB_OUTCOME_REPLIED);
}

/* Whether rates and sizes have nothing against a request. */
static __always_inline bool
netlab_turn_within(struct netlab_net *ns, const struct netlab_config *config,
		   const struct sk_buff *skb, unsigned int family,
		   struct netlab_prefix_slot *slot)
{
	return (likely(!config->limited) && !slot) ||
	       netlab_echo_limits(ns, config, skb, family, slot) ==
	       NETLAB_OUTCOME_REPLIED;
}

/* Forgets how the frame came in; it has no route and no connection yet. */
static void netlab_turn_scrub(struct sk_buff *skb, u32 mark)
{
	skb_orphan(skb);
	skb_clear_hash(skb);
	skb_ext_reset(skb);
	nf_reset_trace(skb);
	skb->mark = mark;
	skb->priority = 0;
	skb->tstamp = 0;
	skb->ip_summed = CHECKSUM_NONE;
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_fwd_mark = 0;
	skb->offload_l3_fwd_mark = 0;
#endif
}

/* Sends the frame back to where it came from. Consumes it. */
static void netlab_turn_send(struct sk_buff *skb)
{
	struct ethhdr *eth = eth_hdr(skb);

	ether_addr_copy(eth->h_dest, eth->h_source);
	ether_addr_copy(eth->h_source, skb->dev->dev_addr);
	skb_push(skb, ETH_HLEN);
	dev_queue_xmit(skb);
}

/* Returns whether the frame was answered, and is the caller's no more. */
static bool netlab_turn4(struct netlab_direct *direct,
			 struct netlab_cpu *cpu, struct sk_buff *skb)
{
	const unsigned int l4 = sizeof(struct iphdr);
	struct netlab_net *ns = direct->ns;
	const struct netlab_config *config = rcu_dereference(ns->config);
	struct netlab_prefix_slot *slot = NULL;
	struct net *net = ns->net;
	struct icmphdr *icmph;
	struct iphdr *iph;
	unsigned int len;
	bool counted;

	if (!netlab_turn_linear(skb, l4 + sizeof(*icmph)))
		return false;
	iph = (struct iphdr *)skb->data;
	if (*(const u8 *)iph != 0x45 || iph->protocol != IPPROTO_ICMP ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET))
		return false;
	icmph = (struct icmphdr *)(iph + 1);
	if (icmph->type != ICMP_ECHO || !netlab_turn_frame(skb))
		return false;
	len = ntohs(iph->tot_len);
	/* The stack would cut what is longer than the link takes. */
	if (len < l4 + sizeof(*icmph) || skb->len < len ||
	    len > READ_ONCE(skb->dev->mtu) || ip_fast_csum(iph, l4 / 4))
		return false;
	/* What Ethernet has padded. */
	if (skb->len > len && pskb_trim_rcsum(skb, len))
		return false;
	/* To be trimmed, it may have been taken apart from its clones. */
	iph = (struct iphdr *)skb->data;
	if (!skb_csum_unnecessary(skb) &&
	    csum_fold(netlab_turn_sum(skb, l4)))
		return false;
	if (netlab_odd_addresses4(iph) || netlab_disabled4(net))
		return false;

	if (config->set.local && netlab_turn_local4(direct, iph)) {
		if (netlab_raw4(net) ||
		    !xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb))
			return false;
	} else {
		slot = netlab_turn_prefix(ns, NETLAB_FAMILY_IPV4,
					  netlab_address4(iph->daddr));
		if (!slot || !netlab_foreign4(net, skb->dev, iph->daddr) ||
		    inet_addr_type(net, iph->saddr) != RTN_UNICAST ||
		    !xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb))
			return false;
	}
	if (!netlab_turn_within(ns, config, skb, NETLAB_FAMILY_IPV4, slot) ||
	    skb_unclone(skb, GFP_ATOMIC))
		return false;

	counted = netlab_count_turned(cpu, skb->dev, NETLAB_FAMILY_IPV4, len);
	if (!counted)
		netlab_turn_show(cpu, skb, NETLAB_FAMILY_IPV4,
				 NETLAB_HOOK_PREROUTING);
	if (slot)
		netlab_prefix_count(slot, true);
	netlab_mib_touch(&ns->mib);

	netlab_turn_scrub(skb, IP4_REPLY_MARK(net, skb->mark));
	iph = (struct iphdr *)skb->data;
	icmph = (struct icmphdr *)(iph + 1);
	icmph->type = ICMP_ECHOREPLY;
	netlab_reply_checksum(&icmph->checksum, ICMP_ECHO, ICMP_ECHOREPLY,
			      icmph->code);
	netlab_reply_zeroes(skb, l4, &icmph->checksum);
	swap(iph->saddr, iph->daddr);
	iph->ttl = READ_ONCE(net->ipv4.sysctl_ip_default_ttl);
	iph->frag_off = 0;
	if (len > NETLAB_ID_MATTERS)
		ip_select_ident(net, skb, NULL);
	iph->check = 0;
	iph->check = ip_fast_csum(iph, l4 / 4);
	if (!counted)
		netlab_turn_show(cpu, skb, NETLAB_FAMILY_IPV4,
				 NETLAB_HOOK_POSTROUTING);
	netlab_turn_send(skb);
	return true;
}

#if IS_ENABLED(CONFIG_IPV6)
/*
 * The reply's flow label: the one that the stack would make of its addresses,
 * by a hash so dear that it is remembered.
 */
static __be32 netlab_turn_label(const struct netlab_direct *direct,
				struct sk_buff *skb,
				const struct ipv6hdr *ip6h)
{
	struct netlab_direct_pair *pair = this_cpu_ptr(direct->pairs);
	struct net *net = direct->ns->net;
	const u8 autolabel = ip6_default_np_autolabel(net);
	struct flowi6 fl6 = {};

	if (net->ipv6.sysctl.flowlabel_reflect &
	    FLOWLABEL_REFLECT_ICMPV6_ECHO_REPLIES && ip6_flowlabel(ip6h))
		return ip6_flowlabel(ip6h);

	pair += (__force u32)ip6h->daddr.s6_addr32[3] % NETLAB_DIRECT_PAIRS;
	if (likely(ipv6_addr_equal(&pair->saddr6, &ip6h->saddr) &&
		   ipv6_addr_equal(&pair->daddr6, &ip6h->daddr) &&
		   pair->autolabel == autolabel))
		return pair->label;
	fl6.saddr = ip6h->saddr;
	fl6.daddr = ip6h->daddr;
	fl6.flowi6_proto = IPPROTO_ICMPV6;
	fl6.fl6_icmp_type = ICMPV6_ECHO_REPLY;
	pair->label = ip6_make_flowlabel(net, skb, 0, autolabel, &fl6);
	pair->autolabel = autolabel;
	pair->saddr6 = ip6h->saddr;
	pair->daddr6 = ip6h->daddr;
	return pair->label;
}

/* As netlab_turn4(). */
static bool netlab_turn6(struct netlab_direct *direct,
			 struct netlab_cpu *cpu, struct sk_buff *skb)
{
	const unsigned int l4 = sizeof(struct ipv6hdr);
	struct netlab_net *ns = direct->ns;
	const struct netlab_config *config = rcu_dereference(ns->config);
	struct netlab_prefix_slot *slot = NULL;
	const struct inet6_dev *idev;
	struct icmp6hdr *icmp6h;
	struct net *net = ns->net;
	struct ipv6hdr *ip6h;
	unsigned int len;
	bool counted;
	u8 tclass;

	if (!netlab_turn_linear(skb, l4 + sizeof(*icmp6h)))
		return false;
	ip6h = (struct ipv6hdr *)skb->data;
	if (ip6h->version != 6 || ip6h->nexthdr != IPPROTO_ICMPV6)
		return false;
	icmp6h = (struct icmp6hdr *)(ip6h + 1);
	if (icmp6h->icmp6_type != ICMPV6_ECHO_REQUEST ||
	    !netlab_turn_frame(skb))
		return false;
	len = ntohs(ip6h->payload_len);
	if (len < sizeof(*icmp6h) || skb->len < l4 + len)
		return false;
	if (skb->len > l4 + len && pskb_trim_rcsum(skb, l4 + len))
		return false;
	ip6h = (struct ipv6hdr *)skb->data;
	if (!skb_csum_unnecessary(skb) &&
	    csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, IPPROTO_ICMPV6,
			    netlab_turn_sum(skb, l4)))
		return false;
	idev = __in6_dev_get(skb->dev);
	if (!idev || READ_ONCE(idev->cnf.disable_ipv6) ||
	    l4 + len > READ_ONCE(idev->cnf.mtu6) ||
	    netlab_odd_addresses6(ip6h) || netlab_disabled6(net) ||
	    ipv6_addr_loopback(&ip6h->daddr) ||
	    ipv6_chk_addr(net, &ip6h->saddr, skb->dev, 0))
		return false;

	if (config->set.local &&
	    ipv6_chk_addr(net, &ip6h->daddr, skb->dev, 0)) {
		if (netlab_raw6(net) ||
		    !xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb))
			return false;
	} else {
		slot = netlab_turn_prefix(ns, NETLAB_FAMILY_IPV6,
					  netlab_address6(&ip6h->daddr));
		if (!slot || !netlab_foreign6(net, skb->dev, &ip6h->daddr) ||
		    !xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb))
			return false;
	}
	if (!netlab_turn_within(ns, config, skb, NETLAB_FAMILY_IPV6, slot) ||
	    skb_unclone(skb, GFP_ATOMIC))
		return false;

	counted = netlab_count_turned(cpu, skb->dev, NETLAB_FAMILY_IPV6,
				      l4 + len);
	if (!counted)
		netlab_turn_show(cpu, skb, NETLAB_FAMILY_IPV6,
				 NETLAB_HOOK_PREROUTING);
	if (slot)
		netlab_prefix_count(slot, true);
	netlab_mib_touch(&ns->mib);

	netlab_turn_scrub(skb, IP6_REPLY_MARK(net, skb->mark));
	ip6h = (struct ipv6hdr *)skb->data;
	icmp6h = (struct icmp6hdr *)(ip6h + 1);
	icmp6h->icmp6_type = ICMPV6_ECHO_REPLY;
	netlab_reply_checksum(&icmp6h->icmp6_cksum, ICMPV6_ECHO_REQUEST,
			      ICMPV6_ECHO_REPLY, icmp6h->icmp6_code);
	swap(ip6h->saddr, ip6h->daddr);
	ip6h->hop_limit = READ_ONCE(idev->cnf.hop_limit);
	tclass = ipv6_get_dsfield(ip6h);
	ip6_flow_hdr(ip6h, tclass, netlab_turn_label(direct, skb, ip6h));
	if (!counted)
		netlab_turn_show(cpu, skb, NETLAB_FAMILY_IPV6,
				 NETLAB_HOOK_POSTROUTING);
	netlab_turn_send(skb);
	return true;
}
#endif /* CONFIG_IPV6 */

/**
 * netlab_turn() - answer a frame at a device's ingress, if it is to be
 * @priv: struct netlab_direct, the device
 * @skb: a frame of any kind, its data behind the Ethernet header
 * @state: of the hook
 *
 * Context: softirqs off, RCU. Return: netfilter's verdict.
 */
unsigned int netlab_turn(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	struct netlab_direct *direct = priv;
	struct netlab_cpu *cpu = this_cpu_ptr(direct->ns->account.cpu);
	bool answered = false;

	if (skb->protocol == htons(ETH_P_IP))
		answered = netlab_turn4(direct, cpu, skb);
#if IS_ENABLED(CONFIG_IPV6)
	else if (skb->protocol == htons(ETH_P_IPV6))
		answered = netlab_turn6(direct, cpu, skb);
#endif
	return answered ? NF_STOLEN : NF_ACCEPT;
}
