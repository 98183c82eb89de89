// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epochs: what a reset closes, and that it loses nothing.
 */
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "counting.h"
#include "dissect.h"
#include "fake.h"

/* A protocol's packets at the first hook in an epoch. */
static u64 netlab_test_packets(struct kunit *test, u32 epoch, u8 protocol)
{
	struct netlab_reading *r = netlab_test_read(test, test->priv, epoch);
	u64 packets = r->sums.protocol[0][protocol].packets;

	netlab_reading_free(r);
	return packets;
}

static void netlab_test_reset(struct kunit *test, u32 want)
{
	u32 epoch = 0;
	u64 since = 0;

	KUNIT_ASSERT_EQ(test, 0,
			netlab_account_reset(test->priv, &epoch, &since));
	KUNIT_EXPECT_EQ(test, epoch, want);
}

static void netlab_test_no_epoch(struct kunit *test, u32 epoch)
{
	struct netlab_reading *r = netlab_account_read(test->priv, epoch, true);

	KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(r), (long)-ENOENT, "epoch %u", epoch);
	if (!IS_ERR(r))
		netlab_reading_free(r);
}

static void epoch_first(struct kunit *test)
{
	netlab_test_count(test->priv, 0, 6, 0, 5, 500);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 0, 6), 5ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 1, 6), 5ULL);
	netlab_test_no_epoch(test, 2);
	netlab_test_no_epoch(test, U32_MAX);
}

/* The closed epoch reads the same whatever comes; the one before is gone. */
static void epoch_reset(struct kunit *test)
{
	netlab_test_count(test->priv, 0, 6, 0, 5, 500);
	netlab_test_reset(test, 2);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 0, 6), 0ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 1, 6), 5ULL);

	netlab_test_count(test->priv, 0, 6, 0, 3, 300);
	netlab_test_count(test->priv, 0, 200, 0, 1, 100);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 0, 6), 3ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 2, 6), 3ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 2, 200), 1ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 1, 6), 5ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 1, 200), 0ULL);
	netlab_test_no_epoch(test, 3);

	netlab_test_reset(test, 3);
	netlab_test_count(test->priv, 0, 6, 0, 7, 700);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 0, 6), 7ULL);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 2, 6), 3ULL);
	netlab_test_no_epoch(test, 1);
	netlab_test_no_epoch(test, 4);

	netlab_test_reset(test, 4);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 3, 6), 7ULL);
	netlab_test_no_epoch(test, 2);
}

/* A reset resets everything that is read, by whatever name. */
static void epoch_resets_all(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	struct netlab_reading *r;
	const u64 *word;
	size_t i, set = 0;

	netlab_test_count(account, 4, 17,
			  NETLAB_PACKET_GSO | NETLAB_PACKET_FRAGMENT |
			  NETLAB_PACKET_OPTIONS, 9, 900);
	netlab_test_outcome(account, 1, 2, 3);
	netlab_test_count(account, 4, NETLAB_KEY_TYPE(8), 0, 1, 100);
	/* The first that there is, and the last. */
	netlab_test_count(account, 0, 0, 0, 1, 28);
	netlab_test_outcome(account, NETLAB_FAMILIES - 1, NETLAB_PATHS - 1,
			    NETLAB_OUTCOMES - 1);
	netlab_test_reset(test, 2);

	r = netlab_test_read(test, account, 0);
	for (word = (const u64 *)&r->sums, i = 0; i < sizeof(r->sums) / 8; i++)
		set += word[i] != 0;
	KUNIT_EXPECT_EQ(test, set, (size_t)0);
	netlab_reading_free(r);

	r = netlab_test_read(test, account, 1);
	for (word = (const u64 *)&r->sums, i = 0; i < sizeof(r->sums) / 8; i++)
		set += word[i] != 0;
	/*
	 * Three times packets and bytes; one type; merged, fragments, options;
	 * two outcomes.
	 */
	KUNIT_EXPECT_EQ(test, set, (size_t)12);
	KUNIT_EXPECT_EQ(test, r->sums.outcome[1][2][3], 1ULL);
	netlab_reading_free(r);
	/* The running counter of outcomes knows no epochs. */
	KUNIT_EXPECT_EQ(test, netlab_account_outcome(account, 1, 2, 3), 1ULL);
}

/* Each epoch began when the one before it ended. */
static void epoch_since(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	u64 first, second, third, told;
	struct netlab_reading *r;
	u32 epoch;

	netlab_account_epoch(account, &epoch, &first);
	KUNIT_EXPECT_EQ(test, epoch, 1U);
	KUNIT_EXPECT_EQ(test, 0, netlab_account_reset(account, &epoch, &second));
	KUNIT_EXPECT_EQ(test, 0, netlab_account_reset(account, &epoch, &third));
	KUNIT_EXPECT_LE(test, first, second);
	KUNIT_EXPECT_LE(test, second, third);
	netlab_account_epoch(account, &epoch, &told);
	KUNIT_EXPECT_EQ(test, epoch, 3U);
	KUNIT_EXPECT_EQ(test, told, third);

	r = netlab_test_read(test, account, 2);
	KUNIT_EXPECT_EQ(test, r->epoch, 2U);
	KUNIT_EXPECT_EQ(test, r->since, second);
	netlab_reading_free(r);
	r = netlab_test_read(test, account, 0);
	KUNIT_EXPECT_EQ(test, r->epoch, 3U);
	KUNIT_EXPECT_EQ(test, r->since, third);
	netlab_reading_free(r);
}

