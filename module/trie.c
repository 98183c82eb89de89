// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "trie.h"

static struct kmem_cache *netlab_glue_cache;

static __always_inline unsigned int netlab_bit(struct netlab_address a,
					       unsigned int i)
{
	return ((i & 64 ? a.lo : a.hi) >> (~i & 63)) & 1;
}

/* How many bits, from the first, two addresses have in common. */
static unsigned int netlab_common(struct netlab_address a,
				  struct netlab_address b)
{
	if (a.hi != b.hi)
		return 64 - fls64(a.hi ^ b.hi);
	return 128 - fls64(a.lo ^ b.lo);
}

/* Whether an address lies in an entry. */
static __always_inline bool netlab_in(struct netlab_address a,
				      const struct netlab_node *entry)
{
	const unsigned int length = entry->length;

	if (length > 64)
		return a.hi == entry->address.hi &&
		       !((a.lo ^ entry->address.lo) >> (128 - length));
	return !length || !((a.hi ^ entry->address.hi) >> (64 - length));
}

/**
 * netlab_trie_find() - the longest match
 * @trie: where
 * @address: to be matched
 *
 * What lies below glue shares more bits than the one looked at here, but no
 * matter: that is found out at the next entry. Context: RCU.
 *
 * Return: the entry; NULL if there is none.
 */
struct netlab_node *netlab_trie_find(const struct netlab_trie *trie,
				     struct netlab_address address)
{
	struct netlab_node *node, *best = NULL;

	for (node = rcu_dereference(trie->root); node;
	     node = rcu_dereference(node->child[netlab_bit(address, node->length)])) {
		if (!node->entry)
			continue;
		if (!netlab_in(address, node))
			break;
		best = node;
	}
	return best;
}

/* What follows is for readers and for writers. */
static struct netlab_node *netlab_get(struct netlab_node __rcu *const *link)
{
	return rcu_dereference_raw(*link);
}

/* The first entry at or below a node. */
static struct netlab_node *netlab_first(struct netlab_node *node)
{
	while (node && !node->entry)
		node = netlab_get(&node->child[0]);
	return node;
}

/**
 * netlab_trie_exact() - find an entry
 * @trie: where
 * @address: the entry's
 * @length: the entry's
 *
 * Context: RCU, or a writer. Return: the entry; NULL if there is none.
 */
struct netlab_node *netlab_trie_exact(const struct netlab_trie *trie,
				      struct netlab_address address, u8 length)
{
	struct netlab_node *node = netlab_get(&trie->root);

	while (node && node->length < length)
		node = netlab_get(&node->child[netlab_bit(address, node->length)]);
	if (!node || node->length != length || !node->entry ||
	    !netlab_in(address, node))
		return NULL;
	return node;
}

/**
 * netlab_trie_first() - the first of all entries
 * @trie: where
 *
 * Context: RCU, or a writer. Return: the entry; NULL if there is none.
 */
struct netlab_node *netlab_trie_first(const struct netlab_trie *trie)
{
	return netlab_first(netlab_get(&trie->root));
}

/**
 * netlab_trie_next() - the entry after another, by address and then by length
 * @trie: where
 * @address: the other's, which need not be there
 * @length: the other's
 *
 * What a writer changes meanwhile may be missed or come twice. Context: RCU, or
 * a writer. Return: the entry; NULL if there is none.
 */
struct netlab_node *netlab_trie_next(const struct netlab_trie *trie,
				     struct netlab_address address, u8 length)
{
	struct netlab_node *node = netlab_get(&trie->root);
	struct netlab_node *first = netlab_first(node);
	/* Where to go on when all that is below a node comes before. */
	struct netlab_node *after = NULL, *below;

	while (node) {
		unsigned int common, bit;

		/* Any entry below tells what glue is the block of. */
		common = netlab_common(first->address, address);
		if (common < min(node->length, length)) {
			if (netlab_bit(first->address, common))
				return first;
			break;
		}
		if (node->length > length)
			return first;
		if (node->length == length) {
			/* Here it is: all that is below comes after. */
			first = netlab_first(netlab_get(&node->child[0]));
			if (!first)
				first = netlab_first(netlab_get(&node->child[1]));
			if (first)
				return first;
			break;
		}

		bit = netlab_bit(address, node->length);
		if (!bit)
			after = netlab_get(&node->child[1]) ?: after;
		below = netlab_get(&node->child[bit]);
		if (bit || node->entry)
			first = netlab_first(below);
		node = below;
	}
	return netlab_first(after);
}

/* What follows is for writers. */
static struct netlab_node *netlab_held(struct netlab_node __rcu *const *link)
{
	return rcu_dereference_protected(*link, true);
}

static void netlab_glue_free(struct rcu_head *rcu)
{
	kmem_cache_free(netlab_glue_cache,
			container_of(rcu, struct netlab_node, rcu));
}

/* As kfree_rcu() would, but rcu_barrier() waits for it on all kernels. */
static void netlab_glue_drop(struct netlab_node *glue)
{
	call_rcu(&glue->rcu, netlab_glue_free);
}

/* Puts a node in the place of another, with the same children. */
static void netlab_supplant(struct netlab_node __rcu **link,
			    struct netlab_node *old, struct netlab_node *new)
{
	RCU_INIT_POINTER(new->child[0], netlab_held(&old->child[0]));
	RCU_INIT_POINTER(new->child[1], netlab_held(&old->child[1]));
	rcu_assign_pointer(*link, new);
}

