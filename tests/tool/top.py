#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab top on a terminal: what its screen says, each of its keys, and that it gives the terminal back whatever happens."""
import os
import re
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "net", "lib")]
import tap
import topology as net
from terminal import Terminal

SECTIONS = ("HOOKS", "PROTOCOLS", "DEVICES", "SIZES", "ECHO REQUESTS", "VANISHED BETWEEN")
BLOCKS = "▁▂▃▄▅▆▇█"
COLOR = re.compile(rb"\x1b\[(?:\d+;)*3[0-7](?:;\d+)*m")


def top(*options, ns="right", **kwargs):
    return Terminal(net.NETLAB, *options, "top", ns=ns, **kwargs)


def ping(seconds=3600):
    return net.spawn("ping", "-q", "-i", 0.02, "-w", seconds, "-s", 100, "192.0.2.2", ns="left")


def line_of(lines, word):
    return next((line for line in lines if line.lstrip().startswith(word)), "")


def rate(lines, word):
    """The packets per second of the line that begins with a word."""
    found = re.match(rf"\s*{re.escape(word)} +(-?[0-9.]+)", line_of(lines, word))
    return float(found.group(1)) if found else None


def quit_by(terminal, keys="q"):
    terminal.press(keys)
    return terminal.end()


def says_rates():
    term = top("-w", 0.5)
    tap.ok(term.wait(lambda lines: "netlab top" in lines[0]), "its first line says what it is", *term.lines())
    sender = ping()
    tap.ok(term.wait(lambda lines: 30 < (rate(lines, "ipv4 prerouting icmp") or 0) < 70), "50 packets a second are said to be so",
           *term.lines())
    lines = term.lines()
    tap.equal([title for title in SECTIONS if not any(line.startswith(title) for line in lines)], [], "at 80x24 each section is there")
    tap.ok(30 < (rate(lines, "ipv4 prerouting") or 0) < 70, "the hook's rate", *lines)
    tap.ok(re.search(r"veth0 rx ipv4 +[0-9.]+ +[0-9.]+", term.text()) and "veth0 tx ipv4" in term.text(), "the device's, both ways", *lines)
    tap.ok(re.search(r"ipv4 prerouting up to 255 +[0-9.]+ +█{3}", term.text()), "a bar for the size", *lines)
    tap.ok(re.search(r"ipv4 local replied +[0-9.]+", term.text()), "what became of the echo requests", *lines)
    tap.ok(term.wait(lambda lines: sum(c in BLOCKS for c in line_of(lines, "ipv4 prerouting icmp")) >= 3),
           "and how it was in the last while", line_of(term.lines(), "ipv4 prerouting icmp"))
    tap.ok(max(map(len, term.lines())) <= 80, "nothing is wider than the screen")

    term.read()
    before = len(term.raw)
    term.wait(lambda lines: len(term.raw) > before)
    term.read(3)
    tap.ok(b"\x1b[2J" not in term.raw[before:] and b"\x1b[J" not in term.raw[before:], "no flicker: it is never cleared to be drawn anew",
           term.raw[before:][:500])
    sender.kill()
    sender.wait()
    tap.ok(term.wait(lambda lines: rate(lines, "ipv4 prerouting icmp") == 0), "when it stops it is 0, and stays to be seen", *term.lines())
    tap.equal(quit_by(term), 0, "q: exit 0")
    tap.ok(term.restored(), "the terminal is as it was")


