"""A real scalegraphd under load on a small disk that others fill up and free again.

    /usr/bin/python3 full_disk_test.py PATH/TO/scalegraphd PATH/TO/ledger.proto [ROUNDS]

Unary, batch and stream clients move money and retry each key until they have a definite answer, but
may give up a key that was refused with STORAGE_FULL. After so many acknowledgements the disk is
filled, below the ledger's reserve or to the last byte, as SEED chooses, and one of these follows:

    wait   every writer is refused with STORAGE_FULL, readers of all kinds are answered, and what was
           acknowledged is acknowledged again; the disk is freed, and writing goes on by itself
    kill   once every writer is refused: SIGKILL, the disk is freed, a start
    start  the same, but a start while the disk is full: it serves, or says that there is no space

In the end all that the clients were told has to fit into the ledger's history: see checker.py.
"""

import os
import random
import sys
import tempfile

import grpc

from client_log import Outcome
from inspection import exit_code, last_look
from load import Clients, Load, create_accounts, initial_balances
from server import DidNotStart, Server, load_stubs
from small_disk import MIB, SmallDisk, run_with_own_mounts

ACCOUNTS = 200
DISK_MIB = 256
REFERENCE_BYTES = 900  # fills the WAL faster
CLIENTS = Clients(unary=2, batch=2, stream=2, readers=2)
MOST_ACKS_BEFORE_FULL = 2000
READS_WHILE_FULL = 20
REPLAYS_WHILE_FULL = 10
# What others leave: 0 is a disk on which no write that has begun can go on.
LEFT_BYTES = [0, 0, 4096, MIB, 20 * MIB]
NO_SPACE = "No space left on device"
REFUSED = 1  # the daemon's exit code
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 1000, "ledger.shards": 3,
            "storage.max_wal_bytes": 16 * MIB}


class FullDisk:
    """One round after another; `counts` says what happened."""

    def __init__(self, messages, stubs, server: Server, disk: SmallDisk, load: Load,
                 chance: random.Random) -> None:
        self._messages = messages
        self._stubs = stubs
        self._server = server
        self._disk = disk
        self._load = load
        self._chance = chance
        self.wrong: list[str] = []
        self.starts = {"served": 0, "refused": 0}
        self.replays = 0

    def round(self, kind: str) -> None:
        self._load.wait_for(self._chance.randint(1, MOST_ACKS_BEFORE_FULL))
        self._disk.fill(self._chance.choice(LEFT_BYTES))
        self._wait_until_refused()
        if kind == "wait":
            self._wait_for_reads()
            self._replay()
        else:
            self._server.kill()
        if kind == "start":
            self._start_while_full()
        self._disk.free()
        if not self._server.is_running():
            self._server.start()
        self._load.wait_for(1)

    def _wait_until_refused(self) -> None:
        before = dict(self._load.turned_away)
        self._load.wait_until(
            lambda: not self._server.is_running() or all(
                self._load.turned_away[client] > before.get(client, 0)
                for client in self._load.writers()), "refusal of every writer")
        if not self._server.is_running():
            raise RuntimeError(f"the daemon ended with {self._server.wait()} on a full disk")

    def _wait_for_reads(self) -> None:
        goal = self._load.reads + READS_WHILE_FULL
        self._load.wait_until(lambda: self._load.reads >= goal, "reads on a full disk")

    def _replay(self) -> None:
        """What was answered OK is answered so again, though nothing can be written."""
        done = [t for t in list(self._load.log.transfers.values())
                if t.outcome is Outcome.ACKNOWLEDGED]
        with grpc.insecure_channel(self._server.address, [("client", "replay")]) as channel:
            stub = self._stubs.LedgerServiceStub(channel)
            for transfer in self._chance.sample(done, min(REPLAYS_WHILE_FULL, len(done))):
                try:
                    answer = stub.Transfer(self._load.request_of(transfer), timeout=20)
                except grpc.RpcError as error:
                    self.wrong.append(f"{transfer.key} was acknowledged, and on a full disk its "
                                      f"retry gets {error.code()}: {error.details()}")
                    continue
                self.replays += 1
                if answer.id != transfer.transaction:
                    self.wrong.append(f"the retry of {transfer.key} made {answer.id}")

    def _start_while_full(self) -> None:
        self._disk.fill(0)
        try:
            self._server.start()
            self.starts["served"] += 1
        except DidNotStart as refusal:
            self.starts["refused"] += 1
            if refusal.code != REFUSED or NO_SPACE not in refusal.says:
                self.wrong.append(f"on a full disk: {refusal}")


def kinds_of_rounds(chance: random.Random, rounds: int) -> list[str]:
    kinds = ["wait", "kill", "start"]
    return (kinds + [chance.choice(kinds) for _ in range(rounds)])[:rounds]


def run(load: Load, full_disk: FullDisk, disk: SmallDisk, kinds: list[str]) -> list[str]:
    load.start()
    try:
        for number, kind in enumerate(kinds):
            if load.errors or full_disk.wrong:
                break
            full_disk.round(kind)
            print(f"{number + 1:2} {kind}: {load.summary()}", flush=True)
        load.wait_for(MOST_ACKS_BEFORE_FULL)
    finally:
        disk.free()
        load.stop()
    return full_disk.wrong + load.errors


def main() -> int:
    run_with_own_mounts()
    program, proto = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    kinds = kinds_of_rounds(chance, rounds)
    with tempfile.TemporaryDirectory(prefix="scalegraph-full-disk-") as folder:
        messages, stubs = load_stubs(proto, folder)
        disk = SmallDisk(f"{folder}/disk", DISK_MIB)
        server = Server(program, folder, f"{folder}/disk/store", SETTINGS)
        try:
            server.start()
            initial = initial_balances(ACCOUNTS)
            create_accounts(messages, stubs, server.address, initial)
            load = Load(messages, stubs, server.address, seed, ACCOUNTS, CLIENTS,
                        frozenset({"STORAGE_FULL"}), REFERENCE_BYTES)
            full_disk = FullDisk(messages, stubs, server, disk, load, chance)
            wrong = run(load, full_disk, disk, kinds)
            wrong += last_look(messages, stubs, server, initial, load)
        finally:
            server.end()
            disk.unmount()
        starts = full_disk.starts
        tried = (f"{len(kinds)} times full, {load.turned_away.total()} times STORAGE_FULL, "
                 f"{full_disk.replays} replays, starts while full: {starts['served']} served "
                 f"and {starts['refused']} refused; {load.summary()}")
        return exit_code(wrong, server, tried)


if __name__ == "__main__":
    sys.exit(main())
