#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A pinned run, killed at one system call after the other (strace; root).

    kills.py BUILD [loop | CALL [FIRST [LAST]]]

Under load an agent is killed and another takes over; after the last start all documents have to
equal what the interface counted. `loop`: killed at the Nth system call of its loop, of any thread,
N up to 60 (a pane of 50 ms takes some 40). CALL, one of those that change or read what is kept
(bpf, rename, unlink, ...): it is killed at a random moment, and the one that takes over at the Nth
CALL of its start, N up to as many as that has. Without either: all of these.
"""
import collections
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))
if len(sys.argv) > 1:
    os.environ["BUILD"] = sys.argv[1]

import test_pin  # noqa: E402
from lab import Failed, Lab  # noqa: E402

CALLS = "unlink rename rmdir mkdir pwrite64 ftruncate unlinkat bpf openat".split()
LOOP = 60
PATIENCE_S = 20


def strace(calls, number, *command):
    return ["strace", "-q", "-f", "-o", "/dev/null", "-e",
            f"inject={calls}:signal=SIGKILL:when={number}", *command]


def kill_in_loop(pinned, number):
    watcher = subprocess.Popen(strace("all", number, "-p", str(pinned.agent.pid)),
                               stderr=subprocess.DEVNULL)
    try:
        pinned.agent.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        pinned.end(signal.SIGKILL)
    watcher.wait()


def start_of(pinned, *more):
    return pinned.command("run", f"--pin={pinned.place}", *pinned.arguments, "-o", pinned.output,
                          *more)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def kill_in_start(pinned, call, number):
    pinned.end(signal.SIGKILL)
    with open(pinned.errors, "w") as errors:
        tracer = subprocess.Popen(strace(call, number, *start_of(pinned)), stderr=errors,
                                  stdout=subprocess.DEVNULL, env=pinned.environment)
    try:
        tracer.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        for child in children(tracer.pid):
            os.kill(child, signal.SIGKILL)
        tracer.wait()


@contextlib.contextmanager
def loaded():
    """A pinned run under load; what it said has to add up once this is left."""
    with Lab() as lab:
        space, far_space, near = test_pin.scene(lab)
        with test_pin.Pinned(space, "-i", near.name, "-a", "tc", "-w", "tumbling:200ms", "-p",
                             "50ms") as pinned:
            pinned.begin().attached()
            time.sleep(0.2)
            base = test_pin.counters(space, near.name)
            sender = test_pin.sending(far_space, near.ip, 3600)
            time.sleep(0.2 + random.random() * 0.2)
            yield pinned
            pinned.begin().attached()
            sender.terminate()
            sender.wait()
            test_pin.check_sums(pinned, space, near, base)


def count_calls():
    """How many of each a start has that takes over, up to its first pane."""
    counts = collections.Counter()
    with loaded() as pinned:
        pinned.end(signal.SIGKILL)
        trace = os.path.join(pinned.files, "trace")
        subprocess.run(["strace", "-q", "-f", "-o", trace, "-e", "trace=" + ",".join(CALLS),
                        *start_of(pinned, "-t", "60ms")], env=pinned.environment,
                       stderr=subprocess.DEVNULL, check=False)
        with open(trace) as file:
            words = [line.split() for line in file]
    pid = collections.Counter(line[0] for line in words).most_common(1)[0][0]
    counts.update(line[1].split("(")[0] for line in words if line[0] == pid)
    return counts


def attempt(call, number):
    with loaded() as pinned:
        if call == "loop":
            kill_in_loop(pinned, number)
        else:
            kill_in_start(pinned, call, number)


def plan(words):
    if words[:1] == ["loop"] or len(words) > 1:
        first, last = (int(word) for word in (words[1:] + ["1", str(LOOP)][len(words) - 1:]))
        return [(words[0], number) for number in range(first, last + 1)]
    counts = count_calls()
    calls = words or CALLS
    loop = [] if words else [("loop", number) for number in range(1, LOOP + 1)]
    return loop + [(call, number) for call in calls for number in range(1, counts[call] + 1)]


def main():
    if os.geteuid() or not shutil.which("strace"):
        print("skipped: it needs root and strace")
        return 0
    failed, kills = 0, plan(sys.argv[2:])
    for call, number in kills:
        try:
            attempt(call, number)
            print(f"ok   killed at {call} {number}", flush=True)
        except Failed as failure:
            failed += 1
            print(f"FAIL killed at {call} {number}: {failure}", flush=True)
    print(f"{len(kills) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
