# SPDX-License-Identifier: GPL-2.0-only
"""Traffic of all kinds from both CPUs at once, into a device that may come and go.

    storm = Storm("left", "veth0")
    ...
    storm.end()          # what was sent, all CPUs together

What is in it: each probe of tests/net/lib/direct.py, odd ones and fit ones; the
same and fragments to a prefix's addresses; UDP, TCP with odd flags, every IP
protocol; extension headers; ARP requests and neighbour solicitations for a
prefix's addresses; sk_buffs that stand for up to 50 packets (TCP, UDP).
"""
import os
import socket
import struct
import tempfile

import direct
import tap
import tables
import topology as net
from direct import INSIDE, LEFT, RIGHT, address, ether, ipv6, request

CPUS = sorted(os.sched_getaffinity(0))[:2]
# linux/virtio_net.h
NEEDS_CSUM, GSO_TCP4, GSO_TCP6, GSO_UDP = 1, 1, 4, 5
PLAIN = bytes(10)


def _pseudo(family, protocol, length, dst):
    return address(LEFT[family]) + address(dst) + struct.pack("!II", length, protocol)


def _merged(family, protocol, size, length, dst):
    """An sk_buff of many packets with size bytes each, as a network card would be given it."""
    if protocol == socket.IPPROTO_TCP:
        head, at, kind = tables.tcp(0x10), 16, GSO_TCP4 if family == "ipv4" else GSO_TCP6
    else:
        head, at, kind = struct.pack("!HHHH", 40000, 9, 8 + length, 0), 6, GSO_UDP
    # In the checksum's place, the sum over what isn't in the packet.
    head = head[:at] + struct.pack("!H", ~tables.checksum(_pseudo(family, protocol, len(head) + length, dst)) & 0xffff) + \
        head[at + 2:]
    packet = tables.packet(LEFT[family], dst, protocol, head + bytes(length))
    start = 14 + (20 if family == "ipv4" else 40)
    return struct.pack("=BBHHHH", NEEDS_CSUM, kind, start + len(head), size, start, at) + ether(packet)


def _transport(family, dst):
    def packet(protocol, payload):
        return ether(tables.packet(LEFT[family], dst, protocol, payload))

    yield packet(17, struct.pack("!HHHH", 40000, 9, 8 + 30, 0 if family == "ipv4" else 0xffff) + bytes(30))
    for flags in 0x02, 0x10, 0x11, 0x12, 0x14, 0, 0x29, 0x03:
        yield packet(6, tables.tcp(flags))
    yield packet(6, tables.tcp(0x02, length=9))


def _prefixes(family):
    inside = INSIDE[family]
    for size in 0, 1, 56, 1400:
        yield request(family, direct.PATTERN[:size], dst=inside)
    yield request(family, dst=inside, wrong=1)
    yield request(family, dst=inside, kind=0 if family == "ipv4" else 129)
    yield from direct.cut(family, direct.PATTERN[:3001], 1000, dst=inside)
    yield direct.cut(family, direct.PATTERN[:3001], 1000, dst=inside)[1]
    if family == "ipv4":
        me = direct.mac(net.MAC_LEFT) + address(LEFT[family])
        yield b"\xff" * 6 + direct.mac(net.MAC_LEFT) + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + me + \
            bytes(6) + address(inside)
    else:
        group = "ff02::1:ff00:77"
        body = bytes([135, 0, 0, 0]) + bytes(4) + address(inside) + b"\1\1" + direct.mac(net.MAC_LEFT)
        pseudo = address(LEFT[family]) + address(group) + struct.pack("!II", len(body), 58)
        body = body[:2] + struct.pack("!H", direct.checksum(pseudo + body)) + body[4:]
        yield ether(ipv6(body, dst=group, hops=255), dst="33:33:ff:00:00:77")


def _odd(family):
    if family == "ipv4":
        for protocol in range(256):
            yield ether(tables.packet(LEFT[family], RIGHT[family], protocol, b"\x3b\0\0\0" + bytes(4)))
        return
    for chain in (0, 60), (60, 60), (43,), (0, 44, 60), (51,), (135,), (44, 44):
        body, following = direct.message(128, b"netlab", 0, b""), 58
        for kind in reversed(chain):
            body, following = bytes([following, 0, 1, 4]) + bytes(4) + body, kind
        yield ether(ipv6(body, following=following))
    for protocol in 50, 59, 89, 103, 132, 253:
        yield ether(ipv6(b"\x3b\0" + bytes(14), following=protocol))


def frames(merged=True):
    """(virtio header, frame) of everything, in an order that mixes the families."""
    found = {}
    for family in direct.FAMILIES:
        plain = [frame for probes in (direct.eligible(family), direct.ineligible(family))
                 for probe in probes for frame in probe.frames]
        # Most of it is to be answered.
        plain += list(_prefixes(family)) * 3 + list(_transport(family, RIGHT[family])) + \
            [request(family)] * 20 + [request(family, dst=INSIDE[family])] * 20 + list(_odd(family))
        found[family] = [(PLAIN, bytes(frame)) for frame in plain]
        if merged:
            for protocol, size, length in (6, 1400, 60000), (6, 536, 20001), (17, 1000, 30000), (6, 1400, 2800):
                whole = _merged(family, protocol, size, length, RIGHT[family])
                found[family].append((whole[:10], whole[10:]))
    mixed = []
    longest = max(map(len, found.values()))
    for n in range(longest):
        for family in direct.FAMILIES:
            mixed.append(found[family][n * len(found[family]) // longest])
    return mixed


# In seconds: what a file may take.
LIMIT = int(os.environ.get("NETLAB_TEST_LIMIT") or 900)


class Storm:
    """A process on each of two CPUs that sends until the end, or as long as the test may take."""

    def __init__(self, ns, dev, pause=0, merged=True, cpus=None, chosen=None):
        """pause: microseconds between 64 frames; chosen: other frames than all."""
        with tempfile.NamedTemporaryFile(delete=False) as f:
            for header, frame in chosen or frames(merged):
                f.write(struct.pack("=I", len(header) + len(frame)) + header + frame)
        tap.at_end(lambda: os.path.exists(f.name) and os.unlink(f.name))
        self.processes = [net.spawn(net.program("storm"), "-i", dev, "-f", f.name, "-s", LIMIT, "-w", pause,
                                    *(["-c", cpu] if cpu is not None else []), ns=ns)
                          for cpu in (CPUS if cpus is None else cpus)]

    def end(self):
        """(sent, refused, gone) of all together; RuntimeError if one had ended by itself."""
        total = (0, 0, 0)
        for process in self.processes:
            if process.poll() is not None:
                raise RuntimeError(f"a storm ended: {process.stdout.read()}")
            process.terminate()
        for process in self.processes:
            words = net.finish(process).split()
            total = tuple(a + int(b) for a, b in zip(total, words[1::2]))
        return total
