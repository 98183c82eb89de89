#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Wrong checksums, truncated packets, other ICMP types: netlab is as silent as the stack, and leaves it the rest."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology
from probes import L3, PATTERN, V4, V6, ether, put
from twins import Probe, Twins
from wire import checksum

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw


def chosen(family, value, data=b""):
    """An echo request whose checksum comes out as value, by its identifier."""
    blank = bytes([family.REQUEST, 0, 0, 0, 0, 0, 0, 0]) + data
    total = (checksum(blank) if family is V4 else V6.sum(blank)) ^ 0xffff
    wanted = (value ^ 0xffff) - total
    if wanted < 0:
        wanted -= 1
    number = wanted & 0xffff
    name = "chksum" if family is V4 else "cksum"
    return family.ping(data, icmp={"id": number, "seq": 0, name: value})


def right(family):
    """Each is right; the reply's carries where 0xffff is passed (RFC 1624)."""
    values = (0x0000, 0x0001, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xf6ff, 0xf700, 0xf7fe, 0xf7ff, 0xf800, 0xf801,
              0xfeff, 0xff00, 0xfffe)
    for data in b"", b"netlab", PATTERN[:57], PATTERN[:1001]:
        for value in values:
            yield Probe(f"checksum {value:#06x}, {len(data)} bytes", chosen(family, value, data), replies=1)
    # Both zeroes of one's complement arithmetic stand for the same sum.
    for data in b"", b"netlab":
        yield Probe(f"checksum 0xffff for 0x0000, {len(data)} bytes",
                    put(chosen(family, 0, data), family.L4 + 2, b"\xff\xff"), replies=1)
    yield Probe("nothing but zeroes", family.ping(bytes(64), icmp={"id": 0, "seq": 0}), replies=1)
    wanted = 0x0800 if family is V4 else 0x0100
    for value, reply in ((-wanted) & 0xffff, 0xffff), ((-wanted - 1) & 0xffff, 0):
        yield Probe(f"the reply's checksum near {reply:#06x}", chosen(family, value), replies=1)


def wrong(family):
    frame = family.ping(PATTERN[:57])
    at = family.L4 + 2
    good = int.from_bytes(frame[at:at + 2], "big")
    for bit in range(16):
        yield Probe(f"bit {bit} wrong", put(frame, at, struct.pack("!H", good ^ 1 << bit)), "bad-checksum", 0)
    for value in 0, 0xffff, good ^ 0xffff, good + 1 & 0xffff, good - 1 & 0xffff:
        yield Probe(f"{value:#06x} for {good:#06x}", put(frame, at, struct.pack("!H", value)), "bad-checksum", 0)
    for offset in family.L4 + 4, family.L4 + 6, family.L4 + 8, len(frame) - 2, len(frame) - 1:
        flipped = put(frame, offset, bytes([frame[offset] ^ 0x40]))
        yield Probe(f"byte {offset - family.L4} of the message wrong", flipped, "bad-checksum", 0)
    # Words in another order have the same sum: nobody can tell.
    data = family.L4 + 8
    swapped = put(frame, data, frame[data + 2:data + 4] + frame[data:data + 2])
    yield Probe("two words in another order", swapped, replies=1)
    large = family.pieces(family.ping(PATTERN[:3001]))
    large[1] = put(large[1], 700, bytes([large[1][700] ^ 1]))
    yield Probe("a bit wrong in the second fragment", large, "bad-checksum" if family is V4 else "has-options", 0, count=1)


def ip_header():
    """The stack drops it before any hook."""
    frame = V4.ping()
    good = int.from_bytes(frame[L3 + 10:L3 + 12], "big")
    for value in [good ^ 1 << bit for bit in range(16)] + [0, 0xffff, good ^ 0xffff]:
        yield Probe(f"IP checksum {value:#06x} for {good:#06x}", put(frame, L3 + 10, struct.pack("!H", value)), None, 0)
    # A header whose checksum is 0x0000, by its ID, and its other zero.
    blank = put(put(frame, L3 + 4, b"\0\0"), L3 + 10, b"\0\0")
    zero = V4.patch(frame, 4, struct.pack("!H", checksum(blank[L3:V4.L4])))
    yield Probe("IP checksum 0x0000, which is right", zero, replies=1, check=lambda _: zero[L3 + 10:L3 + 12] == b"\0\0")
    yield Probe("IP checksum 0xffff for 0x0000", put(zero, L3 + 10, b"\xff\xff"), "replied", 1)
    for offset in 1, 4, 8, 12, 15, 19:
        yield Probe(f"byte {offset} of the IP header wrong", put(frame, L3 + offset, bytes([frame[L3 + offset] ^ 1])), None, 0)


def truncated(family):
    whole = family.ping(PATTERN[:60])
    payload = whole[family.L4:]
    for length in range(0, 8):
        yield Probe(f"{length} bytes of a message", family.carrying(payload[:length]),
                    "truncated" if length else None, 0, requests=0)
        for more in 1, 40:
            yield Probe(f"{length} bytes of a message, {more} bytes behind the packet",
                        family.carrying(payload[:length]) + bytes(more), "truncated" if length else None, 0, requests=0)
    short = family.message(family.REQUEST, b"\0\7\0")
    yield Probe("7 bytes, and their checksum right", family.carrying(short), "truncated", 0, requests=0)
    yield Probe("8 bytes, and their checksum right", family.carrying(family.message(family.REQUEST, b"\0\7\0\x09")), replies=1)
    for end in range(L3, len(whole), 5):
        yield Probe(f"a frame of {end} bytes of {len(whole)}", whole[:end], None, 0)
    yield Probe("a frame one byte short", whole[:-1], None, 0)
    # The length says less than there is: a checksum over less is wrong.
    field, base = (2, 20) if family is V4 else (4, 0)
    for length in 1, 7:
        yield Probe(f"a length of {length} bytes of the message", family.patch(whole, field, struct.pack("!H", base + length)),
                    "truncated", 0, requests=0)
    for length in 8, 40, 67:
        yield Probe(f"a length of {length} bytes of the message", family.patch(whole, field, struct.pack("!H", base + length)),
                    "bad-checksum", 0)
    fits = family.patch(family.ping(b"") + PATTERN[:60], field, struct.pack("!H", base + 8))
    yield Probe("a length that leaves out what the checksum leaves out", fits, replies=1)
    for length in (0, 1, 19) if family is V4 else ():
        yield Probe(f"a total length of {length}", V4.patch(whole, 2, struct.pack("!H", length)), None, 0)
    for length in base + 69, 0xffff:
        yield Probe(f"a length of {length}, beyond the frame", family.patch(whole, field, struct.pack("!H", length)), None, 0)


