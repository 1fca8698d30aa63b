"""A real scalegraphd whose backups lie on a small disk that is full.

    /usr/bin/python3 full_disk_test.py PATH/TO/scalegraphd PATH/TO/scalegraphctl PATH/TO/ledger.proto

A backup that finds no room says so, leaves what was there, and gives its place back. The ledger goes
on meanwhile. A restore onto a full disk says so too, and begins anew once there is room.
"""

import pathlib
import sys
import tempfile

import grpc

from backups import Ctl, Server, load_stubs, restore
from small_disk import MIB, SmallDisk, run_with_own_mounts

DISK_MIB = 64
BATCH = 2000
REFERENCE = "r" * 900
REFUSED = 1


def write(messages, stub, batches):
    one = messages.TransferRequest(
        entries=[messages.TransferEntry(account_id="a", amount=-1),
                 messages.TransferEntry(account_id="b", amount=1)], reference=REFERENCE)
    for _ in range(batches):
        results = stub.TransferBatch(messages.TransferBatchRequest(transfers=[one] * BATCH),
                                     timeout=60).results
        assert all(result.HasField("transaction") for result in results)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def try_full(ctl, disk, left, before, folder):
    disk.fill(left)
    reason, message = ctl.refused("create")
    check(reason == "STORAGE_FULL", f"{reason}: {message}")
    check("what was there is as it was" in message, message)
    disk.free()
    check(ctl.backup("list")["backups"] == [before], "the backup has changed")
    check(ctl.backup("verify")["problems"] == [], "the backup is damaged")
    files = {path.name for path in (folder / "disk/backups/default").iterdir()}
    check(len(files) == 2 + int(before["segments"]), f"left behind: {files}")


def try_backups(messages, stubs, server, ctl, disk, folder):
    with grpc.insecure_channel(server.address) as channel:
        stub = stubs.LedgerServiceStub(channel)
        for account in "ab":
            stub.CreateAccount(messages.CreateAccountRequest(account_id=account,
                                                             initial_balance=10**9), timeout=20)
        write(messages, stub, 3)
        before = ctl.backup("create")["backup"]
        # With nothing new it has a manifest to write.
        try_full(ctl, disk, 0, before, folder)
        write(messages, stub, 6)
        for left in (0, 4096, 2 * MIB):
            try_full(ctl, disk, left, before, folder)
        after = ctl.backup("create")["backup"]
        check(int(after["sequence"]) == 2 + 9 * BATCH, f"{after}")
        check(ctl.backup("verify")["problems"] == [], "the backup is damaged")


def try_restores(program, disk, folder):
    store = folder / "disk" / "restored"
    disk.fill(3 * MIB)
    code, _, error = restore(program, folder / "disk/backups/default", store)
    check(code == REFUSED and "No space left on device" in error, f"{code}: {error}")
    check(not (store / "db").exists(), "a part of a store was put in place")
    disk.free()
    code, said, error = restore(program, folder / "disk/backups/default", store)
    check(code == 0 and "the chain is whole" in said, f"{code}: {said}{error}")


def main():
    run_with_own_mounts()
    program, ctl_program, proto = sys.argv[1:4]
    with tempfile.TemporaryDirectory(prefix="scalegraph-full-disk-") as name:
        folder = pathlib.Path(name)
        messages, stubs = load_stubs(proto, name)
        disk = SmallDisk(f"{name}/disk", DISK_MIB)
        (folder / "disk" / "backups").mkdir()
        server = Server(program, name, f"{name}/store", {"backup.folder": f"{name}/disk/backups"})
        try:
            server.start()
            try_backups(messages, stubs, server, Ctl(ctl_program, server.address), disk, folder)
            check(server.stop() == 0, "the daemon did not end with 0")
            try_restores(program, disk, folder)
        finally:
            server.end()
            disk.free()
            disk.unmount()
    print("backups and restores on a full disk: each said so, and nothing was lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