/**
 * netlab_trie_insert() - put in an entry
 * @trie: where
 * @new: its address, with nothing but zeroes after its length, and its length
 * @old: set to the entry whose place it took, or NULL; if NULL, it takes none
 *
 * Context: process, as the only writer. Return: 0; -EEXIST; -ENOMEM.
 */
int netlab_trie_insert(struct netlab_trie *trie, struct netlab_node *new,
		       struct netlab_node **old)
{
	const struct netlab_address address = new->address;
	struct netlab_node __rcu **link = &trie->root;
	struct netlab_node *node, *glue;
	unsigned int common = 0;

	if (old)
		*old = NULL;
	new->entry = true;
	for (node = netlab_held(link); node; node = netlab_held(link)) {
		common = min_t(unsigned int, new->length,
			       netlab_common(node->address, address));
		if (common < node->length || node->length == new->length)
			break;
		link = &node->child[netlab_bit(address, node->length)];
	}

	if (!node) {
		rcu_assign_pointer(*link, new);
	} else if (common == node->length) {
		if (node->entry && !old)
			return -EEXIST;
		netlab_supplant(link, node, new);
		if (node->entry)
			*old = node;
		else
			netlab_glue_drop(node);
	} else if (common == new->length) {
		RCU_INIT_POINTER(new->child[netlab_bit(node->address, common)],
				 node);
		rcu_assign_pointer(*link, new);
	} else {
		glue = kmem_cache_zalloc(netlab_glue_cache, GFP_KERNEL_ACCOUNT);
		if (!glue)
			return -ENOMEM;
		/* What follows the block's bits is any address's in it. */
		glue->address = address;
		glue->length = common;
		RCU_INIT_POINTER(glue->child[netlab_bit(address, common)], new);
		RCU_INIT_POINTER(glue->child[!netlab_bit(address, common)], node);
		rcu_assign_pointer(*link, glue);
	}
	return 0;
}

/**
 * netlab_trie_remove() - take out an entry
 * @trie: where
 * @address: the entry's
 * @length: the entry's
 *
 * Readers may still look at it, up to a grace period. Context: process, as the
 * only writer. Return: the entry; NULL if there is none.
 */
struct netlab_node *netlab_trie_remove(struct netlab_trie *trie,
				       struct netlab_address address, u8 length)
{
	struct netlab_node *node = netlab_trie_exact(trie, address, length);
	struct netlab_node __rcu **link = &trie->root, **up = NULL;
	struct netlab_node *child[2], *glue, *parent = NULL;

	if (!node)
		return NULL;
	while (netlab_held(link) != node) {
		up = link;
		parent = netlab_held(link);
		link = &parent->child[netlab_bit(address, parent->length)];
	}

	child[0] = netlab_held(&node->child[0]);
	child[1] = netlab_held(&node->child[1]);
	if (child[0] && child[1]) {
		/* So little, and to take out must not fail. */
		glue = kmem_cache_zalloc(netlab_glue_cache,
					 GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
		glue->address = address;
		glue->length = length;
		netlab_supplant(link, node, glue);
	} else if (child[0] || child[1] || !parent || parent->entry) {
		rcu_assign_pointer(*link, child[0] ?: child[1]);
	} else {
		/* Glue that has nothing left to part. */
		rcu_assign_pointer(*up, netlab_held(&parent->child[link == &parent->child[0]]));
		netlab_glue_drop(parent);
	}
	return node;
}

/**
 * netlab_trie_free() - free all nodes
 * @trie: which no reader can reach any more
 * @free: called for each entry
 *
 * In the time of its size, and no more room than it has: while there is
 * anything to the left of the topmost node, that is turned to be above it.
 *
 * Context: process.
 */
void netlab_trie_free(struct netlab_trie *trie,
		      void (*free)(struct netlab_node *entry))
{
	struct netlab_node *node = netlab_held(&trie->root), *left, *next;

	RCU_INIT_POINTER(trie->root, NULL);
	while (node) {
		left = netlab_held(&node->child[0]);
		if (left) {
			RCU_INIT_POINTER(node->child[0], netlab_held(&left->child[1]));
			RCU_INIT_POINTER(left->child[1], node);
			node = left;
			continue;
		}
		next = netlab_held(&node->child[1]);
		if (node->entry)
			free(node);
		else
			kmem_cache_free(netlab_glue_cache, node);
		node = next;
		cond_resched();
	}
}

/**
 * netlab_trie_init() - make ready for tries
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_trie_init(void)
{
	BUILD_BUG_ON(IS_ENABLED(CONFIG_64BIT) && sizeof(struct netlab_node) != 40);
	netlab_glue_cache = kmem_cache_create("netlab_glue",
					      sizeof(struct netlab_node), 0,
					      SLAB_ACCOUNT, NULL);
	return netlab_glue_cache ? 0 : -ENOMEM;
}

/**
 * netlab_trie_exit() - undo netlab_trie_init()
 *
 * Context: process; all tries are empty, and rcu_barrier() has waited.
 */
void netlab_trie_exit(void)
{
	kmem_cache_destroy(netlab_glue_cache);
}
