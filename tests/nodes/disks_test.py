"""A leader whose disk is full, fails or stops to answer, while clients work on all nodes:

    /usr/bin/python3 disks_test.py SCALEGRAPHD LEDGER_PROTO [SICK_DISK]

Another node leads within LEADS_WITHIN_S. Clients with keys see nothing of it but, on a full disk,
refusals that change nothing. SICK_DISK is the
library of tests/crash; without it the disk is only filled. Each store lies on a small file system of
its own, in a namespace of the test.
"""

import pathlib
import sys
import time

from bank import Bank
from cluster import Cluster, until
from small_disk import SmallDisk, run_with_own_mounts  # of tests/crash
from verdict import in_the_end

DISK_MIB = 160
LEADS_WITHIN_S = 3
ROUNDS = 3
BETWEEN = 200  # commits
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 1000}


class SickCluster(Cluster):
    """Each node on a disk of its own, that can be filled, fail or hang."""

    def __init__(self, program, proto, library):
        self.disks = {}
        self._library = library
        super().__init__(program, proto)

    def make(self, i, store=None, **settings):
        folder = f"{self._folder.name}/disk-{i}"
        self.disks[i] = SmallDisk(folder, DISK_MIB)
        node = super().make(i, store, **{"storage.path": f"{folder}/store", **SETTINGS, **settings})
        if self._library:
            node.set_environment("LD_PRELOAD", self._library)
            node.set_environment("HANG_FILE", str(self.sign(i, "hang")))
            node.set_environment("FAIL_FILE", str(self.sign(i, "fail")))
        return node

    def sign(self, i, what):
        return pathlib.Path(self._folder.name) / f"{what}-{i}"

    def hurt(self, i, how):
        if how == "full":
            self.disks[i].fill(leave=0)
        else:
            self.sign(i, how).touch()

    def heal(self, i, how):
        if how == "full":
            return self.disks[i].free()
        self.sign(i, how).unlink()
        # A sync that hangs never returns.
        if how == "hang":
            self.nodes[i].kill()
        return None

    def is_whole(self, i):
        """Node i may end by itself for its disk."""
        if not self.nodes[i].is_running():
            self.nodes[i].start()
        return self.connected()


    def end(self):
        for node in self.nodes.values():
            node.end()
        for disk in self.disks.values():
            disk.unmount()
        super().end()


def one_round(cluster, bank, how):
    """Seconds until another node leads."""
    leader = cluster.await_leader()
    enough = bank.commits() + BETWEEN
    until(lambda: bank.errors or bank.commits() > enough, "clients go on")
    began = time.monotonic()
    cluster.hurt(leader, how)
    until(lambda: bank.errors or cluster.leader() not in (0, leader), "another node leads")
    took = time.monotonic() - began
    enough = bank.commits() + BETWEEN
    until(lambda: bank.errors or bank.commits() > enough, "clients go on")
    cluster.heal(leader, how)
    until(lambda: bank.errors or cluster.is_whole(leader), "all nodes are connected")
    return took


def hurt_leaders(cluster, bank, ways, wrong):
    for how in ways:
        for _ in range(ROUNDS):
            took = one_round(cluster, bank, how)
            print(f"{how}: another node leads after {took:.2f} s", flush=True)
            if took > LEADS_WITHIN_S:
                wrong.append(f"{how}: another node led only after {took:.2f} s")


def main():
    run_with_own_mounts()
    program, proto = sys.argv[1:3]
    library = sys.argv[3] if len(sys.argv) > 3 else ""
    cluster = SickCluster(program, proto, library)
    wrong = []
    try:
        cluster.found()
        # Until another node leads.
        bank = Bank(cluster, 1, passing={"STORAGE_FULL"})
        bank.start()
        try:
            hurt_leaders(cluster, bank, ("full", "fail", "hang") if library else ("full",), wrong)
            bank.stop()
            wrong += bank.errors or in_the_end(cluster, bank)
        except AssertionError as error:
            wrong.append(str(error))
        finally:
            bank.stop()
        for sentence in wrong:
            print("WRONG:", sentence)
        if wrong:
            for i, node in cluster.nodes.items():
                print(f"--- node {i}\n{node.log()[-4000:]}")
    finally:
        cluster.end()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
