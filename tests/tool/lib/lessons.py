# SPDX-License-Identifier: GPL-2.0-only
"""Each command of docs/lessons, in its order, and that it prints what the page says.

In a page, a block that begins with ```console has commands, in lines that
begin with "$ ", and what they print. A line of "..." stands for any lines.
What differs from time to time is compared as what it is: times, MAC addresses,
ports that the kernel chose, identifiers, and where in its memory an sk_buff
is. A block ```c is a piece of the file that is named before it.

In the guest, as a program, it prints the pages with what the commands print now:
lessons.py [PAGE...].
"""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path[:0] = [os.path.join(TOP, "tests", "net", "lib")]
import programs
import tap

LESSONS = os.path.join(TOP, "docs", "lessons")
SECONDS = 60
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
VARIES = [(re.compile(pattern), to) for pattern, to in (
    (r"= [\d.]+/[\d.]+/[\d.]+/[\d.]+ ms", "= TIMES"), (r"[\d.]+ (ms|msec)\b", r"N \1"), (r", time \d+ms", ", time N"),
    (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "MAC"), (r"\bid:? \d+", "id N"), (r"COOKIE: \w+", "COOKIE: N"),
    (r"WHEN: .*", "WHEN: N"), (r"\b(?:3[2-9]\d{3}|[45]\d{4}|6[0-5]\d{3})\b", "PORT"), (r"\bseq \d+(:\d+)?", "seq N"), (r"\back \d{3,}", "ack N"),
    (r"\b\d+\s+IN\s", "TTL IN "), (r"^\d+ packets, (\d+) shown", r"N packets, \1 shown"), (r"TS val \d+ ecr \d+", "TS"), (r"DiG [\w.+~-]+", "DiG"), (r"win \d+", "win N"), (r"@if\d+", "@ifN"), (r"^\d+: (\w)", r"N: \1"),
    (r"link-netns \w+|link-netnsid \d+", "link"), (r"\[[\w ,.:]*mss (\d+)[\w ,.:]*\]", r"[mss \1]"), (r"qlen \d+", "qlen N"), (r"\d+ packets? received by filter", "N received by filter"), (r"rx \d+ tx \d+", "rx N tx N"), (r"\s+", " "), (r" $", ""))]
SKB = re.compile(r"^ +(skb:|headers:|mark )")


def normal(line):
    if SKB.match(line):
        return re.sub(r"\d+", "N", line)
    for pattern, to in VARIES:
        line = pattern.sub(to, line)
    return line


def same(expected, got):
    """Whether lines are what a page says, "..." being any."""
    if not expected:
        return not got
    if expected[0] == "...":
        return any(same(expected[1:], got[n:]) for n in range(len(got) + 1))
    return bool(got) and normal(expected[0]) == normal(got[0]) and same(expected[1:], got[1:])


class Shell:
    """The reader's shell."""

    def __init__(self):
        env = {**programs.environment(), "LANG": "C.UTF-8", "TERM": "dumb"}
        os.makedirs("/tmp/lessons", exist_ok=True)
        self.bash = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     text=True, encoding="utf-8", errors="replace", env=env, cwd="/tmp/lessons")
        tap.at_end(self.bash.kill)

    def run(self, command):
        """What a command prints, line by line."""
        self.bash.stdin.write(f"{{ {command}\n}} </dev/null; printf '\\n##%s\\n' \"$?\"\n")
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            if line.startswith("##"):
                break
            lines.append(line.rstrip("\n"))
        # The mark's own newline ends a line that was left open, or is one more.
        return lines[:-1] if lines and not lines[-1] else lines


def steps(block):
    """[(command, lines)] of a console block."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        else:
            found[-1][1].append(line)
    return found


def sources(page, text):
    for match in FENCE.finditer(text):
        if match.group(1) != "c":
            continue
        named = re.findall(r"`((?:userspace|module)/[\w/.-]+)`", text[:match.start()])
        with open(os.path.join(TOP, named[-1]), encoding="utf-8") as file:
            tap.ok(match.group(2) in file.read(), f"{page}: its C is that of {named[-1]}")


def lesson(page, write):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    name = os.path.basename(page)
    shell = Shell()
    if not write:
        sources(name, text)

    def block(match):
        if match.group(1) != "console":
            return match.group()
        out = []
        for command, expected in steps(match.group(2)):
            got = shell.run(command)
            out += [("$ " if not n else "> ") + line for n, line in enumerate(command.split("\n"))]
            keep = expected and "..." in expected and same(expected, got)
            out += expected if keep else got
            if not write:
                tap.ok(same(expected, got), f"{name}: {command.splitlines()[0]}", "expected:", *expected, "got:", *got)
        return "\n".join(["```console", *out, "```"])

    written = FENCE.sub(block, text)
    left = shell.run("lab down; ip netns list")
    if write:
        print(f"##page {name}\n{written}##end")
    else:
        tap.equal(left, ["lab: no network is up: lab NAME makes one"], f"{name}: nothing is left behind")
        svg = re.findall(r"!\[.*?\]\(([\w-]+)\.svg\)", text)
        for topology in svg:
            with open(os.path.join(LESSONS, f"{topology}.svg"), encoding="utf-8") as file:
                tap.equal(file.read(), subprocess.run([f"{TOP}/lab/lab", "draw", topology, "svg"], capture_output=True, text=True, check=True).stdout,
                          f"{name}: {topology}.svg is drawn from its description")


def pages(*numbers):
    found = sorted(glob.glob(os.path.join(LESSONS, "[0-9]*.md")))
    return [page for page in found if not numbers or os.path.basename(page)[:2] in numbers]


def check(*numbers):
    """These pages, as a test."""
    def main():
        tap.equal(len(pages(*numbers)), len(numbers), "the lessons are there")
        for page in pages(*numbers):
            lesson(page, False)

    tap.run(main)


if __name__ == "__main__":
    subprocess.run(["insmod", os.environ["NETLAB_KO"]], check=False)
    for one in pages(*sys.argv[1:]):
        lesson(one, True)
