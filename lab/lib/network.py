# SPDX-License-Identifier: GPL-2.0-only
"""A network of namespaces: made, shown, removed.

What is made is noted before it is made, in FOLDER: whatever ends lab, "lab
down" knows what is its own, and takes away nothing else.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import picture
from failure import Failure

FOLDER = "/run/netlab-lab"
STATE = os.path.join(FOLDER, "state.json")
NETNS = "/run/netns"
ETC = "/etc/netns"  # what ip netns exec puts over /etc
PACKAGES = {"ip": "iproute2", "tc": "iproute2", "ss": "iproute2", "nft": "nftables"}
READY_SECONDS = 60


class State:
    """What was made: a network's name, its namespaces, folders below /etc/netns."""

    def __init__(self, topology, namespaces=(), folders=()):
        self.topology, self.namespaces, self.folders = topology, list(namespaces), list(folders)

    def save(self):
        os.makedirs(FOLDER, mode=0o755, exist_ok=True)
        with open(f"{STATE}.new", "w", encoding="ascii") as file:
            json.dump(self.__dict__, file)
        os.replace(f"{STATE}.new", STATE)


def state():
    try:
        with open(STATE, encoding="ascii") as file:
            return State(**json.load(file))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as wrong:
        raise Failure(f"{STATE} isn't what lab wrote: {wrong}: remove it, and the namespaces of \"ip netns\" that are the lab's") from wrong


def needed():
    found = state()
    if not found:
        raise Failure("no network is up: lab NAME makes one", 1)
    return found


def run(*argv, text=None):
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise Failure(f"{argv[0]}: not found: apt install {PACKAGES.get(argv[0], argv[0])}") from missing
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise Failure(f"{' '.join(argv)}: {said or f'exit {done.returncode}'}")
    return done.stdout


# ---- up

def check(topology):
    """That it can be made, before anything is."""
    there = state()
    if there:
        raise Failure(f"{there.topology} is up: \"lab down\" removes it", 1)
    if os.geteuid():
        raise Failure("making network namespaces needs root: sudo lab ..., or make lab, which brings a machine of its own")
    for node in topology.nodes:
        for path in f"{NETNS}/{node}", f"{ETC}/{node}":
            if os.path.lexists(path):
                raise Failure(f"{path} is there, and not the lab's: the network {topology.name} has a node of that name; "
                              f"remove or rename yours (\"ip netns delete {node}\")", 1)
    for node, service in topology.services():
        program = service["run"].split()[0]
        if not shutil.which(program):
            raise Failure(f"{node} runs {program}, which isn't there: apt install {service['needs']}", 1)


@contextlib.contextmanager
def held_signals():
    """Ctrl-C and the like are one exception, wherever they come."""
    def interrupt(number, _frame):
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def up(topology):
    check(topology)
    made = State(topology.name)
    with held_signals():
        try:
            made.save()
            make(topology, made)
        except BaseException:
            # Once more would leave half of it.
            for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
                signal.signal(number, signal.SIG_IGN)
            remove(made)
            raise


def make(topology, made):
    for node, words in topology.nodes.items():
        made.namespaces.append(node)
        made.save()
        try:
            run("ip", "netns", "add", node)
        except Failure:
            made.namespaces.remove(node)  # somebody else's
            raise
        run("ip", "-n", node, "link", "set", "lo", "up")
        forward = "1" if words.get("forward") else "0"
        run("ip", "netns", "exec", node, "sh", "-c",
            f"echo {forward} >/proc/sys/net/ipv4/ip_forward; echo {forward} >/proc/sys/net/ipv6/conf/all/forwarding;"
            "echo 0 >/proc/sys/net/ipv6/conf/default/accept_ra;"
            # Routers answer each probe of a trace.
            "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit 2>/dev/null || :")
    for one, other in topology.links:
        run("ip", "link", "add", one.dev, "netns", one.node, "type", "veth", "peer", "name", other.dev, "netns", other.node)
    for number, end in enumerate(topology.ends()):
        # A router asks for neighbours by its link-local address; fixed ones, so that nothing is sent that nobody asked for.
        lines = [f"link set {end.dev} addrgenmode none", f"link set {end.dev} up"]
        lines += [f"address add {address} dev {end.dev}" + (" nodad" if ":" in address else "") for address in end.addresses]
        if any(":" in address for address in end.addresses):
            lines.append(f"address add fe80::{number + 1:x}/64 dev {end.dev} nodad")
        batch(end.node, lines)
        if end.netem:
            run("tc", "-n", end.node, "qdisc", "add", "dev", end.dev, "root", "netem", *end.netem.split())
    for node, words in topology.nodes.items():
        batch(node, words.get("ip", []))
        if "nft" in words:
            run("ip", "netns", "exec", node, "nft", "-f", "-", text=words["nft"])
        for name, text in words.get("etc", {}).items():
            write_etc(made, node, name, text)
        os.makedirs(folder_of(node), exist_ok=True)
        for name, text in words.get("files", {}).items():
            write(os.path.join(folder_of(node), name), text)
    started = [(node, service, start(node, service)) for node, service in topology.services()]
    for node, service, process in started:
        wait_ready(node, service, process)


def batch(node, lines):
    if lines:
        run("ip", "-n", node, "-batch", "-", text="".join(line + "\n" for line in lines))


def folder_of(node):
    return os.path.join(FOLDER, node)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_etc(made, node, name, text):
    folder = os.path.join(ETC, node)
    if folder not in made.folders:
        made.folders.append(folder)
        made.save()
        os.makedirs(folder)
    write(os.path.join(folder, name), text)


