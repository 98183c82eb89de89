#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prefixes that can't be, and who may not have them: refused with the reason, and nothing has changed."""
import errno
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import prefix_asker as nl
import nobody as child
import tap
import topology as net
from prefix_asker import FIRST, attr, prefix, u8, u32

SIX = "2001:db8:f::/48"
FOUR = "203.0.113.0/24"
LENGTH_AT = FIRST + 8        # behind four bytes of address
BEHIND4, BEHIND6 = FIRST + 16, FIRST + 28  # behind a prefix
HOST_BITS = "bits are set behind the prefix's length"
SIZES = "max-size: expected 28 to 65535 bytes"
ADD, DEL, GET, FLUSH, STAGE, COMMIT = nl.ADD, nl.DEL, nl.GET, nl.FLUSH, nl.STAGE, nl.COMMIT

# name, command, attributes, errno, sentence, offset
REFUSED = (
    ("nothing at all", ADD, b"", errno.EINVAL, "expected a prefix: its address and its length", None),
    ("no length", ADD, attr(nl.ADDRESS, bytes([203, 0, 113, 0])), errno.EINVAL, "expected a prefix: its address and its length", None),
    ("no address", ADD, u8(nl.LENGTH, 24), errno.EINVAL, "expected a prefix: its address and its length", None),
    *((f"an address of {size} bytes", ADD, attr(nl.ADDRESS, bytes(size)) + u8(nl.LENGTH, 8), errno.EINVAL,
       "address: expected 4 bytes for IPv4 or 16 for IPv6", FIRST) for size in (0, 3, 5, 15)),
    ("an address of 17 bytes", ADD, attr(nl.ADDRESS, bytes(17)) + u8(nl.LENGTH, 8), errno.ERANGE, None, FIRST),
    ("length 33", ADD, prefix("203.0.113.0/33"), errno.ERANGE, "length: expected 0 to 32 for IPv4, 0 to 128 for IPv6", LENGTH_AT),
    ("length 129", ADD, prefix("2001:db8::/129"), errno.ERANGE, "length: expected 0 to 32 for IPv4, 0 to 128 for IPv6", FIRST + 20),
    *((f"host bits: {text}", ADD, prefix(text), errno.EINVAL, HOST_BITS, FIRST) for text in
      ("203.0.113.1/24", "203.0.113.128/24", "203.0.113.1/31", "128.0.0.0/0", "2001:db8:f::1/48", "2001:db8:f:1::/63",
       "2001:db8:f::1/64", "2001:db8:f::1/127", "8000::/0")),
    *((f"{text}, {what}", ADD, prefix(text), errno.EINVAL, what, FIRST) for text, what in
      (("224.0.0.0/4", "multicast"), ("239.1.2.3/32", "multicast"), ("224.0.0.0/24", "multicast"), ("127.0.0.0/8", "127.0.0.0/8"),
       ("127.0.0.1/32", "127.0.0.0/8"), ("169.254.0.0/16", "link-local"), ("169.254.7.0/24", "link-local"), ("0.0.0.0/8", "0.0.0.0/8"),
       ("0.0.0.0/32", "0.0.0.0/8"), ("255.255.255.255/32", "broadcast"), ("ff00::/8", "multicast"), ("ff02::1/128", "multicast"),
       ("::1/128", "::1"), ("::/128", "::"), ("fe80::/10", "link-local"), ("fe80::/64", "link-local"), ("fe80::1/128", "link-local"))),
    ("0.0.0.0/0 without force", ADD, prefix("0.0.0.0/0"), errno.EPERM, "or force", LENGTH_AT),
    ("::/0 without force", ADD, prefix("::/0"), errno.EPERM, "or force", FIRST + 20),
    ("rate 0", ADD, prefix(FOUR) + u32(nl.RATE, 0), errno.ERANGE, "rate: expected at least 1 per second", BEHIND4),
    ("burst 0", ADD, prefix(SIX) + u32(nl.BURST, 0), errno.ERANGE, "burst: expected at least 1", BEHIND6),
    *((f"max-size {size}", ADD, prefix(FOUR) + u32(nl.RATE, 1) + u32(nl.MAX_SIZE, size), errno.ERANGE, SIZES, BEHIND4 + 8)
      for size in (0, 27, 65536, 0xffffffff)),
    ("proxy on a device that isn't there", ADD, prefix(FOUR) + u32(nl.PROXY, 9999), errno.ENODEV, "no device with this index", BEHIND4),
    ("proxy on device 0", ADD, prefix(FOUR) + u32(nl.PROXY, 0), errno.ENODEV, "no device with this index", BEHIND4),
    ("proxy on lo", ADD, prefix(SIX) + u32(nl.PROXY, 1), errno.EOPNOTSUPP, "expected an Ethernet device", BEHIND6),
    ("one that is there", ADD, prefix("198.51.100.0/24") + u32(nl.RATE, 7), errno.EEXIST, "there already", None),
    ("IPv6's that is there", ADD, prefix("2001:db8:a::/48"), errno.EEXIST, "there already", None),
    ("staged, where nothing is", ADD, prefix(FOUR) + attr(nl.STAGED), errno.ESTALE, "begun no set", BEHIND4),
    ("a rate of two bytes", ADD, prefix(FOUR) + attr(nl.RATE, b"\1\0"), errno.EINVAL, "invalid attribute length", BEHIND4),
    ("a rate of eight bytes", ADD, prefix(FOUR) + attr(nl.RATE, bytes(8)), errno.EINVAL, "invalid attribute length", BEHIND4),
    ("a length of four bytes", ADD, attr(nl.ADDRESS, bytes([203, 0, 113, 0])) + u32(nl.LENGTH, 24), errno.EINVAL,
     "invalid attribute length", LENGTH_AT),
    ("a flag with a value", ADD, prefix(FOUR) + u8(nl.FORCE, 1), errno.ERANGE, None, BEHIND4),
    ("an answer's attribute", ADD, prefix(FOUR) + attr(nl.REQUESTS, bytes(8)), errno.EINVAL, None, BEHIND4),
    ("an unknown attribute", ADD, prefix(FOUR) + u32(77, 1), errno.EINVAL, "Unknown attribute type", BEHIND4),
    ("del of one that isn't there", DEL, prefix(FOUR), errno.ENOENT, "no such prefix", None),
    ("del of one within it", DEL, prefix("198.51.100.0/25"), errno.ENOENT, "no such prefix", None),
    ("del of one around it", DEL, prefix("198.51.100.0/23"), errno.ENOENT, "no such prefix", None),
    ("del with host bits", DEL, prefix("198.51.100.1/24"), errno.EINVAL, HOST_BITS, FIRST),
    ("del without a prefix", DEL, b"", errno.EINVAL, "expected a prefix", None),
    ("get of one that isn't there", GET, prefix(FOUR), errno.ENOENT, "no such prefix", None),
    ("get without a prefix", GET, b"", errno.EINVAL, "expected a prefix", None),
    ("flush with an attribute", FLUSH, u8(nl.LENGTH, 24), errno.EINVAL, None, FIRST),
    ("commit where nothing is staged", COMMIT, b"", errno.ESTALE, "begun no set", None),
    ("commit with a bad setting", COMMIT, u32(5, 27), errno.ERANGE, SIZES, FIRST),
    ("begin with an attribute", STAGE, u8(1, 1), errno.EINVAL, None, FIRST),
)

