# SPDX-License-Identifier: BSD-2-Clause
"""The live view of traffic in network namespaces, and one that nobody reads."""
import os
import re
import signal
import subprocess
import sys
import time

from top_screen import (CAPTURE, Screen, WEIR, WORK, check, documents, has_column, leaves, rows,
                        skip)

NAMESPACE = f"top{os.getpid()}"


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


UNREAD_ERRORS = os.path.join(WORK, "unread.errors")


def run_unread(words):
    """weir top on a terminal that nobody reads, and that Ctrl-S has stopped."""
    master, slave = os.openpty()
    with open(UNREAD_ERRORS, "w", encoding="utf-8") as errors:
        process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=errors,
                                   start_new_session=True,
                                   env={**os.environ, "TERM": "tmux-256color",
                                        "LC_ALL": "C.UTF-8"})
    os.close(slave)
    os.write(master, b"\x13")
    return process, master


def is_stuck(process):
    """Its first thread, which draws, waits in a write."""
    with open(f"/proc/{process.pid}/syscall", encoding="ascii") as file:
        return file.read().split()[:2] == ["1", "0x1"]


def status_of(process, seconds):
    """0, or the status with what was said."""
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return "none: it hangs"
    return status and (status, open(UNREAD_ERRORS, encoding="utf-8").read())


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


TESTS = [test_live, test_processes, test_full_table, test_stuck_terminal, test_stuck_live]
