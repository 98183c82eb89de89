// SPDX-License-Identifier: GPL-2.0-only
/*
 * A socket speaks of its own network namespace. Readers need no privilege;
 * writers need CAP_NET_ADMIN in the user namespace that owns that namespace.
 */
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "genl.h"
#include "main.h"

static struct genl_family netlab_family;

/* For what takes no attribute: any that is given is refused. */
static const struct nla_policy netlab_no_policy[2] = {};

static const struct nla_policy netlab_stats_policy[NETLAB_A_STATS_MAX + 1] = {
	[NETLAB_A_STATS_EPOCH] = { .type = NLA_U32 },
	[NETLAB_A_STATS_FAMILY] = { .type = NLA_U8 },
	[NETLAB_A_STATS_HOOK] = { .type = NLA_U8 },
	[NETLAB_A_STATS_PROTOCOL] = { .type = NLA_U8 },
	[NETLAB_A_STATS_ZERO_ROWS] = { .type = NLA_FLAG },
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

/**
 * struct netlab_dump - a dump that is under way
 * @reading: what is dumped, all of one time
 * @family: only this enum netlab_family; -1: all
 * @hook: only this enum netlab_hook; -1: all
 * @protocol: only this IP protocol; -1: all
 * @zero_rows: rows with nothing but zeroes, too
 * @row: the next one
 */
struct netlab_dump {
	struct netlab_reading *reading;
	int family;
	int hook;
	int protocol;
	bool zero_rows;
	unsigned int row;
};

static struct netlab_net *netlab_dump_ns(struct netlink_callback *cb)
{
	return netlab_net(sock_net(cb->skb->sk));
}

/* Begins a dump of an epoch; the caller has looked at the request. */
static int netlab_dump_begin(struct netlink_callback *cb,
			     const struct netlab_dump *request, u32 epoch)
{
	struct netlab_dump *dump;

	dump = kmemdup(request, sizeof(*request), GFP_KERNEL_ACCOUNT);
	if (!dump)
		return -ENOMEM;
	dump->reading = netlab_account_read(&netlab_dump_ns(cb)->account,
					    epoch);
	if (IS_ERR(dump->reading)) {
		int err = PTR_ERR(dump->reading);

		kfree(dump);
		return err;
	}
	cb->args[0] = (long)dump;
	return 0;
}

static int netlab_dump_done(struct netlink_callback *cb)
{
	struct netlab_dump *dump = (struct netlab_dump *)cb->args[0];

	kvfree(dump->reading);
	kfree(dump);
	return 0;
}

static int netlab_fill_epoch(struct sk_buff *skb, struct net *net, u32 epoch,
			     u64 since)
{
	if (nla_put_u32(skb, NETLAB_A_STATS_NETNS, net->ns.inum) ||
	    nla_put_u32(skb, NETLAB_A_STATS_EPOCH, epoch) ||
	    nla_put_u64_64bit(skb, NETLAB_A_STATS_SINCE, since,
			      NETLAB_A_STATS_PAD))
		return -EMSGSIZE;
	return 0;
}

static int netlab_fill_hook(struct sk_buff *skb, const struct netlab_dump *dump,
			    unsigned int family, unsigned int hook)
{
	struct netlab_hook_sums sums;
	struct nlattr *nest;

	netlab_reading_hook(dump->reading, family, hook, &sums);
	if (!sums.packets && !dump->zero_rows)
		return 0;

	nest = nla_nest_start(skb, NETLAB_A_STATS_HOOKS);
	if (!nest ||
	    nla_put_u8(skb, NETLAB_A_HOOK_ROW_FAMILY, family) ||
	    nla_put_u8(skb, NETLAB_A_HOOK_ROW_HOOK, hook) ||
	    nla_put_u64_64bit(skb, NETLAB_A_HOOK_ROW_SKBS, sums.skbs,
			      NETLAB_A_HOOK_ROW_PAD) ||
	    nla_put_u64_64bit(skb, NETLAB_A_HOOK_ROW_PACKETS, sums.packets,
			      NETLAB_A_HOOK_ROW_PAD) ||
	    nla_put_u64_64bit(skb, NETLAB_A_HOOK_ROW_BYTES, sums.bytes,
			      NETLAB_A_HOOK_ROW_PAD) ||
	    nla_put_u64_64bit(skb, NETLAB_A_HOOK_ROW_FRAGMENTS, sums.fragments,
			      NETLAB_A_HOOK_ROW_PAD) ||
	    nla_put_u64_64bit(skb, NETLAB_A_HOOK_ROW_OPTIONS, sums.options,
			      NETLAB_A_HOOK_ROW_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 1;
}

static int netlab_fill_protocol(struct sk_buff *skb,
				const struct netlab_dump *dump,
				unsigned int family, unsigned int hook,
				unsigned int protocol)
{
	struct nlattr *nest;
	u64 packets, bytes;

	if (!netlab_reading_protocol(dump->reading, family, hook, protocol,
				     &packets, &bytes) && !dump->zero_rows)
		return 0;

	nest = nla_nest_start(skb, NETLAB_A_STATS_PROTOCOLS);
	if (!nest ||
	    nla_put_u8(skb, NETLAB_A_PROTOCOL_ROW_FAMILY, family) ||
	    nla_put_u8(skb, NETLAB_A_PROTOCOL_ROW_HOOK, hook) ||
	    nla_put_u8(skb, NETLAB_A_PROTOCOL_ROW_PROTOCOL, protocol) ||
	    nla_put_u64_64bit(skb, NETLAB_A_PROTOCOL_ROW_PACKETS, packets,
			      NETLAB_A_PROTOCOL_ROW_PAD) ||
	    nla_put_u64_64bit(skb, NETLAB_A_PROTOCOL_ROW_BYTES, bytes,
			      NETLAB_A_PROTOCOL_ROW_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 1;
}

/*
 * A dump's rows in their order: the epoch, each hook, each hook's protocols.
 * Returns 1: filled in; 0: the row isn't wanted; -EMSGSIZE: no room.
 */
static int netlab_fill_stats(struct sk_buff *skb, struct net *net,
			     const struct netlab_dump *dump, unsigned int row)
{
	unsigned int cell, protocol = 0, family, hook;
	bool hooks;

	if (row == 0)
		return netlab_fill_epoch(skb, net, dump->reading->epoch,
					 dump->reading->since) ?: 1;
	row--;
	hooks = row < NETLAB_CELLS;
	if (hooks) {
		cell = row;
	} else {
		cell = (row - NETLAB_CELLS) / NETLAB_PROTOCOLS;
		protocol = (row - NETLAB_CELLS) % NETLAB_PROTOCOLS;
	}
	family = cell / NETLAB_HOOKS;
	hook = cell % NETLAB_HOOKS;

	if ((dump->family >= 0 && dump->family != family) ||
	    (dump->hook >= 0 && dump->hook != hook))
		return 0;
	if (dump->protocol >= 0 && (hooks || dump->protocol != protocol))
		return 0;
	if (hooks)
		return netlab_fill_hook(skb, dump, family, hook);
	return netlab_fill_protocol(skb, dump, family, hook, protocol);
}

#define NETLAB_STATS_ROWS	(1 + NETLAB_CELLS + NETLAB_CELLS * NETLAB_PROTOCOLS)

static int netlab_fill_outcome(struct sk_buff *skb, struct net *net,
			       const struct netlab_dump *dump, unsigned int row)
{
	unsigned int outcome = row % NETLAB_OUTCOMES;
	unsigned int path = row / NETLAB_OUTCOMES % NETLAB_PATHS;
	unsigned int family = row / NETLAB_OUTCOMES / NETLAB_PATHS;
	u64 packets = dump->reading->sums.outcome[family][path][outcome];
	struct nlattr *nest;

	if (!packets && !dump->zero_rows)
		return 0;

	nest = nla_nest_start(skb, NETLAB_A_OUTCOMES_OUTCOMES);
	if (!nest ||
	    nla_put_u8(skb, NETLAB_A_OUTCOME_ROW_FAMILY, family) ||
	    nla_put_u8(skb, NETLAB_A_OUTCOME_ROW_PATH, path) ||
	    nla_put_u8(skb, NETLAB_A_OUTCOME_ROW_OUTCOME, outcome) ||
	    nla_put_u64_64bit(skb, NETLAB_A_OUTCOME_ROW_PACKETS, packets,
			      NETLAB_A_OUTCOME_ROW_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 1;
}

#define NETLAB_OUTCOME_ROWS	(NETLAB_FAMILIES * NETLAB_PATHS * NETLAB_OUTCOMES)

/* Puts as many rows as there is room for, a message each. */
static int netlab_dump_rows(struct sk_buff *skb, struct netlink_callback *cb,
			    u8 cmd, unsigned int rows,
			    int (*fill)(struct sk_buff *skb, struct net *net,
					const struct netlab_dump *dump,
					unsigned int row))
{
	struct netlab_dump *dump = (struct netlab_dump *)cb->args[0];
	struct net *net = sock_net(cb->skb->sk);
	void *hdr;
	int ret;

	for (; dump->row < rows; dump->row++) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &netlab_family,
				  NLM_F_MULTI, cmd);
		if (!hdr)
			break;
		ret = fill(skb, net, dump, dump->row);
		if (ret > 0)
			genlmsg_end(skb, hdr);
		else
			genlmsg_cancel(skb, hdr);
		if (ret < 0)
			break;
	}
	return skb->len;
}

/* An enum's attribute, -1 if it isn't given, or -EINVAL with a sentence. */
static int netlab_filter(struct nlattr *attr, unsigned int max,
			 const char *sentence, struct netlink_ext_ack *extack,
			 int *value)
{
	*value = attr ? nla_get_u8(attr) : -1;
	if (*value <= (int)max)
		return 0;
	NL_SET_BAD_ATTR(extack, attr);
	if (extack)
		extack->_msg = sentence;
	return -EINVAL;
}

static int netlab_stats_start(struct netlink_callback *cb)
{
	static const char family[] = "family: expected ipv4 (0) or ipv6 (1)";
	static const char hook[] = "hook: expected prerouting (0) to postrouting (4)";
	struct nlattr **attrs = netlab_dump_attrs(cb);
	struct netlink_ext_ack *extack = cb->extack;
	struct netlab_dump request = { .protocol = -1 };
	u32 epoch = 0;
	int err;

	err = netlab_filter(attrs[NETLAB_A_STATS_FAMILY], NETLAB_FAMILIES - 1,
			    family, extack, &request.family);
	if (err)
		return err;
	err = netlab_filter(attrs[NETLAB_A_STATS_HOOK], NETLAB_HOOK_MAX,
			    hook, extack, &request.hook);
	if (err)
		return err;
	if (attrs[NETLAB_A_STATS_PROTOCOL])
		request.protocol = nla_get_u8(attrs[NETLAB_A_STATS_PROTOCOL]);
	if (attrs[NETLAB_A_STATS_EPOCH])
		epoch = nla_get_u32(attrs[NETLAB_A_STATS_EPOCH]);
	request.zero_rows = nla_get_flag(attrs[NETLAB_A_STATS_ZERO_ROWS]);

	err = netlab_dump_begin(cb, &request, epoch);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(extack, attrs[NETLAB_A_STATS_EPOCH],
				    "epoch: only the current one and the one before it can be read");
	return err;
}

static int netlab_stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netlab_dump_rows(skb, cb, NETLAB_CMD_STATS_GET,
				NETLAB_STATS_ROWS, netlab_fill_stats);
}

static int netlab_outcome_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = netlab_dump_attrs(cb);
	struct netlab_dump request = {
		.zero_rows = nla_get_flag(attrs[NETLAB_A_OUTCOMES_ZERO_ROWS]),
	};

	return netlab_dump_begin(cb, &request, 0);
}

static int netlab_outcome_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netlab_dump_rows(skb, cb, NETLAB_CMD_OUTCOME_GET,
				NETLAB_OUTCOME_ROWS, netlab_fill_outcome);
}

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
		     nla_get_u32(size) > NETLAB_MAX_SIZE_MAX)) {
		NL_SET_ERR_MSG_ATTR(info->extack, size,
				    "max-size: expected 28 to 65575 bytes");
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

static struct genl_family netlab_family __ro_after_init = {
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
