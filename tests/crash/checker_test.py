"""The checker finds each kind of anomaly in a log made by hand, and none in one that is sound.

    /usr/bin/python3 checker_test.py
"""

import random
import unittest

from checker import Ledger, Transaction, check
from client_log import WHOLE, ClientLog, Entries, Outcome, Read

INITIAL = {"a": 100, "b": 100, "c": 100}


def pay(payer: str, payee: str, amount: int) -> Entries:
    return [(payer, -amount), (payee, amount)]


class Case:
    """A log and the ledger that would fit to it; a test then spoils one of the two."""

    def __init__(self) -> None:
        self.log = ClientLog()
        self.history: list[Transaction] = []
        self.histories: dict[str, list[str]] | None = None
        self.balances: dict[str, int] | None = None

    def begin(self, key: str, entries: Entries):
        return self.log.invoke(key, entries)

    def book(self, transfer) -> str:
        self.history.append(Transaction(f"id-{transfer.key}", transfer.key, transfer.entries))
        return f"id-{transfer.key}"

    def transfer(self, key: str, entries: Entries):
        transfer = self.begin(key, entries)
        self.log.acknowledge(transfer, self.book(transfer))
        return transfer

    def balance(self, account: str, value: int, began: int | None = None) -> None:
        self.log.observe(Read.BALANCE, account, began or self.log.now(), value)

    def tail(self, account: str, keys: list[str], limit: int) -> None:
        self.log.observe(Read.TAIL, account, self.log.now(), keys, limit)

    def sheet(self, total: int, transfers: int) -> None:
        self.log.observe(Read.SHEET, WHOLE, self.log.now(), (total, transfers))

    def wrong(self) -> list[str]:
        balances = dict(INITIAL)
        histories: dict[str, list[str]] = {account: [] for account in INITIAL}
        for transaction in self.history:
            for account, amount in transaction.entries:
                balances[account] += amount
            for account in dict(transaction.entries):
                histories[account].append(transaction.key)
        return check(self.log, Ledger(INITIAL, self.balances or balances, self.history,
                                      self.histories or histories))


