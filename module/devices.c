// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "devices.h"
#include "main.h"

#define NETLAB_DEVICE_ENTRIES	4	/* that a namespace begins with */

/**
 * struct netlab_device_base - what a device's counters were at a reset
 * @n: rows
 * @row: those that weren't zero
 */
struct netlab_device_base {
	size_t n;
	struct {
		u8 side;
		u8 protocol;
		struct netlab_sum sum;
	} row[];
};

/**
 * struct netlab_device - a device of a namespace
 * @list: in struct netlab_devices
 * @name: its name
 * @ifindex: its index
 * @cpu: its counters, of all epochs together
 * @base: what they were when the epoch began; NULL: zero
 * @last_base: what they were when the epoch before it began
 * @next_base: what @base is to be, during a reset
 * @rcu: frees it
 */
struct netlab_device {
	struct list_head list;
	char name[IFNAMSIZ];
	int ifindex;
	struct netlab_device_cpu __percpu *cpu;
	struct netlab_device_base *base;
	struct netlab_device_base *last_base;
	struct netlab_device_base *next_base;
	struct rcu_head rcu;
};

/* A device's counters, summed, and the room to do so. */
struct netlab_device_sums {
	struct netlab_sum sum[NETLAB_SIDES][NETLAB_PROTOCOLS];
	struct netlab_scratch scratch;
};

static struct netlab_device_entry *
netlab_table_entry(const struct netlab_device_table *table, int ifindex)
{
	unsigned int i = ifindex;

	/* Ends: at least half the entries are free. */
	for (;; i++) {
		const struct netlab_device_entry *e = &table->entry[i & table->mask];
		int found = READ_ONCE(e->ifindex);

		if (!found || found == ifindex)
			return (struct netlab_device_entry *)e;
	}
}

/**
 * netlab_devices_find() - a device's counters
 * @table: the namespace's, under RCU
 * @ifindex: the device's index, not 0
 *
 * Return: the counters; NULL if there is no such device.
 */
struct netlab_device_cpu __percpu *
netlab_devices_find(const struct netlab_device_table *table, int ifindex)
{
	const struct netlab_device_entry *e = netlab_table_entry(table, ifindex);

	return READ_ONCE(e->ifindex) == ifindex ? READ_ONCE(e->cpu) : NULL;
}

static void netlab_table_put(struct netlab_device_table *table, int ifindex,
			     struct netlab_device_cpu __percpu *cpu)
{
	struct netlab_device_entry *e = netlab_table_entry(table, ifindex);

	/* Who sees the counters sees them zeroed. */
	smp_store_release(&e->cpu, cpu);
	if (e->ifindex)
		return;
	table->used++;
	/* Who sees the index sees the counters. */
	smp_store_release(&e->ifindex, ifindex);
}

static struct netlab_device_table *netlab_table_alloc(unsigned int entries)
{
	struct netlab_device_table *table;

	table = kvzalloc(struct_size(table, entry, entries), GFP_KERNEL_ACCOUNT);
	if (table)
		table->mask = entries - 1;
	return table;
}

static void netlab_table_publish(struct netlab_account *account,
				 struct netlab_device_table *table)
{
	int i;

	account->devices.table = table;
	for_each_possible_cpu(i)
		rcu_assign_pointer(per_cpu_ptr(account->cpu, i)->devices, table);
}

/* Makes room for one more device. */
static int netlab_table_grow(struct netlab_account *account)
{
	struct netlab_device_table *old = account->devices.table, *new;
	unsigned int entries = NETLAB_DEVICE_ENTRIES, n = 1;
	struct netlab_device *d;

	if (2 * (old->used + 1) <= old->mask + 1)
		return 0;
	list_for_each_entry(d, &account->devices.list, list)
		n++;
	while (entries < 2 * n)
		entries *= 2;
	new = netlab_table_alloc(entries);
	if (!new)
		return -ENOMEM;
	list_for_each_entry(d, &account->devices.list, list)
		netlab_table_put(new, d->ifindex, d->cpu);
	netlab_table_publish(account, new);
	kvfree_rcu(old, rcu);
	return 0;
}

static void netlab_device_free(struct rcu_head *rcu)
{
	struct netlab_device *d = container_of(rcu, struct netlab_device, rcu);
	int i;

	for_each_possible_cpu(i)
		netlab_chunks_free(per_cpu_ptr(d->cpu, i)->chunk);
	free_percpu(d->cpu);
	kvfree(d->base);
	kvfree(d->last_base);
	kfree(d);
}

static struct netlab_device *netlab_device_get(struct netlab_account *account,
					       int ifindex)
{
	struct netlab_device *d;

	list_for_each_entry(d, &account->devices.list, list)
		if (d->ifindex == ifindex)
			return d;
	return NULL;
}

