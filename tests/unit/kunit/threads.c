// SPDX-License-Identifier: GPL-2.0-only
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fake.h"
#include "threads.h"

struct netlab_test_thread {
	struct task_struct *task;
	void (*work)(void *data, unsigned int i);
	void *data;
	unsigned int i;
	atomic_t *coming;
	struct completion *done;
};

static int netlab_test_thread(void *data)
{
	struct netlab_test_thread *t = data;

	netlab_test_meet(t->coming);
	t->work(t->data, t->i);
	complete(t->done);
	/* kthread_stop() waits until nothing of this module runs any more. */
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

int netlab_test_threads(const struct cpumask *cpus,
			void (*work)(void *data, unsigned int i), void *data)
{
	const unsigned int n = cpumask_weight(cpus);
	struct netlab_test_thread *threads;
	unsigned int i = 0, j;
	struct completion done;
	atomic_t coming;
	int cpu, err = 0;

	threads = kcalloc(n, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	atomic_set(&coming, n);
	init_completion(&done);
	for_each_cpu(cpu, cpus) {
		struct netlab_test_thread *t = &threads[i];

		t->work = work;
		t->data = data;
		t->i = i;
		t->coming = &coming;
		t->done = &done;
		t->task = kthread_create(netlab_test_thread, t, "netlab-test/%d", cpu);
		if (IS_ERR(t->task)) {
			err = -ENOMEM;
			break;
		}
		kthread_bind(t->task, cpu);
		i++;
	}
	for (j = 0; !err && j < i; j++)
		wake_up_process(threads[j].task);
	for (j = 0; !err && j < i; j++)
		wait_for_completion(&done);
	/* One that was never woken never begins. */
	while (i)
		kthread_stop(threads[--i].task);
	kfree(threads);
	return err;
}
