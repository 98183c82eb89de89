/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object echo: the responder.
 */
#ifndef NETLAB_ECHO_H
#define NETLAB_ECHO_H

#include <stdint.h>
#include <stdio.h>

#include "commands.h"
#include "table.h"

/**
 * struct echo - The responder's configuration, and a reading of its outcomes.
 * @setting: The values of echo_settings[].
 * @outcomes: How often each outcome was had.
 */
struct echo {
	uint32_t setting[MAX_KEYWORDS];
	struct rows outcomes;
};

void echo_begin(struct echo *echo);
void echo_take(const struct nlmsghdr *message, void *data);
void echo_take_outcome(const struct nlmsghdr *message, void *data);
void echo_clear(void *data);
void echo_print(FILE *out, const struct echo *echo);

enum status echo_show(const struct command *command,
		      const struct values *values);
enum status echo_set(const struct command *command,
		     const struct values *values);

#endif /* NETLAB_ECHO_H */
