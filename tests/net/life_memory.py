#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What netlab costs in memory, that it gives all of it back, and that a
protocol beyond the first few loses nothing when its counters are allocated.

What netlab allocates is charged to the control group of who made the
namespace: so a group that makes namespaces tells exactly what they cost. How
memory is compared otherwise, lib/memory.py says.
"""
import os
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
from memory import grown, meminfo, namespaces_end, objects_come_back, percpu_no_more, slabs  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
from kernel import LATE, SLOW  # noqa: E402

NAMESPACES = 100
ROUNDS = 3
LOADS = 50
LOADED_NAMESPACES = 20
PER_CPU_LIMIT = 8192  # bytes per CPU of an idle namespace, the design's promise
NETLAB_SLOTS = 16
POINTER = struct.calcsize("P")


def cpus():
    """How many CPUs there can be: per-CPU memory is for each of them."""
    with open("/sys/devices/system/cpu/possible", encoding="ascii") as f:
        return sum(int(last or first) - int(first) + 1
                   for first, _, last in (part.partition("-") for part in f.read().strip().split(",")))


class Group:
    """A control group, whose memory is counted."""

    def __init__(self):
        self.root = tempfile.mkdtemp()
        net.run("mount", "-t", "cgroup2", "cgroup2", self.root)
        tap.at_end(self.end)
        with open(self.root + "/cgroup.subtree_control", "w", encoding="ascii") as f:
            f.write("+memory")
        self.path = self.root + "/netlab"
        os.mkdir(self.path)

    def end(self):
        if os.path.isdir(self.path):
            os.rmdir(self.path)
        net.run("umount", self.root)
        os.rmdir(self.root)

    def make(self, names):
        """Make namespaces from within the group."""
        tap.at_end(lambda: net.del_namespace(*names))
        net.run("sh", "-c", f"echo $$ >{self.path}/cgroup.procs && exec ip -batch -",
                stdin="".join(f"netns add {name}\n" for name in names))

    def charged(self):
        """(per-CPU bytes, bytes of slabs) once the CPUs' shares have been added up."""
        def look():
            with open(self.path + "/memory.stat", encoding="ascii") as f:
                stat = dict(line.split() for line in f)
            return int(stat["percpu"]), int(stat["slab_unreclaimable"])

        # The kernel does that every two seconds.
        last, since = look(), time.monotonic()
        while time.monotonic() < since + 3:
            time.sleep(0.1)
            if (now := look()) != last:
                last, since = now, time.monotonic()
        return last


def load():
    net.run("insmod", net.NETLAB_KO)


def unload():
    net.run("rmmod", "netlab")


def idle():
    """What a namespace costs that does nothing."""
    names = [f"idle{i}" for i in range(NAMESPACES)]
    group, possible, objects = Group(), cpus(), slabs()

    def cost():
        before = group.charged()
        group.make(names)
        percpu, slab = ((now - then) / NAMESPACES for now, then in zip(group.charged(), before))
        # Beside the memory itself the kernel charges what it remembers the
        # payer in: a pointer for each four bytes of one CPU.
        return percpu / (possible + POINTER / 4), slab / possible

    unload()
    without = cost()  # what the kernel itself needs
    net.del_namespace(*names)
    namespaces_end(objects)
    load()
    percpu, slab = (now - then for now, then in zip(cost(), without))
    tap.note(f"{NAMESPACES} namespaces, {possible} CPUs: per CPU and namespace {percpu:.0f} bytes of "
             f"per-CPU memory, {slab:.0f} of other")
    tap.ok(1024 < percpu <= PER_CPU_LIMIT, f"an idle namespace costs at most {PER_CPU_LIMIT} bytes per CPU, "
           "charged to its maker", percpu, without)
    tap.ok(-LATE / NAMESPACES < slab and percpu + slab <= PER_CPU_LIMIT * (2 if SLOW else 1), "also with what isn't per CPU", percpu, slab)
    reading = genl.Reader(names[-1]).read()
    tap.equal((reading.epoch, reading.protocols), (1, {}), "and is a namespace like any other")
    net.del_namespace(*names)
    namespaces_end(objects)
    left = group.charged()[0]
    tap.ok(abs(left) <= LATE * possible, "when it ends, all of its per-CPU memory is given back", left)


