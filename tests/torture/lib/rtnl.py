# SPDX-License-Identifier: GPL-2.0-only
"""Devices and addresses by rtnetlink: what ip(8) does, without a program each time.

    links = Links()                    # of the namespace that this thread is in
    links.add("d0", "dummy")
    links.add("v0", "veth", peer="v1", peer_ns=fd)
    links.set("d0", up=True, name="d1", ns=fd, master=None)
    links.delete("d1")

A refusal is an OSError with the kernel's errno.
"""
import errno
import fcntl
import os
import socket
import struct

from prefix_asker import attr, attributes, u32

# linux/rtnetlink.h, linux/if_link.h
NEWLINK, DELLINK, GETLINK, NEWADDR, NEWNEIGH, NEWRULE = 16, 17, 18, 20, 28, 32
REQUEST, ACK, EXCL, CREATE, REPLACE = 1, 4, 0x200, 0x400, 0x100
ADDRESS, IFNAME, MASTER, LINK, LINKINFO, NET_NS_FD = 1, 3, 10, 5, 18, 28
PROMISCUITY, ALLMULTI = 30, 61
INFO_KIND, INFO_DATA = 1, 2
VETH_PEER, VLAN_ID, VRF_TABLE = 1, 1, 1
IFF_UP = 1
# linux/if_tun.h
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000


def _name(name):
    return attr(IFNAME, name.encode() + b"\0")


def _mac(text):
    return attr(ADDRESS, bytes.fromhex(text.replace(":", ""))) if text else b""


class Links:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self.sock.bind((0, 0))
        self.sock.settimeout(60)
        self.sequence = 0

    def close(self):
        self.sock.close()

    def _ask(self, kind, flags, body):
        self.sequence += 1
        self.sock.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | ACK | flags, self.sequence, 0) + body)
        answer = None
        while True:
            data, at = self.sock.recv(1 << 16), 0
            while at + 16 <= len(data):
                length, kind, _, sequence = struct.unpack_from("=IHHI", data, at)
                body = data[at + 16:at + length]
                at += (length + 3) & ~3
                if sequence != self.sequence:
                    continue
                if kind == 2:
                    code, = struct.unpack_from("=i", body)
                    if code:
                        raise OSError(-code, os.strerror(-code))
                    return answer
                answer = body

    @staticmethod
    def _link(index=0, flags=0, change=0):
        return struct.pack("=BxHiII", 0, 0, index, flags, change)

    def index(self, name):
        """0 if there is no such device."""
        try:
            return self.get(name)[0]
        except OSError as e:
            if e.errno != errno.ENODEV:
                raise
            return 0

    def get(self, name):
        """(index, {attribute: data})"""
        body = self._ask(GETLINK, 0, self._link() + _name(name))
        return struct.unpack_from("=i", body, 4)[0], dict(attributes(body[16:]))

    def heard(self, name):
        """How many want the device to hear (all, all multicast); the second None where the kernel doesn't say."""
        _, found = self.get(name)
        return [struct.unpack("=I", found[key])[0] if key in found else None for key in (PROMISCUITY, ALLMULTI)]

    def add(self, name, kind, mac=None, peer=None, peer_mac=None, peer_ns=None, link=None, vlan=None, table=None):
        data = b""
        if peer:
            data = attr(VETH_PEER, self._link() + _name(peer) + _mac(peer_mac) +
                        (u32(NET_NS_FD, peer_ns) if peer_ns is not None else b""))
        elif vlan is not None:
            data = attr(VLAN_ID, struct.pack("=H", vlan))
        elif table is not None:
            data = u32(VRF_TABLE, table)
        info = attr(INFO_KIND, kind.encode() + b"\0") + (attr(INFO_DATA, data) if data else b"")
        self._ask(NEWLINK, CREATE | EXCL, self._link() + _name(name) + _mac(mac) +
                  (u32(LINK, self.index(link)) if link else b"") + attr(LINKINFO, info))

    def set(self, device, up=None, name=None, ns=None, master=None):
        """master: a device's name, "" for none; ns: a descriptor; device: a name or an index."""
        index = device if isinstance(device, int) else self.index(device)
        if not index:
            raise OSError(errno.ENODEV, device)
        body = b"" if name is None else _name(name)
        body += b"" if ns is None else u32(NET_NS_FD, ns)
        body += b"" if master is None else u32(MASTER, self.index(master) if master else 0)
        flags = (IFF_UP if up else 0, IFF_UP) if up is not None else (0, 0)
        self._ask(NEWLINK, 0, self._link(index, *flags) + body)

    def delete(self, device):
        index = device if isinstance(device, int) else self.index(device)
        if not index:
            raise OSError(errno.ENODEV, device)
        self._ask(DELLINK, 0, self._link(index))

    def address(self, device, *cidrs):
        index = self.index(device)
        for cidr in cidrs:
            host, _, length = cidr.partition("/")
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            packed = socket.inet_pton(family, host)
            # IFA_F_NODAD
            self._ask(NEWADDR, CREATE | REPLACE, struct.pack("=BBBBI", family, int(length), 2, 0, index) +
                      attr(2, packed) + attr(1, packed))

    def neighbour(self, device, mac, *hosts):
        index = self.index(device)
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            # NUD_PERMANENT
            self._ask(NEWNEIGH, CREATE | REPLACE, struct.pack("=BxxxiHBB", family, index, 0x80, 0, 0) +
                      attr(1, socket.inet_pton(family, host)) + attr(2, bytes.fromhex(mac.replace(":", ""))))


def tap_device(name):
    """A tap device of this thread's namespace, there as long as the descriptor."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    except OSError:
        os.close(fd)
        raise
    return fd
