#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""replay.py [BUILD] - captures read by build/weir: generated ones in every form, damaged ones, and
those of ../shared/captures compared with their truth.jsonl where they are there.
"""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(sys.path[0], "e2e"))
import schema  # noqa: E402
from capture_files import NS, cooked, flows, gzipped, pcap, pcapng, read_pcap  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else "build")
CAPTURES = os.path.join(ROOT, "../shared/captures")
FIRST_NS = 1_700_000_000 * NS
FLAGS = "FSRPAUEC"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def weir(file, *options, stdin=None):
    """Exit status, documents, standard error."""
    run = subprocess.run([os.path.join(BUILD, "weir"), "run", "-q", "-r", file, *options],
                         input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    documents = [json.loads(line) for line in run.stdout.splitlines()]
    return run.returncode, documents, run.stderr.decode()


def generate(kind, count):
    return subprocess.run([os.path.join(BUILD, "generate"), kind, str(count)],
                          stdout=subprocess.PIPE, check=True).stdout


class File:
    """A file for the time of a with."""

    def __init__(self, data, suffix=".pcap"):
        self.data, self.suffix = data, suffix

    def __enter__(self):
        descriptor, self.name = tempfile.mkstemp(suffix=self.suffix)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.data)
        return self.name

    def __exit__(self, *_):
        os.unlink(self.name)


def same(documents):
    """The documents without what may differ from run to run and from name to name."""
    return [{key: value for key, value in document.items()
             if key not in ("host", "health", "source")} for document in documents]


def spread(packets, step_ns):
    """The same packets, step_ns apart."""
    return [(FIRST_NS + i * step_ns, length, data)
            for i, (_, length, data) in enumerate(packets)]


PACKETS = spread(read_pcap(generate("B", 20000)), NS // 1000)


@test
def each_flow_of_a_generated_capture_is_right_to_the_byte():
    with File(pcap(PACKETS)) as name:
        status, documents, _ = weir(name, "-w", "tumbling:1h")
    expect(status == 0 and len(documents) == 1, f"status {status}, {len(documents)} documents")
    truth = flows(PACKETS)
    listed = documents[0]["flows"]
    expect(len(listed) == len(truth), f"{len(listed)} flows of {len(truth)}")
    for flow in listed:
        key = (flow["src"], flow["dst"], flow["ip_proto"], flow["src_port"], flow["dst_port"])
        true = truth[key]
        sizes = flow["packet_bytes"]
        flags = None if true["flags"] is None else "".join(
            letter for bit, letter in enumerate(FLAGS) if true["flags"] >> bit & 1)
        expect((flow["packets"]["total"], flow["bytes"]["total"], sizes["min"], sizes["max"],
                flow["first_ns"], flow["last_ns"], flow.get("tcp_flags")) ==
               (true["packets"], true["bytes"], true["min"], true["max"], true["first"],
                true["last"], flags), f"{flow} is not {true}")


@test
def every_form_of_the_same_capture_gives_the_same_documents():
    with File(pcap(PACKETS)) as name:
        _, documents, _ = weir(name, "-w", "tumbling:5s")
    expect(len(documents) == 4, f"{len(documents)} documents")
    forms = {"big-endian": pcap(PACKETS, ">"), "nanoseconds": pcap(PACKETS, nano=True),
             "big-endian nanoseconds": pcap(PACKETS, ">", True), "pcapng": pcapng(PACKETS),
             "big-endian pcapng": pcapng(PACKETS, ">"), "gzip": gzipped(pcap(PACKETS)),
             "gzip'd pcapng": gzipped(pcapng(PACKETS))}
    for form, data in forms.items():
        with File(data, ".gz" if "gzip" in form else ".pcap") as name:
            status, others, _ = weir(name, "-w", "tumbling:5s")
        expect(status == 0 and same(others) == same(documents), f"{form} differs")
        status, others, _ = weir("-", "-w", "tumbling:5s", stdin=data)
        expect(status == 0 and same(others) == same(documents), f"{form} on stdin differs")


@test
def what_was_cut_off_a_packet_is_null():
    tcp, ip = PACKETS[0][2], 14 + 20
    expect(tcp[12:14] == b"\x08\x00" and tcp[14] == 0x45, "the first packet is not IPv4")
    icmp = tcp[:23] + b"\x01" + tcp[24:ip] + b"\x03\x01"
    cuts = {tcp[:ip + 4]: None, tcp[:ip + 3]: (None, None), icmp: (3, 1), icmp[:ip + 1]: (3, None),
            icmp[:ip]: (None, None)}
    for data, wanted in cuts.items():
        with File(pcap([(FIRST_NS, 1000, data)])) as name:
            _, documents, _ = weir(name, "-w", "tumbling:5s")
        flow = documents[0]["flows"][0]
        first, second = ("icmp_type", "icmp_code") if data[23] == 1 else ("src_port", "dst_port")
        told = flow[first], flow[second]
        expect(told == wanted if wanted else all(told), f"{len(data)} bytes: {told}")


@test
def a_direction_is_told_where_the_capture_tells_it():
    packets, flags = PACKETS[:3000], (1, 2, None, 0x1e2, 0, 3)
    wanted = {"in": 500, "out": 1000, None: 1500}
    kinds = (0, 4, 1, 4, 2, 3)
    forms = {"pcapng": (pcapng(packets, flags=flags), wanted),
             "big-endian pcapng": (pcapng(packets, ">", flags=flags), wanted),
             "pcap": (pcap(packets), {None: 3000})}
    for version, link in ((1, 113), (2, 276)):
        frames = cooked(packets, kinds, version)
        forms[f"cooked {version}"] = pcap(frames, link=link), {"in": 2000, "out": 1000}
        forms[f"cooked {version} in pcapng"] = pcapng(frames, link=link), {"in": 2000, "out": 1000}
    for form, (data, counts) in forms.items():
        with File(data) as name:
            _, grouped, _ = weir(name, "-w", "tumbling:1h", "-g", "direction")
            _, whole, _ = weir(name, "-w", "tumbling:1h")
            _, without, _ = weir(name, "-w", "tumbling:1h", "-g", "src,dst,src_port,dst_port,vlan")
        for documents in (grouped, whole):
            got = {}
            for flow in documents[0]["flows"]:
                way = flow["direction"]
                got[way] = got.get(way, 0) + flow["packets"]["total"]
            expect(got == counts, f"{form}: {got}, expected {counts}")
        expect(len(grouped[0]["flows"]) == len(counts), f"{form}: {grouped[0]['flows']}")
        keys = [(flow["src"], flow["dst"], flow["src_port"], flow["dst_port"], flow["vlan"])
                for flow in without[0]["flows"]]
        expect(len(keys) == len(set(keys)), f"{form}: flows that look the same")


@test
def the_same_file_gives_the_same_bytes_each_time():
    with File(generate("C", 30000)) as name:
        runs = [weir(name, "-w", "sliding:4s/1s")[1] for _ in range(3)]
    texts = [json.dumps(same(documents)) for documents in runs]
    expect(texts[0] == texts[1] == texts[2], "they differ")


def serve(data, reset=False):
    """A peer that sends data to who connects; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def send():
        connection, _ = listener.accept()
        with connection, listener:
            for at in range(0, len(data), 50000):
                connection.sendall(data[at:at + 50000])
            if reset:
                time.sleep(0.2)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    threading.Thread(target=send, daemon=True).start()
    return listener.getsockname()[1]


