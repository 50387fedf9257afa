# SPDX-License-Identifier: BSD-2-Clause
"""A real VXLAN device with offloads on: its merged packets are counted as those of the wire, with
the headers inside; with --tunnels the flows are those inside."""
import traffic
import watch
from lab import Device, Skipped, expect, expect_equal
from test_merged import Chain
from watch import Weir

VNI, PORT = 4711, 4789


class Inside(Device):
    """The VXLAN device of one end, with addresses of its own."""

    def __init__(self, under, other, host):
        super().__init__(under.namespace, "vxlan", host, 77)
        if under.namespace.run("ip", "link", "add", "vxlan", "type", "vxlan", "id", str(VNI),
                               "dstport", str(PORT), "local", under.ip, "remote", other.ip,
                               "dev", under.name, "udpcsum", check=False).returncode:
            raise Skipped("the kernel has no vxlan")
        self.ip_link("address", self.mac)
        self.ip_link("mtu", "1450")
        self.ip_link("up")
        self.namespace.run("ip", "addr", "add", f"{self.ip}/24", "dev", self.name)

    def knows(self, other):
        self.namespace.run("ip", "neigh", "replace", other.ip, "lladdr", other.mac,
                           "dev", self.name, "nud", "permanent")


def build(lab, merging):
    chain = Chain(lab, merging)
    ends = Inside(chain.client, chain.server, 1), Inside(chain.server, chain.client, 2)
    ends[0].knows(ends[1])
    ends[1].knows(ends[0])
    return chain, *ends


def count(lab, merging, generate):
    """Both ends of the merged link, with the option and without, beside the unmerged one."""
    chain, near, far = build(lab, merging)
    if merging:
        chain.outside.namespace.run("ethtool", "-K", chain.outside.name,
                                    "rx-udp-gro-forwarding", "on")
    weirs = [(end, Weir(lab, end, "-a", "tc", "-p", "20ms", *options, windows=["tumbling:100ms"])
              .wait_attached("tcx-ingress", "tcx-egress"))
             for end in (chain.client, chain.inside) for options in ((), ("--tunnels",))]
    before, merged_before = chain.server.settle(), chain.client.settle()
    generate(near, far)
    merged_after, after = chain.client.settle(), chain.server.settle()
    wire = chain.wire(before, after)
    for end, weir in weirs:
        weir.stop()
        ways = ("out", "in") if end is chain.client else ("in", "out")
        for way, wanted in zip(ways, wire):
            expect_equal(watch.direction_sum(weir.documents(), way), wanted,
                         f"wire packets counted {way} at {end.name}, {weir.path}")
    merged = sum(now[0] - then[0] for then, now in zip(merged_before, merged_after))
    single = wire[0][0] + wire[1][0]
    expect(merged < single, f"nothing was merged: {merged} and {single} packets")
    for _, weir in weirs[1::2]:
        expect_inside(weir.documents(), near, far, single)
    return f"{single} wire packets in VXLAN counted from {merged} handed over"


def expect_inside(documents, near, far, packets):
    """All of them are of flows inside, which name the tunnel."""
    flows = [flow for document in documents for flow in document["flows"]]
    inside = [flow for flow in flows if flow.get("tunnel")]
    expect_equal({(flow["tunnel"], flow["tunnel_id"]) for flow in inside}, {("vxlan", VNI)},
                 "tunnels of flows")
    expect_equal({flow["src"] for flow in inside if "src" in flow}, {near.ip, far.ip},
                 "sources inside")
    expect_equal(sum(flow["packets"]["total"] for flow in inside), packets, "packets inside")


def merged_packets_in_a_tunnel_are_counted_with_the_headers_inside(lab):
    def generate(near, far):
        traffic.tcp_transfer(near, far, 20000000, 100000)
        traffic.udp_segments(near, far, 50, 1111)
    return "sent: " + count(lab, False, generate)


def tunnelled_packets_merged_on_receipt_are_counted_with_the_headers_inside(lab):
    def generate(near, far):
        traffic.tcp_transfer(near, far, 100000, 10000000)
    return "received: " + count(lab, True, generate)


TESTS = [
    merged_packets_in_a_tunnel_are_counted_with_the_headers_inside,
    tunnelled_packets_merged_on_receipt_are_counted_with_the_headers_inside,
]
