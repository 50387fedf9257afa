# SPDX-License-Identifier: BSD-2-Clause
"""What goes wrong is said in one line, with the right exit status, and leaves nothing behind."""
import fcntl
import os
import shutil
import struct

import traffic
import watch
import wire
from lab import expect, expect_equal, run, wait_for_text, wait_until
from watch import BINARY, Weir

FAILED, USAGE = 1, 2


def expect_refused(lab, device, options, status, words=(), binary=(BINARY,)):
    """weir must end by itself with this status and a line holding the words, and leave nothing."""
    folder = lab.path(f"refused-{len(os.listdir(lab.folder))}")
    os.mkdir(folder)
    held = device.hooks()
    command = [*binary, "run", *(option.replace("@", folder + "/") for option in options)]
    done = device.namespace.run(*command, check=False)
    said = " ".join(options)
    lines = done.stderr.splitlines()
    expect_equal(done.returncode, status, f"exit status of weir run {said} ({done.stderr.strip()})")
    expect(lines and lines[0].startswith("weir: "), f"weir run {said}: no line 'weir: ': {lines}")
    expect(len(lines) <= 3, f"weir run {said}: {len(lines)} lines on standard error: {lines}")
    for word in words:
        expect(word.lower() in done.stderr.lower(), f"weir run {said}: '{word}' is not in {lines}")
    expect_equal(done.stdout, "", f"standard output of weir run {said}")
    expect_equal(os.listdir(folder), [], f"files left by weir run {said}")
    expect_equal(device.hooks(), held, f"hooks left by weir run {said}")
    return lines[0]


def wrong_usage_is_named_and_refused(lab):
    near, _ = lab.pair()
    cases = [
        ["-w", "tumbling:0s"], ["-w", "tumbling:abc"], ["-w", "tumbling:"], ["-w", "hopping:1s"],
        ["-w", "sliding:10s/3s"], ["-w", "sliding:1s/2s"], ["-w", "sliding:1s"],
        ["-p", "5ms"], ["-w", "tumbling:1s", "-p", "300ms"],
        ["-w", "tumbling:15ms", "-w", "tumbling:10ms"], ["-c", "0"], ["--slots", "32"],
        ["-t", "soon"], ["-t", "0s"], ["-t", "10"], ["--slots", "100"], ["--slots", "0"],
        ["--slots", "many"], ["-c", "-1"], ["-n", "x"], ["-s", "colour"], ["-a", "magic"],
        ["-d", "sideways"], ["-g", "src,src"], ["-g", "moon"], ["-g", "src/33"], ["--frobnicate"],
        ["-w", "tumbling:1s", "-w", "tumbling:2s", "-o", "@flows.json"], ["-o", "@flows.txt"],
        ["-r", "x.pcap"], ["--max-flows", "-5"], ["-o"],
    ]
    for case in cases:
        expect_refused(lab, near, ["-i", near.name, *case], USAGE)
    expect_refused(lab, near, ["-r", "x.pcap", "-d", "in"], USAGE)
    return f"{len(cases) + 1} wrong command lines, each one line and status 2"


def an_interface_under_two_names_is_not_counted_twice(lab):
    near, _ = lab.pair()
    near.namespace.run("ip", "link", "property", "add", "dev", near.name, "altname", "other0")
    options = ["-i", near.name, "-i", "other0", "-t", "100ms", "-o", "@x.json"]
    expect_refused(lab, near, options + ["-a", "pcap"], USAGE, [near.name, "other0"])
    return expect_refused(lab, near, options, USAGE, [near.name, "other0"])


def a_missing_interface_is_named(lab):
    near, _ = lab.pair()
    return expect_refused(lab, near, ["-i", "nosuch0", "-o", "@x.json"], FAILED, ["nosuch0"])


def one_missing_interface_of_two_leaves_the_other_untouched(lab):
    near, _ = lab.pair()
    return expect_refused(lab, near, ["-i", near.name, "-i", "nosuch0", "-o", "@x.ndjson"], FAILED,
                          ["nosuch0"])


def an_output_that_cannot_be_written_is_named(lab):
    near, _ = lab.pair()
    for name in ("flows.json", "flows.ndjson"):
        line = expect_refused(lab, near, ["-i", near.name, "-o", f"@missing/{name}"], FAILED,
                              [f"missing/{name}"])
    return line


