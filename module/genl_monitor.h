/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * genl_monitor: the part of the netlink family that is about monitors.
 */
#ifndef _NETLAB_GENL_MONITOR_H
#define _NETLAB_GENL_MONITOR_H

#include <linux/netlab.h>
#include <net/genetlink.h>

struct netlab_monitor;
struct netlab_sight;

extern const struct nla_policy netlab_monitor_policy[NETLAB_A_MONITOR_MAX + 1];

int netlab_monitor_start_do(struct sk_buff *skb, struct genl_info *info);
int netlab_monitor_stop_do(struct sk_buff *skb, struct genl_info *info);
void netlab_monitor_tell(struct netlab_monitor *monitor,
			 const struct netlab_sight *sight);

#endif /* _NETLAB_GENL_MONITOR_H */
