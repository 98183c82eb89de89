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

#endif /* _NETLAB_TEST_SUITES_H */
