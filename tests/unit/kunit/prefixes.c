// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/random.h>

#include "prefixes.h"

static ulong netlab_test_seed;
module_param_named(seed, netlab_test_seed, ulong, 0);
MODULE_PARM_DESC(seed, "what random tests begin with (default 0: at random)");

int netlab_test_prefixes_init(struct kunit *test)
{
	struct netlab_test_prefixes *p;
	unsigned long seed;
	int err;

	p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	err = netlab_prefix_init();
	if (err)
		return err;
	test->priv = p;
	p->set = netlab_prefixes_alloc();
	p->cpus = netlab_prefix_cpus_alloc();
	seed = netlab_test_seed ?: get_random_u32();
	pr_info("    # seed=%lu\n", seed);
	prandom_seed_state(&p->random, seed);
	return p->set && p->cpus ? 0 : -ENOMEM;
}

void netlab_test_prefixes_exit(struct kunit *test)
{
	struct netlab_test_prefixes *p = test->priv;

	if (!p)
		return;
	netlab_prefix_cpus_free(p->cpus);
	if (p->set)
		netlab_prefixes_free(p->set);
	netlab_prefix_exit();
	KUNIT_EXPECT_EQ(test, atomic64_read(&netlab_test_bytes), 0LL);
}

struct netlab_prefix_key netlab_test_key(unsigned int family, u64 hi, u64 lo,
					 unsigned int length)
{
	struct netlab_prefix_key key = { .family = family, .length = length };

	if (family == NETLAB_FAMILY_IPV4)
		lo = 0;
	if (length)
		key.address.hi = hi & (U64_MAX << (64 - min(length, 64U)));
	if (length > 64)
		key.address.lo = lo & (U64_MAX << (128 - length));
	return key;
}

/* Half of all are near some few addresses, so that they lie in one another. */
struct netlab_prefix_key netlab_test_random_key(struct rnd_state *random,
						unsigned int family,
						unsigned int shortest,
						unsigned int longest)
{
	unsigned int length = shortest +
			      netlab_test_random(random, longest - shortest + 1);
	u64 hi, lo;

	prandom_bytes_state(random, &hi, sizeof(hi));
	prandom_bytes_state(random, &lo, sizeof(lo));
	if (hi & 1) {
		unsigned int bit = netlab_test_random(random, netlab_test_bits(family));
		u64 base = netlab_test_random(random, 5) * 0x3141592653589793ULL;

		hi = base ^ (bit < 64 ? BIT_ULL(63 - bit) : 0);
		lo = ~base ^ (bit < 64 ? 0 : BIT_ULL(127 - bit));
	}
	return netlab_test_key(family, hi, lo, length);
}

void netlab_test_add(struct kunit *test, const struct netlab_prefix_key *key,
		     u32 rate)
{
	struct netlab_test_prefixes *p = test->priv;
	const struct netlab_prefix_settings settings = {
		.rate = rate, .max_size = 65535,
	};

	KUNIT_ASSERT_EQ(test, 0, netlab_prefixes_add(p->set, key, &settings, false));
}
