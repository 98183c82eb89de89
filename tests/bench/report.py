# SPDX-License-Identifier: GPL-2.0-only
"""report.py FOLDER KERNEL: from the guest's FOLDER/figures make two tables (on
stdout), FOLDER/accounting.json, FOLDER/echo.json, and the charts of these names
(what was not measured has none). Exit: 0 when the budgets hold, 1 if not, 2 if
the figures can't be trusted."""

import json
import pathlib
import subprocess
import sys

import chart
import echo

PROTOCOLS = ("icmp", "udp", "tcp")

# What was measured, its name, the way its packets took, the budget, in the
# table's order. An echo request costs its checksum's verification too, which
# the budget of a delivery doesn't know.
ROWS = [
    ("netlab", "netlab, everything, at prerouting", "prerouting4", 140),
    ("netlab", "netlab, ... IPv6", "prerouting6", 140),
    ("netlab", "netlab, a local delivery", "input4", 240),
    ("netlab", "netlab, ... IPv6", "input6", 240),
    ("netlab", "netlab, a packet forwarded", "forward4", 360),
    ("netlab", "netlab, ... IPv6", "forward6", 360),
    ("netlab", "netlab, an echo request, verified but not answered", "input4-echo", None),
    ("netlab", "netlab, ... IPv6", "input6-echo", None),
    ("floor", "a bare hook, one array of counters (the floor)", "prerouting4", None),
    ("nft_counter", "nft, a single counter", "prerouting4", None),
    ("iptables", "iptables (legacy), three protocol rules", "prerouting4", None),
    ("nft_rules", "nft, three protocol rules", "prerouting4", None),
    ("xt_account", "xt_ACCOUNT 0.0.0.0/0", "prerouting4", None),
    ("nft_set", "nft dynamic set, one counter per protocol", "prerouting4", None),
    ("xdp_generic", "XDP per-CPU map on veth, generic", "prerouting4", None),
    ("xdp_native", "XDP per-CPU map on veth, native", "prerouting4", None),
]

# What the figures can't say.
NOTE = """mean: of ICMP, UDP and TCP; most: the dearest of them, which keeps to the budget or not;
ratio: to netlab at prerouting. Instructions are not time: one that repeats counts once for
each turn, which makes XDP look dearer, as veth clears and copies memory for it."""

# More than this between the bare receiver first and last: something else than
# what is measured has changed.
MAX_DRIFT = 0.01


def read(path):
    """The figures: what -> traffic -> median; single values; what is missing, why."""
    medians, values, missing = {}, {}, {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["result"]:
            medians.setdefault(words[1], {})[words[2]] = float(words[3])
        elif words[:1] == ["value"]:
            values[words[1]] = float(words[2])
        elif words[:1] == ["missing"]:
            missing[words[1]] = " ".join(words[2:])
    return medians, values, missing


def make_rows(medians):
    """A row for each of ROWS that was measured."""
    rows = []
    for what, name, way, budget in ROWS:
        kinds = [way] if "-" in way else [f"{way}-{p}" for p in PROTOCOLS]
        cost = {kind.rsplit("-", 1)[1]: round(medians[what][kind] - medians["baseline"][kind], 1)
                for kind in kinds if kind in medians.get(what, {})}
        if not cost:
            continue
        rows.append({"name": name, "what": what, "way": way, "by_protocol": cost,
                     "mean": round(sum(cost.values()) / len(cost), 1),
                     "most": max(cost.values()), "budget": budget,
                     "ok": None if budget is None else max(cost.values()) <= budget})
    for row in rows:
        alike = row["way"] == "prerouting4"
        row["ratio"] = round(row["mean"] / rows[0]["mean"], 2) if alike else None
    return rows


def print_table(rows, missing):
    """For people."""
    form = "{:<52} {:>6} {:>6} {:>7} {:>7}  {}"
    print(form.format("instructions per packet of 98 bytes", "mean", "most", "ratio", "budget", ""))
    for row in rows:
        verdict = {None: "", True: "ok", False: "MISSED"}[row["ok"]]
        print(form.format(row["name"], round(row["mean"]), round(row["most"]),
                          f'{row["ratio"]:.2f}' if row["ratio"] else "", row["budget"] or "", verdict))
    for what, why in missing.items():
        print(f"{what}: not measured: {why}")
    print(NOTE)


def account(medians, missing, path):
    """Prints the table, draws the chart; returns what belongs into the JSON."""
    drift = max(abs(medians["again"][t] / m - 1) for t, m in medians["baseline"].items())
    rows = make_rows(medians)
    print_table(rows, missing)
    chart.draw(path, "What counting a packet at prerouting costs",
               "instructions per packet (98-byte frames, mean of ICMP, UDP and TCP; fewer is better)",
               [(r["name"].split(" (the")[0], r["mean"], str(round(r["mean"])), r["what"] == "netlab")
                for r in rows if r["way"] == "prerouting4"])
    return {"unit": "instructions per packet", "frame": 98, "drift": drift, "rows": rows,
            "missing": missing,
            "medians": {k: v for k, v in medians.items() if not k.startswith("echo_")}}


def main():
    """See above."""
    folder, kernel = pathlib.Path(sys.argv[1]), sys.argv[2]
    medians, values, missing = read(folder / "figures")
    results = {}
    if "baseline" in medians:
        results["accounting"] = account(medians, missing, folder / "accounting.png")
        print()
    results["echo"] = echo.report(medians, values, folder / "echo.png")
    for name, result in results.items():
        result["kernel"] = kernel
        (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    drift = max(result["drift"] for result in results.values())
    print(f"What has none of them, measured first and last, differs by {drift:.2%}.")
    if drift > MAX_DRIFT:
        print("That is too much to believe these figures.")
        return 2
    judged = [row for result in results.values() for row in result["rows"]] + results["echo"]["prefixes"]
    return 0 if all(row["ok"] is not False for row in judged) else 1


try:
    sys.exit(main())
except (OSError, ValueError, KeyError, IndexError, subprocess.SubprocessError) as error:
    print(f"bench: cannot report: {type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(2)
