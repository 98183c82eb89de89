// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/percpu.h>

#include "defrag.h"
#include "hooks.h"
#include "main.h"
#include "prefix.h"
#include "proxy.h"
#include "set.h"

/* The set that is in force. Under the namespace's config_lock. */
static struct netlab_prefixes *netlab_set(struct netlab_net *ns)
{
	return rcu_dereference_protected(ns->prefixes,
					 lockdep_is_held(&ns->config_lock));
}

/*
 * What answering for any prefix needs: slots on each CPU, IPv6's reassembly,
 * and the hooks. It stays until the namespace ends, but for the hooks.
 */
static int netlab_set_ready(struct netlab_net *ns)
{
	if (!ns->prefix_cpus) {
		ns->prefix_cpus = netlab_prefix_cpus_alloc();
		if (!ns->prefix_cpus)
			return -ENOMEM;
	}
	return netlab_hooks_prefixes(ns, true);
}

/*
 * Where no set is in force or staged, the hooks aren't needed. They stay for
 * one that is staged: to let it be in force must not fail.
 */
static void netlab_set_rest(struct netlab_net *ns)
{
	if (!netlab_set(ns) && !ns->staged)
		netlab_hooks_prefixes(ns, false);
}

/* Lets another set be in force, or none; frees the one that was. */
static void netlab_set_publish(struct netlab_net *ns,
			       struct netlab_prefixes *set)
{
	struct netlab_prefixes *old = netlab_set(ns);

	rcu_assign_pointer(ns->prefixes, set);
	ns->prefixes_seq++;
	netlab_set_rest(ns);
	if (old)
		netlab_prefixes_free(old);
}

/* Notes all the IPv6 prefixes of a set that are answered for on a link. */
static void netlab_set_proxies(struct netlab_net *ns,
			       const struct netlab_prefixes *set, bool add)
{
	struct netlab_prefix_settings settings;
	struct netlab_prefix *prefix;
	struct netlab_prefix_key key;

	if (!set || !set->proxied[NETLAB_FAMILY_IPV6])
		return;
	prefix = netlab_prefix_next(set, NULL);
	while (prefix) {
		netlab_prefix_describe(prefix, &key, &settings);
		netlab_proxy_note(ns, &key, &settings, add);
		prefix = netlab_prefix_next(set, &key);
		cond_resched();
	}
}

static int netlab_set_insert(struct netlab_net *ns,
			     const struct netlab_prefix_key *key,
			     const struct netlab_prefix_settings *settings,
			     bool replace)
{
	struct netlab_prefixes *set = netlab_set(ns), *new = NULL;
	struct netlab_prefix_settings before = {};
	struct netlab_prefix_key same;
	struct netlab_prefix *old;
	int err;

	err = netlab_proxy_reserve(ns, key, settings);
	if (!err)
		err = netlab_set_ready(ns);
	if (err)
		return err;
	if (!set) {
		new = netlab_prefixes_alloc();
		if (!new)
			return -ENOMEM;
		set = new;
	}

	old = netlab_prefix_exact(set, key);
	if (old)
		netlab_prefix_describe(old, &same, &before);
	err = netlab_prefixes_add(set, key, settings, replace);
	if (err) {
		if (new)
			netlab_prefixes_free(new);
		return err;
	}
	netlab_proxy_note(ns, key, &before, false);
	netlab_proxy_note(ns, key, settings, true);
	if (new)
		netlab_set_publish(ns, new);
	else
		ns->prefixes_seq++;
	return 0;
}

/**
 * netlab_set_add() - answer for one more prefix
 * @ns: the namespace
 * @key: the prefix, valid
 * @settings: its limits, valid
 * @replace: take the place of the prefix if it is there, instead of failing
 *
 * Context: process; takes RTNL and @ns's config_lock.
 *
 * Return: 0; -EEXIST; -ENOSPC where there are NETLAB_PREFIXES_MAX; -ENOMEM.
 */
int netlab_set_add(struct netlab_net *ns, const struct netlab_prefix_key *key,
		   const struct netlab_prefix_settings *settings, bool replace)
{
	int err;

	if (key->family == NETLAB_FAMILY_IPV6)
		netlab_defrag_get6();
	mutex_lock(&ns->config_lock);
	err = netlab_set_insert(ns, key, settings, replace);
	if (err)
		netlab_set_rest(ns);
	mutex_unlock(&ns->config_lock);
	netlab_proxy_apply(ns);
	return err;
}

/**
 * netlab_set_del() - answer for a prefix no longer
 * @ns: the namespace
 * @key: the prefix
 *
 * Context: process; takes RTNL and @ns's config_lock. Return: 0; -ENOENT.
 */
int netlab_set_del(struct netlab_net *ns, const struct netlab_prefix_key *key)
{
	struct netlab_prefix_settings settings;
	struct netlab_prefix_key same;
	struct netlab_prefixes *set;
	struct netlab_prefix *old;

	mutex_lock(&ns->config_lock);
	set = netlab_set(ns);
	old = set ? netlab_prefix_exact(set, key) : NULL;
	if (!old) {
		mutex_unlock(&ns->config_lock);
		return -ENOENT;
	}
	netlab_prefix_describe(old, &same, &settings);
	netlab_proxy_note(ns, key, &settings, false);
	netlab_prefixes_del(set, key);
	ns->prefixes_seq++;
	if (!set->n)
		netlab_set_publish(ns, NULL);
	mutex_unlock(&ns->config_lock);
	netlab_proxy_apply(ns);
	return 0;
}

/**
 * netlab_set_flush() - answer for no prefix any longer, all of them at once
 * @ns: the namespace
 *
 * Context: process; takes RTNL and @ns's config_lock.
 */
