# SPDX-License-Identifier: BSD-2-Clause
"""What the command line asks for: all interfaces, names that nobody knows, no more memory."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import time

import traffic
import tunnel
import watch
from lab import Skipped, expect, expect_equal, wait_until
from stranger import TC_OK, stranger
from watch import BINARY, Weir


def run_weir(space, *words, **keywords):
    """Its exit status, standard output and standard error."""
    done = subprocess.run(space.command([BINARY, *words]), text=True, capture_output=True,
                          check=False, timeout=30, **keywords)
    return done.returncode, done.stdout, done.stderr


def expect_as_counted(documents, devices, before, after):
    """Packets and bytes of each device are those that it counted itself."""
    for device, then, now in zip(devices, before, after):
        got = watch.plus(*((flow["packets"]["total"], flow["bytes"]["total"])
                           for document in documents for flow in document["flows"]
                           if flow["interface"] == device.name))
        wanted = tuple(sum(b[i] - a[i] for a, b in zip(then, now)) for i in (0, 1))
        expect_equal(got, wanted, f"{device.name}, against ip -s link")


def any_stands_for_every_interface_that_is_up(lab):
    """Each is named in its flows; what is down, or neither Ethernet nor IP, is not counted."""
    one, far_one = lab.pair(number=1, names=("one", "far"))
    two, far_two = lab.link(one.namespace, lab.namespace(), 2, ("two", "far"))
    for words in ("tuntap add tun0 mode tun", "link set tun0 up", "link set lo up",
                  "link add down type veth peer name down-peer"):
        one.namespace.run("ip", *words.split())
    tun = tunnel.open_tun(one.namespace, "other0", kind=tunnel.ARPHRD_CISCO)
    one.namespace.run("ip", "link", "set", "other0", "up")
    weir = Weir(lab, [one, two], "-a", "tc", names=["any"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    before = one.settle(), two.settle()
    traffic.udp_burst(far_one, one, [200] * 30)
    traffic.udp_burst(two, far_two, [300] * 20)
    after = one.settle(), two.settle()
    documents = weir.stop().documents()
    os.close(tun)
    expect_equal(sorted(documents[0]["source"]["names"]), ["lo", "one", "tun0", "two"],
                 "source.names")
    expect_as_counted(documents, (one, two), before, after)
    expect("interface other0: left out" in weir.stderr, f"other0 is not named: {weir.stderr}")
    return "two links, the loopback and a tun device, each named; another left out in words"


def of_many_interfaces_those_without_tcx_programs_get_clsact(lab):
    """A TCX link each would take seconds; all is counted, and nothing is left."""
    one, far_one = lab.pair(number=1, names=("one", "far"))
    two, far_two = lab.link(one.namespace, lab.namespace(), 2, ("two", "far"))
    one.namespace.run("ip", "-batch", "-", input="".join(
        f"link add v{i} type veth peer name w{i}\nlink set v{i} up\nlink set w{i} up\n"
        for i in range(32)))
    devices = one, two
    with stranger(two, "tcx-egress", TC_OK):
        held = two.hooks()
        weir = Weir(lab, devices, "-a", "tc", names=["any"])
        wait_until(lambda: "attached to two " in weir.stderr and "attached to w31 " in weir.stderr,
                   "all to be attached", 20)
        expect_equal({name for name, _ in one.hooks()}, {"clsact-ingress", "clsact-egress"},
                     "hooks where nobody is at TCX")
        expect_equal({name for name, _ in two.hooks() - held},
                     {"tcx-ingress", "tcx-egress"}, "hooks where somebody is")
        before = one.settle(), two.settle()
        traffic.udp_burst(far_one, one, [200] * 30)
        traffic.udp_burst(two, far_two, [300] * 20)
        after = one.settle(), two.settle()
        documents = weir.stop().documents()
    expect_as_counted(documents, devices, before, after)
    left = one.namespace.run("tc", "qdisc", "show").stdout
    expect("clsact" not in left, f"left behind: {left}")
    return f"{len(documents[0]['source']['names'])} interfaces, one of them with a stranger at TCX"


def interfaces_of_any_index_are_told_apart(lab):
    """Past 65 536 an interface is not found in the kernel's array, but in the table beside it."""
    one, far_one = lab.pair(number=1, names=("one", "far"))
    two, far_two = lab.link(one.namespace, lab.namespace(), 2, ("two", "far"), index=1234567)
    three, far_three = lab.link(one.namespace, lab.namespace(), 3, ("three", "far"), index=65536)
    devices = (one, two, three)
    weir = Weir(lab, devices, "-a", "tc").wait_attached("tcx-ingress", "tcx-egress")
    before = [device.settle() for device in devices]
    traffic.udp_burst(far_one, one, [200] * 30)
    traffic.udp_burst(far_two, two, [250] * 40)
    traffic.udp_burst(two, far_two, [300] * 20)
    traffic.udp_burst(far_three, three, [400] * 10)
    after = [device.settle() for device in devices]
    documents = weir.stop().documents()
    expect_as_counted(documents, devices, before, after)
    lost = sum(document["outcomes"]["unattributed"]["packets"] for document in documents)
    expect_equal(lost, 0, "unattributed")
    return "indexes of 65536 and 1234567 beside a small one, each with its own packets"


