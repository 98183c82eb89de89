// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include "prefix.h"

static struct kmem_cache *netlab_prefix_cache;
static struct workqueue_struct *netlab_prefix_queue;

static struct netlab_prefix *netlab_prefix_of(struct netlab_node *node)
{
	/* Stays NULL, since the node comes first. */
	return container_of(node, struct netlab_prefix, node);
}

static void netlab_prefix_rcu_free(struct rcu_head *rcu)
{
	kmem_cache_free(netlab_prefix_cache,
			container_of(rcu, struct netlab_prefix, rcu));
}

/**
 * netlab_prefix_put() - have nothing to do with a prefix any more
 * @prefix: which
 *
 * Context: any.
 */
void netlab_prefix_put(struct netlab_prefix *prefix)
{
	if (refcount_dec_and_test(&prefix->node.refs))
		call_rcu(&prefix->rcu, netlab_prefix_rcu_free);
}

/* The same where there was a grace period since a reader could find it. */
static void netlab_prefix_put_late(struct netlab_node *node)
{
	if (refcount_dec_and_test(&node->refs))
		kmem_cache_free(netlab_prefix_cache, netlab_prefix_of(node));
}

/**
 * netlab_prefixes_alloc() - make a set, empty
 *
 * Context: process. Return: the set; NULL if there is no memory.
 */
struct netlab_prefixes *netlab_prefixes_alloc(void)
{
	return kzalloc(sizeof(struct netlab_prefixes), GFP_KERNEL_ACCOUNT);
}

static void netlab_prefixes_work(struct work_struct *work)
{
	struct netlab_prefixes *set = container_of(to_rcu_work(work),
						   struct netlab_prefixes, work);
	unsigned int family;

	for (family = 0; family < NETLAB_PREFIX_FAMILIES; family++)
		netlab_trie_free(&set->trie[family], netlab_prefix_put_late);
	kfree(set);
}

/**
 * netlab_prefixes_free() - free a set, some time after the next grace period
 * @set: not to be found any more; readers may still have it, no writer
 *
 * Context: any.
 */
void netlab_prefixes_free(struct netlab_prefixes *set)
{
	INIT_RCU_WORK(&set->work, netlab_prefixes_work);
	queue_rcu_work(netlab_prefix_queue, &set->work);
}

/* One is new in the set, or gone. */
static void netlab_prefixes_note(struct netlab_prefixes *set,
				 const struct netlab_prefix *prefix, int change)
{
	const unsigned int family = prefix->node.family;

	WRITE_ONCE(set->n, set->n + change);
	if (prefix->proxy)
		WRITE_ONCE(set->proxied[family], set->proxied[family] + change);
	WRITE_ONCE(set->sequence, set->sequence + 1);
}

/**
 * netlab_prefixes_add() - add a prefix to a set
 * @set: the set
 * @key: which; no bits after its length
 * @settings: what it is to have, all valid
 * @replace: whether one that is there gives way, with what it counted
 *
 * Context: process, as the set's only writer. Return: 0; -EEXIST; -ENOSPC;
 * -ENOMEM; if not 0, nothing changed.
 */
