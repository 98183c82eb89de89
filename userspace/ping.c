// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object ping: echo requests, and who answers them.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <linux/icmp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answerer.h"
#include "netns.h"
#include "ping.h"
#include "signals.h"
#include "wire.h"

#define MAX_SIZE	65507	/* of data, in an IPv4 packet */
#define SEQUENCES	65536
#define MILLI		1e6	/* nanoseconds */

const struct option_word ping_options[N_PING_OPTIONS] = {
	{ 'c', NULL, "COUNT", false, "Stop after COUNT requests." },
	{ 'i', NULL, "SECONDS", false, "Send one every SECONDS; 1 where this isn't given." },
	{ 's', NULL, "BYTES", false, "Bytes of data in each, behind ICMP's header; 56 where this isn't given." },
	{ 't', NULL, "TTL", false, "The TTL, or hop limit, that each begins with." },
	{ 'W', NULL, "SECONDS", false, "How long to wait for answers to the last; 2 where this isn't given." },
	{ 'q', NULL, NULL, false, "Only the summary." },
	{ 'j', NULL, NULL, false, "JSON, a line for each reply and error, and one for the summary." },
	{ '4', NULL, NULL, false, "IPv4 only." },
	{ '6', NULL, NULL, false, "IPv6 only." },
};

static struct {
	struct echo_socket echo;
	union host host;
	const char *name;
	uint32_t count, size, ttl;
	double interval, timeout;
	bool quiet;

	int64_t sent[SEQUENCES];	/* when, by sequence number */
	bool answered[SEQUENCES];
	uint8_t message[ECHO_HEADER + MAX_SIZE];
	uint32_t transmitted;
	bool keys;			/* HEARD_SENT's are the same as ours */
	uint32_t received, duplicates, corrupted, errors;
	double min, max, sum, squares;	/* of the round trips, in milliseconds */
	double last;			/* when the last was sent, CLOCK_MONOTONIC */
} now;

static void put_line(struct json_object *object)
{
	print_json(stdout, object);
	json_object_put(object);
}

static struct json_object *line(const char *event, uint16_t seq, const union host *from)
{
	struct json_object *object = json_object_new_object();
	char text[HOST_TEXT];

	json_object_object_add(object, "event", json_object_new_string(event));
	json_object_object_add(object, "seq", json_object_new_int(seq));
	json_object_object_add(object, "from", !from ? NULL :
			       json_object_new_string(host_text(text, from)));
	return object;
}

/* @by: Who sent the error; NULL if this kernel found it before the packet left. */
static void say_error(uint16_t seq, const union host *by, const char *text)
{
	struct json_object *object;
	char from[HOST_TEXT];

	now.errors++;
	if (opts.json) {
		object = line("error", seq, by);
		json_object_object_add(object, "error", json_object_new_string(text));
		put_line(object);
	} else if (!now.quiet && !by) {
		printf("icmp_seq=%u not sent: %s\n", seq, text);
	} else if (!now.quiet) {
		printf("From %s icmp_seq=%u %s\n", host_text(from, by), seq, text);
	}
}

/* ---- sending */

static bool send_next(void)
{
	const uint16_t seq = now.transmitted + 1;
	int error;

	now.answered[seq] = false;
	now.sent[seq] = wire_now();
	now.last = monotonic();
	if (wire_echo_send(&now.echo, seq, now.message, ECHO_HEADER + now.size)) {
		now.transmitted++;
		return true;
	}
	error = errno;
	/* The kernel may have counted it, or not. */
	now.keys = false;
	now.transmitted++;
	if (error == EMSGSIZE)
		return false;
	say_error(seq, NULL, strerror(error));
	return true;
}

/* ---- what comes back */

static void take_sent(const struct heard *heard)
{
	const uint16_t seq = heard->key + 1;

	/* Not of one that was sent in its place long after. */
	if (now.keys && heard->key < now.transmitted && heard->when >= now.sent[seq] &&
	    !now.answered[seq] && now.transmitted - heard->key < SEQUENCES)
		now.sent[seq] = heard->when;
}

static void count_time(double ms)
{
	if (!now.received || ms < now.min)
		now.min = ms;
	if (!now.received || ms > now.max)
		now.max = ms;
	now.sum += ms;
	now.squares += ms * ms;
	now.received++;
}

/* What is wrong with a reply; NULL if nothing. */
static const char *wrong_with(const struct heard *heard)
{
	/* Of datagram sockets, and of ICMPv6, the kernel has looked. */
	if (now.echo.raw && now.echo.family == AF_INET &&
	    wire_checksum(heard->data, heard->length))
		return "wrong checksum";
	if (heard->length != ECHO_HEADER + now.size)
		return "wrong length";
	if (memcmp(heard->data + ECHO_HEADER, now.message + ECHO_HEADER, now.size))
		return "wrong data";
	return NULL;
}

