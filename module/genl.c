// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket speaks of its own network namespace. Readers need no privilege;
 * writers need CAP_NET_ADMIN in the user namespace that owns that namespace.
 */
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "direct.h"
#include "dump.h"
#include "genl.h"
#include "genl_monitor.h"
#include "genl_prefix.h"
#include "main.h"

/* For what takes no attribute: any that is given is refused. */
static const struct nla_policy netlab_no_policy[2] = {};

static const struct nla_policy netlab_stats_policy[NETLAB_A_STATS_MAX + 1] = {
	[NETLAB_A_STATS_EPOCH] = { .type = NLA_U32 },
	[NETLAB_A_STATS_FAMILY] = { .type = NLA_U8 },
	[NETLAB_A_STATS_HOOK] = { .type = NLA_U8 },
	[NETLAB_A_STATS_PROTOCOL] = { .type = NLA_U8 },
	[NETLAB_A_STATS_ZERO_ROWS] = { .type = NLA_FLAG },
	[NETLAB_A_STATS_IFINDEX] = { .type = NLA_U32 },
};

static const struct nla_policy netlab_echo_policy[NETLAB_A_ECHO_MAX + 1] = {
	[NETLAB_A_ECHO_LOCAL] = { .type = NLA_U8 },
	[NETLAB_A_ECHO_RATE] = { .type = NLA_U32 },
	[NETLAB_A_ECHO_BURST] = { .type = NLA_U32 },
	[NETLAB_A_ECHO_SOURCE_RATE] = { .type = NLA_U32 },
	[NETLAB_A_ECHO_MAX_SIZE] = { .type = NLA_U32 },
	[NETLAB_A_ECHO_DIRECT] = { .type = NLA_U32 },
};

static const struct nla_policy netlab_direct_policy[NETLAB_A_DIRECT_MAX + 1] = {
	[NETLAB_A_DIRECT_IFINDEX] = { .type = NLA_U32 },
	[NETLAB_A_DIRECT_ENABLE] = { .type = NLA_U8 },
};

static const struct nla_policy
netlab_outcomes_policy[NETLAB_A_OUTCOMES_MAX + 1] = {
	[NETLAB_A_OUTCOMES_ZERO_ROWS] = { .type = NLA_FLAG },
};

/* Consumes @skb. */
static int netlab_reply_epoch(struct sk_buff *skb, struct genl_info *info,
			      u8 cmd, u32 epoch, u64 since)
{
	void *hdr;

	hdr = genlmsg_put_reply(skb, info, &netlab_family, 0, cmd);
	if (!hdr ||
	    netlab_fill_epoch(skb, genl_info_net(info), epoch, since)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int netlab_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_net *ns = netlab_net(genl_info_net(info));
	struct sk_buff *reply;
	unsigned int i;
	u32 epoch;
	u64 since;

	for (i = 1; i <= NETLAB_A_STATS_MAX; i++) {
		if (!info->attrs[i])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[i],
				    "only a dump can be filtered");
		return -EINVAL;
	}
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	netlab_account_epoch(&ns->account, &epoch, &since);
	return netlab_reply_epoch(reply, info, NETLAB_CMD_STATS_GET, epoch,
				  since);
}

static int netlab_stats_reset(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_net *ns = netlab_net(genl_info_net(info));
	struct sk_buff *reply;
	u32 epoch;
	u64 since;
	int err;

	/* First: once there is a new epoch it must not be refused. */
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	err = netlab_account_reset(&ns->account, &epoch, &since);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return netlab_reply_epoch(reply, info, NETLAB_CMD_STATS_RESET, epoch,
				  since);
}

/* As many as there are devices: under RTNL, so that they stay as counted. */
static int netlab_put_direct(struct sk_buff *skb, struct netlab_net *ns)
{
	int ifindex;

	for (ifindex = netlab_direct_next(ns, 0); ifindex;
	     ifindex = netlab_direct_next(ns, ifindex))
		if (nla_put_u32(skb, NETLAB_A_ECHO_DIRECT, ifindex))
			return -EMSGSIZE;
	return 0;
}

static int netlab_fill_echo(struct sk_buff *skb, struct netlab_net *ns)
{
	struct netlab_settings set;

	netlab_config_get(ns, &set);
	if (nla_put_u8(skb, NETLAB_A_ECHO_LOCAL, set.local) ||
	    nla_put_u32(skb, NETLAB_A_ECHO_RATE, set.rate) ||
	    nla_put_u32(skb, NETLAB_A_ECHO_BURST, set.burst) ||
	    nla_put_u32(skb, NETLAB_A_ECHO_SOURCE_RATE, set.source_rate) ||
	    nla_put_u32(skb, NETLAB_A_ECHO_MAX_SIZE, set.max_size))
		return -EMSGSIZE;
	return netlab_put_direct(skb, ns);
}

