// SPDX-License-Identifier: GPL-2.0-only
/*
 * blast: many Ethernet frames with valid IP packets, straight into a device.
 *
 * By AF_PACKET, past the queueing discipline and past every netfilter hook of
 * the sender: what the other end of a veth receives is exactly what is sent.
 * The frames are built first and then sent in turn, many per system call.
 * Prints `sent N'; exits 1 if fewer were sent than asked for. The device must
 * outlive it: a 6.1 kernel divides by zero in packet_direct_xmit() when one
 * goes that is being sent into this way.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FRAMES	512
#define MAX_FRAME	9216
#define BATCH		64

enum kind { UDP, ICMP, TCP, RAW };

static const char *const kinds[] = { "udp", "icmp", "tcp", "raw" };

static struct {
	const char *device;
	uint8_t src_mac[ETH_ALEN], dst_mac[ETH_ALEN];
	bool has_src_mac, has_dst_mac;
	int family;
	uint8_t src[16], dst[16];	/* 4 bytes of each for IPv4 */
	uint64_t count;
	size_t payload;
	useconds_t pause;
} want = { .count = 1, .payload = 56 };

static struct iovec frames[MAX_FRAMES];
static unsigned int n_frames;

static void usage(void)
{
	fputs("Usage: blast -i DEVICE -d MAC -S IP -D IP [OPTIONS]\n"
	      "  -i DEVICE   send into this device\n"
	      "  -d MAC      destination MAC address\n"
	      "  -m MAC      source MAC address (the device's)\n"
	      "  -S IP       source address, IPv4 or IPv6\n"
	      "  -D IP       destination address, of the same family\n"
	      "  -n COUNT    frames to send (1)\n"
	      "  -l BYTES    payload behind the last header (56)\n"
	      "  -k KIND     udp, icmp (echo request), tcp; given again: in turn (udp)\n"
	      "  -p NUMBER   any IP protocol, its payload being 59, 0, 0 ... (for IPv6\n"
	      "              an extension header that nothing follows); all: 0 to 255\n"
	      "              in turn; given again: in turn\n"
	      "  -w USECS    wait between each 64 frames (0)\n"
	      "  -c CPU      run on this CPU only\n", stderr);
	exit(2);
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void reject(const char *option, const char *value)
{
	fprintf(stderr, "blast: -%s: not '%s'\n", option, value);
	usage();
}

static unsigned long number(const char *option, const char *text,
			    unsigned long max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > max)
		reject(option, text);
	return n;
}

static void parse_mac(const char *option, const char *text, uint8_t *mac)
{
	int end = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", mac, mac + 1,
		   mac + 2, mac + 3, mac + 4, mac + 5, &end) != 6 || text[end])
		reject(option, text);
}

static void parse_ip(const char *option, const char *text, uint8_t *address)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, address) != 1)
		reject(option, text);
	if (want.family && want.family != family)
		reject(option, text);
	want.family = family;
}

/* RFC 1071, over big-endian words; an odd last byte is the high one. */
static uint32_t sum(const void *data, size_t len, uint32_t start)
{
	const uint8_t *p = data;
	uint32_t s = start;

	for (; len > 1; len -= 2, p += 2)
		s += p[0] << 8 | p[1];
	if (len)
		s += p[0] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s & 0xffff);
}

/* The checksum of UDP, TCP and ICMPv6, over the pseudo-header too. */
static uint16_t l4_checksum(const void *l4, size_t len, uint8_t protocol)
{
	size_t address = want.family == AF_INET ? 4 : 16;
	uint32_t s = protocol + len;

	s = sum(want.src, address, s);
	s = sum(want.dst, address, s);
	return fold(sum(l4, len, s));
}

