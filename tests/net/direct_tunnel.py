#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""direct on a tunnel device that serves many other ends ("external"): what comes by it is answered by a route, as without direct.

left                                          right
veth0 192.0.2.1 -------------------- 192.0.2.2 veth0
vx0 10.9.0.1, VXLAN 7 to 192.0.2.2             vx0 10.9.0.2, external; a route says VXLAN 7 to 192.0.2.1
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net

N = 5
MAC = {"left": "02:00:00:00:09:01", "right": "02:00:00:00:09:02"}


def answered():
    """How many of N pings come back, and the outcomes that they have."""
    before = net.outcomes("right")
    done = net.run("ping", "-q", "-n", "-c", N, "-i", "0.05", "-W", 2, "10.9.0.2", ns="left", check=False)
    after = net.outcomes("right")
    return (int(done.stdout.split(" received")[0].split()[-1]),
            {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)})


def main():
    net.pair()
    made = net.run("ip", "-n", "left", "link", "add", "vx0", "address", MAC["left"], "type", "vxlan", "id", 7, "local", "192.0.2.1",
                   "remote", "192.0.2.2", "dstport", 4789, check=False)
    if made.returncode:
        tap.skip("direct on a tunnel device", "this kernel has no VXLAN")
        return
    net.ip("right", f"link add vx0 address {MAC['right']} type vxlan external dstport 4789")
    for name, other, address in ("left", "right", "10.9.0.1"), ("right", "left", "10.9.0.2"):
        net.ip(name, "link set vx0 up", f"addr add {address}/24 dev vx0",
               f"neigh replace {'10.9.0.1' if name == 'right' else '10.9.0.2'} lladdr {MAC[other]} dev vx0 nud permanent")
    net.ip("right", "route add 10.9.0.1/32 encap ip id 7 dst 192.0.2.1 dev vx0")
    tap.equal(answered(), (N, {("ipv4", "local", "replied"): N}), "without direct all are answered")
    net.run(net.NETLAB, "echo", "direct", "vx0", "on", ns="right")
    tap.equal(answered(), (N, {("ipv4", "local", "replied"): N}), "with direct they still are, by their route")


tap.run(main)
