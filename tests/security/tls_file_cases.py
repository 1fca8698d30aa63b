"""The tests of tls_test.py about the server's files: new ones, wrong ones, settings together."""

import os
import re
import ssl
import subprocess

from door import GIVEN, PATIENCE_S, Code, Tokens, run, until
from keys import DAY, serial_of
from tls_bed import CHECK, TlsTest, replace

SECOND = DAY / 86_400
KEPT = "what was read before stays in use"


class NewCertificates(TlsTest):
    """Files that change while the server runs."""

    def setUp(self):
        self.certificate = self.folder / "live.pem"
        self.key = self.folder / "live.key"
        self.put(self.pair)
        self.daemon, _ = self.serve(f"tls.certificate={self.certificate}", f"tls.key={self.key}")

    def put(self, pair):
        replace(self.key, pair.key.read_bytes())
        replace(self.certificate, pair.certificate.read_bytes())

    def shows(self, pair):
        try:
            return self.serial_at(self.daemon.address) == serial_of(pair.certificate)
        except (ssl.SSLError, ConnectionError):
            return False  # between the two files nobody may get in

    def test_new_files_are_taken_up(self):
        open_one = self.caller(self.daemon.address)
        self.assertEqual(open_one.code(CHECK), Code.OK)
        self.assertTrue(self.shows(self.pair))
        for n in range(2):
            new = self.authority.server(f"new-{n}")
            self.put(new)
            until(lambda pair=new: self.shows(pair), "the new certificate is shown", PATIENCE_S)
            self.assertEqual(self.caller(self.daemon.address).code(CHECK), Code.OK)
        until(lambda: "a new certificate is there" in self.daemon.log(), "it is logged", PATIENCE_S)
        # Connections that are open stay.
        self.assertEqual(open_one.code(CHECK), Code.OK)

    def check_kept(self):
        self.check_holds(lambda: self.shows(self.pair), "the old certificate is shown")

    def check_told(self, says):
        until(lambda: says in self.daemon.log(), f"the log says: {says}", PATIENCE_S)

    def test_a_certificate_that_is_none(self):
        replace(self.certificate, b"garbage\n")
        self.check_told("no certificate in PEM: " + KEPT)
        self.check_kept()

    def test_a_key_of_another(self):
        """Half of a pair, as between the renaming of two files."""
        new = self.authority.server("half")
        replace(self.certificate, new.certificate.read_bytes())
        self.check_told("the key is not that of the certificate: " + KEPT)
        self.check_kept()
        replace(self.key, new.key.read_bytes())
        until(lambda: self.shows(new), "the whole pair is taken up", PATIENCE_S)

    def test_another_key_alone(self):
        """The certificate stays: its new key is wrong."""
        replace(self.key, self.authority.server("another").key.read_bytes())
        self.check_kept()
        self.check_told("the key is not that of the certificate: " + KEPT)

    def test_files_that_are_away(self):
        self.certificate.unlink()
        self.key.unlink()
        self.check_kept()
        self.check_told("No such file or directory: " + KEPT)
        new = self.authority.server("back")
        self.put(new)
        until(lambda: self.shows(new), "the new certificate is shown", PATIENCE_S)

    def test_the_log_warns(self):
        wanted = []
        for n, (days, says) in enumerate(((60, None), (30.5, None), (29.5, "30 days"),
                                          (6.5, "7 days"), (0.5, "1 day"), (20, "20 days")), 1):
            self.put(self.authority.server(f"of-{n}", ends=days * DAY))
            until(lambda n=n: self.daemon.log().count("a new certificate is there") == n,
                  "it is taken up", PATIENCE_S)
            wanted += [says] if says else []
            until(lambda: len(self.warnings()) >= len(wanted), "the log warns", PATIENCE_S)
            self.assertEqual(self.warnings(), wanted)
        self.put(self.authority.server("expired", begins=-3 * DAY, ends=-DAY))
        # A new one that has expired already is of no use: the one before goes on.
        self.check_told(f"{self.certificate} has expired, on ")

    def warnings(self):
        """How long the certificate still lasts, each time that the log has warned."""
        path = re.escape(str(self.certificate))
        return re.findall(rf'"warning","module":"gateway","message":"the certificate {path} has '
                          r"(\d+ days?) left, until \d", self.daemon.log())


