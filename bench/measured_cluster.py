"""Three nodes on this machine, as the measuring programs start and load them."""

import json
import pathlib
import subprocess
import sys
import time

import grpc

from measuring import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from ports import free_ports  # noqa: E402  pylint: disable=wrong-import-position

NODES = 3
PATIENCE_S = 30


def stubs(folder):
    sys.path.insert(0, str(ROOT / "tests" / "crash"))
    from server import load_stubs  # pylint: disable=import-outside-toplevel
    return load_stubs(str(ROOT / "proto" / "ledger.proto"), folder)


class Cluster:
    """Founded, with a leader."""

    def __init__(self, build, wire):
        self._messages, self._services = wire
        places = [f"127.0.0.1:{port}" for port in free_ports(NODES)]
        seeds = ", ".join(f"{i}@{place}" for i, place in enumerate(places, 1))
        self.servers = [Server(build, build, f"cluster.node_id={i}", f"cluster.listen={place}",
                               f"cluster.seeds={seeds}") for i, place in enumerate(places, 1)]
        self._channels = [grpc.insecure_channel(server.address) for server in self.servers]
        self.await_that(lambda: all(node.connected for node in self.state(0).nodes))
        self._stub(0).Init(self._messages.InitClusterRequest(), timeout=PATIENCE_S)
        self.await_that(self.leader)

    def _stub(self, i):
        return self._services.ClusterServiceStub(self._channels[i])

    def state(self, i):
        return self._stub(i).GetCluster(self._messages.GetClusterRequest(), timeout=PATIENCE_S)

    @staticmethod
    def await_that(condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise SystemExit("the cluster is not there in time")
            time.sleep(0.05)

    def leader(self):
        return self.state(0).leader

    def follower(self):
        return self.servers[self.leader() % NODES]

    def address(self, of_follower=False):
        return (self.follower() if of_follower else self.servers[self.leader() - 1]).address

    def cpu_seconds(self):
        return sum(server.cpu_seconds() for server in self.servers)

    def stop(self):
        for channel in self._channels:
            channel.close()
        for server in self.servers:
            server.stop()


def bench(build, address, seconds, arguments):
    command = [build / "scalegraph-bench", "--json", "--seconds", str(seconds), *arguments,
               "--server", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result = json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else {}
    if not result or result["refused"] or result["failed"]:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip() or result}")
    return result
