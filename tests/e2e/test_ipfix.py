# SPDX-License-Identifier: BSD-2-Clause
"""Real collectors of IPFIX understand what weir sends, to the packet and byte."""
import socket
import struct
import subprocess
import threading
import time

import collectors
import traffic
import watch
import wire
from collectors import Key, Nfacctd, Nfcapd, Stream, Tap, expect_same, total
from lab import Device, LinkDropped, expect, expect_equal, wait_until
from watch import BINARY, Weir

HOOKS = ("tcx-ingress", "tcx-egress")
ETHER, TAG = 14, 4
MANY = 200_000
ECHO, REPLY = 128 * 256, 129 * 256  # of ICMPv6: types


def write_capture(path, frames, gap_us=1):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(frames):
            second, micro = divmod(i * gap_us, 1_000_000)
            file.write(struct.pack("<IIII", 1_700_000_000 + second, micro, len(frame),
                                   len(frame)) + frame)


def zoo():
    """Frames of every kind, both ways between two hosts, padded as Ethernet does."""
    near, far = Device(None, "near", 1), Device(None, "far", 2)
    return [frame.ljust(60, b"\0") for source, target in ((near, far), (far, near))
            for number, frame in enumerate(traffic.frame_zoo(source, target))
            for _ in range(number + 1)]


def key_of(flow):
    """A flow of wire.parse as collectors tell it: what has no ports there has none here."""
    if not flow.src:
        return Key("0.0.0.0", "0.0.0.0", 0, 0, 0)
    if flow.proto in (1, 58):
        return Key(flow.src, flow.dst, 0, flow.src_port * 256 + flow.dst_port, flow.proto)
    return Key(flow.src, flow.dst, flow.src_port, flow.dst_port, flow.proto)


def truth_of(frames):
    """{Key: (packets, octets of IP packets)}, and the sum of frames."""
    table = {}
    for frame in frames:
        collectors.add(table, key_of(wire.parse(frame, "in")), 1, collectors.ip_octets(frame))
    return table


def replay(lab, space, capture, *outputs, options=(), status=0):
    words = [word for output in outputs for word in ("-o", output)]
    done = subprocess.run(space.command([BINARY, "run", "-q", "-r", capture, *words, *options]),
                          capture_output=True, text=True, timeout=120, check=False)
    expect_equal(done.returncode, status, f"exit status ({done.stderr.strip()})")
    return done.stderr


def to(collector, options=""):
    return f"ipfix://127.0.0.1:{collector.port}{options}"


def nfdump_agrees_about_every_kind_of_packet(lab):
    space, frames = lab.namespace(), zoo()
    capture = lab.path("zoo.pcap")
    write_capture(capture, frames)
    nfcapd = Nfcapd(lab, space)
    replay(lab, space, capture, to(nfcapd, "?accounting=no"))
    wanted = truth_of(frames)
    expect_same(nfcapd.stop().flows(), wanted, "nfdump")
    expect_equal(nfcapd.sequence_failures(), 0, "sequence failures")
    return f"{total(wanted)[0]} packets of {len(wanted)} flows, {total(wanted)[1]} bytes of IP"


def as_conversation(key):
    """A conversation has the type of the request, whichever it was seen to be."""
    return key._replace(dst_port=ECHO) if key.dst_port == REPLY and key.proto == 58 else key


def nfdump_agrees_about_both_ways_of_conversations(lab):
    space, frames = lab.namespace(), zoo()
    capture = lab.path("zoo.pcap")
    write_capture(capture, frames)
    nfcapd = Nfcapd(lab, space)
    replay(lab, space, capture, to(nfcapd, "?accounting=no"), options=["-b"])
    wanted = {as_conversation(key): told for key, told in truth_of(frames).items()}
    nfcapd.stop()
    expect_same(nfcapd.ways(), wanted, "nfdump of biflows")
    there = total(nfcapd.flows())[0]
    expect(0 < there < total(wanted)[0], f"{there} packets on their way there: none came back")
    return f"{total(wanted)[0]} packets of {len(wanted)} flows, {there} of them there"


def nfacctd_agrees_about_every_kind_of_packet(lab):
    space, frames = lab.namespace(), zoo()
    capture = lab.path("zoo.pcap")
    write_capture(capture, frames)
    nfacctd = Nfacctd(lab, space)
    replay(lab, space, capture, "ipfix://127.0.0.1:4740")
    # It leaves out what has no address, and has no types of ICMP.
    wanted = {}
    for key, told in truth_of(frames).items():
        if key.proto:
            is_icmp = key.proto in (1, 58)
            collectors.add(wanted, key._replace(dst_port=0) if is_icmp else key, *told)
    expect_same(nfacctd.stop(total(wanted)[0]).flows(), wanted, "nfacctd")
    return f"{total(wanted)[0]} packets of {len(wanted)} flows, {total(wanted)[1]} bytes of IP"


