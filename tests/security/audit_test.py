"""Who did what: what the chain and the server's own log keep, and what changes of that log show."""

import json

from door import GIVEN, Caller, Daemon, SecurityTest, Tokens, bearer, ctl, main, move, pb, until

ROLES = {"ops": "operator", "tim": "teller", "ann": "auditor", "seb": "participant"}


class AuditTest(SecurityTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tokens = Tokens(cls.folder)
        made = {name: tokens.create(name, role) for name, role in ROLES.items()}
        cls.store = cls.folder / "store"
        cls.settings = (tokens.setting, f"storage.path={cls.store}")
        cls.daemon, channel = cls.serve_class(*cls.settings)
        cls.callers = {name: Caller(channel, bearer(token)) for name, token in made.items()}
        cls.nobody = Caller(channel)
        cls.token_file = cls.folder / "ann.token"
        cls.token_file.write_text(made["ann"] + "\n", encoding="utf-8")
        cls.secrets = list(made.values())
        tim = cls.callers["tim"]
        for account in ("alice", "bob"):
            tim.ask("LedgerService.CreateAccount", account_id=account, initial_balance=100)
        cls.paid = tim.ask("LedgerService.Transfer", move("alice", "bob", 5))

    def ctl(self, *arguments, **more):
        return ctl("--server", self.daemon.address, "--token-file", self.token_file, *arguments,
                   **more)

    def answered(self):
        return [json.loads(line) for line in
                self.ctl("--json", "audit", "list", "--answered", "--limit", 10_000).stdout.splitlines()]

    def await_answered(self, **wanted):
        """It is written once a second."""
        def found():
            return [line for line in self.answered() if {**line, **wanted} == line]
        until(found, f"the log has {wanted}")
        return found()

    def committed(self, *arguments):
        return json.loads(self.ctl("--json", "audit", "list", *arguments).stdout).get("committed", [])

    def test_what_commits_is_kept_with_who_asked(self):
        mine = self.committed("--caller", "tim")
        self.assertEqual([line["what"] for line in mine][:3], ["account", "account", "transfer"])
        self.assertEqual(mine[0]["subject"], "alice")
        self.assertEqual(mine[2]["subject"], self.paid.id)
        self.assertTrue(mine[2]["peer"].startswith("ipv4:127.0.0.1:"), mine[2])
        self.assertEqual(self.committed("--caller", "nobody"), [])
        self.assertIn("tim", self.ctl("audit", "list").stdout)

    def test_a_batch_and_a_stream(self):
        transfers = [move("alice", "bob"), move("bob", "alice")]
        self.callers["tim"].ask("LedgerService.TransferBatch",
                                pb.TransferBatchRequest(transfers=transfers))
        self.stream(self.callers["tim"])(*transfers)
        self.assertGreaterEqual(
            [line["what"] for line in self.committed("--caller", "tim")].count("transfer"), 5)

    def test_reads_and_refusals_are_kept_by_the_server(self):
        self.callers["ops"].ask("LedgerService.GetBalance", account_id="alice")
        self.callers["seb"].refusal("LedgerService.GetBalance", account_id="alice")
        self.callers["ops"].refusal("LedgerService.Transfer", move("alice", "bob"))
        self.callers["tim"].refusal("LedgerService.Transfer", move("alice", "bob", 10_000))
        self.callers["seb"].refusal("LedgerService.Debit", account_id="alice", amount=1)
        self.nobody.refusal("LedgerService.GetBalance", account_id="bob")
        self.await_answered(caller="ops", method="GetBalance", subject="alice", outcome="OK")
        self.await_answered(caller="seb", method="GetBalance", subject="alice",
                            outcome="ACCOUNT_NOT_FOUND")
        self.await_answered(caller="ops", method="Transfer", outcome="PERMISSION_DENIED", refused=1)
        self.await_answered(caller="tim", method="Transfer", outcome="INSUFFICIENT_FUNDS")
        self.await_answered(caller="seb", method="Debit", outcome="PERMISSION_DENIED")
        self.await_answered(caller="", method="GetBalance", outcome="UNAUTHENTICATED")

    def test_a_batch_that_is_refused_in_part_is_one_line(self):
        transfers = [move("alice", "bob"), move("alice", "bob", 10_000), move("alice", "none")]
        self.callers["tim"].ask("LedgerService.TransferBatch",
                                pb.TransferBatchRequest(transfers=transfers))
        found = self.await_answered(method="TransferBatch", items=3, refused=2)
        self.assertEqual(found[0]["outcome"], "INSUFFICIENT_FUNDS")
        self.assertEqual(found[0]["subject"], "alice")

    def test_what_commits_is_not_told_twice(self):
        self.callers["tim"].ask("LedgerService.Credit", account_id="bob", amount=1, reference="once")
        self.callers["ops"].ask("LedgerService.GetAccount", account_id="bob")
        self.await_answered(caller="ops", method="GetAccount", subject="bob")
        self.assertFalse([line for line in self.answered()
                          if line["method"] == "Credit" and line["outcome"] == "OK"])

    def test_no_secret_stands_there(self):
        self.callers["ops"].ask("LedgerService.GetBalance", account_id="alice")
        self.await_answered(caller="ops", method="GetBalance")
        kept = b"".join(path.read_bytes() for path in (self.store / "audit").iterdir())
        for secret in self.secrets:
            self.assertNotIn(secret.encode(), kept)

    def test_who_may_read_it(self):
        for name, may in (("ops", True), ("ann", True), ("tim", False), ("seb", False)):
            for answered in (False, True):
                refused = self.callers[name].refusal("AdminService.ListAudit", answered=answered)
                self.assertEqual(refused is None, may, (name, refused))

    def test_arguments_that_are_wrong(self):
        ann = self.callers["ann"]
        for reason, fields in (("LIMIT_OUT_OF_RANGE", {"limit": -1}),
                               ("LIMIT_OUT_OF_RANGE", {"limit": 1001, "answered": True}),
                               ("PAGE_TOKEN_INVALID", {"page_token": "x"}),
                               ("PAGE_TOKEN_INVALID", {"page_token": "x", "answered": True}),
                               ("TIME_RANGE_INVALID", {"from": 2, "to": 1})):
            with self.subTest(reason, **fields):
                self.assertEqual(ann.refusal("AdminService.ListAudit", **fields).reason, reason)

    def test_pages_follow_each_other(self):
        ann = self.callers["ann"]
        for answered in (False, True):
            if answered:
                self.await_answered(method="ListAudit")
            seen, token = [], ""
            for _ in range(1_000):
                page = ann.ask("AdminService.ListAudit", limit=2, answered=answered, page_token=token)
                seen += list(page.lines) if answered else [one.sequence for one in page.committed]
                token = page.next_page_token
                if not token:
                    break
            self.assertEqual(len(seen), len(set(seen)))
            self.assertGreaterEqual(len(seen), 3)

    def test_the_chain_of_lines_is_checked(self):
        self.callers["ops"].ask("LedgerService.GetBalance", account_id="bob")
        self.await_answered(caller="ops", method="GetBalance", subject="bob")
        self.assertIn("the log is whole", self.ctl("audit", "verify").stdout)


class ChangedLog(SecurityTest):
    def test_a_line_that_was_changed_or_taken_out_is_seen(self):
        tokens = Tokens(self.folder)
        token = tokens.create("ann", "auditor")
        file = self.folder / "ann.token"
        file.write_text(token, encoding="utf-8")
        store = self.folder / "changed"
        settings = (tokens.setting, f"storage.path={store}")
        with Daemon(GIVEN.scalegraphd, *settings) as daemon:
            def kept():
                (log,) = (store / "audit").iterdir()
                return log.read_text(encoding="utf-8").count("GetTree")
            for _ in range(6):
                ctl("--server", daemon.address, "--token-file", file, "tree")
            until(lambda: kept() == 6, "the log has all of them")
        (log,) = (store / "audit").iterdir()
        whole = log.read_text(encoding="utf-8")
        lines = whole.splitlines(keepends=True)
        self.assertGreaterEqual(len(lines), 6)

        def verify(text, exit_code):
            log.write_text(text, encoding="utf-8")
            with Daemon(GIVEN.scalegraphd, *settings) as daemon:
                return ctl("--server", daemon.address, "--token-file", file, "audit", "verify",
                           exit_code=exit_code).stdout
        self.assertIn("the log is whole", verify(whole, 0))
        self.assertIn("was changed", verify(whole.replace('"caller":"ann"', '"caller":"bob"', 1), 1))
        self.assertIn("is missing", verify("".join(lines[:2] + lines[3:]), 1))
        self.assertIn("was changed", verify("".join([lines[1], lines[0], *lines[2:]]), 1))


class WithoutAudit(SecurityTest):
    def test_nothing_is_kept(self):
        tokens = Tokens(self.folder)
        caller_of = {name: bearer(tokens.create(name, role)) for name, role in ROLES.items()}
        store = self.folder / "off"
        _, channel = self.serve(tokens.setting, f"storage.path={store}", "auth.audit=false")
        tim, ann = (Caller(channel, caller_of[name]) for name in ("tim", "ann"))
        tim.ask("LedgerService.CreateAccount", account_id="alice")
        self.assertFalse(ann.ask("AdminService.ListAudit").committed)
        self.assertFalse(ann.ask("AdminService.ListAudit", answered=True).lines)
        self.assertFalse((store / "audit").exists())


if __name__ == "__main__":
    main()
