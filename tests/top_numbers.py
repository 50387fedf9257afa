# SPDX-License-Identifier: BSD-2-Clause
"""The live view of a capture: what is seen first, numbers, groups, filters, export."""
import os
import re
import subprocess

from top_screen import (CAPTURE, Screen, WEIR, WORK, check, document, documents, end_replay, foot,
                        has_column, heading, heading_of, rows, tmux)

CONVERSATIONS = "src,dst,src_port,dst_port,proto,vlan,inner_vlan,interface"


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
                      "tcp port" not in screen.lines()[0] and
                      "end of capture" in screen.lines()[0] and len(rows(screen)) > 1),
          "F goes back", screen.text())
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


TESTS = [test_first_screen, test_numbers_equal_json, test_keys, test_narrowing, test_export]
