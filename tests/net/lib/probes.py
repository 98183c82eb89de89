# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests of both families as frames, and what can be wrong with them.

V4 and V6 have the same words: ping() and message() make frames with scapy,
which fills in lengths and checksums; cut() and pieces() make fragments of one;
patch() writes over one's bytes. All return bytes that begin with the Ethernet
header; L3 and the class's L4 are where its headers are.
"""
import socket
import struct

import topology
from wire import checksum

from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

PATTERN = bytes(range(1, 252)) * 270
EVERYONE = "ff:ff:ff:ff:ff:ff"
OTHER_MAC = "02:00:00:00:00:77"  # of a second host behind the cable
L3 = 14


def ether(mac=topology.MAC_RIGHT, vlan=None):
    tag = Ether(src=topology.MAC_LEFT, dst=mac)
    return tag / Dot1Q(vlan=vlan) if vlan else tag


def tagged(frame, vlan):
    """A frame with a VLAN tag put in."""
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]


def put(frame, offset, data):
    """A frame with some bytes written over, and nothing else changed."""
    return frame[:offset] + data + frame[offset + len(data):]


def options(frame, data):
    """An IPv4 frame with IP options, a multiple of four bytes."""
    header = bytearray(frame[L3:L3 + 20] + data)
    header[0] = 0x40 | len(header) // 4
    struct.pack_into("!H", header, 2, len(frame) - L3 + len(data))
    return V4.seal(frame[:L3] + bytes(header) + frame[L3 + 20:])


class V4:
    name, left, right, other = "ipv4", "192.0.2.1", "192.0.2.2", "192.0.2.77"
    L4, MOST = L3 + 20, 65507
    REQUEST, REPLY, PROTOCOL = 8, 0, 1
    # One frame's data, and one fragment's of an MTU of 1500.
    ONE, PIECE = 1472, 1480

    @classmethod
    def ping(cls, data=b"netlab", src=None, dst=None, mac=topology.MAC_RIGHT, vlan=None, icmp=None, **ip):
        packet = (ether(mac, vlan) / IP(src=src or cls.left, dst=dst or cls.right, **{"id": 0x1234, "ttl": 64, **ip}) /
                  ICMP(**{"id": 7, "seq": 9, **(icmp or {})}) / Raw(data))
        return bytes(packet)

    @classmethod
    def message(cls, kind, rest=b"\0\7\0\x09netlab", code=0):
        """A whole ICMP message of any type, its checksum right."""
        body = bytes([kind, code, 0, 0]) + rest
        return put(body, 2, struct.pack("!H", checksum(body)))

    @classmethod
    def carrying(cls, payload, **ip):
        """Whatever stands for an ICMP message, in a packet."""
        return bytes(ether() / IP(**{"src": cls.left, "dst": cls.right, "proto": 1, "id": 0x1234, **ip}) / Raw(payload))

    @staticmethod
    def seal(frame):
        """A frame with its IP header's checksum made right."""
        length = (frame[L3] & 15) * 4
        header = put(frame[L3:L3 + length], 10, b"\0\0")
        return put(frame, L3 + 10, struct.pack("!H", checksum(header)))

    @classmethod
    def patch(cls, frame, offset, data):
        """put() of a frame's IP header, and its checksum right again."""
        return cls.seal(put(frame, L3 + offset, data))

    @classmethod
    def with_class(cls, frame, value):
        return cls.patch(frame, 1, bytes([value]))

    @classmethod
    def with_hops(cls, frame, value):
        return cls.patch(frame, 8, bytes([value]))

    @classmethod
    def hops(cls, frame):
        return frame[L3 + 8]

    @classmethod
    def tclass(cls, frame):
        return frame[L3 + 1]

    @classmethod
    def cut(cls, frame, *parts, number=None):
        """Fragments of a datagram: each part is (offset, length, whether more follow)."""
        payload, cut = frame[cls.L4:], []
        for offset, length, more in parts:
            part = payload[offset:offset + length]
            head = bytearray(frame[:cls.L4])
            struct.pack_into("!H", head, L3 + 2, 20 + len(part))
            if number is not None:
                struct.pack_into("!H", head, L3 + 4, number & 0xffff)
            struct.pack_into("!H", head, L3 + 6, (0x2000 if more else 0) | offset // 8)
            cut.append(cls.seal(bytes(head) + part))
        return cut

    @classmethod
    def pieces(cls, frame, size=None, number=None):
        """A datagram cut into fragments of size bytes each."""
        return cls.cut(frame, *_parts(len(frame) - cls.L4, size or cls.PIECE), number=number)


class V6:
    name, left, right, other = "ipv6", "2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::77"
    L4, MOST = L3 + 40, 65527
    REQUEST, REPLY, PROTOCOL = 128, 129, 58
    ONE, PIECE = 1452, 1448

    @classmethod
    def ping(cls, data=b"netlab", src=None, dst=None, mac=topology.MAC_RIGHT, vlan=None, icmp=None, headers=None, **ip):
        packet = ether(mac, vlan) / IPv6(src=src or cls.left, dst=dst or cls.right, **{"hlim": 64, **ip})
        if headers is not None:
            packet = packet / headers
        return bytes(packet / ICMPv6EchoRequest(**{"id": 7, "seq": 9, "data": data, **(icmp or {})}))

    @classmethod
    def message(cls, kind, rest=b"\0\7\0\x09netlab", code=0):
        body = bytes([kind, code, 0, 0]) + rest
        return put(body, 2, struct.pack("!H", cls.sum(body)))

    @classmethod
    def sum(cls, body, src=None, dst=None):
        """The checksum that an ICMPv6 message is to have."""
        pseudo = b"".join(socket.inet_pton(socket.AF_INET6, a) for a in (src or cls.left, dst or cls.right))
        return checksum(pseudo + struct.pack("!II", len(body), 58) + body)

    @classmethod
    def carrying(cls, payload, **ip):
        return bytes(ether() / IPv6(**{"src": cls.left, "dst": cls.right, "nh": 58, **ip}) / Raw(payload))

    @classmethod
    def patch(cls, frame, offset, data):
        return put(frame, L3 + offset, data)

    @classmethod
    def with_class(cls, frame, value):
        word = struct.unpack_from("!H", frame, L3)[0]
        return put(frame, L3, struct.pack("!H", word & 0xf00f | value << 4))

    @classmethod
    def with_label(cls, frame, value):
        word = struct.unpack_from("!I", frame, L3)[0]
        return put(frame, L3, struct.pack("!I", word & 0xfff00000 | value))

    @classmethod
    def with_hops(cls, frame, value):
        return put(frame, L3 + 7, bytes([value]))

    @classmethod
    def hops(cls, frame):
        return frame[L3 + 7]

    @classmethod
    def tclass(cls, frame):
        return struct.unpack_from("!H", frame, L3)[0] >> 4 & 0xff

    @classmethod
    def label(cls, frame):
        return struct.unpack_from("!I", frame, L3)[0] & 0xfffff

    @classmethod
    def cut(cls, frame, *parts, number=0xabcd):
        """As V4's; of a packet without extension headers."""
        payload, cut = frame[cls.L4:], []
        for offset, length, more in parts:
            part = payload[offset:offset + length]
            head = bytearray(frame[:cls.L4])
            struct.pack_into("!HB", head, L3 + 4, 8 + len(part), 44)
            cut.append(bytes(head) + struct.pack("!BBHI", frame[L3 + 6], 0, offset | bool(more), number) + part)
        return cut

    @classmethod
    def pieces(cls, frame, size=None, number=0xabcd):
        return cls.cut(frame, *_parts(len(frame) - cls.L4, size or cls.PIECE), number=number)


def _parts(total, size):
    return [(offset, min(size, total - offset), offset + size < total) for offset in range(0, total, size)]


BOTH = (V4, V6)
