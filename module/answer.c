// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv6.h>
#include <net/netfilter/nf_conntrack.h>

#include "address.h"
#include "answer.h"
#include "count.h"
#include "defrag.h"
#include "echo.h"
#include "hooks.h"
#include "main.h"
#include "proxy.h"
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

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
static const struct nf_hook_entries *
netlab_hooks_input(const struct nf_hook_state *state)
{
	if (state->pf == NFPROTO_IPV4)
		return rcu_dereference(state->net->nf.hooks_ipv4[NF_INET_LOCAL_IN]);
	return rcu_dereference(state->net->nf.hooks_ipv6[NF_INET_LOCAL_IN]);
}

/* Whether a packet belongs to a connection that isn't confirmed yet. */
static bool netlab_unconfirmed(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && !nf_ct_is_confirmed(ct);
}
#else
static bool netlab_unconfirmed(const struct sk_buff *skb)
{
	return false;
}
#endif

/*
 * A request that netlab answers goes no further, but conntrack must confirm
 * its connection, as it does at the end of input: otherwise every ping would
 * be new to it, and every reply invalid. Its hook has netlab's priority, and
 * stands behind netlab's where it was there first. Then what stands behind is
 * run from here.
 *
 * Returns whether the request is still there to be answered.
 */
static noinline bool netlab_confirm(struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	struct nf_hook_state behind = *state;
	const struct nf_hook_entries *e;
	unsigned int i;

	e = netlab_hooks_input(state);
	/* netlab's own is no longer there if it is just being unloaded. */
	for (i = 0; e && i < e->num_hook_entries; i++)
		if (netlab_hooks_own(e->hooks[i].hook))
			return nf_hook_slow(skb, &behind, e, i + 1) == 1;
#endif
	return true;
}

/* NF_IP_PRI_CONNTRACK_CONFIRM, and one less for IPv6. */
#define NETLAB_PRI_CONFIRM	(NF_IP6_PRI_LAST - 1)

/*
 * The same at prerouting, where the request will never come to input: of
 * input's hooks only conntrack's last is run, which is known by its priority.
 * Without it the reply would be invalid, and would keep the address that NAT
 * has given its request.
 */
static bool netlab_confirm_prefix(struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	struct nf_hook_state input = *state;
	const struct nf_hook_entries *e;
	struct nf_hook_ops **ops;
	unsigned int i;

	if (!netlab_unconfirmed(skb))
		return true;
	e = netlab_hooks_input(state);
	if (!e)
		return true;
	input.hook = NF_INET_LOCAL_IN;
	ops = nf_hook_entries_get_hook_ops(e);
	for (i = 0; i < e->num_hook_entries; i++) {
		const struct nf_hook_ops *op = READ_ONCE(ops[i]);

		if (op->priority >= NETLAB_PRI_CONFIRM &&
		    !netlab_hooks_own(op->hook) &&
		    op->hook(op->priv, skb, &input) != NF_ACCEPT)
			return false;
	}
#endif
	return true;
}

/* A wrong checksum is odd, too, at the hook where it was found. */
static void netlab_answer_count(struct netlab_cpu *cpu, unsigned int family,
				unsigned int hook, unsigned int path,
				int outcome)
{
	netlab_count_outcome(cpu, family, path, outcome);
	if (outcome == NETLAB_OUTCOME_BAD_CHECKSUM) {
		netlab_count_begin(cpu);
		netlab_count_anomaly(cpu, NETLAB_CELL(family, hook),
				     NETLAB_ANOMALY_BAD_ICMP_CHECKSUM);
		netlab_count_end(cpu);
	}
	if (outcome == NETLAB_OUTCOME_REPLIED)
		netlab_mib_touch(&cpu->ns->mib);
}

