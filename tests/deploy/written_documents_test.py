"""What the programs write of themselves: man pages that have all that --help has, and completions
that the shells themselves are asked for.

    python3 written_documents_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = {pathlib.Path(one).name: one for one in sys.argv[1:4]}
del sys.argv[1:4]
TIMEOUT_S = 30
# The programs' pages, without those of commands.
PAGES = {"scalegraphd": "scalegraphd.8", "scalegraphctl": "scalegraphctl.1",
         "scalegraph-bench": "scalegraph-bench.1"}
OPTION = re.compile(r"^  (?:-\w,)?(--[a-z-]+)", re.MULTILINE)
COMMAND = re.compile(r"^  ([a-z-]+)", re.MULTILINE)

FOLDER = tempfile.TemporaryDirectory(prefix="scalegraph-documents-")


def run(*command, **more):
    return subprocess.run(command, text=True, capture_output=True, timeout=TIMEOUT_S, check=True,
                          **more).stdout


def written(program):
    folder = pathlib.Path(FOLDER.name, program)
    if not folder.exists():
        run(PROGRAMS[program], "--write-documents", str(folder))
    return folder


def help_of(program, *words):
    """Its options, and the commands below it."""
    text = run(PROGRAMS[program], *words, "--help")
    _, _, commands = text.partition("\nSubcommands:\n")
    return set(OPTION.findall(text)), COMMAND.findall(commands.partition("\n\n")[0])


def plain(page):
    return page.read_text(encoding="utf-8").replace("\\-", "-")


class ManPages(unittest.TestCase):
    def test_groff_has_nothing_to_say_about_any_page(self):
        pages = [page for program in PROGRAMS for page in (written(program) / "man").iterdir()]
        self.assertGreater(len(pages), 10)
        for page in pages:
            with self.subTest(page.name):
                done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", str(page)], text=True,
                                      capture_output=True, timeout=TIMEOUT_S, check=True)
                self.assertEqual(done.stderr, "")

    def test_a_page_has_every_option_of_the_program_and_its_commands(self):
        for program, name in PAGES.items():
            folder = written(program) / "man"
            options, commands = help_of(program)
            for option in options:
                self.assertIn(option, plain(folder / name), f"{program} {option}")
            for command in commands:
                page = plain(folder / f"{program}-{command}.1")
                own, below = help_of(program, command)
                wanted = [(command, one) for one in own]
                for word in below:
                    self.assertIn(f".SS {program} {command} {word} ", page)
                    wanted += [(command, one) for one in help_of(program, command, word)[0]]
                for words, option in wanted:
                    self.assertIn(option, page, f"{program} {words} {option}")

    def test_the_page_of_the_settings_has_every_key(self):
        page = plain(written("scalegraphd") / "man" / "scalegraph.toml.5")
        sample = (ROOT / "config" / "scalegraph.toml").read_text(encoding="utf-8")
        tables = re.findall(r"^\[(\w+)\]$", sample, re.MULTILINE)
        keys = re.findall(r"^(\w+) = ", sample, re.MULTILINE)
        self.assertGreater(len(keys), 40)
        self.assertEqual(re.findall(r"^\.SH \[(\w+)\]$", page, re.MULTILINE), tables)
        self.assertEqual(re.findall(r"^\\fB(\w+)\\fR$", page, re.MULTILINE), keys)
        self.assertEqual(page.count("\n.IP\n"), len(keys))


# What stands on the command line -> some of what has to be offered, and what may not be.
CASES = [
    ("scalegraphctl acc", {"account"}, {"audit"}),
    ("scalegraphctl account ", {"create", "get", "balance", "list"}, {"account"}),
    # The value of an option reads like a command, and is none.
    ("scalegraphctl --server account tx ", {"get", "list"}, {"create"}),
    ("scalegraphctl tx list --li", {"--limit"}, {"--server"}),
    ("scalegraphctl tx list --tls-c", {"--tls-ca", "--tls-certificate"}, {"--token-file"}),
    ("scalegraphctl --tls-ca a-fi", {"a-file.pem"}, set()),
    ("scalegraphctl import a-fi", {"a-file.pem"}, set()),
    ("scalegraphd --ver", {"--verify", "--version"}, {"--check"}),
    ("scalegraphd --config a-fi", {"a-file.pem"}, set()),
    ("scalegraph-bench --idem", {"--idempotent"}, {"--json"}),
]

BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_${COMP_WORDS[0]//-/_}
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered_by_bash(program, line):
    script = written(program) / "bash" / program
    words = line.split(" ")
    return set(run("bash", "-c", BASH, "bash", str(script), *words, cwd=FOLDER.name).split())


def offered_by_fish(program, line):
    script = written(program) / "fish" / f"{program}.fish"
    home = dict(os.environ, HOME=FOLDER.name, XDG_CONFIG_HOME=FOLDER.name)
    found = run("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'",
                cwd=FOLDER.name, env=home)
    return {one.split("\t")[0] for one in found.splitlines()}


class Terminal:
    """zsh on a terminal of its own, since only its line editor completes."""

    PROMPT = "<ready>"
    # The line editor switches bracketed paste on when it begins to read.
    READY = PROMPT + "\033[?2004h"

    def __init__(self):
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(FOLDER.name)
            os.execvpe("zsh", ["zsh", "-f", "-i"],
                       dict(os.environ, TERM="dumb", HOME=FOLDER.name, PS1=self.PROMPT, COLUMNS="200",
                            LINES="200"))
        self._unread = ""
        self.read_to(self.READY)
        paths = " ".join(str(written(program) / "zsh") for program in PROGRAMS)
        self.say(f"fpath=({paths} $fpath); autoload -Uz compinit; compinit -u -D; "
                 "setopt noautomenu nobeep; LISTMAX=0\n")
        self.read_to(self.READY)

    def say(self, text):
        os.write(self._terminal, text.encode())

    def read_to(self, sign):
        """What came before the sign. What comes behind it waits for the next."""
        end = time.monotonic() + TIMEOUT_S
        while sign not in self._unread:
            if not select.select([self._terminal], [], [], max(end - time.monotonic(), 0))[0]:
                raise AssertionError(f"zsh is silent after: {self._unread!r}")
            self._unread += os.read(self._terminal, 65536).decode("utf-8", "replace")
        text, _, self._unread = self._unread.partition(sign)
        return text

    def offered(self, line):
        """What zsh lists, or puts in the place of the last word."""
        # ^D lists and never completes; ^U empties the line.
        self.say(line + "\x04")
        self.say("\x15echo END-OF-LIST\n")
        text = self.read_to("\nEND-OF-LIST")
        self.read_to(self.READY)
        return set(re.findall(r"[\w./-]+", text))

    def end(self):
        self.say("exit\n")
        os.close(self._terminal)
        os.waitpid(self._process, 0)


class Completions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pathlib.Path(FOLDER.name, "a-file.pem").touch()

    def check(self, offer):
        for line, wanted, unwanted in CASES:
            with self.subTest(line):
                offered = offer(line.split(" ")[0], line)
                self.assertLessEqual(wanted, offered)
                self.assertFalse(unwanted & offered)

    def test_bash(self):
        self.check(offered_by_bash)

    def test_fish(self):
        self.check(offered_by_fish)

    def test_zsh(self):
        terminal = Terminal()
        self.addCleanup(terminal.end)
        for line, wanted, _ in CASES:
            with self.subTest(line):
                self.assertLessEqual(wanted, terminal.offered(line))


if __name__ == "__main__":
    unittest.main()
