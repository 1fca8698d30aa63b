"""A ledger that loses answers: passes calls on to a daemon, and does to them what they ask for.

    with Relay(daemon.address) as relay: ... relay.address ...

A request that has "script=lost,overloaded" in one of its texts is lost at its first attempt, is
refused at its second one, and passes from the third on. With "script=lost,always" the last step is
repeated. An attempt is known by its bytes, so a client that changes its key between two of them
starts from the beginning.
"""

import collections
import concurrent.futures
import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

import grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODULES = tempfile.TemporaryDirectory(prefix="scalegraph-protos-")
subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", "--proto_path=/usr/include",
                f"--python_out={MODULES.name}", "error_details.proto"], check=True)
sys.path.insert(0, MODULES.name)
import error_details_pb2  # noqa: E402  (generated above)

Code = grpc.StatusCode
DETAILS = "grpc-status-details-bin"
WORKERS = 16
PATIENCE_S = 10
SCRIPT = re.compile(rb"script=([a-z_,]+)")

ALWAYS = "always"
# The daemon answers, and its answer is lost.
LOST = {"lost": Code.UNAVAILABLE, "reset": Code.INTERNAL, "silence": None}
# Refused at the door, or by a ledger that does not know: code, reason, outcome. Passed on or not.
REFUSED = {
    "overloaded": (Code.RESOURCE_EXHAUSTED, "OVERLOADED", "none", False),
    "locked": (Code.DEADLINE_EXCEEDED, "LOCK_TIMEOUT", "none", False),
    "away": (Code.UNAVAILABLE, "NODE_UNAVAILABLE", "none", False),
    "denied": (Code.PERMISSION_DENIED, "PERMISSION_DENIED", "none", False),
    "restarted": (Code.UNAVAILABLE, "JOURNAL_UNAVAILABLE", "unknown", True),
    "too_large": (Code.RESOURCE_EXHAUSTED, "RESULT_TOO_LARGE", "unknown", True),
}
PASSED_ON = ("authorization", "x-scalegraph-read")


def details_of(code, reason, outcome):
    status = error_details_pb2.Status(code=code.value[0], message=f"the relay says {reason}")
    info = error_details_pb2.ErrorInfo(reason=reason, domain="scalegraph",
                                       metadata={"outcome": outcome})
    status.details.add().Pack(info)
    return status.SerializeToString()


class Relay(grpc.GenericRpcHandler):
    """Serves on a free port of loopback."""

    def __init__(self, target):
        self._target = target
        self._attempts = collections.Counter()
        self._lock = threading.Lock()

    def __enter__(self):
        with contextlib.ExitStack() as opened:
            self._channel = opened.enter_context(
                grpc.insecure_channel(self._target, [("grpc.enable_http_proxy", 0)]))
            self._workers = opened.enter_context(
                concurrent.futures.ThreadPoolExecutor(max_workers=WORKERS))
            self._server = grpc.server(self._workers, handlers=(self,))
            port = self._server.add_insecure_port("127.0.0.1:0")
            self.address = f"127.0.0.1:{port}"
            self._server.start()
            opened.callback(lambda: self._server.stop(None).wait())
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *error):
        return self._opened.__exit__(*error)

    def service(self, handler_call_details):
        method = handler_call_details.method
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._relay(method, request, context))

    def _step(self, method, request):
        """What becomes of this attempt; None: it passes."""
        found = SCRIPT.search(request)
        if found is None:
            return None
        with self._lock:
            number = self._attempts[method, request]
            self._attempts[method, request] += 1
        steps = found.group(1).decode().split(",")
        if steps[-1] == ALWAYS:
            return steps[min(number, len(steps) - 2)]
        return steps[number] if number < len(steps) else None

    def _relay(self, method, request, context):
        step = self._step(method, request)
        if step is not None and step not in LOST and step not in REFUSED:
            context.abort(Code.INVALID_ARGUMENT, f"the relay does not know '{step}'")
        if step in LOST:
            self._ask(method, request, context)
            if step == "silence":
                left = threading.Event()
                if context.add_callback(left.set):
                    left.wait(PATIENCE_S)
                return b""
            context.abort(LOST[step], "the relay lost the answer")
        if step in REFUSED:
            code, reason, outcome, passes = REFUSED[step]
            if passes:
                self._ask(method, request, context)
            context.set_trailing_metadata(((DETAILS, details_of(code, reason, outcome)),))
            context.abort(code, f"the relay says {reason}")
        answer, failed = self._ask(method, request, context)
        if failed is None:
            return answer
        context.set_trailing_metadata(tuple(failed.trailing_metadata() or ()))
        return context.abort(failed.code(), failed.details())

    def _ask(self, method, request, context):
        headers = [one for one in context.invocation_metadata() if one[0] in PASSED_ON]
        try:
            return self._channel.unary_unary(method)(request, timeout=PATIENCE_S,
                                                     metadata=headers), None
        except grpc.RpcError as failed:
            return None, failed
