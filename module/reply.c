// SPDX-License-Identifier: GPL-2.0-only
/*
 * The request itself becomes the reply: nothing is copied but what a capture
 * or a clone shares. Until the last thing that can fail has not, the request
 * is untouched, so that it can be left to the stack.
 */
#include <linux/icmpv6.h>
#include <linux/netlab.h>
#include <linux/security.h>
#include <net/dsfield.h>
#include <net/dst.h>
#include <net/flow.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/sock.h>

#include "reply.h"

/* Makes sure that the headers can be written and that all of it can be sent. */
static int netlab_reply_writable(struct sk_buff *skb,
				 const struct netlab_packet *p)
{
	/* As fragments they would be cut where the request's were. */
	if (skb_has_frag_list(skb) && skb_linearize(skb))
		return -ENOMEM;
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return -ENOMEM;
	return skb_ensure_writable(skb, p->l4 + sizeof(struct icmphdr));
}

/* Forgets how the request came in, and what others noted on it. */
static void netlab_reply_scrub(struct sk_buff *skb, u32 mark)
{
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb_reset_redirect(skb);
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;
	skb->csum_complete_sw = 0;
	skb->encapsulation = 0;
	skb->priority = 0;
	skb->mark = mark;
	memset(skb->cb, 0, sizeof(skb->cb));
}

/**
 * netlab_reply4() - answer an ICMP echo request
 * @net: the namespace
 * @skb: the request, at NF_INET_LOCAL_IN or NF_INET_PRE_ROUTING, without
 *	options and whole, its checksum verified; the caller's no more if it was replied to
 * @p: what it is
 * @own: whether it is for an address of the namespace's own
 *
 * The reply is what icmp_reply() would have sent, but for the IP ID. Follows
 * RFC 792 and RFC 1122 section 3.2.2.6. Context: softirq, RCU.
 *
 * Return: NETLAB_OUTCOME_REPLIED; NETLAB_OUTCOME_BAD_SOURCE,
 * NETLAB_OUTCOME_NO_ROUTE or NETLAB_OUTCOME_NO_MEMORY, and the request is as it was.
 */
int netlab_reply4(struct net *net, struct sk_buff *skb,
		  const struct netlab_packet *p, bool own)
{
	struct iphdr *iph = ip_hdr(skb);
	struct icmphdr *icmph;
	struct flowi4 fl4 = {
		.daddr = iph->saddr,
		.saddr = iph->daddr,
		.flowi4_mark = IP4_REPLY_MARK(net, skb->mark),
		.flowi4_uid = sock_net_uid(net, NULL),
		.flowi4_proto = IPPROTO_ICMP,
		.flowi4_oif = l3mdev_master_ifindex(skb->dev),
		.flowi4_flags = own ? 0 : FLOWI_FLAG_ANYSRC,
	};
	struct rtable *rt;

	netlab_flowi4_set_tos(&fl4, iph->tos);
	security_skb_classify_flow(skb, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return NETLAB_OUTCOME_NO_ROUTE;
	/* A source that is a subnet's broadcast. Never answered from here. */
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return NETLAB_OUTCOME_BAD_SOURCE;
	}
	if (netlab_reply_writable(skb, p)) {
		ip_rt_put(rt);
		return NETLAB_OUTCOME_NO_MEMORY;
	}

	netlab_reply_scrub(skb, fl4.flowi4_mark);
	skb_dst_set(skb, &rt->dst);
	skb->ignore_df = 1;

	icmph = (struct icmphdr *)(skb_network_header(skb) + p->l4);
	icmph->type = ICMP_ECHOREPLY;
	netlab_reply_checksum(&icmph->checksum, ICMP_ECHO, ICMP_ECHOREPLY,
			      icmph->code);

	iph = ip_hdr(skb);
	swap(iph->saddr, iph->daddr);
	iph->ttl = ip4_dst_hoplimit(&rt->dst);
	iph->frag_off = 0;
	if (skb->len > NETLAB_ID_MATTERS)
		ip_select_ident(net, skb, NULL);

	ip_local_out(net, NULL, skb);
	return NETLAB_OUTCOME_REPLIED;
}

