#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The table of devices: what passed each, whatever becomes of the device: a
new name, another namespace, its end, an index used again; and 1,000 of them.
"""
import json
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl  # noqa: E402
import tables  # noqa: E402
import tap  # noqa: E402
import topology as net  # noqa: E402
import wire  # noqa: E402

A4, B4, ME4 = "192.0.2.1", "198.51.100.1", "192.0.2.254"
A6, B6 = "2001:db8:1::1", "2001:db8:2::1"
TCP, UDP, OTHER = 6, 17, 253
INDEX = 4242
MANY = 1000
MAC_EXTRA = "02:00:00:00:00:e1"


def ifindex(ns, dev):
    return json.loads(net.run("ip", "-j", "link", "show", "dev", dev, ns=ns))[0]["ifindex"]


def of(rows, **wanted):
    """Rows whose keys have these values: of(rows, dev="west", family="ipv4")"""
    columns = tables.TABLES["devices"][1]
    return {key: value for key, value in rows.items()
            if all(key[columns.index(column)] == value_ for column, value_ in wanted.items())}


class Bench:
    """host-a's end of the wire to the router."""

    def __init__(self):
        self.reader = tables.Reader("router")
        self.port = wire.Port("host-a", "veth0", ME4)

    def send(self, *packets):
        self.port.exchange([tables.frame(packet, net.MAC_WEST, net.MAC_A) for packet in packets])

    def devices(self, **filters):
        return self.reader.tables(**filters)["devices"]


# Some of both families and of several protocols, through the router.
TRAFFIC = ([tables.packet(A4, B4, OTHER, bytes(8))] * 3 + [tables.packet(A4, B4, UDP, bytes(100))] * 2 +
           [tables.packet(A4, B4, TCP, tables.tcp(16))] + [tables.icmp(A4, B4, 8, wrong=1)] * 4 +
           [tables.packet(A6, B6, OTHER, bytes(9))] * 2 + [tables.icmp(A6, B6, 128, wrong=1)] * 5)
TRAFFIC_ROWS = {("ipv4", OTHER): (3, 3 * 28), ("ipv4", UDP): (2, 2 * 120), ("ipv4", TCP): (1, 40),
                ("ipv4", 1): (4, 4 * 28), ("ipv6", OTHER): (2, 2 * 49), ("ipv6", 58): (5, 5 * 48)}


def passed(dev, index, direction, times=1):
    return {(dev, index, direction, *key): (times * value[0], times * value[1])
            for key, value in TRAFFIC_ROWS.items()}


