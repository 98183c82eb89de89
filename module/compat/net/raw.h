/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_NET_RAW_H
#define _NETLAB_COMPAT_NET_RAW_H

#include_next <net/raw.h>

/*
 * raw_hashfunc() came after the table's walkers moved from a lock to RCU. On
 * a kernel without it, netlab_raw_bucket_shared() tells that only the bucket's
 * emptiness may be looked at: it holds the sockets of every namespace.
 */
#ifdef RAW_HTABLE_LOG
static inline bool netlab_raw_bucket_shared(void)
{
	return false;
}

static inline u32 netlab_raw_hash(const struct net *net, u32 protocol)
{
	return raw_hashfunc(net, protocol);
}
#else
static inline bool netlab_raw_bucket_shared(void)
{
	return true;
}

static inline u32 netlab_raw_hash(const struct net *net, u32 protocol)
{
	return protocol & (RAW_HTABLE_SIZE - 1);
}
#endif

#endif /* _NETLAB_COMPAT_NET_RAW_H */
