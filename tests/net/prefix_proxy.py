#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""proxy: a plain host on the same Ethernet pings a prefix's addresses; ARP and NDP answered, and only where they may."""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
import wire
from prefix_packets import counts, frame, icmp, ip, mac, packed, prefixes, told

BLOCK4, BLOCK6 = "192.0.2.128/25", "2001:db8:1::a:0/112"
IN4, IN6 = "192.0.2.200", "2001:db8:1::a:5"
HIDDEN4, HIDDEN6 = "192.0.2.193", "2001:db8:1::a:f001"
LEFT4, LEFT6 = "192.0.2.1", "2001:db8:1::1"
ALL = b"\xff" * 6
LEFT, RIGHT = mac(net.MAC_LEFT), mac(net.MAC_RIGHT)


def prefix(*words):
    net.netlab("right", "prefix", *words)


def arp(target, sender=LEFT4, op=1, dst=ALL, hw=1, proto=0x0800, size=None):
    packet = struct.pack("!HHBBH", hw, proto, 6, 4, op) + LEFT + packed(sender) + bytes(6) + packed(target)
    return dst + LEFT + b"\x08\x06" + packet[:size]


def arp_reply(target, sender=LEFT4):
    return LEFT + RIGHT + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + RIGHT + packed(target) + LEFT + packed(sender)


def group(target):
    """The solicited-node multicast address."""
    return "ff02::1:ff" + packed(target)[13:].hex()[:2] + ":" + packed(target)[14:].hex()


def solicit(target, src=LEFT6, dst=None, options=b"\1\1" + LEFT, hop_limit=255, code=0, wrong=0, cut=None):
    """A frame with a neighbour solicitation."""
    dst = dst or group(target)
    body = icmp(src, dst, 135, (bytes(4) + packed(target) + options)[:cut], code, wrong)
    link = "33:33:" + packed(dst)[12:].hex(":") if packed(dst)[0] == 0xff else net.MAC_RIGHT
    return frame(ip(src, dst, body, ttl=hop_limit), link, net.MAC_LEFT)


def advert(target, dst=LEFT6, router=False):
    """The frame that answers it, the TLLA option in it; unsolicited to all nodes."""
    to = dst or "ff02::1"
    flags = (0x80 if router else 0) | (0x40 if dst else 0)
    body = icmp("2001:db8:1::2", to, 136, bytes([flags, 0, 0, 0]) + packed(target) + b"\2\1" + RIGHT)
    return frame(ip("2001:db8:1::2", to, body, ttl=255), net.MAC_LEFT if dst else "33:33:00:00:00:01", net.MAC_RIGHT)


def answers(port, frames, expected, what):
    port.waiting()  # of what the test set up
    tap.equal(told(port.exchange(frames if isinstance(frames, list) else [frames])), told(expected), what)


def pings():
    """left knows nothing but its own subnet."""
    net.ip("left", "neigh flush nud reachable nud stale nud failed")
    for target in IN4, "192.0.2.254", IN6, "2001:db8:1::a:ffff":
        hidden = target == "2001:db8:1::a:ffff"  # in the longer prefix without proxy
        done = net.run("ping", "-n", "-q", "-c", 3, "-i", "0.02", "-W", 5, target, ns="left", check=False)
        want = 100 if hidden else 0
        tap.ok(f" {want}% packet loss" in done.stdout, f"ping {target} from a plain host on the link: {want} % lost", done.stdout)


def arps(port, other):
    answers(port, arp(IN4), [arp_reply(IN4)], "ARP: asked for an address of the prefix: answered")
    answers(port, arp(IN4, dst=RIGHT), [arp_reply(IN4)], "ARP: by unicast: answered")
    answers(port, arp(IN4, sender="198.51.100.77"), [arp_reply(IN4, "198.51.100.77")], "ARP: by a sender of another subnet: answered")
    for what, packet in (("a probe with sender 0.0.0.0", arp(IN4, sender="0.0.0.0")), ("a gratuitous request", arp(IN4, sender=IN4)),
                         ("a reply", arp(IN4, op=2)), ("a RARP request", arp(IN4, op=3)), ("another hardware type", arp(IN4, hw=7)),
                         ("another protocol", arp(IN4, proto=0x86dd)), ("to another host's address", arp(IN4, dst=b"\2\0\0\0\0\x99")),
                         ("a packet cut short", arp(IN4, size=26)), ("an address outside", arp("192.0.2.100")),
                         ("multicast", arp("224.0.0.1")), ("the subnet's broadcast", arp("192.0.2.255")),
                         ("an address that a longer prefix without proxy has", arp(HIDDEN4))):
        answers(port, packet, [], f"ARP: {what}: not answered")
    tap.equal(other.exchange([arp(IN4)]), [], "ARP: on another device: not answered")
    net.ip("right", f"addr add {IN4}/32 dev lo")
    answers(port, arp(IN4), [arp_reply(IN4)], "ARP: what right owns itself is answered once, by the stack")
    net.ip("right", f"addr del {IN4}/32 dev lo")


