"""Verbs that look: status, messages, trace."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb

if TYPE_CHECKING:
    from interface.operate.status import Status
    from interface.view.message import MessageFilter, MessageRow

_SHOWN = 50  # messages in a table unless --limit says otherwise


@verb("status")
def status_verb(asked: Asked) -> None:
    """Show counts by channel and destination, what is paused or suspended, and what waits for a person.

    `received` is always `duplicates` plus the sum of the states. `accepted` counts deliveries that the destination took; those
    known to be posted are counted in both.
    """
    from interface.cli.table import print_json
    from interface.operate.status import status

    with asked.app() as app:
        found = status(app.store, app.clock)
    if asked.as_json:
        print_json(status_json(found))
    else:
        _print_status(found)


def status_json(found: "Status") -> dict[str, Any]:
    """The status as one JSON object."""
    from interface.cli.table import iso
    from interface.message import DeliveryState, MessageState

    return {
        "at": iso(found.at),
        "channels": {
            one.channel: {"received": one.received, "duplicates": one.duplicates}
            | {state.value: one.states.get(state, 0) for state in MessageState}
            for one in found.channels
        },
        "destinations": {
            one.destination: {
                "queued": one.states.get(DeliveryState.QUEUED, 0),
                "sending": one.states.get(DeliveryState.SENDING, 0),
                "accepted": one.states.get(DeliveryState.DELIVERED, 0),
                "posted": one.posted,
                "rejected": one.states.get(DeliveryState.REJECTED, 0),
                "ambiguous": one.states.get(DeliveryState.AMBIGUOUS, 0),
                "withdrawn": one.states.get(DeliveryState.WITHDRAWN, 0),
                "suspended": bool(one.suspended_at),
                "paused": bool(one.paused_by),
            }
            for one in found.destinations
        },
        "parts": {part.name: {"pid": part.pid, "state": part.state} for part in found.alive},
        "paused": [{"kind": one.kind, "subject": one.subject, "by": one.actor} for one in found.pauses],
        "work_items": found.open_work_items,
    }


def _print_status(found: "Status") -> None:
    from interface.cli.table import Column, ago, console, state, table
    from interface.message import DeliveryState, MessageState

    screen = console()
    if found.channels:
        columns = [Column("channel", shrinks=True), Column("received", True), Column("duplicates", True)]
        columns += [Column(one.value, True) for one in MessageState]
        rows = [
            [one.channel, one.received, one.duplicates, *(one.states.get(each, 0) or "·" for each in MessageState)]
            for one in found.channels
        ]
        screen.print(table(columns, rows))
    else:
        screen.print("No message has arrived yet.")
    if found.destinations:
        words = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.REJECTED, DeliveryState.AMBIGUOUS)
        columns = [Column("destination", shrinks=True), Column("accepted", True), Column("posted", True)]
        columns += [Column(one.value, True) for one in words]
        columns += [Column("oldest queued", True), Column("")]
        screen.print()
        screen.print(
            table(
                columns,
                [
                    [
                        one.destination,
                        one.states.get(DeliveryState.DELIVERED, 0),
                        one.posted,
                        *(one.states.get(each, 0) or "·" for each in words),
                        ago(one.oldest_queued_at, found.at),
                        state("paused" if one.paused_by else "suspended" if one.suspended_at else ""),
                    ]
                    for one in found.destinations
                ],
            )
        )
    screen.print()
    alive = ", ".join(f"{part.name} ({part.pid})" for part in found.alive)
    screen.print(f"Engine: {alive}" if alive else "Engine: not running")
    for one in found.pauses:
        screen.print(f"Paused: {one.kind} {one.subject}, {ago(one.since, found.at)} ago by {one.actor}", markup=False)
    if found.open_work_items:
        screen.print(f"For a person: {found.open_work_items} work items (hp24 worklist)")


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int:
    """`2026-03-04`, `2026-03-04T13:00`, with or without offset (else local time); or `15m`, `2h`, `3d` ago."""
    if not value:
        return 0
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if value[:-1].isdigit() and value[-1] in units:
        then = datetime.now(UTC) - timedelta(**{units[value[-1]]: int(value[:-1])})
    else:
        try:
            then = datetime.fromisoformat(value).astimezone()
        except ValueError:
            raise click.BadParameter("give 2026-03-04, 2026-03-04T13:00, or 15m, 2h, 3d ago") from None
    return int(then.timestamp() * 1_000_000)


def filter_options(function: Any) -> Any:
    """The options that choose messages, the same for every verb that takes a filter."""
    for option in reversed(
        (
            click.option("--channel", metavar="NAME", default="", help="Source channel."),
            click.option(
                "--state",
                "states",
                metavar="STATE",
                multiple=True,
                help="waiting, processed, filtered, held, refused, failed, incomplete; repeatable.",
            ),
            click.option("--type", "type_", metavar="TYPE", default="", help="ADT^A08, or ADT for all of its events."),
            click.option("--cause", metavar="CODE", default="", help="Why it stands so, as the reason column shows."),
            click.option("--control-id", metavar="ID", default="", help="MSH-10."),
            click.option("--patient", metavar="ID", default="", help="A patient's number."),
            click.option("--account", metavar="ID", default="", help="An account number."),
            click.option("--visit", metavar="ID", default="", help="A visit number."),
            click.option("--family", metavar="NAME", default="", help="Family name, in any case."),
            click.option("--born", metavar="DATE", default="", help="Date of birth, 1980-03-04."),
            click.option(
                "--since", metavar="TIME", callback=_moment, help="Arrived at or after: 2026-03-04T13:00, or 2h ago."
            ),
            click.option("--until", metavar="TIME", callback=_moment, help="Arrived before."),
        )
    ):
        function = option(function)
    return function


def filter_of(choice: dict[str, Any], **more: Any) -> "MessageFilter":
    """The filter that these options ask for."""
    from interface.message import MessageState
    from interface.view.message import MessageFilter

    try:
        states = tuple(MessageState(one) for one in choice["states"])
    except ValueError:
        raise click.BadParameter(f"one of {', '.join(MessageState)}", param_hint="--state") from None
    return MessageFilter(
        channel=choice["channel"],
        states=states,
        type=choice["type_"],
        cause=choice["cause"],
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
        "pan_redacted": row.is_pan_redacted,
    }


def _print_messages(rows: "list[MessageRow]", *, with_names: bool) -> None:
    from interface.cli.table import Column, console, moment, state, table

    if not rows:
        console().print("No message fits.")
        return
    channels = {row.channel for row in rows}
    columns = [Column("id", True), Column("received"), Column("type"), Column("control id", most=16, shrinks=True)]
    columns += [Column("state"), Column("reason", most=22, shrinks=True), Column("patient", shrinks=True)]
    columns += [Column("account", shrinks=True)]
    columns += [Column("name", shrinks=True), Column("born")] if with_names else []
    columns += [Column("channel", shrinks=True)] if len(channels) > 1 else []
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
    """Follow a payment (pm_..., or its number in the EHR) or an account (acc_..., or its number) on one time line."""
    from interface.cli.table import Column, console, iso, moment, money, print_json, table
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
    screen = console()
    columns = [
        Column("when"),
        Column("step"),
        Column("what happened", shrinks=True),
        Column("amount", True),
        Column("see", shrinks=True),
    ]
    rows = [
        [moment(mark.at), mark.step, mark.text, money(mark.amount_minor, mark.currency), mark.subject]
        for mark in trail.marks
    ]
    screen.print(table(columns, rows, title=trail.subject))
    if trail.left_out:
        screen.print(f"{trail.left_out} more messages are not shown.")
