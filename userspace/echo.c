// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object echo: the responder's configuration and its outcomes.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"
#include "names.h"
#include "nl.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const struct column outcome_columns[] = {
	{ NETLAB_A_OUTCOME_ROW_FAMILY, "family", COLUMN_WORD, &families,
	  "Family of the requests: ipv4 or ipv6." },
	{ NETLAB_A_OUTCOME_ROW_PATH, "path", COLUMN_WORD, &paths,
	  "Where they were met." },
	{ NETLAB_A_OUTCOME_ROW_OUTCOME, "outcome", COLUMN_WORD, &outcomes,
	  "What became of them, here in the order in which it is decided. Every request has exactly one outcome. What is passed on is left to the stack at input, and to routing at prerouting." },
	{ NETLAB_A_OUTCOME_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "Echo requests with this outcome." },
};

static const struct table outcome_table = {
	"outcomes", NETLAB_A_OUTCOMES_OUTCOMES, outcome_columns,
	COUNT(outcome_columns), "echo",
	"What became of each echo request.",
};

static const char direct_explain[] =
	"Devices at whose ingress echo requests are answered, past the firewall.";

static void take_setting(const struct nlmsghdr *message, void *data)
{
	struct echo *echo = data;
	const struct nlattr *attr;
	unsigned int i;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		for (i = 0; i < n_echo_settings; i++)
			if (mnl_attr_get_type(attr) == echo_settings[i].attr)
				echo->setting[i] = nl_number(attr);
		if (mnl_attr_get_type(attr) != NETLAB_A_ECHO_DIRECT)
			continue;
		echo->direct = reallocarray(echo->direct, echo->n_direct + 1,
					    sizeof(*echo->direct));
		if (!echo->direct)
			no_memory();
		echo->direct[echo->n_direct++] = nl_number(attr);
	}
}

static void take_outcome(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == outcome_table.attr)
			rows_add(data, attr);
}

static void forget(void *data)
{
	rows_clear(data);
}

/**
 * echo_read() - Read the configuration.
 * @echo: Whatever is in it; echo_clear() frees the reading.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status echo_read(struct echo *echo)
{
	struct nlmsghdr *message;
	enum status status;

	memset(echo, 0, sizeof(*echo));
	status = nl_begin(NETLAB_CMD_ECHO_GET, false, &message);
	return status ? status : nl_ask(take_setting, NULL, echo);
}

/**
 * echo_read_outcomes() - Read how often each outcome was had.
 * @rows: Whatever is in it; rows_clear() frees the reading.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status echo_read_outcomes(struct rows *rows)
{
	struct nlmsghdr *message;
	enum status status;

	*rows = (struct rows){ .table = &outcome_table };
	status = nl_begin(NETLAB_CMD_OUTCOME_GET, true, &message);
	if (status)
		return status;
	if (opts.all)
		mnl_attr_put(message, NETLAB_A_OUTCOMES_ZERO_ROWS, 0, NULL);
	return nl_ask(take_outcome, forget, rows);
}

/**
 * echo_clear() - Free a reading.
 * @echo: The reading.
 */
void echo_clear(struct echo *echo)
{
	free(echo->direct);
	rows_clear(&echo->outcomes);
}

static struct json_object *setting_json(const struct keyword *keyword,
					uint32_t value)
{
	if (keyword->kind == VALUE_WORD)
		return json_object_new_boolean(value);
	if (!value && keyword->zero)
		return NULL;
	return json_object_new_uint64(value);
}

/* JSON has the words of the command line, with _ for -. */
static const char *setting_key(const struct keyword *keyword, char *buffer,
			       size_t size)
{
	char *dash;

	snprintf(buffer, size, "%s", keyword->word);
	while ((dash = strchr(buffer, '-')))
		*dash = '_';
	return buffer;
}

/* A device that has no name any more is gone, and the module is about to see. */
static struct json_object *direct_json(const struct echo *echo)
{
	struct json_object *list = json_object_new_array();
	char name[IF_NAMESIZE], text[4 * IF_NAMESIZE];
	size_t i;

	for (i = 0; i < echo->n_direct; i++)
		if (if_indextoname(echo->direct[i], name))
			json_object_array_add(list,
				json_object_new_string(escape(text, sizeof(text),
							      name)));
	return list;
}

