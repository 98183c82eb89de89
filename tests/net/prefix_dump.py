#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Many prefixes: loaded by --batch, read whole and in order by netlink, the tool and /proc, while they change, too."""
import ipaddress
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import prefix_asker as nl
import tap
import topology as net
import wire
from prefix_packets import DATA, echo, frame

MANY = 20000
PROC = "/proc/net/netlab/prefixes"


def many():
    """Of both families, nested, in no order; and the words behind each."""
    blocks = {f"10.{n >> 8 & 255}.{n & 255}.0/24": "" for n in range(0, 13000)}
    blocks.update({f"10.{n}.0.0/{length}": " rate 7" for n in range(0, 50, 2) for length in (15, 16)})
    blocks.update({f"2001:db8:{n:x}::/48": " max-size 700" for n in range(1, 6001)})
    blocks.update({f"2001:db8:{n:x}::1/128": " rate 9 burst 3" for n in range(1, MANY - len(blocks) + 1)})
    names = list(blocks)
    return [names[n * 7919 % len(names)] for n in range(len(names))], blocks


def in_order(names):
    """IPv4's first, by address, the shorter before those in it."""
    def key(name):
        block = ipaddress.ip_network(name)
        return block.version, int(block.network_address), block.prefixlen
    return sorted(names, key=key)


def batch(text, check=True):
    return net.run(net.NETLAB, "--batch", "-", ns="right", stdin=text, check=check, seconds=120)


def numbers(rows):
    """Rows of the tool's JSON as /proc's lines have them."""
    return [" ".join(str(word) for word in ("prefixes", row["prefix"], "unlimited" if row["rate"] is None else row["rate"],
                                            "auto" if row["burst"] is None else row["burst"], row["max_size"], row["requests"],
                                            row["replied"], row["refused"], row["proxy"] or "-")) for row in rows]


def loaded(names, blocks):
    batch("".join(f"prefix add {name}{blocks[name]}\n" for name in names))
    expected = in_order(names)
    tap.ok(nl.Asker("right").dump() == (expected, False), f"{MANY} prefixes by --batch: a dump has them all, in order")
    for buffer, size in (1, 4096), (None, 8192):
        tap.ok(nl.Asker("right", buffer).dump(size) == (expected, False),
               f"resumed, with a receive buffer of {buffer or 'the usual'} and {size} bytes at a time: the same")
    return expected


def asked():
    """Some requests, so that there are counters to compare."""
    port = wire.Port("left", "veth0", target="192.0.2.2")
    for target, data in (("10.0.5.9", b""), ("10.40.200.9", b""), ("2001:db8:77::7", DATA[:800]), ("2001:db8:78::1", b"x")):
        source = "2001:db8:1::1" if ":" in target else "192.0.2.1"
        port.exchange([frame(echo(source, target, data, seq=n), net.MAC_RIGHT, net.MAC_LEFT) for n in range(5)])
    port.sock.close()


def read_proc(expected):
    text = net.read(PROC, "right")
    rows = net.netlab("right", "prefix")
    lines = text.splitlines()
    tap.equal([row["prefix"] for row in rows] == expected, True, "the tool shows them all, in order")
    tap.ok(lines[1:] == numbers(rows), "/proc/net/netlab/prefixes has the same rows",
           *[f"{pair}" for pair in zip(lines[1:], numbers(rows)) if pair[0] != pair[1]][:3])
    tap.equal([sum(row[key] for row in rows) for key in ("requests", "replied", "refused")], [20, 15 - 2, 5 + 2],
              "with the counters of what was asked")
    with net.inside("right"), open(PROC, "rb", buffering=0) as f:
        pieces = b"".join(iter(lambda: f.read(997), b""))
        tap.ok(pieces.decode() == text, "read in small pieces: the same", len(pieces), len(text))
        wrong = []
        for at in (0, 1, 77, 4096, 100001, len(text) - 10, len(text), 5000, 3):
            f.seek(at)
            if f.read(50).decode() != text[at:at + 50]:
                wrong.append(at)
        tap.equal(wrong, [], "and after a seek, forwards and backwards")
    cut = net.run("dd", f"if={PROC}", "bs=100", "count=400", "iflag=fullblock", "status=none", ns="right")
    tap.ok(cut == text[:40000], "so does dd bs=100")


def changing(expected):
    """A dump while prefixes change says so, and the tool asks again."""
    asker, other = nl.Asker("right", 1), nl.Asker("right")
    asker.send(nl.GET, b"", nl.DUMP)
    names, said, added = [], False, False
    for kind, flags, body in asker.messages(4096):
        said |= bool(flags & nl.DUMP_INTR)
        if kind in (nl.ERROR, nl.DONE):
            break
        names.append(nl.name(body[4:]))
        if len(names) == 500 and not added:
            other.do(nl.ADD, nl.prefix("1.1.1.1/32"))
            added = True
    tap.ok(said and added, "a dump during which one is added has NLM_F_DUMP_INTR", said, added)
    tap.ok(names == expected, "what was there all the time is in it, once and in order", len(names))
    other.do(nl.DEL, nl.prefix("1.1.1.1/32"))

    stop = threading.Event()
    counts = []

    def busy():
        while not stop.wait(0.3):
            other.do(nl.ADD, nl.prefix("1.1.1.1/32"))
            other.do(nl.DEL, nl.prefix("1.1.1.1/32"))
            counts.append(1)

    thread = threading.Thread(target=busy)
    thread.start()
    wrong = []
    try:
        for _ in range(3):
            done = net.run(net.NETLAB, "-j", "prefix", ns="right", check=False)
            if done.returncode == 0:
                got = [row["prefix"] for row in json.loads(done.stdout)]
                if [name for name in got if name != "1.1.1.1/32"] != expected:
                    wrong.append(f"{len(got)} rows")
            elif "chang" not in done.stderr and "again" not in done.stderr:
                wrong.append(f"exit {done.returncode}: {done.stderr}")
    finally:
        stop.set()
        thread.join()
    tap.ok(not wrong and counts, "the tool, while they change: all of them in order, or a sentence that says why not", *wrong)


def given_up():
    for _ in range(50):
        asker = nl.Asker("right", 1)
        asker.send(nl.GET, b"", nl.DUMP)
        asker.sock.recv(4096)
        asker.close()
    tap.equal(net.read("/sys/module/netlab/refcnt").strip(), "0", "50 dumps given up half-way: the module isn't held")


def flushed(names):
    net.netlab("right", "prefix", "flush")
    tap.equal((net.netlab("right", "prefix"), net.read(PROC, "right").count("\n"), nl.Asker("right").dump()), ([], 1, ([], False)),
              "prefix flush: none is left, for nobody")
    port = wire.Port("left", "veth0", target="192.0.2.2")
    got = port.exchange([frame(echo("192.0.2.1", "10.0.5.9"), net.MAC_RIGHT, net.MAC_LEFT)])
    tap.equal(got, [], "and none answers")
    # A batch whose line 5,003 is refused, among many sent at once.
    lines = [f"prefix add {name}" for name in names[:6000]]
    lines.insert(5002, f"prefix add {names[0]}")
    done = batch("\n".join(lines), check=False)
    tap.ok(done.returncode == 2 and "5003" in done.stderr and "there already" in done.stderr, "a batch ends at the line that is refused", done.stderr)
    tap.ok(nl.Asker("right").dump()[0] == in_order(names[:5002]), "what came before it is done, and nothing behind it")


def main():
    net.pair()
    names, blocks = many()
    expected = loaded(names, blocks)
    asked()
    read_proc(expected)
    changing(expected)
    given_up()
    flushed(names)


tap.run(main)
