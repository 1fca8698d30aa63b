"""TLS: versions, certificates of clients, and the programs that connect.

    /usr/bin/python3 tls_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH

The server's own files stand in tls_file_cases.py, and run with these.
"""

import json
import socket
import subprocess

import grpc

from door import (COMMAND_TIMEOUT_S, GIVEN, PATIENCE_S, Caller, Code, Tokens, bearer, ctl, main,
                  open_channel, run, until)
from keys import DAY, FOR_SERVERS, Authority, Pair
from tls_bed import CHECK, TlsTest, replace
from tls_file_cases import NewCertificates, Starts  # noqa: F401  (unittest finds them here)

BALANCE = "LedgerService.GetBalance"
UNREACHABLE = 3


class Versions(TlsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon, cls.plain_channel = cls.serve_class(*cls.settings)

    def handshake(self, *options):
        # The lowest level of security: it is the server that refuses.
        command = ["openssl", "s_client", "-connect", self.daemon.address, "-CAfile",
                   self.authority.certificate, "-alpn", "h2", "-verify_return_error", *options]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=COMMAND_TIMEOUT_S, check=False, errors="replace")
        return done.returncode, done.stdout + done.stderr

    def check_refused(self, *options):
        """By the server: the client has said what it wants."""
        code, said = self.handshake(*options)
        self.assertNotEqual(code, 0, said)
        self.assertRegex(said, "written [1-9][0-9]+ bytes")
        self.assertIn("Cipher is (NONE)", said)

    def test_versions(self):
        for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            code, said = self.handshake(version)
            self.assertEqual(code, 0, said)
            self.assertRegex(said, f"New, {name}|Protocol *: {name}")
            self.assertIn("ALPN protocol: h2", said)
        # The options of those that are refused do not hinder one that is right.
        code, said = self.handshake("-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0")
        self.assertEqual(code, 0, said)
        for version in ("-tls1", "-tls1_1"):
            self.check_refused(version, "-cipher", "DEFAULT@SECLEVEL=0")

    def test_weak_ciphers(self):
        """Without forward secrecy, or without authenticated encryption."""
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "aNULL", "eNULL"):
            self.check_refused("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")

    def test_no_plain_client(self):
        self.assertEqual(Caller(self.plain_channel).code(CHECK), Code.UNAVAILABLE)
        with socket.create_connection(self.daemon.address.split(":"), timeout=9) as plain:
            plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
            told = b""
            while part := self.received(plain):
                told += part
        # An alert of TLS at the most.
        self.assertLess(len(told), 100)
        self.assertEqual(self.caller(self.daemon.address).code(CHECK), Code.OK)

    @staticmethod
    def received(plain):
        try:
            return plain.recv(4096)
        except ConnectionError:
            return b""

    def test_tls_client_of_a_plain_server(self):
        daemon, _ = self.serve()
        self.assertEqual(self.caller(daemon.address).code(CHECK), Code.UNAVAILABLE)

    def test_who_the_server_is(self):
        """The client's part: another authority, or another name."""
        other = grpc.ssl_channel_credentials(self.stranger.certificate.read_bytes())
        with open_channel(self.daemon.address, other) as channel:
            self.assertEqual(Caller(channel).code(CHECK), Code.UNAVAILABLE)
        options = [("grpc.ssl_target_name_override", "other.example")]
        with grpc.secure_channel(self.daemon.address, self.credentials(), options) as channel:
            self.assertEqual(Caller(channel).code(CHECK), Code.UNAVAILABLE)

    def test_tls_alone_lets_everybody_in(self):
        caller = self.caller(self.daemon.address)
        self.assertEqual(caller.code(BALANCE, account_id="a"), Code.NOT_FOUND)
        self.assertEqual(caller.code("AdminService.GetTree"), Code.OK)


