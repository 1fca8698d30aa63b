"""Nodes in a network of their own, hurt at random while clients on all of them move money.

    /usr/bin/python3 chaos_test.py SCALEGRAPHD LEDGER_PROTO [--seconds N] [--seed S]
                                   [--nodes 3|5] [--keep FOLDER]

In turn, until the time is over: a minority of the nodes is killed, stopped, frozen or cut off, for
some seconds (the kinds are in faults.py); then all is mended, and each node has to be connected and
to commit again. What clients are owed meanwhile stands in bank.py. In the end every acknowledged
transfer is there once, all nodes have one chain and one set of balances, and all that clients were
told fits into its history (tests/crash/checker.py).

The network is namespaces.py: it needs iproute2 and util-linux, and either root or user namespaces.
"""

import argparse
import collections
import pathlib
import random
import sys
import threading
import time

import grpc

from cluster import until
from bank import Bank
from faults import KINDS, Faults
from namespaces import Network
from network_cluster import NetworkCluster
from small_disk import run_with_own_mounts  # of tests/crash
from verdict import in_the_end

# Small, so that checkpoints and merges happen, and a node that starts has something to load.
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 1000}
# How long a fault lasts, and how many last long.
SHORT_S, LONG_S = (0.3, 5), (5, 15)
LONG = 0.1
HITS_LEADER = 0.5
RECOVERY_S = 30  # TCP doubles its pauses while a cut lasts, and nobody tells it of the end
SHOWN = 20  # sentences
SHOWN_LOG = 4000  # its last characters


