#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What tools/shippers/ asks for is there: metrics, columns, fields; shippers.py WEIR."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))

import wire  # noqa: E402

SHIPPERS = os.path.join(ROOT, "tools/shippers")
FUNCTIONS = {"sum", "uniqExact", "toDateTime", "intDiv", "toUInt32"}
WORDS = set("""select as from final where and group by order desc limit time bits host_count
    net flows windows""".split())


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def targets(name, key):
    dashboard = json.loads(read(f"tools/shippers/{name}"))
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers) > 0, "a panel's number twice"
    return [target[key] for panel in dashboard["panels"] for target in panel["targets"]]


def capture(path):
    packet = wire.ipv4("192.0.2.1", "192.0.2.2", 17, wire.udp(5, 7, 100))
    frame = bytes(12) + wire.ETH_IPV4.to_bytes(2, "big") + packet
    with open(path, "wb") as file:
        head = (0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1)
        record = (1_500_000_000, 0, len(frame), len(frame))
        file.write(b"".join(number.to_bytes(4, "little") for number in head + record) + frame)


def served(weir, folder):
    """The families that weir writes, the kernel's table aside, which a capture has none of."""
    source, path = os.path.join(folder, "a.pcap"), os.path.join(folder, "a.prom")
    capture(source)
    subprocess.run([weir, "run", "-q", "-r", source, "-g", "src", "-o", path, "-o",
                    f"flows:{folder}/flows"], check=True, timeout=60)
    with open(path) as file:
        families = set(re.findall(r"^# TYPE (\w+)", file.read(), re.M))
    return families | {"weir_table_used_ratio"}


def metrics_of_the_dashboard_are_served(families, _folder):
    asked = set()
    for expression in targets("grafana-prometheus.json", "expr"):
        asked |= set(re.findall(r"\bweir_\w+", expression))
    listed = set(re.findall(r'"(weir_\w+)", "(?:gauge|counter)"',
                            read("user/outputs/prom_text.h")))
    assert families == listed, families ^ listed
    assert asked == listed - {"weir_build_info"}, asked ^ listed
    return f"{len(asked)} metrics"


def promtool(kind, path):
    done = subprocess.run(["promtool", "check", kind, path], capture_output=True, text=True,
                          check=False)
    assert not done.returncode, done.stdout + done.stderr


def prometheus_reads_configuration_and_expressions(_families, folder):
    expressions = targets("grafana-prometheus.json", "expr")
    if not shutil.which("promtool"):
        return "promtool is not installed"
    promtool("config", os.path.join(SHIPPERS, "prometheus.yml"))
    rules = [{"record": "a:b", "expr": text.replace("$__rate_interval", "1m"), "labels": {
        "number": str(number)}} for number, text in enumerate(expressions)]
    path = os.path.join(folder, "rules.json")  # which is YAML too
    with open(path, "w") as file:
        json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
    promtool("rules", path)
    return f"{len(rules)} expressions, a configuration"


def columns(table):
    text = read("tools/clickhouse/schema.sql")
    body = text[text.index(f"CREATE TABLE IF NOT EXISTS net.{table} ("):]
    return set(re.findall(r"^  (\w+) ", body[:body.index("ENGINE")], re.M))


def columns_of_the_dashboard_are_in_the_schema(_families, _folder):
    queries = targets("grafana-clickhouse.json", "rawSql")
    for query in queries:
        table = re.search(r"FROM net\.(\w+) FINAL WHERE", query).group(1)
        aliases = set(re.findall(r" AS (\w+)", query))
        words = set(re.findall(r"(?<![$\w])[A-Za-z_]\w*", query.replace("$__", "$$")))
        rest = {word for word in words if word.lower() not in WORDS | {"interval_s"}}
        rest -= FUNCTIONS | aliases | {"timeFilter"}
        asked = set(re.findall(r"\w+", " ".join(rest)))
        assert asked <= columns(table), (query, asked - columns(table))
        assert "window_start" in words and asked, query
    return f"{len(queries)} queries"


def fields_of_the_shippers_are_in_the_lines(_families, folder):
    with open(os.path.join(folder, "flows")) as file:
        line = json.loads(file.readline())
    promtail, vector = (read(f"tools/shippers/{name}.yaml") for name in ("promtail", "vector"))
    asked = set(re.findall(r"\w+: (\w+)", re.search(r"expressions: {(.*?)}", promtail).group(1)))
    asked |= set(re.findall(r"{{ (\w+) }}", vector)) | {"time"}
    assert asked == {"time", "host"} <= set(line), asked
    assert line["bytes"]["total"] == 142, line
    assert re.fullmatch(r"[\d-]+T[\d:]+\.\d{9}Z", line["time"]), line["time"]
    return "time, host, bytes.total"


def main():
    tests = [metrics_of_the_dashboard_are_served, prometheus_reads_configuration_and_expressions,
             columns_of_the_dashboard_are_in_the_schema,
             fields_of_the_shippers_are_in_the_lines]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="weir-shippers-") as folder:
        families = served(sys.argv[1], folder)
        for test in tests:
            name = test.__name__.replace("_", " ")
            try:
                print(f"ok   {name}: {test(families, folder)}")
            except AssertionError as error:
                failed += 1
                print(f"FAIL {name}: {error}")
    print(f"{len(tests) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
