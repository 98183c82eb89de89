// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bottom_half.h>
#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/slab.h>
#include <net/ip.h>

#include "answer.h"
#include "count.h"
#include "hook_set.h"
#include "hooks.h"
#include "main.h"
#include "proxy.h"
#include "seen.h"

/* Spares other ICMP, replies above all, the way to the responder. */
static __always_inline bool netlab_maybe_echo(const struct sk_buff *skb,
					      unsigned int family)
{
	const unsigned int l4 = family == NETLAB_FAMILY_IPV4 ?
				sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	const u8 echo = family == NETLAB_FAMILY_IPV4 ? ICMP_ECHO :
						       ICMPV6_ECHO_REQUEST;

	return skb_headlen(skb) <= l4 || skb->data[l4] == echo;
}

static __always_inline unsigned int
netlab_answer_local(struct netlab_cpu *cpu, struct sk_buff *skb,
		    const struct nf_hook_state *state, unsigned int family)
{
	if (IS_ENABLED(CONFIG_IPV6) && family == NETLAB_FAMILY_IPV6)
		return netlab_answer_local6(cpu, skb, state);
	return netlab_answer_local4(cpu, skb, state);
}

/* Any packet that netlab_count_ordinary() left. */
static noinline unsigned int
netlab_hook_any(struct netlab_cpu *cpu, struct sk_buff *skb,
		const struct nf_hook_state *state, unsigned int family,
		unsigned int hook)
{
	const struct net_device *dev = netlab_hook_dev(state, hook);
	u8 protocol;

	if (netlab_seen(skb, dev, family, hook))
		return NF_ACCEPT;
	netlab_count_begin(cpu);
	protocol = netlab_count_any(cpu, skb, dev, family, hook);
	netlab_count_end(cpu);
	if (hook == NF_INET_LOCAL_IN && protocol == netlab_icmp(family))
		return netlab_answer_local(cpu, skb, state, family);
	return NF_ACCEPT;
}

/*
 * A hook in process context: what is sent locally, what nf_reinject() brings
 * back from a queue, what multicast routing had kept. Softirqs are turned off,
 * so that this CPU's counters have one writer; then it is as any other.
 */
static noinline unsigned int netlab_hook_process(void *priv,
						 struct sk_buff *skb,
						 const struct nf_hook_state *state,
						 nf_hookfn *self)
{
	unsigned int verdict;

	local_bh_disable();
	verdict = self(priv, skb, state);
	local_bh_enable();
	return verdict;
}

/*
 * The packet path: inlined into one function per family and hook, in which
 * both are constants. Before prerouting there is nothing that could bring a
 * packet there in process context.
 */
static __always_inline unsigned int
netlab_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state,
	    unsigned int family, unsigned int hook, nf_hookfn *self)
{
	struct netlab_cpu __percpu *counters =
		(void __percpu __force *)(unsigned long)priv;
	struct netlab_cpu *cpu;
	u8 protocol;

	if (hook != NF_INET_PRE_ROUTING && !softirq_count())
		return netlab_hook_process(priv, skb, state, self);

	cpu = this_cpu_ptr(counters);
	if (unlikely(!netlab_count_ordinary(cpu, skb,
					    netlab_hook_dev(state, hook),
					    family, hook, &protocol)))
		return netlab_hook_any(cpu, skb, state, family, hook);
	if (hook == NF_INET_LOCAL_IN && protocol == netlab_icmp(family) &&
	    netlab_maybe_echo(skb, family))
		return netlab_answer_local(cpu, skb, state, family);
	return NF_ACCEPT;
}

static unsigned int netlab_prerouting4(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV4,
			   NF_INET_PRE_ROUTING, netlab_prerouting4);
}

static unsigned int netlab_input4(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV4,
			   NF_INET_LOCAL_IN, netlab_input4);
}

static unsigned int netlab_forward4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV4,
			   NF_INET_FORWARD, netlab_forward4);
}

static unsigned int netlab_output4(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV4,
			   NF_INET_LOCAL_OUT, netlab_output4);
}

static unsigned int netlab_postrouting4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV4,
			   NF_INET_POST_ROUTING, netlab_postrouting4);
}

