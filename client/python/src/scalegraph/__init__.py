"""Client of the Scalegraph ledger: see Client."""

from .channels import Tls
from .client import LINEARIZABLE, Attempt, Client, at_least, new_key, stale
from .errors import (AlreadyExistsError, BalanceOverflowError, IdempotencyMismatchError,
                     InsufficientFundsError, InvalidArgumentError, LedgerError, NotFoundError,
                     Outcome, OutcomeUnknownError, PermissionDeniedError, UnauthenticatedError,
                     UnavailableError)
from .ledger_pb2 import Account, AccountType, Participant, ParticipantRole, Transaction
from .retry import Retry

__all__ = [
    "LINEARIZABLE", "Account", "AccountType", "AlreadyExistsError", "Attempt",
    "BalanceOverflowError", "Client", "IdempotencyMismatchError", "InsufficientFundsError",
    "InvalidArgumentError", "LedgerError", "NotFoundError", "Outcome", "OutcomeUnknownError",
    "Participant", "ParticipantRole", "PermissionDeniedError", "Retry", "Tls", "Transaction",
    "UnauthenticatedError", "UnavailableError", "at_least", "new_key", "stale"]
