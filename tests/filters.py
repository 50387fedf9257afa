#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares what filters match with what tcpdump and libpcap's own tests say they match.

filters.py BUILD [WAY...]: BUILD is where tests/filter/matches was built, WAY of replay, xdp,
xdp-frags, tc and tc-beside (all of them). The recorded answers are in the folder CAPTURES
(../shared/captures): filters.jsonl, filters_cbpf.jsonl and libpcap_testrun/. Where it is not
there, frames made here take its place. Exit status 0: all as expected.
"""
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

WAYS = ("replay", "xdp", "xdp-frags", "tc", "tc-beside")
DLT_EN10MB = 1
FEW_FRAMES = 250  # of each capture, where a set of expressions only adds to another

# What is expected to be answered otherwise than recorded, or not to be asked, and why. How often
# each occurs is printed.
EXCEPTIONS = {
    "protochain": "loops over the headers of a packet: refused live, as the kernel takes no "
                  "loop whose end it cannot foresee; replays answer it",
    "direction": "inbound and outbound: refused live as in a replay, in words that help there",
    "not asked": "a frame captured in part (in a test run, as at a hook, all of it is there), or "
                 "outside of 15 to 3500 bytes (on TC with less than an IP header): replay asks it",
    "rejected by newer libpcap only": "libpcap 1.10.3, which tcpdump 4.99.3 uses, accepts these",
    "names of hosts": "a test asks no name server",
}


def rows_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def numbers_of(text):
    numbers = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def text_of(numbers):
    ordered, parts = sorted(numbers), []
    for number in ordered:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


class Answer:
    """One line of the driver: frames matched and frames that could not be asked, or an error."""

    def __init__(self, fields):
        self.error = fields[1] if fields[0] == "error" else None
        words = [] if self.error is not None else fields[0].split()
        self.broken = [word for word in words if word.startswith("!")]
        self.skipped = {int(word[1:]) for word in words if word.startswith("?")}
        self.matched = {int(word) for word in words if word.isdigit()}


def ask(driver, way, folder, expressions, captures):
    """The driver's answers by (number of the expression, capture)."""
    run = subprocess.run([driver, way, *captures], cwd=folder, text=True, check=True,
                         input="".join(f"{e}\n" for e in expressions), stdout=subprocess.PIPE)
    answers = {}
    for line in run.stdout.splitlines():
        number, capture, *fields = line.split("\t")
        answers[int(number), capture] = Answer(fields)
    return answers


class Tally:
    """What was asked in one way, and what came out wrong."""

    def __init__(self, way):
        self.way, self.answers, self.frames, self.skipped = way, 0, 0, 0
        self.faults, self.exceptions = [], {}

    def fault(self, where, text):
        self.faults.append(f"{self.way}: {where}: {text}")

    def excuse(self, name):
        assert name in EXCEPTIONS
        self.exceptions[name] = self.exceptions.get(name, 0) + 1

    def error(self, where, answer, expected=None):
        """An error where one was expected, or one that has a good reason."""
        self.answers += 1
        if answer.error == expected:
            return
        if self.way != "replay" and "protochain" in where and "loops" in (answer.error or ""):
            self.excuse("protochain")
        elif "when reading savefiles" in (expected or "") and "--direction" in (answer.error or ""):
            self.excuse("direction")
        else:
            self.fault(where, f"error {answer.error!r}, expected {expected!r}")

    def frames_are(self, where, answer, expected, limit):
        """expected: frames as text_of writes them, or sha256:... of that text."""
        self.answers += 1
        self.frames += len(answer.matched)
        self.skipped += len(answer.skipped)
        if answer.broken:
            self.fault(where, f"test run failed: {answer.broken[0]}")
        elif expected.startswith("sha256:"):
            if limit:
                return
            digest = "sha256:" + hashlib.sha256(text_of(answer.matched).encode()).hexdigest()
            if not answer.skipped and digest != expected:
                self.fault(where, f"matches {len(answer.matched)} frames, digest differs")
        else:
            wanted = {n for n in numbers_of(expected) - answer.skipped if n <= (limit or n)}
            if answer.matched != wanted:
                self.fault(where, f"frames {text_of(answer.matched ^ wanted)} differ")

    def is_as(self, where, answer, expected, error=None, limit=0):
        if answer.error is not None or error is not None:
            self.error(where, answer, error)
        else:
            self.frames_are(where, answer, expected, limit)


