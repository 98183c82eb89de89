// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/count.c with memory that can be made to run out, and its counting by
 * key, which has no packet to look at.
 */
#include <linux/bottom_half.h>

#include "count.h"
#include "counting.h"
#include "nomem.h"

#include "module/count.c"

/* In one hook's row, as what has the key @key; softirqs off. */
void netlab_test_count_here(struct netlab_account *account, unsigned int cell,
			    unsigned int key, const struct netlab_packet *p)
{
	struct netlab_cpu *cpu = this_cpu_ptr(account->cpu);

	netlab_count_begin(cpu);
	netlab_count_key(cpu, cell, key, p);
	netlab_count_flags(cpu, cell, p);
	netlab_count_end(cpu);
}
