"""Verbs for deliveries that need a person's word: resolve, resend."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import NUMBER, Asked, reason_option, verb
from interface.cli.look import moment_option

if TYPE_CHECKING:
    from interface.app.compose import App
    from interface.operate.posting import DoublePost

_MOST = 10_000


@verb("resolve")
@click.argument("delivery_id", metavar="DELIVERY", type=NUMBER)
@click.option("--posted", "verdict", flag_value="posted", help="It is in the EHR's books.")
@click.option("--not-posted", "verdict", flag_value="not-posted", help="It is not: send it again under its old number.")
@click.option("--withdraw", "verdict", flag_value="withdrawn", help="It is not, and it is not to be sent again.")
@reason_option(is_required=True)
def resolve_verb(asked: Asked, delivery_id: int, verdict: str | None, reason: str) -> None:
    """Say what became of an ambiguous or rejected DELIVERY, after a look into the EHR."""
    from interface.cli.show import delivery_json, print_delivery
    from interface.cli.table import console, print_json
    from interface.operate.posting import Verdict, resolve

    if verdict is None:
        raise click.UsageError("say --posted, --not-posted or --withdraw")
    with asked.app() as app:
        story = resolve(app.store, app.clock, asked.by(reason), delivery_id, Verdict(verdict))
    if asked.as_json:
        print_json(delivery_json(story))
    else:
        print_delivery(console(), story)


@verb("resend")
@click.argument("delivery_ids", metavar="[DELIVERY]...", type=NUMBER, nargs=-1)
@click.option("--destination", metavar="CHANNEL/NAME", default="", help="Every delivery to this destination ...")
@click.option("--state", "state", type=click.Choice(["delivered", "rejected"]), help="... that stands so ...")
@moment_option("--since", "... made at or after this time ...")
@moment_option("--until", "... and before this one.")
@click.option("--preview", is_flag=True, help="Only tell what would be sent, and what it would post twice.")
@click.option("--force", is_flag=True, help="Send even what the EHR is known to have.")
@reason_option(is_required=False, about="Required unless --preview.")
def resend_verb(
    asked: Asked, delivery_ids: tuple[int, ...], preview: bool, force: bool, reason: str, **choice: Any
) -> None:
    """Send stored payloads again, in their original order, all or none.

    What the EHR already has is never sent again without --force. A rejected delivery is rendered anew; a delivered one is copied.
    """
    from interface.cli.table import console, print_json
    from interface.operate.posting import Resent, resend, would_double

    if bool(delivery_ids) == bool(choice["destination"]):
        raise click.UsageError("give delivery numbers, or --destination CHANNEL/NAME with a filter")
    with asked.app() as app:
        ids = delivery_ids or _chosen(app, choice)
        if preview:
            done = Resent((), would_double(app.store, ids))
        else:
            done = resend(app.store, app.clock, asked.by(reason), ids, force=force)
    queued = [to for _asked, to in done.queued]
    if asked.as_json:
        print_json({"asked": list(ids), "queued": queued, "would_double": [_double(one) for one in done.doubled]})
        return
    some = ", ".join(str(one) for one in queued[:10]) + (" ..." if len(queued) > 10 else "")
    console().print(f"{len(ids)} would be sent." if preview else f"{len(queued)} queued: {some}")
    _print_doubles(done.doubled)


def _chosen(app: "App", choice: dict[str, Any]) -> list[int]:
    from interface.errors import ActRefusedError
    from interface.message import DeliveryState
    from interface.view.delivery import DeliveryFilter

    states = (DeliveryState(choice["state"]),) if choice["state"] else ()
    wanted = DeliveryFilter(
        destination=choice["destination"], states=states, since=choice["since"], until=choice["until"], limit=_MOST
    )
    with app.store.snapshot() as reader:
        ids = [story.id for story in reader.deliveries(wanted)]
    if not ids:
        raise ActRefusedError("nothing-chosen", "no delivery fits", place="resend")
    return ids


def _double(one: "DoublePost") -> dict[str, Any]:
    return {
        "delivery": one.delivery_id,
        "payment": one.payment,
        "posting": one.posting,
        "amount_minor": one.amount_minor,
        "currency": one.currency,
    }


def _print_doubles(doubled: "Sequence[DoublePost]") -> None:
    from interface.cli.table import Column, console, money, state, table

    if not doubled:
        return
    columns = [Column("delivery", True), Column("payment"), Column("amount", True), Column("in the EHR")]
    rows = [
        [one.delivery_id, one.payment, money(one.amount_minor, one.currency), state(one.posting)] for one in doubled
    ]
    console().print(table(columns, rows, title="The EHR has these already"))
