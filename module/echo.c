// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of an echo request. The stack's settings stay the law: what it
 * would refuse, or do in a way of its own, is left to it.
 */
#include <linux/compiler.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/addrconf.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/raw.h>
#include <net/rawv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "echo.h"
#include "main.h"
#include "prefix.h"

/**
 * netlab_raw4() - whether a raw socket wants to see IPv4's echo requests
 * @net: the namespace
 *
 * Context: softirqs off, RCU.
 */
bool netlab_raw4(struct net *net)
{
	struct hlist_head *bucket;
	bool wanted = false;
	struct sock *sk;

	bucket = &raw_v4_hashinfo.ht[netlab_raw_hash(net, IPPROTO_ICMP)];
	if (likely(hlist_empty(bucket)))
		return false;
	netlab_raw_lock(&raw_v4_hashinfo);
	sk_for_each_rcu(sk, bucket)
		if (net_eq(sock_net(sk), net) &&
		    inet_sk(sk)->inet_num == IPPROTO_ICMP &&
		    !(READ_ONCE(raw_sk(sk)->filter.data) & BIT(ICMP_ECHO))) {
			wanted = true;
			break;
		}
	netlab_raw_unlock(&raw_v4_hashinfo);
	return wanted;
}

/**
 * netlab_foreign4() - whether an address is a host's, and not this namespace's
 * @net: the namespace
 * @dev: the device that a packet to it came by, whose VRF counts
 * @addr: the address
 *
 * Only such a one can be a prefix's: neither what the namespace owns, which the
 * local path answers for, nor what no single host owns. Context: RCU.
 */
bool netlab_foreign4(struct net *net, const struct net_device *dev, __be32 addr)
{
	return !ipv4_is_loopback(addr) &&
	       inet_addr_type_dev_table(net, dev, addr) == RTN_UNICAST;
}

/**
 * netlab_foreign6() - whether an address is a host's, and not this namespace's
 * @net: the namespace
 * @dev: the device that a packet to it came by, whose VRF counts
 * @addr: the address
 *
 * As netlab_foreign4(). Context: RCU.
 */
bool netlab_foreign6(struct net *net, const struct net_device *dev,
		     const struct in6_addr *addr)
{
#if IS_ENABLED(CONFIG_IPV6)
	const int never = IPV6_ADDR_MULTICAST | IPV6_ADDR_LOOPBACK |
			  IPV6_ADDR_LINKLOCAL;
	int type = ipv6_addr_type(addr);

	return type != IPV6_ADDR_ANY && !(type & never) &&
	       !ipv6_chk_addr(net, addr, dev, 0);
#else
	return false;
#endif
}

static bool netlab_too_large(const struct sk_buff *skb, u32 max_size)
{
	return max_size < NETLAB_MAX_SIZE_ANY && skb->len > max_size;
}

/**
 * netlab_echo_limits() - what rates and sizes have to say to an echo request
 * @ns: the namespace
 * @config: its configuration
 * @skb: the request, its data at the network header, all else well with it
 * @family: enum netlab_family
 * @slot: of the prefix that it is for; NULL if it is for none
 *
 * The prefix is asked first: what it refuses costs the others nothing.
 * Context: softirqs off, RCU. Takes no lock.
 *
 * Return: NETLAB_OUTCOME_REPLIED if it can be answered; another enum
 * netlab_outcome.
 */
int netlab_echo_limits(struct netlab_net *ns,
		       const struct netlab_config *config,
		       const struct sk_buff *skb, unsigned int family,
		       struct netlab_prefix_slot *slot)
{
	bool ok;

	if (netlab_too_large(skb, config->set.max_size) ||
	    (slot && netlab_too_large(skb, netlab_prefix_max_size(slot->prefix))))
		return NETLAB_OUTCOME_TOO_LARGE;
	if (slot && !netlab_prefix_take(slot))
		return NETLAB_OUTCOME_RATE_LIMITED;
	if (config->set.rate &&
	    !netlab_limiter_take(&ns->limiter, &config->limit,
				 config->generation))
		return NETLAB_OUTCOME_RATE_LIMITED;
	if (config->set.source_rate) {
		if (family == NETLAB_FAMILY_IPV4)
			ok = netlab_limiter_take4(config->sources, &config->source,
						  ip_hdr(skb)->saddr);
		else
			ok = netlab_limiter_take6(config->sources, &config->source,
						  &ipv6_hdr(skb)->saddr);
		if (!ok)
			return NETLAB_OUTCOME_SOURCE_LIMITED;
	}
	return NETLAB_OUTCOME_REPLIED;
}

