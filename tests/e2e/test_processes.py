# SPDX-License-Identifier: BSD-2-Clause
"""Whose flows are: of connections of a few milliseconds, of a server that forks, of a port used again."""
import collections
import os
import re
import signal
import socket
import subprocess
import sys
import time

from lab import expect, expect_equal, tool, wait_until
from watch import Weir

SECONDS = 6
PORT = 8080
WORKERS = 8

# Accepts in processes that were forked before, and prints "PID PORT" of each caller at the end.
SERVER = """
import os, signal, socket, sys, time
listener = socket.create_server(("", int(sys.argv[1])), backlog=1024)
for _ in range(int(sys.argv[2])):
    if not os.fork():
        break
callers, over = [], []
signal.signal(signal.SIGTERM, lambda *_: over.append(1))
listener.settimeout(0.1)
while not over:
    try:
        sock, address = listener.accept()
    except TimeoutError:
        continue
    with sock:
        sock.settimeout(5)
        sock.recv(4096)
        time.sleep(0.004)
        sock.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
    callers.append(address[1])
path = f"{sys.argv[3]}.{os.getpid()}"
with open(f"{path}-part", "w") as file:
    file.writelines(f"{os.getpid()} {port}\\n" for port in callers)
os.rename(f"{path}-part", path)
"""

# The same as traffic/connect.c, in two threads.
CLIENT = """
import os, socket, sys, threading, time
def calls(ports):
    end = time.monotonic() + float(sys.argv[3])
    while time.monotonic() < end:
        with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
            ports.append(sock.getsockname()[1])
            sock.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            while sock.recv(4096):
                pass
lists = [[], []]
threads = [threading.Thread(target=calls, args=(ports,)) for ports in lists]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
for port in sum(lists, []):
    print(os.getpid(), port)
"""


def owners_of(lines):
    """{port: pids that used it}"""
    owners = collections.defaultdict(set)
    for line in lines:
        pid, port = line.split()
        owners[int(port)].add(int(pid))
    return owners


def caller_port(flow):
    return flow["src_port"] if flow["dst_port"] == PORT else flow["dst_port"]


def check_owners(documents, owners, names, what):
    """Every packet of a call by who made or took it; returns packets, and the share that is told."""
    told = everything = 0
    for document in documents:
        for flow in document["flows"]:
            if flow["proto"] != "tcp":
                continue
            packets, process = flow["packets"]["total"], flow["process"]
            everything += packets
            if not process:
                continue
            port = caller_port(flow)
            expect(process["pid"] in owners[port],
                   f"{what}: port {port} is of {sorted(owners[port])}, not of {process}")
            expect(process["name"] in names, f"{what}: it is called {process['name']}")
            told += packets
    expect(told >= 0.99 * everything, f"{what}: {told} of {everything} packets have a process")
    return everything, told / everything


def check_sums(documents, what):
    """Rows by process add up to all there is, with one that has none at most."""
    for document in documents:
        rows = document["flows"]
        expect(sum(row["process"] is None for row in rows) <= 1, f"{what}: rows without a process")
        for kind in ("packets", "bytes"):
            expect_equal(sum(row[kind]["total"] for row in rows),
                         document["outcomes"]["flow"][kind], f"{what}: {kind} of all processes")


def workers_files(lab):
    """Names, once all of them are there."""
    files = [name for name in os.listdir(lab.folder) if re.fullmatch(r"callers\.\d+", name)]
    return files if len(files) == WORKERS else None


def call(lab, near, far):
    """Lines "PID PORT" of who called, by three programs at once."""
    url, curls = f"http://{far.ip}:{PORT}/", []
    python = lab.start(sys.executable, "-c", CLIENT, far.ip, str(PORT), str(SECONDS),
                       namespace=near.namespace, stdout=subprocess.PIPE, text=True)
    static = lab.start(tool("connect"), far.ip, str(PORT), str(SECONDS),
                       namespace=near.namespace, stdout=subprocess.PIPE, text=True)
    lines, end = [], time.monotonic() + SECONDS
    with near.namespace.inside():
        while time.monotonic() < end:
            command = ["curl", "-s", "--no-keepalive", "-w", "%{local_port}\\n"]
            for _ in range(20):
                command += ["-o", "/dev/null", url]
            curls = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                     for _ in range(2)]
            for process in curls:
                out, _ = process.communicate(timeout=20)
                lines += [f"{process.pid} {port}" for port in out.split()]
    for process in (python, static):
        lines += process.communicate(timeout=20)[0].splitlines()
    return lines


def short_connections_have_their_process_at_both_ends(lab):
    near, far = lab.pair()
    weirs = {device: (Weir(lab, device, "--processes"), Weir(lab, device, "-g", "process"))
             for device in (near, far)}
    for pair in weirs.values():
        for weir in pair:
            weir.wait_attached("tcx-ingress", "tcx-egress")
    server = lab.start(sys.executable, "-c", SERVER, str(PORT), str(WORKERS - 1),
                       lab.path("callers"), namespace=far.namespace, start_new_session=True)
    wait_until(lambda: "0A" in far.namespace.tcp_states(), "a server that listens")
    near.namespace.run("ip", "neigh", "del", far.ip, "dev", near.name)  # ARP is nobody's
    callers = call(lab, near, far)
    near.settle()
    os.killpg(server.pid, signal.SIGTERM)
    files = wait_until(lambda: workers_files(lab), "all workers' callers")
    workers = [line for name in files for line in open(lab.path(name))]
    proof = []
    for device, lines, names in ((near, callers, {"curl", "connect", "python3"}),
                                 (far, workers, {"python3"})):
        whole, rows = (weir.stop().documents() for weir in weirs[device])
        packets, share = check_owners(whole, owners_of(lines), names, device.name)
        check_sums(rows, device.name)
        proof.append(f"{device.name}: {100 * share:.2f} % of {packets} packets")
    return f"{len(callers) / SECONDS:.0f} connections a second; " + "; ".join(proof)


