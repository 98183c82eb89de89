// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stand-ins for libmnl's socket, for /etc/protocols and for the devices, which
 * the linker takes before those of the libraries.
 */
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <net/if.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "commands.h"
#include "nl.h"
#include "tool_kernel.h"

#define PORT	4711

/* ---- the kernel: a list of datagrams, and what was asked of it */

#define ANSWERS	256

static char answers[ANSWERS][8192] __attribute__((aligned(8)));
static size_t answer_length[ANSWERS];
static unsigned int n_answers, next_answer;
unsigned int n_opened, n_requests;
char request[65536] __attribute__((aligned(8)));
void (*answer_to)(const struct nlmsghdr *message);
void (*socket_closed)(void);

static void forget_answers(void)
{
	memset(answer_length, 0, sizeof(answer_length));
	n_answers = 0;
	next_answer = 0;
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)flags;
	n_opened++;
	return bus == NETLINK_GENERIC ? (struct mnl_socket *)answers : NULL;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl, (void)groups, (void)pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	if (socket_closed)
		socket_closed();
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return -1;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return PORT;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf,
			  socklen_t len)
{
	(void)nl, (void)type, (void)buf, (void)len;
	return -1;	/* an old kernel */
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *buf,
			  size_t len)
{
	const struct nlmsghdr *message = (struct nlmsghdr *)request;
	int left = len;

	(void)nl;
	n_requests++;
	if (len > sizeof(request))
		abort();
	memset(request, 0, sizeof(request));
	memcpy(request, buf, len);
	if (!answer_to)
		return len;
	if (next_answer == n_answers)
		forget_answers();
	for (; mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		answer_to(message);
	return len;
}

/*
 * Whether nothing was recorded to answer the last question with that is asked
 * beside another: that about outcomes, for what vanished. There are none.
 */
static bool is_about_outcomes(void)
{
	const struct nlmsghdr *message = (struct nlmsghdr *)request;
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);

	return !answer_to && message->nlmsg_type == FAKE_FAMILY &&
	       header->cmd == NETLAB_CMD_OUTCOME_GET;
}

/* A message of a datagram answers the last request, or the one it names. */
ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
			    size_t bufsiz)
{
	struct nlmsghdr *message = buf;
	int length;

	(void)nl;
	if (next_answer == n_answers && is_about_outcomes())
		add_done(0, NULL);
	if (next_answer == n_answers) {
		errno = EAGAIN;
		return -1;
	}
	length = answer_length[next_answer];
	if ((size_t)length > bufsiz)
		abort();
	memcpy(buf, answers[next_answer++], length);
	while (mnl_nlmsg_ok(message, length)) {
		if (!message->nlmsg_seq)
			message->nlmsg_seq =
				((struct nlmsghdr *)request)->nlmsg_seq;
		message->nlmsg_pid = PORT;
		message = mnl_nlmsg_next(message, &length);
	}
	return answer_length[next_answer - 1];
}

/* /etc/protocols: 200 has an evil name, 6 is tcp, no other is there. */
struct protoent *getprotobynumber(int number)
{
	static struct protoent entry;

	entry.p_proto = number;
	entry.p_name = number == 200 ? (char *)"e\033[2Jvil\xff" :
				       (char *)"tcp";
	return number == 200 || number == 6 ? &entry : NULL;
}

/*
 * The devices: eth0, eth1, some with odd names, and one that can't be looked
 * for. Their indices are their places in the list.
 */
static const char *const device_names[] = {
	NULL, NULL, "eth0", "eth1", "e\033[2Jvil", "eth#0",
};

#define DEVICES	(sizeof(device_names) / sizeof(device_names[0]))

unsigned int n_looked_up;

unsigned int if_nametoindex(const char *name)
{
	unsigned int i;

	n_looked_up++;
	for (i = 2; i < DEVICES; i++)
		if (!strcmp(name, device_names[i]))
			return i;
	errno = strcmp(name, "trouble") ? ENODEV : EMFILE;
	return 0;
}