class Driver:
    def __init__(self, path, folder):
        self.path, self.folder, self.dlt = os.path.abspath(path), folder, {}

    def links(self, captures):
        """Of these captures, those that can be read; their link types are then known."""
        for name in captures:
            run = subprocess.run([self.path, "links", name], cwd=self.folder, text=True,
                                 check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if run.returncode == 0:
                self.dlt[name] = int(run.stdout.split("\t")[1])
        return [name for name in captures if name in self.dlt]

    def ask(self, way, expressions, captures, limit=0):
        """The answers by (number of the expression, capture)."""
        lines = "".join(f"{expression}\n" for expression in expressions)
        way = f"{way}:{limit}" if limit else way
        run = subprocess.run([self.path, way, *captures], cwd=self.folder, text=True, check=True,
                             input=lines, stdout=subprocess.PIPE)
        answers = {}
        for line in run.stdout.splitlines():
            number, capture, *fields = line.split("\t")
            answers[int(number), capture] = Answer(fields)
        return answers

    def suits(self, way, capture):
        return way == "replay" or self.dlt[capture] == DLT_EN10MB


def check_recorded(tally, driver):
    """filters.jsonl: what tcpdump matches and refuses; also with the programs recorded for it."""
    rows = rows_of(driver.folder, "filters.jsonl")
    captures = driver.links(sorted({c for row in rows for c in {**row["frames"],
                                                                **dict(row["rejected"] or {})}}))
    captures = [c for c in captures if driver.suits(tally.way, c)]
    answers = driver.ask(tally.way, [row["expr"] for row in rows], captures)
    for number, row in enumerate(rows):
        for capture in captures:
            error = (row["rejected"] or {}).get(capture)
            tally.is_as(f"{row['expr']} on {capture}", answers[number, capture],
                        row["frames"].get(capture), error)
    check_programs(tally, driver, {row["id"]: row["frames"] for row in rows}, captures)


def raw(program):
    return "#" + ";".join(" ".join(map(str, insn)) for insn in program)


def check_programs(tally, driver, frames, captures):
    """filters_cbpf.jsonl: the programs recorded unoptimised answer as the expressions do."""
    for row in rows_of(driver.folder, "filters_cbpf.jsonl"):
        suited = [c for c in captures if driver.dlt[c] == row["dlt"] and c in frames[row["id"]]]
        if not suited or not row["unoptimised"]:
            continue
        answers = driver.ask(tally.way, [raw(row["unoptimised"])], suited, FEW_FRAMES)
        for (_, capture), answer in answers.items():
            tally.is_as(f"{row['expr']} (not optimised) on {capture}", answer,
                        frames[row["id"]][capture], limit=FEW_FRAMES)


def is_asked(tally, expression):
    if ".libpcap.test" in expression.lower() or ".invalid" in expression:
        tally.excuse("names of hosts")
        return False
    return not expression.startswith("_")


def check_libpcap_applied(tally, driver):
    """libpcap's own tests: frames that an expression matches."""
    rows = rows_of(driver.folder, "libpcap_testrun/apply.jsonl")
    for row in rows:
        capture = "libpcap_testrun/" + row["savefile"]
        if not driver.links([capture]) or not driver.suits(tally.way, capture):
            continue
        if not is_asked(tally, row["expr"]):
            continue
        note, error = row["1.10.3"], None
        expected = text_of({i + 1 for i, value in enumerate(row["results"]) if value})
        if note.startswith("differs: "):
            expected = note.removeprefix("differs: ")
        elif note.startswith("rejects: "):
            error = note.removeprefix("rejects: ")
        answer = driver.ask(tally.way, [row["expr"]], [capture])[0, capture]
        tally.is_as(f"{row['expr']} on {capture}", answer, expected, error)


def check_libpcap_accepted(tally, driver):
    """libpcap's own tests: each expression it accepts loads, and answers as in a replay."""
    rows = rows_of(driver.folder, "libpcap_testrun/accept.jsonl")
    names = {alias for row in rows if row["DLT"] == "EN10MB" for alias in row["aliases"]}
    expressions = sorted(" ".join(name.split()) for name in names if is_asked(tally, name))
    folder = os.path.join(driver.folder, "libpcap_testrun")
    captures = driver.links(sorted(f"libpcap_testrun/{name}" for name in os.listdir(folder)
                                   if ".pcap" in name))
    captures = [c for c in captures if driver.dlt[c] == DLT_EN10MB]
    replayed = driver.ask("replay", expressions, captures, FEW_FRAMES)
    answers = driver.ask(tally.way, expressions, captures, FEW_FRAMES)
    for (number, capture), answer in answers.items():
        expected = replayed[number, capture]
        tally.is_as(f"{expressions[number]} on {capture}", answer, text_of(expected.matched),
                    expected.error)


def check_libpcap_rejected(tally, driver):
    """libpcap's own tests: expressions it rejects, most of them with its words."""
    capture = driver.links(["libpcap_testrun/pppoe.pcap"])[0]
    rows = rows_of(driver.folder, "libpcap_testrun/reject.jsonl")
    expressions = [row["expr"] for row in rows if row.get("DLT") == "EN10MB"
                   and "netmask" not in row["errstr"] and is_asked(tally, row["expr"])]
    for answer in driver.ask(tally.way, expressions, [capture]).values():
        tally.answers += 1
        if answer.error is None:
            tally.excuse("rejected by newer libpcap only")


def frame_of(tags, protocol, port):
    """An Ethernet frame: VLAN tags, IPv4 with a TCP or UDP header, or ARP."""
    frame = bytes(12) + b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags)
    if protocol == "arp":
        return frame + struct.pack(">H", 0x0806) + bytes(46)
    number = {"tcp": 6, "udp": 17}[protocol]
    header = struct.pack(">BBHHHBBHII", 0x45, 0, 60, 0, 0, 64, number, 0, 0x0a000001, 0xc0a80001)
    return frame + struct.pack(">H", 0x0800) + header + struct.pack(">HH", port, 1024) + bytes(36)


