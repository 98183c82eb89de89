// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket speaks of its own network namespace. Readers need no privilege;
 * writers need CAP_NET_ADMIN in the user namespace that owns that namespace.
 */
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "dump.h"
#include "genl.h"
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
};

static const struct nla_policy
netlab_outcomes_policy[NETLAB_A_OUTCOMES_MAX + 1] = {
	[NETLAB_A_OUTCOMES_ZERO_ROWS] = { .type = NLA_FLAG },
};

static int netlab_reply_epoch(struct genl_info *info, u8 cmd, u32 epoch,
			      u64 since)
{
	struct sk_buff *skb;
	void *hdr;

	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
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
	netlab_account_epoch(&ns->account, &epoch, &since);
	return netlab_reply_epoch(info, NETLAB_CMD_STATS_GET, epoch, since);
}

static int netlab_stats_reset(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_net *ns = netlab_net(genl_info_net(info));
	u32 epoch;
	u64 since;
	int err;

	err = netlab_account_reset(&ns->account, &epoch, &since);
	if (err)
		return err;
	return netlab_reply_epoch(info, NETLAB_CMD_STATS_RESET, epoch, since);
}

static int netlab_echo_get(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_settings set;
	struct sk_buff *reply;
	void *hdr;

	netlab_config_get(netlab_net(genl_info_net(info)), &set);
	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &netlab_family, 0,
				NETLAB_CMD_ECHO_GET);
	if (!hdr ||
	    nla_put_u8(reply, NETLAB_A_ECHO_LOCAL, set.local) ||
	    nla_put_u32(reply, NETLAB_A_ECHO_RATE, set.rate) ||
	    nla_put_u32(reply, NETLAB_A_ECHO_BURST, set.burst) ||
	    nla_put_u32(reply, NETLAB_A_ECHO_SOURCE_RATE, set.source_rate) ||
	    nla_put_u32(reply, NETLAB_A_ECHO_MAX_SIZE, set.max_size)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/* Takes over what the request names. */
static void netlab_echo_change(struct netlab_settings *set, void *arg)
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

static int netlab_echo_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *local = info->attrs[NETLAB_A_ECHO_LOCAL];
	struct nlattr *size = info->attrs[NETLAB_A_ECHO_MAX_SIZE];

	if (!local && !size && !info->attrs[NETLAB_A_ECHO_RATE] &&
	    !info->attrs[NETLAB_A_ECHO_BURST] &&
	    !info->attrs[NETLAB_A_ECHO_SOURCE_RATE]) {
		NL_SET_ERR_MSG(info->extack,
			       "nothing to set: expected local, rate, burst, source-rate or max-size");
		return -EINVAL;
	}
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
	return netlab_config_set(netlab_net(genl_info_net(info)),
				 netlab_echo_change, info->attrs);
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
		.cmd = NETLAB_CMD_OUTCOME_GET,
		.start = netlab_outcome_start,
		.dumpit = netlab_outcome_dump,
		.done = netlab_dump_done,
		.policy = netlab_outcomes_policy,
		.maxattr = NETLAB_A_OUTCOMES_MAX,
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
#ifdef NETLAB_HAVE_RESV_START_OP
	.resv_start_op = NETLAB_CMD_STATS_GET,
#endif
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
