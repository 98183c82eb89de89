// SPDX-License-Identifier: GPL-2.0-only
/*
 * One HTTP request on the standard input, and its answer on the standard output:
 * both are a connection that systemd, or another inetd, has taken. How many of
 * them there are at once, and how long, is for that to limit.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "metrics.h"

#define HEAD_SIZE	8192	/* Prometheus's is a tenth of it */
#define SECONDS		20	/* for all of it, the client's part too */

/* What is asked for. */
struct request {
	char head[HEAD_SIZE + 1];
	const char *method;
	const char *target;
	const char *accept;
};

static const char plain[] = "text/plain; charset=utf-8";

static const char *const content_types[] = {
	[METRICS_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
	[METRICS_OPENMETRICS] =
		"application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* Of RFC 9110. */
enum code {
	CODE_OK = 200,
	CODE_BAD_REQUEST = 400,
	CODE_NOT_FOUND = 404,
	CODE_BAD_METHOD = 405,
	CODE_TOO_LARGE = 431,
	CODE_UNAVAILABLE = 503,
};

static const struct {
	enum code code;
	const char *reason;
	const char *more;
	const char *text;
} codes[] = {
	{ CODE_OK, "OK", "", "netlab's metrics are at /metrics\n" },
	{ CODE_BAD_REQUEST, "Bad Request", "",
	  "expected GET /metrics HTTP/1.1\n" },
	{ CODE_NOT_FOUND, "Not Found", "", "there is only /metrics here\n" },
	{ CODE_BAD_METHOD, "Method Not Allowed", "Allow: GET, HEAD\r\n",
	  "there is only GET here, and HEAD\n" },
	{ CODE_TOO_LARGE, "Request Header Fields Too Large", "",
	  "expected at most 8192 bytes\n" },
	{ CODE_UNAVAILABLE, "Service Unavailable", "",
	  "the counters can't be read: is the module loaded? The log has more\n" },
};

/* ---- the request */

/* Reads up to the empty line. Returns how long it is, 0 if there is no end. */
static size_t read_head(char *head)
{
	size_t used = 0;
	ssize_t length;

	while (used < HEAD_SIZE) {
		length = read(STDIN_FILENO, head + used, HEAD_SIZE - used);
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return 0;
		used += length;
		head[used] = '\0';
		if (strlen(head) != used)
			return 0;	/* no text has a NUL */
		if (strstr(head, "\r\n\r\n"))
			break;
	}
	return used;
}

/* The value of a field of the head, up to the line's end. */
static const char *find_field(char *lines, const char *name)
{
	size_t length = strlen(name);
	char *line, *next;

	for (line = lines; line; line = next) {
		next = strstr(line, "\r\n");
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (!strncasecmp(line, name, length) && line[length] == ':')
			return line + length + 1;
	}
	return "";
}

static enum code parse(struct request *request)
{
	size_t length = read_head(request->head);
	char *line = request->head, *end, *word;

	if (!length)
		return CODE_BAD_REQUEST;
	if (!strstr(request->head, "\r\n\r\n"))
		return CODE_TOO_LARGE;
	end = strstr(line, "\r\n");
	*end = '\0';
	request->method = strtok_r(line, " ", &word);
	request->target = strtok_r(NULL, " ", &word);
	if (!request->method || !request->target ||
	    strncmp(word, "HTTP/1.", 7))
		return CODE_BAD_REQUEST;
	request->accept = find_field(end + 2, "Accept");
	if (strcmp(request->method, "GET") && strcmp(request->method, "HEAD"))
		return CODE_BAD_METHOD;
	return CODE_OK;
}

/* Without the host, which a client may name, and without what is asked of it. */
static bool is_path(const char *target, const char *path)
{
	size_t length;

	if (!strncasecmp(target, "http://", 7)) {
		target = strchr(target + 7, '/');
		if (!target)
			target = "/";
	}
	length = strcspn(target, "?");
	return length == strlen(path) && !strncmp(target, path, length);
}

/* ---- the answer */

static void put_answer(const struct request *request, enum code code,
		       const char *type, const char *body, size_t length)
{
	time_t now = time(NULL);
	char date[64];
	struct tm tm;
	size_t i = 0;

	while (codes[i].code != code)
		i++;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (!body) {
		type = plain;
		body = codes[i].text;
		length = strlen(body);
	}
	printf("HTTP/1.1 %d %s\r\nDate: %s\r\n%sContent-Type: %s\r\n"
	       "Content-Length: %zu\r\nConnection: close\r\n\r\n", code,
	       codes[i].reason, date, codes[i].more, type, length);
	if (!request->method || strcmp(request->method, "HEAD"))
		fwrite(body, 1, length, stdout);
}

/*
 * A connection that is closed with something unread is cut off, and the answer
 * with it.
 */
static void hang_up(void)
{
	char rest[4096];

	if (fflush(stdout) || shutdown(STDOUT_FILENO, SHUT_WR))
		return;
	while (read(STDIN_FILENO, rest, sizeof(rest)) > 0)
		;
}

static enum status answer(const struct request *request, enum code code,
			  bool prefixes)
{
	enum metrics_format format = METRICS_PROMETHEUS;
	enum status status;
	char *body = NULL;
	size_t length = 0;
	FILE *out;

	if (code == CODE_OK && !is_path(request->target, "/metrics") &&
	    !is_path(request->target, "/"))
		code = CODE_NOT_FOUND;
	if (code != CODE_OK || is_path(request->target, "/")) {
		put_answer(request, code, NULL, NULL, 0);
		return STATUS_OK;
	}
	if (strstr(request->accept, "application/openmetrics-text"))
		format = METRICS_OPENMETRICS;
	out = open_memstream(&body, &length);
	if (!out)
		no_memory();
	status = metrics_print(out, format, prefixes);
	if (fclose(out))
		no_memory();
	if (status)
		put_answer(request, CODE_UNAVAILABLE, NULL, NULL, 0);
	else
		put_answer(request, code, content_types[format], body, length);
	free(body);
	return status;
}

/**
 * metrics_serve() - Answer one HTTP request with the counters as metrics.
 * @command: This command.
 * @values: Whether each prefix is wanted.
 *
 * Return: The exit code.
 */
enum status metrics_serve(const struct command *command,
			  const struct values *values)
{
	struct request request = { .accept = "" };
	enum status status;
	struct stat is;

	(void)command;
	if (fstat(STDIN_FILENO, &is) || !S_ISSOCK(is.st_mode))
		return fail(STATUS_USAGE,
			    "metrics serve: the standard input is no connection: expected to be started by netlab-metrics.socket, or by an inetd");
	signal(SIGPIPE, SIG_IGN);	/* who doesn't listen any more */
	alarm(SECONDS);
	status = answer(&request, parse(&request), values->given[0]);
	hang_up();
	/* Whether it arrived is the client's to know. */
	return status;
}
