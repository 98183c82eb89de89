// SPDX-License-Identifier: GPL-2.0-only
/*
 * The histogram of sizes, on both sides of each of its bounds.
 */
#include <linux/netdevice.h>

#include "count.h"
#include "counting.h"
#include "packet.h"

/* The longest of each bucket, as RFC 2819 has them. */
static const unsigned int netlab_test_bounds[] = {
	64, 127, 255, 511, 1023, 1518,
};

static unsigned int netlab_test_bucket(unsigned int len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netlab_test_bounds); i++)
		if (len <= netlab_test_bounds[i])
			break;
	return i;
}

/* As if @more bytes were there, in page fragments that nobody looks at. */
static void netlab_test_longer(struct sk_buff *skb, int more)
{
	skb->len += more;
	skb->data_len += more;
}

static void size_names(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(netlab_test_bounds); i++)
		KUNIT_EXPECT_EQ(test, netlab_size_max(i), netlab_test_bounds[i]);
	KUNIT_EXPECT_EQ(test, i, NETLAB_SIZES - 1U);
	KUNIT_EXPECT_EQ(test, netlab_size_max(i), 0U);
}

/* Every length that a packet can have, and those that only BIG TCP has. */
static void size_every_length(struct kunit *test)
{
	unsigned int len;

	for (len = 0; len <= 70000; len++)
		KUNIT_EXPECT_EQ_MSG(test, netlab_size_bucket(len),
				    netlab_test_bucket(len), "%u bytes", len);
	KUNIT_EXPECT_EQ(test, netlab_size_bucket(U32_MAX), 6U);
}

/* In both ways, where there is something that a short packet hasn't. */
static void netlab_test_size(struct kunit *test, struct net_device *dev,
			     unsigned int family, unsigned int len)
{
	unsigned int hook, bucket = netlab_test_bucket(len);
	struct netlab_test_packet p;
	struct netlab_reading *r;
	struct sk_buff *skb;
	u8 protocol;
	int more;

	netlab_test_packet(&p, family, IPPROTO_UDP);
	p.len = min(p.len, len);
	more = len - p.len;
	skb = netlab_test_packet_skb(test, &p);
	netlab_test_longer(skb, more);
	for (hook = 0; hook < NETLAB_HOOKS; hook++) {
		unsigned int side = hook == NETLAB_HOOK_PREROUTING ?
				    NETLAB_DIRECTION_RX : NETLAB_DIRECTION_TX;
		bool edge = hook == NETLAB_HOOK_PREROUTING ||
			    hook == NETLAB_HOOK_POSTROUTING;

		side += family * NETLAB_DIRECTIONS;
		netlab_test_any(test->priv, skb, dev, family, hook);
		r = netlab_test_read(test, test->priv, 0);
		if (len >= 64)
			KUNIT_EXPECT_TRUE(test, netlab_test_ordinary(test->priv, skb, dev,
								     family, hook,
								     &protocol));
		else
			netlab_test_any(test->priv, skb, dev, family, hook);
		netlab_test_any(test->priv, skb, dev, family, hook);
		r = netlab_test_since(test, r);
		KUNIT_EXPECT_EQ_MSG(test, r->sums.size[side][bucket],
				    edge ? 2ULL : 0, "%u bytes, hook %u", len,
				    hook);
		KUNIT_EXPECT_EQ_MSG(test,
				    netlab_test_total(r->sums.size, sizeof(r->sums.size)),
				    edge ? 2ULL : 0, "%u bytes, hook %u", len,
				    hook);
		netlab_reading_free(r);
	}
	netlab_test_longer(skb, -more);
	netlab_test_skb_free(skb);
}

static void size_boundaries(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 2, "eth0");
	unsigned int family, i;

	netlab_test_on_cpu(test, netlab_test_first_cpu());
	netlab_test_device_event(dev, NETDEV_REGISTER);
	for (family = 0; family < NETLAB_FAMILIES; family++) {
		for (i = 0; i < ARRAY_SIZE(netlab_test_bounds); i++) {
			netlab_test_size(test, dev, family, netlab_test_bounds[i]);
			netlab_test_size(test, dev, family, netlab_test_bounds[i] + 1);
		}
		/* The shortest, the longest; BIG TCP's is longer still. */
		netlab_test_size(test, dev, family, family ? 40 : 20);
		netlab_test_size(test, dev, family, 65535);
		netlab_test_size(test, dev, family, 500000);
	}
}

