# SPDX-License-Identifier: GPL-2.0-only
"""A user of NFQUEUE: takes the packets of a queue and lets them go on.

    queue = Queue("router", 5)      beside a rule `queue num 5'
    queue.accept(2)                 two packets go on
"""
import socket
import struct

import topology

NETLINK_NETFILTER = 12
# linux/netfilter/nfnetlink_queue.h: NFNL_SUBSYS_QUEUE << 8 and NFQNL_MSG_*
PACKET, VERDICT, CONFIG = 0x300, 0x301, 0x302
CFG_CMD, CFG_PARAMS, PACKET_HDR, VERDICT_HDR = 1, 2, 1, 2
BIND, COPY_META, NF_ACCEPT = 1, 1, 1


def _attr(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


class Queue:
    def __init__(self, ns, number):
        self.number = number
        with topology.inside(ns):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.settimeout(20)
        self.sock.bind((0, 0))
        self._ask(CONFIG, _attr(CFG_CMD, struct.pack("!BBH", BIND, 0, 0)))
        self._ask(CONFIG, _attr(CFG_PARAMS, struct.pack("!IB", 0, COPY_META)))

    def _send(self, kind, data, flags):
        self.sock.send(struct.pack("=IHHII", 20 + len(data), kind, flags, 0, 0) + struct.pack("!BBH", 0, 0, self.number) + data)

    def _ask(self, kind, data):
        self._send(kind, data, 5)  # NLM_F_REQUEST | NLM_F_ACK
        code, = struct.unpack_from("=i", self.sock.recv(4096), 16)
        if code:
            raise OSError(-code, "the queue's configuration")

    def accept(self, count):
        """Let so many packets go on; what follows for them happens in this process's context."""
        for _ in range(count):
            data = self.sock.recv(1 << 17)
            kind, = struct.unpack_from("=H", data, 4)
            if kind != PACKET:
                raise ValueError(f"a message of type {kind:#x}")
            at = 20
            while struct.unpack_from("=H", data, at + 2)[0] != PACKET_HDR:
                at += (struct.unpack_from("=H", data, at)[0] + 3) & ~3
            self._send(VERDICT, _attr(VERDICT_HDR, struct.pack("!I", NF_ACCEPT) + data[at + 4:at + 8]), 1)

    def close(self):
        self.sock.close()
