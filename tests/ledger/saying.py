"""Readings in a few words: invented patients of an invented hospital, times in seconds for microseconds' sake."""

from typing import Any

from interface.ledger.noun import Identifier, Noun
from interface.ledger.reading import (
    AccountNamed,
    Meaning,
    Merge,
    MoneyKind,
    Move,
    PaymentAllocation,
    PaymentSaid,
    Reading,
    Renumber,
    Said,
    StatedBalance,
    Transaction,
)

NORTH = "2.16.840.1.113883.3.9999.1"
SECOND = 1_000_000
HOUR = 3600 * SECOND


def mrn(number: int | str) -> Identifier:
    return Identifier(NORTH, "MR", f"77{number}")


def account(number: int | str) -> Identifier:
    return Identifier(NORTH, "AN", f"90{number}")


def visit(number: int | str) -> Identifier:
    return Identifier(NORTH, "VN", f"55{number}")


def guarantor(number: int | str) -> Identifier:
    return Identifier(NORTH, "GN", f"G{number}")


def named(family: str = "Tester", given: str = "Maria", **more: Any) -> dict[str, Any]:
    return {"name": {"family": family, "given": given, **more}}


def phone(number: str | None) -> dict[str, Any]:
    return {"phone": {"phone": number}}


def listed(*numbers: str) -> dict[str, Any]:
    """Identifiers of a patient that are no keys."""
    return {"others": {"other_ids": [{"authority": "ent", "type": "PI", "value": number} for number in numbers]}}


def adt(
    meaning: Meaning,
    at: int,
    person: int | str = 1,
    number: int | str | None = None,
    *,
    says: dict[str, Any] | None = None,
    account_says: dict[str, Any] | None = None,
    visit_says: dict[str, Any] | None = None,
    guarantors: tuple[Said, ...] = (),
    visit_number: int | str | None = None,
    **more: Any,
) -> Reading:
    """An event of patient `person`; with `number` also of the account and visit of that number."""
    visit_number = number if visit_number is None else visit_number
    return Reading(
        meaning=meaning,
        event_at=at * SECOND,
        facility="NORTH",
        patient=Said((mrn(person),), says if says is not None else named()),
        account=Said((account(number),), account_says or {}) if number is not None else None,
        encounter=Said((visit(visit_number),), visit_says or {}) if visit_number is not None else None,
        guarantors=guarantors,
        **more,
    )


def merge(at: int, *pairs: tuple[int | str, int | str], says: dict[str, Any] | None = None) -> Reading:
    """A40: of each pair the first survives."""
    merges = tuple(Merge(mrn(survivor), mrn(retired)) for survivor, retired in pairs)
    return Reading(
        meaning=Meaning.MERGE_PATIENT,
        event_at=at * SECOND,
        patient=Said((mrn(pairs[0][0]),), says or {}),
        merges=merges,
    )


_NUMBER = {Noun.PATIENT: mrn, Noun.ACCOUNT: account, Noun.ENCOUNTER: visit}


def regroup(meaning: Meaning, at: int, person: int | str, **more: Any) -> Reading:
    """An event about numbers of patient `person`."""
    return Reading(meaning, at * SECOND, facility="NORTH", patient=Said((mrn(person),)), **more)


def merge_accounts(at: int, survivor: int | str, retired: int | str, person: int | str = 1, **more: Any) -> Reading:
    """A41."""
    pair = Merge(account(survivor), account(retired), Noun.ACCOUNT, mrn(person))
    return regroup(Meaning.MERGE_ACCOUNT, at, person, account=Said((account(survivor),)), merges=(pair,), **more)


def merge_visits(at: int, survivor: int | str, retired: int | str, person: int | str = 1) -> Reading:
    """A42."""
    pair = Merge(visit(survivor), visit(retired), Noun.ENCOUNTER, mrn(person))
    return regroup(Meaning.MERGE_VISIT, at, person, encounter=Said((visit(survivor),)), merges=(pair,))


def renumber(at: int, noun: Noun, old: int | str, new: int | str, person: int | str = 1) -> Reading:
    """A47, A49, A50."""
    numbered = _NUMBER[noun]
    change = Renumber(noun, numbered(new), numbered(old), mrn(person))
    match noun:
        case Noun.PATIENT:
            return regroup(Meaning.RENUMBER_PATIENT, at, new, renumbers=(change,))
        case Noun.ACCOUNT:
            said = Said((numbered(new),))
            return regroup(Meaning.RENUMBER_ACCOUNT, at, person, account=said, renumbers=(change,))
        case _:
            said = Said((numbered(new),))
            return regroup(Meaning.RENUMBER_VISIT, at, person, encounter=said, renumbers=(change,))


def move_account(at: int, number: int | str, source: int | str, to: int | str) -> Reading:
    """A44."""
    moved = Move(Noun.ACCOUNT, account(number), mrn(to), mrn(source))
    return regroup(Meaning.MOVE_ACCOUNT, at, to, moves=(moved,))


def move_visit(
    at: int, number: int | str, source: int | str, to: int | str, person: int | str = 1, former: int | str | None = None
) -> Reading:
    """A45: from account `source` to account `to`, which is `person`'s."""
    was = mrn(former if former is not None else person)
    moved = Move(Noun.ENCOUNTER, visit(number), account(to), account(source), mrn(person), was)
    return regroup(Meaning.MOVE_VISIT, at, person, moves=(moved,))


def link(at: int, *people: int | str, meaning: Meaning = Meaning.LINK_PATIENTS) -> Reading:
    """A24, A37."""
    return regroup(meaning, at, people[0], linked=tuple(mrn(one) for one in people))


def close(at: int, number: int | str, person: int | str = 1, meaning: Meaning = Meaning.END_ACCOUNT) -> Reading:
    """BAR^P06, BAR^P02."""
    return Reading(meaning, at * SECOND, facility="NORTH", closed=(AccountNamed(account(number), mrn(person)),))


def money(kind: MoneyKind, amount_minor: int, **more: Any) -> Transaction:
    told: dict[str, Any] = {
        "type_code": {"charge": "CG", "credit": "CD", "adjustment": "AJ"}.get(kind, "PY"),
        "sign": -1 if kind in (MoneyKind.REVERSAL, MoneyKind.REFUND) else 1,
        "occurred_on": "2025-03-04",
        "currency": "USD",
        "place": "FT1[1]",
    }
    return Transaction(kind=kind, amount_minor=amount_minor, **(told | more))


def dft(at: int, number: int | str | None, *transactions: Transaction, person: int | str | None = 1) -> Reading:
    return Reading(
        meaning=Meaning.TRANSACTIONS,
        event_at=at * SECOND,
        facility="NORTH",
        patient=Said((mrn(person),)) if person is not None else None,
        account=Said((account(number),)) if number is not None else None,
        transactions=transactions,
    )


def balance(at: int, number: int | str, amount_minor: int) -> StatedBalance:
    return StatedBalance(account(number), amount_minor, "USD", at * SECOND)


def paid(
    at: int,
    transaction_id: str,
    amount_minor: int,
    *parts: tuple[int | str, int],
    meaning: Meaning = Meaning.PAYMENT,
    **more: Any,
) -> Reading:
    """A payment (or void, refund) of HealthPay24's over accounts."""
    said = PaymentSaid(
        transaction_id=transaction_id,
        amount_minor=amount_minor,
        currency="USD",
        allocations=tuple(PaymentAllocation(account(number), "", part) for number, part in parts),
        tender="visa",
        last4="1111",
        taken_at=at * SECOND,
        **more,
    )
    return Reading(meaning=meaning, event_at=at * SECOND, facility="NORTH", payment=said)
