"""Asks a server for its health again and again, in a process of its own, and tells how long it waited.

    /usr/bin/python3 health_probe.py ADDRESS

For each line on its input it prints the longest wait since the last one in seconds, and how many
checks there were.
"""

import sys
import threading
import time

import grpc

HEALTH = "/grpc.health.v1.Health/Check"
TIMEOUT_S = 30
PAUSE_S = 0.005


class Waits:
    def __init__(self):
        self._lock = threading.Lock()
        self._longest = 0.0
        self._checks = 0

    def note(self, wait):
        with self._lock:
            self._longest = max(self._longest, wait)
            self._checks += 1

    def take(self):
        with self._lock:
            taken = self._longest, self._checks
            self._longest, self._checks = 0.0, 0
            return taken


def run(address, waits, ends):
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary(HEALTH)
        # The pause keeps the probe from being the load that it measures.
        while not ends.wait(PAUSE_S):
            start = time.monotonic()
            check(b"", timeout=TIMEOUT_S)
            waits.note(time.monotonic() - start)


def main():
    waits, ends = Waits(), threading.Event()
    thread = threading.Thread(target=run, args=(sys.argv[1], waits, ends))
    thread.start()
    for _ in sys.stdin:
        print(*waits.take(), flush=True)
    ends.set()
    thread.join()


if __name__ == "__main__":
    main()
