# SPDX-License-Identifier: GPL-2.0-only
"""The family netlab by generic netlink, with nothing but a socket.

Independent of the tool and of YNL, and quick: a reading is one dump. What it
returns has the tool's words:

    reader = genl.Reader("left")
    reading = reader.read()          # or read(epoch=3)
    reading.protocols  {(family, hook, protocol): (packets, bytes)}, zero rows left out
    reading.hooks      {(family, hook): {"skbs": ..., "packets": ..., ...}}
"""
import collections
import os
import socket
import struct
import time

import topology

# linux/netlink.h, linux/genetlink.h
NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR = 1, 4, 0x300, 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3

# module/uapi/linux/netlab.h
STATS_GET, STATS_RESET = 1, 2
STATS_NETNS, STATS_EPOCH, STATS_SINCE, STATS_PROTOCOLS, STATS_HOOKS = 2, 3, 4, 9, 10
FAMILIES = ("ipv4", "ipv6", "arp")
HOOKS = ("prerouting", "input", "forward", "output", "postrouting")

Reading = collections.namedtuple("Reading", "netns epoch since protocols hooks")


def _attributes(data):
    """{type: payload} and a list of (type, payload), of a string of attributes."""
    found, rows, at = {}, [], 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            raise ValueError("an attribute that is shorter than its header")
        kind &= 0x3fff
        found[kind] = data[at + 4:at + length]
        rows.append((kind, found[kind]))
        at += (length + 3) & ~3
    return found, rows


def _number(data):
    return int.from_bytes(data, "little" if struct.pack("=H", 1)[0] else "big")


def _attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


class Reader:
    """A socket of a namespace (the caller's own if none is named)."""

    def __init__(self, ns=None):
        with topology.place(ns):
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                                        NETLINK_GENERIC)
        self.socket.settimeout(20)
        self.socket.bind((0, 0))
        self.sequence = 0
        self.family = self._family()

    def close(self):
        self.socket.close()

    def _family(self):
        for _, attributes in self._ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK,
                                       _attribute(CTRL_ATTR_FAMILY_NAME, b"netlab\0")):
            return _number(_attributes(attributes)[0][CTRL_ATTR_FAMILY_ID])

    def send(self, family, command, flags, attributes=b""):
        """Send a request, without reading the answer."""
        self.sequence += 1
        self.socket.send(struct.pack("=IHHIIBBH", 20 + len(attributes), family,
                                     NLM_F_REQUEST | flags, self.sequence, 0, command, 1, 0)
                         + attributes)

    def _ask(self, family, command, flags, attributes=b""):
        """Each message of the answer as (flags, attributes); OSError if refused."""
        self.send(family, command, flags, attributes)
        answer = []
        while True:
            data, at = self.socket.recv(1 << 17), 0
            while at + 16 <= len(data):
                length, kind, message_flags, sequence = struct.unpack_from("=IHHI", data, at)
                body = data[at + 16:at + length]
                at += (length + 3) & ~3
                if sequence != self.sequence:
                    raise ValueError("an answer to another question")
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
                    if code < 0:
                        raise OSError(-code, os.strerror(-code))
                    return answer
                answer.append((message_flags, body[4:]))

    def read(self, epoch=None):
        """The current epoch, or the one with a number, as a Reading."""
        attributes = b"" if epoch is None else _attribute(STATS_EPOCH, struct.pack("=I", epoch))
        head, protocols, hooks = {}, {}, {}
        for flags, data in self._ask(self.family, STATS_GET, NLM_F_DUMP, attributes):
            if flags & NLM_F_DUMP_INTR:
                raise ValueError("an interrupted dump")
            found, rows = _attributes(data)
            if STATS_EPOCH in found:
                head = found
            for kind, row in rows:
                if kind == STATS_PROTOCOLS:
                    v = {k: _number(d) for k, d in _attributes(row)[0].items()}
                    key = (FAMILIES[v[2]], HOOKS[v[3]], v[4])
                    if key in protocols:
                        raise ValueError(f"the row {key} twice")
                    protocols[key] = (v[5], v[6])
                elif kind == STATS_HOOKS:
                    v = {k: _number(d) for k, d in _attributes(row)[0].items()}
                    hooks[FAMILIES[v[2]], HOOKS[v[3]]] = {
                        "skbs": v[4], "packets": v[5], "bytes": v[6],
                        "fragments": v[7], "options": v[8]}
        return Reading(_number(head[STATS_NETNS]), _number(head[STATS_EPOCH]),
                       _number(head[STATS_SINCE]), protocols, hooks)

    def reset(self):
        """Begin a new epoch; its number."""
        answer = self._ask(self.family, STATS_RESET, NLM_F_ACK)
        return _number(_attributes(answer[0][1])[0][STATS_EPOCH])


def add(total, rows):
    """Add rows {key: (packets, bytes)} to a total of the same kind."""
    for key, (packets, size) in rows.items():
        before = total.get(key, (0, 0))
        total[key] = (before[0] + packets, before[1] + size)


class Watch:
    """What several namespaces have counted since reset(), as one dictionary:
    {(namespace, family, hook, protocol): (packets, bytes)}
    """

    def __init__(self, *names):
        self.readers = {name: Reader(name) for name in names}

    def reset(self):
        for reader in self.readers.values():
            reader.reset()

    def counted(self):
        return {(name, *key): value for name, reader in self.readers.items()
                for key, value in reader.read().protocols.items()}

    def settle(self, expected, seconds=20):
        """Wait until just this is counted; what was counted at last."""
        deadline = time.monotonic() + seconds
        while True:
            counted = self.counted()
            if counted == expected or time.monotonic() > deadline:
                return counted
            time.sleep(0.02)


def rows(ns, family, protocol, packets, size, hooks):
    """Rows of a Watch: so many packets of one size at each of the hooks named."""
    return {(ns, family, hook, protocol): (packets, packets * size) for hook in hooks.split()}
