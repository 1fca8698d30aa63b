"""What each role may do: every method as every role, and what is a participant's own.

    /usr/bin/python3 roles_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import itertools

from door import (METHODS, Caller, Code, SecurityTest, Tokens, await_code, bearer, entries, main,
                  move, pb, reasons_of)

INT64_MAX = 2**63 - 1
ROLES = ("admin", "operator", "teller", "participant", "auditor")
# Who may call what. A participant: on what is its own.
TABLE = (
    ("admin operator teller participant auditor",
     "grpc.health.v1.Health.Check grpc.health.v1.Health.Watch "
     "grpc.reflection.v1.ServerReflection.ServerReflectionInfo "
     "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo"),
    ("admin operator teller participant auditor",
     "ParticipantService.GetParticipant ParticipantService.GetParticipantAccounts "
     "LedgerService.GetAccount LedgerService.GetBalance LedgerService.ListTransactions "
     "LedgerService.GetTransaction QueryService.GetKeyOutcome"),
    ("admin operator teller auditor",
     "ParticipantService.ListParticipants AdminService.ListAccounts AdminService.GetBalanceSheet "
     "QueryService.FindTransactions QueryService.ListPolicies"),
    ("admin teller participant",
     "LedgerService.Credit LedgerService.Debit LedgerService.Transfer LedgerService.TransferBatch "
     "LedgerService.StreamTransfers CommandService.Execute CommandService.ExecuteBatch "
     "CommandService.StreamExecute CommandService.SealKey"),
    ("admin teller",
     "ParticipantService.CreateParticipant ParticipantService.CreateParticipantAccount "
     "LedgerService.CreateAccount AccountService.OpenAccount ImportService.Import"),
    ("admin operator auditor",
     "AdminService.GetTree AdminService.Verify AdminService.ListAudit "
     "AdminService.ExplainTransaction ClusterService.GetCluster ExportService.Export"),
    ("admin operator",
     "ClusterService.Init ClusterService.TransferLeadership BackupService.CreateBackup "
     "BackupService.ListBackups BackupService.GetBackup BackupService.VerifyBackup"),
)
MAY = {method: roles.split() for roles, methods in TABLE for method in methods.split()}
# Of a ledger that stands alone: whoever is let in is told so.
OF_CLUSTERS = {name for name in METHODS if name.startswith("ClusterService.")}
# Of a server without a folder for backups: the same.
OF_BACKUPS = {name for name in METHODS if name.startswith("BackupService.")}
DENIED = "PERMISSION_DENIED"
COMMON = {"name": "n", "role": pb.SUPPLIER}


def command(*moved):
    return pb.Command(transfer=pb.TransferAction(entries=moved))


class RolesTest(SecurityTest):
    """A daemon and callers for each class of tests."""

    names = itertools.count()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tokens = Tokens(cls.folder)
        made = {role: cls.tokens.create(f"the-{role}", role) for role in ROLES[:3] + ROLES[4:]}
        # A participant by its own name, and one under another name.
        made["seb"] = cls.tokens.create("seb", "participant")
        made["shop"] = cls.tokens.create("till", "participant:the shop")
        _, cls.channel = cls.serve_class(cls.tokens.setting)
        cls.callers = {name: Caller(cls.channel, bearer(token)) for name, token in made.items()}
        cls.callers["participant"] = cls.seb = cls.callers["seb"]
        cls.admin = cls.callers["admin"]
        for name in ("seb", "the shop"):
            cls.admin.ask("ParticipantService.CreateParticipant", id=name, **COMMON)
            cls.admin.ask("ParticipantService.CreateParticipantAccount", participant_id=name,
                          account_type=pb.OPERATING, initial_balance=1000)
        cls.admin.ask("LedgerService.CreateAccount", account_id="vault", initial_balance=1000)

    def balance(self, account):
        return self.admin.ask("LedgerService.GetBalance", account_id=account).balance

    def balances(self):
        return [self.balance(account) for account in ("seb:operating", "the shop:operating",
                                                      "vault")]


class Table(RolesTest):
    """Each request would succeed, were it let in."""

    def fields(self, method, transaction):
        name = f"new-{next(self.names)}"
        own = {"account_id": "seb:operating"}
        pair = entries(("seb:operating", -1), ("vault", 1))
        return {
            "ParticipantService.CreateParticipant": {"id": name, **COMMON},
            "ParticipantService.GetParticipant": {"participant_id": "seb"},
            "ParticipantService.GetParticipantAccounts": {"participant_id": "seb"},
            "LedgerService.CreateAccount": {"account_id": name},
            "LedgerService.GetAccount": own,
            "LedgerService.GetBalance": own,
            "LedgerService.ListTransactions": own,
            "LedgerService.GetTransaction": {"id": transaction},
            "AdminService.ExplainTransaction": {"id": transaction},
            "QueryService.FindTransactions": {"reference": "r"},
            "QueryService.ListPolicies": own,
            "AccountService.OpenAccount": {"account_id": name},
            "QueryService.GetKeyOutcome": {"key": "key of nobody"},
            "CommandService.SealKey": {"key": name},
            "LedgerService.Credit": {**own, "amount": 1},
            "LedgerService.Debit": {**own, "amount": 1},
            "LedgerService.Transfer": {"entries": pair},
            "LedgerService.TransferBatch": {"transfers": [move("seb:operating", "vault")]},
            "LedgerService.StreamTransfers": {"transfers": [move("seb:operating", "vault")]},
            "CommandService.Execute": {"transfer": pb.TransferAction(entries=pair)},
            "CommandService.ExecuteBatch": {"commands": [command(*pair)]},
            "CommandService.StreamExecute": {"commands": [command(*pair)]},
        }.get(method, {})

    def test_every_method_as_every_role(self):
        self.assertEqual(set(MAY), set(METHODS), "a method is missing in the table of this test")
        paid = self.admin.ask("LedgerService.Credit", account_id="seb:operating", amount=1).id
        for method, role in itertools.product(MAY, ROLES):
            fields = self.fields(method, paid)
            if method == "ParticipantService.CreateParticipantAccount":
                # One for each role, so that it can be made.
                fields = {"participant_id": "seb", "account_type": 3 + ROLES.index(role)}
            with self.subTest(method=method, role=role):
                refused = self.callers[role].refusal(method, **fields)
                if role not in MAY[method]:
                    self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED)
                    self.assertIn(role, refused.message)
                elif method in OF_CLUSTERS:
                    self.check_refusal(refused, Code.UNIMPLEMENTED, "NO_CLUSTER")
                elif method in OF_BACKUPS:
                    self.check_refusal(refused, Code.FAILED_PRECONDITION, "BACKUP_OFF")
                else:
                    self.assertIsNone(refused)

    def test_what_is_denied_changes_nothing(self):
        before = self.balances()
        for role in ("operator", "auditor"):
            caller = self.callers[role]
            made = f"by-{role}"
            for method, fields in (
                    ("ParticipantService.CreateParticipant", {"id": made, **COMMON}),
                    ("LedgerService.CreateAccount", {"account_id": made}),
                    ("LedgerService.Credit", {"account_id": "vault", "amount": 1}),
                    ("LedgerService.Debit", {"account_id": "vault", "amount": 1}),
                    ("LedgerService.Transfer", {"entries": entries(("vault", -1))}),
                    ("LedgerService.TransferBatch", {"transfers": [move("vault", "seb:fees")]}),
                    ("LedgerService.StreamTransfers", {"transfers": [move("vault", "seb:fees")]}),
                    ("CommandService.Execute",
                     {"transfer": pb.TransferAction(entries=entries(("vault", -1)))}),
                    ("CommandService.ExecuteBatch",
                     {"commands": [command(*entries(("vault", -1)))]}),
                    ("CommandService.StreamExecute",
                     {"commands": [command(*entries(("vault", -1)))]})):
                with self.subTest(method=method, role=role):
                    refused = caller.refusal(method, **fields)
                    self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED, outcome="none")
            self.assertEqual(self.admin.code("LedgerService.GetAccount", account_id=made),
                             Code.NOT_FOUND)
            self.assertEqual(self.admin.code("ParticipantService.GetParticipant",
                                             participant_id=made), Code.NOT_FOUND)
        self.assertEqual(self.balances(), before)


class OwnReads(RolesTest):
    """What a participant sees of the ledger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A standalone account that has the name of an account of seb's, and was there before it.
        cls.admin.ask("LedgerService.CreateAccount", account_id="late:fees", initial_balance=7)
        cls.late = Caller(cls.channel, bearer(cls.tokens.create("late", "participant")))
        cls.admin.ask("ParticipantService.CreateParticipant", id="late", **COMMON)
        cls.foreign = cls.admin.ask("LedgerService.Transfer", entries=entries(
            ("the shop:operating", -1), ("vault", 1))).id
        cls.shared = cls.admin.ask("LedgerService.Transfer", entries=entries(
            ("the shop:operating", -1), ("vault", -1), ("seb:operating", 2))).id
        await_code(cls.late, Code.NOT_FOUND, account_id="nothing")

    def test_its_own(self):
        seb = self.seb
        self.assertEqual(seb.ask("ParticipantService.GetParticipant", participant_id="seb").id,
                         "seb")
        accounts = seb.ask("ParticipantService.GetParticipantAccounts", participant_id="seb")
        self.assertEqual([one.id for one in accounts.accounts], ["seb:operating"])
        account = seb.ask("LedgerService.GetAccount", account_id="seb:operating")
        self.assertEqual((account.id, account.participant_id), ("seb:operating", "seb"))
        self.assertEqual(seb.ask("LedgerService.GetBalance", account_id="seb:operating").balance,
                         1002)
        listed = seb.ask("LedgerService.ListTransactions", account_id="seb:operating").transactions
        self.assertEqual([one.id for one in listed], [self.shared])
        self.assertEqual(seb.ask("LedgerService.GetTransaction", id=self.shared), listed[0])
        # By the id in the role, whatever the token is called.
        shop = self.callers["shop"]
        told = shop.ask("LedgerService.GetBalance", account_id="the shop:operating")
        self.assertEqual(told.balance, 998)
        self.assertEqual(shop.ask("LedgerService.GetTransaction", id=self.foreign).id, self.foreign)

    def check_hidden(self, caller, method, field, existing, missing, **more):
        """Both are refused alike: in code, reason, facts and message."""
        with self.subTest(method=method, existing=existing, **more):
            self.assertNotEqual(self.admin.code(method, **{field: existing}), Code.NOT_FOUND)
            told = caller.refusal(method, **{field: existing}, **more)
            of_none = caller.refusal(method, **{field: missing}, **more)
            self.assertIsNotNone(told)
            self.assertEqual(told.code, Code.NOT_FOUND)
            of_none = of_none._replace(
                message=of_none.message.replace(missing, existing),
                facts={key: value.replace(missing, existing)
                       for key, value in of_none.facts.items()})
            self.assertEqual(told, of_none)
            # And as those are told who may see everything.
            if not more:
                of_all = self.admin.refusal(method, **{field: missing})
                self.assertEqual(told.reason, of_all.reason)
                self.assertEqual(told.message, of_all.message.replace(missing, existing))

    def test_what_is_not_its_own_does_not_exist(self):
        for account in ("vault", "the shop:operating", "late:fees"):
            for method in ("GetAccount", "GetBalance"):
                self.check_hidden(self.seb, f"LedgerService.{method}", "account_id", account,
                                  "none")
            for more in ({}, {"limit": 1}, {"limit": -1}, {"page_token": "wrong"},
                         {"page_bytes": -1}, {"from": 2, "to": 1}):
                self.check_hidden(self.seb, "LedgerService.ListTransactions", "account_id", account,
                                  "none", **more)
        # Of its own name's form, but not there, and one that is another's.
        self.check_hidden(self.seb, "LedgerService.GetAccount", "account_id", "the shop:operating",
                          "seb:usage")
        for more in ({}, {"page_token": "wrong"}, {"page_bytes": -1}):
            self.check_hidden(self.seb, "ParticipantService.GetParticipantAccounts",
                              "participant_id", "the shop", "nobody", **more)
        self.check_hidden(self.seb, "ParticipantService.GetParticipant", "participant_id",
                          "the shop", "nobody")
        other = self.foreign[:-1] + ("1" if self.foreign[-1] != "1" else "2")
        for missing in ("nothing", self.foreign[:10] + "0" * 16, other):
            if self.admin.code("LedgerService.GetTransaction", id=missing) == Code.NOT_FOUND:
                self.check_hidden(self.seb, "LedgerService.GetTransaction", "id", self.foreign,
                                  missing)

    def test_a_name_alone_makes_no_owner(self):
        self.check_hidden(self.late, "LedgerService.GetAccount", "account_id", "late:fees",
                          "late:usage")
        found = self.late.ask("ParticipantService.GetParticipantAccounts", participant_id="late")
        self.assertEqual(list(found.accounts), [])
        refused = self.late.refusal("LedgerService.Debit", account_id="late:fees", amount=1)
        self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED)
        self.assertEqual(self.balance("late:fees"), 7)

    def test_policies(self):
        """It changes none, and of a sweep to it sees what moved alone."""
        heir = Caller(self.channel, bearer(self.tokens.create("heir", "participant")))
        await_code(heir, Code.NOT_FOUND, account_id="nothing")
        self.admin.ask("ParticipantService.CreateParticipant", id="heir", **COMMON)
        for account, fields in (("heir:own", {"participant_id": "heir"}),
                                ("left", {"initial_balance": 5, "metadata": {"k": "secret"}})):
            self.admin.ask("AccountService.OpenAccount", account_id=account, **fields)
        refused = heir.refusal("CommandService.Execute", policy=pb.PolicyAction(
            account_id="heir:own", floor=-5))
        self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED, outcome="none")
        swept = self.admin.ask("CommandService.Execute", idempotency_key="the sweep",
                               policy=pb.PolicyAction(account_id="left", status=pb.CLOSED,
                                                      sweep_to="heir:own", note="secret"))
        self.assertEqual((swept.account.id, swept.note), ("left", "secret"))
        for told in (heir.ask("LedgerService.GetTransaction", id=swept.id),
                     heir.ask("QueryService.GetKeyOutcome", key="the sweep").transaction):
            self.assertEqual(list(told.entries), list(swept.entries))
            self.assertEqual((told.HasField("account"), told.note), (False, ""))
        own = self.admin.ask("CommandService.Execute", policy=pb.PolicyAction(
            account_id="heir:own", status=pb.CLOSED, sweep_to="vault", note="yours"))
        told = heir.ask("LedgerService.GetTransaction", id=own.id)
        self.assertEqual((told.account.id, told.note), ("heir:own", "yours"))

    def test_the_whole_ledger(self):
        refused = self.seb.refusal("LedgerService.ListTransactions")
        self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED, field="account_id")

    def test_wrong_arguments_are_told(self):
        for method, field in (("LedgerService.GetAccount", "account_id"),
                              ("LedgerService.GetTransaction", "id"),
                              ("ParticipantService.GetParticipant", "participant_id")):
            refused = self.seb.refusal(method, **{field: "a\nb"})
            self.check_refusal(refused, Code.INVALID_ARGUMENT, "ID_CONTROL_CHARACTER")


