#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Two hundred thousand netlink messages, most of them wrong, from who may change things and from who may not.

What is refused says why and has changed nothing; what needs a privilege isn't
done without it; each message is answered; memory doesn't grow; /proc, the tool
and a dump still agree at the end.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import fuzz
import genl
import nobody
import tap
import topology as net
from netlink_commands import commands

MESSAGES = int(os.environ.get("MESSAGES") or 200000)
GROWTH = 3 << 20  # bytes, of all the kernel's memory


def state(ns):
    return (net.run(net.NETLAB, "save", ns=ns), net.read("/proc/net/netlab/prefixes", ns),
            genl.Reader(ns).read().epoch)


def memory():
    """What the kernel holds and can't give back, once what RCU still has is freed."""
    least = None
    for _ in range(10):
        net.run("sleep", "0.2")
        rows = dict(line.split(":") for line in net.read("/proc/meminfo").splitlines())
        now = sum(int(rows[word].split()[0]) for word in ("SUnreclaim", "Percpu", "VmallocUsed", "KernelStack")) << 10
        least = now if least is None else min(least, now)
    return least


class Fuzzer:
    def __init__(self, seed, path):
        self.seed, self.path, self.sent, self.runs = seed, path, 0, 0
        self.family = genl.Reader("right").family

    def words(self, messages, *options):
        self.runs += 1
        return ("-a", self.path, "-g", self.family, "-s", self.seed + 100 * self.runs, "-n", messages, *options)

    def judge(self, what, counts, lines, good):
        self.sent += counts.get("sent", 0)
        tap.ok(good, f"{what}: {', '.join(f'{value} {word}' for word, value in counts.items())}", *lines)
        return counts

    def run(self, what, share, *options, ns="right"):
        counts = self.judge(what, *fuzz.finish(fuzz.start("netlink", *self.words(MESSAGES * share // 100, *options), ns=ns)))
        tap.ok(counts.get("answered", 0) > counts.get("sent", 1) * 0.8 and counts.get("refused", 0) > 0,
               f"{what}: most are answered, some of them refused")
        return counts

    def as_other(self, what, share, flags, ns):
        """As nobody, or as root of a user namespace of its own; the program has no privilege over @ns."""
        argv = [os.path.join(fuzz.PROGRAMS, "fuzz-netlink"), *map(str, self.words(MESSAGES * share // 100, "-u", "-t", 2))]
        path = os.path.join(self.folder, "netlink")

        def work():
            if flags is None:
                nobody.as_nobody()
            else:
                nobody.become_root(flags)
            os.dup2(os.open(path + ".out", os.O_WRONLY | os.O_TRUNC), 1)
            os.execv(path, argv)

        net.run("cp", argv[0], path)
        with open(path + ".out", "w", encoding="ascii"):
            os.chmod(path + ".out", 0o666)
        with net.inside(ns):
            said = nobody.in_child(work)
        with open(path + ".out", encoding="ascii") as f:
            lines = f.read().splitlines()
        words = lines.pop().split() if lines else ["nothing", "0"]
        counts = dict(zip(words[::2], map(int, words[1::2])))
        self.judge(what, counts, [said, *lines], not said and not lines and counts.get("sent", 0) > 0)


def privileged(fuzzer):
    fuzzer.run("alone", 20, "-k")
    before = memory()
    counts = fuzzer.run("alone, again", 25, "-k")
    fuzzer.run("by four threads", 25, "-t", 4)
    net.run(net.NETLAB, "prefix", "flush", ns="right")
    grown = memory() - before
    tap.ok(grown < GROWTH, f"memory: {grown >> 10} KiB more after {MESSAGES * 50 // 100} messages", f"at most {GROWTH >> 10} KiB")
    tap.ok(counts.get("taken", 0) > 100, "enough of them are taken for something to change")


def unprivileged(fuzzer):
    net.run(net.NETLAB, "restore", "-", ns="right", stdin="prefix add 198.51.100.0/24 rate 5\n")
    net.run(net.NETLAB, "echo", "set", "rate", 77, ns="right")
    before = state("right")
    fuzzer.as_other("by nobody", 10, None, "right")
    fuzzer.as_other("by root of a user namespace without a network of its own", 10, nobody.CLONE_NEWUSER, "right")
    tap.equal(state("right"), before, "nothing has changed")


def main():
    seed = fuzz.seed("netlink.py")
    net.pair()
    net.ip("right", "link add br0 type bridge", "link add d0 type veth peer name d1")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "commands")
        tap.ok(commands(path) == 15, "the commands of netlab.yaml")
        os.chmod(path, 0o644)
        fuzzer = Fuzzer(seed, path)
        fuzzer.folder = folder
        privileged(fuzzer)
        unprivileged(fuzzer)
        # In a namespace of its own everything is allowed, and others don't notice.
        before = state("left")
        fuzzer.run("beside another namespace", 10, "-t", 2)
        tap.equal(state("left"), before, "another namespace has not changed")
    tap.ok(fuzzer.sent >= MESSAGES, f"{fuzzer.sent} messages")
    net.run(net.NETLAB, "restore", "-", ns="right", stdin="echo set local on\n")
    wrong = fuzz.invariants("right")
    tap.ok(not wrong, "the counters agree", *wrong)
    net.run("ping", "-q", "-n", "-c", 3, "-i", "0.01", "192.0.2.2", ns="left")
    tap.equal(net.outcomes("right"), {("ipv4", "local", "replied"): 3}, "and requests are answered")
    tap.equal(net.read("/sys/module/netlab/refcnt").strip(), "0", "the module isn't held")


tap.run(main)
