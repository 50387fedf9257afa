#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts for a while with every kind of output: confined.py [BUILD] [SECONDS].

Flows ever new, an interface that is deleted and made anew, outputs that are reopened, pages that are
asked for, a second run that is pinned and taken over: no call that either takes may be refused, each
output must get its windows, and what was seen must equal what the kernel counted.
"""
import http.client
import json
import os
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
os.environ.setdefault("BUILD", sys.argv[1] if len(sys.argv) > 1 else "build")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "e2e"), os.path.join(HERE, "clickhouse"), HERE]

import soak  # noqa: E402
import test_pin  # noqa: E402
import watch  # noqa: E402
from lab import expect, expect_equal, wait_for_text, wait_until  # noqa: E402
from server import Server  # noqa: E402

PORT, IPFIX_UDP, IPFIX_TCP = 19199, 4739, 4740
FILES = ("a.ndjson", "a.json", "csv:a.csv", "flows:a.flows", "html:a.html", "prom:a.prom")


def collect_udp(sock, over, got):
    sock.settimeout(0.5)
    while not over.is_set():
        try:
            got.append(len(sock.recv(65536)))
        except OSError:
            continue


def collect_tcp(listener, over, got):
    listener.settimeout(0.5)
    while not over.is_set():
        try:
            sock = listener.accept()[0]
        except OSError:
            continue
        sock.settimeout(0.5)
        while not over.is_set():
            try:
                part = sock.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                break
            if not part:
                break
            got.append(len(part))


def ask_pages(space, over, got):
    with space.inside():
        while not over.wait(0.5):
            for path in ("/metrics", "/flows.json", "/", "/healthz"):
                connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                got.append(answer.status)
                connection.close()


def flap(space, far_space, over, times):
    while not over.wait(1.5):
        space.run("ip", "link", "del", "flap")
        space.run("ip", "link", "add", "flap", "type", "veth", "peer", "name", "flapped", "netns",
                  far_space.name)
        for owner, name in ((space, "flap"), (far_space, "flapped")):
            owner.run("ip", "link", "set", name, "up")
        times.append(time.monotonic())


def signal_now_and_then(process, over):
    """What reopens files, and what tells of windows that are not over."""
    while not over.wait(2.5):
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGUSR1)


def take_over_now_and_then(pinned, over):
    """Every other one is killed."""
    hows = [signal.SIGKILL, signal.SIGTERM]
    while not over.wait(15):
        pinned.end(hows[0]).begin().attached()
        hows.reverse()


def at_rest(device, seconds=0.5):
    """Its counters once they move no more: the connections to collectors stay, on loopback."""
    last, since = device.counters(), time.monotonic()
    while time.monotonic() < since + seconds:
        time.sleep(0.02)
        now = device.counters()
        if now != last:
            last, since = now, time.monotonic()
    return last


def run_threads(works, seconds, over, process):
    threads = [threading.Thread(target=work, args=arguments) for work, arguments in works]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            time.sleep(0.5)
            expect_equal(process.poll(), None, "status of weir, which ended early")
            expect(all(thread.is_alive() for thread in threads), "a part of the test has failed")
    finally:
        over.set()
        for thread in threads:
            thread.join()


def sockets(space):
    """Where collectors are, in the namespace of weir: UDP, TCP, ClickHouse."""
    with space.inside():
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", IPFIX_UDP))
        return udp, socket.create_server(("127.0.0.1", IPFIX_TCP)), Server()


def check_outputs(lab, documents, seconds):
    expect(len(documents) >= seconds - 3, f"{len(documents)} windows in {seconds} s")
    lost = sum(document["health"]["transmission"]["errors"] for document in documents)
    expect_equal(lost, 0, "errors of outputs")
    for name in FILES:
        path = lab.path(name.split(":")[-1])
        age = time.time() - os.stat(path).st_mtime
        expect(os.path.getsize(path) and age < 30, f"{name}: of {age:.0f} s ago")


def check_seen(documents, before, after):
    steady = [link for document in documents for link in document["interfaces"]
              if link["name"] == "near"]
    counted = watch.plus(*(watch.tally(link["seen"]["in"]) for link in steady))
    wanted = tuple(now - then for then, now in zip(before[0], after[0]))
    expect_equal(counted, wanted, "seen, against ip -s link")
    return counted[0]


def confined(lab, seconds):
    near, far = lab.pair()
    flapping, _ = lab.link(near.namespace, far.namespace, 2, ("flap", "flapped"))
    udp, tcp, server = sockets(near.namespace)
    outputs = [prefix + lab.path(name) for prefix, _, name in
               ((name[:name.find(":") + 1], 0, name.split(":")[-1]) for name in FILES)]
    outputs += [f"ipfix://127.0.0.1:{IPFIX_UDP}",
                f"clickhouse://127.0.0.1:{server.port}/d.flows?spool={lab.path('spool')}"]
    before = at_rest(near)
    weir = watch.Weir(lab, [near, flapping], "-v", "-a", "tc", "-n", "20", "--processes", "-l",
                      str(PORT), outputs=outputs).wait_attached("tcx-ingress", "tcx-egress")
    weir.path = lab.path("a.ndjson")
    wait_for_text(weir.stderr_path, "rights: no capabilities")
    pages, flows, streams, times, over = [], [], [], [], threading.Event()
    with test_pin.Pinned(near.namespace, "-i", "near", "-a", "tc", "-n", "20", "-w", "tumbling:1s",
                         "-o", f"ipfix+tcp://127.0.0.1:{IPFIX_TCP}") as pinned:
        pinned.begin().attached()
        run_threads([(soak.send_new_flows, (far, near, over)),
                     (flap, (near.namespace, far.namespace, over, times)),
                     (collect_udp, (udp, over, flows)), (collect_tcp, (tcp, over, streams)),
                     (ask_pages, (near.namespace, over, pages)),
                     (signal_now_and_then, (weir.process, over)),
                     (take_over_now_and_then, (pinned, over))], seconds, over, weir.process)
        after = at_rest(near)
        pinned.end()
        pinned_count = len(pinned.documents())
    documents = [document for document in weir.stop(status=0).documents()
                 if document["window"]["complete"] or document["seen"]["packets"]]
    check_outputs(lab, documents, seconds)
    expect_equal(set(pages), {200}, "status of pages")
    expect(flows and streams and server.rows, "a collector has got nothing")
    packets = check_seen(documents, before, after)
    return (f"{packets} packets, all seen; {len(documents)} windows, {pinned_count} pinned; "
            f"{len(times)} returns, {len(pages)} pages, {len(flows)} datagrams, "
            f"{sum(streams)} bytes by TCP; nothing refused")


if __name__ == "__main__":
    sys.exit(soak.main("confined for", confined))
