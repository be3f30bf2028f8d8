"""What one bad sender does, and the ways to write it down."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

from interface.hl7.framing import wrap
from tests.hostile.patient import ADT, CHARGE


class Ends(TypedDict):
    """What several rows come to."""

    answers: tuple[str, ...]
    kept: tuple[str, ...]
    log: tuple[str, ...]


class Ending(StrEnum):
    """What the sender does once all is written."""

    WAITS = "waits for its answers, then hangs up"
    HANGS_UP = "hangs up at once"
    IS_SILENT = "is silent until the engine closes"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a sender does. `send` makes the pieces that are written, one write each."""

    name: str
    send: Callable[[], list[bytes]]
    answers: tuple[str, ...] = ("AA",)
    kept: tuple[str, ...] = ("processed",)
    log: tuple[str, ...] = ()
    ending: Ending = Ending.WAITS
    is_hasty: bool = False  # on the channel that waits less than a second for the end of a frame


def framed(content: bytes) -> Callable[[], list[bytes]]:
    """One whole block."""
    return lambda: [wrap(content)]


def unframed(*pieces: bytes) -> Callable[[], list[bytes]]:
    """Bytes as they are."""
    return lambda: list(pieces)


def changed(old: bytes, new: bytes) -> Callable[[], list[bytes]]:
    """The sound message with one place changed."""
    assert old in ADT
    return framed(ADT.replace(old, new, 1))


def with_segments(*segments: bytes) -> Callable[[], list[bytes]]:
    """The sound message with segments behind it."""
    return framed(ADT + b"".join(segment + b"\r" for segment in segments))


def in_every_field(segment: str, byte: bytes) -> bytes:
    """The sound message, or a charge, with one byte in each field of a segment that holds anything."""
    name = segment.encode()
    lines = (CHARGE if segment == "FT1" else ADT).split(b"\r")
    at = next(at for at, line in enumerate(lines) if line.startswith(name))
    fields = lines[at].split(b"|")
    first = 2 if name == b"MSH" else 1
    lines[at] = b"|".join(
        [*fields[:first], *(field[:1] + byte + field[1:] if field else b"" for field in fields[first:])]
    )
    return b"\r".join(lines)
