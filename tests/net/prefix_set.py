#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""restore: one set of prefixes takes the place of another at once, or nothing changes."""
import os
import re
import signal
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import prefix_asker as nl
import tap
import topology as net
from prefix_packets import echo, frame

SOURCE = "192.0.2.1"
BOTH, OLD, NEW = "10.0.0.1", "10.1.0.1", "10.2.0.1"
RESTORES, PREFIXES = 20, 2000
EVERY = 0.0005  # seconds between two rounds of requests


def fileful(*first, begin=0, count=PREFIXES):
    """A file's text: these prefixes, and as many of 11.0.0.0/8 as are missing."""
    rest = (f"11.{n >> 8}.{n & 255}.0/24" for n in range(begin, begin + count - len(first)))
    return "".join(f"prefix add {prefix}\n" for prefix in (*first, *rest))


def restore(text, ns="right", check=True):
    return net.run(net.NETLAB, "restore", "-", ns=ns, stdin=text, check=check, seconds=60)


def state():
    """By the tool and by /proc, the counters too."""
    return (net.run(net.NETLAB, "save", ns="right"), net.run(net.NETLAB, "prefix", "show", ns="right"),
            net.read("/proc/net/netlab/prefixes", "right"), net.run(net.NETLAB, "-j", "echo", ns="right"))


class Stream(threading.Thread):
    """Rounds of three requests, to BOTH, OLD and NEW, numbered; and who answered which."""

    def __init__(self):
        super().__init__()
        self.stop = threading.Event()
        self.sent, self.answered = 0, {BOTH: set(), OLD: set(), NEW: set()}
        with net.inside("left"):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(263, 23, 1)  # SOL_PACKET, PACKET_IGNORE_OUTGOING
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        self.sock.bind(("veth0", 0x0800))

    def run(self):
        while not self.stop.is_set():
            number = struct.pack("!I", self.sent)
            for target in BOTH, OLD, NEW:
                self.sock.send(frame(echo(SOURCE, target, number), net.MAC_RIGHT, net.MAC_LEFT))
            self.sent += 1
            self.collect()
            time.sleep(EVERY)
        time.sleep(0.5)
        self.collect()

    def go_on(self):
        """Wait for some rounds more."""
        sent = self.sent
        tap.wait_until(lambda: self.sent > sent + 5, "requests are sent")

    def collect(self):
        self.sock.setblocking(False)
        try:
            while True:
                data = self.sock.recv(2000)
                if data[23] == 1 and data[34] == 0:
                    self.answered[socket.inet_ntoa(data[26:30])].add(struct.unpack("!I", data[42:46])[0])
        except BlockingIOError:
            pass
        finally:
            self.sock.setblocking(True)


def swapped():
    sets = fileful(BOTH, OLD), fileful(BOTH, NEW, begin=1000)
    restore(sets[0])
    stream = Stream()
    stream.start()
    took = []
    try:
        for n in range(RESTORES):
            stream.go_on()
            begin = time.monotonic()
            restore(sets[1 - n % 2])
            took.append(time.monotonic() - begin)
        stream.go_on()
    finally:
        stream.stop.set()
        stream.join()
    old, new, every = stream.answered[OLD], stream.answered[NEW], set(range(stream.sent))
    tap.note(f"{stream.sent} rounds, {RESTORES} restores of {PREFIXES} prefixes, {min(took):.2f} to {max(took):.2f} s each")
    tap.ok(stream.sent > 10 * RESTORES, "requests were sent all the time", stream.sent)
    tap.equal(sorted(every - stream.answered[BOTH]), [], "what is in both sets was answered every time")
    # In a round OLD is asked before NEW: only where a swap came between may both or none answer, one a restore.
    tap.ok(len(old & new) + len(every - old - new) <= RESTORES, "of what is in one set, just one was answered, but for a swap in between",
           f"both {len(old & new)}, neither {len(every - old - new)}")
    changes = sum((n in old) != (n + 1 in old) for n in range(stream.sent - 1))
    tap.ok(RESTORES <= changes <= RESTORES + 2 * len((old & new) | (every - old - new)), "and it changed with each restore, not in between",
           f"{changes} changes")


