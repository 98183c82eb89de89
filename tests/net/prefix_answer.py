#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A prefix answers for its addresses as a host of their own would, and never where no host may.

What isn't answered is held against the same router without a prefix: the same
frames must come out of both its sides.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire
from prefix_packets import DATA, counts, cut, echo, frame, icmp, ip, is6, prefixes, reply

A4, A6 = "192.0.2.1", "2001:db8:1::1"
BROADCAST = "ff:ff:ff:ff:ff:ff"


class Router:
    """The router, and a port at each of its sides."""

    def __init__(self):
        self.west = wire.Port("host-a", "veth0", target="192.0.2.254")
        self.east = wire.Port("host-b", "veth0")

    def ask(self, frames):
        """(frames back from the west, frames out in the east, outcomes)"""
        self.west.waiting()
        self.east.waiting()
        before = wire.outcomes("router")
        back = self.west.exchange(frames)
        return back, self.east.waiting(), wire.grown(before, wire.outcomes("router"))


def prefix(*words):
    net.netlab("router", "prefix", *words)


def set_up():
    net.router()
    net.sysctl("router", ipv6__auto_flowlabels=0)
    net.ip("router", *(f"route add {to} via 198.51.100.1" for to in ("10.0.0.0/8", "203.0.113.0/24")),
           "route add 2001:db8:f::/48 via 2001:db8:2::1")
    return Router()


def answered(router, requests, what, outcome="replied", family="ipv4"):
    """All answered as a host would, and nothing forwarded."""
    back, out, said = router.ask([frame(request) for request in requests])
    expected = [frame(reply(request), net.MAC_A, net.MAC_WEST) for request in requests]
    tap.equal((wire.normal(back), out, said), (wire.normal(expected), [], {(family, "prefix", outcome): len(requests)}), what)


def nested(router, family, source, prefixes_, targets):
    """Three prefixes, one in the other, each with a limit of its own."""
    wide, middle, narrow = prefixes_
    prefix("add", wide)
    prefix("add", middle, "max-size", 128)
    prefix("add", narrow, "rate", 1, "burst", 2)
    head = 48 if is6(source) else 28

    answered(router, [echo(source, targets[0], DATA[:300], seq=n) for n in range(5)],
             f"{family}: 5 to the widest are answered", family=family)
    answered(router, [echo(source, targets[1], DATA[:128 - head], seq=n) for n in range(4)],
             f"{family}: 4 of 128 bytes to the one within it, too", family=family)
    got = router.ask([frame(echo(source, targets[1], DATA[:129 - head], seq=n)) for n in range(3)])
    tap.equal(got, ([], [], {(family, "prefix", "too-large"): 3}), f"{family}: 3 of 129 bytes are dropped as too large")
    begin = time.monotonic()
    back, out, said = router.ask([frame(echo(source, targets[2], seq=n)) for n in range(9)])
    late = int(time.monotonic() - begin)  # each second gives one more
    tap.ok(2 <= len(back) <= 2 + late and not out and
           said == {(family, "prefix", "replied"): len(back), (family, "prefix", "rate-limited"): 9 - len(back)},
           f"{family}: of 9 to the narrowest its burst of 2 is answered, the rest dropped", len(back), out, said)
    expected = {wide: (5, 5, 0), middle: (7, 4, 3), narrow: (9, len(back), 9 - len(back))}
    tap.equal(counts("router"), expected, f"{family}: each counts its own, by /proc")
    rows = {row["prefix"]: (row["requests"], row["replied"], row["refused"]) for row in net.netlab("router", "prefix")}
    tap.equal(rows, expected, f"{family}: and by the tool")

    prefix("del", middle)
    answered(router, [echo(source, targets[1], DATA[:300])], f"{family}: without it the widest answers", family=family)
    tap.equal(counts("router")[wide], (6, 6, 0), f"{family}: and counts it")
    prefix("replace", narrow)
    answered(router, [echo(source, targets[2], seq=n) for n in range(9)], f"{family}: replaced, without a limit", family=family)
    tap.equal(counts("router")[narrow], (9, 9, 0), f"{family}: its counters begin anew")

    net.ip("router", f"addr add {targets[0]} dev lo {'nodad' if is6(source) else ''}")
    back, out, said = router.ask([frame(echo(source, targets[0]))])
    tap.equal((len(back), out, said), (1, [], {(family, "local", "replied"): 1}),
              f"{family}: what the router owns is the local path's")
    net.netlab("router", "echo", "set", "local", "off")
    back, out, said = router.ask([frame(echo(source, targets[0]))])
    tap.equal((len(back), out, said), (1, [], {(family, "local", "disabled"): 1}),
              f"{family}: with local off the stack's")
    net.netlab("router", "echo", "set", "local", "on")
    net.ip("router", f"addr del {targets[0]} dev lo")
    answered(router, [echo(source, targets[0])], f"{family}: and no longer owned, the prefix's again", family=family)
    tap.equal(counts("router")[wide], (7, 7, 0), f"{family}: which counted nothing of what was owned")
    prefix("flush")