def keys():
    sender = ping()
    term = top("-w", 0.3)
    term.wait(lambda lines: rate(lines, "ipv4 prerouting icmp"))
    for number, title in enumerate(SECTIONS, 1):
        term.press(str(number))
        tap.ok(term.wait(lambda lines, title=title: lines[1].startswith(title) and
                         not any(line.startswith(other) for line in lines for other in SECTIONS if other != title)),
               f"{number}: {title.lower()} alone", *term.lines())
    term.press("\t")
    tap.ok(term.wait(lambda lines: line_of(lines, "HOOKS") and line_of(lines, "SIZES")), "Tab behind the last: all again", *term.lines())
    for key, word in (("b", "bytes"), ("a", "name"), ("p", "packets")):
        term.press(key)
        tap.ok(term.wait(lambda lines, word=word: f"by {word}" in lines[0]), f"{key}: by {word}", term.lines()[0])
    term.press("1")
    term.press("a")
    term.wait(lambda lines: lines[1].startswith("HOOKS") and rate(lines, "ipv4 input") is not None)
    names = [line[1:35].rstrip() for line in term.lines()[2:-1] if line.startswith(" ")]
    tap.ok(len(names) >= 3 and names == sorted(names), "by name they are sorted", *names)
    term.press("p0")

    term.press("d")
    tap.ok(term.wait(lambda lines: "dev veth0" in lines[0] and line_of(lines, "veth0 rx ipv4 icmp")), "d: a device's protocols", *term.lines())
    while "dev " in term.lines()[0]:
        term.press("d")
        term.read(0.3)
    tap.ok(term.wait(lambda lines: line_of(lines, "veth0 rx ipv4 ")), "and all devices again", *term.lines())

    term.press(" ")
    tap.ok(term.wait(lambda lines: "PAUSED" in lines[0]), "space: pause")
    shown = term.text()
    term.read(1.5)
    tap.equal(term.text(), shown, "nothing changes meanwhile")
    term.press(" ")
    tap.ok(term.wait(lambda lines: "PAUSED" not in lines[0] and term.text() != shown), "and goes on")

    term.press("+")
    tap.ok(term.wait(lambda lines: "every 0.6 s" in lines[0]), "+: less often", term.lines()[0])
    term.press("--")
    tap.ok(term.wait(lambda lines: "every 0.15 s" in lines[0]), "-: more often", term.lines()[0])
    term.press("-")
    term.read(0.5)
    tap.ok("every 0.15 s" in term.lines()[0], "but not without end", term.lines()[0])

    epoch = net.netlab("right", "stats")["epoch"]
    term.press("r")
    tap.ok(term.wait(lambda lines: f"epoch {epoch + 1}" in lines[0]), "r: a new epoch", term.lines()[0])
    tap.equal(net.netlab("right", "stats")["epoch"], epoch + 1, "the module has it, too")

    term.press("h")
    tap.ok(term.wait(lambda lines: "sort by packets" in "\n".join(lines)), "h: help", *term.lines())
    term.press("x")
    tap.ok(term.wait(lambda lines: line_of(lines, "HOOKS")), "any key ends it")
    sender.kill()
    tap.equal(quit_by(term), 0, "q: exit 0")


def namespaces():
    """Through ip netns's, in order, past one that can't be entered, and home."""
    sender = ping()
    term = top("-w", 0.3, ns=None)
    term.wait(lambda lines: "this netns" in lines[0])
    with open("/run/netns/middle", "w", encoding="ascii"):
        pass
    tap.at_end(lambda: os.path.exists("/run/netns/middle") and os.unlink("/run/netns/middle"))
    term.press("n")
    tap.ok(term.wait(lambda lines: " left " in lines[0] and rate(lines, "ipv4 output icmp")), "n: the first of ip netns", *term.lines())
    term.press("n")
    tap.ok(term.wait(lambda lines: " right " in lines[0] and rate(lines, "ipv4 prerouting icmp")), "n: the next that can be entered", *term.lines())
    term.press("n")
    tap.ok(term.wait(lambda lines: "this netns" in lines[0]), "n: home", *term.lines())
    os.unlink("/run/netns/middle")
    tap.equal(quit_by(term), 0, "q: exit 0")

    nobody = Terminal("setpriv", "--reuid", "65534", "--clear-groups", net.NETLAB, "-w", "0.3", "top", ns="right")
    nobody.wait(lambda lines: rate(lines, "ipv4 prerouting icmp"))
    tap.ok(rate(nobody.lines(), "ipv4 prerouting icmp"), "without privilege it reads", *nobody.lines())
    nobody.press("r")
    tap.ok(nobody.wait(lambda lines: "CAP_NET_ADMIN" in lines[-1] or "not permitted" in lines[-1]), "r: why it may not", nobody.lines()[-1])
    nobody.read(2)
    tap.ok("CAP_NET_ADMIN" in nobody.lines()[-1] or "not permitted" in nobody.lines()[-1], "and for long enough to be read", *nobody.lines())
    tap.equal(quit_by(nobody), 0, "q: exit 0")
    sender.kill()


def sizes_of_terminals():
    term = top("-w", 0.3)
    term.wait(lambda lines: line_of(lines, "HOOKS"))
    term.resize(40, 8)
    tap.ok(term.wait(lambda lines: "too small: 40x8" in "\n".join(lines)), "too small: a sentence, with both sizes", *term.lines())
    term.resize(132, 50)
    tap.ok(term.wait(lambda lines: all(any(line.startswith(title) for line in lines) for title in SECTIONS)), "larger: all again", *term.lines())
    term.resize(60, 12)
    tap.ok(term.wait(lambda lines: line_of(lines, "HOOKS") and "q quit" in lines[-1]), "the least that it wants does", *term.lines())
    for columns, lines in ((1, 1), (2, 50), (500, 3), (300, 120), (80, 24)):
        term.resize(columns, lines)
        term.read(0.4)
    tap.ok(term.wait(lambda lines: line_of(lines, "VANISHED")), "through all sizes, to 80x24", *term.lines())
    tap.equal(quit_by(term), 0, "q: exit 0")
    tap.ok(term.restored(), "the terminal is as it was")


