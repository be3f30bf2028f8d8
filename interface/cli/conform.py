"""The verb that holds a message against the standard of its version."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode
from interface.cli.given import Given, given, message_argument
from interface.errors import MessageError

if TYPE_CHECKING:
    from rich.console import Console

    from interface.hl7.conform import Conformance

_SHOWN = 200  # findings of one message in a table; JSON has all
_WORDS = {"E": "error", "W": "warning", "I": "note", "F": "error"}
_STYLES = {"E": "red", "W": "yellow", "I": "", "F": "red"}


@verb("conform")
@message_argument
@click.option("--errors", "errors_only", is_flag=True, help="Only errors: neither warnings nor notes.")
def conform_verb(asked: Asked, name: str, errors_only: bool) -> int:
    """Tell what a message does otherwise than its version of HL7 v2 says: order of segments, fields, types, lengths, codes.

    Beside it stands what our own reader read around: character set, delimiters, line ends. Many a message that departs from the
    standard is read without trouble: `hp24 map` shows how. MESSAGE is a file, - for standard input, or the number of a stored
    message, which is audited before anything is shown. Exit code 1 if there are errors.
    """
    found = [(one, _held(one)) for one in given(asked, name)]
    if asked.as_json:
        from interface.cli.table import print_json

        print_json({"messages": [_json(one, held, errors_only=errors_only) for one, held in found]})
    else:
        _print(found, errors_only=errors_only)
    is_well = not any(isinstance(held, MessageError) or held.errors for _one, held in found)
    return ExitCode.OK if is_well else ExitCode.PROBLEMS


def _held(one: Given) -> "Conformance | MessageError":
    from interface.hl7.conform import conform
    from interface.hl7.parser import parse

    try:
        return conform(parse(one.raw))
    except MessageError as failure:
        return failure


def _json(one: Given, held: "Conformance | MessageError", *, errors_only: bool) -> dict[str, Any]:

    told: dict[str, Any] = {"source": one.source, "number": one.number}
    if isinstance(held, MessageError):
        return told | {"code": held.code, "place": held.place, "text": held.text, "findings": []}
    findings = [
        {
            "severity": _WORDS[each.severity],
            "place": each.place,
            "rule": each.rule,
            "text": each.text,
            "sent": each.sent,
        }
        for each in held.findings
        if not errors_only or each.severity in "EF"
    ]
    return told | {"code": None, "version": held.version, "structure": held.structure or None, "findings": findings}


def _print(found: "list[tuple[Given, Conformance | MessageError]]", *, errors_only: bool) -> None:
    from interface.cli.table import console

    screen = console()
    for place, (one, held) in enumerate(found):
        if place:
            screen.print()
        head = one.name
        if isinstance(held, MessageError):
            screen.print(f"{head}  {held.sentence()}", markup=False)
        else:
            _print_findings(screen, head, held, errors_only=errors_only)


def _print_findings(screen: "Console", head: str, held: "Conformance", *, errors_only: bool) -> None:
    from rich.text import Text

    from interface.cli.table import Column, plain, table

    by = f"HL7 {held.version}, {held.structure or 'no structure'}"
    findings = [one for one in held.findings if not errors_only or one.severity in "EF"]
    number = f"{len(findings)} finding{'s' * (len(findings) != 1)}, {held.errors} error{'s' * (held.errors != 1)}"
    screen.print(Text.assemble((plain(head), "bold"), f"  {by}: {number if findings else 'nothing found'}"))
    columns = [Column(""), Column("place"), Column("rule", leaves=1), Column("what the version says", shrinks=True)]
    columns += [Column("sent", shrinks=True, leaves=2)]
    rows = [
        [Text(_WORDS[one.severity], style=_STYLES[one.severity]), one.place, one.rule, one.text, one.sent]
        for one in findings[:_SHOWN]
    ]
    if rows:
        screen.print(table(columns, rows))
    if len(findings) > _SHOWN:
        screen.print(f"{len(findings) - _SHOWN} more are not shown; --json has all.")
