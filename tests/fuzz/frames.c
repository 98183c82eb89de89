// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading frames, making their checksums right, and comparing them.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

/* RFC 1071's, folded, not inverted; behind a sum that has begun. */
uint16_t sum16(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static bool exthdr(uint8_t protocol)
{
	return protocol == 0 || protocol == 43 || protocol == 44 ||
	       protocol == 51 || protocol == 60 || protocol == 135;
}

/*
 * The upper layer of an IPv6 packet: its offset in the packet; 0 if there is
 * none. Later fragments have none.
 */
static unsigned int upper6(const uint8_t *ip, unsigned int len,
			   uint8_t *protocol, bool *fragment)
{
	unsigned int at = 40;

	*protocol = ip[6];
	while (exthdr(*protocol)) {
		const uint8_t *h = ip + at;

		if (at + 8 > len)
			return 0;
		if (*protocol == 44) {
			*fragment |= !!(get16(h + 2) & 0xfff9);
			if (get16(h + 2) & 0xfff8)
				return 0;
			at += 8;
		} else {
			at += *protocol == 51 ? (h[1] + 2) * 4 : (h[1] + 1) * 8;
		}
		*protocol = h[0];
	}
	return at <= len ? at : 0;
}

/* Whether a frame carries an ICMP message whose first eight bytes are there. */
bool frame_icmp(const uint8_t *frame, unsigned int len, struct icmp *m)
{
	const uint8_t *ip = frame + ETH;
	unsigned int at, total;
	uint8_t protocol;

	memset(m, 0, sizeof(*m));
	if (len < ETH + 20)
		return false;
	len -= ETH;
	if (get16(frame + 12) == 0x0800) {
		at = (ip[0] & 15) * 4;
		total = get16(ip + 2);
		protocol = ip[9];
		m->fragment = get16(ip + 6) & 0x3fff;
		if (at < 20 || protocol != 1 || get16(ip + 6) & 0x1fff)
			return false;
		m->family = 4;
		m->src = ip + 12;
		m->dst = ip + 16;
	} else if (get16(frame + 12) == 0x86dd && len >= 40) {
		total = get16(ip + 4) + 40;
		at = upper6(ip, len, &protocol, &m->fragment);
		if (!at || protocol != 58)
			return false;
		m->family = 6;
		m->src = ip + 8;
		m->dst = ip + 24;
	} else {
		return false;
	}
	if (total > len)
		total = len;
	if (at + 8 > total)
		return false;
	m->type = ip[at];
	m->at = ETH + at;
	m->len = total - at;
	return true;
}

static void seal_l4(uint8_t *ip, unsigned int len, unsigned int family,
		    unsigned int at, uint8_t protocol)
{
	uint32_t pseudo = 0;
	unsigned int off;

	if (protocol == 6)
		off = 16;
	else if (protocol == 17)
		off = 6;
	else if (protocol == (family == 4 ? 1 : 58))
		off = 2;
	else
		return;
	if (at + off + 2 > len)
		return;
	if (protocol != 1)
		pseudo = sum16(protocol + len - at, ip + (family == 4 ? 12 : 8),
			       family == 4 ? 8 : 32);
	put16(ip + at + off, 0);
	put16(ip + at + off, ~sum16(pseudo, ip + at, len - at));
}

/* Makes all checksums right, as the frame stands; lengths are taken as they are. */
void frame_seal(struct frame *f)
{
	unsigned int len = f->len - ETH, at, total;
	uint8_t *ip = f->data + ETH, protocol;
	bool fragment = false;

	if (f->len < ETH + 20)
		return;
	if (get16(f->data + 12) == 0x0800) {
		at = (ip[0] & 15) * 4;
		total = get16(ip + 2);
		if (at < 20 || at > len)
			return;
		if (total >= at && total <= len && !(get16(ip + 6) & 0x3fff))
			seal_l4(ip, total, 4, at, ip[9]);
		put16(ip + 10, 0);
		put16(ip + 10, ~sum16(0, ip, at));
	} else if (get16(f->data + 12) == 0x86dd && len >= 40) {
		total = get16(ip + 4) + 40;
		if (total > len)
			return;
		at = upper6(ip, total, &protocol, &fragment);
		if (at && !fragment)
			seal_l4(ip, total, 6, at, protocol);
	}
}

/* What comes when it likes: neighbours and groups asking. */
bool frame_at_leisure(const uint8_t *frame, unsigned int len)
{
	struct icmp m;

	if (get16(frame + 12) == 0x0806)
		return true;
	if (get16(frame + 12) == 0x0800)
		return len > ETH + 9 && frame[ETH + 9] == 2;
	return frame_icmp(frame, len, &m) && m.family == 6 &&
	       ((m.type >= 130 && m.type <= 137) || m.type == 143);
}

/* An IPv4 header without its checksum, and the times in its options. */
static void timeless(uint8_t *ip, unsigned int len)
{
	unsigned int at, end = (ip[0] & 15) * 4;

	put16(ip + 10, 0);
	for (at = 20; at + 4 < end && end <= len; at += ip[at] > 1 ? ip[at + 1] : 1) {
		if (ip[at] > 1 && (ip[at + 1] < 2 || at + ip[at + 1] > end))
			return;
		if (ip[at] == 68)
			memset(ip + at + 4, 0, ip[at + 1] > 4 ? ip[at + 1] - 4 : 0);
	}
}

/* Where an IPv6 packet's fragment ID is; 0 if it has none. */
static unsigned int fragment_id(const uint8_t *ip, unsigned int len)
{
	uint8_t protocol = ip[6];
	unsigned int at = 40;

	while (exthdr(protocol) && at + 8 <= len) {
		if (protocol == 44)
			return at + 4;
		protocol = ip[at];
		at += ip[at + 1] * (protocol == 51 ? 4 : 8) + 8;
	}
	return 0;
}

/* Whether a packet is a fragment, or has a fragment's header, by its IP version. */
bool packet_is_fragment(const uint8_t *ip, unsigned int len)
{
	if (len >= 20 && ip[0] >> 4 == 4)
		return get16(ip + 6) & 0x3fff;
	return len >= 40 && ip[0] >> 4 == 6 && fragment_id(ip, len);
}

/*
 * IPv6 that cuts what a sender left to it takes an ID by chance, and an error
 * quotes it. The error's checksum must be right before it is taken out.
 */
static void timeless6(struct frame *f)
{
	uint8_t *ip = f->data + ETH;
	unsigned int at = fragment_id(ip, f->len - ETH);
	struct icmp m;

	if (at)
		memset(ip + at, 0, 4);
	if (!frame_icmp(f->data, f->len, &m) || m.fragment || m.type < 1 || m.type > 4 || m.len < 48 ||
	    sum16(sum16(58 + m.len, m.src, 32), f->data + m.at, m.len) != 0xffff)
		return;
	at = fragment_id(f->data + m.at + 8, m.len - 8);
	if (!at)
		return;
	memset(f->data + m.at + 8 + at, 0, 4);
	put16(f->data + m.at + 2, 0);
}

/*
 * Takes out what differs each time: the IPv4 ID, that of IPv6 fragments, the
 * time, and checksums over them.
 */
bool frame_normal(struct frame *f)
{
	uint8_t *ip = f->data + ETH;
	struct icmp m;

	if (get16(f->data + 12) == 0x0800) {
		if (sum16(0, ip, (ip[0] & 15) * 4) != 0xffff)
			return false;
		put16(ip + 4, 0);
		timeless(ip, f->len - ETH);
		if (!frame_icmp(f->data, f->len, &m) || m.fragment || m.len < 20)
			return true;
		/* A timestamp reply, and errors, which quote a header. */
		if (m.type == 14)
			memset(f->data + m.at + 12, 0, 8);
		else if (m.type == 3 || m.type == 11 || m.type == 12)
			timeless(f->data + m.at + 8, m.len > 28 ? m.len - 8 : 0);
		else
			return true;
		put16(f->data + m.at + 2, 0);
	} else if (get16(f->data + 12) == 0x86dd && f->len >= ETH + 40) {
		timeless6(f);
	}
	return true;
}
