// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink by libmnl: one socket in the namespace that was asked for,
 * one question at a time.
 */
#define _GNU_SOURCE	/* ppoll() */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "netns.h"
#include "nl.h"

#define REQUEST_SIZE	1024	/* the largest question has a few attributes */
#define ANSWER_SIZE	(128 << 10)	/* more than the kernel puts into one message */
#define DUMP_TRIES	8	/* while the counters change under a dump */

static struct {
	struct mnl_socket *socket;
	unsigned int sequence;
	uint16_t family;
	char request[REQUEST_SIZE] __attribute__((aligned(4)));
	char answer[ANSWER_SIZE] __attribute__((aligned(4)));
} nl;

/* One exchange: who takes the messages, and how it ended. */
struct exchange {
	nl_message_t *take;
	void *data;
	struct nl_failure failure;
};

static int take_error(const struct nlmsghdr *message, void *data)
{
	struct exchange *exchange = data;

	if (nl_failure_error(message, &exchange->failure))
		return MNL_CB_STOP;
	errno = EBADMSG;
	return MNL_CB_ERROR;
}

static int take_done(const struct nlmsghdr *message, void *data)
{
	struct exchange *exchange = data;

	nl_failure_done(message, &exchange->failure);
	return MNL_CB_STOP;
}

static int take_message(const struct nlmsghdr *message, void *data)
{
	struct exchange *exchange = data;

	if (exchange->take &&
	    mnl_nlmsg_get_payload_len(message) >= sizeof(struct genlmsghdr))
		exchange->take(message, exchange->data);
	return MNL_CB_OK;
}

static ssize_t receive(void)
{
	ssize_t length;

	do {
		length = mnl_socket_recvfrom(nl.socket, nl.answer,
					     sizeof(nl.answer));
	} while (length < 0 && errno == EINTR);	/* Ctrl-C waits */
	return length;
}

/* Sends nl.request and takes the whole answer. */
static void talk(struct exchange *exchange)
{
	static mnl_cb_t control[] = {
		[NLMSG_ERROR] = take_error,
		[NLMSG_DONE] = take_done,
	};
	struct nlmsghdr *request = (struct nlmsghdr *)nl.request;
	struct nl_failure *failure = &exchange->failure;
	ssize_t length;
	int more;

	memset(failure, 0, sizeof(*failure));
	request->nlmsg_seq = ++nl.sequence;
	if (mnl_socket_sendto(nl.socket, request, request->nlmsg_len) < 0) {
		failure->error = errno;
		return;
	}
	do {
		length = receive();
		if (length < 0) {
			failure->error = errno;
			return;
		}
		more = mnl_cb_run2(nl.answer, length, nl.sequence,
				   mnl_socket_get_portid(nl.socket),
				   take_message, exchange, control,
				   MNL_ARRAY_SIZE(control));
		if (more < 0) {
			failure->error = errno;
			return;
		}
	} while (more > 0);
}

/**
 * nl_put_header() - Begin a message.
 * @buffer: Where.
 * @command: One of NETLAB_CMD_....
 *
 * Return: The message, for attributes to be put to.
 */
struct nlmsghdr *nl_put_header(void *buffer, uint8_t command)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *header;

	message->nlmsg_flags = NLM_F_REQUEST;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->cmd = command;
	header->version = NETLAB_FAMILY_VERSION;
	return message;
}

static struct nlmsghdr *new_request(uint16_t type, uint16_t flags,
				    uint8_t command)
{
	struct nlmsghdr *message = nl_put_header(nl.request, command);

	message->nlmsg_type = type;
	message->nlmsg_flags |= flags;
	return message;
}

static void take_family(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attr;

	(void)data;
	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			nl.family = nl_number(attr);
}

/* nl.family is 0 then if the kernel has no such family, or doesn't say. */
static void ask_family(struct nl_failure *failure)
{
	struct exchange exchange = { .take = take_family };
	struct nlmsghdr *message;

	message = new_request(GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, NETLAB_FAMILY_NAME);
	nl.family = 0;
	talk(&exchange);
	*failure = exchange.failure;
}

static enum status find_family(void)
{
	struct nl_failure failure;

