/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object trace: the routers on the way to a host.
 */
#ifndef NETLAB_TRACE_H
#define NETLAB_TRACE_H

#include "commands.h"

#define N_TRACE_OPTIONS	13

extern const struct option_word trace_options[N_TRACE_OPTIONS];

enum status trace(const struct object *object, char **words);

#endif /* NETLAB_TRACE_H */
