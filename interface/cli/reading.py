"""What a message says, shown in the ledger's own nouns: as rows for people, as JSON for programs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from interface.cli.table import iso, moment, money
from interface.hl7.money import Money
from interface.ledger.noun import FIELDS, Identifier, Kind, Noun
from interface.mapping.kind import Type
from interface.mapping.scope import UNSAID

if TYPE_CHECKING:
    from interface.ledger.reading import AccountNamed, Merge, Move, Reading, Renumber, Said, StatedBalance, Transaction

Row = tuple[str, str]
_NOUNS = (("patient", Noun.PATIENT), ("account", Noun.ACCOUNT), ("encounter", Noun.ENCOUNTER))


def rows(reading: "Reading") -> Iterator[Row]:
    """Names and values, those inside of a noun moved to the right."""
    for name, noun in _NOUNS:
        said: Said | None = getattr(reading, name)
        if said is not None:
            yield from _noun(name, noun, said)
    for number, said in enumerate(reading.guarantors, start=1):
        yield from _noun(f"guarantor {number}", Noun.GUARANTOR, said)
    for said in reading.further_encounters:
        yield from _noun("encounter", Noun.ENCOUNTER, said)
    yield from _identities(reading)
    for one in reading.transactions:
        yield from _transaction(one)
    for balance in reading.balances:
        amount = money(balance.amount_minor, balance.currency)
        yield "balance", f"{amount} on {identifier(balance.account)}, as of {moment(balance.as_of)}"
    for warning in reading.warnings:
        yield "warning", warning


def _identities(reading: "Reading") -> Iterator[Row]:
    for merge in reading.merges:
        text = f"{identifier(merge.retired)} is gone for ever; {identifier(merge.survivor)} stands for both"
        yield f"merge of {merge.noun}s", text
    for one in reading.renumbers:
        yield f"new number of {one.noun}", f"{identifier(one.old)} is {identifier(one.new)} from now on"
    for move in reading.moves:
        yield f"move of {move.noun}", f"{identifier(move.row)} goes to {identifier(move.to)}"
    if reading.linked:
        yield "one person", ", ".join(map(identifier, reading.linked))
    for named in reading.closed:
        yield "account closed", identifier(named.account)


def _noun(name: str, noun: Noun, said: "Said") -> Iterator[Row]:
    yield name, ", ".join(map(identifier, said.ids)) or "without an identifier"
    if said.aliases:
        yield "  alternate numbers", ", ".join(map(identifier, said.aliases))
    for values in said.groups.values():
        for field, value in values.items():
            if isinstance(value, list):
                yield from _listed(field, value)
            else:
                yield f"  {field}", shown(value, _type(noun, field))


def _listed(field: str, listed: list[dict[str, Any]]) -> Iterator[Row]:
    for number, row in enumerate(listed, start=1):
        if row.keys() == {"authority", "type", "value"}:
            yield f"  {field} {number}", identifier(Identifier(**row))
            continue
        yield f"  {field} {number}", ""
        for name, value in row.items():
            yield f"    {name}", shown(value)


def _transaction(one: "Transaction") -> Iterator[Row]:
    yield "transaction", f"{one.kind} of {money(one.amount_minor, one.currency)} ({one.place})"
    plain = ("id", "type_code", "code", "occurred_on", "reference", "responsibility")
    yield from ((f"  {name}", getattr(one, name)) for name in plain if getattr(one, name))
    yield "  occurred_at", moment(one.occurred_at)
    for name, found in (("account", one.account), ("visit", one.visit)):
        if found is not None:
            yield f"  {name}", identifier(found)


def _type(noun: Noun, field: str) -> Type | None:
    known = FIELDS[noun].get(field)
    return Type.INSTANT if known is not None and known.kind is Kind.INSTANT else None


def identifier(found: Identifier) -> str:
    """`MR 7001 (north)`; of one of ours its public id."""
    if found.is_public:
        return found.value
    authority = f" ({found.authority})" if found.authority else ""
    return f"{found.type} {found.value}".strip() + authority


def shown(value: Any, kind: Type | None = None) -> str:
    """One value of a rule for people."""
    match value:
        case None:
            text = "cleared"
        case bool():
            text = "yes" if value else "no"
        case int() if kind is Type.INSTANT:
            text = moment(value)
        case Identifier():
            text = identifier(value)
        case Money():
            text = money(value.minor, value.currency)
        case list():
            text = ", ".join(identifier(Identifier(**one)) for one in value)
        case _:
            text = "nothing" if value is UNSAID else str(value)
    return text


def value_json(value: Any, kind: Type | None = None) -> Any:
    """One value of a rule for programs; None where nothing is said, and where it is cleared."""
    match value:
        case bool():
            return value
        case int() if kind is Type.INSTANT:
            return iso(value)
        case Identifier():
            return value._asdict()
        case Money():
            return {"amount_minor": value.minor, "currency": value.currency}
        case _:
            return None if value is UNSAID else value


def reading_json(reading: "Reading") -> dict[str, Any]:
    """The whole reading; a field that is not spoken of is left out, one that is cleared is null."""
    nouns = {name: _said_json(getattr(reading, name), noun) for name, noun in _NOUNS}
    return {
        "meaning": reading.meaning,
        "event_at": iso(reading.event_at),
        "facility": reading.facility,
        "currency": reading.currency,
        **nouns,
        "guarantors": [_said_json(one, Noun.GUARANTOR) for one in reading.guarantors],
        "further_encounters": [_said_json(one, Noun.ENCOUNTER) for one in reading.further_encounters],
        "merges": [_numbers_json(one) for one in reading.merges],
        "renumbers": [_numbers_json(one) for one in reading.renumbers],
        "moves": [_numbers_json(one) for one in reading.moves],
        "linked": [one._asdict() for one in reading.linked],
        "closed": [_numbers_json(one) for one in reading.closed],
        "transactions": [_transaction_json(one) for one in reading.transactions],
        "balances": [_balance_json(one) for one in reading.balances],
        "warnings": reading.warnings,
    }


def _said_json(said: "Said | None", noun: Noun) -> dict[str, Any] | None:
    if said is None:
        return None
    fields = {
        name: value_json(value, _type(noun, name)) for values in said.groups.values() for name, value in values.items()
    }
    aliases = {"aliases": [one._asdict() for one in said.aliases]} if said.aliases else {}
    return {"ids": [one._asdict() for one in said.ids], **aliases, **fields}


def _numbers_json(one: "Merge | Renumber | Move | AccountNamed") -> dict[str, Any]:
    from dataclasses import fields

    found = {field.name: getattr(one, field.name) for field in fields(one)}
    return {name: value._asdict() if isinstance(value, Identifier) else value for name, value in found.items()}


def _transaction_json(one: "Transaction") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(one) | {
        "occurred_at": iso(one.occurred_at),
        "account": one.account._asdict() if one.account else None,
        "visit": one.visit._asdict() if one.visit else None,
    }


def _balance_json(one: "StatedBalance") -> dict[str, Any]:
    return {
        "account": one.account._asdict(),
        "amount_minor": one.amount_minor,
        "currency": one.currency,
        "as_of": iso(one.as_of),
    }
