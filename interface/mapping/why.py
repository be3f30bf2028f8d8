"""Why a rule gave nothing, and what each of its parts did, in words for the people who write rules. Read off a recorded run."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from interface.hl7.value import NULL_ER7
from interface.mapping.expression import Call, Fallback, Given, Literal, Name, Part, Piped, Reference
from interface.mapping.node import Scalar
from interface.mapping.record import Step, Tried
from interface.mapping.scope import UNSAID
from interface.mapping.written import call_written, written


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a rule did: `what` as the rule writes it, `given` as the message has it, `gave` the value or the verdict.

    `gave` is UNSAID where nothing came of it, None where it clears; `note` says what else is to be known. `depth` counts from 0.
    """

    depth: int
    what: str
    given: str = ""
    gave: Any = UNSAID
    note: str = ""


def nothing(step: Step) -> str:
    """Why this part of a rule gave nothing; of a part that cleared, what was sent as `""`."""
    if step.failure is not None:
        return step.failure.sentence()
    match step.part:
        case Scalar():
            return nothing(step.steps[-1]) if step.steps else "the rule gives nothing"
        case Reference():
            return _no_path(step.part, step)
        case Piped():
            return _no_pipe(step)
        case Fallback():
            return "; ".join(dict.fromkeys(nothing(one) for one in step.steps))
        case Given():
            asked, *said = step.steps
            return nothing(said[0]) if said else f"the condition does not hold: {verdict(asked)}"
        case Name(name=name):
            return f"`{name}` is empty"
        case Literal():
            return "the text is empty"
        case _:
            return "it says nothing"


def _no_path(path: Reference, step: Step) -> str:
    place = written_place(path)
    if step.given is None:
        return f"the message has no {place.partition('-')[0]}"
    if not step.given.strip():
        return f"{place} is empty"
    if step.value is None:
        return f'{place} is `""`' if step.given == NULL_ER7 else f'{written(path)} is `""`'
    if step.given == NULL_ER7:
        return f'{place} is `""`, which counts as empty on this channel'
    if tried := [one for one in step.steps if isinstance(one.part, Tried)]:
        if not any(one.value for one in tried):
            return _none_fits(path, tried)
        if path.component is None:
            return f"what fits in {place} has no number, or has expired (CX-8)"
    elif path.is_only and (step.steps or path.component is None):
        return f"{place} does not hold just one repetition with content"
    return f"{written(path)} is empty"


def _none_fits(path: Reference, tried: list[Step]) -> str:
    wanted = written(path.choice) if path.choice is not None else ""
    many = f"none of the {len(tried)} repetitions" if len(tried) > 1 else "the one repetition"
    return f"{many} of {written_place(path)} {'fits' if len(tried) > 1 else 'does not fit'} [{wanted}]"


def _no_pipe(step: Step) -> str:
    source, *calls = step.steps
    if not calls:
        return nothing(source)
    last = calls[-1]
    assert isinstance(last.part, Call), "behind a pipe stand functions"
    if last.warnings:
        return f"`{call_written(last.part)}` cannot read it: {', '.join(last.warnings)}"
    return f"`{call_written(last.part)}` makes nothing of it" + (f" ({last.note})" if last.note else "")


def written_place(path: Reference) -> str:
    """The field that a path looks at, `GT1[2]-3`."""
    occurrence = f"[{path.occurrence}]" if path.occurrence else ""
    return f"{path.segment}{occurrence}-{path.field}"


def verdict(step: Step) -> str:
    """What a condition saw: `PV1-2 is 'N'`."""
    seen = dict.fromkeys(f"{what} is {value}" for what, value in _seen(step))
    return ", ".join(seen) or ("it holds" if step.value else "it does not hold")


def _seen(step: Step) -> Iterator[tuple[str, str]]:
    if isinstance(step.part, Part | Reference | Name | Piped | Fallback):
        yield written(step.part), "empty" if step.value in (UNSAID, None, "") else f"'{step.value}'"
        return
    for one in step.steps:
        yield from _seen(one)


