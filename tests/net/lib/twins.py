# SPDX-License-Identifier: GPL-2.0-only
"""Two namespaces set up alike, one answered by the stack, one by netlab.

    tester  to-stack  ---------- veth0  stack    netlab echo set local off
            to-netlab ---------- veth0  netlab   local on, as when it is loaded

Both have topology.pair()'s addresses of right, the same MAC addresses, device
numbers and settings; the tester has no address, and only sends and collects
frames. same() asks both the same and wants of netlab what the stack did:

- the frames that come back on the cable and on lo, byte for byte but for the
  IPv4 ID and the ID of IPv6 fragments (see wire.normal()). IPv6's flow label
  is compared as it is: the key of its hash is the kernel's, not the
  namespace's, so that both namespaces make the same of the same flow;
- silence where it was silent: wire.Port's last question ends each probe;
- the growth of /proc/net/snmp, netstat and snmp6, all that nstat shows;
- in each namespace one outcome for each echo request. Those that are counted
  at prerouting and never seen at input a probe must own to (its `requests').
"""
import contextlib
import os
import time

import tap
import topology
import wire
from probes import PATTERN, V4
from wire import Port

NAMES = ("stack", "netlab")
AT_MOST = 1.0  # second that netlab may take to tell the MIB
SHOWN = 3      # probes of a bad result


class Probe:
    """Frames to send, and what is to become of them.

    outcome: netlab's word for each echo request among them, {word: number} if
    they differ, None if none reaches the responder; count: how many do, all
    frames by default;
    requests: how many are counted at prerouting, count by default. More of
    them: routing, reassembly or the firewall took some. Fewer: their header
    is too short to tell, or the stack hands one to itself again;
    replies: how many frames come back, None: as many as the stack sends, but
    at least one for each request if netlab replies;
    check: of the stack's frames, to see that the setting does what is meant;
    blank: slices that differ each time even from the stack.
    """

    def __init__(self, name, frames, outcome="replied", replies=None, count=None, requests=None, check=None, blank=()):
        self.name = name
        self.frames = frames if isinstance(frames, list) else [frames]
        if count is None:
            count = len(self.frames)
        self.outcomes = outcome if isinstance(outcome, dict) else {outcome: count} if outcome and count else {}
        self.count = sum(self.outcomes.values())
        self.requests = self.count if requests is None else requests
        self.replies = replies
        self.check = check
        self.blank = blank


def some(family, outcome="replied", replies=None, large=None, **ping):
    """Small, odd, large; what becomes of all of them is the same."""
    for size in 0, 6, 57, 1400:
        yield Probe(f"{size} bytes", family.ping(PATTERN[:size], **ping), outcome, replies, requests=1)
    if large is None:
        large = outcome if family is V4 or outcome is None else "has-options"
    yield Probe("3001 bytes in fragments", family.pieces(family.ping(PATTERN[:3001], **ping)), large, replies,
                count=1, requests=1)


