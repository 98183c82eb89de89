// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/netlab.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "defrag.h"

/*
 * IPv6 has its reassembly in a module, nf_defrag_ipv6. It is taken when there
 * is the first IPv6 prefix, so that insmod can load netlab without it.
 */
#if IS_ENABLED(CONFIG_IPV6) && IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
static int (*netlab_gather6)(struct net *net, struct sk_buff *skb, u32 user);
static DEFINE_MUTEX(netlab_gather6_lock);

/**
 * netlab_defrag_get6() - make sure that IPv6 can be reassembled
 *
 * Where the kernel can't, fragments go on their way unanswered. Context:
 * process; may load a module.
 */
void netlab_defrag_get6(void)
{
	int (*gather)(struct net *net, struct sk_buff *skb, u32 user);

	mutex_lock(&netlab_gather6_lock);
	if (!netlab_gather6) {
		gather = symbol_get(nf_ct_frag6_gather);
		if (!gather) {
			request_module("nf_defrag_ipv6");
			gather = symbol_get(nf_ct_frag6_gather);
		}
		WRITE_ONCE(netlab_gather6, gather);
	}
	mutex_unlock(&netlab_gather6_lock);
}

/**
 * netlab_defrag_exit() - let go of what netlab_defrag_get6() took
 *
 * Context: process; no hook runs any more.
 */
void netlab_defrag_exit(void)
{
	if (netlab_gather6)
		symbol_put(nf_ct_frag6_gather);
}

/*
 * Each fragment says what the first header behind its own is. Only where that
 * is ICMPv6 are all of them taken: then none is kept of a packet whose others
 * go on.
 */
static bool netlab_fragments_icmp6(const struct sk_buff *skb)
{
	unsigned int off = 0;
	struct frag_hdr buf;
	const struct frag_hdr *fh;

	if (ipv6_find_hdr(skb, &off, NEXTHDR_FRAGMENT, NULL, NULL) < 0)
		return false;
	fh = skb_header_pointer(skb, off, sizeof(buf), &buf);
	return fh && fh->nexthdr == IPPROTO_ICMPV6;
}

static unsigned int netlab_defrag6(struct net *net, struct sk_buff *skb)
{
	int (*gather)(struct net *net, struct sk_buff *skb, u32 user);
	int err;

	gather = READ_ONCE(netlab_gather6);
	if (!gather || !netlab_fragments_icmp6(skb))
		return NF_ACCEPT;
	err = gather(net, skb, IP6_DEFRAG_CONNTRACK_IN);
	if (err == -EINPROGRESS)
		return NF_STOLEN;
	return err ? NF_DROP : NF_ACCEPT;
}
#else
void netlab_defrag_get6(void)
{
}

void netlab_defrag_exit(void)
{
}

static unsigned int netlab_defrag6(struct net *net, struct sk_buff *skb)
{
	return NF_ACCEPT;
}
#endif

/**
 * netlab_defrag() - reassemble a fragment with what came before it
 * @net: the namespace
 * @skb: a fragment, at prerouting
 * @family: enum netlab_family
 *
 * With ip_defrag() and nf_ct_frag6_gather(), whose timers and limits apply; as
 * conntrack's user, for where conntrack reassembles, nothing is left to do.
 * Context: softirqs off, RCU.
 *
 * Return: NF_ACCEPT, and @skb is whole, or a fragment still if the kernel can't
 * reassemble it; NF_STOLEN, and it is kept until others come; NF_DROP.
 */
unsigned int netlab_defrag(struct net *net, struct sk_buff *skb,
			   unsigned int family)
{
	if (family == NETLAB_FAMILY_IPV6)
		return netlab_defrag6(net, skb);
	/* What it can't queue it frees. */
	if (ip_defrag(net, skb, IP_DEFRAG_CONNTRACK_IN))
		return NF_STOLEN;
	skb->ignore_df = 1;
	return NF_ACCEPT;
}
