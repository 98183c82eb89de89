// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "address.h"
#include "direct.h"
#include "dump.h"
#include "genl.h"
#include "genl_prefix.h"
#include "main.h"
#include "set.h"

const struct nla_policy netlab_prefix_policy[NETLAB_A_PREFIX_MAX + 1] = {
	[NETLAB_A_PREFIX_ADDRESS] = { .type = NLA_BINARY,
				      .len = sizeof(struct in6_addr) },
	[NETLAB_A_PREFIX_LENGTH] = { .type = NLA_U8 },
	[NETLAB_A_PREFIX_RATE] = { .type = NLA_U32 },
	[NETLAB_A_PREFIX_BURST] = { .type = NLA_U32 },
	[NETLAB_A_PREFIX_MAX_SIZE] = { .type = NLA_U32 },
	[NETLAB_A_PREFIX_PROXY] = { .type = NLA_U32 },
	[NETLAB_A_PREFIX_FORCE] = { .type = NLA_FLAG },
	[NETLAB_A_PREFIX_REPLACE] = { .type = NLA_FLAG },
	[NETLAB_A_PREFIX_STAGED] = { .type = NLA_FLAG },
};

/* Blocks of which no address can be any host's on another's behalf. */
static const char *netlab_forbidden4(__be32 address, u8 length)
{
	if (length >= 4 && ipv4_is_multicast(address))
		return "address: multicast is no host's; expected a unicast prefix";
	if (length >= 8 && ipv4_is_loopback(address))
		return "address: 127.0.0.0/8 is each host's own; expected a unicast prefix";
	if (length >= 16 && ipv4_is_linklocal_169(address))
		return "address: 169.254.0.0/16 is link-local; expected a global prefix";
	if (length >= 8 && ipv4_is_zeronet(address))
		return "address: 0.0.0.0/8 is no host's; expected a unicast prefix";
	if (length == 32 && ipv4_is_lbcast(address))
		return "address: 255.255.255.255 is broadcast; expected a unicast prefix";
	return NULL;
}

static const char *netlab_forbidden6(const struct in6_addr *address, u8 length)
{
	if (length >= 8 && ipv6_addr_is_multicast(address))
		return "address: multicast is no host's; expected a unicast prefix";
	if (length == 128 && ipv6_addr_loopback(address))
		return "address: ::1 is each host's own; expected a unicast prefix";
	if (length == 128 && ipv6_addr_any(address))
		return "address: :: is no host's; expected a unicast prefix";
	if (length >= 10 && ipv6_addr_type(address) & IPV6_ADDR_LINKLOCAL)
		return "address: fe80::/10 is link-local; expected a global prefix";
	return NULL;
}

/**
 * netlab_genl_key() - read a prefix
 * @info: the request
 * @address: its attribute, 4 or 16 bytes; or NULL
 * @length: its attribute, a number of bits; or NULL
 * @key: to fill
 *
 * Return: 0; -EINVAL or -ERANGE, and the request's extack says why.
 */
int netlab_genl_key(struct genl_info *info, struct nlattr *address,
		    struct nlattr *length, struct netlab_prefix_key *key)
{
	unsigned int bits;

	if (!address || !length) {
		NL_SET_ERR_MSG(info->extack,
			       "expected a prefix: its address and its length");
		return -EINVAL;
	}
	memset(key, 0, sizeof(*key));
	bits = 8 * nla_len(address);
	if (bits == 32) {
		key->family = NETLAB_FAMILY_IPV4;
		key->address = netlab_address4(nla_get_in_addr(address));
	} else if (bits == 128) {
		struct in6_addr in6 = nla_get_in6_addr(address);

		key->family = NETLAB_FAMILY_IPV6;
		key->address = netlab_address6(&in6);
	} else {
		NL_SET_ERR_MSG_ATTR(info->extack, address,
				    "address: expected 4 bytes for IPv4 or 16 for IPv6");
		return -EINVAL;
	}
	key->length = nla_get_u8(length);
	if (key->length > bits) {
		NL_SET_ERR_MSG_ATTR(info->extack, length,
				    "length: expected 0 to 32 for IPv4, 0 to 128 for IPv6");
		return -ERANGE;
	}
	if (netlab_prefix_host_bits(key)) {
		NL_SET_ERR_MSG_ATTR(info->extack, address,
				    "address: bits are set behind the prefix's length; expected zeroes there");
		return -EINVAL;
	}
	return 0;
}

