/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet as a line of text, much as "tcpdump -tn" has it.
 */
#ifndef NETLAB_PACKET_H
#define NETLAB_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_TEXT	512	/* size of a line */

/**
 * struct packet - A packet.
 * @data: It, from its IP header on.
 * @caught: How much of it there is, in bytes.
 * @length: How long it was.
 */
struct packet {
	const uint8_t *data;
	size_t caught;
	size_t length;
};

char *packet_text(char *to, size_t size, const struct packet *packet);

#endif /* NETLAB_PACKET_H */
