"""A client against real ledgers, some of them behind a relay that loses answers."""

import dataclasses
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

import grpc

import scalegraph
from scalegraph import (AccountType, AlreadyExistsError, BalanceOverflowError, Client,
                        IdempotencyMismatchError, InsufficientFundsError, InvalidArgumentError,
                        NotFoundError, Outcome, OutcomeUnknownError, ParticipantRole,
                        PermissionDeniedError, Retry, Tls, UnauthenticatedError, UnavailableError)
from scalegraph import ledger_pb2 as pb
from scalegraph import ledger_pb2_grpc

AT = json.loads(os.environ["SCALEGRAPH_TEST"])
README = pathlib.Path(__file__).resolve().parent.parent / "README.md"
EXAMPLE_TIMEOUT_S = 60
# Short waits, and all the time that an attempt may take on a busy machine.
QUICK = Retry(deadline=20, attempt=20, first_wait=0.02, longest_wait=0.1)
# For those that get no answer.
IMPATIENT = dataclasses.replace(QUICK, attempt=1)

names = (f"python-{os.getpid()}-{n}" for n in itertools.count())


class Case(unittest.TestCase):
    def client(self, *addresses, **more):
        self.attempts = []
        more = {"retry": QUICK, "on_attempt": self.attempts.append, **more}
        made = Client(list(addresses) or AT["plain"], **more)
        self.addCleanup(made.close)
        return made

    def setUp(self):
        self.direct = Client(AT["plain"])
        self.addCleanup(self.direct.close)

    def account(self, balance=0, **more):
        return self.direct.create_account(next(names), initial_balance=balance, **more).id

    def pair(self):
        return self.account(1000), self.account()

    def check_moved(self, source, to, amount, transactions=1):
        self.assertEqual(self.direct.get_balance(source), 1000 - amount)
        self.assertEqual(self.direct.get_balance(to), amount)
        self.assertEqual(len(list(self.direct.list_transactions(to))), transactions)


class Calls(Case):
    def test_participants_accounts_and_transfers(self):
        ledger, owner = self.client(), next(names)
        made = ledger.create_participant(owner, "Acme", ParticipantRole.SUPPLIER,
                                         metadata={"k": "v"})
        self.assertEqual(ledger.get_participant(owner), made)
        self.assertIn(made, list(ledger.list_participants()))
        self.assertNotIn(made, list(ledger.list_participants(ParticipantRole.ACCESS_PROVIDER)))
        operating = ledger.create_participant_account(owner, initial_balance=500)
        fees = ledger.create_participant_account(owner, AccountType.FEES, floor=-10)
        self.assertEqual((operating.id, fees.id), (f"{owner}:operating", f"{owner}:fees"))
        self.assertCountEqual(ledger.list_participant_accounts(owner), [operating, fees])
        self.assertEqual(ledger.get_account(fees.id), fees)

        paid = ledger.transfer([(operating.id, -100), (fees.id, 100)], reference="r")
        ledger.credit(operating.id, 7)
        ledger.debit(fees.id, 110)
        self.assertEqual((paid.type, paid.reference), ("transfer", "r"))
        self.assertEqual(ledger.get_transaction(paid.id), paid)
        self.assertEqual((ledger.get_balance(operating.id), ledger.get_balance(fees.id)),
                         (407, -10))

    def test_amounts_have_64_bits(self):
        largest = 2**63 - 1
        full = self.account(largest)
        self.assertEqual(self.direct.get_balance(full), largest)
        with self.assertRaises(BalanceOverflowError):
            self.direct.credit(full, 1)
        with self.assertRaises(ValueError):
            self.direct.credit(full, 2**63)

    def test_lists_are_read_page_by_page(self):
        ledger, one = self.client(), self.account()
        requests = [pb.TransferRequest(entries=[pb.TransferEntry(account_id=one, amount=1)])] * 1201
        stub = ledger_pb2_grpc.LedgerServiceStub(ledger.channel)
        stub.TransferBatch(pb.TransferBatchRequest(transfers=requests), metadata=ledger.headers)
        listed = list(ledger.list_transactions(one))
        self.assertEqual(len({transaction.id for transaction in listed}), 1201)
        self.assertGreater(len(self.attempts), 1)
        now = listed[0].timestamp
        self.assertEqual(list(ledger.list_transactions(one, end=listed[-1].timestamp)), [])
        self.assertTrue(list(ledger.list_transactions(one, begin=now)))

    def test_any_other_read(self):
        accounts = self.client().ask("AdminService/ListAccounts", pb.ListAccountsRequest(limit=1))
        self.assertEqual(len(accounts.accounts), 1)

    def test_how_fresh_a_read_has_to_be(self):
        ledger, one = self.client(), self.account(5)
        for read in (scalegraph.LINEARIZABLE, scalegraph.at_least(ledger.sequence),
                     scalegraph.stale(100)):
            self.assertEqual(ledger.get_balance(one, read=read), 5)
        with self.assertRaises(InvalidArgumentError) as refused:
            ledger.get_balance(one, read="newest")
        self.assertEqual(refused.exception.field, "x-scalegraph-read")


