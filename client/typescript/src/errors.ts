/**
 * What the ledger says when it refuses or fails, as errors. Each has the `reason` of the ledger's
 * status table, its facts, and what became of the request.
 *
 *     try {
 *       await ledger.transfer([{accountId: "alice", amount: -9000n}, ...]);
 *     } catch (error) {
 *       if (error instanceof InsufficientFundsError) console.log(error.accountId, error.balance);
 *       if (error instanceof OutcomeUnknownError) ...;  // later: the same, with key: error.key
 *     }
 */
import {fromBinary} from "@bufbuild/protobuf";
import {type Metadata, status} from "@grpc/grpc-js";

import {type ErrorInfo, ErrorInfoSchema, StatusSchema} from "./gen/rpc_status_pb.js";

const DOMAIN = "scalegraph";
const DETAILS = "grpc-status-details-bin";
const ERROR_INFO = "google.rpc.ErrorInfo";
/** Without the ledger's details these come from what stands before it: it has not been asked. */
const NOT_LET_IN = [status.UNIMPLEMENTED, status.UNAUTHENTICATED, status.PERMISSION_DENIED];

/** What became of the request that failed: nothing changed, or it may have had its effect. */
export type Outcome = "none" | "unknown";

export interface Failure {
  code: status;
  /** Empty if the ledger has not said it: then gRPC, or something on the way, has failed. */
  reason: string;
  message: string;
  /** Facts for programs, such as "field". */
  metadata: Readonly<Record<string, string>>;
  /** Of a read: "none". */
  outcome: Outcome;
  /** How often it was sent. */
  attempts: number;
  /** The idempotency key that it was sent with. */
  key?: string | undefined;
  /** An attempt before the last one may have had its effect. */
  afterUnknown: boolean;
}

/** A call that failed, and why. Its classes below are the cases that a program tells apart. */
export class LedgerError extends Error implements Failure {
  readonly code: status;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly key: string | undefined;
  readonly afterUnknown: boolean;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.reason || status[failure.code]}: ${failure.message}`, options);
    this.name = new.target.name;
    this.code = failure.code;
    this.reason = failure.reason;
    this.metadata = failure.metadata;
    this.outcome = failure.outcome;
    this.attempts = failure.attempts;
    this.key = failure.key;
    this.afterUnknown = failure.afterUnknown;
  }
}

/** An account, participant or transaction that is not there, or not the caller's. */
export class NotFoundError extends LedgerError {}

/** The account or participant exists, and is not what this creation asked for. */
export class AlreadyExistsError extends LedgerError {}

/** The key was used before, for something else. This request has had no effect. */
export class IdempotencyMismatchError extends LedgerError {}

/** An account would fall below its floor. */
export class InsufficientFundsError extends LedgerError {
  get accountId(): string {
    return this.metadata["account_id"] ?? "";
  }
  /** As it was when the request was refused. */
  get balance(): bigint {
    return BigInt(this.metadata["balance"] ?? 0);
  }
  /** What was to be added to it: negative. */
  get amount(): bigint {
    return BigInt(this.metadata["amount"] ?? 0);
  }
}

/** An account would pass the range of 64 bits. */
export class BalanceOverflowError extends LedgerError {}

/** The request is wrong by itself. */
export class InvalidArgumentError extends LedgerError {
  get field(): string {
    return this.metadata["field"] ?? "";
  }
}

/** The token or the certificate is not one that the ledger knows. */
export class UnauthenticatedError extends LedgerError {}

/** The caller may not do this. */
export class PermissionDeniedError extends LedgerError {}

/** The ledger could not answer before the deadline. Nothing has changed. */
export class UnavailableError extends LedgerError {}

/**
 * The deadline came before the outcome was known. `cause` is the last attempt's error.
 *
 * A transfer: call again with `key: error.key` and the same content. It has one effect, however
 * often it is sent, within the ledger's `key_retention` (24 hours unless set otherwise).
 * A creation: call it again as it was.
 */
export class OutcomeUnknownError extends LedgerError {}

type Kind = new (failure: Failure, options?: ErrorOptions) => LedgerError;

const BY_REASON: Readonly<Record<string, Kind>> = {
  INSUFFICIENT_FUNDS: InsufficientFundsError,
  BALANCE_OVERFLOW: BalanceOverflowError,
  IDEMPOTENCY_MISMATCH: IdempotencyMismatchError,
  RESULT_TOO_LARGE: LedgerError,  // the same again would be too large again
};
const BY_CODE: Readonly<Partial<Record<status, Kind>>> = {
  [status.NOT_FOUND]: NotFoundError,
  [status.ALREADY_EXISTS]: AlreadyExistsError,
  [status.INVALID_ARGUMENT]: InvalidArgumentError,
  [status.UNAUTHENTICATED]: UnauthenticatedError,
  [status.PERMISSION_DENIED]: PermissionDeniedError,
  [status.UNAVAILABLE]: UnavailableError,
  [status.RESOURCE_EXHAUSTED]: UnavailableError,
  [status.DEADLINE_EXCEEDED]: UnavailableError,
  [status.CANCELLED]: UnavailableError,
};

/** Of a call that ended with these. */
export function failureOf(code: status, message: string, trailers: Metadata): Failure {
  const info = errorInfoOf(trailers);
  const outcome = info ? (info.metadata["outcome"] === "none" ? "none" : "unknown")
                       : (NOT_LET_IN.includes(code) ? "none" : "unknown");
  return {code, reason: info?.reason ?? "", message, metadata: info?.metadata ?? {}, outcome,
          attempts: 0, afterUnknown: false};
}

/** The error of the class that the reason, or else the code, has. */
export function errorOf(failure: Failure): LedgerError {
  const kind = BY_REASON[failure.reason] ?? BY_CODE[failure.code] ?? LedgerError;
  return new kind(failure);
}

/** Undefined if there is none of the ledger's. */
function errorInfoOf(trailers: Metadata): ErrorInfo | undefined {
  for (const value of trailers.get(DETAILS)) {
    if (typeof value === "string") continue;
    try {
      for (const detail of fromBinary(StatusSchema, value).details) {
        if (detail.typeUrl.split("/").pop() !== ERROR_INFO) continue;
        const info = fromBinary(ErrorInfoSchema, detail.value);
        if (info.domain === DOMAIN && info.reason) return info;
      }
    } catch {
      // Not the ledger's: as good as none.
    }
  }
  return undefined;
}
