#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests in fragments, whole and broken: netlab answers as the stack does, with conntrack and without."""
import itertools
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
from probes import BOTH, L3, PATTERN, V4, V6, put
from twins import Probe, Twins

_numbers = itertools.count(1)


class Fragments:
    """The probes of one family.

    Each datagram has an ID of its own, as the kernel keeps what is incomplete.
    Of a datagram just the first fragment is counted as an echo request. Where
    IPv6 puts fragments together behind input (without conntrack), each passes
    it by itself, and the first has an outcome whatever becomes of the others.
    """

    def __init__(self, family, tracked):
        self.family, self.tracked = family, tracked
        self.alone = family is V6 and not tracked

    def probe(self, name, frames, outcome="replied", firsts=1, wholes=1, **kwargs):
        """firsts: how many first fragments; wholes: how many datagrams come of them."""
        if self.alone:
            return Probe(name, frames, "has-options", count=firsts, **kwargs)
        return Probe(name, frames, outcome, count=wholes, requests=firsts, **kwargs)

    def lost(self, name, frames, firsts=1, **kwargs):
        """Never whole."""
        return self.probe(name, frames, firsts=firsts, wholes=0, **kwargs)

    def cut(self, *parts, size=120, number=None, **ping):
        """Fragments of an echo request of some bytes of data: (offset, length, more)."""
        return self.family.cut(self.family.ping(PATTERN[:size], **ping), *parts, number=number or next(_numbers))

    def pieces(self, size, piece):
        return self.family.pieces(self.family.ping(PATTERN[:size]), piece, number=next(_numbers))

    def halves(self, **kwargs):
        return self.cut((0, 64, 1), (64, 64, 0), **kwargs)

    def orders(self):
        for order in itertools.permutations(range(3)):
            frames = self.cut((0, 64, 1), (64, 32, 1), (96, 32, 0))
            yield self.probe(f"three in the order {order}", [frames[i] for i in order], replies=1)
        for size, piece in (3001, 1000), (1400, 8), (500, 16), (9000, 1448), (30000, 1448):
            for word, turn in ("in order", 1), ("backwards", -1):
                yield self.probe(f"{size} bytes in pieces of {piece}, {word}", self.pieces(size, piece)[::turn],
                                 replies=-(-(size + 8) // self.family.PIECE))
        frames = self.pieces(2000, 200)
        yield self.probe("every second, then the others", frames[::2] + frames[1::2], replies=2)
        both = zip(self.pieces(2000, 504), self.pieces(1999, 504))
        yield self.probe("two datagrams, interleaved", [frame for pair in both for frame in pair], firsts=2, wholes=2, replies=4)
        yield self.probe("in two, the first of 8 bytes", self.cut((0, 8, 1), (8, 120, 0)), replies=1)
        yield self.probe("in two, the last of 1 byte", self.cut((0, 120, 1), (120, 1, 0), size=113), replies=1)

    def missing(self):
        yield self.lost("the first alone", self.cut((0, 64, 1)), replies=0)
        yield self.lost("the middle alone", self.cut((64, 32, 1)), 0, replies=0)
        yield self.lost("the last alone", self.cut((64, 64, 0)), 0, replies=0)
        yield self.lost("without the first", self.cut((32, 32, 1), (64, 64, 0)), 0, replies=0)
        yield self.lost("without the middle", self.cut((0, 32, 1), (64, 64, 0)), replies=0)
        yield self.lost("without the last", self.cut((0, 32, 1), (32, 32, 1)), replies=0)
        one, two = next(_numbers), next(_numbers)
        yield self.lost("halves of two datagrams", self.halves(number=one)[:1] + self.halves(number=two)[1:], replies=0)
        yield self.probe("the other halves", self.halves(number=two)[:1] + self.halves(number=one)[1:], wholes=2, replies=2)
        yield self.lost("halves from two sources", self.halves(number=one)[:1] +
                        self.halves(number=one, src=self.family.other)[1:], replies=0)

    def twice(self):
        def three():
            return self.cut((0, 64, 1), (64, 32, 1), (96, 32, 0))

        first, middle, last = three()
        yield self.probe("the first twice", [first, first, middle, last], firsts=2, replies=1)
        first, middle, last = three()
        yield self.probe("the middle twice", [first, middle, middle, last], replies=1)
        first, middle, last = three()
        yield self.probe("the last twice", [last, last, first, middle], replies=1)
        first, middle, last = three()
        yield self.probe("all but the last twice", [first, middle, first, middle, last], firsts=2, replies=1)
        first, middle, last = three()
        yield self.probe("the last again when it is whole", [first, middle, last, last], replies=1)
        first, middle, last = three()
        yield self.probe("the middle twice, of other data", [first, middle, middle[:-1] + b"\xee", last], replies=1)

    def overlapping(self):
        # The kernel takes what lies wholly inside another for that once more.
        for word, inside, *parts in (
                ("by 8 bytes", 0, (0, 64, 1), (56, 72, 0)), ("by 8 bytes, backwards", 0, (56, 72, 0), (0, 64, 1)),
                ("one inside another", 1, (0, 96, 1), (32, 32, 1), (96, 32, 0)),
                ("one around another", 0, (32, 32, 1), (0, 96, 1), (96, 32, 0)),
                ("the last inside the first", 0, (0, 128, 1), (64, 64, 0)),
                ("the same begin, then longer", 0, (0, 32, 1), (0, 64, 1), (64, 64, 0)),
                ("the same begin, then shorter", 1, (0, 64, 1), (0, 32, 1), (64, 64, 0)),
                ("the same end", 1, (0, 64, 1), (32, 32, 1), (64, 64, 0)),
                ("one beyond the last", 0, (64, 32, 0), (96, 32, 1), (0, 64, 1)),
                ("two lasts", 0, (64, 32, 0), (96, 32, 0), (0, 64, 1))):
            yield self.probe(word, self.cut(*parts), firsts=sum(offset == 0 for offset, _, _ in parts), wholes=inside)

    def lengths(self):
        yield self.lost("63 bytes, and more to come", self.cut((0, 63, 1), (64, 64, 0)))
        if self.alone:
            yield Probe("7 bytes, and more to come", self.cut((0, 7, 1), (8, 120, 0)), "truncated", count=1, requests=0)
        else:
            yield self.lost("7 bytes, and more to come", self.cut((0, 7, 1), (8, 120, 0)), 0)
        yield self.lost("no bytes, and more to come", self.cut((8, 0, 1), (8, 120, 0)), 0)
        yield self.lost("no bytes at the end", self.cut((0, 128, 1), (128, 0, 0)))
        first, last = self.halves()
        yield self.lost("a datagram longer than any can be",
                        [first, V4.patch(last, 6, b"\x1f\xff") if self.family is V4 else put(last, V6.L4 + 2, b"\xff\xf8")])
        most = self.family.ping(PATTERN[:self.family.MOST])
        yield self.lost("one byte longer than the longest", self.family.pieces(most + b"\0", number=next(_numbers)))

    def differing(self):
        """What differs between the fragments of one datagram."""
        family = self.family
        for values in *itertools.product(range(4), repeat=2), (0xb8, 0), (0, 0xb8):
            frames = [family.with_class(frame, value) for frame, value in zip(self.halves(), values)]
            # RFC 3168 5.3: a fragment that is ECN-capable and one that isn't don't belong together.
            whole = (values[0] & 3 == 0) == (values[1] & 3 == 0)
            yield self.probe(f"TOS or traffic class {values}", frames, wholes=int(whole), replies=int(whole))
        for values in (1, 255), (255, 1), (0, 64):
            frames = [family.with_hops(frame, value) for frame, value in zip(self.halves(), values)]
            yield self.probe(f"TTL or hop limit {values}", frames, replies=1)
        yield self.probe("padding behind each", [frame + b"\xaa" * 9 for frame in self.halves()], replies=1)
        first, last = self.halves()
        # Conntrack finds it invalid, and then it doesn't come so far.
        lost = {"wholes": 0} if self.tracked else {"outcome": "bad-checksum"}
        yield self.probe("a bit wrong in the last", [first, last[:-3] + b"\xee" * 3], replies=0, **lost)


def ipv4_flags():
    """Don't-fragment and reserved bits, options in the first alone."""
    for flag in 0x40, 0x80:
        for size, replies in (120, 1), (3001, 3):
            frames = V4.pieces(V4.ping(PATTERN[:size]), size // 24 * 8, number=next(_numbers))
            marked = [V4.patch(frame, 6, bytes([frame[L3 + 6] | flag])) for frame in frames]
            yield Probe(f"flag {flag:#04x} on each, {size} bytes", marked, count=1, replies=replies)


def ipv6_chains():
    """The first fragment must have every header (RFC 7112)."""
    pad = bytes([60, 0, 1, 4, 0, 0, 0, 0])
    message = V6.ping(PATTERN[:120])[V6.L4:]
    head = V6.ping()[:V6.L4]

    def packet(nh, body, offset=0, more=0, number=1):
        out = V6.patch(head, 4, struct.pack("!HB", 8 + len(body), 44))
        return out + struct.pack("!BBHI", nh, 0, offset | more, number) + body

    number = next(_numbers)
    yield Probe("a destination header in the first", [packet(60, b"\x3a" + pad[1:] + message[:56], 0, 1, number),
                                                     packet(60, message[56:], 64, 0, number)], "has-options", count=1)
    number = next(_numbers)
    yield Probe("a destination header alone in the first", [packet(60, b"\x3a" + pad[1:], 0, 1, number),
                                                           packet(60, message, 8, 0, number)], None)
    number = next(_numbers)
    yield Probe("half a destination header in the first", [packet(60, b"\x3a\1" + pad[2:], 0, 1, number),
                                                          packet(60, bytes(8) + message, 8, 0, number)], None)


def main():
    twins = Twins()
    for words, rules in ("", ""), (", with conntrack", "ct state invalid drop;"):
        with twins.nft(f"table inet t {{ chain c {{ type filter hook input priority 0; {rules} }}; }}"):
            for family in BOTH:
                probes = Fragments(family, bool(rules))
                for what in "orders", "missing", "twice", "overlapping", "lengths", "differing":
                    twins.same(family, f"fragments, {what}{words}", getattr(probes, what)())
            twins.same(V4, f"fragments, flags{words}", ipv4_flags())
            twins.same(V6, f"fragments, header chains{words}", ipv6_chains())
    twins.tool()


tap.run(main)
