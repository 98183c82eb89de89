/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * genl: the generic netlink family, as module/netlab.yaml describes it.
 */
#ifndef _NETLAB_GENL_H
#define _NETLAB_GENL_H

int netlab_genl_init(void);
void netlab_genl_exit(void);

#endif /* _NETLAB_GENL_H */
