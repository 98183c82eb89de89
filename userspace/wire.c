// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that ask: ICMP echo requests, and what comes back, replies and errors.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/net_tstamp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define NANO	INT64_C(1000000000)

static uint8_t buffer[WIRE_BYTES];

/**
 * wire_checksum() - The Internet checksum (RFC 1071): the ones' complement of
 * the ones' complement sum of all 16-bit words, an odd byte being the high one.
 * @data: What to sum.
 * @length: Bytes of that, at most 65535, so that the sum fits.
 *
 * Return: As it stands in a header, in network byte order; 0 if @data has a
 * right one in it.
 */
uint16_t wire_checksum(const uint8_t *data, size_t length)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < length; i += 2)
		sum += data[i] << 8 | data[i + 1];
	if (length % 2)
		sum += data[length - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static int64_t nanoseconds(const struct timespec *time)
{
	return time->tv_sec * NANO + time->tv_nsec;
}

/**
 * wire_now() - What time it is.
 *
 * Return: Nanoseconds of CLOCK_REALTIME, as the kernel's timestamps are.
 */
int64_t wire_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return nanoseconds(&time);
}

/**
 * wire_option() - Set an option that each family has.
 * @fd: A socket.
 * @family: Its family.
 * @v4: The option of SOL_IP.
 * @v6: That of SOL_IPV6.
 * @value: Its value.
 *
 * Return: Whether the kernel took it.
 */
bool wire_option(int fd, int family, int v4, int v6, int value)
{
	return !setsockopt(fd, family == AF_INET ? SOL_IP : SOL_IPV6,
			   family == AF_INET ? v4 : v6, &value, sizeof(value));
}

/**
 * wire_ask() - Ask for timestamps, for the TTL of what comes, and for errors.
 * @fd: A socket.
 * @family: Its family.
 * @sent: When its own packets reached the packet scheduler, too.
 *
 * A kernel that doesn't know one of them does without.
 */
void wire_ask(int fd, int family, bool sent)
{
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

	if (sent)
		flags |= SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_OPT_ID |
			 SOF_TIMESTAMPING_OPT_TSONLY;
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
	wire_option(fd, family, IP_RECVERR, IPV6_RECVERR, 1);
	wire_option(fd, family, IP_RECVTTL, IPV6_RECVHOPLIMIT, 1);
}

/**
 * wire_connect() - Connect a socket to a host, which needs a route.
 * @place: The client, for the complaint.
 * @name: What the user calls the host.
 * @fd: The socket.
 * @host: The host.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status wire_connect(const char *place, const char *name, int fd,
			 const union host *host)
{
	char text[HOST_TEXT];

	if (!connect(fd, &host->any, host_size(host)))
		return STATUS_OK;
	host_text(text, host);
	if (errno == ENETUNREACH || errno == EHOSTUNREACH)
		return fail(STATUS_REFUSED, "%s %s: no route to %s: %s: see \"ip route get %s\"",
			    place, name, text, strerror(errno), text);
	if (errno == EACCES)
		return fail(STATUS_REFUSED, "%s %s: %s is a broadcast address, or one that a rule prohibits",
			    place, name, text);
	return fail(STATUS_REFUSED, "%s %s: %s: %s", place, name, text, strerror(errno));
}

/* Other ICMP is no concern of ours; errors come by the error queue. */
static void only_replies(int fd, int family)
{
	struct icmp6_filter {
		uint32_t block[8];
	} six;
	uint32_t four = ~(UINT32_C(1) << ICMP_ECHOREPLY);

	if (family == AF_INET) {
		setsockopt(fd, SOL_RAW, 1 /* ICMP_FILTER */, &four, sizeof(four));
		return;
	}
	memset(&six, 0xff, sizeof(six));
	six.block[ICMPV6_ECHO_REPLY / 32] &= ~(UINT32_C(1) << ICMPV6_ECHO_REPLY % 32);
	setsockopt(fd, IPPROTO_ICMPV6, 1 /* ICMPV6_FILTER */, &six, sizeof(six));
}

/* Of a datagram socket the kernel chooses it, as it chooses ports. */
static uint16_t ident_of(const struct echo_socket *echo)
{
	union host self = { .any = { .sa_family = 0 } };
	socklen_t size = sizeof(self);

	if (echo->raw || getsockname(echo->fd, &self.any, &size))
		return getpid() & 0xffff;
	return host_port(&self);
}

