"""The compiled parts of an incoming mapping: which rules fill which part of a reading, and the groups of segments they walk."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from interface.fhir import step
from interface.hl7.parser import Message
from interface.mapping.identifier import Naming
from interface.mapping.reader import Holds, Read
from interface.mapping.scope import UNSAID, Scope

Fields = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """A segment that rules look at: `key` as rules name it (`GT1`, `GT1[2]`)."""

    key: str
    name: str
    occurrence: int


@dataclass(frozen=True, slots=True)
class Walk:
    """Segments taken one group after the other: each begins at the first name and holds the first of every other one.

    With an `outer` name (`PID > MRG, PV1`) each group also holds the last outer segment before it; an outer segment without a
    group of its own is one alone.
    """

    names: tuple[str, ...]
    outer: str = ""

    @property
    def name(self) -> str:
        """What is walked."""
        return self.names[0]

    def scopes(self, message: Message, scope: Scope, own: Iterable[str] | None = None) -> Iterator[Scope]:
        """One scope for each group. `own`: segments that each group has behind it, as in a DFT^P11."""
        for fields, place in self.groups(message) if own is None else self.enclosing(message, own):
            yield scope.within(fields, place)

    def groups(self, message: Message) -> Iterator[tuple[Fields, str]]:
        """The split fields of each group by segment name, and its place (`FT1[2]`)."""
        first = self.names[0]
        if self.outer:
            yield from self._within_outer(message)
            return
        if len(self.names) == 1:
            for number, segment in enumerate(message.segments(first), start=1):
                yield {first: segment.fields()}, f"{first}[{number}]"
            return
        others = {name: [""] for name in self.names[1:]}
        group: Fields = {}
        number = 0
        for segment in message.all_segments():
            if segment.name == first:
                if group:
                    yield group, f"{first}[{number}]"
                number += 1
                # A member that is missing must not be read from an earlier group.
                group = {**others, first: segment.fields()}
            elif group and group.get(segment.name) == [""]:
                group[segment.name] = segment.fields()
        if group:
            yield group, f"{first}[{number}]"

    def _within_outer(self, message: Message) -> Iterator[tuple[Fields, str]]:
        empty: Fields = {name: [""] for name in self.names}
        group: Fields = {}
        number = 0
        for segment in message.all_segments():
            is_outer, is_first = segment.name == self.outer, segment.name == self.names[0]
            if is_outer or (is_first and group and group[self.names[0]] != [""]):
                if group:
                    yield group, f"{self.outer}[{number}]"
                number += is_outer
                group = {**empty, self.outer: segment.fields() if is_outer else group[self.outer]}
            if not is_outer and group and group.get(segment.name) == [""]:
                group[segment.name] = segment.fields()
        if group:
            yield group, f"{self.outer}[{number}]"

    def enclosing(self, message: Message, names: Iterable[str]) -> Iterator[tuple[Fields, str]]:
        """As `groups`, where each holds the first of any segment behind it, and else what stands before the first group."""
        first, wanted = self.names[0], set(names)
        head: Fields = {name: [""] for name in wanted}
        group: Fields = {}
        own: set[str] = set()
        number = 0
        for segment in message.all_segments():
            if segment.name == first:
                if group:
                    yield group, f"{first}[{number}]"
                number, own = number + 1, set()
                group = {**head, first: segment.fields()}
            elif segment.name in wanted and segment.name not in own:
                if group or head[segment.name] == [""]:
                    (group or head)[segment.name] = segment.fields()
                if group:
                    own.add(segment.name)
        if group:
            yield group, f"{first}[{number}]"


@dataclass(frozen=True, slots=True)
class Elements:
    """Elements of a FHIR resource taken one after the other: `paths` are FHIRPath with what they find."""

    paths: tuple[tuple[str, step.Walk], ...] = ()

    @property
    def name(self) -> str:
        """What is walked."""
        return ", ".join(text for text, _ in self.paths)

    def scopes(self, _message: object, scope: Scope, _own: object = None) -> Iterator[Scope]:
        """One scope for each element, its place numbered as FHIRPath counts."""
        for text, walk in self.paths:
            for number, node in enumerate(walk([scope.node], scope.resource)):
                yield scope.at(node, f"{text}[{number}]" if "." in text else text)


@dataclass(frozen=True, slots=True)
class NounRules:
    """Rules for the fields of one noun, by the group in which they win or lose together."""

    groups: tuple[tuple[str, tuple[tuple[str, Read], ...]], ...] = ()
    when: Holds | None = None

    def read(self, scope: Scope) -> dict[str, dict[str, Any]]:
        """What is said, group by group; `None` clears."""
        said: dict[str, dict[str, Any]] = {}
        if self.when is not None and not self.when(scope):
            return said
        for group, rules in self.groups:
            values = {}
            for name, read in rules:
                value = read(scope)
                if value is not UNSAID:
                    values[name] = value
            if values:
                said[group] = values
        return said


@dataclass(frozen=True, slots=True)
class ListRules:
    """Rules for each group of a walk: guarantors, coverages, identities, transactions."""

    walk: Walk | Elements
    rules: Mapping[str, Read] = field(default_factory=dict)
    when: Holds | None = None
    noun: NounRules = NounRules()

    def scopes(self, message: Any, scope: Scope, *, own: Iterable[str] | None = None) -> Iterator[Scope]:
        """One scope for each group that the condition takes."""
        for inner in self.walk.scopes(message, scope, own):
            if self.when is None or self.when(inner):
                yield inner

    def values(self, scope: Scope) -> dict[str, Any]:
        """What the rules say of one group."""
        said = {}
        for name, read in self.rules.items():
            value = read(scope)
            if value is not UNSAID:
                said[name] = value
        return said


@dataclass(frozen=True, slots=True)
class FlatRules:
    """Rules for one thing that is no noun: a stated balance."""

    rules: Mapping[str, Read] = field(default_factory=dict)
    when: Holds | None = None

    def read(self, scope: Scope) -> dict[str, Any]:
        """What is said; nothing at all when the condition does not hold."""
        if self.when is not None and not self.when(scope):
            return {}
        said = {}
        for name, rule in self.rules.items():
            value = rule(scope)
            if value is not UNSAID:
                said[name] = value
        return said


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that an incoming mapping says, compiled. `visits`: where an account's several visits stand."""

    identifiers: Mapping[str, Read] = field(default_factory=dict)
    patient: NounRules = NounRules()
    account: NounRules = NounRules()
    encounter: NounRules = NounRules()
    coverages: ListRules | None = None
    guarantors: ListRules | None = None
    identities: ListRules | None = None
    transactions: ListRules | None = None
    balance: FlatRules | None = None
    visits: Walk | Elements = Walk(("PV1", "PV2"))
    naming: Naming = field(default_factory=Naming)
