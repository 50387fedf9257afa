# SPDX-License-Identifier: BSD-2-Clause
"""The served report in a browser: it renews, what the reader does stays, and it says where weir is.

A weir that reads packets from a pipe has a window when the test says so.
"""
import os
import re
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request

import browser
import report_capture

RENEWALS = 2
PATIENCE_S = 20
# Watches each picture the browser makes: the report's height, where a section is, what is shown.
WATCH = """
(() => {
	window.seen = { least: Infinity, moved: 0, frames: 0 };
	const at = document.querySelector('[data-section=senders]').getBoundingClientRect().top;
	const look = () => {
		const report = document.getElementById('report');
		const top = document.querySelector('[data-section=senders]').getBoundingClientRect().top;
		seen.least = Math.min(seen.least, report ? report.offsetHeight : 0);
		seen.moved = Math.max(seen.moved, Math.abs(top - at));
		seen.frames++;
		requestAnimationFrame(look);
	};
	look();
})()
"""


class Served:
    """A weir with a listener, and what it reads."""

    def __init__(self, program, port=0):
        self.program = program
        self.second = 0
        self.start(port)

    def start(self, port):
        self.process = subprocess.Popen(
            [self.program, "run", "-r", "-", "-w", "tumbling:1s", "-l", str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        self.process.stdin.write(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
        self.process.stdin.flush()
        self.url = None
        while not self.url:
            line = self.process.stderr.readline().decode()
            assert line, "weir has ended"
            found = re.search(r"http://\S+", line)
            self.url = found and found.group(0)

    def tell(self, seconds=1):
        """So many windows more; the last one is open."""
        for _ in range(seconds):
            self.second += 1
            for _, frame, times in report_capture.frames(100 + self.second):
                self.process.stdin.write(times * (struct.pack(
                    "<IIII", report_capture.START + self.second, 0, len(frame), len(frame)) +
                    frame))
        self.process.stdin.flush()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stderr.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as made:
        return made.getsockname()[1]


def renewed(page, served, seconds=1):
    """Whether the page tells what it did not tell before."""
    before = page.evaluate("document.querySelector('#steps')?.rows.length || 0")
    served.tell(seconds)
    return page.wait_for(f"document.querySelector('#steps')?.rows.length > {before}", PATIENCE_S)


STATE = """
(() => { const sorted = document.querySelector('[data-section=services] th[aria-sort]');
return {
	theme: document.documentElement.dataset.theme,
	sorted: sorted && [sorted.cellIndex, sorted.getAttribute('aria-sort')],
	picked: [...document.querySelectorAll('tr.picked bdi')].map(e => e.textContent),
	bright: document.querySelectorAll('path.band.picked').length,
	open: [...document.querySelectorAll('details[open]')].map(e =>
		e.closest('section').dataset.section),
	scrolled: document.querySelector('details[open] .table').scrollTop,
	focus: document.activeElement.textContent, y: scrollY > 200,
}; })()
"""


def check_kept(page, served, check):
    """The reader sorts, picks, opens, scrolls: and the page renews under it."""
    page.evaluate("document.getElementById('theme').click()")
    page.evaluate("document.getElementById('theme').click()")
    page.evaluate("document.querySelectorAll('[data-section=services] thead button')[0].click()")
    page.evaluate("document.querySelector('[data-section=senders] tr[data-k] button').focus()")
    page.press("Enter", "\r")
    page.evaluate("document.querySelector('[data-section=senders] details').open = true")
    page.evaluate("document.querySelector('details[open] .table').scrollTop = 40")
    page.evaluate("document.querySelector('[data-section=senders]').scrollIntoView()")
    before = page.evaluate(STATE)
    check(before["theme"] == "dark" and before["sorted"] == [0, "ascending"] and
          len(before["picked"]) == 1 and before["bright"] == 1 and before["open"] == ["senders"]
          and before["scrolled"] == 40 and before["focus"] == before["picked"][0] and before["y"],
          "served: the reader has sorted, picked, opened and scrolled", before)
    height = page.evaluate("document.getElementById('report').offsetHeight")
    page.evaluate(WATCH)
    times = sum(bool(renewed(page, served)) for _ in range(RENEWALS))
    seen = page.evaluate("seen")
    after = page.evaluate(STATE)
    check(times == RENEWALS, "served: it renews", times)
    check(after == before, "served: order, pick, open part, scrolling, focus and theme stay",
          (before, after))
    check(seen["frames"] > 5 and seen["least"] >= 0.98 * height and seen["moved"] < 2,
          "served: no picture in between is empty, and what is read stands still",
          (seen, height))


def check_selected(page, served, check):
    """Text that is selected stays so; the page says that it waits, and goes on."""
    selected = page.evaluate("""(() => { const range = document.createRange();
        range.selectNodeContents(document.querySelector('[data-section=senders] bdi'));
        getSelection().removeAllRanges(); getSelection().addRange(range);
        return getSelection().toString(); })()""")
    served.tell()
    said = page.wait_for("document.getElementById('state').textContent", PATIENCE_S)
    check("waits while text is selected" in str(said) and selected and
          page.evaluate("getSelection().toString()") == selected,
          "served: selected text stays, and the page says that it waits", (said, selected))
    page.evaluate("getSelection().removeAllRanges()")
    check(renewed(page, served) and not page.evaluate("state.textContent"),
          "served: then it goes on")


def check_gone(page, served, port, check):
    """weir is killed, comes back with nothing to tell, and has a window."""
    steps = page.evaluate("document.getElementById('steps').rows.length")
    served.stop()
    said = page.wait_for("state.textContent", PATIENCE_S)
    check(re.search(r"has not answered since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", str(said)) and
          page.evaluate("document.getElementById('steps').rows.length") == steps and
          page.evaluate("state.checkVisibility() && state.getAttribute('role')") == "status",
          "served: it says that weir is gone, and still tells what it knew", said)
    served.start(port)
    said = page.wait_for("state.textContent.includes('anew') && state.textContent", PATIENCE_S)
    check(said, "served: that it is back without a window yet", said)
    served.tell(3)
    check(page.wait_for(f"!state.textContent && "
                        f"document.getElementById('steps').rows.length < {steps}", PATIENCE_S),
          "served: and goes on by itself", page.evaluate("state.textContent"))
    check(page.evaluate("document.documentElement.dataset.theme") == "dark" and
          page.evaluate("document.querySelector('[data-section=services] th').ariaSort") ==
          "ascending", "served: as the reader had it")


def check_early(page, served, check):
    """Before the first window there is a page that becomes the report."""
    try:
        urllib.request.urlopen(served.url)
        status = 200
    except urllib.error.HTTPError as answer:
        status, text = answer.code, answer.read().decode()
    page.navigate(served.url)
    check(status == 503 and "No window is over yet" in text and
          "No window is over yet" in page.evaluate("document.body.innerText"),
          "served: before the first window it says so", (status, text))
    served.tell(30)
    check(page.wait_for("document.getElementById('steps')?.rows.length > 25", PATIENCE_S),
          "served: and becomes the report")


def read_without_scripts(page, served, check):
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.navigate(served.url)
    before = page.evaluate("[document.querySelectorAll('button').length, "
                           "document.getElementById('steps').rows.length]")
    text = page.evaluate("document.body.innerText")
    check(before[0] == 0 and "Accounting" in text and "Conversations" in text and
          page.evaluate("document.querySelectorAll('#report svg path').length") > 20,
          "served: without scripts it is all there", before)
    page.evaluate("scrollTo(0, 500)")
    return before[1]


def check_served(folder, program, check):
    port = free_port()
    served = Served(program, port)
    began = time.monotonic()
    try:
        with browser.Browser(os.path.join(folder, "served")) as chromium:
            page, plain = chromium.open(), chromium.open()
            page.resize(1280, 900)
            check_early(page, served, check)
            steps = read_without_scripts(plain, served, check)
            check_kept(page, served, check)
            check_selected(page, served, check)
            check(plain.wait_for(f"document.getElementById('steps').rows.length > {steps} && "
                                 "scrollY", PATIENCE_S) == 500,
                  "served: and comes anew by itself, where it was", steps)
            check_gone(page, served, port, check)
    finally:
        served.stop()
    print(f"     served: {time.monotonic() - began:.1f} s")
