#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The metrics, as Prometheus itself reads them: what it scrapes is what netlab -j says.

By the two ways there are: node_exporter's textfile collector, and HTTP. The counters are those
of a namespace in which nobody scrapes.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as openmetrics

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "net", "lib"))
import direct
import tap
import topology as net
import wire

BIN = os.path.join(os.environ.get("NETLAB_PROMETHEUS", ""), "usr/bin")
HTTP, EXPORTER, PROMETHEUS = 9427, 9100, 9090
BOUNDS = (64, 127, 255, 511, 1023, 1518)
# As a device can be called; the kernel forbids only slashes, colons and spaces.
STRANGE = b'q"\\\xff\x1b'

# What is counted in each table of netlab -j stats, and what tells its rows apart.
TABLES = {
    "protocols": ("protocol", ("family", "hook", "protocol", "name"), ("packets", "bytes")),
    "hooks": ("hook", ("family", "hook"), ("skbs", "packets", "bytes", "fragments", "options", "refused", "strays")),
    "icmp": ("icmp", ("family", "hook", "type", "name"), ("packets",)),
    "tcp": ("tcp", ("family", "hook"), ("syn", "synack", "fin", "rst")),
    "anomalies": ("anomaly", ("family", "hook", "reason"), ("packets",)),
    "devices": ("device", ("dev", "direction", "family", "protocol", "name"), ("packets", "bytes")),
    "arp": ("arp", ("direction", "operation"), ("packets",)),
}


def expected(ns, prefixes=True):
    """{(name, labels): value}, of what the tool says in JSON."""
    stats, echo, found = net.stats(ns), net.netlab(ns, "echo"), {}

    def add(name, value, /, **labels):
        found[name, frozenset((k, str(v)) for k, v in {"netns": ns, **labels}.items())] = float(value)

    def label(key, value):
        # JSON has \xNN where a byte can't be printed; a backslash of the name's own is \x5c here.
        return value.replace("\\", "\\x5c").replace("\\x5cxff", "\\xff").replace("\\x5cx1b", "\\x1b") if key == "dev" else value

    for table, (metric, keys, values) in TABLES.items():
        for row in stats[table]:
            for value in values:
                add(f"netlab_{metric}_{value}_total", row[value], **{key: label(key, row[key]) for key in keys})
    for row in stats["hooks"]:
        sizes = [size for size in stats["sizes"] if all(size[key] == row[key] for key in ("family", "hook"))]
        labels = {key: row[key] for key in ("family", "hook")}
        if not sizes:
            continue
        for bound in BOUNDS:
            add("netlab_size_bytes_bucket", sum(size["packets"] for size in sizes if size["max"] and size["max"] <= bound),
                le=float(bound), **labels)
        add("netlab_size_bytes_bucket", sum(size["packets"] for size in sizes), le="+Inf", **labels)
        add("netlab_size_bytes_count", sum(size["packets"] for size in sizes), **labels)
        add("netlab_size_bytes_sum", row["bytes"], **labels)
    for row in echo["outcomes"]:
        add("netlab_echo_packets_total", row["packets"], **{key: row[key] for key in ("family", "path", "outcome")})
    for row in stats["vanished"]:
        add("netlab_vanished_packets", row["packets"], **{key: row[key] for key in ("family", "between", "and")})
    for row in net.netlab(ns, "prefix") if prefixes else ():
        for value in ("requests", "replied", "refused"):
            add(f"netlab_prefix_{value}_total", row[value], prefix=row["prefix"])
    for name in ("local", "rate", "burst", "source_rate", "max_size"):
        if echo[name] is not None:
            add("netlab_echo_setting", echo[name], setting=name.replace("_", "-"))
    for dev in echo["direct"]:
        add("netlab_echo_direct", 1, dev=dev)
    add("netlab_epoch", stats["epoch"])
    begun = net.run("date", "-u", "-d", stats["since"], "+%s")
    add("netlab_epoch_start_time_seconds", begun)
    return found


def sample(name, labels, value):
    labels = {k: v for k, v in labels.items() if k not in ("job", "instance")}
    if "le" in labels and labels["le"] != "+Inf":
        labels["le"] = str(float(labels["le"]))
    return (name, frozenset(labels.items())), float(value)


def parsed(families):
    """The samples of a page by Prometheus's own Python client, by whose rules the page is right."""
    return dict(sample(s.name, s.labels, s.value) for family in families for s in family.samples)


def metrics(*words, ns="right", **kwargs):
    return net.run(net.NETLAB, "-n", ns, "metrics", *words, **kwargs)


