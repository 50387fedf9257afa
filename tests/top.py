#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The live view in a real terminal emulator (tmux): each key, sizes, resizing, pausing, replay,
colours and none, ASCII, every way out. Live parts need root, for network namespaces.

    tests/top.py [PROGRAM [WORD...]]    build/weir; only the tests whose name holds one of the words
"""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import top_live  # noqa: E402
import top_numbers  # noqa: E402
import top_terminal  # noqa: E402
from top_screen import WORK, counts, tmux  # noqa: E402

words = sys.argv[2:]
tmux("new-session", "-d", "-s", "base", "cat")  # the server ends with its last session
try:
    for test in top_numbers.TESTS + top_terminal.TESTS + top_live.TESTS:
        if words and not any(word in test.__name__ for word in words):
            continue
        started = time.monotonic()
        test()
        print(f"          {time.monotonic() - started:.1f} s")
finally:
    tmux("kill-server")
    if not os.geteuid():
        top_live.remove_namespace()
    subprocess.run(["rm", "-rf", WORK], check=False)
print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
sys.exit(counts["failed"] > 0 or counts["skipped"] and os.environ.get("CI") == "true")
