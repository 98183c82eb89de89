// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object trace: packets with a TTL of 1, 2, 3 ... and the routers that say
 * that it ended with them, as in Van Jacobson's traceroute. Each probe has a
 * socket of its own, so that many can be on their way, and its error queue says
 * what became of it; nothing of it needs privilege.
 */
#include <errno.h>
#include <json-c/json.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "signals.h"
#include "trace.h"
#include "wire.h"

#define MAX_HOPS	255
#define MAX_QUERIES	10
#define MAX_FLIGHT	64
#define UDP_PORT	33434	/* where nobody listens, one more with each probe */
#define TCP_PORT	80
#define DATA		32	/* bytes that a UDP or ICMP probe carries */
#define MILLI		1e6	/* nanoseconds */

const struct option_word trace_options[N_TRACE_OPTIONS] = {
	{ 'I', NULL, NULL, false, "Probe by ICMP echo requests." },
	{ 'T', NULL, NULL, false, "Probe by opening TCP connections." },
	{ 'U', NULL, NULL, false, "Probe by UDP datagrams, as where nothing is said." },
	{ 'p', NULL, "PORT", false, "UDP's port for the first probe, one more with each, 33434 where this isn't given; or TCP's, 80." },
	{ 'n', NULL, NULL, false, "Addresses only, no names." },
	{ 'f', NULL, "TTL", false, "Begin with this TTL, or hop limit." },
	{ 'm', NULL, "TTL", false, "Go no further than this; 30 where it isn't given." },
	{ 'q', NULL, "COUNT", false, "Probes for each; 3 where this isn't given." },
	{ 'N', NULL, "COUNT", false, "How many may be on their way; 16 where this isn't given." },
	{ 'W', NULL, "SECONDS", false, "How long to wait for each; 2 where this isn't given." },
	{ 'j', NULL, NULL, false, "JSON, a line for each hop, and one for the result." },
	{ '4', NULL, NULL, false, "IPv4 only." },
	{ '6', NULL, NULL, false, "IPv6 only." },
};

/* One packet, and what became of it. */
struct probe {
	enum { WAITING, FLYING, ANSWERED, LOST } state;
	struct echo_socket socket;
	int64_t sent;
	double until;		/* CLOCK_MONOTONIC */
	double ms;
	union host from;
	char note[32];		/* "!H" and the like */
};

static struct {
	union host host;
	const char *name;
	enum { BY_UDP, BY_ICMP, BY_TCP } method;
	bool names;
	uint32_t first, last, queries, flight;
	uint16_t port;
	double timeout;
	struct probe probe[MAX_HOPS * MAX_QUERIES];
	uint32_t n_probes;	/* as far as they are of use */
	uint32_t sent;		/* the first that wasn't */
	uint32_t flying;
	bool reached, stopped;	/* the host answered; or somebody said: no further */
} now;

static uint8_t message[ECHO_HEADER + DATA];

static uint32_t hop_of(const struct probe *probe)
{
	return (uint32_t)(probe - now.probe) / now.queries;
}

static uint32_t ttl_of(const struct probe *probe)
{
	return now.first + hop_of(probe);
}

/* ---- sending */

static enum status open_probe(struct probe *probe, union host *to)
{
	const int family = now.host.any.sa_family;
	const int type = now.method == BY_TCP ? SOCK_STREAM : SOCK_DGRAM;
	enum status status;

	if (now.method == BY_ICMP) {
		status = wire_echo_open("trace", now.name, to, &probe->socket);
		if (status)
			return status;
	} else {
		probe->socket.family = family;
		probe->socket.fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (probe->socket.fd < 0)
			return fail(STATUS_REFUSED, "trace: socket: %s", strerror(errno));
	}
	wire_ask(probe->socket.fd, family, false);
	if (!wire_option(probe->socket.fd, family, IP_TTL, IPV6_UNICAST_HOPS, (int)ttl_of(probe)))
		return fail(STATUS_REFUSED, "trace: TTL %u: %s", ttl_of(probe), strerror(errno));
	return STATUS_OK;
}

static enum status send_probe(struct probe *probe)
{
	const uint32_t index = probe - now.probe;
	union host to = now.host;
	enum status status;
	bool sent;