def come_and_go():
    """Namespaces made and removed while the module is there."""
    def once():
        names = [f"go{i}" for i in range(NAMESPACES)]
        started = slabs()
        net.add_namespace(*names, quiet=False, up=False)
        busy = names[0]
        net.ip(busy, "link set lo up")
        net.run("ping", "-q", "-c", 1, "127.0.0.1", ns=busy)
        net.reset(busy)
        net.reset(busy)
        percpu = meminfo()["Percpu"]
        net.del_namespace(*names)
        namespaces_end(started)
        return percpu

    def rounds():
        for _ in range(ROUNDS):
            percpu = once()
        return percpu

    before = once()
    objects = slabs()
    now = rounds()
    percpu_no_more(f"{NAMESPACES} namespaces that come and go", before, now)
    # One leaked object per namespace and round would be more than the limit.
    objects_come_back("nor anything else", objects, ROUNDS * NAMESPACES * 3 // 4, again=rounds)


def loads():
    names = [f"held{i}" for i in range(LOADED_NAMESPACES)]
    started = slabs()
    net.add_namespace(*names, quiet=False, up=False)
    unload()
    load()
    percpu, objects = meminfo()["Percpu"], slabs()
    for _ in range(LOADS):
        unload()
        load()
    what = f"{LOADS} loads with {LOADED_NAMESPACES} namespaces"
    percpu_no_more(what, percpu)
    # One leaked object per load and namespace would be twice the limit.
    objects_come_back("nor anything else", objects, LOADS * LOADED_NAMESPACES // 2)
    net.del_namespace(*names)
    namespaces_end(started)


def blast(protocols, n, cpu):
    argv = [word for protocol in protocols for word in ("-p", protocol)]
    out = net.run(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT, "-S", "192.0.2.1",
                  "-D", "192.0.2.2", "-n", n * len(protocols), "-l", 8, "-c", cpu, *argv, ns="left")
    if out != f"sent {n * len(protocols)}\n":
        raise RuntimeError(out)


def slots():
    """More protocols on one CPU than it has counters for at first. Others
    follow on the other CPU, in another order.
    """
    # What it can't deliver it can't answer either.
    net.ip("right", "route add unreachable 192.0.2.1/32")
    watch = genl.Watch("right")
    watch.reset()
    # Protocol 255 has a slot of its own from the start.
    order = list(range(255)) + [255]
    expected = {}

    def count(protocols, n, cpu):
        blast(protocols, n, cpu)
        for protocol in protocols:
            for hook in ("prerouting", "input"):
                genl.add(expected, {("right", "ipv4", hook, protocol): (n, n * 28)})
        return watch.settle(expected)

    done = 0
    for known in (NETLAB_SLOTS - 1, NETLAB_SLOTS, NETLAB_SLOTS + 1, 2 * NETLAB_SLOTS - 1,
                 2 * NETLAB_SLOTS, 2 * NETLAB_SLOTS + 1, 256):
        counted = count(order[done:known], 3, 0)
        done = known
        tap.equal(counted, expected, f"{known} protocols on one CPU: each of its packets is counted")
    others = order[::-1]
    for part in (others[:40], others[40:]):
        counted = count(part, 2, 1 if (os.cpu_count() or 1) > 1 else 0)
    tap.equal(counted, expected, "all of them on another CPU, in another order")
    row = watch.readers["right"].read().hooks["ipv4", "prerouting"]
    tap.equal((row["packets"], row["bytes"]), (256 * 5, 256 * 5 * 28), "the hook's total is their sum")

    watch.reset()
    expected.clear()
    tap.equal(count(order, 1, 0), expected, "and they count on after a reset")

    # All 15 chunks of a CPU, in a namespace that ends: 2.5 KiB each.
    rounds = 6
    objects, most = slabs(), 0
    for _ in range(rounds):
        net.add_namespace("chunks")
        net.cable("left", "veth1", "chunks", "veth0", None, net.MAC_RIGHT)
        net.addresses("chunks", "veth0", "192.0.2.2/24")
        reader = genl.Reader("chunks")
        net.run(net.program("blast"), "-i", "veth1", "-d", net.MAC_RIGHT, "-S", "198.51.100.1",
                "-D", "192.0.2.2", "-n", 256, "-l", 8, "-p", "all", ns="left")
        tap.wait_until(lambda: len(reader.read().protocols) >= 2 * 256, "all protocols are counted")
        most = max(most, grown(objects)["kmalloc-4k"])
        reader.close()
        net.del_namespace("chunks")
        tap.wait_until(lambda: "veth1:" not in net.read("/proc/net/dev", "left"), "the namespace ends")
    tap.ok(most >= 15, "counters for all protocols take 15 more allocations", most)
    objects_come_back(f"{rounds} namespaces with counters for all protocols give them back", objects,
                      rounds * 15 // 2, "kmalloc-4k")


def main():
    # Tunnels that other tests have used would give each namespace devices.
    net.run("sysctl", "-qw", "net.core.fb_tunnels_only_for_init_net=2")
    loads()
    come_and_go()
    net.pair()
    slots()
    idle()


tap.run(main)