static int netlab_prefix_key(struct genl_info *info,
			     struct netlab_prefix_key *key)
{
	return netlab_genl_key(info, info->attrs[NETLAB_A_PREFIX_ADDRESS],
			       info->attrs[NETLAB_A_PREFIX_LENGTH], key);
}

/* Whether it is one that can be answered for. */
static int netlab_prefix_allowed(struct genl_info *info,
				 const struct netlab_prefix_key *key)
{
	struct nlattr *address = info->attrs[NETLAB_A_PREFIX_ADDRESS];
	const char *why;

	if (!key->length) {
		if (nla_get_flag(info->attrs[NETLAB_A_PREFIX_FORCE]))
			return 0;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[NETLAB_A_PREFIX_LENGTH],
				    "length: 0 is every address there is; expected a longer prefix, or force");
		return -EPERM;
	}
	if (key->family == NETLAB_FAMILY_IPV4) {
		why = netlab_forbidden4(nla_get_in_addr(address), key->length);
	} else {
		struct in6_addr in6 = nla_get_in6_addr(address);

		why = netlab_forbidden6(&in6, key->length);
	}
	if (!why)
		return 0;
	netlab_refuse(info->extack, address, why);
	return -EINVAL;
}

/* Whether there is such a device, with a link on which addresses are asked for. */
static int netlab_prefix_proxy_check(struct genl_info *info, u32 ifindex)
{
	struct nlattr *attr = info->attrs[NETLAB_A_PREFIX_PROXY];
	struct net_device *dev;
	int err = 0;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(genl_info_net(info), ifindex);
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "proxy: the namespace has no device with this index");
		err = -ENODEV;
	} else if (dev->type != ARPHRD_ETHER || dev->flags & IFF_NOARP) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "proxy: expected an Ethernet device, on whose link addresses are asked for");
		err = -EOPNOTSUPP;
	}
	rcu_read_unlock();
	return err;
}

static int netlab_prefix_settings(struct genl_info *info,
				  struct netlab_prefix_settings *settings)
{
	struct nlattr **attrs = info->attrs;

	memset(settings, 0, sizeof(*settings));
	settings->max_size = NETLAB_MAX_SIZE_ANY;
	if (attrs[NETLAB_A_PREFIX_RATE]) {
		settings->rate = nla_get_u32(attrs[NETLAB_A_PREFIX_RATE]);
		if (!settings->rate) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    attrs[NETLAB_A_PREFIX_RATE],
					    "rate: expected at least 1 per second, or none at all for unlimited");
			return -ERANGE;
		}
	}
	if (attrs[NETLAB_A_PREFIX_BURST]) {
		settings->burst = nla_get_u32(attrs[NETLAB_A_PREFIX_BURST]);
		if (!settings->burst) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    attrs[NETLAB_A_PREFIX_BURST],
					    "burst: expected at least 1, or none at all for what the rate gives");
			return -ERANGE;
		}
	}
	if (attrs[NETLAB_A_PREFIX_MAX_SIZE]) {
		settings->max_size = nla_get_u32(attrs[NETLAB_A_PREFIX_MAX_SIZE]);
		if (settings->max_size < NETLAB_MAX_SIZE_MIN ||
		    settings->max_size > NETLAB_MAX_SIZE_ANY) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    attrs[NETLAB_A_PREFIX_MAX_SIZE],
					    "max-size: expected 28 to 65535 bytes");
			return -ERANGE;
		}
	}
	if (attrs[NETLAB_A_PREFIX_PROXY]) {
		settings->proxy = nla_get_u32(attrs[NETLAB_A_PREFIX_PROXY]);
		return netlab_prefix_proxy_check(info, settings->proxy);
	}
	return 0;
}

/**
 * netlab_prefix_add_do() - answer for one more prefix
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: process; takes RTNL and the namespace's config_lock. Return: 0; a
 * negative errno, and the request's extack says why.
 */
