"""The verb for what waits for a person: the list, one item with its history, closing one."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import NUMBER, Asked, reason_option, verb

if TYPE_CHECKING:
    from interface.view.work import WorkItemRow

_ON_MESSAGES = ("amend", "release", "skip")


@verb("worklist")
@click.argument("item_id", metavar="[ITEM]", type=NUMBER, required=False)
@click.option("--close", "closes", is_flag=True, help="Close ITEM: it was judged and needs nothing more.")
@click.option("--all", "with_closed", is_flag=True, help="Closed items, too.")
@reason_option(is_required=False, about="Required with --close.")
def worklist_verb(asked: Asked, item_id: int | None, closes: bool, with_closed: bool, reason: str) -> None:
    """List what waits for a person, show one ITEM with its history, or close it."""
    from interface.operate import worklist

    if closes and item_id is None:
        raise click.UsageError("--close needs an ITEM")
    with asked.app() as app:
        if item_id is not None:
            if closes:
                worklist.close(app.store, asked.by(reason), item_id)
            _print_item(asked, worklist.item(app.store, item_id))
            return
        items: list[WorkItemRow] = []
        while page := worklist.worklist(app.store, with_closed=with_closed, beyond_id=items[-1].id if items else 0):
            items += page
    _print_items(asked, items)


def item_json(item: "WorkItemRow") -> dict[str, Any]:
    """One item as JSON."""
    from interface.cli.table import iso

    return {
        "id": item.id,
        "kind": item.kind,
        "subject": item.subject,
        "cause": item.cause,
        "count": item.count,
        "amount_minor": item.amount_minor,
        "currency": item.currency or None,
        "message": item.message_id or None,
        "acts": item.acts,
        "opened_at": iso(item.opened_at),
        "last_at": iso(item.last_at),
        "closed_at": iso(item.closed_at),
        "history": [
            {"at": iso(one.at), "actor": one.actor, "what": one.what, "text": one.text} for one in item.history
        ],
    }


def _print_items(asked: Asked, items: "list[WorkItemRow]") -> None:
    from interface.cli.table import Column, console, moment, money, print_json, table

    if asked.as_json:
        for item in items:
            print_json(item_json(item), is_line=True)
        return
    if not items:
        console().print("Nothing waits for a person.")
        return
    # The kind stands in the item itself: cause and subject must never be cut short here.
    columns = [Column("item", True), Column("since", leaves=1), Column("about"), Column("cause")]
    columns += [Column("count", True, leaves=2), Column("at stake", True), Column("you can", shrinks=True)]
    rows = [
        [
            item.id,
            moment(item.opened_at)[5:16],
            item.subject,
            item.cause,
            item.count,
            money(item.amount_minor, item.currency),
            f"nothing: closed {moment(item.closed_at)[5:16]}" if item.closed_at else ", ".join(item.acts),
        ]
        for item in items
    ]
    console().print(table(columns, rows))


def _print_item(asked: Asked, item: "WorkItemRow") -> None:
    from interface.cli.table import Column, console, moment, money, print_json, table

    if asked.as_json:
        print_json(item_json(item))
        return
    screen = console()
    stake = f", {money(item.amount_minor, item.currency)} at stake" if item.amount_minor else ""
    whose = f", message {item.message_id}" if item.message_id and item.subject != f"message:{item.message_id}" else ""
    times = "once" if item.count == 1 else f"{item.count} times"
    about = f"{item.kind}, {item.subject}{whose}, {item.cause}"
    screen.print(f"Item {item.id}: {about}, {times}{stake}", markup=False)
    rows = [[moment(one.at), one.what, one.actor, one.text] for one in item.history]
    screen.print(table([Column("when"), Column("what"), Column("who"), Column("said", shrinks=True)], rows))
    if item.closed_at:
        screen.print(f"It was closed {moment(item.closed_at)[:16]}.", markup=False)
        return
    kind, _, name = item.subject.partition(":")
    if not item.message_id and kind == "channel":
        option = "cause" if "release" in item.acts else "warning"  # what was applied all the same stands with no cause
        screen.print(f"Its messages: hp24 messages --channel {name} --{option} {item.cause}", markup=False)
    if "skip" in item.acts and "amend" not in item.acts:
        screen.print(
            "HealthPay24 asked for it: what is wrong in it is mended by asking anew there; then skip this one."
        )
    screen.print("You can: " + ", ".join(_command(item, act) for act in item.acts), markup=False)


def _command(item: "WorkItemRow", act: str) -> str:
    """The command line that does what an item offers, as far as it can be told."""
    kind, _, name = item.subject.partition(":")
    if act == "close":
        return f"hp24 worklist {item.id} --close"
    if act not in _ON_MESSAGES:
        return f"hp24 {act} {name}"
    if item.message_id:
        return f"hp24 {act} {item.message_id}"
    is_release = act == "release" and kind == "channel"
    return f"hp24 release --cause {item.cause} --channel {name}" if is_release else f"hp24 {act} ID"
