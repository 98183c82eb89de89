// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "direct.h"
#include "main.h"

static struct netlab_direct *netlab_direct_get(struct netlab_net *ns,
					       const struct net_device *dev)
{
	struct netlab_direct *direct;

	list_for_each_entry(direct, &ns->direct, list)
		if (direct->dev == dev)
			return direct;
	return NULL;
}

static void netlab_direct_free(struct rcu_head *rcu)
{
	struct netlab_direct *direct = container_of(rcu, struct netlab_direct,
						    rcu);

	free_percpu(direct->pairs);
	kfree(direct);
}

static void netlab_direct_remove(struct netlab_direct *direct)
{
	nf_unregister_net_hook(direct->ns->net, &direct->ops);
	list_del(&direct->list);
	call_rcu(&direct->rcu, netlab_direct_free);
}

/**
 * netlab_direct_unfit() - why a device's frames can't be answered at ingress
 * @dev: the device
 *
 * Context: process, RTNL. Return: a sentence; NULL if they can.
 */
const char *netlab_direct_unfit(const struct net_device *dev)
{
	if (dev->type != ARPHRD_ETHER || dev->flags & IFF_LOOPBACK ||
	    netif_is_l3_master(dev))
		return "direct: expected an Ethernet device";
	if (netdev_master_upper_dev_get((struct net_device *)dev) ||
	    rcu_access_pointer(dev->rx_handler))
		return "direct: a port of a bridge, bond or VRF; expected a device of its own";
	return NULL;
}

/**
 * netlab_direct_set() - answer at a device's ingress, or no longer
 * @ns: the namespace
 * @dev: a device of it, for which netlab_direct_unfit() has nothing to say
 * @enable: whether to answer
 *
 * Behind nft's hooks there, if it has any. Context: process, RTNL.
 *
 * Return: 0; -ENOMEM; -EOPNOTSUPP if the kernel has no such hook.
 */
int netlab_direct_set(struct netlab_net *ns, struct net_device *dev,
		      bool enable)
{
	struct netlab_direct *direct = netlab_direct_get(ns, dev);
	int err = -ENOMEM;

	if (!!direct == enable)
		return 0;
	if (!enable) {
		netlab_direct_remove(direct);
		return 0;
	}

	direct = kzalloc(sizeof(*direct), GFP_KERNEL_ACCOUNT);
	if (!direct)
		return -ENOMEM;
	direct->ns = ns;
	direct->dev = dev;
	direct->pairs = __alloc_percpu_gfp(NETLAB_DIRECT_PAIRS *
					   sizeof(*direct->pairs),
					   __alignof__(*direct->pairs),
					   GFP_KERNEL_ACCOUNT);
	if (!direct->pairs)
		goto err;
	direct->ops.hook = netlab_turn;
	direct->ops.priv = direct;
	direct->ops.dev = dev;
	direct->ops.pf = NFPROTO_NETDEV;
	direct->ops.hooknum = NF_NETDEV_INGRESS;
	direct->ops.priority = INT_MAX;
	err = nf_register_net_hook(ns->net, &direct->ops);
	if (err)
		goto err;
	list_add_tail(&direct->list, &ns->direct);
	return 0;

err:
	free_percpu(direct->pairs);
	kfree(direct);
	return err;
}

/**
 * netlab_direct_forget() - a device leaves the namespace, or goes
 * @ns: the namespace
 * @dev: the device
 *
 * Context: process, RTNL.
 */
void netlab_direct_forget(struct netlab_net *ns, struct net_device *dev)
{
	struct netlab_direct *direct = netlab_direct_get(ns, dev);

	if (direct)
		netlab_direct_remove(direct);
}

/**
 * netlab_direct_begin() - begin to change which devices are answered at
 * @ns: the namespace
 *
 * Then netlab_direct_want() for each, then netlab_direct_end(). Context:
 * process, RTNL all along.
 */
void netlab_direct_begin(struct netlab_net *ns)
{
	struct netlab_direct *direct;

	list_for_each_entry(direct, &ns->direct, list) {
		direct->wanted = false;
		direct->fresh = false;
	}
}

/**
 * netlab_direct_want() - answer at one of those devices
 * @ns: the namespace
 * @dev: as for netlab_direct_set()
 *
 * Context: process, RTNL. Return: as netlab_direct_set().
 */
int netlab_direct_want(struct netlab_net *ns, struct net_device *dev)
{
	struct netlab_direct *direct = netlab_direct_get(ns, dev);
	int err;

	if (!direct) {
		err = netlab_direct_set(ns, dev, true);
		if (err)
			return err;
		direct = netlab_direct_get(ns, dev);
		direct->fresh = true;
	}
	direct->wanted = true;
	return 0;
}

/**
 * netlab_direct_end() - answer at no other device
 * @ns: the namespace
 * @commit: otherwise at those that were answered at before
 *
 * Context: process, RTNL.
 */
void netlab_direct_end(struct netlab_net *ns, bool commit)
{
	struct netlab_direct *direct, *next;

	list_for_each_entry_safe(direct, next, &ns->direct, list)
		if (commit ? !direct->wanted : direct->fresh)
			netlab_direct_remove(direct);
}

/**
 * netlab_direct_count() - how many of the namespace's devices are answered at
 * @ns: the namespace
 *
 * Context: process, RTNL.
 */
unsigned int netlab_direct_count(const struct netlab_net *ns)
{
	const struct netlab_direct *direct;
	unsigned int n = 0;

	list_for_each_entry(direct, &ns->direct, list)
		n++;
	return n;
}

/**
 * netlab_direct_next() - the namespace's devices that are answered at
 * @ns: the namespace
 * @ifindex: the one before, 0 for the first
 *
 * Context: process, RTNL. Return: the next higher index; 0 if there is none.
 */
int netlab_direct_next(struct netlab_net *ns, int ifindex)
{
	struct netlab_direct *direct;
	int next = 0;

	list_for_each_entry(direct, &ns->direct, list)
		if (direct->dev->ifindex > ifindex &&
		    (!next || direct->dev->ifindex < next))
			next = direct->dev->ifindex;
	return next;
}

/**
 * netlab_direct_exit() - answer at no device's ingress any longer
 * @ns: the namespace, which ends or is left
 *
 * A hook may still run until an RCU grace period has passed. Context: process;
 * takes RTNL.
 */
void netlab_direct_exit(struct netlab_net *ns)
{
	struct netlab_direct *direct, *next;

	if (list_empty(&ns->direct))
		return;
	rtnl_lock();
	list_for_each_entry_safe(direct, next, &ns->direct, list)
		netlab_direct_remove(direct);
	rtnl_unlock();
}
