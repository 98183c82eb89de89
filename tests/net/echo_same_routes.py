#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Marks, rules and several ways back: netlab's reply takes the one that the stack's takes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology
from probes import BOTH, OTHER_MAC, PATTERN, V4, V6
from twins import Probe, Twins

SIZES = (0, 6, 57, 1000)


def to_mac(mac):
    """A check: the reply goes to this host of the link."""
    return lambda frames: all(frame[:6] == bytes.fromhex(mac.replace(":", "")) for frame in frames)


def marks(twins):
    for hook in "input", "prerouting":
        rules = f"chain c {{ type filter hook {hook} priority 0; meta l4proto {{ icmp, icmpv6 }} meta mark set 7; }};"
        with twins.nft(f"table inet t {{ {rules} }}"):
            for family in BOTH:
                twins.run("ip", f"-{family.name[3]}", "rule", "add", "fwmark", "7", "table", "100")
                twins.ip(f"route add default via {family.other} table 100")
                for reflect, mac in (0, topology.MAC_LEFT), (1, OTHER_MAC):
                    with twins.set(**{f"{family.name}__fwmark_reflect": reflect}):
                        twins.same(family, f"marked at {hook}, fwmark_reflect {reflect}", [
                            Probe(f"{size} bytes", family.ping(PATTERN[:size]), check=to_mac(mac)) for size in SIZES])
                twins.run("ip", f"-{family.name[3]}", "rule", "del", "fwmark", "7", "table", "100")
                twins.ip(f"route del default via {family.other} table 100")


def rules(twins):
    """What else an ip rule can tell a reply by."""
    for family in BOTH:
        twins.ip(f"route add default via {family.other} table 101")
        icmp = 1 if family is V4 else 58
        for rule in "tos 0x10", f"from {family.right}", f"ipproto {icmp}", "dev lo", "oif veth0", "uidrange 0-0":
            twins.run("ip", f"-{family.name[3]}", "rule", "add", *rule.split(), "table", "101")
            # IPv6 asks for the device that the request came by, IPv4 for none; IPv4 for the class, IPv6 for none.
            taken = rule != "oif veth0" if family is V4 else not rule.startswith("tos")
            classes = (0x10, 0x12) if rule.startswith("tos") else (0, 0x10, 0x12, 0x1e, 0xb8, 0xff)
            twins.same(family, f"ip rule {rule}", [
                Probe(f"class {value:#04x}", family.with_class(family.ping(), value),
                      check=to_mac(OTHER_MAC if taken else topology.MAC_LEFT)) for value in classes])
            twins.run("ip", f"-{family.name[3]}", "rule", "del", *rule.split(), "table", "101")
        twins.ip(f"route del default via {family.other} table 101")


def multipath(twins):
    """Each source's replies take the same one of two ways."""
    for family, prefix in (V4, "198.18.0.0/16"), (V6, "2001:db8:50::/48"):
        twins.ip(f"route add {prefix} nexthop via {family.left} nexthop via {family.other}")
        # The stack asks for the device that an IPv6 request came by: there is one way then, but on 5.10.
        ways = (2,) if family is V4 else (1, 2)
        for policy in 0, 1:
            with twins.set(**{f"{family.name}__fib_multipath_hash_policy": policy}):
                sources = [f"198.18.0.{n}" if family is V4 else f"2001:db8:50::{n:x}" for n in range(1, 33)]
                twins.same(family, f"multipath, hash policy {policy}", [
                    Probe("32 sources", [family.ping(src=src) for src in sources], replies=32,
                          check=lambda frames, ways=ways: len({frame[:6] for frame in frames}) in ways)])
        twins.ip(f"route del {prefix}")


def main():
    twins = Twins()
    twins.neighbours("veth0", OTHER_MAC, V4.other, V6.other)
    marks(twins)
    rules(twins)
    multipath(twins)
    twins.tool()


tap.run(main)
