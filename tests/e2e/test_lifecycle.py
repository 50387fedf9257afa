# SPDX-License-Identifier: BSD-2-Clause
"""Ends of a run: signals, durations, interfaces that go away; and what stays attached."""
import fcntl
import json
import signal
import struct
import subprocess
import termios
import time

import traffic
import watch
from lab import Lab, expect, expect_equal, wait_until
from watch import BINARY, Weir

ETHER = 14
HOOKS = ("xdp-native", "tcx-egress")
CLSACT = ("clsact-ingress", "clsact-egress")


def signals_end_a_run_with_its_partial_window(lab):
    near, far = lab.pair()
    for how in (signal.SIGINT, signal.SIGTERM):
        weir = Weir(lab, near, "-a", "native", windows=["tumbling:1h"]).wait_attached(*HOOKS)
        before = near.settle()
        traffic.udp_burst(far, near, [200] * 30)
        after = near.settle()
        documents = weir.stop(how).documents()
        expect_equal(len(documents), 1, "documents")
        expect_equal(documents[0]["window"]["complete"], False, "complete")
        sent = sum(now[0] - then[0] for then, now in zip(before, after))
        expect_equal(documents[0]["seen"]["packets"], sent, "packets seen")
        expect_equal(near.hooks(), set(), "hooks after the end")
    return "SIGINT and SIGTERM: status 0, one document with complete false, all detached"


def a_run_that_nobody_reads_ends_within_a_second_and_a_half(lab):
    """Standard output is a full pipe: the last windows cannot be written, and that is said."""
    def held():
        return struct.unpack("i", fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4)))[0]
    near, _ = lab.pair()
    process = lab.start(BINARY, "run", "-q", "-i", near.name, "-w", "tumbling:20ms", "-a", "clsact",
                        namespace=near.namespace, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    size, last = fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ), 0
    wait_until(lambda: held() > size / 2, "a pipe half full", 20)
    while last != (last := held()):
        time.sleep(0.5)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    expect_equal(near.hooks(), set(), "hooks while the output is waited for")
    process.send_signal(signal.SIGTERM)
    expect_equal(process.wait(5), 1, "status")
    spent = time.monotonic() - begin
    expect(spent < 1.5, f"it took {spent:.2f} s")
    said = process.stderr.read().decode()
    expect("windows are lost" in said, f"what was lost is not said: {said}")
    return f"SIGINT, then SIGTERM: status 1 after {spent:.2f} s, all detached; {said.strip()}"


def the_start_says_in_a_line_what_was_attached_and_what_it_alters(lab):
    near, _ = lab.pair()
    lines = []
    for how, hooks, words in (("native", HOOKS, ("offload", "segmentation")),
                              ("generic", ("xdp-generic", "tcx-egress"), ("gro", "merge")),
                              ("auto", ("tcx-ingress", "tcx-egress"), ("offload",))):
        weir = Weir(lab, near, "-a", how).wait_attached(*hooks).stop()
        said = weir.stderr.strip()
        expect(said.startswith("weir: ") and near.name in said, f"-a {how} says: {said}")
        expect(any(word in said.lower() for word in words), f"-a {how} says no {words}: {said}")
        lines.append(said.splitlines()[0])
    return " | ".join(lines)


def check_names_driver_and_hooks_and_changes_nothing(lab):
    """Idle, and while another weir holds the XDP hook."""
    near, _ = lab.pair()
    for held in ((), HOOKS):
        weir = Weir(lab, near, "-a", "native").wait_attached(*held) if held else None
        before = near.hooks(), near.show()["flags"], near.qdiscs()
        text = near.namespace.run(BINARY, "check", near.name).stdout
        report = json.loads(near.namespace.run(BINARY, "check", "--json", near.name).stdout)
        expect("veth" in text and near.name in text, f"weir check says: {text}")
        expect("veth" in json.dumps(report), f"weir check --json says: {report}")
        expect_equal((near.hooks(), near.show()["flags"], near.qdiscs()), before, "what there was")
    expect("count_xdp" in text, f"the holder of the hook is not named: {text}")
    weir.stop()
    return f"{len(text.splitlines())} lines; hooks, flags and qdiscs as before"


