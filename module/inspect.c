// SPDX-License-Identifier: GPL-2.0-only
#include <linux/in.h>

#include "inspect.h"

/* One byte of a TCP segment's flags, less those of RFC 3168 and RFC 9768. */
#define NETLAB_TCP_FLAGS	(NETLAB_TCP_FLAG_FIN | NETLAB_TCP_FLAG_SYN | \
				 NETLAB_TCP_FLAG_RST | NETLAB_TCP_FLAG_PSH | \
				 NETLAB_TCP_FLAG_ACK | NETLAB_TCP_FLAG_URG)

const u8 netlab_odd_net4[256] = {
	[0] = 1,		/* this network */
	[127] = 1,		/* loopback */
	[224 ... 255] = 1,	/* multicast, reserved, broadcast */
};

/*
 * One byte of a packet's transport header; -1 if the header isn't all there,
 * -2 if the protocol has none that netlab knows.
 */
static int netlab_transport_byte(const struct sk_buff *skb, u8 icmp,
				 const struct netlab_packet *p)
{
	unsigned int len, offset = 0;
	const u8 *byte;
	u8 buf;

	if (p->flags & (NETLAB_PACKET_LATER | NETLAB_PACKET_EXCESS))
		return -2;
	if (p->protocol == IPPROTO_TCP) {
		len = sizeof(struct tcphdr);
		offset = NETLAB_TCP_FLAGS_OFFSET;
	} else if (p->protocol == IPPROTO_UDP || p->protocol == icmp) {
		len = sizeof(struct icmphdr);
	} else {
		return -2;
	}
	if (skb->len < p->l4 + len)
		return -1;
	byte = skb_header_pointer(skb, p->l4 + offset, sizeof(buf), &buf);
	return byte ? *byte : -1;
}

/*
 * RFC 1812 section 5.3.7. 0.0.0.0 is the source of who asks for an address
 * (RFC 2131).
 */
static void netlab_inspect_addresses4(struct netlab_cpu *cpu, unsigned int cell,
				      const struct sk_buff *skb, bool loopback)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->saddr == iph->daddr && !loopback)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_LAND);
	if ((iph->saddr && !(iph->saddr & htonl(IN_CLASSA_NET))) ||
	    (ipv4_is_loopback(iph->saddr) && !loopback) ||
	    ntohl(iph->saddr) >= INADDR_UNSPEC_GROUP)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_MARTIAN_SOURCE);
}

/*
 * RFC 4291 sections 2.5 and 2.7. :: is the source of who looks whether an
 * address is free (RFC 4862).
 */
static void netlab_inspect_addresses6(struct netlab_cpu *cpu, unsigned int cell,
				      const struct sk_buff *skb, bool loopback)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	if (ipv6_addr_equal(&ip6h->saddr, &ip6h->daddr) && !loopback)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_LAND);
	if (ipv6_addr_is_multicast(&ip6h->saddr) ||
	    (ipv6_addr_loopback(&ip6h->saddr) && !loopback))
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_MARTIAN_SOURCE);
}

static void netlab_inspect_tcp(struct netlab_cpu *cpu, unsigned int cell,
			       u8 flags)
{
	const u8 xmas = NETLAB_TCP_FLAG_FIN | NETLAB_TCP_FLAG_PSH |
			NETLAB_TCP_FLAG_URG;
	const u8 syn_fin = NETLAB_TCP_FLAG_SYN | NETLAB_TCP_FLAG_FIN;

	flags &= NETLAB_TCP_FLAGS;
	if (!flags)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_TCP_NULL);
	else if (flags == xmas)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_TCP_XMAS);
	else if ((flags & syn_fin) == syn_fin)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_TCP_SYN_FIN);
}

/**
 * netlab_inspect() - count what is odd about a packet
 * @cpu: this CPU's counters
 * @cell: NETLAB_CELL() of family and hook
 * @skb: its data begins with a network header
 * @dev: the device that it came by or goes by; may be NULL
 * @family: enum netlab_family
 * @p: what it is
 *
 * RFC 3128: a TCP fragment that begins inside the header could write over its
 * flags. Context: as netlab_count_any().
 */
void netlab_inspect(struct netlab_cpu *cpu, unsigned int cell,
		    const struct sk_buff *skb, const struct net_device *dev,
		    unsigned int family, const struct netlab_packet *p)
{
	const bool loopback = dev && dev->flags & IFF_LOOPBACK;
	int byte;

	if (family == NETLAB_FAMILY_IPV4)
		netlab_inspect_addresses4(cpu, cell, skb, loopback);
	else
		netlab_inspect_addresses6(cpu, cell, skb, loopback);

	if (p->flags & NETLAB_PACKET_EXCESS)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_EXTHDR_LIMIT);
	if (p->flags & NETLAB_PACKET_INSIDE && p->protocol == IPPROTO_TCP)
		netlab_count_anomaly(cpu, cell, NETLAB_ANOMALY_TINY_FRAGMENT);

	byte = netlab_transport_byte(skb, netlab_icmp(family), p);
	if (byte == -1)
		netlab_count_anomaly(cpu, cell,
				     p->flags & NETLAB_PACKET_FRAGMENT ?
				     NETLAB_ANOMALY_TINY_FRAGMENT :
				     NETLAB_ANOMALY_L4_TRUNCATED);
	else if (byte >= 0 && p->protocol == IPPROTO_TCP)
		netlab_inspect_tcp(cpu, cell, byte);
}

/**
 * netlab_inspect_edge() - count TCP flags and find the ICMP type
 * @cpu: this CPU's counters
 * @side: NETLAB_SIDE() of family and direction
 * @skb: its data begins with a network header
 * @family: enum netlab_family
 * @p: what it is
 *
 * Of a GSO sk_buff's segments one has the flag: SYN and RST aren't merged, and
 * FIN is the last one's. Context: as netlab_count_any().
 *
 * Return: the key to count it by.
 */
unsigned int netlab_inspect_edge(struct netlab_cpu *cpu, unsigned int side,
				 const struct sk_buff *skb, unsigned int family,
				 const struct netlab_packet *p)
{
	int byte = netlab_transport_byte(skb, netlab_icmp(family), p);
	u64_stats_t *tcp = cpu->tcp[side];

	if (byte < 0)
		return p->protocol;
	if (p->protocol == netlab_icmp(family))
		return NETLAB_KEY_TYPE(byte);
	if (p->protocol != IPPROTO_TCP)
		return p->protocol;

	if (byte & NETLAB_TCP_FLAG_SYN)
		u64_stats_inc(&tcp[byte & NETLAB_TCP_FLAG_ACK ?
				   NETLAB_TCP_SYNACK : NETLAB_TCP_SYN]);
	if (byte & NETLAB_TCP_FLAG_FIN)
		u64_stats_inc(&tcp[NETLAB_TCP_FIN]);
	if (byte & NETLAB_TCP_FLAG_RST)
		u64_stats_inc(&tcp[NETLAB_TCP_RST]);
	return p->protocol;
}
