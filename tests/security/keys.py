"""Certificates, keys and JSON Web Tokens for tests, made by the openssl command.

    with Authority("Test CA") as authority:
        pair = authority.issue("server", alt=LOOPBACK)     # pair.certificate, pair.key: paths

    signer = Es256(folder)
    signer.token(sub="ops", iss="https://issuer", aud="scalegraph", exp=time.time() + 60)

Everything stands in temporary folders, and goes with them.
"""

import base64
import dataclasses
import datetime
import hashlib
import hmac
import json
import pathlib
import subprocess
import tempfile

LOOPBACK = "DNS:localhost,IP:127.0.0.1"
DAY = datetime.timedelta(days=1)
NEW_EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
FOR_SERVERS = "serverAuth"
FOR_CLIENTS = "clientAuth"


def openssl(*arguments, given=b""):
    """What it prints. `given`: its input."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments}: {done.stderr.decode(errors='replace')}")
    return done.stdout


@dataclasses.dataclass(frozen=True)
class Pair:
    """Paths of a certificate and its key."""
    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    """Signs certificates. Its own stands in `certificate`, signed by `parent` or by itself."""

    def __init__(self, name, parent=None):
        self._name = name
        self._parent = parent

    def __enter__(self):
        self._opened = tempfile.TemporaryDirectory(prefix="scalegraph-authority-")
        self.folder = pathlib.Path(self._opened.name)
        self.certificate = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        if self._parent is None:
            openssl("req", "-x509", *NEW_EC_KEY, "-keyout", self._key, "-out", self.certificate,
                    "-days", "3650", "-subj", f"/CN={self._name}")
        else:
            self._parent.sign(Pair(self.certificate, self._key), f"/CN={self._name}",
                              "basicConstraints = critical,CA:TRUE\n", -DAY, 365 * DAY)
        (self.folder / "index.txt").touch()
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca = own\n"
            f"[own]\ndatabase = {self.folder}/index.txt\nnew_certs_dir = {self.folder}\n"
            f"certificate = {self.certificate}\nprivate_key = {self._key}\n"
            "rand_serial = yes\nunique_subject = no\ndefault_md = sha256\npolicy = any\n"
            "[any]\ncommonName = optional\norganizationName = optional\n", encoding="utf-8")
        return self

    def __exit__(self, *error):
        self._opened.cleanup()

    def issue(self, name, cn="test", alt="", usage=FOR_SERVERS, begins=-DAY, ends=365 * DAY):
        """A certificate and a new key in files of that name. `alt`: as openssl takes them.

        `cn`: "" for none. `begins`, `ends`: from now on.
        """
        pair = Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        self.sign(pair, f"/CN={cn}" if cn else "/O=nobody",
                  "basicConstraints = CA:FALSE\nkeyUsage = digitalSignature\n"
                  f"extendedKeyUsage = {usage}\n"
                  + (f"subjectAltName = {alt}\n" if alt else ""), begins, ends)
        return pair

    def sign(self, pair, subject, extensions, begins, ends):
        """Makes a key and its certificate, in those files."""
        request, wanted = pair.key.with_suffix(".csr"), pair.key.with_suffix(".ext")
        wanted.write_text(extensions, encoding="utf-8")
        openssl("req", "-new", *NEW_EC_KEY, "-keyout", pair.key, "-out", request, "-utf8",
                "-subj", subject)
        now = datetime.datetime.now(datetime.timezone.utc)
        openssl("ca", "-batch", "-notext", "-config", self.folder / "ca.cnf", "-in", request,
                "-out", pair.certificate, "-extfile", wanted,
                "-startdate", f"{now + begins:%Y%m%d%H%M%SZ}",
                "-enddate", f"{now + ends:%Y%m%d%H%M%SZ}")

    def server(self, name="server", **more):
        return self.issue(name, cn="localhost", alt=LOOPBACK, **more)

    def client(self, name, **more):
        return self.issue(name, **{"usage": FOR_CLIENTS, "cn": name, **more})


def serial_of(certificate):
    """As ssl.SSLSocket.getpeercert() writes it."""
    told = openssl("x509", "-in", certificate, "-noout", "-serial").decode()
    return told.strip().partition("=")[2].upper()


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(members):
    """A header or a payload."""
    return base64url(json.dumps(members).encode())


class Signer:
    """Signs JSON Web Tokens. Its keys stand in files in `folder`."""

    algorithm = ""

    def __init__(self, folder, kid="", private=None):
        """`private`: a key that is there already."""
        self.kid = kid
        self.private = private or pathlib.Path(folder) / f"{self.algorithm}{kid}.key"
        self.file = pathlib.Path(folder) / f"{self.algorithm}{kid}.jwt"  # what a server is given
        self._make()

    def sign(self, text):
        """The bytes behind the second dot."""
        return openssl("dgst", "-sha256", "-sign", self.private, given=text)

    def token(self, header=None, signer=None, **claims):
        """`header`: members beside or instead of the usual ones. `signer`: who signs it."""
        usual = {"typ": "JWT", "alg": self.algorithm, **({"kid": self.kid} if self.kid else {})}
        text = f"{part({**usual, **(header or {})})}.{part(claims)}"
        return f"{text}.{base64url((signer or self).sign(text.encode()))}"

    def jwk(self, **more):
        named = {"kid": self.kid} if self.kid else {}
        return {**self._members(), "alg": self.algorithm, "use": "sig", **named, **more}

    def _public_der(self):
        return openssl("pkey", "-in", self.private, "-pubout", "-outform", "DER")

    def _make_with(self, *arguments):
        if not self.private.exists():
            openssl("genpkey", *arguments, "-out", self.private)
        openssl("pkey", "-in", self.private, "-pubout", "-out", self.file)


class Hs256(Signer):
    algorithm = "HS256"

    def _make(self):
        self.secret = base64url(openssl("rand", "48")).encode()
        self.file.write_bytes(self.secret + b"\n")

    def sign(self, text):
        return hmac.digest(self.secret, text, hashlib.sha256)

    def _members(self):
        return {"kty": "oct", "k": base64url(self.secret)}


class Rs256(Signer):
    algorithm = "RS256"

    def _make(self):
        self._make_with("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")

    def _members(self):
        told = openssl("rsa", "-in", self.private, "-noout", "-modulus").decode()
        modulus = bytes.fromhex(told.strip().partition("=")[2])
        return {"kty": "RSA", "n": base64url(modulus), "e": base64url(b"\x01\x00\x01")}


class Es256(Signer):
    algorithm = "ES256"

    def _make(self):
        self._make_with("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")

    def sign_der(self, text):
        return super().sign(text)

    def sign(self, text):
        """Both numbers of the signature, 32 bytes each."""
        der = self.sign_der(text)
        at, numbers = 2, []
        for _ in range(2):
            size = der[at + 1]
            numbers.append(der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"))
            at += 2 + size
        return b"".join(numbers)

    def _members(self):
        point = self._public_der()[-64:]
        return {"kty": "EC", "crv": "P-256", "x": base64url(point[:32]), "y": base64url(point[32:])}


class Secret(Hs256):
    """HS256 with a secret that is known, such as the text of a public key."""

    def __init__(self, secret, kid=""):
        self.kid = kid
        self.secret = secret


def write_key_set(path, *keys):
    """A JSON Web Key Set of these members."""
    pathlib.Path(path).write_text(json.dumps({"keys": list(keys)}), encoding="utf-8")
