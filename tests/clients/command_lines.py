"""Runs the real programs with arguments, outputs and terminals that are wrong or poor.

    python3 command_lines.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH

Needs the standard library only. Prints one line per group of checks; ends with exit
code 1 at the first that fails.
"""

import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

from daemon import Daemon

TIMEOUT_S = 60
# Nothing listens there: whatever gets as far as connecting fails with exit code 3 at once.
NO_SERVER = "127.0.0.1:1"
OUTPUT_LOST = 5

OPTION = re.compile(r"^  (?:-\w,)?(--[a-z-]+)(.*)$", re.MULTILINE)
POSITIONALS = re.compile(r"^Positionals:\n((?:  .*\n)+)", re.MULTILINE)
SUBCOMMANDS = re.compile(r"^Subcommands:\n((?:  .*\n?)+)", re.MULTILINE)
NAME = re.compile(r"^  (\S+)", re.MULTILINE)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def environment(**more):
    """The variables of a run; those of the tester's own terminal and server are left out."""
    ours = ("SCALEGRAPH_SERVER", "NO_COLOR", "TERM", "COLORTERM", "GRPC_VERBOSITY")
    return {name: value for name, value in os.environ.items() if name not in ours} | more


def run(program, *arguments, stdout=subprocess.PIPE):
    return subprocess.run([program, *arguments], env=environment(), text=True, stdout=stdout,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S,
                          check=False)


def names(pattern, text):
    found = pattern.search(text)
    return NAME.findall(found.group(1)) if found else []


def walk(program, *words):
    """Yields (words, option or None for a positional) over the program and all of its commands."""
    text = run(program, *words, "--help").stdout
    for option, _ in OPTION.findall(text):
        yield words, option
    for _ in names(POSITIONALS, text):
        yield words, None
    for command in names(SUBCOMMANDS, text):
        yield from walk(program, *words, command)


def empty_values(programs):
    for program in programs:
        count = 0
        for words, option in walk(program):
            for empty in ([option, ""], [option + "="]) if option else ([""],):
                done = run(program, *words, *empty)
                what = f"{program} {words} {empty}: {done.returncode} {done.stdout}{done.stderr}"
                check(done.returncode == 2, what)
                check("is empty: leave it out" in done.stderr, what)
                check(done.stdout == "", what)
                count += 1
        check(count >= 8, f"{program}: only {count} options were found in its help")
        done = run(program, "")
        check(done.returncode == 2, f"{program} with an empty argument: {done.returncode}")
    print("ok empty values", flush=True)


def full_disk(daemon, ctl, bench, address, folder):
    settings = folder / "settings.toml"
    settings.write_text("ledger.shards = 1\n", encoding="utf-8")
    with open("/dev/full", "w", encoding="utf-8") as full:
        for command in ([daemon, "--version"], [daemon, "--help"], [daemon, "--check"],
                        [daemon, "--config", str(settings), "--check"],
                        [ctl, "--version"], [ctl, "--help"], [ctl, "tx", "list", "--help"],
                        [ctl, "--server", address, "account", "list"],
                        [ctl, "--server", address, "tree", "--watch"],
                        [ctl, "--server", address, "--json", "balance-sheet"],
                        [bench, "--version"], [bench, "--help"],
                        [bench, "--server", address, "--seconds", "0.1", "--accounts", "2"],
                        [bench, "--server", address, "--seconds", "0.1", "--accounts", "2",
                         "--json"]):
            done = run(*command, stdout=full)
            what = f"{command} on a full disk: {done.returncode} {done.stderr}"
            check(done.returncode == OUTPUT_LOST, what)
            check("the output could not be written" in done.stderr, what)
            if "--json" in command:
                check(is_json_error(done.stderr), what)
    print("ok full disk", flush=True)


def closed_descriptors(ctl, bench, address):
    for closed, lost in (("<&-", False), (">&-", True), ("2>&-", False), ("<&- >&- 2>&-", True)):
        for command in ([ctl, "--version"], [ctl, "--server", address, "account", "list"],
                        [bench, "--server", address, "--seconds", "0.1", "--accounts", "2"]):
            # exec closes them for the program alone.
            done = run("/bin/sh", "-c", f'exec "$0" "$@" {closed}', *command)
            what = f"{command} with {closed}: {done.returncode} {done.stdout} {done.stderr}"
            check(done.returncode == (OUTPUT_LOST if lost else 0), what)
            check(lost or done.stdout != "", what)
    print("ok closed descriptors", flush=True)


def offline_verify_on_full_disk(daemon, store):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run(daemon, "--verify", "--set", f"storage.path={store}", stdout=full)
    check(done.returncode == OUTPUT_LOST, f"--verify: {done.returncode} {done.stderr}")
    check("the output could not be written" in done.stderr, done.stderr)
    print("ok verification on a full disk", flush=True)


def numbers(daemon, ctl, bench):
    never = ["nan", "inf", "-inf", "-1", "1e999", "99999999999999999999999", "0x10", "5x", "1,5",
             "five"]
    whole = never + ["1.5", "1e1"]
    options = [(bench, option, whole) for option in
               ("--batch", "--in-flight", "--accounts", "--parties", "--seed")]
    options += [(bench, option, never) for option in ("--zipf", "--seconds", "--rate")]
    options += [(ctl, "--timeout", never)]
    for program, option, values in options:
        for value in values:
            done = run(program, option, value, "--server", NO_SERVER,
                       *(["tree"] if program == ctl else []))
            what = f"{program} {option} {value}: {done.returncode} {done.stderr}"
            check(done.returncode == 2, what)
            check(f'"{value}" is not a' in done.stderr, what)
    for value in whole:
        done = run(daemon, "--check", "--set", f"ledger.shards={value}")
        check(done.returncode == 2, f"ledger.shards={value}: {done.returncode}")
        check("must be an integer from 1 to 1024" in done.stderr, done.stderr)
    print("ok numbers", flush=True)


