/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_LINUX_SECURITY_H
#define _NETLAB_COMPAT_LINUX_SECURITY_H

#include_next <linux/security.h>
#include <net/flow.h>

/* The hook used to be given the whole flow, of which it needs the beginning. */
#ifndef NETLAB_HAVE_FLOWI_COMMON
static inline struct flowi *flowi4_to_flowi_common(struct flowi4 *fl4)
{
	return flowi4_to_flowi(fl4);
}

static inline struct flowi *flowi6_to_flowi_common(struct flowi6 *fl6)
{
	return flowi6_to_flowi(fl6);
}
#endif

#endif /* _NETLAB_COMPAT_LINUX_SECURITY_H */