def without_privileges_the_missing_capabilities_are_named(lab):
    """As another user, and as root without a capability."""
    near, _ = lab.pair()
    binary = shutil.copy(BINARY, lab.path("weir"))
    os.chmod(lab.folder, 0o755)
    options = ["-i", near.name, "-o", "-"]
    words = ["CAP_BPF", "CAP_NET_ADMIN"]
    expect_refused(lab, near, options, FAILED, words,
                   ("setpriv", "--bounding-set=-all", "--inh-caps=-all", binary))
    return expect_refused(lab, near, options, FAILED, words,
                          ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", binary))


def an_xdp_hook_in_use_is_named_and_left_alone(lab):
    """Native is refused; auto takes another hook; the first one goes on."""
    near, far = lab.pair()
    first = Weir(lab, near, "-a", "native", "-d", "in").wait_attached("xdp-native")
    line = expect_refused(lab, near, ["-i", near.name, "-a", "native", "-o", "@x.ndjson"], FAILED,
                          [near.name])
    second = Weir(lab, near, "-d", "in").wait_attached("tcx-ingress")
    traffic.send_frames(far, traffic.frame_zoo(far, near), 3)
    near.settle()
    counts = [watch.seen(weir.stop().documents()) for weir in (first, second)]
    expect_equal(counts[0], counts[1], "the first's count, against the second's")
    expect(counts[0][0] > 0, "nothing was counted")
    return line


def xdp_refused_by_the_driver_is_explained(lab):
    """A veth whose peer has more queues refuses native XDP, and so does the loopback."""
    space = lab.namespace()
    run("ip", "link", "add", "near", "netns", space.name, "numrxqueues", "1", "type", "veth",
        "peer", "name", "far", "netns", space.name, "numtxqueues", "2")
    space.run("ethtool", "-L", "far", "tx", "2")
    near = lab.adopt(space, "near")
    lines = [expect_refused(lab, near, ["-i", name, "-a", "native", "-o", "@x.ndjson"], FAILED,
                            [name, "-a "]) for name in ("near", "lo")]
    expect_refused(lab, near, ["-i", "lo", "-i", "near", "-a", "native"], FAILED)
    return lines[0]


def a_large_mtu_is_taken_or_refused_with_the_way_out(lab):
    """MTU 9000 on a veth needs xdp.frags; jumbo frames are then counted whole."""
    near, far = lab.pair()
    for end in (near, far):
        end.ip_link("mtu", "9000")
    weir = Weir(lab, near, "-a", "native").wait_attached("xdp-native", "tcx-egress")
    before = near.settle()
    traffic.udp_burst(far, near, range(0, 8900, 89))
    traffic.tcp_transfer(far, near, 2000000, 2000000)
    after = near.settle()
    documents = weir.stop().documents()
    wanted = tuple(now - then for then, now in zip(before[0], after[0]))
    wanted = (wanted[0], wanted[1] + 14 * wanted[0])
    expect_equal(watch.direction_sum(documents, "in"), wanted, "jumbo frames in")
    largest = max(flow.max for flow in watch.flows(documents).values())
    expect(largest > 8900, f"the largest frame counted has {largest} bytes")
    return f"MTU 9000: {wanted[0]} packets, the largest {largest} bytes, as ip -s link"


def an_interface_that_is_down_is_said_to_count_nothing_until_up(lab):
    near, far = lab.pair()
    near.ip_link("down")
    weir = Weir(lab, near, "-a", "tc")
    wait_for_text(weir.stderr_path, "down")
    weir.wait_attached("tcx-ingress", "tcx-egress")
    near.ip_link("up")
    near.namespace.run("ip", "neigh", "replace", far.ip, "lladdr", far.mac, "dev", near.name,
                       "nud", "permanent")
    wait_until(lambda: near.show()["operstate"] == "UP", "the link to come up")
    traffic.udp_burst(far, near, [100] * 50)
    near.settle()
    flows = watch.flows(weir.stop().documents())
    counted = [flow for key, flow in flows.items() if key.proto == 17]
    expect_equal([(flow.packets, flow.bytes) for flow in counted], [(50, 50 * 142)], "UDP flows")
    return next(line for line in weir.stderr.splitlines() if "down" in line)


TESTS = [
    wrong_usage_is_named_and_refused,
    an_interface_under_two_names_is_not_counted_twice,
    a_missing_interface_is_named,
    one_missing_interface_of_two_leaves_the_other_untouched,
    an_output_that_cannot_be_written_is_named,
    without_privileges_the_missing_capabilities_are_named,
    an_xdp_hook_in_use_is_named_and_left_alone,
    xdp_refused_by_the_driver_is_explained,
    a_large_mtu_is_taken_or_refused_with_the_way_out,
    an_interface_that_is_down_is_said_to_count_nothing_until_up,
]
