// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ports.h"

#define SLOT		16384
#define SLOTS		256
#define BLOCK		(16 * SLOT)

/* Not in every C library's headers. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING	23
#endif

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

enum way way_named(const char *name)
{
	static const char *const names[] = { "linear", "paged", "vnet", "tap", "frags", "tun" };
	unsigned int i;

	for (i = 0; i < COUNT(names); i++)
		if (!strcmp(name, names[i]))
			return i;
	fprintf(stderr, "no way '%s'\n", name);
	exit(2);
}

static void set(int fd, int option, int value)
{
	if (setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)))
		fail("setsockopt");
}

static void bind_to(int fd, const char *device, int protocol)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(device),
	};

	if (!to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		fail(device);
}

static uint8_t *ring(int fd, int which)
{
	struct tpacket_req req = {
		.tp_block_size = BLOCK, .tp_block_nr = SLOTS * SLOT / BLOCK,
		.tp_frame_size = SLOT, .tp_frame_nr = SLOTS,
	};
	void *at;

	set(fd, PACKET_VERSION, TPACKET_V2);
	if (setsockopt(fd, SOL_PACKET, which, &req, sizeof(req)))
		fail("packet ring");
	at = mmap(NULL, SLOT * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static int packet_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("packet socket");
	return fd;
}

static void open_tun(struct port *p, const char *device)
{
	struct ifreq req = {};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", device);
	req.ifr_flags = IFF_NO_PI | IFF_VNET_HDR | (p->way == TUN ? IFF_TUN : IFF_TAP);
	if (p->way == FRAGS)
		req.ifr_flags |= IFF_NAPI | IFF_NAPI_FRAGS;
	p->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (p->fd < 0 || ioctl(p->fd, TUNSETIFF, &req))
		fail("tun");
	p->in = p->fd;
}

void port_open(struct port *p, enum way way, const char *device)
{
	memset(p, 0, sizeof(*p));
	p->way = way;
	if (way >= TAP) {
		open_tun(p, device);
		return;
	}
	p->fd = packet_socket();
	if (way == PAGED) {
		/* A frame that is no good is passed over. */
		set(p->fd, PACKET_LOSS, 1);
		p->tx = ring(p->fd, PACKET_TX_RING);
	}
	if (way == VNET)
		set(p->fd, PACKET_VNET_HDR, 1);
	bind_to(p->fd, device, 0);
	p->in = packet_socket();
	set(p->in, PACKET_IGNORE_OUTGOING, 1);
	p->rx = ring(p->in, PACKET_RX_RING);
	bind_to(p->in, device, ETH_P_ALL);
}

/* What a sender may say of a frame that is left to be finished. */
static struct virtio_net_hdr offload(struct rng *r, const struct frame *f)
{
	static const uint8_t kinds[] = {
		VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_UDP,
		VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4,
		VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
	};
	static const uint8_t offsets[] = { 16, 6, 16, 6, 16 };
	struct virtio_net_hdr h = {};
	unsigned int kind = below(r, COUNT(kinds));

	if (chance(r, 40))
		return h;
	if (chance(r, 80)) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.csum_start = chance(r, 70) ? 34 + 20 * below(r, 2) : below(r, f->len + 2);
		h.csum_offset = chance(r, 40) ? offsets[kind] : chance(r, 60) ? 2 : below(r, 64);
	}
	if (chance(r, 50)) {
		h.gso_type = chance(r, 95) ? kinds[kind] : rng_next(r);
		h.gso_size = chance(r, 60) ? 1 + below(r, 1500) :
			     chance(r, 50) ? 1 + below(r, 8) : rng_next(r);
		h.hdr_len = chance(r, 60) ? 54 : rng_next(r);
	}
	if (chance(r, 3))
		h.flags = rng_next(r);
	return h;
}

/* Whether two bytes of a frame say what it carries: a protocol, an ICMP type. */
static bool names_what(const struct frame *f, unsigned int at)
{
	const bool ipv6 = f->len > ETH && f->data[ETH] >> 4 == 6;
	const unsigned int protocol = ETH + (ipv6 ? 6 : 9);
	struct icmp m;

	if (at == protocol || at + 1 == protocol)
		return true;
	return frame_icmp(f->data, f->len, &m) && (at == m.at || at + 1 == m.at);
}

