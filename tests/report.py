#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The report (*.html) against the documents of the same run, and in a browser.

    tests/report.py BUILD [PICTURES]

PICTURES: a folder that gets a picture of each width and theme, to be looked at, and report.png,
the README's (tools/report.png). Without chromium
(tools/setup --browser) what needs it is skipped and counted as that: it is big.
"""
import collections
import html.parser
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

import browser
import report_access
import report_capture
import report_served

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WEIR = os.path.abspath(os.path.join(sys.argv[1], "weir"))
BROWSER = browser.PROGRAM
WIDTHS = (360, 1280, 3840)
counts = collections.Counter()


def check(holds, sentence, evidence=""):
    counts["passed" if holds else "failed"] += 1
    print(f"{'ok  ' if holds else 'FAIL'} {sentence} {'' if holds else str(evidence)[:2000]}",
          flush=True)


class Page(html.parser.HTMLParser):
    """Tables by section and caption: rows of cells as texts; and all elements' names."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.names, self.attributes = {}, collections.Counter(), []
        self.section = self.table = self.cell = self.caption = None
        self.texts = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names[tag] += 1
        self.attributes += [name for name, _ in attrs]
        if tag == "section":
            self.section = dict(attrs)["data-section"]
        elif tag == "table":
            self.table = []
        elif tag == "caption":
            self.caption = ""
        elif tag == "tr":
            self.table.append([])
        elif tag in ("td", "th") and self.table:
            self.table[-1].append("")

    def handle_endtag(self, tag):
        if tag == "caption":
            self.tables[self.section, self.caption] = self.table
            self.caption = None
        elif tag == "table":
            self.table = None

    def handle_data(self, data):
        self.texts.append(data)
        if self.caption is not None:
            self.caption += data
        elif self.table and self.table[-1]:
            self.table[-1][-1] += data.strip()

    def rows(self, section, caption):
        """Name of the row: its numbers. Swatches' numbers stand before names."""
        return {row[0]: [number(cell) for cell in row[1:]]
                for row in self.tables[section, caption][1:]}


def number(cell):
    digits = cell.replace("\u202f", "")
    return int(digits) if digits.isdigit() else cell


def run(folder, *arguments):
    path, documents = os.path.join(folder, "r.html"), os.path.join(folder, "r.ndjson")
    for old in (path, documents):
        if os.path.exists(old):
            os.remove(old)
    subprocess.run([WEIR, "run", "-q", "-r", *arguments, "-o", path, "-o", documents], check=True)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(documents, encoding="utf-8") as file:
        return text, [json.loads(line) for line in file]


def tally(documents, key_of):
    """Bytes and packets by key, of all rows of the documents."""
    sums = collections.defaultdict(lambda: [0, 0])
    for flow in (flow for document in documents for flow in document["flows"]):
        sums[key_of(flow)][0] += flow["bytes"]["total"]
        sums[key_of(flow)][1] += flow["packets"]["total"]
    return sums


def service(flow):
    ports = [flow[name] for name in ("src_port", "dst_port") if flow.get(name)]
    return f"{min(ports)}/{flow['proto']}" if ports and "icmp" not in flow["proto"] \
        else flow["proto"]


def host(name):
    return lambda flow: flow.get(name) or flow["proto"]


def check_dimension(page, section, sums, total):
    """Each row as the documents have it, greatest first, and rows with other sum to all."""
    caption = next(caption for known, caption in page.tables if known == section)
    table = page.rows(section, caption)
    told = {re.sub(r"^[1-8](?=\D|\d+[./:])", "", name) if i < 8 else name: values
            for i, (name, values) in enumerate(table.items())}
    rows = {name: values for name, values in told.items() if name not in ("other", "all")}
    wanted = sorted(sums.items(), key=lambda item: -item[1][0])[:16]
    check([values[0] for values in rows.values()] == [values[0] for _, values in wanted],
          f"{section}: the largest, greatest first", (rows, wanted))
    wrong = {name: values for name, values in rows.items()
             if [values[0], values[2]] != sums.get(name)}
    check(not wrong, f"{section}: digit by digit as in the documents",
          (wrong, dict(list(sums.items())[:5])))
    check(told["all"][0] == total["bytes"] and told["all"][2] == total["packets"] and
          sum(values[0] for values in rows.values()) + told["other"][0] == total["bytes"] and
          sum(values[2] for values in rows.values()) + told["other"][2] == total["packets"],
          f"{section}: rows and other sum to all", (told, total))


