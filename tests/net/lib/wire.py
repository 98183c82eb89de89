# SPDX-License-Identifier: GPL-2.0-only
"""Frames in and out at the end of a cable, and netlab held against the stack.

A Port sends frames and collects what comes back until the answer to a last
question comes: an ARP probe, which the kernel answers whatever is set for
ICMP. Both directions of a veth stand in one queue of the sending CPU, so what
hasn't come before that answer never will: nobody waits for silence.

same() sends the same probes with `local on' and with `local off', and wants
the same frames back, byte for byte.
"""
import os
import socket
import struct

import tap
import topology

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
TP_STATUS_VLAN_VALID = 0x10


def checksum(data):
    """RFC 1071's."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Port:
    """A packet socket on a device of a namespace."""

    def __init__(self, ns, dev, target=None):
        """target: an address behind the cable that answers ARP."""
        with topology.inside(ns):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.sock.settimeout(20)
        self.sock.bind((dev, ETH_P_ALL))
        self.target = target
        self.asked = 0
        # What a CPU queues another may overtake.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    def _receive(self):
        frame, control, _, _ = self.sock.recvmsg(70000, 256)
        for level, kind, data in control:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
                if status & TP_STATUS_VLAN_VALID:
                    frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
        return frame

    def send(self, frame):
        self.sock.send(frame)

    ask = send

    def exchange(self, frames):
        """Send frames; all that comes back, in order."""
        for frame in frames:
            self.send(frame)
        self.asked += 1
        me = struct.pack("!HI", 0x0200, 0xf0000000 + self.asked)
        self.ask(b"\xff" * 6 + me + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) +
                       me + bytes(4) + bytes(6) + socket.inet_aton(self.target))
        got = []
        while True:
            frame = self._receive()
            if frame[:6] == me:
                return got
            got.append(frame)

    def waiting(self):
        """What has come without being asked for."""
        self.sock.setblocking(False)
        got = []
        try:
            while True:
                got.append(self._receive())
        except BlockingIOError:
            return got
        finally:
            self.sock.settimeout(20)


class Probe:
    """Requests, and what is expected of them.

    outcome: netlab's word for each of them, None if it isn't to count them;
    replies: how many frames are to come back, whoever sends them;
    check: of the replies; made sure with the stack, to see that the test's
    setting does what is meant;
    blank: slices of an IPv4 reply that differ each time even from the stack.
    """

    def __init__(self, name, frames, outcome="replied", replies=None, count=None, check=None, blank=()):
        self.name = name
        self.frames = [bytes(frame) for frame in ([frames] if not isinstance(frames, list) else frames)]
        self.outcome = outcome
        self.count = len(self.frames) if count is None else count
        self.replies = self.count if replies is None else replies
        self.check = check
        self.blank = blank


def network(frame):
    """Offset of the layer-3 header, and its EtherType."""
    offset = 12
    while frame[offset:offset + 2] == b"\x81\x00":
        offset += 4
    return offset + 2, struct.unpack_from("!H", frame, offset)[0]


def normal(frames, blank=()):
    """Frames without what may differ: the IPv4 ID, and the ID of IPv6 fragments.

    IDs become the order in which they were first seen, so that fragments that
    do not belong together still show. The IPv4 checksum must be right, and is
    taken out with the ID that it covers.
    """
    seen, result = {}, []

    def number(key):
        return struct.pack("!I", seen.setdefault(key, len(seen)))

    for frame in frames:
        start, kind = network(frame)
        out = bytearray(frame)
        if kind == 0x0800:
            header = frame[start:start + (frame[start] & 15) * 4]
            if checksum(header):
                raise ValueError(f"IPv4 header checksum of {frame.hex()}")
            fragment = struct.unpack_from("!H", header, 6)[0] & 0x3fff
            out[start + 4:start + 6] = number((header[4:6], header[12:20]))[2:] if fragment else b"\0\0"
            out[start + 10:start + 12] = b"\0\0"
        elif kind == 0x86dd and frame[start + 6] == 44:
            out[start + 44:start + 48] = number((frame[start + 44:start + 48], frame[start + 8:start + 40]))
        for part in blank:
            out[part] = bytes(len(out[part]))
        result.append(bytes(out))
    return result


def outcomes(ns):
    """As topology.outcomes(), from /proc: much cheaper than a program each time."""
    text = topology.read("/proc/net/netlab/echo", ns)
    return {tuple(word[1:4]): int(word[4]) for word in map(str.split, text.splitlines())
            if word[0] == "outcomes"}


def grown(before, after):
    return {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}


class Comparison:
    """netlab and the stack of one namespace, asked through a Port."""

    def __init__(self, ns, port, also=()):
        """also: further ports where something may come out."""
        self.ns, self.port, self.also = ns, port, also

    def _ask(self, probes, local):
        topology.run(topology.NETLAB, "echo", "set", "local", local, ns=self.ns)
        for port in self.port, *self.also:
            port.waiting()  # of what the test set up
        answers, before = [], outcomes(self.ns)
        for probe in probes:
            frames = self.port.exchange(probe.frames)
            for port in self.also:
                frames += port.waiting()
            after = outcomes(self.ns)
            answers.append((frames, grown(before, after)))
            before = after
        return answers

    def same(self, family, probes, what=""):
        """One result for each probe."""
        by_netlab, by_stack = self._ask(probes, "on"), self._ask(probes, "off")
        for probe, (ours, count), (theirs, stood) in zip(probes, by_netlab, by_stack):
            self._judge(f"{family}: {probe.name}{', ' + what if what else ''}", family, probe,
                        ours, count, theirs, stood)
        tap.equal(topology.outcomes(self.ns), outcomes(self.ns),
                  f"{family}{': ' + what if what else ''}: the tool and /proc have the same outcomes")

    @staticmethod
    def _judge(name, family, probe, ours, count, theirs, stood):
        wrong = []

        def want(got, expected, meaning):
            if got != expected:
                wrong.append(f"{meaning}: got {got}, expected {expected}")

        expected = {} if probe.outcome is None else {(family, "local", probe.outcome): probe.count}
        want(count, expected, "outcomes with local on")
        want(stood, {} if probe.outcome is None else {(family, "local", "disabled"): probe.count},
             "outcomes with local off")
        want(len(theirs), probe.replies, "frames from the stack")
        want(len(ours), probe.replies, "frames with local on")
        try:
            ours, theirs = normal(ours, probe.blank), normal(theirs, probe.blank)
        except ValueError as e:
            wrong.append(str(e))
        different = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]]
        if different:
            wrong.append(f"{len(different)} of {len(ours)} frames differ; the first,")
            wrong.append(f"with local on:  {different[0][0][:120].hex()} ({len(different[0][0])} bytes)")
            wrong.append(f"with local off: {different[0][1][:120].hex()} ({len(different[0][1])} bytes)")
        if probe.check and theirs and not probe.check(theirs):
            wrong.append(f"the stack's answer isn't what the test's setting is to make it: {theirs[0][:120].hex()}")
        tap.ok(not wrong, name, *wrong)
