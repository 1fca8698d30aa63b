"""Stores that older programs wrote, opened by this one.

    /usr/bin/python3 older_stores_test.py PATH/TO/scalegraphd PATH/TO/ledger.proto
    /usr/bin/python3 older_stores_test.py OLD/scalegraphd PATH/TO/ledger.proto --write FORMAT

`format-N.tar.gz` beside this file is a store of format N: checkpointed in part, indexed in part, its
end in the log only. `format-N.json` has what the program that wrote it answered. This program must
give the same answers, know the same keys, find transactions by their references, find nothing wrong,
and go on: new records, another start, another verification. --write makes both files; use the last program that writes format N.
"""

import hashlib
import json
import pathlib
import sys
import tarfile
import tempfile
import time

import grpc
from google.protobuf.json_format import MessageToDict

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "crash"))

from server import Server, load_stubs  # pylint: disable=wrong-import-position

ACCOUNTS = 80  # more than one page of balances
TRANSFERS = 1500
TIMEOUT_S = 20
# Small, so that a small store has runs of its indexes and a checkpoint.
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 1000, "ledger.shards": 3}


class Ledger:
    """One daemon and its stubs."""

    def __init__(self, server: Server, messages, stubs) -> None:
        self.server = server
        self.messages = messages
        self._channel = grpc.insecure_channel(server.address)
        self.ledger = stubs.LedgerServiceStub(self._channel)
        self.participants = stubs.ParticipantServiceStub(self._channel)
        self.admin = stubs.AdminServiceStub(self._channel)
        self.queries = stubs.QueryServiceStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def transfer(self, number: int, key: str):
        """The same request for the same number."""
        payer, payee = f"account-{number % ACCOUNTS}", f"account-{(number * 7 + 1) % ACCOUNTS}"
        entries = [self.messages.TransferEntry(account_id=payer, amount=-(number % 5 + 1)),
                   self.messages.TransferEntry(account_id=payee, amount=number % 5 + 1)]
        return self.messages.TransferRequest(entries=entries, reference=f"invoice {number}",
                                             idempotency_key=key)

    def fill(self) -> None:
        m = self.messages
        self.participants.CreateParticipant(
            m.CreateParticipantRequest(id="seb", name="SEB", role="BANKING_PARTNER",
                                       metadata={"country": "SE"}), timeout=TIMEOUT_S)
        self.participants.CreateParticipantAccount(
            m.CreateParticipantAccountRequest(participant_id="seb", account_type="OPERATING",
                                              initial_balance=1000, floor=-500),
            timeout=TIMEOUT_S)
        for i in range(ACCOUNTS):
            self.ledger.CreateAccount(
                m.CreateAccountRequest(account_id=f"account-{i}", initial_balance=1000,
                                       metadata={"number": str(i)}), timeout=TIMEOUT_S)
        for i in range(TRANSFERS):
            self.ledger.Transfer(self.transfer(i, f"key {i}" if i % 2 == 0 else ""),
                                 timeout=TIMEOUT_S)
        self.ledger.Credit(m.CreditRequest(account_id="seb:operating", amount=5, reference="in"),
                           timeout=TIMEOUT_S)
        self.ledger.Debit(m.DebitRequest(account_id="seb:operating", amount=1200, reference="out",
                                         idempotency_key="debit"), timeout=TIMEOUT_S)
        self.ledger.TransferBatch(self.atomic_batch(), timeout=TIMEOUT_S)

    def atomic_batch(self):
        return self.messages.TransferBatchRequest(
            transfers=[self.transfer(1000 + i, f"atomic {i}") for i in range(3)], atomic=True)

    def all_transactions(self):
        token = ""
        while True:
            page = self.ledger.ListTransactions(
                self.messages.ListTransactionsRequest(limit=500, page_token=token),
                timeout=TIMEOUT_S)
            yield from page.transactions
            token = page.next_page_token
            if not token:
                return

    def find(self, reference: str):
        """The ids of those with the reference. An older program had no index of references: it is
        built in the background."""
        m = self.messages
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                found = self.queries.FindTransactions(
                    m.FindTransactionsRequest(reference=reference), timeout=TIMEOUT_S)
                return [one.id for one in found.transactions]
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def check_references(self) -> None:
        wanted: dict = {}
        for one in self.all_transactions():
            wanted.setdefault(one.reference, []).append(one.id)
        for reference, ids in list(wanted.items())[::5]:
            if (found := self.find(reference)) != ids:
                fail(f"{reference} is found as {found} and is {ids}")
        if self.find("invoice") or max(map(len, wanted.values())) < 2:
            fail("a reference is found that nobody has, or none is there twice")

    def answers(self) -> dict:
        """All that can be asked, in a form that JSON keeps."""
        m = self.messages

        def told(message):
            return MessageToDict(message, preserving_proto_field_name=True)

        history = self.ledger.ListTransactions(
            m.ListTransactionsRequest(limit=500, account_id="account-1"), timeout=TIMEOUT_S)
        sheet = self.admin.GetBalanceSheet(m.GetBalanceSheetRequest(), timeout=TIMEOUT_S)
        return {
            "participants": told(self.participants.ListParticipants(
                m.ListParticipantsRequest(), timeout=TIMEOUT_S)),
            "accounts": {"accounts": [as_then(told(one)) for one in self.admin.ListAccounts(
                m.ListAccountsRequest(limit=500), timeout=TIMEOUT_S).accounts]},
            "transactions": digest([told(one) for one in self.all_transactions()]),
            "history of account-1": digest(told(history)),
            "balance sheet": told(sheet),
        }

    def replays(self) -> dict:
        """What retries of the first attempts are answered."""
        keyed = [self.ledger.Transfer(self.transfer(i, f"key {i}"), timeout=TIMEOUT_S).id
                 for i in range(0, TRANSFERS, 2)]
        batch = self.ledger.TransferBatch(self.atomic_batch(), timeout=TIMEOUT_S)
        return {"keyed": keyed, "atomic": [r.transaction.id for r in batch.results]}


