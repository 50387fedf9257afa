# SPDX-License-Identifier: BSD-2-Clause
"""--tcp live: against what a relay between two hosts delayed and dropped, as it logged that itself,
and against the kernel's own counters of the sender.
"""
import heapq
import os
import re
import select
import socket
import statistics
import struct
import threading
import time

import traffic
import tunnel
from lab import HeldUp, expect, expect_equal
from watch import Weir

TC = ("tcx-ingress", "tcx-egress")


class Relay(tunnel.Pair):
    """What one end sends arrives at the other after a while, or never."""

    def __init__(self, lab, delay_ms, drops=()):
        super().__init__(lab)
        self.delay, self.drops = delay_ms / 1000, set(drops)
        self.sent, self.rtts, self.dropped, self.data = {}, [], 0, 0

    def note(self, packet, is_near, now):
        """Times data of the near end until the far one's answer is handed over. True: drop it."""
        start = (packet[0] & 15) * 4
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            return False
        seq, ack = struct.unpack_from("!II", packet, start + 4)
        length = len(packet) - start - (packet[start + 12] >> 4) * 4
        if not is_near:
            for end in [end for end in self.sent if (ack - end) % (1 << 32) < 1 << 31]:
                self.rtts.append(now - self.sent.pop(end))
        elif length:
            self.data += 1
            if self.data in self.drops:
                self.dropped += 1
                return True
            self.sent.setdefault((seq + length) % (1 << 32), now)
        return False

    def carry(self):
        waiting, count = [], 0
        while True:
            until = max(0, waiting[0][0] - time.monotonic()) if waiting else None
            ready, _, _ = select.select([*self.tuns, self.wake], [], [], until)
            if self.wake in ready:
                return
            for tun in ready:
                packet, now = os.read(tun, 1 << 16), time.monotonic()
                is_near = tun == self.tuns[0]
                if is_near and self.note(packet, True, now):
                    continue
                heapq.heappush(waiting, (now + self.delay, count, is_near, packet))
                count += 1
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, is_near, packet = heapq.heappop(waiting)
                if not is_near:
                    self.note(packet, False, time.monotonic())
                os.write(self.tuns[is_near], packet)


def echo(listener, size, stop):
    connection, _ = listener.accept()
    with connection:
        left = size
        while left and not stop.is_set():
            data = connection.recv(1 << 16)
            left -= len(data)
            connection.sendall(data)
        stop.wait(60)  # ss shows what is established only


def converse(relay, turns, size):
    """As many questions, each answered at once; what the sender's kernel says of it at the end."""
    listener = traffic.open_socket(relay.far, socket.AF_INET, socket.SOCK_STREAM)
    listener.listen()
    stop = threading.Event()
    thread = threading.Thread(target=echo, args=(listener, turns * size, stop))
    thread.start()
    client = traffic.open_socket(relay.near, socket.AF_INET, socket.SOCK_STREAM)
    with client, listener:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.connect(listener.getsockname())
        for _ in range(turns):
            client.sendall(bytes(size))
            left = size
            while left:
                left -= len(client.recv(left))
        told = relay.near.namespace.run("ss", "-tin", "state", "established").stdout
        stop.set()
        thread.join()
    return told


def smoothed_rtt(told):
    """RFC 6298's, in nanoseconds: the last ones weigh most."""
    return float(re.search(r"\brtt:([0-9.]+)/", told)[1]) * 1e6


def sent_again(space):
    told = space.run("nstat", "-asz", "TcpRetransSegs").stdout
    return int(next(line.split()[1] for line in told.splitlines() if "RetransSegs" in line))


def rows(documents, direction):
    return [flow["tcp"] for document in documents for flow in document["flows"]
            if flow["direction"] == direction and flow["proto"] == "tcp"]


def mean_rtt(found):
    samples = sum(tcp["rtt"]["samples"] for tcp in found)
    total = sum(tcp["rtt"]["average_ns"] * tcp["rtt"]["samples"] for tcp in found
                if tcp["rtt"]["samples"])
    return total / max(samples, 1), samples


