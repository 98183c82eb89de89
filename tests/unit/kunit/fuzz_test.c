// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random packets: what they are taken for, and how they are counted, must not
 * depend on where an sk_buff has their bytes, nor on what lies behind them.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <net/ipv6.h>

#include "counting.h"
#include "skb.h"

#define NETLAB_TEST_RANDOM_PACKETS	4000
#define NETLAB_TEST_RANDOM_BYTES	320

static unsigned int netlab_test_seed;
module_param_named(seed, netlab_test_seed, uint, 0);
MODULE_PARM_DESC(seed, "of the random packets, for the same again; 0: another each time");

/**
 * struct netlab_test_random - a random packet
 * @len: how long it is
 * @head: how much of it is linear where not all is
 * @bytes: it, and other bytes behind it
 */
struct netlab_test_random {
	unsigned int len;
	unsigned int head;
	u8 bytes[NETLAB_TEST_RANDOM_BYTES];
};

static u32 netlab_test_below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/* Extension headers and what netlab looks into, more often than others. */
static u8 netlab_test_protocol(struct rnd_state *rnd)
{
	static const u8 some[] = { 0, 43, 44, 51, 60, 135, 139, 140, 50, 59,
				   1, 6, 17, 58, 58, 6, 1 };

	if (netlab_test_below(rnd, 8))
		return some[netlab_test_below(rnd, ARRAY_SIZE(some))];
	return prandom_u32_state(rnd);
}

/* Mostly a chain of headers that holds together. */
static void netlab_test_random_chain(struct rnd_state *rnd, u8 *bytes)
{
	unsigned int off = sizeof(struct ipv6hdr), len;
	u8 *next = bytes + offsetof(struct ipv6hdr, nexthdr);

	for (;;) {
		*next = netlab_test_protocol(rnd);
		if (!netlab_exthdr[*next] || off + 8 > NETLAB_TEST_RANDOM_BYTES ||
		    !netlab_test_below(rnd, 16))
			return;
		if (netlab_test_below(rnd, 16))
			bytes[off + 1] = netlab_test_below(rnd, 3);
		if (*next == NEXTHDR_FRAGMENT && netlab_test_below(rnd, 4))
			memset(bytes + off + 2, 0, 2);
		len = 8;
		if (*next == NEXTHDR_AUTH)
			len = (bytes[off + 1] + 2) * 4;
		else if (*next != NEXTHDR_FRAGMENT)
			len = (bytes[off + 1] + 1) * 8;
		next = bytes + off;
		off += len;
	}
}

static void netlab_test_random(struct rnd_state *rnd,
			       struct netlab_test_random *p)
{
	bool ipv6 = netlab_test_below(rnd, 2);
	unsigned int least = ipv6 ? sizeof(struct ipv6hdr) :
				    sizeof(struct iphdr);
	unsigned int most = netlab_test_below(rnd, 2) ? sizeof(p->bytes) :
							least + 40;

	prandom_bytes_state(rnd, p->bytes, sizeof(p->bytes));
	if (ipv6) {
		p->bytes[0] = 0x60;
		netlab_test_random_chain(rnd, p->bytes);
	} else {
		p->bytes[0] = 0x40 | (netlab_test_below(rnd, 4) ? 5 :
				      netlab_test_below(rnd, 16));
		if (netlab_test_below(rnd, 4))
			memset(p->bytes + 6, 0, 2);
		p->bytes[9] = netlab_test_protocol(rnd);
	}
	p->len = least + netlab_test_below(rnd, most - least + 1);
	p->head = least + netlab_test_below(rnd, p->len - least + 1);
}

static void netlab_test_see_random(struct kunit *test, unsigned int layout,
				   const struct netlab_test_random *packet,
				   const struct net_device *dev,
				   struct netlab_packet *p)
{
	bool ipv6 = packet->bytes[0] >> 4 == 6;
	struct sk_buff *skb;
	unsigned int hook;

	skb = netlab_test_skb(test, layout, packet->bytes, sizeof(packet->bytes),
			      packet->len, packet->head);
	memset(p, 0, sizeof(*p));
	if (ipv6)
		netlab_dissect6(skb, p);
	else
		netlab_dissect4(skb, p);
	for (hook = 0; hook < NETLAB_HOOKS; hook++)
		netlab_test_hook(test->priv, skb, dev,
				 ipv6 ? NETLAB_FAMILY_IPV6 : NETLAB_FAMILY_IPV4,
				 hook);
	netlab_test_skb_free(skb);
}

/* The packet, as the text that shows it. */
static void netlab_test_show_random(const struct netlab_test_random *packet,
				    char *text)
{
	unsigned int i;

	*text = '\0';
	for (i = 0; i < packet->len; i++)
		sprintf(text + 2 * i, "%02x", packet->bytes[i]);
}

/*
 * All packets in one layout, then in the next: each is the same by itself, and
 * all together have been counted the same.
 */
static void random_layouts(struct kunit *test)
{
	const u32 seed = netlab_test_seed ?: get_random_u32() | 1;
	static char text[2 * NETLAB_TEST_RANDOM_BYTES + 1];
	struct netlab_test_random *packet;
	struct netlab_reading *first = NULL;
	struct netlab_packet *want;
	struct net_device *dev;
	unsigned int layout, i;
	struct rnd_state rnd;

	packet = kunit_kzalloc(test, sizeof(*packet), GFP_KERNEL);
	want = kunit_kzalloc(test, NETLAB_TEST_RANDOM_PACKETS * sizeof(*want),
			     GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, packet);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, want);
	pr_info("random_layouts: insmod netlab_test.ko seed=%u\n", seed);
	dev = netlab_test_device_new(test, 2, "eth0");
	netlab_test_device_event(dev, NETDEV_REGISTER);
	netlab_test_on_cpu(test, netlab_test_first_cpu());

	for (layout = 0; layout < NETLAB_TEST_LAYOUTS; layout++) {
		struct netlab_reading *r = netlab_test_read(test, test->priv, 0);

		prandom_seed_state(&rnd, seed);
		for (i = 0; i < NETLAB_TEST_RANDOM_PACKETS; i++) {
			struct netlab_packet p;

			netlab_test_random(&rnd, packet);
			netlab_test_see_random(test, layout, packet, dev, &p);
			if (!layout)
				want[i] = p;
			if (memcmp(&p, &want[i], sizeof(p)))
				netlab_test_show_random(packet, text);
			KUNIT_EXPECT_EQ_MSG(test, memcmp(&p, &want[i], sizeof(p)), 0,
					    "layout %u, head %u: protocol %u, flags %#x, l4 %u, and not %u, %#x, %u: %s",
					    layout, packet->head, p.protocol,
					    p.flags, p.l4, want[i].protocol,
					    want[i].flags, want[i].l4, text);
			cond_resched();
		}
		r = netlab_test_since(test, r);
		KUNIT_EXPECT_GE(test, netlab_test_total(&r->sums, sizeof(r->sums)),
				(u64)NETLAB_TEST_RANDOM_PACKETS * NETLAB_HOOKS);
		if (!first) {
			first = r;
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, memcmp(&r->sums, &first->sums, sizeof(r->sums)),
				    0, "layout %u is counted otherwise, seed %u",
				    layout, seed);
		netlab_reading_free(r);
	}
	netlab_reading_free(first);
}

static struct kunit_case netlab_test_random_cases[] = {
	KUNIT_CASE(random_layouts),
	{}
};

struct kunit_suite netlab_test_random_suite = {
	.name = "netlab_random",
	.init = netlab_test_account_init,
	.exit = netlab_test_account_exit,
	.test_cases = netlab_test_random_cases,
};
