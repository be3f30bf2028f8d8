"""Readings in a few words: invented patients of an invented hospital, times in seconds for microseconds' sake."""

from typing import Any

from interface.ledger.noun import Identifier
from interface.ledger.reading import (
    Meaning,
    Merge,
    MoneyKind,
    PaymentAllocation,
    PaymentSaid,
    Reading,
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
