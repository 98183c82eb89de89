// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of commands, one a line.
 */
#define _GNU_SOURCE	/* fopencookie() */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "lines.h"

#define MAX_LINE_WORDS	64
#define READ_AT_ONCE	65536

/* A file that is being read, and how what was done in between ended. */
struct source {
	int fd;
	idle_t *idle;
	enum status status;
};

/*
 * Here the file is read on, which may take as long as its writer likes: what
 * came so far must not wait for that.
 */
static ssize_t source_read(void *cookie, char *buffer, size_t size)
{
	struct source *source = cookie;
	ssize_t length;

	if (source->idle)
		source->status = source->idle();
	if (source->status) {
		errno = ECANCELED;
		return -1;
	}
	do {
		length = read(source->fd, buffer, size);
	} while (length < 0 && errno == EINTR);
	return length;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts a line into words. Returns how many, or -1 if they are too many. */
static int split(char *line, char **words)
{
	int count = 0;

	for (;;) {
		while (is_blank(*line))
			*line++ = '\0';
		if (!*line || *line == '#')
			break;
		if (count == MAX_LINE_WORDS)
			return -1;
		words[count++] = line;
		/* Most of what can be in a word is behind # in ASCII. */
		while (*line > '#' ||
		       (*line && *line != '#' && !is_blank(*line)))
			line++;
	}
	*line = '\0';
	words[count] = NULL;
	return count;
}

static enum status run_line(char *line, size_t length)
{
	char *words[MAX_LINE_WORDS + 1];
	int count;

	if (strlen(line) != length)
		return fail(STATUS_USAGE, "a NUL byte: expected text");
	count = split(line, words);
	if (count < 0)
		return fail(STATUS_USAGE, "expected at most %d words",
			    MAX_LINE_WORDS);
	return count ? run_words(words) : STATUS_OK;
}

/* A name that fail() says itself is not said again. */
static enum status fail_file(const char *name, const char *what)
{
	return opts.restore ? fail(STATUS_USAGE, "%s%s", what, strerror(errno)) :
		fail(STATUS_USAGE, "%s: %s%s", name, what, strerror(errno));
}

static enum status run_lines(FILE *file, const char *name,
			     struct source *source, unsigned long *number)
{
	enum status status = STATUS_OK;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while (!status) {
		errno = 0;
		length = getline(&line, &size, file);
		if (length < 0)
			break;
		++*number;
		status = run_line(line, length);
	}
	*number = 0;
	if (!status)
		status = source->status;
	if (!status && ferror(file))
		status = fail_file(name, "can't read: ");
	free(line);
	return status;
}

/**
 * lines_run() - Do the commands in a file, up to the first that fails.
 * @name: Its name; - is standard input.
 * @line: Where to keep the number of the line that is being done.
 * @idle: What to do before the next line is waited for; may be NULL.
 *
 * Return: The exit code.
 */
enum status lines_run(const char *name, unsigned long *line, idle_t *idle)
{
	const cookie_io_functions_t functions = { .read = source_read };
	struct source source = { .fd = STDIN_FILENO, .idle = idle };
	bool from_stdin = !strcmp(name, "-");
	enum status status;
	char *buffer;
	FILE *file;

	if (!from_stdin)
		source.fd = open(name, O_RDONLY | O_CLOEXEC);
	if (source.fd < 0)
		return fail_file(name, "");
	file = fopencookie(&source, "r", functions);
	buffer = malloc(READ_AT_ONCE);
	if (!file || !buffer || setvbuf(file, buffer, _IOFBF, READ_AT_ONCE))
		no_memory();
	status = run_lines(file, file_name(name), &source, line);
	fclose(file);
	free(buffer);
	if (!from_stdin)
		close(source.fd);
	return status;
}
