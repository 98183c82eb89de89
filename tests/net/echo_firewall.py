#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The firewall, conntrack, NAT, raw sockets and IPsec policy have their say with netlab as with the stack."""
import os
import re
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire

N = 10
FAMILIES = (("ipv4", "192.0.2.2", "icmp type echo-request", "icmp type echo-reply"),
            ("ipv6", "2001:db8:1::2", "icmpv6 type echo-request", "icmpv6 type echo-reply"))
SOL_RAW, ICMP_FILTER, ICMP6_FILTER = 255, 1, 1


def nft(rules):
    net.run("nft", "-f", "-", ns="right", stdin=rules)


def flush():
    net.run("nft", "flush", "ruleset", ns="right")


def counters():
    """{name: packets} of nft's named counters."""
    said = net.run("nft", "list", "counters", ns="right")
    return {name: int(packets) for name, packets in re.findall(r"counter (\S+) \{\s+packets (\d+)", said)}


def ping(target, count=N, ns="left"):
    """How many answers, all of them from the address asked."""
    said = net.run("ping", "-n", "-c", count, "-i", "0.01", "-W", 1, target, ns=ns, check=False).stdout
    return len(re.findall(rf"bytes from {re.escape(target)}: .*seq=", said)) if "DIFFERENT ADDRESS" not in said else said


def local(word):
    net.netlab("right", "echo", "set", "local", word)


def outcome_of(function, *args):
    """What a function returns, and the outcomes meanwhile."""
    before = wire.outcomes("right")
    return function(*args), wire.grown(before, wire.outcomes("right"))


def reload():
    net.run("rmmod", "netlab")
    net.run("insmod", net.NETLAB_KO)


def dropped():
    for family, target, request, reply in FAMILIES:
        nft(f"table inet t {{ chain i {{ type filter hook input priority 0; {request} counter drop; }}; }}")
        tap.equal(outcome_of(ping, target, 2), (0, {}), f"{family}: what input drops has no answer and no outcome")
        flush()
        nft(f"table inet t {{ chain i {{ type filter hook output priority 0; {reply} drop; }}; }}")
        tap.equal(outcome_of(ping, target, 2), (0, {(family, "local", "replied"): 2}),
                  f"{family}: a reply passes output, which may drop it")
        flush()


# The first request of a ping is new, the others and all replies established.
STATES = ("new", "established", "related", "invalid", "untracked")


def conntrack_rules():
    words = [f"counter {way}_{state} {{ }};" for way in ("in", "out") for state in STATES]
    for way, hook, verdicts in (
            ("in", "input", "ct state new limit rate 100/second burst 100 packets accept; ct state established,related accept; "
                            "ct state invalid drop; drop;"),
            ("out", "output", "ct state established,related accept; ct state invalid drop;")):
        count = " ".join(f"meta l4proto {{ icmp, icmpv6 }} ct state {state} counter name {way}_{state};" for state in STATES)
        words.append(f"chain {hook} {{ type filter hook {hook} priority 0; {count} {verdicts} }};")
    return f"table inet t {{ {' '.join(words)} }}"


def conntrack():
    expected = {f"{way}_{state}": 0 for way in ("in", "out") for state in STATES}
    expected.update(in_new=2, in_established=2 * N - 2, out_established=2 * N)
    for when in "rules before insmod", "rules after insmod":
        if when == "rules before insmod":
            net.run("rmmod", "netlab")
            nft(conntrack_rules())
            net.run("insmod", net.NETLAB_KO)
        else:
            reload()
            nft(conntrack_rules())
        for who in "on", "off":
            local(who)
            nft("reset counters")
            got, outcomes = outcome_of(lambda: tuple(ping(target) for _, target, _, _ in FAMILIES))
            tap.equal(got, (N, N), f"conntrack, {when}, local {who}: all pings answered")
            word = "replied" if who == "on" else "disabled"
            tap.equal(outcomes, {(family[0], "local", word): N for family in FAMILIES},
                      f"conntrack, {when}, local {who}: each {word}")
            tap.equal(counters(), expected, f"conntrack, {when}, local {who}: first new, then established, none invalid")
        local("on")
        flush()


def only_new_let_in():
    """Every request of one ping is let in only because the first was confirmed."""
    nft("""table inet t { chain i { type filter hook input priority 0; ct state established accept;
        meta l4proto { icmp, icmpv6 } limit rate 1/hour burst 1 packets accept; meta l4proto { icmp, icmpv6 } drop; }; }""")
    for family, target, _, _ in FAMILIES[:1]:
        tap.equal(ping(target), N, f"{family}: the first request's connection is confirmed")
    flush()


