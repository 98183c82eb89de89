#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prefixes among the kernel's other parts: DNAT, conntrack, VLAN, VRF, bridges, NFQUEUE."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire
from prefix_packets import DATA, counts, cut, echo, frame, reply, told
from prefix_queue import Queue

A4, A6 = "192.0.2.1", "2001:db8:1::1"
BLOCK4, BLOCK6 = "203.0.113.0/24", "2001:db8:f::/48"
IN4, IN6 = "203.0.113.9", "2001:db8:f::9"
NAT = """
table ip n {
	chain d { type nat hook prerouting priority -100; ip daddr 198.51.100.80 dnat to 203.0.113.9; ip daddr 198.51.100.81 dnat to 192.0.2.254; }
	chain s { type nat hook postrouting priority 100; oifname "east" masquerade; }
}
table ip6 n {
	chain d { type nat hook prerouting priority -100; ip6 daddr 2001:db8:2::80 dnat to 2001:db8:f::9; }
	chain s { type nat hook postrouting priority 100; oifname "east" masquerade; }
}"""
CONNTRACK = "table inet t { chain o { type filter hook output priority 0; ct state invalid counter drop; }; }"
QUEUE = "table inet t { chain q { type filter hook prerouting priority -150; meta l4proto { icmp, icmpv6 } iifname west queue num 5; }; }"
BRIDGE_MAC, FAR_MAC = "02:00:00:00:00:b0", "02:00:00:00:00:f0"


def nft(rules, ns="router"):
    net.run("nft", "-f", "-", ns=ns, stdin=rules)


class Watched:
    """A namespace that answers, a port that asks, and ports where something else may come out."""

    def __init__(self, ns, port, *others):
        self.ns, self.port, self.others = ns, port, others

    def ask(self, frames):
        """(frames back, frames elsewhere, outcomes), frames as told() tells them"""
        for port in self.port, *self.others:
            port.waiting()
        before = wire.outcomes(self.ns)
        back = wire.normal(self.port.exchange(frames))
        # A bridge floods the ARP request that ends an exchange.
        out = [got for port in self.others for got in port.waiting() if got[12:14] != b"\x08\x06"]
        return told(back), told(out), wire.grown(before, wire.outcomes(self.ns))


def expected(requests, dst=net.MAC_A, src=net.MAC_WEST, tag=None):
    return told(wire.normal([frame(part, dst, src, tag) for request in requests for part in in_pieces(reply(request))]))


def in_pieces(packet):
    return cut(packet) if len(packet) > 1500 else [packet]


def dnat(router):
    """The answer comes from the address that was asked."""
    nft(NAT)
    for family, source, asked, block in ("ipv4", A4, "198.51.100.80", BLOCK4), ("ipv6", A6, "2001:db8:2::80", BLOCK6):
        before = counts("router").get(block, (0, 0, 0))[1]
        requests = [echo(source, asked, DATA[:100], ident=ident, seq=seq) for ident in (1, 2) for seq in (1, 2, 3)]
        got = router.ask([frame(request) for request in requests])
        tap.equal(got, (expected(requests), [], {(family, "prefix", "replied"): 6}),
                  f"{family}: DNAT to a prefix: answered by the address that was asked, 6 times in two connections")
        large = echo(source, asked, DATA[:3000], ident=3)
        got = router.ask([frame(part) for part in cut(large, ident=0x31)])
        tap.equal(got, (expected([large]), [], {(family, "prefix", "replied"): 1}), f"{family}: in fragments, too")
        tap.equal(counts("router")[block][1] - before, 7, f"{family}: the prefix counted them")
        straight = [echo(source, IN4 if family == "ipv4" else IN6, ident=4)]
        got = router.ask([frame(request) for request in straight])
        tap.equal(got, (expected(straight), [], {(family, "prefix", "replied"): 1}), f"{family}: asked by its own address, it answers by that")
    own = [echo(A4, "198.51.100.81", ident=5)]
    got = router.ask([frame(request) for request in own])
    tap.equal(got, (expected(own), [], {("ipv4", "local", "replied"): 1}), "ipv4: DNAT to the router itself is the local path's")
    nft("flush ruleset")


