"""Ports of loopback for programs that have to know each other's ports before they start.

Below the range from which the kernel takes the local ports of outgoing connections: a port of that
range that was free a moment ago may be one end of some connection when a program listens on it.
"""

import pathlib
import random
import socket

FIRST = 10_000
_EPHEMERAL = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
# While this process lives, no other that takes its ports here gets one of the same.
_kept = []


def _is_free(port):
    """Nothing listens there; a connection that was closed a moment ago is no hindrance."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _keep(port):
    """A name that the kernel gives to one process at a time, and takes back when it ends."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0scalegraph-test-port-{port}")
    except OSError:
        name.close()
        return False
    _kept.append(name)
    return True


def free_ports(count):
    end = int(_EPHEMERAL.read_text(encoding="ascii").split()[0])
    if end < FIRST + 1000:
        raise RuntimeError(f"{_EPHEMERAL}: leaves no ports from {FIRST} on for servers")
    found = []
    for port in random.sample(range(FIRST, end), end - FIRST):
        if len(found) == count:
            return found
        if _is_free(port) and _keep(port):
            found.append(port)
    raise RuntimeError(f"there are no {count} free ports from {FIRST} to {end}")
