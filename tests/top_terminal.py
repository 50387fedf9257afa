# SPDX-License-Identifier: BSD-2-Clause
"""The live view and its terminal: moving, sizes, pausing, colours, every way out, none at all."""
import os
import re
import signal
import subprocess
import time

from top_screen import (CAPTURE, PACKETS, Screen, WEIR, WORK, check, documents, end_replay,
                        heading, leaves, rows, selected, skip)


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


def test_tcp_history():
    print("What TCP tells of a row")
    screen = Screen(80, 24)
    screen.top(f"-r {CAPTURE} --speed 20 --tcp")
    screen.shows("end of capture")
    screen.keys("Enter")
    screen.shows("from who began")
    lines = screen.lines()
    for name in ("retransmitted_packets", "rtt_min", "rtt_average", "rtt_max", "rtt_samples",
                 "handshake_rtt", "zero_windows", "resets"):
        check(any(re.search(rf"\b{name} \S.*, back \S", line) for line in lines),
              f"{name} of both sides", screen.text())
    check(all(len(line) <= 80 for line in lines) and "█" in screen.text(), "and the graph fits",
          screen.text())
    screen.keys("q")
    screen.is_restored()


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


TESTS = [test_moving, test_tcp_history, test_sizes, test_pause, test_colours, test_ways_out,
         test_suspend, test_plain, test_names]
