# SPDX-License-Identifier: BSD-2-Clause
"""VLAN tags that are beside the packet: TC sees them, XDP does not, and that is said."""
import traffic
from lab import expect, expect_equal
from stranger import tagger
from test_exact import start, watched

VLAN, COUNT, MEND = 5, 20, "ethtool -K PEER txvlan off"


def tags_seen(lab, near, far, how):
    """The tags of the flows of UDP, and what was said at the start."""
    weir = start(lab, near, how, direction="in")
    watched(near, [weir], lambda: traffic.udp_burst(far, near, [100] * COUNT))
    flows = [flow for document in weir.documents() for flow in document["flows"]
             if flow["proto"] == "udp"]
    expect_equal(sum(flow["packets"]["total"] for flow in flows), COUNT, f"datagrams at {how}")
    return {flow["vlan"] for flow in flows}, weir.stderr


def tags_beside_the_packet_are_seen_at_tc_and_told_at_xdp(lab):
    near, far = lab.pair()
    far.namespace.run("ethtool", "-K", far.name, "txvlan", "on")
    with tagger(far, VLAN):
        tags, said = tags_seen(lab, near, far, "tc")
        expect_equal((tags, MEND in said), ({VLAN}, False), "tags at TC, and whether XDP is told of")
        tags, said = tags_seen(lab, near, far, "native")
        expect_equal(tags, {None}, "tags beside the packet at XDP")
        expect(MEND in said, f"what makes XDP see tags is not said: {said}")
        near.namespace.run("ethtool", "-K", near.name, "rxvlan", "off")
        expect_equal(tags_seen(lab, near, far, "native")[0], {None}, "tags with rxvlan off")
        far.namespace.run("ethtool", "-K", far.name, "txvlan", "off")
        expect_equal(tags_seen(lab, near, far, "native")[0], {VLAN}, "tags with txvlan off")
    return "beside the packet at TC only; at XDP too once its other end leaves them in it"


TESTS = [
    tags_beside_the_packet_are_seen_at_tc_and_told_at_xdp,
]
