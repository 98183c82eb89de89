// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object udp: a datagram, and who takes it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "signals.h"
#include "udp.h"
#include "wire.h"

#define MOST	65507	/* bytes in one */

const struct option_word udp_options[N_UDP_OPTIONS] = {
	{ 'c', NULL, "COUNT", false, "listen: end after COUNT datagrams." },
	{ 'W', NULL, "SECONDS", false, "listen: end after SECONDS without one. send: wait so long for an answer." },
	{ 'e', NULL, NULL, false, "listen: send each back to where it came from." },
	{ 'i', NULL, "DEV", false, "The device of a multicast group or of a link-local address." },
	{ 's', NULL, "PORT", false, "send: from this port." },
	{ 't', NULL, "TTL", false, "send: the TTL, or hop limit; 1 to a multicast group where this isn't given." },
	{ 'j', NULL, NULL, false, "JSON, a line for each datagram." },
	{ '4', NULL, NULL, false, "IPv4 only." },
	{ '6', NULL, NULL, false, "IPv6 only." },
};

static struct {
	struct said said;
	int fd;
	union host host;
	uint32_t count, ttl;
	double timeout;
	bool any;	/* listen at any address */
	unsigned int device;
	uint16_t source;
	char data[MOST + 1];
	size_t length;
} now;

static bool is_multicast(const union host *host)
{
	if (host->any.sa_family == AF_INET)
		return IN_MULTICAST(ntohl(host->v4.sin_addr.s_addr));
	return IN6_IS_ADDR_MULTICAST(&host->v6.sin6_addr);
}

static enum status open_socket(void)
{
	const int on = 1;

