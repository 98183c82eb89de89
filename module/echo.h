/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * echo: policy. Decides what becomes of an echo request; sends nothing.
 */
#ifndef _NETLAB_ECHO_H
#define _NETLAB_ECHO_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <net/net_namespace.h>

#include "dissect.h"

struct netlab_config;
struct netlab_net;
struct netlab_prefix_slot;

/* Beside enum netlab_outcome: none of the responder's business. */
#define NETLAB_NOT_ECHO		-1

int netlab_echo4(struct netlab_net *ns, struct sk_buff *skb,
		 const struct netlab_packet *p);
int netlab_echo6(struct netlab_net *ns, struct sk_buff *skb,
		 const struct netlab_packet *p);

int netlab_echo_prefix4(struct netlab_net *ns, struct sk_buff *skb,
			const struct netlab_packet *p,
			struct netlab_prefix_slot *slot);
int netlab_echo_prefix6(struct netlab_net *ns, struct sk_buff *skb,
			const struct netlab_packet *p,
			struct netlab_prefix_slot *slot);
bool netlab_foreign4(struct net *net, const struct net_device *dev, __be32 addr);
bool netlab_foreign6(struct net *net, const struct net_device *dev,
		     const struct in6_addr *addr);
bool netlab_raw4(struct net *net);
bool netlab_raw6(struct net *net);
int netlab_echo_limits(struct netlab_net *ns,
		       const struct netlab_config *config,
		       const struct sk_buff *skb, unsigned int family,
		       struct netlab_prefix_slot *slot);

/* Whether a sysctl forbids or limits IPv4's echo replies. */
static inline bool netlab_disabled4(struct net *net)
{
	return READ_ONCE(net->ipv4.sysctl_icmp_echo_ignore_all) ||
	       READ_ONCE(net->ipv4.sysctl_icmp_ratemask) & BIT(ICMP_ECHOREPLY);
}

#if IS_ENABLED(CONFIG_IPV6)
/* Whether a sysctl forbids or limits IPv6's echo replies. */
static inline bool netlab_disabled6(struct net *net)
{
	return READ_ONCE(net->ipv6.sysctl.icmpv6_echo_ignore_all) ||
	       test_bit(ICMPV6_ECHO_REPLY, net->ipv6.sysctl.icmpv6_ratemask);
}
#endif

#endif /* _NETLAB_ECHO_H */
