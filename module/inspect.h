/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inspect: looks into a packet for its ICMP type, its TCP flags and what is
 * odd about it. Counts, and never changes or drops a packet.
 */
#ifndef _NETLAB_INSPECT_H
#define _NETLAB_INSPECT_H

#include <linux/icmp.h>
#include <linux/netdevice.h>
#include <net/ipv6.h>

#include "account.h"
#include "dissect.h"

#define NETLAB_TCP_FLAGS_OFFSET		13	/* RFC 9293 section 3.1 */
#define NETLAB_TCP_FLAG_FIN		BIT(0)
#define NETLAB_TCP_FLAG_SYN		BIT(1)
#define NETLAB_TCP_FLAG_RST		BIT(2)
#define NETLAB_TCP_FLAG_PSH		BIT(3)
#define NETLAB_TCP_FLAG_ACK		BIT(4)
#define NETLAB_TCP_FLAG_URG		BIT(5)

void netlab_inspect(struct netlab_cpu *cpu, unsigned int cell,
		    const struct sk_buff *skb, const struct net_device *dev,
		    unsigned int family, const struct netlab_packet *p);
unsigned int netlab_inspect_edge(struct netlab_cpu *cpu, unsigned int side,
				 const struct sk_buff *skb, unsigned int family,
				 const struct netlab_packet *p);

/* A family's own ICMP. */
static inline u8 netlab_icmp(unsigned int family)
{
	return family == NETLAB_FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

static inline void netlab_count_anomaly(struct netlab_cpu *cpu,
					unsigned int cell, unsigned int anomaly)
{
	u64_stats_inc(&cpu->anomaly[cell][anomaly]);
}

/* Most segments have ACK, perhaps PSH: nothing that is counted. */
static inline bool netlab_odd_tcp(u8 flags)
{
	return (flags & (NETLAB_TCP_FLAG_FIN | NETLAB_TCP_FLAG_SYN |
			 NETLAB_TCP_FLAG_RST | NETLAB_TCP_FLAG_ACK)) !=
	       NETLAB_TCP_FLAG_ACK;
}

/* By an IPv4 source's first octet, whether it needs a second look. */
extern const u8 netlab_odd_net4[256];

/* Addresses that need a second look. */
static inline bool netlab_odd_addresses4(const struct iphdr *iph)
{
	return iph->saddr == iph->daddr ||
	       netlab_odd_net4[*(const u8 *)&iph->saddr];
}

/* ff00::/8; all that begins with 64 zeroes, :: and ::1 among it. */
static inline bool netlab_odd_addresses6(const struct ipv6hdr *ip6h)
{
	const struct in6_addr *saddr = &ip6h->saddr;

#if defined(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) && BITS_PER_LONG == 64
	const bool zero = !*(const u64 *)saddr;
#else
	const bool zero = !(saddr->s6_addr32[0] | saddr->s6_addr32[1]);
#endif

	return saddr->s6_addr[0] == 0xff || zero ||
	       ipv6_addr_equal(saddr, &ip6h->daddr);
}

#endif /* _NETLAB_INSPECT_H */
