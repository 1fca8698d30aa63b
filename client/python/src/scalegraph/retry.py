"""When a call is sent again, as functions of values.

After an attempt whose outcome is unknown, only an OK or a refusal by the ledger's rules is
definite. A later attempt that was turned away at the door (too much in flight, a token that has
expired) was not looked at, so it says nothing of the earlier one.
"""

from __future__ import annotations

import dataclasses
import enum
import random

import grpc

from .errors import LedgerError, Outcome

_Code = grpc.StatusCode
# The ledger cannot answer at the moment.
_TRANSIENT = {_Code.UNAVAILABLE, _Code.RESOURCE_EXHAUSTED, _Code.DEADLINE_EXCEEDED}
# How gRPC itself reports a connection that broke, when the ledger has given no reason.
_BROKEN = _TRANSIENT | {_Code.CANCELLED, _Code.UNKNOWN, _Code.INTERNAL}
# Refusals by the ledger's rules. It looks the key up first, so none of them is told to a request
# that has had its effect.
_RULES = {_Code.INVALID_ARGUMENT, _Code.NOT_FOUND, _Code.ALREADY_EXISTS,
          _Code.FAILED_PRECONDITION, _Code.OUT_OF_RANGE, _Code.ABORTED}
# Another address may do better after these.
_ELSEWHERE = {_Code.UNAVAILABLE, _Code.DEADLINE_EXCEEDED, _Code.CANCELLED, _Code.UNKNOWN,
              _Code.INTERNAL}
_TOO_LARGE = "RESULT_TOO_LARGE"

# What is left at least for an attempt: this part of what it may have.
_LEAST_PART = 0.2


@dataclasses.dataclass(frozen=True)
class Retry:
    """In seconds."""

    deadline: float = 30.0  # of a call with all of its attempts
    attempt: float = 5.0  # of one attempt: then the next address is asked
    first_wait: float = 0.05  # the longest wait before the second attempt; it doubles
    longest_wait: float = 2.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"Retry.{field.name} is {getattr(self, field.name)}: it has to be "
                                 "more than 0 seconds")

    def wait(self, attempts: int, left: float, deadline: float) -> float | None:
        """Before the next one, after so many: exponential, with full jitter.

        `left` of the call's `deadline`. None: there is no time for another attempt.
        """
        least = _LEAST_PART * min(self.attempt, deadline)
        if left <= least:
            return None
        # Past 2^30 it is the longest wait anyway.
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(attempts - 1, 30))
        return min(random.uniform(0, longest), left - least)


class Verdict(enum.Enum):
    AGAIN = "again"
    REFUSED = "refused"  # definite: it has had no effect
    UNKNOWN = "unknown"  # and another attempt would not tell


def judge(error: LedgerError, was_unknown: bool) -> Verdict:
    """After an attempt that failed. `was_unknown`: so was the outcome of one before it.

    Reads change nothing, transfers have a key and creations an id: to repeat them is safe.
    """
    is_unknown = error.outcome is Outcome.UNKNOWN
    passes = error.code in (_TRANSIENT if error.reason else _BROKEN) or is_unknown
    if passes and error.reason != _TOO_LARGE:
        return Verdict.AGAIN
    if is_unknown or (was_unknown and error.code not in _RULES):
        return Verdict.UNKNOWN
    return Verdict.REFUSED


def asks_elsewhere(error: LedgerError) -> bool:
    """Whether the next attempt goes to the next address."""
    return error.code in _ELSEWHERE