def number(record, *elements):
    return next((int(record[element]) for element in elements if element in record), 0)


def fixbuf_key(record, back=False):
    src, dst = (collectors.address(record.get(first) or record.get(second) or "0.0.0.0")
                for first, second in ((8, 27), (12, 28)))
    ports = (0, number(record, 32, 139)) if 32 in record or 139 in record else \
        (number(record, 7), number(record, 11))
    place = number(record, 4), number(record, 243), number(record, 245), number(record, 256)
    if not back:
        return src, dst, *ports, *place
    return dst, src, *(ports if number(record, 4) in (1, 58) else reversed(ports)), *place


def full_key(frame):
    flow = wire.parse(frame, "in")
    kind = 0
    if not flow.src:
        names = {"arp": wire.ETH_ARP, "llc": 4}
        kind = names.get(flow.proto) or int(flow.proto.removeprefix("ethertype-"), 16)
    return (*key_of(flow), flow.vlan or 0, flow.inner or 0, kind)


def full_truth(frames):
    """By all of the key, (packets, octets, bytes of frames)."""
    table = {}
    for frame in frames:
        old = table.get(full_key(frame), (0, 0, 0))
        table[full_key(frame)] = (old[0] + 1, old[1] + collectors.ip_octets(frame),
                                  old[2] + len(frame))
    return table


def fixbuf_table(records):
    """The same of what libfixbuf read, both ways of a conversation apart."""
    table = {}
    for record in records:
        ways = [(False, 2, 1, 352)] + [(True, -2, -1, -352)] * (-2 in record)
        for back, packets, octets, frames in ways:
            if number(record, packets):
                key = fixbuf_key(record, back)
                old = table.get(key, (0, 0, 0))
                table[key] = tuple(a + number(record, b)
                                   for a, b in zip(old, (packets, octets, frames)))
    return table


def libfixbuf_agrees_about_every_kind_of_packet_and_both_ways(lab):
    space, frames = lab.namespace(), zoo()
    capture = lab.path("zoo.pcap")
    write_capture(capture, frames)
    stream = Stream(lab, space)
    replay(lab, space, capture, "ipfix+tcp://127.0.0.1:4741")
    replay(lab, space, capture, "ipfix+tcp://127.0.0.1:4741", options=["-b"])
    wanted = full_truth(frames)
    flows = [record for record in stream.records(0) if 149 not in record]
    expect_same(fixbuf_table(flows), wanted, "ipfixDump")
    flows = [record for record in stream.records(1) if 149 not in record]
    # A conversation has the type of the request, whichever it was seen to be.
    wanted = {tuple(ECHO if field == REPLY else field for field in key): told
              for key, told in wanted.items()}
    expect_same(fixbuf_table(flows), wanted, "ipfixDump of biflows")
    expect(any(number(record, -2) for record in flows), "no conversation had two ways")
    return f"{len(wanted)} flows with tags and EtherTypes, {len(flows)} conversations"


def tshark_finds_nothing_malformed_or_out_of_sequence(lab):
    space, frames = lab.namespace(), zoo()
    capture, windows = lab.path("zoo.pcap"), lab.path("zoo.ndjson")
    write_capture(capture, frames * 20, gap_us=1000)
    tap = Tap(lab, space)
    replay(lab, space, capture, to(tap, "?domain=7"), windows, options=["-w", "tumbling:1s"])
    tap.stop()
    expect_equal(tap.complaints(), [], "what tshark finds wrong")
    documents = watch.read_documents(windows)
    expect(len(documents) > 5, "too few windows")
    # Options records have packets and frames' bytes of the window, as all of its records do.
    packets, octets, frame_bytes = tap.sums("cflow.packets", "cflow.octets",
                                            "cflow.layer2_octet_delta_count")
    wanted = watch.outcome(documents, "flow")
    expect_equal((packets, frame_bytes), (2 * wanted[0], 2 * wanted[1]), "packets and bytes")
    expect_equal(octets, 20 * total(truth_of(frames))[1], "bytes of IP packets")
    expect(tap.longest() <= 9000, "a message is longer than the path takes")
    return f"{len(documents)} windows of {packets // 2} packets, {octets} bytes of IP"


