// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ordinary packet's short way counts what the long way does, and leaves
 * to that whatever isn't ordinary.
 */
#include <linux/netdevice.h>

#include "count.h"
#include "counting.h"
#include "packet.h"

enum netlab_test_ordinary {
	NETLAB_TEST_ALWAYS,
	NETLAB_TEST_NEVER,
	NETLAB_TEST_NOT_EDGE,	/* not where a device is looked for */
	NETLAB_TEST_NOT_FIRST,	/* not where anomalies are */
	NETLAB_TEST_NOT_LOOKED,	/* neither */
};

enum netlab_test_by {
	NETLAB_TEST_BY_FIRST,
	NETLAB_TEST_BY_SECOND,	/* found at the second look */
	NETLAB_TEST_BY_LOOPBACK,
	NETLAB_TEST_BY_STRANGER,
	NETLAB_TEST_BY_NONE,
};

/**
 * struct netlab_test_kind - a packet
 * @name: said when it fails
 * @ipv6: whether it is IPv6
 * @protocol: what it carries
 * @ordinary: where it is ordinary
 * @by: the device it comes by or goes by
 * @paged: whether only its IP header is linear
 * @gso: as its gso_size
 * @len: bytes of it, if not 32 behind the IP header
 * @set: bytes that aren't as in an ordinary packet: where, and what; their
 *	end is where both are zero
 * @source: its source's first byte, behind which there are zeroes
 * @last: its source's last byte
 * @sourced: whether it has such a source
 * @land: whether its source is its destination
 * @not_input: whether the hook input never sees it
 */
struct netlab_test_kind {
	const char *name;
	bool ipv6;
	u8 protocol;
	enum netlab_test_ordinary ordinary;
	enum netlab_test_by by;
	bool paged;
	u16 gso;
	unsigned int len;
	struct {
		u8 at;
		u8 is;
	} set[3];
	u8 source;
	u8 last;
	bool sourced;
	bool land;
	bool not_input;
};

