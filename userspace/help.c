// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object help: usage texts for people, and the same table for completion.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define INDENT	24	/* column of the explanations */

/* "PREFIX", "[rate PPS|unlimited]", "[force]" */
static int put_keyword(char *to, size_t size, const struct keyword *keyword)
{
	if (!keyword->word)
		return snprintf(to, size, "%s", keyword->metavar);
	return snprintf(to, size, "[%s%s%s]", keyword->word,
			keyword->metavar ? " " : "",
			keyword->metavar ? keyword->metavar : "");
}

/* "  netlab stats [show] [family ...]", cut between words where it is long. */
static void usage_line(FILE *out, const struct object *object,
		       const struct command *command)
{
	/* An object can stand alone where its first command needs no more. */
	bool first = command == &object->commands[0];
	char text[512], label[64];
	size_t used = 0;
	unsigned int i;

	if (command->word)
		snprintf(label, sizeof(label), "  netlab %s %s%s%s",
			 object->word, first ? "[" : "", command->word,
			 first ? "]" : "");
	else
		snprintf(label, sizeof(label), "  netlab %s", object->word);
	text[0] = '\0';
	for (i = 0; i < command->n_keywords && used < sizeof(text); i++) {
		if (i)
			used += snprintf(text + used, sizeof(text) - used, " ");
		if (used < sizeof(text))
			used += put_keyword(text + used, sizeof(text) - used,
					    &command->keywords[i]);
	}
	print_wrapped(out, label, INDENT, text);
}

static void object_usage(FILE *out, const struct object *object)
{
	const char *form;
	unsigned int i;
	size_t length;

	for (i = 0; i < object->n_commands; i++)
		usage_line(out, object, &object->commands[i]);
	for (form = object->operands; form && *form; form += length + !!form[length]) {
		length = strcspn(form, "\n");
		fprintf(out, "  netlab %s %.*s\n", object->word, (int)length, form);
	}
}

/**
 * help_usage() - Print how the tool is used.
 * @out: Where to.
 */
void help_usage(FILE *out)
{
	const struct option_word *option;
	char label[64];
	unsigned int i;

	fputs("Usage: netlab [OPTIONS] OBJECT [COMMAND]\n"
	      "       netlab [OPTIONS] -b FILE\n\n"
	      "netlab counts the packets that pass each hook of a network namespace, and\n"
	      "answers ICMP and ICMPv6 echo requests. Words can be cut short.\n\n", out);
	for (i = 0; i < n_objects; i++)
		object_usage(out, &objects[i]);
	fputs("\nOptions, before the object:\n", out);
	for (i = 0; i < n_options; i++) {
		option = &option_words[i];
		snprintf(label, sizeof(label), "  -%c, --%s%s%s%s",
			 option->letter, option->word,
			 !option->metavar ? "" : option->optional ? "[=" : " ",
			 option->metavar ? option->metavar : "",
			 option->optional ? "]" : "");
		print_wrapped(out, label, INDENT, option->explain);
	}
	fputs("\nExit code: 0 done, 1 usage, 2 the kernel refused, 3 the module isn't loaded,\n4 nobody answered.\n"
	      "More: netlab help OBJECT, man netlab\n", out);
}

/* What was said of a command before isn't said again. */
static bool was_explained(const struct object *object, unsigned int before,
			  const struct keyword *keyword)
{
	const struct command *command;
	unsigned int i, j;

	for (i = 0; i < before; i++) {
		command = &object->commands[i];
		for (j = 0; j < command->n_keywords; j++)
			if (&command->keywords[j] == keyword)
				return true;
	}
	return false;
}

/**
 * help_object() - Print how one object is used.
 * @out: Where to.
 * @object: The object.
 */
