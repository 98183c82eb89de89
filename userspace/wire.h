/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets that ask: ICMP echo requests, and what comes back, replies and errors.
 */
#ifndef NETLAB_WIRE_H
#define NETLAB_WIRE_H

#include <stddef.h>

#include "client.h"

#define ECHO_HEADER	8		/* bytes, in ICMP (RFC 792) as in ICMPv6 (RFC 4443) */
#define WIRE_BYTES	65536		/* the longest packet */
#define WIRE_TEXT	96

/**
 * struct heard - Something that came back.
 * @kind: HEARD_NOTHING: there was nothing more. HEARD_REPLY: a packet for the
 *	socket. HEARD_ERROR: an ICMP error about one of its own packets, or the
 *	kernel's own. HEARD_SENT: when one of its own left.
 * @data: What the packet carried: of a reply, the ICMP message or UDP payload;
 *	of an error, what it quotes behind the IP header.
 * @length: Bytes of that.
 * @from: Who sent it.
 * @when: Nanoseconds of CLOCK_REALTIME, the kernel's where it said so.
 * @ttl: Of a reply, the TTL or hop limit that it came with; -1 if unknown.
 * @local: Of an error, the kernel itself found it, before the packet left.
 * @type: Of an error, ICMP's or ICMPv6's.
 * @code: The same.
 * @info: The path's MTU, where a packet was too big.
 * @error: The errno that goes with it.
 * @key: Of HEARD_SENT, which of the socket's packets, from 0.
 */
struct heard {
	enum { HEARD_NOTHING, HEARD_REPLY, HEARD_ERROR, HEARD_SENT } kind;
	const uint8_t *data;
	size_t length;
	union host from;
	int64_t when;
	int ttl;
	bool local;
	uint8_t type;
	uint8_t code;
	uint32_t info;
	int error;
	uint32_t key;
};

/**
 * struct echo_socket - A socket for echo requests.
 * @fd: The socket, connected.
 * @family: AF_INET or AF_INET6.
 * @raw: It is a raw one, not a datagram one: its IPv4 checksums are ours.
 * @ident: The identifier of its requests.
 */
struct echo_socket {
	int fd;
	int family;
	bool raw;
	uint16_t ident;
};

uint16_t wire_checksum(const uint8_t *data, size_t length);
int64_t wire_now(void);
bool wire_option(int fd, int family, int v4, int v6, int value);
void wire_ask(int fd, int family, bool sent);
enum status wire_connect(const char *place, const char *name, int fd,
			 const union host *host);
enum status wire_echo_open(const char *place, const char *name,
			   const union host *host, struct echo_socket *echo);
bool wire_echo_send(const struct echo_socket *echo, uint16_t seq,
		    uint8_t *message, size_t length);
bool wire_echo_is(const struct echo_socket *echo, const struct heard *heard,
		  uint16_t *seq);
bool wire_hear_error(int fd, struct heard *heard);
bool wire_hear(int fd, int family, bool raw, struct heard *heard);
char *wire_error_text(char *to, size_t size, int family, const struct heard *heard);

#endif /* NETLAB_WIRE_H */
