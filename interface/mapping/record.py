"""A mapping compiled a second time, so that it tells what each rule did.

The closures are those that production runs, made by the same compiler; here each is wrapped in one that notes what it was given
and what it gave. So what is told of a message can never differ from what becomes of it, and production pays nothing for it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from interface.errors import InterfaceError
from interface.fhir.path import Path
from interface.fhir.step import Walk
from interface.mapping.compile import ExpressionCompiler
from interface.mapping.compiler import compile_mapping
from interface.mapping.element import Looking, compiled
from interface.mapping.expression import All, Among, Call, ElementPath, Equal, Expression, Not, Reference, Some
from interface.mapping.function import Apply, Function
from interface.mapping.kind import Type
from interface.mapping.node import Block, Node, Scalar
from interface.mapping.problem import Findings
from interface.mapping.reader import Chosen, Holds, Read
from interface.mapping.scope import UNSAID, Said, Scope
from interface.mapping.table import CodeTable, Miss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interface.mapping.mapping import Mapping as Compiled

_CONDITIONS = (Equal, Among, All, Some, Not)  # what `_value` hands on to `_holds`, where it is noted


@dataclass(frozen=True, slots=True)
class Tried:
    """A repetition held against a choice."""

    condition: Expression


@dataclass(slots=True)
class Step:
    """One part of a rule at work: what it is, what it was given, what it gave, and the parts that it asked, in order.

    `given` is a path's whole field as sent (None without its segment), a choice's or an identifier's repetition, or what a
    function was handed. `parts` are the repetitions of such a field. `place` is the group in view, as FT1[2].
    """

    part: Scalar | Expression | Call | Tried
    place: str = ""
    given: Any = ""
    parts: tuple[str, ...] = ()
    value: Said = UNSAID
    type: Type | None = None  # of a rule and of a function: what it gives
    note: str = ""  # the row of a table that was met; of a FHIRPath that found nothing, as far as it goes
    steps: "list[Step]" = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    failure: InterfaceError | None = None


@dataclass(slots=True)
class Tape:
    """What the rules did, in order, since it was last cleared. For one message at a time."""

    rules: list[Step] = field(default_factory=list)
    _open: list[Step] = field(default_factory=list)

    def clear(self) -> None:
        self.rules.clear()
        self._open.clear()

    @contextmanager
    def noting(self, step: Step, scope: Scope) -> "Iterator[Step]":
        """Keep a step below the one that is at work, with the warnings and the failure that come meanwhile."""
        (self._open[-1].steps if self._open else self.rules).append(step)
        self._open.append(step)
        before = len(scope.warnings)
        try:
            yield step
        except InterfaceError as failure:
            step.failure = failure
            raise
        finally:
            step.warnings = tuple(scope.warnings[before:])
            self._open.pop()

    def kept(self, part: Scalar | Expression, work: Read, gives: Type | None = None) -> Read:
        """The same closure, noted whenever it runs."""

        def noted(scope: Scope) -> Said:
            step = Step(part, scope.place, type=gives)
            if isinstance(part, Reference):
                step.given = _field(part, scope)
                step.parts = _repetitions(part, step.given or "", scope)
            with self.noting(step, scope):
                step.value = work(scope)
            return step.value

        return noted

    def kept_path(self, tree: ElementPath, work: Read, ways: Sequence[tuple[str, Walk]]) -> Read:
        """The same FHIRPath, noted with the first of its steps (`ways`) that finds nothing."""

        def noted(scope: Scope) -> Said:
            with self.noting(Step(tree, scope.place), scope) as step:
                step.value = work(scope)
            if step.value is UNSAID:
                step.note = next((text for text, walk in ways if not walk([scope.node], scope.resource)), "")
            return step.value

        return noted

    def kept_apply(self, call: Call, work: Apply, gives: Type, note: Callable[[str], str]) -> Apply:
        """The same function of a pipe, noted whenever it runs."""

        def noted(given: str, scope: Scope) -> Said:
            with self.noting(Step(call, scope.place, given, type=gives, note=note(given)), scope) as step:
                step.value = work(given, scope)
            return step.value

        return noted

    def kept_choice(self, condition: Expression, work: Chosen) -> Chosen:
        """The same choice, noted for each repetition."""

        def noted(er7: str, scope: Scope) -> object:
            with self.noting(Step(Tried(condition), scope.place, er7), scope) as step:
                step.value = work(er7, scope)
            return step.value

        return noted


def _field(path: Reference, scope: Scope) -> str | None:
    key = path.segment if path.occurrence in (None, 1) else f"{path.segment}[{path.occurrence}]"
    fields = scope.fields.get(key)
    if fields is None or fields == [""]:  # the latter: a member that a group lacks
        return None
    return fields[path.field] if path.field < len(fields) else ""


def _repetitions(path: Reference, field_text: str, scope: Scope) -> tuple[str, ...]:
    is_verbatim = path.segment == "MSH" and path.field <= 2
    return (field_text,) if is_verbatim else tuple(field_text.split(scope.delimiters.repetition))


@dataclass
class RecordingCompiler(ExpressionCompiler):
    """Compiles as production does, and wraps whatever comes out."""

    tape: Tape = field(default_factory=Tape)

    def value(self, node: Node, wanted: Type, allowed: Collection[str] = ()) -> Read | None:
        """A rule's value, noted."""
        return self._kept_rule(node, super().value(node, wanted, allowed), wanted)

    def condition(self, node: Node) -> Holds | None:
        """A condition, noted."""
        return self._kept_rule(node, super().condition(node), Type.FLAG)

    def identifiers(self, node: Node) -> Read | None:
        """A list of identifiers, noted."""
        return self._kept_rule(node, super().identifiers(node), Type.IDENTIFIER)

    def _kept_rule(self, node: Node, work: Read | None, gives: Type) -> Read | None:
        return self.tape.kept(node, work, gives) if work is not None and isinstance(node, Scalar) else work

    def _value(self, tree: Expression, wanted: Type) -> Read:
        read = super()._value(tree, wanted)
        if isinstance(tree, ElementPath):
            return self._kept_path(tree, read)
        return read if isinstance(tree, _CONDITIONS) else self.tape.kept(tree, read)

    def _holds(self, tree: Expression) -> Holds:
        holds = super()._holds(tree)
        if isinstance(tree, ElementPath):
            return self._kept_path(tree, holds)
        return self.tape.kept(tree, holds) if isinstance(tree, _CONDITIONS) else holds

    def _kept_path(self, tree: ElementPath, work: Read) -> Read:
        path, looking = tree.path, Looking(self.focus, self.naming)
        ways = [replace(path, steps=path.steps[:number]) for number in range(len(path.steps) + 1)]
        return self.tape.kept_path(
            tree, work, [(str(way), compiled(way, looking).walk) for way in ways if _is_whole(way)]
        )

    def _identifiers(self, tree: Expression) -> Read:
        if isinstance(tree, ElementPath):
            return self._kept_path(tree, super()._identifiers(tree))
        return self.tape.kept(tree, super()._identifiers(tree))

    def _choice(self, path: Reference) -> Chosen | None:
        choice = super()._choice(path)
        return self.tape.kept_choice(path.choice, choice) if choice and path.choice else choice

    def _read_identifier(self, path: Reference) -> Apply:
        call = Call("identifier", (), path.at)
        return self.tape.kept_apply(call, super()._read_identifier(path), Type.IDENTIFIER, lambda _er7: "")

    def _apply(self, call: Call, function: Function, place: str) -> Apply:
        apply = super()._apply(call, function, place)
        table = self.tables[call.arguments[0]] if call.name == "table" else None
        return self.tape.kept_apply(call, apply, function.gives, lambda code: row_met(table, code) if table else "")


def _is_whole(path: Path) -> bool:
    return bool(path.steps or path.type)


def row_met(table: CodeTable, code: str) -> str:
    """Which row of a table a code meets, and where it stands."""
    if code in table.rows:
        return f"{table.file}:{table.lines.get(code, 1)}"
    at = f"{table.file}:{table.lines.get('*', 1)}"
    match table.miss:
        case Miss.DEFAULT:
            return f"not listed; the row * at {at} counts"
        case Miss.KEEP:
            return f"not listed; the row * at {at} keeps it"
        case Miss.REFUSE:
            meanings = ", ".join(sorted(filter(None, table.outputs()))[:8])
            return f"not listed, and the row * at {at} refuses it; add a row `{code},` with one of {meanings}"


def compile_recording(
    name: str, files: Mapping[str, Block | None], tables: Mapping[str, CodeTable], findings: Findings, tape: Tape
) -> "Compiled | None":
    """The mapping as `compile_mapping` makes it, with every rule noted on `tape`."""
    return compile_mapping(name, files, tables, findings, partial(RecordingCompiler, tape=tape))
