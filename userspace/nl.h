/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Questions to the module over generic netlink.
 */
#ifndef NETLAB_NL_H
#define NETLAB_NL_H

#include <stdbool.h>
#include <stdint.h>

#include "tool.h"

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

enum status nl_enter(void);
enum status nl_begin(uint8_t command, bool dump, struct nlmsghdr **message);
enum status nl_ask(nl_message_t *take, nl_again_t *again, void *data);
uint64_t nl_number(const struct nlattr *attr);
void nl_close(void);

#endif /* NETLAB_NL_H */
