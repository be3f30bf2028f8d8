"""A part of an expression that cannot be used, on its way to the list of problems."""

from collections.abc import Callable, Sequence
from typing import TypeVar

C = TypeVar("C")  # the 3.11 spelling of generic functions
P = TypeVar("P")


class Wrong(Exception):  # noqa: N818 - a finding, not an error of ours
    """Where in the expression's text, which rule, what is wrong, what to write instead."""

    def __init__(self, at: int, rule: str, text: str, advice: str = "") -> None:
        super().__init__(text)
        self.at, self.rule, self.text, self.advice = at, rule, text, advice
        self.others: tuple[Wrong, ...] = ()  # found in other parts of the same expression


def each(parts: Sequence[P], build: Callable[[P], C]) -> list[C]:
    """What `build` makes of every part; what is wrong in any of them is raised together."""
    built, wrongs = [], []
    for part in parts:
        try:
            built.append(build(part))
        except Wrong as wrong:
            wrongs.append(wrong)
    if wrongs:
        first, *more = wrongs
        first.others += tuple(more)
        raise first
    return built