void netlab_set_flush(struct netlab_net *ns)
{
	mutex_lock(&ns->config_lock);
	netlab_set_proxies(ns, netlab_set(ns), false);
	netlab_set_publish(ns, NULL);
	mutex_unlock(&ns->config_lock);
	netlab_proxy_apply(ns);
}

/* Gives up what is staged, if it is that socket's. */
static void netlab_stage_drop(struct netlab_net *ns, u32 portid)
{
	if (!ns->staged || ns->staged_by != portid)
		return;
	netlab_prefixes_free(ns->staged);
	ns->staged = NULL;
	netlab_set_rest(ns);
}

/**
 * netlab_stage_begin() - begin a set that is to take the place of the one in
 * force
 * @ns: the namespace
 * @portid: of the socket whose it is; what it has staged before is given up
 *
 * Context: process; takes @ns's config_lock.
 *
 * Return: 0; -EBUSY where another socket stages one; -ENOMEM.
 */
int netlab_stage_begin(struct netlab_net *ns, u32 portid)
{
	int err = 0;

	mutex_lock(&ns->config_lock);
	netlab_stage_drop(ns, portid);
	if (ns->staged) {
		err = -EBUSY;
	} else {
		ns->staged = netlab_prefixes_alloc();
		ns->staged_by = portid;
		err = ns->staged ? 0 : -ENOMEM;
	}
	mutex_unlock(&ns->config_lock);
	return err;
}

/**
 * netlab_stage_add() - as netlab_set_add(), to the set that is staged
 * @ns: the namespace
 * @portid: of the socket whose it is
 * @key: the prefix, valid
 * @settings: its limits, valid
 * @replace: take the place of the prefix if it is there, instead of failing
 *
 * Context: process; takes @ns's config_lock.
 *
 * Return: as netlab_set_add(); -ESTALE where the socket stages none.
 */
int netlab_stage_add(struct netlab_net *ns, u32 portid,
		     const struct netlab_prefix_key *key,
		     const struct netlab_prefix_settings *settings,
		     bool replace)
{
	int err;

	if (key->family == NETLAB_FAMILY_IPV6)
		netlab_defrag_get6();
	mutex_lock(&ns->config_lock);
	if (!ns->staged || ns->staged_by != portid)
		err = -ESTALE;
	else
		err = netlab_proxy_reserve(ns, key, settings);
	/* Also that it can be in force: others may add to it until it is. */
	if (!err)
		err = netlab_set_ready(ns);
	if (!err)
		err = netlab_prefixes_add(ns->staged, key, settings, replace);
	mutex_unlock(&ns->config_lock);
	return err;
}

/**
 * netlab_stage_check() - whether a socket stages a set
 * @ns: the namespace
 * @portid: of the socket
 *
 * Context: process; takes @ns's config_lock. Return: 0; -ESTALE.
 */
int netlab_stage_check(struct netlab_net *ns, u32 portid)
{
	int err;

	mutex_lock(&ns->config_lock);
	err = ns->staged && ns->staged_by == portid ? 0 : -ESTALE;
	mutex_unlock(&ns->config_lock);
	return err;
}

/**
 * netlab_stage_commit() - let the staged set be in force
 * @ns: the namespace
 * @portid: of the socket whose set it is
 *
 * Requests meet the old set or the new one, whole. Context: process; takes
 * RTNL and @ns's config_lock.
 */
void netlab_stage_commit(struct netlab_net *ns, u32 portid)
{
	struct netlab_prefixes *set;

	mutex_lock(&ns->config_lock);
	if (ns->staged && ns->staged_by == portid) {
		set = ns->staged;
		ns->staged = NULL;
		netlab_set_proxies(ns, netlab_set(ns), false);
		netlab_set_proxies(ns, set, true);
		if (!set->n) {
			netlab_prefixes_free(set);
			set = NULL;
		}
		netlab_set_publish(ns, set);
	}
	mutex_unlock(&ns->config_lock);
	netlab_proxy_apply(ns);
}

/* A socket that is closed stages nothing any longer. */
static int netlab_stage_event(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	const struct netlink_notify *n = ptr;
	struct netlab_net *ns;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	ns = netlab_net(n->net);
	if (!READ_ONCE(ns->staged))
		return NOTIFY_DONE;
	mutex_lock(&ns->config_lock);
	netlab_stage_drop(ns, n->portid);
	mutex_unlock(&ns->config_lock);
	return NOTIFY_DONE;
}

static struct notifier_block netlab_stage_notifier = {
	.notifier_call = netlab_stage_event,
};

/**
 * netlab_stage_register() - learn of sockets that are closed
 *
 * Context: process. Return: 0 or a negative errno.
 */
int netlab_stage_register(void)
{
	return netlink_register_notifier(&netlab_stage_notifier);
}

/**
 * netlab_stage_unregister() - learn of closed sockets no longer
 *
 * Context: process.
 */
void netlab_stage_unregister(void)
{
	netlink_unregister_notifier(&netlab_stage_notifier);
}

/**
 * netlab_set_exit() - free a namespace's prefixes
 * @ns: the namespace; no hook can reach it any more
 *
 * Context: process.
 */
void netlab_set_exit(struct netlab_net *ns)
{
	struct netlab_prefixes *set = rcu_dereference_protected(ns->prefixes,
								true);

	if (ns->staged)
		netlab_prefixes_free(ns->staged);
	if (set)
		netlab_prefixes_free(set);
	if (ns->prefix_cpus)
		netlab_prefix_cpus_free(ns->prefix_cpus);
}
