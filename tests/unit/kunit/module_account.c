// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/account.c with memory that can be made to run out.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "fake.h"

bool netlab_test_nomem;
unsigned int netlab_test_asked;

static bool netlab_test_refuse(void)
{
	netlab_test_asked++;
	return READ_ONCE(netlab_test_nomem);
}

static void *netlab_test_kzalloc(size_t size, gfp_t flags)
{
	return netlab_test_refuse() ? NULL : kzalloc(size, flags);
}

static void *netlab_test_kvmalloc(size_t size, gfp_t flags)
{
	return netlab_test_refuse() ? NULL : kvmalloc(size, flags);
}

#undef kzalloc
#define kzalloc(size, flags)	netlab_test_kzalloc(size, flags)
#undef kvmalloc
#define kvmalloc(size, flags)	netlab_test_kvmalloc(size, flags)
#undef kvzalloc
#define kvzalloc(size, flags)	netlab_test_kvmalloc(size, (flags) | __GFP_ZERO)

#include "module/account.c"
