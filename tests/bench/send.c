// SPDX-License-Identifier: GPL-2.0-only
/*
 * send: what one packet costs its receiver and its sender together, in
 * instructions. To be run in a guest in which each instruction takes one tick
 * of the time stamp counter.
 *
 *   send DEV MAC answer|echo|icmp|udp|tcp SOURCE DESTINATION NETDIR
 *	sends rounds of frames by DEV to MAC and prints the median, the least
 *	and the most that a round cost, per packet. NETDIR is the receiver's
 *	/proc/PID/net: all of a round's packets must have come to IP there
 *	before the clock is read, or the figure would miss a part of the work.
 *	icmp is an echo reply, which nobody waits for; echo is a request that
 *	nobody answers; answer is a request to which just one reply must have
 *	come to ICMP in this namespace, with a good checksum.
 *   send count
 *   send round
 *	says how many packets that is; how many of them are in a round.
 *   send sink
 *	has a UDP socket for port 9 whose queue is full for ever.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#define FRAME	98	/* an ordinary ping's */
/* Short rounds: the timer's interrupts then fall in few of them. */
#define BATCH	64
#define ROUNDS	101
#define WARM_UP	10

static void die(const char *what)
{
	fprintf(stderr, "send: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Two instructions a turn, which must take two ticks unless interrupted. */
static void check_clock(void)
{
	unsigned long long begin, ticks, least = -1;
	int i;

	for (i = 0; i < 10; i++) {
		unsigned long turns = 10000;

		begin = __rdtsc();
		asm volatile("1: dec %0\n\tjnz 1b" : "+r" (turns) : : "cc");
		ticks = __rdtsc() - begin;
		if (ticks < least)
			least = ticks;
	}
	if (least < 20000 || least > 20100) {
		fprintf(stderr, "send: 20000 instructions took %llu ticks: "
			"this machine doesn't count instructions\n", least);
		exit(1);
	}
}

static unsigned int sum(const void *data, size_t len, unsigned int start)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		start += i % 2 ? p[i] : p[i] << 8;
	return start;
}

static unsigned short fold(unsigned int start)
{
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return htons((unsigned short)~start);
}

static bool is_request(const char *protocol)
{
	return !strcmp(protocol, "echo") || !strcmp(protocol, "answer");
}

/* The transport header and its checksum, at the end of the frame. */
static int fill_transport(unsigned char *at, size_t len, const char *protocol,
			  bool ipv6, unsigned int addresses)
{
	struct icmphdr *icmp = (void *)at;
	struct udphdr *udp = (void *)at;
	struct tcphdr *tcp = (void *)at;
	int number;
	size_t i;

	for (i = 0; i < len; i++)
		at[i] = (unsigned char)i;
	if (is_request(protocol) || !strcmp(protocol, "icmp")) {
		bool echo = is_request(protocol);

		number = ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		if (ipv6)
			icmp->type = echo ? ICMP6_ECHO_REQUEST : ICMP6_ECHO_REPLY;
		else
			icmp->type = echo ? ICMP_ECHO : ICMP_ECHOREPLY;
		icmp->code = 0;
		icmp->checksum = 0;
		icmp->checksum = fold(sum(at, len, ipv6 ? addresses + len + number : 0));
	} else if (!strcmp(protocol, "udp")) {
		number = IPPROTO_UDP;
		udp->source = htons(40000);
		udp->dest = htons(9);
		udp->len = htons(len);
		udp->check = 0;
		udp->check = fold(sum(at, len, addresses + len + number));
	} else if (!strcmp(protocol, "tcp")) {
		number = IPPROTO_TCP;
		memset(tcp, 0, sizeof(*tcp));
		tcp->source = htons(40000);
		tcp->dest = htons(9);
		tcp->doff = sizeof(*tcp) / 4;
		tcp->ack = 1;
		tcp->window = htons(1000);
		tcp->check = fold(sum(at, len, addresses + len + number));
	} else {
		fprintf(stderr, "send: answer, echo, icmp, udp or tcp, not '%s'\n", protocol);
		exit(1);
	}
	return number;
}

static void fill4(unsigned char *frame, const char *protocol,
		  const char *source, const char *destination)
{
	struct iphdr *ip = (void *)(frame + ETH_HLEN);
	const size_t len = FRAME - ETH_HLEN - sizeof(*ip);

	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = htons(FRAME - ETH_HLEN);
	ip->frag_off = htons(IP_DF);
	ip->ttl = 64;
	if (inet_pton(AF_INET, source, &ip->saddr) != 1 ||
	    inet_pton(AF_INET, destination, &ip->daddr) != 1)
		die("an address");
	ip->protocol = fill_transport((unsigned char *)(ip + 1), len, protocol,
				      false, sum(&ip->saddr, 8, 0));
	ip->check = fold(sum(ip, sizeof(*ip), 0));
}

static void fill6(unsigned char *frame, const char *protocol,
		  const char *source, const char *destination)
{
	struct ip6_hdr *ip = (void *)(frame + ETH_HLEN);
	const size_t len = FRAME - ETH_HLEN - sizeof(*ip);

	memset(ip, 0, sizeof(*ip));
	ip->ip6_flow = htonl(6u << 28);
	ip->ip6_plen = htons(len);
	ip->ip6_hlim = 64;
	if (inet_pton(AF_INET6, source, &ip->ip6_src) != 1 ||
	    inet_pton(AF_INET6, destination, &ip->ip6_dst) != 1)
		die("an address");
	ip->ip6_nxt = fill_transport((unsigned char *)(ip + 1), len, protocol,
				     true, sum(&ip->ip6_src, 32, 0));
}

/* The number that the form finds in one of the lines; none is none, if it may be. */
static unsigned long find(const char *path, const char *form, bool may_lack)
{
	unsigned long n = 0;
	bool found = false;
	char line[1024];
	FILE *f;

	f = fopen(path, "r");
	if (!f)
		die(path);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, form, &n) == 1;
	fclose(f);
	if (!found && !may_lack) {
		fprintf(stderr, "send: %s has no '%s'\n", path, form);
		exit(1);
	}
	return n;
}

