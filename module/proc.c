// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables for people and awk: a line that begins with # and the table's name
 * heads each, and every row begins with that name. Columns are only added at a
 * table's end.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/proc_fs.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include "direct.h"
#include "main.h"
#include "proc.h"

static const char * const netlab_families[] = {
	[NETLAB_FAMILY_IPV4] = "ipv4",
	[NETLAB_FAMILY_IPV6] = "ipv6",
};

static const char * const netlab_hooks[] = {
	[NETLAB_HOOK_PREROUTING] = "prerouting",
	[NETLAB_HOOK_INPUT] = "input",
	[NETLAB_HOOK_FORWARD] = "forward",
	[NETLAB_HOOK_OUTPUT] = "output",
	[NETLAB_HOOK_POSTROUTING] = "postrouting",
};

static const char * const netlab_paths[] = {
	[NETLAB_PATH_LOCAL] = "local",
	[NETLAB_PATH_PREFIX] = "prefix",
	[NETLAB_PATH_DIRECT] = "direct",
};

static const char * const netlab_outcomes[] = {
	[NETLAB_OUTCOME_TRUNCATED] = "truncated",
	[NETLAB_OUTCOME_BAD_CHECKSUM] = "bad-checksum",
	[NETLAB_OUTCOME_BAD_SOURCE] = "bad-source",
	[NETLAB_OUTCOME_MULTICAST] = "multicast",
	[NETLAB_OUTCOME_BROADCAST] = "broadcast",
	[NETLAB_OUTCOME_DISABLED] = "disabled",
	[NETLAB_OUTCOME_POLICY] = "policy",
	[NETLAB_OUTCOME_HAS_OPTIONS] = "has-options",
	[NETLAB_OUTCOME_RAW_SOCKET] = "raw-socket",
	[NETLAB_OUTCOME_TOO_LARGE] = "too-large",
	[NETLAB_OUTCOME_RATE_LIMITED] = "rate-limited",
	[NETLAB_OUTCOME_SOURCE_LIMITED] = "source-limited",
	[NETLAB_OUTCOME_NO_ROUTE] = "no-route",
	[NETLAB_OUTCOME_NO_MEMORY] = "no-memory",
	[NETLAB_OUTCOME_REPLIED] = "replied",
};

static const char * const netlab_anomalies[] = {
	[NETLAB_ANOMALY_L4_TRUNCATED] = "l4-truncated",
	[NETLAB_ANOMALY_TINY_FRAGMENT] = "tiny-fragment",
	[NETLAB_ANOMALY_BAD_ICMP_CHECKSUM] = "bad-icmp-checksum",
	[NETLAB_ANOMALY_TCP_NULL] = "tcp-null",
	[NETLAB_ANOMALY_TCP_XMAS] = "tcp-xmas",
	[NETLAB_ANOMALY_TCP_SYN_FIN] = "tcp-syn-fin",
	[NETLAB_ANOMALY_LAND] = "land",
	[NETLAB_ANOMALY_MARTIAN_SOURCE] = "martian-source",
	[NETLAB_ANOMALY_EXTHDR_LIMIT] = "exthdr-limit",
};

static const char *netlab_cell_family(unsigned int cell)
{
	return netlab_families[cell / NETLAB_HOOKS];
}

static const char *netlab_cell_hook(unsigned int cell)
{
	return netlab_hooks[cell % NETLAB_HOOKS];
}

static const char *netlab_side_family(unsigned int side)
{
	return netlab_families[side / NETLAB_DIRECTIONS];
}

static const char *netlab_side_hook(unsigned int side)
{
	return netlab_hooks[side % NETLAB_DIRECTIONS == NETLAB_DIRECTION_RX ?
			    NETLAB_HOOK_PREROUTING : NETLAB_HOOK_POSTROUTING];
}

static struct netlab_net *netlab_proc_ns(struct seq_file *seq)
{
	return netlab_net(seq_file_single_net(seq));
}

