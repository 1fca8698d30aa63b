"""Drives scalegraphctl through all of its commands against a real scalegraphd.

    /usr/bin/python3 scalegraphctl_session.py PATH/TO/scalegraphd PATH/TO/scalegraphctl

With --secured it gets in by TLS and a token. With --node PLACE it asks one node of a cluster of
three: leader, follower or other (the other follower). Prints one line per group of checks; ends
with exit code 1 at the first that fails.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

from node import arguments, served

COMMAND_TIMEOUT_S = 60
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "cli" / "fixtures"
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}:\n  got      {actual!r}\n  expected {expected!r}")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def cells(line):
    """The cells of a line of a table; times become TIME."""
    return ["TIME" if TIME.match(cell) else cell for cell in re.split(r" {2,}", line.strip())]


def rows(text):
    return [cells(line) for line in text.splitlines() if line]


class Ctl:
    def __init__(self, program, daemon):
        self._program = program
        self._environment = dict(os.environ, SCALEGRAPH_SERVER=daemon.address, **daemon.environment)

    def run(self, *arguments, exit_code=0):
        done = subprocess.run([self._program, *arguments], env=self._environment, text=True,
                              capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False)
        if done.returncode != exit_code:
            raise AssertionError(f"{' '.join(arguments)}: exit code {done.returncode}, expected "
                                 f"{exit_code}\n{done.stdout}{done.stderr}")
        check("\033" not in done.stdout + done.stderr, "no colour without a terminal")
        return done

    def text(self, *arguments):
        """The rows printed by a command that succeeds."""
        done = self.run(*arguments)
        equal(done.stderr, "", f"stderr of {arguments}")
        return rows(done.stdout)

    def json(self, *arguments):
        done = self.run("--json", *arguments)
        equal(done.stderr, "", f"stderr of {arguments}")
        return json.loads(done.stdout)

    def refused(self, reason, *arguments, exit_code=1):
        """Checks both forms of a refusal; returns the JSON one."""
        done = self.run(*arguments, exit_code=exit_code)
        equal(done.stdout, "", f"stdout of {arguments}")
        check(done.stderr.startswith(f"error: {reason}: "), f"{arguments}: {done.stderr}")
        done = self.run(*arguments, "--json", exit_code=exit_code)
        equal(done.stdout, "", f"stdout of {arguments}")
        error = json.loads(done.stderr)["error"]
        equal((error["reason"], error["exit_code"]), (reason, exit_code), f"error of {arguments}")
        return error


def participants(ctl):
    equal(ctl.run("participant", "list").stdout, "no participants\n", "empty list")
    equal(ctl.text("participant", "create", "seb", "--name", "SEB", "--role", "banking_partner",
                   "--metadata", "country=SE", "--metadata", "formula=a=b"),
          [["id", "seb"], ["name", "SEB"], ["role", "BANKING_PARTNER"], ["created", "TIME"],
           ["metadata", "country=SE, formula=a=b"]], "participant create")
    made = ctl.json("participant", "create", "shop", "--name", "Företag", "--role", "SUPPLIER")
    check(abs(int(made.pop("created_at")) / 1000 - time.time()) < 60, "created now")
    equal(made, {"id": "shop", "name": "Företag", "role": "SUPPLIER", "metadata": {}}, "as JSON")
    equal(ctl.text("participant", "list"),
          [["ID", "NAME", "ROLE", "CREATED"], ["seb", "SEB", "BANKING_PARTNER", "TIME"],
           ["shop", "Företag", "SUPPLIER", "TIME"]], "participant list")
    equal([p["id"] for p in ctl.json("participant", "list", "--role", "supplier")["participants"]],
          ["shop"], "participant list --role")
    equal(ctl.json("participant", "get", "seb")["metadata"], {"country": "SE", "formula": "a=b"},
          "participant get")
    ctl.refused("PARTICIPANT_NOT_FOUND", "participant", "get", "nobody")
    ctl.refused("PARTICIPANT_EXISTS", "participant", "create", "seb", "--name", "SEB", "--role",
                "supplier")


def accounts(ctl):
    equal(ctl.run("account", "list").stdout, "no accounts\n", "empty list")
    equal(ctl.text("account", "create", "alice", "--balance", "5000", "--floor", "-50"),
          [["id", "alice"], ["type", "STANDALONE"], ["balance", "5000"], ["floor", "-50"],
           ["created", "TIME"]], "account create")
    fees = ctl.json("account", "create", "--participant", "seb", "--type", "fees", "--metadata",
                    "k=v")
    del fees["created_at"]
    equal(fees, {"id": "seb:fees", "participant_id": "seb", "account_type": "FEES", "balance": "0",
                 "metadata": {"k": "v"}, "floor": "0", "ceiling": None, "status": "OPEN",
                 "debits_frozen": False, "credits_frozen": False, "available": "0",
                 "sequence": "0"}, "account create --participant")
    equal(ctl.json("account", "create", "--participant", "shop")["id"], "shop:operating",
          "the default type")
    ctl.json("account", "create", "a=b", "--balance", "1")
    header = ["ACCOUNT", "TYPE", "BALANCE", "FLOOR", "CREATED"]
    equal(ctl.text("account", "list"),
          [header, ["a=b", "STANDALONE", "1", "0", "TIME"],
           ["alice", "STANDALONE", "5000", "-50", "TIME"], ["seb:fees", "FEES", "0", "0", "TIME"],
           ["shop:operating", "OPERATING", "0", "0", "TIME"]], "account list")
    equal(ctl.text("account", "list", "seb"), [header, ["seb:fees", "FEES", "0", "0", "TIME"]],
          "account list PARTICIPANT")
    equal(ctl.json("account", "get", "alice")["floor"], "-50", "account get")
    equal(ctl.text("account", "balance", "alice"), [["ACCOUNT", "BALANCE"], ["alice", "5000"]],
          "account balance")
    balance = ctl.json("account", "balance", "alice")
    check(int(balance.pop("sequence")) > 0, "the sequence of a balance")
    equal(balance, {"account_id": "alice", "balance": "5000", "available": "5050"},
          "account balance as JSON")
    ctl.refused("ACCOUNT_NOT_FOUND", "account", "get", "nobody")
    ctl.refused("ACCOUNT_NOT_FOUND", "account", "balance", "nobody")
    ctl.refused("PARTICIPANT_NOT_FOUND", "account", "list", "nobody")
    ctl.refused("ACCOUNT_EXISTS", "account", "create", "alice")
    ctl.refused("PARTICIPANT_NOT_FOUND", "account", "create", "--participant", "nobody")


def postings(ctl):
    transfer = ["transfer", "alice=-1000", "shop:operating=+970", "seb:fees=30", "--reference",
                "invoice 7", "--key", "k1"]
    printed = ctl.text(*transfer)
    equal(printed[1:], [["type", "transfer"], ["time", "TIME"], ["reference", "invoice 7"],
                        ["ACCOUNT", "AMOUNT"], ["alice", "-1000"], ["shop:operating", "+970"],
                        ["seb:fees", "+30"]], "transfer")
    again = ctl.json(*transfer)
    equal(["id", again["id"]], printed[0], "a retry with the key is the same transaction")
    equal(again["entries"][1], {"account_id": "shop:operating", "amount": "970"}, "entries")
    ctl.refused("IDEMPOTENCY_MISMATCH", "transfer", "alice=-999", "seb:fees=999", "--key", "k1")

    credit = ctl.json("credit", "a=b", "41", "--reference", "deposit", "--key", "k2")
    equal((credit["type"], credit["entries"]), ("credit", [{"account_id": "a=b", "amount": "41"}]),
          "credit")
    debit = ctl.json("debit", "a=b", "2")
    equal((debit["type"], debit["entries"]), ("debit", [{"account_id": "a=b", "amount": "-2"}]),
          "debit")
    ctl.json("transfer", "a=b=-40", "alice=40")
    equal(ctl.json("account", "balance", "a=b")["balance"], "0", "balance of an id with '='")
    equal(ctl.json("account", "balance", "alice")["balance"], "4040", "balance")

    error = ctl.refused("INSUFFICIENT_FUNDS", "transfer", "alice=-4091", "seb:fees=4091")
    equal(error["code"], "FAILED_PRECONDITION", "code of a refusal")
    equal((error["metadata"]["account_id"], error["metadata"]["balance"]), ("alice", "4040"),
          "metadata of a refusal")
    equal(error["hint"], "", "a refusal needs no hint")
    ctl.json("transfer", "alice=-4090", "seb:fees=4090", "--key", "down-to-the-floor")
    for arguments in (["credit", "alice", "-5"], ["debit", "alice", "0"], ["transfer", "alice=0"]):
        equal(ctl.run(*arguments, exit_code=1).stdout, "", f"stdout of {arguments}")
    ctl.refused("ACCOUNT_NOT_FOUND", "transfer", "alice=-1", "nobody=1")
    return again["id"]


def history(ctl, transfer_id):
    listed = ctl.json("tx", "list")
    equal([t["type"] for t in listed["transactions"]],
          ["transfer", "transfer", "debit", "credit", "transfer"], "newest first")
    equal(listed["next_page_token"], "", "the last page")
    table = ctl.text("tx", "list", "--account", "a=b")
    equal(table[0], ["ID", "TIME", "TYPE", "ENTRIES", "REFERENCE"], "header")
    equal([row[1:] for row in table[1:]],
          [["TIME", "transfer", "a=b=-40 alice=+40"], ["TIME", "debit", "a=b=-2"],
           ["TIME", "credit", "a=b=+41", "deposit"]], "tx list --account")
    first = ctl.json("tx", "list", "--limit", "2")
    equal(first["transactions"], listed["transactions"][:2], "tx list --limit")
    rest = ctl.json("tx", "list", "--page-token", first["next_page_token"])
    equal(rest["transactions"], listed["transactions"][2:], "tx list --page-token")
    equal(ctl.json("tx", "list", "--to", "2001-01-01")["transactions"], [], "nothing before")
    equal(len(ctl.json("tx", "list", "--from", "2001-01-01T00:00:00Z")["transactions"]), 5, "since")
    equal(ctl.json("tx", "get", transfer_id), listed["transactions"][-1], "tx get as JSON")
    equal(ctl.text("tx", "get", transfer_id)[0], ["id", transfer_id], "tx get")
    table = ctl.text("tx", "find", "--reference", "deposit")
    equal([row[1:] for row in table[1:]], [["TIME", "credit", "a=b=+41", "deposit"]], "tx find")
    found = ctl.json("tx", "find", "--reference", "invoice 7", "--limit", "1")
    equal(found["transactions"], [listed["transactions"][-1]], "tx find as JSON")
    equal(found["next_page_token"], "", "the last page")
    equal(ctl.run("tx", "find", "--reference", "none").stdout, "no transactions\n", "no reference")
    equal(ctl.run("tx", "get", "nothing", exit_code=1).stdout, "", "stdout of a refusal")
    equal(ctl.json("key", "show", "k1")["transaction"], listed["transactions"][-1], "key show")
    equal(ctl.text("key", "show", "k1")[0], ["state", "COMMITTED"], "key show")
    unbound = ctl.text("key", "show", "a key of nobody")
    equal([row[0] for row in unbound], ["state", "up to sequence"], "a key that is not bound")
    sealed = ctl.text("key", "seal", "a key of nobody")
    equal(sealed[0], ["state", "SEALED"], "key seal")
    equal(ctl.text("key", "show", "a key of nobody"), sealed, "a key that is sealed")
    ctl.refused("KEY_SEALED", "transfer", "a=b=-1", "alice=1", "--key", "a key of nobody")
    ctl.run("tx", "list", "--page-token", "nonsense", exit_code=1)
    ctl.run("tx", "list", "--from", "2024-01-02", "--to", "2024-01-01", exit_code=1)


def imports(ctl, folder):
    text = (FIXTURES / "sample.yaml").read_text(encoding="utf-8")
    for there, here in (("seb", "bank"), ("alice", "carol"), ("a=b:c", "c=d:e")):
        text = text.replace(there, here)
    sample = folder / "sample.yaml"
    sample.write_text(text, encoding="utf-8")
    header = ["CREATED", "ALREADY THERE", "FAILED", "NOT TRIED"]
    equal(ctl.text("import", str(sample)),
          [header, ["participants", "2", "0", "0", "0"], ["accounts", "5", "0", "0", "0"]],
          "import")
    equal(ctl.json("account", "get", "bank:operating")["floor"], "-5000", "an imported account")
    again = ctl.json("import", str(sample))
    equal(again["accounts"], {"created": "0", "already_there": "5", "failed": "0", "not_tried": "0"},
          "import again")
    sample.write_text(text.replace("floor: -5000", "floor: -4000"), encoding="utf-8")
    differs = ctl.run("import", str(sample), exit_code=1)
    equal(differs.stderr,
          "warning: account bank:operating: floor is -5000, the file says -4000\n", "differences")

    many = folder / "many.json"
    many.write_text(json.dumps({"accounts": [{"id": f"many-{i}", "balance": i}
                                             for i in range(1500)]}), encoding="utf-8")
    equal(ctl.json("import", str(many))["accounts"]["created"], "1500", "many accounts")
    equal(len(ctl.json("account", "list")["accounts"]), 1500 + 9, "listed over several pages")

    broken = ctl.run("import", str(FIXTURES / "broken.yaml"), exit_code=2)
    check("broken.yaml:5: unknown key \"colour\"" in broken.stderr, broken.stderr)


def operations(ctl):
    equal(ctl.run("health").stdout, "serving\n", "health")
    equal(ctl.json("health", "shard/0"), {"status": "SERVING"}, "health of a shard")
    ctl.refused("NOT_FOUND", "health", "nothing")
    tree = ctl.json("tree")["root"]
    names = {child["id"] for child in tree["children"]}
    check({"journal", "coordinator", "gateway"} <= names, f"the tree holds only {names}")
    equal({child["state"] for child in tree["children"]}, {"running"}, "states")
    drawn = ctl.text("tree")
    equal(drawn[0][0], "ACTOR", "header of the tree")
    check(len(drawn) > len(names) + 1, "the tree has a line per actor")

    verified = ctl.json("verify")
    check(verified["done"] and verified["problems"] == [], str(verified))
    equal(verified["sum_of_balances"], verified["sum_of_postings"], "sums")
    equal(verified["accounts"], "1509", "accounts")
    equal(ctl.run("verify").stdout.splitlines()[-1], "chain and balances agree", "verify")
    equal(ctl.run("verify").stderr, "", "no progress without a terminal")

    sheet = ctl.json("balance-sheet")
    equal(sheet["total"], sheet["sum_of_postings"], "sums of the balance sheet")
    equal(sheet["total"], verified["sum_of_balances"], "balance sheet against verification")
    equal(sheet["transactions"], "5", "transactions")
    fees = [line for line in sheet["lines"]
            if (line["participant_id"], line["account_type"]) == ("seb", "FEES")]
    equal(fees, [{"participant_id": "seb", "account_type": "FEES", "accounts": "1",
                  "total": "4120"}], "a line of the balance sheet")
    check(["seb", "FEES", "1", "4120"] in ctl.text("balance-sheet"), "balance-sheet")


def cluster(ctl, daemon):
    if daemon.id == 0:
        for command in ("status", "init", "transfer-leadership"):
            ctl.refused("NO_CLUSTER", "cluster", command)
        ctl.refused("NO_CLUSTER", "verify", "--cluster")
        return
    state = ctl.json("cluster", "status")
    equal((state["node"], state["leader"]), (str(daemon.id), str(daemon.leader)), "cluster status")
    check(["seen by node", str(daemon.id)] in ctl.text("cluster", "status"), "cluster status")
    equal(ctl.json("cluster", "init"), {"existed": True}, "cluster init again")
    compared = ctl.json("--server", daemon.addresses, "verify", "--cluster")
    equal((compared["agree"], len(compared["nodes"])), (True, 3), "verify --cluster")
    done = ctl.run("verify", "--cluster", exit_code=2)
    check("--server has to name the address of each" in done.stderr, "verify --cluster of one")
    # A leader would do it, and be none for the checks that follow: tests/nodes moves the office.
    if daemon.id != daemon.leader:
        error = ctl.refused("CLUSTER_REFUSED", "cluster", "transfer-leadership")
        equal(error["message"], f"node {daemon.leader} leads: ask it", "whom to ask")


def backups(ctl):
    """None are written here: tests/backup has a folder for them."""
    for command in ("create", "list", "show", "verify"):
        error = ctl.refused("BACKUP_OFF", "backup", command)
        check("backup.folder" in error["message"], error["message"])


def beyond_doubles(ctl):
    amount = "9007199254740993"
    equal(ctl.json("account", "create", "big", "--balance", amount)["balance"], amount,
          "2^53 + 1 in JSON")
    equal(ctl.json("debit", "big", amount)["entries"],
          [{"account_id": "big", "amount": "-" + amount}], "an amount in JSON")


def usage(ctl):
    for arguments in ([], ["nonsense"], ["credit", "alice", "1.5"], ["transfer", "alice"],
                      ["participant", "create", "x", "--name", "x", "--role", "bank"],
                      ["import", "/nonexistent"], ["tree", "--server", "nowhere"]):
        done = ctl.run(*arguments, exit_code=2)
        check(done.stderr.startswith("error: "), done.stderr)
        equal(done.stdout, "", f"stdout of {arguments}")
    check(ctl.run("--version").stdout.startswith("scalegraphctl "), "--version")
    check("balance-sheet" in ctl.run("--help").stdout, "--help")


def main():
    given = arguments("Drives scalegraphctl through all of its commands.", ctl_too=True)
    with served(given) as daemon, tempfile.TemporaryDirectory() as folder:
        ctl = Ctl(given.scalegraphctl, daemon)
        participants(ctl)
        print("ok participants", flush=True)
        accounts(ctl)
        print("ok accounts", flush=True)
        transfer_id = postings(ctl)
        print("ok postings", flush=True)
        history(ctl, transfer_id)
        print("ok history", flush=True)
        imports(ctl, pathlib.Path(folder))
        print("ok import", flush=True)
        operations(ctl)
        print("ok tree, verify, balance-sheet", flush=True)
        cluster(ctl, daemon)
        print("ok cluster", flush=True)
        backups(ctl)
        print("ok backup", flush=True)
        beyond_doubles(ctl)
        print("ok integers beyond 2^53", flush=True)
        usage(ctl)
        print("ok usage", flush=True)
        equal(daemon.stop(), 0, "exit code after SIGTERM")
        ctl.refused("UNREACHABLE", "tree", exit_code=3)
        ctl.refused("UNREACHABLE", "credit", "alice", "1", exit_code=3)
        print("ok stop")


if __name__ == "__main__":
    main()
