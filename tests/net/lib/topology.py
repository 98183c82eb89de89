# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces, cables between them, and what netlab counted in each.

pair():    left                                right
           192.0.2.1/24 ----- veth0 veth0 ----- 192.0.2.2/24
           2001:db8:1::1/64                     2001:db8:1::2/64

router():  host-a               router                  host-b
           192.0.2.1/24 --- west .254  .254 east --- 198.51.100.1/24
           2001:db8:1::1/64 - ::fe      ::fe - 2001:db8:2::1/64

Both are quiet: once made, nothing is sent in them that the test doesn't send.
There are no link-local addresses, no duplicate detection, no router
solicitations; every neighbour is permanent (so no ARP and no neighbour
discovery); the multicast listener reports (MLD) have been sent. quiet=False
leaves IPv6 as the kernel has it, and the neighbours to be found.

MAC addresses are fixed: 02:00:00:00:00:01 is left's (host-a's), :02 right's
(host-b's), :a1 the router's west, :b1 its east.
"""
import contextlib
import ctypes
import json
import os
import subprocess
import time

import tap

NETLAB = os.environ.get("NETLAB", "netlab")
NETLAB_KO = os.environ.get("NETLAB_KO", "netlab.ko")
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

MAC_A = MAC_LEFT = "02:00:00:00:00:01"
MAC_B = MAC_RIGHT = "02:00:00:00:00:02"
MAC_WEST = "02:00:00:00:00:a1"
MAC_EAST = "02:00:00:00:00:b1"

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


# ---- commands

def place(ns):
    """Where a child begins: a child is born into the namespace of its parent's thread.

    Cheaper by half than `ip netns exec', which counts in an emulated machine.
    """
    return inside(ns) if ns else contextlib.nullcontext()


def run(*argv, ns=None, seconds=30, check=True, stdin=""):
    """Run a command, in a namespace if one is named; its standard output.

    Raises RuntimeError if it fails or takes too long; with check=False returns
    subprocess.CompletedProcess (returncode, stdout, stderr) instead.
    """
    argv = [str(word) for word in argv]
    try:
        with place(ns):
            done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as e:
        raise RuntimeError(f"not done in {seconds} s: {' '.join(argv)}") from e
    if not check:
        return done
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {' '.join(argv)}: {done.stdout}{done.stderr}")
    return done.stdout


def unload():
    """Remove the module, which is in use while somebody reads from it."""
    tap.wait_until(lambda: not run("rmmod", "netlab", check=False).returncode, "rmmod netlab, which readers hold up")


def spawn(*argv, ns=None, **kwargs):
    """Start a command beside the test; a Popen, killed at the test's end."""
    kwargs = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
              "stderr": subprocess.STDOUT, "text": True, **kwargs}
    with place(ns):
        process = subprocess.Popen([str(word) for word in argv], **kwargs)

    def end():
        if process.poll() is None:
            process.kill()
        process.wait()

    tap.at_end(end)
    return process


def finish(process, seconds=60):
    """Await the end of what spawn() started; its output. Raises as run() does."""
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as e:
        process.kill()
        process.wait()
        raise RuntimeError(f"not done in {seconds} s: {' '.join(process.args)}") from e
    if process.returncode:
        raise RuntimeError(f"exit {process.returncode}: {' '.join(process.args)}: {out}")
    return out


def ip(ns, *lines):
    """ip(8) in a namespace: each argument is one line of commands.

    ip("left", "link set veth0 mtu 9000", "addr add 192.0.2.9/32 dev veth0")
    """
    run("ip", *(["-n", ns] if ns else []), "-batch", "-", stdin="".join(line + "\n" for line in lines))


def program(name):
    """Path of a test program: tests/net/NAME.c, built to build/tests/NAME."""
    return os.path.join(PROJECT, "build", "tests", name)


# ---- namespaces

@contextlib.contextmanager
def inside(ns):
    """Put this thread into a namespace: sockets opened there stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(f"/run/netns/{ns}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def read(path, ns=None):
    """A file's text, as a reader in a namespace sees it (/proc/net, /proc/sys/net)."""
    with contextlib.ExitStack() as stack:
        if ns:
            # /proc/net is /proc/self/net: of the process, not of this thread.
            stack.enter_context(inside(ns))
            if path.startswith("/proc/net/"):
                path = "/proc/thread-self/net/" + path[len("/proc/net/"):]
        with open(path, encoding="ascii") as f:
            return f.read()


def sysctl(ns, **settings):
    """Set sysctls below net: sysctl("left", ipv4__ip_forward=1); __ stands for a dot."""
    with place(ns):
        for name, value in settings.items():
            with open("/proc/sys/net/" + name.replace("__", "/"), "w", encoding="ascii") as f:
                f.write(str(value))


def has_sysctl(ns, name):
    """Whether this kernel has a sysctl below net, in a namespace."""
    with place(ns):
        return os.path.exists("/proc/sys/net/" + name.replace("__", "/"))


def unlimited_icmp(*names):
    """Let these namespaces send as many ICMP errors and answers as they like."""
    for name in names:
        sysctl(name, ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0)
    # A limit of the machine's, or of each namespace: kernels differ.
    for name in None, *names:
        if has_sysctl(name, "ipv4__icmp_msgs_per_sec"):
            sysctl(name, ipv4__icmp_msgs_per_sec=1000000, ipv4__icmp_msgs_burst=100000)


def add_namespace(*names, quiet=True, forwarding=False, up=True):
    """Make namespaces; settings are made before there is a device to speak."""
    tap.at_end(lambda: del_namespace(*names))
    ip(None, *(f"netns add {name}" for name in names))
    for name in names:
        if quiet:
            for conf in ("all", "default"):
                sysctl(name, **{f"ipv6__conf__{conf}__accept_dad": 0,
                                f"ipv6__conf__{conf}__accept_ra": 0})
            sysctl(name, ipv6__conf__default__addr_gen_mode=1,
                   ipv6__conf__default__router_solicitations=0)
            # These versions' reports end soon, and /proc shows when they have.
            # lo is there already, and reports what a router joins, too.
            for conf in ("default", "lo"):
                sysctl(name, **{f"ipv6__conf__{conf}__force_mld_version": 1,
                                f"ipv6__conf__{conf}__mldv1_unsolicited_report_interval": 1,
                                f"ipv4__conf__{conf}__force_igmp_version": 2,
                                f"ipv4__conf__{conf}__igmpv2_unsolicited_report_interval": 1})
        if forwarding:
            sysctl(name, ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
        if up:
            ip(name, "link set lo up")


def del_namespace(*names):
    """Remove namespaces, those that there are."""
    run("ip", "-force", "-batch", "-", check=False, stdin="".join(f"netns del {name}\n" for name in names))


def cable(ns1, dev1, ns2, dev2, mac1=None, mac2=None):
    """A veth from one namespace to another, up."""
    ip(None, f"link add {dev1} {'address ' + mac1 if mac1 else ''} netns {ns1} "
             f"type veth peer name {dev2} {'address ' + mac2 if mac2 else ''} netns {ns2}")
    ip(ns1, f"link set {dev1} up")
    ip(ns2, f"link set {dev2} up")


def addresses(ns, dev, *cidrs):
    """Give a device addresses, usable at once."""
    ip(ns, *(f"addr add {cidr} dev {dev} {'nodad' if ':' in cidr else ''}" for cidr in cidrs))


def neighbours(ns, dev, mac, *hosts):
    """Tell a namespace for good which MAC address these hosts have."""
    ip(ns, *(f"neigh replace {host} lladdr {mac} dev {dev} nud permanent" for host in hosts))


def wait_quiet(*names, silence=False):
    """Wait until the kernel has nothing more to say of itself.

    That is: each device is known to be up (the kernel learns of a cable a
    while after it is there), no address waits for duplicate detection, each
    has joined its group, and no report of a multicast group is due (flag 1 of
    /proc/net/igmp6, the running timer of /proc/net/igmp: a bridge joins groups
    of its own in both families).

    Of a bridge the kernel learns once more when its ports forward, and reports
    all groups again. It looks once a second (LINKWATCH_INTERVAL): so where there
    is one, nothing may have been said for longer. The same with silence: MLDv2 lets
    as much time pass before it reports what was joined or left, and shows nothing.
    """
    said = {}

    def silent(ns):
        now, text = time.monotonic(), read("/proc/net/snmp6", ns)
        sent = next(line for line in text.splitlines() if line.startswith("Ip6OutRequests"))
        if said.get(ns, ("", 0))[0] != sent:
            said[ns] = sent, now
        return now - said[ns][1] > 1.2

    def quiet(ns):
        # RTNL: what follows a device's coming up has been done, too.
        links = json.loads(run("ip", "-d", "-j", "link", ns=ns))
        bridge = any(link.get("linkinfo", {}).get("info_kind") == "bridge" for link in links)
        up = all(link["operstate"] in ("UP", "UNKNOWN") for link in links if "UP" in link["flags"])
        addresses6 = [line.split() for line in read("/proc/net/if_inet6", ns).splitlines()]
        groups = [line.split() for line in read("/proc/net/igmp6", ns).splitlines()]
        due = any(len(words) == 4 and words[2].startswith("1:")
                  for words in map(str.split, read("/proc/net/igmp", ns).splitlines()))
        joined = {(group[1], group[2]) for group in groups}
        return (up and not due and (not (bridge or silence) or silent(ns)) and not any(int(group[4], 16) & 1 for group in groups)
                and all(not int(flags, 16) & 0x40
                        and (name == "lo" or (name, "ff0200000000000000000001ff" + address[-6:]) in joined)
                        for address, _, _, _, flags, name in addresses6))

    for name in names:
        tap.wait_until(lambda name=name: quiet(name), f"multicast and IPv6 come to rest in {name}")


def pair(quiet=True):
    """Namespaces left and right, joined by veth0 in each."""
    add_namespace("left", "right", quiet=quiet)
    cable("left", "veth0", "right", "veth0", MAC_LEFT, MAC_RIGHT)
    addresses("left", "veth0", "192.0.2.1/24", "2001:db8:1::1/64")
    addresses("right", "veth0", "192.0.2.2/24", "2001:db8:1::2/64")
    if quiet:
        neighbours("left", "veth0", MAC_RIGHT, "192.0.2.2", "2001:db8:1::2")
        neighbours("right", "veth0", MAC_LEFT, "192.0.2.1", "2001:db8:1::1")
        wait_quiet("left", "right")


def router(quiet=True):
    """Namespaces host-a (veth0), router (west, east) and host-b (veth0)."""
    add_namespace("host-a", "host-b", quiet=quiet)
    add_namespace("router", quiet=quiet, forwarding=True)
    cable("host-a", "veth0", "router", "west", MAC_A, MAC_WEST)
    cable("host-b", "veth0", "router", "east", MAC_B, MAC_EAST)
    addresses("router", "west", "192.0.2.254/24", "2001:db8:1::fe/64")
    addresses("router", "east", "198.51.100.254/24", "2001:db8:2::fe/64")
    addresses("host-a", "veth0", "192.0.2.1/24", "2001:db8:1::1/64")
    addresses("host-b", "veth0", "198.51.100.1/24", "2001:db8:2::1/64")
    for host, dev, mac, mac_router, net4, net6 in (
            ("host-a", "west", MAC_A, MAC_WEST, "192.0.2", "2001:db8:1:"),
            ("host-b", "east", MAC_B, MAC_EAST, "198.51.100", "2001:db8:2:")):
        ip(host, f"route add default via {net4}.254", f"route add default via {net6}:fe")
        if quiet:
            neighbours(host, "veth0", mac_router, f"{net4}.254", f"{net6}:fe")
            neighbours("router", dev, mac, f"{net4}.1", f"{net6}:1")
    if quiet:
        wait_quiet("host-a", "router", "host-b")


# ---- what netlab says

def netlab(ns, *argv):
    """The tool's JSON, as Python objects: netlab("left", "echo")"""
    out = run(NETLAB, "-j", *argv, ns=ns)
    return json.loads(out) if out.strip() else None


def stats(ns, *filters):
    """netlab -j stats, as it is: stats("left", "family", "ipv4")"""
    return netlab(ns, "stats", *filters)


def counted(ns, reading=None):
    """{(family, hook, protocol): (packets, bytes)} of every row that isn't zero."""
    reading = reading or stats(ns)
    return {(row["family"], row["hook"], row["protocol"]): (row["packets"], row["bytes"])
            for row in reading["protocols"] if row["packets"] or row["bytes"]}


def hooks(ns, reading=None):
    """{(family, hook): row of the table of hooks} of every row with packets."""
    reading = reading or stats(ns)
    return {(row["family"], row["hook"]): row for row in reading["hooks"] if row["packets"]}


def outcomes(ns):
    """{(family, path, outcome): packets} of every row that isn't zero."""
    return {(row["family"], row["path"], row["outcome"]): row["packets"]
            for row in netlab(ns, "echo")["outcomes"] if row["packets"]}


def reset(*names):
    """Begin a new epoch in each namespace."""
    for name in names:
        netlab(name, "stats", "reset")
