#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab monitor: its lines are tcpdump's, its files tcpdump reads, its filters are the kernel's, and what it loses it counts."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net

# tcpdump adds to these what netlab leaves out, and names what netlab numbers.
OPTIONS = re.compile(r", options \[[^]]*\]")
ECHO = re.compile(r"ICMP6?,? echo (request|reply), id \d+, seq \d+, length \d+$")


class Monitor:
    """netlab monitor in a namespace, once it has begun."""

    def __init__(self, *words, options=(), ns="right", stdout=subprocess.PIPE):
        self.process = net.spawn(net.NETLAB, *options, "monitor", *words, ns=ns, stdout=stdout, stderr=subprocess.PIPE)
        said = self.process.stderr.readline()
        if not said.startswith("listening"):
            raise RuntimeError(said)

    def end(self, number=signal.SIGINT):
        """Its lines, its complaint, its exit code."""
        if number:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return (out or "").splitlines(), err, self.process.returncode

    def lines(self, n):
        """It ends by itself, after count."""
        out, err, status = self.end(None)
        if status or len(out) < n:
            raise RuntimeError(f"exit {status}: {out} {err}")
        return out


def dump(*words, ns="right"):
    """tcpdump, listening."""
    process = net.spawn("tcpdump", "-l", "-tnS", "-i", "veth0", *words, ns=ns, stderr=subprocess.PIPE)
    while "listening on" not in process.stderr.readline():
        pass
    return process


def dumped(process, n):
    return [process.stdout.readline().rstrip() for _ in range(n)]


def simple(lines):
    """Without TCP's options, of which netlab has the MSS only."""
    return [OPTIONS.sub("", line) for line in lines]


def connection(port):
    """Its ends in left and right."""
    with net.inside("right"), socket.socket(socket.AF_INET) as listener:
        listener.bind(("192.0.2.2", port))
        listener.listen()
        with net.inside("left"):
            client = socket.create_connection(("192.0.2.2", port), timeout=10)
        return client, listener.accept()[0]


def talk_tcp():
    """A connection with a word each way."""
    client, server = connection(4711)
    client.sendall(b"x" * 100)
    server.recv(200)
    server.sendall(b"y" * 50)
    client.recv(200)
    client.close()
    server.recv(1)
    server.close()


def as_tcpdump():
    """What comes in, line for line."""
    for what, words, send, n in (
            ("echo requests", ("icmp",), lambda: net.run("ping", "-q", "-c", 3, "-i", 0.01, "192.0.2.2", ns="left"), 3),
            ("ICMPv6", ("icmp6",), lambda: net.run("ping", "-q", "-c", 2, "-i", 0.01, "-s", 200, "2001:db8:1::2", ns="left"), 2),
            ("TCP", ("tcp",), talk_tcp, 4),
            ("UDP", ("udp",), lambda: [udp(size) for size in (0, 1, 1000)], 3)):
        proto = {"icmp6": "58"}.get(words[0], words[0])
        other = dump("-Q", "in", *words)
        monitor = Monitor("hook", "prerouting", "dev", "veth0", "proto", proto, "count", n)
        send()
        want, got = simple(dumped(other, n)), simple(monitor.lines(n))
        other.kill()
        tap.equal(got[:n], want, f"{what}: {n} lines as tcpdump -tnS has them")
        if what == "TCP":
            tap.ok("Flags [S]" in got[0], "from the first SYN on", got[0])


def udp(size):
    with net.inside("left"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"u" * size, ("192.0.2.2", 4712))