#if IS_ENABLED(CONFIG_IPV6)
/* The link that the request came in by, as the kernel's icmp6_iif(). */
static int netlab_reply_iif(const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	const struct rt6_info *rt6;

	if (likely(!(dev->flags & IFF_LOOPBACK) && !netif_is_l3_master(dev)))
		return dev->ifindex;
	rt6 = (const struct rt6_info *)skb_dst(skb);
	if (rt6 && rt6->rt6i_idev)
		dev = rt6->rt6i_idev->dev;
	return dev->ifindex;
}

/**
 * netlab_reply6() - answer an ICMPv6 echo request
 * @net: the namespace
 * @skb: the request, at NF_INET_LOCAL_IN or NF_INET_PRE_ROUTING, without
 *	extension headers and whole, its checksum verified; the caller's no more if it was replied to
 * @p: what it is
 * @own: whether it is for an address of the namespace's own
 *
 * The reply is what icmpv6_echo_reply() would have sent. Follows RFC 4443
 * section 4.2. Context: softirq, RCU.
 *
 * Return: as netlab_reply4().
 */
int netlab_reply6(struct net *net, struct sk_buff *skb,
		  const struct netlab_packet *p, bool own)
{
	struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct icmp6hdr *icmp6h;
	struct flowi6 fl6 = {
		.daddr = ip6h->saddr,
		.saddr = ip6h->daddr,
		.flowi6_mark = IP6_REPLY_MARK(net, skb->mark),
		.flowi6_uid = sock_net_uid(net, NULL),
		.flowi6_proto = IPPROTO_ICMPV6,
		.flowi6_oif = netlab_reply_iif(skb),
		.fl6_icmp_type = ICMPV6_ECHO_REPLY,
	};
	struct dst_entry *dst;
	u8 tclass = ipv6_get_dsfield(ip6h);
	__be32 label;

	if (net->ipv6.sysctl.flowlabel_reflect &
	    FLOWLABEL_REFLECT_ICMPV6_ECHO_REPLIES)
		fl6.flowlabel = ip6_flowlabel(ip6h);
	/* The stack goes back to ::1 by where the request was seen. */
	if (ipv6_addr_loopback(&fl6.daddr))
		fl6.flowi6_oif = skb->dev->ifindex;
	security_skb_classify_flow(skb, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(net, NULL, &fl6, NULL);
	if (IS_ERR(dst))
		return NETLAB_OUTCOME_NO_ROUTE;
	if (netlab_reply_writable(skb, p)) {
		dst_release(dst);
		return NETLAB_OUTCOME_NO_MEMORY;
	}

	netlab_reply_scrub(skb, fl6.flowi6_mark);
	skb_dst_set(skb, dst);
	skb->ignore_df = 1;

	icmp6h = (struct icmp6hdr *)(skb_network_header(skb) + p->l4);
	icmp6h->icmp6_type = ICMPV6_ECHO_REPLY;
	netlab_reply_checksum(&icmp6h->icmp6_cksum, ICMPV6_ECHO_REQUEST,
			      ICMPV6_ECHO_REPLY, icmp6h->icmp6_code);

	ip6h = ipv6_hdr(skb);
	swap(ip6h->saddr, ip6h->daddr);
	ip6h->hop_limit = ip6_dst_hoplimit(dst);
	label = ip6_make_flowlabel(net, skb, fl6.flowlabel,
				   ip6_default_np_autolabel(net), &fl6);
	ip6_flow_hdr(ip6h, tclass, label);

	netlab_ip6_count_request(net, ip6_dst_idev(dst), skb->len);
	ip6_local_out(net, NULL, skb);
	return NETLAB_OUTCOME_REPLIED;
}
#endif /* CONFIG_IPV6 */
