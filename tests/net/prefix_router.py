#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A router with prefixes: what passes through is left alone, and each packet counts once where it was."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tables
import tap
import topology as net
import wire
from prefix_packets import DATA, counts, cut, echo, forwarded, frame, icmp, ip, reply, told

HOST = {"ipv4": "192.0.2.1", "ipv6": "2001:db8:1::1"}
BEYOND = {"ipv4": "198.51.100.7", "ipv6": "2001:db8:2::7"}  # behind host-b, in no prefix
TARGET = {"ipv4": "203.0.113.9", "ipv6": "2001:db8:f::9"}
BLOCK = {"ipv4": "203.0.113.0/24", "ipv6": "2001:db8:f::/48"}
FAMILIES = ("ipv4", "ipv6")
ICMP = {"ipv4": 1, "ipv6": 58}
REQUEST = {"ipv4": 8, "ipv6": 128}
REPLY = {"ipv4": 0, "ipv6": 129}


class Router:
    """The router, a port on host-a's side and one on host-b's."""

    def __init__(self):
        self.west = wire.Port("host-a", "veth0", target="192.0.2.254")
        self.east = wire.Port("host-b", "veth0")

    def ask(self, packets):
        """(frames back from the west, frames out in the east, outcomes); frames as told() tells them"""
        self.west.waiting()
        self.east.waiting()
        before = wire.outcomes("router")
        back = wire.normal(self.west.exchange([frame(packet) for packet in packets]))
        return told(back), told(self.east.waiting()), wire.grown(before, wire.outcomes("router"))


def prefix(*words):
    net.netlab("router", "prefix", *words)


def settings(*words):
    net.netlab("router", "echo", "set", *words)


def answers(packets, ttl=64):
    return told(wire.normal([frame(reply(packet, ttl), net.MAC_A, net.MAC_WEST) for packet in packets]))


def passed(packets):
    return told([frame(forwarded(packet), net.MAC_B, net.MAC_EAST) for packet in packets])


def passing(router, family):
    """Traffic for a host that is in no prefix, though prefixes are all around."""
    here, beyond = HOST[family], BEYOND[family]
    fragments = cut(echo(here, beyond, DATA[:4000], id=5))
    whole = [echo(here, beyond, DATA[:size], seq=size, tos=0xb8) for size in (0, 1, 1452)]
    whole += [echo(here, beyond, options=b"\1\1\1\1") if family == "ipv4" else
              ip(here, beyond, b"\x3a\0\1\4\0\0\0\0" + icmp(here, beyond, 128, bytes(8)), proto=60)]
    whole += [ip(here, beyond, bytes(20), proto=proto) for proto in (6, 17, 132)]
    for what, packets in (("requests and others", whole), ("fragments", fragments), ("fragments, the last first", fragments[::-1]),
                          ("one fragment of several", fragments[1:2])):
        back, out, said = router.ask(packets)
        tap.equal((back, out, said), ([], passed(packets), {}), f"{family}: to a host beyond: {what} pass, only the TTL less")


def others(router, family):
    """What is for a prefix's address, but is no echo request."""
    here, target = HOST[family], TARGET[family]
    udp = ip(here, target, DATA[:4000], proto=17)
    packets = [icmp_packet(family, here, target, kind) for kind in (REPLY[family], 3, 13, 1)] + [ip(here, target, bytes(20), proto=6)]
    back, out, said = router.ask(packets)
    tap.equal((back, out, said), ([], passed(packets), {}), f"{family}: to a prefix: what is no echo request passes")
    for what, parts in ("UDP", cut(udp)), ("UDP, the last first", cut(udp)[::-1]):
        back, out, said = router.ask(parts)
        tap.equal((back, out, said), ([], passed(parts), {}), f"{family}: to a prefix: fragments of {what} pass")


def icmp_packet(family, src, dst, kind):
    return ip(src, dst, icmp(src, dst, kind, bytes(28)))


def accounting(router, family):
    """Each request in at prerouting, each answer out at output and postrouting, nothing else."""
    net.reset("router")
    requests = [echo(HOST[family], TARGET[family], DATA[:100], seq=n) for n in range(20)]
    before = counts("router").get(BLOCK[family], (0, 0, 0))
    back, out, said = router.ask(requests)
    after = counts("router")[BLOCK[family]]
    reading = tables.proc("router")
    size = 20 * len(requests[0])
    rows = {key: value for key, value in reading["protocols"].items() if key[0] == family}
    tap.equal(rows, {(family, hook, ICMP[family]): (20, size) for hook in ("prerouting", "output", "postrouting")},
              f"{family}: 20 requests at prerouting, 20 answers at output and postrouting, none at input or forward")
    tap.equal({key: value for key, value in reading["icmp"].items() if key[0] == family},
              {(family, "prerouting", REQUEST[family]): 20, (family, "postrouting", REPLY[family]): 20},
              f"{family}: by ICMP's types, too")
    tap.equal({key[0::2]: value for key, value in reading["devices"].items() if key[3] == family},
              {("west", direction, ICMP[family]): (20, size) for direction in ("rx", "tx")},
              f"{family}: and by device: in and out at the west")
    tap.equal((len(back), out, said), (20, [], {(family, "prefix", "replied"): 20}), f"{family}: each with one outcome")
    tap.equal(tuple(b - a for a, b in zip(before, after)), (20, 20, 0), f"{family}: and once in its prefix")


