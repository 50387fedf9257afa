#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random combinations of outputs, speeds, failures and signals: a run always ends, in time.

    tests/outputs.py [PROGRAM [RUNS [FIRST]]]     build/weir 60 0

Each number is one combination: a failure is repeated by giving its number as FIRST and 1 as RUNS.
Needs no privilege. With CI or without, what must hold of each run: it ends by itself, or at most
SLACK seconds after a signal that asks for it; its status is 0 or 1; files of lines hold whole
lines and a document is whole; no process of it is left.
"""
import concurrent.futures
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

SLACK = float(os.environ.get("SLACK", "1.5"))
ALONE = 30  # seconds for a run that nobody asks to end
ENDING = [signal.SIGTERM, signal.SIGINT, signal.SIGUSR2, signal.SIGALRM]
HARMLESS = [signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE, signal.SIGXFSZ]


class Failed(Exception):
    pass


def capture(path, flows, seconds, per_second):
    """UDP packets of so many flows, evenly over the time."""
    header = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    ether = bytes.fromhex("ffffffffffff0200000000010800")
    with open(path, "wb") as file:
        file.write(header)
        for i in range(seconds * per_second):
            port = i % flows
            ip = struct.pack(">BBHHHBBHII", 0x45, 0, 28, i & 0xffff, 0, 64, 17, 0,
                             0x0a000001, 0x0a000002)
            frame = ether + ip + struct.pack(">HHHH", 1024 + port, 53, 8, 0)
            file.write(struct.pack("<IIII", 1700000000 + i // per_second,
                                   i % per_second * (1000000 // per_second), len(frame),
                                   len(frame)) + frame)


class Reader(threading.Thread):
    """Takes what a pipe holds, at a pace, up to an end."""

    def __init__(self, fd, pause, most):
        super().__init__(daemon=True)
        self.fd, self.pause, self.most = fd, pause, most
        self.start()

    def run(self):
        taken = 0
        while taken < self.most:
            part = os.read(self.fd, 65536)
            if not part:
                break
            taken += len(part)
            time.sleep(self.pause)
        os.close(self.fd)


def open_reader(path, pause, most):
    def work():
        Reader(os.open(path, os.O_RDONLY), pause, most)
    threading.Thread(target=work, daemon=True).start()


class Combination:
    """What one number means."""

    def __init__(self, number, folder, program):
        self.number, self.folder, self.program = number, folder, program
        self.random = random.Random(number)
        self.blocks, self.outputs, self.stdout = False, [], subprocess.DEVNULL
        self.said = os.path.join(folder, "stderr")
        count = self.random.randint(1, 4)
        makers = [self.file, self.file, self.file, self.pipe_unread, self.pipe_slow, self.pipe_left,
                  self.full, self.vanishing, self.standard]
        for index in range(count):
            self.random.choice(makers)(os.path.join(folder, f"out{index}"))

    def file(self, name):
        kind = self.random.choice(["json", "ndjson", "csv", "flows:", "text:"])
        self.outputs.append(kind + name if kind.endswith(":") else f"{name}.{kind}")

    def pipe(self, name):
        os.mkfifo(name)
        self.outputs.append(self.random.choice(["ndjson:", "flows:", "csv:", "text:"]) + name)

    def pipe_unread(self, name):
        self.pipe(name)
        self.blocks = True

    def pipe_slow(self, name):
        self.pipe(name)
        open_reader(name, self.random.choice([0, 0.001, 0.02]), 1 << 40)

    def pipe_left(self, name):
        """Its reader goes, and nobody comes after it."""
        self.pipe(name)
        open_reader(name, 0, self.random.choice([1, 1000, 1000000]))
        self.blocks = True

    def full(self, name):
        os.symlink("/dev/full", name)
        self.outputs.append("ndjson:" + name)

    def vanishing(self, name):
        os.mkdir(name)
        self.outputs.append(os.path.join(name, self.random.choice(["x.json", "x.ndjson"])))
        threading.Timer(self.random.random(), shutil.rmtree, (name, True)).start()

    def standard(self, _):
        if self.stdout == subprocess.PIPE:
            return
        self.outputs.append(self.random.choice(["-", "csv:-", "text:-", "flows:-"]))
        self.stdout = subprocess.PIPE
        self.blocks = True  # perhaps nobody reads it

    def command(self, where):
        choose = self.random.choice
        words = [self.program, "run", "-q", "-r", where, "-w", choose(
            ["tumbling:10ms", "tumbling:100ms", "tumbling:1s", "sliding:1s/100ms", "session:50ms",
             "tumbling:10s"])]
        if self.random.random() < 0.4:
            words += ["--speed", choose(["1", "5", "50"])]
        return words + [word for output in self.outputs for word in ("-o", output)]

    def signals(self, process):
        """True where one of them asks for the end; returns after the last one."""
        asked = False
        for _ in range(self.random.randint(0, 3)):
            time.sleep(self.random.random() * 0.5)
            number = self.random.choice(HARMLESS * 2 + ENDING)
            process.send_signal(number)
            if number in ENDING:
                asked = True
                break
        if not asked and self.blocks:
            time.sleep(self.random.random())
            process.send_signal(signal.SIGTERM)
            asked = True
        if asked and self.random.random() < 0.3:
            process.send_signal(signal.SIGTERM)
        return asked

    def run(self, where):
        with open(self.said, "wb") as said:
            process = subprocess.Popen(self.command(where), stdout=self.stdout, stderr=said)
        # A signal before the program has taken them over ends it: that is the system's doing.
        wait_until_ready(process)
        if self.stdout == subprocess.PIPE and self.random.random() < 0.7:
            Reader(os.dup(process.stdout.fileno()), self.random.choice([0, 0.01]),
                   self.random.choice([1 << 40, 1 << 40, 10]))
        begin = time.monotonic()
        try:
            asked = self.signals(process)
            begin = time.monotonic()
            process.wait(SLACK if asked else ALONE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"it did not end within {time.monotonic() - begin:.1f} s") from None
        finally:
            if process.stdout:
                process.stdout.close()
        if process.returncode not in (0, 1):
            raise Failed(f"status {process.returncode}")

    def check(self):
        with open(self.said) as file:
            said = file.read()
        if "Sanitizer" in said:
            raise Failed(said)
        for output in self.outputs:
            path = output.split(":", 1)[-1]
            if os.path.isfile(path) and not os.path.islink(path):
                check_file(output, path)


def wait_until_ready(process):
    """Until it has taken over SIGTERM, or has ended."""
    bit = 1 << (signal.SIGTERM - 1)
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as file:
            blocked = next((line.split()[1] for line in file if line.startswith("SigBlk")), "0")
        if int(blocked, 16) & bit:
            return
        time.sleep(0.005)


def check_file(output, path):
    with open(path) as file:
        text = file.read()
    if path.endswith(".json"):
        json.loads(text)
        return
    if text and not text.endswith("\n"):
        raise Failed(f"{output} ends within a line: {text[-60:]!r}")
    if path.endswith(".ndjson") or output.startswith(("ndjson:", "flows:")):
        for line in text.splitlines():
            json.loads(line)


def left_processes(folder):
    """Of a run that has ended; each writer sees that within moments."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        left = [pid for pid in os.listdir("/proc") if pid.isdigit() and holds(pid, folder)]
        if not left:
            return []
        time.sleep(0.05)
    return left


def holds(pid, folder):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        return b"-o" in words and any(folder.encode() in word for word in words)
    except OSError:
        return False


def try_number(number, program, where):
    folder = tempfile.mkdtemp(prefix="weir-outputs-")
    combination = Combination(number, folder, program)
    try:
        combination.run(where)
        combination.check()
        left = left_processes(folder)
        if left:
            raise Failed(f"processes left: {left}")
        return None
    except (Failed, OSError, ValueError) as error:
        with open(combination.said) as file:
            said = file.read()
        return f"{type(error).__name__}: {error}; outputs {combination.outputs}; said {said[:2000]}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    program = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else "build/weir")
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    folder = tempfile.mkdtemp(prefix="weir-outputs-")
    where = os.path.join(folder, "capture.pcap")
    failed = 0
    try:
        capture(where, 300, 4, 5000)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            numbers = range(first, first + runs)
            for number, failure in zip(numbers, pool.map(
                    lambda number: try_number(number, program, where), numbers)):
                if failure:
                    failed += 1
                    print(f"FAIL {number}: {failure}", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"{runs - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
