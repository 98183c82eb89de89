# SPDX-License-Identifier: GPL-2.0-only
"""Every table of netlab stats, from each of the places that tell them.

    dump(ns), tool(ns), proc(ns)    {table: {key: value}}, rows of zeroes left out

protocols  (family, hook, protocol): (packets, bytes)
hooks      (family, hook): (skbs, packets, bytes, fragments, options, refused, strays)
icmp       (family, hook, type): packets
tcp        (family, hook): (syn, synack, fin, rst)
sizes      (family, hook, longest length): packets; 0 is the last bucket
anomalies  (family, hook, reason): packets
devices    (device, ifindex, direction, family, protocol): (packets, bytes)
arp        (direction, operation): packets

And packets, to be counted in them.
"""
import socket
import struct

import genl
import tap
import topology

# module/uapi/linux/netlab.h
ATTR_FAMILY, ATTR_HOOK, ATTR_PROTOCOL, ATTR_IFINDEX = 5, 6, 7, 11
REASONS = ("l4-truncated", "tiny-fragment", "bad-icmp-checksum", "tcp-null", "tcp-xmas",
           "tcp-syn-fin", "land", "martian-source", "exthdr-limit")
OPERATIONS = {"other": 0, "request": 1, "reply": 2, "rarp-request": 3, "rarp-reply": 4,
              "inarp-request": 8, "inarp-reply": 9}
EDGES = ("prerouting", "postrouting")

# Of each table: its attribute, its keys, its values; both in the order of the
# row's attributes, which begin at 2.
TABLES = {
    "protocols": (9, ("family", "hook", "protocol"), ("packets", "bytes")),
    "hooks": (10, ("family", "hook"),
              ("skbs", "packets", "bytes", "fragments", "options", "refused", "strays")),
    "icmp": (12, ("family", "hook", "type"), ("packets",)),
    "tcp": (13, ("family", "hook"), ("syn", "synack", "fin", "rst")),
    "sizes": (14, ("family", "hook", "max"), ("packets",)),
    "anomalies": (15, ("family", "hook", "reason"), ("packets",)),
    "devices": (16, ("dev", "ifindex", "direction", "family", "protocol"), ("packets", "bytes")),
    "arp": (17, ("direction", "operation"), ("packets",)),
}
_BY_ATTRIBUTE = {attr: name for name, (attr, _, _) in TABLES.items()}


def _collect(rows):
    """rows: (table, {column: value}); refuses a key that comes twice."""
    tables = {name: {} for name in TABLES}
    for name, row in rows:
        _, keys, values = TABLES[name]
        key = tuple(row[k] for k in keys)
        value = tuple(row[v] for v in values)
        if key in tables[name]:
            raise ValueError(f"{name}: the row {key} twice")
        if any(value):
            tables[name][key] = value if len(value) > 1 else value[0]
    return tables


# ---- netlink

_WORDS = {"family": genl.FAMILIES, "hook": genl.HOOKS, "reason": REASONS}


def row(attribute, data):
    """A row's attribute as (table, {column: value}), None if it is of no table."""
    name = _BY_ATTRIBUTE.get(attribute)
    if not name:
        return None
    _, keys, values = TABLES[name]
    found = genl._attributes(data)[0]
    columns = {}
    for at, column in enumerate(keys + values, 2):
        if column == "dev":
            columns[column] = found[at].rstrip(b"\0").decode()
            continue
        number = genl._number(found[at])
        if column in _WORDS:
            number = _WORDS[column][number]
        elif column == "direction":
            number = (("in", "out") if name == "arp" else ("rx", "tx"))[number]
        columns[column] = number
    return name, columns


class Reader(genl.Reader):
    """As genl.Reader, of all tables."""

    def messages(self, **filters):
        """The attributes of each message of a dump: messages(ifindex=3, epoch=1)"""
        formats = {"epoch": (genl.STATS_EPOCH, "=I"), "ifindex": (ATTR_IFINDEX, "=I"),
                   "family": (ATTR_FAMILY, "=B"), "hook": (ATTR_HOOK, "=B"),
                   "protocol": (ATTR_PROTOCOL, "=B")}
        attributes = b"".join(genl._attribute(formats[name][0], struct.pack(formats[name][1], value))
                              for name, value in filters.items())
        for flags, data in self._ask(self.family, genl.STATS_GET, genl.NLM_F_DUMP, attributes):
            if flags & genl.NLM_F_DUMP_INTR:
                raise ValueError("an interrupted dump")
            yield genl._attributes(data)[1]

    def tables(self, **filters):
        return _collect(found for message in self.messages(**filters)
                        for found in (row(*attribute) for attribute in message) if found)


def dump(ns, **filters):
    reader = Reader(ns)
    try:
        return reader.tables(**filters)
    finally:
        reader.close()


# ---- the tool and /proc

