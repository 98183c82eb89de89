// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of families, hooks, anomalies, outcomes, protocols and what else the
 * module has numbers for. A name that a newer module has is one line here;
 * until then its number is shown.
 */
#include <inttypes.h>
#include <linux/netlab.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
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
const struct words two_families = { family_list, NETLAB_FAMILY_ARP };

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

static const struct word direction_list[] = {
	[NETLAB_DIRECTION_RX] = { "rx", "Received, counted at prerouting." },
	[NETLAB_DIRECTION_TX] = { "tx", "Sent, counted at postrouting." },
};
const struct words directions = WORDS(direction_list);

static const struct word arp_direction_list[] = {
	[NETLAB_DIRECTION_RX] = { "in", "Received." },
	[NETLAB_DIRECTION_TX] = { "out", "Sent." },
};
const struct words arp_directions = WORDS(arp_direction_list);

/* IANA's numbers; the module has 0 for all that it has no counter for. */
static const struct word operation_list[] = {
	[0] = { "other", "Any operation above 9." },
	[1] = { "request", "Who has this address?" },
	[2] = { "reply", "This device has it." },
	[3] = { "rarp-request", "Which address does this device have?" },
	[4] = { "rarp-reply", "The answer to that." },
	[8] = { "inarp-request", "Which address is at the other end of this circuit?" },
	[9] = { "inarp-reply", "The answer to that." },
};
const struct words operations = WORDS(operation_list);

/* The module says each bucket's bound; these are for --explain alone. */
static const struct word bucket_list[] = {
	{ "64", "Up to 64 bytes." },
	{ "127", "65 to 127 bytes." },
	{ "255", "128 to 255 bytes." },
	{ "511", "256 to 511 bytes." },
	{ "1023", "512 to 1023 bytes." },
	{ "1518", "1024 to 1518 bytes." },
	{ "more", "1519 bytes or more; null in JSON." },
};
const struct words buckets = WORDS(bucket_list);

static const struct word anomaly_list[] = {
	[NETLAB_ANOMALY_L4_TRUNCATED] = { "l4-truncated",
		"The packet, no fragment, ends before its TCP, UDP, ICMP or ICMPv6 header does." },
	[NETLAB_ANOMALY_TINY_FRAGMENT] = { "tiny-fragment",
		"A first fragment too small for its transport header, or a TCP fragment that begins inside it (RFC 1858, RFC 3128)." },
	[NETLAB_ANOMALY_BAD_ICMP_CHECKSUM] = { "bad-icmp-checksum",
		"An echo request's checksum is wrong. Seen at input, and only where netlab answers." },
	[NETLAB_ANOMALY_TCP_NULL] = { "tcp-null",
		"A TCP segment with no flag at all." },
	[NETLAB_ANOMALY_TCP_XMAS] = { "tcp-xmas",
		"A TCP segment with FIN, PSH and URG and neither SYN, RST nor ACK." },
	[NETLAB_ANOMALY_TCP_SYN_FIN] = { "tcp-syn-fin",
		"A TCP segment with both SYN and FIN." },
	[NETLAB_ANOMALY_LAND] = { "land",
		"Source and destination address are equal, off loopback." },
	[NETLAB_ANOMALY_MARTIAN_SOURCE] = { "martian-source",
		"The source address can't be one: multicast, broadcast, reserved, in 0.0.0.0/8 but 0.0.0.0 itself, or loopback off loopback." },
	[NETLAB_ANOMALY_EXTHDR_LIMIT] = { "exthdr-limit",
		"More than 16 IPv6 extension headers; those behind weren't looked at." },
};
const struct words anomalies = WORDS(anomaly_list);

static const struct word path_list[] = {
	[NETLAB_PATH_LOCAL] = { "local",
		"At input, behind the firewall, for the namespace's own addresses." },
	[NETLAB_PATH_PREFIX] = { "prefix",
		"At prerouting, behind DNAT, for a prefix that netlab answers for." },
	[NETLAB_PATH_DIRECT] = { "direct",
		"At a device's ingress, before the firewall, for both. Only replies are counted here: what direct doesn't answer takes the ordinary way, and has its outcome there." },
};
const struct words paths = WORDS(path_list);

static const struct word outcome_list[] = {
	[NETLAB_OUTCOME_TRUNCATED] = { "truncated",
		"The packet ends before the eight bytes of the echo header do. Passed on." },
	[NETLAB_OUTCOME_BAD_CHECKSUM] = { "bad-checksum",
		"The ICMP checksum is wrong. Passed on." },
	[NETLAB_OUTCOME_BAD_SOURCE] = { "bad-source",
		"The source is multicast, broadcast, in 0.0.0.0/8, unspecified, or loopback from off the host. Passed on." },
	[NETLAB_OUTCOME_BROADCAST] = { "broadcast",
		"The destination, or the link-layer frame's, is a broadcast. Passed on." },
	[NETLAB_OUTCOME_MULTICAST] = { "multicast",
		"The destination is multicast or anycast. Passed on." },
	[NETLAB_OUTCOME_DISABLED] = { "disabled",
		"A sysctl forbids or limits echo replies, or local is off. Passed on." },
	[NETLAB_OUTCOME_POLICY] = { "policy",
		"The namespace's IPsec policy does not let it in, and it is passed on; or a netfilter hook behind netlab's took it." },
	[NETLAB_OUTCOME_HAS_OPTIONS] = { "has-options",
		"The packet has IP options or IPv6 extension headers, as fragments have that IPv6 reassembles only behind input. Passed on." },
	[NETLAB_OUTCOME_RAW_SOCKET] = { "raw-socket",
		"A raw socket of the namespace listens for ICMP and must see the request. Passed on." },
	[NETLAB_OUTCOME_TOO_LARGE] = { "too-large",
		"The packet is larger than max-size, the namespace's or the prefix's. Dropped." },
	[NETLAB_OUTCOME_RATE_LIMITED] = { "rate-limited",
		"The rate is used up, the namespace's or the prefix's. Dropped." },
	[NETLAB_OUTCOME_SOURCE_LIMITED] = { "source-limited",
		"The source's rate is used up. Dropped." },
	[NETLAB_OUTCOME_NO_ROUTE] = { "no-route",
		"No route leads back to the source. Passed on." },
	[NETLAB_OUTCOME_NO_MEMORY] = { "no-memory",
		"There was no memory to build the reply in. Passed on." },
	[NETLAB_OUTCOME_REPLIED] = { "replied",
		"Answered by netlab." },
};
const struct words outcomes = WORDS(outcome_list);