def wrong():
    restore(fileful(BOTH) + "echo set rate 1000 max-size 500\n")
    before = state()
    for what, line, code, sentence in (
            ("a forbidden prefix", "prefix add 224.0.0.0/4", 2, "multicast"), ("host bits", "prefix add 10.9.9.9/24", 1, "10.9.9.0/24"),
            ("an unknown word", "prefix bogus", 1, "bogus"), ("one twice", f"prefix add {BOTH}", 2, "there already"),
            ("a bad setting", "echo set max-size 1", 1, "28"), ("a device that isn't there", "prefix add 10.9.0.0/16 proxy nosuch", 1, "nosuch"),
            ("lo as proxy", "prefix add 10.9.0.0/16 proxy lo", 2, "Ethernet"), ("direct on lo", "echo direct lo on", 2, "Ethernet"),
            ("all without force", "prefix add 0.0.0.0/0", 2, "force"), ("what doesn't belong in it", "prefix flush", 1, "flush"),
            ("what doesn't belong, too", "stats reset", 1, "stats")):
        for number in 2, 1701:
            lines = (fileful(BOTH, NEW, count=1999) + f"prefix add {OLD}\n").splitlines()
            lines.insert(number - 1, line)
            done = restore("\n".join(lines) + "\n", check=False)
            said = done.stderr.strip()
            tap.ok(done.returncode == code and re.search(rf"\b{number}\b", said) and sentence in said and len(said.splitlines()) == 1,
                   f"restore with {what} in line {number}: exit {code}, a sentence with the line", done.returncode, said)
    for what, text in ("no command", "# nothing\n\n"), ("nothing", ""):
        done = restore(text, check=False)
        tap.ok(done.returncode == 1 and "no command" in done.stderr, f"restore of a file with {what}: exit 1", done.returncode, done.stderr)
    done = net.run(net.NETLAB, "restore", "/nonexistent", ns="right", check=False)
    tap.ok(done.returncode == 1 and "/nonexistent" in done.stderr, "restore of a file that isn't there: exit 1", done.returncode, done.stderr)
    tap.equal(state() == before, True, "nothing has changed: not the prefixes, not their counters, not a setting")


def whole():
    """What a file doesn't say is as when the module was loaded; save and restore are each other's inverse."""
    restore("echo set rate 1000 burst 7 source-rate 9 max-size 500 local off\necho direct veth0 on\n"
            "prefix add 10.0.0.0/8 rate 5 burst 6 max-size 700\n# a comment\n\nprefix add 2001:db8:f::/48 proxy veth0\nprefix add ::/0 force\n")
    saved = net.run(net.NETLAB, "save", ns="right")
    echo_said = net.netlab("right", "echo")
    tap.equal((echo_said["local"], echo_said["rate"], echo_said["burst"], echo_said["source_rate"], echo_said["max_size"], echo_said["direct"]),
              (False, 1000, 7, 9, 500, ["veth0"]), "a restore sets all that it names")
    restore("prefix add 10.1.2.3\n")
    echo_said = net.netlab("right", "echo")
    tap.equal((echo_said["local"], echo_said["rate"], echo_said["burst"], echo_said["source_rate"], echo_said["max_size"], echo_said["direct"]),
              (True, None, None, None, 65535, []), "and what it doesn't name is as in the beginning")
    tap.equal(list(row["prefix"] for row in net.netlab("right", "prefix")), ["10.1.2.3/32"], "with no other prefix")
    restore(saved)
    tap.equal(net.run(net.NETLAB, "save", ns="right"), saved, "what was saved is restored, word for word")
    restore("echo set local on\n")
    tap.equal(net.netlab("right", "prefix"), [], "a file without prefixes leaves none")