int netlab_prefix_add_do(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_net *ns = netlab_net(genl_info_net(info));
	bool replace = nla_get_flag(info->attrs[NETLAB_A_PREFIX_REPLACE]);
	struct netlab_prefix_settings settings;
	struct netlab_prefix_key key;
	int err;

	err = netlab_prefix_key(info, &key);
	if (!err)
		err = netlab_prefix_allowed(info, &key);
	if (!err)
		err = netlab_prefix_settings(info, &settings);
	if (err)
		return err;
	if (nla_get_flag(info->attrs[NETLAB_A_PREFIX_STAGED]))
		err = netlab_stage_add(ns, info->snd_portid, &key, &settings,
				       replace);
	else
		err = netlab_set_add(ns, &key, &settings, replace);

	if (err == -EEXIST)
		NL_SET_ERR_MSG(info->extack,
			       "the prefix is there already: replace it, or delete it first");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack,
			       "there are 1048576 prefixes already, which is the most that a namespace can have");
	else if (err == -ESTALE)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[NETLAB_A_PREFIX_STAGED],
				    "staged: this socket has begun no set with stage-begin");
	return err;
}

/**
 * netlab_prefix_del_do() - answer for a prefix no longer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: process; takes RTNL and the namespace's config_lock. Return: as
 * netlab_prefix_add_do().
 */
int netlab_prefix_del_do(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_prefix_key key;
	int err;

	err = netlab_prefix_key(info, &key);
	if (err)
		return err;
	err = netlab_set_del(netlab_net(genl_info_net(info)), &key);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack,
			       "there is no such prefix; expected one that prefix-get shows");
	return err;
}

/**
 * netlab_prefix_flush_do() - answer for no prefix any longer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: process; takes RTNL and the namespace's config_lock. Return: 0.
 */
int netlab_prefix_flush_do(struct sk_buff *skb, struct genl_info *info)
{
	netlab_set_flush(netlab_net(genl_info_net(info)));
	return 0;
}

static bool netlab_put_prefix(struct sk_buff *skb, struct netlab_net *ns,
			      struct netlab_prefix *prefix)
{
	struct netlab_prefix_settings settings;
	struct netlab_prefix_counts counts;
	struct netlab_prefix_key key;
	struct in6_addr in6;
	bool full;

	netlab_prefix_describe(prefix, &key, &settings);
	netlab_prefix_counts(ns->prefix_cpus, prefix, &counts);
	if (key.family == NETLAB_FAMILY_IPV4) {
		full = nla_put_in_addr(skb, NETLAB_A_PREFIX_ADDRESS,
				       netlab_address_to4(key.address));
	} else {
		in6 = netlab_address_to6(key.address);
		full = nla_put_in6_addr(skb, NETLAB_A_PREFIX_ADDRESS, &in6);
	}
	return full || nla_put_u8(skb, NETLAB_A_PREFIX_LENGTH, key.length) ||
	       nla_put_u32(skb, NETLAB_A_PREFIX_RATE, settings.rate) ||
	       nla_put_u32(skb, NETLAB_A_PREFIX_BURST, settings.burst) ||
	       nla_put_u32(skb, NETLAB_A_PREFIX_MAX_SIZE, settings.max_size) ||
	       nla_put_u32(skb, NETLAB_A_PREFIX_PROXY, settings.proxy) ||
	       nla_put_u64_64bit(skb, NETLAB_A_PREFIX_REQUESTS,
				 counts.replied + counts.refused,
				 NETLAB_A_PREFIX_PAD) ||
	       nla_put_u64_64bit(skb, NETLAB_A_PREFIX_REPLIED, counts.replied,
				 NETLAB_A_PREFIX_PAD) ||
	       nla_put_u64_64bit(skb, NETLAB_A_PREFIX_REFUSED, counts.refused,
				 NETLAB_A_PREFIX_PAD);
}

/**
 * netlab_prefix_get_do() - tell what one prefix is and counted
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: process; takes the namespace's config_lock. Return: as
 * netlab_prefix_add_do().
 */
int netlab_prefix_get_do(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_net *ns = netlab_net(genl_info_net(info));
	const struct netlab_prefixes *set;
	struct netlab_prefix *prefix;
	struct netlab_prefix_key key;
	struct sk_buff *reply;
	int err;
	void *hdr;

	err = netlab_prefix_key(info, &key);
	if (err)
		return err;
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(reply, info, &netlab_family, 0,
				NETLAB_CMD_PREFIX_GET);
	if (!hdr)
		goto err;

	mutex_lock(&ns->config_lock);
	set = rcu_dereference_protected(ns->prefixes,
					lockdep_is_held(&ns->config_lock));
	prefix = set ? netlab_prefix_exact(set, &key) : NULL;
	if (!prefix) {
		NL_SET_ERR_MSG(info->extack,
			       "there is no such prefix; expected one that a dump shows");
		err = -ENOENT;
	} else if (!netlab_put_prefix(reply, ns, prefix)) {
		err = 0;
	}
	mutex_unlock(&ns->config_lock);
	if (err)
		goto err;
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);

