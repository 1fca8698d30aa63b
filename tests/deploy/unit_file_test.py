"""The systemd unit: how exposed the service is, by systemd's own measure, that it is well formed, and
that the daemon makes no system call that it forbids.

    python3 unit_file_test.py SCALEGRAPHD.SERVICE SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

UNIT = pathlib.Path(sys.argv[1])
PROGRAM, CTL, BENCH = sys.argv[2:5]
del sys.argv[1:5]
HIGHEST_EXPOSURE = 2.0
TIMEOUT_S = 30
# What the rest of the daemon relies on.
NEEDED = {"Type": "notify", "User": "scalegraph", "NoNewPrivileges": "yes",
          "StateDirectory": "scalegraph", "Restart": "on-failure"}


# One line of strace -f: "1234 name(arguments".
CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], text=True, timeout=TIMEOUT_S, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def calls_of(group):
    """The names of the system calls in a group such as @system-service, and in those that it has."""
    names = set()
    for line in analyze("syscall-filter", group).stdout.splitlines()[1:]:
        name = line.strip()
        if name and not name.startswith("#"):
            names |= calls_of(name) if name.startswith("@") else {name}
    return names


class UnitFile(unittest.TestCase):
    def test_the_service_is_exposed_less_than_the_limit(self):
        done = analyze("security", "--offline=true", "--threshold=20", str(UNIT))
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        self.assertIsNotNone(found, done.stdout)
        self.assertLess(float(found.group(1)), HIGHEST_EXPOSURE, done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_systemd_understands_every_line(self):
        with tempfile.TemporaryDirectory() as folder:
            # The program is not installed on the machine that tests.
            text = re.sub(r"/\S*/scalegraphd ", "/bin/true ", UNIT.read_text(encoding="utf-8"))
            text = re.sub(r"^Documentation=.*$", "", text, flags=re.MULTILINE)
            copy = pathlib.Path(folder) / UNIT.name
            copy.write_text(text, encoding="utf-8")
            done = analyze("verify", "--man=no", str(copy))
            ours = [line for line in done.stdout.splitlines() if UNIT.name in line]
            self.assertEqual(ours, [])

    def test_what_the_daemon_relies_on_is_there(self):
        lines = UNIT.read_text(encoding="utf-8").splitlines()
        for key, value in NEEDED.items():
            self.assertIn(f"{key}={value}", lines)
        watchdog = [int(line.split("=")[1]) for line in lines if line.startswith("WatchdogSec=")]
        self.assertEqual(len(watchdog), 1)
        self.assertGreaterEqual(watchdog[0], 10)
        self.assertFalse([line for line in lines if "@bin@" in line or "@etc@" in line])

    def test_the_daemon_makes_no_system_call_that_is_forbidden(self):
        filters = [line.partition("=")[2] for line in UNIT.read_text(encoding="utf-8").splitlines()
                   if line.startswith("SystemCallFilter=")]
        allowed = calls_of("@default")
        for words in filters:
            groups = set().union(*map(calls_of, words.removeprefix("~").split()))
            allowed = allowed - groups if words.startswith("~") else allowed | groups
        with tempfile.TemporaryDirectory() as folder:
            trace = pathlib.Path(folder, "trace")
            settings = {"server.listen": "127.0.0.1:0", "storage.path": f"{folder}/store",
                        "storage.checkpoint_interval": 1000, "storage.index_chunk": 1000}
            words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
            with subprocess.Popen(["strace", "-f", "-qq", "-o", str(trace), PROGRAM, *words],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  text=True) as traced:
                address = traced.stdout.readline().split()[-1]
                subprocess.run([BENCH, "--server", address, "--mode", "batch", "--batch", "100",
                                "--accounts", "100", "--seconds", "1"], check=True,
                               timeout=TIMEOUT_S, stdout=subprocess.DEVNULL)
                subprocess.run([CTL, "--server", address, "verify"], check=True, timeout=TIMEOUT_S,
                               stdout=subprocess.DEVNULL)
                daemon = int(trace.read_text(encoding="utf-8").split(maxsplit=1)[0])
                for number in (signal.SIGHUP, signal.SIGTERM):
                    os.kill(daemon, number)
                self.assertEqual(traced.wait(timeout=TIMEOUT_S), 0)
            text = trace.read_text(encoding="utf-8")
        made = set(CALL.findall(text))
        self.assertGreater(len(made), 40)
        self.assertEqual(made - allowed, set())
        # MemoryDenyWriteExecute=yes.
        self.assertEqual(re.findall(r"PROT_WRITE\|PROT_EXEC", text), [])


if __name__ == "__main__":
    unittest.main()
