/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object udp: a datagram, and who takes it.
 */
#ifndef NETLAB_UDP_H
#define NETLAB_UDP_H

#include "commands.h"

#define N_UDP_OPTIONS	9

extern const struct option_word udp_options[N_UDP_OPTIONS];

enum status udp(const struct object *object, char **words);

#endif /* NETLAB_UDP_H */
