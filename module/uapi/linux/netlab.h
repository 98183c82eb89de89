/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/netlab.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_NETLAB_H
#define _UAPI_LINUX_NETLAB_H

#define NETLAB_FAMILY_NAME	"netlab"
#define NETLAB_FAMILY_VERSION	1

/**
 * enum netlab_family - What a row counts, in the words of nft.
 */
enum netlab_family {
	NETLAB_FAMILY_IPV4,
	NETLAB_FAMILY_IPV6,
	NETLAB_FAMILY_ARP,

	/* private: */
	__NETLAB_FAMILY_MAX,
	NETLAB_FAMILY_MAX = (__NETLAB_FAMILY_MAX - 1)
};

/**
 * enum netlab_hook - Netfilter's hooks, with the numbers of enum
 *   nf_inet_hooks. prerouting and output count before anything else at that
 *   hook; input, forward and postrouting after everything else there.
 */
enum netlab_hook {
	NETLAB_HOOK_PREROUTING,
	NETLAB_HOOK_INPUT,
	NETLAB_HOOK_FORWARD,
	NETLAB_HOOK_OUTPUT,
	NETLAB_HOOK_POSTROUTING,

	/* private: */
	__NETLAB_HOOK_MAX,
	NETLAB_HOOK_MAX = (__NETLAB_HOOK_MAX - 1)
};

/**
 * enum netlab_direction - Which way a packet passed a device, or ARP the host.
 * @NETLAB_DIRECTION_RX: Received, counted at prerouting; for ARP, in.
 * @NETLAB_DIRECTION_TX: Sent, counted at postrouting; for ARP, out.
 */
enum netlab_direction {
	NETLAB_DIRECTION_RX,
	NETLAB_DIRECTION_TX,

	/* private: */
	__NETLAB_DIRECTION_MAX,
	NETLAB_DIRECTION_MAX = (__NETLAB_DIRECTION_MAX - 1)
};

/**
 * enum netlab_anomaly - Something odd about a packet, which is counted and
 *   passed on as it is. Looked for where a packet is first seen, at prerouting
 *   and output. A packet can have several.
 * @NETLAB_ANOMALY_L4_TRUNCATED: The packet, no fragment, ends before its TCP,
 *   UDP, ICMP or ICMPv6 header does.
 * @NETLAB_ANOMALY_TINY_FRAGMENT: A first fragment too small for its transport
 *   header, or a TCP fragment that begins inside it (RFC 1858, RFC 3128).
 * @NETLAB_ANOMALY_BAD_ICMP_CHECKSUM: An echo request's checksum is wrong. Seen
 *   at input, and only where netlab answers.
 * @NETLAB_ANOMALY_TCP_NULL: A TCP segment with no flag at all.
 * @NETLAB_ANOMALY_TCP_XMAS: A TCP segment with FIN, PSH and URG and neither
 *   SYN, RST nor ACK.
 * @NETLAB_ANOMALY_TCP_SYN_FIN: A TCP segment with both SYN and FIN.
 * @NETLAB_ANOMALY_LAND: Source and destination address are equal, off
 *   loopback.
 * @NETLAB_ANOMALY_MARTIAN_SOURCE: The source address can't be one: multicast,
 *   broadcast, reserved, in 0.0.0.0/8 but 0.0.0.0 itself, or loopback off
 *   loopback.
 * @NETLAB_ANOMALY_EXTHDR_LIMIT: More than 16 IPv6 extension headers; those
 *   behind weren't looked at.
 */
enum netlab_anomaly {
	NETLAB_ANOMALY_L4_TRUNCATED,
	NETLAB_ANOMALY_TINY_FRAGMENT,
	NETLAB_ANOMALY_BAD_ICMP_CHECKSUM,
	NETLAB_ANOMALY_TCP_NULL,
	NETLAB_ANOMALY_TCP_XMAS,
	NETLAB_ANOMALY_TCP_SYN_FIN,
	NETLAB_ANOMALY_LAND,
	NETLAB_ANOMALY_MARTIAN_SOURCE,
	NETLAB_ANOMALY_EXTHDR_LIMIT,

