# SPDX-License-Identifier: BSD-2-Clause
"""What is run while something fails: command lines of weir and what they write."""
import collections
import contextlib
import os
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../e2e"), os.path.join(HERE, "..")]

import capture_files  # noqa: E402
from lab import BUILD, Lab, run  # noqa: E402

PACKETS = 3000
SHORT = ["-t", "250ms", "-w", "tumbling:100ms"]

# name; arguments of weir, where @ stands for the folder, # for the folder of captures; the files it
# writes; whether the results are those of the captures, the same each time; what it reads.
Scene = collections.namedtuple("Scene", "name arguments files exact stdin", defaults=(None,))

SCENES = [
    Scene("replay", "run -q -r #a.pcap -w tumbling:1s -o @x.json -o @x.ndjson -o -".split(),
          ["x.json", "x.ndjson"], True),
    Scene("replay-windows", "run -q -r #a.pcapng.gz -w sliding:4s/1s -w session:2s -w tumbling:2s "
          "-g src/24,proto,interface -n 20 -o @x.ndjson tcp or udp".split(), ["x.ndjson"], True),
    Scene("replay-stdin", "run -r - -w tumbling:2s -o -".split(), [], True, "a.pcap"),
    Scene("live-tc", ["run", "-i", "near", "-a", "tc", *SHORT, "-o", "@x.json", "-o", "-"],
          ["x.json"], False),
    Scene("live-auto", ["run", "-v", "-i", "near", *SHORT, "-w", "sliding:200ms/100ms", "-o",
                        "@x.ndjson", "udp"], ["x.ndjson"], False),
    Scene("live-native", ["run", "-i", "near", "-a", "native", *SHORT, "-o", "@x.ndjson", "not", "arp"],
          ["x.ndjson"], False),
    Scene("live-clsact", ["run", "-i", "near", "-a", "clsact", *SHORT, "-o", "@x.ndjson"],
          ["x.ndjson"], False),
    Scene("live-pcap", ["run", "-i", "near", "-a", "pcap", *SHORT, "-o", "@x.ndjson", "ip"],
          ["x.ndjson"], False),
    Scene("top-replay", "top -r #a.pcap -n 5 --speed max".split(), [], False),
    Scene("top-live", "top -i near -a tc -n 5 -t 250ms -w tumbling:100ms".split(), [], False),
    Scene("check", "check near lo".split(), [], False),
    Scene("check-all", "check --json".split(), [], False),
]


def write_captures(folder):
    made = subprocess.run([os.path.join(BUILD, "generate"), "A", str(PACKETS)], check=True,
                          stdout=subprocess.PIPE).stdout
    packets = [(ns // 1000 * 1000 + i * 2_000_000, length, data)
               for i, (ns, length, data) in enumerate(capture_files.read_pcap(made))]
    for name, data in (("a.pcap", capture_files.pcap(packets)),
                       ("a.pcapng.gz", capture_files.gzipped(capture_files.pcapng(
                           packets, names=("eth0", "eth1"), flags=(1, 2))))):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


class Stage:
    """A link with traffic on it, of one worker, and what is attached there."""

    def __init__(self, captures):
        self.captures = captures
        self.lab = Lab()
        self.near, self.far = self.lab.pair()
        self.bare = self.state()
        self.stopping = threading.Event()
        self.sender = threading.Thread(target=self.send, daemon=True)
        self.sender.start()

    def close(self):
        self.stopping.set()
        self.sender.join()
        self.lab.close()

    def send(self):
        """A few packets each few milliseconds: each run sees some."""
        import socket
        with self.far.namespace.inside():
            out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        number = 0
        while not self.stopping.wait(0.004):
            number += 1
            with contextlib.suppress(OSError):
                out.sendto(bytes(100), (self.near.ip, 9000 + number % 20))

    def state(self):
        """Hooks and qdiscs: what a run must leave as it found it."""
        return self.near.hooks(), self.near.qdiscs()

    def clean(self):
        """After a run that left something, so that the next one is judged by itself."""
        run("tc", "-n", self.near.namespace.name, "qdisc", "del", "dev", "near", "clsact",
            check=False)
        run("ip", "-n", self.near.namespace.name, "link", "set", "dev", "near", "xdp", "off",
            check=False)

    def command(self, scene, folder):
        """The words of weir for this scene."""
        return [word.replace("@", folder + "/") if word.startswith("@") else
                word.replace("#", self.captures + "/") for word in scene.arguments]

    def input(self, scene):
        return open(os.path.join(self.captures, scene.stdin) if scene.stdin else os.devnull, "rb")
