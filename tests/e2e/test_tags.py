# SPDX-License-Identifier: BSD-2-Clause
"""VLAN tags that are beside the packet: TC sees them, XDP where the driver tells of them; else that is said."""
import traffic
from lab import expect, expect_equal, wait_until
from stranger import tagger
from test_exact import start, watched

VLAN, INNER, COUNT, MEND = 5, 7, 20, "ethtool -K PEER txvlan off"
SIZES = [100, 900] * (COUNT // 2)


def tags_seen(lab, near, far, how, *options):
    """{(vlan, inner_vlan): (packets, bytes)} of the flows of UDP, and what was said at the start."""
    weir = start(lab, near, how, *options, direction="in")
    watched(near, [weir], lambda: traffic.udp_burst(far, near, SIZES))
    found = {}
    for document in weir.documents():
        for flow in document["flows"]:
            if flow["proto"] == "udp":
                tags = flow["vlan"], flow["inner_vlan"]
                packets, size = found.get(tags, (0, 0))
                found[tags] = (packets + flow["packets"]["total"], size + flow["bytes"]["total"])
    return found, weir.stderr


def total(tags, on_tags=1):
    return {tags: (COUNT, sum(SIZES) + COUNT * (42 + 4 * on_tags))}


def tags_beside_the_packet_are_seen_at_tc_and_xdp(lab):
    near, far = lab.pair()
    far.namespace.run("ethtool", "-K", far.name, "txvlan", "on")
    cases = [((VLAN,), 0x8100, (VLAN, None)), ((VLAN,), 0x88a8, (VLAN, None)),
             ((INNER, VLAN), 0x8100, (VLAN, INNER)), ((0,), 0x8100, (0, None)),
             ((0x6000 | VLAN,), 0x8100, (VLAN, None)), ((), 0, (None, None))]
    for tags, protocol, expected in cases:
        with tagger(far, *tags, protocol=protocol):
            for how in ("tc", "native"):
                found, said = tags_seen(lab, near, far, how)
                expect_equal((found, MEND in said), (total(expected, len(tags)), False),
                             f"{tags} at {how}, and whether it is said that they are not seen")
    return f"{len(cases)} kinds of tags, packets and bytes the same"


def tags_are_seen_at_xdp_of_several_buffers_and_with_options(lab):
    near, far = lab.pair()
    for device in (near, far):
        device.namespace.run("ip", "link", "set", device.name, "mtu", "9000")
    with tagger(far, VLAN):
        for options in ((), ("--fragments",), ("-g", "vlan,inner_vlan,proto"), ("--processes",)):
            found, said = tags_seen(lab, near, far, "native", *options)
            expect_equal((found, MEND in said), (total((VLAN, None)), False), f"{options}")
    return "an MTU of 9000, fragments, a group-by, processes"


def tags_that_xdp_does_not_see_are_said(lab):
    near, far = lab.pair()
    cases = [("generic", (), ": "), ("native", ("--tcp",), ", beside --tcp: "),
             ("native", ("--tunnels",), ", beside --tunnels: ")]
    with tagger(far, VLAN):
        for how, options, why in cases:
            found, said = tags_seen(lab, near, far, how, *options)
            expect_equal(found, total((None, None), 0), f"tags at {how} {options}")
            expect(why + MEND in said, f"what makes XDP see tags is not said: {said}")
        found, said = tags_seen(lab, near, far, "native", "udp")
        expect_equal(found, total((None, None), 0), "tags with a filter")
        expect(", beside a FILTER: " + MEND in said, said)
        far.namespace.run("ethtool", "-K", far.name, "txvlan", "off")
        found, said = tags_seen(lab, near, far, "native", "--tcp")
        expect_equal(found, total((VLAN, None)), "tags with txvlan off")
    return "generic, --tcp, --tunnels, a filter; seen once the other end leaves them in the packet"


def tags_of_an_interface_that_came_back_are_said_to_be_unseen(lab):
    space, far_space = lab.namespace(), lab.namespace()
    near, far = lab.link(space, far_space, 1, ("one", "far"))
    weir = start(lab, near, "native", direction="in")
    space.run("ip", "link", "del", near.name)
    wait_until(lambda: "interface one: it has gone" in weir.stderr, "a word about it")
    near, far = lab.link(space, far_space, 1, ("one", "far"))
    wait_until(lambda: "gets beside packets, of an interface that came later: " + MEND in weir.stderr,
               "a word about its tags")
    expect("xdp-native" in {name for name, _ in near.hooks()}, "attached again")
    with tagger(far, VLAN):
        watched(near, [weir], lambda: traffic.udp_burst(far, near, SIZES))
    found = {flow["vlan"] for document in weir.documents() for flow in document["flows"]
             if flow["proto"] == "udp"}
    expect_equal(found, {None}, "tags of it")
    return "attached again, and that is said"


TESTS = [
    tags_beside_the_packet_are_seen_at_tc_and_xdp,
    tags_are_seen_at_xdp_of_several_buffers_and_with_options,
    tags_that_xdp_does_not_see_are_said,
    tags_of_an_interface_that_came_back_are_said_to_be_unseen,
]