class Refusals(Case):
    def refused(self, kind, reason, call):
        with self.assertRaises(kind) as caught:
            call()
        error = caught.exception
        self.assertIs(type(error), kind)
        self.assertEqual((error.reason, error.outcome, error.attempts),
                         (reason, Outcome.NONE, 1))
        self.assertIn(error.message, str(error))
        return error

    def test_have_types_and_facts(self):
        ledger, one = self.client(), self.account(400)
        short = self.refused(InsufficientFundsError, "INSUFFICIENT_FUNDS",
                             lambda: ledger.debit(one, 401, key=f"{one}-debit"))
        self.assertEqual((short.account_id, short.balance, short.amount, short.key),
                         (one, 400, -401, f"{one}-debit"))
        self.refused(NotFoundError, "ACCOUNT_NOT_FOUND", lambda: ledger.get_account("nobody"))
        self.refused(AlreadyExistsError, "ACCOUNT_EXISTS", lambda: ledger.create_account(one))
        wrong = self.refused(InvalidArgumentError, "AMOUNT_NOT_POSITIVE",
                             lambda: ledger.credit(one, -1))
        self.assertEqual(wrong.field, "amount")
        self.refused(InvalidArgumentError, "NO_ENTRIES", lambda: ledger.transfer([]))
        self.refused(InvalidArgumentError, "ENUM_VALUE_UNKNOWN",
                     lambda: ledger.create_participant_account("nobody", 99))
        ledger.credit(one, 1, key=f"{one}-credit")
        self.refused(IdempotencyMismatchError, "IDEMPOTENCY_MISMATCH",
                     lambda: ledger.credit(one, 2, key=f"{one}-credit"))
        self.assertEqual(ledger.get_balance(one), 401)

    def test_what_is_wrong_is_not_sent(self):
        ledger = self.client()
        with self.assertRaisesRegex(ValueError, "key is empty"):
            ledger.credit("alice", 1, key="")
        for timeout in (0, -1, float("nan")):
            with self.assertRaisesRegex(ValueError, "more than 0 seconds"):
                ledger.get_balance("alice", timeout=timeout)
        self.assertEqual(self.attempts, [])

    def test_addresses_are_needed(self):
        for none in ("", [], ["127.0.0.1:1", ""]):
            with self.assertRaisesRegex(ValueError, "address"):
                Client(none)