#if IS_ENABLED(CONFIG_IPV6)
static unsigned int netlab_prerouting6(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV6,
			   NF_INET_PRE_ROUTING, netlab_prerouting6);
}

static unsigned int netlab_input6(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV6,
			   NF_INET_LOCAL_IN, netlab_input6);
}

static unsigned int netlab_forward6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV6,
			   NF_INET_FORWARD, netlab_forward6);
}

static unsigned int netlab_output6(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV6,
			   NF_INET_LOCAL_OUT, netlab_output6);
}

static unsigned int netlab_postrouting6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return netlab_hook(priv, skb, state, NETLAB_FAMILY_IPV6,
			   NF_INET_POST_ROUTING, netlab_postrouting6);
}
#endif

/*
 * Prefixes' hooks, registered while there are any. What NFQUEUE brings back
 * may come here in process context.
 */
static __always_inline unsigned int
netlab_hook_prefix(void *priv, struct sk_buff *skb,
		   const struct nf_hook_state *state, unsigned int family,
		   nf_hookfn *self)
{
	struct netlab_cpu __percpu *counters =
		(void __percpu __force *)(unsigned long)priv;

	if (unlikely(!softirq_count()))
		return netlab_hook_process(priv, skb, state, self);
	/* It has been here before, by the VRF's own device. */
	if (netlab_seen_by_vrf(skb, state->in, family, NF_INET_PRE_ROUTING))
		return NF_ACCEPT;
	return netlab_answer_prefix(this_cpu_ptr(counters), skb, state, family);
}

static unsigned int netlab_prefix4(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return netlab_hook_prefix(priv, skb, state, NETLAB_FAMILY_IPV4,
				  netlab_prefix4);
}

#if IS_ENABLED(CONFIG_IPV6)
static unsigned int netlab_prefix6(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return netlab_hook_prefix(priv, skb, state, NETLAB_FAMILY_IPV6,
				  netlab_prefix6);
}
#endif

/* Whether nobody but netlab stands at output to see what is sent by a device. */
static __always_inline bool
netlab_hooks_alone(const struct nf_hook_entries *e, nf_hookfn *self,
		   const struct net_device *dev)
{
	return e && e->num_hook_entries == 1 && e->hooks[0].hook == self &&
	       !netif_is_l3_slave(dev);
}

/**
 * netlab_hooks_send4() - send a reply as ip_local_out() does
 * @cpu: this CPU's counters
 * @skb: a whole IPv4 packet without options, with a route that is good until
 *	RCU's end; the caller's no more
 *
 * Where netlab's is the only hook at output, the packet is counted from here,
 * and spared the way there. Context: softirqs off, RCU.
 */
void netlab_hooks_send4(struct netlab_cpu *cpu, struct sk_buff *skb)
{
	struct net *net = cpu->ns->net;
	const struct net_device *dev = skb_dst(skb)->dev;
	struct iphdr *iph = ip_hdr(skb);
	u8 protocol;
	int err;

	if (netlab_hooks_alone(rcu_dereference(net->nf.hooks_ipv4[NF_INET_LOCAL_OUT]),
			       netlab_output4, dev) &&
	    netlab_count_ordinary(cpu, skb, dev, NETLAB_FAMILY_IPV4,
				  NF_INET_LOCAL_OUT, &protocol)) {
		netlab_ip_count_request(net);
		iph->check = 0;
		iph->check = ip_fast_csum(iph, sizeof(*iph) / 4);
		err = dst_output(net, NULL, skb);
	} else {
		err = ip_local_out(net, NULL, skb);
	}
	/* As ip_send_skb(). */
	if (unlikely(err) && (err < 0 || net_xmit_errno(err)))
		IP_INC_STATS(net, IPSTATS_MIB_OUTDISCARDS);
}

#if IS_ENABLED(CONFIG_IPV6)
/**
 * netlab_hooks_send6() - send a reply as ip6_local_out() does
 * @cpu: this CPU's counters
 * @skb: a whole IPv6 packet, with a route that is good until RCU's end; the
 *	caller's no more
 * @idev: of that route
 *
 * As netlab_hooks_send4().
 */
void netlab_hooks_send6(struct netlab_cpu *cpu, struct sk_buff *skb,
			struct inet6_dev *idev)
{
	struct net *net = cpu->ns->net;
	const struct net_device *dev = skb_dst(skb)->dev;
	u8 protocol;
	int err;

