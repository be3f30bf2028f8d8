"""FHIR JSON, read and written. Decimals keep their scale: 10.00 stays 10.00 (FHIR R4 section 2.24.0.1, decimal)."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from interface.fhir.outcome import Issue, IssueCode, RefusedError

DEEPEST = 64  # objects and lists within each other
LONGEST_NUMBER: Final = 64  # digits, written without an exponent: else a few bytes could mean gigabytes
_INTEGERS: Final = range(-(1 << 63), 1 << 64)  # that can be written again as integers
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_ELEMENT: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")
Resource = dict[str, Any]


def read(content: bytes) -> Resource:
    """A JSON object; numbers with a point, an exponent or many digits become Decimal.

    Errors: RefusedError 400 where it is no JSON in UTF-8, no object, says a name twice, holds half of a character or a number
    of more than LONGEST_NUMBER digits, or is nested deeper than DEEPEST.
    """
    try:
        found = json.loads(
            content.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_integer,
            object_pairs_hook=_once,
            parse_constant=_no_number,
        )
    except _BrokenError as broken:
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, str(broken))) from None
    except (ValueError, RecursionError) as broken:
        at = f", line {broken.lineno} column {broken.colno}" if isinstance(broken, json.JSONDecodeError) else ""
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, f"the body is no JSON in UTF-8{at}")) from None
    if not isinstance(found, dict):
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, "the body is no JSON object"))
    if _depth(found) > DEEPEST:
        raise RefusedError(400, Issue(IssueCode.TOO_COSTLY, f"the body is nested deeper than {DEEPEST}"))
    if _HALF.search(content) and not _is_whole(found):
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, "a text holds half of a character: a lone surrogate"))
    return found


def write(resource: Mapping[str, Any]) -> bytes:
    """The resource as JSON, in the order of its elements."""
    return orjson.dumps(resource, default=_number)


class _BrokenError(Exception):
    """What is no FHIR JSON, in words that quote no value."""


def _once(pairs: list[tuple[str, Any]]) -> Resource:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        told = f"the name {twice}" if _ELEMENT.fullmatch(twice) else "a name"
        raise _BrokenError(f"{told} stands twice in one object")
    return found


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal knows
        raise _too_long() from None
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or max(abs(exponent), abs(found.adjusted())) > LONGEST_NUMBER:
        raise _too_long()
    return found


def _integer(text: str) -> int | Decimal:
    if len(text) <= LONGEST_NUMBER and (found := int(text)) in _INTEGERS:
        return found
    return _decimal(text)


def _too_long() -> _BrokenError:
    return _BrokenError(f"a number has more than {LONGEST_NUMBER} digits, written without an exponent")


def _is_whole(found: Resource) -> bool:
    try:
        json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"no FHIR element holds a {type(value).__name__}")


def _depth(top: Any) -> int:
    level, depth = [top], 0
    while level:
        depth += 1
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        level = [one for each in inner for one in each]
    return depth
