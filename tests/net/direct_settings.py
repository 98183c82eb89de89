#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""direct obeys what is set: local, the sysctls, raw sockets, sizes, rates, prefixes; of firewalls, only netdev's.

A request that direct doesn't answer takes the ordinary way and has its one
outcome there, whatever direct asked of a limiter before.
"""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import tap
import topology as net
from wire import Port, outcomes

N = 8
SYSCTL = {"ipv4": "ipv4__icmp_echo_ignore_all", "ipv6": "ipv6__icmp__echo_ignore_all"}


def echo_set(*words):
    net.run(net.NETLAB, "echo", "set", *words, ns="right")


def prefix(*words):
    net.run(net.NETLAB, "prefix", *words, ns="right")


def ask(port, family, n=N, **how):
    """How many replies come back for n requests, and the outcomes."""
    got, count = direct.asked("right", port, [direct.request(family, **how)] * n)
    return len(direct.echo_replies(got)), count


def prefix_counts(family):
    """The counters of a family's prefix: requests, replied, refused."""
    for row in net.netlab("right", "prefix"):
        if row["prefix"] == direct.PREFIX[family]:
            return row["requests"], row["replied"], row["refused"]
    raise RuntimeError(f"no prefix {direct.PREFIX[family]}")


def refused_by_setting(port):
    for family in direct.FAMILIES:
        def want(expected, what, replies=N, **how):
            tap.equal(ask(port, family, **how), (replies, {(family, *key): n for key, n in expected.items()}),
                      f"{family}: {what}")

        answered, disabled = {("direct", "replied"): N}, {("local", "disabled"): N}
        want(answered, "direct answers")
        echo_set("local", "off")
        want(disabled, "local off: not for the namespace's own addresses; the stack answers")
        echo_set("local", "on")
        want(answered, "local on: direct answers again")

        net.sysctl("right", **{SYSCTL[family]: 1})
        want(disabled, "echo_ignore_all: nobody answers", 0)
        net.sysctl("right", **{SYSCTL[family]: 0})
        want(answered, "without echo_ignore_all direct answers again")

        with net.inside("right"):
            raw = socket.socket(socket.AF_INET if family == "ipv4" else socket.AF_INET6, socket.SOCK_RAW,
                                1 if family == "ipv4" else 58)
        want({("local", "raw-socket"): N}, "a raw socket listens: the stack answers")
        raw.setblocking(False)
        seen = 0
        try:
            while True:
                data = raw.recv(2000)
                seen += data[20 if family == "ipv4" else 0] == (8 if family == "ipv4" else 128)
        except BlockingIOError:
            pass
        raw.close()
        tap.equal(seen, N, f"{family}: and the socket sees each request")
        want(answered, "once it is closed direct answers again")

        header = 28 if family == "ipv4" else 48
        echo_set("max-size", 100)
        want(answered, "max-size 100: 100 bytes are answered", data=bytes(100 - header))
        want({("local", "too-large"): N}, "max-size 100: 101 bytes are dropped", 0, data=bytes(101 - header))
        echo_set("max-size", 65535)


def limited(port, family, outcome, at_once, what, path="local", **how):
    """Of N requests about at_once are answered at a rate of 1 per second, the rest is counted once, and dropped."""
    begin = time.monotonic()
    replies, count = ask(port, family, **how)
    seconds = time.monotonic() - begin
    # A token may come between direct's question and the ordinary way's.
    replied = count.get((family, "direct", "replied"), 0) + count.get((family, path, "replied"), 0)
    others = {key for key in count if key[2] != "replied"}
    tap.ok(at_once <= replied <= at_once + 1 + seconds and replies == replied and sum(count.values()) == N
           and others == {(family, path, outcome)} and count.get((family, "direct", "replied"), 0) >= at_once,
           f"{family}: {what}", f"{replies} replies, {count}, {seconds:.2f} s")


def limits(port):
    for family in direct.FAMILIES:
        echo_set("rate", 1, "burst", 3)
        time.sleep(3.1)  # until the bucket is full, whoever has taken from it
        limited(port, family, "rate-limited", 3, "rate 1 burst 3: direct answers three, the ordinary way drops the rest")
        echo_set("rate", "unlimited", "burst", "auto")

        source = {"ipv4": "192.0.2.50", "ipv6": "2001:db8:50::1"}[family]
        echo_set("source-rate", 1)
        limited(port, family, "source-limited", 1, "source-rate 1: direct answers one", src=source)
        echo_set("source-rate", "unlimited")
        tap.equal(ask(port, family), (N, {(family, "direct", "replied"): N}), f"{family}: unlimited: all are answered")


