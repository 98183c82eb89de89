#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests with IPv4 options, right and wrong: netlab leaves them to the stack, or says no as it does."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
from probes import L3, OTHER_MAC, PATTERN, V4, options
from twins import Probe, Twins

EOL, NOP, SECURITY, ROUTER_ALERT = b"\0", b"\1", b"\x82\x0b" + bytes(9), b"\x94\x04\0\0"
SECOND = "192.0.2.3"  # both namespaces have it, too


def address(text):
    return socket.inet_aton(text)


def fill(data):
    """Options padded to a multiple of four bytes."""
    return data + EOL * (-len(data) % 4)


def asked(data, size=6, **ping):
    return options(V4.ping(PATTERN[:size], **ping), fill(data))


def seen(name, data, outcome="has-options", replies=1, **kwargs):
    """The stack takes it as it is."""
    return Probe(name, asked(data), outcome, replies, **kwargs)


def refused(name, data, replies=None):
    """The stack's IP layer refuses it, perhaps with a parameter problem."""
    return Probe(name, asked(data), None, replies, requests=1)


def route(slots, at=4, kind=7):
    return bytes([kind, 3 + len(slots), at]) + slots


def record_route():
    for n in range(1, 10):
        yield seen(f"record route, {n} free slots", route(bytes(4 * n)),
                   check=lambda frames: address(V4.right) in frames[0][L3 + 20:L3 + 32])
    full = address("192.0.2.9") * 3
    yield seen("record route, the third slot free", route(full, 12))
    yield seen("record route, full", route(full, 16))
    for at in 0, 1, 2, 3, 13, 14, 15:
        yield refused(f"record route, pointer {at} of 12 bytes", route(full, at))
    for at in 5, 6, 17, 40, 255:
        yield seen(f"record route, pointer {at} of 12 bytes", route(full, at))
    yield refused("record route, length 2", b"\x07\x02\x04\x00")
    yield refused("record route twice", route(bytes(4)) + route(bytes(4)))
    yield refused("record route, longer than the header", b"\x07\x0b\x04" + bytes(1))
    yield Probe("record route, 1400 bytes", asked(route(bytes(12)), 1400), "has-options", 1)
    yield Probe("record route, a wrong checksum", asked(route(bytes(12)), icmp={"chksum": 0x1234}), "bad-checksum", 0)
    large = options(V4.ping(PATTERN[:3000]), fill(route(bytes(8))))
    frames = []
    for offset in 0, 1400, 2800:
        part = V4.patch(large[:L3 + 32], 2, (32 + min(1400, 3008 - offset)).to_bytes(2, "big"))
        part = V4.patch(part, 6, ((0x2000 if offset < 2800 else 0) | offset // 8).to_bytes(2, "big"))
        frames.append(V4.seal(part) + large[L3 + 32:][offset:offset + 1400])
    yield Probe("record route, in fragments", frames, "has-options", count=1)


def timestamps():
    def stamp(flag, slots, at=5, overflow=0):
        return bytes([0x44, 4 + len(slots), at, overflow << 4 | flag]) + slots

    mine, next_hop = address(V4.right) + bytes(4), address("192.0.2.9") + bytes(4)
    times = [slice(L3 + 24, L3 + 60)]
    for n in 1, 2, 9:
        yield seen(f"timestamps, {n} free", stamp(0, bytes(4 * n)), blank=[slice(L3 + 24, L3 + 24 + 4 * n)])
    for n in 1, 2, 4:
        yield seen(f"timestamps and addresses, {n} free", stamp(1, bytes(8 * n)),
                   blank=[slice(at, at + 4) for at in range(L3 + 28, L3 + 24 + 8 * n, 8)])
    yield seen("timestamps of named hosts, this one first", stamp(3, mine + next_hop), blank=[slice(L3 + 28, L3 + 32)])
    yield seen("timestamps of named hosts, this one second", stamp(3, next_hop + mine, 13), blank=[slice(L3 + 36, L3 + 40)])
    yield seen("timestamps of named hosts, another first", stamp(3, next_hop + mine))
    yield seen("timestamps, full", stamp(0, bytes(8), 13), check=lambda frames: frames[0][L3 + 23] >> 4 >= 1)
    yield seen("timestamps, full, 14 missed", stamp(0, bytes(8), 13, 14))
    yield refused("timestamps, full, 15 missed", stamp(0, bytes(8), 13, 15))
    for flag in 2, 4, 15:
        yield seen(f"timestamps, flag {flag}", stamp(flag, bytes(8)))
    for at in 0, 1, 4, 10, 11, 12:
        yield Probe(f"timestamps, pointer {at} of 12 bytes", asked(stamp(0, bytes(8), at)), None, requests=1, blank=times)
    for at in 14, 255:
        yield seen(f"timestamps, pointer {at} of 12 bytes", stamp(0, bytes(8), at))
    yield refused("timestamps, length 3", b"\x44\x03\x05\x00")
    # The parameter problem has the first option, its own and the one it quotes.
    yield Probe("timestamps twice", asked(stamp(0, bytes(4)) * 2), None, requests=1,
                blank=[slice(L3 + 24, L3 + 28), slice(L3 + 30, L3 + 32), slice(L3 + 60, L3 + 64)])
    yield refused("timestamps and addresses, half a slot", stamp(1, bytes(4)))


def source_routes(taken):
    """taken: accept_source_route."""
    for kind, name in (0x83, "loose"), (0x89, "strict"):
        ended = route(address(V4.left), 8, kind)
        if taken:
            yield seen(f"{name} source route, at its end", ended)
            yield seen(f"{name} source route of two hops, at its end", route(address("192.0.2.9") + address(V4.left), 12, kind),
                       check=lambda frames: address("192.0.2.9") in frames[0][L3 + 12:L3 + 28])
        else:
            yield refused(f"{name} source route, at its end", ended)
        for hop in V4.left, SECOND, "192.0.2.9", "198.51.100.7", "224.0.0.1", "127.0.0.1":
            # Its own address as the next hop: the stack hands it to itself.
            got = "has-options" if taken and hop == SECOND else None
            yield Probe(f"{name} source route by {hop}", asked(route(address(hop), 4, kind)), got, requests=1)
        yield Probe(f"{name} source route by {SECOND} and on", asked(route(address(SECOND) + address("192.0.2.9"), 4, kind)),
                    None, requests=1)
        for at in 0, 3, 5, 7:
            yield refused(f"{name} source route, pointer {at}", route(address("192.0.2.9"), at, kind))
        yield refused(f"{name} source route, length 2", bytes([kind, 2, 4, 0]))
        yield refused(f"{name} source route twice", route(address("192.0.2.9"), 4, kind) * 2)
    yield refused("loose and strict source route", route(address("192.0.2.9"), 8, 0x83) + route(address("192.0.2.9"), 8, 0x89))


def others():
    for n in 4, 8, 40:
        yield seen(f"{n} NOP", NOP * n)
        yield seen(f"{n} bytes of end", EOL * n)
    yield seen("NOP, end, and bytes behind it", NOP + EOL + b"\xaa\xbb")
    yield seen("end, and a record route behind it", EOL + route(bytes(4)))
    yield seen("router alert", ROUTER_ALERT)
    yield seen("router alert, value 1", b"\x94\x04\0\1")
    yield refused("router alert, length 3", b"\x94\x03\0")
    yield seen("router alert, length 5", b"\x94\x05\0\0\0")
    yield seen("security", SECURITY)
    yield seen("security and NOP", NOP + SECURITY)
    for kind in 2, 0x19, 0x52, 0x85, 0x88, 0x8e, 0x91, 0x93, 0x95, 0x97, 0x98, 0x9e, 0xcd, 0xff:
        yield seen(f"unknown option {kind:#04x}", bytes([kind, 4, 1, 2]))
        yield refused(f"unknown option {kind:#04x}, length 0", bytes([kind, 0, 1, 2]))
        yield refused(f"unknown option {kind:#04x}, length 1", bytes([kind, 1, 1, 2]))
        yield refused(f"unknown option {kind:#04x}, length 5 of 4", bytes([kind, 5, 1, 2]))
    yield refused("an option without its length", NOP * 3 + b"\x07")
    yield seen("record route, timestamps, router alert", route(bytes(8)) + b"\x44\x08\x05\x00" + bytes(4) + ROUTER_ALERT,
               blank=[slice(L3 + 35, L3 + 39)])
    # CIPSO: none is configured.
    yield Probe("CIPSO", asked(b"\x86\x06" + bytes(4)), None, requests=1)


def header_too_long():
    frame = V4.ping(b"")
    for words in 6, 7, 8, 15:
        short = V4.patch(frame, 0, bytes([0x40 | words])) if L3 + words * 4 <= len(frame) else \
            frame[:L3] + bytes([0x40 | words]) + frame[L3 + 1:]
        yield Probe(f"a header of {words} words where there are none", short, None)


def main():
    twins = Twins()
    twins.addresses("veth0", SECOND + "/32")
    twins.neighbours("veth0", OTHER_MAC, "192.0.2.9")
    twins.same(V4, "record route", record_route())
    twins.same(V4, "timestamps", timestamps())
    twins.same(V4, "source routes, accept_source_route 0", source_routes(False))
    with twins.set(ipv4__conf__all__accept_source_route=1, ipv4__conf__veth0__accept_source_route=1):
        twins.same(V4, "source routes, accept_source_route 1", source_routes(True))
        with twins.set(ipv4__ip_forward=1, ipv4__conf__all__send_redirects=0, ipv4__conf__veth0__send_redirects=0):
            twins.same(V4, "source routes, of a router", source_routes(True))
    twins.same(V4, "other options", others())
    twins.same(V4, "options that aren't there", header_too_long())
    twins.tool()


tap.run(main)
