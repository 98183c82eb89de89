// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of an echo request at input, for the namespace's own addresses.
 * The stack's settings stay the law: what it would refuse, or do in a way of
 * its own, is left to it.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/ip6_route.h>
#include <net/raw.h>
#include <net/rawv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "echo.h"
#include "main.h"

/* Does a raw socket of the namespace want to see echo requests? */
static bool netlab_raw4(struct net *net)
{
	struct hlist_head *bucket;
	struct sock *sk;

	bucket = &raw_v4_hashinfo.ht[netlab_raw_hash(net, IPPROTO_ICMP)];
	if (likely(hlist_empty(bucket)))
		return false;
	if (netlab_raw_bucket_shared())
		return true;
	sk_for_each_rcu(sk, bucket)
		if (net_eq(sock_net(sk), net) &&
		    inet_sk(sk)->inet_num == IPPROTO_ICMP &&
		    !(READ_ONCE(raw_sk(sk)->filter.data) & BIT(ICMP_ECHO)))
			return true;
	return false;
}

/* What the namespace's rates and sizes have to say, after all else is well. */
static int netlab_echo_limits(struct netlab_net *ns,
			      const struct netlab_config *config,
			      const struct sk_buff *skb, unsigned int family)
{
	bool ok;

	if (config->set.max_size < NETLAB_MAX_SIZE_ANY &&
	    skb->len > config->set.max_size)
		return NETLAB_OUTCOME_TOO_LARGE;
	if (config->set.rate &&
	    !netlab_limiter_take(&ns->limiter, &config->limit,
				 config->generation))
		return NETLAB_OUTCOME_RATE_LIMITED;
	if (config->set.source_rate) {
		if (family == NETLAB_FAMILY_IPV4)
			ok = netlab_limiter_take4(&ns->limiter, &config->source,
						  ip_hdr(skb)->saddr);
		else
			ok = netlab_limiter_take6(&ns->limiter, &config->source,
						  &ipv6_hdr(skb)->saddr);
		if (!ok)
			return NETLAB_OUTCOME_SOURCE_LIMITED;
	}
	return NETLAB_OUTCOME_REPLIED;
}

/* Is it an echo request, and its header whole? The type comes first. */
static int netlab_echo_header(const struct sk_buff *skb,
			      const struct netlab_packet *p, u8 type)
{
	const u8 *first;
	u8 buf;

	if (unlikely(p->flags & NETLAB_PACKET_LATER))
		return NETLAB_NOT_ECHO;
	first = skb_header_pointer(skb, p->l4, sizeof(buf), &buf);
	if (!first || *first != type)
		return NETLAB_NOT_ECHO;
	if (unlikely(skb->len < p->l4 + sizeof(struct icmphdr)))
		return NETLAB_OUTCOME_TRUNCATED;
	return NETLAB_OUTCOME_REPLIED;
}

/*
 * nf_checksum() sums the IP header too, taking it for right; but into options
 * the stack has written since it verified them.
 */
static bool netlab_bad_checksum4(struct sk_buff *skb,
				 const struct netlab_packet *p)
{
	if (unlikely(p->flags & NETLAB_PACKET_OPTIONS))
		return csum_fold(skb_checksum(skb, p->l4, skb->len - p->l4, 0));
	return nf_checksum(skb, NF_INET_LOCAL_IN, p->l4, IPPROTO_ICMP, AF_INET);
}

static bool netlab_bad_source4(const struct sk_buff *skb)
{
	__be32 saddr = ip_hdr(skb)->saddr;

	return ipv4_is_multicast(saddr) || ipv4_is_lbcast(saddr) ||
	       !(saddr & htonl(IN_CLASSA_NET)) ||
	       (ipv4_is_loopback(saddr) && !(skb->dev->flags & IFF_LOOPBACK));
}

/**
 * netlab_echo4() - decide what becomes of an ICMP packet at input
 * @ns: the namespace
 * @skb: at NF_INET_LOCAL_IN, with a route; not changed, but for its checksum's
 *	state, as conntrack does
 * @p: what it is
 *
 * The order is that of enum netlab_outcome, but that a namespace with local
 * off looks no further. Follows RFC 792, RFC 1122 section 3.2.2.6 and the
 * kernel's icmp_rcv(). Context: softirq, RCU. Takes no lock.
 *
 * Return: NETLAB_OUTCOME_REPLIED if it is to be answered; another enum
 * netlab_outcome; NETLAB_NOT_ECHO.
 */