/**
 * wire_echo_open() - Open a socket for echo requests: a raw one where that is
 * allowed, else a datagram one.
 * @place: The client, for the complaint.
 * @name: What the user calls the host.
 * @host: The host.
 * @echo: The socket; the caller closes it.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status wire_echo_open(const char *place, const char *name,
			   const union host *host, struct echo_socket *echo)
{
	const int protocol = host->any.sa_family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	enum status status;

	echo->family = host->any.sa_family;
	echo->fd = socket(echo->family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	echo->raw = echo->fd >= 0;
	if (!echo->raw)
		echo->fd = socket(echo->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (echo->fd < 0 && (errno == EACCES || errno == EPERM))
		return fail(STATUS_REFUSED,
			    "%s: not permitted: it needs CAP_NET_RAW, or a group that net.ipv4.ping_group_range allows",
			    place);
	if (echo->fd < 0)
		return fail(STATUS_REFUSED, "%s: ICMP socket: %s", place, strerror(errno));
	if (echo->raw)
		only_replies(echo->fd, echo->family);
	status = wire_connect(place, name, echo->fd, host);
	if (status) {
		close(echo->fd);
		echo->fd = -1;
		return status;
	}
	echo->ident = ident_of(echo);
	return STATUS_OK;
}

/**
 * wire_echo_send() - Send an echo request.
 * @echo: The socket.
 * @seq: Its sequence number.
 * @message: The header, which is written here, and the data behind it.
 * @length: Bytes of both.
 *
 * Return: false if the kernel refused; errno says why.
 */
bool wire_echo_send(const struct echo_socket *echo, uint16_t seq,
		    uint8_t *message, size_t length)
{
	const uint16_t ident = htons(echo->ident), net_seq = htons(seq);
	uint16_t sum;

	memset(message, 0, ECHO_HEADER);
	message[0] = echo->family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	memcpy(message + 4, &ident, sizeof(ident));
	memcpy(message + 6, &net_seq, sizeof(net_seq));
	/* ICMPv6's covers addresses, too, which the kernel knows better. */
	if (echo->family == AF_INET) {
		sum = wire_checksum(message, length);
		memcpy(message + 2, &sum, sizeof(sum));
	}
	if (send(echo->fd, message, length, 0) >= 0)
		return true;
	/* That may have been of an error that came before: its own is told anew. */
	return (errno == EHOSTUNREACH || errno == ENETUNREACH || errno == ECONNREFUSED ||
		errno == EPROTO || errno == EACCES) &&
	       send(echo->fd, message, length, 0) >= 0;
}

/**
 * wire_echo_is() - Whether what came is about one of a socket's echo requests.
 * @echo: The socket.
 * @heard: What came.
 * @seq: The request's sequence number.
 *
 * Return: true if so; others ping, too.
 */
bool wire_echo_is(const struct echo_socket *echo, const struct heard *heard,
		  uint16_t *seq)
{
	const bool v4 = echo->family == AF_INET;
	uint8_t type;
	uint16_t ident;

	if (heard->length < ECHO_HEADER)
		return false;
	if (heard->kind == HEARD_REPLY)
		type = v4 ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY;
	else
		type = v4 ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	memcpy(&ident, heard->data + 4, sizeof(ident));
	memcpy(seq, heard->data + 6, sizeof(*seq));
	*seq = ntohs(*seq);
	return heard->data[0] == type && ntohs(ident) == echo->ident;
}

/* ---- what comes back */

static void take_error(const struct sock_extended_err *error, struct heard *heard)
{
	const struct sockaddr *offender = SO_EE_OFFENDER(error);

	if (error->ee_origin == SO_EE_ORIGIN_TIMESTAMPING) {
		heard->kind = HEARD_SENT;
		heard->key = error->ee_data;
		return;
	}
	heard->kind = HEARD_ERROR;
	heard->local = error->ee_origin == SO_EE_ORIGIN_LOCAL;
	heard->type = error->ee_type;
	heard->code = error->ee_code;
	heard->info = error->ee_info;
	heard->error = error->ee_errno;
	memset(&heard->from, 0, sizeof(heard->from));
	if (offender->sa_family == AF_INET)
		memcpy(&heard->from, offender, sizeof(heard->from.v4));
	else if (offender->sa_family == AF_INET6)
		memcpy(&heard->from, offender, sizeof(heard->from.v6));
}

static void take_control(struct msghdr *message, struct heard *heard)
{
	struct timespec stamp;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPING) {
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			if (stamp.tv_sec)
				heard->when = nanoseconds(&stamp);
		} else if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_TTL) ||
			   (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
			memcpy(&heard->ttl, CMSG_DATA(c), sizeof(heard->ttl));
		} else if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
			   (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
			take_error((const struct sock_extended_err *)CMSG_DATA(c), heard);
		}
	}
}

