"""Verbs that look: messages and the filters that find them, trace."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb

if TYPE_CHECKING:
    from rich.console import Console

    from interface.operate.trace import Trail
    from interface.view.message import MessageFilter, MessageRow

Decorate = Callable[[Callable[..., Any]], Callable[..., Any]]
_SHOWN = 50  # messages in a table unless --limit says otherwise


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int:
    """`2026-03-04`, `2026-03-04T13:00`, with or without offset (else local time); or `15m`, `2h`, `3d` ago."""
    if not value:
        return 0
    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        if value[:-1].isdigit() and value[-1] in units:
            then = datetime.now(UTC) - timedelta(**{units[value[-1]]: int(value[:-1])})
        else:
            then = datetime.fromisoformat(value).astimezone()
        return max(1, int(then.timestamp() * 1_000_000))
    except (ValueError, OverflowError):
        raise click.BadParameter("give 2026-03-04, 2026-03-04T13:00, or 15m, 2h, 3d ago") from None


def _day(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value:
        return ""
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter("give a day as YYYY-MM-DD, as in 1984-05-19") from None


def _kind(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(r"[A-Z0-9]{2,4}(\^[A-Za-z0-9]{2,10})?", value):
        raise click.BadParameter("give ADT^A08, or ADT for all of its events")
    return value


PARKED = "parked"  # how the table calls a message that waits behind another one of its patient


def moment_option(name: str, about: str) -> Decorate:
    """An option that takes a point in time and gives UTC microseconds, 0 where it is not given."""
    return click.option(name, metavar="TIME", callback=_moment, help=about)


def filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose messages, the same for every verb that takes a filter."""
    for option in reversed(
        (
            click.option("--channel", metavar="NAME", default="", help="Source channel."),
            click.option(
                "--state",
                "states",
                metavar="STATE",
                multiple=True,
                help="waiting, parked (behind another), processed, filtered, held, refused, failed, incomplete; repeatable.",
            ),
            click.option(
                "--type",
                "type_",
                metavar="TYPE",
                default="",
                callback=_kind,
                help="ADT^A08, or ADT for all of its events.",
            ),
            click.option("--cause", metavar="CODE", default="", help="Why it stands so, as the reason column shows."),
            click.option(
                "--warning", metavar="CODE", default="", help="A warning that one of its runs gave, as show tells."
            ),
            click.option("--control-id", metavar="ID", default="", help="MSH-10."),
            click.option("--patient", metavar="ID", default="", help="A patient's number."),
            click.option("--account", metavar="ID", default="", help="An account number."),
            click.option("--visit", metavar="ID", default="", help="A visit number."),
            click.option("--family", metavar="NAME", default="", help="Family name, in any case."),
            click.option("--born", metavar="DATE", default="", callback=_day, help="Date of birth, 1980-03-04."),
            moment_option("--since", "Arrived at or after: 2026-03-04T13:00, or 15m, 2h, 3d for ago."),
            moment_option("--until", "Arrived before."),
        )
    ):
        function = option(function)
    return function


def filter_of(choice: dict[str, Any], **more: Any) -> "MessageFilter":
    """The filter that these options ask for."""
    from interface.message import MessageState
    from interface.view.message import MessageFilter

    try:
        states = tuple(MessageState(one) for one in choice["states"] if one != PARKED)
    except ValueError:
        raise click.BadParameter(f"one of {', '.join((PARKED, *MessageState))}", param_hint="--state") from None
    return MessageFilter(
        is_parked=PARKED in choice["states"],
        channel=choice["channel"],
        states=states,
        type=choice["type_"],
        cause=choice["cause"],
        warning=choice["warning"],
        control_id=choice["control_id"],
        patient=choice["patient"],
        account=choice["account"],
        visit=choice["visit"],
        family=choice["family"],
        birth_date=choice["born"],
        since=choice["since"],
        until=choice["until"],
        **more,
    )


