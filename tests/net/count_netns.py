#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each network namespace has counters of its own, readable from within and
through /proc/PID/net, by anyone; and it may end at any moment.
"""
import ctypes
import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
from genl import rows  # noqa: E402

MANY = 200
ROUNDS = 6
NOBODY = 65534
CLONE_NEWUSER = 0x10000000
EVERYWHERE = "prerouting input output postrouting"


def inode(ns):
    return os.stat(f"/run/netns/{ns}").st_ino


def proc_netns(text):
    """The namespace that a /proc/.../netlab/stats says it is of."""
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("epoch "))


def separate():
    net.add_namespace("other")
    watch = genl.Watch("left", "right", "other")
    watch.reset()
    net.run("ping", "-q", "-c", 7, "-i", "0.002", "192.0.2.2", ns="left")
    expected = (rows("left", "ipv4", 1, 7, 84, EVERYWHERE) | rows("right", "ipv4", 1, 7, 84, EVERYWHERE))
    tap.equal(watch.settle(expected), expected, "two namespaces count, a third sees nothing of it")

    epochs = {name: reader.read().epoch for name, reader in watch.readers.items()}
    net.reset("left")
    tap.equal({name: reader.read().epoch - epochs[name] for name, reader in watch.readers.items()},
              {"left": 1, "right": 0, "other": 0}, "a reset is of one namespace")
    expected = rows("right", "ipv4", 1, 7, 84, EVERYWHERE)
    tap.equal(watch.counted(), expected, "and leaves the others' counters alone")
    tap.equal({name: reader.read().netns for name, reader in watch.readers.items()},
              {name: inode(name) for name in watch.readers}, "each reading names its namespace")


def through_proc():
    tap.equal(os.readlink("/proc/netlab"), "self/net/netlab", "/proc/netlab is a link to the reader's own")
    sleeper = net.spawn("sleep", "60", ns="right")
    for what, argv, expected in (
            ("in ip netns exec", ["ip", "netns", "exec", "left", "cat", "/proc/netlab/stats"], inode("left")),
            ("outside", ["cat", "/proc/netlab/stats"], os.stat("/proc/self/ns/net").st_ino),
            ("of another process", ["cat", f"/proc/{sleeper.pid}/net/netlab/stats"], inode("right"))):
        tap.equal(proc_netns(net.run(*argv)), expected, f"/proc, {what}: the namespace")
    names = sorted(os.listdir("/proc/netlab/"))
    tap.equal(names, ["devices", "echo", "prefixes", "stats", "version"], "its files")
    modes = {oct(os.stat(f"/proc/netlab/{name}").st_mode & 0o777) for name in names}
    tap.equal(modes, {"0o444"}, "their mode")


def as_nobody(function):
    """Call a function without privilege; what it returns must be a string."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            said = function()
        except BaseException as e:
            said = repr(e)
        os.write(write_end, said.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as f:
        said = f.read()
    os.waitpid(child, 0)
    return said


def unprivileged():
    def reading():
        with open("/proc/netlab/stats", encoding="ascii") as f:
            text = f.read()
        return str((proc_netns(text), genl.Reader().read().netns))

    def resetting():
        try:
            genl.Reader().reset()
        except OSError as e:
            return errno.errorcode[e.errno]
        return "reset"

    def resetting_own():
        if ctypes.CDLL(None).unshare(CLONE_NEWUSER | net.CLONE_NEWNET):
            return "no user namespaces here"
        return f"epoch {genl.Reader().reset()}"

    own = os.stat("/proc/self/ns/net").st_ino
    before = genl.Reader().read().epoch
    tap.equal(as_nobody(reading), str((own, own)), "nobody may read, by /proc and by netlink")
    tap.equal(as_nobody(resetting), "EPERM", "nobody may not reset")
    tap.equal(genl.Reader().read().epoch, before, "and did not")
    tap.equal(as_nobody(resetting_own), "epoch 2", "nobody may reset in a namespace of its own making")
    tap.equal(genl.Reader().read().epoch, before, "which is not this one")


def many():
    """Each of many namespaces reads as itself, and counts only what is its own."""
    names = [f"n{i}" for i in range(MANY)]
    net.add_namespace(*names, quiet=False, up=False)
    readers = {name: genl.Reader(name) for name in names}
    readings = {name: reader.read() for name, reader in readers.items()}
    tap.equal({name: (r.netns, r.epoch, r.protocols, r.hooks) for name, r in readings.items()},
              {name: (inode(name), 1, {}, {}) for name in names},
              f"{MANY} new namespaces: epoch 1, nothing counted")
    tap.equal([name for name in names
               if proc_netns(net.read("/proc/net/netlab/stats", name)) != inode(name)], [],
              "each one's /proc is its own")
    busy = names[::50]
    for i, name in enumerate(busy):
        net.ip(name, "link set lo up")
        net.run("ping", "-q", "-c", i + 1, "-i", "0.002", "127.0.0.1", ns=name)
    expected = {(name, "ipv4", hook, 1): (2 * (i + 1), 2 * (i + 1) * 84)
                for i, name in enumerate(busy) for hook in EVERYWHERE.split()}
    tap.equal({(name, *key): row for name, reader in readers.items()
               for key, row in reader.read().protocols.items()}, expected,
              f"{len(busy)} of them ping themselves: they count it, the others nothing")
    for reader in readers.values():
        reader.close()


def destroyed_in_flight():
    """Namespaces end while packets are on their way to them and from them.

    The sender is one hop away: a device that goes while AF_PACKET sends into
    it divides by zero in the stock kernel (packet_direct_xmit of 6.1).
    """
    net.sysctl("right", ipv4__ip_forward=1)
    net.ip("left", "route add 198.51.100.0/24 via 192.0.2.2")
    blast = net.spawn(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT, "-S", "192.0.2.1",
                      "-D", "198.51.100.1", "-n", 1 << 32, "-k", "icmp", "-k", "udp", "-w", 1000, ns="left")
    for _ in range(ROUNDS):
        net.add_namespace("doomed")
        net.cable("right", "east", "doomed", "veth0", net.MAC_EAST, net.MAC_B)
        net.addresses("right", "east", "198.51.100.254/24")
        net.addresses("doomed", "veth0", "198.51.100.1/24")
        net.ip("doomed", "route add default via 198.51.100.254")
        # Some answers are held back in a queue.
        net.run("tc", "qdisc", "add", "dev", "veth0", "root", "netem", "delay", "20ms", ns="doomed")
        reader = genl.Reader("doomed")
        tap.wait_until(lambda: reader.read().protocols.get(("ipv4", "postrouting", 1), (0, 0))[0] > 100,
                       "the doomed namespace is busy")
        reader.close()  # it would keep the namespace
        net.run("ip", "netns", "del", "doomed")
        # The namespace is gone when it has taken its end of the cable along.
        tap.wait_until(lambda: "east:" not in net.read("/proc/net/dev", "right"), "the namespace ends")
    tap.equal(blast.poll(), None, f"{ROUNDS} namespaces ended with packets in flight to and from them")
    blast.kill()
    blast.wait()
    net.add_namespace("doomed")
    reading = genl.Reader("doomed").read()
    tap.equal((reading.epoch, reading.protocols), (1, {}), "one of the same name begins anew")


def main():
    net.pair()
    separate()
    through_proc()
    unprivileged()
    destroyed_in_flight()
    many()


tap.run(main)
