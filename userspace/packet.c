// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets as text. Nothing is read beyond what was caught: what isn't there is
 * not said. RFC 791, 792, 768, 9293, 8200, 4443.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/netlab.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "packet.h"
#include "tool.h"

#define MAX_EXTHDRS	16
#define CELL		64

/* A line that grows. */
struct line {
	char *to;
	size_t size;
	size_t used;
};

/* What lies behind the IP header. */
struct upper {
	bool ipv6;
	char source[INET6_ADDRSTRLEN];
	char target[INET6_ADDRSTRLEN];
	uint8_t protocol;
	bool fragment;
	uint32_t id;
	size_t offset;		/* of the fragment */
	const uint8_t *data;
	size_t caught;
	size_t length;
};

__attribute__((format(printf, 2, 3)))
static void say(struct line *line, const char *format, ...)
{
	va_list args;
	int more;

	va_start(args, format);
	more = vsnprintf(line->to + line->used, line->size - line->used, format,
			 args);
	va_end(args);
	line->used += more;
	if (line->used >= line->size)
		line->used = line->size - 1;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void say_port(struct line *line, uint16_t port, const char *protocol)
{
	const struct servent *service = NULL;
	char name[CELL];

	if (opts.names)
		service = getservbyport(htons(port), protocol);
	if (service)
		say(line, ".%s", escape(name, sizeof(name), service->s_name));
	else
		say(line, ".%u", port);
}

static void say_hosts(struct line *line, const struct upper *up,
		      const char *protocol)
{
	const bool ports = protocol && up->caught >= 4;

	say(line, "%s %s", up->ipv6 ? "IP6" : "IP", up->source);
	if (ports)
		say_port(line, get16(up->data), protocol);
	say(line, " > %s", up->target);
	if (ports)
		say_port(line, get16(up->data + 2), protocol);
	say(line, ": ");
}

static void say_icmp(struct line *line, const struct upper *up)
{
	const unsigned int type = up->data[0], code = up->data[1];
	const bool request = type == (up->ipv6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO);
	const bool reply = type == (up->ipv6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY);
	const struct words *types = icmp_types(up->ipv6 ? NETLAB_FAMILY_IPV6 :
					       NETLAB_FAMILY_IPV4);

	say(line, "%s ", up->ipv6 ? "ICMP6," : "ICMP");
	if (request || reply) {
		say(line, "echo %s", request ? "request" : "reply");
		if (up->caught >= 8)
			say(line, ", id %u, seq %u", get16(up->data + 4),
			    get16(up->data + 6));
	} else if (types && type < types->count && types->list[type].word) {
		say(line, "%s, code %u", types->list[type].word, code);
	} else {
		say(line, "type %u, code %u", type, code);
	}
	say(line, ", length %zu", up->length);
}

/* The largest segment that a SYN says its sender takes; 0 if it doesn't. */
static unsigned int find_mss(const uint8_t *option, size_t left)
{
	while (left && *option != TCPOPT_EOL) {
		const size_t size = *option == TCPOPT_NOP ? 1 : left > 1 ? option[1] : 0;

		if (!size || size > left || (size == 1 && *option != TCPOPT_NOP))
			return 0;
		if (*option == TCPOPT_MAXSEG && size == TCPOLEN_MAXSEG)
			return get16(option + 2);
		option += size;
		left -= size;
	}
	return 0;
}

static void say_tcp(struct line *line, const struct upper *up)
{
	static const char letters[] = "FSRP.UEW";
	const size_t header = up->caught > 12 ? (up->data[12] >> 4) * 4 : 0;
	unsigned int flags, mss, i;
	char text[sizeof(letters)];
	size_t payload, used = 0;
	uint32_t seq;

	if (up->caught < sizeof(struct tcphdr) || header < sizeof(struct tcphdr) ||
	    header > up->length) {
		say(line, "tcp, truncated, length %zu", up->length);
		return;
	}
	flags = up->data[13];
	payload = up->length - header;
	seq = get32(up->data + 4);
	for (i = 0; i < 8; i++)
		if (flags & 1 << i)
			text[used++] = letters[i];
	text[used] = '\0';
	say(line, "Flags [%s]", used ? text : "none");
	/* Where it takes up sequence numbers. */
	if (payload || flags & 7)
		say(line, ", seq %" PRIu32, seq);
	if (payload)
		say(line, ":%" PRIu32, (uint32_t)(seq + payload));
	if (flags & 1 << 4)
		say(line, ", ack %" PRIu32, get32(up->data + 8));
	say(line, ", win %u", get16(up->data + 14));
	mss = flags & 2 ? find_mss(up->data + sizeof(struct tcphdr),
				   (header < up->caught ? header : up->caught) -
				   sizeof(struct tcphdr)) : 0;
	if (mss)
		say(line, ", options [mss %u]", mss);
	say(line, ", length %zu", payload);
}

static void say_udp(struct line *line, const struct upper *up)
{
	const unsigned int length = up->caught >= 6 ? get16(up->data + 4) : 0;

	if (length < 8)
		say(line, "UDP, truncated, length %zu", up->length);
	else
		say(line, "UDP, length %u", length - 8);
}

static void say_other(struct line *line, const struct upper *up)
{
	char name[CELL], safe[CELL];

	escape(safe, sizeof(safe), protocol_name(up->protocol, name, sizeof(name)));
	if (*safe)
		say(line, "%s", safe);
	else
		say(line, "protocol %u", up->protocol);
	if (up->fragment)
		say(line, " fragment, id %" PRIu32 ", offset %zu", up->id, up->offset);
	say(line, ", length %zu", up->length);
}

static void say_upper(struct line *line, const struct upper *up)
{
	const uint8_t icmp = up->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	const bool first = !up->offset;

	if (first && up->protocol == IPPROTO_TCP) {
		say_hosts(line, up, "tcp");
		say_tcp(line, up);
	} else if (first && up->protocol == IPPROTO_UDP) {
		say_hosts(line, up, "udp");
		say_udp(line, up);
	} else if (first && up->protocol == icmp && up->caught >= 2) {
		say_hosts(line, up, NULL);
		say_icmp(line, up);
	} else {
		say_hosts(line, up, NULL);
		say_other(line, up);
	}
}

/* Cuts what is behind the header to what the header and the packet have. */
static void set_upper(struct upper *up, const struct packet *packet, size_t at,
		      size_t end)
{
	if (end > packet->length)
		end = packet->length;
	up->data = packet->data + at;
	up->length = end > at ? end - at : 0;
	up->caught = packet->caught > at ? packet->caught - at : 0;
	if (up->caught > up->length)
		up->caught = up->length;
}

static bool read4(struct upper *up, const struct packet *packet)
{
	const uint8_t *ip = packet->data;
	size_t header;

	if (packet->caught < sizeof(struct iphdr))
		return false;
	header = (ip[0] & 15) * 4;
	if (header < sizeof(struct iphdr) || header > packet->length)
		return false;
	inet_ntop(AF_INET, ip + 12, up->source, sizeof(up->source));
	inet_ntop(AF_INET, ip + 16, up->target, sizeof(up->target));
	up->protocol = ip[9];
	up->id = get16(ip + 4);
	up->fragment = get16(ip + 6) & 0x3fff;
	up->offset = (get16(ip + 6) & 0x1fff) * 8;
	/* What GSO has yet to cut can be longer than its header can say. */
	set_upper(up, packet, header, get16(ip + 2) ? get16(ip + 2) : packet->length);
	return true;
}

static bool is_exthdr(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_AH ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_MH;
}

static bool read6(struct upper *up, const struct packet *packet)
{
	const uint8_t *ip = packet->data, *header;
	size_t at = sizeof(struct ip6_hdr), end;
	unsigned int i;

	if (packet->caught < at)
		return false;
	inet_ntop(AF_INET6, ip + 8, up->source, sizeof(up->source));
	inet_ntop(AF_INET6, ip + 24, up->target, sizeof(up->target));
	up->ipv6 = true;
	up->protocol = ip[6];
	end = get16(ip + 4) ? at + get16(ip + 4) : packet->length;
	for (i = 0; i < MAX_EXTHDRS && is_exthdr(up->protocol); i++) {
		header = ip + at;
		if (at + 8 > packet->caught)
			break;
		if (up->protocol == IPPROTO_FRAGMENT) {
			up->fragment = get16(header + 2) & 0xfff9;
			up->offset = get16(header + 2) & 0xfff8;
			up->id = get32(header + 4);
			at += 8;
		} else {
			at += up->protocol == IPPROTO_AH ? (header[1] + 2) * 4 : (header[1] + 1) * 8;
		}
		up->protocol = header[0];
		if (up->offset)
			break;
	}
	if (at > packet->length)
		at = packet->length;
	set_upper(up, packet, at, end);
	return true;
}

/**
 * packet_text() - Say what a packet is.
 * @to: Where to; the text is safe for a terminal.
 * @size: Of @to; PACKET_TEXT is enough.
 * @packet: The packet.
 *
 * Return: @to.
 */
char *packet_text(char *to, size_t size, const struct packet *packet)
{
	struct line line = { to, size, 0 };
	struct upper up = { .data = NULL };
	bool good;

	*to = '\0';
	good = packet->caught && packet->data[0] >> 4 == 6 ? read6(&up, packet) :
							     read4(&up, packet);
	if (good)
		say_upper(&line, &up);
	else
		say(&line, "IP, truncated, length %zu", packet->length);
	return to;
}
