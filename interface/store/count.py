"""How the engine stands: counts that every turn keeps, parts that beat, pauses."""

from collections.abc import Iterable

import orjson
import sqlalchemy as sa

from interface.message import DeliveryState, MessageState
from interface.store import delivery, pause, suspension, unconfirmed
from interface.store import schema_delivery as d
from interface.store import schema_message as m
from interface.store import schema_operation as t
from interface.store.dialect import insert_or_replace
from interface.store.patient_story import patients_of_lanes
from interface.store.posting import POSTED
from interface.store.tx import ARRIVAL, FORGOTTEN, PURGED_BODY, Tx
from interface.view.count import (
    ChannelCount,
    DestinationCount,
    Ear,
    HeldCount,
    PartRow,
    PartState,
    PauseKind,
    PauseRow,
    Vitals,
)

_TALLIES = sa.select(
    m.tally.c.source_id,
    m.tally.c.state,
    sa.func.sum(m.tally.c.amount).label("amount"),
    sa.func.max(m.tally.c.last_at).label("last_at"),
).group_by(m.tally.c.source_id, m.tally.c.state)
_OLDEST_RUNNABLE = (
    sa.select(m.message.c.arrived_at)
    .where(m.RUNNABLE, m.message.c.source_id == sa.bindparam("source"))
    .order_by(m.message.c.order_id, m.message.c.id)
    .limit(1)
)
_OLDEST_PARKED = (
    sa.select(sa.func.min(m.message.c.arrived_at))
    .join(m.message_lane, m.message_lane.c.message_id == m.message.c.id)
    .where(m.message.c.source_id == sa.bindparam("source"), m.message.c.parked == 1)
)
_OLDEST_QUEUED = (
    sa.select(d.delivery.c.created_at)
    .where(d.delivery.c.destination_id == sa.bindparam("destination"), d.QUEUED)
    .order_by(d.delivery.c.due_at)
    .limit(1)
)
_HELD = (
    sa.select(m.message.c.state, m.message.c.hold, m.message.c.cause_id, sa.func.count().label("amount"))
    .where(m.STUCK)
    .group_by(m.message.c.state, m.message.c.hold, m.message.c.cause_id)
    .order_by(sa.desc("amount"))
)
_DESTINATIONS = sa.select(d.destination_state.c.destination_id)
_BEAT = insert_or_replace(t.part, [column.name for column in t.part.columns if not column.primary_key])
_PARTS = sa.select(t.part).order_by(t.part.c.name, t.part.c.started_at)
_FORGET = sa.delete(t.part).where(t.part.c.beat_at < sa.bindparam("before"))
_REMEMBERED_MICROS = 3_600_000_000

Tallies = dict[str, tuple[int, int]]  # state: amount, last time


def _tallies(tx: Tx) -> dict[int, Tallies]:
    found: dict[int, Tallies] = {}
    for row in tx.read(_TALLIES):
        found.setdefault(row.source_id, {})[row.state] = (int(row.amount), row.last_at)
    return found


def channel_counts(tx: Tx) -> list[ChannelCount]:
    """Every source that a message came from, by name."""
    found = {number: counts for number, counts in _tallies(tx).items() if ARRIVAL in counts}
    names = tx.texts(found)
    counts = [_channel(tx, number, names[number], states) for number, states in found.items()]
    return sorted(counts, key=lambda one: one.channel)


def _channel(tx: Tx, number: int, name: str, tallies: Tallies) -> ChannelCount:
    states = {state: tallies.get(state, (0, 0))[0] for state in MessageState}
    received, last_arrival_at = tallies[ARRIVAL]
    oldest = _oldest_waiting(tx, number) if states[MessageState.WAITING] else 0
    forgotten = sum(tallies.get(f"{FORGOTTEN}{state}", (0, 0))[0] for state in MessageState)
    purged = tallies.get(PURGED_BODY, (0, 0))[0]
    duplicates = received - sum(states.values())
    return ChannelCount(name, received, duplicates, states, last_arrival_at, oldest, purged, forgotten)