# The tool's words behind `prefix', its exit code, what its sentence has.
WORDS = (
    ("add 203.0.113.1/24", 1, "203.0.113.0/24"), ("add 2001:db8:f::1/48", 1, "2001:db8:f::/48"), ("add 203.0.113.0/33", 1, "0 to 32"),
    ("add 2001:db8::/129", 1, "0 to 128"), ("add 203.0.113.0/", 1, "0 to 32"), ("add 203.0.113.0/-1", 1, "0 to 32"),
    ("add 203.0.113", 1, "expected an IPv4 or IPv6 address"), ("add bogus/24", 1, "expected an IPv4 or IPv6 address"), ("add", 1, "PREFIX"),
    ("add 224.0.0.0/4", 2, "multicast"), ("add 127.0.0.1", 2, "127.0.0.0/8"), ("add 169.254.0.0/16", 2, "link-local"),
    ("add ff02::/16", 2, "multicast"), ("add ::1", 2, "::1"), ("add fe80::/64", 2, "link-local"), ("add 0.0.0.0/0", 2, "force"),
    ("add ::/0", 2, "force"), ("replace 0.0.0.0/0", 2, "force"), ("add 255.255.255.255", 2, "broadcast"),
    ("add 203.0.113.0/24 rate 0", 1, "rate"), ("add 203.0.113.0/24 rate 4294967296", 1, "4294967295"), ("add 203.0.113.0/24 rate -1", 1, "rate"),
    ("add 203.0.113.0/24 rate", 1, "rate"), ("add 203.0.113.0/24 burst 0", 1, "burst"), ("add 203.0.113.0/24 burst 4294967296", 1, "burst"),
    ("add 203.0.113.0/24 max-size 27", 1, "28"), ("add 203.0.113.0/24 max-size 65536", 1, "65535"), ("add 203.0.113.0/24 proxy nosuch", 1, "nosuch"),
    ("add 203.0.113.0/24 proxy lo", 2, "Ethernet"), ("add 203.0.113.0/24 bogus 7", 1, "bogus"), ("add 198.51.100.0/24", 2, "there already"),
    ("del 203.0.113.0/24", 2, "no such prefix"), ("del", 1, "PREFIX"), ("del 198.51.100.1/24", 1, "198.51.100.0/24"), ("flush now", 1, "now"),
)