/* A device for which there is no memory goes uncounted; its packets don't. */
static void netlab_device_add(struct netlab_account *account,
			      const struct net_device *dev)
{
	struct netlab_device *d;

	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return;
	d->ifindex = dev->ifindex;
	strscpy(d->name, dev->name, sizeof(d->name));
	d->cpu = alloc_percpu_gfp(struct netlab_device_cpu, GFP_KERNEL_ACCOUNT);
	if (!d->cpu)
		goto err_free;

	mutex_lock(&account->lock);
	if (netlab_table_grow(account))
		goto err_unlock;
	list_add_tail(&d->list, &account->devices.list);
	netlab_table_put(account->devices.table, d->ifindex, d->cpu);
	mutex_unlock(&account->lock);
	return;

err_unlock:
	mutex_unlock(&account->lock);
	free_percpu(d->cpu);
err_free:
	kfree(d);
}

/* The device isn't in the table any more; see netlab_device_remember(). */
static void netlab_device_forget(struct netlab_account *account,
				 const struct netlab_device *d)
{
	unsigned int direction;
	int i;

	/* Pairs with the barrier in netlab_device_remember(). */
	smp_mb();
	for_each_possible_cpu(i) {
		struct netlab_cpu *cpu = per_cpu_ptr(account->cpu, i);

		for (direction = 0; direction < NETLAB_DIRECTIONS; direction++)
			if (READ_ONCE(cpu->last[direction].counters) ==
			    per_cpu_ptr(d->cpu, i))
				WRITE_ONCE(cpu->last[direction].dev,
					   NETLAB_NO_DEVICE);
	}
}

static void netlab_device_remove(struct netlab_account *account,
				 struct netlab_device *d)
{
	list_del(&d->list);
	/* The index stays: free entries end a search. */
	netlab_table_put(account->devices.table, d->ifindex, NULL);
	netlab_device_forget(account, d);
	call_rcu(&d->rcu, netlab_device_free);
}

