#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""direct on and off, on which devices it can be, and what becomes of it when one is renamed or enslaved."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import direct
import tap
import topology as net
from direct import path
from wire import Port


def on(dev="veth0"):
    direct.set_direct("right", dev, "on")


def off(dev="veth0"):
    direct.set_direct("right", dev, "off")


# ---- refused

def refused():
    net.run("modprobe", "tun")
    net.run("modprobe", "bonding", "max_bonds=0")
    net.ip("right", "tuntap add tun0 mode tun", "link add br0 type bridge", "link add bond0 type bond",
           "link add vrf0 type vrf table 9",
           *(f"link add p{master} type veth peer name q{master}" for master in ("br0", "bond0", "vrf0")),
           *(f"link set p{master} master {master}" for master in ("br0", "bond0", "vrf0")))
    before = direct.direct_devices("right")
    for what, dev, code, sentence in (
            ("lo", "lo", 2, "expected an Ethernet device"), ("a tun device", "tun0", 2, "expected an Ethernet device"),
            ("a VRF", "vrf0", 2, "expected an Ethernet device"),
            ("a device that does not exist", "nope", 1, 'Cannot find device "nope"'),
            ("a bridge's port", "pbr0", 2, "a port of a bridge, bond or VRF"),
            ("a bond's", "pbond0", 2, "a port of a bridge, bond or VRF"),
            ("a VRF's device", "pvrf0", 2, "a port of a bridge, bond or VRF")):
        done = net.run(net.NETLAB, "echo", "direct", dev, "on", ns="right", check=False)
        tap.ok(done.returncode == code and sentence in done.stderr and not done.stdout and done.stderr.count("\n") == 1,
               f"{what} is refused with a sentence", done)
    tap.equal(direct.direct_devices("right"), before, "and nothing is changed")
    net.ip("right", *(f"link del {dev}" for dev in ("tun0", "pbr0", "pbond0", "pvrf0", "br0", "bond0", "vrf0")))


# ---- on and off, on two devices, renamed

def switched(port):
    tap.equal((direct.direct_devices("right"), path(port)), ([], "local"), "direct is off on every device at first")
    on()
    on()
    tap.equal((direct.direct_devices("right"), path(port)), (["veth0"], "direct"), "on, twice: listed once")
    off()
    off()
    tap.equal((direct.direct_devices("right"), path(port)), ([], "local"), "off, twice")


def two_devices(port):
    net.cable("left", "veth1", "right", "veth1", "02:00:00:00:00:11", "02:00:00:00:00:12")
    net.addresses("right", "veth1", "203.0.113.2/24")
    net.neighbours("right", "veth1", "02:00:00:00:00:11", "203.0.113.1")
    net.wait_quiet("left", "right")
    other = Port("left", "veth1", "203.0.113.2")
    request = {"src": "203.0.113.1", "dst": "203.0.113.2", "frame": {"dst": "02:00:00:00:00:12", "src": "02:00:00:00:00:11"}}
    on()
    tap.equal((path(port), path(other, **request)), ("direct", "local"), "of two devices, the one that it is on for")
    on("veth1")
    tap.equal((direct.direct_devices("right"), path(port), path(other, **request)), (["veth0", "veth1"], "direct", "direct"),
              "on for both: both answer, both are listed")
    off()
    tap.equal((direct.direct_devices("right"), path(port), path(other, **request)), (["veth1"], "local", "direct"),
              "off for one: the other stays")
    net.ip("right", "link del veth1")
    tap.equal(direct.direct_devices("right"), [], "deleted: listed no longer")


def renamed(port):
    on()
    net.ip("right", "link set veth0 down", "link set veth0 name wan0", "link set wan0 up")
    net.neighbours("right", "wan0", net.MAC_LEFT, "192.0.2.1")
    net.wait_quiet("right", "mid")
    tap.equal((direct.direct_devices("right"), path(port)), (["wan0"], "direct"), "renamed: listed under its new name, and answers")
    done = net.run(net.NETLAB, "echo", "direct", "veth0", "off", ns="right", check=False)
    tap.equal(done.returncode, 1, "its old name is nobody's")
    off("wan0")
    net.ip("right", "link set wan0 down", "link set wan0 name veth0", "link set veth0 up", "addr add 2001:db8:1::2/64 dev veth0 nodad")
    net.neighbours("right", "veth0", net.MAC_LEFT, "192.0.2.1", "2001:db8:1::1")
    net.wait_quiet("right", "mid")


# ---- enslaved

def enslaved(port):
    for kind, options in ("bridge", ""), ("bond", "mode active-backup"), ("vrf", "table 9"):
        net.ip("right", f"link add m0 type {kind} {options}")
        on()
        tap.equal(path(port), "direct", f"{kind}: before, direct answers")
        if kind == "bond":
            net.ip("right", "link set veth0 down")
        net.ip("right", "link set veth0 master m0", "link set veth0 up", "link set m0 up")
        if kind != "vrf":
            net.ip("right", "addr flush dev veth0", f"link set m0 address {net.MAC_RIGHT}",
                   "addr add 192.0.2.2/24 dev m0")
            net.neighbours("right", "m0", net.MAC_LEFT, "192.0.2.1")
        else:
            net.neighbours("right", "veth0", net.MAC_LEFT, "192.0.2.1")
        net.wait_quiet("right", "mid")
        tap.equal(path(port), "local",
                  f"{kind}: once the device belongs to it, its requests take the ordinary way")
        if kind != "vrf":
            on("m0")
            tap.equal(path(port), "direct", f"{kind}: direct on the {kind} itself answers them")
            off("m0")
        net.ip("right", "link set veth0 nomaster", "link del m0", "link set veth0 up",
               *(["addr add 192.0.2.2/24 dev veth0"] if kind != "vrf" else []))
        net.neighbours("right", "veth0", net.MAC_LEFT, "192.0.2.1")
        net.wait_quiet("right", "mid")
        tap.equal((direct.direct_devices("right"), path(port)), (["veth0"], "direct"), f"{kind}: released, direct answers again")
        off()


def main():
    direct.bridged()
    port = Port("left", "veth0", direct.RIGHT["ipv4"])
    refused()
    switched(port)
    two_devices(port)
    renamed(port)
    enslaved(port)


tap.run(main)
