// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ping, trace and udp share: options behind the object, a host's address,
 * and the end by Ctrl-C.
 */
#define _GNU_SOURCE	/* ppoll() */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "signals.h"

static struct signals signals = { .list = { SIGINT, SIGTERM } };

static const struct option_word *find_option(const struct object *object, char letter)
{
	unsigned int i;

	for (i = 0; i < object->n_options; i++)
		if (object->options[i].letter == letter)
			return &object->options[i];
	return NULL;
}

/*
 * One word of options, as -q, -qn, -c3 or -c 3. Sets *took if the value was the
 * next word.
 */
static enum status take_option(const struct object *object, const char *word,
			       const char *next, struct said *said, bool *took)
{
	const struct option_word *option;
	const char *letter;

	*took = false;
	for (letter = word + 1; *letter; letter++) {
		option = find_option(object, *letter);
		if (!option)
			return fail(STATUS_USAGE, "%s %s: no such option: see \"netlab help %s\"",
				    object->word, word, object->word);
		if (!option->metavar) {
			said->option[(int)*letter] = "";
			continue;
		}
		*took = !letter[1];
		said->option[(int)*letter] = *took ? next : letter + 1;
		if (*took && !next)
			return fail(STATUS_USAGE, "%s -%c: expected %s",
				    object->word, *letter, option->metavar);
		break;
	}
	return STATUS_OK;
}

/**
 * client_said() - Take the words behind a client's name apart.
 * @object: The client, with its options.
 * @words: The words, up to NULL. Options come first; -- ends them.
 * @said: What they said.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status client_said(const struct object *object, char **words,
			struct said *said)
{
	enum status status;
	bool took;

	memset(said, 0, sizeof(*said));
	for (; *words && words[0][0] == '-' && words[0][1]; words++) {
		if (!strcmp(*words, "--")) {
			words++;
			break;
		}
		status = take_option(object, words[0], words[1], said, &took);
		if (status)
			return status;
		words += took;
	}
	said->words = words;
	while (words[said->n_words])
		said->n_words++;
	if (said->option['j'])
		opts.json = true;
	if (said->option['4'] && said->option['6'])
		return fail(STATUS_USAGE, "%s: -4 and -6: expected one of them", object->word);
	return STATUS_OK;
}

/**
 * client_number() - An option that is a whole number.
 * @said: What was said.
 * @place: The client, for the complaint.
 * @letter: The option.
 * @min: The least that it can be.
 * @max: The most.
 * @number: Where to put it; it stays where the option wasn't given.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status client_number(const struct said *said, const char *place,
			  char letter, uint32_t min, uint32_t max,
			  uint32_t *number)
{
	const char *word = said->option[(int)letter];

	if (!word || parse_number(word, min, max, number))
		return STATUS_OK;
	return fail(STATUS_USAGE, "%s -%c %s: expected %u to %u", place, letter,
		    *word ? word : "\"\"", min, max);
}

/**
 * client_seconds() - An option that is a time.
 * @said: What was said.
 * @place: The client, for the complaint.
 * @letter: The option.
 * @seconds: Where to put it; it stays where the option wasn't given.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status client_seconds(const struct said *said, const char *place,
			   char letter, double *seconds)
{
	const char *word = said->option[(int)letter];

	if (!word || parse_seconds(word, seconds))
		return STATUS_OK;
	return fail(STATUS_USAGE, "%s -%c %s: expected 0.01 to 86400 seconds", place,
		    letter, *word ? word : "\"\"");
}

/**
 * client_host() - Find a host's address.
 * @said: What was said: -4 or -6 choose the family.
 * @place: The client, for the complaint.
 * @name: Its name or address.
 * @host: Its first address, without a port.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status client_host(const struct said *said, const char *place,
			const char *name, union host *host)
{
	const struct addrinfo hints = {
		.ai_family = said->option['4'] ? AF_INET : said->option['6'] ? AF_INET6 : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *found;
	int error = getaddrinfo(name, NULL, &hints, &found);

	if (error)
		return fail(STATUS_USAGE, "%s %s: no such host%s: %s", place,
			    *name ? name : "\"\"", said->option['4'] ? " with an IPv4 address" :
			    said->option['6'] ? " with an IPv6 address" : "",
			    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	memset(host, 0, sizeof(*host));
	if (found->ai_addrlen <= sizeof(*host))
		memcpy(host, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return STATUS_OK;
}

/**
 * client_port() - Read a port.
 * @place: What stands before it, for the complaint.
 * @word: A number, or a name as in /etc/services.
 * @protocol: "udp" or "tcp".
 * @port: In host byte order.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status client_port(const char *place, const char *word, const char *protocol,
			uint16_t *port)
{
	const struct servent *service;
	uint32_t number;

	if (parse_number(word, 1, UINT16_MAX, &number)) {
		*port = number;
		return STATUS_OK;
	}
	service = getservbyname(word, protocol);
	if (!service)
		return fail(STATUS_USAGE,
			    "%s %s: expected a port of 1 to 65535, or a name of /etc/services that has one for %s",
			    place, *word ? word : "\"\"", protocol);
	*port = ntohs(service->s_port);
	return STATUS_OK;
}

/**
 * client_device() - Find a device.
 * @place: What stands before it, for the complaint.
 * @name: Its name, in the namespace that is worked in.
 * @index: Its index.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status client_device(const char *place, const char *name, unsigned int *index)
{
	*index = if_nametoindex(name);
	if (*index)
		return STATUS_OK;
	return fail(STATUS_USAGE, "%s %s: no such device here: see \"ip link\"", place,
		    *name ? name : "\"\"");
}

/**
 * client_run() - Do a client's work; Ctrl-C and SIGTERM set signals_ended, and
 * come while client_wait() waits.
 * @work: The work.
 *
 * Return: What it returns.
 */
