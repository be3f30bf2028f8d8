"""What is fuzzed: a check that any bytes must pass, and what good inputs are made of."""

from collections.abc import Callable
from dataclasses import dataclass

Signature = frozenset[str]
"""What an input made the code do, in a few words: errors by code, warnings, sizes by magnitude. New words mean a new input."""


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises whatever is wrong: a broken property as AssertionError, and any exception that is not documented.

    `tokens` are pieces that random bytes would not come upon.
    """

    name: str
    check: Callable[[bytes], Signature]
    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...]


def magnitude(name: str, number: int) -> str:
    """A number as a word of a signature: its power of two."""
    return f"{name}~{number.bit_length()}"
