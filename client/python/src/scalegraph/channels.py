"""Channels to the addresses of a ledger, with TLS and a token."""

from __future__ import annotations

import dataclasses
import ipaddress
import pathlib
import threading
from collections.abc import Callable, Sequence
from typing import Union

import grpc

# Answers of the ledger are bounded to this.
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
# A server that is back is found within this.
_LONGEST_RECONNECT_MS = 1000

# A function is asked before each attempt, so that a new token is taken up.
Token = Union[str, Callable[[], str], None]
PathLike = Union[str, pathlib.Path]


@dataclasses.dataclass(frozen=True)
class Tls:
    """Paths of PEM files. Without `ca` the server needs a certificate that this machine trusts."""

    ca: PathLike | None = None
    certificate: PathLike | None = None  # this client's own, and its key
    key: PathLike | None = None
    server_name: str | None = None  # of the certificate, if it is not the address's host

    def credentials(self) -> grpc.ChannelCredentials:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a client certificate and its key belong together")
        return grpc.ssl_channel_credentials(_read(self.ca), _read(self.key),
                                            _read(self.certificate))


def _read(path: PathLike | None) -> bytes | None:
    return None if path is None else pathlib.Path(path).read_bytes()


def is_on_this_machine(address: str) -> bool:
    """A name such as 127.evil.example is not."""
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Channels:
    """One for each address. Thread safe: calls of all threads move to the next one together."""

    def __init__(self, addresses: Sequence[str], tls: Tls | None, token: Token) -> None:
        if not addresses or not all(addresses):
            raise ValueError("an address of the ledger is needed, as HOST:PORT or unix:PATH")
        self._token = token
        if token is not None and tls is None:
            for address in addresses:
                if not is_on_this_machine(address):
                    raise ValueError(f"the token would go to {address} in the clear: "
                                     "use tls=Tls(...)")
        options: list[tuple[str, int | str]] = [
            ("grpc.max_receive_message_length", _MAX_ANSWER_BYTES),
            ("grpc.max_reconnect_backoff_ms", _LONGEST_RECONNECT_MS),
            ("grpc.enable_retries", 0)]  # retry.py alone decides
        if tls is not None and tls.server_name is not None:
            options.append(("grpc.ssl_target_name_override", tls.server_name))
        self.addresses = list(addresses)
        self._channels = [
            grpc.insecure_channel(address, options) if tls is None
            else grpc.secure_channel(address, tls.credentials(), options)
            for address in addresses]
        self._lock = threading.Lock()
        self._current = 0

    @property
    def current(self) -> int:
        """The number of the address that is asked next."""
        return self._current

    def leave(self, number: int) -> None:
        """That address did not answer. Nothing happens if another thread has left it already."""
        with self._lock:
            if self._current == number:
                self._current = (number + 1) % len(self._channels)

    def __getitem__(self, number: int) -> grpc.Channel:
        return self._channels[number]

    def headers(self) -> list[tuple[str, str]]:
        """What gets a call in."""
        token = self._token() if callable(self._token) else self._token
        return [] if token is None else [("authorization", f"Bearer {token}")]

    def close(self) -> None:
        for channel in self._channels:
            channel.close()
