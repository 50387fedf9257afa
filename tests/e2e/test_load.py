# SPDX-License-Identifier: BSD-2-Clause
"""Millions of packets a second through native XDP, with the table large and far too small."""
import os
import threading

import traffic
import watch
import wire
from lab import LinkDropped, expect, expect_equal
from watch import Weir

FRAME = 60
STEADY = 20
STEADY_SRC = "172.16.0.1"


def flood(lab, *options, generator=(), runs=1, windows=("tumbling:200ms",)):
    """Floods a watched veth; returns (delivered packets, documents, the generator's reports)."""
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "native", "-d", "in", *options, windows=windows)
    weir.wait_attached("xdp-native")
    before = near.settle()
    reports = [traffic.xdpgen(far.namespace, far.name, "-l", str(FRAME), *generator)
               for _ in range(runs)]
    after = near.settle()
    weir.stop()
    delivered = after[0][0] - before[0][0]
    expect_equal(after[0][1] - before[0][1], FRAME * delivered, "bytes delivered")
    return delivered, weir.documents(), reports


def dropped_none(delivered, reports):
    """Fails where the veth's queue dropped frames: then no flow has a known count."""
    sent = sum(report["sent"] for report in reports)
    if delivered != sent:
        raise LinkDropped(f"the link delivered {delivered} of {sent} frames")


def at_millions_a_second_every_packet_is_seen(lab):
    """1000 flows and 20 ms panes; a single packet lost over all flips fails this."""
    delivered, documents, reports = flood(lab, "-p", "20ms",
                                          generator=("-n", "2000000", "-f", "1000"))
    expect_equal(watch.seen(documents), (delivered, delivered * FRAME), "seen")
    expect_equal(watch.outcome(documents, "flow"), (delivered, delivered * FRAME), "flow")
    dropped_none(delivered, reports)
    counts = {flow.packets for flow in watch.flows(documents).values()}
    expect_equal(counts, {2000}, "packets of each of 1000 flows")
    panes = sum(document["window"]["panes"] for document in documents)
    return (f"{delivered} packets at {reports[0]['rate'] / 1e6:.1f} M/s over {panes} panes, "
            "each of 1000 flows exact")


def a_large_table_fills_without_loss(lab):
    """200 000 flows at once, in a table made for them."""
    delivered, documents, reports = flood(lab, "--slots", "524288", "-n", "10",
                                          generator=("-n", "1000000", "-f", "200000"),
                                          windows=["tumbling:20s"])
    expect_equal(watch.seen(documents), (delivered, delivered * FRAME), "seen")
    expect_equal(watch.outcome(documents, "flow"), (delivered, delivered * FRAME), "flow")
    expect_equal(documents[-1]["total"]["flows"], 200000, "flows")
    dropped_none(delivered, reports)
    return f"{delivered} packets of 200000 flows, none unattributed"


def check_loss(document):
    """health.collection.loss, where nothing was dropped before the hook."""
    lost, seen = document["outcomes"]["unattributed"]["packets"], document["seen"]["packets"]
    loss = document["health"]["collection"]["loss"]
    wanted = lost / seen if seen else 0
    expect(abs(loss - wanted) <= 1e-6, f"collection.loss {loss}, expected {wanted}")


def steady_flows(documents):
    return {key.src_port: flow for key, flow in watch.flows(documents).items()
            if key.src == STEADY_SRC}


def steady_expected(reports):
    """Packets of each steady flow: taken in turn, from the first in every run."""
    return {port: sum(len(range(port - 1, report["steady"], STEADY)) for report in reports)
            for port in range(1, STEADY + 1)}


def a_flood_within_the_spill_area_leaves_every_flow_exact(lab):
    """Each packet of a pane a new flow; slots and spill area together hold them."""
    runs = 4
    delivered, documents, reports = flood(
        lab, "--slots", "4096", "-p", "50ms", runs=runs,
        generator=("-n", "5000", "-f", "0", "-s", str(STEADY), "-e", "5"))
    dropped_none(delivered, reports)
    expect_equal(watch.outcome(documents, "unattributed"), (0, 0), "unattributed")
    expect_equal(watch.seen(documents), (delivered, delivered * FRAME), "seen")
    got = {port: flow.packets for port, flow in steady_flows(documents).items()}
    expect_equal(got, steady_expected(reports), "packets of the steady flows")
    fresh = [flow for key, flow in watch.flows(documents).items() if key.src != STEADY_SRC]
    expect_equal((len(fresh), {flow.packets for flow in fresh}), (4000, {runs}),
                 "new flows, and packets of each in all panes")
    return f"4000 new flows in each of {runs} bursts, 4096 slots, {STEADY} steady flows: all exact"