@test
def a_capture_sent_over_tcp_is_read_until_the_peer_closes():
    with File(pcap(PACKETS)) as name:
        _, documents, _ = weir(name, "-w", "tumbling:5s")
    status, others, _ = weir(f"tcp://127.0.0.1:{serve(pcap(PACKETS))}", "-w", "tumbling:5s")
    expect(status == 0 and same(others) == same(documents), f"status {status}, or they differ")


def expect_failure(result, packets, *words):
    """Exit 1, one line that has the words, and so many packets in the documents."""
    status, documents, text = result
    seen = sum(document["seen"]["packets"] for document in documents)
    expect(status == 1, f"status {status}")
    expect(seen == packets, f"{seen} of {packets} packets")
    expect(text.count("\n") == 1 and text.startswith("weir: read "), repr(text))
    expect(all(word in text for word in words), repr(text))


@test
def a_peer_that_fails_is_told_in_one_line_and_what_came_is_written():
    data = pcap(PACKETS[:1000])
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    expect_failure(weir(f"tcp://127.0.0.1:{port}"), 0, "refused")
    expect_failure(weir(f"tcp://127.0.0.1:{serve(data[:-1])}"), 999, "cut short")
    expect_failure(weir(f"tcp://127.0.0.1:{serve(b'HTTP/1.1 400 Bad Request')}"), 0, "neither")
    expect_failure(weir(f"tcp://127.0.0.1:{serve(data, reset=True)}"), 1000, "reset")


