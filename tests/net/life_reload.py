#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""rmmod and insmod: at any moment, under load, with readers, and leaving
nothing behind. While netlab is away the stack answers: no ping is lost.
"""
import errno
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
from genl import rows  # noqa: E402

RELOADS = 20
CHURNED = 4  # of them, while namespaces come and go too
MODULE = "/sys/module/netlab"
EVERYWHERE = "prerouting input output postrouting"
# Whom blast pretends to be: answers to left's own address would fill ping's
# raw socket, which sees every echo reply at first.
STRANGER = "192.0.2.77"
ZERO_ROWS = genl._attribute(8, b"")


def load():
    net.run("insmod", net.NETLAB_KO)


def unload():
    net.run("rmmod", "netlab")


def references():
    with open(MODULE + "/refcnt", encoding="ascii") as f:
        return int(f.read())


def ping(n):
    net.run("ping", "-q", "-c", n, "-i", "0.002", "192.0.2.2", ns="left")


def fresh():
    """A load begins with nothing, also in namespaces that were there before."""
    ping(5)
    for _ in range(3):
        net.reset("right")
    reader = genl.Reader("right")
    ping(4)
    reading = reader.read()
    tap.equal((reading.epoch, reading.protocols[("ipv4", "input", 1)]), (4, (4, 336)),
              "before: epoch 4, and what it counted")
    tap.equal(references(), 0, "a reader that reads nothing holds no reference")
    reader.close()

    unload()
    tap.equal([path for path in (MODULE, "/proc/netlab", "/proc/net/netlab", "/proc/self/net/netlab")
               if os.path.lexists(path)], [], "unloaded: nothing left in /proc and /sys")
    tap.equal([ns for ns in ("left", "right") if "netlab" in net.run("ls", "/proc/self/net/", ns=ns)], [],
              "nor in any namespace's /proc/net")
    try:
        genl.Reader()
        found = "there"
    except OSError as e:
        found = errno.errorcode[e.errno]
    tap.equal(found, "ENOENT", "the family is gone")
    done = net.run(net.NETLAB, "-j", "stats", check=False)
    tap.equal(done.returncode, 3, "the tool says that the module is not loaded")
    ping(3)

    began = time.time_ns()
    load()
    readings = {ns: genl.Reader(ns).read() for ns in ("left", "right")}
    tap.equal({ns: (r.epoch, r.protocols, r.hooks) for ns, r in readings.items()},
              {ns: (1, {}, {}) for ns in readings}, "loaded again: epoch 1, nothing counted")
    tap.ok(all(began <= r.since <= time.time_ns() for r in readings.values()), "since now",
           began, readings)
    tap.equal(net.outcomes("right"), {}, "nor answered")
    watch = genl.Watch("left", "right")
    ping(6)
    expected = rows("left", "ipv4", 1, 6, 84, EVERYWHERE) | rows("right", "ipv4", 1, 6, 84, EVERYWHERE)
    tap.equal(watch.settle(expected), expected, "and it counts in namespaces that were there before")
    tap.equal(net.outcomes("right"), {("ipv4", "local", "replied"): 6}, "and answers")


def open_file():
    """An open file of /proc holds nothing up, and is empty afterwards."""
    for read_first in (False, True):
        with open("/proc/netlab/stats", "rb", buffering=0) as f:
            if read_first:
                tap.ok(f.read(10).startswith(b"#epoch"), "a file of /proc is open and half read")
            tap.equal(references(), 0, "an open file holds no reference")
            unload()
            try:
                said = f.read()
            except OSError as e:
                said = errno.errorcode[e.errno]
            tap.ok(said in (b"", "EIO", "ENODEV", "ENOENT"), "read after rmmod, it says nothing", said)
        load()
        with open("/proc/netlab/stats", encoding="ascii") as f:
            tap.ok(f.read().startswith("#epoch"), "a new one can be read")


def abandoned_dump():
    """A dump that nobody reads on holds the module, and only while it is there."""
    reader = genl.Reader("right")
    reader.send(reader.family, genl.STATS_GET, genl.NLM_F_DUMP, ZERO_ROWS)
    tap.equal(references(), 1, "a dump under way holds a reference")
    done = net.run("rmmod", "netlab", check=False)
    tap.ok(done.returncode != 0 and "in use" in done.stderr, "rmmod is refused, at once", done)
    tap.ok(os.path.exists("/proc/netlab/stats"), "and all is still there")
    reader.close()
    # The netlink socket lets go of it after an RCU grace period.
    tap.wait_until(lambda: references() == 0, "the reference is given back")
    unload()
    tap.ok(not os.path.exists(MODULE), "once it is abandoned, rmmod unloads")
    load()


class Noise:
    """What goes on while the module comes and goes; each part is started
    again when it ends, until the end.
    """

    def __init__(self):
        self.pings = self.lost = 0
        self.ping = self.blast = self.namespaces = None
        self.keep_up()

    def keep_up(self, churn=False):
        if self.ping is None or self.ping.poll() is not None:
            self.count()
            address = ("192.0.2.2", "2001:db8:1::2")[self.pings % 2]
            self.ping = net.spawn("ping", "-f", "-q", "-c", 400, "-W", 10, address, ns="left")
        if self.blast is None or self.blast.poll() is not None:
            self.blast = net.spawn(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT,
                                   "-S", STRANGER, "-D", "192.0.2.2", "-n", 1 << 32,
                                   "-k", "icmp", "-k", "udp", "-k", "tcp", "-c", max(os.sched_getaffinity(0)),
                                   "-w", 1000, ns="left")
        if churn and self.namespaces is None:
            self.namespaces = net.spawn("sh", "-c", "while :; do ip netns add n; ip netns exec n "
                                        "ping -qc1 127.0.0.1; ip netns del n; done", stdout=-3, stderr=-3)

    def count(self):
        """The ping that ended: were all of its requests answered?"""
        if self.ping is None:
            return
        out = net.finish(self.ping, 60) if self.ping.wait(60) == 0 else self.ping.stdout.read()
        words = next(line for line in out.splitlines() if "packets transmitted" in line).split()
        self.lost += int(words[0]) - int(words[3])
        self.pings += int(words[0])

    def end(self):
        if self.blast.poll() is not None:
            raise RuntimeError("blast ended: " + self.blast.stdout.read())
        self.blast.kill()
        self.count()
        if self.namespaces.poll() is not None:
            raise RuntimeError("the namespaces' loop ended")
        self.namespaces.kill()
        self.namespaces.wait()
        net.run("ip", "netns", "del", "n", check=False)


def echoes():
    """What the stacks of both sides counted, for when a ping is lost: which way, and where."""
    wanted = re.compile(r"^(Icmp6?(?:In|Out)(?:Echos|EchoReps|EchoReplies)|Ip6?InDiscards|Ip6?OutDiscards)\s+([0-9]+)", re.M)
    counted = {ns: dict(wanted.findall(net.run("nstat", "-asz", ns=ns))) for ns in ("left", "right")}
    with open("/proc/net/softnet_stat", encoding="ascii") as f:
        return {**counted, "backlog dropped": sum(int(line.split()[1], 16) for line in f)}


def under_load():
    net.neighbours("right", "veth0", net.MAC_LEFT, STRANGER)
    before = echoes()
    noise = Noise()
    began = time.monotonic()
    for i in range(RELOADS):
        if i == RELOADS - CHURNED:
            tap.note(f"{i} reloads in {time.monotonic() - began:.1f} s")
        noise.keep_up(churn=i >= RELOADS - CHURNED)
        unload()
        load()
    took = time.monotonic() - began
    watch = genl.Reader("right")
    tap.wait_until(lambda: watch.read().protocols.get(("ipv4", "input", 6), (0, 0))[0] > 0,
                   "the load is still there")
    watch.close()
    noise.end()
    tap.note(f"{RELOADS} reloads in {took:.1f} s, {noise.pings} pings")
    tap.ok(noise.pings >= 400, "there were pings", noise.pings)
    if noise.lost:
        tap.note(f"before: {before}")
        tap.note(f"after: {echoes()}")
    tap.equal(noise.lost, 0, f"{RELOADS} reloads under flood pings and blast, {CHURNED} while namespaces come and go: no ping is lost")
    tap.equal(references(), 0, "no reference is left")


def main():
    with open("/proc/sys/net/core/netdev_max_backlog", "r+", encoding="ascii") as f:
        backlog = f.read().strip()
        f.seek(0)
        f.write(str(1 << 20))

    def restore():
        with open("/proc/sys/net/core/netdev_max_backlog", "w", encoding="ascii") as f:
            f.write(backlog)

    tap.at_end(restore)
    net.pair()
    fresh()
    open_file()
    abandoned_dump()
    under_load()
    tap.ok(json.loads(net.run(net.NETLAB, "-j", "stats"))["epoch"] == 1, "and it works still")


tap.run(main)
