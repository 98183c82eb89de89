#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Echo requests to and from every kind of address: netlab answers as the stack does, or is as silent."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
from probes import EVERYONE, OTHER_MAC, V4, V6, options
from twins import NAMES, Probe, Twins

ALL_NODES = "33:33:00:00:00:01"


def to(family, dst, outcome, replies=None, mac=None, what="", **kwargs):
    """Echo requests that are counted at prerouting, whatever becomes of them."""
    frame = family.ping(dst=dst, **({"mac": mac} if mac else {}), **kwargs)
    words = {None: "", EVERYONE: " in a broadcast frame"}.get(mac, " in a multicast frame")
    return Probe(f"to {dst}{words}{what}", frame, outcome, replies, requests=1)


def ipv4_destinations(allowed):
    """allowed: broadcasts are answered."""
    n = int(allowed)
    group = "01:00:5e:00:00:01"
    for dst in "192.0.2.255", "255.255.255.255":
        for mac in EVERYONE, None, group:
            yield to(V4, dst, "broadcast", n, mac)
    for mac in group, None, EVERYONE:
        yield to(V4, "224.0.0.1", "multicast", n, mac)
    for dst in "224.0.0.5", "232.1.1.1", "239.255.255.255":
        yield to(V4, dst, None, 0, "01:00:5e:00:00:05", " of no group of its own")
    # The stack answers a frame to everyone as any other.
    for mac in EVERYONE, group, "03:00:00:00:00:01":
        yield to(V4, V4.right, "broadcast", 1, mac)
    yield Probe("to its address in another's frame", V4.ping(mac=OTHER_MAC), None, 0)
    # Routing lets this source pass to these two only.
    yield to(V4, "192.0.2.255", None, 0, EVERYONE, ", from 0.0.0.0", src="0.0.0.0")
    yield to(V4, "255.255.255.255", "bad-source", n, EVERYONE, ", from 0.0.0.0", src="0.0.0.0")
    yield to(V4, "224.0.0.1", "bad-source", n, group, ", from 0.0.0.0", src="0.0.0.0")
    for dst in "192.0.2.255", "224.0.0.1":
        yield to(V4, dst, None, 0, EVERYONE, ", from another broadcast", src="255.255.255.255")
    with_nop = options(V4.ping(dst="192.0.2.255", mac=EVERYONE), b"\1\1\1\1")
    yield Probe("to the broadcast, with an option", with_nop, "broadcast", n)
    # Before 5.14 it is one.
    lowest = "broadcast 192.0.2.0 " in net.run("ip", "route", "show", "table", "local", ns=NAMES[0])
    yield to(V4, "192.0.2.0", "broadcast" if lowest else None, None, what=", which was a broadcast once")


def ipv4_unicast():
    for dst in "192.0.2.3", "203.0.113.9", "203.0.113.200", "192.0.7.2":  # one of a whole local block
        yield to(V4, dst, "replied", 1)
    for dst in "192.0.2.50", "198.18.0.1", "240.0.0.1", "127.0.0.1", "127.5.5.5", "0.0.0.0", "0.0.0.7":
        yield to(V4, dst, None, 0)
    yield to(V4, "192.0.7.255", "broadcast", None, what=", another device's broadcast")


def ipv6_destinations(allowed):
    n = int(allowed)
    for dst in "ff02::1", "ff02::1:ff00:2":
        for mac in ALL_NODES, None, EVERYONE:
            yield to(V6, dst, "multicast", n, mac)
    yield to(V6, "ff02::1", "multicast", n, ALL_NODES, " from a link-local address", src="fe80::1")
    yield to(V6, "ff02::1", "multicast", n, ALL_NODES, ", 1400 bytes", data=bytes(1400))
    for dst in "ff02::2", "ff02::1:ff00:99", "ff05::2", "ff0e::101":
        yield to(V6, dst, None, 0, ALL_NODES, " of no group of its own")
    yield Probe("to ff01::1", V6.ping(dst="ff01::1", mac=ALL_NODES), None, 0)
    yield Probe("to ff00::1", V6.ping(dst="ff00::1", mac=ALL_NODES), None, 0)


def ipv6_unicast():
    for mac in EVERYONE, ALL_NODES:
        yield to(V6, V6.right, "broadcast", 1, mac)
    yield Probe("to its address in another's frame", V6.ping(mac=OTHER_MAC), None, 0)
    for dst in "2001:db8:1::3", "2001:db8:9::9", "2001:db8:7::2":
        yield to(V6, dst, "replied", 1)
    for dst in "2001:db8:1::50", "2001:db8:1::", "2001:db8:77::1", "::", "::ffff:192.0.2.2", "fe80::3":
        yield to(V6, dst, None)
    yield Probe("to ::1", V6.ping(dst="::1"), None, 0)
    for src, dst in ("fe80::1", "fe80::2"), ("fe80::1", V6.right), (V6.left, "fe80::2"), ("2001:db8:77::5", "fe80::2"):
        yield to(V6, dst, "replied", 1, what=f" from {src}", src=src)


def come_from(family, src, outcome, replies=None, **kwargs):
    return Probe(f"from {src}", family.ping(src=src, **kwargs), outcome, replies, requests=1)


