// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the difference between hooks means, without crying wolf: what else than
 * a loss can make it is said beside it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "names.h"
#include "tool.h"
#include "vanish.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define WORDS(array)	{ array, COUNT(array) }

static const struct word first_list[GAPS] = {
	[GAP_IN] = { "prerouting", NULL },
	[GAP_OUT] = { "output+forward", NULL },
};
static const struct words first_words = WORDS(first_list);

static const struct word second_list[GAPS] = {
	[GAP_IN] = { "input+forward", NULL },
	[GAP_OUT] = { "postrouting", NULL },
};
static const struct words second_words = WORDS(second_list);

/* The tool's own: no attribute of netlink carries them. */
enum { VANISH_FAMILY, VANISH_BETWEEN, VANISH_AND, VANISH_PACKETS };

static const struct column vanish_columns[] = {
	[VANISH_FAMILY] = { 0, "family", COLUMN_WORD, &families,
	  "Family of the packets: ipv4 or ipv6." },
	[VANISH_BETWEEN] = { 0, "between", COLUMN_WORD, &first_words,
	  "Where they were seen first: prerouting or output+forward." },
	[VANISH_AND] = { 0, "and", COLUMN_WORD, &second_words,
	  "Where they were not seen any more: input+forward or postrouting." },
	[VANISH_PACKETS] = { 0, "packets", COLUMN_SIGNED, NULL,
	  "How many more passed the first place than the second, beside those that netlab itself answered or dropped: what the firewall, routing or the stack took, fragments that were merged, and packets on their way at this instant. Negative where copies were made, as of multicast, or packets came out of a tunnel." },
};

/**
 * vanish_table - What the difference between hooks is, as the tool makes it out
 * of the table of hooks. Text has sentences in its stead.
 */
const struct table vanish_table = {
	"vanished", 0, vanish_columns, COUNT(vanish_columns), "vanished",
	"Packets that came to one place and not to the next; the tool makes it out of hooks. Only where neither a hook, nor a protocol, nor a device was asked for.",
};

static const char *const first_text[GAPS] = {
	[GAP_IN] = "prerouting",
	[GAP_OUT] = "output + forward",
};

static const char *const second_text[GAPS] = {
	[GAP_IN] = "input + forward",
	[GAP_OUT] = "postrouting",
};

/* What netlab itself did there. */
static const char *const own_text[GAPS] = {
	[GAP_IN] = "there, netlab itself answered or dropped %" PRIu64,
	[GAP_OUT] = "there, netlab's direct sent %" PRIu64 " more",
};

