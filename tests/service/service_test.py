"""A scalegraphd and its service manager: what is told at a start, a reload and a stop, how far a
recovery is, and that only a process whose supervisors answer is said to live.

    /usr/bin/python3 service_test.py SCALEGRAPHD SCALEGRAPH_BENCH LEDGER.PROTO [SICK_DISK]
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
for beside in ("crash", "nodes"):
    sys.path.insert(0, str(ROOT / "tests" / beside))
from cluster import until  # noqa: E402
from server import DidNotStart, Server, load_stubs  # noqa: E402
from service_manager import ServiceManager  # noqa: E402
from threads import StoppedThreads  # noqa: E402

PROGRAM, BENCH, PROTO, *SICK_DISK = sys.argv[1:]
del sys.argv[1:]
BENCH_TIMEOUT_S = 120
WATCHDOG_S = 1.0
DRAIN_MS = 500
CALL_TIMEOUT_S = 20
GAVE_UP = 4

MODULES = tempfile.TemporaryDirectory(prefix="scalegraph-protos-")
pb, stubs = load_stubs(PROTO, MODULES.name)


class Service(unittest.TestCase):
    settings = {}

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="scalegraph-service-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.manager = ServiceManager(self.folder)
        self.addCleanup(self.manager.__exit__)

    def server(self, settings=None, watchdog_s=None, environment=None):
        server = Server(PROGRAM, self.folder, f"{self.folder}/store",
                        {"log.format": "text", **(settings or {})},
                        self.manager.environment(watchdog_s) | (environment or {}))
        self.addCleanup(server.end)
        return server


class StartAndStop(Service):
    def test_ready_is_told_when_the_gateway_listens_and_stopping_at_the_signal(self):
        server = self.server({"server.drain_timeout": 1234})
        server.start()
        ready = self.manager.await_field("READY")
        self.assertEqual(ready["STATUS"], f"serving on {server.address}")
        statuses = [fields["STATUS"] for _, fields in self.manager.told if "STATUS" in fields]
        self.assertEqual(statuses[0], f"opening the store in {self.folder}/store")
        self.assertEqual(statuses[-2:], ["the store is open, the actors start", ready["STATUS"]])
        server.terminate()
        stopping = self.manager.await_field("STOPPING")
        # What the drain may take, and 30 s beside.
        self.assertEqual(stopping["EXTEND_TIMEOUT_USEC"], "31234000")
        self.assertEqual(server.wait(), 0)
        said = re.findall(r"\] ((?:opening|the store is open|stopp)[^\n]*)", server.log())
        self.assertEqual(said[0], f"opening the store in {self.folder}/store")
        self.assertRegex(said[1], r"^the store is open: sequence 0, 0 accounts, after \d+ ms$")
        self.assertEqual(said[2:], ["stopping", "stopped"])

    def test_a_reload_is_told_from_its_begin_to_its_end(self):
        config = pathlib.Path(self.folder, "settings.toml")
        config.write_text("[log]\nlevel = \"info\"\n", encoding="utf-8")
        server = self.server()
        server.run_within(["/bin/sh", "-c", f'exec "$0" --config {config} "$@"'])
        server.start()
        self.manager.await_field("READY")
        for text in ("[log]\nlevel = \"debug\"\n", "this is no TOML"):
            config.write_text(text, encoding="utf-8")
            os.kill(server.pid(), 1)
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            reloading = self.manager.await_field("RELOADING", "1")
            self.assertLess(abs(int(reloading["MONOTONIC_USEC"]) - before), 60_000_000)
            self.assertIn("STATUS", self.manager.await_field("READY", "1"))
        self.assertIn("SIGHUP: log.level has changed", server.log())
        self.assertIn("SIGHUP: the settings stay as they are", server.log())
        self.assertEqual(server.stop(), 0)

    def test_a_start_that_fails_is_never_ready(self):
        server = self.server({"ledger.shards": 0})
        with self.assertRaises(DidNotStart):
            server.start()
        self.manager.drop_all()
        self.assertFalse([fields for _, fields in self.manager.told if "READY" in fields])

    def test_a_recovery_tells_how_far_it_is_and_asks_for_time(self):
        server = self.server({"storage.checkpoint_interval": 1_000_000_000,
                              "storage.index_chunk": 10_000_000})
        server.start()
        subprocess.run([BENCH, "--server", server.address, "--mode", "batch", "--batch", "8000",
                        "--in-flight", "4", "--accounts", "1000", "--seconds", "2"],
                       timeout=BENCH_TIMEOUT_S, check=True, stdout=subprocess.DEVNULL)
        server.kill()
        self.manager.drop_all()
        first = len(self.manager.told)
        server.start()
        self.manager.await_field("READY")
        told = [fields for _, fields in self.manager.told[first:]]
        for step in ("applying records to the balances of the checkpoint",
                     "reading the records that no index has"):
            with self.subTest(step):
                at = [re.search(rf"{step}: (\d+) of (\d+)", fields.get("STATUS", ""))
                      for fields in told]
                numbers = [(int(found[1]), int(found[2])) for found in at if found]
                self.assertGreater(len(numbers), 2, "the load was too small to tell")
                done = [one for one, _ in numbers]
                self.assertEqual(done, sorted(set(done)))
                self.assertEqual(done[0], 0)
                self.assertEqual(numbers[-1][0], numbers[-1][1])
        reads = [fields for fields in told if "write-ahead log" in fields.get("STATUS", "")]
        self.assertTrue(reads)
        more_time = [int(fields["EXTEND_TIMEOUT_USEC"]) for fields in told
                     if "EXTEND_TIMEOUT_USEC" in fields]
        self.assertGreaterEqual(len(more_time), 4)
        self.assertGreaterEqual(min(more_time), 60_000_000)
        self.assertEqual(server.stop(), 0)


class Watchdog(Service):
    def test_a_living_process_is_pinged_and_one_that_stands_still_is_not(self):
        server = self.server(watchdog_s=WATCHDOG_S)
        server.start()
        self.manager.await_field("READY")
        # systemd ends a service that is silent for a whole period: at least two pings in each.
        self.assertGreaterEqual(self.manager.pings_within(WATCHDOG_S), 2)
        server.pause()
        self.manager.drop_all()
        self.assertEqual(self.manager.pings_within(1.5 * WATCHDOG_S), 0)
        server.go_on()
        self.manager.await_field("WATCHDOG", "1")
        self.assertEqual(server.stop(), 0)

    def test_supervisors_that_hang_are_not_covered_up_by_the_main_thread(self):
        server = self.server(watchdog_s=WATCHDOG_S)
        server.start()
        self.manager.await_field("WATCHDOG")
        with StoppedThreads(server.pid()):
            self.manager.drop_all()
            self.assertEqual(self.manager.pings_within(1.5 * WATCHDOG_S), 0)
        self.manager.await_field("WATCHDOG", "1")
        self.assertEqual(server.stop(), 0)

    def test_without_a_watchdog_nothing_is_pinged(self):
        server = self.server()
        server.start()
        self.manager.await_field("READY")
        self.assertEqual(self.manager.pings_within(3), 0)


@unittest.skipUnless(SICK_DISK, "a sanitized program has no disk that hangs")
class Drain(Service):
    def test_a_stop_is_bounded_though_a_call_never_ends_and_says_what_it_waits_for(self):
        sign = pathlib.Path(self.folder, "hang")
        server = self.server({"server.drain_timeout": DRAIN_MS, "supervisor.liveness_period": 5},
                             environment={"LD_PRELOAD": SICK_DISK[0], "HANG_FILE": str(sign)})
        server.start()
        self.manager.await_field("READY")
        channel = grpc.insecure_channel(server.address)
        self.addCleanup(channel.close)
        ledger = stubs.LedgerServiceStub(channel)
        ledger.CreateAccount(pb.CreateAccountRequest(account_id="a", initial_balance=10),
                             timeout=CALL_TIMEOUT_S)
        sign.touch()
        stuck = ledger.Credit.future(pb.CreditRequest(account_id="a", amount=1))
        # A call that came behind it is answered: so it has arrived as well.
        stubs.AdminServiceStub(channel).GetTree(pb.GetTreeRequest(), timeout=CALL_TIMEOUT_S)
        self.assertFalse(stuck.done())
        begun = time.monotonic()
        server.terminate()
        until(lambda: "calls were cut off" in server.log(), "the drain ends")
        took_ms = (time.monotonic() - begun) * 1000
        self.assertGreaterEqual(took_ms, DRAIN_MS * 0.9)
        self.assertLess(took_ms, DRAIN_MS + 10_000)
        # The call that was answered may not be forgotten yet.
        self.assertRegex(server.log(), "takes no new calls; [12] in flight have "
                                       f"{DRAIN_MS} ms to end")
        self.assertIn("1 calls were cut off: their clients do not know the outcome",
                      server.log())
        self.assertEqual(stuck.code(), grpc.StatusCode.UNAVAILABLE)
        # The journal's thread is in the sync. The log says so, until its supervisor gives it up.
        until(lambda: "stopping: waits for " in server.log(), "what it waits for is said")
        self.assertIn("waits for", self.manager.await_field("STATUS", "stopping: waits for journal")
                      ["STATUS"])
        self.assertEqual(server.wait(), GAVE_UP)

    def test_a_stop_without_calls_says_so(self):
        server = self.server()
        server.start()
        self.assertEqual(server.stop(), 0)
        self.assertIn("no call is in flight any more", server.log())
        self.assertNotIn("cut off", server.log())


if __name__ == "__main__":
    unittest.main()