/* How many packets have come to IP at the receiver. */
static unsigned long received(const char *netdir, bool ipv6)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", netdir, ipv6 ? "snmp6" : "snmp");
	return find(path, ipv6 ? "Ip6InReceives %lu" : "Ip: %*u %*u %lu", false);
}

/* How many echo replies have come to ICMP here. IPv6 has no line for none. */
static unsigned long replies(bool ipv6)
{
	return ipv6 ? find("/proc/self/net/snmp6", "Icmp6InEchoReplies %lu", true) :
		      find("/proc/self/net/snmp",
			   "Icmp: %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu", false);
}

/* How often another process has run in this one's stead. */
static long switches(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		die("getrusage");
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* Instructions that do nothing, at which profile.c knows what goes on. */
#define MARK(word)	(({ asm volatile(".byte 0x0f, 0x1f, 0x80\n\t.long " #word); }))
#define MARK_START	MARK(0x6e6c6200)	/* another send */
#define MARK_BEGIN	MARK(0x6e6c6201)	/* a round */
#define MARK_END	MARK(0x6e6c6202)

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double one_round(int fd, struct mmsghdr *messages)
{
	unsigned long long begin = __rdtsc();
	int sent = sendmmsg(fd, messages, BATCH, 0);
	unsigned long long end = __rdtsc();

	if (sent != BATCH)
		die("sendmmsg");
	return (double)(end - begin) / BATCH;
}

/* An answer may come without the receiver's IP having seen the request. */
static unsigned long count(bool answer, const char *netdir, bool ipv6)
{
	return answer ? replies(ipv6) : received(netdir, ipv6);
}

static int send_rounds(int fd, unsigned char *frame, bool answer,
		       const char *netdir, bool ipv6)
{
	struct iovec iov = { .iov_base = frame, .iov_len = FRAME };
	struct mmsghdr messages[BATCH] = { 0 };
	unsigned long came, unwanted = replies(ipv6);
	int i, disturbed = 0;
	double cost[ROUNDS];
	long switched;

	for (i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &iov;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	MARK_START;
	for (i = -WARM_UP; i < ROUNDS; i++) {
		came = count(answer, netdir, ipv6);
		switched = switches();
		if (i >= 0)
			MARK_BEGIN;
		cost[i < 0 ? 0 : i] = one_round(fd, messages);
		if (i >= 0)
			MARK_END;
		came = count(answer, netdir, ipv6) - came;
		disturbed += switches() != switched;
		if (came < BATCH || (answer && came > BATCH)) {
			fprintf(stderr, "send: %lu %s, not %d, had come when the clock was read\n",
				came, answer ? "replies" : "packets", BATCH);
			return 1;
		}
	}
	unwanted = replies(ipv6) - unwanted;
	if (!answer && unwanted) {
		fprintf(stderr, "send: %lu replies to packets that were to have none\n", unwanted);
		return 1;
	}
	/*
	 * What a softirq leaves undone the kernel's thread ksoftirqd does: it
	 * might be after the clock was read, and before the counter.
	 */
	if (disturbed > ROUNDS / 2) {
		fprintf(stderr, "send: in %d of %d rounds another process ran: the figure may miss its work\n",
			disturbed, WARM_UP + ROUNDS);
		return 1;
	}
	qsort(cost, ROUNDS, sizeof(*cost), compare);
	printf("%.1f %.1f %.1f\n", cost[ROUNDS / 2], cost[0], cost[ROUNDS - 1]);
	return 0;
}

static _Noreturn void sink(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), small = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)))
		die("a UDP socket for port 9");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	unsigned char frame[FRAME] = { 0 };
	int fd, bypass = 1;
	bool ipv6;

	if (argc == 2 && !strcmp(argv[1], "sink"))
		sink();
	if (argc == 2 && !strcmp(argv[1], "count")) {
		printf("%d\n", BATCH * (WARM_UP + ROUNDS));
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "round")) {
		printf("%d\n", BATCH);
		return 0;
	}
	if (argc != 7) {
		fprintf(stderr, "usage: send DEV MAC answer|echo|icmp|udp|tcp SOURCE DESTINATION NETDIR"
			" | send count | send round | send sink\n");
		return 1;
	}
	ipv6 = strchr(argv[4], ':');
	if (sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &frame[0], &frame[1],
		   &frame[2], &frame[3], &frame[4], &frame[5]) != 6)
		die("the MAC address");
	frame[6] = 2;
	frame[12] = ipv6 ? 0x86 : 0x08;
	frame[13] = ipv6 ? 0xdd : 0x00;
	(ipv6 ? fill6 : fill4)(frame, argv[3], argv[4], argv[5]);

	to.sll_ifindex = if_nametoindex(argv[1]);
	/* Protocol 0: this socket receives nothing. */
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || !to.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)))
		die(argv[1]);
	check_clock();
	return send_rounds(fd, frame, !strcmp(argv[3], "answer"), argv[6], ipv6);
}
