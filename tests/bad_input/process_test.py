"""What a process is given and told from outside: descriptors, signals, sockets, pings, timeouts.

    /usr/bin/python3 process_test.py PATH/TO/scalegraphd [CASE...]
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import grpc

import http2
from neighbour import (CALL_TIMEOUT_S, channel_to, create_accounts, ledger_pb2_grpc, pb, transfer,
                       verify)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
from daemon import Daemon  # noqa: E402  (beside the other clients)

STREAM = "/scalegraph.ledger.LedgerService/StreamTransfers"
TRANSFER = "/scalegraph.ledger.LedgerService/Transfer"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
WATCH = "/grpc.health.v1.Health/Watch"
HEALTH = "/grpc.health.v1.Health/Check"
# The drain timeout of these tests. A stop that waits for it fails them.
LONG_DRAIN = "server.drain_timeout=120000"
DESCRIPTORS = 64
CONNECTIONS = 200
PATIENCE_S = 20


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(actual, expected, what):
    check(actual == expected, f"{what}: got {actual!r}, expected {expected!r}")


def serves(address):
    with channel_to(address) as channel:
        channel.unary_unary(HEALTH)(b"", timeout=CALL_TIMEOUT_S, wait_for_ready=True)


def log_of(daemon):
    daemon._log.seek(0)
    return daemon._log.read()


def with_shell(program, command):
    """A program that does `command` in a shell and becomes the daemon."""
    folder = tempfile.TemporaryDirectory(prefix="scalegraph-test-")
    wrapper = pathlib.Path(folder.name) / "wrapper"
    wrapper.write_text(f'#!/bin/sh\n{command}\nexec "{program}" "$@"\n', encoding="utf-8")
    wrapper.chmod(0o700)
    return folder, str(wrapper)


def few_descriptors(program):
    """Connections that find no descriptor free are closed; later ones are taken again."""
    folder, limited = with_shell(program, f"ulimit -n {DESCRIPTORS}")
    with folder, Daemon(limited) as daemon:
        create_accounts(daemon.address)
        held = []
        try:
            for _ in range(CONNECTIONS):
                try:
                    held.append(http2.connect(daemon.address))
                    held[-1].sendall(http2.PREFACE + http2.frame(http2.SETTINGS))
                except ConnectionError:
                    pass
            # The last one is closed by the server, or was reset before.
            try:
                while held[-1].recv(4096):
                    pass
            except ConnectionError:
                pass
            check("cannot take connections" in log_of(daemon), "the log does not tell of it")
        finally:
            for connection in held:
                connection.close()
        serves(daemon.address)
        verify(daemon.address)
        equal(log_of(daemon).count("cannot take connections"), 1, "lines about one shortage")
        equal(daemon.stop(), 0, "the daemon's exit code")


def closed_standard_streams(program):
    """Neither the store nor a socket gets a descriptor that is printed to."""
    with tempfile.TemporaryDirectory(prefix="scalegraph-test-") as folder:
        where = f"unix:{folder}/socket"
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", program, "--set", f"server.listen={where}",
             "--set", f"storage.path={folder}/store"])
        try:
            with channel_to(where) as channel:
                ledger = ledger_pb2_grpc.LedgerServiceStub(channel)
                ledger.CreateAccount(pb.CreateAccountRequest(account_id="a"), wait_for_ready=True,
                                     timeout=CALL_TIMEOUT_S)
            for descriptor in range(3):
                equal(os.readlink(f"/proc/{process.pid}/fd/{descriptor}"), "/dev/null",
                      f"descriptor {descriptor}")
            process.terminate()
            equal(process.wait(timeout=PATIENCE_S), 0, "the daemon's exit code")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        again = subprocess.run([program, "--verify", "--set", f"storage.path={folder}/store"],
                               check=False, capture_output=True, timeout=PATIENCE_S)
        equal(again.returncode, 0, "a verification of the store")


def stop_beside_idle_clients(program):
    """Nothing is in flight: there is nothing to wait for."""
    for path in [None, STREAM, REFLECTION, WATCH]:
        with Daemon(program, LONG_DRAIN) as daemon:
            opened = http2.PREFACE + http2.frame(http2.SETTINGS)
            if path:
                opened += http2.frame(http2.HEADERS, http2.headers(path), http2.END_HEADERS, 1)
            if path == WATCH:
                opened += http2.frame(http2.DATA, http2.message(b""), http2.END_STREAM, 1)
            with http2.connect(daemon.address) as connection:
                connection.sendall(opened)
                equal(connection.recv(9)[3], http2.SETTINGS, "the answer to the preface")
                start = time.monotonic()
                equal(daemon.stop(), 0, f"the exit code beside {path}")
                check(time.monotonic() - start < PATIENCE_S, f"it waited beside {path}")


def large_batch():
    return pb.TransferBatchRequest(transfers=[transfer()] * 5000)


def second_signal(program):
    """A call in flight keeps the daemon from ending, until it is asked a second time."""
    with Daemon(program, LONG_DRAIN) as daemon:
        create_accounts(daemon.address)
        with channel_to(daemon.address, ("grpc.http2.bdp_probe", 0)) as channel:
            stub = ledger_pb2_grpc.LedgerServiceStub(channel)
            answers = stub.StreamTransfers(iter([large_batch()] * 3))
            # The first is on its way, and more than fits into the window of a client that waits.
            answers.initial_metadata()
            os.kill(daemon.pid, signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE_S
            while "stopping" not in log_of(daemon):
                check(time.monotonic() < deadline, "the first signal is not heeded")
            os.kill(daemon.pid, signal.SIGTERM)
            equal(daemon._process.wait(timeout=PATIENCE_S), 0, "the daemon's exit code")


def hangup(program):
    with Daemon(program) as daemon:
        create_accounts(daemon.address)
        os.kill(daemon.pid, signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE_S
        while "SIGHUP" not in log_of(daemon):
            check(time.monotonic() < deadline, "the log does not tell of SIGHUP")
        serves(daemon.address)
        equal(daemon.stop(), 0, "the daemon's exit code")


def frequent_pings(program):
    """Pings at the least interval are answered, and too many end the connection."""
    interval_s = 0.2
    with Daemon(program, f"server.min_ping_interval={int(interval_s * 1000)}") as daemon:
        ping = http2.frame(http2.PING, b"12345678")
        opened = http2.PREFACE + http2.frame(http2.SETTINGS) + http2.frame(
            http2.HEADERS, http2.headers(STREAM), http2.END_HEADERS, 1)
        with http2.connect(daemon.address) as connection:
            connection.sendall(opened)
            for _ in range(10):
                connection.sendall(ping)
                await_frame(connection, lambda kind, flags: kind == http2.PING and flags & 1)
                # The next is due then: nothing else is to come until it is.
                check(not comes_within(connection, interval_s), "a connection with few pings ends")
        with http2.connect(daemon.address) as connection:
            connection.sendall(opened)
            try:
                for _ in range(10):
                    connection.sendall(ping)
                await_frame(connection, lambda kind, _: kind == http2.GOAWAY)
            except ConnectionError:
                pass


def comes_within(connection, seconds):
    """Whether the server ends the connection, or anything comes but acknowledgements."""
    connection.settimeout(seconds)
    try:
        received = connection.recv(65536)
        return not received or any(kind == http2.GOAWAY for kind, _, _ in http2.frames(received))
    except TimeoutError:
        return False
    finally:
        connection.settimeout(http2.ANSWER_TIMEOUT_S)


def await_frame(connection, wanted):
    received = b""
    while not any(wanted(kind, flags) for kind, flags, _ in http2.frames(received)):
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the connection ended")
        received += more


def half_open_connection_is_found(program):
    """The server pings who is silent, and gives up who does not answer."""
    with Daemon(program, "server.ping_interval=1000", "server.ping_timeout=1000") as daemon:
        with http2.connect(daemon.address) as connection:
            connection.sendall(http2.PREFACE + http2.frame(http2.SETTINGS) + http2.frame(
                http2.HEADERS, http2.headers(STREAM), http2.END_HEADERS, 1))
            received = b""
            try:
                while more := connection.recv(65536):
                    received += more
            except ConnectionError:
                pass
            kinds = [kind for kind, flags, _ in http2.frames(received) if not flags & 1]
            check(http2.PING in kinds, f"the server never pings: frames {kinds}")


def long_timeouts(program):
    with Daemon(program) as daemon:
        create_accounts(daemon.address)
        whole = http2.message(transfer().SerializeToString())
        for timeout in ["1H", "2000000H", "2562047H", "2562048H", "9999999H", "99999999H"]:
            received, _ = http2.answer_to(
                daemon.address, http2.call(TRANSFER, whole, ("grpc-timeout", timeout)))
            equal(http2.grpc_status(received), 0, f"a call with grpc-timeout {timeout}")
        verify(daemon.address)


def wrong_address(program):
    for where, said in [("no-such-host.invalid:1", "does not resolve"),
                        ("192.0.2.1:1", "not one of this machine")]:
        with tempfile.TemporaryDirectory(prefix="scalegraph-test-") as folder:
            ended = subprocess.run(
                [program, "--set", f"server.listen={where}", "--set", "server.insecure=true",
                 "--set", f"storage.path={folder}/store"],
                check=False, capture_output=True, text=True, timeout=PATIENCE_S)
        equal(ended.returncode, 3, f"the exit code with {where}")
        check(said in ended.stderr, f"{where}: the log does not say that it {said}")
        check("taken" not in ended.stderr, f"{where}: is reported as taken")


CASES = [few_descriptors, closed_standard_streams, stop_beside_idle_clients, second_signal, hangup,
         frequent_pings, half_open_connection_is_found, long_timeouts, wrong_address]


def main():
    wanted = sys.argv[2:]
    for case in CASES:
        if wanted and case.__name__ not in wanted:
            continue
        start = time.monotonic()
        case(sys.argv[1])
        print(f"ok  {case.__name__}, {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
