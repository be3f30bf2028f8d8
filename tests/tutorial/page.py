"""A tutorial in Markdown as a list of things to do: files to write, commands to type, and what each is to show.

    ```yaml title="channels/bayview.yaml"     a file to write, named from the folder that the shell stands in
    ```console                                `$ ` begins a command, what follows is its output; `console fails`: the last command
                                              of the block ends with another exit code than 0
    ```yaml                                   without a title: only to look at

In an output `...` stands for anything within a line, and alone in a line for any lines; how many blanks stand together does not
matter. Everything else stands there to the letter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_TITLE = re.compile(r'\w+ title="([^"]+)"')
_ANYTHING = "..."


class PageError(Exception):
    """The page itself cannot be read; says where."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to write. `line` is that of its first line in the page."""

    line: int
    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command to type, and the output to come. `line` is its own in the page; the output stands right behind it."""

    line: int
    text: str
    output: tuple[str, ...] = ()
    fails: bool = False

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(map(_pattern, self.output))

    def is_shown_by(self, told: str) -> bool:
        """Whether `told` is the output to come, whole."""
        return self._fits(len(self.output), told, rest="")

    def differs_at(self, told: str) -> int:
        """The line of the page up to which `told` fits, and no further."""
        fitting = (number for number in range(len(self.output), -1, -1) if self._fits(number, told, rest="(?:.*\n)*"))
        return min(self.line + 1 + next(fitting), self.line + len(self.output))

    def _fits(self, number: int, told: str, rest: str) -> bool:
        lines = "".join(f"{_plain(line)}\n" for line in told.rstrip().splitlines())
        return re.fullmatch("".join(self._patterns[:number]) + rest, lines) is not None


def _plain(line: str) -> str:
    return " ".join(line.split())


def _pattern(line: str) -> str:
    plain = _plain(line)
    if plain == _ANYTHING:
        return "(?:.*\n)*?"
    return ".*?".join(map(re.escape, plain.split(_ANYTHING))) + "\n"


def steps_of(page: str) -> list[File | Command]:
    """What the page has its reader do, in order. Raises PageError for a fence that is not closed or means nothing."""
    return [step for line, fence, lines in _blocks(page) for step in _steps(line, fence, lines)]


def _blocks(page: str) -> Iterator[tuple[int, str, list[str]]]:
    """Each fenced block: the number of its first line, what stands behind its fence, its lines."""
    fence, first = "", 0
    lines: list[str] = []
    for number, line in enumerate(page.splitlines(), start=1):
        if not first and line.startswith("```"):
            fence, first, lines = line.removeprefix("```").strip(), number + 1, []
        elif first and line == "```":
            yield first, fence, lines
            first = 0
        elif first:
            lines.append(line)
    if first:
        raise PageError(f"line {first - 1}: this block is not closed")


def _steps(first: int, fence: str, lines: list[str]) -> Iterator[File | Command]:
    if title := _TITLE.fullmatch(fence):
        yield File(first, title[1], "".join(f"{line}\n" for line in lines))
    elif fence in ("console", "console fails"):
        yield from _commands(first, lines, fails=fence.endswith("fails"))
    elif " " in fence:
        raise PageError(f"line {first - 1}: `{fence}` means nothing here")


def _commands(first: int, lines: list[str], *, fails: bool) -> Iterator[Command]:
    begins = [place for place, line in enumerate(lines) if line.startswith("$ ")]
    if not begins or begins[0]:
        raise PageError(f"line {first}: a console begins with a command")
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        output = lines[begin + 1 : end]
        while output and not output[-1].strip():
            output.pop()
        yield Command(first + begin, lines[begin].removeprefix("$ "), tuple(output), fails and begin == begins[-1])
