// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object echo: the responder's configuration and its outcomes.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
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
	  "What became of them, here in the order in which it is decided. Every request has exactly one outcome." },
	{ NETLAB_A_OUTCOME_ROW_PACKETS, "packets", COLUMN_COUNT, NULL,
	  "Echo requests with this outcome." },
};

static const struct table outcome_table = {
	"outcomes", NETLAB_A_OUTCOMES_OUTCOMES, outcome_columns,
	COUNT(outcome_columns), "What became of each echo request.",
};

/**
 * echo_begin() - Make a reading an empty one.
 * @echo: The reading, whatever is in it.
 */
void echo_begin(struct echo *echo)
{
	memset(echo, 0, sizeof(*echo));
	echo->outcomes.table = &outcome_table;
}

/**
 * echo_clear() - Forget the outcomes.
 * @data: A struct echo.
 */
void echo_clear(void *data)
{
	struct echo *echo = data;

	rows_clear(&echo->outcomes);
}

/**
 * echo_take() - Take the configuration.
 * @message: The answer.
 * @data: A struct echo.
 */
void echo_take(const struct nlmsghdr *message, void *data)
{
	struct echo *echo = data;
	const struct nlattr *attr;
	unsigned int i;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		for (i = 0; i < n_echo_settings; i++)
			if (mnl_attr_get_type(attr) == echo_settings[i].attr)
				echo->setting[i] = nl_number(attr);
}

/**
 * echo_take_outcome() - Take one message of the outcomes.
 * @message: The message.
 * @data: A struct echo.
 */
void echo_take_outcome(const struct nlmsghdr *message, void *data)
{
	struct echo *echo = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == outcome_table.attr)
			rows_add(&echo->outcomes, attr);
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
	/* The module can't answer at the ingress yet: on no device. */
	json_object_object_add(object, "direct", json_object_new_array());
	json_object_object_add(object, outcome_table.key,
			       rows_json(&echo->outcomes));
	print_json(out, object);
	json_object_put(object);
}

/* As "echo set" takes it. */
static void print_setting(FILE *out, const struct keyword *keyword,
			  uint32_t value)
{
	fprintf(out, "%s ", keyword->word);
	if (keyword->kind == VALUE_WORD && value < keyword->words->count)
		fputs(keyword->words->list[value].word, out);
	else if (!value && keyword->zero)
		fputs(keyword->zero, out);
	else
		fprintf(out, "%" PRIu32, value);
}

/**
 * echo_print() - Print a reading.
 * @out: Where to.
 * @echo: The reading.
 */
void echo_print(FILE *out, const struct echo *echo)
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
	fputs("\n\n", out);
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
		tables_explain(out, list, COUNT(list));
		return;
	}
	object = json_object_new_object();
	for (i = 0; i < n_echo_settings; i++)
		json_object_object_add(object,
				       setting_key(&echo_settings[i], key,
						   sizeof(key)),
				       json_object_new_string(echo_settings[i].explain));
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
	struct nlmsghdr *message;
	enum status status;
	struct echo echo;

	(void)command;
	(void)values;
	if (opts.explain) {
		explain(stdout);
		return STATUS_OK;
	}
	echo_begin(&echo);
	status = nl_begin(NETLAB_CMD_ECHO_GET, false, &message);
	if (!status)
		status = nl_ask(echo_take, NULL, &echo);
	if (!status)
		status = nl_begin(NETLAB_CMD_OUTCOME_GET, true, &message);
	if (!status) {
		if (opts.all)
			mnl_attr_put(message, NETLAB_A_OUTCOMES_ZERO_ROWS, 0,
				     NULL);
		status = nl_ask(echo_take_outcome, echo_clear, &echo);
	}
	if (!status)
		echo_print(stdout, &echo);
	echo_clear(&echo);
	return status;
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
	struct nlmsghdr *message;
	enum status status;

	status = nl_begin(NETLAB_CMD_ECHO_SET, false, &message);
	if (status)
		return status;
	put_values(message, command, values);
	return nl_ask(NULL, NULL, NULL);
}