static int netlab_echo_get(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_net *ns = netlab_net(genl_info_net(info));
	struct sk_buff *reply;
	int err = -EMSGSIZE;
	void *hdr;

	rtnl_lock();
	reply = genlmsg_new(NLMSG_GOODSIZE + netlab_direct_count(ns) *
			    nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!reply) {
		rtnl_unlock();
		return -ENOMEM;
	}
	hdr = genlmsg_put_reply(reply, info, &netlab_family, 0,
				NETLAB_CMD_ECHO_GET);
	if (hdr)
		err = netlab_fill_echo(reply, ns);
	rtnl_unlock();
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/**
 * netlab_echo_change() - take over what a request names
 * @set: settings
 * @arg: its attributes, which netlab_echo_check() has found valid
 */
void netlab_echo_change(struct netlab_settings *set, void *arg)
{
	struct nlattr **attrs = arg;

	if (attrs[NETLAB_A_ECHO_LOCAL])
		set->local = nla_get_u8(attrs[NETLAB_A_ECHO_LOCAL]);
	if (attrs[NETLAB_A_ECHO_RATE])
		set->rate = nla_get_u32(attrs[NETLAB_A_ECHO_RATE]);
	if (attrs[NETLAB_A_ECHO_BURST])
		set->burst = nla_get_u32(attrs[NETLAB_A_ECHO_BURST]);
	if (attrs[NETLAB_A_ECHO_SOURCE_RATE])
		set->source_rate = nla_get_u32(attrs[NETLAB_A_ECHO_SOURCE_RATE]);
	if (attrs[NETLAB_A_ECHO_MAX_SIZE])
		set->max_size = nla_get_u32(attrs[NETLAB_A_ECHO_MAX_SIZE]);
}

/**
 * netlab_echo_check() - whether the settings that a request names can be had
 * @info: the request
 *
 * Return: 0; -EINVAL or -ERANGE, and the request's extack says why not.
 */
int netlab_echo_check(struct genl_info *info)
{
	struct nlattr *local = info->attrs[NETLAB_A_ECHO_LOCAL];
	struct nlattr *size = info->attrs[NETLAB_A_ECHO_MAX_SIZE];

	if (local && nla_get_u8(local) > 1) {
		NL_SET_ERR_MSG_ATTR(info->extack, local,
				    "local: expected off (0) or on (1)");
		return -EINVAL;
	}
	if (size && (nla_get_u32(size) < NETLAB_MAX_SIZE_MIN ||
		     nla_get_u32(size) > NETLAB_MAX_SIZE_ANY)) {
		NL_SET_ERR_MSG_ATTR(info->extack, size,
				    "max-size: expected 28 to 65535 bytes");
		return -ERANGE;
	}
	return 0;
}

static int netlab_echo_set(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (!info->attrs[NETLAB_A_ECHO_LOCAL] &&
	    !info->attrs[NETLAB_A_ECHO_MAX_SIZE] &&
	    !info->attrs[NETLAB_A_ECHO_RATE] &&
	    !info->attrs[NETLAB_A_ECHO_BURST] &&
	    !info->attrs[NETLAB_A_ECHO_SOURCE_RATE]) {
		NL_SET_ERR_MSG(info->extack,
			       "nothing to set: expected local, rate, burst, source-rate or max-size");
		return -EINVAL;
	}
	if (info->attrs[NETLAB_A_ECHO_DIRECT]) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[NETLAB_A_ECHO_DIRECT],
				    "direct: devices are set by direct-set");
		return -EINVAL;
	}
	err = netlab_echo_check(info);
	if (err)
		return err;
	return netlab_config_set(netlab_net(genl_info_net(info)),
				 netlab_echo_change, info->attrs);
}

/**
 * netlab_direct_dev() - the device that an attribute names
 * @info: the request
 * @attr: a device's index
 * @enable: whether it must be one that can be answered at
 *
 * Context: process, RTNL. Return: the device; ERR_PTR(-ENODEV or -EOPNOTSUPP),
 * and the request's extack says why.
 */
struct net_device *netlab_direct_dev(struct genl_info *info,
				     struct nlattr *attr, bool enable)
{
	struct net_device *dev;
	const char *unfit;