	host_set_port(&to, now.method == BY_ICMP ? 0 : now.method == BY_TCP ? now.port :
		      (uint16_t)(now.port + index));
	status = open_probe(probe, &to);
	if (status)
		return status;
	probe->state = FLYING;
	now.flying++;
	probe->until = monotonic() + now.timeout;
	probe->sent = wire_now();
	if (now.method == BY_ICMP) {
		sent = wire_echo_send(&probe->socket, index + 1, message, sizeof(message));
	} else if (now.method == BY_TCP) {
		sent = !connect(probe->socket.fd, &to.any, host_size(&to)) || errno == EINPROGRESS ||
		       errno == ECONNREFUSED || errno == EHOSTUNREACH;
	} else {
		status = wire_connect("trace", now.name, probe->socket.fd, &to);
		if (status)
			return status;
		sent = send(probe->socket.fd, message + ECHO_HEADER, DATA, 0) >= 0;
	}
	if (sent)
		return STATUS_OK;
	return fail(STATUS_REFUSED, "trace %s: can't send: %s", now.name, strerror(errno));
}

/* ---- what became of it */

static void end_probe(struct probe *probe)
{
	close(probe->socket.fd);
	probe->socket.fd = -1;
	now.flying--;
}

/* What is behind a hop that was the last need not be asked for. */
static void end_at(const struct probe *probe)
{
	const uint32_t n = (hop_of(probe) + 1) * now.queries;

	if (n < now.n_probes)
		now.n_probes = n;
}

static void answer(struct probe *probe, const union host *from, int64_t when, bool reached)
{
	probe->state = ANSWERED;
	probe->from = *from;
	probe->ms = (double)(when - probe->sent) / MILLI;
	end_probe(probe);
	if (reached) {
		now.reached = true;
		end_at(probe);
	}
}

/* traceroute's letters, for what isn't a hop that forwarded. */
static void put_note(struct probe *probe, const struct heard *heard, bool v4)
{
	static const char *const notes4[] = { "!N", "!H", "!P", "", "!F", "!S" };
	static const char *const notes6[] = { "!N", "!X", "!S", "!H", "" };
	const char *note = NULL;

	if (v4 && heard->code < 6)
		note = notes4[heard->code];
	else if (!v4 && heard->code < 5)
		note = notes6[heard->code];
	else if (v4 && (heard->code == ICMP_PKT_FILTERED || heard->code == ICMP_HOST_ANO ||
			heard->code == ICMP_NET_ANO))
		note = "!X";
	if (note)
		snprintf(probe->note, sizeof(probe->note), "%s", note);
	else
		snprintf(probe->note, sizeof(probe->note), "!%u", heard->code);
}

static void take_error(struct probe *probe, const struct heard *heard)
{
	const bool v4 = now.host.any.sa_family == AF_INET;
	const uint8_t unreachable = v4 ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH;
	const uint8_t port = v4 ? ICMP_PORT_UNREACH : ICMPV6_PORT_UNREACH;
	bool reached;

	/* The kernel's own: no neighbour there, or a rule of this host. */
	if (heard->local) {
		snprintf(probe->note, sizeof(probe->note), "!%s", heard->error == EMSGSIZE ? "F" : "H");
		answer(probe, &now.host, heard->when, false);
		now.stopped = true;
		end_at(probe);
		return;
	}
	reached = heard->type == unreachable &&
		  (heard->code == port || host_same(&heard->from, &now.host));
	if (heard->type == unreachable)
		put_note(probe, heard, v4);
	answer(probe, &heard->from, heard->when, reached);
	if (heard->type == unreachable && !reached) {
		now.stopped = true;
		end_at(probe);
	}
}

/* A connection that is made or refused is an answer. */
static bool connected(struct probe *probe)
{
	socklen_t size = sizeof(int);
	union host peer;
	int error = 0;

	getsockopt(probe->socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error == ECONNREFUSED) {
		snprintf(probe->note, sizeof(probe->note), "closed");
		return true;
	}
	size = sizeof(peer);
	if (error || getpeername(probe->socket.fd, &peer.any, &size))
		return false;
	snprintf(probe->note, sizeof(probe->note), "open");
	return true;
}

/* Reading a connection would take its error away. */
static bool hear(const struct probe *probe, struct heard *heard)
{
	if (now.method == BY_TCP)
		return wire_hear_error(probe->socket.fd, heard);
	return wire_hear(probe->socket.fd, probe->socket.family, probe->socket.raw, heard);
}