def _oldest_waiting(tx: Tx, source_id: int) -> int:
    rows = (tx.first(_OLDEST_RUNNABLE, source=source_id), tx.first(_OLDEST_PARKED, source=source_id))
    return min((int(row[0]) for row in rows if row is not None and row[0] is not None), default=0)


def count_of(tx: Tx, channel: str, states: Iterable[MessageState]) -> int:
    """How many messages of a channel ("" = all) stand in these states (none = all), without those that were forgotten."""
    source = tx.known_word_ids([channel]).get(channel) if channel else None
    wanted = list(states) or list(MessageState)
    return sum(
        tallies.get(state, (0, 0))[0] - tallies.get(f"{FORGOTTEN}{state}", (0, 0))[0]
        for number, tallies in _tallies(tx).items()
        if ARRIVAL in tallies and (not channel or number == source)
        for state in wanted
    )


def destination_counts(tx: Tx) -> list[DestinationCount]:
    """Every destination that something was queued for, or that was suspended or paused, by name."""
    found = {
        number: tallies
        for number, tallies in _tallies(tx).items()
        if any(state.startswith(delivery.COUNTED) for state in tallies)
    }
    numbers = found.keys() | {row.destination_id for row in tx.read(_DESTINATIONS)}
    names = tx.texts(numbers)
    counts = [_destination(tx, number, names[number], found.get(number, {})) for number in numbers]
    return sorted(counts, key=lambda one: one.destination)


def _destination(tx: Tx, number: int, name: str, tallies: Tallies) -> DestinationCount:
    state = suspension.state_of(tx, name)
    oldest = tx.first(_OLDEST_QUEUED, destination=number)
    return DestinationCount(
        destination=name,
        states={one: tallies.get(f"{delivery.COUNTED}{one}", (0, 0))[0] for one in DeliveryState},
        posted=tallies.get(POSTED, (0, 0))[0],
        oldest_queued_at=oldest.created_at if oldest else 0,
        oldest_unconfirmed_at=unconfirmed.oldest_at(tx, number),
        unconfirmed=unconfirmed.told(tx, number),
        suspended_at=state.suspended_at,
        next_probe_at=state.next_probe_at,
        paused_by=state.paused_by,
    )


def beat(tx: Tx, part: PartRow) -> None:
    """Note that a part of an engine is alive; what has not beaten for long is forgotten."""
    tx.write(_FORGET, [{"before": part.beat_at - _REMEMBERED_MICROS}])
    row = {
        "name": part.name,
        "pid": part.pid,
        "host": part.host,
        "state": part.state,
        "started_at": part.started_at,
        "beat_at": part.beat_at,
        "vitals": orjson.dumps(part.vitals).decode(),
    }
    tx.write(_BEAT, [row])


def parts(tx: Tx) -> list[PartRow]:
    """The parts of all engines that have beaten within the last hours, by name."""
    return [
        PartRow(row.name, row.pid, row.host, PartState(row.state), row.started_at, row.beat_at, _vitals(row.vitals))
        for row in tx.read(_PARTS)
    ]


def _vitals(text: str) -> Vitals:
    said = orjson.loads(text)
    return Vitals(tuple(Ear(**one) for one in said["ears"]), said["oldest_unanswered_at"], said["worked_at"])


def held_counts(tx: Tx) -> list[HeldCount]:
    """Held and failed messages by cause, the most first."""
    rows = tx.read(_HELD)
    texts = tx.texts({row.cause_id for row in rows})
    return [HeldCount(MessageState(row.state), row.hold or "", texts[row.cause_id], row.amount) for row in rows]


def pauses(tx: Tx) -> list[PauseRow]:
    """What people brought to a stop, destinations included."""
    found = pause.all_pauses(tx)
    patients = patients_of_lanes(tx, [int(row.subject) for row in found if row.kind == PauseKind.PATIENT])
    names = {str(lane): public_id for lane, public_id in patients.items()}
    rows = [
        PauseRow(PauseKind(row.kind), row.subject, row.since, row.actor, names.get(row.subject, row.subject))
        for row in found
    ]
    paused = [(one.destination, one.paused_by) for one in destination_counts(tx) if one.paused_by]
    return rows + [PauseRow(PauseKind.DESTINATION, name, 0, actor, name) for name, actor in paused]
