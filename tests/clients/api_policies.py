"""Policies, and accounts that begin with more than a floor, as a part of api_suite.py."""

import concurrent.futures

from api_calls import CALL_TIMEOUT_S, INT64_MAX, Code, entries, pb
from api_commands import command

WRONG = Code.INVALID_ARGUMENT
STATE = Code.FAILED_PRECONDITION


def policy(account="", key="", reference="", metadata=None, **changes):
    return pb.Command(policy=pb.PolicyAction(account_id=account, **changes), idempotency_key=key,
                      reference=reference, metadata=metadata)


class Policies:
    """For a class of tests that has a ledger (ApiTest)."""

    def change(self, account, **changes):
        return self.execute(policy(account, **changes))

    def refused_move(self, *moved, code=STATE, reason, **facts):
        self.refused("Transfer", code, reason, entries=entries(*moved), facts=facts)

    def test_a_floor_moves(self):
        a, b = self.account(100), self.account(0)
        asked = policy(a, floor=-50, note="overdraft", key="floor-1", reference="r",
                       metadata={"by": "desk"})
        done = self.execute(asked)
        self.assertEqual((done.type, done.note, done.reference, dict(done.metadata),
                          list(done.entries)), ("policy", "overdraft", "r", {"by": "desk"}, []))
        self.assertEqual((done.account.id, done.account.floor, done.account.balance,
                          done.account.available, done.account.sequence),
                         (a, -50, 100, 150, done.sequence))
        self.assertEqual(self.execute(asked), done)
        self.assertEqual(self.ask("GetTransaction", id=done.id), done)
        told = self.ask("GetAccount", account_id=a)
        self.assertEqual((told.floor, told.available, told.status), (-50, 150, pb.OPEN))
        self.assertEqual(self.ask("GetBalance", account_id=a).available, 150)
        self.ask("Transfer", entries=entries((a, -150), (b, 150)))
        # It cannot be raised above the balance, unless that is wanted.
        self.refused_command(policy(a, floor=0), STATE, "POLICY_CONFLICT", account_id=a,
                             balance="-50", floor="0")
        self.change(a, floor=0, allow_beyond=True)
        self.refused_move((a, -1), (b, 1), reason="INSUFFICIENT_FUNDS", account_id=a)
        self.ask("Credit", account_id=a, amount=20)
        self.assertEqual(self.ask("GetAccount", account_id=a).available, 0)
        self.refused_command(policy(a, floor=-50, key="floor-1"), Code.ALREADY_EXISTS,
                             "IDEMPOTENCY_MISMATCH", idempotency_key="floor-1")

    def test_a_ceiling(self):
        a, b = self.account(100), self.account(100)
        self.change(a, ceiling=120)
        self.ask("Transfer", entries=entries((b, -20), (a, 20)))
        self.refused_move((b, -1), (a, 1), reason="CEILING_EXCEEDED", account_id=a, balance="120",
                          amount="1", ceiling="120")
        self.refused_command(policy(a, ceiling=119), STATE, "POLICY_CONFLICT", ceiling="119")
        self.change(a, ceiling=50, allow_beyond=True)
        # What lowers it, or moves nothing on it, is not held up.
        self.ask("Transfer", entries=entries((a, -10), (b, 10)))
        self.ask("Transfer", entries=entries((a, -10), (a, 10)))
        self.assertEqual(self.ask("GetAccount", account_id=a).ceiling, 50)
        cleared = self.change(a, clear_ceiling=True).account
        self.assertFalse(cleared.HasField("ceiling"))
        self.ask("Transfer", entries=entries((b, -10), (a, 10)))

    def test_freezes(self):
        a, b = self.account(100), self.account(100)
        self.assertTrue(self.change(a, debits_frozen=True).account.debits_frozen)
        self.refused_move((b, 1), (a, -1), reason="ACCOUNT_FROZEN", account_id=a, side="debits")
        self.assertEqual(self.ask("GetAccount", account_id=a).available, 0)
        self.ask("Transfer", entries=entries((b, -5), (a, 5)))
        self.change(a, credits_frozen=True)
        self.refused_move((b, -5), (a, 5), reason="ACCOUNT_FROZEN", account_id=a, side="credits")
        # Each side by itself, and an account that does not exist comes first.
        self.refused_move((a, -5), (a, 5), reason="ACCOUNT_FROZEN", account_id=a)
        self.refused_move((a, -5), ("nobody", 5), code=Code.NOT_FOUND, reason="ACCOUNT_NOT_FOUND",
                          account_id="nobody")
        self.change(a, debits_frozen=False, credits_frozen=False)
        self.ask("Transfer", entries=entries((a, -105), (b, 105)))

    def test_closing(self):
        a, b = self.account(100), self.account(0)
        self.refused_command(policy(a, status=pb.CLOSED), STATE, "ACCOUNT_NOT_EMPTY", account_id=a,
                             balance="100")
        closed = self.execute(policy(a, status=pb.CLOSED, sweep_to=b, note="left", key="close-1"))
        self.assertEqual([(one.account_id, one.amount) for one in closed.entries],
                         [(a, -100), (b, 100)])
        self.assertEqual((closed.account.status, closed.account.balance), (pb.CLOSED, 0))
        self.assertEqual((self.balance(a), self.balance(b)), (0, 100))
        for moved in (((b, -1), (a, 1)), ((a, -1), (b, 1))):
            self.refused_move(*moved, reason="ACCOUNT_CLOSED", account_id=a)
        self.refused("CreateAccount", Code.ALREADY_EXISTS, "ACCOUNT_EXISTS", account_id=a)
        self.refused_command(policy(a, floor=-1), STATE, "ACCOUNT_CLOSED", account_id=a)
        # A sweep is a movement of money: it is listed, and can be taken back once that is possible.
        listed = self.ask("ListTransactions", account_id=b).transactions
        self.assertEqual([(one.id, one.type) for one in listed], [(closed.id, "policy")])
        back = pb.Command(reverse=pb.ReverseAction(transaction_id=closed.id))
        self.refused_command(back, STATE, "ACCOUNT_CLOSED", account_id=a)
        self.assertEqual(self.change(a, status=pb.OPEN).account.status, pb.OPEN)
        self.execute(back)
        self.assertEqual((self.balance(a), self.balance(b)), (100, 0))
        # One that moved nothing cannot.
        note = self.change(a, floor=-1)
        self.refused_command(pb.Command(reverse=pb.ReverseAction(transaction_id=note.id)), STATE,
                             "NOT_REVERSIBLE", transaction_id=note.id)

    def test_a_sweep_obeys_its_target(self):
        a, b = self.account(100), self.account(0)
        sweep = policy(a, status=pb.CLOSED, sweep_to=b)
        for changes, undo, reason in (
                ({"credits_frozen": True}, {"credits_frozen": False}, "ACCOUNT_FROZEN"),
                ({"ceiling": 99}, {"clear_ceiling": True}, "CEILING_EXCEEDED"),
                ({"status": pb.CLOSED}, {"status": pb.OPEN}, "ACCOUNT_CLOSED")):
            self.change(b, **changes)
            self.refused_command(sweep, STATE, reason, account_id=b)
            self.change(b, **undo)
        self.refused_command(policy(a, status=pb.CLOSED, sweep_to=b, debits_frozen=True), STATE,
                             "ACCOUNT_FROZEN", account_id=a, side="debits")
        self.refused_command(policy(a, status=pb.CLOSED, sweep_to="nobody"), Code.NOT_FOUND,
                             "ACCOUNT_NOT_FOUND", account_id="nobody")
        # The other way: a debt is taken over.
        self.change(a, floor=-500)
        self.ask("Debit", account_id=a, amount=130)
        self.change(b, floor=-30)
        swept = self.execute(sweep)
        self.assertEqual([(one.account_id, one.amount) for one in swept.entries],
                         [(a, 30), (b, -30)])

    def test_wrong_policies(self):
        a = self.account(0)
        for asked, reason, field in (
                (policy(a), "POLICY_EMPTY", "policy"),
                (policy(a, note="n", allow_beyond=True), "POLICY_EMPTY", "policy"),
                (policy(floor=1), "ID_EMPTY", "policy.account_id"),
                (policy(a, require_balanced=True), "POLICY_INVALID", "policy.require_balanced"),
                (policy(a, ceiling=1, clear_ceiling=True), "POLICY_INVALID",
                 "policy.clear_ceiling"),
                (policy(a, floor=2, ceiling=1), "POLICY_INVALID", "policy.floor"),
                (policy(a, sweep_to="b", floor=1), "POLICY_INVALID", "policy.sweep_to"),
                (policy(a, sweep_to=a, status=pb.CLOSED), "POLICY_INVALID", "policy.sweep_to"),
                (policy(a, floor=1, note="n" * 1025), "POLICY_INVALID", "policy.note"),
                (policy("a\n", floor=1), "ID_CONTROL_CHARACTER", "policy.account_id")):
            self.refused_command(asked, WRONG, reason, field=field)
        self.refused("Execute", WRONG, "ENUM_VALUE_UNKNOWN", request=b"\x32\x05\x0a\x01a\x38\x09",
                     facts={"field": "policy.status"})
        self.refused("Execute", WRONG, "FIELD_UNKNOWN", request=b"\x32\x06\x0a\x01a\x98\x06\x01",
                     facts={"field": "policy.99"})
        self.refused_command(policy("nobody", floor=1), Code.NOT_FOUND, "ACCOUNT_NOT_FOUND",
                             account_id="nobody")
        self.change(a, floor=-5)
        self.refused_command(policy(a, ceiling=-6, allow_beyond=True), STATE, "POLICY_CONFLICT",
                             floor="-5", ceiling="-6")

    def test_policies_in_a_batch(self):
        a, b = self.account(10), self.account(0)
        batch = [policy(a, debits_frozen=True), command((a, -5), (b, 5))]
        answer = self.ask("ExecuteBatch", commands=batch, atomic=True)
        self.assertEqual([one.error.reason for one in answer.results],
                         ["BATCH_ABORTED", "ACCOUNT_FROZEN"])
        # Each item finds what the one before it left.
        answer = self.ask("ExecuteBatch", atomic=True, commands=[
            command((a, -5), (b, 5)), policy(a, debits_frozen=True), command((b, -5), (a, 5)),
            policy(a, debits_frozen=False, floor=10)])
        self.assertFalse([one for one in answer.results if one.HasField("error")], answer)
        self.assertEqual([one.transaction.type for one in answer.results],
                         ["transfer", "policy", "transfer", "policy"])
        self.assertEqual([one.transaction.account.balance for one in answer.results],
                         [0, 5, 0, 10])
        # Bounds hold at the end.
        answer = self.ask("ExecuteBatch", atomic=True, commands=[
            policy(a, floor=5), command((a, -8), (b, 8))])
        self.assertEqual(answer.results[1].error.reason, "INSUFFICIENT_FUNDS")
        self.assertEqual(self.ask("GetAccount", account_id=a).floor, 10)
        # Not atomic: each for itself.
        self.ask("Credit", account_id=b, amount=1)
        answer = self.ask("ExecuteBatch", commands=[policy(a, credits_frozen=True),
                                                    command((b, -1), (a, 1)),
                                                    policy(a, credits_frozen=False)])
        self.assertEqual([one.error.reason for one in answer.results], ["", "ACCOUNT_FROZEN", ""])
        stream = self.stub("StreamExecute")(
            iter([pb.CommandBatch(commands=[policy(a, floor=0, note="streamed")])]),
            timeout=CALL_TIMEOUT_S)
        self.assertEqual(next(stream).results[0].transaction.note, "streamed")

    def test_the_history_of_an_account(self):
        a = self.account(0)
        made = [self.change(a, floor=-n, note=f"n {n}") for n in range(1, 6)]
        made.reverse()
        listing = {"method": "ListPolicies", "rows": "policies", "account_id": a}
        self.assertEqual(self.pages(**listing), (made, 1))
        self.assertEqual(self.pages(**listing, limit=2), (made, 3))
        self.assertEqual(self.pages(**listing, page_bytes=1), (made, 5))
        self.refused("ListPolicies", Code.NOT_FOUND, "ACCOUNT_NOT_FOUND", account_id="nobody",
                     facts={"account_id": "nobody"})
        self.invalid("ListPolicies", "LIMIT_OUT_OF_RANGE", "limit", account_id=a, limit=1001)
        self.invalid("ListPolicies", "PAGE_TOKEN_INVALID", "page_token", account_id=a,
                     page_token="x")
        self.refused("ListPolicies", WRONG, "FIELD_UNKNOWN", request=b"\x98\x06\x01",
                     facts={"field": "99"})

    def test_racing_policies(self):
        a, b = self.account(1000), self.account(0)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            moves = [pool.submit(self.ask, "Transfer", entries=entries((a, -1), (b, 1)))
                     for _ in range(100)]
            floors = [pool.submit(self.change, a, floor=-n) for n in range(20)]
            for one in moves + floors:
                one.result()
        self.assertEqual((self.balance(a), self.balance(b)), (900, 100))
        history, _ = self.pages("ListPolicies", "policies", account_id=a)
        self.assertEqual(history[0].account.floor, self.ask("GetAccount", account_id=a).floor)
        self.assertEqual(len(history), 20)

    def test_open_account(self):
        opened = self.ask("OpenAccount", account_id="opened", initial_balance=5, floor=-1,
                          ceiling=10, metadata={"k": "v"})
        self.assertEqual((opened.ceiling, opened.floor, opened.balance, opened.account_type),
                         (10, -1, 5, pb.STANDALONE))
        self.assertEqual(self.ask("GetAccount", account_id="opened"), opened)
        self.refused("Credit", STATE, "CEILING_EXCEEDED", account_id="opened", amount=6,
                     facts={"ceiling": "10"})
        # Its creation is no policy.
        self.assertEqual(self.pages("ListPolicies", "policies", account_id="opened"), ([], 1))
        owner = self.participant().id
        made = [self.ask("OpenAccount", account_id=f"{owner}:{name}", participant_id=owner,
                         type=kind)
                for name, kind in (("operating", pb.ACCOUNT_TYPE_UNSPECIFIED),
                                   ("reserve-1", pb.OPERATING), ("reserve-2", pb.OPERATING),
                                   ("a", pb.FEES))]
        of_owner = {"method": "GetParticipantAccounts", "rows": "accounts", "participant_id": owner}
        self.assertEqual(self.pages(**of_owner), (made, 1))
        self.assertEqual(self.pages(**of_owner, page_bytes=1), (made, 4))
        for reason, field, fields in (
                ("ID_NOT_OF_PARTICIPANT", "account_id",
                 {"account_id": "other:x", "participant_id": owner}),
                ("ID_NOT_OF_PARTICIPANT", "account_id",
                 {"account_id": f"{owner}:", "participant_id": owner}),
                ("TYPE_MISMATCH", "type",
                 {"account_id": f"{owner}:fees", "participant_id": owner, "type": pb.ESCROW}),
                ("TYPE_MISMATCH", "type",
                 {"account_id": f"{owner}:x", "participant_id": owner, "type": pb.STANDALONE}),
                ("TYPE_MISMATCH", "type", {"account_id": "x", "type": pb.FEES}),
                ("ENUM_VALUE_UNKNOWN", "type", {"account_id": "x", "type": 99}),
                ("POLICY_INVALID", "ceiling",
                 {"account_id": "x", "initial_balance": 2, "ceiling": 1}),
                ("ID_EMPTY", "account_id", {})):
            self.invalid("OpenAccount", reason, field, **fields)
        self.refused("OpenAccount", WRONG, "FIELD_UNKNOWN", request=b"\x98\x06\x01",
                     facts={"field": "99"})
        self.refused("OpenAccount", Code.NOT_FOUND, "PARTICIPANT_NOT_FOUND", account_id="no:x",
                     participant_id="no", type=pb.FEES, facts={"participant_id": "no"})
        self.assertEqual(self.ask("OpenAccount", account_id="high",
                                  ceiling=INT64_MAX).HasField("ceiling"), False)

    def test_the_whole_ledger_balances(self):
        a, b = self.account(100), self.account(0)
        # All other tests need it off again.
        self.addCleanup(self.execute, policy(require_balanced=False))
        on = self.execute(policy(require_balanced=True, note="from now on"))
        self.assertEqual((on.type, on.require_balanced, on.HasField("account")),
                         ("policy", True, False))
        for method, fields in (("Credit", {"account_id": a, "amount": 1}),
                               ("Debit", {"account_id": a, "amount": 1}),
                               ("Transfer", {"entries": entries((a, -2), (b, 1))}),
                               ("CreateAccount", {"account_id": "x", "initial_balance": 1})):
            self.refused(method, WRONG, "ENTRIES_UNBALANCED", **fields)
        self.ask("Transfer", entries=entries((a, -2), (b, 2)))
        self.ask("CreateAccount", account_id="y")
        # It holds for what comes after it in the same batch.
        answer = self.ask("ExecuteBatch", atomic=True, commands=[
            policy(require_balanced=False), command((a, -1)), policy(require_balanced=True),
            command((a, -1))])
        self.assertEqual([one.error.reason for one in answer.results],
                         ["BATCH_ABORTED"] * 3 + ["ENTRIES_UNBALANCED"])
        off = self.execute(policy(require_balanced=False))
        self.assertEqual(self.pages("ListPolicies", "policies"), ([off, on], 1))
        self.ask("Credit", account_id=a, amount=1)