class Starts(TlsTest):
    """What is refused at the start, with exit code 2 and a sentence."""

    def test_wrong_files(self):
        for what, ends, says in (("expired", (-3 * DAY, -SECOND), "has expired, on "),
                                 ("not yet", (DAY, 3 * DAY), "is not valid before ")):
            pair = self.authority.server(what.replace(" ", "-"), begins=ends[0], ends=ends[1])
            for check_only in (False, True):
                self.check_start(*self.settings_of(pair), check_only=check_only,
                                 says=("tls.certificate", str(pair.certificate), says))
        other = self.authority.server("other")
        garbage, missing = self.folder / "garbage", self.folder / "missing"
        garbage.write_text("garbage\n", encoding="utf-8")
        locked = self.folder / "locked.key"
        subprocess.run(["openssl", "pkey", "-in", self.pair.key, "-aes128", "-passout", "pass:x",
                        "-out", locked], check=True)
        pem, key = self.pair.certificate, self.pair.key
        for certificate, private, says in (
                (pem, other.key, ("tls.key", "not that of the certificate")),
                (pem, locked, ("tls.key", "without a passphrase")),
                (pem, garbage, ("tls.key", str(garbage), "no private key")),
                (pem, missing, ("tls.key", str(missing), "No such file")),
                (pem, self.folder, ("tls.key", str(self.folder), "directory")),
                (garbage, key, ("tls.certificate", str(garbage), "no certificate")),
                (missing, key, ("tls.certificate", str(missing), "No such file")),
                (key, pem, ("tls.certificate", "no certificate"))):
            with self.subTest(certificate=certificate, key=private):
                self.check_start(f"tls.certificate={certificate}", f"tls.key={private}", says=says)

    def test_a_key_that_may_not_be_read(self):
        key = self.folder / "private.key"
        key.write_bytes(self.pair.key.read_bytes())
        key.chmod(0)
        # Root may read everything, unless it gives that up.
        within = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
        self.check_start(self.settings[0], f"tls.key={key}", says=(str(key), "Permission denied"),
                         within=within if os.geteuid() == 0 else ())

    def test_authorities_of_clients(self):
        required = "tls.client_certificates=required"
        for path, says in ((self.folder / "missing", "No such file"),
                           (self.pair.key, "no certificate")):
            self.check_start(*self.settings, required, f"tls.client_ca={path}",
                             says=("tls.client_ca", str(path), says))

    def test_settings_that_do_not_fit(self):
        certificate, key = self.settings
        root = f"tls.client_ca={self.authority.certificate}"
        for settings, says in (
                ([certificate], "tls.certificate and tls.key belong together"),
                ([key], "tls.certificate and tls.key belong together"),
                ([root], "need TLS"), (["tls.client_certificates=optional"], "need TLS"),
                ([*self.settings, "tls.client_certificates=required"], "set tls.client_ca"),
                ([*self.settings, "auth.certificates=true", "auth.roles=a=admin"],
                 "set tls.client_certificates"),
                ([*self.settings, root, "tls.client_certificates=optional",
                  "auth.certificates=true"], "auth.roles is empty")):
            with self.subTest(settings):
                self.check_start(*settings, says=says)

    def test_addresses_that_others_reach(self):
        """Only checked: no test listens there."""
        tokens = Tokens(self.folder)
        tokens.create("ops", "admin")
        for address in ("0.0.0.0:50051", "[::]:50051", "192.0.2.1:50051", "host.example:50051"):
            listen = f"server.listen={address}"
            for settings, lacks in (([], "neither [tls] nor [auth] is set"),
                                    (self.settings, "[auth] is not set"),
                                    ([tokens.setting], "[tls] is not set")):
                self.check_start(listen, *settings, check_only=True,
                                 says=("server.listen", address, lacks, "server.insecure = true"))
            for settings in ([*self.settings, tokens.setting], ["server.insecure=true"]):
                self.check_valid(listen, *settings)
        for address in ("127.0.0.1:1", "127.8.0.1:1", "localhost:1", "[::1]:1", "unix:/tmp/none"):
            self.check_valid(f"server.listen={address}")

    def check_valid(self, *settings):
        overrides = [part for setting in settings for part in ("--set", setting)]
        done = run(GIVEN.scalegraphd, *overrides, "--check")
        self.assertEqual((done.stdout, done.stderr), ("the settings are valid\n", ""))