def a_flood_past_the_spill_area_goes_to_unattributed_to_the_byte(lab):
    """Each packet a new flow for several panes, millions of them; 20 steady flows among them."""
    delivered, documents, reports = flood(
        lab, "--slots", "4096", "-p", "200ms", windows=["tumbling:200ms"],
        generator=("-n", "2000000", "-f", "0", "-s", str(STEADY), "-e", "20"))
    dropped_none(delivered, reports)
    expect_equal(watch.seen(documents), (delivered, delivered * FRAME), "seen")
    for document in documents:
        check_loss(document)
    lost = watch.outcome(documents, "unattributed")
    counted = watch.outcome(documents, "flow")
    expect(lost[0] > 0, "the flood did not fill the spill area")
    expect_equal(watch.plus(lost, counted), (delivered, delivered * FRAME), "flow and unattributed")
    expect_equal(lost[1], lost[0] * FRAME, "bytes of the unattributed")
    wanted, got = steady_expected(reports), steady_flows(documents)
    worst = max(1 - got[port].packets / packets if port in got else 1
                for port, packets in wanted.items())
    expect(worst <= 0.001, f"a steady flow lost {worst:.2%} of its packets")
    return (f"{delivered} packets at {reports[0]['rate'] / 1e6:.1f} M/s, {lost[0]} unattributed, "
            f"none unaccounted, steady flows short by {worst:.4%} at most")


def together(*jobs):
    """Runs the jobs at once, each in a thread on a CPU of its own; their results in order."""
    results = [None] * len(jobs)

    def run_job(number, job):
        os.sched_setaffinity(threading.get_native_id(), {number % os.cpu_count()})
        results[number] = job()
    threads = [threading.Thread(target=run_job, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def two_cpus_flooding_two_interfaces_are_both_exact(lab):
    """Each CPU counts into its own section; 500 flows on each interface."""
    one, far_one = lab.pair(number=1, names=("one", "far"))
    two, far_two = lab.link(one.namespace, lab.namespace(), 2, ("two", "far"))
    weir = Weir(lab, [one, two], "-a", "native", "-d", "in", "-p", "20ms",
                windows=["tumbling:200ms"]).wait_attached("xdp-native")
    before = one.settle(), two.settle()
    reports = together(*(lambda far=far: traffic.xdpgen(
        far.namespace, far.name, "-n", "500000", "-f", "500") for far in (far_one, far_two)))
    after = one.settle(), two.settle()
    documents = weir.stop().documents()
    dropped_none(sum(b[0][0] - a[0][0] for a, b in zip(before, after)), reports)
    counts = {}
    for flow in (flow for document in documents for flow in document["flows"]):
        key = flow["interface"], flow["src_port"]
        counts[key] = counts.get(key, 0) + flow["packets"]["total"]
    wanted = {(name, port): 1000 for name in ("one", "two") for port in range(500)}
    expect_equal(counts == wanted, True, "1000 packets in each of 500 flows on each interface")
    rate = sum(report["rate"] for report in reports)
    return f"500 flows on each of 2 interfaces exact at {rate / 1e6:.1f} M/s together"


def one_flow_counted_on_two_cpus_is_one_flow(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "tc", "-p", "20ms",
                windows=["tumbling:1h"]).wait_attached("tcx-ingress", "tcx-egress")
    payload = wire.ipv4(far.ip, near.ip, 17, wire.udp(5, 6, 32))
    frame = wire.frame(far, payload)
    before = near.settle()
    together(*[lambda: traffic.send_frames(far, [frame], 30000)] * 2)
    delivered = near.settle()[0][0] - before[0][0]
    documents = weir.stop().documents()
    dropped_none(delivered, [{"sent": 60000}])
    wanted = {wire.parse(frame, "in"): wire.Flow(60000, 60000 * len(frame), *[len(frame)] * 2)}
    watch.expect_same_flows(watch.flows(documents), wanted)
    expect_equal(documents[-1]["total"]["flows"], 1, "flows")
    return "60000 packets from 2 CPUs, one flow"


TESTS = [
    two_cpus_flooding_two_interfaces_are_both_exact,
    one_flow_counted_on_two_cpus_is_one_flow,
    at_millions_a_second_every_packet_is_seen,
    a_large_table_fills_without_loss,
    a_flood_within_the_spill_area_leaves_every_flow_exact,
    a_flood_past_the_spill_area_goes_to_unattributed_to_the_byte,
]
