#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""1,000 times rmmod and insmod under traffic of all kinds on two CPUs.

Each time with something else set and in use: prefixes, proxies, devices that
are answered at, limits, a staged set, a namespace that ends at that moment.
All the while others read /proc, dump, and give dumps up half-way; a dump under
way has rmmod refused, not wait. No ping to an address of the namespace's own is
lost: when netlab doesn't answer, the stack does.
"""
import errno
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import direct  # noqa: E402
import genl  # noqa: E402
import memory  # noqa: E402
import prefix_asker as nl  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import torture  # noqa: E402
from rtnl import Links  # noqa: E402
from storm import LIMIT, Storm  # noqa: E402

LOADS = 1000
WARM = 40  # loads before memory is compared: each thing that is set has been, often
FILES = ("stats", "echo", "devices", "prefixes", "version")
PAUSE = 50_000  # microseconds: both CPUs busy, but not with this alone
SECONDS = LIMIT - 80


def steady():
    """A namespace with a chain at every hook, so that the kernel doesn't patch its own code each time that netlab's come or go.

    QEMU's emulation, with a thread for each CPU, sometimes goes on executing the breakpoint that stood there meanwhile:
    that CPU then traps for ever (seen after some ten loads under traffic; in memory the instruction was whole again).
    """
    net.add_namespace("steady")
    inet = "".join(f"chain {hook} {{ type filter hook {hook} priority 0; }}\n"
                   for hook in ("prerouting", "input", "forward", "output", "postrouting"))
    arp = "".join(f"chain {hook} {{ type filter hook {hook} priority 0; }}\n" for hook in ("input", "output"))
    net.run("nft", "-f", "-", ns="steady", stdin=f"table ip t {{\n{inet}}}\ntable ip6 t {{\n{inet}}}\ntable arp t {{\n{arp}}}\n"
            "table netdev t {\nchain ingress { type filter hook ingress device lo priority 0; }\n}\n")


# ---- readers, each a process of its own

def unsound(reading):
    """What can't be, in whatever moment it was read."""
    totals = {}
    for (family, hook, _), row in reading.protocols.items():
        genl.add(totals, {(family, hook): row})
    said = {key: (row["packets"], row["bytes"]) for key, row in reading.hooks.items()}
    return "" if said == totals else f"hooks {said}, protocols {totals}"


def gone(e):
    return e.errno in (errno.ENOENT, errno.EIO, errno.ENODEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ESRCH,
                       errno.EPROTONOSUPPORT)  # a dump that begins while the module goes


def read_all():
    """Files, opened and read in halves, with a moment in between."""
    read = 0
    print("begun", flush=True)
    try:
        while True:
            for name in FILES:
                try:
                    with net.inside("right"), open(f"/proc/thread-self/net/netlab/{name}", "rb", buffering=0) as f:
                        f.read(20)
                        time.sleep(0.01)
                        read += bool(f.read(1 << 20))
                except OSError as e:
                    if not gone(e):
                        raise
    finally:
        print(read)


def dump_all():
    """Dumps: one whole, whose numbers must fit, one given up after its first piece."""
    read = 0
    print("begun", flush=True)
    try:
        while True:
            try:
                reading = torture.reading("right")
                if reading:
                    wrong = unsound(reading)
                    if wrong:
                        print("wrong:", wrong)
                    read += 1
                asker = nl.Asker("right", 4096)
                asker.send(nl.GET, b"", nl.DUMP)
                asker.sock.recv(4096)
                asker.close()
            except (OSError, TypeError) as e:
                # Between two questions the family can go: then its number is no one's.
                if isinstance(e, OSError) and not gone(e):
                    raise
            time.sleep(0.01)
    finally:
        print(read)


# ---- what is set when the module goes

class Setting:
    def __init__(self):
        self.asker = self.namespace = None
        self.index = torture.ifindex("right", "veth0")

    def prefixes(self):
        self.asker = nl.Asker("right")
        for prefix in torture.PREFIXES:
            self.asker.do(nl.ADD, nl.prefix(prefix) + nl.u32(nl.PROXY, self.index))
        self.asker.do(nl.ADD, nl.prefix("198.51.100.64/26") + nl.u32(nl.RATE, 1000))

    def direct(self):
        self.prefixes()
        self.asker.do(nl.DIRECT_SET, torture.direct_on(self.index))

    def staged(self):
        self.direct()
        self.asker.do(nl.STAGE)
        self.asker.do(nl.ADD, nl.prefix("203.0.113.0/24") + nl.attr(nl.STAGED))

    def limits(self):
        self.prefixes()
        self.asker.do(nl.ECHO_SET, nl.u32(torture.ECHO_RATE, 100000) + nl.u32(torture.ECHO_SOURCE_RATE, 100000))

    def ending(self):
        """A namespace with a cable to right, prefixes, direct, and a request on its way."""
        self.direct()
        self.namespace = torture.Namespace()
        with self.namespace:
            links = Links()
            links.add("w0", "veth", peer="w1")
            for name in "lo", "w0", "w1":
                links.set(name, up=True)
            links.address("w0", "192.0.2.9/24")
            index = links.index("w0")
            links.close()
            asker = nl.Asker()
            asker.do(nl.ADD, nl.prefix("2001:db8:f::/48") + nl.u32(nl.PROXY, index))
            asker.do(nl.DIRECT_SET, torture.direct_on(index))
            asker.close()
            with torture.packet_socket("lo") as sock:
                for _ in range(20):
                    sock.send(b"\0" * 12 + direct.request("ipv6", src="::1", dst="::1")[12:])

    def nothing(self):
        pass

    ALL = nothing, prefixes, direct, staged, limits, ending

    def make(self, n):
        self.ALL[n % len(self.ALL)](self)

    def leave(self):
        """Just before the module goes: what ends in the background ends now."""
        if self.namespace:
            self.namespace.close()
            self.namespace = None

    def end(self):
        if self.asker:
            self.asker.close()
            self.asker = None


