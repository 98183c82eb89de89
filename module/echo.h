/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * echo: policy. Decides what becomes of an echo request; sends nothing.
 */
#ifndef _NETLAB_ECHO_H
#define _NETLAB_ECHO_H

#include <linux/skbuff.h>

#include "dissect.h"

struct netlab_net;

/* Beside enum netlab_outcome: none of the responder's business. */
#define NETLAB_NOT_ECHO		-1

int netlab_echo4(struct netlab_net *ns, struct sk_buff *skb,
		 const struct netlab_packet *p);
int netlab_echo6(struct netlab_net *ns, struct sk_buff *skb,
		 const struct netlab_packet *p);

#endif /* _NETLAB_ECHO_H */
