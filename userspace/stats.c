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

#include "echo.h"
#include "names.h"
#include "nl.h"
#include "rate.h"
#include "stats.h"
#include "vanish.h"

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
	{ NETLAB_A_HOOK_ROW_REFUSED, "refused", COLUMN_RARE, NULL,
	  "Packets for whose protocol there was no memory: they are in packets and bytes here and in no row of protocols. Text has this column where it isn't 0, and with -a." },
	{ NETLAB_A_HOOK_ROW_STRAYS, "strays", COLUMN_RARE, NULL,
	  "Packets in no row of devices: there was no memory, or the device was coming or going. Text has this column where it isn't 0, and with -a." },
};

static const struct column icmp_columns[] = {
	{ NETLAB_A_ICMP_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4 or ipv6." },
	{ NETLAB_A_ICMP_ROW_HOOK, "hook", COLUMN_WORD, &hooks,
	  "The netfilter hook that they passed: prerouting or postrouting." },
	{ NETLAB_A_ICMP_ROW_TYPE, "type", COLUMN_ICMP, NULL,
	  "ICMP or ICMPv6 type number, and its name. A later fragment has none." },
	{ NETLAB_A_ICMP_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "Packets as on the wire." },
};

static const struct column tcp_columns[] = {
	{ NETLAB_A_TCP_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4 or ipv6." },
	{ NETLAB_A_TCP_ROW_HOOK, "hook", COLUMN_WORD, &hooks,
	  "The netfilter hook that they passed: prerouting or postrouting." },
	{ NETLAB_A_TCP_ROW_SYN, "syn", COLUMN_COUNT, NULL,
	  "Packets with SYN and no ACK." },
	{ NETLAB_A_TCP_ROW_SYNACK, "synack", COLUMN_COUNT, NULL,
	  "Packets with SYN and ACK." },
	{ NETLAB_A_TCP_ROW_FIN, "fin", COLUMN_COUNT, NULL,
	  "Packets with FIN." },
	{ NETLAB_A_TCP_ROW_RST, "rst", COLUMN_COUNT, NULL,
	  "Packets with RST." },
};

static const struct column size_columns[] = {
	{ NETLAB_A_SIZE_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4 or ipv6." },
	{ NETLAB_A_SIZE_ROW_HOOK, "hook", COLUMN_WORD, &hooks,
	  "The netfilter hook that they passed: prerouting or postrouting." },
	{ NETLAB_A_SIZE_ROW_LIMIT, "max", COLUMN_BUCKET, &buckets,
	  "The longest layer-3 length that is counted in this row, in bytes; the shortest is one more than the row's before it." },
	{ NETLAB_A_SIZE_ROW_PACKETS, "packets", COLUMN_SHARE, NULL,
	  "Packets as on the wire. The bar is their share of all at that hook, whose bar would have 20 marks." },
};

static const struct column anomaly_columns[] = {
	{ NETLAB_A_ANOMALY_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4 or ipv6." },
	{ NETLAB_A_ANOMALY_ROW_HOOK, "hook", COLUMN_WORD, &hooks,
	  "The netfilter hook that they passed." },
	{ NETLAB_A_ANOMALY_ROW_REASON, "reason", COLUMN_WORD, &anomalies,
	  "What is odd about them. A packet can have several reasons." },
	{ NETLAB_A_ANOMALY_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "sk_buffs in which it was seen." },
};

static const struct column device_columns[] = {
	{ NETLAB_A_DEVICE_ROW_DEV, "dev", COLUMN_TEXT, NULL,
	  "The device's name as it is now." },
	{ NETLAB_A_DEVICE_ROW_IFINDEX, "ifindex", COLUMN_VALUE, NULL,
	  "The device's index, which a new name doesn't change." },
	{ NETLAB_A_DEVICE_ROW_DIRECTION, "direction", COLUMN_WORD, &directions,
	  "Which way they passed it." },
	{ NETLAB_A_DEVICE_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4 or ipv6." },
	{ NETLAB_A_DEVICE_ROW_PROTOCOL, "protocol", COLUMN_PROTOCOL, NULL,
	  "IP protocol number and name, as in protocols." },
	{ NETLAB_A_DEVICE_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "Packets as on the wire." },
	{ NETLAB_A_DEVICE_ROW_BYTES, "bytes", COLUMN_COUNT, NULL,
	  "Layer-3 bytes as on the wire." },
};

static const struct column arp_columns[] = {
	{ NETLAB_A_ARP_ROW_DIRECTION, "direction", COLUMN_WORD, &arp_directions,
	  "Which way they passed the host." },
	{ NETLAB_A_ARP_ROW_OPERATION, "operation", COLUMN_WORD, &operations,
	  "What they say; a number where it has no name here." },
	{ NETLAB_A_ARP_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "ARP packets." },
};

static const struct table tables[STATS_TABLES] = {
	[STATS_PROTOCOLS] = { "protocols", NETLAB_A_STATS_PROTOCOLS,
		protocol_columns, COUNT(protocol_columns), "protocol",
		"What passed each hook with each upper-layer protocol." },
	[STATS_HOOKS] = { "hooks", NETLAB_A_STATS_HOOKS,
		hook_columns, COUNT(hook_columns), "hook",
		"What passed each hook." },
	[STATS_ICMP] = { "icmp", NETLAB_A_STATS_ICMP,
		icmp_columns, COUNT(icmp_columns), "icmp",
		"ICMP and ICMPv6 by type, as it came and as it went." },
	[STATS_TCP] = { "tcp", NETLAB_A_STATS_TCP,
		tcp_columns, COUNT(tcp_columns), "tcp",
		"TCP packets by flag, as they came and as they went. A packet can be in several columns." },
	[STATS_SIZES] = { "sizes", NETLAB_A_STATS_SIZES,
		size_columns, COUNT(size_columns), "size",
		"Packets by layer-3 length, as they came and as they went." },
	[STATS_ANOMALIES] = { "anomalies", NETLAB_A_STATS_ANOMALIES,
		anomaly_columns, COUNT(anomaly_columns), "anomaly",
		"Packets with something odd about them; each was passed on as it is." },
	[STATS_DEVICES] = { "devices", NETLAB_A_STATS_DEVICES,
		device_columns, COUNT(device_columns), "device",
		"What passed each device with each upper-layer protocol." },
	[STATS_ARP] = { "arp", NETLAB_A_STATS_ARP,
		arp_columns, COUNT(arp_columns), "arp",
		"ARP by operation." },
};

/* Text goes from the whole to its parts, and then to the rest. */
static const enum stats_table text_order[STATS_TABLES] = {
	STATS_HOOKS, STATS_PROTOCOLS, STATS_ICMP, STATS_TCP, STATS_SIZES,
	STATS_ANOMALIES, STATS_DEVICES, STATS_ARP,
};

static const struct {
	const char *key;
	const char *explain;
} heads[] = {
	{ "netns", "Inode number of the network namespace, as in /proc/PID/ns/net." },
	{ "epoch", "Number of the epoch that the counters belong to: 1 when the namespace began, one more with each reset." },
	{ "since", "When that epoch began." },
	{ "seconds", "With --watch: in how many seconds what follows was counted. It is per second then, rows in which nothing was counted are left out but for -a, and the first reading only begins." },
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
	stats->vanished.table = &vanish_table;
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
	rows_clear(&stats->vanished);
	rows_clear(&stats->outcomes);
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
			if (type == tables[i].attr)
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
	if (stats->seconds) {
		snprintf(since, sizeof(since), "%.9f", stats->seconds);
		json_object_object_add(object, "seconds",
			json_object_new_double_s(stats->seconds, since));
	}
	return object;
}

static void print_all_json(FILE *out, const struct stats *stats)
{
	struct json_object *object = head_json(stats);
	unsigned int i;

	for (i = 0; i < STATS_TABLES; i++)
		json_object_object_add(object, tables[i].key,
				       rows_json(&stats->rows[i]));
	json_object_object_add(object, vanish_table.key,
			       rows_json(&stats->vanished));
	print_json(out, object);
	json_object_put(object);
}

static struct counted what_counted(const struct stats *stats)
{
	return (struct counted){
		.hooks = &stats->rows[STATS_HOOKS],
		.icmp = &stats->rows[STATS_ICMP],
		.outcomes = &stats->outcomes,
	};
}

/**
 * stats_print() - Print a reading.
 * @out: Where to.
 * @stats: The reading.
 */
void stats_print(FILE *out, const struct stats *stats)
{
	const struct counted counted = what_counted(stats);
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
	if (stats->seconds)
		fprintf(out, "per second, over %.3f s\n", stats->seconds);
	for (i = 0; i < STATS_TABLES; i++) {
		const struct rows *rows = &stats->rows[text_order[i]];

		if (!rows->count)
			continue;
		fputc('\n', out);
		rows_print(out, rows);
		empty = false;
	}
	if (stats->vanished.count)
		vanish_print(out, &counted);
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
		json_object_object_add(object, tables[i].key,
				       table_explain_json(&tables[i]));
	json_object_object_add(object, vanish_table.key,
			       table_explain_json(&vanish_table));
	print_json(out, object);
	json_object_put(object);
}

/**
 * stats_explain() - Print what the columns of all tables mean.
 *
 * Return: STATUS_OK.
 */
enum status stats_explain(void)
{
	const struct table *list[STATS_TABLES + 1];
	unsigned int i;

	if (opts.json) {
		explain_json(stdout);
		return STATUS_OK;
	}
	for (i = 0; i < COUNT(heads); i++)
		print_wrapped(stdout, heads[i].key, 18, heads[i].explain);
	for (i = 0; i < STATS_TABLES; i++)
		list[i] = &tables[text_order[i]];
	list[STATS_TABLES] = &vanish_table;
	tables_explain(stdout, list, STATS_TABLES + 1);
	return STATUS_OK;
}

/**
 * stats_vanish() - Fill in what vanished between the hooks.
 * @stats: A reading of all hooks and outcomes, with no row of it yet.
 */
void stats_vanish(struct stats *stats)
{
	const struct counted counted = what_counted(stats);

	vanish_fill(&stats->vanished, &counted);
}

static enum status read_outcomes(struct stats *stats)
{
	enum status status = echo_read_outcomes(&stats->outcomes);

	if (!status)
		stats_vanish(stats);
	return status;
}

static enum status ask(const struct command *command,
		       const struct values *values, struct stats *stats)
{
	struct nlmsghdr *message;
	enum status status;

	stats_begin(stats);
	status = nl_begin(NETLAB_CMD_STATS_GET, true, &message);
	if (status)
		return status;
	if (command)
		put_values(message, command, values);
	if (opts.all)
		mnl_attr_put(message, NETLAB_A_STATS_ZERO_ROWS, 0, NULL);
	return nl_ask(stats_take, stats_clear, stats);
}

/**
 * stats_read() - Read all counters.
 * @stats: Whatever is in it; stats_clear() frees the reading.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status stats_read(struct stats *stats)
{
	enum status status = ask(NULL, NULL, stats);

	return status ? status : read_outcomes(stats);
}

/* Whether all hooks of a family were asked for, which can then be compared. */
static bool all_hooks(const struct command *command,
		      const struct values *values)
{
	unsigned int i;

	for (i = 0; i < command->n_keywords; i++)
		if (values->given[i] &&
		    command->keywords[i].attr != NETLAB_A_STATS_FAMILY)
			return false;
	return true;
}

/*
 * What was counted since the last time that this was called: whoever watches
 * wants to see what is going on. The first reading only begins.
 */
static void print_rate(struct stats *now)
{
	static struct stats before;
	static double then;
	const double when = monotonic();
	struct stats rate;

	if (then) {
		stats_rate(&rate, now, &before, when - then);
		stats_print(stdout, &rate);
		stats_clear(&rate);
		stats_clear(&before);
	}
	before = *now;
	stats_begin(now);
	then = when;
}

/**
 * stats_show() - Show the counters, or with --watch how they grow.
 * @command: This command.
 * @values: Which of them.
 *
 * Return: The exit code.
 */
enum status stats_show(const struct command *command,
		       const struct values *values)
{
	enum status status;
	struct stats stats;

	if (opts.explain)
		return stats_explain();
	status = ask(command, values, &stats);
	if (!status && all_hooks(command, values))
		status = read_outcomes(&stats);
	if (!status && opts.watch > 0)
		print_rate(&stats);
	else if (!status)
		stats_print(stdout, &stats);
	stats_clear(&stats);
	return status;
}

/**
 * stats_new_epoch() - Begin a new epoch.
 * @stats: Gets its number and beginning, whatever is in it; stats_clear() frees it.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status stats_new_epoch(struct stats *stats)
{
	struct nlmsghdr *message;
	enum status status;

	stats_begin(stats);
	status = nl_begin(NETLAB_CMD_STATS_RESET, false, &message);
	return status ? status : nl_ask(stats_take, NULL, stats);
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
	enum status status;
	struct stats stats;

	(void)command;
	(void)values;
	status = stats_new_epoch(&stats);
	if (!status && opts.json) {
		struct json_object *object = head_json(&stats);

		print_json(stdout, object);
		json_object_put(object);
	}
	stats_clear(&stats);
	return status;
}
