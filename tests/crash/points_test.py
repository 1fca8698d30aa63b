"""A real scalegraphd under load that ends, as by kill -9, at each named point of its commit path.

    /usr/bin/python3 points_test.py PATH/TO/scalegraphd_with_faults PATH/TO/ledger.proto

The points are those of faults/fault_injection.hpp. Those of recovery are passed while the daemon
starts: it is started once more. In the end all that the clients were told has to fit into the
ledger's history: see checker.py.
"""

import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from inspection import exit_code, last_look
from load import Load, create_accounts, initial_balances
from server import DidNotStart, Server, load_stubs

ENDED_AT_POINT = 86  # its exit code
ACCOUNTS = 100
ACKS_BETWEEN = 40
MOST_PASSES = 8
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 1000, "ledger.shards": 3}
# Passed once in many merges or checkpoints: the first pass is awaited.
SELDOM = ("index", "opening", "journal_before_load", "shard_before_load", "shard_before_attach",
          "coordinator_before_fence")


def points(proto: str) -> list[str]:
    """Those that a ledger without a cluster passes: they come first."""
    header = pathlib.Path(proto).resolve().parent.parent / "faults/fault_injection.hpp"
    body = re.search(r"enum class Point[^{]*\{(.*?)\};", header.read_text(encoding="utf-8"), re.S)
    alone, _ = body.group(1).split("--- of a cluster ---")
    return re.findall(r"^\s*(\w+),", alone, re.M)


def end_at(server: Server, load: Load, point: str, passes: int) -> list[str]:
    """Starts the daemon so that it ends there, and then without that."""
    server.set_environment("SCALEGRAPH_END_AT", f"{point}:{passes}")
    wrong = []
    try:
        server.start()
        code = server.wait()
    except DidNotStart as ended:
        code = ended.code
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"the daemon did not come to pass {passes} of {point}") from None
    if code != ENDED_AT_POINT:
        wrong.append(f"the daemon ended with {code} and not at {point}")
    server.set_environment("SCALEGRAPH_END_AT", None)
    server.start()
    load.wait_for(ACKS_BETWEEN)
    return wrong


def run(server: Server, load: Load, order: list[tuple[str, int]]) -> list[str]:
    wrong = []
    load.start()
    try:
        load.wait_for(ACKS_BETWEEN)
        for point, passes in order:
            server.kill()
            wrong += end_at(server, load, point, passes)
            print(f"{point}, pass {passes}: {load.summary()}", flush=True)
            if load.errors:
                break
    finally:
        load.stop()
    return wrong + load.errors


def main() -> int:
    program, proto = sys.argv[1:3]
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    order = [(point, 1 if point.startswith(SELDOM) else chance.randint(1, MOST_PASSES))
             for point in points(proto)]
    chance.shuffle(order)
    with tempfile.TemporaryDirectory(prefix="scalegraph-points-") as folder:
        messages, stubs = load_stubs(proto, folder)
        server = Server(program, folder, f"{folder}/store", SETTINGS)
        try:
            server.start()
            initial = initial_balances(ACCOUNTS)
            create_accounts(messages, stubs, server.address, initial)
            load = Load(messages, stubs, server.address, seed, ACCOUNTS)
            wrong = run(server, load, order)
            wrong += last_look(messages, stubs, server, initial, load)
        finally:
            server.end()
        return exit_code(wrong, server, f"ended at {len(order)} points, {load.summary()}")


if __name__ == "__main__":
    sys.exit(main())