def interrupted():
    """Whoever stages and goes away leaves nothing behind."""
    restore(fileful(BOTH))
    before = state()
    text = fileful(BOTH, NEW, count=30000)
    begin = time.monotonic()
    restore(text)
    whole = time.monotonic() - begin
    done = state()
    restore(fileful(BOTH))
    killed, halves = 0, 0
    for part in 0.05, 0.2, 0.35, 0.5, 0.65, 0.8:
        process = net.spawn(net.NETLAB, "restore", "-", ns="right", stdin=-1)
        feed = threading.Thread(target=give, args=(process, text))
        feed.start()
        time.sleep(part * whole)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        feed.join()
        # The commit may be the last that it was able to do.
        now = state()
        halves += now not in (before, done)
        if now != before:
            restore(fileful(BOTH))
    tap.ok(killed >= 3, "restores killed half-way", killed)
    tap.equal(halves, 0, "have changed nothing, or everything")
    tap.equal(state() == before, True, "and leave nothing in the way")
    asker, other = nl.Asker("right"), nl.Asker("right")
    asker.do(nl.STAGE)
    for n in range(100):
        asker.do(nl.ADD, nl.prefix(f"10.3.{n}.0/24") + nl.attr(nl.STAGED))
    busy = other.ask(nl.STAGE)
    tap.ok(busy[0] == 16 and "another restore is under way" in (busy[1] or ""), "a second socket that stages: EBUSY and why", busy)
    done = restore(fileful(NEW), check=False)
    tap.ok(done.returncode == 2 and "another restore is under way" in done.stderr, "so says the tool", done.returncode, done.stderr)
    tap.equal(other.ask(nl.ADD, nl.prefix("10.4.0.0/16") + nl.attr(nl.STAGED))[0], 116, "the second socket can't add to it: ESTALE")
    tap.equal(other.ask(nl.COMMIT)[0], 116, "nor commit it: ESTALE")
    tap.equal(other.ask(nl.ADD, nl.prefix("10.5.0.0/16")), (0, None, None), "but what isn't staged can be added beside it")
    tap.equal(other.ask(nl.DEL, nl.prefix("10.5.0.0/16")), (0, None, None), "and deleted")
    asker.do(nl.STAGE)
    asker.do(nl.ADD, nl.prefix("10.3.0.0/24") + nl.attr(nl.STAGED))
    tap.equal(asker.ask(nl.ADD, nl.prefix("10.3.0.0/24") + nl.attr(nl.STAGED))[0], 17, "begun anew, what was staged is forgotten; EEXIST within it")
    asker.close()
    tap.equal(state() == before, True, "closed without a commit: nothing has changed")
    tap.equal(other.ask(nl.STAGE), (0, None, None), "and another can begin at once")
    other.do(nl.ADD, nl.prefix("10.6.0.0/16") + nl.attr(nl.STAGED))
    tap.equal(other.ask(nl.COMMIT, nl.u32(5, 27))[0], 34, "a commit with a bad setting is refused")
    tap.equal(state() == before, True, "and has changed nothing")
    other.do(nl.COMMIT)
    tap.equal(other.dump()[0], ["10.6.0.0/16"], "the next commit lets it be in force")
    other.close()
    restore(fileful(BOTH))
    tap.equal(len(net.netlab("right", "prefix")), PREFIXES, "a restore works at once")


def give(process, text):
    try:
        process.stdin.write(text)
        process.stdin.close()
    except (BrokenPipeError, ValueError):
        pass


def main():
    net.pair()
    swapped()
    wrong()
    whole()
    interrupted()
    asker = nl.Asker("right")
    asker.do(nl.STAGE)
    asker.do(nl.ADD, nl.prefix("2001:db8::/32") + nl.attr(nl.STAGED))
    net.run("rmmod", "netlab")
    asker.close()
    tap.ok(not os.path.exists("/sys/module/netlab"), "rmmod while a set is staged")
    net.run("insmod", net.NETLAB_KO)


tap.run(main)
