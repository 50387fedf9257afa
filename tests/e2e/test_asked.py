# SPDX-License-Identifier: BSD-2-Clause
"""What the command line asks for: all interfaces, names that nobody knows, no more memory."""
import subprocess

import traffic
import watch
from lab import expect, expect_equal
from watch import BINARY, Weir


def run_weir(space, *words, **keywords):
    """Its exit status, standard output and standard error."""
    done = subprocess.run(space.command([BINARY, *words]), text=True, capture_output=True,
                          check=False, timeout=30, **keywords)
    return done.returncode, done.stdout, done.stderr


def any_stands_for_every_interface_that_is_up(lab):
    """Each is named in its flows; what is down, or no Ethernet, is not counted."""
    one, far_one = lab.pair(number=1, names=("one", "far"))
    two, far_two = lab.link(one.namespace, lab.namespace(), 2, ("two", "far"))
    for words in ("tuntap add tun0 mode tun", "link set tun0 up", "link set lo up",
                  "link add down type veth peer name down-peer"):
        one.namespace.run("ip", *words.split())
    weir = Weir(lab, [one, two], "-a", "tc", names=["any"])
    weir.wait_attached("tcx-ingress", "tcx-egress")
    before = one.settle(), two.settle()
    traffic.udp_burst(far_one, one, [200] * 30)
    traffic.udp_burst(two, far_two, [300] * 20)
    after = one.settle(), two.settle()
    documents = weir.stop().documents()
    expect_equal(sorted(documents[0]["source"]["names"]), ["lo", "one", "two"], "source.names")
    for device, then, now in zip((one, two), before, after):
        got = watch.plus(*((flow["packets"]["total"], flow["bytes"]["total"])
                           for document in documents for flow in document["flows"]
                           if flow["interface"] == device.name))
        wanted = tuple(sum(b[i] - a[i] for a, b in zip(then, now)) for i in (0, 1))
        expect_equal(got, wanted, f"{device.name}, against ip -s link")
    expect("interface tun0: left out" in weir.stderr, f"tun0 is not named: {weir.stderr}")
    return "two links and the loopback, each named; tun0 left out in words"


def a_list_of_interfaces_is_told_how_to_name_several(lab):
    near, _ = lab.pair()
    status, out, err = run_weir(near.namespace, "run", "-i", "near,lo")
    expect_equal((status, out), (2, ""), "status and output")
    expect("repeat --interface" in err, err)
    return err.splitlines()[0]


TESTS = [
    any_stands_for_every_interface_that_is_up,
    a_list_of_interfaces_is_told_how_to_name_several,
]
