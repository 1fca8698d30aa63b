"""A cluster each of whose nodes has a network of its own (namespaces.py)."""

import shutil

from cluster import Cluster


class NetworkCluster(Cluster):
    """`settings` are those of all nodes."""

    def __init__(self, program, proto, network, count, settings=None):
        self._network = network
        self._settings = {"cluster.insecure": "true", "server.insecure": "true", **(settings or {})}
        super().__init__(program, proto, count)

    def places(self, count):
        return {i: f"{self._network.host(i)}:50061" for i in range(1, count + 1)}

    def make(self, i, store=None, **settings):
        node = super().make(i, store, **{"server.listen": f"{self._network.host(i)}:50051",
                                         **self._settings, **settings})
        node.run_within(self._network.within(i))
        return node

    def keep(self, folder):
        shutil.copytree(self._folder.name, folder, dirs_exist_ok=True)
