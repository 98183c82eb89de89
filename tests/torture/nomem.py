#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each allocation that netlab makes fails in turn: it either does without or refuses, and then nothing has changed.

insmod, a namespace, a device, each command and each dump are tried with their
first allocation failing, then with the second, until one comes through without
a failure; all under traffic, since what is half made may have begun to work.
Then the packet path: with one in three allocations failing each request still
has one outcome, and each packet is counted once at its hook.
"""
import errno
import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import direct  # noqa: E402
import fault  # noqa: E402
import memory  # noqa: E402
import prefix_asker as nl  # noqa: E402
import tables  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import torture  # noqa: E402
from rtnl import Links  # noqa: E402
from storm import Storm  # noqa: E402
from wire import outcomes  # noqa: E402

MOST = 1000  # allocations of one thing; kmemleak makes one more for each
PAUSE = 50_000
STAGED = nl.attr(nl.STAGED)


def each(what, try_it, state=None, undo=None, least=1, may=(errno.ENOMEM,)):
    """Have each allocation of something fail. try_it: errno, or 0; state: what must not change if it is refused."""
    wrong, refused, survived = [], 0, 0
    for n in range(1, MOST):
        before = state() if state else None
        with fault.Nth(n) as nth:
            code = try_it()
        if code and code not in may:
            wrong.append(f"allocation {n}: {errno.errorcode.get(code, code)}")
        if code and not nth.failed:
            wrong.append(f"allocation {n}: refused, though none failed: {errno.errorcode.get(code, code)}")
        if code and state and state() != before:
            wrong.append(f"allocation {n}: refused, and changed from {before} to {state()}")
        if not code and undo:
            undo()
        if not nth.failed:
            break
        refused += bool(code)
        survived += not code
    tap.ok(not wrong and not nth.failed and refused + survived >= least,
           f"{what}: {refused + survived} allocations fail in turn: {refused} times refused, {survived} done without",
           *wrong[:10])


# ---- the module, namespaces, devices

def loaded():
    return os.path.exists("/sys/module/netlab"), os.path.lexists("/proc/netlab"), os.path.exists("/proc/net/netlab")


def try_load():
    try:
        torture.load()
    except OSError as e:
        return e.errno
    return 0


def modules(port):
    """With namespaces that are there before, and traffic in one of them."""
    for _ in range(3):
        torture.unload()
        torture.load()
    torture.unload()
    # Where references to devices are tracked, 128 trackers of each device are kept when they are given back
    # (kmalloc-32): the first time fills what keeps them, the second has to leave nothing.
    for _ in range(2 if fault.symbols("ref_tracker_alloc") else 1):
        slabs = torture.at_rest()
        storm = Storm("left", "veth0", pause=PAUSE)
        # The kernel itself complains of a cache that can't be made.
        fault.netlab("__kmem_cache_create_args")
        each("insmod", try_load, loaded, torture.unload, least=20)
        storm.end()
        # Replies that nobody has read are objects, too.
        torture.settle(port)
    memory.objects_come_back("insmod that is refused leaves nothing behind", slabs, 30)
    torture.load()
    fault.netlab()


def namespaces():
    held = []

    def make():
        try:
            held.append(torture.Namespace())
        except OSError as e:
            return e.errno
        return 0

    def undo():
        with held[-1]:
            reading = torture.reading()
        held.pop().close()
        if reading.epoch != 1:
            raise RuntimeError(reading)

    each("a namespace", make, lambda: torture.reading("right").epoch, undo, least=10)


def devices(links):
    """A device for which there is no memory goes uncounted, and is there all the same."""
    def make(name):
        def add():
            try:
                links.add(name, "dummy")
            except OSError as e:
                return e.errno
            return 0
        return add

    each("a device", make("dummy7"), lambda: links.index("dummy7"), lambda: links.delete("dummy7"))
    # So many that the table of them has to grow.
    for n in range(5):
        each(f"device {n} of many", make(f"many{n}"), None, lambda name=f"many{n}": links.delete(name))
        links.add(f"many{n}", "dummy")
    for n in range(5):
        links.delete(f"many{n}")


# ---- commands and dumps

class Commands:
    def __init__(self):
        self.asker = nl.Asker("right")
        self.index = torture.ifindex("right", "veth0")

    def state(self):
        """All that a command may change, but for counters."""
        names = nl.Asker("right").dump()[0]
        echo = [line for line in net.read("/proc/net/netlab/echo", "right").splitlines()
                if line.split()[0] in ("config", "direct")]
        return names, echo, torture.reading("right").epoch, torture.heard("right", "veth0")

    def ask(self, command, data=b""):
        return lambda: self.asker.ask(command, data)[0]

    def do(self, command, data=b""):
        return lambda: self.asker.do(command, data)

    def settings(self):
        both = nl.u32(torture.ECHO_RATE, 100000) + nl.u32(torture.ECHO_SOURCE_RATE, 100000)
        each("echo set", self.ask(nl.ECHO_SET, both), self.state,
             self.do(nl.ECHO_SET, nl.u32(torture.ECHO_RATE, 0) + nl.u32(torture.ECHO_SOURCE_RATE, 0)))
        each("echo direct on", self.ask(nl.DIRECT_SET, torture.direct_on(self.index)), self.state,
             self.do(nl.DIRECT_SET, torture.direct_on(self.index, 0)), least=2)
        each("stats reset", self.ask(2), self.state)

    def prefixes(self):
        proxy = nl.u32(nl.PROXY, self.index)
        for name in "198.51.100.0/24", "2001:db8:f::/48":
            add = nl.prefix(name) + proxy
            each(f"the first prefix, {name}", self.ask(nl.ADD, add), self.state, self.do(nl.FLUSH), least=2)
            self.asker.do(nl.ADD, add)
            other = nl.prefix("198.51.101.0/24" if "." in name else "2001:db8:1f::/48")
            each("one beside it", self.ask(nl.ADD, other), self.state, self.do(nl.DEL, other), least=2)
            each("one in its place", self.ask(nl.ADD, add + nl.attr(nl.REPLACE)), self.state)
            each("delete", self.ask(nl.DEL, nl.prefix(name)), self.state, self.do(nl.ADD, add), least=0)
            self.asker.do(nl.FLUSH)

    def stages(self):
        self.asker.do(nl.ADD, nl.prefix("198.51.100.0/24"))
        each("stage", self.ask(nl.STAGE), self.state)

        def stage():
            self.asker.do(nl.STAGE)
            for name in "203.0.113.0/24", "2001:db8:f::/48":
                self.asker.do(nl.ADD, nl.prefix(name) + STAGED)

        def staged_again():
            self.asker.do(nl.STAGE)

        self.asker.do(nl.STAGE)
        each("a staged prefix", self.ask(nl.ADD, nl.prefix("203.0.113.0/24") + nl.u32(nl.PROXY, self.index) + STAGED),
             self.state, staged_again)

        def back():
            self.asker.do(nl.DIRECT_SET, torture.direct_on(self.index, 0))
            self.asker.do(nl.FLUSH)
            self.asker.do(nl.ADD, nl.prefix("198.51.100.0/24"))
            stage()

        stage()
        each("commit", self.ask(nl.COMMIT, nl.u32(torture.ECHO_RATE, 7) + nl.u32(torture.ECHO_DIRECT, self.index)), self.state, back,
             least=2)
        self.asker.do(nl.FLUSH)
        self.asker.do(nl.ECHO_SET, nl.u32(torture.ECHO_RATE, 0))
        # What is staged goes with its socket.
        self.asker.close()
        self.asker = nl.Asker("right")

    def monitors(self):
        """Numbers 13 and 14 of the family's commands; hook 2 is forward."""
        def stop():
            self.asker.do(14)

        each("a monitor", self.ask(13, nl.attr(3, b"\x02")), self.state, stop, least=3)
        self.asker.do(13, nl.attr(3, b"\x02"))
        each("a monitor's end", self.ask(14), self.state, self.do(13, nl.attr(3, b"\x02")))
        self.asker.ask(14)

    def reads(self):
        self.asker.do(nl.ADD, nl.prefix("198.51.100.0/24"))
        for what, command, data, flags in (("stats get", 1, b"", nl.ACK), ("echo get", nl.ECHO_GET, b"", nl.ACK),
                                           ("prefix get", nl.GET, nl.prefix("198.51.100.0/24"), nl.ACK),
                                           ("dump of stats", 1, b"", nl.DUMP), ("dump of outcomes", nl.OUTCOME_GET, b"", nl.DUMP),
                                           ("dump of prefixes", nl.GET, b"", nl.DUMP)):
            each(what, lambda command=command, data=data, flags=flags: self.asker.ask(command, data, flags)[0], self.state,
                 least=0 if what == "dump of prefixes" else 1)
        for name in "stats", "echo", "devices", "prefixes", "version":
            def read(name=name):
                try:
                    net.read(f"/proc/net/netlab/{name}", "right")
                except OSError as e:
                    return e.errno
                return 0
            each(f"/proc/net/netlab/{name}", read, self.state, least=0)
        self.asker.do(nl.FLUSH)


