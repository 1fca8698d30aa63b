"""Files that cannot be exported to or imported, and ledgers that have something else.

    /usr/bin/python3 wrong_file_test.py SCALEGRAPHD SCALEGRAPHCTL
"""

import json
import os
import subprocess

from ledgers import ExportTest, command, fill, lines_of, main, move


def with_cell(names, row, name, text):
    """The row, none of whose cells is in quotes, with that cell."""
    cells = row.split(",")
    cells[names.split(",").index(name)] = text
    return ",".join(cells)


class Wrong(ExportTest):
    def refused(self, ledger, *arguments, says, exit_code=2):
        done = self.ctl(ledger, *arguments, exit_code=exit_code)
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, done.stderr)
        again = self.ctl(ledger, "--json", *arguments, exit_code=exit_code)
        self.assertEqual(json.loads(again.stderr)["error"]["exit_code"], exit_code)
        return done


class WrongImport(Wrong):
    def check_nothing_booked(self, target):
        self.assertEqual(target.records(), [])

    def test_lines_of_json(self):
        source, target = self.ledger(), self.ledger()
        fill(source)
        lines = lines_of(self.export(source))
        at = next(n for n, line in enumerate(lines) if '"kind":"transfer"' in line)

        def changed(old, new):
            self.assertIn(old, lines[at])
            return [*lines[:at], lines[at].replace(old, new, 1), *lines[at + 1:]]
        number = f":{at + 1}: "
        for wrong, says in (
                (changed('"amount":"', '"amount":"x'), number + "the amount of an entry is"),
                (changed('"amount":"', '"amount":"9999999999999999999'), "of 64 bits"),
                (changed('{"sequence"', '{"sequence":1,"sequence"'), "stands twice"),
                (changed('"kind":"transfer"', '"kind":"gift"'), 'kind is "gift"'),
                (changed('"kind":"transfer"', '"kind":"credit"'), "a credit has one entry"),
                (changed('{"sequence"', '{"colour":"red","sequence"'), '"colour" is no field'),
                (changed('{"sequence"', '{"name":"n","sequence"'), "has no field name"),
                (changed('{"sequence"', '{"metadata":{"a":1},"sequence"'), "maps text to text"),
                (changed('{"sequence"', '{"metadata":{"a":"' + "b" * 16_384 + '"},"sequence"'),
                 "metadata is over 16 KiB"),
                (changed('{"sequence"', '{"effective_at":"soon","sequence"'), "effective_at is"),
                (changed('{"sequence"', '{"balanced":1,"sequence"'), "balanced has a wrong type"),
                (changed('"entries":[', '"balanced":true,"entries":[{"account":"a","amount":1},'),
                 "balanced is true, and the entries do not sum to zero"),
                (changed('"entries":[', '"entries":['.replace("[", "[3,")), "an object"),
                (changed('{"sequence"', "{sequence"), "it is not JSON, from byte"),
                (changed('{"sequence"', "[{"), "only entries are a list"),
                ([*lines[:at], *lines[at + 1:]], "records are missing"),
                ([*lines[:at], lines[at], *lines[at:]], "records are missing, doubled"),
                (lines[:-1], "without the line that says that it is whole"),
                ([*lines[:-1], lines[-1].replace('"sequence":"', '"sequence":"1')],
                 "the last line says that the last sequence is"),
                ([*lines, lines[1]], "something follows the last line"),
                ([lines[0].replace('"version":1', '"version":2'), *lines[1:]], "reads version 1"),
                ([lines[0].replace("export", "import"), *lines[1:]], "an export begins with"),
                (lines[1:], "an export begins with"),
                ([], "the file ends here"),
                (["participants:", "- id: seb"], "it is not JSON"),
                ([*lines[:at], lines[at] + "x" * (9 << 20), *lines[at + 1:]], "over 8 MiB"),
        ):
            with self.subTest(says):
                path = self.folder / "wrong.jsonl"
                path.write_text("".join(line + "\n" for line in wrong), encoding="utf-8")
                self.refused(target, "import", path, says=[f"{path}:", says])
                self.check_nothing_booked(target)
        path.write_bytes("\n".join(lines).encode().replace(b"say", b"s\xffy", 1))
        self.refused(target, "import", path, says="not JSON")
        self.check_nothing_booked(target)

    def test_rows_of_csv(self):
        source, target = self.ledger(), self.ledger()
        fill(source)
        text = self.export(source, name="whole.csv").read_bytes().decode()
        rows = text.split("\r\n")
        # Some cells have line ends. These rows come before the first of them.
        self.assertNotIn("export", rows[0])
        first = rows.index(next(row for row in rows if row.startswith("1,")
                                and ",participant," in row))
        second = next(row for row in rows if ",transfer," in row and ",,2,4," in row)
        for wrong, says in (
                (text.replace("sequence,time", "time,sequence", 1), "the first row has to be"),
                (text.replace(",export,", ",exports,", 1), "of the kind export"),
                (text.replace(rows[first], rows[first] + ",1", 1),
                 f"{len(rows[0].split(',')) + 1} cells"),
                *((text.replace(second, with_cell(rows[0], second, column, cell), 1),
                   f"{column} stands in the first row of a transaction only")
                  for column, cell in (("metadata", '"{""a"":""b""}"'), ("effective_at", "7"),
                                       ("balanced", "true"), ("unique_reference", "true"),
                                       ("reverses", "1"), ("note", "n"))),
                (text.replace(rows[first] + "\r\n", "", 1), "records are missing"),
                (text.replace('"say ""hi""', '"say "hi""', 1), "after a cell in quotes"),
                (text.replace(",2,4,", ",3,4,", 1), "a row is missing or doubled"),
                (text.replace(",2,4,", ",2,5,", 1), "entries differs"),
                (text.replace(",1,4,", ",1,5,", 1), "entries differs"),
                (text.replace(",1,4,", ",1,,", 1), "entries is missing"),
                (text.replace('""n"":', '""n""', 1), "metadata: it is not JSON"),
                (text[:-2], "the file ends here"),
                (text[:len(text) // 2], "the file ends here"),
                (text + "\r\n", "something follows"),
        ):
            with self.subTest(says):
                self.assertNotEqual(wrong, text)
                path = self.folder / "wrong.csv"
                path.write_bytes(wrong.encode())
                self.refused(target, "import", path, says=[f"{path}:", says])
                self.check_nothing_booked(target)
        # Line ends of another system change nothing but the line ends within texts.
        path.write_bytes(text.replace("\r\n", "\n").encode())
        self.ctl(target, "import", path)
        self.assertEqual(target.transactions(), source.transactions())

    def test_a_pipe_that_breaks_off(self):
        source, target = self.ledger(), self.ledger()
        fill(source)
        whole = self.export(source).read_text(encoding="utf-8")
        done = self.ctl(target, "import", "-", input=whole[:len(whole) // 2], exit_code=2)
        self.assertIn("stdin:", done.stderr)
        self.assertIn("goes on", done.stderr)
        self.ctl(target, "import", "-", input=whole)
        self.assertEqual(target.contents(), source.contents())

    def test_what_is_there_already(self):
        source = self.ledger()
        fill(source)
        path = self.export(source)
        for call, fields, name in (
                ("CreateAccount", {"account_id": "alone 2", "initial_balance": 1}, "alone 2"),
                ("CreateParticipant", {"id": "öre", "name": "Öre", "role": 1}, "öre")):
            with self.subTest(name):
                target = self.ledger()
                target.ask(call, **fields)
                done = self.refused(target, "import", path, exit_code=1,
                                    says=["EXISTS", name, "sequence", "line ",
                                          "not of an earlier import"])
                self.assertIn("IMPORTED", done.stdout)
                self.assertEqual(target.transactions(), 0)
        # Others, and what moves between them, are in nobody's way.
        target = self.ledger()
        for name in ("mine", "yours"):
            target.ask("CreateAccount", account_id=name, initial_balance=10)
        target.ask("Transfer", move("mine", "yours"))
        done = self.ctl(target, "import", path)
        self.assertIn("1 transactions that are not of this export", done.stdout)
        self.assertEqual(target.transactions(), source.transactions() + 1)
        histories = source.contents()["histories"]
        self.assertEqual({**target.contents()["histories"], **histories},
                         target.contents()["histories"])

    def test_a_refused_transaction(self):
        """The money has gone that a transaction of the file needs."""
        source, target = self.ledger(), self.ledger()
        source.ask("CreateAccount", account_id="a", initial_balance=10)
        source.ask("Credit", account_id="a", amount=1)
        first = self.export(source, name="first.jsonl")
        source.ask("Credit", account_id="a", amount=1)
        source.ask("Debit", account_id="a", amount=8)
        second = self.export(source, name="second.jsonl")
        self.ctl(target, "import", first)
        target.ask("Debit", account_id="a", amount=9)
        done = self.refused(target, "import", second, exit_code=1,
                            says=["INSUFFICIENT_FUNDS", "line 5, sequence 4, debit"])
        self.assertIn("not of this export", done.stdout)
        # The credit before it is in the same batch.
        self.assertEqual(target.transactions(), 2)
        target.ask("Credit", account_id="a", amount=9)
        self.ctl(target, "import", second)
        self.assertEqual(target.ask("GetBalance", account_id="a").balance, 4)

    def test_another_history_of_one_ledger(self):
        source, target = self.ledger(), self.ledger()
        source.ask("CreateAccount", account_id="a", initial_balance=10)
        source.ask("Credit", account_id="a", amount=1)
        path = self.export(source)
        self.ctl(target, "import", path)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"amount":"1"', '"amount":"2"'), encoding="utf-8")
        self.refused(target, "import", path, exit_code=1,
                     says=["sequence 2 was imported before with another content"])
        self.assertEqual(target.ask("GetBalance", account_id="a").balance, 11)

    def test_another_history_that_differs_in_what_was_said(self):
        source, target = self.ledger(), self.ledger()
        for name in "ab":
            source.ask("CreateAccount", account_id=name, initial_balance=10)
        source.ask("Execute", command(("a", 1), ("b", -1), metadata={"k": "v"}, effective_at=7,
                                      balanced=True))
        source.ask("Transfer", move("a", "b", 2))
        path = self.export(source)
        self.ctl(target, "import", path)
        before = target.records()
        lines = lines_of(path)
        time = json.loads(lines[4])["time"]
        for at, old, new in (
                (3, '"metadata":{"k":"v"}', '"metadata":{"k":"w"}'),
                (3, ',"metadata":{"k":"v"}', ""),
                (3, '"effective_at":"7"', '"effective_at":"8"'),
                # Its time is sent, and was not.
                (3, ',"effective_at":"7"', ""),
                (3, ',"balanced":true', ""),
                # Of a record that says nothing of it.
                (4, f'"time":"{time}"', f'"time":"{int(time) + 1}"'),
                (4, '"entries"', '"effective_at":"7","entries"'),
                (4, '"entries"', '"balanced":true,"entries"'),
                # The texts of an entry, as metadata.
                (4, ',{"account":"b","amount":"2"}]', '],"metadata":{"b":"2"}'),
        ):
            with self.subTest(new=new, at=at):
                self.assertIn(old, lines[at])
                changed = [*lines[:at], lines[at].replace(old, new, 1), *lines[at + 1:]]
                path.write_text("".join(line + "\n" for line in changed), encoding="utf-8")
                self.refused(target, "import", path, exit_code=1, says=[
                    f"sequence {at} was imported before with another content"])
                self.assertEqual(target.records(), before)
        # The time that is sent if nothing is said may also stand there as what is said.
        same = lines[4].replace('"entries"', f'"effective_at":"{time}","entries"')
        path.write_text("".join(line + "\n" for line in [*lines[:4], same, *lines[5:]]),
                        encoding="utf-8")
        self.check_tally(self.ctl(target, "--json", "import", path), transactions=(0, 2))

    def test_into_itself(self):
        source = self.ledger()
        fill(source)
        before = len(source.records())
        path = self.export(source)
        self.refused(source, "import", path, says="this very ledger")
        self.assertEqual(len(source.records()), before)

    def test_files_that_cannot_be_read(self):
        target = self.ledger()
        self.refused(target, "import", self.folder / "none.jsonl", says="cannot be read")
        (self.folder / "folder.csv").mkdir()
        self.refused(target, "import", self.folder / "folder.csv", says="cannot be read")


class WrongExport(Wrong):
    def test_files_that_are_there(self):
        ledger = self.ledger()
        fill(ledger)
        path = self.export(ledger)
        whole = path.read_bytes()
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.refused(ledger, "export", path, says=["is there already", "--resume"])
        self.refused(ledger, "export", path, "--resume", "--format", "csv", says="other format")
        self.assertEqual(path.read_bytes(), whole)
        for text, says in (("my notes", "is no export"), ("{}", "is no export"),
                           ("\n" * 100, "is no export"),
                           (whole.decode().replace('"sequence":"3"', '"sequence":"5"'),
                            ":4: sequence is 5")):
            with self.subTest(says):
                path.write_text(text, encoding="utf-8")
                self.refused(ledger, "export", path, "--resume", says=says)
                self.assertEqual(path.read_text(encoding="utf-8"), text)
        self.refused(ledger, "export", self.folder / "none", "--resume", says="cannot be read")
        self.refused(ledger, "export", self.folder, "--resume", says="cannot be read")
        self.refused(ledger, "export", self.folder / "none" / "x", says="cannot be made")
        self.refused(ledger, "export", "--resume", says="needs a FILE")
        self.refused(ledger, "export", "--format", "xml", says="jsonl or csv")
        for value in ("0", "-1", "x", ""):
            self.refused(ledger, "export", f"--from-sequence={value}", says="sequence")

    def test_of_another_ledger(self):
        ledger, other = self.ledger(), self.ledger()
        for one in (ledger, other):
            one.ask("CreateAccount", account_id="a")
            one.ask("Credit", account_id="a", amount=1)
        path = self.export(other)
        whole = path.read_bytes()
        self.refused(ledger, "export", path, "--resume", says="is an export of the ledger")
        # Of this one, but its last record is another.
        own = self.export(ledger, name="own.jsonl")
        own.write_text(own.read_text(encoding="utf-8").replace('"amount":"1"', '"amount":"2"'),
                       encoding="utf-8")
        self.refused(ledger, "export", own, "--resume", says="they have parted before")
        # It has more than the ledger.
        text = lines_of(own)
        more = text[2].replace('"sequence":"2"', '"sequence":"3"')
        more = more.replace('"sequence":"2"', '"sequence":"4"')
        far = [*text[:3], more, more.replace('"sequence":"3"', '"sequence":"4"'),
               text[3].replace("2", "4")]
        own.write_text("".join(line + "\n" for line in far), encoding="utf-8")
        self.refused(ledger, "export", own, "--resume", exit_code=1, says="SEQUENCE_OUT_OF_RANGE")
        self.assertEqual(path.read_bytes(), whole)

    def test_beyond_the_end(self):
        ledger = self.ledger()
        self.refused(ledger, "export", "--from-sequence", "2", exit_code=1,
                     says="begin at 1 at the latest")
        ledger.ask("CreateAccount", account_id="a")
        path = self.folder / "beyond.jsonl"
        self.refused(ledger, "export", path, "--from-sequence", "3", exit_code=1,
                     says="begin at 2 at the latest")
        self.assertFalse(path.exists())

    def test_a_full_disk(self):
        ledger = self.ledger()
        fill(ledger)
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command(ledger, "export"), stdout=full,
                                  stderr=subprocess.PIPE, check=False, text=True)
        self.assertEqual(done.returncode, 5, done.stderr)


if __name__ == "__main__":
    main()