def sent_on():
    """How many IPv6 packets right has forwarded."""
    return next(line.split()[1] for line in net.read("/proc/net/snmp6", "right").splitlines()
                if line.startswith("Ip6OutForwDatagrams"))


def solicitations(port, other):
    for forwarding in 0, 1:
        net.sysctl("right", ipv6__conf__all__forwarding=forwarding)
        net.wait_quiet("right")
        passed = sent_on()
        how = f"forwarding {forwarding}"
        answers(port, solicit(IN6), [advert(IN6, router=forwarding)], f"NDP: {how}: answered, with R {forwarding}, S, no O, and TLLA")
        answers(port, solicit(IN6, src="::", options=b""), [advert(IN6, None, forwarding)], f"NDP: {how}: DAD is answered to ff02::1")
        answers(port, solicit(IN6, dst=IN6, options=b""), [advert(IN6, router=forwarding)],
                f"NDP: {how}: by unicast, as a host does that has the answer: answered")
        tap.equal(sent_on(), passed, f"NDP: {how}: and not forwarded to it as well")
    net.sysctl("right", ipv6__conf__all__forwarding=0)
    net.wait_quiet("right")
    answers(port, solicit(IN6, options=b""), [advert(IN6)], "NDP: without an option: answered")
    answers(port, solicit(IN6, options=b"\x0e\1abcdef\1\1" + LEFT), [advert(IN6)], "NDP: with another option: answered")
    for what, packet in (("hop limit 254", solicit(IN6, hop_limit=254)), ("a bad checksum", solicit(IN6, wrong=1)),
                         ("code 1", solicit(IN6, code=1)), ("an option of length 0", solicit(IN6, options=b"\1\0" + LEFT)),
                         ("an option longer than the packet", solicit(IN6, options=b"\1\2" + LEFT)),
                         ("one octet of an option", solicit(IN6, options=b"\1")), ("23 octets", solicit(IN6, cut=19)),
                         ("DAD with a source's address", solicit(IN6, src="::")),
                         ("DAD to unicast", solicit(IN6, src="::", dst=IN6, options=b"")),
                         ("DAD to all nodes", solicit(IN6, src="::", dst="ff02::1", options=b"")),
                         ("a multicast target", solicit("ff02::1:ff0a:5", dst="ff02::1:ff0a:5")),
                         ("an address outside", solicit("2001:db8:1::b:5")),
                         ("an address that a longer prefix without proxy has", solicit(HIDDEN6))):
        answers(port, packet, [], f"NDP: {what}: not answered")
    other.waiting()
    tap.equal(other.exchange([solicit(IN6)]), [], "NDP: on another device: not answered")
    net.ip("right", f"addr add {IN6}/128 dev lo nodad")
    # The stack's own sets O, and has the address for its source.
    got = port.exchange([solicit(IN6)])
    tap.ok(len(got) <= 1 and all(f[14 + 44] & 0x20 for f in got), "NDP: what right owns itself is the stack's", told(got))
    net.ip("right", f"addr del {IN6}/128 dev lo")


def askers(dev="veth0", ns="right"):
    """{"allmulti": n}, where kernel and ip(8) tell how many ask for it."""
    link = json.loads(net.run("ip", "-j", "-d", "link", "show", "dev", dev, ns=ns))[0]
    return {name: value for name, value in link.items() if name == "allmulti"}


def allmulti(dev="veth0", ns="right"):
    """How many ask the device to hear all multicast; its flag tells only of the administrator."""
    known = askers(dev, ns)
    if known:
        return known["allmulti"]
    # Before 6.0: whether any does, by IFF_ALLMULTI as the device itself has it.
    return int(int(net.run("ip", "netns", "exec", ns, "cat", f"/sys/class/net/{dev}/flags"), 16) & 0x200 != 0)


