// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of netlab stats, against a kernel made of recorded answers. Built
 * and run by tool_stats.sh; TAP.
 */
#include <libmnl/libmnl.h>
#include <linux/netlab.h>
#include <stdio.h>
#include <string.h>

#include "nl.h"
#include "tool_kernel.h"

#define HEAD_JSON "{\"netns\":7,\"epoch\":2,\"since\":\"1970-01-01T00:00:01Z\","
#define HEAD_TEXT "netns 7  epoch 2  since 1970-01-01T00:00:01Z\n\n"

/* ---- rows of an answer */

static void add_icmp(uint8_t family, uint8_t hook, uint8_t type,
		     uint64_t packets)
{
	row(NETLAB_A_STATS_ICMP);
	u8(NETLAB_A_ICMP_ROW_FAMILY, family);
	u8(NETLAB_A_ICMP_ROW_HOOK, hook);
	u8(NETLAB_A_ICMP_ROW_TYPE, type);
	u64(NETLAB_A_ICMP_ROW_PACKETS, packets);
	end_row();
}

static void add_tcp(uint8_t family, uint8_t hook, uint64_t syn, uint64_t rst)
{
	row(NETLAB_A_STATS_TCP);
	u8(NETLAB_A_TCP_ROW_FAMILY, family);
	u8(NETLAB_A_TCP_ROW_HOOK, hook);
	u64(NETLAB_A_TCP_ROW_SYN, syn);
	u64(NETLAB_A_TCP_ROW_SYNACK, 2);
	u64(NETLAB_A_TCP_ROW_FIN, 3);
	u64(NETLAB_A_TCP_ROW_RST, rst);
	end_row();
}

static void add_size(uint8_t family, uint8_t hook, uint32_t max,
		     uint64_t packets)
{
	row(NETLAB_A_STATS_SIZES);
	u8(NETLAB_A_SIZE_ROW_FAMILY, family);
	u8(NETLAB_A_SIZE_ROW_HOOK, hook);
	u32(NETLAB_A_SIZE_ROW_LIMIT, max);
	u64(NETLAB_A_SIZE_ROW_PACKETS, packets);
	end_row();
}

static void add_anomaly(uint8_t family, uint8_t hook, uint8_t reason,
			uint64_t packets)
{
	row(NETLAB_A_STATS_ANOMALIES);
	u8(NETLAB_A_ANOMALY_ROW_FAMILY, family);
	u8(NETLAB_A_ANOMALY_ROW_HOOK, hook);
	u8(NETLAB_A_ANOMALY_ROW_REASON, reason);
	u64(NETLAB_A_ANOMALY_ROW_PACKETS, packets);
	end_row();
}

/* @length is that of the attribute; without a name there is none. */
static void add_device(const char *name, size_t length, uint32_t ifindex,
		       uint8_t direction, uint64_t packets)
{
	row(NETLAB_A_STATS_DEVICES);
	if (name)
		bytes(NETLAB_A_DEVICE_ROW_DEV, name, length);
	u32(NETLAB_A_DEVICE_ROW_IFINDEX, ifindex);
	u8(NETLAB_A_DEVICE_ROW_DIRECTION, direction);
	u8(NETLAB_A_DEVICE_ROW_FAMILY, NETLAB_FAMILY_IPV6);
	u8(NETLAB_A_DEVICE_ROW_PROTOCOL, 58);
	u64(NETLAB_A_DEVICE_ROW_PACKETS, packets);
	u64(NETLAB_A_DEVICE_ROW_BYTES, packets);
	end_row();
}

static void add_arp(uint8_t direction, uint16_t operation, uint64_t packets)
{
	row(NETLAB_A_STATS_ARP);
	u8(NETLAB_A_ARP_ROW_DIRECTION, direction);
	u16(NETLAB_A_ARP_ROW_OPERATION, operation);
	u64(NETLAB_A_ARP_ROW_PACKETS, packets);
	end_row();
}

/* The answer so far, shown; the text that follows its head must be this. */
static void shows(const char *expected, const char *what)
{
	char whole[sizeof(out)];

	add_done(0, NULL);
	if (run("stats", NULL) != STATUS_OK)
		printf("# exit not 0: %s\n", err);
	snprintf(whole, sizeof(whole), "%s%s",
		 opts.json ? HEAD_JSON : HEAD_TEXT, expected);
	is(out, whole, what);
}

