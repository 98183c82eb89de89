/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_NET_RAW_H
#define _NETLAB_COMPAT_NET_RAW_H

#include_next <net/raw.h>

/*
 * raw_hashfunc() came after the table's walkers moved from a lock to RCU. A
 * kernel without it keeps the sockets of every namespace in one bucket, and
 * takes the lock itself for each packet of a protocol that has one: so does
 * netlab then, and only then. Softirqs are off.
 */
#ifdef RAW_HTABLE_LOG
static inline void netlab_raw_lock(struct raw_hashinfo *table)
{
}

static inline void netlab_raw_unlock(struct raw_hashinfo *table)
{
}

static inline u32 netlab_raw_hash(const struct net *net, u32 protocol)
{
	return raw_hashfunc(net, protocol);
}
#else
static inline void netlab_raw_lock(struct raw_hashinfo *table)
{
	read_lock(&table->lock);
}

static inline void netlab_raw_unlock(struct raw_hashinfo *table)
{
	read_unlock(&table->lock);
}

static inline u32 netlab_raw_hash(const struct net *net, u32 protocol)
{
	return protocol & (RAW_HTABLE_SIZE - 1);
}
#endif

#endif /* _NETLAB_COMPAT_NET_RAW_H */
