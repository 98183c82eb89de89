// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/ip.h>
#include <net/ndisc.h>

#include "address.h"
#include "echo.h"
#include "main.h"
#include "proxy.h"

/* Whether an address's longest prefix is to be answered for on a device. */
static bool netlab_proxied(struct netlab_net *ns, const struct net_device *dev,
			   unsigned int family, struct netlab_address address)
{
	const struct netlab_prefixes *set = rcu_dereference(ns->prefixes);
	const struct netlab_prefix *prefix;

	if (!set || !set->proxied[family])
		return false;
	prefix = netlab_prefix_find(set, family, address);
	return prefix && netlab_prefix_proxy(prefix) == dev->ifindex;
}

/**
 * netlab_proxy_arp() - answer an ARP packet, if it asks for a prefix's address
 * @ns: the namespace
 * @skb: at NF_ARP_IN, its header linear; not changed
 * @dev: the device that it came by
 *
 * As the kernel's arp_process() does for proxy_arp: not for a probe, whose
 * sender has no address yet (RFC 5227), nor for one who asks for his own.
 * What the namespace owns the stack answers for. Follows RFC 826 and RFC 1027.
 * Context: softirq, RCU.
 */
void netlab_proxy_arp(struct netlab_net *ns, const struct sk_buff *skb,
		      struct net_device *dev)
{
	const struct arphdr *arp = arp_hdr(skb);
	const u8 *sha, *at = (const u8 *)(arp + 1);
	__be32 sip, tip;

	if (arp->ar_op != htons(ARPOP_REQUEST) ||
	    arp->ar_pro != htons(ETH_P_IP) || dev->type != ARPHRD_ETHER ||
	    (arp->ar_hrd != htons(ARPHRD_ETHER) &&
	     arp->ar_hrd != htons(ARPHRD_IEEE802)) ||
	    arp->ar_hln != ETH_ALEN || arp->ar_pln != sizeof(sip))
		return;
	sha = at;
	memcpy(&sip, at + ETH_ALEN, sizeof(sip));
	memcpy(&tip, at + 2 * ETH_ALEN + sizeof(sip), sizeof(tip));
	if (!sip || sip == tip ||
	    !netlab_proxied(ns, dev, NETLAB_FAMILY_IPV4, netlab_address4(tip)) ||
	    !netlab_foreign4(ns->net, dev, tip))
		return;
	arp_send(ARPOP_REPLY, ETH_P_ARP, sip, dev, tip, sha, dev->dev_addr, sha);
}

#if IS_ENABLED(CONFIG_IPV6)
/* Whether ND's options are whole, and one of them a source's address. */
static bool netlab_nd_options(const struct sk_buff *skb, unsigned int off,
			      bool *source)
{
	*source = false;
	while (off < skb->len) {
		u8 buf[2];
		const u8 *opt = skb_header_pointer(skb, off, sizeof(buf), buf);

		if (!opt || !opt[1] || off + 8 * opt[1] > skb->len)
			return false;
		*source |= opt[0] == ND_OPT_SOURCE_LL_ADDR;
		off += 8 * opt[1];
	}
	return true;
}

/**
 * netlab_proxy_solicited() - answer an ICMPv6 packet, if it is a neighbour
 * solicitation for a prefix's address
 * @ns: the namespace
 * @skb: ICMPv6 at NF_INET_PRE_ROUTING; not changed, but for its checksum's
 *	state
 * @p: what it is
 *
 * As the kernel's ndisc_recv_ns() does for proxy_ndp, one that looks for a
 * duplicate address included, but at once. What the namespace owns the stack
 * answers for. Follows RFC 4861 sections 7.1.1, 7.2.4 and 7.2.8. Context:
 * softirq, RCU.
 *
 * Return: whether it was answered.
 */