class _Twin:
    """One of the two, its counters held open."""

    def __init__(self, name):
        self.name = name
        self.port = Port("tester", f"to-{name}", target="192.0.2.2")
        self.lo = Port(name, "lo")
        self._files = {}
        with topology.inside(name):
            for path in "snmp", "netstat", "snmp6", "netlab/echo", "netlab/stats":
                self._files[path] = os.open(f"/proc/thread-self/net/{path}", os.O_RDONLY)

    def read(self, path):
        text, fd = b"", self._files[path]
        while chunk := os.pread(fd, 1 << 16, len(text)):
            text += chunk
        return text.decode()

    def outcomes(self):
        rows = (line.split() for line in self.read("netlab/echo").splitlines() if line.startswith("outcomes"))
        return {tuple(row[1:4]): int(row[4]) for row in rows}

    def mib(self):
        found = {}
        for path in "snmp", "netstat":
            lines = self.read(path).splitlines()
            for names, values in zip(lines[::2], lines[1::2]):
                table, *names = names.split()
                found.update({table + name: int(value) for name, value in zip(names, values.split()[1:])})
        for line in self.read("snmp6").splitlines():
            name, value = line.split()
            found[name] = int(value)
        return found

    def requests(self):
        """Echo requests that netlab counted at prerouting."""
        rows = (line.split() for line in self.read("netlab/stats").splitlines() if line.startswith("icmp"))
        return sum(int(row[-1]) for row in rows if row[1:4] in (["ipv4", "prerouting", "8"], ["ipv6", "prerouting", "128"]))

    def answered(self):
        """The sum of all outcomes, of every family and path."""
        return sum(self.outcomes().values())

    def ask(self, probes):
        """[(frames that came back, outcomes)] of each probe, and what grew meanwhile."""
        for port in self.port, self.lo:
            port.waiting()  # of what the test set up
        began = self.requests(), self.answered(), self.mib()
        answers, before = [], self.outcomes()
        for probe in probes:
            frames = self.port.exchange(probe.frames) + self.lo.waiting()
            after = self.outcomes()
            answers.append((frames, wire.grown(before, after)))
            before = after
        return answers, began

    def grown(self, began, expected=None):
        """(requests, outcomes, MIB) since began; waits for the MIB to be as expected."""
        deadline, looks = time.monotonic() + AT_MOST, 0
        while True:
            # And often: a machine that was stopped meanwhile had no time to do it.
            late, looks = time.monotonic() > deadline and looks > 100, looks + 1
            mib = wire.grown(began[2], self.mib())
            if expected is None or mib == expected or late:
                return self.requests() - began[0], self.answered() - began[1], mib
            time.sleep(0.02)


class Twins:
    def __init__(self):
        topology.add_namespace("tester", "stack", "netlab")
        topology.sysctl("tester", ipv6__conf__default__disable_ipv6=1, ipv6__conf__all__disable_ipv6=1)
        for name in NAMES:
            topology.cable("tester", f"to-{name}", name, "veth0", topology.MAC_LEFT, topology.MAC_RIGHT)
        self.addresses("veth0", "192.0.2.2/24", "2001:db8:1::2/64")
        self.neighbours("veth0", topology.MAC_LEFT, "192.0.2.1", "2001:db8:1::1")
        # An incomplete datagram outlives the test; errors aren't limited, or
        # the second namespace asked would get fewer than the first.
        self.sysctl(ipv4__ipfrag_time=3600, ipv6__ip6frag_time=3600)
        topology.unlimited_icmp(*NAMES)
        self.ip("route add default via 192.0.2.1", "route add default via 2001:db8:1::1")
        self.wait_quiet()
        topology.netlab("stack", "echo", "set", "local", "off")
        self.twins = [_Twin(name) for name in NAMES]
        self.asked = [0, 0]

    # ---- the same done to both

    def ip(self, *lines):
        for name in NAMES:
            topology.ip(name, *lines)

    def run(self, *argv, stdin=""):
        for name in NAMES:
            topology.run(*argv, ns=name, stdin=stdin)

    def sysctl(self, **settings):
        for name in NAMES:
            topology.sysctl(name, **settings)

    def addresses(self, dev, *cidrs):
        for name in NAMES:
            topology.addresses(name, dev, *cidrs)

    def neighbours(self, dev, mac, *hosts):
        for name in NAMES:
            topology.neighbours(name, dev, mac, *hosts)

    def mtu(self, size):
        """Of the cables, at both ends."""
        topology.ip("tester", *(f"link set to-{name} mtu {size}" for name in NAMES))
        self.ip(f"link set veth0 mtu {size}")

    def wait_quiet(self, silence=False):
        topology.wait_quiet(*NAMES, silence=silence)

    @contextlib.contextmanager
    def set(self, **settings):
        """Settings for a while."""
        before = {name: topology.read("/proc/sys/net/" + name.replace("__", "/"), NAMES[0]).strip()
                  for name in settings}
        self.sysctl(**settings)
        yield
        self.sysctl(**before)

    @contextlib.contextmanager
    def nft(self, rules):
        """A ruleset for a while."""
        self.run("nft", "-f", "-", stdin=rules)
        yield
        self.run("nft", "flush", "ruleset")

    # ---- the comparison

    def same(self, family, what, probes):
        """One result for a set of probes; family: V4 or V6."""
        probes, wrong = list(probes), []
        stack, netlab = self.twins
        theirs, began = stack.ask(probes)
        grew = stack.grown(began)
        ours, began = netlab.ask(probes)
        grown = netlab.grown(began, grew[2])

        judged = ((probe, _judge(family.name, probe, *mine, *stacks)) for probe, mine, stacks in zip(probes, ours, theirs))
        bad = [(probe, lines) for probe, lines in judged if lines]
        for probe, lines in bad[:SHOWN]:
            wrong += [f"{probe.name}:", *(f"    {line}" for line in lines)]
        if len(bad) > SHOWN:
            wrong.append(f"and {len(bad) - SHOWN} more probes: {'; '.join(probe.name for probe, _ in bad[SHOWN:])}"[:2000])
        wrong += [f"MIB: {key} grew by {grown[2].get(key, 0)}, with the stack by {grew[2].get(key, 0)}"
                  for key in sorted({**grown[2], **grew[2]}) if grown[2].get(key, 0) != grew[2].get(key, 0)]
        requests = sum(probe.requests for probe in probes)
        outcomes = sum(probe.count for probe in probes)
        self.asked = [self.asked[0] + requests, self.asked[1] + outcomes]
        for name, got in ("stack", grew), ("netlab", grown):
            if got[:2] != (requests, outcomes):
                wrong.append(f"{name}: {got[0]} echo requests counted and {got[1]} outcomes, expected {requests} and {outcomes}")
        frames = sum(len(got) for got, _ in theirs)
        silent = sum(not got for got, _ in theirs)
        tap.ok(not wrong, f"{family.name}: {what}: {len(probes)} probes, {silent} of them silent; {frames} frames, the MIB and "
               f"{outcomes} outcomes of {requests} requests as the stack's", *wrong)

    def tool(self):
        """Two results, at the end: the tool has the same sums as /proc, of all paths and families."""
        for twin in self.twins:
            rows = topology.stats(twin.name)["icmp"]
            requests = sum(row["packets"] for row in rows if row["hook"] == "prerouting" and row["name"] == "echo-request")
            tap.equal([requests, sum(topology.outcomes(twin.name).values())], self.asked,
                      f"{twin.name}: all echo requests, and the sum of all outcomes, as the tool says")


