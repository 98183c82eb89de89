/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of the numbers that the module speaks in.
 */
#ifndef NETLAB_NAMES_H
#define NETLAB_NAMES_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct word - One value of an enumeration.
 * @word: Its name. NULL if the number has none.
 * @explain: What it means: a sentence. NULL if the word says it.
 */
struct word {
	const char *word;
	const char *explain;
};

/**
 * struct words - An enumeration; a word's index is its number.
 * @list: The words.
 * @count: How many there are.
 */
struct words {
	const struct word *list;
	unsigned int count;
};

extern const struct words families;
extern const struct words two_families;
extern const struct words hooks;
extern const struct words directions;
extern const struct words arp_directions;
extern const struct words operations;
extern const struct words buckets;
extern const struct words anomalies;
extern const struct words paths;
extern const struct words outcomes;
extern const struct words switches;

const struct words *icmp_types(uint64_t family);
const char *protocol_name(uint64_t number, char *buffer, size_t size);
int protocol_number(const char *name);

#endif /* NETLAB_NAMES_H */