/* Returns what recvmsg() does. */
static ssize_t take(int fd, int flags, struct heard *heard)
{
	union {
		char space[512];
		struct cmsghdr align;
	} control;
	struct iovec part = { .iov_base = buffer, .iov_len = sizeof(buffer) };
	struct msghdr message = {
		.msg_name = &heard->from,
		.msg_namelen = sizeof(heard->from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t got;

	memset(heard, 0, sizeof(*heard));
	got = recvmsg(fd, &message, flags | MSG_DONTWAIT);
	if (got < 0)
		return got;
	heard->kind = HEARD_REPLY;
	heard->ttl = -1;
	heard->when = wire_now();
	heard->data = buffer;
	heard->length = got;
	take_control(&message, heard);
	return got;
}

/**
 * wire_hear_error() - Take what the error queue of a socket has.
 * @fd: The socket.
 * @heard: What came. Its data is there until the next call.
 *
 * Return: false if there was nothing.
 */
bool wire_hear_error(int fd, struct heard *heard)
{
	return take(fd, MSG_ERRQUEUE, heard) >= 0;
}

/**
 * wire_hear() - Take what came for a socket, errors first.
 * @fd: The socket, of datagrams or raw.
 * @family: Its family.
 * @raw: A raw one: the IPv4 header comes along.
 * @heard: What came. Its data is there until the next call.
 *
 * Return: false if there was nothing.
 */
bool wire_hear(int fd, int family, bool raw, struct heard *heard)
{
	size_t header;

	if (wire_hear_error(fd, heard))
		return true;
	/* The first may only have fetched the error of what the queue told. */
	if (take(fd, 0, heard) < 0 && (errno == EAGAIN || take(fd, 0, heard) < 0))
		return false;
	if (raw && family == AF_INET && heard->length) {
		header = 4 * (heard->data[0] & 0xf);
		if (header > heard->length)
			header = heard->length;
		heard->data += header;
		heard->length -= header;
	}
	return true;
}

/* ---- what errors mean */

static const char *const unreachable4[] = {
	"Destination Net Unreachable", "Destination Host Unreachable",
	"Destination Protocol Unreachable", "Destination Port Unreachable",
	"Frag needed", "Source Route Failed", "Destination Net Unknown",
	"Destination Host Unknown", "Source Host Isolated", "Destination Net Prohibited",
	"Destination Host Prohibited", "Destination Net Unreachable for Type of Service",
	"Destination Host Unreachable for Type of Service", "Packet filtered",
	"Precedence Violation", "Precedence Cutoff",
};

static const char *const unreachable6[] = {
	"No route", "Administratively prohibited", "Beyond scope of source address",
	"Address unreachable", "Port unreachable", "Source address failed policy",
	"Reject route",
};

static const char *error_word(int family, const struct heard *heard)
{
	const bool v4 = family == AF_INET;

	if (v4 && heard->type == ICMP_DEST_UNREACH && heard->code < 16)
		return unreachable4[heard->code];
	if (!v4 && heard->type == ICMPV6_DEST_UNREACH && heard->code < 7)
		return unreachable6[heard->code];
	if (heard->type == (v4 ? ICMP_TIME_EXCEEDED : ICMPV6_TIME_EXCEED))
		return heard->code ? "Fragment reassembly time exceeded" :
		       v4 ? "Time to live exceeded" : "Hop limit exceeded";
	if (!v4 && heard->type == ICMPV6_PKT_TOOBIG)
		return "Packet too big";
	if (heard->type == (v4 ? ICMP_PARAMETERPROB : ICMPV6_PARAMPROB))
		return "Parameter problem";
	return NULL;
}

/**
 * wire_error_text() - Say what an error means, in the words of ping.
 * @to: Where to.
 * @size: Bytes there.
 * @family: The family of the packet that it is about.
 * @heard: The error.
 *
 * Return: @to.
 */
char *wire_error_text(char *to, size_t size, int family, const struct heard *heard)
{
	const bool v4 = family == AF_INET;
	const char *word = heard->local ? NULL : error_word(family, heard);

	if (heard->local && heard->error == EMSGSIZE)
		snprintf(to, size, "too long for the path, whose MTU is %u", heard->info);
	else if (heard->local)
		snprintf(to, size, "%s", strerror(heard->error));
	else if (!word)
		snprintf(to, size, "ICMP type %u code %u", heard->type, heard->code);
	else if (v4 ? heard->type == ICMP_DEST_UNREACH && heard->code == ICMP_FRAG_NEEDED :
		 heard->type == ICMPV6_PKT_TOOBIG)
		snprintf(to, size, "%s (mtu = %u)", word, heard->info);
	else
		snprintf(to, size, "%s", word);
	return to;
}
