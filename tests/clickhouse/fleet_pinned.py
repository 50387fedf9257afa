# SPDX-License-Identifier: BSD-2-Clause
"""An agent that counts live into ClickHouse, killed and taken over by the next one (--pin)."""
import os
import random
import signal
import subprocess
import time

import test_pin
from fleet_lab import free_ports
from lab import ROOT, expect, expect_equal, run, wait_until

KILLS = 8


class Server:
    """In the namespace of the agent, which may reach nothing else."""

    def __init__(self, lab, space):
        self.inside = ("nsenter", f"--net=/run/netns/{space.name}")
        self.port = free_ports(3)
        self.process = subprocess.Popen(
            [*self.inside, os.path.join(ROOT, "tools/clickhouse/server"), lab.path("server"),
             str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.ask("SELECT 1") == "1", "the server", 60)
        self.ask("CREATE DATABASE net")

    def ask(self, query):
        return run(*self.inside, "curl", "-s", "--data-binary", query,
                   f"http://127.0.0.1:{self.port}/", check=False).stdout.strip()

    def close(self):
        self.process.terminate()
        self.process.wait()


def kill_and_start(pinned, address, space, far_space, near):
    pinned.begin().attached()
    time.sleep(0.3)
    base = test_pin.counters(space, near.name)
    sender = test_pin.sending(far_space, address, 3600)
    seed = random.Random(3)
    for kill in range(KILLS):
        if kill % 3 < 2:
            pinned.attached()
        time.sleep(seed.random() * 1.2)
        pinned.end(signal.SIGKILL).begin()
    pinned.attached()
    sender.terminate()
    sender.wait()
    moved = test_pin.check_sums(pinned, space, near, base)
    # What waits in the spool goes with the next one.
    pinned.begin().attached()
    time.sleep(2)
    pinned.end()
    return moved


def pinned_agents_are_killed(lab):
    space, far_space, near = test_pin.scene(lab)
    server = Server(lab, space)
    target = f"clickhouse://127.0.0.1:{server.port}/net?spool={lab.path('spool')}"
    try:
        with test_pin.Pinned(space, "-i", near.name, "-a", "tc", "-w", "tumbling:200ms", "-p",
                             "50ms", "-o", target) as pinned:
            kill_and_start(pinned, near.ip, space, far_space, near)
            seen, _ = test_pin.sums(pinned.documents())
            rows = server.ask("SELECT sum(packets), sum(bytes) FROM net.flows FINAL").split()
            expect_equal([int(one) for one in rows], seen, "packets and bytes of the table")
            windows = server.ask("SELECT count() FROM net.windows FINAL")
            expect_equal(int(windows), len(pinned.documents()), "windows")
            expect(seen[0] > 1000, f"only {seen[0]} packets")
    finally:
        server.close()
