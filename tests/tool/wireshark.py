#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What netlab monitor writes, Wireshark reads: each packet, when it was, and what it is."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "net", "lib"))
import tap
import topology as net

FIELDS = "frame.time_epoch", "frame.len", "_ws.col.Protocol", "_ws.col.Info"


def main():
    net.pair()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.pcap")
        monitor = net.spawn(net.NETLAB, "monitor", "hook", "prerouting", "count", 6, "write", path, ns="right", stderr=subprocess.PIPE)
        monitor.stderr.readline()  # it listens
        net.run("ping", "-q", "-c", 3, "-i", 0.01, "-s", 1000, "192.0.2.2", ns="left")
        net.run("ping", "-q", "-c", 3, "-i", 0.01, "2001:db8:1::2", ns="left")
        tap.equal(monitor.wait(30), 0, "six packets are written")
        times = [line.split()[0] for line in net.run("tcpdump", "--nano", "-ttnr", path).splitlines()]
        done = net.run("tshark", "-n", "-r", path, "-T", "fields", *(word for field in FIELDS for word in ("-e", field)), seconds=150, check=False)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        tap.equal([row[0] for row in rows], times, "Wireshark reads as many, with the same times to the nanosecond")
        tap.equal([(row[1], row[2]) for row in rows], [("1028", "ICMP")] * 3 + [("104", "ICMPv6")] * 3, "and knows what they are, and how long")
        tap.ok(all("request" in row[3] for row in rows), "echo requests", *rows)


tap.run(main)
