// SPDX-License-Identifier: GPL-2.0-only
/*
 * packets: sends cases into the kernel and judges what comes back.
 *
 * What is sent into a veth or a tap device is answered before the system call
 * returns, but where softirqs are put off to a thread; so a reply is looked
 * for among the latest requests, the newest first, and two namespaces that are
 * asked the same are asked once more to be sure before they are said to
 * differ. The last line has the counts; exit 1 and a line `wrong:' for each
 * thing that is wrong.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"
#include "kcov.h"
#include "ports.h"

#define HISTORY		512	/* requests that a reply may be to */
#define FIRSTS		8192	/* first fragments of what may be reassembled, for half a minute */
#define FIRST_BYTES	64
#define LATE		32	/* cases after which all replies are awaited */
#define SEEN		64	/* frames that a case may bring */
#define SHOWN		5
#define PING_EVERY	2000	/* cases */
#define MARK_EVERY	4096	/* cases */

static struct {
	const char *device[2];
	enum way way;
	uint64_t seed, from, frames;
	int cpu;
	bool pings;
	const char *coverage;
} want = { .cpu = -1 };

static struct fuzz_case now;
static uint64_t number, sent, received, replies, unmatched, compared, silent, wrong;

static void complain(const char *what, const uint8_t *data, unsigned int len)
{
	unsigned int i, j;

	if (++wrong > SHOWN)
		return;
	printf("wrong: %s\n  it: ", what);
	for (i = 0; i < len; i++)
		printf("%02x", data[i]);
	printf("\n  of case %llu (%s), seed %llu:\n", (unsigned long long)number,
	       now.kind, (unsigned long long)want.seed);
	for (j = 0; j < now.n; j++) {
		printf("  sent: ");
		for (i = 0; i < now.frame[j].len; i++)
			printf("%02x", now.frame[j].data[i]);
		putchar('\n');
	}
	fflush(stdout);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A kernel that crashes has said shortly before where to begin again (-b). */
static void mark(const char *what)
{
	static FILE *log;

	if (number % MARK_EVERY)
		return;
	if (!log)
		log = fopen("/dev/kmsg", "w");
	if (!log)
		return;
	fprintf(log, "fuzz-packets %s -i %s -w %u -s %llu -b %llu\n", what, want.device[0],
		want.way, (unsigned long long)want.seed, (unsigned long long)number);
	fflush(log);
}

/* ---- what nobody may be sent; the stack itself isn't as strict */

static bool no_host(const struct icmp *m, const uint8_t *a)
{
	static const uint8_t subnet[4] = { 192, 0, 2, 255 }, all[4] = { 255, 255, 255, 255 };
	static const uint8_t zero[16];

	if (m->family == 6)
		return a[0] == 0xff || !memcmp(a, zero, 16);
	return (a[0] & 0xf0) == 224 || !a[0] || a[0] == 127 || !memcmp(a, subnet, 4) ||
	       !memcmp(a, all, 4);
}

/* Whether one replies by another address of his: multicast, anycast. */
static bool of_many(const struct icmp *m)
{
	static const uint8_t zero[8];

	return no_host(m, m->dst) || (m->family == 6 && !memcmp(m->dst + 8, zero, 8));
}

/* Whether nothing that is sent there waits for a neighbour to be found. */
static bool reachable(const struct icmp *m, const uint8_t *to)
{
	static const uint8_t link4[] = { 192, 0, 2 }, link6[] = { 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0 };
	const uint8_t last = to[m->family == 4 ? 3 : 15];

	return last == 1 || last == 77 || last == 0x77 ||
	       (m->family == 4 ? memcmp(to, link4, 3) : memcmp(to, link6, 8) && to[0] != 0xfe);
}

/* Of the prefixes that only netlab answers for. */
static bool of_prefix(const struct icmp *m)
{
	static const uint8_t net4[] = { 198, 51, 100 }, net6[] = { 0x20, 1, 0xd, 0xb8, 0, 0xf };

	return m->family == 4 ? !memcmp(m->src, net4, sizeof(net4)) :
				!memcmp(m->src, net6, sizeof(net6));
}

static struct {
	struct icmp m;
	struct frame frame;
	unsigned int filled;	/* see struct port */
} history[HISTORY];
static unsigned int latest;

/*
 * A fragment waits in its namespace for others to come. What is reassembled
 * from those of several cases no frame has said, but this one its beginning.
 */
static struct {
	unsigned int family, len, filled;
	uint8_t data[FIRST_BYTES];
} firsts[FIRSTS];
static unsigned int last_first;

static bool is_request(const struct icmp *m)
{
	return m->type == (m->family == 4 ? 8 : 128);
}

static bool is_reply(const struct icmp *m)
{
	return m->type == (m->family == 4 ? 0 : 129);
}

/* Its place in history; -1 if it has none. */
static int remember(const struct frame *f)
{
	const unsigned int next = (latest + 1) % HISTORY;
	struct frame *kept = &history[next].frame;
	struct icmp *m = &history[next].m;

	memcpy(kept->data, f->data, f->len);
	kept->len = 0;
	if (!frame_icmp(kept->data, f->len, m) || (!is_request(m) && !is_reply(m)))
		return -1;
	kept->len = f->len;
	history[next].filled = 0;
	latest = next;
	return latest;
}

static void remember_first(unsigned int at)
{
	const struct icmp *m = &history[at].m;

	last_first = (last_first + 1) % FIRSTS;
	firsts[last_first].family = m->family;
	firsts[last_first].len = m->len < FIRST_BYTES ? m->len : FIRST_BYTES;
	firsts[last_first].filled = 0;
	if (is_reply(m) && history[at].filled > m->at)
		firsts[last_first].filled = history[at].filled - m->at;
	memcpy(firsts[last_first].data, history[at].frame.data + m->at, firsts[last_first].len);
}

/* @at: what remember() said. */
static void send_one(struct port *p, struct rng *r, const struct frame *f, int at)
{
	port_send(p, r, f);
	if (at < 0)
		return;
	history[at].filled = p->filled;
	if (history[at].m.fragment)
		remember_first(at);
}

/*
 * Whether bytes are those that were sent. Where the sender left a checksum to be
 * put, wherever that is (@filled), whoever forwards the frame puts one.
 */
static bool same_bytes(const uint8_t *got, const uint8_t *said, unsigned int len,
		       unsigned int filled)
{
	unsigned int j;

	for (j = 0; j < len; j++)
		if (got[j] != said[j] && j - filled >= 2)
			return false;
	return true;
}

/* Where that is behind a place in a frame; nowhere if nobody puts one. */
static unsigned int filled_behind(unsigned int filled, unsigned int at)
{
	return filled ? filled - at : UINT32_MAX / 2;
}

/* Whether it is the answer to an earlier frame, or that frame itself, forwarded. */
static bool answers(const struct icmp *m, const uint8_t *frame, unsigned int i)
{
	const struct icmp *asked = &history[i].m;
	const unsigned int size = m->family == 4 ? 4 : 16;
	const uint8_t *sent = history[i].frame.data;
	const unsigned int filled = is_reply(asked) ? history[i].filled : 0;

	/* Behind type, code and checksum. */
	if (asked->family != m->family || asked->len < m->len ||
	    !same_bytes(frame + m->at + 4, sent + asked->at + 4, m->len - 4,
			filled_behind(filled, asked->at + 4)))
		return false;
	if (is_reply(asked))
		return same_bytes(m->dst, asked->dst, size, filled_behind(filled, asked->dst - sent));
	return !memcmp(asked->src, m->dst, size) &&
	       (!memcmp(asked->dst, m->src, size) || of_many(asked));
}

/* Whether it is so of what was reassembled, as far as is known. */
static bool begins_as_a_fragment(const struct icmp *m, const uint8_t *frame)
{
	unsigned int i;

	for (i = 0; i < FIRSTS; i++)
		if (firsts[i].len && firsts[i].family == m->family && firsts[i].len <= m->len &&
		    same_bytes(frame + m->at + 4, firsts[i].data + 4, firsts[i].len - 4,
			       filled_behind(firsts[i].filled, 4)))
			return true;
	return false;
}

static void judge(const uint8_t *frame, unsigned int len)
{
	unsigned int i, at = 0;
	struct icmp m;

	received++;
	if (!frame_icmp(frame, len, &m) || !is_reply(&m))
		return;
	replies++;
	for (i = 0; i < HISTORY; i++) {
		at = (latest + HISTORY - i) % HISTORY;
		if (history[at].frame.len && answers(&m, frame, at))
			break;
	}
	/* Forwarded, and nobody's here. */
	if (i < HISTORY && is_reply(&history[at].m))
		return;
	if (of_prefix(&m) && no_host(&m, m.dst))
		complain("a reply to what is no host's address", frame, len);
	if (i < HISTORY || m.fragment)
		return;
	unmatched++;
	if (reachable(&m, m.dst) && !begins_as_a_fragment(&m, frame))
		complain("a reply that is to no request, or longer than it", frame, len);
}

static void collect(struct port *p)
{
	const uint8_t *frame;
	unsigned int len;

	while ((frame = port_receive(p, &len))) {
		judge(frame, len);
		port_release(p);
	}
}

/* ---- a well-formed request is answered, whatever came before it */

static void ping(struct port *p, unsigned int family)
{
	const double until = seconds() + 5;
	const uint8_t *frame;
	static unsigned int count;
	bool answered = false;
	struct frame f;
	struct icmp m;
	unsigned int len;

	case_ping(&f, family, ++count);
	remember(&f);
	port_send(p, NULL, &f);
	sent++;
	while (!answered && seconds() < until) {
		while ((frame = port_receive(p, &len))) {
			judge(frame, len);
			if (frame_icmp(frame, len, &m) && is_reply(&m) && m.len >= 40 &&
			    !memcmp(frame + m.at + 4, f.data + ETH + (family == 4 ? 24 : 44), 36))
				answered = true;
			port_release(p);
		}
	}
	if (!answered)
		complain("a well-formed request isn't answered", f.data, f.len);
}

struct seen {
	unsigned int n;
	struct frame frame[SEEN];
};

static void see(struct seen *s, const uint8_t *frame, unsigned int len)
{
	struct frame *f = &s->frame[s->n];

	judge(frame, len);
	if (frame_at_leisure(frame, len) || s->n == SEEN || len > MAX_FRAME)
		return;
	s->n++;
	f->len = len;
	memcpy(f->data, frame, len);
	if (!frame_normal(f))
		complain("an IPv4 header's checksum", frame, len);
}

static void gather(struct port *p, struct seen *s)
{
	const uint8_t *frame;
	unsigned int len;

	while ((frame = port_receive(p, &len))) {
		see(s, frame, len);
		port_release(p);
	}
}

/* Awaits all that a namespace has to say: it answers ARP last. */
static void settle(struct port *p, struct seen *s)
{
	static uint32_t asked = 0xf1000000;
	const double until = seconds() + 10;
	uint8_t me[6] = { 2 }, *a;
	const uint8_t *frame;
	unsigned int len;
	struct frame f = { .len = ETH + 28 };

	asked++;
	put16(me + 2, asked >> 16);
	put16(me + 4, asked);
	memset(f.data, 0xff, 6);
	memcpy(f.data + 6, me, 6);
	put16(f.data + 12, 0x0806);
	a = f.data + ETH;
	memcpy(a, "\0\1\10\0\6\4\0\1", 8);
	memcpy(a + 8, me, 6);
	inet_pton(AF_INET, "192.0.2.2", a + 24);
	port_send(p, NULL, &f);
	while (seconds() < until) {
		frame = port_receive(p, &len);
		if (!frame)
			continue;
		if (!memcmp(frame, me, 6)) {
			port_release(p);
			return;
		}
		see(s, frame, len);
		port_release(p);
	}
	complain("ARP isn't answered", f.data, f.len);
}

/* A tun device goes by the IP header's version, whatever the EtherType was. */
static void go_by_version(struct frame *f)
{
	if (want.way == TUN && f->len > ETH)
		put16(f->data + 12, f->data[ETH] >> 4 == 4 ? 0x0800 : 0x86dd);
}

static void flood(void)
{
	static struct port port;
	static struct seen none;
	struct rng r;
	unsigned int i;
	int at;

	port_open(&port, want.way, want.device[0]);
	if (want.coverage)
		kcov_open();
	puts("ready");
	fflush(stdout);
	for (number = want.from; sent < want.frames; number++) {
		mark("flood");
		case_make(&now, want.seed, number);
		r.state = want.seed ^ number;
		go_by_version(&now.whole);
		if (now.whole.len)
			remember(&now.whole);
		for (i = 0; i < now.n; i++) {
			go_by_version(&now.frame[i]);
			at = remember(&now.frame[i]);
			if (want.coverage)
				kcov_begin();
			send_one(&port, &r, &now.frame[i], at);
			if (want.coverage && kcov_end())
				corpus_add(&now.frame[i]);
		}
		sent += now.n;
		collect(&port);
		/* Into a tap device they go without a queue. */
		if (want.way < TAP && number % LATE == 0)
			settle(&port, (none.n = 0, &none));
		if (want.pings && number % PING_EVERY == PING_EVERY - 1)
			for (i = 4; i <= 6; i += 2)
				ping(&port, i);
	}
	collect(&port);
	if (want.coverage)
		printf("places %u ", kcov_write(want.coverage));
	printf("sent %llu refused %llu received %llu replies %llu reassembled %llu cases %llu\n",
	       (unsigned long long)sent, (unsigned long long)port.refused,
	       (unsigned long long)received, (unsigned long long)replies,
	       (unsigned long long)unmatched, (unsigned long long)(number - want.from));
}

/* ---- two that are to answer the same */

static bool same(const struct seen *a, const struct seen *b)
{
	unsigned int i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (a->frame[i].len != b->frame[i].len ||
		    memcmp(a->frame[i].data, b->frame[i].data, a->frame[i].len))
			return false;
	return true;
}

static void differ(const struct seen *stack, const struct seen *netlab)
{
	char what[128];
	unsigned int i;

	for (i = 0; i < stack->n && i < netlab->n; i++)
		if (stack->frame[i].len != netlab->frame[i].len ||
		    memcmp(stack->frame[i].data, netlab->frame[i].data, stack->frame[i].len))
			break;
	snprintf(what, sizeof(what), "%u frames from the stack, %u from netlab; number %u differs, the stack's:",
		 stack->n, netlab->n, i + 1);
	if (i < stack->n)
		complain(what, stack->frame[i].data, stack->frame[i].len);
	else
		complain(what, NULL, 0);
	if (wrong <= SHOWN && i < netlab->n) {
		unsigned int j;

		printf("  netlab: ");
		for (j = 0; j < netlab->frame[i].len; j++)
			printf("%02x", netlab->frame[i].data[j]);
		putchar('\n');
	}
}

static void twins(void)
{
	static struct port port[2];
	static struct seen seen[2];
	unsigned int i, side;
	int at[MAX_FRAMES];
	struct rng r;

	for (side = 0; side < 2; side++)
		port_open(&port[side], want.way, want.device[side]);
	puts("ready");
	fflush(stdout);
	for (number = want.from; sent < want.frames; number++) {
		mark("twins");
		case_make(&now, want.seed, number);
		if (now.whole.len)
			remember(&now.whole);
		for (i = 0; i < now.n; i++)
			at[i] = remember(&now.frame[i]);
		for (side = 0; side < 2; side++) {
			r.state = want.seed ^ number;
			for (i = 0; i < now.n; i++)
				send_one(&port[side], &r, &now.frame[i], at[i]);
			seen[side].n = 0;
			gather(&port[side], &seen[side]);
		}
		sent += now.n;
		if (!same(&seen[0], &seen[1])) {
			for (side = 0; side < 2; side++)
				settle(&port[side], &seen[side]);
			if (!same(&seen[0], &seen[1]))
				differ(&seen[0], &seen[1]);
		}
		compared += now.n;
		silent += !seen[0].n;
	}
	printf("sent %llu refused %llu received %llu replies %llu silent %llu cases %llu\n",
	       (unsigned long long)sent, (unsigned long long)port[0].refused,
	       (unsigned long long)received, (unsigned long long)replies,
	       (unsigned long long)silent, (unsigned long long)(number - want.from));
}

static void usage(void)
{
	fputs("Usage: packets flood|twins|listen -i DEVICE [-i DEVICE] -w WAY -f CORPUS -s SEED\n"
	      "               [-b FIRST CASE] -n FRAMES [-c CPU] [-p] [-k FILE]\n"
	      "-p: ping now and then, and want a reply. -k: be guided by KCOV; FILE: the places come to.\n"
	      "twins: the stack's device first.\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	int option, devices = 0;
	cpu_set_t cpus;

	if (argc < 2)
		usage();
	while ((option = getopt(argc - 1, argv + 1, "i:w:f:s:b:n:c:pk:")) != -1) {
		switch (option) {
		case 'i':
			if (devices == 2)
				usage();
			want.device[devices++] = optarg;
			break;
		case 'w': want.way = way_named(optarg); break;
		case 'f': corpus_read(optarg); break;
		case 's': want.seed = strtoull(optarg, NULL, 0); break;
		case 'b': want.from = strtoull(optarg, NULL, 0); break;
		case 'n': want.frames = strtoull(optarg, NULL, 0); break;
		case 'c': want.cpu = atoi(optarg); break;
		case 'p': want.pings = true; break;
		case 'k': want.coverage = optarg; break;
		default: usage();
		}
	}
	if (want.cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(want.cpu, &cpus);
		sched_setaffinity(0, sizeof(cpus), &cpus);
	}
	if (!strcmp(argv[1], "listen") && devices == 1)
		listen_at(want.device[0]);
	if (!strcmp(argv[1], "flood") && devices == 1)
		flood();
	else if (!strcmp(argv[1], "twins") && devices == 2)
		twins();
	else
		usage();
	return wrong != 0;
}