OWN_FRAMES = [(tags, protocol, port) for tags in ((), (5,), (5, 7))
              for protocol in ("tcp", "udp", "arp") for port in (53, 443)]
OWN_EXPRESSIONS = {  # expression: what it says of a frame's tags, protocol and port
    "": lambda t, p, n: True,
    "arp": lambda t, p, n: not t and p == "arp",
    "tcp port 443": lambda t, p, n: not t and p == "tcp" and n == 443,
    "not udp port 53": lambda t, p, n: t or p != "udp" or n != 53,
    "host 10.0.0.1": lambda t, p, n: not t and p != "arp",
    "vlan": lambda t, p, n: bool(t),
    "not vlan": lambda t, p, n: not t,
    "vlan 5 and udp port 53": lambda t, p, n: t == (5,) and p == "udp" and n == 53,
    "vlan 5 and vlan 7 and tcp": lambda t, p, n: t == (5, 7) and p == "tcp",
    "ether[12:2] = 0x8100": lambda t, p, n: bool(t),
    "ether[11:4] = 0x00810000": lambda t, p, n: bool(t),
    "ip[0] & 0xf = 5 and ether[ip[0] & 0xf + 9] = 0x00":
        lambda t, p, n: not t and p != "arp",
    "len = 78": lambda t, p, n: len(frame_of(t, p, n)) == 78,
}


def check_own(tally, driver_path):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "own.pcap"), "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, DLT_EN10MB))
            for made in OWN_FRAMES:
                frame = frame_of(*made)
                file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
        driver = Driver(driver_path, folder)
        answers = driver.ask(tally.way, list(OWN_EXPRESSIONS), ["own.pcap"])
        for number, (expression, says) in enumerate(OWN_EXPRESSIONS.items()):
            wanted = {i + 1 for i, made in enumerate(OWN_FRAMES) if says(*made)}
            tally.is_as(expression, answers[number, "own.pcap"], text_of(wanted))


def has_captures(folder):
    return os.path.exists(os.path.join(folder, "filters.jsonl"))


def check(way, driver):
    tally = Tally(way)
    check_own(tally, driver.path)
    if not has_captures(driver.folder):
        return tally
    check_recorded(tally, driver)
    check_libpcap_applied(tally, driver)
    check_libpcap_accepted(tally, driver)
    check_libpcap_rejected(tally, driver)
    return tally


def report(tally):
    verdict = "FAIL" if tally.faults else "ok"
    print(f"{verdict} {tally.way}: {tally.answers} answers, {tally.frames} frames matched, "
          f"{tally.skipped} not asked, {len(tally.faults)} faults")
    if tally.skipped:
        tally.exceptions["not asked"] = tally.skipped
    for name, count in tally.exceptions.items():
        print(f"   {count} times {name}: {EXCEPTIONS[name]}")


def main(build, *ways):
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folder = os.environ.get("CAPTURES", os.path.join(top, "../shared/captures"))
    driver = Driver(os.path.join(build, "tests/filter/matches"), folder)
    tallies = [check(way, driver) for way in ways or WAYS]
    for tally in tallies:
        report(tally)
    faults = [fault for tally in tallies for fault in tally.faults]
    for fault in faults[:40]:
        print(fault)
    passed = sum(tally.answers for tally in tallies) - len(faults)
    skipped = 0 if has_captures(folder) else len(tallies)
    if skipped:
        print(f"skipped: {folder} is not there")
    print(f"{passed} passed, {len(faults)} failed, {skipped} skipped")
    return 1 if faults or skipped and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