class CheckerTest(unittest.TestCase):

    def setUp(self) -> None:
        self.case = Case()

    def assert_sound(self) -> None:
        self.assertEqual(self.case.wrong(), [])

    def assert_wrong(self, *sentences: str) -> None:
        """Each is part of what was found, and nothing else was found."""
        found = self.case.wrong()
        for sentence in sentences:
            self.assertTrue(any(sentence in f for f in found), f"'{sentence}' not in {found}")
        self.assertEqual([f for f in found if not any(s in f for s in sentences)], [])

    # --- what is sound ---

    def test_an_empty_log_fits(self) -> None:
        self.assert_sound()

    def test_transfers_and_reads_one_after_the_other_fit(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.balance("a", 70)
        self.case.transfer("2", pay("b", "c", 130))
        self.case.balance("b", 0)
        self.case.tail("b", ["2", "1"], 5)
        self.case.tail("b", ["2"], 1)
        self.case.tail(WHOLE, ["2", "1"], 5)
        self.case.sheet(300, 2)
        self.assert_sound()

    def test_an_unknown_outcome_is_there_or_not(self) -> None:
        self.case.book(self.case.begin("1", pay("a", "b", 30)))
        self.case.begin("2", pay("a", "b", 30))
        self.case.balance("a", 70)
        self.assert_sound()

    def test_transfers_at_the_same_time_stand_in_any_order(self) -> None:
        first = self.case.begin("1", pay("a", "b", 30))
        second = self.case.begin("2", pay("b", "a", 120))
        self.case.log.acknowledge(second, "id-2")
        self.case.log.acknowledge(first, self.case.book(first))
        self.case.book(second)
        self.assert_sound()

    def test_transfers_on_other_accounts_stand_in_any_order(self) -> None:
        first = self.case.begin("1", [("a", -5)])
        self.case.log.acknowledge(first, "id-1")
        self.case.transfer("2", [("b", 5)])
        self.case.book(first)
        self.assert_sound()

    def test_a_read_beside_a_transfer_sees_it_or_not(self) -> None:
        transfer = self.case.begin("1", pay("a", "b", 30))
        began = self.case.log.now()
        self.case.book(transfer)
        self.case.balance("a", 100, began)
        self.case.balance("b", 130, began)
        self.case.log.acknowledge(transfer, "id-1")
        self.assert_sound()

    def test_a_refusal_beside_the_credit_that_would_have_paid_for_it_fits(self) -> None:
        refused = self.case.begin("1", pay("a", "b", 120))
        self.case.transfer("2", pay("c", "a", 50))
        self.case.log.refuse(refused)
        self.assert_sound()

    def test_what_came_to_hand_when_sent_again_counts_from_then(self) -> None:
        refused = self.case.begin("1", pay("a", "b", 101))
        self.case.log.attempt(refused)
        self.case.log.refuse(refused)
        self.assert_sound()

    # --- lost, doubled, half done ---

    def test_a_lost_transfer(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.history.clear()
        self.assert_wrong("acknowledged 1 is lost")

    def test_a_doubled_transfer(self) -> None:
        self.case.book(self.case.transfer("1", pay("a", "b", 30)))
        self.assert_wrong("1 has two effects")

    def test_a_doubled_transfer_of_unknown_outcome(self) -> None:
        transfer = self.case.begin("1", pay("a", "b", 30))
        self.case.book(transfer)
        self.case.book(transfer)
        self.assert_wrong("1 has two effects")

    def test_a_refused_transfer_that_is_there(self) -> None:
        for key, outcome in (("1", Outcome.SHORT), ("2", Outcome.REFUSED)):
            transfer = self.case.begin(key, [("a", -101), ("b", 101), ("a", 101), ("b", -101)])
            self.case.book(transfer)
            self.case.log.refuse(transfer, outcome)
        self.assert_wrong("1 is there and was refused", "2 is there and was refused")

    def test_a_transfer_that_nobody_asked_for(self) -> None:
        self.case.history.append(Transaction("id-1", "1", pay("a", "b", 30)))
        self.assert_wrong("1 is there and nobody asked for it")

    def test_another_id_than_was_told(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.history[0].id = "id-9"
        self.assert_wrong("1 was acknowledged as id-1 and is id-9")

    def test_other_entries_than_were_asked_for(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.history[0].entries = pay("a", "b", 31)
        self.assert_wrong("1 has other entries")

    def test_half_a_transfer(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.history[0].entries = [("a", -30)]
        self.assert_wrong("1 has other entries")

    # --- the bank ---

    def test_a_balance_below_the_floor_for_a_moment(self) -> None:
        self.case.transfer("1", pay("a", "b", 101))
        self.case.transfer("2", pay("b", "a", 50))
        self.assert_wrong("a is below its floor after 1: -1")

    def test_a_balance_that_its_history_does_not_make(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.balances = {"a": 70, "b": 131, "c": 99}
        self.assert_wrong("b holds 131, its history makes 130", "c holds 99")

    def test_a_total_that_changed(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.balances = {"a": 70, "b": 100, "c": 100}
        self.assert_wrong("b holds 100", "all accounts hold 270, the history makes 300")

    def test_an_account_that_is_missing(self) -> None:
        self.case.balances = {"a": 100, "b": 100}
        self.assert_wrong("c holds None", "all accounts hold 200")

    def test_an_account_that_nobody_made(self) -> None:
        self.case.balances = {**INITIAL, "d": 0}
        self.assert_wrong("account d is there and nobody made it")

    def test_an_account_history_that_lacks_a_transfer(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.histories = {"a": ["1"], "b": [], "c": []}
        self.assert_wrong("the history of b is not the ledger's")

    def test_an_account_history_in_another_order(self) -> None:
        self.case.transfer("1", [("a", -30)])
        self.case.transfer("2", [("a", -30)])
        self.case.histories = {"a": ["2", "1"], "b": [], "c": []}
        self.assert_wrong("the history of a is not the ledger's")

    # --- real time ---

    def test_an_acknowledged_transfer_behind_one_that_came_later(self) -> None:
        first = self.case.begin("1", pay("a", "b", 10))
        self.case.log.acknowledge(first, "id-1")
        self.case.transfer("2", pay("a", "c", 10))
        self.case.book(first)
        self.assert_wrong("a: 2 stands before 1")

    def test_the_same_with_one_of_unknown_outcome(self) -> None:
        first = self.case.begin("1", pay("a", "b", 10))
        self.case.log.acknowledge(first, "id-1")
        self.case.book(self.case.begin("2", pay("a", "c", 10)))
        self.case.book(first)
        self.assert_wrong("a: 2 stands before 1")

    # --- reads ---

    def test_a_read_that_lacks_what_was_acknowledged(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.balance("a", 100)
        self.assert_wrong("the balance of a (100)")
        self.assertIn("lacks what was acknowledged before", self.case.wrong()[0])

    def test_a_read_of_what_was_not_asked_for_yet(self) -> None:
        self.case.balance("a", 70)
        self.case.transfer("1", pay("a", "b", 30))
        self.assert_wrong("has what was not asked for yet")

    def test_a_read_of_a_balance_that_never_was(self) -> None:
        transfer = self.case.begin("1", [("a", -30), ("a", -30)])
        self.case.book(transfer)
        self.case.balance("a", 70)
        self.assert_wrong("the balance of a (70) seen at 2-3 never was")

    def test_a_read_that_goes_back(self) -> None:
        self.case.book(self.case.begin("1", pay("a", "b", 30)))
        self.case.balance("a", 70)
        self.case.balance("a", 100)
        self.assert_wrong("is older than a read before it")

    def test_a_read_of_what_a_crash_took_back(self) -> None:
        self.case.begin("1", pay("a", "b", 30))
        self.case.balance("a", 70)
        self.assert_wrong("the balance of a (70) seen at 2-3 never was")

    def test_a_read_below_the_floor(self) -> None:
        self.case.balance("a", -1)
        self.assert_wrong("the balance of a (-1)")

    def test_a_read_of_an_account_that_nobody_made(self) -> None:
        self.case.balance("d", 0)
        self.assert_wrong("account d was read and nobody made it")

    def test_a_list_with_a_gap(self) -> None:
        for key in "123":
            self.case.transfer(key, pay("a", "b", 1))
        self.case.tail("a", ["3", "1"], 2)
        self.assert_wrong("the latest transfers of a (['3', '1']) seen at 7-8 never was")

    def test_a_list_that_is_too_short(self) -> None:
        for key in "123":
            self.case.transfer(key, pay("a", "b", 1))
        self.case.tail("a", ["3"], 2)
        self.assert_wrong("the latest transfers of a")

    def test_a_list_that_lacks_what_was_acknowledged(self) -> None:
        for key in "12":
            self.case.transfer(key, pay("a", "b", 1))
        self.case.tail(WHOLE, ["1"], 2)
        self.assert_wrong("the latest transfers of the ledger (['1']) seen at 5-6 lacks what")

    def test_a_sheet_of_another_total(self) -> None:
        self.case.transfer("1", pay("a", "b", 30))
        self.case.sheet(270, 1)
        self.assert_wrong("the balance sheet of the ledger ((270, 1))")

    def test_a_sheet_that_counts_what_was_not_asked_for_yet(self) -> None:
        self.case.sheet(300, 1)
        self.case.transfer("1", pay("a", "b", 30))
        self.assert_wrong("the balance sheet of the ledger ((300, 1)) seen at 1-2 has what was not")

    # --- refusals ---

    def test_a_refusal_for_want_of_funds_that_were_there(self) -> None:
        self.case.log.refuse(self.case.begin("1", pay("a", "b", 100)))
        self.assert_wrong("the want of funds of a (100) seen at 1-2 never was")

    def test_a_refusal_that_lacks_an_acknowledged_credit(self) -> None:
        self.case.transfer("1", pay("b", "a", 50))
        self.case.log.refuse(self.case.begin("2", pay("a", "b", 120)))
        self.assert_wrong("the want of funds of a (120) seen at 3-4 lacks what was acknowledged")

    def test_a_refusal_by_what_was_true_at_its_first_attempt_only(self) -> None:
        refused = self.case.begin("1", pay("a", "b", 120))
        self.case.transfer("2", pay("b", "a", 50))
        self.case.log.attempt(refused)
        self.case.log.refuse(refused)
        self.assert_wrong("the want of funds of a (120) seen at 4-5 lacks what was acknowledged")

    # --- many ---

    def test_random_serial_logs_fit_and_each_spoiled_balance_is_found(self) -> None:
        for seed in range(50):
            chance = random.Random(seed)
            self.case = Case()
            balances = dict(INITIAL)
            for number in range(40):
                payer, payee = chance.sample(sorted(INITIAL), 2)
                amount = chance.randint(1, 60)
                if amount > balances[payer]:
                    self.case.log.refuse(self.case.begin(str(number), pay(payer, payee, amount)))
                    continue
                self.case.transfer(str(number), pay(payer, payee, amount))
                balances[payer] -= amount
                balances[payee] += amount
                self.case.balance(payer, balances[payer])
            with self.subTest(seed=seed):
                self.assert_sound()
                spoiled = chance.choice(self.case.log.observations)
                spoiled.value += chance.choice([-1, 1])
                self.assert_wrong(f"the balance of {spoiled.account} ({spoiled.value})")


if __name__ == "__main__":
    unittest.main()
