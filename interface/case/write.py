"""What happened, as YAML that an analyst reads, edits and compares: short tables on one line, messages as blocks of text."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from interface.case.case import Er7, Order, Outcome, Step, Told
from interface.case.er7 import with_wildcards

_PLAIN: Final = re.compile(r"-?[A-Za-z0-9_.$(/+](?:[A-Za-z0-9_.$()/+@|^'% -]|:(?=[A-Za-z0-9]))*")
_WIDE: Final = 120
_STEP: Final = "  "


class _Received(Er7):
    """A message that a case brings in: its time and number count."""

    __slots__ = ()


def expectation(outcome: Outcome, indent: str) -> str:
    """The lines of an `expect:` at this indent, each with its line end."""
    lines = [f"{indent}expect:", *_table(outcome, indent + _STEP)]
    return "".join(f"{line}\n" for line in lines)


def case_text(about: str, channel: str, steps: Sequence[Step], outcomes: Sequence[Outcome]) -> str:
    """A whole file: each step with what it did."""
    lines = [f"about: {scalar(about)}", f"channel: {channel}", "steps:"]
    for step, outcome in zip(steps, outcomes, strict=True):
        told: dict[str, Told] = (
            {"message": _Received(step.message)} if step.order is None else {step.order.kind: _order(step.order)}
        )
        told |= {"channel": step.channel} if step.channel else {}
        lines += _item({**told, "expect": outcome}, _STEP, is_whole=True)
    return "".join(f"{line}\n" for line in lines)


def _order(order: Order) -> dict[str, Told]:
    told: dict[str, Told] = {
        "payment": order.payment,
        "accounts": order.accounts,
        "tender": order.tender,
        "last4": order.last4,
    }
    return {key: value for key, value in told.items() if value}


def _table(told: Mapping[str, Told], indent: str) -> Iterator[str]:
    for key, value in told.items():
        yield from _entry(f"{indent}{scalar(key)}:", value, indent)


def _entry(head: str, value: Told, indent: str) -> Iterator[str]:
    """A value behind what leads to it: on the same line where it fits."""
    if isinstance(value, Er7):
        yield f"{head} |"
        text = value if isinstance(value, _Received) else with_wildcards(value)
        yield from (f"{indent}{_STEP}{line}" for line in text.splitlines())
    elif value is None or isinstance(value, str):
        yield f"{head} {_flow(value)}"
    elif isinstance(value, Mapping):
        if (line := f"{head} {_flow(value)}") and _is_flat(value) and len(line) <= _WIDE:
            yield line
        else:
            yield head
            yield from _table(value, indent + _STEP)
    elif (line := f"{head} {_flow(value)}") and _is_short(value) and len(line) <= _WIDE:
        yield line
    else:
        yield head
        for item in value:
            yield from _item(item, indent + _STEP)


def _item(item: Told, indent: str, *, is_whole: bool = False) -> Iterator[str]:
    line = f"{indent}- {_flow(item)}" if not (is_whole or isinstance(item, Er7)) else ""
    if line and len(line) <= _WIDE and (not isinstance(item, Mapping) or _is_flat(item)):
        yield line
    elif isinstance(item, Mapping):
        lines = list(_table(item, indent + _STEP))
        yield f"{indent}- {lines[0].lstrip()}"
        yield from lines[1:]
    else:
        yield from _entry(f"{indent}-", item, indent)


def _is_flat(told: Mapping[str, Told]) -> bool:
    return bool(told) and all(
        value is None or (isinstance(value, str) and not isinstance(value, Er7)) for value in told.values()
    )


def _is_short(told: Sequence[Told]) -> bool:
    return all(value is None or isinstance(value, str) for value in told)


def _flow(told: Told) -> str:
    match told:
        case None:
            return "~"
        case str():
            return scalar(told)
        case Mapping():
            return "{" + ", ".join(f"{scalar(key)}: {_flow(value)}" for key, value in told.items()) + "}"
        case _:
            return "[" + ", ".join(_flow(value) for value in told) + "]"


def scalar(text: str) -> str:
    """A text as YAML: plain where that is read as the same text, else in double quotes."""
    is_plain = _PLAIN.fullmatch(text) is not None and not text.endswith(" ")
    # Digits are quoted, for other readers of YAML would take 0123 for a number.
    return text if is_plain and not text.isdecimal() else json.dumps(text, ensure_ascii=False)
