#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fuzzing guided by KCOV: what comes to a new place in netlab's code is kept, and changed further.

Frames by tap devices, which the kernel takes in the sender's context, and
netlink messages. Wants a kernel with CONFIG_KCOV and a module built with it:

    NETLAB_KERNEL=debug NETLAB_KCOV=y tests/run tests/fuzz/coverage.py
"""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import corpus
import fuzz
import genl
import packet_target
import tap
import topology as net
from netlink_commands import commands

FRAMES = int(os.environ.get("FRAMES") or 200000)
MESSAGES = int(os.environ.get("MESSAGES") or 50000)
KCOV = "/sys/kernel/debug/kcov"
CALL = 4  # bytes from a relocation's offset to where its call returns
# name, way, of 100 frames, what is on
FLOODS = (
    ("a tap device", "tap", 30, ("prefix", "forward")),
    ("a tap device, direct and limits", "tap", 20, ("prefix", "direct", "limits", "forward")),
    ("a tap device with NAPI, in pieces", "frags", 30, ("prefix", "conntrack", "direct", "forward")),
    ("a tun device", "tun", 20, ("prefix", "forward")),
)
# What the packet path and the handlers are made of: more than so much of each must have been run.
LEAST = {"netlab_dissect_exthdrs": 90, "netlab_dissect_gso": 70, "netlab_count_any": 70, "netlab_inspect": 80,
         "netlab_echo4": 50, "netlab_reply4": 50, "netlab_reply6": 50, "netlab_turn": 40, "netlab_answer_prefix": 60,
         "netlab_proxy_solicited": 60, "netlab_prefix_add_do": 60, "netlab_stats_start": 60, "netlab_echo_set": 60,
         "netlab_stage_commit_do": 50, "netlab_prefix_del_do": 60}


def places():
    """{offset in .text: function} of each place that KCOV tells of, by the module's relocations."""
    ko = net.NETLAB_KO
    section, offsets = None, []
    for line in net.run("readelf", "-rW", ko).splitlines():
        if line.startswith("Relocation section"):
            section = line.split("'")[1]
        elif "__sanitizer_cov_trace_pc" in line and section == ".rela.text":
            offsets.append(int(line.split()[0], 16) + CALL)
    text = re.search(r"\[ *(\d+)\] \.text ", net.run("readelf", "-SW", ko)).group(1)
    functions = []
    for line in net.run("readelf", "-sW", ko).splitlines():
        words = line.split()
        if len(words) == 8 and words[3] == "FUNC" and words[6] == text:
            functions.append((int(words[1], 16), int(words[2], 0), words[7]))
    functions.sort()
    found, at = {}, 0
    for offset in sorted(offsets):
        while at + 1 < len(functions) and functions[at + 1][0] < offset:
            at += 1
        found[offset] = functions[at][2]
    return found


def shift():
    """What the kernel takes off an address before it tells of it, where it moves itself at boot."""
    with open("/proc/kallsyms", encoding="ascii") as f:
        text = next(int(line.split()[0], 16) for line in f if line.split()[2] == "_text")
    return text - 0xffffffff81000000


def covered(path, base, known):
    """The places of a file that are in .text."""
    with open(path, encoding="ascii") as f:
        addresses = [int(line, 16) for line in f]
    return {a - base + by for a in addresses for by in (0, shift()) if a - base + by in known}


def report(known, seen):
    by_function = {}
    for offset, name in known.items():
        all_of, run = by_function.get(name, (0, 0))
        by_function[name] = all_of + 1, run + (offset in seen)
    tap.note(f"covered: {len(seen)} of {len(known)} places in netlab's code, {100 * len(seen) // len(known)} %")
    never = sorted((name for name, (_, run) in by_function.items() if not run))
    tap.note(f"{len(by_function) - len(never)} of {len(by_function)} functions; never: {' '.join(never)}")
    for name, least in LEAST.items():
        if name in by_function:
            all_of, run = by_function[name]
            tap.ok(100 * run >= least * all_of, f"{name}: {run} of {all_of} places", f"at least {least} %")
        else:
            tap.skip(f"{name}: its places", "it is a part of another function")


def main():
    if not os.path.exists(KCOV):
        tap.skip("guided by KCOV", "this kernel has no CONFIG_KCOV")
        return
    known = places()
    if not known:
        tap.skip("guided by KCOV", "the module wasn't built with NETLAB_KCOV=y")
        return
    with open("/sys/module/netlab/sections/.text", encoding="ascii") as f:
        base = int(f.read(), 16)
    seed, seen = fuzz.seed("coverage.py"), set()
    folder = tempfile.mkdtemp()
    tap.at_end(lambda: shutil.rmtree(folder))
    os.chmod(folder, 0o755)
    path, places_path, words = (os.path.join(folder, name) for name in ("corpus", "places", "commands"))
    corpus.write(path, seed)
    net.run("modprobe", "-a", "tun", "dummy", check=False)
    for number, (name, way, share, on) in enumerate(FLOODS):
        ns = f"t{number}"
        (where, port), _ = packet_target.target(ns, way, on)
        counts, lines, good = fuzz.finish(fuzz.start(
            "packets", "flood", "-i", port, "-w", way, "-f", path, "-s", seed + number, "-n", FRAMES * share // 100,
            "-c", 1, "-k", places_path, ns=where))
        tap.ok(good, f"{name}: {', '.join(f'{value} {word}' for word, value in counts.items())}", *lines)
        seen |= covered(places_path, base, known)
        wrong = fuzz.invariants(ns)
        tap.ok(not wrong, f"{name}: the counters agree", *wrong)
        net.del_namespace(ns, f"{ns}-from")
    frames = len(seen)
    net.pair()
    net.ip("right", "link add br0 type bridge", "link add d0 type veth peer name d1", "link set d1 master br0")
    commands(words)
    counts, lines, good = fuzz.finish(fuzz.start("netlink", "-a", words, "-g", genl.Reader("right").family, "-s", seed, "-n", MESSAGES,
                                                 "-k", "-c", places_path, ns="right"))
    tap.ok(good, f"netlink: {', '.join(f'{value} {word}' for word, value in counts.items())}", *lines)
    seen |= covered(places_path, base, known)
    tap.note(f"{frames} places by frames, {len(seen) - frames} more by netlink")
    report(known, seen)


tap.run(main)
