// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include "config.h"
#include "main.h"

/**
 * netlab_config_get() - read a namespace's settings
 * @ns: the namespace
 * @set: to fill
 *
 * Context: process.
 */
void netlab_config_get(struct netlab_net *ns, struct netlab_settings *set)
{
	rcu_read_lock();
	*set = rcu_dereference(ns->config)->set;
	rcu_read_unlock();
}

/**
 * netlab_config_set() - change a namespace's settings
 * @ns: the namespace
 * @change: makes of the settings as they are the ones to be, all valid;
 *	called once, under @ns's config_lock
 * @arg: for @change
 *
 * Packets see either the old configuration or the new one. Context: process,
 * takes @ns's config_lock. Return: 0; -ENOMEM, and nothing changed.
 */
int netlab_config_set(struct netlab_net *ns,
		      void (*change)(struct netlab_settings *set, void *arg),
		      void *arg)
{
	struct netlab_config *old, *new;
	int err = 0;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;

	mutex_lock(&ns->config_lock);
	old = rcu_dereference_protected(ns->config,
					lockdep_is_held(&ns->config_lock));
	new->set = old->set;
	new->generation = old->generation + 1;
	change(&new->set, arg);
	if (new->set.rate)
		netlab_limit_set(&new->limit, new->set.rate, new->set.burst);
	if (new->set.source_rate) {
		netlab_limit_set_source(&new->source, new->set.source_rate);
		err = netlab_limiter_add_sources(&ns->limiter);
		new->sources = ns->limiter.sources;
	}
	new->limited = new->set.rate || new->set.source_rate ||
		       new->set.max_size < NETLAB_MAX_SIZE_ANY;
	if (!err)
		rcu_assign_pointer(ns->config, new);
	mutex_unlock(&ns->config_lock);

	if (err)
		kfree(new);
	else
		kfree_rcu(old, rcu);
	return err;
}

/**
 * netlab_config_defaults() - the settings that a namespace begins with
 * @set: to fill
 */
void netlab_config_defaults(struct netlab_settings *set)
{
	*set = (struct netlab_settings) {
		.local = true,
		.max_size = NETLAB_MAX_SIZE_ANY,
	};
}

/**
 * netlab_config_init() - give a namespace the settings that it begins with
 * @ns: the namespace
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_config_init(struct netlab_net *ns)
{
	struct netlab_config *config;

	config = kzalloc(sizeof(*config), GFP_KERNEL_ACCOUNT);
	if (!config)
		return -ENOMEM;
	netlab_config_defaults(&config->set);
	mutex_init(&ns->config_lock);
	RCU_INIT_POINTER(ns->config, config);
	return 0;
}

/**
 * netlab_config_exit() - free a namespace's settings
 * @ns: the namespace; no hook can reach it any more
 */
void netlab_config_exit(struct netlab_net *ns)
{
	kfree(rcu_dereference_protected(ns->config, true));
	mutex_destroy(&ns->config_lock);
}
