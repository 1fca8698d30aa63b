"""A scalegraphd that meets a limit of its process: of a file's size while it writes, of its address
space when it starts.

    /usr/bin/python3 limits_test.py PATH/TO/scalegraphd PATH/TO/ledger.proto

Under the limit of a file's size a write of the log fails in the middle, as on a disk that others
filled. The group ends with an unknown outcome, later calls are refused with STORAGE_FULL, reads go
on, and the process stays. With the limit gone everything is there, and writing goes on by itself.
"""

import resource
import subprocess
import sys
import tempfile
import time

import grpc

from server import Server, load_stubs

DEADLINE_S = 120
CALL_TIMEOUT_S = 20
# The mark fits in it, the log does not.
SMALLEST_FILES = 4096
TRANSFERS_BEFORE = 50
REFUSALS = 200
# Enough to begin with, too little for the store's buffers and the threads.
LITTLE_MEMORY = 96 << 20
REFUSED_CODES = {1, 2, 3, 4}


def reason_of(error: grpc.RpcError) -> str:
    for reason in ("STORAGE_FULL", "JOURNAL_UNAVAILABLE", "SHARD_UNAVAILABLE"):
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin" and reason.encode() in value:
                return reason
    return error.code().name


class Client:
    def __init__(self, messages, stubs, address: str) -> None:
        self._messages = messages
        self._stub = stubs.LedgerServiceStub(grpc.insecure_channel(address))
        self._next = 0

    def create(self) -> None:
        self._stub.CreateAccount(self._messages.CreateAccountRequest(account_id="a"),
                                 timeout=CALL_TIMEOUT_S)

    def credit(self, key: str) -> str:
        """What came of it: OK, or the reason of the refusal."""
        request = self._messages.CreditRequest(account_id="a", amount=1, reference="r" * 500,
                                               idempotency_key=key)
        try:
            self._stub.Credit(request, timeout=CALL_TIMEOUT_S)
            return "OK"
        except grpc.RpcError as error:
            return reason_of(error)

    def balance(self) -> int:
        request = self._messages.GetBalanceRequest(account_id="a")
        return self._stub.GetBalance(request, timeout=CALL_TIMEOUT_S).balance


def wait_for(client: Client, keys, wanted: str) -> set[str]:
    """Credits with new keys until one ends as wanted; the keys that were tried."""
    tried = set()
    ends = time.monotonic() + DEADLINE_S
    while time.monotonic() < ends:
        key = next(keys)
        tried.add(key)
        if client.credit(key) == wanted:
            return tried
    raise RuntimeError(f"no credit ended with {wanted} within {DEADLINE_S} s")


def meet_limit_of_files(server: Server, client: Client) -> list[str]:
    wrong = []
    keys = (f"k{number}" for number in range(10 ** 9))
    client.create()
    done = {next(keys) for _ in range(TRANSFERS_BEFORE)}
    wrong += [f"{key} failed" for key in sorted(done) if client.credit(key) != "OK"]
    pid = server.pid()
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (SMALLEST_FILES, before[1]))
    unsure = wait_for(client, keys, "STORAGE_FULL")
    for _ in range(REFUSALS):
        key = next(keys)
        unsure.add(key)
        end = client.credit(key)
        if end != "STORAGE_FULL":
            wrong.append(f"under the limit a credit ended with {end}")
            break
    if not len(done) <= client.balance() <= len(done) + len(unsure):
        wrong.append(f"under the limit the balance is {client.balance()}")
    if not server.is_running():
        return wrong + [f"the daemon ended with {server.wait()}"]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    unsure |= wait_for(client, keys, "OK")
    # The retry with the key settles what was not known. Each key has one effect.
    for key in sorted(done | unsure):
        if client.credit(key) != "OK":
            wrong.append(f"with the limit gone {key} cannot be settled")
    if client.balance() != len(done | unsure):
        wrong.append(f"{len(done | unsure)} credits of 1 make {client.balance()}")
    return wrong


def start_with_little_memory(program: str, folder: str) -> list[str]:
    done = subprocess.run(
        [program, "--set", f"storage.path={folder}/small", "--set", "server.listen=127.0.0.1:0"],
        text=True, capture_output=True, timeout=DEADLINE_S, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LITTLE_MEMORY, LITTLE_MEMORY)))
    if done.returncode in REFUSED_CODES and "memory" in done.stderr.lower():
        return []
    return [f"with {LITTLE_MEMORY} bytes of memory the daemon ended with {done.returncode}: "
            f"{done.stdout}{done.stderr}"]


def main() -> int:
    program, proto = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="scalegraph-limits-") as folder:
        messages, stubs = load_stubs(proto, folder)
        server = Server(program, folder, f"{folder}/store", {"ledger.shards": 2})
        try:
            server.start()
            wrong = meet_limit_of_files(server, Client(messages, stubs, server.address))
            if server.is_running() and (code := server.stop()) != 0:
                wrong.append(f"after SIGTERM it ended with {code}")
        finally:
            server.end()
        if problem := server.verify():
            wrong.append(problem)
        if "--memory" in sys.argv:
            wrong += start_with_little_memory(program, folder)
        for line in wrong:
            print(line)
        if wrong:
            print(server.log()[-6000:])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
