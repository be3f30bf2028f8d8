"""The verb that shows one thing in full: a message as an annotated tree, a delivery, a payment, an account."""

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb

if TYPE_CHECKING:
    from rich.console import Console

    from interface.operate.look import Look
    from interface.view.delivery import DeliveryStory
    from interface.view.message import MessageStory, PurgedPart


_MEMBERS_SHOWN = 12  # ids of a batch's messages
_LONGEST_NUMBER = 18  # digits that fit the database's ids
_PAYMENT = re.compile(r"pm_\w+|tx_\w+|[0-9A-Z]{1,12}")  # the last: FT1-2 as we send it


@verb("show")
@click.argument("name", metavar="ID")
@click.option("--raw", is_flag=True, help="Only the stored bytes, unchanged.")
def show_verb(asked: Asked, name: str, raw: bool) -> None:
    """Show one thing in full.

    ID is a message's number, delivery:NUMBER, a payment (pm_..., its transaction tx_..., or its number in the EHR) or an account
    (ac_..., or account:NUMBER). Looking is audited before anything is shown.
    """
    kind, _, own = name.rpartition(":")
    is_number = own.isascii() and own.isdigit() and len(own) <= _LONGEST_NUMBER
    if kind in ("", "message") and is_number:
        _show_message(asked, int(own), raw=raw)
    elif kind == "delivery" and is_number:
        _show_delivery(asked, int(own), raw=raw)
    elif own and (kind == "payment" or (not kind and _PAYMENT.fullmatch(own))):
        from interface.cli.account import show_payment

        show_payment(asked, own)
    elif own and (kind == "account" or (not kind and own.startswith("ac_"))):
        from interface.cli.account import show_account

        show_account(asked, own)
    else:
        text = "give a message's number, delivery:NUMBER, pm_..., tx_..., a payment's number in the EHR, ac_... or account:NUMBER"
        raise click.BadParameter(text, param_hint="ID")


def _show_message(asked: Asked, message_id: int, *, raw: bool) -> None:
    from interface.cli.table import print_json
    from interface.operate import look
    from interface.operate.act import body_purged

    with asked.app() as app:
        found = look.message(app.store, asked.by(), message_id)
    if raw:
        if found.story.purged_body():
            raise body_purged(message_id)
        _write_raw(found.raw)
    elif asked.as_json:
        print_json(_message_json(found))
    else:
        _print_message(found)


def _write_raw(content: bytes | None) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content or b"")
    if sys.stdout.isatty():
        sys.stdout.buffer.write(b"\n")


def _message_json(found: "Look") -> dict[str, Any]:
    from interface.cli.look import message_json
    from interface.cli.table import iso

    story = found.story
    return {
        **message_json(story.row, with_names=True),
        "arrivals": [
            {"at": iso(one.at), "peer": one.peer, "answer": one.answer, "actor": one.actor} for one in story.arrivals
        ],
        "runs": [
            {
                "started_at": iso(one.started_at),
                "ended_at": iso(one.ended_at),
                "trigger": one.reason,
                "configuration": one.config_id,
                "state": one.state,
                "hold": one.hold,
                "reason": one.cause,
                "place": one.place,
                "text": one.text,
                "changed": one.changed,
                "warnings": one.warnings,
                "replay": one.replay_id,
            }
            for one in story.runs
        ],
        "deliveries": [delivery_json(one) for one in found.deliveries],
        "incidents": [{"at": iso(one.at), "code": one.code, "place": one.place} for one in story.incidents],
        "warnings": story.warnings,
        "same_control_id": story.namesakes,
        "amended_by": story.amended_by,
        "behind": story.behind,
        "messages": story.members,
        "repeats": story.repeats,
        "purged": [{"what": one.what, "at": iso(one.at), "rule": one.rule} for one in story.purged],
        "body": found.raw.decode("utf-8", "backslashreplace") if found.raw is not None else None,
    }


def delivery_json(story: "DeliveryStory") -> dict[str, Any]:
    """One delivery as JSON."""
    from interface.cli.table import iso

    return {
        "id": story.id,
        "destination": story.destination,
        "kind": story.kind,
        "subject": story.subject,
        "state": story.state,
        "reason": story.cause,
        "control_id": story.control_id,
        "created_at": iso(story.created_at),
        "due_at": iso(story.due_at),
        "amount_minor": story.amount_minor,
        "currency": story.currency or None,
        "original_id": story.original_id,
        "attempts": [
            {
                "number": one.number,
                "at": iso(one.at),
                "ended_at": iso(one.ended_at),
                "state": one.state,
                "code": one.code,
                "text": one.text,
            }
            for one in story.attempts
        ],
        "replies": [{"at": iso(one.at), "code": one.code, "late": one.is_late} for one in story.replies],
    }


def _print_message(found: "Look") -> None:
    from interface.cli.table import console

    screen = console()
    _print_facts(screen, found.story)
    _print_runs(screen, found.story)
    for story in found.deliveries:
        print_delivery(screen, story)
    screen.print()
    gone = found.story.purged_body()
    print_content(screen, found.raw, gone)


