// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tool, all of it but main(), against a kernel made of recorded answers.
 * Built and run by tool_netlink.sh; TAP.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <string.h>

#include "nl.h"
#include "tool_kernel.h"

/* ---- what netlab answers */

static void put_epoch(struct nlmsghdr *message)
{
	mnl_attr_put_u32(message, NETLAB_A_STATS_NETNS, 4026531840U);
	mnl_attr_put_u32(message, NETLAB_A_STATS_EPOCH, 1);
	mnl_attr_put_u64(message, NETLAB_A_STATS_SINCE,
			 1795262400999999999ULL);
}

static void add_epoch(void)
{
	struct nlmsghdr *message = add_genl(NLM_F_MULTI);

	put_epoch(message);
	added(message);
}

static void add_hook_row(uint8_t hook, uint64_t number, uint16_t flags)
{
	struct nlmsghdr *message = add_genl(NLM_F_MULTI | flags);
	struct nlattr *nest;
	uint16_t type;

	nest = mnl_attr_nest_start(message, NETLAB_A_STATS_HOOKS);
	mnl_attr_put_u8(message, NETLAB_A_HOOK_ROW_FAMILY, 0);
	mnl_attr_put_u8(message, NETLAB_A_HOOK_ROW_HOOK, hook);
	for (type = NETLAB_A_HOOK_ROW_SKBS; type <= NETLAB_A_HOOK_ROW_OPTIONS;
	     type++)
		mnl_attr_put_u64(message, type, number);
	mnl_attr_nest_end(message, nest);
	added(message);
}

static void add_protocol_row(uint8_t family, uint8_t protocol,
			     uint64_t packets, uint64_t bytes)
{
	struct nlmsghdr *message = add_genl(NLM_F_MULTI);
	struct nlattr *nest;

	nest = mnl_attr_nest_start(message, NETLAB_A_STATS_PROTOCOLS);
	mnl_attr_put_u8(message, NETLAB_A_PROTOCOL_ROW_FAMILY, family);
	mnl_attr_put_u8(message, NETLAB_A_PROTOCOL_ROW_PROTOCOL, protocol);
	mnl_attr_put_u64(message, NETLAB_A_PROTOCOL_ROW_PACKETS, packets);
	mnl_attr_put_u64(message, NETLAB_A_PROTOCOL_ROW_BYTES, bytes);
	mnl_attr_nest_end(message, nest);
	added(message);
}

static void add_config(uint32_t rate, uint32_t burst)
{
	struct nlmsghdr *message = add_genl(0);

	mnl_attr_put_u8(message, NETLAB_A_ECHO_LOCAL, 1);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_RATE, rate);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_BURST, burst);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_SOURCE_RATE, rate);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_MAX_SIZE, 65535);
	added(message);
	send_datagram();
	add_ack(0, true, NULL);
}

static void add_outcome(uint8_t family, uint8_t path, uint8_t outcome,
			uint64_t packets, uint16_t flags)
{
	struct nlmsghdr *message = add_genl(NLM_F_MULTI | flags);
	struct nlattr *nest;

	nest = mnl_attr_nest_start(message, NETLAB_A_OUTCOMES_OUTCOMES);
	mnl_attr_put_u8(message, NETLAB_A_OUTCOME_ROW_FAMILY, family);
	mnl_attr_put_u8(message, NETLAB_A_OUTCOME_ROW_PATH, path);
	mnl_attr_put_u8(message, NETLAB_A_OUTCOME_ROW_OUTCOME, outcome);
	mnl_attr_put_u64(message, NETLAB_A_OUTCOME_ROW_PACKETS, packets);
	mnl_attr_nest_end(message, nest);
	added(message);
}

static void sent(uint16_t type, unsigned int size, uint64_t value,
		 const char *what)
{
	const struct nlattr *attr = requested(type);

	ok(attr && mnl_attr_get_payload_len(attr) == size &&
	   nl_number(attr) == value, what);
}

