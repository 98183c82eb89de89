/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_TEST_SUITES_H
#define _NETLAB_TEST_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite netlab_test_dissect4;
extern struct kunit_suite netlab_test_dissect6;
extern struct kunit_suite netlab_test_gso;
extern struct kunit_suite netlab_test_checksum;
extern struct kunit_suite netlab_test_limit;
extern struct kunit_suite netlab_test_source;
extern struct kunit_suite netlab_test_account;
extern struct kunit_suite netlab_test_epoch;
extern struct kunit_suite netlab_test_count_suite;
extern struct kunit_suite netlab_test_sizes;
extern struct kunit_suite netlab_test_inspect;
extern struct kunit_suite netlab_test_device;
extern struct kunit_suite netlab_test_trie;
extern struct kunit_suite netlab_test_prefix;
extern struct kunit_suite netlab_test_slot;
extern struct kunit_suite netlab_test_accuracy;
extern struct kunit_suite netlab_test_random_suite;

#endif /* _NETLAB_TEST_SUITES_H */
