"""Mapping files of `format: fhir` compiled: the same sections and targets, whose rules read FHIRPath; events are resources."""

from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from typing import Final

from interface.fhir.path import PathError, compile_path
from interface.fhir.structure import resources
from interface.ledger.noun import Noun
from interface.mapping import closure
from interface.mapping.compile import FHIR, ExpressionCompiler
from interface.mapping.compiler import MEANINGS, SectionCompiler
from interface.mapping.extend import found_without, resolved
from interface.mapping.fhir_function import FHIR_FUNCTIONS
from interface.mapping.fhir_grammar import parse_path
from interface.mapping.fhir_mapping import FhirEvent, FhirMapping, is_rule, own_number
from interface.mapping.grammar import SyntaxFault
from interface.mapping.identifier import Naming
from interface.mapping.kind import Type
from interface.mapping.node import Block, Entry, Scalar
from interface.mapping.problem import Findings, did_you_mean
from interface.mapping.rules import Elements, ListRules, Rules, Walk
from interface.mapping.table import CodeTable
from interface.mapping.target import FHIR_NAMES, Target

FORMATS: Final = ("hl7", "fhir")
REFERENCES: Final = "references"
EVENT_TIME: Final = "event_time"
INTERACTIONS: Final = ("create", "update", "delete")
_OWN: Final = {"patient": Noun.PATIENT, "account": Noun.ACCOUNT, "visit": Noun.ENCOUNTER}


def format_of(name: str, files: Table[str, Block | None]) -> str:
    """What a mapping reads, its own word or an inherited one: hl7 where none is said."""
    found = resolved(name, files, Findings())
    return (found.block.text("format") if found is not None else "") or FORMATS[0]


def compile_fhir(
    name: str,
    files: Table[str, Block | None],
    tables: Table[str, CodeTable],
    findings: Findings,
    expressions: Callable[..., ExpressionCompiler] = ExpressionCompiler,
) -> FhirMapping | None:
    """Compile the mapping `name`, as `compile_mapping` does those of HL7."""
    found = resolved(name, files, findings)
    if found is None:
        return None
    inside = Findings()
    single = expressions({one: type_ for one, (type_, _) in FHIR_NAMES.items()}, FHIR_FUNCTIONS, tables, inside)
    single.language = FHIR
    compiler = _Compiler(tables, inside, single, heads=(EVENT_TIME,), naming_keys=("authorities", "types", REFERENCES))
    rules = compiler.rules(found.block)  # first: the tables of types and authorities are named there
    events = compiler.fhir_events(found.block)
    event_time = found.block.node(EVENT_TIME)
    happened = single.value(event_time, Type.INSTANT) if event_time is not None else None
    found_without(found, findings, inside)
    if inside.problems or not found.is_whole:
        return None
    return FhirMapping(name, events, rules, happened)


@dataclass(slots=True)
class _Compiler(SectionCompiler):
    def fhir_events(self, block: Block) -> dict[str, FhirEvent]:
        """`Patient: update-person`, `Patient create: add-person`, `Encounter: RULE` that gives a meaning."""
        section = block.node("events")
        if not isinstance(section, Block):
            self.findings.add(block.mark, "events-missing", "the mapping lists no events", "add a section `events:`")
            return {}
        found = {kind: self._fhir_event(kind, entry) for kind, entry in section.entries.items()}
        return {kind: event for kind, event in found.items() if event is not None}

    def _fhir_event(self, kind: str, entry: Entry) -> FhirEvent | None:
        type_, _, interaction = kind.partition(" ")
        if type_ not in resources():
            advice = did_you_mean(type_, resources())
            self.findings.add(entry.mark, "malformed-event", f"`{type_}` is no resource that is read", advice)
            return None
        if interaction and interaction not in INTERACTIONS:
            text = f"`{interaction}` is no interaction"
            self.findings.add(entry.mark, "malformed-event", text, f"write {type_} {' or '.join(INTERACTIONS)}")
            return None
        if is_rule(entry.node):
            read = self.expressions.value(entry.node, Type.TEXT, tuple(MEANINGS))
            return None if read is None else FhirEvent(None, rule=read)
        said = self._meaning(entry.node)
        return None if said is None else FhirEvent(said.meaning, said.reason)

    def rules(self, block: Block) -> Rules:
        """All sections. Whom the address of a request names is whom it is about, whatever its body says."""
        found = SectionCompiler.rules(self, block)
        numbers = dict(found.identifiers)
        for name, noun in _OWN.items():
            told = [numbers[name]] if name in numbers else []
            numbers[name] = closure.first_said([*told, own_number(noun)])
        return replace(found, identifiers=numbers, visits=Elements(), naming=self.expressions.naming)

    def _naming(self, block: Block) -> Naming:
        section = block.node("identifiers")
        system = section.text(REFERENCES) if isinstance(section, Block) else ""
        return replace(SectionCompiler._naming(self, block), references=system)

    def _list(self, parent: Block, key: str, targets: Table[str, Target], noun: Noun | None = None) -> ListRules | None:
        try:
            return SectionCompiler._list(self, parent, key, targets, noun)
        finally:
            self.expressions.focus = frozenset()

    def _walk(self, block: Block, key: str) -> Walk | Elements:
        """`each: Account.guarantor`, or several paths with commas between; from here on paths begin there."""
        node = block.node("each")
        text = node.text if isinstance(node, Scalar) else ""
        if not isinstance(node, Scalar) or not text:
            mark = node.mark if node else block.mark
            self.findings.add(
                mark, "each-missing", f"`{key}` names the elements it walks", "as `each: Account.guarantor`"
            )
            return Elements()
        paths, types, at = [], frozenset[str](), 0
        for part in text.split(","):
            lead = len(part) - len(part.lstrip())
            mark = node.text_mark.moved(at + lead)
            at += len(part) + 1
            try:
                found = compile_path(path := parse_path(part.strip()), frozenset())
            except (SyntaxFault, PathError) as wrong:
                self.findings.add(mark.moved(wrong.at), "impossible-path", wrong.text, wrong.advice)
                continue
            paths.append((str(path), found.walk))
            types |= found.types
        self.expressions.focus = types
        return Elements(tuple(paths))
