"""Reads scrapes of a server: which metrics there are, with which labels and values."""

import collections
import pathlib
import re

FIXTURE = pathlib.Path(__file__).resolve().parent / "metrics.txt"

# labels: the samples' label sets, each a dict; suffixes: what a histogram adds to its name.
Family = collections.namedtuple("Family", "name type help samples")
Sample = collections.namedtuple("Sample", "name labels value")

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\d+)?$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
OF_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def read(text):
    """The families of one scrape, by their names."""
    families = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("# HELP ") or line.startswith("# TYPE "):
            _, kind, name, *rest = line.split(" ", 3)
            known = families.setdefault(name, Family(name, "untyped", "", []))
            changed = {"HELP": "help", "TYPE": "type"}[kind]
            families[name] = known._replace(**{changed: rest[0] if rest else ""})
            continue
        if not line.strip() or line.startswith("#"):
            continue
        found = SAMPLE.match(line)
        if not found:
            raise ValueError(f"line {number} is no sample: {line}")
        name, labels, value = found.groups()
        family = name if name in families else OF_HISTOGRAM.sub("", name)
        if family not in families:
            raise ValueError(f"line {number} has no TYPE before it: {line}")
        families[family].samples.append(
            Sample(name, dict(LABEL.findall(labels or "")), float(value)))
    return families


class Known:
    """What may be asked for: the series of all the scrapes together.

    A real server shows some metrics only once they have a value, so several scrapes may be needed
    to see all: of a server with TLS, of a node of a cluster, after a checkpoint."""

    def __init__(self, paths):
        self.scrapes = [read(pathlib.Path(path).read_text(encoding="utf-8"))
                        for path in paths or [FIXTURE]]
        self.labels = collections.defaultdict(set)  # of a series' name
        for scrape in self.scrapes:
            for family in scrape.values():
                for sample in family.samples:
                    self.labels[sample.name] |= set(sample.labels)

    def has(self, name):
        return name in self.labels

    def values(self, name, label):
        return {sample.labels[label] for scrape in self.scrapes for family in scrape.values()
                for sample in family.samples if sample.name == name and label in sample.labels}
