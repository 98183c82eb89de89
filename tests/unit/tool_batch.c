// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches, of prefixes above all, against a model of the module. Built and run
 * by tool_batch.sh; TAP.
 */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nl.h"
#include "tool_kernel.h"
#include "tool_model.h"

static void test_batch(void)
{
	begin_model();
	begin_file();
	prefix_lines(0, 1000, "");
	is_number(batch_it(), STATUS_OK, "a batch of prefixes: exit 0");
	is_number(model.n_prefixes, 1000, "... all are there");
	is_number(n_commands[NETLAB_CMD_PREFIX_ADD], 1000, "... each told once");
	is_number(n_requests, 1 + 8, "... many at once");
	is_number(n_opened, 1, "... by one socket");

	begin_model();
	begin_file();
	prefix_lines(0, 300, " proxy eth0");
	is_number(batch_it(), STATUS_OK, "a batch with a device: exit 0");
	ok(model.n_prefixes == 300 && model.prefixes[299].proxy == 2,
	   "... on all of them");
	ok(n_looked_up < 10, "... which isn't looked up for each");

	begin_model();
	begin_file();
	line("# a comment");
	prefix_lines(0, 2, "");
	line("prefix del 10.0.0.0/24");
	line("prefix replace 10.0.1.0/24 rate 5");
	line("prefix add 10.0.0.0/24 rate 7");
	line("echo set rate 9");
	line("prefix flush");
	prefix_lines(7, 1, "");
	is_number(batch_it(), STATUS_OK, "other commands in between: exit 0");
	ok(model.n_prefixes == 1 && model_has("10.0.7.0/24") && model.rate == 9,
	   "... in their order");

	begin_model();
	begin_file();
	line("prefix add 10.0.0.0/8");
	line("prefix show");
	line("prefix add 11.0.0.0/8");
	is_number(batch_it(), STATUS_OK, "a reading in between: exit 0");
	ok(strstr(out, "10.0.0.0/8") && !strstr(out, "11.0.0.0/8"),
	   "... sees what came before it");
}

static void test_batch_refused(void)
{
	begin_model();
	refused_prefix = "10.0.199.0/24";
	begin_file();
	line("# so that a prefix is not on the line of its number");
	prefix_lines(0, 500, "");
	is_number(batch_it(), STATUS_REFUSED, "a refusal in a batch: exit 2");
	complains("", ":201: the kernel refused: not this one (Invalid argument)",
		  "... names the line");
	is_number(model.n_prefixes, 199, "... those behind it aren't there");
	ok(model_has("10.0.0.0/24") && model_has("10.0.198.0/24"),
	   "... those before it are");
	ok(n_commands[NETLAB_CMD_PREFIX_ADD] <= 256,
	   "... what wasn't on its way was not sent");

	begin_model();
	refused_prefix = "10.0.2.0/24";
	begin_file();
	prefix_lines(0, 4, "");
	line("prefix add 10.0.0.0/24");
	line("prefix add 10.0.3.0/24");
	is_number(batch_it(), STATUS_REFUSED, "several refusals: exit 2");
	complains("", ":3: the kernel refused: not this one (Invalid argument)",
		  "... names the first");
	ok(model.n_prefixes == 2 && model_has("10.0.0.0/24") &&
	   model_has("10.0.1.0/24"),
	   "... and leaves what was there before, though a line behind has it too");

	begin_model();
	opts.json = true;
	refused_prefix = "10.0.2.0/24";
	begin_file();
	prefix_lines(0, 9, "");
	line("prefix del 10.0.2.0/24");
	is_number(batch_it(), STATUS_REFUSED, "refused before another command: exit 2");
	is_number(n_commands[NETLAB_CMD_PREFIX_DEL], 6,
		  "... which isn't done: all deletions took back");
	ok(strstr(err, ":3: the kernel refused: not this one (Invalid argument)\",\"exit\":2}\n"),
	   "... as JSON");

	begin_model();
	begin_file();
	prefix_lines(0, 3, "");
	line("prefix add 10.0.0.1/8");
	is_number(batch_it(), STATUS_USAGE, "a wrong word behind prefixes: exit 1");
	complains("", ":4: prefix add 10.0.0.1/8: the address has bits behind the length: expected 10.0.0.0/8, or 10.0.0.1 for that address alone",
		  "... names its line");
	is_number(model.n_prefixes, 3, "... those before it are there");

	begin_model();
	refused_prefix = "10.0.1.0/24";
	begin_file();
	prefix_lines(0, 3, "");
	line("bogus");
	is_number(batch_it(), STATUS_REFUSED,
		  "a wrong word behind a refusal: the refusal's exit 2");
	complains("", ":2: the kernel refused: not this one (Invalid argument)",
		  "... and nothing but that is said");
	is_number(model.n_prefixes, 1, "... that before it is there");

	begin_model();
	begin_file();
	prefix_lines(0, 3, "");
	line("help bogus");
	is_number(batch_it(), STATUS_USAGE, "help that is wrong: exit 1");
	is_number(model.n_prefixes, 3, "... behind prefixes that are there");
}

/* A writer that waits for its first line to be done before its second. */
static int pipe_fds[2];

static void answer_and_go_on(const struct nlmsghdr *message)
{
	static const char more[] = "prefix add 11.0.0.0/8\n";
	static void (*model_answer)(const struct nlmsghdr *message);
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);

	if (!message) {
		model_answer = answer_to;
		answer_to = answer_and_go_on;
		return;
	}
	model_answer(message);
	if (message->nlmsg_type == FAKE_FAMILY &&
	    header->cmd == NETLAB_CMD_PREFIX_ADD && pipe_fds[1] >= 0) {
		if (write(pipe_fds[1], more, strlen(more)) < 0)
			abort();
		close(pipe_fds[1]);
		pipe_fds[1] = -1;
	}
}

static void test_batch_slow(void)
{
	static const char first[] = "prefix add 10.0.0.0/8\n";
	char name[32];

	begin_model();
	answer_and_go_on(NULL);
	if (pipe(pipe_fds) ||
	    write(pipe_fds[1], first, strlen(first)) < 0)
		abort();
	snprintf(name, sizeof(name), "/dev/fd/%d", pipe_fds[0]);
	alarm(20);	/* if the first waits for the second for ever */
	is_number(run_file(name), STATUS_OK,
		  "a batch whose writer waits for each line: exit 0");
	alarm(0);
	close(pipe_fds[0]);
	is_number(model.n_prefixes, 2, "... both are done");
}

int main(void)
{
	test_batch();
	test_batch_refused();
	test_batch_slow();
	nl_close();
	printf("1..%u\n", n_tests);
	return n_failed > 0;
}
