"""What the tests of a client package are given: ledgers of several kinds, and addresses of none.

They read it from the variable SCALEGRAPH_TEST, as JSON.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
for beside in ("clients", "security"):
    sys.path.insert(0, str(ROOT / "tests" / beside))
from daemon import Daemon  # noqa: E402  (beside this folder)
from node import Node  # noqa: E402
from secured import Secured  # noqa: E402

from relay import Relay  # noqa: E402


# Short, since a test kills the leader.
ELECTION = "cluster.election_timeout=1000"


@contextlib.contextmanager
def socket_of_none(listens):
    """The address of a socket that refuses connections, or takes them and says nothing."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        if listens:
            held.listen()
        yield f"127.0.0.1:{held.getsockname()[1]}"


@contextlib.contextmanager
def environment(scalegraphd, scalegraphctl=None):
    """The variables of a process that asks these ledgers.

    `scalegraphctl`: founds a cluster, whose leader a test may kill. None: there is no cluster.
    """
    with contextlib.ExitStack() as opened:
        plain = opened.enter_context(Daemon(scalegraphd))
        secured = opened.enter_context(Secured(scalegraphd))
        known = {
            "plain": plain.address,
            "relay": opened.enter_context(Relay(plain.address)).address,
            "secured": secured.address,
            "ca": secured.environment["SCALEGRAPH_TLS_CA"],
            "token": pathlib.Path(secured.environment["SCALEGRAPH_TOKEN_FILE"])
            .read_text(encoding="utf-8").strip(),
            "refuses": opened.enter_context(socket_of_none(listens=False)),
            "silent": opened.enter_context(socket_of_none(listens=True)),
        }
        if scalegraphctl is not None:
            node = opened.enter_context(Node(scalegraphd, scalegraphctl, "leader", ELECTION))
            addresses = node.addresses.split(",")
            known["cluster"] = [node.address, *(a for a in addresses if a != node.address)]
            known["leader_pid"] = node.pid
        kept = {name: value for name, value in os.environ.items()
                if not name.lower().endswith("_proxy")}
        yield {**kept, "SCALEGRAPH_TEST": json.dumps(known)}


def copy_package(name, build):
    """The package and the .proto files as they stand to each other, where a build may write.

    What npm has installed there stays.
    """
    package = build / "client" / name
    if package.exists():
        for old in package.iterdir():
            if old.is_dir() and old.name != "node_modules":
                shutil.rmtree(old)
    ignored = shutil.ignore_patterns("node_modules", "__pycache__", "*.egg-info", "build", "dist")
    for folder in ("proto", f"client/{name}"):
        shutil.copytree(ROOT / folder, build / folder, ignore=ignored, dirs_exist_ok=True)
    shutil.copyfile(ROOT / "client" / "rpc_status.proto", build / "client" / "rpc_status.proto")
    return package


def run(*command, cwd, env=None):
    subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=True,
                   stdin=subprocess.DEVNULL)
