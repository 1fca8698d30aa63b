"""Files of a store damaged between two runs of a real scalegraphd.

    /usr/bin/python3 damaged_files_test.py PATH/TO/scalegraphd PATH/TO/ledger.proto [CASES]

A store is filled by unary, batch and stream clients until several WALs hold what is not in tables
yet, and the daemon is killed. Then each file of each kind (damage.py) is damaged in each way, on a
copy; where that makes more than CASES, SEED chooses among those of the same kind and way. The daemon
either refuses to start, with code 1, words for what is damaged and what to do, and every file as it
was; or all that can be asked of it is answered as before the damage or with an error, never with less,
and then `verify` finds the damage too.
"""

import dataclasses
import hashlib
import os
import pathlib
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator

import grpc

import inspection
from client_log import Outcome, Transfer
from damage import Damage, damages
from load import Clients, Load, create_accounts, initial_balances
from server import DidNotStart, Server, load_stubs

REFUSED = 1  # the daemon's exit code
ACCOUNTS = 20
TRANSFERS = 2000  # before and after the participants
# Their rows fill the buffers of two families and so end WALs that hold other families' rows.
PARTICIPANTS = 1200
METADATA = {"text": "m" * 15000}
KEYS_ASKED = 20
TIMEOUT_S = 20
# One that is not shared with channels to an earlier server at that address, which may still wait to
# connect again.
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 5000, "ledger.shards": 3, "ledger.lock_timeout": 60_000}
WHAT_TO_DO = ("restore the store from a copy", "Copy it with the rest", "replace it by an empty file",
              "another directory")

Answers = dict[str, object]


@dataclasses.dataclass
class Error:
    """In the place of an answer."""
    code: grpc.StatusCode
    says: str


class Asker:
    """All that can be asked of a ledger, each question for itself."""

    def __init__(self, messages, stubs, initial: dict[str, int]) -> None:
        self._messages = messages
        self._stubs = stubs
        self._initial = initial
        self.keys: list[tuple[Transfer, object]] = []  # acknowledged transfers and their requests

    def ask(self, address: str) -> Answers:
        with grpc.insecure_channel(address, OWN_CONNECTION) as channel:
            ledger = self._stubs.LedgerServiceStub(channel)
            admin = self._stubs.AdminServiceStub(channel)
            people = self._stubs.ParticipantServiceStub(channel)
            return {name: self._answer(call)
                    for name, call in self._questions(ledger, admin, people)}

    @staticmethod
    def _answer(call: Callable[[], object]) -> object:
        try:
            return call()
        except grpc.RpcError as error:
            return Error(error.code(), error.details())

    def _questions(self, ledger, admin, people) -> Iterator[tuple[str, Callable[[], object]]]:
        messages = self._messages
        yield "history", lambda: self._history(ledger, "")
        yield "accounts", lambda: inspection.accounts(messages, admin)
        yield "participants", lambda: self._participants(people)
        yield "sheet", lambda: self._bytes(
            admin.GetBalanceSheet(messages.GetBalanceSheetRequest(), timeout=TIMEOUT_S))
        for account in self._initial:
            yield f"history of {account}", lambda a=account: self._history(ledger, a)
            yield f"account {account}", lambda a=account: self._bytes(
                ledger.GetAccount(messages.GetAccountRequest(account_id=a), timeout=TIMEOUT_S))
        for transfer, request in self.keys:
            yield f"transaction {transfer.key}", lambda t=transfer: self._bytes(
                ledger.GetTransaction(messages.GetTransactionRequest(id=t.transaction),
                                      timeout=TIMEOUT_S))
            yield f"retry of {transfer.key}", lambda r=request: ledger.Transfer(
                r, timeout=TIMEOUT_S).id

    @staticmethod
    def _bytes(message) -> bytes:
        return message.SerializeToString(deterministic=True)

    def _history(self, ledger, account: str) -> list[bytes]:
        return [self._bytes(transaction)
                for transaction in inspection.transactions(self._messages, ledger, account)]

    def _participants(self, people) -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            page = people.ListParticipants(
                self._messages.ListParticipantsRequest(limit=100, page_token=token),
                timeout=TIMEOUT_S)
            found += [p.id for p in page.participants]
            token = page.next_page_token
            if not token:
                return found

    def verifies(self, address: str) -> bool:
        with grpc.insecure_channel(address, OWN_CONNECTION) as channel:
            admin = self._stubs.AdminServiceStub(channel)
            try:
                return not any(answer.problems for answer in admin.Verify(
                    self._messages.VerifyRequest(), timeout=inspection.VERIFY_TIMEOUT_S))
            except grpc.RpcError:
                return False


def create_participants(messages, stubs, address: str) -> None:
    with grpc.insecure_channel(address, OWN_CONNECTION) as channel:
        stub = stubs.ParticipantServiceStub(channel)
        calls = [stub.CreateParticipant.future(messages.CreateParticipantRequest(
            id=f"p{i}", name="Participant", role=messages.SUPPLIER, metadata=METADATA),
                                               timeout=TIMEOUT_S) for i in range(PARTICIPANTS)]
        for call in calls:
            call.result()


