# SPDX-License-Identifier: GPL-2.0-only
"""profile.py FOLDER MODULE: from FOLDER/profile.raw (executions by address, for
each send) and FOLDER/profile.out (the guest's results and symbols) print where
the instructions go. First of all the kernel's, per answered echo request, beside
those of an ignored one; then of netlab's functions that packets pass, per call,
those by the function that was inlined there, the larger ones by line. MODULE is
netlab.ko with its debugging information."""

import bisect
import collections
import pathlib
import subprocess
import sys

# A function called less often than this is not on the packet path.
MIN_CALLS = 5000
# An inlined function that takes more instructions than this is told by line.
MIN_BY_LINE = 8
# A function of the kernel that takes fewer per request is not told.
MIN_PER_REQUEST = 1.5


def read_guest(path):
    """(what, traffic) of each send; packets of a round; (address, name), sorted."""
    symbols, sends, packets = {}, [], None
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["symbol"] and words[2] in "tT":
            symbols[int(words[1], 16)] = words[3]
        elif words[:1] == ["result"]:
            sends.append((words[1], words[2]))
        elif words[:2] == ["value", "round"]:
            packets = int(words[2])
    return sends, packets, sorted(symbols.items())


def read_counts(path, sends, packets, symbols):
    """For each send its requests, and name -> {offset: executions}."""
    starts = [address for address, _ in symbols]
    found = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            address, count = line.split()
            if address == "rounds":
                found.append((int(count) * packets, collections.defaultdict(dict)))
                continue
            address = int(address, 16)
            i = bisect.bisect(starts, address) - 1
            if i >= 0 and address - starts[i] < 1 << 16:
                found[-1][1][symbols[i][1]][address - starts[i]] = int(count)
    if len(found) != len(sends):
        sys.exit(f"profile: {len(found)} sends were counted, and {len(sends)} measured")
    return dict(zip(sends, found))


def per_request(found):
    """name -> instructions, and name -> calls, per request."""
    requests, counts = found
    return ({name: sum(by.values()) / requests for name, by in counts.items()},
            {name: by.get(0, 0) / requests for name, by in counts.items()})


def print_echo(sends):
    """The kernel's functions, per answered request."""
    for (what, family), found in sends.items():
        if "ignored" in what or not what.startswith("echo_"):
            continue
        over = ("echo_prefix_ignored" if "prefix" in what else "echo_ignored", family)
        cost, calls = per_request(found)
        ignored, _ = per_request(sends[over])
        more = {name: cost.get(name, 0) - ignored.get(name, 0) for name in {*cost, *ignored}}
        print(f"\n{what}, {family}: {sum(cost.values()):.1f} instructions of the kernel's per request,"
              f" {sum(more.values()):.1f} more than one ignored")
        print(f"{'more':>9} {'answered':>9} {'ignored':>9} {'calls':>7}")
        for name in sorted(more, key=lambda name: (-more[name], name)):
            if max(cost.get(name, 0), ignored.get(name, 0)) >= MIN_PER_REQUEST:
                print(f"{more[name]:9.1f} {cost.get(name, 0):9.1f} {ignored.get(name, 0):9.1f}"
                      f" {calls.get(name, 0):7.2f}  {name}")


def places(module, name, offsets):
    """offset -> the innermost inlined function and its line there."""
    table = subprocess.run(["nm", module], capture_output=True, text=True, check=True).stdout
    values = {w[2]: int(w[0], 16) for w in map(str.split, table.splitlines())
              if len(w) == 3 and w[1] in "tT"}
    if name not in values:
        return {}
    given = "\n".join(hex(values[name] + o) for o in offsets)
    told = subprocess.run(["addr2line", "-f", "-e", module, "-j", ".text"], input=given,
                          capture_output=True, text=True, check=True).stdout.splitlines()
    return {o: (told[2 * i], told[2 * i + 1].rsplit("/", 1)[-1].split(" ")[0])
            for i, o in enumerate(offsets)}


def print_netlab(sends, module):
    """netlab's functions, per call."""
    counts = collections.defaultdict(collections.Counter)
    for _, by_name in sends.values():
        for name, executed in by_name.items():
            counts[name].update(executed)
    wanted = {n: c for n, c in counts.items()
              if (n.startswith("netlab_") or n == "nf_hook_slow") and c.get(0, 0) >= MIN_CALLS}
    if not wanted:
        sys.exit("profile: none of netlab's functions was executed")
    print("\nInstructions per call, without those of the functions called; then by inlined function.")
    for name, executed in sorted(wanted.items(), key=lambda item: -sum(item[1].values())):
        calls = executed[0]
        print(f"\n{name}: {sum(executed.values()) / calls:.1f} in {calls} calls")
        offsets = sorted(executed)
        where = places(module, name, offsets)
        by_function, by_line = collections.Counter(), collections.Counter()
        for offset, place in where.items():
            by_function[place[0]] += executed[offset]
            by_line[place] += executed[offset]
        for function, total in by_function.most_common():
            if total < calls / 10:
                continue
            print(f"  {total / calls:7.1f}  {function}")
            if total < MIN_BY_LINE * calls:
                continue
            for (owner, line), part in by_line.most_common():
                if owner == function and part >= calls / 10:
                    print(f"  {'':7}  {part / calls:7.1f}  {line}")


def main():
    """See above."""
    folder, module = pathlib.Path(sys.argv[1]), sys.argv[2]
    sends = read_counts(folder / "profile.raw", *read_guest(folder / "profile.out"))
    print_echo(sends)
    print_netlab(sends, module)


main()
