// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ipv6.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "chain.h"

/* An option's or payload's byte: as a length or protocol it is a wrong one. */
#define NETLAB_TEST_FILL	0xfd

void netlab_test_chain_begin(struct netlab_test_chain *chain)
{
	memset(chain, 0, sizeof(*chain));
	chain->bytes[0] = 0x60;
	chain->next = offsetof(struct ipv6hdr, nexthdr);
	chain->bytes[chain->next] = NETLAB_TEST_END;
	chain->len = sizeof(struct ipv6hdr);
	chain->header[0].protocol = NETLAB_TEST_END;
	chain->header[0].off = chain->len;
}

/**
 * netlab_test_chain_add() - add an extension header
 * @chain: to it
 * @protocol: of the header
 * @units: what its length field says
 * @len: how many bytes it has, which @units needn't agree with
 */
void netlab_test_chain_add(struct netlab_test_chain *chain, u8 protocol,
			   u8 units, unsigned int len)
{
	u8 *h = chain->bytes + chain->len;

	chain->bytes[chain->next] = protocol;
	chain->header[chain->headers].protocol = protocol;
	memset(h, NETLAB_TEST_FILL, len);
	h[0] = NETLAB_TEST_END;
	h[1] = units;
	chain->next = chain->len;
	chain->len += len;
	chain->headers++;
	chain->header[chain->headers].protocol = NETLAB_TEST_END;
	chain->header[chain->headers].off = chain->len;
}

/* A fragment header (RFC 8200 section 4.5); @offset in units of eight bytes. */
void netlab_test_chain_fragment(struct netlab_test_chain *chain,
				unsigned int offset, bool more)
{
	u8 *h = chain->bytes + chain->len;

	netlab_test_chain_add(chain, NEXTHDR_FRAGMENT, 0, 8);
	h[2] = offset >> 5;
	h[3] = offset << 3 | more;
}

/* What all the headers carry. */
void netlab_test_chain_end(struct netlab_test_chain *chain, u8 protocol,
			   unsigned int payload)
{
	chain->bytes[chain->next] = protocol;
	chain->header[chain->headers].protocol = protocol;
	memset(chain->bytes + chain->len, NETLAB_TEST_FILL, payload);
	chain->len += payload;
}
