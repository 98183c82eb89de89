// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netfilter.h>
#include <linux/slab.h>

#include "hook_set.h"
#include "main.h"

/**
 * netlab_hook_set_fill() - make hooks a namespace's own
 * @ops: the namespace's; whoever lists hooks may look at them until a grace
 *	period after they were registered
 * @from: what they are
 * @n: how many
 * @priv: their private datum
 */
void netlab_hook_set_fill(struct nf_hook_ops *ops,
			  const struct nf_hook_ops *from, size_t n, void *priv)
{
	size_t i;

	memcpy(ops, from, n * sizeof(*ops));
	for (i = 0; i < n; i++)
		ops[i].priv = priv;
}

/**
 * netlab_hook_set_switch() - stand at hooks that a namespace has now and then
 * @ns: the namespace
 * @set: its own of them; freed by whoever has them, once they run no more
 * @from: what they are
 * @n: how many
 * @priv: their private datum, always the same
 * @on: whether to stand there
 *
 * Context: process, @ns's config_lock held. Return: 0; -ENOMEM.
 */
int netlab_hook_set_switch(struct netlab_net *ns, struct netlab_hook_set *set,
			   const struct nf_hook_ops *from, size_t n, void *priv,
			   bool on)
{
	int err;

	if (on == set->on)
		return 0;
	if (!on) {
		nf_unregister_net_hooks(ns->net, set->ops, n);
		set->on = false;
		return 0;
	}
	if (!set->ops) {
		set->ops = kmalloc_array(n, sizeof(*from), GFP_KERNEL_ACCOUNT);
		if (!set->ops)
			return -ENOMEM;
		netlab_hook_set_fill(set->ops, from, n, priv);
	}
	err = nf_register_net_hooks(ns->net, set->ops, n);
	set->on = !err;
	return err;
}
