#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A commit, and what others do at the same moment: what is in force afterwards answers, always.

While a commit waits for RTNL, another flushes all prefixes, or the socket's own
other thread adds one to the set. And what is refused, or given up, leaves no
hook behind.
"""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import prefix_asker as nl
import tap
import topology as net
from wire import Port

TIMES = 150
PREFIX, INSIDE = "198.51.100.0/24", "198.51.100.77"


class Busy(threading.Thread):
    """Keeps RTNL busy, so that who wants it has to wait."""

    def __init__(self):
        super().__init__()
        self.stop = threading.Event()

    def run(self):
        while not self.stop.is_set():
            net.ip("left", *(f"link add b{n} type veth peer name d{n}" for n in range(5)), *(f"link del b{n}" for n in range(5)))


def at_once(*functions):
    """Each in a thread of its own, all at the same moment."""
    barrier = threading.Barrier(len(functions))

    def one(function):
        barrier.wait()
        function()

    threads = [threading.Thread(target=one, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def answers(port):
    return len(direct.echo_replies(port.exchange([direct.request("ipv4", dst=INSIDE)])))


def judged(port, what, race):
    """Does it TIMES times; of those in which the prefix was in force at the end, it must have answered in all."""
    asker, other, in_force, silent = nl.Asker("right"), nl.Asker("right"), 0, 0
    for _ in range(TIMES):
        asker.do(nl.STAGE)
        race(asker, other)
        if nl.Asker("right").dump()[0]:
            in_force += 1
            silent += not answers(port)
        other.do(nl.FLUSH)
    asker.close()
    tap.note(f"{what}: in force after {in_force} of {TIMES}")
    tap.equal(silent, 0, f"{what}: what is in force answers, each time")
    return in_force


def flushed(asker, other):
    asker.do(nl.ADD, nl.prefix(PREFIX) + nl.attr(nl.STAGED))
    at_once(lambda: asker.do(nl.COMMIT), lambda: other.do(nl.FLUSH), lambda: other_flush(other))


def other_flush(_):
    again = nl.Asker("right")
    for _ in range(3):
        again.do(nl.FLUSH)
    again.close()


def added(asker, _):
    """Both by one socket, each thread's question answered to whoever reads first."""
    at_once(lambda: asker.send(nl.COMMIT), lambda: asker.send(nl.ADD, nl.prefix(PREFIX) + nl.attr(nl.STAGED)))
    for _ in range(2):
        asker.sock.recv(1 << 16)



def main():
    net.pair()
    port = Port("left", "veth0", direct.RIGHT["ipv4"])
    busy = Busy()
    busy.start()
    try:
        judged(port, "an empty set, to which its socket adds while it is committed", added)
        judged(port, "a commit while another flushes", flushed)
    finally:
        busy.stop.set()
        busy.join()


tap.run(main)
