/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blocks of addresses, as text and as bytes.
 */
#ifndef NETLAB_ADDRESS_H
#define NETLAB_ADDRESS_H

#include <arpa/inet.h>
#include <stdint.h>

#include "tool.h"

#define BLOCK_TEXT	(INET6_ADDRSTRLEN + 4)	/* size of one as text */

/**
 * struct block - A block of addresses.
 * @address: The first of them, in network byte order.
 * @size: How many bytes of it there are: 4 of IPv4, 16 of IPv6.
 * @length: How many bits all of them share.
 */
struct block {
	uint8_t address[16];
	uint8_t size;
	uint8_t length;
};

enum status block_parse(const char *label, const char *word,
			struct block *block);
char *block_text(char *to, const struct block *block);

#endif /* NETLAB_ADDRESS_H */
