/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every part of the tool needs: the options, the exit codes, and the two
 * ways out for text, an answer on stdout and a complaint on stderr.
 */
#ifndef NETLAB_TOOL_H
#define NETLAB_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json_object;

/**
 * enum status - Exit codes of the tool.
 * @STATUS_OK: Done.
 * @STATUS_USAGE: The command line, a file or the output is at fault.
 * @STATUS_REFUSED: The kernel refused.
 * @STATUS_NOT_LOADED: The module isn't loaded.
 * @STATUS_NO_ANSWER: Nobody answered what was sent.
 */
enum status {
	STATUS_OK,
	STATUS_USAGE,
	STATUS_REFUSED,
	STATUS_NOT_LOADED,
	STATUS_NO_ANSWER,
};

/**
 * struct options - What the command line's options said.
 * @json: Print JSON, errors too.
 * @pretty: Print that JSON indented.
 * @all: Ask for rows in which everything is zero, too.
 * @explain: Print what the columns mean instead of a reading.
 * @color: Use colour; -c asked for it.
 * @plain: Never use it; -c asked for that.
 * @verbose: Say more of each packet.
 * @names: Names for ports.
 * @watch: Seconds between readings; 0 to read once.
 * @netns: Network namespace to work in, or NULL for the caller's.
 * @batch: File of commands, or NULL.
 * @line: Line of @batch that is being done, or 0.
 * @restore: File whose lines are being restored, or NULL.
 * @restore_line: The one that is looked at, or 0.
 */
struct options {
	bool json;
	bool pretty;
	bool all;
	bool explain;
	bool color;
	bool plain;
	bool verbose;
	bool names;
	double watch;
	const char *netns;
	const char *batch;
	unsigned long line;
	const char *restore;
	unsigned long restore_line;
};

extern struct options opts;

/*
 * Settles what is still on its way before a complaint about what follows it;
 * if that fails, it has complained itself. NULL if there is nothing of the kind.
 */
extern enum status (*settle)(void);

/* Takes complaints instead of stderr, while a command has the screen; or NULL. */
extern void (*complain)(const char *text);

enum status fail(enum status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum status flush_output(void);
char *escape(char *to, size_t size, const char *from);
void print_wrapped(FILE *out, const char *label, unsigned int indent,
		   const char *text);
const char *json_text(struct json_object *object);
void print_json(FILE *out, struct json_object *object);
const char *file_name(const char *file);
double monotonic(void);
void no_memory(void) __attribute__((noreturn));

#endif /* NETLAB_TOOL_H */
