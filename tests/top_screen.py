# SPDX-License-Identifier: BSD-2-Clause
"""A real terminal emulator (tmux) with the live view in it, how it is looked at, and what checks
found: what the tests of the live view (top.py) share."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import top_capture

WEIR = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else "build/weir")
# In memory where that is: a slow disk is not what is tested.
WORK = tempfile.mkdtemp(prefix="weir-top-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
CAPTURE = os.path.join(WORK, "office.pcap")
SOCKET = f"weir-top-{os.getpid()}"
PACKETS = top_capture.write(CAPTURE)
counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(holds, sentence, evidence=""):
    counts["passed" if holds else "failed"] += 1
    print(f"  ok      {sentence}" if holds else f"  FAILED  {sentence}")
    if not holds and evidence:
        print("\n".join(f"          | {line}" for line in str(evidence).splitlines()))
    sys.stdout.flush()


def skip(sentence):
    counts["skipped"] += 1
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


def heading_of(screen, column):
    return next((line for line in screen.lines() if line.startswith(column)), "")


def selected(screen):
    """The row in reverse video."""
    for line in screen.text("-e").splitlines():
        if re.search(r"\x1b\[([0-9;]*;)?7m", line):
            return re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
    return ""


def foot(screen):
    return screen.lines()[-1]


def leaves(screen, description, status):
    check(screen.shows(status) and screen.is_restored(),
          f"{description}: the terminal is as it was, {status}", screen.text())


def document(text):
    return json.load(open(os.path.join(WORK, text), encoding="utf-8"))


def documents(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def end_replay(screen, options=""):
    """A capture read to its end, still on the screen."""
    return screen.top(f"-r {CAPTURE} --speed 1000 {options}", "end of capture")
