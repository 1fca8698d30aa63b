"""An import goes only where the file belongs: no money comes in twice, and no part is left out.

    /usr/bin/python3 origin_test.py SCALEGRAPHD SCALEGRAPHCTL
"""

from ledgers import ExportTest, fill_many, lines_of, main, move, pb

# More than an import takes at a time.
MANY = 9_000


class Origin(ExportTest):
    def moved(self, *accounts, balance=100):
        """A ledger with these accounts, and a transfer from each to the next."""
        ledger = self.ledger()
        for name in accounts:
            ledger.ask("CreateAccount", account_id=name, initial_balance=balance)
        for pair in zip(accounts, accounts[1:]):
            ledger.ask("Transfer", move(*pair, 5))
        return ledger

    def refused(self, target, path, *says, by_pipe=False):
        """Nothing of it is booked."""
        before = target.records()
        if by_pipe:
            with open(path, "rb") as file:
                done = self.ctl(target, "import", "-", stdin=file, exit_code=1)
        else:
            done = self.ctl(target, "import", path, exit_code=1)
        for part in says:
            self.assertIn(part, done.stderr)
        self.assertEqual(target.records(), before)

    def test_there_and_back(self):
        first, second = self.moved("a", "b"), self.ledger()
        self.ctl(second, "import", self.export(first))
        back = self.export(second, name="back.csv")
        for by_pipe in (False, True):
            self.refused(first, back, "line ", by_pipe=by_pipe)
        # Also if the accounts have other names there, and so are not in use.
        text = back.read_text(encoding="utf-8").replace(",a,", ",c,").replace(",b,", ",d,")
        back.write_text(text, encoding="utf-8", newline="")
        self.refused(first, back, "came from this ledger", "a second time")

    def test_by_two_ways(self):
        source, one, other = self.moved("a", "b"), self.ledger(), self.ledger()
        path = self.export(source)
        self.ctl(one, "import", path)
        self.ctl(other, "import", path)
        self.refused(one, self.export(other, name="other.jsonl"), "account a is in use here",
                     "sequence 3 of this ledger")

    def test_accounts_of_the_same_name_and_content(self):
        source, target = self.moved("fees", "alice"), self.moved("mine", "alice", "yours")
        for by_pipe in (False, True):
            # Nothing moved on `fees` here, and it is before the one that is in use.
            self.refused(target, self.export(source, name=f"{by_pipe}.jsonl"),
                         "sequence 2, account alice: account alice is in use here", by_pipe=by_pipe)

    def test_one_that_comes_late_in_the_file(self):
        source, target = self.ledger(), self.moved("mine", "alice")
        fill_many(source, MANY)
        source.ask("CreateAccount", account_id="alice", initial_balance=100)
        self.refused(target, self.export(source), "account alice is in use here")

    def test_one_that_is_used_while_the_import_runs(self):
        source, target = self.ledger(), self.ledger()
        fill_many(source, 12_000)
        source.ask("CreateAccount", account_id="alice", initial_balance=100)
        source.ask("Credit", account_id="alice", amount=1)

        def use():
            target.ask("CreateAccount", account_id="alice", initial_balance=100)
            target.ask("Credit", account_id="alice", amount=7)
        done = self.import_in_two(target, self.export(source), use, exit_code=1)
        self.assertIn("account alice is in use here", done.stderr)
        self.assertEqual(target.ask("GetBalance", account_id="alice").balance, 107)

    def test_accounts_that_nobody_has_used(self):
        source, target = self.moved("a", "b"), self.ledger()
        target.ask("CreateAccount", account_id="a", initial_balance=100)
        self.check_tally(self.ctl(target, "--json", "import", self.export(source)),
                         accounts=(1, 1), transactions=(1, 0))

    def test_it_goes_on_where_the_accounts_are_used_after_the_import(self):
        source, target = self.moved("a", "b"), self.ledger()
        path = self.export(source)
        self.ctl(target, "import", path)
        target.ask("Credit", account_id="a", amount=1)
        source.ask("Credit", account_id="a", amount=10)
        self.ctl(source, "export", path, "--resume")
        self.check_tally(self.ctl(target, "--json", "import", path), transactions=(1, 1))
        self.assertEqual(target.ask("GetBalance", account_id="a").balance, 95 + 1 + 10)

    def test_a_file_is_left_out(self):
        source, target = self.moved(*"abcdefghijklmnopqrst"), self.ledger()
        for form in ("jsonl", "csv"):
            one = self.export(source, "--until-sequence", 25, name=f"1.{form}")
            two = self.export(source, "--from-sequence", 26, "--until-sequence", 30,
                              name=f"2.{form}")
            three = self.export(source, "--from-sequence", 31, name=f"3.{form}")
            target = self.ledger()
            self.refused(target, two, "sequence 25, was not imported here")
            self.ctl(target, "import", one)
            self.refused(target, three, "begins with sequence 31", "sequence 30, was not imported",
                         "import the file with the records before it first")
            for path in (two, three, one):
                self.ctl(target, "import", path)
            self.assertEqual(target.contents(), source.contents())

    def test_the_transaction_before_a_file_may_be_far_away(self):
        source, target = self.moved("a", "b"), self.ledger()
        for n in range(300):
            source.ask("CreateAccount", account_id=f"more {n}")
        path = self.export(source, "--from-sequence", 304)
        self.assertIn('"from_sequence":"304","after":"3"', lines_of(path)[0])
        self.refused(target, path, "sequence 3, was not imported here")
        # None at all.
        path = self.export(source, "--from-sequence", 3, name="third.jsonl")
        self.assertIn('"after":"0"', lines_of(path)[0])

    def test_what_was_committed_as_one_is_not_divided(self):
        source, target = self.moved("a", "b"), self.ledger()
        # Sequences 4 to 43. Within it, the balance of a is far below its floor.
        moves = [move("a", "b", 1000) for _ in range(20)] + [move("b", "a", 1000)
                                                             for _ in range(20)]
        source.ask("TransferBatch", atomic=True, transfers=moves)
        source.ask("Credit", account_id="a", amount=1)
        path = self.folder / "part.jsonl"
        done = self.ctl(source, "export", path, "--until-sequence", 10)
        self.assertIn("ends with sequence 43, not 10", done.stderr)
        self.assertEqual(len(lines_of(path)), 45)
        self.ctl(target, "import", path)
        self.assertEqual(target.transactions(), 41)
        # One that was cut off in the middle goes on to the same end.
        whole = path.read_bytes()
        path.write_bytes(whole[:whole.find(b'{"sequence":"20"')])
        self.ctl(source, "export", path, "--resume", "--until-sequence", 10)
        self.assertEqual(path.read_bytes(), whole)
        for within in (5, 30, 43):
            done = self.ctl(source, "export", "--from-sequence", within, exit_code=2)
            self.assertIn("begin at --from-sequence 4", done.stderr)
        done = self.ctl(source, "export", "--from-sequence", 5, "--until-sequence", 4, exit_code=2)
        self.assertIn("is after --until-sequence", done.stderr)
        rest = self.export(source, "--from-sequence", 44, name="rest.jsonl")
        self.ctl(target, "import", rest)
        self.assertEqual(target.contents(), source.contents())

    def test_a_file_that_ends_within_a_unit(self):
        source, target = self.moved("a", "b"), self.ledger()
        source.ask("TransferBatch", atomic=True, transfers=[move("a", "b"), move("b", "a")])
        lines = lines_of(self.export(source))
        path = self.folder / "half.jsonl"
        end = lines[-1].replace('"5"', '"4"')
        path.write_text("".join(line + "\n" for line in [*lines[:-2], end]), encoding="utf-8")
        done = self.ctl(target, "import", path, exit_code=2)
        self.assertIn(f"{path}:6: the file ends within what was committed as one", done.stderr)
        self.assertEqual(target.records(), [])


if __name__ == "__main__":
    main()
