// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "dump.h"
#include "main.h"

/**
 * struct netlab_dump - a dump that is under way
 * @reading: what is dumped, all of one time
 * @family: only this enum netlab_family; -1: all
 * @hook: only this enum netlab_hook; -1: all
 * @protocol: only this IP protocol; -1: all
 * @ifindex: only this device; -1: all
 * @zero_rows: rows with nothing but zeroes, too
 * @table: the table that the next row is in
 * @row: the next row
 * @err: what the dump is refused with, 0: it isn't. Older kernels have no
 *	extack when a dump starts, all have one when it goes on
 * @sentence: why
 * @bad: the attribute that it is about
 */
struct netlab_dump {
	struct netlab_reading *reading;
	int family;
	int hook;
	int protocol;
	s64 ifindex;
	bool zero_rows;
	unsigned int table;
	size_t row;
	int err;
	const char *sentence;
	const struct nlattr *bad;
};

/**
 * struct netlab_dump_table - a table that can be dumped
 * @attr: the attribute that a row nests in; 0: what heads a dump
 * @rows: how many rows it has, or less than 0: as many as there are devices'
 * @fill: puts one row. Returns 1 if it did, 0 if the row isn't wanted,
 *	-EMSGSIZE if there is no room
 */
struct netlab_dump_table {
	int attr;
	int rows;
	int (*fill)(struct sk_buff *skb, struct net *net,
		    const struct netlab_dump *dump, size_t row);
};

/* Does the request want rows of this family and hook? */
static bool netlab_wants(const struct netlab_dump *dump, int family, int hook)
{
	return (dump->family < 0 || dump->family == family) &&
	       (dump->hook < 0 || dump->hook == hook);
}

/* Does it want tables that have neither protocols nor devices? */
static bool netlab_wants_plain(const struct netlab_dump *dump)
{
	return dump->protocol < 0 && dump->ifindex < 0;
}

/* The hook of a side's rx or tx. */
static unsigned int netlab_side_hook(unsigned int side)
{
	return side % NETLAB_DIRECTIONS == NETLAB_DIRECTION_RX ?
	       NETLAB_HOOK_PREROUTING : NETLAB_HOOK_POSTROUTING;
}

static bool netlab_wants_side(const struct netlab_dump *dump, unsigned int side)
{
	return netlab_wants(dump, side / NETLAB_DIRECTIONS,
			    netlab_side_hook(side));
}

#define NETLAB_AS_HOOK_ROW(row)						\
	BUILD_BUG_ON((int)NETLAB_A_##row##_ROW_FAMILY !=		\
		     (int)NETLAB_A_HOOK_ROW_FAMILY ||			\
		     (int)NETLAB_A_##row##_ROW_HOOK !=			\
		     (int)NETLAB_A_HOOK_ROW_HOOK)

/* Rows with a family and a hook have them by the same attributes. */
static bool netlab_put_cell(struct sk_buff *skb, unsigned int family,
			    unsigned int hook)
{
	NETLAB_AS_HOOK_ROW(PROTOCOL);
	NETLAB_AS_HOOK_ROW(ICMP);
	NETLAB_AS_HOOK_ROW(TCP);
	NETLAB_AS_HOOK_ROW(SIZE);
	NETLAB_AS_HOOK_ROW(ANOMALY);
	return nla_put_u8(skb, NETLAB_A_HOOK_ROW_FAMILY, family) ||
	       nla_put_u8(skb, NETLAB_A_HOOK_ROW_HOOK, hook);
}

/* And every table's padding is attribute 1. */
static bool netlab_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, NETLAB_A_HOOK_ROW_PAD);
}

/**
 * netlab_fill_epoch() - put what a namespace's reading is of
 * @skb: to put it in
 * @net: the namespace
 * @epoch: number of the epoch
 * @since: when it began, in nanoseconds of CLOCK_REALTIME
 *
 * Return: 0; -EMSGSIZE.
 */
int netlab_fill_epoch(struct sk_buff *skb, struct net *net, u32 epoch,
		      u64 since)
{
	if (nla_put_u32(skb, NETLAB_A_STATS_NETNS, net->ns.inum) ||
	    nla_put_u32(skb, NETLAB_A_STATS_EPOCH, epoch) ||
	    nla_put_u64_64bit(skb, NETLAB_A_STATS_SINCE, since,
			      NETLAB_A_STATS_PAD))
		return -EMSGSIZE;
	return 0;
}

