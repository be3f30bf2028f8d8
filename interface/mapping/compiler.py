"""Mapping files to compiled mappings: sections, targets and events checked, every problem with its place."""

import re
from collections.abc import Callable
from collections.abc import Mapping as Table
from dataclasses import dataclass, field

from interface.ledger.noun import FIELDS, Noun
from interface.ledger.reading import Meaning
from interface.mapping.compile import ExpressionCompiler
from interface.mapping.extend import found_without, resolved
from interface.mapping.function import FUNCTIONS
from interface.mapping.identifier import NO_TABLE, Naming
from interface.mapping.kind import Type
from interface.mapping.mapping import Event, Mapping
from interface.mapping.node import Block, Entry, Listing, Mark, Node, Scalar
from interface.mapping.problem import Findings, did_you_mean
from interface.mapping.reader import Read
from interface.mapping.rules import Elements, FlatRules, ListRules, NounRules, Rules, SegmentUse, Walk
from interface.mapping.segment import is_known, is_possible, what_was_meant
from interface.mapping.table import CodeTable
from interface.mapping.target import (
    BALANCE,
    COVERAGE,
    GUARANTOR,
    IDENTIFIERS,
    IDENTITY,
    NAMES,
    TRANSACTION,
    UNMASKED,
    Target,
    fields_of,
)

_HEAD = ("mapping", "about", "extends", "direction", "format", "events")
_SECTIONS = ("identifiers", "patient", "account", "guarantors", "encounter", "identities", "transactions", "balance")
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})-([1-9][0-9]*)")
_ALWAYS_READ = (SegmentUse("EVN", "EVN", 1),)
# Meanings that only HealthPay24 gives, never an EHR's event.
_OF_HEALTHPAY24 = (Meaning.PAYMENT, Meaning.VOID, Meaning.REFUND, Meaning.SETTLEMENT)
MEANINGS = {m.value: m for m in Meaning if m not in _OF_HEALTHPAY24}


def compile_mapping(
    name: str,
    files: Table[str, Block | None],
    tables: Table[str, CodeTable],
    findings: Findings,
    expressions: Callable[..., ExpressionCompiler] = ExpressionCompiler,
) -> Mapping | None:
    """Compile the incoming mapping `name`. `files` holds every mapping file by name, for `extends`.

    Everything wrong goes into `findings`; then the result is None. `expressions` makes the compiler of single rules.
    """
    found = resolved(name, files, findings)
    if found is None:
        return None
    inside = Findings()
    compiler = SectionCompiler(tables, inside, expressions(dict.fromkeys(NAMES, Type.TEXT), FUNCTIONS, tables, inside))
    events = compiler.events(found.block)
    rules = compiler.rules(found.block)
    found_without(found, findings, inside)
    if inside.problems or not found.is_whole:
        return None
    uses = {(use.name, use.occurrence): use for use in (*_ALWAYS_READ, *compiler.expressions.uses)}
    declared = frozenset(compiler.expressions.identifier_fields | compiler.unmasked)
    undeclared = {place: mark for place, mark in compiler.numbers if place not in declared}
    return Mapping(name, events, rules, tuple(uses.values()), declared, compiler.expressions.first_read, undeclared)


# Where a target belongs that stands at the wrong indent.
_HOMES: Table[str, Table[str, Target]] = {
    "patient": fields_of(Noun.PATIENT),
    "encounter": fields_of(Noun.ENCOUNTER),
    "account": fields_of(Noun.ACCOUNT),
    "transactions": TRANSACTION,
    "coverages": COVERAGE,
    "identifiers": IDENTIFIERS,
}


