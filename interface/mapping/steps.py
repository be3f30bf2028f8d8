"""What a rule did, part by part, as lines to be shown: paths and what stands there, functions, choices. Read off a recorded run."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from interface.mapping.expression import Call, ElementPath, Fallback, Given, Literal, Name, Piped, Reference
from interface.mapping.kind import Type
from interface.mapping.node import Scalar
from interface.mapping.record import Step, Tried
from interface.mapping.scope import UNSAID
from interface.mapping.why import field_of, nothing, seen
from interface.mapping.written import call_written, written


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a rule did: `what` as the rule writes it, `sent` as the message has it, `gave` the value.

    `gave` is UNSAID where nothing came of it, None where it clears; `note` says what else is to be known. `depth` counts from 0.
    """

    depth: int
    what: str
    sent: str = ""
    gave: Any = UNSAID
    note: str = ""
    type: Type | None = None  # of what a function gave


def lines(step: Step, depth: int = 0) -> Iterator[Line]:
    """Every part of a rule that was asked, in order, and those that were not needed."""
    match step.part:
        case Scalar():
            for one in step.steps:
                yield from lines(one, depth)
        case Reference():
            yield from _of_path(step.part, step, depth)
        case ElementPath():
            yield Line(depth, written(step.part), gave=step.value, note=nothing(step) if step.value is UNSAID else "")
        case Piped():
            yield from _of_pipe(step.part, step, depth)
        case Fallback():
            yield from _of_fallback(step.part, step, depth)
        case Given():
            yield from _of_given(step.part, step, depth)
        case Call() | Tried():
            return
        case Literal() | Name():
            yield Line(depth, written(step.part), gave=step.value)
        case _:
            yield Line(depth, written(step.part), gave=bool(step.value), note=seen(step))


def _of_fallback(tree: Fallback, step: Step, depth: int) -> Iterator[Line]:
    for option, one in zip_longest(tree.options, step.steps):
        if one is None:
            yield Line(depth, f"?? {written(option)}", note="not needed" if step.failure is None else "not reached")
        else:
            yield from lines(one, depth)


def _of_given(tree: Given, step: Step, depth: int) -> Iterator[Line]:
    asked, *said = step.steps
    yield Line(depth, f"if {written(tree.condition)}", gave=bool(asked.value), note=seen(asked))
    for one in said:
        yield from lines(one, depth)


def _of_pipe(tree: Piped, step: Step, depth: int) -> Iterator[Line]:
    source, *done = step.steps
    yield from lines(source, depth)
    for call, one in zip_longest(tree.calls, done):
        if one is not None:
            yield Line(depth, f"| {call_written(call)}", gave=one.value, note=_note(one), type=one.type)


def _note(step: Step) -> str:
    told = [step.note] if step.note else [step.failure.sentence()] if step.failure is not None else []
    return "; ".join((*told, *step.warnings))


def _of_path(path: Reference, step: Step, depth: int) -> Iterator[Line]:
    note = nothing(step) if step.value is UNSAID or step.value is None or step.failure is not None else ""
    yield Line(depth, written(path), step.given or "", step.value, note)
    if len(step.parts) > 1 or (path.choice is not None and step.steps):
        for number, (text, fate) in enumerate(zip(step.parts, fates(path, step), strict=True), start=1):
            yield Line(depth + 1, f"{field_of(path)}[{number}]", text, note=fate)


def fates(path: Reference, step: Step) -> list[str]:
    """Of each repetition of the field: taken, or why not."""
    tried = [one for one in step.steps if isinstance(one.part, Tried)]
    reads = [one for one in step.steps if isinstance(one.part, Call)]
    if not tried and not reads:
        return [_by_place(path, step, number) for number in range(1, len(step.parts) + 1)]
    # A path that gives identifiers reads each repetition that fits, unless it has expired; one that gives a text reads none.
    is_identifier = bool(reads) or (path.component is None and not isinstance(step.value, str))
    told = []
    for part in step.parts:
        asked = tried.pop(0) if part and tried else None
        fits = asked is None or bool(asked.value)
        read = reads.pop(0) if fits and reads and reads[0].given == part else None
        if path.choice is not None and (not fits or asked is None):
            told.append(_unfit(part, asked))
        else:
            told.append(_read(part, step, read) if is_identifier else _with("taken", asked))
    return told


def _by_place(path: Reference, step: Step, number: int) -> str:
    if path.is_only:
        has_content = any(map(str.isalnum, step.parts[number - 1]))
        return "not alone" if step.value is UNSAID else "taken" if has_content else "empty"
    wanted = path.repetition or 1
    return "taken" if number == wanted else f"not read: the rule reads repetition {wanted}"


def _unfit(part: str, asked: Step | None) -> str:
    if asked is not None:
        return _with("no", asked)
    return "not looked at: the first that fits is taken" if part else "empty"


def _read(part: str, step: Step, read: Step | None) -> str:
    if read is None:
        return "expired (CX-8)" if part else "empty"
    if read.failure is not None:
        return read.failure.sentence()
    if read.value is UNSAID:
        return "it has no number"
    return "it fits, as others do" if step.value is UNSAID or step.failure is not None else "taken"


def _with(verdict: str, asked: Step | None) -> str:
    return f"{verdict}: {seen(asked.steps[0])}" if asked is not None and asked.steps else verdict
