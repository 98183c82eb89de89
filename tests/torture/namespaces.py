#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""10,000 namespaces made and destroyed, 100 alive at once, with packets in each.

Most of them are asked over their own loopback device, by both families, so that
each holds routes, and every hundredth is read: its counters are exact. In some,
at the ends of cables into which both CPUs send all kinds of traffic all the
while, prefixes are answered for, proxies, devices are answered at, fragments
wait; these are destroyed while packets are on their way in and out.
"""
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import direct  # noqa: E402
import memory  # noqa: E402
import prefix_asker as nl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import torture  # noqa: E402
from rtnl import Links  # noqa: E402
from storm import LIMIT, Storm  # noqa: E402

NAMESPACES, ALIVE = 10_000, 100
WARM = 200
EACH = 4  # requests of each family
EXACT = 100  # every so many namespaces one is read
CABLES, EVERY = 2, 1.0  # seconds between two namespaces at a cable
PAUSE = 100_000
SECONDS = LIMIT * 0.8


REQUEST4 = direct.ipv4(direct.message(8, b"netlab"), "127.0.0.1", "127.0.0.1")
REQUEST6 = b"\0" * 12 + direct.request("ipv6", src="::1", dst="::1")[12:]


def asked(links):
    """Requests by both families over a namespace's own loopback."""
    links.set(1, up=True)
    with torture.raw_socket() as sock:
        for _ in range(EACH):
            sock.sendto(REQUEST4, ("127.0.0.1", 0))
    with torture.packet_socket("lo") as sock:
        for _ in range(EACH):
            sock.send(REQUEST6)


def counted(reading):
    """Of the requests and replies at each hook."""
    return {key: row[0] for key, row in reading.protocols.items() if key[2] in (1, 58)}


# Over lo requests and replies come and go; but what a packet socket sends is not seen before it comes.
EXPECTED = {(family, hook, protocol): EACH * (1 if family == "ipv6" and hook in ("output", "postrouting") else 2)
            for family, protocol in (("ipv4", 1), ("ipv6", 58)) for hook in ("prerouting", "input", "output", "postrouting")}