def round_trips_are_as_the_relay_logged_them(lab):
    results = []
    for round_trip_ms, turns, allowed in ((1, 200, 0.10), (20, 50, 0.05), (200, 8, 0.05)):
        with Relay(lab, round_trip_ms / 2) as relay:
            weir = Weir(lab, relay.near, "--tcp").wait_attached(*TC)
            kernel = smoothed_rtt(converse(relay, turns, 500))
            found = rows(weir.stop().documents(), "out")
            got, samples = mean_rtt(found)
            logged = statistics.mean(relay.rtts) * 1e9
            recent = statistics.mean(relay.rtts[-12:]) * 1e9
            # Of those that waited for the relay itself more are timed than of others.
            if logged > 1.2e9 * statistics.median(relay.rtts):
                raise HeldUp(f"the relay: {logged:.0f} ns on average, "
                             f"{1e9 * statistics.median(relay.rtts):.0f} the median")
            if abs(recent - logged) > allowed / 2 * logged:
                raise HeldUp(f"the relay: {recent:.0f} ns at the end, {logged:.0f} before")
            # One begins in a tick of the kernel, of up to 10 ms, at most.
            expect(samples >= turns * min(round_trip_ms / 12, 0.8), f"{samples} of {turns} turns")
            expect(abs(got - logged) <= allowed * logged,
                   f"{round_trip_ms} ms: {got:.0f} ns, the relay {logged:.0f}")
            expect(abs(got - kernel) <= allowed * kernel,
                   f"{round_trip_ms} ms: {got:.0f} ns, the kernel {kernel:.0f}")
            handshakes = [tcp["handshake_rtt_ns"] for tcp in found if tcp["handshake_rtt_ns"]]
            expect(len(handshakes) == 1 and handshakes[0] > round_trip_ms * 9e5, "one handshake")
            results.append(f"{got / 1e6:.2f} for {logged / 1e6:.2f}, ss {kernel / 1e6:.2f}")
    return "ms: " + ", ".join(results)


def each_segment_that_was_dropped_is_counted_once(lab):
    with Relay(lab, 5, drops=(3, 10, 11, 25, 40)) as relay:
        weir = Weir(lab, relay.near, "--tcp").wait_attached(*TC)
        converse(relay, 50, 700)
        kernel, other = (sent_again(end.namespace) for end in (relay.near, relay.far))
        documents = weir.stop().documents()
        told = [tcp["retransmitted"] for tcp in rows(documents, "out")]
        packets = sum(again["packets"] for again in told)
        expect_equal(packets, kernel, "segments that the kernel sent again")
        expect(kernel >= relay.dropped == 5, f"{relay.dropped} were dropped")
        expect_equal(sum(again["bytes"] for again in told), packets * 700, "bytes of them")
        expect_equal(sum(tcp["retransmitted"]["packets"] for tcp in rows(documents, "in")), other,
                     "segments that the other one sent again")
    return f"{packets} sent again, {relay.dropped} dropped"


def what_was_lost_before_the_hook_is_told_by_what_came_after_it(lab):
    """The figures of the manual."""
    results = []
    for turns, size, drops in ((4, 400000, range(20, 900, 49)), (100, 700, range(5, 90, 11))):
        with Relay(lab, 5, drops=drops) as relay:
            weirs = [Weir(lab, end, "--tcp").wait_attached(*TC) for end in (relay.near, relay.far)]
            converse(relay, turns, size)
            kernel = sent_again(relay.near.namespace)
            before, behind = (sum(tcp["retransmitted"]["packets"]
                                  for tcp in rows(weir.stop().documents(), direction))
                              for weir, direction in zip(weirs, ("out", "in")))
            expect_equal(before, kernel, "segments that the kernel sent again, before the relay")
            expect(kernel >= relay.dropped == len(drops), f"{relay.dropped} were dropped")
            results.append((behind, kernel))
    (bulk, of_bulk), (single, of_single) = results
    expect(0.8 * of_bulk <= bulk <= of_bulk, f"{bulk} of {of_bulk} told in bulk")
    expect(single <= of_single - 8, f"{single} of {of_single} told that had nothing behind them")
    return f"{bulk} of {of_bulk} in bulk, {single} of {of_single} that waited for an answer"


TESTS = [round_trips_are_as_the_relay_logged_them, each_segment_that_was_dropped_is_counted_once,
         what_was_lost_before_the_hook_is_told_by_what_came_after_it]