#define K4(n, p, o, ...) \
	{ .name = n, .protocol = p, .ordinary = NETLAB_TEST_##o, ##__VA_ARGS__ }
#define K6(n, p, o, ...) K4("IPv6, " n, p, o, .ipv6 = true, ##__VA_ARGS__)
#define SOURCE(s, l)	.sourced = true, .source = s, .last = l

static const struct netlab_test_kind netlab_test_kinds[] = {
	K4("TCP", 6, ALWAYS),
	K4("TCP, PSH ACK", 6, ALWAYS, .set = { { 33, 0x18 } }),
	K4("TCP, ECE CWR URG ACK", 6, ALWAYS, .set = { { 33, 0xf0 } }),
	K4("TCP, SYN", 6, NOT_LOOKED, .set = { { 33, 0x02 } }),
	K4("TCP, SYN ACK", 6, NOT_LOOKED, .set = { { 33, 0x12 } }),
	K4("TCP, FIN ACK", 6, NOT_LOOKED, .set = { { 33, 0x11 } }),
	K4("TCP, RST", 6, NOT_LOOKED, .set = { { 33, 0x04 } }),
	K4("TCP, no flag", 6, NOT_LOOKED, .set = { { 33, 0x40 } }),
	K4("TCP, whole header", 6, ALWAYS, .len = 40),
	K4("TCP, cut", 6, NOT_LOOKED, .len = 39),
	K4("TCP, not linear", 6, NOT_LOOKED, .paged = true),
	K4("UDP", 17, ALWAYS),
	K4("UDP, whole header", 17, ALWAYS, .len = 28),
	K4("UDP, cut", 17, NOT_LOOKED, .len = 27),
	K4("UDP, not linear", 17, NOT_LOOKED, .paged = true),
	K4("ICMP, echo", 1, ALWAYS),
	K4("ICMP, unreachable", 1, ALWAYS, .set = { { 20, 3 } }),
	K4("ICMP, cut", 1, NOT_LOOKED, .len = 21),
	K4("ICMPv6 in IPv4", 58, ALWAYS),
	K4("GRE", 47, ALWAYS),
	K4("GRE, cut", 47, NOT_LOOKED, .len = 24),
	K4("protocol 255", 255, ALWAYS),
	K4("DF", 17, ALWAYS, .set = { { 6, 0x40 } }),
	K4("first fragment", 17, NEVER, .not_input = true, .set = { { 6, 0x20 } }),
	K4("last fragment", 17, NEVER, .not_input = true, .set = { { 7, 0x40 } }),
	K4("options", 17, NEVER, .set = { { 0, 0x46 } }),
	K4("GSO", 6, NEVER, .gso = 8),
	K4("source 0.0.0.0", 17, NOT_FIRST, SOURCE(0, 0)),
	K4("source 0.0.0.1", 17, NOT_FIRST, SOURCE(0, 1)),
	K4("source 127.0.0.1", 17, NOT_FIRST, SOURCE(127, 1)),
	K4("source 224.0.0.1", 17, NOT_FIRST, SOURCE(224, 1)),
	K4("source 223.0.0.1", 17, ALWAYS, SOURCE(223, 1)),
	K4("source 1.0.0.0", 17, ALWAYS, SOURCE(1, 0)),
	K4("source 126.0.0.1", 17, ALWAYS, SOURCE(126, 1)),
	K4("source 128.0.0.1", 17, ALWAYS, SOURCE(128, 1)),
	K4("land", 6, NOT_FIRST, .land = true),
	K4("land by loopback", 6, NOT_FIRST, .land = true,
	   .by = NETLAB_TEST_BY_LOOPBACK),
	K4("by loopback", 17, ALWAYS, .by = NETLAB_TEST_BY_LOOPBACK),
	K4("by a second device", 17, ALWAYS, .by = NETLAB_TEST_BY_SECOND),
	K4("by no known device", 17, NOT_EDGE, .by = NETLAB_TEST_BY_STRANGER),
	K4("by no device", 17, NOT_LOOKED, .by = NETLAB_TEST_BY_NONE),

	K6("TCP", 6, ALWAYS),
	K6("TCP, SYN", 6, NOT_LOOKED, .set = { { 53, 0x02 } }),
	K6("TCP, whole header", 6, ALWAYS, .len = 60),
	K6("TCP, cut", 6, NOT_LOOKED, .len = 59),
	K6("TCP, not linear", 6, NOT_LOOKED, .paged = true),
	K6("UDP", 17, ALWAYS),
	K6("UDP, cut", 17, NOT_LOOKED, .len = 47),
	K6("ICMPv6, echo", 58, ALWAYS),
	K6("ICMPv6, solicitation", 58, ALWAYS, .set = { { 40, 135 } }),
	K6("ICMPv6, not linear", 58, NOT_LOOKED, .paged = true),
	K6("ICMP in IPv6", 1, ALWAYS),
	K6("GRE", 47, ALWAYS),
	K6("hop-by-hop", 0, NEVER, .set = { { 40, 17 } }),
	K6("first fragment", 44, NEVER, .set = { { 40, 17 }, { 43, 1 } }),
	K6("last fragment", 44, NEVER, .set = { { 40, 17 }, { 42, 1 } }),
	K6("GSO", 6, NEVER, .gso = 8),
	K6("source ::", 17, NOT_FIRST, SOURCE(0, 0)),
	K6("source ::1", 17, NOT_FIRST, SOURCE(0, 1)),
	K6("source ff00::1", 17, NOT_FIRST, SOURCE(0xff, 1)),
	K6("source fe00::1", 17, ALWAYS, SOURCE(0xfe, 1)),
	K6("land", 17, NOT_FIRST, .land = true),
	K6("by loopback", 17, ALWAYS, .by = NETLAB_TEST_BY_LOOPBACK),
	K6("by a second device", 17, ALWAYS, .by = NETLAB_TEST_BY_SECOND),
	K6("by no device", 17, NOT_LOOKED, .by = NETLAB_TEST_BY_NONE),
};

static struct sk_buff *netlab_test_kind_skb(struct kunit *test,
					    const struct netlab_test_kind *k)
{
	struct netlab_test_packet p;
	struct sk_buff *skb;
	unsigned int i;

	netlab_test_packet(&p, k->ipv6, k->protocol);
	if (k->len)
		p.len = k->len;
	for (i = 0; i < ARRAY_SIZE(k->set); i++)
		if (k->set[i].at || k->set[i].is)
			p.bytes[k->set[i].at] = k->set[i].is;
	if (k->sourced) {
		memset(netlab_test_saddr(&p), 0, netlab_test_addr_len(&p));
		netlab_test_saddr(&p)[0] = k->source;
		netlab_test_daddr(&p)[-1] = k->last;
	}
	if (k->land)
		memcpy(netlab_test_daddr(&p), netlab_test_saddr(&p),
		       netlab_test_addr_len(&p));
	skb = netlab_test_skb(test,
			      k->paged ? NETLAB_TEST_PAGED : NETLAB_TEST_LINEAR,
			      p.bytes, p.len, p.len, p.l4);
	if (k->gso) {
		skb_shinfo(skb)->gso_size = k->gso;
		skb_shinfo(skb)->gso_type = k->ipv6 ? SKB_GSO_TCPV6 :
						      SKB_GSO_TCPV4;
	}
	return skb;
}

static bool netlab_test_is_ordinary(const struct netlab_test_kind *k,
				    unsigned int hook)
{
	bool first = hook == NETLAB_HOOK_PREROUTING ||
		     hook == NETLAB_HOOK_OUTPUT;
	bool edge = hook == NETLAB_HOOK_PREROUTING ||
		    hook == NETLAB_HOOK_POSTROUTING;

	switch (k->ordinary) {
	case NETLAB_TEST_ALWAYS:
		return true;
	case NETLAB_TEST_NEVER:
		return false;
	case NETLAB_TEST_NOT_EDGE:
		return !edge;
	case NETLAB_TEST_NOT_FIRST:
		return !first;
	default:
		return !first && !edge;
	}
}

/* All the packets in the table of devices. */
static u64 netlab_test_devices_packets(const struct netlab_reading *r)
{
	u64 packets = 0;
	size_t i;

	for (i = 0; i < r->n_devices; i++)
		packets += r->devices[i].packets;
	return packets;
}

/* Not by memcmp(): what lies between the members is anything. */
static bool netlab_test_same_row(const struct netlab_device_row *a,
				 const struct netlab_device_row *b)
{
	return !strcmp(a->name, b->name) && a->ifindex == b->ifindex &&
	       a->side == b->side && a->protocol == b->protocol &&
	       a->packets == b->packets && a->bytes == b->bytes;
}

static void netlab_test_same(struct kunit *test, const char *name,
			     unsigned int hook, const struct netlab_reading *a,
			     const struct netlab_reading *b)
{
	size_t i;

	KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&a->sums, &b->sums, sizeof(a->sums)),
			      "%s, hook %u", name, hook);
	KUNIT_EXPECT_EQ_MSG(test, a->n_devices, b->n_devices, "%s, hook %u",
			    name, hook);
	for (i = 0; i < min(a->n_devices, b->n_devices); i++)
		KUNIT_EXPECT_TRUE_MSG(test,
				      netlab_test_same_row(&a->devices[i], &b->devices[i]),
				      "%s, hook %u, row %zu", name, hook, i);
}