def a_kill_leaves_no_xdp_or_tcx_program(lab):
    near, _ = lab.pair()
    for how, hooks in (("native", HOOKS), ("generic", ("xdp-generic", "tcx-egress")),
                       ("tc", ("tcx-ingress", "tcx-egress"))):
        weir = Weir(lab, near, "-a", how).wait_attached(*hooks)
        weir.stop(signal.SIGKILL, -signal.SIGKILL)
        wait_until(lambda: not near.hooks(), f"hooks empty after SIGKILL (-a {how})", 2)
    return "SIGKILL while native, generic, tc: every hook empty"


def weir_filters(device):
    texts = (device.namespace.run("tc", "filter", "show", "dev", device.name, way).stdout
             for way in ("ingress", "egress"))
    return [text.count("direct-action") for text in texts]


def a_clsact_filter_left_by_a_kill_is_replaced(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "clsact").wait_attached(*CLSACT)
    weir.stop(signal.SIGKILL, -signal.SIGKILL)
    expect_equal(weir_filters(near), [1, 1], "filters left by SIGKILL, in and out")
    weir = Weir(lab, near, "-a", "clsact").wait_attached(*CLSACT)
    traffic.send_frames(far, traffic.frame_zoo(far, near))
    near.settle()
    time.sleep(0.2)
    expect_equal(weir_filters(near), [1, 1], "filters while the next one runs")
    sent = len(traffic.frame_zoo(far, near))
    expect_equal(watch.direction_sum(weir.stop().documents(), "in")[0], sent, "packets counted in")
    expect_equal(weir_filters(near), [0, 0], "filters after its end")
    expect("clsact" not in near.qdiscs(), f"qdisc left: {near.qdiscs().strip()}")
    return "one filter each way before, during; none after; no qdisc"


def a_clsact_qdisc_goes_with_its_weir(lab):
    near, far = lab.pair()
    for direction, hooks in (("both", CLSACT), ("in", CLSACT[:1]), ("out", CLSACT[1:])):
        weir = Weir(lab, near, "-a", "clsact", "-d", direction).wait_attached(*hooks)
        expect("clsact" in near.qdiscs(), "no qdisc while weir runs")
        traffic.ping(far, near.ip, count=2)
        weir.stop()
        expect("clsact" not in near.qdiscs(), f"qdisc left, {direction}: {near.qdiscs().strip()}")
    return "made and removed: both ways, in, out"


def foreign_filters_and_qdiscs_are_left_alone(lab):
    near, far = lab.pair()

    def shown():
        return near.namespace.run("tc", "filter", "show", "dev", near.name, "ingress").stdout
    near.namespace.run("tc", "qdisc", "add", "dev", near.name, "clsact")
    near.namespace.run("tc", "filter", "add", "dev", near.name, "ingress", "protocol", "all",
                       "prio", "7", "bpf", "bytecode", "1,6 0 0 0,")
    before = shown()
    expect("bytecode" in before, "no foreign filter to leave alone")
    for how, status in ((signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 0)):
        weir = Weir(lab, near, "-a", "clsact").wait_attached(*CLSACT)
        expect(before.strip() in shown(), "the foreign filter changed")
        traffic.ping(far, near.ip, count=5)
        weir.stop(how, status)
    expect_equal(shown(), before, "filters after the end")
    expect("clsact" in near.qdiscs(), "the foreign clsact qdisc is gone")
    return "a classic filter and its clsact, through an end, a kill and another end"


