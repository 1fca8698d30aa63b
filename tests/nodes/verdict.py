"""What has to hold in the end, whatever was done to the nodes: one chain, and in it all that the
clients were told (tests/crash/checker.py)."""

import collections
import pathlib
import sys

from cluster import until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from checker import check  # pylint: disable=wrong-import-position
from inspection import inspect  # pylint: disable=wrong-import-position


def in_the_end(cluster, bank):
    """What is wrong, once all is mended and the clients are done."""
    until(cluster.connected, "all nodes are connected")

    def one_leads():
        states = [cluster.state(i) for i in cluster.nodes]
        return cluster.leader() and len({state and (state.leader, state.term)
                                         for state in states}) == 1
    until(one_leads, "all nodes know one leader")
    yield from bank.ask_again()
    heads = {}

    def level():
        heads.update((i, cluster.head(i)) for i in cluster.nodes)
        return len({head for head, _ in heads.values()}) == 1
    try:
        until(level, "all nodes have one chain")
    except AssertionError as error:
        yield f"{error}: {heads}"
    for i, (_, problems) in heads.items():
        yield from (f"Verify of node {i}: {problem}" for problem in problems)
    first = None
    for i, node in cluster.nodes.items():
        ledger, problems = inspect(cluster.messages, cluster.services, node.address, bank.initial)
        yield from (f"Verify of node {i}: {problem}" for problem in problems)
        if not first:
            first = ledger
        elif ledger != first:
            yield f"node {i} shows another ledger than node 1"
    yield from wrong_accounts(first, bank)
    yield from check(bank.log, first)
    yield from wrong_batches(first, bank)
    # The last ones stop without a majority.
    for i, node in cluster.nodes.items():
        if (code := node.stop()) != 0:
            yield f"node {i} ended with {code}, not 0, in the end"


def wrong_accounts(ledger, bank):
    """Adds those that the clients created to what the checker looks at."""
    histories = collections.defaultdict(list)
    for transaction in ledger.history:
        for account in dict(transaction.entries):
            histories[account].append(transaction.key)
    ledger.initial = dict(ledger.initial)
    for account, acknowledged in bank.created.items():
        if account in ledger.balances:
            ledger.initial[account] = 0
            ledger.histories[account] = histories[account]
        elif acknowledged:
            yield f"account {account} was created and is lost"
    total, expected = sum(ledger.balances.values()), sum(bank.initial.values())
    if total != expected:
        yield f"all accounts hold {total}, not {expected}"


def wrong_batches(ledger, bank):
    there = {transaction.key for transaction in ledger.history}
    for keys in bank.atomic:
        if 0 < len(there.intersection(keys)) < len(keys):
            yield f"of the atomic batch {keys} only {there.intersection(keys)} is there"
