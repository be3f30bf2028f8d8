"""Invented messages, and mappings made of a few lines, for the tests of this folder."""

from functools import cache
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

from interface.channel.loader import Configuration, load, read_files
from interface.document import read_document
from interface.hl7.parser import parse
from interface.ledger.reading import Filtered, Reading
from interface.mapping.compiler import compile_mapping
from interface.mapping.mapping import Mapping
from interface.mapping.problem import Findings, Problem
from interface.mapping.scope import Context
from interface.mapping.table import CodeTable, Miss, read_table

PROJECT = Path(__file__).resolve().parents[2]
CHICAGO = ZoneInfo("America/Chicago")
NORTH = Context(CHICAGO, "NORTH")
ARRIVED = 1_741_125_600_000_000  # 2025-03-04 22:00 UTC
SECOND = 1_000_000

A04 = r"""
MSH|^~\&|EPICADT|NORTH|HP24ENG|HP24|20250304091500-0600||ADT^A04^ADT_A01|N000123|P|2.5.1|||AL|NE||UNICODE UTF-8
EVN|A04|20250304091455-0600|||REG01
PID|1||7700123^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR~E88001^^^ENT^PI||TESTER^MARIA^Q||19800212|F|||12 ELM ST^^MADISON^WI^53703||^PRN^CP^^1^608^5550101~^NET^Internet^maria@example.org|||||9001001^^^NORTH^AN
PV1|1|O|CARD^^^NORTH||||||||||||||||5550007^^^NORTH^VN|SP||||||||||||||||||||||||20250304091000-0600
GT1|1|G3001^^^NORTH^GN|TESTER^MARIA^Q||12 ELM ST^^MADISON^WI^53703|^PRN^CP^^1^608^5550101|||F||SEL
IN1|1|PLAN9^Example PPO|PAY77|EXAMPLE PAYER||||GRP1||||20250101|||PPO|TESTER^MARIA|SEL|19800212
"""  # noqa: E501 - a segment is a line
A40 = r"""
MSH|^~\&|EPICADT|NORTH|HP24ENG|HP24|20250304101500-0600||ADT^A40^ADT_A39|N000130|P|2.5.1
EVN|A40|20250304101455-0600
PID|1||7700123^^^NORTH^MR||TESTER^MARIA
MRG|7700999^^^NORTH^MR
PID|2||7700200^^^NORTH^MR||SAMPLE^JOHN
MRG|7700201^^^NORTH^MR
"""
DFT = r"""
MSH|^~\&|EPICFIN|NORTH|HP24ENG|HP24|20250304153012-0600||DFT^P03^DFT_P03|N0000451|P|2.5.1
EVN|P03|20250304153012-0600
PID|1||7700123^^^NORTH^MR||TESTER^MARIA|||||||||||||9001001^^^NORTH^AN
PV1|1|O|||||||||||||||||5550007^^^NORTH^VN
FT1|1|C0001|B250304|20250304152950-0600|20250304|CG|99213^Office visit^CDM|||1|250.00&USD
FT1|2|P0001|B250304|20250304152950-0600|20250304|PY|VISA^Visa card^HP24|||1|125.00&USD|||||||||||||||||||TX8F2K1^^^HP24
"""


def wire(text: str) -> bytes:
    """A message as it travels: segments end with carriage returns."""
    return text.strip().replace("\n", "\r").encode() + b"\r"


def with_field(text: str, place: str, value: str) -> str:
    """The same message with one whole field replaced; `place` as PV1-45."""
    name, _, number = place.partition("-")
    lines = text.strip().split("\n")
    for at, line in enumerate(lines):
        if line.startswith(name + "|"):
            fields = line.split("|")
            index = int(number) - (name == "MSH")
            fields += [""] * (index + 1 - len(fields))
            fields[index] = value
            lines[at] = "|".join(fields)
            break
    return "\n".join(lines)


def as_event(text: str, event: str) -> str:
    """The same message under another event."""
    return with_field(text, "MSH-9", event)


@cache
def shipped() -> Configuration:
    """The configuration of the project's own channels/, mappings/ and config/."""
    return load(read_files(PROJECT), {})


def read(text: str, context: Context = NORTH, mapping: Mapping | None = None, arrived_at: int = ARRIVED) -> Reading:
    """What the shipped Epic mapping (or another one) makes of a message."""
    found = understand(text, context, mapping, arrived_at)
    assert isinstance(found, Reading), found
    return found


def understand(
    text: str, context: Context = NORTH, mapping: Mapping | None = None, arrived_at: int = ARRIVED
) -> Reading | Filtered:
    return (mapping or shipped().mappings["epic"]).read(parse(wire(text)), context, arrived_at)


def compiled(
    rules: str, tables: dict[str, CodeTable] | None = None, **files: str
) -> tuple[Mapping | None, list[Problem]]:
    """A mapping file `site` made of these lines, and what is wrong with it. `files` are further mappings."""
    findings = Findings()
    texts = {"site": rules, **files}
    blocks = {name: read_document(f"mappings/{name}.yaml", dedent(text), findings) for name, text in texts.items()}
    usable = {name: block for name, block in blocks.items() if block}
    mapping = compile_mapping("site", usable, tables or {}, findings) if "site" in usable else None
    return mapping, findings.problems


HEAD = "mapping: site\nevents:\n  ADT^A08: update\n  DFT^P03: transactions\n  ADT^A40: merge-patient\n"


def site(rules: str, tables: dict[str, CodeTable] | None = None) -> Mapping:
    """A mapping that is right."""
    mapping, problems = compiled(HEAD + dedent(rules), tables)
    assert mapping is not None, problems
    return mapping


def table(name: str, text: str) -> CodeTable:
    """A code table of a CSV text."""
    findings = Findings()
    found = read_table(name, f"mappings/tables/{name}.csv", dedent(text).lstrip(), findings)
    assert not findings.problems, findings.problems
    return found


def listing(**rows: str) -> CodeTable:
    """A code table of these rows that refuses everything else."""
    return CodeTable("listing", "mappings/tables/listing.csv", rows, Miss.REFUSE)
