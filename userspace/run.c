// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way from words to the function that does it, by the table of commands.
 */
#define _GNU_SOURCE	/* stpcpy() */
#include <libmnl/libmnl.h>
#include <linux/netlab.h>
#include <string.h>

#include "batch.h"
#include "commands.h"

/**
 * put_values() - Put what the words after a command said into a message.
 * @message: The message.
 * @command: The command.
 * @values: What was said.
 */
void put_values(struct nlmsghdr *message, const struct command *command,
		const struct values *values)
{
	const struct keyword *keyword;
	unsigned int i;

	for (i = 0; i < command->n_keywords; i++) {
		keyword = &command->keywords[i];
		if (!values->given[i] || !keyword->attr)
			continue;
		if (keyword->kind == VALUE_BLOCK) {
			mnl_attr_put(message, keyword->attr,
				     values->block.size, values->block.address);
			/* Wherever there is an address, its length is next. */
			mnl_attr_put_u8(message, keyword->attr + 1,
					values->block.length);
		} else if (keyword->kind == VALUE_FLAG) {
			mnl_attr_put(message, keyword->attr, 0, NULL);
		} else if (keyword->size == 1) {
			mnl_attr_put_u8(message, keyword->attr,
					values->value[i]);
		} else if (values->value[i] || !keyword->zero_is_unsaid) {
			mnl_attr_put_u32(message, keyword->attr,
					 values->value[i]);
		}
	}
}

/*
 * Whether a command can be what a prefix means, going by the word that follows
 * it: "echo s" can only be show, "echo s local off" only set.
 */
static bool command_fits(const struct command *command, const char *next)
{
	unsigned int i;

	if (command->n_keywords && !command->keywords[0].word)
		return next;
	if (!next)
		return !command->needs_words;
	for (i = 0; i < command->n_keywords; i++)
		if (is_prefix(next, command->keywords[i].word))
			return true;
	return false;
}

/* A file to restore is no place for commands that do something at once. */
static enum status restore_takes_not(const char *place)
{
	return fail(STATUS_USAGE,
		    "%s: expected echo set, echo direct or prefix add", place);
}

/* There are options that only some commands can have. */
static enum status check_options(const char *place, bool reads, bool tells)
{
	if ((opts.verbose || opts.names) && !tells)
		return fail(STATUS_USAGE,
			    "%s: --%s goes with monitor", place,
			    opts.verbose ? "verbose" : "names");
	if (opts.explain && !reads)
		return fail(STATUS_USAGE,
			    "%s: --explain goes with a command that shows a reading",
			    place);
	if (opts.watch > 0 && !reads)
		return fail(STATUS_USAGE,
			    "%s: --watch goes with a command that shows a reading",
			    place);
	if (opts.watch > 0 && opts.explain)
		return fail(STATUS_USAGE,
			    "%s: --watch repeats a reading, and --explain makes none",
			    place);
	return STATUS_OK;
}

/* Puts a command's words together; they are the tool's own, and short. */
static const char *put_place(char *place, const struct object *object,
			     const char *word)
{
	/* printf would cost more than all else that a line of a batch does. */
	stpcpy(stpcpy(stpcpy(place, object->word), " "), word);
	return place;
}

static enum status run_command(const struct command *command,
			       const char *place, char **words)
{
	command_t *run = opts.restore ? command->restore : command->run;
	struct values values;
	enum status status;

	if (!run)
		return restore_takes_not(place);
	status = opts.restore ? STATUS_OK : check_options(place, command->reads, command->tells);
	if (!status)
		status = parse_values(command, place, words, &values);
	if (!status && !command->queues)
		status = batch_flush();
	return status ? status : run(command, &values);
}

static enum status run_object(const struct object *object, char **words)
{
	const struct command *first = &object->commands[0];
	struct choice choice = { .count = 0 };
	unsigned int i, help_index;
	enum status status;
	char place[64];
	int index;

	if (!*words || !first->word)
		return run_command(first, object->word, words);
	for (i = 0; i < object->n_commands; i++)
		if (!strcmp(words[0], object->commands[i].word))
			return run_command(&object->commands[i],
					   put_place(place, object, words[0]),
					   words + 1);

	for (i = 0; i < object->n_commands; i++)
		choice_add(&choice, object->commands[i].word,
			   !command_fits(&object->commands[i], words[1]));
	help_index = choice.count;
	choice_add(&choice, "help", false);
	for (i = 0; i < first->n_keywords; i++)
		choice_add(&choice, first->keywords[i].word, false);

	index = choose(&choice, object->word, words[0]);
	if (index < 0)
		return STATUS_USAGE;
	if ((unsigned int)index > help_index)
		return run_command(first, object->word, words);

	put_place(place, object, choice.word[index]);
	if ((unsigned int)index < help_index)
		return run_command(&object->commands[index], place, words + 1);
	if (opts.restore)
		return restore_takes_not(place);
	if (words[1])
		return fail(STATUS_USAGE, "%s %s: expected nothing after %s",
			    place, words[1], place);
	if (check_options(place, false, false))
		return STATUS_USAGE;
	status = batch_flush();
	if (!status)
		help_object(stdout, object);
	return status;
}

/* A whole word first: a batch can have it in a million lines. */
static const struct object *find_object(const char *word)
{
	struct choice choice = { .count = 0 };
	unsigned int i;
	int index;

	for (i = 0; i < n_objects; i++)
		if (!strcmp(word, objects[i].word))
			return &objects[i];
	for (i = 0; i < n_objects; i++)
		choice_add(&choice, objects[i].word, false);
	index = choose(&choice, "", word);
	return index < 0 ? NULL : &objects[index];
}

/**
 * run_words() - Do what the words after the options say.
 * @words: An object and what follows it, up to NULL.
 *
 * Return: The exit code; if it isn't 0, the complaint was printed.
 */
enum status run_words(char **words)
{
	const struct object *object = find_object(words[0]);
	enum status status;
	bool json;

	if (!object)
		return STATUS_USAGE;
	if (!object->take)
		return run_object(object, words + 1);
	if (opts.restore)
		return restore_takes_not(object->word);
	status = check_options(object->word, false, false);
	if (!status)
		status = batch_flush();
	if (status)
		return status;
	/* Its own -j is for it alone. */
	json = opts.json;
	status = object->take(object, words + 1);
	opts.json = json;
	return status;
}
