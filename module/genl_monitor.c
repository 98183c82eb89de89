// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "dump.h"
#include "genl.h"
#include "genl_monitor.h"
#include "genl_prefix.h"
#include "main.h"
#include "monitor.h"

const struct nla_policy netlab_monitor_policy[NETLAB_A_MONITOR_MAX + 1] = {
	[NETLAB_A_MONITOR_FAMILY] = { .type = NLA_U8 },
	[NETLAB_A_MONITOR_HOOK] = { .type = NLA_U8 },
	[NETLAB_A_MONITOR_PROTOCOL] = { .type = NLA_U8 },
	[NETLAB_A_MONITOR_IFINDEX] = { .type = NLA_U32 },
	[NETLAB_A_MONITOR_ADDRESS] = { .type = NLA_BINARY,
				       .len = sizeof(struct in6_addr) },
	[NETLAB_A_MONITOR_LENGTH] = { .type = NLA_U8 },
	[NETLAB_A_MONITOR_SAMPLE] = { .type = NLA_U32 },
	[NETLAB_A_MONITOR_SNAPLEN] = { .type = NLA_U32 },
};

/* ---- what a packet is told as */

static int netlab_fill_offset(struct sk_buff *msg, int attr,
			      const struct sk_buff *skb,
			      const unsigned char *at)
{
	return nla_put_u32(msg, attr, at - skb->head);
}

static int netlab_fill_gso(struct sk_buff *msg, const struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (!skb_is_gso(skb))
		return 0;
	return nla_put_u16(msg, NETLAB_A_SKB_GSO_SIZE, shinfo->gso_size) ||
	       nla_put_u16(msg, NETLAB_A_SKB_GSO_SEGS, shinfo->gso_segs) ||
	       nla_put_u32(msg, NETLAB_A_SKB_GSO_TYPE, shinfo->gso_type);
}

