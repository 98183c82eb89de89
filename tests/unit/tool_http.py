#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""netlab metrics serve under the sanitizers: requests right, wrong and by chance. SEED=N the same again.

Without the module, which this host needn't have: /metrics is 503 then, and else 200.
"""
import glob
import os
import random
import socket
import subprocess
import sys
import tempfile

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(PROJECT, "tests", "net", "lib"))
import tap

RANDOM = 400
GOOD = b"GET /metrics HTTP/1.1\r\nHost: h\r\nAccept: application/openmetrics-text;version=1.0.0,text/plain\r\n\r\n"
METRICS = (b"200", b"503")
KNOWN = [
    (GOOD, METRICS),
    (b"GET / HTTP/1.0\r\n\r\n", (b"200",)),
    (b"HEAD /metrics HTTP/1.1\r\n\r\n", METRICS),
    (b"get /metrics HTTP/1.1\r\n\r\n", (b"405",)),
    (b"GET  /metrics HTTP/1.1\r\n\r\n", METRICS),
    (b"GET http:// HTTP/1.1\r\n\r\n", (b"200",)),
    (b"GET HTTP://h/metrics?a HTTP/1.1\r\n\r\n", METRICS),
    (b"GET ? HTTP/1.1\r\n\r\n", (b"404",)),
    (b"GET /metrics HTTP/1.1\r\nAccept\r\nAccept:\r\n\r\n", METRICS),
    (b"\r\n\r\n", (b"400",)),
    (b" \r\n\r\n", (b"400",)),
    (b"GET\r\n\r\n", (b"400",)),
    (b"GET /metrics\r\n\r\n", (b"400",)),
    (b"GET /metrics HTTP/1.1\n\n", (b"400",)),
    (b"", (b"400",)),
    (b"GET /metrics HTTP/1.1\r\n", (b"400",)),
    (b"GET \0/metrics HTTP/1.1\r\n\r\n", (b"400",)),
    (b"GET /" + b"x" * 8150 + b" HTTP/1.1\r\n\r\n", (b"404",)),
    (b"GET /" + b"x" * 8192 + b" HTTP/1.1\r\n\r\n", (b"431",)),
    (b"x" * 8192, (b"431",)),
    (b"POST /metrics HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789", (b"405",)),
]


def build(folder):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libmnl", "json-c", "ncursesw", "libpcap"], check=True, capture_output=True, text=True)
    tool = os.path.join(folder, "netlab")
    subprocess.run([os.environ.get("CC", "cc"), "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                    "-DNETLAB_VERSION=\"test\"", "-I" + os.path.join(PROJECT, "module/uapi"), "-o", tool,
                    *sorted(glob.glob(os.path.join(PROJECT, "userspace/*.c"))), *flags.stdout.split(), "-lm"], check=True)
    return tool


def ask(tool, parts, close=True):
    """(answer, exit code, standard error) of one connection, on which some parts are sent."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(30)
        with theirs:
            process = subprocess.Popen([tool, "metrics", "serve"], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE)
        got = b""
        try:
            for part in parts:
                ours.sendall(part)
            if close:
                ours.shutdown(socket.SHUT_WR)
                while part := ours.recv(65536):
                    got += part
        except (BrokenPipeError, ConnectionResetError):
            pass
    _, said = process.communicate(timeout=30)
    return got, process.returncode, said.decode(errors="replace")


def harmless(code, said):
    """No complaint of a sanitizer's, nor a signal."""
    return code in (0, 2, 3) and "Sanitizer" not in said and "runtime error" not in said


def mangled(rng):
    """A request with something wrong, in parts."""
    data = bytearray(rng.choice([GOOD, rng.choice(KNOWN)[0], b"GET / HTTP/1.1\r\n" + rng.randbytes(rng.randrange(9000))]))
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(4)
        if what == 0:
            data[at:at] = rng.choice([b"\r\n", b" ", b"\0", b":", b"\xff", b"\r\n\r\n", b"/metrics", b"?", b"x" * 4000])
        elif what == 1:
            del data[at:at + rng.randrange(20)]
        elif what == 2 and at < len(data):
            data[at] = rng.randrange(256)
        else:
            data[at:] = b""
    at = rng.randrange(len(data) + 1)
    return [bytes(part) for part in (data[:at], data[at:]) if part]


def main():
    with tempfile.TemporaryDirectory() as folder:
        tool = build(folder)
        for data, codes in KNOWN:
            got, code, said = ask(tool, [data])
            head, _, body = got.partition(b"\r\n\r\n")
            tap.ok(got[9:12] in codes and harmless(code, said) and (body != b"" or data.startswith(b"HEAD")) and
                   f"Content-Length: {len(body)}".encode() in head or data.startswith(b"HEAD"),
                   f"{data[:40]}: {codes[0].decode()}", got[:300], code, said)
        got, code, said = ask(tool, [GOOD[i:i + 1] for i in range(len(GOOD))])
        tap.ok(got[9:12] in METRICS and harmless(code, said), "byte by byte", got[:300], said)
        got, code, said = ask(tool, [GOOD], close=False)
        tap.ok(harmless(code, said), "who goes without listening", code, said)
        done = subprocess.run([tool, "metrics", "serve"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 1 and "netlab-metrics.socket" in done.stderr and not done.stdout, "no connection: exit 1", done)

        seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 31))
        tap.note(f"SEED={seed}")
        rng, bad = random.Random(seed), []
        for _ in range(RANDOM):
            parts = mangled(rng)
            got, code, said = ask(tool, parts)
            if not harmless(code, said) or not got.startswith(b"HTTP/1.1 "):
                bad.append((parts, got[:100], code, said[:2000]))
        tap.ok(not bad, f"{RANDOM} requests by chance: each has an answer, none does harm", *bad[:3])


tap.run(main)