def conntrack(router):
    """conntrack alone: the connection is confirmed, its reply is none that conntrack would call invalid."""
    nft(CONNTRACK)
    for family, source, target, ident in ("ipv4", A4, IN4, 0x4321), ("ipv6", A6, IN6, 0x4322):
        requests = [echo(source, target, ident=ident, seq=seq) for seq in range(5)]
        got = router.ask([frame(request) for request in requests])
        tap.equal(got, (expected(requests), [], {(family, "prefix", "replied"): 5}), f"{family}: `ct state invalid drop' at output drops no reply")
        listed = [line for line in net.read("/proc/net/nf_conntrack", "router").splitlines() if f"id={ident}" in line]
        tap.ok(len(listed) == 1 and "UNREPLIED" not in listed[0], f"{family}: conntrack has it once, confirmed, and has seen the reply", *listed)
        bad = frame(echo(source, target, ident=ident + 100, wrong=1))
        _, _, said = router.ask([bad])
        tap.equal(said, {(family, "prefix", "bad-checksum"): 1}, f"{family}: a bad one has one outcome")
    tap.ok("counter packets 0 " in net.run("nft", "list", "ruleset", ns="router"), "nothing invalid was seen at output")
    nft("flush ruleset")


def queue(router):
    """A program that a queue gives the packets to, before netlab sees them: it answers in that program's context."""
    nft(QUEUE)
    user = Queue("router", 5)
    for family, source, target in ("ipv4", A4, IN4), ("ipv6", A6, IN6):
        whole, large = echo(source, target, seq=3), echo(source, target, DATA[:3000], seq=4)
        for what, request, parts in ("whole", whole, [whole]), ("in fragments", large, cut(large, ident=0x61)):
            early = router.ask([frame(part) for part in parts])
            before = wire.outcomes("router")
            user.accept(len(parts))
            back = told(wire.normal(router.port.exchange([])))
            said = wire.grown(before, wire.outcomes("router"))
            tap.equal((early, back, said), (([], [], {}), expected([request]), {(family, "prefix", "replied"): 1}),
                      f"{family}: NFQUEUE at prerouting, {what}: answered when it comes back")
    user.close()
    nft("flush ruleset")


def routed():
    net.router()
    net.sysctl("router", ipv6__auto_flowlabels=0)
    net.ip("router", f"route add {BLOCK4} via 198.51.100.1", f"route add {BLOCK6} via 2001:db8:2::1")
    for block in BLOCK4, BLOCK6:
        net.netlab("router", "prefix", "add", block)
    router = Watched("router", wire.Port("host-a", "veth0", target="192.0.2.254"), wire.Port("host-b", "veth0"))
    # First: before 5.13 what conntrack reassembles by stays, once it is there.
    queue(router)
    dnat(router)
    conntrack(router)
    net.del_namespace("router", "host-a", "host-b")


def vlan_and_vrf():
    net.pair()
    net.sysctl("right", ipv6__auto_flowlabels=0)
    net.ip("right", *(line for n in (5, 6) for line in (
        f"link add link veth0 name vlan{n} type vlan id {n}", f"link set vlan{n} up")),
        "link add vrf9 type vrf table 9", "link set vlan6 master vrf9", "link set vrf9 up", "link set vlan6 up")
    for n in 5, 6:
        net.addresses("right", f"vlan{n}", f"192.0.{n}.2/24", f"2001:db8:{n}::2/64")
        net.neighbours("right", f"vlan{n}", net.MAC_LEFT, f"192.0.{n}.1", f"2001:db8:{n}::1")
    net.wait_quiet("right")
    for block in BLOCK4, BLOCK6:
        net.netlab("right", "prefix", "add", block)
    right = Watched("right", wire.Port("left", "veth0", target="192.0.2.2"))
    for n, what in (5, "VLAN"), (6, "VLAN in a VRF"):
        for family, source, target in ("ipv4", f"192.0.{n}.1", IN4), ("ipv6", f"2001:db8:{n}::1", IN6):
            requests = [echo(source, target, DATA[:size], seq=size) for size in (0, 57, 1400)]
            got = right.ask([frame(request, net.MAC_RIGHT, net.MAC_LEFT, n) for request in requests])
            tap.equal(got, (expected(requests, net.MAC_LEFT, net.MAC_RIGHT, n), [], {(family, "prefix", "replied"): 3}),
                      f"{family}: {what}: answered on the link that they came by")
            _, _, said = right.ask([frame(echo(source, target, wrong=1), net.MAC_RIGHT, net.MAC_LEFT, n)])
            tap.equal(said, {(family, "prefix", "bad-checksum"): 1}, f"{family}: {what}: a bad one has one outcome")
    owned = [echo("192.0.6.1", "192.0.6.2")]
    got = right.ask([frame(request, net.MAC_RIGHT, net.MAC_LEFT, 6) for request in owned])
    tap.equal(got[2], {("ipv4", "local", "replied"): 1}, "ipv4: what the VRF owns is the local path's")
    net.del_namespace("left", "right")


