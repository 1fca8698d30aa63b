"""A real scalegraphd under load, backed up several times, and restored.

    /usr/bin/python3 backup_test.py PATH/TO/scalegraphd PATH/TO/scalegraphctl PATH/TO/ledger.proto

Clients move money as in tests/crash. Meanwhile the same backup is brought up to date, again and
again. What each run says that it has is what is restored to that sequence: the histories and
balances of the ledger as it goes on, up to there, and every transfer that was acknowledged before
the run began. Retries with their keys book nothing twice.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import grpc

from backups import Ctl, Server, load_stubs, restore
from client_log import Outcome
from cluster import until
from inspection import findings, inspect
from load import Clients, Load, create_accounts, initial_balances

ACCOUNTS = 100
RUNS = 4
ACKS_BETWEEN = 1500
KILLS = 6
SETTINGS = {"storage.checkpoint_interval": 1000, "storage.index_chunk": 1000, "ledger.shards": 3}
PROGRAM, CTL, PROTO = sys.argv[1:4]
MODULES = tempfile.TemporaryDirectory(prefix="scalegraph-protos-")
messages, stubs = load_stubs(PROTO, MODULES.name)
EXISTS, USAGE = 1, 2


class Backups(unittest.TestCase):
    """One ledger and its backup, for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(
            tempfile.TemporaryDirectory(prefix="scalegraph-backup-")))
        cls.backups = cls.folder / "backups"
        cls.backups.mkdir()
        cls.server = Server(PROGRAM, str(cls.folder), str(cls.folder / "store"),
                            {**SETTINGS, "backup.folder": cls.backups})
        cls.addClassCleanup(cls.server.end)
        cls.server.start()
        cls.ctl = Ctl(CTL, cls.server.address)
        cls.initial = initial_balances(ACCOUNTS)
        create_accounts(messages, stubs, cls.server.address, cls.initial)
        cls.load = Load(messages, stubs, cls.server.address, int(os.environ.get("SEED", "1")),
                        ACCOUNTS, Clients(unary=2, batch=1, stream=1, readers=1))
        cls.runs = []  # what was acknowledged before each, and what it told
        cls.load.start()
        try:
            for _ in range(RUNS):
                cls.load.wait_for(ACKS_BETWEEN)
                acknowledged = {t.key for t in list(cls.load.log.transfers.values())
                                if t.outcome is Outcome.ACKNOWLEDGED}
                cls.runs.append((acknowledged, cls.ctl.backup("create")["backup"]))
        finally:
            cls.load.stop()
        cls.wrong = findings(messages, stubs, cls.server.address, cls.initial, cls.load)
        cls.ledger, _ = inspect(messages, stubs, cls.server.address, cls.initial)
        cls.last = cls.ctl.backup("create")["backup"]

    def setUp(self):
        self.restored = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="scalegraph-restored-"))) / "store"

    def restore(self, *more, backup="default"):
        return restore(PROGRAM, self.backups / backup, self.restored, *more)

    def serve(self):
        """The restored store's ledger."""
        server = Server(PROGRAM, str(self.restored.parent), str(self.restored), {**SETTINGS})
        self.addCleanup(server.end)
        server.start()
        return server

    def check_ledger(self, records):
        """The restored ledger is the first records of the one that was backed up."""
        server = self.serve()
        ledger, problems = inspect(messages, stubs, server.address, self.initial)
        self.assertEqual(problems, [])
        transfers = records - len(self.initial)
        self.assertEqual(ledger.history, self.ledger.history[:transfers])
        balances = dict(self.initial)
        histories = {account: [] for account in self.initial}
        for transaction in ledger.history:
            for account, amount in transaction.entries:
                balances[account] += amount
                histories[account].append(transaction.key)
        self.assertEqual(ledger.balances, balances)
        self.assertEqual(ledger.histories, histories)
        return server, ledger

    def test_the_load_went_on(self):
        self.assertEqual(self.load.errors + self.wrong, [])

    def test_each_run_has_what_was_acknowledged_before_it(self):
        before = 0
        keys = [transaction.key for transaction in self.ledger.history]
        for acknowledged, told in self.runs:
            records = int(told["sequence"])
            self.assertGreater(records, before)
            before = records
            has = set(keys[:records - len(self.initial)])
            self.assertLessEqual(acknowledged, has)
        self.assertEqual(int(self.last["sequence"]), len(self.initial) + len(keys))

    def test_it_is_listed_shown_and_verified(self):
        self.assertEqual(self.ctl.backup("list")["backups"], [self.last])
        shown = self.ctl.backup("show")
        self.assertEqual(shown["backup"], self.last)
        self.assertEqual(len(shown["segments"]), int(self.last["segments"]))
        ends = [(int(one["first"]), int(one["last"])) for one in shown["segments"]]
        self.assertEqual([first for first, _ in ends], [1] + [last + 1 for _, last in ends[:-1]])
        self.assertEqual(len(self.ctl.backup("show", "--limit", "2")["segments"]), 2)
        verified = self.ctl.backup("verify")
        self.assertEqual((verified["done"], verified["problems"]), (True, []))
        self.assertEqual(verified["bytes"], self.last["bytes"])
        with_nothing_new = self.ctl.backup("create")
        self.assertEqual((with_nothing_new["bytes"], with_nothing_new["backup"]["segments"]),
                         ("0", self.last["segments"]))
        type(self).last = with_nothing_new["backup"]
        for path in self.backups.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_all_of_it_is_restored_and_keys_are_known(self):
        code, said, error = self.restore()
        self.assertEqual((code, error), (0, ""))
        self.assertIn(f"restored up to sequence {self.last['sequence']} of ", said)
        self.assertIn("the chain is whole", said)
        self.assertIn("belongs to no cluster", said)
        server, ledger = self.check_ledger(int(self.last["sequence"]))
        # Every retry is answered as the first time, and books nothing.
        done = [t for t in self.load.log.transfers.values() if t.outcome is Outcome.ACKNOWLEDGED]
        with grpc.insecure_channel(server.address) as channel:
            stub = stubs.LedgerServiceStub(channel)
            batch = messages.TransferBatchRequest(
                transfers=[self.load.request_of(transfer) for transfer in done])
            results = stub.TransferBatch(batch, timeout=60).results
            self.assertEqual([one.transaction.id for one in results],
                             [transfer.transaction for transfer in done])
        again, _ = inspect(messages, stubs, server.address, self.initial)
        self.assertEqual((again.history, again.balances), (ledger.history, ledger.balances))

    def test_the_restored_ledger_goes_on_and_so_does_its_backup(self):
        self.assertEqual(self.restore()[0], 0)
        shutil.copytree(self.backups / "default", self.backups / "copied")
        server = Server(PROGRAM, str(self.restored.parent), str(self.restored),
                        {**SETTINGS, "backup.folder": self.backups})
        self.addCleanup(server.end)
        server.start()
        with grpc.insecure_channel(server.address) as channel:
            stubs.LedgerServiceStub(channel).Credit(
                messages.CreditRequest(account_id="a0", amount=5), timeout=20)
        told = Ctl(CTL, server.address).backup("create", "copied")["backup"]
        self.assertEqual(int(told["sequence"]), int(self.last["sequence"]) + 1)
        self.assertEqual(Ctl(CTL, server.address).backup("verify", "copied")["problems"], [])
        # The ledger that was backed up has gone another way.
        reason, message = self.ctl.refused("create", "copied")
        self.assertEqual(reason, "BACKUP_REFUSED")
        self.assertIn("another ledger", message)
        self.assertIn("take another name", message)
        shutil.rmtree(self.backups / "copied")

    def test_points_in_time_by_sequence(self):
        last = int(self.last["sequence"])
        for until_sequence in (1, len(self.initial), last // 2, int(self.runs[1][1]["sequence"]),
                               last):
            with self.subTest(until_sequence):
                code, said, error = self.restore("--until-sequence", str(until_sequence))
                self.assertEqual((code, error), (0, ""))
                self.assertIn(f"restored up to sequence {until_sequence} of ", said)
                if until_sequence < len(self.initial):
                    self.assertEqual(self.serve().stop(), 0)
                else:
                    self.assertEqual(self.check_ledger(until_sequence)[0].stop(), 0)
                shutil.rmtree(self.restored)

    def test_points_in_time_by_time(self):
        for _, told in self.runs:
            time, sequence = int(told["last_time"]), int(told["sequence"])
            code, said, _ = self.restore("--until-time", f"{time}ms")
            self.assertEqual(code, 0)
            reached = int(said.split("restored up to sequence ")[1].split()[0])
            # Later groups may have the same millisecond.
            self.assertGreaterEqual(reached, sequence)
            shutil.rmtree(self.restored)
            code, said, _ = self.restore("--until-time", f"{time - 1}ms")
            self.assertEqual(code, 0)
            self.assertLess(int(said.split("restored up to sequence ")[1].split()[0]), sequence)
            shutil.rmtree(self.restored)

    def test_a_restore_that_is_killed(self):
        """Whenever that is: no daemon starts, and the next restore begins anew."""
        command = [PROGRAM, "--restore-from", str(self.backups / "default"), "--set",
                   f"storage.path={self.restored}"]
        building = self.restored / ".restore-unfinished"
        interrupted = 0
        for kill in range(KILLS):
            def size():
                return sum(path.stat().st_size for path in building.rglob("*") if path.is_file())
            with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:
                def is_far_enough(process=process, kill=kill):
                    try:
                        return process.poll() is not None or size() > kill * 200_000
                    except FileNotFoundError:
                        return False  # a file went while it was looked at
                until(building.exists, "the restore begins")
                until(is_far_enough, "the restore goes on")
                process.kill()
            if (self.restored / "db").exists():
                break  # it was done
            interrupted += 1
            started = subprocess.run([PROGRAM, "--set", f"storage.path={self.restored}", "--set",
                                      "server.listen=127.0.0.1:0"], text=True,
                                     capture_output=True, timeout=60, check=False)
            self.assertEqual(started.returncode, 1)
            self.assertIn("was interrupted: run it again", started.stderr)
        self.assertGreater(interrupted, 0)
        if not (self.restored / "db").exists():
            code, _, error = self.restore()
            self.assertEqual((code, error), (0, ""))
        self.assertFalse(building.exists())
        self.check_ledger(int(self.last["sequence"]))

    def test_what_is_wrong_with_a_restore_is_said(self):
        last = int(self.last["sequence"])
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        for words, code, says in (
                (["--until-sequence", str(last + 1)], EXISTS, f"goes to sequence {last}"),
                (["--until-time", "1970-01-02"], EXISTS, "no record of that time"),
                (["--until-time", "2101-01-01"], EXISTS, "lacks what came later"),
                (["--until-sequence", "0"], USAGE, "--until-sequence"),
                (["--until-sequence", "x"], USAGE, "--until-sequence"),
                (["--until-time", "yesterday"], USAGE, "is no time"),
                (["--until-time", "2099"], USAGE, "is no time"),
                (["--until-time", "2026-01-01", "--until-sequence", "1"], USAGE, "excludes"),
                (["--verify"], USAGE, "excludes")):
            with self.subTest(words):
                found, said, error = self.restore(*words)
                self.assertEqual((found, said), (code, ""))
                self.assertIn(says, error)
                self.assertFalse((self.restored / "db").exists())
        for backup, says in ((empty, "there is no backup"),
                             (self.folder / "none", "No such file or directory"),
                             (self.folder / "log", "Not a directory")):
            with self.subTest(backup):
                code, _, error = restore(PROGRAM, backup, self.restored)
                self.assertEqual(code, EXISTS)
                self.assertIn(says, error)
        alone = subprocess.run([PROGRAM, "--until-sequence", "5"], text=True, capture_output=True,
                               timeout=60, check=False)
        self.assertEqual(alone.returncode, USAGE)
        self.assertIn("--restore-from", alone.stderr + alone.stdout)

    def test_a_store_is_not_overwritten(self):
        self.assertEqual(self.restore()[0], 0)
        code, _, error = self.restore()
        self.assertEqual(code, EXISTS)
        self.assertIn("not overwritten", error)
        code, _, error = restore(PROGRAM, self.backups / "default", self.folder / "store")
        self.assertEqual(code, EXISTS)
        self.assertIn("another process has the store", error)
        self.check_ledger(int(self.last["sequence"]))

    def test_a_damaged_backup(self):
        """One of all files is cut, or has another byte."""
        shutil.copytree(self.backups / "default", self.backups / "damaged")
        self.addCleanup(shutil.rmtree, self.backups / "damaged")
        segment = sorted((self.backups / "damaged").glob("blocks-*"))[1]
        whole = segment.read_bytes()
        for bytes_ in (whole[:-1], whole[:len(whole) // 2] + b"?" + whole[len(whole) // 2 + 1:]):
            segment.write_bytes(bytes_)
            code, told = self.ctl.run("backup", "verify", "damaged")
            self.assertEqual(code, EXISTS)
            self.assertIn(segment.name, told["problems"][0])
            code, _, error = self.restore(backup="damaged")
            self.assertEqual(code, EXISTS)
            self.assertIn(segment.name, error)
            self.assertFalse((self.restored / "db").exists())
        manifest = self.backups / "damaged" / "manifest"
        manifest.write_text(manifest.read_text(encoding="ascii").replace("segment 1 ", "segment 2 "),
                            encoding="ascii")
        self.assertEqual(self.ctl.refused("verify", "damaged")[0], "BACKUP_REFUSED")
        self.assertEqual(self.ctl.refused("create", "damaged")[0], "BACKUP_REFUSED")
        self.assertIn("damaged", [one["name"] for one in self.ctl.backup("list")["backups"]
                                  if one["problem"]])

    def test_what_is_wrong_with_a_call_is_said(self):
        for name in ("../out", "/etc", ".hidden", "a/b", "x" * 65):
            with self.subTest(name):
                reason, message = self.ctl.refused("create", name)
                self.assertEqual(reason, "BACKUP_NAME_INVALID")
                self.assertIn("letters, digits", message)
        self.assertEqual(self.ctl.refused("show", "none")[0], "BACKUP_NOT_FOUND")
        self.assertEqual(self.ctl.refused("verify", "none")[0], "BACKUP_NOT_FOUND")
        outside = self.folder / "outside"
        outside.mkdir()
        (self.backups / "link").symlink_to(outside)
        self.addCleanup((self.backups / "link").unlink)
        reason, message = self.ctl.refused("create", "link")
        self.assertEqual(reason, "BACKUP_REFUSED")
        self.assertIn("symbolic link", message)
        self.assertEqual(list(outside.iterdir()), [])
        (self.backups / "notes").mkdir()
        self.addCleanup(shutil.rmtree, self.backups / "notes")
        (self.backups / "notes" / "mine.txt").write_text("mine", encoding="ascii")
        reason, message = self.ctl.refused("create", "notes")
        self.assertEqual(reason, "BACKUP_REFUSED")
        self.assertIn("mine.txt", message)
        self.assertEqual(len(list((self.backups / "notes").iterdir())), 1)

    def test_a_server_without_a_folder(self):
        store = self.restored.parent / "other"
        server = Server(PROGRAM, str(self.restored.parent), str(store), {})
        self.addCleanup(server.end)
        server.start()
        for words in (["create"], ["list"], ["show"], ["verify"]):
            reason, message = Ctl(CTL, server.address).refused(*words)
            self.assertEqual(reason, "BACKUP_OFF")
            self.assertIn("backup.folder", message)
        server.stop()
        server.set("backup.folder", self.folder / "not there")
        server.start()
        reason, message = Ctl(CTL, server.address).refused("create")
        self.assertEqual(reason, "BACKUP_REFUSED")
        self.assertIn("has to be there", message)

    def test_one_backup_at_a_time(self):
        """While another process holds the folder."""
        import fcntl  # pylint: disable=import-outside-toplevel
        with open(self.backups / "default" / "lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            reason, message = self.ctl.refused("create")
        self.assertEqual(reason, "BACKUP_RUNNING")
        self.assertIn("another process", message)

    def test_a_backup_that_has_lost_its_manifest_is_not_overwritten(self):
        shutil.copytree(self.backups / "default", self.backups / "lost")
        self.addCleanup(shutil.rmtree, self.backups / "lost")
        (self.backups / "lost" / "manifest").unlink()
        files = {path: path.read_bytes() for path in (self.backups / "lost").glob("blocks-*")}
        reason, message = self.ctl.refused("create", "lost")
        self.assertEqual(reason, "BACKUP_REFUSED")
        self.assertIn("manifest is missing", message)
        self.assertEqual({path: path.read_bytes() for path in files}, files)

    def test_a_folder_that_a_restore_would_empty(self):
        """Neither backups below the store, nor a backup where a restore builds it."""
        inside = self.restored / ".restore-unfinished"
        shutil.copytree(self.backups / "default", inside)
        code, _, error = restore(PROGRAM, inside, self.restored)
        self.assertEqual(code, EXISTS)
        self.assertIn("move the backup elsewhere", error)
        self.assertTrue((inside / "manifest").exists())
        checked = subprocess.run(
            [PROGRAM, "--check", "--set", f"storage.path={self.folder}/store", "--set",
             f"backup.folder={self.folder}/store/../store/backups"],
            text=True, capture_output=True, timeout=60, check=False)
        self.assertEqual(checked.returncode, USAGE)
        self.assertIn("take a folder outside of it", checked.stderr)

    def test_another_folder_in_the_store_stays(self):
        """A folder of an operator, whatever its name."""
        self.assertEqual(self.restore()[0], 0)
        kept = self.restored / "restore" / "kept"
        kept.mkdir(parents=True)
        self.assertEqual(self.serve().stop(), 0)
        self.assertTrue(kept.exists())

    def test_a_field_that_is_not_known_is_refused(self):
        unknown = b"\x98\x06\x01"  # field 99
        with grpc.insecure_channel(self.server.address) as channel:
            for method, streams in (("CreateBackup", True), ("ListBackups", False),
                                    ("GetBackup", False), ("VerifyBackup", True)):
                make = channel.unary_stream if streams else channel.unary_unary
                call = make(f"/scalegraph.ledger.BackupService/{method}")
                with self.assertRaises(grpc.RpcError) as refused:
                    answer = call(unknown, timeout=20)
                    _ = list(answer) if streams else answer
                self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
                self.assertIn("does not know: 99", refused.exception.details())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
