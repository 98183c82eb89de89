/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * route: the way back, remembered for a moment.
 *
 * Who is asked often is asked by the same few: looking each reply's route up
 * would cost as much as all the rest of the answer. So each CPU keeps the
 * latest, with a reference, as sockets do; and as theirs, what it keeps is used
 * only after the route itself was asked whether it still holds. A change of
 * routes, rules, addresses, devices or path MTU is so seen by the next packet.
 * What no route tells, because a lookup would find it out (a neighbour that is
 * gone, a sysctl), is looked up anew in the next jiffy. Where there is an IPsec
 * policy for what is sent, nothing is kept.
 */
#ifndef _NETLAB_ROUTE_H
#define _NETLAB_ROUTE_H

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/xfrm.h>

/* What is returned instead of a route: no pointer, in SKB_DST_PTRMASK. */
#define NETLAB_ROUTE_NONE	0UL	/* there is none */
#define NETLAB_ROUTE_NO_MEMORY	1UL	/* there may be one */

/* How many routes of each family a CPU keeps; the next takes its place. */
#define NETLAB_ROUTE_BITS	4

struct netlab_cpu;
struct netlab_net;

/**
 * struct netlab_way4 - all that the way back to an IPv4 host depends on
 * @daddr: to whom
 * @saddr: from whom
 * @mark: the packet's
 * @oif: the VRF, or 0
 * @flags: FLOWI_FLAG_*
 * @tos: the request's
 */
struct netlab_way4 {
	__be32 daddr;
	__be32 saddr;
	u32 mark;
	int oif;
	u8 flags;
	u8 tos;
};

/**
 * struct netlab_way6 - all that the way back to an IPv6 host depends on
 * @daddr: to whom
 * @saddr: from whom
 * @mark: the packet's
 * @oif: the link that the request came by, or the VRF
 * @flowlabel: the request's, if it is to be reflected
 */
struct netlab_way6 {
	struct in6_addr daddr;
	struct in6_addr saddr;
	u32 mark;
	int oif;
	__be32 flowlabel;
};

/**
 * struct netlab_label - what goes into an IPv6 reply's header with its route
 * @hop_limit: as the route says
 * @label: the flow label, which the stack makes of a hash
 * @hash: that hash, which it notes on the packet too
 * @hashed: there is one
 * @l4: it is one of a transport's flow
 */
struct netlab_label {
	u8 hop_limit;
	__be32 label;
	u32 hash;
	bool hashed;
	bool l4;
};

/**
 * struct netlab_route - a route that is kept
 * @dst: the route, with a reference; NULL if there is none
 * @jiffy: when it was looked up
 */
struct netlab_route {
	struct dst_entry *dst;
	unsigned long jiffy;
};

/**
 * struct netlab_route4 - a route to an IPv4 host
 * @route: the route
 * @way: what it was looked up for
 */
struct netlab_route4 {
	struct netlab_route route;
	struct netlab_way4 way;
};

/**
 * struct netlab_route6 - a route to an IPv6 host
 * @route: the route
 * @cookie: for dst_check()
 * @sernum: the number of the namespace's last change of routes: it may be one
 *	in another table, of which this one's route doesn't know
 * @way: what it was looked up for
 * @label: what goes with it
 */
struct netlab_route6 {
	struct netlab_route route;
	u32 cookie;
	int sernum;
	struct netlab_way6 way;
	struct netlab_label label;
};

/**
 * struct netlab_routes - what one CPU keeps, made when it first finds a route
 * @v4: by netlab_route_slot4()
 * @v6: by netlab_route_slot6()
 */
struct netlab_routes {
	struct netlab_route4 v4[1 << NETLAB_ROUTE_BITS];
	struct netlab_route6 v6[1 << NETLAB_ROUTE_BITS];
};

/**
 * struct netlab_route_cache - what all CPUs keep for a namespace
 * @cpu: each CPU's, or NULL; written by that CPU alone, softirqs off
 * @closed: nothing may be kept any more
 */
struct netlab_route_cache {
	struct netlab_routes * __percpu *cpu;
	bool closed;
};

int netlab_route_init(struct netlab_route_cache *cache);
void netlab_route_close(struct netlab_route_cache *cache);
void netlab_route_exit(struct netlab_route_cache *cache);

unsigned long netlab_route_find4(struct net *net,
				 struct netlab_route_cache *cache,
				 struct sk_buff *skb,
				 const struct netlab_way4 *way);
