"""Clients that misbehave, against a real scalegraphd.

    /usr/bin/python3 bad_input_test.py PATH/TO/scalegraphd [CASE...]

Whatever they do, the server's memory stays within the bound that the case states, a neighbour goes on
being served in time, a health check waits no longer than one bound, and in the end the server's own
verification finds nothing.
"""

import os
import pathlib
import random
import resource
import subprocess
import sys
import threading
import time

import grpc

import http2
from neighbour import (CALL_TIMEOUT_S, Neighbour, channel_to, create_accounts, ledger_pb2_grpc, pb,
                       transfer, verify)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
from daemon import Daemon  # noqa: E402  (beside the other clients)

SEED = 20261124
# The sanitizers need more.
MEMORY_FACTOR = int(os.environ.get("MEMORY_FACTOR", "1"))
MIB = 1 << 20
TRANSFER = "/scalegraph.ledger.LedgerService/Transfer"
STREAM = "/scalegraph.ledger.LedgerService/StreamTransfers"
HEALTH = "/grpc.health.v1.Health/Check"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
# Of the neighbour's calls. A busy machine needs far less, a server that is stuck far more.
MEDIAN_BOUND_S = 0.25
LONGEST_BOUND_S = 10
CALLS_BESIDE = 50
# Of health checks beside each case: so much longer than those of a server that nobody attacks, on
# the same machine at the same time.
WAIT_BOUND_S = 0.1
# Of 10,000 connections that are all closed at once. gRPC takes 25 to 35 us to give up each, on its
# one polling thread and in the order of their ends: 185 to 365 ms on a quiet machine.
MANY_CLOSED_WAIT_BOUND_S = 1

RANDOM_CONNECTIONS = 200
IDLE_CONNECTIONS = 10_000
HALF_OPEN = 500
DEAF_STREAMS = 20
DEAF_BATCH = 500


PROBE = pathlib.Path(__file__).resolve().parent / "health_probe.py"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(actual, expected, what):
    check(actual == expected, f"{what}: got {actual!r}, expected {expected!r}")


