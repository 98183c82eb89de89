/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * threads: something done on several CPUs at the same time.
 */
#ifndef _NETLAB_TEST_THREADS_H
#define _NETLAB_TEST_THREADS_H

#include <linux/cpumask.h>
#include <linux/types.h>

/* Calls @work on each of @cpus, in a thread; @i counts them. 0 or -ENOMEM. */
int netlab_test_threads(const struct cpumask *cpus,
			void (*work)(void *data, unsigned int i), void *data);

#endif /* _NETLAB_TEST_THREADS_H */
