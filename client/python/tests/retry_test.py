"""When a call is sent again: the rules, as tables."""

import unittest

import grpc

from scalegraph.errors import Outcome, error_of
from scalegraph.retry import Retry, Verdict, asks_elsewhere, judge
from scalegraph.rpc_status_pb2 import ErrorInfo, Status

Code = grpc.StatusCode
AGAIN, REFUSED, UNKNOWN = Verdict.AGAIN, Verdict.REFUSED, Verdict.UNKNOWN

# Code and reason, the outcome that is told; what follows for a first attempt, and after one whose
# outcome was unknown. Without a reason the error is gRPC's own.
CASES = [
    (Code.UNAVAILABLE, None, None, AGAIN, AGAIN),
    (Code.DEADLINE_EXCEEDED, None, None, AGAIN, AGAIN),
    (Code.CANCELLED, None, None, AGAIN, AGAIN),
    (Code.INTERNAL, None, None, AGAIN, AGAIN),
    (Code.UNKNOWN, None, None, AGAIN, AGAIN),
    (Code.UNIMPLEMENTED, None, None, REFUSED, UNKNOWN),
    (Code.UNAUTHENTICATED, None, None, REFUSED, UNKNOWN),
    (Code.UNAVAILABLE, "JOURNAL_UNAVAILABLE", "unknown", AGAIN, AGAIN),
    (Code.UNAVAILABLE, "NODE_UNAVAILABLE", "none", AGAIN, AGAIN),
    (Code.RESOURCE_EXHAUSTED, "OVERLOADED", "none", AGAIN, AGAIN),
    (Code.RESOURCE_EXHAUSTED, "STORAGE_FULL", "none", AGAIN, AGAIN),
    (Code.DEADLINE_EXCEEDED, "LOCK_TIMEOUT", "none", AGAIN, AGAIN),
    (Code.INTERNAL, "INTERNAL", "unknown", AGAIN, AGAIN),
    (Code.INTERNAL, "INTERNAL", "none", REFUSED, UNKNOWN),
    (Code.RESOURCE_EXHAUSTED, "RESULT_TOO_LARGE", "none", REFUSED, UNKNOWN),
    (Code.RESOURCE_EXHAUSTED, "RESULT_TOO_LARGE", "unknown", UNKNOWN, UNKNOWN),
    (Code.UNAUTHENTICATED, "UNAUTHENTICATED", "none", REFUSED, UNKNOWN),
    (Code.PERMISSION_DENIED, "PERMISSION_DENIED", "none", REFUSED, UNKNOWN),
    (Code.INVALID_ARGUMENT, "AMOUNT_ZERO", "none", REFUSED, REFUSED),
    (Code.NOT_FOUND, "ACCOUNT_NOT_FOUND", "none", REFUSED, REFUSED),
    (Code.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH", "none", REFUSED, REFUSED),
    (Code.FAILED_PRECONDITION, "INSUFFICIENT_FUNDS", "none", REFUSED, REFUSED),
    (Code.FAILED_PRECONDITION, "OF_A_LATER_VERSION", "none", REFUSED, REFUSED),
    (Code.OUT_OF_RANGE, "BALANCE_OVERFLOW", "none", REFUSED, REFUSED),
]


def error(code, reason, outcome):
    if reason is None:
        return error_of(code, "", ())
    info = ErrorInfo(reason=reason, domain="scalegraph", metadata={"outcome": outcome})
    status = Status(code=code.value[0], message="")
    status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo",
                       value=info.SerializeToString())
    return error_of(code, "", [("grpc-status-details-bin", status.SerializeToString())])


class Rules(unittest.TestCase):
    def test_what_follows_from_an_error(self):
        for code, reason, outcome, first, after_unknown in CASES:
            with self.subTest(code=code, reason=reason, outcome=outcome):
                failed = error(code, reason, outcome)
                self.assertIs(judge(failed, was_unknown=False), first)
                self.assertIs(judge(failed, was_unknown=True), after_unknown)

    def test_another_address_is_asked_only_if_it_may_do_better(self):
        for code, elsewhere in ((Code.UNAVAILABLE, True), (Code.DEADLINE_EXCEEDED, True),
                                (Code.RESOURCE_EXHAUSTED, False), (Code.NOT_FOUND, False)):
            self.assertEqual(asks_elsewhere(error_of(code, "", ())), elsewhere, code)

    def test_details_that_are_not_the_ledgers_are_as_good_as_none(self):
        info = ErrorInfo(reason="QUOTA", domain="proxy.example", metadata={"outcome": "none"})
        status = Status(code=14)
        status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo",
                           value=info.SerializeToString())
        status.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\xff")
        for details in (status.SerializeToString(), b"\xff\xff", b""):
            failed = error_of(Code.UNAVAILABLE, "", [("grpc-status-details-bin", details)])
            self.assertEqual((failed.reason, failed.outcome), ("", Outcome.UNKNOWN))

    def test_waits_double_up_to_a_bound_and_leave_time_for_an_attempt(self):
        retry = Retry(first_wait=0.1, longest_wait=0.5, attempt=2)
        for attempts, longest in ((1, 0.1), (2, 0.2), (3, 0.4), (4, 0.5), (2000, 0.5)):
            waits = [retry.wait(attempts, left=100, deadline=100) for _ in range(300)]
            self.assertLessEqual(max(waits), longest)
            self.assertGreater(max(waits), 0.8 * longest, "the bound is used")
            self.assertLess(min(waits), 0.2 * longest, "the jitter is full")
        for deadline, least in ((100, 0.4), (1, 0.2)):
            waits = [retry.wait(9, left=least + 0.1, deadline=deadline) for _ in range(300)]
            self.assertAlmostEqual(max(waits), 0.1)
            self.assertIsNone(retry.wait(1, left=least, deadline=deadline))

    def test_times_have_to_be_more_than_nothing(self):
        for wrong in ({"deadline": 0}, {"attempt": -1}, {"first_wait": float("nan")}):
            with self.assertRaisesRegex(ValueError, "more than 0"):
                Retry(**wrong)


if __name__ == "__main__":
    unittest.main()
