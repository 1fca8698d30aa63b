"""`tx explain`: what a recent write went through.

    /usr/bin/python3 explain_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import json
import threading

from watched import WatchedTest  # makes the next one known
from door import Caller, Code, ctl, entries, main, move, pb

EXPLAIN = "AdminService.ExplainTransaction"
WHOLE = ["queue", "vote", "journal", "commit", "reply"]


class Explain(WatchedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.daemon, channel = cls.serve_class()
        cls.caller = Caller(channel)
        for account, balance in (("alice", 1_000_000), ("bob", 0), ("hot", 0)):
            cls.caller.ask("LedgerService.CreateAccount", account_id=account,
                           initial_balance=balance)

    def test_a_transfer(self):
        made = self.caller.ask("LedgerService.Transfer", move("alice", "bob"),
                               (("x-request-id", "job-1"),))
        told = self.caller.ask(EXPLAIN, id=made.id)
        self.assertEqual((told.method, told.request_id, told.items, told.committed),
                         ("Transfer", "job-1", 1, 1))
        self.assertEqual([stage.name for stage in told.stages], WHOLE)
        self.assertTrue(all(stage.duration_ns > 0 for stage in told.stages))
        self.assertEqual(told, self.caller.ask(EXPLAIN, id="job-1"))
        self.assertTrue(set(told.shards) <= {0, 1} and told.shards)

    def test_a_refused_transfer(self):
        refused = self.caller.refusal("LedgerService.Transfer", move("bob", "alice", 10**9),
                                      (("x-request-id", "job-2"),))
        self.assertEqual(refused.reason, "INSUFFICIENT_FUNDS")
        told = self.caller.ask(EXPLAIN, id="job-2")
        self.assertEqual((told.items, told.committed), (1, 0))
        self.assertEqual([(one.item, one.error.reason) for one in told.refusals],
                         [(0, "INSUFFICIENT_FUNDS")])
        self.assertEqual([stage.name for stage in told.stages], ["queue", "vote", "reply"])

    def test_a_batch_of_which_a_part_commits(self):
        answer = self.caller.ask("LedgerService.TransferBatch", pb.TransferBatchRequest(transfers=[
            move("alice", "bob"), move("nobody", "bob"), move("alice", "bob")]),
            (("x-request-id", "job-3"),))
        told = self.caller.ask(EXPLAIN, id="job-3")
        self.assertEqual((told.items, told.committed), (3, 2))
        self.assertEqual([one.item for one in told.refusals], [1])
        for number in (0, 2):
            self.assertEqual(self.caller.ask(EXPLAIN, id=answer.results[number].transaction.id),
                             told)

    def test_who_waited_for_a_lock_is_told(self):
        """Debits of what credits under way bring wait for these credits."""
        found = []

        def spend(number):
            mine = Caller(self.caller._channel)  # pylint: disable=protected-access
            for i in range(200):
                transfers = [pb.TransferRequest(entries=entries(("alice", -1), ("hot", 1))),
                             pb.TransferRequest(entries=entries(("hot", -1), ("bob", 1)))]
                mine.ask("LedgerService.TransferBatch",
                         pb.TransferBatchRequest(transfers=transfers),
                         (("x-request-id", f"spend-{number}-{i}"),))
                told = self.caller.ask(EXPLAIN, id=f"spend-{number}-{i}")
                if told.waits:
                    return found.append(told)
            return None
        threads = [threading.Thread(target=spend, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(found)
        for told in found:
            self.assertEqual({wait.account_id for wait in told.waits}, {"hot"})
            self.assertGreater(max(wait.undecided_credits for wait in told.waits), 0)

    def test_what_is_not_kept(self):
        refused = self.caller.refusal(EXPLAIN, id="nobody-knows")
        self.check_refusal(refused, Code.NOT_FOUND, "TRANSACTION_NOT_FOUND", id="nobody-knows")
        for wrong, reason in (("", "ID_EMPTY"), ("x" * 1000, "ID_TOO_LONG")):
            refused = self.caller.refusal(EXPLAIN, id=wrong)
            self.check_refusal(refused, Code.INVALID_ARGUMENT, reason)

    def test_the_command(self):
        made = self.caller.ask("LedgerService.Transfer", move("alice", "bob"))
        text = ctl("--server", self.daemon.address, "tx", "explain", made.id).stdout
        for part in ("Transfer", "1 of 1", "queue", "commit", "▇"):
            self.assertIn(part, text)
        told = json.loads(ctl("--server", self.daemon.address, "--json", "tx", "explain",
                              made.id).stdout)
        self.assertEqual(told["method"], "Transfer")
        gone = ctl("--server", self.daemon.address, "tx", "explain", "none", exit_code=1)
        self.assertIn("no recent write is known by this id", gone.stderr)


if __name__ == "__main__":
    main()
