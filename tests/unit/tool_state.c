// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prefixes, save and restore, against a model of the module.
 * Built and run by tool_state.sh; TAP.
 */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <stdio.h>
#include <string.h>

#include "nl.h"
#include "tool_kernel.h"
#include "tool_model.h"

static void is_flag(uint16_t type, bool expected, const char *what)
{
	const struct nlattr *attr = requested(type);

	ok(!attr == !expected &&
	   (!attr || !mnl_attr_get_payload_len(attr)), what);
}

static void is_u32(uint16_t type, uint32_t value, const char *what)
{
	const struct nlattr *attr = requested(type);

	ok(attr && mnl_attr_get_payload_len(attr) == 4 &&
	   mnl_attr_get_u32(attr) == value, what);
}

static void is_block(const char *address, unsigned int size,
		     unsigned int length, const char *what)
{
	const struct nlattr *attr = requested(NETLAB_A_PREFIX_ADDRESS);
	const struct nlattr *bits = requested(NETLAB_A_PREFIX_LENGTH);

	ok(attr && mnl_attr_get_payload_len(attr) == size &&
	   !memcmp(mnl_attr_get_payload(attr), address, size) && bits &&
	   mnl_attr_get_payload_len(bits) == 1 &&
	   mnl_attr_get_u8(bits) == length, what);
}

static uint8_t command(void)
{
	const struct genlmsghdr *header =
		mnl_nlmsg_get_payload((struct nlmsghdr *)request);

	return header->cmd;
}

/* ---- one command */

