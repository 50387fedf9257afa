#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The live view in a real terminal emulator (tmux): each key, sizes, resizing, pausing, replay,
colours and none, ASCII, every way out. Live parts need root, for network namespaces.

    tests/top.py [PROGRAM]      build/weir
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import top_capture

WEIR = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else "build/weir")
WORK = tempfile.mkdtemp(prefix="weir-top-")
CAPTURE = os.path.join(WORK, "office.pcap")
SOCKET = f"weir-top-{os.getpid()}"
NAMESPACE = f"top{os.getpid()}"
passed = failed = skipped = 0


def check(holds, sentence, evidence=""):
    global passed, failed
    if holds:
        passed += 1
        print(f"  ok      {sentence}")
    else:
        failed += 1
        print(f"  FAILED  {sentence}")
        if evidence:
            print("\n".join(f"          | {line}" for line in str(evidence).splitlines()))
    sys.stdout.flush()


def skip(sentence):
    global skipped
    skipped += 1
    print(f"skipped: {sentence}")


def tmux(*words):
    return subprocess.run(["tmux", "-L", SOCKET, "-f", "/dev/null", *words], text=True,
                          capture_output=True, check=False).stdout


class Screen:
    """A terminal with an interactive shell, from which weir is started as a user would."""
    count = 0

    def __init__(self, width=80, height=24, locale="C.UTF-8", term="tmux-256color", **variables):
        Screen.count += 1
        self.name = f"s{Screen.count}"
        words = [f"{name}={value}" for name, value in variables.items()]
        tmux("new-session", "-d", "-s", self.name, "-x", str(width), "-y", str(height), "-c", WORK,
             "env", f"LC_ALL={locale}", f"TERM={term}", "PS1=$ ", *words, "bash", "--norc", "-i")
        self.wait(lambda: "$" in self.text())
        self.modes = self.stty()

    def text(self, *options):
        return tmux("capture-pane", "-p", "-t", self.name, *options)

    def lines(self):
        return self.text().splitlines()

    def keys(self, *keys):
        tmux("send-keys", "-t", self.name, *keys)

    def type(self, line):
        tmux("send-keys", "-t", self.name, "-l", line)
        self.keys("Enter")

    def fact(self, name):
        return tmux("display-message", "-p", "-t", self.name, f"#{{{name}}}").strip()

    def stty(self):
        text = subprocess.run(["stty", "-a", "-F", self.fact("pane_tty")], text=True,
                              capture_output=True, check=False).stdout
        return re.sub("rows .*?columns .*?;", "", text)

    def resize(self, width, height):
        tmux("resize-window", "-t", self.name, "-x", str(width), "-y", str(height))

    def wait(self, condition, seconds=5.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.03)
        return bool(condition())

    def shows(self, text, seconds=5.0):
        return self.wait(lambda: text in self.text(), seconds)

    def pid(self):
        shell = self.fact("pane_pid")
        found = subprocess.run(["pgrep", "-P", shell], text=True, capture_output=True, check=False)
        return int(found.stdout.split()[0])

    def top(self, options, wait_for="proto"):
        self.type(f"{WEIR} top {options}; echo status $?")
        return self.shows(wait_for)

    def is_restored(self):
        """Main screen, cursor seen, modes as they were."""
        return self.wait(lambda: self.fact("alternate_on") == "0" and
                         self.fact("cursor_flag") == "1" and self.stty() == self.modes, 3)

    def close(self):
        tmux("kill-session", "-t", self.name)


def rows(screen, column="proto"):
    """The lines of the table under its heading; none before it is drawn."""
    lines = screen.lines()
    head = next((i for i, line in enumerate(lines) if column in line), len(lines))
    return [line for line in lines[head + 1:-1] if line.strip()]


def has_column(screen, name):
    """Rows of a new grouping come a moment after its name at the foot."""
    return any(line.split()[:1] == [name] for line in screen.lines())


def heading(screen):
    return next((line for line in screen.lines() if "proto" in line), "")


def document(text):
    return json.load(open(os.path.join(WORK, text), encoding="utf-8"))


def shown_number(value):
    """What user/top/format.c makes of a number; written anew, so as to check it."""
    if value <= 0:
        return "0"
    value = max(value, 0.01)
    if value < 999.5 and value == int(value):
        return str(int(value))
    for suffix in ("", "k", "M", "G"):
        if value < 999.5:
            break
        value /= 1000
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}{suffix}"


def end_of(flow, side):
    if side not in flow:
        return "-"
    if "icmp_type" in flow:
        return flow[side] + (f" {flow['icmp_type']}/{flow['icmp_code']}" if side == "dst" else "")
    if ":" in flow[side]:
        return f"[{flow[side]}]:{flow[side + '_port']}"
    return f"{flow[side]}:{flow[side + '_port']}"


def end_replay(screen, options=""):
    """A capture read to its end, still on the screen."""
    return screen.top(f"-r {CAPTURE} --speed 1000 {options}", "end of capture")


