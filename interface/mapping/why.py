"""Why a rule gave nothing, or what it cleared, in words for the people who write rules. Read off a recorded run."""

from collections.abc import Iterator

from interface.hl7.value import NULL_ER7
from interface.mapping.expression import Call, ElementPath, Fallback, Given, Literal, Name, Part, Piped, Reference
from interface.mapping.node import Scalar
from interface.mapping.record import Step, Tried
from interface.mapping.scope import UNSAID
from interface.mapping.written import call_written, written


def nothing(step: Step) -> str:
    """Why this part of a rule gave nothing; of one that cleared, what was sent as `""`; of one that failed, the failure."""
    if step.failure is not None:
        return step.failure.sentence()
    match step.part:
        case Scalar():
            why = nothing(step.steps[-1]) if step.steps else "the rule gives nothing"
        case Reference():
            why = _of_path(step.part, step)
        case ElementPath(path=path):
            why = f"the resource is no {path.type}" if step.note == path.type else f"{step.note or path} finds nothing"
        case Piped():
            why = _of_pipe(step)
        case Fallback():
            why = "; ".join(dict.fromkeys(nothing(one) for one in step.steps))
        case Given():
            asked, *said = step.steps
            why = nothing(said[0]) if said else f"the condition does not hold: {seen(asked)}"
        case Name(name=name):
            why = f"`{name}` is empty"
        case Literal():
            why = "the text is empty"
        case _:
            why = "it says nothing"
    return why


def _of_path(path: Reference, step: Step) -> str:
    place = field_of(path)
    if step.given is None:
        return f"the message has no {place.partition('-')[0]}"
    if step.given == NULL_ER7:
        is_read = step.value is None
        return f'{place} is `""`' + ("" if is_read else ", which counts as empty on this channel")
    if not step.given.strip():
        return f"{place} is empty"
    if step.value is None:
        return f'{written(path)} is `""`'
    return _of_repetitions(path, step) or f"{written(path)} is empty"


def _of_repetitions(path: Reference, step: Step) -> str:
    """Why none of the repetitions gave anything; empty where one was read."""
    place, many = field_of(path), len(step.parts)
    tried = [one for one in step.steps if isinstance(one.part, Tried)]
    if path.choice is not None and not any(one.value for one in tried):
        who = f"none of the {many} repetitions of {place} fits" if many > 1 else f"{place} does not fit"
        return f"{who} [{written(path.choice)}]"
    if path.choice is not None and path.component is None:
        return f"what fits in {place} has no number, or has expired (CX-8)"
    if path.is_only and many > 1:
        return f"{place} has several repetitions, and [only] takes a lone one"
    if path.repetition is not None and path.repetition > many:
        return f"{place} has {many} repetition{'s' if many > 1 else ''}"
    return ""


def _of_pipe(step: Step) -> str:
    source, *calls = step.steps
    if not calls:
        return nothing(source)
    last = calls[-1]
    assert isinstance(last.part, Call), "behind a pipe stand functions"
    if last.warnings:
        return f"`{call_written(last.part)}` cannot read it: {', '.join(last.warnings)}"
    return f"`{call_written(last.part)}` makes nothing of it" + (f" ({last.note})" if last.note else "")


def field_of(path: Reference) -> str:
    """The field that a path looks at, `GT1[2]-3`."""
    occurrence = f"[{path.occurrence}]" if path.occurrence else ""
    return f"{path.segment}{occurrence}-{path.field}"


def seen(step: Step) -> str:
    """What a condition saw: `PV1-2 is 'N'`."""
    told = dict.fromkeys(f"{what} is {value}" for what, value in _operands(step))
    return ", ".join(told) or ("it holds" if step.value else "it does not hold")


def _operands(step: Step) -> Iterator[tuple[str, str]]:
    if isinstance(step.part, Part | Reference | ElementPath | Name | Piped | Fallback):
        yield written(step.part), "empty" if step.value in (UNSAID, None, "") else f"'{step.value}'"
        return
    for one in step.steps:
        yield from _operands(one)
