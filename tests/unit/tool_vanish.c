// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vanished between the hooks, and which filters leave it unsaid, against a
 * kernel made of recorded answers. Built and run by tool_vanish.sh; TAP.
 */
#include <libmnl/libmnl.h>
#include <linux/netlab.h>
#include <stdio.h>
#include <string.h>

#include "nl.h"
#include "tool_kernel.h"
#include "vanish.h"

#define MAX UINT64_MAX
#define HALF (UINT64_MAX / 2)	/* INT64_MAX */

static void test_vanish_count(void)
{
	static const struct {
		uint64_t packets[5], fragments[5];
		enum gap gap;
		uint64_t came, went;
		int64_t vanished;
		uint64_t reassembled;
		const char *what;
	} cases[] = {
		{ { 0 }, { 0 }, GAP_IN, 0, 0, 0, 0, "nothing" },
		{ { 10, 3, 5, 100, 100 }, { 0 }, GAP_IN, 10, 8, 2, 0,
		  "in: prerouting less input and forward" },
		{ { 100, 100, 5, 10, 8 }, { 0 }, GAP_OUT, 15, 8, 7, 0,
		  "out: output and forward less postrouting" },
		{ { 10, 0, 0, 0, 0 }, { 0 }, GAP_IN, 10, 0, 10, 0, "all" },
		{ { 10, 10, 7, 0, 0 }, { 0 }, GAP_IN, 10, 17, -7, 0, "more" },
		{ { 0, 0, 0, 0, 7 }, { 0 }, GAP_OUT, 0, 7, -7, 0,
		  "more, out of nothing" },
		{ { 10, 5, 0, 0, 0 }, { 4, 0, 0, 0, 0 }, GAP_IN, 10, 5, 5, 4,
		  "fragments explain no more than they are" },
		{ { 10, 8, 0, 0, 0 }, { 4, 0, 0, 0, 0 }, GAP_IN, 10, 8, 2, 2,
		  "... nor more than what vanished" },
		{ { 10, 2, 3, 0, 0 }, { 6, 1, 3, 0, 0 }, GAP_IN, 10, 5, 5, 2,
		  "... nor those that went on as such" },
		{ { 10, 5, 0, 0, 0 }, { 1, 2, 0, 0, 0 }, GAP_IN, 10, 5, 5, 0,
		  "... and aren't fewer than none" },
		{ { 10, 12, 0, 0, 0 }, { 4, 0, 0, 0, 0 }, GAP_IN, 10, 12, -2, 0,
		  "... nor is anything explained where more went on" },
		{ { 0, 0, 2, 8, 5 }, { 0, 0, 1, 4, 2 }, GAP_OUT, 10, 5, 5, 3,
		  "out: fragments" },
		{ { MAX, 0, 0, 0, 0 }, { MAX, 0, 0, 0, 0 }, GAP_IN, MAX, 0,
		  INT64_MAX, MAX, "the largest loss" },
		{ { HALF, 0, 0, 0, 0 }, { 0 }, GAP_IN, HALF, 0, INT64_MAX, 0,
		  "the largest that fits" },
		{ { HALF + 1, 0, 0, 0, 0 }, { 0 }, GAP_IN, HALF + 1, 0,
		  INT64_MAX, 0, "one more" },
		{ { 0, MAX, MAX, 0, 0 }, { 0, MAX, MAX, 0, 0 }, GAP_IN, 0, MAX,
		  INT64_MIN, 0, "the largest gain, of a sum that would wrap" },
		{ { 0, HALF, 0, 0, 0 }, { 0 }, GAP_IN, 0, HALF, -INT64_MAX, 0,
		  "a large gain" },
		{ { 0, HALF, 1, 0, 0 }, { 0 }, GAP_IN, 0, HALF + 1, INT64_MIN,
		  0, "the largest gain that fits" },
		{ { 0, HALF, 2, 0, 0 }, { 0 }, GAP_IN, 0, HALF + 2, INT64_MIN,
		  0, "one more gained" },
		{ { MAX, MAX, 1, 0, 0 }, { 0 }, GAP_IN, MAX, MAX, 0, 0,
		  "the largest of both" },
	};
	struct passed passed = { .to_routers = 3 };
	struct vanish vanish;
	unsigned int i;
	int64_t less;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(passed.packets, cases[i].packets,
		       sizeof(passed.packets));
		memcpy(passed.fragments, cases[i].fragments,
		       sizeof(passed.fragments));
		vanish = vanish_count(&passed, cases[i].gap);
		ok(vanish.came == cases[i].came &&
		   vanish.went == cases[i].went &&
		   vanish.packets == cases[i].vanished &&
		   vanish.reassembled == cases[i].reassembled, cases[i].what);
		/* No more than came, than vanished, and never on the way out. */
		less = cases[i].vanished > 0 ? cases[i].vanished : 0;
		is_number(vanish.to_routers, cases[i].gap == GAP_OUT ? 0 :
			  less < 3 ? less : 3, "... and what is to routers");
	}
}