def _print_facts(screen: "Console", story: "MessageStory") -> None:
    from rich.text import Text

    from interface.cli.table import moment, plain, state
    from interface.view.reason import sentence

    row = story.row
    screen.print(
        Text.assemble((f"Message {row.id}", "bold"), f"  {plain(row.type)} from {row.channel}  ", state(row.state))
    )
    why = "" if story.runs else sentence(row.reason)
    facts = [
        ("reason", f"{row.reason}: {why}" if why else row.reason),
        ("control id", row.control_id),
        ("sender", row.sender.replace("|", " at ")),
    ]
    facts += [("patient", row.patient), ("account", row.account), ("visit", row.visit)]
    facts += [("in a batch", f"message {row.batch_position} of batch {row.batch_id}" if row.batch_id else "")]
    facts += [("messages", _members(story))]
    facts += [("amended from", f"message {row.original_id}" if row.original_id else "")]
    facts += [("amended by", ", ".join(f"message {number}" for number in story.amended_by))]
    facts += [("waits behind", ", ".join(f"message {number}" for number in story.behind[:8]))]
    others = ", ".join(f"message {number}" for number in story.namesakes[:8])
    facts += [("warning", f"{one}: the same as {others}, with other content") for one in story.warnings]
    facts += [("masked", ", ".join(one.place for one in story.incidents))]
    for one in story.arrivals:
        by = f", by {one.actor}" if one.actor else ""
        answered = f", answered {one.answer}" if one.answer else ", not answered"
        facts.append(("arrived", f"{moment(one.at, with_micros=True)} from {one.peer or 'inside'}{by}{answered}"))
    facts += [("purged", f"{one.what}, {one.sentence}") for one in story.purged]
    for name, value in facts:
        if value:
            screen.print(Text.assemble((f"  {name:<13}", "dim"), plain(value)))


def _members(story: "MessageStory") -> str:
    """What a batch brought: how many messages, and which."""
    if not story.members:
        return ""
    which = ", ".join(str(number) for number in story.members[:_MEMBERS_SHOWN])
    more = " ..." if len(story.members) > _MEMBERS_SHOWN else ""
    repeats = f"; {story.repeats} were here already" if story.repeats else ""
    return f"{len(story.members)}: {which}{more}{repeats}"


def _print_runs(screen: "Console", story: "MessageStory") -> None:
    from interface.cli.table import Column, moment, state, table

    if not story.runs:
        return
    columns = [
        Column("run"),
        Column("because", leaves=1),
        Column("version", True, leaves=2),
        Column("outcome"),
        Column("what happened", shrinks=True),
    ]
    rows = []
    for one in story.runs:
        told = " ".join(part for part in (one.place, one.cause, one.text) if part)
        told = told or ("the ledger changed" if one.changed else "its messages run" if story.members else "nothing new")
        told += "".join(f"; warning {warning}" for warning in one.warnings)
        rows.append([moment(one.ended_at), one.reason, one.config_id, state(one.state), told])
    screen.print()
    screen.print(table(columns, rows))


def _show_delivery(asked: Asked, delivery_id: int, *, raw: bool) -> None:
    from interface.cli.table import console, iso, print_json
    from interface.operate import look

    with asked.app() as app:
        sent = look.payload(app.store, asked.by(), delivery_id)
    story, payload = sent.story, sent.payload
    if raw:
        _write_raw(payload)
    elif asked.as_json:
        body = payload.decode("utf-8", "backslashreplace") if payload is not None else None
        gone = {"at": iso(sent.purged.at), "rule": sent.purged.rule} if sent.purged else None
        print_json(delivery_json(story) | {"payload": body, "purged": gone})
    else:
        screen = console()
        print_delivery(screen, story)
        screen.print()
        print_content(screen, payload, sent.purged)


def print_delivery(screen: "Console", story: "DeliveryStory") -> None:
    """One delivery with its attempts and answers."""
    from rich.text import Text

    from interface.cli.table import Column, moment, plain, state, table

    head = f"  {story.kind} to {story.destination}  "
    screen.print(
        Text.assemble((f"Delivery {story.id}", "bold"), plain(head), state(story.state), plain(f" {story.cause}"))
    )
    rows = [
        [moment(one.at), f"attempt {one.number}", one.code, state(str(one.state or "no outcome yet")), one.text]
        for one in story.attempts
    ]
    rows += [
        [moment(one.at), "answer", one.code, "late" if one.is_late else "", ""] for one in story.replies if one.is_late
    ]
    if rows:
        screen.print(
            table([Column("when"), Column(""), Column("code"), Column("outcome"), Column("", shrinks=True)], rows)
        )


def print_content(screen: "Console", raw: bytes | None, purged: "PurgedPart | None" = None) -> None:
    """A message's bytes as an annotated tree; other content as text."""
    from interface.cli.table import plain
    from interface.cli.tree import batch_tree, message_tree
    from interface.errors import MessageError
    from interface.hl7.batch import is_batch
    from interface.hl7.parser import parse

    if raw is None:
        why = f"they were {purged.sentence}" if purged else "not sent yet"
        screen.print(f"There are no bytes to show: {why}.", markup=False)
        return
    if is_batch(raw):
        screen.print(batch_tree(raw))
        return
    try:
        message = parse(raw)
    except MessageError:
        for line in raw.decode("utf-8", "backslashreplace").splitlines():
            screen.print(plain(line), markup=False)
        return
    screen.print(message_tree(message))
