// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object stats: the counters, and beginning them anew.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "nl.h"
#include "stats.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const struct column protocol_columns[] = {
	{ NETLAB_A_PROTOCOL_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4, ipv6 or arp." },
	{ NETLAB_A_PROTOCOL_ROW_HOOK, "hook", COLUMN_WORD, &hooks,
	  "The netfilter hook that they passed." },
	{ NETLAB_A_PROTOCOL_ROW_PROTOCOL, "protocol", COLUMN_PROTOCOL, NULL,
	  "IP protocol number, and its name in /etc/protocols; for IPv6 the upper-layer protocol after the extension headers." },
	{ NETLAB_A_PROTOCOL_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "Packets as on the wire: a GRO or GSO sk_buff is as many as it has segments." },
	{ NETLAB_A_PROTOCOL_ROW_BYTES, "bytes", COLUMN_COUNT, NULL,
	  "Layer-3 bytes as on the wire: each segment of a GSO sk_buff with headers of its own." },
};

static const struct column hook_columns[] = {
	{ NETLAB_A_HOOK_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4, ipv6 or arp." },
	{ NETLAB_A_HOOK_ROW_HOOK, "hook", COLUMN_WORD, &hooks,
	  "The netfilter hook that they passed." },
	{ NETLAB_A_HOOK_ROW_SKBS, "skbs", COLUMN_COUNT, NULL,
	  "sk_buffs, whatever each of them carries." },
	{ NETLAB_A_HOOK_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "Packets as on the wire. The sum over the hook's protocols." },
	{ NETLAB_A_HOOK_ROW_BYTES, "bytes", COLUMN_COUNT, NULL,
	  "Layer-3 bytes as on the wire. The sum over the hook's protocols." },
	{ NETLAB_A_HOOK_ROW_FRAGMENTS, "fragments", COLUMN_COUNT, NULL,
	  "Packets that are a fragment, first or later." },
	{ NETLAB_A_HOOK_ROW_OPTIONS, "options", COLUMN_COUNT, NULL,
	  "Packets with IP options or IPv6 extension headers." },
};

static const struct table tables[STATS_TABLES] = {
	[STATS_PROTOCOLS] = { "protocols", NETLAB_A_STATS_PROTOCOLS,
		protocol_columns, COUNT(protocol_columns),
		"What passed each hook with each upper-layer protocol." },
	[STATS_HOOKS] = { "hooks", NETLAB_A_STATS_HOOKS,
		hook_columns, COUNT(hook_columns),
		"What passed each hook." },
	/* The module doesn't count these yet; JSON has the keys already. */
	[STATS_ICMP] = { .key = "icmp" },
	[STATS_TCP] = { .key = "tcp" },
	[STATS_SIZES] = { .key = "sizes" },
	[STATS_ANOMALIES] = { .key = "anomalies" },
	[STATS_DEVICES] = { .key = "devices" },
	[STATS_ARP] = { .key = "arp" },
};

/* Text goes from the whole to its parts. */
static const enum stats_table text_order[] = { STATS_HOOKS, STATS_PROTOCOLS };

static const struct {
	const char *key;
	const char *explain;
} heads[] = {
	{ "netns", "Inode number of the network namespace, as in /proc/PID/ns/net." },
	{ "epoch", "Number of the epoch that the counters belong to: 1 when the namespace began, one more with each reset." },
	{ "since", "When that epoch began." },
};

/**
 * stats_begin() - Make a reading an empty one.
 * @data: A struct stats, whatever is in it.
 */
void stats_begin(void *data)
{
	struct stats *stats = data;
	unsigned int i;

	memset(stats, 0, sizeof(*stats));
	for (i = 0; i < STATS_TABLES; i++)
		stats->rows[i].table = &tables[i];
}

/**
 * stats_clear() - Free a reading, and make it an empty one.
 * @data: A struct stats.
 */
void stats_clear(void *data)
{
	struct stats *stats = data;
	unsigned int i;

	for (i = 0; i < STATS_TABLES; i++)
		rows_clear(&stats->rows[i]);
	stats_begin(stats);
}

/**
 * stats_take() - Take one message of an answer.
 * @message: The message.
 * @data: A struct stats.
 */
void stats_take(const struct nlmsghdr *message, void *data)
{
	struct stats *stats = data;
	const struct nlattr *attr;
	unsigned int i;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == NETLAB_A_STATS_NETNS)
			stats->netns = nl_number(attr);
		else if (type == NETLAB_A_STATS_EPOCH)
			stats->epoch = nl_number(attr);
		else if (type == NETLAB_A_STATS_SINCE)
			stats->since = nl_number(attr);
		for (i = 0; i < STATS_TABLES; i++)
			if (tables[i].attr && type == tables[i].attr)
				rows_add(&stats->rows[i], attr);
	}
}

