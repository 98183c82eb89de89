/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main: the module's load and unload, and what a network namespace has of it.
 */
#ifndef _NETLAB_MAIN_H
#define _NETLAB_MAIN_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "account.h"
#include "config.h"
#include "hook_set.h"
#include "limiter.h"
#include "mib.h"
#include "route.h"

struct netlab_prefix_cpu;
struct netlab_prefixes;
struct nf_hook_ops;
struct proc_dir_entry;

/**
 * struct netlab_net - what a network namespace has of netlab
 * @net: the namespace; it outlives this
 * @account: counters
 * @config: settings, read under RCU
 * @config_lock: held to publish @config; process context
 * @limiter: token buckets
 * @prefixes: the blocks of addresses that are answered for, read under RCU;
 *	NULL if there are none; @config_lock protects what follows of them
 * @prefix_cpus: what each CPU counted for them; NULL before there were any
 * @prefixes_seq: grows with each change of them
 * @staged: those that are to take their place; NULL if there are none
 * @staged_by: port of the socket that stages them
 * @proxied: devices on whose links IPv6 prefixes are answered for
 * @proxied_changed: netlab_proxy_apply() has something to do
 * @proxied_work: calls it
 * @direct: devices that are answered at; RTNL protects it
 * @routes: the ways back that replies went lately
 * @mib: what the host's own MIB doesn't know yet
 * @ops: this namespace's netfilter hooks
 * @prefix_hooks: those of prefixes
 * @monitors: of those who are told of packets, read under RCU; @config_lock
 *	protects it and what follows of them
 * @monitor_hooks: their hooks
 * @proc: /proc/net/netlab
 */
struct netlab_net {
	struct net *net;
	struct netlab_account account;
	struct netlab_config __rcu *config;
	struct mutex config_lock;	/* see above */
	struct netlab_limiter limiter;
	struct netlab_prefixes __rcu *prefixes;
	struct netlab_prefix_cpu __percpu *prefix_cpus;
	u32 prefixes_seq;
	struct netlab_prefixes *staged;
	u32 staged_by;
	struct list_head proxied;
	bool proxied_changed;
	struct work_struct proxied_work;
	struct list_head direct;
	struct netlab_route_cache routes;
	struct netlab_mib mib;
	struct nf_hook_ops *ops;
	struct netlab_hook_set prefix_hooks;
	struct list_head monitors;
	struct netlab_hook_set monitor_hooks;
	struct proc_dir_entry *proc;
};

struct netlab_net *netlab_net(const struct net *net);

#endif /* _NETLAB_MAIN_H */
