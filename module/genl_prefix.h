/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * genl_prefix: the part of the netlink family that is about prefixes.
 */
#ifndef _NETLAB_GENL_PREFIX_H
#define _NETLAB_GENL_PREFIX_H

#include <linux/netlab.h>
#include <net/genetlink.h>

struct netlab_prefix_key;

extern const struct nla_policy netlab_prefix_policy[NETLAB_A_PREFIX_MAX + 1];

int netlab_genl_key(struct genl_info *info, struct nlattr *address,
		    struct nlattr *length, struct netlab_prefix_key *key);

int netlab_prefix_add_do(struct sk_buff *skb, struct genl_info *info);
int netlab_prefix_del_do(struct sk_buff *skb, struct genl_info *info);
int netlab_prefix_flush_do(struct sk_buff *skb, struct genl_info *info);
int netlab_prefix_get_do(struct sk_buff *skb, struct genl_info *info);
int netlab_prefix_dump(struct sk_buff *skb, struct netlink_callback *cb);
int netlab_stage_begin_do(struct sk_buff *skb, struct genl_info *info);
int netlab_stage_commit_do(struct sk_buff *skb, struct genl_info *info);

#endif /* _NETLAB_GENL_PREFIX_H */
