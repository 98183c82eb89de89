/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_NET_NDISC_H
#define _NETLAB_COMPAT_NET_NDISC_H

#include_next <net/ndisc.h>

/* Where IPv6 can be a module, what others may call of it is in a table. */
#ifdef NETLAB_HAVE_IPV6_STUB
#include <net/ipv6_stubs.h>
#define netlab_ndisc_send_na	ipv6_stub->ndisc_send_na
#else
#define netlab_ndisc_send_na	ndisc_send_na
#endif

#endif /* _NETLAB_COMPAT_NET_NDISC_H */
