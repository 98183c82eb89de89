#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab ping, trace and udp against real hosts and routers: what they say, and what really passed."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "net", "lib")]
import tap
import topology as net
import wire

TOOL = "/run/netlab-for-all"
FAR = {"ipv4": "198.51.100.1", "ipv6": "2001:db8:2::1"}
NEAR = {"ipv4": "192.0.2.254", "ipv6": "2001:db8:1::fe"}
TIME = r"\d+\.\d{3} ms"


def tool(ns, *words, stdin="", code=0, what=None):
    done = net.run(net.NETLAB, *words, ns=ns, check=False, stdin=stdin)
    if what:
        tap.equal((done.returncode, bool(done.stderr)), (code, code not in (0, 4)), what)
    return done


def device_to(ns, address):
    return json.loads(net.run("ip", "-n", ns, "-j", "route", "get", address))[0]["dev"]


def lines_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def refuses(ns, code, sentence, *words):
    done = net.run(net.NETLAB, *words, ns=ns, check=False)
    tap.ok(done.returncode == code and sentence in done.stderr and not done.stdout,
           f"{' '.join(words)}: exit {code}, {sentence}", done.returncode, done.stdout, done.stderr)


# ---- ping

def pings():
    for family, target in FAR.items():
        before = wire.outcomes("host-b")
        done = tool("host-a", "ping", "-c", 5, "-i", 0.02, "-s", 100, target, what=f"ping {target}: exit 0")
        replies = re.findall(rf"^108 bytes from {target}: icmp_seq=(\d) ttl=63 time={TIME}$", done.stdout, re.M)
        tap.equal(sorted(replies), list("12345"), f"{family}: five replies, each once")
        tap.ok("5 packets transmitted, 5 received, 0% packet loss" in done.stdout, f"{family}: the summary", done.stdout)
        tap.ok(re.search(r"^rtt min/avg/max/mdev = [\d.]+/[\d.]+/[\d.]+/[\d.]+ ms$", done.stdout, re.M), f"{family}: round trips", done.stdout)
        tap.ok("answered by netlab in host-b: its count of replies grew by 5" in done.stdout, f"{family}: netlab answered", done.stdout)
        tap.equal(wire.grown(before, wire.outcomes("host-b")), {(family, "local", "replied"): 5}, f"{family}: and so it did")
    net.netlab("host-b", "echo", "set", "local", "off")
    done = tool("host-a", "ping", "-qc", 3, "-i", 0.02, FAR["ipv4"], what="with local off: exit 0")
    tap.ok("answered by the stack of host-b" in done.stdout and "icmp_seq" not in done.stdout, "the stack answered; -q says no more", done.stdout)
    net.netlab("host-b", "echo", "set", "local", "on")

    said = lines_of(tool("host-a", "-j", "ping", "-c", 2, "-i", 0.02, FAR["ipv4"]))
    tap.equal([line["event"] for line in said], ["reply", "reply", "summary"], "JSON: a line each")
    tap.equal(said[2]["answered"], {"by": "netlab", "netns": "host-b", "netlab_replied": 2}, "and who answered")
    times = [line["time_ms"] for line in said[:2]]
    tap.ok(abs(said[2]["min_ms"] - min(times)) < 1e-6 and abs(said[2]["max_ms"] - max(times)) < 1e-6, "the least and the most are right", said)

    done = tool("host-a", "ping", "-c", 1, "-t", 1, "-W", 0.5, FAR["ipv4"], what="-t 1: exit 4", code=4)
    tap.ok("From 192.0.2.254 icmp_seq=1 Time to live exceeded" in done.stdout, "the router says why", done.stdout)
    tap.ok("1 packets transmitted, 0 received, +1 errors, 100% packet loss" in done.stdout, "an error is none lost more", done.stdout)
    done = tool("host-a", "ping", "-c", 1, "-t", 1, "-W", 0.5, FAR["ipv6"], code=4)
    tap.ok("From 2001:db8:1::fe icmp_seq=1 Hop limit exceeded" in done.stdout, "IPv6: the same", done.stdout)
    done = tool("host-a", "ping", "-c", 1, "-W", 0.2, "198.51.100.77", code=4)
    tap.ok("1 packets transmitted, 0 received" in done.stdout, "nobody there: 100% loss", done.stdout)


