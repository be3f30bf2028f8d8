"""The verb that runs stored traffic through the edited files, and shows what would come out otherwise."""

from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import Asked, verb
from interface.cli.exit import ExitCode
from interface.cli.look import moment_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interface.app.diff import Alike, TrafficDiff

_WIDEST_VALUE = 200  # characters of an example


@verb("diff")
@moment_option("--since", "Arrived at or after: 2026-03-04T13:00, or 15m, 2h, 3d for ago. Default: 7d.")
@click.option("--channel", metavar="NAME", default="", help="Messages of this channel only.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="The newest N messages only.")
@click.option(
    "--values", "with_values", is_flag=True, help="Show the first message's values of each line, too. Audited."
)
def diff_verb(asked: Asked, since: int, channel: str, limit: int | None, with_values: bool) -> int:
    """Run stored messages through the edited files in memory, and group what comes out otherwise than by the active version.

    What was queued for the EHR since then is rendered by both, too: payments, voids and refunds. Money first. Nothing is changed
    and nothing is sent. Ctrl-C shows what was found by then.
    """
    from interface.app.diff import diff
    from interface.app.diff_sent import SentDiff, sent_diff
    from interface.cli.diff_sent import print_sent, sent_json
    from interface.cli.table import print_json, progress
    from interface.operate.act import note
    from interface.operate.replay import choose
    from interface.view.message import MessageFilter

    with asked.app() as app:
        since = since or app.clock.now() - 7 * 86_400 * 1_000_000
        ids = choose(app.store, MessageFilter(channel=channel, since=since)).ids
        with progress() as shown:
            task = shown.add_task("comparing", total=len(ids))
            found = diff(
                app, ids[-limit:] if limit else ids, lambda done, all_: shown.update(task, completed=done, total=all_)
            )
        sent = SentDiff() if found.is_broken_off else sent_diff(app, since=since, channel=channel, limit=limit)
        grouped = found.grouped()
        for kind, groups in (("messages", grouped), ("deliveries", sent.grouped())) if with_values else ():
            if firsts := sorted({one.first_id for one in groups}):
                note(app.store, asked.by(), "diff", f"{kind}:{firsts[0]}..{firsts[-1]}", details={"ids": firsts})
    is_broken_off = found.is_broken_off or sent.is_broken_off
    if asked.as_json:
        told = _json(found, grouped, with_values=with_values) | {"whole": not is_broken_off}
        print_json(told | {"sent": sent_json(sent, with_values=with_values)})
    else:
        _print(found, grouped, with_values=with_values)
        print_sent(sent, with_values=with_values)
    return ExitCode.INTERRUPTED if is_broken_off else ExitCode.OK


def _json(found: "TrafficDiff", grouped: "Sequence[Alike]", *, with_values: bool) -> dict[str, Any]:
    return {
        "active": found.base_id,
        "messages": found.messages,
        "differing": found.differing,
        "differences": [
            {
                "what": one.shape.what,
                "how": one.shape.how,
                "money": one.shape.money or None,
                "messages": one.messages,
                "sums_minor": dict(one.sums),
                "first": one.first_id,
            }
            | ({"old": _told(one.example[0]), "new": _told(one.example[1])} if with_values else {})
            for one in grouped
        ],
    }


def _print(found: "TrafficDiff", grouped: "Sequence[Alike]", *, with_values: bool) -> None:
    from interface.cli.proof import messages
    from interface.cli.table import Column, console, table

    screen = console()
    begun = "Broken off. " if found.is_broken_off else ""
    told = f"{begun}{messages(found.messages)} run by version {found.base_id} and by the edited files:"
    differing = f"{found.differing:,} come out otherwise" if found.differing != 1 else "1 comes out otherwise"
    screen.print(f"{told} {differing if found.differing else 'nothing comes out otherwise'}.", markup=False)
    if not grouped:
        return
    columns = [Column("what"), Column("how", shrinks=True), Column("messages", True), Column("sum", True)]
    columns += [Column("first", True), Column("touches money", shrinks=True)]
    rows = [[one.shape.what, one.shape.how, one.messages, _sums(one), one.first_id, one.shape.money] for one in grouped]
    screen.print(table(columns, rows))
    for one in grouped if with_values else ():
        old, new = (_told(side) for side in one.example)
        screen.print(f"message {one.first_id} {one.shape.what}: {old} -> {new}", markup=False, soft_wrap=True)


def _sums(one: "Alike") -> str:
    from interface.cli.table import money

    return ", ".join(
        f"{'+' if amount > 0 else ''}{money(amount, currency)}" for currency, amount in sorted(one.sums.items())
    )


def _told(values: object) -> str:
    """The values of one field in every row of its kind, as text that a terminal shows and does not obey."""
    from interface.cli.table import plain

    if isinstance(values, dict):
        shown = ", ".join(f"{amount} {currency}" for currency, amount in values.items())
    else:
        listed = values if isinstance(values, tuple) else (values,)
        shown = ", ".join("nothing" if value in (None, "", ()) else str(value) for value in listed)
    return plain(shown[:_WIDEST_VALUE]) or "nothing"
