# SPDX-License-Identifier: GPL-2.0-only
"""The environment of lab: its own folder, netlab's, and the programs that tests/vm/lab-programs unpacked."""
import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def environment():
    root = os.environ.get("NETLAB_LAB_PROGRAMS", "")
    machine = f"{os.uname().machine}-linux-gnu"
    path = [f"{TOP}/lab", os.path.dirname(os.environ.get("NETLAB", "netlab")), os.environ["PATH"], f"{root}/usr/sbin", f"{root}/usr/bin"]
    return {**os.environ, "PATH": ":".join(path), "LD_LIBRARY_PATH": f"{root}/usr/lib/{machine}:{root}/lib/{machine}"}
