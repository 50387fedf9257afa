# SPDX-License-Identifier: BSD-2-Clause
"""Metrics say what the interface and the documents say, in a bounded number of series."""
import math
import re
import shutil
import socket
import struct

import traffic
import watch
import wire
from lab import expect, expect_equal, run
from watch import BINARY, Weir

GROUPS = 100_000
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read_metrics(path):
    """{name: {sorted labels: value}}; no series stands twice."""
    metrics = {}
    with open(path) as file:
        for line in file.read().splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            series = metrics.setdefault(name, {})
            key = tuple(sorted(LABEL.findall(labels or "")))
            expect(key not in series, f"twice: {line}")
            series[key] = float(value)
    return metrics


def value(metrics, name, **labels):
    return metrics[name][tuple(sorted(labels.items()))]


def way_sum(metrics, direction):
    """All outcomes of the interface."""
    place = {("direction", direction), ("interface", "near")}
    return tuple(int(sum(count for labels, count in metrics[name].items()
                         if place <= set(labels)))
                 for name in ("weir_packets_total", "weir_bytes_total"))


def lint(path):
    """What promtool has to say of it, nothing; how it was looked at."""
    if not shutil.which("promtool"):
        return "promtool is not installed"
    with open(path) as file:
        done = run("promtool", "check", "metrics", stdin=file)
    expect_equal(done.stdout + done.stderr, "", "complaints of promtool")
    return "promtool is content"


def counters_equal_those_of_the_interface_and_the_documents(lab):
    near, far = lab.pair()
    path, documents_path = lab.path("weir.prom"), lab.path("all.ndjson")
    weir = Weir(lab, near, "-a", "tc", "-g", "src,direction", outputs=[path, documents_path],
                windows=["landmark:200ms", "tumbling:200ms"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    before = near.settle()
    traffic.udp_burst(far, near, [100] * 300)
    traffic.udp_burst(near, far, [700] * 200)
    after = near.settle()
    weir.stop()
    metrics = read_metrics(path)
    written = watch.read_documents(documents_path)
    documents = [document for document in written if document["window"]["kind"] == "tumbling"]
    told = (value(metrics, name, output=documents_path) for name in
            ("weir_output_written_total", "weir_output_failed_total", "weir_output_queued"))
    count, failed, queued = told
    expect_equal(failed, 0, "documents lost")
    newest = max(place for place, document in enumerate(written)
                 if document["window"]["kind"] == "landmark")
    expect_equal(count + queued, newest, "documents before the newest of the first -w")
    for way, direction in enumerate(("in", "out")):
        got = way_sum(metrics, direction)
        moved = tuple(new - old for new, old in zip(after[way], before[way]))
        expect(got[0] >= moved[0] >= 200, f"{direction}: {got} of {moved}")
        expect(got[0] <= after[way][0] and got[1] <= after[way][1], f"{got} of {after[way]}")
        expect_equal(got, watch.direction_sum(documents, direction), f"{direction}: documents")
    return f"in {way_sum(metrics, 'in')}, out {way_sum(metrics, 'out')}; {lint(path)}"


def write_capture(path):
    """A packet from each of so many addresses, all within a second; returns its bytes."""
    total = 0
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(GROUPS):
            source = socket.inet_ntoa(struct.pack(">I", 0x0a000000 + i))
            packet = wire.ipv4(source, "192.0.2.1", socket.IPPROTO_UDP, wire.udp(5, 7, i % 900))
            frame = bytes(12) + struct.pack(">H", wire.ETH_IPV4) + packet
            file.write(struct.pack("<IIII", 1_500_000_000, i, len(frame), len(frame)) + frame)
            total += len(frame)
    return total


def a_hundred_thousand_groups_give_a_bounded_number_of_series(lab):
    capture, said = lab.path("many.pcap"), ""
    total = write_capture(capture)
    for options, most in (((), 20), (("-n", "7"), 7), (("-n", "0"), 1000)):
        path = lab.path(f"many-{most}.prom")
        documents = lab.path(f"many-{most}.ndjson")
        run(BINARY, "run", "-r", capture, "-w", "landmark:10s", "-g", "src", *options,
            "-o", path, "-o", documents)
        metrics, last = read_metrics(path), watch.read_documents(documents)[-1]
        groups = metrics["weir_group_bytes_per_second"]
        expect_equal(len(groups), most, "series of groups")
        expect_equal(len(metrics["weir_other_groups_bytes_per_second"]), 1, "series of others")
        length_ns = last["window"]["end_ns"] - last["window"]["start_ns"]
        rate = total * 1e9 / length_ns
        told = sum(groups.values()) + value(metrics, "weir_other_groups_bytes_per_second")
        expect(math.isclose(told, rate, rel_tol=1e-12), f"{told} of {rate} bytes a second")
        expect_equal(value(metrics, "weir_bytes_total", outcome="flow"), total, "bytes")
        expect_equal(value(metrics, "weir_flows"), GROUPS, "flows")
        for flow in last["flows"][:most]:
            expect_equal(value(metrics, "weir_group_bytes_per_second", src=flow["src"]),
                         flow["bytes"]["total"] * 1e9 / length_ns, flow["src"])
        said = lint(path)
    return f"{GROUPS} groups: 21, 8 and 1001 series, exact in their sum; {said}"


TESTS = [
    counters_equal_those_of_the_interface_and_the_documents,
    a_hundred_thousand_groups_give_a_bounded_number_of_series,
]
