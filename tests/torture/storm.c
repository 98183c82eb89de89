// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm: the frames of a file, over and over, into a device that may come and
 * go meanwhile.
 *
 * By AF_PACKET through the queueing discipline: unlike blast it may send into
 * a device that goes, and waits for the next one of its name. The file is of
 * records: the length of what follows as a 32-bit number, a struct
 * virtio_net_hdr (so that an sk_buff can stand for many packets), a frame.
 * Ends after so many seconds or frames, or at SIGTERM, and says what it did:
 *	sent N refused M gone K
 * M frames the kernel wouldn't take; K times there was no device.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_FRAMES	4096
#define BATCH		64
#define RETRY		1000	/* microseconds, while there is no device */

static struct iovec frames[MAX_FRAMES];
static unsigned int n_frames;
static volatile sig_atomic_t ended;
static unsigned long long sent, refused, gone;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void usage(void)
{
	fputs("Usage: storm -i DEVICE -f FILE [OPTIONS]\n"
	      "  -i DEVICE   send into this device, whenever there is one of the name\n"
	      "  -f FILE     frames\n"
	      "  -s SECONDS  for so long (60)\n"
	      "  -n COUNT    at most so many frames\n"
	      "  -w USECS    wait between each 64 frames (0)\n"
	      "  -c CPU      run on this CPU only\n", stderr);
	exit(2);
}

static unsigned long number(const char *text, unsigned long max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > max)
		usage();
	return n;
}

static void read_frames(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t at = 0, size;
	struct stat st;
	uint32_t len;
	char *data;

	if (fd < 0 || fstat(fd, &st))
		fail(path);
	size = st.st_size;
	data = malloc(size + 1);
	if (!data || read(fd, data, size) != (ssize_t)size)
		fail(path);
	close(fd);
	while (at < size && n_frames < MAX_FRAMES) {
		if (size - at < sizeof(len))
			break;
		memcpy(&len, data + at, sizeof(len));
		at += sizeof(len);
		if (len < sizeof(struct virtio_net_hdr) + ETH_HLEN || len > size - at)
			break;
		frames[n_frames].iov_base = data + at;
		frames[n_frames++].iov_len = len;
		at += len;
	}
	if (at != size || !n_frames) {
		fprintf(stderr, "storm: %s: not a file of frames\n", path);
		exit(1);
	}
}

/* A batch, from frame number first; what is refused is left out. */
static void send_batch(int fd, struct sockaddr_ll *to, unsigned int n,
		       unsigned int first)
{
	static struct mmsghdr messages[BATCH];
	unsigned int i = 0;
	int done;

	for (i = 0; i < n; i++) {
		struct msghdr *m = &messages[i].msg_hdr;

		m->msg_name = to;
		m->msg_namelen = sizeof(*to);
		m->msg_iov = &frames[(first + i) % n_frames];
		m->msg_iovlen = 1;
	}
	for (i = 0; i < n && !ended;) {
		done = sendmmsg(fd, messages + i, n - i, 0);
		if (done > 0) {
			sent += done;
			i += done;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == ENXIO || errno == ENODEV || errno == ENETDOWN) {
			to->sll_ifindex = 0;
			return;
		}
		/* Too large for the device, or its queue is full. */
		refused++;
		i++;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	const char *device = NULL, *file = NULL;
	unsigned long long limit = -1ULL;
	unsigned int seconds = 60, first = 0;
	useconds_t pause = 0;
	int fd, c, one = 1;
	cpu_set_t cpus;

	while ((c = getopt(argc, argv, "i:f:s:n:w:c:")) != -1) {
		switch (c) {
		case 'i': device = optarg; break;
		case 'f': file = optarg; break;
		case 's': seconds = number(optarg, 86400); break;
		case 'n': limit = number(optarg, 1UL << 40); break;
		case 'w': pause = number(optarg, 1000000); break;
		case 'c':
			CPU_ZERO(&cpus);
			CPU_SET(number(optarg, CPU_SETSIZE - 1), &cpus);
			if (sched_setaffinity(0, sizeof(cpus), &cpus))
				fail("sched_setaffinity");
			break;
		default: usage();
		}
	}
	if (optind < argc || !device || !file)
		usage();
	read_frames(file);
	signal(SIGTERM, end);
	signal(SIGALRM, end);
	alarm(seconds);

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket(AF_PACKET)");
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)))
		fail("PACKET_VNET_HDR");
	while (!ended && sent + refused < limit) {
		unsigned int n = BATCH;

		if (!to.sll_ifindex)
			to.sll_ifindex = if_nametoindex(device);
		if (!to.sll_ifindex) {
			gone++;
			usleep(RETRY);
			continue;
		}
		if (limit - sent - refused < n)
			n = limit - sent - refused;
		send_batch(fd, &to, n, first);
		if (!to.sll_ifindex) {
			/* Down, perhaps: it must not be asked for all the time. */
			gone++;
			usleep(RETRY);
			continue;
		}
		first = (first + n) % n_frames;
		if (pause)
			usleep(pause);
	}
	printf("sent %llu refused %llu gone %llu\n", sent, refused, gone);
	return 0;
}
