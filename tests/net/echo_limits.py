#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""rate, burst, source-rate, max-size and a prefix's rate: as many answers as they say, the rest dropped and counted.

Within 5 % over one second, the burst included: of the rates that the guest can
send more than; those up to a million are tests/unit/kunit/accuracy_test.c's.

Seconds are the guest's own. Between two moments at which a bucket is seen to
be empty, answers are just the rate times the time, unless nobody asked for so
long that it was full: that time is only counted for the upper bound. So the
test is as exact as the machine is quiet, and right on a busy one.
"""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import tap
import topology as net
import wire
from kernel import SLOW

TARGET = {4: "192.0.2.2", 6: "2001:db8:1::2"}
SOURCE = "192.0.2.1"
PREFIX = {4: "198.51.100.0/24", 6: "2001:db8:f::/48"}
INSIDE = {4: "198.51.100.77", 6: "2001:db8:f::77"}
FOREVER = 100_000_000
WINDOW = 2  # seconds
CPUS = sorted(os.sched_getaffinity(0))[:2]
SOURCES = 8  # at once


def settings(*words):
    net.netlab("right", "echo", "set", *words)


def blast(source, count, cpu=CPUS[0], payload=56, targets=None):
    return net.spawn(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT, "-S", source,
                     "-D", (targets or TARGET)[6 if ":" in source else 4], "-k", "icmp", "-n", count, "-l", payload,
                     "-c", cpu, ns="left")


def window(rate):
    """For how long a bucket with the default burst, a fiftieth of the rate, can stand still."""
    return max(1, rate // 50) / rate


def words():
    """{outcome: packets}, of both families."""
    total = {}
    for (_, _, outcome), packets in wire.outcomes("right").items():
        total[outcome] = total.get(outcome, 0) + packets
    return total


def sent_by_right():
    for line in net.read("/proc/net/dev", "right").splitlines():
        if line.strip().startswith("veth0:"):
            return int(line.split(":")[1].split()[9])
    raise RuntimeError("right has no veth0")


def burst(*senders):
    """Send a number of requests; what became of them, frames sent, seconds it took."""
    before, frames, begin = words(), sent_by_right(), time.monotonic()
    running = [blast(*sender) for sender in senders]
    for process in running:
        net.finish(process)
    total = sum(sender[1] for sender in senders)
    tap.wait_until(lambda: sum(wire.grown(before, words()).values()) >= total, f"{total} requests are seen")
    return wire.grown(before, words()), sent_by_right() - frames, time.monotonic() - begin


class Slow(Exception):
    """This machine can't send more than the rate allows."""