static void netlab_proc_epoch(struct seq_file *seq,
			      const struct netlab_reading *r)
{
	struct tm tm;

	time64_to_tm(div_u64(r->since, NSEC_PER_SEC), 0, &tm);
	seq_puts(seq, "#epoch netns number since\n");
	seq_printf(seq, "epoch %u %u %04ld-%02d-%02dT%02d:%02d:%02dZ\n",
		   seq_file_single_net(seq)->ns.inum, r->epoch,
		   tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		   tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static int netlab_proc_stats(struct seq_file *seq, void *v)
{
	unsigned int family, hook, cell, side, i;
	struct netlab_hook_sums sums;
	struct netlab_reading *r;

	r = netlab_account_read(&netlab_proc_ns(seq)->account, 0, false);
	if (IS_ERR(r))
		return PTR_ERR(r);
	netlab_proc_epoch(seq, r);

	seq_puts(seq, "#hooks family hook skbs packets bytes fragments options refused strays\n");
	for (family = 0; family < NETLAB_FAMILIES; family++) {
		for (hook = 0; hook < NETLAB_HOOKS; hook++) {
			netlab_reading_hook(r, family, hook, &sums);
			seq_printf(seq, "hooks %s %s %llu %llu %llu %llu %llu %llu %llu\n",
				   netlab_families[family], netlab_hooks[hook],
				   sums.skbs, sums.packets, sums.bytes,
				   sums.fragments, sums.options, sums.refused,
				   sums.strays);
		}
	}

	seq_puts(seq, "#protocols family hook protocol packets bytes\n");
	for (cell = 0; cell < NETLAB_CELLS; cell++)
		for (i = 0; i < NETLAB_PROTOCOLS; i++)
			if (r->sums.protocol[cell][i].packets)
				seq_printf(seq, "protocols %s %s %u %llu %llu\n",
					   netlab_cell_family(cell),
					   netlab_cell_hook(cell), i,
					   r->sums.protocol[cell][i].packets,
					   r->sums.protocol[cell][i].bytes);

	seq_puts(seq, "#icmp family hook type packets\n");
	for (side = 0; side < NETLAB_SIDES; side++)
		for (i = 0; i < NETLAB_TYPES; i++)
			if (r->sums.icmp[side][i])
				seq_printf(seq, "icmp %s %s %u %llu\n",
					   netlab_side_family(side),
					   netlab_side_hook(side), i,
					   r->sums.icmp[side][i]);

	seq_puts(seq, "#tcp family hook syn synack fin rst\n");
	for (side = 0; side < NETLAB_SIDES; side++)
		seq_printf(seq, "tcp %s %s %llu %llu %llu %llu\n",
			   netlab_side_family(side), netlab_side_hook(side),
			   r->sums.tcp[side][NETLAB_TCP_SYN],
			   r->sums.tcp[side][NETLAB_TCP_SYNACK],
			   r->sums.tcp[side][NETLAB_TCP_FIN],
			   r->sums.tcp[side][NETLAB_TCP_RST]);

	seq_puts(seq, "#sizes family hook max packets\n");
	for (side = 0; side < NETLAB_SIDES; side++)
		for (i = 0; i < NETLAB_SIZES; i++)
			if (i < NETLAB_SIZES - 1)
				seq_printf(seq, "sizes %s %s %u %llu\n",
					   netlab_side_family(side),
					   netlab_side_hook(side),
					   netlab_size_max(i),
					   r->sums.size[side][i]);
			else
				seq_printf(seq, "sizes %s %s more %llu\n",
					   netlab_side_family(side),
					   netlab_side_hook(side),
					   r->sums.size[side][i]);

	seq_puts(seq, "#anomalies family hook reason packets\n");
	for (cell = 0; cell < NETLAB_CELLS; cell++)
		for (i = 0; i < NETLAB_ANOMALIES; i++)
			if (r->sums.anomaly[cell][i])
				seq_printf(seq, "anomalies %s %s %s %llu\n",
					   netlab_cell_family(cell),
					   netlab_cell_hook(cell),
					   netlab_anomalies[i],
					   r->sums.anomaly[cell][i]);

	seq_puts(seq, "#arp direction operation packets\n");
	for (side = 0; side < NETLAB_DIRECTIONS; side++)
		for (i = 0; i < NETLAB_ARP_OPERATIONS; i++)
			if (r->sums.arp[side][i])
				seq_printf(seq, "arp %s %u %llu\n",
					   side == NETLAB_DIRECTION_RX ? "in" : "out",
					   i, r->sums.arp[side][i]);
	netlab_reading_free(r);
	return 0;
}

/**
 * netlab_proc_rate() - print a column that is a rate
 * @seq: to print in
 * @rate: per second, 0: unlimited
 */
void netlab_proc_rate(struct seq_file *seq, u32 rate)
{
	if (rate)
		seq_printf(seq, " %u", rate);
	else
		seq_puts(seq, " unlimited");
}

static int netlab_proc_echo(struct seq_file *seq, void *v)
{
	struct netlab_net *ns = netlab_proc_ns(seq);
	unsigned int family, path, outcome;
	struct netlab_settings set;
	struct netlab_reading *r;
	int ifindex;

	netlab_config_get(ns, &set);
	r = netlab_account_read(&ns->account, 0, false);
	if (IS_ERR(r))
		return PTR_ERR(r);
	netlab_proc_epoch(seq, r);

	seq_puts(seq, "#config local rate burst source-rate max-size\n");
	seq_printf(seq, "config %s", set.local ? "on" : "off");
	netlab_proc_rate(seq, set.rate);
	if (set.burst)
		seq_printf(seq, " %u", set.burst);
	else
		seq_puts(seq, " auto");
	netlab_proc_rate(seq, set.source_rate);
	seq_printf(seq, " %u\n", set.max_size);

	seq_puts(seq, "#outcomes family path outcome packets\n");
	for (family = 0; family < NETLAB_FAMILIES; family++)
		for (path = 0; path < NETLAB_PATHS; path++)
			for (outcome = 0; outcome < NETLAB_OUTCOMES; outcome++)
				if (r->sums.outcome[family][path][outcome])
					seq_printf(seq, "outcomes %s %s %s %llu\n",
						   netlab_families[family],
						   netlab_paths[path],
						   netlab_outcomes[outcome],
						   r->sums.outcome[family][path][outcome]);
	netlab_reading_free(r);

	seq_puts(seq, "#direct dev\n");
	rtnl_lock();
	for (ifindex = netlab_direct_next(ns, 0); ifindex;
	     ifindex = netlab_direct_next(ns, ifindex))
		seq_printf(seq, "direct %s\n",
			   __dev_get_by_index(ns->net, ifindex)->name);
	rtnl_unlock();
	return 0;
}

static int netlab_proc_devices(struct seq_file *seq, void *v)
{
	struct netlab_reading *r;
	size_t i;

	r = netlab_account_read(&netlab_proc_ns(seq)->account, 0, true);
	if (IS_ERR(r))
		return PTR_ERR(r);
	netlab_proc_epoch(seq, r);
	seq_puts(seq, "#devices dev ifindex direction family protocol packets bytes\n");
	for (i = 0; i < r->n_devices; i++) {
		const struct netlab_device_row *d = &r->devices[i];

		seq_printf(seq, "devices %s %d %s %s %u %llu %llu\n",
			   d->name, d->ifindex,
			   d->side % NETLAB_DIRECTIONS == NETLAB_DIRECTION_RX ?
			   "rx" : "tx", netlab_side_family(d->side),
			   d->protocol, d->packets, d->bytes);
	}
	netlab_reading_free(r);
	return 0;
}

static int netlab_proc_version(struct seq_file *seq, void *v)
{
	seq_puts(seq, "#version module\n");
	seq_printf(seq, "version %s\n", THIS_MODULE->version);
	return 0;
}

static const struct {
	const char *name;
	int (*show)(struct seq_file *seq, void *v);
} netlab_proc_files[] = {
	{ "stats", netlab_proc_stats },
	{ "echo", netlab_proc_echo },
	{ "devices", netlab_proc_devices },
	{ "version", netlab_proc_version },
};

/**
 * netlab_proc_init() - make a namespace's /proc/net/netlab
 * @ns: the namespace
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_proc_init(struct netlab_net *ns)
{
	size_t i;

	ns->proc = proc_net_mkdir(ns->net, "netlab", ns->net->proc_net);
	if (!ns->proc)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(netlab_proc_files); i++) {
		if (proc_create_net_single(netlab_proc_files[i].name, 0444,
					   ns->proc, netlab_proc_files[i].show,
					   NULL))
			continue;
		netlab_proc_exit(ns);
		return -ENOMEM;
	}
	if (!proc_create_net("prefixes", 0444, ns->proc, &netlab_proc_prefixes,
			     sizeof(struct netlab_proc_cursor))) {
		netlab_proc_exit(ns);
		return -ENOMEM;
	}
	return 0;
}

/**
 * netlab_proc_exit() - remove a namespace's /proc/net/netlab
 * @ns: the namespace
 *
 * Waits for whoever is reading. Context: process.
 */
void netlab_proc_exit(struct netlab_net *ns)
{
	proc_remove(ns->proc);
}

/**
 * netlab_proc_link() - make /proc/netlab, the reader's own /proc/net/netlab
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int __init netlab_proc_link(void)
{
	return proc_symlink("netlab", NULL, "self/net/netlab") ? 0 : -ENOMEM;
}

/**
 * netlab_proc_unlink() - remove /proc/netlab
 */
void netlab_proc_unlink(void)
{
	remove_proc_entry("netlab", NULL);
}
