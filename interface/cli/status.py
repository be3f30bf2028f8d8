"""The verb that tells how everything stands."""

from typing import TYPE_CHECKING, Any

from interface.cli.asked import Asked, verb
from interface.message import MirrorState

_OPEN_AT_HEALTHPAY24 = (MirrorState.PENDING, MirrorState.UNKNOWN, MirrorState.REJECTED)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from interface.operate.health import CertificateStanding
    from interface.operate.status import Status
    from interface.operate.storage import Storage


@verb("status")
def status_verb(asked: Asked) -> None:
    """Show counts by channel and destination, what is paused or suspended, and what waits for a person.

    `received` is always `duplicates` plus the sum of the states. `accepted` counts deliveries that the destination took; those
    known to be posted are counted in both.
    """
    from interface.app.certificates import standings
    from interface.app.run import PARTS
    from interface.cli.table import print_json
    from interface.engine.standby import is_there
    from interface.operate.status import status
    from interface.operate.storage import storage

    with asked.app() as app:
        found = status(app.store, app.clock, app.known())
        certificates = standings(app)
        disk = storage(
            app.store, app.store.folder, warn_mb=app.settings.disk_warn_mb, reserve_mb=app.settings.disk_reserve_mb
        )
        silent = [part for part in PARTS if is_there(app.home, part) and part not in {one.name for one in found.alive}]
        silent = [part for part in silent if part not in {one.name for one in found.standing_by}]
    if asked.as_json:
        print_json(
            status_json(found)
            | {"storage": _storage_json(disk), "silent_parts": silent}
            | {"certificates": [_certificate_json(one) for one in certificates]}
        )
    else:
        _print_status(found)
        _print_storage(disk, silent)
        _print_clocks(found)
        _print_certificates(certificates)


def _storage_json(disk: "Storage") -> dict[str, Any]:
    return {"free_bytes": disk.free_bytes, "room": disk.room, "writable": not disk.code, "code": disk.code}


def _print_storage(disk: "Storage", silent: "Sequence[str]") -> None:
    from interface.cli.table import console
    from interface.engine.room import Room

    screen = console()
    for part in silent:
        screen.print(f"Engine: {part} runs, and has given no sign of life lately", markup=False)
    left = "" if disk.free_bytes is None else f"; the disk has {disk.free_bytes / 1_000_000:,.0f} MB left"
    if disk.code:
        screen.print(f"Storage: takes nothing [{disk.code}]{left}; nothing is received", markup=False, soft_wrap=True)
    elif not disk.is_taken:
        screen.print(f"Storage: below its reserve{left}; nothing is received", markup=False, soft_wrap=True)
    elif disk.room is Room.LOW:
        screen.print(f"Storage: little room{left}", markup=False, soft_wrap=True)


def _print_clocks(found: "Status") -> None:
    from interface.cli.table import console
    from interface.operate.health import off_by

    for ear in (ear for part in found.alive for ear in part.vitals.ears if ear.sender_off_by):
        console().print(f"Clock: {ear.channel}: {off_by(ear.sender_off_by)}", markup=False, soft_wrap=True)


def _certificate_json(one: "CertificateStanding") -> dict[str, Any]:
    from interface.cli.table import iso

    place = {"owner": one.owner, "file": one.path}
    if one.code:
        return place | {"error": one.code}
    return place | {"fingerprint": one.fingerprint, "ends": iso(one.ends_at), "days_left": one.days_left}


def _print_certificates(certificates: "Sequence[CertificateStanding]") -> None:
    from interface.cli.table import console

    for one in certificates:
        if one.code:
            told = f"cannot be used [{one.code}]; what the engine read before goes on"
        elif one.days_left < 0:
            told = "has ended"
        else:
            told = f"{one.days_left} days left"
        console().print(f"Certificate: {one.owner}, {one.path}: {told}", markup=False, soft_wrap=True)


def status_json(found: "Status") -> dict[str, Any]:
    """The status as one JSON object."""
    from interface.cli.table import iso
    from interface.message import DeliveryState, MessageState

    return {
        "at": iso(found.at),
        "channels": {
            one.channel: {"received": one.received, "duplicates": one.duplicates}
            | {"purged_bodies": one.purged_bodies, "forgotten": one.forgotten}
            | {state.value: one.states.get(state, 0) for state in MessageState}
            for one in found.channels
        },
        "destinations": {
            one.destination: {
                "queued": one.states.get(DeliveryState.QUEUED, 0),
                "sending": one.states.get(DeliveryState.SENDING, 0),
                "accepted": one.states.get(DeliveryState.DELIVERED, 0),
                "posted": one.posted,
                "oldest_unconfirmed": iso(one.oldest_unconfirmed_at),
                "unconfirmed": one.unconfirmed,
                "rejected": one.states.get(DeliveryState.REJECTED, 0),
                "ambiguous": one.states.get(DeliveryState.AMBIGUOUS, 0),
                "withdrawn": one.states.get(DeliveryState.WITHDRAWN, 0),
                "suspended": bool(one.suspended_at),
                "paused": bool(one.paused_by),
            }
            for one in found.destinations
        },
        "healthpay24": {"to_tell": found.mirror.due, "oldest_to_tell": iso(found.mirror.oldest_due_at)}
        | {state.value: found.mirror.states.get(state, 0) for state in _OPEN_AT_HEALTHPAY24},
        "parts": {part.name: {"pid": part.pid, "state": part.state} for part in found.alive},
        "standing_by": [{"name": part.name, "pid": part.pid, "host": part.host} for part in found.standing_by],
        "paused": [
            {"kind": one.kind, "subject": one.name, "since": iso(one.since), "by": one.actor} for one in found.pauses
        ],
        "work_items": found.open_work_items,
        "restored": _restored_json(found),
    }


