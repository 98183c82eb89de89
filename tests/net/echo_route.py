#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The way back is kept for a moment, and never longer than it holds: whatever
changes it, the next reply goes the new way; and what is kept holds neither a
device, nor a namespace, nor the module.

right has a second cable to left (veth1). Requests are sent without a pause, so
that the way back is known when it is changed; where a reply leaves is told by
what netlab counted for right's devices.
"""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap  # noqa: E402
import topology as net  # noqa: E402

HOST = {4: "192.0.2.1", 6: "2001:db8:1::1"}
RIGHT = {4: "192.0.2.2", 6: "2001:db8:1::2"}
FAMILY = {4: "ipv4", 6: "ipv6"}
BURST = 50
ETHERTYPE = {4: 0x0800, 6: 0x86dd}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def request(version, source):
    """An Ethernet frame with an echo request from source to right."""
    mac = bytes.fromhex((net.MAC_RIGHT + net.MAC_LEFT).replace(":", ""))
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    ends = socket.inet_pton(family, source) + socket.inet_pton(family, RIGHT[version])
    body = struct.pack("!HHH", 0, 7, 1) + bytes(range(56))
    if version == 4:
        echo = struct.pack("!BBH", 8, 0, checksum(b"\x08\x00" + body)) + body[2:]
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(echo), 1, 0, 64, 1, 0)
        header = header[:10] + struct.pack("!H", checksum(header + ends)) + ends
    else:
        pseudo = ends + struct.pack("!II", 2 + len(body), 58)
        echo = struct.pack("!BBH", 128, 0, checksum(pseudo + b"\x80\x00" + body)) + body[2:]
        header = struct.pack("!IHBB", 6 << 28, len(echo), 58, 64) + ends
    return mac + struct.pack("!H", ETHERTYPE[version]) + header + echo


class Sender:
    """Sends echo requests to right by left's veth0."""

    def __init__(self):
        with net.inside("left"):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind(("veth0", 0))

    def burst(self, version, n=BURST, source=None):
        frame = request(version, source or HOST[version])
        for _ in range(n):
            self.socket.send(frame)


def left_by(version):
    """{device: replies that right sent by it}"""
    protocol = {4: 1, 6: 58}[version]
    out = {}
    for row in net.stats("right")["devices"]:
        if (row["direction"], row["family"], row["protocol"]) == ("tx", FAMILY[version], protocol):
            out[row["dev"]] = out.get(row["dev"], 0) + row["packets"]
    return {dev: n for dev, n in out.items() if n}


def replied(version):
    return net.outcomes("right").get((FAMILY[version], "local", "replied"), 0)


def settle(version, sent):
    """Until what was sent has an outcome (the frames are taken in softirq)."""
    tap.wait_until(lambda: sum(n for (family, _, _), n in net.outcomes("right").items()
                               if family == FAMILY[version]) >= sent, "each request has its outcome")


def changes(sender, version):
    """Each change of the way back, while the replies go the old one."""
    bits = 32 if version == 4 else 128
    host = f"{HOST[version]}/{bits}"
    via1 = f"{host} dev veth1" + (" src " + RIGHT[version] if version == 4 else "")
    steps = (
        ("a more specific route added", f"route add {via1}", "veth1"),
        ("that route replaced", f"route replace {host} dev veth0", "veth0"),
        ("it replaced again", f"route replace {via1}", "veth1"),
        ("it removed", f"route del {host}", "veth0"),
        ("a route in another table, and a rule that leads there",
         f"route add {via1} table 100; rule add priority 10 to {host} lookup 100", "veth1"),
        ("the rule removed", "rule del priority 10", "veth0"),
        ("a rule by mark, and marks reflected", "rule add priority 10 fwmark 7 lookup 100", "veth1"),
        ("the rule by mark removed", "rule del priority 10", "veth0"),
        ("an unreachable route added", f"route add unreachable {host}", None),
        ("that removed", f"route del unreachable {host}", "veth0"),
        ("a rule that leads to an empty table", f"rule add priority 10 to {host} lookup 101", "veth0"),
        ("and a route put into that table", f"route add {via1} table 101", "veth1"),
        ("and taken from there", f"route del {host} table 101", "veth0"),
    )
    for what, commands, dev in steps:
        net.sysctl("right", **{f"ipv{version}__fwmark_reflect": int("mark" in what)})
        net.reset("right")
        sender.burst(version)
        net.run("ip", f"-{version}", "-n", "right", "-batch", "-", stdin=commands.replace("; ", "\n") + "\n")
        before = left_by(version)
        answered = replied(version)
        sender.burst(version)
        settle(version, 2 * BURST)
        after = left_by(version)
        went = {d: n - before.get(d, 0) for d, n in after.items() if n != before.get(d, 0)}
        tap.equal((went, replied(version) - answered), ({dev: BURST}, BURST) if dev else ({}, 0),
                  f"IPv{version}: {what}: the next {BURST} replies "
                  + (f"go by {dev}" if dev else "are not sent"))
    net.run("ip", f"-{version}", "-n", "right", "route", "flush", "table", "100")