class ClientCertificates(TlsTest):
    """Each setting of tls.client_certificates with each kind of certificate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        issue = cls.authority.client
        cls.shown = {"none": None, "right": issue("right"),
                     "foreign": cls.stranger.client("foreign"),
                     "expired": issue("expired", begins=-3 * DAY, ends=-DAY),
                     "not yet": issue("not-yet", begins=DAY, ends=3 * DAY),
                     "a server's": issue("servers", usage=FOR_SERVERS)}

    def check(self, mode, refused):
        extra = [] if mode == "none" else [f"tls.client_ca={self.authority.certificate}"]
        daemon, _ = self.serve(*self.settings, *extra, f"tls.client_certificates={mode}")
        for what, pair in self.shown.items():
            with self.subTest(mode=mode, certificate=what):
                wanted = Code.UNAVAILABLE if what in refused else Code.OK
                self.assertEqual(self.caller(daemon.address, pair).code(CHECK), wanted)
        return daemon

    def test_none(self):
        self.check("none", ())

    def test_optional(self):
        self.check("optional", ("foreign", "expired", "not yet", "a server's"))

    def test_required(self):
        self.check("required", ("none", "foreign", "expired", "not yet", "a server's"))

    def code(self, address, what):
        with open_channel(address, self.credentials(self.shown[what])) as channel:
            return Caller(channel).code(CHECK)

    def test_a_new_authority_of_clients(self):
        """Taken up without a restart."""
        roots = self.folder / "client-ca.pem"
        roots.write_bytes(self.authority.certificate.read_bytes())
        daemon, _ = self.serve(*self.settings, f"tls.client_ca={roots}",
                               "tls.client_certificates=required")

        def codes():
            return self.code(daemon.address, "right"), self.code(daemon.address, "foreign")
        self.assertEqual(codes(), (Code.OK, Code.UNAVAILABLE))
        replace(roots, self.stranger.certificate.read_bytes())
        until(lambda: codes() == (Code.UNAVAILABLE, Code.OK), "the new authority is asked",
              PATIENCE_S)
        # Both, as while clients change from one to the other.
        replace(roots, self.stranger.certificate.read_bytes() + self.root)
        until(lambda: codes() == (Code.OK, Code.OK), "both authorities are asked", PATIENCE_S)

    def test_an_authority_that_is_none(self):
        """The file breaks while the server runs: what was read before stays in use."""
        roots = self.folder / "broken-ca.pem"
        roots.write_bytes(self.root)
        daemon, _ = self.serve(*self.settings, f"tls.client_ca={roots}",
                               "tls.client_certificates=optional")
        for content in (None, b"", b"garbage\n", self.pair.key.read_bytes()):
            if content is None:
                roots.unlink()
            else:
                replace(roots, content)
            with self.subTest(content and content[:20]):
                self.check_holds(lambda: self.code(daemon.address, "foreign") == Code.UNAVAILABLE,
                                 "no other client gets in")
                self.assertEqual(self.code(daemon.address, "right"), Code.OK)
                self.assertEqual(self.code(daemon.address, "none"), Code.OK)

    def test_one_authority_below_another(self):
        """Each side shows the certificate between its own and the root."""
        below = self.enterContext(Authority("Below", self.authority))

        def with_chain(pair):
            chain = pair.certificate.with_suffix(".chain")
            chain.write_bytes(pair.certificate.read_bytes() + below.certificate.read_bytes())
            return Pair(chain, pair.key)
        alone, shown = below.client("ops"), with_chain(below.client("with-chain"))
        daemon, _ = self.serve(*self.settings_of(with_chain(below.server())),
                               f"tls.client_ca={self.authority.certificate}",
                               "tls.client_certificates=required")
        self.assertEqual(self.caller(daemon.address, shown).code(CHECK), Code.OK)
        self.assertEqual(self.caller(daemon.address, alone).code(CHECK), Code.UNAVAILABLE)


class CertificateCallers(TlsTest):
    """auth.certificates: the names in a certificate say who calls."""

    ROLES = ("ops=admin, watcher=auditor, shop.example=participant:shop, "
             "spiffe://example/till=teller, ops@example.com=operator")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tokens = Tokens(cls.folder)
        cls.token = cls.tokens.create("teller", "teller")
        cls.common = [*cls.settings, f"tls.client_ca={cls.authority.certificate}",
                      "tls.client_certificates=optional", "auth.certificates=true"]
        cls.daemon, _ = cls.serve_class(*cls.common, cls.tokens.setting, f"auth.roles={cls.ROLES}")

    def role(self, pair, headers=(), address=None):
        """What the server takes the caller for, as its codes tell."""
        caller = self.caller(address or self.daemon.address, pair, headers)
        told = tuple(caller.code(*call) == Code.PERMISSION_DENIED for call in (
            ("AdminService.GetTree",), ("LedgerService.Debit",),
            ("ParticipantService.CreateParticipant",), ("AdminService.ListAccounts",)))
        refused = caller.refusal(BALANCE, account_id="a")
        if refused.code in (Code.UNAUTHENTICATED, Code.PERMISSION_DENIED):
            return refused.reason
        return {(False, False, False, False): "admin", (False, True, True, False): "reader",
                (True, False, False, False): "teller",
                (True, False, True, True): "participant"}.get(told, told)

    def test_names(self):
        issue = self.authority.client
        for n, (wanted, more) in enumerate((
                ("admin", {"cn": "ops"}),
                ("reader", {"cn": "watcher"}),
                ("participant", {"cn": "x", "alt": "DNS:shop.example"}),
                ("participant", {"cn": "", "alt": "DNS:shop.example"}),
                ("teller", {"cn": "x", "alt": "URI:spiffe://example/till"}),
                ("reader", {"cn": "x", "alt": "email:ops@example.com"}),
                # The second name, if the first has no role.
                ("participant", {"cn": "x", "alt": "DNS:x.example,DNS:shop.example"}),
                ("admin", {"cn": "ops", "alt": "DNS:x.example"}),
                # Alternative names come before the common name.
                ("participant", {"cn": "ops", "alt": "DNS:shop.example"}),
                ("PERMISSION_DENIED", {"cn": "nobody"}),
                ("PERMISSION_DENIED", {"cn": "*"}),
                ("PERMISSION_DENIED", {"cn": "OPS"}),
                ("PERMISSION_DENIED", {"cn": "ops "}),
                ("PERMISSION_DENIED", {"cn": "ops=admin"}),
                ("PERMISSION_DENIED", {"cn": "x", "alt": "DNS:sub.shop.example"}),
                ("UNAUTHENTICATED", {"cn": ""}))):
            with self.subTest(**more):
                self.assertEqual(self.role(issue(f"name-{n}", **more)), wanted)

    def test_nobody(self):
        refused = self.caller(self.daemon.address).refusal(BALANCE, account_id="a")
        self.check_refusal(refused, Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        self.assertIn("client certificate", refused.message)
        self.assertEqual(self.caller(self.daemon.address).code(CHECK), Code.OK)

    def test_tokens_beside_certificates(self):
        """The token alone counts."""
        ops = self.authority.client("ops")
        for headers, wanted in ((bearer(self.token), "teller"),
                                (bearer("sgt_" + "x" * 43), "UNAUTHENTICATED"),
                                (bearer("garbage"), "UNAUTHENTICATED"),
                                ((("authorization", "Basic b3Bz"),), "UNAUTHENTICATED"),
                                (bearer(self.token) * 2, "UNAUTHENTICATED")):
            with self.subTest(headers=headers):
                self.assertEqual(self.role(ops, headers), wanted)
        self.assertEqual(self.role(None, bearer(self.token)), "teller")

    def test_everybody_else(self):
        daemon, _ = self.serve(*self.common, "auth.roles=ops=admin, *=auditor")
        for name, wanted in (("ops", "admin"), ("anybody", "reader")):
            with self.subTest(name):
                pair = self.authority.client(f"else-{name}", cn=name)
                self.assertEqual(self.role(pair, address=daemon.address), wanted)
        # No name at all is not everybody else.
        self.assertEqual(self.role(None, address=daemon.address), "UNAUTHENTICATED")

    def test_without_the_setting_a_certificate_is_no_name(self):
        daemon, _ = self.serve(*self.common[:-1], self.tokens.setting)
        self.assertEqual(self.role(self.authority.client("again", cn="ops"),
                                   address=daemon.address), "UNAUTHENTICATED")


class Programs(TlsTest):
    """scalegraphctl and scalegraph-bench get in, or say why not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tokens = Tokens(cls.folder)
        cls.token_file = cls.folder / "token"
        cls.token_file.write_text(tokens.create("ops", "admin") + "\n", encoding="utf-8")
        cls.daemon, _ = cls.serve_class(
            *cls.settings, tokens.setting, f"tls.client_ca={cls.authority.certificate}",
            "tls.client_certificates=optional", "auth.certificates=true",
            "auth.roles=watcher=auditor")
        cls.ca = ("--tls-ca", cls.authority.certificate)
        cls.token = ("--token-file", cls.token_file)
        cls.server = ("--server", cls.daemon.address)

    def test_scalegraphctl(self):
        for more in ((), ("--json",)):
            ctl(*self.server, *self.ca, *self.token, "tree", *more)
        ctl("tree", SCALEGRAPH_SERVER=self.daemon.address,
            SCALEGRAPH_TLS_CA=str(self.authority.certificate),
            SCALEGRAPH_TOKEN_FILE=str(self.token_file))
        port = self.daemon.address.split(":")[1]
        ctl("--server", f"localhost:{port}", *self.ca, *self.token, "account", "list")
        ctl(*self.server, *self.ca, *self.token, "verify")

    def test_the_certificate_of_scalegraphctl(self):
        pair = self.authority.client("watcher")
        shown = ("--tls-certificate", pair.certificate, "--tls-key", pair.key)
        ctl(*self.server, *self.ca, *shown, "tree")
        done = ctl(*self.server, *self.ca, *shown, "account", "create", "a", exit_code=1)
        self.assertIn("error: PERMISSION_DENIED: ", done.stderr)
        foreign = self.stranger.client("watcher")
        ctl(*self.server, *self.ca, "--tls-certificate", foreign.certificate, "--tls-key",
            foreign.key, "--timeout", "2", "tree", exit_code=UNREACHABLE)

    def test_names_of_the_server(self):
        named = self.authority.issue("named", cn="ledger", alt="DNS:ledger.example")
        daemon, _ = self.serve(*self.settings_of(named))
        server = ("--server", daemon.address)
        ctl(*server, *self.ca, "--tls-name", "ledger.example", "tree")
        for wrong in ((), ("--tls-name", "other.example")):
            ctl(*server, *self.ca, *wrong, "--timeout", "2", "tree", exit_code=UNREACHABLE)

    def test_who_is_not_let_in(self):
        done = ctl(*self.server, *self.ca, "tree", exit_code=1)
        self.assertIn("error: UNAUTHENTICATED: ", done.stderr)
        done = ctl(*self.server, *self.ca, "tree", "--json", exit_code=1)
        self.assertEqual(json.loads(done.stderr)["error"]["code"], "UNAUTHENTICATED")
        short = ("--timeout", "2")
        for options in ((), ("--tls",), ("--tls-ca", self.stranger.certificate)):
            done = ctl(*self.server, *self.token, *options, *short, "tree", exit_code=UNREACHABLE)
            self.assertTrue(done.stderr.startswith("error: "), done.stderr)

    def test_files_that_are_wrong(self):
        empty = self.folder / "empty"
        empty.write_text("\n", encoding="utf-8")
        missing = self.folder / "missing"
        pair = self.authority.client("alone")
        for options, says in ((("--tls-ca", missing), str(missing)),
                              (("--token-file", missing), str(missing)),
                              (("--token-file", empty), "no token"),
                              (("--tls-certificate", pair.certificate), "belong together"),
                              (("--tls-key", pair.key), "belong together")):
            for program, more in ((GIVEN.scalegraphctl, ("tree",)), (GIVEN.scalegraph_bench, ())):
                with self.subTest(program=program, options=options):
                    done = run(program, *self.server, *options, *more, exit_code=2)
                    self.assertIn(says, done.stderr)

    def test_scalegraph_bench(self):
        for mode in ("unary", "batch", "stream"):
            done = run(GIVEN.scalegraph_bench, *self.server, *self.ca, *self.token, "--seconds",
                       "0.5", "--accounts", "20", "--in-flight", "4", "--mode", mode, "--json")
            told = json.loads(done.stdout.splitlines()[-1])
            self.assertGreater(told["transfers_per_second"], 0, told)
        done = run(GIVEN.scalegraph_bench, *self.server, *self.ca, "--seconds", "0.5",
                   "--accounts", "2", exit_code=1)
        self.assertIn("authorization", done.stderr)


if __name__ == "__main__":
    main()
