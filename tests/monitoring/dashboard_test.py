"""Checks deploy/grafana/scalegraph.json: its form, and what its panels ask for.

    /usr/bin/python3 dashboard_test.py [--scrape FILE ...]

FILE is what a server's metrics page said; without one, metrics.txt of this folder. With several, a
metric has to be in one of them. Grafana itself is not needed.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import expositions
from expressions import selectors

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GRAFANA = ROOT / "deploy" / "grafana"
COLUMNS = 24
KINDS = {"timeseries", "stat", "heatmap", "state-timeline", "table", "bargauge"}
# Names of units that Grafana has.
UNITS = {"short", "s", "bytes", "ops", "percentunit"}
ROWS = ["Overview", "Latency by stage", "gRPC", "Journal and store", "Actors", "Cluster", "Process"]
# Prometheus makes these itself.
OWN_SERIES = {"up", "ALERTS"}
# What Grafana puts in for its variables.
STANDS_FOR = {"$__rate_interval": "1m", "$__range": "3h", "$job": "scalegraph", "$instance": ".*"}


def given():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scrape", action="append", metavar="FILE")
    return parser.parse_args()


KNOWN = expositions.Known(given().scrape)
TEXT = (GRAFANA / "scalegraph.json").read_text(encoding="utf-8")
DASHBOARD = json.loads(TEXT)
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions():
    """(title of the panel, expression as Prometheus gets it)"""
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in STANDS_FOR.items():
                expression = expression.replace(variable, value)
            yield panel["title"], expression


class Form(unittest.TestCase):
    def test_it_is_what_the_table_of_panels_makes(self):
        made = subprocess.run([sys.executable, "-B", GRAFANA / "make_dashboard.py"],
                              capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(made.stdout, TEXT, "run make_dashboard.py")

    def test_ids_and_titles_are_unique(self):
        ids = [panel["id"] for panel in DASHBOARD["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        titles = []
        for panel in DASHBOARD["panels"]:
            title = panel["title"]
            row = title if panel["type"] == "row" else row
            titles.append((row, title, panel["type"]))
        self.assertEqual(len(titles), len(set(titles)))

    def test_the_rows_are_there_in_order(self):
        self.assertEqual([panel["title"] for panel in DASHBOARD["panels"]
                          if panel["type"] == "row"], ROWS)

    def test_no_panel_lies_on_another_or_beside_the_grid(self):
        taken = {}
        for panel in DASHBOARD["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], COLUMNS, panel["title"])
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken,
                                     f"{panel['title']} lies on {taken.get((x, y))}")
                    taken[x, y] = panel["title"]

    def test_panels_follow_the_heading_of_their_row(self):
        for before, after in zip(DASHBOARD["panels"], DASHBOARD["panels"][1:]):
            self.assertGreaterEqual(after["gridPos"]["y"], before["gridPos"]["y"], after["title"])

    def test_each_panel_says_what_it_shows(self):
        for panel in PANELS:
            with self.subTest(panel=panel["title"]):
                self.assertIn(panel["type"], KINDS)
                self.assertTrue(panel["title"])
                self.assertRegex(panel["description"], r"\.$")
                self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS)
                self.assertTrue(panel["targets"])
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                references = [target["refId"] for target in panel["targets"]]
                self.assertEqual(len(references), len(set(references)))
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"]["uid"], "${datasource}")

    def test_source_and_servers_are_variables(self):
        variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
        self.assertEqual(list(variables), ["datasource", "job", "instance"])
        self.assertEqual(variables["datasource"]["type"], "datasource")
        self.assertTrue(variables["instance"]["multi"])
        for name in ("job", "instance"):
            query = variables[name]["query"]["query"]
            asked = re.match(r"label_values\((\w+)", query)
            self.assertTrue(asked and KNOWN.has(asked.group(1)), query)


class Queries(unittest.TestCase):
    def test_prometheus_can_read_them(self):
        rules = [{"record": f"panel:{number}", "expr": expression}
                 for number, (_, expression) in enumerate(expressions())]
        with tempfile.TemporaryDirectory(prefix="scalegraph-dashboard-") as folder:
            path = pathlib.Path(folder) / "rules.yml"
            path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}),
                            encoding="utf-8")
            done = subprocess.run(["promtool", "check", "rules", path], capture_output=True,
                                  text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(rules)} rules found", done.stdout)

    def test_no_variable_is_left(self):
        for title, expression in expressions():
            self.assertNotIn("$", expression, title)

    def test_they_ask_for_what_servers_show(self):
        for title, expression in expressions():
            asked = selectors(expression)
            self.assertTrue(asked, title)
            for name, matchers in asked:
                with self.subTest(panel=title, asks=name):
                    if name in OWN_SERIES:
                        continue
                    self.assertTrue(KNOWN.has(name), "no server shows this metric")
                    labels = KNOWN.labels[name] | {"job", "instance"}
                    for label, operator, value in matchers:
                        self.assertIn(label, labels)
                        if operator == "=" and label not in ("job", "instance"):
                            self.assertIn(value, KNOWN.values(name, label))

    def test_legends_name_labels_that_are_left(self):
        for panel in PANELS:
            for target in panel["targets"]:
                wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                grouped = re.search(r"\bby \(([^)]*)\)", target["expr"])
                labels = (set(re.split(r",\s*", grouped.group(1))) if grouped else
                          {"job", "instance"} | {label for name, _ in selectors(target["expr"])
                                                 for label in KNOWN.labels.get(name, ())})
                with self.subTest(panel=panel["title"], legend=target["legendFormat"]):
                    self.assertEqual(wanted - labels, set())

    def test_each_shows_the_selected_servers_only(self):
        for title, expression in expressions():
            for name, matchers in selectors(expression):
                with self.subTest(panel=title, asks=name):
                    if name != "ALERTS":
                        self.assertIn(("job", "=", STANDS_FOR["$job"]), matchers)
                        self.assertIn(("instance", "=~", STANDS_FOR["$instance"]), matchers)

    def test_each_metric_of_a_server_is_shown(self):
        asked = {expositions.OF_HISTOGRAM.sub("", name) for _, expression in expressions()
                 for name, _ in selectors(expression)}
        shown = {name for scrape in KNOWN.scrapes for name, family in scrape.items()
                 if family.type != "untyped"}
        self.assertEqual(shown - asked, set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