/* The lines about what vanished, of these packets and fragments by hook. */
static void says(const uint64_t *packets, const uint64_t *fragments,
		 const char *expected, const char *what)
{
	const char *lines;
	uint8_t hook;

	begin_answer();
	for (hook = 0; hook < 5; hook++)
		add_hook(1, hook, packets[hook],
			 fragments ? fragments[hook] : 0, 0);
	add_done(0, NULL);
	run("stats", NULL);
	lines = strstr(out, "\n\nipv6:");
	is(lines ? lines + 2 : "", expected, what);
}

#define REASON \
	"What vanished was taken by a firewall rule, by routing or by the stack itself,\n" \
	"as is multicast that nobody here joined, or was on its way at this instant.\n"

static void test_vanish_text(void)
{
	says((uint64_t[]){ 0, 0, 0, 0, 0 }, NULL, "", "nothing came: no line");
	says((uint64_t[]){ 9, 4, 5, 0, 5 }, NULL,
	     "ipv6: none of 9 packets vanished between prerouting and input + forward.\n"
	     "ipv6: none of 5 packets vanished between output + forward and postrouting.\n",
	     "none, and no reason for it");
	says((uint64_t[]){ 5, 5, 17, 1, 20 }, NULL,
	     "ipv6: 17 more passed input + forward than prerouting: multicast delivered and\n"
	     "      forwarded, or decapsulated tunnels.\n"
	     "ipv6: 2 more passed postrouting than output + forward: multicast and broadcast\n"
	     "      that this host sent, and copied for itself.\n",
	     "more, and what may be the reason");
	says((uint64_t[]){ 8, 5, 0, 0, 0 }, (uint64_t[]){ 4, 0, 0, 0, 0 },
	     "ipv6: 3 of 8 packets vanished between prerouting and input + forward (37.5%);\n"
	     "      reassembly accounts for up to 3 of them.\n",
	     "reassembly may be all of it: no other reason");
	says((uint64_t[]){ 8, 3, 0, 0, 0 }, (uint64_t[]){ 4, 0, 0, 0, 0 },
	     "ipv6: 5 of 8 packets vanished between prerouting and input + forward (62.5%);\n"
	     "      reassembly accounts for up to 4 of them.\n" REASON,
	     "reassembly isn't all of it");
	says((uint64_t[]){ 10000, 9999, 0, 0, 0 }, NULL,
	     "ipv6: 1 of 10000 packets vanished between prerouting and input + forward (less\n"
	     "      than 0.1%).\n" REASON, "a little isn't 0.0%");
	says((uint64_t[]){ 0, 0, 0, 10000, 1 }, NULL,
	     "ipv6: 9999 of 10000 packets vanished between output + forward and postrouting\n"
	     "      (more than 99.9%).\n" REASON, "nearly all isn't 100.0%");
	says((uint64_t[]){ 0, 0, 0, 2, 0 }, NULL,
	     "ipv6: 2 of 2 packets vanished between output + forward and postrouting\n"
	     "      (100.0%).\n" REASON, "all is");
}

static void add_type(uint8_t family, uint8_t hook, uint8_t type,
		     uint64_t packets)
{
	row(NETLAB_A_STATS_ICMP);
	u8(NETLAB_A_ICMP_ROW_FAMILY, family);
	u8(NETLAB_A_ICMP_ROW_HOOK, hook);
	u8(NETLAB_A_ICMP_ROW_TYPE, type);
	u64(NETLAB_A_ICMP_ROW_PACKETS, packets);
	end_row();
}

/* What every IPv6 link is full of, and no host takes. */
static void test_to_routers(void)
{
	begin_answer();
	add_hook(0, 0, 40, 0, 0);
	add_hook(1, 0, 40, 2, 0);
	send_datagram();
	add_type(0, 0, 133, 400);	/* not ICMPv6 */
	add_type(1, 4, 143, 400);	/* sent */
	add_type(1, 0, 135, 400);	/* to the neighbour */
	add_type(1, 0, 131, 1);
	add_type(1, 0, 132, 2);
	add_type(1, 0, 133, 4);
	add_type(1, 0, 143, 8);
	add_done(0, NULL);
	run("stats", NULL);
	contains("ipv4: 40 of 40 packets vanished between prerouting and input + forward\n"
		 "      (100.0%).\n",
		 "IPv4 has no MLD");
	contains("ipv6: 40 of 40 packets vanished between prerouting and input + forward\n"
		 "      (100.0%); reassembly accounts for up to 2 of them; MLD reports and router\n"
		 "      solicitations to others account for up to 15.\n" REASON,
		 "MLD reports and router solicitations that came are named");

	begin_answer();
	add_hook(1, 0, 9, 0, 0);
	add_type(1, 0, 143, 9);
	add_done(0, NULL);
	run("stats", NULL);
	contains("account for up to 9.\n", "they may be all of it");
	ok(!strstr(out, "What vanished"), "... and no other reason is told");
}