class HealthProbe:
    """with HealthProbe(address) as probe: ... longest, checks = probe.take()"""

    def __init__(self, address):
        self._process = subprocess.Popen([sys.executable, "-B", PROBE, address], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        # Its first check opens the connection.
        while self.take()[1] == 0:
            pass
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def take(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        longest, checks = self._process.stdout.readline().split()
        return float(longest), int(checks)


class Memory:
    """What a process may grow by."""

    def __init__(self, pid, allowed):
        self._status = pathlib.Path(f"/proc/{pid}/status")
        self._allowed = allowed
        self._before = self._resident()

    def _resident(self):
        for line in self._status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the server has ended")

    def check(self, when):
        grown = self._resident() - self._before
        print(f"    {grown / MIB:.1f} MiB more {when}, {self._allowed // MIB} allowed", flush=True)
        check(grown <= self._allowed, f"the server has grown by {grown / MIB:.1f} MiB {when}")


def broken_connections():
    """Each a name, and bytes that the server has to answer by closing the connection."""
    frame = http2.frame
    opened = http2.PREFACE + frame(http2.SETTINGS)
    request = http2.headers(TRANSFER)
    yield "HTTP/1.1", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield "a broken preface", http2.PREFACE[:10] + b"X" + http2.PREFACE[11:] + opened
    yield "no SETTINGS after the preface", http2.PREFACE + frame(http2.PING, b"12345678")
    yield "a frame longer than allowed", opened + frame(http2.DATA, b"x" * 9, stream=1,
                                                      length=0xFFFFFF)
    yield "SETTINGS of five bytes", http2.PREFACE + frame(http2.SETTINGS, b"12345")
    yield "a PING of seven bytes", opened + frame(http2.PING, b"1234567")
    yield "HPACK index 0", opened + frame(http2.HEADERS, b"\x80", http2.END_HEADERS, 1)
    yield "HPACK index beyond the tables", opened + frame(http2.HEADERS, b"\xff\xff\xff\xff\x0f",
                                                        http2.END_HEADERS, 1)
    yield "an HPACK string longer than its block", opened + frame(
        http2.HEADERS, b"\x00\x7f" + b"x" * 9, http2.END_HEADERS, 1)
    yield "an HPACK table of 4 GiB", opened + frame(http2.HEADERS, b"\x3f\xe1\xff\xff\xff\x0f",
                                                  http2.END_HEADERS, 1)
    yield "CONTINUATION without HEADERS", opened + frame(http2.CONTINUATION, request,
                                                       http2.END_HEADERS, 1)
    yield "HEADERS cut by another frame", (opened + frame(http2.HEADERS, request[:20], 0, 1) +
                                           frame(http2.PING, b"12345678"))


def malformed_frames(daemon, neighbour, _):
    for name, sent in broken_connections():
        _, ended = http2.answer_to(daemon.address, sent)
        check(ended, f"{name}: the server neither answers nor closes")
    chance = random.Random(SEED)
    for number in range(RANDOM_CONNECTIONS):
        noise = chance.randbytes(chance.randrange(1, 2000))
        # Every second one gets past the preface.
        sent = noise if number % 2 else http2.PREFACE + http2.frame(http2.SETTINGS) + noise
        with http2.connect(daemon.address) as connection:
            try:
                connection.sendall(sent)
            except ConnectionError:
                pass
    neighbour.await_calls(CALLS_BESIDE)


def malformed_messages(daemon, neighbour, _):
    good = transfer().SerializeToString()
    invalid, internal, unimplemented = 3, 13, 12
    whole = http2.message(good)
    for name, data, more, expected in [
            ("a whole one", whole, [], {0}),
            ("truncated protobuf", http2.message(good[:-1]), [], {invalid}),
            ("no protobuf", http2.message(b"\xff" * 40), [], {invalid}),
            ("no message", b"", [], {internal, unimplemented}),
            ("a prefix that is cut", whole[:3], [], {internal}),
            ("a prefix longer than the data", http2.message(good, length=1000), [], {internal}),
            ("a prefix of 4 GiB", http2.message(good, length=0xFFFFFFFF), [], {internal}),
            ("compressed, but without compression", http2.message(good, flag=1), [],
             {unimplemented}),
            ("compressed as nothing that is", http2.message(good, flag=1),
             [("grpc-encoding", "brotli")], {unimplemented}),
            ("compressed, and not as anything known", http2.message(b"\x1f\x8b" + good, flag=1), [],
             {unimplemented}),
            ("no gzip", http2.message(good, flag=1), [("grpc-encoding", "gzip")], {unimplemented}),
            ("a flag that is none", http2.message(good, flag=2), [], {internal, invalid}),
    ]:
        received, ended = http2.answer_to(daemon.address, http2.call(TRANSFER, data, *more))
        check(ended, f"{name}: the server neither answers nor closes")
        status = http2.grpc_status(received)
        check(status in expected, f"{name}: status {status}, expected one of {expected}")
    neighbour.await_calls(CALLS_BESIDE)


def compressed_messages(daemon, neighbour, memory):
    """A message of a few KiB that inflates to 64 MiB, to every kind of method."""
    with channel_to(daemon.address, ("grpc.max_send_message_length", -1)) as channel:
        methods = [channel.unary_unary(TRANSFER), channel.unary_unary(HEALTH),
                   channel.stream_stream(STREAM), channel.stream_stream(REFLECTION)]
        for algorithm in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            for number, method in enumerate(methods):
                bomb = bytes(64 * MIB)
                request = bomb if number < 2 else iter([bomb])
                try:
                    answer = method(request, compression=algorithm, timeout=CALL_TIMEOUT_S)
                    list(answer)
                    raise AssertionError("a compressed message was taken")
                except grpc.RpcError as error:
                    equal(error.code(), grpc.StatusCode.UNIMPLEMENTED, "a compressed message")
                memory.check("with a compressed message")
    good = http2.message(transfer().SerializeToString(), flag=1)
    for encoding in ("gzip", "deflate", "brotli", "identity", "snappy"):
        received, _ = http2.answer_to(daemon.address,
                                      http2.call(TRANSFER, good, ("grpc-encoding", encoding)))
        equal(http2.grpc_status(received), 12, f"a message compressed as {encoding}")
    neighbour.await_calls(CALLS_BESIDE)


def huge_malformed_messages(daemon, neighbour, memory):
    """16 MiB each of what is no message, or one of millions of fields."""
    size = 16 * MIB
    service = "/scalegraph.ledger.LedgerService/"
    not_utf8 = pb.TransferBatchRequest(
        transfers=[pb.TransferRequest(entries=[pb.TransferEntry(account_id="a", amount=1)] * 4000)]
        * 400).SerializeToString() + b"\x0a\x05\x0a\x03\x0a\x01\xff"
    with channel_to(daemon.address, ("grpc.max_send_message_length", -1)) as channel:
        for name, method, data in [
                ("no message", "TransferBatch", b"\xff" * size),
                ("millions of transfers", "TransferBatch", b"\x0a\x00" * (size // 2)),
                ("millions of entries", "Transfer", b"\x0a\x00" * (size // 2)),
                ("millions of unknown fields", "GetAccount", b"\x78\x01" * (size // 2)),
                ("millions of unknown fields of a transfer", "Transfer", b"\x78\x01" * (size // 2)),
                ("millions of metadata", "CreateAccount", b"\x1a\x00" * (size // 2)),
                ("a wrong text at the end", "TransferBatch", not_utf8),
        ]:
            try:
                channel.unary_unary(service + method)(data, timeout=CALL_TIMEOUT_S)
                raise AssertionError(f"{name} was taken")
            except grpc.RpcError as error:
                equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT, name)
            memory.check(f"with {name}")
    neighbour.await_calls(CALLS_BESIDE)


def huge_legal_batch(daemon, neighbour, memory):
    """The largest batch that a message has room for, which is right in all of it."""
    entries = [pb.TransferEntry(account_id="bob", amount=1)] * 4096
    request = pb.TransferBatchRequest(transfers=[pb.TransferRequest(entries=entries)] * 350)
    data = request.SerializeToString()
    with channel_to(daemon.address, ("grpc.max_send_message_length", -1),
                    ("grpc.max_receive_message_length", -1)) as channel:
        answer = channel.unary_unary("/scalegraph.ledger.LedgerService/TransferBatch")(
            data, timeout=2 * CALL_TIMEOUT_S)
        check(len(answer) > len(data), "the answer to the huge batch is short")
        memory.check("with the huge batch")
        # What was issued is taken back, so that the money adds up in the end.
        ledger = ledger_pb2_grpc.LedgerServiceStub(channel)
        ledger.Debit(pb.DebitRequest(account_id="bob", amount=350 * 4096), timeout=CALL_TIMEOUT_S)
    neighbour.await_calls(CALLS_BESIDE)


def oversized_messages(daemon, neighbour, _):
    limit = 16 * MIB
    with channel_to(daemon.address, ("grpc.max_send_message_length", -1)) as channel:
        ledger = ledger_pb2_grpc.LedgerServiceStub(channel)
        for _ in range(10):
            request = transfer()
            request.reference = "x" * (limit + 1)
            try:
                ledger.Transfer(request, timeout=CALL_TIMEOUT_S)
                raise AssertionError("a message over the limit was taken")
            except grpc.RpcError as error:
                equal(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, "an oversized message")
                check(str(limit) in error.details(), f"the limit is not told: {error.details()}")
        # Within the limit, and far over the ledger's own bounds.
        request.reference = "x" * (limit - 1000)
        try:
            ledger.Transfer(request, timeout=CALL_TIMEOUT_S)
            raise AssertionError("a reference of 16 MiB was taken")
        except grpc.RpcError as error:
            equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT, "a reference of 16 MiB")
    neighbour.await_calls(CALLS_BESIDE)


def wrong_requests_leave_the_log_alone(daemon, neighbour, _):
    before = daemon.log_bytes()
    wrong = http2.message(b"\x0a\x02\xc3\x28")  # an id that is not UTF-8
    for _ in range(100):
        received, _ = http2.answer_to(
            daemon.address, http2.call("/scalegraph.ledger.LedgerService/CreateAccount", wrong))
        equal(http2.grpc_status(received), 3, "an id that is not UTF-8")
        http2.answer_to(daemon.address, http2.call(TRANSFER, wrong, ("grpc-encoding", "brotli")))
    equal(daemon.log_bytes() - before, 0, "bytes that a client's mistakes put into the log")
    neighbour.await_calls(CALLS_BESIDE)


def hold_connections(daemon, neighbour, memory, said, look_at_last=lambda last: None):
    """One connection for each of `said`, all open while the neighbour is served."""
    connections = []
    try:
        for words in said:
            connections.append(http2.connect(daemon.address))
            connections[-1].sendall(words)
        look_at_last(connections[-1])
        neighbour.await_calls(CALLS_BESIDE)
        memory.check("while they are open")
    finally:
        for connection in connections:
            connection.close()
    neighbour.await_calls(CALLS_BESIDE)


def half_open_connections(daemon, neighbour, memory):
    """Clients that stop in the middle, and never say so: nothing comes from them any more."""
    started = http2.PREFACE + http2.frame(http2.SETTINGS)
    headers = http2.frame(http2.HEADERS, http2.headers(TRANSFER), http2.END_HEADERS, 1)
    whole = http2.call(TRANSFER, http2.message(transfer().SerializeToString()))
    stops = [http2.PREFACE[:12], started, started + headers[:-4], started + headers,
             started + headers + http2.frame(http2.DATA, b"\x00\x00", 0, 1),
             started + headers + http2.frame(http2.DATA, b"x", 0, 1, length=9000), whole]
    said = [stops[number % len(stops)] for number in range(HALF_OPEN)]
    hold_connections(daemon, neighbour, memory, said)


def idle_connections(daemon, neighbour, memory):
    """Half of them have said that they speak HTTP/2, half nothing at all."""
    preface = http2.PREFACE + http2.frame(http2.SETTINGS)
    said = [preface if number % 2 else b"" for number in range(IDLE_CONNECTIONS)]
    # The last has its answer: then the server has them all.
    hold_connections(daemon, neighbour, memory, said, lambda last: equal(
        last.recv(9)[3], http2.SETTINGS, "the answer to the preface"))


class DeafStream:
    """Sends requests as long as the server takes them, and reads no answer."""

    def __init__(self, address, batch):
        self.taken = 0
        self._batch = batch
        self._ends = threading.Event()
        self._channel = channel_to(address)
        stub = ledger_pb2_grpc.LedgerServiceStub(self._channel)
        self._call = stub.StreamTransfers(self._requests())

    def _requests(self):
        while not self._ends.is_set():
            self.taken += 1
            yield self._batch

    def close(self):
        self._ends.set()
        self._call.cancel()
        self._channel.close()


def deaf_streams(daemon, neighbour, memory):
    batch = pb.TransferBatchRequest(transfers=[transfer()] * DEAF_BATCH)
    hold_deaf_streams(daemon, neighbour, memory, DEAF_STREAMS, batch)


def deaf_streams_of_large_answers(daemon, neighbour, memory):
    """What four streams could hold: 16 answers of 5 MiB each."""
    request = transfer()
    request.reference = "x" * 1000
    batch = pb.TransferBatchRequest(transfers=[request] * 5000)
    hold_deaf_streams(daemon, neighbour, memory, 4, batch)


def hold_deaf_streams(daemon, neighbour, memory, count, batch):
    streams = [DeafStream(daemon.address, batch) for _ in range(count)]
    try:
        before = None
        # Until none of them gets on any more, though the neighbour does.
        deadline = time.monotonic() + 40
        while before != (now := [stream.taken for stream in streams]) or min(now) == 0:
            check(time.monotonic() < deadline, f"streams that are not read are taken on: {now}")
            before = now
            neighbour.await_calls(CALLS_BESIDE)
        memory.check(f"with {sum(now)} requests taken")
    finally:
        for stream in streams:
            stream.close()
    neighbour.await_calls(CALLS_BESIDE)


# What a case may add to the server's memory, with all of its clients there, and to a health check's
# wait.
CASES = [
    (malformed_frames, 32 * MIB, WAIT_BOUND_S),
    (malformed_messages, 32 * MIB, WAIT_BOUND_S),
    (compressed_messages, 32 * MIB, WAIT_BOUND_S),
    (huge_malformed_messages, 128 * MIB, WAIT_BOUND_S),
    (huge_legal_batch, 320 * MIB, WAIT_BOUND_S),
    (oversized_messages, 128 * MIB, WAIT_BOUND_S),
    (wrong_requests_leave_the_log_alone, 32 * MIB, WAIT_BOUND_S),
    (half_open_connections, 64 * MIB, WAIT_BOUND_S),
    (idle_connections, 320 * MIB, MANY_CLOSED_WAIT_BOUND_S),
    (deaf_streams, 256 * MIB, WAIT_BOUND_S),
    (deaf_streams_of_large_answers, 512 * MIB, WAIT_BOUND_S),
]


def measure(case, allowed, wait_allowed, daemon, neighbour, probe, control):
    """Runs the case, and fails if it takes too much memory or makes others wait too long."""
    neighbour.take_latencies()
    probe.take(), control.take()
    start = time.monotonic()
    memory = Memory(daemon.pid, allowed * MEMORY_FACTOR)
    case(daemon, neighbour, memory)
    memory.check("afterwards")
    latencies = neighbour.take_latencies()
    median, longest = latencies[len(latencies) // 2], latencies[-1]
    print(f"    {time.monotonic() - start:.1f} s; neighbour: {len(latencies)} calls, "
          f"median {median * 1000:.1f} ms, longest {longest * 1000:.1f} ms")
    wait, checks = probe.take()
    usual, _ = control.take()
    print(f"    health: {checks} checks, longest {wait * 1000:.1f} ms; of a server left alone "
          f"{usual * 1000:.1f} ms")
    # Twice: on a machine that is busy with others, two longest waits differ as much.
    check(checks > 0 and wait <= 2 * usual + wait_allowed * MEMORY_FACTOR, "a health check waits")
    # On a machine that is busy with others, the server left alone is slow too.
    check(median < MEDIAN_BOUND_S + usual and longest < LONGEST_BOUND_S + usual,
          "the neighbour waits")


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    check(hard > IDLE_CONNECTIONS + 500, f"needs a limit of {IDLE_CONNECTIONS + 500} open files")


def main():
    wanted = sys.argv[2:]
    raise_file_limit()
    with (Daemon(sys.argv[1], "storage.checkpoint_interval=1000000000") as daemon,
          Daemon(sys.argv[1]) as left_alone):
        create_accounts(daemon.address)
        with (Neighbour(daemon.address) as neighbour, HealthProbe(daemon.address) as probe,
              HealthProbe(left_alone.address) as control):
            neighbour.await_calls(CALLS_BESIDE)
            for case, allowed, wait_allowed in CASES:
                if wanted and case.__name__ not in wanted:
                    continue
                measure(case, allowed, wait_allowed, daemon, neighbour, probe, control)
                print(f"ok  {case.__name__}", flush=True)
        verify(daemon.address)
        equal(daemon.stop(), 0, "the daemon's exit code")
    print("ok  verify finds nothing")


if __name__ == "__main__":
    main()