def options_records_account_for_every_packet(lab):
    space, frames = lab.namespace(), zoo()
    source = Device(None, "near", 1)
    frames += list(traffic.broken_frames(source, Device(None, "far", 2)).values()) * 3
    capture, windows = lab.path("zoo.pcap"), lab.path("zoo.ndjson")
    write_capture(capture, frames)
    stream = Stream(lab, space)
    replay(lab, space, capture, "ipfix+tcp://127.0.0.1:4741?domain=99", windows,
           options=["-n", "5", "not udp"])
    records = stream.records()
    told = [record for record in records if 149 in record]
    flows = [record for record in records if 149 not in record]
    (document,) = watch.read_documents(windows)
    outcomes = document["outcomes"]
    expect_equal(len(told), 1, "options records")
    account = {element: number(told[0], element) for element in told[0]
               if element not in (152, 153)}
    listed = watch.plus(*((number(flow, 2), number(flow, 352)) for flow in flows))
    lost = [outcomes[name] for name in ("malformed", "unattributed")]
    expect(outcomes["filtered"]["packets"] and lost[0]["packets"], "nothing was left out")
    expect_equal(account, {
        149: 99, 318: document["seen"]["packets"],
        319: document["seen"]["packets"] - outcomes["filtered"]["packets"], 133: 0,
        2: outcomes["flow"]["packets"], 352: outcomes["flow"]["bytes"],
        164: sum(node["packets"] for node in lost), 165: sum(node["bytes"] for node in lost),
        166: document["flows_omitted"], 167: outcomes["flow"]["packets"] - listed[0],
        168: outcomes["flow"]["bytes"] - listed[1]}, "the accounting")
    expect_equal(len(flows), 5, "flows")
    return f"{account[318]} seen, {account[164]} malformed, {account[167]} of flows left out"


def documented(documents, octets_of):
    """{Key: (packets, octets)} of the documents' flows."""
    table = {}
    for document in documents:
        for flow in document["flows"]:
            collectors.add(table, key_of(watch.flow_key(flow)), flow["packets"]["total"],
                           octets_of(flow))
    return table


def octets_on_veth(flow):
    """A veth pads nothing: a frame is its IP packet, what is before it, and no more."""
    tags = TAG * ((flow["vlan"] is not None) + (flow["inner_vlan"] is not None))
    return flow["bytes"]["total"] - (ETHER + tags) * flow["packets"]["total"] \
        if "src" in flow else 0


def live(lab, attach, hooks, offloads):
    near, far = lab.pair(offloads=offloads)
    nfcapd = Nfcapd(lab, near.namespace)
    ndjson = lab.path(f"{attach}.ndjson")
    weir = Weir(lab, near, "-a", attach, outputs=[ndjson, to(nfcapd, "?accounting=no")])
    weir.path = ndjson
    weir.wait_attached(*hooks)
    before = near.counters()
    traffic.tcp_transfer(near, far, 3_000_000, 2_000_000)
    traffic.tcp_transfer(far, near, 300_000, 700_000, socket.AF_INET6)
    traffic.udp_burst(near, far, range(0, 1472, 3))
    traffic.ping(near, far.ip6, "-s", "4000")
    for source, target in ((near, far), (far, near)):
        # Three tags are more than a key has, and than a document tells.
        frames = traffic.frame_zoo(source, target)
        traffic.send_frames(source, frames[:3] + frames[4:], repeat=5)
    after = near.settle()
    weir.stop()
    documents = weir.documents()
    wanted = documented(documents, octets_on_veth)
    expect_same(nfcapd.stop().flows(), wanted, f"nfdump, {attach}")
    expect_equal(nfcapd.sequence_failures(), 0, "sequence failures")
    index = near.show()["ifindex"]
    ways = {(index, 0, "I"): watch.direction_sum(documents, "in")[0],
            (0, index, "E"): watch.direction_sum(documents, "out")[0]}
    expect_equal(dict(nfcapd.interfaces()), ways, "packets by interface and direction")
    handed = sum(now[0] - then[0] for then, now in zip(before, after))
    return total(wanted), handed


def live_octets_are_those_of_ip_packets(lab):
    found = []
    for attach, hooks in (("tc", HOOKS), ("native", ("xdp-native", "tcx-egress"))):
        counted, handed = live(lab, attach, hooks, False)
        expect_equal(counted[0], handed, "packets, against the link's own")
        found.append(f"{attach} {counted[0]} packets")
    return ", ".join(found)


def live_octets_of_merged_packets_are_those_of_the_wire(lab):
    counted, handed = live(lab, "tc", HOOKS, True)
    expect(handed < counted[0], f"nothing was merged: {handed} and {counted[0]} packets")
    return f"{counted[0]} packets, {counted[1]} bytes of IP, from {handed} handed over"


