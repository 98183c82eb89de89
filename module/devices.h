/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * devices: the devices of a network namespace, each with counters of its own.
 *
 * The packet path finds a device by its index in a table of open addressing,
 * mostly at the first look. What changes the table holds the namespace's
 * account lock; the packet path only RCU.
 */
#ifndef _NETLAB_DEVICES_H
#define _NETLAB_DEVICES_H

#include <linux/if.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct netlab_account;
struct netlab_device_cpu;

/**
 * struct netlab_device_entry - where a device's counters are
 * @ifindex: the device's index; 0: free
 * @cpu: its counters; NULL: the device is gone
 */
struct netlab_device_entry {
	int ifindex;
	struct netlab_device_cpu __percpu *cpu;
};

/**
 * struct netlab_device_table - device index -> counters
 * @mask: entries less one, which are a power of two
 * @used: entries that aren't free
 * @rcu: for kvfree_rcu()
 * @entry: of them at least half is free
 */
struct netlab_device_table {
	unsigned int mask;
	unsigned int used;
	struct rcu_head rcu;
	struct netlab_device_entry entry[];
};

/**
 * struct netlab_devices - a namespace's devices
 * @table: for the packet path, which finds it in its CPU's counters
 * @list: of struct netlab_device
 */
struct netlab_devices {
	struct netlab_device_table *table;
	struct list_head list;
};

/**
 * struct netlab_device_row - one row of the table of devices
 * @name: the device's name when it was read
 * @ifindex: its index
 * @side: NETLAB_SIDE() of family and direction
 * @protocol: IP protocol number
 * @packets: packets as on the wire
 * @bytes: layer-3 bytes as on the wire
 */
struct netlab_device_row {
	char name[IFNAMSIZ];
	int ifindex;
	u8 side;
	u8 protocol;
	u64 packets;
	u64 bytes;
};

int netlab_devices_init(struct netlab_account *account);
void netlab_devices_exit(struct netlab_account *account);
struct netlab_device_cpu __percpu *
netlab_devices_find(const struct netlab_device_table *table, int ifindex);

struct netlab_device_row *netlab_devices_read(struct netlab_account *account,
					      bool last, size_t *n);
int netlab_devices_prepare_reset(struct netlab_account *account);
void netlab_devices_reset(struct netlab_account *account, bool commit);

int netlab_devices_register(void);
void netlab_devices_unregister(void);

#endif /* _NETLAB_DEVICES_H */
