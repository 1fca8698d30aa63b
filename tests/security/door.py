"""What the tests of this folder have in common: a daemon with a door, and callers that knock."""

import argparse
import collections
import pathlib
import queue
import subprocess
import sys
import tempfile
import unittest

import grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
for beside in ("clients", "crash", "nodes", "support"):
    sys.path.insert(0, str(ROOT / "tests" / beside))
from cluster import until  # noqa: E402,F401  (beside this folder)
from daemon import Daemon  # noqa: E402
from ports import free_ports  # noqa: E402,F401
from server import load_stubs  # noqa: E402

MODULES = tempfile.TemporaryDirectory(prefix="scalegraph-protos-")
pb, _ = load_stubs(str(ROOT / "proto" / "ledger.proto"), MODULES.name)
subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", "--proto_path=/usr/include",
                f"--python_out={MODULES.name}", "health.proto", "error_details.proto",
                "reflection_v1.proto", "reflection_v1alpha.proto"], check=True)
import error_details_pb2  # noqa: E402  (generated above)
import health_pb2  # noqa: E402
import reflection_v1_pb2  # noqa: E402
import reflection_v1alpha_pb2  # noqa: E402

CALL_TIMEOUT_S = 20
COMMAND_TIMEOUT_S = 30
# A change of a file counts within a second; the rest is for a busy machine.
PATIENCE_S = 15
Code = grpc.StatusCode

# All methods, as "Service.Method"; those of the ledger need no package.
METHODS = {}
for module in (pb, health_pb2, reflection_v1_pb2, reflection_v1alpha_pb2):
    for service in module.DESCRIPTOR.services_by_name.values():
        for method in service.methods:
            known = method.full_name.removeprefix("scalegraph.ledger.")
            METHODS[known] = (method, module)
HEALTH = {"grpc.health.v1.Health.Check", "grpc.health.v1.Health.Watch"}
STREAMS_OF_REQUESTS = {"LedgerService.StreamTransfers", "CommandService.StreamExecute",
                       "ImportService.Import",
                       "grpc.reflection.v1.ServerReflection.ServerReflectionInfo",
                       "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo"}
STREAMS_OF_ANSWERS = STREAMS_OF_REQUESTS | {
    "AdminService.Verify", "ExportService.Export", "BackupService.CreateBackup", "BackupService.VerifyBackup",
    "grpc.health.v1.Health.Watch"}

# Why a call was refused; `facts` are the metadata of its ErrorInfo.
Refusal = collections.namedtuple("Refusal", "code reason message facts")


def given():
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.splitlines()[0])
    parser.add_argument("scalegraphd")
    parser.add_argument("scalegraphctl")
    parser.add_argument("scalegraph_bench")
    return parser.parse_args()


GIVEN = given()


def entries(*pairs):
    return [pb.TransferEntry(account_id=account, amount=amount) for account, amount in pairs]


def move(source, to, amount=1, **more):
    return pb.TransferRequest(entries=entries((source, -amount), (to, amount)), **more)