static size_t build_l4(uint8_t *l4, enum kind kind, uint8_t protocol)
{
	static const size_t headers[] = {
		sizeof(struct udphdr), sizeof(struct icmphdr),
		sizeof(struct tcphdr), 0,
	};
	size_t len = headers[kind] + want.payload, i;

	for (i = headers[kind]; kind != RAW && i < len; i++)
		l4[i] = i;
	if (kind == UDP) {
		struct udphdr *udp = (void *)l4;

		udp->source = htons(40000);
		udp->dest = htons(9);	/* discard */
		udp->len = htons(len);
		udp->check = l4_checksum(l4, len, protocol);
		if (!udp->check)
			udp->check = 0xffff;
	} else if (kind == TCP) {
		struct tcphdr *tcp = (void *)l4;

		tcp->source = htons(40000);
		tcp->dest = htons(9);
		tcp->seq = htonl(1);
		tcp->ack_seq = htonl(1);
		tcp->doff = 5;
		tcp->ack = 1;
		tcp->window = htons(1024);
		tcp->check = l4_checksum(l4, len, protocol);
	} else if (kind == ICMP) {
		/* An echo request looks the same in both families. */
		struct icmphdr *icmp = (void *)l4;

		icmp->type = protocol == IPPROTO_ICMP ? ICMP_ECHO :
							ICMP6_ECHO_REQUEST;
		icmp->un.echo.id = htons(0x6e6c);
		icmp->un.echo.sequence = htons(1);
		icmp->checksum = protocol == IPPROTO_ICMP ?
				 fold(sum(l4, len, 0)) :
				 l4_checksum(l4, len, protocol);
	} else if (len) {
		l4[0] = IPPROTO_NONE;
	}
	return len;
}

static void add_frame(enum kind kind, uint8_t protocol)
{
	bool ipv4 = want.family == AF_INET;
	size_t ip_len = ipv4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	uint8_t *frame = calloc(1, MAX_FRAME);
	struct ether_header *eth = (void *)frame;
	uint8_t *ip;
	size_t len;

	if (!frame)
		fail("calloc");
	ip = frame + sizeof(*eth);
	if (n_frames == MAX_FRAMES) {
		fprintf(stderr, "blast: more than %d frames\n", MAX_FRAMES);
		usage();
	}
	memcpy(eth->ether_dhost, want.dst_mac, ETH_ALEN);
	memcpy(eth->ether_shost, want.src_mac, ETH_ALEN);
	eth->ether_type = htons(ipv4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);

	if (kind == UDP)
		protocol = IPPROTO_UDP;
	else if (kind == TCP)
		protocol = IPPROTO_TCP;
	else if (kind == ICMP)
		protocol = ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	len = build_l4(ip + ip_len, kind, protocol);

	if (ipv4) {
		struct iphdr *ip4 = (void *)ip;

		ip4->version = 4;
		ip4->ihl = 5;
		ip4->tot_len = htons(ip_len + len);
		ip4->frag_off = htons(IP_DF);
		ip4->ttl = 64;
		ip4->protocol = protocol;
		memcpy(&ip4->saddr, want.src, 4);
		memcpy(&ip4->daddr, want.dst, 4);
		ip4->check = fold(sum(ip, ip_len, 0));
	} else {
		struct ip6_hdr *ip6 = (void *)ip;

		ip6->ip6_flow = htonl(6U << 28);
		ip6->ip6_plen = htons(len);
		ip6->ip6_nxt = protocol;
		ip6->ip6_hlim = 64;
		memcpy(&ip6->ip6_src, want.src, 16);
		memcpy(&ip6->ip6_dst, want.dst, 16);
	}
	frames[n_frames].iov_base = frame;
	frames[n_frames++].iov_len = sizeof(*eth) + ip_len + len;
}

