# SPDX-License-Identifier: GPL-2.0-only
"""Packets made by hand, the answers that belong to them, and what prefixes counted.

scapy takes ten seconds to begin in an emulated machine; for echo requests
struct does. An address tells the family. A packet begins at layer 3; frame()
gives it an Ethernet header.

    request = echo("192.0.2.1", "203.0.113.9", b"data")
    expected = reply(request)
    fragments = cut(request)
"""
import socket
import struct
import zlib

import tap
import topology
from wire import checksum

ICMP, UDP, ICMP6, DESTOPTS, FRAGMENT = 1, 17, 58, 60, 44
DATA = bytes(range(1, 252)) * 270


def is6(address):
    return ":" in address


def packet_is6(packet):
    return packet[0] >> 4 == 6


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if is6(address) else socket.AF_INET, address)


def mac(address):
    return bytes.fromhex(address.replace(":", ""))


def frame(packet, dst=topology.MAC_WEST, src=topology.MAC_A, tag=None):
    """A packet in an Ethernet frame, with a VLAN's tag if one is named."""
    kind = b"\x86\xdd" if packet_is6(packet) else b"\x08\x00"
    return mac(dst) + mac(src) + (b"\x81\x00" + struct.pack("!H", tag) if tag else b"") + kind + packet


def seal(header):
    """An IPv4 header with its checksum."""
    return header[:10] + struct.pack("!H", checksum(header[:10] + b"\0\0" + header[12:])) + header[12:]


def ip(src, dst, payload, proto=None, ttl=64, tos=0, ident=0x1234, offset=0, options=b"", flow=0):
    """A packet. offset: IPv4's flags and fragment offset; options: IPv4's."""
    if is6(dst):
        return struct.pack("!IHBB", 6 << 28 | tos << 20 | flow, len(payload), ICMP6 if proto is None else proto, ttl) + \
            packed(src) + packed(dst) + payload
    size = 20 + len(options)
    return seal(struct.pack("!BBHHHBBH", 0x40 | size // 4, tos, size + len(payload), ident, offset, ttl,
                            ICMP if proto is None else proto, 0) + packed(src) + packed(dst) + options) + payload


def icmp(src, dst, kind, rest, code=0, wrong=0):
    """An ICMP or ICMPv6 message; wrong is put into its checksum by exclusive or."""
    body = bytes([kind, code, 0, 0]) + rest
    pseudo = packed(src) + packed(dst) + struct.pack("!II", len(body), ICMP6) if is6(dst) else b""
    return body[:2] + struct.pack("!H", checksum(pseudo + body) ^ wrong) + body[4:]


def echo(src, dst, data=b"netlab", ident=7, seq=9, code=0, wrong=0, **fields):
    """An echo request; fields as ip()'s, but that ident and seq are ICMP's, and id is IPv4's."""
    if "id" in fields:
        fields["ident"] = fields.pop("id")
    rest = struct.pack("!HH", ident, seq) + data
    return ip(src, dst, icmp(src, dst, 128 if is6(dst) else 8, rest, code, wrong), **fields)


def addresses(packet):
    """(source, destination)"""
    family, at, size = (socket.AF_INET6, 8, 16) if packet_is6(packet) else (socket.AF_INET, 12, 4)
    return tuple(socket.inet_ntop(family, packet[n:n + size]) for n in (at, at + size))


def reply(request, ttl=64):
    """What answers an echo request that has no options."""
    src, dst = addresses(request)
    if packet_is6(request):
        tos = struct.unpack("!H", request[:2])[0] >> 4 & 0xff
        return ip(dst, src, icmp(dst, src, 129, request[44:], request[41]), ttl=ttl, tos=tos)
    return ip(dst, src, icmp(dst, src, 0, request[24:], request[21]), ttl=ttl, tos=request[1], ident=0)


def cut(packet, size=None, ident=0x77):
    """A packet without options in fragments of size bytes each, a multiple of 8; by default what Ethernet takes."""
    size = size or (1448 if packet_is6(packet) else 1480)
    header, payload = parts(packet)
    return [piece(header, payload, at, size, ident) for at in range(0, len(payload), size)]


def parts(packet):
    """(header, payload) of a packet without options"""
    size = 40 if packet_is6(packet) else 20
    return packet[:size], packet[size:]


def piece(header, payload, at, size, ident=0x77):
    """The fragment at an offset of a payload, whose header is that of the whole."""
    part, more = payload[at:at + size], at + size < len(payload)
    if packet_is6(header):
        return header[:4] + struct.pack("!HB", 8 + len(part), FRAGMENT) + header[7:40] + \
            struct.pack("!BBHI", header[6], 0, at | more, ident) + part
    return seal(header[:2] + struct.pack("!HHH", 20 + len(part), ident, more << 13 | at // 8) + header[8:]) + part


def forwarded(packet):
    """What a router makes of a packet that it sends on."""
    if packet_is6(packet):
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]
    size = 4 * (packet[0] & 15)
    return seal(packet[:8] + bytes([packet[8] - 1]) + packet[9:size]) + packet[size:]


def told(frames):
    """Frames in few words, of which no two frames have the same."""
    return [f"{len(f)} bytes {f[:66].hex()}... {zlib.crc32(f):08x}" for f in frames]


def prefixes(ns):
    """{prefix: {column: value}} of /proc/net/netlab/prefixes, numbers as numbers."""
    lines = [line.split() for line in topology.read("/proc/net/netlab/prefixes", ns).splitlines()]
    columns = lines[0][2:]
    return {line[1]: {name: int(word) if word.isdigit() else word for name, word in tap.pairs(columns, line[2:])}
            for line in lines[1:]}


def counts(ns):
    """{prefix: (requests, replied, refused)} of the prefixes that had requests."""
    return {name: (row["requests"], row["replied"], row["refused"])
            for name, row in prefixes(ns).items() if row["requests"]}