def traffic():
    """Some of everything: both families, three protocols, an oddity, an outcome of each path."""
    net.pair()
    subprocess.run([b"ip", b"-n", b"right", b"link", b"add", STRANGE, b"type", b"veth", b"peer", b"name", b"veth1", b"netns", b"left"],
                   check=True)
    subprocess.run([b"ip", b"-n", b"right", b"addr", b"add", b"203.0.113.2/24", b"dev", STRANGE], check=True)
    subprocess.run([b"ip", b"-n", b"right", b"link", b"set", STRANGE, b"up"], check=True)
    net.addresses("left", "veth1", "203.0.113.1/24")
    net.ip("left", "link set veth1 up", "route add 198.51.100.0/24 via 192.0.2.2")
    net.netlab("right", "prefix", "add", "198.51.100.0/24", "rate", "100")
    net.netlab("right", "prefix", "add", "2001:db8:5::/48")
    net.netlab("right", "echo", "set", "max-size", "1400", "rate", "5000")
    net.netlab("right", "echo", "direct", "veth0", "on")
    for host in "192.0.2.2", "2001:db8:1::2", "198.51.100.9", "203.0.113.2":
        net.run("ping", "-q", "-n", "-c", 5, "-i", "0.01", host, ns="left")
    net.run("ping", "-q", "-n", "-c", 2, "-i", "0.01", "-W", 1, "-s", 1460, "203.0.113.2", ns="left", check=False)
    # Frames that no stack would send: a TCP segment without a flag, an ARP request.
    null = direct.ipv4(struct.pack("!HHIIBBHHH", 1, 2, 3, 4, 0x50, 0, 5, 0, 0))
    null = direct.ether(null[:9] + b"\6" + null[10:10] + b"\0\0" + null[12:])
    port = wire.Port("left", "veth0", "192.0.2.2")
    port.exchange([null[:24] + struct.pack("!H", wire.checksum(null[14:34])) + null[26:]])
    for family, host in (socket.AF_INET, "192.0.2.2"), (socket.AF_INET6, "2001:db8:1::2"):
        with net.inside("right"):
            server = socket.create_server((host, 7777), family=family)
        with net.inside("left"), socket.create_connection((host, 7777)) as client, server.accept()[0] as other:
            client.sendall(b"x" * 5000)
            client.shutdown(socket.SHUT_WR)
            while other.recv(65536):
                pass
        server.close()
        with net.inside("left"), socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.sendto(b"y" * 100, (host, 9))
    # Timers of TCP, of neighbours, of multicast: until nothing has been counted for some seconds.
    last = [None, 0]

    def rest():
        now, reading = time.monotonic(), net.stats("right")
        if reading != last[0]:
            last[:] = reading, now
        return now - last[1] > 4
    tap.wait_until(rest, "the namespace comes to rest", 60)


def promtool(page, what):
    done = net.run(f"{BIN}/promtool", "check", "metrics", stdin=page, check=False, seconds=60)
    return tap.equal((done.returncode, done.stdout + done.stderr), (0, ""), what)


def text():
    page = metrics("show", "prefixes")
    wanted = expected("right")
    promtool(page, "promtool check metrics has nothing to say")
    tap.equal(parsed(prometheus.text_string_to_metric_families(page)), wanted, "every counter, outcome and setting has its value")
    missing = {f"netlab_{metric}_{value}_total" for metric, _, values in TABLES.values() for value in values} - {n for n, _ in wanted}
    tap.ok(not missing, f"all tables had something to count: {len(wanted)} values", missing)
    tap.equal(parsed(openmetrics.text_string_to_metric_families(metrics("format", "openmetrics", "prefixes"))), wanted,
              "so it is in OpenMetrics, as its strict parser reads it")
    tap.equal(parsed(prometheus.text_string_to_metric_families(metrics())), expected("right", prefixes=False),
              "without a word prefixes are left out")
    tap.ok(any(STRANGE[:1].decode() + '\\"\\\\x5c\\\\xff\\\\x1b' in line for line in page.splitlines()),
           "a device's strange name is harmless", [line for line in page.splitlines() if "dev=" in line][:3])
    own = net.run(net.NETLAB, "metrics", ns="right")
    tap.ok("netns" not in own, "only who names a namespace has it as a label")
    promtool(own, "and promtool takes that, too")
    promtool(metrics("prefixes", ns="left"), "nor is anything wrong where no prefix is")
    promtool(net.run(net.NETLAB, "-a", "metrics", ns="right"), "rows of zeroes are right for promtool, too")


