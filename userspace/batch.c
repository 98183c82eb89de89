// SPDX-License-Identifier: GPL-2.0-only
/*
 * The option --batch. Prefixes come by the million: their adding is sent many
 * lines at once. The kernel looks at all that came at once, even behind a line
 * that it refuses; what it did of those is taken back, so that a batch ends at
 * the first line that fails whether lines were sent together or not.
 */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>

#include "batch.h"
#include "lines.h"
#include "queue.h"
#include "words.h"

static struct queue queue;
static enum status failed;	/* of what was sent together */

static bool was_refused(const struct refusals *refusals, uint32_t line)
{
	unsigned int i;

	for (i = 0; i < refusals->count; i++)
		if (refusals->line[i] == line)
			return true;
	return false;
}

/* The question that takes back what @added did. */
static void put_undo(struct queue *undo, const struct nlmsghdr *added)
{
	struct nlmsghdr *message;
	const struct nlattr *attr;
	char buffer[128] __attribute__((aligned(4)));

	message = nl_put_header(buffer, NETLAB_CMD_PREFIX_DEL);
	mnl_attr_for_each(attr, added, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == NETLAB_A_PREFIX_ADDRESS ||
		    mnl_attr_get_type(attr) == NETLAB_A_PREFIX_LENGTH)
			mnl_attr_put(message, mnl_attr_get_type(attr),
				     mnl_attr_get_payload_len(attr),
				     mnl_attr_get_payload(attr));
	queue_add(undo, message, added->nlmsg_seq);
}

/* Takes back what was added behind the first line that was refused. */
static enum status take_back(const struct refusals *refusals)
{
	struct nlmsghdr *message = (struct nlmsghdr *)queue.data;
	static struct queue undo;
	struct refusals ignored;	/* another may have deleted it */
	int left = queue.used;

	queue_clear(&undo);
	for (; mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		if (message->nlmsg_seq > refusals->line[0] &&
		    !was_refused(refusals, message->nlmsg_seq))
			put_undo(&undo, message);
	return undo.count ? queue_send(&undo, &ignored) : STATUS_OK;
}

/**
 * batch_flush() - Send what waits.
 *
 * Return: STATUS_OK, or another after a complaint, which names the line.
 */
enum status batch_flush(void)
{
	enum status (*before)(void) = settle;
	unsigned long line = opts.line;
	struct refusals refusals;
	enum status undone;

	forget_devices();
	if (!queue.count)
		return STATUS_OK;
	settle = NULL;	/* nothing is on its way before what is sent here */
	opts.line = ((struct nlmsghdr *)queue.data)->nlmsg_seq;
	failed = queue_send(&queue, &refusals);
	if (!failed && refusals.count) {
		undone = take_back(&refusals);
		opts.line = refusals.line[0];
		failed = nl_complain(&refusals.first);
		if (undone)
			failed = undone;
	}
	queue_clear(&queue);
	opts.line = line;
	settle = before;
	return failed;
}

/**
 * batch_add() - Send a question, or in a batch let it wait for others.
 * @message: The question that was begun with nl_begin().
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status batch_add(const struct nlmsghdr *message)
{
	if (!opts.line)
		return nl_ask(NULL, NULL, NULL);
	queue_add(&queue, message, opts.line);
	return queue.count < QUEUE_AT_ONCE ? STATUS_OK : batch_flush();
}

/**
 * batch_run() - Do the commands in the file that --batch names.
 *
 * Return: The exit code.
 */
enum status batch_run(void)
{
	enum status status;

	failed = STATUS_OK;
	settle = batch_flush;
	status = lines_run(opts.batch, &opts.line, batch_flush);
	if (!status)
		status = batch_flush();
	settle = NULL;
	return failed ? failed : status;
}