/* ---- the tests */

static void fill_stats(void)
{
	add_family();
	add_epoch();
	add_protocol_row(NETLAB_FAMILY_IPV4, 1, 3, 252);
	send_datagram();
	add_protocol_row(NETLAB_FAMILY_IPV6, 200, UINT64_MAX, UINT64_MAX - 1);
	add_protocol_row(NETLAB_FAMILY_IPV4, 253, 1, 20);
	add_hook_row(NETLAB_HOOK_PREROUTING, UINT64_MAX, 0);
	add_hook_row(9, 7, 0);
	add_done(0, NULL);
}

static void test_stats(void)
{
	begin();
	opts.json = true;
	fill_stats();
	is_number(run("stats", NULL), STATUS_OK, "stats as JSON: exit 0");
	is(out,
	   "{\"netns\":4026531840,\"epoch\":1,\"since\":\"2026-11-21T12:00:00Z\","
	   "\"protocols\":["
	   "{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"protocol\":1,\"name\":\"icmp\",\"packets\":3,\"bytes\":252},"
	   "{\"family\":\"ipv6\",\"hook\":\"prerouting\",\"protocol\":200,\"name\":\"e\\\\x1b[2Jvil\\\\xff\",\"packets\":18446744073709551615,\"bytes\":18446744073709551614},"
	   "{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"protocol\":253,\"name\":\"253\",\"packets\":1,\"bytes\":20}],"
	   "\"hooks\":["
	   "{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"skbs\":18446744073709551615,\"packets\":18446744073709551615,\"bytes\":18446744073709551615,\"fragments\":18446744073709551615,\"options\":18446744073709551615,\"refused\":0,\"strays\":0},"
	   "{\"family\":\"ipv4\",\"hook\":\"9\",\"skbs\":7,\"packets\":7,\"bytes\":7,\"fragments\":7,\"options\":7,\"refused\":0,\"strays\":0}],"
	   "\"icmp\":[],\"tcp\":[],\"sizes\":[],\"anomalies\":[],\"devices\":[],\"arp\":[],"
	   "\"vanished\":[{\"family\":\"ipv4\",\"between\":\"prerouting\",\"and\":\"input+forward\",\"packets\":9223372036854775807},"
	   "{\"family\":\"ipv4\",\"between\":\"output+forward\",\"and\":\"postrouting\",\"packets\":0}]}\n",
	   "stats as JSON: keys in order, all of 64 bits, a hook newer than the tool, an evil name");

	begin();
	fill_stats();
	is_number(run("stats", NULL), STATUS_OK, "stats as text: exit 0");
	is(out,
	   "netns 4026531840  epoch 1  since 2026-11-21T12:00:00Z\n"
	   "\n"
	   "family  hook                        skbs               packets                 bytes             fragments               options\n"
	   "ipv4    prerouting  18446744073709551615  18446744073709551615  18446744073709551615  18446744073709551615  18446744073709551615\n"
	   "ipv4    9                              7                     7                     7                     7                     7\n"
	   "\n"
	   "family  hook        protocol  name                          packets                 bytes\n"
	   "ipv4    prerouting         1  icmp                                3                   252\n"
	   "ipv6    prerouting       200  e\\x1b[2Jvil\\xff  18446744073709551615  18446744073709551614\n"
	   "ipv4    prerouting       253  253                                 1                    20\n"
	   "\n"
	   "ipv4: 18446744073709551615 of 18446744073709551615 packets vanished between\n"
	   "      prerouting and input + forward (100.0%); reassembly accounts for up to\n"
	   "      18446744073709551615 of them.\n",
	   "stats as text: aligned, nothing raw");

	begin();
	opts.color = true;
	fill_stats();
	run("stats", NULL);
	ok(strstr(out, "\033[1mfamily  hook") &&
	   strstr(out, "options\n\033[0mipv4"), "colour: bold headings");
}

