# SPDX-License-Identifier: GPL-2.0-only
"""profile.py FOLDER MODULE: from FOLDER/profile.raw (executions by address) and
FOLDER/profile.out (the guest's symbols) print where netlab's instructions go:
for each of its functions that packets pass, the instructions per call, and
those by the function that was inlined there, the larger ones by line. MODULE is netlab.ko with its
debugging information."""

import bisect
import collections
import pathlib
import subprocess
import sys

# A function called less often than this is not on the packet path.
MIN_CALLS = 10000
# An inlined function that takes more instructions than this is told by line.
MIN_BY_LINE = 8


def read_symbols(path):
    """(address, name), sorted; those of the module end with [netlab]."""
    symbols = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["symbol"] and words[2] in "tT":
            symbols[int(words[1], 16)] = words[3]
    return sorted(symbols.items())


def read_counts(path, symbols):
    """name -> {offset: executions}."""
    starts = [address for address, _ in symbols]
    counts = collections.defaultdict(dict)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            address, count = line.split()
            address = int(address, 16)
            i = bisect.bisect(starts, address) - 1
            if i >= 0 and address - starts[i] < 1 << 16:
                counts[symbols[i][1]][address - starts[i]] = int(count)
    return counts


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


def main():
    """See above."""
    folder, module = pathlib.Path(sys.argv[1]), sys.argv[2]
    symbols = read_symbols(folder / "profile.out")
    counts = read_counts(folder / "profile.raw", symbols)
    wanted = {n: c for n, c in counts.items()
              if (n.startswith("netlab_") or n == "nf_hook_slow") and c.get(0, 0) >= MIN_CALLS}
    if not wanted:
        sys.exit("profile: none of netlab's functions was executed")
    print("Instructions per call, without those of the functions called; then by inlined function.")
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


main()
