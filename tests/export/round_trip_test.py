"""What an import of an export has: the same participants, accounts, balances and histories.

    /usr/bin/python3 round_trip_test.py SCALEGRAPHD SCALEGRAPHCTL
"""

import json
import subprocess
import threading

import grpc
from ledgers import (HARD_TEXTS, ExportTest, Ledger, entries, fill,
                     lines_of, main, move, pb, until)


def is_transaction(line):
    return line["kind"] not in ("participant", "account", "seal")


class RoundTrip(ExportTest):
    def test_both_formats_while_load_runs(self):
        source = self.ledger()
        fill(source)
        stop = threading.Event()
        moved = []

        def load():
            client = Ledger(source.address)
            while not stop.is_set():
                moved.append(client.ask("TransferBatch", transfers=[
                    move("alone 1", "alone 3", 1, reference=HARD_TEXTS[n % len(HARD_TEXTS)])
                    if n % 2 else move("alone 3", "alone 1") for n in range(20)]))
            client.channel.close()
        loading = threading.Thread(target=load)
        loading.start()
        try:
            until(lambda: len(moved) > 3, "load runs")
            paths = [self.export(source, name=f"while.{form}") for form in ("jsonl", "csv")]
            so_far = len(moved)
            until(lambda: len(moved) > so_far + 3, "load goes on")
        finally:
            stop.set()
            loading.join()
        for path in paths:
            before = path.read_bytes()
            self.ctl(source, "export", path, "--resume")
            # It went on where it was.
            after = path.read_bytes()
            end = before.rstrip(b"\r\n").rfind(b"\n") + 1
            self.assertEqual(after[:end], before[:end])
            self.assertGreater(len(after), len(before))
            self.assertEqual(after, self.export(source, name=f"whole{path.suffix}").read_bytes())
            with self.subTest(path.suffix):
                target = self.ledger()
                done = self.ctl(target, "--json", "import", path)
                self.assertEqual(target.contents(), source.contents())
                target.check()
                told = json.loads(done.stdout)
                self.assertEqual((told["complete"], told["other_transactions"]), (True, "0"))
                self.assertEqual(told["transactions"]["imported"], str(source.transactions()))
                # Once more changes nothing.
                count = len(target.records())
                done = self.ctl(target, "--json", "import", path)
                self.check_tally(done, transactions=(0, source.transactions()),
                                 participants=(0, len(source.contents()["participants"])),
                                 seals=(0, 3))
                self.assertEqual(len(target.records()), count)

    def test_each_record_is_as_it_was(self):
        source, target = self.ledger(), self.ledger("ledger.shards=3")
        fill(source)
        path = self.export(source)
        lines = [json.loads(line) for line in lines_of(path)]
        self.assertEqual(lines[0], {"format": "scalegraph-export", "version": 1,
                                    "ledger": lines[0]["ledger"], "from_sequence": "1",
                                    "after": "0"})
        self.assertEqual(lines[-1], {"kind": "end", "sequence": str(len(lines) - 2)})
        records = source.records()
        self.assertEqual([line["sequence"] for line in lines[1:-1]],
                         [str(one.sequence) for one in records])
        for line, record in zip(lines[1:-1], records):
            if record.HasField("transaction"):
                self.assertEqual(
                    (line["id"], line["kind"], line.get("reference", ""), line.get("key", ""),
                     [(e["account"], int(e["amount"])) for e in line.get("entries", [])],
                     line.get("metadata", {}), int(line.get("effective_at", 0)),
                     line.get("balanced", False), line.get("unique_reference", False),
                     int(line.get("reverses", 0)), line.get("account", ""),
                     line.get("note", "")),
                    (record.transaction.id, record.transaction.type, record.transaction.reference,
                     record.idempotency_key,
                     [(e.account_id, e.amount) for e in record.transaction.entries],
                     dict(record.transaction.metadata), record.transaction.effective_at,
                     record.balanced, record.unique_reference, record.reverses_sequence,
                     record.policy.account_id, record.policy.note))
                # What is empty is left out. A side that is not frozen any more is not empty.
                self.assertTrue(all(value for name, value in line.items()
                                    if not name.endswith(("_frozen", "require_balanced"))), line)
        self.ctl(target, "import", path)
        # The order of one account, with the same content twice, is the order there was.
        self.assertEqual(target.contents(), source.contents())
        # Keys of the file are not taken over: they belong to requests to the other ledger.
        keys = [one.idempotency_key for one in target.records() if one.HasField("transaction")]
        self.assertTrue(all(key.startswith(f"import:{lines[0]['ledger']}:") for key in keys), keys)
        self.assertEqual(len(set(keys)), len(keys))

    def test_what_commands_say_comes_along(self):
        source = self.ledger()
        fill(source)
        said = source.transfers()
        self.assertTrue({-1, 1, -2**63, 2**63 - 1} <= {one[-1] for one in said})

        def generation(path):
            """What has to be the same in every ledger, and what is in all but the first."""
            lines = [json.loads(line) for line in lines_of(path)[1:-1]]
            when = [line.get("effective_at") for line in lines if is_transaction(line)]
            new = ("sequence", "time", "with_next", "effective_at", "reverses")
            for line in lines:
                if is_transaction(line):
                    del line["id"]
                    line.pop("key", None)
                for name in new:
                    line.pop(name, None)
            return ([line for line in lines if is_transaction(line)],
                    sorted((line for line in lines if not is_transaction(line)), key=str), when)
        first = generation(self.export(source))
        for form in ("jsonl", "csv"):
            with self.subTest(form):
                ledgers = [source]
                for n in range(2):
                    path = self.export(ledgers[-1], name=f"{n}.{form}")
                    ledgers.append(self.ledger())
                    self.ctl(ledgers[-1], "import", path)
                    self.assertEqual(ledgers[-1].transfers(), said)
                    # Once more: it is known by all that it says.
                    done = self.ctl(ledgers[-1], "--json", "import", path)
                    self.check_tally(done, transactions=(0, len(said)))
                    ledgers[-1].check()
                second, third = (generation(self.export(one, name=f"{one.address}.{form}.jsonl"))
                                 for one in ledgers[1:])
                self.assertEqual(second[:2], first[:2])
                self.assertEqual(second, third)
                # From now on each says when it took effect.
                self.assertEqual([int(when) for when in second[2]], [one[-1] for one in said])

    def test_from_one_to_the_other_by_a_pipe(self):
        source = self.ledger()
        fill(source)
        for form in ("jsonl", "csv"):
            target = self.ledger()
            reader = subprocess.Popen(self.command(source, "export", "-", "--format", form),
                                      stdout=subprocess.PIPE)
            with reader:
                self.ctl(target, "import", "-", stdin=reader.stdout)
            self.assertEqual(reader.returncode, 0)
            self.assertEqual(target.contents(), source.contents())

    def test_the_rest_of_a_ledger_that_was_imported_before(self):
        source, target = self.ledger(), self.ledger()
        fill(source)
        self.ctl(target, "import", self.export(source))
        last = source.records()[-1].sequence
        source.ask("Credit", account_id="alone 0", amount=7)
        rest = self.export(source, "--from-sequence", last + 1, name="rest.csv")
        done = self.ctl(target, "--json", "import", rest)
        self.check_tally(done, transactions=(1, 0), accounts=(0, 0))
        self.assertEqual(target.contents(), source.contents())

    def test_an_empty_ledger(self):
        source, target = self.ledger(), self.ledger()
        path = self.export(source)
        self.check_tally(self.ctl(target, "--json", "import", path), transactions=(0, 0))
        self.assertEqual(target.records(), [])
        # What comes later is of the same file.
        source.ask("CreateAccount", account_id="first")
        self.ctl(source, "export", path, "--resume")
        self.ctl(target, "import", path)
        self.assertEqual(target.contents(), source.contents())

    def test_a_client_that_does_not_read_holds_little(self):
        source = self.ledger()
        source.ask("CreateAccount", account_id="a", initial_balance=1000)
        requests = [pb.TransferBatchRequest(transfers=[
            pb.TransferRequest(entries=entries(("a", 1)), reference="r" * 1000)
            for _ in range(2000)]) for _ in range(20)]
        list(source.ask("StreamTransfers", iter(requests)))

        def resident_kib():
            with open(f"/proc/{source.daemon.pid}/status", encoding="utf-8") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        list(source.ask("Export"))
        before = resident_kib()
        deaf = [source.ask("Export") for _ in range(20)]
        first = [next(call) for call in deaf]
        self.assertEqual(len(first), len(deaf))
        # Writes and reads go on beside them.
        for _ in range(50):
            source.ask("Credit", account_id="a", amount=1)
            source.ask("GetBalance", account_id="a")
        # 40 MB of records for each, were all of it made.
        self.assertLess(resident_kib() - before, 100 << 10)
        for call in deaf:
            call.cancel()
        self.assertEqual(len(source.records()), 40_051)
        self.assertEqual(source.daemon.stop(), 0)

    def test_a_stop_ends_an_export(self):
        source = self.ledger()
        source.ask("CreateAccount", account_id="a")
        list(source.ask("StreamTransfers", iter([pb.TransferBatchRequest(transfers=[
            pb.TransferRequest(entries=entries(("a", 1)), reference="r" * 1000)
            for _ in range(5000)])])))
        call = source.ask("Export")
        next(call)
        self.assertEqual(source.daemon.stop(), 0)
        with self.assertRaises(grpc.RpcError) as ended:
            for _ in call:
                pass
        self.assertEqual(ended.exception.code(), grpc.StatusCode.UNAVAILABLE)


if __name__ == "__main__":
    main()
