/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dissect: sk_buff -> what it is. Reads, never writes, never past the packet.
 */
#ifndef _NETLAB_DISSECT_H
#define _NETLAB_DISSECT_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>

/*
 * More extension headers than any sender has a use for: RFC 8200 section 4.1
 * knows seven places for one. What lies behind the last is not looked at.
 */
#define NETLAB_MAX_EXTHDRS	16

/* By protocol number, whether it is an extension header that can be passed. */
extern const u8 netlab_exthdr[256];

#define NETLAB_PACKET_FRAGMENT	BIT(0)	/* a fragment, first or later */
#define NETLAB_PACKET_LATER	BIT(1)	/* not the first: has no L4 header */
#define NETLAB_PACKET_OPTIONS	BIT(2)	/* IP options, extension headers */
#define NETLAB_PACKET_GSO	BIT(3)	/* stands for several packets */
#define NETLAB_PACKET_EXCESS	BIT(4)	/* more than NETLAB_MAX_EXTHDRS */
#define NETLAB_PACKET_INSIDE	BIT(5)	/* begins in the first 20 bytes of L4 */

/**
 * struct netlab_packet - what an sk_buff at a netfilter hook is
 * @protocol: IP protocol number; for IPv6 the upper-layer protocol, or the
 *	first header that couldn't be passed
 * @flags: NETLAB_PACKET_*
 * @l4: offset of the upper-layer header from the network header, in bytes; of
 *	a later fragment, of what it carries
 * @packets: packets as on the wire
 * @bytes: layer-3 bytes as on the wire, all packets together
 */
struct netlab_packet {
	u8 protocol;
	u8 flags;
	u16 l4;
	u32 packets;
	u64 bytes;
};

void netlab_dissect_gso(const struct sk_buff *skb, struct netlab_packet *p);
void netlab_dissect_exthdrs(const struct sk_buff *skb,
			    struct netlab_packet *p);

/* What a fragment's offset in bytes makes of it. */
static inline u8 netlab_dissect_offset(unsigned int offset)
{
	if (!offset)
		return NETLAB_PACKET_FRAGMENT;
	if (offset < sizeof(struct tcphdr))
		return NETLAB_PACKET_FRAGMENT | NETLAB_PACKET_LATER |
		       NETLAB_PACKET_INSIDE;
	return NETLAB_PACKET_FRAGMENT | NETLAB_PACKET_LATER;
}

/* skb_is_gso() is what it costs every packet to be counted as on the wire. */
static __always_inline void netlab_dissect_size(const struct sk_buff *skb,
						struct netlab_packet *p)
{
	p->packets = 1;
	p->bytes = skb->len;
	if (unlikely(skb_is_gso(skb)))
		netlab_dissect_gso(skb, p);
}

/**
 * netlab_dissect4() - what an IPv4 sk_buff is
 * @skb: at a netfilter hook: its data begins with an IPv4 header, of which the
 *	first 20 bytes are linear
 * @p: to fill
 *
 * ip_rcv() has verified the header of what comes in; a raw socket with
 * IP_HDRINCL may send any. Follows RFC 791. Context: any.
 */
static __always_inline void netlab_dissect4(const struct sk_buff *skb,
					    struct netlab_packet *p)
{
	const struct iphdr *iph = ip_hdr(skb);

	p->protocol = iph->protocol;
	p->flags = 0;
	p->l4 = sizeof(*iph);
	if (unlikely(iph->ihl != sizeof(*iph) / 4)) {
		p->flags |= NETLAB_PACKET_OPTIONS;
		p->l4 = max_t(u16, iph->ihl * 4, sizeof(*iph));
	}
	if (unlikely(iph->frag_off & htons(IP_MF | IP_OFFSET)))
		p->flags |= netlab_dissect_offset(8 * (ntohs(iph->frag_off) & IP_OFFSET));
	netlab_dissect_size(skb, p);
}

/**
 * netlab_dissect6() - what an IPv6 sk_buff is
 * @skb: at a netfilter hook: its data begins with an IPv6 header, all linear
 * @p: to fill
 *
 * Follows RFC 8200. Context: any.
 */
static __always_inline void netlab_dissect6(const struct sk_buff *skb,
					    struct netlab_packet *p)
{
	p->protocol = ipv6_hdr(skb)->nexthdr;
	p->flags = 0;
	p->l4 = sizeof(struct ipv6hdr);
	if (unlikely(netlab_exthdr[p->protocol]))
		netlab_dissect_exthdrs(skb, p);
	netlab_dissect_size(skb, p);
}

#endif /* _NETLAB_DISSECT_H */