bool netlab_proxy_solicited(struct netlab_net *ns, struct sk_buff *skb,
			    const struct netlab_packet *p)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const bool dad = ipv6_addr_any(&ip6h->saddr);
	struct net_device *dev = skb->dev;
	const struct inet6_dev *idev;
	const struct nd_msg *msg;
	struct in6_addr target;
	struct nd_msg buf;
	bool source;

	if (ip6h->hop_limit != 255 || p->flags || dev->type != ARPHRD_ETHER)
		return false;
	msg = skb_header_pointer(skb, p->l4, sizeof(buf), &buf);
	if (!msg || msg->icmph.icmp6_type != NDISC_NEIGHBOUR_SOLICITATION ||
	    msg->icmph.icmp6_code)
		return false;
	target = msg->target;
	if (!netlab_proxied(ns, dev, NETLAB_FAMILY_IPV6,
			    netlab_address6(&target)) ||
	    !netlab_foreign6(ns->net, dev, &target))
		return false;
	if (nf_checksum(skb, NF_INET_PRE_ROUTING, p->l4, IPPROTO_ICMPV6,
			AF_INET6) ||
	    !netlab_nd_options(skb, p->l4 + sizeof(*msg), &source))
		return false;
	ip6h = ipv6_hdr(skb);
	if (dad && (source || !ipv6_addr_is_solict_mult(&ip6h->daddr)))
		return false;
	idev = __in6_dev_get(dev);
	if (!idev)
		return false;
	netlab_ndisc_send_na(dev, dad ? &in6addr_linklocal_allnodes :
					&ip6h->saddr,
			     &target, READ_ONCE(idev->cnf.forwarding), !dad,
			     false, true);
	return true;
}
#endif /* CONFIG_IPV6 */

/**
 * struct netlab_proxy_dev - a device on whose link IPv6 prefixes are answered
 * for: it must hear solicitations for any of their addresses
 * @list: of the namespace's
 * @ifindex: its index
 * @prefixes: how many they are
 * @dev: the device, if it hears all multicast for netlab
 */
struct netlab_proxy_dev {
	struct list_head list;
	int ifindex;
	u32 prefixes;
	struct net_device *dev;
};

static struct netlab_proxy_dev *netlab_proxy_dev(struct netlab_net *ns,
						 int ifindex)
{
	struct netlab_proxy_dev *pd;

	list_for_each_entry(pd, &ns->proxied, list)
		if (pd->ifindex == ifindex)
			return pd;
	return NULL;
}

/* Only IPv6 asks by multicast that a device may not hear. */
static bool netlab_proxy_hears(const struct netlab_prefix_key *key,
			       const struct netlab_prefix_settings *settings)
{
	return settings->proxy && key->family == NETLAB_FAMILY_IPV6;
}

/**
 * netlab_proxy_reserve() - make sure that netlab_proxy_note() can't fail
 * @ns: the namespace
 * @key: a prefix
 * @settings: of that prefix
 *
 * To be followed by netlab_proxy_apply(). Context: process, @ns's config_lock
 * held. Return: 0; -ENOMEM.
 */
int netlab_proxy_reserve(struct netlab_net *ns,
			 const struct netlab_prefix_key *key,
			 const struct netlab_prefix_settings *settings)
{
	struct netlab_proxy_dev *pd;

	if (!netlab_proxy_hears(key, settings) ||
	    netlab_proxy_dev(ns, settings->proxy))
		return 0;
	pd = kzalloc(sizeof(*pd), GFP_KERNEL_ACCOUNT);
	if (!pd)
		return -ENOMEM;
	pd->ifindex = settings->proxy;
	list_add(&pd->list, &ns->proxied);
	/* Should there be no prefix after all, it isn't left behind. */
	WRITE_ONCE(ns->proxied_changed, true);
	return 0;
}

/**
 * netlab_proxy_note() - a prefix is answered for on its link, or no longer
 * @ns: the namespace
 * @key: the prefix
 * @settings: of that prefix, after netlab_proxy_reserve()
 * @add: whether it is
 *
 * To be followed by netlab_proxy_apply(). Context: process, @ns's config_lock
 * held.
 */
void netlab_proxy_note(struct netlab_net *ns,
		       const struct netlab_prefix_key *key,
		       const struct netlab_prefix_settings *settings, bool add)
{
	struct netlab_proxy_dev *pd;

	if (!netlab_proxy_hears(key, settings))
		return;
	pd = netlab_proxy_dev(ns, settings->proxy);
	if (!pd)
		return;
	pd->prefixes += add ? 1 : -1;
	/* The first or the last: there is something for the device to do. */
	if (pd->prefixes <= 1)
		WRITE_ONCE(ns->proxied_changed, true);
}

