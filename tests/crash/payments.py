"""Payments taken through HealthPay24 while the engine is struck: the EHR's own record is the evidence for what became of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from interface.simulate.books import Posting
from tests.crash.books import BooksAgree
from tests.crash.desk import Desk
from tests.crash.feed import HospitalFeed
from tests.crash.part import Check
from tests.crash.seen import Seen, Shown
from tests.crash.world import Place, World

_FIRST_MINOR = 1_000
_STEPS = 10  # payments are few beside messages: as many faults shall fall among them
_NEXT_SECS = 0.5


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment that HealthPay24 said yes to. Its amount, in minor units, is no other payment's of this run."""

    account: str
    amount_minor: int
    reference: str


@dataclass(slots=True)
class Payments:
    """`count` payments on accounts of one hospital, one on each, taken as soon as the engine knows the account."""

    place: Place
    feed: HospitalFeed
    count: int
    desk: Desk
    first_minor: int = _FIRST_MINOR
    taken: list[Taken] = field(default_factory=list)
    untaken: list[str] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return self.count * _STEPS

    def send(self, world: World, done: Callable[[int], None]) -> None:
        rng = Random(f"customers {self.place.hospital.seed}")
        for number, account in enumerate(self._accounts()):
            amount, key = self.first_minor + number, f"{self.place.channel}-{number}"
            reference = self.desk.pay(account, amount, key)
            if not reference:
                self.untaken.append(account)
                continue
            self.taken.append(Taken(account, amount, reference))
            again = self.desk.pay(account, amount, key) if number % 4 == 0 else reference
            assert again == reference, "one request under one key was answered by two payments"
            done(_STEPS)
            time.sleep(rng.uniform(0, _NEXT_SECS))  # the next customer comes; not a wait for something

    def _accounts(self) -> Sequence[str]:
        """In the order in which the hospital tells of them, some left out.

        Not of patients that the day merges: this EHR echoes a payment under the survivor, on a connection of its own, and may do so
        before its feed has told of the merge. Which of the two comes first is then not decided, and a person may be asked.
        """
        merged = {one.lane for one in self.feed.sent if one.message_type == "ADT^A40"}
        known = dict.fromkeys(one.account for one in self.feed.sent if one.account and one.lane not in merged)
        rng = Random(f"payments {self.place.hospital.seed}")
        chosen = set(rng.sample(sorted(known), k=min(self.count, len(known))))
        return [account for account in known if account in chosen]

    def is_settled(self, seen: Seen) -> bool:
        destination = seen.status["destinations"].get(f"{self.place.channel}/dft")
        if destination is None:
            return not self.taken
        # Withdrawn: a send that was to be repeated, where the echo of the first one came before.
        reached = sum(destination[state] for state in ("accepted", "rejected", "ambiguous", "withdrawn"))
        is_sent = reached == len(self.taken) and not (destination["queued"] or destination["sending"])
        return bool(is_sent) and not seen.status["healthpay24"]["to_tell"]

    def checks(self, world: World) -> Sequence[Check]:
        taken = tuple(self.taken)
        return (
            PostedOnce(self.place, taken, tuple(self.untaken)),
            BooksAgree(self.place, {one.account: one.amount_minor for one in taken}),
        )


@dataclass(frozen=True, slots=True)
class PostedOnce:
    """Each payment taken is in the EHR's books once and shown as posted, or a person is told of it; nothing else is there."""

    place: Place
    taken: Sequence[Taken]
    untaken: Sequence[str]

    def differences(self, seen: Seen) -> Iterator[str]:
        if self.untaken:
            yield f"{self.place.channel}: no payment could be taken on {list(self.untaken)}"
        booked: dict[str, list[Posting]] = {}
        for posting in self.place.ehr.record.journal.posted:
            booked.setdefault(posting.transaction_id, []).append(posting)
        reported = self._reported(seen)
        accounts = seen.accounts_of(self.place.facility)
        known: set[str] = set()
        for one in self.taken:
            part = part_of(seen, accounts.get(one.account), one.reference)
            if part is None:
                yield f"{self.place.channel}: payment of {one.amount_minor} was taken and is gone"
                continue
            known.add(part["wire_id"])
            there = booked.get(part["wire_id"], [])
            for what in _differences(one, part, there, is_reported=one.amount_minor in reported):
                yield f"{self.place.channel}: payment of {one.amount_minor} {what}"
        if strange := booked.keys() - known:
            yield f"{self.place.channel}: the EHR booked payments that nobody took: {sorted(strange)}"

    def _reported(self, seen: Seen) -> set[int]:
        """Amounts of this hospital's deliveries that an open work item names."""
        named = [item["subject"] for item in seen.work_items if item["subject"].startswith("delivery:")]
        stories = [seen.story(subject) for subject in named]
        return {one["amount_minor"] for one in stories if one["destination"] == f"{self.place.channel}/dft"}


def part_of(seen: Seen, account: Shown | None, reference: str) -> Shown | None:
    """The only part of a payment, looked for on its account."""
    if account is None:
        return None
    payments = [seen.story(public_id) for public_id in seen.story(account["id"])["payments"]]
    parts = [part for payment in payments if payment["transaction"] == reference for part in payment["parts"]]
    return parts[0] if len(parts) == 1 else None


def _differences(taken: Taken, part: Shown, there: Sequence[Posting], *, is_reported: bool) -> Iterator[str]:
    if len(there) > 1 and not is_reported:
        yield f"was booked {len(there)} times by the EHR, and nobody is told"
    if any((one.amount, one.account) != (taken.amount_minor, taken.account) for one in there):
        yield "was booked by the EHR with another amount or account"
    is_posted = part["posting"] == "posted"
    if is_posted and not there:
        yield "is shown as posted, and the EHR does not have it"
    if there and not is_posted:
        yield f"was booked and echoed by the EHR, and is {part['posting']}"
    if not there and not is_reported:
        yield f"is {part['posting']}, the EHR does not have it, and nobody is told"
