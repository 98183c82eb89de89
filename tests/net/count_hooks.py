#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""N packets sent through a router are N counted, at each hook of each
namespace, in both families: every row of every table, and no row beside them.

Independent witnesses: the devices' own counters, and the stack's InReceives.
"""
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
from genl import rows  # noqa: E402

NAMES = ("host-a", "router", "host-b")
HOST_A = {"ipv4": "192.0.2.1", "ipv6": "2001:db8:1::1"}
HOST_B = {"ipv4": "198.51.100.1", "ipv6": "2001:db8:2::1"}
ICMP = {"ipv4": 1, "ipv6": 58}
HEADER = {"ipv4": 20, "ipv6": 40}
ETHERNET = 14

THERE = "prerouting forward postrouting"
OUT = "output postrouting"
IN = "prerouting input"


def witness():
    """What devices (but lo) and stacks counted: {(namespace, what): (packets, bytes)}"""
    found = {}
    for name in NAMES:
        rx, tx = [0, 0], [0, 0]
        for line in net.read("/proc/net/dev", name).splitlines()[2:]:
            device, numbers = line.split(":")
            n = [int(word) for word in numbers.split()]
            if device.strip() == "lo":
                continue
            for total, packets, size in ((rx, n[1], n[0]), (tx, n[9], n[8])):
                total[0] += packets
                total[1] += size - ETHERNET * packets
        found[name, "rx"], found[name, "tx"] = tuple(rx), tuple(tx)
        snmp6 = dict(line.split() for line in net.read("/proc/net/snmp6", name).splitlines())
        found[name, "stack-ipv6"] = (int(snmp6["Ip6InReceives"]), int(snmp6["Ip6InOctets"]))
        found[name, "stack-ipv4"] = (table("snmp", "Ip:", name)["InReceives"],
                                     table("netstat", "IpExt:", name)["InOctets"])
    return found


def table(file, prefix, name):
    keys, values = (line.split()[1:] for line in net.read("/proc/net/" + file, name).splitlines()
                    if line.startswith(prefix))
    return dict(zip(keys, map(int, values)))


def by_witness(counted, bypassed):
    """What the witnesses must have seen if netlab is right; host-a's device
    has also sent what bypassed the hooks."""
    found = {(name, what): (0, 0) for name in NAMES for what in ("rx", "tx", "stack-ipv4", "stack-ipv6")}
    for (name, family, hook, _), row in counted.items():
        if hook == "prerouting":
            genl.add(found, {(name, "rx"): row, (name, "stack-" + family): row})
        elif hook == "postrouting":
            genl.add(found, {(name, "tx"): row})
    genl.add(found, {("host-a", "tx"): bypassed})
    return found


def check(watch, expected, what, send, bypassed=(0, 0)):
    """Send, and compare all rows with what is expected and what others saw."""
    watch.reset()
    before = witness()
    send()
    counted = watch.settle(expected)
    tap.equal(counted, expected, what)
    seen = {key: (row[0] - before[key][0], row[1] - before[key][1])
            for key, row in witness().items()}
    tap.equal(seen, by_witness(counted, bypassed), f"{what}: devices and stack saw the same")


def there_and_back(family, protocol, n, size, back=None):
    """n packets from host-a's stack to host-b's, and n answers."""
    back = back or size
    expected = {}
    for one in (rows("host-a", family, protocol, n, size, OUT),
                rows("router", family, protocol, n, size, THERE),
                rows("host-b", family, protocol, n, size, IN),
                rows("host-b", family, protocol, n, back, OUT),
                rows("router", family, protocol, n, back, THERE),
                rows("host-a", family, protocol, n, back, IN)):
        genl.add(expected, one)
    return expected


def without(expected, ns, hooks):
    return {key: row for key, row in expected.items() if not (key[0] == ns and key[2] in hooks.split())}


def ping(family, n, size):
    out = net.run("ping", "-q", "-n", "-c", n, "-i", "0.002", "-s", size, "-W", "5", HOST_B[family],
                  ns="host-a")
    if f"{n} received" not in out:
        raise RuntimeError(out)


def blast(family, n, payload, *kind):
    out = net.run(net.program("blast"), "-i", "veth0", "-d", net.MAC_WEST, "-S", HOST_A[family],
                  "-D", HOST_B[family], "-n", n, "-l", payload, *kind, ns="host-a")
    if out != f"sent {n}\n":
        raise RuntimeError(out)


def packets(watch):
    for family in ("ipv4", "ipv6"):
        icmp, header = ICMP[family], HEADER[family]
        for n, payload in ((50, 56), (20, 1400), (10, 0)):
            size = header + 8 + payload
            check(watch, there_and_back(family, icmp, n, size),
                  f"{family}: {n} pings of {payload} bytes and their answers",
                  lambda: ping(family, n, payload))

        # AF_PACKET goes past the sender's own hooks; the answers do not.
        n = 3000
        check(watch, without(there_and_back(family, icmp, n, header + 8 + 31), "host-a", OUT)
              | rows("host-a", family, icmp, n, header + 8 + 31, IN),
              f"{family}: {n} echo requests by AF_PACKET, of odd length",
              lambda: blast(family, n, 31, "-k", "icmp"), (n, n * (header + 8 + 31)))
        check(watch, without(there_and_back(family, 6, n, header + 20 + 7, header + 20), "host-a", OUT)
              | rows("host-a", family, 6, n, header + 20, IN),
              f"{family}: {n} TCP segments by AF_PACKET, and as many resets",
              lambda: blast(family, n, 7, "-k", "tcp"), (n, n * (header + 20 + 7)))
        check(watch, rows("router", family, 17, n, header + 8 + 1000, THERE)
              | rows("host-b", family, 17, n, header + 8 + 1000, IN),
              f"{family}: {n} UDP datagrams by AF_PACKET, unanswered",
              lambda: blast(family, n, 1000, "-k", "udp"), (n, n * (header + 8 + 1000)))

        n, size = 20, header + 8 + 56
        lo = {"ipv4": "127.0.0.1", "ipv6": "::1"}[family]
        watch.reset()
        net.run("ping", "-q", "-n", "-c", n, "-i", "0.002", lo, ns="host-a")
        expected = rows("host-a", family, icmp, 2 * n, size, f"{OUT} {IN}")
        tap.equal(watch.settle(expected), expected,
                  f"{family}: {n} pings of itself, each sent and received twice")


def firewall(watch):
    """First at prerouting and output, last at the others: what a firewall
    drops is the difference, whatever its priority."""
    n, size = 200, 48
    full = (rows("router", "ipv4", 17, n, size, THERE) | rows("host-b", "ipv4", 17, n, size, IN))

    def drops(ns, hook, priority):
        net.run("nft", f"table inet t {{ chain c {{ type filter hook {hook} priority {priority}; "
                "meta l4proto { udp, icmp } counter drop; }; }", ns=ns)

    for ns, hook, priority, gone in (
            ("router", "prerouting", -2000000000, [("router", "forward postrouting"), ("host-b", IN)]),
            ("router", "forward", 2000000000, [("router", "forward postrouting"), ("host-b", IN)]),
            ("router", "postrouting", 2000000000, [("router", "postrouting"), ("host-b", IN)]),
            ("host-b", "input", 2000000000, [("host-b", "input")])):
        expected = full
        for where, hooks in gone:
            expected = without(expected, where, hooks)
        drops(ns, hook, priority)
        watch.reset()
        blast("ipv4", n, 20, "-k", "udp")
        tap.equal(watch.settle(expected), expected, f"nft drops at {ns}'s {hook}, priority {priority}")
        net.run("nft", "delete", "table", "inet", "t", ns=ns)

    drops("host-a", "output", -2000000000)
    watch.reset()
    done = net.run("ping", "-q", "-c", 5, "-i", "0.01", "-W", "0.1", HOST_B["ipv4"], ns="host-a", check=False)
    expected = rows("host-a", "ipv4", 1, 5, 84, "output")
    tap.equal(watch.settle(expected), expected, "nft drops at host-a's output, priority -2000000000")
    tap.ok("0 received" in done.stdout, "the pings that nft dropped found no answer", done.stdout)
    net.run("nft", "delete", "table", "inet", "t", ns="host-a")


def views(watch):
    """Four ways to read the same counters."""
    watch.reset()
    ping("ipv4", 3, 56)
    ping("ipv6", 2, 56)
    for name in NAMES:
        reading = watch.readers[name].read()
        tap.equal(net.counted(name), reading.protocols, f"{name}: the tool says what netlink says")
        tap.equal({key: {k: row[k] for k in ("skbs", "packets", "bytes", "fragments", "options")}
                   for key, row in net.hooks(name).items()}, reading.hooks,
                  f"{name}: and so does its table of hooks")
        tap.equal(reading.hooks, sums(reading), f"{name}: hooks are the sums over protocols")
        proc = {}
        for line in net.read("/proc/net/netlab/stats", name).splitlines():
            word = line.split()
            if word[0] == "protocols":
                proc[word[1], word[2], int(word[3])] = (int(word[4]), int(word[5]))
            elif word[0] == "epoch":
                tap.equal([int(n) for n in word[1:3]], [reading.netns, reading.epoch],
                          f"{name}: /proc is of the same namespace and epoch")
        tap.equal(proc, reading.protocols, f"{name}: and its table of protocols the same")
        one = json.loads(net.run(net.NETLAB, "-j", "stats", "family", "ipv4", "hook", "prerouting",
                                 "proto", "1", ns=name))["protocols"]
        tap.equal([(row["packets"], row["bytes"]) for row in one],
                  [reading.protocols["ipv4", "prerouting", 1]], f"{name}: one row by its filter")


def sums(reading):
    """The table of hooks as it must be when nothing is merged, cut or optional."""
    found = {}
    for (family, hook, _), (n, size) in reading.protocols.items():
        row = found.setdefault((family, hook), dict.fromkeys(
            ("skbs", "packets", "bytes", "fragments", "options"), 0))
        row["skbs"] += n
        row["packets"] += n
        row["bytes"] += size
    return found


def main():
    net.router()
    # Takes the datagrams for port 9, so that no error is sent for them.
    with net.inside("host-b"):
        sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sink.bind(("::", 9))
    watch = genl.Watch(*NAMES)
    packets(watch)
    firewall(watch)
    views(watch)


tap.run(main)
