"""Mappings that tell what their rules did, for the tests of this folder."""

from functools import cache
from textwrap import dedent

from interface.document import read_document
from interface.hl7.parser import parse
from interface.mapping.explain import Explained, Explanation, Recorded
from interface.mapping.extend import resolved
from interface.mapping.node import Block
from interface.mapping.problem import Findings
from interface.mapping.record import Tape, compile_recording
from interface.mapping.scope import Context
from interface.mapping.table import CodeTable
from tests.mapping.sample import ARRIVED, HEAD, NORTH, shipped, wire


@cache
def telling() -> Recorded:
    """The shipped Epic mapping."""
    texts = {name: shipped().files[f"mappings/{name}.yaml"] for name in ("epic", "hl7v2")}
    return recorded("epic", texts, dict(shipped().tables))


def recorded(name: str, texts: dict[str, str], tables: dict[str, CodeTable]) -> Recorded:
    findings = Findings()
    blocks: dict[str, Block | None] = {
        file: read_document(f"mappings/{file}.yaml", text, findings) for file, text in texts.items()
    }
    tape = Tape()
    mapping = compile_recording(name, blocks, tables, findings, tape)
    whole = resolved(name, blocks, Findings())
    assert mapping is not None, findings.problems
    assert whole is not None
    return Recorded(mapping, whole.block, tape)


def of_site(rules: str, text: str, context: Context = NORTH, tables: dict[str, CodeTable] | None = None) -> Explanation:
    """What a mapping of these lines tells of a message."""
    return recorded("site", {"site": HEAD + dedent(rules)}, tables or {}).explain(parse(wire(text)), context, ARRIVED)


def rule(explanation: Explanation, target: str, group: str = "") -> Explained:
    (found,) = [one for one in explanation.rules if one.target == target and one.group == group]
    return found
