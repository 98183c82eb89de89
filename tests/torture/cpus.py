#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A CPU taken off-line and back on-line under traffic: not one packet is lost, counted twice or not at all.

What a CPU that is off-line has counted stays counted: its counters are read as
the others'. Echo requests and UDP of both families, for the namespace's own
addresses, come from the CPU that stays and from one that is moved each time the
other goes; all the while prefixes change, and the counters are read and reset.
"""
import os
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import direct  # noqa: E402
import genl  # noqa: E402
import memory  # noqa: E402
import prefix_asker as nl  # noqa: E402
import tables  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import torture  # noqa: E402
from direct import INSIDE, RIGHT, request  # noqa: E402
from storm import PLAIN, Storm  # noqa: E402

TURNS = 60
ONLINE = "/sys/devices/system/cpu/cpu1/online"
PAUSE = 20_000
UDP, ICMP = 17, {"ipv4": 1, "ipv6": 58}


def online(on):
    torture.put(ONLINE, str(int(on)))


def udp(family):
    """To a port that someone listens to: an error would be an answer that is limited."""
    pseudo = direct.address(direct.LEFT[family]) + direct.address(RIGHT[family]) + struct.pack("!II", 38, UDP)
    datagram = struct.pack("!HHHH", 40000, 9, 38, 0) + bytes(30)
    datagram = datagram[:6] + struct.pack("!H", tables.checksum(pseudo + datagram) or 0xffff) + datagram[8:]
    return direct.ether(tables.packet(direct.LEFT[family], RIGHT[family], UDP, datagram))


def frames():
    for family in direct.FAMILIES:
        yield PLAIN, request(family)
        yield PLAIN, udp(family)
        yield PLAIN, request(family, dst=INSIDE[family])
        yield PLAIN, request(family, b"x" * 1000)


def totals(reader, sums):
    """End the epoch and add what it counted."""
    epoch = reader.read().epoch
    reader.reset()
    reading = reader.read(epoch)
    rows = {}
    for (family, hook, _), row in reading.protocols.items():
        genl.add(rows, {(family, hook): row})
    said = {key: (row["packets"], row["bytes"]) for key, row in reading.hooks.items()}
    genl.add(sums, reading.protocols)
    return [] if said == rows else [f"epoch {epoch}: hooks {said}, protocols {rows}"]


def main():
    if not os.path.exists(ONLINE):
        tap.skip("a CPU goes and comes back under traffic", "this machine has no CPU that can")
        return
    tap.at_end(lambda: online(True))
    port = torture.pair()
    index = torture.ifindex("right", "veth0")
    asker = nl.Asker("right")
    for prefix in torture.PREFIXES:
        asker.do(nl.ADD, nl.prefix(prefix))
    with net.inside("right"):
        sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sink.bind(("::", 9))
    torture.settle(port)
    slabs = memory.slabs()
    reader, sums, wrong = genl.Reader("right"), {}, []
    reader.reset()

    stays = Storm("left", "veth0", pause=PAUSE, cpus=[0], chosen=list(frames()))
    goes = Storm("left", "veth0", pause=PAUSE, cpus=[1], chosen=list(frames()))
    before = processed()
    tap.wait_until(lambda: all(now > then + 300 for now, then in zip(processed(), before)), "both CPUs have begun")
    turns = torture.times(TURNS)
    begin = time.monotonic()
    ran_alone = 0
    for turn in range(turns):
        before = processed()
        # The storm that was on it goes on elsewhere, and comes back.
        online(False)
        asker.do(nl.ADD, nl.prefix("198.51.100.64/26") + nl.u32(nl.RATE, 1 << 30))
        if turn % 3 == 0:
            asker.do(nl.DIRECT_SET, torture.direct_on(index, turn % 2))
        wrong += totals(reader, sums)
        tap.wait_until(lambda: processed()[0] > before[0] + 300, "the CPU that is left works")
        ran_alone += 1
        online(True)
        for process in goes.processes:
            os.sched_setaffinity(process.pid, {1})
        before = processed()
        asker.do(nl.DEL, nl.prefix("198.51.100.64/26"))
        tap.wait_until(lambda: len(processed()) > 1 and processed()[1] > before[1] + 300, "both work")
    took = time.monotonic() - begin
    sent = tuple(a + b for a, b in zip(stays.end(), goes.end()))
    torture.settle(port)
    wrong += totals(reader, sums)
    sink.close()
    tap.note(f"{turns} times off and on in {took:.0f} s, {sent} frames")
    tap.equal(ran_alone, turns, f"a CPU off-line and on-line {turns} times")
    tap.equal(sent[1:], (0, 0), "every frame was sent")
    check(sums, sent[0], wrong)
    tap.wait_until(lambda: torture.references() == 0, "no reader holds the module")
    # Of slabs that a CPU has begun none is known to be free; one object for each frame would be far more.
    memory.objects_come_back("nothing is left of it", slabs, 1000)
    asker.do(nl.DIRECT_SET, torture.direct_on(index, 0))
    torture.exact(port, "afterwards")


def processed():
    """By CPU that is on-line: what it received."""
    with open("/proc/net/softnet_stat", encoding="ascii") as f:
        return [int(line.split()[0], 16) for line in f]


def check(sums, sent, wrong):
    """Of the frames each is counted once at prerouting; each request is answered once, in one way or the other."""
    tap.equal(wrong, [], "in every epoch the protocols' sum is the hook's")
    came = sum(packets for (family, hook, protocol), (packets, _) in sums.items()
               if hook == "prerouting" and protocol in (UDP, ICMP.get(family)))
    tap.equal(came, sent, "each frame is counted once at prerouting")
    for family in direct.FAMILIES:
        requests = sums.get((family, "prerouting", ICMP[family]), (0, 0))[0]
        replies = sums.get((family, "postrouting", ICMP[family]), (0, 0))[0]
        udps = sums.get((family, "prerouting", UDP), (0, 0))[0]
        tap.equal(replies, requests, f"{family}: and each of {requests} requests is answered once")
        tap.equal(sums.get((family, "input", UDP), (0, 0))[0], udps, f"{family}: each of {udps} datagrams comes to input")


tap.run(main)
