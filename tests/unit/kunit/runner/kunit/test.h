/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands for the kernel's <kunit/test.h> where the kernel has no KUnit, as
 * Debian's have none: as much of it as these tests use, to the same effect.
 */
#ifndef _NETLAB_KUNIT_TEST_H
#define _NETLAB_KUNIT_TEST_H

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

struct kunit_runner_memory;

/**
 * struct kunit - a test case that runs
 * @priv: the test's own
 * @suite: what it belongs to
 * @run_case: what it runs
 * @failed: whether an expectation wasn't met
 * @done: its thread has ended, or is about to without any code of this module
 * @memory: what kunit_kzalloc() gave it
 */
struct kunit {
	void *priv;
	struct kunit_suite *suite;
	void (*run_case)(struct kunit *test);
	bool failed;
	struct completion done;
	struct kunit_runner_memory *memory;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char name[256];
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(test_name) { .run_case = test_name, .name = #test_name }

void *kunit_runner_zalloc(struct kunit *test, size_t size, gfp_t gfp);
__printf(4, 5) void kunit_runner_fail(struct kunit *test, bool fatal,
				      const char *where, const char *fmt, ...);
__printf(1, 2) void kunit_runner_note(const char *fmt, ...);

/* The runner runs them when the module is loaded. */
extern struct kunit_suite *kunit_runner_suites[];
#define kunit_test_suites(...) \
	struct kunit_suite *kunit_runner_suites[] = { __VA_ARGS__, NULL }

#define kunit_kzalloc(test, size, gfp)	kunit_runner_zalloc(test, size, gfp)

#define KUNIT_RUNNER_WHERE	__FILE__ ":" __stringify(__LINE__)

#define KUNIT_RUNNER_COMPARE(test, fatal, left, op, right, fmt, ...)	\
	do {								\
		const typeof(left) __left = (left);			\
		const typeof(right) __right = (right);			\
									\
		if (__left op __right)					\
			break;						\
		kunit_runner_note(fmt, ##__VA_ARGS__);			\
		kunit_runner_fail(test, fatal, KUNIT_RUNNER_WHERE,	\
				  "expected %s, but it is %lld and %lld", \
				  #left " " #op " " #right,		\
				  (long long)__left, (long long)__right); \
	} while (0)

#define KUNIT_RUNNER_TRUE(test, fatal, condition, text, fmt, ...)	\
	do {								\
		if (condition)						\
			break;						\
		kunit_runner_note(fmt, ##__VA_ARGS__);			\
		kunit_runner_fail(test, fatal, KUNIT_RUNNER_WHERE,	\
				  "expected %s", text);			\
	} while (0)

#define KUNIT_EXPECT_EQ(test, left, right) \
	KUNIT_RUNNER_COMPARE(test, false, left, ==, right, NULL)
#define KUNIT_EXPECT_EQ_MSG(test, left, right, fmt, ...) \
	KUNIT_RUNNER_COMPARE(test, false, left, ==, right, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE(test, left, right) \
	KUNIT_RUNNER_COMPARE(test, false, left, !=, right, NULL)
#define KUNIT_EXPECT_LE(test, left, right) \
	KUNIT_RUNNER_COMPARE(test, false, left, <=, right, NULL)
#define KUNIT_EXPECT_LE_MSG(test, left, right, fmt, ...) \
	KUNIT_RUNNER_COMPARE(test, false, left, <=, right, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_GE(test, left, right) \
	KUNIT_RUNNER_COMPARE(test, false, left, >=, right, NULL)
#define KUNIT_EXPECT_GE_MSG(test, left, right, fmt, ...) \
	KUNIT_RUNNER_COMPARE(test, false, left, >=, right, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_GT(test, left, right) \
	KUNIT_RUNNER_COMPARE(test, false, left, >, right, NULL)
#define KUNIT_EXPECT_TRUE(test, condition) \
	KUNIT_RUNNER_TRUE(test, false, condition, #condition, NULL)
#define KUNIT_EXPECT_TRUE_MSG(test, condition, fmt, ...) \
	KUNIT_RUNNER_TRUE(test, false, condition, #condition, fmt, \
			  ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE(test, condition) \
	KUNIT_RUNNER_TRUE(test, false, !(condition), "not " #condition, NULL)
#define KUNIT_ASSERT_EQ(test, left, right) \
	KUNIT_RUNNER_COMPARE(test, true, left, ==, right, NULL)
#define KUNIT_ASSERT_LE(test, left, right) \
	KUNIT_RUNNER_COMPARE(test, true, left, <=, right, NULL)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ptr) \
	KUNIT_RUNNER_TRUE(test, true, !IS_ERR_OR_NULL(ptr), #ptr, NULL)

#endif /* _NETLAB_KUNIT_TEST_H */
