// SPDX-License-Identifier: GPL-2.0-only
/*
 * From words to meaning. Each complaint says what stood there and what could
 * have.
 */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "names.h"
#include "netns.h"
#include "words.h"

/**
 * is_prefix() - Whether a word is another's beginning, or all of it.
 * @prefix: What was written; nothing at all is no word's prefix.
 * @word: The whole word.
 *
 * Return: true if it is.
 */
bool is_prefix(const char *prefix, const char *word)
{
	return *prefix && !strncmp(word, prefix, strlen(prefix));
}

/**
 * choice_add() - Add a word that can stand in a place.
 * @choice: The words of that place.
 * @word: One more.
 * @unfit: See struct choice.
 */
void choice_add(struct choice *choice, const char *word, bool unfit)
{
	if (choice->count == MAX_WORDS)
		abort();	/* the tool's own table has outgrown it */
	choice->word[choice->count] = word;
	choice->unfit[choice->count] = unfit;
	choice->count++;
}

/* "a, b or c", of the words that @prefix begins, or of all if it is NULL. */
static void list_choice(char *to, size_t size, const struct choice *choice,
			const char *prefix)
{
	const char *word[MAX_WORDS];
	unsigned int i, count = 0;
	size_t used = 0;

	for (i = 0; i < choice->count; i++)
		if (!prefix || is_prefix(prefix, choice->word[i]))
			word[count++] = choice->word[i];
	to[0] = '\0';
	for (i = 0; i < count && used < size; i++)
		used += snprintf(to + used, size - used, "%s%s",
				 !i ? "" : i + 1 < count ? ", " : " or ",
				 word[i]);
}

/**
 * choose() - Find the word that was meant.
 * @choice: The words that can stand here.
 * @place: What stands before, for the complaint; may be empty.
 * @word: What was written, or NULL if nothing was.
 *
 * The whole word, or a prefix of it that fits no other.
 *
 * Return: The index in @choice, or -1 after a complaint.
 */
int choose(const struct choice *choice, const char *place, const char *word)
{
	const char *space = *place && word ? " " : "";
	int match = -1, fit = -1;
	unsigned int matches = 0, fits = 0, i;
	char list[512];

	for (i = 0; word && i < choice->count; i++) {
		if (!strcmp(word, choice->word[i]))
			return i;
		if (!is_prefix(word, choice->word[i]))
			continue;
		match = i;
		matches++;
		if (!choice->unfit[i]) {
			fit = i;
			fits++;
		}
	}
	if (matches == 1)
		return match;
	if (fits == 1)
		return fit;

	list_choice(list, sizeof(list), choice, matches ? word : NULL);
	if (word && *word == '-' && word[1])
		fail(STATUS_USAGE, "%s%s%s: options belong to the command line, before the object",
		     place, space, word);
	else if (matches)
		fail(STATUS_USAGE, "%s%s%s: ambiguous: %s", place, space, word,
		     list);
	else
		fail(STATUS_USAGE, "%s%s%s: expected %s", place, space,
		     !word ? "" : *word ? word : "\"\"", list);
	return -1;
}

/**
 * parse_number() - Read a whole number.
 * @word: Decimal digits and nothing else.
 * @min: The least that is right.
 * @max: The most.
 * @number: Where to put it.
 *
 * Return: false if it isn't one, or out of range.
 */
bool parse_number(const char *word, uint32_t min, uint32_t max,
		  uint32_t *number)
{
	uint64_t value = 0;

	if (!*word)
		return false;
	for (; isdigit((unsigned char)*word); word++) {
		value = 10 * value + (*word - '0');
		if (value > UINT32_MAX)
			return false;
	}
	if (*word || value < min || value > max)
		return false;
	*number = value;
	return true;
}

/**
 * parse_seconds() - Read a time.
 * @word: Decimal digits, maybe with a fraction, and nothing else.
 * @seconds: Where to put it.
 *
 * Return: false unless it is 0.01 to 86400.
 */
bool parse_seconds(const char *word, double *seconds)
{
	char *end;

	if (strspn(word, "0123456789.") != strlen(word))
		return false;	/* strtod() would take hexadecimal, and "inf" */
	*seconds = strtod(word, &end);
	return end != word && !*end && *seconds >= 0.01 && *seconds <= 86400;
}

static enum status parse_number_value(const struct keyword *keyword,
				      const char *word, uint32_t *value)
{
	if (parse_number(word, keyword->min, keyword->max, value))
		return STATUS_OK;
	if (keyword->zero && is_prefix(word, keyword->zero)) {
		*value = 0;
		return STATUS_OK;
	}
	return fail(STATUS_USAGE, "%s %s: expected %u to %u %s%s%s",
		    keyword->word, *word ? word : "\"\"", keyword->min, keyword->max,
		    keyword->unit, keyword->zero ? ", or " : "",
		    keyword->zero ? keyword->zero : "");
}

static enum status parse_protocol(const struct keyword *keyword,
				  const char *word, uint32_t *value)
{
	int number;

	if (parse_number(word, 0, UINT8_MAX, value))
		return STATUS_OK;
	number = protocol_number(word);
	if (number < 0)
		return fail(STATUS_USAGE,
			    "%s %s: expected 0 to 255, or a protocol's name as in /etc/protocols",
			    keyword->word, *word ? word : "\"\"");
	*value = number;
	return STATUS_OK;
}