/* ---- every table, once with the largest numbers and once as people see it */

static void test_json(void)
{
	begin_answer();
	opts.json = true;
	add_hook(0, 0, 3, 0, UINT64_MAX);
	add_icmp(0, 0, 8, UINT64_MAX);
	add_icmp(1, 4, 128, 1);
	send_datagram();
	add_tcp(0, 0, 1, UINT64_MAX);
	add_size(0, 0, 64, 1);
	add_size(0, 0, UINT32_MAX, UINT64_MAX);
	add_size(0, 0, 0, 2);
	send_datagram();
	add_anomaly(0, 1, NETLAB_ANOMALY_BAD_ICMP_CHECKSUM, UINT64_MAX);
	add_device("eth0", 5, UINT32_MAX, 0, UINT64_MAX);
	add_arp(0, 1, 1);
	add_arp(1, 2, UINT64_MAX);
	shows("\"protocols\":[],"
	      "\"hooks\":[{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"skbs\":0,\"packets\":3,\"bytes\":0,\"fragments\":0,\"options\":0,\"refused\":18446744073709551615,\"strays\":0}],"
	      "\"icmp\":[{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"type\":8,\"name\":\"echo-request\",\"packets\":18446744073709551615},"
	      "{\"family\":\"ipv6\",\"hook\":\"postrouting\",\"type\":128,\"name\":\"echo-request\",\"packets\":1}],"
	      "\"tcp\":[{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"syn\":1,\"synack\":2,\"fin\":3,\"rst\":18446744073709551615}],"
	      "\"sizes\":[{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"max\":64,\"packets\":1},"
	      "{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"max\":4294967295,\"packets\":18446744073709551615},"
	      "{\"family\":\"ipv4\",\"hook\":\"prerouting\",\"max\":null,\"packets\":2}],"
	      "\"anomalies\":[{\"family\":\"ipv4\",\"hook\":\"input\",\"reason\":\"bad-icmp-checksum\",\"packets\":18446744073709551615}],"
	      "\"devices\":[{\"dev\":\"eth0\",\"ifindex\":4294967295,\"direction\":\"rx\",\"family\":\"ipv6\",\"protocol\":58,\"name\":\"ipv6-icmp\",\"packets\":18446744073709551615,\"bytes\":18446744073709551615}],"
	      "\"arp\":[{\"direction\":\"in\",\"operation\":\"request\",\"packets\":1},"
	      "{\"direction\":\"out\",\"operation\":\"reply\",\"packets\":18446744073709551615}],"
	      "\"vanished\":[{\"family\":\"ipv4\",\"between\":\"prerouting\",\"and\":\"input+forward\",\"packets\":3},"
	      "{\"family\":\"ipv4\",\"between\":\"output+forward\",\"and\":\"postrouting\",\"packets\":0}]}\n",
	      "all tables as JSON");
}

static void test_text(void)
{
	begin_answer();
	add_arp(0, 1, 12);	/* in whatever order they come */
	add_hook(0, 0, 1000, 0, 0);
	add_hook(0, 1, 988, 0, 0);
	add_icmp(0, 0, 8, 3);
	add_tcp(1, 4, 10, 0);
	add_size(0, 0, 127, 750);
	add_size(0, 0, 0, 250);
	add_anomaly(0, 0, NETLAB_ANOMALY_TCP_XMAS, 1);
	send_datagram();
	add_device("eth0", 5, 2, 0, 3);
	add_device("wlan0", 5, 11, 1, 123456);
	shows("family  hook        skbs  packets  bytes  fragments  options\n"
	      "ipv4    prerouting     0     1000      0          0        0\n"
	      "ipv4    input          0      988      0          0        0\n"
	      "\n"
	      "family  hook        type  name          packets\n"
	      "ipv4    prerouting     8  echo-request        3\n"
	      "\n"
	      "family  hook         syn  synack  fin  rst\n"
	      "ipv6    postrouting   10       2    3    0\n"
	      "\n"
	      "family  hook         max  packets  share\n"
	      "ipv4    prerouting   127      750  ###############\n"
	      "ipv4    prerouting  more      250  #####\n"
	      "\n"
	      "family  hook        reason    packets\n"
	      "ipv4    prerouting  tcp-xmas        1\n"
	      "\n"
	      "dev    ifindex  direction  family  protocol  name       packets   bytes\n"
	      "eth0         2  rx         ipv6          58  ipv6-icmp        3       3\n"
	      "wlan0       11  tx         ipv6          58  ipv6-icmp   123456  123456\n"
	      "\n"
	      "direction  operation  packets\n"
	      "in         request         12\n"
	      "\n"
	      "ipv4: 12 of 1000 packets vanished between prerouting and input + forward\n"
	      "      (1.2%).\n"
	      "What vanished was taken by a firewall rule, by routing or by the stack itself,\n"
	      "as is multicast that nobody here joined, or was on its way at this instant.\n",
	      "all tables as text");
}

