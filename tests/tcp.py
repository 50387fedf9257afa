#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tcp.py [BUILD] - what --tcp tells of captures: segments sent again, by flow, against a count of
the test's own from tshark's sequence numbers (tcp.seq_raw and tcp.len); of generated captures and
those of ../shared/captures where they are there.
"""
import collections
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
          "tcp.len", "tcp.flags"]
SYN = 2
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
        yield {name: value if name == "vlan.id" else value.split(",")[0]
               for name, value in packet.items()}


def skipped(layers):
    """IPv6 extension headers."""
    count = 0
    while count < len(layers) and layers[count].startswith("ipv6."):
        count += 1
    return count


def after(a, b):
    """By how much a lies behind b (RFC 9293, 3.4)."""
    return (a - b + (1 << 31)) % (1 << 32) - (1 << 31)


def count(packets):
    """Packets and bytes sent again, by flow: its addresses and ports."""
    end, found = {}, collections.Counter()
    for packet in packets:
        if not packet["tcp.len"]:
            continue
        flow = (packet["ip.src"] or packet["ipv6.src"], packet["ip.dst"] or packet["ipv6.dst"],
                int(packet["tcp.srcport"]), int(packet["tcp.dstport"]))
        lane = flow, packet["vlan.id"], packet["frame.interface_id"], \
            packet["frame.packet_flags_direction"]
        length, is_syn = int(packet["tcp.len"]), int(packet["tcp.flags"], 16) & SYN
        begin = (int(packet["tcp.seq_raw"]) + bool(is_syn)) % (1 << 32)
        if not length and not is_syn:
            continue
        last = (begin + length) % (1 << 32)
        if is_syn or lane not in end:
            end[lane] = last
            continue
        below = after(end[lane], begin)
        if below > 0 and not (length == 1 and below == 1):
            found[flow, "packets"] += 1
            found[flow, "bytes"] += length
        if after(last, end[lane]) > 0:
            end[lane] = last
    return found


def weir(file, *options):
    run = subprocess.run([os.path.join(BUILD, "weir"), "run", "-q", "-r", file, "--tcp", "-o",
                          "ndjson:-", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=120, check=False)
    return [json.loads(line) for line in run.stdout.splitlines()]


def told(documents):
    found = collections.Counter()
    for document in documents:
        expect(document["health"]["processing"]["connections_missed"] == 0, "none made room")
        for flow in document["flows"]:
            again = flow.get("tcp", {}).get("retransmitted", {})
            for what, value in again.items():
                if value:
                    key = flow["src"], flow["dst"], flow["src_port"], flow["dst_port"]
                    found[key, what] += value
    return found


def compare(file):
    documents = weir(file)
    for document in documents:
        schema.check(document, SCHEMA, SCHEMA)
    expected, got = count(tshark(file)), told(documents)
    expect(got == expected, f"{file}: weir has {dict(got - expected)} more, "
                            f"tshark's numbers {dict(expected - got)}")
    return sum(value for (_, what), value in expected.items() if what == "packets")


def segment(seq, payload, flags=0x10, src=1):
    ends = [(bytes([10, 0, 0, 1]), 40000), (bytes([10, 0, 0, 2]), 80)]
    (src_ip, src_port), (dst_ip, dst_port) = ends if src == 1 else ends[::-1]
    tcp = struct.pack(">HHIIBBHHH", src_port, dst_port, seq % (1 << 32), 1, 0x50, flags, 100, 0, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + payload, 0, 0, 64, 6, 0, src_ip, dst_ip)
    return bytes(12) + b"\x08\x00" + ip + tcp + bytes(payload)


def capture(frames):
    head = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack("<IIII", 1_700_000_000, i * 1000, len(f), len(f)) + f
                           for i, f in enumerate(frames))


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


def test_captures(directory):
    files = sorted(glob.glob(os.path.join(CAPTURES, "*cap*")))
    again = with_some = 0
    for file in files:
        if file.endswith(".gz"):
            plain = os.path.join(directory, os.path.basename(file)[:-3])
            with gzip.open(file) as packed, open(plain, "wb") as out:
                shutil.copyfileobj(packed, out)
            file = plain
        found = compare(file)
        again += found
        with_some += found > 0
    expect(not files or again > 0, "some capture sends again")
    print(f"     {len(files)} captures, {with_some} of them with {again} segments sent again")


def main():
    failed = passed = 0
    with tempfile.TemporaryDirectory() as directory:
        tests = (test_generated, test_captures) if os.path.isdir(CAPTURES) else (test_generated,)
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
