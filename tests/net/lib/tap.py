# SPDX-License-Identifier: GPL-2.0-only
"""TAP for tests written in Python.

    #!/usr/bin/python3
    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
    import tap

    def main():
        tap.equal(1 + 1, 2, "the sum")
        tap.ok(answer(), "it answers")

    tap.run(main)

run() prints the plan behind the last result, and ends the program: exit 1 if
a result was bad. An exception is one bad result, with its traceback.
"""
import sys
import time
import traceback

_results = 0
_failures = 0
_at_end = []
_began = time.monotonic()


def note(text):
    """Say something that is no result."""
    for line in str(text).splitlines() or [""]:
        print("#", line, flush=True)


def ok(condition, what, *details):
    """One result; the details are shown if it is bad. Returns it."""
    global _results, _failures
    _results += 1
    if condition:
        print(f"ok {_results} - {what}", flush=True)
        return True
    _failures += 1
    print(f"not ok {_results} - {what}", flush=True)
    for detail in details:
        note(detail)
    return False


def equal(got, expected, what):
    """Good if both are the same; of dictionaries, only the difference is shown."""
    if got == expected:
        return ok(True, what)
    if isinstance(got, dict) and isinstance(expected, dict):
        keys = sorted(set(got) | set(expected), key=str)
        lines = [f"{key}: got {got.get(key, 'nothing')}, expected {expected.get(key, 'nothing')}"
                 for key in keys if got.get(key) != expected.get(key)]
    else:
        lines = [f"got:      {got}", f"expected: {expected}"]
    return ok(False, what, *lines)


def skip(what, reason):
    """A result that can't be had here."""
    global _results
    _results += 1
    print(f"ok {_results} - {what} # SKIP {reason}", flush=True)


def pairs(names, words):
    """zip() of two lists that must be equally long; its own way to say so is of Python 3.10."""
    if len(names) != len(words):
        raise ValueError(f"{len(words)} words for {len(names)} columns: {words}")
    return zip(names, words)


def at_end(function):
    """Have a function called when the test ends, however it ends; the last first."""
    _at_end.append(function)


def wait_until(condition, what, seconds=20):
    """Await a condition and return its first true value; TimeoutError if it doesn't come."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in {seconds} s: {what}")
        time.sleep(0.02)


def run(main):
    """Run a test's main function, print the plan, and exit."""
    try:
        main()
    except BaseException:  # a time limit's or a keyboard's, too
        ok(False, "the test ran to its end", traceback.format_exc())
    while _at_end:
        try:
            _at_end.pop()()
        except Exception:
            ok(False, "the test cleaned up", traceback.format_exc())
    print(f"1..{_results}", flush=True)
    note(f"{time.monotonic() - _began:.0f} s")
    sys.exit(1 if _failures else 0)
