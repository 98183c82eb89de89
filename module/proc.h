/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proc: /proc/net/netlab/ of each namespace, and /proc/netlab, which leads to
 * the reader's own.
 */
#ifndef _NETLAB_PROC_H
#define _NETLAB_PROC_H

struct netlab_net;

int netlab_proc_init(struct netlab_net *ns);
void netlab_proc_exit(struct netlab_net *ns);
int netlab_proc_link(void);
void netlab_proc_unlink(void);

#endif /* _NETLAB_PROC_H */
