// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of addresses, as text and as bytes.
 */
#define _GNU_SOURCE	/* strchrnul() */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "words.h"

static int family_of(const struct block *block)
{
	return block->size == 4 ? AF_INET : AF_INET6;
}

/* Clears the bits behind the length. Returns whether any was set. */
static bool mask(struct block *block)
{
	unsigned int i, bits;
	bool any = false;
	uint8_t keep;

	for (i = block->length / 8; i < block->size; i++) {
		bits = i == block->length / 8 ? block->length % 8 : 0;
		keep = 0xff00 >> bits;
		any |= block->address[i] & ~keep;
		block->address[i] &= keep;
	}
	return any;
}

/**
 * block_parse() - Read a block of addresses.
 * @label: What stands before it, for the complaint.
 * @word: An IPv4 or IPv6 address, maybe with a / and a length.
 * @block: Where to put it.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status block_parse(const char *label, const char *word,
			struct block *block)
{
	const char *slash = strchrnul(word, '/');
	char address[INET6_ADDRSTRLEN], right[BLOCK_TEXT];
	size_t digits = slash - word;
	uint32_t length;

	memset(block, 0, sizeof(*block));
	if (digits < sizeof(address)) {
		memcpy(address, word, digits);
		address[digits] = '\0';
		if (inet_pton(AF_INET, address, block->address) == 1)
			block->size = 4;
		else if (inet_pton(AF_INET6, address, block->address) == 1)
			block->size = 16;
	}
	if (!block->size)
		return fail(STATUS_USAGE,
			    "%s %s: expected an IPv4 or IPv6 address, or one with a length, as 192.0.2.0/24",
			    label, *word ? word : "\"\"");
	length = 8 * block->size;
	if (*slash && !parse_number(slash + 1, 0, length, &length))
		return fail(STATUS_USAGE,
			    "%s %s: expected a length of 0 to %u behind the /",
			    label, word, 8 * block->size);
	block->length = length;
	if (!mask(block))
		return STATUS_OK;
	return fail(STATUS_USAGE,
		    "%s %s: the address has bits behind the length: expected %s, or %s for that address alone",
		    label, word, block_text(right, block), address);
}

/**
 * block_text() - Write a block of addresses.
 * @to: Where to, of BLOCK_TEXT bytes.
 * @block: The block.
 *
 * Return: @to.
 */
char *block_text(char *to, const struct block *block)
{
	size_t used;

	inet_ntop(family_of(block), block->address, to, BLOCK_TEXT);
	used = strlen(to);
	snprintf(to + used, BLOCK_TEXT - used, "/%u", block->length);
	return to;
}
