// SPDX-License-Identifier: GPL-2.0-only
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"

#define KEPT		1024
#define MOST_KEPT	1024

static struct command commands[MAX_COMMANDS];
static unsigned int n_commands;

/* Lines: NUMBER ADMIN, and TYPE:KIND for each attribute, all of them numbers. */
void commands_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[1024], *word;

	if (!f) {
		perror(path);
		exit(2);
	}
	while (n_commands < MAX_COMMANDS && fgets(line, sizeof(line), f)) {
		struct command *c = &commands[n_commands++];

		c->id = atoi(strtok(line, " "));
		c->admin = atoi(strtok(NULL, " "));
		while (c->n < MAX_ATTRIBUTES && (word = strtok(NULL, " \n"))) {
			c->attribute[c->n].type = atoi(word);
			c->attribute[c->n++].kind = atoi(strchr(word, ':') + 1);
		}
	}
	fclose(f);
	if (!n_commands) {
		fprintf(stderr, "%s: no command\n", path);
		exit(2);
	}
}

static uint8_t *put(struct message *m, unsigned int len)
{
	uint8_t *p = m->data + m->len;

	memset(p, 0, (len + 3) & ~3u);
	m->len += (len + 3) & ~3u;
	return p;
}

/* Values at which something changes, more often than any. */
static uint64_t value(struct rng *r)
{
	static const uint64_t some[] = {
		0, 1, 2, 3, 4, 5, 24, 27, 28, 32, 33, 64, 128, 129, 255, 256, 1000,
		65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe,
	};

	return chance(r, 75) ? some[below(r, COUNT(some))] : rng_next(r);
}

static const uint8_t widths[] = { [U8] = 1, [U16] = 2, [U32] = 4, [U64] = 8 };

static void put_attribute(struct message *m, struct rng *r, uint16_t type,
			  const void *data, unsigned int len)
{
	struct nlattr a = { .nla_len = NLA_HDRLEN + len, .nla_type = type };
	uint8_t *p = put(m, NLA_HDRLEN + len);

	/* A length that lies, a bit that doesn't belong. */
	if (chance(r, 1))
		a.nla_len = chance(r, 50) ? below(r, 8) : rng_next(r);
	if (chance(r, 1))
		a.nla_type |= chance(r, 50) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
	memcpy(p, &a, sizeof(a));
	memcpy(p + NLA_HDRLEN, data, len);
}

/* Addresses of which some are each other's prefixes. */
static unsigned int an_address(struct rng *r, uint8_t *data)
{
	static const uint8_t some[][16] = {
		{ 198, 51, 100 }, { 10 }, { 10, 1 }, { 127 }, { 224 }, { 0 },
		{ 0x20, 1, 0xd, 0xb8 }, { 0x20, 1, 0xd, 0xb8, 0, 0xf }, { 0xff },
		{ 0xfe, 0x80 }, { 0xff, 0xff, 0xff, 0xff }, { 169, 254 },
	};
	unsigned int len = chance(r, 90) ? 4 + 12 * below(r, 2) : below(r, 24);

	fill(r, data, 24);
	if (chance(r, 90))
		memcpy(data, some[below(r, COUNT(some))], 16);
	return len;
}

/* A prefix as it has to be: no bits behind its length. */
static void put_prefix(struct message *m, struct rng *r, const struct command *c)
{
	uint8_t address[24], length;
	unsigned int len = 4 + 12 * below(r, 2), i;

	do
		an_address(r, address);
	while (len == 16 && address[0] < 0x20);
	/* The same ones again and again, so that they are there already. */
	length = chance(r, 60) ? len << below(r, 4) : below(r, 8 * len + 1);
	length = length < 8 && chance(r, 90) ? 8 : length;
	for (i = length; i < 8 * len; i++)
		address[i / 8] &= ~(0x80 >> i % 8);
	put_attribute(m, r, c->attribute[1].type, address, len);
	put_attribute(m, r, c->attribute[2].type, &length, 1);
}

static void put_value(struct message *m, struct rng *r, uint16_t type,
		      enum kind kind, unsigned int depth)
{
	uint64_t number = value(r);
	uint8_t data[256];
	unsigned int len, at;

	switch (kind) {
	case U8: case U16: case U32: case U64:
		len = widths[kind];
		memcpy(data, &number, 8);
		break;
	case FLAG:
		len = 0;
		break;
	case BINARY:
		len = an_address(r, data);
		break;
	case NEST:
		at = m->len;
		put_attribute(m, r, type | (chance(r, 80) ? NLA_F_NESTED : 0), NULL, 0);
		while (depth && chance(r, 60) && m->len < MAX_MESSAGE - 1024)
			put_value(m, r, below(r, 20), below(r, PAD + 1), depth - 1);
		len = m->len - at;
		memcpy(m->data + at, &(uint16_t){ len }, 2);
		return;
	default:
		len = below(r, 32);
		fill(r, data, len);
	}
	/* Another length than it has to have. */
	if (chance(r, 4)) {
		len = chance(r, 80) ? below(r, 20) : below(r, 256);
		fill(r, data, len);
	}
	put_attribute(m, r, type, data, len);
}

