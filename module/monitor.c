// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bottom_half.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "address.h"
#include "dissect.h"
#include "genl_monitor.h"
#include "hooks.h"
#include "main.h"
#include "monitor.h"
#include "seen.h"

static bool netlab_monitor_address(const struct netlab_prefix_key *prefix,
				   const struct netlab_sight *sight)
{
	const struct sk_buff *skb = sight->skb;

	if (prefix->family != sight->family)
		return false;
	if (sight->family == NETLAB_FAMILY_IPV4)
		return netlab_prefix_has(prefix, netlab_address4(ip_hdr(skb)->saddr)) ||
		       netlab_prefix_has(prefix, netlab_address4(ip_hdr(skb)->daddr));
	return netlab_prefix_has(prefix, netlab_address6(&ipv6_hdr(skb)->saddr)) ||
	       netlab_prefix_has(prefix, netlab_address6(&ipv6_hdr(skb)->daddr));
}

static bool netlab_monitor_wants(const struct netlab_monitor_filter *filter,
				 const struct netlab_sight *sight,
				 const struct nf_hook_state *state)
{
	const int ifindex = filter->ifindex;

	if (filter->family != NETLAB_ANY && filter->family != sight->family)
		return false;
	if (filter->hook != NETLAB_ANY && filter->hook != sight->hook)
		return false;
	if (filter->protocol >= 0 && filter->protocol != sight->protocol)
		return false;
	if (ifindex && !(state->in && state->in->ifindex == ifindex) &&
	    !(state->out && state->out->ifindex == ifindex))
		return false;
	return !filter->has_prefix ||
	       netlab_monitor_address(&filter->prefix, sight);
}

/* Softirqs are off, so that this CPU's count has one writer. */
static bool netlab_monitor_samples(struct netlab_monitor *monitor)
{
	u32 *passed = this_cpu_ptr(monitor->passed);

	if (++*passed < monitor->filter.sample)
		return false;
	*passed = 0;
	return true;
}

static void netlab_monitor_show(struct netlab_net *ns, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct netlab_sight sight = {
		.skb = skb,
		.dev = netlab_hook_dev(state, state->hook),
		.family = state->pf == NFPROTO_IPV4 ? NETLAB_FAMILY_IPV4 :
						      NETLAB_FAMILY_IPV6,
		.hook = state->hook,
	};
	struct netlab_monitor *monitor;
	struct netlab_packet p;

	if (netlab_seen(skb, sight.dev, sight.family, state->hook))
		return;
	if (sight.family == NETLAB_FAMILY_IPV4)
		netlab_dissect4(skb, &p);
	else
		netlab_dissect6(skb, &p);
	sight.protocol = p.protocol;
	list_for_each_entry_rcu(monitor, &ns->monitors, list)
		if (netlab_monitor_wants(&monitor->filter, &sight, state) &&
		    netlab_monitor_samples(monitor))
			netlab_monitor_tell(monitor, &sight);
}

static unsigned int netlab_monitor_hook(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	/* What is sent locally may be in process context. */
	local_bh_disable();
	netlab_monitor_show(priv, skb, state);
	local_bh_enable();
	return NF_ACCEPT;
}

#define NETLAB_MONITOR_OPS(family, num, prio)	\
	{ .hook = netlab_monitor_hook, .pf = family, .hooknum = num, .priority = prio }

/*
 * Where the counting hooks stand. Of hooks with one priority that which is
 * registered last comes first: so requests are seen before netlab answers them.
 */
static const struct nf_hook_ops netlab_monitor_ops[] = {
	NETLAB_MONITOR_OPS(NFPROTO_IPV4, NF_INET_PRE_ROUTING, INT_MIN),
	NETLAB_MONITOR_OPS(NFPROTO_IPV4, NF_INET_LOCAL_IN, INT_MAX),
	NETLAB_MONITOR_OPS(NFPROTO_IPV4, NF_INET_FORWARD, INT_MAX),
	NETLAB_MONITOR_OPS(NFPROTO_IPV4, NF_INET_LOCAL_OUT, INT_MIN),
	NETLAB_MONITOR_OPS(NFPROTO_IPV4, NF_INET_POST_ROUTING, INT_MAX),
#if IS_ENABLED(CONFIG_IPV6)
	NETLAB_MONITOR_OPS(NFPROTO_IPV6, NF_INET_PRE_ROUTING, INT_MIN),
	NETLAB_MONITOR_OPS(NFPROTO_IPV6, NF_INET_LOCAL_IN, INT_MAX),
	NETLAB_MONITOR_OPS(NFPROTO_IPV6, NF_INET_FORWARD, INT_MAX),
	NETLAB_MONITOR_OPS(NFPROTO_IPV6, NF_INET_LOCAL_OUT, INT_MIN),
	NETLAB_MONITOR_OPS(NFPROTO_IPV6, NF_INET_POST_ROUTING, INT_MAX),
#endif
};

/* Stands at the hooks while anybody looks. Under config_lock. */
static int netlab_monitor_hooks(struct netlab_net *ns, bool on)
{
	return netlab_hook_set_switch(ns, &ns->monitor_hooks,
				      netlab_monitor_ops,
				      ARRAY_SIZE(netlab_monitor_ops), ns, on);
}

