/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hooks: netfilter in, verdict out.
 */
#ifndef _NETLAB_HOOKS_H
#define _NETLAB_HOOKS_H

#include <linux/netfilter.h>

struct inet6_dev;
struct netlab_cpu;
struct netlab_net;

int netlab_hooks_start(void);
void netlab_hooks_stop(void);
int netlab_hooks_init(struct netlab_net *ns);
void netlab_hooks_exit(struct netlab_net *ns);
void netlab_hooks_free(struct netlab_net *ns);
int netlab_hooks_prefixes(struct netlab_net *ns, bool on);
void netlab_hooks_send4(struct netlab_cpu *cpu, struct sk_buff *skb);
void netlab_hooks_send6(struct netlab_cpu *cpu, struct sk_buff *skb,
			struct inet6_dev *idev);
bool netlab_hooks_own(nf_hookfn *hook);

/* The device that a packet came by or goes by. */
static __always_inline const struct net_device *
netlab_hook_dev(const struct nf_hook_state *state, unsigned int hook)
{
	return hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_IN ?
	       state->in : state->out;
}

#endif /* _NETLAB_HOOKS_H */