	/* private: */
	__NETLAB_ANOMALY_MAX,
	NETLAB_ANOMALY_MAX = (__NETLAB_ANOMALY_MAX - 1)
};

/**
 * enum netlab_path - Where an echo request was met.
 * @NETLAB_PATH_LOCAL: At input, for the namespace's own addresses.
 * @NETLAB_PATH_PREFIX: At prerouting, for an address block that netlab answers
 *   for.
 * @NETLAB_PATH_DIRECT: At a device's ingress, without routing and without the
 *   firewall. Only replied is counted here: what isn't answered takes the
 *   ordinary way.
 */
enum netlab_path {
	NETLAB_PATH_LOCAL,
	NETLAB_PATH_PREFIX,
	NETLAB_PATH_DIRECT,

	/* private: */
	__NETLAB_PATH_MAX,
	NETLAB_PATH_MAX = (__NETLAB_PATH_MAX - 1)
};

/**
 * enum netlab_outcome - What became of one echo request, in the order in which
 *   it is decided; where local is off, nothing but that is looked at. Every
 *   request has exactly one. What isn't answered is left alone, to the stack
 *   or to go on its way, but for what an administrator's own limit refuses:
 *   that is dropped.
 * @NETLAB_OUTCOME_TRUNCATED: The packet ends before the eight bytes of the
 *   echo header do.
 * @NETLAB_OUTCOME_BAD_CHECKSUM: The ICMP checksum is wrong.
 * @NETLAB_OUTCOME_BAD_SOURCE: The source is multicast, broadcast, in
 *   0.0.0.0/8, unspecified, or loopback from off the host.
 * @NETLAB_OUTCOME_MULTICAST: The destination is multicast or anycast.
 * @NETLAB_OUTCOME_BROADCAST: The destination, or the link-layer frame's, is a
 *   broadcast.
 * @NETLAB_OUTCOME_DISABLED: A sysctl forbids or limits echo replies, or local
 *   is off.
 * @NETLAB_OUTCOME_POLICY: The namespace's IPsec policy does not let it in, or
 *   on.
 * @NETLAB_OUTCOME_HAS_OPTIONS: The packet has IP options or IPv6 extension
 *   headers, as each fragment has that IPv6 reassembles only behind input.
 * @NETLAB_OUTCOME_RAW_SOCKET: A raw socket of the namespace listens for ICMP
 *   and must see the request.
 * @NETLAB_OUTCOME_TOO_LARGE: The packet is larger than the namespace's
 *   max-size, or the prefix's. Dropped.
 * @NETLAB_OUTCOME_RATE_LIMITED: The namespace's rate is used up, or the
 *   prefix's. Dropped.
 * @NETLAB_OUTCOME_SOURCE_LIMITED: The source's rate is used up. Dropped.
 * @NETLAB_OUTCOME_NO_ROUTE: No route leads back to the source.
 * @NETLAB_OUTCOME_NO_MEMORY: There was no memory to build the reply in.
 * @NETLAB_OUTCOME_REPLIED: Answered by netlab.
 */
enum netlab_outcome {
	NETLAB_OUTCOME_TRUNCATED,
	NETLAB_OUTCOME_BAD_CHECKSUM,
	NETLAB_OUTCOME_BAD_SOURCE,
	NETLAB_OUTCOME_MULTICAST,
	NETLAB_OUTCOME_BROADCAST,
	NETLAB_OUTCOME_DISABLED,
	NETLAB_OUTCOME_POLICY,
	NETLAB_OUTCOME_HAS_OPTIONS,
	NETLAB_OUTCOME_RAW_SOCKET,
	NETLAB_OUTCOME_TOO_LARGE,
	NETLAB_OUTCOME_RATE_LIMITED,
	NETLAB_OUTCOME_SOURCE_LIMITED,
	NETLAB_OUTCOME_NO_ROUTE,
	NETLAB_OUTCOME_NO_MEMORY,
	NETLAB_OUTCOME_REPLIED,

