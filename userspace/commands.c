// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of objects, commands, keywords and options.
 */
#include <linux/netlab.h>

#include "commands.h"
#include "doctor.h"
#include "echo.h"
#include "metrics.h"
#include "monitor.h"
#include "names.h"
#include "ping.h"
#include "prefix.h"
#include "restore.h"
#include "save.h"
#include "stats.h"
#include "top.h"
#include "trace.h"
#include "udp.h"

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
	{ 'v', "verbose", NULL, false,
	  "Show monitor's packets with the sk_buff that each was in." },
	{ 'N', "names", NULL, false,
	  "Name monitor's ports, as in /etc/services." },
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

static const struct command top_commands[] = {
	{
		.reads = true,
		.run = top,
		.explain = "What passes now, per second, on a terminal: by hook, protocol and device, with the last minute of each; sizes, echo requests, and what vanishes between hooks. The key h lists the keys.",
	},
};

static const struct keyword monitor_words[] = {
	{
		.word = "family",
		.metavar = "ipv4|ipv6",
		.words = &two_families,
		.attr = NETLAB_A_MONITOR_FAMILY,
		.size = 1,
		.explain = "Only packets of this family.",
	}, {
		.word = "hook",
		.metavar = "prerouting|input|forward|output|postrouting",
		.words = &hooks,
		.attr = NETLAB_A_MONITOR_HOOK,
		.size = 1,
		.explain = "Only at this hook; else a packet is seen at each that it passes.",
	}, {
		.word = "proto",
		.metavar = "PROTOCOL",
		.kind = VALUE_PROTOCOL,
		.attr = NETLAB_A_MONITOR_PROTOCOL,
		.size = 1,
		.explain = "Only with this IP protocol, a number from 0 to 255 or a name as in /etc/protocols.",
	}, {
		.word = "dev",
		.metavar = "DEV",
		.kind = VALUE_DEVICE,
		.attr = NETLAB_A_MONITOR_IFINDEX,
		.size = 4,
		.explain = "Only those that come or go by this device, of the namespace that --netns names.",
	}, {
		.word = "prefix",
		.metavar = "PREFIX",
		.kind = VALUE_BLOCK,
		.attr = NETLAB_A_MONITOR_ADDRESS,
		.explain = "Only those from or to such an address.",
	}, {
		.word = "sample",
		.metavar = "N",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.unit = "packets",
		.attr = NETLAB_A_MONITOR_SAMPLE,
		.size = 4,
		.explain = "One in N of those; each CPU counts by itself.",
	}, {
		.word = "snaplen",
		.metavar = "BYTES",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = 65535,
		.unit = "bytes",
		.attr = NETLAB_A_MONITOR_SNAPLEN,
		.size = 4,
		.explain = "How much of each the module tells: 128 bytes from the IP header on, and all of it with write, where this isn't given.",
	}, {
		.word = "count",
		.metavar = "N",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.unit = "packets",
		.explain = "End after N packets.",
	}, {
		.word = "write",
		.metavar = "FILE",
		.kind = VALUE_FILE,
		.explain = "Put them into FILE, for tcpdump and Wireshark, instead of printing them; - is standard output.",
	},
};

