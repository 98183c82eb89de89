#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab answers ICMP echo as the stack would have: the same frames, byte for byte."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology
from wire import Comparison, Port, Probe, checksum

from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

LEFT, RIGHT = "192.0.2.1", "192.0.2.2"
OTHER_MAC = "02:00:00:00:00:77"
PATTERN = bytes(range(1, 252)) * 270


def ether(dst=topology.MAC_RIGHT, vlan=None):
    tag = Ether(src=topology.MAC_LEFT, dst=dst)
    return tag / Dot1Q(vlan=vlan) if vlan else tag


def ping(data=b"netlab", dst=RIGHT, src=LEFT, mac=topology.MAC_RIGHT, vlan=None, icmp=None, **ip):
    """An echo request; scapy fills in lengths and checksums."""
    fields = {"id": 0x1234, "ttl": 64, **ip}
    return ether(mac, vlan) / IP(src=src, dst=dst, **fields) / ICMP(**{"id": 7, "seq": 9, **(icmp or {})}) / Raw(data)


def raw_icmp(payload, **ip):
    """Whatever stands for an ICMP message."""
    return ether() / IP(src=LEFT, dst=RIGHT, proto=1, id=0x1234, **ip) / Raw(payload)


def fragments(packet, size=1480):
    """A datagram cut into fragments of size bytes each."""
    frame = bytes(packet)
    payload = frame[34:]
    cut = []
    for offset in range(0, len(payload), size):
        part = payload[offset:offset + size]
        more = 0x2000 if offset + size < len(payload) else 0
        header = bytearray(frame[14:34])
        struct.pack_into("!H", header, 2, 20 + len(part))
        struct.pack_into("!H", header, 6, more | offset // 8)
        cut.append(frame[:14] + reseal(header) + part)
    return cut


def reseal(header):
    header[10:12] = b"\0\0"
    struct.pack_into("!H", header, 10, checksum(bytes(header)))
    return bytes(header)


def with_tos(packet, tos):
    frame = bytearray(bytes(packet))
    frame[15] = tos
    return bytes(frame[:14]) + reseal(frame[14:34]) + bytes(frame[34:])


def with_options(packet, options):
    """IP options, a multiple of four bytes."""
    frame = bytes(packet)
    header = bytearray(frame[14:34] + options)
    header[0] = 0x40 | len(header) // 4
    struct.pack_into("!H", header, 2, len(frame) - 14 + len(options))
    return frame[:14] + reseal(header) + frame[34:]


def message(kind, rest=b"\0" * 8, code=0):
    """An ICMP message of any type, with the right checksum."""
    body = bytes([kind, code, 0, 0]) + rest
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def sizes():
    for size in 0, 1, 2, 3, 55, 56, 57, 1000, 1472:
        yield Probe(f"{size} bytes of data", ping(PATTERN[:size]))
    for size in 1473, 3001, 20000, 65507:
        whole = ping(PATTERN[:size])
        yield Probe(f"{size} bytes of data, in fragments", fragments(whole), count=1,
                    replies=-(-(size + 8) // 1480))
    backwards = fragments(ping(PATTERN[:3001]), 1000)[::-1]
    yield Probe("fragments of another size, the last first", backwards, count=1, replies=3)
    yield Probe("20000 zero bytes, id and seq 0", fragments(ping(bytes(20000), icmp={"id": 0, "seq": 0})),
                count=1, replies=14)
    yield Probe("a last fragment alone", fragments(ping(PATTERN[:3001], id=99))[-1], None, 0)
    padded = bytes(ping(b"")) + b"padding!" * 2
    yield Probe("a frame longer than the datagram", padded)
    yield Probe("a datagram longer than the frame", bytes(ping(PATTERN[:60]))[:80], None, 0)


def checksums():
    def sum_is(value):
        return lambda frames: frames[0][36:38] == struct.pack("!H", value)

    # 0x0000 on x86, where the kernel's sum of nothing is 0xffff, its other zero.
    yield Probe("a reply all zero", ping(bytes(32), icmp={"id": 0, "seq": 0}))
    yield Probe("a reply all zero, no data", ping(b"", icmp={"id": 0, "seq": 0}))
    yield Probe("the reply's checksum is 0x0000", ping(b"", icmp={"id": 0xffff, "seq": 0}), check=sum_is(0))
    yield Probe("the reply's checksum is 0x0000, with data", ping(b"\xfe\xdc\xba\x98" + bytes(3),
                                                                icmp={"id": 0xffff - 0xfedc, "seq": 0xffff - 0xba98}),
                check=sum_is(0))
    # Both are the sum 0 of one's complement arithmetic, so both are right.
    for field in 0, 0xffff:
        yield Probe(f"the request's checksum is {field:#06x}", ping(b"", icmp={"id": 0xf7ff, "seq": 0, "chksum": field}),
                    check=sum_is(0x0800))
    right = int.from_bytes(message(8, b"\0\7\0\x09netlab")[2:4], "big")
    for field in right ^ 1, right ^ 0x8000, 0, 0xffff:
        yield Probe(f"a wrong checksum {field:#06x}", ping(icmp={"chksum": field}), "bad-checksum", 0)
    broken = bytearray(fragments(ping(PATTERN[:3001]))[1])
    broken[700] ^= 0x10
    whole = fragments(ping(PATTERN[:3001]))
    yield Probe("a bit wrong in the second fragment", [whole[0], bytes(broken), whole[2]], "bad-checksum", 0, count=1)


def headers():
    yield Probe("every TOS", [with_tos(ping(), tos) for tos in range(256)],
                check=lambda frames: [frame[15] for frame in frames] == list(range(256)))
    yield Probe("TOS of a large reply's fragments", fragments(ping(PATTERN[:3001], tos=0xb8)), count=1, replies=3,
                check=lambda frames: all(frame[15] == 0xb8 for frame in frames))
    for ttl in 1, 64, 255:
        yield Probe(f"TTL {ttl}", ping(ttl=ttl), check=lambda frames: frames[0][22] == 64)
    yield Probe("DF", ping(flags="DF"))
    yield Probe("DF, 1472 bytes", ping(PATTERN[:1472], flags="DF"))
    yield Probe("IP ID 0", ping(id=0))
    for code in 1, 255:
        yield Probe(f"code {code}", ping(icmp={"code": code}), check=lambda frames, code=code: frames[0][35] == code)


def options():
    record_route = bytes([7, 11, 4]) + bytes(8) + b"\0"
    yield Probe("option: record route", with_options(ping(), record_route), "has-options",
                check=lambda frames: frames[0][14] == 0x48)
    yield Probe("option: timestamp", with_options(ping(), bytes([0x44, 12, 5, 0]) + bytes(8)), "has-options",
                blank=[slice(38, 46)])
    yield Probe("option: NOP", with_options(ping(), b"\1\1\1\1"), "has-options")
    yield Probe("option: end of list", with_options(ping(), b"\0\0\0\0"), "has-options")
    yield Probe("option: unknown", with_options(ping(), bytes([0x9e, 4, 1, 2])), "has-options")
    wrong = with_options(ping(icmp={"chksum": 0x1234}), record_route)
    yield Probe("option: record route, and a wrong ICMP checksum", wrong, "bad-checksum", 0)
    yield Probe("option: loose source route, which is not accepted",
                with_options(ping(), bytes([0x83, 7, 4, 192, 0, 2, 9, 0])), None, 0)


def not_echo():
    yield Probe("no ICMP header at all", raw_icmp(b""), None, 0)
    for length in range(1, 8):
        yield Probe(f"{length} bytes of an echo request", raw_icmp(message(8)[:length]), "truncated", 0)
    yield Probe("7 bytes, and their checksum right", raw_icmp(message(8, b"\0\7\0")), "truncated", 0)
    yield Probe("an echo reply", raw_icmp(message(0)), None, 0)
    # 13, the timestamp request, is answered by the stack with the time of day.
    yield Probe("every other type", [raw_icmp(message(kind, bytes(28))) for kind in range(256) if kind not in (8, 13)],
                None, 0)
    yield Probe("a timestamp request", raw_icmp(message(13, bytes(16))), None, 1, blank=[slice(36, 54)])
    yield Probe("ICMPv6's echo request in IPv4", bytes(ether() / IP(src=LEFT, dst=RIGHT, proto=58) / Raw(message(128))),
                None, 1)
    other = bytes(ping(mac="02:00:00:00:00:99"))
    yield Probe("a frame to another host", other, None, 0)


def broadcasts(allowed):
    answers = 1 if allowed else 0
    everyone = "ff:ff:ff:ff:ff:ff"
    for dst in "192.0.2.255", "255.255.255.255":
        yield Probe(f"to {dst}", ping(dst=dst, mac=everyone), "broadcast", answers)
    yield Probe("to 192.0.2.255 in a unicast frame", ping(dst="192.0.2.255"), "broadcast", answers)
    yield Probe("to 224.0.0.1", ping(dst="224.0.0.1", mac="01:00:5e:00:00:01"), "multicast", answers)
    yield Probe("to 224.0.0.1 in a unicast frame", ping(dst="224.0.0.1"), "multicast", answers)
    yield Probe("to 192.0.2.2 in a broadcast frame", ping(mac=everyone), "broadcast", 1)
    yield Probe("from 0.0.0.0 to 255.255.255.255", ping(src="0.0.0.0", dst="255.255.255.255", mac=everyone),
                "bad-source", answers)


def sources():
    for src in "127.0.0.1", "127.255.255.254", "0.0.0.0", "224.0.0.5", "255.255.255.255", RIGHT:
        yield Probe(f"martian source {src}", ping(src=src), None, 0)
    yield Probe("source 240.0.0.1", ping(src="240.0.0.1"))
    # The kernel takes it for an ordinary address since 5.3, netlab.yaml doesn't.
    yield Probe("source 0.1.2.3", ping(src="0.1.2.3"), "bad-source", 1)
    yield Probe("source far away", ping(src="203.0.113.5"),
                check=lambda frames: frames[0][:6] == bytes.fromhex("020000000001"))
    yield Probe("a source without a route back", ping(src="198.51.100.1"), "no-route", 0)
    # The kernel's own odd habit, with rp_filter off: it answers.
    yield Probe("the subnet's broadcast as source", ping(src="192.0.2.255"), "bad-source", 1)


def to_right(**settings):
    topology.sysctl("right", **settings)


def nft(rules):
    topology.run("nft", "-f", "-", ns="right", stdin=rules)


def set_up():
    topology.pair()
    topology.ip("right",
                f"route add default via {LEFT}",
                "route add unreachable 198.51.100.0/24",
                f"neigh replace 192.0.2.77 lladdr {OTHER_MAC} dev veth0 nud permanent",
                "link add link veth0 name vlan5 type vlan id 5",
                "link set vlan5 up",
                "addr add 192.0.5.2/24 dev vlan5",
                f"neigh replace 192.0.5.1 lladdr {topology.MAC_LEFT} dev vlan5 nud permanent")
    topology.wait_quiet("right")


def sysctls(compare):
    to_right(ipv4__icmp_echo_ignore_broadcasts=0)
    compare.same("ipv4", list(broadcasts(True)), "broadcasts answered")
    to_right(ipv4__icmp_echo_ignore_broadcasts=1)

    to_right(ipv4__icmp_echo_ignore_all=1)
    compare.same("ipv4", [Probe("a request", ping(), "disabled", 0),
                          Probe("to the broadcast", ping(dst="192.0.2.255"), "broadcast", 0),
                          Probe("with an option", with_options(ping(), b"\1\1\1\1"), "disabled", 0)],
                 "icmp_echo_ignore_all")
    to_right(ipv4__icmp_echo_ignore_all=0)

    # The stack limits what the mask names: the first is within its limit.
    to_right(ipv4__icmp_ratemask=6168 | 1)
    compare.same("ipv4", [Probe("a request", ping(), "disabled", 1)], "icmp_ratemask names echo replies")
    to_right(ipv4__icmp_ratemask=6168)

    to_right(ipv4__ip_default_ttl=77)
    compare.same("ipv4", [Probe("a request", ping(), check=lambda frames: frames[0][22] == 77),
                          Probe("in fragments", fragments(ping(PATTERN[:3001])), count=1, replies=3,
                                check=lambda frames: all(frame[22] == 77 for frame in frames))],
                 "ip_default_ttl 77")
    to_right(ipv4__ip_default_ttl=64)

    to_right(ipv4__conf__veth0__route_localnet=1)
    # The stack answers it, to itself.
    compare.same("ipv4", [Probe("source 127.0.0.9", ping(src="127.0.0.9"), "bad-source", 1)], "route_localnet")
    to_right(ipv4__conf__veth0__route_localnet=0)

    to_right(ipv4__conf__veth0__accept_local=1)
    compare.same("ipv4", [Probe("its own address as source, answered over lo", ping(src=RIGHT), replies=1)], "accept_local")
    to_right(ipv4__conf__veth0__accept_local=0)


def routes(compare):
    topology.ip("right", f"route add {LEFT}/32 dev veth0 mtu 600 hoplimit 33")
    compare.same("ipv4", [Probe("572 bytes", ping(PATTERN[:572]), check=lambda frames: frames[0][22] == 33),
                          Probe("573 bytes", ping(PATTERN[:573]), replies=2),
                          Probe("DF, 1472 bytes", ping(PATTERN[:1472], flags="DF"), replies=3),
                          Probe("3001 bytes", fragments(ping(PATTERN[:3001])), count=1, replies=6)],
                 "a route with MTU 600 and hop limit 33")
    topology.ip("right", f"route del {LEFT}/32 dev veth0")

    compare.same("ipv4", [Probe("a request", ping(src="192.0.5.1", dst="192.0.5.2", vlan=5),
                                check=lambda frames: frames[0][12:16] == b"\x81\x00\x00\x05"),
                          Probe("1473 bytes", [frame[:12] + b"\x81\x00\x00\x05" + frame[12:] for frame in
                                               fragments(ping(PATTERN[:1473], src="192.0.5.1", dst="192.0.5.2"))],
                                count=1, replies=2)], "VLAN")


def vrf(compare):
    """At the end: a VRF's rule makes the kernel look at each source for good."""
    topology.ip("right",
                "link add link veth0 name vlan6 type vlan id 6",
                "link add vrf9 type vrf table 9",
                "link set vlan6 master vrf9",
                "link set vrf9 up", "link set vlan6 up",
                "route add table 9 unreachable default metric 4278198272",
                "addr add 192.0.6.2/24 dev vlan6",
                f"neigh replace 192.0.6.1 lladdr {topology.MAC_LEFT} dev vlan6 nud permanent")
    topology.wait_quiet("right")
    compare.same("ipv4", [Probe("a request", ping(src="192.0.6.1", dst="192.0.6.2", vlan=6),
                                check=lambda frames: frames[0][12:16] == b"\x81\x00\x00\x06"),
                          Probe("an address outside it, since local has precedence", ping(src="192.0.6.1", vlan=6)),
                          Probe("a source without a route back in it", ping(src="203.0.113.5", dst="192.0.6.2", vlan=6),
                                "no-route", 0)], "VRF")


def marks(compare):
    nft("table ip t { chain p { type filter hook prerouting priority 0; icmp type echo-request meta mark set 7; }; }")
    topology.ip("right", "rule add fwmark 7 table 100", "route add default via 192.0.2.77 table 100")
    for reflect, mac in (0, topology.MAC_LEFT), (1, OTHER_MAC):
        to_right(ipv4__fwmark_reflect=reflect)
        compare.same("ipv4", [Probe("a request", ping(), check=lambda frames, mac=mac:
                                    frames[0][:6] == bytes.fromhex(mac.replace(":", "")))],
                     f"marked, fwmark_reflect {reflect}")
    to_right(ipv4__fwmark_reflect=0)
    # A TOS that routes elsewhere must do so for the reply, too.
    topology.ip("right", "rule del fwmark 7 table 100", "rule add tos 0x10 table 100")
    compare.same("ipv4", [Probe(f"TOS {tos:#04x}", with_tos(ping(), tos)) for tos in (0x10, 0x12, 0xb8, 0)],
                 "a route by TOS")
    topology.ip("right", "rule del tos 0x10 table 100")
    nft("flush ruleset")


def watched(compare, port):
    """A capture shares the frame's memory with what netlab turns round."""
    capture = Port("right", "veth0")
    sent = [bytes(ping(PATTERN[:300])), *fragments(ping(PATTERN[:3001]))]
    compare.same("ipv4", [Probe("a request", sent[0]), Probe("in fragments", sent[1:], count=1, replies=3)],
                 "a capture in the namespace")
    arp = b"\x08\x06"
    seen = [frame for frame in capture.waiting() if frame[12:14] != arp]
    tap.equal(seen, sent * 2, "the capture saw each request as it was sent")
    capture.sock.close()


def tracked(compare):
    nft("table ip t { chain c { type filter hook input priority 0; ct state invalid drop; }; }")
    compare.same("ipv4", [Probe("a request", ping()), *sizes(),
                          Probe("with an option", with_options(ping(), b"\1\1\1\1"), "has-options")], "conntrack")
    nft("flush ruleset")


def main():
    set_up()
    port = Port("left", "veth0", target=RIGHT)
    compare = Comparison("right", port, also=[Port("right", "lo")])
    for probes in sizes, checksums, headers, options, not_echo, sources:
        compare.same("ipv4", list(probes()))
    compare.same("ipv4", list(broadcasts(False)), "broadcasts ignored")
    sysctls(compare)
    routes(compare)
    marks(compare)
    watched(compare, port)
    tracked(compare)
    vrf(compare)


tap.run(main)
