// SPDX-License-Identifier: GPL-2.0-only
/*
 * The corpus, and what can happen to a frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

static struct {
	unsigned int n, read;
	struct {
		unsigned int len;
		uint8_t *data;
	} frame[CORPUS_FRAMES];
} corpus;

/* A file of frames, each behind its length of two bytes, big endian. */
void corpus_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t head[2];

	if (!f) {
		perror(path);
		exit(2);
	}
	while (corpus.n < CORPUS_FRAMES && fread(head, 1, 2, f) == 2) {
		unsigned int len = head[0] << 8 | head[1];
		uint8_t *data = malloc(len);

		if (len > MAX_FRAME || !data || fread(data, 1, len, f) != len) {
			fprintf(stderr, "%s: broken\n", path);
			exit(2);
		}
		corpus.frame[corpus.n].len = len;
		corpus.frame[corpus.n++].data = data;
	}
	fclose(f);
	corpus.read = corpus.n;
	if (!corpus.n) {
		fprintf(stderr, "%s: no frame\n", path);
		exit(2);
	}
}

/* What has come to a place in the code that nothing else had. */
void corpus_add(const struct frame *f)
{
	uint8_t *data;

	if (corpus.n == CORPUS_FRAMES)
		return;
	data = malloc(f->len);
	if (!data)
		return;
	memcpy(data, f->data, f->len);
	corpus.frame[corpus.n].len = f->len;
	corpus.frame[corpus.n++].data = data;
}

/* One of its frames, as it is; half of the time one that was added. */
void corpus_make(struct rng *r, struct fuzz_case *c)
{
	unsigned int i = below(r, corpus.n);

	if (corpus.n > corpus.read && chance(r, 50))
		i = corpus.read + below(r, corpus.n - corpus.read);

	c->frame[0].len = corpus.frame[i].len;
	memcpy(c->frame[0].data, corpus.frame[i].data, corpus.frame[i].len);
}

/* One thing about a frame changes. */
void frame_damage(struct rng *r, struct frame *f)
{
	static const uint8_t bytes[] = { 0, 1, 2, 4, 5, 6, 7, 0x40, 0x7f, 0x80, 0xff, 0xfe, 58, 44, 17 };
	static const uint16_t words[] = { 0, 1, 7, 8, 20, 28, 40, 0x2000, 0x1fff, 0x7fff, 0x8000, 0xffff, 0xfff8 };
	unsigned int at = f->len > ETH ? ETH + below(r, f->len - ETH) : 0, n, i;
	/* Headers more often than data. */
	unsigned int head = f->len > ETH ? ETH + below(r, f->len - ETH < 64 ? f->len - ETH : 64) : 0;
	uint8_t *ip = f->data + ETH;

	switch (below(r, 16)) {
	case 0: case 1: case 2:
		f->data[chance(r, 80) ? head : at] ^= 1 << below(r, 8);
		break;
	case 3:
		f->data[head] = bytes[below(r, COUNT(bytes))];
		break;
	case 4:
		if (head + 1 < f->len)
			put16(f->data + head, words[below(r, COUNT(words))]);
		break;
	case 5: case 6:	/* truncated; its header doesn't know */
		n = below(r, f->len + 1);
		f->len = n > ETH + 1 ? n : ETH + 1;
		break;
	case 7:		/* padded */
		n = below(r, 100);
		if (f->len + n <= MAX_FRAME)
			fill(r, add(f, n), n);
		break;
	case 8:		/* lengths that lie */
		if (f->len >= ETH + 6)
			put16(ip + (ip[0] >> 4 == 4 ? 2 : 4),
			      chance(r, 50) ? f->len - ETH - below(r, 64) : rng_next(r));
		break;
	case 9:		/* version and header length */
		ip[0] = chance(r, 50) ? (ip[0] & 0xf0) | below(r, 16) : rng_next(r);
		break;
	case 10:	/* a piece of another */
		i = below(r, corpus.n);
		n = below(r, corpus.frame[i].len);
		if (at + n > MAX_FRAME)
			n = MAX_FRAME - at;
		memcpy(f->data + at, corpus.frame[i].data + corpus.frame[i].len - n, n);
		if (at + n > f->len)
			f->len = at + n;
		break;
	case 11:	/* fragment's fields, or what is next */
		if (f->len >= ETH + 8)
			put16(ip + 6, chance(r, 50) ? words[below(r, COUNT(words))] : rng_next(r));
		break;
	case 12:	/* addresses */
		if (f->len >= ETH + 40)
			case_address(r, ip[0] >> 4 == 6 ? 6 : 4, ip + (ip[0] >> 4 == 6 ? 8 : 12), true);
		break;
	case 13:
		if (f->len >= ETH + 40)
			case_address(r, ip[0] >> 4 == 6 ? 6 : 4, ip + (ip[0] >> 4 == 6 ? 24 : 16), false);
		break;
	case 14:	/* link-layer addresses and type */
		if (chance(r, 30))
			memset(f->data, 0xff, 6);
		else
			f->data[below(r, ETH)] ^= 1 << below(r, 8);
		break;
	case 15:	/* what is lost from its middle */
		n = below(r, f->len - at + 1);
		memmove(f->data + at, f->data + at + n, f->len - at - n);
		f->len -= n;
		if (f->len < ETH + 1)
			f->len = ETH + 1;
		break;
	}
}
