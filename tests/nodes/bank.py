"""Clients on all nodes of a cluster that is hurt meanwhile, and what each of them is owed.

Each client moves money and looks on, through a node that it chooses anew each time. What it asks
and is told goes to a ClientLog, which the checker of tests/crash compares with the ledger in the
end: it finds what is lost or doubled, and reads and refusals that are stale. Beside that:

    keyed      goes to the next node with the same key if one does not answer; within DEADLINE_S
               there has to be an answer. So it is with batches, streams and reads
    unkeyed    is sent once; an unknown outcome is allowed
    atomic     all of its transfers are booked or none, with keys or without
    creation   is sent once; an account that was created is there, whichever node is asked
"""

import collections
import dataclasses
import pathlib
import random
import re
import sys
import threading
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from client_log import WHOLE, ClientLog, Outcome, Read  # pylint: disable=wrong-import-position
from load import NOTHING_CHANGED, SHORT, key_of  # pylint: disable=wrong-import-position

DEADLINE_S = 5
ATTEMPT_S = 1.25  # a node that is frozen answers nobody
PAUSE_S = 0.01
STAYS = 0.7  # how often a client asks the node that answered last
OPENING = 1000
BATCH = 8
STREAM_PART = 3
ATOMIC = 3
SPOILED = 0.15  # of the atomic batches: one transfer in them cannot be
LONGEST_TAIL = 10
ASKED_AGAIN = 500  # keys in a batch
NOBODY = "nobody"
SHARES = {"keyed": 30, "unkeyed": 15, "batch": 6, "stream": 4, "atomic": 8, "creation": 4,
          "stranger": 3, "balance": 18, "tail": 12, "sheet": 2}
# CANCELLED: the node stopped, and its time to finish calls was over.
AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
AWAY_NUMBERS = [code.value[0] for code in AWAY]


class Violation(Exception):
    """A client was told what it must not be told, or nothing at all."""


@dataclasses.dataclass
class Answer:
    """`value` is None if it was refused, or if it was sent once and nobody knows."""
    node: int
    began: int      # the attempt that was answered
    value: object
    reason: str     # why it was refused
    unknown: bool   # an attempt was lost: it may have an effect, even later


