"""What the daemon logs: lines of JSON, ids of calls, levels of modules, files.

    /usr/bin/python3 logs_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import json
import os
import pathlib
import signal

import grpc

from watched import WatchedTest, until  # makes the next one known
from door import (GIVEN, Caller, Daemon, bearer, error_details_pb2, main, move,
                  open_channel)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BALANCE = "LedgerService.GetBalance"


def lines_of(daemon):
    return [json.loads(line) for line in daemon.log().splitlines()]


def calls_of(daemon):
    return [line for line in lines_of(daemon) if line["module"] == "calls"]


def request_id_of(error):
    """Of the RequestInfo behind the error's details; None: there is none."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    status = error_details_pb2.Status.FromString(details)
    info = error_details_pb2.RequestInfo()
    return info.request_id if any(one.Unpack(info) for one in status.details) else None


class Logs(WatchedTest):
    def caller(self, *settings):
        self.daemon, channel = self.serve(*settings)
        return Caller(channel)

    def failed(self, caller, headers=(), account="nobody"):
        with self.assertRaises(grpc.RpcError) as raised:
            caller.ask(BALANCE, None, headers, account_id=account)
        return raised.exception

    def test_lines_are_json_when_nobody_looks(self):
        self.caller()
        for line in lines_of(self.daemon):
            self.assertEqual(list(line)[:4], ["time", "level", "module", "message"])
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_text_is_to_be_had(self):
        self.caller("log.format=text")
        self.assertRegex(self.daemon.log(), r"^\[\d{4}-.*\] \[scalegraphd\] \[info\] ")

    def test_a_call_is_one_line_at_debug(self):
        caller = self.caller("log.modules=calls=debug")
        error = self.failed(caller, (("x-request-id", "job-7"), ("traceparent", TRACE)))
        line = until(lambda: calls_of(self.daemon), "the call is logged")[0]
        self.assertEqual((line["message"], line["code"], line["request_id"], line["traceparent"]),
                         ("GetBalance", "NOT_FOUND", "job-7", TRACE))
        self.assertIsInstance(line["duration_us"], int)
        self.assertEqual(request_id_of(error), "job-7")
        self.assertEqual(dict(error.trailing_metadata())["x-request-id"], "job-7")

    def test_an_error_has_an_id_that_the_log_has(self):
        caller = self.caller("log.modules=calls=debug")
        made = request_id_of(self.failed(caller))
        self.assertRegex(made, "^[0-9a-f]{32}$")
        until(lambda: any(line["request_id"] == made for line in calls_of(self.daemon)),
              "the call is logged")
        self.assertNotEqual(made, request_id_of(self.failed(caller)))

    def test_a_stream_tells_its_id(self):
        caller = self.caller("log.modules=calls=debug")
        too_many = caller.request("LedgerService.StreamTransfers",
                                  transfers=[move("a", "b")] * 10_001)
        for headers in ((("x-request-id", "job-8"),), ()):
            stream = caller.begin("LedgerService.StreamTransfers", iter([too_many]), headers)
            answer = next(stream)
            told = answer.error.metadata["request_id"]
            self.assertEqual(dict(stream.initial_metadata())["x-request-id"], told)
            self.assertEqual(answer.error.reason, "TOO_MANY_TRANSFERS")
            if headers:
                self.assertEqual(told, "job-8")
            self.assertEqual(list(stream), [])
            until(lambda: any(line["request_id"] == told for line in calls_of(self.daemon)),
                  "the stream is logged")

    def test_only_ids_of_the_right_form_are_taken(self):
        caller = self.caller("log.modules=calls=debug")
        for wrong in ("two words", "x" * 129, 'quo"te'):
            made = request_id_of(self.failed(caller, (("x-request-id", wrong),)))
            self.assertRegex(made, "^[0-9a-f]{32}$")
            self.assertNotIn(wrong, self.daemon.log())
        self.failed(caller, (("traceparent", TRACE.replace("00-0af", "01-0af")),))
        self.failed(caller, (("traceparent", TRACE.upper()),))
        until(lambda: len(calls_of(self.daemon)) == 5, "all calls are logged")
        self.assertEqual({line["traceparent"] for line in calls_of(self.daemon)}, {""})

    def test_nothing_secret_is_logged(self):
        tokens = self.folder / "tokens"
        caller = self.caller("log.level=debug")
        secret = "sgt_this-is-a-secret"
        self.failed(caller, bearer(secret) + (("x-secret", "another-secret"),))
        until(lambda: calls_of(self.daemon), "the call is logged")
        self.assertNotIn("secret", self.daemon.log().replace("x-secret", ""))
        self.assertFalse(tokens.exists())

    def test_calls_are_not_logged_at_info(self):
        caller = self.caller()
        self.failed(caller)
        self.assertEqual(calls_of(self.daemon), [])

    def test_levels_change_while_it_runs(self):
        file = self.folder / "levels.toml"
        file.write_text('[log]\nmodules = "calls=info"\n', encoding="utf-8")
        daemon = Daemon(GIVEN.scalegraphd)
        daemon._settings += ["--config", str(file)]  # pylint: disable=protected-access
        self.enterContext(daemon)
        caller = Caller(self.enterContext(open_channel(daemon.address)))
        self.failed(caller)
        file.write_text('[log]\nmodules = "calls=debug"\n', encoding="utf-8")
        os.kill(daemon.pid, signal.SIGHUP)
        until(lambda: "SIGHUP: log.modules has changed" in daemon.log(), "it is taken up")
        self.failed(caller)
        self.assertEqual(len(until(lambda: calls_of(daemon), "the call is logged")), 1)

    def test_a_file_is_rotated(self):
        file = pathlib.Path(self.folder) / "rotated.log"
        caller = self.caller(f"log.file={file}", "log.modules=calls=debug",
                             "log.max_file_bytes=65536", "log.max_files=2")
        for _ in range(1000):
            self.failed(caller)
        names = sorted(one.name for one in self.folder.glob("rotated*"))
        self.assertEqual(names, ["rotated.1.log", "rotated.2.log", "rotated.log"])
        for name in names:
            self.assertLessEqual((self.folder / name).stat().st_size, 65536)
            for line in (self.folder / name).read_text(encoding="utf-8").splitlines():
                json.loads(line)
        self.assertEqual(self.daemon.log(), "")

    def test_a_file_that_cannot_be_written_is_told(self):
        self.check_start("log.file=/proc/none/x.log", says="log.file: cannot write to /proc/none/x")


if __name__ == "__main__":
    main()
