"""Three daemons that keep one ledger: nodes_test.py SCALEGRAPHD LEDGER_PROTO"""

import pathlib
import socket
import subprocess
import sys
import threading
import time
import unittest

import grpc

from cluster import Cluster, until  # makes the next one known
from ports import free_ports

PROGRAM, PROTO = sys.argv[1], sys.argv[2]
CLIENT_DEADLINE_S = 5
OPENING = 1000


class Bank:
    """Clients on all nodes. Each transfer has a key and goes to the next node if one is away."""

    def __init__(self, cluster, clients=6):
        self.cluster = cluster
        self.committed = {}
        self.failures = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, client):
        for n in range(1_000_000):
            if self._stop.is_set():
                return
            self._transfer(client, f"c{client}-{n}")

    def _transfer(self, client, key):
        amounts = {"a": -1, "b": 1} if client % 2 else {"b": -1, "a": 1}
        end = time.monotonic() + CLIENT_DEADLINE_S
        node = client
        while True:
            node = node % len(self.cluster.nodes) + 1
            try:
                # A node that is frozen answers nobody: its share of the time is bounded.
                answer = self.cluster.transfer(node, amounts, key, timeout=2)
                self.committed[key] = answer.id
                return
            except grpc.RpcError as error:
                # CANCELLED: the node stopped, and its time to finish calls was over.
                away = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
                        grpc.StatusCode.CANCELLED)
                if error.code() not in away or time.monotonic() > end:
                    self.failures.append((key, error.code(), error.details()))
                    return


