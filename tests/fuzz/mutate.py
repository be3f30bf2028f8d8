"""New inputs from old ones: bytes, lines, fields and known pieces are cut, doubled, swapped and put in."""

import random
from collections.abc import Callable, Sequence

LONGEST = 4096
_STRUCTURE = (b"\r", b"\n", b"|", b"^", b"~", b" ", b"-", b"\x1c\r")
_NOTABLE = (0, 1, 9, 10, 11, 13, 27, 28, 32, 48, 57, 65, 92, 94, 124, 126, 127, 128, 129, 195, 255)
Change = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutated(data: bytes, chance: random.Random, tokens: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """One to five changes, one after the other; now and then a piece of another input."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        if others and chance.random() < 0.15:
            data = _crossed(data, chance, chance.choice(others))
        else:
            data = chance.choice(_CHANGES)(data, chance, tokens)
    return data[:LONGEST]


def _place(data: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(data))


def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = _place(data, chance)
    return start, min(len(data), start + chance.choice((1, 1, 2, 4, 8, 32, 200)))


def _byte(data: bytes, chance: random.Random, _tokens: Sequence[bytes]) -> bytes:
    at = _place(data, chance)
    return data[:at] + bytes([chance.choice((*_NOTABLE, chance.randrange(256)))]) + data[at + 1 :]


def _insert(data: bytes, chance: random.Random, tokens: Sequence[bytes]) -> bytes:
    at = _place(data, chance)
    return data[:at] + chance.choice(tokens) + data[at:]


def _replace(data: bytes, chance: random.Random, tokens: Sequence[bytes]) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.choice(tokens) + data[end:]


def _cut(data: bytes, chance: random.Random, _tokens: Sequence[bytes]) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def _double(data: bytes, chance: random.Random, _tokens: Sequence[bytes]) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 1, 2, 20)) + data[end:]


def _end(data: bytes, chance: random.Random, _tokens: Sequence[bytes]) -> bytes:
    return data[: _place(data, chance)]


def _parts(data: bytes, chance: random.Random, _tokens: Sequence[bytes]) -> bytes:
    """Segments, lines, fields or components as wholes: left out, doubled, swapped."""
    separator = chance.choice(_STRUCTURE)
    parts = data.split(separator)
    at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(3):
        case 0:
            parts[at], parts[other] = parts[other], parts[at]
        case 1:
            del parts[at]
        case _:
            parts.insert(other, parts[at])
    return separator.join(parts)


def _crossed(data: bytes, chance: random.Random, other: bytes) -> bytes:
    start, end = _span(other, chance)
    at = _place(data, chance)
    return data[:at] + other[start:end] + data[at:] if chance.random() < 0.5 else data[:at] + other[start:]


_CHANGES: tuple[Change, ...] = (_byte, _byte, _insert, _insert, _replace, _cut, _double, _end, _parts, _parts)