class LostAnswers(Case):
    def test_a_retry_has_one_effect(self):
        for script in ("lost", "silence", "reset", "restarted", "lost,silence,reset",
                       "lost,overloaded,locked,away", "overloaded", "away"):
            with self.subTest(script=script):
                source, to = self.pair()
                is_silent = "silence" in script
                ledger = self.client(AT["relay"], retry=IMPATIENT if is_silent else QUICK)
                paid = ledger.transfer([(source, -10), (to, 10)], reference=f"script={script}")
                self.check_moved(source, to, 10)
                self.assertEqual(next(self.direct.list_transactions(to)), paid)
                sent = len(script.split(",")) + 1
                self.assertGreaterEqual(len(self.attempts), sent)
                if not is_silent:
                    self.assertEqual(len(self.attempts), sent)
                self.assertEqual([attempt.number for attempt in self.attempts],
                                 list(range(1, len(self.attempts) + 1)))

    def test_credits_and_debits_too(self):
        one, ledger = self.account(100), self.client(AT["relay"])
        ledger.credit(one, 5, reference="script=lost,lost")
        ledger.debit(one, 1, reference="script=lost")
        self.assertEqual(self.direct.get_balance(one), 104)
        self.assertEqual(len(self.attempts), 5)

    def test_a_refusal_after_a_lost_answer_is_definite(self):
        source, to = self.pair()
        with self.assertRaises(InsufficientFundsError) as refused:
            self.client(AT["relay"]).transfer([(source, -1001), (to, 1001)],
                                              reference="script=lost,lost")
        self.assertEqual((refused.exception.attempts, refused.exception.outcome),
                         (3, Outcome.NONE))

    def test_at_the_deadline_the_key_is_told_and_goes_on(self):
        source, to = self.pair()
        entries, reference = [(source, -10), (to, 10)], "script=lost,always"
        ledger = self.client(AT["relay"], retry=IMPATIENT)
        with self.assertRaises(OutcomeUnknownError) as lost:
            ledger.transfer(entries, reference=reference, timeout=2.5)
        error = lost.exception
        self.assertIs(error.outcome, Outcome.UNKNOWN)
        self.assertGreater(error.attempts, 1)
        self.assertIn(repr(error.key), str(error))
        self.assertIsInstance(error.__cause__, UnavailableError)
        self.direct.transfer(entries, reference=reference, key=error.key)
        self.check_moved(source, to, 10)

    def test_a_token_that_cannot_be_had_does_not_lose_the_key(self):
        source, to = self.pair()
        tokens = iter(["first"])
        ledger = self.client(AT["relay"], token=lambda: next(tokens))
        with self.assertRaises(OutcomeUnknownError) as lost:
            ledger.transfer([(source, -10), (to, 10)], reference="script=lost")
        self.assertTrue(lost.exception.key)
        self.assertIsInstance(lost.exception.__cause__, StopIteration)
        self.check_moved(source, to, 10)
        with self.assertRaises(StopIteration):
            ledger.transfer([(source, -10), (to, 10)])

    def test_a_door_that_closes_after_a_lost_answer_leaves_it_unknown(self):
        for script, first in (("lost,denied", 2), ("too_large", 1)):
            source, to = self.pair()
            with self.assertRaises(OutcomeUnknownError) as lost:
                self.client(AT["relay"]).transfer([(source, -10), (to, 10)],
                                                  reference=f"script={script}")
            self.assertEqual(lost.exception.attempts, first)
            self.check_moved(source, to, 10)
        with self.assertRaises(PermissionDeniedError):
            self.client(AT["relay"]).transfer([(source, -10), (to, 10)], reference="script=denied")

    def test_what_has_changed_nothing_is_no_unknown_outcome(self):
        source, to = self.pair()
        with self.assertRaises(UnavailableError) as refused:
            self.client(AT["relay"]).transfer(
                [(source, -10), (to, 10)], reference="script=overloaded,always", timeout=5)
        self.assertEqual((refused.exception.reason, refused.exception.outcome),
                         ("OVERLOADED", Outcome.NONE))
        self.check_moved(source, to, 0, transactions=0)


class Creations(Case):
    def test_a_lost_answer_is_found_again(self):
        ledger, owner = self.client(AT["relay"]), next(names)
        lost = {"about": "script=lost"}
        made = ledger.create_participant(owner, "Acme", ParticipantRole.SUPPLIER, metadata=lost)
        self.assertEqual(made, self.direct.get_participant(owner))
        made = ledger.create_participant_account(owner, initial_balance=7, metadata=lost)
        self.assertEqual(made, self.direct.get_account(f"{owner}:operating"))
        made = ledger.create_account(next(names), initial_balance=9, floor=-3, metadata=lost)
        self.assertEqual(made, self.direct.get_account(made.id))

    def test_of_another_is_not_taken_for_ones_own(self):
        one = self.account(7)
        with self.assertRaises(AlreadyExistsError) as refused:
            self.client(AT["relay"]).create_account(one, initial_balance=7,
                                                    metadata={"about": "script=lost"})
        self.assertEqual((refused.exception.attempts, refused.exception.outcome),
                         (2, Outcome.NONE))

    def test_with_another_balance_may_be_ones_own(self):
        metadata = {"about": "script=lost"}
        one = self.account(7, metadata=metadata)
        with self.assertRaisesRegex(OutcomeUnknownError, "balance of 7") as lost:
            self.client(AT["relay"]).create_account(one, metadata=metadata)
        self.assertIsInstance(lost.exception.__cause__, AlreadyExistsError)
        self.assertIsNone(lost.exception.key)


