# SPDX-License-Identifier: BSD-2-Clause
"""The HTTP server of a run: who is answered, what, and that nobody can hold it up."""
import http.client
import json
import os
import re
import shutil
import socket
import threading
import time

import traffic
from lab import PaneLate, Skipped, expect, expect_equal, run, wait_until
from watch import BINARY, Weir, check_accounting

PORT = 19100
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
HOSTILE = 200
READERS, SLOW = 40, 10


class Server:
    """A weir with a listener, asked from its own namespace."""

    def __init__(self, lab, *options, address=None, **keywords):
        self.near, self.far = lab.pair()
        self.host, self.family = "127.0.0.1", socket.AF_INET
        self.weir = Weir(lab, self.near, "-a", "tc", *options, "-l", address or str(PORT),
                         **keywords)
        self.weir.wait_attached("tcx-ingress", "tcx-egress")
        wait_until(lambda: self.get("/metrics")[0] == 200, "metrics")

    def connect(self):
        with self.near.namespace.inside():
            made = socket.socket(self.family, socket.SOCK_STREAM)
        made.settimeout(10)
        made.connect((self.host, PORT))
        return made

    def ask(self, request):
        """The whole answer to some bytes."""
        with self.connect() as made:
            made.sendall(request)
            return read_all(made)

    def get(self, path, host="localhost", accept="*/*", method="GET"):
        """Status, headers and body."""
        shown = (f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n")
        with self.connect() as made:
            made.sendall(shown.encode())
            answer = http.client.HTTPResponse(made, method=method)
            answer.begin()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def memory(self):
        with open(f"/proc/{self.weir.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def read_all(made):
    parts = []
    try:
        while part := made.recv(65536):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


def samples(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pages_are_what_their_names_say(lab):
    server = Server(lab, "-g", "src,dst", windows=["tumbling:200ms"])
    status, headers, text = server.get("/metrics")
    expect_equal((status, headers["Content-Type"]),
                 (200, "text/plain; version=0.0.4; charset=utf-8"), "text")
    status, headers, text = server.get("/metrics", accept=OPENMETRICS)
    expect_equal((status, headers["Content-Type"]),
                 (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"), "openmetrics")
    expect(text.endswith("\n# EOF\n") and "# TYPE weir_packets counter\n" in text, text)
    status, headers, text = server.get("/flows.json")
    expect_equal((status, headers["Content-Type"]), (200, "application/json"), "document")
    check_accounting(json.loads(text))
    length = headers["Content-Length"]
    expect_equal(length, str(len(text)), "length of the document")
    status, headers, text = server.get("/flows.json", method="HEAD")
    expect_equal((status, text), (200, ""), "HEAD")
    expect_equal(server.get("/healthz")[::2], (200, "ok\n"), "health")
    status, headers, text = server.get("/")
    expect_equal((status, "<svg" in text and "data-renew" in text), (200, True), "report")
    expect("default-src 'none'" in headers["Content-Security-Policy"], headers)
    expect_equal(server.get("/../etc/passwd")[0], 404, "another path")
    server.weir.stop()
    return "metrics in both kinds, document, health, index"


def counters_are_those_of_the_interface_and_the_documents(lab):
    server = Server(lab, windows=["landmark:200ms"])
    near = server.near
    before = near.settle()
    traffic.udp_burst(server.far, near, [100] * 300)
    traffic.udp_burst(near, server.far, [700] * 200)
    after = near.settle()

    def seen(way):
        lines = samples(server.get("/metrics")[2])
        found = {name: sum(int(line.split()[-1]) for line in lines
                           if line.startswith(f"weir_{name}_total{{") and
                           f'interface="near",direction="{way}"' in line)
                 for name in ("packets", "bytes")}
        return found["packets"], found["bytes"]

    moved = [tuple(new - old for new, old in zip(after[way], before[way])) for way in (0, 1)]
    wait_until(lambda: seen("in")[0] >= moved[0][0] and seen("out")[0] >= moved[1][0], "metrics")
    document = json.loads(server.get("/flows.json")[2])
    for way, name in enumerate(("in", "out")):
        got, there = seen(name), document["interfaces"][0]["seen"][name]
        expect(moved[way][0] <= got[0] <= after[way][0], f"{name}: {got}, {moved[way]}")
        expect(moved[way][1] <= got[1] <= after[way][1], f"{name}: {got}, {moved[way]}")
        expect_equal(got, (there["packets"], there["bytes"]), f"{name}: document")
    server.weir.stop()
    return f"in {moved[0]}, out {moved[1]}"


def who_calls_it_by_another_name_is_refused(lab):
    server = Server(lab, "--host", "edge-1.example.com", windows=["tumbling:200ms"])
    for host in ("localhost", f"localhost:{PORT}", "127.0.0.1", "edge-1.example.com:80",
                 socket.gethostname()):
        expect_equal(server.get("/metrics", host=host)[0], 200, host)
    for host in ("evil.example", f"evil.example:{PORT}", "192.0.2.1", "localhost.evil.example"):
        expect_equal(server.get("/metrics", host=host)[0], 421, host)
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        status, headers, _ = server.get("/metrics", method=method)
        expect_equal((status, headers["Allow"]), (405, "GET, HEAD"), method)
    expect(b" 421 " in server.ask(b"GET /metrics HTTP/1.0\r\n\r\n"), "no Host")
    body = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 65536
    expect(b" 200 " not in server.ask(body), "a body that is never read")
    expect_equal(server.get("/healthz")[0], 200, "health after it")
    server.weir.stop()
    return "names, addresses, methods"


def only_the_address_that_is_named_is_listened_on(lab):
    server = Server(lab, windows=["tumbling:200ms"])
    server.host = server.near.ip
    try:
        server.connect().close()
        expect(False, f"{server.host} is listened on")
    except ConnectionRefusedError:
        pass
    server.weir.stop()
    for address in (server.near.ip, f"[{server.near.ip6}]", "[::]"):
        weir = Weir(lab, server.near, "-a", "tc", "-l", f"{address}:{PORT}",
                    windows=["tumbling:200ms"])
        weir.wait_attached("tcx-ingress", "tcx-egress")
        is_ipv6 = address.startswith("[")
        server.host = server.near.ip6 if is_ipv6 else server.near.ip
        server.family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
        host = f"[{server.host}]:{PORT}" if is_ipv6 else server.host
        wait_until(lambda: server.get("/metrics", host=host)[0] == 200, address)
        expect_equal(server.get("/metrics", host="[fd00::1]")[0], 421, "another address")
        second = server.near.namespace.run(BINARY, "run", "-i", "near", "-l", f"{address}:{PORT}",
                                           check=False)
        expect_equal((second.returncode, second.stderr.splitlines()[0]),
                     (1, f"weir: listen {address}:{PORT}: Address already in use"), "a second one")
        weir.stop()
    return "loopback, IPv4, IPv6, all; a port in use"


def drip(connections, since, state):
    """A byte to each, every second."""
    if time.monotonic() - since[0] < 1:
        return
    since[0] = time.monotonic()
    for made in connections:
        try:
            made.send(b"G" if not state else b"x")
        except OSError:
            pass


def hostile_clients_hold_up_nobody(lab):
    server = Server(lab, "-g", "src,dst", windows=["tumbling:200ms"])
    memory, worst, since = server.memory(), 0, [0.0]
    hostile = [server.connect() for _ in range(HOSTILE)]
    for i, made in enumerate(hostile):
        try:
            made.setblocking(False)
            if i % 2:
                made.send(b"GET /flows.json HTTP/1.1\r\nHost: localhost\r\nX: ")
        except OSError:
            pass
    end = time.monotonic() + 12
    while time.monotonic() < end:
        drip(hostile, since, 1)
        begin = time.monotonic()
        expect_equal(server.get("/metrics")[0], 200, "metrics among hostile clients")
        worst = max(worst, time.monotonic() - begin)
        time.sleep(0.05)
    expect(worst < 2, f"{worst:.1f} s for an answer")
    for made in hostile:
        made.setblocking(True)
        made.settimeout(3)
    left = sum(1 for made in hostile if not is_over(made))
    expect_equal(left, 0, "connections of 12 s that are open")
    grown = server.memory() - memory
    expect(grown < 16384, f"{grown} KiB more")
    documents = server.weir.stop().documents()
    lengths = [document["window"]["end_ns"] - document["window"]["start_ns"]
               for document in documents if document["window"]["complete"]]
    expect(max(lengths) < 300e6, f"a window of {max(lengths) / 1e6:.0f} ms")
    return f"{HOSTILE} clients: worst answer {worst * 1e3:.0f} ms, {grown} KiB more"


def many_readers_of_the_report_hold_up_no_pane(lab):
    server = Server(lab, windows=["tumbling:200ms"])
    memory, answers, stop = server.memory(), [], threading.Event()
    slow = [server.connect() for _ in range(SLOW)]
    for made in slow:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        made.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def read_again():
        while not stop.wait(0.1):
            status, headers, text = server.get("/")
            answers.append(status == 200 and headers["Content-Length"] == str(len(text.encode())))

    readers = [threading.Thread(target=read_again) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    most = 0
    for _ in range(5):
        time.sleep(1)
        expect(all(len(made.recv(1)) == 1 for made in slow), "a slow reader was cut off")
        most = max(most, server.memory() - memory)
    stop.set()
    for reader in readers:
        reader.join()
    expect(len(answers) > READERS and all(answers), f"{answers.count(False)} answers not whole")
    expect(most < 32768, f"{most} KiB more")
    lengths = [document["window"]["end_ns"] - document["window"]["start_ns"]
               for document in server.weir.stop().documents() if document["window"]["complete"]]
    if max(lengths) > 300e6:
        raise PaneLate(f"a pane of {max(lengths) / 1e6:.0f} ms")
    return (f"{READERS} readers and {SLOW} slow ones: {len(answers)} answers, {most} KiB more, "
            f"longest pane {max(lengths) / 1e6:.0f} ms")


def is_over(made):
    """The server has ended it."""
    try:
        while made.recv(65536):
            pass
        return True
    except socket.timeout:
        return False
    except OSError:
        return True


def what_is_too_large_is_refused(lab):
    server = Server(lab, windows=["tumbling:200ms"])
    memory = server.memory()
    for request in (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * (1 << 20),
                    b"GET /" + b"x" * (1 << 20),
                    b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 100000,
                    bytes(range(256)) * 64, b"\r\n" * 1000,
                    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"):
        with server.connect() as made:
            made.settimeout(15)
            try:
                made.sendall(request)
            except OSError:
                pass
            answer = read_all(made)
            expect(b" 200 " not in answer.split(b"\r\n")[0], answer[:80])
    expect_equal(server.get("/healthz")[0], 200, "health")
    grown = server.memory() - memory
    expect(grown < 8192, f"{grown} KiB more")
    server.weir.stop()
    return f"large headers and targets, nonsense; {grown} KiB more"


def promtool_is_content_with_both_kinds(lab):
    if not shutil.which("promtool"):
        raise Skipped("promtool is not installed")
    server = Server(lab, "-g", "src,dst", windows=["tumbling:200ms"])
    traffic.udp_burst(server.far, server.near, [100] * 30)
    time.sleep(0.5)
    text = server.get("/metrics")[2]
    done = run("promtool", "check", "metrics", input=text)
    expect_equal(done.stdout + done.stderr, "", "complaints of promtool")
    server.weir.stop()
    return f"{len(samples(text))} samples"


def prometheus_scrapes_it(lab):
    if not shutil.which("prometheus"):
        raise Skipped("prometheus is not installed")
    server = Server(lab, "-g", "src,dst", windows=["landmark:200ms"])
    traffic.udp_burst(server.far, server.near, [100] * 300)
    os.mkdir(lab.path("tsdb"))
    with open(lab.path("prometheus.yml"), "w") as file:
        file.write("global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: weir\n"
                   f"  static_configs: [{{targets: ['localhost:{PORT}']}}]\n")
    with open(lab.path("log"), "w") as log:
        lab.start("prometheus", f"--config.file={lab.path('prometheus.yml')}",
                  f"--storage.tsdb.path={lab.path('tsdb')}",
                  "--web.listen-address=127.0.0.1:19090", namespace=server.near.namespace,
                  stdout=log, stderr=log)

    def query(text):
        done = server.near.namespace.run("curl", "-sG", "http://127.0.0.1:19090/api/v1/query",
                                         "--data-urlencode", f"query={text}", check=False)
        return json.loads(done.stdout)["data"]["result"] if done.stdout.startswith("{") else []

    wait_until(lambda: any(row["value"][1] == "1" for row in query("up")), "up", 30)
    told = query('weir_packets_total{outcome="flow",direction="in",interface="near"}')
    expect(told and int(told[0]["value"][1]) >= 300, f"{told}")
    shown = server.near.namespace.run("curl", "-s", "http://127.0.0.1:19090/api/v1/metadata")
    expect("weir_packets" in json.loads(shown.stdout)["data"], "metadata")
    server.weir.stop()
    return f"{told[0]['value'][1]} packets in"


TESTS = [
    pages_are_what_their_names_say,
    counters_are_those_of_the_interface_and_the_documents,
    who_calls_it_by_another_name_is_refused,
    only_the_address_that_is_named_is_listened_on,
    hostile_clients_hold_up_nobody,
    many_readers_of_the_report_hold_up_no_pane,
    what_is_too_large_is_refused,
    promtool_is_content_with_both_kinds,
    prometheus_scrapes_it,
]