/**
 * struct netlab_test_cut - a kind of GSO
 * @name: said when it fails
 * @type: SKB_GSO_*
 * @family: enum netlab_family
 * @protocol: what is cut
 * @headers: bytes that each packet repeats
 * @extra: bytes of headers that each packet has beside, the first too
 */
struct netlab_test_cut {
	const char *name;
	unsigned int type;
	unsigned int family;
	u8 protocol;
	unsigned int headers;
	unsigned int extra;
};

/* Full packets of @full bytes and a last one of @last. */
static void netlab_test_gso_size(struct kunit *test,
				 const struct netlab_test_cut *c,
				 unsigned int full, unsigned int fulls,
				 unsigned int last)
{
	unsigned int side = c->family * NETLAB_DIRECTIONS;
	unsigned int repeat = c->headers + c->extra, len;
	u64 want[NETLAB_SIZES] = {};
	struct netlab_test_packet p;
	struct netlab_reading *r;
	struct sk_buff *skb;
	unsigned int i;
	int more;

	want[netlab_test_bucket(full)] += fulls;
	want[netlab_test_bucket(last)]++;
	len = c->headers + fulls * (full - repeat) + last - repeat;

	netlab_test_packet(&p, c->family, c->protocol);
	p.len = min(c->headers, len);
	more = len - p.len;
	skb = netlab_test_packet_skb(test, &p);
	netlab_test_longer(skb, more);
	skb_shinfo(skb)->gso_type = c->type;
	skb_shinfo(skb)->gso_size = full - repeat;
	skb_shinfo(skb)->gso_segs = 0;

	r = netlab_test_read(test, test->priv, 0);
	netlab_test_hook(test->priv, skb, NULL, c->family,
			 NETLAB_HOOK_PREROUTING);
	r = netlab_test_since(test, r);
	for (i = 0; i < NETLAB_SIZES; i++)
		KUNIT_EXPECT_EQ_MSG(test, r->sums.size[side][i], want[i],
				    "%s, %u of %u bytes, one of %u, bucket %u",
				    c->name, fulls, full, last, i);
	KUNIT_EXPECT_EQ(test, netlab_test_total(r->sums.size, sizeof(r->sums.size)),
			(u64)fulls + 1);
	netlab_reading_free(r);
	netlab_test_longer(skb, -more);
	netlab_test_skb_free(skb);
}

static void size_gso(struct kunit *test)
{
	static const struct netlab_test_cut cuts[] = {
		{ "TCP, IPv4", SKB_GSO_TCPV4, 0, IPPROTO_TCP, 40, 0 },
		{ "TCP, IPv6", SKB_GSO_TCPV6, 1, IPPROTO_TCP, 60, 0 },
		{ "UDP, IPv4", SKB_GSO_UDP_L4, 0, IPPROTO_UDP, 28, 0 },
		{ "UDP, IPv6", SKB_GSO_UDP_L4, 1, IPPROTO_UDP, 48, 0 },
		{ "UFO, IPv4", SKB_GSO_UDP, 0, IPPROTO_UDP, 20, 0 },
		{ "UFO, IPv6", SKB_GSO_UDP, 1, IPPROTO_UDP, 40, 8 },
	};
	static const unsigned int fulls[] = { 1, 2, 7, 44 };
	unsigned int i, j, n, c;

	netlab_test_on_cpu(test, netlab_test_first_cpu());
	for (c = 0; c < ARRAY_SIZE(cuts); c++) {
		for (i = 0; i < 2 * ARRAY_SIZE(netlab_test_bounds); i++) {
			unsigned int full = netlab_test_bounds[i / 2] + i % 2;

			for (n = 0; n < ARRAY_SIZE(fulls); n++) {
				for (j = 0; j <= i; j++)
					netlab_test_gso_size(test, &cuts[c],
							     full, fulls[n],
							     netlab_test_bounds[j / 2] + j % 2);
				/* A last one of one byte beside its headers. */
				netlab_test_gso_size(test, &cuts[c], full, fulls[n],
						     cuts[c].headers +
						     cuts[c].extra + 1);
			}
		}
	}
}

static struct kunit_case netlab_test_size_cases[] = {
	KUNIT_CASE(size_names),
	KUNIT_CASE(size_every_length),
	KUNIT_CASE(size_boundaries),
	KUNIT_CASE(size_gso),
	{}
};

struct kunit_suite netlab_test_sizes = {
	.name = "netlab_size",
	.init = netlab_test_account_init,
	.exit = netlab_test_account_exit,
	.test_cases = netlab_test_size_cases,
};
