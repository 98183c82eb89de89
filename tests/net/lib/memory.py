# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's memory holds of netlab, and whether it came back.

Slabs are counted exactly once they are shrunk (and the machines boot with
slab_nomerge: a cache's objects are its own). Of per-CPU memory the kernel
keeps pages that have become free, as long as their neighbours are in use: so
it is compared when the same thing is done again, which needs no more of it
unless something was leaked. Each limit states its slack, which is far below
what a leak of one object per round would come to.
"""
import os
import re

import tap
from kernel import SLOW

PERCPU_SLACK = 256 << 10
# The debug kernels' reference trackers keep 128 that have ended, of each namespace and of each device.
CACHES = re.compile(r"kmalloc-(?!32$)|proc_dir_entry" if SLOW else r"kmalloc-|proc_dir_entry")
earlier = {}  # allocations() of each cache when it was first counted


def meminfo():
    with open("/proc/meminfo", encoding="ascii") as f:
        return {line.split(":")[0]: int(line.split()[1]) << 10 for line in f}


def slabs():
    """{cache: live objects}, of those that netlab allocates from.

    A slab that a CPU has just taken from counts as full, whatever is free in
    it (512 objects of 8 bytes): of several readings the least is true.
    """
    least = {}
    forget_files()
    for _ in range(3):
        shrink()
        with open("/proc/slabinfo", encoding="ascii") as f:
            words = [line.split() for line in f.readlines()[2:]]
        for name, live in ((w[0], int(w[1])) for w in words if CACHES.match(w[0])):
            if name not in earlier:
                earlier[name] = allocations(name)
            least[name] = min(live, least.get(name, live))
    return least


def forget_files():
    """Of each file of the machine's root that was looked for 9p keeps a fid (kmalloc-96), as long as its dentry is cached."""
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
        f.write("2")  # dentries and inodes


def shrink():
    """Have the kernel give back free objects that it keeps for each CPU. The
    smallest last: what is written is in one of them meanwhile.
    """
    caches = [cache for cache in os.listdir("/sys/kernel/slab") if CACHES.match(cache)]
    for cache in sorted(caches, key=lambda cache: cache.endswith("kmalloc-8")):
        with open(f"/sys/kernel/slab/{cache}/shrink", "w", encoding="ascii") as f:
            f.write("1")


def namespaces_end(before, seconds=60):
    """Wait until namespaces that were removed have ended, which they do in the
    background: /proc/net of each, some fifty entries, goes last.
    """
    tap.wait_until(lambda: slabs()["proc_dir_entry"] < before["proc_dir_entry"] + 40,
                   "the namespaces have ended", seconds)


def grown(before):
    return {name: n - before.get(name, 0) for name, n in slabs().items()}


def objects_come_back(what, before, limit, cache="", again=None):
    """In no cache (or not in that one) there are so many more objects than
    before; of /proc's entries there is not one more. again() does the same
    once more: what leaks does so each time, what CPUs keep for themselves varies.
    """
    def leaked():
        return {name: n for name, n in grown(before).items()
                if cache in name and (n >= limit or (n > 0 and name == "proc_dir_entry"))}

    # RCU and work queues free some of them a little later, on a busy machine more than a little.
    try:
        tap.wait_until(lambda: not leaked(), what, 60)
    except TimeoutError:
        if again:
            tap.note(f"{leaked()} more objects: the same once more")
            before = slabs()
            again()
            objects_come_back(what, before, limit, cache)
            return
    for name in leaked():
        who_allocated(name)
    tap.equal(leaked(), {}, f"{what} (no {limit} more objects in {cache or 'any cache'})")


def allocations(cache):
    """{who allocated: objects}, if the machine was booted with slub_debug=U,CACHE (NETLAB_APPEND=)."""
    path = f"/sys/kernel/debug/slab/{cache}/alloc_traces"
    found, who = {}, None
    if os.path.exists(path):
        with open(path, encoding="ascii") as f:
            for block in f.read().split("\n\n"):
                first, *stack = [line.strip() for line in block.strip().splitlines()] or [""]
                if first:
                    count, name = first.split()[:2]
                    who = " < ".join([name] + stack[:8])
                    found[who] = found.get(who, 0) + int(count)
    return found


def who_allocated(cache):
    """Who allocated what a cache has now and hadn't when it was first counted."""
    before = earlier.get(cache, {})
    more = {who: n - before.get(who, 0) for who, n in allocations(cache).items() if n > before.get(who, 0)}
    for who, n in sorted(more.items(), key=lambda item: -item[1])[:40]:
        tap.note(f"{cache}: {n} more by {who}")


def percpu_no_more(what, before, again=None):
    """again() does the same once more, as in objects_come_back(): chunks of the
    kernel's with a little in use stay, what leaks comes each time.
    """
    now = meminfo()["Percpu"]
    if again and now > before + PERCPU_SLACK:
        tap.note(f"per-CPU memory was {before}, is {now}: the same once more")
        again()
        before, now = now, meminfo()["Percpu"]
    tap.ok(now <= before + PERCPU_SLACK, f"{what} leave no per-CPU memory behind",
           f"was {before}, is {now}, slack {PERCPU_SLACK}")
