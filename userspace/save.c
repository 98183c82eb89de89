// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object save: the responder's state as the commands that make it.
 */
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "echo.h"
#include "prefix.h"
#include "save.h"

/* A device's name can have what a file of commands can't say. */
static enum status check_name(const char *name)
{
	char text[4 * IF_NAMESIZE];

	escape(text, sizeof(text), name);
	if (!strcmp(name, text) && !strchr(name, '#'))
		return STATUS_OK;
	return fail(STATUS_USAGE,
		    "save: the device \"%s\" can't be named in a file: expected a name of printable ASCII without #",
		    name);
}

static enum status check_names(const struct echo *echo, const struct rows *rows)
{
	enum status status = STATUS_OK;
	char name[IF_NAMESIZE];
	const char *proxy;
	size_t i;

	for (i = 0; !status && i < echo->n_direct; i++)
		if (if_indextoname(echo->direct[i], name))
			status = check_name(name);
	for (i = 0; !status && i < rows->count; i++) {
		proxy = row_at(rows, i)[PREFIX_PROXY].text;
		if (proxy)
			status = check_name(proxy);
	}
	return status;
}

static void print_echo(FILE *out, const struct echo *echo)
{
	char name[IF_NAMESIZE];
	unsigned int i;

	fputs("echo set", out);
	for (i = 0; i < n_echo_settings; i++) {
		fputc(' ', out);
		print_setting(out, &echo_settings[i], echo->setting[i]);
	}
	fputc('\n', out);
	for (i = 0; i < echo->n_direct; i++)
		if (if_indextoname(echo->direct[i], name))
			fprintf(out, "echo direct %s on\n", name);
}

/* What isn't said is what it is where nothing is said. */
static void print_prefix(FILE *out, const union cell *row)
{
	const char *text = row[PREFIX_BLOCK].text;

	if (!text)
		return;
	fprintf(out, "prefix add %s", text);
	if (row[PREFIX_RATE].number)
		fprintf(out, " rate %" PRIu64, row[PREFIX_RATE].number);
	if (row[PREFIX_BURST].number)
		fprintf(out, " burst %" PRIu64, row[PREFIX_BURST].number);
	if (row[PREFIX_MAX_SIZE].number != 65535)
		fprintf(out, " max-size %" PRIu64, row[PREFIX_MAX_SIZE].number);
	if (row[PREFIX_PROXY].text)
		fprintf(out, " proxy %s", row[PREFIX_PROXY].text);
	if (!strcmp(text, "0.0.0.0/0") || !strcmp(text, "::/0"))
		fputs(" force", out);
	fputc('\n', out);
}

/**
 * save() - Print the responder's state as commands.
 * @command: This command.
 * @values: Nothing.
 *
 * Return: The exit code.
 */
enum status save(const struct command *command, const struct values *values)
{
	struct rows rows = { 0 };
	enum status status;
	struct echo echo;
	size_t i;

	(void)command;
	(void)values;
	status = echo_read(&echo);
	if (!status)
		status = prefix_read(&rows);
	if (!status)
		status = check_names(&echo, &rows);
	if (!status) {
		print_echo(stdout, &echo);
		for (i = 0; i < rows.count; i++)
			print_prefix(stdout, row_at(&rows, i));
	}
	rows_clear(&rows);
	echo_clear(&echo);
	return status;
}