static void take_reply(const struct heard *heard, uint16_t seq)
{
	const double ms = (double)(heard->when - now.sent[seq]) / MILLI;
	const char *wrong = wrong_with(heard);
	const bool duplicate = !wrong && now.answered[seq];
	struct json_object *object;
	char from[HOST_TEXT];

	if (wrong) {
		now.corrupted++;
	} else if (duplicate) {
		now.duplicates++;
	} else {
		now.answered[seq] = true;
		count_time(ms);
	}
	if (opts.json) {
		object = line(wrong ? "corrupted" : duplicate ? "duplicate" : "reply",
			      seq, &heard->from);
		json_object_object_add(object, "bytes", json_object_new_uint64(heard->length));
		json_object_object_add(object, "ttl", heard->ttl < 0 ? NULL :
				       json_object_new_int(heard->ttl));
		json_object_object_add(object, "time_ms", json_object_new_double(ms));
		if (wrong)
			json_object_object_add(object, "error", json_object_new_string(wrong));
		put_line(object);
		return;
	}
	if (now.quiet)
		return;
	printf("%zu bytes from %s: icmp_seq=%u", heard->length,
	       host_text(from, &heard->from), seq);
	if (heard->ttl >= 0)
		printf(" ttl=%d", heard->ttl);
	printf(" time=%.3f ms", ms);
	if (wrong)
		printf(" (%s!)", wrong);
	puts(duplicate ? " (DUP!)" : "");
}

static void take_error(const struct heard *heard, uint16_t seq)
{
	char text[WIRE_TEXT];

	wire_error_text(text, sizeof(text), now.echo.family, heard);
	say_error(seq, heard->local ? NULL : &heard->from, text);
}

static void take_all(void)
{
	struct heard heard;
	uint16_t seq;

	while (wire_hear(now.echo.fd, now.echo.family, now.echo.raw, &heard)) {
		if (heard.kind == HEARD_SENT)
			take_sent(&heard);
		else if (heard.kind == HEARD_ERROR && heard.local)
			take_error(&heard, now.transmitted);
		else if (!wire_echo_is(&now.echo, &heard, &seq) ||
			 (uint16_t)(seq - 1) >= now.transmitted)
			continue;
		else if (heard.kind == HEARD_REPLY)
			take_reply(&heard, seq);
		else
			take_error(&heard, seq);
	}
}

/* ---- the summary */

static double lost_percent(void)
{
	return now.transmitted ? 100.0 * (now.transmitted - now.received) / now.transmitted : 0;
}

/* The same as iputils': the standard deviation, by its name there. */
static double mdev(void)
{
	const double mean = now.sum / now.received;
	const double variance = now.squares / now.received - mean * mean;

	return variance > 0 ? sqrt(variance) : 0;
}

static void print_summary(const struct answerer *answerer, bool known, uint64_t by_netlab)
{
	char netns[1024];

	printf("\n--- %s ping statistics ---\n%u packets transmitted, %u received",
	       now.name, now.transmitted, now.received);
	if (now.duplicates)
		printf(", +%u duplicates", now.duplicates);
	if (now.corrupted)
		printf(", +%u corrupted", now.corrupted);
	if (now.errors)
		printf(", +%u errors", now.errors);
	printf(", %g%% packet loss\n", lost_percent());
	if (now.received)
		printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", now.min,
		       now.sum / now.received, now.max, mdev());
	if (!known || !now.received)
		return;
	escape(netns, sizeof(netns), answerer->netns ? answerer->netns : "this netns");
	if (!by_netlab)
		printf("answered by the stack of %s\n", netns);
	else
		printf("answered by netlab in %s: its count of replies grew by %" PRIu64 "\n",
		       netns, by_netlab);
}

static void json_summary(const struct answerer *answerer, bool known, uint64_t by_netlab)
{
	struct json_object *object = json_object_new_object(), *who = NULL;
	const struct {
		const char *key;
		double value;
	} times[] = {
		{ "min_ms", now.min }, { "avg_ms", now.sum / now.received },
		{ "max_ms", now.max }, { "mdev_ms", now.received ? mdev() : 0 },
	};
	unsigned int i;

	json_object_object_add(object, "event", json_object_new_string("summary"));
	json_object_object_add(object, "host", json_object_new_string(now.name));
	json_object_object_add(object, "transmitted", json_object_new_int64(now.transmitted));
	json_object_object_add(object, "received", json_object_new_int64(now.received));
	json_object_object_add(object, "duplicates", json_object_new_int64(now.duplicates));
	json_object_object_add(object, "corrupted", json_object_new_int64(now.corrupted));
	json_object_object_add(object, "errors", json_object_new_int64(now.errors));
	json_object_object_add(object, "loss_percent", json_object_new_double(lost_percent()));
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		json_object_object_add(object, times[i].key, now.received ?
				       json_object_new_double(times[i].value) : NULL);
	if (known && now.received) {
		who = json_object_new_object();
		json_object_object_add(who, "by", json_object_new_string(by_netlab ? "netlab" : "stack"));
		json_object_object_add(who, "netns", !answerer->netns ? NULL :
				       json_object_new_string(answerer->netns));
		json_object_object_add(who, "netlab_replied", json_object_new_uint64(by_netlab));
	}
	json_object_object_add(object, "answered", who);
	put_line(object);
}

