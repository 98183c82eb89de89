/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dump: the tables, over generic netlink. A dump is of one reading: all is read
 * when it begins, and it resumes in what was read.
 */
#ifndef _NETLAB_DUMP_H
#define _NETLAB_DUMP_H

#include <linux/types.h>

struct genl_family;
struct net;
struct netlink_callback;
struct sk_buff;

extern struct genl_family netlab_family;

int netlab_fill_epoch(struct sk_buff *skb, struct net *net, u32 epoch,
		      u64 since);

int netlab_stats_start(struct netlink_callback *cb);
int netlab_stats_dump(struct sk_buff *skb, struct netlink_callback *cb);
int netlab_outcome_start(struct netlink_callback *cb);
int netlab_outcome_dump(struct sk_buff *skb, struct netlink_callback *cb);
int netlab_dump_done(struct netlink_callback *cb);

#endif /* _NETLAB_DUMP_H */