static int netlab_fill_head(struct sk_buff *skb, struct net *net,
			    const struct netlab_dump *dump, size_t row)
{
	return netlab_fill_epoch(skb, net, dump->reading->epoch,
				 dump->reading->since) ?: 1;
}

static int netlab_fill_hook(struct sk_buff *skb, struct net *net,
			    const struct netlab_dump *dump, size_t row)
{
	const unsigned int family = row / NETLAB_HOOKS, hook = row % NETLAB_HOOKS;
	struct netlab_hook_sums sums;

	if (!netlab_wants_plain(dump) || !netlab_wants(dump, family, hook))
		return 0;
	netlab_reading_hook(dump->reading, family, hook, &sums);
	if (!sums.packets && !dump->zero_rows)
		return 0;
	if (netlab_put_cell(skb, family, hook) ||
	    netlab_put_u64(skb, NETLAB_A_HOOK_ROW_SKBS, sums.skbs) ||
	    netlab_put_u64(skb, NETLAB_A_HOOK_ROW_PACKETS, sums.packets) ||
	    netlab_put_u64(skb, NETLAB_A_HOOK_ROW_BYTES, sums.bytes) ||
	    netlab_put_u64(skb, NETLAB_A_HOOK_ROW_FRAGMENTS, sums.fragments) ||
	    netlab_put_u64(skb, NETLAB_A_HOOK_ROW_OPTIONS, sums.options) ||
	    netlab_put_u64(skb, NETLAB_A_HOOK_ROW_REFUSED, sums.refused) ||
	    netlab_put_u64(skb, NETLAB_A_HOOK_ROW_STRAYS, sums.strays))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_protocol(struct sk_buff *skb, struct net *net,
				const struct netlab_dump *dump, size_t row)
{
	const unsigned int cell = row / NETLAB_PROTOCOLS;
	const unsigned int protocol = row % NETLAB_PROTOCOLS;
	const unsigned int family = cell / NETLAB_HOOKS, hook = cell % NETLAB_HOOKS;
	const struct netlab_sum *sum = &dump->reading->sums.protocol[cell][protocol];

	if (dump->ifindex >= 0 || !netlab_wants(dump, family, hook) ||
	    (dump->protocol >= 0 && dump->protocol != protocol) ||
	    (!sum->packets && !dump->zero_rows))
		return 0;
	if (netlab_put_cell(skb, family, hook) ||
	    nla_put_u8(skb, NETLAB_A_PROTOCOL_ROW_PROTOCOL, protocol) ||
	    netlab_put_u64(skb, NETLAB_A_PROTOCOL_ROW_PACKETS, sum->packets) ||
	    netlab_put_u64(skb, NETLAB_A_PROTOCOL_ROW_BYTES, sum->bytes))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_icmp(struct sk_buff *skb, struct net *net,
			    const struct netlab_dump *dump, size_t row)
{
	const unsigned int side = row / NETLAB_TYPES, type = row % NETLAB_TYPES;
	const u64 packets = dump->reading->sums.icmp[side][type];

	if (!netlab_wants_plain(dump) || !netlab_wants_side(dump, side) ||
	    (!packets && !dump->zero_rows))
		return 0;
	if (netlab_put_cell(skb, side / NETLAB_DIRECTIONS,
			    netlab_side_hook(side)) ||
	    nla_put_u8(skb, NETLAB_A_ICMP_ROW_TYPE, type) ||
	    netlab_put_u64(skb, NETLAB_A_ICMP_ROW_PACKETS, packets))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_tcp(struct sk_buff *skb, struct net *net,
			   const struct netlab_dump *dump, size_t row)
{
	const u64 *tcp = dump->reading->sums.tcp[row];

	if (!netlab_wants_plain(dump) || !netlab_wants_side(dump, row))
		return 0;
	if (!memchr_inv(tcp, 0, NETLAB_TCPS * sizeof(*tcp)) && !dump->zero_rows)
		return 0;
	if (netlab_put_cell(skb, row / NETLAB_DIRECTIONS,
			    netlab_side_hook(row)) ||
	    netlab_put_u64(skb, NETLAB_A_TCP_ROW_SYN, tcp[NETLAB_TCP_SYN]) ||
	    netlab_put_u64(skb, NETLAB_A_TCP_ROW_SYNACK, tcp[NETLAB_TCP_SYNACK]) ||
	    netlab_put_u64(skb, NETLAB_A_TCP_ROW_FIN, tcp[NETLAB_TCP_FIN]) ||
	    netlab_put_u64(skb, NETLAB_A_TCP_ROW_RST, tcp[NETLAB_TCP_RST]))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_size(struct sk_buff *skb, struct net *net,
			    const struct netlab_dump *dump, size_t row)
{
	const unsigned int side = row / NETLAB_SIZES, bucket = row % NETLAB_SIZES;
	const u64 packets = dump->reading->sums.size[side][bucket];

	if (!netlab_wants_plain(dump) || !netlab_wants_side(dump, side) ||
	    (!packets && !dump->zero_rows))
		return 0;
	if (netlab_put_cell(skb, side / NETLAB_DIRECTIONS,
			    netlab_side_hook(side)) ||
	    nla_put_u32(skb, NETLAB_A_SIZE_ROW_LIMIT, netlab_size_max(bucket)) ||
	    netlab_put_u64(skb, NETLAB_A_SIZE_ROW_PACKETS, packets))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_anomaly(struct sk_buff *skb, struct net *net,
			       const struct netlab_dump *dump, size_t row)
{
	const unsigned int cell = row / NETLAB_ANOMALIES;
	const unsigned int reason = row % NETLAB_ANOMALIES;
	const unsigned int family = cell / NETLAB_HOOKS, hook = cell % NETLAB_HOOKS;
	const u64 packets = dump->reading->sums.anomaly[cell][reason];

	if (!netlab_wants_plain(dump) || !netlab_wants(dump, family, hook) ||
	    (!packets && !dump->zero_rows))
		return 0;
	if (netlab_put_cell(skb, family, hook) ||
	    nla_put_u8(skb, NETLAB_A_ANOMALY_ROW_REASON, reason) ||
	    netlab_put_u64(skb, NETLAB_A_ANOMALY_ROW_PACKETS, packets))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_device(struct sk_buff *skb, struct net *net,
			      const struct netlab_dump *dump, size_t row)
{
	const struct netlab_device_row *d = &dump->reading->devices[row];

	if (!netlab_wants_side(dump, d->side) ||
	    (dump->protocol >= 0 && dump->protocol != d->protocol) ||
	    (dump->ifindex >= 0 && dump->ifindex != d->ifindex))
		return 0;
	if (nla_put_string(skb, NETLAB_A_DEVICE_ROW_DEV, d->name) ||
	    nla_put_u32(skb, NETLAB_A_DEVICE_ROW_IFINDEX, d->ifindex) ||
	    nla_put_u8(skb, NETLAB_A_DEVICE_ROW_DIRECTION,
		       d->side % NETLAB_DIRECTIONS) ||
	    nla_put_u8(skb, NETLAB_A_DEVICE_ROW_FAMILY,
		       d->side / NETLAB_DIRECTIONS) ||
	    nla_put_u8(skb, NETLAB_A_DEVICE_ROW_PROTOCOL, d->protocol) ||
	    netlab_put_u64(skb, NETLAB_A_DEVICE_ROW_PACKETS, d->packets) ||
	    netlab_put_u64(skb, NETLAB_A_DEVICE_ROW_BYTES, d->bytes))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_arp(struct sk_buff *skb, struct net *net,
			   const struct netlab_dump *dump, size_t row)
{
	const unsigned int direction = row / NETLAB_ARP_OPERATIONS;
	const unsigned int operation = row % NETLAB_ARP_OPERATIONS;
	const u64 packets = dump->reading->sums.arp[direction][operation];

	if (!netlab_wants_plain(dump) || dump->hook >= 0 ||
	    (dump->family >= 0 && dump->family != NETLAB_FAMILY_ARP) ||
	    (!packets && !dump->zero_rows))
		return 0;
	if (nla_put_u8(skb, NETLAB_A_ARP_ROW_DIRECTION, direction) ||
	    nla_put_u16(skb, NETLAB_A_ARP_ROW_OPERATION, operation) ||
	    netlab_put_u64(skb, NETLAB_A_ARP_ROW_PACKETS, packets))
		return -EMSGSIZE;
	return 1;
}

static int netlab_fill_outcome(struct sk_buff *skb, struct net *net,
			       const struct netlab_dump *dump, size_t row)
{
	const unsigned int outcome = row % NETLAB_OUTCOMES;
	const unsigned int path = row / NETLAB_OUTCOMES % NETLAB_PATHS;
	const unsigned int family = row / NETLAB_OUTCOMES / NETLAB_PATHS;
	const u64 packets = dump->reading->sums.outcome[family][path][outcome];

	if (!packets && !dump->zero_rows)
		return 0;
	if (nla_put_u8(skb, NETLAB_A_OUTCOME_ROW_FAMILY, family) ||
	    nla_put_u8(skb, NETLAB_A_OUTCOME_ROW_PATH, path) ||
	    nla_put_u8(skb, NETLAB_A_OUTCOME_ROW_OUTCOME, outcome) ||
	    netlab_put_u64(skb, NETLAB_A_OUTCOME_ROW_PACKETS, packets))
		return -EMSGSIZE;
	return 1;
}

static const struct netlab_dump_table netlab_stats_tables[] = {
	{ 0, 1, netlab_fill_head },
	{ NETLAB_A_STATS_HOOKS, NETLAB_CELLS, netlab_fill_hook },
	{ NETLAB_A_STATS_PROTOCOLS, NETLAB_CELLS * NETLAB_PROTOCOLS,
	  netlab_fill_protocol },
	{ NETLAB_A_STATS_ICMP, NETLAB_SIDES * NETLAB_TYPES, netlab_fill_icmp },
	{ NETLAB_A_STATS_TCP, NETLAB_SIDES, netlab_fill_tcp },
	{ NETLAB_A_STATS_SIZES, NETLAB_SIDES * NETLAB_SIZES, netlab_fill_size },
	{ NETLAB_A_STATS_ANOMALIES, NETLAB_CELLS * NETLAB_ANOMALIES,
	  netlab_fill_anomaly },
	{ NETLAB_A_STATS_DEVICES, -1, netlab_fill_device },
	{ NETLAB_A_STATS_ARP, NETLAB_DIRECTIONS * NETLAB_ARP_OPERATIONS,
	  netlab_fill_arp },
};

static const struct netlab_dump_table netlab_outcome_tables[] = {
	{ NETLAB_A_OUTCOMES_OUTCOMES,
	  NETLAB_FAMILIES * NETLAB_PATHS * NETLAB_OUTCOMES,
	  netlab_fill_outcome },
};

/* Puts one row as a message of its own. Returns as netlab_dump_table's fill. */
static int netlab_dump_row(struct sk_buff *skb, struct netlink_callback *cb,
			   u8 cmd, const struct netlab_dump_table *table,
			   size_t row)
{
	struct netlab_dump *dump = (struct netlab_dump *)cb->args[0];
	struct nlattr *nest = NULL;
	int ret = -EMSGSIZE;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &netlab_family, NLM_F_MULTI, cmd);
	if (!hdr)
		return ret;
	if (table->attr) {
		nest = nla_nest_start(skb, table->attr);
		if (!nest)
			goto cancel;
	}
	ret = table->fill(skb, sock_net(cb->skb->sk), dump, row);
	if (ret <= 0)
		goto cancel;
	if (nest)
		nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return ret;

cancel:
	genlmsg_cancel(skb, hdr);
	return ret;
}

/* Puts as many rows as there is room for. */
static int netlab_dump_tables(struct sk_buff *skb, struct netlink_callback *cb,
			      u8 cmd, const struct netlab_dump_table *tables,
			      unsigned int n)
{
	struct netlab_dump *dump = (struct netlab_dump *)cb->args[0];

	if (dump->err) {
		if (cb->extack) {
			cb->extack->_msg = dump->sentence;
			NL_SET_BAD_ATTR(cb->extack, dump->bad);
		}
		return dump->err;
	}
	for (; dump->table < n; dump->table++, dump->row = 0) {
		const struct netlab_dump_table *table = &tables[dump->table];
		const size_t rows = table->rows < 0 ? dump->reading->n_devices :
						      table->rows;

		for (; dump->row < rows; dump->row++)
			if (netlab_dump_row(skb, cb, cmd, table, dump->row) < 0)
				return skb->len;
	}
	return skb->len;
}

/* Begins a dump of an epoch; the caller has looked at the request. */
static int netlab_dump_begin(struct netlink_callback *cb,
			     const struct netlab_dump *request, u32 epoch,
			     bool devices)
{
	struct netlab_net *ns = netlab_net(sock_net(cb->skb->sk));
	struct netlab_dump *dump;
	int err;

	dump = kmemdup(request, sizeof(*request), GFP_KERNEL_ACCOUNT);
	if (!dump)
		return -ENOMEM;
	dump->reading = netlab_account_read(&ns->account, epoch, devices);
	if (IS_ERR(dump->reading)) {
		err = PTR_ERR(dump->reading);
		kfree(dump);
		return err;
	}
	cb->args[0] = (long)dump;
	return 0;
}

/* Begins a dump that will only say why there is none. */
static int netlab_dump_refuse(struct netlink_callback *cb, int err,
			      const char *sentence, const struct nlattr *bad)
{
	struct netlab_dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);

	if (!dump)
		return -ENOMEM;
	dump->err = err;
	dump->sentence = sentence;
	dump->bad = bad;
	cb->args[0] = (long)dump;
	return 0;
}

/* An enum's attribute, -1 if it isn't given; whether it is one of the enum. */
static bool netlab_filter(const struct nlattr *attr, int max, int *value)
{
	*value = attr ? nla_get_u8(attr) : -1;
	return *value <= max;
}

/**
 * netlab_stats_start() - begin a dump of stats-get
 * @cb: the request
 *
 * What is wrong with it, the dump will say. Context: process.
 *
 * Return: 0; -ENOMEM.
 */
int netlab_stats_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = netlab_dump_attrs(cb);
	struct netlab_dump request = { .protocol = -1, .ifindex = -1 };
	u32 epoch = 0;
	int err;

	if (!netlab_filter(attrs[NETLAB_A_STATS_FAMILY], NETLAB_FAMILY_MAX,
			   &request.family))
		return netlab_dump_refuse(cb, -EINVAL,
					  "family: expected ipv4 (0), ipv6 (1) or arp (2)",
					  attrs[NETLAB_A_STATS_FAMILY]);
	if (!netlab_filter(attrs[NETLAB_A_STATS_HOOK], NETLAB_HOOK_MAX,
			   &request.hook))
		return netlab_dump_refuse(cb, -EINVAL,
					  "hook: expected prerouting (0) to postrouting (4)",
					  attrs[NETLAB_A_STATS_HOOK]);
	if (attrs[NETLAB_A_STATS_PROTOCOL])
		request.protocol = nla_get_u8(attrs[NETLAB_A_STATS_PROTOCOL]);
	if (attrs[NETLAB_A_STATS_IFINDEX])
		request.ifindex = nla_get_u32(attrs[NETLAB_A_STATS_IFINDEX]);
	if (attrs[NETLAB_A_STATS_EPOCH])
		epoch = nla_get_u32(attrs[NETLAB_A_STATS_EPOCH]);
	request.zero_rows = nla_get_flag(attrs[NETLAB_A_STATS_ZERO_ROWS]);

	err = netlab_dump_begin(cb, &request, epoch, true);
	if (err == -ENOENT)
		return netlab_dump_refuse(cb, err,
					  "epoch: only the current one and the one before it can be read",
					  attrs[NETLAB_A_STATS_EPOCH]);
	return err;
}

/**
 * netlab_stats_dump() - go on with a dump of stats-get
 * @skb: to fill
 * @cb: the request
 *
 * Context: process. Return: bytes put, 0 at the end.
 */
int netlab_stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netlab_dump_tables(skb, cb, NETLAB_CMD_STATS_GET,
				  netlab_stats_tables,
				  ARRAY_SIZE(netlab_stats_tables));
}

/**
 * netlab_outcome_start() - begin a dump of outcome-get
 * @cb: the request
 *
 * Context: process. Return: 0; -ENOMEM.
 */
int netlab_outcome_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = netlab_dump_attrs(cb);
	struct netlab_dump request = {
		.zero_rows = nla_get_flag(attrs[NETLAB_A_OUTCOMES_ZERO_ROWS]),
	};

	return netlab_dump_begin(cb, &request, 0, false);
}

/**
 * netlab_outcome_dump() - go on with a dump of outcome-get
 * @skb: to fill
 * @cb: the request
 *
 * Context: process. Return: bytes put, 0 at the end.
 */
int netlab_outcome_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return netlab_dump_tables(skb, cb, NETLAB_CMD_OUTCOME_GET,
				  netlab_outcome_tables,
				  ARRAY_SIZE(netlab_outcome_tables));
}

/**
 * netlab_dump_done() - end a dump, whether all of it was taken or not
 * @cb: the request
 *
 * Context: process. Return: 0.
 */
int netlab_dump_done(struct netlink_callback *cb)
{
	struct netlab_dump *dump = (struct netlab_dump *)cb->args[0];

	if (dump->reading)
		netlab_reading_free(dump->reading);
	kfree(dump);
	return 0;
}