static const struct command monitor_commands[] = {
	{
		.keywords = monitor_words,
		.n_keywords = COUNT(monitor_words),
		.tells = true,
		.run = monitor,
		.explain = "Show packets as the module sees them at the hooks, until Ctrl-C: first of all at prerouting and output, last of all, but before netlab answers, at the others.",
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
		.explain = "Replies that may leave at once after a pause; auto is what the rate gives in a fiftieth of a second, and at least 1.",
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

static const struct keyword direct_words[] = {
	{
		.metavar = "DEV",
		.kind = VALUE_DEVICE,
		.attr = NETLAB_A_DIRECT_IFINDEX,
		.size = 4,
	}, {
		.metavar = "on|off",
		.words = &switches,
		.attr = NETLAB_A_DIRECT_ENABLE,
		.size = 1,
	},
};

static const struct command echo_commands[] = {
	{
		.word = "show",
		.reads = true,
		.run = echo_show,
		.explain = "The responder's configuration, the devices with direct on, and what became of each echo request.",
	}, {
		.word = "set",
		.keywords = echo_settings,
		.n_keywords = COUNT(echo_settings),
		.needs_words = true,
		.run = echo_set,
		.restore = restore_echo_set,
		.explain = "Change the responder's configuration; what isn't named stays.",
	}, {
		.word = "direct",
		.keywords = direct_words,
		.n_keywords = COUNT(direct_words),
		.run = echo_direct,
		.restore = restore_echo_direct,
		.explain = "Answer echo requests at DEV's ingress, or no longer. No firewall, connection tracking or reverse path filter sees them: see netlab(8).",
	},
};

/* Of a prefix that is added or replaced; that alone where one is named. */
static const struct keyword prefix_settings[] = {
	{
		.metavar = "PREFIX",
		.kind = VALUE_BLOCK,
		.attr = NETLAB_A_PREFIX_ADDRESS,
	}, {
		.word = "rate",
		.metavar = "PPS|unlimited",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.unit = "packets per second",
		.zero = "unlimited",
		.zero_is_unsaid = true,
		.attr = NETLAB_A_PREFIX_RATE,
		.size = 4,
		.explain = "Replies per second for the prefix, beside the namespace's own rate; unlimited where it isn't given.",
	}, {
		.word = "burst",
		.metavar = "N|auto",
		.kind = VALUE_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.unit = "packets",
		.zero = "auto",
		.zero_is_unsaid = true,
		.attr = NETLAB_A_PREFIX_BURST,
		.size = 4,
		.explain = "Replies that may leave at once after a pause; auto, as where it isn't given, is what the rate gives in a fiftieth of a second, and at least 1.",
	}, {
		.word = "max-size",
		.metavar = "BYTES",
		.kind = VALUE_NUMBER,
		.min = 28,
		.max = 65535,
		.unit = "bytes",
		.attr = NETLAB_A_PREFIX_MAX_SIZE,
		.size = 4,
		.explain = "Largest request that is answered, in layer-3 bytes; any where it isn't given.",
	}, {
		.word = "proxy",
		.metavar = "DEV",
		.kind = VALUE_DEVICE,
		.attr = NETLAB_A_PREFIX_PROXY,
		.size = 4,
		.explain = "Answer ARP requests and neighbour solicitations for the prefix's addresses on this device's link, too.",
	}, {
		.word = "force",
		.kind = VALUE_FLAG,
		.attr = NETLAB_A_PREFIX_FORCE,
		.explain = "Take 0.0.0.0/0 or ::/0, too.",
	},
};

static const struct command prefix_commands[] = {
	{
		.word = "show",
		.reads = true,
		.run = prefix_show,
		.explain = "The prefixes, their limits, and what became of the requests for each.",
	}, {
		.word = "add",
		.keywords = prefix_settings,
		.n_keywords = COUNT(prefix_settings),
		.queues = true,
		.run = prefix_add,
		.restore = restore_prefix_add,
		.explain = "Answer for one more block of addresses. PREFIX is an address, or one with a length, as 198.51.100.0/24.",
	}, {
		.word = "replace",
		.keywords = prefix_settings,
		.n_keywords = COUNT(prefix_settings),
		.run = prefix_replace,
		.explain = "The same; if the prefix is there, it takes its place, with new counters.",
	}, {
		.word = "del",
		.keywords = prefix_settings,
		.n_keywords = 1,
		.run = prefix_del,
		.explain = "Answer for it no longer.",
	}, {
		.word = "flush",
		.run = prefix_flush,
		.explain = "Answer for no prefix any longer.",
	},
};

static const struct command save_commands[] = {
	{
		.run = save,
		.explain = "Print the commands that make the responder what it is: for \"netlab restore\", or for --batch.",
	},
};

static const struct keyword restore_words[] = {
	{
		.metavar = "FILE",
		.kind = VALUE_FILE,
	},
};

static const struct command restore_commands[] = {
	{
		.keywords = restore_words,
		.n_keywords = COUNT(restore_words),
		.run = restore,
		.explain = "Make the responder what the lines of FILE say, echo set, echo direct and prefix add, at once and all of it or nothing; - is standard input. What they don't say becomes as it was when the module was loaded.",
	},
};

/* All of write's; show has those behind the file, serve the last. */
static const struct keyword metrics_words[] = {
	{
		.metavar = "FILE",
		.kind = VALUE_FILE,
	}, {
		.word = "format",
		.metavar = "prometheus|openmetrics",
		.words = &metrics_formats,
		.explain = "Prometheus's text format 0.0.4, as where nothing is said, or OpenMetrics 1.0.0.",
	}, {
		.word = "prefixes",
		.kind = VALUE_FLAG,
		.explain = "The counters of each prefix, too; there may be a million.",
	},
};

static const struct command metrics_commands[] = {
	{
		.word = "show",
		.keywords = &metrics_words[1],
		.n_keywords = 2,
		.run = metrics_show,
		.explain = "Print all counters, outcomes and settings as metrics.",
	}, {
		.word = "write",
		.keywords = metrics_words,
		.n_keywords = COUNT(metrics_words),
		.run = metrics_write,
		.explain = "Put them into FILE, for node_exporter's textfile collector: it is replaced at once, or stays as it is where anything fails.",
	}, {
		.word = "serve",
		.keywords = &metrics_words[2],
		.n_keywords = 1,
		.run = metrics_serve,
		.explain = "Answer one HTTP request for /metrics on the connection that is the standard input, as netlab-metrics.socket starts it.",
	},
};

static const struct command doctor_commands[] = {
	{
		.run = doctor,
		.explain = "Say what keeps netlab from being loaded or used here, and the command that mends it. It changes nothing.",
	},
};

const struct object objects[] = {
	{
		.word = "stats",
		.commands = stats_commands,
		.n_commands = COUNT(stats_commands),
		.explain = "The counters of the network namespace.",
	}, {
		.word = "top",
		.commands = top_commands,
		.n_commands = COUNT(top_commands),
		.explain = "The rates, live.",
	}, {
		.word = "monitor",
		.commands = monitor_commands,
		.n_commands = COUNT(monitor_commands),
		.explain = "Packets as they pass the hooks.",
	}, {
		.word = "echo",
		.commands = echo_commands,
		.n_commands = COUNT(echo_commands),
		.explain = "The responder, which answers ICMP and ICMPv6 echo requests.",
	}, {
		.word = "prefix",
		.commands = prefix_commands,
		.n_commands = COUNT(prefix_commands),
		.explain = "Blocks of addresses that netlab answers for, beside the namespace's own.",
	}, {
		.word = "save",
		.commands = save_commands,
		.n_commands = COUNT(save_commands),
		.explain = "The responder's configuration and prefixes, as commands.",
	}, {
		.word = "restore",
		.commands = restore_commands,
		.n_commands = COUNT(restore_commands),
		.explain = "Such commands from a file, in the place of what is.",
	}, {
		.word = "metrics",
		.commands = metrics_commands,
		.n_commands = COUNT(metrics_commands),
		.explain = "The counters for Prometheus.",
	}, {
		.word = "doctor",
		.commands = doctor_commands,
		.n_commands = COUNT(doctor_commands),
		.explain = "Why netlab can't be loaded or used.",
	}, {
		.word = "ping",
		.take = ping,
		.operands = "[OPTIONS] HOST",
		.options = ping_options,
		.n_options = N_PING_OPTIONS,
		.explain = "Echo requests, and who answers them: netlab or the stack.",
	}, {
		.word = "trace",
		.take = trace,
		.operands = "[OPTIONS] HOST",
		.options = trace_options,
		.n_options = N_TRACE_OPTIONS,
		.explain = "The routers on the way to a host.",
	}, {
		.word = "udp",
		.take = udp,
		.verbs = "listen|send",
		.operands = "listen [OPTIONS] [ADDRESS] PORT\nsend [OPTIONS] HOST PORT [TEXT...]",
		.options = udp_options,
		.n_options = N_UDP_OPTIONS,
		.explain = "A datagram of TEXT, or of standard input; and who takes such.",
	}, {
		.word = "help",
		.take = help,
		.operands = "[OBJECT|words]",
		.explain = "How the tool is used.",
	},
};
const unsigned int n_objects = COUNT(objects);
