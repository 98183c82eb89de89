/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * defrag: the kernel's own reassembly, for what a prefix is to answer.
 */
#ifndef _NETLAB_DEFRAG_H
#define _NETLAB_DEFRAG_H

#include <linux/skbuff.h>
#include <net/net_namespace.h>

void netlab_defrag_get6(void);
void netlab_defrag_exit(void);
unsigned int netlab_defrag(struct net *net, struct sk_buff *skb,
			   unsigned int family);

#endif /* _NETLAB_DEFRAG_H */
