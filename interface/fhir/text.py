"""FHIR JSON, read and written. Decimals keep their scale: 10.00 stays 10.00 (FHIR R4 section 2.24.0.1, decimal)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from interface.fhir.outcome import Issue, IssueCode, RefusedError

DEEPEST = 64  # objects and lists within each other
Resource = dict[str, Any]


def read(content: bytes) -> Resource:
    """A JSON object; numbers with a point become Decimal.

    Errors: RefusedError 400 where it is no JSON in UTF-8, no object, says a name twice, or is nested deeper than DEEPEST.
    """
    try:
        found = json.loads(
            content.decode("utf-8"), parse_float=Decimal, object_pairs_hook=_once, parse_constant=_no_number
        )
    except _TwiceError as twice:
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, f"the name {twice} stands twice in one object")) from None
    except (ValueError, RecursionError) as broken:
        at = f", line {broken.lineno} column {broken.colno}" if isinstance(broken, json.JSONDecodeError) else ""
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, f"the body is no JSON in UTF-8{at}")) from None
    if not isinstance(found, dict):
        raise RefusedError(400, Issue(IssueCode.STRUCTURE, "the body is no JSON object"))
    if _depth(found) > DEEPEST:
        raise RefusedError(400, Issue(IssueCode.TOO_COSTLY, f"the body is nested deeper than {DEEPEST}"))
    return found


def write(resource: Mapping[str, Any]) -> bytes:
    """The resource as JSON, in the order of its elements."""
    return orjson.dumps(resource, default=_number)


class _TwiceError(Exception):
    pass


def _once(pairs: list[tuple[str, Any]]) -> Resource:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1)[:64])
    return found


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
