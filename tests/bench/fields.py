"""Sixty fields of an ADT read: by the mapping language, and by python-hl7 and hl7apy, in one process on the same bytes."""

import time
from collections.abc import Callable
from typing import Any

import hl7
import hl7apy.parser
from hl7apy.consts import VALIDATION_LEVEL

from interface.hl7.parser import parse
from interface.hl7.path import Path
from interface.ledger.reading import Reading
from tests.bench.measure import Measured
from tests.mapping.sample import ARRIVED, NORTH, shipped, wire
from tests.mapping.speed import A08

RAW = wire(A08)
# What the shipped mapping looks at in this message; it makes some seventy values of it, with dates, tables and identifiers.
FIELDS = (
    *("MSH-3", "MSH-4", "MSH-7", "MSH-9.1", "MSH-9.2", "MSH-12", "EVN-2", "EVN-6"),
    *("PID-3.1", "PID-3.4.1", "PID-3.4.2", "PID-3.5", "PID-3[2].1", "PID-3[2].4", "PID-3[2].5"),
    *("PID-5.1", "PID-5.2", "PID-5.3", "PID-5.4", "PID-5.5", "PID-7", "PID-8", "PID-15"),
    *("PID-11.1", "PID-11.2", "PID-11.3", "PID-11.4", "PID-11.5", "PID-11.6", "PID-13.6", "PID-13.7", "PID-18.1"),
    *("PV1-2", "PV1-3.1", "PV1-10", "PV1-18", "PV1-19.1", "PV1-20", "PV1-36", "PV1-39", "PV1-44", "PV1-45", "PV1-46"),
    *("GT1-2.1", "GT1-3.1", "GT1-5.1", "GT1-5.3", "GT1-5.5", "GT1-8", "GT1-10", "GT1-11"),
    *("IN1-2.1", "IN1-2.2", "IN1-3", "IN1-4", "IN1-8", "IN1-12", "IN1[2]-2.1", "IN1[2]-8", "IN1[2]-12"),
)
PATHS = [Path.parse(text) for text in FIELDS]


def mapped() -> Reading:
    """Bytes to a reading."""
    found = shipped().mappings["epic"].read(parse(RAW), NORTH, ARRIVED)
    assert isinstance(found, Reading)
    return found


def mapped_alone() -> Callable[[], Reading]:
    """The same of a message that was parsed, and split into fields, before."""
    mapping, message = shipped().mappings["epic"], parse(RAW)

    def read() -> Reading:
        found = mapping.read(message, NORTH, ARRIVED)
        assert isinstance(found, Reading)
        return found

    read()
    return read


def by_python_hl7() -> list[str]:
    message = hl7.parse(RAW.decode())
    return [
        message.extract_field(
            one.segment, one.occurrence or 1, one.field, one.repetition or 1, one.component or 1, one.subcomponent or 1
        )
        for one in PATHS
    ]


def by_hl7apy() -> list[str]:
    message = hl7apy.parser.parse_message(RAW.decode(), find_groups=False, validation_level=VALIDATION_LEVEL.TOLERANT)
    return [_leaf(message, one) for one in PATHS]


def _leaf(message: Any, path: Path) -> str:
    segments = [one for one in message.children if one.name == path.segment]
    found = segments[(path.occurrence or 1) - 1].children.get(f"{path.segment}_{path.field}")[
        (path.repetition or 1) - 1
    ]
    for number in (path.component or 1, path.subcomponent or 1):
        children = list(found.children)
        if not children:
            break
        named = [one for one in children if one.name and one.name.rpartition("_")[2] == str(number)]
        found = (named or children)[0]
    text: str = found.to_er7()
    return text


def measured(work: Callable[[], object], messages: int) -> Measured:
    """So many messages one after the other, in processor time: nothing waits here, and others may use the cores."""
    work()
    begun = time.process_time()
    for _ in range(messages):
        work()
    return Measured(messages, time.process_time() - begun)
