#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What direct consumes is counted once in and once out, and what captures see is what was on the wire."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import tables
import tap
import topology as net
from wire import Port, outcomes

N = 25
TYPES = {"ipv4": (1, 8, 0), "ipv6": (58, 128, 129)}
# The host's own counters: where they stand, received and answered.
MIB = {"Icmp.InEchos": "ipv4", "Icmp.OutEchoReps": "ipv4", "Icmp.InMsgs": "ipv4", "Icmp.OutMsgs": "ipv4",
       "Ip.InReceives": "ipv4", "Ip.InDelivers": "ipv4", "Ip.OutRequests": "ipv4",
       "Icmp6InEchos": "ipv6", "Icmp6OutEchoReplies": "ipv6", "Icmp6InMsgs": "ipv6", "Icmp6OutMsgs": "ipv6",
       "Ip6InReceives": "ipv6", "Ip6InDelivers": "ipv6", "Ip6OutRequests": "ipv6"}
# Newer kernels count apart what was transmitted.
NEWER = "Ip.OutTransmits", "Ip6OutTransmits"


def mib():
    found, lines = {}, net.read("/proc/net/snmp", "right").splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        table = names.split(":")[0]
        found.update({f"{table}.{name}": int(value) for name, value in zip(names.split()[1:], values.split()[1:])})
    for line in net.read("/proc/net/snmp6", "right").splitlines():
        name, value = line.split()
        found[name] = int(value)
    return {key: found[key] for key in (*MIB, *(key for key in NEWER if key in found))}


def device():
    """Packets that right's veth0 has received and sent, by its own count."""
    for line in net.read("/proc/net/dev", "right").splitlines():
        if line.strip().startswith("veth0:"):
            words = line.split(":")[1].split()
            return int(words[1]), int(words[9])
    raise RuntimeError("right has no veth0")


def once_in_once_out(port):
    net.reset("right")
    before, at_device = mib(), device()
    sizes = {}
    for family in direct.FAMILIES:
        frame = direct.request(family)
        sizes[family] = len(frame) - 14
        direct.asked("right", port, [frame] * N)
    seen = device()
    begin, expected = time.monotonic(), {key: N for key in before}
    while True:
        late = time.monotonic() - begin >= 1
        now = {key: value - before[key] for key, value in mib().items()}
        if now == expected or late:
            break
        time.sleep(0.02)
    tap.equal(now, expected, "the host's MIB knows each request and reply within a second")

    reading = tables.dump("right")
    want = {name: {} for name in tables.TABLES}
    for family in direct.FAMILIES:
        protocol, asked, replied = TYPES[family]
        for hook, direction, kind in ("prerouting", "rx", asked), ("postrouting", "tx", replied):
            row = (N, N * sizes[family])
            want["protocols"][family, hook, protocol] = row
            want["icmp"][family, hook, kind] = N
            want["sizes"][family, hook, 64] = N
            want["devices"]["veth0", direction, family, protocol] = row
    reading["devices"] = {key[:1] + key[2:]: value for key, value in reading["devices"].items()}
    for name in "protocols", "icmp", "sizes", "devices":
        tap.equal(reading[name], want[name], f"{name}: once in at prerouting, once out at postrouting, at no other hook")
    # Two more of each are the ARP probes that each exchange ends with.
    tap.equal(tuple(b - a for a, b in zip(at_device, seen)), (2 * N + 2, 2 * N + 2), "the device counts the same frames")
    tap.equal(wire_outcomes(), {(family, "direct", "replied"): N for family in direct.FAMILIES},
              "the outcomes are those, and no others")
    tables.agree("right", "direct's traffic")


def wire_outcomes():
    """Of this epoch, from both places that tell them."""
    by_tool, by_proc = net.outcomes("right"), outcomes("right")
    if by_tool != by_proc:
        raise RuntimeError(f"the tool has {by_tool}, /proc {by_proc}")
    return by_proc


def sums(port):
    """Each request that comes to be answered has one outcome, whoever answers it."""
    net.reset("right")
    for family in direct.FAMILIES:
        probes = [direct.request(family), direct.request(family, wrong=1),
                  direct.request(family, frame={"dst": "ff:ff:ff:ff:ff:ff"})]
        if family == "ipv4":
            probes += [direct.request(family, options=b"\1\1\1\0"),
                       direct.request(family, dst="192.0.2.255"), direct.request(family, src="0.1.2.3")]
        direct.asked("right", port, probes * 3)
    for family in direct.FAMILIES:
        requests = tables.dump("right")["icmp"].get((family, "prerouting", TYPES[family][1]), 0)
        got = {key[1:]: value for key, value in outcomes("right").items() if key[0] == family}
        tap.ok(requests == sum(got.values()) and ("direct", "replied") in got and len(got) > 2,
               f"{family}: the sum of outcomes is the echo requests counted", requests, got)
    tables.agree("right", "direct's and other traffic")


def what_it_costs_in_devices(port):
    """A device's own counters, with a large reply: in its own bucket."""
    net.reset("right")
    frame = direct.request("ipv4", direct.PATTERN[:1400])
    direct.asked("right", port, [frame] * N)
    tap.equal({key: value for key, value in tables.dump("right")["sizes"].items() if key[0] == "ipv4"},
              {("ipv4", "prerouting", 1518): N, ("ipv4", "postrouting", 1518): N}, "sizes: of a large request and reply")


def packet_socket():
    """A packet socket on right's veth0, which holds on to what it has seen."""
    with net.inside("right"):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind(("veth0", 3))
    sock.settimeout(10)
    return sock


def captured(port):
    for family in direct.FAMILIES:
        sock = packet_socket()
        frames = [direct.request(family, b"number %d" % number) for number in range(5)]
        frames += [direct.request(family, b"").ljust(60, b"\xaa")]
        got, count = direct.asked("right", port, frames)
        seen = [sock.recv(2000) for _ in range(2 * len(frames))]
        sock.close()
        tap.equal(count, {(family, "direct", "replied"): len(frames)}, f"{family}: direct answers though a socket captures")
        tap.equal([frame.hex() for frame in seen], [frame.hex() for pair in zip(frames, got) for frame in pair],
                  f"{family}: the capture has each request as it was sent, and each reply as it came")


def tcpdump(port):
    path = "/run/direct.pcap"
    process = net.spawn("tcpdump", "-n", "-U", "--immediate-mode", "-i", "veth0", "-w", path, "-c", 4, "icmp or icmp6",
                        ns="right")
    # It says so when it listens, on its standard error.
    line = process.stdout.readline()
    while line and "listening" not in line:
        line = process.stdout.readline()
    sent, got = [], []
    for family in direct.FAMILIES:
        sent.append(direct.request(family))
        got += direct.asked("right", port, sent[-1:])[0]
    net.finish(process, 20)
    with open(path, "rb") as f:
        data, frames = f.read(), []
    os.unlink(path)
    at = 24
    while at < len(data):
        size = struct.unpack_from("=I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + size])
        at += 16 + size
    tap.equal([frame.hex() for frame in frames], [frame.hex() for pair in zip(sent, got) for frame in pair],
              "tcpdump on the device has both frames of both families")


def main():
    net.pair()
    port = Port("left", "veth0", direct.RIGHT["ipv4"])
    direct.set_direct("right", "veth0", "on")
    once_in_once_out(port)
    what_it_costs_in_devices(port)
    sums(port)
    captured(port)
    tcpdump(port)


tap.run(main)
