#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests of all sizes: netlab's answers and the stack's are the same."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
from probes import BOTH, L3, PATTERN, V4, V6
from twins import NAMES, Probe, Twins
from wire import Port

POWERS = [size for power in range(7, 11) for size in (2 ** power - 1, 2 ** power, 2 ** power + 1)]
LARGE = (8191, 8192, 8193, 16384, 20001, 32767, 49999, 65498, 65499, 65500, 65505, 65506)


def whole(family):
    """What an MTU of 1500 lets through in one."""
    one = family.ONE
    for size in *range(0, 101), *POWERS, 999, 1000, 1232, 1233, 1300, *range(one - 9, one + 1):
        yield Probe(f"{size} bytes", family.ping(PATTERN[:size]), replies=1)
    for size in 1, 2, 7, 8, 56, 1001:
        yield Probe(f"{size} zero bytes", family.ping(bytes(size), icmp={"id": 0, "seq": 0}), replies=1)
        yield Probe(f"{size} bytes of ones", family.ping(b"\xff" * size, icmp={"id": 0xffff, "seq": 0xffff}), replies=1)


def in_pieces(family, outcome):
    one, piece = family.ONE, family.PIECE
    edges = [one + 1, one + 2, one + 7, one + 8, one + 9]
    edges += [piece * n - 8 + more for n in (2, 3) for more in (-1, 0, 1, 7, 8, 9)]
    for size in *edges, *LARGE, family.MOST:
        yield Probe(f"{size} bytes", family.pieces(family.ping(PATTERN[:size])), outcome, count=1,
                    replies=-(-(size + 8) // piece))


def jumbo(family):
    """A device that takes the largest packet in one frame: 65,535 bytes."""
    most = 65535 - (family.L4 - L3) - 8
    for size in 1453, 1472, 1473, 4095, 4096, 8972, 9001, 32767, 32768, most - 1, most:
        yield Probe(f"{size} bytes", family.ping(PATTERN[:size]), replies=1)


def padded(family):
    """Ethernet's padding, and more: what lies behind the packet isn't sent back."""
    for size in 0, 1, 17, 18, 100, family.ONE - 50:
        for more in 1, 2, 8, 45:
            yield Probe(f"{size} bytes, {more} behind it", family.ping(PATTERN[:size]) + b"\xaa" * more, replies=1)


def narrow_route(twins, family, mtu):
    """The way back is narrower than the way here."""
    target = f"{family.left}/{32 if family is V4 else 128}"
    header = family.L4 - L3
    piece = (mtu - header - (0 if family is V4 else 8)) // 8 * 8
    fits = mtu - header - 8

    def probes():
        for size in fits - 1, fits:
            yield Probe(f"{size} bytes", family.ping(PATTERN[:size]), replies=1)
        for size in fits + 1, fits + 2, fits + 8, 2 * piece - 8, 2 * piece - 7, 2 * piece, family.ONE:
            if fits < size <= family.ONE:
                yield Probe(f"{size} bytes", family.ping(PATTERN[:size]), check=lambda frames: len(frames) > 1)
        if family is V4:
            yield Probe("DF, 1472 bytes", V4.ping(PATTERN[:1472], flags="DF"), replies=-(-1480 // piece))
        yield Probe("5000 bytes", family.pieces(family.ping(PATTERN[:5000])),
                    "replied" if family is V4 else "has-options", count=1, replies=-(-5008 // piece))

    twins.ip(f"route add {target} dev veth0 mtu {mtu}")
    twins.same(family, f"a route back of MTU {mtu}", probes())
    twins.ip(f"route del {target} dev veth0")


def watched(twins, family):
    """A capture shares the frame's memory with what netlab turns round: it must see the request as it was sent."""
    captures = [Port(name, "veth0") for name in NAMES]
    sent = [family.ping(PATTERN[:300]), *family.pieces(family.ping(PATTERN[:3001]))]
    twins.same(family, "with a capture", [
        Probe("300 bytes", sent[0], replies=1),
        Probe("3001 bytes", sent[1:], "replied" if family is V4 else "has-options", count=1, replies=3)])
    for name, capture in zip(NAMES, captures):
        seen = [frame for frame in capture.waiting() if frame[12:14] != b"\x08\x06"]
        tap.equal(seen, sent, f"{family.name}: the capture in {name} saw each request as it was sent")
        capture.sock.close()


def main():
    twins = Twins()
    for family in BOTH:
        twins.same(family, "sizes up to one frame's", whole(family))
        # IPv6 puts fragments together only behind input, but with conntrack.
        twins.same(family, "sizes in fragments", in_pieces(family, "replied" if family is V4 else "has-options"))
        twins.same(family, "frames longer than the packet", padded(family))
        watched(twins, family)
    narrow_route(twins, V4, 600)
    narrow_route(twins, V4, 1006)
    narrow_route(twins, V6, 1280)
    narrow_route(twins, V6, 1438)
    # Behind all that has fragments: before 5.13 what conntrack reassembles by stays, once it is there.
    with twins.nft("table inet t { chain c { type filter hook input priority 0; ct state invalid drop; }; }"):
        twins.same(V6, "sizes in fragments, with conntrack", in_pieces(V6, "replied"))
    twins.mtu(65535)
    for family in BOTH:
        twins.same(family, "sizes in one frame, MTU 65535", jumbo(family))
    twins.tool()


tap.run(main)
