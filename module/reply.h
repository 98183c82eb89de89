/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reply: turns an echo request into its reply and sends it.
 */
#ifndef _NETLAB_REPLY_H
#define _NETLAB_REPLY_H

#include <linux/icmp.h>
#include <linux/skbuff.h>
#include <net/checksum.h>

#include "dissect.h"

struct netlab_cpu;

/*
 * A reply longer than this may be cut on its way, and then needs an ID that no
 * other of the host's has; a shorter one keeps its request's. RFC 791: what
 * every host must accept, RFC 6864: an atomic datagram's ID means nothing.
 */
#define NETLAB_ID_MATTERS	576

int netlab_reply4(struct netlab_cpu *cpu, struct sk_buff *skb,
		  const struct netlab_packet *p, bool own);
int netlab_reply6(struct netlab_cpu *cpu, struct sk_buff *skb,
		  const struct netlab_packet *p, bool own);

/**
 * netlab_reply_checksum() - an echo header's checksum after its type changed
 * @check: the checksum, right for @from
 * @from: the type before
 * @to: the type now
 * @code: the code, which stays
 *
 * RFC 1624, equation 3. Where all that is summed is zero the result is 0x0000,
 * as the stack's own sum is, which begins at 0xffff.
 */
static inline void netlab_reply_checksum(__sum16 *check, u8 from, u8 to,
					 u8 code)
{
	csum_replace2(check, htons(from << 8 | code), htons(to << 8 | code));
}

#endif /* _NETLAB_REPLY_H */
