# SPDX-License-Identifier: BSD-2-Clause
"""The result documents of a live run: fields, windows in time, files under a reader."""
import json
import os
import subprocess
import time

import traffic
import watch
import wire
from lab import expect, expect_equal
from watch import NANO, Weir

TOP_FIELDS = ("schema host source filter group_by window total flows flows_omitted outcomes seen "
              "interfaces health").split()
WINDOW_FIELDS = ("kind length_ns nominal_start_ns start_ns end_ns start end panes "
                 "complete").split()
OUTCOMES = ["flow", "filtered", "malformed", "unattributed"]
RATES = ["average", "total", "max"]
FLOW_FIELDS = ("src dst src_port dst_port proto ip_proto vlan inner_vlan direction interface bytes "
               "packets packet_bytes first_ns last_ns").split()
INTERFACE_FIELDS = ("name rx_packets rx_bytes tx_packets tx_bytes seen differences").split()
PANE = NANO // 5
CLOCK_SLACK = 20000000 # a coarse tick of 10 ms at either end


def expect_fields(node, wanted, what):
    expect_equal(sorted(node), sorted(wanted), f"fields of {what}")


def expect_types(node, kind, names, what):
    for name in names:
        expect(isinstance(node[name], kind) and not isinstance(node[name], bool),
               f"{what}.{name} is {node[name]!r}")


def check_rates(node, what):
    expect_fields(node["bytes"], RATES, f"{what}.bytes")
    expect_fields(node["packets"], RATES, f"{what}.packets")
    expect_fields(node["packet_bytes"], ["average", "min", "max"], f"{what}.packet_bytes")
    for name in ("bytes", "packets"):
        expect_types(node[name], int, ["total"], f"{what}.{name}")
        expect_types(node[name], (int, float), ["average", "max"], f"{what}.{name}")


def flow_fields(flow):
    """The fields a flow must have, by what it is."""
    fields = list(FLOW_FIELDS)
    if "src" not in flow:
        fields = [name for name in fields if name not in ("src", "dst", "src_port", "dst_port")]
        if "ip_proto" not in flow:
            fields.remove("ip_proto")
    elif "icmp_type" in flow:
        fields = ["icmp_type" if name == "src_port" else "icmp_code" if name == "dst_port" else name
                  for name in fields]
    if flow["proto"] == "tcp" and "fragment" not in flow:
        fields.append("tcp_flags")
    return fields + (["fragment"] if "fragment" in flow else [])


def check_fields(document):
    expect_fields(document, TOP_FIELDS, "the document")
    expect_equal(document["schema"], "weir/1", "schema")
    expect_equal(document["host"], os.uname().nodename, "host")
    expect_fields(document["source"], ["kind", "names", "attach", "direction"], "source")
    expect_fields(document["window"], WINDOW_FIELDS, "window")
    expect_types(document["window"], int, ["length_ns", "start_ns", "end_ns", "panes"], "window")
    check_rates(document["total"], "total")
    expect_fields(document["total"],
                  ["flows", "bytes", "packets", "packet_bytes", "in", "out"], "total")
    expect_fields(document["outcomes"], OUTCOMES, "outcomes")
    expect_fields(document["seen"], ["packets", "bytes"], "seen")
    for interface in document["interfaces"]:
        expect_fields(interface, INTERFACE_FIELDS, "interfaces[]")
        expect_fields(interface["seen"], ["packets", "bytes", "in", "out"], "interfaces[].seen")
    health = document["health"]
    expect_fields(health["collection"], ["rate", "latency_ns", "loss"], "health.collection")
    expect_fields(health["processing"], ["rate", "latency_ns", "errors"], "health.processing")
    expect_fields(health["transmission"], ["rate", "latency_ns", "errors"], "health.transmission")
    for flow in document["flows"]:
        expect_fields(flow, flow_fields(flow), f"flow {flow['proto']}")
        check_rates(flow, "flow")


