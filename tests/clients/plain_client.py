"""A client that knows only the fixed part of the wire (legacy.proto) against a real scalegraphd.

    /usr/bin/python3 plain_client.py PATH/TO/scalegraphd
    /usr/bin/python3 plain_client.py PATH/TO/scalegraphd --secured
    /usr/bin/python3 plain_client.py PATH/TO/scalegraphd PATH/TO/scalegraphctl --node PLACE

The second form gets in by TLS and a token. The third asks one node of a cluster of three: leader,
follower or other (the other follower). Prints one line per group of checks; ends with exit code 1
at the first that fails.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import grpc

from node import arguments, open_channel, served

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CALL_TIMEOUT_S = 10
INT64_MAX = 2**63 - 1

MODULES = tempfile.TemporaryDirectory(prefix="scalegraph-protos-")
subprocess.run(
    ["protoc", f"--proto_path={HERE}", "--proto_path=/usr/include", f"--proto_path={ROOT / 'proto'}",
     f"--python_out={MODULES.name}", "legacy.proto", "reflection.proto", "health.proto",
     "error_details.proto"],
    check=True)
sys.path.insert(0, MODULES.name)

import error_details_pb2  # noqa: E402  (generated above)
import health_pb2  # noqa: E402
import legacy_pb2 as pb  # noqa: E402
import reflection_pb2  # noqa: E402

ROLES = [pb.ACCESS_PROVIDER, pb.BANKING_PARTNER, pb.ECOSYSTEM_PARTNER, pb.SUPPLIER,
         pb.EQUIPMENT_PROVIDER]
TYPES = [pb.OPERATING, pb.RECEIVABLES, pb.PAYABLES, pb.ESCROW, pb.FEES, pb.USAGE]


class Service:
    """The methods of one service of legacy.proto, called by name: service.GetAccount(account_id=...)."""

    def __init__(self, channel, name):
        descriptor = pb.DESCRIPTOR.services_by_name[name]
        for method in descriptor.methods:
            setattr(self, method.name, self._call(channel, descriptor, method))

    @staticmethod
    def _call(channel, service, method):
        request_type = getattr(pb, method.input_type.name)
        reply_type = getattr(pb, method.output_type.name)
        stub = channel.unary_unary(f"/{service.full_name}/{method.name}",
                                   request_serializer=request_type.SerializeToString,
                                   response_deserializer=reply_type.FromString)
        return lambda **fields: stub(request_type(**fields), timeout=CALL_TIMEOUT_S)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: got {actual!r}, expected {expected!r}")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def recent(milliseconds, what):
    now = time.time() * 1000
    check(now - 60_000 < milliseconds < now + 60_000, f"{what} {milliseconds} is not about now")


def refused(code, reason, call, outcome=None):
    """The call must fail with this code, and this ErrorInfo in its details."""
    try:
        call()
    except grpc.RpcError as error:
        equal(error.code(), code, "code")
        details = dict(error.trailing_metadata()).get("grpc-status-details-bin")
        check(details is not None, f"{reason}: no details in the trailing metadata")
        status = error_details_pb2.Status.FromString(details)
        equal(status.code, code.value[0], "code in the details")
        equal(status.message, error.details(), "message in the details")
        check(status.message, f"{reason}: no message")
        info = error_details_pb2.ErrorInfo()
        check(status.details[0].Unpack(info), f"{reason}: the detail is no ErrorInfo")
        equal(info.domain, "scalegraph", "domain")
        if reason is not None:
            equal(info.reason, reason, "reason")
        check(info.reason, "no reason")
        if outcome is not None:
            equal(info.metadata.get("outcome"), outcome, f"outcome of {info.reason}")
        return dict(info.metadata)
    raise AssertionError(f"{reason}: the call was not refused")


def entries(*pairs):
    return [pb.TransferEntry(account_id=account, amount=amount) for account, amount in pairs]


def pairs(transaction):
    return [(entry.account_id, entry.amount) for entry in transaction.entries]


def participants(client, _):
    for role in ROLES:
        name = pb.ParticipantRole.Name(role)
        made = client.CreateParticipant(id=f"p{role}", name=f"Part {name} å", role=role,
                                        metadata={"country": "SE", "empty": ""})
        equal((made.id, made.name, made.role), (f"p{role}", f"Part {name} å", role), "participant")
        equal(dict(made.metadata), {"country": "SE", "empty": ""}, "metadata")
        recent(made.created_at, "created_at")
        equal(client.GetParticipant(participant_id=made.id), made, "the same participant again")
    everyone = client.ListParticipants().participants
    equal(sorted(p.id for p in everyone), [f"p{role}" for role in ROLES], "all participants")
    suppliers = client.ListParticipants(role=pb.SUPPLIER).participants
    equal([p.id for p in suppliers], ["p4"], "participants with a role")


def participant_accounts(client, ledger):
    for kind in TYPES:
        name = pb.AccountType.Name(kind).lower()
        made = client.CreateParticipantAccount(participant_id="p1", account_type=kind,
                                               initial_balance=100 * kind, metadata={"kind": name})
        equal((made.id, made.participant_id, made.account_type, made.balance),
              (f"p1:{name}", "p1", kind, 100 * kind), "account")
        equal(dict(made.metadata), {"kind": name}, "metadata")
        recent(made.created_at, "created_at")
        equal(ledger.GetAccount(account_id=made.id), made, "the same account again")
    made = client.CreateParticipantAccount(participant_id="p2")
    equal((made.id, made.account_type), ("p2:operating", pb.OPERATING), "account without a type")
    accounts = client.GetParticipantAccounts(participant_id="p1").accounts
    equal(sorted(a.account_type for a in accounts), TYPES, "accounts of a participant")
    equal(len(client.GetParticipantAccounts(participant_id="p3").accounts), 0, "no accounts yet")


def standalone_accounts(_, ledger):
    made = ledger.CreateAccount(account_id="alice", initial_balance=1000, metadata={"k": "v"})
    equal((made.id, made.participant_id, made.account_type, made.balance),
          ("alice", "", pb.STANDALONE, 1000), "account")
    recent(made.created_at, "created_at")
    for account in ("shop", "fees", "a=b c"):
        equal(ledger.CreateAccount(account_id=account).balance, 0, "balance of a new account")
    equal(ledger.GetAccount(account_id="alice"), made, "the same account again")
    balance = ledger.GetBalance(account_id="alice")
    equal((balance.account_id, balance.balance), ("alice", 1000), "balance")


def postings(_, ledger):
    def balances():
        return [ledger.GetBalance(account_id=a).balance for a in ("alice", "shop", "fees")]

    credit = ledger.Credit(account_id="alice", amount=500, reference="deposit")
    equal((credit.type, pairs(credit), credit.reference), ("credit", [("alice", 500)], "deposit"),
          "credit")
    recent(credit.timestamp, "timestamp")
    check(credit.id, "a transaction has an id")
    debit = ledger.Debit(account_id="alice", amount=100)
    equal((debit.type, pairs(debit), debit.reference), ("debit", [("alice", -100)], ""), "debit")
    equal(balances(), [1400, 0, 0], "balances")

    three = [("alice", -1000), ("shop", 970), ("fees", 30)]
    transfer = ledger.Transfer(entries=entries(*three), reference="invoice 7")
    equal((transfer.type, pairs(transfer), transfer.reference), ("transfer", three, "invoice 7"),
          "transfer")
    equal(balances(), [400, 970, 30], "balances")

    # Without keys the same request twice is two transactions.
    ids = {ledger.Transfer(entries=entries(("shop", -1), ("fees", 1))).id for _ in range(2)}
    equal(len(ids), 2, "transactions of two equal requests")
    equal(balances(), [400, 968, 32], "balances")

    # Entries on one account count together, and need not sum to zero.
    ledger.Transfer(entries=entries(("fees", -50), ("fees", 40)))
    equal(balances(), [400, 968, 22], "balances after entries on one account")


def history(_, ledger):
    of_alice = ledger.ListTransactions(account_id="alice").transactions
    equal([t.type for t in of_alice], ["transfer", "debit", "credit"], "newest first")
    equal(pairs(of_alice[0]), [("alice", -1000), ("shop", 970), ("fees", 30)],
          "entries of the others are listed too")
    equal([t.reference for t in of_alice], ["invoice 7", "", "deposit"], "references")
    newest = ledger.ListTransactions(limit=2, account_id="alice").transactions
    equal(list(newest), list(of_alice[:2]), "with a limit")
    everything = ledger.ListTransactions().transactions
    equal(len(everything), 6, "initial balances are not listed")
    equal(len({t.id for t in everything}), 6, "ids differ")
    check(all(a.timestamp >= b.timestamp for a, b in zip(everything, everything[1:])),
          "timestamps fall")
    last = [ledger.Credit(account_id="a=b c", amount=n).id for n in range(1, 61)]
    by_default = ledger.ListTransactions(account_id="a=b c").transactions
    equal([t.id for t in by_default], last[:9:-1], "no limit means the newest 50")


def refusals(client, ledger):
    code = grpc.StatusCode
    unknown = [
        ("ACCOUNT_NOT_FOUND", lambda: ledger.GetAccount(account_id="nobody")),
        ("ACCOUNT_NOT_FOUND", lambda: ledger.GetBalance(account_id="nobody")),
        ("ACCOUNT_NOT_FOUND", lambda: ledger.Credit(account_id="nobody", amount=1)),
        ("ACCOUNT_NOT_FOUND", lambda: ledger.Transfer(entries=entries(("alice", -1), ("no", 1)))),
        ("PARTICIPANT_NOT_FOUND", lambda: client.GetParticipant(participant_id="nobody")),
        ("PARTICIPANT_NOT_FOUND", lambda: client.GetParticipantAccounts(participant_id="nobody")),
        ("PARTICIPANT_NOT_FOUND", lambda: client.CreateParticipantAccount(participant_id="nobody")),
    ]
    for reason, call in unknown:
        refused(code.NOT_FOUND, reason, call)

    refused(code.ALREADY_EXISTS, "ACCOUNT_EXISTS",
            lambda: ledger.CreateAccount(account_id="alice", initial_balance=1000,
                                         metadata={"k": "v"}), "none")
    refused(code.ALREADY_EXISTS, "ACCOUNT_EXISTS",
            lambda: client.CreateParticipantAccount(participant_id="p1", account_type=pb.FEES), "none")
    refused(code.ALREADY_EXISTS, "PARTICIPANT_EXISTS",
            lambda: client.CreateParticipant(id="p1", name="other", role=pb.SUPPLIER), "none")

    short = refused(code.FAILED_PRECONDITION, "INSUFFICIENT_FUNDS",
                    lambda: ledger.Transfer(entries=entries(("shop", 401), ("alice", -401))), "none")
    equal(short.get("account_id"), "alice", "account_id of the refusal")
    equal(short.get("balance"), "400", "balance of the refusal")
    equal(short.get("amount", "").lstrip("-"), "401", "amount of the refusal")
    refused(code.FAILED_PRECONDITION, "INSUFFICIENT_FUNDS",
            lambda: ledger.Debit(account_id="alice", amount=401), "none")
    refused(code.OUT_OF_RANGE, "BALANCE_OVERFLOW",
            lambda: ledger.Credit(account_id="alice", amount=INT64_MAX), "none")
    equal(ledger.GetBalance(account_id="alice").balance, 400, "a refusal changes nothing")
    equal(ledger.GetBalance(account_id="shop").balance, 968, "a refusal changes nothing")


def bad_arguments(client, ledger):
    invalid = [
        lambda: ledger.GetAccount(),
        lambda: ledger.CreateAccount(),
        lambda: ledger.CreateAccount(account_id="x" * 257),
        lambda: ledger.CreateAccount(account_id="a\nb"),
        lambda: ledger.CreateAccount(account_id="negative", initial_balance=-1),
        lambda: ledger.CreateAccount(account_id="large", metadata={"k": "x" * (16 * 1024 + 1)}),
        lambda: ledger.Credit(account_id="alice"),
        lambda: ledger.Credit(account_id="alice", amount=-5),
        lambda: ledger.Debit(account_id="alice", amount=0),
        lambda: ledger.Credit(account_id="alice", amount=1, reference="x" * 1025),
        lambda: ledger.Transfer(),
        lambda: ledger.Transfer(entries=entries(("alice", 0))),
        lambda: ledger.Transfer(entries=entries(*[("alice", 1)] * 4097)),
        lambda: ledger.ListTransactions(limit=-1),
        lambda: ledger.ListTransactions(limit=1001),
        lambda: client.CreateParticipant(id="", name="n", role=pb.SUPPLIER),
        lambda: client.CreateParticipant(id="unspecified", name="n"),
        lambda: client.CreateParticipant(id="unknown", name="n", role=99),
        lambda: client.CreateParticipantAccount(participant_id="p1", account_type=99),
        lambda: client.ListParticipants(role=99),
    ]
    for call in invalid:
        refused(grpc.StatusCode.INVALID_ARGUMENT, None, call)


def health(channel):
    call = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString)
    serving = health_pb2.HealthCheckResponse.SERVING
    for service in ("", "shard/0"):
        answer = call(health_pb2.HealthCheckRequest(service=service), timeout=CALL_TIMEOUT_S)
        equal(answer.status, serving, f'health of "{service}"')
    try:
        call(health_pb2.HealthCheckRequest(service="no such thing"), timeout=CALL_TIMEOUT_S)
    except grpc.RpcError as error:
        equal(error.code(), grpc.StatusCode.NOT_FOUND, "health of an unknown service")
    else:
        raise AssertionError("the health of an unknown service was told")


def reflection(channel):
    call = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
    request = reflection_pb2.ServerReflectionRequest(list_services="*")
    answer = next(call(iter([request]), timeout=CALL_TIMEOUT_S))
    names = {service.name for service in answer.list_services_response.service}
    for name in ("scalegraph.ledger.ParticipantService", "scalegraph.ledger.LedgerService"):
        check(name in names, f"{name} is not among the reflected services {sorted(names)}")


def main():
    with served(arguments("A client of the first Scalegraph.")) as daemon:
        options = [("grpc.enable_http_proxy", 0)]
        with open_channel(daemon, options) as channel:
            grpc.channel_ready_future(channel).result(timeout=CALL_TIMEOUT_S)
            client = Service(channel, "ParticipantService")
            ledger = Service(channel, "LedgerService")
            for group in (participants, participant_accounts, standalone_accounts, postings,
                          history, refusals, bad_arguments):
                group(client, ledger)
                print("ok", group.__name__.replace("_", " "), flush=True)
            for group in (health, reflection):
                group(channel)
                print("ok", group.__name__, flush=True)
        equal(daemon.stop(), 0, "exit code after SIGTERM")
        print("ok stop")


if __name__ == "__main__":
    main()
