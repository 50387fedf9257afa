#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whether manual and completion know every option of the help, and no others.

    tests/words.py BUILD
"""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEIR = os.path.abspath(os.path.join(sys.argv[1], "weir"))
passed = failed = 0


def check(holds, sentence, evidence=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(f"{'ok  ' if holds else 'FAIL'} {sentence} {'' if holds else evidence}")


def completed(*words):
    """What the completion offers for the last of these words after weir."""
    script = ('source "$0"; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, os.path.join(TOP, "tools/completion.bash"), WEIR,
                           *words], text=True, capture_output=True, check=True)
    return set(done.stdout.split())


def main():
    help_text = subprocess.run([WEIR, "--help"], text=True, capture_output=True, check=True).stdout
    options = set(re.findall(r"^  (?:-.,|   ) (--[a-z-]+)", help_text, re.M))
    with open(os.path.join(TOP, "tools/weir.8"), encoding="utf-8") as file:
        manual = file.read().replace("\\-", "-")
    known = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", manual))
    check(len(options) > 15, "the help lists the options", options)
    check(options <= known, "each option of the help is in the manual", options - known)
    check(completed("run", "--") == options - {"--json"}, "run completes each of them",
          completed("run", "--") ^ options)
    check(completed("check", "--") < options, "check completes some of them",
          completed("check", "--") - options)
    for option, words in (("--direction", {"both", "in", "out"}), ("-a", {"auto", "clsact"}),
                          ("--sort", {"bytes", "average"}), ("-g", {"src", "interface"})):
        offered = completed("run", option, "")
        check(words <= offered and not {"of", "one"} & offered, f"{option} completes its words",
              offered)
        for word in offered:
            done = subprocess.run([WEIR, "run", option, word, "-p", "1ms"], text=True,
                                  capture_output=True, check=False)
            check("--pane 1ms" in done.stderr, f"{option} {word} is taken", done.stderr)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