def the_fields_are_those_of_the_schema_and_no_others(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "native").wait_attached("xdp-native", "tcx-egress")
    traffic.everyday(near, far)
    traffic.zoo(near, far)
    documents = weir.stop().documents()
    for document in documents:
        check_fields(document)
    flows = [flow for document in documents for flow in document["flows"]]
    expect_equal(documents[0]["source"], {
        "kind": "interface", "names": ["near"], "attach": ["xdp-native", "tcx-egress"],
        "direction": "both"}, "source")
    expect_equal(documents[0]["filter"], None, "filter")
    expect_equal(documents[0]["group_by"], "src dst src_port dst_port proto vlan inner_vlan "
                 "direction interface".split(), "group_by")
    kinds = {flow["proto"] for flow in flows}
    wanted = {"tcp", "udp", "icmp", "icmp6", "sctp", "gre", "ip-253", "arp", "ethertype-0x88cc"}
    expect(wanted <= kinds, f"protocols missing: {wanted - kinds}")
    flags = {flow["tcp_flags"] for flow in flows if flow.get("tcp_flags")}
    expect({"FSPA", "FSA"} <= flags, f"tcp_flags seen: {flags}")
    return f"{len(flows)} flows of {len(kinds)} protocols in {len(documents)} documents"


def interfaces_have_the_counters_of_the_kernel_and_the_causes_of_a_difference(lab):
    near, far = lab.pair()
    for how, hook, causes in (("tc", "tcx-ingress", []),
                              ("native", "xdp-native", ["ethernet_header"])):
        weir = Weir(lab, near, "-a", how).wait_attached(hook, "tcx-egress")
        time.sleep(0.2)
        before = near.settle()
        traffic.udp_burst(far, near, range(20, 1400, 3))
        traffic.udp_burst(near, far, range(20, 1400, 7))
        after = near.settle()
        time.sleep(1.1)
        documents = weir.stop().documents()
        told = [document["interfaces"][0] for document in documents]
        for way, then, now in zip(("rx", "tx"), before, after):
            sums = tuple(sum(link[f"{way}_{what}"] for link in told)
                         for what in ("packets", "bytes"))
            wanted = (now[0] - then[0], now[1] - then[1])
            expect_equal(sums, wanted, f"{how}: {way}, against ip -s link")
        for document, link in zip(documents, told):
            expect_equal(watch.tally(link["seen"]), watch.tally(document["seen"]), f"{how}: seen")
            for way in ("in", "out"):
                expect_equal(watch.tally(link["seen"][way]),
                             watch.direction_sum([document], way), f"{how}: seen {way}")
        named = sorted({cause for link in told for cause in link["differences"]} -
                       {"merged_packets", "vlan_tags_beside"})
        expect_equal(named, causes, f"{how}: differences")
    return "packets and bytes both ways as ip -s link; native XDP: ethernet_header"


def expect_near(got, wanted, what):
    expect(abs(got - wanted) <= 1e-6 * abs(wanted) + 1e-3, f"{what}: {got}, expected {wanted}")


def check_rate(node, length_ns, one_pane, what):
    """A pane's rate is over its length, or the nominal one where that is longer."""
    expect_near(node["average"], node["total"] * NANO / length_ns, f"{what}.average")
    if one_pane:
        expect_near(node["max"], node["total"] * NANO / max(length_ns, PANE), f"{what}.max")


def check_times(document):
    """Averages over the window's real length, packets' times within it."""
    window = document["window"]
    start, end = window["start_ns"], window["end_ns"]
    nodes = [("total", document["total"])] + [("flow", flow) for flow in document["flows"]]
    for what, node in nodes:
        for name in ("bytes", "packets"):
            check_rate(node[name], end - start, window["panes"] == 1, f"{what}.{name}")
        sizes = node["packet_bytes"]
        if node["packets"]["total"]:
            mean = node["bytes"]["total"] / node["packets"]["total"]
            expect(abs(sizes["average"] - mean) < 1e-3, f"{what}.packet_bytes.average")
            expect(sizes["min"] <= mean <= sizes["max"], f"{what}.packet_bytes {sizes}")
    for flow in document["flows"]:
        expect(start - CLOCK_SLACK <= flow["first_ns"] <= flow["last_ns"] <= end + CLOCK_SLACK,
               f"first {flow['first_ns'] - start} and last {flow['last_ns'] - start} ns "
               f"in a window of {end - start}")