def state():
    return net.read("/proc/net/netlab/prefixes", "right"), net.read("/proc/net/netlab/echo", "right")


def refused():
    asker = nl.Asker("right")
    before = state()
    for name, command, data, code, sentence, offset in REFUSED:
        got = asker.ask(command, data)
        same = got[0] == code and got[2] == offset and (sentence is None or sentence in (got[1] or ""))
        tap.ok(same, f"refused: {name}", f"got      {errno.errorcode.get(got[0], got[0])}, {got[1]!r}, offset {got[2]}",
               f"expected {errno.errorcode[code]}, {sentence!r}, offset {offset}")
    tap.equal(state(), before, "nothing has changed")
    for data in (prefix("0.0.0.0/0") + attr(nl.FORCE), prefix("::/0") + attr(nl.FORCE), prefix("0.0.0.0/1"), prefix("1.0.0.0/32"),
                 prefix("255.255.255.254/32"), prefix("::2/128"), prefix("fec0::/10"), prefix("192.0.0.0/2"), prefix("c000::/2"),
                 prefix(FOUR) + u32(nl.RATE, 0xffffffff) + u32(nl.BURST, 0xffffffff) + u32(nl.MAX_SIZE, 28)):
        tap.equal(asker.ask(ADD, data)[:2], (0, None), f"taken: {nl.name(data)}")
    tap.equal((len(asker.dump()[0]), asker.ask(FLUSH)), (12, (0, None, None)), "all of them are there, and can be flushed")
    asker.close()