def test_first_screen():
    print("A capture at 80x24, as it is first seen")
    screen = Screen()
    check(end_replay(screen), "a capture that was read to its end stays on the screen",
          screen.text())
    text = screen.text()
    check("office.pcap" in text and "2023-11-14 22:14:20" in text and "1:00" in text,
          "the head names the capture, its time and how long it is", text)
    check(re.search(r"counted 100 % of [\d ]+ packets", text) is not None,
          "the accounting line says that all packets are counted", text)
    columns = ["now", "10s", "40s", "max", "total", "pkt/s", "full at"]
    check(all(column in screen.lines()[1] for column in columns),
          "the head has now, 10 s, 40 s, maximum, total, packets, and the scale", text)
    columns = ["who began", "with", "proto", "→10s", "←10s▼", "total", "since"]
    check(all(column in heading(screen) for column in columns),
          "a row has both directions, the total and since when", heading(screen))
    check(len(rows(screen)) == 18, "rows fill the screen", text)
    check(all(len(line) <= 80 for line in screen.lines()) and "q quit" in screen.lines()[-1],
          "no line is wider than the screen; the last one names the keys", text)
    screen.keys("q")
    check(screen.shows("status 0") and screen.is_restored(),
          "q ends with status 0 and leaves the terminal as it was", screen.text())
    screen.close()


CONVERSATIONS = "src,dst,src_port,dst_port,proto,vlan,inner_vlan,interface"


def run_documents(*options):
    """What weir run says of the capture."""
    path = os.path.join(WORK, "run.ndjson")
    subprocess.run([WEIR, "run", "-q", "-r", CAPTURE, *options, "-o", path], check=True)
    found = documents(path)
    os.remove(path)
    return found


def rates(flows, src, dst):
    """Of one direction, as the screen has it."""
    flow = flows.get((src, dst))
    return shown_number(flow["bytes"]["average"] * 8 if flow else 0)


def flows_by_ends(found):
    return {(end_of(flow, "src"), end_of(flow, "dst")): flow for flow in found["flows"]}


def test_numbers_equal_json():
    print("Numbers on the screen and in documents")
    screen = Screen(120, 40)
    end_replay(screen)
    newest = flows_by_ends([line for line in run_documents("-w", "sliding:10s/1s")
                            if line["window"]["complete"]][-1])
    whole = flows_by_ends(run_documents("-w", "tumbling:1h")[-1])
    wrong, compared = [], 0
    for line in rows(screen):
        words = line.split()
        ends = tuple(words[:2])
        if ends not in whole and ends[::-1] not in whole:
            continue  # two words: ICMP
        total = sum(whole[way]["bytes"]["total"] for way in (ends, ends[::-1]) if way in whole)
        wanted = [rates(newest, *ends), rates(newest, *ends[::-1]), shown_number(total)]
        compared += 1
        if [words[5], words[6], words[8]] != wanted:
            wrong.append(f"{wanted} {line}")
    check(not wrong and compared > 25,
          f"both directions' rates and the totals of {compared} rows equal those of weir run",
          "\n".join(wrong) + heading(screen))
    screen.keys("e")
    check(screen.shows("write to: weir-"), "e asks for the file's name, and has one",
          screen.text())
    screen.keys("Enter")
    check(screen.shows("flows to weir-") and f" in {WORK}" in screen.text(),
          "what was written is told, and where", screen.text())
    name = re.search(r"weir-[\d-]+\.json", screen.text()).group()
    exported = document(name)
    same = [line for line in run_documents("-w", "sliding:40s/1s", "-g", CONVERSATIONS)
            if line["window"] == exported["window"]]
    keys = ["total", "flows", "outcomes", "seen", "flows_omitted", "group_by"]
    check(len(same) == 1 and all(same[0][key] == exported[key] for key in keys),
          "the exported document equals that of weir run for the same window",
          exported["window"])
    both = [line for line in run_documents("-w", "sliding:40s/1s", "-b")
            if line["window"] == exported["window"]][0]
    halves = [flow["bytes"]["total"] for flow in both["flows"] if flow["packets"]["total"]] + \
             [flow["reverse"]["bytes"]["total"] for flow in both["flows"] if flow["reverse"]]
    check(sorted(halves) == sorted(flow["bytes"]["total"] for flow in exported["flows"]) and
          both["group_by"] == exported["group_by"] and both["total"]["bytes"] ==
          exported["total"]["bytes"], "with -b the same flows are two halves of conversations",
          both["total"])
    screen.keys("b")
    screen.wait(lambda: "destination" in heading(screen))
    columns = heading(screen).replace("▼", "").split()
    last = flows_by_ends([line for line in run_documents("-w", "sliding:40s/1s")
                          if line["window"]["complete"]][-1])
    wrong = [line for line in rows(screen) if tuple(line.split()[:2]) in last and
             line.split()[columns.index("40s")] != rates(last, *line.split()[:2])]
    check(columns[3:8] == ["2s", "10s", "40s", "max", "total"] and not wrong and
          len(rows(screen)) > 30, "b shows one-way flows, equal too", "\n".join(wrong))
    screen.keys("q")
    screen.close()


