/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Questions that are sent together: one call of the kernel for many lines of a
 * file.
 */
#ifndef NETLAB_QUEUE_H
#define NETLAB_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "nl.h"

/*
 * Sent at once. All their refusals must fit into the socket's buffer together,
 * and one call for so many costs each next to nothing.
 */
#define QUEUE_AT_ONCE	128

/**
 * struct queue - Questions, one behind the other; each has its line's number as
 * its sequence number.
 * @data: They.
 * @used: How many bytes they are.
 * @room: How many there is memory for.
 * @count: How many questions.
 */
struct queue {
	char *data;
	size_t used;
	size_t room;
	unsigned long count;
};

/**
 * struct refusals - Which of those sent at once the kernel refused.
 * @count: How many.
 * @line: Their lines, in order.
 * @first: Why the first was.
 */
struct refusals {
	unsigned int count;
	uint32_t line[QUEUE_AT_ONCE];
	struct nl_failure first;
};

void queue_add(struct queue *queue, const struct nlmsghdr *message,
	       uint32_t line);
enum status queue_send(struct queue *queue, struct refusals *refusals);
void queue_clear(struct queue *queue);

#endif /* NETLAB_QUEUE_H */
