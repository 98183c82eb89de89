#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab answers ICMPv6 echo as the stack would have: the same frames, byte for byte."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology
from wire import Comparison, Port, Probe, checksum

from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, PadN)
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

LEFT, RIGHT = "2001:db8:1::1", "2001:db8:1::2"
OTHER_MAC = "02:00:00:00:00:77"
PATTERN = bytes(range(1, 252)) * 270


def ether(dst=topology.MAC_RIGHT, vlan=None):
    tag = Ether(src=topology.MAC_LEFT, dst=dst)
    return tag / Dot1Q(vlan=vlan) if vlan else tag


def ping(data=b"netlab", dst=RIGHT, src=LEFT, mac=topology.MAC_RIGHT, vlan=None, icmp=None, headers=None, **ip):
    """An echo request; scapy fills in lengths and checksums."""
    packet = ether(mac, vlan) / IPv6(src=src, dst=dst, **{"hlim": 64, **ip})
    if headers is not None:
        packet = packet / headers
    return packet / ICMPv6EchoRequest(**{"id": 7, "seq": 9, "data": data, **(icmp or {})})


def with_tclass(packet, tclass, label=0):
    frame = bytearray(bytes(packet))
    struct.pack_into("!I", frame, 14, 6 << 28 | tclass << 20 | label)
    return bytes(frame)


def label(frame):
    return struct.unpack_from("!I", frame, 14)[0] & 0xfffff


def fragments(packet, size=1448, number=0xabcd):
    """A packet without extension headers cut into fragments of size bytes each."""
    frame = bytes(packet)
    payload = frame[54:]
    cut = []
    for offset in range(0, len(payload), size):
        part = payload[offset:offset + size]
        more = offset + size < len(payload)
        header = bytearray(frame[14:54])
        struct.pack_into("!HB", header, 4, 8 + len(part), 44)
        cut.append(frame[:14] + bytes(header) + struct.pack("!BBHI", 58, 0, offset | more, number) + part)
    return cut


def raw_icmp(payload):
    """Whatever stands for an ICMPv6 message."""
    return ether() / IPv6(src=LEFT, dst=RIGHT, nh=58) / Raw(payload)


def message(kind, rest=bytes(8)):
    """An ICMPv6 message of any type, with the right checksum."""
    body = bytes([kind, 0, 0, 0]) + rest
    pseudo = (socket.inet_pton(socket.AF_INET6, LEFT) + socket.inet_pton(socket.AF_INET6, RIGHT) +
              struct.pack("!II", len(body), 58))
    return body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]


def sizes():
    for size in 0, 1, 2, 3, 55, 56, 57, 1000, 1452:
        yield Probe(f"{size} bytes of data", ping(PATTERN[:size]))
    padded = bytes(ping(b"")) + b"padding!" * 2
    yield Probe("a frame longer than the packet", padded)
    yield Probe("a packet longer than the frame", bytes(ping(PATTERN[:60]))[:80], None, 0)


