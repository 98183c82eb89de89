/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NETLAB_COMPAT_NET_GENETLINK_H
#define _NETLAB_COMPAT_NET_GENETLINK_H

#include_next <net/genetlink.h>

/* From which command on a family refuses what is reserved; it used to be none. */
#ifdef NETLAB_HAVE_RESV_START_OP
#define NETLAB_RESV_START_OP(cmd)	.resv_start_op = (cmd),
#else
#define NETLAB_RESV_START_OP(cmd)
#endif

/* The attributes of a dump's request moved into a struct genl_info. */
static inline struct nlattr **netlab_dump_attrs(struct netlink_callback *cb)
{
#ifdef NETLAB_HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* _NETLAB_COMPAT_NET_GENETLINK_H */