def check_exported(screen, what, *options):
    """What e writes is what weir run would, of the same window."""
    name = f"{what}.json"  # what was written before is still told for a while
    screen.keys("e", "C-u")
    screen.wait(lambda: re.match(" write to:  +enter", foot(screen)))
    tmux("send-keys", "-t", screen.name, "-l", name)
    screen.shows(f"write to: {name}")
    screen.keys("Enter")
    check(screen.shows(f"flows to {name}"), f"{what} are written", foot(screen))
    exported = document(name)
    check(",".join(exported["group_by"]) == options[-1], f"{what} are exported as groups",
          exported["group_by"])
    same = [line for line in run_documents("-w", "sliding:40s/1s", *options)
            if line["window"] == exported["window"]][0]
    check(same["flows"] == exported["flows"] and same["total"] == exported["total"],
          f"averages, totals and maxima of {what} equal those of weir run",
          f"{same['flows'][0]}\n{exported['flows'][0]}\n{same['total']}\n{exported['total']}")
    os.unlink(os.path.join(WORK, name))


def test_narrowing():
    print("A row as a filter")
    screen = Screen(120, 24)
    screen.top(f"-r {CAPTURE} --speed max -s flows")
    screen.shows("end of capture")
    check(screen.wait(lambda: "flows▼" in heading_of(screen, "host")),
          "-s flows begins with hosts, those of many flows first", screen.text())
    screen.wait(lambda: has_column(screen, "198.51.100.80"))
    screen.keys("f")
    check(screen.wait(lambda: "filter: ip host" in screen.lines()[0] and
                      "end of capture" in screen.lines()[0]),
          "f begins anew with the host as the filter", screen.text())
    host = screen.lines()[0].split("filter: ip host ")[1].split()[0]
    screen.wait(lambda: rows(screen, "who began"))
    check(all(host in line for line in rows(screen, "who began")),
          "all conversations are the host's", screen.text())
    screen.keys("f")
    check(screen.wait(lambda: "tcp port" in screen.lines()[0] and len(rows(screen)) == 1),
          "f again leaves one of them", screen.text())
    screen.keys("F")
    check(screen.wait(lambda: screen.lines()[0].count("filter: ip host") == 1 and
                      "tcp port" not in screen.lines()[0]), "F goes back", screen.text())
    screen.keys("F")
    check(screen.wait(lambda: "filter" not in screen.lines()[0] and
                      has_column(screen, "198.51.100.80")),
          "F goes back to the hosts without a filter", screen.text())
    screen.keys("F")
    check(screen.shows("all that was asked for"), "and says where there is no way back",
          screen.text())
    screen.keys("q")
    check(screen.shows("status 0") and screen.is_restored(), "q leaves", screen.text())
    screen.close()


def heading_of(screen, column):
    return next((line for line in screen.lines() if line.startswith(column)), "")


def test_keys():
    print("Each key")
    screen = Screen(120, 30)
    end_replay(screen)
    first = rows(screen)[0]
    for mark in ("←40s▼", "total▼", "max▼", "since▲", "who began▲"):
        screen.keys("s")
        check(screen.wait(lambda: mark in heading(screen)), f"s sorts: {mark}", heading(screen))
    addresses = [line.split()[0] for line in rows(screen)]
    check("192.168.0.1" in addresses[0] or addresses[0] == "-", "sources are in order",
          addresses[:3])
    screen.keys("r")
    check(screen.wait(lambda: "who began▼" in heading(screen)), "r reverses the order",
          heading(screen))
    screen.keys("r", "s", "s", "s")
    check(screen.wait(lambda: "←2s▼" in heading(screen)), "s goes through the columns",
          heading(screen))
    screen.keys("s")
    check(screen.wait(lambda: rows(screen)[:1] == [first]), "and comes back to the last 10 s",
          rows(screen)[0])

    for group in ("flows", "hosts", "services", "networks", "protocols", "interfaces"):
        screen.keys("g")
        check(screen.wait(lambda: screen.lines()[-1].split(",")[0].strip() == group),
              f"g groups by {group}", screen.lines()[-1])
        if group == "services":
            screen.wait(lambda: has_column(screen, "service"))
            shown = [line.split()[0] for line in rows(screen, "service")]
            check(set(shown) == {"443/tcp", "22/tcp", "53/udp", "icmp", "arp"},
                  "services are the ports of who was called", shown)
            check_exported(screen, "services", "-b", "-g", "service,proto,interface")
        if group == "networks":
            screen.wait(lambda: has_column(screen, "network"))
            check_exported(screen, "networks", "-g", "src/24:64,interface")
    screen.keys("g")
    check(screen.wait(lambda: screen.lines()[-1].startswith(" conversations") and
                      "who began" in screen.text()), "g comes back to conversations",
          screen.lines()[-1])

    screen.keys("/")
    screen.keys("u", "d", "p")
    check(screen.wait(lambda: rows(screen) and all("udp" in line for line in rows(screen))),
          "/ shows the rows that match while it is typed", screen.text())
    screen.keys("Space", "2", "0", "0", "1", "Enter")
    check(screen.wait(lambda: len(rows(screen)) == 1 and "2001:db8::7" in rows(screen)[0]),
          "rows match all words of the search", screen.text())
    screen.keys("Escape")
    check(screen.wait(lambda: len(rows(screen)) > 20), "escape ends the search", screen.text())

    for unit in ("B/s", "pkt/s", "bit/s"):
        screen.keys("u")
        check(screen.wait(lambda: f"conversations, {unit}," in screen.lines()[-1]),
              f"u shows {unit}", screen.lines()[-1])

    screen.keys("?")
    check(screen.shows("reverse the order") and "total▼" not in screen.text(),
          "? explains the keys", screen.text())
    screen.keys("x")
    check(screen.shows("proto"), "any key leaves the help", screen.text())

    screen.keys("d")
    check(screen.shows("directions are not told apart"), "d says that a capture has no directions",
          screen.text())
    screen.close()


