"""Compares what clients were told with what the ledger says in the end.

    wrong = check(log, ledger)     # a list of sentences, empty when all is well

The order of the ledger's own history is taken as given, and each answer has to fit into it:

    once        an acknowledged transfer is there once, with its id and entries; a refused one is not
                there; one of unknown outcome is there once or not; nothing else is there
    bank        no balance is below the floor after any transfer, balances are what the history makes
                them, an account's history is the ledger's as far as it touches the account
    real time   of two transfers on one account, the one that was acknowledged before the other was
                invoked stands first
    reads       there is a place in the history that has what the read said, with all before it that
                was acknowledged before the read began, nothing that was invoked after it ended, and
                not before the place of a read that ended before it began; a refusal for want of
                funds is a read of a balance that is too small

Given the history's order, the last two together are linearizability for each account alone
(Herlihy and Wing 1990) and, by the balance sheet, for the ledger as a whole.
"""

import bisect
import collections
import dataclasses
from collections.abc import Callable, Iterator

from client_log import WHOLE, ClientLog, Entries, Observation, Outcome, Read, Transfer


@dataclasses.dataclass
class Transaction:
    id: str
    key: str
    entries: Entries


@dataclasses.dataclass
class Ledger:
    """What stands in it when all clients are done; histories begin with the oldest."""
    initial: dict[str, int]
    balances: dict[str, int]
    history: list[Transaction]
    histories: dict[str, list[str]]  # by account: the keys of its transfers
    floor: int = 0


class Timeline:
    """An account, or the whole ledger, after each of its transfers: place n has the first n."""

    def __init__(self, initial: int) -> None:
        self.values = [initial]
        self.transfers: list[Transfer] = []
        self._by_end: list[tuple[float, int]] = []
        self._by_begin: list[tuple[int, int]] = []

    def add(self, transfer: Transfer, amount: int) -> None:
        self.transfers.append(transfer)
        self.values.append(self.values[-1] + amount)

    def close(self) -> None:
        """No more is added; the bounds can be asked for."""
        places = list(enumerate(self.transfers))
        last = 0
        for place, transfer in sorted(places, key=lambda p: p[1].completed):
            last = max(last, place + 1)
            self._by_end.append((transfer.completed, last))
        first = len(places)
        for place, transfer in sorted(places, key=lambda p: -p[1].invoked):
            first = min(first, place)
            self._by_begin.append((-transfer.invoked, first))

    def least(self, time: int) -> int:
        """The first place that has all that was acknowledged before `time`."""
        index = bisect.bisect_left(self._by_end, (time, -1))
        return self._by_end[index - 1][1] if index else 0

    def most(self, time: int) -> int:
        """The last place that has nothing that was invoked after `time`."""
        index = bisect.bisect_left(self._by_begin, (-time, -1))
        return self._by_begin[index - 1][1] if index else len(self.transfers)

    def keys_before(self, place: int, limit: int) -> list[str]:
        return [t.key for t in self.transfers[max(0, place - limit):place]][::-1]


def check(log: ClientLog, ledger: Ledger) -> list[str]:
    timelines = _timelines(log, ledger)
    wrong = [*_once(log, ledger), *_bank(ledger, timelines)]
    for account, timeline in timelines.items():
        if account != WHOLE:
            wrong += _real_time(account, timeline)
    return wrong + list(_reads(log, timelines))


def _timelines(log: ClientLog, ledger: Ledger) -> dict[str, Timeline]:
    timelines = {account: Timeline(initial) for account, initial in ledger.initial.items()}
    timelines[WHOLE] = Timeline(sum(ledger.initial.values()))
    for transaction in ledger.history:
        # One that nobody asked for is told elsewhere; here it may have been at any time.
        transfer = log.transfers.get(transaction.key) or Transfer(
            transaction.key, transaction.entries, 0, 0)
        changes = collections.Counter()
        for account, amount in transaction.entries:
            changes[account] += amount
        for account, amount in changes.items():
            if account in timelines:
                timelines[account].add(transfer, amount)
        timelines[WHOLE].add(transfer, sum(changes.values()))
    for timeline in timelines.values():
        timeline.close()
    return timelines


