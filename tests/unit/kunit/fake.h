/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake: the clock, the memory and the CPUs of the module under test, as tests
 * want them.
 */
#ifndef _NETLAB_TEST_FAKE_H
#define _NETLAB_TEST_FAKE_H

#include <linux/atomic.h>
#include <linux/processor.h>
#include <linux/types.h>

/* What limiter.c takes for the time, in nanoseconds. */
extern u64 netlab_test_time;

/* Whether accounting is refused memory, and how often it asked for any. */
extern bool netlab_test_nomem;
extern unsigned int netlab_test_asked;
bool netlab_test_refuse(void);

/*
 * What happens once while account.c reads, before its next step but @steps; a
 * row's beginning is one, and each of its words. NULL: nothing.
 */
extern void (*netlab_test_meanwhile)(void);
extern unsigned int netlab_test_steps;

/*
 * Called by a thread on every CPU: begins where all of them are there, as many
 * as @coming says. Not for ever: a host may run one CPU at a time.
 */
static inline void netlab_test_meet(atomic_t *coming)
{
	unsigned int i;

	atomic_dec(coming);
	for (i = 0; i < 10000000 && atomic_read(coming) > 0; i++)
		cpu_relax();
}

#endif /* _NETLAB_TEST_FAKE_H */
