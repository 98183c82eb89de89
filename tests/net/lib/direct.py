# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests for `netlab echo direct', and what becomes of them.

Round tells which frames a list of probes brings and which outcomes they have,
under one setting; the tests compare rounds. The frames are built byte by byte
here, so that anything about them can be wrong.
"""
import socket
import struct

import topology
from wire import Probe, checksum, grown, network, outcomes

FAMILIES = ("ipv4", "ipv6")
LEFT = {"ipv4": "192.0.2.1", "ipv6": "2001:db8:1::1"}
RIGHT = {"ipv4": "192.0.2.2", "ipv6": "2001:db8:1::2"}
PREFIX = {"ipv4": "198.51.100.0/24", "ipv6": "2001:db8:f::/48"}
INSIDE = {"ipv4": "198.51.100.77", "ipv6": "2001:db8:f::77"}
MAC_OTHER = "02:00:00:00:00:77"
PATTERN = bytes(range(1, 252)) * 40


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def ether(packet, dst=topology.MAC_RIGHT, src=topology.MAC_LEFT, vlan=None):
    kind = {4: 0x0800, 6: 0x86dd}[packet[0] >> 4]
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    return mac(dst) + mac(src) + tag + struct.pack("!H", kind) + packet


def message(kind, data, code=0, pseudo=b"", wrong=0):
    """ICMP or ICMPv6; wrong: bits of the checksum to be turned over."""
    body = struct.pack("!BBHHH", kind, code, 0, 7, 9) + data
    return body[:2] + struct.pack("!H", checksum(pseudo + body) ^ wrong) + body[4:]


def ipv4(payload, src=LEFT["ipv4"], dst=RIGHT["ipv4"], tos=0, ttl=64, ident=0x1234, fragment=0, options=b"",
         wrong_header=0):
    length = 20 + len(options)
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | length // 4, tos, length + len(payload), ident, fragment, ttl, 1, 0,
                       address(src), address(dst)) + options
    return head[:10] + struct.pack("!H", checksum(head) ^ wrong_header) + head[12:] + payload


def ipv6(payload, src=LEFT["ipv6"], dst=RIGHT["ipv6"], tclass=0, hops=64, label=0, following=58):
    return struct.pack("!IHBB16s16s", 6 << 28 | tclass << 20 | label, len(payload),
                       following, hops, address(src), address(dst)) + payload


def request(family, data=b"netlab", src=None, dst=None, kind=None, code=0, wrong=0, frame=None, **ip):
    """An echo request in a frame; `frame' and `ip' go to ether() and to ipv4() or ipv6()."""
    src, dst = src or LEFT[family], dst or RIGHT[family]
    if family == "ipv4":
        packet = ipv4(message(8 if kind is None else kind, data, code, wrong=wrong), src, dst, **ip)
    else:
        pseudo = address(src) + address(dst) + struct.pack("!II", 8 + len(data), 58)
        packet = ipv6(message(128 if kind is None else kind, data, code, pseudo, wrong), src, dst, **ip)
    return ether(packet, **(frame or {}))


