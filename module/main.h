/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main: the module's load and unload, and what a network namespace has of it.
 */
#ifndef _NETLAB_MAIN_H
#define _NETLAB_MAIN_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <net/net_namespace.h>

#include "account.h"
#include "config.h"
#include "limiter.h"
#include "mib.h"

struct nf_hook_ops;
struct proc_dir_entry;

/**
 * struct netlab_net - what a network namespace has of netlab
 * @net: the namespace; it outlives this
 * @account: counters
 * @config: settings, read under RCU
 * @config_lock: held to publish @config; process context
 * @limiter: token buckets
 * @mib: what the host's own MIB doesn't know yet
 * @ops: this namespace's netfilter hooks
 * @proc: /proc/net/netlab
 */
struct netlab_net {
	struct net *net;
	struct netlab_account account;
	struct netlab_config __rcu *config;
	struct mutex config_lock;	/* see above */
	struct netlab_limiter limiter;
	struct netlab_mib mib;
	struct nf_hook_ops *ops;
	struct proc_dir_entry *proc;
};

struct netlab_net *netlab_net(const struct net *net);

#endif /* _NETLAB_MAIN_H */
