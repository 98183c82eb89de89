#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The sysctls of ICMP, raw sockets and IPsec policy: netlab heeds them as the stack does."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology
from probes import EVERYONE, V4, V6, options
from twins import NAMES, Probe, Twins, some

ALL_NODES = "33:33:00:00:00:01"


def ignored(twins):
    with twins.set(ipv4__icmp_echo_ignore_all=1):
        twins.same(V4, "icmp_echo_ignore_all", [
            *some(V4, "disabled", 0),
            Probe("with an option", options(V4.ping(), b"\1\1\1\1"), "disabled", 0),
            Probe("to the broadcast", V4.ping(dst="192.0.2.255", mac=EVERYONE), "broadcast", 0),
            Probe("in a broadcast frame", V4.ping(mac=EVERYONE), "broadcast", 0),
            Probe("a wrong checksum", V4.ping(icmp={"chksum": 1}), "bad-checksum", 0),
            Probe("a timestamp request", V4.carrying(V4.message(13, bytes(16))), None, 1, blank=[slice(V4.L4 + 2, V4.L4 + 20)])])
    with twins.set(ipv6__icmp__echo_ignore_all=1):
        twins.same(V6, "echo_ignore_all", [
            *some(V6, "disabled", 0),
            Probe("to all nodes", V6.ping(dst="ff02::1", mac=ALL_NODES), "multicast", 0),
            Probe("in a broadcast frame", V6.ping(mac=EVERYONE), "broadcast", 0),
            Probe("a wrong checksum", V6.ping(icmp={"cksum": 1}), "bad-checksum", 0)])
    # The ignore sysctls of one kind of destination don't concern others.
    with twins.set(ipv6__icmp__echo_ignore_multicast=1, ipv6__icmp__echo_ignore_anycast=1):
        twins.same(V6, "echo_ignore_multicast and _anycast, unicast", some(V6))
    # What a mask names the kernel limits, errors' limits being off here; netlab leaves it to it.
    with twins.set(ipv4__icmp_ratemask=6169):
        twins.same(V4, "icmp_ratemask names echo replies", some(V4, "disabled"))
    with twins.set(ipv6__icmp__ratemask="0-1,3-127,129"):
        twins.same(V6, "ratemask names echo replies", some(V6, "disabled", large="has-options"))
    with twins.set(ipv4__icmp_ratemask=0x7ffffffe):
        twins.same(V4, "icmp_ratemask names all but echo replies", some(V4))


def policies(twins):
    def policy(word, *selector, then=()):
        twins.run("ip", "xfrm", "policy", word, *selector, *then)

    for family, icmp in (V4, 1), (V6, 58):
        way_in = "dir", "in", "src", family.left, "dst", family.right, "proto", icmp
        way_out = "dir", "out", "src", family.right, "dst", family.left, "proto", icmp
        # Where fragments pass input one by one, they do so before the policy is asked.
        large = "policy" if family is V4 else "has-options"
        policy("add", *way_in, then=("action", "block"))
        twins.same(family, "IPsec policy blocks what comes in", [
            *some(family, "policy", 0, large), Probe("another source", family.ping(src=family.other), replies=1)])
        policy("del", *way_in)
        policy("add", *way_out, then=("action", "block"))
        twins.same(family, "IPsec policy blocks what goes out", [
            *some(family, "no-route", 0, "no-route" if family is V4 else "has-options"),
            Probe("to another host", family.ping(src=family.other), replies=1)])
        policy("del", *way_out)
        template = "tmpl", "src", family.left, "dst", family.right, "proto", "esp", "mode", "transport"
        policy("add", *way_in, then=template)
        twins.same(family, "IPsec policy wants ESP", some(family, "policy", 0, large))
        policy("del", *way_in)
        for way in way_in, way_out:
            policy("add", *way, then=("action", "allow"))
        twins.same(family, "IPsec policy allows", some(family))
        for way in way_in, way_out:
            policy("del", *way)


def raw_sockets(twins):
    for family, kind in (V4, socket.AF_INET), (V6, socket.AF_INET6):
        sockets = []
        for name in NAMES:
            with topology.inside(name):
                sockets.append(socket.socket(kind, socket.SOCK_RAW, family.PROTOCOL))
            sockets[-1].setblocking(False)
        large = "raw-socket" if family is V4 else "has-options"
        twins.same(family, "a raw socket listens", some(family, "raw-socket", None, large))
        seen = []
        for sock in sockets:
            got = []
            while True:
                try:
                    got.append(sock.recv(70000))
                except BlockingIOError:
                    break
            sock.close()
            seen.append([data for data in got if data[20 if family is V4 else 0] == family.REQUEST])
        tap.equal(seen[1], seen[0], f"{family.name}: the raw sockets of both namespaces saw the same")
        tap.equal(len(seen[0]), 5, f"{family.name}: that is, all five requests")
        twins.same(family, "it is closed", some(family))


def main():
    twins = Twins()
    twins.neighbours("veth0", "02:00:00:00:00:77", V4.other, V6.other)
    ignored(twins)
    raw_sockets(twins)
    policies(twins)
    twins.tool()


tap.run(main)
