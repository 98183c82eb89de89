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
 * @direct: Indices of the devices at whose ingress it answers.
 * @n_direct: How many they are.
 * @outcomes: How often each outcome was had.
 */
struct echo {
	uint32_t setting[MAX_KEYWORDS];
	uint32_t *direct;
	size_t n_direct;
	struct rows outcomes;
};

enum status echo_read(struct echo *echo);
enum status echo_read_outcomes(struct rows *rows);
void echo_clear(struct echo *echo);
void print_setting(FILE *out, const struct keyword *keyword, uint32_t value);

enum status echo_show(const struct command *command,
		      const struct values *values);
enum status echo_set(const struct command *command,
		     const struct values *values);
enum status echo_direct(const struct command *command,
			const struct values *values);

#endif /* NETLAB_ECHO_H */