def nat():
    net.ip("left", "route add 198.51.100.9 via 192.0.2.2", "route add 2001:db8:9::9 via 2001:db8:1::2")
    for family, table, target, to in (("ipv4", "ip", "198.51.100.9", "192.0.2.2"),
                                      ("ipv6", "ip6", "2001:db8:9::9", "2001:db8:1::2")):
        for rule in f"dnat to {to}", "redirect":
            nft(f"""table {table} n {{ chain p {{ type nat hook prerouting priority -100;
                {table} daddr {target} {rule}; }}; }}""")
            tap.equal(outcome_of(ping, target), (N, {(family, "local", "replied"): N}),
                      f"{family}: {rule}: answered from the address that was asked")
            flush()


def raw_socket(family, blocked=None):
    """A socket that sees ICMP; blocked: the types that its filter keeps away."""
    with net.inside("right"):
        if family == "ipv4":
            sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        else:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    if blocked is not None:
        if family == "ipv4":
            sock.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", sum(1 << kind for kind in blocked)))
        else:
            words = [sum(1 << kind % 32 for kind in blocked if kind // 32 == word) for word in range(8)]
            sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("=8I", *words))
    return sock


def seen(sock, family):
    """Echo requests that wait in a raw socket."""
    count, kind = 0, {"ipv4": 8, "ipv6": 128}[family]
    while select.select([sock], [], [], 0)[0]:
        data = sock.recv(4096)
        count += data[(data[0] & 15) * 4 if family == "ipv4" else 0] == kind
    return count


def raw_sockets():
    for family, target, _, _ in FAMILIES:
        def outcomes(word):
            return {(family, "local", word): N}

        sock = raw_socket(family)
        tap.equal((*outcome_of(ping, target), seen(sock, family)), (N, outcomes("raw-socket"), N),
                  f"{family}: a raw socket sees every request, and the stack answers")
        sock.close()
        tap.equal(outcome_of(ping, target), (N, outcomes("replied")), f"{family}: once it is closed netlab answers")

        # As ping's own filter: all types but a few, the echo request not among them.
        wanted = {"ipv4": (0, 3, 4, 5, 11, 12), "ipv6": (1, 2, 3, 4, 129)}[family]
        sock = raw_socket(family, [kind for kind in range(32 if family == "ipv4" else 256) if kind not in wanted])
        tap.equal((*outcome_of(ping, target), seen(sock, family)), (N, outcomes("replied"), 0),
                  f"{family}: a raw socket with ping's filter doesn't want them, and netlab answers")
        sock.close()
        echo = {"ipv4": 8, "ipv6": 128}[family]
        sock = raw_socket(family, [kind for kind in range(32 if family == "ipv4" else 256) if kind != echo])
        tap.equal((*outcome_of(ping, target), seen(sock, family)), (N, outcomes("raw-socket"), N),
                  f"{family}: a raw socket whose filter lets just echo requests pass sees every one")
        sock.close()

        # In another namespace, or of another protocol: it is not concerned.
        with net.inside("left"):
            elsewhere = socket.socket(socket.AF_INET if family == "ipv4" else socket.AF_INET6, socket.SOCK_RAW,
                                      1 if family == "ipv4" else 58)
        with net.inside("right"):
            other = socket.socket(socket.AF_INET if family == "ipv4" else socket.AF_INET6, socket.SOCK_RAW, 89)
        tap.equal(outcome_of(ping, target), (N, outcomes("replied")),
                  f"{family}: raw sockets of another namespace or protocol change nothing")
        elsewhere.close()
        other.close()


def policy():
    for family, target, source, protocol in (("ipv4", "192.0.2.2", "192.0.2.1", 1),
                                             ("ipv6", "2001:db8:1::2", "2001:db8:1::1", 58)):
        selector = f"dir in src {source} dst {target} proto {protocol}".split()
        net.run("ip", "-n", "right", "xfrm", "policy", "add", *selector, "action", "block")
        tap.equal(outcome_of(ping, target, 2), (0, {(family, "local", "policy"): 2}),
                  f"{family}: what IPsec policy blocks isn't answered, by the stack neither")
        local("off")
        tap.equal(ping(target, 2), 0, f"{family}: nor is it with local off")
        local("on")
        net.run("ip", "-n", "right", "xfrm", "policy", "del", *selector)
        tap.equal(outcome_of(ping, target), (N, {(family, "local", "replied"): N}), f"{family}: without the policy it is")


def main():
    net.pair()
    dropped()
    conntrack()
    only_new_let_in()
    nat()
    raw_sockets()
    policy()


tap.run(main)