def as_then(account: dict) -> dict:
    """Without what answers have grown by since the oldest of these stores."""
    return {name: value for name, value in account.items()
            if name not in ("status", "available")}


def digest(answer) -> str:
    """In place of a long answer."""
    return hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()


def fail(text: str) -> None:
    raise SystemExit(f"FAILED: {text}")


def write(program: str, proto: str, number: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        messages, stubs = load_stubs(proto, folder)
        server = Server(program, folder, f"{folder}/store", SETTINGS)
        server.start()
        ledger = Ledger(server, messages, stubs)
        ledger.fill()
        expected = {"answers": ledger.answers(), "replays": ledger.replays()}
        ledger.close()
        server.kill()  # the end of the chain stays in the log
        (FOLDER / f"format-{number}.json").write_text(json.dumps(expected, indent=1) + "\n",
                                                      encoding="utf-8")
        with tarfile.open(FOLDER / f"format-{number}.tar.gz", "w:gz") as archive:
            archive.add(f"{folder}/store", "store")


def check_same(what: str, asked: dict, expected: dict) -> None:
    for name, answer in expected.items():
        if asked[name] != answer:
            fail(f"{what}: {name} is\n{asked[name]}\nand was\n{answer}")


def check(program: str, messages, stubs, archive: pathlib.Path, folder: str) -> None:
    number = archive.name.removeprefix("format-").removesuffix(".tar.gz")
    expected = json.loads((FOLDER / f"format-{number}.json").read_text(encoding="utf-8"))
    with tarfile.open(archive) as files:
        files.extractall(folder)
    server = Server(program, folder, f"{folder}/store", SETTINGS)
    try:
        if says := server.verify():
            fail(f"a store of format {number} before its first start: {says}")
        for start in ("first", "second"):
            server.start()
            ledger = Ledger(server, messages, stubs)
            if start == "first":
                check_same(f"format {number}", ledger.answers(), expected["answers"])
            check_same(f"format {number}, {start} start", ledger.replays(), expected["replays"])
            ledger.ledger.Transfer(ledger.transfer(2000, f"{start} start"), timeout=TIMEOUT_S)
            ledger.check_references()
            last = list(ledger.admin.Verify(messages.VerifyRequest(), timeout=TIMEOUT_S))[-1]
            if last.problems or not last.done:
                fail(f"format {number}, online verification after the {start} start: {last}")
            ledger.close()
            if server.stop() != 0:
                fail(f"format {number}: {server.log()[-3000:]}")
            if says := server.verify():
                fail(f"format {number} after the {start} start: {says}")
    finally:
        server.end()


def main() -> None:
    program, proto, *rest = sys.argv[1:]
    if rest[:1] == ["--write"]:
        return write(program, proto, rest[1])
    archives = sorted(FOLDER.glob("format-*.tar.gz"))
    if not archives:
        fail("there is no store to open")
    with tempfile.TemporaryDirectory() as generated:
        messages, stubs = load_stubs(proto, generated)
        for archive in archives:
            with tempfile.TemporaryDirectory() as folder:
                check(program, messages, stubs, archive, folder)
    print(f"{len(archives)} stores of older formats open, answer as before, verify and go on")
    return None


if __name__ == "__main__":
    main()
