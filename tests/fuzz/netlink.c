// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink: sends messages to the family netlab, and judges the answers.
 *
 * Each is answered, once. One that is refused says why, where it is netlab that
 * refused it, and has changed nothing. Without the privilege nothing that needs
 * one is done. The last line has the counts; exit 1 and a line `wrong:' for each
 * thing that is wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "kcov.h"
#include "messages.h"
#include <linux/netlab.h>

#define THREADS		8
#define SHOWN		5
#define MARK_EVERY	4096	/* messages */

static struct {
	uint64_t seed, from, messages;
	unsigned int threads;
	uint16_t family;
	bool refused, state;
	const char *coverage;
} want = { .threads = 1 };

struct worker {
	pthread_t thread;
	unsigned int number;
	int fd;
	uint32_t sequence;
	uint64_t sent, answered, taken, refused, dumped, given_up;
	struct message m;
	uint8_t buffer[1 << 17];
};

static struct worker workers[THREADS];
static pthread_mutex_t say = PTHREAD_MUTEX_INITIALIZER;
static unsigned int wrong;

static void complain(const struct worker *w, uint64_t number, const char *what, int err)
{
	unsigned int i;

	pthread_mutex_lock(&say);
	if (wrong++ < SHOWN) {
		printf("wrong: %s (%s), message %llu of seed %llu, thread %u:\n  ", what,
		       strerror(err), (unsigned long long)number,
		       (unsigned long long)want.seed + w->number, w->number);
		for (i = 0; i < w->m.len && i < 2000; i++)
			printf("%02x", w->m.data[i]);
		putchar('\n');
	}
	pthread_mutex_unlock(&say);
}

/* A kernel that crashes has said shortly before where to begin again (-b). */
static void mark(const struct worker *w, uint64_t number)
{
	FILE *log;

	if (number % MARK_EVERY)
		return;
	log = fopen("/dev/kmsg", "w");
	if (!log)
		return;
	fprintf(log, "fuzz-netlink -s %llu -b %llu\n", (unsigned long long)want.seed + w->number,
		(unsigned long long)number);
	fclose(log);
}

static int open_socket(void)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK };
	struct timeval limit = { .tv_sec = 20 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), on = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&me, sizeof(me)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))) {
		perror("netlink socket");
		exit(2);
	}
	return fd;
}

/* Whether an acknowledgement has a sentence; @head: what stands before it. */
static bool has_sentence(const struct nlmsghdr *nlh, unsigned int head)
{
	const uint8_t *p = (const uint8_t *)nlh + head, *end = (const uint8_t *)nlh + nlh->nlmsg_len;
	const struct nlattr *a;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return false;
	for (; p + NLA_HDRLEN <= end; p += NLA_ALIGN(a->nla_len)) {
		a = (const void *)p;
		if (a->nla_len < NLA_HDRLEN)
			return false;
		if (a->nla_type == NLMSGERR_ATTR_MSG)
			return a->nla_len > NLA_HDRLEN + 8;
	}
	return false;
}

/* The answer to the message sent last: 0, an errno, or -1 if there is none. */
static int answer(struct worker *w, bool *sentence, bool stop, uint64_t *hash)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int left;

	*sentence = false;
	for (;;) {
		got = recv(w->fd, w->buffer, sizeof(w->buffer), 0);
		if (got < 0)
			return -1;
		left = got;
		for (nlh = (void *)w->buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			const int *err = NLMSG_DATA(nlh);

			if (nlh->nlmsg_seq != w->sequence)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
				*sentence = has_sentence(nlh, NLMSG_HDRLEN + 4 +
					(nlh->nlmsg_type == NLMSG_ERROR ? sizeof(*nlh) : 0));
				return -*err;
			}
			w->dumped++;
			if (hash) {
				const uint8_t *p = (const uint8_t *)nlh + NLMSG_HDRLEN;

				while (p < (const uint8_t *)nlh + nlh->nlmsg_len)
					*hash = (*hash ^ *p++) * 0x100000001b3;
			}
		}
		if (stop)
			return 0;
	}
}

static int ask(struct worker *w, uint8_t command, unsigned int flags, uint64_t *hash)
{
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
	} m = {
		.nlh = { sizeof(m), want.family, NLM_F_REQUEST | NLM_F_ACK | flags, ++w->sequence, 0 },
		.genl = { .cmd = command, .version = 1 },
	};
	bool sentence;

	if (send(w->fd, &m, sizeof(m), 0) < 0)
		return errno;
	return answer(w, &sentence, false, hash);
}

/* All that can be set, and the epoch, as one number. */
static uint64_t state(struct worker *w)
{
	uint64_t hash = 0xcbf29ce484222325;

	if (ask(w, NETLAB_CMD_ECHO_GET, 0, &hash) ||
	    ask(w, NETLAB_CMD_PREFIX_GET, NLM_F_DUMP, &hash) ||
	    ask(w, NETLAB_CMD_STATS_GET, 0, &hash)) {
		fprintf(stderr, "the state can't be read\n");
		exit(2);
	}
	return hash;
}

/* Refusals that are netlab's, or its policy's: each has a sentence. */
static bool explained(int err)
{
	return err == EINVAL || err == ERANGE || err == ENODEV || err == EEXIST ||
	       err == ENOENT || err == ENOSPC || err == ESTALE || err == EBUSY;
}

static void judge(struct worker *w, uint64_t number, int err, bool sentence)
{
	const struct message *m = &w->m;

	if (err == -1) {
		complain(w, number, "no answer", ETIMEDOUT);
		close(w->fd);
		w->fd = open_socket();
		return;
	}
	w->answered++;
	if (!err) {
		w->taken++;
		if (want.refused && m->admin && m->whole)
			complain(w, number, "done without the privilege", err);
		return;
	}
	w->refused++;
	if (m->whole && explained(err) && !sentence)
		complain(w, number, "refused without a word", err);
	if (want.refused && m->admin && m->whole && err != EPERM && err != EOPNOTSUPP)
		complain(w, number, "the privilege was not asked for first", err);
	if (err == ENOMEM || err > 200)
		complain(w, number, "an odd refusal", err);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct rng r = { want.seed + w->number };
	uint64_t before = 0, number;
	bool sentence, stop;
	int err;

	w->fd = open_socket();
	if (want.coverage)
		kcov_open();
	if (want.state)
		before = state(w);
	for (number = want.from; w->sent < want.messages / want.threads; number++) {
		mark(w, number);
		message_make(&w->m, want.seed + w->number, number, want.family, ++w->sequence);
		w->sent++;
		if (want.coverage)
			kcov_begin();
		err = send(w->fd, w->m.data, w->m.len, 0) < 0 ? errno : 0;
		if (err || !w->m.answered) {
			if (err && err != EINVAL && err != EMSGSIZE)
				complain(w, number, "couldn't be sent", err);
			continue;
		}
		/* Some dumps are given up on. */
		stop = w->m.dump && chance(&r, 5);
		err = answer(w, &sentence, stop, NULL);
		if (want.coverage && kcov_end())
			message_keep(&w->m);
		if (stop) {
			close(w->fd);
			w->fd = open_socket();
			w->given_up++;
			if (want.state)
				before = state(w);
			continue;
		}
		judge(w, number, err, sentence);
		if (!want.state || !w->m.admin || err == -1)
			continue;
		if (!err) {
			before = state(w);
		} else if (state(w) != before) {
			complain(w, number, "refused, and something has changed", err);
			before = state(w);
		}
	}
	close(w->fd);
	return NULL;
}

static void usage(void)
{
	fputs("Usage: netlink -a COMMANDS -g FAMILY -s SEED [-b FIRST] -n MESSAGES [-t THREADS] [-u] [-k] [-c FILE]\n"
	      "-u: without the privilege. -k: nobody else changes anything; see that refusals don't.\n"
	      "-c: be guided by KCOV, one thread; FILE: the places come to.\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct worker sum = {};
	unsigned int i;
	int option;

	while ((option = getopt(argc, argv, "a:g:s:b:n:t:ukc:")) != -1) {
		switch (option) {
		case 'a': commands_read(optarg); break;
		case 'g': want.family = atoi(optarg); break;
		case 's': want.seed = strtoull(optarg, NULL, 0); break;
		case 'b': want.from = strtoull(optarg, NULL, 0); break;
		case 'n': want.messages = strtoull(optarg, NULL, 0); break;
		case 't': want.threads = atoi(optarg); break;
		case 'u': want.refused = true; break;
		case 'k': want.state = true; break;
		case 'c': want.coverage = optarg; break;
		default: usage();
		}
	}
	if (!want.family || !want.threads || want.threads > THREADS ||
	    (want.coverage && want.threads > 1))
		usage();
	for (i = 0; i < want.threads; i++) {
		workers[i].number = i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			exit(2);
	}
	for (i = 0; i < want.threads; i++) {
		const struct worker *w = &workers[i];

		pthread_join(w->thread, NULL);
		sum.sent += w->sent;
		sum.answered += w->answered;
		sum.taken += w->taken;
		sum.refused += w->refused;
		sum.dumped += w->dumped;
		sum.given_up += w->given_up;
	}
	if (want.coverage)
		printf("places %u ", kcov_write(want.coverage));
	printf("sent %llu answered %llu taken %llu refused %llu rows %llu left %llu\n",
	       (unsigned long long)sum.sent, (unsigned long long)sum.answered,
	       (unsigned long long)sum.taken, (unsigned long long)sum.refused,
	       (unsigned long long)sum.dumped, (unsigned long long)sum.given_up);
	return wrong != 0;
}
