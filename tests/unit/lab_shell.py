#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""make lab on a terminal: the machine's shell, a network, Ctrl-C that is the shell's, and the end by Ctrl-D."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(HERE, "..", "net", "lib"), os.path.join(HERE, "..", "tool", "lib")]
import tap
from terminal import Terminal


def main():
    os.chdir(TOP)
    term = Terminal("tests/vm/run", "--shell", "--limit", "200", "--kernel-log", "build/kernel-lab.log", "--", f"{TOP}/lab/shell", size=(120, 40))
    tap.at_end(lambda: term.status is not None or term.end(1))
    tap.ok(term.wait(lambda lines: "lab#" in "\n".join(lines), 150), "a shell", *term.lines())
    tap.ok("two-hosts   Two hosts" in term.text() and "None is up" in term.text(), "and what there is", *term.lines())
    term.press("lab two-hosts\n")
    tap.ok(term.wait(lambda lines: any("├──" in line for line in lines), 60), "a network, drawn", *term.lines())
    term.press("lab exec left netlab ping -c 2 -i 0.1 192.0.2.2\n")
    tap.ok(term.wait(lambda lines: "answered by netlab in right" in "\n".join(lines), 30), "netlab is in its nodes", *term.lines())
    term.press("sleep 1000\n")
    term.read(1)
    term.press("\x03")
    term.press("stty size\n")
    tap.ok(term.wait(lambda lines: "40 120" in "\n".join(lines)), "Ctrl-C ends what runs there; the terminal's size is known", *term.lines())
    term.press("\x04")
    tap.equal(term.end(60), 0, "Ctrl-D: exit 0")
    tap.ok(term.restored(), "the terminal is as it was")


tap.run(main)
