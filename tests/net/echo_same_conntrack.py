#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""To conntrack and NAT netlab's answers are part of the connection, as the stack's are."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
from probes import BOTH, V4, V6
from twins import Probe, Twins, some

# ct state invalid: what is no part of a connection, a wrong checksum too.
OUTPUT = {
    "ct state invalid drop": "ct state invalid drop",
    "what isn't established stays": "ct state established,related accept; drop",
    "what is new stays": "meta l4proto { icmp, icmpv6 } ct state new drop",
}


def states(twins):
    for name, rule in OUTPUT.items():
        with twins.nft(f"""table inet t {{
                chain i {{ type filter hook input priority 0; ct state invalid drop; }};
                chain o {{ type filter hook output priority 0; {rule}; }}; }}"""):
            for number, family in enumerate(BOTH):
                again = family.ping(icmp={"id": 0x4000 + number})
                twins.same(family, f"conntrack, {name}", [
                    *some(family, large="replied"),
                    Probe("of another id", again, replies=1), Probe("and again", again, replies=1),
                    Probe("a wrong checksum", family.ping(icmp={"chksum" if family is V4 else "cksum": 1}), None, 0, requests=1),
                    Probe("a reply that nobody asked for", family.carrying(family.message(family.REPLY)), None, 0)])


def nat(twins):
    for family, table, target in (V4, "ip", "198.51.100.9"), (V6, "ip6", "2001:db8:9::9"):
        for rule in f"dnat to {family.right}", "redirect":
            with twins.nft(f"table {table} n {{ chain p {{ type nat hook prerouting priority -100; {table} daddr {target} {rule}; }}; }}"):
                twins.same(family, f"NAT: {rule.split()[0]}", some(family, large="replied", dst=target))
        with twins.nft(f"table {table} r {{ chain p {{ type filter hook prerouting priority -300; notrack; }}; "
                       f"chain i {{ type filter hook input priority 0; ct state untracked accept; drop; }}; }}"):
            twins.same(family, "notrack", some(family, large="replied"))


def main():
    twins = Twins()
    states(twins)
    nat(twins)
    twins.tool()


tap.run(main)
