"""The verb that tries a mapping: what a message becomes in the ledger's nouns, and with --explain how and why."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode
from interface.cli.given import Given, given, message_argument
from interface.errors import ActRefusedError

if TYPE_CHECKING:
    from rich.console import Console

    from interface.channel.attempt import Attempt
    from interface.channel.trial import Trial
    from interface.channel.trial_fhir import FhirTrial

_HEALTHPAY24 = "healthpay24"  # the source of what is asked for there


@verb("map")
@message_argument
@click.option("--mapping", metavar="NAME", default="", help="The mapping to read with. Default: that of the channel.")
@click.option(
    "--channel",
    metavar="NAME",
    default="",
    help="Read as this channel does. Default: of a stored message its own, else the one that uses the mapping.",
)
@click.option("--explain", is_flag=True, help="Tell of every rule what it looked at and why it gave what it gave.")
@click.option("--rule", metavar="TARGET", default="", help="Explain only this rule, as patient.sex, or this section.")
def map_verb(asked: Asked, name: str, mapping: str, channel: str, explain: bool, rule: str) -> int:
    """Show what a message becomes with the mapping files as they are edited now. Nothing is stored or sent.

    MESSAGE is a file (one or many messages, with CR, LF or CRLF; or one FHIR request or resource), - for standard input, or the
    number of a stored message, which is audited before anything is shown. Exit code 0 if every message is mapped or filtered. What
    the ledger would do with it then, as holding money before its account, is not tried.
    """
    import os

    from interface.app.root import default_root
    from interface.channel.trial import open_trial
    from interface.mapping.problem import ProblemsError

    messages = given(asked, name)
    if messages[0].channel == _HEALTHPAY24:
        raise ActRefusedError(
            "read-by-no-mapping",
            "a request of HealthPay24 is read by the engine itself",
            place=messages[0].name,
            advice="`hp24 show` tells what became of it",
        )
    root = (asked.root or default_root(os.environ)).absolute()
    channel = channel or messages[0].channel
    explain, is_fhir = explain or bool(rule), messages[0].is_fhir
    try:
        trial = open_trial(root, os.environ, mapping=mapping, channel=channel, explains=explain, is_fhir=is_fhir)
        attempts = [(one, each) for one in messages for each in trial.run_each(one.raw, one.arrived_at)]
        if not explain and any(attempt.is_for_a_rule for _one, attempt in attempts):
            telling = open_trial(root, os.environ, mapping=mapping, channel=channel, explains=True, is_fhir=is_fhir)
            attempts = [(one, each) for one in messages for each in telling.run_each(one.raw, one.arrived_at)]
    except ProblemsError as found:
        from interface.cli.engine import tell_problems

        return tell_problems(asked, found, root)
    attempts = [(one, _only(rule, attempt)) for one, attempt in attempts] if rule else attempts
    if asked.as_json:
        _print_json(trial, attempts, explains=explain)
    else:
        _print(trial, attempts, explains=explain, is_whole=not rule)
    is_well = all(attempt.outcome in ("mapped", "filtered") for _one, attempt in attempts)
    return ExitCode.OK if is_well else ExitCode.PROBLEMS


def _only(rule: str, attempt: "Attempt") -> "Attempt":
    """The attempt with the explanation of one rule, or of a section's."""
    from dataclasses import replace

    from interface.mapping.problem import did_you_mean

    if attempt.explanation is None:  # it did not come as far as the mapping
        return attempt
    every = attempt.explanation.rules
    rules = tuple(one for one in every if one.target == rule or one.target.startswith(f"{rule}."))
    if not rules:
        advice = did_you_mean(rule, {one.target for one in every}) or "--explain shows them all"
        raise click.BadParameter(f"the mapping has no such rule; {advice}", param_hint="--rule")
    return replace(attempt, explanation=replace(attempt.explanation, event=None, rules=rules, event_time=()))


