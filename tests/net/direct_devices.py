#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""direct on VLAN devices, on a tap with several queues, and on virtio devices if the machine has two.

Each is asked the same as a veth. A tap gives what a driver can: data in pages,
a checksum that the device has verified, one that nobody has filled in yet.
"""
import fcntl
import os
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import tap
import topology as net
from wire import Port, Probe, normal

TUNSETIFF, TUNSETSNDBUF = 0x400454ca, 0x400454d4
IFF_TAP, IFF_NO_PI, IFF_MULTI_QUEUE, IFF_VNET_HDR = 2, 0x1000, 0x100, 0x4000
NEEDS_CSUM, DATA_VALID = 1, 2
VLAN4, VLAN6 = "203.0.113.", "2001:db8:5::"


def same_as_stack(what, port, dev, probes_of, vlan=None):
    """One result for each family: direct's answers, on a device, are the stack's."""
    for family in direct.FAMILIES:
        probes = probes_of(family)
        net.run(net.NETLAB, "echo", "set", "local", "off", ns="right")
        stack = direct.Round("right", port, probes).answers
        net.run(net.NETLAB, "echo", "set", "local", "on", ns="right")
        direct.set_direct("right", dev, "on")
        ours = direct.Round("right", port, probes).answers
        direct.set_direct("right", dev, "off")
        wrong = []
        for probe, (theirs, _), (got, count) in zip(probes, stack, ours):
            theirs, got = (normal(direct.echo_replies(frames)) for frames in (theirs, got))
            if got != theirs or len(got) != probe.replies:
                wrong.append(f"{probe.name}: {[frame[:90].hex() for frame in got][:2]}, "
                             f"the stack {[frame[:90].hex() for frame in theirs][:2]}")
            if count != {(family, "direct", "replied"): probe.count}:
                wrong.append(f"{probe.name}: {count}")
            if vlan and any(frame[12:16] != struct.pack("!HH", 0x8100, vlan) for frame in got):
                wrong.append(f"{probe.name}: not all replies have the tag")
        tap.ok(not wrong and len(probes) > 10, f"{what}: {family}: direct answers as the stack, {len(probes)} probes", *wrong)


# ---- VLAN

def vlan():
    net.pair()
    for ns, host, mac in ("left", 1, net.MAC_RIGHT), ("right", 2, net.MAC_LEFT):
        net.ip(ns, "link add link veth0 name veth0.5 type vlan id 5", "link set veth0.5 up")
        net.addresses(ns, "veth0.5", f"{VLAN4}{host}/24", f"{VLAN6}{host}/64")
        net.neighbours(ns, "veth0.5", mac, f"{VLAN4}{3 - host}", f"{VLAN6}{3 - host}")
    net.wait_quiet("left", "right")
    source, target = ({"ipv4": VLAN4 + host, "ipv6": VLAN6 + host} for host in "12")
    port = Port("left", "veth0", direct.RIGHT["ipv4"])

    def tagged(family, vid=5):
        return direct.request(family, src=source[family], dst=target[family], frame={"vlan": vid})

    same_as_stack("a VLAN device", port, "veth0.5", lambda family: list(
        direct.eligible(family, source[family], target[family], {"vlan": 5})), 5)

    def answers(frames):
        """Without reports of groups, which a new device may send late."""
        got, count = direct.asked("right", port, frames)
        return direct.echo_replies(got), count

    for family in direct.FAMILIES:
        direct.set_direct("right", "veth0", "on")
        got, count = answers([tagged(family)])
        tap.equal((len(got), count), (1, {(family, "local", "replied"): 1}),
                  f"{family}: direct on the device below doesn't answer tagged frames")
        got, count = answers([direct.request(family)])
        tap.equal((len(got), count), (1, {(family, "direct", "replied"): 1}), f"{family}: but untagged ones")
        direct.set_direct("right", "veth0.5", "on")
        direct.set_direct("right", "veth0", "off")
        got, count = answers([tagged(family)])
        tap.equal((len(got), count, [frame[12:16] for frame in got]), (1, {(family, "direct", "replied"): 1}, [b"\x81\0\0\5"]),
                  f"{family}: direct on the VLAN device answers them, tagged")
        got, count = answers([direct.request(family)])
        tap.equal((len(got), count), (1, {(family, "local", "replied"): 1}), f"{family}: and no untagged ones")
        got, count = answers([tagged(family, 6)])
        tap.equal((len(got), count), (0, {}), f"{family}: a VLAN that nobody has isn't answered")
        # Tagged as priority only, with VLAN 0: it belongs to the device below.
        direct.set_direct("right", "veth0", "on")
        got, count = answers([direct.request(family, frame={"vlan": 0})])
        tap.ok(len(got) == 1 and sum(count.values()) == 1, f"{family}: a priority tag: answered once, by whichever way",
               count, got)
        for dev in "veth0", "veth0.5":
            direct.set_direct("right", dev, "off")
    net.del_namespace("left", "right")


# ---- tap

class Tap:
    """Several queues of a tap device in right, as a Port."""

    def __init__(self, dev, queues):
        self.files, self.asked, self.header = [], 0, None
        with net.inside("right"):
            for _ in range(queues):
                fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
                tap.at_end(lambda fd=fd: os.close(fd))
                fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", dev.encode(),
                                                       IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR))
                # With any limit the driver may put data in pages.
                fcntl.ioctl(fd, TUNSETSNDBUF, struct.pack("i", 1 << 20))
                self.files.append(fd)
        self.plain()

    def plain(self):
        self.header = lambda frame: bytes(10)

    def _drain(self, seconds=0.0):
        got = []
        while True:
            ready, _, _ = select.select(self.files, [], [], seconds)
            if not ready:
                return got
            for fd in ready:
                got.append(os.read(fd, 70000)[10:])

    def waiting(self):
        return self._drain()

    def exchange(self, frames):
        for number, frame in enumerate(frames):
            os.write(self.files[number % len(self.files)], self.header(frame) + frame)
        self.asked += 1
        me = struct.pack("!HI", 0x0200, 0xf0000000 + self.asked)
        question = (b"\xff" * 6 + me + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + me + bytes(10) +
                    socket.inet_aton(direct.RIGHT["ipv4"]))
        got = []
        # The kernel takes a frame in while it is written, so its answer stands there afterwards.
        for fd in self.files:
            os.write(fd, bytes(10) + question)
        answers, end = 0, 0
        while answers < len(self.files) and end < 200:
            for frame in self._drain(0.1):
                if frame[:6] == me:
                    answers += 1
                else:
                    got.append(frame)
            end += 1
        if answers < len(self.files):
            raise TimeoutError("a tap doesn't answer ARP")
        return got


def taps():
    net.run("modprobe", "tun")
    net.add_namespace("right")
    port = Tap("tap0", 2)
    net.ip("right", f"link set tap0 address {net.MAC_RIGHT}", "link set tap0 mtu 9000", "link set tap0 up")
    net.addresses("right", "tap0", "192.0.2.2/24", "2001:db8:1::2/64")
    net.neighbours("right", "tap0", net.MAC_LEFT, "192.0.2.1", "2001:db8:1::1")
    net.wait_quiet("right")

    def probes(family):
        return list(direct.eligible(family))

    def in_pages(family):
        return [Probe(f"{size} bytes", direct.request(family, direct.PATTERN[:size])) for size in range(4990, 5010)]

    same_as_stack("a tap with two queues", port, "tap0", probes)
    for linear in 64, 14:
        port.header = lambda frame, linear=linear: struct.pack("=BBHHHH", 0, 0, linear, 0, 0, 0)
        same_as_stack(f"a tap, all but {linear} bytes in pages", port, "tap0", in_pages)
    port.header = lambda frame: struct.pack("=BBHHHH", DATA_VALID, 0, 0, 0, 0, 0)
    same_as_stack("a tap, checksums verified by the device", port, "tap0", probes)

    # A sum that is still to be filled in, as one guest's kernel leaves it for another's: the ordinary way.
    direct.set_direct("right", "tap0", "on")
    for family, start in ("ipv4", 34), ("ipv6", 54):
        port.header = lambda frame, start=start: struct.pack("=BBHHHH", NEEDS_CSUM, 0, 0, 0, start, 2)
        frame = bytearray(direct.request(family))
        frame[start + 2:start + 4] = b"\0\0"
        got, count = direct.asked("right", port, [bytes(frame)])
        tap.ok(not any(path == "direct" for _, path, _ in count) and sum(count.values()) == 1,
               f"a tap: {family}: a request whose checksum isn't there yet takes the ordinary way", count, len(got))
    direct.set_direct("right", "tap0", "off")
    net.del_namespace("right")


# ---- virtio

def virtio_devices():
    found = []
    for name in sorted(os.listdir("/sys/class/net")):
        driver = f"/sys/class/net/{name}/device/driver"
        if os.path.exists(driver) and os.path.basename(os.path.realpath(driver)) == "virtio_net":
            found.append(name)
    return found


def virtio():
    net.run("modprobe", "virtio_net", check=False)
    if len(virtio_devices()) < 2:
        tap.skip("virtio devices", "the machine has no two that are joined")
        return
    net.add_namespace("left", "right")
    for ns, dev, host, mac in ("left", virtio_devices()[0], 1, net.MAC_LEFT), ("right", virtio_devices()[1], 2, net.MAC_RIGHT):
        net.ip(None, f"link set {dev} netns {ns}")
        net.ip(ns, f"link set {dev} down", f"link set {dev} name virtio0", f"link set virtio0 address {mac}",
               "link set virtio0 up")
        net.addresses(ns, "virtio0", f"192.0.2.{host}/24", f"2001:db8:1::{host}/64")
    net.neighbours("left", "virtio0", net.MAC_RIGHT, "192.0.2.2", "2001:db8:1::2")
    net.neighbours("right", "virtio0", net.MAC_LEFT, "192.0.2.1", "2001:db8:1::1")
    # Its filter would keep out what is for none of its addresses, as an answer to exchange()'s question is.
    net.ip("left", "link set virtio0 promisc on")
    net.wait_quiet("left", "right")
    port = Port("left", "virtio0", direct.RIGHT["ipv4"])
    same_as_stack("virtio", port, "virtio0", lambda family: list(direct.eligible(family)))
    direct.set_direct("right", "virtio0", "on")
    for family in direct.FAMILIES:
        probes = [probe for probe in direct.ineligible(family) if "checksum" in probe.name or "options" in probe.name]
        answers = direct.Round("right", port, probes).answers
        tap.ok(all(path == "local" for _, count in answers for _, path, _ in count) and len(probes) >= 2,
               f"virtio: {family}: options and wrong checksums take the ordinary way", answers)
    direct.set_direct("right", "virtio0", "off")


def main():
    vlan()
    taps()
    virtio()


tap.run(main)
