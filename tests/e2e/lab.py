# SPDX-License-Identifier: BSD-2-Clause
"""Network namespaces, veth links and processes that are gone again whatever happens."""
import contextlib
import ctypes
import json
import os
import platform
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
BPF_PROG_QUERY = 16
BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}.get(platform.machine(), 280)
BPF_TCX = {"tcx-ingress": 46, "tcx-egress": 47}
XDP_MODES = {1: "xdp-native", 2: "xdp-generic", 3: "xdp-offload"}
libc = ctypes.CDLL(None, use_errno=True)

TCP_AT_REST = {"06", "07", "0A"}  # TIME_WAIT, CLOSE, LISTEN: nothing is sent unasked

OFFLOADS = "rx tx sg tso gso gro tx-udp-segmentation".split()
QUIET = {"ipv6.conf.default.accept_dad": 0, "ipv6.conf.default.router_solicitations": 0,
         "ipv6.conf.default.accept_ra": 0, "ipv6.conf.default.addr_gen_mode": 1,
         "ipv6.conf.default.mldv2_unsolicited_report_interval": 1}


class Failed(Exception):
    """What a test promised did not hold."""


class Skipped(Exception):
    """What this machine does not let a test try."""


class LinkDropped(Failed):
    """The veth dropped frames on a busy machine: what was delivered to whom is not known."""


class PaneLate(Failed):
    """A pane was late, by what is tested or by others on a busy machine: each try tells."""


class NotAtRest(Failed):
    """Packets went by when there should have been none: what was counted when is not known."""


class HeldUp(Failed):
    """What a test times itself took turns with others of a busy machine."""


def expect(held, message):
    if not held:
        raise Failed(message)


def expect_equal(got, wanted, what):
    expect(got == wanted, f"{what}: {got}, expected {wanted}")


def wait_until(predicate, what, seconds=5.0):
    """Polls until predicate() is true and returns its value; Failed when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = predicate()
        if value:
            return value
        time.sleep(0.01)
    raise Failed(f"waited {seconds} s in vain: {what}")


def wait_for_text(path, text):
    """Waits until a file, the standard error of a program, holds the text."""
    def there():
        with open(path) as file:
            return text in file.read()
    wait_until(there, f"'{text}' in {os.path.basename(path)}")


def run(*command, check=True, **keywords):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **keywords)
    if check and done.returncode:
        raise Failed(f"{' '.join(command)}: status {done.returncode}: {done.stderr.strip()}")
    return done


def tool(name):
    """Path of one of the traffic tools, built by make."""
    path = os.path.join(BUILD, "tests/traffic", name)
    expect(os.access(path, os.X_OK), f"{path} is missing: run make traffic")
    return path


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Namespace:
    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.run("ip", "link", "set", "lo", "up")
        for key, value in QUIET.items():
            self.sysctl(key, value)

    def command(self, command):
        return ("ip", "netns", "exec", self.name, *command)

    def run(self, *command, **keywords):
        return run(*self.command(command), **keywords)

    def sysctl(self, key, value):
        with self.inside(), open(f"/proc/sys/net/{key.replace('.', '/')}", "w") as file:
            file.write(str(value))

    @contextlib.contextmanager
    def inside(self):
        """Sockets made by this thread within belong to the namespace."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            expect(libc.setns(there.fileno(), CLONE_NEWNET) == 0, f"cannot enter {self.name}")
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def tcp_states(self):
        """States of the TCP sockets, as the kernel numbers them."""
        with self.inside():
            for name in ("tcp", "tcp6"):
                with open(f"/proc/thread-self/net/{name}") as file:
                    yield from (line.split()[3] for line in file.readlines()[1:])

    def delete(self):
        run("ip", "netns", "del", self.name, check=False)