	dev = __dev_get_by_index(genl_info_net(info), nla_get_u32(attr));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "direct: the namespace has no device with this index");
		return ERR_PTR(-ENODEV);
	}
	unfit = enable ? netlab_direct_unfit(dev) : NULL;
	if (unfit) {
		netlab_refuse(info->extack, attr, unfit);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return dev;
}

static int netlab_direct_do(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *enable = info->attrs[NETLAB_A_DIRECT_ENABLE];
	struct nlattr *ifindex = info->attrs[NETLAB_A_DIRECT_IFINDEX];
	struct net_device *dev;
	int err;

	if (!enable || !ifindex || nla_get_u8(enable) > 1) {
		NL_SET_ERR_MSG(info->extack,
			       "direct: expected a device's index and off (0) or on (1)");
		return -EINVAL;
	}
	rtnl_lock();
	dev = netlab_direct_dev(info, ifindex, nla_get_u8(enable));
	err = PTR_ERR_OR_ZERO(dev);
	if (!err)
		err = netlab_direct_set(netlab_net(genl_info_net(info)), dev,
					nla_get_u8(enable));
	rtnl_unlock();
	return err;
}

static const struct genl_ops netlab_ops[] = {
	{
		.cmd = NETLAB_CMD_STATS_GET,
		.doit = netlab_stats_get,
		.start = netlab_stats_start,
		.dumpit = netlab_stats_dump,
		.done = netlab_dump_done,
		.policy = netlab_stats_policy,
		.maxattr = NETLAB_A_STATS_MAX,
	}, {
		.cmd = NETLAB_CMD_STATS_RESET,
		.doit = netlab_stats_reset,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_ECHO_GET,
		.doit = netlab_echo_get,
	}, {
		.cmd = NETLAB_CMD_ECHO_SET,
		.doit = netlab_echo_set,
		.policy = netlab_echo_policy,
		.maxattr = NETLAB_A_ECHO_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_DIRECT_SET,
		.doit = netlab_direct_do,
		.policy = netlab_direct_policy,
		.maxattr = NETLAB_A_DIRECT_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_PREFIX_ADD,
		.doit = netlab_prefix_add_do,
		.policy = netlab_prefix_policy,
		.maxattr = NETLAB_A_PREFIX_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_PREFIX_DEL,
		.doit = netlab_prefix_del_do,
		.policy = netlab_prefix_policy,
		.maxattr = NETLAB_A_PREFIX_LENGTH,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_PREFIX_FLUSH,
		.doit = netlab_prefix_flush_do,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_PREFIX_GET,
		.doit = netlab_prefix_get_do,
		.dumpit = netlab_prefix_dump,
		.policy = netlab_prefix_policy,
		.maxattr = NETLAB_A_PREFIX_LENGTH,
	}, {
		.cmd = NETLAB_CMD_STAGE_BEGIN,
		.doit = netlab_stage_begin_do,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_STAGE_COMMIT,
		.doit = netlab_stage_commit_do,
		.policy = netlab_echo_policy,
		.maxattr = NETLAB_A_ECHO_MAX,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_OUTCOME_GET,
		.start = netlab_outcome_start,
		.dumpit = netlab_outcome_dump,
		.done = netlab_dump_done,
		.policy = netlab_outcomes_policy,
		.maxattr = NETLAB_A_OUTCOMES_MAX,
	}, {
		.cmd = NETLAB_CMD_MONITOR_START,
		.doit = netlab_monitor_start_do,
		.policy = netlab_monitor_policy,
		.maxattr = NETLAB_A_MONITOR_SNAPLEN,
		.flags = GENL_UNS_ADMIN_PERM,
	}, {
		.cmd = NETLAB_CMD_MONITOR_STOP,
		.doit = netlab_monitor_stop_do,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

struct genl_family netlab_family __ro_after_init = {
	.name = NETLAB_FAMILY_NAME,
	.version = NETLAB_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = netlab_ops,
	.n_ops = ARRAY_SIZE(netlab_ops),
	.policy = netlab_no_policy,
	.maxattr = ARRAY_SIZE(netlab_no_policy) - 1,
	NETLAB_RESV_START_OP(NETLAB_CMD_STATS_GET)
};

/**
 * netlab_genl_init() - register the generic netlink family
 *
 * Without an alias by which it could be loaded on demand: an unprivileged
 * query must not be able to load the module. Context: process.
 *
 * Return: 0 or a negative errno.
 */
int __init netlab_genl_init(void)
{
	return genl_register_family(&netlab_family);
}

/**
 * netlab_genl_exit() - unregister the generic netlink family
 *
 * Waits for requests and dumps that are under way. Context: process.
 */
void netlab_genl_exit(void)
{
	genl_unregister_family(&netlab_family);
}
