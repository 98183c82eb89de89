#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each packet is counted once, under the right one of 256 protocol numbers:
plain ones, behind IP options and IPv6 extension headers, fragments, chains
that end too soon or go on too long, and frames with a VLAN tag.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402

A4, B4 = "192.0.2.1", "198.51.100.1"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"
HOP, TCP, UDP, ROUTING, FRAGMENT, ESP, AH, NONE, DEST, MOBILITY, HIP, SHIM6 = (
    0, 6, 17, 43, 44, 50, 51, 59, 60, 135, 139, 140)
# Where a packet for host-b is counted.
PLACES = [("router", hook) for hook in ("prerouting", "forward", "postrouting")] + [
    ("host-b", "prerouting"), ("host-b", "input")]


# ---- packets

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(protocol, payload=b"\0" * 8, options=b"", more=False, offset=0, ident=1, bad=False):
    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                           20 + len(options) + len(payload), ident,
                           (0x2000 if more else 0) | offset // 8, 64, protocol, check,
                           socket.inet_aton(A4), socket.inet_aton(B4)) + options
    return header(checksum(header(0)) ^ (1 if bad else 0)) + payload


def ipv6(first, payload=b"\0" * 8):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), first, 64,
                       socket.inet_pton(socket.AF_INET6, A6),
                       socket.inet_pton(socket.AF_INET6, B6)) + payload


