"""SIGHUP: what may change while the server runs does, the rest is named, a mistake changes nothing.

    /usr/bin/python3 reload_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import os
import signal
import time

from door import (GIVEN, PATIENCE_S, Caller, Code, Daemon, SecurityTest, await_code, bearer, main,
                  open_channel, until)
from keys import Hs256

BALANCE = "LedgerService.GetBalance"
TREE = "AdminService.GetTree"


class Reload(SecurityTest):
    def setUp(self):
        self.signer = Hs256(self.folder)
        self.file = self.folder / f"{self.id()}.toml"
        self.write(roles="kim=teller")
        daemon = Daemon(GIVEN.scalegraphd)
        daemon._settings += ["--config", str(self.file)]  # pylint: disable=protected-access
        self.daemon = self.enterContext(daemon)
        self.kim = Caller(self.enterContext(open_channel(self.daemon.address)),
                          bearer(self.token("kim")))

    def token(self, name):
        return self.signer.token(iss="issuer", aud="ledger", sub=name, exp=int(time.time()) + 3600)

    def write(self, roles, more=""):
        self.file.write_text(
            f'[auth]\njwt_keys = "{self.signer.file}"\njwt_issuer = "issuer"\njwt_audience = "ledger"\n'
            f'roles = "{roles}"\n{more}', encoding="utf-8")

    def hang_up(self, says):
        os.kill(self.daemon.pid, signal.SIGHUP)
        until(lambda: says in self.daemon.log(), f"the log says: {says}", PATIENCE_S)

    def test_roles_change(self):
        self.assertEqual(self.kim.code(TREE), Code.PERMISSION_DENIED)
        self.write(roles="kim=operator")
        self.hang_up("SIGHUP: auth.roles has changed")
        await_code(self.kim, Code.OK, TREE)
        self.write(roles="ann=operator")
        self.hang_up("SIGHUP: auth.roles has changed")
        await_code(self.kim, Code.PERMISSION_DENIED, TREE)

    def test_the_level_of_the_log_changes(self):
        self.write(roles="kim=teller", more='[log]\nlevel = "debug"\n')
        self.hang_up("SIGHUP: log.level has changed")
        self.write(roles="kim=teller", more='[log]\nlevel = "error"\n')
        os.kill(self.daemon.pid, signal.SIGHUP)
        self.write(roles="", more='[log]\nlevel = "error"\n')
        self.hang_up("auth.roles is empty")

    def test_what_has_to_wait_is_named(self):
        self.write(roles="kim=teller", more="[ledger]\nshards = 3\n[server]\nmax_in_flight = 7\n")
        self.hang_up("SIGHUP: ledger.shards has changed: that counts from the next start on")
        self.assertIn("server.max_in_flight has changed: that counts", self.daemon.log())
        # It is told again, since it still waits.
        self.hang_up("SIGHUP: ledger.shards has changed")

    def test_nothing_has_changed(self):
        self.hang_up("SIGHUP: the settings have not changed")

    def test_a_mistake_changes_nothing(self):
        for mistake, says in (('roles = "kim=root"\n', "must be a string of parts NAME=ROLE"),
                              ('role = "x"\n', "unknown key, did you mean auth.roles"),
                              ("[ledger]\nshards = 0\n", "must be an integer from 1 to 1024"),
                              ("[[", "cannot"),
                              ('tokens = "/nowhere/tokens"\n', "/nowhere/tokens")):
            with self.subTest(mistake):
                self.write(roles="kim=operator")
                text = self.file.read_text(encoding="utf-8")
                if mistake.startswith("roles"):
                    text = text.replace('roles = "kim=operator"\n', "")
                self.file.write_text(text + mistake, encoding="utf-8")
                before = self.daemon.log().count("the settings stay as they are")
                os.kill(self.daemon.pid, signal.SIGHUP)
                until(lambda n=before: self.daemon.log().count("the settings stay as they are") > n,
                      "the log refuses the settings", PATIENCE_S)
                if says != "cannot":
                    self.assertIn(says, self.daemon.log())
        self.assertEqual(self.kim.code(TREE), Code.PERMISSION_DENIED)
        self.assertEqual(self.kim.code(BALANCE, account_id="none"), Code.NOT_FOUND)


if __name__ == "__main__":
    main()