def colors():
    sender = ping()
    for what, env, options, colored in (("colour", {}, (), True), ("NO_COLOR", {"NO_COLOR": "1"}, (), False), ("-c never", {}, ("--color=never",), False),
                                        ("a terminal without", {"TERM": "vt100"}, (), False)):
        term = top(*options, "-w", "0.2", env=env.items())
        term.wait(lambda lines: rate(lines, "ipv4 prerouting icmp"))
        tap.equal(bool(COLOR.search(term.raw)), colored, f"{what}: {'colour' if colored else 'none'}")
        quit_by(term)
    term = top("-w", "0.2", env={"LANG": "C", "LC_ALL": "C"}.items())
    tap.ok(term.wait(lambda lines: re.search(r"[-.:=+*#@]{3}$", line_of(lines, "ipv4 prerouting icmp"))), "without UTF-8: ASCII",
           line_of(term.lines(), "ipv4 prerouting icmp"))
    tap.ok(all(byte < 0x80 for byte in term.raw), "and nothing else")
    quit_by(term)
    sender.kill()


def ends():
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        term = top()
        term.wait(lambda lines: "netlab top" in lines[0])
        term.signal(number)
        tap.equal((term.end(), term.restored()), (0, True), f"{number.name}: exit 0, and the terminal is as it was")
    term = top()
    term.wait(lambda lines: "netlab top" in lines[0])
    term.press("\x03")
    tap.equal((term.end(), term.restored()), (0, True), "Ctrl-C: the same")
    term = top()
    term.wait(lambda lines: "netlab top" in lines[0])
    term.hang_up()
    tap.equal(term.end(), 0, "a closed window ends it")
    hung_up_first()

    for what, env, words, code in (("TERM isn't set", {"TERM": ""}, "TERM is not set", 1), ("an unknown TERM", {"TERM": "nothing\x1b[1m"}, r"TERM is nothing\x1b[1m", 1)):
        term = top(env=env.items())
        tap.equal(term.end(), code, f"{what}: exit {code}")
        tap.ok(words in term.text() and b"\x1b[1m" not in term.raw, "and a sentence, harmless", term.text())
    done = net.run(net.NETLAB, "top", ns="right", check=False)
    tap.ok(done.returncode == 1 and "netlab -w 1 stats" in done.stderr, "no terminal: exit 1, and what is for a pipe", done.stderr)
    done = net.run(net.NETLAB, "-j", "top", ns="right", check=False)
    tap.ok(done.returncode == 1 and "netlab -j -w 1 stats" in done.stderr, "-j: exit 1, and what has JSON", done.stderr)


def hung_up_first():
    """The kernel sends SIGHUP to the terminal's first process alone, here a shell that ignores it: top only sees that the terminal is gone."""
    term = Terminal("sh", "-c", 'trap "" HUP; "$@"; exit $?', "sh", net.NETLAB, "top", ns="right")
    term.wait(lambda lines: "netlab top" in lines[0])
    before = time.monotonic()
    term.hang_up()
    tap.equal(term.end(), 0, "so does one whose SIGHUP doesn't come")
    took = time.monotonic() - before
    tap.ok(took > 0.9, "which it waits for: one that came when it has done with signals would kill it", f"it waited {took:.3f} s")


def strange_names():
    """A device's name may be anything but a slash or white space."""
    net.ip("right", "link add name e\x1b[31mvil type dummy")
    net.ip("right", "addr add 203.0.113.1/24 dev e\x1b[31mvil")
    net.ip("right", "link set e\x1b[31mvil up")
    sender = net.spawn("ping", "-q", "-i", 0.02, "203.0.113.2", ns="right")
    term = top("-w", 0.2, env={"NO_COLOR": "1"}.items())
    net.ip("right", "neigh replace 203.0.113.2 lladdr 02:00:00:00:00:99 dev e\x1b[31mvil")
    tap.ok(term.wait(lambda lines: r"e\x1b[31mvil tx ipv4" in "\n".join(lines)), "a device's name with an escape is harmless", *term.lines())
    tap.ok(b"\x1b[31m" not in term.raw, "and reaches the terminal as text only")
    quit_by(term)
    sender.kill()


def module_goes():
    term = top("-w", 0.3)
    term.wait(lambda lines: "netlab top" in lines[0])
    net.unload()
    tap.ok(term.wait(lambda lines: "isn't loaded" in lines[-1] or "not loaded" in lines[-1]), "the module goes: a sentence", *term.lines())
    net.run("insmod", net.NETLAB_KO)
    sender = ping()
    tap.ok(term.wait(lambda lines: rate(lines, "ipv4 prerouting icmp")), "it comes back, and so do the rates", *term.lines())
    sender.kill()
    tap.equal(quit_by(term), 0, "q: exit 0")
    net.unload()
    term = top()
    tap.equal(term.end(), 3, "without the module: exit 3")
    tap.ok("insmod" in term.text() or "modprobe" in term.text() or "loaded" in term.text(), "and a sentence", term.text())
    net.run("insmod", net.NETLAB_KO)


def main():
    net.pair()
    for part in (says_rates, keys, namespaces, sizes_of_terminals, colors, ends, strange_names, module_goes):
        part()


tap.run(main)
