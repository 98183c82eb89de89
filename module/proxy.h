/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proxy: answers for a prefix's addresses on a link: ARP requests and
 * neighbour solicitations, so that a host there finds them without a route.
 */
#ifndef _NETLAB_PROXY_H
#define _NETLAB_PROXY_H

#include <linux/list.h>
#include <linux/skbuff.h>

#include "dissect.h"

struct net_device;
struct netlab_net;
struct netlab_prefix_key;
struct netlab_prefix_settings;

void netlab_proxy_arp(struct netlab_net *ns, const struct sk_buff *skb,
		      struct net_device *dev);
bool netlab_proxy_solicited(struct netlab_net *ns, struct sk_buff *skb,
			    const struct netlab_packet *p);

int netlab_proxy_reserve(struct netlab_net *ns,
			 const struct netlab_prefix_key *key,
			 const struct netlab_prefix_settings *settings);
void netlab_proxy_note(struct netlab_net *ns,
		       const struct netlab_prefix_key *key,
		       const struct netlab_prefix_settings *settings, bool add);
void netlab_proxy_apply(struct netlab_net *ns);
void netlab_proxy_forget(struct netlab_net *ns, struct net_device *dev);
void netlab_proxy_recall(struct netlab_net *ns);
void netlab_proxy_init(struct netlab_net *ns);
void netlab_proxy_exit(struct netlab_net *ns);

#endif /* _NETLAB_PROXY_H */
