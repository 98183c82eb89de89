/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames: what the fuzzer sends. A case is one to many Ethernet frames, and
 * follows from the seed, its number and the corpus alone.
 */
#ifndef FUZZ_FRAMES_H
#define FUZZ_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETH		14
#define MAX_FRAME	9216
#define MAX_FRAMES	48
#define CORPUS_FRAMES	4096

/* splitmix64: good enough, and any state is a good one. */
struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0 to n - 1 */
static inline unsigned int below(struct rng *r, unsigned int n)
{
	return (uint32_t)rng_next(r) * (uint64_t)n >> 32;
}

static inline bool chance(struct rng *r, unsigned int percent)
{
	return below(r, 100) < percent;
}

/* A little more room than there may be, for who doesn't look first. */
struct frame {
	unsigned int len;
	uint8_t data[MAX_FRAME + 2304];
};

/**
 * struct fuzz_case - what is sent together
 * @kind: what it began as, for the report
 * @n: frames
 * @frame: them
 * @whole: what they are fragments of; of no length if they aren't
 */
struct fuzz_case {
	const char *kind;
	unsigned int n;
	struct frame frame[MAX_FRAMES];
	struct frame whole;
};

/**
 * struct icmp - an ICMP or ICMPv6 message in a frame
 * @family: 4 or 6
 * @fragment: it is a fragment
 * @type: its type
 * @at: its offset
 * @len: its length, by the IP header and the frame's end
 * @src: address, 4 or 16 bytes
 * @dst: the same
 */
struct icmp {
	unsigned int family;
	bool fragment;
	uint8_t type;
	unsigned int at, len;
	const uint8_t *src, *dst;
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static inline void put16(uint8_t *p, unsigned int value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static inline unsigned int get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline void fill(struct rng *r, uint8_t *p, unsigned int n)
{
	while (n--)
		*p++ = rng_next(r);
}

/* Makes a frame longer, by n bytes if they fit; where they are. */
static inline uint8_t *add(struct frame *f, unsigned int n)
{
	uint8_t *p = f->data + f->len;

	if (f->len + n > MAX_FRAME)
		n = MAX_FRAME - f->len;
	f->len += n;
	return p;
}

void corpus_read(const char *path);
void corpus_add(const struct frame *f);
void corpus_make(struct rng *r, struct fuzz_case *c);
void case_address(struct rng *r, unsigned int family, uint8_t *p, bool source);
void frame_damage(struct rng *r, struct frame *f);
void case_make(struct fuzz_case *c, uint64_t seed, uint64_t number);
void case_ping(struct frame *f, unsigned int family, unsigned int number);
bool frame_icmp(const uint8_t *frame, unsigned int len, struct icmp *m);
bool packet_is_fragment(const uint8_t *ip, unsigned int len);
uint16_t sum16(uint32_t sum, const void *data, size_t len);
void frame_seal(struct frame *f);
bool frame_at_leisure(const uint8_t *frame, unsigned int len);
bool frame_normal(struct frame *f);

#endif /* FUZZ_FRAMES_H */