def cut(family, data, size, src=None, dst=None, **how):
    """A request in fragments of size bytes each, a multiple of eight."""
    whole = request(family, data, src, dst, **how)[14:]
    payload, parts = whole[20 if family == "ipv4" else 40:], []
    for offset in range(0, len(payload), size):
        part, more = payload[offset:offset + size], offset + size < len(payload)
        if family == "ipv4":
            parts.append(ether(ipv4(part, src or LEFT[family], dst or RIGHT[family], ident=0x4321,
                                    fragment=more << 13 | offset // 8)))
        else:
            header = struct.pack("!BBHI", 58, 0, offset | more, 0x4321)
            parts.append(ether(ipv6(header + part, src or LEFT[family], dst or RIGHT[family], following=44)))
    return parts


def eligible(family, src=None, dst=None, frame=None):
    """What direct answers."""
    def ask(*args, **how):
        return request(family, *args, src=src, dst=dst, frame=frame, **how)

    for size in 0, 1, 2, 3, 56, 57, 1000, 1452:
        yield Probe(f"{size} bytes of data", ask(PATTERN[:size]))
    yield Probe("padded to Ethernet's least length", ask(b"").ljust(60, b"\xaa"))
    yield Probe("followed by more than padding", ask(b"odd") + bytes(range(200)))
    yield Probe("all zero", ask(bytes(32)))
    yield Probe("code 5", ask(code=5))
    word = "tos" if family == "ipv4" else "tclass"
    yield Probe(f"every {word}", [ask(**{word: value}) for value in range(0, 256, 5)])
    for value in 1, 63, 255:
        yield Probe(f"{'TTL' if family == 'ipv4' else 'hop limit'} {value}",
                    ask(**{"ttl" if family == "ipv4" else "hops": value}))
    if family == "ipv4":
        yield Probe("don't fragment", ask(fragment=0x4000))
        yield Probe("ID 0", ask(ident=0))
    else:
        yield Probe("a flow label", ask(label=0x12345))


def ineligible(family):
    """What takes the ordinary way, whatever becomes of it there."""
    def ask(*args, **how):
        return request(family, *args, **how)

    ours, theirs = RIGHT[family], LEFT[family]
    yield Probe("fragments", cut(family, PATTERN[:3001], 1000))
    yield Probe("the first fragment alone", cut(family, PATTERN[:3001], 1000)[0])
    yield Probe("an ICMP checksum with a bit wrong", ask(wrong=0x0100))
    yield Probe("a link-layer broadcast", ask(frame={"dst": "ff:ff:ff:ff:ff:ff"}))
    yield Probe("a link-layer multicast", ask(frame={"dst": "01:00:5e:00:00:05"}))
    yield Probe("another host's frame", ask(frame={"dst": MAC_OTHER}))
    yield Probe("a frame from a multicast address", ask(frame={"src": "03:00:00:00:00:01"}))
    yield Probe("a frame from nobody", ask(frame={"src": "00:00:00:00:00:00"}))
    yield Probe("an echo reply", ask(kind=0 if family == "ipv4" else 129))
    yield Probe("the source is the destination", ask(src=ours))
    yield Probe("shorter than it says", ask(PATTERN[:60])[:80])
    yield Probe("cut inside the ICMP header", ask(b"")[:-4])
    if family == "ipv4":
        yield Probe("options", ask(options=b"\1\1\1\0"))
        yield Probe("record route", ask(options=bytes([7, 11, 4]) + bytes(8) + b"\0"))
        yield Probe("an IP checksum with a bit wrong", ask(wrong_header=1))
        yield Probe("an ICMP header of four bytes", ether(ipv4(b"\x08\0\xf7\xff")))
        yield Probe("an information request", ask(b"", kind=15))
        for word, source in (("multicast", "224.0.0.5"), ("the broadcast", "255.255.255.255"),
                             ("the subnet's broadcast", "192.0.2.255"), ("unspecified", "0.0.0.0"),
                             ("in 0/8", "0.1.2.3"), ("loopback", "127.0.0.1")):
            yield Probe(f"the source is {word}", ask(src=source))
        for word, target, to in (("multicast", "224.0.0.1", "01:00:5e:00:00:01"),
                                 ("multicast, in a frame of ours", "224.0.0.1", topology.MAC_RIGHT),
                                 ("the broadcast", "255.255.255.255", topology.MAC_RIGHT),
                                 ("the subnet's broadcast", "192.0.2.255", topology.MAC_RIGHT),
                                 ("loopback", "127.0.0.1", topology.MAC_RIGHT),
                                 ("nobody's here", "192.0.2.99", topology.MAC_RIGHT)):
            yield Probe(f"the destination is {word}", ask(dst=target, frame={"dst": to}))
    else:
        pseudo = address(theirs) + address(ours) + struct.pack("!II", 14, 58)
        echo = message(128, b"netlab", 0, pseudo)
        for word, kind, header in (("hop-by-hop options", 0, b"\x3a\0\1\4\0\0\0\0"),
                                   ("destination options", 60, b"\x3a\0\1\4\0\0\0\0"),
                                   ("an atomic fragment's header", 44, b"\x3a\0\0\0\0\0\0\1")):
            yield Probe(word, ether(ipv6(header + echo, following=kind)))
        for word, source in (("multicast", "ff02::5"), ("unspecified", "::"), ("loopback", "::1")):
            yield Probe(f"the source is {word}", ask(src=source))
        for word, target, to in (("multicast", "ff02::1", "33:33:00:00:00:01"),
                                 ("multicast, in a frame of ours", "ff02::1", topology.MAC_RIGHT),
                                 ("loopback", "::1", topology.MAC_RIGHT),
                                 ("nobody's here", "2001:db8:1::99", topology.MAC_RIGHT)):
            yield Probe(f"the destination is {word}", ask(dst=target, frame={"dst": to}))


def set_direct(ns, dev, word):
    topology.run(topology.NETLAB, "echo", "direct", dev, word, ns=ns)


def asked(ns, port, frames):
    """What comes back for some frames, and the outcomes that they have."""
    before = outcomes(ns)
    got = port.exchange(frames)
    return got, grown(before, outcomes(ns))


def echo_replies(frames):
    """Those of some frames that are echo replies, and neither errors nor multicast reports."""
    def is_one(frame):
        start, kind = network(frame)
        packet = frame[start:]
        return ((kind == 0x0800 and packet[9] == 1 and packet[(packet[0] & 15) * 4] == 0)
                or (kind == 0x86dd and packet[6] == 58 and packet[40] == 129))
    return [frame for frame in frames if is_one(frame)]


class Round:
    """Each probe's frames and outcomes under one setting."""

    def __init__(self, ns, port, probes):
        port.waiting()
        self.answers = [asked(ns, port, probe.frames) for probe in probes]


def direct_devices(ns):
    """The devices on which direct is: the tool and /proc say the same."""
    by_tool = topology.netlab(ns, "echo")["direct"]
    by_proc = [line.split()[1] for line in topology.read("/proc/net/netlab/echo", ns).splitlines()
               if line.startswith("direct ")]
    if by_tool != by_proc:
        raise RuntimeError(f"direct: the tool has {by_tool}, /proc {by_proc}")
    return by_tool


# ---- a device that can go while requests are sent to it

def bridged():
    """Namespaces left, mid and right, quiet:

    left            mid                right
    veth0 --- p1 [bridge] p2 --- veth0
    """
    topology.add_namespace("left", "mid", "right")
    topology.ip("mid", "link add bridge type bridge", "link set bridge up")
    topology.cable("left", "veth0", "mid", "p1", mac1=topology.MAC_LEFT)
    topology.ip("mid", "link set p1 master bridge")
    topology.addresses("left", "veth0", LEFT["ipv4"] + "/24", LEFT["ipv6"] + "/64")
    connect()
    topology.wait_quiet("left", "mid", "right")


def connect():
    """right's veth0, as new."""
    topology.cable("mid", "p2", "right", "veth0", mac2=topology.MAC_RIGHT)
    topology.ip("mid", "link set p2 master bridge")
    addressed("right")


def addressed(ns):
    """What right's veth0 has, and knows of left."""
    topology.addresses(ns, "veth0", RIGHT["ipv4"] + "/24", RIGHT["ipv6"] + "/64")
    topology.neighbours(ns, "veth0", topology.MAC_LEFT, LEFT["ipv4"], LEFT["ipv6"])


def path(port, ns="right", **how):
    """By which path one IPv4 request is answered; else what came of it."""
    port.waiting()  # of a flood before
    got, count = asked(ns, port, [request("ipv4", **how)])
    if len(echo_replies(got)) == 1 and len(count) == 1 and sum(count.values()) == 1:
        return list(count)[0][1]
    return len(got), count
