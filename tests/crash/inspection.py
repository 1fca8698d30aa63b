"""Reads all that stands in a ledger, for the checker, and says how a test ended."""

from collections.abc import Iterator

import grpc

from checker import Ledger, Transaction, check
from load import Load, key_of
from server import Server

TIMEOUT_S = 20
VERIFY_TIMEOUT_S = 120
PAGE = 1000
SHOWN = 20  # sentences
SHOWN_LOG = 6000  # its last characters


def transactions(messages, stub, account: str = "") -> Iterator:
    """Newest first."""
    token = ""
    while True:
        page = stub.ListTransactions(
            messages.ListTransactionsRequest(limit=PAGE, account_id=account, page_token=token),
            timeout=TIMEOUT_S)
        yield from page.transactions
        token = page.next_page_token
        if not token:
            return


def accounts(messages, admin) -> dict[str, int]:
    """The balance of each."""
    found: dict[str, int] = {}
    token = ""
    while True:
        page = admin.ListAccounts(messages.ListAccountsRequest(limit=PAGE, page_token=token),
                                  timeout=TIMEOUT_S)
        found.update((account.id, account.balance) for account in page.accounts)
        token = page.next_page_token
        if not token:
            return found


def inspect(messages, stubs, address: str, initial: dict[str, int]) -> tuple[Ledger, list[str]]:
    """What stands there, and what the ledger's own verification found."""
    with grpc.insecure_channel(address) as channel:
        stub, admin = stubs.LedgerServiceStub(channel), stubs.AdminServiceStub(channel)
        history = [Transaction(t.id, key_of(t), [(e.account_id, e.amount) for e in t.entries])
                   for t in transactions(messages, stub)]
        histories = {account: [key_of(t) for t in transactions(messages, stub, account)][::-1]
                     for account in initial}
        balances = accounts(messages, admin)
        for account in initial:
            read = stub.GetBalance(messages.GetBalanceRequest(account_id=account),
                                   timeout=TIMEOUT_S).balance
            if balances.get(account) != read:
                balances[account] = read  # the checker tells which of the two is wrong
        problems = [problem for answer in admin.Verify(messages.VerifyRequest(),
                                                       timeout=VERIFY_TIMEOUT_S)
                    for problem in answer.problems]
        return Ledger(initial, balances, history[::-1], histories), problems


def last_look(messages, stubs, server: Server, initial: dict[str, int], load: Load) -> list[str]:
    """What is wrong, before the daemon is stopped and after."""
    wrong = findings(messages, stubs, server.address, initial, load)
    if server.stop() != 0:
        wrong.append("the daemon did not end with 0")
    if problem := server.verify():
        wrong.append(problem)
    return wrong


def exit_code(wrong: list[str], server: Server, tried: str) -> int:
    """Says what was tried, or what is wrong."""
    for sentence in wrong[:SHOWN]:
        print("WRONG:", sentence)
    if wrong:
        print(server.log()[-SHOWN_LOG:])
        return 1
    print(f"{tried}: all of it fits into one history")
    return 0


def findings(messages, stubs, address: str, initial: dict[str, int], load: Load) -> list[str]:
    """What is wrong with the ledger, or with what the clients were told of it."""
    try:
        ledger, problems = inspect(messages, stubs, address, initial)
    except grpc.RpcError as error:
        return [f"the ledger cannot be read: {error.code()}: {error.details()}"]
    return check(load.log, ledger) + problems
