"""Two readings of one message, compared field by field: what the one says and the other does not, or says otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from interface.ledger.reading import AccountNamed, Merge, Move, Reading, Renumber, Said, StatedBalance, Transaction

Values = tuple[Any, ...]
_UNTOLD = ("place",)  # of a transaction: where it stood


class How(StrEnum):
    """In what way a field is said otherwise."""

    EMPTY = "now empty"
    FILLED = "now filled"
    CHANGED = "changed"
    FEWER = "fewer rows"
    MORE = "more rows"


@dataclass(frozen=True, slots=True)
class Unlike:
    """One field, by the dotted name that mappings have for it (`guarantor.phone`), with its values in every row of its kind."""

    field: str
    how: How
    old: Values
    new: Values


def unlike(old: Reading, new: Reading) -> list[Unlike]:
    """Every field that differs. Of a kind whose number of rows differs, that is told, and nothing of its fields."""
    before, after = dict(_said(old)), dict(_said(new))
    found = []
    for kind in sorted({name.partition(".")[0] for name in (*before, *after)}):
        rows = len(before.get(f"{kind}.", ())), len(after.get(f"{kind}.", ()))
        if rows[0] != rows[1]:
            how = How.FEWER if rows[0] > rows[1] else How.MORE
            found.append(Unlike(kind, how, (rows[0],), (rows[1],)))
            continue
        for name in sorted(name for name in (*before.keys(), *(after.keys() - before.keys())) if _is_of(name, kind)):
            was, now = before.get(name, ()), after.get(name, ())
            if not _same(was, now):
                found.append(Unlike(name, _how(was, now), was, now))
    return found


def _is_of(name: str, kind: str) -> bool:
    return name.startswith(f"{kind}.") and not name.endswith(".")


def _same(was: Values, now: Values) -> bool:
    return was == now or (_is_empty(was) and _is_empty(now))


def _is_empty(values: Values) -> bool:
    return all(value in (None, "", ()) for value in values)


def _how(was: Values, now: Values) -> How:
    if _is_empty(now):
        return How.EMPTY
    return How.FILLED if _is_empty(was) else How.CHANGED


# ---------------------------------------------------------------- flat


def _said(reading: Reading) -> Iterator[tuple[str, Values]]:
    """Field by field; `kind.` alone holds one entry for each row."""
    yield "message.", ("",)
    yield "message.meaning", (reading.meaning,)
    yield "message.event_at", (reading.event_at,)
    yield "message.warnings", reading.warnings
    singles = (("patient", reading.patient), ("account", reading.account), ("encounter", reading.encounter))
    for noun, said in singles:
        if said is not None:
            yield from _rows(noun, [_of_noun(said)])
            yield from _listed(said)
    yield from _rows("guarantor", [_of_noun(said) for said in reading.guarantors])
    yield from _rows("further_encounter", [_of_noun(said) for said in reading.further_encounters])
    yield from _rows("merge", [_plain(one) for one in reading.merges])
    yield from _rows("renumber", [_plain(one) for one in reading.renumbers])
    yield from _rows("move", [_plain(one) for one in reading.moves])
    yield from _rows("linked", [{"patient": one} for one in reading.linked])
    yield from _rows("closed", [_plain(one) for one in reading.closed])
    yield from _rows("transaction", [_plain(one) for one in reading.transactions])
    yield from _rows("balance", [_plain(one) for one in reading.balances])


def _rows(kind: str, rows: list[dict[str, Any]]) -> Iterator[tuple[str, Values]]:
    yield f"{kind}.", tuple("" for _row in rows)
    for name in dict.fromkeys(name for row in rows for name in row):
        yield f"{kind}.{name}", tuple(row.get(name) for row in rows)


def _of_noun(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = {"number": said.ids, **said.attributes}
    if said.aliases:
        found["alternate_number"] = said.aliases
    for group in said.groups.values():
        found |= {name: value for name, value in group.items() if not isinstance(value, list)}
    return found


def _listed(said: Said) -> Iterator[tuple[str, Values]]:
    """Fields that are lists of rows, as coverages."""
    for group in said.groups.values():
        for name, value in group.items():
            if isinstance(value, list):
                yield from _rows(name.removesuffix("s"), [_cells(row) for row in value])


def _cells(row: object) -> dict[str, Any]:
    return dict(row) if isinstance(row, Mapping) else {"value": row}


def _plain(one: Merge | Renumber | Move | AccountNamed | Transaction | StatedBalance) -> dict[str, Any]:
    return {each.name: getattr(one, each.name) for each in fields(one) if each.name not in _UNTOLD}