def check_interfaces_go(lab, mode, is_ready):
    """Two interfaces; one is deleted, then the other: status 1, the last window written."""
    first, far_first = lab.pair(number=1, names=("one", "far"))
    second, far_second = lab.link(first.namespace, lab.namespace(), 2, ("two", "far"))
    weir = Weir(lab, [first, second], "-a", mode, "--once", windows=["tumbling:1h"])
    wait_until(lambda: is_ready(weir), "weir at both interfaces")
    traffic.udp_burst(far_first, first, [10] * 11)
    first.settle()
    first.namespace.run("ip", "link", "del", first.name)
    wait_until(lambda: "interface one" in weir.stderr, "a word about the interface gone")
    expect_equal(weir.process.poll(), None, "weir goes on with one interface left")
    traffic.udp_burst(far_second, second, [10] * 13)
    second.settle()
    second.namespace.run("ip", "link", "del", second.name)
    documents = weir.wait(status=1).documents()
    counted = {flow["interface"]: flow["packets"]["total"] for flow in documents[-1]["flows"]
               if flow["proto"] == "udp" and flow["direction"] == "in"}
    expect_equal(counted, {"one": 11, "two": 13}, "packets by interface")
    told = [line for line in weir.stderr.splitlines() if "interface one" in line]
    expect_equal(len(told), 1, "lines about the first interface")


def an_interface_that_goes_away_ends_only_its_own_counting(lab):
    check_interfaces_go(lab, "auto", lambda weir: weir.wait_attached("tcx-ingress"))
    with Lab() as other:
        check_interfaces_go(other, "pcap", lambda weir: "capturing" in weir.stderr)
    return "the other went on; then status 1 with both interfaces' packets in the last window"


def check_window_cut(lab, how, is_ready):
    first, _ = lab.pair(number=1, names=("one", "far"))
    second, far_second = lab.link(first.namespace, lab.namespace(), 2, ("two", "far"))
    weir = Weir(lab, [first, second], "-a", how)
    wait_until(lambda: is_ready(weir), "weir at both interfaces")
    time.sleep(1.2)
    first.namespace.run("ip", "link", "del", first.name)
    wait_until(lambda: "interface one" in weir.stderr, "a word about the interface gone")
    traffic.udp_burst(far_second, second, [10] * 13)
    time.sleep(2.2)
    documents = weir.stop().documents()
    cut = [number for number, document in enumerate(documents[1:-1], 1)
           if not document["window"]["complete"]]
    expect_equal(len(cut), 1, "windows cut between the first and the last")
    names = [document["source"]["names"] for document in documents]
    expect_equal(names, [["one", "two"]] * (cut[0] + 1) + [["two"]] * (len(names) - cut[0] - 1),
                 "names in the documents")
    links = [[link["name"] for link in document["interfaces"]] for document in documents]
    expect_equal(links, names, "interfaces in the documents")


def the_window_in_which_an_interface_went_is_not_complete(lab):
    check_window_cut(lab, "tc", lambda weir: weir.wait_attached("tcx-ingress", "tcx-egress"))
    with Lab() as other:
        check_window_cut(other, "pcap", lambda weir: "capturing" in weir.stderr)
    return "by TC and by libpcap: complete false once, then without its name; status 0"


def a_renamed_interface_goes_on_under_its_new_name(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "tc").wait_attached("tcx-ingress", "tcx-egress")
    traffic.udp_burst(far, near, [10] * 7)
    time.sleep(1.2)
    near.namespace.run("ip", "link", "set", "dev", near.name, "name", "wan")
    near.name = "wan"
    wait_until(lambda: "called wan now" in weir.stderr, "a word about the new name")
    traffic.udp_burst(far, near, [10] * 5)
    near.settle()
    documents = weir.stop().documents()
    expect_equal(documents[0]["source"]["names"], ["near"], "names at first")
    expect_equal(documents[-1]["source"]["names"], ["wan"], "names at last")
    counted = {}
    for document in documents:
        for flow in document["flows"]:
            if flow["direction"] == "in":
                name = flow["interface"]
                counted[name] = counted.get(name, 0) + flow["packets"]["total"]
    expect_equal(counted, {"near": 7, "wan": 5}, "packets in by name")
    return next(line for line in weir.stderr.splitlines() if "called" in line)


