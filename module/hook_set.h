/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hook_set: netfilter hooks that a namespace has now and then: those of prefixes,
 * those of monitors.
 */
#ifndef _NETLAB_HOOK_SET_H
#define _NETLAB_HOOK_SET_H

#include <linux/types.h>

struct netlab_net;
struct nf_hook_ops;

/**
 * struct netlab_hook_set - hooks that a namespace has now and then
 * @ops: its own of them; NULL before they were first there
 * @on: whether they are registered
 */
struct netlab_hook_set {
	struct nf_hook_ops *ops;
	bool on;
};

void netlab_hook_set_fill(struct nf_hook_ops *ops,
			  const struct nf_hook_ops *from, size_t n, void *priv);
int netlab_hook_set_switch(struct netlab_net *ns, struct netlab_hook_set *set,
			   const struct nf_hook_ops *from, size_t n, void *priv,
			   bool on);

#endif /* _NETLAB_HOOK_SET_H */
