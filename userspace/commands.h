/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one table of what can be said to the tool. Parsing, usage texts and
 * completion all read it.
 */
#ifndef NETLAB_COMMANDS_H
#define NETLAB_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

struct command;
struct nlmsghdr;
struct option_word;
struct words;

/**
 * enum value_kind - What stands after a keyword.
 * @VALUE_WORD: One of a few words; its index is the value.
 * @VALUE_PROTOCOL: An IP protocol's name or number.
 * @VALUE_NUMBER: A number in a range.
 * @VALUE_DEVICE: A device's name; its index is the value.
 * @VALUE_BLOCK: A block of addresses; it goes to struct values.
 * @VALUE_FILE: A file's name; it goes to struct values.
 * @VALUE_FLAG: Nothing: the word says it all.
 */
enum value_kind {
	VALUE_WORD,
	VALUE_PROTOCOL,
	VALUE_NUMBER,
	VALUE_DEVICE,
	VALUE_BLOCK,
	VALUE_FILE,
	VALUE_FLAG,
};

/**
 * struct keyword - A word that is followed by a value, or a value alone.
 * @word: The word. NULL if the value stands alone, at its place in the order;
 *	such ones are a command's first.
 * @metavar: How usage texts write the value. Completion offers those of its
 *	alternatives that are in small letters. NULL of a VALUE_FLAG.
 * @kind: What the value is.
 * @words: The words of a VALUE_WORD.
 * @min: The least that a VALUE_NUMBER can be.
 * @max: The most.
 * @unit: What a VALUE_NUMBER counts.
 * @zero: A word that stands for the number 0, or NULL.
 * @zero_is_unsaid: The module is told of a 0 by leaving the attribute out.
 * @attr: The netlink attribute that carries the value, or 0.
 * @size: Its size in bytes, 1 or 4 of a number.
 * @explain: A sentence.
 */
struct keyword {
	const char *word;
	const char *metavar;
	enum value_kind kind;
	const struct words *words;
	uint32_t min;
	uint32_t max;
	const char *unit;
	const char *zero;
	bool zero_is_unsaid;
	uint16_t attr;
	uint8_t size;
	const char *explain;
};

/**
 * typedef command_t - Does a command.
 * @command: The command.
 * @values: What followed it.
 */
typedef enum status command_t(const struct command *command,
			      const struct values *values);

/**
 * struct command - What can be done with an object.
 * @word: Its name. NULL if it is all that can be done: the object says it.
 * @keywords: What can follow it, in any order, each once.
 * @n_keywords: How many those are.
 * @needs_words: At least one must follow.
 * @reads: It prints a reading: --watch can repeat it, --explain explain it.
 * @tells: It tells of packets: --verbose and --names go with it.
 * @queues: In a batch it may wait, to be sent together with those behind it.
 * @run: Does it.
 * @restore: Notes it as a part of the state to restore. NULL if it is none.
 * @explain: A sentence.
 */
struct command {
	const char *word;
	const struct keyword *keywords;
	unsigned int n_keywords;
	bool needs_words;
	bool reads;
	bool tells;
	bool queues;
	command_t *run;
	command_t *restore;
	const char *explain;
};

/**
 * struct object - What the tool can be asked about.
 * @word: Its name.
 * @commands: The first is meant where none is named.
 * @n_commands: How many there are.
 * @take: Instead of commands: takes the words that follow.
 * @verbs: What the first of them can be, parted by |; NULL: anything.
 * @operands: How usage texts write those words, each form of them up to a line's
 *	end.
 * @options: What of those words are options, as ping has them.
 * @n_options: How many there are.
 * @explain: A sentence.
 */
struct object {
	const char *word;
	const struct command *commands;
	unsigned int n_commands;
	enum status (*take)(const struct object *object, char **words);
	const char *verbs;
	const char *operands;
	const struct option_word *options;
	unsigned int n_options;
	const char *explain;
};

/**
 * struct option_word - One option of the command line, or behind an object.
 * @letter: The short one.
 * @word: The long one, or NULL.
 * @metavar: Its value in usage texts, or NULL.
 * @optional: The value can be left out.
 * @explain: A sentence.
 */
struct option_word {
	char letter;
	const char *word;
	const char *metavar;
	bool optional;
	const char *explain;
};

extern const struct object objects[];
extern const unsigned int n_objects;
extern const struct option_word option_words[];
extern const unsigned int n_options;

extern const struct keyword echo_settings[];
extern const unsigned int n_echo_settings;

void put_values(struct nlmsghdr *message, const struct command *command,
		const struct values *values);

enum status help(const struct object *object, char **words);
void help_usage(FILE *out);
void help_object(FILE *out, const struct object *object);
enum status run_words(char **words);

#endif /* NETLAB_COMMANDS_H */