def hearing():
    """The device hears all multicast while an IPv6 prefix is proxied there, and only then."""
    prefix("flush")
    steps = ((("add", BLOCK4, "proxy", "veth0"), 0), (("add", BLOCK6, "proxy", "veth0"), 1), (("add", "2001:db8:1::b:0/112", "proxy", "veth0"), 1),
             (("add", "2001:db8:1::c:0/112", "proxy", "veth1"), 1), (("del", BLOCK6), 1), (("replace", "2001:db8:1::b:0/112", "proxy", "veth0"), 1),
             (("replace", "2001:db8:1::b:0/112"), 0), (("replace", "2001:db8:1::b:0/112", "proxy", "veth0"), 1),
             (("replace", "2001:db8:1::b:0/112", "proxy", "veth1"), 0), (("add", BLOCK6, "proxy", "veth0"), 1), (("flush",), 0))
    for words, count in steps:
        prefix(*words)
        tap.equal(allmulti(), count, f"allmulti {count} after prefix {' '.join(words)}")
    tap.equal(allmulti("veth1"), 0, "and 0 on the other device")

    def restore(text):
        net.run(net.NETLAB, "restore", "-", ns="right", stdin=text)

    restore(f"prefix add {BLOCK6} proxy veth0\nprefix add {BLOCK4} proxy veth0\n")
    tap.equal(allmulti(), 1, "allmulti 1 after a restore with an IPv6 proxy prefix")
    restore(f"prefix add {BLOCK6} proxy veth0\n")
    tap.equal(allmulti(), 1, "and after another")
    restore(f"prefix add {BLOCK4} proxy veth0\n")
    tap.equal(allmulti(), 0, "0 after one without")
    prefix("add", BLOCK6, "proxy", "veth0")
    net.ip("right", "link set veth0 allmulticast on")
    tap.ok(allmulti() == 2 or not askers(), "the administrator's own counts beside it")
    prefix("flush")
    tap.equal(allmulti(), 1, "and stays")
    net.ip("right", "link set veth0 allmulticast off")


def moved(port):
    """A device that leaves takes the answers along; one that comes back is heard as it answers."""
    for block in BLOCK4, BLOCK6:
        prefix("add", block, "proxy", "veth0")
    net.add_namespace("far")
    net.ip("right", "link set veth0 netns far")
    net.ip("far", "link set veth0 up")
    net.addresses("far", "veth0", "192.0.2.2/24", "2001:db8:1::2/64")
    net.neighbours("far", "veth0", net.MAC_LEFT, LEFT4, LEFT6)
    net.wait_quiet("far")
    tap.equal(allmulti(ns="far"), 0, "moved to another namespace: it no longer hears all multicast")
    answers(port, [arp(IN4), solicit(IN6)], [], "and nothing is answered there")
    tap.equal([row["proxy"] for row in prefixes("right").values()], ["-", "-"], "the prefixes stay, on no link")
    net.ip("far", "link set veth0 netns right")
    net.ip("right", "link set veth0 up")
    net.addresses("right", "veth0", "192.0.2.2/24", "2001:db8:1::2/64")
    net.neighbours("right", "veth0", net.MAC_LEFT, LEFT4, LEFT6)
    net.wait_quiet("right")
    shown = {row["proxy"] for row in prefixes("right").values()}
    port.waiting()
    back = port.exchange([solicit(IN6)])
    if back:
        tap.wait_until(lambda: allmulti() == 1, "a device that came back is told what to hear a moment later")
    tap.equal((allmulti(), shown), (len(back), {"veth0"} if back else {"-"}),
              "back again: it hears all multicast, and is shown, just if it answers")
    net.ip("right", "link del veth0")
    tap.equal([row["proxy"] for row in prefixes("right").values()], ["-", "-"], "deleted: the prefixes stay, on no link")
    net.netlab("right", "prefix", "flush")
    prefix("add", "2001:db8:1::c:0/112", "proxy", "veth1")
    tap.equal(allmulti("veth1"), 1, "the other device hears all multicast")
    net.run("rmmod", "netlab")
    tap.equal(allmulti("veth1"), 0, "and no longer when the module is gone")
    net.run("insmod", net.NETLAB_KO)


def main():
    net.pair()
    net.cable("left", "veth1", "right", "veth1", "02:00:00:00:00:11", "02:00:00:00:00:12")
    net.addresses("right", "veth1", "192.0.3.2/24", "2001:db8:3::2/64")
    net.neighbours("right", "veth1", net.MAC_LEFT, LEFT4)
    net.wait_quiet("left", "right")
    net.sysctl("right", ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0)
    for block, longer in (BLOCK4, "192.0.2.192/29"), (BLOCK6, "2001:db8:1::a:f000/116"):
        prefix("add", block, "proxy", "veth0")
        prefix("add", longer)
    pings()
    tap.equal(counts("right"), {BLOCK4: (6, 6, 0), BLOCK6: (3, 3, 0)}, "each request counted in its prefix")
    # The kernel looks at what comes in on veth1 by the rules of veth0's subnet, too.
    port, other = wire.Port("left", "veth0", target="192.0.2.2"), wire.Port("left", "veth1", target="192.0.3.2")
    arps(port, other)
    solicitations(port, other)
    hearing()
    moved(port)


tap.run(main)
