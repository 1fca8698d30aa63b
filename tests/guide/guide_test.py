"""Plays the pages of the guide: each on a ledger of its own, command by command.

    /usr/bin/python3 guide_test.py SCALEGRAPHD SCALEGRAPHCTL FOLDER

A line of a ```console block that begins with "$ " is a command, with the lines that a backslash
continues it by. The lines behind it are what it prints, on either stream; if there are none, that
is not looked at. A command fails if and only if it prints an error. Ids and times differ from run to
run: any stands for any other, and `...` at the end of a line for its rest. A later command that has
an id of the page's output gets the one that was printed in its place.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))

from server import Server  # pylint: disable=wrong-import-position

SCALEGRAPHD, SCALEGRAPHCTL, FOLDER = sys.argv[1:4]
TIMEOUT_S = 30
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARIES = ((re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b"), "ID"),
          (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "TIME"))


def commands_of(page: str):
    """Each command of the page, and the lines that are said to be its output."""
    for block in BLOCK.findall(page):
        command, printed = None, []
        goes_on = False
        for line in block.splitlines():
            if goes_on:
                command += "\n" + line
            elif line.startswith("$ "):
                if command is not None:
                    yield command, printed
                command, printed = line[2:], []
            else:
                printed.append(line)
            goes_on = command is not None and not printed and line.endswith("\\")
        if command is not None:
            yield command, printed


def normal(lines):
    """Without what differs from run to run, and without spaces at the ends of lines."""
    result = []
    for line in lines:
        for pattern, name in VARIES:
            line = pattern.sub(name, line)
        result.append(line.rstrip())
    return result


def ids_in(lines):
    return [found for line in lines for found in VARIES[0][0].findall(line)]


def fits(wanted: str, got: str) -> bool:
    return got.startswith(wanted[:-3]) if wanted.endswith("...") else got == wanted


class Guide(unittest.TestCase):
    """A test for each page, made below."""

    def play(self, page: pathlib.Path) -> None:
        steps = list(commands_of(page.read_text(encoding="utf-8")))
        self.assertTrue(steps, "the page has no example")
        with tempfile.TemporaryDirectory(prefix="scalegraph-guide-") as folder:
            server = Server(SCALEGRAPHD, folder, f"{folder}/store", {})
            server.start()
            ids: dict[str, str] = {}  # those printed, by those of the page
            try:
                for command, printed in steps:
                    with self.subTest(command=command):
                        self.run_step(command, printed, server.address, ids)
            finally:
                server.stop()

    def run_step(self, command: str, printed: list[str], address: str, ids: dict[str, str]) -> None:
        command = VARIES[0][0].sub(lambda found: ids.get(found[0], found[0]), command)
        environment = dict(os.environ, SCALEGRAPH_SERVER=address,
                           PATH=f"{pathlib.Path(SCALEGRAPHCTL).parent}:{os.environ['PATH']}")
        done = subprocess.run(["bash", "-euc", command], env=environment, timeout=TIMEOUT_S,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        got = normal(done.stdout.splitlines())
        ids.update(zip(ids_in(printed), ids_in(done.stdout.splitlines())))
        fails = any(line.startswith("error:") for line in printed)
        self.assertEqual(done.returncode != 0, fails, done.stdout)
        if not printed:
            return
        wanted = normal(printed)
        self.assertTrue(len(wanted) == len(got) and all(map(fits, wanted, got)),
                        "\n".join(["the page says:", *wanted, "", "it printed:", *got]))


def add_pages() -> None:
    pages = sorted(pathlib.Path(FOLDER).glob("*.md"))
    if not pages:
        raise SystemExit(f"there are no pages in {FOLDER}")
    for page in pages:
        name = "test_" + page.stem.replace("-", "_")
        setattr(Guide, name, lambda self, page=page: self.play(page))


add_pages()
if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
