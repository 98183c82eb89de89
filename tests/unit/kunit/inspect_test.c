// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is looked for in a packet: TCP flags, ICMP types and anomalies, each
 * where it is to be counted and nowhere else.
 */
#include <linux/netdevice.h>

#include "chain.h"
#include "counting.h"
#include "packet.h"

/* The anomalies that a packet has, as bits. */
#define ODD(anomaly)	BIT(NETLAB_ANOMALY_##anomaly)

static struct net_device *netlab_test_eth0(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 2, "eth0");

	netlab_test_device_event(dev, NETDEV_REGISTER);
	netlab_test_on_cpu(test, netlab_test_first_cpu());
	return dev;
}

/* Counts @skb at @hook once; what changed is to be freed. */
static struct netlab_reading *netlab_test_see(struct kunit *test,
					      const struct sk_buff *skb,
					      const struct net_device *dev,
					      unsigned int family,
					      unsigned int hook)
{
	struct netlab_reading *r = netlab_test_read(test, test->priv, 0);

	netlab_test_hook(test->priv, skb, dev, family, hook);
	return netlab_test_since(test, r);
}

/* Expects @odd at prerouting and output, once each, and else none. */
static void netlab_test_odd_skb(struct kunit *test, const char *name,
				const struct sk_buff *skb,
				const struct net_device *dev,
				unsigned int family, unsigned int odd)
{
	unsigned int hook, anomaly, cell;

	for (hook = 0; hook < NETLAB_HOOKS; hook++) {
		struct netlab_reading *r = netlab_test_see(test, skb, dev,
							   family, hook);
		bool first = hook == NETLAB_HOOK_PREROUTING ||
			     hook == NETLAB_HOOK_OUTPUT;

		cell = family * NETLAB_HOOKS + hook;
		for (anomaly = 0; anomaly < NETLAB_ANOMALIES; anomaly++)
			KUNIT_EXPECT_EQ_MSG(test, r->sums.anomaly[cell][anomaly],
					    first ? (u64)(odd >> anomaly & 1) : 0,
					    "%s, family %u, hook %u, anomaly %u",
					    name, family, hook, anomaly);
		KUNIT_EXPECT_EQ_MSG(test, netlab_test_total(r->sums.anomaly,
							    sizeof(r->sums.anomaly)),
				    first ? (u64)hweight32(odd) : 0,
				    "%s, family %u, hook %u", name, family,
				    hook);
		netlab_reading_free(r);
	}
}

static void netlab_test_odd(struct kunit *test, const char *name,
			    const struct netlab_test_packet *p,
			    const struct net_device *dev, unsigned int odd)
{
	struct sk_buff *skb = netlab_test_packet_skb(test, p);

	netlab_test_odd_skb(test, name, skb, dev, p->family, odd);
	netlab_test_skb_free(skb);
}

/* RFC 9293's names of the bits, from the lowest. */
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

static unsigned int netlab_test_odd_flags(unsigned int flags)
{
	unsigned int odd = 0;

	if (!(flags & (FIN | SYN | RST | PSH | ACK | URG)))
		odd |= ODD(TCP_NULL);
	if (flags & FIN && flags & PSH && flags & URG &&
	    !(flags & (SYN | RST | ACK)))
		odd |= ODD(TCP_XMAS);
	if (flags & SYN && flags & FIN)
		odd |= ODD(TCP_SYN_FIN);
	return odd;
}

/* Every value of the byte that has them, at every hook. */
static void netlab_test_all_flags(struct kunit *test, unsigned int family)
{
	struct net_device *dev = netlab_test_eth0(test);
	struct netlab_test_packet p;
	struct netlab_reading *r;
	unsigned int flags, hook, i, side;
	struct sk_buff *skb;

	netlab_test_packet(&p, family, IPPROTO_TCP);
	for (flags = 0; flags < 256; flags++) {
		const bool want[NETLAB_TCPS] = {
			[NETLAB_TCP_SYN] = flags & SYN && !(flags & ACK),
			[NETLAB_TCP_SYNACK] = flags & SYN && flags & ACK,
			[NETLAB_TCP_FIN] = flags & FIN,
			[NETLAB_TCP_RST] = flags & RST,
		};
		unsigned int sum = 0;

		for (i = 0; i < NETLAB_TCPS; i++)
			sum += want[i];
		p.bytes[p.l4 + 13] = flags;
		netlab_test_odd(test, "flags", &p, dev,
				netlab_test_odd_flags(flags));
		skb = netlab_test_packet_skb(test, &p);
		for (hook = 0; hook < NETLAB_HOOKS; hook++) {
			bool rx = hook == NETLAB_HOOK_PREROUTING;
			bool edge = rx || hook == NETLAB_HOOK_POSTROUTING;

			side = NETLAB_SIDE(family, rx ? NETLAB_DIRECTION_RX :
							NETLAB_DIRECTION_TX);
			r = netlab_test_see(test, skb, dev, family, hook);
			for (i = 0; i < NETLAB_TCPS; i++)
				KUNIT_EXPECT_EQ_MSG(test, r->sums.tcp[side][i],
						    (u64)(edge && want[i]),
						    "flags %#x, hook %u, counter %u",
						    flags, hook, i);
			KUNIT_EXPECT_EQ(test, netlab_test_total(r->sums.tcp,
								sizeof(r->sums.tcp)),
					edge ? (u64)sum : 0);
			netlab_reading_free(r);
		}
		netlab_test_skb_free(skb);
	}
}