	/* private: */
	__NETLAB_OUTCOME_MAX,
	NETLAB_OUTCOME_MAX = (__NETLAB_OUTCOME_MAX - 1)
};

enum {
	NETLAB_A_STATS_PAD = 1,
	NETLAB_A_STATS_NETNS,
	NETLAB_A_STATS_EPOCH,
	NETLAB_A_STATS_SINCE,
	NETLAB_A_STATS_FAMILY,
	NETLAB_A_STATS_HOOK,
	NETLAB_A_STATS_PROTOCOL,
	NETLAB_A_STATS_ZERO_ROWS,
	NETLAB_A_STATS_PROTOCOLS,
	NETLAB_A_STATS_HOOKS,
	NETLAB_A_STATS_IFINDEX,
	NETLAB_A_STATS_ICMP,
	NETLAB_A_STATS_TCP,
	NETLAB_A_STATS_SIZES,
	NETLAB_A_STATS_ANOMALIES,
	NETLAB_A_STATS_DEVICES,
	NETLAB_A_STATS_ARP,

	__NETLAB_A_STATS_MAX,
	NETLAB_A_STATS_MAX = (__NETLAB_A_STATS_MAX - 1)
};

enum {
	NETLAB_A_PROTOCOL_ROW_PAD = 1,
	NETLAB_A_PROTOCOL_ROW_FAMILY,
	NETLAB_A_PROTOCOL_ROW_HOOK,
	NETLAB_A_PROTOCOL_ROW_PROTOCOL,
	NETLAB_A_PROTOCOL_ROW_PACKETS,
	NETLAB_A_PROTOCOL_ROW_BYTES,

	__NETLAB_A_PROTOCOL_ROW_MAX,
	NETLAB_A_PROTOCOL_ROW_MAX = (__NETLAB_A_PROTOCOL_ROW_MAX - 1)
};

enum {
	NETLAB_A_HOOK_ROW_PAD = 1,
	NETLAB_A_HOOK_ROW_FAMILY,
	NETLAB_A_HOOK_ROW_HOOK,
	NETLAB_A_HOOK_ROW_SKBS,
	NETLAB_A_HOOK_ROW_PACKETS,
	NETLAB_A_HOOK_ROW_BYTES,
	NETLAB_A_HOOK_ROW_FRAGMENTS,
	NETLAB_A_HOOK_ROW_OPTIONS,
	NETLAB_A_HOOK_ROW_REFUSED,
	NETLAB_A_HOOK_ROW_STRAYS,

	__NETLAB_A_HOOK_ROW_MAX,
	NETLAB_A_HOOK_ROW_MAX = (__NETLAB_A_HOOK_ROW_MAX - 1)
};

enum {
	NETLAB_A_ICMP_ROW_PAD = 1,
	NETLAB_A_ICMP_ROW_FAMILY,
	NETLAB_A_ICMP_ROW_HOOK,
	NETLAB_A_ICMP_ROW_TYPE,
	NETLAB_A_ICMP_ROW_PACKETS,

	__NETLAB_A_ICMP_ROW_MAX,
	NETLAB_A_ICMP_ROW_MAX = (__NETLAB_A_ICMP_ROW_MAX - 1)
};

enum {
	NETLAB_A_TCP_ROW_PAD = 1,
	NETLAB_A_TCP_ROW_FAMILY,
	NETLAB_A_TCP_ROW_HOOK,
	NETLAB_A_TCP_ROW_SYN,
	NETLAB_A_TCP_ROW_SYNACK,
	NETLAB_A_TCP_ROW_FIN,
	NETLAB_A_TCP_ROW_RST,

	__NETLAB_A_TCP_ROW_MAX,
	NETLAB_A_TCP_ROW_MAX = (__NETLAB_A_TCP_ROW_MAX - 1)
};

