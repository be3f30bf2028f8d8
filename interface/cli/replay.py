"""The verb that runs stored messages again."""

import time
from typing import TYPE_CHECKING, Any

import click

from interface.cli.asked import NUMBER, Asked, reason_option, verb
from interface.cli.exit import ExitCode
from interface.cli.look import filter_of, filter_options

if TYPE_CHECKING:
    from interface.app.compose import App
    from interface.operate.replay import Chosen
    from interface.view.work import ReplayRow

_POLL_SECS = 0.05


@verb("replay")
@click.argument("message_ids", metavar="[ID]...", type=NUMBER, nargs=-1)
@filter_options
@click.option("--all", "everything", is_flag=True, help="Every message.")
@click.option("--force-money", is_flag=True, help="Also reverse what was booked and book it anew. Needs a reason.")
@click.option("--preview", "is_preview", is_flag=True, help="Only show what would change; nothing is written.")
@click.option("--no-wait", is_flag=True, help="Only ask for it; the engine does it in its own time.")
@reason_option(is_required=False, about="Required with --force-money.")
def replay_verb(
    asked: Asked,
    message_ids: tuple[int, ...],
    everything: bool,
    force_money: bool,
    is_preview: bool,
    no_wait: bool,
    reason: str,
    **choice: Any,
) -> int:
    """Run stored messages again in their original order: by ID, or all that a filter finds.

    Under the same configuration nothing changes. Under a newer one, values that a message still owns are restated. Money is never
    restated without --force-money, and no payment is sent.
    """
    from interface.cli.proof import show_preview
    from interface.operate.replay import choose, progress, request

    if not (message_ids or everything or any(choice.values())):
        raise click.UsageError("give message ids, a filter, or --all")
    if everything and (message_ids or any(choice.values())):
        raise click.UsageError("--all is every message; leave it out to choose some")
    with asked.app() as app:
        chosen = choose(app.store, filter_of(choice, ids=message_ids))
        if is_preview:
            return show_preview(asked, app, chosen.ids, force_money=force_money)
        replay_id = request(app.store, asked.by(reason), chosen, force_money=force_money)
        app.wake()
        if not no_wait and app.is_processing():
            _wait(app, replay_id)
        _tell(asked, progress(app.store, replay_id), chosen)
        return ExitCode.OK if not progress(app.store, replay_id).failed else ExitCode.PROBLEMS


def _wait(app: "App", replay_id: int) -> None:
    from interface.cli.table import progress as progress_line
    from interface.operate.replay import progress

    with progress_line() as shown:
        task = shown.add_task("replaying", total=progress(app.store, replay_id).total)
        while (row := progress(app.store, replay_id)).done < row.total and app.is_processing():
            shown.update(task, completed=row.done)
            time.sleep(_POLL_SECS)


def _tell(asked: Asked, row: "ReplayRow", chosen: "Chosen") -> None:
    from interface.cli.proof import left_json, messages, print_left
    from interface.cli.table import console, print_json

    if asked.as_json:
        print_json(
            {
                "replay": row.id,
                "total": row.total,
                "done": row.done,
                "changed": row.changed,
                "left_out": chosen.left_out,
                "purged": chosen.purged,
                **left_json(row),
            }
        )
        return
    screen = console()
    if row.done < row.total:
        screen.print(f"Replay {row.id}: {row.done} of {row.total} done; the rest runs when the engine runs.")
    else:
        screen.print(
            f"Replay {row.id}: {messages(row.total)} run again, {row.changed:,} changed the ledger, {row.failed:,} could not."
        )
    print_left(row)
    if other := chosen.left_out - chosen.purged:
        screen.print(f"{messages(other)} left out: refused, cut off, skipped or amended.")
    if chosen.purged:
        screen.print(f"{messages(chosen.purged)} left out: their bytes were purged.")
