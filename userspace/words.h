/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From words to meaning: prefixes, numbers, and the words after a command.
 */
#ifndef NETLAB_WORDS_H
#define NETLAB_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "tool.h"

struct command;

#define MAX_WORDS	32	/* that can stand in one place */
#define MAX_KEYWORDS	9	/* of one command */

/**
 * struct choice - The words that can stand in one place.
 * @word: The words.
 * @unfit: Whether it can't be meant, going by what follows it; only used to
 *	choose between several that the same prefix fits.
 * @count: How many there are.
 */
struct choice {
	const char *word[MAX_WORDS];
	bool unfit[MAX_WORDS];
	unsigned int count;
};

/**
 * struct values - What the words after a command said.
 * @given: Whether the command's keyword of that index was there.
 * @value: Its value.
 * @block: That of a VALUE_BLOCK.
 * @file: That of a VALUE_FILE.
 */
struct values {
	bool given[MAX_KEYWORDS];
	uint32_t value[MAX_KEYWORDS];
	struct block block;
	const char *file;
};

void choice_add(struct choice *choice, const char *word, bool unfit);
int choose(const struct choice *choice, const char *place, const char *word);
bool is_prefix(const char *prefix, const char *word);
bool parse_number(const char *word, uint32_t min, uint32_t max,
		  uint32_t *number);
bool parse_seconds(const char *word, double *seconds);
void forget_devices(void);
enum status parse_values(const struct command *command, const char *place,
			 char **words, struct values *values);

#endif /* NETLAB_WORDS_H */
