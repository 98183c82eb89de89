# SPDX-License-Identifier: GPL-2.0-only
"""What module/netlab.yaml says of commands and their attributes, for tests/fuzz/netlink.c."""
import os

import topology as net

import yaml

KINDS = {"u8": 0, "u16": 1, "u32": 2, "u64": 3, "flag": 4, "binary": 5, "string": 6, "nest": 7, "pad": 8}


def commands(path):
    """A file with a line for each command; how many."""
    with open(os.path.join(net.PROJECT, "module", "netlab.yaml"), encoding="ascii") as f:
        spec = yaml.safe_load(f)
    sets = {one["name"]: one["attributes"] for one in spec["attribute-sets"]}
    lines = []
    for number, operation in enumerate(spec["operations"]["list"], 1):
        attributes = " ".join(f"{kind}:{KINDS[one['type']]}" for kind, one in enumerate(sets[operation["attribute-set"]], 1))
        lines.append(f"{operation.get('value', number)} {int('admin-perm' in operation.get('flags', []))} {attributes}\n")
    with open(path, "w", encoding="ascii") as f:
        f.writelines(lines)
    return len(lines)