static void netlab_test_both_ways(struct kunit *test,
				  const struct netlab_test_kind *k,
				  struct sk_buff *skb, struct net_device *dev,
				  unsigned int hook)
{
	bool ordinary = netlab_test_is_ordinary(k, hook);
	bool edge = netlab_hook_edge(hook);
	struct netlab_reading *a, *b;
	struct netlab_hook_sums sums;
	u8 protocol = 0, other;

	/* The first of its kind is never ordinary. */
	netlab_test_any(test->priv, skb, dev, k->ipv6, hook);

	a = netlab_test_read(test, test->priv, 0);
	KUNIT_EXPECT_EQ_MSG(test, netlab_test_ordinary(test->priv, skb, dev,
						       k->ipv6, hook, &protocol),
			    ordinary, "%s, hook %u", k->name, hook);
	a = netlab_test_since(test, a);
	b = netlab_test_read(test, test->priv, 0);
	other = netlab_test_any(test->priv, skb, dev, k->ipv6, hook);
	b = netlab_test_since(test, b);

	if (ordinary) {
		KUNIT_EXPECT_EQ(test, protocol, other);
		netlab_test_same(test, k->name, hook, a, b);
	} else {
		KUNIT_EXPECT_EQ_MSG(test, netlab_test_total(&a->sums, sizeof(a->sums)),
				    0ULL, "%s, hook %u", k->name, hook);
		KUNIT_EXPECT_EQ_MSG(test, netlab_test_devices_packets(a), 0ULL,
				    "%s, hook %u", k->name, hook);
	}

	netlab_reading_hook(b, k->ipv6, hook, &sums);
	KUNIT_EXPECT_EQ_MSG(test, sums.skbs, 1ULL, "%s, hook %u", k->name, hook);
	if (!k->gso) {
		KUNIT_EXPECT_EQ(test, sums.packets, 1ULL);
		KUNIT_EXPECT_EQ(test, sums.bytes, (u64)skb->len);
		KUNIT_EXPECT_EQ(test, b->sums.protocol[NETLAB_CELL(k->ipv6, hook)][other].packets,
				1ULL);
	}
	KUNIT_EXPECT_EQ_MSG(test, netlab_test_total(b->sums.size, sizeof(b->sums.size)),
			    edge ? sums.packets : 0, "%s, hook %u", k->name,
			    hook);
	/* Each is in the table of devices, or said not to be. */
	KUNIT_EXPECT_EQ_MSG(test, netlab_test_devices_packets(b) + sums.strays,
			    edge ? sums.packets : 0, "%s, hook %u", k->name,
			    hook);
	KUNIT_EXPECT_EQ_MSG(test, sums.strays != 0,
			    edge && k->by >= NETLAB_TEST_BY_STRANGER,
			    "%s, hook %u", k->name, hook);
	netlab_reading_free(a);
	netlab_reading_free(b);
}