	if (netlab_hooks_alone(rcu_dereference(net->nf.hooks_ipv6[NF_INET_LOCAL_OUT]),
			       netlab_output6, dev) &&
	    netlab_count_ordinary(cpu, skb, dev, NETLAB_FAMILY_IPV6,
				  NF_INET_LOCAL_OUT, &protocol)) {
		IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
		err = dst_output(net, NULL, skb);
	} else {
		err = ip6_local_out(net, NULL, skb);
	}
	/* As ip6_send_skb(). */
	if (unlikely(err) && (err < 0 || net_xmit_errno(err)))
		IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTDISCARDS);
}
#endif

#ifdef CONFIG_NETFILTER_FAMILY_ARP
static __always_inline unsigned int
netlab_arp(void *priv, const struct sk_buff *skb, struct net_device *dev,
	   unsigned int direction)
{
	struct netlab_cpu __percpu *counters =
		(void __percpu __force *)(unsigned long)priv;
	unsigned int operation = ntohs(arp_hdr(skb)->ar_op);
	struct netlab_cpu *cpu;

	if (operation >= NETLAB_ARP_OPERATIONS)
		operation = 0;
	/* A neighbour may be asked for in process context. */
	local_bh_disable();
	cpu = this_cpu_ptr(counters);
	netlab_count_begin(cpu);
	u64_stats_inc(&cpu->arp[direction][operation]);
	netlab_count_end(cpu);
	if (direction == NETLAB_DIRECTION_RX)
		netlab_proxy_arp(cpu->ns, skb, dev);
	local_bh_enable();
	return NF_ACCEPT;
}

static unsigned int netlab_arp_in(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return netlab_arp(priv, skb, state->in, NETLAB_DIRECTION_RX);
}

static unsigned int netlab_arp_out(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return netlab_arp(priv, skb, state->out, NETLAB_DIRECTION_TX);
}
#endif

#define NETLAB_HOOK_OPS(family, num, fn, prio)	\
	{ .hook = fn, .pf = family, .hooknum = num, .priority = prio }

/* First or last of all, so that the hooks' difference is what others took. */
static const struct nf_hook_ops netlab_hook_ops[] = {
	NETLAB_HOOK_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, netlab_prerouting4, INT_MIN),
	NETLAB_HOOK_OPS(NFPROTO_IPV4, NF_INET_LOCAL_IN, netlab_input4, INT_MAX),
	NETLAB_HOOK_OPS(NFPROTO_IPV4, NF_INET_FORWARD, netlab_forward4, INT_MAX),
	NETLAB_HOOK_OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT, netlab_output4, INT_MIN),
	NETLAB_HOOK_OPS(NFPROTO_IPV4, NF_INET_POST_ROUTING, netlab_postrouting4, INT_MAX),
#if IS_ENABLED(CONFIG_IPV6)
	NETLAB_HOOK_OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, netlab_prerouting6, INT_MIN),
	NETLAB_HOOK_OPS(NFPROTO_IPV6, NF_INET_LOCAL_IN, netlab_input6, INT_MAX),
	NETLAB_HOOK_OPS(NFPROTO_IPV6, NF_INET_FORWARD, netlab_forward6, INT_MAX),
	NETLAB_HOOK_OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT, netlab_output6, INT_MIN),
	NETLAB_HOOK_OPS(NFPROTO_IPV6, NF_INET_POST_ROUTING, netlab_postrouting6, INT_MAX),
#endif
#ifdef CONFIG_NETFILTER_FAMILY_ARP
	NETLAB_HOOK_OPS(NFPROTO_ARP, NF_ARP_IN, netlab_arp_in, INT_MIN),
	NETLAB_HOOK_OPS(NFPROTO_ARP, NF_ARP_OUT, netlab_arp_out, INT_MAX),
#endif
};

/* Behind what NAT does with a destination. */
static const struct nf_hook_ops netlab_prefix_ops[] = {
	NETLAB_HOOK_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, netlab_prefix4, NF_IP_PRI_NAT_DST + 1),
#if IS_ENABLED(CONFIG_IPV6)
	NETLAB_HOOK_OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, netlab_prefix6, NF_IP6_PRI_NAT_DST + 1),
