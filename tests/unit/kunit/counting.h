/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * counting: a namespace's accounting without a namespace.
 */
#ifndef _NETLAB_TEST_COUNTING_H
#define _NETLAB_TEST_COUNTING_H

#include "account.h"
#include "dissect.h"
#include "suites.h"

struct net_device;

/* The test's namespace, of which only the accounting is there. */
extern struct netlab_net *netlab_test_ns;

int netlab_test_account_init(struct kunit *test);
void netlab_test_account_exit(struct kunit *test);

unsigned int netlab_test_first_cpu(void);
void netlab_test_on_cpu(struct kunit *test, unsigned int cpu);

/* Counting without a packet. */
void netlab_test_count_here(struct netlab_account *account, unsigned int cell,
			    unsigned int key, const struct netlab_packet *p);
void netlab_test_count(struct netlab_account *account, unsigned int cell,
		       unsigned int key, u8 flags, u32 packets, u64 bytes);
void netlab_test_outcome(struct netlab_account *account, unsigned int family,
			 unsigned int path, unsigned int outcome);

/* Counting a packet, in each way and as a hook does. */
bool netlab_test_ordinary(struct netlab_account *account,
			  const struct sk_buff *skb,
			  const struct net_device *dev, unsigned int family,
			  unsigned int hook, u8 *protocol);
u8 netlab_test_any(struct netlab_account *account, const struct sk_buff *skb,
		   const struct net_device *dev, unsigned int family,
		   unsigned int hook);
void netlab_test_hook(struct netlab_account *account,
		      const struct sk_buff *skb, const struct net_device *dev,
		      unsigned int family, unsigned int hook);

/* Devices that only netlab knows. */
struct net_device *netlab_test_device_new(struct kunit *test, int ifindex,
					  const char *name);
void netlab_test_device_event(struct net_device *dev, unsigned long event);

struct netlab_reading *netlab_test_read(struct kunit *test,
					struct netlab_account *account,
					u32 epoch);
struct netlab_reading *netlab_test_since(struct kunit *test,
					 struct netlab_reading *before);
u64 netlab_test_total(const void *words, size_t size);

#endif /* _NETLAB_TEST_COUNTING_H */
