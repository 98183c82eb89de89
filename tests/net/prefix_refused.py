#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A prefix that is refused leaves nothing behind: no note of the device on whose link it was to be answered for."""
import errno
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import prefix_asker as nl
import tap
import topology as net

DEVICES = 400
WHICH = "2001:db8:f::/48"


def objects():
    """Live objects of the size of such a note, once what is free has been given back."""
    for cache in "kmalloc-32", "kmalloc-cg-32":
        path = f"/sys/kernel/slab/{cache}/shrink"
        if os.path.exists(path):
            with open(path, "w", encoding="ascii") as f:
                f.write("1")
    with open("/proc/slabinfo", encoding="ascii") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith(("kmalloc-32 ", "kmalloc-cg-32 ")))


def main():
    net.pair()
    net.ip("right", *(f"link add d{number} type veth peer name e{number}" for number in range(DEVICES // 2)))
    with net.inside("right"):
        indices = [index for index, name in socket.if_nameindex() if name[0] in "de"]
    asker = nl.Asker("right")
    asker.do(nl.ADD, nl.prefix(WHICH))
    before = min(objects() for _ in range(3))
    said = [asker.ask(nl.ADD, nl.prefix(WHICH) + nl.u32(nl.PROXY, index))[0] for index in indices]
    tap.equal(said, [errno.EEXIST] * DEVICES, f"a prefix that is there already is refused, with {DEVICES} devices")
    after = min(objects() for _ in range(3))
    tap.ok(after - before < DEVICES // 2, "no note of them is left", f"{before} objects before, {after} after")
    asker.do(nl.ADD, nl.prefix(WHICH) + nl.u32(nl.PROXY, indices[0]) + nl.attr(nl.REPLACE))
    tap.ok(net.netlab("right", "prefix")[0]["proxy"], "one that isn't refused has its device")


tap.run(main)
