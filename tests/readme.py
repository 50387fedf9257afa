#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The run that the README shows comes out as it is shown: readme.py [BUILD]."""
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


def main():
    command, expected = shown_run()
    command = command.replace("build/", BUILD + "/")
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True,
                          cwd=ROOT, check=False)
    good = done.returncode == 0 and done.stdout.splitlines() == expected
    print(f"{'ok  ' if good else 'FAIL'} the run shown in the README: {len(expected)} lines")
    if not good:
        print(done.stdout, done.stderr)
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
