#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tcp.py [BUILD] - what --tcp tells of captures: segments sent again and round-trip times, by flow,
against what the test itself makes of tshark's numbers (tcp.seq_raw, tcp.ack_raw, tcp.len and the
timestamps); of generated captures and those of ../shared/captures where they are there.
"""
import collections
import decimal
import glob
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(sys.path[0], "e2e"))
import schema  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else "build")
CAPTURES = os.path.join(ROOT, "../shared/captures")
FIELDS = ["frame.protocols", "frame.interface_id", "frame.packet_flags_direction", "vlan.id",
          "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.seq_raw",
          "tcp.len", "tcp.flags", "tcp.ack_raw", "frame.time_epoch", "tcp.hdr_len", "tcp.options",
          "tcp.analysis.ack_rtt", "tcp.stream", "ip.flags.mf", "ip.len", "ip.hdr_len"]
FIN, SYN, RST, ACK = 1, 2, 4, 16
SCHEMA = schema.load()


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def tshark(file):
    """The packets whose outermost IP header is followed by TCP's, a dict each."""
    fields = [word for name in FIELDS for word in ("-e", name)]
    run = subprocess.run(
        ["tshark", "-n", "-r", file, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
         "-Y", "tcp.seq_raw", "-T", "fields", "-E", "separator=;", "-E", "occurrence=a", *fields],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=False)
    for line in run.stdout.decode().splitlines():
        packet = dict(zip(FIELDS, line.split(";")))
        layers = packet["frame.protocols"].split(":")
        at = next((i for i, name in enumerate(layers) if name in ("ip", "ipv6")), None)
        if at is None or {"pppoes", "mpls"} & set(layers[:at]) or (layers + [""])[at + 1 + skipped(layers[at + 1:])] != "tcp":
            continue
        packet = {name: value if name == "vlan.id" else value.split(",")[0]
                  for name, value in packet.items()}
        # Of a first fragment tshark tells no length: it is as long as its IP packet says.
        if not packet["tcp.len"] and packet["ip.flags.mf"] in ("1", "True"):
            packet["tcp.len"] = str(int(packet["ip.len"]) - int(packet["ip.hdr_len"]) -
                                    int(packet["tcp.hdr_len"]))
        yield packet


def skipped(layers):
    """IPv6 extension headers."""
    count = 0
    while count < len(layers) and layers[count].startswith("ipv6."):
        count += 1
    return count


def after(a, b):
    """By how much a lies behind b (RFC 9293, 3.4)."""
    return (a - b + (1 << 31)) % (1 << 32) - (1 << 31)


class Lane:
    """What one side of a connection sends, at one hook."""
    def __init__(self):
        self.end = self.covers = self.running = self.answered = self.tried = None
        self.has_fin = False


def stamps(packet):
    """The timestamps, where they are as RFC 7323 (appendix A) recommends: sent, echoed."""
    options = bytes.fromhex(packet["tcp.options"].replace(":", ""))
    if options[:4] != b"\x01\x01\x08\x0a" or len(options) < 12:
        return 0, 0
    return struct.unpack(">II", options[4:12])


def time_ns(packet):
    seconds, fraction = packet["frame.time_epoch"].split(".")
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))