def _normal(name, columns):
    """A row of the tool or of /proc, its words as the numbers they stand for."""
    columns = dict(columns)
    if name == "sizes" and columns["max"] in ("more", None):
        columns["max"] = 0
    if name == "arp":
        columns["operation"] = OPERATIONS.get(columns["operation"], columns["operation"])
    return name, {key: int(value) if isinstance(value, str) and value.isdigit() and key != "dev" else value
                  for key, value in columns.items()}


def tool(ns, *filters):
    reading = topology.stats(ns, *filters)
    return _collect(_normal(name, columns) for name in TABLES for columns in reading[name])


def proc(ns):
    rows, columns = [], {}
    for line in "".join(topology.read(f"/proc/net/netlab/{name}", ns)
                        for name in ("stats", "devices")).splitlines():
        words = line.split()
        if line.startswith("#"):
            columns[words[0][1:]] = words[1:]
        elif words[0] in TABLES:
            rows.append(_normal(words[0], dict(tap.pairs(columns[words[0]], words[1:]))))
    return _collect(rows)


# ---- what always holds

def _summed(rows, key):
    """{key of the row's key: sum of the row's values}, values being tuples."""
    total = {}
    for k, value in rows.items():
        value = value if isinstance(value, tuple) else (value,)
        before = total.get(key(k), (0,) * len(value))
        total[key(k)] = tuple(map(sum, zip(before, value)))
    return total


def inconsistent(tables, typed=True, gone=False):
    """What is wrong between the tables of a reading at rest, as lines.

    typed: each ICMP packet has a type (no later fragment, none cut short);
    gone: a device has taken its rows along.
    """
    wrong = []

    def same(what, got, expected):
        if got != expected:
            wrong.append(f"{what}: {sorted(set(got.items()) ^ set(expected.items()), key=str)}")

    packets = {key: value[1:3] for key, value in tables["hooks"].items()}
    edges = {key: value[:1] for key, value in packets.items() if key[1] in EDGES}
    same("hooks and the sum over protocols",
         _summed(tables["protocols"], lambda key: key[:2]), packets)
    same("hooks and the sum over sizes", _summed(tables["sizes"], lambda key: key[:2]), edges)
    if typed:
        same("protocols and the sum over ICMP types", _summed(tables["icmp"], lambda key: key[:2]),
             {key[:2]: value[:1] for key, value in tables["protocols"].items()
              if key[1] in EDGES and key[0::2] in (("ipv4", 1), ("ipv6", 58))})
    if not gone:
        hook = {"rx": "prerouting", "tx": "postrouting"}
        same("protocols and the sum over devices",
             _summed(tables["devices"], lambda key: (key[3], hook[key[2]], key[4])),
             {key: value for key, value in tables["protocols"].items() if key[1] in EDGES})
    for key, value in tables["hooks"].items():
        if value[5] or value[6]:
            wrong.append(f"{key}: refused {value[5]}, strays {value[6]}")
    return wrong


def agree(ns, what, **how):
    """One result: netlink, the tool and /proc have the same, and it adds up."""
    reading = dump(ns)
    wrong = inconsistent(reading, **how)
    for place, other in (("the tool", tool(ns)), ("/proc", proc(ns))):
        for name in TABLES:
            if other[name] != reading[name]:
                wrong.append(f"{name}: netlink has {sorted(reading[name].items(), key=str)}, "
                             f"{place} {sorted(other[name].items(), key=str)}")
    tap.ok(not wrong, f"{ns}: {what}: netlink, the tool and /proc agree, and the tables with each other",
           *wrong)


# ---- packets

def checksum(data):
    """RFC 1071's."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, destination, protocol, payload, more=False, offset=0, ttl=64):
    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1,
                           (0x2000 if more else 0) | offset // 8, ttl, protocol, check,
                           socket.inet_aton(source), socket.inet_aton(destination))
    return header(checksum(header(0))) + payload


def ipv6(source, destination, following, payload, hops=64):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), following, hops,
                       socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, destination)) + payload


def packet(source, destination, protocol, payload):
    """Of the family of the addresses."""
    return (ipv6 if ":" in source else ipv4)(source, destination, protocol, payload)


def icmp(source, destination, kind, payload=b"\0" * 4, wrong=0):
    """An ICMP or ICMPv6 packet, its checksum right, or off by wrong."""
    message = bytes([kind, 0, 0, 0]) + payload
    pseudo = b""
    if ":" in source:
        pseudo = struct.pack("!16s16sII", socket.inet_pton(socket.AF_INET6, source),
                             socket.inet_pton(socket.AF_INET6, destination), len(message), 58)
    check = checksum(pseudo + message) ^ wrong
    return packet(source, destination, 58 if pseudo else 1,
                  message[:2] + struct.pack("!H", check) + message[4:])


def tcp(flags, length=20):
    """A TCP header with these flags, or its beginning."""
    return struct.pack("!HHIIBBHHH", 40000, 9, 1, 1, 0x50, flags, 1024, 0, 0)[:length]


def frame(packet_, to, sender, tag=b""):
    kind = b"\x08\x00" if packet_[0] >> 4 == 4 else b"\x86\xdd"
    return bytes.fromhex((to + sender).replace(":", "")) + tag + kind + packet_
