"""A network of a test's own: a namespace for each node, a bridge between them, cuts one way.

    run_with_own_mounts("--net")       # first thing in main(): begins anew where that is private
    network = Network(3)
    network.cut([(1, 2), (2, 1)]) ... network.mend([(1, 2), (2, 1)])

    CLIENTS 10.77.0.254 on the bridge --- 10.77.0.1 (node 1)
                                     \\-- 10.77.0.2 (node 2) ...

A cut from 1 to 2 gives node 1 a hardware address for node 2 that nobody has. So what it sends is
lost without a word, as on a broken cable, and what node 2 sends arrives. Nothing of it is seen
outside of the test, and all of it ends with the test, however that ends.
"""

import collections
import os
import subprocess
import threading

CLIENTS = 0  # who asks, in the place of a node
_BRIDGE = "bridge"
_NOBODY = "02:00:00:00:ff:ff"


class Network:
    """Nodes 1 to `count`, and the clients, which are this process."""

    def __init__(self, count):
        # The names of namespaces are files there, and /run is root's.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        self._all = range(CLIENTS, count + 1)
        self._lock = threading.Lock()
        self._cuts = collections.Counter()
        lines = ["link set lo up", f"link add {_BRIDGE} type bridge",
                 f"link set {_BRIDGE} address {_hardware(CLIENTS)} up",
                 f"address add {self.host(CLIENTS)}/24 dev {_BRIDGE}"]
        for i in self._all[1:]:
            self._ip([f"netns add {_name(i)}"])
            lines += [f"link add port{i} type veth peer name eth0 netns {_name(i)}",
                      f"link set port{i} master {_BRIDGE} up"]
        self._ip(lines)
        for i in self._all[1:]:
            self._ip(["link set lo up", f"link set eth0 address {_hardware(i)} up",
                      f"address add {self.host(i)}/24 dev eth0"], i)
        self.cut([(one, other) for one in self._all for other in self._all if one != other], 0)

    @staticmethod
    def host(i):
        return f"10.77.0.{i or 254}"

    @staticmethod
    def within(i):
        """The command that runs a program as node i."""
        return ["nsenter", f"--net=/run/netns/{_name(i)}"]

    def cut(self, ways, times=1):
        """Each way is (from, to). What is cut twice has to be mended twice."""
        with self._lock:
            lines = collections.defaultdict(list)
            for way in ways:
                self._cuts[way] += times
                one, other = way
                lines[one].append(
                    f"neighbour replace {self.host(other)} nud permanent lladdr "
                    f"{_NOBODY if self._cuts[way] else _hardware(other)} "
                    f"dev {'eth0' if one else _BRIDGE}")
            for one, commands in lines.items():
                self._ip(commands, one)

    def mend(self, ways):
        self.cut(ways, -1)

    @staticmethod
    def _ip(commands, i=CLIENTS):
        where = ["-n", _name(i)] if i else []
        # Who is not root may not have the folders of its programs in the path.
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(commands), text=True,
                       check=True, env=dict(os.environ, PATH=path))


def _name(i):
    return f"node{i}"


def _hardware(i):
    return f"02:00:00:00:00:{i or 254:02x}"