static void put_attributes(struct message *m, struct rng *r,
			   const struct command *c, bool prefix)
{
	unsigned int n = chance(r, 30) ? 0 : 1 + below(r, 3), i;

	if (prefix && chance(r, 80))
		put_prefix(m, r, c);
	if (c->n == 2 && c->attribute[1].kind == U8 && chance(r, 60)) {
		/* A device, and whether to be on. */
		put_attribute(m, r, c->attribute[0].type, &(uint32_t){ below(r, 8) }, 4);
		put_attribute(m, r, c->attribute[1].type, &(uint8_t){ below(r, 3) }, 1);
		return;
	}
	if (chance(r, 2))	/* huge */
		n = 500 + below(r, 1500);
	while (n-- && m->len < MAX_MESSAGE - 4096) {
		if (c->n && chance(r, 90)) {
			/* Those of a prefix's answer only seldom. */
			i = below(r, prefix && chance(r, 95) && c->n > 10 ? 10 : c->n);
			put_value(m, r, c->attribute[i].type, c->attribute[i].kind, 1);
		} else {
			put_value(m, r, chance(r, 80) ? below(r, 40) : rng_next(r),
				  below(r, PAD + 1), 12);
		}
	}
}

/* Messages that have come to a place in the code that none before had. */
static struct {
	unsigned int n;
	struct {
		unsigned int len;
		uint8_t data[MOST_KEPT];
	} message[KEPT];
} kept;

void message_keep(const struct message *m)
{
	if (kept.n == KEPT || m->len > MOST_KEPT)
		return;
	memcpy(kept.message[kept.n].data, m->data, m->len);
	kept.message[kept.n++].len = m->len;
}

/* One that was kept, and a little of it changed. */
static void make_kept(struct message *m, struct rng *r)
{
	unsigned int i = below(r, kept.n), n, at;
	uint64_t number;

	m->len = kept.message[i].len;
	memcpy(m->data, kept.message[i].data, m->len);
	for (n = below(r, 4); n && m->len > NLMSG_HDRLEN; n--) {
		at = NLMSG_HDRLEN + below(r, m->len - NLMSG_HDRLEN);
		number = value(r);
		if (chance(r, 50))
			m->data[at] ^= 1 << below(r, 8);
		else
			memcpy(m->data + at, &number, chance(r, 50) ? 1 : 4);
	}
	if (chance(r, 20) && m->len + 64 < MAX_MESSAGE)
		put_value(m, r, below(r, 20), below(r, PAD + 1), 2);
	memcpy(m->data, &(uint32_t){ m->len }, 4);
}

static void make_new(struct message *m, struct rng *r, uint16_t family)
{
	const struct command *c = &commands[below(r, n_commands)];
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	unsigned int len;

	m->len = 0;
	nlh = (void *)put(m, sizeof(*nlh));
	genl = (void *)put(m, sizeof(*genl));
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	if (chance(r, 25))
		nlh->nlmsg_flags |= chance(r, 80) ? NLM_F_DUMP : rng_next(r) & 0xff00;
	if (chance(r, 1))
		nlh->nlmsg_flags |= rng_next(r) & ~(NLM_F_DUMP | 0xc0);
	genl->cmd = chance(r, 96) ? c->id : rng_next(r);
	genl->version = chance(r, 90) ? 1 : rng_next(r);
	if (chance(r, 1))
		genl->reserved = rng_next(r);
	if (chance(r, 90))
		put_attributes(m, r, c, c->n > 2 && c->attribute[1].kind == BINARY);

	/* What is cut short, or longer than its attributes. */
	len = m->len;
	if (chance(r, 3)) {
		len = chance(r, 50) ? below(r, m->len + 1) : m->len - below(r, 4);
		if (chance(r, 50))
			m->len = len ?: 1;
	} else if (chance(r, 1)) {
		len = rng_next(r);
	}
	nlh->nlmsg_len = len;
}

/**
 * message_make() - make a message
 * @m: to fill
 * @seed: of the run
 * @number: of the message
 * @family: netlab's
 * @sequence: for the header
 */
void message_make(struct message *m, uint64_t seed, uint64_t number,
		  uint16_t family, uint32_t sequence)
{
	struct nlmsghdr *nlh = (void *)m->data;
	struct genlmsghdr *genl = (void *)(m->data + NLMSG_HDRLEN);
	struct rng r = { seed * 0x9e3779b97f4a7c15 ^ number };
	const struct command *c;
	unsigned int flags;

	rng_next(&r);
	if (kept.n && chance(&r, 40))
		make_kept(m, &r);
	else
		make_new(m, &r, family);
	nlh->nlmsg_seq = sequence;
	nlh->nlmsg_flags |= NLM_F_ACK;

	flags = nlh->nlmsg_flags;
	m->answered = nlh->nlmsg_len >= NLMSG_HDRLEN && nlh->nlmsg_len <= m->len;
	m->dump = (flags & NLM_F_DUMP) == NLM_F_DUMP;
	/* Flags that mean nothing here are refused before anything is looked at. */
	m->whole = m->answered && nlh->nlmsg_len >= NLMSG_LENGTH(GENL_HDRLEN) && !genl->reserved &&
		   !(flags & ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | (m->dump ? NLM_F_DUMP : 0)));
	m->command = genl->cmd;
	for (m->admin = false, c = commands; c < commands + n_commands; c++)
		if (c->id == genl->cmd)
			m->admin = c->admin;
}
