/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who answers echo requests: netlab or the stack, where the host is a namespace
 * of this machine.
 */
#ifndef NETLAB_ANSWERER_H
#define NETLAB_ANSWERER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client.h"

/**
 * struct answerer - The namespace that has an address.
 * @known: There is one, and netlab's counters can be read there.
 * @netns: Its name; NULL for the one that the tool works in.
 * @replied: How many requests netlab answered there.
 */
struct answerer {
	bool known;
	char *netns;
	uint64_t replied;
};

void answerer_find(struct answerer *answerer, const union host *host);
bool answerer_again(const struct answerer *answerer, uint64_t *replied);
void answerer_clear(struct answerer *answerer);

#endif /* NETLAB_ANSWERER_H */