class OwnDebits(RolesTest):
    """What a participant may move."""

    def test_its_own_debits_and_all_credits(self):
        before = self.balances()
        self.seb.ask("LedgerService.Debit", account_id="seb:operating", amount=5)
        self.seb.ask("LedgerService.Credit", account_id="vault", amount=2)
        self.seb.ask("LedgerService.Transfer", entries=entries(("seb:operating", -4), ("vault", 1),
                                                               ("the shop:operating", 3)))
        self.callers["shop"].ask("LedgerService.Debit", account_id="the shop:operating", amount=3)
        self.assertEqual(self.balances(), [before[0] - 9, before[1], before[2] + 3])
        refused = self.seb.refusal("LedgerService.Credit", account_id="nobody", amount=1)
        self.check_refusal(refused, Code.NOT_FOUND, "ACCOUNT_NOT_FOUND")

    def test_debits_of_others(self):
        """Refused alike, whether the account is there or not."""
        before = self.balances()
        for account in ("vault", "the shop:operating", "nobody", "seb:usage"):
            facts = {"account_id": account}
            pairs = entries(("seb:operating", -1), (account, -1), ("vault", 2))
            for method, fields in (("Debit", {"account_id": account, "amount": 1}),
                                   ("Debit", {"account_id": account, "amount": INT64_MAX}),
                                   ("Transfer", {"entries": pairs}),
                                   ("Transfer", {"entries": pairs, "idempotency_key": "k"})):
                with self.subTest(method=method, account=account, fields=fields):
                    refused = self.seb.refusal(f"LedgerService.{method}", **fields)
                    # A key is not looked up, so what it did before is not known.
                    outcome = "unknown" if "idempotency_key" in fields else "none"
                    self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED, outcome=outcome,
                                       **facts)
                    self.assertEqual(set(refused.facts), {*facts, "outcome"})
                    self.assertEqual(refused.message, f"account {account} is not one of the "
                                     "caller's: it may be credited only")
        self.assertEqual(self.balances(), before)

    def test_a_refused_debit_binds_no_key(self):
        pair = entries(("vault", -1), ("seb:operating", 1))
        refused = self.seb.refusal("LedgerService.Transfer", entries=pair, idempotency_key="bound")
        self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED)
        self.admin.ask("LedgerService.Transfer", entries=pair, idempotency_key="bound",
                       reference="another")

    def test_no_error_tells_what_others_have(self):
        """Whoever may only credit an account learns nothing of its balance, whatever is refused."""
        secret = 987_654_321
        self.admin.ask("LedgerService.CreateAccount", account_id="rich", initial_balance=secret)
        calls = [("Credit", {"account_id": "rich", "amount": INT64_MAX}),
                 ("Transfer", {"entries": entries(("seb:operating", -1), ("rich", INT64_MAX))}),
                 ("TransferBatch", {"transfers": [pb.TransferRequest(
                     entries=entries(("rich", INT64_MAX)))]})]
        for method, fields in calls:
            with self.subTest(method):
                told = self.seb.refusal(f"LedgerService.{method}", **fields)
                if told is None:
                    told = self.seb.ask(f"LedgerService.{method}", **fields)
                self.assertNotIn(str(secret), str(told))

    def test_no_choice_of_refusal_tells_what_others_have(self):
        """A debit that cannot be paid, beside a credit of every size: one answer, rich or poor."""
        self.admin.ask("LedgerService.CreateAccount", account_id="richer",
                       initial_balance=2**62 - 1)
        for account in ("richer", "vault"):
            for power in range(20, 63):
                told = [self.seb.refusal("LedgerService.Transfer", entries=entries(
                    (account, 2**power + change), ("seb:operating", -INT64_MAX))).reason
                        for change in (-1, 0)]
                beyond = DENIED if power == 62 else "INSUFFICIENT_FUNDS"
                self.assertEqual(told, ["INSUFFICIENT_FUNDS", beyond], power)
            refused = self.seb.refusal("LedgerService.Credit", account_id=account, amount=2**62)
            self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED, max_credits=str(2**62 - 1))

    def test_batches(self):
        before = self.balances()
        items = [move("seb:operating", "vault"), move("vault", "seb:operating"),
                 move("nobody", "vault"), move("seb:operating", "the shop:operating"),
                 move("seb:operating", "nobody"),
                 pb.TransferRequest(entries=entries(("vault", 5)))]
        told = self.seb.ask("LedgerService.TransferBatch", transfers=items)
        self.assertEqual(reasons_of(told),
                         [None, DENIED, DENIED, None, "ACCOUNT_NOT_FOUND", None])
        for one, account in ((told.results[1], "vault"), (told.results[2], "nobody")):
            self.assertEqual((one.error.code, dict(one.error.metadata)),
                             (Code.PERMISSION_DENIED.value[0],
                              {"account_id": account, "outcome": "none"}))
        self.assertEqual(self.balances(), [before[0] - 2, before[1] + 1, before[2] + 6])
        # Over several portions of the server's work.
        many = [move("seb:operating", "vault")] * 3000
        many[1500] = move("vault", "seb:operating")
        for _ in range(3):
            self.admin.ask("LedgerService.Credit", account_id="seb:operating", amount=3000)
        told = reasons_of(self.seb.ask("LedgerService.TransferBatch", transfers=many))
        self.assertEqual([n for n, reason in enumerate(told) if reason], [1500])
        self.assertEqual(told[1500], DENIED)

    def test_atomic_batches(self):
        before = self.balances()
        own, other = move("seb:operating", "vault"), move("vault", "seb:operating")
        aborted = "BATCH_ABORTED"
        for items, wanted in (
                ([own, other, own], [aborted, DENIED, aborted]),
                ([own, move("nobody", "vault")], [aborted, DENIED]),
                ([other, move("nobody", "vault"), own], [DENIED, aborted, aborted]),
                ([move("seb:operating", "vault", 0), other], ["AMOUNT_ZERO", aborted]),
                ([own, move("seb:operating", "nobody")], [aborted, "ACCOUNT_NOT_FOUND"])):
            told = self.seb.ask("LedgerService.TransferBatch", transfers=items, atomic=True)
            self.assertEqual(reasons_of(told), wanted)
            self.assertEqual({one.error.metadata["outcome"] for one in told.results}, {"none"})
        self.assertEqual(self.balances(), before)
        told = self.seb.ask("LedgerService.TransferBatch", transfers=[own, own], atomic=True)
        self.assertEqual(reasons_of(told), [None, None])

    def test_streams(self):
        before = self.balances()
        own, other = move("seb:operating", "vault"), move("vault", "seb:operating")
        send = self.stream(self.seb)
        self.assertEqual(reasons_of(send(own)), [None])
        self.assertEqual(reasons_of(send(other, own)), [DENIED, None])
        self.assertEqual(reasons_of(send(move("nobody", "vault"))), [DENIED])
        self.assertEqual(reasons_of(send(other, own, atomic=True)),
                         [DENIED, "BATCH_ABORTED"])
        self.assertEqual(reasons_of(send(own, own, atomic=True)), [None, None])
        self.assertEqual(self.balances(), [before[0] - 4, before[1], before[2] + 4])
        # Many at once are answered in their order.
        sent = [own, other] * 100
        answers = self.seb.ask("LedgerService.StreamTransfers", iter(
            [pb.TransferBatchRequest(transfers=[one]) for one in sent]))
        self.assertEqual([reasons_of(one) for one in answers],
                         [[None], [DENIED]] * 100)
        self.assertEqual(self.balances(), [before[0] - 104, before[1], before[2] + 104])

    def test_accounts_that_come_later(self):
        """An account that was refused before it was made, on a connection and a stream."""
        late = move("seb:escrow", "vault")
        send = self.stream(self.seb)
        self.assertEqual(reasons_of(send(late)), [DENIED])
        for method, fields in (("Debit", {"account_id": "seb:escrow", "amount": 1}),
                               ("Transfer", {"entries": late.entries})):
            refused = self.seb.refusal(f"LedgerService.{method}", **fields)
            self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED)
        self.admin.ask("ParticipantService.CreateParticipantAccount", participant_id="seb",
                       account_type=pb.ESCROW, initial_balance=10)
        self.seb.ask("LedgerService.Debit", account_id="seb:escrow", amount=1)
        self.seb.ask("LedgerService.Transfer", entries=late.entries)
        self.assertEqual(reasons_of(send(late)), [None])
        self.assertEqual(self.balance("seb:escrow"), 7)

    def test_a_participant_that_is_not_there_yet(self):
        token = self.tokens.create("next", "participant")
        later = Caller(self.channel, bearer(token))
        await_code(later, Code.NOT_FOUND, account_id="nothing")
        refused = later.refusal("ParticipantService.GetParticipant", participant_id="next")
        self.check_refusal(refused, Code.NOT_FOUND, "PARTICIPANT_NOT_FOUND")
        refused = later.refusal("LedgerService.Debit", account_id="next:operating", amount=1)
        self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED)
        later.ask("LedgerService.Credit", account_id="vault", amount=1)

    def test_a_debit_that_is_cancelled(self):
        """The call ends; the caller's next one is answered."""
        for _ in range(20):
            call = self.seb.begin("LedgerService.Debit", account_id="nobody", amount=1)
            call.cancel()
            self.assertIn(call.code(), (Code.CANCELLED, Code.PERMISSION_DENIED))
        refused = self.seb.refusal("LedgerService.Debit", account_id="nobody", amount=1)
        self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED)


if __name__ == "__main__":
    main()
