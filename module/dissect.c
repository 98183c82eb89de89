// SPDX-License-Identifier: GPL-2.0-only
/*
 * The unlikely half of dissection: extension headers and GSO.
 */
#include <linux/if_ether.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ipv6.h>

#include "dissect.h"

/* Not in every kernel's headers, and no sender that netlab knows uses it. */
#define NETLAB_NEXTHDR_HIP	139	/* RFC 7401 */
#define NETLAB_NEXTHDR_SHIM6	140	/* RFC 5533 */

const u8 netlab_exthdr[256] = {
	[NEXTHDR_HOP] = 1,
	[NEXTHDR_ROUTING] = 1,
	[NEXTHDR_FRAGMENT] = 1,
	[NEXTHDR_AUTH] = 1,
	[NEXTHDR_DEST] = 1,
	[NEXTHDR_MOBILITY] = 1,
	[NETLAB_NEXTHDR_HIP] = 1,
	[NETLAB_NEXTHDR_SHIM6] = 1,
};

/**
 * netlab_dissect_exthdrs() - pass an IPv6 packet's extension headers
 * @skb: data begins with an IPv6 header
 * @p: protocol and l4 name the first header behind the IPv6 header; are left
 *	naming the upper-layer header, or the header at which the walk ended:
 *	the packet ends, a later fragment begins, or there are more than
 *	NETLAB_MAX_EXTHDRS
 *
 * A mobility header (RFC 6275) that nothing follows is itself what is
 * carried: it is passed only if its payload protocol isn't IPPROTO_NONE.
 * ESP ends the walk, for what follows it is encrypted. Context: any.
 */
void netlab_dissect_exthdrs(const struct sk_buff *skb, struct netlab_packet *p)
{
	unsigned int i, off = p->l4, len;

	for (i = 0;; i++) {
		struct frag_hdr buf;
		const struct frag_hdr *fh;
		const struct ipv6_opt_hdr *oh;

		if (!netlab_exthdr[p->protocol])
			return;
		p->flags |= NETLAB_PACKET_OPTIONS;
		if (i == NETLAB_MAX_EXTHDRS) {
			p->flags |= NETLAB_PACKET_EXCESS;
			return;
		}

		/* Each of them is at least eight bytes, as struct frag_hdr. */
		fh = skb_header_pointer(skb, off, sizeof(buf), &buf);
		if (!fh)
			return;
		oh = (const struct ipv6_opt_hdr *)fh;

		switch (p->protocol) {
		case NEXTHDR_FRAGMENT:
			len = sizeof(*fh);
			/* An atomic fragment (RFC 6946) is whole. */
			if (fh->frag_off & htons(IP6_MF | IP6_OFFSET))
				p->flags |= netlab_dissect_offset(ntohs(fh->frag_off) & IP6_OFFSET);
			break;
		case NEXTHDR_AUTH:
			len = ipv6_authlen(oh);
			break;
		case NEXTHDR_MOBILITY:
		case NETLAB_NEXTHDR_HIP:
		case NETLAB_NEXTHDR_SHIM6:
			if (oh->nexthdr == NEXTHDR_NONE)
				return;
			fallthrough;
		default:
			len = ipv6_optlen(oh);
		}

		/* A header longer than the packet: p still names the header. */
		if (off + len > skb->len)
			return;
		off += len;
		p->protocol = fh->nexthdr;
		p->l4 = off;
		if (p->flags & NETLAB_PACKET_LATER)
			return;
	}
}

/* Bytes of headers that each segment of a GSO sk_buff repeats, 0: unknown. */
static unsigned int netlab_gso_headers(const struct sk_buff *skb,
				       const struct netlab_packet *p)
{
	unsigned int type = skb_shinfo(skb)->gso_type;
	unsigned int off = p->l4;
	struct tcphdr buf;
	const struct tcphdr *th;

	/* What is cut is the innermost packet. */
	if (skb->encapsulation && skb_inner_transport_offset(skb) > 0)
		off = skb_inner_transport_offset(skb);

	if (type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) {
		th = skb_header_pointer(skb, off, sizeof(buf), &buf);
		if (!th || th->doff < sizeof(*th) / 4)
			return off + sizeof(*th);
		return off + th->doff * 4;
	}
	if (type & SKB_GSO_UDP_L4)
		return off + sizeof(struct udphdr);
	/* UFO cuts into IP fragments: only the IP header is repeated. */
	if (type & SKB_GSO_UDP)
		return p->protocol == IPPROTO_UDP ? p->l4 : 0;
	if (type & SKB_GSO_SCTP)
		return off + 12; /* the common header, RFC 9260 section 3.1 */
	return 0;
}

/**
 * netlab_dissect_gso() - count a GSO sk_buff as the packets it stands for
 * @skb: skb_is_gso(), its data at the network header
 * @p: packets and bytes are set; the rest has been
 *
 * gso_segs may be zero, and means nothing when a virtual machine or tun wrote
 * the sk_buff (SKB_GSO_DODGY): then it follows from gso_size. Context: any.
 */
void netlab_dissect_gso(const struct sk_buff *skb, struct netlab_packet *p)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int hdr = netlab_gso_headers(skb, p);
	u32 segs = info->gso_segs;

	p->flags |= NETLAB_PACKET_GSO;
	if (hdr >= skb->len)
		return;
	if (info->gso_size == GSO_BY_FRAGS)
		segs = max_t(u32, segs, 1);
	else if (!segs || info->gso_type & SKB_GSO_DODGY)
		segs = DIV_ROUND_UP(skb->len - hdr, info->gso_size);

	p->packets = segs;
	p->bytes = skb->len + (u64)(segs - 1) * hdr;
	/* UFO gives each IPv6 piece, the first too, a fragment header. */
	if (info->gso_type & SKB_GSO_UDP && skb->protocol == htons(ETH_P_IPV6))
		p->bytes += (u64)segs * sizeof(struct frag_hdr);
}
