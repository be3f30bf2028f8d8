"""Payments posted over HTTP while engine and EHR are struck: the EHR's own books are the evidence for what became of them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from interface.simulate.fhir_books import Booked
from interface.simulate.sender import Sender
from tests.crash.desk import Desk
from tests.crash.part import Check
from tests.crash.payments import Taken, part_of
from tests.crash.seen import Seen, Shown
from tests.crash.world import HttpPlace, World
from tests.engine.wire import adt

_STEPS = 10  # payments are few beside messages: as many faults shall fall among them
_REPLY_SECS = 5.0
_GIVE_UP_SECS = 120.0
_NEXT_SECS = 1.0
_PER_ACCOUNT = 2  # so that some wait behind one that nobody knows about
_ENDS = ("accepted", "rejected", "ambiguous", "withdrawn", "queued")


@dataclass(slots=True)
class HttpPayments:
    """Accounts of one hospital, told of and then paid on, `count` payments in all, two on an account."""

    place: HttpPlace
    count: int
    desk: Desk
    first_minor: int
    taken: list[Taken] = field(default_factory=list)
    untaken: list[str] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return self.count * _STEPS

    def send(self, world: World, done: Callable[[int], None]) -> None:
        rng = Random(f"http customers {self.first_minor}")
        accounts = [f"{self.place.facility}{number}" for number in range(-(-self.count // _PER_ACCOUNT))]
        with Sender("127.0.0.1", self.place.port, reply_timeout_secs=_REPLY_SECS, give_up_secs=_GIVE_UP_SECS) as sender:
            for account in accounts:
                assert sender.send(self._registration(account)).code.is_positive, "what is stored is answered with yes"
        for number in range(self.count):
            account, amount = accounts[number % len(accounts)], self.first_minor + number
            reference = self.desk.pay(account, amount, f"{self.place.channel}-{number}")
            if reference:
                self.taken.append(Taken(account, amount, reference))
            else:
                self.untaken.append(account)
            done(_STEPS)
            time.sleep(rng.uniform(0, _NEXT_SECS))  # the next customer comes; not a wait for something

    def _registration(self, account: str) -> bytes:
        facility = self.place.facility
        person = {"mrn": f"M{account}", "account": account, "visit": f"V{account}", "facility": facility}
        return adt(f"REG{account}", event="A04", balance="9000.00", **person)

    def is_settled(self, seen: Seen) -> bool:
        destination = seen.status["destinations"].get(f"{self.place.channel}/dft")
        if destination is None:
            return not self.taken
        if destination["sending"] or sum(destination[state] for state in _ENDS) != len(self.taken):
            return False
        waiting = [one for one, part in _parts(seen, self.place, self.taken) if part and part["posting"] == "pending"]
        return all(_is_behind(seen, self.place, self.taken, one) for one in waiting)

    def checks(self, world: World) -> Sequence[Check]:
        return (BookedOnce(self.place, tuple(self.taken), tuple(self.untaken)),)


def _parts(seen: Seen, place: HttpPlace, taken: Sequence[Taken]) -> list[tuple[Taken, Shown | None]]:
    accounts = seen.accounts_of(place.facility)
    return [(one, part_of(seen, accounts.get(one.account), one.reference)) for one in taken]


def _is_behind(seen: Seen, place: HttpPlace, taken: Sequence[Taken], waiting: Taken) -> bool:
    """Whether an earlier payment on its account stands where only a person can say what became of it."""
    before = [one for one in taken[: taken.index(waiting)] if one.account == waiting.account]
    return any(part is not None and part["posting"] == "ambiguous" for _one, part in _parts(seen, place, before))


@dataclass(frozen=True, slots=True)
class BookedOnce:
    """Each payment is in the EHR's books once and posted; or a person is told once; or it waits behind such a one, unsent.

    Where the EHR can be searched nothing is left in doubt.
    """

    place: HttpPlace
    taken: Sequence[Taken]
    untaken: Sequence[str]

    def differences(self, seen: Seen) -> Iterator[str]:
        if self.untaken:
            yield f"{self.place.channel}: no payment could be taken on {list(self.untaken)}"
        booked: dict[str, list[Booked]] = {}
        for one in self.place.ehr.record.booked:
            booked.setdefault(one.identifier.rpartition("|")[2], []).append(one)
        items = self._items(seen)
        known: set[str] = set()
        for one, part in _parts(seen, self.place, self.taken):
            if part is None:
                yield f"{self.place.channel}: payment of {one.amount_minor} was taken and is gone"
                continue
            known.add(part["wire_id"])
            for what in self._differences(seen, one, part["posting"], booked.get(part["wire_id"], [])):
                yield f"{self.place.channel}: payment of {one.amount_minor} {what}"
            if (told := items[one.amount_minor]) != (part["posting"] in ("ambiguous", "rejected")):
                yield f"{self.place.channel}: payment of {one.amount_minor} is {part['posting']}, and told {told} times"
        if strange := booked.keys() - known:
            yield f"{self.place.channel}: the EHR booked payments that nobody took: {sorted(strange)}"

    def _differences(self, seen: Seen, taken: Taken, posting: str, there: Sequence[Booked]) -> Iterator[str]:
        if len(there) > 1:
            yield f"was booked {len(there)} times by the EHR"
        if any(one.amount != f"{taken.amount_minor // 100}.{taken.amount_minor % 100:02d}" for one in there):
            yield "was booked by the EHR with another amount"
        match posting:
            case "posted" if not there:
                yield "is shown as posted, and the EHR does not have it"
            case "pending" | "rejected" if there:
                yield f"was booked by the EHR, and is {posting}"
            case "pending" if not _is_behind(seen, self.place, self.taken, taken):
                yield "waits, and nothing stands before it"
            case "ambiguous" if self.place.is_searched:
                yield "is left in doubt, and the EHR could be searched"
            case "posted" | "pending" | "rejected" | "ambiguous":
                return
            case _:
                yield f"is {posting}"

    def _items(self, seen: Seen) -> Counter[int]:
        """Open work items about this hospital's deliveries, by the amount of each."""
        named = [item["subject"] for item in seen.work_items if item["subject"].startswith("delivery:")]
        stories = [seen.story(subject) for subject in named]
        return Counter(one["amount_minor"] for one in stories if one["destination"] == f"{self.place.channel}/dft")