static void inspect_tcp4(struct kunit *test)
{
	netlab_test_all_flags(test, NETLAB_FAMILY_IPV4);
}

static void inspect_tcp6(struct kunit *test)
{
	netlab_test_all_flags(test, NETLAB_FAMILY_IPV6);
}

/* The same byte of other protocols, and of a later fragment, says nothing. */
static void inspect_not_tcp(struct kunit *test)
{
	static const u8 protocols[] = { IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE };
	struct net_device *dev = netlab_test_eth0(test);
	struct netlab_test_packet p;
	struct netlab_reading *r;
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i <= ARRAY_SIZE(protocols); i++) {
		bool tcp = i == ARRAY_SIZE(protocols);

		netlab_test_packet(&p, NETLAB_FAMILY_IPV4,
				   tcp ? IPPROTO_TCP : protocols[i]);
		p.bytes[p.l4 + 13] = SYN | FIN | RST;
		p.bytes[7] = tcp ? 100 : 0;
		netlab_test_odd(test, "no TCP header", &p, dev, 0);
		skb = netlab_test_packet_skb(test, &p);
		r = netlab_test_see(test, skb, dev, NETLAB_FAMILY_IPV4,
				    NETLAB_HOOK_PREROUTING);
		KUNIT_EXPECT_EQ(test, netlab_test_total(r->sums.tcp,
							sizeof(r->sums.tcp)), 0ULL);
		netlab_reading_free(r);
		netlab_test_skb_free(skb);
	}
}

/* Where it comes and where it goes; its row has it at every hook. */
static void inspect_icmp_types(struct kunit *test)
{
	struct net_device *dev = netlab_test_eth0(test);
	unsigned int family, type, hook, side;
	struct netlab_test_packet p;
	struct netlab_reading *r;
	struct sk_buff *skb;

	for (family = 0; family < NETLAB_FAMILIES; family++) {
		u8 icmp = family ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

		netlab_test_packet(&p, family, icmp);
		for (type = 0; type < 256; type++) {
			p.bytes[p.l4] = type;
			skb = netlab_test_packet_skb(test, &p);
			for (hook = 0; hook < NETLAB_HOOKS; hook++) {
				bool rx = hook == NETLAB_HOOK_PREROUTING;
				bool edge = rx || hook == NETLAB_HOOK_POSTROUTING;

				side = NETLAB_SIDE(family, rx ? NETLAB_DIRECTION_RX :
								NETLAB_DIRECTION_TX);
				r = netlab_test_see(test, skb, dev, family, hook);
				KUNIT_EXPECT_EQ(test, r->sums.icmp[side][type],
						edge ? 1ULL : 0);
				KUNIT_EXPECT_EQ(test, netlab_test_total(r->sums.icmp,
									sizeof(r->sums.icmp)),
						edge ? 1ULL : 0);
				KUNIT_EXPECT_EQ(test, r->sums.protocol[NETLAB_CELL(family, hook)][icmp].packets,
						1ULL);
				netlab_reading_free(r);
			}
			netlab_test_skb_free(skb);
		}
	}
}

struct netlab_test_addresses {
	const char *name;
	u8 source[16];
	bool land;
	bool loopback;
	unsigned int odd;
};

/* By a device, TCP and UDP, each of the addresses. */
static void netlab_test_addresses(struct kunit *test, unsigned int family,
				  const struct netlab_test_addresses *a,
				  size_t n)
{
	struct net_device *lo = netlab_test_device_new(test, 1, "lo");
	struct net_device *dev = netlab_test_eth0(test);
	struct netlab_test_packet p;
	size_t i;

	lo->flags = IFF_LOOPBACK;
	netlab_test_device_event(lo, NETDEV_REGISTER);
	for (i = 0; i < n; i++) {
		netlab_test_packet(&p, family, i & 1 ? IPPROTO_TCP : IPPROTO_UDP);
		memcpy(netlab_test_saddr(&p), a[i].source,
		       netlab_test_addr_len(&p));
		if (a[i].land)
			memcpy(netlab_test_daddr(&p), a[i].source,
			       netlab_test_addr_len(&p));
		netlab_test_odd(test, a[i].name, &p, a[i].loopback ? lo : dev,
				a[i].odd);
		/* Who isn't known to be loopback isn't. */
		if (!a[i].loopback)
			netlab_test_odd(test, a[i].name, &p, NULL, a[i].odd);
	}
}

