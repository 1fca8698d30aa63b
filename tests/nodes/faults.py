"""What can befall a node, for some seconds: faults of its process and of its network.

    kill    kill -9, and started again, once or twice
    stop    SIGTERM, and started again
    pause   SIGSTOP, SIGCONT
    cut     no other node hears it or is heard by it; clients reach it
    mute    no other node hears it
    deaf    it hears no other node
    pair    it and one other node do not hear each other, or one of them does not
    alone   as cut, and clients do not reach it either
    return  cut, killed and started again meanwhile
    flap    one of cut, mute, deaf and pair, on and off every 50 to 500 ms
"""

import time

from namespaces import CLIENTS

KINDS = ("kill", "stop", "pause", "cut", "mute", "deaf", "pair", "alone", "return", "flap")
_CUTS = ("cut", "mute", "deaf", "pair")


class Faults:
    """Each is over, and undone, when its call returns. `over` is an event that ends it at once."""

    def __init__(self, cluster, network, over):
        self._cluster = cluster
        self._network = network
        self._over = over
        self.down = set()  # nodes without a process, as they should be
        self.wrong = []

    def run(self, kind, i, seconds, chance, friends=()):
        """`friends` are nodes that it keeps hearing, and that hear it, whatever is cut."""
        node = self._cluster.nodes[i]
        if kind in ("kill", "stop"):
            for _ in range(chance.randint(1, 2) if kind == "kill" else 1):
                self._end(kind, i)
                self._over.wait(seconds)
                node.start()
                self.down.discard(i)
                seconds = chance.uniform(0, 1)
        elif kind == "pause":
            node.pause()
            self._over.wait(seconds)
            node.go_on()
        elif kind == "flap":
            ways = self._ways(chance.choice(_CUTS), i, chance, friends)
            self._flap(ways, seconds, chance)
        else:
            ways = self._ways(kind, i, chance, friends)
            self._network.cut(ways)
            self._over.wait(seconds / 2)
            if kind == "return":
                self._end("kill", i)
                node.start()
                self.down.discard(i)
            self._over.wait(seconds / 2)
            self._network.mend(ways)

    def _end(self, kind, i):
        self.down.add(i)
        if kind == "kill":
            self._cluster.nodes[i].kill()
        elif (code := self._cluster.nodes[i].stop()) != 0:
            self.wrong.append(f"node {i} ended with {code}, not 0, after SIGTERM")

    def _ways(self, kind, i, chance, friends):
        others = [other for other in self._cluster.nodes if other != i and other not in friends]
        if kind == "alone":
            others.append(CLIENTS)
        elif kind == "pair":
            others = [chance.choice(others)]
            kind = chance.choice(("cut", "mute", "deaf"))
        out, in_ = [(i, other) for other in others], [(other, i) for other in others]
        return {"mute": out, "deaf": in_}.get(kind, out + in_)

    def _flap(self, ways, seconds, chance):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._over.is_set():
            self._network.cut(ways)
            self._over.wait(chance.uniform(0.05, 0.5))
            self._network.mend(ways)
            self._over.wait(chance.uniform(0.05, 0.5))