static void count_both_ways(struct kunit *test)
{
	struct net_device *devices[] = {
		[NETLAB_TEST_BY_FIRST] = netlab_test_device_new(test, 7, "first"),
		/* Its place is the first one's, in a table of eight. */
		[NETLAB_TEST_BY_SECOND] = netlab_test_device_new(test, 15, "second"),
		[NETLAB_TEST_BY_LOOPBACK] = netlab_test_device_new(test, 1, "lo"),
		[NETLAB_TEST_BY_STRANGER] = netlab_test_device_new(test, 23, "stranger"),
		[NETLAB_TEST_BY_NONE] = NULL,
	};
	unsigned int i, hook;

	netlab_test_on_cpu(test, netlab_test_first_cpu());
	devices[NETLAB_TEST_BY_LOOPBACK]->flags = IFF_LOOPBACK;
	for (i = 0; i < NETLAB_TEST_BY_STRANGER; i++)
		netlab_test_device_event(devices[i], NETDEV_REGISTER);
	for (i = 0; i < ARRAY_SIZE(netlab_test_kinds); i++) {
		const struct netlab_test_kind *k = &netlab_test_kinds[i];
		struct sk_buff *skb = netlab_test_kind_skb(test, k);

		for (hook = 0; hook < NETLAB_HOOKS; hook++) {
			/* What is reassembled before input isn't seen there. */
			if (k->not_input && hook == NETLAB_HOOK_INPUT)
				continue;
			netlab_test_both_ways(test, k, skb, devices[k->by],
					      hook);
		}
		netlab_test_skb_free(skb);
	}
}

/* The first of a kind is left to the long way; 15 kinds in all aren't, then. */
static void count_late_kinds(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	struct netlab_test_packet p;
	struct netlab_reading *r;
	struct sk_buff *skb;
	unsigned int i;
	u8 protocol;

	netlab_test_on_cpu(test, netlab_test_first_cpu());
	for (i = 100; i < 132; i++) {
		netlab_test_packet(&p, NETLAB_FAMILY_IPV4, i);
		skb = netlab_test_packet_skb(test, &p);
		KUNIT_EXPECT_FALSE(test, netlab_test_ordinary(account, skb, NULL,
							      0, NETLAB_HOOK_INPUT,
							      &protocol));
		netlab_test_any(account, skb, NULL, 0, NETLAB_HOOK_INPUT);
		KUNIT_EXPECT_EQ(test, netlab_test_ordinary(account, skb, NULL, 0,
							   NETLAB_HOOK_INPUT,
							   &protocol),
				i < 115);
		netlab_test_hook(account, skb, NULL, 0, NETLAB_HOOK_INPUT);
		netlab_test_skb_free(skb);
	}
	r = netlab_test_read(test, account, 0);
	for (i = 100; i < 132; i++)
		KUNIT_EXPECT_EQ(test, r->sums.protocol[NETLAB_HOOK_INPUT][i].packets,
				i < 115 ? 3ULL : 2ULL);
	netlab_reading_free(r);
}

static struct kunit_case netlab_test_count_cases[] = {
	KUNIT_CASE(count_both_ways),
	KUNIT_CASE(count_late_kinds),
	{}
};

struct kunit_suite netlab_test_count_suite = {
	.name = "netlab_count",
	.init = netlab_test_account_init,
	.exit = netlab_test_account_exit,
	.test_cases = netlab_test_count_cases,
};
