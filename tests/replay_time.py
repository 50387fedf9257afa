#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""replay_time.py [BUILD [COUNT]] - the time of replays: random captures of gaps, jumps, stamps
that are damaged or fall back, compared with tests/replay_reference.py; those of
../shared/captures too where they are there.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from capture_files import NS, pcap, pcapng_clocks  # noqa: E402
from replay_reference import block_windows, place, sessions  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else "build")
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 150
CAPTURES = os.path.join(ROOT, "../shared/captures")
FIRST_NS = 1_700_000_000 * NS
MS, HOUR, DAY, YEAR = NS // 1000, 3600 * NS, 86400 * NS, 365 * 86400 * NS
CLOCKS = ((6, 10**6, 0), (9, NS, 0), (9, NS, 1_600_000_000), (0x8a, 1024, 0), (3, 1000, -5))
SHAPES = ((10 * MS, "tumbling:100ms", "sliding:1s/100ms", "session:250ms"),
          (100 * MS, "tumbling:10s", "sliding:3s/500ms", "session:30s"),
          (1000 * MS, "tumbling:10s", "sliding:60s/1s", "session:1h"),
          (1000 * MS, "tumbling:1h", "sliding:2h/1h", "session:1m"))
UNITS = {"ms": MS, "s": NS, "m": 60 * NS, "h": HOUR}


def length_ns(text):
    unit = "ms" if text.endswith("ms") else text[-1]
    return int(text[:-len(unit)]) * UNITS[unit]


