#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""module/netlab.yaml against the kernel's schema, the header, /proc's words and the tool's."""
import difflib
import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/net/lib"))
sys.dont_write_bytecode = True  # in the project's folder
import tap

import jsonschema
import yaml

NETLAB = os.path.join(TOP, os.environ.get("NETLAB", "userspace/netlab"))
SOURCE = os.environ.get("NETLAB_LINUX_SOURCE") or os.path.join(TOP, ".cache/linux-source")


def text(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        return f.read()


def run(*argv):
    return subprocess.run(argv, cwd=TOP, capture_output=True, text=True, timeout=120, check=False)


def valid(spec):
    with open(os.path.join(SOURCE, "Documentation/netlink/genetlink.yaml"), encoding="utf-8") as f:
        schema = yaml.safe_load(f)
    errors = [f"{'/'.join(map(str, error.path))}: {error.message}"
              for error in jsonschema.Draft7Validator(schema).iter_errors(spec)]
    tap.ok(not errors, "netlab.yaml is valid against the kernel's genetlink.yaml", *errors)
    broken = {**spec, "protocol": "nonsense"}
    tap.ok(list(jsonschema.Draft7Validator(schema).iter_errors(broken)), "the schema refuses what isn't")


def header():
    generated = run("tests/vm/gen-uapi")
    if not tap.ok(generated.returncode == 0, "the kernel's generator takes netlab.yaml", generated.stderr):
        return
    ours = text("module/uapi/linux/netlab.h")
    different = list(difflib.unified_diff(ours.splitlines(), generated.stdout.splitlines(),
                                          "module/uapi/linux/netlab.h", "generated", lineterm=""))
    tap.ok(ours == generated.stdout, "module/uapi/linux/netlab.h is what it makes, byte for byte",
           "run tests/vm/gen-uapi --write", *different)


def entries(spec, name):
    """Words of an enum, in order, and which of them have a doc of their own."""
    enum = next(d for d in spec["definitions"] if d["name"] == name)
    return [entry if isinstance(entry, str) else entry["name"] for entry in enum["entries"]]


def proc_words(array):
    """[(NETLAB_… constant, word)] of an array of names in proc.c."""
    body = re.search(rf"{array}\[\] = \{{(.*?)\}};", text("module/proc.c"), re.S)
    return re.findall(r'\[(NETLAB_\w+)\] = "([^"]+)"', body[1]) if body else []


def words(spec):
    for name, array in ("outcome", "netlab_outcomes"), ("path", "netlab_paths"), ("hook", "netlab_hooks"):
        expected = [(f"NETLAB_{name}_{word}".upper().replace("-", "_"), word) for word in entries(spec, name)]
        tap.equal(proc_words(array), expected, f"/proc has the words of enum {name}, each for its number")
    # ARP has a table of its own, in which no row is one of a family.
    tap.equal(proc_words("netlab_families"), [("NETLAB_FAMILY_IPV4", "ipv4"), ("NETLAB_FAMILY_IPV6", "ipv6")],
              "/proc has the words of enum family that have rows")


def explained(spec):
    said = run(NETLAB, "-j", "-e", "echo")
    if not tap.ok(said.returncode == 0, "netlab -j -e echo", said.stderr):
        return
    columns = json.loads(said.stdout)["outcomes"]
    for name in "outcome", "path":
        sentences = {row["value"]: row for row in columns if row["column"] == name and row["value"]}
        tap.equal(list(sentences), entries(spec, name), f"netlab -e echo has each {name} of netlab.yaml, in its order")
        bare = [word for word, row in sentences.items()
                if not any(isinstance(v, str) and v.endswith(".") and " " in v for v in row.values())]
        tap.equal(bare, [], f"and explains each {name} in a sentence")
    plain = run(NETLAB, "-e", "echo").stdout
    tap.equal([word for word in entries(spec, "outcome") + entries(spec, "path")
               if not re.search(rf"(^|\s){re.escape(word)}\s+\S", plain, re.M)], [], "so it does without -j")


def main():
    spec = yaml.safe_load(text("module/netlab.yaml"))
    valid(spec)
    header()
    words(spec)
    explained(spec)


tap.run(main)