def a_list_of_interfaces_is_told_how_to_name_several(lab):
    near, _ = lab.pair()
    status, out, err = run_weir(near.namespace, "run", "-i", "near,lo")
    expect_equal((status, out), (2, ""), "status and output")
    expect("repeat --interface" in err, err)
    return err.splitlines()[0]


def ask_a_silent_server(lab, *words):
    """weir where the only name server takes questions and answers none; the server is to be kept."""
    space = lab.namespace()
    path = lab.path("resolv.conf")
    with open(path, "w") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:5 attempts:5\n")
    with space.inside():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    command = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path,
               BINARY, *words]
    return server, lab.start(*command, namespace=space, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)


def names_that_nobody_answers_about_end_in_words(lab):
    """In a filter and in tcp://: told after a second, ended after ten."""
    for words in (("run", "-i", "lo", "host", "nobody.example"),
                  ("run", "-r", "tcp://nobody.example:1")):
        begin = time.monotonic()
        _server, process = ask_a_silent_server(lab, *words)
        first = process.stderr.readline()
        told = time.monotonic() - begin
        _, rest = process.communicate(timeout=20)
        ended = time.monotonic() - begin
        expect("waiting for" in first and 0.9 < told < 3, f"after {told:.1f} s: {first}")
        expect("no answer within 10 s" in rest and 9 < ended < 13, f"after {ended:.1f} s: {rest}")
        expect_equal(process.returncode, 1, "status")
    return f"told after {told:.1f} s, ended after {ended:.1f} s"


def a_name_that_is_waited_for_can_be_interrupted(lab):
    _server, process = ask_a_silent_server(lab, "run", "-i", "lo", "host", "nobody.example")
    process.stderr.readline()
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=5)
    took = time.monotonic() - begin
    expect(took < 1 and "stopped" in rest, f"after {took:.1f} s: {rest}")
    expect_equal(process.returncode, 1, "status")
    return f"{rest.strip()} ({took:.2f} s after SIGINT)"


@contextlib.contextmanager
def memory_group(limit_bytes):
    """The file that takes processes into a control group of so much memory."""
    for parent, name in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                         ("/sys/fs/cgroup", "memory.max")):
        group = f"{parent}/weir-e2e-{os.getpid()}"
        with contextlib.suppress(OSError):
            os.mkdir(group)
        if os.path.exists(f"{group}/{name}"):
            break
        with contextlib.suppress(OSError):
            os.rmdir(group)
    else:
        raise Skipped("no group with a memory controller can be made here")
    with open(f"{group}/{name}", "w") as file:
        file.write(str(limit_bytes))
    try:
        yield f"{group}/cgroup.procs"
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                os.rmdir(group)
                break
            time.sleep(0.1)


def a_flood_leaves_a_small_control_group_alive(lab):
    """600 000 new flows in a burst, again and again, every flow of ten seconds written."""
    near, far = lab.pair()
    path = lab.path("flood.json")
    with memory_group(200 << 20) as procs:
        # Not `ip netns exec`, which hides the groups.
        within = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', procs, "nsenter",
                  f"--net=/run/netns/{near.namespace.name}", BINARY]
        found = subprocess.run([*within, "check", near.name], text=True, capture_output=True,
                               check=False)
        expect("200 MiB (its control group's limit)" in found.stdout, found.stdout + found.stderr)
        weir = lab.start(*within, "run", "-q", "-i", near.name, "-a", "native", "-d", "in",
                         "-w", "sliding:10s/1s", "-o", path)
        wait_until(lambda: any(name == "xdp-native" for name, _ in near.hooks()), "weir", 10)
        end = time.monotonic() + 13
        while time.monotonic() < end:
            traffic.xdpgen(far.namespace, far.name, "-n", "600000", "-f", "0")
            expect_equal(weir.poll(), None, "status in the flood")
        weir.send_signal(signal.SIGINT)
        expect_equal(weir.wait(10) in (0, 1), True, f"status {weir.returncode} is one of 0, 1")
    with open(path) as file:
        document = json.load(file)
    watch.check_accounting(document)
    expect(document["total"]["flows"] > 100000, f"{document['total']['flows']} flows")
    return f"{document['total']['flows']} flows of {document['seen']['packets']} packets add up"


TESTS = [
    a_flood_leaves_a_small_control_group_alive,
    names_that_nobody_answers_about_end_in_words,
    a_name_that_is_waited_for_can_be_interrupted,
    any_stands_for_every_interface_that_is_up,
    of_many_interfaces_those_without_tcx_programs_get_clsact,
    interfaces_of_any_index_are_told_apart,
    a_list_of_interfaces_is_told_how_to_name_several,
]
