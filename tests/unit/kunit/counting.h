/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * counting: a namespace's accounting without a namespace.
 */
#ifndef _NETLAB_TEST_COUNTING_H
#define _NETLAB_TEST_COUNTING_H

#include "account.h"
#include "suites.h"

int netlab_test_account_init(struct kunit *test);
void netlab_test_account_exit(struct kunit *test);

unsigned int netlab_test_first_cpu(void);
void netlab_test_on_cpu(struct kunit *test, unsigned int cpu);

void netlab_test_count(struct netlab_account *account, unsigned int cell,
		       u8 protocol, u8 flags, u32 packets, u64 bytes);
void netlab_test_outcome(struct netlab_account *account, unsigned int family,
			 unsigned int path, unsigned int outcome);
struct netlab_reading *netlab_test_read(struct kunit *test,
					struct netlab_account *account,
					u32 epoch);

#endif /* _NETLAB_TEST_COUNTING_H */
