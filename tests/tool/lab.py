#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lab: each network works, is drawn, counted and removed whole; bad input changes nothing."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import tap
import topology as net
from lab_tool import LAB, lab, left, refused

# What is asked, of whom, once it is up.
PROOF = {
    "two-hosts": ("left", "ping -q -c 1 2001:db8:1::2", "1 received"),
    "router": ("left", "ping -q -c 1 2001:db8:2::1", "1 received"),
    "nat": ("inside", "turnutils_stunclient 203.0.113.10", "203.0.113.1:"),
    "dns": ("client", "dig +short web.lab.example", "203.0.113.80"),
    "vpc": ("user", "ping -q -c 1 203.0.113.80", "1 received"),
    "paths": ("left", f"{net.NETLAB} trace -n -q 5 -W 1 10.0.6.2", "10.0.4.2"),
}


def each_network():
    for name, (node, command, said) in PROOF.items():
        done = lab(name)
        tap.ok(done.returncode == 0 and not done.stderr, f"{name} is up", done.stderr)
        drawn = lab("draw", name).stdout
        tap.ok(drawn and done.stdout.startswith(drawn.rstrip("\n")) and re.search(r"^Try: ", done.stdout, re.M), f"{name} is drawn", done.stdout)
        nodes = os.listdir("/run/netns")
        tap.equal([n for n in nodes if n not in drawn], [], f"{name}: each node is in its drawing")
        missing = [address for n in nodes for dev in json.loads(net.run("ip", "-n", n, "-j", "address")) for address in
                   (f"{a['local']}/{a['prefixlen']}" for a in dev["addr_info"] if a["scope"] == "global" and a["prefixlen"] not in (32, 128)) if address not in drawn]
        tap.equal(missing, [], f"{name}: each address, too")
        tried = lab("exec", node, *command.split())
        tap.ok(said in tried.stdout, f"{name}: {node}: {command}", tried.stdout, tried.stderr)
        tap.equal((lab("down").returncode, left()), (0, []), f"{name}: down, and nothing is left")


def devices():
    """netlab's packets on both nodes by direction."""
    counted = {}
    for node in "left", "right":
        for row in net.stats(node)["devices"]:
            if row["family"] in ("ipv4", "ipv6"):
                counted[node, row["direction"]] = counted.get((node, row["direction"]), 0) + row["packets"]
    return counted


def shown():
    lab("two-hosts")
    lab("exec", "left", "ping", "-q", "-c", "7", "-i", "0.01", "192.0.2.2")
    # An MLD report or a router solicitation may pass between two readings: until both sides of show's are the same.
    for _ in range(20):
        before, done, counted = devices(), lab("show"), devices()
        if before == counted:
            break
    words = re.findall(r"rx (\d+) tx (\d+)", done.stdout)
    tap.equal(words, [(str(counted[n, "rx"]), str(counted[n, "tx"])) for n in ("left", "right")], "show has netlab's counters of each device")
    tap.ok(counted["right", "rx"] >= 7, "of what passed", counted)
    process = net.spawn(LAB, "show", "-w", "0.2", stdout=subprocess.PIPE)
    seen = [process.stdout.readline() for _ in range(18)]
    process.send_signal(signal.SIGINT)
    process.wait(20)
    tap.ok(sum("├" in line for line in seen) >= 3 and process.returncode == 130, "show -w again and again, until Ctrl-C", process.returncode, *seen)
    net.run("rmmod", "netlab")
    tap.ok(re.search(r"rx \d+ tx \d+", lab("show").stdout), "without netlab: the kernel's counters")
    net.run("insmod", net.NETLAB_KO)
    # What would want a second terminal.
    begun = lab("start", "right", net.NETLAB, "udp", "listen", "5000")
    tap.ok("listening" in begun.stdout, "start says what it said first", begun.stdout, begun.stderr)
    refused(1, 'something was started there: "lab stop right"', "start", "right", "sleep", "9")
    lab("exec", "left", net.NETLAB, "udp", "send", "192.0.2.2", "5000", "hello")
    done = lab("stop", "right")
    tap.ok("5 bytes: hello" in done.stdout and "listening" not in done.stdout, "stop shows what came then, and ends it", done.stdout)
    refused(1, "nothing was started there", "stop", "right")
    refused(1, "two-hosts is up", "router")
    refused(1, "no such node: expected left, right", "exec", "middle", "true")
    tap.equal(lab("exec", "left", "sh", "-c", "exit 7").returncode, 7, "exec: the command's exit code")
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    refused(2, "needs root", "down", **nobody)
    lab("start", "left", "sleep", "1000")
    tap.equal((lab("down").returncode, left()), (0, []), "down ends what runs on the nodes")


def bad_input():
    refused(1, "no such network: expected dns, nat, paths, router, two-hosts or vpc", "nosuch")
    refused(1, "no such network", "../../etc/passwd")
    refused(1, "no network is up", "down")
    refused(1, "no network is up", "show")
    refused(1, "no network is up", "exec", "left", "true")
    refused(1, "expected 0.1 to 3600 seconds", "show", "-w", "never")
    refused(1, "expected a network's name", "up")
    refused(2, "needs root", "two-hosts", user=65534, group=65534, extra_groups=[])
    refused(1, "apt install bind9", "dns", env={**os.environ, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"} if not shutil.which("named") else
            {**os.environ, "PATH": "/nonexistent"})
    # A name that is taken.
    net.run("ip", "netns", "add", "right")
    refused(1, "/run/netns/right is there, and not the lab's", "two-hosts")
    tap.ok(os.path.exists("/run/netns/right"), "what is there stays")
    net.run("ip", "netns", "delete", "right")
    os.makedirs("/etc/netns/client")
    refused(1, "/etc/netns/client is there, and not the lab's", "dns")
    shutil.rmtree("/etc/netns")


def main():
    tap.equal(left(), [], "nothing is there at first")
    for part in bad_input, each_network, shown:
        part()


tap.run(main)