def fill(messages, stubs, server: Server, asker: Asker, seed: int, initial: dict[str, int]) -> None:
    """A store with tables of every family and several WALs, whose daemon was killed."""
    server.start()
    create_accounts(messages, stubs, server.address, initial)
    load = Load(messages, stubs, server.address, seed, ACCOUNTS, Clients(readers=0))
    load.start()
    try:
        load.wait_for(TRANSFERS)
        create_participants(messages, stubs, server.address)
        load.wait_for(TRANSFERS)
    finally:
        load.stop()
    if load.errors:
        raise RuntimeError(f"the store could not be filled: {load.errors}")
    server.kill()
    done = [t for t in load.log.transfers.values() if t.outcome is Outcome.ACKNOWLEDGED]
    step = max(1, len(done) // KEYS_ASKED)
    asker.keys = [(transfer, load.request_of(transfer)) for transfer in done[::step]]


def digests(store: pathlib.Path) -> dict[str, str]:
    """Of every file, the lock apart."""
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(store.rglob("*")) if path.is_file() and path.name not in
            ("lock", "LOCK")}


def choose(all_damages: list[Damage], cases: int, chance: random.Random) -> list[Damage]:
    """One of each kind and way first."""
    chance.shuffle(all_damages)
    first: dict[tuple[str, str], Damage] = {}
    for damage in all_damages:
        first.setdefault((damage.kind, damage.way.split(" ")[0]), damage)
    chosen = list(first.values())
    return chosen + [d for d in all_damages if d not in chosen][:max(0, cases - len(chosen))]


class Trial:
    """One damaged copy after another."""

    def __init__(self, program: str, folder: str, asker: Asker, sound: Answers) -> None:
        self._program = program
        self._folder = folder
        self._asker = asker
        self._sound = sound
        self.wrong: list[str] = []
        self.counts = {"refused": 0, "served all": 0, "served with errors": 0}

    def run(self, good: pathlib.Path, damage: Damage) -> str:
        copy = pathlib.Path(self._folder, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(good, copy)
        damage.apply(copy)
        before = digests(copy)
        server = Server(self._program, self._folder, str(copy), SETTINGS)
        try:
            server.start()
        except DidNotStart as refusal:
            self._check_refusal(damage, refusal, before, digests(copy))
            return "refused"
        try:
            outcome = self._check_answers(damage, self._asker.ask(server.address),
                                          self._asker.verifies(server.address))
        finally:
            server.end()
        self.counts[outcome] += 1
        return outcome

    def _check_refusal(self, damage: Damage, refusal: DidNotStart, before: dict[str, str],
                       after: dict[str, str]) -> None:
        self.counts["refused"] += 1
        if refusal.code != REFUSED:
            self.wrong.append(f"{damage}: {refusal}")
        elif not any(words in refusal.says for words in WHAT_TO_DO):
            self.wrong.append(f"{damage}: the refusal does not say what to do: {refusal.says}")
        if changed := [name for name in before.keys() | after.keys()
                       if before.get(name) != after.get(name)]:
            self.wrong.append(f"{damage}: refused, but changed {sorted(changed)}: {refusal.says}")

    def _check_answers(self, damage: Damage, answers: Answers, verified: bool) -> str:
        less = [name for name, answer in answers.items()
                if not isinstance(answer, Error) and answer != self._sound[name]]
        errors = {name: answer for name, answer in answers.items() if isinstance(answer, Error)}
        self.wrong += [f"{damage}: answered as if sound, with something else: {name}"
                       for name in less]
        if unexpected := [f"{name}: {error.code}" for name, error in errors.items()
                          if error.code not in (grpc.StatusCode.INTERNAL,
                                                grpc.StatusCode.UNAVAILABLE)]:
            self.wrong.append(f"{damage}: {unexpected[:5]}")
        if not errors:
            return "served all"
        if verified:
            self.wrong.append(f"{damage}: {len(errors)} errors, and the verification finds nothing")
        return "served with errors"


def main() -> int:
    program, proto = sys.argv[1:3]
    cases = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="scalegraph-damaged-") as folder:
        messages, stubs = load_stubs(proto, folder)
        good = pathlib.Path(folder, "store")
        initial = initial_balances(ACCOUNTS)
        asker = Asker(messages, stubs, initial)
        server = Server(program, folder, str(good), SETTINGS)
        try:
            fill(messages, stubs, server, asker, seed, initial)
            filled = pathlib.Path(folder, "filled")
            shutil.copytree(good, filled)
            server.start()
            sound = asker.ask(server.address)
        finally:
            server.end()
        if errors := [name for name, answer in sound.items() if isinstance(answer, Error)]:
            raise RuntimeError(f"the sound store answers with errors: {errors[:5]}")
        everything = list(damages(filled, chance))
        files = {d.file for d in everything}
        print(f"{len(files)} files: {sorted(files)}")
        trial = Trial(program, folder, asker, sound)
        for damage in choose(everything, cases, chance):
            print(f"{damage}: {trial.run(filled, damage)}", flush=True)
        for sentence in trial.wrong[:20]:
            print("WRONG:", sentence)
        if trial.wrong:
            return 1
        print(f"{sum(trial.counts.values())} damages of {len(files)} files: " +
              ", ".join(f"{count} {outcome}" for outcome, count in trial.counts.items()))
        return 0


if __name__ == "__main__":
    sys.exit(main())