def same_as_stack(router, family, source, target, block):
    """The same requests, to a prefix and to an address of the stack's."""
    six = is6(source)
    requests = [echo(source, target, DATA[:size], seq=size) for size in (0, 1, 2, 3, 55, 56, 57, 1000, 1451, 1452)]
    requests += [echo(source, target, tos=tos) for tos in range(0, 256, 5)]
    requests += [echo(source, target, ttl=ttl) for ttl in (1, 2, 64, 255)]
    requests += [echo(source, target, ident=a, seq=b) for a, b in ((0, 0), (0xffff, 0xffff), (0xf7ff, 0))]
    requests += [echo(source, target, bytes(32), ident=0, seq=0), echo(source, target, code=1), echo(source, target, code=255)]
    if six:
        requests += [echo(source, target, flow=flow) for flow in (1, 0x12345, 0xfffff)]
    else:
        requests += [echo(source, target, DATA[:size], offset=0x4000) for size in (0, 1472)]  # DF
        requests += [echo(source, target, id=0), echo(source, target, id=0xffff)]
    frames = [frame(request) for request in requests]
    # Padding behind the packet, as short frames have it.
    frames += [frame(requests[0]) + b"padding!" * 2]
    frames += [frame(part) for part in cut(echo(source, target, DATA[:4001], tos=0xb8))]

    net.sysctl("router", ipv6__auto_flowlabels=1)
    answers = {}
    for who, owned in ("prefix", False), ("stack", True):
        if owned:
            prefix("flush")
            net.netlab("router", "echo", "set", "local", "off")
            net.ip("router", f"addr add {target} dev lo {'nodad' if six else ''}")
        else:
            prefix("add", block)
        for ttl in None, 77:
            if ttl:
                net.sysctl("router", **{"ipv6__conf__all__hop_limit" if six else "ipv4__ip_default_ttl": ttl})
                if six:
                    net.sysctl("router", ipv6__conf__west__hop_limit=ttl)
            answers[who, ttl] = router.ask(frames)
        net.sysctl("router", ipv4__ip_default_ttl=64, ipv6__conf__all__hop_limit=64, ipv6__conf__west__hop_limit=64)
    for ttl in None, 77:
        ours, theirs = answers["prefix", ttl], answers["stack", ttl]
        count = len(requests) + 2
        tap.equal(ours[2], {(family, "prefix", "replied"): count}, f"{family}: {count} requests are answered")
        wrong = [n for n, pair in enumerate(zip(wire.normal(ours[0]), wire.normal(theirs[0]))) if pair[0] != pair[1]]
        tap.ok(not wrong and len(ours[0]) == len(theirs[0]) == count + 2, f"{family}: byte for byte as the stack answers"
               f"{f', with a default TTL of {ttl}' if ttl else ''}", f"{len(ours[0])} and {len(theirs[0])} answers, "
               f"different: {wrong}", *(f"{side[0][n][:80].hex()}" for n in wrong[:1] for side in (ours, theirs)))
        tap.equal((ours[1], theirs[1]), ([], []), f"{family}: nothing is forwarded")
    net.sysctl("router", ipv6__auto_flowlabels=0)
    net.netlab("router", "echo", "set", "local", "on")
    net.ip("router", f"addr del {target} dev lo")