def kernel_times():
    """A delay in the sender's own packet scheduler is a part of the round trip: the request's stamp is before it."""
    net.run("tc", "qdisc", "add", "dev", "west", "root", "netem", "delay", "30ms", ns="router")
    said = lines_of(tool("host-a", "-j", "ping", "-c", 3, "-i", 0.05, FAR["ipv4"]))
    net.run("tc", "qdisc", "del", "dev", "west", "root", ns="router")
    tap.ok(all(30 <= line["time_ms"] < 1000 for line in said[:3]), "30 ms of delay are seen", *said)


def damaged():
    """What a bad host sends: answers twice, another checksum, other data."""
    ready, stop = threading.Event(), threading.Event()
    device = device_to("host-b", "192.0.2.1")

    def answer():
        with net.inside("host-b"):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        sock.bind((device, 0x0800))
        sock.settimeout(0.1)
        ready.set()
        while not stop.is_set():
            try:
                frame = bytearray(sock.recv(2000))
            except TimeoutError:
                continue
            if frame[23] != 1 or frame[34] != 8:
                continue
            number = int.from_bytes(frame[40:42], "big")
            frame[0:6], frame[6:12] = frame[6:12], frame[0:6]
            frame[26:30], frame[30:34] = frame[30:34], frame[26:30]
            frame[34] = 0
            if number == 3:
                frame[50] ^= 1
            frame[36:38] = b"\0\0"
            frame[36:38] = wire.checksum(bytes(frame[34:])).to_bytes(2, "big")
            if number == 2:
                frame[36] ^= 0x55
            sock.send(frame)
            if number == 1:
                sock.send(frame)

    net.netlab("host-b", "echo", "set", "local", "off")
    net.sysctl("host-b", ipv4__icmp_echo_ignore_all=1)
    thread = threading.Thread(target=answer)
    thread.start()
    ready.wait(10)
    said = lines_of(tool("host-a", "-j", "ping", "-c", 4, "-i", 0.1, "-W", 1, FAR["ipv4"]))
    stop.set()
    thread.join()
    net.sysctl("host-b", ipv4__icmp_echo_ignore_all=0)
    net.netlab("host-b", "echo", "set", "local", "on")
    events = sorted((line["seq"], line["event"], line.get("error")) for line in said[:-1])
    tap.equal(events, [(1, "duplicate", None), (1, "reply", None), (2, "corrupted", "wrong checksum"),
                       (3, "corrupted", "wrong data"), (4, "reply", None)], "twice, a wrong checksum, wrong data: each is said")
    tap.equal([said[-1][key] for key in ("transmitted", "received", "duplicates", "corrupted")], [4, 2, 1, 2], "and counted")


def interrupted():
    process = net.spawn(net.NETLAB, "ping", "-i", 0.02, FAR["ipv4"], ns="host-a")
    line = ""
    while "icmp_seq=3" not in line:
        line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest = net.finish(process)
    tap.ok(re.search(r"packets transmitted, \d+ received", rest), "Ctrl-C: the summary, exit 0", rest)


