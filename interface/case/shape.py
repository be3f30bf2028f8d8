"""What an outcome is like, apart from whom it is about: two outcomes of one shape differ in names, numbers and days alone."""

from collections.abc import Mapping, Sequence
from typing import Final

from interface.case.case import Er7, Outcome, Told
from interface.case.er7 import leaves

_AS_IT_IS: Final = ("state", "reason", "place", "answer", "then", "worklist", "closed")
_ROWS: Final = ("patients", "guarantors", "accounts", "encounters", "payments")
_MONEY: Final = ("due", "credit", "stated", "amount")
_FACTS: Final = ("active", "ended", "purged")
# Inventions are written in letters that every set has, and once.
_OF_LETTERS: Final = ("character-set-differs", "encoded-twice", "letters-lost")


def shape(outcome: Outcome) -> dict[str, Told]:
    """States, reasons and answers as they are; of the ledger how many rows changed, and money; which fields were sent."""
    found: dict[str, Told] = {key: outcome[key] for key in _AS_IT_IS if key in outcome}
    warnings = outcome.get("warnings")
    told = warnings if isinstance(warnings, Sequence) else ()
    if kept_warnings := [one for one in told if not str(one).startswith(_OF_LETTERS)]:
        found["warnings"] = kept_warnings
    for section in _ROWS:
        rows = outcome.get(section)
        if isinstance(rows, Mapping):
            kept = (*_MONEY, *_FACTS) if section in ("patients", "guarantors") else (*_MONEY, *_FACTS, "state")
            found[section] = sorted(_row(row, kept) for row in rows.values() if isinstance(row, Mapping))
    sent = outcome.get("sent")
    if isinstance(sent, Sequence) and not isinstance(sent, str):
        found["sent"] = [_sent(one) for one in sent if isinstance(one, Mapping)]
    return found


def _row(row: Mapping[str, Told], kept: Sequence[str]) -> str:
    told = [f"{name}={row[name]}" for name in kept if name in row]
    journal = row.get("journal")
    if isinstance(journal, Sequence) and not isinstance(journal, str):
        told += [
            f"{one.get('kind')} {one.get('amount')} {one.get('owed_by')}" for one in journal if isinstance(one, Mapping)
        ]
    return "; ".join(told)


def _sent(one: Mapping[str, Told]) -> str:
    message = one.get("message")
    places = leaves(message) if isinstance(message, Er7) else {}
    return f"{one.get('to')}: {' '.join(places)}"
