// SPDX-License-Identifier: GPL-2.0-only
#include <linux/init.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "defrag.h"
#include "direct.h"
#include "genl.h"
#include "hooks.h"
#include "main.h"
#include "monitor.h"
#include "prefix.h"
#include "proc.h"
#include "proxy.h"
#include "set.h"

static unsigned int netlab_net_id __read_mostly;

/**
 * netlab_net() - what a network namespace has of netlab
 * @net: the namespace
 *
 * Context: any, while the namespace lives.
 */
struct netlab_net *netlab_net(const struct net *net)
{
	return net_generic(net, netlab_net_id);
}

static int __net_init netlab_net_init(struct net *net)
{
	struct netlab_net *ns = netlab_net(net);
	int err;

	ns->net = net;
	netlab_proxy_init(ns);
	INIT_LIST_HEAD(&ns->direct);
	netlab_monitor_init(ns);
	err = netlab_account_init(&ns->account, ns);
	if (err)
		return err;
	err = netlab_limiter_init(&ns->limiter);
	if (err)
		goto err_account;
	err = netlab_config_init(ns);
	if (err)
		goto err_limiter;
	err = netlab_route_init(&ns->routes);
	if (err)
		goto err_config;
	netlab_mib_init(ns);
	err = netlab_proc_init(ns);
	if (err)
		goto err_routes;
	err = netlab_hooks_init(ns);
	if (err)
		goto err_proc;
	return 0;

err_proc:
	netlab_proc_exit(ns);
err_routes:
	/* A hook that stood there for a moment may have answered. */
	netlab_mib_exit(ns);
	netlab_route_exit(&ns->routes);
err_config:
	netlab_config_exit(ns);
err_limiter:
	netlab_limiter_exit(&ns->limiter);
err_account:
	netlab_account_exit(&ns->account);
	return err;
}

/* Between this and netlab_net_exit() every hook that still runs ends. */
static void __net_exit netlab_net_pre_exit(struct net *net)
{
	struct netlab_net *ns = netlab_net(net);

	netlab_monitor_leave(ns);
	netlab_hooks_exit(ns);
	netlab_direct_exit(ns);
	netlab_proxy_exit(ns);
	netlab_route_close(&ns->routes);
}

static void __net_exit netlab_net_exit(struct net *net)
{
	struct netlab_net *ns = netlab_net(net);

	netlab_hooks_free(ns);
	netlab_monitor_exit(ns);
	netlab_proc_exit(ns);
	netlab_mib_exit(ns);
	netlab_route_exit(&ns->routes);
	netlab_set_exit(ns);
	netlab_config_exit(ns);
	netlab_limiter_exit(&ns->limiter);
	netlab_account_exit(&ns->account);
}

static struct pernet_operations netlab_net_ops = {
	.init = netlab_net_init,
	.pre_exit = netlab_net_pre_exit,
	.exit = netlab_net_exit,
	.id = &netlab_net_id,
	.size = sizeof(struct netlab_net),
};

/* A device that leaves its namespace, or goes, is answered at no longer. */
static int netlab_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct netlab_net *ns = netlab_net(dev_net(dev));

	if (event == NETDEV_REGISTER) {
		netlab_proxy_recall(ns);
	} else if (event == NETDEV_UNREGISTER) {
		netlab_direct_forget(ns, dev);
		netlab_proxy_forget(ns, dev);
	}
	return NOTIFY_DONE;
}

static struct notifier_block netlab_notifier = {
	.notifier_call = netlab_event,
};

static int __init netlab_init(void)
{
	int err;

	err = netlab_prefix_init();
	if (err)
		return err;
	err = netlab_hooks_start();
	if (err)
		goto err_prefix;
	err = register_pernet_subsys(&netlab_net_ops);
	if (err)
		goto err_hooks;
	err = netlab_devices_register();
	if (err)
		goto err_pernet;
	err = register_netdevice_notifier(&netlab_notifier);
	if (err)
		goto err_devices;
	err = netlab_stage_register();
	if (err)
		goto err_notifier;
	err = netlab_monitor_register();
	if (err)
		goto err_stage;
	err = netlab_proc_link();
	if (err)
		goto err_monitor;
	/* The last: what users bring about from here on has no way back. */
	err = netlab_genl_init();
	if (err)
		goto err_proc;
	return 0;

err_proc:
	netlab_proc_unlink();
err_monitor:
	netlab_monitor_unregister();
err_stage:
	netlab_stage_unregister();
err_notifier:
	unregister_netdevice_notifier(&netlab_notifier);
err_devices:
	netlab_devices_unregister();
err_pernet:
	unregister_pernet_subsys(&netlab_net_ops);
	rcu_barrier();
err_hooks:
	netlab_hooks_stop();
err_prefix:
	netlab_prefix_exit();
	return err;
}

static void __exit netlab_exit(void)
{
	netlab_genl_exit();
	netlab_proc_unlink();
	netlab_monitor_unregister();
	netlab_stage_unregister();
	unregister_netdevice_notifier(&netlab_notifier);
	netlab_devices_unregister();
	unregister_pernet_subsys(&netlab_net_ops);
	netlab_defrag_exit();
	/* Devices are freed by call_rcu(). */
	rcu_barrier();
	netlab_hooks_stop();
	netlab_prefix_exit();
}

module_init(netlab_init);
module_exit(netlab_exit);

MODULE_DESCRIPTION("Counts packets at netfilter's hooks and answers echo");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
