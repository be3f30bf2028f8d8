"""Which rules of the mappings gave something, and which rows of code tables were asked for: a compiler whose closures note the
place of their rule, tables that note the row, and the list of all rules.

The closures are those of production with a note around them; what production itself runs is compiled without.
"""

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from interface.mapping.compile import ExpressionCompiler
from interface.mapping.extend import resolved
from interface.mapping.kind import Type
from interface.mapping.node import Block, Listing, Mark, Node, Scalar
from interface.mapping.problem import Findings
from interface.mapping.reader import Holds, Read
from interface.mapping.scope import UNSAID, Said, Scope
from interface.mapping.table import ANY, CodeTable

_NO_RULES = frozenset({"mapping", "about", "extends", "direction", "format", "message", "version"})
_NO_VALUES = frozenset(
    {"each", "authorities", "types", "references", "unmasked"}
)  # of sections: what shapes them, without a value


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """A line of a mapping: where it stands, and what it is called, as `patient.family` or `events.ADT^A08`."""

    mark: Mark
    name: str


@dataclass(slots=True)
class Exercised:
    """The marks of rules that gave a value, or whose condition was asked and decided, and of rows that were looked up."""

    marks: set[Mark] = field(default_factory=set)

    def compiler(self, *args: Any, **options: Any) -> "Noting":
        """A compiler of single rules that notes here what they give; to be handed to `load`."""
        made = Noting(*args, **options)
        made.noted = self.marks
        return made

    def table(self, read: CodeTable) -> CodeTable:
        """The table, noting here which of its rows are looked up; to be handed to `load`."""
        return NotingTable(read.name, read.file, read.rows, read.miss, read.default, read.lines, self.marks)


@dataclass(frozen=True, slots=True)
class NotingTable(CodeTable):
    """A code table, and a note for each row that a code leads to; for one that is not listed, of the row `*`."""

    noted: set[Mark] = field(default_factory=set, compare=False)

    def look_up(self, code: str, scope: Scope, place: str) -> str:
        """As the table does."""
        if line := self.lines.get(code if code in self.rows else ANY):
            self.noted.add(Mark(self.file, line))
        return CodeTable.look_up(self, code, scope, place)


@dataclass(slots=True)
class Noting(ExpressionCompiler):
    """The compiler, and a note for each rule that gives something."""

    noted: set[Mark] = field(default_factory=set)

    def value(self, node: Node, wanted: Type, allowed: Collection[str] = ()) -> Read | None:
        """A rule's value."""
        return self._noting(node, ExpressionCompiler.value(self, node, wanted, allowed))

    def identifiers(self, node: Node) -> Read | None:
        """All identifiers of a field that fit."""
        return self._noting(node, ExpressionCompiler.identifiers(self, node))

    def condition(self, node: Node) -> Holds | None:
        """A condition: it has decided once it was asked."""
        holds = ExpressionCompiler.condition(self, node)
        if holds is None:
            return None
        found, mark, noted = holds, node.mark, self.noted

        def decided(scope: Scope) -> object:
            noted.add(mark)
            return found(scope)

        return decided

    def _noting(self, node: Node, read: Read | None) -> Read | None:
        return None if read is None else partial(_noted, read, node.mark, self.noted)


def _noted(read: Read, mark: Mark, noted: set[Mark], scope: Scope) -> Said:
    value = read(scope)
    if value is not UNSAID:
        noted.add(mark)
    return value


def rules_of(files: Mapping[str, Block | None]) -> set[Rule]:
    """Every rule that some mapping of HL7 runs, inherited ones where they stand; what a file takes away or replaces is none.

    Mappings that read FHIR are left out: the cases beside them show what they do, and do not yet exercise every rule.
    """
    return {
        rule
        for name in files
        if (whole := resolved(name, files, Findings())) is not None and whole.block.text("format") in ("", "hl7")
        for rule in _rules(whole.block, "")
    }


def _rules(block: Block, path: str) -> Iterator[Rule]:
    for key, entry in block.entries.items():
        name = f"{path}.{key}" if path else key
        if key in (_NO_VALUES if path else _NO_RULES):
            continue
        if path == "events":
            yield Rule(entry.mark, name)
        elif isinstance(entry.node, Block):
            yield from _rules(entry.node, name)
        elif isinstance(entry.node, Scalar):
            yield Rule(entry.node.mark, name)
        else:
            assert isinstance(entry.node, Listing), "the third kind of node"


def event_marks(files: Mapping[str, Block | None], mapping: str, kinds: AbstractSet[str]) -> set[Mark]:
    """Where these events (`ADT^A08`) stand for a mapping; those that it does not list are left out."""
    whole = resolved(mapping, files, Findings()) if mapping in files else None
    section = whole.block.node("events") if whole is not None else None
    if not isinstance(section, Block):
        return set()
    return {entry.mark for kind, entry in section.entries.items() if kind in kinds}
