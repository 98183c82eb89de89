#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The host's own MIB is told of netlab's answers as it would have been of the stack's."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net

N = 30
AT_MOST = 1.0  # second


def tables(path):
    """/proc/net/snmp and netstat: {"Icmp.InMsgs": value}"""
    found, lines = {}, net.read(path, "right").splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        table = names.split(":")[0]
        for name, value in zip(names.split()[1:], values.split()[1:]):
            found[f"{table}.{name}"] = int(value)
    return found


def mib():
    found = {**tables("/proc/net/snmp"), **tables("/proc/net/netstat")}
    for line in net.read("/proc/net/snmp6", "right").splitlines():
        name, value = line.split()
        found[name] = int(value)
    return found


def grown(before, after):
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


def ping(target, size=56, n=N):
    net.run("ping", "-n", "-q", "-c", n, "-i", "0.01", "-s", size, target, ns="left")


# Multicast listener reports: nobody's that pings.
FOREIGN = {f"Icmp6{way}Type{kind}" for way in ("In", "Out") for kind in (131, 132, 143)}


def measured(ping_all, expected=None):
    """What grows by some pings: as soon as it is as expected, or in the second that it may take."""
    for _ in range(5):
        before = mib()
        ping_all()
        end = time.monotonic() + (AT_MOST if expected is not None else 0)
        while True:
            late = time.monotonic() >= end
            now = grown(before, mib())
            if now == expected or late:
                break
            time.sleep(0.02)
        if not FOREIGN & set(now):
            break
        tap.note("a multicast listener report came between: again")
    return now


def known(name, target, size, must):
    """The stack's growth, made sure to be about these pings; then netlab's."""
    net.netlab("right", "echo", "set", "local", "off")
    by_stack = measured(lambda: ping(target, size))
    tap.equal({key: by_stack.get(key) for key in must}, must, f"{name}: the stack counts {N} pings")
    net.netlab("right", "echo", "set", "local", "on")
    tap.equal(measured(lambda: ping(target, size), by_stack), by_stack,
              f"{name}: netlab's answers are counted alike, in {AT_MOST:g} s")
    return by_stack


IPV4 = {"Ip.InReceives": N, "Ip.InDelivers": N, "Ip.OutRequests": N, "Icmp.InMsgs": N, "Icmp.InEchos": N,
        "Icmp.OutMsgs": N, "Icmp.OutEchoReps": N, "IcmpMsg.InType8": N, "IcmpMsg.OutType0": N}
IPV6 = {"Ip6InReceives": N, "Ip6InDelivers": N, "Ip6OutRequests": N, "Icmp6InMsgs": N, "Icmp6InEchos": N,
        "Icmp6OutMsgs": N, "Icmp6OutEchoReplies": N, "Icmp6InType128": N, "Icmp6OutType129": N}


def main():
    net.pair()
    v4 = known("IPv4", "192.0.2.2", 56, IPV4)
    v6 = known("IPv6", "2001:db8:1::2", 56, IPV6)
    known("IPv4 in fragments", "192.0.2.2", 3000, {"Icmp.InEchos": N, "Ip.ReasmOKs": N, "Ip.FragOKs": N, "Ip.FragCreates": 3 * N,
                                                   "Ip.InReceives": 3 * N, "Ip.OutRequests": N})
    known("IPv6 in fragments", "2001:db8:1::2", 3000, {"Icmp6InEchos": N, "Ip6ReasmOKs": N, "Ip6InReceives": 3 * N})

    both = {key: v4.get(key, 0) + v6.get(key, 0) for key in {**v4, **v6}}
    def ping_both():
        ping("192.0.2.2")
        ping("2001:db8:1::2")

    def and_reset():
        ping_both()
        net.reset("right")

    def and_unload():
        if not os.path.exists("/sys/module/netlab"):
            net.run("insmod", net.NETLAB_KO)
        ping_both()
        net.run("rmmod", "netlab")

    tap.equal(measured(and_reset, both), both, "a reset of netlab's own counters takes nothing from it")
    tap.equal(measured(and_unload), both, "rmmod tells it at once what it didn't know")
    net.run("insmod", net.NETLAB_KO)
    tap.equal(measured(ping_both, both), both, "and after insmod it goes on")


tap.run(main)
