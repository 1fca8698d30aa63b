"""Checks deploy/prometheus: rules, their cases, and the examples of settings.

    /usr/bin/python3 alerts_test.py [--scrape FILE ...] [--scalegraphctl PROGRAM]

FILE is what a server's metrics page said; without one, metrics.txt of this folder. With several, a
metric has to be in one of them. PROGRAM is asked whether the commands of the runbook exist.
"""

import argparse
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

import expositions
from expressions import selectors

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEPLOY = ROOT / "deploy" / "prometheus"
RUNBOOK = ROOT / "docs" / "operations.md"
CASES = sorted((HERE / "cases").glob("*.yml"))
RULES = [DEPLOY / "recordings.yml", DEPLOY / "alerts.yml"]
SEVERITIES = {"critical", "warning"}
# Prometheus makes these itself.
OWN_SERIES = {"up"}
SECTION = "What to do for each alert"
# How long the healthy server is watched: longer than any range and any `for`.
IDLE_HOURS = 9


def given():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scrape", action="append", metavar="FILE")
    parser.add_argument("--scalegraphctl", metavar="PROGRAM")
    return parser.parse_args()


GIVEN = given()
KNOWN = expositions.Known(GIVEN.scrape)


def rules():
    return [rule for path in RULES
            for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
            for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
RECORDINGS = {rule["record"]: rule for rule in rules() if "record" in rule}


def cases():
    """(name of the alert that it is about, the case)"""
    return [(case["name"].split(":")[0], case) for path in CASES
            for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]


def alerts_expected(case):
    """Names of the alerts that fire at one of the case's times."""
    return {name for test in case["promql_expr_test"] for sample in test.get("exp_samples", [])
            for name in re.findall(r'alertname="(\w+)"', sample["labels"])}


def metrics_of(expression):
    """The names of all series that it needs, through recordings."""
    names = set()
    for selector in selectors(expression):
        recording = RECORDINGS.get(selector.name)
        names |= metrics_of(recording["expr"]) if recording else {selector.name}
    return names


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


class Rules(unittest.TestCase):
    def test_promtool_takes_them(self):
        code, said = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULES)
        self.assertEqual(code, 0, said)

    def test_they_ask_for_what_servers_show(self):
        for rule in rules():
            for selector in selectors(rule["expr"]):
                with self.subTest(rule=rule.get("alert", rule.get("record")), asks=selector.name):
                    if selector.name in OWN_SERIES | set(RECORDINGS):
                        continue
                    self.assertTrue(KNOWN.has(selector.name), "no server shows this metric")
                    for label, _, _ in selector.matchers:
                        self.assertIn(label, KNOWN.labels[selector.name] | {"job", "instance"})

    def test_reasons_and_codes_are_those_of_the_api(self):
        sources = (ROOT / "ledger" / "error.cpp").read_text(encoding="utf-8")
        reasons = set(re.findall(r'Row\{Reason::\w+, "(\w+)"', sources))
        codes = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
                 "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
                 "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
                 "UNAUTHENTICATED"}
        methods = set(re.findall(r"rpc (\w+)\(",
                                 (ROOT / "proto" / "ledger.proto").read_text(encoding="utf-8")))
        allowed = {"reason": reasons, "code": codes, "method": methods,
                   "outcome": {"committed", "refused", "unknown"}}
        for rule in rules():
            for selector in selectors(rule["expr"]):
                for label, _, value in selector.matchers:
                    for one in value.split("|") if label in allowed else ():
                        with self.subTest(rule=rule.get("alert", rule.get("record"))):
                            self.assertIn(one, allowed[label])

    def test_each_says_what_whoever_is_woken_needs(self):
        for name, rule in ALERTS.items():
            with self.subTest(alert=name):
                self.assertRegex(name, "^Scalegraph[A-Z]")
                self.assertIn(rule["labels"]["severity"], SEVERITIES)
                self.assertEqual({"summary", "description", "runbook_url"},
                                 set(rule["annotations"]))
                self.assertEqual(rule["annotations"]["runbook_url"],
                                 f"docs/operations.md#{name.lower()}")

    def test_each_recording_is_used(self):
        used = {selector.name for rule in rules() for selector in selectors(rule["expr"])}
        self.assertEqual(set(RECORDINGS) - used, set())