/* An older module leaves attributes out, a newer one has more. */
static void test_ages(void)
{
	struct nlmsghdr *message;
	struct nlattr *nest, *inner;

	begin();
	opts.json = true;
	add_family();
	message = add_genl(NLM_F_MULTI);
	mnl_attr_put_u32(message, 200, 1);
	put_epoch(message);
	nest = mnl_attr_nest_start(message, 201);
	mnl_attr_put_u64(message, 1, 1);
	mnl_attr_nest_end(message, nest);
	added(message);

	message = add_genl(NLM_F_MULTI);
	nest = mnl_attr_nest_start(message, NETLAB_A_STATS_HOOKS);
	mnl_attr_put_u32(message, NETLAB_A_HOOK_ROW_PACKETS, 5);
	mnl_attr_put(message, NETLAB_A_HOOK_ROW_BYTES, 3, "abc");
	mnl_attr_put_u64(message, 99, 1);
	inner = mnl_attr_nest_start(message, 100);
	mnl_attr_nest_end(message, inner);
	mnl_attr_nest_end(message, nest);
	added(message);
	add_done(0, NULL);

	is_number(run("stats", NULL), STATUS_OK, "another module: exit 0");
	is(out,
	   "{\"netns\":4026531840,\"epoch\":1,\"since\":\"2026-11-21T12:00:00Z\",\"protocols\":[],"
	   "\"hooks\":[{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"skbs\":0,\"packets\":5,\"bytes\":0,\"fragments\":0,\"options\":0,\"refused\":0,\"strays\":0}],"
	   "\"icmp\":[],\"tcp\":[],\"sizes\":[],\"anomalies\":[],\"devices\":[],\"arp\":[],"
	   "\"vanished\":[{\"family\":\"ipv4\",\"between\":\"prerouting\",\"and\":\"input+forward\",\"packets\":5},"
	   "{\"family\":\"ipv4\",\"between\":\"output+forward\",\"and\":\"postrouting\",\"packets\":0}]}\n",
	   "another module: unknown attributes skipped, missing ones 0, another size taken");

	begin();
	add_family();
	add_done(0, NULL);
	is_number(run("stats", NULL), STATUS_OK, "nothing at all: exit 0");
	is(out, "netns 0  epoch 0  since 1970-01-01T00:00:00Z\n\n"
	   "Nothing was counted that is asked for.\n",
	   "nothing at all: a sentence");
}

static void test_requests(void)
{
	const struct nlmsghdr *message = (struct nlmsghdr *)request;

	begin();
	fill_stats();
	run("stats", "family", "ipv6", "proto", "tcp", "hook", "input", NULL);
	is_number(message->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP,
		  "stats is a dump");
	is_number(message->nlmsg_type, FAKE_FAMILY, "... to the family");
	sent(NETLAB_A_STATS_FAMILY, 1, NETLAB_FAMILY_IPV6, "family ipv6");
	sent(NETLAB_A_STATS_HOOK, 1, NETLAB_HOOK_INPUT, "hook input");
	sent(NETLAB_A_STATS_PROTOCOL, 1, 6, "proto tcp");
	is_number(n_sent(), 3, "... and no other attribute");

	begin();
	opts.all = true;
	fill_stats();
	run("stats", "hook", "input", NULL);
	sent(NETLAB_A_STATS_ZERO_ROWS, 0, 0, "-a is the flag zero-rows");
	is_number(n_sent(), 2, "... beside the filter");

	begin();
	add_family();
	add_ack(0, true, NULL);
	is_number(run("echo", "set", "rate", "4294967295", "burst", "auto",
		      "local", "on", "max-size", "28", NULL), STATUS_OK,
		  "echo set: exit 0");
	is(out, "", "echo set: silent");
	is_number(message->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK,
		  "echo set asks for an acknowledgement");
	sent(NETLAB_A_ECHO_LOCAL, 1, 1, "local on");
	sent(NETLAB_A_ECHO_RATE, 4, UINT32_MAX, "rate 4294967295");
	sent(NETLAB_A_ECHO_BURST, 4, 0, "burst auto is 0");
	sent(NETLAB_A_ECHO_MAX_SIZE, 4, 28, "max-size 28");
	is_number(n_sent(), 4, "... what isn't named isn't sent");

	begin();
	run("echo", "set", "local", "on", "rate", "0", NULL);
	is_number(n_requests, 0, "nothing is sent when a later word is wrong");

	begin();
	add_family();
	add_ack(0, true, NULL);
	add_ack(0, true, NULL);
	run("echo", "set", "local", "on", NULL);
	run("echo", "set", "local", "off", NULL);
	is_number(n_opened, 1, "one socket for the commands of a batch");
	sent(NETLAB_A_ECHO_LOCAL, 1, 0, "local off");
}