def _judge(family, probe, ours, count, theirs, stood):
    """What is wrong with a probe's answers, as lines."""
    wrong = []

    def want(got, expected, meaning):
        if got != expected:
            wrong.append(f"{meaning}: got {got}, expected {expected}")

    want(count, {(family, "local", word): n for word, n in probe.outcomes.items()}, "outcomes")
    want(stood, {(family, "local", "disabled"): probe.count} if probe.count else {}, "outcomes in the stack's namespace")
    if probe.replies is not None:
        want(len(theirs), probe.replies, "frames from the stack")
    elif len(theirs) < probe.outcomes.get("replied", 0):
        wrong.append(f"only {len(theirs)} frames from the stack, of {probe.count} requests")
    try:
        pairs = [wire.normal(frames, probe.blank) for frames in (ours, theirs)]
    except ValueError as e:
        wrong.append(str(e))
        pairs = [ours, theirs]
    if pairs[0] != pairs[1]:
        at = next((i for i, pair in enumerate(zip(*pairs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
        wrong.append(f"{len(ours)} frames from netlab, {len(theirs)} from the stack; number {at + 1} is the first to differ")
        wrong += [f"{who}: {frames[at].hex()} ({len(frames[at])} bytes)" for who, frames in (("netlab", ours), ("stack ", theirs))
                  if at < len(frames)]
    if probe.check and not (theirs and probe.check(theirs)):
        wrong.append(f"the stack's answer isn't what the test's setting is to make it: {theirs[0].hex() if theirs else 'none'}")
    if wrong:
        more = len(probe.frames) - 1
        wrong.append(f"asked:  {probe.frames[0].hex()}"[:1000] + (f" and {more} more" if more else ""))
    return wrong
