#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests with IPv6 extension headers, right and wrong: netlab leaves them to the stack, or says no as it does."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
from probes import OTHER_MAC, V6
from twins import Probe, Twins

HOP, TCP, ROUTING, FRAGMENT, AUTH, ICMP, NONE, DEST, MOBILITY = 0, 6, 43, 44, 51, 58, 59, 60, 135
PAD4 = b"\1\4\0\0\0\0"
THIRD = "2001:db8:1::3"  # both namespaces have it, too


def chain(*headers, frame=None, last=ICMP):
    """An echo request behind extension headers: (kind, its bytes from the second on)."""
    frame = frame or V6.ping()
    kinds = [kind for kind, _ in headers] + [last]
    body = b"".join(bytes([following]) + rest for following, (_, rest) in zip(kinds[1:], headers))
    frame = V6.patch(frame, 4, struct.pack("!HB", len(body) + len(frame) - V6.L4, kinds[0]))
    return frame[:V6.L4] + body + frame[V6.L4:]


def opts(data=PAD4):
    """The rest of a header of options: length and options, padded to eight bytes."""
    need = -(len(data) + 2) % 8
    data += b"\0" if need == 1 else bytes([1, need - 2]) + bytes(need - 2) if need else b""
    return bytes([(len(data) + 2) // 8 - 1]) + data


def routing(kind, left, addresses=(), reserved=bytes(4)):
    return bytes([len(addresses) * 2, kind, left]) + reserved + b"".join(socket.inet_pton(socket.AF_INET6, a) for a in addresses)


def fragment(offset=0, more=0, number=5, reserved=0):
    return struct.pack("!BHI", reserved, offset | more, number)


def seen(name, *headers, replies=1, **kwargs):
    return Probe(name, chain(*headers, **kwargs), "has-options", replies)


def option_headers():
    for kind, name in (HOP, "hop-by-hop"), (DEST, "destination"):
        # What is wrong in hop-by-hop options the stack sees before prerouting.
        outcome = "has-options" if kind == DEST else None

        def odd(what, data, kind=kind, name=name, outcome=outcome):
            return Probe(f"{name}: {what}", chain((kind, data)), outcome)

        yield seen(f"{name}: PadN", (kind, opts()))
        yield seen(f"{name}: Pad1", (kind, opts(bytes(6))))
        yield seen(f"{name}: 256 bytes", (kind, opts(b"\x1e\xfc" + bytes(252))))
        yield seen(f"{name}: an unknown option to be skipped", (kind, opts(b"\x1e\2\0\0" + b"\1\0")))
        for value in 0, 1, 2, 255:
            yield seen(f"{name}: router alert {value}", (kind, opts(b"\5\2" + struct.pack("!H", value) + b"\1\0")), replies=None)
        # RFC 8200 4.2: discard, discard and tell, and tell unless multicast.
        for action, word in (0x40, "discard"), (0x80, "tell"), (0xc0, "tell a unicast"):
            yield odd(f"an unknown option, {word}", opts(bytes([action | 0x1e]) + b"\2\0\0\1\0"))
        yield odd("PadN not zero", opts(b"\1\4\0\0\1\0"))
        yield odd("too much padding", opts(b"\1\x0c" + bytes(12)))
        yield odd("an option longer than the header", b"\0\1\x20\0\0\0\0")
        yield odd("an option without its length", b"\0\1\2\0\0\0\x1e")
        yield odd("nine unknown options", opts(b"\x1e\0" * 9))
    hop = "hop-by-hop: "
    # Which a kernel without labels (NETLABEL), or before 5.15, doesn't know: these are to be skipped then.
    for what, data, sysctl in ("CALIPSO", b"\7\x08" + bytes(8), "calipso_cache_enable"), ("IOAM", b"\x31\2\0\0\1\0", "ioam6_id"):
        if os.path.exists(f"/proc/sys/net/ipv6/{sysctl}"):
            yield Probe(hop + what, chain((HOP, opts(data))), None)
        else:
            yield seen(hop + what, (HOP, opts(data)), replies=None)
    for what, data in (("router alert of the wrong length", b"\5\3\0\0\0\0"),
                       ("jumbo payload in a small packet", b"\xc2\4\0\0\0\x20"),
                       ("jumbo payload, misaligned", b"\0\xc2\4\0\1\0\0\0")):
        yield Probe(hop + what, chain((HOP, opts(data))), None)
    home = b"\1\0\xc9\x10" + socket.inet_pton(socket.AF_INET6, "2001:db8:1::9")
    yield seen("destination: home address", (DEST, opts(home)), replies=None)
    yield seen("destination: tunnel limit", (DEST, opts(b"\4\1\3" + b"\1\1\0")), replies=None)


def routing_headers(enabled):
    for kind in 0, 1, 2, 3, 4, 5, 253, 255:
        for left in 0, 1, 2, 255:
            for addresses in (), (THIRD,), (V6.right,), ("2001:db8:1::9", THIRD):
                yield seen(f"routing type {kind}, {left} left of {len(addresses)} addresses",
                           (ROUTING, routing(kind, left, addresses)), replies=None)
    yield seen(f"routing type 4, then {THIRD}", (ROUTING, routing(4, 1, (THIRD, THIRD), b"\1\0\0\0")), replies=None)
    # The stack routes it anew, and it comes by input a second time: to another
    # address, for which its checksum is wrong.
    yield Probe("routing type 4, then ff02::1", chain((ROUTING, routing(4, 1, ("ff02::1", THIRD), b"\1\0\0\0"))),
                {"has-options": 1, "bad-checksum": 1} if enabled else "has-options", requests=1)


def orders(tracked=False):
    pad = opts()
    yield seen("hop-by-hop and destination", (HOP, pad), (DEST, pad))
    yield seen("destination, routing, destination", (DEST, pad), (ROUTING, routing(0, 0)), (DEST, pad))
    yield seen("destination before hop-by-hop", (DEST, pad), (HOP, pad), replies=None)
    yield seen("hop-by-hop twice", (HOP, pad), (HOP, pad), replies=None)
    yield seen("destination twice", (DEST, pad), (DEST, pad))
    yield seen("authentication", (AUTH, b"\4" + bytes(22)), replies=None)
    yield Probe("ESP", chain((50, bytes(31))), None)
    yield Probe("mobility", chain((MOBILITY, b"\0\0\0\0\0\0\0")), "has-options")
    for n in range(2, 13):
        yield seen(f"{n} destination headers", *[(DEST, pad)] * n)
    yield Probe("no next header", chain((DEST, pad), last=NONE), None, 0)
    yield Probe("destination, and TCP is next", chain((DEST, pad), last=TCP), None)
    yield Probe("destination, and an unknown header is next", chain((DEST, pad), last=200), None)
    yield Probe("destination, and ICMP for IPv4 is next", chain((DEST, pad), last=1), None)
    wrong = V6.ping(icmp={"cksum": 0x1234})
    yield Probe("destination, a wrong checksum", chain((DEST, pad), frame=wrong),
                *((None, 0) if tracked else ("bad-checksum", 0)), requests=1)


def cut_short():
    """The packet ends in a header, though its length says otherwise, or just as it says."""
    whole = chain((HOP, opts()), (DEST, opts(b"\1\x0c" + bytes(12))))
    for end in range(V6.L4, len(whole) - 14, 3):
        as_it_says = V6.patch(whole, 4, struct.pack("!H", end - V6.L4))[:end]
        yield Probe(f"{end - V6.L4} bytes behind the IPv6 header, of more", whole[:end], None, 0)
        yield Probe(f"{end - V6.L4} bytes behind the IPv6 header", as_it_says, None)
    for left in range(8):
        end = len(whole) - 14 + left
        yield Probe(f"{left} bytes of the message", V6.patch(whole, 4, struct.pack("!H", end - V6.L4))[:end],
                    "truncated" if left else None, requests=0)
    for kind in HOP, DEST, ROUTING, AUTH:
        yield Probe(f"header {kind} longer than the packet", chain((kind, b"\x20" + bytes(6))), None)
    yield Probe("payload length 0", V6.patch(V6.ping(), 4, b"\0\0"), None)
    yield Probe("payload length 0, hop-by-hop", V6.patch(chain((HOP, opts())), 4, b"\0\0"), "has-options")


def atomic(tracked=False):
    """Fragments that are whole (RFC 6946). Conntrack takes the header out, and drops what it finds invalid."""
    whole = "replied" if tracked else "has-options"
    yield Probe("an atomic fragment", chain((FRAGMENT, fragment())), whole, 1)
    yield Probe("an atomic fragment, its reserved bits set", chain((FRAGMENT, fragment(6, 0, 5, 0xff))), whole)
    yield seen("an atomic fragment twice", (FRAGMENT, fragment()), (FRAGMENT, fragment(number=6)), replies=None)
    yield seen("an atomic fragment behind a destination header", (DEST, opts()), (FRAGMENT, fragment()), replies=None)
    yield seen("an atomic fragment before a destination header", (FRAGMENT, fragment()), (DEST, opts()))
    yield seen("an atomic fragment behind hop-by-hop", (HOP, opts()), (FRAGMENT, fragment()))
    yield Probe("an atomic fragment, a wrong checksum", chain((FRAGMENT, fragment()), frame=V6.ping(icmp={"cksum": 1})),
                None if tracked else "bad-checksum", 0, requests=1)
    for left in 0, 1, 7:
        frame = chain((FRAGMENT, fragment()))
        end = V6.L4 + 8 + left
        outcome = "truncated" if left and not tracked else None
        yield Probe(f"an atomic fragment, {left} bytes of the message", V6.patch(frame, 4, struct.pack("!H", 8 + left))[:end],
                    outcome, requests=0)


def main():
    twins = Twins()
    twins.addresses("veth0", THIRD + "/128")
    twins.neighbours("veth0", OTHER_MAC, "2001:db8:1::9")
    twins.wait_quiet()
    twins.same(V6, "options headers", option_headers())
    twins.same(V6, "routing headers", routing_headers(False))
    with twins.set(ipv6__conf__all__accept_source_route=1, ipv6__conf__veth0__accept_source_route=1,
                   ipv6__conf__all__seg6_enabled=1, ipv6__conf__veth0__seg6_enabled=1):
        twins.same(V6, "routing headers, accepted", routing_headers(True))
    twins.same(V6, "several headers", orders())
    twins.same(V6, "headers cut short", cut_short())
    twins.same(V6, "atomic fragments", atomic())
    with twins.nft("table inet t { chain c { type filter hook input priority 0; ct state invalid drop; }; }"):
        twins.same(V6, "atomic fragments, with conntrack", atomic(True))
        twins.same(V6, "several headers, with conntrack", orders(True))
    twins.tool()


tap.run(main)
