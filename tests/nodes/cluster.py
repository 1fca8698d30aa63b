"""A cluster of daemons, as the tests of this folder start it, ask it and hurt it."""

import pathlib
import sys
import tempfile
import time

import grpc

for beside in ("crash", "support"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / beside))
from ports import free_ports  # noqa: E402  (beside this folder)
from server import Server, load_stubs  # noqa: E402

PATIENCE_S = 30


def until(condition, what, patience=PATIENCE_S):
    """Polls; what it returns is what the condition returned."""
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.01)
    return found


class Cluster:
    """Nodes 1 to `count`, on loopback. Their stores and logs go with it."""

    def __init__(self, program, proto, count=3):
        self._folder = tempfile.TemporaryDirectory()
        self.messages, self.services = load_stubs(proto, self._folder.name)
        self._program = program
        self.listens = self.places(count)
        self.seeds = ", ".join(f"{i}@{address}" for i, address in self.listens.items())
        self.nodes = {i: self.make(i) for i in self.listens}
        self._channels = {}

    def places(self, count):
        """Where each node listens for the others."""
        return {i: f"127.0.0.1:{port}" for i, port in enumerate(free_ports(count), 1)}

    def make(self, i, store=None, **settings):
        folder = pathlib.Path(self._folder.name) / f"node-{i}{store or ''}"
        folder.mkdir()
        return Server(self._program, str(folder), str(folder / "store"),
                      {"cluster.node_id": i, "cluster.listen": self.listens[i],
                       "cluster.seeds": self.seeds, **settings})

    def start(self):
        for node in self.nodes.values():
            node.start()

    def end(self):
        for channel in self._channels.values():
            channel.close()
        for node in self.nodes.values():
            node.end()
        self._folder.cleanup()

    def stub(self, i, service="LedgerService"):
        """A channel of its own for each address; it looks for a node that has gone often."""
        address = self.nodes[i].address
        if address not in self._channels:
            self._channels[address] = grpc.insecure_channel(
                address, [("grpc.max_reconnect_backoff_ms", 100),
                          ("grpc.min_reconnect_backoff_ms", 500),  # how long it tries to connect
                          ("grpc.initial_reconnect_backoff_ms", 50)])
        return getattr(self.services, service + "Stub")(self._channels[address])

    def state(self, i):
        """None: it does not answer."""
        try:
            return self.stub(i, "ClusterService").GetCluster(self.messages.GetClusterRequest(),
                                                             timeout=1)
        except grpc.RpcError:
            return None

    def init(self, i=1):
        return self.stub(i, "ClusterService").Init(self.messages.InitClusterRequest(), timeout=10)

    def create(self, i, account, balance=0):
        """A creation has no key, so it is sent once: right after the founding, when the nodes greet
        each other anew, its answer may be lost. Then it is asked again."""
        request = self.messages.CreateAccountRequest(account_id=account, initial_balance=balance)

        def created():
            try:
                self.stub(i).CreateAccount(request, timeout=5)
            except grpc.RpcError as error:
                return error.code() == grpc.StatusCode.ALREADY_EXISTS
            return True
        until(created, f"the account {account} is there")

    def connected(self, but=()):
        """All nodes but those see all others but those."""
        states = [self.state(i) for i in self.nodes if i not in but]
        return all(state and all(node.connected for node in state.nodes if node.id not in but)
                   for state in states)

    def found(self):
        self.start()
        until(self.connected, "all nodes are connected")
        self.init()

    def leader(self, but=()):
        """Of the highest term that any node knows, and that the leader agrees with; or 0."""
        states = {i: self.state(i) for i in self.nodes if i not in but}
        known = [state for state in states.values() if state and state.leader]
        if not known:
            return 0
        leader = max(known, key=lambda state: state.term).leader
        return leader if states.get(leader) and states[leader].leader == leader else 0

    def await_leader(self, but=()):
        return until(lambda: self.leader(but), "a node leads")

    def transfer(self, i, amounts, key="", timeout=5):
        m = self.messages
        entries = [m.TransferEntry(account_id=account, amount=amount)
                   for account, amount in amounts.items()]
        return self.stub(i).Transfer(m.TransferRequest(entries=entries, idempotency_key=key),
                                     timeout=timeout)

    def balance(self, i, account, **metadata):
        given = [(name.replace("_", "-"), value) for name, value in metadata.items()]
        return self.stub(i).GetBalance(self.messages.GetBalanceRequest(account_id=account),
                                       timeout=5, metadata=given).balance

    def head(self, i):
        """Hash of the chain, problems."""
        last = None
        for last in self.stub(i, "AdminService").Verify(self.messages.VerifyRequest(), timeout=60):
            pass
        return last.head_hash, list(last.problems)
