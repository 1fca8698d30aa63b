"""A real scalegraphd under load, killed, stopped, halted and hung, thirty times in a row.

    /usr/bin/python3 crash_test.py PATH/TO/scalegraphd PATH/TO/ledger.proto [HANGING_SYNC.so [ROUNDS]]

Unary, batch and stream clients move money and retry each key until they have a definite answer, and
readers look on. After so many acknowledgements something happens to the daemon, as SEED chooses; if
it ended, it is started again on the same store and port:

    kill   SIGKILL
    term   SIGTERM: it has to end with 0
    halt   SIGSTOP until a call was not answered in time, then SIGCONT
    hang   the disk's sync does not return: it has to end by itself with 4, since its journal hangs

In the end all that the clients were told has to fit into the ledger's history: see checker.py.
"""

import os
import pathlib
import random
import sys
import tempfile

import grpc

from inspection import exit_code, last_look
from load import FEES, Load, create_accounts, initial_balances
from server import Server, load_stubs

HANGS = 4  # its exit code

ACCOUNTS = 200  # several pages of balances
ACKS_BEFORE_FAULT = 700
HALTED_S = 0.5
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 1000, "ledger.shards": 3,
            "supervisor.liveness_period": 2}


class Disturber:
    """Does one thing to the daemon at a time and sees to it that it serves again."""

    def __init__(self, messages, stubs, server: Server, hang_file: str) -> None:
        self._messages = messages
        self._stubs = stubs
        self._server = server
        self._hang_file = pathlib.Path(hang_file)

    def disturb(self, kind: str) -> list[str]:
        """What is wrong with how the daemon took it, if anything."""
        wrong = []
        if kind == "halt":
            self._halt()
            return wrong
        if kind == "kill":
            self._server.kill()
        elif kind == "term" and self._server.stop() != 0:
            wrong.append("the daemon did not end with 0 after SIGTERM")
        elif kind == "hang" and (code := self._hang()) != HANGS:
            wrong.append(f"the daemon ended with {code}, not {HANGS}, when its disk hung")
        self._server.start()
        return wrong

    def _halt(self) -> None:
        self._server.pause()
        while self._is_answered():
            pass
        self._server.go_on()

    def _hang(self) -> int:
        self._hang_file.touch()
        try:
            return self._server.wait()
        finally:
            self._hang_file.unlink()

    def _is_answered(self) -> bool:
        with grpc.insecure_channel(self._server.address, [("client", "halted")]) as own:
            try:
                self._stubs.LedgerServiceStub(own).GetBalance(
                    self._messages.GetBalanceRequest(account_id=FEES), timeout=HALTED_S)
                return True
            except grpc.RpcError:
                return False


def kinds_of_faults(chance: random.Random, rounds: int, can_hang: bool) -> list[str]:
    kinds = ["kill"] * 6 + ["term"] * 2 + ["halt"] * 2 + (["hang"] if can_hang else [])
    one_of_each = list(dict.fromkeys(reversed(kinds)))
    return (one_of_each + [chance.choice(kinds) for _ in range(rounds)])[:rounds]


def run(load: Load, disturber: Disturber, kinds: list[str]) -> list[str]:
    wrong = []
    load.start()
    try:
        for number, kind in enumerate(kinds):
            load.wait_for(ACKS_BEFORE_FAULT)
            if load.errors:
                break
            wrong += disturber.disturb(kind)
            print(f"{number + 1:2} {kind}: {load.summary()}", flush=True)
        load.wait_for(ACKS_BEFORE_FAULT)
    finally:
        load.stop()
    return wrong + load.errors


def main() -> int:
    program, proto = sys.argv[1:3]
    sick_disk = sys.argv[3] if len(sys.argv) > 3 else ""
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 30
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    kinds = kinds_of_faults(random.Random(seed), rounds, bool(sick_disk))
    with tempfile.TemporaryDirectory(prefix="scalegraph-crash-") as folder:
        messages, stubs = load_stubs(proto, folder)
        environment = {"HANG_FILE": f"{folder}/hang"}
        if sick_disk:
            environment["LD_PRELOAD"] = sick_disk
        server = Server(program, folder, f"{folder}/store", SETTINGS, environment)
        try:
            server.start()
            initial = initial_balances(ACCOUNTS)
            create_accounts(messages, stubs, server.address, initial)
            load = Load(messages, stubs, server.address, seed, ACCOUNTS)
            wrong = run(load, Disturber(messages, stubs, server, environment["HANG_FILE"]), kinds)
            wrong += last_look(messages, stubs, server, initial, load)
        finally:
            server.end()
        return exit_code(wrong, server, f"{len(kinds)} faults, {load.summary()}")


if __name__ == "__main__":
    sys.exit(main())