/* A reset or a reading that finds no memory changes nothing. */
static void epoch_no_memory(struct kunit *test)
{
	struct netlab_account *account = test->priv;
	u32 epoch = 77;
	u64 since = 78;

	netlab_test_count(account, 0, 6, 0, 5, 500);
	netlab_test_nomem = true;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			netlab_account_reset(account, &epoch, &since));
	KUNIT_EXPECT_EQ(test, PTR_ERR(netlab_account_read(account, 0, false)),
			(long)-ENOMEM);
	netlab_test_nomem = false;
	netlab_account_epoch(account, &epoch, &since);
	KUNIT_EXPECT_EQ(test, epoch, 1U);
	KUNIT_EXPECT_EQ(test, netlab_test_packets(test, 0, 6), 5ULL);
	netlab_test_no_epoch(test, 2);
}

#define NETLAB_TEST_WORKERS	8
#define NETLAB_TEST_RESETS	300

/**
 * struct netlab_test_worker - counts on one CPU until told to stop
 * @work: it
 * @account: where it counts
 * @stop: told by the test
 * @counted: sk_buffs
 */
struct netlab_test_worker {
	struct work_struct work;
	struct netlab_account *account;
	bool stop;
	u64 counted;
};

static void netlab_test_worker(struct work_struct *work)
{
	struct netlab_test_worker *worker =
		container_of(work, struct netlab_test_worker, work);

	while (!READ_ONCE(worker->stop)) {
		netlab_test_count(worker->account, 0, worker->counted % 24 * 20,
				  NETLAB_PACKET_GSO, 2, 56);
		worker->counted++;
		if (worker->counted % 256 == 0)
			cond_resched();
	}
}

/* All protocols' sk_buffs in an epoch, with all of their numbers. */
static u64 netlab_test_epoch_packets(struct kunit *test, u32 epoch)
{
	struct netlab_reading *r = netlab_account_read(test->priv, epoch, true);
	struct netlab_hook_sums sums;

	/* No assertion, which would end the test before its workers. */
	KUNIT_EXPECT_TRUE(test, !IS_ERR(r));
	if (IS_ERR(r))
		return 0;
	netlab_reading_hook(r, 0, 0, &sums);
	netlab_reading_free(r);
	KUNIT_EXPECT_EQ(test, sums.packets, sums.skbs * 2);
	KUNIT_EXPECT_EQ(test, sums.bytes, sums.skbs * 56);
	return sums.skbs;
}

/*
 * What is counted while epochs come and go is in exactly one of them, with its
 * packets and bytes.
 */
static void epoch_under_load(struct kunit *test)
{
	struct netlab_test_worker *workers;
	u64 sum = 0, counted = 0, since;
	unsigned int i, cpu, n = 0;
	u32 epoch = 1;

	workers = kunit_kzalloc(test, NETLAB_TEST_WORKERS * sizeof(*workers),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, workers);
	for_each_online_cpu(cpu) {
		if (n == NETLAB_TEST_WORKERS)
			break;
		workers[n].account = test->priv;
		INIT_WORK(&workers[n].work, netlab_test_worker);
		schedule_work_on(cpu, &workers[n].work);
		n++;
	}
	for (i = 0; i < NETLAB_TEST_RESETS; i++) {
		if (netlab_account_reset(test->priv, &epoch, &since))
			break;
		sum += netlab_test_epoch_packets(test, epoch - 1);
		cond_resched();
	}
	while (n--) {
		WRITE_ONCE(workers[n].stop, true);
		flush_work(&workers[n].work);
		counted += workers[n].counted;
	}
	sum += netlab_test_epoch_packets(test, 0);
	KUNIT_EXPECT_EQ(test, i, (unsigned int)NETLAB_TEST_RESETS);
	KUNIT_EXPECT_EQ(test, epoch, NETLAB_TEST_RESETS + 1U);
	KUNIT_EXPECT_GT(test, counted, 0ULL);
	KUNIT_EXPECT_EQ(test, sum, counted);
}

static struct kunit_case netlab_test_epoch_cases[] = {
	KUNIT_CASE(epoch_first),
	KUNIT_CASE(epoch_reset),
	KUNIT_CASE(epoch_resets_all),
	KUNIT_CASE(epoch_since),
	KUNIT_CASE(epoch_no_memory),
	KUNIT_CASE(epoch_under_load),
	{}
};

struct kunit_suite netlab_test_epoch = {
	.name = "netlab_epoch",
	.init = netlab_test_account_init,
	.exit = netlab_test_account_exit,
	.test_cases = netlab_test_epoch_cases,
};
