# SPDX-License-Identifier: GPL-2.0-only
"""Namespaces for tests/fuzz/packets.c to flood."""
import topology as net

LIMITS = ("echo", "set", "rate", 3000, "burst", 50, "source-rate", 500, "max-size", 1000)
NEAR = "192.0.2.1", "192.0.2.77", "2001:db8:1::1", "2001:db8:1::77", "fe80::1"
CONNTRACK = """
table inet t {
    chain in { type filter hook prerouting priority 0; ct state invalid counter accept; ct state new,established counter accept; }
}
"""


def conntrack(ns):
    """By nf_tables; by iptables where those have no tables of IP, as in Debian's user-mode Linux."""
    try:
        net.run("nft", "-f", "-", ns=ns, stdin=CONNTRACK)
    except RuntimeError as e:
        if "not supported" not in str(e):
            raise
        for command in "iptables-legacy", "ip6tables-legacy":
            for chain in "INPUT", "FORWARD":
                for states in "INVALID", "NEW,ESTABLISHED":
                    net.run(command, "-A", chain, "-m", "conntrack", "--ctstate", states, "-j", "ACCEPT", ns=ns)


def target(ns, way, on):
    """A namespace to be flooded; what comes by its only device but forwarded goes out by a dummy."""
    tester = f"{ns}-from"
    net.add_namespace(tester, ns)
    net.sysctl(tester, ipv6__conf__default__disable_ipv6=1, ipv6__conf__all__disable_ipv6=1)
    net.sysctl(ns, ipv4__ipfrag_time=1, ipv6__ip6frag_time=1, ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0,
               ipv4__conf__all__accept_redirects=0, ipv4__conf__default__accept_redirects=0,
               ipv6__conf__default__accept_redirects=0,
               **({"ipv4__ip_forward": 1, "ipv6__conf__all__forwarding": 1} if "forward" in on else {}))
    if way in ("linear", "paged", "vnet"):
        dev, port = "veth0", (tester, "to")
        net.cable(tester, "to", ns, dev, net.MAC_LEFT, net.MAC_RIGHT)
        net.ip(tester, "link set to mtu 9000")
    else:
        dev, port = "tun0", (ns, "tun0")
        net.ip(ns, f"tuntap add {dev} mode {'tun' if way == 'tun' else 'tap'} vnet_hdr")
        if way != "tun":
            net.ip(ns, f"link set {dev} address {net.MAC_RIGHT}")
    net.ip(ns, f"link set {dev} mtu 9000 up", "link add out type dummy", "link set out mtu 1500 up")
    net.addresses(ns, dev, "192.0.2.2/24", "2001:db8:1::2/64", "fe80::2/64")
    net.addresses(ns, "out", "203.0.113.1/24", "2001:db8:3::1/64")
    if way != "tun":
        net.neighbours(ns, dev, net.MAC_LEFT, *NEAR)
    net.ip(ns, f"route add default via 192.0.2.1 dev {dev}", f"route add default via 2001:db8:1::1 dev {dev}")
    if "conntrack" in on:
        conntrack(ns)
    limit = ("rate", 1000, "burst", 20, "max-size", 1200) if "limits" in on else ()
    if "prefix" in on:
        proxy = () if way == "tun" else ("proxy", dev)
        for prefix in "198.51.100.0/24", "198.51.100.0/29", "2001:db8:f::/48", "2001:db8:f::/120":
            net.run(net.NETLAB, "prefix", "add", prefix, *limit, *proxy, ns=ns)
    if "limits" in on:
        net.run(net.NETLAB, *LIMITS, ns=ns)
    if "direct" in on and way != "tun":
        net.run(net.NETLAB, "echo", "direct", dev, "on", ns=ns)
    return port, dev
