#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the README shows comes out as it is shown: readme.py [BUILD].

The run is run again; the screen is compared with the picture that tests/top.py took, where it
has taken one at the same moment of the replay.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build"))


def shown_run():
    """The command and the output of the README's block that begins with a prompt."""
    with open(os.path.join(ROOT, "README.md")) as file:
        block = re.search(r"^```\n\$ (.*?)^```", file.read(), re.M | re.S).group(1)
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


def screen(text):
    """The lines of a screen without what differs from run to run: the cost of a pane."""
    text = re.sub(r"pane +[0-9.]+ \S+", "pane", text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def screen_differs():
    with open(os.path.join(ROOT, "README.md")) as file:
        shown = screen(re.search(r"^```\n( weir .*?)^```", file.read(), re.M | re.S).group(1))
    with open(os.path.join(BUILD, "top.txt")) as file:
        taken = screen(file.read())
    if shown[0] != taken[0]:
        print("     the picture is of another moment:", taken[0].strip())
        return None
    return None if shown == taken else "\n".join(taken)


def main():
    checks = [("the run shown in the README", run_differs)]
    if os.path.exists(os.path.join(BUILD, "top.txt")):
        checks.append(("the screen shown in the README", screen_differs))
    failed = 0
    for name, differs in checks:
        difference = differs()
        failed += difference is not None
        print(f"{'ok  ' if difference is None else 'FAIL'} {name}")
        if difference is not None:
            print(difference)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
