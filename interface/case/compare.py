"""What was expected beside what happened: every difference with its path and the line of the expectation.

What is not written must not have happened: an edit that changes something nobody thought of is what a case is there to find.
Where a case says `others: any`, what is not written there and below is not looked at.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interface.case.case import ANY, OTHERS, Er7, Outcome, Told
from interface.case.er7 import leaves
from interface.errors import MessageError
from interface.mapping.node import Block, Listing, Mark, Node, Scalar

NOTHING = "~"  # a value that is written for nothing
ANYTHING = "*"  # a field of a message that may hold anything
_POSITIVE = ("AA", "CA", "200", "201")
_WORD = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `path` as `guarantors[G3001].phone`; None stands for nothing; `mark` is where the expectation is."""

    path: str
    expected: str | None
    got: str | None
    mark: Mark


def compare(expected: Block, got: Outcome) -> list[Difference]:
    """Every difference of one step. A state that is not written is `processed`, an answer that is not written a positive one."""
    plain = {key: value for key, value in got.items() if key in expected.entries or not _is_plain(key, value)}
    return list(_tables(expected, plain, "", is_loose=False))


def compare_plain(mark: Mark, got: Outcome) -> list[Difference]:
    """Of a step without an expectation: that it was processed."""
    state = got.get("state")
    return [] if state == "processed" else [Difference("state", "processed", _text(state), mark)]


def _is_plain(key: str, value: Told) -> bool:
    return (key, value) == ("state", "processed") or (key == "answer" and value in _POSITIVE)


def _tables(expected: Block, got: Mapping[str, Told], path: str, *, is_loose: bool) -> Iterator[Difference]:
    is_loose = is_loose or expected.text(OTHERS) == ANY
    for key, entry in expected.entries.items():
        if key != OTHERS:
            yield from _values(entry.node, got.get(key), _under(path, key), is_loose=is_loose)
    if not is_loose:
        for key in [key for key in got if key not in expected.entries]:
            yield from _unexpected(got[key], _under(path, key), expected.mark)


def _values(expected: Node, got: Told, path: str, *, is_loose: bool) -> Iterator[Difference]:
    match expected:
        case Block() if isinstance(got, Mapping):
            yield from _tables(expected, got, path, is_loose=is_loose)
        case Block(entries=entries) if got is None:
            for key, entry in entries.items():
                if key != OTHERS:
                    yield from _values(entry.node, None, _under(path, key), is_loose=is_loose)
        case Listing() if isinstance(got, Sequence) and not isinstance(got, str):
            yield from _lists(expected, got, path, is_loose=is_loose)
        case Listing(items=items) if got is None:
            for number, item in enumerate(items, start=1):
                yield from _values(item, None, f"{path}[{number}]", is_loose=is_loose)
        case Scalar(text=text, mark=mark) if isinstance(got, Er7):
            yield from _messages(text, got, path, mark, is_loose=is_loose)
        case Scalar() if got is None or isinstance(got, str):
            wanted = None if expected.text == NOTHING and not expected.is_quoted else expected.text
            if wanted != got:
                yield Difference(path, wanted, got, expected.mark)
        case _:
            yield Difference(path, _shown(expected), _text(got), expected.mark)


def _lists(expected: Listing, got: Sequence[Told], path: str, *, is_loose: bool) -> Iterator[Difference]:
    for number, item in enumerate(expected.items, start=1):
        there = got[number - 1] if number <= len(got) else None
        yield from _values(item, there, f"{path}[{number}]", is_loose=is_loose)
    if not is_loose:
        for number in range(len(expected.items), len(got)):
            yield from _unexpected(got[number], f"{path}[{number + 1}]", expected.mark)


def _messages(expected: str, got: Er7, path: str, mark: Mark, *, is_loose: bool) -> Iterator[Difference]:
    try:
        wanted = leaves(expected)
    except MessageError:
        yield Difference(path, "a message that begins with MSH", "a message", mark)
        return
    there = leaves(got)
    for place in dict.fromkeys((*wanted, *there)):
        left, right = wanted.get(place), there.get(place)
        whole = place.partition(".")[0]
        if left == right or ANYTHING in (left, wanted.get(whole)) or (is_loose and left is None):
            continue
        yield Difference(f"{path}.{place}", left, right, mark)


def _unexpected(got: Told, path: str, mark: Mark) -> Iterator[Difference]:
    match got:
        case Mapping():
            for key, value in got.items():
                yield from _unexpected(value, _under(path, key), mark)
        case str() | None:
            yield Difference(path, None, got, mark)
        case _:
            for number, value in enumerate(got, start=1):
                yield from _unexpected(value, f"{path}[{number}]", mark)


def _under(path: str, key: str) -> str:
    if not path:
        return key
    return f"{path}.{key}" if _WORD.fullmatch(key) else f"{path}[{key}]"


def _text(told: Told) -> str | None:
    match told:
        case None | str():
            return told
        case Mapping():
            return "a table"
        case _:
            return "a list"


def _shown(node: Node) -> str:
    match node:
        case Scalar(text=text):
            return text
        case Listing():
            return "a list"
        case Block():
            return "a table"