static void print_direct(FILE *out, const struct echo *echo)
{
	char name[IF_NAMESIZE], text[4 * IF_NAMESIZE];
	bool any = false;
	size_t i;

	for (i = 0; i < echo->n_direct; i++) {
		if (!if_indextoname(echo->direct[i], name))
			continue;
		fprintf(out, "%s %s", any ? "" : "direct on",
			escape(text, sizeof(text), name));
		any = true;
	}
	if (any)
		fputc('\n', out);
}

static void print_all_json(FILE *out, const struct echo *echo)
{
	struct json_object *object = json_object_new_object();
	unsigned int i;
	char key[32];

	for (i = 0; i < n_echo_settings; i++)
		json_object_object_add(object,
				       setting_key(&echo_settings[i], key,
						   sizeof(key)),
				       setting_json(&echo_settings[i],
						    echo->setting[i]));
	json_object_object_add(object, "direct", direct_json(echo));
	json_object_object_add(object, outcome_table.key,
			       rows_json(&echo->outcomes));
	print_json(out, object);
	json_object_put(object);
}

/**
 * print_setting() - Print a setting as "echo set" takes it.
 * @out: Where to.
 * @keyword: The setting.
 * @value: Its value.
 */
void print_setting(FILE *out, const struct keyword *keyword, uint32_t value)
{
	fprintf(out, "%s ", keyword->word);
	if (keyword->kind == VALUE_WORD && value < keyword->words->count)
		fputs(keyword->words->list[value].word, out);
	else if (!value && keyword->zero)
		fputs(keyword->zero, out);
	else
		fprintf(out, "%" PRIu32, value);
}

static void print(FILE *out, const struct echo *echo)
{
	unsigned int i;

	if (opts.json) {
		print_all_json(out, echo);
		return;
	}
	for (i = 0; i < n_echo_settings; i++) {
		if (i)
			fputs("  ", out);
		print_setting(out, &echo_settings[i], echo->setting[i]);
	}
	fputc('\n', out);
	print_direct(out, echo);
	fputc('\n', out);
	rows_print(out, &echo->outcomes);
	if (!echo->outcomes.count)
		fputs("No echo request has been seen.\n", out);
}

static void explain(FILE *out)
{
	static const struct table *const list[] = { &outcome_table };
	struct json_object *object;
	unsigned int i;
	char key[32];

	if (!opts.json) {
		for (i = 0; i < n_echo_settings; i++)
			print_wrapped(out, echo_settings[i].word, 18,
				      echo_settings[i].explain);
		print_wrapped(out, "direct", 18, direct_explain);
		tables_explain(out, list, COUNT(list));
		return;
	}
	object = json_object_new_object();
	for (i = 0; i < n_echo_settings; i++)
		json_object_object_add(object,
				       setting_key(&echo_settings[i], key,
						   sizeof(key)),
				       json_object_new_string(echo_settings[i].explain));
	json_object_object_add(object, "direct",
			       json_object_new_string(direct_explain));
	json_object_object_add(object, outcome_table.key,
			       table_explain_json(&outcome_table));
	print_json(out, object);
	json_object_put(object);
}

/**
 * echo_show() - Show the configuration and the outcomes.
 * @command: This command.
 * @values: Nothing.
 *
 * Return: The exit code.
 */
enum status echo_show(const struct command *command,
		      const struct values *values)
{
	enum status status;
	struct echo echo;

	(void)command;
	(void)values;
	if (opts.explain) {
		explain(stdout);
		return STATUS_OK;
	}
	status = echo_read(&echo);
	if (!status)
		status = echo_read_outcomes(&echo.outcomes);
	if (!status)
		print(stdout, &echo);
	echo_clear(&echo);
	return status;
}

static enum status change(uint8_t number, const struct command *command,
			  const struct values *values)
{
	struct nlmsghdr *message;
	enum status status;

	status = nl_begin(number, false, &message);
	if (status)
		return status;
	put_values(message, command, values);
	return nl_ask(NULL, NULL, NULL);
}

/**
 * echo_set() - Change the configuration.
 * @command: This command.
 * @values: What is to change.
 *
 * Return: The exit code.
 */
enum status echo_set(const struct command *command,
		     const struct values *values)
{
	return change(NETLAB_CMD_ECHO_SET, command, values);
}

/**
 * echo_direct() - Answer at a device's ingress, or no longer.
 * @command: This command.
 * @values: The device, and whether.
 *
 * Return: The exit code.
 */
enum status echo_direct(const struct command *command,
			const struct values *values)
{
	return change(NETLAB_CMD_DIRECT_SET, command, values);
}
