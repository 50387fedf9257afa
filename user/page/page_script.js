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
		document.body.append(button);
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
			one.setAttribute("aria-selected", String(one === row));
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
			row.tabIndex = 0;
			row.addEventListener("click", () => pick(row));
			row.addEventListener("keydown", event => {
				if (event.key !== "Enter" && event.key !== " ")
					return;
				event.preventDefault();
				pick(row);
			});
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
		return [make("b", {}, row.cells[0].textContent), ...told];
	}

	function hideTip() {
		for (const old of document.querySelectorAll(".tip, .over line.cursor"))
			old.remove();
	}

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
		tip.setAttribute("role", "status");
		figure.querySelector(".over").append(line);
		figure.querySelector(".area").append(tip);
		tip.style[part > 0.5 ? "right" : "left"] =
			`${(part > 0.5 ? 1 - part : part) * 100 + 2}%`;
		cursor = { id: figure.id, x, number };
	}

	function step(figure, by) {
		const rows = stepsOf(document.getElementById("steps"));
		const from = cursor && cursor.id === figure.id ? cursor.number : by > 0 ? -1 : 0;
		const row = rows[(from + by + rows.length) % rows.length];
		showTip(figure, (Number(row.dataset.x) + Number(row.dataset.y)) / 2);
	}

	function makeReadable(figure) {
		const area = figure.querySelector(".area");
		figure.tabIndex = 0;
		area.addEventListener("pointermove", event => {
			const place = area.getBoundingClientRect();
			showTip(figure, (event.clientX - place.left) / place.width *
				Number(figure.dataset.span));
		});
		area.addEventListener("pointerleave", () => { hideTip(); cursor = null; });
		figure.addEventListener("blur", () => { hideTip(); cursor = null; });
		figure.addEventListener("keydown", event => {
			const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
			if (event.key === "Escape")
				hideTip();
			if (!by)
				return;
			event.preventDefault();
			step(figure, by);
		});
	}

	function equip() {
		document.querySelectorAll("#report table").forEach(makeSortable);
		document.querySelectorAll("section").forEach(makePickable);
		document.querySelectorAll("figure.chart:not(#newest)").forEach(makeReadable);
	}

	/* What is to look as before: open parts, how far tables are scrolled, where the focus is. */
	function remember() {
		const all = selector => [...document.querySelectorAll("#report " + selector)];
		const name = element => sectionOf(element).dataset.section;
		const place = all("[tabindex], summary, button").indexOf(document.activeElement);
		return {
			open: new Set(all("details[open]").map(name)),
			scrolled: all(".table").map(one => [one.scrollLeft, one.scrollTop]),
			x: scrollX, y: scrollY, place,
			restore() {
				for (const one of all("details"))
					one.open = this.open.has(name(one));
				all(".table").forEach((one, i) => {
					[one.scrollLeft, one.scrollTop] = this.scrolled[i] || [0, 0];
				});
				if (this.place >= 0)
					all("[tabindex], summary, button")[this.place]?.focus({ preventScroll: true });
				scrollTo(this.x, this.y);
			},
		};
	}

	function replace(text) {
		const fresh = new DOMParser().parseFromString(text, "text/html");
		const report = fresh.getElementById("report"), header = fresh.querySelector("header");
		if (!report)
			return;
		const before = remember(), at = cursor;
		document.title = fresh.title;
		document.getElementById("report").replaceWith(document.adoptNode(report));
		if (header && document.querySelector("header"))
			document.querySelector("header").replaceWith(document.adoptNode(header));
		else if (header)
			report.before(document.adoptNode(header));
		equip();
		before.restore();
		const figure = at && document.getElementById(at.id);
		if (figure)
			showTip(figure, at.x);
	}

	/* A reader who has selected text, or does not look, is left alone. */
	async function renew(wait) {
		const busy = document.hidden || !getSelection().isCollapsed;
		try {
			const answer = busy ? null : await fetch(location.href, { cache: "no-store" });
			if (answer && answer.ok)
				replace(await answer.text());
			root.classList.toggle("away", Boolean(answer) && !answer.ok);
		} catch {
			root.classList.add("away");
		}
		setTimeout(renew, wait, wait);
	}

	themeButton();
	equip();
	if (root.dataset.renew)
		setTimeout(renew, Number(root.dataset.renew), Number(root.dataset.renew));
})();
