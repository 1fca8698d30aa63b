"""Clients that move money with an idempotency key on every transfer, and write down what they see.

Each works until it is told to stop: unary calls, batches, streams with several batches in flight,
and readers. A key is sent again until its answer is definite. A balance is read after some of the
unary transfers too, so that clients read their own writes.
"""

import collections
import dataclasses
import random
import threading
from collections.abc import Callable

import grpc

from client_log import WHOLE, ClientLog, Entries, Outcome, Read, Transfer

FEES = "fees"
INITIAL = 1000
CALL_TIMEOUT_S = 20
WAIT_TIMEOUT_S = 120
BATCH = 50
STREAM_BATCH = 20
STREAM_BATCHES = 8
STREAM_WINDOW = 3  # batches in flight
LONGEST_TAIL = 30
READS_OWN_WRITE = 0.5
GIVES_UP = 0.3  # how often a key that was refused without a reason of its own is not sent again
PAUSE_S = 0.01  # before a refused transfer is sent again, as the ledger asks of its clients

# The outcome is unknown; CANCELLED is what gRPC tells a call that comes while its server stops.
UNKNOWN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
SHORT = "INSUFFICIENT_FUNDS"
NOTHING_CHANGED = b"outcome\x12\x04none"  # an entry of ErrorInfo's metadata on the wire


@dataclasses.dataclass
class Clients:
    unary: int = 5
    batch: int = 2
    stream: int = 2
    readers: int = 2

    def kinds(self) -> list[str]:
        return (["unary"] * self.unary + ["batch"] * self.batch + ["stream"] * self.stream +
                ["reader"] * self.readers)


@dataclasses.dataclass
class Work:
    """A transfer that has no definite answer yet."""
    transfer: Transfer
    request: object


def initial_balances(accounts: int) -> dict[str, int]:
    return {FEES: 0, **{f"a{i}": INITIAL for i in range(accounts)}}


def create_accounts(messages, stubs, address: str, initial: dict[str, int]) -> None:
    with grpc.insecure_channel(address) as channel:
        stub = stubs.LedgerServiceStub(channel)
        for account, balance in initial.items():
            stub.CreateAccount(messages.CreateAccountRequest(account_id=account,
                                                             initial_balance=balance),
                               timeout=CALL_TIMEOUT_S)


FILLER = "."  # no key ends with it


def key_of(transaction) -> str:
    return transaction.reference.rstrip(FILLER)


