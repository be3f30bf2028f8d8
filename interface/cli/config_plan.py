"""How a plan of a configuration change is shown: as tables for people, as one JSON object for programs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from interface.app.case_change import Tried
    from interface.app.change import ConfigPlan
    from interface.channel.difference import Change
    from interface.engine.adopt import Adoption


_SHOWN = 100  # changes in a table
_LINES_SHOWN = 20  # of cases, and of what they do not cover


def plan_json(planned: "ConfigPlan", root: "Path") -> dict[str, Any]:
    """The plan as one JSON object."""
    from interface.cli.engine import problem_json

    return {
        "root": str(root),
        "active": planned.base_id or None,
        "version": planned.configuration.digest,
        "environment": _environment_json(planned),
        "files": list(planned.files),
        "changes": [_change_json(one) for one in planned.changes],
        "money": len(planned.money),
        "listeners": _adoption_json(planned.listeners),
        "destinations": _adoption_json(planned.destinations),
        "touched": [
            {"kind": one.kind, "name": one.name, "counts": dict(one.counts), "told": one.told}
            for one in planned.touched
        ],
        "warnings": [problem_json(one) for one in planned.warnings],
        "cases": None if planned.tried is None else _tried_json(planned.tried),
        "uncovered": None if planned.tried is None else [_change_json(one) for one in planned.tried.uncovered],
    }


def _tried_json(tried: "Tried") -> dict[str, Any]:
    from interface.cli.cases import case_json
    from interface.cli.engine import problem_json

    return {
        "played": tried.played,
        "others": tried.others,
        "failing": [case_json(one) for one in tried.failing],
        "unread": [problem_json(one) for one in tried.unread],
        "options_not_tried": tried.untried,
    }


def _environment_json(planned: "ConfigPlan") -> dict[str, Any] | None:
    around = planned.configuration.surroundings
    if not around.name:
        return None
    names = {"values": list(around.values), "secrets": list(around.secrets)}
    return {"name": around.name, "production": around.is_production} | names


def _change_json(one: "Change") -> dict[str, Any]:
    return {
        "place": one.place,
        "subject": one.subject,
        "name": one.name,
        "old": one.old,
        "new": one.new,
        "money": one.money or None,
        "channels": list(one.channels),
    }


def _adoption_json(one: "Adoption") -> dict[str, Any]:
    return {
        "stay": list(one.stays),
        "open": list(one.opens),
        "close": list(one.closes),
        "reopen": {name: list(why) for name, why in one.reopens.items()},
    }


def print_plan(planned: "ConfigPlan") -> None:
    """The same for people: each change with its place, then what of a running engine it touches."""
    from interface.cli.table import console

    screen = console()
    if planned.is_empty:
        screen.print(f"Version {planned.base_id} is active, and the files say the same: nothing to do.", markup=False)
        return
    if not planned.base_id:
        channels = ", ".join(planned.configuration.specs)
        screen.print(f"No version is active yet; this would be the first: {channels}.", markup=False)
    else:
        number = len(planned.files)
        files = f"{number} file{'s' * (number > 1)}: {', '.join(planned.files)}"
        screen.print(f"Version {planned.base_id} is active. It differs in {files}.", markup=False, soft_wrap=True)
        _print_changes(planned.changes)
    if around := _environment_json(planned):
        kind = "production" if around["production"] else "not production"
        given = ", ".join((*around["values"], *(f"{name} (secret)" for name in around["secrets"])))
        screen.print(
            f"environment {around['name']}, {kind}; it gives {given or 'no values'}", markup=False, soft_wrap=True
        )
    _print_ends("listener", planned.listeners, "opened anew")
    _print_ends("destination", planned.destinations, "connected anew")
    for one in planned.touched:
        counts = ", ".join(f"{number:,} {state}" for state, number in one.counts.items())
        screen.print(f"{one.kind} {one.name} has {counts}: {one.told}", markup=False)
    for warning in planned.warnings:
        screen.print(f"warning: {warning}", markup=False, soft_wrap=True)
    if planned.base_id:
        for line in _case_lines(planned.tried):
            screen.print(line, markup=False, soft_wrap=True)


def _case_lines(tried: "Tried | None") -> "Iterator[str]":
    """What the cases say; that nobody asked them is said, too."""
    from interface.cli.cases import case_lines

    if tried is None:
        yield "cases: not played; nobody looked whether they hold, and what of this they cover"
        return
    told = f"cases: {tried.played} of {tried.played + tried.others} use something of this"
    told += f", {len(tried.failing)} of them not as expected" if tried.failing else ""
    told += f"; {len(tried.unread)} mistakes in their files" if tried.unread else ""
    yield told
    yield from (f"  {one}" for one in tried.unread[:_LINES_SHOWN])
    for one in tried.failing[:_LINES_SHOWN]:
        first, *others = case_lines(one)
        yield f"  {first}{f'; and {len(others)} more' if others else ''}"
    if max(len(tried.unread), len(tried.failing)) > _LINES_SHOWN:
        yield "  and more: hp24 test"
    if tried.uncovered:
        yield "no case covers:"
        yield from (f"  {one.place}: {one.sentence()}" for one in tried.uncovered[:_LINES_SHOWN])
        if len(tried.uncovered) > _LINES_SHOWN:
            yield f"  and {len(tried.uncovered) - _LINES_SHOWN} more: --json lists all"
    if tried.untried:
        yield f"  whether {tried.untried} more options are covered nobody looked: too many differ"


def _print_changes(changes: "Sequence[Change]") -> None:
    from interface.cli.table import Column, console, table

    if not changes:
        console().print("Comments and order alone: nothing that runs is different.")
        return
    columns = [Column("place"), Column("what", shrinks=True), Column("touches money", shrinks=True)]
    columns.append(Column("reaches", leaves=1))
    ordered = sorted(changes, key=lambda one: not one.money)  # what touches money is never what is left out
    rows = [[one.place, one.sentence(), one.money, ", ".join(one.channels)] for one in ordered[:_SHOWN]]
    console().print(table(columns, rows))
    if len(changes) > _SHOWN:
        console().print(f"and {len(changes) - _SHOWN:,} more: --json lists all")


def _print_ends(kind: str, ends: "Adoption", anew: str) -> None:
    from interface.cli.table import console

    told = [f"{name} is {anew} ({', '.join(why)})" for name, why in ends.reopens.items()]
    told += [f"{name} starts" for name in ends.opens]
    told += [f"{name} stops" for name in ends.closes]
    if ends.stays:
        told.append(f"{', '.join(ends.stays)} keep{'s' * (len(ends.stays) == 1)} every connection")
    for one in told:
        console().print(f"{kind} {one}", markup=False, soft_wrap=True)
