#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What doesn't belong is refused with the right errno, a sentence and the place; and nothing has changed."""
import errno
import json
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl
import tap
import topology as net
from kernel import VERSION

# module/uapi/linux/netlab.h
STATS_GET, STATS_RESET, ECHO_GET, ECHO_SET, OUTCOME_GET = 1, 2, 3, 4, 5
EPOCH, FAMILY, HOOK, PROTOCOL, ZERO_ROWS, PROTOCOLS, HOOKS = 3, 5, 6, 7, 8, 9, 10
ICMP, TCP, SIZES, ANOMALIES, DEVICES, ARP = 12, 13, 14, 15, 16, 17
LOCAL, RATE, BURST, SOURCE_RATE, MAX_SIZE = 1, 2, 3, 4, 5
# linux/netlink.h
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_CAPPED, NLM_F_ACK_TLVS = 1, 4, 0x300, 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
FIRST = 20  # offset of the first attribute: behind struct nlmsghdr and genlmsghdr


def attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def u8(kind, value):
    return attr(kind, struct.pack("=B", value))


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def attributes(data):
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3fff, data[at + 4:at + length]
        at += (length + 3) & ~3


class Asker:
    """A generic netlink socket that tells what an extended acknowledgement says."""

    def __init__(self, ns, buffer=None):
        self.family = genl.Reader(ns).family
        with net.inside(ns):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        for option in NETLINK_CAP_ACK, NETLINK_EXT_ACK:
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.bind((0, 0))
        self.sock.settimeout(20)

    def send(self, command, data=b"", flags=NLM_F_ACK, reserved=0, cut=None):
        message = struct.pack("=IHHIIBBH", 20 + len(data), self.family, NLM_F_REQUEST | flags, 1, 0, command, 1,
                              reserved) + data
        if cut is not None:
            message = struct.pack("=I", cut) + message[4:cut]
        self.sock.send(message)

    def messages(self, size=1 << 17):
        """Each (type, flags, body) until the answer's end."""
        while True:
            data, at = self.sock.recv(size), 0
            while at + 16 <= len(data):
                length, kind, flags = struct.unpack_from("=IHH", data, at)
                yield kind, flags, data[at + 16:at + length]
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    return
                at += (length + 3) & ~3

    def ask(self, command, data=b"", **how):
        """(errno or 0, the sentence or None, the offset or None)"""
        self.send(command, data, **how)
        for kind, flags, body in self.messages():
            if kind not in (NLMSG_ERROR, NLMSG_DONE):
                continue
            code, = struct.unpack_from("=i", body)
            tlvs = body[4:] if kind == NLMSG_DONE else body[4 + 16:]
            said = dict(attributes(tlvs)) if flags & NLM_F_ACK_TLVS else {}
            sentence = said[1].rstrip(b"\0").decode() if 1 in said else None
            offset = struct.unpack("=I", said[2])[0] if 2 in said else None
            return -code, sentence, offset
        raise RuntimeError("no end of the answer")

    def rows(self, command, data=b"", size=1 << 17):
        """Each message's body of a dump, without the generic header."""
        self.send(command, data, flags=NLM_F_DUMP)
        return [body[4:] for kind, _, body in self.messages(size) if kind not in (NLMSG_ERROR, NLMSG_DONE)]


