#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What users who are nobody make the kernel keep is charged to them, and given back when they end.

Each works in a control group of his own, in which nobody else is. What is charged there can't be more than the group's
limit: to that the kernel sees.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import genl
import prefix_asker as nl
import tap
import topology as net
from kernel import LATE
from nobody import CLONE_NEWNET, CLONE_NEWUSER, User, as_nobody, become_root, in_child

PREFIXES, STAGED, DUMPS = 20000, 6000, 50
PREFIX, READING, SOURCES = 96, 48 << 10, 128 << 10  # bytes: less than one takes; all of the buckets
MIB = 1 << 20
NOISE = 128 << 10  # what the page lists and the tool itself are charged at a time


class Group:
    """A control group, whose memory is counted."""

    def __init__(self):
        self.root = tempfile.mkdtemp()
        net.run("mount", "-t", "cgroup2", "cgroup2", self.root)
        tap.at_end(self.end)
        self.write("cgroup.subtree_control", "+memory")
        os.mkdir(self.root + "/nobody")
        self.write("nobody/memory.max", 256 * MIB)

    def write(self, name, text):
        with open(f"{self.root}/{name}", "w", encoding="ascii") as f:
            f.write(str(text))

    def end(self):
        os.rmdir(self.root + "/nobody")
        net.run("umount", self.root)
        os.rmdir(self.root)

    def join(self):
        self.write("nobody/cgroup.procs", os.getpid())

    def kernel(self):
        """Bytes of the kernel's that the group is charged for: by what it wrote last, which is up to date in two seconds."""
        with open(self.root + "/nobody/memory.stat", encoding="ascii") as f:
            stat = dict(line.split() for line in f)
        return int(stat["slab"]) + int(stat["percpu"]) + int(stat.get("vmalloc", 0))


def charged(group, work, at_least, most, what):
    """In a child in the group: what it makes the kernel keep while it lives, and whether all of that goes when it has ended."""
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            group.join()
            step = work()
            os.write(ready[1], b"1")
            os.read(done[0], 1)
            step()
            os.write(ready[1], b"2")
            os.read(done[0], 1)
            code = 0
        except BaseException as e:  # the child must end here, whatever happens
            tap.note(f"{type(e).__name__}: {e}")
        os._exit(code)
    os.close(ready[1])
    if os.read(ready[0], 1) != b"1":
        raise RuntimeError(f"{what}: the child didn't begin")
    before = settled(group)
    os.write(done[1], b"1")
    if os.read(ready[0], 1) != b"2":
        raise RuntimeError(f"{what}: the child didn't do it")
    grown = settled(group) - before
    os.write(done[1], b"2")
    tap.equal(os.waitpid(pid, 0)[1], 0, f"{what}: done")
    for fd in ready[0], *done:
        os.close(fd)
    # What else the child does is in it, too.
    most += NOISE
    tap.ok(at_least <= grown <= most, f"{what}: charged to who did it, at least {at_least >> 10} KiB", f"{grown >> 10} KiB, at most {most >> 10}")
    tap.wait_until(lambda: group.kernel() < before + LATE * os.cpu_count(), f"{what}: its memory is given back", 60)
    tap.ok(True, f"{what}: and all of it is given back when he ends")


def settled(group):
    """What is charged, once two readings half a second and more apart are the same; the kernel adds CPUs' shares up late."""
    seen = []

    def same():
        seen.append(group.kernel())
        net.run("sleep", "0.6")
        return len(seen) > 3 and max(seen[-4:]) - min(seen[-4:]) < 64 << 10

    tap.wait_until(same, "the charge is settled", 60)
    return seen[-1]


def own_namespace(user, step):
    """Root of a user namespace, in a network namespace of his own, which exists before the first reading."""
    def work():
        become_root(CLONE_NEWUSER | CLONE_NEWNET)
        net.run(user.tool, "prefix", "add", "192.0.2.0/24")
        return step
    return work


def main():
    net.pair()
    user = User()
    group = Group()
    lines = os.path.join(user.folder, "lines")
    with open(lines, "w", encoding="ascii") as f:
        f.writelines(f"prefix add 10.{n >> 14}.{n >> 6 & 255}.{4 * n & 255}\n" for n in range(PREFIXES))
    os.chmod(lines, 0o644)

    charged(group, own_namespace(user, lambda: net.run(user.tool, "--batch", lines, seconds=120)),
            PREFIXES * PREFIX, 3 * PREFIXES * PREFIX, f"{PREFIXES} prefixes of a user in a user namespace")

    keep = []

    def stage():
        asker = nl.Asker()
        keep.append(asker)
        asker.do(nl.STAGE)
        for n in range(STAGED):
            asker.do(nl.ADD, nl.prefix(f"10.0.{n >> 8}.{n & 255}") + nl.attr(nl.STAGED))

    # One by one: that is what CPUs may keep to themselves.
    charged(group, own_namespace(user, stage), STAGED * PREFIX - LATE * os.cpu_count(), 3 * STAGED * PREFIX, f"{STAGED} prefixes that he only stages")
    charged(group, own_namespace(user, lambda: net.run(user.tool, "echo", "set", "source-rate", 5)), SOURCES, 2 * SOURCES,
            "the sources' buckets of his namespace")

    def reader():
        as_nobody()
        readers = [genl.Reader() for _ in range(DUMPS)]

        def begin():
            for one in readers:
                one.send(one.family, genl.STATS_GET, genl.NLM_F_DUMP)
            keep.extend(readers)
        return begin

    with net.inside("right"):
        charged(group, reader, DUMPS * READING, 4 * DUMPS * READING, f"{DUMPS} readings that nobody begins and doesn't take")

    tap.equal(in_child(lambda: (as_nobody(), net.run(user.tool, "prefix", "add", "10.0.0.0/8", ns=None, check=False).returncode)[1]), "2",
              "without a namespace of his own he can't load any")


tap.run(main)
