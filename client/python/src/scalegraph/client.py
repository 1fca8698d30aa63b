"""Calls of a ledger that are repeated until their outcome is definite."""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from . import ledger_pb2 as pb
from .channels import Channels, Tls, Token
from .errors import AlreadyExistsError, LedgerError, Outcome, OutcomeUnknownError, error_of
from .retry import Retry, Verdict, asks_elsewhere, judge

LINEARIZABLE = "linearizable"
_READ = "x-scalegraph-read"
_NODE = "x-scalegraph-node"
_SEQUENCE = "x-scalegraph-sequence"

_KEY_BYTES = 24
_PAGE_ROWS = 500
_PAGE_BYTES = 1024 * 1024

_Answer = TypeVar("_Answer", bound=Message)


def at_least(sequence: int) -> str:
    """Of a read that has to show what an answer with this sequence showed."""
    return f"at-least={sequence}"


def stale(milliseconds: int) -> str:
    """Of a read that may show what is so old."""
    return f"stale={milliseconds}"


def new_key() -> str:
    """An idempotency key that nobody guesses."""
    return secrets.token_urlsafe(_KEY_BYTES)


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One attempt of a call, as `on_attempt` is told of it."""

    method: str  # "LedgerService/Transfer"
    address: str
    number: int  # the first is 1
    error: LedgerError | None
    node: str  # that answered; "" if it stands alone, or nobody answered
    sequence: int  # that its answer may show; 0 without a node


class Client:
    """A ledger at one or more addresses, each of which takes every call.

        with Client("127.0.0.1:50051") as ledger:
            ledger.transfer([("alice", -1000), ("shop", 1000)])

    Thread safe. Opens no connection before the first call. `timeout` of a call, in seconds, takes
    the place of `retry.deadline`. Every call may raise a LedgerError.
    """

    def __init__(self, addresses: str | Sequence[str], *, tls: Tls | None = None,
                 token: Token = None, retry: Retry = Retry(),
                 on_attempt: Callable[[Attempt], None] | None = None) -> None:
        if isinstance(addresses, str):
            addresses = addresses.split(",")
        self._channels = Channels(addresses, tls, token)
        self._retry = retry
        self._on_attempt = on_attempt
        self._lock = threading.Lock()
        self._sequence = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._channels.close()

    @property
    def sequence(self) -> int:
        """The highest that an answer had: at_least(client.sequence) shows all that was seen."""
        return self._sequence

    @property
    def channel(self) -> grpc.Channel:
        """Of the address that is asked next, for calls that Client has not, such as streams.

        Nothing is repeated on it; `headers` get a call in.
        """
        return self._channels[self._channels.current]

    @property
    def headers(self) -> list[tuple[str, str]]:
        return self._channels.headers()

    # Transfers.

    def transfer(self, entries: Iterable[tuple[str, int]], *, reference: str = "",
                 key: str | None = None, timeout: float | None = None) -> pb.Transaction:
        """All of the entries (account, amount) or none: + credits, - debits, in minor units.

        `key`: of a request that is repeated, over processes too; without one it is made.
        """
        request = pb.TransferRequest(
            entries=[pb.TransferEntry(account_id=account, amount=amount)
                     for account, amount in entries],
            reference=reference, idempotency_key=_key_of(key))
        return self._book("Transfer", request, timeout)

    def credit(self, account_id: str, amount: int, *, reference: str = "", key: str | None = None,
               timeout: float | None = None) -> pb.Transaction:
        request = pb.CreditRequest(account_id=account_id, amount=amount, reference=reference,
                                   idempotency_key=_key_of(key))
        return self._book("Credit", request, timeout)

    def debit(self, account_id: str, amount: int, *, reference: str = "", key: str | None = None,
              timeout: float | None = None) -> pb.Transaction:
        request = pb.DebitRequest(account_id=account_id, amount=amount, reference=reference,
                                  idempotency_key=_key_of(key))
        return self._book("Debit", request, timeout)

    # Creations. They have no key, but an id: the ledger makes it once. Where the outcome of an
    # attempt was unknown and the id exists afterwards, what is there is compared.

    def create_account(self, account_id: str, *, initial_balance: int = 0, floor: int = 0,
                       metadata: Mapping[str, str] | None = None,
                       timeout: float | None = None) -> pb.Account:
        request = pb.CreateAccountRequest(account_id=account_id, initial_balance=initial_balance,
                                          floor=floor, metadata=metadata)
        wanted = pb.Account(id=account_id, account_type=pb.STANDALONE, balance=initial_balance,
                            floor=floor, metadata=metadata)
        return self._create("LedgerService/CreateAccount", request, wanted, timeout)

    def create_participant_account(self, participant_id: str,
                                   account_type: pb.AccountType = pb.OPERATING, *,
                                   initial_balance: int = 0, floor: int = 0,
                                   metadata: Mapping[str, str] | None = None,
                                   timeout: float | None = None) -> pb.Account:
        """Its id is PARTICIPANT:type, such as "acme:operating"."""
        request = pb.CreateParticipantAccountRequest(
            participant_id=participant_id, account_type=account_type,
            initial_balance=initial_balance, floor=floor, metadata=metadata)
        kind = account_type or pb.OPERATING
        # A type that this version does not know is the ledger's to refuse.
        name = pb.AccountType.Name(kind).lower() if kind in pb.AccountType.values() else ""
        wanted = pb.Account(id=f"{participant_id}:{name}", participant_id=participant_id,
                            account_type=kind, balance=initial_balance, floor=floor,
                            metadata=metadata)
        return self._create("ParticipantService/CreateParticipantAccount", request, wanted, timeout)

    def create_participant(self, participant_id: str, name: str, role: pb.ParticipantRole, *,
                           metadata: Mapping[str, str] | None = None,
                           timeout: float | None = None) -> pb.Participant:
        request = pb.CreateParticipantRequest(id=participant_id, name=name, role=role,
                                              metadata=metadata)
        wanted = pb.Participant(id=participant_id, name=name, role=role, metadata=metadata)
        return self._create("ParticipantService/CreateParticipant", request, wanted, timeout)

    # Reads. `read`: how fresh, LINEARIZABLE unless at_least(...) or stale(...) is given.

    def get_account(self, account_id: str, *, read: str = LINEARIZABLE,
                    timeout: float | None = None) -> pb.Account:
        answer: pb.Account = self.ask("LedgerService/GetAccount",
                                      pb.GetAccountRequest(account_id=account_id),
                                      read=read, timeout=timeout)
        return answer

    def get_balance(self, account_id: str, *, read: str = LINEARIZABLE,
                    timeout: float | None = None) -> int:
        answer = self.ask("LedgerService/GetBalance", pb.GetBalanceRequest(account_id=account_id),
                          read=read, timeout=timeout)
        return int(answer.balance)

    def get_participant(self, participant_id: str, *, read: str = LINEARIZABLE,
                        timeout: float | None = None) -> pb.Participant:
        answer: pb.Participant = self.ask("ParticipantService/GetParticipant",
                                          pb.GetParticipantRequest(participant_id=participant_id),
                                          read=read, timeout=timeout)
        return answer

    def get_transaction(self, transaction_id: str, *, read: str = LINEARIZABLE,
                        timeout: float | None = None) -> pb.Transaction:
        answer: pb.Transaction = self.ask("LedgerService/GetTransaction",
                                          pb.GetTransactionRequest(id=transaction_id),
                                          read=read, timeout=timeout)
        return answer

    def list_transactions(self, account_id: str = "", *, begin: int = 0, end: int = 0,
                          read: str = LINEARIZABLE,
                          timeout: float | None = None) -> Iterator[pb.Transaction]:
        """Newest first, of all accounts without an id. A page is read when it is needed.

        `begin`, `end`: milliseconds since 1970, `end` exclusive. `timeout`: of a page.
        """
        request = pb.ListTransactionsRequest(account_id=account_id, to=end, limit=_PAGE_ROWS,
                                             page_bytes=_PAGE_BYTES)
        setattr(request, "from", begin)  # a word of the language
        for page in self._pages("LedgerService/ListTransactions", request, read, timeout):
            yield from page.transactions

    def list_participants(self, role: pb.ParticipantRole = pb.PARTICIPANT_ROLE_UNSPECIFIED, *,
                          read: str = LINEARIZABLE,
                          timeout: float | None = None) -> Iterator[pb.Participant]:
        request = pb.ListParticipantsRequest(role=role, page_bytes=_PAGE_BYTES)
        for page in self._pages("ParticipantService/ListParticipants", request, read, timeout):
            yield from page.participants

    def list_participant_accounts(self, participant_id: str, *, read: str = LINEARIZABLE,
                                  timeout: float | None = None) -> Iterator[pb.Account]:
        request = pb.GetParticipantAccountsRequest(participant_id=participant_id,
                                                   page_bytes=_PAGE_BYTES)
        for page in self._pages("ParticipantService/GetParticipantAccounts", request, read,
                                timeout):
            yield from page.accounts

    def ask(self, method: str, request: Message, *, read: str = LINEARIZABLE,
            timeout: float | None = None) -> Any:
        """Any other unary method that only reads, such as "AdminService/ListAccounts"."""
        return self._call(method, request, timeout, read=read)

    # How a call is made.

    def _deadline(self, timeout: float | None) -> float:
        if timeout is None:
            return self._retry.deadline
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout}: it has to be more than 0 seconds")
        return timeout

    def _book(self, method: str, request: Any, timeout: float | None) -> pb.Transaction:
        answer: pb.Transaction = self._call(f"LedgerService/{method}", request, timeout,
                                            key=request.idempotency_key)
        return answer

    def _create(self, method: str, request: Message, wanted: _Answer,
                timeout: float | None) -> _Answer:
        end = time.monotonic() + self._deadline(timeout)
        try:
            made: _Answer = self._call(method, request, timeout)
            return made
        except AlreadyExistsError as exists:
            if not exists.after_unknown:
                raise
            # One attempt at least, even if the deadline is over.
            left = max(end - time.monotonic(), self._retry.attempt)
            found = self._find(wanted, exists, left)
            if _is_as_wanted(found, wanted, exists):
                same: _Answer = found
                return same
            raise

    def _find(self, wanted: Any, exists: LedgerError, timeout: float) -> Any:
        """What stands under the id of a creation."""
        try:
            if isinstance(wanted, pb.Account):
                return self.get_account(wanted.id, timeout=timeout)
            return self.get_participant(wanted.id, timeout=timeout)
        except LedgerError as failed:
            raise _unknown(exists, f"{wanted.id} exists, and could not be read to compare it: "
                           f"{failed}") from failed

    def _pages(self, method: str, request: Any, read: str,
               timeout: float | None) -> Iterator[Any]:
        while True:
            page = self.ask(method, request, read=read, timeout=timeout)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def _call(self, method: str, request: Message, timeout: float | None, *, key: str | None = None,
              read: str | None = None) -> Any:
        """`read`: None of a write. `key`: None of a creation."""
        deadline = self._deadline(timeout)
        end = time.monotonic() + deadline
        payload = request.SerializeToString()
        was_unknown = False
        attempts = 0
        error: LedgerError | None = None
        while True:
            attempts += 1
            left = min(self._retry.attempt, end - time.monotonic())
            try:
                answer, error = self._attempt(method, payload, left, attempts, read)
            except Exception as failed:
                # The caller's own, such as a token that could not be had: the key is not lost.
                if error is None or not was_unknown:
                    raise
                raise _unknown(error, _how_to_go_on(key)) from failed
            if error is None:
                return answer
            error.attempts, error.key, error.after_unknown = attempts, key, was_unknown
            verdict = judge(error, was_unknown)
            was_unknown = was_unknown or error.outcome is Outcome.UNKNOWN
            wait = None
            if verdict is Verdict.AGAIN:
                wait = self._retry.wait(attempts, end - time.monotonic(), deadline)
            if wait is not None:
                time.sleep(wait)
            elif was_unknown and verdict is not Verdict.REFUSED:
                raise _unknown(error, _how_to_go_on(key)) from error
            else:
                raise error

    def _attempt(self, method: str, payload: bytes, timeout: float, number: int,
                 read: str | None) -> tuple[Any, LedgerError | None]:
        """The answer, or why there is none."""
        service, _, name = method.partition("/")
        described = pb.DESCRIPTOR.services_by_name[service].methods_by_name[name]
        place = self._channels.current
        stub: Any = self._channels[place].unary_unary(
            f"/{described.containing_service.full_name}/{name}",
            response_deserializer=getattr(pb, described.output_type.name).FromString)
        headers = self._channels.headers()
        if read not in (None, LINEARIZABLE):
            headers.append((_READ, str(read)))
        answer: Any = None
        call: Any
        error: LedgerError | None = None
        try:
            answer, call = stub.with_call(payload, timeout=timeout, metadata=tuple(headers))
            if answer is None:
                error = error_of(grpc.StatusCode.UNKNOWN, "OK came without an answer", ())
        except grpc.RpcError as failed:
            call = failed
            error = error_of(call.code(), call.details() or "", call.trailing_metadata() or ())
        if error is not None:
            if read is not None:
                error.outcome = Outcome.NONE
            if asks_elsewhere(error):
                self._channels.leave(place)
        trailers = dict(call.trailing_metadata() or ())
        sequence = int(trailers.get(_SEQUENCE, 0))
        with self._lock:
            self._sequence = max(self._sequence, sequence)
        if self._on_attempt is not None:
            self._on_attempt(Attempt(method, self._channels.addresses[place], number, error,
                                     trailers.get(_NODE, ""), sequence))
        return answer, error


# What a creation decides of what it makes. The rest follows from it, or changes later.
_CREATED = frozenset(("id", "participant_id", "account_type", "balance", "metadata", "floor", "name",
                      "role"))


def _as_created(message: Any) -> Any:
    """The message with what a creation decides, and nothing else."""
    created = type(message)()
    created.CopyFrom(message)
    created.DiscardUnknownFields()
    for field, _ in created.ListFields():
        if field.name not in _CREATED:
            created.ClearField(field.name)
    return created


def _is_as_wanted(found: Any, wanted: Any, exists: LedgerError) -> bool:
    """Whether a creation that found its id taken may count as done."""
    made = _as_created(found)
    if made == wanted:
        return True
    if isinstance(found, pb.Account):
        wanted.balance = found.balance
        if made == wanted:
            raise _unknown(exists, f"{found.id} exists as asked for, but for its balance of "
                           f"{found.balance}: it has moved since, or another made it") from exists
    return False


def _key_of(key: str | None) -> str:
    if key == "":
        raise ValueError("the key is empty, so a retry would book twice: give one, or None to have "
                         "one made")
    return new_key() if key is None else key


def _how_to_go_on(key: str | None) -> str:
    return ("call it again as it was: what exists is made once" if key is None
            else f"call it again with the same content and key={key!r}: it has one effect")


def _unknown(error: LedgerError, text: str) -> OutcomeUnknownError:
    """The end of a call that may have had its effect."""
    unknown = OutcomeUnknownError(error.code, error.reason,
                                  f"the outcome is unknown after {error.attempts} attempts: "
                                  f"{text}; the last one failed with: {error.message}",
                                  error.metadata, Outcome.UNKNOWN)
    unknown.attempts, unknown.key, unknown.after_unknown = error.attempts, error.key, True
    return unknown
