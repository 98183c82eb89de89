/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of packets, for tcpdump and Wireshark: the only place that knows libpcap.
 */
#ifndef NETLAB_CAPTURE_H
#define NETLAB_CAPTURE_H

#include "packet.h"
#include "tool.h"

struct capture;

enum status capture_open(struct capture **capture, const char *file,
			 unsigned int snaplen);
enum status capture_add(struct capture *capture, const struct packet *packet,
			uint64_t time);
enum status capture_flush(struct capture *capture);
void capture_close(struct capture *capture);

#endif /* NETLAB_CAPTURE_H */
