#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Requests whose checksum or segmenting a sender has left to its device (virtio-net headers): answered as by the stack.

A container that may open packet sockets, a virtual machine or a program behind
a tap device chooses freely where such a checksum is said to be, and calls an
echo request a TCP segment to be cut. The stack heeds neither. Nor may netlab
write at the place named, or have the kernel complain of it.
"""
import errno
import fcntl
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
from probes import BOTH, L3, PATTERN, V4, V6, put
from twins import Probe, Twins
from wire import Port

SOL_PACKET, PACKET_VNET_HDR = 263, 15
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 2, 0x1000, 0x4000
NEEDS_CSUM = 1
# virtio_net.h: name, type, offset of its checksum, bytes of headers behind IP's that netlab takes from each segment
KINDS = ("TCPv4", 1, 16, 20), ("UDP", 3, 6, None), ("TCPv6", 4, 16, 20), ("UDP_L4", 5, 6, 8)
NEAR = {V4: "203.0.113.1", V6: "2001:db8:2::1"}
THERE = {V4: "203.0.113.2", V6: "2001:db8:2::2"}


def offload(start=0, offset=0, kind=0, size=0, headers=0):
    return struct.pack("=BBHHHH", NEEDS_CSUM if start else 0, kind, headers, size, start, offset)


class VnetPort(Port):
    """A Port whose frames begin with a virtio-net header."""

    def __init__(self, ns, dev, target):
        super().__init__(ns, dev, target)
        self.out = Port(ns, dev, target).sock
        self.out.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)

    def send(self, frame):
        self.out.send(frame)


class TapPort(Port):
    """The other side of a tap device; frames as VnetPort's."""

    def __init__(self, ns, dev, target):
        with net.inside(ns):
            self.fd = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("16sH22x", dev.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
        os.set_blocking(self.fd, False)
        self.target, self.asked = target, 0

    def send(self, frame):
        os.write(self.fd, frame)

    def ask(self, frame):
        os.write(self.fd, offload() + frame)

    def _receive(self):
        # What a frame brings is there before write() returns, or by the next.
        return tap.wait_until(self._one, "a frame from the tap device")

    def _one(self):
        try:
            return os.read(self.fd, 70000)[10:]
        except BlockingIOError:
            return None

    def waiting(self):
        return list(iter(self._one, None))


def sums(family):
    """Where a checksum is to be filled in, and whether it was right before."""
    good = family.ping(PATTERN[:57])
    bad = put(good, family.L4 + 2, b"\xde\xad")
    behind = ("the ICMP header", family.L4), ("a byte behind it", family.L4 + 1), ("the data", family.L4 + 8)
    for where, start in behind:
        for offset in 2, 0, 4, 5, 12, 30:
            for frame, word in (good, "right"), (bad, "wrong"):
                yield Probe(f"from {where} on, to {offset}; {word} before", offload(start, offset) + frame, replies=1)
    # Which leaves ICMP's own to be looked at.
    for start in range(L3 + 6, family.L4, 2):
        for offset in 0, 2, 10, 16:
            yield Probe(f"from byte {start - L3} of the IP header on, to {offset}; right before", offload(start, offset) + good,
                        replies=1)
            yield Probe(f"from byte {start - L3} of the IP header on, to {offset}; wrong before", offload(start, offset) + bad,
                        "bad-checksum", 0)


def segments(family, size=100):
    """What is said to stand for several TCP segments or UDP datagrams."""
    for data in PATTERN[:1200], PATTERN[:4000]:
        frame = family.ping(data, src=NEAR[family], dst=THERE[family])
        for name, kind, offset, headers in KINDS:
            left = len(frame) - L3 - (0 if headers is None else family.L4 - L3 + headers)
            # netlab counts what such an sk_buff stands for.
            yield Probe(f"{name}, {len(data)} bytes of data", offload(family.L4, offset, kind, size, family.L4 + 20) + frame,
                        replies=None, count=1, requests=-(-left // size))


def taken(port, probe, family):
    """Whether the kernel takes such a frame, here an echo reply: later ones look closer."""
    try:
        port.send(put(probe.frames[0], 10 + family.L4, bytes([family.REPLY])))
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise
        return False
    return True


def main():
    twins = Twins()
    for twin in twins.twins:
        twin.port = VnetPort("tester", f"to-{twin.name}", "192.0.2.2")
    for family in BOTH:
        twins.same(family, "a checksum that is left to be filled in", sums(family))
    twins.tool()

    net.run("modprobe", "tun")
    for twin in twins.twins:
        twin.port = TapPort(twin.name, "tap0", "203.0.113.2")
    twins.ip(f"link set tap0 address {net.MAC_RIGHT}", "link set tap0 mtu 5000 up")
    twins.addresses("tap0", "203.0.113.2/24", "2001:db8:2::2/64")
    twins.neighbours("tap0", net.MAC_LEFT, NEAR[V4], NEAR[V6])
    twins.wait_quiet()
    for family in BOTH:
        probes = list(segments(family))
        good = [probe for probe in probes if all(taken(twin.port, probe, family) for twin in twins.twins)]
        if len(good) < len(probes):
            tap.note(f"{family.name}: this kernel refuses {len(probes) - len(good)} of {len(probes)} such frames")
        if good:
            twins.same(family, "an echo request said to be many segments", good)
        else:
            tap.skip(f"{family.name}: an echo request said to be many segments", "this kernel takes none")


tap.run(main)