def prefixes(port):
    for family in direct.FAMILIES:
        inside = direct.INSIDE[family]
        tap.equal(ask(port, family, dst=inside), (0, {}), f"{family}: nobody's address: no answer, no outcome")
        prefix("add", direct.PREFIX[family])
        for word in "on", "off":
            echo_set("local", word)
            tap.equal(ask(port, family, dst=inside), (N, {(family, "direct", "replied"): N}),
                      f"{family}: a prefix's address is answered, local {word}")
        tap.equal(prefix_counts(family), (2 * N, 2 * N, 0), f"{family}: and the prefix counts its requests, each once")
        echo_set("local", "on")
        subnet = {"ipv4": "192.0.2.255", "ipv6": "ff02::5"}[family]
        replies, count = ask(port, family, dst=inside, src=subnet)
        tap.ok(not replies and not any(path == "direct" for _, path, _ in count),
               f"{family}: nor here is a broadcast or multicast source answered", replies, count)

        net.sysctl("right", **{SYSCTL[family]: 1})
        tap.equal(ask(port, family, dst=inside), (0, {(family, "prefix", "disabled"): N}),
                  f"{family}: echo_ignore_all is the law for a prefix, too")
        net.sysctl("right", **{SYSCTL[family]: 0})

        prefix("replace", direct.PREFIX[family], "rate", 1, "burst", 2)
        before = prefix_counts(family)
        limited(port, family, "rate-limited", 2, "a prefix's rate 1 burst 2: direct answers two", "prefix", dst=inside)
        after = prefix_counts(family)
        tap.ok(after[0] - before[0] == N and after[1] + after[2] == after[0],
               f"{family}: the prefix counts each of them once", before, after)

        prefix("replace", direct.PREFIX[family], "max-size", 100)
        before = prefix_counts(family)
        tap.equal(ask(port, family, dst=inside, data=bytes(100)), (0, {(family, "prefix", "too-large"): N}),
                  f"{family}: what is larger than the prefix's max-size is dropped on the ordinary way")
        after = prefix_counts(family)
        tap.equal(tuple(b - a for a, b in zip(before, after)), (N, 0, N), f"{family}: and counted once")

        # A prefix that covers what the namespace owns leaves it to the local path.
        prefix("replace", direct.PREFIX[family])
        before = prefix_counts(family)
        net.addresses("right", "veth0", inside + {"ipv4": "/32", "ipv6": "/128"}[family])
        tap.equal(ask(port, family, dst=inside), (N, {(family, "direct", "replied"): N}),
                  f"{family}: an own address inside a prefix: direct answers")
        echo_set("local", "off")
        tap.equal(ask(port, family, dst=inside), (N, {(family, "local", "disabled"): N}),
                  f"{family}: an own address inside a prefix, local off: left to the stack")
        echo_set("local", "on")
        tap.equal(prefix_counts(family), before, f"{family}: the prefix counts none of these")
        net.ip("right", f"addr del {inside}/{32 if family == 'ipv4' else 128} dev veth0")
        prefix("del", direct.PREFIX[family])
        tap.equal(ask(port, family, dst=inside), (0, {}), f"{family}: without the prefix nobody answers")


def firewalls(port):
    def nft(rules):
        net.run("nft", "-f", "-", ns="right", stdin=rules)

    for family, match in ("ipv4", "icmp type echo-request"), ("ipv6", "icmpv6 type echo-request"):
        for hook in "prerouting", "input":
            nft(f"table inet t {{ chain c {{ type filter hook {hook} priority -300; {match} drop; }}; }}")
            tap.equal(ask(port, family), (N, {(family, "direct", "replied"): N}),
                      f"{family}: a rule at {hook} that drops requests doesn't stop direct")
            direct.set_direct("right", "veth0", "off")
            tap.equal(ask(port, family)[0], 0, f"{family}: though without direct it stops them")
            direct.set_direct("right", "veth0", "on")
            net.run("nft", "flush", "ruleset", ns="right")
        nft(f"table netdev t {{ chain c {{ type filter hook ingress device veth0 priority 500; {match} drop; }}; }}")
        tap.equal(ask(port, family), (0, {}), f"{family}: a rule at the device's ingress does, though it came later")
        net.run("nft", "flush", "ruleset", ns="right")
        tap.equal(ask(port, family), (N, {(family, "direct", "replied"): N}), f"{family}: without it direct answers")

    with open(os.path.join(net.PROJECT, "userspace", "man", "netlab.8"), encoding="utf-8") as f:
        section = f.read().split(".SS netlab echo direct\n")[1].split("\n.SS ")[0].split("\n.SH ")[0]
    tap.ok("passes no firewall" in section, "the man page says that direct passes no firewall", section)


def main():
    net.pair()
    port = Port("left", "veth0", direct.RIGHT["ipv4"])
    # Where a reply goes that the ordinary way sends.
    net.neighbours("right", "veth0", net.MAC_LEFT, "192.0.2.50")
    direct.set_direct("right", "veth0", "on")
    refused_by_setting(port)
    limits(port)
    prefixes(port)
    firewalls(port)
    tap.equal(net.outcomes("right"), outcomes("right"), "the tool and /proc have the same outcomes")


tap.run(main)
