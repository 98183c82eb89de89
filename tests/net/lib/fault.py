# SPDX-License-Identifier: GPL-2.0-only
"""Allocations that fail, by the kernel's failslab, where it has it: those of netlab alone.

    if fault.available():
        with fault.atomic():                  # each one that can't wait, in whatever context
            ...
        with fault.Nth(3) as nth:             # the third of this thread
            ...
        nth.failed                            # whether there was a third

Which ones those are the kernel tells by the stack: an address of netlab's is on
it. Percpu memory doesn't come from slabs, and doesn't fail. kmemleak's own objects
do, and fail, too: it has a reserve of them, and netlab doesn't notice.
"""
import contextlib
import glob
import os

FAILSLAB = "/sys/kernel/debug/failslab"
NTH = "/proc/thread-self/fail-nth"
DEFAULTS = {"probability": 0, "interval": 1, "times": 1, "space": 0, "verbose": 2, "task-filter": "N", "ignore-gfp-wait": "Y",
            "require-start": 0, "require-end": (1 << 64) - 1, "reject-start": 0, "reject-end": 0, "stacktrace-depth": 32}


def available():
    return os.path.exists(FAILSLAB + "/require-start") and os.path.exists(NTH)


def _kallsyms():
    """[(address, name, type, module)], by address; the module's name is empty for the kernel itself."""
    with open("/proc/kallsyms", encoding="ascii") as f:
        lines = [line.split() for line in f]
    return sorted((int(words[0], 16), words[2], words[1], "".join(words[3:])) for words in lines if len(words) >= 3)


def symbols(*names, places=None):
    """Where functions begin and end, those that the kernel itself has."""
    places = [place for place in places or _kallsyms() if not place[3]]
    found = {}
    for n, (address, name, *_) in enumerate(places):
        if name in names:
            found[name] = (address, next((place[0] for place in places[n:] if place[0] > address), address))
    return found


def _set(**values):
    for name, value in values.items():
        with open(f"{FAILSLAB}/{name.replace('_', '-')}", "w", encoding="ascii") as f:
            f.write(str(value))


def _spare_others(start, end):
    """What else can be made to fail takes part in fail-nth, too: copies from user space, say, of this very program."""
    for path in glob.glob("/sys/kernel/debug/fail_*/require-start"):
        with open(path, "w", encoding="ascii") as f:
            f.write(str(start))
        with open(path.replace("start", "end"), "w", encoding="ascii") as f:
            f.write(str(end))


def reset():
    """As the kernel has it at first."""
    for name, value in DEFAULTS.items():
        _set(**{name: value})


def netlab(spare="pcpu_alloc_noprof"):
    """Only what netlab allocates fails, and without a word: the kernel's log stays for what is wrong. But not
    below the function to be spared, which complains itself of what it doesn't get. To be said again once it
    is loaded: it is somewhere else then.
    """
    places = _kallsyms()
    found = symbols("_end", spare, places=places)
    code = [address for address, _, kind, module in places if module == "[netlab]" and kind in "tT"]
    # While it isn't loaded, where any module's may be.
    start, end = (code[0], code[-1] + 4096) if code else (found["_end"][0], 0xffffffffff000000)
    _set(verbose=0, require_start=start, require_end=end)
    if spare in found:
        _set(reject_start=found[spare][0], reject_end=found[spare][1])
    _spare_others(start, end)


@contextlib.contextmanager
def atomic(percent=100):
    """So many of a hundred of those allocations fail that can't wait: the packet path's."""
    netlab()
    _set(ignore_gfp_wait="Y", task_filter="N", interval=1, space=0, times=-1, probability=percent)
    try:
        yield
    finally:
        reset()


class Nth:
    """The nth allocation of this thread fails, that may wait or not; after netlab()."""

    def __init__(self, n):
        self.n, self.failed = n, None

    def __enter__(self):
        _set(ignore_gfp_wait="N")
        self._write(self.n)
        return self

    def __exit__(self, *_):
        with open(NTH, encoding="ascii") as f:
            self.failed = int(f.read()) == 0
        self._write(0)

    @staticmethod
    def _write(n):
        with open(NTH, "w", encoding="ascii") as f:
            f.write(str(n))
