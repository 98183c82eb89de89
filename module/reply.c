// SPDX-License-Identifier: GPL-2.0-only
/*
 * The request itself becomes the reply: nothing is copied but what a capture
 * or a clone shares. Until the last thing that can fail has not, the request
 * is untouched, so that it can be left to the stack.
 */
#include <linux/icmpv6.h>
#include <linux/netlab.h>
#include <net/dsfield.h>
#include <net/dst.h>
#include <net/flow.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/sock.h>

#include "hooks.h"
#include "main.h"
#include "reply.h"

/*
 * Where a request's checksum was left to a device to fill in, at a place that
 * its sender named, that stays undone: it is summed anew, as the stack does it
 * each time.
 */
static void netlab_reply_sum(struct sk_buff *skb, const struct netlab_packet *p,
			     unsigned int family)
{
	/* An ICMPv6 header has it at the same place. */
	struct icmphdr *icmph = (struct icmphdr *)(skb_network_header(skb) + p->l4);
	unsigned int len = skb->len - p->l4;
	__wsum sum;

	icmph->checksum = 0;
	sum = skb_checksum(skb, p->l4, len, 0);
	if (IS_ENABLED(CONFIG_IPV6) && family == NETLAB_FAMILY_IPV6)
		icmph->checksum = csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
						  &ipv6_hdr(skb)->daddr, len,
						  IPPROTO_ICMPV6, sum);
	else
		icmph->checksum = csum_fold(sum);
}

/* Any request that netlab_reply_writable() leaves. */
static noinline int netlab_reply_writable_any(struct sk_buff *skb,
					      const struct netlab_packet *p,
					      unsigned int family)
{
	/* As fragments they would be cut where the request's were. */
	if (skb_has_frag_list(skb) && skb_linearize(skb))
		return -ENOMEM;
	/* Clones share what is taken off below. */
	if (skb_is_gso(skb) && skb_unclone(skb, GFP_ATOMIC))
		return -ENOMEM;
	if (skb_ensure_writable(skb, p->l4 + sizeof(struct icmphdr)))
		return -ENOMEM;

	/* A virtual machine or tun can say anything: no ICMP is ever cut so. */
	if (skb_is_gso(skb))
		skb_gso_reset(skb);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		netlab_reply_sum(skb, p, family);
	return 0;
}

/* Makes sure that the headers can be written and that all of it can be sent. */
static __always_inline int netlab_reply_writable(struct sk_buff *skb,
						 const struct netlab_packet *p,
						 unsigned int family)
{
	if (likely(!skb_is_nonlinear(skb) && !skb_cloned(skb) &&
		   !skb_is_gso(skb) && skb->ip_summed != CHECKSUM_PARTIAL))
		return 0;
	return netlab_reply_writable_any(skb, p, family);
}

/*
 * Forgets how the request came in, and what others noted on it. Of the control
 * block, what IP looks at: @cb bytes.
 */