static int open_device(struct sockaddr_ll *to)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	struct ifreq request = { 0 };

	if (fd < 0)
		fail("socket(AF_PACKET)");
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		fail("PACKET_QDISC_BYPASS");
	strncpy(request.ifr_name, want.device, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFINDEX, &request))
		fail(want.device);
	to->sll_family = AF_PACKET;
	to->sll_protocol = htons(want.family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	to->sll_ifindex = request.ifr_ifindex;
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		fail(want.device);
	if (!want.has_src_mac)
		memcpy(want.src_mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return fd;
}

static uint64_t send_all(int fd, struct sockaddr_ll *to)
{
	static struct mmsghdr messages[BATCH];
	uint64_t sent = 0;

	while (sent < want.count) {
		unsigned int n = want.count - sent < BATCH ?
				 want.count - sent : BATCH, i;
		int done;

		for (i = 0; i < n; i++) {
			struct msghdr *m = &messages[i].msg_hdr;

			m->msg_name = to;
			m->msg_namelen = sizeof(*to);
			m->msg_iov = &frames[(sent + i) % n_frames];
			m->msg_iovlen = 1;
		}
		done = sendmmsg(fd, messages, n, 0);
		/* A device that is busy has taken nothing of it. */
		if (done < 0 && (errno == ENOBUFS || errno == EAGAIN ||
				 errno == EINTR))
			continue;
		if (done < 0) {
			perror("sendmmsg");
			break;
		}
		sent += done;
		if (want.pause)
			usleep(want.pause);
	}
	return sent;
}

int main(int argc, char **argv)
{
	struct { enum kind kind; int protocol; } asked[MAX_FRAMES];
	unsigned int n_asked = 0, i, cpu = CPU_SETSIZE;
	bool has_src = false, has_dst = false;
	struct sockaddr_ll to = { 0 };
	cpu_set_t cpus;
	uint64_t sent;
	const char *limit;
	int fd, c, p;

	while ((c = getopt(argc, argv, "i:d:m:S:D:n:l:k:p:c:w:")) != -1) {
		switch (c) {
		case 'i': want.device = optarg; break;
		case 'd':
			parse_mac("d", optarg, want.dst_mac);
			want.has_dst_mac = true;
			break;
		case 'm':
			parse_mac("m", optarg, want.src_mac);
			want.has_src_mac = true;
			break;
		case 'S': parse_ip("S", optarg, want.src); has_src = true; break;
		case 'D': parse_ip("D", optarg, want.dst); has_dst = true; break;
		case 'n': want.count = number("n", optarg, 1UL << 32); break;
		case 'l': want.payload = number("l", optarg, MAX_FRAME - 128); break;
		case 'w': want.pause = number("w", optarg, 1000000); break;
		case 'c': cpu = number("c", optarg, CPU_SETSIZE - 1); break;
		case 'k':
			for (p = 0; p < RAW && strcmp(optarg, kinds[p]); p++)
				;
			if (p == RAW || n_asked == MAX_FRAMES)
				reject("k", optarg);
			asked[n_asked].protocol = 0;
			asked[n_asked++].kind = p;
			break;
		case 'p':
			if (n_asked == MAX_FRAMES)
				reject("p", optarg);
			asked[n_asked].kind = RAW;
			asked[n_asked++].protocol = strcmp(optarg, "all") ?
				(int)number("p", optarg, 255) : -1;
			break;
		default: usage();
		}
	}
	if (optind < argc || !want.device || !want.has_dst_mac || !has_src ||
	    !has_dst)
		usage();

	limit = getenv("NETLAB_TEST_LIMIT");
	alarm(limit ? atoi(limit) : 300);	/* never longer than the test */
	fd = open_device(&to);
	if (!n_asked)
		asked[n_asked++].kind = UDP;
	for (i = 0; i < n_asked; i++) {
		if (asked[i].kind != RAW || asked[i].protocol >= 0)
			add_frame(asked[i].kind, asked[i].protocol);
		else
			for (p = 0; p < 256; p++)
				add_frame(RAW, p);
	}
	if (cpu < CPU_SETSIZE) {
		CPU_ZERO(&cpus);
		CPU_SET(cpu, &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus))
			fail("sched_setaffinity");
	}

	sent = send_all(fd, &to);
	printf("sent %llu\n", (unsigned long long)sent);
	return sent != want.count;
}