static int netlab_fill_skb(struct sk_buff *msg, const struct sk_buff *skb)
{
	struct nlattr *nest = nla_nest_start(msg, NETLAB_A_MONITOR_SKB);

	if (!nest ||
	    nla_put_u32(msg, NETLAB_A_SKB_LEN, skb->len) ||
	    nla_put_u32(msg, NETLAB_A_SKB_DATA_LEN, skb->data_len) ||
	    netlab_fill_offset(msg, NETLAB_A_SKB_DATA, skb, skb->data) ||
	    netlab_fill_offset(msg, NETLAB_A_SKB_TAIL, skb, skb_tail_pointer(skb)) ||
	    netlab_fill_offset(msg, NETLAB_A_SKB_END, skb, skb_end_pointer(skb)) ||
	    netlab_fill_offset(msg, NETLAB_A_SKB_NETWORK_HEADER, skb,
			       skb_network_header(skb)))
		return -EMSGSIZE;
	if (skb_mac_header_was_set(skb) &&
	    netlab_fill_offset(msg, NETLAB_A_SKB_MAC_HEADER, skb, skb_mac_header(skb)))
		return -EMSGSIZE;
	if (skb_transport_header_was_set(skb) &&
	    netlab_fill_offset(msg, NETLAB_A_SKB_TRANSPORT_HEADER, skb,
			       skb_transport_header(skb)))
		return -EMSGSIZE;
	if ((skb_cloned(skb) && nla_put_flag(msg, NETLAB_A_SKB_CLONED)) ||
	    (skb_has_frag_list(skb) && nla_put_flag(msg, NETLAB_A_SKB_FRAG_LIST)) ||
	    nla_put_u8(msg, NETLAB_A_SKB_FRAGS, skb_shinfo(skb)->nr_frags) ||
	    netlab_fill_gso(msg, skb) ||
	    nla_put_u8(msg, NETLAB_A_SKB_IP_SUMMED, skb->ip_summed) ||
	    nla_put_u32(msg, NETLAB_A_SKB_MARK, skb->mark) ||
	    nla_put_u32(msg, NETLAB_A_SKB_PRIORITY, skb->priority) ||
	    nla_put_u8(msg, NETLAB_A_SKB_PKT_TYPE, skb->pkt_type))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int netlab_fill_packet(struct sk_buff *msg, const struct sk_buff *skb,
			      unsigned int len)
{
	struct nlattr *attr = nla_reserve(msg, NETLAB_A_MONITOR_PACKET, len);

	return attr ? skb_copy_bits(skb, 0, nla_data(attr), len) : -EMSGSIZE;
}

static int netlab_fill_sight(struct sk_buff *msg,
			     const struct netlab_monitor *monitor,
			     const struct netlab_sight *sight, u64 seq)
{
	const struct sk_buff *skb = sight->skb;
	void *hdr;

	hdr = genlmsg_put(msg, monitor->portid, 0, &netlab_family, 0,
			  NETLAB_CMD_MONITOR_PACKET);
	if (!hdr ||
	    nla_put_u8(msg, NETLAB_A_MONITOR_FAMILY, sight->family) ||
	    nla_put_u8(msg, NETLAB_A_MONITOR_HOOK, sight->hook) ||
	    nla_put_u8(msg, NETLAB_A_MONITOR_PROTOCOL, sight->protocol) ||
	    nla_put_u64_64bit(msg, NETLAB_A_MONITOR_SEQ, seq, NETLAB_A_MONITOR_PAD) ||
	    nla_put_u64_64bit(msg, NETLAB_A_MONITOR_LOST,
			      atomic64_read(&monitor->lost), NETLAB_A_MONITOR_PAD) ||
	    nla_put_u64_64bit(msg, NETLAB_A_MONITOR_TIME, ktime_get_real_ns(),
			      NETLAB_A_MONITOR_PAD))
		return -EMSGSIZE;
	if (sight->dev &&
	    (nla_put_u32(msg, NETLAB_A_MONITOR_IFINDEX, sight->dev->ifindex) ||
	     nla_put_string(msg, NETLAB_A_MONITOR_DEV, sight->dev->name)))
		return -EMSGSIZE;
	if (netlab_fill_skb(msg, skb) ||
	    netlab_fill_packet(msg, skb, min(skb->len, monitor->filter.snaplen)))
		return -EMSGSIZE;
	genlmsg_end(msg, hdr);
	return 0;
}

/* All attributes but the packet, with room to spare. */
#define NETLAB_SIGHT_SIZE	512

/**
 * netlab_monitor_tell() - tell a monitor of a packet
 * @monitor: the monitor; its socket is never waited for
 * @sight: the packet
 *
 * What can't be told is counted as lost. Context: softirqs off, RCU.
 */
void netlab_monitor_tell(struct netlab_monitor *monitor,
			 const struct netlab_sight *sight)
{
	const unsigned int len = min(sight->skb->len, monitor->filter.snaplen);
	const u64 seq = atomic64_inc_return(&monitor->seq);
	struct sk_buff *msg;

	msg = genlmsg_new(NETLAB_SIGHT_SIZE + len, GFP_ATOMIC | __GFP_NOWARN);
	if (!msg)
		goto lost;
	if (netlab_fill_sight(msg, monitor, sight, seq)) {
		nlmsg_free(msg);
		goto lost;
	}
	if (!genlmsg_unicast(monitor->ns->net, msg, monitor->portid))
		return;
lost:
	atomic64_inc(&monitor->lost);
}

/* ---- requests */

static int netlab_monitor_refuse(struct genl_info *info,
				 const struct nlattr *attr,
				 const char *sentence)
{
	netlab_refuse(info->extack, attr, sentence);
	return -EINVAL;
}

static int netlab_monitor_filter(struct genl_info *info,
				 struct netlab_monitor_filter *filter)
{
	struct nlattr **attrs = info->attrs;
	struct nlattr *attr;
	int err;

	*filter = (struct netlab_monitor_filter) {
		.family = NETLAB_ANY, .hook = NETLAB_ANY, .protocol = -1,
		.sample = 1, .snaplen = NETLAB_SNAPLEN,
	};
	attr = attrs[NETLAB_A_MONITOR_FAMILY];
	if (attr && nla_get_u8(attr) > NETLAB_FAMILY_IPV6)
		return netlab_monitor_refuse(info, attr,
			"family: expected ipv4 (0) or ipv6 (1)");
	if (attr)
		filter->family = nla_get_u8(attr);
	attr = attrs[NETLAB_A_MONITOR_HOOK];
	if (attr && nla_get_u8(attr) > NETLAB_HOOK_MAX)
		return netlab_monitor_refuse(info, attr,
			"hook: expected 0 to 4, as in enum nf_inet_hooks");
	if (attr)
		filter->hook = nla_get_u8(attr);
	attr = attrs[NETLAB_A_MONITOR_PROTOCOL];
	if (attr)
		filter->protocol = nla_get_u8(attr);
	attr = attrs[NETLAB_A_MONITOR_IFINDEX];
	if (attr && (nla_get_u32(attr) < 1 || nla_get_u32(attr) > INT_MAX))
		return netlab_monitor_refuse(info, attr,
			"ifindex: expected a device's index, 1 or more");
	if (attr)
		filter->ifindex = nla_get_u32(attr);
	attr = attrs[NETLAB_A_MONITOR_SAMPLE];
	if (attr && !nla_get_u32(attr))
		return netlab_monitor_refuse(info, attr,
			"sample: expected 1 or more");
	if (attr)
		filter->sample = nla_get_u32(attr);
	attr = attrs[NETLAB_A_MONITOR_SNAPLEN];
	if (attr && (nla_get_u32(attr) < 1 || nla_get_u32(attr) > NETLAB_SNAPLEN_MAX))
		return netlab_monitor_refuse(info, attr,
			"snaplen: expected 1 to 65535 bytes");
	if (attr)
		filter->snaplen = nla_get_u32(attr);
	if (!attrs[NETLAB_A_MONITOR_ADDRESS] && !attrs[NETLAB_A_MONITOR_LENGTH])
		return 0;
	err = netlab_genl_key(info, attrs[NETLAB_A_MONITOR_ADDRESS],
			      attrs[NETLAB_A_MONITOR_LENGTH], &filter->prefix);
	filter->has_prefix = !err;
	return err;
}

/**
 * netlab_monitor_start_do() - NETLAB_CMD_MONITOR_START
 * @skb: the request
 * @info: the same
 *
 * Return: 0; -EINVAL, -ERANGE, -EALREADY or -EUSERS, and the request's extack
 * says why; -ENOMEM.
 */
int netlab_monitor_start_do(struct sk_buff *skb, struct genl_info *info)
{
	struct netlab_monitor_filter filter;
	int err;

	err = netlab_monitor_filter(info, &filter);
	if (err)
		return err;
	err = netlab_monitor_start(netlab_net(genl_info_net(info)),
				   info->snd_portid, &filter);
	if (err == -EALREADY)
		NL_SET_ERR_MSG(info->extack, "this socket has a monitor already: stop it first");
	if (err == -EUSERS)
		NL_SET_ERR_MSG(info->extack, "the namespace has 16 monitors already");
	return err;
}

/**
 * netlab_monitor_stop_do() - NETLAB_CMD_MONITOR_STOP
 * @skb: the request
 * @info: the same
 *
 * Return: 0; -ENOENT, and the request's extack says why; -ENOMEM, and nothing has
 * changed.
 */
int netlab_monitor_stop_do(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	u64 seq, lost;
	void *hdr;
	int err;

	reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	err = netlab_monitor_stop(netlab_net(genl_info_net(info)),
				  info->snd_portid, &seq, &lost);
	if (err) {
		nlmsg_free(reply);
		NL_SET_ERR_MSG(info->extack, "this socket has no monitor");
		return err;
	}
	hdr = genlmsg_put_reply(reply, info, &netlab_family, 0,
				NETLAB_CMD_MONITOR_STOP);
	if (!hdr ||
	    nla_put_u64_64bit(reply, NETLAB_A_MONITOR_SEQ, seq, NETLAB_A_MONITOR_PAD) ||
	    nla_put_u64_64bit(reply, NETLAB_A_MONITOR_LOST, lost, NETLAB_A_MONITOR_PAD)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}
