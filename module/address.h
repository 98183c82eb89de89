/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * address: addresses as packets have them, and as tries do.
 */
#ifndef _NETLAB_ADDRESS_H
#define _NETLAB_ADDRESS_H

#include <linux/in6.h>

#include "prefix.h"

static inline struct netlab_address netlab_address4(__be32 addr)
{
	return (struct netlab_address) { .hi = (u64)ntohl(addr) << 32 };
}

static inline __be32 netlab_address_to4(struct netlab_address address)
{
	return htonl(address.hi >> 32);
}

static inline struct netlab_address netlab_address6(const struct in6_addr *addr)
{
	return (struct netlab_address) {
		.hi = (u64)ntohl(addr->s6_addr32[0]) << 32 |
		      ntohl(addr->s6_addr32[1]),
		.lo = (u64)ntohl(addr->s6_addr32[2]) << 32 |
		      ntohl(addr->s6_addr32[3]),
	};
}

static inline struct in6_addr netlab_address_to6(struct netlab_address address)
{
	return (struct in6_addr) { .s6_addr32 = {
		htonl(address.hi >> 32), htonl(address.hi),
		htonl(address.lo >> 32), htonl(address.lo),
	} };
}

/* Whether bits are set behind a prefix's length. */
static inline bool netlab_prefix_host_bits(const struct netlab_prefix_key *key)
{
	u64 hi = key->length < 64 ? key->address.hi << key->length : 0;
	u64 lo = key->address.lo;

	if (key->length >= 128)
		return false;
	if (key->length > 64)
		lo <<= key->length - 64;
	return hi || lo;
}

/* Whether an address is one of a prefix's; both of one family. */
static inline bool netlab_prefix_has(const struct netlab_prefix_key *key,
				     struct netlab_address address)
{
	const u64 hi = address.hi ^ key->address.hi;
	const u64 lo = address.lo ^ key->address.lo;

	if (!key->length)
		return true;
	if (key->length <= 64)
		return !(hi >> (64 - key->length));
	return !hi && !(lo >> (128 - key->length));
}

#endif /* _NETLAB_ADDRESS_H */
