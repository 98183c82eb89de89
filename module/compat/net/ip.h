/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_NET_IP_H
#define _NETLAB_COMPAT_NET_IP_H

#include_next <net/ip.h>

/*
 * Where the MIB tells what was asked for from what was transmitted, ip_output()
 * counts only the latter, and __ip_local_out() before it the former. Older
 * kernels call the latter IpOutRequests.
 */
static inline void netlab_ip_count_request(struct net *net)
{
#ifdef NETLAB_HAVE_OUTREQUESTS
	IP_INC_STATS(net, IPSTATS_MIB_OUTREQUESTS);
#endif
}

#endif /* _NETLAB_COMPAT_NET_IP_H */
