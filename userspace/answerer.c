// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who answers echo requests: netlab or the stack, where the host is a namespace
 * of this machine.
 */
#include <dirent.h>
#include <ifaddrs.h>
#include <linux/netlab.h>
#include <stdlib.h>
#include <string.h>

#include "answerer.h"
#include "echo.h"
#include "netns.h"
#include "nl.h"

#define MOST_NAMESPACES	256	/* to be looked into */

/* It is a courtesy: what it can't do is no error. */
static void hush(const char *text)
{
	(void)text;
}

static bool here(const union host *host)
{
	struct ifaddrs *all, *one;
	union host own;
	bool found = false;

	if (getifaddrs(&all))
		return false;
	for (one = all; one && !found; one = one->ifa_next) {
		if (!one->ifa_addr || one->ifa_addr->sa_family != host->any.sa_family)
			continue;
		memset(&own, 0, sizeof(own));
		memcpy(&own, one->ifa_addr, host_size(host));
		found = host_same(&own, host);
	}
	freeifaddrs(all);
	return found;
}

static bool read_replied(uint64_t *replied)
{
	struct rows rows = { 0 };
	bool read;
	size_t i;

	*replied = 0;
	read = nl_has_family() && !echo_read_outcomes(&rows);
	nl_close();
	for (i = 0; read && i < rows.count; i++)
		if (row_number(&rows, i, NETLAB_A_OUTCOME_ROW_OUTCOME) == NETLAB_OUTCOME_REPLIED)
			*replied += row_number(&rows, i, NETLAB_A_OUTCOME_ROW_PACKETS);
	rows_clear(&rows);
	return read;
}

/*
 * Looks into a namespace, if it has the host or none is named; the one that the
 * tool works in is entered again.
 */
static bool in_netns(const char *name, const union host *host, uint64_t *replied)
{
	const char *netns = opts.netns;
	bool found;

	if (!name)
		return read_replied(replied);
	if (netns_leave())
		return false;
	opts.netns = name;
	found = !netns_enter() && (!host || here(host)) && read_replied(replied);
	opts.netns = netns;
	netns_leave();
	netns_enter();
	return found;
}

/**
 * answerer_find() - Find the namespace that has an address, among the one that
 * the tool works in and those of ip netns.
 * @answerer: What is found; where several have it, nothing is.
 * @host: The address.
 */
void answerer_find(struct answerer *answerer, const union host *host)
{
	void (*before)(const char *text) = complain;
	unsigned int looked = 0;
	const struct dirent *entry;
	DIR *dir;

	memset(answerer, 0, sizeof(*answerer));
	complain = hush;
	/* What is sent to an address of one's own goes nowhere else. */
	if (here(host)) {
		answerer->known = read_replied(&answerer->replied);
		dir = NULL;
	} else {
		dir = opendir(NETNS_DIR);
	}
	while (dir && (entry = readdir(dir)) && looked++ < MOST_NAMESPACES) {
		uint64_t replied;

		if (*entry->d_name == '.' || !in_netns(entry->d_name, host, &replied))
			continue;
		if (answerer->known) {
			answerer_clear(answerer);
			break;
		}
		answerer->known = true;
		answerer->replied = replied;
		answerer->netns = strdup(entry->d_name);
		if (!answerer->netns)
			no_memory();
	}
	if (dir)
		closedir(dir);
	complain = before;
}

/**
 * answerer_again() - How many requests netlab has answered there since.
 * @answerer: What was found.
 * @replied: How many.
 *
 * Return: false if that isn't known.
 */
bool answerer_again(const struct answerer *answerer, uint64_t *replied)
{
	void (*before)(const char *text) = complain;
	bool known;

	complain = hush;
	known = answerer->known && in_netns(answerer->netns, NULL, replied) &&
		*replied >= answerer->replied;
	complain = before;
	if (known)
		*replied -= answerer->replied;
	return known;
}

/**
 * answerer_clear() - Forget what was found.
 * @answerer: What was.
 */
void answerer_clear(struct answerer *answerer)
{
	free(answerer->netns);
	memset(answerer, 0, sizeof(*answerer));
}