# ---- the packet path

def unsound():
    """What no failure excuses: a hook's total is its protocols' and what found no memory."""
    found = tables.dump("right")
    totals = {}
    for (family, hook, _), (packets, _) in found["protocols"].items():
        totals[family, hook] = totals.get((family, hook), 0) + packets
    return [f"{key}: {row}, protocols {totals.get(key, 0)}" for key, row in found["hooks"].items()
            if row[1] - row[5] != totals.get(key, 0)]


def packets(port):
    for prefix in torture.PREFIXES:
        net.run(net.NETLAB, "prefix", "replace", prefix, ns="right")
    with net.inside("right"):
        capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    capture.setblocking(False)
    storm = Storm("left", "veth0", pause=PAUSE, merged=False)
    net.reset("right")
    seen = {}
    with fault.atomic(percent=33):
        def both():
            # What is captured, too, must be copied to be changed; what isn't read isn't captured for long.
            try:
                for _ in range(1000):
                    capture.recv(100)
            except BlockingIOError:
                pass
            seen.update(outcomes("right"))
            return all(seen.get((family, path, "no-memory")) for family in direct.FAMILIES for path in ("local", "prefix"))
        try:
            tap.wait_until(both, "requests that find no memory", 60)
        except TimeoutError:
            pass
        wrong = unsound()
    storm.end()
    capture.close()
    torture.settle(port)
    tap.ok(all(seen.get((family, path, "no-memory")) for family in direct.FAMILIES for path in ("local", "prefix")),
           "one allocation in three fails on the packet path: some requests have the outcome no-memory, on each path", seen)
    tap.ok(all(seen.get((family, path, "replied")) for family in direct.FAMILIES for path in ("local", "prefix")),
           "others are answered", seen)
    tap.equal(wrong + unsound(), [], "and each packet is counted once at its hook")
    types, result = tables.dump("right")["icmp"], outcomes("right")
    for family, kind in (("ipv4", 8), ("ipv6", 128)):
        total = sum(n for (f, _, outcome), n in result.items() if f == family and outcome != "truncated")
        tap.note(f"{family}: {types.get((family, 'prerouting', kind))} requests counted, {total} outcomes")


def main():
    if not fault.available():
        tap.skip("each allocation fails in turn", "this kernel has no failslab")
        return
    tap.at_end(fault.reset)
    torture.small()
    port = torture.pair()
    with net.inside("right"):
        links = Links()
    modules(port)
    storm = Storm("left", "veth0", pause=PAUSE)
    slabs = torture.at_rest()
    namespaces()
    devices(links)
    commands = Commands()
    for part in commands.settings, commands.prefixes, commands.stages, commands.monitors, commands.reads:
        part()
    storm.end()
    fault.reset()
    torture.settle(port)
    tap.wait_until(lambda: torture.references() == 0, "no dump holds the module")
    memory.objects_come_back("nothing of it is left", torture.at_rest() and slabs, 300)
    packets(port)
    # In a namespace made anew: counters for which there was no memory would be missed.
    torture.unload()
    torture.load()
    torture.exact(port, "afterwards")


tap.run(main)