def drained(limited):
    """Wait until the bucket is seen to be empty: a reading, when, and how long it took."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        time.sleep(0.003)  # for the sender on this CPU
        first, begin = words(), time.monotonic()
        second, end = words(), time.monotonic()
        if second.get(limited, 0) > first.get(limited, 0):
            return second, (begin + end) / 2, end - begin
    raise Slow


class Measured:
    """What became of the requests between two moments with an empty bucket.

    most: for how many seconds it was refilled; least: the same without those
    in which it may have been full, because nobody is seen to have asked.
    """

    def __init__(self, limited, full_after):
        deadline = time.monotonic() + 3 * WINDOW
        begin, before, uncertain = drained(limited)
        now, self.least = before, 0
        while self.least < WINDOW and now < deadline:
            end, after, last = drained(limited)
            self.least += min(after - now, full_after)
            now = after
        # When each of the two readings was taken isn't known better.
        uncertain = (uncertain + last) / 2
        self.most = now - before + uncertain
        self.least = max(0, self.least - uncertain)
        self.got = wire.grown(begin, end)
        self.replied = self.got.get("replied", 0)

    def within(self, rate, buckets=1):
        """Whether it is what the rate says, within 5 % and a token of each bucket."""
        return (rate * buckets * self.least * 0.95 - buckets <= self.replied
                <= rate * buckets * self.most * 1.05 + buckets)

    def __str__(self):
        return f"replied {self.replied} in {self.least:.2f} to {self.most:.2f} s; {self.got}"


class Prompt:
    """The test comes before a sender, so that its readings are of one moment; never before the only one."""

    def __enter__(self):
        if len(CPUS) < 2:
            return
        os.sched_setaffinity(0, {CPUS[1]})
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))

    def __exit__(self, *_):
        os.sched_setaffinity(0, CPUS)
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def opening(rate, before, begin):
    """What is answered at least a second after a moment before the flood, and how long after."""
    time.sleep(max(0, begin + 1 - time.monotonic()))
    after = words()
    return wire.grown(before, after).get("replied", 0), time.monotonic() - begin


def flooded(rate, full_after, sources, limited, what, targets=None):
    """More requests than the rate allows, from an idle bucket on: as many answers as it says, within 5 %."""
    time.sleep(1.1 * full_after)
    before, begin = words(), time.monotonic()
    senders = [blast(source, FOREVER, cpu, targets=targets) for source, cpu in sources]
    try:
        with Prompt():
            first, first_seconds = opening(rate, before, begin)
            took = Measured(limited, full_after)
    except Slow:
        if rate <= (200 if SLOW else 1000):
            raise
        tap.skip(what, f"this machine doesn't send more than {rate} requests per second")
        return
    finally:
        for sender in senders:
            sender.kill()
            sender.wait()
    tap.ok(took.within(rate), what, took)
    tap.note(took)
    tap.ok(first <= rate * first_seconds * 1.05 + 1, f"{what}: its first second, the burst included",
           f"replied {first} in {first_seconds:.2f} s")
    tap.equal(set(took.got), {"replied", limited}, f"{what}: the others are {limited}")


def rates():
    for rate in 10, 1000, 20000:
        settings("rate", rate, "burst", "auto")
        for name, cpus in ("one CPU", CPUS[:1]), ("two CPUs at once", CPUS):
            flooded(rate, window(rate), [(SOURCE, cpu) for cpu in cpus], "rate-limited", f"rate {rate}, {name}")


def prefix_rates():
    settings("rate", "unlimited", "source-rate", "unlimited")
    for rate, version, source in (10, 6, "2001:db8:1::1"), (200, 4, SOURCE), (10000, 4, SOURCE):
        net.netlab("right", "prefix", "add", PREFIX[version], "rate", rate)
        for name, cpus in ("one CPU", CPUS[:1]), ("two CPUs at once", CPUS):
            flooded(rate, window(rate), [(source, cpu) for cpu in cpus], "rate-limited",
                    f"a prefix's rate {rate}, IPv{version}, {name}", INSIDE)
        net.netlab("right", "prefix", "del", PREFIX[version])


def bursts():
    for name, sources in ("one CPU", [(SOURCE, 200, CPUS[0])]), ("two CPUs", [(SOURCE, 100, cpu) for cpu in CPUS]):
        net.run("rmmod", "netlab")
        net.run("insmod", net.NETLAB_KO)  # with a full bucket
        settings("rate", 1, "burst", 100)
        got, frames, seconds = burst(*sources)
        replied = got.get("replied", 0)
        tap.ok(100 <= replied <= 101 + seconds, f"burst 100, {name}: at once 100 of 200",
               f"replied {replied} in {seconds:.2f} s")
        tap.equal(got, {"replied": replied, "rate-limited": 200 - replied}, f"burst 100, {name}: the others are rate-limited")
        tap.equal(frames, replied, f"burst 100, {name}: nobody else answers them, the stack neither")


def changes():
    settings("rate", 20000, "burst", 2000)
    # 50 millisecond's worth that a CPU takes at once, and half of one more.
    got, _, _ = burst((SOURCE, 1010, CPUS[0]))
    tap.equal(got, {"replied": 1010}, "rate 20000 burst 2000: 1010 at once")
    settings("rate", 10, "burst", 1)
    time.sleep(0.1)  # by which there is one, whatever was taken before
    got, _, seconds = burst((SOURCE, 100, CPUS[0]))
    tap.ok(1 <= got.get("replied", 0) <= 2 + 10 * seconds, "rate 10 after it: no token is left over",
           f"{got} in {seconds:.2f} s")
    settings("rate", 20000, "burst", 1000)
    got, _, _ = burst((SOURCE, 90, CPUS[0]))
    tap.ok(got.get("replied", 0) > 80, "rate 20000 after it: takes effect at once", got)
    settings("rate", "unlimited")
    got, frames, _ = burst((SOURCE, 3000, CPUS[0]), ("2001:db8:1::1", 3000, CPUS[1]))
    tap.equal((got, frames), ({"replied": 6000}, 6000), "rate unlimited: all are answered")


def in_turn(addresses):
    """A process that sends a request from each of these in turn, until it is killed."""
    with net.inside("left"):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind(("veth0", 0))
    frames = [direct.request("ipv6" if ":" in address else "ipv4", src=address) for address in addresses]
    pid = os.fork()
    if pid:
        sock.close()
        return pid
    try:
        os.sched_setaffinity(0, {CPUS[0]})
        while True:
            for frame in frames:
                try:
                    sock.send(frame)
                except OSError:  # the device is busy
                    pass
    finally:
        os._exit(1)


def replies_to(sock):
    """{destination: echo replies} of what waits in left's packet socket."""
    found = {}
    try:
        while True:
            frame = sock.recv(200)
            for reply in direct.echo_replies([frame]):
                key = reply[30:34] if reply[12:14] == b"\x08\0" else reply[38:54]
                key = socket.inet_ntop(socket.AF_INET if len(key) == 4 else socket.AF_INET6, key)
                found[key] = found.get(key, 0) + 1
    except BlockingIOError:
        return found


