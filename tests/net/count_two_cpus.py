#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Two CPUs count at once while a third party reads, dumps and resets: not one
packet is lost, counted twice, or counted in no epoch.

Two senders, each on a CPU of its own, send UDP and echo requests of both
families into one namespace. A reader resets all the while, and adds up the
epochs that ended; at the end the sum is what was sent, and what the stack and
the devices saw.
"""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
from kernel import SLOW  # noqa: E402

FRAMES = 25_000 if SLOW else 250_000  # of each of the four senders: a million
PAYLOAD = 30
BACKLOG = 1 << 20
SIZES = {("ipv4", 17): 58, ("ipv4", 1): 58, ("ipv6", 17): 78, ("ipv6", 58): 78}


def softnet_drops():
    with open("/proc/net/softnet_stat", encoding="ascii") as f:
        return sum(int(line.split()[1], 16) for line in f)


def device(ns):
    """(received, dropped, sent) packets of a namespace's veth0."""
    for line in net.read("/proc/net/dev", ns).splitlines():
        if line.strip().startswith("veth0:"):
            n = [int(word) for word in line.split(":")[1].split()]
            return n[1], n[3], n[9]
    raise RuntimeError(f"{ns} has no veth0")


def sender(cpu, family):
    source, destination = {"ipv4": ("192.0.2.1", "192.0.2.2"),
                           "ipv6": ("2001:db8:1::1", "2001:db8:1::2")}[family]
    return net.spawn(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT, "-S", source,
                     "-D", destination, "-n", FRAMES, "-l", PAYLOAD, "-k", "udp", "-k", "icmp",
                     "-c", cpu, ns="left")


def faults(reading, torn):
    """What must hold in every reading, however early. A row's packets and
    bytes must be of the same moment: if not, it goes into torn.
    """
    found = []
    totals = {}
    for (family, hook, protocol), row in reading.protocols.items():
        genl.add(totals, {(family, hook): row})
        if row[1] != row[0] * SIZES.get((family, protocol), 0):
            torn.append(f"epoch {reading.epoch}: {family} {hook} {protocol} {row}")
    said = {key: (row["packets"], row["bytes"]) for key, row in reading.hooks.items()}
    if said != totals:
        found.append(f"hooks {said} are not the sums over protocols {totals}")
    for key, row in reading.hooks.items():
        if row["skbs"] != row["packets"] or row["fragments"] or row["options"]:
            found.append(f"{key}: {row}")
    return found


class Auditor:
    """Reads and resets, and adds up the epochs that ended."""

    def __init__(self):
        self.reader = genl.Reader("right")
        self.total, self.faults, self.torn = {}, [], []
        self.readings = self.epochs = 0
        self.last = self.reader.read()
        self.next = self.reader.reset()

    def look(self):
        """One reading of the current epoch, never less than the one before."""
        reading = self.reader.read()
        self.faults += faults(reading, self.torn)
        if reading.epoch == self.last.epoch:
            for key, row in self.last.protocols.items():
                now = reading.protocols.get(key, (0, 0))
                if now[0] < row[0] or now[1] < row[1]:
                    self.faults.append(f"epoch {reading.epoch}: {key} fell from {row} to {now}")
        self.last = reading
        self.readings += 1

    def close(self):
        """End the epoch and add it up, as its number can still be read."""
        ended = self.next
        self.next = self.reader.reset()
        if self.next != ended + 1:
            self.faults.append(f"epoch {ended} was followed by {self.next}")
        reading = self.reader.read(ended)
        if reading.epoch != ended:
            self.faults.append(f"asked for epoch {ended}, got {reading.epoch}")
        if reading != self.reader.read(ended):
            self.faults.append(f"epoch {ended} has ended and still changes")
        self.faults += faults(reading, self.torn)
        genl.add(self.total, reading.protocols)
        self.epochs += 1


def sum_over_epochs():
    auditor = Auditor()
    drops, before = softnet_drops(), device("right")
    senders = [sender(0, "ipv4"), sender(1, "ipv4"), sender(0, "ipv6"), sender(1, "ipv6")]
    began = time.monotonic()
    while any(process.poll() is None for process in senders) and time.monotonic() < began + 150:
        for _ in range(3):
            auditor.look()
        net.read("/proc/net/netlab/stats", "right")
        auditor.close()
    took = time.monotonic() - began
    for process in senders:
        out = net.finish(process)
        if out != f"sent {FRAMES}\n":
            raise RuntimeError(out)

    # Each frame that was sent is soon received.
    all_frames = 4 * FRAMES
    tap.wait_until(lambda: device("right")[0] - before[0] >= all_frames, "the last frame")
    received, dropped, answered = (now - then for now, then in zip(device("right"), before))
    expected = {}
    for (family, protocol), size in SIZES.items():
        n = FRAMES  # two senders, half of whose frames are of this protocol
        hooks = "prerouting input" + ("" if protocol == 17 else " output postrouting")
        for hook in hooks.split():
            expected[family, hook, protocol] = (n, n * size)
    # What has been received may still be on its way through the stack.
    tap.wait_until(lambda: device("right")[2] - before[2] >= 2 * FRAMES, "the last answer")
    auditor.close()

    tap.note(f"{all_frames} frames in {took:.1f} s, {auditor.readings} readings, {auditor.epochs} epochs")
    tap.equal(softnet_drops() - drops, 0, "the backlog dropped nothing")
    tap.equal((received, dropped), (all_frames, 0), "every frame that was sent was received")
    tap.equal(auditor.total, expected, "the epochs' sum is what was sent, at each hook")
    tap.equal(answered, 2 * FRAMES, "each echo request was answered once")
    tap.ok(not auditor.faults, "in every reading the protocols' sum is the hook's", *auditor.faults[:10])
    tap.ok(not auditor.torn, "no row is torn: its bytes are those of its packets", *auditor.torn[:10])
    tap.ok(auditor.epochs > 10 and auditor.readings > 30,
           "there were readings and resets while it was counted", auditor.epochs, auditor.readings)


def both_cpus():
    """It was a test of two CPUs: both of them received."""
    with open("/proc/net/softnet_stat", encoding="ascii") as f:
        return [int(line.split()[0], 16) for line in f]


def main():
    if (os.cpu_count() or 1) < 2:
        tap.skip("two CPUs count at once", "one CPU only")
        return
    net.pair()
    with open("/proc/sys/net/core/netdev_max_backlog", "r+", encoding="ascii") as f:
        before = f.read().strip()
        tap.at_end(lambda: open("/proc/sys/net/core/netdev_max_backlog", "w", encoding="ascii").write(before))
        f.seek(0)
        f.write(str(BACKLOG))
    with net.inside("right"):
        sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sink.bind(("::", 9))

    processed = both_cpus()
    sum_over_epochs()
    share = [now - then for now, then in zip(both_cpus(), processed)]
    tap.ok(sum(n > FRAMES for n in share) >= 2, "two CPUs did the work", share)


tap.run(main)
