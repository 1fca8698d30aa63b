"""A real scalegraphd under load, killed, stopped, halted and hung, thirty times in a row.

    /usr/bin/python3 crash_test.py PATH/TO/scalegraphd PATH/TO/ledger.proto [HANGING_SYNC.so [ROUNDS]]

Unary and batch clients move money with an idempotency key on every transfer and retry each key until
they have a definite answer. After so many acknowledgements something happens to the daemon, as SEED
chooses; if it ended, it is started again on the same store and port:

    kill   SIGKILL
    term   SIGTERM: it has to end with 0
    halt   SIGSTOP until a call was not answered in time, then SIGCONT
    hang   the disk's sync does not return: it has to end by itself with 4, since its journal hangs

In the end every acknowledged transfer must be there once, no key twice, balances must equal the
history, and no account may be below its floor.
"""

import os
import pathlib
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading

import grpc

HANGS = 4  # its exit code

ACCOUNTS = 200  # several pages of balances
INITIAL = 1000
UNARY_CLIENTS = 6
BATCH_CLIENTS = 2
BATCH = 50
ACKS_BEFORE_FAULT = 700
HALTED_S = 0.5
START_TIMEOUT_S = 60
CALL_TIMEOUT_S = 20
# The outcome is unknown; CANCELLED is what gRPC tells a call that comes while its server stops.
UNKNOWN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
# Codes after which the outcome is known: the transfer is not there.
REFUSED = {grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.OUT_OF_RANGE}


def load_stubs(proto, folder):
    """The messages and stubs of the ledger, generated into `folder`."""
    root = pathlib.Path(proto).resolve().parent.parent
    plugin = subprocess.run(["which", "grpc_python_plugin"], check=True, text=True,
                            capture_output=True).stdout.strip()
    subprocess.run(["protoc", f"--proto_path={root}", f"--python_out={folder}",
                    f"--grpc_out={folder}", f"--plugin=protoc-gen-grpc={plugin}",
                    "proto/ledger.proto"], check=True)
    sys.path.insert(0, folder)
    from proto import ledger_pb2, ledger_pb2_grpc  # pylint: disable=import-outside-toplevel
    return ledger_pb2, ledger_pb2_grpc


class Server:
    """The daemon on one store; it keeps its port over restarts."""

    def __init__(self, program, folder, hanging_sync):
        self._program = program
        self._folder = folder
        self._hang_file = f"{folder}/hang"
        self._environment = dict(os.environ, HANG_FILE=self._hang_file)
        if hanging_sync:
            self._environment["LD_PRELOAD"] = hanging_sync
        self._port = 0
        self._process = None
        self.address = None

    def start(self):
        log = open(f"{self._folder}/log", "a", encoding="utf-8")
        self._process = subprocess.Popen(
            [self._program, "--set", f"server.listen=127.0.0.1:{self._port}",
             "--set", f"storage.path={self._folder}/store",
             "--set", "storage.checkpoint_interval=1000", "--set", "storage.index_chunk=1000",
             "--set", "ledger.shards=3", "--set", "supervisor.liveness_period=2"],
            stdout=subprocess.PIPE, stderr=log, text=True, env=self._environment)
        log.close()
        lines = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stdout, lines),
                         daemon=True).start()
        line = lines.get(timeout=START_TIMEOUT_S)
        if line is None or not line.startswith("listening on "):
            raise RuntimeError(f"the daemon did not start: see its log\n{self.log()}")
        self.address = line.split()[-1]
        self._port = int(self.address.rsplit(":", 1)[1])

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line)
        lines.put(None)

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def halt(self, is_answered):
        self._process.send_signal(signal.SIGSTOP)
        while is_answered(HALTED_S):
            pass
        self._process.send_signal(signal.SIGCONT)

    def hang(self):
        """Its exit code, when the syncs do not return."""
        pathlib.Path(self._hang_file).touch()
        try:
            return self._process.wait(timeout=60)
        finally:
            os.unlink(self._hang_file)

    def stop(self):
        self._process.terminate()
        return self._process.wait(timeout=60)

    def log(self):
        with open(f"{self._folder}/log", encoding="utf-8") as log:
            return log.read()[-6000:]