/* A socket's monitor, or NULL. Under config_lock. */
static struct netlab_monitor *netlab_monitor_find(struct netlab_net *ns,
						  u32 portid, unsigned int *n)
{
	struct netlab_monitor *monitor, *found = NULL;

	*n = 0;
	list_for_each_entry(monitor, &ns->monitors, list) {
		++*n;
		if (monitor->portid == portid)
			found = monitor;
	}
	return found;
}

static void netlab_monitor_free(struct netlab_monitor *monitor)
{
	free_percpu(monitor->passed);
	kfree(monitor);
}

/**
 * netlab_monitor_start() - tell a socket of packets from now on
 * @ns: the namespace
 * @portid: the socket's port
 * @filter: of which
 *
 * Context: process. Return: 0; -EALREADY if it is told already, -EUSERS if
 * NETLAB_MONITORS are, -ENOMEM.
 */
int netlab_monitor_start(struct netlab_net *ns, u32 portid,
			 const struct netlab_monitor_filter *filter)
{
	struct netlab_monitor *monitor;
	unsigned int n;
	int err;

	monitor = kzalloc(sizeof(*monitor), GFP_KERNEL_ACCOUNT);
	if (!monitor)
		return -ENOMEM;
	monitor->passed = alloc_percpu_gfp(u32, GFP_KERNEL_ACCOUNT);
	if (!monitor->passed) {
		kfree(monitor);
		return -ENOMEM;
	}
	monitor->ns = ns;
	monitor->portid = portid;
	monitor->filter = *filter;

	mutex_lock(&ns->config_lock);
	if (netlab_monitor_find(ns, portid, &n))
		err = -EALREADY;
	else if (n >= NETLAB_MONITORS)
		err = -EUSERS;
	else
		err = netlab_monitor_hooks(ns, true);
	if (!err)
		list_add_tail_rcu(&monitor->list, &ns->monitors);
	mutex_unlock(&ns->config_lock);
	if (err)
		netlab_monitor_free(monitor);
	return err;
}

/**
 * netlab_monitor_stop() - tell a socket of packets no longer
 * @ns: the namespace
 * @portid: the socket's port
 * @seq: set to how many packets there were
 * @lost: set to how many of them were lost
 *
 * Context: process; waits for RCU. Return: 0; -ENOENT if it wasn't told.
 */
int netlab_monitor_stop(struct netlab_net *ns, u32 portid, u64 *seq, u64 *lost)
{
	struct netlab_monitor *monitor;
	unsigned int n;

	mutex_lock(&ns->config_lock);
	monitor = netlab_monitor_find(ns, portid, &n);
	if (monitor) {
		list_del_rcu(&monitor->list);
		netlab_monitor_hooks(ns, n > 1);
	}
	mutex_unlock(&ns->config_lock);
	if (!monitor)
		return -ENOENT;
	synchronize_net();
	*seq = atomic64_read(&monitor->seq);
	*lost = atomic64_read(&monitor->lost);
	netlab_monitor_free(monitor);
	return 0;
}

/**
 * netlab_monitor_init() - make ready for monitors
 * @ns: the namespace
 */
void netlab_monitor_init(struct netlab_net *ns)
{
	INIT_LIST_HEAD(&ns->monitors);
}

/**
 * netlab_monitor_leave() - leave the hooks
 * @ns: the namespace
 *
 * A hook may still run until an RCU grace period has passed. Context: process;
 * no request comes any more.
 */
void netlab_monitor_leave(struct netlab_net *ns)
{
	netlab_monitor_hooks(ns, false);
}

/**
 * netlab_monitor_exit() - free a namespace's monitors
 * @ns: the namespace; its hooks run no more
 *
 * Those of sockets that outlive the module. Context: process.
 */
void netlab_monitor_exit(struct netlab_net *ns)
{
	struct netlab_monitor *monitor, *next;

	list_for_each_entry_safe(monitor, next, &ns->monitors, list)
		netlab_monitor_free(monitor);
	kfree(ns->monitor_hooks.ops);
}

/* A socket that is closed is told nothing any longer. */
static int netlab_monitor_event(struct notifier_block *nb, unsigned long event,
				void *ptr)
{
	const struct netlink_notify *n = ptr;
	struct netlab_net *ns;
	u64 seq, lost;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	ns = netlab_net(n->net);
	if (!list_empty(&ns->monitors))
		netlab_monitor_stop(ns, n->portid, &seq, &lost);
	return NOTIFY_DONE;
}

static struct notifier_block netlab_monitor_notifier = {
	.notifier_call = netlab_monitor_event,
};

/**
 * netlab_monitor_register() - learn of sockets that are closed
 *
 * Context: process. Return: 0 or a negative errno.
 */
int netlab_monitor_register(void)
{
	return netlink_register_notifier(&netlab_monitor_notifier);
}

/**
 * netlab_monitor_unregister() - learn of closed sockets no longer
 *
 * Context: process.
 */
void netlab_monitor_unregister(void)
{
	netlink_unregister_notifier(&netlab_monitor_notifier);
}
