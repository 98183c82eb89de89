// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/sched.h>

#include "counting.h"
#include "fake.h"

/* test->priv is the accounting, made anew for each case. */
int netlab_test_account_init(struct kunit *test)
{
	struct netlab_account *account;

	netlab_test_nomem = false;
	account = kunit_kzalloc(test, sizeof(*account), GFP_KERNEL);
	if (!account || netlab_account_init(account, NULL))
		return -ENOMEM;
	test->priv = account;
	return 0;
}

void netlab_test_account_exit(struct kunit *test)
{
	netlab_test_nomem = false;
	if (test->priv)
		netlab_account_exit(test->priv);
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

/* What a hook does with what dissect gave it. */
void netlab_test_count(struct netlab_account *account, unsigned int cell,
		       u8 protocol, u8 flags, u32 packets, u64 bytes)
{
	const struct netlab_packet p = {
		.protocol = protocol,
		.flags = flags,
		.packets = packets,
		.bytes = bytes,
	};

	local_bh_disable();
	netlab_count(this_cpu_ptr(account->cpu), cell, &p);
	local_bh_enable();
}

void netlab_test_outcome(struct netlab_account *account, unsigned int family,
			 unsigned int path, unsigned int outcome)
{
	local_bh_disable();
	netlab_count_outcome(this_cpu_ptr(account->cpu), family, path, outcome);
	local_bh_enable();
}

/* A reading that there must be, to be freed by kvfree(). */
struct netlab_reading *netlab_test_read(struct kunit *test,
					struct netlab_account *account,
					u32 epoch)
{
	struct netlab_reading *r = netlab_account_read(account, epoch);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	return r;
}
