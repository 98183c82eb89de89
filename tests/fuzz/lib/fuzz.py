# SPDX-License-Identifier: GPL-2.0-only
"""What tests/fuzz shares: the seed, what a namespace must always be able to say of itself, and how to run the programs."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "net", "lib"))
import genl
import tap
import topology as net

PROGRAMS = os.path.join(net.PROJECT, "build", "tests")


def seed(test):
    """The run's: SEED from the environment, or a new one. Says how to have the same run again."""
    value = int(os.environ.get("SEED") or random.SystemRandom().randrange(1, 1 << 32))
    tap.note(f"seed {value}; the same again: SEED={value} tests/run tests/fuzz/{test}")
    return value


def start(name, *argv, ns=None):
    """A program beside the test: tests/fuzz/NAME.c."""
    return net.spawn(os.path.join(PROGRAMS, f"fuzz-{name}"), *argv, ns=ns)


def finish(process, seconds=600):
    """(its last line as {word: number}, its other lines, whether it was content)."""
    out, _ = process.communicate(timeout=seconds)
    lines = out.splitlines()
    words = lines.pop().split() if lines else []
    try:
        counts = dict(zip(words[::2], map(int, words[1::2])))
    except ValueError:
        lines.append(" ".join(words))
        counts = {}
    return counts, [line for line in lines if line not in ("ready", "listening")], process.returncode == 0 and bool(counts)


def _rows(ns, table, path="stats"):
    return [line.split()[1:] for line in net.read(f"/proc/net/netlab/{path}", ns).splitlines() if line.split()[0] == table]


def invariants(ns, fragments=True):
    """What is wrong with what a namespace says, once nothing moves in it, as lines.

    fragments: those that wait for others time out soon, and are told of.
    """
    if fragments:
        tap.wait_until(lambda: all(" inuse 0 " in line for path in ("sockstat", "sockstat6")
                                   for line in net.read(f"/proc/net/{path}", ns).splitlines() if line.startswith("FRAG")),
                       f"{ns}: no fragment waits", 60)
    reader = genl.Reader(ns)
    for _ in range(50):
        # A neighbour that is still looked for, say, would be in one reading and not in another.
        reading = reader.read()
        wrong = _invariants(ns, reading)
        if not wrong or reader.read() == reading:
            return wrong
    return ["it never comes to rest", *wrong]


def _invariants(ns, reading):
    wrong = []
    sums = {}
    for (family, hook, _), (packets, size) in reading.protocols.items():
        was = sums.get((family, hook), (0, 0))
        sums[family, hook] = was[0] + packets, was[1] + size
    for key, row in reading.hooks.items():
        if sums.get(key, (0, 0)) != (row["packets"], row["bytes"]):
            wrong.append(f"{key}: {row['packets']} packets, {row['bytes']} bytes; the sum over protocols is {sums.get(key)}")
        if row["skbs"] > row["packets"] or max(row["fragments"], row["options"]) > row["packets"]:
            wrong.append(f"{key}: more sk_buffs, fragments or options than packets: {row}")
    by_proc = {(row[0], row[1], int(row[2])): (int(row[3]), int(row[4])) for row in _rows(ns, "protocols")
               if int(row[3])}
    if by_proc != {key: value for key, value in reading.protocols.items() if value[0]}:
        wrong.append(f"/proc and netlink differ: {sorted(by_proc.items() ^ reading.protocols.items())[:10]}")
    # Each packet that passed a device is in one bucket of sizes, and in no more of ICMP's types than there are.
    for family in "ipv4", "ipv6":
        for hook in "prerouting", "postrouting":
            packets = reading.hooks.get((family, hook), {"packets": 0})["packets"]
            sizes = sum(int(row[-1]) for row in _rows(ns, "sizes") if row[:2] == [family, hook])
            if sizes != packets:
                wrong.append(f"{family} {hook}: {packets} packets, {sizes} in the buckets of sizes")
            icmp = sum(int(row[-1]) for row in _rows(ns, "icmp") if row[:2] == [family, hook])
            if icmp > reading.protocols.get((family, hook, 1 if family == "ipv4" else 58), (0, 0))[0]:
                wrong.append(f"{family} {hook}: more ICMP by type than by protocol")
    wrong += _outcomes(ns, reading)
    return wrong


def _outcomes(ns, reading):
    wrong = []
    outcomes = {(row[0], row[1], row[2]): int(row[3]) for row in _rows(ns, "outcomes", "echo")}
    by_tool = net.outcomes(ns)
    if by_tool != {key: value for key, value in outcomes.items() if value}:
        wrong.append(f"outcomes: the tool and /proc differ: {sorted(by_tool.items() ^ outcomes.items())[:10]}")
    prefixes = net.netlab(ns, "prefix") or []
    for row in prefixes:
        if row["requests"] != row["replied"] + row["refused"]:
            wrong.append(f"prefix: {row}")
    for family in "ipv4", "ipv6":
        def total(*paths):
            return sum(value for key, value in outcomes.items() if key[0] == family and key[1] in paths)

        # What was answered for at ingress has prefixes' counters, too, and no outcome of theirs.
        asked = sum(row["requests"] for row in prefixes if (":" in row["prefix"]) == (family == "ipv6"))
        if not total("prefix") <= asked <= total("prefix", "direct"):
            wrong.append(f"{family}: {asked} requests for prefixes, outcomes {total('prefix')} and {total('direct')} by direct")
        arrived = reading.hooks.get((family, "input"), {"skbs": 0})["skbs"]
        if total("local") > arrived:
            wrong.append(f"{family}: {total('local')} outcomes of {arrived} sk_buffs at input")
    return wrong
