/**
 * When a call is sent again, as functions of values.
 *
 * After an attempt whose outcome is unknown, only an OK or a refusal by the ledger's rules is
 * definite. A later attempt that was turned away at the door (too much in flight, a token that has
 * expired) was not looked at, so it says nothing of the earlier one.
 */
import {status} from "@grpc/grpc-js";

import type {Failure} from "./errors.js";

/** In milliseconds. */
export interface Retry {
  /** Of a call with all of its attempts. 30,000 unless set. */
  deadline: number;
  /** Of one attempt: then the next address is asked. 5,000 unless set. */
  attempt: number;
  /** The longest wait before the second attempt; it doubles. 50 unless set. */
  firstWait: number;
  /** 2,000 unless set. */
  longestWait: number;
}

const USUAL: Readonly<Retry> =
  {deadline: 30_000, attempt: 5_000, firstWait: 50, longestWait: 2_000};

/** What is left at least for an attempt: this part of what it may have. */
const LEAST_PART = 0.2;

/** The ledger cannot answer at the moment. */
const TRANSIENT = [status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.DEADLINE_EXCEEDED];
/** How gRPC itself reports a connection that broke, when the ledger has given no reason. */
const BROKEN = [...TRANSIENT, status.CANCELLED, status.UNKNOWN, status.INTERNAL];
/**
 * Refusals by the ledger's rules. It looks the key up first, so none of them is told to a request
 * that has had its effect.
 */
const RULES = [status.INVALID_ARGUMENT, status.NOT_FOUND, status.ALREADY_EXISTS,
               status.FAILED_PRECONDITION, status.OUT_OF_RANGE, status.ABORTED];
/** Another address may do better after these. */
const ELSEWHERE = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED, status.UNKNOWN,
                   status.INTERNAL];
const TOO_LARGE = "RESULT_TOO_LARGE";

/** "refused" is definite: it has had no effect. "unknown": and another attempt would not tell. */
export type Verdict = "again" | "refused" | "unknown";

export function retryOf(given: Partial<Retry>): Retry {
  const retry = {...USUAL, ...given};
  for (const [name, value] of Object.entries(retry)) {
    if (!(value > 0)) {
      throw new RangeError(`retry.${name} is ${value}: it has to be more than 0 ms`);
    }
  }
  return retry;
}

/**
 * Before the next one, after so many: exponential, with full jitter.
 *
 * @param left of the call's `deadline`
 * @returns undefined if there is no time for another attempt
 */
export function waitAfter(attempts: number, left: number, deadline: number, retry: Retry):
    number | undefined {
  const least = LEAST_PART * Math.min(retry.attempt, deadline);
  if (left <= least) return undefined;
  const longest = Math.min(retry.longestWait, retry.firstWait * 2 ** (attempts - 1));
  return Math.min(Math.random() * longest, left - least);
}

/**
 * After an attempt that failed. Reads change nothing, transfers have a key and creations an id: to
 * repeat them is safe.
 *
 * @param wasUnknown so was the outcome of an attempt before it
 */
export function judge(failure: Failure, wasUnknown: boolean): Verdict {
  const isUnknown = failure.outcome === "unknown";
  const passes = (failure.reason ? TRANSIENT : BROKEN).includes(failure.code) || isUnknown;
  if (passes && failure.reason !== TOO_LARGE) return "again";
  if (isUnknown || (wasUnknown && !RULES.includes(failure.code))) return "unknown";
  return "refused";
}

/** Whether the next attempt goes to the next address. */
export function asksElsewhere(failure: Failure): boolean {
  return ELSEWHERE.includes(failure.code);
}
