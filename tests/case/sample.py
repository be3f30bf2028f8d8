"""Cases in few words, played on the project's own files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from textwrap import dedent, indent
from typing import Any

from interface.app.cases import Bench, Played, sandbox
from interface.case.case import Case, Outcome
from interface.case.reader import read_case
from interface.mapping.problem import Findings, Problem
from tests.mapping.sample import shipped

FILE = "mappings/cases/epic/sample.yaml"
A04 = r"""
MSH|^~\&|EPICADT|NORTH|HP24ENG|HP24|20260304091500-0600||ADT^A04^ADT_A01|N1|P|2.5.1
EVN|A04|20260304091500-0600
PID|1||7001^^^NORTH^MR||BRANDT^OLIVIA||19840519|F|||||^PRN^PH^^1^608^5550134|||||9001^^^NORTH^AN
PV1|1|O|CARD||||||||||||||||5001^^^NORTH^VN|||||||||||||||||||||||||||125.00
"""


def step(message: str, expect: str = "") -> str:
    """One step of a file."""
    lines = f"- message: |\n{indent(message.strip(), '    ')}\n"
    return lines + (f"  expect:\n{indent(dedent(expect).strip(), '    ')}\n" if expect else "")


def text(*steps: str, head: str = "about: a try\n") -> str:
    """A file."""
    return head + "steps:\n" + indent("".join(steps), "  ")


def read(content: str, file: str = FILE) -> tuple[Case | None, Sequence[Problem]]:
    """The case of a file's text, and what is wrong with it."""
    findings = Findings()
    return read_case(file, content, findings), findings.problems


def case(content: str, file: str = FILE) -> Case:
    """A case that is right."""
    found, problems = read(content, file)
    assert found is not None, problems
    return found


@contextmanager
def bench() -> Iterator[Bench]:
    """Plays cases with the shipped files."""
    with sandbox() as (store, clock):
        yield Bench(shipped(), store, clock)


def play(one: Case, there: Bench) -> Played:
    """Play a case that can be played."""
    played = there.play(one)
    assert played.failure is None, played.failure
    return played


def last(played: Played) -> Outcome:
    """What the last step did."""
    return played.outcomes[-1]


def inside(outcome: Outcome, *path: str | int) -> Any:
    """A value in the middle of what a step did."""
    found: Any = outcome
    for step_down in path:
        found = found[step_down]
    return found


def told(played: Played) -> list[str]:
    """The differences, as path=expected/got."""
    return [f"{one.path}={one.expected}/{one.got}" for found in played.differences.values() for one in found]
