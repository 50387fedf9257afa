# SPDX-License-Identifier: BSD-2-Clause
"""To the last packet: weir beside the interface's own counters, and beside a capture."""
import re
import threading

import traffic
import watch
import wire
from lab import NotAtRest, expect, expect_equal, wait_for_text
from watch import Weir

ETHER = 14
MODES = {
    "native": ("xdp-native", "tcx-egress"),
    "generic": ("xdp-generic", "tcx-egress"),
    "tc": ("tcx-ingress", "tcx-egress"),
    "clsact": ("clsact-ingress", "clsact-egress"),
    "auto": ("tcx-ingress", "tcx-egress"),
}
PANES = ("tumbling:100ms", "-p", "20ms")


def link_delta(before, after, native):
    """What the link counted meanwhile, the Ethernet headers that native XDP omits added."""
    (in_packets, in_bytes), (out_packets, out_bytes) = (
        (now[0] - then[0], now[1] - then[1]) for then, now in zip(before, after))
    if native:
        in_bytes += ETHER * in_packets
    return (in_packets, in_bytes), (out_packets, out_bytes)


def start(lab, device, mode, *options, windows=PANES[:1], direction="both"):
    hooks = {"in": MODES[mode][:1], "out": MODES[mode][1:], "both": MODES[mode]}[direction]
    weir = Weir(lab, device, "-a", mode, "-d", direction, "-p", "20ms", *options, windows=windows)
    return weir.wait_attached(*hooks)


def watched(near, weirs, generate):
    """Runs generate() under the weirs; returns what the link counted, once all is at rest."""
    before = near.settle(0.05)
    generate()
    after = near.settle()
    for weir in weirs:
        weir.stop()
    if near.counters() != after:
        raise NotAtRest(f"packets after the traffic's end: {near.counters()}, after {after}")
    return before, after


def minus(whole, part):
    return whole[0] - part[0], whole[1] - part[1]


def broken_tally(near, far, reasons=None):
    """(packets, bytes) that traffic.zoo sends each way of the malformed frames of these reasons."""
    frames = traffic.broken_frames(near, far)
    sizes = [len(frames[reason]) for reason in reasons or frames] * 3
    return len(sizes), sum(sizes)


def count_mode(lab, mode):
    """A frame cut within its VLAN tag is dropped by the kernel before the TC ingress hook."""
    near, far = lab.pair()

    def generate():
        traffic.everyday(near, far)
        traffic.zoo(near, far)
    weir = start(lab, near, mode)
    before, after = watched(near, [weir], generate)
    inbound, outbound = link_delta(before, after, mode == "native")
    broken = [broken_tally(near, far)] * 2
    if "xdp" not in MODES[mode][0]:
        cut = broken_tally(near, far, ["vlan_header_cut"])
        inbound, broken[0] = minus(inbound, cut), minus(broken[0], cut)
    documents = weir.documents()
    watch.check_contiguous(documents)
    expect_equal(watch.seen(documents), watch.plus(inbound, outbound), "seen, against ip -s link")
    expect_equal(watch.outcome(documents, "malformed"), watch.plus(*broken), "malformed")
    for way, counted, bad in zip(("in", "out"), (inbound, outbound), broken):
        expect_equal(watch.direction_sum(documents, way),
                     minus(counted, bad), f"flows {way}, against ip -s link")
    return (f"{inbound[0]} packets, {inbound[1]} bytes in, {outbound[0]} packets, "
            f"{outbound[1]} bytes out in {len(documents)} windows, as ip -s link")


def native_xdp_counts_what_the_link_counts(lab):
    return count_mode(lab, "native")


def generic_xdp_counts_what_the_link_counts(lab):
    return count_mode(lab, "generic")


def tcx_counts_what_the_link_counts(lab):
    return count_mode(lab, "tc")


def clsact_counts_what_the_link_counts(lab):
    return count_mode(lab, "clsact")


def auto_on_a_veth_takes_tcx_and_counts_what_the_link_counts(lab):
    return count_mode(lab, "auto")


def every_kind_of_frame_is_the_flow_it_should_be(lab):
    """Known frames, known counts, both ways, through native XDP and TCX."""
    near, far = lab.pair()
    frames = {way: traffic.frame_zoo(*ends)
              for way, ends in (("in", (far, near)), ("out", (near, far)))}
    wanted = {}
    for way, sent in frames.items():
        sent = [(frame, len(frame)) for frame in sent for _ in range(7)]
        wanted.update(wire.flows_of_frames(sent, lambda _, way=way: way == "in"))
    weirs = [start(lab, near, "native"), start(lab, near, "tc"), start(lab, near, "clsact")]

    def generate():
        traffic.send_frames(near, frames["out"], repeat=7)
        traffic.send_frames(far, frames["in"], repeat=7)
    watched(near, weirs, generate)
    for weir in weirs:
        watch.expect_same_flows(watch.flows(weir.documents()), wanted)
    return f"{len(wanted)} flows of 7 packets each, the same on XDP, TCX and clsact"