REFUSED = (
    # name, command, attributes, how, errno, sentence, offset
    ("local 2", ECHO_SET, u8(LOCAL, 2), {}, errno.EINVAL, "local: expected off (0) or on (1)", FIRST),
    ("local 255", ECHO_SET, u8(LOCAL, 255), {}, errno.EINVAL, "local: expected off (0) or on (1)", FIRST),
    ("max-size 27", ECHO_SET, u32(MAX_SIZE, 27), {}, errno.ERANGE, "max-size: expected 28 to 65535 bytes", FIRST),
    ("max-size 65536", ECHO_SET, u32(MAX_SIZE, 65536), {}, errno.ERANGE, "max-size: expected 28 to 65535 bytes", FIRST),
    ("max-size 0", ECHO_SET, u32(MAX_SIZE, 0), {}, errno.ERANGE, "max-size: expected 28 to 65535 bytes", FIRST),
    ("a good rate and a bad max-size", ECHO_SET, u32(RATE, 5) + u32(MAX_SIZE, 1), {},
     errno.ERANGE, "max-size: expected 28 to 65535 bytes", FIRST + 8),
    ("good settings and a bad local", ECHO_SET, u32(RATE, 5) + u32(BURST, 5) + u8(LOCAL, 9), {},
     errno.EINVAL, "local: expected off (0) or on (1)", FIRST + 16),
    ("nothing to set", ECHO_SET, b"", {}, errno.EINVAL,
     "nothing to set: expected local, rate, burst, source-rate or max-size", None),
    ("an unknown attribute", ECHO_SET, u32(77, 1), {}, errno.EINVAL, "Unknown attribute type", FIRST),
    ("an unknown attribute behind a good one", ECHO_SET, u32(RATE, 5) + u32(7, 1), {},
     errno.EINVAL, "Unknown attribute type", FIRST + 8),
    ("a rate of two bytes", ECHO_SET, attr(RATE, b"\1\0"), {}, errno.EINVAL, "invalid attribute length", FIRST),
    ("a rate of eight bytes", ECHO_SET, attr(RATE, bytes(8)), {}, errno.EINVAL, "invalid attribute length", FIRST),
    ("a rate of no bytes", ECHO_SET, attr(RATE, b""), {}, errno.EINVAL, "invalid attribute length", FIRST),
    ("local of four bytes", ECHO_SET, u32(LOCAL, 1), {}, errno.EINVAL, "invalid attribute length", FIRST),
    ("a rate said to be nested", ECHO_SET, u32(RATE | 0x8000, 5), {}, errno.EINVAL, "NLA_F_NESTED not expected", FIRST),
    ("an attribute longer than the message", ECHO_SET, struct.pack("=HHI", 400, RATE, 5), {},
     errno.EINVAL, "bytes leftover after parsing attributes", None),
    ("an attribute shorter than its header", ECHO_SET, u32(RATE, 5) + struct.pack("=HH", 2, BURST), {},
     errno.EINVAL, "bytes leftover after parsing attributes", None),
    ("an attribute to echo-get, which takes none", ECHO_GET, u8(LOCAL, 1), {}, errno.EINVAL, "Unsupported attribute", FIRST),
    ("an attribute to stats-reset, which takes none", STATS_RESET, u32(EPOCH, 1), {},
     errno.EINVAL, "Unknown attribute type", FIRST),
    ("a filter without a dump", STATS_GET, u8(FAMILY, 0), {}, errno.EINVAL, "only a dump can be filtered", FIRST),
    ("an answer's attribute as a question", STATS_GET, u32(2, 1), {"flags": NLM_F_DUMP}, errno.EINVAL,
     "Unsupported attribute", FIRST),
    ("dump: family 3", STATS_GET, u8(FAMILY, 3), {"flags": NLM_F_DUMP}, errno.EINVAL,
     "family: expected ipv4 (0), ipv6 (1) or arp (2)", FIRST),
    ("dump: hook 5", STATS_GET, u8(FAMILY, 0) + u8(HOOK, 5), {"flags": NLM_F_DUMP}, errno.EINVAL,
     "hook: expected prerouting (0) to postrouting (4)", FIRST + 8),
    ("dump: an unknown epoch", STATS_GET, u32(EPOCH, 999), {"flags": NLM_F_DUMP}, errno.ENOENT,
     "epoch: only the current one and the one before it can be read", FIRST),
    ("dump: protocol of four bytes", STATS_GET, u32(PROTOCOL, 1), {"flags": NLM_F_DUMP}, errno.EINVAL,
     "invalid attribute length", FIRST),
    ("dump: a flag with a value", STATS_GET, u8(ZERO_ROWS, 1), {"flags": NLM_F_DUMP}, errno.ERANGE,
     "Attribute failed policy validation", FIRST),
    ("dump of outcomes: an unknown attribute", OUTCOME_GET, u8(9, 1), {"flags": NLM_F_DUMP}, errno.EINVAL,
     "Unknown attribute type", FIRST),
    ("an unknown command", 99, b"", {}, errno.EOPNOTSUPP, None, None),
    ("command 0", 0, b"", {}, errno.EOPNOTSUPP, None, None),
    ("a dump of echo-get", ECHO_GET, b"", {"flags": NLM_F_DUMP}, errno.EOPNOTSUPP, None, None),
    ("a dump of stats-reset", STATS_RESET, b"", {"flags": NLM_F_DUMP}, errno.EOPNOTSUPP, None, None),
    ("outcome-get without a dump", OUTCOME_GET, b"", {}, errno.EOPNOTSUPP, None, None),
    ("a message without its generic header", ECHO_GET, b"", {"cut": 18}, errno.EINVAL, None, None),
)


def state():
    """What must not change: each namespace's epoch and settings."""
    return {ns: net.read("/proc/net/netlab/echo", ns) for ns in ("left", "right")}


# The core looks at that since 6.1.
RESERVED = "something in the reserved field", ECHO_SET, u32(RATE, 5), {"reserved": 1}, errno.EINVAL, None, None


def refused():
    asker = Asker("right")
    before = state()
    for name, command, data, how, code, sentence, offset in (*REFUSED, *([RESERVED] if VERSION >= (6, 1) else [])):
        got = asker.ask(command, data, **how)
        # A dump's end tells no offset before Linux 6.9. The core's own sentences may have more words.
        place = got[2] == offset or how.get("flags") == NLM_F_DUMP and got[2] is None
        same = got[0] == code and place and (sentence is None or sentence in (got[1] or ""))
        tap.ok(same, f"refused: {name}", f"got      {errno.errorcode.get(got[0], got[0])}, {got[1]!r}, offset {got[2]}",
               f"expected {errno.errorcode[code]}, {sentence!r}, offset {offset}")
    tap.equal(state(), before, "nothing has changed")
    tap.equal(asker.ask(ECHO_SET, u32(RATE, 5) + u32(MAX_SIZE, 28)), (0, None, None), "what belongs is taken")
    tap.ok(state() != before, "and has changed")
    tap.equal(asker.ask(ECHO_SET, u32(RATE, 0) + u32(MAX_SIZE, 65535)), (0, None, None), "and is taken back")


