"""A message held against the standard of its version: structure, fields, data types, lengths, code tables, by hl7apy's tables.

hl7apy does not read the message; our own reader does, which takes what real senders write (line ends, Z segments, missing MSH-9.3).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from interface.hl7 import names
from interface.hl7.leaf import Codes, Reference, leaf_faults
from interface.hl7.parser import Message
from interface.hl7.problem import Problem, Severity
from interface.hl7.segment import Element, Segment
from interface.hl7.structure import fit, part_of
from interface.hl7.value import NULL_ER7
from interface.hl7.version import version_of

_TABLES_SINCE = "2.3.1"  # hl7apy has no code tables of older versions


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure from the standard: `place` as PID-3[2].5, `rule` in one word, what the version says, what was sent.

    `sent` is content of the message: only for those who may see it.
    """

    severity: Severity
    place: str
    rule: str
    text: str
    sent: str = ""


@dataclass(frozen=True, slots=True)
class Conformance:
    """What was held against what: `version` is the one whose tables served, `structure` empty where none is known."""

    version: str
    structure: str
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        return sum(1 for one in self.findings if one.severity in (Severity.ERROR, Severity.FATAL))


def conform(message: Message) -> Conformance:
    """Every departure of one message, in its order: the reader's own warnings, the structure, then segment by segment."""
    header = message.header
    version = names.nearest(header.version)
    structure, told = _structure(message, version)
    findings = [*_of_reader(message), *_of_version(header.version, version), *told]
    if structure:
        findings += _of_structure(message, version, structure)
    checked = _Checked(version)
    counts: Counter[str] = Counter()
    for segment in message.all_segments():
        counts[segment.name] += 1
        many = len(message.segments(segment.name)) > 1
        findings += checked.segment(segment, f"{segment.name}[{counts[segment.name]}]" if many else segment.name)
    return Conformance(version, structure, tuple(findings))


def _of_reader(message: Message) -> Iterator[Finding]:
    found: dict[Problem, None] = dict.fromkeys((*message.header.problems, *message.warnings))
    for one in found:
        yield Finding(one.severity, one.place, "reader", one.text)


def _of_version(sent: str, used: str) -> Iterator[Finding]:
    told = version_of(sent)
    if told is None:
        text = f"it names no version 2.x; {used} is used" if sent else f"no version is named; {used} is used"
        yield Finding(Severity.ERROR, "MSH-12", "version", text, sent)
    elif told != version_of(used):
        yield Finding(
            Severity.WARNING, "MSH-12", "version", f"there are no tables of this version; {used} is used", sent
        )


def _structure(message: Message, version: str) -> tuple[str, list[Finding]]:
    """The structure by MSH-9.1 and 9.2, which senders get right; MSH-9.3 counts where those give none."""
    header = message.header
    known = names.tables(version).MESSAGES
    own = names.structure_of(header.message_type, header.trigger_event, version)
    own = own if own in known else ""
    sent = header.structure
    if own and sent and sent != own:
        text = f"{version} has the structure {own} for {header.kind_name}"
        return own, [Finding(Severity.WARNING, "MSH-9.3", "structure", text, sent)]
    found = own or (sent if sent in known else "")
    if not found:
        text = (
            f"{version} has no structure for {header.kind_name or 'this message'}; the order of segments is not checked"
        )
        return "", [Finding(Severity.INFORMATION, "MSH-9", "structure", text)]
    return found, []


def _of_structure(message: Message, version: str, structure: str) -> Iterator[Finding]:
    segments = [one for one in message.all_segments() if not one.name.startswith("Z")]
    called = [one.name for one in segments]
    found = fit(part_of(structure, names.tables(version).MESSAGES[structure]), called)
    for name, group in found.missing:
        within = f" in {group.removeprefix(structure + '_')}" if group else ""
        yield Finding(Severity.ERROR, name, "segment-missing", f"{structure} needs it{within}")
    for rule, indexes, text in (
        ("segment-unknown", found.unknown, f"{structure} of {version} has no such segment"),
        ("segment-misplaced", found.misplaced, f"{structure} of {version} does not have it in this place"),
        ("segment-repeated", found.surplus, f"{structure} of {version} does not have it again"),
    ):
        for at in indexes:
            number = called[: at + 1].count(called[at])
            place = f"{called[at]}[{number}]" if called.count(called[at]) > 1 else called[at]
            yield Finding(Severity.ERROR, place, rule, text)