static void test_reset(void)
{
	struct nlmsghdr *message;
	int json;

	for (json = 0; json < 2; json++) {
		begin();
		opts.json = json;
		add_family();
		message = add_genl(0);
		put_epoch(message);
		added(message);
		send_datagram();
		add_ack(0, true, NULL);
		is_number(run("stats", "reset", NULL), STATUS_OK,
			  "reset: exit 0");
		is(out, json ? "{\"netns\":4026531840,\"epoch\":1,\"since\":\"2026-11-21T12:00:00Z\"}\n" :
		   "", json ? "reset as JSON: the epoch" : "reset: silent");
	}
}

static void test_echo(void)
{
	begin();
	opts.json = true;
	add_family();
	add_config(0, 0);
	add_outcome(0, 0, NETLAB_OUTCOME_REPLIED, UINT64_MAX, 0);
	add_outcome(1, 1, 200, 1, 0);
	add_done(0, NULL);
	is_number(run("echo", NULL), STATUS_OK, "echo as JSON: exit 0");
	is(out,
	   "{\"local\":true,\"rate\":null,\"burst\":null,\"source_rate\":null,\"max_size\":65535,\"direct\":[],"
	   "\"outcomes\":[{\"family\":\"ipv4\",\"path\":\"local\",\"outcome\":\"replied\",\"packets\":18446744073709551615},"
	   "{\"family\":\"ipv6\",\"path\":\"prefix\",\"outcome\":\"200\",\"packets\":1}]}\n",
	   "echo as JSON: keys in order, null for unlimited");

	begin();
	add_family();
	add_config(UINT32_MAX, 7);
	add_outcome(0, 0, NETLAB_OUTCOME_RATE_LIMITED, 12, 0);
	add_outcome(1, 2, NETLAB_OUTCOME_REPLIED, 3, 0);
	add_done(0, NULL);
	run("echo", NULL);
	is(out,
	   "local on  rate 4294967295  burst 7  source-rate 4294967295  max-size 65535\n"
	   "\n"
	   "family  path    outcome       packets\n"
	   "ipv4    local   rate-limited       12\n"
	   "ipv6    direct  replied             3\n",
	   "echo as text");

	begin();
	add_family();
	add_config(0, 0);
	add_done(0, NULL);
	run("echo", NULL);
	is(out,
	   "local on  rate unlimited  burst auto  source-rate unlimited  max-size 65535\n"
	   "\n"
	   "No echo request has been seen.\n", "echo as text: nothing yet");
}

