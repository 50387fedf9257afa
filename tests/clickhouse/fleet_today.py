# SPDX-License-Identifier: BSD-2-Clause
"""The same rows into the oldest server that is understood and today's: the same answers."""
import glob
import json
import os
import re

from lab import ROOT, Skipped, expect, expect_equal
from today import Today, library_path

UNTIMELY = "tcpdump__time_2107.pcapng"  # 18.16 knows no hour after 2105
CAPTURES = os.path.join(ROOT, "../shared/captures/*.*cap*")
# What the two print in ways of their own: bytes that are no text, and the year 1970.
AS_TEXT = {"FixedString(16)": "hex({})", "DateTime(\\'UTC\\')": "toUInt32({})"}
# As the data source of Grafana puts them; without the time 0, which 18.16 prints in its own way.
MACROS = {r"\$__timeFilter\((\w+)\)": r"\1 >= toDateTime(60) AND \1 <= toDateTime(4294967295)",
          r"\$__interval_s": "60"}
KEY = "window_start, agent, run, window_of, window_number"


def runs(fleet):
    """Host and arguments of replays: captures of people where they are there, and large windows."""
    for kind, packets in (("A", 30000), ("B", 200000), ("D", 150000)):
        yield f"made{kind}", ("-r", fleet.generate(kind, packets), "-w", "tumbling:100ms")
    yield "whole", ("-r", fleet.generate("D", 150000), "-w", "tumbling:1h")
    yield "sessions", ("-r", fleet.generate("A", 3000), "-b", "-w", "session:1ms")
    yield "services", ("-r", fleet.generate("B", 20000), "-g", "service,proto", "-n", "3")
    for path in sorted(glob.glob(CAPTURES)):
        if os.path.basename(path) != UNTIMELY:
            yield os.path.basename(path), ("-r", path, "-b")


def feed(fleet, servers):
    """Each replay into all servers; how many a file allowed to the end."""
    count = 0
    targets = [f"clickhouse://127.0.0.1:{server.port}/net?spool={fleet.path(f'spool{number}')}"
               for number, server in enumerate(servers)]
    for host, words in runs(fleet):
        process = fleet.begin(host, targets[0], "-o", targets[1], *words)
        process.wait()
        said = fleet.said(host)
        expect("in its spool" not in said and "column" not in said, f"{host} told: {said}")
        count += not process.returncode
    return count


def columns(server, table):
    """Names and types, in their order."""
    lines = server.ask("SELECT name, type FROM system.columns WHERE database = 'net' AND "
                       f"table = '{table}'").splitlines()
    return [line.split("\t") for line in lines]


def expect_same_rows(old, new, table, key):
    told = columns(old, table)
    expect_equal(columns(new, table), told, f"columns of {table}")
    names = ", ".join(AS_TEXT.get(kind, "{}").format(name) for name, kind in told)
    query = f"SELECT {names} FROM net.{table} FINAL ORDER BY {key} FORMAT TabSeparated"
    lines = [server.ask(query).splitlines() for server in (old, new)]
    expect_equal(len(lines[1]), len(lines[0]), f"rows of {table}")
    for one, other in zip(*lines):
        expect_equal(other, one, f"a row of {table}")
    return len(lines[0])


def panels():
    """What the dashboard of Grafana asks, of all times."""
    path = os.path.join(ROOT, "tools/shippers/grafana-clickhouse.json")
    with open(path, encoding="utf-8") as file:
        queries = [target["rawSql"] for panel in json.load(file)["panels"]
                   for target in panel["targets"]]
    for query in queries:
        for macro, text in MACROS.items():
            query = re.sub(macro, text, query)
        yield query + " FORMAT TabSeparated"


def questions():
    """What tools/clickhouse/queries.sql and the dashboard ask, each answered in lines."""
    yield from panels()
    with open(os.path.join(ROOT, "tools/clickhouse/queries.sql"), encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("--"))
    for query in text.split(";"):
        if query.strip():
            yield query.strip().replace("PrettyCompactMonoBlock", "TabSeparated")


def todays_server_answers_the_same(fleet, prove):
    if not library_path():
        raise Skipped("no library of today's ClickHouse; try: tools/setup --today")
    old, new = fleet.server(), Today(fleet.path("today"))
    fleet.closers.append(new)
    new.ask("CREATE DATABASE net")
    count = feed(fleet, (old, new))
    rows = expect_same_rows(old, new, "flows", KEY + ", row_number")
    windows = expect_same_rows(old, new, "windows", KEY)
    asked = 0
    for query in questions():
        answer, wanted = (server.ask(query).splitlines() for server in (new, old))
        expect_equal(len(answer), len(wanted), f"lines that answer {query}")
        for one, other in zip(answer, wanted):
            expect_equal(one, other, f"a line that answers {query}")
        asked += 1
    expect(asked >= 10 and rows > 100000, f"{asked} questions of {rows} rows")
    expect_equal(prove(new), prove(old), "what prove says")
    print(f"        {old.ask('SELECT version()')} and {new.ask('SELECT version()')}: {count} "
          f"replays, {rows} rows, {windows} windows, {asked} questions the same")