class Device:
    """One end of a link: where it is and what can be asked of it."""

    def __init__(self, namespace, name, host, link=0):
        self.namespace, self.name, self.peer = namespace, name, None
        self.mac = f"02:00:00:00:{link:02x}:{host:02x}"
        self.ip = f"10.9.{link}.{host}"
        self.ip6 = f"fd09:{link}::{host}"

    def ip_link(self, *arguments):
        self.namespace.run("ip", "link", "set", "dev", self.name, *arguments)

    def show(self):
        text = self.namespace.run("ip", "-j", "-d", "-s", "link", "show", "dev", self.name).stdout
        return json.loads(text)[0]

    def counters(self):
        """What `ip -s link` counted: ((in packets, in bytes), (out packets, out bytes))."""
        stats = self.show()["stats64"]
        return tuple((stats[way]["packets"], stats[way]["bytes"]) for way in ("rx", "tx"))

    def dropped(self):
        """Packets dropped on sending, behind the TC hook (the receiver's queue was full)."""
        return self.show()["stats64"]["tx"]["dropped"]

    def has_tcp(self):
        """Whether a connection of either end may still send, were it only a FIN once more."""
        spaces = [end.namespace for end in (self, self.peer) if end]
        return any(state not in TCP_AT_REST for space in spaces for state in space.tcp_states())

    def settle(self, seconds=0.15):
        """Returns the counters once they have not moved for this long, nor will."""
        last, since = self.counters(), time.monotonic()
        give_up = since + 10
        while time.monotonic() < since + seconds:
            time.sleep(0.02)
            now = self.counters()
            if now != last or self.has_tcp():
                last, since = now, time.monotonic()
            if time.monotonic() > give_up:
                raise NotAtRest(f"{self.name} does not come to rest")
        return last

    def offloads(self, on):
        words = [word for name in OFFLOADS for word in (name, "on" if on else "off")]
        self.namespace.run("ethtool", "-K", self.name, *words)

    def hooks(self):
        """The programs attached now, for instance {("xdp-native", 17)}: hook and program id."""
        shown, found = self.show(), set()
        if "xdp" in shown:
            mode = XDP_MODES.get(shown["xdp"]["mode"], "xdp-multi")
            found.add((mode, shown["xdp"].get("prog", {}).get("id")))
        with self.namespace.inside():
            for name, kind in BPF_TCX.items():
                found |= {(name, number) for number in tcx_programs(shown["ifindex"], kind)}
        for way in ("ingress", "egress"):
            text = self.namespace.run("tc", "filter", "show", "dev", self.name, way).stdout
            found |= {(f"clsact-{way}", int(number))
                      for number in re.findall(r"direct-action.* id (\d+)", text)}
        return found

    def qdiscs(self):
        return self.namespace.run("tc", "qdisc", "show", "dev", self.name).stdout


def tcx_programs(index, kind):
    """Ids of the programs at a TCX hook; none also where the kernel has no TCX."""
    numbers = (ctypes.c_uint32 * 64)()
    query = struct.pack("=IIIIQI", index, kind, 0, 0, ctypes.addressof(numbers), len(numbers))
    attr = ctypes.create_string_buffer(query, 128)
    if libc.syscall(BPF_SYSCALL, BPF_PROG_QUERY, attr, len(attr)) != 0:
        return []
    return numbers[:struct.unpack_from("=I", attr, 24)[0]]


class Lab:
    """Everything that one test makes; close() undoes all of it."""

    def __init__(self):
        self.namespaces, self.processes = [], []
        self.folder = tempfile.mkdtemp(prefix="weir-e2e-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def namespace(self):
        space = Namespace(f"e2e-{os.getpid()}-{time.monotonic_ns() // 1000 % 10**9}")
        self.namespaces.append(space)
        return space

    def link(self, near, far, number=0, names=("near", "far"), offloads=False, index=None):
        """A veth pair with addresses .1 and .2 that know each other; returns its two ends."""
        indexed = ["index", str(index)] if index else []
        run("ip", "link", "add", names[0], *indexed, "netns", near.name, "type", "veth",
            "peer", "name", names[1], "netns", far.name)
        ends = [Device(space, name, host, number)
                for space, name, host in ((near, names[0], 1), (far, names[1], 2))]
        ends[0].peer, ends[1].peer = ends[1], ends[0]
        for end, other in (ends, reversed(ends)):
            self.configure(end, other, offloads)
        for end in ends:
            end.settle(0.05)
        return ends

    @staticmethod
    def configure(end, other, offloads):
        end.ip_link("address", end.mac)
        end.ip_link("up")
        end.offloads(offloads)
        for address, peer in ((f"{end.ip}/24", other.ip), (f"{end.ip6}/64", other.ip6)):
            nodad = ["nodad"] if ":" in peer else []
            end.namespace.run("ip", "addr", "add", address, "dev", end.name, *nodad)
            end.namespace.run("ip", "neigh", "replace", peer, "lladdr", other.mac,
                              "dev", end.name, "nud", "permanent")

    @staticmethod
    def adopt(namespace, name, ip=None, ip6=None):
        """An interface that is there already."""
        device = Device(namespace, name, 1)
        device.ip, device.ip6 = ip, ip6
        return device

    def pair(self, **keywords):
        """The usual laboratory: two namespaces and one link; the near end is watched."""
        return self.link(self.namespace(), self.namespace(), **keywords)

    def start(self, *command, namespace=None, **keywords):
        if namespace:
            command = namespace.command(command)
        process = subprocess.Popen(command, preexec_fn=die_with_parent, **keywords)
        self.processes.append(process)
        return process

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        for space in self.namespaces:
            space.delete()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.processes, self.namespaces = [], []
