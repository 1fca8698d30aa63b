/** When a call is sent again: the rules, as tables. */
import assert from "node:assert/strict";
import {test} from "node:test";

import {create, toBinary} from "@bufbuild/protobuf";
import {Metadata, status} from "@grpc/grpc-js";

import {type Failure, failureOf} from "../src/errors.js";
import {ErrorInfoSchema, StatusSchema} from "../src/gen/rpc_status_pb.js";
import {asksElsewhere, judge, retryOf, type Verdict, waitAfter} from
  "../src/retry.js";

const DETAILS = "grpc-status-details-bin";

// Code and reason, the outcome that is told; what follows for a first attempt, and after one whose
// outcome was unknown. Without a reason the error is gRPC's own.
const CASES: [status, string, string, Verdict, Verdict][] = [
  [status.UNAVAILABLE, "", "", "again", "again"],
  [status.DEADLINE_EXCEEDED, "", "", "again", "again"],
  [status.CANCELLED, "", "", "again", "again"],
  [status.INTERNAL, "", "", "again", "again"],
  [status.UNKNOWN, "", "", "again", "again"],
  [status.UNIMPLEMENTED, "", "", "refused", "unknown"],
  [status.UNAUTHENTICATED, "", "", "refused", "unknown"],
  [status.UNAVAILABLE, "JOURNAL_UNAVAILABLE", "unknown", "again", "again"],
  [status.UNAVAILABLE, "NODE_UNAVAILABLE", "none", "again", "again"],
  [status.RESOURCE_EXHAUSTED, "OVERLOADED", "none", "again", "again"],
  [status.RESOURCE_EXHAUSTED, "STORAGE_FULL", "none", "again", "again"],
  [status.DEADLINE_EXCEEDED, "LOCK_TIMEOUT", "none", "again", "again"],
  [status.INTERNAL, "INTERNAL", "unknown", "again", "again"],
  [status.INTERNAL, "INTERNAL", "none", "refused", "unknown"],
  [status.RESOURCE_EXHAUSTED, "RESULT_TOO_LARGE", "none", "refused", "unknown"],
  [status.RESOURCE_EXHAUSTED, "RESULT_TOO_LARGE", "unknown", "unknown", "unknown"],
  [status.UNAUTHENTICATED, "UNAUTHENTICATED", "none", "refused", "unknown"],
  [status.PERMISSION_DENIED, "PERMISSION_DENIED", "none", "refused", "unknown"],
  [status.INVALID_ARGUMENT, "AMOUNT_ZERO", "none", "refused", "refused"],
  [status.NOT_FOUND, "ACCOUNT_NOT_FOUND", "none", "refused", "refused"],
  [status.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH", "none", "refused", "refused"],
  [status.FAILED_PRECONDITION, "INSUFFICIENT_FUNDS", "none", "refused", "refused"],
  [status.FAILED_PRECONDITION, "OF_A_LATER_VERSION", "none", "refused", "refused"],
  [status.OUT_OF_RANGE, "BALANCE_OVERFLOW", "none", "refused", "refused"],
];

function trailersOf(details: Uint8Array): Metadata {
  const trailers = new Metadata();
  trailers.set(DETAILS, Buffer.from(details));
  return trailers;
}

function detail(reason: string, outcome: string, domain: string) {
  const info = create(ErrorInfoSchema, {reason, domain, metadata: {outcome}});
  return {typeUrl: "type.googleapis.com/google.rpc.ErrorInfo",
          value: toBinary(ErrorInfoSchema, info)};
}

function failure(code: status, reason: string, outcome: string): Failure {
  if (!reason) return failureOf(code, "", new Metadata());
  const told = create(StatusSchema, {code, details: [detail(reason, outcome, "scalegraph")]});
  return failureOf(code, "", trailersOf(toBinary(StatusSchema, told)));
}

test("what follows from an error", () => {
  for (const [code, reason, outcome, first, afterUnknown] of CASES) {
    const failed = failure(code, reason, outcome);
    assert.equal(judge(failed, false), first, `${status[code]} ${reason} ${outcome}`);
    assert.equal(judge(failed, true), afterUnknown, `${status[code]} ${reason} ${outcome}, again`);
  }
});

test("another address is asked only if it may do better", () => {
  assert.deepEqual(
    [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.NOT_FOUND]
      .map((code) => asksElsewhere(failure(code, "", ""))),
    [true, true, false, false]);
});

test("details that are not the ledger's are as good as none", () => {
  const foreign = create(StatusSchema, {code: 14, details: [
    detail("QUOTA", "none", "proxy.example"),
    {typeUrl: "type.googleapis.com/google.rpc.RetryInfo", value: new Uint8Array([0xff])}]});
  for (const details of [toBinary(StatusSchema, foreign), new Uint8Array([0xff, 0xff]),
                         new Uint8Array()]) {
    const failed = failureOf(status.UNAVAILABLE, "", trailersOf(details));
    assert.deepEqual([failed.reason, failed.outcome], ["", "unknown"]);
  }
});

test("waits double up to a bound and leave time for an attempt", () => {
  const retry = retryOf({firstWait: 100, longestWait: 500, attempt: 2000});
  const waits = (attempts: number, left: number, deadline: number) =>
    Array.from({length: 300}, () => waitAfter(attempts, left, deadline, retry)!);
  const bounds = [[1, 100], [2, 200], [3, 400], [4, 500], [2000, 500]] as const;
  for (const [attempts, longest] of bounds) {
    const seen = waits(attempts, 100_000, 100_000);
    assert.ok(Math.max(...seen) <= longest);
    assert.ok(Math.max(...seen) > 0.8 * longest, "the bound is used");
    assert.ok(Math.min(...seen) < 0.2 * longest, "the jitter is full");
  }
  for (const [deadline, least] of [[100_000, 400], [1000, 200]] as const) {
    assert.equal(Math.max(...waits(9, least + 100, deadline)), 100);
    assert.equal(waitAfter(1, least, deadline, retry), undefined);
  }
});

test("times have to be more than nothing", () => {
  for (const wrong of [{deadline: 0}, {attempt: -1}, {firstWait: NaN}]) {
    assert.throws(() => retryOf(wrong), /more than 0/);
  }
});
