// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bottom_half.h>
#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack.h>

#include "count.h"
#include "echo.h"
#include "hooks.h"
#include "main.h"
#include "reply.h"

/* What netfilter does with an echo request of each outcome. */
static unsigned int netlab_verdict(int outcome)
{
	switch (outcome) {
	case NETLAB_OUTCOME_REPLIED:
		return NF_STOLEN;
	case NETLAB_OUTCOME_TOO_LARGE:
	case NETLAB_OUTCOME_RATE_LIMITED:
	case NETLAB_OUTCOME_SOURCE_LIMITED:
		return NF_DROP;
	default:
		return NF_ACCEPT;
	}
}

/*
 * A request that netlab answers goes no further, but conntrack must confirm
 * its connection, as it does at the end of input: otherwise every ping would
 * be new to it, and every reply invalid. Its hook has netlab's priority, and
 * stands behind netlab's where it was there first. Then what stands behind is
 * run from here.
 *
 * Returns whether the request is still there to be answered.
 */
static bool netlab_confirm(struct sk_buff *skb,
			   const struct nf_hook_state *state, nf_hookfn *self)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct nf_hook_state behind = *state;
	const struct nf_hook_entries *e;
	unsigned int i;

	if (!ct || nf_ct_is_confirmed(ct))
		return true;

	if (state->pf == NFPROTO_IPV4)
		e = rcu_dereference(state->net->nf.hooks_ipv4[state->hook]);
	else
		e = rcu_dereference(state->net->nf.hooks_ipv6[state->hook]);
	/* netlab's own is no longer there if it is just being unloaded. */
	for (i = 0; e && i < e->num_hook_entries; i++)
		if (e->hooks[i].hook == self)
			return nf_hook_slow(skb, &behind, e, i + 1) == 1;
#endif
	return true;
}

/* Decides, answers and counts: each echo request has one outcome. */
static noinline unsigned int
netlab_answer(struct netlab_cpu *cpu, struct sk_buff *skb,
	      const struct nf_hook_state *state, unsigned int family,
	      nf_hookfn *self)
{
	const bool ipv6 = IS_ENABLED(CONFIG_IPV6) &&
			  family == NETLAB_FAMILY_IPV6;
	struct netlab_packet p;
	unsigned int verdict;
	int outcome;

	if (ipv6)
		netlab_dissect6(skb, &p);
	else
		netlab_dissect4(skb, &p);
	outcome = ipv6 ? netlab_echo6(cpu->ns, skb, &p) :
			 netlab_echo4(cpu->ns, skb, &p);
	if (outcome == NETLAB_NOT_ECHO)
		return NF_ACCEPT;

	verdict = netlab_verdict(outcome);
	if (outcome == NETLAB_OUTCOME_REPLIED) {
		if (netlab_confirm(skb, state, self)) {
			outcome = ipv6 ? netlab_reply6(state->net, skb, &p) :
					 netlab_reply4(state->net, skb, &p);
			verdict = netlab_verdict(outcome);
		} else {
			outcome = NETLAB_OUTCOME_POLICY;
		}
	}
	netlab_count_outcome(cpu, family, NETLAB_PATH_LOCAL, outcome);
	if (outcome == NETLAB_OUTCOME_BAD_CHECKSUM) {
		netlab_count_begin(cpu);
		netlab_count_anomaly(cpu, NETLAB_CELL(family, NETLAB_HOOK_INPUT),
				     NETLAB_ANOMALY_BAD_ICMP_CHECKSUM);
		netlab_count_end(cpu);
	}
	if (outcome == NETLAB_OUTCOME_REPLIED)
		netlab_mib_touch(&cpu->ns->mib);
	return verdict;
}

/*
 * A VRF shows what it passes to and from its devices a second time, as its own;
 * it is counted where the device is the real one. What begins or ends at the
 * VRF itself is seen once.
 */
static bool netlab_vrf(const struct sk_buff *skb,
		       const struct net_device *dev, unsigned int family,
		       unsigned int hook)
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
static bool netlab_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	const struct nf_bridge_info *bridge = nf_bridge_info_get(skb);

	return bridge && !bridge->in_prerouting;
