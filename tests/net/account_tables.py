#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tables beside protocols and hooks: ICMP types, TCP flags, sizes,
anomalies and ARP, to the packet, at a router between two hosts; what is odd
is passed on as it came. Netlink, the tool and /proc have the same numbers.
"""
import json
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tables  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import wire  # noqa: E402

ADDRESSES = {"ipv4": ("192.0.2.1", "198.51.100.1", "192.0.2.254"),
             "ipv6": ("2001:db8:1::1", "2001:db8:2::1", "2001:db8:1::fe")}
ICMP = {"ipv4": 1, "ipv6": 58}
FIN, SYN, RST, PSH, ACK, URG, ECE = 1, 2, 4, 8, 16, 32, 64
TCP, UDP, FRAGMENT, DEST, OTHER = 6, 17, 44, 60, 253


# ---- sending, and what the router counted

class Router:
    """The router with host-a's end of the wire to it and host-b's from it."""

    def __init__(self):
        self.reader = tables.Reader("router")
        self.a = wire.Port("host-a", "veth0", "192.0.2.254")
        self.b = wire.Port("host-b", "veth0")
        self.counted = None

    def reset(self):
        self.reader.reset()

    def send(self, *packets):
        """Send into the router, wait until it is done with them, and read its
        tables, of just these; what came back, and what came to host-b.
        """
        self.b.waiting()
        self.reset()
        back = self.a.exchange([tables.frame(packet, net.MAC_WEST, net.MAC_A) for packet in packets])
        self.counted = self.reader.tables()
        return [frame[14:] for frame in back], [frame[14:] for frame in self.b.waiting()]


def forwarded(packet):
    """A packet as a router sends it on."""
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]
    head = bytearray(packet[:20])
    head[8] -= 1
    head[10:12] = b"\0\0"
    head[10:12] = struct.pack("!H", tables.checksum(bytes(head)))
    return bytes(head) + packet[20:]


def both(family, value, hooks=tables.EDGES):
    return {(family, hook): value for hook in hooks}


# ---- TCP

def listen(family, address):
    with net.inside("host-b"):
        server = socket.socket(family)
    server.settimeout(20)
    server.bind((address, 80))
    server.listen()
    return server


def client(family):
    with net.inside("host-a"):
        sock = socket.socket(family)
    sock.settimeout(20)
    return sock


def connections(family, address):
    """One connection closed, one reset, one refused; each step is awaited."""
    server = listen(family, address)

    sock = client(family)
    sock.connect((address, 80))
    peer, _ = server.accept()
    peer.settimeout(20)
    sock.sendall(b"question")
    done = peer.recv(100) == b"question"
    peer.sendall(b"answer")
    done = done and sock.recv(100) == b"answer"
    sock.shutdown(socket.SHUT_WR)
    done = done and peer.recv(100) == b""
    peer.close()
    done = done and sock.recv(100) == b""
    sock.close()

    sock = client(family)
    sock.connect((address, 80))
    peer, _ = server.accept()
    peer.settimeout(20)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    try:
        peer.recv(100)
        done = False
    except ConnectionResetError:
        peer.close()
    server.close()

    sock = client(family)
    try:
        sock.connect((address, 80))
        done = False
    except ConnectionRefusedError:
        sock.close()
    return done


def retransmitted(ns):
    names, values = [line.split() for line in net.read("/proc/net/snmp", ns).splitlines()
                     if line.startswith("Tcp:")]
    return int(values[names.index("RetransSegs")])


def tcp_flags(router):
    readers = {"host-a": tables.Reader("host-a"), "router": router.reader,
               "host-b": tables.Reader("host-b")}
    for family in ADDRESSES:
        # syn, synack, fin, rst
        there, back = (3, 0, 1, 1), (0, 2, 1, 1)
        expected = {"host-a": {(family, "prerouting"): back, (family, "postrouting"): there},
                    "host-b": {(family, "prerouting"): there, (family, "postrouting"): back},
                    "router": both(family, tuple(map(sum, zip(there, back))))}
        # A slow machine may send a segment a second time; then it is no test.
        for _ in range(5):
            before = retransmitted("host-a") + retransmitted("host-b")
            for reader in readers.values():
                reader.reset()
            done = connections(socket.AF_INET6 if family == "ipv6" else socket.AF_INET,
                               ADDRESSES[family][1])
            got = {ns: reader.tables()["tcp"] for ns, reader in readers.items()}
            if retransmitted("host-a") + retransmitted("host-b") == before:
                break
            tap.note("TCP retransmitted; once more")
        tap.ok(done, f"{family}: connections that were closed, reset and refused")
        tap.equal(got, expected, f"{family}: their SYN, SYN-ACK, FIN and RST, at both ends and between")
    tables.agree("router", "after TCP")


# ---- ICMP and sizes

def icmp_types(router):
    for family, (a, b, me) in ADDRESSES.items():
        # The same type twice where it is even. A wrong checksum, of no
        # interest to who forwards it, keeps host-b from doing what they say.
        packets = [tables.icmp(a, b, kind, wrong=1) for kind in range(256) for _ in range(2 - kind % 2)]
        _, arrived = router.send(*packets)
        tap.equal(router.counted["icmp"],
                  {(family, hook, kind): 2 - kind % 2 for hook in tables.EDGES for kind in range(256)},
                  f"{family}: all 256 ICMP types, at prerouting and postrouting")
        tap.equal(router.counted["protocols"],
                  {(family, hook, ICMP[family]): (384, 384 * len(packets[0]))
                   for hook in ("prerouting", "forward", "postrouting")},
                  f"{family}: all of them are one protocol")
        tap.equal(arrived, [forwarded(packet) for packet in packets],
                  f"{family}: all of them arrive as they were")
        tables.agree("router", f"after all types of {family}")

        ask, answer = (8, 0) if family == "ipv4" else (128, 129)
        back, _ = router.send(*[tables.icmp(a, me, ask)] * 3)
        tap.equal(([packet[20 if family == "ipv4" else 40] for packet in back], router.counted["icmp"]),
                  ([answer] * 3, {(family, "prerouting", ask): 3, (family, "postrouting", answer): 3}),
                  f"{family}: three echo requests to the router come in, three replies go out")


def sizes(router):
    lengths = {64: (48, 64), 127: (65, 127), 255: (128, 255), 511: (256, 511), 1023: (512, 1023),
               1518: (1024, 1518), 0: (1519, 1999)}
    for family, (a, b, _) in ADDRESSES.items():
        head = 20 if family == "ipv4" else 40
        packets = [tables.packet(a, b, OTHER, bytes(length - head))
                   for both_ in lengths.values() for length in both_]
        router.send(*packets)
        tap.equal(router.counted["sizes"],
                  {(family, hook, limit): 2 for hook in tables.EDGES for limit in lengths},
                  f"{family}: a packet on either side of each bucket's bounds")
        tap.equal(router.counted["hooks"],
                  {(family, hook): (14, 14, sum(map(len, packets)), 0, 0, 0, 0)
                   for hook in ("prerouting", "forward", "postrouting")},
                  f"{family}: their number and bytes")
        tables.agree("router", f"after sizes of {family}")


# ---- anomalies

def fragment6(following, offset, more):
    return struct.pack("!BBHI", following, 0, offset | more, 7)


def odd_packets(family):
    """(what it is, packet, its reasons, whether the router can forward it)"""
    a, b, _ = ADDRESSES[family]

    def make(protocol, payload, source=a, **how):
        if family == "ipv4":
            return tables.ipv4(source, b, protocol, payload, **how)
        if how:
            payload = fragment6(protocol, how.get("offset", 0), how.get("more", False)) + payload
            protocol = FRAGMENT
        return tables.ipv6(source, b, protocol, payload)

    whole = {"TCP": (TCP, tables.tcp(ACK)), "UDP": (UDP, bytes(8)), "ICMP": (ICMP[family], b"\x2a" + bytes(7))}
    for name, (protocol, header) in whole.items():
        yield f"{name}, just its header", make(protocol, header), [], True
        yield f"{name}, a byte short", make(protocol, header[:-1]), ["l4-truncated"], True
        yield f"{name}, nothing of it", make(protocol, b""), ["l4-truncated"], True

    for length in (8, 16):
        yield (f"a first TCP fragment of {length} bytes", make(TCP, tables.tcp(ACK, length), more=True),
               ["tiny-fragment"], True)
        yield (f"a TCP fragment at {length}", make(TCP, bytes(24), offset=length),
               ["tiny-fragment"], True)
        yield f"a UDP fragment at {length}", make(UDP, bytes(24), offset=length), [], True
    yield "a first TCP fragment of 24 bytes", make(TCP, tables.tcp(ACK) + bytes(4), more=True), [], True
    yield "a TCP fragment at 24", make(TCP, bytes(24), offset=24), [], True

    for name, flags, reasons in (
            ("no flag", 0, ["tcp-null"]), ("none but ECE", ECE, ["tcp-null"]),
            ("FIN, PSH and URG", FIN | PSH | URG, ["tcp-xmas"]),
            ("FIN, PSH, URG and ACK", FIN | PSH | URG | ACK, []),
            ("SYN and FIN", SYN | FIN, ["tcp-syn-fin"]), ("all", 63, ["tcp-syn-fin"]),
            ("SYN", SYN, []), ("FIN and ACK", FIN | ACK, []), ("RST", RST, []), ("PSH", PSH, [])):
        yield f"TCP with {name}", make(TCP, tables.tcp(flags)), reasons, True

    yield "source and destination equal", make(OTHER, bytes(8), source=b), ["land"], True
    if family == "ipv4":
        for source, on in (("240.0.0.1", True), ("0.1.2.3", True), ("224.0.0.1", False),
                           ("255.255.255.255", False), ("127.0.0.1", False)):
            yield f"source {source}", make(OTHER, bytes(8), source=source), ["martian-source"], on
        yield "source 0.0.0.0", make(OTHER, bytes(8), source="0.0.0.0"), [], False
        yield ("two reasons", make(TCP, tables.tcp(0), source=b), ["land", "tcp-null"], True)
    else:
        for n, reasons in ((16, []), (17, ["exthdr-limit"])):
            chain = b"".join(bytes([DEST if i < n - 1 else OTHER, 0, 1, 4, 0, 0, 0, 0]) for i in range(n))
            yield f"{n} extension headers", make(DEST, chain + bytes(8)), reasons, True
        yield ("TCP behind an extension header, a byte short",
               make(DEST, bytes([TCP, 0, 1, 4, 0, 0, 0, 0]) + tables.tcp(ACK, 19)), ["l4-truncated"], True)


def passed_on():
    """{counter: (packets, bytes)} of nft, standing behind netlab at prerouting."""
    found = json.loads(net.run("nft", "-j", "list", "counters", ns="router"))["nftables"]
    return {row["counter"]["name"]: (row["counter"]["packets"], row["counter"]["bytes"])
            for row in found if "counter" in row}


def anomalies(router):
    net.run("nft", "-f", "-", ns="router", stdin="""
        table inet behind {
            counter ipv4 { }
            counter ipv6 { }
            chain prerouting {
                type filter hook prerouting priority -1000
                meta nfproto ipv4 counter name ipv4
                meta nfproto ipv6 counter name ipv6
            }
        }""")
    for family in ADDRESSES:
        n = size = 0
        for what, packet, reasons, on in odd_packets(family):
            back, arrived = router.send(packet)
            hooks = {key: value[1:3] for key, value in router.counted["hooks"].items()}
            hooks_on = ("prerouting", "forward", "postrouting") if on else ("prerouting",)
            tap.equal((router.counted["anomalies"], hooks, back, arrived),
                      ({(family, "prerouting", reason): 1 for reason in reasons},
                       both(family, (1, len(packet)), hooks_on), [], [forwarded(packet)] if on else []),
                      f"{family}: {what}: {', '.join(reasons) or 'not odd'}; "
                      f"{'arrives as it was' if on else 'is left to routing'}")
            n, size = n + 1, size + len(packet)
            if reasons:
                last = reasons
        tap.equal(passed_on()[family], (n, size), f"{family}: all of them came to the hook behind netlab")
        tables.agree("router", f"after {last[-1]}", typed=False)
    net.run("nft", "delete", "table", "inet", "behind", ns="router")


def bad_checksum(router):
    def errors():
        lines = [line.split() for line in net.read("/proc/net/snmp", "router").splitlines()]
        names, values = [line for line in lines if line[0] == "Icmp:"]
        six = dict(line.split() for line in net.read("/proc/net/snmp6", "router").splitlines())
        return {"ipv4": int(values[names.index("InCsumErrors")]), "ipv6": int(six["Icmp6InCsumErrors"])}

    for family, (a, _, me) in ADDRESSES.items():
        before = errors()[family]
        ask = 8 if family == "ipv4" else 128
        back, _ = router.send(*[tables.icmp(a, me, ask, wrong=1)] * 2, tables.icmp(a, me, ask))
        tap.equal((router.counted["anomalies"], len(back), errors()[family] - before),
                  ({(family, "input", "bad-icmp-checksum"): 2}, 1, 2),
                  f"{family}: an echo request's bad checksum: seen at input, and left to the stack")


def at_output(router):
    for family, source in (("ipv4", "127.0.0.1"), ("ipv6", "ff02::1")):
        a = ADDRESSES[family][0]
        six = family == "ipv6"
        router.reset()
        with net.inside("router"), socket.socket(socket.AF_INET6 if six else socket.AF_INET,
                                                 socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
            sock.sendto(tables.packet(source, a, TCP, tables.tcp(SYN | FIN)), (a, 0))
        counted = router.reader.tables()
        tap.equal((counted["anomalies"], counted["tcp"], sorted(counted["hooks"])),
                  ({(family, "output", reason): 1 for reason in ("martian-source", "tcp-syn-fin")},
                   {(family, "postrouting"): (1, 0, 1, 0)}, [(family, "output"), (family, "postrouting")]),
                  f"{family}: what this host sends is looked at, once")


# ---- ARP

def arp(router):
    me = bytes.fromhex(net.MAC_A.replace(":", ""))
    to = bytes.fromhex(net.MAC_WEST.replace(":", ""))

    def message(operation):
        return (to + me + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation) + me +
                socket.inet_aton("192.0.2.1") + to + socket.inet_aton("192.0.2.254"))

    router.reset()
    router.a.exchange([message(operation) for operation in (1, 1, 2, 2, 2, 2, 4, 8, 9, 10, 200, 0, 65535)])
    # And the question that ends an exchange, with its answer.
    expected = {("in", 1): 3, ("out", 2): 3, ("in", 2): 4, ("in", 4): 1, ("in", 8): 1, ("in", 9): 1,
                ("in", 0): 4}
    tap.equal(router.reader.tables()["arp"], expected, "ARP in and out, by operation")
    tables.agree("router", "after ARP")

    net.sysctl("router", ipv4__neigh__west__mcast_solicit=1)
    router.reset()
    with net.inside("router"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", ("192.0.2.77", 9))
    tap.wait_until(lambda: router.reader.tables()["arp"], "a question for the neighbour")
    tap.equal(router.reader.tables()["arp"], {("out", 1): 1}, "ARP out: this host's question")


def main():
    net.router()
    net.ip("host-a", "link set veth0 mtu 2000")
    net.ip("host-b", "link set veth0 mtu 2000")
    net.ip("router", "link set west mtu 2000", "link set east mtu 2000")
    router = Router()
    tcp_flags(router)
    # Without a way back host-b sends no error for what it can't use.
    net.ip("host-b", "route del default via 198.51.100.254", "route del default via 2001:db8:2::fe")
    icmp_types(router)
    sizes(router)
    anomalies(router)
    bad_checksum(router)
    at_output(router)
    arp(router)


tap.run(main)
