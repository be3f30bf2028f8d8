"""Verbs for deliveries that need a person's word: resolve, resend."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import NUMBER, Asked, reason_option, verb
from interface.cli.exit import ExitCode
from interface.cli.look import moment_option

if TYPE_CHECKING:
    from interface.app.compose import App
    from interface.operate.posting import DoublePost, WouldResend

_MOST = 10_000


@verb("resolve")
@click.argument("delivery_id", metavar="DELIVERY", type=NUMBER)
@click.option("--posted", is_flag=True, help="It is in the EHR's books.")
@click.option("--not-posted", is_flag=True, help="It is not: send it again under its old number.")
@click.option("--withdraw", is_flag=True, help="It is not, and it is not to be sent again.")
@reason_option(is_required=True)
def resolve_verb(asked: Asked, delivery_id: int, posted: bool, not_posted: bool, withdraw: bool, reason: str) -> None:
    """Say what became of an ambiguous or rejected DELIVERY, after a look into the EHR."""
    from interface.cli.show import delivery_json, print_delivery
    from interface.cli.table import console, print_json
    from interface.operate.posting import Verdict, resolve

    said = {Verdict.POSTED: posted, Verdict.NOT_POSTED: not_posted, Verdict.WITHDRAWN: withdraw}
    verdicts = [verdict for verdict, is_said in said.items() if is_said]
    if len(verdicts) != 1:
        raise click.UsageError("say one of --posted, --not-posted and --withdraw")
    with asked.app() as app:
        story = resolve(app.store, app.clock, asked.by(reason), delivery_id, verdicts[0])
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
) -> ExitCode:
    """Send stored payloads again, in their original order, all or none.

    What the EHR already has is never sent again without --force. A rejected delivery is rendered anew; a delivered one is copied.
    With --preview the exit code is 1 where nothing would be sent.
    """
    from interface.cli.table import console, print_json
    from interface.operate.posting import resend, would_resend

    if bool(delivery_ids) == bool(choice["destination"]):
        raise click.UsageError("give delivery numbers, or --destination CHANNEL/NAME with a filter")
    if delivery_ids and any(choice.values()):
        raise click.UsageError("--state, --since and --until narrow --destination; delivery numbers need none")
    with asked.app() as app:
        ids = delivery_ids or _chosen(app, choice)
        if preview:
            would = would_resend(app.store, ids, force=force)
            return _tell_preview(asked, ids, would)
        done = resend(app.store, app.clock, asked.by(reason), ids, force=force)
    queued = [to for _asked, to in done.queued]
    if asked.as_json:
        print_json({"asked": list(ids), "queued": queued, "would_double": [_double(one) for one in done.doubled]})
        return ExitCode.OK
    some = ", ".join(str(one) for one in queued[:10]) + (" ..." if len(queued) > 10 else "")
    console().print(f"{len(queued)} queued: {some}")
    _print_doubles(done.doubled)
    return ExitCode.OK


def _tell_preview(asked: Asked, ids: Sequence[int], would: "WouldResend") -> ExitCode:
    from interface.cli.table import console, print_json

    code = ExitCode.OK if would.sent else ExitCode.PROBLEMS
    if asked.as_json:
        doubled = [_double(one) for one in would.doubled]
        print_json({"asked": list(ids), "would_send": list(would.sent), "would_double": doubled})
        return code
    refused = (
        "" if would.sent else f": the EHR has {len(would.doubled)} of {len(ids)} already; --force sends all the same"
    )
    console().print(f"{len(would.sent)} would be sent{refused}.", markup=False)
    _print_doubles(would.doubled)
    return code


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
