# SPDX-License-Identifier: GPL-2.0-only
"""Frames for tests/fuzz/packets.c to begin with: real ones, all that tests/net asks, and what scapy's fuzz() makes of each kind.

    corpus.write(path, seed)

A file of frames, each behind its length of two bytes, big endian. All follows
from the seed.
"""
import logging
import os
import random
import struct
import sys

# It misses routes that these frames don't need.
logging.getLogger("scapy").setLevel(logging.ERROR)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "net", "lib"))
import direct
import topology
from probes import BOTH, PATTERN, V4, V6, options

from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6MLQuery, ICMPv6MLReport2,
                                ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptPrefixInfo,
                                ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded,
                                IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                                IPv6ExtHdrSegmentRouting, PadN, RouterAlert)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import ARP, Dot1Q, Ether, GRE
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw, fuzz

MOST = 9216
TO4 = "192.0.2.2", "198.51.100.77", "203.0.113.77"
TO6 = "2001:db8:1::2", "2001:db8:f::77", "2001:db8:3::77"


def _ether():
    return Ether(src=topology.MAC_LEFT, dst=topology.MAC_RIGHT)


def _carried4():
    """What IPv4 carries, as layers."""
    yield from (ICMP(type=kind) / Raw(PATTERN[:20]) for kind in range(0, 44))
    yield from (ICMP(type=3, code=code) / IP(src="192.0.2.2", dst="192.0.2.1") / UDP(dport=53) for code in range(16))
    yield from (TCP(sport=1000, dport=80, flags=flags) for flags in ("S", "SA", "A", "PA", "FA", "R", "", "FPU", "SF"))
    yield from (UDP(sport=1000, dport=port) / Raw(PATTERN[:size]) for port, size in ((7, 0), (53, 30), (4789, 900)))
    yield UDP(dport=53) / DNS(rd=1, qd=DNSQR(qname="example.org"))
    yield SCTP(dport=9) / SCTPChunkInit()
    yield GRE() / IP(dst="192.0.2.2") / ICMP()
    yield IP(dst="192.0.2.2") / ICMP()
    yield ESP(spi=1) / Raw(PATTERN[:40])
    yield AH(spi=1) / ICMP()


def _carried6():
    yield from (cls() for cls in (ICMPv6EchoRequest, ICMPv6EchoReply, ICMPv6DestUnreach, ICMPv6PacketTooBig,
                                  ICMPv6TimeExceeded, ICMPv6ParamProblem, ICMPv6MLQuery, ICMPv6MLReport2,
                                  ICMPv6ND_RS, ICMPv6ND_RA, ICMPv6ND_NA))
    yield from (ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=topology.MAC_LEFT) for target in TO6)
    yield ICMPv6ND_RA() / ICMPv6NDOptPrefixInfo(prefix="2001:db8:9::")
    yield from (TCP(dport=80, flags=flags) for flags in ("S", "A", "FPU", ""))
    yield UDP(dport=53) / Raw(PATTERN[:100])
    yield SCTP(dport=9) / SCTPChunkInit()
    yield IPv6(dst="2001:db8:1::2") / ICMPv6EchoRequest()


def _headers6():
    yield from (IPv6ExtHdrHopByHop(), IPv6ExtHdrHopByHop(options=RouterAlert()), IPv6ExtHdrDestOpt(options=PadN(optdata=b"\0" * 20)),
                IPv6ExtHdrRouting(addresses=["2001:db8::9"], segleft=0), IPv6ExtHdrRouting(addresses=["2001:db8:1::2"], segleft=1),
                IPv6ExtHdrSegmentRouting(addresses=["2001:db8:1::2"]), IPv6ExtHdrFragment(m=1), IPv6ExtHdrFragment(offset=20),
                IPv6ExtHdrFragment(), IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(segleft=0) / IPv6ExtHdrDestOpt())


def _packets():
    for target in TO4:
        yield from (_ether() / IP(src=V4.left, dst=target) / what for what in _carried4())
    for target in TO6:
        yield from (_ether() / IPv6(src=V6.left, dst=target) / what for what in _carried6())
        yield from (_ether() / IPv6(src=V6.left, dst=target) / header / what for header in _headers6()
                    for what in (ICMPv6EchoRequest(data=PATTERN[:30]), UDP(dport=9)))
    yield from (_ether() / ARP(op=op, psrc=V4.left, pdst=target, hwsrc=topology.MAC_LEFT)
                for op in range(1, 10) for target in TO4)
    yield _ether() / Dot1Q(vlan=5) / IP(src=V4.left, dst=V4.right) / ICMP()


def _fuzzed():
    """scapy draws every field that has no value of its own."""
    for _ in range(12):
        for target in TO4:
            yield _ether() / fuzz(IP(src=V4.left, dst=target, proto=1)) / ICMP() / Raw(PATTERN[:30])
            yield _ether() / IP(src=V4.left, dst=target) / fuzz(ICMP()) / Raw(PATTERN[:30])
            yield _ether() / IP(src=V4.left, dst=target) / fuzz(TCP())
            yield _ether() / fuzz(IP(src=V4.left, dst=target))
        for target in TO6:
            yield _ether() / fuzz(IPv6(src=V6.left, dst=target, nh=58)) / ICMPv6EchoRequest(data=PATTERN[:30])
            yield _ether() / IPv6(src=V6.left, dst=target) / fuzz(ICMPv6EchoRequest())
            yield _ether() / IPv6(src=V6.left, dst=target) / fuzz(IPv6ExtHdrFragment(nh=58)) / ICMPv6EchoRequest()
            yield _ether() / IPv6(src=V6.left, dst=target) / fuzz(IPv6ExtHdrRouting()) / ICMPv6EchoRequest()
            yield _ether() / IPv6(src=V6.left, dst=target, hlim=255) / fuzz(ICMPv6ND_NS(tgt=target))
            yield _ether() / fuzz(IPv6(src=V6.left, dst=target))
        yield _ether() / fuzz(ARP(hwlen=6, plen=4, hwsrc=topology.MAC_LEFT, psrc=V4.left, pdst=TO4[1]))


def frames(seed):
    random.seed(seed)
    for family in BOTH:
        for size in 0, 1, 6, 57, 1000, family.ONE, 4000, 8900:
            yield family.ping(PATTERN[:size])
        yield from family.pieces(family.ping(PATTERN[:3001]))
    yield from (options(V4.ping(), data) for data in (b"\1\1\1\0", bytes([7, 11, 4]) + bytes(8) + b"\0",
                                                      bytes([68, 12, 5, 0]) + bytes(8), bytes([131, 7, 4, 192, 0, 2, 9, 0])))
    for family in direct.FAMILIES:
        for probe in (*direct.eligible(family), *direct.ineligible(family)):
            yield from probe.frames
    for packet in (*_packets(), *_fuzzed()):
        try:
            yield bytes(packet)
        except (struct.error, ValueError, TypeError, AttributeError, OverflowError):
            pass  # fuzz() sometimes draws what can't be packed


def write(path, seed):
    """Returns how many there are."""
    count = 0
    with open(path, "wb") as f:
        for frame in frames(seed):
            if 15 <= len(frame) <= MOST:
                f.write(struct.pack("!H", len(frame)) + frame)
                count += 1
    return count
