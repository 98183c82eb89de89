#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""SECURITY.md names its tests: each exists and is one, each result named is really in it, and no claim is without.

A claim is an item that begins with a hyphen. It names files, `tests/...`, and behind a file the words of its results,
"...", as they stand in the file's text; what the file puts in is in {braces}.
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "net", "lib"))
import tap  # noqa: E402

TOLD = re.compile(r"\btap\.|\bKUNIT_CASE\(|\b(ok|is|like|exits)\b|yield|f?\"")


def claims():
    """(line, text) of each item with a hyphen, up to the next item, heading or empty line."""
    found, text, begin = [], None, 0
    with open(os.path.join(TOP, "SECURITY.md"), encoding="utf-8") as f:
        lines = f.read().splitlines() + [""]
    for number, line in enumerate(lines, 1):
        if text is not None and (not line.strip() or line.startswith(("- ", "* ", "#"))):
            found.append((begin, " ".join(text)))
            text = None
        if line.startswith("- "):
            text, begin = [], number
        if text is not None:
            text.append(line.strip())
    return found


def references(text):
    """(file, its results) of a claim, in order."""
    parts = re.split(r"`(tests/[^`]+)`", text)
    return [(file, re.findall(r'"([^"]+)"', after)) for file, after in zip(parts[1::2], parts[2::2])]


def is_test(path):
    """A program that tests/run runs, or a suite of KUnit's."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    return text.startswith("#!") or "KUNIT_CASE(" in text


def told(path, result):
    """Whether a file tells a result: in its code, not in a comment alone."""
    with open(path, encoding="utf-8") as f:
        return any(result in line and TOLD.search(line) and not line.lstrip().startswith(("#", "*", "/*", "//")) for line in f)


def main():
    every = claims()
    tap.ok(len(every) > 20, f"SECURITY.md makes claims ({len(every)})")
    for number, text in every:
        what = " ".join(re.split(r"`tests/", text)[0].split()[1:9])
        found = references(text)
        wrong = [] if found else ["it names no test"]
        for file, results in found:
            path = os.path.join(TOP, file)
            if not os.path.isfile(path) or not is_test(path):
                wrong.append(f"{file} is no test")
                continue
            wrong += [f'{file} tells no result "{result}"' for result in results if not told(path, result)]
        tap.ok(not wrong, f"line {number}: {what} ...", *wrong)


tap.run(main)
