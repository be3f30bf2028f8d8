"""Who wins: of two messages that speak about the same group, the one with the greater event time, then the later arrival.

A message that is run again (under a newer configuration) restates the groups that are still its own.
"""

from typing import Any

from interface.ledger.entity import Confirmed, Entity, Group
from interface.ledger.noun import PRIVACY
from interface.ledger.rows import Rows
from interface.ledger.stamp import Stamp

# Groups that are one value of the sender's, replaced whole: half of an old name never stays beside half of a new one. In the
# others a field that was not spoken of keeps its value (HL7 v2.5.1 section 2.5.3: an empty field leaves the receiver's as it is).
_WHOLE = frozenset({"name", "address", "event", "link", "owner", "ending"})
# What is known of the row itself and not of what it stands for; lists that only grow have rules of their own (`merge`).
_UNSHARED = frozenset({"merged", "owners", "linked", "others", "former"})
# Of a merged account alone, as of any time before its merge: no part of what is so of the survivor.
OF_THE_MERGED = frozenset({"guarantors", "coverages", "ending", "purge"})
_ITS_OWN = (
    "link"  # the account of a visit: the survivor's stays, whatever was said of the retired one before they were merged
)

_NEVER = Confirmed(-1, -1, frozenset())

Groups = dict[str, dict[str, Any]]


def say(rows: Rows, entity: Entity, said: Groups, at: int, stamp: Stamp) -> bool:
    """Let a message of event time `at` speak about a row; gives whether any value changed.

    All that a message says about a row goes in one call: what it repeats is then noted beside the row, not in it.
    """
    groups, seq = entity.groups, stamp.seq
    confirmed = entity.confirmed or _NEVER
    changed: Groups = {}
    repeated: list[str] = []
    for name, values in said.items():
        if not values:
            continue
        held = groups.get(name)
        if held is None:
            changed[name] = values
            continue
        held_at, held_seq = held.at, held.seq
        if name in confirmed.groups and (confirmed.at, confirmed.seq) > (held_at, held_seq):
            held_at, held_seq = confirmed.at, confirmed.seq
        is_older = at < held_at or (at == held_at and seq < held_seq)
        if is_older and held.message_id != stamp.message_id:
            continue
        if held.values != values and not _repeats(name, held.values, values):
            changed[name] = values
        elif not is_older and (at, seq) != (held_at, held_seq):
            repeated.append(name)
    if changed:
        _write(rows, entity, changed, at, stamp)
    if repeated:
        _renew(rows, entity, Confirmed(at, seq, frozenset(repeated)), stamp.recorded_at)
    return bool(changed)


def newest(entity: Entity, group: str) -> tuple[int, int]:
    """Event time and arrival of the newest message that said this group as it stands; below any when it was never said."""
    held, confirmed = entity.groups.get(group), entity.confirmed
    if held is None:
        return (-1, -1)
    if confirmed is not None and group in confirmed.groups:
        return max((held.at, held.seq), (confirmed.at, confirmed.seq))
    return (held.at, held.seq)


def inherit(rows: Rows, survivor: Entity, retired: Entity, recorded_at: int, *, merged_at: int) -> None:
    """Let everything that was said of a retired row count as said of its survivor: group by group the newer statement stays.

    So a message about the retired row changes nothing when it comes again after the merge, and the order does not matter. Who
    answers and who pays for a retired account, and that it had ended, is not inherited unless said as of a time after the merge
    (`people.is_of_merged` says the same of messages that come later).
    """
    for name, held in retired.groups.items():
        at, seq = newest(retired, name)
        if name == PRIVACY:
            _keep_stricter(rows, survivor, held._replace(at=at, seq=seq), recorded_at)
            continue
        if name in _UNSHARED or (name in OF_THE_MERGED and at <= merged_at) or (at, seq) <= newest(survivor, name):
            continue
        kept = survivor.groups.get(name)
        if kept is not None and name == _ITS_OWN and at <= merged_at:
            # As if said again with the merge: what was said of the retired one before changes nothing when it comes late.
            renewed = kept._replace(at=max(at, merged_at), seq=max(seq, kept.seq))
            rows.write_group(survivor, name, renewed, recorded_at)
            continue
        values = held.values if kept is None or name in _WHOLE else {**kept.values, **held.values}
        rows.write_group(survivor, name, held._replace(at=at, seq=seq, values=values), recorded_at)


def _keep_stricter(rows: Rows, survivor: Entity, said: Group, recorded_at: int) -> None:
    """Keep every restriction of either row, until a newer message about the survivor says otherwise."""
    kept = survivor.groups.get(PRIVACY)
    if kept is None:
        rows.write_group(survivor, PRIVACY, said, recorded_at)
        return
    at, seq = newest(survivor, PRIVACY)
    older, newer = sorted((kept._replace(at=at, seq=seq), said), key=lambda group: (group.at, group.seq))
    values = newer.values | {
        name: value for name, value in older.values.items() if value and not newer.values.get(name)
    }
    if values != kept.values or (newer.at, newer.seq) != (kept.at, kept.seq):
        rows.write_group(survivor, PRIVACY, newer._replace(values=values), recorded_at)


def _repeats(name: str, held: dict[str, Any], values: dict[str, Any]) -> bool:
    plain = _plain(values)
    return held == plain if name in _WHOLE else plain.items() <= held.items()


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they come back from JSON: lists of rows are lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _write(rows: Rows, entity: Entity, changed: Groups, at: int, stamp: Stamp) -> None:
    for name, said in changed.items():
        held, values = entity.groups.get(name), _plain(said)
        if held is not None and name not in _WHOLE:
            values = {**held.values, **values}
        group = Group(at, stamp.seq, stamp.message_id, stamp.config_id, values)
        rows.write_group(entity, name, group, stamp.recorded_at)


def _renew(rows: Rows, entity: Entity, repeated: Confirmed, recorded_at: int) -> None:
    """Note newer stamps beside the row. What the last such note covers and this one does not goes into the row."""
    last = entity.confirmed or _NEVER
    if uncovered := last.groups - repeated.groups:
        for name in uncovered:
            held = entity.groups[name]
            if (last.at, last.seq) > (held.at, held.seq):
                rows.undo.put(entity.groups, name, held._replace(at=last.at, seq=last.seq))
        rows.touch(entity, recorded_at)
    rows.confirm(entity, repeated)