/* A row of the second answer, that about outcomes. */
static void add_outcome(uint8_t family, uint8_t path, uint8_t outcome,
			uint64_t packets)
{
	row(NETLAB_A_OUTCOMES_OUTCOMES);
	u8(NETLAB_A_OUTCOME_ROW_FAMILY, family);
	u8(NETLAB_A_OUTCOME_ROW_PATH, path);
	u8(NETLAB_A_OUTCOME_ROW_OUTCOME, outcome);
	u64(NETLAB_A_OUTCOME_ROW_PACKETS, packets);
	end_row();
}

/* What netlab itself ends at prerouting, and sends from there, is no loss. */
static void test_own(void)
{
	int json;

	for (json = 0; json < 2; json++) {
		begin_answer();
		opts.json = json;
		add_hook(0, 0, 100, 0, 0);
		add_hook(0, 1, 15, 0, 0);
		add_hook(0, 3, 30, 0, 0);
		add_hook(0, 4, 70, 0, 0);
		add_type(0, 0, 8, 95);
		add_type(0, 4, 0, 60);
		add_done(0, NULL);
		add_outcome(0, 0, NETLAB_OUTCOME_REPLIED, 7);	/* at input */
		add_outcome(0, 1, NETLAB_OUTCOME_REPLIED, 30);
		add_outcome(0, 1, NETLAB_OUTCOME_TOO_LARGE, 1);
		add_outcome(0, 1, NETLAB_OUTCOME_RATE_LIMITED, 2);
		add_outcome(0, 1, NETLAB_OUTCOME_SOURCE_LIMITED, 4);
		add_outcome(0, 1, NETLAB_OUTCOME_NO_ROUTE, 5);	/* went on */
		add_outcome(0, 2, NETLAB_OUTCOME_REPLIED, 38);
		add_outcome(1, 1, NETLAB_OUTCOME_REPLIED, 900);
		add_done(0, NULL);
		run("stats", NULL);
		contains(json ?
			 "\"vanished\":[{\"family\":\"ipv4\",\"between\":\"prerouting\",\"and\":\"input+forward\",\"packets\":10},"
			 "{\"family\":\"ipv4\",\"between\":\"output+forward\",\"and\":\"postrouting\",\"packets\":-2}]" :
			 "\n\nipv4: 10 of 100 packets vanished between prerouting and input + forward\n"
			 "      (10.0%); there, netlab itself answered or dropped 75.\n"
			 "ipv4: 2 more passed postrouting than output + forward: multicast and broadcast\n"
			 "      that this host sent, and copied for itself; there, netlab's direct sent\n"
			 "      38 more.\n" REASON,
			 json ? "... as JSON" :
			 "what netlab itself answered, dropped and sent is no loss and no gain");
	}

	begin_answer();
	add_hook(0, 0, 10, 0, 0);
	add_hook(0, 4, 10, 0, 0);
	add_type(0, 0, 8, 10);
	add_type(0, 4, 0, 10);
	add_done(0, NULL);
	add_outcome(0, 2, NETLAB_OUTCOME_REPLIED, MAX);
	add_outcome(0, 1, NETLAB_OUTCOME_REPLIED, MAX);
	add_done(0, NULL);
	run("stats", NULL);
	contains("\n\nipv4: none of 10 packets vanished between prerouting and input + forward;\n"
		 "      there, netlab itself answered or dropped 10.\n"
		 "ipv4: none of 0 packets vanished between output + forward and postrouting;\n"
		 "      there, netlab's direct sent 10 more.\n",
		 "all of it, and outcomes of earlier epochs explain no more");
	ok(!strstr(out, "What vanished"), "... and no other reason is told");

	begin_answer();
	add_hook(0, 0, 10, 0, 0);
	add_type(0, 0, 8, 3);
	add_done(0, NULL);
	add_outcome(0, 1, NETLAB_OUTCOME_REPLIED, 1000);
	add_done(0, NULL);
	run("stats", NULL);
	contains("ipv4: 7 of 10 packets vanished",
		 "nor more than the echo requests of this one");

	/* Two fragments of one request, that is answered. */
	begin_answer();
	add_hook(0, 0, 2, 2, 0);
	add_type(0, 0, 8, 1);
	add_done(0, NULL);
	add_outcome(0, 1, NETLAB_OUTCOME_REPLIED, 1);
	add_done(0, NULL);
	run("stats", NULL);
	contains("ipv4: 1 of 2 packets vanished between prerouting and input + forward (50.0%);\n"
		 "      reassembly accounts for up to 1 of them; there, netlab itself answered or\n"
		 "      dropped 1.\n",
		 "a request in fragments: reassembly is the rest");
	ok(!strstr(out, "What vanished"), "... and no other reason is told");

	begin_answer();
	add_hook(1, 0, 10, 0, 0);
	add_hook(1, 4, 9, 0, 0);
	add_type(1, 0, 128, 10);
	add_type(1, 4, 129, 9);
	add_done(0, NULL);
	add_outcome(1, 2, NETLAB_OUTCOME_REPLIED, 9);
	add_outcome(0, 2, NETLAB_OUTCOME_REPLIED, 1);
	add_done(0, NULL);
	run("stats", NULL);
	contains("ipv6: 1 of 10 packets vanished", "IPv6 has its own types");
	contains("ipv6: none of 0 packets vanished", "... both ways");
}