def _once(log: ClientLog, ledger: Ledger) -> Iterator[str]:
    there: dict[str, Transaction] = {}
    for transaction in ledger.history:
        if transaction.key in there:
            yield f"{transaction.key} has two effects"
        there[transaction.key] = transaction
    for key, transaction in there.items():
        transfer = log.transfers.get(key)
        if transfer is None:
            yield f"{key} is there and nobody asked for it"
        elif transfer.outcome in (Outcome.SHORT, Outcome.REFUSED):
            yield f"{key} is there and was {transfer.outcome.value}"
        elif transaction.entries != transfer.entries:
            yield f"{key} has other entries than were asked for"
        elif transfer.transaction not in ("", transaction.id):
            yield f"{key} was acknowledged as {transfer.transaction} and is {transaction.id}"
    for key, transfer in log.transfers.items():
        if transfer.outcome is Outcome.ACKNOWLEDGED and key not in there:
            yield f"acknowledged {key} is lost"


def _bank(ledger: Ledger, timelines: dict[str, Timeline]) -> Iterator[str]:
    for account, timeline in timelines.items():
        if account == WHOLE:
            continue
        lowest = min(timeline.values)
        if lowest < ledger.floor:
            key = timeline.transfers[timeline.values.index(lowest) - 1].key
            yield f"{account} is below its floor after {key}: {lowest}"
        held, made = ledger.balances.get(account), timeline.values[-1]
        if held != made:
            yield f"{account} holds {held}, its history makes {made}"
        if ledger.histories.get(account) != [t.key for t in timeline.transfers]:
            yield f"the history of {account} is not the ledger's"
    for account in ledger.balances.keys() - ledger.initial.keys():
        yield f"account {account} is there and nobody made it"
    held, made = sum(ledger.balances.values()), timelines[WHOLE].values[-1]
    if held != made:
        yield f"all accounts hold {held}, the history makes {made}"


def _real_time(account: str, timeline: Timeline) -> Iterator[str]:
    latest: Transfer | None = None  # by invocation, of those that stand before
    for transfer in timeline.transfers:
        if latest is not None and transfer.completed < latest.invoked:
            yield (f"{account}: {latest.key} stands before {transfer.key}, which was acknowledged "
                   "before it was invoked")
        if latest is None or transfer.invoked > latest.invoked:
            latest = transfer


def _reads(log: ClientLog, timelines: dict[str, Timeline]) -> Iterator[str]:
    by_account: dict[str, list[Observation]] = collections.defaultdict(list)
    for observation in log.observations:
        by_account[observation.account].append(observation)
    for transfer in log.transfers.values():
        debits = [(account, -amount) for account, amount in transfer.entries if amount < 0]
        # Of several debits any may have been the one that was short.
        if transfer.outcome is Outcome.SHORT and len(debits) == 1:
            by_account[debits[0][0]].append(
                Observation(Read.SHORT, debits[0][0], transfer.attempted, transfer.completed,
                            debits[0][1]))
    for account, observations in by_account.items():
        if account in timelines:
            yield from _reads_of(timelines[account], observations)
        else:
            yield f"account {account} was read and nobody made it"


def _reads_of(timeline: Timeline, observations: list[Observation]) -> Iterator[str]:
    """Gives each read the first place that it can have: that leaves most room to later ones."""
    behind = 0  # the last place of those that have ended
    places: dict[int, int] = {}
    by_end = sorted(observations, key=lambda o: -o.completed)
    for observation in sorted(observations, key=lambda o: o.invoked):
        while by_end and by_end[-1].completed < observation.invoked:
            behind = max(behind, places.get(id(by_end.pop()), 0))
        least, most = timeline.least(observation.invoked), timeline.most(observation.completed)
        shows = _what_shows(timeline, observation)
        place = next((p for p in range(max(least, behind), most + 1) if shows(p)), None)
        if place is not None:
            places[id(observation)] = place
        else:
            yield _why(timeline, observation, shows, least, most)


def _what_shows(timeline: Timeline, observation: Observation) -> Callable[[int], bool]:
    """Whether a place of the timeline has what was told."""
    value = observation.value
    if observation.read is Read.SHORT:
        return lambda place: timeline.values[place] < value
    if observation.read is Read.BALANCE:
        return lambda place: timeline.values[place] == value
    if observation.read is Read.TAIL:
        return lambda place: timeline.keys_before(place, observation.limit) == value
    return lambda place: (timeline.values[place], place) == value


def _why(timeline: Timeline, observation: Observation, shows: Callable[[int], bool], least: int,
         most: int) -> str:
    what = (f"the {observation.read.value} of {observation.account or 'the ledger'} "
            f"({str(observation.value)[:80]}) seen at {observation.invoked}-{observation.completed}")
    if any(shows(place) for place in range(least, most + 1)):
        return f"{what} is older than a read before it"
    if any(shows(place) for place in range(least)):
        return f"{what} lacks what was acknowledged before"
    if any(shows(place) for place in range(most + 1, len(timeline.values))):
        return f"{what} has what was not asked for yet"
    return f"{what} never was"