	now.fd = socket(now.host.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Any address, on a host without IPv6: what there is of it. */
	if (now.fd < 0 && errno == EAFNOSUPPORT && now.any && !now.said.option['6']) {
		now.host = (union host){ .v4 = { .sin_family = AF_INET, .sin_port = now.host.v6.sin6_port } };
		now.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	if (now.fd < 0)
		return fail(STATUS_REFUSED, "udp: socket: %s", strerror(errno));
	/* Who names a broadcast address means it. */
	setsockopt(now.fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	return STATUS_OK;
}

static void print_datagram(const struct heard *heard)
{
	static char text[MOST + 1], escaped[4 * MOST + 1];
	size_t length = heard->length < MOST ? heard->length : MOST, i;
	struct json_object *object;
	char from[HOST_TEXT];

	host_text(from, &heard->from);
	/* Text as it is but for its last newline; a zero ends no datagram. */
	for (i = 0; i < length; i++)
		text[i] = heard->data[i] ? heard->data[i] : '.';
	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	text[length] = '\0';
	escape(escaped, sizeof(escaped), text);
	if (!opts.json) {
		printf("%s.%u: %zu bytes: %s\n", from, host_port(&heard->from), heard->length, escaped);
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "from", json_object_new_string(from));
	json_object_object_add(object, "port", json_object_new_int(host_port(&heard->from)));
	json_object_object_add(object, "bytes", json_object_new_uint64(heard->length));
	json_object_object_add(object, "text", json_object_new_string(escaped));
	print_json(stdout, object);
	json_object_put(object);
}

/* ---- listen */

static enum status join(void)
{
	const struct group_req group = {
		.gr_interface = now.device,
		.gr_group = *(const struct sockaddr_storage *)(const void *)&now.host,
	};
	char text[HOST_TEXT];

	if (!setsockopt(now.fd, now.host.any.sa_family == AF_INET ? SOL_IP : SOL_IPV6,
			MCAST_JOIN_GROUP, &group, sizeof(group)))
		return STATUS_OK;
	return fail(STATUS_REFUSED, "udp listen %s: can't join the group: %s%s",
		    host_text(text, &now.host), strerror(errno),
		    now.device ? "" : ": name a device by -i");
}

static enum status bind_socket(const char *port)
{
	const int on = 1, off = 0;
	char text[HOST_TEXT];

	/* Of a group there may be several listeners. */
	if (is_multicast(&now.host))
		setsockopt(now.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (now.host.any.sa_family == AF_INET6)
		setsockopt(now.fd, SOL_IPV6, IPV6_V6ONLY, now.said.option['6'] ? &on : &off, sizeof(on));
	if (bind(now.fd, &now.host.any, host_size(&now.host))) {
		host_text(text, &now.host);
		if (errno == EACCES)
			return fail(STATUS_REFUSED,
				    "udp listen %s: ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE",
				    port);
		return fail(STATUS_REFUSED, "udp listen %s %s: %s", text, port,
			    errno == EADDRINUSE ? "somebody listens there: see \"ss -ulp\"" : strerror(errno));
	}
	return is_multicast(&now.host) ? join() : STATUS_OK;
}

static enum status take_listen(char **words, unsigned int n)
{
	const char *port = n == 2 ? words[1] : words[0];
	enum status status;
	uint16_t number;

	if (n != 1 && n != 2)
		return fail(STATUS_USAGE, "udp listen: expected [ADDRESS] PORT, got %u words", n);
	status = client_port("udp listen", port, "udp", &number);
	if (status)
		return status;
	now.any = n == 1;
	if (n == 2)
		status = client_host(&now.said, "udp listen", words[0], &now.host);
	else if (now.said.option['4'])
		now.host.v4.sin_family = AF_INET;
	else
		now.host.v6.sin6_family = AF_INET6;	/* takes both */
	if (status)
		return status;
	host_set_port(&now.host, number);
	if (now.host.any.sa_family == AF_INET6 && now.device && !now.host.v6.sin6_scope_id)
		now.host.v6.sin6_scope_id = now.device;
	status = open_socket();
	return status ? status : bind_socket(port);
}

static enum status listen_all(void)
{
	struct pollfd fd = { .fd = now.fd, .events = POLLIN };
	enum status status = STATUS_OK;
	struct heard heard;
	uint32_t got = 0;

	while (!status && !signals_ended && (!now.count || got < now.count)) {
		if (client_wait(&fd, 1, now.timeout > 0 ? now.timeout : -1) < 1) {
			if (now.timeout > 0 && !signals_ended)
				return got ? STATUS_OK : STATUS_NO_ANSWER;
			continue;
		}
		if (!wire_hear(now.fd, now.host.any.sa_family, false, &heard) ||
		    heard.kind != HEARD_REPLY)
			continue;
		got++;
		print_datagram(&heard);
		if (now.said.option['e'])
			sendto(now.fd, heard.data, heard.length, 0, &heard.from.any,
			       host_size(&heard.from));
		status = flush_output();
	}
	return status;
}

static enum status listen_for(char **words, unsigned int n)
{
	enum status status = take_listen(words, n);

	if (status)
		return status;
	/* So that whoever sends knows when he can. */
	fputs("listening; Ctrl-C ends it\n", stderr);
	return client_run(listen_all);
}

/* ---- send */

static enum status put_data(const char *data, size_t length)
{
	if (length > sizeof(now.data) - 1 - now.length)
		return fail(STATUS_USAGE, "udp send: expected at most %u bytes: one datagram", MOST);
	memcpy(now.data + now.length, data, length);
	now.length += length;
	return STATUS_OK;
}

/* The words behind the port; or what standard input has, up to its end. */
static enum status take_data(char **words, unsigned int n)
{
	static char part[4096];
	enum status status = STATUS_OK;
	unsigned int i;
	size_t got;

	for (i = 0; !status && i < n; i++) {
		if (i)
			status = put_data(" ", 1);
		if (!status)
			status = put_data(words[i], strlen(words[i]));
	}
	while (!status && !n && (got = fread(part, 1, sizeof(part), stdin)))
		status = put_data(part, got);
	if (!status && !n && ferror(stdin))
		return fail(STATUS_USAGE, "udp send: can't read standard input");
	return status;
}

static enum status set_source(void)
{
	union host from = { .any = { .sa_family = now.host.any.sa_family } };

	if (!now.source)
		return STATUS_OK;
	host_set_port(&from, now.source);
	if (!bind(now.fd, &from.any, host_size(&from)))
		return STATUS_OK;
	return fail(STATUS_REFUSED, "udp send -s %u: %s", now.source,
		    errno == EADDRINUSE ? "somebody has that port: see \"ss -ulp\"" : strerror(errno));
}

static enum status set_ways(void)
{
	const int family = now.host.any.sa_family;
	const struct ip_mreqn v4 = { .imr_ifindex = (int)now.device };

	if (now.device && family == AF_INET)
		setsockopt(now.fd, SOL_IP, IP_MULTICAST_IF, &v4, sizeof(v4));
	else if (now.device)
		wire_option(now.fd, family, 0, IPV6_MULTICAST_IF, (int)now.device);
	if (family == AF_INET6 && now.device && !now.host.v6.sin6_scope_id)
		now.host.v6.sin6_scope_id = now.device;
	if (now.ttl && is_multicast(&now.host))
		wire_option(now.fd, family, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, (int)now.ttl);
	else if (now.ttl)
		wire_option(now.fd, family, IP_TTL, IPV6_UNICAST_HOPS, (int)now.ttl);
	return set_source();
}

/* An ICMP error is an answer, too, though a bad one. */
static enum status wait_for_answer(void)
{
	const char *name = now.said.words[0];
	struct pollfd fd = { .fd = now.fd, .events = POLLIN };
	double until = monotonic() + now.timeout, left;
	char text[WIRE_TEXT], from[HOST_TEXT];
	struct heard heard;

	while (!signals_ended && (left = until - monotonic()) > 0) {
		if (client_wait(&fd, 1, left) < 1 ||
		    !wire_hear(now.fd, now.host.any.sa_family, false, &heard))
			continue;
		if (heard.kind == HEARD_REPLY) {
			print_datagram(&heard);
			return STATUS_OK;
		}
		if (heard.kind == HEARD_ERROR)
			return fail(STATUS_NO_ANSWER, "udp send %s: %s: %s", name,
				    heard.local ? "this host" : host_text(from, &heard.from),
				    wire_error_text(text, sizeof(text), now.host.any.sa_family, &heard));
	}
	return fail(STATUS_NO_ANSWER, "udp send %s: no answer within %g s", name, now.timeout);
}

static enum status send_one(char **words, unsigned int n)
{
	enum status status;
	uint16_t port;

	if (n < 2)
		return fail(STATUS_USAGE, "udp send: expected HOST PORT [TEXT], got %u words", n);
	status = client_port("udp send", words[1], "udp", &port);
	if (!status)
		status = client_host(&now.said, "udp send", words[0], &now.host);
	if (!status)
		status = take_data(words + 2, n - 2);
	if (status)
		return status;
	host_set_port(&now.host, port);
	status = open_socket();
	if (!status)
		status = set_ways();
	if (status)
		return status;
	wire_ask(now.fd, now.host.any.sa_family, false);
	/* Connected, it would take answers from that address alone. */
	if (sendto(now.fd, now.data, now.length, 0, &now.host.any, host_size(&now.host)) < 0) {
		if (errno == ENETUNREACH || errno == EHOSTUNREACH)
			return fail(STATUS_REFUSED, "udp send %s: no route: %s: see \"ip route\"",
				    words[0], strerror(errno));
		return fail(STATUS_REFUSED, "udp send %s: %s", words[0], errno == EMSGSIZE ?
			    "too long for the path" : strerror(errno));
	}
	return now.timeout > 0 ? client_run(wait_for_answer) : STATUS_OK;
}

/* ---- from its beginning to its end */

static enum status take_options(void)
{
	const struct said *said = &now.said;
	uint32_t source = 0;
	enum status status;

	status = client_number(said, "udp", 'c', 1, UINT32_MAX, &now.count);
	if (!status)
		status = client_number(said, "udp", 't', 1, 255, &now.ttl);
	if (!status)
		status = client_number(said, "udp", 's', 1, UINT16_MAX, &source);
	if (!status)
		status = client_seconds(said, "udp", 'W', &now.timeout);
	now.source = source;
	if (!status)
		status = netns_enter();
	if (!status && said->option['i'])
		status = client_device("udp -i", said->option['i'], &now.device);
	return status;
}

/**
 * udp() - Send a datagram, or take some.
 * @object: This client.
 * @words: What follows its name.
 *
 * Return: The exit code; STATUS_NO_ANSWER if there was something to wait for,
 * and it didn't come.
 */
enum status udp(const struct object *object, char **words)
{
	struct choice choice = { .count = 0 };
	enum status status;
	int index;

	if (!*words)
		return fail(STATUS_USAGE, "udp: expected listen or send: see \"netlab help udp\"");
	choice_add(&choice, "listen", false);
	choice_add(&choice, "send", false);
	index = choose(&choice, "udp", words[0]);
	if (index < 0)
		return STATUS_USAGE;
	memset(&now, 0, sizeof(now));	/* a batch can have several */
	now.fd = -1;
	status = client_said(object, words + 1, &now.said);
	if (!status)
		status = take_options();
	if (!status)
		status = index ? send_one(now.said.words, now.said.n_words) :
			 listen_for(now.said.words, now.said.n_words);
	if (now.fd >= 0)
		close(now.fd);
	return status;
}
