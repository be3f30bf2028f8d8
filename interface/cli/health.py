"""The verb that tells at one glance whether the engine is well."""

from typing import TYPE_CHECKING

from interface.cli.asked import Asked, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interface.operate.health import Health
    from interface.operate.status import Status


@verb("health")
def health_verb(asked: Asked) -> int:
    """Tell whether messages can be taken and are processed, and everything that is not as it should be.

    The same facts as /health of the HTTP face. Exit code 1 if the engine is not ready.
    """
    from interface.cli.exit import ExitCode
    from interface.cli.table import print_json
    from interface.operate.health_json import health_json

    found = _look(asked)
    if asked.as_json:
        print_json(health_json(found))
    else:
        for line in _lines(found):
            print(line)
    return ExitCode.OK if found.is_ready else ExitCode.PROBLEMS


def _look(asked: Asked) -> "Health":
    from importlib.metadata import version

    from interface.app.surroundings import PRODUCT, Surveyor
    from interface.engine.clock import SystemClock
    from interface.errors import StoreError
    from interface.operate.health import Surroundings, health, without_database

    try:
        with asked.app() as app:
            surveyor = Surveyor(app)
            surroundings = surveyor.look()
            return health(app.store, app.clock, surveyor.known, surroundings, stuck_secs=app.settings.stuck_secs)
    except StoreError as failure:
        return without_database(SystemClock().now(), Surroundings(version(PRODUCT)), failure)


def _lines(found: "Health") -> "Iterator[str]":
    yield "ready" if found.is_ready else "NOT READY"
    for reason in (*found.reasons, *found.concerns):
        yield f"  {reason.sentence()}"
    if found.status is not None:
        yield from _facts(found, found.status)


def _facts(found: "Health", counts: "Status") -> "Iterator[str]":
    from interface.cli.table import ago
    from interface.message import DeliveryState

    yield "parts: " + (", ".join(f"{one.name} {one.pid} {one.state}" for one in found.parts) or "none")
    for ear in found.ears:
        yield f"channel {ear.channel}: {'listening' if ear.is_open else 'CLOSED'} at {ear.place}, {ear.connections} connections"
    waiting = [one.oldest_waiting_at for one in counts.channels if one.oldest_waiting_at]
    yield f"oldest waiting message: {ago(min(waiting), found.at) if waiting else 'none'}"
    for one in counts.destinations:
        queued = one.states.get(DeliveryState.QUEUED, 0)
        oldest = f", the oldest for {ago(one.oldest_queued_at, found.at)}" if one.oldest_queued_at and queued else ""
        suspended = f", SUSPENDED for {ago(one.suspended_at, found.at)}" if one.suspended_at else ""
        yield f"destination {one.destination}: {queued} queued{oldest}{suspended}"
    for held in found.held:
        kind = f"{held.state}, {held.kind}" if held.kind else str(held.state)
        yield f"{held.count} messages {kind}: {held.cause}"
    around = found.surroundings
    if counts.open_work_items:
        yield f"for a person: {counts.open_work_items} (hp24 worklist)"
    if around.disk_free_bytes is not None:
        yield f"disk left: {around.disk_free_bytes / 1e9:,.1f} GB"
    for certificate in around.certificates:
        left = certificate.code or f"{certificate.days_left} days left"
        yield f"certificate of {certificate.owner}, {certificate.role}: {left}"
    yield "last backup: " + (f"{ago(found.last_backup_at, found.at)} ago" if found.last_backup_at else "none")
    yield f"version {around.version}, configuration {around.config_id or 'none'}"