def a_captured_interface_that_goes_away_leaves_its_last_window(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "pcap", "--once", windows=["tumbling:1h"])
    wait_until(lambda: "capturing" in weir.stderr, "the capture")
    traffic.udp_burst(far, near, [10] * 17)
    near.settle()
    near.namespace.run("ip", "link", "del", near.name)
    flows = weir.wait(status=1).documents()[-1]["flows"]
    counted = [flow["packets"]["total"] for flow in flows
               if flow["proto"] == "udp" and flow["direction"] == "in"]
    expect_equal(sum(counted), 17, "packets in the last window")
    return "status 1, and every packet in the last window"


def an_interface_replaced_by_one_of_the_same_index_is_missed(lab):
    """By each way of attaching: nothing is counted there, and that is told."""
    for how, hooks in (("native", HOOKS), ("tc", ("tcx-ingress", "tcx-egress")),
                       ("clsact", CLSACT)):
        near, _ = lab.pair()
        weir = Weir(lab, near, "-a", how, "--once", windows=["tumbling:1h"]).wait_attached(*hooks)
        index = str(near.show()["ifindex"])
        weir.process.send_signal(signal.SIGSTOP)
        near.namespace.run("ip", "link", "del", near.name)
        near.namespace.run("ip", "link", "add", near.name, "index", index, "type", "veth",
                           "peer", "name", "new")
        weir.process.send_signal(signal.SIGCONT)
        weir.wait(status=1)
        expect(near.name in weir.stderr and "replaced" in weir.stderr, weir.stderr)
    return weir.stderr.strip().splitlines()[1]


def a_duration_and_a_count_end_a_run(lab):
    near, _ = lab.pair()
    begin = time.monotonic()
    timed = Weir(lab, near, "-t", "700ms", windows=["tumbling:200ms"])
    counted = Weir(lab, near, "-c", "3", windows=["tumbling:200ms"])
    timed.wait()
    elapsed = time.monotonic() - begin
    counted.wait()
    complete = [document["window"]["complete"] for document in counted.documents()]
    expect_equal(complete, [True] * 3, "complete windows after -c 3")
    whole = timed.documents()
    span = whole[-1]["window"]["end_ns"] - whole[0]["window"]["start_ns"]
    expect(abs(span / 1e9 - 0.7) < 0.1, f"-t 700ms observed {span / 1e9:.3f} s")
    expect(elapsed < 3, f"-t 700ms took {elapsed:.1f} s")
    expect_equal(near.hooks(), set(), "hooks after the end")
    return f"-t 700ms observed {span / 1e6:.0f} ms, -c 3 wrote 3 windows"