class Few:
    """Namespaces with nothing but loopback, made and destroyed by a thread."""

    def __init__(self):
        self.alive, self.made, self.most = [], 0, 0
        self.wrong = []

    def one(self):
        namespace = torture.Namespace()
        with namespace:
            links = Links()
            asked(links)
            if self.made % EXACT == 0:
                self.look()
            links.close()
        self.alive.append(namespace)
        self.made += 1
        self.most = max(self.most, len(self.alive))
        if len(self.alive) >= ALIVE:
            # Half of them at once, so that they end together.
            for namespace in self.alive[:ALIVE // 2]:
                namespace.close()
            del self.alive[:ALIVE // 2]

    def look(self):
        deadline = time.monotonic() + 10
        while counted(torture.reading()) != EXPECTED and time.monotonic() < deadline:
            time.sleep(0.01)
        got = counted(torture.reading())
        if got != EXPECTED:
            self.wrong.append(f"namespace {self.made}: {got}")

    def end(self):
        for namespace in self.alive:
            namespace.close()
        self.alive = []


class Cable(threading.Thread):
    """Namespaces at the end of one cable from left, one after the other."""

    def __init__(self, number):
        super().__init__()
        self.dev, self.number = f"c{number}", number
        self.stop = threading.Event()
        self.made = self.answered = 0
        self.trouble = None
        self.storm = Storm("left", self.dev, pause=PAUSE, cpus=[None])

    def run(self):
        try:
            while not self.stop.wait(EVERY):
                self.one()
        except Exception as e:
            self.trouble = f"{type(e).__name__}: {e}"

    def one(self):
        namespace = torture.Namespace()
        with net.inside("left"):
            links = Links()
            links.add(self.dev, "veth", peer="veth0", peer_mac=net.MAC_RIGHT, peer_ns=namespace.fd)
        with namespace:
            there = Links()
            there.address("veth0", *(direct.RIGHT[f] + ("/24" if f == "ipv4" else "/64") for f in direct.FAMILIES))
            there.set("veth0", up=True)
            there.neighbour("veth0", net.MAC_LEFT, *direct.LEFT.values())
            index = there.index("veth0")
            there.close()
            asker = nl.Asker()
            for prefix in torture.PREFIXES:
                asker.do(nl.ADD, nl.prefix(prefix) + nl.u32(nl.PROXY, index))
            if self.made % 2:
                asker.do(nl.DIRECT_SET, torture.direct_on(index))
            asker.close()
            links.set(self.dev, up=True)
            self.answers()
        # By turns: the cable first; the namespace with it; left's end moved into it.
        if self.made % 3 == 1:
            links.delete(self.dev)
        elif self.made % 3 == 2:
            links.set(self.dev, ns=namespace.fd, name="other")
        namespace.close()
        links.close()
        self.made += 1
        with net.inside("left"):
            links = Links()
            tap.wait_until(lambda: not links.index(self.dev), "the namespace's end takes the cable along", 60)
            links.close()

    def answers(self):
        """Wait until it is in the midst of it."""
        def replied():
            text = net.read("/proc/thread-self/net/netlab/echo")
            return sum(int(line.split()[4]) for line in text.splitlines() if line.startswith("outcomes ") and " replied " in line)
        tap.wait_until(lambda: replied() > 20 or self.stop.is_set(), f"answers at {self.dev}", 60)
        self.answered += 1


def churn(n, few, deadline):
    goal = few.made + n
    while few.made < goal and time.monotonic() < deadline:
        few.one()


def under_traffic(n, seconds):
    """n namespaces made and destroyed, and some at cables: (Few, cables, frames sent, seconds it took)"""
    few, storm = Few(), Storm("left", "veth0", pause=PAUSE)
    cables = [Cable(number) for number in range(CABLES)]
    for cable in cables:
        cable.start()
    begin = time.monotonic()
    churn(n, few, begin + seconds)
    took = time.monotonic() - begin
    for cable in cables:
        cable.stop.set()
    for cable in cables:
        cable.join(120)
    few.end()
    sent = storm.end()
    for cable in cables:
        sent = tuple(a + b for a, b in zip(sent, cable.storm.end()))
    return few, cables, sent, took


def main():
    began = time.monotonic()
    torture.hasten()
    port = torture.pair()
    wanted = torture.times(NAMESPACES)

    first = torture.at_rest()["proc_dir_entry"]
    warm = Few()
    churn(min(WARM, wanted), warm, began + 60)
    warm.end()
    tap.note(f"{warm.made} namespaces to begin with, {time.monotonic() - began:.0f} s since the beginning")
    before = torture.at_rest(first)
    tap.note(f"at rest, {time.monotonic() - began:.0f} s")
    percpu = memory.meminfo()["Percpu"]

    few, cables, sent, took = under_traffic(wanted, began + SECONDS - time.monotonic())
    made = sum(cable.made for cable in cables)
    tap.note(f"{few.made} namespaces in {took:.0f} s, and {made} at cables; {sent} frames sent, refused and without a device")
    tap.equal([cable.trouble for cable in cables if cable.trouble], [], "no trouble with the cables")
    tap.equal(few.made, wanted, f"{wanted} namespaces made, asked and destroyed")
    tap.ok(few.most >= min(ALIVE, wanted) - 1, f"{ALIVE} of them alive at once", few.most)
    tap.equal(few.wrong, [], f"of every {EXACT}th the counters are exact")
    tap.ok(made >= CABLES and all(cable.answered for cable in cables), "others were destroyed while they answered", made)
    tap.ok(sent[0] > few.made, "there was traffic all the while", sent)

    def again():
        under_traffic(max(WARM, wanted // 10), LIMIT * 0.1)
        torture.settle(port)
        torture.at_rest(first)

    torture.settle(port)
    tap.equal(torture.at_rest(first)["proc_dir_entry"], first, "all of them have ended")
    memory.objects_come_back(f"{few.made + made} namespaces leave nothing behind", before, max(wanted // 8, 100))
    memory.percpu_no_more(f"{few.made + made} namespaces", percpu, again)
    torture.exact(port, "afterwards")
    torture.unload()
    torture.load()


tap.run(main)
