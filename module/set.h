/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * set: which prefixes are a namespace's, and which are to take their place.
 */
#ifndef _NETLAB_SET_H
#define _NETLAB_SET_H

#include <linux/types.h>

struct netlab_net;
struct netlab_prefix_key;
struct netlab_prefix_settings;

int netlab_set_add(struct netlab_net *ns, const struct netlab_prefix_key *key,
		   const struct netlab_prefix_settings *settings, bool replace);
int netlab_set_del(struct netlab_net *ns, const struct netlab_prefix_key *key);
void netlab_set_flush(struct netlab_net *ns);

int netlab_stage_begin(struct netlab_net *ns, u32 portid);
int netlab_stage_add(struct netlab_net *ns, u32 portid,
		     const struct netlab_prefix_key *key,
		     const struct netlab_prefix_settings *settings,
		     bool replace);
int netlab_stage_check(struct netlab_net *ns, u32 portid);
void netlab_stage_commit(struct netlab_net *ns, u32 portid);

void netlab_set_exit(struct netlab_net *ns);
int netlab_stage_register(void);
void netlab_stage_unregister(void);

#endif /* _NETLAB_SET_H */
