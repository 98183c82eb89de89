/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * proc: /proc/net/netlab/ of each namespace, and /proc/netlab, which leads to
 * the reader's own.
 */
#ifndef _NETLAB_PROC_H
#define _NETLAB_PROC_H

#include <linux/seq_file.h>
#include <linux/seq_file_net.h>

#include "prefix.h"

struct netlab_net;

/**
 * struct netlab_proc_cursor - how far a reading of prefixes has come
 * @net: which namespace's; must come first
 * @pos: rows that were shown
 * @key: the last of them
 */
struct netlab_proc_cursor {
	struct seq_net_private net;
	loff_t pos;
	struct netlab_prefix_key key;
};

extern const struct seq_operations netlab_proc_prefixes;

void netlab_proc_rate(struct seq_file *seq, u32 rate);
int netlab_proc_init(struct netlab_net *ns);
void netlab_proc_exit(struct netlab_net *ns);
int netlab_proc_link(void);
void netlab_proc_unlink(void);

#endif /* _NETLAB_PROC_H */
