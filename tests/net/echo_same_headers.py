#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every value of an echo request's header fields: netlab answers as the stack does."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
from probes import BOTH, L3, PATTERN, V4, V6, put
from twins import Probe, Twins

OTHERS = range(0x100, 0x110)


def every(value_in, value_of, shown):
    """A field's 256 values, sixteen to a probe; shown(frames' field, values) of the stack's answers."""
    for first in range(0, 256, 16):
        values = range(first, first + 16)
        yield Probe(f"{first} to {first + 15}", [value_in(value) for value in values], replies=16,
                    check=lambda frames, values=values: shown([value_of(frame) for frame in frames], list(values)))


def classes(family):
    frame = family.ping()
    return every(lambda value: family.with_class(frame, value), family.tclass, lambda got, sent: got == sent)


def classes_large(family):
    """Of a reply in fragments each has it."""
    whole = family.ping(PATTERN[:3001])
    for value in 0, 1, 2, 3, 0x10, 0x2e << 2, 0xb8, 0xff:
        yield Probe(f"{value:#04x}", family.pieces(family.with_class(whole, value)),
                    "replied" if family is V4 else "has-options", count=1, replies=3,
                    check=lambda frames, value=value: all(family.tclass(frame) == value for frame in frames))


def hops(family):
    """A host doesn't look at it, zero neither."""
    frame = family.ping()
    return every(lambda value: family.with_hops(frame, value), family.hops, lambda got, _: got == [64] * 16)


def hop_limits(twins, family):
    for value in 1, 255:
        # Of IPv6 the device's is set, as it was made before the default.
        name = "ipv4__ip_default_ttl" if family is V4 else "ipv6__conf__veth0__hop_limit"
        with twins.set(**{name: value}):
            twins.same(family, f"the default TTL or hop limit is {value}", [
                Probe("a request", family.ping(), check=lambda frames, value=value: family.hops(frames[0]) == value),
                Probe("in fragments", family.pieces(family.ping(PATTERN[:3001])),
                      "replied" if family is V4 else "has-options", count=1, replies=3,
                      check=lambda frames, value=value: all(family.hops(frame) == value for frame in frames))])
    twins.ip(f"route add {family.left}/{32 if family is V4 else 128} dev veth0 hoplimit 33")
    twins.same(family, "the route's hop limit is 33",
               [Probe("a request", family.ping(), check=lambda frames: family.hops(frames[0]) == 33)])
    twins.ip(f"route del {family.left}/{32 if family is V4 else 128} dev veth0")


def codes(family):
    return every(lambda value: family.ping(icmp={"code": value}), lambda frame: frame[family.L4 + 1],
                 lambda got, sent: got == sent)


def identifiers(family):
    for value in 0, 1, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xff00, 0xfffe, 0xffff:
        yield Probe(f"id {value:#06x}", family.ping(icmp={"id": value}), replies=1)
        yield Probe(f"seq {value:#06x}", family.ping(icmp={"seq": value}), replies=1)


def ipv4_bits():
    for value in 0, 1, 0x1234, 0x8000, 0xffff:
        yield Probe(f"IP ID {value:#06x}", V4.ping(id=value), replies=1)
        yield Probe(f"IP ID {value:#06x}, 1400 bytes", V4.ping(PATTERN[:1400], id=value), replies=1)
    for flags in 0x4000, 0x8000, 0xc000:
        bits = struct.pack("!H", flags)
        for size in 6, 1472:
            yield Probe(f"flags {flags:#06x}, {size} bytes", V4.patch(V4.ping(PATTERN[:size]), 6, bits), replies=1,
                        check=lambda frames: frames[0][L3 + 6:L3 + 8] == b"\0\0")
    for version in 0, 5, 6, 15:
        yield Probe(f"version {version}", V4.patch(V4.ping(), 0, bytes([version << 4 | 5])), None, 0)
    for words in range(0, 5):
        yield Probe(f"a header of {words} words", V4.patch(V4.ping(), 0, bytes([0x40 | words])) if words else
                    put(V4.ping(), L3, b"\x40"), None, 0)


def ipv6_bits():
    for version in 0, 4, 5, 7, 15:
        yield Probe(f"version {version}", put(V6.ping(), L3, bytes([version << 4])), None, 0)
    for header in 0, 43, 44, 51, 59, 60, 135, 17, 6, 1, 200, 255:
        yield Probe(f"next header {header}, and the same message", V6.patch(V6.ping(), 6, bytes([header])), None)


def labels():
    """The kernel's is a hash of the flow, whatever the request's."""
    for size in 6, 1000:
        frame = V6.ping(PATTERN[:size])
        values = (0, 1, 0xff, 0x12345, 0x80000, 0xabcde, 0xfffff)
        yield Probe(f"{size} bytes", [V6.with_label(frame, value) for value in values], replies=7)
        other = V6.with_class(frame, 0x2e)
        yield Probe(f"{size} bytes, class 0x2e", [V6.with_label(other, value) for value in values], replies=7)
    yield Probe("16 sources", [V6.ping(src=f"2001:db8:1::{last:x}") for last in OTHERS], replies=16)


def label_settings(twins):
    for auto in 0, 2, 3, 1:
        for reflect in (0, 1, 2, 4, 7) if auto == 1 else (0, 4):
            with twins.set(ipv6__auto_flowlabels=auto, ipv6__flowlabel_reflect=reflect):
                twins.same(V6, f"flow labels, auto_flowlabels {auto}, flowlabel_reflect {reflect}", [
                    *labels(),
                    Probe("reflected or not", V6.with_label(V6.ping(), 0xabcde),
                          check=lambda frames: (V6.label(frames[0]) == 0xabcde) == bool(reflect & 4)),
                    Probe("made or not", V6.with_label(V6.ping(), 0xabcde),
                          check=lambda frames: (V6.label(frames[0]) != 0) == (auto in (1, 3) or bool(reflect & 4)))])


def main():
    twins = Twins()
    twins.neighbours("veth0", "02:00:00:00:00:01", *(f"2001:db8:1::{last:x}" for last in OTHERS))
    for family in BOTH:
        twins.same(family, "every TOS or traffic class", classes(family))
        twins.same(family, "TOS or traffic class of large requests", classes_large(family))
        twins.same(family, "every TTL or hop limit", hops(family))
        hop_limits(twins, family)
        twins.same(family, "every ICMP code", codes(family))
        twins.same(family, "identifiers and sequence numbers", identifiers(family))
    twins.same(V4, "IP ID, flags, version and header length", ipv4_bits())
    twins.same(V6, "version and next header", ipv6_bits())
    label_settings(twins)
    twins.tool()


tap.run(main)
