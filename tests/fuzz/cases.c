// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases: requests, chains of headers, options, fragments, neighbours, all of
 * ICMP, and frames of the corpus; many of them then damaged.
 */
#include <arpa/inet.h>
#include <string.h>

#include "frames.h"

static const uint8_t mac_ours[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t mac_theirs[6] = { 2, 0, 0, 0, 0, 2 };

/* The first ones are the likely ones; of those behind every kind has some. */
static const char *const sources4[] = {
	"192.0.2.1", "192.0.2.1", "192.0.2.77", "203.0.113.9", "198.51.100.9",
	"192.0.2.2", "192.0.2.255", "255.255.255.255", "224.0.0.1", "0.0.0.0",
	"0.1.2.3", "127.0.0.1", "240.0.0.1",
};
static const char *const targets4[] = {
	"192.0.2.2", "192.0.2.2", "198.51.100.77", "198.51.100.7",
	"203.0.113.77", "192.0.2.255", "255.255.255.255", "224.0.0.1",
	"192.0.2.99", "127.0.0.1", "0.0.0.0", "192.0.2.1", "10.20.30.40",
};
static const char *const sources6[] = {
	"2001:db8:1::1", "2001:db8:1::1", "2001:db8:1::77", "2001:db8:77::9",
	"2001:db8:f::9", "2001:db8:1::2", "fe80::1", "ff02::1", "::", "::1",
	"::ffff:192.0.2.1", "ff05::2",
};
static const char *const targets6[] = {
	"2001:db8:1::2", "2001:db8:1::2", "2001:db8:f::77", "2001:db8:f::1",
	"2001:db8:3::77", "ff02::1", "ff02::1:ff00:2", "ff02::1:ff00:77",
	"2001:db8:1::99", "::1", "::", "2001:db8:1::1", "fe80::2", "2001:db8:1::",
};

void case_address(struct rng *r, unsigned int family, uint8_t *p, bool source)
{
	const char *const *list;
	unsigned int n;

	if (family == 4) {
		list = source ? sources4 : targets4;
		n = source ? COUNT(sources4) : COUNT(targets4);
	} else {
		list = source ? sources6 : targets6;
		n = source ? COUNT(sources6) : COUNT(targets6);
	}
	n = chance(r, source ? 75 : 60) ? below(r, source ? 2 : 4) : below(r, n);
	inet_pton(family == 4 ? AF_INET : AF_INET6, list[n], p);
}

/* An Ethernet header, and an IP header without options. */
static uint8_t *begin(struct rng *r, struct frame *f, unsigned int family,
		      uint8_t protocol)
{
	uint8_t *ip = f->data + ETH;

	memcpy(f->data, mac_theirs, 6);
	memcpy(f->data + 6, mac_ours, 6);
	put16(f->data + 12, family == 4 ? 0x0800 : 0x86dd);
	f->len = ETH + (family == 4 ? 20 : 40);
	memset(ip, 0, f->len - ETH);
	if (family == 4) {
		ip[0] = 0x45;
		ip[1] = chance(r, 20) ? rng_next(r) : 0;
		put16(ip + 4, rng_next(r));
		ip[6] = chance(r, 30) ? 0x40 : 0;
		ip[8] = chance(r, 90) ? 64 : rng_next(r);
		ip[9] = protocol;
	} else {
		ip[0] = 0x60;
		if (chance(r, 20))
			fill(r, ip + 1, 3);
		ip[6] = protocol;
		ip[7] = chance(r, 80) ? 64 : chance(r, 50) ? 255 : rng_next(r);
	}
	case_address(r, family, ip + (family == 4 ? 12 : 8), true);
	case_address(r, family, ip + (family == 4 ? 16 : 24), false);
	return ip;
}

static void set_length(struct frame *f)
{
	uint8_t *ip = f->data + ETH;

	if (get16(f->data + 12) == 0x0800)
		put16(ip + 2, f->len - ETH);
	else
		put16(ip + 4, f->len - ETH - 40);
}

static unsigned int some_size(struct rng *r)
{
	switch (below(r, 8)) {
	case 0: return below(r, 12);
	case 1: return below(r, 1473);
	case 2: return 1440 + below(r, 40);
	case 3: return below(r, 4096);
	default: return below(r, 128);
	}
}

/* An ICMP message behind what the frame has, its checksum not yet made. */
static void add_icmp(struct rng *r, struct frame *f, uint8_t type,
		     unsigned int size)
{
	uint8_t *p = add(f, 8 + size);

	fill(r, p, 8 + size < 64 ? 8 + size : 64);
	memset(p + (8 + size < 64 ? 8 + size : 64), rng_next(r),
	       8 + size < 64 ? 0 : 8 + size - 64);
	p[0] = type;
	p[1] = chance(r, 95) ? 0 : rng_next(r);
}

static uint8_t request(unsigned int family)
{
	return family == 4 ? 8 : 128;
}

/* A request that nothing is wrong with, of which the caller knows the answer. */
void case_ping(struct frame *f, unsigned int family, unsigned int number)
{
	struct rng r = { number };
	uint8_t *ip = begin(&r, f, family, family == 4 ? 1 : 58);

	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? sources4[0] : sources6[0], ip + (family == 4 ? 12 : 8));
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? targets4[0] : targets6[0], ip + (family == 4 ? 16 : 24));
	ip[family == 4 ? 8 : 7] = 64;
	add_icmp(&r, f, request(family), 32);
	ip[family == 4 ? 21 : 41] = 0;
	set_length(f);
	frame_seal(f);
}

