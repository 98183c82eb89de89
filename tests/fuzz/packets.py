#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A million damaged packets, by every way into the kernel.

Twins: the same frames go to a namespace that the stack answers for and to one
that netlab does; all that comes back must be the same, byte for byte.

Floods: one namespace with prefixes, proxy, direct, forwarding, conntrack and
limits, each for a part, into which frames go in one piece, in pages, cloned,
with checksums and segmenting left to be done, and by NAPI in pieces. No reply
may be to nobody's request, or longer than it, or go to what is no host's; now
and then a well-formed request must be answered; and at the end the namespace's
counters must agree with each other.
"""
import os
import shutil
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import corpus
import fuzz
import tap
import topology as net
from packet_target import NEAR, target
from twins import NAMES, Twins

FRAMES = int(os.environ.get("FRAMES") or 1000000)
# of 100 frames, by way
TWINS = ("linear", 14), ("paged", 6), ("vnet", 6)
# name, way, of 100 frames, what is on
FLOODS = (
    ("as loaded", "linear", 10, ()),
    ("forwarding, prefixes and proxy", "linear", 10, ("forward", "prefix")),
    ("and conntrack", "linear", 10, ("forward", "prefix", "conntrack")),
    ("direct and prefixes, in pages, cloned", "paged", 10, ("forward", "prefix", "direct", "clone")),
    ("direct, conntrack, cloned", "linear", 6, ("conntrack", "direct", "clone", "forward")),
    ("limits", "paged", 6, ("prefix", "limits", "forward")),
    ("checksums left to be done", "vnet", 6, ("prefix", "forward")),
    ("a tap device, direct", "tap", 6, ("prefix", "direct", "forward")),
    ("a tap device with NAPI, in pieces", "frags", 6, ("prefix", "forward")),
    ("the same with conntrack, direct and limits", "frags", 2, ("prefix", "conntrack", "direct", "limits", "forward")),
    ("a tun device", "tun", 2, ("prefix", "conntrack", "forward")),
)


RESULTS = threading.Lock()


class Total:
    """What all lanes have sent."""

    def __init__(self):
        self.lock, self.frames, self.replies = threading.Lock(), 0, 0

    def add(self, counts):
        with self.lock:
            self.frames += counts.get("sent", 0)
            self.replies += counts.get("replies", 0)


def result(good, what, counts, *details):
    """tap.ok() from several threads."""
    words = ", ".join(f"{value} {word}" for word, value in counts.items())
    with RESULTS:
        tap.ok(good, f"{what}: {words}" if words else what, *details)


def twins_lane(twins, seed, path, total):
    for number, (way, share) in enumerate(TWINS):
        before = [twin.mib() for twin in twins.twins]
        process = fuzz.start("packets", "twins", "-i", "to-stack", "-i", "to-netlab", "-w", way, "-f", path, "-s", seed + number,
                             "-n", FRAMES * share // 100, "-c", 0, ns="tester")
        what = f"twins, {way}"
        counts, lines, good = fuzz.finish(process)
        total.add(counts)
        result(good, f"{what}: all as the stack's", counts, *lines)

        def grew():
            return [{key: value - was.get(key, 0) for key, value in twin.mib().items()
                     if key.startswith(("Icmp", "Ip")) and value != was.get(key, 0)} for twin, was in zip(twins.twins, before)]

        try:
            tap.wait_until(lambda: len({str(sorted(one.items())) for one in grew()}) == 1, "the same MIB", 3)
        except TimeoutError:
            pass
        stack, netlab = grew()
        different = {key: (stack.get(key), netlab.get(key)) for key in stack.keys() | netlab.keys()
                     if stack.get(key) != netlab.get(key)}
        # What neighbours and groups ask when they like is sent by either at its own time.
        result(not {key for key in different if "Echo" in key or "InErrors" in key or "InCsumErrors" in key},
               f"{what}: the MIB's echoes and errors", {}, *map(str, different.items()))
        asked = [sum(value for value in twin.outcomes().values()) for twin in twins.twins]
        result(asked[0] == asked[1], f"{what}: one outcome for each request that came to input", {"requests": asked[0]},
               f"with the stack {asked[0]}, with netlab {asked[1]}")
        for name in NAMES:
            wrong = fuzz.invariants(name, fragments=False)
            result(not wrong, f"{what}: {name}: the counters agree", {}, *wrong)


def flood(number, name, way, share, on, seed, path, total, cpu):
    ns = f"t{number}"
    (where, port), dev = target(ns, way, on)
    listener = fuzz.start("packets", "listen", "-i", dev, "-c", 1 - cpu, ns=ns) if "clone" in on else None
    pings = () if "limits" in on else ("-p",)
    process = fuzz.start("packets", "flood", "-i", port, "-w", way, "-f", path, "-s", seed + 100 + number,
                         "-n", FRAMES * share // 100, "-c", cpu, *pings, ns=where)
    counts, lines, good = fuzz.finish(process)
    if listener:
        good = good and listener.poll() is None
        listener.kill()
        listener.wait()
    total.add(counts)
    result(good, f"{name} ({way}): no reply that mustn't be", counts, *lines)
    wrong = fuzz.invariants(ns)
    outcomes = net.outcomes(ns)
    result(not wrong, f"{name}: the counters agree", {"outcomes": sum(outcomes.values())}, *wrong)
    missing = [word for word in ("prefix", "direct") if word in on
               and not any(key[1:] == (word, "replied") for key in outcomes)]
    result(not missing, f"{name}: what is on has answered", {}, outcomes)
    net.del_namespace(ns, f"{ns}-from")


def lane(function, *args):
    """A thread whose exception is a bad result."""
    def work():
        try:
            function(*args)
        except Exception as e:
            result(False, f"{function.__name__} ran to its end", {}, f"{type(e).__name__}: {e}")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def floods_lane(jobs, cpu, *args):
    """Floods on one CPU, of those that are left."""
    for number, (name, way, share, on) in jobs:
        flood(number, name, way, share, on, *args, cpu)


def first_lane(twins, jobs, *args):
    twins_lane(twins, *args)
    floods_lane(jobs, 0, *args)


class Jobs:
    """What is still to be done; several threads take from it."""

    def __init__(self, *jobs):
        self.lock, self.jobs = threading.Lock(), list(enumerate(jobs))

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            if not self.jobs:
                raise StopIteration
            return self.jobs.pop(0)


def main():
    seed = fuzz.seed("packets.py")
    folder = tempfile.mkdtemp()
    tap.at_end(lambda: shutil.rmtree(folder))
    path = os.path.join(folder, "corpus")
    tap.note(f"a corpus of {corpus.write(path, seed)} frames")
    net.run("modprobe", "-a", "tun", "dummy", check=False)
    twins = Twins()
    for twin in twins.twins:
        twin.port.sock.close()
        twin.lo.sock.close()
    twins.mtu(9000)
    twins.neighbours("veth0", net.MAC_LEFT, *NEAR)
    # What is never completed stays: 40 % of the fragmented are such.
    twins.sysctl(ipv4__ipfrag_high_thresh=1 << 27, ipv6__ip6frag_high_thresh=1 << 27)
    total = Total()
    jobs = Jobs(*FLOODS)
    for thread in [lane(first_lane, twins, jobs, seed, path, total), lane(floods_lane, jobs, 1, seed, path, total)]:
        thread.join()
    tap.ok(total.frames >= FRAMES and total.replies > FRAMES // 100, f"{total.frames} frames, {total.replies} echo replies")
    net.del_namespace("tester", *NAMES)
    tap.ok(net.run("ip", "netns", "list").strip() == "", "all namespaces are gone")
    net.run("rmmod", "netlab")
    net.run("insmod", net.NETLAB_KO)
    tap.ok(os.path.exists("/sys/module/netlab"), "the module is unloaded, and loaded again")


tap.run(main)