static void test_requests(void)
{
	begin_model();
	is_number(run("prefix", "add", "198.51.100.0/24", "rate", "1000",
		      "burst", "20", "max-size", "1500", "proxy", "eth1",
		      "force", NULL), STATUS_OK, "prefix add: exit 0");
	is(out, "", "... silent");
	is_number(command(), NETLAB_CMD_PREFIX_ADD, "... is prefix-add");
	is_number(((struct nlmsghdr *)request)->nlmsg_flags,
		  NLM_F_REQUEST | NLM_F_ACK, "... with an acknowledgement");
	is_block("\xc6\x33\x64\0", 4, 24, "the address and its length");
	is_u32(NETLAB_A_PREFIX_RATE, 1000, "rate 1000");
	is_u32(NETLAB_A_PREFIX_BURST, 20, "burst 20");
	is_u32(NETLAB_A_PREFIX_MAX_SIZE, 1500, "max-size 1500");
	is_u32(NETLAB_A_PREFIX_PROXY, 3, "proxy eth1 is its index");
	is_flag(NETLAB_A_PREFIX_FORCE, true, "force is a flag");
	is_number(n_sent(), 7, "... and nothing else");

	run("prefix", "add", "2001:db8::/33", "rate", "unlimited", "burst",
	    "auto", NULL);
	is_block("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16, 33, "IPv6");
	is_number(n_sent(), 2, "unlimited and auto are said by saying nothing");

	run("prefix", "replace", "198.51.100.0/24", NULL);
	is_number(command(), NETLAB_CMD_PREFIX_ADD, "replace is prefix-add");
	is_flag(NETLAB_A_PREFIX_REPLACE, true, "... with its flag");
	is_number(n_sent(), 3, "... and nothing else");

	run("prefix", "add", "192.0.2.7", NULL);
	is_block("\xc0\0\2\7", 4, 32, "an address alone is a /32");
	run("prefix", "add", "::1", NULL);
	is_block("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16, 128, "... or a /128");

	is_number(run("prefix", "add", "192.0.2.7/32", NULL), STATUS_REFUSED,
		  "one that is there: exit 2");
	is(err, "netlab: the kernel refused: it is there (File exists)\n",
	   "... in the kernel's words");

	is_number(run("prefix", "del", "192.0.2.7", NULL), STATUS_OK,
		  "prefix del: exit 0");
	is_number(command(), NETLAB_CMD_PREFIX_DEL, "... is prefix-del");
	is_block("\xc0\0\2\7", 4, 32, "... of that prefix");
	is_number(n_sent(), 2, "... and nothing else");
	is_number(run("prefix", "del", "192.0.2.7", NULL), STATUS_REFUSED,
		  "one that is not there: exit 2");

	is_number(run("prefix", "flush", NULL), STATUS_OK,
		  "prefix flush: exit 0");
	is_number(command(), NETLAB_CMD_PREFIX_FLUSH, "... is prefix-flush");
	is_number(n_sent(), 0, "... and nothing else");
	is_number(model.n_prefixes, 0, "... there is none");

	is_number(run("echo", "direct", "eth1", "on", NULL), STATUS_OK,
		  "echo direct: exit 0");
	is_number(command(), NETLAB_CMD_DIRECT_SET, "... is direct-set");
	is_u32(NETLAB_A_DIRECT_IFINDEX, 3, "... of its index");
	is_number(mnl_attr_get_u8(requested(NETLAB_A_DIRECT_ENABLE)), 1,
		  "... on");
	is_number(n_sent(), 2, "... and nothing else");
	run("echo", "direct", "eth1", "off", NULL);
	is_number(mnl_attr_get_u8(requested(NETLAB_A_DIRECT_ENABLE)), 0,
		  "... off");
}

/* ---- what is shown */

static void test_show(void)
{
	begin_model();
	run("prefix", NULL);
	is(out, "There is no prefix.\n", "no prefix as text");
	opts.json = true;
	run("prefix", NULL);
	is(out, "[]\n", "no prefix as JSON");

	begin_model();
	run("prefix", "add", "198.51.100.0/24", NULL);
	run("prefix", "add", "2001:db8::/32", "rate", "4294967295", "burst",
	    "7", "max-size", "28", "proxy", "eth0", NULL);
	model.prefixes[0].proxy = 77;
	opts.json = true;
	is_number(run("prefix", "show", NULL), STATUS_OK,
		  "prefix as JSON: exit 0");
	is(out,
	   "[{\"prefix\":\"198.51.100.0/24\",\"rate\":null,\"burst\":null,\"max_size\":65535,\"proxy\":null,\"requests\":3,\"replied\":2,\"refused\":1},"
	   "{\"prefix\":\"2001:db8::/32\",\"rate\":4294967295,\"burst\":7,\"max_size\":28,\"proxy\":\"eth0\",\"requests\":4,\"replied\":3,\"refused\":1}]\n",
	   "prefix as JSON: keys in order, null for unlimited and a device that is gone");
	opts.pretty = true;
	run("prefix", NULL);
	ok(strstr(out, "[\n  {\n    \"prefix\": \"198.51.100.0/24\",\n    \"rate\": null,") == out &&
	   strstr(out, "\"refused\": 1\n  },\n  {\n    \"prefix\": \"2001:db8::/32\"") &&
	   strstr(out, "\n    \"refused\": 1\n  }\n]\n"), "-p: indented");
	opts.json = false;
	run("prefix", NULL);
	is(out,
	   "prefix                 rate  burst  max_size  proxy  requests  replied  refused\n"
	   "198.51.100.0/24   unlimited   auto     65535  -             3        2        1\n"
	   "2001:db8::/32    4294967295      7        28  eth0          4        3        1\n",
	   "prefix as text");

	run("echo", "direct", "eth1", "on", NULL);
	model.direct[model.n_direct++] = 77;
	model.direct[model.n_direct++] = 4;
	run("echo", NULL);
	is(out,
	   "local on  rate unlimited  burst auto  source-rate unlimited  max-size 65535\n"
	   "direct on eth1 e\\x1b[2Jvil\n\n"
	   "No echo request has been seen.\n",
	   "direct as text: nothing raw, nothing of a device that is gone");
	opts.json = true;
	opts.pretty = false;
	run("echo", NULL);
	is(out,
	   "{\"local\":true,\"rate\":null,\"burst\":null,\"source_rate\":null,\"max_size\":65535,"
	   "\"direct\":[\"eth1\",\"e\\\\x1b[2Jvil\"],\"outcomes\":[]}\n",
	   "direct as JSON");
}

static void add_prefix(uint8_t last, uint16_t flags)
{
	const uint8_t address[4] = { 192, 0, 2, last };
	struct nlmsghdr *message = add_genl(NLM_F_MULTI | flags);

	mnl_attr_put(message, NETLAB_A_PREFIX_ADDRESS, 4, address);
	mnl_attr_put_u8(message, NETLAB_A_PREFIX_LENGTH, 32);
	added(message);
}

static void test_interrupted(void)
{
	unsigned int i;

	begin();
	add_family();
	add_prefix(1, 0);
	send_datagram();
	add_prefix(1, NLM_F_DUMP_INTR);
	send_datagram();
	add_family();
	add_prefix(2, 0);
	add_done(0, NULL);
	opts.json = true;
	is_number(run("prefix", NULL), STATUS_OK, "an interrupted dump: exit 0");
	ok(!strstr(out, "192.0.2.1/32") && strstr(out, "192.0.2.2/32"),
	   "... read again from its beginning");
	begin();
	for (i = 0; i < 8; i++) {
		add_family();
		add_prefix(1, NLM_F_DUMP_INTR);
		send_datagram();
	}
	is_number(run("prefix", NULL), STATUS_REFUSED, "again and again: exit 2");
	is(err, "netlab: what is read changed under each of 8 readings: try again\n",
	   "... said so");
}

/* ---- save and restore */

static void test_save(void)
{
	begin_model();
	is_number(run("save", NULL), STATUS_OK, "save: exit 0");
	is(out, "echo set local on rate unlimited burst auto source-rate unlimited max-size 65535\n",
	   "save of what was just loaded");

	run("echo", "set", "local", "off", "rate", "1000", "burst", "5",
	    "source-rate", "10", "max-size", "100", NULL);
	run("echo", "direct", "eth1", "on", NULL);
	model.direct[model.n_direct++] = 77;
	run("prefix", "add", "0.0.0.0/0", "force", NULL);
	run("prefix", "add", "192.0.2.1", "rate", "5", NULL);
	run("prefix", "add", "::/0", "burst", "9", "force", NULL);
	run("prefix", "add", "2001:db8::/32", "max-size", "1500", "proxy",
	    "eth0", NULL);
	opts.json = true;	/* commands are commands */
	run("save", NULL);
	is(out,
	   "echo set local off rate 1000 burst 5 source-rate 10 max-size 100\n"
	   "echo direct eth1 on\n"
	   "prefix add 0.0.0.0/0 force\n"
	   "prefix add 192.0.2.1/32 rate 5\n"
	   "prefix add ::/0 burst 9 force\n"
	   "prefix add 2001:db8::/32 max-size 1500 proxy eth0\n",
	   "save of a little of everything");

	opts.json = false;
	model.prefixes[0].proxy = 5;
	is_number(run("save", NULL), STATUS_USAGE,
		  "save with a device of a name that can't be said: exit 1");
	is(err, "netlab: save: the device \"eth#0\" can't be named in a file: expected a name of printable ASCII without #\n",
	   "... says so");
	is(out, "", "... and prints no half of it");
	model.prefixes[0].proxy = 0;
	model.direct[0] = 4;
	run("save", NULL);
	is(err, "netlab: save: the device \"e\\x1b[2Jvil\" can't be named in a file: expected a name of printable ASCII without #\n",
	   "... of direct, too");
}

/* A state with everything, of @count prefixes. */
static void fill_model(unsigned int count)
{
	struct model_prefix *prefix = model.prefixes;
	unsigned int i;

	model.local = 0;
	model.rate = UINT32_MAX;
	model.burst = 3;
	model.source_rate = 2;
	model.max_size = 28;
	model.direct[0] = 3;
	model.direct[1] = 2;
	model.n_direct = 2;
	for (i = 0; i < count; i++) {
		prefix = &model.prefixes[i];
		memset(prefix, 0, sizeof(*prefix));
		prefix->block.size = i % 3 ? 4 : 16;
		prefix->block.address[0] = 10;
		prefix->block.address[1] = i >> 8;
		prefix->block.address[2] = i;
		prefix->block.length = 24 + i % 9;
		prefix->rate = i % 5;
		prefix->burst = i % 7;
		prefix->max_size = i % 2 ? 65535 : 28 + i;
		prefix->proxy = i % 4 ? 0 : 2 + i % 8 / 4;
	}
	/* 0.0.0.0/0 in the middle, where it isn't the first or last. */
	memset(&prefix->block, 0, sizeof(prefix->block));
	prefix->block.size = 4;
	model.n_prefixes = count;
}

static void same(const struct model *before, const char *what)
{
	ok(!memcmp(before, &model, sizeof(model)), what);
}

static void test_round_trip(void)
{
	static struct model before;

	begin_model();
	fill_model(300);
	before = model;
	run("save", NULL);
	begin_file();
	fputs(out, file);
	fflush(file);

	begin_model();
	is_number(run_file(path), STATUS_OK, "what was saved as a batch: exit 0");
	same(&before, "... makes the same state of one that was just loaded");

	begin_model();
	model.local = 0;
	model.rate = 99;
	model.direct[model.n_direct++] = 4;
	run("prefix", "add", "172.16.0.0/12", NULL);
	is_number(run("restore", path, NULL), STATUS_OK,
		  "what was saved, restored: exit 0");
	is(out, "", "... silent");
	same(&before, "... is the same state again, and nothing of another");
	is_number(n_commands[NETLAB_CMD_STAGE_COMMIT], 1, "... at once");
	ok(n_requests < 15, "... many prefixes in each question");
}

static void test_restore(void)
{
	static struct model before;

	begin_model();
	fill_model(3);
	begin_file();
	line("prefix add 192.0.2.0/24");
	line("echo direct eth0 on");
	line("echo set rate 5 local off");
	line("echo direct eth1 on");
	line("echo set rate 6");
	line("echo direct eth0 off");
	is_number(restore_it(), STATUS_OK, "restore: exit 0");
	ok(!model.local && model.rate == 6 && !model.burst &&
	   !model.source_rate && model.max_size == 65535,
	   "... a later setting counts, what isn't said is as when loaded");
	ok(model.n_direct == 1 && model.direct[0] == 3,
	   "... a later direct counts, too");
	ok(model.n_prefixes == 1 && model_has("192.0.2.0/24"),
	   "... and no other prefix is left");

	begin_model();
	fill_model(30);
	before = model;
	begin_file();
	prefix_lines(0, 300, "");
	line("prefix add 10.0.0.0/33");
	is_number(restore_it(), STATUS_USAGE, "an error on line 301: exit 1");
	complains("restore ", ": line 301: prefix add 10.0.0.0/33: expected a length of 0 to 32 behind the /",
		  "... names it");
	is_number(n_requests, 0, "... and nothing was sent");
	same(&before, "... and nothing has changed");

	refused_prefix = "10.0.250.0/24";
	begin_file();
	line("echo set local on");
	prefix_lines(0, 1000, "");
	is_number(restore_it(), STATUS_REFUSED, "a refusal on line 252: exit 2");
	complains("restore ", ": line 252: the kernel refused: not this one (Invalid argument)",
		  "... names it");
	same(&before, "... and nothing has changed");
	is_number(n_commands[NETLAB_CMD_STAGE_COMMIT], 0, "... nor was it to");

	refused_prefix = NULL;
	begin_file();
	line("prefix add 10.0.0.0/8");
	line("prefix add 10.0.0.0/8");
	is_number(restore_it(), STATUS_REFUSED, "a prefix twice: exit 2");
	complains("restore ", ": line 2: the kernel refused: it is there (File exists)",
		  "... names the second");
	same(&before, "... and nothing has changed");

	refused_setting = NETLAB_A_ECHO_BURST;
	begin_file();
	line("echo set rate 6");
	line("prefix add 10.0.0.0/8");
	line("echo set burst 7 max-size 99");
	line("echo direct eth0 on");
	is_number(restore_it(), STATUS_REFUSED, "a refused setting: exit 2");
	complains("restore ", ": line 3: the kernel refused: not that much (Numerical result out of range)",
		  "... names its line");
	same(&before, "... and nothing has changed");
	refused_setting = NETLAB_A_ECHO_DIRECT;
	begin_file();
	line("echo set rate 6");
	line("echo direct eth1 on");
	is_number(restore_it(), STATUS_REFUSED, "a refused device: exit 2");
	complains("restore ", ": line 2: the kernel refused: not that much (Numerical result out of range)",
		  "... names its line");
	same(&before, "... and nothing has changed");

	refused_stage = true;
	begin_file();
	line("echo set rate 6");
	is_number(restore_it(), STATUS_REFUSED, "another restore: exit 2");
	complains("restore ", ": the kernel refused: another is restoring (Device or resource busy)",
		  "... is no line's fault");
	same(&before, "... and nothing has changed");
}

int main(void)
{
	test_requests();
	test_show();
	test_interrupted();
	test_save();
	test_round_trip();
	test_restore();
	nl_close();
	printf("1..%u\n", n_tests);
	return n_failed > 0;
}
