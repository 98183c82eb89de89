/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands that go on until Ctrl-C: signals that come while they wait, and only
 * then.
 */
#ifndef NETLAB_SIGNALS_H
#define NETLAB_SIGNALS_H

#include <signal.h>

#define MAX_SIGNALS	4

/**
 * struct signals - Signals that are held, and what was before.
 * @list: Which, up to a 0.
 * @before: What each did.
 * @outside: The mask to wait with, in which they may come.
 */
struct signals {
	int list[MAX_SIGNALS + 1];
	struct sigaction before[MAX_SIGNALS];
	sigset_t outside;
};

extern volatile sig_atomic_t signals_ended;

void signals_hold(struct signals *signals);
void signals_release(const struct signals *signals);

#endif /* NETLAB_SIGNALS_H */
