#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""direct goes with its device, its namespace and the module, while requests come; and it doesn't come back."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import tap
import topology as net
from direct import addressed, connect, path
from wire import Port, outcomes

TIMES = 2
CPUS = sorted(os.sched_getaffinity(0))[:2]


def load():
    """Echo requests of both families, until the test ends them."""
    return [net.spawn(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT, "-S", direct.LEFT[family],
                      "-D", direct.RIGHT[family], "-k", "icmp", "-n", 100_000_000, "-c", cpu, "-w", 20_000, ns="left")
            for family, cpu in zip(direct.FAMILIES, (CPUS * 2)[:2])]


def unload(senders):
    for sender in senders:
        if sender.poll() is not None:
            raise RuntimeError(f"a sender ended with {sender.returncode}: {sender.stdout.read()}")
        sender.kill()
        sender.wait()


def under_load(ns="right"):
    """Wait until direct is seen to answer both families."""
    before = outcomes(ns)
    tap.wait_until(lambda: all(outcomes(ns).get((family, "direct", "replied"), 0) > before.get((family, "direct", "replied"), 0)
                               for family in direct.FAMILIES), f"direct answers in {ns}")


def on(ns="right"):
    direct.set_direct(ns, "veth0", "on")


def deleted(port):
    senders = load()
    listed = []
    for _ in range(TIMES):
        on()
        under_load()
        net.ip("right", "link del veth0")
        listed.append(direct.direct_devices("right"))
        connect()
        listed.append(direct.direct_devices("right"))
    unload(senders)
    tap.equal(listed, [[]] * 2 * TIMES, f"deleted while on, under load, {TIMES} times: not listed, nor is the next of its name")
    net.wait_quiet("right", "mid")
    tap.equal(path(port), "local", "the new device takes the ordinary way")


def moved(port):
    net.add_namespace("other")
    senders = load()
    listed = []
    for _ in range(TIMES):
        on()
        under_load()
        net.ip("right", "link set veth0 netns other")
        listed.append((direct.direct_devices("right"), direct.direct_devices("other")))
        net.ip("other", "link set veth0 netns right")
        listed.append((direct.direct_devices("right"), direct.direct_devices("other")))
        net.ip("right", "link set veth0 up")
        addressed("right")
    unload(senders)
    tap.equal(listed, [([], [])] * 2 * TIMES, f"moved to another namespace and back under load, {TIMES} times: off in both")
    on()
    net.ip("right", "link set veth0 netns other")
    net.ip("other", "link set veth0 up")
    addressed("other")
    net.wait_quiet("other", "mid")
    tap.equal(path(port, "other"), "local", "in the other namespace it takes the ordinary way")
    on("other")
    tap.equal((path(port, "other"), direct.direct_devices("other"), direct.direct_devices("right")), ("direct", ["veth0"], []),
              "direct can be turned on there")
    net.del_namespace("other")
    connect()
    net.wait_quiet("right", "mid")


def unloaded(port):
    senders = load()
    listed = []
    for _ in range(TIMES):
        on()
        under_load()
        net.run("rmmod", "netlab")
        net.run("insmod", net.NETLAB_KO)
        listed.append(direct.direct_devices("right"))
    unload(senders)
    tap.equal(listed, [[]] * TIMES, f"rmmod while on, under load, {TIMES} times: and loaded again it is off")
    tap.equal(path(port), "local", "which is so")


def destroyed(port):
    senders = load()
    for _ in range(TIMES):
        on()
        under_load()
        net.del_namespace("right")
        net.add_namespace("right")
        # The namespace goes in the background; until then the cable's other end is there.
        tap.wait_until(lambda: "p2@" not in net.run("ip", "-n", "mid", "-o", "link", "show"),
                       "the old namespace's device is gone")
        connect()
    unload(senders)
    net.wait_quiet("right", "mid")
    tap.equal((direct.direct_devices("right"), path(port)), ([], "local"),
              f"the namespace destroyed while on, under load, {TIMES} times; in a new one it is off")
    # The last ones with direct on go with the test; rmmod after it must not wait for them.
    on()


def main():
    direct.bridged()
    port = Port("left", "veth0", direct.RIGHT["ipv4"])
    for step in deleted, moved, unloaded, destroyed:
        begin = time.monotonic()
        step(port)
        tap.note(f"{step.__name__}: {time.monotonic() - begin:.0f} s")


tap.run(main)