def not_for(family, good, source):
    """(what, request frame, the prefix's outcome or None)"""
    if family == "ipv4":
        for dst in "224.0.0.1", "239.1.2.3", "255.255.255.255", "192.0.2.255", "198.51.100.255":
            yield f"to {dst}", frame(echo(source, dst)), None
            yield f"to {dst}, broadcast frame", frame(echo(source, dst), BROADCAST), None
        yield "to 127.0.0.5", frame(echo(source, "127.0.0.5")), None
        for src in "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.1.2.3", "224.0.0.5", "255.255.255.255", "192.0.2.255":
            yield f"from {src}", frame(echo(src, good)), "bad-source"
        yield "with an option", frame(echo(source, good, options=b"\1\1\1\0")), "has-options"
        yield "4 bytes of an echo request", frame(ip(source, good, icmp(source, good, 8, b""))), "truncated"
    else:
        for dst in "ff02::1", "ff05::2", "ff0e::1234", "::1", "fe80::1", "::":
            yield f"to {dst}", frame(echo(source, dst)), None
        # Of these the kernel lets only the first come as far as prerouting.
        for src, outcome in ("::", "bad-source"), ("::1", None), ("ff02::1", None), ("ff0e::7", None):
            yield f"from {src}", frame(echo(src, good)), outcome
        options = ip(source, good, b"\x3a\0\1\4\0\0\0\0" + icmp(source, good, 128, bytes(8)), proto=60)
        yield "with destination options", frame(options), "has-options"
        yield "4 bytes of an echo request", frame(ip(source, good, icmp(source, good, 128, b""))), "truncated"
    yield "to a host's address, in a broadcast frame", frame(echo(source, good), BROADCAST), "broadcast"
    yield "in a multicast frame", frame(echo(source, good), "01:00:5e:00:00:01"), "broadcast"
    yield "in another host's frame", frame(echo(source, good), "02:00:00:00:00:99"), None
    for wrong in 1, 0x8000, 0xffff ^ 0x1234:
        yield f"a wrong checksum (^{wrong:#06x})", frame(echo(source, good, wrong=wrong)), "bad-checksum"


def never(router, family, source, good, everything):
    """With every address there is in a prefix: the same comes out as without it."""
    probes = list(not_for(family, good, source))
    echo_type = 128 if family == "ipv6" else 8
    others = [frame(ip(source, good, icmp(source, good, kind, bytes(12)))) for kind in range(256) if kind != echo_type]
    others += [frame(ip(source, good, bytes(20), proto=proto)) for proto in (6, 17, 47, 58 if family == "ipv4" else 1)]
    net.unlimited_icmp("router")
    plain = [router.ask([probe]) for _, probe, _ in probes], router.ask(others)
    prefix("add", everything, "force")
    for (what, probe, outcome), before in zip(probes, plain[0]):
        back, out, said = router.ask([probe])
        ours = {key: value for key, value in said.items() if key[1] == "prefix"}
        theirs = {key: value for key, value in said.items() if key[1] != "prefix"}
        tap.equal((wire.normal(back), wire.normal(out), theirs), (wire.normal(before[0]), wire.normal(before[1]), before[2]),
                  f"{family}: {what}: goes on its way, as if there were no prefix")
        tap.equal(ours, {(family, "prefix", outcome): 1} if outcome else {}, f"{family}: {what}: {outcome or 'none of the prefix'}")
    after = router.ask(others)
    tap.equal([wire.normal(side) for side in after[:2]] + [after[2]], [wire.normal(side) for side in plain[1][:2]] + [{}],
              f"{family}: every other ICMP type and other protocols go on their way")
    refused = sum(1 for _, _, outcome in probes if outcome)
    tap.equal(prefixes("router")[everything]["refused"], refused, f"{family}: the {refused} refused are counted")
    answered(router, [echo(source, good)], f"{family}: and a good one is answered", family=family)
    prefix("flush")


def main():
    router = set_up()
    nested(router, "ipv4", A4, ("10.0.0.0/8", "10.1.1.0/24", "10.1.1.1/32"), ("10.2.2.2", "10.1.1.9", "10.1.1.1"))
    nested(router, "ipv6", A6, ("2001:db8:f::/48", "2001:db8:f:1::/64", "2001:db8:f:1::1/128"),
           ("2001:db8:f:2::2", "2001:db8:f:1::9", "2001:db8:f:1::1"))
    same_as_stack(router, "ipv4", A4, "203.0.113.9", "203.0.113.0/24")
    same_as_stack(router, "ipv6", A6, "2001:db8:f::9", "2001:db8:f::/48")
    never(router, "ipv4", A4, "203.0.113.9", "0.0.0.0/0")
    never(router, "ipv6", A6, "2001:db8:f::9", "::/0")


tap.run(main)