/* Is it an echo request, and its header whole? The type comes first. */
static __always_inline int netlab_echo_header(const struct sk_buff *skb,
					      const struct netlab_packet *p,
					      u8 type)
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
 * Whether an ICMP checksum must be computed, and may be without a call: nobody
 * has, and the packet is in one piece. It isn't noted on the packet: behind a
 * routing header it is another address that counts.
 */
static bool netlab_sums_itself(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_NONE && !skb_is_nonlinear(skb);
}

static __wsum netlab_sum(const struct sk_buff *skb,
			 const struct netlab_packet *p)
{
	return csum_partial(skb->data + p->l4, skb->len - p->l4, 0);
}

/*
 * What is left to a device to sum is right, as the stack has it; but only if
 * that begins behind the IP header. nf_checksum() doesn't look.
 */
static bool netlab_sum_is_left(const struct sk_buff *skb,
			       const struct netlab_packet *p)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       skb_checksum_start_offset(skb) >= p->l4;
}

/*
 * Of any packet that doesn't sum itself. nf_checksum() sums the IP header too,
 * taking it for right; but into options the stack has written since it verified
 * them.
 */
static noinline bool netlab_bad_checksum4_any(struct sk_buff *skb,
					      const struct netlab_packet *p)
{
	if (netlab_sum_is_left(skb, p))
		return false;
	if (p->flags & NETLAB_PACKET_OPTIONS ||
	    skb->ip_summed == CHECKSUM_PARTIAL)
		return csum_fold(skb_checksum(skb, p->l4, skb->len - p->l4, 0));
	return nf_checksum(skb, NF_INET_LOCAL_IN, p->l4, IPPROTO_ICMP, AF_INET);
}

static bool netlab_bad_checksum4(struct sk_buff *skb,
				 const struct netlab_packet *p)
{
	if (likely(netlab_sums_itself(skb)))
		return csum_fold(netlab_sum(skb, p));
	return netlab_bad_checksum4_any(skb, p);
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
__flatten
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
	if (netlab_disabled4(net))
		return NETLAB_OUTCOME_DISABLED;
	if (!xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb))
		return NETLAB_OUTCOME_POLICY;
	if (p->flags & NETLAB_PACKET_OPTIONS)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	if (netlab_raw4(net))
		return NETLAB_OUTCOME_RAW_SOCKET;
	return netlab_echo_limits(ns, config, skb, NETLAB_FAMILY_IPV4, NULL);
}

/**
 * netlab_echo_prefix4() - decide what becomes of an ICMP packet for a prefix
 * @ns: the namespace
 * @skb: at NF_INET_PRE_ROUTING, for one host's address that the namespace does
 *	not own; not changed, but for its checksum's state
 * @p: what it is
 * @slot: of the prefix
 *
 * As netlab_echo4(), but that IPsec's policy for what is forwarded applies, and
 * that no socket of this namespace could want to see it.
 *
 * Return: as netlab_echo4().
 */
int netlab_echo_prefix4(struct netlab_net *ns, struct sk_buff *skb,
			const struct netlab_packet *p,
			struct netlab_prefix_slot *slot)
{
	const struct netlab_config *config = rcu_dereference(ns->config);
	int outcome;

	outcome = netlab_echo_header(skb, p, ICMP_ECHO);
	if (outcome != NETLAB_OUTCOME_REPLIED)
		return outcome;
	if (netlab_bad_checksum4(skb, p))
		return NETLAB_OUTCOME_BAD_CHECKSUM;
	if (netlab_bad_source4(skb))
		return NETLAB_OUTCOME_BAD_SOURCE;
	if (skb->pkt_type != PACKET_HOST)
		return NETLAB_OUTCOME_BROADCAST;
	if (netlab_disabled4(ns->net))
		return NETLAB_OUTCOME_DISABLED;
	if (!xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb))
		return NETLAB_OUTCOME_POLICY;
	if (p->flags & NETLAB_PACKET_OPTIONS)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	return netlab_echo_limits(ns, config, skb, NETLAB_FAMILY_IPV4, slot);
}

#if IS_ENABLED(CONFIG_IPV6)
/**
 * netlab_raw6() - whether a raw socket wants to see IPv6's echo requests
 * @net: the namespace
 *
 * Context: softirqs off, RCU.
 */