char *if_indextoname(unsigned int index, char name[IF_NAMESIZE])
{
	n_looked_up++;
	if (index >= 2 && index < DEVICES)
		return strcpy(name, device_names[index]);
	errno = ENXIO;
	return NULL;
}

/* ---- building answers */

/* A message at the end of the datagram that is being built. */
struct nlmsghdr *add(uint16_t type, uint16_t flags)
{
	char *end = answers[n_answers] + answer_length[n_answers];
	struct nlmsghdr *message = mnl_nlmsg_put_header(end);

	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	return message;
}

void added(const struct nlmsghdr *message)
{
	answer_length[n_answers] += MNL_ALIGN(message->nlmsg_len);
}

void send_datagram(void)
{
	if (++n_answers == ANSWERS)
		abort();
}

struct nlmsghdr *add_genl(uint16_t flags)
{
	struct nlmsghdr *message = add(FAKE_FAMILY, flags);
	struct genlmsghdr *header;

	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->version = 1;
	return message;
}

/* The end of an answer: an acknowledgement or a refusal. */
void add_ack(int error, bool capped, const char *text)
{
	add_ack_to(0, error, capped, 20, text);
}

void add_ack_to(uint32_t sequence, int error, bool capped, uint32_t offset,
		const char *text)
{
	struct nlmsghdr *message = add(NLMSG_ERROR, 0);
	struct nlmsgerr *body;
	unsigned int echoed = 24;

	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	message->nlmsg_seq = sequence;
	body->error = -error;
	body->msg.nlmsg_len = sizeof(body->msg) + echoed;
	if (capped)
		message->nlmsg_flags |= NLM_F_CAPPED;
	else if (error)
		memset(mnl_nlmsg_put_extra_header(message, echoed), 0xee,
		       echoed);
	if (text) {
		message->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_u32(message, NLMSGERR_ATTR_OFFS, offset);
		mnl_attr_put_strz(message, NLMSGERR_ATTR_MSG, text);
	}
	added(message);
	send_datagram();
}

void add_done(int error, const char *text)
{
	struct nlmsghdr *message = add(NLMSG_DONE, NLM_F_MULTI);
	int *body = mnl_nlmsg_put_extra_header(message, sizeof(*body));

	*body = -error;
	if (text) {
		message->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(message, NLMSGERR_ATTR_MSG, text);
	}
	added(message);
	send_datagram();
}

void add_family(void)
{
	struct nlmsghdr *message = add(GENL_ID_CTRL, 0);

	mnl_nlmsg_put_extra_header(message, sizeof(struct genlmsghdr));
	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, "netlab");
	mnl_attr_put_u16(message, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
	added(message);
	send_datagram();
	add_ack(0, true, NULL);
}

/* ---- netlab's own answers */

static struct nlmsghdr *row_message;
static struct nlattr *nest;

void row(uint16_t table)
{
	row_message = add_genl(NLM_F_MULTI);
	nest = mnl_attr_nest_start(row_message, table);
}

void end_row(void)
{
	mnl_attr_nest_end(row_message, nest);
	added(row_message);
}

void u8(uint16_t type, uint8_t value)
{
	mnl_attr_put_u8(row_message, type, value);
}

void u16(uint16_t type, uint16_t value)
{
	mnl_attr_put_u16(row_message, type, value);
}

void u32(uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(row_message, type, value);
}

void u64(uint16_t type, uint64_t value)
{
	mnl_attr_put_u64(row_message, type, value);
}

void bytes(uint16_t type, const void *value, size_t length)
{
	mnl_attr_put(row_message, type, length, value);
}

void add_hook(uint8_t family, uint8_t hook, uint64_t packets,
	      uint64_t fragments, uint64_t refused)
{
	row(NETLAB_A_STATS_HOOKS);
	u8(NETLAB_A_HOOK_ROW_FAMILY, family);
	u8(NETLAB_A_HOOK_ROW_HOOK, hook);
	u64(NETLAB_A_HOOK_ROW_PACKETS, packets);
	u64(NETLAB_A_HOOK_ROW_FRAGMENTS, fragments);
	u64(NETLAB_A_HOOK_ROW_REFUSED, refused);
	end_row();
}

