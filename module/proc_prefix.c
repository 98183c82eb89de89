// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/net/netlab/prefixes: of a million rows no more is read at once than
 * fits into a page; what follows is found by the last prefix that was shown.
 */
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "address.h"
#include "main.h"
#include "proc.h"

/*
 * Who reads from far behind has seq_file go through all the rows before, at one
 * go, and anybody may read. Writers, and RTNL where a device comes or goes, need
 * not wait for that.
 */
#define NETLAB_PROC_ROWS	256

static struct netlab_net *netlab_prefixes_ns(struct seq_file *seq)
{
	return netlab_net(seq_file_net(seq));
}

static struct netlab_prefix *netlab_cursor_next(struct netlab_net *ns,
						const struct netlab_proc_cursor *cursor)
{
	const struct netlab_prefixes *set;

	set = rcu_dereference_protected(ns->prefixes,
					lockdep_is_held(&ns->config_lock));
	return set ? netlab_prefix_next(set, cursor->pos ? &cursor->key : NULL) :
		     NULL;
}

/* Where the reading was left, or from the beginning. Row 0 is the header. */
static void *netlab_prefixes_start(struct seq_file *seq, loff_t *pos)
{
	struct netlab_proc_cursor *cursor = seq->private;
	struct netlab_net *ns = netlab_prefixes_ns(seq);
	struct netlab_prefix_settings settings;
	struct netlab_prefix *prefix;

	mutex_lock(&ns->config_lock);
	if (!*pos)
		return SEQ_START_TOKEN;
	if (cursor->pos > *pos - 1)
		cursor->pos = 0;
	while (cursor->pos < *pos - 1) {
		prefix = netlab_cursor_next(ns, cursor);
		if (!prefix)
			return NULL;
		netlab_prefix_describe(prefix, &cursor->key, &settings);
		cursor->pos++;
	}
	return netlab_cursor_next(ns, cursor);
}

static void *netlab_prefixes_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct netlab_proc_cursor *cursor = seq->private;
	struct netlab_net *ns = netlab_prefixes_ns(seq);
	struct netlab_prefix_settings settings;

	if (v == SEQ_START_TOKEN) {
		cursor->pos = 0;
	} else {
		netlab_prefix_describe(v, &cursor->key, &settings);
		cursor->pos = *pos;
	}
	(*pos)++;
	if (!(*pos % NETLAB_PROC_ROWS)) {
		mutex_unlock(&ns->config_lock);
		cond_resched();
		mutex_lock(&ns->config_lock);
	}
	return netlab_cursor_next(ns, cursor);
}

static void netlab_prefixes_stop(struct seq_file *seq, void *v)
{
	mutex_unlock(&netlab_prefixes_ns(seq)->config_lock);
}

static int netlab_prefixes_show(struct seq_file *seq, void *v)
{
	struct netlab_net *ns = netlab_prefixes_ns(seq);
	struct netlab_prefix_settings settings;
	struct netlab_prefix_counts counts;
	const struct net_device *dev;
	struct netlab_prefix_key key;
	struct in6_addr in6;
	__be32 in4;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "#prefixes prefix rate burst max-size requests replied refused proxy\n");
		return 0;
	}
	netlab_prefix_describe(v, &key, &settings);
	netlab_prefix_counts(ns->prefix_cpus, v, &counts);
	if (key.family == NETLAB_FAMILY_IPV4) {
		in4 = netlab_address_to4(key.address);
		seq_printf(seq, "prefixes %pI4/%u", &in4, key.length);
	} else {
		in6 = netlab_address_to6(key.address);
		seq_printf(seq, "prefixes %pI6c/%u", &in6, key.length);
	}
	netlab_proc_rate(seq, settings.rate);
	if (settings.burst)
		seq_printf(seq, " %u", settings.burst);
	else
		seq_puts(seq, " auto");
	seq_printf(seq, " %u %llu %llu %llu", settings.max_size,
		   counts.replied + counts.refused, counts.replied,
		   counts.refused);

	rcu_read_lock();
	dev = settings.proxy ? dev_get_by_index_rcu(ns->net, settings.proxy) :
			       NULL;
	seq_printf(seq, " %s\n", dev ? dev->name : "-");
	rcu_read_unlock();
	return 0;
}

const struct seq_operations netlab_proc_prefixes = {
	.start = netlab_prefixes_start,
	.next = netlab_prefixes_next,
	.stop = netlab_prefixes_stop,
	.show = netlab_prefixes_show,
};
