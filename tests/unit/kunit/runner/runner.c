// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs suites as KUnit does: each case in a thread of its own, which a failed
 * assertion ends. Prints KTAP, version 1, to the kernel's log.
 */
#include <linux/kthread.h>

#include <kunit/test.h>

/* A failure in a loop would flood the log: this many lines for each case. */
#define KUNIT_RUNNER_LINES	20

struct kunit_runner_memory {
	struct kunit_runner_memory *next;
	u8 bytes[] __aligned(__alignof__(unsigned long long));
};

static atomic_t kunit_runner_lines;

static void __noreturn kunit_runner_end(struct kunit *test)
{
#ifdef NETLAB_HAVE_KTHREAD_EXIT
	kthread_complete_and_exit(&test->done, 0);
#else
	complete_and_exit(&test->done, 0);
#endif
}

void *kunit_runner_zalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	struct kunit_runner_memory *memory;

	memory = kzalloc(sizeof(*memory) + size, gfp);
	if (!memory)
		return NULL;
	memory->next = test->memory;
	test->memory = memory;
	return memory->bytes;
}

void kunit_runner_note(const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	if (!fmt || atomic_read(&kunit_runner_lines) >= KUNIT_RUNNER_LINES)
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_info("    # %pV\n", &vaf);
	va_end(args);
}

void kunit_runner_fail(struct kunit *test, bool fatal, const char *where,
		       const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	test->failed = true;
	if (atomic_inc_return(&kunit_runner_lines) <= KUNIT_RUNNER_LINES) {
		va_start(args, fmt);
		vaf.fmt = fmt;
		vaf.va = &args;
		pr_info("    # %s: %pV\n", where, &vaf);
		va_end(args);
	}
	if (fatal)
		kunit_runner_end(test);
}

static int kunit_runner_thread(void *data)
{
	struct kunit *test = data;

	if (test->suite->init && test->suite->init(test))
		test->failed = true;
	else
		test->run_case(test);
	kunit_runner_end(test);
}

/* Returns whether it passed. */
static bool kunit_runner_case(struct kunit_suite *suite, struct kunit_case *c)
{
	struct kunit test = { .suite = suite, .run_case = c->run_case };
	struct kunit_runner_memory *memory;
	struct task_struct *thread;

	init_completion(&test.done);
	atomic_set(&kunit_runner_lines, 0);
	thread = kthread_run(kunit_runner_thread, &test, "netlab-kunit");
	if (IS_ERR(thread))
		return false;
	wait_for_completion(&test.done);
	if (suite->exit)
		suite->exit(&test);
	while ((memory = test.memory)) {
		test.memory = memory->next;
		kfree(memory);
	}
	return !test.failed;
}

static bool kunit_runner_suite(struct kunit_suite *suite)
{
	struct kunit_case *c;
	unsigned int n = 0;
	bool passed = true;

	for (c = suite->test_cases; c->run_case; c++)
		n++;
	pr_info("    KTAP version 1\n");
	pr_info("    # Subtest: %s\n", suite->name);
	pr_info("    1..%u\n", n);
	n = 0;
	for (c = suite->test_cases; c->run_case; c++) {
		bool ok = kunit_runner_case(suite, c);

		passed &= ok;
		pr_info("    %s %u %s\n", ok ? "ok" : "not ok", ++n, c->name);
	}
	return passed;
}

/* The module loads only if all passed. */
static int __init kunit_runner_init(void)
{
	unsigned int n = 0, i;
	int err = 0;

	while (kunit_runner_suites[n])
		n++;
	pr_info("KTAP version 1\n");
	pr_info("1..%u\n", n);
	for (i = 0; i < n; i++) {
		bool ok = kunit_runner_suite(kunit_runner_suites[i]);

		if (!ok)
			err = -EINVAL;
		pr_info("%s %u %s\n", ok ? "ok" : "not ok", i + 1,
			kunit_runner_suites[i]->name);
	}
	return err;
}
module_init(kunit_runner_init);

static void __exit kunit_runner_exit(void)
{
}
module_exit(kunit_runner_exit);
