"""The tests of credentials_test.py about JSON Web Tokens."""

import json
import time

from door import (PATIENCE_S, Caller, Code, SecurityTest, await_code, bearer, move, open_channel,
                  reasons_of, until)
from keys import Authority, Es256, Hs256, Rs256, Secret, base64url, openssl, part, write_key_set

ISSUER = "https://issuer.example/realm"
AUDIENCE = "scalegraph"
UNKNOWN = "UNAUTHENTICATED"
BALANCE = "LedgerService.GetBalance"
RULES = (f"auth.jwt_issuer={ISSUER}", f"auth.jwt_audience={AUDIENCE}")
# Two names have a row of their own.
ROLES = "auth.roles=ops=admin, seb=participant:the seb"
MINUTE = 60


def claims(**more):
    """Those of a token that is let in; None leaves one out."""
    usual = {"sub": "ops", "iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 10 * MINUTE}
    return {name: value for name, value in {**usual, **more}.items() if value is not None}


class JsonWebTokens(SecurityTest):
    """One server, with a key set that has a key of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signers = [kind(cls.folder, kid) for kind, kid in ((Hs256, "h"), (Rs256, "r"),
                                                               (Es256, "e"))]
        cls.hmac, cls.rsa, cls.ec = cls.signers
        cls.file = cls.folder / "keys.json"
        others = [{"kty": "OKP", "crv": "Ed25519", "x": "AA"},
                  {**cls.rsa.jwk(), "use": "enc", "kid": "encryption"}]
        write_key_set(cls.file, *others, *(one.jwk() for one in cls.signers))
        cls.daemon, cls.channel = cls.serve_class(f"auth.jwt_keys={cls.file}", *RULES, ROLES,
                                                  "auth.jwt_clock_skew=60", "log.level=debug")

    def caller(self, token):
        return Caller(self.channel, bearer(token))

    def check_in(self, token, what=None):
        with self.subTest(what):
            refused = self.caller(token).refusal(BALANCE, account_id="a")
            self.check_refusal(refused, Code.NOT_FOUND, "ACCOUNT_NOT_FOUND")

    def check_out(self, token, what=None, says=""):
        with self.subTest(what):
            refused = self.caller(token).refusal(BALANCE, account_id="a")
            self.check_refusal(refused, Code.UNAUTHENTICATED, UNKNOWN)
            self.assertIn(says, refused.message)

    def test_each_algorithm(self):
        for signer in self.signers:
            self.check_in(signer.token(**claims()), signer.algorithm)
            # Neither a key's id nor a type has to be there.
            self.check_in(signer.token({"kid": None}, **claims()), signer.algorithm)
            plain = f"{part({'alg': signer.algorithm})}.{part(claims())}"
            self.check_in(f"{plain}.{base64url(signer.sign(plain.encode()))}", signer.algorithm)

    def test_claims(self):
        now = time.time()
        for what, more in {
                "a list of audiences": {"aud": ["other", AUDIENCE]},
                "within the skew, expired": {"exp": now - 30},
                "within the skew, not yet": {"nbf": now + 30},
                "from now on": {"nbf": now, "iat": now},
                "whole seconds": {"exp": int(now) + MINUTE},
                "a claim of the issuer's own": {"scope": ["a"], "name": "å"}}.items():
            self.check_in(self.hmac.token(**claims(**more)), what)
        for what, more in {
                "another issuer": {"iss": "https://other.example"}, "no issuer": {"iss": None},
                "an issuer that begins alike": {"iss": ISSUER + "/"},
                "a list of issuers": {"iss": [ISSUER]},
                "another audience": {"aud": "other"}, "no audience": {"aud": None},
                "other audiences": {"aud": ["other", AUDIENCE + "2", None, [AUDIENCE]]},
                "no audiences": {"aud": []},
                "an audience that begins alike": {"aud": AUDIENCE + "x"},
                "expired": {"exp": now - 61}, "expired long ago": {"exp": 1},
                "no expiry": {"exp": None}, "an expiry as text": {"exp": str(now + MINUTE)},
                "an expiry that is no number": {"exp": True}, "a negative expiry": {"exp": -1},
                "an expiry beyond all": {"exp": 1e300},
                "not yet": {"nbf": now + 90}, "not issued yet": {"iat": now + 90},
                "not before a text": {"nbf": "now"}, "no subject": {"sub": None},
                "an empty subject": {"sub": ""}, "a subject that is no text": {"sub": 7},
                "a subject of two lines": {"sub": "ops\nops"},
                "a long subject": {"sub": "x" * 257}}.items():
            self.check_out(self.hmac.token(**claims(**more)), what)

    def test_signatures(self):
        good = self.ec.token(**claims())
        head, body, signature = good.split(".")
        other_body = part(claims(sub="seb"))
        wrong = {
            "another payload": f"{head}.{other_body}.{signature}",
            "no signature": f"{head}.{body}.",
            "two parts": f"{head}.{body}", "four parts": f"{good}.{signature}",
            "empty parts": "..", "a dot": ".",
            "padding": good + "=", "another alphabet": good.replace("_", "/").replace("-", "+")
                       if set("_-") & set(good) else good + "+",
            "cut": good[:-2], "zeros": f"{head}.{body}.{base64url(bytes(64))}",
            "no JSON": f"{base64url(b'{')}.{body}.{signature}",
            "no object": f"{part([])}.{body}.{signature}",
            "of another key": self.ec.token(signer=Es256(self.folder, "stranger"), **claims()),
            "of another secret": self.hmac.token(signer=Secret(b"x" * 48), **claims()),
            "of another RSA key": self.rsa.token(signer=Rs256(self.folder, "stranger"), **claims()),
            "an ES256 signature in DER": self.der_token()}
        for what, token in wrong.items():
            self.check_out(token, what)

    def der_token(self):
        text = ".".join(self.ec.token(**claims()).split(".")[:2])
        return f"{text}.{base64url(self.ec.sign_der(text.encode()))}"

    def test_algorithms(self):
        """The key says which algorithm it is for, and not the token."""
        body = part(claims())
        for name in ("none", "None", "NONE", "", None, 7):
            head = part({"alg": name, "typ": "JWT"})
            self.check_out(f"{head}.{body}.", f"alg {name}")
            signed = self.hmac.token({"alg": name}, **claims())
            self.check_out(signed, f"alg {name}, with a signature")
        self.check_out(f"{part({'typ': 'JWT'})}.{body}.", "no alg")
        for name in ("RS256", "ES256", "HS384", "HS512", "PS256", "EdDSA", "hs256"):
            self.check_out(self.hmac.token({"alg": name}, **claims()), f"HS256 as {name}")
        # A public key is no secret: with its text anybody could sign.
        for signer in (self.rsa, self.ec):
            text = signer.file.read_bytes()
            der = openssl("pkey", "-pubin", "-in", signer.file, "-outform", "DER")
            for secret in (text, text.rstrip(b"\n"), der, b""):
                for kid in (signer.kid, "h", None):
                    forged = signer.token({"alg": "HS256", "kid": kid}, signer=Secret(secret),
                                          **claims())
                    self.check_out(forged, f"HS256 by {signer.algorithm}'s public key")

    def test_headers(self):
        for signer in self.signers:
            self.check_out(signer.token({"kid": "another"}, **claims()), "another kid")
            self.check_out(signer.token({"kid": "encryption"}, **claims()), "a key for encryption")
        others = {"h": self.rsa, "r": self.ec, "e": self.hmac}
        for kid, signer in others.items():
            self.check_out(signer.token({"kid": kid}, **claims()), f"{kid} for another algorithm")
        for crit in (["exp"], ["b64"], [], "x"):
            self.check_out(self.hmac.token({"crit": crit, "b64": True}, **claims()), "crit",
                           says="extension")
        # Keys that the token brings along are not looked at.
        stranger = Rs256(self.folder, "brought")
        for more in ({"jwk": stranger.jwk()}, {"jku": "http://127.0.0.1:1/"}):
            forged = self.rsa.token({**more, "kid": "brought"}, signer=stranger, **claims())
            self.check_out(forged, more)

    def test_long_tokens(self):
        def long(size):
            fill = size - len(self.hmac.token(**claims(fill="")))
            return self.hmac.token(**claims(fill="x" * (fill * 3 // 4)))
        self.check_in(long(7000), "7000 bytes")
        # gRPC takes no headers of more than 8 KiB together. It may close the connection.
        for size in (8300, 20_000):
            with open_channel(self.daemon.address) as channel:
                self.assertIn(Caller(channel, bearer(long(size))).code(account_id="a"),
                              (Code.UNAUTHENTICATED, Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE))
        self.check_in(self.hmac.token(**claims()))

    def test_roles(self):
        as_seb = self.caller(self.ec.token(**claims(sub="seb")))
        self.assertEqual(as_seb.code("AdminService.GetTree"), Code.PERMISSION_DENIED)
        refused = as_seb.refusal("ParticipantService.GetParticipant", participant_id="the seb")
        self.check_refusal(refused, Code.NOT_FOUND, "PARTICIPANT_NOT_FOUND")
        for name in ("nobody", "*", "OPS", "ops ", "ops=admin"):
            for method in (BALANCE, "LedgerService.StreamTransfers"):
                with self.subTest(name=name, method=method):
                    refused = self.caller(self.ec.token(**claims(sub=name))).refusal(method)
                    self.check_refusal(refused, Code.PERMISSION_DENIED, "PERMISSION_DENIED")
                    self.assertIn("no role is granted", refused.message)

    def test_one_that_expires_on_a_stream(self):
        """It was let in, and is remembered no longer than it lasts."""
        # With the skew, some two seconds from now.
        token = self.ec.token(**claims(exp=time.time() - 58))
        caller = self.caller(token)

        send = self.stream(caller)
        transfer = move("none", "nobody")
        self.assertEqual(reasons_of(send(transfer)), ["ACCOUNT_NOT_FOUND"])
        self.assertEqual(caller.code(account_id="a"), Code.NOT_FOUND)
        until(lambda: reasons_of(send(transfer)) == [UNKNOWN], "its requests are refused",
              PATIENCE_S)
        self.assertEqual(caller.code(account_id="a"), Code.UNAUTHENTICATED)

    def test_the_log_has_none_of_them(self):
        token = self.ec.token(**claims())
        self.check_in(token)
        self.check_out(token + "A")
        for secret in (token, token.split(".")[2], self.hmac.secret.decode()):
            self.assertNotIn(secret, self.daemon.log())


class KeyFiles(SecurityTest):
    """The forms of the file, how it is taken up, and what of it is refused at the start."""

    def setUp(self):
        self.file = self.folder / "keys"
        self.settings = (f"auth.jwt_keys={self.file}", *RULES)

    def replace(self, content):
        new = self.file.with_suffix(".next")
        new.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        new.rename(self.file)

    def test_each_form(self):
        hmac, rsa, ec = signers = [kind(self.folder) for kind in (Hs256, Rs256, Es256)]
        authority = self.enterContext(Authority("Issuer"))
        pair = authority.issue("jwt")
        certified = Es256(self.folder, "certified", pair.key)
        forms = [(hmac.file.read_bytes(), [hmac]), (hmac.secret, [hmac]),
                 (hmac.secret + b"\r\n", [hmac]), (rsa.file.read_bytes(), [rsa]),
                 (ec.file.read_bytes(), [ec]),
                 (b"# ours\n" + rsa.file.read_bytes() + ec.file.read_bytes(), [rsa, ec]),
                 (pair.certificate.read_bytes() + ec.file.read_bytes(), [certified, ec]),
                 *(({"keys": [one.jwk()]}, [one]) for one in signers),
                 ({"keys": [one.jwk(kid="") for one in signers]}, signers)]
        self.replace(hmac.secret)
        # Everybody else has a role here.
        _, channel = self.serve(*self.settings, "auth.roles=ops=admin, *=auditor")
        callers = {signer: Caller(channel, bearer(signer.token(**claims(sub="anybody"))))
                   for signer in (*signers, certified)}
        for content, right in forms:
            self.replace(content)
            for signer, caller in callers.items():
                with self.subTest(content=content, algorithm=signer.algorithm):
                    await_code(caller, Code.NOT_FOUND if signer in right else Code.UNAUTHENTICATED,
                               account_id="a")
        self.assertEqual(callers[ec].code("LedgerService.CreateAccount", account_id="a"),
                         Code.PERMISSION_DENIED)

    def test_wrong_files_at_the_start(self):
        weak = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        weak_public = openssl("pkey", "-pubout", given=weak)
        other_curve = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
        ec, rsa = Es256(self.folder, "w"), Rs256(self.folder, "w")
        off_curve = {**ec.jwk(), "y": base64url(bytes(32))}
        for content, says in (
                (b"short", "at least 32"), (b"", "at least 32"),
                (b"{}", 'no list "keys"'), (b"{", "no JSON Web Key Set"),
                ({"keys": []}, "no key for HS256, RS256 or ES256"),
                ({"keys": [{"kty": "oct", "k": "AAAA", "kid": "x"}]}, 'the key "x"'),
                ({"keys": [off_curve]}, 'the key "w" is no valid key'),
                ({"keys": [{"kty": "RSA", "n": "AQAB"}]}, "is no valid key"),
                (weak_public, "1024 bits"),
                (openssl("pkey", "-pubout", given=other_curve), "curve P-256"),
                # A private key has no business there.
                (rsa.private.read_bytes(), "no public key"),
                (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "")):
            self.replace(content)
            with self.subTest(content):
                self.check_start(*self.settings, ROLES, says=(str(self.file), says))
        self.file.unlink()
        self.check_start(*self.settings, ROLES, says=(str(self.file), "No such file"))

    def test_settings_that_lack_something(self):
        keys = self.settings[0]
        self.replace(b"x" * 32)
        self.check_start(keys, ROLES, says="auth.jwt_issuer")
        self.check_start(keys, RULES[0], ROLES, says="auth.jwt_audience")
        self.check_start(*self.settings, says="auth.roles")