class Pings:
    """Of both families in turn; each must be answered."""

    def __init__(self):
        self.sent = self.lost = 0
        self.process = None

    def keep_up(self):
        if self.process is None or self.process.poll() is not None:
            self.count()
            family = direct.FAMILIES[self.sent // 200 % 2]
            self.process = net.spawn("ping", "-q", "-i", "0.02", "-c", 200, "-W", 20, direct.RIGHT[family], ns="left")

    def count(self):
        if self.process is None:
            return
        out, _ = self.process.communicate(timeout=60)
        words = next(line for line in out.splitlines() if "packets transmitted" in line).split()
        self.sent += int(words[0])
        # More than were sent: the storm hit upon the identifier of a ping.
        self.lost += max(0, int(words[0]) - int(words[3]))


def refused():
    """A dump under way holds the module: rmmod is refused at once, and all goes on."""
    reader = genl.Reader("right")
    reader.send(reader.family, genl.STATS_GET, genl.NLM_F_DUMP, genl._attribute(8, b""))
    begin = time.monotonic()
    was = not torture.try_unload() and time.monotonic() - begin < 5 and os.path.exists("/proc/netlab/stats")
    reader.close()
    return was


def reloads(n, began, setting, pings):
    """Of n loads, how many were made; how often a dump had rmmod refused that was to."""
    held = done = 0
    while done < n and time.monotonic() < began + SECONDS:
        pings.keep_up()
        setting.make(done)
        if done % 25 == 0:
            held += refused()
        setting.leave()
        torture.unload()
        setting.end()
        torture.load()
        done += 1
    return done, held


def main():
    began = time.monotonic()
    torture.hasten()
    torture.small()
    port = torture.pair()
    steady()
    readers = [net.spawn(sys.executable, __file__, what) for what in ("read", "dump")]
    for reader in readers:
        if reader.stdout.readline() != "begun\n":
            raise RuntimeError("a reader didn't begin: " + reader.stdout.read())
    setting, pings = Setting(), Pings()
    storm = Storm("left", "veth0", pause=PAUSE)

    def objects():
        """With nothing set, and no namespace that still ends."""
        torture.unload()
        slabs = memory.slabs()
        percpu = memory.meminfo()["Percpu"]
        torture.load()
        return slabs, percpu

    wanted = torture.times(LOADS)
    reloads(min(WARM, wanted), began, setting, pings)
    slabs, percpu = objects()
    tap.note(f"{min(WARM, wanted)} loads to begin with, {time.monotonic() - began:.0f} s since the beginning")
    begin = time.monotonic()
    done, held = reloads(wanted, began, setting, pings)
    took = time.monotonic() - begin
    tap.note(f"{done} more, {time.monotonic() - began:.0f} s")
    for reader in readers:
        if reader.poll() is not None:
            raise RuntimeError("a reader ended: " + reader.stdout.read())
        reader.terminate()
    pings.count()
    sent = storm.end()
    tap.note(f"{done} loads in {took:.0f} s, {sent} frames sent, refused and without a device, {pings.sent} pings")
    tap.equal(done, wanted, f"{wanted} times rmmod and insmod, each with something else in use")
    tap.equal(held, (wanted + 24) // 25, "each time that a dump was under way rmmod was refused")
    tap.ok(pings.sent >= 200 and not pings.lost, "no ping is lost", pings.sent, pings.lost)
    for reader, what in zip(readers, ("files", "dumps")):
        said = reader.communicate(timeout=30)[0].splitlines()
        numbers = [int(line) for line in said if line.isdigit()]
        tap.ok(numbers and numbers[-1] > wanted // 20, f"{what} were read all the while", said[-3:])
        tap.equal([line for line in said if not line.isdigit()], [], f"and what {what} said was sound")
    tap.ok(sent[0] > 100 * done, "there was traffic all the while", sent)
    torture.settle(port)
    torture.unload()
    memory.objects_come_back(f"{done} loads leave nothing behind", slabs, max(done // 2, 250))
    memory.percpu_no_more(f"{done} loads", percpu)
    torture.load()
    torture.exact(port, "afterwards")


if len(sys.argv) > 1:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    {"read": read_all, "dump": dump_all}[sys.argv[1]]()
tap.run(main)