/* Inlined once for each family. */
static __always_inline unsigned int
netlab_answer_own(struct netlab_cpu *cpu, struct sk_buff *skb,
		  const struct nf_hook_state *state, unsigned int family)
{
	const bool ipv6 = IS_ENABLED(CONFIG_IPV6) &&
			  family == NETLAB_FAMILY_IPV6;
	struct netlab_packet p;
	int outcome;

	if (ipv6)
		netlab_dissect6(skb, &p);
	else
		netlab_dissect4(skb, &p);
	outcome = ipv6 ? netlab_echo6(cpu->ns, skb, &p) :
			 netlab_echo4(cpu->ns, skb, &p);
	if (outcome == NETLAB_OUTCOME_REPLIED) {
		if (unlikely(netlab_unconfirmed(skb)) &&
		    !netlab_confirm(skb, state)) {
			netlab_count_outcome(cpu, family, NETLAB_PATH_LOCAL,
					     NETLAB_OUTCOME_POLICY);
			return NF_STOLEN;
		}
		outcome = ipv6 ? netlab_reply6(cpu, skb, &p, true) :
				 netlab_reply4(cpu, skb, &p, true);
	}
	if (likely(outcome == NETLAB_OUTCOME_REPLIED)) {
		netlab_count_outcome(cpu, family, NETLAB_PATH_LOCAL, outcome);
		netlab_mib_touch(&cpu->ns->mib);
		return NF_STOLEN;
	}
	if (outcome == NETLAB_NOT_ECHO)
		return NF_ACCEPT;
	netlab_answer_count(cpu, family, NETLAB_HOOK_INPUT, NETLAB_PATH_LOCAL,
			    outcome);
	return netlab_verdict(outcome);
}

/**
 * netlab_answer_local4() - answer an ICMP packet at input, if it is to be
 * @cpu: this CPU's counters
 * @skb: the packet, with a route
 * @state: of the hook
 *
 * Context: softirqs off, RCU. Return: netfilter's verdict.
 */
unsigned int netlab_answer_local4(struct netlab_cpu *cpu, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return netlab_answer_own(cpu, skb, state, NETLAB_FAMILY_IPV4);
}

/**
 * netlab_answer_local6() - answer an ICMPv6 packet at input, if it is to be
 * @cpu: this CPU's counters
 * @skb: the packet, with a route
 * @state: of the hook
 *
 * Context: softirqs off, RCU. Return: netfilter's verdict.
 */
unsigned int netlab_answer_local6(struct netlab_cpu *cpu, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return netlab_answer_own(cpu, skb, state, NETLAB_FAMILY_IPV6);
}

/* Bridged past this host by br_netfilter, though it looks as if it came in. */
static bool netlab_passes_by(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	const struct nf_bridge_info *bridge = nf_bridge_info_get(skb);

	return bridge && bridge->pkt_otherhost;
#else
	return false;
#endif
}

/*
 * The prefix that answers for a packet's destination, if any: not for what the
 * namespace owns itself, nor for what is no one host's.
 */
static struct netlab_prefix *netlab_answer_find(struct netlab_net *ns,
						const struct sk_buff *skb,
						unsigned int family)
{
	const struct netlab_prefixes *set = rcu_dereference(ns->prefixes);
	struct netlab_prefix *prefix;

	if (!set)
		return NULL;
	/* prefix_cpus was there before the first set. */
	smp_rmb();
	if (family == NETLAB_FAMILY_IPV4) {
		__be32 daddr = ip_hdr(skb)->daddr;

		prefix = netlab_prefix_find(set, family, netlab_address4(daddr));
		return prefix && netlab_foreign4(ns->net, skb->dev, daddr) ?
		       prefix : NULL;
	} else {
		const struct in6_addr *daddr = &ipv6_hdr(skb)->daddr;

		prefix = netlab_prefix_find(set, family, netlab_address6(daddr));
		return prefix && netlab_foreign6(ns->net, skb->dev, daddr) ?
		       prefix : NULL;
	}
}

