"""Backups of the nodes of a cluster, and a restored store that comes back as a node.

    /usr/bin/python3 nodes_test.py PATH/TO/scalegraphd PATH/TO/scalegraphctl PATH/TO/ledger.proto
"""

import pathlib
import shutil
import sys
import tempfile
import unittest

import grpc

from backups import Ctl, restore
from cluster import Cluster, until

PROGRAM, CTL, PROTO = sys.argv[1:4]
TRANSFERS = 200


class Nodes(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="scalegraph-backup-")))
        self.backups = self.folder / "backups"
        self.backups.mkdir()
        self.cluster = Cluster(PROGRAM, PROTO)
        self.addCleanup(self.cluster.end)
        for node in self.cluster.nodes.values():
            node.set("backup.folder", self.backups)
        self.cluster.found()
        self.leader = self.cluster.await_leader()
        self.cluster.create(self.leader, "a", 1000)
        self.cluster.create(self.leader, "b")

    def ctl(self, i):
        return Ctl(CTL, self.cluster.nodes[i].address)

    def write(self, count, first=0, but=()):
        """With keys: each is there once, whatever happens to the leader meanwhile."""
        for number in range(first, first + count):
            def moved(number=number):
                try:
                    node = self.cluster.await_leader(but)
                    self.cluster.transfer(node, {"a": -1, "b": 1}, f"key {number}")
                except grpc.RpcError:
                    return False
                return True
            until(moved, f"transfer {number}")

    def test_each_node_goes_on_with_a_backup_that_they_share(self):
        sequence = 0
        for i in (self.leader, *(n for n in self.cluster.nodes if n != self.leader)):
            self.write(20, first=sequence)
            wanted = sequence + 20

            def has_all(i=i, wanted=wanted):
                # Refused while the node is behind the backup.
                code, told = self.ctl(i).run("backup", "create")
                return code == 0 and int(told["backup"]["sequence"]) == 2 + wanted
            # A follower has what is committed a moment later.
            until(has_all, f"node {i} has all")
            self.assertEqual(self.ctl(i).backup("verify")["problems"], [])
            sequence = wanted
        store = self.folder / "alone"
        code, said, error = restore(PROGRAM, self.backups / "default", store)
        self.assertEqual((code, error), (0, ""))
        self.assertIn(f"restored up to sequence {2 + sequence} of ", said)

    def test_a_restored_store_is_refused_as_the_node_that_it_was(self):
        self.write(TRANSFERS)
        lost = next(i for i in self.cluster.nodes if i != self.leader)
        self.ctl(self.leader).backup("create")
        node = self.cluster.nodes[lost]
        self.assertEqual(node.stop(), 0)
        store = pathlib.Path(node._store)  # pylint: disable=protected-access
        shutil.rmtree(store)
        code, _, error = restore(PROGRAM, self.backups / "default", store)
        self.assertEqual((code, error), (0, ""))
        node.start()
        others = [i for i in self.cluster.nodes if i != lost]
        until(lambda: any(f"a node is refused: node {lost} " in self.cluster.nodes[i].log()
                          for i in others), "the restored store is refused")
        # The others go on; the refused one serves nothing of the cluster.
        self.write(10, first=TRANSFERS, but=(lost,))
        state = self.cluster.state(self.cluster.await_leader((lost,)))
        self.assertFalse(next(one for one in state.nodes if one.id == lost).connected)
        with self.assertRaises(grpc.RpcError):
            self.cluster.transfer(lost, {"a": -1, "b": 1}, "key of the refused", timeout=2)
        balance = 1000 - TRANSFERS - 10
        self.assertEqual(self.cluster.balance(self.cluster.await_leader((lost,)), "a"), balance)

    def test_a_new_cluster_begins_with_a_restored_store(self):
        self.write(TRANSFERS)
        self.ctl(self.leader).backup("create")
        self.cluster.end()
        self.cluster = Cluster(PROGRAM, PROTO)
        self.addCleanup(self.cluster.end)
        store = self.cluster.nodes[1]._store  # pylint: disable=protected-access
        code, _, error = restore(PROGRAM, self.backups / "default", store)
        self.assertEqual((code, error), (0, ""))
        self.cluster.found()
        for i in self.cluster.nodes:
            until(lambda i=i: self.has_balance(i, 1000 - TRANSFERS), f"node {i} has the ledger")
        # A retry of what was booked before books nothing.
        self.write(TRANSFERS)
        self.assertEqual(self.cluster.balance(self.cluster.await_leader(), "a"), 1000 - TRANSFERS)

    def has_balance(self, i, balance):
        try:
            return self.cluster.balance(i, "a") == balance
        except grpc.RpcError:
            return False


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