unsigned long netlab_route_find6(struct net *net,
				 struct netlab_route_cache *cache,
				 struct sk_buff *skb,
				 const struct netlab_way6 *way,
				 struct netlab_label *label);

/* Whether nothing that is sent is encrypted: all goes as routing says. */
static inline bool netlab_route_plain(const struct net *net)
{
#ifdef CONFIG_XFRM
	return !READ_ONCE(net->xfrm.policy_count[XFRM_POLICY_OUT]);
#else
	return true;
#endif
}

static inline u32 netlab_route_slot4(__be32 daddr)
{
	return hash_32((__force u32)daddr, NETLAB_ROUTE_BITS);
}

static inline u32 netlab_route_slot6(const struct in6_addr *daddr)
{
	return hash_32((__force u32)(daddr->s6_addr32[1] ^ daddr->s6_addr32[2] ^
				     daddr->s6_addr32[3]), NETLAB_ROUTE_BITS);
}

/* Whether a kept route still holds, as ipv4_dst_check() says. */
static inline bool netlab_route_holds4(const struct net *net,
				       const struct dst_entry *dst)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	return READ_ONCE(dst->obsolete) == DST_OBSOLETE_FORCE_CHK &&
	       rt->rt_genid == rt_genid_ipv4(net);
}

/* A route that is still what a lookup would find, but for what it can tell. */
static inline struct dst_entry *netlab_route_kept(const struct net *net,
						  const struct netlab_route *route)
{
	if (unlikely(time_after(jiffies, route->jiffy) ||
		     !netlab_route_plain(net)))
		return NULL;
	/* It may be given up meanwhile, but is freed only after RCU's end. */
	return READ_ONCE(route->dst);
}

/**
 * netlab_route4() - the way back to an IPv4 host
 * @net: the namespace
 * @cache: its
 * @skb: the request
 * @way: the way
 *
 * Context: softirqs off, RCU.
 *
 * Return: the route, as an sk_buff refers to it, good until RCU ends, to be
 * used as @skb's or given to refdst_drop(); NETLAB_ROUTE_NONE;
 * NETLAB_ROUTE_NO_MEMORY.
 */
static __always_inline unsigned long
netlab_route4(struct net *net, struct netlab_route_cache *cache,
	      struct sk_buff *skb, const struct netlab_way4 *way)
{
	const struct netlab_routes *routes = __this_cpu_read(*cache->cpu);
	const struct netlab_route4 *r;
	struct dst_entry *dst;

	if (likely(routes)) {
		r = &routes->v4[netlab_route_slot4(way->daddr)];
		if (likely(r->way.daddr == way->daddr &&
			   r->way.saddr == way->saddr &&
			   r->way.mark == way->mark && r->way.oif == way->oif &&
			   r->way.flags == way->flags &&
			   r->way.tos == way->tos)) {
			dst = netlab_route_kept(net, &r->route);
			if (likely(dst && netlab_route_holds4(net, dst)))
				return (unsigned long)dst | SKB_DST_NOREF;
		}
	}
	return netlab_route_find4(net, cache, skb, way);
}

#if IS_ENABLED(CONFIG_IPV6)
/**
 * netlab_route6() - the way back to an IPv6 host
 * @net: the namespace
 * @cache: its
 * @skb: the request
 * @way: the way
 * @label: set to what goes with it
 *
 * Context and return: as netlab_route4().
 */
static __always_inline unsigned long
netlab_route6(struct net *net, struct netlab_route_cache *cache,
	      struct sk_buff *skb, const struct netlab_way6 *way,
	      struct netlab_label *label)
{
	const struct netlab_routes *routes = __this_cpu_read(*cache->cpu);
	const struct netlab_route6 *r;
	struct dst_entry *dst;

	if (likely(routes)) {
		r = &routes->v6[netlab_route_slot6(&way->daddr)];
		if (likely(ipv6_addr_equal(&r->way.daddr, &way->daddr) &&
			   ipv6_addr_equal(&r->way.saddr, &way->saddr) &&
			   r->way.mark == way->mark && r->way.oif == way->oif &&
			   r->way.flowlabel == way->flowlabel &&
			   r->sernum == atomic_read(&net->ipv6.fib6_sernum))) {
			*label = r->label;
			dst = netlab_route_kept(net, &r->route);
			if (likely(dst && dst_check(dst, r->cookie)))
				return (unsigned long)dst | SKB_DST_NOREF;
		}
	}
	return netlab_route_find6(net, cache, skb, way, label);
}
#endif

#endif /* _NETLAB_ROUTE_H */
