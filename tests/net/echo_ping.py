#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""ping(8) gets N answers for N requests, and netlab says who gave them."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire

ADDRESS = {"ipv4": "192.0.2.2", "ipv6": "2001:db8:1::2"}


def answered(said):
    """(sent, received) as ping tells at its end."""
    found = re.search(r"(\d+) packets transmitted, (\d+) received", said)
    return (int(found[1]), int(found[2])) if found else said


def pings(target, count, *options, ns="left"):
    done = net.run("ping", "-n", "-q", "-i", "0.01", "-W", 5, "-c", count, *options, target, ns=ns, check=False)
    return answered(done.stdout + done.stderr)


def requests():
    """Echo requests that reached the namespace right, as the table of protocols has it."""
    counted = net.counted("right")
    return {family: counted.get((family, "input", protocol), (0, 0))[0]
            for family, protocol in (("ipv4", 1), ("ipv6", 58))}


def replies(ns):
    """Echo replies that came to a namespace, as its stack has counted them."""
    icmp = [line.split()[1:] for line in net.read("/proc/net/snmp", ns).splitlines() if line.startswith("Icmp:")]
    icmp6 = dict(line.split() for line in net.read("/proc/net/snmp6", ns).splitlines())
    return {"ipv4": int(dict(zip(*icmp))["InEchoReps"]), "ipv6": int(icmp6["Icmp6InEchoReplies"])}


def one_after_the_other():
    for local, outcome in ("on", "replied"), ("off", "disabled"):
        net.netlab("right", "echo", "set", "local", local)
        for family, target in ADDRESS.items():
            before = wire.outcomes("right")
            tap.equal(pings(target, 25), (25, 25), f"{family}, local {local}: 25 of 25 answered")
            tap.equal(wire.grown(before, wire.outcomes("right")), {(family, "local", outcome): 25},
                      f"{family}, local {local}: 25 {outcome}")
    net.netlab("right", "echo", "set", "local", "on")
    # Above input, not conntrack, IPv6 is put together: that is the stack's.
    for family, outcome in ("ipv4", "replied"), ("ipv6", "has-options"):
        before = wire.outcomes("right")
        tap.equal(pings(ADDRESS[family], 10, "-s", 20000), (10, 10), f"{family}: 10 of 10 with 20000 bytes answered")
        tap.equal(wire.grown(before, wire.outcomes("right")), {(family, "local", outcome): 10},
                  f"{family}: 10 of 20000 bytes, {outcome}")


def to_itself():
    for family, target in ("ipv4", "127.0.0.1"), ("ipv6", "::1"), *ADDRESS.items():
        before = wire.outcomes("right")
        tap.equal(pings(target, 5, ns="right"), (5, 5), f"right to itself, {target}: 5 of 5")
        tap.equal(wire.grown(before, wire.outcomes("right")), {(family, "local", "replied"): 5},
                  f"right to itself, {target}: 5 replied")


def flood():
    count = 400
    net.reset("right")
    before = replies("left")
    senders = {(family, cpu): net.spawn("taskset", "-c", cpu, "ping", "-n", "-q", "-f", "-W", 5, "-c", count,
                                        *size, target, ns="left")
               for (family, target), cpu, size in ((list(ADDRESS.items())[0], 0, []), (list(ADDRESS.items())[0], 1, ["-s", 999]),
                                                   (list(ADDRESS.items())[1], 0, []), (list(ADDRESS.items())[1], 1, ["-s", 999]))}
    got = {who: answered(net.finish(sender)) for who, sender in senders.items()}
    # The stack's own count of what came back: a ping that doesn't get to run may lose some at its socket.
    tap.equal({family: n - before[family] for family, n in replies("left").items()},
              {family: 2 * count for family in ADDRESS}, "floods from two CPUs at once, both families: all answered")
    tap.ok(all(sent == count and 0.95 * count <= received for sent, received in got.values()),
           "and the pings saw it", got)
    outcomes = net.outcomes("right")
    tap.equal(outcomes, {(family, "local", "replied"): 2 * count for family in ADDRESS}, "each answer was netlab's")
    sums = {family: sum(n for key, n in outcomes.items() if key[0] == family) for family in ADDRESS}
    tap.equal(sums, requests(), "as many outcomes as requests that came in")
    tap.equal(net.outcomes("left"), {}, "the namespace that asked was asked nothing")


def main():
    net.pair()
    one_after_the_other()
    to_itself()
    flood()


tap.run(main)