static void look_at(struct probe *probe, short events)
{
	const int64_t when = wire_now();
	struct heard heard;
	uint16_t seq;

	while (probe->state == FLYING && hear(probe, &heard)) {
		if (now.method == BY_ICMP && !heard.local &&
		    (!wire_echo_is(&probe->socket, &heard, &seq) ||
		     seq != (uint16_t)(probe - now.probe + 1)))
			continue;
		if (heard.kind == HEARD_ERROR)
			take_error(probe, &heard);
		else
			answer(probe, &now.host, heard.when, true);
	}
	if (probe->state == FLYING && now.method == BY_TCP && (events & (POLLOUT | POLLHUP | POLLERR)) &&
	    connected(probe))
		answer(probe, &now.host, when, true);
}

static void wait_for_some(void)
{
	static struct pollfd fds[MAX_FLIGHT];
	static uint32_t of[MAX_FLIGHT];
	double until = monotonic() + now.timeout;
	unsigned int n = 0, i;

	for (i = 0; i < now.sent && n < MAX_FLIGHT; i++) {
		if (now.probe[i].state != FLYING)
			continue;
		fds[n] = (struct pollfd){
			.fd = now.probe[i].socket.fd,
			.events = now.method == BY_TCP ? POLLOUT : POLLIN,
		};
		if (now.probe[i].until < until)
			until = now.probe[i].until;
		of[n++] = i;
	}
	until -= monotonic();
	client_wait(fds, n, until > 0 ? until : 0);
	for (i = 0; i < n; i++) {
		struct probe *probe = &now.probe[of[i]];

		if (fds[i].revents)
			look_at(probe, fds[i].revents);
		if (probe->state == FLYING && monotonic() >= probe->until) {
			probe->state = LOST;
			end_probe(probe);
		}
	}
}

/* ---- what it looks like */

/* The name, or NULL: it has none, or none is asked for. */
static const char *name_of(const union host *host, char *name, size_t size)
{
	if (!now.names ||
	    getnameinfo(&host->any, host_size(host), name, size, NULL, 0, NI_NAMEREQD))
		return NULL;
	return name;
}

static void print_from(const union host *from)
{
	char text[HOST_TEXT], name[NI_MAXHOST], escaped[4 * NI_MAXHOST];

	host_text(text, from);
	if (name_of(from, name, sizeof(name)))
		printf("  %s (%s)", escape(escaped, sizeof(escaped), name), text);
	else
		printf("  %s", text);
}

static void print_hop(uint32_t hop)
{
	const struct probe *probe = &now.probe[hop * now.queries], *last = NULL;
	uint32_t i;

	printf("%2u", now.first + hop);
	for (i = 0; i < now.queries; i++, probe++) {
		if (probe->state != ANSWERED) {
			printf("  *");
			continue;
		}
		/* Who it was is said once, as long as it is the same. */
		if (!last || !host_same(&last->from, &probe->from))
			print_from(&probe->from);
		last = probe;
		printf("  %.3f ms", probe->ms);
		if (*probe->note)
			printf(" %s", probe->note);
	}
	putchar('\n');
}

static void json_hop(uint32_t hop)
{
	const struct probe *probe = &now.probe[hop * now.queries];
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array(), *one;
	char text[HOST_TEXT], name[NI_MAXHOST];
	uint32_t i;

	for (i = 0; i < now.queries; i++, probe++) {
		one = NULL;
		if (probe->state == ANSWERED) {
			one = json_object_new_object();
			json_object_object_add(one, "from", json_object_new_string(host_text(text, &probe->from)));
			json_object_object_add(one, "name", !name_of(&probe->from, name, sizeof(name)) ? NULL :
					       json_object_new_string(name));
			json_object_object_add(one, "time_ms", json_object_new_double(probe->ms));
			json_object_object_add(one, "note", !*probe->note ? NULL :
					       json_object_new_string(probe->note));
		}
		json_object_array_add(list, one);
	}
	json_object_object_add(object, "event", json_object_new_string("hop"));
	json_object_object_add(object, "ttl", json_object_new_int64(now.first + hop));
	json_object_object_add(object, "probes", list);
	print_json(stdout, object);
	json_object_put(object);
}