/* Numbers that have no name yet are shown as such. */
static void test_unknown(void)
{
	static const char *const operations[] = {
		"other", "request", "reply", "rarp-request", "rarp-reply", "5",
		"6", "7", "inarp-request", "inarp-reply", "10",
	};
	char what[64], expected[128];
	uint16_t i;

	begin_answer();
	opts.json = true;
	add_icmp(0, 0, 128, 1);
	add_icmp(0, 0, 255, 2);
	add_icmp(1, 0, 8, 3);
	add_icmp(1, 0, 255, 4);
	add_icmp(2, 0, 8, 5);
	add_icmp(99, 9, 0, 6);
	send_datagram();
	add_anomaly(0, 0, 255, 7);
	add_device("x", 2, 1, 9, 8);
	add_arp(9, 65535, 9);
	for (i = 0; i < 11; i++)
		add_arp(1, i, i);
	add_done(0, NULL);
	run("stats", NULL);
	contains("\"type\":128,\"name\":\"128\",\"packets\":1}",
		 "an ICMP type that only ICMPv6 has");
	contains("\"type\":255,\"name\":\"255\",\"packets\":2}",
		 "an unknown ICMP type");
	contains("\"type\":8,\"name\":\"8\",\"packets\":3}",
		 "an ICMPv6 type that only ICMP has");
	contains("\"type\":255,\"name\":\"255\",\"packets\":4}",
		 "an unknown ICMPv6 type");
	contains("\"arp\",\"hook\":\"prerouting\",\"type\":8,\"name\":\"8\",\"packets\":5}",
		 "a type of a family that has none");
	contains("{\"family\":\"99\",\"hook\":\"9\",\"type\":0,\"name\":\"0\",\"packets\":6}",
		 "an unknown family and hook");
	contains("\"reason\":\"255\",\"packets\":7}", "an unknown anomaly");
	contains("\"direction\":\"9\",\"family\":\"ipv6\"",
		 "an unknown direction");
	contains("{\"direction\":\"9\",\"operation\":\"65535\",\"packets\":9}",
		 "an unknown direction and operation of ARP");
	for (i = 0; i < 11; i++) {
		snprintf(what, sizeof(what), "operation %u", i);
		snprintf(expected, sizeof(expected),
			 "{\"direction\":\"out\",\"operation\":\"%s\",\"packets\":%u}",
			 operations[i], i);
		contains(expected, what);
	}
}

static void test_names_of_types(void)
{
	static const struct {
		uint8_t family, type;
		const char *name;
	} types[] = {
		{ 0, 0, "echo-reply" }, { 0, 3, "destination-unreachable" },
		{ 0, 11, "time-exceeded" }, { 0, 18, "address-mask-reply" },
		{ 0, 43, "extended-echo-reply" }, { 1, 1, "destination-unreachable" },
		{ 1, 2, "packet-too-big" }, { 1, 129, "echo-reply" },
		{ 1, 135, "nd-neighbor-solicit" }, { 1, 143, "mld2-listener-report" },
		{ 1, 161, "extended-echo-reply" }, { 1, 162, "162" }, { 0, 44, "44" },
	};
	char expected[128];
	unsigned int i;

	begin_answer();
	opts.json = true;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		add_icmp(types[i].family, 0, types[i].type, 1);
	add_done(0, NULL);
	run("stats", NULL);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(expected, sizeof(expected),
			 "{\"family\":\"%s\",\"hook\":\"prerouting\",\"type\":%u,\"name\":\"%s\",",
			 types[i].family ? "ipv6" : "ipv4", types[i].type,
			 types[i].name);
		contains(expected, types[i].name);
	}
}

