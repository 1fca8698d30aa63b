"""Who is let in: bearer tokens and their file, limits of one caller, what the log may say.

    /usr/bin/python3 credentials_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH

JSON Web Tokens stand in jwt_cases.py, and run with these.
"""

import json
import re
import stat
import time

import grpc

from door import (HEALTH, METHODS, PATIENCE_S, Caller, Code, SecurityTest, Tokens, await_code,
                  bearer, ctl, main, move, pb, reasons_of, refusal_of, until)
from jwt_cases import JsonWebTokens, KeyFiles  # noqa: F401  (unittest finds them here)

UNKNOWN = "UNAUTHENTICATED"
MIB = 1 << 20
TOKEN = re.compile(r"^sgt_[A-Za-z0-9_-]{43}$")
BALANCE = "LedgerService.GetBalance"
CREATE = "LedgerService.CreateAccount"
REFLECTIONS = [f"grpc.reflection.{version}.ServerReflection.ServerReflectionInfo"
               for version in ("v1", "v1alpha")]


class Tokenless(SecurityTest):
    """Every call says who sends it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tokens = Tokens(cls.folder)
        cls.token = cls.tokens.create("ops", "admin")
        cls.revoked = cls.tokens.create("gone", "admin")
        cls.tokens.revoke("gone")
        _, cls.channel = cls.serve_class(cls.tokens.setting)
        cls.caller = Caller(cls.channel, bearer(cls.token))

    def headers(self):
        """What each lets nobody in."""
        good, other = self.token, "A" if self.token[-1] != "A" else "B"
        one = {"no scheme": good, "another scheme": f"Basic {good}", "no token": "Bearer",
               "no space": f"Bearer{good}", "a scheme more": f"Bearer Bearer {good}",
               "two spaces": f"Bearer  {good}", "a word more": f"Bearer {good} x",
               "a list": f"Bearer {good}, Bearer {good}", "revoked": f"Bearer {self.revoked}",
               "another character": f"Bearer {good[:-1]}{other}", "cut": f"Bearer {good[:-1]}",
               "longer": f"Bearer {good}A", "upper case": f"Bearer {good.upper()}",
               "without its prefix": f"Bearer {good[4:]}", "the prefix": "Bearer sgt_",
               "the hash": f"Bearer {self.hash_of('ops')}", "no header's value": "",
               "like a JSON Web Token": "Bearer a.b.c", "long": "Bearer sgt_" + "x" * 6000}
        yield "no header", ()
        for what, value in one.items():
            yield what, (("authorization", value),)
        yield "two headers", bearer(good) + bearer(good)
        yield "a wrong one more", bearer(good) + bearer(self.revoked)
        yield "a wrong one before", bearer(self.revoked) + bearer(good)
        yield "another header", (("token", good), ("x-authorization", f"Bearer {good}"))

    def hash_of(self, name):
        row = re.search(f"^{name} .*:([0-9a-f]{{64}})$", self.tokens.path.read_text("utf-8"), re.M)
        return row.group(1)

    def test_what_lets_nobody_in(self):
        for what, headers in self.headers():
            with self.subTest(what):
                refused = Caller(self.channel, headers).refusal(BALANCE, account_id="a")
                self.check_refusal(refused, Code.UNAUTHENTICATED, UNKNOWN)
                self.assertNotIn("sgt_", refused.message)

    def test_every_method(self):
        for method in sorted(set(METHODS) - HEALTH):
            for what, headers in (("no header", ()), ("revoked", bearer(self.revoked)),
                                  ("garbage", bearer("garbage"))):
                with self.subTest(method=method, headers=what):
                    refused = Caller(self.channel, headers).refusal(method)
                    self.check_refusal(refused, Code.UNAUTHENTICATED, UNKNOWN)

    def test_health_is_open(self):
        serving = 1
        for method in HEALTH:
            for headers in ((), bearer("garbage"), bearer(self.token) * 2):
                with self.subTest(method=method, headers=headers):
                    told = Caller(self.channel, headers).ask(method, service="")
                    self.assertEqual(told.status, serving)

    def test_what_lets_in(self):
        for scheme in ("Bearer", "bearer", "BEARER"):
            headers = (("authorization", f"{scheme} {self.token}"),)
            self.assertEqual(Caller(self.channel, headers).code(account_id="a"), Code.NOT_FOUND)

    def test_the_request_is_not_looked_at_before(self):
        """Not even whether it is one."""
        call = self.channel.unary_unary("/scalegraph.ledger.LedgerService/GetBalance")
        with self.assertRaises(grpc.RpcError) as refused:
            call(b"\xff", timeout=9)
        self.assertEqual(refused.exception.code(), Code.UNAUTHENTICATED)

    def test_new_tokens_and_revoked_ones(self):
        token = self.tokens.create("short", "auditor")
        caller = Caller(self.channel, bearer(token))
        await_code(caller, Code.NOT_FOUND, account_id="a")
        begun = time.monotonic()
        self.assertIn("revoked 1 token of short", self.tokens.revoke("short"))
        await_code(caller, Code.UNAUTHENTICATED, account_id="a")
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(self.caller.code(account_id="a"), Code.NOT_FOUND)

    def test_a_role_that_changes(self):
        token = self.tokens.create("changing", "auditor")
        caller = Caller(self.channel, bearer(token))
        await_code(caller, Code.PERMISSION_DENIED, CREATE, account_id="by-an-auditor")
        text = self.tokens.path.read_text(encoding="utf-8")
        self.tokens.replace(text.replace("changing auditor", "changing teller"))
        await_code(caller, Code.OK, CREATE, account_id="by-an-auditor")

    def test_a_stream_whose_token_is_revoked(self):
        caller = Caller(self.channel, bearer(self.tokens.create("streaming", "teller")))
        await_code(caller, Code.NOT_FOUND, account_id="a")
        send = self.stream(caller)
        transfer = move("none", "nobody")
        self.assertEqual(reasons_of(send(transfer)), ["ACCOUNT_NOT_FOUND"])
        self.tokens.revoke("streaming")
        until(lambda: reasons_of(send(transfer)) == [UNKNOWN], "its requests are refused",
              PATIENCE_S)

    def test_unknown_methods(self):
        for path in ("/scalegraph.ledger.LedgerService/Nothing", "/nothing.Service/Nothing"):
            with self.assertRaises(grpc.RpcError) as refused:
                self.channel.unary_unary(path)(b"", timeout=9)
            self.assertEqual(refused.exception.code(), Code.UNIMPLEMENTED)


class TokenFile(SecurityTest):
    """Each test has a file of its own."""

    def setUp(self):
        self.tokens = Tokens(self.folder)
        self.tokens.path.unlink(missing_ok=True)

    def test_scalegraphctl_token(self):
        file = self.tokens.path
        token = self.tokens.create("ci", "teller")
        self.assertRegex(token, TOKEN)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertNotIn(token[4:], file.read_text(encoding="utf-8"))
        made = json.loads(ctl("token", "create", "the-shop", "--role", "participant:a shop",
                              "--file", file, "--json").stdout)
        self.assertRegex(made.pop("token"), TOKEN)
        self.assertEqual(made, {"name": "the-shop", "role": "participant:a shop"})
        self.assertNotEqual(self.tokens.create("ci", "teller"), token)
        listed = ctl("token", "list", "--file", file).stdout.splitlines()
        self.assertEqual([line.split()[0] for line in listed], ["NAME", "ci", "the-shop", "ci"])
        rows = [json.loads(line) for line in
                ctl("token", "list", "--file", file, "--json").stdout.splitlines()]
        self.assertEqual([(row["name"], row["role"]) for row in rows],
                         [("ci", "teller"), ("the-shop", "participant:a shop"), ("ci", "teller")])
        self.assertEqual(ctl("token", "revoke", "ci", "--file", file).stdout,
                         "revoked 2 tokens of ci\n")
        done = ctl("token", "revoke", "ci", "--file", file, exit_code=2)
        self.assertIn("has no token of ci", done.stderr)
        for wrong in (["x y", "--role", "teller"], ["x", "--role", "king"], ["x"],
                      ["#x", "--role", "teller"], ["x", "--role", "participant:"]):
            done = ctl("token", "create", *wrong, "--file", file, exit_code=2)
            self.assertTrue(done.stderr.startswith("error: "), done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(len(ctl("token", "list", "--file", file).stdout.splitlines()), 2)
        self.assertEqual([one.name for one in self.folder.glob("tokens*")], ["tokens"])

    def test_a_change_that_is_under_way(self):
        self.tokens.create("ci", "teller")
        before = self.tokens.path.read_text(encoding="utf-8")
        other = self.tokens.path.with_name("tokens.new")
        other.touch()
        self.addCleanup(other.unlink)
        for command in (["create", "x", "--role", "admin"], ["revoke", "ci"]):
            done = ctl("token", *command, "--file", self.tokens.path, exit_code=2)
            self.assertIn("another change is under way", done.stderr)
        self.assertEqual(self.tokens.path.read_text(encoding="utf-8"), before)

    def test_comments_stay(self):
        self.tokens.path.write_text("# ours\n\n", encoding="utf-8")
        self.tokens.create("ci", "teller")
        self.tokens.create("x", "admin")
        self.tokens.revoke("ci")
        self.assertRegex(self.tokens.path.read_text(encoding="utf-8"),
                         r"^# ours\n\nx admin sha256:[0-9a-f]{64}\n$")

    def test_wrong_files_at_the_start(self):
        hashed = "sha256:" + "0" * 64
        for text, says in ((f"# x\n\nci king {hashed}\n", 'line 3: "king" is no role'),
                           ("ci teller 123\n", "line 1: "), ("ci\n", "line 1: "),
                           ("ci teller sha256:" + "A" * 64 + "\n", "line 1: "),
                           (f"a admin {hashed}\nb admin {hashed}\n", "line 2: ")):
            self.tokens.path.write_text(text, encoding="utf-8")
            for check_only in (False, True):
                with self.subTest(text, check_only=check_only):
                    self.check_start(self.tokens.setting, says=(str(self.tokens.path), says),
                                     check_only=check_only)
        self.tokens.path.unlink()
        self.check_start(self.tokens.setting, says=(str(self.tokens.path), "No such file"))
        self.check_start(f"auth.tokens={self.folder}", says=str(self.folder))

    def test_a_file_that_breaks_while_the_server_runs(self):
        good = Tokens(self.folder)
        caller = bearer(good.create("ops", "admin"))
        daemon, channel = self.serve(good.setting)
        caller = Caller(channel, caller)
        text = good.path.read_text(encoding="utf-8")
        good.replace(text + "nonsense\n")
        kept = "what was read before stays in use"
        until(lambda: daemon.log().count(kept) == 1, "the log says it", PATIENCE_S)
        self.assertRegex(daemon.log(), rf"error.*{re.escape(str(good.path))}: line 3: .*{kept}")
        self.assertEqual(caller.code(account_id="a"), Code.NOT_FOUND)
        good.path.unlink()
        until(lambda: daemon.log().count(kept) == 2, "the log says it again", PATIENCE_S)
        self.assertEqual(caller.code(account_id="a"), Code.NOT_FOUND)
        good.replace(text.replace("ops admin", "ops auditor"))
        await_code(caller, Code.PERMISSION_DENIED, CREATE, account_id="a")
        # Told once, and not at each look.
        self.assertEqual(daemon.log().count(kept), 2)
        # In place, as an editor writes it.
        with good.path.open("a", encoding="utf-8") as file:
            file.write("# more\n")
        until(lambda: daemon.log().count("were read again") == 2, "read again", PATIENCE_S)

    def test_an_empty_file(self):
        self.tokens.path.touch()
        _, channel = self.serve(self.tokens.setting)
        refused = Caller(channel).refusal(BALANCE, account_id="a")
        self.check_refusal(refused, Code.UNAUTHENTICATED, UNKNOWN)


class Limits(SecurityTest):
    """What one caller may take, while another notices nothing."""

    def callers(self, *settings):
        tokens = Tokens(self.folder)
        tokens.path.unlink(missing_ok=True)
        made = [tokens.create(name, role)
                for name, role in (("busy", "teller"), ("calm", "admin"), ("busy", "teller"))]
        _, channel = self.serve(tokens.setting, *settings)
        self.channel = channel
        busy, calm, same = (Caller(channel, bearer(token)) for token in made)
        for account in ("a", "b"):
            self.ask_patiently(calm, CREATE, account_id=account,
                               initial_balance=100_000)
        return busy, calm, same

    @staticmethod
    def ask_patiently(caller, method, **fields):
        until(lambda: caller.code(method, **fields) in (Code.OK, Code.ALREADY_EXISTS), method,
              PATIENCE_S)

    def check_overloaded(self, refused, **facts):
        self.check_refusal(refused, Code.RESOURCE_EXHAUSTED, "OVERLOADED", **facts)

    def test_calls_a_second(self):
        busy, calm, same = self.callers("auth.max_calls_per_second=20")
        told = [busy.refusal(BALANCE, account_id="a") for _ in range(200)]
        refused = [one for one in told if one]
        self.assertTrue(told[0] is None and refused)
        self.assertGreaterEqual(len(told) - len(refused), 20)
        for one in refused:
            self.check_overloaded(one, max_calls_per_second="20")
        # Another token of the same name is the same caller.
        self.assertIsNotNone(same.refusal(BALANCE, account_id="a"))
        self.assertIsNone(calm.refusal(BALANCE, account_id="a"))
        until(lambda: busy.code(account_id="a") == Code.OK, "it may call again", PATIENCE_S)
        # Requests of a stream count; what is refused changes nothing.
        def opened():
            send = self.stream(busy)
            try:
                return send, reasons_of(send(move("a", "b")))
            except grpc.RpcError as error:
                self.check_overloaded(refusal_of(error), max_calls_per_second="20")
                return None
        before = calm.ask(BALANCE, account_id="a").balance
        send, reasons = until(opened, "it may open a stream", PATIENCE_S)
        until(lambda: reasons.extend(reasons_of(send(move("a", "b")))) or
              {None, "OVERLOADED"} <= set(reasons), "some are refused, and some not", PATIENCE_S)
        self.assertEqual(set(reasons), {None, "OVERLOADED"})
        self.assertEqual(calm.ask(BALANCE, account_id="a").balance, before - reasons.count(None))

    def unread(self, caller):
        """A call in flight: its answer of some MiB is not read. Returns how to read it."""
        batch = pb.TransferBatchRequest(transfers=[move("a", "b", reference="x" * 1000)] * 5000)
        call = caller.begin("LedgerService.StreamTransfers", iter([batch]))
        return lambda: next(call)

    def moved(self, caller, amount):
        def is_moved():
            return caller.ask(BALANCE, account_id="b").balance == 100_000 + amount
        until(is_moved, "the batch is carried out", PATIENCE_S)

    def test_calls_at_once(self):
        busy, calm, same = self.callers("auth.max_in_flight=1")
        read = self.unread(busy)
        self.moved(calm, 5000)
        for caller in (busy, same):
            self.check_overloaded(caller.refusal(BALANCE, account_id="a"), max_in_flight="1")
        self.check_overloaded(busy.refusal("LedgerService.Debit", account_id="a", amount=1),
                              max_in_flight="1", outcome="none")
        self.assertIsNone(calm.refusal(BALANCE, account_id="a"))
        self.assertEqual(len(read().results), 5000)
        until(lambda: busy.code(account_id="a") == Code.OK, "its place is free", PATIENCE_S)
        self.assertEqual(calm.ask(BALANCE, account_id="a").balance, 95_000)

    def test_bytes_at_once(self):
        busy, calm, _ = self.callers(f"auth.max_in_flight_bytes={MIB}")
        # Alone, a call may be as large as it is.
        read = self.unread(busy)
        self.moved(calm, 5000)
        self.check_overloaded(busy.refusal(BALANCE, account_id="a"), max_in_flight_bytes=str(MIB))
        self.assertIsNone(calm.refusal(BALANCE, account_id="a"))
        self.assertEqual(len(read().results), 5000)
        until(lambda: busy.code(account_id="a") == Code.OK, "its bytes are free", PATIENCE_S)

    def test_streams(self):
        busy, calm, same = self.callers("auth.max_streams=2")
        first, second, third = (self.stream(caller) for caller in (busy, same, calm))
        for send in (first, second):
            self.assertEqual(reasons_of(send(move("a", "b"))), [None])
        for method in ("LedgerService.StreamTransfers", REFLECTIONS[0]):
            self.check_overloaded(busy.refusal(method), max_streams="2")
        self.assertEqual(reasons_of(third(move("a", "b"))), [None])
        # Health checks are nobody's.
        self.assertEqual(busy.code("grpc.health.v1.Health.Watch"), Code.OK)
        first.end()
        until(lambda: busy.code("LedgerService.StreamTransfers") == Code.OK, "a stream is free",
              PATIENCE_S)

    def test_the_whole_server(self):
        """Its own limits hold for all callers together."""
        busy, calm, _ = self.callers("server.max_in_flight=1", "auth.max_in_flight=5")
        read = self.unread(busy)
        until(lambda: calm.code(account_id="a") == Code.RESOURCE_EXHAUSTED, "it is full",
              PATIENCE_S)
        self.check_overloaded(calm.refusal(BALANCE, account_id="a"), max_in_flight="1")
        self.assertEqual(len(read().results), 5000)
        until(lambda: calm.code(account_id="a") == Code.OK, "it has room", PATIENCE_S)


class Places(SecurityTest):
    def test_a_unix_socket(self):
        """Whoever may open it has to say who calls, all the same."""
        tokens = Tokens(self.folder)
        headers = bearer(tokens.create("ops", "admin"))
        daemon, channel = self.serve(tokens.setting, f"server.listen=unix:{self.folder}/socket")
        self.assertTrue(daemon.address.startswith("unix:"))
        self.assertEqual(Caller(channel).code(account_id="a"), Code.UNAUTHENTICATED)
        self.assertEqual(Caller(channel, headers).code(account_id="a"), Code.NOT_FOUND)

    def test_without_reflection(self):
        tokens = Tokens(self.folder)
        headers = bearer(tokens.create("ops", "admin"))
        for settings in ([], [tokens.setting]):
            _, channel = self.serve("server.reflection=false", *settings)
            for method in REFLECTIONS:
                with self.subTest(method=method, settings=settings):
                    self.assertEqual(Caller(channel, headers).code(method, list_services="*"),
                                     Code.UNIMPLEMENTED)
            self.assertEqual(Caller(channel).code("grpc.health.v1.Health.Check"), Code.OK)


class Secrets(SecurityTest):
    """No log and no message has a token in it."""

    def test_the_log(self):
        tokens = Tokens(self.folder)
        token, revoked = tokens.create("ops", "admin"), tokens.create("gone", "teller")
        unknown, web_token, basic = "sgt_" + "u" * 43, "aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl", "cGFzcw"
        for level in ("debug", "trace"):
            daemon, channel = self.serve(tokens.setting, f"log.level={level}")
            told = []
            for headers in (*map(bearer, (token, revoked, unknown, web_token)),
                            bearer(token) + bearer(revoked),
                            (("authorization", f"Basic {basic}"),)):
                for method in sorted(METHODS):
                    told.append(str(Caller(channel, headers).refusal(method)))
            tokens.revoke("gone")
            await_code(Caller(channel, bearer(revoked)), Code.UNAUTHENTICATED, account_id="a")
            revoked = tokens.create("gone", "teller")
            self.assertEqual(daemon.stop(), 0)
            for secret in (token, revoked, unknown, web_token, basic):
                self.assertNotIn(secret[4:], daemon.log() + "".join(told))


if __name__ == "__main__":
    main()
