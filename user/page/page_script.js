/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a reader can do with a report. Without it all is there to be read: it adds orders of tables,
 * a row picked out in its picture, figures under the pointer, the theme, and a page that renews.
 */
"use strict";
(() => {
	const root = document.documentElement;
	const picked = new Map();   /* section: name of the row */
	const orders = new Map();   /* section and table: column, descending */
	let cursor = null;          /* figure's id and where in it */

	const store = {
		read(name) { try { return localStorage.getItem(name); } catch { return null; } },
		write(name, value) { try { localStorage.setItem(name, value); } catch { /* as it is */ } },
	};

	const make = (name, properties, ...children) => {
		const element = Object.assign(document.createElement(name), properties);
		element.append(...children);
		return element;
	};

	const rowName = row => row.cells[0].querySelector("bdi").textContent;
	const sectionOf = element => element.closest("section");

	function themeButton() {
		const names = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
		const next = { auto: "light", light: "dark", dark: "auto" };
		let theme = store.read("weir-theme");
		const button = make("button", { id: "theme", type: "button" });
		const show = () => {
			if (!names[theme])
				theme = "auto";
			if (theme === "auto")
				delete root.dataset.theme;
			else
				root.dataset.theme = theme;
			button.textContent = names[theme];
		};
		button.addEventListener("click", () => {
			theme = next[theme];
			store.write("weir-theme", theme);
			show();
		});
		show();
		document.body.prepend(button);
	}

	/* Digits stand in groups; what is no number is ordered as text. */
	function valueOf(cell) {
		const text = cell.textContent.trim();
		const scale = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
		const match = /^(-?[\d\u202f]+(?:\.\d+)?)(?:\u00a0([kMGT])?)?/.exec(text);
		return match && !/^\d{4}-/.test(text) ?
			Number(match[1].replaceAll("\u202f", "")) * (scale[match[2]] || 1) : text;
	}

	function sortTable(table, column, descending) {
		const body = table.tBodies[0];
		const rows = [...body.rows].map(row => [valueOf(row.cells[column]), row]);
		rows.sort(([a], [b]) => {
			const order = typeof a === "number" && typeof b === "number" ? a - b :
				String(a).localeCompare(String(b));
			return descending ? -order : order;
		});
		body.append(...rows.map(([, row]) => row));
		[...table.tHead.rows[0].cells].forEach((cell, i) => {
			if (i === column)
				cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
			else
				cell.removeAttribute("aria-sort");
		});
	}

	function tableName(table) {
		return sectionOf(table).dataset.section + " " + table.caption.textContent;
	}

	function makeSortable(table) {
		[...table.tHead.rows[0].cells].forEach((cell, column) => {
			const button = make("button", { type: "button" }, ...cell.childNodes);
			button.addEventListener("click", () => {
				const known = cell.getAttribute("aria-sort");
				const descending = known ? known !== "descending" : column > 0;
				orders.set(tableName(table), [column, descending]);
				sortTable(table, column, descending);
			});
			cell.append(button);
		});
		const order = orders.get(tableName(table));
		if (order && order[0] < table.tHead.rows[0].cells.length)
			sortTable(table, ...order);
	}

	function showPicked(section) {
		const name = picked.get(section.dataset.section);
		const rows = [...section.querySelectorAll("tr[data-k]")];
		const row = rows.find(one => rowName(one) === name);
		section.classList.toggle("picking", Boolean(row));
		for (const one of rows) {
			one.classList.toggle("picked", one === row);
			one.querySelector("button").setAttribute("aria-pressed", String(one === row));
		}
		for (const part of section.querySelectorAll("path.band, text.n"))
			part.classList.toggle("picked", Boolean(row) &&
				part.classList.contains("b" + row.dataset.k));
	}

	function pick(row) {
		const section = sectionOf(row), name = section.dataset.section;
		picked.set(name, picked.get(name) === rowName(row) ? null : rowName(row));
		showPicked(section);
	}

	function makePickable(section) {
		for (const row of section.querySelectorAll("tr[data-k]")) {
			const name = row.cells[0].querySelector("bdi");
			const button = make("button", { type: "button" });
			name.replaceWith(button);
			button.append(name);
			row.classList.add("pickable");
			row.addEventListener("click", () => pick(row));
		}
		for (const band of section.querySelectorAll("path.band[data-k]")) {
			band.addEventListener("click", () => {
				const row = section.querySelector(`tr[data-k="${band.dataset.k}"]`);
				if (row)
					pick(row);
			});
		}
		showPicked(section);
	}

	/* The steps in their order, whatever order their table is in now. */
	function stepsOf(body) {
		return [...body.rows].sort((a, b) => a.cells[0].textContent < b.cells[0].textContent ?
			-1 : 1);
	}

	function lines(section, number) {
		const body = section.querySelector("tbody.steps") || document.getElementById("steps");
		const row = stepsOf(body)[number];
		const heads = [...body.parentNode.tHead.rows[0].cells].map(cell => cell.textContent);
		const names = new Map([...section.querySelectorAll("tr[data-k]")]
			.map(one => [one.dataset.k, rowName(one)]));
		const told = [...row.cells].slice(1).map((cell, i) => {
			const name = names.get(heads[i + 1]);
			const shown = Number(cell.textContent.replaceAll("\u202f", "")).toLocaleString("en")
				.replaceAll(",", "\u202f");
			return make("p", {}, make("span", {}, name ? `${heads[i + 1]}  ${name}` :
				heads[i + 1]), make("i", {}, shown));
		});
		const unit = body.classList.contains("steps") ? ", bytes" : "";
		return [make("b", {}, row.cells[0].textContent + unit), ...told];
	}

	function hideTip() {
		for (const old of document.querySelectorAll(".tip, .over line.cursor"))
			old.remove();
	}

	/* The step there is told by a line, a note, and to who does not see them by the slider. */
	function showTip(figure, x) {
		const steps = document.getElementById("steps");
		if (!steps)
			return;
		const rows = stepsOf(steps);
		let number = rows.findIndex(row => Number(row.dataset.y) > x);
		if (number < 0)
			number = rows.length - 1;
		const part = Math.min(1, (Number(rows[number].dataset.x) +
			Number(rows[number].dataset.y)) / 2 / Number(figure.dataset.span));
		const tip = make("div", { className: "tip" }, ...lines(sectionOf(figure), number));
		const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
		hideTip();
		for (const [name, value] of [["class", "cursor"], ["x1", `${part * 100}%`],
			["x2", `${part * 100}%`], ["y1", "0"], ["y2", "100%"]])
			line.setAttribute(name, value);
		tip.setAttribute("aria-hidden", "true");
		figure.querySelector(".over").append(line);
		figure.querySelector(".area").append(tip);
		tip.style[part > 0.5 ? "right" : "left"] =
			`${(part > 0.5 ? 1 - part : part) * 100 + 2}%`;
		cursor = { id: figure.id, x, number };
		tellStep(figure, number, [...tip.children].map(one => one.innerText).join(", "));
	}

	function tellStep(figure, number, words) {
		const slider = figure.querySelector(".slider");
		slider.setAttribute("aria-valuenow", String(number + 1));
		slider.setAttribute("aria-valuetext", words);
	}

	function step(figure, by) {
		const rows = stepsOf(document.getElementById("steps"));
		const from = cursor && cursor.id === figure.id ? cursor.number : by > 0 ? -1 : 0;
		const row = rows[(from + by + rows.length) % rows.length];
		showTip(figure, (Number(row.dataset.x) + Number(row.dataset.y)) / 2);
	}

	function leave() {
		hideTip();
		cursor = null;
	}

	/* The place of the arrow keys. */
	function makeSlider(figure) {
		const slider = make("div", { className: "slider", tabIndex: 0 });
		const title = figure.querySelector("svg title").textContent;
		for (const [name, value] of [["role", "slider"], ["aria-valuemin", "1"],
			["aria-label", `${title}: the figures of a step`],
			["aria-valuemax", String(document.getElementById("steps").rows.length)]])
			slider.setAttribute(name, value);
		figure.querySelector(".area").append(slider);
		tellStep(figure, 0, "no step is chosen");
		slider.addEventListener("blur", leave);
		slider.addEventListener("keydown", event => {
			const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
			if (event.key === "Escape")
				leave();
			if (!by)
				return;
			event.preventDefault();
			step(figure, by);
		});
	}

	function makeReadable(figure) {
		const area = figure.querySelector(".area");
		makeSlider(figure);
		area.addEventListener("pointermove", event => {
			const place = area.getBoundingClientRect();
			showTip(figure, (event.clientX - place.left) / place.width *
				Number(figure.dataset.span));
		});
		area.addEventListener("pointerleave", leave);
	}

	function equip() {
		document.querySelectorAll("#report table").forEach(makeSortable);
		document.querySelectorAll("section").forEach(makePickable);
		document.querySelectorAll("figure.chart:not(#newest)").forEach(makeReadable);
	}

	/* What an element is called, in this report and in the next one. */
	function nameOf(element) {
		const table = element.closest("table");
		return [sectionOf(element)?.dataset.section, element.tagName, element.className,
			element.closest("figure")?.id, table && table.caption.textContent,
			element.getAttribute("aria-label"),
			element.matches("button, summary") && element.textContent].join("|");
	}

	/* What is to look as before: open parts, how far is scrolled, where the focus is. */
	function remember() {
		const all = selector => [...document.querySelectorAll(`#report ${selector}`)];
		const find = (selector, name) => all(selector).find(one => nameOf(one) === name);
		const places = "section, #report figure, #report .table";
		const top = one => one.getBoundingClientRect().top;
		const anchor = all(places).sort((a, b) => Math.abs(top(a)) - Math.abs(top(b)))[0];
		const focus = document.activeElement, opened = all("details[open]").map(nameOf);
		const scrolled = all(".table").filter(one => one.scrollLeft || one.scrollTop)
			.map(one => [nameOf(one), one.scrollLeft, one.scrollTop]);
		const before = { x: scrollX, y: scrollY, top: anchor && top(anchor),
			anchor: anchor && nameOf(anchor), table: focus.closest(".table"),
			focus: focus.closest("#report") && nameOf(focus) };
		return () => {
			for (const one of all("details"))
				one.open = opened.includes(nameOf(one));
			for (const [name, left, down] of scrolled) {
				const table = find(".table", name);
				if (table)
					[table.scrollLeft, table.scrollTop] = [left, down];
			}
			if (before.focus)
				(find("button, summary, .slider, .table", before.focus) || before.table &&
					find(".table", nameOf(before.table)))?.focus({ preventScroll: true });
			scrollTo(before.x, before.y);
			const now = before.y && find(places, before.anchor);
			if (now)
				scrollBy(0, top(now) - before.top);
		};
	}

	const policy = page => page.querySelector("meta[http-equiv]").content;

	function replace(text) {
		const fresh = new DOMParser().parseFromString(text, "text/html");
		const report = fresh.getElementById("report"), header = fresh.querySelector("header");
		if (!report || !header)
			return;
		if (policy(fresh) !== policy(document)) {
			location.reload(); /* by another version, with other scripts */
			return;
		}
		const restore = remember(), at = cursor;
		document.title = fresh.title;
		document.getElementById("report").replaceWith(document.adoptNode(report));
		document.querySelector("header").replaceWith(document.adoptNode(header));
		equip();
		restore();
		const figure = at && document.getElementById(at.id);
		if (figure)
			showTip(figure, at.x);
	}

	/* Asks for the newest report again and again, and says why the page stands still. */
	function keepNew(wait) {
		const patience = 10000;
		const state = make("p", { id: "state" });
		const moment = () => new Date().toISOString().slice(0, 19).replace("T", " ");
		let shown = null, pressed = -patience, answered = moment(), asking = false, timer;

		const say = words => {
			if (state.textContent !== words)
				state.textContent = words;
		};
		/* Who is about to click or has selected text is left alone. */
		const held = () => !getSelection().isCollapsed || performance.now() - pressed < patience;
		const ask = async () => {
			const answer = await fetch(location.href, { cache: "no-store",
				signal: AbortSignal.timeout(patience) });
			const text = await answer.text();
			answered = moment();
			if (!answer.ok)
				return say("weir was started anew: its first window is not over yet.");
			if (held())
				return;
			if (text !== shown)
				replace(text);
			shown = text;
			say("");
		};
		const renew = async () => {
			if (asking)
				return;
			clearTimeout(timer);
			asking = true;
			if (held() && !getSelection().isCollapsed)
				say("This page waits while text is selected.");
			else if (!document.hidden && !held())
				await ask().catch(() => say(`weir has not answered since ${answered} UTC. ` +
					"This page goes on when it does."));
			asking = false;
			timer = setTimeout(renew, wait);
		};

		state.setAttribute("role", "status");
		document.body.append(state);
		addEventListener("pointerdown", () => { pressed = performance.now(); }, true);
		for (const end of ["pointerup", "pointercancel"])
			addEventListener(end, () => { pressed = -patience; }, true);
		document.addEventListener("visibilitychange", renew);
		timer = setTimeout(renew, wait);
	}

	themeButton();
	equip();
	if (root.dataset.renew)
		keepNew(Number(root.dataset.renew));
})();