static void send_vnet(struct port *p, struct rng *r, const struct frame *f)
{
	struct virtio_net_hdr h = {};
	struct iovec part[8] = { { &h, sizeof(h) } };
	unsigned int at = p->way == TUN && f->len > ETH ? ETH : 0, n = 1, len;

	if (r)
		h = offload(r, f);
	/* One put there would make another message of it, which is to no request. */
	if (names_what(f, at + h.csum_start + h.csum_offset))
		h.flags &= ~VIRTIO_NET_HDR_F_NEEDS_CSUM;
	/*
	 * Where reassembly moves the headers, one that lies in them comes to lie
	 * before the packet, of which the kernel warns (skb_checksum_help()).
	 */
	if (f->len > ETH && packet_is_fragment(f->data + ETH, f->len - ETH))
		h.flags &= ~VIRTIO_NET_HDR_F_NEEDS_CSUM;
	if (h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		p->filled = at + h.csum_start + h.csum_offset;
	/* Where the pieces end is as random as all else. */
	while (at < f->len && n < COUNT(part)) {
		len = f->len - at;
		if (r && p->way == FRAGS && n < COUNT(part) - 1 && len > ETH)
			len = n == 1 ? ETH + below(r, 60) : 1 + below(r, len);
		if (len > f->len - at)
			len = f->len - at;
		part[n].iov_base = (void *)(f->data + at);
		part[n++].iov_len = len;
		at += len;
	}
	if (writev(p->fd, part, n) < 0)
		p->refused++;
}

static void send_paged(struct port *p, const struct frame *f)
{
	struct tpacket2_hdr *h = (void *)(p->tx + p->tx_next * SLOT);
	struct pollfd wait = { p->fd, POLLOUT, 0 };

	while (__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_SENDING)
		poll(&wait, 1, 10);
	memcpy((uint8_t *)h + TPACKET2_HDRLEN - sizeof(struct sockaddr_ll), f->data, f->len);
	h->tp_len = f->len;
	__atomic_store_n(&h->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
	p->refused += send(p->fd, NULL, 0, 0) < 0;
	/* What couldn't be sent keeps the kernel at its slot. */
	if (__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_SEND_REQUEST)
		p->tx_next = (p->tx_next + 1) % SLOTS;
}

/*
 * A frame that the kernel doesn't take is counted, and forgotten. Without r it
 * goes as it is, in one piece.
 */
void port_send(struct port *p, struct rng *r, const struct frame *f)
{
	p->filled = 0;
	if (p->way == PAGED)
		send_paged(p, f);
	else if (p->way == LINEAR)
		p->refused += send(p->fd, f->data, f->len, 0) < 0;
	else
		send_vnet(p, r, f);
}

/* The next frame that has come, until port_release(); NULL if there is none. */
const uint8_t *port_receive(struct port *p, unsigned int *len)
{
	static uint8_t buffer[70000];
	const unsigned int head = sizeof(struct virtio_net_hdr);
	struct tpacket2_hdr *h;
	ssize_t got;

	if (!p->rx) {
		got = read(p->in, buffer + ETH, sizeof(buffer) - ETH);
		if (got < (ssize_t)head + 1)
			return NULL;
		*len = got - head;
		if (p->way != TUN)
			return buffer + ETH + head;
		/* As if it had an Ethernet header. */
		memset(buffer + head, 0, 12);
		put16(buffer + head + 12, buffer[ETH + head] >> 4 == 4 ? 0x0800 : 0x86dd);
		*len += ETH;
		return buffer + head;
	}
	h = (void *)(p->rx + p->rx_next * SLOT);
	if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return NULL;
	*len = h->tp_snaplen;
	return (uint8_t *)h + h->tp_mac;
}

void port_release(struct port *p)
{
	struct tpacket2_hdr *h;

	if (!p->rx)
		return;
	h = (void *)(p->rx + p->rx_next * SLOT);
	__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	p->rx_next = (p->rx_next + 1) % SLOTS;
}

/* Reads all that passes a device, so that each sk_buff there is a clone's, too. */
void listen_at(const char *device)
{
	int fd = packet_socket();
	char byte;

	bind_to(fd, device, ETH_P_ALL);
	puts("listening");
	fflush(stdout);
	for (;;)
		if (recv(fd, &byte, 1, MSG_TRUNC) < 0 && errno != ENETDOWN)
			fail(device);
}
