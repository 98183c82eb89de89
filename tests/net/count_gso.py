#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""An sk_buff that stands for many packets (TSO, GRO, UDP_SEGMENT) counts as
those packets, with the bytes that they have on the wire.

Witnesses: the kernel's TcpOutSegs; the same transfer cut into real segments;
and arithmetic, where the sizes are known.
"""
import ctypes
import fcntl
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402

DATA = 1_500_003
NAMES = ("host-a", "router", "host-b")
ADDRESSES = {"ipv4": ("198.51.100.1", socket.AF_INET), "ipv6": ("2001:db8:2::1", socket.AF_INET6)}
# The IP header; the TCP header with time stamps; the options of a SYN.
IP = {"ipv4": 20, "ipv6": 40}
TCP, SYN_OPTIONS = 32, 8
SIOCETHTOOL = 0x8946
SET_TSO, SET_GRO = 0x1f, 0x2c
SOL_UDP, UDP_SEGMENT = 17, 103


def offload(ns, device, command, value):
    """ethtool -K, without ethtool"""
    request = ctypes.create_string_buffer(struct.pack("=II", command, value))
    with net.inside(ns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP16x", device.encode(), ctypes.addressof(request)))


def tcp_mib(ns):
    keys, values = (line.split()[1:] for line in net.read("/proc/net/snmp", ns).splitlines()
                    if line.startswith("Tcp:"))
    return dict(zip(keys, map(int, values)))


def transfer(family):
    """DATA bytes from host-a to host-b, to the end of the connection."""
    address, kind = ADDRESSES[family]
    with net.inside("host-b"):
        server = socket.create_server((address, 5001), family=kind)
    with net.inside("host-a"):
        client = socket.socket(kind, socket.SOCK_STREAM)
    with server, client:
        server.settimeout(60)
        client.settimeout(60)
        client.connect((address, 5001))
        connection, _ = server.accept()
        connection.settimeout(60)

        def send():
            client.sendall(b"\x5a" * DATA)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        received = 0
        while chunk := connection.recv(1 << 16):
            received += len(chunk)
        connection.close()
        sender.join(60)
        if received != DATA or client.recv(1):
            raise RuntimeError(f"received {received} of {DATA} bytes")


def tcp(readers, family, what, merged):
    """merged: where an sk_buff holds several packets, as (namespace, hook)."""
    header = IP[family] + TCP

    def retransmitted():
        return sum(tcp_mib(ns)["RetransSegs"] for ns in NAMES)

    # The bytes of a segment sent twice are not known: then once more.
    for _ in range(5):
        for reader in readers.values():
            reader.reset()
        before = {ns: tcp_mib(ns) for ns in NAMES}
        again = retransmitted()
        transfer(family)
        if again == retransmitted():
            break
        tap.note("a segment was sent twice")

    def now():
        mib = {ns: {k: v - before[ns][k] for k, v in tcp_mib(ns).items()} for ns in NAMES}
        a, b = mib["host-a"]["OutSegs"], mib["host-b"]["OutSegs"]
        # Each side sends one SYN, and after it segments of one size of header.
        bytes_a = DATA + a * header + SYN_OPTIONS
        bytes_b = b * header + SYN_OPTIONS
        expected = {}
        for ns, hooks, packets, size in (
                ("host-a", "output postrouting", a, bytes_a), ("host-a", "prerouting input", b, bytes_b),
                ("router", "prerouting forward postrouting", a + b, bytes_a + bytes_b),
                ("host-b", "prerouting input", a, bytes_a), ("host-b", "output postrouting", b, bytes_b)):
            for hook in hooks.split():
                expected[ns, family, hook, 6] = (packets, size)
        readings = {ns: reader.read() for ns, reader in readers.items()}
        counted = {(ns, *key): row for ns, r in readings.items() for key, row in r.protocols.items()}
        return counted, expected, readings, mib

    deadline = time.monotonic() + 20
    while True:
        counted, expected, readings, mib = now()
        if counted == expected or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    tap.equal(counted, expected, f"{family}, {what}: packets are TcpOutSegs, bytes are the wire's")
    tap.equal(mib["host-a"]["RetransSegs"] + mib["host-b"]["RetransSegs"], 0,
              f"{family}, {what}: and no segment was sent twice")
    # Of the answers each is an sk_buff of its own.
    wrong = []
    for ns, reading in readings.items():
        for (_, hook), row in reading.hooks.items():
            data = ns == "router" or (hook in ("output", "postrouting")) == (ns == "host-a")
            want = data and (ns, hook) in merged
            if (row["skbs"] < row["packets"]) != want or row["skbs"] > row["packets"]:
                wrong.append(f"{ns} {hook}: {row['skbs']} sk_buffs, {row['packets']} packets")
    tap.ok(not wrong, f"{family}, {what}: sk_buffs are merged where they must be", *wrong)


def feature(ns, dev, name):
    """Whether a device has an offload, by ethtool's name."""
    return f"{name}: on" in net.run("ethtool", "-k", dev, ns=ns)