def other_types(family, timestamp, probe):
    """Whatever it is, netlab leaves it alone."""
    for kind in range(256):
        if kind in (family.REQUEST, timestamp, probe):
            continue
        frames = [family.carrying(family.message(kind, bytes(rest))) for rest in (0, 4, 28)]
        frames.append(family.carrying(family.message(kind, bytes(16), code=1)))
        yield Probe(f"type {kind}", frames, None)
    yield Probe("a reply to what was never asked", family.carrying(family.message(family.REPLY)), None, 0)
    yield Probe("a reply of code 1", family.carrying(family.message(family.REPLY, code=1)), None, 0)


def ipv4_types():
    for size in 0, 8, 16, 20:
        yield Probe(f"a timestamp request, {size} bytes", V4.carrying(V4.message(13, bytes(4 + size))), None,
                    blank=[slice(V4.L4 + 2, V4.L4 + 4), slice(V4.L4 + 12, V4.L4 + 20)])
    yield Probe("a timestamp request, its checksum wrong", V4.carrying(put(V4.message(13, bytes(16)), 2, b"\1\2")), None, 0)
    for kind, name in (15, "an information request"), (17, "an address mask request"), (4, "source quench"), (30, "traceroute"):
        yield Probe(name, V4.carrying(V4.message(kind, bytes(16))), None, 0)
    # An error quotes a packet: never answered, whatever it quotes.
    for kind in 3, 4, 5, 11, 12:
        yield Probe(f"error {kind}, quoting an echo request of its own",
                    V4.carrying(V4.message(kind, bytes(4) + V4.ping(src=V4.right, dst=V4.left)[L3:])), None, 0)
    yield Probe("ICMPv6's echo request", bytes(ether() / IP(src=V4.left, dst=V4.right, proto=58) / Raw(V6.message(128))), None)
    yield Probe("of another protocol", bytes(ether() / IP(src=V4.left, dst=V4.right, proto=253) / Raw(V4.message(8))), None)


def ipv6_types():
    for kind in 1, 2, 3, 4:
        yield Probe(f"error {kind}, quoting an echo request of its own",
                    V6.carrying(V6.message(kind, bytes(4) + V6.ping(src=V6.right, dst=V6.left)[L3:])), None, 0)
    yield Probe("ICMP's echo request", bytes(ether() / IPv6(src=V6.left, dst=V6.right, nh=1) / Raw(V4.message(8))), None)
    yield Probe("of another protocol", bytes(ether() / IPv6(src=V6.left, dst=V6.right, nh=253) / Raw(V6.message(128))), None)


def extended(family, kind):
    """PROBE (RFC 8335) asks for an interface by name, number or address: answered if it is turned on."""
    def ask(ctype, data, flags=1, code=0):
        data += bytes(-len(data) % 4)
        # The extension header (RFC 4884) has a checksum of its own.
        extension = b"\x20\0\0\0" + struct.pack("!HBB", 4 + len(data), 3, ctype) + data
        extension = put(extension, 2, struct.pack("!H", checksum(extension)))
        return family.carrying(family.message(kind, struct.pack("!HBB", 7, 9, flags) + extension, code))

    for name in b"veth0", b"lo", b"eth9":
        yield Probe(f"of device {name.decode()}", ask(1, name), None)
    for number in 1, 2, 99:
        yield Probe(f"of device number {number}", ask(2, struct.pack("!I", number)), None)
    yield Probe("of an address", ask(3, b"\0\1\4\0" + bytes((192, 0, 2, 2))), None)
    yield Probe("of a device elsewhere", ask(1, b"veth0", flags=0), None)
    yield Probe("of code 1", ask(1, b"veth0", code=1), None)
    yield Probe("of nothing", family.carrying(family.message(kind, b"\0\7\x09\1")), None)


def main():
    twins = Twins()
    for family, timestamp, probe in (V4, 13, 42), (V6, -1, 160):
        twins.same(family, "right checksums", right(family))
        twins.same(family, "wrong checksums", wrong(family))
        twins.same(family, "truncated", truncated(family))
        twins.same(family, "other ICMP types", other_types(family, timestamp, probe))
        twins.same(family, "extended echo, off", extended(family, probe))
        if not topology.has_sysctl("stack", "ipv4__icmp_echo_enable_probe"):
            tap.skip(f"{family.name}: extended echo, on", "this kernel has no icmp_echo_enable_probe")
            continue
        with twins.set(ipv4__icmp_echo_enable_probe=1):
            twins.same(family, "extended echo, on", extended(family, probe))
    twins.same(V4, "wrong IP checksums", ip_header())
    twins.same(V4, "ICMP that is answered or never is", ipv4_types())
    twins.same(V6, "ICMPv6 that is answered or never is", ipv6_types())
    twins.tool()


tap.run(main)