static int netlab_device_event(struct notifier_block *nb, unsigned long event,
			       void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct netlab_account *account = &netlab_net(dev_net(dev))->account;
	struct netlab_device *d;

	switch (event) {
	case NETDEV_REGISTER:
		netlab_device_add(account, dev);
		break;
	case NETDEV_UNREGISTER:
	case NETDEV_CHANGENAME:
		mutex_lock(&account->lock);
		d = netlab_device_get(account, dev->ifindex);
		if (d && event == NETDEV_UNREGISTER)
			netlab_device_remove(account, d);
		else if (d)
			strscpy(d->name, dev->name, sizeof(d->name));
		mutex_unlock(&account->lock);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block netlab_device_notifier = {
	.notifier_call = netlab_device_event,
};

static void netlab_device_sum_add(void *to, unsigned int side, unsigned int key,
				  struct netlab_sum sum)
{
	struct netlab_device_sums *sums = to;
	struct netlab_sum *s;

	s = &sums->sum[side][netlab_key_protocol(side / NETLAB_DIRECTIONS, key)];
	s->packets += sum.packets;
	s->bytes += sum.bytes;
}

static void netlab_device_sum(struct netlab_account *account,
			      const struct netlab_device *d,
			      struct netlab_device_sums *sums)
{
	struct netlab_scratch *scratch = &sums->scratch;
	int i;

	memset(sums->sum, 0, sizeof(sums->sum));
	for_each_possible_cpu(i) {
		struct netlab_device_cpu *cpu = per_cpu_ptr(d->cpu, i);

		netlab_sum_rows(per_cpu_ptr(account->cpu, i), cpu->first[0],
				&cpu->chunk, NETLAB_SIDES, scratch,
				netlab_device_sum_add, sums);
	}
}

static void netlab_device_base_add(struct netlab_device_sums *sums,
				   const struct netlab_device_base *base,
				   bool subtract)
{
	size_t i;

	for (i = 0; base && i < base->n; i++) {
		struct netlab_sum *s = &sums->sum[base->row[i].side][base->row[i].protocol];

		if (subtract) {
			s->packets -= base->row[i].sum.packets;
			s->bytes -= base->row[i].sum.bytes;
		} else {
			s->packets += base->row[i].sum.packets;
			s->bytes += base->row[i].sum.bytes;
		}
	}
}

static size_t netlab_device_sums_rows(const struct netlab_device_sums *sums)
{
	unsigned int side, protocol;
	size_t n = 0;

	for (side = 0; side < NETLAB_SIDES; side++)
		for (protocol = 0; protocol < NETLAB_PROTOCOLS; protocol++)
			n += !!sums->sum[side][protocol].packets;
	return n;
}

/**
 * netlab_devices_read() - read an epoch's table of devices
 * @account: the namespace's, its lock held
 * @last: of the epoch before the current one
 * @n: how many rows there are
 *
 * Context: process. Return: the rows, to be freed by kvfree(), NULL if there
 * are none; ERR_PTR(-ENOMEM).
 */
struct netlab_device_row *netlab_devices_read(struct netlab_account *account,
					      bool last, size_t *n)
{
	struct netlab_device_row *rows = NULL, *more;
	struct netlab_device_sums *sums;
	unsigned int side, protocol;
	struct netlab_device *d;
	size_t room = 0, wanted;

	*n = 0;
	sums = kvmalloc(sizeof(*sums), GFP_KERNEL_ACCOUNT);
	if (!sums)
		return ERR_PTR(-ENOMEM);

	list_for_each_entry(d, &account->devices.list, list) {
		if (last) {
			memset(sums->sum, 0, sizeof(sums->sum));
			netlab_device_base_add(sums, d->base, false);
			netlab_device_base_add(sums, d->last_base, true);
		} else {
			netlab_device_sum(account, d, sums);
			netlab_device_base_add(sums, d->base, true);
		}

		wanted = *n + netlab_device_sums_rows(sums);
		if (wanted > room) {
			room = 2 * wanted;
			more = kvmalloc_array(room, sizeof(*rows),
					      GFP_KERNEL_ACCOUNT);
			if (!more)
				goto err;
			if (rows)
				memcpy(more, rows, *n * sizeof(*rows));
			kvfree(rows);
			rows = more;
		}
		for (side = 0; side < NETLAB_SIDES; side++) {
			for (protocol = 0; protocol < NETLAB_PROTOCOLS; protocol++) {
				struct netlab_sum *s = &sums->sum[side][protocol];
				struct netlab_device_row *row;

				if (!s->packets)
					continue;
				row = &rows[(*n)++];
				memcpy(row->name, d->name, sizeof(row->name));
				row->ifindex = d->ifindex;
				row->side = side;
				row->protocol = protocol;
				row->packets = s->packets;
				row->bytes = s->bytes;
			}
		}
		cond_resched();
	}
	kvfree(sums);
	return rows;

err:
	kvfree(sums);
	kvfree(rows);
	return ERR_PTR(-ENOMEM);
}

/**
 * netlab_devices_prepare_reset() - note what the devices' counters are
 * @account: the namespace's, its lock held
 *
 * To be followed by netlab_devices_reset(). Context: process.
 *
 * Return: 0; -ENOMEM.
 */
int netlab_devices_prepare_reset(struct netlab_account *account)
{
	struct netlab_device_sums *sums;
	unsigned int side, protocol;
	struct netlab_device *d;
	int err = 0;

	sums = kvmalloc(sizeof(*sums), GFP_KERNEL_ACCOUNT);
	if (!sums)
		return -ENOMEM;

	list_for_each_entry(d, &account->devices.list, list) {
		struct netlab_device_base *base;
		size_t n;

		netlab_device_sum(account, d, sums);
		n = netlab_device_sums_rows(sums);
		base = kvmalloc(struct_size(base, row, n), GFP_KERNEL_ACCOUNT);
		if (!base) {
			err = -ENOMEM;
			break;
		}
		base->n = 0;
		for (side = 0; side < NETLAB_SIDES; side++) {
			for (protocol = 0; protocol < NETLAB_PROTOCOLS; protocol++) {
				if (!sums->sum[side][protocol].packets)
					continue;
				base->row[base->n].side = side;
				base->row[base->n].protocol = protocol;
				base->row[base->n++].sum = sums->sum[side][protocol];
			}
		}
		d->next_base = base;
		cond_resched();
	}
	kvfree(sums);
	return err;
}

/**
 * netlab_devices_reset() - begin a new epoch for the devices, or don't
 * @account: the namespace's, its lock held
 * @commit: whether it begins
 */
void netlab_devices_reset(struct netlab_account *account, bool commit)
{
	struct netlab_device *d;

	list_for_each_entry(d, &account->devices.list, list) {
		if (commit) {
			kvfree(d->last_base);
			d->last_base = d->base;
			d->base = d->next_base;
		} else {
			kvfree(d->next_base);
		}
		d->next_base = NULL;
	}
}

/**
 * netlab_devices_init() - make a namespace's table of devices, empty
 * @account: the namespace's, with its counters
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_devices_init(struct netlab_account *account)
{
	struct netlab_device_table *table;

	INIT_LIST_HEAD(&account->devices.list);
	table = netlab_table_alloc(NETLAB_DEVICE_ENTRIES);
	if (!table)
		return -ENOMEM;
	netlab_table_publish(account, table);
	return 0;
}

/**
 * netlab_devices_exit() - free what netlab_devices_init() made
 * @account: the namespace's; no hook can reach it any more, and the devices
 *	have gone
 */
void netlab_devices_exit(struct netlab_account *account)
{
	struct netlab_device *d, *next;

	list_for_each_entry_safe(d, next, &account->devices.list, list)
		netlab_device_free(&d->rcu);
	kvfree(account->devices.table);
}

/**
 * netlab_devices_register() - follow the devices of all namespaces
 *
 * Those that exist come at once. Context: process. Return: 0 or a negative
 * errno.
 */
int netlab_devices_register(void)
{
	return register_netdevice_notifier(&netlab_device_notifier);
}

/**
 * netlab_devices_unregister() - forget the devices of all namespaces
 *
 * Context: process.
 */
void netlab_devices_unregister(void)
{
	unregister_netdevice_notifier(&netlab_device_notifier);
}
