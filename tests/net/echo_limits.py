#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""rate, burst, source-rate and max-size: as many answers as they say, the rest dropped and counted."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire

TARGET = {4: "192.0.2.2", 6: "2001:db8:1::2"}
SOURCE = "192.0.2.1"
FOREVER = 100_000_000
WINDOW = 3  # seconds
CPUS = sorted(os.sched_getaffinity(0))[:2]


def settings(*words):
    net.netlab("right", "echo", "set", *words)


def blast(source, count, cpu=CPUS[0], payload=56):
    return net.spawn(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT, "-S", source,
                     "-D", TARGET[6 if ":" in source else 4], "-k", "icmp", "-n", count, "-l", payload,
                     "-c", cpu, ns="left")


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
    """Wait until the bucket is seen to be empty: a reading, and its time."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        first, begin = words(), time.monotonic()
        second, end = words(), time.monotonic()
        if second.get(limited, 0) > first.get(limited, 0):
            return second, (begin + end) / 2
    raise Slow


def measured(limited, overflow):
    """What became of the requests of WINDOW seconds, and how many seconds it were.

    From one moment with an empty bucket to the next, answers are just the rate
    times the time, unless the flood stood still for so long that the bucket
    ran over, as it may in a machine with other work: that time isn't counted.
    """
    total, seconds, deadline = {}, 0, time.monotonic() + 5 * WINDOW
    before, begin = drained(limited)
    while seconds < WINDOW:
        if time.monotonic() > deadline:
            raise Slow
        after, end = drained(limited)
        if end - begin < overflow:
            seconds += end - begin
            for word, packets in wire.grown(before, after).items():
                total[word] = total.get(word, 0) + packets
        before, begin = after, end
    return total, seconds


def flooded(rate, overflow, sources, limited, what, least=0.95):
    """More requests than the rate allows: as many answers as it says, within 5 %."""
    senders = [blast(source, FOREVER, cpu) for source, cpu in sources]
    try:
        got, seconds = measured(limited, overflow)
    except Slow:
        if rate <= 1000:
            raise
        tap.skip(what, f"this machine doesn't send more than {rate} requests per second")
        return
    finally:
        for sender in senders:
            sender.kill()
            sender.wait()
    replied = got.get("replied", 0)
    tap.ok(rate * seconds * least - 1 <= replied <= rate * seconds * 1.05 + 1, what,
           f"replied {replied} in {seconds:.2f} s; {got}")
    tap.equal(set(got), {"replied", limited}, f"{what}: the others are {limited}")


def rates():
    for rate in 10, 1000, 20000:
        burst_size = min(rate // 2, 2000)
        settings("rate", rate, "burst", burst_size)
        flooded(rate, burst_size / rate, [(SOURCE, CPUS[0])], "rate-limited", f"rate {rate}, one CPU")
        flooded(rate, burst_size / rate, [(SOURCE, cpu) for cpu in CPUS], "rate-limited", f"rate {rate}, two CPUs at once")


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
    got, _, seconds = burst((SOURCE, 100, CPUS[0]))
    tap.ok(1 <= got.get("replied", 0) <= 2 + 10 * seconds, "rate 10 after it: no token is left over",
           f"{got} in {seconds:.2f} s")
    settings("rate", 20000, "burst", 1000)
    got, _, _ = burst((SOURCE, 90, CPUS[0]))
    tap.ok(got.get("replied", 0) > 80, "rate 20000 after it: takes effect at once", got)
    settings("rate", "unlimited")
    got, frames, _ = burst((SOURCE, 3000, CPUS[0]), ("2001:db8:1::1", 3000, CPUS[1]))
    tap.equal((got, frames), ({"replied": 6000}, 6000), "rate unlimited: all are answered")


def sources():
    rate = 200
    settings("source-rate", rate)
    # A tenth of a second's burst: with two buckets, one may overflow in a flood that has pauses.
    for what, pair, factor in (
            ("IPv4 sources are independent", ("192.0.2.1", "192.0.2.11"), 2),
            ("two of one /64 share", ("2001:db8:1::1", "2001:db8:1::11"), 1),
            ("two /64 are independent", ("2001:db8:1::1", "2001:db8:2::1"), 2)):
        flooded(factor * rate, 0.1, list(zip(pair, CPUS)), "source-limited", f"source-rate {rate}: {what}", 0.75)
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
    net.ip("right", "route add 2001:db8:2::/64 via 2001:db8:1::1")
    net.neighbours("right", "veth0", net.MAC_LEFT, "192.0.2.11", "192.0.2.21", "192.0.2.22", "2001:db8:1::11")
    bursts()
    changes()
    sizes()
    rates()
    settings("rate", "unlimited")
    sources()


tap.run(main)
