"""A case's file with its expectations written anew; every other line, comments among them, stays as it is."""

from collections.abc import Mapping

from interface.case.case import ANY, OTHERS, Case, Outcome, Step, Told
from interface.case.write import expectation
from interface.mapping.node import Block, Node


def rewritten(text: str, case: Case, outcomes: Mapping[int, Outcome]) -> str:
    """The file's text with the expectation of these steps (counted from 0) replaced, or added, by what they did."""
    lines = text.splitlines(keepends=True)
    for number, outcome in sorted(outcomes.items(), reverse=True):
        step = case.steps[number]
        told = _narrowed(outcome, step.expected) if step.expected is not None else outcome
        start, end = _place(lines, step)
        new = expectation(told, " " * (step.mark.column - 1))
        if step.expected_at is not None and step.expected_at.line == step.mark.line:
            new = lines[start][: step.mark.column - 1] + new.lstrip()  # `- expect:`
        if start and not lines[start - 1].endswith("\n"):
            new = f"\n{new}"
        lines[start:end] = [new]
    return "".join(lines)


def _place(lines: list[str], step: Step) -> tuple[int, int]:
    """The lines that the expectation takes, from 0; none of them where it is new, and belongs at the end of its step."""
    indent = step.mark.column - 1
    if step.expected_at is not None:
        start = step.expected_at.line - 1
        return start, _end(lines, start + 1, indent + 1)
    end = _end(lines, step.mark.line, indent)
    return end, end


def _end(lines: list[str], start: int, indent: int) -> int:
    """Behind the last line that belongs to a value whose lines stand at `indent` or deeper."""
    end = start
    for number in range(start, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        if len(line) - len(line.lstrip(" ")) < indent:
            break
        end = number + 1
    return end


def _narrowed(outcome: Outcome, expected: Block) -> Outcome:
    """Of what happened, what the expectation looks at: where it says `others: any`, what it names, and that it says so."""
    found: dict[str, Told] = dict(_looked_at(outcome, expected, is_loose=False))
    return found


def _looked_at(told: Mapping[str, Told], expected: Node, *, is_loose: bool) -> Mapping[str, Told]:
    if not isinstance(expected, Block):
        return told
    says_so = expected.text(OTHERS) == ANY
    is_loose = is_loose or says_so
    found: dict[str, Told] = {}
    for key, value in told.items():
        below = expected.node(key)
        if below is None:
            if not is_loose:
                found[key] = value
        else:
            found[key] = _looked_at(value, below, is_loose=is_loose) if isinstance(value, Mapping) else value
    if is_loose:  # what is expected not to be there
        found |= {key: None for key in expected.entries if key not in told and key != OTHERS}
    return found | ({OTHERS: ANY} if says_so else {})
