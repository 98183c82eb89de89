// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor: the least that a netfilter hook can cost which counts by protocol: one
 * array of counters per CPU for all namespaces, and nothing else. For the
 * benchmark alone.
 */
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/percpu.h>
#include <net/net_namespace.h>

struct counter {
	u64 packets, bytes;
};

static DEFINE_PER_CPU(struct counter [256], counters);

static unsigned int count(void *priv, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	struct counter *c = this_cpu_ptr(&counters[ip_hdr(skb)->protocol]);

	c->packets++;
	c->bytes += skb->len;
	return NF_ACCEPT;
}

static const struct nf_hook_ops ops = {
	.hook = count,
	.pf = NFPROTO_IPV4,
	.hooknum = NF_INET_PRE_ROUTING,
	.priority = NF_IP_PRI_FIRST,
};

static int __net_init net_init(struct net *net)
{
	return nf_register_net_hook(net, &ops);
}

static void __net_exit net_exit(struct net *net)
{
	nf_unregister_net_hook(net, &ops);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
};

static int __init floor_init(void)
{
	return register_pernet_subsys(&net_ops);
}

/* The benchmark reads here whether all was counted. */
static void __exit floor_exit(void)
{
	u64 total = 0;
	int cpu, i;

	unregister_pernet_subsys(&net_ops);
	for_each_possible_cpu(cpu)
		for (i = 0; i < 256; i++)
			total += per_cpu(counters[i].packets, cpu);
	pr_info("floor: %llu packets\n", total);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the least that a counting hook can cost (benchmark)");
