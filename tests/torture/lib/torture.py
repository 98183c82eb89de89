# SPDX-License-Identifier: GPL-2.0-only
"""What the tests beside this folder share: the module and namespaces without a
program for each, how much is done, and what must still be true at the end.
"""
import ctypes
import errno
import os
import shutil
import socket
import struct
import tempfile
import time

import direct
import genl
import memory
import prefix_asker as nl
import tables
import tap
import topology as net
import wire
from kernel import SLOW
from rtnl import Links
from storm import CPUS

# linux/unistd.h for x86-64
SYS_FINIT_MODULE, SYS_DELETE_MODULE = 313, 176
libc = ctypes.CDLL(None, use_errno=True)

# module/uapi/linux/netlab.h
ECHO_LOCAL, ECHO_RATE, ECHO_BURST, ECHO_SOURCE_RATE, ECHO_MAX_SIZE, ECHO_DIRECT = range(1, 7)

SCALE = int(os.environ.get("NETLAB_TORTURE_SCALE") or (20 if SLOW else 1))


def times(n):
    """How often to do what is to be done n times: fewer on a slow kernel, which is told."""
    if SCALE != 1:
        tap.note(f"{n} becomes {max(1, n // SCALE)}: this kernel is slow, or NETLAB_TORTURE_SCALE is set")
    return max(1, n // SCALE)


# ---- the module

def small():
    """Have load() take a copy of the module in memory, without what is for debuggers: forty times as much."""
    folder = tempfile.mkdtemp()
    tap.at_end(lambda: shutil.rmtree(folder))
    copy = shutil.copy(net.NETLAB_KO, folder)
    if shutil.which("strip"):
        net.run("strip", "--strip-debug", copy)
    global ko
    ko = copy


ko = net.NETLAB_KO


def load():
    """insmod; OSError if it is refused."""
    fd = os.open(ko, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.syscall(SYS_FINIT_MODULE, fd, b"", 0):
            raise OSError(ctypes.get_errno(), "finit_module")
    finally:
        os.close(fd)


def try_unload():
    """rmmod; whether it was done, and not refused because the module is in use."""
    if not libc.syscall(SYS_DELETE_MODULE, b"netlab", os.O_NONBLOCK):
        return True
    if ctypes.get_errno() != errno.EWOULDBLOCK:
        raise OSError(ctypes.get_errno(), "delete_module")
    return False


def unload(seconds=20):
    """rmmod, which readers may hold up for a moment. How often it was refused."""
    deadline = time.monotonic() + seconds
    refused = 0
    while not try_unload():
        refused += 1
        if time.monotonic() > deadline:
            raise TimeoutError(f"the module is in use for {seconds} s: {references()} references")
        time.sleep(0.001)
    return refused


def references():
    with open("/sys/module/netlab/refcnt", encoding="ascii") as f:
        return int(f.read())


def hasten():
    """Have the kernel's grace periods be short: they are most of what a load or a namespace takes."""
    write("/sys/kernel/rcu_expedited", "1")


def write(path, text):
    """Write to a file of the kernel's, and what was there back at the end."""
    with open(path, encoding="ascii") as f:
        before = f.read().strip()
    tap.at_end(lambda: put(path, before))
    put(path, text)


def put(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


# ---- namespaces without a name

class Namespace:
    """A namespace that ends with the last reference: its descriptor here, its sockets, its processes."""

    def __init__(self):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if libc.unshare(net.CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "unshare")
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            net._setns(home)
            os.close(home)

    def close(self):
        os.close(self.fd)

    def __enter__(self):
        """Put this thread into it."""
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        net._setns(self.fd)
        return self

    def __exit__(self, *_):
        net._setns(self.home)
        os.close(self.home)


def ifindex(ns, name):
    with net.inside(ns):
        links = Links()
    try:
        return links.index(name)
    finally:
        links.close()


def direct_on(index, on=1):
    """Attributes of a request to answer at a device's ingress, or no longer."""
    return nl.u32(1, index) + nl.u8(2, on)


# ---- what must be true afterwards

PREFIXES = ("198.51.100.0/24", "2001:db8:f::/48")


def pair():
    """left and right as topology.pair() makes them, with room for what waits, and pings by any number of users."""
    write("/proc/sys/net/core/netdev_max_backlog", str(1 << 16))
    net.pair()
    for ns in "left", "right":
        # What is never whole is given up before the end.
        net.sysctl(ns, ipv4__ipfrag_time=1, ipv6__ip6frag_time=1, ipv4__ping_group_range="0 2147483647")
    return wire.Port("left", "veth0", direct.RIGHT["ipv4"])


def settle(port):
    """Wait until all that was sent before has been received: on each CPU it stands in a queue of its own."""
    for cpu in CPUS[::-1]:
        os.sched_setaffinity(0, {cpu})
        port.waiting()
        port.exchange([])
        port.waiting()


def exact(port, what, ns="right", prefixes=PREFIXES, n=50):
    """Counting and answering are as on the first day: each request answered once, on its path, and counted once everywhere."""
    settle(port)
    for prefix in prefixes:
        net.run(net.NETLAB, "prefix", "replace", prefix, ns=ns)
    before = mib_at_rest(ns)
    net.reset(ns)
    settle(port)
    expected = {}
    for family in direct.FAMILIES:
        for path, dst in ("local", direct.RIGHT[family]), ("prefix", direct.INSIDE[family]):
            if path == "prefix" and not prefixes:
                continue
            frames = [direct.request(family, struct.pack("!I", number) + direct.PATTERN[:52], dst=dst) for number in range(n)]
            got = [frame for frame in port.exchange(frames) if direct.echo_replies([frame])]
            payloads = sorted(frame[-56:] for frame in got)
            tap.equal(payloads, sorted(frame[-56:] for frame in frames),
                      f"{what}: {family} {path}: each of {n} requests is answered once, with its data")
            expected[family, path, "replied"] = n
    got = wire.outcomes(ns)
    tap.equal({key: got.get(key, 0) for key in expected}, expected, f"{what}: each has the outcome `replied', once")
    icmp = tables.dump(ns)["icmp"]
    total = n * (2 if prefixes else 1)
    tap.equal({key: icmp.get(key, 0) for key in (("ipv4", "prerouting", 8), ("ipv4", "postrouting", 0),
                                                ("ipv6", "prerouting", 128), ("ipv6", "postrouting", 129))},
              {("ipv4", "prerouting", 8): total, ("ipv4", "postrouting", 0): total,
               ("ipv6", "prerouting", 128): total, ("ipv6", "postrouting", 129): total},
              f"{what}: and is counted once in and once out")
    tables.agree(ns, what)
    mib(before, ns, total, what)


def replies(ns):
    """Echo replies that the host's MIB knows of: (IPv4, IPv6)."""
    # Without a line before the first message.
    lines = [line.split()[1:] for line in net.read("/proc/net/snmp", ns).splitlines() if line.startswith("IcmpMsg:")]
    ipv6 = dict(line.split() for line in net.read("/proc/net/snmp6", ns).splitlines())
    return int(dict(zip(*lines)).get("OutType0", 0)) if lines else 0, int(ipv6.get("Icmp6OutEchoReplies", 0))


def mib_at_rest(ns):
    """Wait until the MIB knows all replies, which it is at most a second late with; it does then."""
    last = [None, 0]

    def same():
        now = replies(ns)
        if now != last[0]:
            last[:] = now, time.monotonic()
        return time.monotonic() - last[1] > 1.2

    tap.wait_until(same, "the MIB knows what was answered", 20)
    return last[0]


def mib(before, ns, total, what):
    """The host's own MIB knows of the replies, a second later."""
    def grown():
        return tuple(now - then for now, then in zip(replies(ns), before))

    try:
        tap.wait_until(lambda: grown() == (total, total), "the MIB", 5)
    except TimeoutError:
        pass
    tap.equal(grown(), (total, total), f"{what}: and so is it in the host's MIB")


def reading(ns=None):
    """One reading by netlink; None while there is no module."""
    try:
        reader = genl.Reader(ns)
    except OSError as e:
        if e.errno != errno.ENOENT:
            raise
        return None
    try:
        return reader.read()
    finally:
        reader.close()


def raw_socket():
    """What sends whole IPv4 packets in this thread's namespace, and is sent none."""
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def packet_socket(dev):
    """What sends frames as they are into a device of this thread's namespace."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((dev, 0))
    return sock


def at_rest(entries=None):
    """What memory.slabs() says once no namespace still ends: each has some fifty entries of /proc until then.

    entries: as many of those as there were. Of namespaces themselves the slabs tell too many.
    """
    def rest():
        seen = memory.slabs()["proc_dir_entry"]
        time.sleep(0.5)
        return seen == memory.slabs()["proc_dir_entry"] and (entries is None or seen <= entries)
    try:
        tap.wait_until(rest, "namespaces end", 120)
    except TimeoutError:
        pass
    return memory.slabs()


def heard(ns, name):
    """How many have a device hear all multicast; None where the kernel doesn't say."""
    with net.inside(ns):
        links = Links()
    try:
        return links.heard(name)[1]
    finally:
        links.close()
