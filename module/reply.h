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
 * RFC 1624, equation 3. Where all that is summed is zero the result is 0x0000:
 * see netlab_reply_zeroes().
 */
static inline void netlab_reply_checksum(__sum16 *check, u8 from, u8 to,
					 u8 code)
{
	csum_replace2(check, htons(from << 8 | code), htons(to << 8 | code));
}

/**
 * netlab_reply_zeroes() - the checksum of an IPv4 reply that is all zeroes
 * @skb: the reply
 * @l4: where its ICMP header is in @skb's data
 * @check: its checksum, by netlab_reply_checksum()
 *
 * As the stack's own sum is. Where it is made while copying it begins at 0xffff,
 * and leaves 0x0000 for zeroes; elsewhere (arm64, or x86 with KASAN) it begins
 * at zero, and leaves 0xffff, which alone a receiver takes (RFC 1071).
 */
static inline void netlab_reply_zeroes(const struct sk_buff *skb,
				       unsigned int l4, __sum16 *check)
{
#ifndef _HAVE_ARCH_CSUM_AND_COPY
	if (unlikely(!*check) &&
	    csum_fold(skb_checksum(skb, l4, skb->len - l4, 0)))
		*check = CSUM_MANGLED_0;
#endif
}

#endif /* _NETLAB_REPLY_H */