def log_of(node, service):
    return os.path.join(folder_of(node), service["run"].split()[0] + ".log")


def start(node, service):
    with open(log_of(node, service), "wb") as log:
        return subprocess.Popen(["ip", "netns", "exec", node, "sh", "-c", f"exec {service['run']}"], cwd=folder_of(node),
                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def wait_ready(node, service, process):
    kind, port = service["ready"].split()
    until = time.monotonic() + READY_SECONDS
    while f":{port} " not in run("ip", "netns", "exec", node, "ss", "-Hln", "-u" if kind == "udp" else "-t"):
        if time.monotonic() > until or process.poll() is not None:
            with open(log_of(node, service), encoding="utf-8", errors="replace") as log:
                said = log.read().strip().splitlines()[-3:]
            raise Failure(f"{node}: {service['run'].split()[0]} doesn't listen at {kind} port {port}: {'; '.join(said)}")
        time.sleep(0.1)


# ---- down

def down():
    made = needed()
    if os.geteuid():
        raise Failure("removing network namespaces needs root: sudo lab down")
    with held_signals():
        remove(made)


def pids(node):
    try:
        return [int(pid) for pid in run("ip", "netns", "pids", node).split()]
    except Failure:
        return []


def remove(made):
    for node in made.namespaces:
        until = time.monotonic() + 5
        for number in signal.SIGTERM, signal.SIGKILL:
            for pid in pids(node):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            while pids(node) and time.monotonic() < until:
                time.sleep(0.05)
            until += 5
        if os.path.lexists(f"{NETNS}/{node}"):
            run("ip", "netns", "delete", node)
    for folder in made.folders:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.rmdir(ETC)  # if it is empty
    shutil.rmtree(FOLDER, ignore_errors=True)


# ---- exec

def the_node(node):
    made = needed()
    if node not in made.namespaces:
        raise Failure(f"{node}: no such node: expected {', '.join(made.namespaces)}", 1)


def execute(node, argv):
    the_node(node)
    try:
        os.execvp("ip", ["ip", "netns", "exec", node, *argv])
    except OSError as wrong:
        raise Failure(f"ip: {wrong.strerror}") from wrong


# ---- start and stop: what would want a second terminal

def paths_of(node):
    return os.path.join(FOLDER, f"{node}.pid"), os.path.join(FOLDER, f"{node}.log")


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def start_command(node, argv):
    the_node(node)
    note, log = paths_of(node)
    if os.path.exists(note):
        raise Failure(f"{node}: something was started there: \"lab stop {node}\" ends it", 1)
    with open(log, "wb") as out:
        process = subprocess.Popen(["ip", "netns", "exec", node, *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   start_new_session=True)
    # Until it has begun: whoever listens says so, in a line or two.
    until, size, quiet = time.monotonic() + 10, 0, 0
    while process.poll() is None and time.monotonic() < until and (not size or time.monotonic() < quiet + 0.5):
        if os.path.getsize(log) != size:
            size, quiet = os.path.getsize(log), time.monotonic()
        time.sleep(0.05)
    with open(log, encoding="utf-8", errors="replace") as file:
        said = file.read()
    print(said, end="")
    write(note, f"{process.pid} {len(said.encode())}\n")


def stop_command(node):
    the_node(node)
    note, log = paths_of(node)
    if not os.path.exists(note):
        raise Failure(f"{node}: nothing was started there: \"lab start {node} COMMAND\" does", 1)
    with open(note, encoding="ascii") as file:
        pid, shown = map(int, file.read().split())
    quiet, size, until = time.monotonic(), -1, time.monotonic() + 30
    while not has_ended(pid) and time.monotonic() < min(quiet + 1, until):
        if os.path.getsize(log) != size:
            quiet, size = time.monotonic(), os.path.getsize(log)
        time.sleep(0.05)
    for number in signal.SIGINT, signal.SIGKILL:
        until = time.monotonic() + 10
        if not has_ended(pid):
            os.kill(pid, number)
        while not has_ended(pid) and time.monotonic() < until:
            time.sleep(0.05)
    with open(log, "rb") as file:
        print(file.read()[shown:].decode("utf-8", "replace"), end="")
    os.unlink(note)


# ---- show

def netlab():
    return os.environ.get("NETLAB") or shutil.which("netlab")


def counters(topology):
    """{(node, dev): what passed}, as netlab counted it, IPv4 and IPv6; without netlab as the kernel did, ARP too."""
    found, tool = {}, netlab()
    for node in topology.nodes:
        rows = {}
        done = tool and subprocess.run([tool, "-j", "-n", node, "stats"], capture_output=True, text=True, check=False)
        if done and not done.returncode:
            for end in (e for e in topology.ends() if e.node == node):
                rows[end.dev] = {"rx": 0, "tx": 0}
            for row in json.loads(done.stdout)["devices"]:
                if row["dev"] in rows and row["family"] in ("ipv4", "ipv6"):
                    rows[row["dev"]][row["direction"]] += row["packets"]
        else:
            for link in json.loads(run("ip", "-n", node, "-j", "-s", "link")):
                rows[link["ifname"]] = {way: link["stats64"][way]["packets"] for way in ("rx", "tx")}
        for dev, row in rows.items():
            found[node, dev] = f"rx {row['rx']} tx {row['tx']}"
    return found


def show(topology, seconds):
    while True:
        drawing = picture.text(topology, counters(topology))
        if seconds and os.isatty(1):
            print("\033[H\033[J", end="")
        print(drawing, flush=True)
        if not seconds:
            return
        time.sleep(seconds)
