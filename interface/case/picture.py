"""The ledger in words: every row under the number by which people know it, every value as a case writes it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from interface.case.case import Told
from interface.hl7.money import Money, write_money
from interface.ledger.compare import Image
from interface.ledger.due import Due
from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.journal import Book, Entry
from interface.ledger.noun import FIELDS, EncounterState, Identifier, Kind, Noun
from interface.ledger.payment import Allocation, AllocationKind
from interface.ledger.person import linked as linked_to
from interface.ledger.reading import Transaction
from interface.ports import Reader
from interface.view.money import AccountStory

Row = dict[str, Told]
Picture = dict[str, dict[str, Row]]
_SECTIONS: Final = {
    Noun.PATIENT: "patients",
    Noun.GUARANTOR: "guarantors",
    Noun.ACCOUNT: "accounts",
    Noun.ENCOUNTER: "encounters",
}
_PREFERRED: Final = {Noun.PATIENT: "MR", Noun.ACCOUNT: "AN", Noun.ENCOUNTER: "VN", Noun.GUARANTOR: "GN"}
_MOST_ACCOUNTS: Final = 10_000
JOURNAL: Final = "journal"  # grows, and is never changed


@dataclass(slots=True)
class Names:
    """By what each row is called from its first appearance on, whatever identifiers it gets or loses later."""

    rows: dict[tuple[Noun, int], str] = field(default_factory=dict)
    taken: set[tuple[Noun, str]] = field(default_factory=set)
    payments: dict[str, str] = field(default_factory=dict)  # transaction id -> name given by the case

    def of(self, noun: Noun, row_id: int | None) -> str | None:
        """The name of a row."""
        return None if row_id is None else self.rows.get((noun, row_id))

    def learn(self, entities: Iterable[Entity], identifiers: Mapping[tuple[Noun, int], list[KnownIdentifier]]) -> None:
        """Name the rows that are new."""
        for row in entities:
            key = (row.noun, row.id)
            if key in self.rows:
                continue
            known = min(identifiers.get(key, ()), key=_rank, default=None)
            name = known.identifier.value if known else row.public_id
            if (row.noun, name) in self.taken:
                name = "|".join(known.identifier) if known else name
            self.rows[key] = name
            self.taken.add((row.noun, name))


def _rank(known: KnownIdentifier) -> tuple[bool, int, Identifier]:
    return known.identifier.type != _PREFERRED[known.noun], known.valid_from, known.identifier


def picture(reader: Reader, names: Names, due: Callable[[AccountStory], Due]) -> Picture:
    """Everything that the ledger holds. `due`: what is owed on an account, by its channel's policy."""
    image = reader.image()
    entities = list(image.entities)
    identifiers: dict[tuple[Noun, int], list[KnownIdentifier]] = {}
    for known in image.identifiers:
        identifiers.setdefault((known.noun, known.entity_id), []).append(known)
    names.learn(entities, identifiers)
    accounts = {row.id: row for row in entities if row.noun is Noun.ACCOUNT}
    found: Picture = {section: {} for section in (*_SECTIONS.values(), "payments")}
    for row in entities:
        key = (row.noun, row.id)
        found[_SECTIONS[row.noun]][names.rows[key]] = _row(row, identifiers.get(key, ()), names, accounts)
    _add_money(found, reader, image, names, due)
    return found


def _row(row: Entity, identifiers: Iterable[KnownIdentifier], names: Names, accounts: Mapping[int, Entity]) -> Row:
    live = sorted("|".join(known.identifier) for known in identifiers if known.retired_at is None)
    gone = sorted("|".join(known.identifier) for known in identifiers if known.retired_at is not None)
    account_id = row.value("link", "account") or row.account_id
    patient_id = row.patient_id if account_id is None else _owner(accounts, accounts[account_id])
    told: Row = {
        "identifiers": live,
        "retired": gone,
        "merged_into": names.of(row.noun, row.survivor_id),
        "patient": names.of(Noun.PATIENT, patient_id),
        "account": names.of(Noun.ACCOUNT, account_id),
        "facility": row.facility or None,
        "currency": row.currency or None,
    }
    for name, declared in FIELDS[row.noun].items():
        told[name] = _value(row.value(declared.group, name), declared.kind, names)
    return told | _facts(row, names)


def _owner(accounts: Mapping[int, Entity], account: Entity) -> int | None:
    """Whose an account is, and with it each of its visits."""
    while account.survivor_id is not None:
        account = accounts[account.survivor_id]
    return account.patient_id


def _facts(row: Entity, names: Names) -> Row:
    """What messages said of a row beside its fields: only where that is not the ordinary."""
    match row.noun:
        case Noun.PATIENT:
            linked = [names.of(Noun.PATIENT, one["patient"]) for one in linked_to(row) if one["linked"]]
            is_gone = row.value("activity", "active") is False
            return {"active": "no" if is_gone else None, "linked": sorted(name for name in linked if name)}
        case Noun.ACCOUNT:
            purged = row.value("purge", "purged")  # no: it was asked for, and money was left
            is_ended = row.value("ending", "ended")
            return {"ended": "yes" if is_ended else None, "purged": _value(purged, Kind.FLAG, names)}
        case Noun.ENCOUNTER:
            # Of a visit that is open or finished its state says it.
            is_gone = row.value("state", "state") in (EncounterState.CANCELLED, EncounterState.REMOVED)
            return {"ended": "yes" if is_gone and row.value("ended", "ended") else None}
        case Noun.GUARANTOR:
            return {}