class Cases(unittest.TestCase):
    def test_they_pass(self):
        for path in CASES:
            with self.subTest(cases=path.name):
                code, said = run("promtool", "test", "rules", path)
                self.assertEqual(code, 0, said)

    def test_each_is_about_an_alert(self):
        for alert, case in cases():
            with self.subTest(case=case["name"]):
                self.assertIn(alert, ALERTS)
                for test in case["promql_expr_test"]:
                    self.assertIn('ALERTS{alertstate="firing"}', test["expr"])

    def test_each_alert_has_one_in_which_it_fires_and_one_in_which_it_does_not(self):
        for alert, rule in ALERTS.items():
            needed = metrics_of(rule["expr"])
            about_it = [case for name, case in cases() if name == alert]
            fires = [case for case in about_it if alert in alerts_expected(case)]
            quiet = [case for case in about_it if not alerts_expected(case)]
            with self.subTest(alert=alert):
                self.assertTrue(fires, "no case in which it fires")
                self.assertTrue(quiet, "no case in which no alert fires")
                # It is quiet because of what the series say, and not for want of them.
                seen = {re.match(r"[\w:]+", series["series"]).group()
                        for case in quiet for series in case["input_series"]}
                self.assertEqual(needed - seen, set(), "no quiet case has these series")

    def test_they_notice_alerts_that_never_fire_and_such_that_always_do(self):
        expectations = [test for _, case in cases() for test in case["promql_expr_test"]]
        firing = [test for test in expectations if test.get("exp_samples")]
        self.assertEqual(self.failures_with("vector(1) > 2"), len(firing))
        self.assertEqual(self.failures_with("vector(1)"), len(expectations))

    def failures_with(self, expression):
        """How many expectations promtool sees fail if all alerts have that expression."""
        with tempfile.TemporaryDirectory(prefix="scalegraph-alerts-") as folder:
            folder = pathlib.Path(folder)
            groups = [{"name": "all", "rules": [
                {"alert": name, "expr": expression, "labels": rule["labels"]}
                for name, rule in ALERTS.items()]}]
            (folder / "alerts.yml").write_text(json.dumps({"groups": groups}), encoding="utf-8")
            told = [{**case, "alert_rule_test": []} for _, case in cases()]
            (folder / "cases.yml").write_text(
                json.dumps({"rule_files": ["alerts.yml"], "evaluation_interval": "5m",
                            "tests": told}), encoding="utf-8")
            _, said = run("promtool", "test", "rules", folder / "cases.yml")
        return said.count("expr: ")


class HealthyServer(unittest.TestCase):
    """No alert fires while nothing happens, for as long as any alert looks back."""

    def test_no_alert_fires(self):
        for scrape in KNOWN.scrapes:
            self.assert_quiet(self.series_of(scrape))

    def series_of(self, scrape):
        moments = [sample.value for family in scrape.values() for sample in family.samples
                   if self.is_moment(sample.name) and "expiry" not in sample.name]
        # promtool's time begins at 0: the scrape's past becomes that before 0.
        shift = max(moments, default=0)
        own = {"job": "scalegraph", "instance": "a"}
        series = [(f"up{self.braces(own)}", 1)]
        for family in scrape.values():
            for sample in family.samples:
                value = sample.value - shift if self.is_moment(sample.name) else sample.value
                series.append((sample.name + self.braces({**own, **sample.labels}), value))
        return series

    @staticmethod
    def is_moment(name):
        return name.endswith(("_timestamp_seconds", "_start_time_seconds"))

    @staticmethod
    def braces(labels):
        return "{" + ", ".join(f"{key}={json.dumps(value)}" for key, value in labels.items()) + "}"

    def assert_quiet(self, series):
        minutes = IDLE_HOURS * 60
        case = {"interval": "1m",
                "input_series": [{"series": name, "values": f"{value!r}x{minutes}"}
                                 for name, value in series],
                "promql_expr_test": [
                    {"expr": f'max_over_time(ALERTS{{alertstate="firing"}}[{IDLE_HOURS}h])',
                     "eval_time": f"{IDLE_HOURS}h"}]}
        with tempfile.TemporaryDirectory(prefix="scalegraph-alerts-") as folder:
            path = pathlib.Path(folder) / "idle.yml"
            path.write_text(json.dumps({"rule_files": [str(rule) for rule in RULES],
                                        "evaluation_interval": "5m", "tests": [case]}),
                            encoding="utf-8")
            code, said = run("promtool", "test", "rules", path)
            self.assertEqual(code, 0, said)