@verb("messages")
@filter_options
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help=f"At most N. Default: the newest {_SHOWN}; with --json all."
)
@click.option("--names", is_flag=True, help="Show family names and birth dates, too.")
def messages_verb(asked: Asked, limit: int | None, names: bool, **choice: Any) -> None:
    """Find messages. The table shows the newest, oldest of them first; --json gives one object a line, in order of arrival."""
    from interface.cli.table import print_json
    from interface.operate import look

    with asked.app() as app:
        if asked.as_json:
            for row in look.messages(app.store, asked.by(), filter_of(choice), limit=limit):
                print_json(message_json(row, with_names=names), is_line=True)
            return
        wanted = filter_of(choice, newest_first=True)
        rows = list(look.messages(app.store, asked.by(), wanted, limit=limit or _SHOWN))
    _print_messages(rows[::-1], with_names=names)


def message_json(row: "MessageRow", *, with_names: bool = False) -> dict[str, Any]:
    """One message as JSON."""
    from interface.cli.table import iso

    names = {"family": row.family, "birth_date": row.birth_date} if with_names else {}
    return {
        "id": row.id,
        "channel": row.channel,
        "control_id": row.control_id,
        "type": row.type,
        "state": row.state,
        "hold": row.hold,
        "reason": row.reason,
        "parked": row.is_parked,
        "received_at": iso(row.arrived_at),
        "answer": row.answer,
        "patient": row.patient,
        "account": row.account,
        "visit": row.visit,
        **names,
        "size_bytes": row.size_bytes,
        "original_id": row.original_id,
        "batch_id": row.batch_id,
        "batch_position": row.batch_position or None,
        "pan_redacted": row.is_pan_redacted,
        "body_purged": row.is_purged,
    }


def _print_messages(rows: "list[MessageRow]", *, with_names: bool) -> None:
    from interface.cli.table import Column, console, moment, state, table

    if not rows:
        console().print("No message fits.")
        return
    channels = {row.channel for row in rows}
    columns = [Column("id", True), Column("received", leaves=1), Column("type"), Column("control id", leaves=3)]
    columns += [Column("state"), Column("reason"), Column("patient"), Column("account", leaves=2)]
    columns += [Column("name", shrinks=True), Column("born")] if with_names else []
    columns += [Column("channel", leaves=4)] if len(channels) > 1 else []
    console().print(
        table(
            columns,
            [
                [
                    row.id,
                    moment(row.arrived_at)[5:],
                    row.type,
                    row.control_id,
                    state("parked" if row.is_parked else row.state),
                    row.reason,
                    row.patient,
                    row.account,
                    *([row.family, row.birth_date] if with_names else []),
                    *([row.channel] if len(channels) > 1 else []),
                ]
                for row in rows
            ],
        )
    )


@verb("trace")
@click.argument("name", metavar="PAYMENT|ACCOUNT")
def trace_verb(asked: Asked, name: str) -> None:
    """Follow a payment (pm_..., or its number in the EHR) or an account (ac_..., or its number) on one time line."""
    from interface.cli.table import console, iso, print_json
    from interface.operate.trace import trace

    with asked.app() as app:
        trail = trace(app.store, asked.by(), name)
    if asked.as_json:
        marks = [
            {
                "at": iso(mark.at),
                "step": mark.step,
                "text": mark.text,
                "subject": mark.subject,
                "amount_minor": mark.amount_minor,
                "currency": mark.currency or None,
            }
            for mark in trail.marks
        ]
        print_json({"subject": trail.subject, "marks": marks, "left_out": trail.left_out})
        return
    print_trail(console(), trail)


def print_trail(screen: "Console", trail: "Trail") -> None:
    """A trail as a table, oldest first."""
    from interface.cli.table import Column, moment, money, table

    columns = [Column("when"), Column("step", leaves=1), Column("what happened", shrinks=True), Column("amount", True)]
    columns += [Column("see")]
    rows = [
        [
            moment(mark.at, with_micros=True)[5:-3],
            mark.step,
            mark.text,
            money(mark.amount_minor, mark.currency),
            _see(mark.subject),
        ]
        for mark in trail.marks
    ]
    screen.print(table(columns, rows, title=trail.subject))
    if trail.left_out:
        screen.print(f"{trail.left_out} more messages are not shown.")


def _see(subject: str) -> str:
    """What `hp24 show` takes, where it is short; long ids stand in --json."""
    kind, _, name = subject.partition(":")
    return {"message": name, "delivery": subject}.get(kind, "")