/* The last device that was looked for: a batch can have it in a million lines. */
static struct {
	char name[IF_NAMESIZE];
	uint32_t index;
} last_device;

/**
 * forget_devices() - Look for the next device again: the last may be gone.
 */
void forget_devices(void)
{
	last_device.index = 0;
}

/*
 * As iproute2 says it. The namespace is entered for the name, so it comes last
 * of the words, when nothing is wrong with the others.
 */
static enum status find_device(const char *name, uint32_t *index)
{
	enum status status = netns_enter();

	if (status)
		return status;
	if (last_device.index && !strcmp(name, last_device.name)) {
		*index = last_device.index;
		return STATUS_OK;
	}
	*index = if_nametoindex(name);
	if (!*index && errno != ENODEV)
		return fail(STATUS_USAGE, "dev %s: %s", name, strerror(errno));
	if (!*index)
		return fail(STATUS_USAGE, "Cannot find device \"%s\"%s%s",
			    name, opts.netns ? " in network namespace " : "",
			    opts.netns ? opts.netns : "");
	snprintf(last_device.name, sizeof(last_device.name), "%s", name);
	last_device.index = *index;
	return STATUS_OK;
}

static enum status parse_word(const struct keyword *keyword, const char *label,
			      const char *word, uint32_t *value)
{
	struct choice choice = { .count = 0 };
	unsigned int i;
	int index;

	for (i = 0; i < keyword->words->count; i++)
		choice_add(&choice, keyword->words->list[i].word, false);
	index = choose(&choice, label, word);
	if (index < 0)
		return STATUS_USAGE;
	*value = index;
	return STATUS_OK;
}

/* @label is the word before the value, or the command if there is none. */
static enum status parse_value(const struct keyword *keyword,
			       const char *label, const char *word,
			       uint32_t *value, struct values *values)
{
	if (keyword->kind == VALUE_WORD)
		return parse_word(keyword, label, word, value);
	if (!word && !keyword->word)
		return fail(STATUS_USAGE, "%s: expected %s", label,
			    keyword->metavar);
	if (!word)
		return fail(STATUS_USAGE, "%s: expected a value: %s", label,
			    keyword->metavar);
	switch (keyword->kind) {
	case VALUE_NUMBER:
		return parse_number_value(keyword, word, value);
	case VALUE_PROTOCOL:
		return parse_protocol(keyword, word, value);
	case VALUE_BLOCK:
		return block_parse(label, word, &values->block);
	case VALUE_FILE:
		values->file = word;
		return *word ? STATUS_OK :
			fail(STATUS_USAGE, "%s \"\": expected a file's name",
			     label);
	default:
		return STATUS_OK;	/* find_device() comes later */
	}
}

/*
 * Those that have no word before them. Returns how many words they were, or -1
 * after a complaint.
 */
static int parse_arguments(const struct command *command, const char *place,
			   char **words, const char **device,
			   struct values *values)
{
	unsigned int i;

	for (i = 0; i < command->n_keywords && !command->keywords[i].word;
	     i++) {
		if (parse_value(&command->keywords[i], place, words[i],
				&values->value[i], values))
			return -1;
		values->given[i] = true;
		if (command->keywords[i].kind == VALUE_DEVICE)
			device[i] = words[i];
	}
	return i;
}

static enum status parse_keywords(const struct command *command,
				  unsigned int first, const char *place,
				  char **words, const char **device,
				  struct values *values)
{
	struct choice choice = { .count = 0 };
	const struct keyword *keyword;
	unsigned int i;
	int index;

	if (!*words && !command->needs_words)
		return STATUS_OK;
	for (i = first; i < command->n_keywords; i++)
		choice_add(&choice, command->keywords[i].word, false);
	if (*words && !choice.count)
		return fail(STATUS_USAGE, "%s %s: expected nothing after %s",
			    place, *words, first ? words[-1] : place);
	if (!*words) {
		choose(&choice, place, NULL);
		return STATUS_USAGE;
	}
	while (*words) {
		index = choose(&choice, place, *words);
		if (index < 0)
			return STATUS_USAGE;
		i = first + index;
		keyword = &command->keywords[i];
		if (values->given[i])
			return fail(STATUS_USAGE, "%s: given twice",
				    keyword->word);
		values->given[i] = true;
		words++;
		if (keyword->kind == VALUE_FLAG)
			continue;
		if (parse_value(keyword, keyword->word, *words,
				&values->value[i], values))
			return STATUS_USAGE;
		if (keyword->kind == VALUE_DEVICE)
			device[i] = *words;
		words++;
	}
	return STATUS_OK;
}

/**
 * parse_values() - Read the words after a command.
 * @command: The command.
 * @place: Its words, for complaints.
 * @words: What follows them, up to NULL.
 * @values: Where to put what it says.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status parse_values(const struct command *command, const char *place,
			 char **words, struct values *values)
{
	const char *device[MAX_KEYWORDS] = { NULL };
	enum status status;
	unsigned int i;
	int count;

	memset(values, 0, sizeof(*values));
	count = parse_arguments(command, place, words, device, values);
	if (count < 0)
		return STATUS_USAGE;
	if (parse_keywords(command, count, place, words + count, device,
			   values))
		return STATUS_USAGE;
	for (i = 0; i < command->n_keywords; i++) {
		if (!device[i])
			continue;
		status = find_device(device[i], &values->value[i]);
		if (status)
			return status;
	}
	return STATUS_OK;
}