def weir(file, *options, stdin=None):
    """Documents; it must end well and say nothing."""
    run = subprocess.run([os.path.join(BUILD, "weir"), "run", "-q", "-r", file, *options],
                         input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr


def frame(key):
    """A UDP packet of the flow."""
    udp = struct.pack(">HHHH", key, 53, 8, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return bytes(12) + b"\x08\0" + ip + udp


def steps(rng):
    """How far time moves to the next packet, and whether it moves back after it."""
    kind = rng.random()
    if kind < 0.70:
        return rng.choice((0, 1, 1000, MS, 9 * MS, 90 * MS, 900 * MS)), False
    if kind < 0.80:
        return -rng.choice((1, 1000, 20 * MS, 2 * NS, HOUR, DAY)), rng.random() < 0.7
    if kind < 0.90:
        return rng.choice((NS, 40 * NS, HOUR - 1, HOUR, HOUR + MS, 2 * HOUR, DAY, YEAR)), False
    return rng.choice((2 * HOUR, DAY, YEAR, 10 * YEAR)), True


def random_packets(rng):
    """(nanoseconds or None, length, key, interface) in the order of a file."""
    now_ns, packets = FIRST_NS + rng.randrange(10 * NS), []
    for _ in range(rng.choice((1, 2, 3, 5, 20, 100, 200))):
        step, returns = steps(rng)
        stamp = max(0, min(now_ns + step, 3_000_000_000 * NS))
        now_ns = now_ns if returns else stamp
        packets.append((stamp, rng.randrange(42, 1500), rng.randrange(1, 4),
                        rng.randrange(len(CLOCKS))))
    return packets


def as_stored(packets, ticks_a_second):
    """The packets with the times that a file of such clocks holds."""
    return [(ns // (NS // ticks_a_second) * (NS // ticks_a_second), length, key, interface)
            for ns, length, key, interface in packets]


def clock_time(ns, interface):
    """What is left of an instant in an interface's clock."""
    _, ticks, offset = CLOCKS[interface]
    return (ns - offset * NS) * ticks // NS * NS // ticks + offset * NS


def random_capture(rng):
    """Bytes of a file, and its packets as (nanoseconds or None, length, key)."""
    packets = random_packets(rng)
    kind = rng.randrange(3)
    if kind < 2:
        unit = NS if kind else 10**6
        packets = as_stored(packets, unit)
        data = pcap([(ns, length, frame(key)) for ns, length, key, _ in packets],
                    rng.choice("<>"), nano=kind == 1)
        return data, [packet[:3] for packet in packets]
    packets = [(None if rng.random() < 0.05 else ns, length, key, interface)
               for ns, length, key, interface in packets]
    # A simple packet is as long as what there is of it.
    packets = [(ns, 42 if ns is None else length, key, interface)
               for ns, length, key, interface in packets]
    data = pcapng_clocks([(ns, length, frame(key), interface)
                          for ns, length, key, interface in packets], CLOCKS, rng.choice("<>"))
    return data, [(None if ns is None else clock_time(ns, interface), length, key)
                  for ns, length, key, interface in packets]


def summary(document):
    """A document in the words of the reference."""
    flows = {flow["src_port"]: [flow["packets"]["total"], flow["bytes"]["total"],
                                flow["first_ns"] // MS, flow["last_ns"] // MS]
             for flow in document["flows"]}
    window, total = document["window"], document["total"]
    return {"start_ns": window["start_ns"], "end_ns": window["end_ns"],
            "complete": window["complete"], "packets": document["seen"]["packets"],
            "bytes": document["seen"]["bytes"], "max": total["bytes"]["max"],
            "late": document["health"]["processing"]["errors"], "flows": flows}


def session_rows(documents, pane_ns):
    return sorted((document["window"]["start_ns"] // pane_ns, flow["src_port"],
                   flow["packets"]["total"], flow["bytes"]["total"], flow["first_ns"] // MS,
                   flow["last_ns"] // MS)
                  for document in documents for flow in document["flows"])


def same_window(wanted, got):
    return abs(wanted["max"] - got["max"]) <= 1e-9 * wanted["max"] and \
        {**wanted, "max": 0} == {**got, "max": 0}


def up_to(documents, complete_ones):
    """The first documents, up to so many complete ones; None: all."""
    for count in range(len(documents) + 1):
        if sum(document["complete"] for document in documents[:count]) == complete_ones:
            return documents[:count]
    return documents


def problems_of(spec, pane_ns, placed, documents, limit=None):
    kind, lengths = spec.split(":")
    if kind == "session":
        wanted = sessions(placed, pane_ns, length_ns(lengths))
        got = session_rows(documents, pane_ns)
        return [] if wanted == got else [f"{spec}: {got}, wanted {wanted}"]
    length, slide = (lengths.split("/") * 2)[:2]
    wanted = up_to(block_windows(placed, pane_ns, length_ns(length), length_ns(slide)), limit)
    got = [summary(document) for document in documents]
    if len(wanted) != len(got):
        return [f"{spec}: {len(got)} documents, wanted {len(wanted)}"]
    return [f"{spec}: {mine}, wanted {its}" for its, mine in zip(wanted, got)
            if not same_window(its, mine)][:1]


def check(name, packets, pane_ns, spec, options=(), data=None):
    """Problems of one replay. options: -t or -c with its value."""
    duration = length_ns(options[1]) if "-t" in options else None
    limit = int(options[1]) if "-c" in options else None
    placed = place(packets, pane_ns, duration)
    status, documents, text = weir(name, "-w", spec, "-p", f"{pane_ns // MS}ms", *options,
                                   stdin=data)
    if status or text:
        return [f"{spec}: status {status}, said {text}"]
    return problems_of(spec, pane_ns, placed, documents, limit)


def random_case(seed):
    rng = random.Random(seed)
    data, packets = random_capture(rng)
    pane_ns, *specs = rng.choice(SHAPES)
    options = rng.choice(((), (), ("-t", rng.choice(("10ms", "3s", "2h", "400h")))))
    problems = []
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(data)
        file.flush()
        for spec in specs:
            problems += check(file.name, packets, pane_ns, spec, options)
        problems += check(file.name, packets, pane_ns, specs[1], ("-c", "2"))
        problems += check("-", packets, pane_ns, specs[0], options, data)
    return problems


def gaps(count, step_ns, start_ns=FIRST_NS):
    return [(start_ns + i * step_ns, 60, frame(1)) for i in range(count)]


def seconds_of_cpu(data, *options):
    """What a replay took; the machine may be busy."""
    before = os.times()
    status, documents, text = weir("-", *options, stdin=data)
    after = os.times()
    assert not status and not text, f"status {status}, said {text}"
    return after.children_user + after.children_system - before.children_user - \
        before.children_system, documents


def long_gaps_cost_nothing():
    """Fifty years at panes of ten milliseconds, for all kinds of windows."""
    problems = []
    packets = gaps(3, 50 * YEAR, 1000 * NS)[:2] + gaps(2, 40 * YEAR, 51 * YEAR)
    data = pcap(packets)
    for spec in ("tumbling:100ms", "tumbling:10ms", "sliding:1s/10ms", "session:1s", "session:1h"):
        took, documents = seconds_of_cpu(data, "-p", "10ms", "-w", spec)
        if took > 0.5 or not documents:
            problems.append(f"{spec}: {len(documents)} documents in {took:.2f} s of CPU")
    return problems


def stream_case():
    """A packet ahead is not told before the next one, nor lost where none comes."""
    command = [os.path.join(BUILD, "weir"), "run", "-q", "-r", "-", "-w", "tumbling:1s"]
    data = pcap([(FIRST_NS, 60, frame(1)), (FIRST_NS + 5 * HOUR, 60, frame(2))])
    problems = []
    for ending in ("close", "signal"):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            run.stdin.write(data)
            run.stdin.flush()
            if ending == "signal":
                time.sleep(0.5)
                run.terminate()
                lines = run.stdout.read().splitlines()
            else:
                lines = run.communicate(timeout=20)[0].splitlines()
        seen = [json.loads(line)["seen"]["packets"] for line in lines]
        if seen != [1, 1] or run.returncode:
            problems.append(f"at {ending}: {seen}, status {run.returncode}")
    return problems


def shared_cases():
    """Yields capture and problems: each window's packets, bytes and late packets."""
    sys.path.insert(0, CAPTURES)
    import truth  # pylint: disable=import-error,import-outside-toplevel
    for name in sorted(os.listdir(CAPTURES)):
        if name.endswith((".pcap", ".pcapng", ".cap", ".gz")):
            yield name, shared_problems(truth, os.path.join(CAPTURES, name))


def shared_problems(truth, path):
    packets, problems = [], []
    try:
        for ns, _, _, length, _ in truth.open_capture(path)[1]:
            packets.append((ns if ns is None else min(max(ns, 0), 2**63 - 1), length, None))
    except truth.ReadError:
        pass
    for pane_ns, *specs in SHAPES[1:]:
        for spec in specs[:2]:
            length, slide = (spec.split(":")[1].split("/") * 2)[:2]
            wanted = block_windows(place(packets, pane_ns), pane_ns, length_ns(length),
                                   length_ns(slide))
            _, documents, _ = weir(path, "-w", spec, "-p", f"{pane_ns // MS}ms", "-n", "1")
            rows = [(w["start_ns"], w["end_ns"], w["complete"], w["packets"], w["bytes"],
                     w["late"]) for w in wanted]
            got = [(w["start_ns"], w["end_ns"], w["complete"], w["packets"], w["bytes"],
                    w["late"] - document["outcomes"]["malformed"]["packets"])
                   for document in documents for w in [summary({**document, "flows": []})]]
            if rows != got:
                problems.append(f"{spec}: {len(got)} documents, wanted {len(rows)}")
    return problems


def main():
    failed = 0
    cases = [("long gaps", long_gaps_cost_nothing), ("streams", stream_case)]
    cases += [(f"seed {seed}", lambda seed=seed: random_case(seed)) for seed in range(COUNT)]
    for name, case in cases:
        problems = case()
        failed += bool(problems)
        if problems:
            print("FAIL", name, *problems[:3], flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    if os.path.exists(os.path.join(CAPTURES, "truth.py")):
        shared = list(shared_cases())
        bad = [(name, problems) for name, problems in shared if problems]
        for name, problems in bad:
            print("FAIL", name, *problems[:3])
        print(f"{len(shared) - len(bad)} captures agree, {len(bad)} do not")
        failed += len(bad)
    else:
        print("skipped: ../shared/captures is not there")
    sys.exit(failed > 0)


main()
