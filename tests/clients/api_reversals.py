"""Transactions that are taken back, as a part of api_suite.py."""

import concurrent.futures
import itertools

from api_calls import CALL_TIMEOUT_S, Code, entries, pb


def reversal(transaction, *moved, key="", reference="", metadata=None, **options):
    transaction_id = transaction if isinstance(transaction, str) else transaction.id
    action = pb.ReverseAction(transaction_id=transaction_id, entries=entries(*moved))
    return pb.Command(reverse=action, idempotency_key=key, reference=reference, metadata=metadata,
                      options=pb.Options(**options) if options else None)


def moves(transaction):
    return [(entry.account_id, entry.amount) for entry in transaction.entries]


class Reversals:
    """For a class of tests that has a ledger (ApiTest)."""

    reversal_keys = itertools.count()

    def reversal_key(self):
        return f"refund {next(self.reversal_keys)}"

    def paid(self, *moved, **more):
        return self.ask("Transfer", entries=entries(*moved), **more)

    def exceeded(self, asked, **facts):
        self.refused_command(asked, Code.FAILED_PRECONDITION, "REVERSAL_EXCEEDED", **facts)

    def test_all_is_taken_back(self):
        a, b = self.account(100), self.account(0)
        paid = self.paid((a, -30), (b, 30), reference="rent")
        key = self.reversal_key()
        asked = reversal(paid, key=key, reference="refund", metadata={"why": "broken"})
        back = self.execute(asked)
        self.assertEqual((back.type, back.reverses, back.reference, dict(back.metadata)),
                         ("reversal", paid.id, "refund", {"why": "broken"}))
        self.assertEqual(moves(back), [(a, 30), (b, -30)])
        self.assertEqual((self.balance(a), self.balance(b)), (100, 0))
        # Both tell of one another, whoever asks.
        self.assertEqual(self.ask("GetTransaction", id=back.id), back)
        self.assertEqual(list(self.ask("GetTransaction", id=paid.id).reversed_by), [back.id])
        self.assertEqual(self.execute(asked), back)
        outcome = self.ask("GetKeyOutcome", key=key)
        self.assertEqual((outcome.state, outcome.transaction), (pb.COMMITTED, back))
        listed = self.ask("ListTransactions", account_id=a).transactions
        self.assertEqual([(one.id, one.type, one.reverses, list(one.reversed_by))
                          for one in listed],
                         [(back.id, "reversal", paid.id, []), (paid.id, "transfer", "", [])])
        self.exceeded(reversal(paid), transaction_id=paid.id, reversible="0")
        # The same request, told in entries, is another one.
        self.refused_command(reversal(paid, (a, 30), (b, -30), key=key), Code.ALREADY_EXISTS,
                             "IDEMPOTENCY_MISMATCH", idempotency_key=key)

    def test_parts_are_taken_back(self):
        a, b, fees = self.account(100), self.account(0), self.account(0)
        paid = self.paid((a, -30), (b, 27), (fees, 3))
        first = self.execute(reversal(paid, (fees, -3), (a, 3), balanced=True))
        self.exceeded(reversal(paid, (fees, -1)), account_id=fees, reversible="0", amount="-1")
        self.exceeded(reversal(paid, (a, 28)), account_id=a, reversible="27", amount="28")
        self.exceeded(reversal(paid, (a, -1)), account_id=a, reversible="27", amount="-1")
        self.exceeded(reversal(paid, (self.account(9), -1)), reversible="0")
        second = self.execute(reversal(paid))
        self.assertEqual(moves(second), [(a, 27), (b, -27)])
        self.assertEqual(list(self.ask("GetTransaction", id=paid.id).reversed_by),
                         [second.id, first.id])
        # A reversal can be taken back, and a retry of the first request shows the present.
        asked = pb.Command(transfer=pb.TransferAction(entries=entries((a, -1), (b, 1))),
                           idempotency_key=self.reversal_key())
        small = self.execute(asked)
        back = self.execute(reversal(small))
        again = self.execute(asked)
        self.assertEqual((again.id, list(again.reversed_by)), (small.id, [back.id]))
        forth = self.execute(reversal(back))
        self.assertEqual((forth.reverses, moves(forth)), (back.id, [(a, -1), (b, 1)]))
        self.exceeded(reversal(small))

    def test_what_cannot_be_taken_back(self):
        a, b = self.account(100), self.account(0)
        paid = self.paid((a, -30), (b, 30))
        for wrong in ("", "x", paid.id.lower(), paid.id[:-1] + ("0" if paid.id[-1] != "0" else "1")):
            self.refused_command(reversal(wrong), Code.NOT_FOUND, "TRANSACTION_NOT_FOUND")
        self.refused_command(reversal(""), Code.NOT_FOUND, "TRANSACTION_NOT_FOUND",
                             field="reverse.transaction_id")
        self.refused_command(reversal(paid, (a, 0)), Code.INVALID_ARGUMENT, "AMOUNT_ZERO",
                             field="reverse.entries[0].amount")
        self.refused_command(reversal(paid, ("nobody", 1), (a, 99)), Code.NOT_FOUND,
                             "ACCOUNT_NOT_FOUND", account_id="nobody")
        # It is judged as a transfer.
        self.ask("Debit", account_id=b, amount=10)
        self.refused_command(reversal(paid), Code.FAILED_PRECONDITION, "INSUFFICIENT_FUNDS",
                             account_id=b, balance="20")
        self.refused_command(reversal(paid, (a, 2), (b, -1), balanced=True),
                             Code.INVALID_ARGUMENT, "ENTRIES_UNBALANCED")
        # What had to be balanced is taken back in balance, and so on.
        balanced = self.execute(pb.Command(transfer=pb.TransferAction(entries=entries((a, -5), (b, 5))),
                                           options=pb.Options(balanced=True)))
        self.refused_command(reversal(balanced, (a, 1)), Code.INVALID_ARGUMENT,
                             "ENTRIES_UNBALANCED", sum="1")
        back = self.execute(reversal(balanced, (a, 1), (b, -1)))
        self.refused_command(reversal(back, (a, -1)), Code.INVALID_ARGUMENT, "ENTRIES_UNBALANCED")
        unknown = reversal(paid).SerializeToString()
        self.refused("Execute", Code.INVALID_ARGUMENT, "FIELD_UNKNOWN",
                     request=b"\x2a\x02\x18\x01" + unknown, facts={"field": "reverse.3"})

    def test_reversals_in_batches_and_streams(self):
        a, b = self.account(100), self.account(0)
        paid = [self.paid((a, -10), (b, 10)) for _ in range(3)]
        batch = [reversal(paid[0], key=self.reversal_key()), reversal(paid[0]),
                 reversal(paid[1], (b, -4)), reversal(paid[1], (b, -7)), reversal("x"),
                 reversal(paid[1], (b, -6))]
        answer = self.ask("ExecuteBatch", commands=batch)
        self.check_results(answer.results, None, "REVERSAL_EXCEEDED", None, "REVERSAL_EXCEEDED",
                           "TRANSACTION_NOT_FOUND", None)
        self.assertEqual(moves(answer.results[0].transaction), [(a, 10), (b, -10)])
        again = self.ask("ExecuteBatch", commands=batch[:1])
        self.assertEqual(again.results[0], answer.results[0])
        atomic = [reversal(paid[2], (b, -4)), reversal(paid[2], (b, -7))]
        aborted = self.ask("ExecuteBatch", commands=atomic, atomic=True)
        self.check_results(aborted.results, "BATCH_ABORTED", "REVERSAL_EXCEEDED")
        keyed = [reversal(paid[2], (b, -4), key=self.reversal_key()),
                 reversal(paid[2], key=self.reversal_key())]
        request = pb.CommandBatch(commands=keyed, atomic=True).SerializeToString()
        told = list(self.stub("StreamExecute", raw=True)(iter([request] * 3),
                                                         timeout=CALL_TIMEOUT_S))
        for one in told:
            self.check_results(one.results, None, None)
            self.assertEqual(one, told[0])
        self.assertEqual(moves(told[0].results[1].transaction), [(a, 10), (b, -6)])
        self.assertEqual(self.balance(b), 0)

    def test_one_reversal_runs_at_a_time(self):
        a, b = self.account(100), self.account(0)
        paid = self.paid((a, -50), (b, 50))
        one_each = reversal(paid, (a, 1), (b, -1))

        def try_one(_):
            try:
                return self.stub("Execute")(one_each, timeout=CALL_TIMEOUT_S).id
            except Exception as error:  # noqa: BLE001
                return error.code()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            told = list(pool.map(try_one, range(60)))
        self.assertEqual(told.count(Code.FAILED_PRECONDITION), 10)
        self.assertEqual(len(set(told)), 51)
        self.assertEqual((self.balance(a), self.balance(b)), (100, 0))