	ask_family(&failure);
	if (failure.refused && failure.error == ENOENT)
		return fail(STATUS_NOT_LOADED,
			    "the module isn't loaded: load it by \"modprobe netlab\", or by \"insmod netlab.ko\" from a build; \"netlab doctor\" says what stands in the way");
	if (failure.error || !nl.family)
		return fail(STATUS_REFUSED, "generic netlink: %s",
			    strerror(failure.error ? failure.error : ENOMSG));
	return STATUS_OK;
}

static bool connect_socket(void)
{
	struct timeval limit = { .tv_sec = NL_ANSWER_SECONDS };
	int on = 1;

	nl.socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl.socket || mnl_socket_bind(nl.socket, 0, MNL_SOCKET_AUTOPID))
		return false;
	/* An older kernel has not all of these; netlab works without, too. */
	mnl_socket_setsockopt(nl.socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl.socket, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl.socket, NETLINK_GET_STRICT_CHK, &on,
			      sizeof(on));
	setsockopt(mnl_socket_get_fd(nl.socket), SOL_SOCKET, SO_RCVTIMEO,
		   &limit, sizeof(limit));
	return true;
}

static enum status open_socket(void)
{
	enum status status;

	if (nl.socket)
		return STATUS_OK;
	status = netns_enter();
	if (status)
		return status;
	if (!connect_socket())
		return fail(STATUS_REFUSED, "netlink socket: %s",
			    strerror(errno));
	return find_family();
}

/**
 * nl_has_family() - Whether the kernel has netlab's family, without complaint.
 *
 * Return: true if it says so, in the namespace that netns_enter() entered.
 */
bool nl_has_family(void)
{
	struct nl_failure failure;
	bool has;

	has = connect_socket();
	if (has) {
		ask_family(&failure);
		has = nl.family;
	}
	nl_close();
	return has;
}

static enum status open_or_close(void)
{
	enum status status = open_socket();

	if (status)
		nl_close();
	return status;
}

/**
 * nl_begin() - Begin a question.
 * @command: One of NETLAB_CMD_....
 * @dump: Ask for all, not for one.
 * @message: The question, for attributes to be put to; nl_ask() sends it.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status nl_begin(uint8_t command, bool dump, struct nlmsghdr **message)
{
	enum status status = open_or_close();

	if (!status)
		*message = new_request(nl.family,
				       dump ? NLM_F_DUMP : NLM_F_ACK, command);
	return status;
}

/*
 * A socket that gave up in the middle of a dump still has the rest of it to
 * say, so the question is asked again by a new one.
 */
static enum status reopen(void)
{
	static char question[REQUEST_SIZE];
	enum status status;

	memcpy(question, nl.request, sizeof(question));
	nl_close();
	status = open_or_close();
	memcpy(nl.request, question, sizeof(question));
	((struct nlmsghdr *)nl.request)->nlmsg_type = nl.family;
	return status;
}

/**
 * nl_ask() - Send the question and take the answer.
 * @take: Takes each message of it; NULL if none is expected.
 * @again: Forgets what @take took: what is read changed under a dump, which is
 *	tried again. NULL if it isn't a dump.
 * @data: For both.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status nl_ask(nl_message_t *take, nl_again_t *again, void *data)
{
	struct exchange exchange = { .take = take, .data = data };
	const struct nl_failure *failure = &exchange.failure;
	enum status status;
	unsigned int try;

	for (try = 1; ; try++) {
		talk(&exchange);
		/* This is how libmnl tells of NLM_F_DUMP_INTR. */
		if (failure->error != EINTR || failure->refused || !again)
			break;
		if (try == DUMP_TRIES) {
			nl_close();
			return fail(STATUS_REFUSED,
				    "what is read changed under each of %d readings: try again",
				    DUMP_TRIES);
		}
		again(data);
		status = reopen();
		if (status)
			return status;
	}
	if (!failure->error)
		return STATUS_OK;
	nl_close();	/* what is left of the answer must not be the next one */
	return nl_complain(failure);
}

/**
 * nl_try() - Send the question and take the answer, without complaint.
 * @take: Takes each message of it.
 * @data: For it.
 * @failure: How it failed, if it did.
 */
void nl_try(nl_message_t *take, void *data, struct nl_failure *failure)
{
	struct exchange exchange = { .take = take, .data = data };

	talk(&exchange);
	*failure = exchange.failure;
}