bool netlab_raw6(struct net *net)
{
	struct hlist_head *bucket;
	bool wanted = false;
	struct sock *sk;

	bucket = &raw_v6_hashinfo.ht[netlab_raw_hash(net, IPPROTO_ICMPV6)];
	if (likely(hlist_empty(bucket)))
		return false;
	netlab_raw_lock(&raw_v6_hashinfo);
	sk_for_each_rcu(sk, bucket)
		if (net_eq(sock_net(sk), net) &&
		    inet_sk(sk)->inet_num == IPPROTO_ICMPV6 &&
		    !(READ_ONCE(raw6_sk(sk)->filter.data[ICMPV6_ECHO_REQUEST / 32]) &
		      BIT(ICMPV6_ECHO_REQUEST % 32))) {
			wanted = true;
			break;
		}
	netlab_raw_unlock(&raw_v6_hashinfo);
	return wanted;
}

/* As netlab_bad_checksum4_any(). */
static noinline bool netlab_bad_checksum6_any(struct sk_buff *skb,
					      unsigned int hook,
					      const struct netlab_packet *p)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const unsigned int len = skb->len - p->l4;

	if (netlab_sum_is_left(skb, p))
		return false;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		return csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len,
				       IPPROTO_ICMPV6,
				       skb_checksum(skb, p->l4, len, 0));
	return nf_checksum(skb, hook, p->l4, IPPROTO_ICMPV6, AF_INET6);
}

static bool netlab_bad_checksum6(struct sk_buff *skb, unsigned int hook,
				 const struct netlab_packet *p)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	if (unlikely(!netlab_sums_itself(skb)))
		return netlab_bad_checksum6_any(skb, hook, p);
	return csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, skb->len - p->l4,
			       IPPROTO_ICMPV6, netlab_sum(skb, p));
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
__flatten
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
	if (netlab_bad_checksum6(skb, NF_INET_LOCAL_IN, p))
		return NETLAB_OUTCOME_BAD_CHECKSUM;
	if (netlab_bad_source6(skb))
		return NETLAB_OUTCOME_BAD_SOURCE;
	if (!ipv6_unicast_destination(skb))
		return NETLAB_OUTCOME_MULTICAST;
	if (skb->pkt_type != PACKET_HOST)
		return NETLAB_OUTCOME_BROADCAST;
	if (netlab_disabled6(net))
		return NETLAB_OUTCOME_DISABLED;
	if (!xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb))
		return NETLAB_OUTCOME_POLICY;
	if (p->flags & NETLAB_PACKET_OPTIONS)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	if (netlab_raw6(net))
		return NETLAB_OUTCOME_RAW_SOCKET;
	return netlab_echo_limits(ns, config, skb, NETLAB_FAMILY_IPV6, NULL);
}

/**
 * netlab_echo_prefix6() - decide what becomes of an ICMPv6 packet for a prefix
 * @ns: the namespace
 * @skb: at NF_INET_PRE_ROUTING, for one host's address that the namespace does
 *	not own; not changed, but for its checksum's state
 * @p: what it is
 * @slot: of the prefix
 *
 * As netlab_echo_prefix4(). Return: as netlab_echo4().
 */
int netlab_echo_prefix6(struct netlab_net *ns, struct sk_buff *skb,
			const struct netlab_packet *p,
			struct netlab_prefix_slot *slot)
{
	const struct netlab_config *config = rcu_dereference(ns->config);
	int outcome;

	outcome = netlab_echo_header(skb, p, ICMPV6_ECHO_REQUEST);
	if (outcome != NETLAB_OUTCOME_REPLIED)
		return outcome;
	/* A fragment still: nothing can be summed. */
	if (p->flags & NETLAB_PACKET_FRAGMENT)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	if (netlab_bad_checksum6(skb, NF_INET_PRE_ROUTING, p))
		return NETLAB_OUTCOME_BAD_CHECKSUM;
	if (netlab_bad_source6(skb))
		return NETLAB_OUTCOME_BAD_SOURCE;
	if (skb->pkt_type != PACKET_HOST)
		return NETLAB_OUTCOME_BROADCAST;
	if (netlab_disabled6(ns->net))
		return NETLAB_OUTCOME_DISABLED;
	if (!xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb))
		return NETLAB_OUTCOME_POLICY;
	if (p->flags & NETLAB_PACKET_OPTIONS)
		return NETLAB_OUTCOME_HAS_OPTIONS;
	return netlab_echo_limits(ns, config, skb, NETLAB_FAMILY_IPV6, slot);
}
#endif /* CONFIG_IPV6 */
