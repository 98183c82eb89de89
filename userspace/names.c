// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of families, hooks, paths, outcomes and protocols. A name that a newer
 * module has is one line here; until then its number is shown.
 */
#include <inttypes.h>
#include <linux/netlab.h>
#include <netdb.h>
#include <stdio.h>
#include <strings.h>

#include "names.h"
#include "tool.h"

#define WORDS(array)	{ array, sizeof(array) / sizeof((array)[0]) }

static const struct word family_list[] = {
	[NETLAB_FAMILY_IPV4] = { "ipv4", NULL },
	[NETLAB_FAMILY_IPV6] = { "ipv6", NULL },
	[NETLAB_FAMILY_ARP] = { "arp", NULL },
};
const struct words families = WORDS(family_list);

static const struct word hook_list[] = {
	[NETLAB_HOOK_PREROUTING] = { "prerouting",
		"Packets that came in, before anything else at that hook." },
	[NETLAB_HOOK_INPUT] = { "input",
		"Packets for this namespace, after everything else there." },
	[NETLAB_HOOK_FORWARD] = { "forward",
		"Packets on their way through, after everything else there." },
	[NETLAB_HOOK_OUTPUT] = { "output",
		"Packets of this namespace's own, before anything else there." },
	[NETLAB_HOOK_POSTROUTING] = { "postrouting",
		"Packets that go out, after everything else there." },
};
const struct words hooks = WORDS(hook_list);

static const struct word path_list[] = {
	[NETLAB_PATH_LOCAL] = { "local",
		"At input, for the namespace's own addresses." },
	[NETLAB_PATH_PREFIX] = { "prefix",
		"At prerouting, for an address block that netlab answers for." },
	[NETLAB_PATH_DIRECT] = { "direct",
		"At a device's ingress, without routing and without the firewall." },
};
const struct words paths = WORDS(path_list);

static const struct word outcome_list[] = {
	[NETLAB_OUTCOME_TRUNCATED] = { "truncated",
		"The packet ends before the eight bytes of the echo header do. Left to the stack." },
	[NETLAB_OUTCOME_BAD_CHECKSUM] = { "bad-checksum",
		"The ICMP checksum is wrong. Left to the stack." },
	[NETLAB_OUTCOME_BAD_SOURCE] = { "bad-source",
		"The source is multicast, broadcast, in 0.0.0.0/8, unspecified, or loopback from off the host. Left to the stack." },
	[NETLAB_OUTCOME_BROADCAST] = { "broadcast",
		"The destination, or the link-layer frame's, is a broadcast. Left to the stack." },
	[NETLAB_OUTCOME_MULTICAST] = { "multicast",
		"The destination is multicast or anycast. Left to the stack." },
	[NETLAB_OUTCOME_DISABLED] = { "disabled",
		"A sysctl forbids or limits echo replies, or local is off. Left to the stack." },
	[NETLAB_OUTCOME_POLICY] = { "policy",
		"The namespace's IPsec policy does not let it in. Left to the stack." },
	[NETLAB_OUTCOME_HAS_OPTIONS] = { "has-options",
		"The packet has IP options or IPv6 extension headers. Left to the stack." },
	[NETLAB_OUTCOME_RAW_SOCKET] = { "raw-socket",
		"A raw socket of the namespace listens for ICMP and must see the request. Left to the stack." },
	[NETLAB_OUTCOME_TOO_LARGE] = { "too-large",
		"The packet is larger than max-size. Dropped." },
	[NETLAB_OUTCOME_RATE_LIMITED] = { "rate-limited",
		"The namespace's rate is used up. Dropped." },
	[NETLAB_OUTCOME_SOURCE_LIMITED] = { "source-limited",
		"The source's rate is used up. Dropped." },
	[NETLAB_OUTCOME_NO_ROUTE] = { "no-route",
		"No route leads back to the source. Left to the stack." },
	[NETLAB_OUTCOME_NO_MEMORY] = { "no-memory",
		"There was no memory to build the reply in. Left to the stack." },
	[NETLAB_OUTCOME_REPLIED] = { "replied",
		"Answered by netlab." },
};
const struct words outcomes = WORDS(outcome_list);

static const struct word switch_list[] = {
	{ "off", NULL },
	{ "on", NULL },
};
const struct words switches = WORDS(switch_list);

/* Where there is no /etc/protocols, and for the names that it doesn't have. */
static const struct {
	int number;
	const char *name;
} protocols[] = {
	{ 0, "ip" },
	{ 1, "icmp" },
	{ 2, "igmp" },
	{ 4, "ipencap" },
	{ 6, "tcp" },
	{ 17, "udp" },
	{ 33, "dccp" },
	{ 41, "ipv6" },
	{ 47, "gre" },
	{ 50, "esp" },
	{ 51, "ah" },
	{ 58, "ipv6-icmp" },
	{ 58, "icmpv6" },
	{ 58, "icmp6" },
	{ 59, "ipv6-nonxt" },
	{ 89, "ospf" },
	{ 103, "pim" },
	{ 112, "vrrp" },
	{ 115, "l2tp" },
	{ 132, "sctp" },
	{ 136, "udplite" },
	{ 137, "mpls-in-ip" },
};

#define PROTOCOLS	(sizeof(protocols) / sizeof(protocols[0]))

/**
 * protocol_name() - Name an IP protocol.
 * @number: Its number.
 * @buffer: Where to put the name, made harmless for a terminal.
 * @size: Size of @buffer.
 *
 * Return: @buffer: the name in /etc/protocols, else the usual one, else the
 * number in digits.
 */
const char *protocol_name(uint64_t number, char *buffer, size_t size)
{
	struct protoent *entry = NULL;
	unsigned int i;

	if (number <= UINT8_MAX)
		entry = getprotobynumber(number);
	if (entry)
		return escape(buffer, size, entry->p_name);
	for (i = 0; i < PROTOCOLS; i++)
		if ((uint64_t)protocols[i].number == number)
			return escape(buffer, size, protocols[i].name);
	snprintf(buffer, size, "%" PRIu64, number);
	return buffer;
}

/**
 * protocol_number() - Find an IP protocol by its name.
 * @name: The name, in capitals or not.
 *
 * Return: Its number, or -1 if there is none of that name.
 */
int protocol_number(const char *name)
{
	struct protoent *entry = getprotobyname(name);
	unsigned int i;

	if (entry && entry->p_proto >= 0 && entry->p_proto <= UINT8_MAX)
		return entry->p_proto;
	for (i = 0; i < PROTOCOLS; i++)
		if (!strcasecmp(protocols[i].name, name))
			return protocols[i].number;
	return -1;
}