int netlab_prefixes_add(struct netlab_prefixes *set,
			const struct netlab_prefix_key *key,
			const struct netlab_prefix_settings *settings,
			bool replace)
{
	struct netlab_node *old = NULL;
	struct netlab_prefix *new;
	int err;

	if (set->n >= NETLAB_PREFIXES_MAX && !netlab_prefix_exact(set, key))
		return -ENOSPC;
	new = kmem_cache_zalloc(netlab_prefix_cache, GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->node.address = key->address;
	new->node.length = key->length;
	new->node.family = key->family;
	new->node.max_size = settings->max_size;
	refcount_set(&new->node.refs, 1);
	new->rate = settings->rate;
	new->burst = settings->burst;
	new->proxy = settings->proxy;
	atomic64_set(&new->stamp, NETLAB_BUCKET_FULL);

	err = netlab_trie_insert(&set->trie[key->family], &new->node,
				 replace ? &old : NULL);
	if (err) {
		kmem_cache_free(netlab_prefix_cache, new);
		return err;
	}
	netlab_prefixes_note(set, new, 1);
	if (old) {
		netlab_prefixes_note(set, netlab_prefix_of(old), -1);
		netlab_prefix_put(netlab_prefix_of(old));
	}
	return 0;
}

/**
 * netlab_prefixes_del() - delete a prefix from a set
 * @set: the set
 * @key: which
 *
 * Context: process, as the set's only writer. Return: 0; -ENOENT.
 */
int netlab_prefixes_del(struct netlab_prefixes *set,
			const struct netlab_prefix_key *key)
{
	struct netlab_node *old;

	old = netlab_trie_remove(&set->trie[key->family], key->address,
				 key->length);
	if (!old)
		return -ENOENT;
	netlab_prefixes_note(set, netlab_prefix_of(old), -1);
	netlab_prefix_put(netlab_prefix_of(old));
	return 0;
}

/**
 * netlab_prefix_find() - the longest prefix that an address is in
 * @set: where
 * @family: the address's
 * @address: the address
 *
 * Context: RCU. Return: the prefix; NULL if there is none.
 */
struct netlab_prefix *netlab_prefix_find(const struct netlab_prefixes *set,
					 unsigned int family,
					 struct netlab_address address)
{
	return netlab_prefix_of(netlab_trie_find(&set->trie[family], address));
}

/**
 * netlab_prefix_exact() - a prefix by its name
 * @set: where
 * @key: which
 *
 * Context: RCU, or the set's writer. Return: the prefix; NULL if it isn't there.
 */
struct netlab_prefix *netlab_prefix_exact(const struct netlab_prefixes *set,
					  const struct netlab_prefix_key *key)
{
	return netlab_prefix_of(netlab_trie_exact(&set->trie[key->family],
						  key->address, key->length));
}

/**
 * netlab_prefix_next() - the prefix after another: by family, address, length
 * @set: where
 * @key: the other, which need not be there; NULL: the first of all is meant
 *
 * Context: RCU, or the set's writer. Return: the prefix; NULL if there is none.
 */
struct netlab_prefix *netlab_prefix_next(const struct netlab_prefixes *set,
					 const struct netlab_prefix_key *key)
{
	struct netlab_node *node = NULL;
	unsigned int family = 0;

	if (key) {
		family = key->family;
		node = netlab_trie_next(&set->trie[family++], key->address,
					key->length);
	}
	for (; !node && family < NETLAB_PREFIX_FAMILIES; family++)
		node = netlab_trie_first(&set->trie[family]);
	return netlab_prefix_of(node);
}

/**
 * netlab_prefix_describe() - tell of a prefix what was told of it
 * @prefix: which
 * @key: to fill
 * @settings: to fill
 *
 * Context: RCU, or the set's writer.
 */
void netlab_prefix_describe(const struct netlab_prefix *prefix,
			    struct netlab_prefix_key *key,
			    struct netlab_prefix_settings *settings)
{
	key->address = prefix->node.address;
	key->family = prefix->node.family;
	key->length = prefix->node.length;
	settings->rate = prefix->rate;
	settings->burst = prefix->burst;
	settings->max_size = prefix->node.max_size;
	settings->proxy = prefix->proxy;
}

/**
 * netlab_prefix_init() - make ready for prefixes
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int __init netlab_prefix_init(void)
{
	int err;

	BUILD_BUG_ON(IS_ENABLED(CONFIG_64BIT) &&
		     sizeof(struct netlab_prefix) != 80);
	BUILD_BUG_ON(offsetof(struct netlab_prefix, node));
	err = netlab_trie_init();
	if (err)
		return err;
	netlab_prefix_cache = KMEM_CACHE(netlab_prefix, SLAB_ACCOUNT);
	if (!netlab_prefix_cache)
		goto err_trie;
	netlab_prefix_queue = alloc_workqueue("netlab_prefix", WQ_UNBOUND, 0);
	if (!netlab_prefix_queue)
		goto err_cache;
	return 0;

err_cache:
	kmem_cache_destroy(netlab_prefix_cache);
err_trie:
	netlab_trie_exit();
	return -ENOMEM;
}

/**
 * netlab_prefix_exit() - undo netlab_prefix_init()
 *
 * Context: process; all sets and slots were freed, and what is still to come
 * of that is waited for.
 */
void netlab_prefix_exit(void)
{
	/* Until each set's work is queued, is done, and what it left is freed. */
	rcu_barrier();
	destroy_workqueue(netlab_prefix_queue);
	rcu_barrier();
	kmem_cache_destroy(netlab_prefix_cache);
	netlab_trie_exit();
}
