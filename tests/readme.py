#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the README shows comes out as it is shown: readme.py [BUILD] [--write].

The run is run again, and the screen is drawn again, in a terminal emulator (tmux), of a generated
capture at its end. --write puts the screen that is drawn into the README.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import top_capture  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
README = os.path.join(ROOT, "README.md")
WORDS = [word for word in sys.argv[1:] if word != "--write"]
BUILD = os.path.abspath(WORDS[0] if WORDS else os.path.join(ROOT, "build"))
SOCKET = f"weir-readme-{os.getpid()}"
SCREEN = re.compile(r"^```\n( weir .*?)^```", re.M | re.S)
COMMAND = re.compile(r"`(weir top -r office\.pcap [^`]*)`")
SIZE = 100, 22
GIVE_UP_S = 30


def readme():
    with open(README, encoding="utf-8") as file:
        return file.read()


def shown_run():
    """The command and the output of the README's block that begins with a prompt."""
    block = re.search(r"^```\n\$ (.*?)^```", readme(), re.M | re.S).group(1)
    lines = block.splitlines()
    commands = 1
    while lines[commands - 1].endswith("|"):
        commands += 1
    return "\n".join(lines[:commands]), lines[commands:]


def run_differs():
    command, expected = shown_run()
    command = command.replace("build/", BUILD + "/")
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True,
                          cwd=ROOT, check=False)
    if done.returncode == 0 and done.stdout.splitlines() == expected:
        return None
    return done.stdout + done.stderr


def tmux(*words):
    return subprocess.run(["tmux", "-L", SOCKET, "-f", "/dev/null", *words], text=True,
                          capture_output=True, check=False).stdout


def drawn_screen():
    """The screen once the capture is at its end, by the command that the README names."""
    command = COMMAND.search(readme()).group(1)
    with tempfile.TemporaryDirectory(prefix="weir-readme-") as folder:
        top_capture.write(os.path.join(folder, "office.pcap"))
        tmux("new-session", "-d", "-x", str(SIZE[0]), "-y", str(SIZE[1]), "-c", folder,
             f"env LC_ALL=C.UTF-8 TERM=tmux-256color {BUILD}/{command}; sleep {GIVE_UP_S}")
        end, text = time.monotonic() + GIVE_UP_S, ""
        while "end of capture" not in text and time.monotonic() < end:
            time.sleep(0.1)
            text = tmux("capture-pane", "-p")
        tmux("kill-server")
    return "".join(line.rstrip() + "\n" for line in text.rstrip("\n").split("\n"))


def comparable(text):
    """A screen without what differs from run to run: the cost of a pane."""
    return re.sub(r"pane +[0-9.]+ \S+", "pane", text)


def screen_differs():
    drawn = drawn_screen()
    if "--write" in sys.argv:
        with open(README, "r+", encoding="utf-8") as file:
            text = SCREEN.sub(lambda _: f"```\n{drawn}```", file.read(), 1)
            file.seek(0)
            file.truncate()
            file.write(text)
    shown = SCREEN.search(readme()).group(1)
    return None if comparable(shown) == comparable(drawn) else drawn


def main():
    checks, skipped = [("the run shown in the README", run_differs)], 0
    if shutil.which("tmux"):
        checks.append(("the screen shown in the README", screen_differs))
    else:
        print("skipped: the screen shown in the README: it takes tmux")
        skipped = 1
    failed = 0
    for name, differs in checks:
        difference = differs()
        failed += difference is not None
        print(f"{'ok  ' if difference is None else 'FAIL'} {name}")
        if difference is not None:
            print(difference)
    print(f"{len(checks) - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or skipped and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