def traffic(bench):
    west, east = ifindex("router", "west"), ifindex("router", "east")
    bench.reader.reset()
    bench.send(*TRAFFIC)
    forwarded = {**passed("west", west, "rx"), **passed("east", east, "tx")}
    tap.equal(bench.devices(), forwarded, "what is forwarded is in the rows of both devices")

    with net.inside("router"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        sock.settimeout(20)
        sock.bind(("127.0.0.1", 9999))
        other.sendto(bytes(72), ("127.0.0.1", 9999))
        sock.recv(100)
    tap.equal(bench.devices(), {**forwarded, ("lo", 1, "tx", "ipv4", UDP): (1, 100),
                                ("lo", 1, "rx", "ipv4", UDP): (1, 100)},
              "what this host sends to itself is in the rows of lo")
    tables.agree("router", "of three devices")
    return west, east


def filters(bench, west, east):
    reading = net.stats("router", "dev", "east")
    got = {tuple(row[column] for column in tables.TABLES["devices"][1]): (row["packets"], row["bytes"])
           for row in reading["devices"]}
    tap.equal((got, [name for name in tables.TABLES if reading[name]]),
              (passed("east", east, "tx"), ["devices"]), "netlab stats dev east: its rows and no others")
    tap.equal(tables.tool("router", "dev", "west", "family", "ipv6", "proto", "58")["devices"],
              of(passed("west", west, "rx"), family="ipv6", protocol=58),
              "netlab stats dev west family ipv6 proto 58: one row")

    found = {name: rows for name, rows in bench.reader.tables(ifindex=west).items() if rows}
    tap.equal(found, {"devices": passed("west", west, "rx")}, "a dump of one index has its rows and no others")
    tap.equal(bench.devices(ifindex=west, hook=genl.HOOKS.index("postrouting")), {},
              "a dump of one index and the hook that it didn't pass has none")
    tap.equal(bench.devices(ifindex=9999), {}, "a dump of an index that no device has is empty")

    done = net.run(net.NETLAB, "stats", "dev", "nonesuch", ns="router", check=False)
    tap.equal((done.returncode, done.stdout, "nonesuch" in done.stderr), (1, "", True),
              "netlab stats dev refuses a device that there isn't")
    # The name is looked up where the tool works.
    done = net.run(net.NETLAB, "stats", "dev", "veth0", ns="router", check=False)
    tap.equal(done.returncode, 1, "netlab stats dev refuses a device of another namespace")


def epochs(bench, west, east):
    before = bench.devices()
    epoch = bench.reader.reset()
    tap.equal((bench.devices(), bench.devices(epoch=epoch - 1)), ({}, before),
              "a reset zeroes the devices; the epoch before it still has them")
    bench.send(*TRAFFIC)
    rows = {**passed("west", west, "rx"), **passed("east", east, "tx")}
    tap.equal((bench.devices(), bench.devices(epoch=epoch - 1)), (rows, before),
              "what comes then is in the new epoch alone")
    bench.reader.reset()
    bench.send(*TRAFFIC, *TRAFFIC)
    tap.equal((bench.devices(epoch=epoch), bench.devices()),
              (rows, {**passed("west", west, "rx", 2), **passed("east", east, "tx", 2)}),
              "and after another reset, too")
    try:
        bench.devices(epoch=epoch - 1)
        tap.ok(False, "the epoch before that is gone")
    except OSError as e:
        tap.ok(True, f"the epoch before that is gone: {e.strerror}")


def rename(bench, west):
    bench.reader.reset()
    bench.send(*TRAFFIC)
    net.ip("router", "link set west down", "link set west name uplink", "link set uplink up")
    tap.equal(ifindex("router", "uplink"), west, "a new name, the same index")

    # host-a, whose cable went down and up, tells its multicast groups anew.
    def quiet(rows):
        return {key: value for key, value in rows.items() if key[2] == "rx" and key[3:] != ("ipv6", 58)}

    tap.equal(quiet(bench.devices()), quiet(passed("uplink", west, "rx")),
              "the counters have the new name, and no row has the old one")
    net.wait_quiet("router", "host-a")
    bench.send(*TRAFFIC[:3])
    expected = passed("uplink", west, "rx")
    expected["uplink", west, "rx", "ipv4", OTHER] = (6, 6 * 28)
    tap.equal(quiet(bench.devices()), quiet(expected), "and count on")
    tables.agree("router", "after the new name")


def add_extra(bench):
    """A cable from host-a to the router's `extra', with an index of its own."""
    net.ip(None, f"link add name extra address {MAC_EXTRA} index {INDEX} netns router "
                 f"type veth peer name tap netns host-a")
    for ns, dev in (("host-a", "tap"), ("router", "extra")):
        net.sysctl(ns, **{f"ipv6__conf__{dev}__disable_ipv6": 1})
        net.ip(ns, f"link set {dev} up")
    tap.equal((ifindex("router", "extra"), of(bench.devices(), dev="extra"),
               of(bench.devices(), ifindex=INDEX)), (INDEX, {}, {}), "a new device has no row")


def send_extra(n, size=28, ns="router"):
    """n packets to `extra', a few of which nobody there wants."""
    reader = tables.Reader(ns)
    before = sum(value[0] for value in of(reader.tables()["devices"], dev="extra").values())
    with net.inside("host-a"), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind(("tap", 0))
        packet = tables.frame(tables.packet("203.0.113.1", "203.0.113.2", OTHER, bytes(size - 20)),
                              MAC_EXTRA, net.MAC_A)
        for _ in range(n):
            sock.send(packet)
    tap.wait_until(lambda: sum(value[0] for value in of(reader.tables()["devices"], dev="extra").values())
                   >= before + n, "they are counted")
    reader.close()


def come_and_go(bench):
    row = ("extra", INDEX, "rx", "ipv4", OTHER)
    add_extra(bench)
    send_extra(3)
    tap.equal(of(bench.devices(), ifindex=INDEX), {row: (3, 84)}, "and a row once something passed it")
    epoch = bench.reader.reset()
    send_extra(2)
    tap.equal((of(bench.devices(), ifindex=INDEX), of(bench.devices(epoch=epoch - 1), ifindex=INDEX)),
              ({row: (2, 56)}, {row: (3, 84)}), "in either epoch")

    net.ip("router", "link del extra")
    tap.equal((of(bench.devices(), ifindex=INDEX), of(bench.devices(epoch=epoch - 1), ifindex=INDEX)), ({}, {}),
              "a device that is gone leaves no row, in either epoch")
    tables.agree("router", "after a device has gone", gone=True)

    add_extra(bench)
    send_extra(1, 60)
    tap.equal((of(bench.devices(), ifindex=INDEX), of(bench.devices(epoch=epoch - 1), ifindex=INDEX)),
              ({row: (1, 60)}, {}), "one with the same index begins at zero")

    there = tables.Reader("host-b")
    there.reset()
    net.ip("router", "link set extra netns host-b")
    tap.equal((of(bench.devices(), ifindex=INDEX), ifindex("host-b", "extra")), ({}, INDEX),
              "one that moves to another namespace leaves no row")
    tap.equal(of(there.tables()["devices"], ifindex=INDEX), {}, "and brings none")
    net.sysctl("host-b", ipv6__conf__extra__disable_ipv6=1)
    net.ip("host-b", "link set extra up")
    send_extra(4, ns="host-b")
    tap.equal((of(there.tables()["devices"], ifindex=INDEX), of(bench.devices(), ifindex=INDEX)),
              ({row: (4, 112)}, {}), "there it counts from zero")

    net.ip("host-b", "link set extra netns router")
    net.sysctl("router", ipv6__conf__extra__disable_ipv6=1)
    net.ip("router", "link set extra up")
    send_extra(5)
    tap.equal((of(there.tables()["devices"], ifindex=INDEX), of(bench.devices(), ifindex=INDEX)),
              ({}, {row: (5, 140)}), "and back again, from zero")
    net.ip("router", "link del extra")


# ---- 1,000 devices

def send_from(sock, index, size):
    """A packet by this device: no address, no neighbour needed."""
    info = struct.pack("@iII", index, 0, 0)  # struct in_pktinfo
    sock.sendmsg([bytes(size - 28)], [(socket.IPPROTO_IP, 8, info)], 0, ("192.0.2.200", 9))


def many():
    net.add_namespace("many")
    net.sysctl("many", ipv6__conf__default__disable_ipv6=1)
    net.ip("many", "addr add 192.0.2.1/32 dev lo")
    began = time.monotonic()
    net.run("ip", "-n", "many", "-batch", "-", seconds=120, stdin="".join(
        f"link add d{n} index {5000 + n} up type dummy\n" for n in range(MANY)))
    made = time.monotonic()
    reader = tables.Reader("many")
    with net.inside("many"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for n in range(MANY):
        send_from(sock, 5000 + n, 100 + n)
    sent = time.monotonic()
    expected = {(f"d{n}", 5000 + n, "tx", "ipv4", UDP): (1, 100 + n) for n in range(MANY)}
    tap.equal(reader.tables()["devices"], expected, f"{MANY} devices, a packet of its own length by each")
    read = time.monotonic()
    tap.note(f"{MANY} devices: made in {made - began:.1f} s, a packet by each in {sent - made:.2f} s, "
             f"a dump in {1000 * (read - sent):.0f} ms")
    tables.agree("many", f"of {MANY} devices")

    tap.equal({n: reader.tables(ifindex=5000 + n)["devices"] for n in (0, 500, 999)},
              {n: {(f"d{n}", 5000 + n, "tx", "ipv4", UDP): (1, 100 + n)} for n in (0, 500, 999)},
              "and of each of them alone")

    # A dump is of one instant, however many readings of the socket it takes.
    reader.send(reader.family, genl.STATS_GET, genl.NLM_F_DUMP)
    parts = [reader.socket.recv(1 << 17)]
    for n in range(MANY):
        send_from(sock, 5000 + n, 100)
    net.ip("many", f"link del d{MANY - 1}")
    found = {}
    while True:
        at, done = 0, False
        while at + 16 <= len(parts[-1]):
            length, kind = struct.unpack_from("=IH", parts[-1], at)
            if kind == genl.NLMSG_DONE:
                done = True
            for attribute in genl._attributes(parts[-1][at + 20:at + length])[1] if not done else ():
                name, columns = tables.row(*attribute) or (None, None)
                if name == "devices":
                    found[columns["dev"], columns["ifindex"]] = columns["packets"]
            at += (length + 3) & ~3
        if done:
            break
        parts.append(reader.socket.recv(1 << 17))
    tap.ok(len(parts) > 2, f"a dump of {MANY} devices takes several readings: {len(parts)}")
    tap.equal(found, {(f"d{n}", 5000 + n): 1 for n in range(MANY)},
              "what is sent and removed during a dump isn't in it")
    tap.equal(reader.tables()["devices"],
              {(f"d{n}", 5000 + n, "tx", "ipv4", UDP): (2, 200 + n) for n in range(MANY - 1)},
              "but in the next one")

    net.ip("many", *(f"link del d{n}" for n in range(0, MANY - 1, 100)))
    tap.equal(len(reader.tables()["devices"]), MANY - 1 - 10, "ten of them gone, ten rows fewer")
    sock.close()


def main():
    net.router()
    # host-b sends no error for what it can't use.
    net.ip("host-b", "route del default via 198.51.100.254", "route del default via 2001:db8:2::fe")
    bench = Bench()
    west, east = traffic(bench)
    filters(bench, west, east)
    epochs(bench, west, east)
    rename(bench, west)
    come_and_go(bench)
    many()


tap.run(main)