@test
def a_damaged_file_is_told_in_one_line_and_what_came_before_is_written():
    data = pcap(PACKETS[:1000])
    for content, packets, word in (
            (data[:-1], 999, "cut short"), (gzipped(data)[:-20], None, "cut short"),
            (data + b"\xff" * 16, 1000, "record of"), (b"", 0, "empty"), (b"no", 0, "cut short"),
            (b"GIF89a" * 10, 0, "neither"), (pcap(PACKETS[:9], link=189), 0, "USB_LINUX")):
        with File(content) as name:
            result = weir(name)
        if packets is None:
            packets = sum(document["seen"]["packets"] for document in result[1])
            expect(0 < packets <= 1000, f"{packets} packets")
        expect_failure(result, packets, word)
    expect_failure(weir("/nonexistent.pcap"), 0, "No such file")


@test
def a_filter_without_meaning_on_a_capture_is_wrong_usage():
    with File(pcap(PACKETS[:9], link=104)) as name:
        status, documents, text = weir(name, "vlan")
    expect(status == 2 and not documents, f"status {status}, {len(documents)} documents")
    expect(text == "weir: filter: no VLAN support for Cisco HDLC\n", repr(text))


@test
def names_in_a_filter_are_known_for_link_types_that_come_later():
    plain = [(ns, length - 14, data[14:]) for ns, length, data in PACKETS]
    found = []
    with File(pcapng(PACKETS) + pcapng(plain, link=101)) as name:
        for words in (
                "udp or port 53 or host 127.0.0.1", "udp or port domain or host localhost"):
            status, documents, text = weir(name, *words.split())
            expect(status == 0 and not text, f"status {status}: {text}")
            found.append([(document["seen"], document["total"]) for document in documents])
    expect(found[0] == found[1], "names and numbers differ")
    expect(any(total["packets"]["total"] for _, total in found[0]), "nothing passes")


@test
def conversations_add_up_to_their_flows_in_windows_of_every_kind():
    rules = schema.load()
    with File(pcap(PACKETS)) as name:
        for window in ("tumbling:5s", "sliding:4s/2s", "landmark:5s"):
            _, ways, _ = weir(name, "-w", window, "-g", "src,dst,src_port,dst_port,proto")
            _, both, _ = weir(name, "-w", window, "-b")
            for document, other in zip(ways, both, strict=True):
                schema.check(other, rules, rules)
                halves = [half for flow in other["flows"] for half in (flow, flow["reverse"])
                          if half and half["packets"]["total"]]
                expect(len(halves) == len(document["flows"]), f"{window}: {len(halves)} halves")
                for unit in ("packets", "bytes"):
                    sums = [sum(each[unit]["total"] for each in side)
                            for side in (halves, document["flows"])]
                    expect(sums[0] == sums[1] == other["total"][unit]["total"],
                           f"{window}: {unit} {sums}")


@test
def an_interface_of_an_unknown_link_type_is_counted_and_told_once():
    data = pcapng(PACKETS[:1000], links=(1, 189))
    with File(data) as name, File(b"", ".ndjson") as output:
        status, documents, _ = weir(name, "-w", "tumbling:1h")
        run = subprocess.run([os.path.join(BUILD, "weir"), "run", "-r", name, "-o", output],
                             stderr=subprocess.PIPE, timeout=60, check=False)
    malformed = documents[0]["outcomes"]["malformed"]
    expect(status == 0 and run.returncode == 0, f"status {status}, {run.returncode}")
    expect(malformed["packets"] == 500 and malformed["reasons"] == {"link_type": 500},
           f"{malformed}")
    expect(documents[0]["outcomes"]["flow"]["packets"] == 500, f"{documents[0]['outcomes']}")
    warnings = [line for line in run.stderr.decode().splitlines() if "warning" in line]
    expect(len(warnings) == 1 and "189 (USB_LINUX)" in warnings[0], f"said {run.stderr}")
    with File(data) as name:
        _, documents, _ = weir(name, "-w", "tumbling:1h", "tcp or udp")
    expect(documents[0]["outcomes"]["malformed"]["reasons"] == {"link_type": 500},
           f"with a filter: {documents[0]['outcomes']}")