def unprivileged():
    shutil.copy(net.NETLAB, TOOL)
    os.chmod(TOOL, 0o755)
    tap.at_end(lambda: os.unlink(TOOL))
    nobody = ("setpriv", "--reuid", 65534, "--regid", 65534, "--clear-groups", TOOL)
    net.sysctl("host-a", ipv4__ping_group_range="1 0")
    done = net.run(*nobody, "ping", "-c", 1, FAR["ipv4"], ns="host-a", check=False)
    tap.ok(done.returncode == 2 and "CAP_NET_RAW" in done.stderr and "ping_group_range" in done.stderr, "not permitted: exit 2, and what it needs", done.stderr)
    net.sysctl("host-a", ipv4__ping_group_range="0 65534")
    for target in FAR.values():
        done = net.run(*nobody, "ping", "-c", 3, "-i", 0.02, target, ns="host-a", check=False)
        tap.ok("3 packets transmitted, 3 received, 0%" in done.stdout, f"ping_group_range: {target} without privilege", done.stdout, done.stderr)
        done = net.run(*nobody, "ping", "-c", 1, "-t", 1, "-W", 0.5, target, ns="host-a", check=False)
        tap.ok("exceeded" in done.stdout, "errors, too", done.stdout, done.stderr)
        for method in "-U", "-I", "-T":
            done = net.run(*nobody, "trace", "-n", method, target, ns="host-a", check=False)
            tap.ok(done.returncode == 0 and target in done.stdout.splitlines()[-1], f"trace {method} {target} without privilege", done.stdout, done.stderr)


def batches():
    """Several in one batch: each begins anew, its -j is for it alone, and Ctrl-C ends what comes behind as ever."""
    done = tool("host-a", "-b", "-", stdin=f"ping -c 3 -i 0.02 -j {FAR['ipv4']}\nping -q -c 2 -i 0.02 {FAR['ipv6']}\n"
                f"trace -n {FAR['ipv4']}\ntrace -n {FAR['ipv6']}\nudp send -s 4000 {FAR['ipv4']} 5000 one\nudp send {FAR['ipv6']} 5000 two\n",
                what="a batch of six: exit 0")
    tap.ok('"transmitted":3,"received":3' in done.stdout, "the first ping, in JSON", done.stdout)
    tap.ok("2 packets transmitted, 2 received" in done.stdout, "the second, in text, from the beginning", done.stdout)
    tap.equal(re.findall(r"^ 2  (\S+)", done.stdout, re.M), [FAR["ipv4"], FAR["ipv6"]], "both traces")
    counted = net.netlab("host-b", "stats")["epoch"]
    process = net.spawn(net.NETLAB, "-b", "-", ns="host-a", stdin=subprocess.PIPE)
    process.stdin.write(f"ping -q -c 1 {FAR['ipv4']}\n")
    process.stdin.flush()
    while "rtt" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    tap.equal((process.wait(20), net.netlab("host-b", "stats")["epoch"]), (-signal.SIGINT, counted), "between two commands Ctrl-C ends it")
    process = net.spawn(net.NETLAB, "-b", "-", ns="host-b", stdin=subprocess.PIPE)
    process.stdin.write("monitor hook prerouting proto icmp count 1\nmonitor hook prerouting proto icmp count 1\n")
    process.stdin.close()
    for number in "first", "second":
        tap.ok(process.stdout.readline().startswith("listening"), f"the {number} monitor of a batch")
        tool("host-a", "ping", "-q", "-c", 1, FAR["ipv4"])
        said = process.stdout.readline()
        tap.ok("ICMP echo request" in said, f"the {number} shows its packet", said)
        process.stdout.readline()
    tap.equal(process.wait(20), 0, "and both end")


# ---- trace

