/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ports: ways for a frame into the kernel, and to see what comes back.
 */
#ifndef FUZZ_PORTS_H
#define FUZZ_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"

/**
 * enum way - how frames get in
 * @LINEAR: a packet socket on a veth; an sk_buff in one piece
 * @PAGED: its ring: only the Ethernet header is linear, the rest in pages
 * @VNET: a packet socket with virtio-net headers: checksums left to be done
 * @TAP: a tap device with virtio-net headers
 * @FRAGS: the same by NAPI and GRO, in several pieces
 * @TUN: the same without Ethernet headers
 */
enum way { LINEAR, PAGED, VNET, TAP, FRAGS, TUN };

struct port {
	enum way way;
	int fd;			/* to send by */
	int in;			/* to receive by */
	uint8_t *tx, *rx;	/* rings */
	unsigned int tx_next, rx_next;
	uint64_t refused;	/* by the kernel, before any hook */
	unsigned int filled;	/* where the last frame's checksum is left to be put, or 0 */
};

enum way way_named(const char *name);
void port_open(struct port *p, enum way way, const char *device);
void port_send(struct port *p, struct rng *r, const struct frame *f);
const uint8_t *port_receive(struct port *p, unsigned int *len);
void port_release(struct port *p);
void listen_at(const char *device) __attribute__((noreturn));

#endif /* FUZZ_PORTS_H */
