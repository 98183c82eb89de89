#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A million prefixes: loaded by --batch, at most 128 bytes each, found, refused past the most there may be, and freed."""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import prefix_asker as nl
import tap
import topology as net
import wire
from kernel import SLOW
from prefix_packets import echo, frame, reply, told

MILLION, MOST = 1_000_000, 1_048_576
# With room for KASAN's red zones on a kernel that has it.
BYTES = 256 if SLOW else 128
# Seconds: to load them, and for their memory to be given back.
LIMIT, FREE = (1000, 500) if SLOW else (120, 60)
# Once there has been a memory cgroup the kernel notes each object's owner: 8 bytes, in tables that don't fit well.
OWNERS = 2 * 10


def caches():
    """{cache: size of its objects} of netlab's slab caches; the kernel may keep them together with others of their size"""
    folder = "/sys/kernel/slab"
    return {name: int(net.read(f"{folder}/{name}/slab_size")) for name in sorted(os.listdir(folder)) if name in ("netlab_prefix", "netlab_glue")}


def unreclaimable():
    return sum(int(line.split()[1]) for line in net.read("/proc/meminfo").splitlines() if line.startswith(("SUnreclaim", "Percpu")))


def batch(begin, end):
    """prefix add of these numbers' /32, in a file."""
    with tempfile.NamedTemporaryFile("w", suffix=".netlab", delete=False) as f:
        tap.at_end(lambda: os.unlink(f.name))
        for n in range(begin, end):
            f.write(f"prefix add 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n")
    return f.name


def main():
    net.pair()
    file, rest = batch(0, MILLION), batch(MILLION, MOST + 1)
    # One is there already: what prefixes need once isn't counted to the million.
    net.netlab("right", "prefix", "add", "192.0.3.0/24")
    net.netlab("right", "prefix", "del", "192.0.3.0/24")
    before = unreclaimable()

    begin = time.monotonic()
    net.run(net.NETLAB, "--batch", file, ns="right", seconds=LIMIT)
    took = time.monotonic() - begin
    tap.note(f"{MILLION} prefixes in {took:.1f} s of an emulated machine's time; the budget is for one that counts instructions")
    tap.ok(took < LIMIT, "a million prefixes are loaded by one batch", took)
    grown = 1024 * (unreclaimable() - before) / MILLION
    tap.note(f"{grown:.1f} bytes each by /proc/meminfo; objects of {caches()} bytes")
    tap.ok(len(caches()) == 2 and sum(caches().values()) <= BYTES, f"at most {BYTES} bytes each: a prefix, and a node above it",
           caches())
    # kmemleak notes each object, in several times its size.
    if not SLOW:
        tap.ok(grown <= BYTES + OWNERS,
               f"and at most {OWNERS} more of all the kernel's memory that isn't reclaimed, for what it notes of their owner", grown)

    port = wire.Port("left", "veth0", target="192.0.2.2")
    targets = ["10.0.0.0", "10.0.0.1", "10.7.161.33", "10.15.66.63"]
    requests = [echo("192.0.2.1", target) for target in targets]
    got = port.exchange([frame(request, net.MAC_RIGHT, net.MAC_LEFT) for request in requests])
    expected = [frame(reply(request), net.MAC_LEFT, net.MAC_RIGHT) for request in requests]
    tap.equal(told(wire.normal(got)), told(wire.normal(expected)), "the first and the last are answered, and some between")
    tap.equal(port.exchange([frame(echo("192.0.2.1", "10.15.66.64"), net.MAC_RIGHT, net.MAC_LEFT)]), [], "the next isn't")

    done = net.run(net.NETLAB, "--batch", rest, ns="right", seconds=LIMIT, check=False)
    tap.ok(done.returncode == 2 and str(MOST) in done.stderr and str(MOST - MILLION + 1) in done.stderr,
           f"{MOST} is the most: the next line is refused, and says so", done.returncode, done.stderr)
    asker = nl.Asker("right")
    tap.equal(asker.ask(nl.ADD, nl.prefix("192.0.2.0/24"))[:2],
              (28, "there are 1048576 prefixes already, which is the most that a namespace can have"), "by netlink, too: ENOSPC")
    tap.equal(asker.ask(nl.ADD, nl.prefix("10.0.0.0/32") + nl.attr(nl.REPLACE)), (0, None, None), "one that is there can still be replaced")

    begin = time.monotonic()
    net.netlab("right", "prefix", "flush")
    tap.note(f"flush: {time.monotonic() - begin:.2f} s")
    tap.equal(port.exchange([frame(requests[1], net.MAC_RIGHT, net.MAC_LEFT)]), [], "after a flush none is answered")
    tap.wait_until(lambda: unreclaimable() - before < 8 * 1024, "the memory is given back", FREE)
    tap.ok(True, "and the memory is given back")
    net.run(net.NETLAB, "--batch", rest, ns="right", seconds=LIMIT)
    asker.close()
    net.run("rmmod", "netlab", seconds=FREE)
    tap.ok(not os.path.exists("/sys/module/netlab"), "rmmod while there are some")
    # They had 5.8 MB. (That a cache is gone can't be seen where the kernel keeps it together with another.)
    tap.wait_until(lambda: unreclaimable() - before < 2048, "the memory of those is given back", FREE)
    tap.ok(True, "and their memory is given back")
    net.run("insmod", net.NETLAB_KO)


tap.run(main)
