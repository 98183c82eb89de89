/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of commands, one a line.
 */
#ifndef NETLAB_LINES_H
#define NETLAB_LINES_H

#include "tool.h"

/**
 * typedef idle_t - Does what is left before the next line is waited for.
 *
 * Return: STATUS_OK, or another after a complaint, which ends the reading.
 */
typedef enum status idle_t(void);

enum status lines_run(const char *name, unsigned long *line, idle_t *idle);

#endif /* NETLAB_LINES_H */
