"""Runs the real programs with arguments, outputs and terminals that are wrong or poor.

    python3 command_lines.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH

Needs the standard library only and no server. Prints one line per group of checks; ends with exit
code 1 at the first that fails.
"""

import os
import re
import subprocess
import sys

TIMEOUT_S = 60

OPTION = re.compile(r"^  (?:-\w,)?(--[a-z-]+)(.*)$", re.MULTILINE)
POSITIONALS = re.compile(r"^Positionals:\n((?:  .*\n)+)", re.MULTILINE)
SUBCOMMANDS = re.compile(r"^Subcommands:\n((?:  .*\n?)+)", re.MULTILINE)
NAME = re.compile(r"^  (\S+)", re.MULTILINE)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def run(program, *arguments, **more):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("SCALEGRAPH_SERVER", "NO_COLOR")}
    return subprocess.run([program, *arguments], env=environment, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False, **more)


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


def main():
    daemon, ctl, bench = sys.argv[1:4]
    empty_values([daemon, ctl, bench])


if __name__ == "__main__":
    main()