def traces():
    for family, target in FAR.items():
        for method, note in ("-U", ""), ("-I", ""), ("-T", " closed"):
            done = tool("host-a", "trace", "-n", method, target, what=f"{family} {method}: exit 0")
            hops = done.stdout.splitlines()[1:]
            tap.ok(len(hops) == 2 and re.fullmatch(rf" 1  {NEAR[family]}(  {TIME}){{3}}", hops[0]) and
                   re.fullmatch(rf" 2  {target}(  {TIME}{note}){{3}}", hops[1]), f"{family} {method}: the router, the host, three times each", *hops)
    with net.inside("host-b"):
        server = socket.create_server(("198.51.100.1", 80))
    done = tool("host-a", "trace", "-T", "-n", "-q", 1, FAR["ipv4"])
    tap.ok(re.search(rf"^ 2  198.51.100.1  {TIME} open$", done.stdout, re.M), "TCP: somebody listens", done.stdout)
    server.close()

    net.run("nft", "-f", "-", ns="router", stdin="table ip t {\n chain f {\n type filter hook forward priority 0\n udp dport 33434-33523 drop\n"
            "icmp type echo-request reject with icmp type admin-prohibited\n }\n}\n")
    done = tool("host-a", "trace", "-n", "-m", 3, "-W", 0.3, FAR["ipv4"], code=4, what="dropped on the way: exit 4")
    tap.equal(re.findall(r"^ ([23])  \*  \*  \*$", done.stdout, re.M), ["2", "3"], "stars where nobody answers")
    done = tool("host-a", "trace", "-nI", FAR["ipv4"], code=4, what="rejected: exit 4")
    tap.ok(re.search(rf"^ 2  192.0.2.254(  {TIME} !X){{3}}$", done.stdout.splitlines()[-1]), "!X, and no further", done.stdout)
    net.run("nft", "delete", "table", "ip", "t", ns="router")

    said = lines_of(tool("host-a", "trace", "-jn", FAR["ipv6"]))
    tap.equal([(line.get("ttl"), {probe["from"] for probe in line["probes"]}) for line in said[:-1]],
              [(1, {NEAR["ipv6"]}), (2, {FAR["ipv6"]})], "JSON: a line for each hop")
    tap.equal(said[-1], {"event": "result", "host": FAR["ipv6"], "address": FAR["ipv6"], "reached": True}, "and the result")

    # Thirty probes that nobody answers, one after the other, would take nine seconds.
    net.run("nft", "-f", "-", ns="router", stdin="table ip t {\n chain f {\n type filter hook prerouting priority -400\n udp dport 33434-33523 drop\n }\n}\n")
    done = net.run("bash", "-c", "TIMEFORMAT=%R; time \"$@\" >/dev/null", "time", net.NETLAB, "trace", "-n", "-m", 10, "-N", 30, "-W", 0.3, FAR["ipv4"],
                   ns="host-a", check=False)
    tap.ok(float(done.stderr.split()[-1]) < 3, "they are on their way together", done.stderr)
    net.run("nft", "delete", "table", "ip", "t", ns="router")


# ---- udp

def listener(*words, ns="host-b"):
    process = net.spawn(net.NETLAB, "udp", "listen", *words, ns=ns)
    tap.ok(process.stdout.readline().startswith("listening"), f"udp listen {' '.join(map(str, words))}")
    return process


def datagrams():
    for target in FAR.values():
        hears = listener("-c", 1, 5000)
        tool("host-a", "udp", "send", "-s", 4000, target, 5000, "hello", "there", what=f"a datagram to {target}")
        said = net.finish(hears)
        tap.ok(re.fullmatch(r"(192.0.2.1|2001:db8:1::1).4000: 11 bytes: hello there\n", said), "arrives, with its source", said)
    hears = listener("-c", 1, "-j", "syslog")
    tool("host-a", "udp", "send", FAR["ipv4"], "syslog", stdin="two\nlines\x1b[1m\n")
    said = json.loads(net.finish(hears))
    tap.equal((said["bytes"], said["text"]), (14, r"two\x0alines\x1b[1m"), "standard input is one datagram; a port by its name; harmless on a terminal")
    hears = listener("-c", 2, "-e", 5000)
    done = tool("host-a", "udp", "send", "-W", 5, FAR["ipv4"], 5000, "echo me")
    tap.ok("198.51.100.1.5000: 7 bytes: echo me" in done.stdout, "-e sends it back", done.stdout)
    tool("host-a", "udp", "send", FAR["ipv4"], 5000, "end")
    net.finish(hears)
    done = tool("host-a", "udp", "send", "-W", 5, FAR["ipv4"], 5001, "x", code=4)
    tap.ok(done.returncode == 4 and "198.51.100.1: Destination Port Unreachable" in done.stderr, "nobody listens: exit 4, and who says so", done.stderr)
    tap.equal(tool("host-b", "udp", "listen", "-W", 0.2, 5000).returncode, 4, "listen -W: exit 4 without one")

    for group in "239.1.2.3", "ff05::77":
        hears = listener("-c", 1, "-i", "west", group, 5000, ns="router")
        tool("host-a", "udp", "send", "-i", device_to("host-a", "192.0.2.254"), group, 5000, "all", what=f"to the group {group}")
        tap.ok("3 bytes: all" in net.finish(hears), "a member hears it")
    hears = listener("-c", 1, "-4", 5000, ns="router")
    tool("host-a", "udp", "send", "192.0.2.255", 5000, "everybody", what="a broadcast")
    tap.ok("9 bytes: everybody" in net.finish(hears), "is heard")


