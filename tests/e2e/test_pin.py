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

import watch
from lab import BUILD, Failed, expect, expect_equal, run, wait_until

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
        expect(watch.REFUSED not in self.said(), f"calls that weir takes: {self.said()}")
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


def check_sums(pinned, space, near, base, tells_all_panes=True):
    """All packets of the interface are in the documents, each once."""
    end = settle(space, near.name)
    pinned.end()
    moved = [now - then for now, then in zip(end, base)]
    seen, kernel = sums(pinned.documents())
    if tells_all_panes:
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


def a_kill_in_the_first_pane_loses_nothing(lab):
    """The interface has counted before, which is told of nobody's window."""
    space, far_space, near = scene(lab)
    sending(far_space, near.ip, 0.5).wait()
    base = settle(space, near.name)
    with Pinned(space, "-i", near.name, "-a", "tc", "-w", "tumbling:2s", "-p", "2s") as pinned:
        pinned.begin().attached()
        sender = sending(far_space, near.ip, 1)
        time.sleep(0.3)
        pinned.end(signal.SIGKILL).begin().attached()
        sender.wait()
        moved = check_sums(pinned, space, near, base)
    return f"{moved[0]} packets, each once"


def a_filter_and_native_xdp_count_on(lab):
    space, far_space, near = scene(lab)
    with Pinned(space, "-i", near.name, "-a", "native", "-w", "tumbling:500ms") as pinned:
        pinned.begin("udp", "or", "arp").attached()
        time.sleep(0.3)
        base = counters(space, near.name)
        sender = sending(far_space, near.ip, 5)
        for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
            time.sleep(0.7)
            pinned.end(how)
            time.sleep(0.4)
            pinned.begin("udp", "or", "arp").attached()
        sender.wait()
        end = settle(space, near.name)
        pinned.end()
        seen, _ = sums(pinned.documents())
        filtered = sum(d["outcomes"]["filtered"]["packets"] for d in pinned.documents())
        expect_equal(seen[0], end[0] - base[0] + end[2] - base[2], "packets seen")
        expect(filtered > 0, "no answer by ICMP was filtered out")
    return f"{seen[0]} packets, {filtered} of them filtered, each once"


def an_interface_made_anew_while_pinned_is_counted_on(lab):
    space, far_space, near = scene(lab)
    with Pinned(space, "-i", near.name, "-a", "tc", "-w", "tumbling:200ms", "-p", "100ms") as pinned:
        pinned.begin().attached()
        space.run("ip", "link", "del", near.name)
        wait_until(lambda: "it has gone" in pinned.said(), "a word about the interface gone")
        near, _ = lab.link(space, far_space, 1, ("one", "far"))
        wait_until(lambda: "it is back" in pinned.said(), "a word about its return")
        wait_until(lambda: pinned.said().count("attached to") == 2, "attached again")
        time.sleep(0.3)
        base = counters(space, near.name)
        sender = sending(far_space, near.ip, 2)
        time.sleep(0.5)
        pinned.end(signal.SIGKILL)
        pinned.begin().attached()
        sender.wait()
        end = settle(space, near.name)
        pinned.end()
        seen, _ = sums(pinned.documents())
        expect(seen[0] >= end[0] - base[0], f"seen {seen[0]} of {end[0] - base[0]}")
        programs = [name for name in os.listdir(pinned.place) if name.startswith("link")]
        expect_equal(len(programs), 2, "pinned programs")
        expect_equal("detached 2 programs" in pinned.detach().stderr, True, "what detach says")
    return "deleted, made anew, killed and taken over"


def what_cannot_be_gone_on_with_is_refused(lab):
    space, _, near = scene(lab)
    with Pinned(space, "-i", near.name, "-a", "tc", "-w", "tumbling:200ms") as pinned:
        pinned.begin().attached()
        other = run(*pinned.command("run", f"--pin={pinned.place}", "-i", near.name), check=False,
                    env=pinned.environment)
        expect_equal(other.returncode, 1, "status beside an agent at work")
        expect("another agent counts there" in other.stderr, other.stderr)
        pinned.end(signal.SIGKILL)
        for words in (["udp"], ["-g", "src"], ["--tcp"], ["-d", "in"], ["-a", "native"]):
            options = words if words[0].startswith("-") else []
            refused = run(*pinned.command("run", f"--pin={pinned.place}", "-i", near.name,
                                          *options, "-t", "1s", *(words if not options else [])),
                          check=False, env=pinned.environment)
            expect_equal(refused.returncode, 1, f"{words}: status")
            expect("detach" in refused.stderr, f"{words}: {refused.stderr}")
        pinned.begin().attached().end()
        for words, status in ((["run", "--pin=x"], 2), (["top", "--pin"], 2),
                              (["run", "-r", "x.pcap", "--pin"], 2),
                              (["run", "--pin=/tmp", "-i", near.name], 1),
                              (["run", f"--pin={pinned.place}2", "-a", "pcap", "-i", near.name], 1)):
            refused = run(*pinned.command(*words), check=False, env=pinned.environment)
            expect_equal(refused.returncode, status, f"{words}: {refused.stderr}")
        checked = run(*pinned.command("check", f"--pin={pinned.place}"), check=False,
                      env=pinned.environment)
        expect("counts on without an agent" in checked.stdout, checked.stdout)
        expect_equal(pinned.detach().returncode, 0, "status of detach")
        expect("nothing is pinned" in pinned.detach().stderr, "what a second detach says")
    return "another agent, another filter, group, option, hook; each in a line"


def rows_of(document):
    """Packets of all rows, both ways."""
    return sum(flow["packets"]["total"] +
               ((flow.get("reverse") or {}).get("packets") or {"total": 0})["total"]
               for flow in document["flows"])


def whatever_rows_and_windows_are_all_is_told_once(lab):
    cases = (["-w", "tumbling:200ms", "-b", "--processes"], ["-w", "session:300ms"],
             ["-w", "tumbling:200ms", "-g", "service", "--tcp"],
             ["-w", "tumbling:200ms", "--tunnels", "--align", "start"])
    told = 0
    for case in cases:
        space, far_space, near = scene(lab)
        with Pinned(space, "-i", near.name, "-a", "tc", "-p", "50ms", *case) as pinned:
            pinned.begin().attached()
            time.sleep(0.3)
            base = counters(space, near.name)
            sender = sending(far_space, near.ip, 3600)
            for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
                time.sleep(0.5)
                pinned.attached().end(how).begin()
            pinned.attached()
            sender.terminate()
            sender.wait()
            # Of a pane in which no session ended there is no document.
            is_all = "session" not in case[1]
            try:
                told += check_sums(pinned, space, near, base, is_all)[0]
            except Failed as failure:
                raise Failed(f"{case}: {failure}") from failure
            for document in pinned.documents():
                total = document["total"]["packets"]
                expect_equal(rows_of(document), total["total"], f"{case}: rows and their total")
                if "away_ns" in document["window"]:
                    expect(total["max"] <= total["average"] * 1.000001, f"{case}: {total}")
        space.run("ip", "link", "del", near.name)
    return f"conversations, sessions, services, tunnels: {told} packets, each once"


TESTS = [a_stop_and_a_start_lose_nothing, a_kill_at_any_moment_loses_nothing,
         a_kill_in_the_first_pane_loses_nothing,
         a_filter_and_native_xdp_count_on, an_interface_made_anew_while_pinned_is_counted_on,
         whatever_rows_and_windows_are_all_is_told_once, what_cannot_be_gone_on_with_is_refused]
