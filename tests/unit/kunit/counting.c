// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/netdevice.h>
#include <linux/sched.h>

#include "count.h"
#include "counting.h"
#include "fake.h"
#include "main.h"

/* test->priv is the accounting, made anew for each case. */
int netlab_test_account_init(struct kunit *test)
{
	struct netlab_net *ns;

	netlab_test_nomem = false;
	netlab_test_meanwhile = NULL;
	ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);
	if (!ns || netlab_account_init(&ns->account, ns))
		return -ENOMEM;
	netlab_test_ns = ns;
	test->priv = &ns->account;
	return 0;
}

void netlab_test_account_exit(struct kunit *test)
{
	netlab_test_nomem = false;
	netlab_test_meanwhile = NULL;
	if (test->priv)
		netlab_account_exit(test->priv);
	/* What devices left is freed by functions of this module. */
	rcu_barrier();
}

unsigned int netlab_test_first_cpu(void)
{
	return cpumask_first(cpu_online_mask);
}

/* The test goes on there, and stays. */
void netlab_test_on_cpu(struct kunit *test, unsigned int cpu)
{
	KUNIT_ASSERT_EQ(test, 0,
			set_cpus_allowed_ptr(current, cpumask_of(cpu)));
}

/* As what has the key @key, with what dissect would say of it. */
void netlab_test_count(struct netlab_account *account, unsigned int cell,
		       unsigned int key, u8 flags, u32 packets, u64 bytes)
{
	const struct netlab_packet p = {
		.flags = flags,
		.packets = packets,
		.bytes = bytes,
	};

	local_bh_disable();
	netlab_test_count_here(account, cell, key, &p);
	local_bh_enable();
}

void netlab_test_outcome(struct netlab_account *account, unsigned int family,
			 unsigned int path, unsigned int outcome)
{
	local_bh_disable();
	netlab_count_outcome(this_cpu_ptr(account->cpu), family, path, outcome);
	local_bh_enable();
}

bool netlab_test_ordinary(struct netlab_account *account,
			  const struct sk_buff *skb,
			  const struct net_device *dev, unsigned int family,
			  unsigned int hook, u8 *protocol)
{
	struct netlab_cpu *cpu;
	bool counted;

	rcu_read_lock();
	local_bh_disable();
	cpu = this_cpu_ptr(account->cpu);
	counted = netlab_count_ordinary(cpu, skb, dev, family, hook, protocol);
	local_bh_enable();
	rcu_read_unlock();
	return counted;
}

u8 netlab_test_any(struct netlab_account *account, const struct sk_buff *skb,
		   const struct net_device *dev, unsigned int family,
		   unsigned int hook)
{
	struct netlab_cpu *cpu;
	u8 protocol;

	rcu_read_lock();
	local_bh_disable();
	cpu = this_cpu_ptr(account->cpu);
	netlab_count_begin(cpu);
	protocol = netlab_count_any(cpu, skb, dev, family, hook);
	netlab_count_end(cpu);
	local_bh_enable();
	rcu_read_unlock();
	return protocol;
}

void netlab_test_hook(struct netlab_account *account,
		      const struct sk_buff *skb, const struct net_device *dev,
		      unsigned int family, unsigned int hook)
{
	u8 protocol;

	if (!netlab_test_ordinary(account, skb, dev, family, hook, &protocol))
		netlab_test_any(account, skb, dev, family, hook);
}

struct net_device *netlab_test_device_new(struct kunit *test, int ifindex,
					  const char *name)
{
	struct net_device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	dev->ifindex = ifindex;
	strscpy(dev->name, name, sizeof(dev->name));
	return dev;
}

/* A reading that there must be, to be freed by netlab_reading_free(). */
struct netlab_reading *netlab_test_read(struct kunit *test,
					struct netlab_account *account,
					u32 epoch)
{
	struct netlab_reading *r = netlab_account_read(account, epoch, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	return r;
}

/* What was counted since @before, which is freed; devices may have zeroes. */
struct netlab_reading *netlab_test_since(struct kunit *test,
					 struct netlab_reading *before)
{
	struct netlab_reading *r = netlab_test_read(test, test->priv, 0);
	const u64 *from = (const u64 *)&before->sums;
	u64 *to = (u64 *)&r->sums;
	size_t i, j;

	for (i = 0; i < sizeof(r->sums) / sizeof(u64); i++)
		to[i] -= from[i];
	for (i = 0; i < r->n_devices; i++) {
		struct netlab_device_row *row = &r->devices[i];

		for (j = 0; j < before->n_devices; j++) {
			const struct netlab_device_row *was = &before->devices[j];

			if (was->ifindex != row->ifindex ||
			    was->side != row->side ||
			    was->protocol != row->protocol)
				continue;
			row->packets -= was->packets;
			row->bytes -= was->bytes;
		}
	}
	netlab_reading_free(before);
	return r;
}

/* The sum over a table of u64s, or a table of such tables. */
u64 netlab_test_total(const void *words, size_t size)
{
	const u64 *word = words;
	u64 sum = 0;
	size_t i;

	for (i = 0; i < size / sizeof(u64); i++)
		sum += word[i];
	return sum;
}
