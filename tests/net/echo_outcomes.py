#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each outcome provoked, on the paths where it exists, for both families: counted once, and told alike everywhere.

Of the paths, direct has `replied' alone: see direct_settings.py. No-memory is
provoked where the kernel has failslab: a request that is captured, too, must be
copied to be changed.
"""
import contextlib
import os
import re
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import fault
import tables
import tap
import topology as net
from direct import INSIDE, PREFIX, RIGHT, ether, ipv4, ipv6, message, request
from wire import Port, outcomes

N = 3
LIMITED = 20  # requests at once, of which a rate of 1 per second lets few pass
ICMP = {"ipv4": (1, 8), "ipv6": (58, 128)}
BROADCAST = "ff:ff:ff:ff:ff:ff"
NOT_PROVOKED = set() if fault.available() else {"no-memory"}


def tool(*words):
    net.run(net.NETLAB, *words, ns="right")


def echo_set(*words):
    tool("echo", "set", *words)


# ---- settings, in each of which one request has one outcome

@contextlib.contextmanager
def sysctl_disabled(family):
    name = {"ipv4": "ipv4__icmp_echo_ignore_all", "ipv6": "ipv6__icmp__echo_ignore_all"}[family]
    net.sysctl("right", **{name: 1})
    yield
    net.sysctl("right", **{name: 0})


@contextlib.contextmanager
def local_off(_):
    echo_set("local", "off")
    yield
    echo_set("local", "on")


@contextlib.contextmanager
def max_size(_):
    echo_set("max-size", 100)
    yield
    echo_set("max-size", 65535)


@contextlib.contextmanager
def raw_socket(family):
    with net.inside("right"):
        sock = socket.socket(socket.AF_INET if family == "ipv4" else socket.AF_INET6, socket.SOCK_RAW, ICMP[family][0])
    yield
    sock.close()


def ipsec(target, direction):
    @contextlib.contextmanager
    def setting(family):
        protocol = {"ipv4": 1, "ipv6": 58}[family]
        selector = ["dir", direction, "src", direct.LEFT[family], "dst", target, "proto", protocol]
        net.run("ip", "-n", "right", "xfrm", "policy", "add", *selector, "action", "block")
        yield
        net.run("ip", "-n", "right", "xfrm", "policy", "del", *selector)
    return setting


@contextlib.contextmanager
def no_memory(_):
    with net.inside("right"):
        capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    with fault.atomic():
        yield
    capture.close()


def nothing(_):
    return contextlib.nullcontext()


# ---- the requests

def with_options(family, target):
    if family == "ipv4":
        return request(family, dst=target, options=b"\1\1\1\0")
    pseudo = direct.address(direct.LEFT[family]) + direct.address(target) + b"\0\0\0\x0e\0\0\0\x3a"
    return ether(ipv6(b"\x3a\0\1\4\0\0\0\0" + message(128, b"netlab", 0, pseudo), dst=target, following=0))


def truncated(family, target):
    return ether(ipv4(b"\x08\0\xf7\xff", dst=target)) if family == "ipv4" else ether(ipv6(b"\x80\0\0\0", dst=target))


def provoked(family, path):
    """(outcome, what, request, setting, replies), of a path."""
    target = {"local": RIGHT, "prefix": INSIDE}[path][family]

    def ask(**how):
        return request(family, **{"dst": target, **how})

    nobody = {"ipv4": "0.1.2.3", "ipv6": "::"}[family]
    unknown = {"ipv4": "203.0.113.9", "ipv6": "2001:db8:77::9"}[family]
    yield "replied", "a request", ask(), nothing, N
    yield "truncated", "four bytes of ICMP", truncated(family, target), nothing, 0
    yield "bad-checksum", "a bit of the checksum wrong", ask(wrong=0x10), nothing, 0
    yield "bad-source", f"from {nobody}", ask(src=nobody), nothing, None
    if path == "prefix":
        # Of IPv6 the stack drops such ones before prerouting.
        for source in ("224.0.0.5", "255.255.255.255", "127.0.0.1", "192.0.2.255") if family == "ipv4" else ():
            yield "bad-source", f"from {source}", ask(src=source), nothing, 0
    else:
        group = {"ipv4": "224.0.0.1", "ipv6": "ff02::1"}[family]
        yield "multicast", f"to {group}", ask(dst=group), nothing, None
        yield "raw-socket", "a raw socket listens", ask(), raw_socket, N
        yield "disabled", "local off", ask(), local_off, N
        if family == "ipv4":
            yield "broadcast", "to the subnet's broadcast", ask(dst="192.0.2.255"), nothing, 0
    yield "broadcast", "a frame to all", ask(frame={"dst": BROADCAST}), nothing, None
    yield "disabled", "echo_ignore_all", ask(), sysctl_disabled, 0
    yield "policy", "IPsec blocks it", ask(), ipsec(target, "in" if path == "local" else "fwd"), 0
    yield "has-options", "options", with_options(family, target), nothing, N if path == "local" else 0
    yield "too-large", "larger than max-size", ask(data=bytes(100)), max_size, 0
    yield "no-route", "from where no route leads", ask(src=unknown), nothing, 0
    if fault.available():
        yield "no-memory", "an allocation fails", ask(), no_memory, N if path == "local" else 0


def one_by_one(port, family, path):
    """Each outcome is counted once for each request. The outcomes seen."""
    seen = set()
    for outcome, what, frame, setting, replies in provoked(family, path):
        with setting(family):
            got, count = direct.asked("right", port, [frame] * N)
        answers = len(direct.echo_replies(got))
        tap.ok(count == {(family, path, outcome): N} and replies in (None, answers), f"{family} {path}: {outcome}: {what}",
               f"{count}, {answers} replies, expected {N} times {outcome} and {replies} replies")
        seen.add(outcome)
    return seen


def limited(port, family, path):
    """What a rate of 1 per second lets pass depends on how fast this machine is."""
    target, seen = {"local": RIGHT, "prefix": INSIDE}[path][family], set()
    settings = [("rate-limited", "the namespace's rate", ("echo", "set", "rate", 1, "burst", 2),
                 ("echo", "set", "rate", "unlimited", "burst", "auto")),
                ("source-limited", "the source's rate", ("echo", "set", "source-rate", 1),
                 ("echo", "set", "source-rate", "unlimited"))]
    if path == "prefix":
        settings.append(("rate-limited", "the prefix's rate", ("prefix", "replace", PREFIX[family], "rate", 1, "burst", 2),
                         ("prefix", "replace", PREFIX[family])))
    for outcome, what, on, off in settings:
        tool(*on)
        begin = time.monotonic()
        got, count = direct.asked("right", port, [request(family, dst=target)] * LIMITED)
        seconds = time.monotonic() - begin
        tool(*off)
        replied, dropped = (count.get((family, path, word), 0) for word in ("replied", outcome))
        tap.ok(replied + dropped == LIMITED == sum(count.values()) and replied <= 3 + seconds and dropped
               and len(direct.echo_replies(got)) == replied, f"{family} {path}: {outcome}: {what}", count, f"{seconds:.2f} s")
        seen.add(outcome)
    if path == "prefix":
        tool("prefix", "replace", PREFIX[family], "max-size", 100)
        got, count = direct.asked("right", port, [request(family, dst=target, data=bytes(100))] * N)
        tap.equal((count, direct.echo_replies(got)), ({(family, path, "too-large"): N}, []),
                  f"{family} {path}: too-large: larger than the prefix's max-size")
        tool("prefix", "replace", PREFIX[family])
    return seen


def direct_replied(port, family):
    direct.set_direct("right", "veth0", "on")
    for target in RIGHT[family], INSIDE[family]:
        _, count = direct.asked("right", port, [request(family, dst=target)] * N)
        tap.equal(count, {(family, "direct", "replied"): N}, f"{family} direct: replied: {target}")
    direct.set_direct("right", "veth0", "off")


# ---- what is told of it

def told_alike():
    by_proc, by_json = outcomes("right"), net.outcomes("right")
    text = net.run(net.NETLAB, "echo", ns="right")
    by_text = {tuple(line.split()[:3]): int(line.split()[3]) for line in text.splitlines()
               if re.fullmatch(r"ipv[46] +\S+ +\S+ +\d+", line)}
    tap.equal(by_json, by_proc, "netlab -j echo has what /proc/net/netlab/echo has")
    tap.equal(by_text, by_proc, "and so has netlab echo")


def sums():
    """Truncated ones have no type, and are counted as ICMP without one."""
    types = tables.dump("right")["icmp"]
    for family in direct.FAMILIES:
        total = sum(packets for (f, _, outcome), packets in outcomes("right").items()
                    if f == family and outcome != "truncated")
        tap.equal(total, types[family, "prerouting", ICMP[family][1]],
                  f"{family}: the sum of outcomes is the echo requests counted")


def explained(seen):
    rows = net.netlab("right", "-a", "echo")["outcomes"]
    known = {row["outcome"] for row in rows}
    tap.equal(known, seen | NOT_PROVOKED, "every outcome that there is was provoked" + ", but no-memory" * bool(NOT_PROVOKED))
    if NOT_PROVOKED:
        tap.skip("no-memory", "this kernel has no failslab")
    tap.ok({(row["family"], row["path"]) for row in rows}
           >= {(f, p) for f in direct.FAMILIES for p in ("local", "prefix", "direct")},
           "and -a has zero rows of every family and path")
    said = " ".join(net.run(net.NETLAB, "-e", "echo", ns="right").split())
    section = said[said.index("outcomes What"):]
    without = [word for word in known if not re.search(rf" {word} [A-Z][^.]+\.", section)]
    tap.equal(without, [], "--explain has a sentence for each outcome")


def main():
    net.pair()
    port = Port("left", "veth0", RIGHT["ipv4"])
    for family in direct.FAMILIES:
        tool("prefix", "add", PREFIX[family])
    net.reset("right")
    seen = set()
    for family in direct.FAMILIES:
        for path in "local", "prefix":
            seen |= one_by_one(port, family, path) | limited(port, family, path)
        direct_replied(port, family)
    told_alike()
    sums()
    explained(seen)


tap.run(main)
