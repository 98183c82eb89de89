// SPDX-License-Identifier: GPL-2.0-only
/*
 * Questions that are sent together.
 */
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "queue.h"

/**
 * queue_add() - Put one more question behind the others.
 * @queue: The queue.
 * @message: The question.
 * @line: Its line's number.
 */
void queue_add(struct queue *queue, const struct nlmsghdr *message,
	       uint32_t line)
{
	size_t length = MNL_ALIGN(message->nlmsg_len);
	struct nlmsghdr *copy;

	if (queue->used + length > queue->room) {
		queue->room = queue->room ? 2 * queue->room : 16384;
		queue->data = realloc(queue->data, queue->room);
		if (!queue->data)
			no_memory();
	}
	copy = (struct nlmsghdr *)(queue->data + queue->used);
	memcpy(copy, message, length);
	copy->nlmsg_seq = line;
	queue->used += length;
	queue->count++;
}

static void take_refusal(uint32_t sequence, const struct nl_failure *failure,
			 void *data)
{
	struct refusals *refusals = data;

	if (!refusals->count)
		refusals->first = *failure;
	if (refusals->count < QUEUE_AT_ONCE)
		refusals->line[refusals->count++] = sequence;
}

/**
 * queue_send() - Send the questions, up to those sent at once in which there is
 * a refusal.
 * @queue: The queue.
 * @refusals: Where to put which those were.
 *
 * Return: STATUS_OK, even if there were refusals; another after a complaint.
 */
enum status queue_send(struct queue *queue, struct refusals *refusals)
{
	size_t begin = 0, end;
	unsigned int count;
	enum status status;

	refusals->count = 0;
	while (begin < queue->used && !refusals->count) {
		end = begin;
		for (count = 0; end < queue->used && count < QUEUE_AT_ONCE;
		     count++)
			end += MNL_ALIGN(((struct nlmsghdr *)(queue->data +
							      end))->nlmsg_len);
		status = nl_send((struct nlmsghdr *)(queue->data + begin),
				 end - begin, take_refusal, refusals);
		if (status)
			return status;
		begin = end;
	}
	return STATUS_OK;
}

/**
 * queue_clear() - Forget the questions, but keep their memory.
 * @queue: The queue.
 */
void queue_clear(struct queue *queue)
{
	queue->used = 0;
	queue->count = 0;
}