static void make_ping(struct rng *r, struct fuzz_case *c)
{
	unsigned int family = chance(r, 50) ? 4 : 6;
	struct frame *f = &c->frame[0];

	begin(r, f, family, family == 4 ? 1 : 58);
	add_icmp(r, f, request(family), some_size(r));
	set_length(f);
	frame_seal(f);
}

/* Any type, and what an error quotes. */
static void make_icmp(struct rng *r, struct fuzz_case *c)
{
	unsigned int family = chance(r, 50) ? 4 : 6, at;
	struct frame *f = &c->frame[0], inner = {};

	begin(r, f, family, family == 4 ? 1 : 58);
	add_icmp(r, f, chance(r, 70) ? below(r, family == 4 ? 44 : 160) :
				       rng_next(r), chance(r, 50) ? below(r, 64) : 0);
	at = ETH + (family == 4 ? 20 : 40);
	if (chance(r, 30))
		f->data[at + 1] = below(r, 20);
	if (chance(r, 50)) {
		begin(r, &inner, family, chance(r, 50) ? 17 : family == 4 ? 1 : 58);
		add_icmp(r, &inner, rng_next(r), below(r, 40));
		set_length(&inner);
		memcpy(add(f, inner.len - ETH), inner.data + ETH, inner.len - ETH);
	}
	set_length(f);
	frame_seal(f);
}

/* Extension headers of every kind, in any order, nested deeper than anyone looks. */
static void make_chain(struct rng *r, struct fuzz_case *c)
{
	static const uint8_t kinds[] = { 0, 43, 44, 51, 60, 135, 139, 140, 60, 0 };
	struct frame *f = &c->frame[0];
	uint8_t *next = begin(r, f, 6, 58) + 6, *h;
	unsigned int depth = chance(r, 70) ? below(r, 5) : below(r, 24), len;

	while (depth--) {
		*next = kinds[below(r, COUNT(kinds))];
		len = chance(r, 90) ? 8 * (1 + below(r, 3)) : 8 * below(r, 257);
		if (*next == 44)
			len = 8;
		h = add(f, len);
		if (f->len == MAX_FRAME || !len)
			break;
		memset(h, 0, len);
		h[1] = *next == 51 ? len / 4 - 2 : len / 8 - 1;
		if (*next == 44) {
			/* Whole, first or later. */
			put16(h + 2, chance(r, 60) ? 0 : chance(r, 50) ? 1 : rng_next(r));
			fill(r, h + 4, 4);
		} else if (*next == 43) {
			h[2] = chance(r, 50) ? below(r, 5) : rng_next(r);
			h[3] = chance(r, 60) ? 0 : below(r, 4);
		} else if (chance(r, 30)) {
			fill(r, h + 2, len - 2);
		} else {
			/* Padding, so that the stack passes it. */
			h[2] = 1;
			h[3] = len - 4 < 256 ? len - 4 : 255;
		}
		if (chance(r, 5))
			h[1] = rng_next(r);
		next = h;
	}
	*next = chance(r, 75) ? 58 : rng_next(r);
	add_icmp(r, f, chance(r, 80) ? 128 : 135, below(r, 100));
	set_length(f);
	frame_seal(f);
}

static void make_options(struct rng *r, struct fuzz_case *c)
{
	static const uint8_t kinds[] = { 0, 1, 7, 68, 130, 131, 134, 137, 148 };
	struct frame *f = &c->frame[0];
	uint8_t *ip = begin(r, f, 4, 1);
	unsigned int words = 1 + below(r, 10), at, len;
	uint8_t *o = add(f, words * 4);

	memset(o, 1, words * 4);
	for (at = 0; at + 4 <= words * 4; at += len) {
		o[at] = kinds[below(r, COUNT(kinds))];
		len = o[at] < 2 ? 1 : 3 + below(r, words * 4 - at);
		if (len > words * 4 - at)
			len = words * 4 - at;
		if (o[at] >= 2) {
			fill(r, o + at, len);
			o[at] = kinds[2 + below(r, COUNT(kinds) - 2)];
			o[at + 1] = chance(r, 90) ? len : rng_next(r);
			if (len > 2)
				o[at + 2] = chance(r, 80) ? 4 : rng_next(r);
		}
	}
	ip[0] = 0x40 | (5 + words);
	add_icmp(r, f, 8, some_size(r) & 1023);
	set_length(f);
	frame_seal(f);
}

