# SPDX-License-Identifier: BSD-2-Clause
"""What tests with the real server need: it, and a way to it on which connections do not last."""
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request

from lab import ROOT, Failed, die_with_parent, wait_until

SERVER = os.path.join(ROOT, "tools/clickhouse/server")
START_S = 60
CHUNK = 65536
DISK_BYTES = 8 << 30
FULL_S = 8


def is_installed():
    return shutil.which("clickhouse-server", path=os.environ["PATH"] + ":/usr/sbin") is not None


def free_ports(count):
    """The first of so many free ports in a row, below those that connections get."""
    for _ in range(100):
        first = random.randrange(20000, 30000)
        try:
            for port in range(first, first + count):
                with socket.create_server(("127.0.0.1", port)):
                    pass
            return first
        except OSError:
            continue
    raise Failed("no free ports")


class Clickhouse:
    """A server in a folder of its own; on a disk of its own where that is asked for."""

    def __init__(self, folder, port=None, shards=(), has_disk=False, password=""):
        self.folder, self.port, self.shards = folder, port or free_ports(4), shards
        self.port_secure, self.certificate, self.password = self.port + 3, "", password
        self.process, self.has_disk, self.fulls = None, has_disk, 0
        os.mkdir(folder)
        if has_disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "weir-fleet",
                            folder], check=True)

    def start(self):
        more = {"CERTIFICATE": self.certificate, "PASSWORD": self.password}
        self.process = subprocess.Popen([SERVER, self.folder, str(self.port),
                                         *map(str, self.shards)], env={**os.environ, **more},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=die_with_parent)
        wait_until(self.answers, "an answer of the server", START_S)
        return self

    def answers(self):
        try:
            return self.ask("SELECT 1") == "1"
        except (OSError, Failed):
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, query, settings=""):
        url = f"http://127.0.0.1:{self.port}/?max_read_buffer_size=65536{settings}"
        request = urllib.request.Request(url, query.encode(),
                                         {"X-ClickHouse-User": "default",
                                          "X-ClickHouse-Key": self.password})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.read().decode().strip()
        except urllib.error.HTTPError as error:
            raise Failed(f"{query}: {error.read().decode()[:300]}") from None

    def number(self, query):
        return int(self.ask(query))

    def run_file(self, name):
        with open(os.path.join(ROOT, "tools/clickhouse", name), encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("--")]
        for statement in "".join(lines).split(";"):
            if statement.strip():
                self.ask(statement)

    def shrink_disk(self):
        """To what is used, which may be more by then: that is refused."""
        used = shutil.disk_usage(self.folder).used
        return not subprocess.run(["mount", "-o", f"remount,size={used + CHUNK}", self.folder],
                                  stderr=subprocess.DEVNULL, check=False).returncode

    def fill_disk_a_while(self):
        wait_until(self.shrink_disk, "a full disk", START_S)
        self.fulls += 1
        time.sleep(FULL_S)
        subprocess.run(["mount", "-o", f"remount,size={DISK_BYTES}", self.folder], check=True)

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        if self.has_disk:
            subprocess.run(["umount", self.folder], check=True)


class Way:
    """Passes connections on to a port, and ends them at random: cut, or what is said unheard."""

    def __init__(self, port, seed, share=0.5):
        self.port_there, self.random, self.share = port, random.Random(seed), share
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.cuts = self.unheard = 0
        self.is_over = False
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.is_over = True
        self.listener.close()

    def calm(self):
        """From now on connections last."""
        self.share = 0

    def accept(self):
        while not self.is_over:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self.port_there))
            except OSError:
                here.close()
                continue
            self.join(here, there)

    def join(self, here, there):
        drawn = self.random.random()
        bytes_max = replies_max = None
        if drawn < self.share / 2:
            bytes_max = self.random.randrange(12 << 20)
        elif drawn < self.share:
            replies_max = self.random.randrange(4, 24)
        for source, target, most in ((here, there, bytes_max), (there, here, replies_max)):
            threading.Thread(target=self.carry, args=(source, target, most, source is here),
                             daemon=True).start()

    def carry(self, source, target, most, is_upward):
        count = 0
        try:
            while part := source.recv(CHUNK):
                count += len(part) if is_upward else 1
                if most is not None and count > most and self.share:
                    self.count(is_upward)
                    break
                target.sendall(part)
        except OSError:
            pass
        for end in (source, target):
            self.reset(end)

    def count(self, is_cut):
        if is_cut:
            self.cuts += 1
        else:
            self.unheard += 1

    @staticmethod
    def reset(end):
        try:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RDWR)
            end.close()
        except OSError:
            pass


class Kills(threading.Thread):
    """Kills a server at random times within so many seconds, and starts it again."""

    def __init__(self, server, count, seconds, seed, full_at=None):
        super().__init__(daemon=True)
        chance = random.Random(seed)
        self.server, self.count, self.failure = server, 0, None
        self.is_done = threading.Event()
        self.plan = [(chance.uniform(1, seconds), self.kill) for _ in range(count)]
        if full_at is not None:
            self.plan.append((full_at, server.fill_disk_a_while))
        self.plan.sort(key=lambda step: step[0])

    def kill(self):
        self.server.kill()
        self.count += 1
        self.server.start()

    def run(self):
        begin = time.monotonic()
        try:
            for at, step in self.plan:
                time.sleep(max(0, begin + at - time.monotonic()))
                step()
        except Exception as failure:  # who waits for the end tells it
            self.failure = failure
        self.is_done.set()
        # Servers die with the thread that started them.
        threading.Event().wait()

    def end(self):
        self.is_done.wait()
        if self.failure:
            raise Failed(f"the server does not start again: {self.failure}")
