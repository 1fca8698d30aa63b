"""Imports into ledgers that take little, have much to do, or stop.

    /usr/bin/python3 strain_test.py SCALEGRAPHD SCALEGRAPHCTL
"""

import re

from ledgers import ExportTest, fill_many, main, move

ACCOUNTS = 500


class Strain(ExportTest):
    def test_an_overloaded_ledger(self):
        source = self.ledger()
        fill_many(source, 1000, accounts=ACCOUNTS)
        path = self.export(source)
        # An import creates more accounts at once than these, and has calls for other things.
        for limits in ("server.max_in_flight=4", "server.max_streams=1"):
            with self.subTest(limits):
                target = self.ledger(limits)
                self.check_tally(self.ctl(target, "--json", "import", path),
                                 accounts=(ACCOUNTS, 0), transactions=(source.transactions(), 0))
                self.assertEqual(target.contents(), source.contents())

    def test_a_ledger_that_takes_small_messages(self):
        source = self.ledger()
        fill_many(source, 5000)
        target = self.ledger("server.max_message_bytes=65536")
        path = self.export(source)
        self.check_tally(self.ctl(target, "--json", "import", path),
                         transactions=(source.transactions(), 0))
        self.assertEqual(target.contents(), source.contents())
        # What commits as one cannot be divided.
        before = source.transactions()
        source.ask("TransferBatch", atomic=True, transfers=[
            move("many 0", "many 1", reference=f"{n}") for n in range(3000)])
        self.ctl(source, "export", path, "--resume")
        done = self.ctl(target, "import", path, exit_code=1)
        self.assertIn("which commits as one", done.stderr)
        self.assertIn("server.max_message_bytes", done.stderr)
        self.assertEqual(target.transactions(), before)
        # One that takes as much as is told takes it.
        needed = int(re.search(r"to over (\d+)", done.stderr)[1])
        self.ctl(self.ledger(f"server.max_message_bytes={needed + 1}"), "import", path)

    def test_a_ledger_that_stops(self):
        source, target = self.ledger(), self.ledger()
        fill_many(source, 12_000)
        done = self.import_in_two(target, self.export(source), target.daemon.stop, exit_code=3)
        says = done.stderr
        # No record is to blame.
        self.assertNotIn("line ", says)
        self.assertIn("goes on where it was", says)


if __name__ == "__main__":
    main()
