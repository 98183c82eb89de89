// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options, complaints, and printing that is safe for a terminal.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool.h"

/* Text is wrapped for a terminal of 80 columns. */
#define WIDTH	79

struct options opts;
enum status (*settle)(void);
void (*complain)(const char *text);

static bool printable(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

/**
 * escape() - Make text harmless for a terminal.
 * @to: Where to write it.
 * @size: Size of @to; what doesn't fit is cut off.
 * @from: Text from the kernel, a file or the command line.
 *
 * All but printable ASCII becomes \xNN: an escape sequence in a name must not
 * reach the terminal.
 *
 * Return: @to.
 */
char *escape(char *to, size_t size, const char *from)
{
	size_t used = 0;

	for (; *from; from++) {
		unsigned char c = *from;
		size_t need = printable(c) ? 1 : 4;

		if (used + need >= size)
			break;
		if (printable(c))
			to[used] = c;
		else
			snprintf(to + used, size - used, "\\x%02x", c);
		used += need;
	}
	to[used] = '\0';
	return to;
}

/**
 * no_memory() - Give up for want of memory.
 */
void no_memory(void)
{
	fputs("netlab: no memory\n", stderr);
	exit(STATUS_USAGE);
}

/**
 * file_name() - How complaints call a file.
 * @file: What the command line calls it.
 *
 * Return: Its name.
 */
const char *file_name(const char *file)
{
	return strcmp(file, "-") ? file : "stdin";
}

/**
 * monotonic() - What time it is.
 *
 * Return: Seconds of CLOCK_MONOTONIC.
 */
double monotonic(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Where it went wrong. Returns its length. */
static size_t put_place(char *to, size_t size)
{
	int used = 0, more = 0;

	*to = '\0';
	if (opts.line)
		used = snprintf(to, size, "%s:%lu: ", file_name(opts.batch),
				opts.line);
	if (used < (int)size && opts.restore)
		more = snprintf(to + used, size - used, "restore %s: ",
				file_name(opts.restore));
	if (used + more < (int)size && opts.restore && opts.restore_line)
		snprintf(to + used + more, size - used - more, "line %lu: ",
			 opts.restore_line);
	return strlen(to);
}

/**
 * fail() - Say what went wrong, in JSON if that was asked for.
 * @status: The exit code that goes with it.
 * @format: A sentence, without a full stop or a newline.
 *
 * Return: @status, for the caller to return.
 */
enum status fail(enum status status, const char *format, ...)
{
	char raw[4096], text[4 * sizeof(raw)];
	struct json_object *object;
	enum status (*earlier)(void) = settle;
	enum status before;
	va_list args;
	size_t used;

	settle = NULL;	/* its own complaints come at once */
	before = earlier ? earlier() : STATUS_OK;
	settle = earlier;
	if (before)
		return before;

	used = put_place(raw, sizeof(raw) / 2);
	va_start(args, format);
	vsnprintf(raw + used, sizeof(raw) - used, format, args);
	va_end(args);
	escape(text, sizeof(text), raw);

	if (complain) {
		complain(text);
		return status;
	}
	/* The answers so far come before the complaint, in a pipe too. */
	fflush(stdout);
	if (!opts.json) {
		fprintf(stderr, "netlab: %s\n", text);
		return status;
	}

	object = json_object_new_object();
	json_object_object_add(object, "error", json_object_new_string(text));
	json_object_object_add(object, "exit", json_object_new_int(status));
	fprintf(stderr, "%s\n",
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return status;
}

/**
 * flush_output() - See that what was printed has reached its file: a disk may be
 * full.
 *
 * Return: STATUS_OK, or STATUS_USAGE after a complaint.
 */
enum status flush_output(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return STATUS_OK;
	return fail(STATUS_USAGE, "can't write the output: %s",
		    strerror(errno ? errno : EIO));
}

/**
 * json_text() - Write JSON as the options say.
 * @object: The document, or a part of it.
 *
 * Return: Its text, which is the object's.
 */
const char *json_text(struct json_object *object)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text;

	if (opts.pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	text = json_object_to_json_string_ext(object, flags);
	if (!text)
		no_memory();
	return text;
}

/**
 * print_json() - Print one JSON document and a newline.
 * @out: Where to.
 * @object: The document; the caller keeps it.
 */
void print_json(FILE *out, struct json_object *object)
{
	fprintf(out, "%s\n", json_text(object));
}

/**
 * print_wrapped() - Print a label and a text beside it.
 * @out: Where to.
 * @label: What stands before the first line.
 * @indent: Column in which each line of the text begins.
 * @text: Words, with single spaces between them; what stands in brackets stays
 *	together.
 */
void print_wrapped(FILE *out, const char *label, unsigned int indent,
		   const char *text)
{
	unsigned int column = fprintf(out, "%s", label);
	bool first = true;

	if (column >= indent && column)
		column = indent + WIDTH;	/* the text begins on a line of its own */
	while (*text) {
		unsigned int length = *text == '[' ? strcspn(text, "]") + 1 :
						     strcspn(text, " ");

		if (first && column < indent) {
			fprintf(out, "%*s", indent - column, "");
			column = indent;
		} else if (column + 1 + length > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, length, out);
		column += length;
		text += length;
		text += strspn(text, " ");
		first = false;
	}
	fputc('\n', out);
}
