#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fragmented requests to a prefix: the answers are those the stack gives to the same fragments.

Each set of fragments goes to a prefix, then to the same address as one of the
router's own, with local off. Both reassemble with the kernel's code.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire
from prefix_packets import DATA, DESTOPTS, counts, cut, echo, forwarded, frame, icmp, ip, parts, piece, reply, told

HOST = {"ipv4": "192.0.2.1", "ipv6": "2001:db8:1::1"}
TARGET = {"ipv4": "203.0.113.9", "ipv6": "2001:db8:f::9"}
BLOCK = {"ipv4": "203.0.113.0/24", "ipv6": "2001:db8:f::/48"}
LARGEST = {"ipv4": 65507, "ipv6": 65527}
CONNTRACK = """
table inet t {
	chain p { type filter hook prerouting priority 0; ct state invalid counter; }
	chain o { type filter hook output priority 0; ct state invalid drop; }
}"""


class Router:
    def __init__(self):
        self.west = wire.Port("host-a", "veth0", target="192.0.2.254")
        self.east = wire.Port("host-b", "veth0")

    def ask(self, packets):
        """(frames back from the west, frames out in the east, outcomes)"""
        self.west.waiting()
        self.east.waiting()
        before = wire.outcomes("router")
        back = self.west.exchange([frame(packet) for packet in packets])
        return back, self.east.waiting(), wire.grown(before, wire.outcomes("router"))


def scattered(pieces):
    """Neither in order nor reversed."""
    return pieces[1::3] + pieces[::3] + pieces[2::3]


def overlapping(request, ident, bad):
    """Fragments of 800 bytes of which two have the same 400; the second tells them otherwise if bad."""
    header, payload = parts(request)
    other = payload[:400] + (bytes(400) if bad else payload[400:800]) + payload[800:]
    return [piece(header, payload, 0, 800, ident), piece(header, other, 400, 800, ident)] + \
        [piece(header, payload, at, 800, ident) for at in range(1200, len(payload), 800)]


def answerable(family):
    """(what, request, its fragments as a function of the datagram's number)"""
    def request(size):
        return echo(HOST[family], TARGET[family], DATA[:size], seq=size & 0xffff, tos=0x28)

    mtu = 1472 if family == "ipv4" else 1452
    for size in mtu + 1, 4000, LARGEST[family]:
        yield f"{size} bytes, in order", request(size), lambda n, size=size: cut(request(size), ident=n)
    yield "4000 bytes, reversed", request(4000), lambda n: cut(request(4000), 800, n)[::-1]
    yield "20001 bytes, scattered", request(20001), lambda n: scattered(cut(request(20001), 1000, n))
    yield "2000 bytes in pieces of 8", request(2000), lambda n: cut(request(2000), 8, n)
    yield "56 bytes in two pieces, answered whole", request(56), lambda n: cut(request(56), 32, n)
    yield f"{mtu} bytes in two, answered whole", request(mtu), lambda n: cut(request(mtu), 800, n)
    yield "4000 bytes, each piece twice", request(4000), lambda n: [p for part in cut(request(4000), ident=n)[:-1]
                                                                   for p in (part, part)] + cut(request(4000), ident=n)[-1:]


def unanswerable(family):
    """(what, fragments, the outcome or None)"""
    request = echo(HOST[family], TARGET[family], DATA[:4000])
    for bad in False, True:
        yield f"overlapping, {'otherwise' if bad else 'alike'}", lambda n, bad=bad: overlapping(request, n, bad), None
    yield "the first is missing", lambda n: cut(request, ident=n)[1:], None
    yield "the second is missing", lambda n: cut(request, ident=n)[:1] + cut(request, ident=n)[2:], None
    yield "the last is missing", lambda n: cut(request, ident=n)[:-1], None
    yield "of two datagrams, half each", lambda n: cut(request, ident=n)[:2] + cut(request, ident=n + 1)[2:], None
    wrong = echo(HOST[family], TARGET[family], DATA[:4000], wrong=0x10)
    yield "a wrong checksum", lambda n: cut(wrong, ident=n), "bad-checksum"


def owned(family, yes):
    """The address is the router's own, or in a prefix."""
    net.netlab("router", "echo", "set", "local", "off" if yes else "on")
    if yes:
        net.netlab("router", "prefix", "del", BLOCK[family])
    net.ip("router", f"addr {'add' if yes else 'del'} {TARGET[family]} dev lo {'nodad' if yes and family == 'ipv6' else ''}")
    if not yes:
        net.netlab("router", "prefix", "add", BLOCK[family])