/* ---- from its beginning to its end */

static enum status take_words(const struct object *object, char **words)
{
	struct said said;
	enum status status = client_said(object, words, &said);

	memset(&now, 0, sizeof(now));	/* a batch can have several */
	now.size = 56;
	now.interval = 1;
	now.timeout = 2;
	if (!status)
		status = client_number(&said, "ping", 'c', 1, UINT32_MAX, &now.count);
	if (!status)
		status = client_number(&said, "ping", 's', 0, MAX_SIZE, &now.size);
	if (!status)
		status = client_number(&said, "ping", 't', 1, 255, &now.ttl);
	if (!status)
		status = client_seconds(&said, "ping", 'i', &now.interval);
	if (!status)
		status = client_seconds(&said, "ping", 'W', &now.timeout);
	if (status)
		return status;
	now.quiet = said.option['q'];
	if (said.n_words != 1)
		return fail(STATUS_USAGE, "ping: expected one host behind the options, got %u",
			    said.n_words);
	now.name = said.words[0];
	status = netns_enter();
	return status ? status : client_host(&said, "ping", now.name, &now.host);
}

/* Whether there is something still to come. */
static bool goes_on(void)
{
	if (signals_ended)
		return false;
	if (!now.count || now.transmitted < now.count)
		return true;
	return now.received < now.transmitted && monotonic() < now.last + now.timeout;
}

static enum status run(void)
{
	struct pollfd fd = { .fd = now.echo.fd, .events = POLLIN };
	enum status status = STATUS_OK;
	double next = monotonic(), until;

	while (!status && goes_on()) {
		if ((!now.count || now.transmitted < now.count) && monotonic() >= next) {
			if (!send_next())
				return fail(STATUS_REFUSED,
					    "ping -s %u: too long for an %s packet, or for the path",
					    now.size, now.echo.family == AF_INET ? "IPv4" : "IPv6");
			next += now.interval;
			if (next < monotonic())	/* don't catch up */
				next = monotonic();
		}
		until = !now.count || now.transmitted < now.count ? next : now.last + now.timeout;
		until -= monotonic();
		client_wait(&fd, 1, until > 0 ? until : 0);
		take_all();
		status = flush_output();
	}
	return status;
}

static void begin(void)
{
	char address[HOST_TEXT];
	uint32_t i;

	/* Data that is damaged is seen to be. */
	for (i = 0; i < now.size; i++)
		now.message[ECHO_HEADER + i] = i;
	now.keys = true;
	wire_ask(now.echo.fd, now.echo.family, true);
	if (now.ttl)
		wire_option(now.echo.fd, now.echo.family, IP_TTL, IPV6_UNICAST_HOPS, (int)now.ttl);
	if (!opts.json)
		printf("PING %s (%s) %u bytes of data\n", now.name,
		       host_text(address, &now.host), now.size);
}

/**
 * ping() - Send echo requests, and say what comes back.
 * @object: This client.
 * @words: What follows its name.
 *
 * Return: STATUS_OK if anything was answered, or else STATUS_NO_ANSWER; or
 * another after a complaint.
 */
enum status ping(const struct object *object, char **words)
{
	struct answerer answerer;
	enum status status;
	uint64_t by_netlab = 0;
	bool known;

	status = take_words(object, words);
	if (!status)
		status = wire_echo_open("ping", now.name, &now.host, &now.echo);
	if (status)
		return status;
	answerer_find(&answerer, &now.host);
	begin();
	status = client_run(run);
	close(now.echo.fd);
	if (!status) {
		known = answerer_again(&answerer, &by_netlab);
		if (opts.json)
			json_summary(&answerer, known, by_netlab);
		else
			print_summary(&answerer, known, by_netlab);
		/* In a batch there may be long until the end. */
		status = flush_output();
		if (!status && !now.received)
			status = STATUS_NO_ANSWER;
	}
	answerer_clear(&answerer);
	return status;
}
