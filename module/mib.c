// SPDX-License-Identifier: GPL-2.0-only
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "main.h"
#include "mib.h"

/* /proc/net/snmp keeps the types sent behind those received. */
#define NETLAB_ICMPMSG_OUT	256

static u64 netlab_mib_replied(struct netlab_net *ns, unsigned int family,
			      unsigned int path)
{
	return netlab_account_outcome(&ns->account, family, path,
				      NETLAB_OUTCOME_REPLIED);
}

/*
 * As icmp_rcv() and icmp_push_reply() would have, for each reply; at a device's
 * ingress IP has not seen it, either.
 */
static void netlab_mib_add4(struct net *net, unsigned int path, unsigned long n)
{
	atomic_long_t *msg = net->mib.icmpmsg_statistics->mibs;

	if (path == NETLAB_PATH_DIRECT) {
		IP_ADD_STATS(net, IPSTATS_MIB_INPKTS, n);
		IP_ADD_STATS(net, IPSTATS_MIB_OUTPKTS, n);
		if (NETLAB_MIB_OUTREQUESTS != IPSTATS_MIB_OUTPKTS)
			IP_ADD_STATS(net, NETLAB_MIB_OUTREQUESTS, n);
	}
	IP_ADD_STATS(net, IPSTATS_MIB_INDELIVERS, n);
	SNMP_ADD_STATS(net->mib.icmp_statistics, ICMP_MIB_INMSGS, n);
	SNMP_ADD_STATS(net->mib.icmp_statistics, ICMP_MIB_OUTMSGS, n);
	atomic_long_add(n, &msg[ICMP_ECHO]);
	atomic_long_add(n, &msg[NETLAB_ICMPMSG_OUT + ICMP_ECHOREPLY]);
}

/* As icmpv6_rcv() and ip6_push_pending_frames() would have. */
static void netlab_mib_add6(struct net *net, unsigned int path, unsigned long n)
{
#if IS_ENABLED(CONFIG_IPV6)
	atomic_long_t *msg = net->mib.icmpv6msg_statistics->mibs;

	if (path == NETLAB_PATH_DIRECT) {
		IP6_ADD_STATS(net, (struct inet6_dev *)NULL,
			      IPSTATS_MIB_INPKTS, n);
		IP6_ADD_STATS(net, (struct inet6_dev *)NULL,
			      IPSTATS_MIB_OUTPKTS, n);
		if (NETLAB_MIB_OUTREQUESTS != IPSTATS_MIB_OUTPKTS)
			IP6_ADD_STATS(net, (struct inet6_dev *)NULL,
				      NETLAB_MIB_OUTREQUESTS, n);
	}
	IP6_ADD_STATS(net, (struct inet6_dev *)NULL, IPSTATS_MIB_INDELIVERS, n);
	SNMP_ADD_STATS(net->mib.icmpv6_statistics, ICMP6_MIB_INMSGS, n);
	SNMP_ADD_STATS(net->mib.icmpv6_statistics, ICMP6_MIB_OUTMSGS, n);
	atomic_long_add(n, &msg[ICMPV6_ECHO_REQUEST]);
	atomic_long_add(n, &msg[NETLAB_ICMPMSG_OUT + ICMPV6_ECHO_REPLY]);
#endif
}

static void netlab_mib_work(struct work_struct *work)
{
	struct netlab_mib *mib = container_of(to_delayed_work(work),
					      struct netlab_mib, work);
	struct netlab_net *ns = container_of(mib, struct netlab_net, mib);
	unsigned int path;
	u64 replied, *known;

	WRITE_ONCE(mib->pending, false);
	/* A reply that isn't in the sums below must see that it is due again. */
	smp_mb();

	for (path = 0; path < NETLAB_PATHS; path++) {
		known = &mib->replied[NETLAB_FAMILY_IPV4][path];
		replied = netlab_mib_replied(ns, NETLAB_FAMILY_IPV4, path);
		netlab_mib_add4(ns->net, path, replied - *known);
		*known = replied;

		known = &mib->replied[NETLAB_FAMILY_IPV6][path];
		replied = netlab_mib_replied(ns, NETLAB_FAMILY_IPV6, path);
		netlab_mib_add6(ns->net, path, replied - *known);
		*known = replied;
	}
}

/**
 * netlab_mib_init() - begin with a namespace whose MIB knows everything
 * @ns: the namespace
 */
void netlab_mib_init(struct netlab_net *ns)
{
	INIT_DELAYED_WORK(&ns->mib.work, netlab_mib_work);
}

/**
 * netlab_mib_exit() - tell the MIB what it doesn't know yet
 * @ns: the namespace; no hook can reach it any more
 *
 * Context: process.
 */
void netlab_mib_exit(struct netlab_net *ns)
{
	cancel_delayed_work_sync(&ns->mib.work);
	netlab_mib_work(&ns->mib.work.work);
}