def sums(router):
    """Requests that meet every outcome: each request of the ICMP table has exactly one.

    (A truncated one has no type there, and ::1 as source doesn't come to prerouting.)
    """
    net.reset("router")
    start = wire.outcomes("router")
    settings("max-size", 1000)
    packets = []
    for family in FAMILIES:
        here, target = HOST[family], TARGET[family]
        own = "192.0.2.254" if family == "ipv4" else "2001:db8:1::fe"
        packets += [echo(here, target, seq=n) for n in range(7)] + [echo(here, own, seq=n) for n in range(5)]
        packets += [echo(here, target, wrong=1), echo(here, own, wrong=1), echo(here, target, DATA[:1200])]
        packets += [echo("127.0.0.1" if family == "ipv4" else "::", target)]
        packets += cut(echo(here, target, DATA[:2000], id=77), ident=78)
    router.ask(packets)
    reading = tables.proc("router")["icmp"]
    tool = net.netlab("router", "echo")["outcomes"]
    for family in FAMILIES:
        requests = reading[family, "prerouting", REQUEST[family]]
        outcomes = {key[1:]: value for key, value in wire.grown(start, wire.outcomes("router")).items() if key[0] == family}
        tap.ok(sum(outcomes.values()) == requests == 17, f"{family}: as many outcomes as requests at prerouting",
               f"{requests} requests (17 were sent), {outcomes}")
        total = sum(row["packets"] for row in tool if row["family"] == family)
        proc = sum(value for key, value in wire.outcomes("router").items() if key[0] == family)
        tap.equal(total, proc, f"{family}: the tool has the same sum")
    settings("max-size", 65535)


def sysctls(router, family):
    """The stack's own settings are the law here, too."""
    packets = [echo(HOST[family], TARGET[family], seq=n) for n in range(3)]
    name = "ipv4__icmp_echo_ignore_all" if family == "ipv4" else "ipv6__icmp__echo_ignore_all"
    net.sysctl("router", **{name: 1})
    tap.equal(router.ask(packets), ([], passed(packets), {(family, "prefix", "disabled"): 3}),
              f"{family}: echo_ignore_all: counted, and goes on its way")
    net.sysctl("router", **{name: 0})
    settings("local", "off")
    back, out, said = router.ask(packets)
    tap.equal((back, out, said), (answers(packets), [], {(family, "prefix", "replied"): 3}),
              f"{family}: local off says nothing of prefixes")
    settings("local", "on")


emptied = [0.0]  # when the namespace's bucket was last


def limits(router, family):
    """The namespace's limits and the prefix's: what they refuse is dropped."""
    here, target = HOST[family], TARGET[family]
    head = 28 if family == "ipv4" else 48

    def dropped(outcome, what, count=3, data=b"netlab"):
        got = router.ask([echo(here, target, data, seq=n) for n in range(count)])
        tap.equal(got, ([], [], {(family, "prefix", outcome): count}), f"{family}: {what}")

    settings("max-size", 200)
    dropped("too-large", "larger than the namespace's max-size: dropped", data=DATA[:201 - head])
    back, _, said = router.ask([echo(here, target, DATA[:200 - head])])
    tap.equal((len(back), said), (1, {(family, "prefix", "replied"): 1}), f"{family}: just as large: answered")
    settings("max-size", 65535)
    for name, outcome in ("rate", "rate-limited"), ("source-rate", "source-limited"):
        # The other family has emptied the same bucket, which has one a second.
        tap.wait_until(lambda: time.monotonic() - emptied[0] > 1.1, "the bucket is full")
        settings(name, 1, *(("burst", 1) if name == "rate" else ()))
        begin = time.monotonic()
        back, out, said = router.ask([echo(here, target, seq=n) for n in range(30)])
        most = 2 + int(time.monotonic() - begin)
        tap.ok(1 <= len(back) <= most and not out and
               said == {(family, "prefix", "replied"): len(back), (family, "prefix", outcome): 30 - len(back)},
               f"{family}: the namespace's {name} 1: one of 30 is answered, the others dropped", len(back), out, said)
        emptied[0] = time.monotonic()
        settings(name, "unlimited")
    prefix("replace", BLOCK[family], "rate", 1000, "burst", 10)
    begin = time.monotonic()
    back, out, said = router.ask([echo(here, target, seq=n) for n in range(12)])
    took = time.monotonic() - begin
    tap.ok(10 <= len(back) <= 10 + 1000 * took and not out, f"{family}: a prefix's burst of 10 at once", len(back), took)
    prefix("replace", BLOCK[family])


def pinged(family):
    """iputils' ping, which looks at what comes back."""
    for size in 56, 65507 if family == "ipv4" else 65000:
        done = net.run("ping", "-n", "-q", "-c", 3, "-i", "0.02", "-W", 5, "-s", size, TARGET[family], ns="host-a", check=False)
        tap.ok(done.returncode == 0 and " 0% packet loss" in done.stdout and "error" not in done.stdout,
               f"{family}: ping -s {size} to a prefix", done.stdout, done.stderr)


def main():
    net.router()
    net.sysctl("router", ipv6__auto_flowlabels=0)
    net.neighbours("router", "east", net.MAC_B, *BEYOND.values())
    net.ip("router", f"route add {BLOCK['ipv4']} via {BEYOND['ipv4']}", f"route add {BLOCK['ipv6']} via {BEYOND['ipv6']}")
    # All around those addresses, but not them.
    for block in *BLOCK.values(), "198.51.100.6/32", "198.51.100.8/29", "2001:db8:2::6/128", "2001:db8:2::8/125":
        prefix("add", block)
    router = Router()
    for family in FAMILIES:
        passing(router, family)
        others(router, family)
        accounting(router, family)
        sysctls(router, family)
        limits(router, family)
        pinged(family)
    sums(router)


tap.run(main)
