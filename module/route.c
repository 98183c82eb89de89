// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lookup, and keeping what it found.
 */
#include <linux/icmpv6.h>
#include <linux/percpu.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <net/flow.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>

#include "route.h"

/**
 * netlab_route_init() - begin without a route
 * @cache: the namespace's
 *
 * Return: 0; -ENOMEM.
 */
int netlab_route_init(struct netlab_route_cache *cache)
{
	cache->cpu = alloc_percpu_gfp(struct netlab_routes *,
				      GFP_KERNEL_ACCOUNT);
	return cache->cpu ? 0 : -ENOMEM;
}

static void netlab_route_drop(struct netlab_route *route)
{
	dst_release(xchg(&route->dst, NULL));
}

/**
 * netlab_route_close() - give up all routes, and keep no more
 * @cache: the namespace's
 *
 * The namespace's devices go before netlab_route_exit() is called, and routes
 * may hold what belongs to them. A hook may still run: either it sees @closed
 * when it has stored a route, or its route is seen here. Context: process.
 */
void netlab_route_close(struct netlab_route_cache *cache)
{
	int cpu;

	WRITE_ONCE(cache->closed, true);
	/* Before any route is looked at; see netlab_route_keep(). */
	smp_mb();
	for_each_possible_cpu(cpu) {
		struct netlab_routes *routes;
		unsigned int i;

		routes = READ_ONCE(*per_cpu_ptr(cache->cpu, cpu));
		for (i = 0; routes && i < 1 << NETLAB_ROUTE_BITS; i++) {
			netlab_route_drop(&routes->v4[i].route);
			netlab_route_drop(&routes->v6[i].route);
		}
	}
}

/**
 * netlab_route_exit() - free what netlab_route_init() made
 * @cache: the namespace's; no hook runs any more
 */
void netlab_route_exit(struct netlab_route_cache *cache)
{
	int cpu;

	netlab_route_close(cache);
	for_each_possible_cpu(cpu)
		kfree(*per_cpu_ptr(cache->cpu, cpu));
	free_percpu(cache->cpu);
}

/* What a lookup that failed comes to. */
static unsigned long netlab_route_failed(long err)
{
	return err == -ENOMEM || err == -ENOBUFS ? NETLAB_ROUTE_NO_MEMORY :
						   NETLAB_ROUTE_NONE;
}

/* This CPU's routes; NULL if nothing can be kept, or may be. */
static struct netlab_routes *netlab_route_table(const struct net *net,
						struct netlab_route_cache *cache,
						const struct sk_buff *skb,
						const struct dst_entry *dst)
{
	struct netlab_routes *routes = __this_cpu_read(*cache->cpu);

	/* What a security module says of the flow depends on its IPsec alone. */
	if (dst->xfrm || secpath_exists(skb) || !netlab_route_plain(net))
		return NULL;
	if (!routes && !READ_ONCE(cache->closed)) {
		routes = kzalloc(sizeof(*routes), GFP_ATOMIC | __GFP_NOWARN);
		WRITE_ONCE(*this_cpu_ptr(cache->cpu), routes);
	}
	return routes;
}

/*
 * Has a slot keep a route, and returns it as an sk_buff refers to it. What the
 * slot held may be on a packet still, as this one will be even if it has to be
 * given up at once: it is freed only after RCU's end.
 */
static unsigned long netlab_route_keep(struct netlab_route_cache *cache,
				       struct netlab_route *slot,
				       struct dst_entry *dst)
{
	dst_release(xchg(&slot->dst, dst));
	/* xchg() is a full barrier; see netlab_route_close(). */
	if (unlikely(READ_ONCE(cache->closed)))
		netlab_route_drop(slot);
	return (unsigned long)dst | SKB_DST_NOREF;
}

/**
 * netlab_route_find4() - look the way back to an IPv4 host up, and keep it
 * @net: the namespace
 * @cache: its
 * @skb: the request
 * @way: the way
 *
 * As icmp_reply() does. Context and return: as netlab_route4().
 */
