"""Starts scalegraphd on a free port and a store of its own, for the tests beside this file."""

import queue
import subprocess
import sys
import tempfile
import threading

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 30


class Daemon:
    """with Daemon(path) as daemon: ... daemon.address ... daemon.stop()"""

    id = 0  # of a node of a cluster (node.py); this one stands alone
    credentials = None  # of a channel to it; None: it takes plain ones
    environment = {}  # what scalegraphctl needs to get in

    def __init__(self, program, *settings):
        """`settings`: overrides, such as "ledger.shards=3"."""
        self._program = program
        self._settings = []
        self.set(*settings)
        self._lines = queue.Queue()
        self.address = None

    def set(self, *settings):
        """More of them, before it starts."""
        self._settings += [part for setting in settings for part in ("--set", setting)]

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="scalegraph-test-")
        self._log = open(f"{self._folder.name}/stderr", "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [self._program, "--set", "server.listen=127.0.0.1:0",
             "--set", f"storage.path={self.store}", *self._settings],
            stdout=subprocess.PIPE, stderr=self._log, text=True)
        # Reads to the end, so that the daemon never waits for a full pipe.
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._wait_for_address()
        except Exception:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _read(self):
        with self._process.stdout:
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put(None)

    def _wait_for_address(self):
        while self.address is None:
            line = self._lines.get(timeout=START_TIMEOUT_S)
            if line is None:
                raise RuntimeError("the daemon ended before it listened")
            if line.startswith("listening on "):
                self.address = line.split()[-1]

    @property
    def pid(self):
        return self._process.pid

    @property
    def store(self):
        return f"{self._folder.name}/store"

    def log_bytes(self):
        return self._log.seek(0, 2)

    def log(self):
        """All that it has written there so far."""
        with open(self._log.name, encoding="utf-8") as log:
            return log.read()

    def stop(self):
        """SIGTERM; returns the exit code."""
        self._process.terminate()
        return self._process.wait(timeout=STOP_TIMEOUT_S)

    def __exit__(self, kind, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if kind is not None:
            self._log.seek(0)
            sys.stderr.write(self._log.read()[-8000:])
        self._log.close()
        self._folder.cleanup()
