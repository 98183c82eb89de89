# SPDX-License-Identifier: GPL-2.0-only
"""Prefixes by generic netlink alone: questions, refusals word for word, and dumps.

    asker = Asker("right")
    asker.ask(ADD, prefix("198.51.100.0/24") + u32(RATE, 5))
    (errno or 0, the sentence or None, the offset of the attribute or None)
"""
import errno
import ipaddress
import socket
import struct

import genl
import topology

# module/uapi/linux/netlab.h
ECHO_GET, ECHO_SET, OUTCOME_GET, DIRECT_SET, ADD, DEL, FLUSH, GET, STAGE, COMMIT = 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
ADDRESS, LENGTH, RATE, BURST, MAX_SIZE, PROXY, FORCE, REPLACE, STAGED = 2, 3, 4, 5, 6, 7, 8, 9, 10
REQUESTS, REPLIED, REFUSED = 11, 12, 13
# linux/netlink.h
SOL_NETLINK, CAP_ACK, EXT_ACK = 270, 10, 11
ACK, DUMP, DUMP_INTR, ACK_TLVS = 4, 0x300, 0x10, 0x200
ERROR, DONE = 2, 3
FIRST = 20  # offset of the first attribute: behind struct nlmsghdr and genlmsghdr


def attr(kind, data=b""):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def u8(kind, value):
    return attr(kind, struct.pack("=B", value))


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def prefix(text):
    """The attributes of a prefix, host bits or not: "198.51.100.7/24" """
    address, _, length = text.partition("/")
    data = ipaddress.ip_address(address).packed
    return attr(ADDRESS, data) + u8(LENGTH, int(length or 8 * len(data)))


def attributes(data):
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3fff, data[at + 4:at + length]
        at += (length + 3) & ~3


def name(message):
    """The prefix that a message of a dump is about, as text."""
    found = dict(attributes(message))
    return f"{ipaddress.ip_address(found[ADDRESS])}/{found[LENGTH][0]}"


class Asker:
    """A generic netlink socket of a namespace (the caller's own if none is named)."""

    def __init__(self, ns=None, buffer=None):
        self.family = genl.Reader(ns).family
        with topology.place(ns):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        for option in CAP_ACK, EXT_ACK:
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.bind((0, 0))
        self.sock.settimeout(20)

    def send(self, command, data=b"", flags=ACK):
        self.sock.send(struct.pack("=IHHIIBBH", 20 + len(data), self.family, 1 | flags, 1, 0, command, 1, 0) + data)

    def messages(self, size=1 << 17):
        """Each (type, flags, body) until the answer's end."""
        while True:
            data, at = self.sock.recv(size), 0
            while at + 16 <= len(data):
                length, kind, flags = struct.unpack_from("=IHH", data, at)
                yield kind, flags, data[at + 16:at + length]
                if kind in (ERROR, DONE):
                    return
                at += (length + 3) & ~3

    def ask(self, command, data=b"", flags=ACK):
        """(errno or 0, the sentence or None, the offset or None)"""
        self.send(command, data, flags)
        for kind, said, body in self.messages():
            if kind not in (ERROR, DONE):
                continue
            code, = struct.unpack_from("=i", body)
            tlvs = dict(attributes(body[4:] if kind == DONE else body[20:])) if said & ACK_TLVS else {}
            return (-code, tlvs[1].rstrip(b"\0").decode() if 1 in tlvs else None,
                    struct.unpack("=I", tlvs[2])[0] if 2 in tlvs else None)
        raise RuntimeError("no end of the answer")

    def do(self, command, data=b""):
        """As ask(), which must not be refused."""
        code, sentence, _ = self.ask(command, data)
        if code:
            raise OSError(code, f"{errno.errorcode.get(code, code)}: {sentence}")

    def dump(self, size=1 << 17):
        """(the prefixes in order, whether any message said that it was interrupted)"""
        self.send(GET, b"", DUMP)
        names, interrupted = [], False
        for kind, flags, body in self.messages(size):
            interrupted |= bool(flags & DUMP_INTR)
            if kind not in (ERROR, DONE):
                names.append(name(body[4:]))
        return names, interrupted

    def close(self):
        self.sock.close()
