"""What reading costs, beside python-hl7 and hl7apy: `python -m tests.hl7.speed`. Shown, never asserted."""

import sys
import time
import timeit
from collections.abc import Callable

import hl7
import hl7apy.parser
from hl7apy.consts import VALIDATION_LEVEL

from interface.card.screen import screen
from interface.hl7.ack import AckCode, build_ack, read_ack
from interface.hl7.framing import Deframer, wrap
from interface.hl7.header import read_header
from interface.hl7.parser import parse
from interface.hl7.path import Path
from tests.hl7.sample import ADT_A01, FIELDS_READ

PATHS = [Path.parse(text) for text in FIELDS_READ]
PLACES = [
    (path.segment, path.occurrence or 1, path.field, path.repetition or 1, path.component or 1, path.subcomponent or 1)
    for path in PATHS
]


def ours() -> list[str]:
    message = parse(ADT_A01)
    return [message.text(path) for path in FIELDS_READ]


def python_hl7() -> list[str]:
    message = hl7.parse(ADT_A01.decode())
    return [message.extract_field(*place) for place in PLACES]


def python_hl7_parse() -> object:
    return hl7.parse(ADT_A01.decode())


def hl7apy_parse() -> object:
    return hl7apy.parser.parse_message(ADT_A01.decode(), validation_level=VALIDATION_LEVEL.TOLERANT)


def micros(work: Callable[[], object], rounds: int, repeat: int = 5) -> float:
    """The best of several rounds, of processor time in microseconds a call: the rest is what else ran here."""
    return min(timeit.repeat(work, timer=time.process_time, number=rounds, repeat=repeat)) / rounds * 1e6


def main() -> None:
    assert ours() == python_hl7()
    header = read_header(ADT_A01)
    answer = build_ack(header, AckCode.CA, control_id="A1", at=0)
    block = wrap(ADT_A01)
    rows: list[tuple[str, float]] = [
        (f"parse and {len(FIELDS_READ)} reads, ours", micros(ours, 1000)),
        (f"parse and {len(FIELDS_READ)} reads, python-hl7", micros(python_hl7, 20)),
        ("parse alone, ours", micros(lambda: parse(ADT_A01), 5000)),
        ("parse alone, python-hl7", micros(python_hl7_parse, 30)),
        ("parse alone, hl7apy", micros(hl7apy_parse, 1, 3)),
        ("deframe", micros(lambda: Deframer().feed(block), 5000)),
        ("header", micros(lambda: read_header(ADT_A01), 5000)),
        ("screen for cards (clean)", micros(lambda: screen(ADT_A01), 5000)),
        ("screen for cards (100 kB of candidates)", micros(lambda: screen(b"4 1 " * 25_000), 1)),
        ("build an answer", micros(lambda: build_ack(header, AckCode.CA, control_id="A1", at=0), 5000)),
        ("read an answer", micros(lambda: read_ack(answer), 5000)),
        ("replace one value", micros(lambda: parse(ADT_A01).with_value("PID-5.1", "SAMPLE"), 2000)),
    ]
    lines = [f"ADT^A01 of {len(ADT_A01)} bytes, microseconds", *(f"{name:<40}{cost:>12,.1f}" for name, cost in rows)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