static void inspect_addresses4(struct kunit *test)
{
	static const struct netlab_test_addresses addresses[] = {
		{ "192.0.2.9", { 192, 0, 2, 9 } },
		{ "land", { 192, 0, 2, 9 }, true, false, ODD(LAND) },
		{ "land, loopback", { 192, 0, 2, 9 }, true, true },
		{ "0.0.0.0", { 0, 0, 0, 0 } },
		{ "0.0.0.1", { 0, 0, 0, 1 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "0.1.0.0", { 0, 1, 0, 0 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "0.255.255.255", { 0, 255, 255, 255 },
		  .odd = ODD(MARTIAN_SOURCE) },
		{ "0.0.0.1, loopback", { 0, 0, 0, 1 }, false, true,
		  ODD(MARTIAN_SOURCE) },
		{ "1.0.0.0", { 1, 0, 0, 0 } },
		{ "126.255.255.255", { 126, 255, 255, 255 } },
		{ "127.0.0.0", { 127, 0, 0, 0 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "127.0.0.1", { 127, 0, 0, 1 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "127.255.255.255", { 127, 255, 255, 255 },
		  .odd = ODD(MARTIAN_SOURCE) },
		{ "127.0.0.1, loopback", { 127, 0, 0, 1 }, false, true },
		{ "land, 127.0.0.1, loopback", { 127, 0, 0, 1 }, true, true },
		{ "land, 127.0.0.1", { 127, 0, 0, 1 }, true, false,
		  ODD(LAND) | ODD(MARTIAN_SOURCE) },
		{ "128.0.0.0", { 128, 0, 0, 0 } },
		{ "223.255.255.255", { 223, 255, 255, 255 } },
		{ "224.0.0.0", { 224, 0, 0, 0 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "239.255.255.255", { 239, 255, 255, 255 },
		  .odd = ODD(MARTIAN_SOURCE) },
		{ "224.0.0.1, loopback", { 224, 0, 0, 1 }, false, true,
		  ODD(MARTIAN_SOURCE) },
		{ "240.0.0.0", { 240, 0, 0, 0 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "255.255.255.254", { 255, 255, 255, 254 },
		  .odd = ODD(MARTIAN_SOURCE) },
		{ "255.255.255.255", { 255, 255, 255, 255 },
		  .odd = ODD(MARTIAN_SOURCE) },
	};

	netlab_test_addresses(test, NETLAB_FAMILY_IPV4, addresses,
			      ARRAY_SIZE(addresses));
}

static void inspect_addresses6(struct kunit *test)
{
	static const struct netlab_test_addresses addresses[] = {
		{ "2001:db8::9", { 0x20, 1, 0xd, 0xb8, [15] = 9 } },
		{ "land", { 0x20, 1, 0xd, 0xb8, [15] = 9 }, true, false,
		  ODD(LAND) },
		{ "land, loopback", { 0x20, 1, [15] = 9 }, true, true },
		{ "::", { 0 } },
		{ "::1", { [15] = 1 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "::1, loopback", { [15] = 1 }, false, true },
		{ "land, ::1, loopback", { [15] = 1 }, true, true },
		{ "::2", { [15] = 2 } },
		{ "::1:0", { [13] = 1 } },
		{ "0:0:0:1::1", { [7] = 1, [15] = 1 } },
		{ "::ffff:127.0.0.1", { [10] = 0xff, 0xff, 127, 0, 0, 1 } },
		{ "fe80::1", { 0xfe, 0x80, [15] = 1 } },
		{ "feff::", { 0xfe, 0xff } },
		{ "ff00::", { 0xff, 0 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "ff02::1", { 0xff, 2, [15] = 1 }, .odd = ODD(MARTIAN_SOURCE) },
		{ "ff02::1, loopback", { 0xff, 2, [15] = 1 }, false, true,
		  ODD(MARTIAN_SOURCE) },
	};

	netlab_test_addresses(test, NETLAB_FAMILY_IPV6, addresses,
			      ARRAY_SIZE(addresses));
}

/* How much of its header a packet must have, 0: there is nothing to have. */
static unsigned int netlab_test_need(unsigned int family, u8 protocol)
{
	if (protocol == IPPROTO_TCP)
		return 20;
	if (protocol == IPPROTO_UDP ||
	    protocol == (family ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return 8;
	return 0;
}

/* Cut at each byte; a whole packet, and a first fragment. */
static void inspect_truncated(struct kunit *test)
{
	static const u8 protocols[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6,
		IPPROTO_GRE, IPPROTO_SCTP,
	};
	struct net_device *dev = netlab_test_eth0(test);
	unsigned int family, i, len, need, l4;
	struct netlab_test_packet p;

	for (family = 0; family < NETLAB_FAMILIES; family++) {
		for (i = 0; i < ARRAY_SIZE(protocols); i++) {
			/* What this means in IPv6 alone isn't asked in IPv4. */
			need = netlab_test_need(family, protocols[i]);
			for (len = 0; len <= 21; len++) {
				netlab_test_packet(&p, family, protocols[i]);
				p.len = p.l4 + len;
				netlab_test_odd(test, "whole", &p, dev,
						len < need ? ODD(L4_TRUNCATED) : 0);

				l4 = p.l4;
				if (family == NETLAB_FAMILY_IPV4) {
					p.bytes[6] = 0x20;
				} else {
					memmove(p.bytes + l4 + 8, p.bytes + l4,
						32);
					memset(p.bytes + l4, 0, 8);
					p.bytes[l4] = protocols[i];
					p.bytes[l4 + 3] = 1;
					p.bytes[6] = NEXTHDR_FRAGMENT;
					p.len += 8;
				}
				netlab_test_odd(test, "first fragment", &p, dev,
						len < need ? ODD(TINY_FRAGMENT) : 0);
			}
		}
	}
}

/* A TCP fragment that begins inside its header; RFC 3128 is about TCP only. */
static void inspect_tiny_fragments(struct kunit *test)
{
	static const u8 protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct net_device *dev = netlab_test_eth0(test);
	struct netlab_test_packet p;
	unsigned int i, offset, more, odd;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		for (offset = 1; offset <= 4; offset++) {
			for (more = 0; more < 2; more++) {
				odd = protocols[i] == IPPROTO_TCP &&
				      offset * 8 < 20 ? ODD(TINY_FRAGMENT) : 0;

				/* Its bytes aren't a header, nor too few for one. */
				netlab_test_packet(&p, NETLAB_FAMILY_IPV4,
						   protocols[i]);
				p.bytes[6] = more << 5;
				p.bytes[7] = offset;
				p.bytes[p.l4 + 13] = SYN | FIN;
				netlab_test_odd(test, "IPv4", &p, dev, odd);
				p.len = p.l4 + 1;
				netlab_test_odd(test, "IPv4, short", &p, dev,
						odd);

				netlab_test_packet(&p, NETLAB_FAMILY_IPV6,
						   NEXTHDR_FRAGMENT);
				p.bytes[p.l4] = protocols[i];
				p.bytes[p.l4 + 3] = offset << 3 | more;
				p.bytes[p.l4 + 8 + 13] = SYN | FIN;
				netlab_test_odd(test, "IPv6", &p, dev, odd);
				p.len = p.l4 + 8 + 1;
				netlab_test_odd(test, "IPv6, short", &p, dev,
						odd);
			}
		}
	}
}

/* The one that isn't passed is odd; what lies behind it isn't looked at. */
static void inspect_too_many_headers(struct kunit *test)
{
	struct net_device *dev = netlab_test_eth0(test);
	struct netlab_test_chain *chain;
	struct sk_buff *skb;
	unsigned int n, i;

	chain = kunit_kzalloc(test, sizeof(*chain), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chain);
	for (n = 14; n <= 18; n++) {
		netlab_test_chain_begin(chain);
		chain->bytes[8] = 0x20; /* a source, for :: is the destination */
		for (i = 0; i < n; i++)
			netlab_test_chain_add(chain, NEXTHDR_DEST, 0, 8);
		/* Cut. */
		netlab_test_chain_end(chain, IPPROTO_TCP, 4);
		skb = netlab_test_skb(test, NETLAB_TEST_LINEAR, chain->bytes,
				      chain->len, chain->len, 0);
		netlab_test_odd_skb(test, "headers", skb, dev, NETLAB_FAMILY_IPV6,
				    n > 16 ? ODD(EXTHDR_LIMIT) :
					     ODD(L4_TRUNCATED));
		netlab_test_skb_free(skb);
	}
}

static struct kunit_case netlab_test_inspect_cases[] = {
	KUNIT_CASE(inspect_tcp4),
	KUNIT_CASE(inspect_tcp6),
	KUNIT_CASE(inspect_not_tcp),
	KUNIT_CASE(inspect_icmp_types),
	KUNIT_CASE(inspect_addresses4),
	KUNIT_CASE(inspect_addresses6),
	KUNIT_CASE(inspect_truncated),
	KUNIT_CASE(inspect_tiny_fragments),
	KUNIT_CASE(inspect_too_many_headers),
	{}
};

struct kunit_suite netlab_test_inspect = {
	.name = "netlab_inspect",
	.init = netlab_test_account_init,
	.exit = netlab_test_account_exit,
	.test_cases = netlab_test_inspect_cases,
};