enum status client_run(enum status (*work)(void))
{
	enum status status;

	signals_hold(&signals);
	status = work();
	signals_release(&signals);
	return status;
}

/**
 * client_wait() - Wait for sockets.
 * @fds: The sockets.
 * @n: How many.
 * @seconds: How long at most; negative for ever.
 *
 * Return: How many are ready; less than 1 if time is up or a signal came.
 */
int client_wait(struct pollfd *fds, unsigned int n, double seconds)
{
	struct timespec left = { 0 };

	if (signals_ended)
		return 0;
	if (seconds > 0) {
		left.tv_sec = (time_t)seconds;
		left.tv_nsec = (seconds - (double)left.tv_sec) * 1e9;
	}
	return ppoll(fds, n, seconds < 0 ? NULL : &left, &signals.outside);
}

/**
 * host_size() - How long an address is, for sockets.
 * @host: The address.
 *
 * Return: Bytes.
 */
socklen_t host_size(const union host *host)
{
	return host->any.sa_family == AF_INET ? sizeof(host->v4) : sizeof(host->v6);
}

/**
 * host_port() - An address's port.
 * @host: The address.
 *
 * Return: The port, in host byte order.
 */
uint16_t host_port(const union host *host)
{
	return ntohs(host->any.sa_family == AF_INET ? host->v4.sin_port : host->v6.sin6_port);
}

/**
 * host_set_port() - Give an address a port.
 * @host: The address.
 * @port: In host byte order.
 */
void host_set_port(union host *host, uint16_t port)
{
	if (host->any.sa_family == AF_INET)
		host->v4.sin_port = htons(port);
	else
		host->v6.sin6_port = htons(port);
}

/**
 * host_same() - Compare two addresses, whatever their ports.
 * @one: An address.
 * @other: Another.
 *
 * Return: Whether they are the same.
 */
bool host_same(const union host *one, const union host *other)
{
	if (one->any.sa_family != other->any.sa_family)
		return false;
	if (one->any.sa_family == AF_INET)
		return one->v4.sin_addr.s_addr == other->v4.sin_addr.s_addr;
	return !memcmp(&one->v6.sin6_addr, &other->v6.sin6_addr, sizeof(one->v6.sin6_addr));
}

/**
 * host_text() - Write an address.
 * @to: Where to, of HOST_TEXT bytes.
 * @host: The address; fe80:: with its device.
 *
 * Return: @to.
 */
char *host_text(char *to, const union host *host)
{
	/* An IPv4 host at a socket for both. */
	if (host->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&host->v6.sin6_addr))
		return (char *)inet_ntop(AF_INET, &host->v6.sin6_addr.s6_addr[12], to, HOST_TEXT);
	if (getnameinfo(&host->any, host_size(host), to, HOST_TEXT, NULL, 0, NI_NUMERICHOST))
		snprintf(to, HOST_TEXT, "?");
	return to;
}
