#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each example of the man pages and of README.md does what it says it does: it is run here as it stands there.

What wants a host of its own, with systemd or an installed module, runs in tests/matrix/deb-used, the kernel's own client
in tests/net/genl_ynl.py, and make in whoever reads this; each is looked for there.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "net", "lib")]
import tap
import topology as net
from terminal import Terminal

PAGES = "netlab.8", "netlab.4", "netlab.conf.5", "netlab-netlink.7"
# How it begins: the file that runs it, and the words by which it is known there.
ELSEWHERE = {
    "systemctl enable --now netlab-metrics.socket": ("tests/matrix/deb.sh", "systemctl enable netlab.service netlab-metrics.socket"),
    "systemctl enable --now netlab-textfile.timer": ("tests/matrix/deb.sh", "netlab-metrics.socket netlab-textfile.timer"),
    "systemctl enable --now netlab": ("tests/matrix/deb.sh", "systemctl enable netlab.service"),
    "systemctl reload netlab": ("tests/matrix/deb-used", "systemctl reload netlab.service"),
    "modprobe netlab": ("userspace/systemd/netlab.service", "modprobe netlab"),
    "sudo modprobe netlab": ("userspace/systemd/netlab.service", "modprobe netlab"),
    "modprobe -r netlab": ("userspace/systemd/netlab.service", "modprobe -r netlab"),
    "cli.py --spec netlab.yaml --dump stats-get": ("tests/net/genl_ynl.py", "stats-get"),
    "cli.py --spec netlab.yaml --do echo-get": ("tests/net/genl_ynl.py", "echo-get"),
    "tools/net/ynl/cli.py": ("tests/net/genl_ynl.py", "cli.py"),
    "make": ("Makefile", ".PHONY"),
    "sudo make": ("Makefile", ".PHONY"),
}
# What they say, where it is known.
SAYS = {
    "netlab stats": "prerouting", "netlab stats hook prerouting proto udp": "udp", "netlab -j stats proto icmp": '"name":"icmp"',
    "netlab -n blue stats dev eth0": "eth0", "netlab -n blue echo": "local", "netlab doctor": "ok", "netlab -e echo": "truncated",
    "netlab -j stats | jq '.vanished[] | select(.packets > 0)'": '"packets": 5', "netlab metrics": "netlab_hook_packets_total",
    "cat /proc/netlab/stats": "#", "netlab prefix": "198.51.100.0/24", "netlab -e stats": "sk_buffs",
}


def unroff(line):
    return line.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")


def examples():
    """(where it stands, the command), each once."""
    found = {}
    for page in PAGES:
        with open(os.path.join(net.PROJECT, "userspace", "man", page), encoding="utf-8") as f:
            text = f.read()
        text = text[text.index(".SH EXAMPLES"):text.index(".SH SEE ALSO")]
        for line in re.findall(r"^\.B (.*)$", text, re.M):
            found.setdefault(unroff(line), page)
    with open(os.path.join(net.PROJECT, "README.md"), encoding="utf-8") as f:
        blocks = re.findall(r"^```\n(.*?)^```$", f.read(), re.M | re.S)
    for block in blocks:
        for line in block.splitlines():
            line = re.sub(r"\s+# .*", "", line).strip()
            if re.match(r"(sudo |make|netlab |awk |cat |systemctl |modprobe |tools/)", line):
                found.setdefault(line, "README.md")
    return [(where, command) for command, where in found.items()]


def traffic():
    net.run("ping", "-q", "-c", 2, "-i", 0.01, "192.0.2.2", ns="green", check=False)


def endless(command, env):
    """Until Ctrl-C, with packets meanwhile."""
    process = net.spawn("sh", "-c", "exec " + command, ns="blue", env=env, stderr=subprocess.PIPE)
    if "monitor" in command:
        process.stderr.readline()  # it listens
    traffic()
    if "-w" in command:
        process.stdout.readline()
    if "count" not in command:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def once(command, env):
    done = subprocess.run(["ip", "netns", "exec", "blue", "sh", "-c", command], capture_output=True, text=True, timeout=60, env=env, check=False)
    return done.returncode, done.stdout, done.stderr


def elsewhere(command):
    """Whether it is run elsewhere: where, and whether it really stands there; None if not."""
    for begin, (path, words) in ELSEWHERE.items():
        if command == begin or (command.startswith(begin + " ") and begin.endswith(("make", "cli.py"))):
            with open(os.path.join(net.PROJECT, path), encoding="utf-8") as f:
                return path, words in f.read()
    return None


def run(where, command, env):
    there = elsewhere(command)
    if there:
        tap.ok(there[1], f"{where}: {command}: runs by {there[0]}")
        return
    traffic()
    if re.match(r"netlab top", command):
        term = Terminal(env["NETLAB"], "top", ns="blue")
        good = term.wait(lambda lines: "netlab top" in lines[0])
        term.press("q")
        tap.ok(good and term.end() == 0, f"{where}: {command}", *term.lines())
        return
    how = endless if re.search(r"monitor|-w ", command) else once
    status, out, err = how(command, env)
    words = SAYS.get(command, "")
    tap.ok(status == 0 and words in out, f"{where}: {command}", f"exit {status}", out[:600], err[:600])


def main():
    net.add_namespace("blue", "green", quiet=False)
    net.run("ip", "link", "add", "eth0", "netns", "blue", "type", "veth", "peer", "name", "eth0", "netns", "green")
    net.ip("blue", "addr add 192.0.2.2/24 dev eth0", "link set eth0 up")
    net.ip("green", "addr add 192.0.2.1/24 dev eth0", "link set eth0 up", "route add 203.0.113.0/24 via 192.0.2.2")
    # What vanishes: a datagram for nobody here.
    net.run("ping", "-q", "-c", 1, "192.0.2.2", ns="green")
    net.run("nft", "add table ip f; add chain ip f i { type filter hook input priority 0; }; add rule ip f i udp dport 9 drop", ns="blue")
    net.run("bash", "-c", "for i in 1 2 3 4 5; do echo x >/dev/udp/192.0.2.2/9; done", ns="green")
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.symlink(net.NETLAB, "netlab")
    os.makedirs("/var/lib/prometheus/node-exporter", exist_ok=True)
    with open("prefixes", "w", encoding="ascii") as f:
        f.write("# of a lab\nprefix add 203.0.113.0/24\n")
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "NETLAB": net.NETLAB}
    found = examples()
    tap.ok(len(found) > 40, f"{len(found)} examples are found", len(found))
    for where, command in found:
        if command == "netlab prefix":
            net.netlab("blue", "prefix", "replace", "198.51.100.0/24")
        run(where, command, env)
        # Each begins as after the module is loaded, but for what was counted.
        net.netlab("blue", "prefix", "flush")
        net.netlab("blue", "echo", "set", "local", "on", "rate", "unlimited", "source-rate", "unlimited")
        net.netlab("blue", "echo", "direct", "eth0", "off")


tap.run(main)