err:
	nlmsg_free(reply);
	return err;
}

/**
 * struct netlab_prefix_cursor - how far a dump has come
 * @going: whether it has begun
 * @key: the last prefix that was put
 */
struct netlab_prefix_cursor {
	bool going;
	struct netlab_prefix_key key;
};

/**
 * netlab_prefix_dump() - go on with a dump of prefix-get
 * @skb: to fill
 * @cb: the request
 *
 * Context: process; takes the namespace's config_lock. Return: bytes put, 0 at
 * the end.
 */
int netlab_prefix_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct netlab_prefix_cursor *cursor = (void *)cb->ctx;
	struct netlab_net *ns = netlab_net(sock_net(skb->sk));
	const struct netlab_prefixes *set;
	struct netlab_prefix_settings settings;
	struct netlab_prefix *prefix;
	void *hdr;

	BUILD_BUG_ON(sizeof(*cursor) > sizeof(cb->ctx));
	mutex_lock(&ns->config_lock);
	cb->seq = ns->prefixes_seq + 1;
	set = rcu_dereference_protected(ns->prefixes,
					lockdep_is_held(&ns->config_lock));
	while (set) {
		prefix = netlab_prefix_next(set, cursor->going ? &cursor->key :
							NULL);
		if (!prefix)
			break;
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &netlab_family,
				  NLM_F_MULTI, NETLAB_CMD_PREFIX_GET);
		if (!hdr)
			break;
		genl_dump_check_consistent(cb, hdr);
		if (netlab_put_prefix(skb, ns, prefix)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		netlab_prefix_describe(prefix, &cursor->key, &settings);
		cursor->going = true;
	}
	mutex_unlock(&ns->config_lock);
	return skb->len;
}

/**
 * netlab_stage_begin_do() - begin a set that is to take the place of the one in
 * force
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: process; takes the namespace's config_lock. Return: as
 * netlab_prefix_add_do().
 */
int netlab_stage_begin_do(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	err = netlab_stage_begin(netlab_net(genl_info_net(info)),
				 info->snd_portid);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack,
			       "another restore is under way: try again when it has ended");
	return err;
}

/* Settings as a namespace begins with, but for what the request names. */
static void netlab_echo_anew(struct netlab_settings *set, void *arg)
{
	netlab_config_defaults(set);
	netlab_echo_change(set, arg);
}

/* Answers at the devices that a commit's request names, for a start. */
static int netlab_stage_direct(struct netlab_net *ns, struct genl_info *info)
{
	struct net_device *dev;
	struct nlattr *attr;
	int err, rem;

	netlab_direct_begin(ns);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != NETLAB_A_ECHO_DIRECT)
			continue;
		dev = netlab_direct_dev(info, attr, true);
		if (IS_ERR(dev))
			return PTR_ERR(dev);
		err = netlab_direct_want(ns, dev);
		if (err)
			return err;
	}
	return 0;
}

/**
 * netlab_stage_commit_do() - let the staged set, and settings, be in force
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: process; takes RTNL and the namespace's config_lock. Return: as
 * netlab_prefix_add_do().
 */
int netlab_stage_commit_do(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_net *ns = netlab_net(genl_info_net(info));
	int err;

	err = netlab_echo_check(info);
	if (err)
		return err;
	err = netlab_stage_check(ns, info->snd_portid);
	if (err == -ESTALE)
		NL_SET_ERR_MSG(info->extack,
			       "this socket has begun no set with stage-begin");
	if (err)
		return err;

	rtnl_lock();
	err = netlab_stage_direct(ns, info);
	if (!err)
		err = netlab_config_set(ns, netlab_echo_anew, info->attrs);
	netlab_direct_end(ns, !err);
	rtnl_unlock();
	if (!err)
		netlab_stage_commit(ns, info->snd_portid);
	return err;
}
