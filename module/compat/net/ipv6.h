/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_NET_IPV6_H
#define _NETLAB_COMPAT_NET_IPV6_H

#include_next <net/ipv6.h>

/* What Ip(6)OutRequests is kept in. */
#ifdef NETLAB_HAVE_OUTREQUESTS
#define NETLAB_MIB_OUTREQUESTS	IPSTATS_MIB_OUTREQUESTS
#else
#define NETLAB_MIB_OUTREQUESTS	IPSTATS_MIB_OUTPKTS
#endif

/*
 * Who builds an IPv6 packet counts Ip6OutRequests. Older kernels keep that
 * number in OUTPKTS, and the builder counts the octets too. A kernel without
 * IPv6 has no place for it, and no such packet.
 */
static inline void netlab_ip6_count_request(struct net *net,
					    struct inet6_dev *idev,
					    unsigned int len)
{
#if IS_ENABLED(CONFIG_IPV6)
#ifdef NETLAB_HAVE_OUTREQUESTS
	IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTREQUESTS);
#else
	IP6_UPD_PO_STATS(net, idev, IPSTATS_MIB_OUT, len);
#endif
#endif
}

#endif /* _NETLAB_COMPAT_NET_IPV6_H */