def _value(value: Any, kind: Kind, names: Names) -> Told:
    if value is None:
        return None
    match kind:
        case Kind.INSTANT:
            return instant(value)
        case Kind.FLAG:
            return "yes" if value else "no"
        case Kind.ROWS:
            return [_item(item, names) for item in value]
        case _:
            return str(value)


def _item(item: Mapping[str, Any], names: Names) -> Row:
    told = {name: value for name, value in item.items() if value is not None}
    for noun in (Noun.GUARANTOR, Noun.PATIENT):
        if noun in told:
            told[noun] = names.of(noun, told[noun])
    return {name: str(value) for name, value in told.items()}


def _add_money(found: Picture, reader: Reader, image: Image, names: Names, due: Callable[[AccountStory], Due]) -> None:
    accounts = found["accounts"]
    for entry in image.entries:
        for line in entry.lines:
            if line.book is Book.RECEIVABLE and (name := names.of(Noun.ACCOUNT, line.account_id)):
                journal: list[Told] = accounts[name].setdefault(JOURNAL, [])  # type: ignore[assignment]  # made here
                journal.append(_entry(entry, line.responsibility, line.amount_minor, line.currency))
    for story in reader.accounts(0, _MOST_ACCOUNTS):
        name = names.rows[Noun.ACCOUNT, story.account.id]
        owed = due(story)
        accounts[name]["due"] = amount(owed.amount_minor, owed.currency)
        if owed.credit_minor:
            accounts[name]["credit"] = amount(owed.credit_minor, owed.currency)
        accounts[name] |= _stated(story, names)
    parts: dict[int, list[Allocation]] = {}
    for part in image.allocations:
        parts.setdefault(part.payment_id, []).append(part)
    for payment in image.payments:
        name = names.payments.get(payment.transaction_id, payment.transaction_id)
        found["payments"][name] = {
            "amount": amount(payment.amount_minor, payment.currency),
            "tender": payment.tender,
            "last4": payment.last4 or None,
            "facility": payment.facility or None,
            "state": payment.state.value,
            "parts": [_part(part, names) for part in parts.get(payment.id, ())],
        }


def _stated(story: AccountStory, names: Names) -> Row:
    """What the EHR states; of merged accounts their sum, as of the eldest, and each part."""
    parts = [one for one in story.stated() if one.currency == story.account.currency]
    if not parts:
        return {}
    total = amount(sum(one.amount_minor for one in parts), story.account.currency)
    told: Row = {"stated": total, "stated_as_of": instant(min(one.as_of for one in parts))}
    if len(parts) > 1:
        told["stated_of"] = [
            {
                "account": names.of(Noun.ACCOUNT, one.account_id),
                "amount": amount(one.amount_minor, one.currency),
                "as_of": instant(one.as_of),
            }
            for one in parts
        ]
    return told


def _entry(entry: Entry, responsibility: str, minor: int, currency: str) -> Row:
    told: Row = {"kind": entry.kind.value, "amount": amount(minor, currency), "owed_by": responsibility}
    return told | ({"code": entry.memo_code} if entry.memo_code else {}) | {"at": instant(entry.at)}


def _part(part: Allocation, names: Names) -> Row:
    told: Row = {"kind": part.kind.value} if part.kind is not AllocationKind.PAYMENT else {}
    told |= {"account": names.of(Noun.ACCOUNT, part.account_id), "amount": amount(part.amount_minor, part.currency)}
    if part.visit_id is not None:
        told["visit"] = names.of(Noun.ENCOUNTER, part.visit_id)
    return told | {"wire_id": part.wire_id, "posting": part.posting.value if part.posting else "never"}


def transactions(said: Iterable[Transaction]) -> dict[str, Told]:
    """What FT1 segments say that no journal keeps, where they do: who answers for this one, and whose payment it is."""
    found: dict[str, Told] = {}
    for one in said:
        told: Row = {"guarantor": "|".join(one.guarantor)} if one.guarantor is not None else {}
        told |= {"reference": one.reference} if one.reference else {}
        if told:
            found[one.place] = told
    return found


def amount(minor: int, currency: str) -> str:
    """`125.00 USD`."""
    return f"{write_money(Money(minor, currency))} {currency}"


def instant(at: int) -> str:
    """UTC, as `2026-03-04T15:15:00Z`."""
    seconds, micros = divmod(at, 1_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{micros:06d}Z" if micros else f"{text}Z"


def changes(before: Picture, after: Picture) -> dict[str, Told]:
    """What is other in the second picture, section by section; of a journal what was added."""
    found: dict[str, Told] = {}
    for section, rows in after.items():
        told = {name: row for name, now in rows.items() if (row := _changed(before[section].get(name, {}), now))}
        if told:
            found[section] = told
    return found


def _changed(before: Row, now: Row) -> Row:
    found: Row = {}
    for name in dict.fromkeys((*now, *before)):
        old, new = before.get(name), now.get(name)
        if (old or None) == (new or None):
            continue
        if name == JOURNAL and isinstance(old, list) and isinstance(new, list):
            new = new[len(old) :]
        found[name] = new or None
    return found