def large(outcome):
    """Without conntrack it is above input that IPv6 puts fragments together."""
    for size in 1453, 1473, 3001, 20000, 65507, 65527:
        yield Probe(f"{size} bytes of data, in fragments", fragments(ping(PATTERN[:size])), outcome, count=1,
                    replies=-(-(size + 8) // 1448))
    yield Probe("fragments of another size", fragments(ping(PATTERN[:3001]), 1000), outcome, count=1, replies=3)


def checksums():
    def sum_is(value):
        return lambda frames: frames[0][56:58] == struct.pack("!H", value)

    # The pseudo-header has a sum, and so the checksum field can be made any.
    base = checksum(bytes(ping(b"", icmp={"id": 0, "seq": 0}))[22:54] + struct.pack("!II", 8, 58) + b"\x81\0\0\0\0\0\0\0")
    yield Probe("the reply's checksum is 0x0000", ping(b"", icmp={"id": base, "seq": 0}), check=sum_is(0))
    request = int.from_bytes(bytes(ping(b"", icmp={"id": 0, "seq": 0}))[56:58], "big")
    for field in 0, 0xffff:
        yield Probe(f"the request's checksum is {field:#06x}", ping(b"", icmp={"id": request, "seq": 0, "cksum": field}))
    yield Probe("id, seq and data all zero", ping(bytes(40), icmp={"id": 0, "seq": 0}))
    right = int.from_bytes(bytes(ping())[56:58], "big")
    for field in right ^ 1, right ^ 0x8000, 0, 0xffff:
        yield Probe(f"a wrong checksum {field:#06x}", ping(icmp={"cksum": field}), "bad-checksum", 0)


def headers():
    yield Probe("every traffic class", [with_tclass(ping(), tclass) for tclass in range(256)],
                check=lambda frames: [int.from_bytes(frame[14:16], "big") >> 4 & 0xff
                                      for frame in frames] == list(range(256)))
    yield Probe("a flow label", ping(fl=0xabcde), check=lambda frames: label(frames[0]) != 0xabcde)
    for hlim in 1, 64, 255:
        yield Probe(f"hop limit {hlim}", ping(hlim=hlim), check=lambda frames: frames[0][21] == 64)
    for code in 1, 255:
        yield Probe(f"code {code}", ping(icmp={"code": code}), check=lambda frames, code=code: frames[0][55] == code)


def extensions():
    pad = [PadN(optdata=bytes(4))]
    yield Probe("destination options", ping(headers=IPv6ExtHdrDestOpt(options=pad)), "has-options", 1)
    yield Probe("hop-by-hop options", ping(headers=IPv6ExtHdrHopByHop(options=pad)), "has-options", 1)
    yield Probe("both", ping(headers=IPv6ExtHdrHopByHop(options=pad) / IPv6ExtHdrDestOpt(options=pad)), "has-options", 1)
    yield Probe("an atomic fragment", ping(headers=IPv6ExtHdrFragment(id=5)), "has-options", 1)
    yield Probe("a last fragment alone", fragments(ping(PATTERN[:3001]), number=0xdead)[-1], None, 0)


def not_echo():
    yield Probe("no ICMPv6 header at all", raw_icmp(b""), None, 0)
    for length in range(1, 8):
        yield Probe(f"{length} bytes of an echo request", raw_icmp(message(128)[:length]), "truncated", 0)
    yield Probe("7 bytes, and their checksum right", raw_icmp(message(128, b"\0\7\0")), "truncated", 0)
    yield Probe("an echo reply", ether() / IPv6(src=LEFT, dst=RIGHT) / ICMPv6EchoReply(data=b"x"), None, 0)
    # Neighbour discovery is left out: those the stack may answer.
    yield Probe("every other type", [raw_icmp(message(kind)) for kind in range(256) if kind not in (128, *range(133, 138))],
                None, 0, count=0)
    yield Probe("ICMP's echo request in IPv6", bytes(ether() / IPv6(src=LEFT, dst=RIGHT, nh=1) / Raw(message(8))), None, 1)
    yield Probe("a frame to another host", ping(mac="02:00:00:00:00:99"), None, 0)


def destinations(multicast=1):
    all_nodes = "33:33:00:00:00:01"
    yield Probe("to ff02::1", ping(dst="ff02::1", mac=all_nodes), "multicast", multicast)
    yield Probe("to ff02::1 from a link-local address", ping(src="fe80::1", dst="ff02::1", mac=all_nodes),
                "multicast", multicast)
    yield Probe("to ff02::1 in a unicast frame", ping(dst="ff02::1"), "multicast", multicast)
    yield Probe("to ff01::1", ping(dst="ff01::1", mac=all_nodes), None, 0)
    yield Probe("to a global address in a broadcast frame", ping(mac="ff:ff:ff:ff:ff:ff"), "broadcast", 1)
    yield Probe("link-local to link-local", ping(src="fe80::1", dst="fe80::2"))
    yield Probe("link-local to global", ping(src="fe80::1"))
    yield Probe("global to link-local", ping(dst="fe80::2"))
    yield Probe("to another host", ping(dst="fe80::3"), None, 0)


def sources():
    # Answered by the stack, to itself.
    yield Probe("source ::", ping(src="::"), "bad-source", 1)
    yield Probe("source ::ffff:192.0.2.1", ping(src="::ffff:192.0.2.1"))
    for src in "ff02::1", "ff0e::5", "::1":
        yield Probe(f"source {src}, which is never let in", ping(src=src), None, 0)
    yield Probe("source far away", ping(src="2001:db8:77::5"))
    yield Probe("a source without a route back", ping(src="2001:db8:99::1"), "no-route", 0)
    yield Probe("its own address as source, answered over lo", ping(src=RIGHT), replies=1)


def to_right(**settings):
    topology.sysctl("right", **settings)


def nft(rules):
    topology.run("nft", "-f", "-", ns="right", stdin=rules)


def set_up():
    topology.pair()
    topology.addresses("right", "veth0", "fe80::2/64")
    topology.neighbours("right", "veth0", topology.MAC_LEFT, "fe80::1")
    topology.neighbours("right", "veth0", OTHER_MAC, "2001:db8:1::77")
    topology.ip("right",
                f"route add default via {LEFT}",
                "route add unreachable 2001:db8:99::/48",
                "link add link veth0 name vlan5 type vlan id 5",
                "link set vlan5 up")
    topology.addresses("right", "vlan5", "2001:db8:5::2/64")
    topology.neighbours("right", "vlan5", topology.MAC_LEFT, "2001:db8:5::1")
    topology.wait_quiet("right")


def sysctls(compare):
    to_right(ipv6__icmp__echo_ignore_multicast=1)
    compare.same("ipv6", list(destinations(0)), "echo_ignore_multicast")
    to_right(ipv6__icmp__echo_ignore_multicast=0)

    # A router has an address that is every router's of the subnet.
    to_right(ipv6__conf__all__forwarding=1)
    topology.wait_quiet("right")
    for ignore in 0, 1:
        to_right(ipv6__icmp__echo_ignore_anycast=ignore)
        compare.same("ipv6", [Probe("to an anycast address", ping(dst="2001:db8:1::"), "multicast", 1 - ignore)],
                     f"echo_ignore_anycast {ignore}")
    to_right(ipv6__conf__all__forwarding=0)
    topology.wait_quiet("right")

    to_right(ipv6__icmp__echo_ignore_all=1)
    compare.same("ipv6", [Probe("a request", ping(), "disabled", 0),
                          Probe("to ff02::1", ping(dst="ff02::1", mac="33:33:00:00:00:01"), "multicast", 0)],
                 "echo_ignore_all")
    to_right(ipv6__icmp__echo_ignore_all=0)

    # The stack limits what the mask names: the first is within its limit.
    to_right(ipv6__icmp__ratemask="0-1,3-127,129")
    compare.same("ipv6", [Probe("a request", ping(), "disabled", 1)], "ratemask names echo replies")
    to_right(ipv6__icmp__ratemask="0-1,3-127")

    to_right(ipv6__conf__veth0__hop_limit=77)
    compare.same("ipv6", [Probe("a request", ping(), check=lambda frames: frames[0][21] == 77)], "hop_limit 77")
    to_right(ipv6__conf__veth0__hop_limit=64)


def labels(compare):
    for reflect in 0, 4:
        to_right(ipv6__flowlabel_reflect=reflect)
        probes = [Probe(f"flow label {value:#x}", with_tclass(ping(), 0x2e, value),
                        check=lambda frames, value=value: (label(frames[0]) == value) == bool(reflect and value))
                  for value in (0xabcde, 1, 0xfffff)]
        compare.same("ipv6", [Probe("no flow label", ping()), *probes], f"flowlabel_reflect {reflect}")
    to_right(ipv6__flowlabel_reflect=0)
    for auto in 0, 2, 3, 1:
        to_right(ipv6__auto_flowlabels=auto)
        compare.same("ipv6", [Probe("a request", ping(fl=0x12345), check=lambda frames:
                                    (label(frames[0]) == 0) == (auto in (0, 2)))], f"auto_flowlabels {auto}")


def routes(compare):
    topology.ip("right", f"route add {LEFT}/128 dev veth0 mtu 1280 hoplimit 33")
    compare.same("ipv6", [Probe("1232 bytes", ping(PATTERN[:1232]), check=lambda frames: frames[0][21] == 33),
                          Probe("1233 bytes", ping(PATTERN[:1233]), replies=2)], "a route with MTU 1280 and hop limit 33")
    topology.ip("right", f"route del {LEFT}/128 dev veth0")

    compare.same("ipv6", [Probe("a request", ping(src="2001:db8:5::1", dst="2001:db8:5::2", vlan=5),
                                check=lambda frames: frames[0][12:16] == b"\x81\x00\x00\x05"),
                          Probe("1452 bytes", ping(PATTERN[:1452], src="2001:db8:5::1", dst="2001:db8:5::2", vlan=5))],
                 "VLAN")


def vrf(compare):
    topology.ip("right",
                "link add link veth0 name vlan6 type vlan id 6",
                "link add vrf9 type vrf table 9",
                "link set vlan6 master vrf9",
                "link set vrf9 up", "link set vlan6 up",
                "route add table 9 unreachable ::/0 metric 4278198272")
    topology.addresses("right", "vlan6", "2001:db8:6::2/64", "fe80::2/64")
    topology.neighbours("right", "vlan6", topology.MAC_LEFT, "2001:db8:6::1", "fe80::1")
    topology.wait_quiet("right")
    compare.same("ipv6", [Probe("a request", ping(src="2001:db8:6::1", dst="2001:db8:6::2", vlan=6),
                                check=lambda frames: frames[0][12:16] == b"\x81\x00\x00\x06"),
                          Probe("link-local", ping(src="fe80::1", dst="fe80::2", vlan=6)),
                          Probe("a source without a route back in it",
                                ping(src="2001:db8:77::5", dst="2001:db8:6::2", vlan=6), "no-route", 0)], "VRF")


def marks(compare):
    nft("table ip6 t { chain p { type filter hook prerouting priority 0; icmpv6 type echo-request meta mark set 7; }; }")
    topology.run("ip", "-n", "right", "-6", "rule", "add", "fwmark", 7, "table", 100)
    topology.ip("right", "route add default via 2001:db8:1::77 table 100")
    for reflect, mac in (0, topology.MAC_LEFT), (1, OTHER_MAC):
        to_right(ipv6__fwmark_reflect=reflect)
        compare.same("ipv6", [Probe("a request", ping(), check=lambda frames, mac=mac:
                                    frames[0][:6] == bytes.fromhex(mac.replace(":", "")))],
                     f"marked, fwmark_reflect {reflect}")
    to_right(ipv6__fwmark_reflect=0)
    topology.run("ip", "-n", "right", "-6", "rule", "del", "fwmark", 7, "table", 100)
    nft("flush ruleset")


def watched(compare):
    """A capture shares the frame's memory with what netlab turns round."""
    capture = Port("right", "veth0")
    sent = bytes(ping(PATTERN[:300]))
    compare.same("ipv6", [Probe("a request", sent)], "a capture in the namespace")
    seen = [frame for frame in capture.waiting() if frame[12:14] != b"\x08\x06"]
    tap.equal(seen, [sent] * 2, "the capture saw each request as it was sent")
    capture.sock.close()


def tracked(compare):
    nft("table ip6 t { chain c { type filter hook input priority 0; ct state invalid drop; }; }")
    compare.same("ipv6", [Probe("a request", ping()), *large("replied")], "conntrack")
    nft("flush ruleset")


def main():
    set_up()
    port = Port("left", "veth0", target="192.0.2.2")
    compare = Comparison("right", port, also=[Port("right", "lo")])
    for probes in sizes, checksums, headers, extensions, not_echo, sources, destinations:
        compare.same("ipv6", list(probes()))
    compare.same("ipv6", list(large("has-options")))
    sysctls(compare)
    labels(compare)
    routes(compare)
    marks(compare)
    watched(compare)
    tracked(compare)
    vrf(compare)


tap.run(main)
