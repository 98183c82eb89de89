#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""direct answers as the stack does, byte for byte, and only what is simple; all else takes the ordinary way."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import tap
import topology as net
from wire import Port, normal, outcomes


def local(word):
    net.run(net.NETLAB, "echo", "set", "local", word, ns="right")


def same_frames(got, expected, wrong, whose):
    try:
        got, expected = normal(got), normal(expected)
    except ValueError as e:
        wrong.append(str(e))
        return
    if len(got) != len(expected):
        wrong.append(f"{len(got)} frames, {whose}: {len(expected)}")
    for ours, theirs in zip(got, expected):
        if ours != theirs:
            wrong.append(f"with direct: {ours[:120].hex()} ({len(ours)} bytes)")
            wrong.append(f"{whose}: {theirs[:120].hex()} ({len(theirs)} bytes)")
            return


def answered(port):
    for family in direct.FAMILIES:
        probes = list(direct.eligible(family))
        local("off")
        stack = direct.Round("right", port, probes).answers
        local("on")
        direct.set_direct("right", "veth0", "on")
        ours = direct.Round("right", port, probes).answers
        direct.set_direct("right", "veth0", "off")
        for probe, (theirs, _), (got, count) in zip(probes, stack, ours):
            wrong = []
            same_frames(got, theirs, wrong, "the stack")
            if len(theirs) != probe.replies:
                wrong.append(f"the stack answered {len(theirs)} of {probe.count}")
            if count != {(family, "direct", "replied"): probe.count}:
                wrong.append(f"outcomes: {count}")
            tap.ok(not wrong, f"{family}: {probe.name}: direct answers as the stack", *wrong)


def left_alone(port):
    for family in direct.FAMILIES:
        probes = list(direct.ineligible(family))
        without = direct.Round("right", port, probes).answers
        direct.set_direct("right", "veth0", "on")
        with_it = direct.Round("right", port, probes).answers
        direct.set_direct("right", "veth0", "off")
        for probe, (theirs, before), (got, count) in zip(probes, without, with_it):
            wrong = []
            same_frames(got, theirs, wrong, "without")
            if count != before:
                wrong.append(f"outcomes: {count}, without direct: {before}")
            if any(path == "direct" for _, path, _ in count):
                wrong.append(f"outcomes: {count}")
            words = ", ".join(outcome for _, _, outcome in before) or "no outcome"
            tap.ok(not wrong, f"{family}: {probe.name}: as without direct ({words})", *wrong)


def turned_round(port):
    """The frame goes to where it came from: no neighbour is asked, no route."""
    direct.set_direct("right", "veth0", "on")
    for family, far in ("ipv4", "203.0.113.9"), ("ipv6", "2001:db8:77::9"):
        for word, source in ("a neighbour", direct.LEFT[family]), ("a source without a route", far):
            ask = direct.request(family, src=source, frame={"src": direct.MAC_OTHER})
            got, count = direct.asked("right", port, [ask])
            tap.equal((count, [frame[:14] for frame in got]),
                      ({(family, "direct", "replied"): 1},
                       [direct.mac(direct.MAC_OTHER) + direct.mac(net.MAC_RIGHT) + ask[12:14]]),
                      f"{family}: {word}: the frame's addresses are reversed")
        short = direct.request(family, b"").ljust(60, b"\xaa")
        got, _ = direct.asked("right", port, [short])
        tap.equal([len(frame) for frame in got], [42 if family == "ipv4" else 62],
                  f"{family}: what Ethernet padded isn't sent back as data")
    direct.set_direct("right", "veth0", "off")