def is_json_error(line):
    try:
        return "error" in json.loads(line)
    except ValueError:
        return False


def only_json_on_stderr(ctl, bench, address, folder):
    broken = folder / "broken.yaml"
    broken.write_text("accounts:\n  - {colour: red}\n  - {id: a, balance: x}\n", encoding="utf-8")
    not_utf8 = b"\xff".decode("utf-8", "surrogateescape")
    for exit_code, *command in (
            [2, ctl, "nonsense"], [2, ctl, "credit", "a"], [2, ctl, "tx", "list", "--from", "2099"],
            [2, ctl, "import", "/nonexistent"], [2, ctl, "import", str(broken)],
            [2, ctl, "--timeout", "nan", "tree"], [2, ctl, "account", "list", ""],
            [3, ctl, "--server", NO_SERVER, "tree"],
            [1, ctl, "--server", address, "account", "get", "nobody"],
            # protobuf has a line of its own for it.
            [1, ctl, "--server", address, "account", "get", not_utf8],
            [2, bench, "--batch", "0"], [2, bench, "--parties", "5", "--accounts", "2"],
            [3, bench, "--server", NO_SERVER]):
        done = run(command[0], *command[1:], "--json")
        what = f"{command}: {done.returncode} {done.stderr}"
        check(done.returncode == exit_code, what)
        check(done.stdout == "", what)
        lines = done.stderr.splitlines()
        check(lines and all(is_json_error(line) for line in lines), what)
    print("ok JSON on stderr", flush=True)


def on_terminal(program, *arguments, **variables):
    """What a command prints on a terminal of its own, with stdout and stderr there."""
    master, terminal = pty.openpty()
    process = subprocess.Popen([program, *arguments], env=environment(**variables),
                               stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
    os.close(terminal)
    printed = b""
    try:
        while part := os.read(master, 65536):
            printed += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    process.wait(timeout=TIMEOUT_S)
    return printed.decode("utf-8", "replace")


def terminals(daemon, ctl, address, store):
    escape = "\033"
    commands = ([ctl, "--server", address, "tree"], [ctl, "--server", address, "verify"],
                [ctl, "--server", NO_SERVER, "tree"])
    for command in commands:
        check(escape in on_terminal(*command, TERM="xterm"), f"{command}: no colour on a terminal")
        for poor in ({"TERM": "dumb"}, {"TERM": ""}, {}, {"TERM": "dumb", "COLORTERM": "truecolor"}):
            printed = on_terminal(*command, **poor)
            check(printed and escape not in printed, f"{command} with {poor}: {printed!r}")
    printed = on_terminal(ctl, "--server", address, "tree", TERM="xterm", NO_COLOR="1")
    check(escape not in printed, f"NO_COLOR: {printed!r}")
    # Its log, which says that the port is in use.
    in_use = [daemon, "--set", f"storage.path={store}", "--set", f"server.listen={address}"]
    check(escape in on_terminal(*in_use, TERM="xterm"), "the daemon: no colour on a terminal")
    for poor in ({"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"},
                 {"TERM": "dumb", "COLORTERM": "truecolor"}):
        printed = on_terminal(*in_use, **poor)
        check(printed and escape not in printed, f"the daemon with {poor}: {printed!r}")
    print("ok terminals", flush=True)


def marks_and_paths(daemon, folder):
    marked = folder / "marked.toml"
    marked.write_bytes(b"\xef\xbb\xbf[ledger]\nshards = 3\n")
    done = run(daemon, "--config", str(marked), "--check")
    check(done.returncode == 0, f"a byte order mark: {done.stderr}")
    home = folder / "home.toml"
    home.write_text("[storage]\npath = \"$HOME/ledger\"\n", encoding="utf-8")
    done = run(daemon, "--config", str(home), "--check")
    check(done.returncode == 2 and f"{home}:2: storage.path" in done.stderr, done.stderr)
    check("only a shell expands those" in done.stderr, done.stderr)
    done = run(daemon, "--check", "--set", "storage.path=~/ledger")
    check(done.returncode == 2 and "only a shell expands those" in done.stderr, done.stderr)
    done = run(daemon, "--check", "--config=~/ledger.toml")
    check(done.returncode == 2 and "only a shell expands" in done.stderr, done.stderr)
    print("ok byte order marks and paths", flush=True)


def main():
    daemon, ctl, bench = sys.argv[1:4]
    empty_values([daemon, ctl, bench])
    numbers(daemon, ctl, bench)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        marks_and_paths(daemon, folder)
        with Daemon(daemon) as server:
            only_json_on_stderr(ctl, bench, server.address, folder)
            terminals(daemon, ctl, server.address, folder / "other")
            full_disk(daemon, ctl, bench, server.address, folder)
            closed_descriptors(ctl, bench, server.address)
            check(server.stop() == 0, "exit code after SIGTERM")
            offline_verify_on_full_disk(daemon, server.store)


if __name__ == "__main__":
    main()
