"""Whatever stands in channel, mapping, table and settings files, it loads, or every problem is listed with its line."""

import re

from interface.channel.loader import Configuration, load
from interface.mapping.problem import ProblemsError
from tests.channel.sample import ADT, CHANNEL, DFT, FILES
from tests.conftest import PROJECT
from tests.fuzz.target import Signature, Target, magnitude

_FILES = (
    "channels/north.yaml",
    "mappings/adt.yaml",
    "mappings/dft.yaml",
    "mappings/tables/sex.csv",
    "config/engine.yaml",
)
_LINE = re.compile(r"^[^:]+(:\d+(:\d+)?)?$")


def check(data: bytes) -> Signature:
    """The first byte chooses the file, the rest is its text."""
    number, text = data[:1], data[1:].decode("utf-8", "replace")
    name = _FILES[number[0] % len(_FILES)] if number else _FILES[0]
    try:
        loaded = load({**FILES, name: text}, {"NORTH_PORT": "2601"})
    except ProblemsError as wrong:
        assert wrong.problems
        for problem in wrong.problems:
            assert problem.rule and problem.text
            assert problem.file
            assert problem.line >= 0
        return frozenset(
            [f"{name} {one.rule}" for one in wrong.problems] + [magnitude("problems", len(wrong.problems))]
        )
    assert isinstance(loaded, Configuration)
    return frozenset([f"{name} loads", *(f"{name} {one.rule}" for one in loaded.warnings)])


def _shipped(number: int, path: str) -> bytes:
    return bytes([number]) + (PROJECT / path).read_bytes()


TARGET = Target(
    "files",
    check,
    (
        b"\0" + CHANNEL.encode(),
        b"\1" + ADT.encode(),
        b"\2" + DFT.encode(),
        b"\3" + FILES["mappings/tables/sex.csv"].encode(),
        b"\4poll_secs: 1\nlog_level: info\n",
        _shipped(0, "channels/epic.yaml"),
        _shipped(1, "mappings/hl7v2.yaml"),
        _shipped(2, "mappings/epic-dft.yaml"),
    ),
    (
        *(
            b": ",
            b"\n",
            b"\n  ",
            b"- ",
            b"[",
            b"]",
            b"{",
            b"}",
            b"'",
            b'"',
            b"#",
            b"&a",
            b"*a",
            b"!!python/name:os.system",
            b"|\n",
        ),
        *(
            b"? ",
            b"---\n",
            b"...\n",
            b"%YAML 9\n",
            b"\t",
            b"\0",
            b"\xff",
            b"${A:-b}",
            b"${",
            b"<<: ",
            b"~",
            b"null",
            b"1e999",
        ),
        *(
            b"identifiers:\n  patient: PID-3",
            b" | table(sex)",
            b" when ",
            b"[only]",
            b"first(",
            b"PID-3[.5 = 'MR']",
            b"or ",
            b"1.0",
        ),
        *(
            b"events:\n  ADT^A08: update\n",
            b"extends: adt\n",
            b"filters:\n  - when: ",
            b"port: ",
            b"99999999999999999999",
            b"-1",
        ),
        b"[" * 300,
        b"(" * 300,
        b"{a: " * 40,
    ),
)