class _Checked:
    """The checks of one version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._of = names.tables(version)
        is_older = (version_of(version) or ()) < (version_of(_TABLES_SINCE) or ())
        self._codes_version = _TABLES_SINCE if is_older else version
        self._tables = names.tables(self._codes_version).TABLES

    def segment(self, segment: Segment, place: str) -> Iterator[Finding]:
        """Every field of one segment."""
        known = self._of.SEGMENTS.get(segment.name)
        if segment.name.startswith("Z"):
            yield Finding(Severity.INFORMATION, place, "site-segment", "a segment of the site's own; it is not checked")
        elif not known or len(known) < 2 or not known[1]:
            yield Finding(Severity.ERROR, place, "segment-unknown", f"{self.version} has no such segment")
        else:
            for key, reference, often, _kind in known[1]:
                number = int(key.rpartition("_")[2])
                if not segment.is_verbatim(number):
                    yield from self._field(segment, f"{place}-{number}", number, Reference.of(reference), often)
            yield from self._beyond(segment, place, [int(one[0].rpartition("_")[2]) for one in known[1]])

    def _field(
        self, segment: Segment, place: str, number: int, known: Reference, often: tuple[int, int]
    ) -> Iterator[Finding]:
        least, most = often
        elements = [one for one in segment.elements(number) if one.er7]
        if not elements and least:
            yield Finding(Severity.ERROR, place, "field-missing", f"{self.version} requires {known.words}")
        if most != -1 and len(elements) > most:
            text = f"{known.words} occurs {len(elements)} times; {self.version} allows {most}"
            yield Finding(Severity.ERROR, place, "field-repeated", text)
        for occurrence, element in enumerate(segment.elements(number), start=1):
            if element.er7 and element.er7 != NULL_ER7:
                at = f"{place}[{occurrence}]" if len(elements) > 1 else place
                yield from self._value(element, at, known)

    def _beyond(self, segment: Segment, place: str, known: list[int]) -> Iterator[Finding]:
        """Content in fields that the version does not have, or no longer."""
        last = max(known, default=0)
        for number, er7 in enumerate(segment.fields()):
            if number and er7 and number not in known and not segment.is_verbatim(number):
                is_gone = number < last
                text = (
                    f"{self.version} no longer has this field"
                    if is_gone
                    else f"{segment.name} of {self.version} has {last} fields"
                )
                severity = Severity.INFORMATION if is_gone else Severity.WARNING
                yield Finding(severity, f"{place}-{number}", "field-unknown", text, er7)

    def _value(self, element: Element, place: str, known: Reference) -> Iterator[Finding]:
        """A field, component or subcomponent: its parts where it is composed, else the leaf itself."""
        parts = element.er7.split(element.delimiters.component)
        inner = known.parts if known.parts else self._of.DATATYPES_STRUCTS.get(known.data_type, ())
        if known.data_type == "varies":
            return
        if not inner:
            if len(parts) > 1 and any(parts[1:]):
                text = f"{known.words} is a single {known.data_type} in {self.version}"
                yield Finding(Severity.WARNING, place, "not-composed", text, element.er7)
            yield from self._leaf(element.part(1), place, known)
            return
        if known.table:
            yield from self._leaf(element.part(1).part(1), place, known.as_code())
        for number, (_key, reference, often, _kind) in enumerate(inner, start=1):
            part, at = element.part(number), f"{place}.{number}"
            if part.er7 and part.er7 != NULL_ER7:
                yield from self._value(part, at, Reference.of(reference))
            elif not part.er7 and often[0]:
                text = f"{self.version} requires {Reference.of(reference).words} of {known.data_type}"
                yield Finding(Severity.WARNING, at, "component-missing", text)
        if any(parts[len(inner) :]):
            text = f"{known.data_type} of {self.version} has {len(inner)} components"
            yield Finding(Severity.WARNING, f"{place}.{len(inner) + 1}", "component-unknown", text)

    def _leaf(self, element: Element, place: str, known: Reference) -> Iterator[Finding]:
        text = element.text().strip()
        if not text:
            return
        for severity, rule, told in leaf_faults(text, known, self.version, self._codes(known.table)):
            yield Finding(severity, place, rule, told, text)

    def _codes(self, table: str) -> Codes:
        found = self._tables.get(table) if table else None
        return Codes(self._codes_version, found[0] or "", tuple(found[1] or ())) if found else Codes()