class Load:
    """Clients that work until told to stop, each key until its answer is definite."""

    def __init__(self, messages, stubs, address, seed):
        self._messages = messages
        options = [("grpc.initial_reconnect_backoff_ms", 50),
                   ("grpc.min_reconnect_backoff_ms", 50),
                   ("grpc.max_reconnect_backoff_ms", 200)]
        self._channels = [grpc.insecure_channel(address, options + [("client", i)])
                          for i in range(UNARY_CLIENTS + BATCH_CLIENTS)]
        self._stubs = [stubs.LedgerServiceStub(channel) for channel in self._channels]
        self._seed = seed
        self._stop = threading.Event()
        self._progress = threading.Condition()
        self.committed = {}  # key -> (transaction id, entries)
        self.refused = set()
        self.retried = 0
        self.errors = []
        self._threads = [threading.Thread(target=self._run, args=(i,))
                         for i in range(len(self._stubs))]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for channel in self._channels:
            channel.close()

    def wait_for(self, more):
        with self._progress:
            goal = len(self.committed) + more
            if not self._progress.wait_for(
                    lambda: self.errors or len(self.committed) >= goal, timeout=120):
                raise RuntimeError(f"no {more} acknowledgements within 120 s")

    def _run(self, client):
        chance = random.Random(f"{self._seed}/{client}")
        work = self._batch if client >= UNARY_CLIENTS else self._unary
        count = 0
        try:
            while not self._stop.is_set():
                work(client, chance, count)
                count += 1
        except Exception as error:  # pylint: disable=broad-except
            with self._progress:
                self.errors.append(repr(error))
                self._progress.notify_all()

    def _transfer(self, client, chance, count):
        payer, payee = chance.sample(range(ACCOUNTS), 2)
        amount = chance.randint(1, 300)
        entries = [(f"a{payer}", -amount), (f"a{payee}", amount - 1), ("fees", 1)]
        if amount == 1:
            entries = [(f"a{payer}", -1), ("fees", 1)]
        key = f"{client}-{count}"
        return key, entries, self._messages.TransferRequest(
            entries=[self._messages.TransferEntry(account_id=a, amount=n) for a, n in entries],
            reference=key, idempotency_key=key)

    def _definite(self, call):
        """Calls until the answer is one; a RpcError that is definite is raised."""
        while True:
            try:
                return call()
            except grpc.RpcError as error:
                if error.code() in REFUSED:
                    raise
                # Not even a lock timeout: every wait here ends with the transfers before it.
                if error.code() not in UNKNOWN:
                    raise RuntimeError(f"unexpected {error.code()}: {error.details()}") from error
                self.retried += 1

    def _note(self, key, entries, transaction_id):
        with self._progress:
            self.committed[key] = (transaction_id, entries)
            self._progress.notify_all()

    def _unary(self, client, chance, count):
        key, entries, request = self._transfer(client, chance, count)
        try:
            answer = self._definite(lambda: self._stubs[client].Transfer(
                request, timeout=CALL_TIMEOUT_S, wait_for_ready=True))
            self._note(key, entries, answer.id)
        except grpc.RpcError:
            self.refused.add(key)

    def _batch(self, client, chance, count):
        waiting = [self._transfer(client, chance, f"{count}-{i}") for i in range(BATCH)]
        while waiting:
            request = self._messages.TransferBatchRequest(transfers=[w[2] for w in waiting])
            answer = self._definite(lambda: self._stubs[client].TransferBatch(
                request, timeout=CALL_TIMEOUT_S, wait_for_ready=True))
            again = []
            for work, result in zip(waiting, answer.results):
                if result.HasField("transaction"):
                    self._note(work[0], work[1], result.transaction.id)
                elif result.error.reason in ("INSUFFICIENT_FUNDS", "BALANCE_OVERFLOW"):
                    self.refused.add(work[0])
                elif result.error.code == grpc.StatusCode.UNAVAILABLE.value[0]:
                    self.retried += 1
                    again.append(work)
                else:
                    raise RuntimeError(f"unexpected {result.error.reason}")
            waiting = again


def all_transactions(messages, stub):
    token = ""
    while True:
        page = stub.ListTransactions(messages.ListTransactionsRequest(limit=1000, page_token=token),
                                     timeout=CALL_TIMEOUT_S)
        yield from page.transactions
        token = page.next_page_token
        if not token:
            return