/**
 * nl_buffer() - Have the kernel keep more for the socket, which stays open when
 * there was too much.
 * @size: In bytes; as much of it as may be.
 */
void nl_buffer(int size)
{
	const int fd = mnl_socket_get_fd(nl.socket);
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	mnl_socket_setsockopt(nl.socket, NETLINK_NO_ENOBUFS, &on, sizeof(on));
}

/**
 * nl_wait() - Take what comes unasked.
 * @take: Takes each message.
 * @data: For it.
 * @seconds: How long to wait for the first.
 * @outside: The signals that may come meanwhile; one of them ends it.
 *
 * Return: Whether something came, 0 or 1; a negative number of errno.
 */
int nl_wait(nl_message_t *take, void *data, time_t seconds,
	    const sigset_t *outside)
{
	struct exchange exchange = { .take = take, .data = data };
	struct pollfd socket = { .fd = mnl_socket_get_fd(nl.socket), .events = POLLIN };
	const struct timespec left = { .tv_sec = seconds };
	ssize_t length;
	int ready;

	ready = ppoll(&socket, 1, &left, outside);
	if (ready <= 0)
		return ready && errno != EINTR ? -errno : 0;
	length = receive();
	if (length < 0)
		return -errno;
	if (mnl_cb_run(nl.answer, length, 0, mnl_socket_get_portid(nl.socket),
		       take_message, &exchange) < 0)
		return -errno;
	return 1;
}

/* Takes answers up to that of @last. Returns 0 or a number of errno. */
static int take_refusals(uint32_t last, nl_refused_t *take, void *data)
{
	struct nlmsghdr *message;
	ssize_t received;
	int length;

	for (;;) {
		received = receive();
		if (received < 0)
			return errno;
		length = received;
		for (message = (struct nlmsghdr *)nl.answer;
		     mnl_nlmsg_ok(message, length);
		     message = mnl_nlmsg_next(message, &length)) {
			struct nl_failure failure = { 0 };

			if (message->nlmsg_type != NLMSG_ERROR)
				continue;
			if (!nl_failure_error(message, &failure))
				return EBADMSG;
			if (failure.error)
				take(message->nlmsg_seq, &failure, data);
			if (message->nlmsg_seq == last)
				return 0;
		}
	}
}

/**
 * nl_send() - Send several questions at once that have no answer but yes or no.
 * @first: The questions, one behind the other, each with a sequence number of
 *	its own.
 * @length: Of all of them.
 * @take: Takes each refusal, in order. The kernel looks at all questions, those
 *	behind one that it refused, too.
 * @data: The caller's.
 *
 * Return: STATUS_OK, even if there were refusals; another after a complaint.
 */
enum status nl_send(struct nlmsghdr *first, size_t length, nl_refused_t *take,
		    void *data)
{
	struct nl_failure failure = { 0 };
	struct nlmsghdr *message = first;
	enum status status = open_or_close();
	int left = length;
	uint32_t last = 0;

	if (status)
		return status;
	while (mnl_nlmsg_ok(message, left)) {
		struct nlmsghdr *next = mnl_nlmsg_next(message, &left);

		message->nlmsg_type = nl.family;
		/* Only a refusal is told of unasked: one word is enough. */
		if (!mnl_nlmsg_ok(next, left))
			message->nlmsg_flags |= NLM_F_ACK;
		last = message->nlmsg_seq;
		message = next;
	}
	if (mnl_socket_sendto(nl.socket, first, length) < 0)
		failure.error = errno;
	else
		failure.error = take_refusals(last, take, data);
	if (!failure.error)
		return STATUS_OK;
	nl_close();
	return nl_complain(&failure);
}

/**
 * nl_number() - Read a number of whatever size.
 * @attr: An attribute of 1, 2, 4 or 8 bytes.
 *
 * Return: The number; 0 if the size is none of these.
 */
uint64_t nl_number(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(uint8_t):
		return mnl_attr_get_u8(attr);
	case sizeof(uint16_t):
		return mnl_attr_get_u16(attr);
	case sizeof(uint32_t):
		return mnl_attr_get_u32(attr);
	case sizeof(uint64_t):
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

/**
 * nl_close() - Close the socket; the next question opens another.
 */
void nl_close(void)
{
	if (nl.socket)
		mnl_socket_close(nl.socket);
	nl.socket = NULL;
}