def refusal_of(error):
    """Without a reason if the server's gRPC, and not the ledger, has refused."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if details is None:
        return Refusal(error.code(), None, error.details(), {})
    status = error_details_pb2.Status.FromString(details)
    info = error_details_pb2.ErrorInfo()
    if not status.details[0].Unpack(info) or info.domain != "scalegraph":
        raise AssertionError(f"no ErrorInfo of the ledger: {status}")
    if (status.code, status.message) != (error.code().value[0], error.details()):
        raise AssertionError(f"{status} beside {error}")
    return Refusal(error.code(), info.reason, status.message, dict(info.metadata))


def bearer(token):
    return (("authorization", f"Bearer {token}"),)


def open_channel(address, credentials=None):
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
               ("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    if credentials is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, credentials, options)


def reasons_of(answer):
    """Why the request of a stream, or each transfer of it, was refused. None: it was not."""
    if answer.HasField("error"):
        return [answer.error.reason]
    return [one.error.reason if one.HasField("error") else None for one in answer.results]


class Caller:
    """Calls with these headers. Methods are named as in METHODS."""

    def __init__(self, channel, headers=()):
        self._channel = channel
        self.headers = headers

    def another(self, headers):
        """Of the same server."""
        return Caller(self._channel, headers)

    @staticmethod
    def _type(name, which):
        method, module = METHODS[name]
        return getattr(module, getattr(method, which).name)

    def request(self, name, /, **fields):
        return self._type(name, "input_type")(**fields)

    def begin(self, name, request=None, headers=None, /, **fields):
        """The call of a stream, or the future of another; `request`: an iterator of them."""
        form = {(False, False): lambda *how: self._channel.unary_unary(*how).future,
                (False, True): self._channel.unary_stream,
                (True, True): self._channel.stream_stream}[
                    name in STREAMS_OF_REQUESTS, name in STREAMS_OF_ANSWERS]
        method, _ = METHODS[name]
        call = form(f"/{method.containing_service.full_name}/{method.name}",
                    self._type(name, "input_type").SerializeToString,
                    self._type(name, "output_type").FromString)
        if request is None:
            request = self.request(name, **fields)
            request = iter([request]) if name in STREAMS_OF_REQUESTS else request
        return call(request, timeout=CALL_TIMEOUT_S,
                    metadata=self.headers if headers is None else headers)

    def ask(self, name, request=None, headers=None, /, **fields):
        """The answer; of a stream a list, and of one without an end the first."""
        call = self.begin(name, request, headers, **fields)
        if name == "grpc.health.v1.Health.Watch":
            answer = next(call)
            call.cancel()
            return answer
        return list(call) if name in STREAMS_OF_ANSWERS else call.result()

    def refusal(self, name, request=None, headers=None, /, **fields):
        """None: the call was not refused."""
        try:
            self.ask(name, request, headers, **fields)
        except grpc.RpcError as error:
            return refusal_of(error)
        return None

    def code(self, name="LedgerService.GetBalance", /, **fields):
        """UNAUTHENTICATED, or whatever else becomes of the call."""
        refused = self.refusal(name, **fields)
        return refused.code if refused else Code.OK


def await_code(caller, code, *method, **fields):
    """A change of the server's files has this effect, soon."""
    until(lambda: caller.code(*method, **fields) == code, f"the call ends with {code}", PATIENCE_S)


def run(program, *arguments, exit_code=0, **environment):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                          timeout=COMMAND_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
                          env={"PATH": "/usr/bin:/bin", **environment})
    if done.returncode != exit_code:
        raise AssertionError(f"{arguments}: exit code {done.returncode} instead of {exit_code}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def ctl(*arguments, **more):
    return run(GIVEN.scalegraphctl, *arguments, **more)


class Tokens:
    """A file of tokens, which scalegraphctl makes and changes."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "tokens"
        self.setting = f"auth.tokens={self.path}"

    def create(self, name, role):
        return ctl("token", "create", name, "--role", role, "--file", self.path).stdout.strip()

    def revoke(self, name):
        return ctl("token", "revoke", name, "--file", self.path).stdout

    def replace(self, text):
        """All at once, as a careful operator does it."""
        new = self.path.with_suffix(".next")
        new.write_text(text, encoding="utf-8")
        new.rename(self.path)


class SecurityTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        """A folder for the files of the class. Whoever overrides it calls it first."""
        cls.folder = pathlib.Path(cls.enterClassContext(
            tempfile.TemporaryDirectory(prefix="scalegraph-test-")))

    def serve(self, *settings):
        """A daemon of this test, and a channel to it."""
        daemon = self.enterContext(Daemon(GIVEN.scalegraphd, *settings))
        return daemon, self.enterContext(open_channel(daemon.address))

    @classmethod
    def serve_class(cls, *settings):
        """The same for all tests of the class."""
        daemon = cls.enterClassContext(Daemon(GIVEN.scalegraphd, *settings))
        return daemon, cls.enterClassContext(open_channel(daemon.address))

    def stream(self, caller):
        """A stream of transfers: send(transfer...) returns the answer to that request."""
        requests = queue.Queue()
        self.addCleanup(requests.put, None)
        call = caller.begin("LedgerService.StreamTransfers", iter(requests.get, None))

        def send(*transfers, **fields):
            requests.put(pb.TransferBatchRequest(transfers=transfers, **fields))
            return next(call)
        send.end = lambda: requests.put(None)
        return send

    def check_refusal(self, refused, code, reason, **facts):
        self.assertIsNotNone(refused, "the call was not refused")
        self.assertEqual((refused.code, refused.reason), (code, reason), refused.message)
        self.assertEqual({**refused.facts, **facts}, refused.facts)
        self.assertTrue(refused.message)

    def check_start(self, *settings, says, check_only=False, within=()):
        """The daemon does not start with these, and says why in one line.

        `within`: the command that runs it.
        """
        path = self.folder / "store-of-none"
        overrides = [part for one in (f"storage.path={path}", "server.listen=127.0.0.1:0",
                                      *settings) for part in ("--set", one)]
        done = run(*within, GIVEN.scalegraphd, *overrides, *(["--check"] if check_only else []),
                   exit_code=2)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, f"^error: [^\n]*\n$")
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, done.stderr)
        self.assertFalse(path.exists(), "the store was made")


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)