/* RFC 3339, in UTC. 2^64 nanoseconds end in the year 2554. */
static const char *since_text(const struct stats *stats, char *buffer,
			      size_t size)
{
	time_t seconds = stats->since / 1000000000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(buffer, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buffer;
}

static struct json_object *head_json(const struct stats *stats)
{
	struct json_object *object = json_object_new_object();
	char since[32];

	json_object_object_add(object, "netns",
			       json_object_new_uint64(stats->netns));
	json_object_object_add(object, "epoch",
			       json_object_new_uint64(stats->epoch));
	json_object_object_add(object, "since",
		json_object_new_string(since_text(stats, since,
						  sizeof(since))));
	return object;
}

static void print_all_json(FILE *out, const struct stats *stats)
{
	struct json_object *object = head_json(stats);
	unsigned int i;

	for (i = 0; i < STATS_TABLES; i++)
		json_object_object_add(object, tables[i].key,
				       rows_json(&stats->rows[i]));
	print_json(out, object);
	json_object_put(object);
}

/**
 * stats_print() - Print a reading.
 * @out: Where to.
 * @stats: The reading.
 */
void stats_print(FILE *out, const struct stats *stats)
{
	bool empty = true;
	char since[32];
	unsigned int i;

	if (opts.json) {
		print_all_json(out, stats);
		return;
	}
	fprintf(out, "netns %" PRIu32 "  epoch %" PRIu32 "  since %s\n",
		stats->netns, stats->epoch,
		since_text(stats, since, sizeof(since)));
	for (i = 0; i < COUNT(text_order); i++) {
		const struct rows *rows = &stats->rows[text_order[i]];

		if (!rows->count)
			continue;
		fputc('\n', out);
		rows_print(out, rows);
		empty = false;
	}
	if (empty)
		fputs("\nNothing was counted that is asked for.\n", out);
}

static void explain_json(FILE *out)
{
	struct json_object *object = json_object_new_object();
	unsigned int i;

	for (i = 0; i < COUNT(heads); i++)
		json_object_object_add(object, heads[i].key,
				       json_object_new_string(heads[i].explain));
	for (i = 0; i < STATS_TABLES; i++)
		if (tables[i].n_columns)
			json_object_object_add(object, tables[i].key,
					       table_explain_json(&tables[i]));
	print_json(out, object);
	json_object_put(object);
}

static void explain(FILE *out)
{
	unsigned int i;

	if (opts.json) {
		explain_json(out);
		return;
	}
	for (i = 0; i < COUNT(heads); i++)
		print_wrapped(out, heads[i].key, 18, heads[i].explain);
	for (i = 0; i < COUNT(text_order); i++) {
		fputc('\n', out);
		table_explain(out, &tables[text_order[i]]);
	}
}

/**
 * stats_show() - Show the counters.
 * @command: This command.
 * @values: Which of them.
 *
 * Return: The exit code.
 */
enum status stats_show(const struct command *command,
		       const struct values *values)
{
	struct nlmsghdr *message;
	enum status status;
	struct stats stats;

	if (opts.explain) {
		explain(stdout);
		return STATUS_OK;
	}
	status = nl_begin(NETLAB_CMD_STATS_GET, true, &message);
	if (status)
		return status;
	put_values(message, command, values);
	if (opts.all)
		mnl_attr_put(message, NETLAB_A_STATS_ZERO_ROWS, 0, NULL);
	stats_begin(&stats);
	status = nl_ask(stats_take, stats_clear, &stats);
	if (!status)
		stats_print(stdout, &stats);
	stats_clear(&stats);
	return status;
}

/**
 * stats_reset() - Begin a new epoch.
 * @command: This command.
 * @values: Nothing.
 *
 * Return: The exit code.
 */
enum status stats_reset(const struct command *command,
			const struct values *values)
{
	struct nlmsghdr *message;
	enum status status;
	struct stats stats;

	status = nl_begin(NETLAB_CMD_STATS_RESET, false, &message);
	if (status)
		return status;
	put_values(message, command, values);
	stats_begin(&stats);
	status = nl_ask(stats_take, NULL, &stats);
	if (!status && opts.json) {
		struct json_object *object = head_json(&stats);

		print_json(stdout, object);
		json_object_put(object);
	}
	stats_clear(&stats);
	return status;
}
