// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of objects, commands, keywords and options, and the way from words
 * to the function that does it.
 */
#include <libmnl/libmnl.h>
#include <linux/netlab.h>
#include <stdlib.h>

#include "commands.h"
#include "echo.h"
#include "names.h"
#include "stats.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

const struct option_word option_words[] = {
	{ 'j', "json", NULL, false,
	  "Print JSON, errors too." },
	{ 'p', "pretty", NULL, false,
	  "Print that JSON indented." },
	{ 'n', "netns", "NAME", false,
	  "Work in the network namespace NAME of \"ip netns\", or in that of a path with a / in it." },
	{ 'a', "all", NULL, false,
	  "Rows in which everything is zero, too." },
	{ 'w', "watch", "SECONDS", false,
	  "Repeat every SECONDS, which may have a fraction, until Ctrl-C." },
	{ 'e', "explain", NULL, false,
	  "Print what each column and each name in it means, instead of a reading." },
	{ 'b', "batch", "FILE", false,
	  "Do the commands in FILE, one a line, up to the first that fails; - is standard input." },
	{ 'c', "color", "always|auto|never", true,
	  "Colour, in text: always where just -c is given, never where it isn't; auto is on a terminal, unless NO_COLOR is set." },
	{ 'V', "version", NULL, false,
	  "Print the tool's version." },
	{ 'h', "help", NULL, false,
	  "Print this." },
};
const unsigned int n_options = COUNT(option_words);

static const struct keyword stats_filters[] = {
	{
		.word = "family",
		.metavar = "ipv4|ipv6|arp",
		.words = &families,
		.attr = NETLAB_A_STATS_FAMILY,
		.size = 1,
		.explain = "Only rows of this family.",
	}, {
		.word = "hook",
		.metavar = "prerouting|input|forward|output|postrouting",
		.words = &hooks,
		.attr = NETLAB_A_STATS_HOOK,
		.size = 1,
		.explain = "Only rows of this hook.",
	}, {
		.word = "proto",
		.metavar = "PROTOCOL",
		.kind = VALUE_PROTOCOL,
		.attr = NETLAB_A_STATS_PROTOCOL,
		.size = 1,
		.explain = "Only rows of this IP protocol, a number from 0 to 255 or a name as in /etc/protocols. Tables without protocols are left out.",
	}, {
		.word = "dev",
		.metavar = "DEV",
		.kind = VALUE_DEVICE,
		.attr = NETLAB_A_STATS_IFINDEX,
		.size = 4,
		.explain = "Only rows of this device, of the namespace that --netns names. Tables without devices are left out.",
	},
};

static const struct command stats_commands[] = {
	{
		.word = "show",
		.keywords = stats_filters,
		.n_keywords = COUNT(stats_filters),
		.reads = true,
		.run = stats_show,
		.explain = "What passed each hook and each device, with which protocols, of which kinds and sizes, what was odd about it, and how much of it vanished.",
	}, {
		.word = "reset",
		.run = stats_reset,
		.explain = "Begin a new epoch, in which every counter is zero.",
	},
};

const struct keyword echo_settings[] = {
	{
		.word = "local",
		.metavar = "on|off",
		.words = &switches,
		.attr = NETLAB_A_ECHO_LOCAL,
		.size = 1,
		.explain = "Whether netlab answers echo requests for the namespace's own addresses.",
	}, {
		.word = "rate",
		.metavar = "PPS|unlimited",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.unit = "packets per second",
		.zero = "unlimited",
		.attr = NETLAB_A_ECHO_RATE,
		.size = 4,
		.explain = "Replies per second for the whole namespace.",
	}, {
		.word = "burst",
		.metavar = "N|auto",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.unit = "packets",
		.zero = "auto",
		.attr = NETLAB_A_ECHO_BURST,
		.size = 4,
		.explain = "Replies that may leave at once after a pause; auto is what the rate gives in a tenth of a second, and at least 1.",
	}, {
		.word = "source-rate",
		.metavar = "PPS|unlimited",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.unit = "packets per second",
		.zero = "unlimited",
		.attr = NETLAB_A_ECHO_SOURCE_RATE,
		.size = 4,
		.explain = "Replies per second for one source, an IPv4 address or an IPv6 /64.",
	}, {
		.word = "max-size",
		.metavar = "BYTES",
		.kind = VALUE_NUMBER,
		.min = 28,
		.max = 65535,
		.unit = "bytes",
		.attr = NETLAB_A_ECHO_MAX_SIZE,
		.size = 4,
		.explain = "Largest request that is answered, in layer-3 bytes.",
	},
};
const unsigned int n_echo_settings = COUNT(echo_settings);