/* ---- running the tool, and TAP */

char out[16384], err[4096];
unsigned int n_tests, n_failed;

void begin(void)
{
	nl_close();
	memset(&opts, 0, sizeof(opts));
	answer_to = NULL;
	socket_closed = NULL;
	forget_answers();
	n_opened = 0;
	n_requests = 0;
	n_looked_up = 0;
}

void begin_answer(void)
{
	struct nlmsghdr *message;

	begin();
	add_family();
	message = add_genl(NLM_F_MULTI);
	mnl_attr_put_u32(message, NETLAB_A_STATS_NETNS, 7);
	mnl_attr_put_u32(message, NETLAB_A_STATS_EPOCH, 2);
	mnl_attr_put_u64(message, NETLAB_A_STATS_SINCE, 1000000000);
	added(message);
}

static int swap_file(int fd, FILE *file)
{
	int saved = dup(fd);

	if (saved < 0 || dup2(fileno(file), fd) < 0)
		abort();
	return saved;
}

static void take_file(int fd, int saved, FILE *file, char *to, size_t size)
{
	dup2(saved, fd);
	close(saved);
	rewind(file);
	to[fread(to, 1, size - 1, file)] = '\0';
	fclose(file);
}

/* Does it, and leaves out[] and err[]. */
static enum status captured(enum status (*function)(char **words), char **words)
{
	FILE *file_out = tmpfile(), *file_err = tmpfile();
	int saved_out, saved_err;
	enum status status;

	if (!file_out || !file_err)
		abort();
	fflush(stdout);
	saved_out = swap_file(STDOUT_FILENO, file_out);
	saved_err = swap_file(STDERR_FILENO, file_err);
	status = function(words);
	fflush(stdout);
	take_file(STDOUT_FILENO, saved_out, file_out, out, sizeof(out));
	take_file(STDERR_FILENO, saved_err, file_err, err, sizeof(err));
	return status;
}

/* One command line, its words up to NULL. */
enum status run(const char *first, ...)
{
	char *words[32];
	int count = 0;
	va_list args;

	va_start(args, first);
	for (words[0] = (char *)first; words[count];)
		words[++count] = va_arg(args, char *);
	va_end(args);
	return captured(run_words, words);
}

static enum status batch(char **words)
{
	opts.batch = *words;
	return batch_run();
}

/* A batch. */
enum status run_file(const char *name)
{
	char *words[] = { (char *)name };

	return captured(batch, words);
}

void ok(bool passed, const char *what)
{
	n_tests++;
	n_failed += !passed;
	printf("%sok %u - %s\n", passed ? "" : "not ", n_tests, what);
}

static void show(const char *label, const char *text)
{
	printf("# %s: ", label);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n')
			fputs("# ", stdout);
	}
	putchar('\n');
}

void is(const char *got, const char *expected, const char *what)
{
	ok(!strcmp(got, expected), what);
	if (strcmp(got, expected)) {
		show("got", got);
		show("expected", expected);
	}
}

void is_number(uint64_t got, uint64_t expected, const char *what)
{
	ok(got == expected, what);
	if (got != expected)
		printf("# got %" PRIu64 ", expected %" PRIu64 "\n", got,
		       expected);
}

void contains(const char *part, const char *what)
{
	ok(strstr(out, part), what);
	if (!strstr(out, part))
		printf("# no %s in %s\n", part, out);
}

/* The attribute of the last request, or NULL. */
const struct nlattr *requested(uint16_t type)
{
	const struct nlmsghdr *message = (struct nlmsghdr *)request;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

unsigned int n_sent(void)
{
	const struct nlmsghdr *message = (struct nlmsghdr *)request;
	const struct nlattr *attr;
	unsigned int count = 0;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		count++;
	return count;
}