static __always_inline void netlab_reply_scrub(struct sk_buff *skb, u32 mark,
					       size_t cb)
{
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	/* Verified, and stays right: who gets it on this host may know. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = 0;
	skb->csum_valid = 0;
	skb->csum_complete_sw = 0;
	skb->encapsulation = 0;
	skb->priority = 0;
	skb->mark = mark;
	memset(skb->cb, 0, cb);
}

/* The outcome where there is no way back. */
static noinline int netlab_reply_no_route(unsigned long refdst)
{
	return refdst == NETLAB_ROUTE_NONE ? NETLAB_OUTCOME_NO_ROUTE :
					     NETLAB_OUTCOME_NO_MEMORY;
}

/* The VRF that a device belongs to, or is. */
static int netlab_reply_vrf(struct net_device *dev)
{
	if (likely(!netif_is_l3_master(dev) && !netif_is_l3_slave(dev)))
		return 0;
	return l3mdev_master_ifindex(dev);
}

/**
 * netlab_reply4() - answer an ICMP echo request
 * @cpu: this CPU's counters
 * @skb: the request, at NF_INET_LOCAL_IN or NF_INET_PRE_ROUTING, without
 *	options and whole, its checksum verified; the caller's no more if it
 *	was replied to
 * @p: what it is
 * @own: whether it is for an address of the namespace's own
 *
 * The reply is what icmp_reply() would have sent, but for the IP ID. Follows
 * RFC 792 and RFC 1122 section 3.2.2.6. Context: softirq, RCU.
 *
 * Return: NETLAB_OUTCOME_REPLIED; NETLAB_OUTCOME_BAD_SOURCE,
 * NETLAB_OUTCOME_NO_ROUTE or NETLAB_OUTCOME_NO_MEMORY, and the request is as it was.
 */
int netlab_reply4(struct netlab_cpu *cpu, struct sk_buff *skb,
		  const struct netlab_packet *p, bool own)
{
	struct iphdr *iph = ip_hdr(skb);
	struct netlab_net *ns = cpu->ns;
	struct net *net = ns->net;
	const struct netlab_way4 way = {
		.daddr = iph->saddr,
		.saddr = iph->daddr,
		.mark = IP4_REPLY_MARK(net, skb->mark),
		.oif = netlab_reply_vrf(skb->dev),
		.flags = own ? 0 : FLOWI_FLAG_ANYSRC,
		.tos = iph->tos,
	};
	const struct rtable *rt;
	struct icmphdr *icmph;
	unsigned long refdst;

	refdst = netlab_route4(net, &ns->routes, skb, &way);
	if (!(refdst & SKB_DST_PTRMASK))
		return netlab_reply_no_route(refdst);
	rt = (const struct rtable *)(refdst & SKB_DST_PTRMASK);
	/*
	 * A source that is a subnet's broadcast is never answered from here; nor,
	 * where the stack has not yet looked, one that is this namespace's own.
	 */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST) ||
	    (!own && rt->rt_flags & RTCF_LOCAL)) {
		refdst_drop(refdst);
		return NETLAB_OUTCOME_BAD_SOURCE;
	}
	if (netlab_reply_writable(skb, p, NETLAB_FAMILY_IPV4)) {
		refdst_drop(refdst);
		return NETLAB_OUTCOME_NO_MEMORY;
	}

	netlab_reply_scrub(skb, way.mark, sizeof(*IPCB(skb)));
	skb->_skb_refdst = refdst;
	skb->ignore_df = 1;

	icmph = (struct icmphdr *)(skb_network_header(skb) + p->l4);
	icmph->type = ICMP_ECHOREPLY;
	netlab_reply_checksum(&icmph->checksum, ICMP_ECHO, ICMP_ECHOREPLY,
			      icmph->code);
	netlab_reply_zeroes(skb, p->l4, &icmph->checksum);

	iph = ip_hdr(skb);
	swap(iph->saddr, iph->daddr);
	iph->ttl = ip4_dst_hoplimit(&rt->dst);
	iph->frag_off = 0;
	if (skb->len > NETLAB_ID_MATTERS)
		ip_select_ident(net, skb, NULL);

	netlab_hooks_send4(cpu, skb);
	return NETLAB_OUTCOME_REPLIED;
}

#if IS_ENABLED(CONFIG_IPV6)
/*
 * The longest piece that a reply is to be cut into. IPv6 cuts what is its own
 * before it sends it, where even the last piece is a multiple of eight.
 */
static u16 netlab_reply_piece(unsigned int mtu)
{
	const unsigned int headers = sizeof(struct ipv6hdr) +
				     sizeof(struct frag_hdr);

	return ((mtu - headers) & ~7) + headers;
}

/*
 * The link that the request came in by, as the kernel's icmp6_iif(); but the
 * stack goes back to ::1 by where the request was seen.
 */