def dumps():
    net.run("ping", "-q", "-n", "-c", 5, "-i", "0.01", "192.0.2.2", ns="left")
    whole = Asker("right").rows(STATS_GET, attr(ZERO_ROWS, b""))
    kinds = [[kind for kind, _ in attributes(row)] for row in whole]
    # Two families, rx and tx: types, flags, buckets; nine reasons at each hook; ten ARP operations each way.
    expected = {HOOKS: 10, PROTOCOLS: 10 * 256, ICMP: 4 * 256, TCP: 4, SIZES: 4 * 7, ANOMALIES: 10 * 9, ARP: 2 * 10}
    tap.equal({kind: kinds.count([kind]) for kind in expected}, expected,
              "a dump with zero rows: 10 hooks, all 256 protocols of each, and every other table whole")
    tap.equal(len(kinds) - kinds.count([DEVICES]), 1 + sum(expected.values()), "the epoch once, and nothing else")
    tap.ok(kinds.count([DEVICES]) > 0, "devices only have rows that aren't zero")
    tap.equal(len(set(whole)), len(whole), "none of them twice")
    for buffer, size in (1, 1 << 17), (1, 4096), (None, 8192):
        tap.equal(Asker("right", buffer).rows(STATS_GET, attr(ZERO_ROWS, b""), size), whole,
                  f"the same rows, resumed, with a receive buffer of {buffer or 'the usual'} and {size} bytes at a time")

    # Half-way through it the counters start anew, and go on.
    asker, rest = Asker("right", 1), []
    asker.send(STATS_GET, attr(ZERO_ROWS, b""), NLM_F_DUMP)
    for kind, _, body in asker.messages(4096):
        if kind == NLMSG_DONE:
            break
        rest.append(body[4:])
        if len(rest) == 500:
            net.reset("right")
            net.run("ping", "-q", "-n", "-c", 2, "-i", "0.01", "192.0.2.2", ns="left")
    tap.equal(rest, whole, "a dump is of one instant, though a reset came half-way")
    tap.equal(Asker("right").ask(STATS_GET, u32(EPOCH, 2), flags=NLM_F_DUMP)[0], 0, "the epoch of the reset can be read")
    tap.equal(net.counted("right")["ipv4", "input", 1][0], 2, "it counted what came after")


def given_up():
    """A dump whose socket is closed half-way holds nothing back."""
    for _ in range(100):
        asker = Asker("right", 1)
        asker.send(STATS_GET, attr(ZERO_ROWS, b""), NLM_F_DUMP)
        asker.sock.recv(4096)
        asker.sock.close()
    tap.equal(net.read("/sys/module/netlab/refcnt").strip(), "0", "100 dumps given up half-way: the module isn't held")
    # Still under way at rmmod: it is awaited or ended, nothing more.
    asker = Asker("right", 1)
    asker.send(STATS_GET, attr(ZERO_ROWS, b""), NLM_F_DUMP)
    done = net.run("rmmod", "netlab", check=False)
    asker.sock.close()
    if done.returncode:
        net.run("rmmod", "netlab")
    tap.ok(not os.path.exists("/sys/module/netlab"), "rmmod once a dump under way is given up")


def tool(*words, ns="right"):
    done = net.run(net.NETLAB, *words, ns=ns, check=False)
    return done.returncode, done.stdout, done.stderr


def words():
    """The tool, with the module not loaded."""
    for command in ("stats",), ("stats", "reset"), ("echo",), ("echo", "set", "local", "on"):
        status, out, err = tool(*command)
        tap.ok(status == 3 and not out and "modprobe netlab" in err or status == 3 and "insmod" in err,
               f"netlab {' '.join(command)}: exit 3 and how to load the module", status, out, err)
        status, out, err = tool("-j", *command)
        said = json.loads(err or out or "null")
        tap.ok(status == 3 and isinstance(said, dict) and "error" in said, f"netlab -j {' '.join(command)}: exit 3 and JSON",
               status, out, err)
    net.run("insmod", net.NETLAB_KO)
    for command, meant in ((("stats", "hook", "bogus"), "prerouting"), (("echo", "set", "rate", "-1"), "rate"),
                           (("echo", "set", "max-size", "27"), "28"), (("echo", "set"), "local"), (("bogus",), "stats"),
                           (("-n", "nosuch", "stats"), "nosuch")):
        before = state()
        status, out, err = tool(*command)
        tap.ok(status == 1 and not out and meant in err, f"netlab {' '.join(command)}: exit 1 and what is meant",
               status, out, err)
        tap.equal(state(), before, f"netlab {' '.join(command)}: nothing has changed")
    tap.equal(tool("-n", "right", "stats", ns="left")[:2], tool("stats")[:2], "-n NAME reads the namespace NAME")


def main():
    net.pair()
    refused()
    dumps()
    given_up()
    words()


tap.run(main)