def lines(step: Step, depth: int = 0) -> Iterator[Line]:
    """What a rule did, part by part."""
    match step.part:
        case Scalar():
            for one in step.steps:
                yield from lines(one, depth)
        case Reference():
            yield from _of_path(step.part, step, depth)
        case Piped(calls=calls):
            source, *done = step.steps
            yield from lines(source, depth)
            for call, one in zip_longest(calls, done):
                yield _of_call(call, one, depth)
        case Fallback(options=options):
            for option, one in zip_longest(options, step.steps):
                if one is None:
                    yield Line(depth, f"?? {written(option)}", note="not needed")
                else:
                    yield from lines(one, depth)
        case Given(condition=condition):
            asked, *said = step.steps
            holds = "holds" if asked.value else "does not hold"
            yield Line(depth, f"if {written(condition)}", note=f"{holds}: {verdict(asked)}")
            for one in said:
                yield from lines(one, depth)
        case Call() | Tried():
            return
        case _:
            note = "" if isinstance(step.part, Literal | Name) else verdict(step)
            yield Line(depth, written(step.part), gave=step.value, note=note)


def _of_call(call: Call, step: Step | None, depth: int) -> Line:
    what = f"| {call_written(call)}"
    if step is None:
        return Line(depth, what, note="nothing to work on")
    note = "; ".join((*((step.note,) if step.note else ()), *step.warnings))
    if step.failure is not None:
        note = step.failure.sentence()
    return Line(depth, what, gave=step.value, note=note)


def _of_path(path: Reference, step: Step, depth: int) -> Iterator[Line]:
    note = nothing(step) if step.value is UNSAID or step.failure is not None else ""
    yield Line(depth, written(path), step.given or "", step.value, note)
    if len(step.parts) > 1 or any(isinstance(one.part, Tried) for one in step.steps):
        for number, (text, fate) in enumerate(zip(step.parts, fates(path, step), strict=True), start=1):
            yield Line(depth + 1, f"{written_place(path)}[{number}]", text, note=fate)


def fates(path: Reference, step: Step) -> list[str]:
    """Of each repetition of the field: taken, or why not."""
    tried = [one for one in step.steps if isinstance(one.part, Tried)]
    reads = [one for one in step.steps if isinstance(one.part, Call)]
    if not tried and not reads:
        return [_by_number(path, step, number) for number in range(1, len(step.parts) + 1)]
    told = []
    for part in step.parts:
        asked = tried.pop(0) if part and tried else None
        read = reads.pop(0) if reads and reads[0].given == part and (asked is None or asked.value) else None
        told.append(_fate(path, step, part, asked, read))
    return told


def _by_number(path: Reference, step: Step, number: int) -> str:
    if path.is_only:
        return "not alone" if step.value is UNSAID else "taken" if any(map(str.isalnum, step.parts[number - 1])) else "empty"
    wanted = path.repetition or 1
    return "taken" if number == wanted else f"not taken: the rule reads repetition {wanted}"


def _fate(path: Reference, step: Step, part: str, asked: Step | None, read: Step | None) -> str:
    if not part:
        return "empty"
    seen = verdict(asked.steps[0]) if asked is not None and asked.steps else ""
    if asked is not None and not asked.value:
        return f"no: {seen}"
    if path.choice is not None and asked is None:
        return "not looked at: the first that fits is taken"
    why = f": {seen}" if seen else ""
    if read is None:
        reads_identifiers = any(isinstance(one.part, Call) for one in step.steps) or path.component is None
        return f"expired (CX-8){why}" if reads_identifiers and not _is_text(step) else f"taken{why}"
    if read.failure is not None:
        return read.failure.sentence()
    if read.value is UNSAID:
        return "it has no number"
    is_one_of_many = step.value is UNSAID or step.failure is not None
    return f"it fits, as others do{why}" if is_one_of_many else f"taken{why}"


def _is_text(step: Step) -> bool:
    """Whether a choice gave a text or a repetition as sent, rather than identifiers."""
    return isinstance(step.value, str)