/* As netlab_answer_local(), of a packet that is known to be for @prefix. */
static unsigned int netlab_answer_for(struct netlab_cpu *cpu,
				      struct sk_buff *skb,
				      const struct nf_hook_state *state,
				      unsigned int family,
				      const struct netlab_packet *p,
				      struct netlab_prefix *prefix)
{
	const bool ipv6 = IS_ENABLED(CONFIG_IPV6) &&
			  family == NETLAB_FAMILY_IPV6;
	struct netlab_prefix_slot *slot;
	unsigned int verdict;
	int outcome;

	/* If it is just being removed, another may have taken its place. */
	slot = netlab_prefix_slot(this_cpu_ptr(cpu->ns->prefix_cpus), prefix);
	if (unlikely(!slot)) {
		prefix = netlab_answer_find(cpu->ns, skb, family);
		if (!prefix)
			return NF_ACCEPT;
		slot = netlab_prefix_slot(this_cpu_ptr(cpu->ns->prefix_cpus),
					  prefix);
		if (!slot)
			return NF_ACCEPT;
	}
	outcome = ipv6 ? netlab_echo_prefix6(cpu->ns, skb, p, slot) :
			 netlab_echo_prefix4(cpu->ns, skb, p, slot);
	if (outcome == NETLAB_NOT_ECHO)
		return NF_ACCEPT;

	verdict = netlab_verdict(outcome);
	if (outcome == NETLAB_OUTCOME_REPLIED) {
		if (netlab_confirm_prefix(skb, state)) {
			outcome = ipv6 ? netlab_reply6(cpu, skb, p, false) :
					 netlab_reply4(cpu, skb, p, false);
			verdict = netlab_verdict(outcome);
		} else {
			outcome = NETLAB_OUTCOME_POLICY;
			verdict = NF_DROP;
		}
	}
	/* What the reply met on its way may have used the slot for another. */
	slot = netlab_prefix_slot(this_cpu_ptr(cpu->ns->prefix_cpus), prefix);
	if (slot)
		netlab_prefix_count(slot, outcome == NETLAB_OUTCOME_REPLIED);
	netlab_answer_count(cpu, family, NETLAB_HOOK_PREROUTING,
			    NETLAB_PATH_PREFIX, outcome);
	return verdict;
}

/**
 * netlab_answer_prefix() - answer a packet at prerouting, if a prefix does
 * @cpu: this CPU's counters
 * @skb: any packet, after DNAT, without a route
 * @state: of the hook
 * @family: enum netlab_family
 *
 * Fragments for such a prefix are reassembled; of other packets nothing is
 * changed. Context: softirqs off, RCU. Return: netfilter's verdict.
 */
unsigned int netlab_answer_prefix(struct netlab_cpu *cpu, struct sk_buff *skb,
				  const struct nf_hook_state *state,
				  unsigned int family)
{
	struct netlab_prefix *prefix;
	struct netlab_packet p;
	unsigned int verdict;

	if (family == NETLAB_FAMILY_IPV4)
		netlab_dissect4(skb, &p);
	else
		netlab_dissect6(skb, &p);
	if (p.protocol != netlab_icmp(family) || netlab_passes_by(skb))
		return NF_ACCEPT;
	/* What was asked by unicast would be forwarded to nowhere. */
	if (IS_ENABLED(CONFIG_IPV6) && family == NETLAB_FAMILY_IPV6 &&
	    netlab_proxy_solicited(cpu->ns, skb, &p))
		return ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr) ?
		       NF_ACCEPT : NF_DROP;
	prefix = netlab_answer_find(cpu->ns, skb, family);
	if (!prefix)
		return NF_ACCEPT;

	if (unlikely(p.flags & NETLAB_PACKET_FRAGMENT)) {
		verdict = netlab_defrag(state->net, skb, family);
		if (verdict != NF_ACCEPT)
			return verdict;
		if (family == NETLAB_FAMILY_IPV4)
			netlab_dissect4(skb, &p);
		else
			netlab_dissect6(skb, &p);
	}
	return netlab_answer_for(cpu, skb, state, family, &p, prefix);
}
