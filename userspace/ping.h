/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object ping: echo requests, and who answers them.
 */
#ifndef NETLAB_PING_H
#define NETLAB_PING_H

#include "commands.h"

#define N_PING_OPTIONS	9

extern const struct option_word ping_options[N_PING_OPTIONS];

enum status ping(const struct object *object, char **words);

#endif /* NETLAB_PING_H */
