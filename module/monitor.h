/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * monitor: packets at the hooks, one in so many, for whoever asked.
 */
#ifndef _NETLAB_MONITOR_H
#define _NETLAB_MONITOR_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/percpu.h>

#include "prefix.h"

struct net_device;
struct netlab_net;
struct sk_buff;

#define NETLAB_MONITORS		16	/* of one namespace at once */
#define NETLAB_ANY		0xff	/* of a family, of a hook */
#define NETLAB_SNAPLEN		128
#define NETLAB_SNAPLEN_MAX	65535

/**
 * struct netlab_monitor_filter - which packets are told, and how much of them
 * @family: NETLAB_FAMILY_IPV4, NETLAB_FAMILY_IPV6 or NETLAB_ANY
 * @hook: enum netlab_hook, or NETLAB_ANY
 * @protocol: IP protocol number; -1: any
 * @ifindex: of the device that they come or go by; 0: any
 * @prefix: what one of their addresses is of, if @has_prefix
 * @has_prefix: only those; of @prefix's family, then
 * @sample: one in so many of them
 * @snaplen: bytes of each, from its IP header on
 */
struct netlab_monitor_filter {
	u8 family;
	u8 hook;
	s16 protocol;
	int ifindex;
	struct netlab_prefix_key prefix;
	bool has_prefix;
	u32 sample;
	u32 snaplen;
};

/**
 * struct netlab_monitor - a socket's monitor
 * @list: in struct netlab_net, read under RCU
 * @ns: the namespace
 * @portid: the socket's port
 * @filter: what it wants
 * @passed: on each CPU, how many packets until one is sampled
 * @seq: packets that were sampled
 * @lost: those of them that couldn't be told
 */
struct netlab_monitor {
	struct list_head list;
	struct netlab_net *ns;
	u32 portid;
	struct netlab_monitor_filter filter;
	u32 __percpu *passed;
	atomic64_t seq;
	atomic64_t lost;
};

/**
 * struct netlab_sight - a packet at a hook
 * @skb: the packet, its data beginning with the IP header
 * @dev: the device that it came by or goes by, or NULL
 * @family: NETLAB_FAMILY_IPV4 or NETLAB_FAMILY_IPV6
 * @hook: enum netlab_hook
 * @protocol: as in struct netlab_packet
 */
struct netlab_sight {
	const struct sk_buff *skb;
	const struct net_device *dev;
	u8 family;
	u8 hook;
	u8 protocol;
};

int netlab_monitor_start(struct netlab_net *ns, u32 portid,
			 const struct netlab_monitor_filter *filter);
int netlab_monitor_stop(struct netlab_net *ns, u32 portid, u64 *seq, u64 *lost);

void netlab_monitor_init(struct netlab_net *ns);
void netlab_monitor_leave(struct netlab_net *ns);
void netlab_monitor_exit(struct netlab_net *ns);
int netlab_monitor_register(void);
void netlab_monitor_unregister(void);

#endif /* _NETLAB_MONITOR_H */
