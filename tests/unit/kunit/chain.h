/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chain: an IPv6 packet built header by header.
 */
#ifndef _NETLAB_TEST_CHAIN_H
#define _NETLAB_TEST_CHAIN_H

#include <linux/types.h>

#define NETLAB_TEST_CHAIN_HEADERS	20
#define NETLAB_TEST_CHAIN_BYTES		4096

/* What a header that wasn't given another one is followed by. */
#define NETLAB_TEST_END		253	/* for experiments, RFC 3692 */

/**
 * struct netlab_test_chain - an IPv6 packet
 * @bytes: of it
 * @len: how many
 * @next: where the last header says what follows
 * @headers: how many extension headers it has
 * @header: their protocols, and where they begin; one more for what follows
 */
struct netlab_test_chain {
	u8 bytes[NETLAB_TEST_CHAIN_BYTES];
	unsigned int len;
	unsigned int next;
	unsigned int headers;
	struct {
		u8 protocol;
		unsigned int off;
	} header[NETLAB_TEST_CHAIN_HEADERS + 1];
};

void netlab_test_chain_begin(struct netlab_test_chain *chain);
void netlab_test_chain_add(struct netlab_test_chain *chain, u8 protocol,
			   u8 units, unsigned int len);
void netlab_test_chain_fragment(struct netlab_test_chain *chain,
				unsigned int offset, bool more);
void netlab_test_chain_end(struct netlab_test_chain *chain, u8 protocol,
			   unsigned int payload);

#endif /* _NETLAB_TEST_CHAIN_H */
