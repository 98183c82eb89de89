/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config: what the administrator asked for, published by RCU.
 */
#ifndef _NETLAB_CONFIG_H
#define _NETLAB_CONFIG_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include "limiter.h"

/* An IPv4 header and an echo header; anything, IPv6's 65575 too. */
#define NETLAB_MAX_SIZE_MIN	28
#define NETLAB_MAX_SIZE_ANY	65535

/**
 * struct netlab_settings - what the administrator can set
 * @local: answer for the namespace's own addresses
 * @rate: replies per second for the whole namespace, 0: unlimited
 * @burst: replies that may leave at once, 0: what the rate gives in 20 ms
 * @source_rate: replies per second for one source, 0: unlimited
 * @max_size: largest request that is answered, in layer-3 bytes, or
 *	NETLAB_MAX_SIZE_ANY
 */
struct netlab_settings {
	bool local;
	u32 rate;
	u32 burst;
	u32 source_rate;
	u32 max_size;
};

/**
 * struct netlab_config - settings, ready for use
 * @set: as they were set
 * @limit: from @set.rate and @set.burst, if there is a rate
 * @source: from @set.source_rate, if there is one
 * @sources: the buckets that @source is for; found through here, so that who
 *	sees the rate sees them
 * @limited: whether there is a rate or a largest size
 * @generation: a new number for each configuration
 * @rcu: for kfree_rcu()
 */
struct netlab_config {
	struct netlab_settings set;
	struct netlab_limit limit;
	struct netlab_limit source;
	struct netlab_sources *sources;
	bool limited;
	u32 generation;
	struct rcu_head rcu;
};

struct netlab_net;

int netlab_config_init(struct netlab_net *ns);
void netlab_config_exit(struct netlab_net *ns);
void netlab_config_defaults(struct netlab_settings *set);
void netlab_config_get(struct netlab_net *ns, struct netlab_settings *set);
int netlab_config_set(struct netlab_net *ns,
		      void (*change)(struct netlab_settings *set, void *arg),
		      void *arg);

#endif /* _NETLAB_CONFIG_H */
