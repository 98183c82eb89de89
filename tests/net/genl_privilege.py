#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Everybody may read; who may administer a namespace may set it; nobody loads the module by asking."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net
from nobody import CLONE_NEWNET, CLONE_NEWUSER, User, as_nobody, become_root, in_child

PROC = ("stats", "echo", "prefixes", "devices", "version")


def reading(user):
    def read_all():
        as_nobody()
        return [bool(open(f"/proc/{where}/{name}", encoding="ascii").read())
                for where in ("netlab", "net/netlab") for name in PROC]

    with net.inside("right"):
        tap.equal(in_child(read_all), str([True] * 10), "nobody reads every file of /proc/netlab")

    def write(name):
        as_nobody()
        with open(f"/proc/netlab/{name}", "w", encoding="ascii"):
            return "opened"

    tap.equal([in_child(lambda name=name: write(name)).split(":")[0] for name in PROC], ["PermissionError"] * len(PROC),
              "and writes none")
    for words in ("-j", "stats"), ("-j", "echo"), ("stats", "family", "ipv4"):
        mine, roots = user.run(*words), net.run(net.NETLAB, *words, ns="right")
        tap.equal((mine.returncode, mine.stdout, mine.stderr), (0, roots, ""), f"nobody's netlab {' '.join(words)} is root's")


def state(ns="right"):
    return net.netlab(ns, "echo"), net.stats(ns)["epoch"]


def changing(user):
    before = state()
    for words in ("stats", "reset"), ("echo", "set", "local", "off"), ("echo", "set", "rate", "5", "max-size", "100"):
        done = user.run(*words)
        tap.ok(done.returncode == 2 and not done.stdout and "not permitted" in done.stderr,
               f"nobody's netlab {' '.join(words)}: exit 2, not permitted", done.returncode, done.stdout, done.stderr)
    tap.equal(state(), before, "nothing has changed")
    net.run(net.NETLAB, "echo", "set", "rate", "5", ns="right")
    tap.ok(state() != before, "by root it does")
    net.run(net.NETLAB, "echo", "set", "rate", "unlimited", ns="right")


def user_namespaces(user):
    def own():
        become_root(CLONE_NEWUSER | CLONE_NEWNET)
        done = [net.run(user.tool, *words, check=False).returncode
                for words in (("echo", "set", "local", "off", "rate", "7"), ("stats", "reset"))]
        told = net.run(user.tool, "-j", "echo")
        return done, '"local":false' in told, '"rate":7' in told

    def others():
        become_root(CLONE_NEWUSER)
        done = [net.run(user.tool, *words, check=False) for words in (("echo", "set", "local", "off"), ("stats", "reset"))]
        return os.getuid(), [d.returncode for d in done], all("not permitted" in d.stderr for d in done)

    before = state(), state("left")
    tap.equal(in_child(own), "([0, 0], True, True)", "root of a user namespace sets its own network namespace")
    with net.inside("right"):
        tap.equal(in_child(others), "(0, [2, 2], True)", "and not that which it was born into")
    tap.equal((state(), state("left")), before, "which has not changed")


def loading(user):
    """The kernel asks modprobe for a generic netlink family that it doesn't know."""
    base = os.path.join(user.folder, "base")
    modules = os.path.join(base, "lib/modules", os.uname().release)
    os.makedirs(modules)
    shutil.copy(net.NETLAB_KO, modules)
    net.run("depmod", "-b", base)
    script, log = os.path.join(user.folder, "modprobe"), os.path.join(user.folder, "asked")
    with open(script, "w", encoding="ascii") as f:
        f.write(f'#!/bin/sh\necho "$@" >>{log}\nexec /sbin/modprobe -d {base} "$@"\n')
    os.chmod(script, 0o755)
    usual = net.read("/proc/sys/kernel/modprobe").strip()

    def helper(path):
        with open("/proc/sys/kernel/modprobe", "w", encoding="ascii") as f:
            f.write(path)

    tap.at_end(lambda: helper(usual))
    helper(script)
    net.run("rmmod", "netlab")
    for words in ("stats",), ("echo",), ("echo", "set", "local", "on"):
        tap.equal(user.run(*words).returncode, 3, f"without the module, nobody's netlab {' '.join(words)}: exit 3")
    with open(log, encoding="ascii") as f:
        asked = f.read()
    tap.ok("family-netlab" in asked, "the kernel did ask for the family's module", asked)
    tap.ok(not os.path.exists("/sys/module/netlab"), "and that loaded nothing")
    net.run(script, "netlab")
    tap.ok(os.path.exists("/sys/module/netlab"), "though it can be loaded there, by its name")


def main():
    net.pair()
    net.run("ping", "-q", "-n", "-c", 3, "-i", "0.01", "192.0.2.2", ns="left")
    user = User()
    reading(user)
    changing(user)
    user_namespaces(user)
    loading(user)


tap.run(main)