def two_hundred_thousand_flows_arrive_in_one_window(lab):
    space = lab.namespace()
    source = Device(None, "near", 1)
    capture = lab.path("many.pcap")
    body = wire.udp(0, 0)
    frames = [wire.frame(source, wire.ipv4(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "10.200.0.1",
                                           17, body)) for i in range(MANY)]
    write_capture(capture, frames, gap_us=10)
    nfcapd = Nfcapd(lab, space)
    replay(lab, space, capture, to(nfcapd, "?accounting=no"), options=["-w", "tumbling:1h"])
    table = nfcapd.stop().flows()
    if nfcapd.sequence_failures():
        raise LinkDropped(f"nfcapd did not read in time: {nfcapd.sequence_failures()} failures")
    expect_equal((len(table), *total(table)), (MANY, MANY, 46 * MANY), "flows, packets, bytes")
    return f"{MANY} flows, each with its packet and bytes"


class Relay:
    """Passes datagrams on once it is let to; before, they are lost, and nobody says so."""

    def __init__(self, namespace, port, target):
        self.passes = False
        with namespace.inside():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", port))
            self.out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.out.connect(("127.0.0.1", target))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            message = self.socket.recv(65536)
            if self.passes:
                self.out.send(message)


def a_collector_that_starts_late_understands_what_comes(lab):
    near, far = lab.pair()
    nfcapd = Nfcapd(lab, near.namespace)
    relay = Relay(near.namespace, 4000, nfcapd.port)
    weir = Weir(lab, near, "-a", "tc", outputs=["ipfix://127.0.0.1:4000?accounting=no"])
    weir.wait_attached(*HOOKS)
    for second in range(7):
        relay.passes = second >= 3
        traffic.udp_burst(far, near, [100] * 50)
        time.sleep(1)
    weir.stop()
    packets = total(nfcapd.stop().flows())[0]
    # What came while it was not there is lost to it, and at most the window that is under way.
    expect(100 <= packets <= 200, f"it understood {packets} packets of the last four seconds")
    return f"{packets} of 350 packets after 3 s without it"


def a_collector_by_tcp_may_go_away_and_come_back(lab):
    near, far = lab.pair()
    stream = Stream(lab, near.namespace)
    ndjson = lab.path("weir.ndjson")
    weir = Weir(lab, near, "-a", "tc", windows=["tumbling:250ms"],
                outputs=[ndjson, "ipfix+tcp://127.0.0.1:4741"])
    weir.path = ndjson
    weir.wait_attached(*HOOKS)

    def bursts(seconds):
        for _ in range(int(seconds * 10)):
            traffic.udp_burst(far, near, [100] * 10)
            time.sleep(0.1)
    bursts(1)
    stream.go_away()
    bursts(1.5)
    stream.listen()
    bursts(3)
    weir.stop(status=1)
    wait_until(lambda: len(stream.files) == 2, "two connections")
    expect("is away" in weir.stderr and "is back" in weir.stderr, weir.stderr)
    documents = weir.documents()
    counted = watch.outcome(documents, "flow")
    windows, accounts = [], []
    for file in (0, 1):
        records = stream.records(file)
        flows = [record for record in records if 149 not in record]
        accounts += [record for record in records if 149 in record]
        windows.append(sum(number(record, 2) for record in flows))
        expect(windows[-1] > 0, f"nothing was understood of connection {file}")
    # Each window is there whole, with its accounting, or it is counted as lost.
    expect_equal(sum(number(record, 2) for record in accounts), sum(windows), "packets in windows")
    lost = len(documents) - len(accounts)
    expect(0 < lost < len(documents), f"{lost} of {len(documents)} windows lost")
    expect(f"{lost} of {len(documents)} windows are lost" in weir.stderr, weir.stderr)
    return f"{sum(windows)} of {counted[0]} packets in {len(accounts)} of {len(documents)} windows"


TESTS = [
    nfdump_agrees_about_every_kind_of_packet,
    nfdump_agrees_about_both_ways_of_conversations,
    nfacctd_agrees_about_every_kind_of_packet,
    libfixbuf_agrees_about_every_kind_of_packet_and_both_ways,
    tshark_finds_nothing_malformed_or_out_of_sequence,
    options_records_account_for_every_packet,
    live_octets_are_those_of_ip_packets,
    live_octets_of_merged_packets_are_those_of_the_wire,
    two_hundred_thousand_flows_arrive_in_one_window,
    a_collector_that_starts_late_understands_what_comes,
    a_collector_by_tcp_may_go_away_and_come_back,
]