def check(messages, stubs, address, load):
    """What is wrong, as a list of sentences."""
    wrong = []
    channel = grpc.insecure_channel(address)
    stub = stubs.LedgerServiceStub(channel)
    balances = {f"a{i}": INITIAL for i in range(ACCOUNTS)}
    balances["fees"] = 0
    by_key = {}
    for transaction in all_transactions(messages, stub):
        if transaction.reference in by_key:
            wrong.append(f"key {transaction.reference} has two effects")
        by_key[transaction.reference] = transaction
        for entry in transaction.entries:
            balances[entry.account_id] += entry.amount
    for key, (transaction_id, entries) in load.committed.items():
        found = by_key.get(key)
        if found is None:
            wrong.append(f"acknowledged {key} is lost")
        elif found.id != transaction_id:
            wrong.append(f"{key} was acknowledged as {transaction_id} and is {found.id}")
        elif [(e.account_id, e.amount) for e in found.entries] != entries:
            wrong.append(f"{key} has other entries than were asked for")
    for key in by_key.keys() - load.committed.keys():
        wrong.append(f"{key} is there and was " +
                     ("refused" if key in load.refused else "never acknowledged"))
    for account, expected in balances.items():
        held = stub.GetBalance(messages.GetBalanceRequest(account_id=account),
                               timeout=CALL_TIMEOUT_S).balance
        if held != expected:
            wrong.append(f"{account} holds {held}, its history says {expected}")
        if held < 0:
            wrong.append(f"{account} is below its floor: {held}")
    for answer in stubs.AdminServiceStub(channel).Verify(messages.VerifyRequest(), timeout=120):
        wrong.extend(answer.problems)
    channel.close()
    return wrong


def disturb(server, kind, is_answered):
    """What is wrong with how the daemon took it, if anything; it serves again."""
    wrong = []
    if kind == "halt":
        server.halt(is_answered)
        return wrong
    if kind == "kill":
        server.kill()
    elif kind == "term" and server.stop() != 0:
        wrong.append("the daemon did not end with 0 after SIGTERM")
    elif kind == "hang" and (code := server.hang()) != HANGS:
        wrong.append(f"the daemon ended with {code}, not {HANGS}, when its disk hung")
    server.start()
    return wrong


def main():
    program, proto = sys.argv[1:3]
    hanging_sync = sys.argv[3] if len(sys.argv) > 3 else ""
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 30
    seed = int(os.environ.get("SEED", "1"))
    kinds = ["kill"] * 6 + ["term"] * 2 + ["halt"] * 2 + (["hang"] if hanging_sync else [])
    first = list(dict.fromkeys(reversed(kinds)))  # one of each
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="scalegraph-crash-") as folder:
        messages, stubs = load_stubs(proto, folder)
        server = Server(program, folder, hanging_sync)
        server.start()
        channel = grpc.insecure_channel(server.address)
        stub = stubs.LedgerServiceStub(channel)
        for i in range(ACCOUNTS):
            stub.CreateAccount(messages.CreateAccountRequest(account_id=f"a{i}",
                                                             initial_balance=INITIAL))
        stub.CreateAccount(messages.CreateAccountRequest(account_id="fees"))
        channel.close()

        def is_answered(seconds):
            with grpc.insecure_channel(server.address, [("client", "halted")]) as own:
                try:
                    stubs.LedgerServiceStub(own).GetBalance(
                        messages.GetBalanceRequest(account_id="fees"), timeout=seconds)
                    return True
                except grpc.RpcError:
                    return False

        wrong = []
        load = Load(messages, stubs, server.address, seed)
        load.start()
        try:
            for number in range(rounds):
                load.wait_for(ACKS_BEFORE_FAULT)
                kind = first[number] if number < len(first) else chance.choice(kinds)
                wrong += disturb(server, kind, is_answered)
                print(f"{number + 1:2} {kind}: {len(load.committed)} acknowledged, "
                      f"{len(load.refused)} refused, {load.retried} retried", flush=True)
            load.wait_for(ACKS_BEFORE_FAULT)
        finally:
            load.stop()
        wrong += load.errors + check(messages, stubs, server.address, load)
        if server.stop() != 0:
            wrong.append("the daemon did not end with 0")
        offline = subprocess.run([program, "--verify", "--set", f"storage.path={folder}/store"],
                                 text=True, capture_output=True, check=False)
        if offline.returncode != 0:
            wrong.append(f"--verify: {offline.stdout}{offline.stderr}")
        for sentence in wrong[:20]:
            print("WRONG:", sentence)
        if wrong:
            print(server.log())
            return 1
        print(f"{len(load.committed)} acknowledged transfers are there once, "
              f"{len(load.refused)} refused ones are not")
        return 0


if __name__ == "__main__":
    sys.exit(main())
