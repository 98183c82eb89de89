#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a namespace has of netlab is its own: who sees it, which one a socket speaks of, whose the limits are."""
import errno
import os
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import prefix_asker as nl
import tap
import topology as net
import wire
from nobody import as_nobody, in_child

FILES = ("stats", "echo", "prefixes", "devices", "version")


def without_counters(text):
    """What doesn't change while it is read; others may send meanwhile."""
    return [line for line in text.splitlines() if line.startswith(("config", "prefix", "version"))]


def processes():
    """What /proc/PID/net/netlab shows, and to whom: what /proc/PID/net/dev does."""
    net.netlab("right", "prefix", "add", "198.51.100.0/24")
    net.netlab("right", "echo", "set", "max-size", 1234)
    holder = net.spawn("sleep", "1000", ns="right")

    def read_all(proc):
        as_nobody()
        said = []
        for name in ("dev", *(f"netlab/{file}" for file in FILES)):
            try:
                with open(f"{proc}/{holder.pid}/net/{name}", encoding="ascii") as f:
                    said.append(without_counters(f.read()) if "netlab" in name else "seen")
            except OSError as e:
                said.append(errno.errorcode[e.errno])
        return said

    roots = ["seen"] + [without_counters(net.read(f"/proc/net/netlab/{file}", "right")) for file in FILES]
    tap.ok(any("1234" in line for line in roots[2]) and roots[3], "root sees there what was set", roots)
    tap.equal(in_child(lambda: read_all("/proc")), str(roots),
              "through a process there, nobody sees netlab's files of another namespace, as net/dev")
    hidden = tempfile.mkdtemp()
    os.chmod(hidden, 0o755)
    net.run("mount", "-t", "proc", "-o", "hidepid=2", "proc", hidden)
    try:
        tap.equal(in_child(lambda: read_all(hidden)), str(["ENOENT"] * (1 + len(FILES))),
                  "hidepid hides netlab's files from nobody, as net/dev")
        with open(f"{hidden}/{holder.pid}/net/netlab/echo", encoding="ascii") as f:
            tap.equal(without_counters(f.read()), roots[2], "and shows them to root")
    finally:
        net.run("umount", hidden)
        os.rmdir(hidden)
    net.netlab("right", "prefix", "flush")
    net.netlab("right", "echo", "set", "max-size", 65535)


def sockets():
    """A socket of right's, used by a thread that is in left."""
    net.ip("left", "link add only-left index 77 type dummy")
    asker = nl.Asker("right")
    before = net.netlab("left", "echo"), net.netlab("left", "prefix", "show")
    with net.inside("right"):
        index = socket.if_nametoindex("veth0")
    with net.inside("left"):
        asker.do(nl.ADD, nl.prefix("203.0.113.0/24"))
        asker.do(nl.DIRECT_SET, nl.u32(1, index) + nl.u8(2, 1))
        code, sentence, _ = asker.ask(nl.DIRECT_SET, nl.u32(1, 77) + nl.u8(2, 1))
        names = asker.dump()[0]
    tap.equal(names, ["203.0.113.0/24"], "a socket speaks of the namespace that it was made in, wherever its user is")
    tap.equal((net.netlab("left", "echo"), net.netlab("left", "prefix", "show")), before, "and changes nothing where he is")
    tap.equal(direct.direct_devices("right"), ["veth0"], "an index is that namespace's own: its device")
    tap.ok(code == errno.ENODEV, "and one that only another namespace has is none there", code, sentence)
    asker.do(nl.FLUSH)
    asker.do(nl.DIRECT_SET, nl.u32(1, index) + nl.u8(2, 0))
    asker.close()


def limits():
    """right may answer hardly any, left all."""
    net.netlab("right", "echo", "set", "rate", 1, "burst", 1, "source-rate", 1)
    ports = {"right": wire.Port("left", "veth0", direct.RIGHT["ipv4"]), "left": wire.Port("right", "veth0", direct.LEFT["ipv4"])}
    mine = {"dst": net.MAC_LEFT, "src": net.MAC_RIGHT}
    asked = {"right": [direct.request("ipv4")] * 200,
             "left": [direct.request("ipv4", src=direct.RIGHT["ipv4"], dst=direct.LEFT["ipv4"], frame=mine)] * 200}
    before = {ns: wire.outcomes(ns) for ns in asked}
    for ns in "right", "left":
        ports[ns].exchange(asked[ns])
    said = {ns: wire.grown(before[ns], wire.outcomes(ns)) for ns in asked}
    replied = said["right"].get(("ipv4", "local", "replied"), 0)
    tap.ok(replied < 20 and sum(said["right"].values()) == 200, "a namespace with rate 1 answers hardly any of 200 requests", said["right"])
    tap.equal(said["left"], {("ipv4", "local", "replied"): 200}, "that takes nothing from another's: it answers all of 200")


def main():
    net.pair()
    net.run("modprobe", "dummy")
    processes()
    sockets()
    limits()


tap.run(main)