/* A name can hold anything but a slash, a colon and white space. */
static void test_device_names(void)
{
	static const char evil[] = "e\033[2J\x7f\xff\"";
	static const char longest[] = "\1\2\3\4\5\6\7\x0e\x0f\x10\x11\x12\x13\x14\x15";

	begin_answer();
	opts.json = true;
	add_device(evil, sizeof(evil), 1, 0, 1);
	add_device(NULL, 0, 2, 0, 1);
	add_device("", 0, 3, 0, 1);
	add_device("eth1", 4, 4, 0, 1);
	add_device(longest, sizeof(longest), 5, 0, 1);
	add_done(0, NULL);
	run("stats", NULL);
	contains("{\"dev\":\"e\\\\x1b[2J\\\\x7f\\\\xff\\\"\",\"ifindex\":1,",
		 "a name with control characters, as JSON");
	contains("{\"dev\":null,\"ifindex\":2,", "no name, as JSON");
	contains("{\"dev\":\"\",\"ifindex\":3,", "an empty name, as JSON");
	contains("{\"dev\":\"eth1\",\"ifindex\":4,",
		 "a name without a NUL behind it, as JSON");
	contains("\\\\x14\\\\x15\",\"ifindex\":5,",
		 "the longest name, all of it escaped, as JSON");

	begin_answer();
	add_device(evil, sizeof(evil), 1, 0, 1);
	add_device(NULL, 0, 2, 0, 1);
	shows("dev                ifindex  direction  family  protocol  name       packets  bytes\n"
	      "e\\x1b[2J\\x7f\\xff\"        1  rx         ipv6          58  ipv6-icmp        1      1\n"
	      "-                        2  rx         ipv6          58  ipv6-icmp        1      1\n",
	      "the same as text");

	/* The name came twice, and once more after an interrupted dump. */
	begin_answer();
	opts.json = true;
	row(NETLAB_A_STATS_DEVICES);
	bytes(NETLAB_A_DEVICE_ROW_DEV, "first", 6);
	bytes(NETLAB_A_DEVICE_ROW_DEV, "second", 7);
	end_row();
	added(add_genl(NLM_F_MULTI | NLM_F_DUMP_INTR));
	send_datagram();
	add_family();
	add_device("third", 6, 1, 0, 1);
	add_done(0, NULL);
	is_number(run("stats", NULL), STATUS_OK, "a dump of devices again");
	contains("\"devices\":[{\"dev\":\"third\",",
		 "... nothing is left of the first");
}

/* A bar of 20 marks is all packets of the family at the hook. */
static void test_shares(void)
{
	begin_answer();
	add_size(0, 0, 64, 0);
	add_size(0, 0, 127, 1);
	add_size(0, 0, 255, 999999);
	add_size(0, 4, 64, UINT64_MAX);
	add_size(0, 4, 0, UINT64_MAX);
	add_size(1, 0, 64, 0);
	shows("family  hook          max               packets  share\n"
	      "ipv4    prerouting     64                     0\n"
	      "ipv4    prerouting    127                     1  #\n"
	      "ipv4    prerouting    255                999999  ####################\n"
	      "ipv4    postrouting    64  18446744073709551615  ##########\n"
	      "ipv4    postrouting  more  18446744073709551615  ##########\n"
	      "ipv6    prerouting     64                     0\n",
	      "shares of each hook and family, none without its mark");
}

/* What is hardly ever refused takes no room where it isn't. */
static void test_refused(void)
{
	begin_answer();
	opts.all = true;
	add_hook(0, 1, 0, 0, 0);
	shows("family  hook   skbs  packets  bytes  fragments  options  refused  strays\n"
	      "ipv4    input     0        0      0          0        0        0       0\n",
	      "refused and strays are columns with -a");

	begin_answer();
	add_hook(2, 1, 0, 0, 0);
	add_hook(2, 2, 0, 0, 8);
	shows("family  hook     skbs  packets  bytes  fragments  options  refused\n"
	      "arp     input       0        0      0          0        0        0\n"
	      "arp     forward     0        0      0          0        0        8\n",
	      "... or where it isn't 0");
}

int main(void)
{
	test_json();
	test_text();
	test_unknown();
	test_names_of_types();
	test_device_names();
	test_shares();
	test_refused();
	nl_close();
	printf("1..%u\n", n_tests);
	return n_failed > 0;
}