static void netlab_proxy_deafen(struct netlab_proxy_dev *pd)
{
	if (pd->dev)
		dev_set_allmulti(pd->dev, -1);
	pd->dev = NULL;
}

static void netlab_proxy_free(struct netlab_proxy_dev *pd)
{
	netlab_proxy_deafen(pd);
	list_del(&pd->list);
	kfree(pd);
}

/**
 * netlab_proxy_apply() - let the devices hear what they have to
 * @ns: the namespace
 *
 * A prefix's solicited-node multicast groups may be 2^24. So the device hears
 * all multicast. Context: process; takes RTNL and @ns's config_lock.
 */
void netlab_proxy_apply(struct netlab_net *ns)
{
	struct netlab_proxy_dev *pd, *next;
	struct net_device *dev;

	if (!READ_ONCE(ns->proxied_changed))
		return;
	rtnl_lock();
	mutex_lock(&ns->config_lock);
	ns->proxied_changed = false;
	list_for_each_entry_safe(pd, next, &ns->proxied, list) {
		if (!pd->prefixes) {
			/* What is staged may yet need its place. */
			if (!ns->staged) {
				netlab_proxy_free(pd);
			} else {
				netlab_proxy_deafen(pd);
				ns->proxied_changed = true;
			}
			continue;
		}
		if (pd->dev)
			continue;
		dev = __dev_get_by_index(ns->net, pd->ifindex);
		if (dev && !dev_set_allmulti(dev, 1))
			pd->dev = dev;
	}
	mutex_unlock(&ns->config_lock);
	rtnl_unlock();
}

/**
 * netlab_proxy_forget() - a device leaves the namespace, or goes
 * @ns: the namespace
 * @dev: the device
 *
 * Its prefixes stay, and are answered for on no link until it comes back.
 * Context: process, RTNL.
 */
void netlab_proxy_forget(struct netlab_net *ns, struct net_device *dev)
{
	struct netlab_proxy_dev *pd;

	mutex_lock(&ns->config_lock);
	list_for_each_entry(pd, &ns->proxied, list)
		if (pd->dev == dev)
			netlab_proxy_deafen(pd);
	mutex_unlock(&ns->config_lock);
}

/**
 * netlab_proxy_recall() - a device comes into the namespace, maybe again
 * @ns: the namespace
 *
 * One that comes back has the index that its prefixes know. What it has to hear
 * it is told a moment later: the kernel may hold the device's own lock now,
 * which dev_set_allmulti() takes. Context: process, RTNL.
 */
void netlab_proxy_recall(struct netlab_net *ns)
{
	if (list_empty(&ns->proxied))
		return;
	WRITE_ONCE(ns->proxied_changed, true);
	schedule_work(&ns->proxied_work);
}

static void netlab_proxy_work(struct work_struct *work)
{
	netlab_proxy_apply(container_of(work, struct netlab_net, proxied_work));
}

/**
 * netlab_proxy_init() - begin with no device that has to hear more
 * @ns: the namespace
 */
void netlab_proxy_init(struct netlab_net *ns)
{
	INIT_LIST_HEAD(&ns->proxied);
	INIT_WORK(&ns->proxied_work, netlab_proxy_work);
}

/**
 * netlab_proxy_exit() - let the devices hear no more than without netlab
 * @ns: the namespace, which ends or is left
 *
 * Context: process; takes RTNL.
 */
void netlab_proxy_exit(struct netlab_net *ns)
{
	struct netlab_proxy_dev *pd, *next;

	if (!list_empty(&ns->proxied)) {
		rtnl_lock();
		list_for_each_entry_safe(pd, next, &ns->proxied, list)
			netlab_proxy_free(pd);
		rtnl_unlock();
	}
	/* There is nothing any more for which it could become due again. */
	cancel_work_sync(&ns->proxied_work);
}