class Load:
    """`refusals` are reasons that may come at any time, change nothing and pass by."""

    def __init__(self, messages, stubs, address: str, seed: int, accounts: int,
                 clients: Clients = Clients(), refusals: frozenset[str] = frozenset(),
                 reference_bytes: int = 0) -> None:
        self._messages = messages
        self._accounts = accounts
        self._seed = seed
        self._refusals = refusals
        self._filler = FILLER * reference_bytes
        self._kinds = clients.kinds()
        # The clients try again by themselves; the library must not, unseen.
        options = [("grpc.enable_retries", 0), ("grpc.initial_reconnect_backoff_ms", 50),
                   ("grpc.min_reconnect_backoff_ms", 50),
                   ("grpc.max_reconnect_backoff_ms", 200)]
        self._channels = [grpc.insecure_channel(address, options + [("client", i)])
                          for i in range(len(self._kinds))]
        self._stubs = [stubs.LedgerServiceStub(channel) for channel in self._channels]
        self._admins = [stubs.AdminServiceStub(channel) for channel in self._channels]
        self._stop = threading.Event()
        self._progress = threading.Condition()
        self._threads = [threading.Thread(target=self._run, args=(i, kind))
                         for i, kind in enumerate(self._kinds)]
        self.log = ClientLog()
        self.acknowledged: collections.Counter[str] = collections.Counter()  # by kind of client
        self.refused = 0
        self.retried = 0
        self.reads = 0
        self.failed_reads = 0
        self.turned_away: collections.Counter[int] = collections.Counter()  # by client
        self.errors: list[str] = []

    def writers(self) -> list[int]:
        return [i for i, kind in enumerate(self._kinds) if kind != "reader"]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for channel in self._channels:
            channel.close()

    def wait_for(self, more: int) -> None:
        """So many more acknowledgements."""
        goal = self.acknowledged.total() + more
        self.wait_until(lambda: self.acknowledged.total() >= goal, f"{more} acknowledgements")

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        with self._progress:
            if not self._progress.wait_for(lambda: self.errors or holds(), timeout=WAIT_TIMEOUT_S):
                raise RuntimeError(f"no {what} within {WAIT_TIMEOUT_S} s: {self.summary()}")

    def summary(self) -> str:
        by_kind = ", ".join(f"{kind} {count}" for kind, count in sorted(self.acknowledged.items()))
        return (f"{self.acknowledged.total()} acknowledged ({by_kind}), {self.refused} refused, "
                f"{self.retried} retried, {self.reads} reads")

    def _run(self, client: int, kind: str) -> None:
        chance = random.Random(f"{self._seed}/{client}")
        work = {"unary": self._unary, "batch": self._batch, "stream": self._stream,
                "reader": self._read}[kind]
        count = 0
        try:
            while not self._stop.is_set():
                work(client, chance, count)
                count += 1
        except Exception as error:  # pylint: disable=broad-except
            with self._progress:
                self.errors.append(f"{kind} client {client}: {error!r}")
                self._progress.notify_all()

    def _new(self, client: int, chance: random.Random, count: str) -> Work:
        payer, payee = chance.sample(range(self._accounts), 2)
        amount = chance.randint(1, 300)
        entries: Entries = [(f"a{payer}", -amount), (f"a{payee}", amount - 1), (FEES, 1)]
        if amount == 1:
            entries = [(f"a{payer}", -1), (FEES, 1)]
        transfer = self.log.invoke(f"{client}-{count}", entries)
        return Work(transfer, self.request_of(transfer))

    def request_of(self, transfer: Transfer):
        return self._messages.TransferRequest(
            entries=[self._messages.TransferEntry(account_id=account, amount=amount)
                     for account, amount in transfer.entries],
            reference=transfer.key + self._filler, idempotency_key=transfer.key)

    # --- what is known after an answer ---

    def _acknowledge(self, client: int, work: Work, transaction: str) -> None:
        self.log.acknowledge(work.transfer, transaction)
        with self._progress:
            self.acknowledged[self._kinds[client]] += 1
            self._progress.notify_all()

    def _refuse(self, work: Work, outcome: Outcome) -> None:
        self.log.refuse(work.transfer, outcome)
        with self._progress:
            self.refused += 1

    def _retry(self, count: int = 1) -> None:
        with self._progress:
            self.retried += count

    def _turn_away(self, client: int, chance: random.Random, work: Work, reason: str,
                   nothing_changed: bool) -> bool:
        """Whether to send it again, as the next one may be served."""
        if not nothing_changed:
            raise RuntimeError(f"{reason} leaves the outcome unknown")
        with self._progress:
            self.turned_away[client] += 1
            self._progress.notify_all()
        if chance.random() < GIVES_UP:
            self._refuse(work, Outcome.REFUSED)
            return False
        self._stop.wait(PAUSE_S)
        return True

    # --- the kinds of clients ---

    def _unary(self, client: int, chance: random.Random, count: int) -> None:
        work = self._new(client, chance, str(count))
        while self._unary_attempt(client, chance, work):
            pass
        if chance.random() < READS_OWN_WRITE:
            self._read_balance(client, work.transfer.entries[0][0])

    def _unary_attempt(self, client: int, chance: random.Random, work: Work) -> bool:
        """Whether it has to be sent again."""
        self.log.attempt(work.transfer)
        try:
            answer = self._stubs[client].Transfer(work.request, timeout=CALL_TIMEOUT_S,
                                                  wait_for_ready=True)
            self._acknowledge(client, work, answer.id)
            return False
        except grpc.RpcError as error:
            if error.code() in UNKNOWN:
                self._retry()
                return True
            details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
            if SHORT.encode() in details:
                self._refuse(work, Outcome.SHORT)
                return False
            for reason in self._refusals:
                if reason.encode() in details:
                    return self._turn_away(client, chance, work, reason,
                                           NOTHING_CHANGED in details)
            # Not even a lock timeout: every wait here ends with the transfers before it.
            raise RuntimeError(f"unexpected {error.code()}: {error.details()}") from error

    def _batch(self, client: int, chance: random.Random, count: int) -> None:
        waiting = [self._new(client, chance, f"{count}-{i}") for i in range(BATCH)]
        while waiting:
            try:
                answer = self._stubs[client].TransferBatch(
                    self._batch_request(waiting), timeout=CALL_TIMEOUT_S, wait_for_ready=True)
                waiting = self._settle(client, chance, waiting, answer)
            except grpc.RpcError as error:
                self._expect_unknown(error, len(waiting))

    def _batch_request(self, batch: list[Work]):
        for work in batch:
            self.log.attempt(work.transfer)
        return self._messages.TransferBatchRequest(transfers=[work.request for work in batch])

    def _settle(self, client: int, chance: random.Random, batch: list[Work], answer) -> list[Work]:
        """Those that have to be sent again."""
        if answer.HasField("error") or len(answer.results) != len(batch):
            raise RuntimeError(f"a batch was answered {str(answer)[:200]}")
        return [work for work, result in zip(batch, answer.results)
                if self._settle_one(client, chance, work, result)]

    def _settle_one(self, client: int, chance: random.Random, work: Work, result) -> bool:
        if result.HasField("transaction"):
            if key_of(result.transaction) != work.transfer.key:
                raise RuntimeError(f"{work.transfer.key} was answered with the result of "
                                   f"{key_of(result.transaction)}")
            self._acknowledge(client, work, result.transaction.id)
            return False
        error = result.error
        if error.reason == SHORT:
            self._refuse(work, Outcome.SHORT)
            return False
        if error.code == grpc.StatusCode.UNAVAILABLE.value[0]:
            self._retry()
            return True
        if error.reason in self._refusals:
            return self._turn_away(client, chance, work, error.reason,
                                   error.metadata["outcome"] == "none")
        raise RuntimeError(f"unexpected {error.reason}: {error.message}")

    def _expect_unknown(self, error: grpc.RpcError, count: int) -> None:
        if error.code() not in UNKNOWN:
            raise RuntimeError(f"unexpected {error.code()}: {error.details()}") from error
        self._retry(count)

    def _stream(self, client: int, chance: random.Random, count: int) -> None:
        waiting = [[self._new(client, chance, f"{count}-{b}-{i}") for i in range(STREAM_BATCH)]
                   for b in range(STREAM_BATCHES)]
        while waiting:
            waiting = self._one_stream(client, chance, waiting)

    def _one_stream(self, client: int, chance: random.Random,
                    batches: list[list[Work]]) -> list[list[Work]]:
        """Those that have to be sent again, on another stream."""
        room = threading.Semaphore(STREAM_WINDOW)
        ended = threading.Event()

        def requests():
            for batch in batches:
                room.acquire()
                if ended.is_set():
                    return
                yield self._batch_request(batch)

        answers = self._stubs[client].StreamTransfers(requests(), timeout=CALL_TIMEOUT_S,
                                                      wait_for_ready=True)
        again: list[list[Work]] = []
        answered = 0
        try:
            for answer in answers:
                again.append(self._settle(client, chance, batches[answered], answer))
                answered += 1
                room.release()
            if answered != len(batches):
                raise RuntimeError(f"a stream of {len(batches)} ended well after {answered}")
        except grpc.RpcError as error:
            self._expect_unknown(error, sum(len(b) for b in batches[answered:]))
        finally:
            ended.set()
            room.release()
        return [batch for batch in again + batches[answered:] if batch]

    # --- reads ---

    def _read(self, client: int, chance: random.Random, _: int) -> None:
        account = f"a{chance.randrange(self._accounts)}"
        kind = chance.random()
        if kind < 0.4:
            self._read_balance(client, account)
        elif kind < 0.5:
            self._read_balance(client, FEES)
        elif kind < 0.9:
            self._read_tail(client, chance.choice([account, account, FEES, WHOLE]),
                            chance.randint(1, LONGEST_TAIL))
        else:
            self._read_sheet(client)

    def _answered(self, call: Callable[[], object]):
        """The answer and when the call began that got it; nothing when told to stop."""
        while not self._stop.is_set():
            began = self.log.now()
            try:
                answer = call()
            except grpc.RpcError as error:
                if error.code() not in UNKNOWN:
                    raise RuntimeError(f"unexpected {error.code()}: {error.details()}") from error
                with self._progress:
                    self.failed_reads += 1
                continue
            return began, answer
        return None

    def _observe(self, read: Read, account: str, began: int, value: object, limit: int = 0) -> None:
        self.log.observe(read, account, began, value, limit)
        with self._progress:
            self.reads += 1
            self._progress.notify_all()

    def _read_balance(self, client: int, account: str) -> None:
        request = self._messages.GetBalanceRequest(account_id=account)
        found = self._answered(lambda: self._stubs[client].GetBalance(
            request, timeout=CALL_TIMEOUT_S, wait_for_ready=True))
        if found:
            self._observe(Read.BALANCE, account, found[0], found[1].balance)

    def _read_tail(self, client: int, account: str, limit: int) -> None:
        request = self._messages.ListTransactionsRequest(limit=limit, account_id=account)
        found = self._answered(lambda: self._stubs[client].ListTransactions(
            request, timeout=CALL_TIMEOUT_S, wait_for_ready=True))
        if found:
            keys = [key_of(t) for t in found[1].transactions]
            self._observe(Read.TAIL, account, found[0], keys, limit)

    def _read_sheet(self, client: int) -> None:
        request = self._messages.GetBalanceSheetRequest()
        found = self._answered(lambda: self._admins[client].GetBalanceSheet(
            request, timeout=CALL_TIMEOUT_S, wait_for_ready=True))
        if found:
            began, sheet = found
            if sheet.total != sheet.sum_of_postings:
                raise RuntimeError(f"the balance sheet has {sheet.total} in balances and "
                                   f"{sheet.sum_of_postings} in postings")
            self._observe(Read.SHEET, WHOLE, began, (int(sheet.total), sheet.transactions))