static void test_vanish_json(void)
{
	begin_answer();
	opts.json = true;
	add_hook(0, 1, 5, 0, 0);
	add_hook(1, 3, MAX, 0, 0);
	add_hook(2, 0, 5, 0, 0);
	add_hook(1, 9, 5, 0, 0);
	add_done(0, NULL);
	run("stats", NULL);
	contains("],\"vanished\":["
		 "{\"family\":\"ipv4\",\"between\":\"prerouting\",\"and\":\"input+forward\",\"packets\":-5},"
		 "{\"family\":\"ipv4\",\"between\":\"output+forward\",\"and\":\"postrouting\",\"packets\":0},"
		 "{\"family\":\"ipv6\",\"between\":\"prerouting\",\"and\":\"input+forward\",\"packets\":0},"
		 "{\"family\":\"ipv6\",\"between\":\"output+forward\",\"and\":\"postrouting\",\"packets\":9223372036854775807}]}\n",
		 "vanished as JSON: negative, largest, no ARP, no unknown hook");
}

/* ---- filters */

static void filtered(const char *keyword, const char *value, bool compared)
{
	char what[64];

	snprintf(what, sizeof(what), "stats %s %s: vanished is %s", keyword,
		 value, compared ? "told" : "not told");
	begin_answer();
	add_hook(0, 0, 5, 0, 0);
	add_done(0, NULL);
	run("stats", keyword, value, NULL);
	ok(!strstr(out, " vanished ") != compared, what);

	begin_answer();
	opts.json = true;
	add_hook(0, 0, 5, 0, 0);
	add_done(0, NULL);
	run("stats", keyword, value, NULL);
	ok(strstr(out, compared ? "\"vanished\":[{" : "\"vanished\":[]}"),
	   "... as JSON");
}

static void test_filters(void)
{
	const struct nlattr *attr;

	begin_answer();
	add_done(0, NULL);
	is_number(run("stats", "dev", "eth0", "proto", "6", "hook", "input",
		      "family", "ipv6", NULL), STATUS_OK, "dev with others");
	attr = requested(NETLAB_A_STATS_IFINDEX);
	ok(attr && mnl_attr_get_payload_len(attr) == 4 &&
	   mnl_attr_get_u32(attr) == 2, "dev eth0 is the ifindex 2");
	attr = requested(NETLAB_A_STATS_PROTOCOL);
	ok(attr && mnl_attr_get_u8(attr) == 6, "... proto 6 beside it");
	is_number(n_sent(), 4, "... and two more");

	begin_answer();
	is_number(run("stats", "dev", "eth9", NULL), STATUS_USAGE,
		  "no such device: exit 1");
	is(err, "netlab: Cannot find device \"eth9\"\n", "... as iproute2 says it");
	is_number(n_requests, 0, "... and nothing was asked");

	begin_answer();
	is_number(run("stats", "dev", "trouble", NULL), STATUS_USAGE,
		  "no way to look for it: exit 1");
	is(err, "netlab: dev trouble: Too many open files\n", "... why not");

	filtered("family", "ipv4", true);
	filtered("hook", "prerouting", false);
	filtered("proto", "icmp", false);
	filtered("dev", "eth0", false);
}

int main(void)
{
	test_vanish_count();
	test_vanish_text();
	test_to_routers();
	test_own();
	test_vanish_json();
	test_filters();
	nl_close();
	printf("1..%u\n", n_tests);
	return n_failed > 0;
}
