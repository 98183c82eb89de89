// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/devices.c with memory that can be made to run out, told by the test
 * of devices that the kernel doesn't know.
 */
#include <linux/netdevice.h>

#include "counting.h"
#include "main.h"
#include "nomem.h"

#include "module/devices.c"

struct netlab_net *netlab_test_ns;

/* Stands for main.c's: every device is in the test's namespace. */
struct netlab_net *netlab_net(const struct net *net)
{
	return netlab_test_ns;
}

/* What the kernel would tell of @dev: enum netdev_cmd. */
void netlab_test_device_event(struct net_device *dev, unsigned long event)
{
	struct netdev_notifier_info info = { .dev = dev };

	netlab_device_event(&netlab_device_notifier, event, &info);
}
