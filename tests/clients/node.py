"""One node of a cluster of three daemons, and what a suite is told on its command line.

A suite that asks `served(given)` runs against a daemon that stands alone; with --secured against
one behind TLS and a token; or with --node against one node of a cluster of its own: through the
gateway of the leader, or of either follower.
"""

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys

import grpc

from daemon import Daemon

for beside in ("nodes", "security", "support"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / beside))
from cluster import until  # noqa: E402  (beside this folder)
from ports import free_ports  # noqa: E402
from secured import Secured  # noqa: E402

NODES = (1, 2, 3)
# Which node is asked: so many after the one that leads.
PLACES = {"leader": 0, "follower": 1, "other": 2}
# No election while a suite runs, however busy the machine is: its node stays what it is.
SETTINGS = ("cluster.election_timeout=5000",)
COMMAND_TIMEOUT_S = 30


class Node:
    """with Node(scalegraphd, scalegraphctl, "follower") as daemon: ... as a Daemon is used."""

    credentials = None
    environment = {}

    def __init__(self, program, ctl, place, *settings):
        self._ctl = ctl
        self._place = place
        ports = dict(zip(NODES, free_ports(len(NODES))))
        seeds = ", ".join(f"{i}@127.0.0.1:{port}" for i, port in ports.items())
        self._nodes = {i: Daemon(program, *SETTINGS, *settings, f"cluster.node_id={i}",
                                 f"cluster.listen=127.0.0.1:{port}", f"cluster.seeds={seeds}")
                       for i, port in ports.items()}

    def __enter__(self):
        with contextlib.ExitStack() as started:
            for node in self._nodes.values():
                started.enter_context(node)
            until(self._founded, "the cluster is founded")
            self.leader = until(self._leads, "a node leads, and all know it")
            self.id = (self.leader - 1 + PLACES[self._place]) % len(NODES) + 1
            self._started = started.pop_all()
        return self

    def __exit__(self, *error):
        return self._started.__exit__(*error)

    def _asked(self, i, *command):
        return subprocess.run([self._ctl, "--server", self._nodes[i].address, "--json", "cluster",
                               *command], capture_output=True, text=True,
                              timeout=COMMAND_TIMEOUT_S, check=False)

    def _founded(self):
        """Refused until all nodes are connected."""
        return self._asked(NODES[0], "init").returncode == 0

    def _leads(self):
        """The leader that all nodes name; None if they name several, or none."""
        told = [self._asked(i, "status") for i in NODES]
        leaders = {int(json.loads(one.stdout)["leader"]) if one.returncode == 0 else 0
                   for one in told}
        leader = leaders.pop()
        return None if leaders or leader == 0 else leader

    @property
    def address(self):
        return self._nodes[self.id].address

    @property
    def addresses(self):
        """Of all nodes, as --server takes them."""
        return ",".join(node.address for node in self._nodes.values())

    @property
    def pid(self):
        return self._nodes[self.id].pid

    @property
    def store(self):
        return self._nodes[self.id].store

    def log_bytes(self):
        return self._nodes[self.id].log_bytes()

    def stop(self):
        """SIGTERM to this node alone, which has to be what it was; returns the exit code."""
        leader = self._leads()
        if leader != self.leader:
            raise AssertionError(f"node {self.leader} led, and now {leader}: the {self._place} "
                                 "was not asked throughout")
        return self._nodes[self.id].stop()


def arguments(description, ctl_too=False):
    """SCALEGRAPHD [SCALEGRAPHCTL] [--node PLACE | --secured]. `ctl_too`: both programs always."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("scalegraphd")
    parser.add_argument("scalegraphctl", nargs=None if ctl_too else "?",
                        help="with --node it founds the cluster")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--node", choices=PLACES, help="of three; without it a daemon alone")
    which.add_argument("--secured", action="store_true", help="a daemon behind TLS and a token")
    given = parser.parse_args()
    if given.node and not given.scalegraphctl:
        parser.error("--node needs SCALEGRAPHCTL")
    return given


def served(given, *settings):
    """What the suite asks, not started yet."""
    if given.node:
        return Node(given.scalegraphd, given.scalegraphctl, given.node, *settings)
    return (Secured if given.secured else Daemon)(given.scalegraphd, *settings)


def open_channel(daemon, options):
    """To what the suite asks, as somebody who may do everything."""
    if daemon.credentials is None:
        return grpc.insecure_channel(daemon.address, options)
    return grpc.secure_channel(daemon.address, daemon.credentials, options)