@dataclass(slots=True)
class SectionCompiler:
    """Compiles the sections of one mapping; what is wrong goes into `findings`."""

    tables: Table[str, CodeTable]
    findings: Findings
    expressions: ExpressionCompiler
    unmasked: set[str] = field(default_factory=set)  # fields that the file declares to hold numbers of things
    numbers: list[tuple[str, Mark]] = field(default_factory=list)  # fields from which such numbers are read as text
    heads: tuple[str, ...] = ()  # further keys of a file
    naming_keys: tuple[str, ...] = ("authorities", "types")

    def events(self, block: Block) -> dict[str, Event]:
        """`ADT^A08: update`, or `ADT^A60: {ignore: reason}`."""
        section = block.node("events")
        if not isinstance(section, Block):
            self.findings.add(block.mark, "events-missing", "the mapping lists no events", "add a section `events:`")
            return {}
        found = {}
        for kind, entry in section.entries.items():
            event = self._event(kind, entry)
            if event is not None:
                found[kind] = event
        return found

    def _event(self, kind: str, entry: Entry) -> Event | None:
        message_type, separator, trigger = kind.partition("^")
        if not (separator and len(message_type) == 3 and len(trigger) == 3 and kind.isascii() and kind.upper() == kind):
            self.findings.add(entry.mark, "malformed-event", f"`{kind}` is not an event", "write ADT^A08")
            return None
        return self._meaning(entry.node)

    def _meaning(self, node: Node) -> Event | None:
        if isinstance(node, Block):
            self._known(node, ("ignore",))
            reason = node.text("ignore")
            if not reason:
                self.findings.add(node.mark, "reason-missing", "an ignored event has a reason", "{ignore: why}")
            return Event(None, reason)
        meaning = MEANINGS.get(node.text) if isinstance(node, Scalar) else None
        if meaning is None:
            word = node.text if isinstance(node, Scalar) else ""
            advice = "write {ignore: why}" if word == "ignore" else did_you_mean(word, MEANINGS)
            self.findings.add(node.mark, "unknown-meaning", f"`{word}` is not a meaning", advice)
            return None
        return Event(meaning)

    def rules(self, block: Block) -> Rules:
        """All sections."""
        self._known(block, (*_HEAD, *_SECTIONS, *self.heads))
        self.expressions.naming = self._naming(block)
        self.unmasked = self._unmasked(self._block(block, "identifiers"))
        account = self._block(block, "account")
        guarantors = self._list(block, "guarantors", GUARANTOR, Noun.GUARANTOR)
        return Rules(
            identifiers=self._rules(self._block(block, "identifiers"), IDENTIFIERS, (*self.naming_keys, UNMASKED)),
            patient=self._noun(self._block(block, "patient"), Noun.PATIENT, ("other_ids",)),
            account=self._noun(account, Noun.ACCOUNT, ("coverages",)),
            encounter=self._noun(self._block(block, "encounter"), Noun.ENCOUNTER),
            coverages=self._list(account, "coverages", COVERAGE) if account else None,
            guarantors=guarantors,
            identities=self._list(block, "identities", IDENTITY),
            transactions=self._transactions(block),
            balance=self._balance(self._block(block, "balance")),
        )

    def _naming(self, block: Block) -> Naming:
        section = self._block(block, "identifiers")
        if section is None:
            return Naming()
        tables: dict[str, CodeTable] = {}
        for key in ("authorities", "types"):
            node = section.node(key)
            if node is None:
                continue
            name = node.text if isinstance(node, Scalar) else ""
            if name in self.tables:
                tables[key] = self.tables[name]
            else:
                advice = did_you_mean(name, self.tables)
                self.findings.add(node.mark, "missing-table", f"there is no table `{name}`", advice)
        return Naming(tables.get("authorities", NO_TABLE), tables.get("types", NO_TABLE))

    def _unmasked(self, section: Block | None) -> set[str]:
        node = section.node(UNMASKED) if section else None
        if node is None:
            return set()
        places = [item for item in node.items if isinstance(item, Scalar)] if isinstance(node, Listing) else []
        if not isinstance(node, Listing):
            self.findings.add(node.mark, "list-expected", f"`{UNMASKED}` is a list", "write [FT1-2, IN1-36]")
        found = {one.text: _PLACE.fullmatch(one.text) for one in places}
        for one in places:
            match = found[one.text]
            if match is None or not is_possible(match[1], int(match[2])):
                self.findings.add(
                    one.mark, "impossible-path", f"`{one.text}` is no field", "as FT1-2, without a component"
                )
        return set(found)

    def _block(self, block: Block, key: str) -> Block | None:
        node = block.node(key)
        if node is None or isinstance(node, Block):
            return node
        self.findings.add(
            node.mark, "section-expected", f"`{key}` is a section", "indent its rules under it by two blanks"
        )
        return None

    def _known(self, block: Block, keys: tuple[str, ...]) -> None:
        for key, entry in block.entries.items():
            if key not in keys:
                home = next((section for section, targets in _HOMES.items() if key in targets), None)
                advice = did_you_mean(key, keys)
                if home and not advice.startswith("did"):
                    advice = f"it belongs to `{home}`: indent it under that section"
                self.findings.add(entry.mark, "unknown-target", f"`{key}` is no target here", advice)

    def _rules(self, block: Block | None, targets: Table[str, Target], others: tuple[str, ...] = ()) -> dict[str, Read]:
        if block is None:
            return {}
        self._known(block, (*targets, *others))
        read = {name: self._value(block.node(name), target) for name, target in targets.items()}
        return {name: rule for name, rule in read.items() if rule is not None}

    def _value(self, node: Node | None, target: Target) -> Read | None:
        if node is None:
            return None
        if target.is_number:
            self.numbers += self.expressions.fields(node)
        self.expressions.noun = target.noun
        return self.expressions.value(node, target.type, target.allowed)

    def _noun(self, block: Block | None, noun: Noun, others: tuple[str, ...] = ()) -> NounRules:
        if block is None:
            return NounRules()
        read = self._rules(block, fields_of(noun), ("when", *others))
        rows = block.node("other_ids") if "other_ids" in others else None
        if rows is not None and (listed := self.expressions.identifiers(rows)):
            read["other_ids"] = listed
        groups: dict[str, list[tuple[str, Read]]] = {}
        for name, rule in read.items():
            groups.setdefault(FIELDS[noun][name].group, []).append((name, rule))
        when = block.node("when")
        holds = self.expressions.condition(when) if when is not None else None
        return NounRules(tuple((group, tuple(rules)) for group, rules in groups.items()), holds)

    def _list(self, parent: Block, key: str, targets: Table[str, Target], noun: Noun | None = None) -> ListRules | None:
        block = self._block(parent, key)
        if block is None:
            return None
        walk = self._walk(block, key)
        plain = fields_of(noun) if noun else {}
        rules = self._rules(block, targets, ("each", "when", *plain))
        fields = Block(block.mark, {k: e for k, e in block.entries.items() if k in plain})
        when = block.node("when")
        holds = self.expressions.condition(when) if when is not None else None
        return ListRules(walk, rules, holds, self._noun(fields, noun) if noun else NounRules())

    def _walk(self, block: Block, key: str) -> Walk | Elements:
        node = block.node("each")
        before, separator, behind = node.text.partition(">") if isinstance(node, Scalar) else ("", "", "")
        outer = before.strip() if separator else ""
        names = tuple(name.strip() for name in (behind if separator else before).split(","))
        wanted = (outer, *names) if separator else names
        if not all(len(name) == 3 and name.isalnum() and name.upper() == name for name in wanted):
            mark = node.mark if node else block.mark
            self.findings.add(mark, "each-missing", f"`{key}` names the segment it walks", "as `each: GT1`")
            return Walk(("Z00",))
        for name in wanted:
            self.expressions.first_read.setdefault(name, (node or block).mark)
            if node is not None and not is_known(name):
                self.findings.add(node.mark, "unknown-segment", f"HL7 has no segment {name}", what_was_meant(name))
        return Walk(names, outer)

    def _transactions(self, block: Block) -> ListRules | None:
        rules = self._list(block, "transactions", TRANSACTION)
        section = block.node("transactions")
        if rules is None or not isinstance(section, Block):
            return None
        for needed in ("kind", "amount"):
            if section.node(needed) is None:
                advice = (
                    f"as `{needed}: FT1-6 | table(transaction_kind)`" if needed == "kind" else "as `FT1-11 | money`"
                )
                self.findings.add(section.mark, "rule-missing", f"`transactions` needs the rule `{needed}`", advice)
        return rules

    def _balance(self, block: Block | None) -> FlatRules | None:
        if block is None:
            return None
        when = block.node("when")
        holds = self.expressions.condition(when) if when is not None else None
        return FlatRules(self._rules(block, BALANCE, ("when",)), holds)
