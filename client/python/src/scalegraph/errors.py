"""What the ledger says when it refuses or fails, as exceptions.

Each has the `reason` of the ledger's status table, its facts, and what became of the request:

    try:
        ledger.transfer([("alice", -9000), ("shop", 9000)])
    except InsufficientFundsError as refused:
        print(refused.account_id, refused.balance)
    except OutcomeUnknownError as lost:
        ...  # later: ledger.transfer(the same, key=lost.key)
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

import grpc
from google.protobuf.message import DecodeError

from . import rpc_status_pb2

DOMAIN = "scalegraph"
DETAILS = "grpc-status-details-bin"
_ERROR_INFO = "google.rpc.ErrorInfo"
_Code = grpc.StatusCode
# Without the ledger's details these come from whoever stands before it, and it has not been asked.
_NOT_LET_IN = {_Code.UNIMPLEMENTED, _Code.UNAUTHENTICATED, _Code.PERMISSION_DENIED}


class Outcome(enum.Enum):
    """What became of the request that failed."""

    NONE = "none"  # nothing changed
    UNKNOWN = "unknown"  # it may have had its effect


class LedgerError(Exception):
    """A call that failed, and why. Its classes below are the cases that a program tells apart."""

    code: grpc.StatusCode
    reason: str  # "" if the ledger has not said it: then gRPC, or something on the way, has failed
    message: str
    metadata: Mapping[str, str]  # facts for programs, such as "field"
    outcome: Outcome  # of a read: NONE
    attempts: int  # how often it was sent
    key: str | None  # the idempotency key that it was sent with
    after_unknown: bool  # an attempt before the last one may have had its effect

    def __init__(self, code: grpc.StatusCode, reason: str = "", message: str = "",
                 metadata: Mapping[str, str] | None = None,
                 outcome: Outcome = Outcome.UNKNOWN) -> None:
        super().__init__(f"{reason or code.name}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.outcome = outcome
        self.attempts = 0
        self.key = None
        self.after_unknown = False


class NotFoundError(LedgerError):
    """An account, participant or transaction that is not there, or not the caller's."""


class AlreadyExistsError(LedgerError):
    """The account or participant exists, and is not what this creation asked for."""


class IdempotencyMismatchError(LedgerError):
    """The key was used before, for something else. This request has had no effect."""


class InsufficientFundsError(LedgerError):
    """An account would fall below its floor."""

    @property
    def account_id(self) -> str:
        return self.metadata.get("account_id", "")

    @property
    def balance(self) -> int:
        """As it was when the request was refused."""
        return int(self.metadata.get("balance", "0"))

    @property
    def amount(self) -> int:
        """What was to be added to it: negative."""
        return int(self.metadata.get("amount", "0"))


class BalanceOverflowError(LedgerError):
    """An account would pass the range of 64 bits."""


class InvalidArgumentError(LedgerError):
    """The request is wrong by itself."""

    @property
    def field(self) -> str:
        return self.metadata.get("field", "")


class UnauthenticatedError(LedgerError):
    """The token or the certificate is not one that the ledger knows."""


class PermissionDeniedError(LedgerError):
    """The caller may not do this."""


class UnavailableError(LedgerError):
    """The ledger could not answer before the deadline. Nothing has changed."""


class OutcomeUnknownError(LedgerError):
    """The deadline came before the outcome was known. `__cause__` is the last attempt's error.

    A transfer: call again with `key=error.key` and the same content. It has one effect, however
    often it is sent, within the ledger's `key_retention` (24 hours unless set otherwise).
    A creation: call it again as it was.
    """


_BY_REASON: dict[str, type[LedgerError]] = {
    "INSUFFICIENT_FUNDS": InsufficientFundsError,
    "BALANCE_OVERFLOW": BalanceOverflowError,
    "IDEMPOTENCY_MISMATCH": IdempotencyMismatchError,
    "RESULT_TOO_LARGE": LedgerError,  # the same again would be too large again
}
_BY_CODE: dict[grpc.StatusCode, type[LedgerError]] = {
    _Code.NOT_FOUND: NotFoundError,
    _Code.ALREADY_EXISTS: AlreadyExistsError,
    _Code.INVALID_ARGUMENT: InvalidArgumentError,
    _Code.UNAUTHENTICATED: UnauthenticatedError,
    _Code.PERMISSION_DENIED: PermissionDeniedError,
    _Code.UNAVAILABLE: UnavailableError,
    _Code.RESOURCE_EXHAUSTED: UnavailableError,
    _Code.DEADLINE_EXCEEDED: UnavailableError,
    _Code.CANCELLED: UnavailableError,
}


def error_of(code: grpc.StatusCode, message: str,
             trailers: Iterable[tuple[str, str | bytes]]) -> LedgerError:
    """Of a call that ended with these."""
    info = _error_info(trailers)
    kind = _BY_REASON.get(info.reason) or _BY_CODE.get(code) or LedgerError
    if info.reason:
        told = info.metadata.get("outcome")
        outcome = Outcome.NONE if told == Outcome.NONE.value else Outcome.UNKNOWN
    else:
        outcome = Outcome.NONE if code in _NOT_LET_IN else Outcome.UNKNOWN
    return kind(code, info.reason, message, info.metadata, outcome)


def _error_info(trailers: Iterable[tuple[str, str | bytes]]) -> rpc_status_pb2.ErrorInfo:
    """Empty if there is none of the ledger's."""
    for name, value in trailers:
        if name != DETAILS or not isinstance(value, bytes):
            continue
        try:
            for detail in rpc_status_pb2.Status.FromString(value).details:
                info = rpc_status_pb2.ErrorInfo()
                if detail.type_url.rpartition("/")[2] == _ERROR_INFO:
                    info.MergeFromString(detail.value)
                    if info.domain == DOMAIN:
                        return info
        except DecodeError:
            pass  # not the ledger's: as good as none
    return rpc_status_pb2.ErrorInfo()