def _print_json(trial: "Trial | FhirTrial", attempts: "list[tuple[Given, Attempt]]", *, explains: bool) -> None:
    from interface.cli.table import print_json

    messages = [_attempt_json(one, attempt, explains=explains) for one, attempt in attempts]
    print_json({"mapping": trial.name, "channel": trial.channel or None, "messages": messages})


def _attempt_json(one: Given, attempt: "Attempt", *, explains: bool) -> dict[str, Any]:
    from interface.cli.explained import explanation_json, rule_json
    from interface.cli.reading import reading_json
    from interface.ledger.reading import Filtered, Reading

    content = attempt.content
    told: dict[str, Any] = {"code": None, "place": None, "text": None, "advice": None}
    if isinstance(content, Filtered):
        told |= {"code": "filtered", "text": content.reason}
    elif not isinstance(content, Reading):
        told |= {"code": getattr(content, "cause", "") or content.code, "place": content.place, "text": content.text}
        told |= {"advice": getattr(content, "advice", "") or None}
    return {
        "source": one.source,
        "number": one.number,
        "type": attempt.header.kind,
        "control_id": attempt.header.control_id,
        "outcome": attempt.outcome,
        **told,
        "masked": attempt.masked,
        "issues": [
            {"severity": each.severity, "code": each.code, "place": each.expression, "text": each.text}
            for each in attempt.issues
        ],
        "reading": reading_json(content) if isinstance(content, Reading) else None,
        "to_blame": [rule_json(each) for each in attempt.explanation.to_blame()] if attempt.explanation else [],
        **(explanation_json(attempt.explanation) if explains else {}),
    }


def _print(
    trial: "Trial | FhirTrial", attempts: "list[tuple[Given, Attempt]]", *, explains: bool, is_whole: bool
) -> None:
    from interface.cli.table import console

    screen = console()
    by = f"mapping {trial.name}, " + (
        f"as channel {trial.channel} reads it" if trial.channel else "which no channel uses"
    )
    screen.print(by, style="dim", markup=False)
    for one, attempt in attempts:
        screen.print()
        _print_attempt(screen, one, attempt, explains=explains, is_whole=is_whole)


def _print_attempt(screen: "Console", one: Given, attempt: "Attempt", *, explains: bool, is_whole: bool) -> None:
    from rich.text import Text

    from interface.cli.explained import print_explanation, print_rule
    from interface.cli.reading import rows
    from interface.cli.table import Column, moment, plain, table
    from interface.ledger.reading import Filtered, Reading

    content, header = attempt.content, attempt.header
    head = f"{one.name}  {header.kind}  {header.control_id}  "
    screen.print(Text.assemble((plain(head), "bold"), (attempt.outcome, _STYLES[attempt.outcome])))
    for place in attempt.masked:
        screen.print(f"  a card number in {place} is masked before the mapping reads it", markup=False)
    for each in attempt.issues:
        screen.print(f"  {each.severity} of R4 in {each.expression or 'the body'}: {each.text}", markup=False)
    if isinstance(content, Reading) and is_whole:
        head_rows = [("meaning", content.meaning), ("happened", moment(content.event_at))]
        screen.print(table([Column("what"), Column("value", shrinks=True)], [*head_rows, *rows(content)]))
    elif isinstance(content, Filtered):
        screen.print(f"  {content.reason}", markup=False)
    elif not isinstance(content, Reading):
        screen.print(Text(plain(_sentence(content))))
    if attempt.explanation is None:
        return
    for rule in attempt.explanation.to_blame():
        print_rule(screen, rule)
    if explains:
        if is_whole:
            screen.print()
        print_explanation(screen, attempt.explanation)


_STYLES = {"mapped": "green", "filtered": "cyan", "held": "yellow", "failed": "red", "refused": "red"}


def _sentence(content: Any) -> str:
    """A failure or a header's problem in one line: place, rule, advice, code."""
    from interface.errors import InterfaceError

    if isinstance(content, InterfaceError):
        return f"  {content.sentence()}"
    return f"  {content.place}: {content.text} [{content.cause or content.code}]"
