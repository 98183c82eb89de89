#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab --watch stats: what it says per second adds up to what was counted, packet by packet."""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "net", "lib"))
import tap
import topology as net

KEYS = {"protocols": ("family", "hook", "protocol"), "hooks": ("family", "hook"), "icmp": ("family", "hook", "type"),
        "sizes": ("family", "hook", "max"), "devices": ("ifindex", "direction", "family", "protocol"),
        "arp": ("direction", "operation")}
COUNTED = ("packets", "bytes", "skbs", "fragments")


class Watch:
    """The lines of netlab -j -w SECONDS stats, as they come."""

    def __init__(self, *options, seconds=0.25, words=()):
        self.process = net.spawn(net.NETLAB, "-j", *options, "-w", seconds, "stats", *words, ns="right")

    def line(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.send_signal(signal.SIGINT)
        rest = [json.loads(line) for line in self.process.stdout.read().splitlines()]
        return rest, self.process.wait()


def totals(lines):
    """{(table, key..., column): sum of rate times seconds}"""
    sums = {}
    for line in lines:
        for table, keys in KEYS.items():
            for row in line[table]:
                for column in COUNTED:
                    if column in row:
                        key = (table, *(row[k] for k in keys), column)
                        sums[key] = sums.get(key, 0) + row[column] * line["seconds"]
    return sums


def counted():
    """The same of the counters."""
    reading = net.netlab("right", "stats")
    return {(table, *(row[k] for k in keys), column): row[column]
            for table, keys in KEYS.items() for row in reading[table] for column in COUNTED if column in row and row[column]}


def adds_up():
    net.reset("right")
    watch = Watch()
    # Its first line says that it has begun, and when.
    lines = [watch.line()]
    for size in 56, 1400, 3000:
        net.run("ping", "-q", "-i", 0.01, "-c", 100, "-s", size, "192.0.2.2", ns="left")
    net.run("ping", "-q", "-i", 0.01, "-c", 50, "2001:db8:1::2", ns="left")
    want = counted()
    while True:
        lines.append(watch.line())
        got = {key: round(value) for key, value in totals(lines).items() if round(value)}
        if got == want or len(lines) > 60:
            break
        want = counted()
    tap.equal(got, want, f"{len(lines)} lines of rates add up to the counters: {len(want)} of them")
    still = watch.line()
    tap.equal({table: still[table] for table in KEYS if table != "arp"}, {table: [] for table in KEYS if table != "arp"},
              "where nothing passes there are no rows")
    rest, status = watch.end()
    tap.equal(status, 0, "Ctrl-C ends it: exit 0")
    lines += [still, *rest]
    # A reading that is late doesn't put off those behind it.
    mean = sum(line["seconds"] for line in lines) / len(lines)
    tap.ok(0.24 < mean < 0.5, "seconds is the time between readings", mean)
    tap.equal({(line["netns"], line["epoch"]) for line in lines}, {(lines[0]["netns"], lines[0]["epoch"])}, "netns and epoch are said")


def vanished():
    """What a firewall drops is a rate, too."""
    net.run("nft", "add table ip filter; add chain ip filter in { type filter hook input priority -300; }; add rule ip filter in icmp type echo-request drop", ns="right")
    watch = Watch()
    lines = [watch.line()]
    net.run("ping", "-q", "-i", 0.01, "-c", 40, "-W", 1, "192.0.2.2", ns="left", check=False)
    gap = {"family": "ipv4", "between": "prerouting"}
    total = 0
    while total < 40 and len(lines) < 100:
        lines.append(watch.line())
        total = round(sum(row["packets"] * line["seconds"] for line in lines for row in line["vanished"]
                          if gap.items() <= row.items()))
    watch.end()
    net.run("nft", "delete table ip filter", ns="right")
    tap.equal(total, 40, "what vanished between prerouting and input, too")


def epochs():
    """A reset, a device that comes anew, and all rows."""
    watch = Watch()
    watch.line()
    net.run("ping", "-q", "-i", 0.01, "-c", 30, "192.0.2.2", ns="left")
    net.reset("right")
    epoch = net.netlab("right", "stats")["epoch"]
    lines = [watch.line()]
    while lines[-1]["epoch"] != epoch and len(lines) < 50:
        lines.append(watch.line())
    bad = [(table, row) for line in lines for table in KEYS for row in line[table]
           for column in COUNTED if row.get(column, 0) < 0 or row.get(column, 0) > 1e9]
    tap.equal(bad, [], "a reset between two readings: no rate is negative, none is beyond what there was")
    watch.end()
    every, some = Watch("-a"), Watch("-a", words=("hook", "input"))
    rows, input_rows = every.line(), some.line()
    tap.ok(len(rows["protocols"]) >= 2 * 5 and {row["packets"] for row in rows["hooks"]} == {0.0}, "-a: rows with 0, too", rows["hooks"])
    tap.equal(({row["hook"] for row in input_rows["hooks"]}, input_rows["vanished"]), ({"input"}, []), "filters go with it")
    every.end()
    some.end()


def text():
    process = net.spawn(net.NETLAB, "-w", 0.2, "stats", ns="right", stderr=subprocess.PIPE)
    net.run("ping", "-q", "-i", 0.01, "-c", 30, "192.0.2.2", ns="left")
    lines = []
    while "icmp" not in " ".join(lines):
        lines.append(process.stdout.readline())
    tap.ok(any(line.startswith("per second, over 0.") for line in lines), "text says over how long", *lines)
    row = next(line.split() for line in lines if " icmp" in line)
    tap.ok("." in row[-1] or float(row[-1]) >= 100, "and has the rates", row)
    # A reader that goes away ends it, without a word.
    process.stdout.close()
    tap.equal(process.wait(), -signal.SIGPIPE, "a pipe that is closed ends it")
    tap.equal(process.stderr.read(), "", "without a word")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(["ip", "netns", "exec", "right", net.NETLAB, "-j", "-w", "0.1", "stats"], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    tap.equal((done.returncode, "can't write the output" in done.stderr), (1, True), "a full disk ends it: exit 1 and a sentence")


def main():
    net.pair()
    net.netlab("right", "echo", "set", "local", "off")
    for part in (adds_up, vanished, epochs, text):
        part()


tap.run(main)