static const struct word switch_list[] = {
	{ "off", NULL },
	{ "on", NULL },
};
const struct words switches = WORDS(switch_list);

/* nft's names, and IANA's for what nft has none. */
static const struct word icmpv4_list[] = {
	[0] = { "echo-reply", NULL },
	[3] = { "destination-unreachable", NULL },
	[4] = { "source-quench", NULL },
	[5] = { "redirect", NULL },
	[8] = { "echo-request", NULL },
	[9] = { "router-advertisement", NULL },
	[10] = { "router-solicitation", NULL },
	[11] = { "time-exceeded", NULL },
	[12] = { "parameter-problem", NULL },
	[13] = { "timestamp-request", NULL },
	[14] = { "timestamp-reply", NULL },
	[15] = { "info-request", NULL },
	[16] = { "info-reply", NULL },
	[17] = { "address-mask-request", NULL },
	[18] = { "address-mask-reply", NULL },
	[30] = { "traceroute", NULL },
	[40] = { "photuris", NULL },
	[42] = { "extended-echo-request", NULL },
	[43] = { "extended-echo-reply", NULL },
};
static const struct words icmpv4_types = WORDS(icmpv4_list);

static const struct word icmpv6_list[] = {
	[1] = { "destination-unreachable", NULL },
	[2] = { "packet-too-big", NULL },
	[3] = { "time-exceeded", NULL },
	[4] = { "parameter-problem", NULL },
	[128] = { "echo-request", NULL },
	[129] = { "echo-reply", NULL },
	[130] = { "mld-listener-query", NULL },
	[131] = { "mld-listener-report", NULL },
	[132] = { "mld-listener-done", NULL },
	[133] = { "nd-router-solicit", NULL },
	[134] = { "nd-router-advert", NULL },
	[135] = { "nd-neighbor-solicit", NULL },
	[136] = { "nd-neighbor-advert", NULL },
	[137] = { "nd-redirect", NULL },
	[138] = { "router-renumbering", NULL },
	[139] = { "node-information-query", NULL },
	[140] = { "node-information-reply", NULL },
	[141] = { "ind-neighbor-solicit", NULL },
	[142] = { "ind-neighbor-advert", NULL },
	[143] = { "mld2-listener-report", NULL },
	[144] = { "home-agent-discovery-request", NULL },
	[145] = { "home-agent-discovery-reply", NULL },
	[146] = { "mobile-prefix-solicit", NULL },
	[147] = { "mobile-prefix-advert", NULL },
	[148] = { "certification-path-solicit", NULL },
	[149] = { "certification-path-advert", NULL },
	[151] = { "multicast-router-advert", NULL },
	[152] = { "multicast-router-solicit", NULL },
	[153] = { "multicast-router-termination", NULL },
	[155] = { "rpl-control", NULL },
	[160] = { "extended-echo-request", NULL },
	[161] = { "extended-echo-reply", NULL },
};
static const struct words icmpv6_types = WORDS(icmpv6_list);

/**
 * icmp_types() - The names of a family's ICMP types.
 * @family: One of enum netlab_family.
 *
 * Return: Them, or NULL if it has none.
 */
const struct words *icmp_types(uint64_t family)
{
	if (family == NETLAB_FAMILY_IPV4)
		return &icmpv4_types;
	return family == NETLAB_FAMILY_IPV6 ? &icmpv6_types : NULL;
}

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

/* The name in /etc/protocols, else the usual one, else NULL. */
static const char *find_protocol(uint8_t number)
{
	struct protoent *entry = getprotobynumber(number);
	unsigned int i;

	if (entry)
		return entry->p_name;
	for (i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == number)
			return protocols[i].name;
	return NULL;
}

/**
 * protocol_name() - Name an IP protocol.
 * @number: Its number.
 * @buffer: Where to put the name, made harmless for a terminal.
 * @size: Size of @buffer.
 *
 * A name is looked up once: a table of devices has each a thousand times, and
 * every look-up reads /etc/protocols.
 *
 * Return: @buffer: the name in /etc/protocols, else the usual one, else the
 * number in digits.
 */
const char *protocol_name(uint64_t number, char *buffer, size_t size)
{
	static char *found[UINT8_MAX + 1];
	static bool looked[UINT8_MAX + 1];
	const char *name;

	if (number <= UINT8_MAX && !looked[number]) {
		looked[number] = true;
		name = find_protocol(number);
		found[number] = name ? strdup(name) : NULL;
		if (name && !found[number])
			no_memory();
	}
	if (number <= UINT8_MAX && found[number])
		return escape(buffer, size, found[number]);
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
