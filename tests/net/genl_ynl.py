#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own Python client speaks with netlab, from nothing but module/netlab.yaml.

It is imported once, as tools/net/ynl/cli.py does; cli.py itself is run once.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import tap
import topology as net

SOURCE = os.environ.get("NETLAB_LINUX_SOURCE", "")
YNL = os.path.join(SOURCE, "tools/net/ynl")
SPEC = os.path.join(net.PROJECT, "module/netlab.yaml")
SCHEMA = os.path.join(SOURCE, "Documentation/netlink/genetlink.yaml")


def rows(messages, table):
    """Rows of one table, from the messages of a dump."""
    return [message[table] for message in messages if table in message]


def key(row):
    return row["family"], row["hook"], row["protocol"]


def refusal(error, call, *args):
    """(errno, sentence, attribute); before Linux 6.9 a dump names no attribute."""
    try:
        return "taken: " + str(call(*args))
    except error as e:
        extack = e.nl_msg.extack or {}
        return -e.nl_msg.error, extack.get("msg"), extack.get("bad-attr")


def counters(ynl):
    net.run("ping", "-q", "-n", "-c", 7, "-i", "0.01", "192.0.2.2", ns="left")
    net.run("ping", "-q", "-n", "-c", 3, "-i", "0.01", "2001:db8:1::2", ns="left")
    told = net.stats("right")
    epoch = ynl.do("stats-get", {})
    tap.equal((epoch["netns"], epoch["epoch"]), (told["netns"], told["epoch"]), "stats-get tells namespace and epoch")
    whole = ynl.dump("stats-get", {})
    tap.equal({k: whole[0].get(k) for k in epoch}, epoch, "a dump begins with the same")
    tap.equal({key(row): (row["packets"], row["bytes"]) for row in rows(whole, "protocols")}, net.counted("right", told),
              "a dump has the numbers of netlab -j stats")
    tap.equal({(row["family"], row["hook"]): row for row in rows(whole, "hooks")}, net.hooks("right", told),
              "so it has for hooks")
    found = {key(row): row["packets"] for row in rows(whole, "protocols")}
    tap.equal(found["ipv4", "input", 1], 7, "they are the pings that were sent")
    for wanted in ({"family": "ipv6"}, {"hook": "input"}, {"protocol": 1}, {"family": "ipv4", "hook": "output", "protocol": 1}):
        expected = [row for row in rows(whole, "protocols") if all(row[k] == v for k, v in wanted.items())]
        tap.equal(rows(ynl.dump("stats-get", wanted), "protocols"), expected, f"a dump of {wanted}")
        tap.ok(expected, f"of {wanted} there are some")
    tap.equal(len(rows(ynl.dump("stats-get", {"family": "ipv4", "hook": "input", "zero-rows": True}), "protocols")), 256,
              "zero-rows: all 256 protocols")
    new = ynl.do("stats-reset", {})
    tap.ok(new["epoch"] == epoch["epoch"] + 1 and new["since"] > epoch["since"], "stats-reset begins the next epoch", new, epoch)
    tap.equal(ynl.do("stats-get", {}), new, "and stats-get tells it")
    tap.equal(ynl.dump("stats-get", {}), [new], "nothing is counted in it yet")
    tap.equal(ynl.dump("stats-get", {"epoch": epoch["epoch"]}), whole, "the epoch that ended is read by its number")


def settings(ynl):
    before = ynl.do("echo-get", {})
    tap.equal((before["local"], before["rate"], before["burst"], before["source-rate"]), (1, 0, 0, 0), "echo-get: as it begins")
    wanted = {"local": 0, "rate": 12, "burst": 3, "source-rate": 4, "max-size": 576}
    ynl.do("echo-set", wanted)
    tap.equal(ynl.do("echo-get", {}), wanted, "echo-set sets what it names")
    told = net.netlab("right", "echo")
    tap.equal({k: told[k.replace("-", "_")] for k in wanted}, {**wanted, "local": False}, "and the tool tells the same")
    ynl.do("echo-set", {"burst": 5})
    tap.equal(ynl.do("echo-get", {}), {**wanted, "burst": 5}, "what isn't named stays")
    ynl.do("echo-set", before)
    tap.equal(ynl.do("echo-get", {}), before, "and it is as it was")


def outcomes(ynl):
    net.reset("right")
    net.run("ping", "-q", "-n", "-c", 4, "-i", "0.01", "192.0.2.2", ns="left")
    tap.equal(ynl.dump("outcome-get", {}),
              [{"outcomes": {"family": "ipv4", "path": "local", "outcome": "replied", "packets": 4}}], "outcome-get")
    every = rows(ynl.dump("outcome-get", {"zero-rows": True}), "outcomes")
    tap.equal(len({(row["family"], row["path"], row["outcome"]) for row in every}), 2 * 3 * 15,
              "with zero-rows: each outcome of each path and family")


def refusals(ynl, error):
    for what, call, args, expected in (
            ("max-size 5", ynl.do, ("echo-set", {"max-size": 5}),
             (34, "max-size: expected 28 to 65535 bytes", ".max-size")),
            ("local 2", ynl.do, ("echo-set", {"rate": 1, "local": 2}),
             (22, "local: expected off (0) or on (1)", ".local")),
            ("nothing to set", ynl.do, ("echo-set", {}),
             (22, "nothing to set: expected local, rate, burst, source-rate or max-size", None)),
            ("a filter without a dump", ynl.do, ("stats-get", {"hook": "input"}),
             (22, "only a dump can be filtered", ".hook")),
            ("an unknown epoch", ynl.dump, ("stats-get", {"epoch": 77}),
             (2, "epoch: only the current one and the one before it can be read", ".epoch"))):
        before = ynl.do("echo-get", {})
        got = refusal(error, call, *args)
        if call == ynl.dump and got[2] is None:
            expected = (*expected[:2], None)
        tap.equal(got, expected, f"refused with its sentence and attribute: {what}")
        tap.equal(ynl.do("echo-get", {}), before, f"nothing has changed: {what}")


def main():
    if not os.path.exists(os.path.join(YNL, "lib/ynl.py")):
        tap.ok(False, "the YNL client is there", "run tests/vm/linux-source first; NETLAB_LINUX_SOURCE says where it is")
        return
    sys.path.insert(0, YNL)
    from lib import NlError, YnlFamily

    net.pair()
    with net.inside("right"):
        # Valid against the kernel's schema, too: it raises if it isn't.
        ynl = YnlFamily(SPEC, SCHEMA)
    counters(ynl)
    settings(ynl)
    outcomes(ynl)
    refusals(ynl, NlError)
    said = net.run("/usr/bin/python3", os.path.join(YNL, "cli.py"), "--spec", SPEC, "--schema", SCHEMA, "--output-json",
                   "--dump", "outcome-get", ns="right", seconds=90)
    tap.equal(json.loads(said), ynl.dump("outcome-get", {}), "cli.py --dump outcome-get says the same")


tap.run(main)