def files(folder):
    path = f"{folder}/netlab.prom"
    metrics("write", path, "prefixes")
    with open(path, encoding="ascii") as f:
        page = f.read()
    tap.equal(page, metrics("show", "prefixes"), "write puts the same into a file")
    tap.equal((oct(os.stat(path).st_mode & 0o777), os.listdir(folder)), ("0o644", ["netlab.prom"]),
              "which everybody can read, and there is no other")
    refused = [
        ("/dev/null", "expected a regular file"),
        (folder, "expected a regular file"),
        (f"{folder}/none/netlab.prom", "No such file or directory"),
        ("", "expected a file's name"),
    ]
    for name, words in refused:
        done = metrics("write", name, check=False)
        tap.ok(done.returncode == 1 and words in done.stderr and not done.stdout, f"write {name or 'nothing'}: exit 1", done)
    tap.ok(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"), "/dev/null is what it was")
    small = f"{folder}/small"
    os.mkdir(small)
    net.run("mount", "-t", "tmpfs", "-o", "size=4k", "none", small)
    with open(f"{small}/netlab.prom", "w", encoding="ascii") as f:
        f.write("# old\n")
    done = metrics("write", f"{small}/netlab.prom", check=False)
    with open(f"{small}/netlab.prom", encoding="ascii") as f:
        tap.equal((done.returncode, f.read(), os.listdir(small)), (1, "# old\n", ["netlab.prom"]),
                  "where the disk is full the old file stays, and nothing beside it")
    tap.ok("No space left" in done.stderr, "and it says so", done.stderr)
    net.run("umount", small)


def http(method, path, body=None, **headers):
    """(status, content type, body)"""
    request = urllib.request.Request(f"http://127.0.0.1:{HTTP}{path}", method=method, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.headers["Content-Type"], e.read().decode()


def raw(data, half=False):
    """What comes back for some bytes."""
    with socket.create_connection(("127.0.0.1", HTTP), timeout=30) as s:
        s.sendall(data)
        if half:
            s.shutdown(socket.SHUT_WR)
        got = b""
        while part := s.recv(65536):
            got += part
        return got


def serve():
    """As netlab-metrics.socket does it: a process for each connection."""
    net.spawn("systemd-socket-activate", "--accept", "--inetd", "-l", f"127.0.0.1:{HTTP}",
              net.NETLAB, "-n", "right", "metrics", "serve", "prefixes", stderr=subprocess.DEVNULL)

    def listens():
        with socket.socket() as s:
            return not s.connect_ex(("127.0.0.1", HTTP))
    tap.wait_until(listens, "systemd-socket-activate listens")
    wanted = expected("right")
    status, kind, page = http("GET", "/metrics")
    tap.equal((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"), "GET /metrics")
    tap.equal(page, metrics("prefixes"), "is what netlab metrics prints")
    status, kind, page = http("GET", "/metrics?x=y", Accept="application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1")
    tap.equal((status, kind), (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"), "OpenMetrics for who accepts it")
    tap.equal(parsed(openmetrics.text_string_to_metric_families(page)), wanted, "and right")
    tap.equal(http("HEAD", "/metrics"), (200, "text/plain; version=0.0.4; charset=utf-8", ""), "HEAD /metrics")
    for method, path, body, code in (("GET", "/", None, 200), ("GET", "/other", None, 404), ("GET", "/metricsx", None, 404),
                                     ("POST", "/metrics", b"z" * 100000, 405), ("DELETE", "/", None, 405)):
        status, kind, page = http(method, path, body)
        tap.equal((status, kind, page.count("\n"), "netlab_epoch" in page), (code, "text/plain; charset=utf-8", 1, False),
                  f"{method} {path}: {code} and a sentence")
    for data, code in ((b"nonsense\r\n\r\n", b"400"), (b"GET /metrics\r\n\r\n", b"400"), (b"GET /metrics HTTP/2.0\r\n\r\n", b"400"),
                       (b"\0" * 50 + b"\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n", b"431"),
                       (b"GET http://h/metrics HTTP/1.1\r\nHost: h\r\n\r\n", b"200"), (b"GET http://h HTTP/1.0\r\n\r\n", b"200")):
        answer = raw(data)
        tap.ok(answer.startswith(b"HTTP/1.1 " + code), f"{data[:30]}: {code.decode()}", answer[:100])
    tap.ok(raw(b"GET /metrics HTTP", half=True).startswith(b"HTTP/1.1 400"), "a request without its end: 400")
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", HTTP)) as s:
            s.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    tap.equal(http("GET", "/metrics")[0], 200, "who hangs up at once harms nobody")
    done = net.run(net.NETLAB, "metrics", "serve", check=False)
    tap.ok(done.returncode == 1 and "netlab-metrics.socket" in done.stderr, "by hand it says what it is for", done)


def query(expression):
    """What Prometheus answers; nothing while it isn't there yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PROMETHEUS}/api/v1/query?" +
                                    urllib.parse.urlencode({"query": expression}), timeout=30) as answer:
            return json.load(answer)["data"]["result"]
    except (urllib.error.URLError, ConnectionError):
        return []


def answered(expression):
    """The same, awaited: a rate wants two readings, and a reading that failed is followed by another. Nothing if nothing comes."""
    rows = []

    def there():
        rows[:] = query(expression)
        return rows
    try:
        tap.wait_until(there, expression, 60)
    except TimeoutError:
        pass
    return rows


def dashboard():
    """Each expression of the dashboard has an answer, each variable a value."""
    with open(os.path.join(net.PROJECT, "docs/grafana.json"), encoding="ascii") as f:
        panels, variables = (lambda d: (d["panels"], d["templating"]["list"]))(json.load(f))
    for panel in panels:
        empty = []
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            for variable in variables[1:]:
                expression = expression.replace("$" + variable["name"], variable["allValue"])
            if not answered(expression):
                empty.append(expression)
        tap.ok(not empty and panel["targets"], f"dashboard: {panel['title']}", *empty)
    for variable in variables[1:]:
        metric, label = variable["query"][len("label_values("):-1].split(", ")
        tap.ok(answered(f'count by ({label}) ({metric}{{{label}!=""}})'), f"dashboard: the variable {variable['name']} has values")


def scrape(folder):
    """Prometheus, by both ways; what it has is what the tool says."""
    config = {
        # A scrape that a slow machine doesn't answer in time makes all that was read stale.
        "global": {"scrape_interval": "5s", "scrape_timeout": "5s"},
        "scrape_configs": [
            {"job_name": "http", "static_configs": [{"targets": [f"127.0.0.1:{HTTP}"]}]},
            {"job_name": "textfile", "static_configs": [{"targets": [f"127.0.0.1:{EXPORTER}"]}]},
        ],
    }
    os.mkdir(f"{folder}/prometheus")
    with open(f"{folder}/prometheus.json", "w", encoding="ascii") as f:
        json.dump(config, f)
    net.spawn(f"{BIN}/prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
              f"--collector.textfile.directory={folder}", f"--web.listen-address=127.0.0.1:{EXPORTER}", stdout=subprocess.DEVNULL)
    log = open(f"{folder}/log", "w", encoding="ascii")
    net.spawn(f"{BIN}/prometheus", f"--config.file={folder}/prometheus.json", f"--storage.tsdb.path={folder}/prometheus",
              f"--web.listen-address=127.0.0.1:{PROMETHEUS}", stdout=log, stderr=log)

    def up():
        return {row["metric"]["job"] for row in query("up == 1")} == {"http", "textfile"}
    try:
        tap.wait_until(up, "Prometheus has scraped both", 120)
    except TimeoutError:
        with open(f"{folder}/log", encoding="utf-8") as f:
            tap.note(f.read()[-3000:])
        tap.note(query("up"))
        raise
    wanted = expected("right")
    for job in "http", "textfile":
        rows = answered(f'{{__name__=~"netlab_.*",job="{job}"}}')
        got = dict(sample(row["metric"]["__name__"], {k: v for k, v in row["metric"].items() if k != "__name__"}, row["value"][1])
                   for row in rows)
        tap.equal(got, wanted, f"Prometheus has by {job} what netlab -j says, {len(wanted)} values")
    dashboard()
    tap.equal([row["value"][1] for row in answered("node_textfile_scrape_error")], ["0"],
              "node_exporter found nothing wrong with the file")


def unloaded(folder):
    """The last: without the module."""
    path = f"{folder}/netlab.prom"
    before = os.stat(path).st_ino
    net.unload()
    done = metrics("write", path, check=False)
    tap.equal((done.returncode, os.stat(path).st_ino, [name for name in os.listdir(folder) if name.startswith("netlab.prom.")]),
              (3, before, []), "without the module the old file stays: exit 3")
    done = metrics(check=False)
    tap.equal((done.returncode, done.stdout), (3, ""), "and nothing is printed")
    status, _, page = http("GET", "/metrics")
    tap.ok(status == 503 and "module" in page, "by HTTP it is 503 and a sentence", status, page)
    net.run("insmod", net.NETLAB_KO)


def main():
    traffic()
    text()
    with tempfile.TemporaryDirectory() as folder:
        files(folder)
        serve()
        scrape(folder)
        unloaded(folder)


tap.run(main)
