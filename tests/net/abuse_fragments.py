#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What prefixes have the kernel do with fragments is bounded as the kernel's own: one module, and its limits of memory."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire
from nobody import CLONE_NEWNET, CLONE_NEWUSER, User, become_root, in_child
from prefix_packets import DATA, cut, echo, frame

HOST = {"ipv4": "192.0.2.1", "ipv6": "2001:db8:1::1"}
TARGET = {"ipv4": "203.0.113.9", "ipv6": "2001:db8:f::9"}
BLOCK = {"ipv4": "203.0.113.0/24", "ipv6": "2001:db8:f::/48"}
HIGH = {"ipv4": "net.ipv4.ipfrag_high_thresh", "ipv6": "net.netfilter.nf_conntrack_frag6_high_thresh"}
LOW = {"ipv4": "net.ipv4.ipfrag_low_thresh", "ipv6": "net.netfilter.nf_conntrack_frag6_low_thresh"}
LIMIT = 100_000
REASSEMBLY = "nf_defrag_ipv6"


# ---- modules

def modules():
    """{module: those that use it}"""
    found = {}
    for line in net.read("/proc/modules").splitlines():
        name, _, _, users = line.split()[:4]
        found[name] = [user for user in users.split(",") if user not in ("-", "")]
    return found


def remove(name):
    """With those that use it."""
    for user in modules().get(name, []):
        remove(user)
    if name in modules():
        net.run("rmmod", name)


def built_in(name):
    return "(builtin)" in net.run("modinfo", "-n", name)


def loading(user):
    """By root of a user namespace, who could not load a module himself."""
    def ask():
        become_root(CLONE_NEWUSER | CLONE_NEWNET)
        net.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1")
        for words in (("prefix", "add", BLOCK["ipv4"]), ("prefix", "add", BLOCK["ipv6"]), ("echo", "direct", "veth0", "on"),
                      ("prefix", "replace", BLOCK["ipv6"], "proxy", "veth0"), ("echo", "set", "rate", "5", "source-rate", "5"),
                      ("prefix", "show"), ("stats", "reset"), ("stats",), ("prefix", "flush")):
            net.run(user.tool, *words)
        return "done"

    net.run("modprobe", "veth")
    remove("netlab")
    remove(REASSEMBLY)
    net.run("insmod", net.NETLAB_KO)
    before = set(modules())
    tap.ok(REASSEMBLY not in before, "IPv6's reassembly isn't loaded, nor by netlab alone", sorted(before))
    tap.equal(in_child(ask), "done", "root of a user namespace uses all commands")
    tap.equal(sorted(set(modules()) - before), [] if built_in(REASSEMBLY) else [REASSEMBLY],
              "that loaded one module at most, IPv6's reassembly")


# ---- memory

def threshold(family, high):
    """Set the kernel's limit, in bytes."""
    for name, value in ((LOW, 0), (HIGH, high), (LOW, high * 3 // 4)):
        with net.place("router"), open("/proc/sys/" + name[family].replace(".", "/"), "w", encoding="ascii") as f:
            f.write(str(value))


class Asker:
    """Asks for an address of a prefix in fragments, each datagram with a number of its own."""

    def __init__(self):
        self.port = wire.Port("host-a", "veth0", target="192.0.2.254")
        self.number = 0x100

    def fragments(self, family):
        self.number += 1
        return [frame(part) for part in cut(echo(HOST[family], TARGET[family], DATA[:4000]), 1000, self.number)]

    def answered(self, family):
        before = wire.outcomes("router")
        self.port.exchange(self.fragments(family))
        return wire.grown(before, wire.outcomes("router")) == {(family, "prefix", "replied"): 1}

    def halves(self, family, n):
        """Of each datagram the first and the second fragment."""
        self.port.exchange([part for _ in range(n) for part in self.fragments(family)[:2]])


def kept():
    """(datagrams, bytes) of IPv4 that wait for their rest, as the kernel tells."""
    words = next(line.split() for line in net.read("/proc/net/sockstat", "router").splitlines() if line.startswith("FRAG:"))
    return int(words[2]), int(words[4])


def memory(asker, family):
    threshold(family, LIMIT)
    tap.ok(asker.answered(family), f"{family}: with room for {LIMIT} bytes a request in fragments is answered")
    asker.halves(family, 300)
    if family == "ipv4":
        datagrams, size = kept()
        # A datagram that begins below the limit may end above it.
        tap.ok(0 < datagrams < 300 and size < LIMIT + 10_000, f"{family}: of 300 halves of datagrams the kernel keeps what its limit allows",
               datagrams, size)
    tap.ok(not asker.answered(family), f"{family}: when halves of 300 datagrams fill that, no other is begun")
    threshold(family, 1 << 22)
    tap.ok(asker.answered(family), f"{family}: with more room it is")


def main():
    net.router()
    user = User()
    loading(user)
    for family in HOST:
        net.netlab("router", "prefix", "add", BLOCK[family])
    asker = Asker()
    for family in HOST:
        memory(asker, family)


tap.run(main)