class Addresses(Case):
    def test_those_that_do_not_answer_are_left(self):
        source, to = self.pair()
        ledger = self.client(AT["refuses"], AT["silent"], AT["plain"], retry=IMPATIENT)
        ledger.transfer([(source, -10), (to, 10)])
        self.assertEqual([attempt.address for attempt in self.attempts[:3]],
                         [AT["refuses"], AT["silent"], AT["plain"]])
        before = len(self.attempts)
        self.assertEqual(ledger.get_balance(to), 10)
        self.assertEqual(self.attempts[before].address, AT["plain"], "the one that answers is kept")
        self.check_moved(source, to, 10)

    def test_as_text(self):
        self.assertEqual(Client(f"{AT['refuses']},{AT['plain']}", retry=QUICK)
                         .get_balance(self.account(3)), 3)

    def test_none_that_answers(self):
        ledger = self.client(AT["refuses"])
        with self.assertRaises(UnavailableError) as failed:
            ledger.get_balance("alice", timeout=0.3)
        self.assertIs(failed.exception.outcome, Outcome.NONE)
        with self.assertRaises(OutcomeUnknownError):
            ledger.credit("alice", 1, timeout=0.3)


@unittest.skipUnless("cluster" in AT, "this build has no clusters")
class Nodes(Case):
    def test_a_leader_that_is_killed_costs_a_pause(self):
        ledger = self.client(*AT["cluster"], retry=Retry(deadline=60))
        source, to = next(names), next(names)
        ledger.create_account(source, initial_balance=1000)
        ledger.create_account(to)
        self.assertEqual(ledger.sequence, self.attempts[-1].sequence)
        for n in range(40):
            if n == 10:
                first = self.attempts[-1]
                os.kill(AT["leader_pid"], signal.SIGKILL)
            ledger.transfer([(source, -1), (to, 1)])
        last = self.attempts[-1]
        self.assertNotEqual(last.node, first.node)
        self.assertGreater(last.sequence, first.sequence)
        self.assertEqual(ledger.get_balance(to), 40)
        seen = scalegraph.at_least(ledger.sequence)
        self.assertEqual(ledger.get_balance(source, read=seen), 960)
        self.assertEqual(len(list(ledger.list_transactions(to))), 40)


class Doors(Case):
    def tls(self, **more):
        return Tls(ca=AT["ca"], **more)

    def test_tls_and_a_token(self):
        with self.client(AT["secured"], tls=self.tls(), token=AT["token"]) as ledger:
            self.assertEqual(ledger.create_account(next(names), initial_balance=4).balance, 4)

    def test_a_token_is_asked_for_anew(self):
        tokens = iter(["old", AT["token"]])
        with self.client(AT["secured"], tls=self.tls(), token=lambda: next(tokens)) as ledger:
            with self.assertRaises(UnauthenticatedError) as refused:
                ledger.get_balance("alice")
            self.assertEqual(refused.exception.reason, "UNAUTHENTICATED")
            with self.assertRaises(NotFoundError):
                ledger.get_balance("alice")

    def test_a_server_that_is_another(self):
        with self.client(AT["secured"], tls=self.tls(server_name="other.example"),
                         token=AT["token"]) as ledger:
            with self.assertRaises(UnavailableError):
                ledger.get_balance("alice", timeout=0.5)

    def test_a_token_never_goes_in_the_clear(self):
        for address in ("ledger.example:50051", "127.evil.example:1", "10.0.0.1:50051"):
            with self.assertRaisesRegex(ValueError, "in the clear"):
                Client(["127.0.0.1:1", address], token="secret")
        for address in ("unix:/run/ledger", "localhost:1", "127.0.0.9:1", "[::1]:1"):
            Client(address, token="secret").close()

    def test_a_certificate_without_its_key(self):
        with self.assertRaisesRegex(ValueError, "belong together"):
            Client("127.0.0.1:1", tls=Tls(certificate=AT["ca"]))


class Example(Case):
    def test_of_the_readme(self):
        _, _, rest = README.read_text(encoding="utf-8").partition("```python\n")
        code = rest.partition("```")[0]
        self.assertIn('"127.0.0.1:50051"', code)
        code = code.replace("127.0.0.1:50051", AT["plain"])
        done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True,
                              check=False, timeout=EXAMPLE_TIMEOUT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^paid: \w+\nalice has 4000, and not 9000\n$")
        self.assertLessEqual(len(code.strip().splitlines()), 13)


if __name__ == "__main__":
    unittest.main()