def other_addresses(port):
    """Addresses of the namespace's other devices, and link-local ones of this."""
    net.ip("right", "link add d0 type veth peer name d1", "link set d0 up", "link set d1 up", "addr add 203.0.113.7/32 dev d0",
           "addr add 2001:db8:9::7/128 dev d0 nodad", "addr add fe80::d0/64 dev d0 nodad",
           "addr add fe80::2/64 dev veth0 nodad")
    net.neighbours("right", "veth0", net.MAC_LEFT, "fe80::1")
    net.wait_quiet("right")
    direct.set_direct("right", "veth0", "on")
    for family, target in ("ipv4", "203.0.113.7"), ("ipv6", "2001:db8:9::7"):
        got, count = direct.asked("right", port, [direct.request(family, dst=target)])
        tap.equal((len(direct.echo_replies(got)), count), (1, {(family, "direct", "replied"): 1}),
                  f"{family}: an address on another device of the namespace is answered")
    net.ip("right", "addr del 203.0.113.7/32 dev d0", "addr del 2001:db8:9::7/128 dev d0")
    for family, target in ("ipv4", "203.0.113.7"), ("ipv6", "2001:db8:9::7"):
        got, count = direct.asked("right", port, [direct.request(family, dst=target)])
        tap.equal((len(direct.echo_replies(got)), count), (0, {}), f"{family}: once it is gone it isn't, though it was known")
    got, count = direct.asked("right", port, [direct.request("ipv6", src="fe80::1", dst="fe80::2")])
    tap.equal((len(direct.echo_replies(got)), count), (1, {("ipv6", "direct", "replied"): 1}),
              "ipv6: link-local, of this device: answered")
    got, count = direct.asked("right", port, [direct.request("ipv6", src="fe80::1", dst="fe80::d0")])
    tap.equal((len(direct.echo_replies(got)), count), (0, {}), "ipv6: link-local, of another device: not answered")
    direct.set_direct("right", "veth0", "off")


def own_source(port):
    """Another of the namespace's own addresses as the source: the stack would answer itself."""
    net.ip("right", "addr add 203.0.113.8/32 dev lo", "addr add 2001:db8:9::8/128 dev lo nodad")
    for family, source in ("ipv4", "203.0.113.8"), ("ipv6", "2001:db8:9::8"):
        ask = direct.request(family, src=source)
        without = direct.asked("right", port, [ask])
        direct.set_direct("right", "veth0", "on")
        tap.equal(direct.asked("right", port, [ask]), without, f"{family}: the source is another own address: as without direct")
        direct.set_direct("right", "veth0", "off")
    net.ip("right", "addr del 203.0.113.8/32 dev lo", "addr del 2001:db8:9::8/128 dev lo")


def longer_than_mtu(port):
    """A link may bring more than it takes; veth a VLAN tag's four bytes. The stack cuts its reply."""
    net.ip("left", "link set veth0 mtu 9000")
    for family, header in ("ipv4", 28), ("ipv6", 48):
        for size, path in (1500, "direct"), (1501, "local"), (1504, "local"):
            ask = direct.request(family, direct.PATTERN[:size - header])
            local("off")
            stack, _ = direct.asked("right", port, [ask])
            local("on")
            direct.set_direct("right", "veth0", "on")
            got, count = direct.asked("right", port, [ask])
            direct.set_direct("right", "veth0", "off")
            wrong = []
            same_frames(got, stack, wrong, "the stack")
            if count != {(family, path, "replied"): 1} or not got or max(map(len, got)) > 1514:
                wrong.append(f"outcomes {count}, frames of {[len(frame) for frame in got]} bytes")
            tap.ok(not wrong, f"{family}: {size} bytes over a link that takes 1500: as the stack, by {path}", *wrong)
    net.ip("left", "link set veth0 mtu 1500")


def default_ttl(port):
    """What a reply's TTL is, is the namespace's to say."""
    net.sysctl("right", ipv4__ip_default_ttl=77, ipv6__conf__veth0__hop_limit=78)
    direct.set_direct("right", "veth0", "on")
    for family, at, ttl in ("ipv4", 22, 77), ("ipv6", 21, 78):
        got, _ = direct.asked("right", port, [direct.request(family)])
        tap.equal([frame[at] for frame in got], [ttl], f"{family}: the reply's TTL is the namespace's")
    direct.set_direct("right", "veth0", "off")
    net.sysctl("right", ipv4__ip_default_ttl=64, ipv6__conf__veth0__hop_limit=64)


def main():
    net.pair()
    # On a slow machine half a minute passes after a lone fragment, and its time is told to have been exceeded.
    net.sysctl("right", ipv4__ipfrag_time=3600, ipv6__ip6frag_time=3600)
    port = Port("left", "veth0", direct.RIGHT["ipv4"])
    answered(port)
    left_alone(port)
    turned_round(port)
    default_ttl(port)
    own_source(port)
    longer_than_mtu(port)
    other_addresses(port)
    tap.equal(net.outcomes("right"), outcomes("right"), "the tool and /proc have the same outcomes")


tap.run(main)
