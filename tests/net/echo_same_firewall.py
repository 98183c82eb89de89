#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the firewall does to echo requests and replies it does to netlab's as to the stack's."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
from probes import V4, V6
from twins import Probe, Twins, some


def firewall(twins, family, icmp, ip, hops):
    ask, reply = f"{icmp} type echo-request", f"{icmp} type echo-reply"

    def chain(hook, rule, kind="filter"):
        return twins.nft(f"table {ip} t {{ chain c {{ type {kind} hook {hook} priority 0; {rule}; }}; }}")

    def marked(outgoing):
        """A class's bits for ECN are none of a rule's that sets the DSCP."""
        for value in 0, 1, 2, 0xfc:
            yield Probe(f"class {value:#04x}", family.with_class(family.ping(), value),
                        check=lambda frames, value=value: outgoing(frames[0], value & 3))

    for hook in "prerouting", "input":
        with chain(hook, f"{ask} drop"):
            twins.same(family, f"nft drops at {hook}", some(family, None, 0))
    for hook in "output", "postrouting":
        with chain(hook, f"{reply} drop"):
            twins.same(family, f"nft drops the reply at {hook}", some(family, replies=0))
    with chain("input", f"{ask} reject"):
        twins.same(family, "nft rejects at input", some(family, None))
    with chain("output", f"{reply} reject"):
        rejected(twins, family)
    with chain("input", f"{ask} limit rate 1/hour burst 3 packets accept; {ask} drop"):
        twins.same(family, "nft lets three pass", [
            Probe("the first", [family.ping()] * 3, replies=3), Probe("the fourth", family.ping(), None, 0, requests=1)])
    with chain("output", f"{reply} {ip} dscp set 0x2e {hops} set 9"):
        twins.same(family, "nft writes into the reply", marked(
            lambda frame, ecn: (family.tclass(frame), family.hops(frame)) == (0xb8 | ecn, 9)))
    with chain("input", f"{ask} {ip} dscp set 0x0a {hops} set 3"):
        twins.same(family, "nft writes into the request", marked(
            lambda frame, ecn: (family.tclass(frame), family.hops(frame)) == (0x28 | ecn, 64)))
    with chain("output", f"{reply} meta mark set 5", "route"):
        twins.same(family, "nft routes the reply anew", some(family))


def rejected(twins, family):
    """What differs: while it replies the stack can't send the error that reject asks for. No reply leaves either."""
    addresses = slice(26, 34) if family is V4 else slice(22, 54)
    probes = list(some(family, replies=0))
    asked = []
    for twin in twins.twins:
        answers, began = twin.ask(probes)
        twin.grown(began, {})  # as long as netlab's MIB may be late
        asked.append([frame[addresses] for frames, _ in answers for frame in frames])
    twins.asked = [twins.asked[0] + sum(probe.requests for probe in probes),
                   twins.asked[1] + sum(probe.count for probe in probes)]
    stack, netlab = asked
    tap.ok(not stack and netlab and all(pair[:len(pair) // 2] == pair[len(pair) // 2:] for pair in netlab),
           f"{family.name}: nft rejects at output: no reply leaves, and netlab's host tells none but itself",
           f"the stack sent {len(stack)} frames; netlab's, source and destination: {[pair.hex() for pair in netlab]}")


def main():
    twins = Twins()
    firewall(twins, V4, "icmp", "ip", "ip ttl")
    firewall(twins, V6, "icmpv6", "ip6", "ip6 hoplimit")
    twins.tool()


tap.run(main)
