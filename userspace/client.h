/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ping, trace and udp share: options behind the object, a host's address,
 * and the end by Ctrl-C.
 */
#ifndef NETLAB_CLIENT_H
#define NETLAB_CLIENT_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "commands.h"

#define HOST_TEXT	(INET6_ADDRSTRLEN + 1 + 16)	/* with %DEV */

/**
 * union host - An IPv4 or IPv6 address, with a port where there is one.
 * @any: As sockets take it.
 * @v4: If its family is AF_INET.
 * @v6: If it is AF_INET6.
 */
union host {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/**
 * struct said - What the words after a client's name said.
 * @option: By letter, the value of each option that was given, "" where it has
 *	none; NULL of those that weren't.
 * @words: What isn't an option, up to NULL.
 * @n_words: How many those are.
 */
struct said {
	const char *option[128];
	char **words;
	unsigned int n_words;
};

enum status client_said(const struct object *object, char **words,
			struct said *said);
enum status client_number(const struct said *said, const char *place,
			  char letter, uint32_t min, uint32_t max,
			  uint32_t *number);
enum status client_seconds(const struct said *said, const char *place,
			   char letter, double *seconds);
enum status client_host(const struct said *said, const char *place,
			const char *name, union host *host);
enum status client_port(const char *place, const char *word, const char *protocol,
			uint16_t *port);
enum status client_device(const char *place, const char *name, unsigned int *index);
enum status client_run(enum status (*work)(void));
int client_wait(struct pollfd *fds, unsigned int n, double seconds);
socklen_t host_size(const union host *host);
uint16_t host_port(const union host *host);
void host_set_port(union host *host, uint16_t port);
bool host_same(const union host *one, const union host *other);
char *host_text(char *to, const union host *host);

#endif /* NETLAB_CLIENT_H */
