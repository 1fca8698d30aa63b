"""What the tests of tls_test.py have in common."""

import socket
import ssl
import time

import grpc

from door import Caller, SecurityTest, open_channel, until
from keys import Authority

CHECK = "grpc.health.v1.Health.Check"
LOOK_S = 1  # how often the server looks at its files


def replace(path, content):
    """All at once, by renaming."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.rename(path)


class TlsTest(SecurityTest):
    """An authority, a certificate for the server, and a stranger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = cls.enterClassContext(Authority("Test CA"))
        cls.stranger = cls.enterClassContext(Authority("Test CA"))
        cls.pair = cls.authority.server()
        cls.root = cls.authority.certificate.read_bytes()
        cls.settings = cls.settings_of(cls.pair)

    @staticmethod
    def settings_of(pair):
        return [f"tls.certificate={pair.certificate}", f"tls.key={pair.key}"]

    @classmethod
    def credentials(cls, pair=None):
        """Of a client that shows this certificate."""
        own = (pair.key.read_bytes(), pair.certificate.read_bytes()) if pair else (None, None)
        return grpc.ssl_channel_credentials(cls.root, *own)

    def caller(self, address, pair=None, headers=()):
        return Caller(self.enterContext(open_channel(address, self.credentials(pair))), headers)

    def serial_at(self, address):
        """Of the certificate that the server shows to a new connection."""
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.set_alpn_protocols(["h2"])
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=9) as plain, \
                context.wrap_socket(plain, server_hostname=host) as secure:
            return secure.getpeercert()["serialNumber"]

    def check_holds(self, condition, what):
        """For as long as the server looks at its files several times."""
        end = time.monotonic() + 2.5 * LOOK_S
        until(lambda: time.monotonic() > end or not condition(), "some time passes")
        self.assertTrue(condition(), what)
