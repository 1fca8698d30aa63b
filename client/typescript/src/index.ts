/** Client of the Scalegraph ledger: see Client. */
export {type AccountOptions, type Attempt, atLeast, type CallOptions, Client, type ClientOptions,
        type CreationOptions, type Entry, type ListTransactionsOptions, newKey, type Read,
        type ReadOptions, stale, type TransferOptions} from "./client.js";
export type {Tls, Token} from "./channels.js";
export {AlreadyExistsError, BalanceOverflowError, type Failure, IdempotencyMismatchError,
        InsufficientFundsError, InvalidArgumentError, LedgerError, NotFoundError, type Outcome,
        OutcomeUnknownError, PermissionDeniedError, UnauthenticatedError, UnavailableError} from
  "./errors.js";
export * from "./gen/ledger_pb.js";
export type {Retry} from "./retry.js";
