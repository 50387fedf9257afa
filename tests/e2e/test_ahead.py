# SPDX-License-Identifier: BSD-2-Clause
"""Programs of others on the hooks: weir goes first, or says what stands before it."""
import time

import traffic
import watch
from lab import expect, expect_equal, wait_for_text
from stranger import TC_OK, TC_SHOT, XDP_DROP, stranger
from watch import Weir

TCX = ("tcx-ingress", "tcx-egress")
CLSACT = ("clsact-ingress", "clsact-egress")


def losses(documents):
    return [document["health"]["collection"]["loss"] for document in documents]


def one_who_ends_the_chain_hides_nothing_from_a_weir_that_starts_later(lab):
    near, far = lab.pair()
    with stranger(near, "tcx-ingress", TC_OK), stranger(near, "tcx-egress", TC_SHOT):
        weir = Weir(lab, near, "-a", "tc").wait_attached(*TCX)
        traffic.udp_burst(far, near, [100] * 200)
        traffic.udp_burst(near, far, [100] * 30)
        near.settle()
        documents = weir.stop().documents()
    expect_equal(watch.direction_sum(documents, "in"), (200, 200 * 142), "in")
    expect_equal(watch.direction_sum(documents, "out"), (30, 30 * 142), "out")
    expect_equal(set(losses(documents)), {0.0}, "loss")
    return "TC_ACT_OK in, TC_ACT_SHOT out before it: 200 and 30 packets seen, loss 0"


def one_who_comes_later_and_goes_before_is_named_and_its_packets_are_loss(lab):
    near, far = lab.pair()
    weir = Weir(lab, near, "-a", "tc").wait_attached(*TCX)
    with stranger(near, "tcx-ingress", TC_OK):
        wait_for_text(weir.stderr_path, "stands before weir")
        traffic.udp_burst(far, near, [100] * 250)
        near.settle()
        time.sleep(1.1)
    wait_for_text(weir.stderr_path, "any more")
    traffic.udp_burst(far, near, [100] * 50)
    near.settle()
    documents = weir.stop().documents()
    expect_equal(watch.direction_sum(documents, "in"), (50, 50 * 142), "in")
    lost = sum(round(loss * (document["seen"]["packets"] / (1 - loss) if loss < 1 else 250))
               for loss, document in zip(losses(documents), documents))
    expect_equal(lost, 250, "packets lost")
    expect_equal(losses(documents)[-1], 0.0, "loss once it has gone")
    for document, loss in zip(documents, losses(documents)):
        named = document["health"]["collection"].get("ahead", [])
        expect(named or not loss, f"loss {loss} without a name")
        expect(all("(stranger) at tcx-ingress of near" in text for text in named), f"{named}")
    lines = [line for line in weir.stderr.splitlines() if "before weir" in line]
    expect_equal(len(lines), 2, f"lines on standard error: {lines}")
    expect("(stranger) at tcx-ingress of near" in lines[0], f"not named: {lines[0]}")
    return lines[0]


def an_xdp_program_that_drops_before_tc_is_named_and_its_packets_are_loss(lab):
    near, far = lab.pair()
    with stranger(near, "xdp-native", XDP_DROP):
        weir = Weir(lab, near, "-a", "tc").wait_attached(*TCX)
        expect("(stranger) at xdp-native of near" in weir.stderr, f"not named: {weir.stderr}")
        traffic.udp_burst(far, near, [100] * 250)
        near.settle()
        documents = weir.stop().documents()
    expect_equal(watch.direction_sum(documents, "in"), (0, 0), "in")
    expect_equal(max(losses(documents)), 1.0, "loss")
    return next(line for line in weir.stderr.splitlines() if "stranger" in line)


TESTS = [
    one_who_ends_the_chain_hides_nothing_from_a_weir_that_starts_later,
    one_who_comes_later_and_goes_before_is_named_and_its_packets_are_loss,
    an_xdp_program_that_drops_before_tc_is_named_and_its_packets_are_loss,
]
