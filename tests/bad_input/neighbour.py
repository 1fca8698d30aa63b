"""A client that keeps moving money beside those that misbehave, and what it was told."""

import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CALL_TIMEOUT_S = 20

STUBS = tempfile.TemporaryDirectory(prefix="scalegraph-stubs-")
subprocess.run(
    ["protoc", f"--proto_path={ROOT}", f"--python_out={STUBS.name}", f"--grpc_out={STUBS.name}",
     "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin", "proto/ledger.proto"], check=True)
sys.path.insert(0, STUBS.name)

from proto import ledger_pb2 as pb  # noqa: E402  (generated above)
from proto import ledger_pb2_grpc  # noqa: E402

INITIAL = 10**15


def channel_to(address, *options):
    """A connection of its own: channels to one address would share one."""
    return grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1), *options])


def transfer(amount=1):
    return pb.TransferRequest(entries=[pb.TransferEntry(account_id="alice", amount=-amount),
                                       pb.TransferEntry(account_id="bob", amount=amount)])


def create_accounts(address):
    with channel_to(address) as channel:
        ledger = ledger_pb2_grpc.LedgerServiceStub(channel)
        for name in ("alice", "bob"):
            ledger.CreateAccount(pb.CreateAccountRequest(account_id=name, initial_balance=INITIAL),
                                 timeout=CALL_TIMEOUT_S)


def verify(address):
    """The server's own verification must find nothing, and no money made or lost."""
    with channel_to(address) as channel:
        *_, last = ledger_pb2_grpc.AdminServiceStub(channel).Verify(
            pb.VerifyRequest(), timeout=CALL_TIMEOUT_S)
    if not last.done or last.problems or int(last.sum_of_balances) != 2 * INITIAL:
        raise AssertionError(f"verify: {last}")


class Neighbour:
    """with Neighbour(address) as neighbour: neighbour.await_calls(50)"""

    def __init__(self, address):
        self._address = address
        self._latencies = []
        self._error = None
        self._stopping = False
        self._moved = threading.Condition()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        self.await_calls(10)
        return self

    def __exit__(self, *_):
        self._stopping = True
        self._thread.join()

    def _run(self):
        with channel_to(self._address) as channel:
            ledger = ledger_pb2_grpc.LedgerServiceStub(channel)
            while not self._stopping:
                start = time.monotonic()
                try:
                    ledger.Transfer(transfer(), timeout=CALL_TIMEOUT_S)
                except grpc.RpcError as error:
                    with self._moved:
                        self._error = error
                        self._moved.notify_all()
                    return
                with self._moved:
                    self._latencies.append(time.monotonic() - start)
                    self._moved.notify_all()

    def await_calls(self, more):
        """Returns when so many calls more were answered OK."""
        with self._moved:
            wanted = len(self._latencies) + more
            self._moved.wait_for(lambda: self._error or len(self._latencies) >= wanted,
                                 timeout=2 * CALL_TIMEOUT_S)
            if self._error or len(self._latencies) < wanted:
                raise AssertionError(f"the neighbour is not served: {self._error}")

    def take_latencies(self):
        """Of the calls since the last time, sorted, in seconds."""
        with self._moved:
            taken, self._latencies = self._latencies, []
            return sorted(taken)