class Connection:
    """Follows the segments of one, by the rules of the manual, and adds to found."""
    def __init__(self, found):
        self.found, self.lanes, self.answers = found, {}, []

    def take(self, flow, lane, seq, packet):
        """An answer that came goes to the flow of who was answered, with its next segment."""
        if lane.answered is None:
            return
        rtt, is_syn = lane.answered
        lane.answered = None
        times = self.found.setdefault((flow, "rtt"), [])
        times.append(rtt)
        if is_syn:
            key = flow, "handshake"
            self.found[key] = min(self.found.get(key, rtt), rtt)

    def answer(self, sender, packet, echoed):
        for (side, _), lane in self.lanes.items():
            if side == sender or not lane.running or after(int(packet["tcp.ack_raw"]),
                                                           lane.covers) < 0:
                continue
            sent_ns, stamp, is_syn = lane.running
            lane.running = None
            if stamp and echoed and after(echoed, stamp) > 0:
                continue
            rtt = (time_ns(packet) - sent_ns) % (1 << 48)
            if rtt < 1 << 47:
                lane.answered = told_rtt(rtt), is_syn
                if int(packet["tcp.ack_raw"]) == lane.covers:
                    self.answers.append((rtt, packet))

    def send(self, flow, lane, packet, sent):
        seq, length = int(packet["tcp.seq_raw"]), int(packet["tcp.len"])
        flags = int(packet["tcp.flags"], 16)
        begin = (seq + bool(flags & SYN)) % (1 << 32)
        last = (begin + length) % (1 << 32)
        covers = (last + bool(flags & FIN)) % (1 << 32)
        is_new = False
        if flags & SYN:
            is_new = lane.end is None or not 0 <= after(lane.end, seq + 1) < 1 << 16
            lane.end, lane.running = last, None
        elif lane.end is None:
            if length:
                lane.end = last
            lane.covers = seq
        else:
            below = after(lane.end, begin)
            if below > 0 and length and not (length == 1 and below == 1):
                self.found[flow, "packets"] = self.found.get((flow, "packets"), 0) + 1
                self.found[flow, "bytes"] = self.found.get((flow, "bytes"), 0) + length
            if after(lane.covers, seq) > 0:
                lane.running = None
            is_new = (below <= 0 and after(lane.covers, seq) <= 0 and
                      not (flags & FIN and lane.has_fin))
            if length and after(last, lane.end) > 0:
                lane.end = last
        lane.has_fin = bool(flags & FIN) or (lane.has_fin and not flags & SYN)
        tick = time_ns(packet) // 10**6
        if is_new and (flags & SYN or lane.tried != tick):
            lane.tried = tick
            if not lane.running:
                lane.covers = covers
                lane.running = time_ns(packet), sent, bool(flags & SYN)

    def follow(self, flow, hook, packet):
        flags = int(packet["tcp.flags"], 16)
        sent, echoed = stamps(packet)
        lane = self.lanes.setdefault((flow[::2], hook), Lane())
        self.take(flow, lane, 0, packet)
        if flags & ACK and not flags & RST:
            self.answer(flow[::2], packet, echoed)
        if int(packet["tcp.len"]) or flags & (SYN | FIN):
            self.send(flow, lane, packet, sent)


def told_rtt(ns):
    """As a record holds it: exact below 2^31 ns, then in steps of 64 up to 137 s; at least 1."""
    return max(ns, 1) if ns < 1 << 31 else min(ns >> 6, (1 << 31) - 1) << 6


def compare_answers(connections, streams):
    """Of an acknowledgment of just what is timed tshark tells the time too. It has one stream of all
    tags and interfaces: what shows at several, more than two lanes, is timed between them there.
    """
    count = 0
    for connection in connections:
        for rtt, packet in connection.answers:
            theirs = packet["tcp.analysis.ack_rtt"]
            if theirs and len(streams[packet["tcp.stream"]]) == 2:
                expect(rtt == round(decimal.Decimal(theirs) * 10**9),
                       f"{packet['frame.time_epoch']}: {rtt} ns, tshark {theirs} s")
                count += 1
    return count


def count(packets):
    """Packets and bytes sent again and the round-trip times, by flow: addresses and ports."""
    found, connections, streams = {}, {}, collections.defaultdict(set)
    for packet in packets:
        if not packet["tcp.len"]:
            continue
        flow = (packet["ip.src"] or packet["ipv6.src"], packet["ip.dst"] or packet["ipv6.dst"],
                int(packet["tcp.srcport"]), int(packet["tcp.dstport"]))
        name = frozenset([flow[::2], flow[1::2]]), packet["vlan.id"], packet["frame.interface_id"]
        connection = connections.setdefault(name, Connection(found))
        hook = packet["frame.packet_flags_direction"]
        streams[packet["tcp.stream"]].add((flow, *name[1:], hook))
        connection.follow(flow, hook, packet)
    for key, times in list(found.items()):
        if key[1] == "rtt":
            found[key] = min(times), sum(times) // len(times), max(times), len(times)
    return found, compare_answers(connections.values(), streams)


