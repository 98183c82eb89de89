/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * direct: answers at a device's ingress, by turning the frame round: which
 * devices those are (direct.c), and what becomes of a frame (turn.c).
 */
#ifndef _NETLAB_DIRECT_H
#define _NETLAB_DIRECT_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>

struct net_device;
struct netlab_net;

/* Each CPU remembers so many pairs of addresses, of which it knows enough. */
#define NETLAB_DIRECT_PAIRS	16

/**
 * struct netlab_direct_pair - what is known of addresses
 * @saddr: a host's, not this one's: the request's source
 * @daddr: this namespace's
 * @genid: of IPv4's routes and addresses when they were looked up
 * @saddr6: a reply's source
 * @daddr6: and its destination
 * @label: the flow label that goes with them
 * @autolabel: as the sysctl auto_flowlabels was
 */
struct netlab_direct_pair {
	__be32 saddr;
	__be32 daddr;
	int genid;
	struct in6_addr saddr6;
	struct in6_addr daddr6;
	__be32 label;
	u8 autolabel;
};

/**
 * struct netlab_direct - a device that is answered at
 * @list: of the namespace's, protected by RTNL
 * @ns: the namespace
 * @dev: the device
 * @pairs: NETLAB_DIRECT_PAIRS for each CPU
 * @wanted: whether a commit names it
 * @fresh: whether it has come with that commit
 * @ops: the hook at its ingress
 * @rcu: to free it when the hook runs no more
 */
struct netlab_direct {
	struct list_head list;
	struct netlab_net *ns;
	struct net_device *dev;
	struct netlab_direct_pair __percpu *pairs;
	bool wanted;
	bool fresh;
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

unsigned int netlab_turn(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state);

int netlab_direct_set(struct netlab_net *ns, struct net_device *dev,
		      bool enable);
const char *netlab_direct_unfit(const struct net_device *dev);
void netlab_direct_forget(struct netlab_net *ns, struct net_device *dev);
void netlab_direct_begin(struct netlab_net *ns);
int netlab_direct_want(struct netlab_net *ns, struct net_device *dev);
void netlab_direct_end(struct netlab_net *ns, bool commit);
unsigned int netlab_direct_count(const struct netlab_net *ns);
int netlab_direct_next(struct netlab_net *ns, int ifindex);
void netlab_direct_exit(struct netlab_net *ns);

#endif /* _NETLAB_DIRECT_H */
