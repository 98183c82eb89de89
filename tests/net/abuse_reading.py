#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who reads holds nobody up: neither who changes prefixes nor who makes devices, however much there is to read.

A reading at the end of /proc/net/netlab/prefixes goes through all the rows before it.
"""
import os
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import prefix_asker as nl
import tap
import topology as net
from kernel import SLOW

PREFIXES = 200000
TIMES = 20


def far(path):
    """One read() at the end; how long it took."""
    begin = time.monotonic()
    with open(path, "rb", buffering=0) as f:
        os.pread(f.fileno(), 4096, 1 << 40)
    return time.monotonic() - begin


class Reading(threading.Thread):
    """Reads so, again and again."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.took, self.stop = path, [], False

    def run(self):
        while not self.stop:
            self.took.append(far(self.path))


def main():
    net.pair()
    net.run("modprobe", "dummy")
    with tempfile.NamedTemporaryFile("w", suffix=".netlab", delete=False) as f:
        tap.at_end(lambda: os.unlink(f.name))
        f.writelines(f"prefix add 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(PREFIXES))
    net.run(net.NETLAB, "--batch", f.name, ns="right", seconds=600 if SLOW else 120)
    holder = net.spawn("sleep", "1000", ns="right")
    path = f"/proc/{holder.pid}/net/netlab/prefixes"
    asker = nl.Asker("right")

    def add():
        asker.do(nl.ADD, nl.prefix("192.0.2.0/24") + nl.attr(nl.REPLACE))

    def device():
        net.ip("right", "link add dummy9 type dummy", "link del dummy9")

    def usual(what):
        """The median: where the lock is held all along, each of them waits."""
        took = []
        for _ in range(TIMES):
            begin = time.monotonic()
            what()
            took.append(time.monotonic() - begin)
        return statistics.median(took)

    alone = {what: usual(what) for what in (add, device)}
    reading = Reading(path)
    reading.start()
    tap.wait_until(lambda: reading.took, "a reading has ended", 60)
    held = [(name, usual(what) - alone[what]) for name, what in (("a prefix is replaced", add), ("a device is made and removed", device))]
    tap.ok(reading.is_alive(), "it was read all the time")
    reading.stop = True
    reading.join(60)
    whole = min(reading.took)
    tap.note(f"a reading took {whole:.2f} s at the least, of {len(reading.took)}")
    tap.ok(whole > 0.2, f"a reading at the end of {PREFIXES} prefixes is long enough to tell", whole)
    for name, took in held:
        tap.ok(took < whole / 2, f"meanwhile {name} within half of that more than alone, {TIMES} times, the median", f"{took:.2f} s")
    asker.close()


tap.run(main)
