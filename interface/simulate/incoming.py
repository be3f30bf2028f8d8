"""What an EHR reads of a message sent to it, with eyes of its own: segments and fields by position, nothing unescaped.

Kept apart from the engine's reader, so that a mistake of the engine's writer is not undone by the same mistake here.
"""

import re
from dataclasses import dataclass

_AMOUNT = re.compile(r"-?\d{1,10}(\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message split at its field separator; `field("FT1", 2)` is FT1-2 of the first FT1."""

    content: bytes
    separator: str
    segments: tuple[tuple[str, ...], ...]

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.field("MSH", 10)

    @property
    def message_type(self) -> str:
        """MSH-9.1 and 9.2, written `DFT^P03`."""
        return "^".join(self.field("MSH", 9).split("^")[:2])

    def all(self, name: str) -> tuple[tuple[str, ...], ...]:
        """Every segment of a name, in order."""
        return tuple(segment for segment in self.segments if segment[0] == name)

    def field(self, name: str, number: int) -> str:
        """Field of the first segment of a name; empty when there is none."""
        for segment in self.segments:
            if segment[0] == name:
                return field_of(segment, number)
        return ""


def read_incoming(content: bytes) -> Incoming:
    """Split a message. Bytes that are not UTF-8 are read as Latin-1, so that reading never fails."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    separator = text[3:4] or "|"
    segments = tuple(tuple(line.split(separator)) for line in text.split("\r") if line)
    return Incoming(content, separator, segments)


def field_of(segment: tuple[str, ...], number: int) -> str:
    """Field of a segment, empty when it is not there. MSH-1 is the separator itself, so MSH counts one less."""
    index = number - 1 if segment[0] == "MSH" else number
    return segment[index] if index < len(segment) else ""


def component(field: str, number: int) -> str:
    """Component of the first repetition of a field, counted from 1."""
    parts = field.partition("~")[0].split("^")
    return parts[number - 1] if number <= len(parts) else ""


def read_amount(field: str) -> tuple[int, str] | None:
    """Return (minor units, currency) of a CP field such as `125.00&USD`; None when it is not an amount of money."""
    price = component(field, 1).split("&")
    if not _AMOUNT.fullmatch(price[0]):
        return None
    whole, _, cents = price[0].lstrip("-").partition(".")
    minor = int(whole) * 100 + int(cents.ljust(2, "0") or "0")
    return (-minor if price[0].startswith("-") else minor), price[1] if len(price) > 1 else ""