enum {
	NETLAB_A_SIZE_ROW_PAD = 1,
	NETLAB_A_SIZE_ROW_FAMILY,
	NETLAB_A_SIZE_ROW_HOOK,
	NETLAB_A_SIZE_ROW_LIMIT,
	NETLAB_A_SIZE_ROW_PACKETS,

	__NETLAB_A_SIZE_ROW_MAX,
	NETLAB_A_SIZE_ROW_MAX = (__NETLAB_A_SIZE_ROW_MAX - 1)
};

enum {
	NETLAB_A_ANOMALY_ROW_PAD = 1,
	NETLAB_A_ANOMALY_ROW_FAMILY,
	NETLAB_A_ANOMALY_ROW_HOOK,
	NETLAB_A_ANOMALY_ROW_REASON,
	NETLAB_A_ANOMALY_ROW_PACKETS,

	__NETLAB_A_ANOMALY_ROW_MAX,
	NETLAB_A_ANOMALY_ROW_MAX = (__NETLAB_A_ANOMALY_ROW_MAX - 1)
};

enum {
	NETLAB_A_DEVICE_ROW_PAD = 1,
	NETLAB_A_DEVICE_ROW_DEV,
	NETLAB_A_DEVICE_ROW_IFINDEX,
	NETLAB_A_DEVICE_ROW_DIRECTION,
	NETLAB_A_DEVICE_ROW_FAMILY,
	NETLAB_A_DEVICE_ROW_PROTOCOL,
	NETLAB_A_DEVICE_ROW_PACKETS,
	NETLAB_A_DEVICE_ROW_BYTES,

	__NETLAB_A_DEVICE_ROW_MAX,
	NETLAB_A_DEVICE_ROW_MAX = (__NETLAB_A_DEVICE_ROW_MAX - 1)
};

enum {
	NETLAB_A_ARP_ROW_PAD = 1,
	NETLAB_A_ARP_ROW_DIRECTION,
	NETLAB_A_ARP_ROW_OPERATION,
	NETLAB_A_ARP_ROW_PACKETS,

	__NETLAB_A_ARP_ROW_MAX,
	NETLAB_A_ARP_ROW_MAX = (__NETLAB_A_ARP_ROW_MAX - 1)
};

enum {
	NETLAB_A_ECHO_LOCAL = 1,
	NETLAB_A_ECHO_RATE,
	NETLAB_A_ECHO_BURST,
	NETLAB_A_ECHO_SOURCE_RATE,
	NETLAB_A_ECHO_MAX_SIZE,
	NETLAB_A_ECHO_DIRECT,

	__NETLAB_A_ECHO_MAX,
	NETLAB_A_ECHO_MAX = (__NETLAB_A_ECHO_MAX - 1)
};

enum {
	NETLAB_A_DIRECT_IFINDEX = 1,
	NETLAB_A_DIRECT_ENABLE,

	__NETLAB_A_DIRECT_MAX,
	NETLAB_A_DIRECT_MAX = (__NETLAB_A_DIRECT_MAX - 1)
};

enum {
	NETLAB_A_PREFIX_PAD = 1,
	NETLAB_A_PREFIX_ADDRESS,
	NETLAB_A_PREFIX_LENGTH,
	NETLAB_A_PREFIX_RATE,
	NETLAB_A_PREFIX_BURST,
	NETLAB_A_PREFIX_MAX_SIZE,
	NETLAB_A_PREFIX_PROXY,
	NETLAB_A_PREFIX_FORCE,
	NETLAB_A_PREFIX_REPLACE,
	NETLAB_A_PREFIX_STAGED,
	NETLAB_A_PREFIX_REQUESTS,
	NETLAB_A_PREFIX_REPLIED,
	NETLAB_A_PREFIX_REFUSED,

	__NETLAB_A_PREFIX_MAX,
	NETLAB_A_PREFIX_MAX = (__NETLAB_A_PREFIX_MAX - 1)
};

