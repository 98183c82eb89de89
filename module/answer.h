/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * answer: what netfilter is told of an echo request: decided, answered and
 * counted, each with one outcome.
 */
#ifndef _NETLAB_ANSWER_H
#define _NETLAB_ANSWER_H

#include <linux/netfilter.h>

#include "account.h"

unsigned int netlab_answer_local4(struct netlab_cpu *cpu, struct sk_buff *skb,
				  const struct nf_hook_state *state);
unsigned int netlab_answer_local6(struct netlab_cpu *cpu, struct sk_buff *skb,
				  const struct nf_hook_state *state);
unsigned int netlab_answer_prefix(struct netlab_cpu *cpu, struct sk_buff *skb,
				  const struct nf_hook_state *state,
				  unsigned int family);

#endif /* _NETLAB_ANSWER_H */
