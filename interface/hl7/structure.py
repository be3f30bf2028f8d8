"""The order of segments held against the standard's message structure (HL7 v2.5.1 section 2.12): what is missing or stands wrong.

A structure is hl7apy's: a sequence of segments and groups, each with how often it may and must occur.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_MOST_OUT_OF_PLACE: Final = 20  # then the structure is another one, and more of it tells nothing


@dataclass(frozen=True, slots=True)
class Part:
    """One segment or group of a structure; `most` -1: any number. A `is_choice` group holds one of its parts."""

    name: str
    least: int
    most: int
    parts: "tuple[Part, ...]" = ()
    is_choice: bool = False

    def begins_with(self, segment: str) -> bool:
        """Whether an occurrence of it may begin with this segment."""
        if not self.parts:
            return self.name == segment
        for part in self.parts:
            if part.begins_with(segment):
                return True
            if part.least and not self.is_choice:
                return False
        return False

    def names(self) -> Iterator[str]:
        """Every segment that may stand in it."""
        if not self.parts:
            yield self.name
        for part in self.parts:
            yield from part.names()


@dataclass(slots=True)
class Fit:
    """How segments fit: indexes of those that are unknown to the structure, out of place, or too many; names of those missing.

    A missing one is told with the group that lacks it, as (`IN1`, `INSURANCE`); the group is empty at the top.
    """

    unknown: list[int] = field(default_factory=list)
    misplaced: list[int] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)


def part_of(name: str, reference: Any, cardinality: tuple[int, int] = (1, 1)) -> Part:
    """A structure out of hl7apy's reference of a message or group."""
    parts = tuple(
        part_of(child, inner, often) if kind == "GRP" else Part(child, *often)
        for child, inner, often, kind in reference[1]
    )
    return Part(name, *cardinality, parts, is_choice=reference[0] == "choice")


def fit(structure: Part, segments: Sequence[str]) -> Fit:
    """Hold the names of a message's segments against its structure."""
    known = frozenset(structure.names())
    found = Fit(unknown=[at for at, name in enumerate(segments) if name not in known])
    left = [at for at in range(len(segments)) if segments[at] in known]
    while True:
        walk = _Walk(segments, left)
        walk.take(structure)
        if walk.at == len(left) or len(found.misplaced) + len(found.surplus) == _MOST_OUT_OF_PLACE:
            break
        before = segments[left[walk.at - 1]] if walk.at else ""
        at = left.pop(walk.at)
        (found.surplus if segments[at] == before else found.misplaced).append(at)
    moved = {segments[at] for at in found.misplaced}
    # One that stands in the wrong place is told as that, not as missing, too.
    found.missing = [(name, group) for name, group in walk.missing if name not in moved]
    return found


@dataclass(slots=True)
class _Walk:
    segments: Sequence[str]
    left: list[int]
    at: int = 0
    missing: list[tuple[str, str]] = field(default_factory=list)

    def next(self) -> str:
        """The name of the segment that is looked at; empty behind the last one."""
        return self.segments[self.left[self.at]] if self.at < len(self.left) else ""

    def take(self, group: Part, inside: str = "") -> None:
        """One occurrence of a group."""
        for part in group.parts:
            if not group.is_choice:
                self._take_all(part, inside)
            elif part.begins_with(self.next()):
                self._take_all(part, inside)
                return

    def _take_all(self, part: Part, inside: str) -> None:
        count = 0
        while count != part.most and self.next() and part.begins_with(self.next()):
            count += 1
            if part.parts:
                self.take(part, part.name)
            else:
                self.at += 1
        if count < part.least:
            self.missing.append((next(part.names()), part.name if part.parts else inside))
