// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "suites.h"

kunit_test_suites(&netlab_test_dissect4, &netlab_test_dissect6,
		  &netlab_test_gso, &netlab_test_checksum, &netlab_test_limit,
		  &netlab_test_source, &netlab_test_account,
		  &netlab_test_epoch, &netlab_test_count_suite,
		  &netlab_test_sizes, &netlab_test_inspect,
		  &netlab_test_device, &netlab_test_trie, &netlab_test_prefix,
		  &netlab_test_slot, &netlab_test_accuracy,
		  &netlab_test_random_suite);

MODULE_DESCRIPTION("Tests of netlab that need no network");
MODULE_LICENSE("GPL");