void help_object(FILE *out, const struct object *object)
{
	const struct option_word *option;
	const struct command *command;
	const struct keyword *keyword;
	char label[64];
	unsigned int i, j;

	fprintf(out, "%s\n\nUsage:\n", object->explain);
	object_usage(out, object);
	if (object->n_options)
		fputc('\n', out);
	for (i = 0; i < object->n_options; i++) {
		option = &object->options[i];
		snprintf(label, sizeof(label), "  -%c %s", option->letter,
			 option->metavar ? option->metavar : "");
		print_wrapped(out, label, INDENT, option->explain);
	}
	for (i = 0; i < object->n_commands; i++) {
		command = &object->commands[i];
		fputc('\n', out);
		snprintf(label, sizeof(label), "%s%s",
			 command->word ? command->word : "",
			 command->word ? ":" : "");
		print_wrapped(out, label, command->word ? INDENT : 0,
			      command->explain);
		for (j = 0; j < command->n_keywords; j++) {
			keyword = &command->keywords[j];
			if (!keyword->word ||
			    was_explained(object, i, keyword))
				continue;
			snprintf(label, sizeof(label), "  %s", keyword->word);
			print_wrapped(out, label, INDENT, keyword->explain);
		}
	}
}

/*
 * For completion, a line for each word, its fields parted by tabs:
 * option LETTER LONG VALUE, object OBJECT, command OBJECT COMMAND,
 * value OBJECT COMMAND PLACE VALUE, keyword OBJECT COMMAND KEYWORD VALUE,
 * flag OBJECT LETTER VALUE of an option behind its object.
 * The first command of an object is the one that can be left out. One that has
 * no word is an empty field, and has no line of its own. A keyword without a
 * value has an empty one.
 */
static void command_words(FILE *out, const char *object,
			  const struct command *command)
{
	const char *word = command->word ? command->word : "";
	const struct keyword *keyword;
	unsigned int i;

	if (command->word)
		fprintf(out, "command\t%s\t%s\n", object, word);
	for (i = 0; i < command->n_keywords; i++) {
		keyword = &command->keywords[i];
		if (keyword->word)
			fprintf(out, "keyword\t%s\t%s\t%s\t%s\n", object,
				word, keyword->word,
				keyword->metavar ? keyword->metavar : "");
		else
			fprintf(out, "value\t%s\t%s\t%u\t%s\n", object, word,
				i + 1, keyword->metavar);
	}
}

static void help_words(FILE *out)
{
	const struct object *object;
	unsigned int i, j;

	for (i = 0; i < n_options; i++)
		fprintf(out, "option\t-%c\t--%s\t%s\n", option_words[i].letter,
			option_words[i].word, option_words[i].metavar ?
			option_words[i].metavar : "");
	for (i = 0; i < n_objects; i++) {
		object = &objects[i];
		fprintf(out, "object\t%s\n", object->word);
		for (j = 0; j < object->n_commands; j++)
			command_words(out, object->word, &object->commands[j]);
		if (object->verbs)
			fprintf(out, "value\t%s\t\t1\t%s\n", object->word, object->verbs);
		for (j = 0; j < object->n_options; j++)
			fprintf(out, "flag\t%s\t-%c\t%s\n", object->word,
				object->options[j].letter, object->options[j].metavar ?
				object->options[j].metavar : "");
		if (!object->take && object->commands[0].word)
			fprintf(out, "command\t%s\thelp\n", object->word);
	}
	for (i = 0; i < n_objects; i++)
		fprintf(out, "command\thelp\t%s\n", objects[i].word);
	fputs("command\thelp\twords\n", out);
}

/**
 * help() - The object help.
 * @object: This object.
 * @words: What follows it.
 *
 * Return: The exit code.
 */
enum status help(const struct object *object, char **words)
{
	struct choice choice = { .count = 0 };
	unsigned int i;
	int index;

	(void)object;
	if (!*words) {
		help_usage(stdout);
		return STATUS_OK;
	}
	for (i = 0; i < n_objects; i++)
		choice_add(&choice, objects[i].word, false);
	choice_add(&choice, "words", false);
	index = choose(&choice, "help", words[0]);
	if (index < 0)
		return STATUS_USAGE;
	if (words[1])
		return fail(STATUS_USAGE,
			    "help %s %s: expected nothing after help %s",
			    choice.word[index], words[1], choice.word[index]);
	if ((unsigned int)index == n_objects)
		help_words(stdout);
	else
		help_object(stdout, &objects[index]);
	return STATUS_OK;
}
