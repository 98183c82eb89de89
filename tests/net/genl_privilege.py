#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Everybody may read; who may administer a namespace may set it; nobody loads the module by asking."""
import ctypes
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net

NOBODY = 65534
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PROC = ("stats", "echo", "prefixes", "devices", "version")
_libc = ctypes.CDLL(None, use_errno=True)


def as_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def in_child(function):
    """What a function returns in a child process, as text; an exception is text, too."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            said = str(function())
        except BaseException as e:  # the child must end here, whatever happens
            said = f"{type(e).__name__}: {e}"
        os.write(write, said.encode()[:4000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


class User:
    """The tool, run by nobody; a copy, for the folder of the original is closed to nobody."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        self.tool = shutil.copy(net.NETLAB, os.path.join(self.folder, "netlab"))
        os.chmod(self.tool, 0o755)
        tap.at_end(lambda: shutil.rmtree(self.folder))

    def run(self, *words, ns="right"):
        return net.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps=-all",
                       "--bounding-set=-all", self.tool, *words, ns=ns, check=False)


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


def become_root(flags):
    """Nobody, made root of a user namespace of its own."""
    as_nobody()
    if _libc.prctl(4, 1, 0, 0, 0):  # PR_SET_DUMPABLE: else /proc/self is root's
        raise OSError(ctypes.get_errno(), "prctl")
    if _libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
    with open("/proc/self/setgroups", "w", encoding="ascii") as f:
        f.write("deny")
    for name in "uid_map", "gid_map":
        with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
            f.write(f"0 {NOBODY} 1")


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