def check_steps(page, section, documents):
    rows = page.tables[section, "Bytes of each step"][1:]
    sums = [sum(number(cell) for cell in row[1:]) for row in rows]
    check(sums == [document["total"]["bytes"]["total"] for document in documents],
          f"{section}: in every step the bands and other are the total")


def check_sums(page, documents, total):
    sums = page.rows("time", "Sums by direction")
    for way in ("in", "out"):
        wanted = [sum(document["total"][way][what]["total"] for document in documents)
                  for what in ("bytes", "packets")]
        check(sums[way][:2] == wanted, f"what went {way}", (sums, wanted))
    check(sums["all"][:2] == [total["bytes"], total["packets"]], "what went at all", sums)
    outcomes = page.rows("account", "Outcomes")
    for name in documents[0]["outcomes"]:
        wanted = [sum(document["outcomes"][name][what] for document in documents)
                  for what in ("packets", "bytes")]
        check([outcomes[name][0], outcomes[name][2]] == wanted, f"outcome {name}", outcomes)
    steps = page.tables["time", "Every step"][1:]
    check([number(row[1]) for row in steps] ==
          [document["total"]["bytes"]["total"] for document in documents], "each step's total")


def check_numbers(folder, capture):
    text, documents = run(folder, capture, "-w", "tumbling:1s")
    page = Page(text)
    total = {what: sum(document["total"][what]["total"] for document in documents)
             for what in ("bytes", "packets")}
    check_sums(page, documents, total)
    for section, key_of in (("services", service), ("senders", host("src")),
                            ("receivers", host("dst"))):
        check_dimension(page, section, tally(documents, key_of), total)
        check_steps(page, section, documents)
    check_steps(page, "conversations", documents)
    check("onclick" not in page.attributes and page.names["b"] == 7 and
          page.names["img"] == 0, "no name from the capture became markup", page.names)
    check("<b onclick=\"alert(1)\">eth0</b>" in "".join(page.texts), "but it is told as it is")
    check("style" not in page.attributes, "no style but the page's own", page.attributes)
    text, documents = run(folder, capture, "-w", "tumbling:1s", "-n", "3")
    check_steps(Page(text), "senders", documents)
    check("rows that were not listed" in text, "rows that -n leaves out are said")
    again, _ = run(folder, capture, "-w", "tumbling:1s", "-n", "3")
    check(text == again, "the same capture gives the same page")
    return text