unsigned long netlab_route_find4(struct net *net,
				 struct netlab_route_cache *cache,
				 struct sk_buff *skb,
				 const struct netlab_way4 *way)
{
	struct flowi4 fl4 = {
		.daddr = way->daddr,
		.saddr = way->saddr,
		.flowi4_mark = way->mark,
		.flowi4_uid = sock_net_uid(net, NULL),
		.flowi4_proto = IPPROTO_ICMP,
		.flowi4_oif = way->oif,
		.flowi4_flags = way->flags,
	};
	const unsigned long jiffy = jiffies;
	struct netlab_routes *routes;
	struct netlab_route4 *r;
	struct rtable *rt;

	netlab_flowi4_set_tos(&fl4, way->tos);
	security_skb_classify_flow(skb, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return netlab_route_failed(PTR_ERR(rt));

	routes = netlab_route_table(net, cache, skb, &rt->dst);
	if (!routes)
		return (unsigned long)&rt->dst;
	r = &routes->v4[netlab_route_slot4(way->daddr)];
	r->way = *way;
	r->route.jiffy = jiffy;
	return netlab_route_keep(cache, &r->route, &rt->dst);
}

#if IS_ENABLED(CONFIG_IPV6)
/*
 * The flow label that the stack would give the reply. It makes it of a hash,
 * and notes that on the packet; the request must not notice.
 */
static void netlab_route_label(struct net *net, struct sk_buff *skb,
			       struct flowi6 *fl6, struct netlab_label *label)
{
	const bool l4 = skb->l4_hash, sw = skb->sw_hash;
	const u32 hash = skb->hash;

	skb_clear_hash(skb);
	label->label = ip6_make_flowlabel(net, skb, fl6->flowlabel,
					  ip6_default_np_autolabel(net), fl6);
	label->hash = skb->hash;
	label->hashed = skb->sw_hash;
	label->l4 = skb->l4_hash;
	__skb_set_hash(skb, hash, sw, l4);
}

/**
 * netlab_route_find6() - look the way back to an IPv6 host up, and keep it
 * @net: the namespace
 * @cache: its
 * @skb: the request
 * @way: the way
 * @label: set to what goes with it
 *
 * As icmpv6_echo_reply() does. Context and return: as netlab_route6().
 */
unsigned long netlab_route_find6(struct net *net,
				 struct netlab_route_cache *cache,
				 struct sk_buff *skb,
				 const struct netlab_way6 *way,
				 struct netlab_label *label)
{
	struct flowi6 fl6 = {
		.daddr = way->daddr,
		.saddr = way->saddr,
		.flowi6_mark = way->mark,
		.flowi6_uid = sock_net_uid(net, NULL),
		.flowi6_proto = IPPROTO_ICMPV6,
		.flowi6_oif = way->oif,
		.flowlabel = way->flowlabel,
		.fl6_icmp_type = ICMPV6_ECHO_REPLY,
	};
	/* Before the lookup: of what changes meanwhile it may know nothing. */
	const int sernum = atomic_read(&net->ipv6.fib6_sernum);
	const unsigned long jiffy = jiffies;
	struct netlab_routes *routes;
	struct netlab_route6 *r;
	struct dst_entry *dst;

	security_skb_classify_flow(skb, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(net, NULL, &fl6, NULL);
	if (IS_ERR(dst))
		return netlab_route_failed(PTR_ERR(dst));
	netlab_route_label(net, skb, &fl6, label);
	label->hop_limit = ip6_dst_hoplimit(dst);

	routes = netlab_route_table(net, cache, skb, dst);
	if (!routes)
		return (unsigned long)dst;
	r = &routes->v6[netlab_route_slot6(&way->daddr)];
	r->way = *way;
	r->sernum = sernum;
	r->label = *label;
	r->route.jiffy = jiffy;
	r->cookie = rt6_get_cookie((const struct rt6_info *)dst);
	return netlab_route_keep(cache, &r->route, dst);
}
#endif