def udp_segments(readers, family):
    """What UDP_SEGMENT cuts is known beforehand; who cuts it, the device or IP, depends on the kernel (5.10: IP)."""
    address, kind = ADDRESSES[family]
    header = IP[family] + 8
    with net.inside("host-a"):
        sender = socket.socket(kind, socket.SOCK_DGRAM)
    cases = [(45000, 1400), (1401, 1400), (2800, 1400), (1400, 1400), (64, 1), (3, 2), (62000, 1100)]
    packets = size = 0
    for reader in readers.values():
        reader.reset()
    with sender:
        for length, segment in cases:
            sender.setsockopt(SOL_UDP, UDP_SEGMENT, segment)
            sender.sendto(b"\xa5" * length, (address, 9))
            segments = -(-length // segment)
            packets += segments
            size += length + segments * header
    expected = {}
    for ns, hooks in (("host-a", "output postrouting"), ("router", "prerouting forward postrouting"),
                      ("host-b", "prerouting input")):
        for hook in hooks.split():
            uncut = ns == "host-a" or feature("host-a", "veth0", "tx-udp-segmentation")
            expected[ns, family, hook] = {"skbs": len(cases) if uncut else packets, "packets": packets, "bytes": size,
                                          "fragments": 0, "options": 0}
    compare(readers, expected, f"{family}, UDP_SEGMENT: {len(cases)} sk_buffs are {packets} datagrams")


def large_datagram(readers, family):
    """Cut by the sender behind postrouting; IPv4 puts it together before input."""
    address, kind = ADDRESSES[family]
    length = 60000
    data = length + 8
    # Of 1500 bytes, behind the IP header (and the fragment header): in eights.
    step, header = {"ipv4": (1480, 20), "ipv6": (1448, 48)}[family]
    pieces = -(-data // step)
    for reader in readers.values():
        reader.reset()
    with net.inside("host-a"), socket.socket(kind, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"\xa5" * length, (address, 9))

    def row(packets, size, fragments, options):
        return {"skbs": packets, "packets": packets, "bytes": size, "fragments": fragments,
                "options": options}

    whole = row(1, IP[family] + data, 0, 0)
    cut = row(pieces, data + pieces * header, pieces, pieces if family == "ipv6" else 0)
    expected = {("host-a", family, "output"): whole, ("host-a", family, "postrouting"): whole,
                ("host-b", family, "prerouting"): cut,
                ("host-b", family, "input"): whole if family == "ipv4" else cut}
    for hook in ("prerouting", "forward", "postrouting"):
        expected["router", family, hook] = cut
    compare(readers, expected, f"{family}: a datagram of {length} bytes is one, then {pieces} fragments")


def compare(readers, expected, what):
    def now():
        return {(ns, *key): row for ns, reader in readers.items() for key, row in reader.read().hooks.items()}

    deadline = time.monotonic() + 20
    while (found := now()) != expected and time.monotonic() < deadline:
        time.sleep(0.02)
    tap.equal(found, expected, what)


def main():
    # One CPU, so that nothing is overtaken and taken for lost.
    os.sched_setaffinity(0, {0})
    net.router()
    with net.inside("host-b"):
        sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sink.bind(("::", 9))
    readers = {ns: genl.Reader(ns) for ns in NAMES}
    local = {("host-a", "output"), ("host-a", "postrouting")}
    routed = {("router", hook) for hook in ("prerouting", "forward", "postrouting")}
    received = {("host-b", "prerouting"), ("host-b", "input")}

    for family in ADDRESSES:
        tcp(readers, family, "TSO all the way", local | routed | received)
        udp_segments(readers, family)
        large_datagram(readers, family)
    offload("host-a", "veth0", SET_TSO, 0)
    for family in ADDRESSES:
        tcp(readers, family, "cut at the first device", local)
    # Until 5.13 a veth says that it has GRO, and has none without XDP.
    merging = not feature("router", "west", "generic-receive-offload")
    offload("router", "west", SET_GRO, 1)
    for family in ADDRESSES:
        tcp(readers, family, "merged again by the router's GRO", local | routed | received if merging else local)


tap.run(main)
