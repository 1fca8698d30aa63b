"""Exports and imports that end in the middle, and go on: nothing is lost, nothing is booked twice.

    /usr/bin/python3 interruption_test.py SCALEGRAPHD SCALEGRAPHCTL
"""

import fcntl
import random
import subprocess
import time

from ledgers import GIVEN, Daemon, ExportTest, Ledger, fill, fill_many, main, pb, until

CUTS = 25
KILLS = 4
# How often it is looked whether something has grown.
LOOK_S = 0.001


class Killable(Daemon):
    """A daemon that can be killed and leaves its store."""

    def kill(self):
        self._process.kill()
        self._process.wait()


class Interrupted(ExportTest):
    def grown(self, size, wanted, process):
        """Waits until it has grown to that, or the process has ended. False: it has ended."""
        while size() < wanted:
            if process.poll() is not None:
                return False
            time.sleep(LOOK_S)
        return True

    def test_an_export_goes_on_after_each_cut(self):
        ledger = self.ledger()
        fill(ledger)
        dice = random.Random(7)
        for form in ("jsonl", "csv"):
            whole = self.export(ledger, name=f"whole.{form}").read_bytes()
            beginnings = [0, 1, whole.find(b"\n"), whole.find(b"\n") + 1, len(whole) - 1]
            # Most records are short, and one is very long: every line is cut about as often.
            ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
            cuts = beginnings + [dice.choice(ends) + dice.randint(-2, 2) for _ in range(CUTS)]
            for cut in cuts:
                with self.subTest(form=form, cut=cut):
                    path = self.folder / f"cut.{form}"
                    path.write_bytes(whole[:cut])
                    self.ctl(ledger, "export", path, "--resume")
                    self.assertEqual(path.read_bytes(), whole)

    def test_a_killed_export_goes_on(self):
        ledger = self.ledger()
        fill_many(ledger, 60_000)
        whole = self.export(ledger).read_bytes()
        path = self.folder / "killed.jsonl"
        process = subprocess.Popen(self.command(ledger, "export", path))
        self.grown(lambda: path.stat().st_size if path.exists() else 0, len(whole) // 4, process)
        process.kill()
        process.wait()
        for _ in range(KILLS):
            if path.stat().st_size == len(whole):
                break
            size = path.stat().st_size
            process = subprocess.Popen(self.command(ledger, "export", path, "--resume"))
            self.grown(lambda: path.stat().st_size, size + len(whole) // 8, process)
            process.kill()
            process.wait()
        self.ctl(ledger, "export", path, "--resume")
        self.assertEqual(path.read_bytes(), whole)

    def check_import_after_kills(self, path, source, end):
        """`end(process, target)` ends what is running, somewhere."""
        target = self.ledger()
        kills = 0
        for _ in range(20):
            before = target.transactions()
            process = subprocess.Popen(self.command(target, "import", path),
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with process:
                # More of it each time, so that the last one gets to the end.
                self.grown(target.transactions, before + 1 + kills * 3000, process)
                if process.poll() is None:
                    end(process, target)
                    kills += 1
                process.communicate()
            if process.returncode == 0:
                break
        done = self.ctl(target, "--json", "import", path)
        self.assertGreater(kills, 0, "it was never ended in the middle")
        self.check_tally(done, transactions=(0, source.transactions()))
        self.assertEqual(target.transactions(), source.transactions())
        self.assertEqual(target.contents(), source.contents())
        target.check()

    def test_a_killed_import_goes_on(self):
        source = self.ledger()
        fill(source)
        fill_many(source, 60_000)
        path = self.export(source, name="export.csv")
        self.check_import_after_kills(path, source, lambda process, _: process.kill())

    def test_an_import_goes_on_after_its_ledger_was_killed(self):
        source = self.ledger()
        fill(source)
        fill_many(source, 60_000)
        path = self.export(source)
        settings = (f"storage.path={self.folder / 'store'}",)
        daemon = self.enterContext(self.killable(*settings))
        process = subprocess.Popen(self.command(Ledger(daemon.address), "import", path),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        target = Ledger(daemon.address)
        self.grown(target.transactions, 1, process)
        daemon.kill()
        with process:
            _, says = process.communicate()
        self.assertEqual(process.returncode, 3, says)
        self.assertIn("goes on where it was", says)
        again = self.enterContext(self.killable(*settings))
        target = Ledger(again.address)
        self.ctl(target, "import", path)
        self.assertEqual(target.contents(), source.contents())
        target.check()

    @staticmethod
    def killable(*settings):
        return Killable(GIVEN.scalegraphd, *settings)

    def check_what_comes_late(self, target, wait):
        """What an earlier import had on its way is committed while this one runs. Then `wait()` is
        called."""
        source = self.ledger()
        fill_many(source, 12_000)
        path = self.export(source)
        ledger = next(iter(source.ask("Export"))).ledger
        # As the import itself sends it, but for where its batches end.
        late = [pb.ImportTransaction(entries=one.transaction.entries, type=one.transaction.type,
                                     reference=one.transaction.reference,
                                     effective_at=one.time,
                                     idempotency_key=f"import:{ledger}:{one.sequence}")
                for one in source.records(from_sequence=10_001, until_sequence=10_020)]

        def book_late():
            request = pb.ImportRequest(transactions=late, atomic=True)
            (answer,) = target.ask("Import", iter([request]))
            self.assertFalse([one for one in answer.results if one.HasField("error")])
            wait()
        self.check_tally(self.import_in_two(target, path, book_late),
                         transactions=(source.transactions() - len(late), len(late)))
        # What came late was booked before what comes before it in the file.
        wanted, has = source.contents(), target.contents()
        for account in wanted["accounts"]:
            self.assertEqual(target.ask("GetBalance", account_id=account.id).balance,
                             source.ask("GetBalance", account_id=account.id).balance)
            self.assertEqual(sorted(has["histories"][account.id]),
                             sorted(wanted["histories"][account.id]))
        target.check()

    def test_what_comes_late_of_a_killed_import_is_known(self):
        self.check_what_comes_late(self.ledger(), lambda: None)

    def keys_expire(self, target):
        """Waits until all keys have expired that are bound now."""
        target.ask("CreateAccount", account_id="probe", initial_balance=1000)
        probe = {"account_id": "probe", "amount": 1, "idempotency_key": "probe"}
        first = target.ask("Debit", **probe).id

        def has_expired():
            # The clock of a ledger goes on with what it commits.
            target.ask("Credit", account_id="probe", amount=1)
            return target.ask("Debit", **probe).id != first
        until(has_expired, "keys expire")

    def test_what_comes_late_is_known_when_its_keys_have_expired(self):
        target = self.ledger("storage.key_retention=1")
        self.check_what_comes_late(target, lambda: self.keys_expire(target))

    def test_what_was_imported_is_known_when_its_keys_have_expired(self):
        source, target = self.ledger(), self.ledger("storage.key_retention=1")
        fill(source)
        path = self.export(source)
        self.ctl(target, "import", path)
        self.keys_expire(target)
        before = target.transactions()
        done = self.ctl(target, "--json", "import", path)
        self.check_tally(done, transactions=(0, source.transactions()))
        self.assertEqual(target.transactions(), before)

    def test_an_export_of_a_ledger_that_is_away(self):
        ledger = self.ledger()
        fill(ledger)
        path = self.export(ledger)
        whole = path.read_bytes()
        ledger.daemon.stop()
        done = self.ctl(ledger, "export", path, "--resume", exit_code=3)
        self.assertIn("no server answers", done.stderr)
        self.assertEqual(path.read_bytes(), whole)

    def test_two_exports_into_one_file(self):
        ledger = self.ledger()
        fill(ledger)
        path = self.export(ledger)
        whole = path.read_bytes()
        with open(path, "r+b") as first:
            fcntl.flock(first, fcntl.LOCK_EX)
            done = self.ctl(ledger, "export", path, "--resume", exit_code=2)
        self.assertIn("another export is writing it", done.stderr)
        self.assertEqual(path.read_bytes(), whole)
        self.ctl(ledger, "export", path, "--resume")

    def test_two_imports_of_one_file_at_once(self):
        source, target = self.ledger(), self.ledger()
        fill_many(source, 20_000)
        path = self.export(source)
        both = [subprocess.Popen(self.command(target, "import", path), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for one in both:
            with one:
                one.communicate()
        # Whatever they said of one another: all of it is there, and once.
        self.ctl(target, "import", path)
        self.assertEqual(target.transactions(), source.transactions())
        self.assertEqual(target.contents(), source.contents())


if __name__ == "__main__":
    main()
