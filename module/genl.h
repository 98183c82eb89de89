/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * genl: the generic netlink family.
 */
#ifndef _NETLAB_GENL_H
#define _NETLAB_GENL_H

#include <net/genetlink.h>

struct net_device;
struct netlab_settings;

int netlab_genl_init(void);
void netlab_genl_exit(void);

void netlab_echo_change(struct netlab_settings *set, void *arg);
int netlab_echo_check(struct genl_info *info);
struct net_device *netlab_direct_dev(struct genl_info *info,
				     struct nlattr *attr, bool enable);

/* As NL_SET_ERR_MSG_ATTR(), with a sentence that was chosen elsewhere. */
static inline void netlab_refuse(struct netlink_ext_ack *extack,
				 const struct nlattr *attr,
				 const char *sentence)
{
	if (!extack)
		return;
	extack->_msg = sentence;
	extack->bad_attr = attr;
}

#endif /* _NETLAB_GENL_H */
