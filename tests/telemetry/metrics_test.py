"""What Prometheus reads of a daemon, alone and as a node.

    /usr/bin/python3 metrics_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import pathlib
import re
import subprocess

from watched import WatchedTest, get, page_of, until  # makes the next one known
from door import GIVEN, Caller, Daemon, entries, free_ports, main, move, pb

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent / "monitoring" / "metrics.txt"
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? ([^ ]+)$')


def names_in(text):
    return set(re.findall("^# TYPE ([a-z_]+) ", text, re.MULTILINE))


def samples_of(page):
    """By name and labels as they stand there."""
    _, _, text = get(page + "/metrics")
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[f"{name}{{{labels}}}" if labels else name] = float(value)
    return found


def check_form(text):
    """As Prometheus' own tool sees it."""
    return subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                          capture_output=True, check=False)


class Metrics(WatchedTest):
    def setUp(self):
        self.daemon, channel, self.page = self.watch()
        self.caller = Caller(channel)
        for account, balance in (("alice", 100), ("bob", 0), ("carol", 0)):
            self.caller.ask("LedgerService.CreateAccount", account_id=account,
                            initial_balance=balance)

    def test_the_form_is_that_of_prometheus(self):
        self.caller.ask("LedgerService.Transfer", move("alice", "bob"))
        self.caller.refusal("LedgerService.Transfer", move("nobody", "bob"))
        status, headers, text = get(self.page + "/metrics")
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "text/plain; version=0.0.4; charset=utf-8"))
        checked = check_form(text)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
        self.assertNotEqual(check_form(text + "# TYPE up counter\nup 1\n").returncode, 0)

    def test_transfers_count_by_outcome_and_parties(self):
        self.caller.ask("LedgerService.Transfer", move("alice", "bob"))
        self.caller.ask("LedgerService.Credit", account_id="bob", amount=5)
        self.caller.ask("LedgerService.TransferBatch", transfers=[
            pb.TransferRequest(entries=entries(("alice", -2), ("bob", 1), ("carol", 1))),
            move("alice", "bob", 1_000_000), move("nobody", "bob")])
        found = samples_of(self.page)
        count = {(outcome, parties): found[
            f'scalegraph_transfers_total{{outcome="{outcome}",parties="{parties}"}}']
            for outcome in ("committed", "refused", "unknown") for parties in ("1", "2", "3-5", "6+")}
        wanted = dict.fromkeys(count, 0)
        wanted.update({("committed", "1"): 1, ("committed", "2"): 1, ("committed", "3-5"): 1,
                       ("refused", "2"): 2})
        self.assertEqual(count, wanted)
        self.assertEqual(found['scalegraph_refusals_total{reason="INSUFFICIENT_FUNDS"}'], 1)
        self.assertEqual(found['scalegraph_refusals_total{reason="ACCOUNT_NOT_FOUND"}'], 1)
        # Creations pass the stages too.
        for stage in ("queue", "vote", "journal", "commit", "reply"):
            self.assertEqual(
                found[f'scalegraph_write_stage_duration_seconds_count{{stage="{stage}"}}'], 6, stage)
        self.assertEqual(found["scalegraph_ledger_sequence"], 6)

    def test_calls_count_by_method_and_code(self):
        self.caller.ask("LedgerService.GetBalance", account_id="alice")
        self.caller.refusal("LedgerService.GetBalance", account_id="nobody")
        found = samples_of(self.page)
        calls = 'scalegraph_grpc_calls_total{service="scalegraph.ledger.LedgerService",method='
        self.assertEqual(found[calls + '"GetBalance",code="OK"}'], 1)
        self.assertEqual(found[calls + '"GetBalance",code="NOT_FOUND"}'], 1)
        self.assertEqual(found[calls + '"Debit",code="OK"}'], 0)

    def test_a_stream_counts_its_transfers(self):
        send = self.stream(self.caller)
        send(move("alice", "bob"), move("alice", "bob"))
        found = samples_of(self.page)
        self.assertEqual(found['scalegraph_transfers_total{outcome="committed",parties="2"}'], 2)
        self.assertEqual(found["scalegraph_open_streams"], 1)
        send.end()
        until(lambda: samples_of(self.page)["scalegraph_open_streams"] == 0, "the stream has ended")

    def test_store_tree_and_process_are_told(self):
        found = samples_of(self.page)
        for name in ("scalegraph_disk_free_bytes", "process_resident_memory_bytes",
                     "process_open_fds", 'scalegraph_table_rows{table="blocks"}',
                     'scalegraph_actor_up{actor="journal"}',
                     'scalegraph_actor_up{actor="account_shard/0"}',
                     "scalegraph_rocksdb_memtable_bytes"):
            self.assertGreater(found[name], 0, name)
        self.assertEqual(found['scalegraph_actor_restarts_total{actor="journal"}'], 0)
        self.assertNotIn("scalegraph_raft_term", found)

    def test_alerts_and_dashboard_know_these_names(self):
        """What their tests take for a server's page has the names of a real one."""
        self.caller.ask("LedgerService.Transfer", move("alice", "bob"))
        self.caller.refusal("LedgerService.Transfer", move("nobody", "bob"))
        told = names_in(get(self.page + "/metrics")[2])
        known = names_in(EXAMPLE.read_text(encoding="utf-8"))
        self.assertEqual(told - known, set())
        # Of a node, of TLS, of callers, and of what this server has not done or found yet.
        elsewhere = re.compile("scalegraph_(raft|certificate|audit|checkpoint_timestamp|backup|actor_mailbox)_?.*")
        self.assertEqual({name for name in known - told if not elsewhere.fullmatch(name)}, set())

    def test_a_port_that_is_taken_is_told(self):
        port = self.page.rsplit(":", 1)[1]
        done = subprocess.run(
            [GIVEN.scalegraphd, "--set", f"storage.path={self.folder}/taken", "--set",
             "server.listen=127.0.0.1:0", "--set", f"metrics.listen=127.0.0.1:{port}"],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(f"cannot listen on 127.0.0.1:{port}", done.stderr)

    def test_others_reach_it_only_if_it_is_closed(self):
        self.check_start("metrics.listen=0.0.0.0:0", check_only=True,
                         says=("metrics.listen is 0.0.0.0:0", "metrics.insecure = true"))


class Node(WatchedTest):
    def test_a_node_tells_of_its_group(self):
        port = free_ports(1)[0]
        daemon = self.enterContext(Daemon(
            GIVEN.scalegraphd, "metrics.listen=127.0.0.1:0", "cluster.node_id=1",
            f"cluster.listen=127.0.0.1:{port}", f"cluster.seeds=1@127.0.0.1:{port}"))
        page = page_of(daemon)
        self.assertEqual(samples_of(page)["scalegraph_raft_has_leader"], 0)
        subprocess.run([GIVEN.scalegraphctl, "--server", daemon.address, "cluster", "init"],
                       check=True, capture_output=True, timeout=60)
        found = until(lambda: (now := samples_of(page))["scalegraph_raft_leads"] == 1 and now,
                      "the node leads")
        self.assertGreater(found["scalegraph_raft_term"], 0)
        self.assertEqual(found['scalegraph_raft_node_connected{node="1"}'], 1)
        checked = check_form(get(page + "/metrics")[2])
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))


if __name__ == "__main__":
    main()