def steady_traffic(near, far, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        traffic.udp_burst(far, near, [100, 900])
        time.sleep(0.005)


def tumbling_and_sliding_windows_agree_about_the_same_packets(lab):
    """A sliding window is the sum of the tumbling ones it covers, and lies where they lie."""
    near, far = lab.pair()
    begin = time.time_ns()
    weir = Weir(lab, near, windows=["tumbling:200ms", "sliding:1s/200ms"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    steady_traffic(near, far, 2.5)
    documents = weir.stop().documents()
    end = time.time_ns()
    for document in documents:
        check_times(document)
    tumbling, sliding = ([document for document in documents if document["window"]["kind"] == kind]
                         for kind in ("tumbling", "sliding"))
    watch.check_contiguous(tumbling)
    expect(begin <= tumbling[0]["window"]["start_ns"] and tumbling[-1]["window"]["end_ns"] <= end,
           "the windows lie outside of the run")
    expect(all(document["window"]["complete"] for document in tumbling[1:-1]), "tumbling complete")
    expect(not tumbling[0]["window"]["complete"], "the first window is cut by the clock")
    for window in (document["window"] for document in documents):
        slide_ns = window.get("slide_ns", window["length_ns"])
        expect_equal(window["nominal_start_ns"] % slide_ns, 0, "nominal start on the clock")
        late = window["start_ns"] - window["nominal_start_ns"]
        expect(not window["complete"] or abs(late) <= 100_000_000, f"{late} ns off: {window}")
    for document in sliding:
        window = document["window"]
        covered = [pane for pane in tumbling
                   if window["start_ns"] <= pane["window"]["start_ns"] < window["end_ns"]]
        expect_equal(watch.tally(document["seen"]), watch.seen(covered), "a sliding window's sum")
        expect_equal(window["panes"], len(covered), "panes of a sliding window")
        for name in ("bytes", "packets"):
            expect_near(document["total"][name]["max"],
                        max(pane["total"][name]["max"] for pane in covered),
                        f"max {name} of a sliding window")
    whole = [document["window"] for document in sliding if document["window"]["complete"]]
    cut = [document["window"] for document in sliding[:4]]
    expect(len(whole) >= 5 and not any(window["complete"] for window in cut),
           f"{len(whole)} of {len(sliding)} sliding windows complete, the first four cut")
    for window in whole:
        expect(abs(window["end_ns"] - window["start_ns"] - NANO) < NANO // 4, f"length of {window}")
    return f"{len(sliding)} sliding windows, each the sum of what it covers of {len(tumbling)}"


def a_landmark_window_is_the_sum_of_all_windows_so_far(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, windows=["tumbling:200ms", "landmark:400ms"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    steady_traffic(near, far, 1.5)
    documents = weir.stop().documents()
    tumbling, landmark = ([document for document in documents
                           if document["window"]["kind"] == kind]
                          for kind in ("tumbling", "landmark"))
    for document in landmark:
        window = document["window"]
        expect_equal(window["start_ns"], tumbling[0]["window"]["start_ns"], "its start")
        covered = [part for part in tumbling if part["window"]["end_ns"] <= window["end_ns"]]
        expect_equal(watch.tally(document["seen"]), watch.seen(covered), "its sum")
        expect_equal(watch.flows([document]), watch.flows(covered), "its flows")
        expect_equal(window["panes"], len(covered), "its panes")
    expect_equal([document["window"]["complete"] for document in landmark[:-1]],
                 [True] * (len(landmark) - 1), "complete")
    expect(len(landmark) >= 4, f"{len(landmark)} landmark windows in 1.5 s")
    return f"{len(landmark)} landmark windows, the last of {landmark[-1]['total']['flows']} flows"


def a_busy_reader_always_finds_a_whole_json_file(lab):
    near, far = lab.pair()
    folder = lab.path("atomic")
    os.mkdir(folder)
    path = os.path.join(folder, "flows.json")
    weir = Weir(lab, near, windows=["tumbling:20ms"], outputs=[path]).wait_attached("tcx-ingress")
    reads, starts, end = 0, set(), time.monotonic() + 1.5
    traffic.send_frames(far, traffic.frame_zoo(far, near), 100)
    while time.monotonic() < end:
        if not os.path.exists(path):
            continue
        with open(path) as file:
            document = json.load(file)
        watch.check_accounting(document)
        starts.add(document["window"]["start_ns"])
        reads += 1
    weir.stop()
    expect(len(starts) >= 20, f"only {len(starts)} different documents in 1.5 s of 20 ms windows")
    expect_equal(os.listdir(folder), ["flows.json"], "files in the folder at the end")
    return f"{reads} reads of {len(starts)} documents, each whole"


def ndjson_is_appended_and_also_goes_to_standard_output(lab):
    near, far = lab.pair()
    path = lab.path("twice.ndjson")
    lines = []
    for _ in range(2):
        weir = Weir(lab, near, "-c", "2", windows=["tumbling:100ms"], outputs=[path])
        weir.wait()
        lines.append(len(watch.read_documents(path)))
    expect_equal(lines, [2, 4], "lines after one run and after two")
    done = near.namespace.run(watch.BINARY, "run", "-i", near.name, "-c", "2", "-w",
                              "tumbling:100ms", "-q")
    expect_equal(done.stderr, "", "standard error with -q")
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    expect_equal(len(printed), 2, "lines on standard output")
    return "2 and 2 lines in the file, 2 on standard output"


def a_full_disk_is_counted_and_leaves_no_half_document(lab):
    """A file system of 32 KiB: what is there stays whole, the run says it failed."""
    near, far = lab.pair()
    folder = lab.path("small")
    os.mkdir(folder)
    path = os.path.join(folder, "flows.ndjson")
    command = (f"mount -t tmpfs -o size=32k none {folder} && exec {watch.BINARY} run "
               f"-i {near.name} -w tumbling:50ms -t 1500ms -o {path} -o {lab.path('all.ndjson')}")
    keep = lab.path("kept.ndjson")
    process = lab.start("unshare", "-m", "sh", "-c",
                        f"({command}); status=$?; cp {path} {keep}; exit $status",
                        namespace=near.namespace, stderr=subprocess.PIPE, text=True)
    steady_traffic(near, far, 1.2)
    _, said = process.communicate(timeout=10)
    kept, whole = watch.read_documents(keep), watch.read_documents(lab.path("all.ndjson"))
    expect(0 < len(kept) < len(whole), f"{len(kept)} of {len(whole)} documents on a full disk")
    expect("flows.ndjson" in said, f"the full disk is not named: {said.strip()}")
    return f"{len(kept)} of {len(whole)} documents, all whole, and the failure told"


def top_and_sort_and_group_by_shape_the_list(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-d", "in", "-n", "3", "-s", "packets", "-g", "src_port,proto",
                windows=["tumbling:1h"]).wait_attached("tcx-ingress")
    for port in range(1, 8):
        payload = wire.ipv4(far.ip, near.ip, 17, wire.udp(port, 1000 + port))
        traffic.send_frames(far, [wire.frame(far, payload)], port)
    near.settle()
    document = weir.stop().documents()[-1]
    listed = [(flow["src_port"], flow["packets"]["total"]) for flow in document["flows"]]
    expect_equal(listed, [(7, 7), (6, 6), (5, 5)], "flows listed")
    expect_equal((document["flows_omitted"], document["total"]["flows"]), (4, 7), "omitted, flows")
    expect_equal(document["total"]["packets"]["total"], 28, "total of all flows")
    ways = document["total"]["in"], document["total"]["out"]
    expect_equal((ways[0]["packets"]["total"], ways[1]), (28, None), "by direction, -d in")
    expect_equal(document["group_by"], ["src_port", "proto"], "group_by")
    grouped = {"src_port", "proto", "ip_proto"}
    keys = {"src", "dst", "src_port", "dst_port", "proto", "ip_proto", "vlan", "inner_vlan",
            "direction", "interface"}
    expect_equal(keys & set(document["flows"][0]), grouped, "key fields of a flow")
    return "3 of 7 flows listed by packets, 4 omitted, the total over all 7"


TESTS = [
    the_fields_are_those_of_the_schema_and_no_others,
    interfaces_have_the_counters_of_the_kernel_and_the_causes_of_a_difference,
    tumbling_and_sliding_windows_agree_about_the_same_packets,
    a_landmark_window_is_the_sum_of_all_windows_so_far,
    a_busy_reader_always_finds_a_whole_json_file,
    ndjson_is_appended_and_also_goes_to_standard_output,
    a_full_disk_is_counted_and_leaves_no_half_document,
    top_and_sort_and_group_by_shape_the_list,
]
