// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/account.c with memory that can be made to run out, and packets that
 * come just when it reads.
 */
#include <linux/ktime.h>
#include <linux/seqlock.h>

#include "account.h"
#include "nomem.h"

bool netlab_test_nomem;
unsigned int netlab_test_asked;
void (*netlab_test_meanwhile)(void);
unsigned int netlab_test_steps;

bool netlab_test_refuse(void)
{
	netlab_test_asked++;
	return READ_ONCE(netlab_test_nomem);
}

static void netlab_test_interrupt(void)
{
	void (*meanwhile)(void) = netlab_test_meanwhile;

	if (!meanwhile || netlab_test_steps--)
		return;
	netlab_test_meanwhile = NULL;
	meanwhile();
}

#undef read_seqcount_begin
#define read_seqcount_begin(s) \
	({ netlab_test_interrupt(); raw_read_seqcount_begin(s); })
#define u64_stats_read(p) \
	({ netlab_test_interrupt(); (u64_stats_read)(p); })

#include "module/account.c"