def _restored_json(found: "Status") -> dict[str, Any] | None:
    from interface.cli.table import iso

    if (one := found.restored) is None:
        return None
    return {"from_backup_of": iso(one.backup_at), "at": iso(one.restored_at), "resumed_at": iso(one.resumed_at)}


def _print_status(found: "Status") -> None:
    from interface.cli.table import ago, console, moment

    screen = console()
    if found.channels:
        screen.print(_channels(found))
    if not any(one.received for one in found.channels):
        screen.print("No message has arrived yet.")
    if purged := sum(one.purged_bodies for one in found.channels):
        forgotten = sum(one.forgotten for one in found.channels)
        screen.print(
            f"Of these messages {purged:,} have no bytes any more, and {forgotten:,} are purged whole (hp24 purge --preview)."
        )
    if found.destinations:
        screen.print()
        screen.print(_destinations(found))
    screen.print()
    alive = ", ".join(f"{part.name} ({part.pid})" for part in found.alive)
    screen.print(f"Engine: {alive}" if alive else "Engine: not running", markup=False)
    if waiting := ", ".join(f"{part.name} ({part.pid} on {part.host})" for part in found.standing_by):
        screen.print(f"Standing by: {waiting}", markup=False)
    screen.print(_healthpay24(found), markup=False)
    if found.restored and found.restored.is_standing:
        screen.print(
            f"Restored from a backup of {moment(found.restored.backup_at)}: nothing is sent until"
            " hp24 resume --after-restore",
            markup=False,
        )
    for one in found.pauses:
        since = f", {ago(one.since, found.at)} ago" if one.since else ""
        screen.print(f"Paused: {one.kind} {one.name}{since} by {one.actor}", markup=False)
    if found.open_work_items:
        items = "1 work item" if found.open_work_items == 1 else f"{found.open_work_items:,} work items"
        screen.print(f"For a person: {items} (hp24 worklist)")


def _healthpay24(found: "Status") -> str:
    from interface.cli.table import ago

    mirror = found.mirror
    if not mirror.due and not any(mirror.states.get(state) for state in _OPEN_AT_HEALTHPAY24):
        return "HealthPay24: knows everything that the ledger holds"
    parts = (
        [f"{mirror.due} records to tell, the oldest since {ago(mirror.oldest_due_at, found.at)}"] if mirror.due else []
    )
    parts += [f"{mirror.states[state]} {state}" for state in _OPEN_AT_HEALTHPAY24 if mirror.states.get(state)]
    return "HealthPay24: " + ", ".join(parts)


def _channels(found: "Status") -> "Table":
    from interface.cli.table import Column, table
    from interface.message import MessageState

    rows = [
        [one.channel, one.received, one.duplicates or "·", *(one.states.get(each, 0) or "·" for each in MessageState)]
        for one in found.channels
    ]
    titles = ("duplicates", *(each.value for each in MessageState))
    columns = [Column("channel"), Column("received", True)]
    # Where the terminal is narrow, columns of nothing are left out; none that says something.
    columns += [
        Column(title, True, leaves=all(row[place] == "·" for row in rows))
        for place, title in enumerate(titles, start=2)
    ]
    return table(columns, rows)


def _destinations(found: "Status") -> "Table":
    from interface.cli.table import Column, ago, state, table
    from interface.message import DeliveryState

    words = (DeliveryState.QUEUED, DeliveryState.REJECTED, DeliveryState.AMBIGUOUS)
    columns = [Column("destination"), Column("accepted", True), Column("posted", True)]
    columns += [Column(one.value, True) for one in words]
    columns += [Column("oldest queued", True, leaves=1), Column("unconfirmed since", True, leaves=2), Column("")]
    return table(
        columns,
        [
            [
                one.destination,
                one.states.get(DeliveryState.DELIVERED, 0),
                one.posted,
                *(one.states.get(each, 0) or "·" for each in words),
                ago(one.oldest_queued_at, found.at),
                ago(one.oldest_unconfirmed_at, found.at),
                state("paused" if one.paused_by else "suspended" if one.suspended_at else ""),
            ]
            for one in found.destinations
        ],
    )
