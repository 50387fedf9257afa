# SPDX-License-Identifier: BSD-2-Clause
"""What a replay has to write, computed apart from the code under test: packets are put into panes
one by one, and each window is added up from them anew.

A packet is (nanoseconds, wire length, key); nanoseconds are None where it has no time.
"""
import collections

NS = 1_000_000_000
JUMP_NS = 3600 * NS
Placed = collections.namedtuple("Placed", "pane time_ns length key late")


class Clock:
    """Puts packets into panes; self.placed has them in the order in which they count."""

    def __init__(self, pane_ns, duration_ns=None):
        self.pane_ns, self.duration_ns = pane_ns, duration_ns
        self.placed, self.timeless = [], []
        self.pane = self.newest = self.end_ns = self.ahead = None
        self.is_over = False

    def count(self, time_ns, packet, late=False):
        self.placed.append(Placed(self.pane, time_ns, packet[1], packet[2], late))

    def enter(self, packet):
        """A packet in order, which may open a pane; its time ends the run past the duration."""
        if packet[0] >= self.end_ns:
            self.is_over = True
            return
        self.pane = packet[0] // self.pane_ns
        self.newest = max(packet[0], self.newest)
        self.count(packet[0], packet)

    def take(self, packet):
        time_ns = packet[0]
        if time_ns is None:
            if self.pane is None:
                self.timeless.append(packet)
            else:
                self.count(self.newest, packet)
            return
        if self.pane is None:
            self.pane, self.newest = time_ns // self.pane_ns, time_ns
            self.end_ns = time_ns + self.duration_ns if self.duration_ns else float("inf")
            for early in self.timeless:
                self.count(self.pane * self.pane_ns, early)
        elif time_ns // self.pane_ns < self.pane:
            self.count(self.newest, packet, late=True)
            return
        self.decide(time_ns)
        if self.is_over:
            return
        if time_ns // self.pane_ns > self.pane and time_ns - self.newest > JUMP_NS:
            self.ahead = packet
        elif time_ns // self.pane_ns < self.pane:
            self.count(self.newest, packet, late=True)
        else:
            self.enter(packet)

    def decide(self, time_ns):
        """The packet that was ahead: late where time falls back before its pane, else a gap."""
        ahead, self.ahead = self.ahead, None
        if ahead and time_ns // self.pane_ns < ahead[0] // self.pane_ns:
            self.count(self.newest, ahead, late=True)
        elif ahead:
            self.enter(ahead)

    def finish(self):
        if self.ahead and not self.is_over:
            self.enter(self.ahead)
        if self.pane is None:
            self.pane = 0
            for early in self.timeless:
                self.count(0, early)


def place(packets, pane_ns, duration_ns=None):
    clock = Clock(pane_ns, duration_ns)
    for packet in packets:
        clock.take(packet)
        if clock.is_over:
            break
    clock.finish()
    return clock.placed


def flows_of(placed):
    """Key to [packets, bytes, first ms, last ms]."""
    table = {}
    for packet in placed:
        ms = packet.time_ns // 1_000_000
        row = table.setdefault(packet.key, [0, 0, ms, ms])
        row[0] += 1
        row[1] += packet.length
        row[2], row[3] = min(row[2], ms), max(row[3], ms)
    return table


class Panes:
    """Placed packets by pane."""

    def __init__(self, placed, pane_ns):
        self.pane_ns, self.panes = pane_ns, {}
        for packet in placed:
            self.panes.setdefault(packet.pane, []).append(packet)
        self.first, self.last = min(self.panes), max(self.panes)

    def window(self, begin, end, complete):
        """The document of the panes from begin up to end."""
        inside = [pane for pane in self.panes if begin <= pane < end]
        placed = [packet for pane in inside for packet in self.panes[pane]]
        rates = [sum(packet.length for packet in self.panes[pane]) for pane in inside]
        return {"start_ns": begin * self.pane_ns, "end_ns": end * self.pane_ns,
                "complete": complete, "packets": len(placed),
                "bytes": sum(packet.length for packet in placed),
                "max": max(rates) * NS / self.pane_ns, "late": sum(p.late for p in placed),
                "flows": flows_of(placed)}


def block_windows(placed, pane_ns, length_ns, slide_ns):
    """The documents of a tumbling or sliding window."""
    if not placed:
        return []
    panes = Panes(placed, pane_ns)
    length, slide = length_ns // pane_ns, slide_ns // pane_ns
    opened = (panes.last + 1) // slide  # the block that no pane has ended
    first = panes.first // slide
    ends = {block for pane in panes.panes
            for block in range(pane // slide, pane // slide + length // slide)}
    documents = []
    for block in sorted(block for block in ends if first <= block <= opened):
        begin, end = (block + 1) * slide - length, (block + 1) * slide
        complete = begin >= panes.first and (block < opened or end == panes.last + 1)
        end = min(end, panes.last + 1) if block == opened else end
        documents.append(panes.window(max(begin, panes.first), end, complete))
    return documents


def sessions(placed, pane_ns, gap_ns):
    """Rows (pane, key, packets, bytes, first ms, last ms), sorted; the gap is in ms."""
    if not placed:
        return []
    panes, gap_ms, rows, opened = Panes(placed, pane_ns), gap_ns // 1_000_000, [], {}
    for pane in sorted(panes.panes):
        for key, more in flows_of(panes.panes[pane]).items():
            row = opened.get(key)
            if row and more[2] < row[3] + gap_ms:
                opened[key] = [row[0] + more[0], row[1] + more[1], row[2], more[3]]
                continue
            if row:
                rows.append((key, *row))
            opened[key] = more
    rows += [(key, *row) for key, row in opened.items()]

    def told(row):
        pane = (row[4] * 1_000_000 + gap_ns - 1) // pane_ns
        return min(pane, panes.last)

    return sorted((told(row), *row) for row in rows)