def capture_of_the_peer(lab, far, generate):
    """Packets that tcpdump saw at the far end during generate()."""
    path = lab.path("far.pcap")
    with open(lab.path("dump"), "w") as said:
        dump = lab.start("tcpdump", "-i", far.name, "-s", "128", "-B", "65536", "-w", path,
                         "--immediate-mode", namespace=far.namespace, stderr=said)
    wait_for_text(lab.path("dump"), "listening on")
    generate()
    dump.terminate()
    dump.wait()
    with open(lab.path("dump")) as file:
        counts = re.findall(r"(\d+) packets? (captured|received|dropped)", file.read())
    captured, received, dropped = (int(count) for count, _ in counts)
    expect(captured == received and dropped == 0, f"tcpdump's capture is not whole: {counts}")
    return list(wire.read_pcap(path))


def flow_tables_equal_those_of_a_capture_at_the_peer(lab):
    near, far = lab.pair()
    weir = start(lab, near, "native")
    frames = []

    def generate():
        frames.extend(capture_of_the_peer(lab, far, lambda: (traffic.everyday(near, far),
                                                             near.settle())))
    watched(near, [weir], generate)
    sender = wire.mac_bytes(far.mac)
    wanted = wire.flows_of_frames(frames, lambda data: data[6:12] == sender)
    watch.expect_same_flows(watch.flows(weir.documents()), wanted)
    return f"{len(wanted)} flows of {len(frames)} packets, each as tcpdump's capture has it"


def flood_both_ways(lab, near, far):
    """Every CPU busy: bulk TCP each way and small frames beside it, about a second."""
    small = wire.frame(far, wire.ipv4(far.ip, near.ip, 17, wire.udp(1, 2)))
    with traffic.iperf_server(lab, far):
        thread = threading.Thread(target=traffic.send_frames, args=(far, [small], 40000))
        thread.start()
        traffic.iperf(near, far, "-t", "1", "--bidir", "-P", "2")
        thread.join()


def load_mode(lab, mode):
    near, far = lab.pair()
    weir, dropped = start(lab, near, mode), near.dropped()
    before, after = watched(near, [weir], lambda: flood_both_ways(lab, near, far))
    dropped = near.dropped() - dropped
    inbound, outbound = link_delta(before, after, mode == "native")
    documents = weir.documents()
    got = watch.direction_sum(documents, "out")
    expect_equal(watch.direction_sum(documents, "in"), inbound, "in, against ip -s link")
    expect_equal(got[0], outbound[0] + dropped, "out, against ip -s link and what it dropped")
    expect(got[1] == outbound[1] or dropped, f"out: {got[1]} bytes, expected {outbound[1]}")
    expect_equal(watch.seen(documents), watch.plus(inbound, got), "seen")
    panes = sum(document["window"]["panes"] for document in documents)
    return (f"{inbound[0]} packets in, {outbound[0]} out and {dropped} dropped behind the hook, "
            f"over {panes} panes of 20 ms, all counted")


def native_under_full_load_loses_nothing(lab):
    return load_mode(lab, "native")


def tcx_under_full_load_loses_nothing(lab):
    return load_mode(lab, "tc")


def a_table_far_too_small_still_counts_every_packet(lab):
    """600 flows in 64 slots: more than the table, less than the spill area."""
    near, far = lab.pair()
    weirs = {way: start(lab, near, "native", "--slots", "64", direction=way)
             for way in ("in", "out")}

    def generate():
        for source, target in ((near, far), (far, near)):
            frames = [wire.frame(source, wire.ipv4(source.ip, target.ip, 17,
                                                   wire.udp(port, 9, port % 700)))
                      for port in range(2000, 2600)]
            traffic.send_frames(source, frames, repeat=20)
        traffic.everyday(near, far)
    before, after = watched(near, weirs.values(), generate)
    figures = []
    for way, counted in zip(("in", "out"), link_delta(before, after, True)):
        documents = weirs[way].documents()
        expect_equal(watch.seen(documents), counted, f"seen {way}, against ip -s link")
        lost = watch.outcome(documents, "unattributed")
        figures.append(f"{counted[0]} packets {way}, {lost[0]} of them unattributed")
    return "64 slots, 600 flows: " + "; ".join(figures)


def a_transmit_ring_s_frames_are_parsed_to_their_flows(lab):
    """PACKET_TX_RING leaves the headers outside the linear part of the packet."""
    near, far = lab.pair()
    frames = traffic.frame_zoo(near, far)
    frames += [wire.frame(near, wire.ipv4(near.ip, far.ip, 17, wire.udp(port, 53, 400)))
               for port in range(5000, 5100)]
    weirs = [start(lab, near, mode, direction="out") for mode in ("tc", "clsact")]
    watched(near, weirs, lambda: traffic.txring(near, frames, 10))
    wanted = wire.flows_of_frames([(frame, len(frame)) for frame in frames] * 10,
                                  lambda data: False)
    for weir in weirs:
        watch.expect_same_flows(watch.flows(weir.documents()), wanted)
    return f"{len(frames) * 10} frames of {len(wanted)} flows, none malformed"


TESTS = [
    native_xdp_counts_what_the_link_counts,
    generic_xdp_counts_what_the_link_counts,
    tcx_counts_what_the_link_counts,
    clsact_counts_what_the_link_counts,
    auto_on_a_veth_takes_tcx_and_counts_what_the_link_counts,
    every_kind_of_frame_is_the_flow_it_should_be,
    flow_tables_equal_those_of_a_capture_at_the_peer,
    native_under_full_load_loses_nothing,
    tcx_under_full_load_loses_nothing,
    a_table_far_too_small_still_counts_every_packet,
    a_transmit_ring_s_frames_are_parsed_to_their_flows,
]
