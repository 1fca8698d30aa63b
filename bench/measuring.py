"""What the measuring programs share: a server on a fresh store, progress, and tables."""

import os
import signal
import subprocess
import sys
import tempfile

START_TIMEOUT_S = 60


def say(text):
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


class Server:
    """The daemon on a store of its own; gone with the store at the end."""

    def __init__(self, programs, store_beside, *settings):
        """`settings`: more of them, such as "cluster.node_id=1"."""
        # Beside a build: /tmp may be memory, which syncs in no time.
        self._folder = tempfile.TemporaryDirectory(prefix="compare-", dir=store_beside)
        self._process = subprocess.Popen(
            [programs / "scalegraphd", "--set", "server.listen=127.0.0.1:0", "--set",
             f"storage.path={self._folder.name}/store", "--set", "log.level=error",
             *(part for setting in settings for part in ("--set", setting))],
            stdout=subprocess.PIPE, text=True)
        signal.alarm(START_TIMEOUT_S)
        line = self._process.stdout.readline()
        signal.alarm(0)
        if not line.startswith("listening on "):
            raise SystemExit("the server did not start")
        self.address = line.split()[-1]

    def cpu_seconds(self):
        """Of all its threads, since it started."""
        with open(f"/proc/{self._process.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        """Resident."""
        with open(f"/proc/{self._process.pid}/status", encoding="utf-8") as status:
            line = next(line for line in status if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        self._process.terminate()
        code = self._process.wait()
        self._folder.cleanup()
        if code != 0:
            raise SystemExit(f"the server ended with exit code {code}")


def table(rows, right):
    """Columns that line up; those in `right` are numbers."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [cell.rjust(width) if i in right else cell.ljust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths).rstrip())
