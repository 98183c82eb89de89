/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Questions to the module over generic netlink.
 */
#ifndef NETLAB_NL_H
#define NETLAB_NL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "nl_failure.h"
#include "tool.h"

#define NL_ANSWER_SECONDS	10	/* for a kernel that doesn't answer */

struct nlattr;
struct nlmsghdr;

/**
 * typedef nl_message_t - Takes one message of an answer.
 * @message: The message.
 * @data: The caller's.
 */
typedef void nl_message_t(const struct nlmsghdr *message, void *data);

/**
 * typedef nl_again_t - Forgets what was taken: the answer comes once more.
 * @data: The caller's.
 */
typedef void nl_again_t(void *data);

/**
 * typedef nl_refused_t - Takes the refusal of one question of several.
 * @sequence: The question's number.
 * @failure: The refusal.
 * @data: The caller's.
 */
typedef void nl_refused_t(uint32_t sequence, const struct nl_failure *failure,
			  void *data);

struct nlmsghdr *nl_put_header(void *buffer, uint8_t command);
bool nl_has_family(void);
enum status nl_begin(uint8_t command, bool dump, struct nlmsghdr **message);
enum status nl_ask(nl_message_t *take, nl_again_t *again, void *data);
enum status nl_send(struct nlmsghdr *first, size_t length, nl_refused_t *take,
		    void *data);
void nl_try(nl_message_t *take, void *data, struct nl_failure *failure);
void nl_buffer(int size);
int nl_wait(nl_message_t *take, void *data, time_t seconds,
	    const sigset_t *outside);
uint64_t nl_number(const struct nlattr *attr);
void nl_close(void);

#endif /* NETLAB_NL_H */
