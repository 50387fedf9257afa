#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts for a while: soak.py [BUILD] [SECONDS].

Traffic of ever new flows on one interface, another one that is deleted and made anew again and
again. Memory and descriptors must not grow, every window must come, whole and on time, and what
weir saw must equal what the kernel counted.
"""
import json
import os
import statistics
import sys
import threading
import time

sys.dont_write_bytecode = True
os.environ.setdefault("BUILD", sys.argv[1] if len(sys.argv) > 1 else "build")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "e2e"))

import traffic  # noqa: E402
import watch  # noqa: E402
import wire  # noqa: E402
from lab import Failed, Lab, expect, expect_equal, wait_until  # noqa: E402

LATE_MAX_S = 1.0
GROWTH_MAX_KIB = 2048
BURST, BURSTS_A_SECOND, PORTS = 200, 20, 20000
HOOKS = ("tcx-ingress", "tcx-egress")


def send_new_flows(sender, receiver, over):
    """Frames of ever other source ports, one PORTS-th of them at a time, until it is over."""
    port = 0
    with traffic.raw_sender(sender) as send:
        while not over.wait(1 / BURSTS_A_SECOND):
            for _ in range(BURST):
                port = port % PORTS + 1
                datagram = wire.udp(port, 9)
                send(wire.frame(sender, wire.ipv4(sender.ip, receiver.ip, 17, datagram)))


def flap(lab, space, far_space, over, times):
    while not over.wait(1.5):
        space.run("ip", "link", "del", "flap")
        lab.link(space, far_space, 2, ("flap", "flapped"))
        times.append(time.monotonic())


def measure_lateness(path, over, late_s):
    """How long after its end each tumbling window can be read."""
    with open(path) as file:
        line = ""
        while not over.wait(0.005):
            while part := file.readline():
                line += part
                if not line.endswith("\n"):
                    continue
                window = json.loads(line)["window"]
                line = ""
                if window["kind"] == "tumbling" and window["panes"]:
                    late_s.append(time.time() - window["end_ns"] / 1e9)


def resident_kib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def sample(process, seconds):
    """Once a second, without the first 40 %, in which tables find their size."""
    samples, end = [], time.monotonic() + seconds
    settled = time.monotonic() + 0.4 * seconds
    while time.monotonic() < end:
        time.sleep(1)
        expect_equal(process.poll(), None, "status of weir, which ended early")
        if time.monotonic() > settled:
            samples.append(resident_kib(process))
    return samples


def check_flat(samples):
    half = len(samples) // 2
    early, late = samples[:half], samples[half:]
    grown = max(late) - max(early)
    expect(grown <= GROWTH_MAX_KIB, f"memory grew by {grown} KiB: {samples}")
    return f"memory {max(late)} KiB, {grown:+d} KiB over the second half"


def check_counts(documents, before, after):
    """Of the interface that stays: seen equals what the kernel counted."""
    steady = [link for document in documents for link in document["interfaces"]
              if link["name"] == "near"]
    for index, way in ((0, "in"), (1, "out")):
        counted = watch.plus(*(watch.tally(link["seen"][way]) for link in steady))
        wanted = tuple(now - then for then, now in zip(before[index], after[index]))
        expect_equal(counted, wanted, f"seen {way}, against ip -s link")
    return after[0][0] - before[0][0]


def soak(lab, seconds):
    near, far = lab.pair()
    flapping, _ = lab.link(near.namespace, far.namespace, 2, ("flap", "flapped"))
    before = near.settle()
    weir = watch.Weir(lab, [near, flapping], "-a", "tc", "-n", "10",
                      windows=["tumbling:1s", "sliding:10s/1s"])
    weir.wait_attached(*HOOKS)
    wait_until(lambda: os.path.exists(weir.path), "the output's file")
    expect_equal(near.settle(0.05), before, "the counters of an interface at rest")
    held = descriptors(weir.process)
    over, late_s, times = threading.Event(), [], []
    works = [threading.Thread(target=work, args=arguments) for work, arguments in (
        (send_new_flows, (far, near, over)),
        (flap, (lab, near.namespace, far.namespace, over, times)),
        (measure_lateness, (weir.path, over, late_s)))]
    for work in works:
        work.start()
    try:
        samples = sample(weir.process, seconds)
    finally:
        over.set()
        for work in works:
            work.join()
    # Of an interface that is away, or is asked about, others are open for a moment.
    wait_until(lambda: descriptors(weir.process) == held, f"{held} descriptors as at the start")
    after = near.settle()
    documents = [document for document in weir.stop().documents()
                 if document["window"]["kind"] == "tumbling"]
    watch.check_contiguous(documents)
    packets = check_counts(documents, before, after)
    flat = check_flat(samples)
    late = f"median {1e3 * statistics.median(late_s):.0f} ms, most {1e3 * max(late_s):.0f} ms"
    expect(max(late_s) < LATE_MAX_S, f"windows came late: {late}")
    expect(len(late_s) >= seconds - 2, f"{len(late_s)} windows in {seconds} s")
    return (f"{packets} packets, all seen; {len(times)} returns of an interface; "
            f"{len(late_s)} windows, late by {late}; {flat}, "
            f"{held} descriptors")


def main(name, test):
    """One test of a lab, for as many seconds as the second word says."""
    if os.geteuid():
        print("skipped: it needs root for network namespaces\n0 passed, 0 failed, 1 skipped")
        return 1 if os.environ.get("CI") == "true" else 0
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    try:
        with Lab() as lab:
            print(f"ok   {name} {seconds:g} s: {test(lab, seconds)}")
    except Failed as error:
        print(f"FAIL {name} {seconds:g} s: {error}\n0 passed, 1 failed, 0 skipped")
        return 1
    print("1 passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main("soak of", soak))
