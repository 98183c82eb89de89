// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of devices: they come, go, come again, and are many.
 */
#include <linux/netdevice.h>
#include <linux/rcupdate.h>

#include "counting.h"
#include "fake.h"
#include "packet.h"

/* A packet that came by @dev, @times times, of a protocol that has no type. */
static void netlab_test_receive(struct kunit *test,
				const struct net_device *dev, u8 protocol,
				unsigned int times)
{
	struct netlab_test_packet p;
	struct sk_buff *skb;

	netlab_test_packet(&p, NETLAB_FAMILY_IPV4, protocol);
	skb = netlab_test_packet_skb(test, &p);
	while (times--)
		netlab_test_hook(test->priv, skb, dev, NETLAB_FAMILY_IPV4,
				 NETLAB_HOOK_PREROUTING);
	netlab_test_skb_free(skb);
}

/* What an epoch's rows say of a device's protocol received by IPv4. */
static u64 netlab_test_received(struct kunit *test, u32 epoch, int ifindex,
				u8 protocol)
{
	struct netlab_reading *r = netlab_test_read(test, test->priv, epoch);
	u64 packets = 0;
	size_t i;

	for (i = 0; i < r->n_devices; i++) {
		const struct netlab_device_row *row = &r->devices[i];

		if (row->ifindex != ifindex || row->protocol != protocol)
			continue;
		KUNIT_EXPECT_EQ(test, row->side, (u8)0);
		KUNIT_EXPECT_EQ(test, row->bytes, 52 * row->packets);
		/* No second row of it, and none of only zeroes. */
		KUNIT_EXPECT_EQ(test, packets, 0ULL);
		KUNIT_EXPECT_GT(test, row->packets, 0ULL);
		packets = row->packets;
	}
	netlab_reading_free(r);
	return packets;
}

static u64 netlab_test_strays(struct kunit *test)
{
	struct netlab_reading *r = netlab_test_read(test, test->priv, 0);
	u64 strays = r->sums.cell[0].strays;

	netlab_reading_free(r);
	return strays;
}

static void device_comes_and_goes(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 5, "eth0");

	netlab_test_receive(test, dev, 17, 1);
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 1ULL);

	netlab_test_device_event(dev, NETDEV_REGISTER);
	netlab_test_receive(test, dev, 17, 3);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, 17), 3ULL);

	netlab_test_device_event(dev, NETDEV_UNREGISTER);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, 17), 0ULL);
	netlab_test_receive(test, dev, 17, 2);
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 3ULL);

	/* A new one with its index has nothing of it. */
	netlab_test_device_event(dev, NETDEV_REGISTER);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, 17), 0ULL);
	netlab_test_receive(test, dev, 17, 4);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, 17), 4ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 3ULL);
}

static void device_renamed(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 5, "eth0");
	struct netlab_reading *r;

	netlab_test_device_event(dev, NETDEV_REGISTER);
	netlab_test_receive(test, dev, 17, 1);
	strscpy(dev->name, "wan", sizeof(dev->name));
	netlab_test_device_event(dev, NETDEV_CHANGENAME);
	netlab_test_receive(test, dev, 17, 1);
	r = netlab_test_read(test, test->priv, 0);
	KUNIT_ASSERT_EQ(test, r->n_devices, (size_t)1);
	KUNIT_EXPECT_TRUE(test, !strcmp(r->devices[0].name, "wan"));
	KUNIT_EXPECT_EQ(test, r->devices[0].packets, 2ULL);
	netlab_reading_free(r);
}

/* Events of what isn't there, or of no interest, do nothing. */
static void device_unknown(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 5, "eth0");

	netlab_test_device_event(dev, NETDEV_UNREGISTER);
	netlab_test_device_event(dev, NETDEV_CHANGENAME);
	netlab_test_device_event(dev, NETDEV_UP);
	netlab_test_receive(test, dev, 17, 1);
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 1ULL);
}

#define NETLAB_TEST_DEVICES	100

/* Most of them in one place of the table, which grows under them. */
static int netlab_test_index(unsigned int i)
{
	return i % 3 ? 1 + i * 256 : 1 + i;
}

static void device_many(struct kunit *test)
{
	struct net_device *dev[NETLAB_TEST_DEVICES];
	unsigned int i, had = 0;

	netlab_test_on_cpu(test, netlab_test_first_cpu());
	for (i = 0; i < NETLAB_TEST_DEVICES; i++) {
		dev[i] = netlab_test_device_new(test, netlab_test_index(i), "d");
		netlab_test_device_event(dev[i], NETDEV_REGISTER);
		netlab_test_receive(test, dev[i], 17, 1);
		netlab_test_receive(test, dev[i / 2], 6, 1);
	}
	for (i = 0; i < NETLAB_TEST_DEVICES; i += 2)
		netlab_test_device_event(dev[i], NETDEV_UNREGISTER);
	for (i = 0; i < NETLAB_TEST_DEVICES; i++) {
		netlab_test_receive(test, dev[i], 17, 1 + i);
		had += i % 2 ? 0 : 1 + i;
		KUNIT_EXPECT_EQ_MSG(test, netlab_test_received(test, 0, dev[i]->ifindex, 17),
				    i % 2 ? 2ULL + i : 0, "device %u", i);
		KUNIT_EXPECT_EQ_MSG(test, netlab_test_received(test, 0, dev[i]->ifindex, 6),
				    i % 2 && i < 50 ? 2ULL : 0, "device %u", i);
	}
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), (u64)had);
	for (i = 0; i < NETLAB_TEST_DEVICES; i += 2) {
		netlab_test_device_event(dev[i], NETDEV_REGISTER);
		netlab_test_receive(test, dev[i], 17, 1);
		KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, dev[i]->ifindex, 17),
				1ULL);
	}
}