class Runbook(unittest.TestCase):
    def setUp(self):
        text = RUNBOOK.read_text(encoding="utf-8")
        found = re.search(rf"^## {SECTION}$(.*?)(?=^## |\Z)", text, re.M | re.S)
        self.assertTrue(found, f'{RUNBOOK.name} has no section "{SECTION}"')
        parts = re.split(r"^#### (.*)$", found.group(1), flags=re.M)
        self.entries = dict(zip(parts[1::2], parts[2::2]))

    def test_each_alert_has_an_entry_and_each_entry_an_alert(self):
        self.assertEqual(sorted(self.entries), sorted(ALERTS))

    def test_each_entry_says_what_it_means_what_to_look_at_and_what_to_do(self):
        for alert, entry in self.entries.items():
            for part in ("Means", "Look", "Do"):
                with self.subTest(alert=alert, part=part):
                    self.assertRegex(entry, rf"(?m)^- \*\*{part}:\*\* \S")

    def test_its_commands_exist(self):
        if not GIVEN.scalegraphctl:
            self.skipTest("no --scalegraphctl")
        commands = {command for entry in self.entries.values()
                    for command in re.findall(r"`(scalegraphctl [^`]*)`", entry)}
        self.assertGreater(len(commands), 5)
        for command in sorted(commands):
            words = shlex.split(command)[1:]
            with self.subTest(command=command):
                code, said = run(GIVEN.scalegraphctl, *words, "--help")
                self.assertEqual(code, 0, said)


class Examples(unittest.TestCase):
    def test_prometheus_takes_the_scrape_configuration(self):
        with tempfile.TemporaryDirectory(prefix="scalegraph-alerts-") as folder:
            folder = pathlib.Path(folder)
            for path in [*RULES, DEPLOY / "prometheus.yml"]:
                shutil.copy(path, folder)
            # The files that the operator has to bring.
            for name in ("scalegraph-ca.pem", "scalegraph.token"):
                (folder / name).touch()
            code, said = run("promtool", "check", "config", folder / "prometheus.yml")
            self.assertEqual(code, 0, said)
            self.assertIn("2 rule files found", said)

    def test_alertmanager_sends_what_is_critical_to_whoever_is_on_duty(self):
        config = DEPLOY / "alertmanager.yml"
        code, said = run("amtool", "check-config", config)
        self.assertEqual(code, 0, said)
        # The route looks at the beginning of the name, which all alerts share, and at the severity.
        for severity, receiver in (("critical", "on-duty"), ("warning", "channel")):
            with self.subTest(severity=severity):
                code, said = run("amtool", "config", "routes", "test", f"--config.file={config}",
                                 f"--verify.receivers={receiver}", "alertname=ScalegraphAny",
                                 f"severity={severity}")
                self.assertEqual(code, 0, said)

    def test_alertmanager_is_told_of_alerts_that_exist(self):
        named = re.findall(r'alertname(?:=~|!=|=)"([^"]*)"',
                           (DEPLOY / "alertmanager.yml").read_text(encoding="utf-8"))
        for pattern in named:
            for name in pattern.split("|"):
                with self.subTest(name=name):
                    self.assertTrue(name == "Scalegraph.*" or name in ALERTS)


class Fixture(unittest.TestCase):
    def test_promtool_takes_every_scrape(self):
        for path in GIVEN.scrape or [expositions.FIXTURE]:
            with open(path, encoding="utf-8") as scrape:
                done = subprocess.run(["promtool", "check", "metrics"], stdin=scrape, text=True,
                                      capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
