/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nomem: memory that can be made to run out. Included after the headers of a
 * source of the module's and before the source.
 */
#ifndef _NETLAB_TEST_NOMEM_H
#define _NETLAB_TEST_NOMEM_H

#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "fake.h"

static inline void *netlab_test_kzalloc(size_t size, gfp_t flags)
{
	return netlab_test_refuse() ? NULL : kzalloc(size, flags);
}

static inline void *netlab_test_kvmalloc(size_t size, gfp_t flags)
{
	return netlab_test_refuse() ? NULL : kvmalloc(size, flags);
}

static inline void __percpu *netlab_test_percpu(size_t size, size_t align,
						gfp_t flags)
{
	return netlab_test_refuse() ? NULL :
				      __alloc_percpu_gfp(size, align, flags);
}

#undef kzalloc
#define kzalloc(size, flags)	netlab_test_kzalloc(size, flags)
#undef kcalloc
#define kcalloc(n, size, flags)	\
	netlab_test_kzalloc(array_size(n, size), flags)
#undef kvmalloc
#define kvmalloc(size, flags)	netlab_test_kvmalloc(size, flags)
#undef kvzalloc
#define kvzalloc(size, flags)	netlab_test_kvmalloc(size, (flags) | __GFP_ZERO)
#undef kvmalloc_array
#define kvmalloc_array(n, size, flags) \
	netlab_test_kvmalloc(array_size(n, size), flags)
#undef alloc_percpu_gfp
#define alloc_percpu_gfp(type, flags)					\
	((type __percpu *)netlab_test_percpu(sizeof(type),		\
					     __alignof__(type), flags))

#endif /* _NETLAB_TEST_NOMEM_H */
