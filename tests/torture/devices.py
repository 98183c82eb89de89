#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Devices made, renamed, moved between namespaces and deleted in a loop, with all that netlab can have to do with one.

veth, vlan, dummy, bridge, VRF and tap; on each that can be, direct is on and
prefixes have it as their proxy when it goes, or moves away and back. Two of
them are the ends of cables that both CPUs send into all the while. Afterwards
no device is known that isn't there, none hears more than it should, and those
that stayed all the time are counted as ever.
"""
import errno
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import direct  # noqa: E402
import memory  # noqa: E402
import prefix_asker as nl  # noqa: E402
import tables  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import torture  # noqa: E402
from rtnl import Links, tap_device  # noqa: E402
from storm import CPUS, LIMIT, Storm  # noqa: E402

ROUNDS = 100  # of each worker: six kinds of device in each
WARM = 10
PAUSE = 50_000
SECONDS = LIMIT * 0.8
# What may be refused: netlab by kind, and the kernel while another worker is at it.
UNFIT = {errno.EOPNOTSUPP, errno.ENODEV, errno.EEXIST}


class Worker(threading.Thread):
    """Makes devices of its own names in right, one after the other."""

    def __init__(self, number, rounds, other):
        super().__init__()
        self.number, self.rounds, self.other = number, rounds, other
        self.done, self.trouble, self.on, self.proxied = 0, None, 0, 0
        self.deadline = time.monotonic() + SECONDS
        with net.inside("right"):
            self.links = Links()
        with other:
            self.there = Links()
        self.home = os.open("/run/netns/right", os.O_RDONLY | os.O_CLOEXEC)
        self.asker = nl.Asker("right")

    def run(self):
        try:
            while self.done < self.rounds and time.monotonic() < self.deadline:
                for kind in "veth", "vlan", "dummy", "bridge", "vrf", "tap":
                    self.one(kind)
                self.done += 1
        except Exception as e:
            self.trouble = f"round {self.done}, {kind}: {type(e).__name__}: {e}"
        os.close(self.home)
        self.links.close()
        self.there.close()
        self.asker.close()

    def name(self, letter):
        return f"{letter}{self.number}"

    def make(self, kind):
        """The device's name, and what holds it."""
        name = self.name(kind[0] + kind[-1])
        if kind == "veth":
            # Its peer is the one that is sent into, when it is this worker's turn.
            with net.inside("left"):
                left = Links()
                left.add(self.name("c"), "veth", peer=name, peer_mac=net.MAC_RIGHT, peer_ns=self.home)
                left.set(self.name("c"), up=True)
                left.close()
        elif kind == "vlan":
            self.links.add(name, "vlan", link="veth0", vlan=100 + self.number)
        elif kind == "vrf":
            self.links.add(name, "vrf", table=100 + self.number)
        elif kind == "tap":
            with net.inside("right"):
                return name, tap_device(name)
        else:
            self.links.add(name, kind)
        return name, None

    def use(self, index):
        """All that netlab can have to do with a device."""
        code, _, _ = self.asker.ask(nl.DIRECT_SET, torture.direct_on(index))
        self.on += not code
        if code not in UNFIT | {0}:
            raise OSError(code, "direct")
        for name in f"10.{self.number}.0.0/16", f"2001:db8:{self.number:x}:f::/64":
            code, _, _ = self.asker.ask(nl.ADD, nl.prefix(name) + nl.u32(nl.PROXY, index) + nl.attr(nl.REPLACE))
            self.proxied += not code
            if code not in UNFIT | {0}:
                raise OSError(code, "proxy")

    def one(self, kind):
        name, held = self.make(kind)
        index = self.links.index(name)
        self.links.set(name, up=True)
        if kind != "vrf":
            self.links.address(name, f"10.200.{self.number}.1/24", f"2001:db8:c{self.number:x}::1/64")
        self.use(index)
        if kind == "bridge":
            self.links.add(self.name("p"), "dummy")
            self.links.set(self.name("p"), master=name, up=True)
        turn = (self.done + self.number) % 4
        if turn in (1, 3):
            self.links.set(name, up=False)
            self.links.set(name, name=name + "x")
            name += "x"
            self.links.set(name, up=True)
        if turn >= 2 and kind in ("veth", "dummy", "tap"):
            # Away, used there, and back: with its own number, which its prefixes know.
            self.links.set(index, ns=self.other.fd)
            self.there.set(name, up=True)
            self.there.set(name, ns=self.home)
            if self.links.index(name) == index:
                self.links.set(name, up=True)
                self.use(index)
        if turn == 0:
            self.asker.ask(nl.DIRECT_SET, torture.direct_on(index, 0))
            self.asker.ask(nl.DEL, nl.prefix(f"10.{self.number}.0.0/16"))
        if held is None:
            self.links.delete(name)
        else:
            os.close(held)
        if kind == "bridge":
            self.links.delete(self.name("p"))


def listed(ns):
    """The devices that netlab tells of, and those that there are."""
    known = {key[0] for key in tables.dump(ns)["devices"]}
    with net.inside(ns), open("/proc/thread-self/net/dev", encoding="ascii") as f:
        there = {line.split(":")[0].strip() for line in f.readlines()[2:]}
    return known, there


def rounds(n, other):
    workers = [Worker(number + 1, n, other) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(SECONDS + 60)
    return workers


def main():
    net.run("modprobe", "-a", "tun", "bridge", "8021q", "vrf", "dummy")
    torture.hasten()
    port = torture.pair()
    other = torture.Namespace()
    rounds(WARM if torture.SCALE == 1 else 2, other)
    nl.Asker("right").do(nl.FLUSH)
    slabs, percpu = torture.at_rest(), memory.meminfo()["Percpu"]
    before = torture.heard("right", "veth0")

    storms = [Storm("left", "veth0", pause=PAUSE)] + \
             [Storm("left", f"c{number + 1}", pause=PAUSE, cpus=[cpu]) for number, cpu in enumerate(CPUS)]
    wanted = torture.times(ROUNDS)
    begin = time.monotonic()
    workers = rounds(wanted, other)
    took = time.monotonic() - begin
    sent = tuple(map(sum, zip(*(storm.end() for storm in storms))))
    torture.settle(port)
    tap.note(f"{wanted} rounds in {took:.0f} s; {sent} frames sent, refused and without a device")
    tap.equal([worker.trouble for worker in workers if worker.trouble], [], "nothing was refused that can be had")
    tap.equal([worker.done for worker in workers], [wanted] * 2,
              f"{wanted} times six kinds of device made, renamed, moved and deleted, by each of two")
    tap.ok(all(worker.on and worker.proxied for worker in workers), "with direct on and as proxies",
           [(worker.on, worker.proxied) for worker in workers])
    tap.ok(sent[0] > 1000 and sent[2], "under traffic, into some of them, too", sent)
    tap.equal(direct.direct_devices("right"), [], "direct is on at none that is gone")
    known, there = listed("right")
    tap.equal(known - there, set(), "no device is counted that isn't there")
    nl.Asker("right").do(nl.FLUSH)
    tap.equal(torture.heard("right", "veth0"), before, "what a VLAN made its device hear, it hears no more")
    other.close()
    memory.objects_come_back("nothing of them is left", slabs, max(wanted // 2, 150))
    memory.percpu_no_more("devices that came and went", percpu)
    torture.exact(port, "afterwards")
    torture.unload()
    torture.load()


tap.run(main)