int netlab_echo4(struct netlab_net *ns, struct sk_buff *skb,
		 const struct netlab_packet *p)
{
	const struct netlab_config *config = rcu_dereference(ns->config);
	const struct rtable *rt = skb_rtable(skb);
	struct net *net = ns->net;
	int outcome;

	outcome = netlab_echo_header(skb, p, ICMP_ECHO);
	if (outcome == NETLAB_NOT_ECHO)
		return outcome;
	if (!config->set.local)
		return NETLAB_OUTCOME_DISABLED;
	if (outcome != NETLAB_OUTCOME_REPLIED)
		return outcome;

	if (netlab_bad_checksum4(skb, p))
		return NETLAB_OUTCOME_BAD_CHECKSUM;
	if (netlab_bad_source4(skb))
		return NETLAB_OUTCOME_BAD_SOURCE;
	if (rt->rt_flags & RTCF_MULTICAST)
		return NETLAB_OUTCOME_MULTICAST;
	if (skb->pkt_type != PACKET_HOST || rt->rt_flags & RTCF_BROADCAST)
		return NETLAB_OUTCOME_BROADCAST;
	if (READ_ONCE(net->ipv4.sysctl_icmp_echo_ignore_all) ||
	    READ_ONCE(net->ipv4.sysctl_icmp_ratemask) & BIT(ICMP_ECHOREPLY))
		return NETLAB_OUTCOME_DISABLED;
	if (!xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb))
		return NETLAB_OUTCOME_POLICY;
	if (p->flags & NETLAB_PACKET_OPTIONS)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	if (netlab_raw4(net))
		return NETLAB_OUTCOME_RAW_SOCKET;
	return netlab_echo_limits(ns, config, skb, NETLAB_FAMILY_IPV4);
}

#if IS_ENABLED(CONFIG_IPV6)
static bool netlab_raw6(struct net *net)
{
	struct hlist_head *bucket;
	struct sock *sk;

	bucket = &raw_v6_hashinfo.ht[netlab_raw_hash(net, IPPROTO_ICMPV6)];
	if (likely(hlist_empty(bucket)))
		return false;
	if (netlab_raw_bucket_shared())
		return true;
	sk_for_each_rcu(sk, bucket)
		if (net_eq(sock_net(sk), net) &&
		    inet_sk(sk)->inet_num == IPPROTO_ICMPV6 &&
		    !(READ_ONCE(raw6_sk(sk)->filter.data[ICMPV6_ECHO_REQUEST / 32]) &
		      BIT(ICMPV6_ECHO_REQUEST % 32)))
			return true;
	return false;
}

static bool netlab_bad_source6(const struct sk_buff *skb)
{
	const struct in6_addr *saddr = &ipv6_hdr(skb)->saddr;

	return ipv6_addr_any(saddr) || ipv6_addr_is_multicast(saddr) ||
	       (ipv6_addr_loopback(saddr) && !(skb->dev->flags & IFF_LOOPBACK));
}

/**
 * netlab_echo6() - decide what becomes of an ICMPv6 packet at input
 * @ns: the namespace
 * @skb: at NF_INET_LOCAL_IN, with a route; not changed, but for its checksum's
 *	state, as conntrack does
 * @p: what it is
 *
 * As netlab_echo4(). Follows RFC 4443 section 4.2 and the kernel's
 * icmpv6_rcv(). Context: softirq, RCU. Takes no lock.
 *
 * Return: as netlab_echo4().
 */
int netlab_echo6(struct netlab_net *ns, struct sk_buff *skb,
		 const struct netlab_packet *p)
{
	const struct netlab_config *config = rcu_dereference(ns->config);
	struct net *net = ns->net;
	int outcome;

	outcome = netlab_echo_header(skb, p, ICMPV6_ECHO_REQUEST);
	if (outcome == NETLAB_NOT_ECHO)
		return outcome;
	if (!config->set.local)
		return NETLAB_OUTCOME_DISABLED;
	if (outcome != NETLAB_OUTCOME_REPLIED)
		return outcome;

	/* The stack reassembles IPv6 only behind input: nothing can be summed. */
	if (p->flags & NETLAB_PACKET_FRAGMENT)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	if (nf_checksum(skb, NF_INET_LOCAL_IN, p->l4, IPPROTO_ICMPV6,
			AF_INET6))
		return NETLAB_OUTCOME_BAD_CHECKSUM;
	if (netlab_bad_source6(skb))
		return NETLAB_OUTCOME_BAD_SOURCE;
	if (!ipv6_unicast_destination(skb))
		return NETLAB_OUTCOME_MULTICAST;
	if (skb->pkt_type != PACKET_HOST)
		return NETLAB_OUTCOME_BROADCAST;
	if (READ_ONCE(net->ipv6.sysctl.icmpv6_echo_ignore_all) ||
	    test_bit(ICMPV6_ECHO_REPLY, net->ipv6.sysctl.icmpv6_ratemask))
		return NETLAB_OUTCOME_DISABLED;
	if (!xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb))
		return NETLAB_OUTCOME_POLICY;
	if (p->flags & NETLAB_PACKET_OPTIONS)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	if (netlab_raw6(net))
		return NETLAB_OUTCOME_RAW_SOCKET;
	return netlab_echo_limits(ns, config, skb, NETLAB_FAMILY_IPV6);
}
#endif /* CONFIG_IPV6 */
