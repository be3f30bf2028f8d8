"""Expressions to closures, checked on the way: names, functions, tables, paths and types; all problems, none raised."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from interface.fhir.path import PathError
from interface.ledger.noun import Noun
from interface.mapping import closure, condition, element, fhir_grammar, grammar, reader, selection
from interface.mapping.element import Looking, MismatchError
from interface.mapping.expression import (
    All,
    Among,
    Call,
    ElementPath,
    Equal,
    Expression,
    Fallback,
    Given,
    Literal,
    Name,
    Not,
    Part,
    Piped,
    Reference,
    Some,
)
from interface.mapping.function import Apply, Function, Setting
from interface.mapping.identifier import CHOICE_NAMES, TYPES_BY_FIELD, Naming, choice_reader
from interface.mapping.kind import Type, remedy
from interface.mapping.node import Mark, Node, Scalar
from interface.mapping.origin import fields, place_of, references, texts_given
from interface.mapping.problem import Findings, did_you_mean
from interface.mapping.reader import Chosen, Holds, Read
from interface.mapping.rules import SegmentUse
from interface.mapping.scope import UNSAID
from interface.mapping.segment import is_known, is_possible, what_there_is, what_was_meant
from interface.mapping.table import CodeTable
from interface.mapping.wrong import C, Wrong, each


@dataclass(frozen=True, slots=True)
class Language:
    """How the texts of a file are read."""

    parse_value: Callable[[str], Expression]
    parse_condition: Callable[[str], Expression]


HL7: Final = Language(grammar.parse_value, grammar.parse_condition)
FHIR: Final = Language(fhir_grammar.parse_value, fhir_grammar.parse_condition)


@dataclass(slots=True)
class ExpressionCompiler:
    """Compiles the expressions of one mapping. `names` are the plain names it may use, with their types."""

    names: Mapping[str, Type]
    functions: Mapping[str, Function]
    tables: Mapping[str, CodeTable]
    findings: Findings
    naming: Naming = field(default_factory=Naming)
    has_paths: bool = True
    uses: set[SegmentUse] = field(default_factory=set)  # the segments that paths look at
    identifier_fields: set[str] = field(default_factory=set)  # fields that are read as identifiers: PID-3
    first_read: dict[str, Mark] = field(default_factory=dict)  # where each segment is looked at first
    language: Language = HL7
    focus: frozenset[str] = frozenset()  # where FHIR is read: the types of the element in view
    noun: Noun | None = None  # whose number is wanted, where one is
    _node: Scalar | None = None  # in hand
    _chosen: str = ""  # the field whose repetitions a choice looks at: PID-3

    def value(self, node: Node, wanted: Type, allowed: Collection[str] = ()) -> Read | None:
        """A rule's value as `wanted`, or None when there was something wrong. `allowed`: the only texts it may give."""

        def build(tree: Expression) -> Read:
            if allowed:
                self._check_texts(tree, allowed)
            return self._value(tree, wanted)

        return self._compiled(node, self.language.parse_value, build)

    def condition(self, node: Node) -> Holds | None:
        """A condition, or None when there was something wrong."""
        return self._compiled(node, self.language.parse_condition, self._holds)

    def _compiled(self, node: Node, parse: Callable[[str], Expression], build: Callable[[Expression], C]) -> C | None:
        if not isinstance(node, Scalar):
            self.findings.add(node.mark, "not-an-expression", "an expression is wanted here", "write it on one line")
            return None
        if not node.text:
            self.findings.add(node.mark, "empty-value", "a rule is missing", "write an expression or remove the line")
            return None
        self._node = node
        try:
            return build(parse(node.text))
        except grammar.SyntaxFault as fault:
            self._add(node, fault.at, "malformed-expression", fault.text, fault.advice)
        except Wrong as wrong:
            self._add_all(node, wrong)
        return None

    def _add_all(self, node: Scalar, wrong: Wrong) -> None:
        self._add(node, wrong.at, wrong.rule, wrong.text, wrong.advice)
        for other in wrong.others:
            self._add_all(node, other)

    def fields(self, node: Node) -> list[tuple[str, Mark]]:
        """The fields (`PID-3`) that a rule's value comes from, each with its place; none of a rule that is malformed."""
        if not isinstance(node, Scalar):
            return []
        with suppress(grammar.SyntaxFault):
            paths = references(self.language.parse_value(node.text))
            return [(f"{one.segment}-{one.field}", node.text_mark.moved(one.at)) for one in paths]
        return []

    def _add(self, node: Scalar, at: int, rule: str, text: str, advice: str) -> None:
        mark: Mark = node.text_mark.moved(at)
        self.findings.add(mark, rule, text, advice)

    # ------------------------------------------------------------ values

    def _value(self, tree: Expression, wanted: Type) -> Read:
        match tree:
            case Fallback(options=options):
                read = closure.first_said(each(options, lambda option: self._value(option, wanted)))
            case Given(value=value, condition=given):
                # Both are looked at, also where one of them is wrong.
                works: list[Callable[[], Read]] = [lambda: self._value(value, wanted), lambda: self._holds(given)]
                read = closure.given(*each(works, lambda work: work()))
            case Reference():
                read = self._reference(tree, wanted)
            case ElementPath():
                read = self._on_path(lambda looking: element.read_of(tree.path, wanted, looking))
            case Piped():
                read = self._piped(tree, wanted)
            case Literal():
                read = self._literal(tree, wanted)
            case Name():
                read = self._name(tree, wanted)
            case Part():
                read = self._part(tree, wanted)
            case Equal() | Among() | All() | Some() | Not():
                self._check(Type.FLAG, wanted, tree.at)
                read = closure.as_flag(self._holds(tree))
        return read

    def _check_texts(self, tree: Expression, allowed: Collection[str]) -> None:
        """See that no literal and no table of a rule gives a text that its target does not take."""
        for text, at, source in texts_given(tree, self.tables):
            if text and text not in allowed:
                raise Wrong(at, "value-not-allowed", f"{source} gives `{text}`", did_you_mean(text, allowed))

    def _check(self, gives: Type, wanted: Type, at: int) -> None:
        if gives is not wanted:
            raise Wrong(at, "type-mismatch", f"this gives a {gives}, and a {wanted} is wanted", remedy(wanted))

    def _literal(self, literal: Literal, wanted: Type) -> Read:
        if wanted is Type.NUMBER and literal.text.isdecimal():
            number = int(literal.text)
            return lambda _scope: number
        self._check(Type.TEXT, wanted, literal.at)
        text = literal.text or UNSAID
        return lambda _scope: text

    def _name(self, name: Name, wanted: Type) -> Read:
        if self._chosen and name.name in CHOICE_NAMES:
            self._check(Type.TEXT, wanted, name.at)
            default_type = TYPES_BY_FIELD.get(self._chosen, "")
            return choice_reader(name.name, self._chosen, default_type, self.naming)
        gives = self.names.get(name.name)
        if gives is None:
            advice = did_you_mean(name.name, self.names)
            if name.name in CHOICE_NAMES and self.language is HL7:
                advice = f"it belongs into a choice, as PID-3[{name.name} = ...]"
            raise Wrong(name.at, "unknown-name", f"`{name.name}` is not a name here", advice)
        self._check(gives, wanted, name.at)
        key = name.name
        return lambda scope: scope.names.get(key) or UNSAID

    def _part(self, part: Part, wanted: Type) -> Read:
        self._check(Type.TEXT, wanted, part.at)
        component, subcomponent = part.component, part.subcomponent or 1
        return lambda scope: reader.part_of(scope.repetition, scope, component, subcomponent)

    def _piped(self, piped: Piped, wanted: Type) -> Read:
        functions = list(zip(piped.calls, each(piped.calls, self._function), strict=True))
        read = self._value(piped.source, functions[0][1].takes)
        place = place_of(piped.source)
        gives = functions[0][1].takes
        for call, function in functions:
            self._check(gives, function.takes, call.at)
            read = closure.applied(read, self._apply(call, function, place))
            gives = function.gives
            if gives is Type.IDENTIFIER:
                self.identifier_fields |= set(fields(piped.source))
        self._check(gives, wanted, piped.calls[-1].at)
        return read

    def _apply(self, call: Call, function: Function, place: str) -> Apply:
        return function.build(Setting(place, call.arguments, self.tables, self.naming))

    def _function(self, call: Call) -> Function:
        function = self.functions.get(call.name)
        if function is None:
            raise Wrong(
                call.at, "unknown-function", f"`{call.name}` is not a function", did_you_mean(call.name, self.functions)
            )
        if len(call.arguments) != len(function.parameters):
            form = f"{call.name}({', '.join(function.parameters)})" if function.parameters else call.name
            raise Wrong(call.at, "wrong-arguments", f"`{call.name}` has other arguments", f"write {form}")
        if function.parameters == ("name",) and call.arguments[0] not in self.tables:
            advice = did_you_mean(call.arguments[0], self.tables) or "add the file to mappings/tables"
            raise Wrong(call.at, "missing-table", f"there is no table `{call.arguments[0]}`", advice)
        if function.parameters == ("length",) and not call.arguments[0].isdecimal():
            raise Wrong(call.at, "wrong-arguments", "a length is a whole number", f"write {call.name}(10)")
        return function

    # ------------------------------------------------------------ paths

    def _on_path(self, build: Callable[[Looking], C]) -> C:
        try:
            return build(Looking(self.focus, self.naming, self.noun))
        except PathError as wrong:
            rule = "type-mismatch" if isinstance(wrong, MismatchError) else "impossible-path"
            raise Wrong(wrong.at, rule, wrong.text, wrong.advice) from None

    def _reference(self, path: Reference, wanted: Type) -> Read:
        if not self.has_paths:
            raise Wrong(path.at, "path-not-here", "an outgoing rule reads names, not paths", "as payment.wire_id")
        self._look_at(path)
        if wanted in (Type.IDENTIFIER, Type.FIELD):
            if path.component is not None:
                raise Wrong(path.at, "type-mismatch", f"{path} is a part, and a {wanted} is wanted", remedy(wanted))
            return self._identifier(path) if wanted is Type.IDENTIFIER else self._element(path)
        self._check(Type.TEXT, wanted, path.at)
        if not path.choice and not path.is_only and path.repetition in (None, 1) and path.subcomponent in (None, 1):
            if path.component is None:
                return reader.plain(_segment(path), path.field)
            return reader.component_of(_segment(path), path.field, path.component)
        return reader.leaf(self._element(path), path.component or 1, path.subcomponent or 1)

    def _look_at(self, path: Reference) -> None:
        """See that the path can lead somewhere, and note the segment."""
        if not is_known(path.segment):
            raise Wrong(path.at, "unknown-segment", f"HL7 has no segment {path.segment}", what_was_meant(str(path)))
        if not is_possible(path.segment, path.field):
            raise Wrong(path.at, "impossible-path", f"{path} does not exist", _advice(path))
        self.uses.add(SegmentUse(_segment(path), path.segment, path.occurrence or 1))
        assert self._node is not None, "a path is read out of a rule"
        self.first_read.setdefault(path.segment, self._node.text_mark.moved(path.at))
        if 0 in (path.occurrence, path.repetition, path.component, path.subcomponent):
            raise Wrong(path.at, "impossible-path", f"{path} counts from 0", "HL7 counts from 1")

    def _element(self, path: Reference) -> Read:
        if path.is_only:
            return reader.only(_segment(path), path.field)
        choice = self._choice(path)
        if choice:
            return reader.chosen(_segment(path), path.field, choice)
        return reader.whole(_segment(path), path.field, repetition=path.repetition or 1)

    def _choice(self, path: Reference) -> Chosen | None:
        if not path.choice:
            return None
        outer, self._chosen = self._chosen, f"{path.segment}-{path.field}"
        try:
            return condition.of_repetition(self._holds(path.choice))
        finally:
            self._chosen = outer

    def _identifier(self, path: Reference) -> Read:
        read_one = self._read_identifier(path)
        if path.repetition:
            return closure.applied(self._element(path), read_one)
        return selection.singled_out(_segment(path), path.field, read_one, self._choice(path), is_only=path.is_only)

    def _read_identifier(self, path: Reference) -> Apply:
        (place,) = fields(path)
        self.identifier_fields.add(place)
        return self.functions["identifier"].build(Setting(place, (), self.tables, self.naming))

    def identifiers(self, node: Node) -> Read | None:
        """All identifiers of a field that fit a choice, as rows."""
        return self._compiled(node, self.language.parse_value, self._identifiers)

    def _identifiers(self, tree: Expression) -> Read:
        if isinstance(tree, ElementPath):
            return self._on_path(lambda looking: element.identifiers_of(tree.path, looking))
        if not isinstance(tree, Reference) or tree.component is not None:
            raise Wrong(tree.at, "type-mismatch", "a list of identifiers is wanted", "as PID-3[.5 != 'MR']")
        self._look_at(tree)
        read_one = self._read_identifier(tree)
        return selection.listed(_segment(tree), tree.field, read_one, self._choice(tree))

    # ------------------------------------------------------------ conditions

    def _holds(self, tree: Expression) -> Holds:
        holds: Holds
        match tree:
            case Equal(left=left, right=right, is_negated=is_negated):
                one, other = self._compared((left, right))
                if isinstance(right, Literal) and not self._is_folded((left,)):
                    holds = condition.equals(one, right.text, is_negated=is_negated)
                else:
                    holds = condition.equal(one, other, is_negated=is_negated)
            case Among(left=left, options=options, is_negated=is_negated):
                one, *others = self._compared((left, *options))
                holds = condition.among(one, others, is_negated=is_negated)
            case All(parts=parts):
                holds = condition.all_of(each(parts, self._holds))
            case Some(parts=parts):
                holds = condition.some_of(each(parts, self._holds))
            case Not(part=part):
                holds = condition.negated(self._holds(part))
            case ElementPath():
                holds = self._on_path(lambda looking: element.holds_of(tree.path, looking))
            case _:
                holds = self._text(tree)
        return holds

    def _text(self, tree: Expression) -> Read:
        return self._value(tree, Type.TEXT)

    def _compared(self, trees: Sequence[Expression]) -> list[Read]:
        """The sides of a comparison; an assigning authority is compared without regard to case."""
        reads = each(trees, self._text)
        if not self._is_folded(trees):
            return reads
        return [read if _is_authority(tree) else closure.folded(read) for tree, read in zip(trees, reads, strict=True)]

    def _is_folded(self, trees: Sequence[Expression]) -> bool:
        return bool(self._chosen) and any(map(_is_authority, trees))


def _is_authority(tree: Expression) -> bool:
    return isinstance(tree, Name) and tree.name == "authority"


def _segment(path: Reference) -> str:
    return path.segment if path.occurrence in (None, 1) else f"{path.segment}[{path.occurrence}]"


def _advice(path: Reference) -> str:
    return what_there_is(path.segment) if path.field else "HL7 counts from 1"
