"""Every call of proto/ledger.proto, health and reflection against a real scalegraphd.

    /usr/bin/python3 api_suite.py PATH/TO/scalegraphd
    /usr/bin/python3 api_suite.py PATH/TO/scalegraphd --secured
    /usr/bin/python3 api_suite.py PATH/TO/scalegraphd PATH/TO/scalegraphctl --node PLACE

The second form gets in by TLS and a token. The third asks one node of a cluster of three: leader,
follower or other (the other follower). Whichever is asked, the answers have to be the same. What
belongs to gRPC more than to the ledger stands in api_transport.py, and runs with these.
"""

import queue
import sys
import tempfile
import unittest

import grpc

from api_calls import (CALL_TIMEOUT_S, INT64_MAX, METHODS, MIB, ApiTest, Code, entries, move, pb,
                       type_of)
from api_commands import Commands
from api_keys import Keys
from api_policies import Policies
from api_reversals import Reversals
from api_records import RecordCalls
from api_transport import Stop, Transport  # noqa: F401  (unittest finds them here)


class Calls(RecordCalls, Commands, Keys, Policies, Reversals, ApiTest):
    """All of one daemon or node."""

    @classmethod
    def setUpClass(cls):
        cls.backups = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="scalegraph-test-"))
        cls.start(f"backup.folder={cls.backups}")

    @classmethod
    def tearDownClass(cls):
        if cls.asked != set(METHODS):
            raise AssertionError(f"nobody has asked for {set(METHODS) - cls.asked}")

    def test_participants(self):
        made = [self.participant(pb.ACCESS_PROVIDER, metadata={"n": str(n), "å": ""})
                for n in range(5)]
        # The longest that is taken.
        made.append(self.ask("CreateParticipant", id="p" * 256, name="n" * 1024, metadata={
            "k" * 384: "v" * 16_000}, role=pb.ACCESS_PROVIDER))
        for one in made:
            self.assertEqual(self.ask("GetParticipant", participant_id=one.id), one)
        listing = {"method": "ListParticipants", "rows": "participants", "role": pb.ACCESS_PROVIDER}
        self.assertEqual(self.pages(**listing), (made, 1))
        self.assertEqual(self.pages(**listing, limit=2), (made, 3))
        self.assertEqual(self.pages(**listing, page_bytes=1), (made, 6))
        token = self.ask("ListParticipants", role=pb.ACCESS_PROVIDER, limit=2).next_page_token
        self.invalid("ListParticipants", "PAGE_TOKEN_INVALID", "page_token", role=pb.SUPPLIER,
                     page_token=token)
        self.refused("CreateParticipant", Code.ALREADY_EXISTS, "PARTICIPANT_EXISTS",
                     facts={"participant_id": made[0].id}, id=made[0].id, name="n", role=1)
        self.refused("GetParticipant", Code.NOT_FOUND, "PARTICIPANT_NOT_FOUND",
                     facts={"participant_id": "nobody"}, participant_id="nobody")

    def test_accounts_of_a_participant(self):
        owner = self.participant().id
        made = [self.ask("CreateParticipantAccount", participant_id=owner, account_type=kind,
                         initial_balance=kind, floor=-kind, metadata={"k": "v"})
                for kind in (pb.USAGE, pb.FEES, pb.OPERATING)]
        self.assertEqual([(a.id, a.balance, a.floor) for a in made],
                         [(f"{owner}:usage", 7, -7), (f"{owner}:fees", 6, -6),
                          (f"{owner}:operating", 2, -2)])
        for one in made:
            self.assertEqual(self.ask("GetAccount", account_id=one.id), one)
        by_type = made[::-1]
        of_owner = {"method": "GetParticipantAccounts", "rows": "accounts", "participant_id": owner}
        self.assertEqual(self.pages(**of_owner), (by_type, 1))
        self.assertEqual(self.pages(**of_owner, page_bytes=1), (by_type, 3))
        for method in ("GetParticipantAccounts", "CreateParticipantAccount"):
            self.refused(method, Code.NOT_FOUND, "PARTICIPANT_NOT_FOUND",
                         facts={"participant_id": "nobody"}, participant_id="nobody")
        self.refused("CreateParticipantAccount", Code.ALREADY_EXISTS, "ACCOUNT_EXISTS",
                     facts={"account_id": f"{owner}:operating"}, participant_id=owner)
        self.refused("CreateAccount", Code.INVALID_ARGUMENT, "RESERVED_ID",
                     facts={"field": "account_id", "participant_id": owner},
                     account_id=f"{owner}:escrow")
        self.ask("CreateAccount", account_id="taken:escrow")
        self.ask("CreateParticipant", id="taken", name="n", role=pb.SUPPLIER)
        with self.assertRaisesRegex(grpc.RpcError, "a standalone account, made by CreateAccount"):
            self.ask("CreateParticipantAccount", participant_id="taken", account_type=pb.ESCROW)

    def test_standalone_accounts(self):
        made = [self.account(n, floor=-n, metadata={"k": "v"}) for n in (0, 10, INT64_MAX)]
        told = [self.ask("GetAccount", account_id=name) for name in made]
        self.assertEqual([(a.balance, a.floor) for a in told],
                         [(0, 0), (10, -10), (INT64_MAX, -INT64_MAX)])
        self.assertEqual(self.balance(made[2]), INT64_MAX)
        listed, _ = self.pages("ListAccounts", "accounts", limit=3)
        self.assertEqual([a for a in listed if a.id in made], sorted(told, key=lambda a: a.id))
        self.assertEqual(self.pages("ListAccounts", "accounts", page_bytes=1),
                         (listed, len(listed)))
        # It stands as it was, whatever its second maker wants.
        self.refused("CreateAccount", Code.ALREADY_EXISTS, "ACCOUNT_EXISTS",
                     facts={"account_id": made[0]}, account_id=made[0], initial_balance=9)
        for method in ("GetAccount", "GetBalance"):
            self.refused(method, Code.NOT_FOUND, "ACCOUNT_NOT_FOUND",
                         facts={"account_id": "nobody"}, account_id="nobody")

    def test_postings(self):
        a, b = self.account(floor=-50), self.account(0)
        credit = self.ask("Credit", account_id=a, amount=5, reference="ref å")
        self.assertEqual((credit.type, list(credit.entries), credit.reference),
                         ("credit", entries((a, 5)), "ref å"))
        debit = self.ask("Debit", account_id=a, amount=5)
        self.assertEqual((debit.type, list(debit.entries)), ("debit", entries((a, -5))))
        parts = entries((a, -1050), (b, 1), (b, 1049))
        transfer = self.ask("Transfer", entries=parts, reference="x" * 1024)
        self.assertEqual((transfer.type, list(transfer.entries)), ("transfer", parts))
        self.assertEqual((self.balance(a), self.balance(b)), (-50, 1050))
        for one in (credit, debit, transfer):
            self.assertEqual(self.ask("GetTransaction", id=one.id), one)
        widest = [(b, -1)] * 2048 + [(b, 1)] * 2048
        self.assertEqual(len(self.ask("Transfer", entries=entries(*widest)).entries), 4096)
        short, away = Code.FAILED_PRECONDITION, Code.NOT_FOUND
        facts = {"account_id": a, "balance": "-50", "amount": "-1"}
        self.refused("Debit", short, "INSUFFICIENT_FUNDS", facts=facts, account_id=a, amount=1)
        self.refused("Transfer", short, "INSUFFICIENT_FUNDS", facts=facts,
                     entries=entries((b, -1), (a, -1), (b, 2)))
        self.refused("Credit", Code.OUT_OF_RANGE, "BALANCE_OVERFLOW",
                     facts={"account_id": b, "balance": "1050", "amount": str(INT64_MAX)},
                     account_id=b, amount=INT64_MAX)
        # Who is not there comes before funds, in the order of the entries.
        self.refused("Transfer", away, "ACCOUNT_NOT_FOUND", facts={"account_id": "nobody"},
                     entries=entries((a, -1), ("nobody", 1), ("no one", 1)))
        for method in ("Credit", "Debit"):
            self.refused(method, away, "ACCOUNT_NOT_FOUND", facts={"account_id": "nobody"},
                         account_id="nobody", amount=1)
        self.assertEqual((self.balance(a), self.balance(b)), (-50, 1050))

    def test_arguments(self):
        a, b = self.account(), self.account()
        for method, field in (("GetParticipant", "participant_id"), ("GetAccount", "account_id"),
                              ("GetBalance", "account_id"), ("GetTransaction", "id"),
                              ("GetParticipantAccounts", "participant_id"),
                              ("CreateParticipant", "id"), ("CreateAccount", "account_id"),
                              ("CreateParticipantAccount", "participant_id"),
                              ("Credit", "account_id"), ("Debit", "account_id")):
            more = {"amount": 1} if method in ("Credit", "Debit") else {}
            for name, reason in (("", "ID_EMPTY"), ("x" * 257, "ID_TOO_LONG"),
                                 ("a\nb", "ID_CONTROL_CHARACTER")):
                self.invalid(method, reason, field, **{field: name}, **more)
        for method, more in (("ListParticipants", {}), ("ListTransactions", {}),
                             ("ListAccounts", {}), ("FindTransactions", {"reference": "r"})):
            for limit in (-1, 1001):
                self.invalid(method, "LIMIT_OUT_OF_RANGE", "limit", limit=limit, **more)
        for method, more in (("ListParticipants", {}), ("ListTransactions", {}),
                             ("ListAccounts", {}), ("FindTransactions", {"reference": "r"}),
                             ("GetParticipantAccounts",
                              {"participant_id": self.participant().id})):
            for page_bytes in (-1, 16 * MIB + 1):
                self.invalid(method, "PAGE_BYTES_OUT_OF_RANGE", "page_bytes",
                             page_bytes=page_bytes, **more)
            self.invalid(method, "PAGE_TOKEN_INVALID", "page_token", page_token="wrong", **more)
        self.invalid("ListTransactions", "TIME_RANGE_INVALID", "to", **{"from": 2, "to": 1})
        self.invalid("ListParticipants", "ENUM_VALUE_UNKNOWN", "role", role=99)
        new = {"id": "new", "name": "n", "role": 1}
        self.invalid("CreateParticipant", "NAME_TOO_LONG", "name", **{**new, "name": "x" * 1025})
        self.invalid("CreateParticipant", "ROLE_UNSPECIFIED", "role", **{**new, "role": 0})
        self.invalid("CreateParticipant", "ENUM_VALUE_UNKNOWN", "role", **{**new, "role": 99})
        large = {"k": "x" * (16 * 1024)}
        self.invalid("CreateParticipant", "METADATA_TOO_LARGE", "metadata", metadata=large, **new)
        self.invalid("CreateParticipantAccount", "ID_TOO_LONG", "participant_id",
                     participant_id="x" * 250)
        self.invalid("CreateParticipantAccount", "ENUM_VALUE_UNKNOWN", "account_type",
                     participant_id="x", account_type=99)
        for method, name in (("CreateAccount", "account_id"),
                             ("CreateParticipantAccount", "participant_id")):
            new = {name: "new"}
            self.invalid(method, "INITIAL_BALANCE_NEGATIVE", "initial_balance",
                         initial_balance=-1, **new)
            self.invalid(method, "FLOOR_ABOVE_BALANCE", "floor", initial_balance=1, floor=2, **new)
            self.invalid(method, "METADATA_TOO_LARGE", "metadata", metadata=large, **new)
        long = "x" * 1025
        for method in ("Credit", "Debit"):
            for amount in (0, -1):
                self.invalid(method, "AMOUNT_NOT_POSITIVE", "amount", account_id=a, amount=amount)
            self.invalid(method, "REFERENCE_TOO_LONG", "reference", account_id=a, amount=1,
                         reference=long)
            self.invalid(method, "ID_TOO_LONG", "idempotency_key", account_id=a, amount=1,
                         idempotency_key="x" * 257)
        good = entries((a, -1), (b, 1))
        self.invalid("Transfer", "NO_ENTRIES", "entries")
        self.invalid("Transfer", "TOO_MANY_ENTRIES", "entries", entries=entries(*[(a, 1)] * 4097))
        self.invalid("Transfer", "AMOUNT_ZERO", "entries[1].amount",
                     entries=entries((a, 1), (b, 0), ("", 1)))
        self.invalid("Transfer", "ID_EMPTY", "entries[1].account_id",
                     entries=entries((a, 1), ("", 0)))
        self.invalid("Transfer", "REFERENCE_TOO_LONG", "reference", entries=good, reference=long)
        self.invalid("Transfer", "ID_CONTROL_CHARACTER", "idempotency_key", entries=good,
                     idempotency_key="\x7f")
        self.invalid("TransferBatch", "TOO_MANY_TRANSFERS", "transfers",
                     transfers=[move(a, b)] * 10_001)
        self.invalid("TransferBatch", "KEYS_MIXED", "transfers[1].idempotency_key",
                     transfers=[move(a, b, key="mixed"), move(a, b)], atomic=True)
        self.assertEqual((self.balance(a), self.balance(b)), (1000, 1000))

    def test_keys(self):
        a, b = self.account(), self.account()
        for method, other in (("Credit", {"amount": 6}), ("Debit", {"reference": "another"})):
            request = {"account_id": a, "amount": 5, "idempotency_key": f"{method}-key"}
            first = self.ask(method, **request)
            self.assertEqual(self.ask(method, **request), first)
            self.refused(method, Code.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH",
                         facts={"idempotency_key": f"{method}-key"}, **{**request, **other})
        request = {"entries": entries((a, -7), (b, 7)), "idempotency_key": "transfer-key"}
        # A refused transfer binds no key.
        self.refused("Transfer", Code.FAILED_PRECONDITION, "INSUFFICIENT_FUNDS",
                     entries=entries((a, -1001)), idempotency_key="transfer-key")
        first = self.ask("Transfer", **request)
        self.assertEqual(self.ask("Transfer", **request), first)
        calls = [self.stub("Transfer").future(move(a, b, 10, "at-once"), timeout=CALL_TIMEOUT_S)
                 for _ in range(50)]
        self.assertEqual(len({call.result().id for call in calls}), 1)
        self.ask("Debit", account_id=b, amount=10)
        self.ask("Credit", account_id=a, amount=10)
        # The key comes before what is not found, and arguments before the key.
        self.refused("Transfer", Code.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH",
                     entries=entries(("nobody", 1)), idempotency_key="transfer-key")
        self.invalid("Transfer", "NO_ENTRIES", "entries", idempotency_key="transfer-key")
        self.assertEqual((self.balance(a), self.balance(b)), (993, 1007))

    def test_batches(self):
        a, b = self.account(100), self.account(0)
        self.assertEqual(len(self.ask("TransferBatch").results), 0)
        items = [move(a, b, 100), move(a, b), move(b, a, 50), move(a, "nobody"), move("", b),
                 move(a, b, 0), pb.TransferRequest(), move(a, b, 50, "batch-1", "ref"),
                 move(a, b, 50, "batch-1", "ref"), move(a, b, 49, "batch-1")]
        results = self.ask("TransferBatch", transfers=items).results
        self.check_results(results, None, "INSUFFICIENT_FUNDS", None, "ACCOUNT_NOT_FOUND",
                           "ID_EMPTY", "AMOUNT_ZERO", "NO_ENTRIES", None, None,
                           "IDEMPOTENCY_MISMATCH")
        self.assertEqual(results[7], results[8])
        self.assertEqual(results[7].transaction.reference, "ref")
        self.assertEqual([one.error.code for one in results if one.HasField("error")],
                         [9, 5, 3, 3, 3, 6])
        self.assertEqual({**results[1].error.metadata, "account_id": a, "amount": "-1"},
                         dict(results[1].error.metadata))
        self.assertEqual(self.ask("GetTransaction", id=results[2].transaction.id),
                         results[2].transaction)
        self.assertEqual((self.balance(a), self.balance(b)), (0, 100))
        self.check_results(self.ask("TransferBatch", transfers=[items[4], items[5]]).results,
                           "ID_EMPTY", "AMOUNT_ZERO")
        many = self.ask("TransferBatch", transfers=[move(b, a)] * 50 + [move(a, b)] * 9950).results
        self.check_results(many, *[None] * 100, *["INSUFFICIENT_FUNDS"] * 9900)

    def test_atomic_batches(self):
        a, b, c = self.account(100), self.account(0), self.account(0)

        def atomic(*items):
            return self.ask("TransferBatch", transfers=items, atomic=True).results
        aborted = "BATCH_ABORTED"
        self.check_results(atomic(move(a, b), move(a, b, 100), move(b, c)), aborted,
                           "INSUFFICIENT_FUNDS", aborted)
        self.check_results(atomic(move(a, b), move(a, "nobody")), aborted, "ACCOUNT_NOT_FOUND")
        self.check_results(atomic(move(a, b, 0), move(a, b)), "AMOUNT_ZERO", aborted)
        self.check_results(atomic(move("", b), move(a, b), move(a, b, 0)), "ID_EMPTY", aborted,
                           aborted)
        self.assertEqual((self.balance(a), self.balance(b)), (100, 0))
        items = [move(a, b, n, f"atomic-{n}") for n in (1, 2, 3)]
        first = atomic(*items)
        self.check_results(first, None, None, None)
        self.assertEqual(atomic(*items), first)
        for wrong in (items[:2], items[::-1], [*items, move(a, b, 4, "atomic-4")],
                      [items[0], items[1], move(a, b, 4, "atomic-3")]):
            reasons = {one.error.reason for one in atomic(*wrong)}
            self.assertIn("IDEMPOTENCY_MISMATCH", reasons)
            self.assertLessEqual(reasons, {"IDEMPOTENCY_MISMATCH", aborted})
        self.assertEqual((self.balance(a), self.balance(b)), (94, 6))

    def test_streams(self):
        a, b = self.account(1000), self.account(0)
        good = pb.TransferBatchRequest(transfers=[move(a, b)])
        # Each is refused as a whole, in its turn, and the stream goes on.
        bad = {10: (pb.TransferBatchRequest(transfers=[move(a, b)] * 10_001), "TOO_MANY_TRANSFERS"),
               20: (pb.TransferBatchRequest(atomic=True, transfers=[move(a, b, key="stream-mixed"),
                                                                    move(a, b)]), "KEYS_MIXED")}
        sent = [bad[n][0] if n in bad else good for n in range(100)]
        call = self.stub("StreamTransfers")(iter(sent), timeout=CALL_TIMEOUT_S)
        told = list(call)
        self.assertEqual(len(told), len(sent))
        for n, response in enumerate(told):
            if n in bad:
                self.assertEqual((response.error.reason, response.error.code,
                                  response.error.metadata["outcome"], len(response.results)),
                                 (bad[n][1], 3, "none", 0))
            else:
                self.check_results(response.results, None)
        ids = [response.results[0].transaction.id for response in told if response.results]
        newest = self.ask("ListTransactions", account_id=a, limit=1000).transactions
        self.assertEqual([one.id for one in newest][::-1], ids)
        self.assertEqual((self.balance(a), self.balance(b)), (902, 98))
        # One request, its answer, then the next.
        requests = queue.Queue()
        self.addCleanup(requests.put, None)
        call = self.stub("StreamTransfers")(iter(requests.get, None), timeout=CALL_TIMEOUT_S)
        for _ in range(3):
            requests.put(good)
            self.check_results(next(call).results, None)
        requests.put(pb.TransferBatchRequest())
        self.assertEqual(len(next(call).results), 0)
        requests.put(None)
        self.assertEqual((list(call), call.code()), ([], Code.OK))

    def test_history(self):
        a, b = self.account(1830), self.account(0)
        made = [self.ask("Transfer", entries=entries((a, -n), (b, n))) for n in range(1, 61)]
        made.reverse()
        history = {"method": "ListTransactions", "rows": "transactions", "account_id": b}
        self.assertEqual(list(self.ask("ListTransactions", account_id=b).transactions), made[:50])
        self.assertEqual(self.pages(**history), (made, 2))
        self.assertEqual(self.pages(**history, limit=25), (made, 3))
        self.assertEqual(self.pages(**history, page_bytes=1), (made, 60))
        first, last = made[-1].timestamp, made[0].timestamp
        self.assertEqual(self.pages(**history, limit=1000, to=last + 1, **{"from": first}),
                         (made, 1))
        self.assertEqual(self.pages(**history, to=first), ([], 1))
        self.assertEqual(self.pages(**history, **{"from": last + 60_000}), ([], 1))
        everything = self.ask("ListTransactions", limit=1000).transactions
        self.assertEqual([one for one in everything if one in made], made)
        token = self.ask("ListTransactions", account_id=b, limit=1).next_page_token
        self.invalid("ListTransactions", "PAGE_TOKEN_INVALID", "page_token", account_id=a,
                     page_token=token)
        self.refused("ListTransactions", Code.NOT_FOUND, "ACCOUNT_NOT_FOUND",
                     facts={"account_id": "nobody"}, account_id="nobody")
        for name in ("nothing", made[0].id[:-1], made[0].id + "0"):
            self.refused("GetTransaction", Code.NOT_FOUND, "TRANSACTION_NOT_FOUND",
                         facts={"transaction_id": name}, id=name)

    def test_what_operators_ask(self):
        self.ask("Credit", account_id=self.account(floor=-1), amount=7)
        *_, report = self.stub("Verify")(pb.VerifyRequest(), timeout=CALL_TIMEOUT_S)
        self.assertEqual((report.done, list(report.problems)), (True, []))
        self.assertEqual(report.records, report.records_total)
        self.assertEqual(report.sum_of_balances, report.sum_of_postings)
        self.assertRegex(report.head_hash, "^[0-9a-f]{64}$")
        for by_type in (False, True):
            sheet = self.ask("GetBalanceSheet", by_type=by_type)
            self.assertEqual((sheet.total, sheet.sum_of_postings), (report.sum_of_postings,) * 2)
            self.assertEqual(sum(line.accounts for line in sheet.lines), report.accounts)
            self.assertEqual(sum(int(line.total) for line in sheet.lines), int(sheet.total))
        for answered in (False, True):
            # Only a server that knows its callers keeps anything.
            page = self.ask("ListAudit", limit=1, answered=answered)
            self.assertLessEqual(len(page.committed) + len(page.lines), 1)
            self.invalid("ListAudit", "PAGE_TOKEN_INVALID", "page_token", page_token="x",
                         answered=answered)
        made = self.ask("Credit", account_id=self.account(), amount=7)
        told = self.ask("ExplainTransaction", id=made.id)
        self.assertEqual((told.method, told.items, told.committed), ("Credit", 1, 1))
        self.assertIn("reply", [stage.name for stage in told.stages])
        with self.assertRaises(grpc.RpcError) as raised:
            self.ask("ExplainTransaction", id="none")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)
        root = self.ask("GetTree").root
        self.assertLessEqual({"journal", "coordinator", "gateway", "queries"},
                             {child.id for child in root.children})

    def last_of(self, method, **fields):
        call = self.stub(method)(type_of(METHODS[method].input_type)(**fields),
                                 timeout=CALL_TIMEOUT_S)
        *_, last = call
        self.check_trailers(call)
        return last

    def test_backups(self):
        first = self.last_of("CreateBackup")
        self.assertTrue(first.done)
        self.assertEqual((first.backup.name, first.backup.problem), ("default", ""))
        self.assertEqual(first.sequence, first.backup.sequence)
        other = self.last_of("CreateBackup", name="other").backup
        self.assertEqual(self.pages("ListBackups", "backups"), ([first.backup, other], 1))
        self.assertEqual(self.pages("ListBackups", "backups", limit=1), ([first.backup, other], 2))
        shown = self.ask("GetBackup", name="other", limit=1)
        self.assertEqual(shown.backup, other)
        self.assertEqual(len(shown.segments), min(other.segments, 1))
        verified = self.last_of("VerifyBackup")
        self.assertEqual((verified.done, list(verified.problems), verified.backup),
                         (True, [], first.backup))
        for method in ("CreateBackup", "GetBackup", "VerifyBackup"):
            self.invalid(method, "BACKUP_NAME_INVALID", "name", name="../out")
        for method in ("GetBackup", "VerifyBackup"):
            self.refused(method, Code.NOT_FOUND, "BACKUP_NOT_FOUND", name="none")
        for method in ("ListBackups", "GetBackup"):
            self.invalid(method, "LIMIT_OUT_OF_RANGE", "limit", limit=1001)
            self.invalid(method, "PAGE_TOKEN_INVALID", "page_token", page_token="x")
        for method in ("CreateBackup", "ListBackups", "GetBackup", "VerifyBackup"):
            self.refused(method, Code.INVALID_ARGUMENT, "FIELD_UNKNOWN", request=b"\x98\x06\x01",
                         facts={"field": "99"})

    def test_the_cluster(self):
        if self.daemon.id:
            state = self.ask("GetCluster")
            self.assertEqual((state.node, state.leader), (self.daemon.id, self.daemon.leader))
            self.assertTrue(self.ask("Init").existed)
            calls = {"TransferLeadership": Code.FAILED_PRECONDITION}
        else:
            calls = dict.fromkeys(("Init", "GetCluster", "TransferLeadership"), Code.UNIMPLEMENTED)
        for method, code in calls.items():
            with self.subTest(method), self.assertRaises(grpc.RpcError) as refused:
                # There is no node 9, whoever leads: nothing moves while the suite runs.
                self.ask(method, **({"to": 9} if method == "TransferLeadership" else {}))
            self.assertEqual(refused.exception.code(), code)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
