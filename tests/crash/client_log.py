"""What clients asked of the ledger and what they were told, in the order in which it happened.

    log = ClientLog()
    transfer = log.invoke("key", [("a", -5), ("b", 5)])
    log.acknowledge(transfer, "the transaction's id")
    began = log.now()
    log.observe(Read.BALANCE, "a", began, 95)

Times come from one counter: what completed at a smaller time than another was invoked at was over
before the other began. A transfer is written down before its first request leaves and a completion
after its answer came, from any thread.
"""

import dataclasses
import enum
import itertools

Entries = list[tuple[str, int]]

WHOLE = ""  # in the place of an account: all of them


class Outcome(enum.Enum):
    UNKNOWN = "unknown"
    ACKNOWLEDGED = "acknowledged"
    SHORT = "refused for want of funds"
    REFUSED = "refused"


@dataclasses.dataclass(slots=True)
class Transfer:
    key: str
    entries: Entries
    invoked: int
    attempted: int  # when it was last sent
    outcome: Outcome = Outcome.UNKNOWN
    completed: float = float("inf")
    transaction: str = ""


class Read(enum.Enum):
    BALANCE = "balance"
    # The keys of the last transfers, newest first, as many as there are up to a limit.
    TAIL = "latest transfers"
    # The sum of all balances and how many transfers there are.
    SHEET = "balance sheet"
    # A refusal: the balance was below this.
    SHORT = "want of funds"


@dataclasses.dataclass(slots=True)
class Observation:
    read: Read
    account: str
    invoked: int
    completed: int
    value: object
    limit: int = 0


class ClientLog:
    """Any thread may write; who reads waits until they are done."""

    def __init__(self) -> None:
        self._clock = itertools.count(1)  # its next() is atomic
        self.transfers: dict[str, Transfer] = {}
        self.observations: list[Observation] = []

    def now(self) -> int:
        return next(self._clock)

    def invoke(self, key: str, entries: Entries) -> Transfer:
        now = self.now()
        transfer = Transfer(key, entries, now, now)
        assert self.transfers.setdefault(key, transfer) is transfer, f"key {key} is used twice"
        return transfer

    def attempt(self, transfer: Transfer) -> None:
        transfer.attempted = self.now()

    def acknowledge(self, transfer: Transfer, transaction: str) -> None:
        transfer.transaction = transaction
        self._complete(transfer, Outcome.ACKNOWLEDGED)

    def refuse(self, transfer: Transfer, outcome: Outcome = Outcome.SHORT) -> None:
        self._complete(transfer, outcome)

    def _complete(self, transfer: Transfer, outcome: Outcome) -> None:
        assert transfer.outcome is Outcome.UNKNOWN, f"{transfer.key} completes twice"
        transfer.outcome = outcome
        transfer.completed = self.now()

    def observe(self, read: Read, account: str, invoked: int, value: object,
                limit: int = 0) -> None:
        self.observations.append(Observation(read, account, invoked, self.now(), value, limit))