class Bank:
    """Clients work from `start` to `stop`. `errors` has what was wrong with what they were told.

    `passing` are reasons of refusals that change nothing and pass: the next node is asked.
    """

    def __init__(self, cluster, seed, clients=8, accounts=20, passing=()):
        self._cluster = cluster
        self._m = cluster.messages
        self._seed = seed
        self._nodes = list(cluster.nodes)
        self._passing = set(passing)
        self.initial = {f"a{i}": OPENING for i in range(accounts)}
        self.log = ClientLog()
        self.outcomes = collections.defaultdict(collections.Counter)  # by kind of request
        self.errors = []
        self.lost_attempts = 0
        self.longest_gap = 0.0  # between two commits
        self.created = {}  # whether that was acknowledged, by account
        self.atomic = []   # the keys of each batch
        self._keyed_done = []
        self._answers = self._nodes[0]  # the node that did so last
        self._last_commit = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(clients)]

    def start(self):
        for account, balance in self.initial.items():
            self._cluster.stub(1).CreateAccount(
                self._m.CreateAccountRequest(account_id=account, initial_balance=balance),
                timeout=DEADLINE_S)
        self._last_commit = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def commits(self):
        with self._lock:
            return sum(of_kind["committed"] for of_kind in self.outcomes.values())

    def _run(self, client):
        chance = random.Random(f"{self._seed}/{client}")
        n = 0
        while not self._stop.is_set():
            kind = chance.choices(list(SHARES), list(SHARES.values()))[0]
            n += 1
            try:
                getattr(self, f"_{kind}")(chance, f"{client}-{n}")
            except Exception as error:  # pylint: disable=broad-except
                self.errors.append(f"{kind} {client}-{n} at {time.strftime('%H:%M:%S')}: {error!r}")

    # --- asking and being told ---

    def _ask(self, chance, method, request, service="LedgerService", until=0, once=False):
        """Of one node after the other until one says something, or `once`."""
        until = until or time.monotonic() + DEADLINE_S
        # As clients do; and otherwise most of the time would go by at nodes that are hurt.
        node = self._answers if chance.random() < STAYS else chance.choice(self._nodes)
        tried = collections.Counter()
        while (left := until - time.monotonic()) > 0:
            began, start = self.log.now(), time.monotonic()
            try:
                call = getattr(self._cluster.stub(node, service), method)
                if method == "StreamTransfers":
                    value = list(call(iter(request), timeout=min(left, ATTEMPT_S)))
                else:
                    value = call(request, timeout=min(left, ATTEMPT_S))
                self._answers = node
                return Answer(node, began, value, "", bool(tried))
            except grpc.RpcError as error:
                details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
                if error.code() not in AWAY:
                    reason = re.search(rb"[A-Z]+(_[A-Z]+)+", details)
                    reason = reason[0].decode() if reason else f"{error.code()} {error.details()}"
                    if reason in self._passing and once:
                        return Answer(node, began, None, "", False)
                if error.code() not in AWAY and reason not in self._passing:
                    return Answer(node, began, None, reason, bool(tried))
                if once:
                    return Answer(node, began, None, "", NOTHING_CHANGED not in details)
                tried[f"node {node}, {time.monotonic() - start:.1f} s: {error.code().name} "
                      f"{(error.details() or '')[:80]}"] += 1
            with self._lock:
                self.lost_attempts += 1
            node = node % len(self._nodes) + 1
            time.sleep(PAUSE_S)
        raise Violation(f"{method} has no answer after {DEADLINE_S} s: " + "; ".join(
            f"{what} ({count} times)" for what, count in tried.items()))

    def _is_away(self, error):
        return error.code in AWAY_NUMBERS or error.reason in self._passing

    def _new(self, chance, key, accounts=None):
        payer, payee, other = accounts or chance.sample(list(self.initial), 3)
        amount = chance.randint(2, 300)
        return self.log.invoke(key, [(payer, -amount), (payee, amount - 1), (other, 1)])

    def _request(self, transfer, has_key=True):
        return self._m.TransferRequest(
            entries=[self._m.TransferEntry(account_id=account, amount=amount)
                     for account, amount in transfer.entries],
            reference=transfer.key, idempotency_key=transfer.key if has_key else "")

    def _count(self, kind, outcome):
        with self._lock:
            self.outcomes[kind][outcome] += 1
            if outcome == "committed":
                now = time.monotonic()
                self.longest_gap = max(self.longest_gap, now - self._last_commit)
                self._last_commit = now

    def _acknowledge(self, kind, transfer, transaction):
        if key_of(transaction) != transfer.key:
            raise Violation(f"{transfer.key} was answered with {key_of(transaction)}")
        self.log.acknowledge(transfer, transaction.id)
        if kind in ("keyed", "batch", "stream"):
            self._keyed_done.append(transfer)
        self._count(kind, "committed")

    def _refuse(self, kind, transfer, answer, reason):
        """It may be for want of funds, if that is true; for nothing else."""
        if reason != SHORT:
            raise Violation(f"{transfer.key} was refused by node {answer.node}: {reason}")
        payer, amount = transfer.entries[0]
        transfer.attempted = answer.began
        if answer.unknown:
            # The refusal is a read, whatever becomes of the attempts before it.
            self.log.observe(Read.SHORT, payer, answer.began, -amount)
        else:
            self.log.refuse(transfer)
        self._count(kind, "refused")

    # --- writes ---

    def _keyed(self, chance, name):
        transfer = self._new(chance, name)
        answer = self._ask(chance, "Transfer", self._request(transfer))
        if not answer.value:
            self._refuse("keyed", transfer, answer, answer.reason)
            return
        self._acknowledge("keyed", transfer, answer.value)
        self._look_for(chance, transfer)

    def _look_for(self, chance, transfer):
        """Any node shows at once what was acknowledged."""
        look = chance.randrange(4)
        account = transfer.entries[0][0]
        if look == 0:
            self._balance(chance, "", account)
        elif look == 1:
            self._tail(chance, "", account)
        elif look == 2:
            found = self._ask(chance, "GetTransaction",
                              self._m.GetTransactionRequest(id=transfer.transaction))
            if not found.value:
                raise Violation(f"{transfer.key} was acknowledged, and node {found.node} says "
                                f"{found.reason}")
            self._count("look", "answered")

    def _unkeyed(self, chance, name):
        transfer = self._new(chance, name)
        answer = self._ask(chance, "Transfer", self._request(transfer, False), once=True)
        if answer.value:
            self._acknowledge("unkeyed", transfer, answer.value)
        elif answer.reason:
            self._refuse("unkeyed", transfer, answer, answer.reason)
        elif answer.unknown:
            self._count("unkeyed", "unknown")
        else:
            self.log.refuse(transfer, Outcome.REFUSED)
            self._count("unkeyed", "not done")

    def _batch(self, chance, name, kind="batch"):
        waiting = [self._new(chance, f"{name}-{i}") for i in range(BATCH)]
        until, unknown = time.monotonic() + DEADLINE_S, False
        while waiting:
            answer = self._ask_batch(chance, waiting, stream=kind == "stream", until=until)
            answer.unknown |= unknown
            again = []
            for transfer, result in zip(waiting, answer.value):
                if result.HasField("transaction"):
                    self._acknowledge(kind, transfer, result.transaction)
                elif self._is_away(result.error):
                    again.append(transfer)
                else:
                    self._refuse(kind, transfer, answer, result.error.reason)
            waiting, unknown = again, answer.unknown or bool(again)

    def _stream(self, chance, name):
        """One that broke off is sent again from its first request: the keys see to the rest."""
        self._batch(chance, name, "stream")

    def _ask_batch(self, chance, transfers, has_key=True, atomic=False, stream=False, **how):
        """The answer's value is the results; empty if it was sent once and nobody knows."""
        items = [self._request(transfer, has_key) for transfer in transfers]
        if stream:
            parts = [self._m.TransferBatchRequest(transfers=items[at:at + STREAM_PART])
                     for at in range(0, len(items), STREAM_PART)]
            answer = self._ask(chance, "StreamTransfers", parts, **how)
        else:
            request = self._m.TransferBatchRequest(transfers=items, atomic=atomic)
            answer = self._ask(chance, "TransferBatch", request, **how)
            answer.value = answer.value and [answer.value]
        results = [result for part in answer.value or () for result in part.results]
        if answer.reason or answer.value and len(results) != len(transfers):
            raise Violation(f"a batch was answered by node {answer.node}: "
                            f"{answer.reason or answer.value}")
        answer.value = results
        return answer

    def _atomic(self, chance, name):
        # No account twice: its entries would be netted, and the checker looks at each transfer.
        accounts = chance.sample(list(self.initial), 3 * ATOMIC)
        transfers = [self._new(chance, f"{name}-{i}", accounts[3 * i:3 * i + 3])
                     for i in range(ATOMIC)]
        if is_spoiled := chance.random() < SPOILED:
            payer, amount = transfers[-1].entries[0]
            transfers[-1].entries[:] = [(payer, amount), (NOBODY, -amount)]
        self.atomic.append([transfer.key for transfer in transfers])
        has_key = chance.random() < 0.5
        until, unknown = time.monotonic() + DEADLINE_S, False
        while True:
            answer = self._ask_batch(chance, transfers, has_key, True, until=until,
                                     once=not has_key)
            errors = [result.error for result in answer.value if result.HasField("error")]
            reasons = {error.reason for error in errors}
            away = not answer.value or any(map(self._is_away, errors))
            unknown |= answer.unknown
            if not (away and has_key):
                break
            unknown = True
        if away:
            self._count("atomic", "unknown")
        elif not reasons:
            for transfer, result in zip(transfers, answer.value):
                self._acknowledge("atomic", transfer, result.transaction)
        elif reasons - {"BATCH_ABORTED", SHORT, *(["ACCOUNT_NOT_FOUND"] if is_spoiled else [])}:
            raise Violation(f"{transfers[0].key} was refused by node {answer.node}: {reasons}")
        else:
            for transfer in [] if unknown else transfers:
                self.log.refuse(transfer, Outcome.REFUSED)
            self._count("atomic", "refused")

    def _stranger(self, chance, name):
        """Money for an account that is not there: refused, with a key as without."""
        payer = chance.choice(list(self.initial))
        transfer = self.log.invoke(name, [(payer, -1), (NOBODY, 1)])
        answer = self._ask(chance, "Transfer", self._request(transfer, chance.random() < 0.5))
        if answer.reason not in ("ACCOUNT_NOT_FOUND", SHORT):
            raise Violation(f"{name} was answered by node {answer.node}: "
                            f"{answer.reason or answer.value}")
        self.log.refuse(transfer, Outcome.REFUSED)
        self._count("stranger", "refused")

    def _creation(self, chance, name):
        account = f"new-{name}"
        request = self._m.CreateAccountRequest(account_id=account)
        self.created[account] = False
        answer = self._ask(chance, "CreateAccount", request, once=True)
        if answer.reason:
            raise Violation(f"{account} was not created by node {answer.node}: {answer.reason}")
        if not answer.value:
            self._count("creation", "unknown")
            return
        self.created[account] = True
        self._count("creation", "committed")
        self._balance(chance, "", account)
        again = self._ask(chance, "CreateAccount", request)
        if again.reason != "ACCOUNT_EXISTS":
            raise Violation(f"{account} was created twice, then by node {again.node}: "
                            f"{again.reason}")
        payer = chance.choice(list(self.initial))
        transfer = self.log.invoke(name, [(payer, -1), (account, 1)])
        answer = self._ask(chance, "Transfer", self._request(transfer))
        if answer.value:
            self._acknowledge("keyed", transfer, answer.value)
        else:
            self._refuse("keyed", transfer, answer, answer.reason)

    def probe(self, node, name):
        """Whether this node takes a transfer with that key."""
        entries = [("a0", -1), ("a1", 1)]
        transfer = self.log.transfers.get(name) or self.log.invoke(name, entries)
        try:
            answer = self._cluster.stub(node).Transfer(self._request(transfer), timeout=ATTEMPT_S)
        except grpc.RpcError as error:
            details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
            return SHORT.encode() in details
        self._acknowledge("keyed", transfer, answer)
        return True

    # --- reads ---

    def _read(self, chance, method, request, service="LedgerService"):
        answer = self._ask(chance, method, request, service)
        if not answer.value:
            raise Violation(f"{method} {str(request).strip()} was refused by node {answer.node}: "
                            f"{answer.reason}")
        self._count("read", "answered")
        return answer

    def _balance(self, chance, _, account=None):
        account = account or chance.choice(list(self.initial))
        answer = self._read(chance, "GetBalance", self._m.GetBalanceRequest(account_id=account))
        self.log.observe(Read.BALANCE, account, answer.began, answer.value.balance)

    def _tail(self, chance, _, account=None):
        account = account or chance.choice([WHOLE, *self.initial])
        limit = chance.randint(1, LONGEST_TAIL)
        answer = self._read(chance, "ListTransactions",
                            self._m.ListTransactionsRequest(limit=limit, account_id=account))
        keys = [key_of(transaction) for transaction in answer.value.transactions]
        self.log.observe(Read.TAIL, account, answer.began, keys, limit)

    def _sheet(self, chance, _):
        answer = self._read(chance, "GetBalanceSheet", self._m.GetBalanceSheetRequest(),
                            "AdminService")
        sheet = answer.value
        if sheet.total != sheet.sum_of_postings:
            raise Violation(f"the balance sheet of node {answer.node} has {sheet.total} in "
                            f"balances and {sheet.sum_of_postings} in postings")
        self.log.observe(Read.SHEET, WHOLE, answer.began, (int(sheet.total), sheet.transactions))

    # --- in the end ---

    def ask_again(self):
        """Each key that was acknowledged, through all nodes in turn; what is answered otherwise."""
        keyed = self._keyed_done
        for at in range(0, len(keyed), ASKED_AGAIN):
            part = keyed[at:at + ASKED_AGAIN]
            node = self._nodes[at // ASKED_AGAIN % len(self._nodes)]
            answer = self._cluster.stub(node).TransferBatch(self._m.TransferBatchRequest(
                transfers=[self._request(transfer) for transfer in part]), timeout=60)
            for transfer, result in zip(part, answer.results):
                if result.transaction.id != transfer.transaction:
                    yield (f"{transfer.key} was acknowledged as {transfer.transaction}, and node "
                           f"{node} now says {result.transaction.id or result.error.reason}")