#else
	return false;
#endif
}

/* The device that a packet came by or goes by. */
static __always_inline const struct net_device *
netlab_hook_dev(const struct nf_hook_state *state, unsigned int hook)
{
	return hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_IN ?
	       state->in : state->out;
}

/* Whether this hook has been shown the packet before, and counted it. */
static bool netlab_seen(const struct sk_buff *skb,
			const struct net_device *dev, unsigned int family,
			unsigned int hook)
{
	switch (hook) {
	case NF_INET_PRE_ROUTING:
		return netlab_bridged(skb) || netlab_vrf(skb, dev, family, hook);
	case NF_INET_LOCAL_OUT:
	case NF_INET_POST_ROUTING:
		return netlab_vrf(skb, dev, family, hook);
	default:
		return false;
	}
}

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

/* Any packet that netlab_count_ordinary() left. */
static noinline unsigned int
netlab_hook_any(struct netlab_cpu *cpu, struct sk_buff *skb,
		const struct nf_hook_state *state, unsigned int family,
		unsigned int hook, nf_hookfn *self)
{
	const struct net_device *dev = netlab_hook_dev(state, hook);
	u8 protocol;

	if (netlab_seen(skb, dev, family, hook))
		return NF_ACCEPT;
	netlab_count_begin(cpu);
	protocol = netlab_count_any(cpu, skb, dev, family, hook);
	netlab_count_end(cpu);
	if (hook == NF_INET_LOCAL_IN && protocol == netlab_icmp(family))
		return netlab_answer(cpu, skb, state, family, self);
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
		return netlab_hook_any(cpu, skb, state, family, hook, self);
	if (hook == NF_INET_LOCAL_IN && protocol == netlab_icmp(family) &&
	    netlab_maybe_echo(skb, family))
		return netlab_answer(cpu, skb, state, family, self);
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

#ifdef CONFIG_NETFILTER_FAMILY_ARP
static __always_inline unsigned int
netlab_arp(void *priv, const struct sk_buff *skb, unsigned int direction)
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
	local_bh_enable();
	return NF_ACCEPT;
}

static unsigned int netlab_arp_in(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return netlab_arp(priv, skb, NETLAB_DIRECTION_RX);
}

static unsigned int netlab_arp_out(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return netlab_arp(priv, skb, NETLAB_DIRECTION_TX);
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
	size_t i;
	int err;

	/* The words of the interface are netfilter's own numbers. */
	BUILD_BUG_ON(NETLAB_HOOK_PREROUTING != (int)NF_INET_PRE_ROUTING);
	BUILD_BUG_ON(NETLAB_HOOK_INPUT != (int)NF_INET_LOCAL_IN);
	BUILD_BUG_ON(NETLAB_HOOK_FORWARD != (int)NF_INET_FORWARD);
	BUILD_BUG_ON(NETLAB_HOOK_OUTPUT != (int)NF_INET_LOCAL_OUT);
	BUILD_BUG_ON(NETLAB_HOOK_POSTROUTING != (int)NF_INET_POST_ROUTING);

	ns->ops = kmemdup(netlab_hook_ops, sizeof(netlab_hook_ops),
			  GFP_KERNEL_ACCOUNT);
	if (!ns->ops)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(netlab_hook_ops); i++)
		ns->ops[i].priv = (void *)(__force unsigned long)ns->account.cpu;

	err = nf_register_net_hooks(ns->net, ns->ops,
				    ARRAY_SIZE(netlab_hook_ops));
	if (err)
		netlab_hooks_free(ns);
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
	nf_unregister_net_hooks(ns->net, ns->ops, ARRAY_SIZE(netlab_hook_ops));
}

/**
 * netlab_hooks_free() - free what netlab_hooks_init() made
 * @ns: the namespace; its hooks run no more
 */
void netlab_hooks_free(struct netlab_net *ns)
{
	kfree(ns->ops);
}
