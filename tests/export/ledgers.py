"""What the tests of this folder have in common: ledgers, what is in them, and scalegraphctl."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
for beside in ("clients", "crash", "nodes"):
    sys.path.insert(0, str(ROOT / "tests" / beside))
from cluster import until  # noqa: E402  (beside this folder)
from daemon import Daemon  # noqa: E402
from server import load_stubs  # noqa: E402

MODULES = tempfile.TemporaryDirectory(prefix="scalegraph-protos-")
pb, stubs = load_stubs(str(ROOT / "proto" / "ledger.proto"), MODULES.name)

CALL_TIMEOUT_S = 30
COMMAND_TIMEOUT_S = 120
# Texts that a format has to quote, or might change.
HARD_TEXTS = ('say "hi", twice', "two\nlines\r\nand a half\r", "tab\tnul\0bell\7", "öre € 🪙 ‮",
              "=1+1", " spaces ", "\\u0041\\", "'", ",", '"', "\u2028\u0085", "{}")


def given():
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.splitlines()[0])
    parser.add_argument("scalegraphd")
    parser.add_argument("scalegraphctl")
    return parser.parse_args()


GIVEN = given()


def entries(*pairs):
    return [pb.TransferEntry(account_id=account, amount=amount) for account, amount in pairs]


def move(source, to, amount=1, **more):
    return pb.TransferRequest(entries=entries((source, -amount), (to, amount)), **more)


def command(*pairs, balanced=False, effective_at=0, unique_reference=False, **more):
    return pb.Command(transfer=pb.TransferAction(entries=entries(*pairs)),
                      options=pb.Options(balanced=balanced, effective_at=effective_at,
                                         unique_reference=unique_reference), **more)


class Ledger:
    """A daemon, and all calls on it."""

    def __init__(self, address):
        self.address = address
        options = [("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0),
                   ("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.insecure_channel(address, options)
        self._calls = {}
        for service in pb.DESCRIPTOR.services_by_name.values():
            stub = getattr(stubs, f"{service.name}Stub")(self.channel)
            self._calls.update({method.name: (getattr(stub, method.name), method)
                                for method in service.methods})

    def ask(self, method, request=None, /, **fields):
        call, described = self._calls[method]
        if request is None:
            request = getattr(pb, described.input_type.name)(**fields)
        return call(request, timeout=CALL_TIMEOUT_S)

    def pages(self, method, rows, **fields):
        token = ""
        while True:
            page = self.ask(method, page_token=token, page_bytes=1 << 20, **fields)
            yield from getattr(page, rows)
            token = page.next_page_token
            if not token:
                return

    def records(self, **fields):
        return [record for message in self.ask("Export", **fields) for record in message.records]

    def transactions(self):
        return self.ask("GetBalanceSheet").transactions

    def contents(self):
        """All that a client can see, without ids and times."""
        def of_account(one):
            one.created_at = 0
            return one

        def of_participant(one):
            one.created_at = 0
            return one
        accounts = [of_account(one) for one in self.pages("ListAccounts", "accounts")]
        histories = {
            account.id: [(one.type, [(e.account_id, e.amount) for e in one.entries], one.reference)
                         for one in self.pages("ListTransactions", "transactions", limit=1000,
                                               account_id=account.id)]
            for account in accounts}
        seals = [one.sealed_key for one in self.records() if one.HasField("sealed_key")]
        return {"seals": seals, "participants": [of_participant(one) for one in
                                 self.pages("ListParticipants", "participants")],
                "accounts": accounts, "histories": histories}

    def transfers(self):
        """What was said of each transaction, in their order. When it took effect is what was said
        of that, or else its time. What a reversal takes back is told by its place among them."""
        records = [one for one in self.records() if one.HasField("transaction")]
        places = {one.transaction.id: n for n, one in enumerate(records)}
        places[""] = None
        return [(places[one.transaction.reverses], one.transaction.type, [(e.account_id, e.amount) for e in one.transaction.entries],
                 one.transaction.reference, dict(one.transaction.metadata), one.balanced,
                 one.unique_reference, str(one.policy),
                 one.transaction.effective_at or one.time)
                for one in records]

    def check(self):
        """The chain and the balances agree."""
        *_, report = self.ask("Verify")
        if report.problems:
            raise AssertionError(f"verify: {report.problems}")


def fill(ledger):
    """Every kind of record, with texts that are hard to write, and what leaves no record."""
    for n, text in enumerate(HARD_TEXTS):
        ledger.ask("CreateParticipant", id=f"p{n} {text}" if text.isprintable() else f"p{n}",
                   name=text, role=1 + n % 5, metadata={text: text, "": "", "n": str(n)})
    ledger.ask("CreateAccount", account_id="seb:fees", initial_balance=5)
    for name in ("seb", "x,y", 'q"uote', "öre"):
        ledger.ask("CreateParticipant", id=name, name=name, role=pb.SUPPLIER)
        for kind in (pb.OPERATING, pb.ESCROW):
            ledger.ask("CreateParticipantAccount", participant_id=name, account_type=kind,
                       initial_balance=1000, floor=-500, metadata={"k": HARD_TEXTS[0]})
    for n in range(4):
        ledger.ask("CreateAccount", account_id=f"alone {n}", initial_balance=100 * n, floor=-n,
                   metadata={HARD_TEXTS[n]: HARD_TEXTS[-n]})
    ledger.ask("CreateAccount", account_id="richest", initial_balance=2**63 - 1)
    for n, text in enumerate(HARD_TEXTS):
        ledger.ask("Credit", account_id="seb:operating", amount=n + 1, reference=text,
                   idempotency_key=f"credit {n}" if n % 2 else "")
        ledger.ask("Debit", account_id="x,y:escrow", amount=1, reference=text * 3)
        ledger.ask("Transfer", entries=entries(("seb:operating", -3), ('q"uote:operating', 1),
                                               ("öre:escrow", 1), ("alone 1", 1)),
                   reference=text, idempotency_key=f'transfer "{n}", ö')
        # The same content twice is two transactions, in this order.
        for _ in range(2):
            ledger.ask("Transfer", entries=entries(("alone 1", -1), ("alone 2", 1)))
    ledger.ask("Transfer", entries=entries(*[("alone 3", 1 if n % 2 else -1) for n in range(4096)]))
    # Within a batch that commits as one, a balance may be below its floor.
    ledger.ask("TransferBatch", atomic=True, transfers=[
        move("alone 0", "alone 1", 10_000), move("alone 2", "alone 0", 1),
        move("alone 1", "alone 0", 10_000)])
    fill_commands(ledger)
    for refused in (move("alone 0", "alone 1", 10**9), move("alone 0", "nobody")):
        try:
            ledger.ask("Transfer", refused)
        except grpc.RpcError:
            continue
        raise AssertionError(f"it was not refused: {refused}")


def fill_commands(ledger):
    """Commands with all that they may say beside, between accounts of fill()."""
    pairs = ("alone 1", -1), ("alone 2", 1)
    for n, text in enumerate(HARD_TEXTS):
        ledger.ask("Execute", command(*pairs, reference=text,
                                      metadata={text: text, "": "", "n": str(n)},
                                      idempotency_key=f"command {n}" if n % 2 else ""))
    ledger.ask("Execute", command(*pairs, metadata={"most": "\1" * (16_384 - 4)}))
    for when in (1, -1, -62_135_596_800_000, 1_700_000_000_000, 2**63 - 1, -2**63):
        ledger.ask("Execute", command(*pairs, effective_at=when, balanced=when > 1))
    ledger.ask("Execute", command(("alone 2", 1), metadata={"a": "credit"}))
    ledger.ask("Execute", command(("alone 1", -5), ("alone 2", 3), ("öre:escrow", 2),
                                  balanced=True))
    for n in range(3):
        ledger.ask("Execute", command(*pairs, reference=f"once {n}", unique_reference=True))
    ledger.ask("Execute", command(*pairs, reference="once 1", metadata={"used": "again"}))
    for n, text in enumerate(("a key", "önskan", 'x,"y"')):
        ledger.ask("SealKey", key=f"{text} {n}")
    # Nothing beside: as a transfer.
    plain = ledger.ask("Execute", command(*pairs))
    fill_reversals(ledger, plain)
    fill_policies(ledger)
    several = [command(*pairs, metadata={"n": str(n)} if n else {}, effective_at=-n * 1000,
                       balanced=n % 2 == 1) for n in range(4)]
    for atomic in (True, False):
        answer = ledger.ask("ExecuteBatch", commands=several, atomic=atomic)
        if any(one.HasField("error") for one in answer.results):
            raise AssertionError(f"a command was refused: {answer}")


def reversal(transaction, *pairs, **more):
    return pb.Command(reverse=pb.ReverseAction(transaction_id=transaction.id,
                                               entries=entries(*pairs)), **more)


def fill_reversals(ledger, plain):
    """All and parts of transactions of every type, and a reversal that is taken back itself."""
    back = ledger.ask("Execute", reversal(plain, reference="refund", metadata={"n": "1"},
                                          idempotency_key="refund"))
    ledger.ask("Execute", reversal(back))
    credit = ledger.ask("Credit", account_id="alone 1", amount=9)
    for _ in range(2):
        ledger.ask("Execute", reversal(credit, ("alone 1", -3)))
    # Two of one original, and another transfer, committed as one.
    answer = ledger.ask("ExecuteBatch", atomic=True, commands=[
        reversal(credit, ("alone 1", -1)), command(("alone 1", -1), ("alone 2", 1)),
        reversal(credit)])
    if any(one.HasField("error") for one in answer.results):
        raise AssertionError(f"a reversal was refused: {answer}")


def policy(account="", **changes):
    return pb.Command(policy=pb.PolicyAction(account_id=account, **changes))


def fill_policies(ledger):
    """Each part of a policy, between movements that it allows and that it would not have allowed."""
    ledger.ask("OpenAccount", account_id="limited", initial_balance=50, ceiling=60)
    ledger.ask("OpenAccount", account_id="seb:reserve", participant_id="seb", type=pb.ESCROW)
    up, down = command(("limited", 10)), command(("limited", -10))
    for asked in (up, policy("limited", clear_ceiling=True, note=HARD_TEXTS[0]), up,
                  policy("limited", debits_frozen=True, credits_frozen=False), up,
                  policy("limited", debits_frozen=False), down,
                  policy("limited", floor=500, allow_beyond=True), up,
                  policy("limited", floor=-5, ceiling=1000),
                  policy("limited", status=pb.CLOSED, sweep_to="seb:reserve", note="left"),
                  policy("limited", status=pb.OPEN), up,
                  policy(require_balanced=True, note="from now on"),
                  command(("limited", -1), ("seb:reserve", 1)), policy(require_balanced=False),
                  up):
        ledger.ask("Execute", asked)
    ledger.ask("CreateAccount", account_id="after the policy", initial_balance=7)
    answer = ledger.ask("ExecuteBatch", atomic=True, commands=[
        down, policy("limited", floor=-100), down, policy("limited", floor=-5), up])
    if any(one.HasField("error") for one in answer.results):
        raise AssertionError(f"a policy was refused: {answer}")
    ledger.ask("Execute", policy("seb:reserve", status=pb.CLOSED, sweep_to="limited"))


def fill_many(ledger, transfers, accounts=50, batch=5000):
    """So many transfers between some accounts, in batches."""
    for n in range(accounts):
        ledger.ask("CreateAccount", account_id=f"many {n}", initial_balance=10**9)
    requests = []
    for first in range(0, transfers, batch):
        requests.append(pb.TransferBatchRequest(transfers=[
            move(f"many {n % accounts}", f"many {(n * 7 + 1) % accounts}", 1 + n % 5,
                 reference=f"invoice {n}")
            for n in range(first, min(first + batch, transfers))
            if n % accounts != (n * 7 + 1) % accounts]))
    for answer in ledger.ask("StreamTransfers", iter(requests)):
        if answer.HasField("error") or any(one.HasField("error") for one in answer.results):
            raise AssertionError("a transfer was refused")


def lines_of(path):
    """Of a file of JSON lines. Texts may hold what Python takes for the end of a line."""
    *lines, rest = path.read_text(encoding="utf-8").split("\n")
    if rest:
        raise AssertionError(f"{path} ends without the end of a line")
    return lines


class ExportTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="scalegraph-test-")))

    def ledger(self, *settings):
        daemon = self.enterContext(Daemon(GIVEN.scalegraphd, *settings))
        made = Ledger(daemon.address)
        made.daemon = daemon
        self.addCleanup(made.channel.close)
        return made

    @staticmethod
    def command(ledger, *arguments):
        return [GIVEN.scalegraphctl, "--server", ledger.address, *map(str, arguments)]

    def ctl(self, ledger, *arguments, exit_code=0, **more):
        done = subprocess.run(self.command(ledger, *arguments), capture_output=True, text=True,
                              timeout=COMMAND_TIMEOUT_S, check=False, **more)
        self.assertEqual(done.returncode, exit_code, f"{arguments}\n{done.stdout}{done.stderr}")
        return done

    def export(self, ledger, *arguments, name="export.jsonl"):
        path = self.folder / name
        self.ctl(ledger, "export", path, *arguments)
        return path

    def import_in_two(self, target, path, between, exit_code=0):
        """Imports a file of over 9,000 records by a pipe. `between()` is called when the import has
        looked at the ledger and booked its first batch, and before it gets the rest."""
        lines = [line + "\n" for line in lines_of(path)]
        process = subprocess.Popen(self.command(target, "--json", "import", "-"), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with process:
            before = target.transactions()
            process.stdin.write("".join(lines[:9000]))
            process.stdin.flush()
            until(lambda: target.transactions() > before, "the first batch is booked")
            between()
            out, says = process.communicate("".join(lines[9000:]))
        self.assertEqual(process.returncode, exit_code, says)
        return subprocess.CompletedProcess(process.args, exit_code, out, says)

    def check_tally(self, done, **wanted):
        """What an import says with --json: (imported, already there) of each sort."""
        told = json.loads(done.stdout)
        for sort, tally in wanted.items():
            self.assertEqual((told[sort]["imported"], told[sort]["already_there"]),
                             tuple(map(str, tally)), told)


def main():
    unittest.main(argv=sys.argv[:1], verbosity=2)
