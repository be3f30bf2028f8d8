"""Lanes: who blocks, who waits behind whom, and who may run again when a blocker leaves.

Only what blocks and what waits behind it has rows here, under the roots of its lanes. Order within a lane is message
order, because that is the order in which waiting messages run.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from interface.ledger.change import LaneJoin
from interface.row.message import Parked
from interface.store import schema_message as t
from interface.store.dialect import insert_or_keep, insert_or_replace, within
from interface.store.pause import paused_patients
from interface.store.tx import Tx

_BEFORE_ALL = 0
_LANE = t.message_lane.c
_NEW = insert_or_keep(t.message_lane)
_ROOTS = sa.select(t.lane_join.c.lane, t.lane_join.c.root).where(within(t.lane_join.c.lane, "lanes"))
_PARK = sa.update(t.message).where(within(t.message.c.id, "ids")).values(parked=1)
_UNPARK = sa.update(t.message).where(within(t.message.c.id, "ids")).values(parked=0)
_LANES_OF = sa.select(_LANE.lane, _LANE.message_id).where(within(_LANE.message_id, "ids"))
_IN_LANES = (
    sa.select(_LANE.lane, _LANE.message_id, t.message.c.order_id, t.message.c.parked)
    .join(t.message, t.message.c.id == _LANE.message_id)
    .where(within(_LANE.lane, "lanes"))
)
_HEADS = (
    sa.select(_LANE.lane, sa.func.min(t.message.c.order_id).label("head"))
    .join(t.message, t.message.c.id == _LANE.message_id)
    .where(within(_LANE.lane, "lanes"))
    .group_by(_LANE.lane)
)
_LEAVE = sa.delete(t.message_lane).where(within(_LANE.message_id, "ids"))
_JOIN = insert_or_replace(t.lane_join, ("root",))
_REROOT = sa.update(t.lane_join).where(t.lane_join.c.root == sa.bindparam("old")).values(root=sa.bindparam("new"))
_DROP_LANE = sa.delete(t.message_lane).where(_LANE.lane == sa.bindparam("old"))


def heads(tx: Tx, lanes: Iterable[int]) -> dict[int, int]:
    """By lane (given as roots), the order id of the oldest message that blocks or waits in it; a paused one is before all."""
    wanted = list(lanes)
    found = {row.lane: int(row.head) for row in tx.read_in(_HEADS, "lanes", wanted)}
    return found | dict.fromkeys(paused_lanes(tx).intersection(wanted), _BEFORE_ALL)


def lane_roots(tx: Tx, lanes: Iterable[int]) -> dict[int, int]:
    """The root of every joined lane."""
    return {row.lane: row.root for row in tx.read_in(_ROOTS, "lanes", lanes)}


def occupy(tx: Tx, messages: Iterable[tuple[int, Iterable[int]]]) -> None:
    """Let messages hold lanes."""
    tx.write(_NEW, [{"lane": lane, "message_id": number} for number, lanes in messages for lane in lanes])


def park(tx: Tx, parked: Sequence[Parked]) -> None:
    """Put messages behind others in their lanes."""
    occupy(tx, [(one.message_id, one.lanes) for one in parked])
    tx.write_in(_PARK, "ids", [one.message_id for one in parked])


def join(tx: Tx, joins: Iterable[LaneJoin]) -> None:
    """Order two lanes as one from now on; what stands in the joined lane stands in the root's."""
    for one in joins:
        rows = [row.message_id for row in tx.read_in(_IN_LANES, "lanes", [one.lane])]
        tx.write(_DROP_LANE, [{"old": one.lane}])
        occupy(tx, [(number, (one.root,)) for number in rows])
        tx.write(_REROOT, [{"old": one.lane, "new": one.root}])
        tx.write(_JOIN, [{"lane": one.lane, "root": one.root}])


def paused_lanes(tx: Tx) -> set[int]:
    """The roots of the lanes of paused patients."""
    paused = {int(subject) for subject in paused_patients(tx)}
    roots = lane_roots(tx, paused)
    return {roots.get(lane, lane) for lane in paused}


def lanes_of(tx: Tx, ids: Iterable[int]) -> dict[int, set[int]]:
    """The lanes in which messages stand; one that stands in none is left out."""
    found: dict[int, set[int]] = {}
    for row in tx.read_in(_LANES_OF, "ids", ids):
        found.setdefault(row.message_id, set()).add(row.lane)
    return found


def leave(tx: Tx, ids: Iterable[int]) -> None:
    """Take messages out of their lanes."""
    tx.write_in(_LEAVE, "ids", ids)


def advance(tx: Tx, lanes: Iterable[int]) -> list[int]:
    """Let parked messages of these lanes run as far as nothing older stands in any of their lanes; gives their ids.

    They leave their lanes: from then on they run in message order like everything else that waits.
    """
    free = _free(_neighbourhood(tx, set(lanes)), paused_lanes(tx))
    leave(tx, free)
    tx.write_in(_UNPARK, "ids", free)
    return free


def older_in_lanes(tx: Tx, message_id: int) -> list[int]:
    """What a message waits for: those that stand before it in its lanes, in order."""
    lanes = lanes_of(tx, [message_id]).get(message_id, set())
    rows = {row.message_id: row.order_id for row in tx.read_in(_IN_LANES, "lanes", lanes)}
    own = (rows.get(message_id, 0), message_id)
    return sorted((number for number, order in rows.items() if (order, number) < own), key=lambda n: (rows[n], n))


def _neighbourhood(tx: Tx, lanes: set[int]) -> list[sa.Row[Any]]:
    """All rows of these lanes, and of every lane that their messages also stand in, and so on."""
    rows: list[sa.Row[Any]] = []
    known: set[int] = set()
    while fresh := lanes - known:
        known |= fresh
        found = tx.read_in(_IN_LANES, "lanes", fresh)
        rows += found
        lanes |= {row.lane for row in tx.read_in(_LANES_OF, "ids", {row.message_id for row in found})}
    return rows


def _free(rows: Iterable[sa.Row[Any]], paused: set[int]) -> list[int]:
    lanes: dict[int, set[int]] = {}
    standing: dict[int, sa.Row[Any]] = {}
    for row in rows:
        lanes.setdefault(row.message_id, set()).add(row.lane)
        standing[row.message_id] = row
    taken = set(paused)
    free: list[int] = []
    for number in sorted(lanes, key=lambda number: (standing[number].order_id, number)):
        if standing[number].parked and taken.isdisjoint(lanes[number]):
            free.append(number)
        else:
            taken |= lanes[number]
    return free
