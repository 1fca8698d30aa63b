"""A service manager for one daemon: the end of the socket to which sd_notify(3) writes."""

import os
import queue
import socket
import threading
import time

PATIENCE_S = 60


class ServiceManager:
    """with ServiceManager(folder) as manager: Server(..., environment=manager.environment())"""

    def __init__(self, folder):
        self._path = f"{folder}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        self._arrived = queue.Queue()
        self.told = []  # (time, {"READY": "1", ...}) of each message that was taken
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
        os.unlink(self._path)

    def environment(self, watchdog_s=None):
        variables = {"NOTIFY_SOCKET": self._path}
        if watchdog_s is not None:
            variables["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
        return variables

    def _read(self):
        while True:
            try:
                message = self._socket.recv(65536).decode("utf-8")
            except OSError:
                return
            fields = dict(line.partition("=")[::2] for line in message.splitlines())
            self._arrived.put((time.monotonic(), fields))

    def take(self, within_s):
        """The fields of the next message; None: there was none within that time."""
        try:
            self.told.append(self._arrived.get(timeout=max(within_s, 0)))
        except queue.Empty:
            return None
        return self.told[-1][1]

    def await_field(self, name, value=None, within_s=PATIENCE_S):
        """Takes messages up to the first that has the field, and returns that."""
        end = time.monotonic() + within_s
        while (fields := self.take(end - time.monotonic())) is not None:
            if name in fields and value in (None, fields[name]):
                return fields
        raise AssertionError(f"not told within {within_s} s: {name}={value or '...'}; "
                             f"told was {[one for _, one in self.told]}")

    def drop_all(self):
        """Forgets what has arrived."""
        while self.take(0) is not None:
            pass

    def pings_within(self, seconds):
        """How many come in the next so many seconds."""
        end = time.monotonic() + seconds
        pings = 0
        while (fields := self.take(end - time.monotonic())) is not None:
            pings += "WATCHDOG" in fields
        return pings
