"""A default install, looked at from another machine: no port of it answers.

    /usr/bin/python3 scan_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH

The daemon runs as it does without a file, in a network of its own; the scan comes from another one.
"""

import errno
import os
import pathlib
import selectors
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
for beside in ("crash", "nodes"):
    sys.path.insert(0, str(ROOT / "tests" / beside))
from namespaces import Network  # noqa: E402  (beside this folder)
from small_disk import run_with_own_mounts  # noqa: E402

PORTS = range(1, 65536)
AT_ONCE = 500
PATIENCE_S = 60
NODE = 1


def open_ports(host):
    """Those that take a connection. Every other one has to refuse it."""
    found, left, waiting = [], iter(PORTS), 0
    end = time.monotonic() + PATIENCE_S
    with selectors.DefaultSelector() as selector:
        while True:
            while waiting < AT_ONCE and (port := next(left, None)) is not None:
                one = socket.socket()
                one.setblocking(False)
                error = one.connect_ex((host, port))
                if error == errno.EINPROGRESS:
                    selector.register(one, selectors.EVENT_WRITE, port)
                    waiting += 1
                    continue
                one.close()
                if error == 0:
                    found.append(port)
                elif error != errno.ECONNREFUSED:
                    raise AssertionError(f"port {port}: {os.strerror(error)}")
            if not waiting:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"{waiting} ports neither answer nor refuse")
            for key, _ in selector.select(timeout=1):
                error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error == 0:
                    found.append(key.data)
                elif error != errno.ECONNREFUSED:
                    raise AssertionError(f"port {key.data}: {os.strerror(error)}")
                selector.unregister(key.fileobj)
                key.fileobj.close()
                waiting -= 1


def main():
    run_with_own_mounts("--net")
    program = sys.argv[1]
    network = Network(NODE)
    with tempfile.TemporaryDirectory(prefix="scalegraph-test-") as folder:
        daemon = subprocess.Popen([*network.within(NODE), program], cwd=folder, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            line = daemon.stdout.readline()
            assert line == "listening on 127.0.0.1:50051\n", line
            # That a scan sees a port at all: of a listener beside the daemon.
            with subprocess.Popen(
                    [*network.within(NODE), sys.executable, "-c",
                     "import socket, sys; s = socket.create_server(('', 12345)); "
                     "print(flush=True); sys.stdin.read()"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as beside:
                beside.stdout.readline()
                found = open_ports(network.host(NODE))
                beside.stdin.close()
            assert found == [12345], f"these ports answer: {found}"
        finally:
            daemon.terminate()
            daemon.wait()
            daemon.stdout.close()
    print(f"{len(PORTS)} ports: only the one that the test opened answers")


if __name__ == "__main__":
    main()