@test
def flows_have_the_interface_that_a_pcapng_file_names():
    with File(pcapng(PACKETS[:10], names=("eth0", None))) as name:
        _, documents, _ = weir(name, "-g", "interface")
    found = {flow["interface"]: flow["packets"]["total"] for flow in documents[0]["flows"]}
    expect(found == {"eth0": 5, None: 5}, f"{found}")


@test
def the_duration_is_packet_time_and_the_count_is_of_documents():
    with File(pcap(PACKETS)) as name:
        status, documents, _ = weir(name, "-w", "tumbling:2s", "-t", "5s")
        expect(status == 0, f"status {status}")
        seen = sum(document["seen"]["packets"] for document in documents)
        expect(seen == 5000, f"{seen} packets in 5 s")
        _, documents, _ = weir(name, "-w", "tumbling:2s", "-c", "3")
        expect(len(documents) == 3, f"{len(documents)} documents")


@test
def a_replay_at_a_speed_takes_its_time():
    packets = spread(PACKETS[:4000], NS // 1000)
    with File(pcap(packets)) as name:
        began = time.monotonic()
        status, documents, _ = weir(name, "-w", "tumbling:1s", "--speed", "4")
        took = time.monotonic() - began
    expect(status == 0 and len(documents) == 4, f"status {status}, {len(documents)} documents")
    expect(0.9 <= took < 3, f"4 s at four times the speed took {took:.2f} s")


@test
def an_interrupt_ends_a_replay_with_the_window_as_far_as_it_came():
    with File(pcap(PACKETS)) as name:
        command = [os.path.join(BUILD, "weir"), "run", "-q", "-r", name, "-w", "tumbling:10s",
                   "--speed", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as run:
            time.sleep(1.5)
            run.send_signal(signal.SIGINT)
            lines = run.communicate(timeout=10)[0].splitlines()
    expect(run.returncode == 0 and len(lines) == 1, f"status {run.returncode}, {len(lines)} lines")
    document = json.loads(lines[0])
    expect(not document["window"]["complete"], "it says that it is complete")
    expect(0 < document["seen"]["packets"] < len(PACKETS), f"{document['seen']}")


@test
def an_interrupt_ends_a_wait_for_standard_input():
    with subprocess.Popen([os.path.join(BUILD, "weir"), "run", "-q", "-r", "-"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        run.stdin.write(pcap(PACKETS[:10]))
        run.stdin.flush()
        time.sleep(0.5)
        run.send_signal(signal.SIGTERM)
        lines = run.stdout.read().splitlines()
        run.stdin.close()
        run.wait(10)
    expect(run.returncode == 0 and len(lines) == 1, f"status {run.returncode}, {len(lines)} lines")
    expect(json.loads(lines[0])["seen"]["packets"] == 10, lines[0])


def fragment(id, offset, more, proto=17):
    """Of an IPv4 datagram with this identification: offset in bytes."""
    payload = (b"\x9c\x40\x00\x35" if not offset else b"abcd") + bytes(28)
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), id,
                         more << 13 | offset // 8, 64, proto, 0, b"\n\0\0\1", b"\n\0\0\2")
    return b"\2" * 12 + b"\x08\0" + header + payload


@test
def a_later_fragment_has_the_ports_of_a_first_in_its_pane_or_the_one_before():
    first, later = fragment(7, 0, 1), fragment(7, 32, 0)
    frames = [(0, later), (0, first), (0.2, later), (1.9, later), (2, later), (5, first), (7, later),
              (8, first), (8.5, later), (8.6, fragment(7, 32, 0, 6)), (8.7, fragment(8, 32, 0))]
    packets = [(FIRST_NS + int(at * NS), len(data), data) for at, data in frames]
    with File(pcap(packets)) as name:
        _, documents, _ = weir(name, "--fragments", "-w", "tumbling:1s", "-p", "1s")
        _, others, _ = weir(name, "--fragments", "-w", "tumbling:10s", "-p", "5s", "--tcp")
        _, filtered, _ = weir(name, "--fragments", "-w", "tumbling:10s", "udp port 53")
        _, plain, _ = weir(name, "-w", "tumbling:10s")
    for result, wanted in ((documents, (6, 5)), (others, (8, 3)), (filtered, (3, 0)),
                           (plain, (3, 8))):
        counts = [0, 0]
        for flow in (flow for document in result for flow in document["flows"]):
            expect(flow.get("fragment") or (flow["src_port"], flow["dst_port"]) == (40000, 53),
                   f"{flow}")
            counts[bool(flow.get("fragment"))] += flow["packets"]["total"]
        expect(tuple(counts) == wanted, f"{counts} with ports and without, expected {wanted}")


# Captures with a truth.

@test
def a_reader_that_goes_takes_nothing_from_the_other_outputs():
    """Standard output is a pipe that nobody reads from the first window on."""
    counts = []
    with File(pcap(PACKETS)) as name, File(b"", ".ndjson") as whole, \
            File(b"", ".ndjson") as other:
        weir(name, "-w", "tumbling:1s", "-c", "1", "-o", whole)
        reading, writing = os.pipe()
        os.close(reading)
        status = subprocess.run([os.path.join(BUILD, "weir"), "run", "-q", "-r", name, "-w",
                                 "tumbling:1s", "-o", "-", "-o", other], stdout=writing,
                                stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(writing)
        for path in (whole, other):
            with open(path) as file:
                counts.append([json.loads(line)["seen"] for line in file])
    expect(status.returncode == 1, f"status {status.returncode}")
    expect(status.stderr.decode().count("\n") == 1, f"said: {status.stderr.decode()}")
    expect(counts[0] and counts[1][:1] == counts[0], f"lost to the other output: {counts}")


@test
def a_closed_standard_stream_is_told_and_never_mistaken_for_another_file():
    with File(pcap(PACKETS)) as name, File(b"", ".ndjson") as output:
        for closed in ("<&- >&-", ">&-"):
            command = f"exec {BUILD}/weir run -q -r {name} {closed}"
            run = subprocess.run(command, shell=True, stderr=subprocess.PIPE, timeout=60,
                                 check=False)
            expect(run.returncode == 1, f"{closed}: status {run.returncode}")
            expect(run.stderr.decode().count("\n") == 1, f"{closed}: said {run.stderr}")
        command = f"exec {BUILD}/weir run -r {name} -w tumbling:5s -o {output} <&- 2>&-"
        run = subprocess.run(command, shell=True, timeout=60, check=False)
        with open(output) as file:
            documents = [json.loads(line) for line in file]
    expect(run.returncode == 0 and len(documents) == 4, f"{len(documents)} documents")


def text_key(flow):
    """A flow of a document as a key of truth.jsonl's variant icmp_tc."""
    version = 6 if ":" in flow["src"] else 4
    ports = (flow.get("src_port") or 0, flow.get("dst_port") or 0)
    if "icmp_type" in flow:
        ports = (0, (flow["icmp_type"] or 0) * 256 + (flow["icmp_code"] or 0))
    return (version, flow["src"], flow["dst"], flow["ip_proto"], *ports)


def counted(documents):
    """Key to [packets, bytes] and the number of packets and bytes without a key."""
    table, rest = {}, [0, 0]
    for document in documents:
        for flow in document["flows"]:
            sums = table.setdefault(text_key(flow), [0, 0]) if "src" in flow else rest
            sums[0] += flow["packets"]["total"]
            sums[1] += flow["bytes"]["total"]
        malformed = document["outcomes"]["malformed"]
        rest[0] += malformed["packets"]
        rest[1] += malformed["bytes"]
    return table, rest


def true_table(truth):
    """The base table with ICMP by type and code."""
    table = {tuple(row[:6]): row[6:8] for row in truth["table"]}
    variant = truth["variants"].get("icmp_tc", {"gone_keys": [], "changed_rows": []})
    for key in variant["gone_keys"]:
        del table[tuple(key)]
    table.update({tuple(row[:6]): row[6:8] for row in variant["changed_rows"]})
    return table


def differences(truth, result):
    """What of a replay is not as the truth has it; empty where all is."""
    status, documents, text = result
    table, rest = counted(documents)
    keyed = [sum(column) for column in zip((0, 0), *table.values())]
    fails = bool(truth["read_error"]) or truth["format"] == "unknown"
    if status != fails or text.count("\n") != fails:
        yield f"status {status}: {text.strip()}"
    if table != true_table(truth):
        yield f"{len(table)} flows of {truth['flows']}, or other ones"
    if [keyed[0] + rest[0], keyed[1] + rest[1]] != [truth["packets"], truth["bytes"]]:
        yield f"{keyed} and {rest} of {truth['packets']} packets, {truth['bytes']} bytes"
    for document in documents:
        if document["outcomes"]["unattributed"]["packets"]:
            yield "unattributed packets"


def window_differences(truth, documents):
    """Windows of 10 s, for captures without late packets."""
    rows = [[document["window"]["start_ns"] // NS // 10 * 10, document["seen"]["packets"],
             document["seen"]["bytes"],
             sum(flow["packets"]["total"] for flow in document["flows"] if "src" in flow)]
            for document in documents]
    if rows != [row[:4] for row in truth["windows"]["10"]["rows"]]:
        yield "windows of 10 s differ"


def has_late_packets(documents):
    errors = sum(document["health"]["processing"]["errors"] for document in documents)
    malformed = sum(document["outcomes"]["malformed"]["packets"] for document in documents)
    return errors != malformed


def variant_table(truth, name):
    """The table of a variant, where that is another one: ICMP as in the base table."""
    variant = truth["variants"].get(name)
    while variant and "same_as" in variant:
        variant = truth["variants"][variant["same_as"]]
    table = {tuple(row[:6]): row[6:8] for row in truth["table"]}
    for key in variant["gone_keys"] if variant else ():
        del table[tuple(key)]
    table.update({tuple(row[:6]): row[6:8] for row in (variant or {}).get("changed_rows", ())})
    return table


def table_without_icmp(documents):
    """Key to [packets, bytes]: ICMP has no ports in it."""
    table = {}
    for flow in (flow for document in documents for flow in document["flows"] if "src" in flow):
        key = text_key(flow)
        if "icmp_type" in flow:
            key = (*key[:4], 0, 0)
        sums = table.setdefault(key, [0, 0])
        sums[0] += flow["packets"]["total"]
        sums[1] += flow["bytes"]["total"]
    return table


def inner_problems(truth, outside):
    """What is in tunnels, beside the same capture without."""
    _, documents, _ = weir(os.path.join(CAPTURES, truth["capture"]), "--tunnels", "-g",
                           "src,dst,src_port,dst_port,proto,tunnel", "-w", "tumbling:10s")
    table, wanted = table_without_icmp(documents), variant_table(truth, "inner")
    if table != wanted:
        yield f"{len(table)} flows inside of {len(wanted)}, or other ones"
    for document, other in zip(documents, outside, strict=True):
        if document["outcomes"] != other["outcomes"] or document["seen"] != other["seen"]:
            yield "totals differ with --tunnels"


def fragment_problems(truth):
    """The truth has a first fragment for ever: here, for a pane that is as long as any capture."""
    _, documents, _ = weir(os.path.join(CAPTURES, truth["capture"]), "--fragments",
                           "-w", "tumbling:24h", "-p", "24h")
    table, wanted = table_without_icmp(documents), variant_table(truth, "frag_track")
    if table != wanted:
        yield f"{len(table)} flows with fragments of {len(wanted)}, or other ones"


def capture_problems(truth):
    name = os.path.join(CAPTURES, truth["capture"])
    result = weir(name, "-w", "tumbling:10s")
    problems = list(differences(truth, result))
    if not problems and not has_late_packets(result[1]) and not truth["packets_without_time"]:
        problems += window_differences(truth, result[1])
    return problems + list(inner_problems(truth, result[1])) + list(fragment_problems(truth))


def test_captures():
    """Yields capture and problems."""
    with open(os.path.join(CAPTURES, "truth.jsonl"), encoding="utf-8") as file:
        for line in file:
            truth = json.loads(line)
            yield truth["capture"], capture_problems(truth)


def main():
    passed = failed = skipped = 0
    for function in TESTS:
        try:
            function()
            passed += 1
            print("ok", function.__name__, flush=True)
        except AssertionError as error:
            failed += 1
            print("FAIL", function.__name__, error, flush=True)
    if os.path.exists(os.path.join(CAPTURES, "truth.jsonl")):
        for capture, problems in test_captures():
            passed, failed = passed + (not problems), failed + bool(problems)
            print("FAIL" if problems else "ok", capture, *problems, flush=True)
    else:
        skipped = 1
        print("skipped: ../shared/captures is not there")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0 or skipped and os.environ.get("CI") == "true")


main()