def selected(screen):
    """The row in reverse video."""
    for line in screen.text("-e").splitlines():
        if re.search(r"\x1b\[([0-9;]*;)?7m", line):
            return re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
    return ""


def foot(screen):
    return screen.lines()[-1]


def test_export():
    print("The name of what is written")
    screen = Screen(120, 30)
    end_replay(screen)
    before = set(os.listdir(WORK))
    screen.keys("e")
    screen.shows("write to: weir-")
    screen.keys("Escape")
    check(screen.wait(lambda: "write to" not in foot(screen)) and
          set(os.listdir(WORK)) == before, "escape writes nothing", foot(screen))
    screen.keys("e", "C-u")
    tmux("send-keys", "-t", screen.name, "-l", "mineq.jsonx")
    screen.keys("BSpace")
    check(screen.shows("write to: mineq.json "), "keys are letters of the name there",
          foot(screen))
    screen.keys("Enter")
    check(screen.shows("flows to mineq.json") and len(document("mineq.json")["flows"]) > 70,
          "the name is that of the file", foot(screen))
    with open(os.path.join(WORK, "mineq.json"), "w", encoding="utf-8") as file:
        file.write("precious")
    screen.keys("e", "C-u")
    tmux("send-keys", "-t", screen.name, "-l", "mineq.json")
    screen.keys("Enter")
    check(screen.shows("is there: enter writes") and
          open(os.path.join(WORK, "mineq.json"), encoding="utf-8").read() == "precious",
          "a file that is there is not replaced unasked", foot(screen))
    screen.keys("Enter")
    check(screen.shows("flows to mineq.json") and document("mineq.json")["schema"] == "weir/1",
          "asked twice it is", foot(screen))
    for name, reason in (("mine.txt", "a name ends in .json or .ndjson"),
                         ("/nowhere/x.json", "No such file or directory")):
        screen.keys("e", "C-u")
        tmux("send-keys", "-t", screen.name, "-l", name)
        screen.keys("Enter")
        check(screen.shows(f"write {name}: {reason}"), f"{name} is refused in words", foot(screen))
    screen.keys("q")
    screen.close()


def test_moving():
    print("Moving, and the history of a flow")
    screen = Screen(100, 24)
    end_replay(screen)
    check(selected(screen) == "", "no row is selected at first")
    all_rows = rows(screen)
    screen.keys("Down", "Down")
    check(screen.wait(lambda: selected(screen) == all_rows[1].strip()),
          "arrows select a row", selected(screen))
    before = heading(screen)
    screen.keys("s", "s", "s")
    check(screen.wait(lambda: "max▼" in heading(screen)), "the third s sorts by the maximum",
          heading(screen))
    check(selected(screen).split()[:2] == all_rows[1].split()[:2],
          "the selection stays on its flow when the order changes", selected(screen))
    screen.keys(*["s"] * 6)
    screen.wait(lambda: heading(screen) == before)
    screen.keys("End")
    check(screen.wait(lambda: selected(screen) == rows(screen)[-1].strip() and
                      rows(screen)[-1].split()[0] != all_rows[-1].split()[0]),
          "End goes to the last row", screen.text())
    last = rows(screen)[-1].strip()
    screen.keys("PPage")
    check(screen.wait(lambda: selected(screen) not in ("", last)), "PgUp goes up by a page",
          selected(screen))
    screen.keys("NPage")
    check(screen.wait(lambda: selected(screen) == last), "PgDn goes down by a page")
    screen.keys("Home")
    check(screen.wait(lambda: selected(screen) == all_rows[0].strip()), "Home goes to the first",
          f"{selected(screen)}\n{all_rows[0]}\n{screen.text()}")
    screen.keys("Enter")
    check(screen.shows("packet sizes: 1502 least, 1502.0 average, 1502 greatest"),
          "enter shows the sizes of a flow's packets", screen.text())
    text = screen.text()
    check("from who began: 5 458 packets" in text and "back: 0 packets" in text,
          "both sides have their counts", text)
    check("TCP flags seen: PA" in text and "first 2023-11-14 22:13:20" in text and "█" in text,
          "with its flags, first and last packet, and a graph", text)
    screen.keys("Enter")
    check(screen.shows("proto"), "enter goes back to the table")
    screen.close()


