/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_NET_ROUTE_H
#define _NETLAB_COMPAT_NET_ROUTE_H

#include_next <net/route.h>
#include <linux/ip.h>

#ifdef NETLAB_HAVE_FLOWI4_DSCP
#include <net/inet_dscp.h>
#endif

/* Routing looks at the DSCP where it used to look at the TOS. */
static inline void netlab_flowi4_set_tos(struct flowi4 *fl4, u8 tos)
{
#ifdef NETLAB_HAVE_FLOWI4_DSCP
	fl4->flowi4_dscp = inet_dsfield_to_dscp(tos);
#else
	fl4->flowi4_tos = tos & IPTOS_TOS_MASK;
#endif
}

#endif /* _NETLAB_COMPAT_NET_ROUTE_H */
