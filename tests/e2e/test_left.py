# SPDX-License-Identifier: BSD-2-Clause
"""What a kernel that does not answer makes of a run, and what is left behind then."""
import resource
import signal
import time

import traffic
import watch
from lab import expect, expect_equal, wait_for_text, wait_until
from watch import Weir

TCX = ("tcx-ingress", "tcx-egress")
CLSACT = ("clsact-ingress", "clsact-egress")


def limit_files(weir, soft):
    """No descriptor past this number can be opened, by the helper either; 0: as many as before."""
    helper = watch.children(weir.process.pid)["weir-helper"][0]["Pid"]
    for pid in (weir.process.pid, int(helper)):
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft or before[1], before[1]))


def running_out_of_descriptors_is_not_taken_for_an_interface_that_has_gone(lab):
    near, far = lab.pair()
    for how, hooks in (("tc", TCX), ("clsact", CLSACT)):
        weir = Weir(lab, near, "-a", how, windows=["tumbling:200ms"]).wait_attached(*hooks)
        limit_files(weir, 3)
        wait_for_text(weir.stderr_path, "Too many open files")
        traffic.udp_burst(far, near, [100] * 40)
        time.sleep(0.6)
        limit_files(weir, 0)
        traffic.udp_burst(far, near, [100] * 40)
        near.settle()
        documents = weir.stop().documents()
        expect_equal(watch.direction_sum(documents, "in"), (80, 80 * 142), f"{how}: in")
        expect_equal(weir.stderr.count("Too many open files"), 1, f"{how}: times said")
        expect("gone" not in weir.stderr, f"{how}: {weir.stderr}")
    return next(line for line in weir.stderr.splitlines() if "open files" in line)


def a_filter_that_cannot_be_removed_is_named_and_the_next_start_removes_it(lab):
    near, _ = lab.pair()
    weir = Weir(lab, near, "-a", "clsact").wait_attached(*CLSACT)
    limit_files(weir, 3)
    weir.stop(status=1)
    lines = [line for line in weir.stderr.splitlines() if "detach near" in line]
    expect_equal(len(lines), 2, f"lines about what is left: {weir.stderr}")
    expect_equal(len(near.hooks()), 2, "filters left")
    weir = Weir(lab, near, "-a", "tc").wait_attached(*TCX)
    expect_equal({hook for hook, _ in near.hooks()}, set(TCX), "hooks of the next weir")
    expect("clsact" not in near.qdiscs(), f"qdisc left: {near.qdiscs().strip()}")
    weir.stop()
    expect_equal(near.hooks(), set(), "hooks after its end")
    expect("removed from near what a killed weir left there: 2 filters" in weir.stderr,
           f"not said: {weir.stderr}")
    return lines[0]


def any_start_removes_what_a_killed_weir_left_on_any_interface(lab):
    near, far = lab.pair()
    Weir(lab, near, "-a", "clsact").wait_attached(*CLSACT).stop(signal.SIGKILL, -signal.SIGKILL)
    alive = Weir(lab, near, "-a", "clsact").wait_attached(*CLSACT)
    other = lab.link(near.namespace, far.namespace, 1, ("other", "remote"))[0]
    Weir(lab, other, "-a", "clsact").wait_attached(*CLSACT).stop(signal.SIGKILL, -signal.SIGKILL)
    loopback = lab.adopt(near.namespace, "lo")
    last = Weir(lab, loopback, "-a", "tc").wait_attached(*TCX)
    expect_equal(other.hooks(), set(), "what a killed weir left")
    expect("clsact" not in other.qdiscs(), f"qdisc left: {other.qdiscs().strip()}")
    expect_equal({hook for hook, _ in near.hooks()}, set(CLSACT), "hooks of who lives")
    last.stop()
    alive.stop()
    expect_equal(near.hooks(), set(), "hooks after the end")
    return "left on one interface by SIGKILL, gone by a start with TCX on another; who lives stays"


def a_failed_start_leaves_nothing_of_its_own(lab):
    """What comes in is attached first; then the way out has no place left."""
    near, _ = lab.pair()
    for _ in range(8):
        Weir(lab, near, "-a", "clsact", "-d", "out").wait_attached("clsact-egress")
    wait_until(lambda: len(near.hooks()) == 8, "eight weirs at one hook")
    refused = Weir(lab, near, "-a", "clsact").wait(1)
    expect("clsact-egress" in refused.stderr, refused.stderr)
    expect_equal({hook for hook, _ in near.hooks()}, {"clsact-egress"}, "hooks after a failure")
    return refused.stderr.splitlines()[0]


TESTS = [
    running_out_of_descriptors_is_not_taken_for_an_interface_that_has_gone,
    a_filter_that_cannot_be_removed_is_named_and_the_next_start_removes_it,
    any_start_removes_what_a_killed_weir_left_on_any_interface,
    a_failed_start_leaves_nothing_of_its_own,
]