class NodesTest(unittest.TestCase):
    """One cluster for all tests; each leaves it whole."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(PROGRAM, PROTO)
        cls.addClassCleanup(cls.cluster.end)
        for node in cls.cluster.nodes.values():
            node.set("log.modules", "forwarder=debug")
        cls.cluster.start()
        until(cls.cluster.connected, "all nodes are connected")
        cls.before = cls.cluster.state(2)
        try:
            cls.cluster.transfer(2, {"a": -1, "b": 1}, timeout=0.3)
            cls.unfounded = None
        except grpc.RpcError as error:
            cls.unfounded = error.code()
        cls.first = cls.cluster.init(2)
        cls.again = cls.cluster.init(3)
        for account in "ab":
            cls.cluster.create(1, account, OPENING)

    def whole(self):
        """All nodes are there, agree, and have their books in order."""
        cluster = self.cluster
        until(cluster.connected, "all nodes are connected")
        cluster.await_leader()

        def level():
            heads = [cluster.head(i) for i in cluster.nodes]
            for _, problems in heads:
                self.assertEqual(problems, [])
            return len({head for head, _ in heads}) == 1
        until(level, "all nodes have one chain")
        balances = {i: (cluster.balance(i, "a"), cluster.balance(i, "b")) for i in cluster.nodes}
        self.assertEqual(len(set(balances.values())), 1, balances)
        self.assertEqual(sum(balances[1]), 2 * OPENING)

    def booked(self, bank):
        """Each transfer that was told committed stands in the ledger once."""
        self.assertEqual(bank.failures, [])
        self.assertGreater(len(bank.committed), 20)
        self.assertEqual(len(set(bank.committed.values())), len(bank.committed))
        m = self.cluster.messages
        for key, transaction in list(bank.committed.items())[-200:]:
            with self.subTest(key):
                self.cluster.stub(1).GetTransaction(m.GetTransactionRequest(id=transaction),
                                                    timeout=5)
                amounts = {"a": -1, "b": 1} if int(key[1]) % 2 else {"b": -1, "a": 1}
                again = self.cluster.transfer(2, amounts, key)
                self.assertEqual(again.id, transaction)

    def test_it_is_founded_once(self):
        self.assertEqual(self.before.id, "")
        self.assertIn(self.unfounded,
                      (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED))
        self.assertFalse(self.first.existed)
        self.assertTrue(self.again.existed)
        ids = {self.cluster.state(i).id for i in self.cluster.nodes}
        self.assertEqual(len(ids), 1)
        self.assertNotEqual(ids, {""})

    def test_each_node_takes_every_call(self):
        cluster, m = self.cluster, self.cluster.messages
        for i in cluster.nodes:
            with self.subTest(node=i):
                name = f"p{i}"
                people = cluster.stub(i, "ParticipantService")
                people.CreateParticipant(m.CreateParticipantRequest(id=name, name="n", role=4),
                                         timeout=5)
                account = people.CreateParticipantAccount(
                    m.CreateParticipantAccountRequest(participant_id=name, initial_balance=5),
                    timeout=5)
                self.assertEqual(account.id, f"{name}:operating")
                with self.assertRaises(grpc.RpcError) as taken:
                    people.CreateParticipant(m.CreateParticipantRequest(id=name, name="n", role=4),
                                             timeout=5)
                self.assertEqual(taken.exception.code(), grpc.StatusCode.ALREADY_EXISTS)
                with self.assertRaises(grpc.RpcError) as refused:
                    cluster.transfer(i, {account.id: -6, "a": 6})
                self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
                first = cluster.transfer(i, {"a": -1, "b": 1}, f"key-{i}")
                for other in cluster.nodes:
                    self.assertEqual(cluster.transfer(other, {"a": -1, "b": 1}, f"key-{i}").id,
                                     first.id)
                    self.assertEqual(cluster.balance(other, account.id), 5)
                items = [m.TransferRequest(entries=[m.TransferEntry(account_id=x, amount=-1),
                                                    m.TransferEntry(account_id="b", amount=1)])
                         for x in ("a", "nobody", "")]
                answer = cluster.stub(i).TransferBatch(m.TransferBatchRequest(transfers=items),
                                                       timeout=5)
                self.assertEqual([one.WhichOneof("result") for one in answer.results],
                                 ["transaction", "error", "error"])
                self.assertEqual([one.error.reason for one in answer.results[1:]],
                                 ["ACCOUNT_NOT_FOUND", "ID_EMPTY"])
                stream = cluster.stub(i).StreamTransfers(
                    iter([m.TransferBatchRequest(transfers=items[:1])] * 3), timeout=10)
                self.assertEqual(sum(len(part.results) for part in stream), 3)
                cluster.transfer(i, {"b": -5, "a": 5})
        self.whole()

    def test_an_answer_says_where_it_comes_from_and_how_new_it_is(self):
        cluster, m = self.cluster, self.cluster.messages
        leader = cluster.await_leader()
        other = leader % 3 + 1
        request = m.TransferRequest(entries=[m.TransferEntry(account_id="a", amount=-1),
                                             m.TransferEntry(account_id="b", amount=1)])
        _, call = cluster.stub(other).Transfer.with_call(request, timeout=5)
        trailers = dict(call.trailing_metadata())
        self.assertEqual(trailers["x-scalegraph-node"], str(other))
        token = trailers["x-scalegraph-sequence"]
        expected = cluster.balance(leader, "b")
        for i in cluster.nodes:
            self.assertEqual(cluster.balance(i, "b", x_scalegraph_read=f"at-least={token}"),
                             expected)
            self.assertLessEqual(cluster.balance(i, "b", x_scalegraph_read="stale=60000"), expected)
            for wrong in ("at-least=", "stale=-1", "newest"):
                with self.assertRaises(grpc.RpcError) as refused:
                    cluster.balance(i, "b", x_scalegraph_read=wrong)
                self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
                self.assertIn("linearizable", refused.exception.details())
        cluster.transfer(leader, {"b": -1, "a": 1})

    def replace_leader(self, hurt, heal):
        """Seconds from `hurt` to the next transfer through another node, with clients on all."""
        cluster = self.cluster
        longest = 0
        with Bank(cluster) as bank:
            for _ in range(3):
                leader = cluster.await_leader()
                seen = len(bank.committed)
                until(lambda: len(bank.committed) > seen + 10, "transfers go on")
                began = time.monotonic()
                hurt(cluster.nodes[leader])
                other = leader % 3 + 1
                until(lambda: self.commits(other, began), "another node leads")
                longest = max(longest, time.monotonic() - began)
                heal(cluster.nodes[leader])
                until(cluster.connected, "all nodes are connected")
        self.booked(bank)
        self.whole()
        return longest

    def commits(self, node, salt):
        try:
            self.cluster.transfer(node, {"a": -1, "b": 1}, f"probe-{salt}")
            return True
        except grpc.RpcError:
            return False

    def test_the_leaders_log_has_the_id_of_a_write_that_another_node_took(self):
        self.whole()
        leader = self.cluster.await_leader()
        follower = next(i for i in self.cluster.nodes if i != leader)
        m = self.cluster.messages
        entries = [m.TransferEntry(account_id=account, amount=amount)
                   for account, amount in (("a", -1), ("b", 1))]

        def told():
            """None: it does not know yet that the others know of ids."""
            _, call = self.cluster.stub(follower).Transfer.with_call(
                m.TransferRequest(entries=entries), timeout=5)
            return dict(call.trailing_metadata()).get("x-request-id")
        made = until(told, "the answer has an id")
        self.assertRegex(made, "^[0-9a-f]{32}$")
        until(lambda: any(made in line and '"ran"' in line
                          for line in self.cluster.nodes[leader].log().splitlines()),
              "the leader logs it")

    def test_a_leader_that_is_killed_is_replaced(self):
        self.assertLess(self.replace_leader(lambda node: node.kill(), lambda node: node.start()), 4)

    def test_a_leader_that_is_frozen_is_replaced(self):
        self.assertLess(self.replace_leader(lambda node: node.pause(), lambda node: node.go_on()),
                        4)

    def test_a_leader_that_is_stopped_hands_its_office_over(self):
        self.assertLess(self.replace_leader(lambda node: self.assertEqual(node.stop(), 0),
                                            lambda node: node.start()), 7)

    def test_leadership_moves_when_an_operator_says_so(self):
        cluster, m = self.cluster, self.cluster.messages
        leader = cluster.await_leader()
        other = leader % 3 + 1
        request = m.TransferLeadershipRequest(to=other)
        with self.assertRaises(grpc.RpcError) as refused:
            cluster.stub(other, "ClusterService").TransferLeadership(request, timeout=5)
        self.assertIn(f"node {leader} leads", refused.exception.details())
        cluster.stub(leader, "ClusterService").TransferLeadership(request, timeout=5)
        until(lambda: cluster.leader() == other, "the other node leads")
        self.whole()

    def test_strangers_and_lost_stores_are_refused(self):
        cluster = self.cluster
        follower = cluster.await_leader() % 3 + 1
        for named, settings, says in (
                ("other-name", {"cluster.name": "another"}, "cluster.name has to be the same"),
                ("lost", {}, "another store than the one that is a member")):
            with self.subTest(named):
                cluster.nodes[follower].stop()
                stranger = cluster.make(follower, named, **settings)
                stranger.start()
                try:
                    until(lambda: says in stranger.log(), "it is told why it is refused")
                finally:
                    stranger.end()
                cluster.nodes[follower].start()
        self.whole()

    def test_strangers_leave_no_connections_behind(self):
        node = self.cluster.nodes[1]
        descriptors = pathlib.Path(f"/proc/{node.pid()}/fd")
        before = len(list(descriptors.iterdir()))
        strangers = []
        self.addCleanup(lambda: [one.close() for one in strangers])
        for n in range(300):
            host, port = self.cluster.listens[1].split(":")
            one = socket.create_connection((host, int(port)), timeout=5)
            one.sendall(b"GET / HTTP/1.1\r\n\r\n" if n % 2 else b"")
            strangers.append(one)
        until(lambda: len(list(descriptors.iterdir())) < before + 20,
              "connections of strangers are closed, though they keep them open")
        self.whole()

    def test_a_member_that_lost_its_store_is_not_taken_by_one_that_never_met_it(self):
        cluster = Cluster(PROGRAM, PROTO)
        self.addCleanup(cluster.end)
        # Nodes 2 and 3 find node 1 only.
        gone = free_ports(1)[0]
        for i, other in ((2, 3), (3, 2)):
            seeds = cluster.seeds.replace(f"{other}@{cluster.listens[other]}",
                                          f"{other}@127.0.0.1:{gone}")
            cluster.nodes[i].set("cluster.seeds", seeds)
        cluster.start()
        until(lambda: all(node.connected for node in cluster.state(1).nodes), "node 1 sees all")
        cluster.init(1)
        m = cluster.messages
        for account in "ab":
            cluster.stub(1).CreateAccount(
                m.CreateAccountRequest(account_id=account, initial_balance=OPENING), timeout=5)
        # Node 3 has all of the log by then.
        self.assertEqual(cluster.balance(3, "b"), OPENING)
        for node in cluster.nodes.values():
            node.kill()
        cluster.nodes[3].set("cluster.seeds", cluster.seeds)
        cluster.nodes[3].start()
        stranger = cluster.make(2, "lost")
        self.addCleanup(stranger.end)
        stranger.start()
        until(lambda: "another store than the one that is a member" in stranger.log(),
              "it is told why it is refused")
        self.assertEqual(until(lambda: cluster.state(3), "node 3 answers").leader, 0)

    def test_a_ledger_that_stood_alone_becomes_a_cluster(self):
        cluster = Cluster(PROGRAM, PROTO)
        self.addCleanup(cluster.end)
        m = cluster.messages
        first = cluster.nodes[1]
        first.set("cluster.node_id", 0)
        first.start()
        for account in "ab":
            cluster.stub(1).CreateAccount(
                m.CreateAccountRequest(account_id=account, initial_balance=OPENING), timeout=5)
        entries = [[m.TransferEntry(account_id="a", amount=way),
                    m.TransferEntry(account_id="b", amount=-way)] for way in (1, -1)]
        # More than one portion.
        for batch in range(10):
            items = [m.TransferRequest(entries=entries[n % 2],
                                       idempotency_key=f"k{batch}-{n}", reference="x" * 200)
                     for n in range(OPENING)]
            answer = cluster.stub(1).TransferBatch(m.TransferBatchRequest(transfers=items),
                                                   timeout=10)
        old = answer.results[7].transaction.id
        self.assertEqual(first.stop(), 0)
        first.set("cluster.node_id", 1)
        cluster.start()
        until(cluster.connected, "all nodes are connected")
        with self.assertRaises(grpc.RpcError) as refused:
            cluster.init(2)
        self.assertIn("the store of node 1 has", refused.exception.details())
        cluster.init(1)
        for i in cluster.nodes:
            with self.subTest(node=i):
                self.assertEqual(cluster.stub(i).Transfer(items[7], timeout=10).id, old)
                self.assertEqual(cluster.balance(i, "a"), cluster.balance(1, "a"))
        until(lambda: len({cluster.head(i)[0] for i in cluster.nodes}) == 1, "one chain")
        self.assertEqual([cluster.head(i)[1] for i in cluster.nodes], [[]] * 3)
        # Without the first node the others have all of it.
        first.kill()
        self.assertEqual(cluster.stub(2).Transfer(items[7], timeout=10).id, old)
        self.assertEqual(cluster.balance(3, "b") + cluster.balance(2, "a"), 2 * OPENING)

    def test_a_members_store_is_not_opened_alone(self):
        alone = Cluster(PROGRAM, PROTO, 1)
        self.addCleanup(alone.end)
        alone.start()
        alone.nodes[1].stop()
        store = alone.nodes[1]._store  # pylint: disable=protected-access
        done = subprocess.run([PROGRAM, "--set", "server.listen=127.0.0.1:0", "--set",
                               f"storage.path={store}"], capture_output=True, text=True,
                              timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("member", done.stderr)

    def test_settings_that_do_not_fit_are_refused(self):
        port = free_ports(1)[0]
        for settings, says in (
                ([f"cluster.seeds=2@127.0.0.1:{port}"], "has no node 1"),
                ([f"cluster.seeds=1@127.0.0.1:{port}", "cluster.listen=0.0.0.0:1"],
                 "cluster.insecure")):
            command = [PROGRAM, "--check", "--set", "cluster.node_id=1"]
            for setting in settings:
                command += ["--set", setting]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
