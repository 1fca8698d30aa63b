"""What the tests of api_suite.py have in common: calls by name, and answers that are looked at."""

import itertools
import pathlib
import subprocess
import sys
import tempfile
import unittest

import grpc

from node import arguments, open_channel, served

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "crash"))
from server import load_stubs  # noqa: E402  (beside this folder)

MODULES = tempfile.TemporaryDirectory(prefix="scalegraph-protos-")
pb, _ = load_stubs(str(ROOT / "proto" / "ledger.proto"), MODULES.name)
subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", "--proto_path=/usr/include",
                f"--python_out={MODULES.name}", "health.proto", "error_details.proto",
                "reflection_v1.proto", "reflection_v1alpha.proto"], check=True)
import error_details_pb2  # noqa: E402  (generated above)
import health_pb2  # noqa: E402

GIVEN = arguments("Every call of the ledger.")
CALL_TIMEOUT_S = 20
MIB = 1 << 20
INT64_MAX = 2**63 - 1
SERVING = health_pb2.HealthCheckResponse.SERVING
WRITES = ("CreateParticipant", "CreateParticipantAccount", "CreateAccount", "Credit", "Debit",
          "Transfer", "TransferBatch", "Execute", "ExecuteBatch", "SealKey", "OpenAccount")
METHODS = {method.name: method for service in pb.DESCRIPTOR.services_by_name.values()
           for method in service.methods}
STREAMS = ("StreamTransfers", "StreamExecute", "Import", "Verify", "Export", "CreateBackup",
           "VerifyBackup")
Code = grpc.StatusCode


def type_of(descriptor):
    return getattr(pb, descriptor.name)


def entries(*pairs):
    return [pb.TransferEntry(account_id=account, amount=amount) for account, amount in pairs]


def move(source, to, amount=1, key="", reference=""):
    return pb.TransferRequest(entries=entries((source, -amount), (to, amount)),
                              idempotency_key=key, reference=reference)


class ApiTest(unittest.TestCase):
    """A daemon or node for each class of tests. Each test has accounts and keys of its own."""

    maxDiff = None
    names = itertools.count()

    @classmethod
    def start(cls, *settings):
        """A daemon or node, and a channel to it, until `cls` is over."""
        cls.daemon = served(GIVEN, *settings)
        cls.enterClassContext(cls.daemon)
        # The longest messages that the server takes and gives, and more.
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
                   ("grpc.enable_http_proxy", 0)]
        cls.channel = cls.enterClassContext(open_channel(cls.daemon, options))
        cls.asked = set()

    def stub(self, method, raw=False):
        self.asked.add(method)
        described = METHODS[method]
        path = f"/{described.containing_service.full_name}/{method}"
        form = {"StreamTransfers": self.channel.stream_stream,
                "StreamExecute": self.channel.stream_stream,
                "Import": self.channel.stream_stream,
                **dict.fromkeys(("Verify", "Export", "CreateBackup", "VerifyBackup"),
                                self.channel.unary_stream)}.get(method, self.channel.unary_unary)
        return form(path, None if raw else type_of(described.input_type).SerializeToString,
                    type_of(described.output_type).FromString)

    def ask(self, method, /, headers=None, **fields):
        answer, call = self.stub(method).with_call(type_of(METHODS[method].input_type)(**fields),
                                                   timeout=CALL_TIMEOUT_S, metadata=headers)
        self.check_trailers(call)
        return answer

    def check_trailers(self, call):
        """A node says which one it is, and what it may show; a daemon alone has nothing to say."""
        trailers = dict(call.trailing_metadata())
        if self.daemon.id:
            self.assertEqual(trailers.get("x-scalegraph-node"), str(self.daemon.id))
            self.assertRegex(trailers.get("x-scalegraph-sequence", ""), r"^\d+$")
        else:
            self.assertNotIn("x-scalegraph-node", trailers)

    def check_refusal(self, error, code, reason, is_write, **facts):
        """The status, the ErrorInfo beside it and these facts in it."""
        self.assertEqual(error.code(), code, error.details())
        trailers = dict(error.trailing_metadata())
        self.assertIn("grpc-status-details-bin", trailers, error.details())
        status = error_details_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        self.assertEqual((status.code, status.message), (code.value[0], error.details()))
        info = error_details_pb2.ErrorInfo()
        self.assertTrue(status.details[0].Unpack(info))
        self.assertEqual((info.reason, info.domain), (reason, "scalegraph"))
        if is_write:
            facts = {"outcome": "none", **facts}
        else:
            self.assertNotIn("outcome", info.metadata)
        self.assertEqual(dict(info.metadata), {**info.metadata, **facts})
        self.assertTrue(error.details())

    def refused(self, method, code, reason, /, request=None, headers=None, facts=None, **fields):
        """`request`: bytes that are sent as they are."""
        message = type_of(METHODS[method].input_type)(**fields) if request is None else request
        with self.subTest(method=method, reason=reason, facts=facts):
            with self.assertRaises(grpc.RpcError) as refused:
                call = self.stub(method, raw=request is not None)(
                    message, timeout=CALL_TIMEOUT_S, metadata=headers)
                if method in STREAMS:
                    next(call)
            self.check_refusal(refused.exception, code, reason, method in WRITES, **(facts or {}))
            self.check_trailers(refused.exception)

    def invalid(self, method, reason, field, **fields):
        self.refused(method, Code.INVALID_ARGUMENT, reason, facts={"field": field}, **fields)

    def account(self, balance=1000, name=None, **fields):
        name = name or f"account-{next(self.names)}"
        self.ask("CreateAccount", account_id=name, initial_balance=balance, **fields)
        return name

    def participant(self, role=pb.SUPPLIER, **fields):
        name = f"participant-{next(self.names)}"
        return self.ask("CreateParticipant", id=name, name=name.title(), role=role, **fields)

    def balance(self, account, **more):
        return self.ask("GetBalance", account_id=account, **more).balance

    def pages(self, method, rows, **fields):
        """All rows of a listing, and how many pages they took."""
        found, token = [], ""
        for count in itertools.count(1):
            page = self.ask(method, page_token=token, **fields)
            found += getattr(page, rows)
            token = page.next_page_token
            if not token:
                return found, count

    def check_results(self, results, *reasons):
        """One for each reason; None: a transaction."""
        self.assertEqual([one.error.reason if one.HasField("error") else None for one in results],
                         list(reasons))
        for one in results:
            if one.HasField("error"):
                self.assertEqual(one.error.metadata["outcome"], "none")
                self.assertTrue(one.error.message)
