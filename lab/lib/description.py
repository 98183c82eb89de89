# SPDX-License-Identifier: GPL-2.0-only
"""A network's description: lab/topologies/NAME.yaml, of which it is built and drawn.

title: what it is
try: lines to be printed once it is up
nodes:
  NAME:
    at: [column, row]        where it is drawn; a link joins neighbours
    forward: true            a router
    ip: [...]                lines for ip(8), there, once all devices are up
    nft: text                for nft(8)
    etc: {file: text}        what it sees as /etc/FILE
    files: {file: text}      in the folder that its services begin in
    services:
      - run: command         stays until the network goes
        needs: package       that has the command
        ready: udp 53        it listens there, once it is ready
links:
  - NODE: {dev: DEV, addresses: [...], netem: what tc(8) takes behind netem}
    NODE: ...
"""
import os
import re

import yaml

from failure import Failure

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "topologies")
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class End:
    """One end of a link: a device."""

    def __init__(self, node, words):
        self.node = node
        self.dev = words["dev"]
        self.addresses = words["addresses"]
        self.netem = words.get("netem")


class Topology:
    def __init__(self, name, words):
        self.name = name
        self.title = words["title"]
        self.try_this = words.get("try", [])
        self.nodes = words["nodes"]
        self.links = [[End(node, end) for node, end in link.items()] for link in words["links"]]
        for one, other in self.links:
            apart = [abs(a - b) for a, b in zip(self.nodes[one.node]["at"], self.nodes[other.node]["at"])]
            if sorted(apart) != [0, 1]:
                raise Failure(f"{name}: {one.node} and {other.node} are linked, and not drawn beside each other")

    def ends(self):
        return [end for link in self.links for end in link]

    def services(self):
        return [(node, service) for node, words in self.nodes.items() for service in words.get("services", [])]


def names():
    return sorted(file[:-5] for file in os.listdir(FOLDER) if file.endswith(".yaml"))


def load(name):
    if not NAME.fullmatch(name) or name not in names():
        raise Failure(f"{name!r}: no such network: expected {', '.join(names()[:-1])} or {names()[-1]}", 1)
    with open(os.path.join(FOLDER, f"{name}.yaml"), encoding="utf-8") as file:
        return Topology(name, yaml.safe_load(file))