def udp_process(lab, near, far, port, count):
    """Sends from that port; returns its pid when it has ended."""
    code = ("import socket, sys\n"
            "sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "sock.bind(('', int(sys.argv[1])))\n"
            "for _ in range(int(sys.argv[3])):\n"
            "    sock.sendto(b'x', (sys.argv[2], 9))\n")
    process = lab.start(sys.executable, "-c", code, str(port), far.ip, str(count),
                        namespace=near.namespace)
    expect_equal(process.wait(10), 0, "status")
    return process.pid


def a_second_process_with_the_same_port_does_not_inherit(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "--processes", "-d", "out", windows=["tumbling:200ms"])
    weir.wait_attached("tcx-egress")
    sent = {udp_process(lab, near, far, 5555, count): count for count in (3, 5, 7, 9, 11, 13)}
    near.settle()
    told, unknown = collections.Counter(), 0
    for document in weir.stop().documents():
        for flow in document["flows"]:
            if flow["proto"] != "udp":
                continue
            if flow["process"]:
                told[flow["process"]["pid"]] += flow["packets"]["total"]
            else:
                unknown += flow["packets"]["total"]
    expect(dict(told) == sent and not unknown, f"{dict(told)}, and {unknown} unknown, for {sent}")
    return f"{sum(told.values())} packets of {len(sent)} processes told, each the sender's"


# Answers a byte with a byte until the other end closes.
ECHO = """
import socket, sys
with socket.create_server(("", int(sys.argv[1]))) as listener:
    while True:
        sock, _ = listener.accept()
        try:
            while sock.recv(1000):
                sock.sendall(b"x")
        except ConnectionResetError:
            pass
"""


def without_hooks_it_is_said_and_lasting_connections_are_found(lab):
    near, far = lab.pair()
    server = lab.start(sys.executable, "-c", ECHO, str(PORT), namespace=near.namespace)
    wait_until(lambda: "0A" in near.namespace.tcp_states(), "a server that listens")
    weir = Weir(lab, near, "--processes", windows=["tumbling:200ms"],
                under=["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    with far.namespace.inside():
        sock = socket.create_connection((near.ip, PORT))
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        sock.sendall(b"x")
        sock.recv(1)
        time.sleep(0.02)
    documents = weir.stop().documents()
    sock.close()
    expect("found by a look at /proc" in weir.stderr, f"what is missed is said: {weir.stderr}")
    told = collections.Counter(flow["process"] and flow["process"]["pid"]
                               for document in documents for flow in document["flows"]
                               if flow["proto"] == "tcp")
    expect(set(told) <= {server.pid, None} and told[server.pid] > told[None],
           f"rows by process: {dict(told)}, the server is {server.pid}")
    return f"{told[server.pid]} of {sum(told.values())} rows, none of another's"


# Children that connect one after the other from one port, each with a reset at its end; prints pids.
REUSE = """
import os, socket, struct, sys
children = []
for number in range(int(sys.argv[3])):
    go, ready = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        os.read(go[0], 1)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.bind(("", 40000))
            sock.connect((sys.argv[1], int(sys.argv[2])))
            sock.sendall(b"x" * 10 * (number + 1))
            sock.recv(1)
        os.write(ready[1], b"x")
        os._exit(0)
    children.append((pid, go[1], ready[0]))
for pid, go, ready in children:
    os.write(go, b"x")
    os.read(ready, 1)
    print(pid)
"""


def one_port_serves_twenty_processes_within_a_pane(lab):
    """On whatever CPUs: no slot of one that went before counts what the next one sends."""
    near, far = lab.pair()
    server = lab.start(sys.executable, "-c", ECHO, str(PORT), namespace=far.namespace,
                       stderr=subprocess.DEVNULL)
    wait_until(lambda: "0A" in far.namespace.tcp_states(), "a server that listens")
    weirs = [Weir(lab, device, "--processes") for device in (near, far)]
    for weir in weirs:
        weir.wait_attached("tcx-ingress", "tcx-egress")
    pids = near.namespace.run(sys.executable, "-c", REUSE, far.ip, str(PORT), "20").stdout.split()
    near.settle()
    calls, served = (weir.stop().documents() for weir in weirs)
    sent = collections.defaultdict(int)  # what each called with: its data tells whose it was
    for flow in (flow for document in calls for flow in document["flows"]):
        if flow["proto"] == "tcp" and flow["process"]:
            expect(str(flow["process"]["pid"]) in pids, f"{flow['process']} is none of {pids}")
            if flow["direction"] == "out":
                sent[flow["process"]["pid"]] += flow["bytes"]["total"] - \
                    66 * (flow["packets"]["total"] - 1) - 74  # headers, and those of the SYN
    expect_equal([sent[int(pid)] for pid in pids], [10 * (number + 1) for number in range(20)],
                 "bytes of data by process")
    owners = {flow["process"] and flow["process"]["pid"] for document in served
              for flow in document["flows"] if flow["proto"] == "tcp"}
    expect(owners <= {server.pid, None}, f"{owners} serve, not {server.pid}")
    return "each has what it sent, to the byte"


TESTS = [
    one_port_serves_twenty_processes_within_a_pane,
    without_hooks_it_is_said_and_lasting_connections_are_found,
    short_connections_have_their_process_at_both_ends,
    a_second_process_with_the_same_port_does_not_inherit,
]
