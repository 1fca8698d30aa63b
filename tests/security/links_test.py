"""Nodes that talk by TLS: they take part with their own certificate, and with no other.

    /usr/bin/python3 links_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import socket
import ssl
import unittest

from door import GIVEN, ROOT, main, until
from keys import DAY, Authority
from cluster import Cluster  # in tests/nodes, which door.py makes known

BOTH = "serverAuth,clientAuth"
HOST = "IP:127.0.0.1"


class TlsCluster(Cluster):
    """Each node has a certificate of its own."""

    def __init__(self, authority, **others):
        """`others`: node -> (certificate and key, file of the authority) that it has instead."""
        self._authority = authority
        self._others = others
        super().__init__(GIVEN.scalegraphd, str(ROOT / "proto" / "ledger.proto"))

    def make(self, i, store=None, **settings):
        name = f"node-{i}{store or ''}"
        own = self._authority.issue(name, cn=name, alt=HOST, usage=BOTH)
        pair, ca = self._others.get(name, (own, self._authority.certificate))
        files = {} if pair is None else {"cluster.certificate": pair.certificate,
                                         "cluster.key": pair.key, "cluster.ca": ca}
        return super().make(i, store, **files, **settings)


class Links(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority("nodes"))
        cls.foreign = cls.enterClassContext(Authority("foreign"))

    def begin(self, **others):
        cluster = TlsCluster(self.authority, **others)
        self.addCleanup(cluster.end)
        return cluster

    def check_left_out(self, i, cluster, says):
        """Nodes 1 and 2 see each other, and not this one; some log says why."""
        cluster.start()
        until(lambda: cluster.connected(but=(i,)), "the others are connected")

        def told():
            return [node for node in cluster.nodes.values() if says in node.log()]
        until(told, f"a log says: {says}")
        for other in set(cluster.nodes) - {i}:
            state = cluster.state(other)
            self.assertFalse(any(node.connected for node in state.nodes if node.id == i))

    def test_a_cluster_works_and_fails_over(self):
        cluster = self.begin()
        cluster.found()
        leader = cluster.await_leader()
        m = cluster.messages
        for account in ("alice", "bob"):
            cluster.create(leader, account, 1000)
        for i in cluster.nodes:
            cluster.transfer(i, {"alice": -1, "bob": 1}, key=f"through-{i}")
        # More than a frame, in both directions.
        batch = m.TransferBatchRequest(transfers=[
            m.TransferRequest(entries=[m.TransferEntry(account_id="alice", amount=-1),
                                       m.TransferEntry(account_id="alice", amount=1)],
                              reference="x" * 1000) for _ in range(2000)])
        follower = next(i for i in cluster.nodes if i != leader)
        done = cluster.stub(follower).TransferBatch(batch, timeout=30)
        self.assertFalse([one for one in done.results if one.HasField("error")])
        cluster.nodes[leader].kill()
        cluster.await_leader(but=(leader,))
        cluster.transfer(follower, {"alice": -1, "bob": 1}, key="after")
        self.assertEqual(cluster.balance(follower, "bob"), 1004)
        cluster.nodes[leader].start()
        until(lambda: len({cluster.head(i)[0] for i in cluster.nodes}) == 1, "all have one chain")

    def test_a_node_of_another_authority(self):
        pair = self.foreign.issue("node-3", cn="node-3", alt=HOST, usage=BOTH)
        # It even believes the others.
        others = {"node-3": (pair, self.authority.certificate)}
        self.check_left_out(3, self.begin(**others), "certificate verify failed")

    def test_a_node_whose_certificate_is_for_another_host(self):
        pair = self.authority.issue("elsewhere", cn="127.0.0.1", alt="IP:127.0.0.9", usage=BOTH)
        others = {"node-3": (pair, self.authority.certificate)}
        self.check_left_out(3, self.begin(**others),
                            "the certificate of node 3 is not for 127.0.0.1")

    def test_a_node_whose_certificate_has_expired(self):
        pair = self.authority.issue("old", cn="node-3", alt=HOST, usage=BOTH, begins=-2 * DAY,
                                    ends=-DAY)
        others = {"node-3": (pair, self.authority.certificate)}
        self.check_left_out(3, self.begin(**others), "certificate has expired")

    def test_a_node_without_tls(self):
        self.check_left_out(3, self.begin(**{"node-3": (None, None)}), "a connection is refused: TLS")

    def test_a_stranger_at_the_port(self):
        cluster = self.begin()
        cluster.found()
        host, port = cluster.listens[1].split(":")
        context = ssl.create_default_context(cafile=self.authority.certificate)
        with self.assertRaises(OSError):
            with socket.create_connection((host, int(port)), timeout=10) as plain:
                with context.wrap_socket(plain, server_hostname="127.0.0.1") as encrypted:
                    # With TLS 1.3 a client learns of it when it reads.
                    self.assertEqual(encrypted.recv(1), b"")
                    raise ConnectionError("it is closed")
        with socket.create_connection((host, int(port)), timeout=10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
            self.assertNotIn(b"HTTP", plain.recv(100))
        until(cluster.connected, "all nodes are connected")

    def test_a_new_certificate_is_taken_up(self):
        cluster = self.begin()
        cluster.found()
        cluster.await_leader()
        self.authority.issue("node-3", cn="node-3", alt=HOST, usage=BOTH)
        cluster.nodes[2].kill()
        cluster.nodes[2].start()
        until(cluster.connected, "all nodes are connected")


if __name__ == "__main__":
    main()