def bad_input():
    net.ip("host-a", "route add unreachable 203.0.113.0/24")
    for client in "ping", "trace":
        refuses("host-a", 1, "expected one host", client)
        refuses("host-a", 1, "no such host", client, "nosuch.invalid")
        refuses("host-a", 1, "with an IPv4 address", client, "-4", "2001:db8::1")
        refuses("host-a", 2, "no route to 203.0.113.1", client, "203.0.113.1")
        refuses("host-a", 1, "no such option", client, "-Z", "192.0.2.1")
        refuses("host-a", 1, "expected one of them", client, "-46", "192.0.2.1")
        refuses("host-a", 1, "expected 0.01 to 86400 seconds", client, "-W", "never", "192.0.2.1")
    refuses("host-a", 1, "expected 1 to 4294967295", "ping", "-c", "0", "192.0.2.1")
    refuses("host-a", 1, "expected COUNT", "ping", "-c")
    refuses("host-a", 2, "broadcast", "ping", "192.0.2.255")
    refuses("host-a", 1, "expected at most the 2 of -m", "trace", "-f", "3", "-m", "2", "192.0.2.1")
    refuses("host-a", 1, "ICMP has no ports", "trace", "-I", "-p", "80", "192.0.2.1")
    refuses("host-a", 1, "expected one of -I, -T and -U", "trace", "-IT", "192.0.2.1")
    refuses("host-a", 1, "expected listen or send", "udp")
    refuses("host-a", 1, "expected HOST PORT [TEXT]", "udp", "send", "192.0.2.1")
    refuses("host-a", 1, "expected a port of 1 to 65535", "udp", "send", "192.0.2.1", "99999", "x")
    refuses("host-a", 1, "expected a port of 1 to 65535", "udp", "listen", "nosuchservice")
    refuses("host-a", 2, "no route", "udp", "send", "203.0.113.1", "5000", "x")
    refuses("host-a", 1, "no such device here", "udp", "listen", "-i", "nosuch0", "5000")
    refuses("host-a", 2, "192.0.2.99 5000", "udp", "listen", "192.0.2.99", "5000")
    holder = listener(5000)
    refuses("host-b", 2, "somebody listens there", "udp", "listen", "5000")
    holder.kill()
    holder.wait()
    done = tool("host-a", "udp", "send", "198.51.100.1", 5000, stdin="x" * 65508)
    tap.ok(done.returncode == 1 and "at most 65507" in done.stderr, "more than a datagram holds: exit 1", done.stderr)
    done = net.run("bash", "-c", "\"$1\" ping -c 3 -i 0.01 192.0.2.254 >/dev/full", "full", net.NETLAB, ns="host-a", check=False)
    tap.ok(done.returncode == 1 and "can't write the output" in done.stderr, "a full disk: exit 1", done.stderr)


def main():
    net.router()
    net.unlimited_icmp("host-a", "router", "host-b")
    for part in (pings, kernel_times, damaged, interrupted, batches, unprivileged, traces, datagrams, bad_input):
        part()


tap.run(main)
