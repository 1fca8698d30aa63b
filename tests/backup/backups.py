"""What the tests of this folder have in common: commands on backups, and stores made of them."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
for beside in ("crash", "nodes", "support"):
    sys.path.insert(0, str(ROOT / beside))
from server import Server, load_stubs  # noqa: E402,F401  (beside this folder)

TIMEOUT_S = 120


class Ctl:
    """scalegraphctl, asked for JSON."""

    def __init__(self, program, address):
        self._command = [program, "--server", address, "--json"]

    def run(self, *words):
        """Exit code, and what it says: the JSON of stdout, or the error's."""
        done = subprocess.run([*self._command, *words], text=True, capture_output=True,
                              timeout=TIMEOUT_S, check=False)
        said = done.stdout or done.stderr
        told = json.loads(said)
        return done.returncode, told.get("error", told)

    def backup(self, *words):
        code, told = self.run("backup", *words)
        if code != 0:
            raise AssertionError(f"backup {words}: {told}")
        return told

    def refused(self, *words):
        code, told = self.run("backup", *words)
        if code == 0:
            raise AssertionError(f"backup {words} is not refused: {told}")
        return told["reason"], told["message"]


def restore(program, backup, store, *more):
    """The process's end: its code, stdout and stderr."""
    done = subprocess.run([program, "--restore-from", str(backup), "--set",
                           f"storage.path={store}", *more], text=True, capture_output=True,
                          timeout=TIMEOUT_S, check=False)
    return done.returncode, done.stdout, done.stderr
