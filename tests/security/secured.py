"""A daemon behind TLS and a token, for suites that ask one without either as well.

    with Secured(scalegraphd) as daemon:
        grpc.secure_channel(daemon.address, daemon.credentials)       # as an admin
        subprocess.run([scalegraphctl, ...], env=daemon.environment)
"""

import contextlib
import hashlib
import pathlib
import secrets
import sys

import grpc

from keys import Authority

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
from daemon import Daemon  # noqa: E402  (beside this folder)


class Secured(Daemon):
    """With an authority and a token of its own."""

    def __enter__(self):
        with contextlib.ExitStack() as made:
            authority = made.enter_context(Authority("Test CA"))
            pair = authority.server()
            token = "sgt_" + secrets.token_urlsafe(32)
            hashed = hashlib.sha256(token.encode()).hexdigest()
            (authority.folder / "token").write_text(token + "\n", encoding="utf-8")
            (authority.folder / "tokens").write_text(f"suite admin sha256:{hashed}\n",
                                                     encoding="utf-8")
            self.environment = {"SCALEGRAPH_TLS_CA": str(authority.certificate),
                                "SCALEGRAPH_TOKEN_FILE": str(authority.folder / "token")}
            self.credentials = grpc.composite_channel_credentials(
                grpc.ssl_channel_credentials(authority.certificate.read_bytes()),
                grpc.access_token_call_credentials(token))
            self.set(f"tls.certificate={pair.certificate}", f"tls.key={pair.key}",
                     f"auth.tokens={authority.folder / 'tokens'}")
            self._made = made.pop_all()
        return super().__enter__()

    def __exit__(self, *error):
        with self._made:
            return super().__exit__(*error)