#endif
};

/* Of a namespace's netlab_hook_ops: kmalloc() would add half as much again. */
static struct kmem_cache *netlab_hook_cache;

/**
 * netlab_hooks_start() - make ready for namespaces
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int __init netlab_hooks_start(void)
{
	netlab_hook_cache = kmem_cache_create("netlab_hook_ops",
					      sizeof(netlab_hook_ops), 0,
					      SLAB_ACCOUNT, NULL);
	return netlab_hook_cache ? 0 : -ENOMEM;
}

/**
 * netlab_hooks_stop() - undo netlab_hooks_start(); no namespace is left
 */
void netlab_hooks_stop(void)
{
	kmem_cache_destroy(netlab_hook_cache);
}

/* What the counting and answering hooks are shown: their counters. */
static void *netlab_hooks_counters(const struct netlab_net *ns)
{
	return (void *)(__force unsigned long)ns->account.cpu;
}

/**
 * netlab_hooks_prefixes() - stand where prefixes are answered for, or don't
 * @ns: the namespace
 * @on: whether to stand there
 *
 * Context: process, @ns's config_lock held. Return: 0; -ENOMEM.
 */
int netlab_hooks_prefixes(struct netlab_net *ns, bool on)
{
	return netlab_hook_set_switch(ns, &ns->prefix_hooks, netlab_prefix_ops,
				      ARRAY_SIZE(netlab_prefix_ops),
				      netlab_hooks_counters(ns), on);
}

/**
 * netlab_hooks_own() - whether a hook's function at input is netlab's
 * @hook: the function
 */
bool netlab_hooks_own(nf_hookfn *hook)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (hook == netlab_input6)
		return true;
#endif
	return hook == netlab_input4;
}

/**
 * netlab_hooks_init() - stand at a namespace's netfilter hooks
 * @ns: the namespace, all else of it ready
 *
 * Each namespace has hooks of its own, whose private datum is its counters:
 * so the packet path need not look the namespace up. Context: process.
 *
 * Return: 0; -ENOMEM.
 */
int netlab_hooks_init(struct netlab_net *ns)
{
	int err;

	/* The words of the interface are netfilter's own numbers. */
	BUILD_BUG_ON(NETLAB_HOOK_PREROUTING != (int)NF_INET_PRE_ROUTING);
	BUILD_BUG_ON(NETLAB_HOOK_INPUT != (int)NF_INET_LOCAL_IN);
	BUILD_BUG_ON(NETLAB_HOOK_FORWARD != (int)NF_INET_FORWARD);
	BUILD_BUG_ON(NETLAB_HOOK_OUTPUT != (int)NF_INET_LOCAL_OUT);
	BUILD_BUG_ON(NETLAB_HOOK_POSTROUTING != (int)NF_INET_POST_ROUTING);

	ns->ops = kmem_cache_alloc(netlab_hook_cache, GFP_KERNEL);
	if (!ns->ops)
		return -ENOMEM;
	netlab_hook_set_fill(ns->ops, netlab_hook_ops,
			     ARRAY_SIZE(netlab_hook_ops),
			     netlab_hooks_counters(ns));
	err = nf_register_net_hooks(ns->net, ns->ops,
				    ARRAY_SIZE(netlab_hook_ops));
	if (err) {
		/* Those that were registered before one wasn't may still run. */
		synchronize_net();
		netlab_hooks_free(ns);
	}
	return err;
}

/**
 * netlab_hooks_exit() - leave a namespace's netfilter hooks
 * @ns: the namespace
 *
 * A hook may still run until an RCU grace period has passed. Context: process.
 */
void netlab_hooks_exit(struct netlab_net *ns)
{
	netlab_hooks_prefixes(ns, false);
	nf_unregister_net_hooks(ns->net, ns->ops, ARRAY_SIZE(netlab_hook_ops));
}

/**
 * netlab_hooks_free() - free what netlab_hooks_init() made
 * @ns: the namespace; its hooks run no more
 */
void netlab_hooks_free(struct netlab_net *ns)
{
	kmem_cache_free(netlab_hook_cache, ns->ops);
	kfree(ns->prefix_hooks.ops);
}
