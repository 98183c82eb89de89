// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object restore: the whole file is read, its prefixes are staged in the
 * module, and one last question lets all of it take the place of what is.
 */
#include <libmnl/libmnl.h>
#include <linux/netlab.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "lines.h"
#include "queue.h"
#include "restore.h"

/* A part of the last question, and the line that it came from. */
struct part {
	uint16_t attr;
	uint8_t size;
	uint32_t value;
	unsigned long line;
	uint32_t offset;
};

/* What the file says. */
static struct {
	unsigned long commands;
	struct queue prefixes;
	struct part *parts;
	size_t n_parts;
} plan;

static void forget_plan(void)
{
	free(plan.prefixes.data);
	free(plan.parts);
	memset(&plan, 0, sizeof(plan));
}

static struct part *find_setting(uint16_t attr)
{
	size_t i;

	for (i = 0; i < plan.n_parts; i++)
		if (plan.parts[i].attr == attr)
			return &plan.parts[i];
	return NULL;
}

static struct part *find_direct(uint32_t index)
{
	size_t i;

	for (i = 0; i < plan.n_parts; i++)
		if (plan.parts[i].attr == NETLAB_A_ECHO_DIRECT &&
		    plan.parts[i].value == index)
			return &plan.parts[i];
	return NULL;
}

/* @part is that which it takes the place of, or NULL. */
static void note(struct part *part, uint16_t attr, uint8_t size, uint32_t value)
{
	if (!part) {
		plan.parts = reallocarray(plan.parts, plan.n_parts + 1,
					  sizeof(*plan.parts));
		if (!plan.parts)
			no_memory();
		part = &plan.parts[plan.n_parts++];
	}
	*part = (struct part){ .attr = attr, .size = size, .value = value,
			       .line = opts.restore_line };
}

/**
 * restore_echo_set() - Note settings; a later line counts.
 * @command: The command.
 * @values: The settings.
 *
 * Return: STATUS_OK.
 */
enum status restore_echo_set(const struct command *command,
			     const struct values *values)
{
	const struct keyword *keyword;
	unsigned int i;

	plan.commands++;
	for (i = 0; i < command->n_keywords; i++) {
		keyword = &command->keywords[i];
		if (values->given[i])
			note(find_setting(keyword->attr), keyword->attr,
			     keyword->size, values->value[i]);
	}
	return STATUS_OK;
}

/**
 * restore_echo_direct() - Note a device to answer at, or not to; a later line
 * counts.
 * @command: The command.
 * @values: The device, and whether.
 *
 * Return: STATUS_OK.
 */
enum status restore_echo_direct(const struct command *command,
				const struct values *values)
{
	struct part *part = find_direct(values->value[0]);

	(void)command;
	plan.commands++;
	if (values->value[1])
		note(part, NETLAB_A_ECHO_DIRECT, 4, values->value[0]);
	else if (part)
		*part = plan.parts[--plan.n_parts];
	return STATUS_OK;
}

/**
 * restore_prefix_add() - Note a prefix.
 * @command: The command.
 * @values: The prefix, and its limits.
 *
 * Return: STATUS_OK.
 */
enum status restore_prefix_add(const struct command *command,
			       const struct values *values)
{
	char buffer[256] __attribute__((aligned(4)));
	struct nlmsghdr *message;

	plan.commands++;
	message = nl_put_header(buffer, NETLAB_CMD_PREFIX_ADD);
	put_values(message, command, values);
	mnl_attr_put(message, NETLAB_A_PREFIX_STAGED, 0, NULL);
	queue_add(&plan.prefixes, message, opts.restore_line);
	return STATUS_OK;
}

/* The socket's end gives up what is staged, so that nothing has changed. */
static enum status refuse(unsigned long line, const struct nl_failure *failure)
{
	enum status status;

	nl_close();
	opts.restore_line = line;
	status = nl_complain(failure);
	opts.restore_line = 0;
	return status;
}

/* The line of the part that a refusal of all of them is about; 0 if of none. */
static unsigned long guilty(const struct nl_failure *failure)
{
	size_t i;

	for (i = 0; failure->offset && i < plan.n_parts; i++)
		if (plan.parts[i].offset == failure->offset)
			return plan.parts[i].line;
	return 0;
}

static enum status commit(void)
{
	struct nlmsghdr *message;
	struct refusals refusals;
	struct queue last = { 0 };
	enum status status;
	struct part *part;
	size_t i;
	char *buffer;

	buffer = malloc(64 + plan.n_parts * MNL_ALIGN(MNL_ATTR_HDRLEN + 4));
	if (!buffer)
		no_memory();
	message = nl_put_header(buffer, NETLAB_CMD_STAGE_COMMIT);
	for (i = 0; i < plan.n_parts; i++) {
		part = &plan.parts[i];
		part->offset = message->nlmsg_len;
		if (part->size == 1)
			mnl_attr_put_u8(message, part->attr, part->value);
		else
			mnl_attr_put_u32(message, part->attr, part->value);
	}
	queue_add(&last, message, 1);
	free(buffer);
	status = queue_send(&last, &refusals);
	free(last.data);
	if (!status && refusals.count)
		status = refuse(guilty(&refusals.first), &refusals.first);
	return status;
}

static enum status send_plan(void)
{
	struct nlmsghdr *message;
	struct refusals refusals;
	enum status status;

	status = nl_begin(NETLAB_CMD_STAGE_BEGIN, false, &message);
	if (!status)
		status = nl_ask(NULL, NULL, NULL);
	if (!status)
		status = queue_send(&plan.prefixes, &refusals);
	if (!status && refusals.count)
		status = refuse(refusals.line[0], &refusals.first);
	return status ? status : commit();
}

/**
 * restore() - Make the responder's state what a file says.
 * @command: This command.
 * @values: The file.
 *
 * Return: The exit code.
 */
enum status restore(const struct command *command, const struct values *values)
{
	enum status status;

	(void)command;
	if (opts.batch && !strcmp(opts.batch, "-") && !strcmp(values->file, "-"))
		return fail(STATUS_USAGE,
			    "restore -: standard input has the batch: expected a file");
	opts.restore = values->file;
	status = lines_run(values->file, &opts.restore_line, NULL);
	if (!status && !plan.commands)
		/* That would be all that there is undone, by mistake. */
		status = fail(STATUS_USAGE,
			      "no command in it: expected echo set, echo direct or prefix add");
	if (!status)
		status = send_plan();
	opts.restore = NULL;
	forget_plan();
	return status;
}
