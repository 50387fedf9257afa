# SPDX-License-Identifier: BSD-2-Clause
"""Offloads on: what TC hands over merged is counted as the wire packets it stands for."""
import socket

import traffic
import watch
from lab import expect, expect_equal
from watch import Weir

ETHER = 14


class Chain:
    """client --(offloads on)-- router --(offloads off)-- server: the second link is unmerged.

    Packets keep their lengths when forwarded, so the server's own counters are the truth for
    the first link, where the same bytes travel in packets of up to 64 KiB.
    """

    def __init__(self, lab, merging=False):
        spaces = [lab.namespace() for _ in range(3)]
        router = spaces[1]
        router.sysctl("ipv4.ip_forward", 1)
        router.sysctl("ipv6.conf.all.forwarding", 1)
        self.client, self.inside = lab.link(spaces[0], router, 1, ("client", "inside"), True)
        self.outside, self.server = lab.link(router, spaces[2], 2, ("outside", "server"), False)
        for end in (self.client, self.inside):
            end.offloads(True)
            end.namespace.run("ethtool", "-K", end.name, "gro", "off")
        if merging:
            router.run("ethtool", "-K", self.outside.name, "gro", "on")
        self.merging = merging
        self.route(self.client, self.inside, self.server)
        self.route(self.server, self.outside, self.client)

    @staticmethod
    def route(end, gateway, other):
        for target, via in ((other.ip, gateway.ip), (other.ip6, gateway.ip6)):
            end.namespace.run("ip", "route", "add", target, "via", via)

    def wire(self, before, after):
        """(packets, bytes) to the server and from it, as single packets on the second link.

        With GRO on at the router its receive side counts what the server sent, without the
        Ethernet header.
        """
        to_server, from_server = ((now[0] - then[0], now[1] - then[1])
                                  for then, now in zip(before, after))
        if self.merging:
            from_server = (from_server[0], from_server[1] + ETHER * from_server[0])
        return to_server, from_server


def count_chain(lab, chain, generate):
    """Runs generate() and compares both ends of the merged link with the unmerged one."""
    weirs = [Weir(lab, end, "-a", "tc", "-p", "20ms", windows=["tumbling:100ms"])
             .wait_attached("tcx-ingress", "tcx-egress") for end in (chain.client, chain.inside)]
    before, merged_before = chain.server.settle(), chain.client.settle()
    generate()
    merged_after, after = chain.client.settle(), chain.server.settle()
    for weir in weirs:
        weir.stop()
    wire = chain.wire(before, after)
    for weir, ways, where in zip(weirs, (("out", "in"), ("in", "out")), ("egress", "ingress")):
        documents = weir.documents()
        for way, wanted in zip(ways, wire):
            expect_equal(watch.direction_sum(documents, way), wanted,
                         f"wire packets counted {way}, merged at {where}")
    merged = sum(now[0] - then[0] for then, now in zip(merged_before, merged_after))
    single = wire[0][0] + wire[1][0]
    expect(merged < single, f"nothing was merged: {merged} and {single} packets")
    return f"{single} wire packets counted from {merged} handed over"


def large_segments_sent_and_received_are_counted_as_wire_packets(lab):
    chain = Chain(lab)

    def generate():
        traffic.tcp_transfer(chain.client, chain.server, 20000000, 100000)
        traffic.tcp_transfer(chain.client, chain.server, 5000000, 100000, socket.AF_INET6)
        traffic.udp_segments(chain.client, chain.server, 50, 1111)
    return "TCP, TCP over IPv6 and UDP segments: " + count_chain(lab, chain, generate)


def packets_merged_on_receipt_are_counted_as_wire_packets(lab):
    chain = Chain(lab, merging=True)

    def generate():
        traffic.tcp_transfer(chain.client, chain.server, 100000, 10000000)
        traffic.tcp_transfer(chain.client, chain.server, 100000, 5000000, socket.AF_INET6)
    return "TCP and TCP over IPv6 through GRO: " + count_chain(lab, chain, generate)


TESTS = [
    large_segments_sent_and_received_are_counted_as_wire_packets,
    packets_merged_on_receipt_are_counted_as_wire_packets,
]
