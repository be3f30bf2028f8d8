"""Verbs for the day on which the machine is lost: backup, restore."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from interface.cli.asked import Asked, reason_option, verb

if TYPE_CHECKING:
    from interface.app.restore import RestoredStore
    from interface.row.backup import Manifest

_FILE = click.Path(dir_okay=False, path_type=Path)


@verb("backup")
@click.argument("file", metavar="FILE", type=_FILE)
@reason_option(is_required=False)
def backup_verb(asked: Asked, file: Path, reason: str) -> None:
    """Write everything that the database holds to FILE, as it stands now, while the engine runs.

    What is personal in it stays sealed. The master key is not in it: without its file no backup can be restored.
    """
    from interface.cli.table import bytes_progress
    from interface.operate.backup import backup

    with asked.app() as app, bytes_progress() as shown:
        task = shown.add_task("reading the database", total=None)
        made = backup(
            app.store,
            asked.by(reason),
            file.absolute(),
            app.settings.backup_pace(),
            lambda done, total: shown.update(task, completed=done, total=total),
        )
    _tell_backup(asked, file, made)


def _tell_backup(asked: Asked, file: Path, made: "Manifest") -> None:
    from interface.cli.table import console, iso, moment, print_json

    size = file.stat().st_size
    if asked.as_json:
        print_json(
            {
                "file": str(file),
                "bytes": size,
                "database": made.database_id,
                "made_at": iso(made.made_at),
                "schema": made.schema,
                "messages": made.counts["message"],
                "rows": sum(made.counts.values()),
            }
        )
        return
    console().print(
        f"{file}: {made.counts['message']:,} messages, as of {moment(made.made_at)}; {size / 1e6:,.1f} MB.",
        markup=False,
    )


@verb("restore")
@click.argument("file", metavar="FILE", type=_FILE)
@reason_option(is_required=True)
def restore_verb(asked: Asked, file: Path, reason: str) -> None:
    """Make a new home (--home DIR, empty or not there yet) of the backup FILE, under the master key of its database.

    The restored store receives and processes, and sends nothing until `hp24 resume --after-restore`. What was on its way when the
    backup was made may have arrived since: each such payment is in the work list, to be looked up in the EHR and resolved.
    """
    import os

    from interface.app.compose import default_home
    from interface.app.restore import restore_home
    from interface.app.root import default_root
    from interface.cli.table import bytes_progress

    home = (asked.home or default_home(os.environ)).absolute()
    root = (asked.root or default_root(os.environ)).absolute()
    with bytes_progress() as shown:
        task = shown.add_task("restoring", total=None)
        made = restore_home(
            home,
            root,
            asked.environ(),
            asked.by(reason),
            file.absolute(),
            lambda done, total: shown.update(task, completed=done, total=total),
        )
    _tell_restore(asked, home, made)


def _tell_restore(asked: Asked, home: Path, made: "RestoredStore") -> None:
    from interface.cli.table import Column, console, iso, moment, print_json, table

    if asked.as_json:
        print_json(
            {
                "home": str(home),
                "database": made.manifest.database_id,
                "made_at": iso(made.manifest.made_at),
                "messages": made.manifest.counts["message"],
                "in_doubt": made.in_doubt,
                "senders": [
                    {
                        "source": one.source,
                        "sender": one.sender,
                        "last_control_id": one.control_id,
                        "arrived_at": iso(one.arrived_at),
                    }
                    for one in made.held
                ],
            }
        )
        return
    screen = console()
    screen.print(
        f"{made.manifest.counts['message']:,} messages as of {moment(made.manifest.made_at)} are in {home}.",
        markup=False,
    )
    if made.in_doubt:
        screen.print(f"{made.in_doubt:,} deliveries may have been sent since: hp24 worklist", markup=False)
    if made.held:
        screen.print("The last message held of each sender; ask it to send again from there, repeats are recognised:")
        columns = [Column("source", shrinks=True), Column("sender", shrinks=True), Column("MSH-10"), Column("arrived")]
        rows = [[one.source, one.sender, one.control_id, moment(one.arrived_at)] for one in made.held]
        screen.print(table(columns, rows))
    screen.print("Nothing is sent until: hp24 resume --after-restore --reason TEXT", markup=False)