/* Tombstones don't fill the table: indices are used once, and are many. */
static void device_one_after_the_other(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 0, "veth");
	struct netlab_account *account = test->priv;
	unsigned int i;

	for (i = 1; i <= 1000; i++) {
		dev->ifindex = i;
		netlab_test_device_event(dev, NETDEV_REGISTER);
		netlab_test_receive(test, dev, 17, 1);
		netlab_test_device_event(dev, NETDEV_UNREGISTER);
	}
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 0ULL);
	KUNIT_EXPECT_LE(test, account->devices.table->mask, 7U);
}

static void device_epochs(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 5, "eth0");
	struct net_device *late = netlab_test_device_new(test, 6, "eth1");
	u64 since;
	u32 epoch;

	netlab_test_device_event(dev, NETDEV_REGISTER);
	netlab_test_receive(test, dev, 17, 3);
	KUNIT_EXPECT_EQ(test, 0, netlab_account_reset(test->priv, &epoch, &since));
	netlab_test_device_event(late, NETDEV_REGISTER);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 2, 5, 17), 0ULL);
	netlab_test_receive(test, dev, 17, 5);
	netlab_test_receive(test, late, 17, 7);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 1, 5, 17), 3ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 1, 6, 17), 0ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 2, 5, 17), 5ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 2, 6, 17), 7ULL);

	KUNIT_EXPECT_EQ(test, 0, netlab_account_reset(test->priv, &epoch, &since));
	netlab_test_receive(test, dev, 17, 1);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 2, 5, 17), 5ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 2, 6, 17), 7ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 3, 5, 17), 1ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 3, 6, 17), 0ULL);

	/* A reset for which there is no memory changes nothing. */
	netlab_test_nomem = true;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			netlab_account_reset(test->priv, &epoch, &since));
	netlab_test_nomem = false;
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 3, 5, 17), 1ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 2, 6, 17), 7ULL);
}

/* All protocols by one device, so that it has all of its chunks but one. */
static void device_all_protocols(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 5, "eth0");
	unsigned int protocol;

	netlab_test_device_event(dev, NETDEV_REGISTER);
	for (protocol = 2; protocol < 256; protocol++)
		netlab_test_receive(test, dev, protocol, protocol);
	for (protocol = 2; protocol < 256; protocol++)
		KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, protocol),
				(u64)protocol);
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 0ULL);
}

/* A device, or a chunk of its, for which there is no memory: strays. */
static void device_no_memory(struct kunit *test)
{
	struct net_device *dev = netlab_test_device_new(test, 5, "eth0");
	struct net_device *other = netlab_test_device_new(test, 6, "eth1");
	unsigned int protocol;

	netlab_test_on_cpu(test, netlab_test_first_cpu());
	netlab_test_nomem = true;
	netlab_test_device_event(dev, NETDEV_REGISTER);
	netlab_test_nomem = false;
	netlab_test_device_event(dev, NETDEV_UNREGISTER);
	netlab_test_receive(test, dev, 17, 1);
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 1ULL);

	/* UDP has the first slot; 100 to 115 have those up to the 17th. */
	netlab_test_device_event(dev, NETDEV_REGISTER);
	netlab_test_device_event(other, NETDEV_REGISTER);
	for (protocol = 100; protocol < 116; protocol++)
		netlab_test_receive(test, other, protocol, 1);
	netlab_test_nomem = true;
	for (protocol = 100; protocol < 116; protocol++)
		netlab_test_receive(test, dev, protocol, 1);
	netlab_test_nomem = false;
	KUNIT_EXPECT_EQ(test, netlab_test_strays(test), 3ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, 113), 1ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, 114), 0ULL);
	netlab_test_receive(test, dev, 114, 1);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 5, 114), 1ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_received(test, 0, 6, 114), 1ULL);
}

static struct kunit_case netlab_test_device_cases[] = {
	KUNIT_CASE(device_comes_and_goes),
	KUNIT_CASE(device_renamed),
	KUNIT_CASE(device_unknown),
	KUNIT_CASE(device_many),
	KUNIT_CASE(device_one_after_the_other),
	KUNIT_CASE(device_epochs),
	KUNIT_CASE(device_all_protocols),
	KUNIT_CASE(device_no_memory),
	{}
};

struct kunit_suite netlab_test_device = {
	.name = "netlab_device",
	.init = netlab_test_account_init,
	.exit = netlab_test_account_exit,
	.test_cases = netlab_test_device_cases,
};
