# SPDX-License-Identifier: BSD-2-Clause
"""The report for who has no mouse, does not see it, sees fewer colours, or has it on paper."""
import itertools
import os
import re

import browser
import colours

THEMES = ("light", "dark")
LEVEL = 0.01


def check_colours(style, check):
    blocks = (style[:style.index("}")], re.search(r"--ground: #0f.*?\}", style, re.S).group(0))
    white, blue = colours.place([1, 1, 1]), colours.place([0, 0, 1])
    check(abs(white[0] - 100) < LEVEL and abs(blue[0] - 31.22) < LEVEL and
          abs(blue[1] + 8.39) < LEVEL and abs(blue[2] + 39.16) < LEVEL,
          "colours: white and blue lie where CAM02-UCS has them", (white, blue))
    for theme, block in zip(THEMES, blocks):
        palette = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        bands = {name: palette[name] for name in [f"b{i}" for i in range(1, 9)] + ["rest"]}
        pairs = list(itertools.combinations(bands, 2)) + [("in", "out")]
        for seen in colours.SEEN:
            near = min((colours.distance(palette[one], palette[other], seen), one, other)
                       for one, other in pairs)
            check(near[0] >= colours.LEAST,
                  f"colours: {theme}, {seen}: bands are told apart ({near[0]:.1f})", near)


def known(node, name):
    return next((each["value"].get("value") for each in node.get("properties", ())
                 if each["name"] == name), None)


def text_of(node, part):
    return node.get(part, {}).get("value", "")


def check_tree(page, check):
    """What a screen reader is told."""
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    nodes = page.accessibility()
    by_role = {}
    for node in nodes:
        by_role.setdefault(text_of(node, "role"), []).append(node)
    heads = [node for node in by_role["heading"] if known(node, "level") == 1]
    check(len(heads) == 1 and text_of(heads[0], "name"), "access: one first heading", heads)
    check([len(by_role.get(role, ())) for role in ("banner", "main", "contentinfo")] == [1, 1, 1],
          "access: a header, what matters, and a footer", list(by_role))
    tables = by_role["table"]
    check(len(tables) == page.evaluate("document.querySelectorAll('table').length") and
          all(text_of(table, "name") for table in tables), "access: every table has a name",
          [text_of(table, "name") for table in tables])
    check(page.evaluate("""[...document.querySelectorAll('thead th')].every(e => e.scope === 'col')
          && [...document.querySelectorAll('tbody tr, tfoot tr')].every(e =>
          e.cells[0].tagName === 'TH' && e.cells[0].scope === 'row')"""),
          "access: columns and rows have heads")
    pictures = [node for role in ("image", "img") for node in by_role.get(role, ())]
    check(len(pictures) == page.evaluate("document.querySelectorAll('svg.plot').length") > 4 and
          all(text_of(one, "name") and text_of(one, "description") for one in pictures),
          "access: every picture has a name and says what it is", pictures)
    nameless = [node for node in nodes if known(node, "focusable") and
                text_of(node, "role") not in ("RootWebArea",) and not text_of(node, "name")]
    check(not nameless, "access: what can be reached has a name", nameless[:3])
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = false; })")


FOCUSED = """
(() => { const e = document.activeElement, style = getComputedStyle(e);
	const all = [...document.querySelectorAll('*')];
	return { at: all.indexOf(e), tag: e.tagName + '.' + e.className, text: e.textContent.slice(0, 40),
		outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }; })()
"""


def check_keys(page, check):
    """Tab goes through the page from its beginning to its end, and is seen on its way."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    stops = []
    for _ in range(400):
        page.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop["tag"].startswith("BODY") or (stops and stop["at"] == stops[0]["at"]):
            break
        stops.append(stop)
    places = [stop["at"] for stop in stops]
    check(len(stops) > 60 and places == sorted(places),
          f"keys: tab goes in the order of the page, {len(stops)} stops", stops[:5])
    unseen = [stop for stop in stops if not stop["outline"]]
    check(not unseen, "keys: it is seen where the focus is", unseen[:3])
    page.evaluate("document.querySelector('[data-section=services] thead button').focus()")
    page.press("Enter", "\r")
    order = page.evaluate("""[...document.querySelectorAll('[data-section=services] tbody')[0].rows]
        .map(row => row.cells[0].querySelector('bdi').textContent)""")
    check(page.evaluate("document.activeElement.closest('th').ariaSort") == "ascending" and
          len(order) > 3, "keys: a table is ordered, and says so", order)
    page.press("Enter", "\r")
    check(page.evaluate("document.activeElement.closest('th').ariaSort") == "descending" and
          order[::-1] == page.evaluate("""[...document.querySelectorAll(
          '[data-section=services] tbody')[0].rows].map(row =>
          row.cells[0].querySelector('bdi').textContent)"""),
          "keys: and the other way round", order)
    page.evaluate("document.querySelector('#services .slider').focus()")
    told = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.press(key)
        told.append(page.evaluate("document.activeElement.ariaValueText"))
    check(told[0] == told[2] != told[1] and "2023-11-14 22:13:20" in told[0] and
          "443/tcp" in told[0],
          "keys: arrows tell the figures of a step", told)
    page.press("Escape")
    check(page.evaluate("!document.querySelector('.tip')"), "keys: and escape ends it")


A4_POINTS = (595, 842)
PRINTED = """
(() => { const width = document.documentElement.clientWidth, wide = [], tall = [];
for (const e of document.querySelectorAll('body *')) {
	if (!e.checkVisibility() || e.closest('caption, script')) continue;
	const box = e.getBoundingClientRect();
	if (box.left < -0.5 || box.right > width + 0.5) wide.push(e.tagName + ' ' + e.className);
}
for (const e of document.querySelectorAll('section, .tile, figure, tr'))
	if (e.checkVisibility() && (getComputedStyle(e).breakInside !== 'avoid' ||
		e.getBoundingClientRect().height > innerHeight))
		tall.push(e.tagName);
return { wide, tall, ground: getComputedStyle(document.body).backgroundColor,
	ink: getComputedStyle(document.body).color, seen:
	document.querySelectorAll('section').length }; })()
"""


def check_paper(page, check):
    """A4, also by who reads it dark: nothing is wider than the page, no row is cut, few pages."""
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.call("Emulation.setEmulatedMedia", media="print")
    page.resize(703, 1040)  # what the margins leave of A4, in CSS pixels
    printed = page.evaluate(PRINTED)
    check(not printed["wide"] and not printed["tall"] and printed["seen"] > 6,
          "paper: nothing is wider than the page, rows and pictures stay whole", printed)
    check((printed["ground"], printed["ink"]) == ("rgb(255, 255, 255)", "rgb(22, 32, 43)"),
          "paper: dark on white", printed)
    pdf = page.print_pdf()
    boxes = [tuple(round(float(part)) for part in box.split()[2:])
             for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)]
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
    check(3 <= pages <= 5 and set(boxes) <= {A4_POINTS} and boxes,
          f"paper: {pages} pages of A4", (pages, boxes))
    page.call("Emulation.setEmulatedMedia", media="")


def check_access(folder, path, check):
    with browser.Browser(os.path.join(folder, "access")) as chromium:
        page = chromium.open()
        page.resize(1280, 900)
        page.navigate(f"file://{path}")
        check_tree(page, check)
        check_keys(page, check)
        check_paper(page, check)
