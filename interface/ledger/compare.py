"""Two ledgers, compared by what the outside world calls things: identifiers and transaction ids, never row ids.

Used to prove that replaying everything gives the same ledger, and to preview what a replay would change. Differences name the
row and the group, never a value.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from interface.ledger.entity import Entity, KnownIdentifier
from interface.ledger.journal import Balance, Entry, Observation
from interface.ledger.noun import Identifier, Noun
from interface.ledger.payment import Allocation, Payment

Name = tuple[Identifier, ...]  # all live and retired identifiers of a row, sorted


@dataclass(frozen=True, slots=True)
class Image:
    """A ledger, or the part of one that is to be compared."""

    entities: Iterable[Entity]
    identifiers: Iterable[KnownIdentifier]
    entries: Iterable[Entry] = ()
    balances: Iterable[Balance] = ()
    observations: Iterable[Observation] = ()
    payments: Iterable[Payment] = ()
    allocations: Iterable[Allocation] = ()


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """Where two ledgers differ. `group` is a field group, or one of: row, identifiers, links, entries, balances, ..."""

    noun: str
    public_id: str
    group: str


def compare(left: Image, right: Image) -> list[Difference]:
    """Every difference once, in order; none means that both hold the same."""
    ours, theirs = _Named(left), _Named(right)
    return sorted({*_rows(ours, theirs), *_money(ours, theirs), *_payments(ours, theirs)})


@dataclass(slots=True)
class _Named:
    """A ledger with every row under its name."""

    image: Image
    rows: dict[Noun, dict[int, Entity]] = field(default_factory=lambda: {noun: {} for noun in Noun})
    names: dict[tuple[Noun, int], Name] = field(default_factory=dict)
    retired: dict[tuple[Noun, int], Name] = field(default_factory=dict)
    by_name: dict[tuple[Noun, Name], Entity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names: dict[tuple[Noun, int], list[Identifier]] = {}
        gone: dict[tuple[Noun, int], list[Identifier]] = {}
        for known in self.image.identifiers:
            key = (known.noun, known.entity_id)
            names.setdefault(key, []).append(known.identifier)
            if known.retired_at is not None:
                gone.setdefault(key, []).append(known.identifier)
        self.names = {key: tuple(sorted(ids)) for key, ids in names.items()}
        self.retired = {key: tuple(sorted(ids)) for key, ids in gone.items()}
        for entity in self.image.entities:
            self.rows[entity.noun][entity.id] = entity
            self.by_name[entity.noun, self.name(entity.noun, entity.id)] = entity

    def name(self, noun: Noun, row_id: int | None) -> Name:
        return () if row_id is None else self.names.get((noun, row_id), ())

    def root_name(self, noun: Noun, row_id: int | None) -> Name:
        seen: set[int] = set()
        while row_id is not None and row_id not in seen:
            seen.add(row_id)
            row = self.rows[noun].get(row_id)
            if row is None or row.survivor_id is None:
                break
            row_id = row.survivor_id
        return self.name(noun, row_id)

    def account_public_id(self, name: Name) -> str:
        row = self.by_name.get((Noun.ACCOUNT, name))
        return row.public_id if row is not None else ""

    def links(self, row: Entity) -> tuple[Hashable, ...]:
        return (
            self.name(row.noun, row.survivor_id),
            self.root_name(Noun.PATIENT, row.patient_id),
            self.root_name(Noun.ACCOUNT, row.account_id),
            row.facility,
            row.currency,
        )

    def values(self, row: Entity, group: str) -> Any:
        held = row.groups.get(group)
        if held is None:
            return None
        if (translate := _BY_ROW.get(group)) is not None:
            return translate(self, held.values)
        if group == "guarantors" and row.noun is Noun.ACCOUNT:
            links = held.values.get("guarantors") or ()
            return [{**link, "guarantor": self.root_name(Noun.GUARANTOR, link["guarantor"])} for link in links]
        return held.values


def _owners(named: _Named, values: dict[str, Any]) -> Hashable:
    patients = frozenset(named.root_name(Noun.PATIENT, one) for one in values["patients"])
    return patients, frozenset(named.root_name(Noun.ACCOUNT, one) for one in values["accounts"]), values["until"]


def _links(named: _Named, values: dict[str, Any]) -> Hashable:
    newest: dict[Name, tuple[int, bool]] = {}
    for each in values["patients"]:
        name, told = named.root_name(Noun.PATIENT, each["patient"]), (each["at"], each["linked"])
        newest[name] = max(told, newest.get(name, told))
    return frozenset(newest.items())


def _former(named: _Named, values: dict[str, Any]) -> Hashable:
    told = ({**one, "patient": named.name(Noun.PATIENT, one["patient"])} for one in values["former_ids"])
    return frozenset(tuple(sorted(one.items())) for one in told)


# Groups that name rows, in the outside world's names.
_BY_ROW: dict[str, Callable[[_Named, dict[str, Any]], Hashable]] = {
    "link": lambda named, values: named.root_name(Noun.ACCOUNT, values.get("account")),
    "owner": lambda named, values: named.root_name(Noun.PATIENT, values.get("patient")),
    "owners": _owners,
    "linked": _links,
    "former": _former,
}
# Whether an account could be archived depends on how far postings had come, which no message tells.
_NOT_FROM_MESSAGES = frozenset({"purge"})


def _rows(ours: _Named, theirs: _Named) -> Iterator[Difference]:
    for noun, name in ours.by_name.keys() | theirs.by_name.keys():
        left, right = ours.by_name.get((noun, name)), theirs.by_name.get((noun, name))
        public_id = (left or right or _NOBODY).public_id
        if left is None or right is None:
            yield Difference(noun, public_id, "row")
            continue
        if ours.retired.get((noun, left.id)) != theirs.retired.get((noun, right.id)):
            yield Difference(noun, public_id, "identifiers")
        if ours.links(left) != theirs.links(right):
            yield Difference(noun, public_id, "links")
        groups = (left.groups.keys() | right.groups.keys()) - _NOT_FROM_MESSAGES
        if left.survivor_id is not None and right.survivor_id is not None:
            # What was said of a retired row before its merge is history; a replay restates the survivor.
            groups &= {"merged"}
        for group in groups:
            if ours.values(left, group) != theirs.values(right, group):
                yield Difference(noun, public_id, group)


_NOBODY = Entity(Noun.PATIENT, 0, "", 0, 0)
_ByAccount = dict[Name, Counter[Hashable]]


def _money(ours: _Named, theirs: _Named) -> Iterator[Difference]:
    kinds: tuple[tuple[str, Callable[[_Named], _ByAccount]], ...] = (
        ("entries", _entries),
        ("balances", _balances),
        ("observations", _observations),
    )
    for group, collect in kinds:
        left, right = collect(ours), collect(theirs)
        for name in left.keys() | right.keys():
            if left.get(name) != right.get(name):
                public_id = ours.account_public_id(name) or theirs.account_public_id(name)
                yield Difference(Noun.ACCOUNT, public_id, group)


def _entries(named: _Named) -> _ByAccount:
    found: _ByAccount = {}
    for entry in named.image.entries:
        for line in entry.lines:
            told = (entry.kind, entry.at, entry.memo_code, entry.reverses is not None, line.book, line.responsibility)
            name = named.root_name(Noun.ACCOUNT, line.account_id)
            found.setdefault(name, Counter())[*told, line.amount_minor, line.currency] += 1
    return found


def _balances(named: _Named) -> _ByAccount:
    found: _ByAccount = {}
    for balance in named.image.balances:
        if balance.amount_minor:
            name = named.root_name(Noun.ACCOUNT, balance.account_id)
            key = (balance.book, balance.responsibility, balance.currency)
            found.setdefault(name, Counter())[key] += balance.amount_minor
    return found


def _observations(named: _Named) -> _ByAccount:
    found: _ByAccount = {}
    for seen in named.image.observations:
        name = named.root_name(Noun.ACCOUNT, seen.account_id)
        found.setdefault(name, Counter())[seen.amount_minor, seen.currency, seen.as_of] += 1
    return found


def _payments(ours: _Named, theirs: _Named) -> Iterator[Difference]:
    left, right = _told_payments(ours), _told_payments(theirs)
    for transaction_id in left.keys() | right.keys():
        (public_id, told), (other_id, also_told) = (
            left.get(transaction_id, _NO_PAYMENT),
            right.get(transaction_id, _NO_PAYMENT),
        )
        if told != also_told:
            yield Difference("payment", public_id or other_id, "payment")


_NO_PAYMENT: tuple[str, Hashable] = ("", None)


def _told_payments(named: _Named) -> dict[str, tuple[str, Hashable]]:
    """By transaction id what a payment says. How far its postings got is the delivery's history and is not compared."""
    parts: dict[int, Counter[Hashable]] = {}
    for part in named.image.allocations:
        name = named.root_name(Noun.ACCOUNT, part.account_id)
        told = (part.kind, part.transaction_id, name, part.amount_minor, part.currency, part.confirmed_at)
        parts.setdefault(part.payment_id, Counter())[told] += 1
    return {
        payment.transaction_id: (
            payment.public_id,
            (
                payment.origin,
                payment.tender,
                payment.facility,
                payment.currency,
                payment.amount_minor,
                payment.state,
                payment.settled_at,
                payment.settlement_batch,
                frozenset(parts.get(payment.id, Counter()).items()),
            ),
        )
        for payment in named.image.payments
    }
