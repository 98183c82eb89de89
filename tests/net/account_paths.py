#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each packet once at each hook, whatever its way: forwarded, to and from the
host, over a VLAN, a bridge with br_netfilter, a VRF, in a tunnel, to a group;
and what netlab stats says of those that vanish between hooks.
"""
import contextlib
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tables  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import wire  # noqa: E402

A = {"ipv4": "192.0.2.1", "ipv6": "2001:db8:1::1"}
B = {"ipv4": "198.51.100.1", "ipv6": "2001:db8:2::1"}
WEST = {"ipv4": "192.0.2.254", "ipv6": "2001:db8:1::fe"}
EAST = {"ipv4": "198.51.100.254", "ipv6": "2001:db8:2::fe"}
FAMILIES = tuple(A)
HEAD = {"ipv4": 20, "ipv6": 40}
IPIP, GRE, OTHER = 4, 47, 253
FORWARDED = ("prerouting", "forward", "postrouting")
IP_ADD_MEMBERSHIP, IP_MULTICAST_IF = 35, 32


# ---- sending, and what was counted

def raw(ns, family, device=None):
    """A socket for packets of protocol OTHER. While it is open the host takes
    them, instead of sending an error."""
    with net.inside(ns):
        sock = socket.socket(socket.AF_INET6 if family == "ipv6" else socket.AF_INET,
                             socket.SOCK_RAW, OTHER)
    sock.settimeout(20)
    if device:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    return sock


class Watch:
    """What namespaces have counted of some protocols."""

    def __init__(self, *names, protocols=(OTHER,)):
        self.readers = {name: tables.Reader(name) for name in names}
        self.protocols = protocols

    def reset(self):
        for reader in self.readers.values():
            for _ in range(5):  # a timer's IGMP report may come in the midst of it
                reader.reset()
                if not tables.inconsistent(reader.tables()):
                    break

    def counted(self):
        """{(namespace, family, hook, protocol): (packets, bytes)}, and of the
        devices {(namespace, device, direction, family, protocol): packets}
        """
        rows, devices = {}, {}
        for ns, reader in self.readers.items():
            for _ in range(5):  # a timer's IGMP report may come between two tables
                reading = reader.tables()
                wrong = tables.inconsistent(reading)
                if not wrong:
                    break
            rows.update({(ns, *key): value for key, value in reading["protocols"].items()
                         if key[2] in self.protocols})
            devices.update({(ns, key[0], *key[2:]): value[0] for key, value in reading["devices"].items()
                            if key[4] in self.protocols})
            if wrong:
                tap.ok(False, f"{ns}: the tables agree with each other", *wrong)
        return rows, devices

    def check(self, what, rows, devices):
        """rows: (namespace, hooks, family, protocol, packets, bytes each);
        devices: (namespace, device, direction, family, protocol, packets)
        """
        expected = {(ns, family, hook, protocol): (packets, packets * size)
                    for ns, hooks, family, protocol, packets, size in rows for hook in hooks}
        tap.equal(dict(zip(("hooks", "devices"), self.counted())),
                  {"hooks": expected, "devices": {row[:5]: row[5] for row in devices}}, what)


def frames(packet, n, mac=net.MAC_WEST, tag=b""):
    return [tables.frame(packet, mac, net.MAC_A, tag)] * n


def other(source, destination, family, size=8):
    return tables.packet(source[family], destination[family], OTHER, bytes(size))


# ---- the ways

def plain(port):
    watch = Watch("host-a", "router", "host-b")
    for family in FAMILIES:
        size = HEAD[family] + 8
        with raw("host-a", family) as a, raw("router", family) as router, raw("host-b", family) as b:
            watch.reset()
            for _ in range(3):
                a.sendto(bytes(8), (B[family], 0))
                b.recv(100)
            watch.check(f"{family}: from a host through the router to another",
                        [("host-a", ("output", "postrouting"), family, OTHER, 3, size),
                         ("router", FORWARDED, family, OTHER, 3, size),
                         ("host-b", ("prerouting", "input"), family, OTHER, 3, size)],
                        [("host-a", "veth0", "tx", family, OTHER, 3), ("router", "west", "rx", family, OTHER, 3),
                         ("router", "east", "tx", family, OTHER, 3), ("host-b", "veth0", "rx", family, OTHER, 3)])

            # To its own address: over lo, all four hooks.
            watch.reset()
            router.sendto(bytes(8), (EAST[family], 0))
            router.recv(100)
            watch.check(f"{family}: from the router to itself",
                        [("router", ("output", "postrouting", "prerouting", "input"), family, OTHER, 1, size)],
                        [("router", "lo", way, family, OTHER, 1) for way in ("rx", "tx")])

    net.ip("router", f"link add link west name west.7 address {net.MAC_WEST} type vlan id 7",
           "link set west.7 up")
    net.wait_quiet("router")
    watch = Watch("router")
    for family in FAMILIES:
        watch.reset()
        with raw("host-b", family) as b:
            port.exchange(frames(other(A, B, family), 4, tag=b"\x81\0\0\x07"))
            for _ in range(4):
                b.recv(100)
        watch.check(f"{family}: out of a VLAN, once, by the VLAN's device",
                    [("router", FORWARDED, family, OTHER, 4, HEAD[family] + 8)],
                    [("router", "west.7", "rx", family, OTHER, 4), ("router", "east", "tx", family, OTHER, 4)])
    net.ip("router", "link del west.7")


def multicast(port):
    watch = Watch("host-a", "router")
    group, size = "239.1.2.3", 28
    with raw("host-a", "ipv4") as a, raw("router", "ipv4") as router:
        a.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_IF, socket.inet_aton(A["ipv4"]))
        watch.reset()
        a.sendto(bytes(8), (group, 0))
        port.exchange([])
        sent = [("host-a", ("output", "postrouting"), "ipv4", OTHER, 1, size)]
        devices = [("host-a", "veth0", "tx", "ipv4", OTHER, 1), ("router", "west", "rx", "ipv4", OTHER, 1)]
        watch.check("multicast that nobody joined: is seen at prerouting",
                    sent + [("router", ("prerouting",), "ipv4", OTHER, 1, size)], devices)

        router.setsockopt(socket.IPPROTO_IP, IP_ADD_MEMBERSHIP,
                          socket.inet_aton(group) + socket.inet_aton(WEST["ipv4"]))
        watch.reset()
        a.sendto(bytes(8), (group, 0))
        router.recv(100)
        watch.check("multicast that the router joined: at input, too",
                    sent + [("router", ("prerouting", "input"), "ipv4", OTHER, 1, size)], devices)

        # The sender's own copy passes postrouting, and comes back.
        a.setsockopt(socket.IPPROTO_IP, IP_ADD_MEMBERSHIP,
                     socket.inet_aton(group) + socket.inet_aton(A["ipv4"]))
        watch.reset()
        a.sendto(bytes(8), (group, 0))
        a.recv(100)
        router.recv(100)
        watch.check("multicast that its sender joined: two are sent, one of them to itself",
                    [("host-a", ("output", "prerouting", "input"), "ipv4", OTHER, 1, size),
                     ("host-a", ("postrouting",), "ipv4", OTHER, 2, size),
                     ("router", ("prerouting", "input"), "ipv4", OTHER, 1, size)],
                    [("host-a", "veth0", "tx", "ipv4", OTHER, 2), ("host-a", "veth0", "rx", "ipv4", OTHER, 1),
                     ("router", "west", "rx", "ipv4", OTHER, 1)])


def reported():
    """No multicast listener report is due. (Not wait_quiet(): a tunnel
    has no neighbours, and so joins no group to be found by.)
    """
    return not any(int(line.split()[4], 16) & 1 for ns in ("host-a", "host-b")
                   for line in net.read("/proc/net/igmp6", ns).splitlines())


def tunnels():
    watch = Watch("host-a", "router", "host-b", protocols=(IPIP, GRE, OTHER))
    for kind, protocol, more, families in (("ipip", IPIP, 20, ("ipv4",)), ("gre", GRE, 24, FAMILIES)):
        net.run("modprobe", {"gre": "ip_gre"}.get(kind, kind))
        inner = {"ipv4": ("10.9.0.1", "10.9.0.2"), "ipv6": ("2001:db8:9::1", "2001:db8:9::2")}
        for n, (ns, local, remote) in enumerate((("host-a", A, B), ("host-b", B, A))):
            net.ip(ns, f"link add tun9 type {kind} local {local['ipv4']} remote {remote['ipv4']}",
                   "link set tun9 up")
            net.addresses(ns, "tun9", *(f"{inner[family][n]}/{24 if family == 'ipv4' else 64}"
                                        for family in families))
        tap.wait_until(reported, "the tunnels' groups are reported")
        for family in families:
            size = HEAD[family] + 8
            with raw("host-a", family) as a, raw("host-b", family) as b:
                watch.reset()
                for _ in range(2):
                    a.sendto(bytes(8), (inner[family][1], 0))
                    b.recv(100)
                out, to = ("output", "postrouting"), ("prerouting", "input")
                watch.check(f"{family} in {kind}: outside as protocol {protocol}, inside as what it is",
                            [(ns, hooks, *what) for ns, hooks in (("host-a", out), ("host-b", to))
                             for what in ((family, OTHER, 2, size), ("ipv4", protocol, 2, size + more))] +
                            [("router", FORWARDED, "ipv4", protocol, 2, size + more)],
                            [(ns, dev, way, *what, 2) for ns, way in (("host-a", "tx"), ("host-b", "rx"))
                             for dev, *what in (("tun9", family, OTHER), ("veth0", "ipv4", protocol))] +
                            [("router", dev, way, "ipv4", protocol, 2)
                             for dev, way in (("west", "rx"), ("east", "tx"))])
        net.ip("host-a", "link del tun9")
        net.ip("host-b", "link del tun9")


# ---- what vanished

def vanished(ns):
    """netlab stats: {(family, between): packets}, and its lines."""
    text = " ".join(net.run(net.NETLAB, "stats", ns=ns).split("\n\n")[-1].split())
    return {(row["family"], row["between"]): row["packets"] for row in net.stats(ns)["vanished"]}, text


def send_dropped(sock, address, n):
    for _ in range(n):
        with contextlib.suppress(PermissionError):
            sock.sendto(bytes(8), (address, 0))


def vanishing(port):
    came, went = "prerouting", "output+forward"
    between = {came: "prerouting and input + forward", went: "output + forward and postrouting"}
    reader = tables.Reader("router")
    for family in FAMILIES:
        with raw("router", family) as sock, raw("host-a", family), raw("host-b", family):
            for hook, drops in ((None, {came: 0, went: 0}), ("prerouting", {came: 9, went: 0}),
                                ("input", {came: 4, went: 0}), ("forward", {came: 5, went: 0}),
                                ("output", {came: 0, went: 3}), ("postrouting", {came: 0, went: 8})):
                if hook:
                    net.run("nft", "-f", "-", ns="router", stdin=f"""
                        add table inet some
                        delete table inet some
                        table inet some {{
                            chain only {{
                                type filter hook {hook} priority 0
                                meta l4proto {OTHER} drop
                            }}
                        }}""")
                reader.reset()
                port.exchange(frames(other(A, WEST, family), 4) + frames(other(A, B, family), 5))
                send_dropped(sock, A[family], 3)
                numbers, text = vanished("router")
                passed = {came: 9, went: 8 if hook not in ("prerouting", "forward") else 3}
                expected = [
                    f"{family}: {drops[gap] or 'none'} of {passed[gap]} packets vanished between {between[gap]}"
                    for gap in (came, went)]
                tap.ok(numbers == {(family, gap): drops[gap] for gap in (came, went)} and
                       all(line in text for line in expected),
                       f"{family}: {f'a rule at {hook}' if hook else 'no rule'}: "
                       f"{drops[came]} vanish on their way in, {drops[went]} on their way out",
                       numbers, text, *expected)
            net.run("nft", "delete", "table", "inet", "some", ns="router")


# ---- a bridge

def bridge():
    net.run("modprobe", "br_netfilter")
    net.add_namespace("sw", forwarding=True)
    net.add_namespace("h1", "h2", "h3")
    net.ip("sw", f"link add br0 address {net.MAC_WEST} type bridge", "link set br0 up")
    for n, mac in ((1, net.MAC_A), (2, net.MAC_B), (3, net.MAC_EAST)):
        net.cable(f"h{n}", "veth0", "sw", f"port{n}", mac)
        net.addresses(f"h{n}", "veth0", *((f"192.0.2.{n}/24", f"2001:db8:1::{n}/64") if n < 3 else
                                         ("198.51.100.1/24", "2001:db8:2::1/64")))
    net.ip("sw", "link set port1 master br0", "link set port2 master br0")
    net.addresses("sw", "br0", "192.0.2.254/24", "2001:db8:1::fe/64")
    net.addresses("sw", "port3", "198.51.100.254/24", "2001:db8:2::fe/64")
    net.neighbours("sw", "port3", net.MAC_EAST, B["ipv4"], B["ipv6"])
    net.neighbours("sw", "br0", net.MAC_A, A["ipv4"], A["ipv6"])
    # Both bridge and host have learned where they are.
    net.wait_quiet("sw", "h1", "h2", "h3")
    port, far = wire.Port("h1", "veth0", "192.0.2.254"), wire.Port("h2", "veth0", "192.0.2.254")
    far.exchange([])
    port.exchange([])
    watch = Watch("sw")
    for calls in (0, 1):
        with net.inside("sw"):
            for name in ("iptables", "ip6tables"):
                with open(f"/proc/sys/net/bridge/bridge-nf-call-{name}", "w", encoding="ascii") as f:
                    f.write(str(calls))
        how = f"bridge-nf-call {'on' if calls else 'off'}"
        for family in FAMILIES:
            size = HEAD[family] + 8
            with raw("sw", family) as sock, raw("h3", family) as b, raw("h1", family) as a:
                watch.reset()
                port.exchange(frames(other(A, WEST, family), 3))
                watch.check(f"{family}: {how}: from a bridge up to the host",
                            [("sw", ("prerouting", "input"), family, OTHER, 3, size)],
                            [("sw", "br0", "rx", family, OTHER, 3)])

                watch.reset()
                port.exchange(frames(other(A, B, family), 3))
                for _ in range(3):
                    b.recv(100)
                watch.check(f"{family}: {how}: from a bridge, and routed",
                            [("sw", FORWARDED, family, OTHER, 3, size)],
                            [("sw", "br0", "rx", family, OTHER, 3), ("sw", "port3", "tx", family, OTHER, 3)])

                watch.reset()
                sock.sendto(bytes(8), (A[family], 0))
                a.recv(100)
                watch.check(f"{family}: {how}: from the host out over a bridge",
                            [("sw", ("output", "postrouting"), family, OTHER, 1, size)],
                            [("sw", "br0", "tx", family, OTHER, 1)])

                far.waiting()
                watch.reset()
                sent = frames(other(A, B, family), 2, mac=net.MAC_B)
                port.exchange(sent)
                watch.check(f"{family}: {how}: from port to port, "
                            f"{'as if it were forwarded' if calls else 'unseen'}",
                            [("sw", FORWARDED, family, OTHER, 2, size)] * calls,
                            [("sw", "br0", way, family, OTHER, 2) for way in ("rx", "tx")] * calls)
                # Beside what neighbours ask each other.
                tap.equal([frame for frame in far.waiting() if frame in sent], sent,
                          f"{family}: {how}: and both arrive")


# ---- a VRF

def vrf(port):
    net.ip("router", "link add vrf0 type vrf table 10", "link set vrf0 up",
           "link set west master vrf0", "link set east master vrf0")
    # A device that changes its master loses its addresses of IPv6.
    for dev, addresses, peers, mac in (("west", WEST, A, net.MAC_A), ("east", EAST, B, net.MAC_B)):
        net.ip("router", f"addr replace {addresses['ipv6']}/64 dev {dev} nodad")
        net.neighbours("router", dev, mac, *peers.values())
    net.wait_quiet("router", "host-a", "host-b")
    watch = Watch("router")
    for family in FAMILIES:
        size = HEAD[family] + 8
        with raw("router", family, "vrf0") as sock, raw("host-a", family) as a, raw("host-b", family) as b:
            watch.reset()
            port.exchange(frames(other(A, WEST, family), 3))
            for _ in range(3):
                sock.recv(100)
            watch.check(f"{family}: in a VRF, to the host, by the device and not by the VRF",
                        [("router", ("prerouting", "input"), family, OTHER, 3, size)],
                        [("router", "west", "rx", family, OTHER, 3)])

            watch.reset()
            port.exchange(frames(other(A, B, family), 3))
            for _ in range(3):
                b.recv(100)
            watch.check(f"{family}: in a VRF, forwarded",
                        [("router", FORWARDED, family, OTHER, 3, size)],
                        [("router", "west", "rx", family, OTHER, 3), ("router", "east", "tx", family, OTHER, 3)])

            watch.reset()
            for _ in range(3):
                sock.sendto(bytes(8), (A[family], 0))
                a.recv(100)
            watch.check(f"{family}: in a VRF, from the host",
                        [("router", ("output", "postrouting"), family, OTHER, 3, size)],
                        [("router", "west", "tx", family, OTHER, 3)])

            watch.reset()
            sock.sendto(bytes(8), (WEST[family], 0))
            sock.recv(100)
            watch.check(f"{family}: in a VRF, from the host to itself, by the VRF",
                        [("router", ("output", "postrouting", "prerouting", "input"), family, OTHER, 1, size)],
                        [("router", "vrf0", way, family, OTHER, 1) for way in ("rx", "tx")])


def main():
    net.router()
    port = wire.Port("host-a", "veth0", "192.0.2.254")
    plain(port)
    multicast(port)
    tunnels()
    vanishing(port)
    bridge()
    vrf(port)


tap.run(main)
