# SPDX-License-Identifier: BSD-2-Clause
"""Counting that outlives the agent: stopped, killed at any moment, started again."""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from lab import BUILD, expect, expect_equal, run, wait_until

SENDER = """
import socket, sys, time
ports, gap, seconds, address = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
end = time.monotonic() + seconds
i = 0
while time.monotonic() < end:
    for _ in range(8):
        sockets[i % ports].sendto(bytes(10 + i % 700), (address, 9))
        i += 1
    time.sleep(gap)
"""


class Pinned:
    """A place of its own, and agents that follow one another there."""

    def __init__(self, space, *arguments):
        if not os.path.ismount("/sys/fs/bpf"):
            run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")
        self.space = space
        self.arguments = arguments
        self.files = tempfile.mkdtemp(prefix="weir-pin-")
        self.place = f"/sys/fs/bpf/weir-test-{os.getpid()}"
        self.output = os.path.join(self.files, "out.ndjson")
        self.errors = os.path.join(self.files, "err")
        self.environment = dict(os.environ, STATE_DIRECTORY=os.path.join(self.files, "state"))
        self.agent = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def command(self, *words):
        # ip netns exec mounts another /sys, which has no BPF file system
        return ("nsenter", f"--net=/run/netns/{self.space.name}", os.path.join(BUILD, "weir"), *words)

    def begin(self, *more):
        with open(self.errors, "w") as errors:
            self.agent = subprocess.Popen(
                self.command("run", f"--pin={self.place}", *self.arguments, "-o", self.output,
                             *more), stderr=errors, stdout=subprocess.DEVNULL,
                env=self.environment)
        return self

    def said(self):
        with open(self.errors) as errors:
            return errors.read()

    def attached(self):
        def there():
            expect(self.agent.poll() is None, f"it ended: {self.said()}")
            return "attached to" in self.said()
        wait_until(there, "the agent attached", 30)
        return self

    def end(self, how=signal.SIGTERM):
        self.agent.send_signal(how)
        status = self.agent.wait(timeout=30)
        if how != signal.SIGKILL:
            expect_equal(status, 0, f"status of the end: {self.said()}")
        return self

    def detach(self):
        return run(*self.command("detach", f"--pin={self.place}"), check=False,
                   env=self.environment)

    def documents(self):
        with open(self.output) as file:
            text = file.read()
        expect(not text or text.endswith("\n"), "a half line at the end")
        return [json.loads(line) for line in text.splitlines()]

    def remove(self):
        if self.agent and self.agent.poll() is None:
            self.agent.kill()
            self.agent.wait()
        self.detach()
        subprocess.run(["rm", "-rf", self.files], check=False)


def counters(space, name):
    found = json.loads(space.run("ip", "-j", "-s", "link", "show", name).stdout)[0]["stats64"]
    return [found["rx"]["packets"], found["rx"]["bytes"],
            found["tx"]["packets"], found["tx"]["bytes"]]


def sums(documents):
    """Packets and bytes seen in and out, as documents tell them, and as interfaces do in these."""
    seen, kernel = [0, 0], [0, 0, 0, 0]
    for document in documents:
        seen[0] += document["seen"]["packets"]
        seen[1] += document["seen"]["bytes"]
        flows = document["outcomes"]["flow"]
        expect_equal(flows["packets"], document["total"]["packets"]["total"], "outcome and total")
        for link in document["interfaces"]:
            for i, key in enumerate(("rx_packets", "rx_bytes", "tx_packets", "tx_bytes")):
                kernel[i] += link[key]
    return seen, kernel


def sending(far_space, address, seconds, ports=50):
    return subprocess.Popen(["nsenter", f"--net=/run/netns/{far_space.name}", sys.executable, "-c",
                             SENDER, str(ports), "0.0005", str(seconds), address])


def scene(lab):
    """A link whose near end is counted. What comes in is answered by nobody."""
    space, far_space = lab.namespace(), lab.namespace()
    near, _ = lab.link(space, far_space, 1, ("one", "far"))
    space.sysctl("ipv4.icmp_ratelimit", 1000)
    return space, far_space, near


def settle(space, name):
    last = None
    while last != (last := counters(space, name)):
        time.sleep(0.2)
    return last


def check_sums(pinned, space, near, base):
    """All packets of the interface are in the documents, each once."""
    end = settle(space, near.name)
    pinned.end()
    moved = [now - then for now, then in zip(end, base)]
    seen, kernel = sums(pinned.documents())
    expect_equal(kernel, moved, "what documents say that the interface counted")
    expect_equal(seen, [moved[0] + moved[2], moved[1] + moved[3]], "seen, packets and bytes")
    return moved


def a_stop_and_a_start_lose_nothing(lab):
    space, far_space, near = scene(lab)
    with Pinned(space, "-i", near.name, "-a", "tc", "-w", "tumbling:500ms", "-p", "100ms") as pinned:
        return stop_and_start(pinned, space, far_space, near)


def stop_and_start(pinned, space, far_space, near):
    pinned.begin().attached()
    time.sleep(0.3)
    base = counters(space, near.name)
    sender = sending(far_space, near.ip, 6)
    for _ in range(3):
        time.sleep(0.8)
        pinned.end()
        time.sleep(0.5)
        pinned.begin().attached()
    sender.wait()
    moved = check_sums(pinned, space, near, base)
    away = [d["window"]["away_ns"] for d in pinned.documents() if "away_ns" in d["window"]]
    expect_equal(len(away), 3, "documents of the time without an agent")
    done = pinned.detach()
    expect_equal(done.returncode, 0, done.stderr)
    expect(not os.path.exists(pinned.place), "the place is still there")
    return f"3 restarts under load: {moved[0]} packets, each once"


def a_kill_at_any_moment_loses_nothing(lab):
    space, far_space, near = scene(lab)
    with Pinned(space, "-i", near.name, "-a", "tc", "-w", "tumbling:200ms", "-p", "50ms") as pinned:
        return kill_and_start(pinned, space, far_space, near)


def kill_and_start(pinned, space, far_space, near):
    pinned.begin().attached()
    time.sleep(0.3)
    base = counters(space, near.name)
    kills = int(os.environ.get("PIN_KILLS", "12"))
    sender = sending(far_space, near.ip, 3600)
    seed = random.Random(int(os.environ.get("PIN_SEED", "1")))
    for kill in range(kills):
        if kill % 3 == 2:
            time.sleep(seed.random() * 2)  # also in the midst of a start
        else:
            pinned.attached()
            time.sleep(seed.random())
        pinned.end(signal.SIGKILL)
        pinned.begin()
    pinned.attached()
    sender.terminate()
    sender.wait()
    moved = check_sums(pinned, space, near, base)
    return f"{kills} kills under load: {moved[0]} packets, each once"


TESTS = [a_stop_and_a_start_lose_nothing, a_kill_at_any_moment_loses_nothing]
