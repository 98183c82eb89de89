// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlab: options, then one command, a batch of them, or one again and again.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "commands.h"
#include "nl.h"

#ifndef NETLAB_VERSION
#error "NETLAB_VERSION is the Makefile's to say"
#endif

#define MAX_OPTIONS	16

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/*
 * A socket must not become the standard output of a caller that closed it: what
 * is printed would be sent to the kernel.
 */
static void hold_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(STATUS_USAGE);
}

static bool color_auto(void)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) &&
	       term && strcmp(term, "dumb");
}

/* As iproute2 takes it: -c, -c=auto, -color=auto, --color=auto. */
static enum status parse_color(const char *word)
{
	struct choice choice = { .count = 0 };
	const char *rest = "olor";
	int index = 0;

	/* getopt leaves what stands behind the -c. */
	while (word && *word && *word == *rest) {
		word++;
		rest++;
	}
	choice_add(&choice, "always", false);
	choice_add(&choice, "auto", false);
	choice_add(&choice, "never", false);
	if (word && *word)
		index = choose(&choice, "--color", word + (*word == '='));
	if (index < 0)
		return STATUS_USAGE;
	opts.color = index == 1 ? color_auto() : !index;
	opts.plain = index == 2;
	return STATUS_OK;
}

static enum status take_option(int letter, const char *value)
{
	switch (letter) {
	case 'j':
		opts.json = true;
		break;
	case 'p':
		opts.pretty = true;
		break;
	case 'n':
		opts.netns = value;
		break;
	case 'a':
		opts.all = true;
		break;
	case 'w':
		if (!parse_seconds(value, &opts.watch))
			return fail(STATUS_USAGE,
				    "--watch %s: expected 0.01 to 86400 seconds",
				    *value ? value : "\"\"");
		break;
	case 'e':
		opts.explain = true;
		break;
	case 'v':
		opts.verbose = true;
		break;
	case 'N':
		opts.names = true;
		break;
	case 'b':
		opts.batch = value;
		break;
	case 'c':
		return parse_color(value);
	}
	return STATUS_OK;
}

/* What getopt makes of the table of options. */
static void fill_options(char *letters, struct option *options)
{
	const struct option_word *word;
	unsigned int i;

	*letters++ = '+';	/* up to the object */
	*letters++ = ':';	/* complaints are ours */
	for (i = 0; i < n_options; i++) {
		word = &option_words[i];
		options[i].name = word->word;
		options[i].val = word->letter;
		options[i].has_arg = !word->metavar ? no_argument :
			word->optional ? optional_argument : required_argument;
		*letters++ = word->letter;
		if (word->metavar)
			*letters++ = ':';
		if (word->optional)
			*letters++ = ':';
	}
	*letters = '\0';
}

static enum status bad_option(int letter, char **argv)
{
	const char *said = argv[optind - 1];
	char name[3] = { '-', optopt, '\0' };

	if (strncmp(said, "--", 2))
		said = name;
	if (letter == ':')
		return fail(STATUS_USAGE, "%s: expected a value", said);
	if (strchr(said, '=') && optopt)
		return fail(STATUS_USAGE, "%s: takes no value", said);
	return fail(STATUS_USAGE,
		    "%s: no such option, or several: see \"netlab -h\"", said);
}

/* Sets *done if the options were all there was to do. */
static enum status parse_options(int argc, char **argv, bool *done)
{
	struct option options[MAX_OPTIONS] = { 0 };
	char letters[3 * MAX_OPTIONS + 3];
	enum status status;
	int letter, i;

	/* For a complaint about an option that stands before it. */
	for (i = 1; i < argc && argv[i][0] == '-'; i++)
		if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--json"))
			opts.json = true;

	fill_options(letters, options);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		switch (letter) {
		case 'V':
			puts("netlab " NETLAB_VERSION);
			*done = true;
			return STATUS_OK;
		case 'h':
			help_usage(stdout);
			*done = true;
			return STATUS_OK;
		case '?':
		case ':':
			return bad_option(letter, argv);
		}
		status = take_option(letter, optarg);
		if (status)
			return status;
	}
	return STATUS_OK;
}

/* Waits until a time of CLOCK_MONOTONIC, in seconds, or for Ctrl-C. */
static void wait_until(double when)
{
	struct timespec left = { 0 };
	double seconds = when - monotonic();
	sigset_t block, before;

	if (seconds > 0) {
		left.tv_sec = (time_t)seconds;
		left.tv_nsec = (seconds - (double)left.tv_sec) * 1e9;
	}
	/* So that Ctrl-C can't come between looking for it and waiting. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &before);
	sigdelset(&before, SIGINT);
	if (!interrupted)
		pselect(0, NULL, NULL, NULL, &left, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/*
 * The first Ctrl-C lets the reading come to its end; the second is for one that
 * can't, because nobody reads the pipe.
 */
static enum status run_watch(char **words)
{
	struct sigaction action = {
		.sa_handler = interrupt,
		.sa_flags = SA_RESTART | SA_RESETHAND,
	};
	bool terminal = isatty(STDOUT_FILENO);
	enum status status = STATUS_OK;
	double next = monotonic();
	bool first = true;

	sigaction(SIGINT, &action, NULL);
	while (!interrupted) {
		if (!opts.json && terminal)
			fputs("\033[H\033[J", stdout);
		else if (!opts.json && !first)
			fputc('\n', stdout);
		first = false;
		status = run_words(words);
		if (!status)
			status = flush_output();
		/* Some do by themselves. */
		if (status || !opts.watch)
			break;
		/* The module may be another by then, and so its number. */
		nl_close();

		next += opts.watch;
		if (next < monotonic())	/* it was stopped: don't catch up */
			next = monotonic();
		wait_until(next);
	}
	return status;
}

static enum status run(char **words)
{
	if (opts.batch && *words)
		return fail(STATUS_USAGE,
			    "%s: expected nothing: the commands are in %s",
			    *words, opts.batch);
	if (opts.batch && opts.watch > 0)
		return fail(STATUS_USAGE,
			    "--watch repeats one command, not those of --batch");
	if (opts.batch)
		return batch_run();
	if (!*words) {
		if (opts.json)
			return fail(STATUS_USAGE, "expected an object: see \"netlab help\"");
		help_usage(stderr);
		return STATUS_USAGE;
	}
	if (opts.watch > 0)
		return run_watch(words);
	return run_words(words);
}

int main(int argc, char **argv)
{
	enum status status, flushed;
	bool done = false;

	hold_standard_files();
	status = parse_options(argc, argv, &done);
	if (!status && !done)
		status = run(argv + optind);
	nl_close();
	flushed = status ? STATUS_OK : flush_output();
	return status ? status : flushed;
}
