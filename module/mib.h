/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mib: keeps the host's own MIB (/proc/net/snmp, snmp6) true.
 *
 * What netlab answers never reaches the stack's icmp_rcv(), which counts it.
 * Part of that MIB is atomics that all CPUs share. So nothing of it is done on
 * the packet path: once a second, while there are replies, what was answered
 * is added to the MIB at once.
 */
#ifndef _NETLAB_MIB_H
#define _NETLAB_MIB_H

#include <linux/compiler.h>
#include <linux/workqueue.h>

#include "account.h"

struct netlab_net;

/**
 * struct netlab_mib - what the MIB doesn't know yet
 * @work: adds it
 * @pending: @work is due
 * @replied: replies that the MIB knows, by family and path; only @work writes it
 */
struct netlab_mib {
	struct delayed_work work;
	bool pending;
	u64 replied[NETLAB_FAMILIES][NETLAB_PATHS];
};

void netlab_mib_init(struct netlab_net *ns);
void netlab_mib_exit(struct netlab_net *ns);

/**
 * netlab_mib_touch() - there is something to tell the MIB
 * @mib: the namespace's
 *
 * Context: any. Reads what is shared, and writes it once a second.
 */
static inline void netlab_mib_touch(struct netlab_mib *mib)
{
	if (READ_ONCE(mib->pending))
		return;
	WRITE_ONCE(mib->pending, true);
	schedule_delayed_work(&mib->work, HZ / 2);
}

#endif /* _NETLAB_MIB_H */
