"""Outgoing mapping files to compiled ones: segments in the order of the file, fields by path."""

import re
from collections.abc import Callable
from collections.abc import Mapping as Table
from typing import Final

from interface.mapping.compile import ExpressionCompiler
from interface.mapping.extend import found_without, resolved
from interface.mapping.kind import Type
from interface.mapping.node import Block
from interface.mapping.outgoing import OUT_FUNCTIONS, FieldRule, Outgoing, SegmentRules
from interface.mapping.posting import NAMES
from interface.mapping.problem import Findings, did_you_mean
from interface.mapping.segment import is_possible, what_there_is
from interface.mapping.table import CodeTable

_KEYS: Final = ("mapping", "about", "extends", "direction", "message", "version", "segments")
_WRITTEN_ALREADY: Final = ("MSH-1", "MSH-2", "MSH-9", "MSH-12")  # from the delimiters, `message` and `version`
_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_VERSION: Final = re.compile(r"2\.[1-9](\.[1-9])?")
_MESSAGE: Final = re.compile(r"[A-Z0-9]{3}\^[A-Z0-9]{3}(\^[A-Z0-9]{3}_[A-Z0-9]{3})?")
_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{2})-([1-9][0-9]*)(?:\.([1-9][0-9]*)(?:\.([1-9][0-9]*))?)?")


def compile_outgoing(
    name: str,
    files: Table[str, Block | None],
    tables: Table[str, CodeTable],
    findings: Findings,
    compiler: Callable[..., ExpressionCompiler] = ExpressionCompiler,
) -> Outgoing | None:
    """Compile the outgoing mapping `name`. Everything wrong goes into `findings`; then the result is None.

    `compiler` makes the compiler of single rules.
    """
    found = resolved(name, files, findings)
    if found is None:
        return None
    block, inside = found.block, Findings()
    names = {known: kind for known, (kind, _about) in NAMES.items()}
    expressions = compiler(names, OUT_FUNCTIONS, tables, inside, has_paths=False)
    for key, entry in block.entries.items():
        if key not in _KEYS:
            inside.add(entry.mark, "unknown-target", f"`{key}` is no target here", did_you_mean(key, _KEYS))
    _check_head(block, inside)
    segments = _segments(block, expressions, inside)
    found_without(found, findings, inside)
    if inside.problems or not found.is_whole:
        return None
    return Outgoing(name, block.text("message"), block.text("version"), segments)


def _check_head(block: Block, findings: Findings) -> None:
    for key, shape, example in (("message", _MESSAGE, "DFT^P03^DFT_P03"), ("version", _VERSION, "2.5.1")):
        entry = block.entries.get(key)
        if not shape.fullmatch(block.text(key)):
            mark = entry.node.mark if entry else block.mark
            findings.add(mark, f"malformed-{key}", f"`{key}` is missing or not one", f"as `{key}: {example}`")


def _segments(block: Block, expressions: ExpressionCompiler, findings: Findings) -> tuple[SegmentRules, ...]:
    section = block.node("segments")
    if not isinstance(section, Block) or "MSH" not in section.entries:
        mark = section.mark if section else block.mark
        findings.add(mark, "segments-missing", "the mapping writes no message", "a section `segments:` begins with MSH")
        return ()
    found = []
    for name, entry in section.entries.items():
        if not _SEGMENT.fullmatch(name) or not isinstance(entry.node, Block):
            findings.add(
                entry.mark, "malformed-segment", f"`{name}` is no segment with fields", "as `PID:` with PID-3 below"
            )
            continue
        found.append(_segment(name, entry.node, expressions, findings))
    return tuple(found)


def _segment(name: str, block: Block, expressions: ExpressionCompiler, findings: Findings) -> SegmentRules:
    fields = []
    when = None
    for key, entry in block.entries.items():
        if key == "when":
            when = expressions.condition(entry.node)
            continue
        place = _PLACE.fullmatch(key)
        if place is None or place[1] != name:
            findings.add(entry.mark, "malformed-place", f"`{key}` is no field of {name}", f"as {name}-3 or {name}-3.1")
        elif not is_possible(name, int(place[2])):
            findings.add(entry.mark, "impossible-path", f"{key} does not exist", what_there_is(name))
        elif key in _WRITTEN_ALREADY:
            findings.add(entry.mark, "field-fixed", f"{key} is written by itself", "remove the line")
        elif read := expressions.value(entry.node, Type.TEXT):
            fields.append(FieldRule(key, int(place[2]), int(place[3] or 1), int(place[4] or 1), read))
    return SegmentRules(name, tuple(fields), when)
