#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Settings and prefixes changed by several writers at once, under traffic, while others read.

Writers add, delete, replace and flush prefixes, stage and commit sets, set
limits, turn answering at a device on and off, reset the counters. Readers dump
whole, with the least of receive buffers, or give up half-way; read /proc in
pieces. Each refusal must be one that can be; and whenever all is quiet, what is
said to be in force answers, as it does at the end.
"""
import errno
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import direct  # noqa: E402
import memory  # noqa: E402
import prefix_asker as nl  # noqa: E402
import tap  # noqa: E402
import tables  # noqa: E402
import topology as net  # noqa: E402
import torture  # noqa: E402
from storm import Storm  # noqa: E402
from wire import outcomes  # noqa: E402

SECONDS = 90  # of writing, in rounds
ROUNDS = 6
PAUSE = 50_000
SEED = int(os.environ.get("NETLAB_SEED") or random.randrange(1 << 32))
POOL = [f"198.51.100.{n}/{length}" for n, length in ((0, 24), (0, 25), (64, 26), (77, 32), (76, 31), (128, 25))] + \
       [f"10.{n}.0.0/16" for n in range(20)] + ["2001:db8:f::/48", "2001:db8:f::/64", "2001:db8:f::77/128", "2001:db8::/32"] + \
       [f"2001:db8:f:{n:x}::/64" for n in range(1, 20)]
MANY = [f"11.{n >> 8}.{n & 255}.0/24" for n in range(400)]
# What a writer may be told, and why.
MAY = {nl.ADD: {errno.EEXIST, errno.ESTALE}, nl.DEL: {errno.ENOENT}, nl.STAGE: {errno.EBUSY}, nl.COMMIT: {errno.ESTALE}}


class Worker(threading.Thread):
    """Does something over and over until it is told to stop; what it does is told by kind."""

    def __init__(self, kind, number, index):
        super().__init__(daemon=True)
        self.kind, self.index = kind, index
        self.chance = random.Random(SEED * 100 + number)
        self.stop = threading.Event()
        self.done, self.refused, self.trouble = 0, 0, None
        self.asker = nl.Asker("right")

    def run(self):
        try:
            while not self.stop.is_set():
                getattr(self, self.kind)()
                self.done += 1
        except Exception as e:
            self.trouble = f"{self.kind}: {type(e).__name__}: {e}"

    def ask(self, command, data=b""):
        code, sentence, _ = self.asker.ask(command, data)
        if code and code not in MAY.get(command, ()):
            raise OSError(code, f"{errno.errorcode.get(code)} to command {command}: {sentence}")
        self.refused += bool(code)
        return code

    def prefix(self):
        some = b"".join(nl.u32(kind, value) for kind, value in ((nl.RATE, 50000), (nl.BURST, 100), (nl.MAX_SIZE, 1400),
                                                               (nl.PROXY, self.index)) if self.chance.random() < 0.3)
        return nl.prefix(self.chance.choice(POOL)) + some

    # ---- writers

    def changes(self):
        for _ in range(20):
            what = self.chance.random()
            if what < 0.35:
                self.ask(nl.ADD, self.prefix())
            elif what < 0.65:
                self.ask(nl.ADD, self.prefix() + nl.attr(nl.REPLACE))
            else:
                self.ask(nl.DEL, nl.prefix(self.chance.choice(POOL)))

    def flushes(self):
        self.ask(nl.FLUSH)
        self.stop.wait(self.chance.random() / 5)

    def restores(self):
        """Sets staged and committed, given up, with the socket closed in the midst; one is empty."""
        if self.ask(nl.STAGE):
            self.stop.wait(0.01)
            return
        for name in self.chance.sample(POOL + MANY[:50], self.chance.choice((0, 1, 5, 40))):
            self.ask(nl.ADD, nl.prefix(name) + nl.attr(nl.STAGED) +
                     (nl.u32(nl.PROXY, self.index) if self.chance.random() < 0.2 else b""))
        what = self.chance.random()
        if what < 0.7:
            on = nl.u32(torture.ECHO_DIRECT, self.index) if self.chance.random() < 0.5 else b""
            self.ask(nl.COMMIT, nl.u32(torture.ECHO_RATE, 100000) + on)
        elif what < 0.85:
            self.asker.close()
            self.asker = nl.Asker("right")

    def sets(self):
        self.ask(nl.ECHO_SET, nl.u8(torture.ECHO_LOCAL, self.chance.random() < 0.8) +
                 nl.u32(torture.ECHO_RATE, self.chance.choice((0, 1000, 100000))) +
                 nl.u32(torture.ECHO_SOURCE_RATE, self.chance.choice((0, 0, 5000))) +
                 nl.u32(torture.ECHO_MAX_SIZE, self.chance.choice((65535, 1000))))
        self.ask(nl.DIRECT_SET, torture.direct_on(self.index, self.chance.randrange(2)))

    def resets(self):
        net.reset("right") if self.done % 20 == 0 else torture_reset(self.asker)
        self.stop.wait(0.02)

    # ---- readers

    def dumps(self):
        names, _ = self.asker.dump(4096)
        if len(names) != len(set(names)):
            raise RuntimeError("a prefix comes twice in a dump")
        tables_reader = tables.Reader("right")
        try:
            tables_reader.tables()
        finally:
            tables_reader.close()

    def abandons(self):
        """Half-read and closed; not read at all; a buffer so small that the kernel must wait with each piece."""
        for command in nl.GET, nl.OUTCOME_GET, 1:
            asker = nl.Asker("right", 1)
            asker.send(command, b"", nl.DUMP)
            if self.chance.random() < 0.7:
                asker.sock.recv(self.chance.choice((100, 4096)))
            asker.close()

    def overruns(self):
        """Questions without reading: answers that find no room are lost, and the asker is told (ENOBUFS), nobody else."""
        asker = nl.Asker("right", 1)
        asker.sock.setblocking(False)
        try:
            for _ in range(50):
                asker.send(nl.ECHO_GET, b"", nl.ACK)
        except OSError as e:
            if e.errno not in (errno.EAGAIN, errno.ENOBUFS):
                raise
        for _ in range(200):
            try:
                asker.sock.recv(4096)
            except OSError as e:
                if e.errno == errno.EAGAIN:
                    break
                if e.errno != errno.ENOBUFS:
                    raise
        asker.close()

    def files(self):
        for name in "stats", "echo", "devices", "prefixes":
            with net.inside("right"), open(f"/proc/thread-self/net/netlab/{name}", "rb", buffering=0) as f:
                while f.read(self.chance.choice((997, 4096))) and not self.stop.is_set():
                    pass

    WRITERS = "changes", "changes", "flushes", "restores", "restores", "sets", "resets"
    READERS = "dumps", "abandons", "overruns", "files"


def torture_reset(asker):
    code, sentence, _ = asker.ask(2)
    if code:
        raise OSError(code, sentence)


def in_force(port):
    """What the kernel says is in force does answer: of those addresses that some prefix has, each; of the others, none."""
    asker = nl.Asker("right")
    asker.do(nl.ECHO_SET, nl.u32(torture.ECHO_RATE, 0) + nl.u32(torture.ECHO_SOURCE_RATE, 0) +
             nl.u32(torture.ECHO_MAX_SIZE, 65535) + nl.u8(torture.ECHO_LOCAL, 1))
    asker.do(nl.DIRECT_SET, torture.direct_on(torture.ifindex("right", "veth0"), 0))
    names, _ = asker.dump()
    asker.close()
    wrong = []
    for family, addresses in (("ipv4", ("198.51.100.77", "198.51.100.200", "10.7.1.1", "10.19.3.3", "11.0.5.1")),
                              ("ipv6", ("2001:db8:f::77", "2001:db8:f:3::1", "2001:db8:f:ffff::1", "2001:db8:77::1"))):
        for dst in addresses:
            has = any(nl.ipaddress.ip_address(dst) in nl.ipaddress.ip_network(name) for name in names)
            before = outcomes("right")
            got = direct.echo_replies(port.exchange([direct.request(family, dst=dst)]))
            if len(got) != has:
                wrong.append(f"{dst}: {len(got)} replies, with the prefixes {names[:20]}: "
                             f"{ {k: v - before.get(k, 0) for k, v in outcomes('right').items() if v != before.get(k, 0)} }")
    return wrong




def main():
    tap.note(f"seed {SEED}: NETLAB_SEED={SEED} does it again, but for how the CPUs take turns")
    port = torture.pair()
    index = torture.ifindex("right", "veth0")
    storm = Storm("left", "veth0", pause=PAUSE)
    wrong, trouble, done, slabs = [], [], {}, None
    for turn in range(ROUNDS):
        workers = [Worker(kind, 20 * turn + n, index) for n, kind in enumerate(Worker.WRITERS + Worker.READERS)]
        for worker in workers:
            worker.start()
        time.sleep(SECONDS / ROUNDS / (3 if torture.SCALE > 1 else 1))
        for worker in workers:
            worker.stop.set()
        for worker in workers:
            worker.join(60)
            worker.asker.close()
            trouble += [worker.trouble] if worker.trouble else []
            trouble += [f"{worker.kind} hangs"] if worker.is_alive() else []
            done[worker.kind] = done.get(worker.kind, 0) + worker.done
        for process in storm.processes:
            process.send_signal(19)  # SIGSTOP
        torture.settle(port)
        wrong += in_force(port)
        if turn == 0:
            nl.Asker("right").do(nl.FLUSH)
            slabs = memory.slabs()
        for process in storm.processes:
            process.send_signal(18)  # SIGCONT
        if trouble:
            break
    sent = storm.end()
    tap.note(f"done: {done}; {sent} frames")
    tap.equal(trouble, [], "nobody was refused what can be had, or waits for ever")
    tap.ok(all(done.get(kind, 0) >= 5 for kind in Worker.WRITERS + Worker.READERS), "all of them were at it", done)
    tap.equal(wrong, [], f"in each of {ROUNDS} pauses, what is said to be in force answers, and nothing else")
    tap.ok(sent[0] > 1000, "there was traffic all the while", sent)
    torture.settle(port)
    nl.Asker("right").do(nl.FLUSH)
    tap.wait_until(lambda: torture.references() == 0, "no dump holds the module")
    memory.objects_come_back("what was made is freed", slabs, 300)
    allmulti = torture.heard("right", "veth0")
    tap.ok(allmulti in (None, 0), "and the device hears no more than before", allmulti)
    torture.exact(port, "afterwards")


tap.run(main)