/* A message cut in pieces: in order or not, some twice, missing or overlapping. */
static void make_fragments(struct rng *r, struct fuzz_case *c)
{
	static struct frame swap;
	struct frame *whole = &c->whole;
	unsigned int family = chance(r, 50) ? 4 : 6, head, size, at, n = 0, i, j;
	uint32_t id = rng_next(r);
	const unsigned int wrong = below(r, 6); /* 0: nothing, as 4 and 5 */

	begin(r, whole, family, family == 4 ? 1 : 58);
	head = whole->len;
	add_icmp(r, whole, request(family), below(r, MAX_FRAME - head - 64));
	set_length(whole);
	frame_seal(whole);
	size = 8 * (1 + below(r, 180));
	if ((whole->len - head) / size >= MAX_FRAMES - 2)
		size = ((whole->len - head) / (MAX_FRAMES - 4) + 8) & ~7u;

	for (at = head; at < whole->len && n < MAX_FRAMES; at += size, n++) {
		unsigned int len = whole->len - at < size ? whole->len - at : size;
		unsigned int offset = at - head, more = at + len < whole->len;
		struct frame *f = &c->frame[n];
		uint8_t *ip = f->data + ETH;

		memcpy(f->data, whole->data, head);
		f->len = head;
		if (wrong == 1 && chance(r, 20) && offset >= 8)
			offset -= 8; /* overlapping */
		if (family == 4) {
			put16(ip + 4, id);
			put16(ip + 6, more << 13 | offset / 8);
		} else {
			uint8_t *h = add(f, 8);

			ip[6] = 44;
			h[0] = chance(r, 98) ? 58 : rng_next(r);
			h[1] = 0;
			put16(h + 2, offset | more);
			memcpy(h + 4, &id, 4);
		}
		memcpy(add(f, len), whole->data + at, len);
		set_length(f);
		frame_seal(f);
	}
	if (wrong == 2 && n > 1)
		c->frame[below(r, n)] = c->frame[n - 1], n--;	/* one is missing */
	if (wrong == 3 && n < MAX_FRAMES) {
		c->frame[n] = c->frame[below(r, n)];	/* one comes twice */
		n++;
	}
	for (i = n - 1; wrong != 5 && i > 0 && i < n; i--) {
		j = below(r, i + 1);
		if (j != i) {
			swap = c->frame[i];
			c->frame[i] = c->frame[j];
			c->frame[j] = swap;
		}
	}
	c->n = n;
}

/* ARP requests and neighbour solicitations, for prefixes and for others. */
static void make_neighbour(struct rng *r, struct fuzz_case *c)
{
	struct frame *f = &c->frame[0];
	uint8_t *p;

	if (chance(r, 50)) {
		memset(f->data, 0xff, 6);
		memcpy(f->data + 6, mac_ours, 6);
		put16(f->data + 12, 0x0806);
		f->len = ETH;
		p = add(f, 28);
		memset(p, 0, 28);
		p[1] = 1;
		p[2] = 8;
		p[4] = 6;
		p[5] = 4;
		p[7] = chance(r, 80) ? 1 : below(r, 12);
		memcpy(p + 8, mac_ours, 6);
		case_address(r, 4, p + 14, true);
		case_address(r, 4, p + 24, false);
		return;
	}
	p = begin(r, f, 6, 58);
	p[7] = chance(r, 95) ? 255 : 64;
	if (chance(r, 70)) {
		inet_pton(AF_INET6, "ff02::1:ff00:77", p + 24);
		f->data[0] = f->data[1] = 0x33;
		memcpy(f->data + 2, p + 36, 4);
	}
	p = add(f, 24);
	memset(p, 0, 24);
	p[0] = 135;
	case_address(r, 6, p + 8, false);
	while (chance(r, 60) && f->len < 1000) {
		p = add(f, 8);
		fill(r, p, 8);
		p[0] = below(r, 4);
		p[1] = chance(r, 90) ? 1 : rng_next(r);
	}
	set_length(f);
	frame_seal(f);
}

/**
 * case_make() - make a case
 * @c: to fill
 * @seed: of the run
 * @number: of the case
 */
void case_make(struct fuzz_case *c, uint64_t seed, uint64_t number)
{
	static const struct {
		const char *name;
		void (*make)(struct rng *r, struct fuzz_case *c);
		unsigned int of_100, damaged;
	} kinds[] = {
		{ "ping", make_ping, 18, 25 }, { "known", corpus_make, 35, 80 },
		{ "chain", make_chain, 17, 30 }, { "options", make_options, 8, 30 },
		{ "fragments", make_fragments, 6, 20 }, { "icmp", make_icmp, 9, 25 },
		{ "neighbour", make_neighbour, 7, 30 },
	};
	struct rng r = { seed * 0x9e3779b97f4a7c15 ^ number };
	unsigned int which, i = 0, n;

	rng_next(&r);
	for (which = below(&r, 100); which >= kinds[i].of_100; i++)
		which -= kinds[i].of_100;
	c->kind = kinds[i].name;
	c->n = 1;
	c->whole.len = 0;
	kinds[i].make(&r, c);
	if (!chance(&r, kinds[i].damaged))
		return;
	which = below(&r, c->n);
	for (n = 1 + below(&r, 4); n; n--)
		frame_damage(&r, &c->frame[which]);
	/* What is right but for one thing gets further than what is all wrong. */
	if (chance(&r, 50))
		frame_seal(&c->frame[which]);
}