def header(kind, following, length=8):
    """An extension header that does nothing, in the form that its kind has."""
    if kind == AH:
        return bytes([following, length // 4 - 2]) + b"\0" * (length - 2)
    if kind in (HOP, DEST):
        return bytes([following, length // 8 - 1, 1, length - 4]) + b"\0" * (length - 4)
    if kind == FRAGMENT:
        return fragment(following, 0, False)
    return bytes([following, length // 8 - 1]) + b"\0" * (length - 2)


def fragment(following, offset, more, ident=1):
    return struct.pack("!BBHI", following, 0, offset | more, ident)


def chain(*kinds, payload=b"\0" * 8):
    """An IPv6 packet with these headers; the last is what is carried."""
    return ipv6(kinds[0], b"".join(header(kind, following)
                                   for kind, following in zip(kinds, kinds[1:])) + payload)


# ---- sending and comparing

class Wire:
    """host-a's end of the wire to the router, and what is counted behind it."""

    def __init__(self):
        self.watch = genl.Watch("router", "host-b")
        with net.inside("host-a"):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind(("veth0", 0))

    def send(self, packet, tag=b"", mac=net.MAC_WEST):
        kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        self.socket.send(bytes.fromhex((mac + net.MAC_A).replace(":", "")) + tag + kind + packet)

    def check(self, what, packets, protocols, fragments=0, options=0, at_input=None, **how):
        """Each packet is counted under the protocol of the same place in the
        list, at each hook; at_input says if host-b's input sees others:
        ([(protocol, bytes)], fragments, options)
        """
        expected, expected_hooks = {}, {}
        for ns, hook in PLACES:
            rows = [(p, len(packet)) for p, packet in zip(protocols, packets)], fragments, options
            if (ns, hook) == ("host-b", "input") and at_input is not None:
                rows = at_input
            for protocol, size in rows[0]:
                family = "ipv6" if packets[0][0] >> 4 == 6 else "ipv4"
                genl.add(expected, {(ns, family, hook, protocol): (1, size)})
                row = expected_hooks.setdefault((ns, family, hook), dict.fromkeys(
                    ("skbs", "packets", "bytes", "fragments", "options"), 0))
                row["skbs"] += 1
                row["packets"] += 1
                row["bytes"] += size
                row["fragments"], row["options"] = rows[1:]
        self.watch.reset()
        for packet in packets:
            self.send(packet, **how)
        self.compare(what, expected, expected_hooks)

    def compare(self, what, expected, expected_hooks=None):
        counted = self.watch.settle(expected)
        if counted == expected and expected_hooks is not None:
            found = {(name, *key): row for name, reader in self.watch.readers.items()
                     for key, row in reader.read().hooks.items()}
            tap.equal(found, expected_hooks, what)
        else:
            tap.equal(counted, expected, what)

    def nothing(self, what, packets, **how):
        """None of them reaches a hook; the packet behind them does."""
        self.watch.reset()
        for packet in packets:
            self.send(packet, **how)
        last = ipv4(253)
        self.send(last)
        self.compare(what, {(ns, "ipv4", hook, 253): (1, len(last)) for ns, hook in PLACES})


# ---- the tests

def all_numbers(wire):
    n = 4
    for family, size, source, destination in (("ipv4", 28, A4, B4), ("ipv6", 48, A6, B6)):
        expected = {}
        for protocol in range(256):
            # blast's payload is a header that nothing (59) follows.
            passed = family == "ipv6" and protocol in (HOP, ROUTING, FRAGMENT, AH, DEST)
            for ns, hook in PLACES:
                genl.add(expected, {(ns, family, hook, NONE if passed else protocol): (n, n * size)})
        wire.watch.reset()
        net.run(net.program("blast"), "-i", "veth0", "-d", net.MAC_WEST, "-S", source,
                "-D", destination, "-n", 256 * n, "-l", 8, "-p", "all", ns="host-a")
        wire.compare(f"{family}: all 256 protocol numbers, {n} packets each", expected)


def ipv4_shapes(wire):
    wire.check("ipv4: options", [ipv4(UDP, options=b"\1\1\1\0")] * 3, [UDP] * 3, options=3)
    wire.check("ipv4: as many options as there can be", [ipv4(TCP, options=b"\1" * 40)], [TCP], options=1)
    wire.check("ipv4: nothing behind the header", [ipv4(UDP, b"")], [UDP])

    # Put together again between prerouting and input.
    data = [b"\0" * 16, b"\1" * 24, b"\2" * 9]
    pieces = [ipv4(UDP, data[0], more=True), ipv4(UDP, data[1], more=True, offset=16),
              ipv4(UDP, data[2], offset=40)]
    wire.check("ipv4: first, middle and last fragment", pieces, [UDP] * 3, fragments=3,
               at_input=([(UDP, 20 + 49)], 0, 0))
    wire.check("ipv4: a first fragment alone", [ipv4(253, more=True, ident=2)], [253], fragments=1,
               at_input=([], 0, 0))
    wire.check("ipv4: a later fragment alone, with options",
               [ipv4(253, options=b"\1\1\1\0", offset=64, ident=3)], [253], fragments=1, options=1,
               at_input=([], 0, 0))
    wire.nothing("ipv4: a bad header checksum reaches no hook", [ipv4(UDP, bad=True)] * 2)
    wire.nothing("a frame for another station reaches no hook", [ipv4(UDP), chain(UDP)],
                 mac="02:00:00:00:00:99")


def ipv6_chains(wire):
    for kinds in ((HOP, UDP), (DEST, UDP), (ROUTING, UDP), (FRAGMENT, UDP), (AH, UDP),
                  (MOBILITY, UDP), (HIP, UDP), (SHIM6, UDP),
                  (HOP, DEST, ROUTING, FRAGMENT, AH, DEST, MOBILITY, TCP),
                  (DEST, HOP, UDP), (DEST, NONE), (ROUTING, 255), (DEST, ESP),
                  (MOBILITY, NONE), (HIP, NONE), (SHIM6, NONE)):
        counted = kinds[-1]
        if kinds[0] in (MOBILITY, HIP, SHIM6) and counted == NONE:
            counted = kinds[0]  # what is carried is the header itself
        wire.check(f"ipv6: headers {kinds} are protocol {counted}", [chain(*kinds)], [counted], options=1)
    wire.check("ipv6: ESP hides what is in it", [ipv6(ESP, bytes(16))], [ESP])
    wire.check("ipv6: long headers", [ipv6(DEST, header(DEST, ROUTING, 256) + header(ROUTING, AH, 64)
                                           + header(AH, UDP, 44) + b"\0" * 8)], [UDP], options=1)

    wire.check("ipv6: 16 extension headers are passed", [chain(*[DEST] * 16, UDP)], [UDP], options=1)
    wire.check("ipv6: of 17 the last is the protocol", [chain(*[DEST] * 17, UDP)], [DEST], options=1)
    wire.check("ipv6: of 20 too, whatever it is",
               [chain(*[DEST] * 16, ROUTING, DEST, DEST, DEST, UDP)], [ROUTING], options=1)


def ipv6_truncated(wire):
    for kind in (DEST, ROUTING, AH, MOBILITY, HIP, SHIM6):
        wire.check(f"ipv6: header {kind} that is not there, cut short, or longer than the packet",
                   [ipv6(kind, b""), ipv6(kind, header(kind, UDP)[:4]), ipv6(kind, header(kind, UDP)[:7]),
                    ipv6(kind, header(kind, UDP, 24)[:16])], [kind] * 4, options=4)
    wire.check("ipv6: a fragment header cut short", [ipv6(FRAGMENT, b"\x11\0\0\0")], [FRAGMENT], options=1)
    wire.check("ipv6: the second header cut short", [chain(DEST, DEST, payload=b"\x11\0\0")], [DEST],
               options=1)
    wire.check("ipv6: a chain that ends with the packet", [chain(DEST, UDP, payload=b"")], [UDP], options=1)


def ipv6_fragments(wire):
    first = ipv6(FRAGMENT, fragment(UDP, 0, True) + b"\0" * 16)
    later = ipv6(FRAGMENT, fragment(UDP, 16, True) + b"\0" * 8)
    last = ipv6(FRAGMENT, fragment(UDP, 24, False) + b"\0" * 5)
    wire.check("ipv6: first, middle and last fragment", [first, later, last], [UDP] * 3,
               fragments=3, options=3)
    # Only the first one holds the rest of the chain.
    first = ipv6(FRAGMENT, fragment(DEST, 0, True, 2) + header(DEST, UDP) + b"\0" * 8)
    later = ipv6(FRAGMENT, fragment(DEST, 16, False, 2) + bytes([UDP, 0]) + b"\0" * 6)
    wire.check("ipv6: of a chain that goes on in the first fragment", [first, later], [UDP, DEST],
               fragments=2, options=2)
    wire.check("ipv6: an atomic fragment is no fragment", [chain(FRAGMENT, UDP)], [UDP], options=1)


def vlan(wire):
    net.ip("router", f"link add link west name west.7 address {net.MAC_WEST} type vlan id 7",
           "link set west.7 up")
    net.wait_quiet("router")
    for family, packet in (("ipv4", ipv4(UDP)), ("ipv6", chain(DEST, UDP))):
        wire.check(f"{family}: with a VLAN tag, once", [packet] * 5, [UDP] * 5,
                   options=5 if family == "ipv6" else 0, tag=b"\x81\x00\0\x07")
    wire.nothing("with the tag of a VLAN that isn't ours: reaches no hook", [ipv4(UDP), chain(UDP)],
                 tag=b"\x81\x00\0\x09")


def main():
    net.router()
    # Without a way back host-b sends no error for a protocol that it lacks.
    net.ip("host-b", "route del default via 198.51.100.254",
           "route del default via 2001:db8:2::fe")
    wire = Wire()
    all_numbers(wire)
    ipv4_shapes(wire)
    ipv6_chains(wire)
    ipv6_truncated(wire)
    ipv6_fragments(wire)
    vlan(wire)


tap.run(main)