def tool():
    for block in "198.51.100.0/24", "2001:db8:a::/48":
        net.netlab("right", "prefix", "add", block)
    before = state()
    for words, code, meant in WORDS:
        done = net.run(net.NETLAB, "prefix", *words.split(), ns="right", check=False)
        one = len(done.stderr.strip().splitlines()) == 1
        tap.ok(done.returncode == code and not done.stdout and meant in done.stderr and one,
               f"netlab prefix {words}: exit {code} and one sentence", done.returncode, done.stdout, done.stderr)
    done = net.run(net.NETLAB, "-j", "prefix", "add", "224.0.0.0/4", ns="right", check=False)
    said = json.loads(done.stderr or done.stdout)
    tap.ok(done.returncode == 2 and "multicast" in json.dumps(said) and "error" in said, "netlab -j: the error is JSON, too", said)
    batch = "prefix add 203.0.113.0/25\nprefix add 203.0.113.128/25\n# a comment\nprefix add 224.0.0.0/8\nprefix add 192.0.2.0/24\n"
    done = net.run(net.NETLAB, "--batch", "-", ns="right", check=False, stdin=batch)
    tap.ok(done.returncode == 2 and "4" in done.stderr and "multicast" in done.stderr, "--batch: the line and why", done.stderr)
    names = [line.split()[1] for line in state()[0].splitlines()[1:]]
    tap.equal(names, ["198.51.100.0/24", "203.0.113.0/25", "203.0.113.128/25", "2001:db8:a::/48"],
              "--batch: what came before that line is done, what came behind it isn't")
    for half in "203.0.113.0/25", "203.0.113.128/25":
        net.netlab("right", "prefix", "del", half)
    tap.equal(state(), before, "nothing else has changed")


def privilege():
    user = child.User()
    before = state()
    for words in (("add", FOUR), ("replace", "198.51.100.0/24", "rate", 1), ("del", "198.51.100.0/24"), ("flush",)):
        done = user.run("prefix", *words, ns="right")
        tap.ok(done.returncode == 2 and "not permitted" in done.stderr, f"nobody's netlab prefix {' '.join(map(str, words))}: exit 2",
               done.returncode, done.stderr)
    mine, roots = user.run("-j", "prefix", ns="right"), net.run(net.NETLAB, "-j", "prefix", ns="right")
    tap.equal((mine.returncode, mine.stdout), (0, roots), "nobody may read them")
    saved = user.run("save", ns="right")
    tap.equal((saved.returncode, saved.stdout), (0, net.run(net.NETLAB, "save", ns="right")), "and save them")

    def asked():
        child.as_nobody()
        asker = nl.Asker()
        return [asker.ask(command, data)[0] for command, data in
                ((ADD, prefix(FOUR)), (DEL, prefix("198.51.100.0/24")), (FLUSH, b""), (STAGE, b""), (COMMIT, b""))], len(asker.dump()[0])

    with net.inside("right"):
        tap.equal(child.in_child(asked), str(([errno.EPERM] * 5, 2)), "by netlink: EPERM for all that changes, the dump is given")

    def own():
        child.become_root(child.CLONE_NEWUSER | child.CLONE_NEWNET)
        asker = nl.Asker()
        return [asker.ask(command, data)[0] for command, data in
                ((ADD, prefix(FOUR)), (ADD, prefix(SIX) + u32(nl.RATE, 5)), (DEL, prefix(FOUR)), (STAGE, b""),
                 (ADD, prefix(FOUR) + attr(nl.STAGED)), (COMMIT, b""))], asker.dump()[0]

    def others():
        child.become_root(child.CLONE_NEWUSER)
        asker = nl.Asker()
        return os.getuid(), [asker.ask(command, data)[0] for command, data in ((ADD, prefix(FOUR)), (FLUSH, b""), (STAGE, b""))]

    tap.equal(child.in_child(own), str(([0] * 6, [FOUR])), "root of a user namespace has prefixes in its own network namespace")
    with net.inside("right"):
        tap.equal(child.in_child(others), str((0, [errno.EPERM] * 3)), "and none in another's")
    tap.equal(state(), before, "which has not changed")


def main():
    net.pair()
    for block in "198.51.100.0/24", "2001:db8:a::/48":
        net.netlab("right", "prefix", "add", block)
    refused()
    tool()
    privilege()


tap.run(main)