static void test_refusals(void)
{
	begin();
	add_ack(ENOENT, true, NULL);
	is_number(run("stats", NULL), STATUS_NOT_LOADED,
		  "no such family: exit 3");
	is(err, "netlab: the module isn't loaded: load it by \"modprobe netlab\", or by \"insmod netlab.ko\" from a build; \"netlab doctor\" says what stands in the way\n",
	   "no such family: how to load it");

	begin();
	add_family();
	add_ack(EINVAL, true, "rate: no\033]0;way\a");
	is_number(run("echo", "set", "local", "on", NULL), STATUS_REFUSED,
		  "refused: exit 2");
	is(err, "netlab: the kernel refused: rate: no\\x1b]0;way\\x07 (Invalid argument)\n",
	   "refused: the kernel's own words, nothing raw");

	begin();
	opts.json = true;
	add_family();
	add_ack(ERANGE, false, "behind the question");
	is_number(run("echo", "set", "local", "on", NULL), STATUS_REFUSED,
		  "refused, the question in between: exit 2");
	is(err, "{\"error\":\"the kernel refused: behind the question (Numerical result out of range)\",\"exit\":2}\n",
	   "refused as JSON");

	begin();
	add_family();
	add_ack(EPERM, false, NULL);
	is_number(run("stats", "reset", NULL), STATUS_REFUSED,
		  "not permitted: exit 2");
	is(err, "netlab: the kernel refused: Operation not permitted: this needs CAP_NET_ADMIN over the network namespace\n",
	   "not permitted: what it needs");

	begin();
	add_family();
	add_ack(EPROTONOSUPPORT, true, NULL);
	is_number(run("stats", NULL), STATUS_NOT_LOADED,
		  "a dump while the module goes: exit 3");
	is(err, "netlab: the module is being unloaded\n",
	   "a dump while the module goes: it says so");

	begin();
	add_family();
	add_epoch();
	add_done(ENOMEM, "no room");
	is_number(run("stats", NULL), STATUS_REFUSED,
		  "a dump that fails at its end: exit 2");
	is(err, "netlab: the kernel refused: no room (Cannot allocate memory)\n",
	   "... in the kernel's words");
	is(out, "", "... and no half of a reading");

	begin();
	add_family();
	is_number(run("stats", NULL), STATUS_REFUSED, "no answer: exit 2");
	is(err, "netlab: the kernel didn't answer within 10 seconds\n",
	   "no answer: a sentence");

	begin();
	add_family();
	added(add(NLMSG_ERROR, 0));
	send_datagram();
	is_number(run("stats", NULL), STATUS_REFUSED,
		  "an answer too short: exit 2");
}

static void test_interrupted(void)
{
	unsigned int i;

	begin();
	opts.json = true;
	add_family();
	add_config(0, 0);
	add_outcome(0, 0, NETLAB_OUTCOME_REPLIED, 1, 0);
	send_datagram();
	add_outcome(0, 0, NETLAB_OUTCOME_REPLIED, 1, NLM_F_DUMP_INTR);
	send_datagram();
	add_family();
	add_outcome(0, 0, NETLAB_OUTCOME_REPLIED, 2, 0);
	add_done(0, NULL);
	is_number(run("echo", NULL), STATUS_OK, "an interrupted dump: exit 0");
	ok(strstr(out, "\"outcomes\":[{\"family\":\"ipv4\",\"path\":\"local\",\"outcome\":\"replied\",\"packets\":2}]}"),
	   "... read again from its beginning");
	is_number(n_opened, 2, "... by a socket that has nothing left to say");
	is_number(((struct nlmsghdr *)request)->nlmsg_type, FAKE_FAMILY,
		  "... the same question");

	begin();
	for (i = 0; i < 8; i++) {
		add_family();
		add_hook_row(0, 1, NLM_F_DUMP_INTR);
		send_datagram();
	}
	is_number(run("stats", NULL), STATUS_REFUSED,
		  "interrupted again and again: exit 2");
	is(err, "netlab: what is read changed under each of 8 readings: try again\n",
	   "... after 8 times");
}

int main(void)
{
	test_stats();
	test_ages();
	test_requests();
	test_reset();
	test_echo();
	test_refusals();
	test_interrupted();
	nl_close();
	printf("1..%u\n", n_tests);
	return n_failed > 0;
}