def ipv4_sources(filtering, looked_at=False):
    """filtering: rp_filter, 0 not, 1 strict, 2 loose; looked_at: the route back is, all the same. There is a default route."""
    looked_at = looked_at or bool(filtering)
    for src in "127.0.0.1", "127.255.255.254", "0.0.0.0", "224.0.0.1", "239.1.2.3", "255.255.255.255", "192.0.2.2", "192.0.2.3":
        yield come_from(V4, src, None, 0)
    # The kernel's own habits, which netlab leaves to it: 0/8 and a broadcast are answered.
    yield come_from(V4, "0.1.2.3", "bad-source", 1)
    for src in "192.0.2.255", "192.0.7.255":
        yield come_from(V4, src, None if looked_at else "bad-source")
    for src in "240.0.0.1", "255.255.255.254", "203.0.113.77", "10.1.2.3", "169.254.1.1", "192.0.2.77":
        yield come_from(V4, src, "replied", 1)
    # There is a route, but by another device.
    yield come_from(V4, "192.0.7.1", None if filtering == 1 else "replied")
    # Routes that say no: unreachable, prohibit, blackhole.
    for src in "198.51.100.1", "198.51.101.1", "198.51.102.1":
        yield come_from(V4, src, None if filtering else "no-route", 0)


def ipv6_sources():
    yield come_from(V6, "::", "bad-source")
    for src in "ff02::1", "ff0e::5", "ff05::2", "::1":
        yield Probe(f"from {src}", V6.ping(src=src), None, 0)
    for src in V6.right, "2001:db8:1::3", "fe80::2":
        yield come_from(V6, src, "replied", 1)
    for src in "2001:db8:66::5", "::ffff:192.0.2.1", "::192.0.2.1", "64:ff9b::c000:201", "fc00::1", "fec0::1", "2001:db8:1::77":
        yield come_from(V6, src, "replied", 1)
    for src in "2001:db8:97::1", "2001:db8:98::1", "2001:db8:99::1":
        yield come_from(V6, src, "no-route", 0)
    yield come_from(V6, "2001:db8:7::1", "replied")


def anycast(twins):
    """A router has an address that is every router's of the subnet."""
    twins.sysctl(ipv6__conf__all__forwarding=1)
    twins.wait_quiet(silence=True)
    for ignore in 0, 1:
        with twins.set(ipv6__icmp__echo_ignore_anycast=ignore):
            twins.same(V6, f"of a router, echo_ignore_anycast {ignore}", [
                to(V6, "2001:db8:1::", "multicast", 1 - ignore),
                to(V6, "2001:db8:1::", "multicast", 1 - ignore, what=", 1400 bytes", data=bytes(1400)),
                to(V6, V6.right, "replied", 1),
                to(V6, "ff02::2", "multicast", 1, "33:33:00:00:00:02")])
    twins.sysctl(ipv6__conf__all__forwarding=0)
    twins.wait_quiet(silence=True)


def set_up():
    twins = Twins()
    twins.ip("link add link veth0 name vlan7 type vlan id 7", "link set vlan7 up",
             "addr add 192.0.2.3/32 dev veth0", "addr add 203.0.113.9/32 dev lo", "addr add 192.0.7.2/24 dev vlan7",
             "route add unreachable 198.51.100.0/24", "route add unreachable 2001:db8:97::/48",
             "route add prohibit 198.51.101.0/24", "route add prohibit 2001:db8:98::/48",
             "route add blackhole 198.51.102.0/24", "route add blackhole 2001:db8:99::/48")
    twins.addresses("veth0", "2001:db8:1::3/128", "fe80::2/64")
    twins.addresses("lo", "2001:db8:9::9/128")
    twins.addresses("vlan7", "2001:db8:7::2/64")
    twins.neighbours("vlan7", "02:00:00:00:00:01", "192.0.7.1", "2001:db8:7::1")
    twins.neighbours("veth0", "02:00:00:00:00:01", "fe80::1", "192.0.2.77", "2001:db8:1::77")
    twins.wait_quiet()
    return twins


def main():
    twins = set_up()
    for ignore in 1, 0:
        with twins.set(ipv4__icmp_echo_ignore_broadcasts=ignore):
            twins.same(V4, f"broadcast and multicast, icmp_echo_ignore_broadcasts {ignore}", ipv4_destinations(not ignore))
        with twins.set(ipv6__icmp__echo_ignore_multicast=ignore):
            twins.same(V6, f"multicast, echo_ignore_multicast {ignore}", ipv6_destinations(not ignore))
    twins.same(V6, "unicast destinations", ipv6_unicast())
    for value in 0, 1, 2:
        with twins.set(ipv4__conf__veth0__rp_filter=value):
            twins.same(V4, f"sources, rp_filter {value}", ipv4_sources(value))
    twins.same(V6, "sources", ipv6_sources())
    anycast(twins)
    with twins.set(ipv4__conf__veth0__accept_local=1):
        twins.same(V4, "its own address as source, accept_local",
                   [come_from(V4, src, "replied", 1) for src in (V4.right, "192.0.2.3")])
    with twins.set(ipv4__conf__veth0__route_localnet=1):
        twins.same(V4, "loopback, route_localnet", [come_from(V4, "127.0.0.9", "bad-source", 1), to(V4, "127.0.0.1", "replied")])
    # From here on the kernel looks at each source for good, whatever rp_filter says.
    twins.ip("route add local 203.0.113.192/26 dev lo")
    twins.same(V4, "unicast destinations", ipv4_unicast())
    twins.same(V4, "sources, a local route of its own", ipv4_sources(0, True))
    twins.tool()


tap.run(main)