def bridged():
    """br_netfilter shows IP's hooks what is only bridged: it is not for this host."""
    net.run("modprobe", "br_netfilter")
    net.add_namespace("left", "right", "far")
    for ns, dev, mac in ("left", "port1", net.MAC_LEFT), ("far", "port2", FAR_MAC):
        net.cable(ns, "veth0", "right", dev, mac)
    net.ip("right", f"link add br0 address {BRIDGE_MAC} type bridge", "link set br0 up", *(
        f"link set port{n} master br0" for n in (1, 2)))
    net.addresses("right", "br0", "192.0.2.2/24", "2001:db8:1::2/64")
    net.neighbours("right", "br0", net.MAC_LEFT, A4, A6)
    net.run("bridge", "-n", "right", "fdb", "replace", FAR_MAC, "dev", "port2", "master", "static")
    with net.inside("right"):
        for name in "bridge-nf-call-iptables", "bridge-nf-call-ip6tables":
            with open(f"/proc/sys/net/bridge/{name}", "w", encoding="ascii") as f:
                f.write("1")
    net.sysctl("right", ipv6__auto_flowlabels=0)
    net.wait_quiet("right", "left", "far")
    for block in BLOCK4, BLOCK6:
        net.netlab("right", "prefix", "add", block)
    right = Watched("right", wire.Port("left", "veth0", target="192.0.2.2"), wire.Port("far", "veth0"))
    for family, source, target in ("ipv4", A4, IN4), ("ipv6", A6, IN6):
        request = echo(source, target, DATA[:80])
        passing = frame(request, FAR_MAC, net.MAC_LEFT)
        tap.equal(right.ask([passing]), ([], told([passing]), {}), f"{family}: bridged to another host: untouched, no outcome")
        large = echo(source, target, DATA[:3000])
        passing = [frame(part, FAR_MAC, net.MAC_LEFT) for part in cut(large, ident=0x71)]
        got = right.ask(passing)
        tap.equal(got, ([], told(passing), {}), f"{family}: its fragments, too")
        got = right.ask([frame(request, BRIDGE_MAC, net.MAC_LEFT)])
        tap.equal(got, (expected([request], net.MAC_LEFT, BRIDGE_MAC), [], {(family, "prefix", "replied"): 1}),
                  f"{family}: to the bridge's own MAC address: answered")
        got = right.ask([frame(part, BRIDGE_MAC, net.MAC_LEFT) for part in cut(large, ident=0x72)])
        tap.equal(got, (expected([large], net.MAC_LEFT, BRIDGE_MAC), [], {(family, "prefix", "replied"): 1}),
                  f"{family}: its fragments, too")
        _, _, said = right.ask([frame(echo(source, target, wrong=1), BRIDGE_MAC, net.MAC_LEFT)])
        tap.equal(said, {(family, "prefix", "bad-checksum"): 1}, f"{family}: a bad one has one outcome")


def main():
    routed()
    vlan_and_vrf()
    bridged()


tap.run(main)