enum {
	NETLAB_A_OUTCOME_ROW_PAD = 1,
	NETLAB_A_OUTCOME_ROW_FAMILY,
	NETLAB_A_OUTCOME_ROW_PATH,
	NETLAB_A_OUTCOME_ROW_OUTCOME,
	NETLAB_A_OUTCOME_ROW_PACKETS,

	__NETLAB_A_OUTCOME_ROW_MAX,
	NETLAB_A_OUTCOME_ROW_MAX = (__NETLAB_A_OUTCOME_ROW_MAX - 1)
};

enum {
	NETLAB_A_OUTCOMES_ZERO_ROWS = 1,
	NETLAB_A_OUTCOMES_OUTCOMES,

	__NETLAB_A_OUTCOMES_MAX,
	NETLAB_A_OUTCOMES_MAX = (__NETLAB_A_OUTCOMES_MAX - 1)
};

enum {
	NETLAB_A_MONITOR_PAD = 1,
	NETLAB_A_MONITOR_FAMILY,
	NETLAB_A_MONITOR_HOOK,
	NETLAB_A_MONITOR_PROTOCOL,
	NETLAB_A_MONITOR_IFINDEX,
	NETLAB_A_MONITOR_ADDRESS,
	NETLAB_A_MONITOR_LENGTH,
	NETLAB_A_MONITOR_SAMPLE,
	NETLAB_A_MONITOR_SNAPLEN,
	NETLAB_A_MONITOR_SEQ,
	NETLAB_A_MONITOR_LOST,
	NETLAB_A_MONITOR_TIME,
	NETLAB_A_MONITOR_DEV,
	NETLAB_A_MONITOR_PACKET,
	NETLAB_A_MONITOR_SKB,

	__NETLAB_A_MONITOR_MAX,
	NETLAB_A_MONITOR_MAX = (__NETLAB_A_MONITOR_MAX - 1)
};

enum {
	NETLAB_A_SKB_LEN = 1,
	NETLAB_A_SKB_DATA_LEN,
	NETLAB_A_SKB_DATA,
	NETLAB_A_SKB_TAIL,
	NETLAB_A_SKB_END,
	NETLAB_A_SKB_MAC_HEADER,
	NETLAB_A_SKB_NETWORK_HEADER,
	NETLAB_A_SKB_TRANSPORT_HEADER,
	NETLAB_A_SKB_CLONED,
	NETLAB_A_SKB_FRAGS,
	NETLAB_A_SKB_FRAG_LIST,
	NETLAB_A_SKB_GSO_SIZE,
	NETLAB_A_SKB_GSO_SEGS,
	NETLAB_A_SKB_GSO_TYPE,
	NETLAB_A_SKB_IP_SUMMED,
	NETLAB_A_SKB_MARK,
	NETLAB_A_SKB_PRIORITY,
	NETLAB_A_SKB_PKT_TYPE,

	__NETLAB_A_SKB_MAX,
	NETLAB_A_SKB_MAX = (__NETLAB_A_SKB_MAX - 1)
};

enum {
	NETLAB_CMD_STATS_GET = 1,
	NETLAB_CMD_STATS_RESET,
	NETLAB_CMD_ECHO_GET,
	NETLAB_CMD_ECHO_SET,
	NETLAB_CMD_OUTCOME_GET,
	NETLAB_CMD_DIRECT_SET,
	NETLAB_CMD_PREFIX_ADD,
	NETLAB_CMD_PREFIX_DEL,
	NETLAB_CMD_PREFIX_FLUSH,
	NETLAB_CMD_PREFIX_GET,
	NETLAB_CMD_STAGE_BEGIN,
	NETLAB_CMD_STAGE_COMMIT,
	NETLAB_CMD_MONITOR_START,
	NETLAB_CMD_MONITOR_STOP,
	NETLAB_CMD_MONITOR_PACKET,

	__NETLAB_CMD_MAX,
	NETLAB_CMD_MAX = (__NETLAB_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_NETLAB_H */