def fits(screen, width, height):
    lines = screen.lines()
    return len(lines) == height and all(len(line) <= width for line in lines) and \
        "weir" in lines[0] and "quit" in lines[-1] and "proto" in screen.text()


def test_sizes():
    print("Sizes, and resizing at any moment")
    screen = Screen(60, 15)
    screen.top(f"-r {CAPTURE} --speed 4")
    check(screen.wait(lambda: fits(screen, 60, 15)) and len(rows(screen)) >= 8,
          "it is of use at 60x15", screen.text())
    for width, height in ((200, 50), (80, 24), (300, 80), (60, 15), (132, 43)):
        screen.resize(width, height)
        check(screen.wait(lambda: fits(screen, width, height), 2),
              f"it fits {width}x{height} after a change of size", screen.text())
    for size in range(60, 110, 2):
        screen.resize(size, size // 4)
    check(screen.wait(lambda: fits(screen, 108, 27), 3), "25 changes of size in a row are followed",
          screen.text())
    screen.resize(60, 15)
    screen.keys("Enter")
    check(screen.shows("from who began") and screen.wait(lambda: "█" in screen.lines()[-4] +
                                                         screen.lines()[-3], 2),
          "a history has its graph there too", screen.text())
    screen.keys("Enter")
    screen.shows("proto")
    screen.keys("?")
    check(screen.shows("escape: no row") and screen.shows("quit"), "the help fits 60x15",
          screen.text())
    screen.keys("?")
    screen.resize(20, 5)
    check(screen.shows("at least"), "a terminal that is too small says so", screen.text())
    screen.resize(80, 24)
    check(screen.wait(lambda: fits(screen, 80, 24), 2), "and it comes back", screen.text())
    screen.keys("q")
    check(screen.is_restored(), "the terminal is restored after all that")
    screen.close()


def test_pause():
    print("Replay at its pace, and pausing")
    screen = Screen()
    screen.top(f"-r {CAPTURE} --speed 10", "replay")
    time.sleep(1)
    before = screen.lines()[0]
    screen.wait(lambda: screen.lines()[0] != before)
    check(screen.lines()[0] != before, "time goes on in a replay", screen.lines()[0])
    screen.keys("Space")
    check(screen.shows("PAUSED"), "space pauses", screen.lines()[0])
    still = screen.text()
    time.sleep(0.5)
    check(screen.text() == still, "the screen stands still")
    screen.keys("s")
    screen.wait(lambda: "40s▼" in heading(screen))
    check("←40s▼" in heading(screen), "what stands still can be sorted", heading(screen))
    screen.keys("Space")
    check(screen.wait(lambda: "replay" in screen.lines()[0] and
                      screen.lines()[0] != still.splitlines()[0], 2),
          "space goes on", screen.lines()[0])
    screen.shows("end of capture", 8)
    counted = re.search(r"of ([\d ]+) packets", screen.text()).group(1).replace(" ", "")
    check(int(counted) == PACKETS, "counting went on: no packet is missing", counted)
    screen.keys("q")
    screen.close()


def test_colours():
    print("Colours, none, ASCII")
    colour = re.compile(r"\x1b\[[0-9;]*(3[0-7]|38;5|4[0-7]|48;5)")
    for name, variables, has_colour in (
            ("256 colours", {"term": "tmux-256color"}, True),
            ("8 colours", {"term": "screen"}, True),
            ("NO_COLOR", {"NO_COLOR": "1"}, False),
            ("a terminal without colours", {"term": "vt100"}, False)):
        screen = Screen(**variables)
        end_replay(screen)
        text = screen.text("-e")
        check((colour.search(text) is not None) == has_colour and "192.0.2.10:22" in text,
              f"{name}: {'coloured' if has_colour else 'no colour'}", screen.text())
        screen.keys("q")
        screen.is_restored()
        screen.close()
    screen = Screen(locale="C")
    end_replay(screen)
    text = screen.text()
    check(text.isascii() and "192.0.2.10:22" in text and "total" in text and "#" in text,
          "LC_ALL=C: nothing but ASCII", text)
    screen.keys("Enter")
    check(screen.shows("packet sizes") and screen.text().isascii(), "its graph too", screen.text())
    screen.close()


def leaves(screen, description, status):
    check(screen.shows(status) and screen.is_restored(),
          f"{description}: the terminal is as it was, {status}", screen.text())


def test_ways_out():
    print("Every way out")
    screen = Screen()
    for name, number, status in (("SIGTERM", signal.SIGTERM, "status 0"),
                                 ("SIGINT", signal.SIGINT, "status 0"),
                                 ("SIGUSR2", signal.SIGUSR2, "status 0"),
                                 ("SIGALRM", signal.SIGALRM, "status 0"),
                                 ("SIGSEGV", signal.SIGSEGV, "status 139"),
                                 ("SIGABRT", signal.SIGABRT, "status 134"),
                                 ("SIGQUIT", signal.SIGQUIT, "status 131")):
        screen.top(f"-r {CAPTURE}", "replay")
        os.kill(screen.pid(), number)
        leaves(screen, name, status)
        screen.keys("C-l")
        screen.wait(lambda: "status" not in screen.text())
    screen.top(f"-r {CAPTURE}", "replay")
    for number in (signal.SIGUSR1, signal.SIGPIPE, signal.SIGHUP, signal.SIGXFSZ):
        os.kill(screen.pid(), number)
        time.sleep(0.2)
    check(screen.shows("replay") and not screen.is_restored(),
          "SIGUSR1, SIGPIPE, SIGHUP and SIGXFSZ do not end it", screen.text())
    screen.keys("C-c")
    leaves(screen, "Ctrl-C", "status 0")
    screen.keys("C-l")
    screen.wait(lambda: "status" not in screen.text())
    screen.top(f"-r {CAPTURE} -t 5s --speed 10", "status 0")
    leaves(screen, "-t", "status 0")
    screen.keys("C-l")
    screen.type(f"head -c 20000 {CAPTURE} >cut.pcap; printf 'zz' | cat - {CAPTURE} >bad.pcap")
    screen.top("-r bad.pcap", "status")
    leaves(screen, "a file that is no capture", "status 1")
    check("bad.pcap" in screen.text(), "the reason is told", screen.text())
    screen.keys("C-l")
    screen.wait(lambda: "status" not in screen.text())
    screen.type(f"cat {CAPTURE} | {WEIR} top -r - --speed 1000; echo status $?")
    check(screen.shows("end of capture"), "keys are read while standard input is a capture",
          screen.text())
    screen.keys("q")
    leaves(screen, "q with a capture on standard input", "status 0")
    screen.close()


def test_suspend():
    print("Suspending")
    screen = Screen()
    screen.type(f"{WEIR} top -r {CAPTURE} --speed 2")
    screen.shows("proto")
    screen.keys("C-z")
    check(screen.shows("Stopped") and screen.is_restored(), "Ctrl-Z gives the terminal back",
          screen.text())
    screen.type("fg")
    check(screen.wait(lambda: fits(screen, 80, 24), 3), "fg draws the screen anew", screen.text())
    screen.keys("q")
    check(screen.is_restored(), "q after that restores the terminal")
    screen.close()


def test_plain():
    print("Without a terminal")
    def plain(*options):
        out = subprocess.run([WEIR, "top", "-r", CAPTURE, *options], capture_output=True,
                             env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
        text = out.stdout.decode()
        check(out.returncode == 0 and "\x1b" not in text, "no escape sequences, status 0",
              out.stderr)
        return text

    text = plain("--speed", "20")
    tables = text.split("\n\n")
    check(text.count("proto") > 5, "a table a second of packet time", text.count("proto"))
    check("192.0.2.10:22" in tables[0] and "counted 100 %" in tables[0] and "2s" in tables[0],
          "the table is the same as on the screen", tables[0])
    for options in (("-c", "5"), ("-t", "10s"), ("-c", "1", "-w", "tumbling:3s")):
        text = plain("--speed", "1000", *options)
        counted = re.search(r"counted 100 % of ([\d ]+) packets", text)
        check(text.count("proto") == 1 and "share" in text and counted and
              "192.0.2.10:22" in text,
              f"{' '.join(options)} gives one table of the whole time", text)
    out = subprocess.run([WEIR, "run", "-q", "-r", CAPTURE, "-o", os.path.join(WORK, "over.ndjson"),
                          "--exit-over", "1M", "-g", "src"], capture_output=True, text=True,
                         check=False)
    check(out.returncode == 3 and "exit over 1000000 bit/s: src 1" in out.stderr and
          len(documents(os.path.join(WORK, "over.ndjson"))) == 1,
          "--exit-over ends with status 3 and names the row", out.stderr)
    out = subprocess.run([WEIR, "run", "-q", "-r", CAPTURE, "-o", os.path.join(WORK, "ok.ndjson"),
                          "--exit-over", "100M"], capture_output=True, text=True, check=False)
    check(out.returncode == 0 and not out.stderr, "and with 0 where no row has so much",
          out.stderr)
    screen = Screen(120, 30, term="dumb")
    screen.type(f"{WEIR} top -r {CAPTURE} --speed 1000; echo status $?")
    check(screen.shows("status 0") and "192.0.2.10:22" in screen.text(),
          "so does a terminal that cannot be drawn on", screen.text())
    screen.close()
    screen = Screen(term="nonsense")
    screen.type(f"{WEIR} top -r {CAPTURE}; echo status $?")
    check(screen.shows("status 1") and "TERM names no terminal" in screen.text(),
          "a terminal that is not known is told", screen.text())
    screen.close()
    out = subprocess.run(f"{WEIR} top -r {CAPTURE} --speed 1000 | head -3", shell=True, text=True,
                         capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    check(out.stdout.isascii() and out.stdout.count("\n") == 3,
          "ASCII by locale; a reader that goes away ends it", out.stdout + out.stderr)


def test_names():
    print("Names")
    hosts = os.path.join(WORK, "hosts")
    with open(hosts, "wb") as file:
        file.write(b"192.0.2.10 backup.example\n198.51.100.80 evil\x1b[31m.example\n")
    if os.geteuid():
        skip("names: needs root")
        return
    screen = Screen(120, 30)
    screen.type(f"unshare -m sh -c 'mount --bind {hosts} /etc/hosts && "
                f"exec {WEIR} top -r {CAPTURE} --speed 1000'")
    screen.shows("end of capture")
    screen.keys("n")
    check(screen.shows("backup.example:", 8), "n shows names", screen.text())
    text = screen.text("-e")
    check("\x1b[31m.example" not in text, "an escape sequence in a name is not obeyed",
          screen.text())
    screen.keys("n")
    check(screen.wait(lambda: "192.0.2.10:22" in screen.text()), "n shows numbers again",
          screen.text())
    screen.keys("q")
    screen.close()


def make_namespace():
    subprocess.run(f"""set -e
ip netns add {NAMESPACE}a; ip netns add {NAMESPACE}b
ip link add live0 netns {NAMESPACE}a type veth peer name live0 netns {NAMESPACE}b
for end in a:1 b:2; do
  ip -n {NAMESPACE}${{end%:*}} link set lo up
  ip -n {NAMESPACE}${{end%:*}} addr add 10.77.0.${{end#*:}}/24 dev live0
  ip -n {NAMESPACE}${{end%:*}} link set live0 up
done""", shell=True, check=True, executable="/bin/bash")


def remove_namespace():
    for end in "ab":
        subprocess.run(["ip", "netns", "del", NAMESPACE + end], capture_output=True, check=False)


def test_live():
    print("Live, in a network namespace")
    if os.geteuid():
        skip("live: needs root")
        return
    make_namespace()
    traffic = subprocess.Popen(["ip", "netns", "exec", f"{NAMESPACE}a", "ping", "-q", "-i", "0.01",
                                "-w", "20", "10.77.0.2"], stdout=subprocess.DEVNULL)
    screen = Screen()
    screen.type(f"ip netns exec {NAMESPACE}a {WEIR} top -i live0 --once -o live.ndjson; "
                "echo status $?")
    check(screen.shows("10.77.0.2 8/0"), "packets of a ping are seen", screen.text())
    text = screen.text()
    check("in  " in text and "out " in text and "table" in text and "live0" in text,
          "each direction has its line, the table its use", text)
    screen.keys("b")
    screen.wait(lambda: "destination" in screen.text())
    screen.keys("d")
    check(screen.wait(lambda: "8/0" not in screen.text() and "0/0" in screen.text()),
          "d shows what comes in", screen.text())
    screen.keys("d")
    check(screen.wait(lambda: "8/0" in screen.text() and " 0/0" not in screen.text()),
          "d shows what goes out", screen.text())
    screen.keys("d")
    screen.keys("e")
    screen.shows("write to")
    screen.keys("Enter")
    screen.shows("wrote")
    subprocess.run(["ip", "-n", f"{NAMESPACE}b", "link", "del", "live0"], check=True)
    leaves(screen, "the interface is gone", "status 1")
    check("no interface is left" in screen.text(), "the reason stays on the screen", screen.text())
    lines = documents(os.path.join(WORK, "live.ndjson"))
    check(lines and all(line["outcomes"]["flow"]["packets"] == line["total"]["packets"]["total"]
                        for line in lines) and
          {line["window"]["length_ns"] for line in lines} == {2 * 10**9, 10**10, 4 * 10**10},
          f"-o wrote {len(lines)} documents of the three windows, and none of others",
          "\n".join(str((line["window"], line["total"], line["outcomes"])) for line in lines))
    traffic.terminate()
    traffic.wait()
    screen.close()
    remove_namespace()


def test_processes():
    print("Processes, in a network namespace")
    if os.geteuid():
        skip("processes: needs root")
        return
    make_namespace()
    code = ("import socket, time\n"
            "sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "for _ in range(3000):\n"
            "    sock.sendto(b'x', ('10.77.0.2', 9))\n"
            "    time.sleep(0.01)\n")
    traffic = subprocess.Popen(["ip", "netns", "exec", f"{NAMESPACE}a", sys.executable, "-c", code],
                               stderr=subprocess.DEVNULL)
    screen = Screen(width=110)
    screen.type(f"ip netns exec {NAMESPACE}a {WEIR} top -i live0; echo status $?")
    check(screen.wait(lambda: re.search(rf"10.77.0.2:9 .*{traffic.pid}/python", screen.text())),
          "a conversation has the process whose it is", screen.text())
    for _ in range(4):
        screen.keys("g")
    check(screen.wait(lambda: has_column(screen, "process") and
                      any(row.startswith(f"{traffic.pid}/python")
                          for row in rows(screen, "process"))),
          "g shows processes", screen.text())
    screen.keys("q")
    check(screen.shows("status 0"), "q leaves", screen.text())
    traffic.terminate()
    traffic.wait()
    screen.close()
    remove_namespace()


def test_full_table():
    print("A table that is too small")
    if os.geteuid():
        skip("full table: needs root")
        return
    make_namespace()
    screen = Screen()
    screen.type(f"ip netns exec {NAMESPACE}a {WEIR} top -i live0 -d out --slots 64")
    screen.shows("out ")
    subprocess.run(["ip", "netns", "exec", f"{NAMESPACE}a", sys.executable, "-c", """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x", ("10.77.0.2", 9))
time.sleep(0.3)
for port in range(60000):
    s.sendto(b"x", ("10.77.0.2", 1024 + port))
"""], check=False)
    check(screen.shows("table full") and "--slots 256" in screen.text(),
          "a table that is full is told in words, with what to do", screen.text())
    check(re.search(r"counted 100 %", screen.text()) is None and "unattributed" in screen.text(),
          "and 100 % is not claimed", screen.text())
    screen.keys("q")
    check(screen.is_restored(), "q ends it", screen.text())
    screen.close()
    remove_namespace()


def run_unread(words):
    """weir top on a terminal that nobody reads, and that Ctrl-S has stopped."""
    master, slave = os.openpty()
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=subprocess.DEVNULL,
                               start_new_session=True,
                               env={**os.environ, "TERM": "tmux-256color", "LC_ALL": "C.UTF-8"})
    os.close(slave)
    os.write(master, b"\x13")
    return process, master


def is_stuck(process):
    """Its first thread, which draws, waits in a write."""
    with open(f"/proc/{process.pid}/syscall", encoding="ascii") as file:
        return file.read().split()[:2] == ["1", "0x1"]


def status_of(process, seconds):
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return "none: it hangs"


def documents(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_stuck_terminal():
    print("A terminal that takes nothing")
    output = os.path.join(WORK, "stuck.ndjson")
    process, master = run_unread([WEIR, "top", "-r", CAPTURE, "--speed", "20", "-t", "50s", "-o",
                                  output])
    started = time.monotonic()
    status = status_of(process, 12)
    took = time.monotonic() - started
    short = [line for line in documents(output) if line["window"]["length_ns"] == 2 * 10**9]
    check(status == 0, f"it ends by itself after {took:.1f} s", status)
    check(len(short) >= 50, f"all {len(short)} windows of 2 s were written in time", len(short))
    os.close(master)


def test_stuck_live():
    if os.geteuid():
        skip("live and stuck: needs root")
        return
    make_namespace()
    output = os.path.join(WORK, "stuck-live.ndjson")
    inside = ["ip", "netns", "exec", f"{NAMESPACE}a"]
    process, master = run_unread(inside + [WEIR, "top", "-i", "live0", "-w", "tumbling:100ms",
                                           "-o", output])
    end = time.monotonic() + 5
    while time.monotonic() < end and not (os.path.exists(output) and os.path.getsize(output)):
        time.sleep(0.05)
    subprocess.run(inside + [sys.executable, "-c", """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"x", ("10.77.0.2", 9))
time.sleep(0.3)
for i in range(3000):
    s.sendto(bytes(100), ("10.77.0.2", 7777))
    time.sleep(0.0005 if i % 10 == 0 else 0)
time.sleep(0.3)
"""], check=True)
    check(is_stuck(process), "it is stuck in a write to the terminal")
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    status = status_of(process, 10)
    took = time.monotonic() - started
    lines = documents(output)
    counted = sum(flow["packets"]["total"] for line in lines for flow in line["flows"]
                  if flow.get("dst_port") == 7777)
    gaps = [line for line, after in zip(lines, lines[1:])
            if line["window"]["end_ns"] != after["window"]["start_ns"]]
    check(counted == 3000 and not gaps,
          f"live: all 3000 packets are in {len(lines)} windows without a gap", counted)
    check(status == 0 and took < 3, f"SIGTERM ends it in {took:.1f} s", status)
    os.close(master)
    remove_namespace()


PACKETS = top_capture.write(CAPTURE)
tmux("new-session", "-d", "-s", "base", "cat")  # the server ends with its last session
try:
    for test in (test_first_screen, test_numbers_equal_json, test_keys, test_narrowing,
                 test_export, test_moving,
                 test_sizes, test_pause, test_colours, test_ways_out, test_suspend, test_plain,
                 test_names, test_live, test_processes, test_full_table, test_stuck_terminal,
                 test_stuck_live):
        started = time.monotonic()
        test()
        print(f"          {time.monotonic() - started:.1f} s")
finally:
    tmux("kill-server")
    if not os.geteuid():
        remove_namespace()
    subprocess.run(["rm", "-rf", WORK], check=False)
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0 or skipped and os.environ.get("CI") == "true")