def weir(file, *options):
    run = subprocess.run([os.path.join(BUILD, "weir"), "run", "-q", "-r", file, "--tcp", "-o",
                          "ndjson:-", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=120, check=False)
    return [json.loads(line) for line in run.stdout.splitlines()]


def with_rtt(one, other):
    if not one:
        return other
    return min(one[0], other[0]), None, max(one[2], other[2]), one[3] + other[3]


def differ(expected, got):
    if isinstance(got, tuple) and got[1] is None and expected:
        return expected[:1] + expected[2:] != got[:1] + got[2:]
    return expected != got


def told(documents):
    """The same of documents; of flows in several rows (of other tags) no average is compared."""
    found = {}
    for document in documents:
        expect(document["health"]["processing"]["connections_missed"] == 0, "none made room")
        for flow in document["flows"]:
            if "tcp" not in flow:
                continue
            key = flow["src"], flow["dst"], flow["src_port"], flow["dst_port"]
            tcp = flow["tcp"]
            for what, value in tcp["retransmitted"].items():
                if value:
                    found[key, what] = found.get((key, what), 0) + value
            rtt = tuple(tcp["rtt"][name] for name in ("min_ns", "average_ns", "max_ns", "samples"))
            if rtt[3]:
                found[key, "rtt"] = with_rtt(found.get((key, "rtt")), rtt)
            if tcp["handshake_rtt_ns"] is not None:
                found[key, "handshake"] = min(tcp["handshake_rtt_ns"],
                                              found.get((key, "handshake"), 1 << 63))
    return found


def compare(file, *options):
    """Segments sent again, samples, and answers that tshark tells the time of."""
    documents = weir(file, "-w", "tumbling:87600h", *options)
    for document in documents:
        schema.check(document, SCHEMA, SCHEMA)
    (expected, compared), got = count(tshark(file)), told(documents)
    wrong = {key: (expected.get(key), got.get(key)) for key in expected.keys() | got.keys()
             if differ(expected.get(key), got.get(key))}
    expect(not wrong, f"{file}: expected, got: {list(wrong.items())[:4]} of {len(wrong)}")
    return (sum(value for (_, what), value in expected.items() if what == "packets"),
            sum(value[3] for (_, what), value in expected.items() if what == "rtt"), compared)


def segment(seq, payload, flags=0x10, src=1, ack=1):
    ends = [(bytes([10, 0, 0, 1]), 40000), (bytes([10, 0, 0, 2]), 80)]
    (src_ip, src_port), (dst_ip, dst_port) = ends if src == 1 else ends[::-1]
    tcp = struct.pack(">HHIIBBHHH", src_port, dst_port, seq % (1 << 32), ack, 0x50, flags, 100, 0, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + payload, 0, 0, 64, 6, 0, src_ip, dst_ip)
    return bytes(12) + b"\x08\x00" + ip + tcp + bytes(payload)


def capture(frames, times_us=None):
    head = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    times_us = times_us or range(0, 1000 * len(frames), 1000)
    return head + b"".join(struct.pack("<IIII", 1_700_000_000, at, len(f), len(f)) + f
                           for at, f in zip(times_us, frames))


def generated():
    """What each case is, and the packets and bytes it sends again."""
    wrap = (1 << 32) - 150
    yield "sent_once", [segment(1, 100), segment(101, 100)], 0, 0
    yield "sent_twice", [segment(1, 100), segment(1, 100)], 1, 100
    yield "syn_twice_is_not", [segment(0, 0, SYN), segment(0, 0, SYN), segment(1, 9)], 0, 0
    yield "keep_alive_is_not", [segment(1, 100), segment(100, 1), segment(100, 0)], 0, 0
    yield "one_byte_below_is", [segment(1, 100), segment(99, 1)], 1, 1
    yield "reordered_is", [segment(1, 100), segment(201, 100), segment(101, 100)], 1, 100
    yield "over_the_wrap", [segment(wrap, 100), segment(wrap + 100, 100),
                            segment(wrap + 100, 100)], 1, 100
    yield "in_part", [segment(1, 100), segment(51, 100), segment(151, 10)], 1, 100
    yield "the_other_way_is_its_own", [segment(1, 100), segment(1, 100, src=2)], 0, 0
    yield "begun_anew", [segment(1000, 100), segment(4, 0, SYN), segment(5, 100)], 0, 0
    yield "what_followed_a_fin", [segment(1, 10, 0x11), segment(11, 0, 0x11),
                                  segment(1, 10, 0x11)], 1, 10


def generated_answers():
    """What each case is, when a SYN, its answer and the next segment were there, the time told."""
    yield "answered", (100, 130, 150), 30_000
    yield "answered_at_once", (100, 100, 150), 1
    yield "answered_before_it_was_sent", (100, 99, 150), None
    yield "time_is_set_back", (9000, 30, 50), None


def test_syn_that_is_sent_again_without_its_data(directory):
    for seq, ns in ((0, None), (1 << 20, 30_000)):
        frames = [segment(0, 100, SYN), segment(seq, 0, SYN),
                  segment(0, 0, SYN | ACK, src=2, ack=seq + 1), segment(seq + 1, 0)]
        file = os.path.join(directory, "syn.pcap")
        with open(file, "wb") as out:
            out.write(capture(frames, (0, 5000, 5030, 5050)))
        got = [flow["tcp"]["handshake_rtt_ns"] for flow in weir(file)[0]["flows"]
               if flow["src_port"] == 40000]
        expect(got == [ns], f"from {seq}: {got}")
        compare(file)


def test_generated_answers(directory):
    frames = [segment(0, 0, SYN), segment(0, 0, SYN | ACK, src=2), segment(1, 0)]
    for name, times_us, ns in generated_answers():
        file = os.path.join(directory, name + ".pcap")
        with open(file, "wb") as out:
            out.write(capture(frames, times_us))
        got = [flow["tcp"]["handshake_rtt_ns"] for flow in weir(file)[0]["flows"]
               if flow["src_port"] == 40000]
        expect(got == [ns], f"{name}: {got}")
        compare(file)


def test_generated(directory):
    for name, frames, packets, size in generated():
        file = os.path.join(directory, name + ".pcap")
        with open(file, "wb") as out:
            out.write(capture(frames))
        found = told(weir(file))
        sums = tuple(sum(value for (_, what), value in found.items() if what == word)
                     for word in ("packets", "bytes"))
        expect(sums == (packets, size), f"{name}: {sums}")
        for group in ("src", "proto"):
            flows = weir(file, "-g", group)[0]["flows"]
            got = sum(flow["tcp"]["retransmitted"]["packets"] for flow in flows)
            expect(got == packets, f"{name}, by {group}: {got}")
        compare(file)
        compare(file, "-g", "src,dst,src_port,dst_port,proto")


def test_captures(directory):
    files = sorted(glob.glob(os.path.join(CAPTURES, "*cap*")))
    again = samples = compared = 0
    for file in files:
        if os.environ.get("ALL"):
            print(file, flush=True)
        if file.endswith(".gz"):
            plain = os.path.join(directory, os.path.basename(file)[:-3])
            with gzip.open(file) as packed, open(plain, "wb") as out:
                shutil.copyfileobj(packed, out)
            file = plain
        try:
            found = compare(file)
        except AssertionError as error:
            if not os.environ.get("ALL"):
                raise
            print(str(error)[:600], flush=True)
            continue
        again, samples, compared = (one + more for one, more in
                                    zip((again, samples, compared), found))
    expect(not files or (again > 0 and compared > 0), "some capture sends again")
    print(f"     {len(files)} captures: {again} segments sent again, {samples} round-trip times, "
          f"{compared} of them tshark's too")


def main():
    failed = passed = 0
    with tempfile.TemporaryDirectory() as directory:
        tests = [test_generated, test_generated_answers,
                 test_syn_that_is_sent_again_without_its_data]
        if os.path.isdir(CAPTURES):
            tests.append(test_captures)
        for test in tests:
            try:
                test(directory)
                passed += 1
                print("ok  ", test.__name__)
            except AssertionError as error:
                failed += 1
                print("FAIL", test.__name__, error)
    print(f"{passed} passed, {failed} failed, {0 if os.path.isdir(CAPTURES) else 1} skipped")
    sys.exit(failed > 0)


main()
