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
#include "nl.h"
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
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*word))
		return false;	/* strtoull() would take a sign or a space */
	errno = 0;
	value = strtoull(word, &end, 10);
	if (errno || *end || value < min || value > max)
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

/*
 * As iproute2 says it. The namespace is entered for the name, so it comes last
 * of the words, when nothing is wrong with the others.
 */
static enum status find_device(const char *name, uint32_t *index)
{
	enum status status = nl_enter();

	if (status)
		return status;
	*index = if_nametoindex(name);
	if (*index)
		return STATUS_OK;
	if (errno != ENODEV)
		return fail(STATUS_USAGE, "dev %s: %s", name, strerror(errno));
	return fail(STATUS_USAGE, "Cannot find device \"%s\"%s%s", name,
		    opts.netns ? " in network namespace " : "",
		    opts.netns ? opts.netns : "");
}

static enum status parse_value(const struct keyword *keyword,
			       const char *word, uint32_t *value)
{
	struct choice choice = { .count = 0 };
	unsigned int i;
	int index;

	if (keyword->kind != VALUE_WORD && !word)
		return fail(STATUS_USAGE, "%s: expected a value: %s",
			    keyword->word, keyword->metavar);
	if (keyword->kind == VALUE_NUMBER)
		return parse_number_value(keyword, word, value);
	if (keyword->kind == VALUE_PROTOCOL)
		return parse_protocol(keyword, word, value);
	if (keyword->kind == VALUE_DEVICE)
		return STATUS_OK;	/* find_device() comes later */

	for (i = 0; i < keyword->words->count; i++)
		choice_add(&choice, keyword->words->list[i].word, false);
	index = choose(&choice, keyword->word, word);
	if (index < 0)
		return STATUS_USAGE;
	*value = index;
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
	struct choice choice = { .count = 0 };
	const struct keyword *keyword;
	enum status status;
	unsigned int i;
	int index;

	memset(values, 0, sizeof(*values));
	for (i = 0; i < command->n_keywords; i++)
		choice_add(&choice, command->keywords[i].word, false);
	if (*words && !choice.count)
		return fail(STATUS_USAGE, "%s %s: expected nothing after %s",
			    place, *words, place);
	if (!*words && command->needs_words) {
		choose(&choice, place, NULL);
		return STATUS_USAGE;
	}

	while (*words) {
		index = choose(&choice, place, *words);
		if (index < 0)
			return STATUS_USAGE;
		keyword = &command->keywords[index];
		if (values->given[index])
			return fail(STATUS_USAGE, "%s: given twice",
				    keyword->word);
		values->given[index] = true;
		if (parse_value(keyword, words[1], &values->value[index]))
			return STATUS_USAGE;
		if (keyword->kind == VALUE_DEVICE)
			device[index] = words[1];
		words += 2;
	}
	for (i = 0; i < command->n_keywords; i++) {
		if (!device[i])
			continue;
		status = find_device(device[i], &values->value[i]);
		if (status)
			return status;
	}
	return STATUS_OK;
}
