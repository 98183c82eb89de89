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
 * number in OUTPKTS, and the builder counts the octets too.
 */
static inline void netlab_ip6_count_request(struct net *net,
					    struct inet6_dev *idev,
					    unsigned int len)
{
#ifdef NETLAB_HAVE_OUTREQUESTS
	IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTREQUESTS);
#else
	IP6_UPD_PO_STATS(net, idev, IPSTATS_MIB_OUT, len);
#endif
}

#endif /* _NETLAB_COMPAT_NET_IPV6_H */