def compared(router, family, number, what=""):
    """The same fragments to both; number: of the first datagram, for none may come twice."""
    good, bad = list(answerable(family)), list(unanswerable(family))
    ours = [router.ask(make(number + 2 * n)) for n, (_, _, make) in enumerate(good)]
    ours_bad = [router.ask(make(number + 100 + 2 * n)) for n, (_, make, _) in enumerate(bad)]
    counted = counts("router")[BLOCK[family]]
    owned(family, True)
    theirs = [router.ask(make(number + 300 + 2 * n)) for n, (_, _, make) in enumerate(good)]
    theirs_bad = [router.ask(make(number + 400 + 2 * n)) for n, (_, make, _) in enumerate(bad)]
    owned(family, False)
    for (name, request, _), (back, out, said), stack in zip(good, ours, theirs):
        same = wire.normal(back) == wire.normal(stack[0])
        right = wire.normal([frame(part, net.MAC_A, net.MAC_WEST) for part in whole_reply(request)])
        tap.ok(same and wire.normal(back) == right and not out and said == {(family, "prefix", "replied"): 1},
               f"{family}{what}: {name}: as the stack answers", f"{len(back)} frames, the stack {len(stack[0])}, "
               f"expected {len(right)}; {len(out)} forwarded; {said}")
    for (name, _, outcome), (back, out, said), stack in zip(bad, ours_bad, theirs_bad):
        tap.equal((back, stack[0], said), ([], [], {(family, "prefix", outcome): 1} if outcome else {}),
                  f"{family}{what}: {name}: no answer")
        if outcome is None:
            tap.equal(out, [], f"{family}{what}: {name}: and nothing is forwarded")
    tap.equal(counted, (len(good) + 1, len(good), 1), f"{family}{what}: the prefix counted each datagram once")


def whole_reply(request):
    """The answer, in fragments if Ethernet needs them."""
    answer = reply(request)
    return cut(answer) if len(answer) > 1500 else [answer]


def untouched(router):
    """IPv6's fragments are taken only where the first header behind the fragment's is ICMPv6; UDP's never."""
    here, target = HOST["ipv6"], TARGET["ipv6"]
    message = icmp(here, target, 128, bytes(4) + DATA[:3000])
    behind_options = ip(here, target, b"\x3a\0\1\4\0\0\0\0" + message, proto=DESTOPTS)
    # Its first fragment is an echo request to be seen.
    for name, fragments, outcomes in (
            ("an echo request behind destination options", cut(behind_options, ident=0x9001), {("ipv6", "prefix", "has-options"): 1}),
            ("UDP", cut(ip(here, target, DATA[:3000], proto=17), ident=0x9002), {}),
            ("IPv4's UDP", cut(ip(HOST["ipv4"], TARGET["ipv4"], DATA[:3000], proto=17), ident=0x9003)[::-1], {})):
        back, out, said = router.ask(fragments)
        tap.equal((back, told(out), said), ([], told(frame(forwarded(part), net.MAC_B, net.MAC_EAST) for part in fragments), outcomes),
                  f"fragments of {name} are forwarded as they are")


def waiting(family):
    """Datagrams that wait for their rest."""
    name = "FRAG" if family == "ipv4" else "FRAG6"
    text = net.read("/proc/net/sockstat" + ("6" if family == "ipv6" else ""), "router")
    return next(int(line.split()[2]) for line in text.splitlines() if line.split()[0] == name + ":")


def references(module):
    return int(net.read(f"/sys/module/{module}/refcnt"))


def unloaded(router):
    """rmmod while half of a datagram waits."""
    for family in HOST:
        router.ask(cut(echo(HOST[family], TARGET[family], DATA[:4000]), ident=0x5001)[:2])
    tap.ok(waiting("ipv4") > 0, "half of a datagram waits for the rest", waiting("ipv4"))
    held = references("nf_defrag_ipv6")
    net.run("rmmod", "netlab")
    tap.ok(not os.path.exists("/sys/module/netlab"), "rmmod while it waits")
    tap.equal(held - references("nf_defrag_ipv6"), 1, "IPv6's reassembly is let go of")
    net.run("insmod", net.NETLAB_KO)


def main():
    net.router()
    net.sysctl("router", ipv6__auto_flowlabels=0)
    net.ip("router", f"route add {BLOCK['ipv4']} via 198.51.100.1", f"route add {BLOCK['ipv6']} via 2001:db8:2::1")
    for block in BLOCK.values():
        net.netlab("router", "prefix", "add", block)
    router = Router()
    compared(router, "ipv4", 0x1000)
    compared(router, "ipv6", 0x1000)
    untouched(router)
    net.netlab("router", "prefix", "replace", BLOCK["ipv6"])
    net.run("nft", "-f", "-", ns="router", stdin=CONNTRACK)
    compared(router, "ipv4", 0x2000, ", with conntrack")
    compared(router, "ipv6", 0x2000, ", with conntrack")
    net.sysctl("router", ipv4__ipfrag_time=1)
    unloaded(router)


tap.run(main)
