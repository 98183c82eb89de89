/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trie: longest match of an address among blocks of addresses.
 *
 * A binary trie with its paths compressed. A node is an entry, or glue where
 * two others part ways; glue always has both children, so there is less of it
 * than there are entries. Readers need RCU, writers a lock of their own.
 */
#ifndef _NETLAB_TRIE_H
#define _NETLAB_TRIE_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

/**
 * struct netlab_address - an address, in host order
 * @hi: its first 64 bits; IPv4 has the upper 32 of them
 * @lo: the others
 */
struct netlab_address {
	u64 hi;
	u64 lo;
};

/**
 * struct netlab_node - a block of addresses
 * @child: what lies in it, by the bit that follows its own
 * @address: the block's first; only writers may look at glue's
 * @rcu: frees glue; where a reader doesn't look
 * @length: how many bits all its addresses share
 * @entry: whether it can be found; else it is glue
 * @family: an entry's, its owner's, as what follows; here because there is room
 * @max_size: an entry's
 * @refs: an entry's
 */
struct netlab_node {
	struct netlab_node __rcu *child[2];
	union {
		struct netlab_address address;
		struct rcu_head rcu;
	};
	u8 length;
	u8 entry:1;
	u8 family:1;
	u16 max_size;
	refcount_t refs;
};

/**
 * struct netlab_trie - blocks of addresses
 * @root: the one that all others lie in; NULL if there are none
 */
struct netlab_trie {
	struct netlab_node __rcu *root;
};

int netlab_trie_init(void);
void netlab_trie_exit(void);

struct netlab_node *netlab_trie_find(const struct netlab_trie *trie,
				     struct netlab_address address);
struct netlab_node *netlab_trie_exact(const struct netlab_trie *trie,
				      struct netlab_address address, u8 length);
struct netlab_node *netlab_trie_first(const struct netlab_trie *trie);
struct netlab_node *netlab_trie_next(const struct netlab_trie *trie,
				     struct netlab_address address, u8 length);

int netlab_trie_insert(struct netlab_trie *trie, struct netlab_node *new,
		       struct netlab_node **old);
struct netlab_node *netlab_trie_remove(struct netlab_trie *trie,
				       struct netlab_address address,
				       u8 length);
void netlab_trie_free(struct netlab_trie *trie,
		      void (*free)(struct netlab_node *entry));

#endif /* _NETLAB_TRIE_H */