def check_long(folder):
    """A day of windows: bounded, and the sums are exact."""
    capture = os.path.join(folder, "day.pcap")
    frame = report_capture.udp("10.0.0.1", "10.0.0.2", (1000, 53), 40)
    with open(capture, "wb") as file:
        file.write(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
        for second in range(86400):
            for more in range(2):
                sent = report_capture.udp(f"10.0.{second % 251}.{more}",
                                          f"10.1.{second % 13}.9", (1000, 53 + more), 40)
                file.write((1700000000 + second).to_bytes(4, "little") + bytes(4) +
                           len(frame).to_bytes(4, "little") * 2 + sent)
    text, documents = run(folder, capture, "-w", "tumbling:1s")
    check(len(documents) == 86400, "a day has 86400 windows", len(documents))
    check(len(text.encode()) < 1000000, "a day's page is under 1 MB", len(text.encode()))
    steps = Page(text).tables["time", "Every step"][1:]
    check(sum(number(row[1]) for row in steps) ==
          sum(document["total"]["bytes"]["total"] for document in documents),
          "joined steps sum to the run")
    check("older ones are joined, up to " in text, "the page says how coarse it is")
    print(f"     a day: {len(text.encode())} bytes, {len(steps)} steps")


MEASURE = """
(() => {
const faults = [];
const luminance = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 :
	((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
const ground = e => { for (; e; e = e.parentElement) {
	const c = parse(getComputedStyle(e).backgroundColor);
	if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
	return (x + 0.05) / (y + 0.05); };
const shown = e => e.checkVisibility() && e.getClientRects().length && !e.closest("caption");
const leaves = [...document.querySelectorAll("body *")].filter(e => shown(e) &&
	!e.closest("script") && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
for (const e of leaves) {
	const svg = e.closest("svg"), style = getComputedStyle(e);
	let ink = parse(svg ? style.fill : style.color), back = ground(e);
	const band = svg && e.classList.contains("n") &&
		svg.parentElement.querySelector("path." + e.classList[1]);
	if (band) back = parse(getComputedStyle(band).fill);
	const least = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
	if (ratio(ink.slice(0, 3), back) < least)
		faults.push(`contrast ${ratio(ink.slice(0, 3), back).toFixed(2)} of "${e.textContent}"`);
	const box = e.getBoundingClientRect();
	if (!e.closest(".table") && (box.left < -0.5 || box.right > innerWidth + 0.5))
		faults.push(`cut by the page: "${e.textContent}" ${box.left}..${box.right}`);
	if (e.scrollWidth > e.clientWidth + 1 && style.overflowX === "hidden")
		faults.push(`cut: "${e.textContent}"`);
}
const texts = leaves.filter(e => !e.querySelector("*")).flatMap(e => { const r =
	document.createRange(); r.selectNodeContents(e);
	return [...r.getClientRects()].map(box => [e, box]); });
for (let i = 0; i < texts.length; i++)
	for (let j = i + 1; j < texts.length && j < i + 60; j++) {
		const [[e, a], [f, b]] = [texts[i], texts[j]];
		if (e === f || e.contains(f) || e.closest("thead") || f.closest("thead")) continue;
		if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5 &&
		    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
			faults.push(`"${e.textContent}" and "${f.textContent}" overlap`);
	}
if (document.documentElement.scrollWidth > innerWidth)
	faults.push(`wider than the page: ${document.documentElement.scrollWidth}`);
document.documentElement.dataset.measured = JSON.stringify({ width: innerWidth, texts:
	texts.length, faults, sortable: document.querySelectorAll("thead button").length });
})();
"""


def browse(folder, url, *flags):
    """What chromium makes of it: the document as text."""
    command = [BROWSER, *browser.FLAGS, f"--user-data-dir={folder}/profile", *flags, url]
    done = subprocess.run(command, capture_output=True, timeout=90, check=False)
    return done.stdout.decode(errors="replace")


def unlocked(text, theme, script=MEASURE):
    """The page with another script behind its own, which its policy would forbid."""
    text = re.sub(r"<meta http-equiv=Content-Security-Policy[^\n]*\n", "", text)
    text = text.replace("<html lang=en", f"<html lang=en data-theme={theme}", 1)
    return text.replace("show();\n\t\tdocument.body", "document.body", 1) \
        .replace("</body>", f"<script>{script}</script></body>")


def save(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def check_looks(folder, text, pictures):
    for theme in ("light", "dark"):
        path = save(folder, f"{theme}.html", unlocked(text, theme))
        for width in WIDTHS:
            # The smallest window of a browser is wider than a phone: the page is in a frame.
            frame = save(folder, "frame.html", f"<body style='margin:0'><iframe src={theme}.html "
                         f"style='border:0;width:{width}px;height:6000px'></iframe>")
            where = f"{width} wide, {theme}"
            if width < 500:
                shown = save(folder, "phone.html", unlocked(text, theme, MEASURE).replace(
                    "document.documentElement.dataset.measured =",
                    "parent.document.documentElement.dataset.measured ="))
                with open(frame, "w", encoding="utf-8") as file:
                    file.write(f"<!doctype html><html><body style='margin:0'><iframe "
                               f"src='{os.path.basename(shown)}' style='border:0;"
                               f"width:{width}px;height:9000px'></iframe></body></html>")
                path_shown = frame
            else:
                path_shown = path
            dom = browse(folder, f"file://{path_shown}", f"--window-size={max(width, 500)},2000",
                         "--allow-file-access-from-files", "--dump-dom")
            told = re.search(r'data-measured="([^"]*)"', dom)
            measured = json.loads(html.unescape(told.group(1))) if told else {}
            check(measured.get("width") == width and measured["texts"] > 100,
                  f"{where}: was measured", dom[:300] if not told else measured)
            check(not measured.get("faults", True), f"{where}: no text is cut, overlaps or is "
                  "hard to read", "\n".join(measured.get("faults", [])[:12]))
            check(measured.get("sortable", 0) > 10, f"{where}: tables can be sorted")
            if pictures:
                browse(folder, f"file://{path_shown}", f"--window-size={max(width, 500)},3600",
                       "--allow-file-access-from-files",
                       f"--screenshot={os.path.abspath(pictures)}/{width}-{theme}.png")


def take_picture(folder, pictures):
    """The README's."""
    subprocess.run([WEIR, "run", "-q", "-r", "office.pcapng", "--host", "edge-1", "-o",
                    "report.html"], cwd=folder, check=True)
    browse(folder, f"file://{folder}/report.html", "--window-size=1200,1620",
           f"--screenshot={os.path.abspath(pictures)}/report.png")


class Server(http.server.ThreadingHTTPServer):
    """Serves one page at /, is a proxy to all else, and remembers what was asked."""

    def __init__(self, text):
        self.text, self.asked = text, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                self.asked.append(handler.path)
                body = self.text.encode() if handler.path == "/" else b"?"
                handler.send_response(200 if handler.path == "/" else 404)
                handler.send_header("Content-Type", "text/html; charset=utf-8")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self.server_address[1]}"


ATTACK = ("<script>document.title = 'taken'; fetch('/stolen')</script>"
          "<img src='/picture' onerror='document.title = \"taken\"'>"
          "<link rel=stylesheet href='/style'><iframe src='/frame'></iframe></body>")


def check_policy(folder, text):
    server = Server(text)
    dom = browse(folder, f"http://{server.address}/", "--dump-dom")
    check(server.asked == ["/"], "the page asks for nothing", server.asked)
    check("<button" in dom, "its own script runs")
    hostile = Server(text.replace("</body>", ATTACK))
    dom = browse(folder, f"http://{hostile.address}/", "--dump-dom")
    check(hostile.asked == ["/"] and "<title>taken" not in dom,
          "and what was put into it runs nothing and asks for nothing", hostile.asked)
    control = Server(unlocked(text, "light", "").replace("</body>", ATTACK))
    browse(folder, f"http://{control.address}/", "--dump-dom")
    check("/picture" in control.asked, "which is the policy's doing", control.asked)
    path = save(folder, "off.html", text.replace("script-src 'sha256-", "script-src 'sha256-no"))
    dom = browse(folder, f"file://{path}", "--dump-dom")
    check("<button" not in dom and Page(dom).rows("services", "Services")["all"],
          "without scripts all is there")


def read_style():
    with open(os.path.join(TOP, "user/page/page_style.css"), encoding="utf-8") as file:
        return file.read()


def check_palette(style):
    dark = [re.sub(r"\s+", " ", block) for block in
            re.findall(r"(--ground: #0f.*?)\}", style, re.S)]
    check(len(dark) == 2 and dark[0] == dark[1], "the two dark themes are one", dark)


def main():
    pictures = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder:
        capture = os.path.join(folder, "office.pcapng")
        report_capture.write(capture)
        check_numbers(folder, capture)
        check_long(folder)
        check_palette(read_style())
        report_access.check_colours(read_style(), check)
        text, _ = run(folder, capture, "-w", "tumbling:1s")
        if BROWSER:
            check_looks(folder, text, pictures)
            check_policy(folder, text)
            report_access.check_access(folder, save(folder, "plain.html", text), check)
            report_served.check_served(folder, WEIR, check)
            if pictures:
                take_picture(folder, pictures)
        else:
            counts["skipped"] += 1
            print("skipped: no chromium: tools/setup --browser installs it")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
