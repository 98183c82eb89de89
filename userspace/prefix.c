// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object prefix: blocks of addresses that netlab answers for.
 */
#include <json-c/json.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "names.h"
#include "nl.h"
#include "prefix.h"

static const struct word no_rate[] = {
	{ "unlimited", "No limit but the namespace's own; null in JSON." },
};
static const struct words no_rates = { no_rate, 1 };

static const struct word no_burst[] = {
	{ "auto", "What the rate gives in a fiftieth of a second, and at least 1; null in JSON." },
};
static const struct words no_bursts = { no_burst, 1 };

static const struct column prefix_columns[PREFIX_COLUMNS] = {
	[PREFIX_BLOCK] = { NETLAB_A_PREFIX_ADDRESS, "prefix", COLUMN_TEXT, NULL,
	  "The block of addresses. Where several have an address, the longest answers for it." },
	[PREFIX_RATE] = { NETLAB_A_PREFIX_RATE, "rate", COLUMN_LIMIT, &no_rates,
	  "Replies per second." },
	[PREFIX_BURST] = { NETLAB_A_PREFIX_BURST, "burst", COLUMN_LIMIT,
	  &no_bursts, "Replies that may leave at once after a pause." },
	[PREFIX_MAX_SIZE] = { NETLAB_A_PREFIX_MAX_SIZE, "max_size",
	  COLUMN_VALUE, NULL,
	  "Largest request that is answered, in layer-3 bytes; 65535 is any." },
	[PREFIX_PROXY] = { NETLAB_A_PREFIX_PROXY, "proxy", COLUMN_TEXT, NULL,
	  "Device on whose link ARP requests and neighbour solicitations for the addresses are answered; - is none, null in JSON." },
	[PREFIX_REQUESTS] = { NETLAB_A_PREFIX_REQUESTS, "requests",
	  COLUMN_COUNT, NULL,
	  "Echo requests for the addresses." },
	[PREFIX_REPLIED] = { NETLAB_A_PREFIX_REPLIED, "replied", COLUMN_COUNT,
	  NULL, "Those that netlab answered." },
	[PREFIX_REFUSED] = { NETLAB_A_PREFIX_REFUSED, "refused", COLUMN_COUNT,
	  NULL, "Those that it didn't, whatever the outcome." },
};

static const struct table prefix_table = {
	"prefixes", 0, prefix_columns, PREFIX_COLUMNS, "prefix",
	"Blocks of addresses that netlab answers for, and the echo requests for each since it was added.",
};

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		no_memory();
	return copied;
}

/* A device's name, looked up once for all prefixes in turn that have it. */
static const char *device_name(uint32_t index)
{
	static char name[IF_NAMESIZE];
	static uint32_t last;

	if (!index)
		last = 0;
	else if (index != last)
		last = if_indextoname(index, name) ? index : 0;
	return last ? name : NULL;
}

static void take_prefix(const struct nlmsghdr *message, void *data)
{
	struct rows *rows = data;
	union cell *row = rows_new(rows);
	struct block block = { .size = 0 };
	char text[BLOCK_TEXT];
	const struct nlattr *attr;
	const char *name = NULL;
	unsigned int i;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(attr);
		uint16_t length = mnl_attr_get_payload_len(attr);

		if (type == NETLAB_A_PREFIX_ADDRESS) {
			if (length == 4 || length == 16) {
				block.size = length;
				memcpy(block.address,
				       mnl_attr_get_payload(attr), length);
			}
		} else if (type == NETLAB_A_PREFIX_LENGTH) {
			block.length = nl_number(attr);
		} else if (type == NETLAB_A_PREFIX_PROXY) {
			name = device_name(nl_number(attr));
		} else {
			for (i = 0; i < PREFIX_COLUMNS; i++)
				if (prefix_columns[i].attr == type)
					row[i].number = nl_number(attr);
		}
	}
	if (block.size)
		row[PREFIX_BLOCK].text = copy(block_text(text, &block));
	if (name)
		row[PREFIX_PROXY].text = copy(name);
}

static void forget(void *data)
{
	device_name(0);	/* it may have another name by then */
	rows_clear(data);
}

/**
 * prefix_read() - Read the prefixes.
 * @rows: Whatever is in it; rows_clear() frees the reading.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status prefix_read(struct rows *rows)
{
	struct nlmsghdr *message;
	enum status status;

	*rows = (struct rows){ .table = &prefix_table };
	device_name(0);
	status = nl_begin(NETLAB_CMD_PREFIX_GET, true, &message);
	return status ? status : nl_ask(take_prefix, forget, rows);
}

static void explain(FILE *out)
{
	static const struct table *const list[] = { &prefix_table };
	struct json_object *object;

	if (!opts.json) {
		tables_explain(out, list, 1);
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, prefix_table.key,
			       table_explain_json(&prefix_table));
	print_json(out, object);
	json_object_put(object);
}

/**
 * prefix_show() - Show the prefixes.
 * @command: This command.
 * @values: Nothing.
 *
 * Return: The exit code.
 */
enum status prefix_show(const struct command *command,
			const struct values *values)
{
	enum status status;
	struct rows rows;

	(void)command;
	(void)values;
	if (opts.explain) {
		explain(stdout);
		return STATUS_OK;
	}
	status = prefix_read(&rows);
	if (!status && opts.json)
		rows_print_json(stdout, &rows);
	else if (!status && rows.count)
		rows_print(stdout, &rows);
	else if (!status)
		fputs("There is no prefix.\n", stdout);
	rows_clear(&rows);
	return status;
}

/* A question with what followed the command. */
static enum status begin(uint8_t number, const struct command *command,
			 const struct values *values, struct nlmsghdr **message)
{
	enum status status = nl_begin(number, false, message);

	if (!status)
		put_values(*message, command, values);
	return status;
}

/**
 * prefix_add() - Answer for one more prefix.
 * @command: This command.
 * @values: The prefix, and its limits.
 *
 * Return: The exit code.
 */
enum status prefix_add(const struct command *command,
		       const struct values *values)
{
	struct nlmsghdr *message;
	enum status status = begin(NETLAB_CMD_PREFIX_ADD, command, values,
				   &message);

	return status ? status : batch_add(message);
}

/**
 * prefix_replace() - The same, if it is there in its place.
 * @command: This command.
 * @values: The prefix, and its limits.
 *
 * Return: The exit code.
 */
enum status prefix_replace(const struct command *command,
			   const struct values *values)
{
	struct nlmsghdr *message;
	enum status status = begin(NETLAB_CMD_PREFIX_ADD, command, values,
				   &message);

	if (status)
		return status;
	mnl_attr_put(message, NETLAB_A_PREFIX_REPLACE, 0, NULL);
	return nl_ask(NULL, NULL, NULL);
}

/**
 * prefix_del() - Answer for a prefix no longer.
 * @command: This command.
 * @values: The prefix.
 *
 * Return: The exit code.
 */
enum status prefix_del(const struct command *command,
		       const struct values *values)
{
	struct nlmsghdr *message;
	enum status status = begin(NETLAB_CMD_PREFIX_DEL, command, values,
				   &message);

	return status ? status : nl_ask(NULL, NULL, NULL);
}

/**
 * prefix_flush() - Answer for no prefix any longer.
 * @command: This command.
 * @values: Nothing.
 *
 * Return: The exit code.
 */
enum status prefix_flush(const struct command *command,
			 const struct values *values)
{
	struct nlmsghdr *message;
	enum status status = begin(NETLAB_CMD_PREFIX_FLUSH, command, values,
				   &message);

	return status ? status : nl_ask(NULL, NULL, NULL);
}