class Chaos:
    """The faults, one round after the other, and what has to hold between them."""

    def __init__(self, cluster, network, bank, seed):
        self._cluster = cluster
        self._bank = bank
        self._chance = random.Random(seed)
        self._over = threading.Event()
        self._faults = Faults(cluster, network, self._over)
        self._waiting = []  # kinds that have not had their turn
        self.done = collections.Counter()
        self.longest_recovery = 0.0
        self.wrong = []

    def run(self, seconds):
        """Until then, or until something is wrong."""
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end and not self._look():
            number += 1
            self._round(number)

    def _look(self):
        """Whether something is wrong by now."""
        if self.findings():
            return True
        ended = [i for i, node in self._cluster.nodes.items()
                 if not node.is_running() and i not in self._faults.down]
        # Looked at again, since a fault may have begun between the two.
        self.wrong += [f"node {i} has ended by itself" for i in ended
                       if not self._cluster.nodes[i].is_running() and i not in self._faults.down]
        return bool(self.wrong)

    def findings(self):
        return self.wrong + self._faults.wrong + self._bank.errors

    def _round(self, number):
        plan = self._plan()
        before, began = self._bank.commits(), time.monotonic()
        threads = [threading.Thread(target=self._one, args=step) for step in plan]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.1)
                if self._look():
                    self._over.set()
        mended = time.monotonic()
        if not self._over.is_set():
            self._recover(number)
        self.longest_recovery = max(self.longest_recovery, time.monotonic() - mended)
        what = ", ".join(f"{kind} {i} {seconds:.1f} s" for kind, i, seconds, *_ in plan)
        print(f"{time.strftime('%H:%M:%S')} {number:3} {what}: "
              f"{self._bank.commits() - before} commits in {time.monotonic() - began:.1f} s, "
              f"recovered in {time.monotonic() - mended:.1f} s, "
              f"longest gap {self._bank.longest_gap:.1f} s", flush=True)

    def _plan(self):
        """What Faults.run takes, for a minority of the nodes, often with the leader."""
        nodes = list(self._cluster.nodes)
        self._chance.shuffle(nodes)
        leader = self._cluster.leader()
        if leader and self._chance.random() < HITS_LEADER:
            nodes.sort(key=lambda i: i != leader)
        victims = nodes[:self._chance.randint(1, (len(nodes) - 1) // 2)]
        # Of two that are cut off, each may be alone or both a side.
        friends = self._chance.choice([(), victims])
        plan = []
        for i in victims:
            if not self._waiting:
                self._waiting = list(KINDS)
                self._chance.shuffle(self._waiting)
            kind = self._waiting.pop()
            seconds = self._chance.uniform(*(LONG_S if self._chance.random() < LONG else SHORT_S))
            plan.append((kind, i, seconds, random.Random(self._chance.random()), friends))
            self.done[kind] += 1
        return plan

    def _one(self, kind, i, *how):
        try:
            self._faults.run(kind, i, *how)
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append(f"{kind} of node {i}: {error!r}")

    def _recover(self, number):
        try:
            self._await(self._cluster.connected, "all nodes are connected")
            for i in self._cluster.nodes:
                self._await(lambda i=i: self._bank.probe(i, f"probe-{number}-{i}"),
                            f"node {i} takes a transfer")
        except AssertionError as error:
            self.wrong.append(f"after fault {number}: {error}; {self.describe()}")

    def _await(self, condition, what):
        until(lambda: self._look() or condition(), what, RECOVERY_S)

    def describe(self):
        """How each node sees the cluster."""
        states = {i: self._cluster.state(i) for i in self._cluster.nodes}
        return "; ".join(
            f"node {i}: " + (f"leader {state.leader} term {state.term} not connected to "
                             f"{[(n.id, n.problem) for n in state.nodes if not n.connected]}"
                             if state else "no answer")
            for i, state in states.items())


def show(chaos, bank):
    print("\nfaults: " + ", ".join(f"{kind} {count}" for kind, count in sorted(chaos.done.items())))
    outcomes = sorted({outcome for counts in bank.outcomes.values() for outcome in counts})
    print(f"{'':10}" + "".join(f"{outcome:>11}" for outcome in outcomes))
    for kind, counts in sorted(bank.outcomes.items()):
        print(f"{kind:10}" + "".join(f"{counts[outcome]:>11}" for outcome in outcomes))
    print(f"attempts without an answer {bank.lost_attempts}, longest time without a commit "
          f"{bank.longest_gap:.2f} s, longest recovery {chaos.longest_recovery:.2f} s\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("proto")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--nodes", type=int, choices=(3, 5), default=3)
    parser.add_argument("--keep", help="a new folder: logs and stores, should something be wrong")
    given = parser.parse_args()
    run_with_own_mounts("--net")
    print(f"--seed {given.seed} --seconds {given.seconds} --nodes {given.nodes}", flush=True)
    network = Network(given.nodes)
    cluster = NetworkCluster(given.program, given.proto, network, given.nodes, SETTINGS)
    wrong = []
    try:
        cluster.found()
        bank = Bank(cluster, given.seed)
        chaos = Chaos(cluster, network, bank, given.seed)
        bank.start()
        try:
            chaos.run(given.seconds)
        finally:
            bank.stop()
        wrong += chaos.findings()
        show(chaos, bank)
        try:
            wrong += in_the_end(cluster, bank)
        except (AssertionError, grpc.RpcError) as error:
            wrong.append(f"in the end: {error}; {chaos.describe()}")
        for sentence in wrong[:SHOWN]:
            print("WRONG:", sentence)
        if wrong:
            tell(cluster, given)
    finally:
        cluster.end()
    if wrong:
        print(f"FAILED with --seed {given.seed}: {len(wrong)} sentences, the first: {wrong[0]}")
        return 1
    print("all of it fits into one history")
    return 0


def tell(cluster, given):
    """Where to look for why."""
    if given.keep:
        cluster.keep(pathlib.Path(given.keep))
        print(f"logs and stores are in {given.keep}")
        return
    for i, node in cluster.nodes.items():
        print(f"--- node {i}\n{node.log()[-SHOWN_LOG:]}")


if __name__ == "__main__":
    sys.exit(main())