def a_stopped_process_cuts_the_windows_it_missed(lab):
    """What a window observed is what the grid has, to half a pane, or it is not complete."""
    near, far = lab.pair()
    weir = Weir(lab, near, "-p", "100ms", windows=["tumbling:500ms", "sliding:1s/500ms"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    before = near.settle()
    wait_until(lambda: len(weir.documents()) >= 6, "three windows of each length")
    weir.process.send_signal(signal.SIGSTOP)
    traffic.udp_burst(far, near, [300] * 50)
    time.sleep(2.3)
    weir.process.send_signal(signal.SIGCONT)
    reached = len(weir.documents()) + 8
    wait_until(lambda: len(weir.documents()) >= reached, "four more windows of each length")
    sent = watch.plus(*(tuple(now[i] - then[i] for i in (0, 1))
                        for then, now in zip(before, near.settle())))
    documents = weir.stop().documents()
    tumbling = [document for document in documents if document["window"]["kind"] == "tumbling"]
    watch.check_contiguous(tumbling)
    expect_equal(watch.seen(tumbling), sent, "packets and bytes of all windows")
    for window in (document["window"] for document in documents):
        off = abs(window["end_ns"] - window["start_ns"] - window["length_ns"]) / 1e6
        expect(not window["complete"] or off <= 100, f"complete, but off by {off:.0f} ms: {window}")
    longest = max(window["end_ns"] - window["start_ns"] for window in
                  (document["window"] for document in tumbling))
    # The first one is cut by the clock.
    complete = [document["window"]["complete"] for document in tumbling][1:]
    expect(longest > 2.3e9, f"the longest window is {longest / 1e6:.0f} ms")
    expect(any(complete[:complete.index(False)]) and any(complete[complete.index(False):]),
           f"complete before and after the stop: {complete}")
    return f"stopped for {longest / 1e9:.1f} s: {complete.count(False)} of {len(complete)} cut"


def several_interfaces_are_counted_apart(lab):
    one, far_one = lab.pair(number=1, names=("one", "far"))
    two, far_two = lab.link(one.namespace, lab.namespace(), 2, ("two", "far"))
    weir = Weir(lab, [one, two], "-a", "tc").wait_attached("tcx-ingress", "tcx-egress")
    before = one.settle(), two.settle()
    traffic.tcp_transfer(far_one, one, 500000, 200000)
    traffic.tcp_transfer(two, far_two, 300000, 100000)
    traffic.send_frames(far_one, traffic.frame_zoo(far_one, one))
    after = one.settle(), two.settle()
    documents = weir.stop().documents()
    for device, then, now in zip((one, two), before, after):
        for place, way in enumerate(("in", "out")):
            got = watch.plus(*((flow["packets"]["total"], flow["bytes"]["total"])
                               for document in documents for flow in document["flows"]
                               if (flow["interface"], flow["direction"]) == (device.name, way)))
            wanted = tuple(b - a for a, b in zip(then[place], now[place]))
            expect_equal(got, wanted, f"{device.name} {way}, against ip -s link")
    expect_equal(documents[0]["source"]["names"], ["one", "two"], "source.names")
    return "two interfaces, each way, each as its own ip -s link"


def the_loopback_is_counted_in_and_out(lab):
    """The loopback's counters leave out the Ethernet header, both ways."""
    space = lab.namespace()
    loopback = lab.adopt(space, "lo", "127.0.0.1", "::1")
    loopback.offloads(False)
    weir = Weir(lab, loopback).wait_attached("tcx-ingress", "tcx-egress")
    before = loopback.settle()
    traffic.tcp_transfer(loopback, loopback, 1000000, 1000000)
    traffic.udp_burst(loopback, loopback, range(0, 3000, 7))
    traffic.ping(loopback, "::1")
    after = loopback.settle()
    documents = weir.stop().documents()
    for place, way in enumerate(("in", "out")):
        packets, octets = (b - a for a, b in zip(before[place], after[place]))
        wanted = packets, octets + ETHER * packets
        expect_equal(watch.direction_sum(documents, way), wanted, f"{way}, against ip -s link")
    return f"{wanted[0]} packets each way, as ip -s link"


TESTS = [
    a_run_that_nobody_reads_ends_within_a_second_and_a_half,
    the_start_says_in_a_line_what_was_attached_and_what_it_alters,
    check_names_driver_and_hooks_and_changes_nothing,
    signals_end_a_run_with_its_partial_window,
    a_kill_leaves_no_xdp_or_tcx_program,
    a_clsact_filter_left_by_a_kill_is_replaced,
    a_clsact_qdisc_goes_with_its_weir,
    foreign_filters_and_qdiscs_are_left_alone,
    an_interface_that_goes_away_ends_only_its_own_counting,
    an_interface_replaced_by_one_of_the_same_index_is_missed,
    the_window_in_which_an_interface_went_is_not_complete,
    a_renamed_interface_goes_on_under_its_new_name,
    a_captured_interface_that_goes_away_leaves_its_last_window,
    a_duration_and_a_count_end_a_run,
    a_stopped_process_cuts_the_windows_it_missed,
    several_interfaces_are_counted_apart,
    the_loopback_is_counted_in_and_out,
]
