#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests over VLANs, a bridge, a VRF and of link-local scope: netlab answers where the stack does."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology
from probes import BOTH, PATTERN, V4, V6, tagged
from twins import Probe, Twins

SIZES = (0, 6, 57, 1000)


def host(family, number, last):
    """Addresses of networks of this test's: 192.0.5.2, 2001:db8:5::2"""
    return f"192.0.{number}.{last}" if family is V4 else f"2001:db8:{number}::{last}"


def net(family, number, last):
    return f"{host(family, number, last)}/{24 if family is V4 else 64}"


def add_link(twins, name, number, link_local=False):
    """A device's addresses, and the host at its other end."""
    twins.ip(f"link set {name} up")
    twins.addresses(name, net(V4, number, 2), net(V6, number, 2), *(["fe80::2/64"] if link_local else []))
    twins.neighbours(name, topology.MAC_LEFT, host(V4, number, 1), host(V6, number, 1), *(["fe80::1"] if link_local else []))


def pings(family, number, wrap, piece=None, **kwargs):
    addresses = {"src": host(family, number, 1), "dst": host(family, number, 2), **kwargs}
    for size in SIZES:
        yield Probe(f"{size} bytes", wrap(family.ping(PATTERN[:size], **addresses)), replies=1)
    yield Probe("3001 bytes", [wrap(frame) for frame in family.pieces(family.ping(PATTERN[:3001], **addresses), piece)],
                "replied" if family is V4 else "has-options", count=1, replies=3)


def vlans(twins):
    twins.ip("link add link veth0 name vlan5 type vlan id 5",
             "link add link veth0 name vlan7 type vlan id 7 egress-qos-map 0:3 ingress-qos-map 5:6",
             "link add link vlan5 name vlan5.9 mtu 1496 type vlan id 9")
    for name, number in ("vlan5", 5), ("vlan7", 7), ("vlan5.9", 9):
        add_link(twins, name, number, name == "vlan5")
    twins.wait_quiet()
    for family in BOTH:
        twins.same(family, "VLAN", pings(family, 5, lambda frame: tagged(frame, 5)))
        twins.same(family, "VLAN with priorities", [
            *pings(family, 7, lambda frame: tagged(frame, 5 << 13 | 7)),
            Probe("the reply's priority", tagged(family.ping(src=host(family, 7, 1), dst=host(family, 7, 2)), 7),
                  check=lambda frames: struct.unpack_from("!H", frames[0], 14)[0] == 3 << 13 | 7)])
        twins.same(family, "VLAN in VLAN", pings(family, 9, lambda frame: tagged(tagged(frame, 9), 5), 1440))
        twins.same(family, "VLAN tags that lead elsewhere", [
            Probe("VLAN 0, a priority alone", tagged(family.ping(), 3 << 13), replies=1),
            Probe("a VLAN that isn't there", tagged(family.ping(), 6), None, 0),
            Probe("veth0's address by the VLAN", tagged(family.ping(), 5), replies=1),
            Probe("the VLAN's address by veth0", family.ping(dst=host(family, 5, 2)), replies=1)])
    twins.same(V6, "link-local, scope kept", [
        Probe("on the VLAN", tagged(V6.ping(src="fe80::1", dst="fe80::2"), 5), replies=1,
              check=lambda frames: frames[0][12:16] == b"\x81\x00\x00\x05"),
        Probe("on the link", V6.ping(src="fe80::1", dst="fe80::2"), replies=1, check=lambda frames: frames[0][12:14] == b"\x86\xdd"),
        Probe("on a VLAN that hasn't it", tagged(V6.ping(src="fe80::1", dst="fe80::2"), 7), None, requests=1),
        Probe("from a global source", tagged(V6.ping(src=host(V6, 5, 1), dst="fe80::2"), 5), replies=1)])


def bridge(twins):
    twins.ip("link add vlan20 link veth0 type vlan id 20", "link add br0 address 02:00:00:00:00:20 type bridge",
             "link set vlan20 master br0", "link set vlan20 up")
    add_link(twins, "br0", 20)
    twins.wait_quiet()
    for family in BOTH:
        twins.same(family, "bridge", pings(family, 20, lambda frame: tagged(frame, 20), mac="02:00:00:00:00:20"))


def vrf(twins):
    """At the end: a VRF's rule makes the kernel look at each source for good."""
    twins.ip("link add link veth0 name vlan6 type vlan id 6", "link add vrf9 type vrf table 9",
             "link set vlan6 master vrf9", "link set vrf9 up",
             "route add table 9 unreachable default metric 4278198272", "route add table 9 unreachable ::/0 metric 4278198272")
    add_link(twins, "vlan6", 6, True)
    twins.wait_quiet()
    twins.addresses("vrf9", "203.0.113.6/32", "2001:db8:99::6/128")
    for family, own, far in (V4, "203.0.113.6", "198.18.0.1"), (V6, "2001:db8:99::6", "2001:db8:77::5"):
        twins.same(family, "VRF", [
            *pings(family, 6, lambda frame: tagged(frame, 6)),
            Probe("the VRF's own address", tagged(family.ping(src=host(family, 6, 1), dst=own), 6), replies=1),
            Probe("no route back in it", tagged(family.ping(src=far, dst=host(family, 6, 2)), 6), "no-route", 0),
            Probe("an address outside it", tagged(family.ping(src=host(family, 6, 1)), 6), replies=1),
            Probe("its address from outside", family.ping(dst=host(family, 6, 2)), None, requests=1),
            Probe("outside it", family.ping(), replies=1)])
    twins.same(V6, "VRF, link-local", [
        Probe("link-local", tagged(V6.ping(src="fe80::1", dst="fe80::2"), 6), replies=1),
        Probe("all nodes", tagged(V6.ping(src="fe80::1", dst="ff02::1", mac="33:33:00:00:00:01"), 6), "multicast", requests=1)])


def main():
    twins = Twins()
    twins.addresses("veth0", "fe80::2/64")
    twins.neighbours("veth0", topology.MAC_LEFT, "fe80::1")
    twins.wait_quiet()
    vlans(twins)
    bridge(twins)
    vrf(twins)
    twins.tool()


tap.run(main)
