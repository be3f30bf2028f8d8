"""How each rule came to its value, shown: its text and place, what it looked at, and why it gave nothing where it did."""

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from rich.text import Text

from interface.cli.reading import shown, value_json
from interface.cli.table import plain
from interface.mapping.kind import Type
from interface.mapping.scope import UNSAID

if TYPE_CHECKING:
    from rich.console import Console

    from interface.mapping.explain import Explained, Explanation
    from interface.mapping.steps import Line

_WIDTH = 34  # of what a rule writes, before what came of it


def explanation_json(explanation: "Explanation | None") -> dict[str, Any]:
    """The event's entry and every rule; nothing where it was not asked for."""
    if explanation is None:
        return {}
    event = explanation.event
    return {
        "event": {"rule": event.rule, "file": event.mark.file, "line": event.mark.line} if event else None,
        "event_time": [_line_json(line) for line in explanation.event_time],
        "rules": [rule_json(one) for one in explanation.rules],
    }


def rule_json(one: "Explained") -> dict[str, Any]:
    """One rule with what each part of it did."""
    return {
        "target": one.target,
        "group": one.group or None,
        "rule": one.rule,
        "file": one.mark.file,
        "line": one.mark.line,
        "column": one.mark.column,
        "said": one.value is not UNSAID,
        "value": value_json(one.value, one.type),
        "why": one.why or None,
        "steps": [_line_json(line) for line in one.lines],
    }


def _line_json(line: "Line") -> dict[str, Any]:
    return {
        "depth": line.depth,
        "what": line.what,
        "sent": line.sent or None,
        "said": line.gave is not UNSAID,
        "value": value_json(line.gave, line.type),
        "note": line.note or None,
    }


def print_explanation(screen: "Console", explanation: "Explanation") -> None:
    """Every rule in the order of the files; rules that did not run are told together, by section and reason."""
    event = explanation.event
    if event is not None:
        screen.print(_head(event.target, event.rule, f"{event.mark.file}:{event.mark.line}"))
    if explanation.event_time:
        screen.print(_head("event time", "EVN-6 ?? EVN-2 ?? MSH-7 ?? arrival", ""))
    for line in explanation.event_time:
        screen.print(_line(line, "", has_parts=False) or "")
    for (section, why, is_run), found in groupby(explanation.rules, key=_kind):
        rules = list(found)
        if is_run:
            for one in rules:
                print_rule(screen, one)
        else:
            lines = [one.mark.line for one in rules]
            where = f"{rules[0].mark.file}:{min(lines)}" + (f"-{max(lines)}" if len(lines) > 1 else "")
            screen.print(_head(f"{section}.*" if len(rules) > 1 else rules[0].target, f"nothing: {why}", where))


def _kind(one: "Explained") -> tuple[str, str, bool]:
    is_run = bool(one.lines)
    return one.target.rpartition(".")[0], "" if is_run else one.why, is_run


def print_rule(screen: "Console", one: "Explained") -> None:
    """One rule: its value or why there is none, its text, and what each part of it did."""
    target = f"{one.target} ({one.group})" if one.group else one.target
    is_condition = one.target.endswith(".when")
    value = ("holds" if one.value else "does not hold") if is_condition else shown(one.value, one.type)
    if one.is_failed:
        value = "stops the message"
    why = f": {one.why}" if one.why and not one.is_failed else ""
    screen.print(_head(target, f"{value}{why}", f"{one.mark.file}:{one.mark.line}"))
    told = []
    for line, following in pairwise([*one.lines, None]):
        has_parts = line is not None and following is not None and following.depth > line.depth
        told.append(_line(line, one.why, has_parts=has_parts) if line is not None else None)
    came = [text for text in told if text is not None]
    if len(came) != 1 or one.lines[0].what != one.rule:
        screen.print(Text(f"  {plain(one.rule)}", style="dim"))
    for text in came:
        screen.print(text)


def _line(line: "Line", why: str, *, has_parts: bool) -> Text | None:
    """What a part of a rule writes and what came of it; None where there is nothing to tell. Repetitions have their own lines."""
    came = [plain(line.sent)] if line.sent and not has_parts else []
    if line.gave is not UNSAID and shown(line.gave, line.type) != line.sent:
        came.append(f"> {plain(_gave(line))}")
    if line.note and line.note != why:
        came.append(f"({plain(line.note)})")
    if not came:
        return None
    margin = "    " + "  " * line.depth
    what = plain(line.what).ljust(_WIDTH - 2 * line.depth)
    return Text.assemble(margin, (f"{what} ", "dim"), "  ".join(came))


def _gave(line: "Line") -> str:
    if isinstance(line.gave, bool) and line.type is not Type.FLAG:
        return "holds" if line.gave else "does not hold"
    return shown(line.gave, line.type)


def _head(target: str, value: str, where: str) -> Text:
    return Text.assemble((f"{target}  ", "bold"), plain(value), (f"  {where}", "dim"))