def mark(version):
    """Requests from left are marked 7 as they come in."""
    family = {4: "ip", 6: "ip6"}[version]
    net.run("nft", "-f", "-", ns="right",
            stdin=f"add table {family} marking\n"
                  f"add chain {family} marking c {{ type filter hook prerouting priority mangle; }}\n"
                  f"add rule {family} marking c meta mark set 7\n")


def many(sender):
    """More hosts than are kept: each is answered, and each by its own way."""
    net.reset("right")
    hosts = [f"192.0.2.{i}" for i in range(100, 180)]
    net.neighbours("right", "veth0", net.MAC_LEFT, *hosts)
    net.neighbours("right", "veth1", net.MAC_LEFT, *hosts)
    net.ip("right", *(f"route add {h}/32 dev veth1 src 192.0.2.2" for h in hosts[::2]))
    for _ in range(5):
        for host in hosts:
            sender.burst(4, 2, host)
    settle(4, 800)
    tap.equal(left_by(4), {"veth0": 400, "veth1": 400}, "80 hosts by turns: each reply goes its host's way")
    net.ip("right", *(f"route del {h}/32" for h in hosts[::2]))


def devices(sender):
    """A device that goes while its route is kept, a namespace, the module."""
    for version in (4, 6):
        host = f"{HOST[version]}/{32 if version == 4 else 128}"
        net.ip("right", "link add gone type dummy", "link set gone up")
        net.sysctl("right", ipv6__conf__gone__disable_ipv6=0)
        net.run("ip", f"-{version}", "-n", "right", "route", "add", host, "dev", "gone",
                *(["src", RIGHT[4]] if version == 4 else []))
        net.run("ip", "-n", "right", "neigh", "replace", HOST[version], "lladdr", net.MAC_LEFT,
                "dev", "gone", "nud", "permanent")
        net.reset("right")
        sender.burst(version)
        settle(version, BURST)
        by = left_by(version)
        began = time.monotonic()
        net.run("ip", "-n", "right", "link", "del", "gone")
        took = time.monotonic() - began
        tap.equal(by, {"gone": BURST}, f"IPv{version}: replies go by a device")
        # A reference that is held delays this by a second, and is told of after ten.
        tap.ok(took < 5, f"IPv{version}: which can be removed at once", took)
        sender.burst(version)
        settle(version, 2 * BURST)
        tap.equal(left_by(version).get("veth0"), BURST, f"IPv{version}: the next replies go by another")


def ends(sender):
    """What was kept when the namespace, or the module, went."""
    for _ in range(3):
        net.add_namespace("brief", quiet=True)
        net.cable("left", "veth9", "brief", "veth0", None, net.MAC_RIGHT)
        net.addresses("brief", "veth0", *(f"{RIGHT[v]}/{24 if v == 4 else 64}" for v in (4, 6)))
        net.neighbours("brief", "veth0", net.MAC_LEFT, *HOST.values())
        with net.inside("left"):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.bind(("veth9", 0))
        for version in (4, 6):
            for _ in range(BURST):
                s.send(request(version, HOST[version]))
        tap.wait_until(lambda: sum(net.outcomes("brief").values()) >= 2 * BURST, "they are answered")
        s.close()
        net.del_namespace("brief")
        tap.wait_until(lambda: "veth9:" not in net.read("/proc/net/dev", "left"), "the namespace ends", 30)
    tap.ok(True, "a namespace ends right after it has replied")
    for version in (4, 6):
        sender.burst(version)
    net.run("rmmod", "netlab")
    net.del_namespace("right")
    tap.wait_until(lambda: "veth0:" not in net.read("/proc/net/dev", "left"), "the namespace ends", 30)
    log = net.run("dmesg")
    tap.ok("waiting for" not in log, "the module and then its namespace go at once, nothing is waited for",
           [line for line in log.splitlines() if "waiting for" in line])


def main():
    net.pair()
    net.cable("left", "veth1", "right", "veth1")
    net.neighbours("right", "veth1", net.MAC_LEFT, *HOST.values())
    net.wait_quiet("left", "right")
    sender = Sender()
    for version in (4, 6):
        mark(version)
        changes(sender, version)
    net.run("nft", "flush", "ruleset", ns="right")
    many(sender)
    devices(sender)
    ends(sender)


tap.run(main)