def mss_and_names():
    monitor = Monitor("hook", "prerouting", "proto", "tcp", "count", 1)
    with net.inside("left"), socket.socket(socket.AF_INET) as sock:
        sock.setblocking(False)
        sock.connect_ex(("192.0.2.2", 80))
        line = monitor.lines(1)[0]
    tap.ok(line.startswith("veth0 IP 192.0.2.1.") and ", options [mss 1460], length 0" in line, "the SYN's MSS; and the device, where none was asked for", line)
    monitor = Monitor("hook", "prerouting", "proto", "udp", "count", 1, options=("-N",))
    with net.inside("left"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", ("192.0.2.2", 53))
    line = monitor.lines(1)[0]
    try:
        service = socket.getservbyport(53, "udp")
    except OSError:  # a small root folder has no /etc/services
        service = "53"
    tap.ok(f"> 192.0.2.2.{service}: UDP, length 0" in line, "-N: the port's name", line)


def filters():
    """Each lets through its own alone; beside each is sent what it must not show."""
    def noise():
        net.run("ping", "-q", "-c", 2, "-i", 0.01, "192.0.2.2", ns="left")
        net.run("ping", "-q", "-c", 2, "-i", 0.01, "2001:db8:1::2", ns="left")
        udp(10)
        net.run("ping", "-q", "-c", 1, "127.0.0.1", ns="right")

    net.ip("right", "link set lo up")
    for words, expected in (
            (("hook", "input", "dev", "veth0", "proto", "icmp"), ["IP 192.0.2.1 > 192.0.2.2: ICMP echo request"] * 2),
            (("hook", "output", "dev", "veth0", "proto", "58"), ["IP6 2001:db8:1::2 > 2001:db8:1::1: ICMP6, echo reply"] * 2),
            (("hook", "prerouting", "dev", "lo"), ["IP 127.0.0.1 > 127.0.0.1: ICMP echo request", "IP 127.0.0.1 > 127.0.0.1: ICMP echo reply"]),
            (("family", "ipv6", "hook", "postrouting"), ["veth0 IP6 2001:db8:1::2 > 2001:db8:1::1: ICMP6, echo reply"] * 2),
            (("prefix", "192.0.2.1/32", "hook", "prerouting", "proto", "udp"), ["veth0 IP 192.0.2.1"]),
            (("prefix", "127.0.0.0/8", "hook", "output"), ["lo IP 127.0.0.1 > 127.0.0.1: ICMP echo request", "lo IP 127.0.0.1 > 127.0.0.1: ICMP echo reply"]),
            (("prefix", "2001:db8:1::/64", "hook", "prerouting"), ["veth0 IP6 2001:db8:1::1 > 2001:db8:1::2: ICMP6, echo request"] * 2),
            (("prefix", "198.51.100.0/24"), []),
            (("hook", "forward"), [])):
        monitor = Monitor(*words)
        noise()
        lines, err, status = monitor.end()
        tap.ok(len(lines) == len(expected) and all(line.startswith(start) for line, start in zip(lines, expected)) and status == 0,
               f"{' '.join(words)}: {len(expected)} packets", *lines, err)
    monitor = Monitor("proto", "icmp", "family", "ipv4", "dev", "veth0")
    net.run("ping", "-q", "-c", 1, "192.0.2.2", ns="left")
    lines, err, status = monitor.end()
    tap.equal([line.split()[0] for line in lines], ["prerouting", "input", "output", "postrouting"],
              "without a hook: each that it passes, what netlab answers at input, too")
    tap.equal(err, "4 packets, 4 shown, 0 lost\n", "and at the end how many")


def samples():
    monitor = Monitor("hook", "prerouting", "proto", "icmp", "sample", 10)
    # Each on one CPU: each counts by itself.
    net.run("taskset", "1", "ping", "-q", "-c", 100, "-i", 0.005, "192.0.2.2", ns="left")
    lines, err, _ = monitor.end()
    tap.ok(9 <= len(lines) <= 10, "sample 10: a tenth of 100", len(lines), err)
    tap.ok(err.startswith(f"{len(lines)} packets, {len(lines)} shown"), "are counted", err)


def verbose():
    """What -v says of the sk_buff, against what is known of it."""
    monitor = Monitor("hook", "prerouting", "proto", "icmp", "count", 1, options=("-v", "-j"))
    net.run("nft", "add table ip m; add chain ip m o { type filter hook output priority 0; }; add rule ip m o meta mark set 0x2a", ns="right")
    net.run("ping", "-q", "-c", 1, "-s", 56, "192.0.2.2", ns="left")
    row = json.loads(monitor.lines(1)[0])
    skb = row["skb"]
    tap.equal((row["length"], skb["len"], skb["network_header"], skb["mac_header"]), (84, 84, skb["data"], skb["data"] - 14),
              "len, network header at data, Ethernet's before")
    tap.equal((skb["tail"] - skb["data"] + skb["data_len"], skb["end"] >= skb["tail"], skb["cloned"], skb["gso_size"], skb["mark"], skb["pkt_type"]),
              (84, True, False, None, 0, 0), "data and tail are what len and data_len say; not cloned, no gso, to this host")
    now = time.time_ns()
    tap.ok(now - 60e9 < row["time"] < now, "the time is now", row["time"], now)
    monitor = Monitor("hook", "postrouting", "proto", "icmp", "count", 1, options=("-v",))
    net.run("ping", "-q", "-c", 1, "192.0.2.2", ns="left")
    said = monitor.lines(1)
    net.run("nft", "delete table ip m", ns="right")
    tap.ok(len(said) == 4 and re.match(r"    skb: head 0 data \d+ tail \d+ end \d+, len 84 data_len 0, headroom \d+ tailroom \d+$", said[1])
           and "mark 0x2a, priority 0, dev veth0" in said[3], "in text, three lines more; with the mark that nft set", *said)
    monitor = Monitor("hook", "input", "proto", "tcp", options=("-j", "-v"))
    client, server = connection(4713)
    client.sendall(b"z" * 200000)
    client.close()
    while server.recv(65536):
        pass
    server.close()
    rows = [json.loads(line) for line in monitor.end()[0]]
    large = [row["skb"] for row in rows if row["skb"]["gso_size"]]
    tap.ok(large and all(skb["len"] > skb["gso_size"] and skb["gso_segs"] >= 2 for skb in large), "what stands for several packets says so",
           *rows[:3])


def files(folder):
    """pcap files: tcpdump reads the packets that it saw itself, with the right times."""
    path = os.path.join(folder, "x.pcap")
    other = net.spawn("tcpdump", "-n", "-U", "--immediate-mode", "-i", "veth0", "-Q", "in", "-w", path + ".own", ns="right", stderr=subprocess.PIPE)
    while "listening on" not in other.stderr.readline():
        pass
    monitor = Monitor("hook", "prerouting", "dev", "veth0", "write", path)
    begin = time.time()
    net.run("ping", "-q", "-c", 5, "-i", 0.01, "-s", 1400, "192.0.2.2", ns="left")
    net.run("ping", "-q", "-c", 5, "-i", 0.01, "2001:db8:1::2", ns="left")
    talk_tcp()
    out, err, status = monitor.end()
    other.send_signal(signal.SIGINT)
    other.wait()
    tap.equal((out, status, err.split(",")[-1]), ([], 0, " 0 lost\n"), "write: nothing is printed but the counts")
    own, got = (net.run("tcpdump", "-tnSvr", name).splitlines() for name in (path + ".own", path))
    tap.equal(got, own, f"tcpdump says of the file what it says of its own: {len(own)} lines, checksums and all")
    times = [float(line.split()[0]) for line in net.run("tcpdump", "-ttnr", path).splitlines()]
    tap.ok(len(times) >= 14 and times == sorted(times) and begin - 0.1 < times[0] and times[-1] < time.time(), "with the right times", times[:3])
    process = net.spawn("sh", "-c", f"{net.NETLAB} monitor hook prerouting proto icmp count 3 write - 2>{path}.begun | tcpdump -tnr - 2>/dev/null", ns="right")
    tap.wait_until(lambda: os.path.exists(f"{path}.begun") and os.path.getsize(f"{path}.begun"), "it listens", 20)
    net.run("ping", "-q", "-c", 5, "-i", 0.01, "192.0.2.2", ns="left")
    lines = [line for line in process.communicate(timeout=60)[0].splitlines() if ECHO.search(line)]
    tap.equal(len(lines), 3, "write -: into a pipe")
    short = os.path.join(folder, "short.pcap")
    monitor = Monitor("hook", "prerouting", "proto", "icmp", "snaplen", 40, "count", 1, "write", short)
    net.run("ping", "-q", "-c", 1, "-s", 1000, "192.0.2.2", ns="left")
    monitor.end(None)
    text = net.run("tcpdump", "-tnr", short)
    tap.ok("length 1008" in text or "[|icmp]" in text, "snaplen: cut, and says how long it was", text)


def losses(folder):
    """A reader that is stopped loses packets, and is told how many; the kernel isn't held up."""
    path = os.path.join(folder, "lines")
    with open(path, "w", encoding="ascii") as file:
        monitor = Monitor("hook", "prerouting", "proto", "icmp", "snaplen", 2000, options=("-j",), stdout=file)
    monitor.process.send_signal(signal.SIGSTOP)
    count = 12000
    out = net.run(net.program("blast"), "-i", "veth0", "-d", net.MAC_RIGHT, "-S", "192.0.2.1", "-D", "192.0.2.2", "-n", count, "-l", 1200,
                  "-c", 0, "-p", 1, ns="left", seconds=120)
    tap.equal(out, f"sent {count}\n", "12,000 packets while the reader is stopped")
    monitor.process.send_signal(signal.SIGCONT)
    # Until all that was kept for it is read it is told of nothing more.
    size = -1
    while size != os.path.getsize(path):
        size = os.path.getsize(path)
        time.sleep(1)
    net.run("ping", "-q", "-c", 3, "-i", 0.2, "192.0.2.2", ns="left")
    _, err, status = monitor.end()
    with open(path, encoding="ascii") as file:
        rows = [json.loads(line) for line in file]
    lost = rows[-1]["lost"]
    tap.ok(lost > 0 and len(rows) + lost >= count, "what is lost is counted, what isn't comes", len(rows), lost)
    tap.equal(rows[-1]["seq"], len(rows) + lost, "each is one or the other")
    tap.equal([row["seq"] for row in rows], sorted({row["seq"] for row in rows}), "in order, none twice")
    tap.equal(status, 0, "and that is no failure")


def refusals(folder):
    nobody = ("setpriv", "--reuid", "65534", "--clear-groups")
    done = net.run(*nobody, net.NETLAB, "monitor", ns="right", check=False)
    tap.ok(done.returncode == 2 and "CAP_NET_ADMIN" in done.stderr, "without the privilege: exit 2, and what it needs", done.stderr)
    os.chmod(folder, 0o755)
    tool = shutil.copy(net.NETLAB, os.path.join(folder, "netlab"))
    process = net.spawn(*nobody, "unshare", "-r", "-n", "sh", "-c", f"ip link set lo up && exec {tool} monitor hook prerouting",
                        ns="right", stderr=subprocess.PIPE)
    said = process.stderr.readline()
    if not said.startswith("listening"):
        raise RuntimeError(said)
    net.run("nsenter", "-t", process.pid, "-n", "ping", "-q", "-c", 1, "127.0.0.1")
    net.run("ping", "-q", "-c", 1, "192.0.2.2", ns="left")
    process.send_signal(signal.SIGINT)
    lines = process.communicate(timeout=60)[0].splitlines()
    tap.ok(sum("127.0.0.1 > 127.0.0.1: ICMP echo" in line for line in lines) == 2, "root of a user namespace sees the packets of its own network namespace", said, *lines)
    tap.equal([line for line in lines if "127.0.0.1" not in line], [], "and of no other")
    done = net.run(net.NETLAB, "monitor", "write", "/nonexistent/x.pcap", ns="right", check=False)
    tap.ok(done.returncode == 1 and "/nonexistent/x.pcap" in done.stderr, "a file that can't be written: exit 1", done.stderr)
    done = net.run(net.NETLAB, "monitor", "write", "/dev/full", ns="right", check=False)
    tap.ok(done.returncode == 1 and "can't write /dev/full: No space left" in done.stderr, "a full disk: exit 1", done.stderr)
    net.run("mount", "-t", "tmpfs", "-o", "size=64k", "small", folder)
    tap.at_end(lambda: net.run("umount", folder, check=False))
    process = Monitor("hook", "prerouting", "write", folder + "/x.pcap")
    net.run("ping", "-q", "-c", 100, "-i", 0.005, "-s", 1400, "192.0.2.2", ns="left")
    _, err, status = process.end(None)
    net.run("umount", folder)
    tap.ok(status == 1 and f"can't write {folder}/x.pcap: No space left" in err, "a disk that fills up: exit 1", err)
    many = [Monitor("hook", "forward") for _ in range(16)]
    done = net.run(net.NETLAB, "monitor", ns="right", check=False)
    tap.ok(done.returncode == 2 and "16 monitors already" in done.stderr, "a seventeenth: exit 2, and why", done.stderr)
    tap.equal({monitor.end()[2] for monitor in many}, {0}, "the sixteen end: exit 0")
    many = [Monitor("hook", "forward") for _ in range(16)]
    for monitor in many:
        monitor.end(signal.SIGKILL)
    many = [Monitor("hook", "forward") for _ in range(16)]
    tap.ok(True, "those that were killed left room for as many")
    for monitor in many:
        monitor.end()
    monitor = Monitor("hook", "prerouting")
    monitor.process.stdout.close()
    net.run("ping", "-q", "-c", 3, "-i", 0.1, "192.0.2.2", ns="left")
    tap.equal(monitor.process.wait(20), -signal.SIGPIPE, "a pipe that is closed ends it")


def stands_only_then():
    """While nobody looks no packet passes its hooks: by the kernel's own function tracer."""
    tracing = "/sys/kernel/debug/tracing/"
    if not os.path.exists(tracing + "set_ftrace_filter"):
        tap.skip("its hooks stand only while somebody looks", "this kernel has no function tracer")
        return

    def write(name, text):
        with open(tracing + name, "w", encoding="ascii") as f:
            f.write(text)

    def passed():
        write("trace", "")
        net.run("ping", "-q", "-c", 1, "192.0.2.2", ns="left")
        with open(tracing + "trace", encoding="ascii") as f:
            return sum("netlab_monitor_hook" in line for line in f if not line.startswith("#"))

    write("set_ftrace_filter", "netlab_monitor_hook")
    write("current_tracer", "function")
    tap.at_end(lambda: (write("current_tracer", "nop"), write("set_ftrace_filter", "")))
    tap.equal(passed(), 0, "no packet passes its hooks before somebody looks")
    monitor = Monitor("hook", "forward")
    tap.equal(passed(), 4, "while somebody does, each of the four that a ping passes here")
    monitor.end()
    tap.equal(passed(), 0, "and none afterwards")


def module_goes():
    """It is told by nobody that the module goes: it asks."""
    monitor = Monitor("hook", "prerouting")
    monitor.process.send_signal(signal.SIGSTOP)
    net.run("rmmod", "netlab")
    net.run("insmod", net.NETLAB_KO)
    monitor.process.send_signal(signal.SIGCONT)
    seen = []
    until = time.monotonic() + 30
    while not seen and time.monotonic() < until:
        net.run("ping", "-q", "-c", 1, "192.0.2.2", ns="left")
        os.set_blocking(monitor.process.stdout.fileno(), False)
        seen = monitor.process.stdout.readlines()
    os.set_blocking(monitor.process.stdout.fileno(), True)
    tap.ok(seen, "the module goes and comes back: so do the packets", *seen)
    net.run("rmmod", "netlab")
    _, err, status = monitor.end(None)
    tap.ok(status == 3 and "isn't loaded" in err, "it goes for good: exit 3, and a sentence", status, err)
    net.run("insmod", net.NETLAB_KO)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    net.pair()
    for part in (as_tcpdump, mss_and_names, filters, samples, verbose):
        part()
    with tempfile.TemporaryDirectory() as folder:
        for part in (files, losses, refusals):
            part(folder)
    stands_only_then()
    module_goes()


tap.run(main)