static int netlab_reply_iif(const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	const struct rt6_info *rt6;

	if (likely(!(dev->flags & IFF_LOOPBACK) && !netif_is_l3_master(dev)))
		return dev->ifindex;
	rt6 = (const struct rt6_info *)skb_dst(skb);
	if (rt6 && rt6->rt6i_idev && !ipv6_addr_loopback(&ipv6_hdr(skb)->saddr))
		dev = rt6->rt6i_idev->dev;
	return dev->ifindex;
}

/**
 * netlab_reply6() - answer an ICMPv6 echo request
 * @cpu: this CPU's counters
 * @skb: the request, at NF_INET_LOCAL_IN or NF_INET_PRE_ROUTING, without
 *	extension headers and whole, its checksum verified; the caller's no
 *	more if it was replied to
 * @p: what it is
 * @own: whether it is for an address of the namespace's own
 *
 * The reply is what icmpv6_echo_reply() would have sent. Follows RFC 4443
 * section 4.2. Context: softirq, RCU.
 *
 * Return: as netlab_reply4().
 */
int netlab_reply6(struct netlab_cpu *cpu, struct sk_buff *skb,
		  const struct netlab_packet *p, bool own)
{
	struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct netlab_net *ns = cpu->ns;
	struct net *net = ns->net;
	struct netlab_way6 way = {
		.daddr = ip6h->saddr,
		.saddr = ip6h->daddr,
		.mark = IP6_REPLY_MARK(net, skb->mark),
		.oif = netlab_reply_iif(skb),
	};
	struct netlab_label label;
	struct icmp6hdr *icmp6h;
	struct inet6_dev *idev;
	struct dst_entry *dst;
	unsigned long refdst;

	if (net->ipv6.sysctl.flowlabel_reflect &
	    FLOWLABEL_REFLECT_ICMPV6_ECHO_REPLIES)
		way.flowlabel = ip6_flowlabel(ip6h);
	refdst = netlab_route6(net, &ns->routes, skb, &way, &label);
	if (!(refdst & SKB_DST_PTRMASK))
		return netlab_reply_no_route(refdst);
	dst = (struct dst_entry *)(refdst & SKB_DST_PTRMASK);
	/* Its own, where the stack has not yet looked; as for IPv4. */
	if (!own && ((const struct rt6_info *)dst)->rt6i_flags & RTF_LOCAL) {
		refdst_drop(refdst);
		return NETLAB_OUTCOME_BAD_SOURCE;
	}
	if (netlab_reply_writable(skb, p, NETLAB_FAMILY_IPV6)) {
		refdst_drop(refdst);
		return NETLAB_OUTCOME_NO_MEMORY;
	}

	netlab_reply_scrub(skb, way.mark, sizeof(*IP6CB(skb)));
	if (label.hashed)
		__skb_set_sw_hash(skb, label.hash, label.l4);
	skb->_skb_refdst = refdst;
	skb->ignore_df = 1;

	icmp6h = (struct icmp6hdr *)(skb_network_header(skb) + p->l4);
	icmp6h->icmp6_type = ICMPV6_ECHO_REPLY;
	netlab_reply_checksum(&icmp6h->icmp6_cksum, ICMPV6_ECHO_REQUEST,
			      ICMPV6_ECHO_REPLY, icmp6h->icmp6_code);

	ip6h = ipv6_hdr(skb);
	swap(ip6h->saddr, ip6h->daddr);
	ip6h->hop_limit = label.hop_limit;
	ip6_flow_hdr(ip6h, ipv6_get_dsfield(ip6h), label.label);

	if (skb->len > IPV6_MIN_MTU && skb->len > dst_mtu(dst))
		IP6CB(skb)->frag_max_size = netlab_reply_piece(dst_mtu(dst));

	idev = ip6_dst_idev(dst);
	netlab_ip6_count_request(net, idev, skb->len);
	netlab_hooks_send6(cpu, skb, idev);
	return NETLAB_OUTCOME_REPLIED;
}
#endif /* CONFIG_IPV6 */
