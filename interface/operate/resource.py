"""The ledger's rows as a resource server shows them: found, built into records, and audited before they are given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from interface.healthpay24.record import BalanceRecord, Record, build
from interface.ledger.due import BalancePolicy
from interface.ledger.entity import Entity
from interface.ledger.noun import Noun
from interface.message import MirrorState
from interface.operate.act import By
from interface.operate.noting import Notes
from interface.ports import Reader, Store
from interface.row.mirror import Material, MirrorRow, Subject
from interface.view.charge import ChargeFilter, ChargeStory
from interface.view.money import PaymentStory
from interface.view.resource import ResourceFilter, ResourceRow

MOST_ACCOUNTS = 500  # of one patient, whose guarantors and coverages are looked for
_SUBJECTS = {
    Noun.PATIENT: Subject.PATIENT,
    Noun.GUARANTOR: Subject.GUARANTOR,
    Noun.ACCOUNT: Subject.ACCOUNT,
    Noun.ENCOUNTER: Subject.ENCOUNTER,
}


@dataclass(frozen=True, slots=True)
class Found:
    """One row of the ledger with the record that is made of it; an account with its balance."""

    row: ResourceRow
    entity: Entity
    record: Record
    balance: BalanceRecord | None = None
    guarantors: Mapping[str, str] = field(
        default_factory=dict
    )  # an account's, by public id: what each is to the patient
    organisations: frozenset[str] = frozenset()  # those of them that are no people


class Resources:
    """Reads for one asker after the other. `rules` gives each facility's way of reckoning balances."""

    def __init__(self, store: Store, rules: Callable[[], Mapping[str, BalancePolicy]]) -> None:
        self._store = store
        self._rules = rules
        self._notes = Notes(store)

    def rows(self, by: By, wanted: ResourceFilter, why: Sequence[str] = ()) -> list[Found]:
        """One page, in the order of ids; `why` names what it was searched by."""
        with self._store.snapshot() as reader:
            found = self._found(reader, wanted.noun, reader.resources(wanted))
        self._note(by, wanted.noun.value, [one.row.public_id for one in found], why)
        return found

    def named(self, by: By, noun: Noun, public_ids: Iterable[str]) -> list[Found]:
        """The rows of these public ids; unknown ones are left out."""
        wanted = tuple(sorted(set(public_ids)))
        return self.rows(by, ResourceFilter(noun, len(wanted), public_ids=wanted)) if wanted else []

    def guarantors(self, by: By, patient: str) -> list[tuple[Found, str]]:
        """Who answers for a patient's accounts, each once, with the relationship that the newest account tells."""
        with self._store.snapshot() as reader:
            relations: dict[str, str] = {}
            accounts = reader.resources(ResourceFilter(Noun.ACCOUNT, MOST_ACCOUNTS, patients=(patient,)))
            for one in self._found(reader, Noun.ACCOUNT, accounts):
                relations |= one.guarantors
            rows = reader.resources(ResourceFilter(Noun.GUARANTOR, len(relations) or 1, public_ids=tuple(relations)))
            found = [(one, relations[one.row.public_id]) for one in self._found(reader, Noun.GUARANTOR, rows)]
        self._note(by, "guarantor", [one.row.public_id for one, _ in found], [f"patient:{patient}"])
        return found

    def payment(self, by: By, name: str) -> PaymentStory | None:
        """A payment by public id, HealthPay24's number or the EHR's; None where there is none."""
        with self._store.snapshot() as reader:
            story = reader.payment(name)
        if story is not None:
            self._notes.note(by, "look", f"payment:{story.payment.public_id}")
        return story

    def payments(self, by: By, beyond_id: int, limit: int) -> list[PaymentStory]:
        """One page of payments, in the order of ids."""
        with self._store.snapshot() as reader:
            page = reader.payments(beyond_id, limit)
        self._note(by, "payment", [one.payment.public_id for one in page], ())
        return page

    def charges(self, by: By, wanted: ChargeFilter, why: Sequence[str] = ()) -> list[ChargeStory]:
        """One page of charges and credits, in the order of ids."""
        with self._store.snapshot() as reader:
            page = reader.charges(wanted)
        self._note(by, "charge", [one.entry.public_id for one in page], why)
        return page

    def count(self, wanted: ResourceFilter | ChargeFilter | None) -> int:
        """How many rows, charges or (None) payments a filter finds. It shows nobody's: no look to be audited."""
        with self._store.snapshot() as reader:
            match wanted:
                case ResourceFilter():
                    return reader.count_resources(wanted)
                case ChargeFilter():
                    return reader.count_charges(wanted)
                case None:
                    return reader.count_payments()

    def _found(self, reader: Reader, noun: Noun, rows: Sequence[ResourceRow]) -> list[Found]:
        subject, rules = _SUBJECTS[noun], self._rules()
        asked = [_row(subject, one.id) for one in rows]
        books = [_row(Subject.BALANCE, one.id) for one in rows if noun is Noun.ACCOUNT]
        material = reader.material([*asked, *books])
        return [self._one(one, noun, material, rules) for one in rows]

    @staticmethod
    def _one(row: ResourceRow, noun: Noun, material: Material, rules: Mapping[str, BalancePolicy]) -> Found:
        found = Found(row, material.entities[noun, row.id], build(_row(_SUBJECTS[noun], row.id), material, rules))
        if noun is not Noun.ACCOUNT:
            return found
        balance = build(_row(Subject.BALANCE, row.id), material, rules)
        assert isinstance(balance, BalanceRecord), "that is what is built of this subject"
        listed = found.entity.value("guarantors", "guarantors") or ()
        standing = [(material.standing(Noun.GUARANTOR, each["guarantor"]), each) for each in listed]
        return replace(
            found,
            balance=balance,
            guarantors={one.public_id: str(each.get("relationship") or "") for one, each in standing},
            organisations=frozenset(one.public_id for one, _ in standing if one.value("organisation", "organisation")),
        )

    def _note(self, by: By, noun: str, ids: Sequence[str], why: Sequence[str]) -> None:
        subject = f"{noun}:{ids[0]}" if len(ids) == 1 else f"{noun}s:{ids[0]}..{ids[-1]}" if ids else f"{noun}s"
        self._notes.note(by, "look" if len(ids) == 1 else "list", subject, {"ids": ids, "by": list(why)})


def _row(subject: Subject, number: int) -> MirrorRow:
    """A row as the records are built from; how far HealthPay24 follows it is of no interest here."""
    return MirrorRow(subject, number, 0, 0, MirrorState.NEW, 0, None, "", "")
