// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that go on until Ctrl-C: signals that come while they wait, and only
 * then.
 */
#include <stddef.h>

#include "signals.h"

volatile sig_atomic_t signals_ended;

static void end(int signal)
{
	(void)signal;
	signals_ended = 1;
}

/**
 * signals_hold() - Have signals set signals_ended, which is cleared now, and
 * come only where ppoll() and the like let them.
 * @signals: Which, in its list.
 *
 * Where they are blocked they can't come between a look and the waiting.
 */
void signals_hold(struct signals *signals)
{
	const struct sigaction action = { .sa_handler = end };
	sigset_t block;
	unsigned int i;

	signals_ended = 0;
	sigemptyset(&block);
	for (i = 0; signals->list[i]; i++) {
		sigaddset(&block, signals->list[i]);
		sigaction(signals->list[i], &action, &signals->before[i]);
	}
	sigprocmask(SIG_BLOCK, &block, &signals->outside);
}

/**
 * signals_release() - Have them do what they did before.
 * @signals: What signals_hold() was given.
 */
void signals_release(const struct signals *signals)
{
	unsigned int i;

	/* One that came too late has nothing more to end. */
	sigprocmask(SIG_SETMASK, &signals->outside, NULL);
	for (i = 0; signals->list[i]; i++)
		sigaction(signals->list[i], &signals->before[i], NULL);
}
