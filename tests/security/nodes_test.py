"""Callers of a cluster: each node lets in by the same tokens, and knows what is a participant's own.

    /usr/bin/python3 nodes_test.py SCALEGRAPHD SCALEGRAPHCTL SCALEGRAPH_BENCH
"""

import itertools

from door import (GIVEN, Caller, Code, Daemon, SecurityTest, Tokens, await_code, bearer, entries,
                  free_ports, main, move, open_channel, pb, reasons_of, until)

DENIED = "PERMISSION_DENIED"
NODES = (1, 2, 3)
COMMON = {"name": "n", "role": pb.SUPPLIER}


class Nodes(SecurityTest):
    """Three of them, with one file of tokens."""

    names = itertools.count()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tokens = Tokens(cls.folder)
        made = {"admin": cls.tokens.create("ops", "admin"),
                "seb": cls.tokens.create("seb", "participant")}
        ports = dict(zip(NODES, free_ports(len(NODES))))
        seeds = ", ".join(f"{i}@127.0.0.1:{port}" for i, port in ports.items())
        cls.at = {}
        for i, port in ports.items():
            daemon = cls.enterClassContext(Daemon(
                GIVEN.scalegraphd, cls.tokens.setting, f"cluster.node_id={i}",
                f"cluster.listen=127.0.0.1:{port}", f"cluster.seeds={seeds}",
                "cluster.election_timeout=5000"))
            channel = cls.enterClassContext(open_channel(daemon.address))
            cls.at[i] = {name: Caller(channel, bearer(token)) for name, token in made.items()}
        admin = cls.at[1]["admin"]
        until(lambda: admin.code("ClusterService.Init") == Code.OK, "the cluster is founded")
        until(cls.leads, "all nodes know who leads")
        admin.ask("ParticipantService.CreateParticipant", id="seb", **COMMON)
        cls.own("seb", pb.OPERATING, 1000)
        admin.ask("LedgerService.CreateAccount", account_id="vault", initial_balance=1000)

    @classmethod
    def leads(cls):
        leaders = {cls.at[i]["admin"].ask("ClusterService.GetCluster").leader for i in NODES}
        return len(leaders) == 1 and leaders != {0}

    @classmethod
    def own(cls, name, kind, balance=0, i=1):
        cls.at[i]["admin"].ask("ParticipantService.CreateParticipantAccount", participant_id=name,
                               account_type=kind, initial_balance=balance)

    def balance(self, account):
        return self.at[1]["admin"].ask("LedgerService.GetBalance", account_id=account).balance

    def test_each_node_asks_who_calls(self):
        for i in NODES:
            seb = self.at[i]["seb"]
            for method in ("ClusterService.Init", "ClusterService.GetCluster",
                           "ClusterService.TransferLeadership", "AdminService.GetTree"):
                with self.subTest(node=i, method=method):
                    self.check_refusal(seb.refusal(method), Code.PERMISSION_DENIED, DENIED)
                    self.check_refusal(seb.refusal(method, None, ()), Code.UNAUTHENTICATED,
                                       "UNAUTHENTICATED")

    def test_a_participant_at_each_node(self):
        for i in NODES:
            with self.subTest(node=i):
                seb, before = self.at[i]["seb"], self.balance("seb:operating")
                seb.ask("LedgerService.Debit", account_id="seb:operating", amount=1)
                seb.ask("LedgerService.Transfer", entries=entries(("seb:operating", -1),
                                                                  ("vault", 1)))
                for account in ("vault", "nobody"):
                    refused = seb.refusal("LedgerService.Debit", account_id=account, amount=1)
                    self.check_refusal(refused, Code.PERMISSION_DENIED, DENIED, outcome="none")
                    refused = seb.refusal("LedgerService.GetBalance", account_id=account)
                    self.check_refusal(refused, Code.NOT_FOUND, "ACCOUNT_NOT_FOUND")
                told = seb.ask("LedgerService.TransferBatch", atomic=True, transfers=[
                    move("seb:operating", "vault"), move("vault", "seb:operating")])
                self.assertEqual(reasons_of(told), ["BATCH_ABORTED", DENIED])
                self.assertEqual(seb.ask("LedgerService.GetBalance",
                                         account_id="seb:operating").balance, before - 2)

    def test_an_account_is_known_to_all_at_once(self):
        """Made through one node, it is debited through each other at once."""
        for made_at, kind in zip(NODES, (pb.FEES, pb.ESCROW, pb.USAGE)):
            name = f"shop-{next(self.names)}"
            token = self.tokens.create(name, "participant")
            account = f"{name}:{pb.AccountType.Name(kind).lower()}"
            self.at[made_at]["admin"].ask("ParticipantService.CreateParticipant", id=name, **COMMON)
            for asked_at in NODES:
                caller = self.at[asked_at]["seb"].another(bearer(token))
                await_code(caller, Code.PERMISSION_DENIED, "LedgerService.Debit",
                           account_id=account, amount=1)
            self.own(name, kind, 10, made_at)
            for asked_at in NODES:
                with self.subTest(made_at=made_at, asked_at=asked_at):
                    caller = self.at[asked_at]["seb"].another(bearer(token))
                    self.assertIsNone(caller.refusal("LedgerService.Debit", account_id=account,
                                                     amount=1))

    def test_how_new_a_read_is_wanted_does_not_matter_to_a_write(self):
        """The header is for reads: ownership is looked up as newly as ever."""
        for i in NODES:
            for n, wanted in enumerate(("stale=600000", "at-least=0", "newest")):
                name = f"stale-{i}-{n}"
                token = self.tokens.create(name, "participant")
                headers = bearer(token) + (("x-scalegraph-read", wanted),)
                seb = self.at[i]["seb"]
                await_code(seb.another(bearer(token)), Code.NOT_FOUND, account_id="nothing")
                self.at[1]["admin"].ask("ParticipantService.CreateParticipant", id=name, **COMMON)
                self.own(name, pb.FEES, 10)
                with self.subTest(node=i, wanted=wanted):
                    self.assertIsNone(self.at[i]["admin"].refusal(
                        "LedgerService.Debit", None, self.with_header(i, wanted),
                        account_id=f"{name}:fees", amount=1), "an admin's debit is refused")
                    self.assertIsNone(seb.another(headers).refusal(
                        "LedgerService.Debit", account_id=f"{name}:fees", amount=1))

    def with_header(self, i, wanted):
        return self.at[i]["admin"].headers + (("x-scalegraph-read", wanted),)


if __name__ == "__main__":
    main()