static const struct command echo_commands[] = {
	{
		.word = "show",
		.reads = true,
		.run = echo_show,
		.explain = "The responder's configuration, and what became of each echo request.",
	}, {
		.word = "set",
		.keywords = echo_settings,
		.n_keywords = COUNT(echo_settings),
		.needs_words = true,
		.run = echo_set,
		.explain = "Change the responder's configuration; what isn't named stays.",
	},
};

const struct object objects[] = {
	{
		.word = "stats",
		.commands = stats_commands,
		.n_commands = COUNT(stats_commands),
		.explain = "The counters of the network namespace.",
	}, {
		.word = "echo",
		.commands = echo_commands,
		.n_commands = COUNT(echo_commands),
		.explain = "The responder, which answers ICMP and ICMPv6 echo requests.",
	}, {
		.word = "help",
		.help = help,
		.explain = "How the tool is used.",
	},
};
const unsigned int n_objects = COUNT(objects);

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
		if (!values->given[i])
			continue;
		if (keyword->size == 1)
			mnl_attr_put_u8(message, keyword->attr,
					values->value[i]);
		else
			mnl_attr_put_u32(message, keyword->attr,
					 values->value[i]);
	}
}

/*
 * Whether a command can be what a prefix means, going by the word that follows
 * it: "echo s" can only be show, "echo s local off" only set.
 */
static bool command_fits(const struct command *command, const char *next)
{
	unsigned int i;

	if (!next)
		return !command->needs_words;
	for (i = 0; i < command->n_keywords; i++)
		if (is_prefix(next, command->keywords[i].word))
			return true;
	return false;
}

/* There are options that only a command which prints a reading can have. */
static enum status check_options(const char *place, bool reads)
{
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

static enum status run_command(const struct command *command,
			       const char *place, char **words)
{
	struct values values;
	enum status status;

	status = check_options(place, command->reads);
	if (!status)
		status = parse_values(command, place, words, &values);
	return status ? status : command->run(command, &values);
}

static enum status run_object(const struct object *object, char **words)
{
	const struct command *first = &object->commands[0];
	struct choice choice = { .count = 0 };
	unsigned int i, help_index;
	char place[64];
	int index;

	if (!*words)
		return run_command(first, object->word, words);

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

	snprintf(place, sizeof(place), "%s %s", object->word,
		 choice.word[index]);
	if ((unsigned int)index < help_index)
		return run_command(&object->commands[index], place, words + 1);
	if (words[1])
		return fail(STATUS_USAGE, "%s %s: expected nothing after %s",
			    place, words[1], place);
	if (check_options(place, false))
		return STATUS_USAGE;
	help_object(stdout, object);
	return STATUS_OK;
}

/**
 * run_words() - Do what the words after the options say.
 * @words: An object and what follows it, up to NULL.
 *
 * Return: The exit code; if it isn't 0, the complaint was printed.
 */
enum status run_words(char **words)
{
	struct choice choice = { .count = 0 };
	unsigned int i;
	int index;

	for (i = 0; i < n_objects; i++)
		choice_add(&choice, objects[i].word, false);
	index = choose(&choice, "", words[0]);
	if (index < 0)
		return STATUS_USAGE;
	if (objects[index].help)
		return check_options(objects[index].word, false) ? STATUS_USAGE :
			objects[index].help(words + 1);
	return run_object(&objects[index], words + 1);
}
