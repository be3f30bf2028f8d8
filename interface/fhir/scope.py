"""What a token may do: SMART scopes of systems (SMART App Launch 2.2, section 3.0.2; and the older .read, .write, .*).

`system/Account.rs` may read and search accounts, `system/*.read` everything; `c` creates, `r` reads, `u` updates, `d` deletes,
`s` searches.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]*)\.(\*|read|write|c?r?u?d?s?)")
_OLDER = {"*": "cruds", "read": "rs", "write": "cud"}


class Right(StrEnum):
    """One thing that can be done to resources of a type."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


WRITING: Final = frozenset({Right.CREATE, Right.UPDATE, Right.DELETE})


class ScopeError(ValueError):
    """A text that is no scope of a system; its message says what one looks like."""


def rights(scope: str, types: Iterable[str]) -> tuple[str, frozenset[Right]]:
    """The type (`*` for all) and the rights of one scope. ScopeError where it is none, or names a type not among `types`."""
    found = _SCOPE.fullmatch(scope)
    if found is None or not found[2]:
        raise ScopeError("a scope is written system/TYPE.cruds, such as system/Account.rs or system/*.read")
    if found[1] != "*" and found[1] not in types:
        raise ScopeError(f"no resource of type {found[1]} is served; known are {', '.join(sorted(types))}")
    letters = _OLDER.get(found[2], found[2])
    return found[1], frozenset(Right(letter) for letter in letters)


def may(scopes: Iterable[str], right: Right, type_: str, types: Iterable[str]) -> bool:
    """Whether one of these scopes gives this right on a type. Scopes that are no longer known give none."""
    for scope in scopes:
        try:
            of, given = rights(scope, types)
        except ScopeError:
            continue
        if of in ("*", type_) and right in given:
            return True
    return False
