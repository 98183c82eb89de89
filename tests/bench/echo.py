# SPDX-License-Identifier: GPL-2.0-only
"""The echo's half of the report: what answering a request costs over ignoring
it, of what it costs the stack; and what prefixes take."""

import chart

FAMILIES = {"ipv4": "IPv4", "ipv6": "IPv6"}

# What was measured, its name, the most that it may cost of the stack's.
ROWS = [
    ("echo_stack", "the stack's own icmp_echo, netlab's local off", None),
    ("echo_local", "netlab local", 0.43),
    ("echo_direct", "netlab direct", 0.21),
    ("echo_prefix_1", "netlab prefix, one of 1", None),
    ("echo_prefix_1000", "netlab prefix, one of 1,000", None),
    ("echo_prefix_1000000", "netlab prefix, one of 1,000,000", None),
    ("echo_xdp_native", "XDP on veth, native (fixed address, no checksum)", None),
    ("echo_xdp_generic", "XDP on veth, generic (the same)", None),
]

# The figures of a million prefixes: name, unit, the most that they may be.
PREFIXES = [
    ("answer", "an answer from 1,000,000 prefixes, over one from 1", "times", 1.3),
    ("prefix_seconds_1000000", "loading 1,000,000 prefixes by --batch", "CPU seconds", 10),
    ("prefix_bytes_1000000", "memory of each of 1,000,000 prefixes", "bytes", 128),
]

NOTE = """Each figure is over the same request ignored (icmp_echo_ignore_all), with netlab loaded; in it is
the reply's reception by the asker's stack. Memory: what the whole machine has less, caches dropped."""


def make_rows(medians):
    """A row for each family of each of ROWS that was measured."""
    rows = []
    for family in FAMILIES:
        ignored = medians["echo_ignored"][family]
        stack = medians["echo_stack"][family] - ignored
        for what, name, budget in ROWS:
            if family == "ipv6" and "xdp" in what:
                continue
            over = medians["echo_prefix_ignored"][family] if "prefix" in what else ignored
            cost = round(medians[what][family] - over, 1)
            ratio = cost / stack
            rows.append({"name": name, "what": what, "family": family, "instructions": cost,
                         "of_stack": round(ratio, 4), "budget": budget,
                         "ok": None if budget is None else ratio <= budget})
    return rows


def make_prefixes(rows, values):
    """The same for PREFIXES."""
    cost = {(row["what"], row["family"]): row["instructions"] for row in rows}
    found = []
    for family in FAMILIES:
        for what, name, unit, budget in PREFIXES:
            value = values[f"{what}_{family}"] if what != "answer" else round(
                cost["echo_prefix_1000000", family] / cost["echo_prefix_1", family], 3)
            found.append({"name": name, "what": what, "family": family, "value": value,
                          "unit": unit, "budget": budget, "ok": value <= budget})
    return found


def verdict(row):
    """For the table's last column."""
    return {None: "", True: "ok", False: "MISSED"}[row["ok"]]


def print_table(rows, prefixes):
    """For people."""
    form = "{:<52} {:<4} {:>12} {:>14} {:>7}  {}"
    print(form.format("one echo request of 98 bytes answered", "", "instructions",
                      "of the stack's", "budget", ""))
    for row in rows:
        print(form.format(row["name"], FAMILIES[row["family"]], f'{row["instructions"]:,.0f}',
                          f'{row["of_stack"]:.3f}', row["budget"] or "", verdict(row)))
    for row in prefixes:
        print(form.format(row["name"], FAMILIES[row["family"]], f'{row["value"]:,g}',
                          row["unit"], row["budget"], verdict(row)))
    print(NOTE)


def report(medians, values, path):
    """Prints the table, draws the chart; returns what belongs into the JSON."""
    rows = make_rows(medians)
    prefixes = make_prefixes(rows, values)
    again = medians["echo_ignored_again"]
    drift = max(abs(again[f] / medians["echo_ignored"][f] - 1) for f in FAMILIES)
    print_table(rows, prefixes)
    chart.draw(path, "What answering an echo request costs",
               "instructions per IPv4 request of 98 bytes, over the same request ignored"
               " (of the stack's; fewer is better)",
               [(row["name"].split(" (")[0].split(", netlab's")[0], row["instructions"],
                 f'{row["instructions"]:,.0f} ({row["of_stack"]:.2f})', "netlab " in row["name"])
                for row in rows if row["family"] == "ipv4" and row["what"] != "echo_prefix_1000"])
    return {"unit": "instructions per request", "frame": 98, "drift": drift, "rows": rows,
            "prefixes": prefixes, "values": values,
            "medians": {k: v for k, v in medians.items() if k.startswith("echo_")}}
