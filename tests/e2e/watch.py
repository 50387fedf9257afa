# SPDX-License-Identifier: BSD-2-Clause
"""weir started, stopped and read, and what must hold of every document it writes."""
import glob
import ipaddress
import json
import os
import signal
import subprocess

import schema
import wire
from lab import BUILD, Failed, expect, expect_equal, wait_until

BINARY = os.path.join(BUILD, "weir")
NANO = 1000000000
REFUSED = "is refused: it is not in the list"
SCHEMA = schema.load()


class Weir:
    """One `weir run` on devices of one namespace, writing NDJSON to a file."""
    count = 0
    is_taken_over = False   # by code that tries what is refused

    def __init__(self, lab, devices, *options, windows=("tumbling:1s",), outputs=None, names=None,
                 under=()):
        Weir.count += 1
        self.devices = devices if isinstance(devices, (list, tuple)) else [devices]
        self.path = lab.path(f"weir-{Weir.count}.ndjson")
        self.stderr_path = self.path + ".stderr"
        self.held = [device.hooks() for device in self.devices]
        command = [*under, BINARY, "run"]
        for name in names or [device.name for device in self.devices]:
            command += ["-i", name]
        for window in windows:
            command += ["-w", window]
        for output in [self.path] if outputs is None else outputs:
            command += ["-o", output]
        with open(self.stderr_path, "w") as stderr:
            self.process = lab.start(*command, *options, namespace=self.devices[0].namespace,
                                     stdout=subprocess.DEVNULL, stderr=stderr)

    @property
    def stderr(self):
        with open(self.stderr_path) as file:
            return file.read()

    def wait_attached(self, *hooks):
        """Returns once each device holds new programs there; Failed when weir ends before."""
        def ready():
            if self.process.poll() is not None:
                raise Failed(f"weir ended with {self.process.returncode}: {self.stderr.strip()}")
            return all(set(hooks) <= {name for name, _ in device.hooks() - held}
                       for device, held in zip(self.devices, self.held))
        wait_until(ready, f"weir at {', '.join(hooks)}")
        return self

    def stop(self, how=signal.SIGINT, status=0):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait(status)

    def wait(self, status=0, seconds=10):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"weir did not end in {seconds} s") from None
        expect_equal(self.process.returncode, status, f"exit status ({self.stderr.strip()})")
        refused = [line for line in self.stderr.splitlines() if REFUSED in line]
        expect(not refused or self.is_taken_over, f"calls that weir takes: {refused}")
        return self

    def documents(self):
        """Every document written, each checked to hold its own accounting."""
        documents = read_documents(self.path)
        for document in documents:
            check_accounting(document)
        return documents


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def children(pid):
    """What /proc tells of those of a process, by their names."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/status"):
        try:
            facts = status(path.split("/")[2])
        except OSError:
            continue
        if facts.get("PPid") == str(pid):
            found.setdefault(facts["Name"], []).append(facts)
    return found


def read_documents(path):
    with open(path) as file:
        text = file.read()
    expect(not text or text.endswith("\n"), f"{path} ends within a line")
    return [json.loads(line) for line in text.splitlines()]


def tally(node):
    return node["packets"], node["bytes"]


def plus(*pairs):
    pairs = list(pairs)
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def check_accounting(document):
    """As the schema has it; flows sum to outcomes.flow, outcomes to seen, packets and bytes."""
    schema.check(document, SCHEMA, SCHEMA)
    outcomes = document["outcomes"]
    parts = plus(*(tally(outcomes[name])
                   for name in ("flow", "filtered", "malformed", "unattributed")))
    expect_equal(parts, tally(document["seen"]), "outcomes summed, against seen")
    total = document["total"]
    expect_equal((total["packets"]["total"], total["bytes"]["total"]), tally(outcomes["flow"]),
                 "total, against outcomes.flow")
    ways = [total[way] for way in ("in", "out")]
    if None not in ways:
        expect_equal(plus(*((way["packets"]["total"], way["bytes"]["total"]) for way in ways)),
                     tally(outcomes["flow"]), "total.in and total.out, against outcomes.flow")
    expect_equal(sum(outcomes["malformed"].get("reasons", {}).values()),
                 outcomes["malformed"]["packets"], "reasons summed, against malformed")
    if document["flows_omitted"] == 0:
        flows = plus(*((flow["packets"]["total"], flow["bytes"]["total"])
                       for flow in document["flows"]))
        expect_equal(flows, tally(outcomes["flow"]), "flows summed, against outcomes.flow")
        expect_equal(len(document["flows"]), total["flows"], "flows listed, against total.flows")


def check_contiguous(documents):
    """Tumbling windows follow each other without hole or overlap."""
    for before, after in zip(documents, documents[1:]):
        expect_equal(after["window"]["start_ns"], before["window"]["end_ns"],
                     "start of a window, against the end of the one before")


def seen(documents):
    return plus(*(tally(document["seen"]) for document in documents))


def outcome(documents, name):
    return plus(*(tally(document["outcomes"][name]) for document in documents))


def flow_key(flow):
    """The key of a listed flow in the terms of wire.FlowKey."""
    def address(name):
        return str(ipaddress.ip_address(flow[name])) if flow.get(name) else None
    if not address("src"):
        return wire.FlowKey(flow["direction"], None, None, 0, 0, flow["proto"], flow["vlan"],
                            flow["inner_vlan"], False)
    return wire.FlowKey(flow["direction"], address("src"), address("dst"),
                        flow.get("src_port", flow.get("icmp_type")) or 0,
                        flow.get("dst_port", flow.get("icmp_code")) or 0, flow["ip_proto"],
                        flow["vlan"], flow["inner_vlan"], flow.get("fragment", False))


def flows(documents):
    """The flow table of all documents together, to compare with one of wire's."""
    table = {}
    for document in documents:
        for flow in document["flows"]:
            sizes = flow["packet_bytes"]
            wire.add(table, flow_key(flow), flow["packets"]["total"], flow["bytes"]["total"],
                     sizes["min"], sizes["max"])
    return table


def direction_sum(documents, direction):
    """By the flows; what total tells of the direction must be the same."""
    for document in documents:
        expect_equal(document["total"][direction] and
                     tuple(document["total"][direction][what]["total"]
                           for what in ("packets", "bytes")),
                     plus(*((flow["packets"]["total"], flow["bytes"]["total"])
                            for flow in document["flows"] if flow["direction"] == direction)),
                     f"total.{direction}, against its flows")
    return plus(*((flow["packets"]["total"], flow["bytes"]["total"])
                  for document in documents for flow in document["flows"]
                  if flow["direction"] == direction))


def expect_same_flows(got, wanted):
    """Fails naming the first few flows that differ."""
    differing = [key for key in got.keys() | wanted.keys() if got.get(key) != wanted.get(key)]
    shown = "; ".join(f"{tuple(key)}: {got.get(key)}, expected {wanted.get(key)}"
                      for key in sorted(differing, key=str)[:3])
    expect(not differing, f"{len(differing)} of {len(wanted)} flows differ: {shown}")
