/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel made of recorded answers, for the tests of the tool, and what runs
 * the tool against it.
 */
#ifndef NETLAB_TOOL_KERNEL_H
#define NETLAB_TOOL_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tool.h"

struct nlattr;
struct nlmsghdr;

#define FAKE_FAMILY	0x29	/* netlab's number in that kernel */

/* The last question, how many there were, and from how many sockets. */
extern char request[65536];
extern unsigned int n_requests, n_opened;

/* How often a device was looked up. */
extern unsigned int n_looked_up;

/*
 * If set, called for each message of a question, to answer it; and where a
 * socket is closed. Else what was recorded before is the answer.
 */
extern void (*answer_to)(const struct nlmsghdr *message);
extern void (*socket_closed)(void);

/* What the tool wrote on stdout and stderr, and the tests that failed. */
extern char out[16384], err[4096];
extern unsigned int n_tests, n_failed;

/* Begins a test: no answers, no options. */
void begin(void);

/*
 * Begins a test with the first message of an answer to "stats": netns 7, epoch
 * 2. Then rows: row(), its cells, end_row().
 */
void begin_answer(void);
void row(uint16_t table);
void u8(uint16_t type, uint8_t value);
void u16(uint16_t type, uint16_t value);
void u32(uint16_t type, uint32_t value);
void u64(uint16_t type, uint64_t value);
void bytes(uint16_t type, const void *value, size_t length);
void end_row(void);
void add_hook(uint8_t family, uint8_t hook, uint64_t packets,
	      uint64_t fragments, uint64_t refused);

/*
 * Answers, one message after the other: add() and add_genl() begin one, added()
 * ends it, and send_datagram() ends those that are received at once.
 */
struct nlmsghdr *add(uint16_t type, uint16_t flags);
struct nlmsghdr *add_genl(uint16_t flags);
void added(const struct nlmsghdr *message);
void send_datagram(void);
void add_ack(int error, bool capped, const char *text);
void add_ack_to(uint32_t sequence, int error, bool capped, uint32_t offset,
		const char *text);
void add_done(int error, const char *text);
void add_family(void);

/* One command line, its words up to NULL; leaves out[] and err[]. */
enum status run(const char *first, ...);

/* The same of the commands in a file. */
enum status run_file(const char *name);

/* An attribute of the last question, or NULL; and how many it had. */
const struct nlattr *requested(uint16_t type);
unsigned int n_sent(void);

/* TAP */
void ok(bool passed, const char *what);
void is(const char *got, const char *expected, const char *what);
void contains(const char *part, const char *what);
void is_number(uint64_t got, uint64_t expected, const char *what);

#endif /* NETLAB_TOOL_KERNEL_H */