static void json_result(void)
{
	struct json_object *object = json_object_new_object();
	char text[HOST_TEXT];

	json_object_object_add(object, "event", json_object_new_string("result"));
	json_object_object_add(object, "host", json_object_new_string(now.name));
	json_object_object_add(object, "address", json_object_new_string(host_text(text, &now.host)));
	json_object_object_add(object, "reached", json_object_new_boolean(now.reached));
	print_json(stdout, object);
	json_object_put(object);
}

/* All probes of a hop have ended. */
static bool has_ended(uint32_t hop)
{
	uint32_t i;

	for (i = 0; i < now.queries; i++)
		if (now.probe[hop * now.queries + i].state < ANSWERED)
			return false;
	return true;
}

/* ---- from its beginning to its end */

static enum status take_port(const struct said *said)
{
	const char *word = said->option['p'];

	now.port = now.method == BY_TCP ? TCP_PORT : UDP_PORT;
	if (!word)
		return STATUS_OK;
	if (now.method == BY_ICMP)
		return fail(STATUS_USAGE, "trace -p %s: ICMP has no ports: expected -T or -U with it", word);
	return client_port("trace -p", word, now.method == BY_TCP ? "tcp" : "udp", &now.port);
}

static enum status take_words(const struct object *object, char **words)
{
	struct said said;
	enum status status = client_said(object, words, &said);

	if (status)
		return status;
	if (!!said.option['I'] + !!said.option['T'] + !!said.option['U'] > 1)
		return fail(STATUS_USAGE, "trace: expected one of -I, -T and -U");
	memset(&now, 0, sizeof(now));	/* a batch can have several */
	now.method = said.option['I'] ? BY_ICMP : said.option['T'] ? BY_TCP : BY_UDP;
	now.names = !said.option['n'];
	now.first = 1;
	now.last = 30;
	now.queries = 3;
	now.flight = 16;
	now.timeout = 2;
	status = take_port(&said);
	if (!status)
		status = client_number(&said, "trace", 'f', 1, MAX_HOPS, &now.first);
	if (!status)
		status = client_number(&said, "trace", 'm', 1, MAX_HOPS, &now.last);
	if (!status)
		status = client_number(&said, "trace", 'q', 1, MAX_QUERIES, &now.queries);
	if (!status)
		status = client_number(&said, "trace", 'N', 1, MAX_FLIGHT, &now.flight);
	if (!status)
		status = client_seconds(&said, "trace", 'W', &now.timeout);
	if (status)
		return status;
	if (now.first > now.last)
		return fail(STATUS_USAGE, "trace -f %u: expected at most the %u of -m",
			    now.first, now.last);
	if (said.n_words != 1)
		return fail(STATUS_USAGE, "trace: expected one host behind the options, got %u",
			    said.n_words);
	now.name = said.words[0];
	status = netns_enter();
	return status ? status : client_host(&said, "trace", now.name, &now.host);
}

static enum status run(void)
{
	static const char *const methods[] = { "UDP", "ICMP", "TCP" };
	char text[HOST_TEXT];
	uint32_t shown = 0;
	/* Without a route there is nothing to be said but that. */
	enum status status = send_probe(&now.probe[now.sent++]);

	if (!status && !opts.json)
		printf("trace to %s (%s) by %s, %u hops at the most\n", now.name,
		       host_text(text, &now.host), methods[now.method], now.last);
	while (!status && !signals_ended && shown * now.queries < now.n_probes) {
		while (!status && now.sent < now.n_probes && now.flying < now.flight)
			status = send_probe(&now.probe[now.sent++]);
		if (!status && now.flying)
			wait_for_some();
		for (; !status && shown * now.queries < now.n_probes && has_ended(shown); shown++) {
			if (opts.json)
				json_hop(shown);
			else
				print_hop(shown);
			status = flush_output();
		}
	}
	return status;
}

/**
 * trace() - Show the way to a host.
 * @object: This client.
 * @words: What follows its name.
 *
 * Return: STATUS_OK if the host answered, or else STATUS_NO_ANSWER; or another
 * after a complaint.
 */
enum status trace(const struct object *object, char **words)
{
	enum status status = take_words(object, words);
	uint32_t i;

	if (status)
		return status;
	now.n_probes = (now.last - now.first + 1) * now.queries;
	status = client_run(run);
	for (i = 0; i < now.sent; i++)
		if (now.probe[i].state == FLYING)
			end_probe(&now.probe[i]);
	if (!status && opts.json)
		json_result();
	if (status)
		return status;
	return now.reached ? STATUS_OK : STATUS_NO_ANSWER;
}