/* What makes more of them on the way. */
static const char *const more_text[GAPS] = {
	[GAP_IN] = "multicast delivered and forwarded, or decapsulated tunnels",
	[GAP_OUT] = "multicast and broadcast that this host sent, and copied for itself",
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t subtract(uint64_t a, uint64_t b)
{
	return a < b ? 0 : a - b;
}

static uint64_t at_most(uint64_t a, uint64_t limit)
{
	return a > limit ? limit : a;
}

/**
 * vanish_count() - Compare what came to a gap with what went on behind it.
 * @passed: What passed the hooks, of one family.
 * @gap: The gap.
 *
 * A packet comes by prerouting and goes on by input or by forward; it comes by
 * output or by forward and goes on by postrouting. The difference is net: a
 * packet that was copied hides one that was lost.
 *
 * What netlab's prefixes and direct end at prerouting goes on to no hook, and
 * what direct sends comes by postrouting alone. Outcomes count all epochs, and
 * are read a moment later: they explain no more than the difference.
 *
 * Fragments that came and didn't go on as fragments may have been merged: F of
 * them into at least one packet that went on. So they explain no more of the
 * difference than their own number, and nothing where more went than came. The
 * same holds for what only routers take.
 *
 * No number is ever wrong by wrapping: a sum ends at UINT64_MAX, a difference
 * at INT64_MAX and INT64_MIN.
 *
 * Return: Both sums, their difference, and what of it needs no other reason.
 */
struct vanish vanish_count(const struct passed *passed, enum gap gap)
{
	const uint64_t *packets = passed->packets;
	const uint64_t *fragments = passed->fragments;
	struct vanish vanish = { 0 };
	uint64_t merged, less, more;	/* of which one, less or more, is 0 */

	if (gap == GAP_IN) {
		vanish.came = packets[NETLAB_HOOK_PREROUTING];
		vanish.went = add(packets[NETLAB_HOOK_INPUT],
				  packets[NETLAB_HOOK_FORWARD]);
		merged = subtract(fragments[NETLAB_HOOK_PREROUTING],
				  add(fragments[NETLAB_HOOK_INPUT],
				      fragments[NETLAB_HOOK_FORWARD]));
		vanish.to_routers = passed->to_routers;
	} else {
		vanish.came = add(packets[NETLAB_HOOK_OUTPUT],
				  packets[NETLAB_HOOK_FORWARD]);
		vanish.went = packets[NETLAB_HOOK_POSTROUTING];
		merged = subtract(add(fragments[NETLAB_HOOK_OUTPUT],
				      fragments[NETLAB_HOOK_FORWARD]),
				  fragments[NETLAB_HOOK_POSTROUTING]);
	}
	less = subtract(vanish.came, vanish.went);
	more = subtract(vanish.went, vanish.came);
	if (gap == GAP_IN) {
		vanish.own = at_most(passed->taken, less);
		less -= vanish.own;
	} else {
		vanish.own = at_most(passed->made, more);
		more -= vanish.own;
	}
	if (more > INT64_MAX)
		vanish.packets = INT64_MIN;
	else
		vanish.packets = (int64_t)at_most(less, INT64_MAX) -
				 (int64_t)more;
	vanish.reassembled = at_most(merged, less);
	vanish.to_routers = at_most(vanish.to_routers, less);
	return vanish;
}

/* MLD reports of both versions, MLD done, router solicitations. */
static bool is_to_routers(uint64_t type)
{
	return type == 131 || type == 132 || type == 133 || type == 143;
}

/* Echo requests that came, or echo replies that went, in this epoch. */
static bool is_echo(uint64_t family, uint64_t hook, uint64_t type)
{
	if (hook == NETLAB_HOOK_PREROUTING)
		return type == (family == NETLAB_FAMILY_IPV4 ? 8 : 128);
	return hook == NETLAB_HOOK_POSTROUTING &&
	       type == (family == NETLAB_FAMILY_IPV4 ? 0 : 129);
}

/* What the outcomes of @family say that netlab took, or made. */
static void gather_own(struct passed *passed, const struct rows *rows,
		       uint64_t family)
{
	uint64_t path, outcome, packets;
	size_t n;

	for (n = 0; n < rows->count; n++) {
		path = row_number(rows, n, NETLAB_A_OUTCOME_ROW_PATH);
		outcome = row_number(rows, n, NETLAB_A_OUTCOME_ROW_OUTCOME);
		packets = row_number(rows, n, NETLAB_A_OUTCOME_ROW_PACKETS);
		if (row_number(rows, n, NETLAB_A_OUTCOME_ROW_FAMILY) != family ||
		    path == NETLAB_PATH_LOCAL)
			continue;
		/* A reply of a prefix goes by output, as any. */
		if (path == NETLAB_PATH_DIRECT &&
		    outcome == NETLAB_OUTCOME_REPLIED)
			passed->made = add(passed->made, packets);
		if (outcome == NETLAB_OUTCOME_REPLIED ||
		    outcome == NETLAB_OUTCOME_TOO_LARGE ||
		    outcome == NETLAB_OUTCOME_RATE_LIMITED ||
		    outcome == NETLAB_OUTCOME_SOURCE_LIMITED)
			passed->taken = add(passed->taken, packets);
	}
}

static void gather_icmp(struct passed *passed, const struct rows *rows,
			uint64_t family)
{
	uint64_t hook, type, packets, requests = 0, replies = 0;
	size_t n;

	for (n = 0; n < rows->count; n++) {
		hook = row_number(rows, n, NETLAB_A_ICMP_ROW_HOOK);
		type = row_number(rows, n, NETLAB_A_ICMP_ROW_TYPE);
		packets = row_number(rows, n, NETLAB_A_ICMP_ROW_PACKETS);
		if (row_number(rows, n, NETLAB_A_ICMP_ROW_FAMILY) != family)
			continue;
		if (family == NETLAB_FAMILY_IPV6 &&
		    hook == NETLAB_HOOK_PREROUTING && is_to_routers(type))
			passed->to_routers = add(passed->to_routers, packets);
		if (!is_echo(family, hook, type))
			continue;
		if (hook == NETLAB_HOOK_PREROUTING)
			requests = add(requests, packets);
		else
			replies = add(replies, packets);
	}
	passed->taken = at_most(passed->taken, requests);
	passed->made = at_most(passed->made, replies);
}

/* Returns whether the family has any row of hooks. */
static bool gather(struct passed *passed, const struct counted *counted,
		   uint64_t family)
{
	const struct rows *rows = counted->hooks;
	bool any = false;
	uint64_t hook;
	size_t n;

	memset(passed, 0, sizeof(*passed));
	for (n = 0; n < rows->count; n++) {
		hook = row_number(rows, n, NETLAB_A_HOOK_ROW_HOOK);
		if (row_number(rows, n, NETLAB_A_HOOK_ROW_FAMILY) != family ||
		    hook > NETLAB_HOOK_MAX)
			continue;
		passed->packets[hook] =
			row_number(rows, n, NETLAB_A_HOOK_ROW_PACKETS);
		passed->fragments[hook] =
			row_number(rows, n, NETLAB_A_HOOK_ROW_FRAGMENTS);
		any = true;
	}
	gather_own(passed, counted->outcomes, family);
	gather_icmp(passed, counted->icmp, family);
	return any;
}

/* The families that pass these hooks. ARP has its own. */
static const uint8_t ip_families[] = { NETLAB_FAMILY_IPV4, NETLAB_FAMILY_IPV6 };

/**
 * vanish_fill() - Make the table out of that of the hooks.
 * @rows: An empty vanish_table. It gets a row for each gap of each family that
 *	the hooks have a row of.
 * @counted: What it is made out of.
 */
void vanish_fill(struct rows *rows, const struct counted *counted)
{
	struct passed passed;
	union cell *row;
	unsigned int i;
	enum gap gap;

	for (i = 0; i < COUNT(ip_families); i++) {
		if (!gather(&passed, counted, ip_families[i]))
			continue;
		for (gap = 0; gap < GAPS; gap++) {
			row = rows_new(rows);
			row[VANISH_FAMILY].number = ip_families[i];
			row[VANISH_BETWEEN].number = gap;
			row[VANISH_AND].number = gap;
			row[VANISH_PACKETS].number =
				vanish_count(&passed, gap).packets;
		}
	}
}

/* "(1.2%)"; never 0 of something, nor all of what isn't all. */
static void percent(char *to, size_t size, uint64_t part, uint64_t whole)
{
	double percent = 100 * (double)part / (double)whole;

	if (percent < 0.1)
		snprintf(to, size, "(less than 0.1%%)");
	else if (part < whole && percent >= 99.95)
		snprintf(to, size, "(more than 99.9%%)");
	else
		snprintf(to, size, "(%.1f%%)", percent);
}

static void print_gap(FILE *out, uint8_t family, enum gap gap,
		      const struct vanish *vanish)
{
	const char *first = first_text[gap], *second = second_text[gap];
	char label[16], text[512], share[32], merged[64] = "", others[96] = "";
	char own[80] = "";
	uint64_t count;

	snprintf(label, sizeof(label), "%s:", families.list[family].word);
	if (vanish->own) {
		strcpy(own, "; ");
		snprintf(own + 2, sizeof(own) - 2, own_text[gap], vanish->own);
	}
	if (vanish->packets < 0) {
		count = vanish->went - vanish->came - vanish->own;
		snprintf(text, sizeof(text),
			 "%" PRIu64 " more passed %s than %s: %s%s.", count,
			 second, first, more_text[gap], own);
	} else if (!vanish->packets) {
		snprintf(text, sizeof(text),
			 "none of %" PRIu64 " packets vanished between %s and %s%s.",
			 vanish->came, first, second, own);
	} else {
		count = vanish->came - vanish->went - vanish->own;
		percent(share, sizeof(share), count, vanish->came);
		if (vanish->reassembled)
			snprintf(merged, sizeof(merged),
				 "; reassembly accounts for up to %" PRIu64 " of them",
				 vanish->reassembled);
		if (vanish->to_routers)
			snprintf(others, sizeof(others),
				 "; MLD reports and router solicitations to others account for up to %" PRIu64,
				 vanish->to_routers);
		snprintf(text, sizeof(text),
			 "%" PRIu64 " of %" PRIu64 " packets vanished between %s and %s %s%s%s%s.",
			 count, vanish->came, first, second, share, merged,
			 others, own);
	}
	print_wrapped(out, label, strlen(label) + 1, text);
}

/**
 * vanish_print() - Print the same in sentences, behind an empty line; nothing
 * of a gap to which nothing came.
 * @out: Where to.
 * @counted: What they are made out of.
 */
void vanish_print(FILE *out, const struct counted *counted)
{
	bool printed = false, some = false;
	struct vanish vanish;
	struct passed passed;
	unsigned int i;
	enum gap gap;

	for (i = 0; i < COUNT(ip_families); i++) {
		gather(&passed, counted, ip_families[i]);
		for (gap = 0; gap < GAPS; gap++) {
			vanish = vanish_count(&passed, gap);
			if (!vanish.came && !vanish.went)
				continue;
			if (!printed)
				fputc('\n', out);
			printed = true;
			print_gap(out, ip_families[i], gap, &vanish);
			if (vanish.packets > 0 &&
			    add(vanish.reassembled, vanish.to_routers) <
				    (uint64_t)vanish.packets)
				some = true;	/* for another reason */
		}
	}
	if (some)
		print_wrapped(out, "", 0,
			      "What vanished was taken by a firewall rule, by routing or by the stack itself, as is multicast that nobody here joined, or was on its way at this instant.");
}
