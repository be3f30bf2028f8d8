"""Identifiers singled out of a repeating field, by rule and never by position."""

from collections.abc import Callable
from datetime import UTC, datetime

from interface.errors import MappingError
from interface.hl7.problem import ErrorCode
from interface.hl7.value import NULL_ER7
from interface.ledger.noun import Identifier
from interface.mapping.identifier import refuse_clear
from interface.mapping.reader import Chosen, Read
from interface.mapping.scope import UNSAID, Said, Scope

ReadOne = Callable[[str, Scope], Said]


class AmbiguousIdentifierError(MappingError):
    """A rule that leaves several different identifiers: the message waits until the rule is mended."""

    hl7_code = ErrorCode.UNKNOWN_KEY.value

    def __init__(
        self, place: str, advice: str = "choose by authority and type, as PID-3[.5 = 'MR' and .4 = 'NORTH']"
    ) -> None:
        super().__init__(
            "identifier-ambiguous",
            "the rule leaves several different identifiers",
            place=place,
            advice=f"{advice}, then release the message",
        )


def singled_out(segment: str, field: int, read_one: ReadOne, choice: Chosen | None, *, is_only: bool) -> Read:
    """The one identifier of a field that fits. Expired repetitions (CX-8) do not fit.

    `is_only`: several mean that nothing is said. Otherwise several different ones raise `AmbiguousIdentifierError`.
    """
    place = f"{segment}-{field}"

    def read(scope: Scope) -> Said:
        fields = scope.fields.get(segment)
        if fields is None or field >= len(fields) or not fields[field]:
            return UNSAID
        er7 = fields[field]
        if er7 == NULL_ER7:
            return refuse_clear(scope, place)
        if scope.delimiters.repetition not in er7 and choice is None:
            return read_one(er7, scope)
        found = fitting(er7, scope, read_one, choice)
        if not found:
            return UNSAID
        if len(set(found)) == 1:
            return found[0]
        if is_only:
            return UNSAID
        raise AmbiguousIdentifierError(scope.placed(place))

    return read


def fitting(er7: str, scope: Scope, read_one: ReadOne, choice: Chosen | None) -> list[Identifier]:
    """Every identifier of a field that fits, in order."""
    found = []
    for part in er7.split(scope.delimiters.repetition):
        if part and (choice is None or choice(part, scope)) and not _is_expired(part, scope):
            one = read_one(part, scope)
            if one is not UNSAID:
                found.append(one)
    return found


def listed(segment: str, field: int, read_one: ReadOne, choice: Chosen | None) -> Read:
    """Rows of authority, type and value: a snapshot of the field, or nothing when the field says nothing."""

    def read(scope: Scope) -> Said:
        fields = scope.fields.get(segment)
        if fields is None or field >= len(fields) or not fields[field]:
            return UNSAID
        if fields[field] == NULL_ER7:
            return scope.null
        found = fitting(fields[field], scope, read_one, choice)
        return [one._asdict() for one in found] or UNSAID

    return read


def _is_expired(er7: str, scope: Scope) -> bool:
    parts = er7.split(scope.delimiters.component, 8)
    expires = parts[7][:8] if len(parts) > 7 else ""
    if len(expires) != 8 or not expires.isdecimal():
        return False
    return expires < datetime.fromtimestamp(scope.event_at / 1_000_000, UTC).strftime("%Y%m%d")
