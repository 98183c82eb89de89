/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * messages: generic netlink messages to the family netlab, most of them wrong.
 * A message follows from the seed, its number and those that were kept.
 */
#ifndef FUZZ_MESSAGES_H
#define FUZZ_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"

#define MAX_MESSAGE	65536
#define MAX_COMMANDS	32
#define MAX_ATTRIBUTES	32

/* How an attribute is given a value. */
enum kind { U8, U16, U32, U64, FLAG, BINARY, STRING, NEST, PAD };

/**
 * struct command - what netlab.yaml says of a command
 * @id: its number
 * @admin: it needs a privilege, and changes something
 * @n: attributes that its attribute set has
 * @attribute: them
 */
struct command {
	uint8_t id;
	bool admin;
	unsigned int n;
	struct {
		uint16_t type;
		enum kind kind;
	} attribute[MAX_ATTRIBUTES];
};

/**
 * struct message - to send
 * @len: bytes to send
 * @command: of the header, whether it is known or not
 * @admin: a privilege is needed
 * @answered: the kernel sees a message in it, and answers
 * @whole: nothing is wrong with its headers
 * @dump: it asks for a dump
 * @data: it
 */
struct message {
	unsigned int len;
	uint8_t command;
	bool admin, answered, whole, dump;
	uint8_t data[MAX_MESSAGE + 4096];
};

void message_keep(const struct message *m);
void commands_read(const char *path);
void message_make(struct message *m, uint64_t seed, uint64_t number,
		  uint16_t family, uint32_t sequence);

#endif /* FUZZ_MESSAGES_H */