def each_its_own(rate, addresses, buckets, what):
    """Sources that send in turn: each bucket of theirs gives what the rate says."""
    with net.inside("left"):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(wire.SOL_PACKET, wire.PACKET_IGNORE_OUTGOING, 1)
    sock.setsockopt(socket.SOL_SOCKET, wire.SO_RCVBUFFORCE, 1 << 24)
    sock.bind(("veth0", wire.ETH_P_ALL))
    sock.setblocking(False)
    pid = in_turn(addresses)
    try:
        with Prompt():
            took = Measured("source-limited", window(rate))
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    tap.ok(took.within(rate, buckets), what, took)
    tap.note(took)
    tap.equal(set(took.got), {"replied", "source-limited"}, f"{what}: the others are source-limited")
    counts = {}
    for address, count in replies_to(sock).items():
        bucket = address if "." in address else socket.inet_pton(socket.AF_INET6, address)[:8].hex()
        counts[bucket] = counts.get(bucket, 0) + count
    sock.close()
    mean = sum(counts.values()) / buckets
    tap.ok(len(counts) == buckets and all(abs(count - mean) <= 0.05 * mean + 2 for count in counts.values()),
           f"{what}: no source has more than another", counts)


def sources():
    rate = 20
    settings("source-rate", rate)
    net.neighbours("right", "veth0", net.MAC_LEFT, *(f"192.0.2.{100 + n}" for n in range(SOURCES)))
    each_its_own(rate, [f"192.0.2.{100 + n}" for n in range(SOURCES)], SOURCES,
                 f"source-rate {rate}: {SOURCES} IPv4 sources at once, each its own")
    each_its_own(rate, [f"2001:db8:2:{n // 2}::{n + 1}" for n in range(SOURCES)], SOURCES // 2,
                 f"source-rate {rate}: {SOURCES} IPv6 sources at once, two of each /64 share")
    for rate, source in (10, "2001:db8:1::1"), (1000, SOURCE):
        settings("source-rate", rate)
        for name, cpus in ("one CPU", CPUS[:1]), ("two CPUs at once", CPUS):
            flooded(rate, window(rate), [(source, cpu) for cpu in cpus], "source-limited",
                    f"source-rate {rate}: {source}, {name}")

    settings("source-rate", 1)
    got, frames, seconds = burst(("192.0.2.21", 50, CPUS[0]))
    tap.ok(1 <= got.get("replied", 0) <= 2 + seconds and frames == got["replied"],
           "source-rate 1: one answer, and nobody else gives more", got, frames)
    got, _, _ = burst(("192.0.2.22", 1, CPUS[0]))
    tap.equal(got, {"replied": 1}, "source-rate 1: another source has its own")
    settings("source-rate", "unlimited")
    got, _, _ = burst(("192.0.2.21", 50, CPUS[0]))
    tap.equal(got, {"replied": 50}, "source-rate unlimited: all are answered")


def sizes():
    settings("max-size", 100)
    for source, header in (SOURCE, 28), ("2001:db8:1::1", 48):
        name = "IPv6" if ":" in source else "IPv4"
        got, frames, _ = burst((source, 3, CPUS[0], 100 - header))
        tap.equal((got, frames), ({"replied": 3}, 3), f"max-size 100: {name} of 100 bytes is answered")
        got, frames, _ = burst((source, 3, CPUS[0], 101 - header))
        tap.equal((got, frames), ({"too-large": 3}, 0), f"max-size 100: {name} of 101 bytes is dropped")
    settings("max-size", 65535)


def main():
    net.pair()
    net.ip("right", "route add 2001:db8:2::/48 via 2001:db8:1::1")
    net.neighbours("right", "veth0", net.MAC_LEFT, "192.0.2.11", "192.0.2.21", "192.0.2.22", "2001:db8:1::11")
    bursts()
    changes()
    sizes()
    rates()
    prefix_rates()
    sources()


tap.run(main)
