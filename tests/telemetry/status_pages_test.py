"""The status page's own sources: JSON, who may read it, and over what.

    /usr/bin/python3 status_pages_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import socket
import threading
import time

from watched import PATIENCE_S, WatchedTest, get, get_json, page_of, until  # makes the next known
from door import Caller, Tokens, ctl, entries, main, move, pb

from keys import Authority


class Pages(WatchedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon, channel = cls.serve_class("metrics.listen=127.0.0.1:0")
        cls.page = page_of(cls.daemon)
        cls.caller = Caller(channel)
        for account, balance in (("alice", 1000), ("bob", 0)):
            cls.caller.ask("LedgerService.CreateAccount", account_id=account,
                           initial_balance=balance)

    def test_the_state(self):
        self.caller.ask("LedgerService.Transfer", move("alice", "bob"))
        status, state = get_json(self.page + "/api/state")
        self.assertEqual(status, 200)
        self.assertGreater(state["sequence"], 2)
        self.assertGreater(state["transfers"]["committed"], 0)
        self.assertLess(state["started_ms"], state["time_ms"])
        self.assertEqual([one["name"] for one in state["stages"]],
                         ["queue", "vote", "lock", "journal", "commit", "reply"])
        for stage in state["stages"]:
            self.assertEqual(len(stage["counts"]), len(stage["bounds"]) + 1)
            self.assertEqual(sum(stage["counts"]), stage["count"])
        self.assertEqual(state["tree"]["id"], "root")
        self.assertIn("journal", [child["id"] for child in state["tree"]["children"]])
        self.assertIsNone(state["cluster"])
        self.assertIn("blocks", [table["name"] for table in state["tables"]])

    def test_an_account_and_its_history(self):
        self.caller.ask("LedgerService.CreateAccount", account_id="carol", initial_balance=50)
        for amount in (5, 7):
            self.caller.ask("LedgerService.Transfer", pb.TransferRequest(
                entries=entries(("carol", -amount), ("bob", amount)), reference=f"rent {amount}"))
        self.caller.ask("LedgerService.Credit", account_id="carol", amount=100)
        status, told = get_json(self.page + "/api/history?id=carol&limit=10")
        self.assertEqual(status, 200)
        self.assertEqual(told["account"]["balance"], "138")
        self.assertEqual([(one["type"], one["amount"], one["balance"], one["reference"])
                          for one in told["entries"]],
                         [("credit", "100", "138", ""), ("transfer", "-7", "38", "rent 7"),
                          ("transfer", "-5", "45", "rent 5")])
        self.assertFalse(told["truncated"])
        found = self.caller.ask("LedgerService.GetTransaction",
                                id=told["entries"][1]["transaction_id"])
        self.assertEqual(found.reference, "rent 7")
        _, told = get_json(self.page + "/api/history?id=carol&limit=2")
        self.assertEqual((len(told["entries"]), told["truncated"]), (2, True))

    def test_balances_over_time_fit_while_money_moves(self):
        """Each balance is the one before it with the amount, and the last is the account's."""
        self.caller.ask("LedgerService.CreateAccount", account_id="busy", initial_balance=1000)
        ended = threading.Event()

        def load():
            while not ended.is_set():
                self.caller.ask("LedgerService.Transfer", move("busy", "bob"))
                self.caller.ask("LedgerService.Transfer", move("bob", "busy"))
        thread = threading.Thread(target=load)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(ended.set)
        for _ in range(30):
            _, told = get_json(self.page + "/api/history?id=busy&limit=500")
            balance = int(told["account"]["balance"])
            for one in told["entries"]:
                self.assertEqual(int(one["balance"]), balance)
                self.assertLessEqual(one["sequence"], told["sequence"])
                balance -= int(one["amount"])
            if not told["truncated"]:
                self.assertEqual(balance, 1000)

    def test_pages_of_accounts(self):
        seen, token = [], ""
        while True:
            status, told = get_json(self.page + f"/api/accounts?limit=1&token={token}")
            self.assertEqual(status, 200)
            seen += [one["id"] for one in told["accounts"]]
            token = told["next"]
            if not token:
                break
        self.assertEqual(seen, sorted(seen))
        self.assertIn("alice", seen)

    def test_wrong_questions(self):
        for path, status, reason in (
                ("/api/history?id=nobody", 404, "ACCOUNT_NOT_FOUND"),
                ("/api/history", 400, "ID_EMPTY"),
                ("/api/history?id=alice&limit=0", 400, "LIMIT_OUT_OF_RANGE"),
                ("/api/accounts?limit=x", 400, "LIMIT_OUT_OF_RANGE"),
                ("/api/accounts?token=x", 400, "PAGE_TOKEN_INVALID"),
                ("/api/nothing", 404, "NOT_FOUND"),
                ("/../../etc/passwd", 404, "NOT_FOUND")):
            with self.subTest(path):
                told = get_json(self.page + path)
                self.assertEqual((told[0], told[1]["error"]["reason"]), (status, reason))
                self.assertTrue(told[1]["error"]["message"])

    def test_nothing_comes_from_elsewhere(self):
        _, headers, _ = get(self.page + "/api/state")
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Cache-Control"], "no-store")

    def connect(self):
        host, port = self.page.removeprefix("http://").split(":")
        return self.enterContext(socket.create_connection((host, int(port)), timeout=30))

    def said_to(self, request):
        """All that the server says to these bytes, until it ends the connection."""
        one = self.connect()
        told = b""
        try:
            one.sendall(request)
            while part := one.recv(65536):
                told += part
        except ConnectionError:
            pass
        return told

    def test_it_only_reads(self):
        for request in (b"POST /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
                        b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            told = self.said_to(request)
            self.assertTrue(told.startswith(b"HTTP/1.1 405 "), told)
        told = self.said_to(b"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(told.startswith(b"HTTP/1.1 200 "), told)
        self.assertTrue(told.endswith(b"\r\n\r\n"), "there is no body")

    def test_requests_are_bounded(self):
        for request in (b"GET /" + b"a" * 100_000, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
                        b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000):
            self.assertRegex(self.said_to(request), b"^(HTTP/1.1 4|$)")
        for request in (b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"):
            self.assertTrue(self.said_to(request).startswith(b"HTTP/1.1 400 "))
        self.assertEqual(get(self.page + "/metrics")[0], 200)
        told = self.said_to(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nRange: bytes="
                            + b"0-," * 1000 + b"0-\r\n\r\n")
        self.assertTrue(told.startswith(b"HTTP/1.1 200 "), "ranges are passed over")

    def test_a_name_that_is_not_ours_is_refused(self):
        """As of a site that lets its name point to this server."""
        for host, status in (("evil.example", 421), ("evil.example:80", 421), ("abc.de", 421),
                             ("localhost", 200), ("127.0.0.1:5", 200), ("[::1]:5", 200)):
            self.assertEqual(get(self.page + "/metrics", headers={"Host": host})[0], status, host)

    def test_slow_connections_do_not_keep_others_out(self):
        """As many as the server has places for: silent ones, and some whose bytes drip."""
        begun = time.monotonic()
        ended = threading.Event()
        slow = [self.connect() for _ in range(64)]

        def drip():
            while not ended.wait(0.5):
                for one in slow[::2]:
                    try:
                        one.sendall(b"G")
                    except OSError:
                        pass
        thread = threading.Thread(target=drip)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(ended.set)
        until(lambda: get(self.page + "/metrics")[0] == 200, "a page is served", 30)
        for one in slow:
            try:
                while one.recv(1000):
                    pass
            except ConnectionError:
                pass
        self.assertLess(time.monotonic() - begun, 20)


class Locked(WatchedTest):
    """With [tls] and [auth]."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = cls.enterClassContext(Authority("Test CA"))
        pair = cls.authority.server()
        cls.tokens = Tokens(cls.folder)
        cls.token = {role: cls.tokens.create(role, role)
                     for role in ("admin", "operator", "auditor", "teller", "participant")}
        cls.daemon, _ = cls.serve_class(
            "metrics.listen=127.0.0.1:0", cls.tokens.setting, f"tls.certificate={pair.certificate}",
            f"tls.key={pair.key}")
        cls.page = page_of(cls.daemon)
        cls.ca = str(cls.authority.certificate)

    def test_it_is_encrypted(self):
        self.assertTrue(self.page.startswith("https://"))

    def test_a_certificate_with_one_between_it_and_the_root(self):
        below = self.enterContext(Authority("Below", self.authority))
        pair = below.server()
        chain = self.folder / "chain.pem"
        chain.write_bytes(pair.certificate.read_bytes() + below.certificate.read_bytes())
        _, _, page = self.watch(self.tokens.setting, f"tls.certificate={chain}",
                                f"tls.key={pair.key}")
        self.assertEqual(get(page + "/metrics", token=self.token["auditor"], cafile=self.ca)[0],
                         200)

    def test_roles(self):
        for path in ("/metrics", "/api/state", "/api/accounts"):
            for role, status in (("admin", 200), ("operator", 200), ("auditor", 200),
                                 ("participant", 403), (None, 401)):
                with self.subTest(path=path, role=role):
                    token = self.token.get(role)
                    self.assertEqual(get(self.page + path, token=token, cafile=self.ca)[0], status)

    def test_a_browser_shows_the_token_as_a_password(self):
        url = self.page + "/metrics"
        status, headers, _ = get(url, cafile=self.ca)
        self.assertEqual(status, 401)
        self.assertTrue(headers["WWW-Authenticate"].startswith("Basic "))
        self.assertEqual(get(url, password=self.token["auditor"], cafile=self.ca)[0], 200)
        for wrong in ("sgt_wrong", "", "x" * 5000):
            self.assertEqual(get(url, password=wrong, cafile=self.ca)[0], 401)
        for header in ("Basic", "Basic !!!", "Basic YQ==", "Bearer", "Bearer x y", "Digest x"):
            self.assertEqual(get(url, headers={"Authorization": header}, cafile=self.ca)[0], 401)

    def test_a_token_that_is_revoked_opens_nothing(self):
        token = self.tokens.create("gone", "auditor")
        url = self.page + "/metrics"
        until(lambda: get(url, token=token, cafile=self.ca)[0] == 200, "it is let in")
        self.tokens.revoke("gone")
        until(lambda: get(url, token=token, cafile=self.ca)[0] == 401, "it is not let in")

    def test_who_looks_at_accounts_is_kept(self):
        get(self.page + "/api/accounts", token=self.token["auditor"], cafile=self.ca)
        get(self.page + "/api/history?id=none", token=self.token["participant"], cafile=self.ca)
        environment = {"SCALEGRAPH_TLS_CA": self.ca, "SCALEGRAPH_TOKEN_FILE": str(self.token_file())}

        def told():
            out = ctl("--server", self.daemon.address, "audit", "list", "--answered",
                      **environment).stdout
            return out if "/api/accounts" in out and "/api/history" in out else None
        text = until(told, "the audit log has it")
        self.assertIn("PERMISSION_DENIED", text)

    def token_file(self):
        file = self.folder / "admin-token"
        file.write_text(self.token["admin"] + "\n", encoding="utf-8")
        return file


if __name__ == "__main__":
    main()
